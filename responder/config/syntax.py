"""What a person meant when a file is not TOML: a place, a reason and a cure. Only imported when there is an error."""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from collections.abc import Sequence
from pathlib import Path

from responder.config.positions import Place, Places, Repeat
from responder.core.errors import Told

_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_DATE = re.compile(r"=\s*(\d{4})-(\d\d)-(\d\d)(?!\d)")
MONTHS = 12
_LOOKED_AT = 500
"""Characters of a line: some of the hints take the square of its length."""
_NEVER_CLOSED = re.compile(r"Unterminated string|Expected \"'")
_OPEN_QUOTE = re.compile(r"=\s*(\"\"\"|'''|[\"'])(?:(?!\1).)*$")

_HINTS: list[dict[str, str]] = tomllib.loads(Path(__file__).with_name("syntax.toml").read_text("utf-8"))["hint"]


def explain(path: Path, text: str, error: tomllib.TOMLDecodeError) -> Told:
    """One sentence with file, line, column, reason and cure.

    The line itself is never repeated: it may hold something that should not be read by others.
    """
    places = Places(text)
    if places.repeats and re.match(r"Cannot (declare|overwrite|mutate)", str(error)):
        return Told("twice", _twice(path, places.repeats[0], text))
    reason = _AT.sub("", str(error))
    place = (_unclosed(text) if _NEVER_CLOSED.match(reason) else None) or _place(text, str(error))
    line = text.split("\n")[place.line - 1][:_LOOKED_AT]
    hint = _no_such_day(line) or next((hint["tell"] for hint in _HINTS if re.search(hint["pattern"], line)), None)
    cure = f"{hint[0].upper()}{hint[1:]}" if hint else "Compare the line with config.example.toml"
    return Told("bad-toml", f"{path}:{place.line}:{place.column}: not TOML: {_plain(reason)}. {cure}.")


def _no_such_day(line: str) -> str | None:
    """``there is no 30 February 2026: that month has 28 days``."""
    found = _DATE.search(line)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups())
    if not (1 <= month <= MONTHS and year):
        return f"there is no month {month:02}; a date is written year, month, day, such as 2026-12-24"
    length = monthrange(year, month)[1]
    if 1 <= day <= length:
        return None
    return f"there is no day {day:02} in {year}-{month:02}: that month has {length} days"


def _twice(path: Path, repeat: Repeat, text: str) -> str:
    name = ".".join(repeat.keys)
    lines = f"lines {repeat.first.line} and {repeat.second.line}"
    where = f"{path}:{repeat.second.line}:{repeat.second.column}: {name}:"
    if not _is_header(text, repeat.second):
        return f"{where} appears twice: {lines}. Keep one of them."
    if repeat.keys[-1] in SEVERAL:
        return f"{where} [{name}] appears twice: {lines}. There may be several, each with double brackets: [[{name}]]."
    return f"{where} [{name}] appears twice: {lines}. Put their lines together under one [{name}]."


SEVERAL: Sequence[str] = ("closure", "opening", "mailbox", "contact_form", "line")
"""Tables that may stand any number of times."""


def _is_header(text: str, place: Place) -> bool:
    return text.split("\n")[place.line - 1].lstrip().startswith("[")


def _place(text: str, message: str) -> Place:
    at = _AT.search(message)
    if at and at["line"]:
        return Place(int(at["line"]), int(at["column"]))
    lines = text.rstrip().split("\n")
    return Place(len(lines), len(lines[-1]) + 1)


def _unclosed(text: str) -> Place | None:
    """The end of the line whose quote is never closed; the parser only notices at the end of the text."""
    lines = enumerate(text.split("\n"), 1)
    return next((Place(number, len(line) + 1) for number, line in lines if _OPEN_QUOTE.search(line)), None)


def _plain(reason: str) -> str:
    return reason[:1].lower() + reason[1:]
