"""Working hours: when a practice is open, when it is closed, and until when.

Everything inside is UTC. Wall-clock times become instants by PEP 495 with ``fold=0``: of two equal times in autumn the
first, and a time that spring skips counts with the offset from before the gap. Intervals are half-open.

Closures win over openings, openings over closed dates and events, these over the week.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from responder.core.hours.daily import DAY_MINUTES, DailyInterval, checked_week, in_order, listed, parse_hours
from responder.core.hours.period import ClosedPeriod
from responder.core.hours.timeline import FIRST_YEAR, LAST_YEAR, LATEST, Shut, Shuts, Span, Timeline, is_known
from responder.core.hours.words import LOCALES, WEEKDAYS, date_in_words, in_words, past_in_words

__all__ = ["LOCALES", "Closure", "DailyInterval", "Opening", "Schedule", "in_words", "parse_hours"]

_DAYS_BEFORE = 2
_DAYS_AFTER = 1
"""Hours of a local date end with the day after it at the latest; zones lie up to 12 h behind UTC and 14 h ahead."""

_MAX_KEPT = 1024
"""Closed periods and days remembered."""

_TICK = timedelta.resolution
_BEFORE_ALL, _AFTER_ALL = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_EVENT = "an event of a calendar"
_STAMP = "%Y-%m-%d %H:%M"
_NO_YEAR = "no hours are known for that year"

_CalendarDate = date  # a field of ``Opening`` has the type's name


@dataclass(frozen=True, slots=True)
class Closure:
    """A dated stretch of being closed, half-open; it wins over everything else.

    Attributes:
        start: aware, or naive for the wall clock of the schedule's zone; a ``Schedule`` keeps it in UTC.
        end: the same for the end; None is "until further notice".
        note: for the owner; never shown to senders.
        say_until: whether a reply may say when the closed period that it ends in is over.
        words: key of the text that replies have while it lasts; empty for the usual one.
    """

    start: datetime
    end: datetime | None
    note: str = ""
    say_until: bool = True
    words: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it; its times are aware."""
        return self.start <= at and (self.end is None or at < self.end)

    def touches(self, span: Span) -> bool:
        """Whether it takes something of a span; its times are aware."""
        return self.start < span.end and (self.end is None or span.start < self.end)


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours added to one local date, beside those it has anyway.

    Raises:
        ValueError: there are no intervals, or two overlap.
    """

    date: _CalendarDate
    intervals: tuple[DailyInterval, ...]

    def __post_init__(self) -> None:
        if not self.intervals:
            raise ValueError(f'the opening on {date_in_words(self.date)} has no hours; write some, like "10:00-14:00"')
        object.__setattr__(self, "intervals", in_order(self.intervals))


class _Hours(NamedTuple):
    """One interval of one local date, and where it lies in UTC."""

    span: Span
    day: date
    interval: DailyInterval
    is_dated: bool  # an opening's, not the week's


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    if MINYEAR < at.year < MAXYEAR:
        return at.astimezone(UTC)
    return at.replace(tzinfo=UTC)  # their first and last hours cannot be converted, and no hours are known there anyway


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """PEP 495, ``fold=0``."""
    return (datetime.combine(day, time.min, zone) + timedelta(minutes=minute)).astimezone(UTC)


def _exists(day: date, zone: ZoneInfo) -> bool:
    """False for a date that the zone skipped whole, when it changed sides of the date line."""
    return _instant(day, 0, zone) < _instant(day, DAY_MINUTES, zone)


def _check_year(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"the year {day.year} is not between {FIRST_YEAR} and {LAST_YEAR}; correct it")


def _lasting(closures: Iterable[Closure], zone: ZoneInfo) -> tuple[Closure, ...]:
    """In UTC, without those that lie in wall-clock time which the zone skipped."""
    placed = (_in_utc(closure, zone) for closure in closures)
    return tuple(closure for closure in placed if closure.end is None or closure.start < closure.end)


def _in_utc(closure: Closure, zone: ZoneInfo) -> Closure:
    start, end = _placed(closure.start, zone), closure.end and _placed(closure.end, zone)
    if end and end <= start:  # of one zone, so Python compares the wall clocks
        stamps = f"the closure from {start:{_STAMP}} until {end:{_STAMP}}"
        raise ValueError(f"{stamps} does not end after it starts; correct one of the two")
    return replace(closure, start=start.astimezone(UTC), end=end and end.astimezone(UTC))


def _placed(at: datetime, zone: ZoneInfo) -> datetime:
    """Gives a wall-clock time its zone."""
    _check_year(at)
    return at if at.tzinfo else at.replace(tzinfo=zone)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One practice's working hours, in its zone. Every instant in and out is aware; those that come out are in UTC.

    A local date that the zone skipped whole (Apia, 30 December 2011) has no hours.

    Attributes:
        weekly: hours by weekday, 0 for Monday; a day that is not there is closed.
        closed_dates: dates without their weekly hours, and why ("Christmas Day"). What ran past midnight from the day
            before runs out.
        events: stretches without weekly hours, each with an end; an opening stands beside them. Kept in UTC.
        is_certain: False when more may close or open than is known here: then no reply may say when it opens.

    Raises:
        ValueError: one sentence with the reason and the cure.
    """

    zone: ZoneInfo
    weekly: Mapping[int, Sequence[DailyInterval]]
    openings: Sequence[Opening] = ()
    closures: Sequence[Closure] = ()
    closed_dates: Mapping[date, str] = field(default_factory=dict[date, str])
    events: Sequence[Closure] = ()
    is_certain: bool = True
    _taken: Shuts = field(init=False, repr=False, compare=False)
    _opened: dict[date, tuple[DailyInterval, ...]] = field(init=False, repr=False, compare=False)
    _timeline: Timeline = field(init=False, repr=False, compare=False)
    _period: Callable[[datetime | None, datetime | None], ClosedPeriod] = field(init=False, repr=False, compare=False)
    _hours: Callable[[date], tuple[_Hours, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for day in (*(opening.date for opening in self.openings), *self.closed_dates):
            _check_year(day)
        if any(event.end is None for event in self.events):
            raise ValueError("an event of a calendar has no end; write a closure instead")
        opened: dict[date, tuple[DailyInterval, ...]] = {}
        for opening in self.openings:
            opened[opening.date] = (*opened.get(opening.date, ()), *opening.intervals)
        for name, value in {
            "weekly": MappingProxyType(checked_week(self.weekly)),
            "openings": tuple(self.openings),
            "closures": _lasting(self.closures, self.zone),
            "closed_dates": MappingProxyType(dict(self.closed_dates)),
            "events": _lasting(self.events, self.zone),
            "_opened": opened,
            "_period": lru_cache(_MAX_KEPT)(self._made_period),
            "_hours": lru_cache(_MAX_KEPT)(self._made_hours),
        }.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_taken", _shuts(self.events))
        object.__setattr__(self, "_timeline", self._made_timeline())

    def is_open(self, at: datetime) -> bool:
        """Whether this instant lies in working hours. Outside the years 1901 to 2199 it never does."""
        return self._timeline.is_open(_utc(at))

    def closed_period(self, at: datetime) -> ClosedPeriod | None:
        """The whole stretch around an instant during which it is closed; None when it is open."""
        at = _utc(at)
        if self._timeline.is_open(at):
            return None
        if not is_known(at):
            return ClosedPeriod(None, None, because=_NO_YEAR)
        return self._period(self._timeline.flip_until(at), self._timeline.flip_after(at))

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after this one at which it opens or closes; None when it never does."""
        return self._timeline.flip_after(_utc(at))

    def last_change(self, at: datetime) -> datetime | None:
        """The last instant, not after this one, at which it opened or closed; None when it never did."""
        return self._timeline.flip_until(_utc(at))

    def changes(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, bool]]:
        """Every instant in ``[start, end)`` at which it opens or closes, and whether it is open from then on."""
        at, end = _utc(start), _utc(end)
        change = at if self._timeline.flip_until(at) == at else self._timeline.flip_after(at)
        while change and change < end:
            yield change, self._timeline.is_open(change)
            change = self._timeline.flip_after(change)

    def state_in_words(self, at: datetime, locale: str, now: datetime) -> str:
        """``Closed since Friday 17:00; open again Monday 30 November at 09:00 (UK time)``, as seen from ``now``."""
        is_open, since, until = self.is_open(at), self.last_change(at), self.next_change(at)
        state = "Open" if is_open else "Closed"
        begin = f"{state} since {past_in_words(since, self.zone, locale, now)}" if since else f"{state} always"
        if until is None:
            return f"{begin}; {'it never closes' if is_open else 'no opening is ahead'}"
        return f"{begin}; {'closes' if is_open else 'open again'} {in_words(until, self.zone, locale, now)}"

    def why(self, at: datetime) -> str:
        """One line for the owner: ``open: Thursday 12:00-20:00``, ``closed: closure 'winter break'``."""
        at = _utc(at)
        if not is_known(at):
            return f"closed: {_NO_YEAR}"
        if self._timeline.is_open(at):
            hours = next(hours for hours in self._hours_near(at) if hours.span.start <= at < hours.span.end)
            return f"open: {'opening on ' if hours.is_dated else ''}{_day_name(hours)} {hours.interval}"
        closure = self._closure_at(at)
        if closure:
            return f"closed: {self._name(closure)}"
        event = self._event_at(at)
        if event:
            return f"closed: {event.note or _EVENT}"
        day = at.astimezone(self.zone).date()
        if day in self.closed_dates:
            return f"closed: {self.closed_dates[day] or 'a closed date'}"
        intervals = sorted({*self._weekly(day), *self._opened.get(day, ())})
        return f"closed: outside hours ({WEEKDAYS[day.weekday()]} {listed(intervals)})"

    def warnings(self) -> tuple[str, ...]:
        """What is valid but probably not meant: one sentence each, with the cure."""
        if not (self.weekly or self.openings):
            return ("there are no working hours: every message comes out of hours; write the days that are open",)
        return tuple(warning for opening in self.openings for warning in self._opening_warnings(opening))

    def describe_week(self) -> tuple[tuple[str, str], ...]:
        """A row for each day from Monday: its name, and its weekly hours or ``closed``."""
        return tuple((name, listed(self.weekly.get(day, ()))) for day, name in enumerate(WEEKDAYS))

    def _made_timeline(self) -> Timeline:
        minutes = sum(one.end_minute - one.start_minute for day in self.weekly.values() for one in day)
        changes_by_itself = minutes not in {0, 7 * DAY_MINUTES}
        return Timeline(self._spans, _shuts(self.closures), None if changes_by_itself else self._dated())

    def _dated(self) -> Iterator[datetime]:
        """Where hours that a single date or an event adds or takes away begin and end."""
        yield from self._taken.edges()
        for day in self._opened.keys() | self.closed_dates.keys():
            for interval in (*self.weekly.get(day.weekday(), ()), *self._opened.get(day, ())):
                yield from self._span(day, interval)

    def _spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The hours of every local date whose intervals may touch ``[start, end)``."""
        return (hours.span for hours in self._hours_near(start, (end - start).days))

    def _hours_near(self, at: datetime, days: int = 0) -> Iterator[_Hours]:
        """Those of every local date whose intervals may hold an instant of some days or end at it, in order."""
        for offset in range(-_DAYS_BEFORE, days + _DAYS_AFTER + 1):
            yield from self._hours(at.date() + timedelta(days=offset))

    def _weekly(self, day: date) -> Sequence[DailyInterval]:
        return () if day in self.closed_dates else self.weekly.get(day.weekday(), ())

    def _made_hours(self, day: date) -> tuple[_Hours, ...]:
        """Those of one local date, without the closures; a back-test asks for the same days again and again."""
        weekly, opened = self._weekly(day), self._opened.get(day, ())
        if not ((weekly or opened) and _exists(day, self.zone)):
            return ()
        cut = ((one, left) for one in weekly for left in self._taken.cut_from(self._span(day, one)))
        return (
            *(_Hours(left, day, one, is_dated=False) for one, left in cut),
            *(_Hours(self._span(day, one), day, one, is_dated=True) for one in opened),
        )

    def _span(self, day: date, interval: DailyInterval) -> Span:
        return Span(*(_instant(day, minute, self.zone) for minute in (interval.start_minute, interval.end_minute)))

    def _made_period(self, start: datetime | None, end: datetime | None) -> ClosedPeriod:
        shut = self._timeline.last_shut(start, end)
        span = Span(start or _BEFORE_ALL, end or _AFTER_ALL)
        closures = [one for one in self.closures if one.touches(span)]
        return ClosedPeriod(
            start,
            end,
            say_until=self.is_certain
            and (shut is None or shut.say_until)
            and not any(_keeps_its_end(one, closures) for one in closures),
            because=self._because(start),
            holiday=start is not None and end is not None and any(self._holidays_between(start, end)),
            words=tuple(
                (one.start, one.end, one.words)
                for one in sorted(closures, key=attrgetter("start", "words"))
                if one.words
            ),
        )

    def _holidays_between(self, start: datetime, end: datetime) -> Iterator[date]:
        """Closed dates whose weekly hours would have lain in a stretch."""
        for day in self.closed_dates:
            hours = (self._span(day, one) for one in self.weekly.get(day.weekday(), ()))
            if any(start <= span.start and span.end <= end for span in hours):
                yield day

    def _because(self, start: datetime | None) -> str:
        """What closes at an instant at which it closes."""
        if start is None:
            return "never open before"
        closure = self._closure_at(start)
        if closure:
            return f"closure: {closure.note}" if closure.note else self._name(closure)
        event = self._event_at(start)
        if event:
            return event.note or _EVENT
        ended = next(hours for hours in self._hours_near(start) if hours.span.end == start)
        return f"after the opening on {_day_name(ended)}" if ended.is_dated else f"after {_day_name(ended)}'s hours"

    def _closure_at(self, at: datetime) -> Closure | None:
        return next((one for one in self.closures if one.holds(at)), None)

    def _event_at(self, at: datetime) -> Closure | None:
        """Looked for one by one only where there is some: calendars may hold thousands."""
        shut = self._taken.before(at + _TICK)
        return next((one for one in self.events if one.holds(at)), None) if shut and at < shut.end else None

    def _name(self, closure: Closure) -> str:
        if closure.note:
            return f"closure '{closure.note}'"
        return f"closure from {closure.start.astimezone(self.zone):{_STAMP}}"

    def _opening_warnings(self, opening: Opening) -> Iterator[str]:
        name = f"the opening on {date_in_words(opening.date)} ({listed(opening.intervals)})"
        hours = list(self._hours(opening.date))
        added, others = ([one.span for one in hours if one.is_dated is dated] for dated in (True, False))
        if any(span.overlaps(other) for span in added for other in others):
            weekly = listed(self._weekly(opening.date))
            yield f"{name} adds to that day's {weekly} and does not replace it; to shorten a day, add a closure"
        for closure in self.closures:
            if any(map(closure.touches, added)):
                yield f"{name} stays closed during {self._name(closure)}; move the closure, or take the opening out"


def _keeps_its_end(closure: Closure, others: Sequence[Closure]) -> bool:
    """Whether it keeps its end to itself, and no other lasts over that end and hides it by its own.

    One that only begins where it ends does not: the end of the two would say almost the same.
    """
    end = closure.end
    return (
        not closure.say_until
        and end is not None
        and not any(one.say_until and one.start < end and (one.end is None or end < one.end) for one in others)
    )


def _shuts(closures: Iterable[Closure]) -> Shuts:
    """Those of a schedule, whose times are in UTC."""
    return Shuts(Shut(closure.start, closure.end or LATEST, closure.say_until) for closure in closures)


def _day_name(hours: _Hours) -> str:
    return date_in_words(hours.day) if hours.is_dated else WEEKDAYS[hours.day.weekday()]
