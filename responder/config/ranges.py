"""Hours for several days at once, as people write them, answered with the lines that the file wants instead.

``monday-friday = "9-5"``, ``weekdays = "09:00-17:00"``, ``hours = "Mon-Fri 9-5, Sat 10-12"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from responder.core.hours.daily import in_one_spelling

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_GROUPS: Final = {
    **dict.fromkeys(
        ("weekday", "weekdays", "workday", "workdays", "working days", "working-days", "business days"), DAYS[:5]
    ),
    **dict.fromkeys(("weekend", "weekends"), DAYS[5:]),
    **dict.fromkeys(("daily", "everyday", "every day", "all", "all days", "all week", "any day"), DAYS),
}
_LONGEST: Final = 200
"""Characters of a week in one text; what is longer is none, and takes the square of its length to find out."""

_TO: Final = re.compile(r"\s*(?:-+|_|\.\.+|[\u2010-\u2015]|\bto\b|\bthrough\b|\bthru\b|\buntil\b|\btill\b)\s*")
_AND: Final = re.compile(r"\s*(?:[,/&+]|\band\b)\s*")
_PART: Final = re.compile(
    r"\s*(?P<days>[^\d]*?[^\W\d])\W*?\s*(?P<hours>\d[^A-Za-z]*(?:[ap]\.?m\.?[^A-Za-z]*){0,9})", re.IGNORECASE
)


def lines_to_write(key: str, value: object) -> str | None:
    """The lines of ``[hours]`` for a key that names several days, or for a whole week in one text; None for others.

    The key is ``monday-friday``, or ``hours`` when the value says the days, too.
    """
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    texts = [text for text in texts if isinstance(text, str) and len(text) <= _LONGEST]
    if len(key) > _LONGEST:
        return None
    found: dict[str, str] = {}
    if key.lower() == "hours":
        for day, time in (pair for text in texts for pair in _week(text)):
            found[day] = f"{found[day]}, {time}" if day in found else time
    elif len(days := days_named(key)) > 1 and (hours := in_one_spelling(", ".join(texts))):
        found = dict.fromkeys(days, hours)
    if not found:
        return None
    return "\n".join(["[hours]", *(f'{day} = "{found[day]}"' for day in DAYS if day in found)])


def _week(text: str) -> Iterator[tuple[str, str]]:
    for part in _PART.finditer(text):
        hours = in_one_spelling(part["hours"].strip(" \t,;/&+"))
        if (days := days_named(part["days"].strip(" \t,;:"))) and hours:
            yield from dict.fromkeys(days, hours).items()


def days_named(text: str) -> tuple[str, ...]:
    """The days that a text names, if it is more than one or a group; nothing when it is not clear."""
    words = " ".join(text.lower().replace("_", " - " if "_" in text.strip("_") else " ").split())
    if words in _GROUPS:
        return _GROUPS[words]
    found: list[str] = []
    for part in _AND.split(words):
        ends = [_day(word) for word in _TO.split(part)]
        match ends:
            case [str(only)]:
                found.append(only)
            case [str(first), str(last)]:
                start, length = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7
                found += [DAYS[(start + step) % 7] for step in range(length + 1)]
            case _:
                return ()
    return tuple(found)


def _day(word: str) -> str | None:
    """``Mon``, ``mondays``."""
    short = word.strip(" .").removesuffix("s") if len(word) > 4 else word.strip(" .")  # noqa: PLR2004 - "tues" is no plural
    return next((day for day in DAYS if len(short) > 1 and day.startswith(short)), None)
