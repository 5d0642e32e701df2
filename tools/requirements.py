"""Print what pip-compile has to pin, read from pyproject.toml: nothing is listed twice.

python tools/requirements.py              to run it, to try it (the demo extra) and to build it
python tools/requirements.py --dev        and to work on it (the dev group)
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def requirements(project: dict[str, Any], *, dev: bool) -> list[str]:
    """The direct requirements, sorted; our own name is left out."""
    metadata = project["project"]
    found = {
        *project["build-system"]["requires"],
        *metadata["dependencies"],
        *metadata["optional-dependencies"]["demo"],
    }
    if dev:
        found |= set(project["dependency-groups"]["dev"])
    return sorted(one for one in found if not one.startswith(metadata["name"]))


if __name__ == "__main__":
    print("\n".join(requirements(tomllib.loads(PYPROJECT.read_text()), dev="--dev" in sys.argv[1:])))
