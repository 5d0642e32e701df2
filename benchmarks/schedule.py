"""How long one message's question about time takes: open? closed since and until when? when is the next opening?

    python benchmarks/schedule.py [--rounds 5]

A week with lunch breaks, two years of closures, openings and public holidays, and a calendar of a case round each week.
Asked for instants all over the two years (a back-test), for instants of one night (a burst of mail), and once of a
schedule that was just made (after a reload). Beside it the same answers from the plain way to write it: day by day,
outward from the instant, on the same values; both have to agree.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from responder.adapters.calendars.keeper import public_holidays
from responder.core.hours.schedule import Closure, Opening, Schedule, parse_hours

Answer = tuple[bool, datetime | None, datetime | None, datetime | None]


ZONE = ZoneInfo("Europe/London")
WEEK = ["09:00-12:30, 13:30-17:00", "09:00-17:00", "09:00-17:00", "12:00-20:00", "09:00-13:00"]
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
TICK = timedelta(microseconds=1)
TARGET = 50.0
"""Microseconds for one instant."""


def parts() -> tuple[dict, list[Opening], list[Closure], dict[date, str], list[Closure]]:
    """Two years of a practice: ten closures and six openings a year, England's holidays, a meeting a week."""
    rng = random.Random(1)
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    midnight = datetime.combine(FIRST, datetime.min.time())
    starts = [midnight + timedelta(days=days.index(day), hours=rng.randrange(9, 17)) for day in rng.sample(days, 20)]
    closures = [Closure(at, at + timedelta(hours=rng.choice((1, 3, 24, 24 * 14))), "leave") for at in starts]
    openings = [
        Opening(day, parse_hours("10:00-14:00")) for day in rng.sample([d for d in days if d.weekday() > 4], 12)
    ]
    holidays, _ = public_holidays("GB-ENG", (2026, 2027))
    rounds = [midnight + timedelta(days=number, hours=9) for number in range(5, 730, 7)]
    events = [Closure(at, at + timedelta(hours=1), "case round") for at in rounds]
    return {n: parse_hours(text) for n, text in enumerate(WEEK)}, openings, closures, holidays, events


def ours(schedule: Schedule, at: datetime) -> Answer:
    """As the pipeline asks, and once more than it."""
    period = schedule.closed_period(at)
    ends = (period.start, period.end) if period else (None, None)
    change = schedule.next_change(at)
    return schedule.is_open(at), *ends, change if period or change is None else schedule.next_change(change)


def naive(schedule: Schedule, at: datetime) -> Answer:
    """Day by day, outward from the instant, with nothing remembered."""
    is_open = holds(naive_day(schedule, at), at)
    edges_after = (edge for edge in edges(schedule, at, 1) if edge > at)
    closes = next(edge for edge in edges_after if not naive_open(schedule, edge)) if is_open else at
    opens = next(edge for edge in edges(schedule, closes, 1) if edge > closes and naive_open(schedule, edge))
    if is_open:
        return True, None, None, opens
    start = next(edge for edge in edges(schedule, at, -1) if edge <= at and naive_open(schedule, edge - TICK))
    return False, start, opens, opens


def edges(schedule: Schedule, at: datetime, step: int) -> Iterator[datetime]:
    """Where something begins or ends, from an instant on."""
    for number in range(400):
        found = naive_day(schedule, at + timedelta(days=number * step))
        yield from sorted({edge for stretch in found for edge in stretch}, reverse=step < 0)


def naive_open(schedule: Schedule, at: datetime) -> bool:
    return holds(naive_day(schedule, at), at)


def holds(stretches: Sequence[tuple[datetime, datetime]], at: datetime) -> bool:
    return any(start <= at < end for start, end in stretches)


def naive_day(schedule: Schedule, at: datetime) -> list[tuple[datetime, datetime]]:
    """The open stretches of the local date of an instant."""
    day = at.astimezone(ZONE).date()
    weekly = [] if day in schedule.closed_dates else naive_spans(day, schedule.weekly.get(day.weekday(), ()))
    weekly = naive_cut(weekly, schedule.events)
    added = [span for one in schedule.openings if one.date == day for span in naive_spans(day, one.intervals)]
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted([*weekly, *added]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return naive_cut(merged, schedule.closures)


def naive_spans(day: date, intervals: Sequence) -> list[tuple[datetime, datetime]]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return [
        tuple((midnight + timedelta(minutes=minute)).astimezone(UTC) for minute in (one.start_minute, one.end_minute))
        for one in intervals
    ]


def naive_cut(spans: list, closures: Sequence[Closure]) -> list[tuple[datetime, datetime]]:
    for closure in closures:
        left = []
        for start, end in spans:
            if closure.start >= end or closure.end <= start:
                left.append((start, end))
                continue
            if start < closure.start:
                left.append((start, closure.start))
            if closure.end < end:
                left.append((closure.end, end))
        spans = left
    return spans


def microseconds(ask: Callable[[datetime], Answer], instants: list[datetime], rounds: int) -> list[float]:
    """For one instant, a figure for each round."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for at in instants:
            ask(at)
        found.append((time.perf_counter() - start) / len(instants) * 1e6)
    return found


def cold(rounds: int, instants: list[datetime]) -> tuple[list[float], list[float]]:
    """Making a schedule, and its first answer."""
    made, first = [], []
    for at in instants[: rounds * 10]:
        start = time.perf_counter()
        schedule = Schedule(ZONE, *parts_once)
        middle = time.perf_counter()
        ours(schedule, at)
        made.append((middle - start) * 1e6)
        first.append((time.perf_counter() - middle) * 1e6)
    return made, first


def show(name: str, figures: list[float]) -> None:
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    print(f"{name:<46} {middle:10,.1f} µs   ({low:,.1f} to {high:,.1f})")


parts_once = parts()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    schedule = Schedule(ZONE, *parts_once)
    rng = random.Random(2)
    first = datetime(2026, 1, 5, tzinfo=UTC)
    spread = [first + timedelta(seconds=rng.randrange(710 * 86400)) for _ in range(20_000)]
    night = [
        datetime(2026, 11, 23, 18, tzinfo=UTC) + timedelta(seconds=rng.randrange(14 * 3600)) for _ in range(20_000)
    ]
    for at in spread[:300]:
        assert ours(schedule, at) == naive(schedule, at), at
    facts = (len(schedule.closures), len(schedule.openings), len(schedule.closed_dates), len(schedule.events))
    print("{} closures, {} openings, {} holidays, {} events; open?, closed period, next opening:".format(*facts))
    all_over = microseconds(lambda at: ours(schedule, at), spread, rounds)
    show("one instant of two years", all_over)
    show("one instant of one night", microseconds(lambda at: ours(schedule, at), night, rounds))
    made, asked = cold(rounds, spread)
    show("making the schedule (a reload)", made)
    show("its first answer", asked)
    show(
        "day by day (the peer), one instant of two years",
        microseconds(lambda at: naive(schedule, at), spread[:500], rounds),
    )
    verdict = "within" if statistics.median(all_over) < TARGET else "OVER"
    print(f"{verdict} the {TARGET:.0f} µs that one instant may take")


if __name__ == "__main__":
    main()
