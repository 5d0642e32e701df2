"""What somebody forgot to change in a copy of the example file, or took from a film: nobody is sent there.

A reply that shows an invented number leads a person in need to nobody, so such a part is left out, always.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from responder.config.problems import Loc, Problem

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

_CALLING_CODES: Final[Mapping[str, str]] = {
    "AU": "61",
    "CA": "1",
    "DE": "49",
    "FR": "33",
    "GB": "44",
    "IE": "353",
    "SE": "46",
    "US": "1",
}
_DRAMA: Final = re.compile(
    # GB, Ofcom: thirteen areas, no area, mobile, free, premium, anywhere
    r"44(?:1(?:1[3-8]|21|31|41|51|61)4960\d{3}|1914980\d{3}|2079460\d{3}|2896496\d{3}|2920180\d{3}|1632960\d{3}"
    r"|7700900\d{3}|8081570\d{3}|9098790\d{3}|3069990\d{3})"
    # AU, ACMA: four areas, mobile, free
    r"|61(?:[2378](?:5550|7010)\d{4}|49157\d{4}|1800160401|1[38]0097570[7-9]|1[38]0097571[01])"
    # US and CA, NANPA: 555-0100 to 555-0199 in any area
    r"|1[2-9]\d{2}55501\d{2}"
    # FR, Arcep
    r"|33(?:19900|26191|35301|46571|53649|63998)\d{4}"
    # DE, Bundesnetzagentur: four cities and two mobile networks
    r"|49(?:3023125\d{3}|6990009\d{3}|4066969\d{3}|2214710\d{3}|8999998\d{3}|17139200\d{2}|176040690\d{2})"
    # IE, ComReg
    r"|3532091\d{5}"
    # SE, PTS
    r"|46(?:3139006[0-4]\d|4062804[0-4]\d|8465004[0-4]\d|9803192[0-4]\d|7017406(?:0[5-9]|[1-9]\d))"
)
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
        code = _CALLING_CODES.get(country, "")
        national = digits.removeprefix("0")
        whole = national if code == "1" and len(national) > 10 else code + national  # noqa: PLR2004 - of North America
    return bool(_DRAMA.fullmatch(whole))


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
