"""What a picture of the week shows: each local date, when it is open, and what is special about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from responder.core.hours.daily import DAY_MINUTES, HOUR_MINUTES, listed
from responder.core.hours.schedule import Closure, Schedule

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Block:
    """One open stretch of one date, half-open, in minutes of its wall clock: 0 to 1440."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes a date other than its weekday.

    Attributes:
        text: for the owner; a closure's note and an event's name are hers alone.
    """

    kind: Literal["closure", "event", "holiday", "opening"]
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    """One local date as it will be: weekly hours, openings, holidays and closures together."""

    date: date
    blocks: tuple[Block, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def hours(self) -> str:
        """``09:00-12:30, 13:30-17:00``, or ``closed``; what runs past midnight is cut there."""
        return ", ".join(map(str, self.blocks)) or "closed"


def days(schedule: Schedule, first: date, count: int) -> tuple[Day, ...]:
    """A number of dates, from the first on."""
    dates = (first + timedelta(days=number) for number in range(count))
    return tuple(Day(day, tuple(_blocks(schedule, day)), tuple(_marks(schedule, day))) for day in dates)


def _blocks(schedule: Schedule, day: date) -> Iterator[Block]:
    begin, end = _midnight(day, schedule.zone), _midnight(day + _ONE_DAY, schedule.zone)
    opened = 0 if begin < end and schedule.is_open(begin) else None
    for instant, is_open in schedule.changes(begin, end):
        if instant == begin:
            continue
        minute = _minute(instant, schedule.zone)
        if is_open:
            opened = minute
        elif opened is not None and opened < minute:  # in the repeated hour of autumn a wall clock can run backwards
            yield Block(opened, minute)
        opened = minute if is_open else None
    if opened is not None:
        yield Block(opened, DAY_MINUTES)


def _marks(schedule: Schedule, day: date) -> Iterator[Mark]:
    begin, end = _midnight(day, schedule.zone), _midnight(day + _ONE_DAY, schedule.zone)
    if day in schedule.closed_dates:
        yield Mark("holiday", schedule.closed_dates[day] or "closed date")
    for closure in schedule.closures:
        if _touches(closure, begin, end):
            yield Mark("closure", f"closure: {closure.note}" if closure.note else "closure")
    for event in schedule.events:
        if _touches(event, begin, end):
            yield Mark("event", f"calendar: {event.note}" if event.note else "calendar")
    for opening in schedule.openings:
        if opening.date == day:
            yield Mark("opening", f"opening {listed(opening.intervals)}")


def _touches(closure: Closure, begin: datetime, end: datetime) -> bool:
    return closure.start < end and (closure.end is None or begin < closure.end)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * HOUR_MINUTES + local.minute


def _clock(minute: int) -> str:
    return f"{minute // HOUR_MINUTES:02}:{minute % HOUR_MINUTES:02}"
