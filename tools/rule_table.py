"""Write the table of the header rules into README.md, from the rules themselves; ``--check`` only compares.

python tools/rule_table.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from responder.policy import RULES

README = Path(__file__).parent.parent / "README.md"
PLACE = re.compile(r"(?<=<!-- rules -->\n).*?(?=<!-- /rules -->)", re.DOTALL)


def table() -> str:
    """One row for each rule, in the order they apply."""
    rows = [f"| `{rule.id}` | {rule.level.value} | {_cell(rule.title)} | {_cell(rule.source)} |\n" for rule in RULES]
    return "".join(["| rule | | what it sees | source |\n", "|---|---|---|---|\n", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def with_table(readme: str) -> str:
    """The text with the table of now."""
    return PLACE.sub(lambda _: table(), readme)


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    after = with_table(before)
    if "--check" not in sys.argv[1:]:
        README.write_text(after, encoding="utf-8")
    elif after != before:
        sys.exit("README.md: the table of rules is out of step; run: python tools/rule_table.py")
