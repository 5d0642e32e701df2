"""Numbers that somebody could dial."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from responder.core.lint.phrases import Place

FEWEST_DIGITS: Final = 6
"""Of a number of several groups: 116 123. Shorter ones are house numbers and years."""

_SHORT: Final = frozenset(
    ("000", "015", "016", "024", "061", "091", "111", "112", "113", "116", "117", "118", "143", "144", "147", "911",
     "988", "999", "1411", "1813", "3114")
)  # fmt: skip
"""Numbers of emergency services and crisis lines where our languages are spoken."""

_DATE: Final = re.compile(
    r"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./-])\s?\d{1,2}\1\s?(?:\d{4}|\d{2})?)(?!\d)"
    r"|(?<!\d)\d{1,2}[:.h]\d{2}(?![\d.])"
)
_NUMBER: Final = re.compile(r"(?<![\w.,:/#-])\+?\(?\d(?:[ ()/.\-]{0,3}\d){1,20}(?![\w/:%]|[.,]\d)")
_LONE: Final = re.compile(r"^[ \t]*\+?[\d ()/-]{3,20}[ \t]*$", re.MULTILINE)


def numbers(text: str) -> Iterator[Place]:
    """Whatever looks like a number to call, and is no date and no time.

    Args:
        text: folded.
    """
    dateless = _DATE.sub(lambda match: "x" * len(match[0]), text)
    for match in _NUMBER.finditer(dateless):
        digits = re.sub(r"\D", "", match[0])
        if digits in _SHORT or len(digits) >= FEWEST_DIGITS:
            yield Place("other-number", *match.span())


def has_lone_number(source: str) -> bool:
    """Whether a text of several lines has a line with nothing but a number: that is how a finished reply shows help."""
    return "\n" in source.strip() and _LONE.search(source) is not None
