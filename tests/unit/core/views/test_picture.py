"""The week as a picture: what is open is drawn open, what is special is marked, and nothing else is drawn."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.core.hours.daily import DailyInterval
from responder.core.hours.schedule import Closure, Opening, Schedule, parse_hours
from responder.core.views import week as picture
from responder.core.views.week import ASCII, BLOCKS, Day, Mark

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)
WEEK = {
    0: parse_hours("09:00-12:30, 13:30-17:00"),
    3: parse_hours("09:15-17:00"),
    5: parse_hours("22:00-06:00"),
}


def local(*parts: int) -> datetime:
    """London's wall clock."""
    return datetime(*parts, tzinfo=LONDON)  # type: ignore[arg-type,misc]  # the parts are integers


def days(schedule: Schedule, first: date = MONDAY, count: int = 7) -> dict[str, str]:
    """The hours of each day by its date."""
    return {str(day.date): day.hours for day in picture.days(schedule, first, count)}


def test_days_as_they_will_be() -> None:
    """Weekly hours, an opening, a holiday and a closure together; what runs past midnight is cut there."""
    schedule = Schedule(
        LONDON,
        WEEK | {1: parse_hours("09:00-17:00"), 2: parse_hours("09:00-17:00")},
        openings=[Opening(date(2026, 11, 29), parse_hours("10:00-14:00"))],
        closures=[Closure(local(2026, 11, 24, 12), local(2026, 11, 24, 13), "dentist")],
        closed_dates={date(2026, 11, 25): "Founders' Day"},
        events=[Closure(local(2026, 11, 26, 16), local(2026, 11, 28), "therapy")],
    )
    week = picture.days(schedule, MONDAY, 7)
    assert [day.hours for day in week] == [
        "09:00-12:30, 13:30-17:00",
        "09:00-12:00, 13:00-17:00",
        "closed",
        "09:15-16:00",
        "closed",
        "22:00-24:00",
        "00:00-06:00, 10:00-14:00",
    ]
    assert [mark for day in week for mark in day.marks] == [
        Mark("closure", "closure: dentist"),
        Mark("holiday", "Founders' Day"),
        Mark("event", "calendar: therapy"),
        Mark("event", "calendar: therapy"),
        Mark("opening", "opening 10:00-14:00"),
    ]


def test_a_closure_without_note_or_end_and_a_nameless_date() -> None:
    """What has no name is marked all the same."""
    schedule = Schedule(
        LONDON,
        WEEK,
        closures=[Closure(local(2026, 11, 26), None)],
        closed_dates={MONDAY: ""},
        events=[Closure(local(2026, 11, 24), local(2026, 11, 25))],
    )
    marks = [[mark.text for mark in day.marks] for day in picture.days(schedule, MONDAY, 5)]
    assert marks == [["closed date"], ["calendar"], [], ["closure"], ["closure"]]


def test_always_open_and_never_open() -> None:
    """A whole day is one block; no hours are none."""
    whole = Schedule(LONDON, dict.fromkeys(range(7), parse_hours("00:00-24:00")))
    assert set(days(whole).values()) == {"00:00-24:00"}
    assert set(days(Schedule(LONDON, {})).values()) == {"closed"}


@pytest.mark.parametrize(
    ("zone", "day", "hours", "shown"),
    [
        ("Europe/London", date(2026, 3, 29), "00:30-01:30", "00:30-02:30"),
        ("Europe/London", date(2026, 10, 25), "00:30-03:00", "00:30-03:00"),
        ("America/Santiago", date(2026, 9, 6), "00:00-02:00", "00:00-02:00"),
        ("Pacific/Apia", date(2011, 12, 30), "09:00-17:00", "closed"),
    ],
)
def test_days_that_are_longer_shorter_or_missing(zone: str, day: date, hours: str, shown: str) -> None:
    """A date with a change of clock has a row like any other; one that the zone skipped is closed."""
    schedule = Schedule(ZoneInfo(zone), {day.weekday(): parse_hours(hours)})
    assert days(schedule, day, 1) == {str(day): shown}


def test_a_block_inside_the_repeated_hour_does_not_run_backwards() -> None:
    """In autumn 01:50 comes before 01:10: such a block is left out rather than drawn backwards."""
    begin = datetime(2026, 10, 25, 1, 50, tzinfo=LONDON)
    end = datetime(2026, 10, 25, 1, 10, fold=1, tzinfo=LONDON)
    schedule = Schedule(
        LONDON,
        dict.fromkeys(range(7), parse_hours("00:00-24:00")),
        closures=[Closure(local(2026, 10, 1), begin), Closure(end, None)],
    )
    assert days(schedule, date(2026, 10, 25), 1) == {"2026-10-25": "closed"}


@given(
    st.dictionaries(st.integers(0, 6), st.sampled_from(["09:00-17:00", "00:00-24:00", "20:00-23:00", "13:07-13:08"])),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_a_minute_is_drawn_open_exactly_when_it_is(weekly: dict[int, str], day: date) -> None:
    """Blocks say for each minute of a day without a change of clock what the schedule says."""
    schedule = Schedule(ZoneInfo("UTC"), {number: parse_hours(text) for number, text in weekly.items()})
    [drawn] = picture.days(schedule, day, 1)
    midnight = datetime.combine(day, datetime.min.time(), ZoneInfo("UTC"))
    for minute in (0, 1, 539, 540, 786, 787, 788, 1019, 1020, 1199, 1200, 1379, 1380, 1439):
        is_open = any(block.start_minute <= minute < block.end_minute for block in drawn.blocks)
        assert is_open == schedule.is_open(midnight + timedelta(minutes=minute))


def test_terminal_picture() -> None:
    """A row a day, hours above, quarters of an hour told apart, today marked, weeks parted."""
    schedule = Schedule(LONDON, {0: WEEK[0], 3: WEEK[3]}, closed_dates={date(2026, 11, 26): "Founders' Day"})
    lines = picture.drawn(picture.days(schedule, date(2026, 11, 26), 8), date(2026, 11, 26), BLOCKS)
    assert lines == [
        "                  09    12    15    18",
        "> Thu 26 Nov  ························  closed  Founders' Day",
        "  Fri 27 Nov  ························  closed",
        "  Sat 28 Nov  ························  closed",
        "  Sun 29 Nov  ························  closed",
        "",
        "  Mon 30 Nov  ····███████··███████····  09:00-12:30, 13:30-17:00",
        "  Tue  1 Dec  ························  closed",
        "  Wed  2 Dec  ························  closed",
        "  Thu  3 Dec  ····▐███████████████····  09:15-17:00",
    ]


def test_terminal_picture_in_ascii_widens_with_the_hours() -> None:
    """Plain letters for plain terminals; night hours widen the picture to the whole day."""
    schedule = Schedule(LONDON, {0: parse_hours("00:00-24:00"), 1: parse_hours("22:00-06:15")})
    lines = picture.drawn(picture.days(schedule, MONDAY, 3), MONDAY, ASCII)
    assert lines[1] == "> Mon 23 Nov  " + "#" * 48 + "  00:00-24:00"
    assert lines[3] == "  Wed 25 Nov  " + "#" * 13 + "." * 35 + "  00:00-06:15"
    assert all(line.isascii() for line in lines)


def page(week: tuple[Day, ...] = (), **changed: object) -> str:
    """A page."""
    given: dict[str, object] = {
        "title": "Harbour",
        "state": "Closed",
        "drawn": "today",
        "days": week,
        "today": MONDAY,
        "now_minute": 600,
        "changes": ["Mon opens"],
    }
    return picture.page(**(given | changed))  # type: ignore[arg-type]  # the test changes one argument at a time


def test_the_page_draws_each_block_and_the_moment() -> None:
    """Each open block is a rectangle at its minutes; the line for now stands in today's row alone."""
    text = page((Day(MONDAY, (DailyInterval(540, 750), DailyInterval(810, 1020))), Day(MONDAY + timedelta(1), ())))
    drawings = re.findall(r"<svg.*?</svg>", text)
    blocks = [
        (rect.get("x"), rect.get("width"))
        for rect in ET.fromstring(drawings[0])  # noqa: S314 - our own page
        if rect.get("class") == "open"
    ]
    assert blocks == [("540", "210"), ("810", "210")]
    assert 'class="now" x1="600"' in drawings[0]
    assert "now" not in drawings[1]
    assert "closed" in text


def test_the_page_needs_nothing_and_runs_nothing() -> None:
    """No script, no address of anything elsewhere, and a policy that would refuse both."""
    text = page((Day(MONDAY, ()),))
    assert "default-src 'none'" in text
    assert not re.search(r"<script|https?:|url\(|@import|<link|<img| src=| href=", text)
    assert "prefers-color-scheme: dark" in text


def test_the_page_keeps_notes_to_itself_and_escapes_the_rest() -> None:
    """A closure's note is the owner's; a name with markup in it stays a name."""
    marks = (Mark("closure", "closure: surgery"), Mark("event", "calendar: surgery"), Mark("holiday", "<b>Eve</b>"))
    text = page((Day(MONDAY, (), marks),), title='<script>"x"', changes=[])
    assert "surgery" not in text
    assert "&lt;b&gt;Eve&lt;/b&gt;" in text
    assert "<script" not in text
    assert "none is ahead" in text
