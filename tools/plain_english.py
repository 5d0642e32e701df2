"""Count the words that this project no longer writes, and fail when there are more than before.

    python -m tools.plain_english [--all]

Reads code, documentation and messages. Leaves out what a reply says, the linter's lists of phrases, and the corpora of
the tests.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CEILING = 185
"""How many there may be. It may only fall."""

GAP = r"[\s#]+"
"""Between two words, also where a line ends in between."""
BANNED = {
    "whoever": re.compile(r"\bwhom?ever\b", re.IGNORECASE),
    "whatever": re.compile(r"\bwhatever\b", re.IGNORECASE),
    "likewise": re.compile(r"\blikewise\b", re.IGNORECASE),
    "anew": re.compile(r"\banew\b", re.IGNORECASE),
    "of ours": re.compile(rf"\bof{GAP}ours\b", re.IGNORECASE),
    "so many": re.compile(rf"\bso{GAP}many\b", re.IGNORECASE),
    "a ... that is none": re.compile(rf"\bthat{GAP}(is|are){GAP}none\b", re.IGNORECASE),
}
KINDS = {"", ".cjs", ".html", ".md", ".py", ".service", ".sql", ".toml", ".txt", ".yaml"}
EXEMPT = (
    "responder/core/reply/templates/",
    "responder/core/reply/countries/",
    "responder/core/reply/directory/",
    "responder/core/lint/languages/",
    "tests/lint/",
    "tests/corpus/",
    "tests/unit/core/reply/golden/",
    "docs/words/",
    "LICENSE",
    "tools/plain_english.py",
)


class Found(NamedTuple):
    """One banned word where it stands."""

    path: str
    line: int
    name: str


def tracked() -> list[str]:
    """What is read, in order."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [path for path in listed.stdout.split("\0") if path and not path.startswith(EXEMPT)]
    return [path for path in paths if Path(path).suffix in KINDS and (ROOT / path).is_file()]


def found_in(path: str, text: str) -> list[Found]:
    """Every banned word of one text."""
    return [
        Found(path, text.count("\n", 0, match.start()) + 1, name)
        for name, pattern in BANNED.items()
        for match in pattern.finditer(text)
    ]


def main() -> int:
    """Print the count by word, and every place if asked; 1 when there are too many."""
    parser = argparse.ArgumentParser(description="Count the words that this project no longer writes.")
    parser.add_argument("--all", action="store_true", help="print every place")
    options = parser.parse_args()
    found = [each for path in tracked() for each in found_in(path, (ROOT / path).read_text(encoding="utf-8"))]
    if options.all:
        for each in sorted(found):
            print(f"{each.path}:{each.line}: {each.name}")
    count = Counter(each.name for each in found)
    by_word = ", ".join(f"{number} {word}" for word, number in count.most_common())
    print(f"plain English: {len(found)} banned words ({by_word}); {CEILING} are allowed")
    if len(found) > CEILING:
        print("Say it in plain words instead; python -m tools.plain_english --all says where they are.")
        return 1
    if len(found) < CEILING:
        print(f"Lower CEILING in tools/plain_english.py to {len(found)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
