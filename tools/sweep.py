"""Every time zone, a century: a schedule has to flip exactly where it says, and nowhere else.

    python -m tools.sweep [--from 1970] [--to 2069] [--zones Europe/London ...] [--jobs 2]

Each zone gets a week with hours in which clocks like to change (around midnight, 01:00 to 03:30, over midnight), and in
every year some closures, openings, holidays and events. ``changes`` over all the years is compared with a reckoning
that shares no code with it: every stretch of hours laid on one line, merged, and cut. ``is_open`` is asked on both
sides of each change and in the middle between two. Zones with the same rules under another name are swept once.
"""

from __future__ import annotations

import argparse
import sys
import time
import zoneinfo
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from responder.core.hours.schedule import Closure, Opening, Schedule, parse_hours

HOURS = {
    0: "00:00-02:30",
    1: "01:30-03:00, 22:00-24:00",
    2: "00:00-00:30, 09:00-17:00",
    4: "12:00-20:00",
    5: "23:00-03:30",
    6: "04:00-05:00, 23:30-00:00",
}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
TICK = timedelta(microseconds=1)
Stretch = tuple[datetime, datetime]


class Outcome(NamedTuple):
    """One zone's sweep."""

    zone: str
    changes: int
    faults: list[str]


def exceptions(years: range) -> tuple[list[Opening], list[Closure], dict[date, str], list[Closure]]:
    """A few of each kind in every year, some over the days on which clocks change in much of the world."""
    openings: list[Opening] = []
    closures: list[Closure] = []
    closed: dict[date, str] = {}
    events: list[Closure] = []
    for year in years:
        spring = date(year, 3, 31)
        spring -= (spring.weekday() + 1) % 7 * DAY  # its last Sunday
        openings += [
            Opening(spring, parse_hours("01:00-02:30")),
            Opening(date(year, 12, 25), parse_hours("10:00-12:00")),
        ]
        closures += [between(f"{year}-08-01T12:00", f"{year}-08-20T09:00")]
        closures += [between(f"{year}-10-25T01:30", f"{year}-10-26T01:30")]
        closed |= {date(year, 12, 25): "", date(year, 1, 1): "", spring: ""}
        events += [between(f"{year}-11-02T13:00", f"{year}-11-04T11:00")]
        events += [between(f"{year}-04-05T02:15", f"{year}-04-05T02:45")]
    return openings, closures, closed, events


def between(start: str, end: str) -> Closure:
    """On the zone's own clock."""
    return Closure(datetime.fromisoformat(start), datetime.fromisoformat(end))


def reckoned(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """Where it opens and closes, by putting all stretches on one line and cutting the closures out."""
    zone = schedule.zone

    def at(day: date, minute: int) -> datetime:
        return (datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)).astimezone(UTC)

    opened: dict[date, list[tuple[int, int]]] = {}
    for opening in schedule.openings:
        opened.setdefault(opening.date, []).extend((one.start_minute, one.end_minute) for one in opening.intervals)
    weekly: list[Stretch] = []
    added: list[Stretch] = []
    day = start.date() - 3 * DAY
    while day <= end.date() + 2 * DAY:
        if at(day, 0) < at(day, DAY // MINUTE):
            if day not in schedule.closed_dates:
                weekly += [
                    (at(day, one.start_minute), at(day, one.end_minute))
                    for one in schedule.weekly.get(day.weekday(), ())
                ]
            added += [(at(day, first), at(day, last)) for first, last in opened.get(day, ())]
        day += DAY
    hours = union([*without(union(weekly), ends(schedule.events)), *added])
    return [edge for stretch in without(hours, ends(schedule.closures)) for edge in stretch]


def ends(closures: Sequence[Closure]) -> list[Stretch]:
    """Both ends of each; all have one here."""
    return union([(one.start, one.end) for one in closures if one.end])


def union(stretches: list[Stretch]) -> list[Stretch]:
    """In order, without overlaps; what touches is one."""
    merged: list[Stretch] = []
    for start, end in sorted(one for one in stretches if one[0] < one[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def without(stretches: list[Stretch], holes: list[Stretch]) -> list[Stretch]:
    """By walking both in order; each hole may cut several."""
    left: list[Stretch] = []
    first = 0
    for start, end in stretches:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        begin, number = start, first
        while number < len(holes) and holes[number][0] < end:
            if begin < holes[number][0]:
                left.append((begin, holes[number][0]))
            begin = holes[number][1]
            number += 1
        if begin < end:
            left.append((begin, end))
    return left


def sweep(name: str, first: int, last: int) -> Outcome:
    """One zone over the years."""
    schedule = Schedule(
        ZoneInfo(name), {day: parse_hours(text) for day, text in HOURS.items()}, *exceptions(range(first, last + 1))
    )
    start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    wanted = [edge for edge in reckoned(schedule, start, end) if start <= edge < end]
    found = list(schedule.changes(start, end))
    faults = [f"{name}: {edge} is in one of them only" for edge in sorted({at for at, _ in found} ^ set(wanted))[:3]]
    for (at, is_open), following in pairwise([*found, (end, False)]):
        middle = at + (following[0] - at) / 2
        told = (
            schedule.is_open(at - TICK),
            schedule.is_open(at),
            schedule.is_open(middle),
            schedule.is_open(following[0] - TICK),
        )
        if told != (not is_open, is_open, is_open, is_open):
            faults.append(f"{name}: at {at} it should be {'open' if is_open else 'closed'} from then on, and is {told}")
    return Outcome(name, len(found), faults)


def different_zones() -> list[str]:
    """One name for each set of rules in the packaged database."""
    package = resources.files("tzdata")
    by_rules: dict[bytes, str] = {}
    for name in package.joinpath("zones").read_text(encoding="utf-8").split():
        by_rules.setdefault(package.joinpath("zoneinfo", *name.split("/")).read_bytes(), name)
    return sorted(by_rules.values())


def main() -> int:
    """Sweep, and print one line for each fault and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", type=int, default=1970)
    parser.add_argument("--to", dest="last", type=int, default=2069)
    parser.add_argument("--zones", nargs="*", help="only these (default: every zone of the packaged database)")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    zoneinfo.reset_tzpath(to=())
    names = options.zones or different_zones()
    begun = time.monotonic()
    with ProcessPoolExecutor(options.jobs, initializer=zoneinfo.reset_tzpath, initargs=((),)) as pool:
        outcomes = list(pool.map(sweep, names, [options.first] * len(names), [options.last] * len(names), chunksize=4))
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    print("\n".join(faults[:40]), file=sys.stderr, end="\n" if faults else "")
    changes = sum(outcome.changes for outcome in outcomes)
    years, seconds = f"{options.first} to {options.last}", time.monotonic() - begun
    print(f"{len(outcomes)} different zones, {years}: {changes:,} changes, {len(faults)} faults ({seconds:.0f} s)")
    return 1 if faults or not changes else 0


if __name__ == "__main__":
    sys.exit(main())
