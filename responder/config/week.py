"""The hours of the file: the practice's, and those of mailboxes that have their own, as schedules.

Public holidays and the events of calendars are handed in: they hold for every week of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from responder.config import schema
from responder.config.closed import ClosedDays
from responder.config.problems import Loc, Problem
from responder.config.ranges import DAYS
from responder.core.hours.daily import DAY_MINUTES, DailyInterval
from responder.core.hours.schedule import Closure, Opening, Schedule

_ALL_DAY: Final = DailyInterval(0, DAY_MINUTES)


@dataclass(slots=True)
class Doubts:
    """What is not known of the hours of one week, since a part of the file that says so is wrong.

    Attributes:
        days: weekdays, 0 for Monday, that count as open.
        dates: single days that count as open.
        openings: whether anything is unknown, so that no reply may say when it opens.
    """

    days: set[int] = field(default_factory=set[int])
    dates: set[date] = field(default_factory=set[date])
    openings: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """Tables that make hours, as far as they could be read.

    Attributes:
        loc: where the tables stand: ``()`` for the practice's, ``("mailbox", 1)`` for a mailbox's own.
        open_days: weekdays whose hours are not known and that count as open.
        open_dates: single days of which the same holds.
        is_certain: whether everything that the file says of it could be read.
    """

    hours: schema.Hours | None = None
    closures: Mapping[int, schema.Closure] = field(default_factory=dict[int, "schema.Closure"])
    openings: Mapping[int, schema.Opening] = field(default_factory=dict[int, "schema.Opening"])
    loc: Loc = ()
    open_days: Collection[int] = ()
    open_dates: Collection[date] = ()
    is_certain: bool = True


def closure_key(loc: Loc, index: int) -> str:
    """Names a closure that has a text of its own: ``closure 1``, ``mailbox 2 closure 1``, counted as people count."""
    place = f"mailbox {int(loc[1]) + 1} " if loc else ""
    return f"{place}closure {index + 1}"


def closure_loc(key: str) -> Loc:
    """Where a closure stands that has such a key."""
    numbers = [int(word) - 1 for word in key.split() if word.isdecimal()]
    return ("closure", numbers[0]) if len(numbers) == 1 else ("mailbox", numbers[0], "closure", numbers[1])


def of_practice(
    hours: schema.Hours | None,
    closures: Mapping[int, schema.Closure],
    openings: Mapping[int, schema.Opening],
    doubts: Doubts,
) -> Week:
    """What the file says of everybody's hours."""
    return Week(hours, closures, openings, (), doubts.days, doubts.dates, not doubts.openings)


def of_mailbox(index: int, table: schema.Mailbox, doubts: Doubts) -> Week | None:
    """What a mailbox says of its own hours; None when the practice's hold."""
    if table.hours is None and not table.closure and not table.opening and not doubts.openings:
        return None
    closures, openings = dict(enumerate(table.closure)), dict(enumerate(table.opening))
    return Week(table.hours, closures, openings, ("mailbox", index), doubts.days, doubts.dates, not doubts.openings)


def practice_schedule(
    practice: schema.Practice | None, week: Week, closed: ClosedDays, problems: list[Problem]
) -> Schedule | None:
    """The practice's hours, without the parts that are not sound; what is wrong is added to ``problems``."""
    zone = practice.time_zone if practice else ZoneInfo("UTC")
    week = _sound(zone, week, problems)
    if practice is None:
        return None
    is_certain = week.is_certain and not closed.unusable
    return Schedule(
        zone, _hours(week), _openings(week), _closures(week), closed.dates, closed.events, is_certain=is_certain
    )


def mailbox_schedule(practice: Schedule, own: Week, zone: ZoneInfo, problems: list[Problem]) -> Schedule:
    """One mailbox's hours. Its closures come on top of the practice's, which hold for everybody.

    Its openings add to whatever week it has; the practice's go with the practice's week, which stays on the practice's
    clock. A week of the mailbox's own is on the clock of ``zone``.
    """
    zone = zone if own.hours is not None else practice.zone
    own = _sound(zone, own, problems)
    weekly: Mapping[int, Sequence[DailyInterval]] = _hours(own)
    openings = _openings(own)
    if own.hours is None and not own.open_days:
        weekly, openings = practice.weekly, (*practice.openings, *openings)
    return Schedule(
        zone,
        weekly,
        openings,
        (*practice.closures, *_closures(own)),
        practice.closed_dates,
        practice.events,
        is_certain=practice.is_certain and own.is_certain,
    )


def _sound(zone: ZoneInfo, week: Week, problems: list[Problem]) -> Week:
    """Try each part alone, so that what is refused has a place in the file; the week without what is refused."""
    before = len(problems)
    closures = {
        index: table
        for (index, table), closure in zip(week.closures.items(), _closures(week), strict=True)
        if _fits(problems, (*week.loc, "closure", index, "until"), zone, closures=(closure,))
    }
    openings = {
        index: table
        for index, table in week.openings.items()
        if _fits(problems, (*week.loc, "opening", index, "date"), zone, openings=(Opening(table.date, table.hours),))
    }
    unknown = set(week.open_days)
    hours = _hours(replace(week, open_days=()))
    for today, tomorrow in pairwise((*range(7), 0)):
        two_days = {day: hours[day] for day in (today, tomorrow) if day in hours}
        if not _fits(problems, (*week.loc, "hours", DAYS[today]), zone, two_days):
            unknown |= {today, tomorrow}
    if len(problems) == before:
        return week
    return replace(week, closures=closures, openings=openings, open_days=unknown, is_certain=False)


def _fits(
    problems: list[Problem],
    loc: Loc,
    zone: ZoneInfo,
    weekly: Mapping[int, tuple[DailyInterval, ...]] | None = None,
    openings: tuple[Opening, ...] = (),
    closures: tuple[Closure, ...] = (),
) -> bool:
    try:
        Schedule(zone, weekly or {}, openings, closures)
    except ValueError as error:
        code = {"until": "bad-closure", "date": "bad-opening"}.get(str(loc[-1]), "overlapping-hours")
        problems.append(Problem(loc, code, str(error)))
        return False
    return True


def _hours(week: Week) -> dict[int, tuple[DailyInterval, ...]]:
    """By weekday; what runs past midnight into a day that counts as open ends there."""
    known = {number: hours for number, day in enumerate(DAYS) if (hours := getattr(week.hours, day, ()))}
    for day in week.open_days:
        yesterday = (day - 1) % 7
        known[yesterday] = tuple(
            DailyInterval(one.start_minute, min(one.end_minute, DAY_MINUTES)) for one in known.get(yesterday, ())
        )
    return known | dict.fromkeys(week.open_days, (_ALL_DAY,))


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
    known = (Opening(table.date, table.hours) for table in week.openings.values() if table.date not in week.open_dates)
    return (*known, *(Opening(day, (_ALL_DAY,)) for day in week.open_dates))
