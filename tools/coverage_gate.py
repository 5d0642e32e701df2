"""Judge the coverage of the last ``make test``: the pure core whole, everything else nearly so.

What belongs to the pure core is read from the import contract in pyproject.toml. Lines and branches count alike.
"""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import coverage

ROOT = Path(__file__).parent.parent
CORE = 100.0
REST = 90.0
"""Percent. What a kill -9 or a second machine does is not counted, so the adapters cannot be held to 100."""


def core_modules(pyproject: dict[str, Any]) -> frozenset[str]:
    """The modules that the contract keeps pure."""
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    return frozenset(name for one in contracts if one["type"] == "forbidden" for name in one["source_modules"])


def module_name(path: str) -> str:
    """``responder/config/__init__.py`` is ``responder.config``."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_for(module: str, core: frozenset[str]) -> float:
    """Percent that this module has to reach."""
    return CORE if any(module == one or module.startswith(f"{one}.") for one in core) else REST


def shortfalls(report: dict[str, Any], core: frozenset[str]) -> list[str]:
    """One line for each module below its floor, with the lines to look at."""
    found = []
    for path, measured in sorted(report["files"].items()):
        percent, floor = measured["summary"]["percent_covered"], floor_for(module_name(path), core)
        if percent < floor:
            arcs = ", ".join(f"{start}->{end}" for start, end in measured["missing_branches"])
            lines = ", ".join(map(str, measured["missing_lines"]))
            found.append(
                f"{path}: {percent:.1f} % is below {floor:.0f} %; lines {lines or '-'}; branches {arcs or '-'}"
            )
    return found


def main() -> int:
    """Print what falls short; 1 if anything does."""
    if not (ROOT / ".coverage").exists():
        print("no coverage data: run make test first", file=sys.stderr)
        return 1
    data = coverage.Coverage(data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml"))
    data.load()
    with tempfile.TemporaryDirectory() as directory:
        total = data.json_report(outfile=f"{directory}/coverage.json")
        report = json.loads(Path(directory, "coverage.json").read_text())
    problems = shortfalls(report, core_modules(tomllib.loads((ROOT / "pyproject.toml").read_text())))
    print(
        "\n".join(
            [*problems, f"coverage: {total:.1f} % of lines and branches, {len(problems)} modules below their floor"]
        )
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
