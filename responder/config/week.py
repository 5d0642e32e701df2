"""The hours of the file: the practice's, and those of mailboxes that have their own, as schedules.

Public holidays and the events of calendars are handed in: they hold for every week of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from responder.config import schema
from responder.config.closed import ClosedDays
from responder.config.problems import Loc, Problem
from responder.core.hours.daily import DailyInterval
from responder.core.hours.schedule import Closure, Opening, Schedule

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Week:
    """Tables that make hours, as far as they could be read.

    Attributes:
        hours: None where they stand elsewhere.
        closures: by their index in the file.
        openings: likewise.
        loc: where the tables stand: ``()`` for the practice's, ``("mailbox", 1)`` for a mailbox's own.
    """

    hours: schema.Hours | None = None
    closures: Mapping[int, schema.Closure] = field(default_factory=dict[int, "schema.Closure"])
    openings: Mapping[int, schema.Opening] = field(default_factory=dict[int, "schema.Opening"])
    loc: Loc = ()


def closure_key(loc: Loc, index: int) -> str:
    """Names a closure that has a text of its own: ``closure 1``, ``mailbox 2 closure 1``, counted as people count."""
    place = f"mailbox {int(loc[1]) + 1} " if loc else ""
    return f"{place}closure {index + 1}"


def closure_loc(key: str) -> Loc:
    """Where a closure stands that has such a key."""
    numbers = [int(word) - 1 for word in key.split() if word.isdecimal()]
    return ("closure", numbers[0]) if len(numbers) == 1 else ("mailbox", numbers[0], "closure", numbers[1])


def of_mailbox(index: int, table: schema.Mailbox) -> Week | None:
    """What a mailbox says of its own hours; None when the practice's hold."""
    if table.hours is None and not table.closure and not table.opening:
        return None
    return Week(table.hours, dict(enumerate(table.closure)), dict(enumerate(table.opening)), ("mailbox", index))


def practice_schedule(
    practice: schema.Practice | None, week: Week, closed: ClosedDays, problems: list[Problem]
) -> Schedule | None:
    """The practice's hours; whatever is wrong is added to ``problems``."""
    zone = practice.time_zone if practice else ZoneInfo("UTC")
    sound = _complain(zone, week, problems)
    if not (sound and practice):
        return None
    return Schedule(zone, _hours(week), _openings(week), _closures(week), closed.dates, closed.events)


def mailbox_schedule(practice: Schedule, own: Week, problems: list[Problem]) -> Schedule:
    """One mailbox's hours. Its closures come on top of the practice's, which hold for everybody.

    Its openings add to whatever week it has; the practice's go with the practice's week.
    """
    if not _complain(practice.zone, own, problems):
        return practice
    closures = (*practice.closures, *_closures(own))
    weekly: Mapping[int, Sequence[DailyInterval]] = _hours(own)
    openings = _openings(own)
    if own.hours is None:
        weekly, openings = practice.weekly, (*practice.openings, *openings)
    return Schedule(practice.zone, weekly, openings, closures, practice.closed_dates, practice.events)


def _complain(zone: ZoneInfo, week: Week, problems: list[Problem]) -> bool:
    """Try each part alone, so that what is refused has a place in the file; whether all are sound."""
    before = len(problems)
    for index, closure in zip(week.closures, _closures(week), strict=True):
        _try(problems, (*week.loc, "closure", index, "until"), zone, closures=(closure,))
    for index, opening in zip(week.openings, _openings(week), strict=True):
        _try(problems, (*week.loc, "opening", index, "date"), zone, openings=(opening,))
    hours = _hours(week)
    for today, tomorrow in pairwise((*range(7), 0)):
        two_days = {day: hours[day] for day in (today, tomorrow) if day in hours}
        _try(problems, (*week.loc, "hours", DAYS[today]), zone, two_days)
    return len(problems) == before


def _try(
    problems: list[Problem],
    loc: Loc,
    zone: ZoneInfo,
    weekly: Mapping[int, tuple[DailyInterval, ...]] | None = None,
    openings: tuple[Opening, ...] = (),
    closures: tuple[Closure, ...] = (),
) -> None:
    try:
        Schedule(zone, weekly or {}, openings, closures)
    except ValueError as error:
        code = {"until": "bad-closure", "date": "bad-opening"}.get(str(loc[-1]), "overlapping-hours")
        problems.append(Problem(loc, code, str(error)))


def _hours(week: Week) -> dict[int, tuple[DailyInterval, ...]]:
    return {number: hours for number, day in enumerate(DAYS) if (hours := getattr(week.hours, day, ()))}


def _closures(week: Week) -> tuple[Closure, ...]:
    return tuple(
        Closure(
            table.from_,
            table.until,
            table.note or "",
            table.say_until,
            closure_key(week.loc, index) if table.template else "",
        )
        for index, table in week.closures.items()
    )


def _openings(week: Week) -> tuple[Opening, ...]:
    return tuple(Opening(table.date, table.hours) for table in week.openings.values())
