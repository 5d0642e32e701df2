"""What holds for any schedule, in any zone, on any date: clock changes among them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from responder.core.hours.schedule import Closure, DailyInterval, Opening, Schedule
from responder.core.hours.timeline import Shut, Shuts, Span
from tools.sweep import different_zones

ZONES = (
    "Europe/London", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia",
    "America/Santiago", "America/Havana", "America/St_Johns", "Africa/Casablanca", "Pacific/Kiritimati", "UTC",
)  # fmt: skip
EVERY_ZONE = different_zones()
TICK = timedelta(microseconds=1)
CHANGES_OF_CLOCKS = (
    "2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2011-12-30", "2026-09-06",
    "2009-11-01", "1995-01-01",
)  # fmt: skip

days = st.sampled_from(CHANGES_OF_CLOCKS).map(date.fromisoformat) | st.dates(date(1990, 1, 1), date(2037, 12, 31))
minutes = st.integers(0, 95).map(
    lambda quarter: quarter * 15
)  # whole quarters meet one another, and the clocks' changes


@st.composite
def one_day(draw: st.DrawFn) -> tuple[DailyInterval, ...]:
    """Up to two intervals of one day that do not overlap; the last may run past midnight."""
    edges = sorted(draw(st.lists(minutes, min_size=2, max_size=4, unique=True)))
    intervals = [DailyInterval(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    if draw(st.booleans()):
        intervals.append(DailyInterval(edges[-1], edges[-1] + draw(st.integers(1, 1440))))
    return tuple(intervals)


whole_day = st.just((DailyInterval(0, 1440),))
weeks = st.one_of(
    st.dictionaries(st.integers(0, 6), one_day(), max_size=7),
    st.dictionaries(st.integers(0, 6), whole_day, min_size=5, max_size=7),
    st.fixed_dictionaries(dict.fromkeys(range(7), whole_day)),
)


@st.composite
def closures(draw: st.DrawFn, near: date, *, endless: bool = True) -> Closure:
    """A closure within some weeks of a date, for minutes or months, or without an end."""
    start = datetime.combine(near, time()) + timedelta(days=draw(st.integers(-40, 40)), minutes=draw(minutes))
    lengths = st.integers(1, 200).map(lambda quarters: timedelta(minutes=15 * quarters)) | st.integers(1, 90).map(
        timedelta
    )
    ends = lengths.map(lambda length: start + length)
    end = draw(st.none() | ends if endless else ends)
    return Closure(start, end, draw(st.sampled_from(["", "leave"])), say_until=draw(st.booleans()))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """A schedule, and an instant near its dated exceptions."""
    near = draw(days)
    dates = st.integers(-10, 10).map(lambda offset: near + timedelta(days=offset))
    zone = ZoneInfo(draw(st.sampled_from(ZONES) | st.sampled_from(EVERY_ZONE)))
    at = datetime.combine(near, time(), UTC) + timedelta(
        minutes=draw(st.integers(-30, 30)) * 1440 + draw(st.integers(0, 1439))
    )
    try:
        made = Schedule(
            zone,
            draw(weeks),
            [Opening(draw(dates), draw(one_day())) for _ in range(draw(st.integers(0, 2)))],
            draw(st.lists(closures(near), max_size=3)),
            draw(st.dictionaries(dates, st.just("fair"), max_size=3)),
            draw(st.lists(closures(near, endless=False), max_size=3)),
        )
    except ValueError:  # hours that run into those of the next day
        assume(False)
        raise
    return made, at


def reckoned_open(schedule: Schedule, at: datetime) -> bool:
    """The definition, read word for word: slow, and with none of the ways of the code under test."""
    for closure in schedule.closures:
        if closure.start <= at and (closure.end is None or at < closure.end):
            return False
    for offset in range(-4, 3):
        day = at.date() + timedelta(days=offset)
        midnight, next_midnight = (
            datetime.combine(day + timedelta(days=after), time(), schedule.zone) for after in (0, 1)
        )
        if midnight.astimezone(UTC) == next_midnight.astimezone(UTC):
            continue
        taken = any(event.start <= at and (event.end is None or at < event.end) for event in schedule.events)
        hours = [] if taken or day in schedule.closed_dates else list(schedule.weekly.get(day.weekday(), ()))
        hours += [one for opening in schedule.openings if opening.date == day for one in opening.intervals]
        for one in hours:
            start, end = (
                (midnight + timedelta(minutes=minute)).astimezone(UTC) for minute in (one.start_minute, one.end_minute)
            )
            if start <= at < end:
                return True
    return False


@settings(max_examples=200)
@given(schedules())
def test_open_as_defined(drawn: tuple[Schedule, datetime]) -> None:
    """Open is what the definition says, at any instant."""
    schedule, at = drawn
    assert schedule.is_open(at) == reckoned_open(schedule, at)


@settings(max_examples=60)
@given(schedules())
def test_flips_exactly_at_the_changes(drawn: tuple[Schedule, datetime]) -> None:
    """It flips at each listed change, and at no instant between two of them."""
    schedule, at = drawn
    start, end = at - timedelta(days=9), at + timedelta(days=9)
    changes = list(schedule.changes(start, end))
    for change, is_open in changes:
        assert reckoned_open(schedule, change) is is_open
        assert reckoned_open(schedule, change - TICK) is not is_open
    for earlier, later in pairwise([start, *(change for change, _ in changes), end]):
        for instant in (earlier + (later - earlier) * part / 8 for part in range(8)):
            assert reckoned_open(schedule, instant) is schedule.is_open(earlier)


@settings(max_examples=200)
@given(schedules())
def test_closed_period_is_whole(drawn: tuple[Schedule, datetime]) -> None:
    """It holds the instant, is closed throughout, and ends and starts at real flips."""
    schedule, at = drawn
    period = schedule.closed_period(at)
    assert (period is None) is schedule.is_open(at)
    if period is None:
        return
    assert period.start is None or period.start <= at
    assert period.end is None or at < period.end
    assert period.because
    if period.start is not None:
        assert not reckoned_open(schedule, period.start)
        assert reckoned_open(schedule, period.start - TICK)
        assert schedule.closed_period(period.start) == period
    if period.end is not None:
        assert reckoned_open(schedule, period.end)
        assert not reckoned_open(schedule, period.end - TICK)
        assert schedule.closed_period(period.end - TICK) == period
    start, end = (period.start or at - timedelta(days=400)), (period.end or at + timedelta(days=400))
    step = (end - start) / 20
    assert not any(reckoned_open(schedule, start + step * part) for part in range(20))


@settings(max_examples=300)
@given(schedules())
def test_next_change_is_ahead(drawn: tuple[Schedule, datetime]) -> None:
    """The next change is later, flips, and is the first."""
    schedule, at = drawn
    change = schedule.next_change(at)
    if change is None:
        for weeks_ahead in range(0, 60, 2):
            assert reckoned_open(schedule, at + timedelta(weeks=weeks_ahead, hours=weeks_ahead)) is schedule.is_open(at)
        return
    assert change > at
    assert schedule.is_open(change) is not schedule.is_open(at)
    assert schedule.is_open(change - TICK) is schedule.is_open(at)


@settings(max_examples=300)
@given(schedules(), st.data())
def test_a_closure_never_opens_anything(drawn: tuple[Schedule, datetime], data: st.DataObject) -> None:
    """With one closure more, what was closed stays closed, and nothing else closes but what it covers."""
    schedule, at = drawn
    closure = data.draw(closures(at.date()))
    more = replace(schedule, closures=[*schedule.closures, closure])
    added = more.closures[-1]
    for hours in range(-60, 60, 7):
        instant = at + timedelta(hours=hours)
        covered = added.start <= instant and (added.end is None or instant < added.end)
        assert more.is_open(instant) is (schedule.is_open(instant) and not covered)


@settings(max_examples=200)
@given(schedules(), st.data())
def test_a_holiday_or_an_event_never_opens_anything(drawn: tuple[Schedule, datetime], data: st.DataObject) -> None:
    """With one more of each, what was closed stays closed, and what an opening opened stays open."""
    schedule, at = drawn
    event, day = (
        data.draw(closures(at.date(), endless=False)),
        at.date() + timedelta(days=data.draw(st.integers(-3, 3))),
    )
    more = replace(schedule, events=[*schedule.events, event], closed_dates={**schedule.closed_dates, day: "fair"})
    only_opened = replace(schedule, weekly={})
    for hours in range(-60, 60, 7):
        instant = at + timedelta(hours=hours)
        assert only_opened.is_open(instant) <= more.is_open(instant) <= schedule.is_open(instant)


ticks = st.integers(0, 40).map(lambda hours: datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hours))
shuts = st.lists(st.builds(Shut, ticks, ticks, st.booleans()), max_size=8)


def joined(given_shuts: list[Shut]) -> list[Shut]:
    """As a schedule keeps them."""
    return Shuts(given_shuts)._joined


@settings(max_examples=300)
@given(shuts)
def test_merging_is_idempotent(given_shuts: list[Shut]) -> None:
    """Merged once or twice, closures are the same; no two touch, and they cover what they covered."""
    once = joined(given_shuts)
    assert joined(once) == once
    assert joined(list(reversed(once))) == once
    assert all(earlier.end < later.start for earlier, later in pairwise(once))
    for hours in range(41):
        at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hours)
        assert any(s.start <= at < s.end for s in once) is any(s.start <= at < s.end for s in given_shuts)


@settings(max_examples=300)
@given(shuts, ticks, ticks)
def test_what_closures_leave_of_a_span(given_shuts: list[Shut], start: datetime, end: datetime) -> None:
    """Every instant of it that none of them holds, and no other."""
    left = list(Shuts(given_shuts).cut_from(Span(start, end)))
    assert all(span.start < span.end for span in left)
    for half_hours in range(82):
        at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=30 * half_hours)
        kept = start <= at < end and not any(shut.start <= at < shut.end for shut in given_shuts)
        assert any(span.start <= at < span.end for span in left) is kept


@settings(max_examples=200)
@given(schedules())
def test_words_for_any_instant(drawn: tuple[Schedule, datetime]) -> None:
    """Why, warnings and the week are said for any schedule; "why" agrees with the facts."""
    schedule, at = drawn
    assert schedule.why(at).startswith("open: " if schedule.is_open(at) else "closed: ")
    assert len(schedule.describe_week()) == 7
    assert all(schedule.warnings())


@settings(max_examples=100)
@given(schedules(), st.lists(st.integers(-3000, 3000), max_size=6))
def test_what_was_asked_before_does_not_matter(drawn: tuple[Schedule, datetime], before: list[int]) -> None:
    """Answers do not depend on earlier questions."""
    schedule, at = drawn
    fresh = replace(schedule)
    for days_off in before:
        schedule.closed_period(at + timedelta(days=days_off))
    assert fresh.closed_period(at) == schedule.closed_period(at)
    assert fresh.next_change(at) == schedule.next_change(at)
