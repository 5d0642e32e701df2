"""What a start keeps of a file of which a part is wrong: everything else, as long as every reply stays true.

A part that decides when it is closed and cannot be read never leads to a reply: a weekday whose hours cannot be read
counts as open, and no reply says when it opens again. A style that cannot be read is the discreet one. What cannot be
replaced (the clock, the region, a mailbox's login) costs the mailbox, or the file.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from responder.config import schema
from responder.config.problems import Loc, Problem, value_at
from responder.config.ranges import DAYS, days_named
from responder.config.spelling import nearest
from responder.config.week import Doubts
from responder.core.hours.daily import NOT_OPEN

_Table = TypeVar("_Table", bound=BaseModel)

_WHOLE: Final = (schema.Closure, schema.Opening, schema.ContactForm)
"""Tables that mean something else with a key left out."""

_ESSENTIAL: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    schema.Practice: frozenset({"time_zone", "region"}),
    schema.Mailbox: frozenset(
        {"address", "provider", "ca_file", "imap", "smtp", "username", "password", "oauth", "folder", "region"}
    ),
}
"""Keys without which a table is of no use, or might be another one."""

_OF_HOURS: Final = ("hours", "closure", "opening", "holidays")
_OF_CLOSURES: Final = ("from", "until", "say_until", "public", "calendars", "date")
_DISCREET: Final = {"style": "discreet"}
_GONE: Final = object()


def sound_part(raw: object, model: type[_Table], wrong: Iterable[Loc]) -> _Table | None:
    """A table without what is wrong in it, or None when it is of no use without; places begin at the table."""
    if model in _WHOLE:
        return None
    least = None if model in _ESSENTIAL else model.model_validate(_DISCREET if model is schema.Reply else {})
    if not isinstance(raw, dict):
        return least
    left: dict[str, Any] = copy.deepcopy(raw)
    for loc in wrong:
        if not loc or _is_essential(model, str(loc[0])):
            return least
        _cut(left, loc, model)
    try:
        return model.model_validate(_without_gaps(left))
    except ValidationError:
        return least


def _is_essential(model: type[BaseModel], key: str) -> bool:
    keys = _ESSENTIAL.get(model, frozenset())
    return key in keys or (key not in schema.keys_of(model) and nearest(key, keys) is not None)


def _cut(left: dict[str, Any], loc: Loc, model: type[BaseModel]) -> None:
    """Take out one fault, and with it the entry of a list, the day or the key that it is in."""
    key, inner = str(loc[0]), loc[1:]
    there = left.get(key)
    if inner and isinstance(there, list) and isinstance(inner[0], int):
        there[inner[0]] = _GONE
    elif inner and isinstance(there, dict) and key in ("hours", "reply"):
        _cut(there, inner, schema.MailboxReply if key == "reply" else schema.Hours)
    else:
        left.pop(key, None)
        if model is schema.Mailbox and _asks_for_discretion(key):
            left["reply"] = dict(_DISCREET)
        elif issubclass(model, schema.OwnWords) and nearest(key, ["style"]):
            left.update(_DISCREET)


def _without_gaps(table: dict[str, Any]) -> dict[str, Any]:
    whole = {key: [e for e in v if e is not _GONE] if isinstance(v, list) else v for key, v in table.items()}
    # a list that may not be empty says as little as one that is not there
    return {key: value for key, value in whole.items() if value != [] or table[key] == []}


def _asks_for_discretion(key: str) -> bool:
    return nearest(key, ["style"]) is not None or nearest(key, ["reply"]) is not None


def _names_in(value: object) -> Iterator[str]:
    """Every key in a table that is not understood, and in those within."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key.lower()
            yield from _names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names_in(inner)


def asks_for_discretion(problems: Iterable[Problem], raw: Mapping[str, Any]) -> bool:
    """Whether something that is not understood may have been meant to ask for the discreet style, of every mailbox."""
    unknown = [p for p in problems if p.code in ("unknown-key", "wrong-brackets") and p.loc[0] != "mailbox"]
    inside = (name for p in unknown for name in _names_in(value_at(raw, p.loc)))
    return any(map(_asks_for_discretion, (*(str(p.loc[-1]) for p in unknown), *inside)))


def doubts(problems: Iterable[Problem], raw: Mapping[str, Any]) -> dict[Loc, Doubts]:
    """What the problems leave unknown of each week: the practice's at ``()``, a mailbox's at ``("mailbox", 1)``."""
    found: dict[Loc, Doubts] = {}
    for problem in problems:
        whose, loc = (problem.loc[:2], problem.loc[2:]) if problem.loc[0] == "mailbox" else ((), problem.loc)
        if loc:
            table = value_at(raw, whose)
            _doubt(found.setdefault(whose, Doubts()), loc, problem.code, table if isinstance(table, dict) else {})
    return found


def _doubt(known: Doubts, loc: Loc, code: str, table: Mapping[str, Any]) -> None:
    key, last = str(loc[0]), str(loc[-1])
    is_unknown = code == "unknown-key"
    meant = nearest(key, schema.keys_of(schema.File)) if is_unknown and len(loc) == 1 else key
    if is_unknown and len(loc) == 1 and meant not in _OF_HOURS:
        inside = set(_names_in(table.get(key)))
        if inside & {"hours", *DAYS}:  # of which mailbox, nobody knows
            known.days |= set(range(7))
        known.openings |= bool(inside & {*_OF_HOURS, *_OF_CLOSURES, *DAYS})
    if meant == "hours":
        days = _days(loc[1:], table.get(key))
        known.days |= days
        known.openings = known.openings or bool(days)
        return
    if meant == "opening":
        known.dates |= set(_dates_in(value_at(table, loc[:2])))  # one, or the list of all of them
    elif meant not in _OF_HOURS and is_unknown and (day_name := nearest(last, DAYS)):  # a day's line in another table
        known.days.add(DAYS.index(day_name))
    elif meant not in _OF_HOURS and not (is_unknown and last in _OF_CLOSURES):
        return
    known.openings = True


def _dates_in(opening: object) -> Iterator[date]:
    """Under any key."""
    if isinstance(opening, date):
        yield opening.date() if isinstance(opening, datetime) else opening
    for inner in opening.values() if isinstance(opening, dict) else opening if isinstance(opening, list) else ():
        yield from _dates_in(inner)


def _days(loc: Loc, table: object) -> set[int]:
    """The weekdays that a fault in ``[hours]`` leaves unknown."""
    if not loc or not isinstance(table, dict):
        return set(range(7))
    key = str(loc[0])
    if key in DAYS:
        written = table.get(key)
        return set() if isinstance(written, str) and written.strip().lower() in NOT_OPEN else {DAYS.index(key)}
    if several := days_named(key):
        return {DAYS.index(day) for day in several if day not in table} or {DAYS.index(day) for day in several}
    meant = nearest(key, DAYS)
    return {DAYS.index(meant)} if meant else {number for number, day in enumerate(DAYS) if day not in table}
