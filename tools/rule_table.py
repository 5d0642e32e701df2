"""Write the tables of rules into README.md, from the rules themselves; ``--check`` only compares.

python tools/rule_table.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from responder.core.rules.decide import RULES, TIME_RULES

README = Path(__file__).parent.parent / "README.md"


def header_rules() -> str:
    """One row for each rule about headers and flags."""
    rows = [f"| `{rule.id}` | {rule.level.value} | {_cell(rule.title)} | {_cell(rule.source)} |\n" for rule in RULES]
    return "".join(["| rule | | what it sees | source |\n", "|---|---|---|---|\n", *rows])


def time_rules() -> str:
    """One row for each reason that time gives."""
    rows = [f"| `{name}` | {_cell(fact)} |\n" for name, fact in TIME_RULES]
    return "".join(["| rule | |\n", "|---|---|\n", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def with_tables(readme: str) -> str:
    """The text with the tables of now."""
    for name, table in (("rules", header_rules()), ("times", time_rules())):
        place = rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)"
        readme = re.sub(place, lambda _, table=table: table, readme, flags=re.DOTALL)  # type: ignore[misc] # mypy cannot infer a default
    return readme


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    after = with_tables(before)
    if "--check" not in sys.argv[1:]:
        README.write_text(after, encoding="utf-8")
    elif after != before:
        sys.exit("README.md: the tables of rules are out of step; run: make rules")
