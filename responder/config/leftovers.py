"""What somebody forgot to change in a copy of the example file, or took from a film: nobody is sent there.

A reply that shows an invented number leads a person in need to nobody, so such a part is left out, always.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

from responder.config.problems import Loc, Problem
from responder.config.readers import WORDS

_PLACEHOLDER: Final = "your-practice.example"
_NUMBERS: Final = ("phone", "sms_number")
_ENTRIES: Final = (
    "mailbox",
    "closure",
    "opening",
    "contact_form",
    "line",
    "aliases",
    "never_domains",
    "trust_reply_to",
)
"""Lists whose entries are left out whole."""

_FICTION: Final = re.compile("|".join(pattern for patterns in WORDS["fiction"].values() for pattern in patterns))
"""Numbers that regulators keep free for films and books, each behind its country's code."""

_OF_FILE: Final = 2
"""Parts of the place of an entry that is one of the file's tables: ``("mailbox", 1)``."""

_FIX: Final = "It is left out of the replies until you write your own, or take it out"


def leftovers(raw: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The tables without what is invented, and a problem for each part that was."""
    found = list(_invented((), raw, _country(raw)))
    if not found:
        return raw, []
    left = copy.deepcopy(raw)
    for loc in sorted({_part(problem.loc) for problem in found}, key=_from_the_end, reverse=True):
        _take_out(left, loc)
    return left, found


def _country(raw: dict[str, Any]) -> str:
    practice = raw.get("practice")
    return str(practice.get("region", ""))[:2].upper() if isinstance(practice, dict) else ""


def _invented(loc: Loc, value: object, country: str) -> Iterator[Problem]:
    if isinstance(value, dict):
        country = str(value.get("country", country)).upper()
        for key, inner in value.items():
            yield from _invented((*loc, key), inner, country)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _invented((*loc, index), inner, country)
    elif isinstance(value, str) and _PLACEHOLDER in value.lower():
        yield Problem(loc, "leftover", f"is the example's, and nobody's. {_FIX}")
    elif isinstance(value, str) and loc[-1] in _NUMBERS and is_invented(value, country):
        yield Problem(loc, "leftover", f"is a number that reaches nobody, made for examples and films. {_FIX}")


def is_invented(number: str, country: str) -> bool:
    """Whether a number is kept free for films."""
    digits = re.sub(r"\D", "", number.replace("(0)", ""))
    if number.strip().startswith("+") or digits.startswith("00"):
        whole = digits.removeprefix("00")
    else:
        code = WORDS["calling_codes"].get(country, "")
        national = digits.removeprefix("0")
        whole = national if code == "1" and len(national) > 10 else code + national  # noqa: PLR2004 - of North America
    return bool(_FICTION.fullmatch(whole))


def _part(loc: Loc) -> Loc:
    """What is left out with it: the innermost entry of a list that is left out whole, else the key of its table."""
    for size in range(len(loc), 1, -1):
        if isinstance(loc[size - 1], int) and loc[size - 2] in _ENTRIES:
            inner = loc[size:]
            return (*loc[:size], inner[0]) if len(inner) > 1 and inner[0] == "cover" else loc[:size]
    return loc[:2]


def _from_the_end(loc: Loc) -> tuple[tuple[str, int], ...]:
    return tuple((part, 0) if isinstance(part, str) else ("", part) for part in loc)


def _take_out(raw: dict[str, Any], loc: Loc) -> None:
    """An entry of a list of tables leaves a gap, so that the others keep their place in the file."""
    table: Any = raw
    *outer, last = loc
    for part in outer:
        table = table[part]
    if isinstance(last, int) and len(loc) == _OF_FILE:
        table[last] = None
    else:
        del table[last]
