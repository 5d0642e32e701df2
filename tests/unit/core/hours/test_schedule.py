"""Schedules against cases worked out by hand: instants in UTC, closures and openings on the practice's own clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from responder.core.hours import timeline
from responder.core.hours.period import ClosedPeriod
from responder.core.hours.schedule import Closure, DailyInterval, Opening, Schedule, parse_hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OPEN = "open"
LONDON = ZoneInfo("Europe/London")


class Event(Closure):
    """A closure that these tests give to the schedule as an event of a calendar."""


def utc(text: str) -> datetime:
    """``2026-11-23 10:00`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(zone: str, *dated: Closure | Opening, closed: dict[str, str] | None = None, **hours: str) -> Schedule:
    """A schedule with its hours by day, ``mon="09:00-17:00"``."""
    return Schedule(
        ZoneInfo(zone),
        {DAYS.index(day): parse_hours(text) for day, text in hours.items()},
        [one for one in dated if isinstance(one, Opening)],
        [one for one in dated if isinstance(one, Closure) and not isinstance(one, Event)],
        {date.fromisoformat(day): why for day, why in (closed or {}).items()},
        [one for one in dated if isinstance(one, Event)],
    )


def closure(start: str, end: str | None, note: str = "", *, say_until: bool = True) -> Closure:
    """Times on the practice's own clock, as they are read from the file."""
    return Closure(
        datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None, note, say_until=say_until
    )


def event(start: str, end: str, note: str = "") -> Event:
    """Likewise, of a calendar."""
    return Event(datetime.fromisoformat(start), datetime.fromisoformat(end), note)


def opening(day: str, hours: str) -> Opening:
    """Hours added to one date."""
    return Opening(date.fromisoformat(day), parse_hours(hours))


def harbour(zone: str = "Europe/London", *dated: Closure | Opening, closed: dict[str, str] | None = None) -> Schedule:
    """The week of the example file."""
    return schedule(
        zone,
        *dated,
        closed=closed,
        mon="09:00-12:30, 13:30-17:00",
        tue="09:00-17:00",
        wed="09:00-17:00",
        thu="12:00-20:00",
        fri="09:00-13:00",
    )


def always(zone: str, *dated: Closure | Opening, closed: dict[str, str] | None = None) -> Schedule:
    """Open day and night."""
    return schedule(zone, *dated, closed=closed, **dict.fromkeys(DAYS, "00:00-24:00"))


def london(*dated: Closure | Opening, closed: dict[str, str] | None = None) -> Schedule:
    """The example week in London, where winter is UTC."""
    return harbour("Europe/London", *dated, closed=closed)


def sundays(zone: str, hours: str) -> Schedule:
    """Open on Sundays only: that is when clocks change."""
    return schedule(zone, sun=hours)


def saturdays(zone: str, hours: str) -> Schedule:
    """Open from Saturday only."""
    return schedule(zone, sat=hours)


Case = tuple[str, Schedule, str, str]
"""Name, schedule, instant, and ``open`` or the closed period around it, ``ever`` being no start or no end."""

BREAK = closure("2026-12-24T12:00", "2027-01-04T09:00", "winter break")
MON_TO_TUE = closure("2026-11-23T12:00", "2026-11-24T12:00")
TUE_TO_WED = closure("2026-11-24T12:00", "2026-11-25T12:00")
MON_TO_WED = closure("2026-11-23T11:00", "2026-11-25T16:00")

WEEK: list[Case] = [
    ("in hours", london(), "2026-11-23 10:00", OPEN),
    ("lunch", london(), "2026-11-23 12:45", "2026-11-23 12:30 .. 2026-11-23 13:30"),
    ("the first instant is open", london(), "2026-11-23 09:00", OPEN),
    ("just before the first", london(), "2026-11-23 08:59:59.999999", "2026-11-20 13:00 .. 2026-11-23 09:00"),
    ("the last instant is closed", london(), "2026-11-23 12:30", "2026-11-23 12:30 .. 2026-11-23 13:30"),
    ("just before the last", london(), "2026-11-23 12:29:59.999999", OPEN),
    ("night", london(), "2026-11-23 22:00", "2026-11-23 17:00 .. 2026-11-24 09:00"),
    ("morning of a late day", london(), "2026-11-26 09:00", "2026-11-25 17:00 .. 2026-11-26 12:00"),
    ("late evening", london(), "2026-11-26 19:59", OPEN),
    ("weekend", london(), "2026-11-28 12:00", "2026-11-27 13:00 .. 2026-11-30 09:00"),
    ("over new year", london(), "2026-12-31 23:59", "2026-12-31 20:00 .. 2027-01-01 09:00"),
    ("leap day", london(), "2028-02-29 10:00", OPEN),
    ("night before a leap day", london(), "2028-02-28 20:00", "2028-02-28 17:00 .. 2028-02-29 09:00"),
    ("no leap day in 2027", london(), "2027-02-28 12:00", "2027-02-26 13:00 .. 2027-03-01 09:00"),
    (
        "adjoining hours are one",
        schedule("UTC", mon="09:00-12:00, 12:00-17:00"),
        "2026-11-24 00:00",
        "2026-11-23 17:00 .. 2026-11-30 09:00",
    ),
    (
        "up to midnight and on",
        schedule("UTC", mon="20:00-24:00", tue="00:00-04:00"),
        "2026-11-24 04:00",
        "2026-11-24 04:00 .. 2026-11-30 20:00",
    ),
    (
        "midnight between adjoining days is open",
        schedule("UTC", mon="20:00-24:00", tue="00:00-04:00"),
        "2026-11-24 00:00",
        OPEN,
    ),
    ("past midnight", schedule("UTC", sat="22:00-06:00"), "2026-11-29 05:59", OPEN),
    (
        "past midnight, over",
        schedule("UTC", sat="22:00-06:00"),
        "2026-11-29 06:00",
        "2026-11-29 06:00 .. 2026-12-05 22:00",
    ),
    ("from Sunday into Monday", schedule("UTC", sun="22:00-06:00"), "2026-11-30 05:59", OPEN),
    ("always open", always("Europe/London"), "2026-11-29 03:00", OPEN),
    ("never open", schedule("Europe/London"), "2026-11-29 03:00", "ever .. ever"),
    ("a year before every calendar", london(), "0001-01-01 00:00", "ever .. ever"),
    ("a year after every calendar", london(), "9999-12-31 23:59", "ever .. ever"),
    ("since before the first known year", london(), "1901-01-01 03:00", "ever .. 1901-01-01 09:00"),
    ("until after the last known year", london(), "2199-12-31 20:00", "2199-12-31 17:00 .. ever"),
    ("the first known year", london(), "1901-01-01 20:00", "1901-01-01 17:00 .. 1901-01-02 09:00"),
]

ZONES: list[Case] = [
    ("London, over the spring change", london(), "2026-03-28 12:00", "2026-03-27 13:00 .. 2026-03-30 08:00"),
    ("London, over the autumn change", london(), "2026-10-24 12:00", "2026-10-23 12:00 .. 2026-10-26 09:00"),
    ("London, hours across the gap", sundays("Europe/London", "00:30-03:00"), "2026-03-29 01:59", OPEN),
    (
        "London, hours across the gap end on the new clock",
        sundays("Europe/London", "00:30-03:00"),
        "2026-03-29 02:00",
        "2026-03-29 02:00 .. 2026-04-04 23:30",
    ),
    (
        "London, start in the gap",
        sundays("Europe/London", "01:30-04:00"),
        "2026-03-29 01:29",
        "2026-03-22 04:00 .. 2026-03-29 01:30",
    ),
    ("London, end in the gap", sundays("Europe/London", "00:00-01:30"), "2026-03-29 01:29", OPEN),
    (
        "London, end in the gap, over",
        sundays("Europe/London", "00:00-01:30"),
        "2026-03-29 01:30",
        "2026-03-29 01:30 .. 2026-04-04 23:00",
    ),
    ("London, all in the gap", sundays("Europe/London", "01:10-01:50"), "2026-03-29 01:10", OPEN),
    (
        "London, nothing is left of it",
        sundays("Europe/London", "01:30-02:00"),
        "2026-03-29 01:15",
        "2026-03-22 02:00 .. 2026-04-05 00:30",
    ),
    ("London, start repeated: the first", sundays("Europe/London", "01:30-04:00"), "2026-10-25 00:30", OPEN),
    (
        "London, before a repeated start",
        sundays("Europe/London", "01:30-04:00"),
        "2026-10-25 00:29",
        "2026-10-18 03:00 .. 2026-10-25 00:30",
    ),
    (
        "London, end repeated: the first",
        sundays("Europe/London", "00:00-01:30"),
        "2026-10-25 01:15",
        "2026-10-25 00:30 .. 2026-11-01 00:00",
    ),
    ("London, the repeated hour is two", sundays("Europe/London", "01:00-02:00"), "2026-10-25 01:59", OPEN),
    ("New York, a night of seven hours", saturdays("America/New_York", "22:00-06:00"), "2026-03-08 09:59", OPEN),
    (
        "New York, a night of seven hours, over",
        saturdays("America/New_York", "22:00-06:00"),
        "2026-03-08 10:00",
        "2026-03-08 10:00 .. 2026-03-15 02:00",
    ),
    ("New York, a night of nine hours", saturdays("America/New_York", "22:00-06:00"), "2026-11-01 10:59", OPEN),
    (
        "New York, a night of nine hours, over",
        saturdays("America/New_York", "22:00-06:00"),
        "2026-11-01 11:00",
        "2026-11-01 11:00 .. 2026-11-08 03:00",
    ),
    (
        "Sydney, over the spring change",
        harbour("Australia/Sydney"),
        "2026-10-03 12:00",
        "2026-10-02 03:00 .. 2026-10-04 22:00",
    ),
    (
        "Sydney, over the autumn change",
        harbour("Australia/Sydney"),
        "2026-04-04 12:00",
        "2026-04-03 02:00 .. 2026-04-05 23:00",
    ),
    (
        "Kolkata, half an hour beside",
        harbour("Asia/Kolkata"),
        "2026-11-22 12:00",
        "2026-11-20 07:30 .. 2026-11-23 03:30",
    ),
    (
        "Kathmandu, a quarter beside",
        harbour("Asia/Kathmandu"),
        "2026-11-22 12:00",
        "2026-11-20 07:15 .. 2026-11-23 03:15",
    ),
    (
        "Lord Howe, start in its gap of half an hour",
        sundays("Australia/Lord_Howe", "02:15-05:00"),
        "2026-10-03 15:44",
        "2026-09-26 18:30 .. 2026-10-03 15:45",
    ),
    (
        "Lord Howe, end after the gap",
        sundays("Australia/Lord_Howe", "02:15-05:00"),
        "2026-10-03 18:00",
        "2026-10-03 18:00 .. 2026-10-10 15:15",
    ),
    ("Lord Howe, start repeated: the first", sundays("Australia/Lord_Howe", "01:45-02:30"), "2026-04-04 14:45", OPEN),
    (
        "Lord Howe, end after the repeated half hour",
        sundays("Australia/Lord_Howe", "01:45-02:30"),
        "2026-04-04 16:00",
        "2026-04-04 16:00 .. 2026-04-11 15:15",
    ),
    (
        "Apia, the Friday that never was",
        harbour("Pacific/Apia"),
        "2011-12-30 12:00",
        "2011-12-30 06:00 .. 2012-01-01 19:00",
    ),
    ("Apia, a night over the date line", schedule("Pacific/Apia", thu="22:00-06:00"), "2011-12-30 15:59", OPEN),
    (
        "Apia, a night over the date line, over",
        schedule("Pacific/Apia", thu="22:00-06:00"),
        "2011-12-30 16:00",
        "2011-12-30 16:00 .. 2012-01-05 08:00",
    ),
    ("Apia, always open", always("Pacific/Apia"), "2011-12-30 10:00", OPEN),
    (
        "Santiago, midnight is in the gap",
        sundays("America/Santiago", "00:00-08:00"),
        "2026-09-06 03:59",
        "2026-08-30 12:00 .. 2026-09-06 04:00",
    ),
    (
        "Santiago, from before midnight over the gap",
        schedule("America/Santiago", sat="20:00-24:00", sun="00:00-08:00"),
        "2026-09-06 11:00",
        "2026-09-06 11:00 .. 2026-09-12 23:00",
    ),
    (
        "Santiago, no flip in the gap",
        schedule("America/Santiago", sat="20:00-24:00", sun="00:00-08:00"),
        "2026-09-06 04:00",
        OPEN,
    ),
    (
        "Santiago, until midnight with a repeated hour",
        saturdays("America/Santiago", "20:00-24:00"),
        "2026-04-05 03:59",
        OPEN,
    ),
    (
        "Santiago, end in the repeated hour: the first",
        saturdays("America/Santiago", "20:00-23:30"),
        "2026-04-05 03:30",
        "2026-04-05 02:30 .. 2026-04-12 00:00",
    ),
    ("St John's, a repeated midnight: the first", sundays("America/St_Johns", "00:00-08:00"), "2009-11-01 03:00", OPEN),
    (
        "Kiritimati, fourteen hours ahead",
        harbour("Pacific/Kiritimati"),
        "2026-11-22 12:00",
        "2026-11-19 23:00 .. 2026-11-22 19:00",
    ),
]

CLOSURES: list[Case] = [
    ("winter break", london(BREAK), "2026-12-28 12:00", "2026-12-23 17:00 .. 2027-01-04 09:00"),
    ("winter break: its end is open", london(BREAK), "2027-01-04 09:00", OPEN),
    (
        "in the midst of hours",
        london(closure("2026-11-24T10:00", "2026-11-24T11:00")),
        "2026-11-24 10:59",
        "2026-11-24 10:00 .. 2026-11-24 11:00",
    ),
    ("half-open at its start", london(closure("2026-11-24T10:00", "2026-11-24T11:00")), "2026-11-24 09:59:59", OPEN),
    ("half-open at its end", london(closure("2026-11-24T10:00", "2026-11-24T11:00")), "2026-11-24 11:00", OPEN),
    (
        "ends in the night",
        london(closure("2026-11-24T10:00", "2026-11-25T03:00")),
        "2026-11-24 12:00",
        "2026-11-24 10:00 .. 2026-11-25 09:00",
    ),
    (
        "starts at the end of hours",
        london(closure("2026-11-24T17:00", "2026-11-25T10:00")),
        "2026-11-24 18:00",
        "2026-11-24 17:00 .. 2026-11-25 10:00",
    ),
    (
        "wholly out of hours",
        london(closure("2026-11-28T10:00", "2026-11-28T11:00")),
        "2026-11-28 10:30",
        "2026-11-27 13:00 .. 2026-11-30 09:00",
    ),
    ("touching", london(MON_TO_TUE, TUE_TO_WED), "2026-11-24 12:00", "2026-11-23 12:00 .. 2026-11-25 12:00"),
    (
        "touching, the later one first",
        london(TUE_TO_WED, MON_TO_TUE),
        "2026-11-24 12:00",
        "2026-11-23 12:00 .. 2026-11-25 12:00",
    ),
    (
        "overlapping",
        london(MON_TO_TUE, closure("2026-11-24T09:30", "2026-11-24T15:00")),
        "2026-11-24 13:00",
        "2026-11-23 12:00 .. 2026-11-24 15:00",
    ),
    ("nested", london(MON_TO_WED, TUE_TO_WED), "2026-11-25 15:00", "2026-11-23 11:00 .. 2026-11-25 16:00"),
    (
        "joined by nights",
        london(*(closure(f"2026-11-{day}T09:00", f"2026-11-{day}T20:00") for day in range(23, 28))),
        "2026-11-25 12:00",
        "2026-11-20 13:00 .. 2026-11-30 09:00",
    ),
    (
        "cuts a night at its instant",
        schedule("UTC", closure("2026-11-29T00:00", "2026-11-30T00:00"), sat="22:00-06:00"),
        "2026-11-29 00:00",
        "2026-11-29 00:00 .. 2026-12-05 22:00",
    ),
    (
        "a night goes on after it",
        schedule("UTC", closure("2026-11-28T23:00", "2026-11-29T01:00"), sat="22:00-06:00"),
        "2026-11-29 00:30",
        "2026-11-28 23:00 .. 2026-11-29 01:00",
    ),
    (
        "on a leap day",
        london(closure("2028-02-29T00:00", "2028-03-01T00:00")),
        "2028-02-29 10:00",
        "2028-02-28 17:00 .. 2028-03-01 09:00",
    ),
    ("until further notice", london(closure("2026-11-24T10:00", None)), "2026-11-30 10:00", "2026-11-24 10:00 .. ever"),
    ("until further notice, before", london(closure("2026-11-24T10:00", None)), "2026-11-24 09:30", OPEN),
    (
        "two until further notice",
        london(closure("2026-11-24T10:00", None), closure("2026-12-01T10:00", None)),
        "2027-11-30 10:00",
        "2026-11-24 10:00 .. ever",
    ),
    (
        "since the calendar began, for ever",
        london(closure("1901-01-01T00:00", None)),
        "2026-01-01 00:00",
        "ever .. ever",
    ),
    (
        "since the calendar began, east of Greenwich",
        always("Asia/Kolkata", closure("1901-01-01T00:00", None)),
        "2026-01-01 00:00",
        "ever .. ever",
    ),
    (
        "for three years",
        london(closure("2026-11-24T10:00", "2029-11-24T00:00")),
        "2028-01-01 12:00",
        "2026-11-24 10:00 .. 2029-11-26 09:00",
    ),
    (
        "start in the gap",
        Schedule(
            ZoneInfo("Europe/London"),
            {6: parse_hours("00:00-06:00")},
            (),
            [closure("2026-03-29T01:30", "2026-03-29T04:00")],
        ),
        "2026-03-29 01:30",
        "2026-03-29 01:30 .. 2026-03-29 03:00",
    ),
    (
        "end repeated: the first",
        Schedule(
            ZoneInfo("Europe/London"),
            {6: parse_hours("00:00-06:00")},
            (),
            [closure("2026-10-25T00:30", "2026-10-25T01:30")],
        ),
        "2026-10-25 00:29",
        "2026-10-24 23:30 .. 2026-10-25 00:30",
    ),
    (
        "with an offset of its own",
        london(closure("2026-11-24T11:00+01:00", "2026-11-24T12:00+01:00")),
        "2026-11-24 10:30",
        "2026-11-24 10:00 .. 2026-11-24 11:00",
    ),
    (
        "always open but for it",
        always("Europe/London", BREAK),
        "2026-12-28 12:00",
        "2026-12-24 12:00 .. 2027-01-04 09:00",
    ),
    (
        "always open until further notice",
        always("UTC", closure("2026-11-24T10:00", None)),
        "2031-01-01 00:00",
        "2026-11-24 10:00 .. ever",
    ),
    (
        "always open, far ahead of it",
        always("UTC", closure("2150-11-24T10:00", "2150-11-25T00:00")),
        "2150-11-24 10:00",
        "2150-11-24 10:00 .. 2150-11-25 00:00",
    ),
    (
        "nothing is left of it in the gap",
        Schedule(
            ZoneInfo("Europe/London"),
            {6: parse_hours("00:00-06:00")},
            (),
            [closure("2026-03-29T01:30", "2026-03-29T02:00")],
        ),
        "2026-03-29 01:00",
        OPEN,
    ),
    ("never open, and closed as well", schedule("UTC", BREAK), "2026-12-28 12:00", "ever .. ever"),
]

DATES: list[Case] = [
    ("opening on a closed day", london(opening("2026-12-05", "10:00-14:00")), "2026-12-05 12:00", OPEN),
    (
        "before that opening",
        london(opening("2026-12-05", "10:00-14:00")),
        "2026-12-04 14:00",
        "2026-12-04 13:00 .. 2026-12-05 10:00",
    ),
    (
        "after that opening",
        london(opening("2026-12-05", "10:00-14:00")),
        "2026-12-05 14:00",
        "2026-12-05 14:00 .. 2026-12-07 09:00",
    ),
    (
        "opening adds to the day",
        london(opening("2026-12-04", "13:00-15:00")),
        "2026-12-04 15:00",
        "2026-12-04 15:00 .. 2026-12-07 09:00",
    ),
    ("opening leaves the day's hours", london(opening("2026-12-04", "13:00-15:00")), "2026-12-04 10:00", OPEN),
    ("opening past midnight", london(opening("2026-12-05", "22:00-02:00")), "2026-12-06 01:59", OPEN),
    (
        "two openings on a date",
        london(opening("2026-12-05", "10:00-11:00"), opening("2026-12-05", "12:00-13:00")),
        "2026-12-05 11:30",
        "2026-12-05 11:00 .. 2026-12-05 12:00",
    ),
    (
        "opening inside a closure",
        london(BREAK, opening("2026-12-29", "10:00-14:00")),
        "2026-12-29 12:00",
        "2026-12-23 17:00 .. 2027-01-04 09:00",
    ),
    (
        "opening half inside a closure",
        london(closure("2026-12-04T00:00", "2026-12-05T12:00"), opening("2026-12-05", "10:00-14:00")),
        "2026-12-05 11:00",
        "2026-12-03 20:00 .. 2026-12-05 12:00",
    ),
    (
        "closed date",
        london(closed={"2026-12-25": "Christmas Day"}),
        "2026-12-25 10:00",
        "2026-12-24 20:00 .. 2026-12-28 09:00",
    ),
    (
        "opening on a closed date",
        london(opening("2026-12-25", "10:00-12:00"), closed={"2026-12-25": "Christmas Day"}),
        "2026-12-25 10:00",
        OPEN,
    ),
    (
        "closed date, only the opening's hours",
        london(opening("2026-12-25", "10:00-12:00"), closed={"2026-12-25": "Christmas Day"}),
        "2026-12-25 09:30",
        "2026-12-24 20:00 .. 2026-12-25 10:00",
    ),
    (
        "closed date takes the night that starts on it",
        schedule("UTC", closed={"2026-12-25": ""}, fri="22:00-06:00"),
        "2026-12-26 03:00",
        "2026-12-19 06:00 .. 2027-01-01 22:00",
    ),
    (
        "closed date leaves the night before",
        schedule("UTC", closed={"2026-12-25": ""}, thu="22:00-06:00"),
        "2026-12-25 05:59",
        OPEN,
    ),
    (
        "closed date when always open",
        always("Europe/London", closed={"2026-07-01": ""}),
        "2026-07-01 12:00",
        "2026-06-30 23:00 .. 2026-07-01 23:00",
    ),
    (
        "a year of closed dates",
        london(closed={str(date(2027, 1, 1) + timedelta(days=day)): "" for day in range(365)}),
        "2027-06-01 12:00",
        "2026-12-31 20:00 .. 2028-01-03 09:00",
    ),
    (
        "only an opening, ahead",
        schedule("UTC", opening("2026-12-05", "10:00-14:00")),
        "2026-11-23 10:00",
        "ever .. 2026-12-05 10:00",
    ),
    (
        "only an opening, past",
        schedule("UTC", opening("2026-12-05", "10:00-14:00")),
        "2026-12-23 10:00",
        "2026-12-05 14:00 .. ever",
    ),
    (
        "two openings, a century between",
        schedule("UTC", opening("2026-12-05", "10:00-14:00"), opening("2150-01-01", "10:00-14:00")),
        "2090-01-01 00:00",
        "2026-12-05 14:00 .. 2150-01-01 10:00",
    ),
    (
        "opening on a date that never was",
        schedule("Pacific/Apia", opening("2011-12-30", "10:00-14:00")),
        "2011-12-30 22:00",
        "ever .. ever",
    ),
]

ROUND = event("2026-11-24T10:00", "2026-11-24T11:00", "case round")
RETREAT = event("2026-11-23T12:00", "2026-11-25T12:00", "retreat")
BANK_HOLIDAYS = {
    "2026-12-25": "Christmas Day",
    "2026-12-26": "Boxing Day",
    "2026-12-28": "Boxing Day (observed)",
    "2027-01-01": "New Year's Day",
}

EVENTS: list[Case] = [
    ("in the midst of hours", london(ROUND), "2026-11-24 10:30", "2026-11-24 10:00 .. 2026-11-24 11:00"),
    ("half-open at its start", london(ROUND), "2026-11-24 09:59:59", OPEN),
    ("half-open at its end", london(ROUND), "2026-11-24 11:00", OPEN),
    ("over two nights", london(RETREAT), "2026-11-24 10:00", "2026-11-23 12:00 .. 2026-11-25 12:00"),
    (
        "wholly out of hours",
        london(event("2026-11-28T10:00", "2026-11-28T11:00")),
        "2026-11-28 10:30",
        "2026-11-27 13:00 .. 2026-11-30 09:00",
    ),
    ("an opening in it opens", london(RETREAT, opening("2026-11-24", "18:00-19:00")), "2026-11-24 18:30", OPEN),
    (
        "before the opening in it",
        london(RETREAT, opening("2026-11-24", "18:00-19:00")),
        "2026-11-24 10:00",
        "2026-11-23 12:00 .. 2026-11-24 18:00",
    ),
    (
        "an opening over the hours that it takes",
        london(ROUND, opening("2026-11-24", "10:30-11:00")),
        "2026-11-24 10:30",
        OPEN,
    ),
    (
        "a closure over the opening in it",
        london(RETREAT, opening("2026-11-24", "18:00-19:00"), closure("2026-11-24T18:30", "2026-11-24T18:45")),
        "2026-11-24 18:30",
        "2026-11-24 18:30 .. 2026-11-24 18:45",
    ),
    ("touching a closure", london(ROUND, TUE_TO_WED), "2026-11-24 11:30", OPEN),
    (
        "touching a closure, one period",
        london(event("2026-11-24T11:00", "2026-11-24T12:00"), TUE_TO_WED),
        "2026-11-24 11:30",
        "2026-11-24 11:00 .. 2026-11-25 12:00",
    ),
    (
        "touching, overlapping and nested events",
        london(ROUND, event("2026-11-24T11:00", "2026-11-24T13:00"), event("2026-11-24T10:15", "2026-11-24T15:00")),
        "2026-11-24 14:00",
        "2026-11-24 10:00 .. 2026-11-24 15:00",
    ),
    (
        "on a closed date",
        london(ROUND, closed={"2026-11-24": ""}),
        "2026-11-24 10:30",
        "2026-11-23 17:00 .. 2026-11-25 09:00",
    ),
    (
        "cuts a night at its instant",
        schedule("UTC", event("2026-11-29T00:00", "2026-11-30T00:00"), sat="22:00-06:00"),
        "2026-11-29 00:00",
        "2026-11-29 00:00 .. 2026-12-05 22:00",
    ),
    (
        "when always open",
        always("Europe/London", event("2026-07-01T00:00", "2026-07-02T00:00")),
        "2026-07-01 12:00",
        "2026-06-30 23:00 .. 2026-07-01 23:00",
    ),
    (
        "when never open but for an opening in it",
        schedule("UTC", RETREAT, opening("2026-11-24", "18:00-19:00")),
        "2026-11-24 10:00",
        "ever .. 2026-11-24 18:00",
    ),
    (
        "in another zone's time",
        london(Event(utc("2026-11-24 10:00"), utc("2026-11-24 11:00").astimezone(ZoneInfo("Asia/Tokyo")))),
        "2026-11-24 10:30",
        "2026-11-24 10:00 .. 2026-11-24 11:00",
    ),
    (
        "over the change of clocks",
        always("Europe/London", event("2026-10-25T00:30", "2026-10-25T03:00")),
        "2026-10-25 01:30",
        "2026-10-24 23:30 .. 2026-10-25 03:00",
    ),
]

HOLIDAYS: list[Case] = [
    (
        "Christmas on a Friday, Boxing Day observed on the Monday",
        london(closed=BANK_HOLIDAYS),
        "2026-12-26 12:00",
        "2026-12-24 20:00 .. 2026-12-29 09:00",
    ),
    ("the day after the observed day is open", london(closed=BANK_HOLIDAYS), "2026-12-29 09:00", OPEN),
    (
        "New Year's Day on a Friday",
        london(closed=BANK_HOLIDAYS),
        "2027-01-02 12:00",
        "2026-12-31 20:00 .. 2027-01-04 09:00",
    ),
    (
        "the observed day with an opening",
        london(opening("2026-12-28", "10:00-12:00"), closed=BANK_HOLIDAYS),
        "2026-12-28 11:00",
        OPEN,
    ),
    (
        "up to the opening on the observed day",
        london(opening("2026-12-28", "10:00-12:00"), closed=BANK_HOLIDAYS),
        "2026-12-26 12:00",
        "2026-12-24 20:00 .. 2026-12-28 10:00",
    ),
    (
        "an opening on a holiday inside a closure",
        london(BREAK, opening("2026-12-28", "10:00-12:00"), closed=BANK_HOLIDAYS),
        "2026-12-28 11:00",
        "2026-12-23 17:00 .. 2027-01-04 09:00",
    ),
    (
        "a closure that ends on a holiday goes on to the next hours",
        london(closure("2026-12-21T00:00", "2026-12-28T00:00"), closed=BANK_HOLIDAYS),
        "2026-12-24 12:00",
        "2026-12-18 13:00 .. 2026-12-29 09:00",
    ),
    (
        "a holiday, an event and a closure make one period",
        london(
            closure("2026-12-29T00:00", "2026-12-30T00:00"),
            event("2026-12-30T00:00", "2027-01-01T00:00"),
            closed=BANK_HOLIDAYS,
        ),
        "2026-12-29 12:00",
        "2026-12-24 20:00 .. 2027-01-04 09:00",
    ),
]

CASES = [
    pytest.param(made, at, expected, id=f"{group}: {name}")
    for group, cases in (
        ("week", WEEK),
        ("zone", ZONES),
        ("closure", CLOSURES),
        ("date", DATES),
        ("event", EVENTS),
        ("holiday", HOLIDAYS),
    )
    for name, made, at, expected in cases
]


def ends(expected: str) -> tuple[datetime | None, datetime | None]:
    """The start and the end of a period, ``2026-11-23 12:30 .. ever``."""
    start, end = (None if text == "ever" else utc(text) for text in expected.split(" .. "))
    return start, end


@pytest.mark.parametrize(("made", "at", "expected"), CASES)
def test_closed_period(made: Schedule, at: str, expected: str) -> None:
    """It is open, or closed from the one instant until the other."""
    period = made.closed_period(utc(at))
    assert made.is_open(utc(at)) is (expected == OPEN)
    assert (period and (period.start, period.end)) == (None if expected == OPEN else ends(expected))


@pytest.mark.parametrize(("made", "at", "expected"), [case for case in CASES if case.values[2] != OPEN])
def test_next_change_ends_the_closed_period(made: Schedule, at: str, expected: str) -> None:
    """While it is closed, the next change is the end of the closed period."""
    assert made.next_change(utc(at)) == ends(expected)[1]


def test_next_change_while_open() -> None:
    """Open now: the next change closes."""
    assert london().next_change(utc("2026-11-23 10:00")) == utc("2026-11-23 12:30")


def test_next_change_is_later_than_a_change() -> None:
    """At an opening itself, the next change is the closing."""
    assert london().next_change(utc("2026-11-23 09:00")) == utc("2026-11-23 12:30")


@pytest.mark.parametrize(
    "made", [always("Europe/London"), schedule("Europe/London")], ids=["always open", "never open"]
)
def test_what_never_changes(made: Schedule) -> None:
    """No change is ahead, and none is listed."""
    at = utc("2026-11-23 10:00")
    assert made.next_change(at) is None
    assert list(made.changes(at, at + timedelta(days=400))) == []


def test_last_closing_before_further_notice() -> None:
    """Open now, then closed until further notice: one change is ahead, and none after it."""
    made = london(closure("2026-11-24T10:00", None))
    assert made.next_change(utc("2026-11-24 09:30")) == utc("2026-11-24 10:00")
    assert made.next_change(utc("2026-11-24 10:00")) is None


def test_changes_lists_each_flip_with_its_state() -> None:
    """Half-open: a change at the start is listed, one at the end is not."""
    assert list(london().changes(utc("2026-11-23 09:00"), utc("2026-11-24 09:00"))) == [
        (utc("2026-11-23 09:00"), True),
        (utc("2026-11-23 12:30"), False),
        (utc("2026-11-23 13:30"), True),
        (utc("2026-11-23 17:00"), False),
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("0001-01-01 00:00", "2026-11-23 00:00"),
        ("2026-11-23 00:00", "0001-01-01 00:00"),
        ("9999-01-01 00:00", "9999-12-31 00:00"),
    ],
    ids=["from before", "until before", "after"],
)
def test_no_changes_outside_the_known_years(start: str, end: str) -> None:
    """Times that no calendar has give nothing, and no error."""
    assert list(london().changes(utc(start), utc(end))) == []


def test_searches_stop_at_the_known_years() -> None:
    """At the edge of the calendar there is simply nothing further."""
    changes = list(london().changes(utc("2199-12-31 00:00"), utc("9999-01-01 00:00")))
    assert changes == [(utc("2199-12-31 09:00"), True), (utc("2199-12-31 17:00"), False)]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        pytest.param(london(BREAK), True, id="closure that says when it ends"),
        pytest.param(
            london(closure("2026-12-24T12:00", "2027-01-04T09:00", say_until=False)),
            False,
            id="keeps its end to itself",
        ),
        pytest.param(
            london(closure("2026-12-24T12:00", "2027-01-04T00:00", say_until=False)),
            False,
            id="ends in the night before",
        ),
        pytest.param(
            london(closure("2026-12-24T12:00", "2026-12-30T00:00", say_until=False), BREAK),
            True,
            id="an open one ends later",
        ),
        pytest.param(
            london(BREAK, closure("2026-12-28T12:00", "2027-01-04T09:00", say_until=False)),
            False,
            id="both end together",
        ),
        pytest.param(london(closure("2026-11-02T12:00", "2026-11-04T09:00", say_until=False)), True, id="long past"),
        pytest.param(london(closure("2027-02-02T12:00", None, say_until=False), BREAK), True, id="still to come"),
        pytest.param(london(closure("2026-12-24T12:00", None, say_until=False)), False, id="until further notice"),
        pytest.param(
            london(
                closure("2026-12-23T12:00", "2026-12-24T13:00", say_until=False),
                closure("2026-12-28T09:00", "2026-12-30T09:00"),
            ),
            True,
            id="open between them",
        ),
    ],
)
def test_say_until(made: Schedule, says: bool) -> None:
    """The closure that ends last in a closed period decides whether a reply may say when the period is over."""
    period = made.closed_period(utc("2026-12-28 12:45"))
    assert period is not None
    assert period.say_until is says


@pytest.mark.parametrize(
    ("made", "at", "because"),
    [
        pytest.param(london(), "2026-11-26 22:00", "after Thursday's hours", id="weekly"),
        pytest.param(
            schedule("UTC", sat="22:00-06:00"),
            "2026-11-29 12:00",
            "after Saturday's hours",
            id="named by the day it began",
        ),
        pytest.param(
            london(BREAK), "2026-12-28 12:00", "after Wednesday's hours", id="hours end before the closure starts"
        ),
        pytest.param(
            london(closure("2026-12-23T12:00", "2027-01-04T09:00", "leave")),
            "2026-12-28 12:00",
            "closure: leave",
            id="closure",
        ),
        pytest.param(
            harbour("Europe/Paris", closure("2026-07-01T12:00", "2026-07-02T09:00")),
            "2026-07-01 12:00",
            "closure from 2026-07-01 12:00",
            id="closure without a note, on the practice's clock",
        ),
        pytest.param(
            london(opening("2026-12-05", "10:00-14:00")),
            "2026-12-05 15:00",
            "after the opening on Saturday 5 December 2026",
            id="opening",
        ),
        pytest.param(london(ROUND), "2026-11-24 10:30", "case round", id="event"),
        pytest.param(
            london(event("2026-11-24T10:00", "2026-11-24T11:00")),
            "2026-11-24 10:30",
            "an event of a calendar",
            id="event without a title",
        ),
        pytest.param(
            london(ROUND, closure("2026-11-24T10:00", "2026-11-24T10:30", "leave")),
            "2026-11-24 10:15",
            "closure: leave",
            id="event and closure",
        ),
        pytest.param(schedule("UTC"), "2026-12-05 15:00", "never open before", id="never"),
        pytest.param(london(), "9999-12-05 15:00", "no hours are known for that year", id="no calendar"),
    ],
)
def test_because(made: Schedule, at: str, because: str) -> None:
    """A closed period says what closed at its start, in words for the owner."""
    period = made.closed_period(utc(at))
    assert period is not None
    assert period.because == because


@pytest.mark.parametrize(
    ("made", "at", "why"),
    [
        pytest.param(london(), "2026-11-26 13:00", "open: Thursday 12:00-20:00", id="open"),
        pytest.param(
            schedule("UTC", sat="22:00-06:00"),
            "2026-11-29 05:00",
            "open: Saturday 22:00-06:00",
            id="open, past midnight",
        ),
        pytest.param(
            london(opening("2026-12-05", "10:00-14:00")),
            "2026-12-05 10:00",
            "open: opening on Saturday 5 December 2026 10:00-14:00",
            id="opening",
        ),
        pytest.param(london(), "2026-11-26 11:00", "closed: outside hours (Thursday 12:00-20:00)", id="outside hours"),
        pytest.param(london(), "2026-11-28 11:00", "closed: outside hours (Saturday closed)", id="no hours that day"),
        pytest.param(
            london(opening("2026-11-26", "22:00-23:00"), opening("2026-11-26", "09:00-10:00")),
            "2026-11-26 11:00",
            "closed: outside hours (Thursday 09:00-10:00, 12:00-20:00, 22:00-23:00)",
            id="outside hours and openings",
        ),
        pytest.param(
            harbour("Asia/Kolkata"), "2026-11-26 19:00", "closed: outside hours (Friday 09:00-13:00)", id="its own date"
        ),
        pytest.param(london(BREAK), "2026-12-28 12:00", "closed: closure 'winter break'", id="closure"),
        pytest.param(
            london(BREAK), "2026-12-24 03:00", "closed: outside hours (Thursday 12:00-20:00)", id="before the closure"
        ),
        pytest.param(
            london(closure("2026-12-24T12:00", None)),
            "2026-12-28 12:00",
            "closed: closure from 2026-12-24 12:00",
            id="no note",
        ),
        pytest.param(
            london(closed={"2026-12-25": "Christmas Day"}),
            "2026-12-25 12:00",
            "closed: Christmas Day",
            id="closed date",
        ),
        pytest.param(london(RETREAT), "2026-11-24 03:00", "closed: retreat", id="event"),
        pytest.param(
            london(event("2026-11-24T10:00", "2026-11-24T11:00")),
            "2026-11-24 10:30",
            "closed: an event of a calendar",
            id="event without a title",
        ),
        pytest.param(london(RETREAT), "2026-11-25 12:00", "open: Wednesday 09:00-17:00", id="after the event"),
        pytest.param(
            london(RETREAT, opening("2026-11-24", "18:00-19:00")),
            "2026-11-24 18:00",
            "open: opening on Tuesday 24 November 2026 18:00-19:00",
            id="opening in an event",
        ),
        pytest.param(
            london(closed={"2026-12-25": ""}),
            "2026-12-25 12:00",
            "closed: a closed date",
            id="closed date without a name",
        ),
        pytest.param(london(), "0001-01-01 00:00", "closed: no hours are known for that year", id="no calendar"),
    ],
)
def test_why(made: Schedule, at: str, why: str) -> None:
    """One line says open or closed, and by which hours, closure or date."""
    assert made.why(utc(at)) == why


def test_describe_week() -> None:
    """A row a day, closed days too."""
    assert schedule("UTC", mon="13:30-17:00, 09:00-12:30", sat="22:00-06:00", sun="08:00-24:00").describe_week() == (
        ("Monday", "09:00-12:30, 13:30-17:00"),
        ("Tuesday", "closed"),
        ("Wednesday", "closed"),
        ("Thursday", "closed"),
        ("Friday", "closed"),
        ("Saturday", "22:00-06:00"),
        ("Sunday", "08:00-24:00"),
    )


STAYS_CLOSED = "stays closed during {}; move the closure, or take the opening out"
ADDS = "adds to that day's {} and does not replace it; to shorten a day, add a closure"


@pytest.mark.parametrize(
    ("made", "warnings"),
    [
        pytest.param(london(BREAK, opening("2026-12-05", "10:00-14:00")), [], id="nothing odd"),
        pytest.param(schedule("UTC", opening("2026-12-05", "10:00-14:00")), [], id="openings alone are fine"),
        pytest.param(
            schedule("UTC"),
            ["there are no working hours: every message comes out of hours; write the days that are open"],
            id="no hours",
        ),
        pytest.param(
            london(BREAK, opening("2026-12-28", "18:00-19:00")),
            ["the opening on Monday 28 December 2026 (18:00-19:00) " + STAYS_CLOSED.format("closure 'winter break'")],
            id="opening inside a closure",
        ),
        pytest.param(
            london(closure("2026-12-05T13:00", None), opening("2026-12-05", "10:00-14:00")),
            [
                "the opening on Saturday 5 December 2026 (10:00-14:00) "
                + STAYS_CLOSED.format("closure from 2026-12-05 13:00")
            ],
            id="opening cut by a closure",
        ),
        pytest.param(
            london(
                closure("2026-12-05T14:00", None),
                closure("2026-12-01T14:00", "2026-12-05T10:00"),
                opening("2026-12-05", "10:00-14:00"),
            ),
            [],
            id="opening between closures",
        ),
        pytest.param(
            london(opening("2026-11-26", "10:00-14:00")),
            [f"the opening on Thursday 26 November 2026 (10:00-14:00) {ADDS.format('12:00-20:00')}"],
            id="opening over the day's hours",
        ),
        pytest.param(
            london(opening("2026-11-26", "10:00-14:00"), closed={"2026-11-26": "fair"}), [], id="that day is closed"
        ),
        pytest.param(
            london(opening("2026-11-26", "14:00-15:00"), event("2026-11-26T14:00", "2026-11-26T16:00")),
            [],
            id="an event took those hours",
        ),
        pytest.param(
            london(opening("2026-11-26", "14:00-15:00"), event("2026-11-26T14:30", "2026-11-26T16:00")),
            [f"the opening on Thursday 26 November 2026 (14:00-15:00) {ADDS.format('12:00-20:00')}"],
            id="an event took some of those hours",
        ),
    ],
)
def test_warnings(made: Schedule, warnings: list[str]) -> None:
    """What is valid but probably not meant is said, with its cure."""
    assert list(made.warnings()) == warnings


NO_END = "does not end after it starts; correct one of the two"
NO_CALENDAR = "is not between 1901 and 2199; correct it"


@pytest.mark.parametrize(
    ("dated", "message"),
    [
        (
            closure("2026-12-24T12:00", "2026-12-24T12:00"),
            f"the closure from 2026-12-24 12:00 until 2026-12-24 12:00 {NO_END}",
        ),
        (
            closure("2026-12-24T12:00", "2026-12-04T09:00"),
            f"the closure from 2026-12-24 12:00 until 2026-12-04 09:00 {NO_END}",
        ),
        (closure("1026-12-24T12:00", None), f"the year 1026 {NO_CALENDAR}"),
        (closure("2026-12-24T12:00", "9999-12-31T00:00"), f"the year 9999 {NO_CALENDAR}"),
        (opening("2206-12-05", "10:00-14:00"), f"the year 2206 {NO_CALENDAR}"),
    ],
    ids=[
        "closure without length",
        "closure ends before it starts",
        "start in no calendar",
        "end in no calendar",
        "opening",
    ],
)
def test_refused_dates(dated: Closure | Opening, message: str) -> None:
    """A date that cannot be meant is refused with the cure."""
    with pytest.raises(ValueError, match=r".+") as refused:
        london(dated)
    assert str(refused.value) == message


def test_refused_event() -> None:
    """An event that ends before it starts is refused like a closure, and so is one that never ends."""
    with pytest.raises(ValueError, match="does not end after it starts"):
        london(event("2026-11-24T11:00", "2026-11-24T10:00"))
    with pytest.raises(ValueError, match="has no end; write a closure instead"):
        london(Event(utc("2026-11-24 11:00"), None))


# An edit while it is closed: the period is worked out from the file as it is now


def test_an_edit_in_the_middle_of_a_closed_period_moves_its_end() -> None:
    """The start stays, so who was answered before the edit stays answered; only the end is another one."""
    at = utc("2026-12-28 12:00")
    before = london(BREAK).closed_period(at)
    longer = london(closure("2026-12-24T12:00", "2027-01-11T09:00", "winter break")).closed_period(at)
    assert before
    assert longer
    assert (before.start, before.end) == (utc("2026-12-23 17:00"), utc("2027-01-04 09:00"))
    assert (longer.start, longer.end) == (before.start, utc("2027-01-11 09:00"))


def test_an_edit_that_opens_ends_the_closed_period() -> None:
    """Taken out in its middle, the closure leaves an ordinary day."""
    at = utc("2026-12-28 12:00")
    assert london(BREAK).closed_period(at)
    assert london().closed_period(at) is None


def test_two_periods_that_an_edit_merges_are_one_from_the_first_start() -> None:
    """Monday's night and Tuesday's; with Tuesday closed they are one, and an answer on Monday night counts in it."""
    monday_night, tuesday_night = utc("2026-11-23 20:00"), utc("2026-11-24 20:00")
    first, second = (london().closed_period(at) for at in (monday_night, tuesday_night))
    assert first
    assert second
    assert first.end == utc("2026-11-24 09:00")
    assert second.start == utc("2026-11-24 17:00")
    edited = london(closure("2026-11-24T00:00", "2026-11-25T00:00"))
    merged = edited.closed_period(tuesday_night)
    assert merged
    assert merged == edited.closed_period(monday_night)
    assert (merged.start, merged.end) == (first.start, second.end)


def test_an_edit_that_splits_a_period_leaves_the_later_part_its_own() -> None:
    """An opening in the middle of the break: who wrote before it may be answered again after it."""
    made = london(closure("2026-12-24T12:00", "2026-12-29T10:00"), closure("2026-12-29T12:00", "2027-01-04T09:00"))
    earlier, later = (made.closed_period(utc(at)) for at in ("2026-12-28 12:00", "2026-12-30 12:00"))
    assert earlier
    assert later
    assert (earlier.end, later.start) == (utc("2026-12-29 10:00"), utc("2026-12-29 12:00"))


def test_refused_closed_date() -> None:
    """A closed date outside every calendar is refused as well."""
    with pytest.raises(ValueError, match="year 1 is not between"):
        london(closed={"0001-01-01": "the beginning"})


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (
            {"sat": "22:00-06:00", "sun": "05:00-10:00"},
            "Saturday's 22:00-06:00 overlaps Sunday's 05:00-10:00 on the day after; shorten",
        ),
        (
            {"sun": "22:00-06:00", "mon": "05:59-10:00"},
            "Sunday's 22:00-06:00 overlaps Monday's 05:59-10:00 on the day after; shorten",
        ),
    ],
    ids=["Saturday into Sunday", "Sunday into Monday"],
)
def test_hours_that_run_into_the_next_day(days: dict[str, str], message: str) -> None:
    """Hours past midnight may reach the next day's hours, but not lie over them."""
    with pytest.raises(ValueError, match=message):
        Schedule(ZoneInfo("UTC"), {DAYS.index(day): parse_hours(text) for day, text in days.items()})


def test_hours_that_reach_the_next_day() -> None:
    """Where they touch they are one."""
    assert schedule("UTC", sat="22:00-06:00", sun="06:00-10:00").next_change(utc("2026-11-28 23:00")) == utc(
        "2026-11-29 10:00"
    )


@pytest.mark.parametrize("weekday", [-1, 7])
def test_refused_weekday(weekday: int) -> None:
    """There are seven days, from 0."""
    with pytest.raises(ValueError, match="numbered from 0"):
        Schedule(ZoneInfo("UTC"), {weekday: parse_hours("09:00-17:00")})


def test_refused_opening_without_hours() -> None:
    """An opening has hours."""
    with pytest.raises(ValueError, match="Saturday 5 December 2026 has no hours; write some"):
        Opening(date(2026, 12, 5), ())


def test_refused_naive_instant() -> None:
    """A naive time is no instant: guessing the host's zone would be wrong somewhere."""
    with pytest.raises(ValueError, match="time zone"):
        london().is_open(datetime.fromisoformat("2026-11-23T10:00"))


def test_instants_in_any_zone() -> None:
    """The same instant gives the same answer, whatever zone it is written in."""
    assert london().is_open(datetime.fromisoformat("2026-11-23T05:00-05:00"))
    assert not london().is_open(datetime.fromisoformat("2026-11-23T05:00+00:00"))


def test_closures_and_events_are_kept_in_utc() -> None:
    """Who asks a schedule for its closures gets instants, not bare wall clocks."""
    made = harbour("America/New_York", BREAK, RETREAT)
    assert [one.start for one in made.events] == [utc("2026-11-23 17:00")]
    (kept,) = made.closures
    assert (kept.start, kept.end) == (utc("2026-12-24 17:00"), utc("2027-01-04 14:00"))
    assert kept.start.tzinfo is UTC


def test_a_schedule_is_a_value() -> None:
    """Equal facts make equal schedules, and none of them can be changed."""
    assert london(BREAK) == london(BREAK)
    assert london(BREAK) != london()
    with pytest.raises(FrozenInstanceError):
        london().zone = ZoneInfo("UTC")  # type: ignore[misc]  # the point of the test
    with pytest.raises(TypeError):
        london().weekly[5] = (DailyInterval(0, 60),)  # type: ignore[index]  # the point of the test


def test_later_changes_of_the_given_week_do_not_reach_it() -> None:
    """A schedule copies what it is given."""
    week = {0: parse_hours("09:00-17:00")}
    closed: dict[date, str] = {}
    made = Schedule(ZoneInfo("UTC"), week, closed_dates=closed)
    week.clear()
    closed[date(2026, 11, 23)] = "fair"
    assert made.is_open(utc("2026-11-23 10:00"))


def remembered(cached: Any) -> int:
    """How many results a cache holds."""
    return int(cached.cache_info().currsize)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking about every week of two centuries leaves no more than the stated number of blocks and periods behind."""
    monkeypatch.setattr("responder.core.hours.schedule._MAX_KEPT", 20)
    made = london()
    for week in range(600):
        period = made.closed_period(utc("2000-01-02 12:00") + timedelta(weeks=week))
        assert isinstance(period, ClosedPeriod)
    assert remembered(made._timeline._block) <= timeline._MAX_BLOCKS
    assert remembered(made._period) <= 20
    assert remembered(made._hours) <= 20


@pytest.mark.parametrize(
    "made",
    [
        always("UTC", closure("2190-01-01T00:00", "2190-02-01T00:00")),
        schedule("UTC", opening("2190-01-01", "10:00-14:00")),
        london(closure("1950-01-01T00:00", "2190-01-01T00:00")),
        london(closure("1950-01-01T00:00", None)),
        always("UTC", event("2190-01-01T00:00", "2190-02-01T00:00")),
    ],
    ids=["always open", "one opening", "closed for centuries", "closed for ever", "always open but for an event"],
)
def test_far_dates_cost_little(made: Schedule) -> None:
    """A date centuries away is jumped to: hardly a block in between is worked out."""
    made.next_change(utc("1960-06-01 00:00"))
    made.closed_period(utc("2189-06-01 00:00"))
    assert remembered(made._timeline._block) < 8


@pytest.mark.parametrize("dated", [event, closure])
def test_a_date_far_ahead_is_found_when_the_week_never_changes(dated: Callable[[str, str], Closure]) -> None:
    """Open day and night but for one month, centuries away in both directions."""
    made = always("UTC", dated("2190-01-01T00:00", "2190-02-01T00:00"))
    assert made.next_change(utc("1960-06-01 00:00")) == utc("2190-01-01 00:00")
    assert made.last_change(utc("2199-06-01 00:00")) == utc("2190-02-01 00:00")


def test_flips_at_the_seams_of_memory() -> None:
    """Blocks of four weeks meet on a Tuesday at 00:00 UTC; what opens or closes then is found from both sides."""
    for week in range(8):
        tuesday = utc("2026-11-03 00:00") + timedelta(weeks=week)
        until, since = schedule("UTC", mon="00:00-24:00"), schedule("UTC", tue="00:00-24:00")
        assert until.closed_period(tuesday + timedelta(days=3)) == ClosedPeriod(
            tuesday, tuesday + timedelta(days=6), because="after Monday's hours"
        )
        assert since.next_change(tuesday - timedelta(days=3)) == tuesday
        assert until.next_change(tuesday - timedelta(hours=3)) == tuesday
        assert list(since.changes(tuesday, tuesday + timedelta(days=1))) == [(tuesday, True)]


@pytest.mark.parametrize("week", range(8))
def test_dated_flips_at_the_seams_of_memory(week: int) -> None:
    """So are those of an opening alone and of a closure alone, where the search leaves out what cannot flip."""
    tuesday = utc("2026-11-03 00:00") + timedelta(weeks=week)
    opened = schedule("UTC", opening(str(tuesday.date()), "00:00-24:00"))
    closed = always("UTC", closure(str(tuesday.date()), str(tuesday.date() + timedelta(weeks=5))))
    for made, length in ((opened, timedelta(days=1)), (closed, timedelta(weeks=5))):
        assert (
            made.next_change(tuesday - timedelta(weeks=9)) == made.next_change(tuesday - timedelta(days=3)) == tuesday
        )
        assert made.next_change(tuesday) == tuesday + length
        assert made._timeline.flip_until(tuesday + length - timedelta(hours=1)) == tuesday
        assert made._timeline.flip_until(tuesday + timedelta(weeks=20)) == tuesday + length


@pytest.mark.parametrize("week", range(4))
def test_hours_from_two_dates_ago_at_the_seams(week: int) -> None:
    """Twelve hours behind UTC, the hours that began late on Sunday are still open on Tuesday in UTC."""
    made = Schedule(ZoneInfo("Etc/GMT+12"), {6: (DailyInterval(1439, 2878),)})
    assert made.is_open(utc("2026-11-03 11:57") + timedelta(weeks=week))
    assert not made.is_open(utc("2026-11-03 11:58") + timedelta(weeks=week))


def test_a_period_is_worked_out_once() -> None:
    """Everybody who writes on one night gets the same closed period, without another search."""
    made = london()
    assert made.closed_period(utc("2026-11-23 18:00")) is made.closed_period(utc("2026-11-24 08:59"))


def test_a_closure_in_time_that_the_zone_skipped_closes_nothing() -> None:
    """Apia had no 30 December 2011: a closure of that day is none, also when a schedule is made from a schedule."""
    apia = ZoneInfo("Pacific/Apia")
    skipped = Closure(datetime(2011, 12, 30, 0, 0), datetime(2011, 12, 31, 0, 0))  # noqa: DTZ001 - wall clock
    schedule = Schedule(apia, {}, closures=[skipped])
    assert schedule.closures == ()
    assert replace(schedule, closures=[skipped]).closures == ()


# -- what a reply has to know of a closed period -----------------------------------------------------------------------


def closed_on(day: str, hour: int, **parts: Any) -> ClosedPeriod:
    """The closed period around an instant of December 2026, of a practice open on weekdays from nine to five."""
    weekly = {number: parse_hours("09:00-17:00") for number in range(5)}
    found = Schedule(LONDON, weekly, **parts).closed_period(datetime(2026, 12, int(day), hour, tzinfo=LONDON))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("day", "hour", "holiday"),
    [
        ("24", 20, True),
        ("25", 3, True),
        ("26", 12, True),
        ("23", 20, False),
        ("28", 20, False),
        ("4", 20, False),
    ],
    ids=["its eve", "itself", "the weekend behind it", "the night before its eve", "after it", "another weekend"],
)
def test_a_period_with_a_public_holiday_says_so(day: str, hour: int, holiday: bool) -> None:
    """When the holiday takes hours away in it."""
    christmas = {date(2026, 12, 25): "Christmas Day", date(2026, 12, 5): "a Saturday, closed anyway"}
    assert closed_on(day, hour, closed_dates=christmas).holiday is holiday


def test_a_period_names_the_closures_with_words_of_their_own() -> None:
    """In the order in which they begin; those outside it and those without words are not its business."""

    def shut(first: int, last: int | None, words: str) -> Closure:
        end = None if last is None else datetime(2026, 12, last, tzinfo=LONDON)
        return Closure(datetime(2026, 12, first, tzinfo=LONDON), end, words=words)

    closures = [shut(9, 10, "b"), shut(8, 9, "a"), shut(10, 11, ""), shut(15, None, "z")]
    period = closed_on("8", 3, closures=closures)
    assert [key for _, _, key in period.words] == ["a", "b"]
    assert closed_on("3", 20, closures=closures).words == ()
    assert [key for _, _, key in closed_on("20", 12, closures=closures).words] == ["z"]


def test_a_closure_that_keeps_its_end_to_itself_keeps_it_in_company() -> None:
    """Another closure that touches it says nothing of it either."""
    secret = Closure(datetime(2026, 12, 8, tzinfo=LONDON), datetime(2026, 12, 10, tzinfo=LONDON), say_until=False)
    open_one = Closure(datetime(2026, 12, 10, tzinfo=LONDON), datetime(2026, 12, 11, tzinfo=LONDON))
    assert not closed_on("8", 12, closures=[secret, open_one]).say_until
    assert not closed_on("10", 12, closures=[secret, open_one]).say_until
    assert closed_on("10", 12, closures=[open_one]).say_until
