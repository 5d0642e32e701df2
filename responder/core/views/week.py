"""The week as a picture: each local date, when it is open and what is special about it, as text or as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from responder.core.hours.daily import DAY_MINUTES, HOUR_MINUTES, DailyInterval, listed
from responder.core.hours.schedule import Schedule
from responder.core.hours.timeline import Span
from responder.core.views.frame import rendered

_ONE_DAY: Final = timedelta(days=1)
_CELL: Final = 30
_HALF: Final = _CELL // 2
_ALWAYS_SHOWN: Final = (8, 18)
"""Hours that every picture has, so that two weeks can be compared at a glance."""
_LABEL_EVERY: Final = 3
_LABEL_WIDTH: Final = 14


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes a date other than its weekday; the text, a closure's note or an event's name, is the owner's alone."""

    kind: Literal["closure", "event", "holiday", "opening"]
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    """One local date as it will be; what runs past midnight is cut there."""

    date: date
    blocks: tuple[DailyInterval, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def hours(self) -> str:
        """``09:00-12:30, 13:30-17:00``, or ``closed``."""
        return listed(self.blocks)


@dataclass(frozen=True, slots=True)
class Cells:
    """What a half hour looks like by which of its halves are open."""

    closed: str
    first: str
    second: str
    both: str


BLOCKS: Final = Cells("·", "▌", "▐", "█")
ASCII: Final = Cells(".", "#", "#", "#")
"""For terminals that know nothing else."""


def days(schedule: Schedule, first: date, count: int) -> tuple[Day, ...]:
    """A number of dates, from the first on."""
    return tuple(_day(schedule, first + timedelta(days=number)) for number in range(count))


def _day(schedule: Schedule, day: date) -> Day:
    span = Span(_midnight(day, schedule.zone), _midnight(day + _ONE_DAY, schedule.zone))
    return Day(day, tuple(_blocks(schedule, span)), tuple(_marks(schedule, day, span)))


def _blocks(schedule: Schedule, span: Span) -> Iterator[DailyInterval]:
    opened = 0 if span.start < span.end and schedule.is_open(span.start) else None
    for instant, is_open in schedule.changes(*span):
        if instant == span.start:
            continue
        minute = _minute(instant, schedule.zone)
        if not is_open and opened is not None and opened < minute:  # in autumn a wall clock can run backwards
            yield DailyInterval(opened, minute)
        opened = minute if is_open else None
    if opened is not None:
        yield DailyInterval(opened, DAY_MINUTES)


def _marks(schedule: Schedule, day: date, span: Span) -> Iterator[Mark]:
    if day in schedule.closed_dates:
        yield Mark("holiday", schedule.closed_dates[day] or "closed date")
    for closure in schedule.closures:
        if closure.touches(span):
            yield Mark("closure", f"closure: {closure.note}" if closure.note else "closure")
    for event in schedule.events:
        if event.touches(span):
            yield Mark("event", f"calendar: {event.note}" if event.note else "calendar")
    for opening in schedule.openings:
        if opening.date == day:
            yield Mark("opening", f"opening {listed(opening.intervals)}")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * HOUR_MINUTES + local.minute


# As a page


def page(
    *, title: str, state: str, drawn: str, days: Sequence[Day], today: date, now_minute: int, changes: Sequence[str]
) -> str:
    """A whole page. It does not change by itself, so ``drawn`` says of which moment it is, and where."""
    return rendered(
        "week.html",
        title=title,
        state=state,
        drawn=drawn,
        days=days,
        today=today,
        now_minute=now_minute,
        changes=changes,
    )


# In a terminal: a row for each day, a cell for each half hour


def drawn(days: Sequence[Day], today: date, cells: Cells) -> list[str]:
    """The lines of the picture, hours above, today marked, a blank line before each further Monday."""
    first, last = _range(days)
    rows: list[str] = [_axis(first, last)]
    for number, day in enumerate(days):
        if number and day.date.weekday() == 0:
            rows.append("")
        rows.append(_row(day, first, last, cells, is_today=day.date == today))
    return rows


def _range(days: Sequence[Day]) -> tuple[int, int]:
    """The hours to show: the usual ones, and an hour around those that are open."""
    blocks = [block for day in days for block in day.blocks]
    start = min([_ALWAYS_SHOWN[0], *(block.start_minute // HOUR_MINUTES for block in blocks)])
    end = max([_ALWAYS_SHOWN[1], *(-(-block.end_minute // HOUR_MINUTES) for block in blocks)])
    return max(start - 1, 0), min(end + 1, DAY_MINUTES // HOUR_MINUTES)


def _axis(first: int, last: int) -> str:
    width = HOUR_MINUTES // _CELL
    labels = (f"{hour:02}" if hour % _LABEL_EVERY == 0 else "" for hour in range(first, last))
    return (" " * _LABEL_WIDTH + "".join(label.ljust(width) for label in labels)).rstrip()


def _row(day: Day, first: int, last: int, cells: Cells, *, is_today: bool) -> str:
    label = f"{'>' if is_today else ' '} {day.date:%a} {day.date.day:>2} {day.date:%b}"
    bar = "".join(_cells(day.blocks, first, last, cells))
    marks = "; ".join(mark.text for mark in day.marks)
    return "  ".join(part for part in (label.ljust(_LABEL_WIDTH - 2), bar, day.hours, marks) if part)


def _cells(blocks: Sequence[DailyInterval], first: int, last: int, cells: Cells) -> Iterator[str]:
    looks = (cells.closed, cells.second, cells.first, cells.both)
    for start in range(first * HOUR_MINUTES, last * HOUR_MINUTES, _CELL):
        yield looks[2 * _mostly_open(blocks, start) + _mostly_open(blocks, start + _HALF)]


def _mostly_open(blocks: Sequence[DailyInterval], start: int) -> bool:
    """Whether at least half of a quarter of an hour is open."""
    minutes = sum(max(0, min(one.end_minute, start + _HALF) - max(one.start_minute, start)) for one in blocks)
    return 2 * minutes >= _HALF
