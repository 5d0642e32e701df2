"""Calendar files as Google, Outlook and Apple write them, worked out by hand; and files that cannot be relied on."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.adapters.calendars import ics
from responder.core.hours.timeline import Span
from tests import ROOT

FILES = ROOT / "tests/calendars"
LONDON = ZoneInfo("Europe/London")
YEARS = Span(datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))


def calendar(*lines: str, outside: str = "") -> bytes:
    """A calendar with one event of these lines."""
    event = "\r\n".join(["BEGIN:VEVENT", "UID:1@harbour.example", "DTSTAMP:20261101T080000Z", *lines, "END:VEVENT"])
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{outside}{event}\r\nEND:VCALENDAR\r\n".encode()


def stretches(content: bytes, zone: ZoneInfo = LONDON, window: Span = YEARS) -> list[str]:
    """What closes: ``2026-11-26 13:00 .. 2026-11-26 15:00 Dentist``, in UTC."""
    taken = ics.read(content, "team.ics", zone, window)
    names = (one.note.removesuffix(", in team.ics") for one in taken.events)
    ends = ((one.start, one.end) for one in taken.events if one.end)
    return [f"{a:%Y-%m-%d %H:%M} .. {b:%Y-%m-%d %H:%M} {name}" for (a, b), name in zip(ends, names, strict=True)]


GOOGLE = [
    "2025-02-28 00:00 .. 2025-03-01 00:00 Stocktaking",
    "2026-02-28 00:00 .. 2026-03-01 00:00 Stocktaking",
    "2026-07-15 08:00 .. 2026-07-15 10:00 Supervision",
    "2026-10-06 08:30 .. 2026-10-06 09:30 Case round",
    "2026-10-13 08:30 .. 2026-10-13 09:30 Case round",
    "2026-10-20 08:30 .. 2026-10-20 09:30 Case round",
    "2026-10-27 09:30 .. 2026-10-27 10:30 Case round",  # clocks went back on the 25th
    "2026-11-03 09:30 .. 2026-11-03 10:30 Case round",
    "2026-11-10 09:30 .. 2026-11-10 10:30 Case round",
    "2026-11-18 14:00 .. 2026-11-18 15:00 Case round",  # moved from the 17th
    "2026-11-24 09:30 .. 2026-11-24 10:30 Case round",
    "2026-12-01 09:30 .. 2026-12-01 10:30 Case round",
    "2026-12-03 00:00 .. 2026-12-05 00:00 Training",
    "2026-12-08 09:30 .. 2026-12-08 10:30 Case round",
    "2026-12-15 09:30 .. 2026-12-15 10:30 Case round",  # not on the 22nd
    "2026-12-29 09:30 .. 2026-12-29 10:30 Case round",
    "2027-01-05 09:30 .. 2027-01-05 10:30 Case round",
    "2027-01-12 09:30 .. 2027-01-12 10:30 Case round",
    "2027-01-19 09:30 .. 2027-01-19 10:30 Case round",
    "2027-01-26 09:30 .. 2027-01-26 10:30 Case round",
    "2027-02-28 00:00 .. 2027-03-01 00:00 Stocktaking",
    "2028-02-29 00:00 .. 2028-03-01 00:00 Stocktaking",
]
OUTLOOK = [
    "2026-09-07 08:00 .. 2026-09-07 10:00 Network meeting",
    "2026-10-05 08:00 .. 2026-10-05 10:00 Network meeting",
    "2026-11-02 09:00 .. 2026-11-02 11:00 Network meeting",
    "2026-11-27 13:00 .. 2026-11-30 12:00 Out of office",
    "2026-12-01 13:00 .. 2026-12-01 14:30 Call across the sea",
    "2026-12-07 09:00 .. 2026-12-07 11:00 Network meeting",
    "2026-12-21 00:00 .. 2026-12-24 00:00 Leave",
]
APPLE = [
    "2026-10-23 15:00 .. 2026-10-23 16:00 Handover",
    "2026-11-09 00:00 .. 2026-11-10 00:00 Moving rooms",
    "2026-11-16 00:00 .. 2026-11-17 00:00 an event in team.ics",
    "2026-11-20 00:00 .. 2026-11-21 00:00 an event in team.ics",
    "2026-11-25 13:00 .. 2026-11-25 14:30 Seminar",
    "2026-11-26 13:00 .. 2026-11-26 15:00 Dentist",
]


@pytest.mark.parametrize(("name", "expected"), [("google", GOOGLE), ("outlook", OUTLOOK), ("apple", APPLE)])
def test_what_programs_export(name: str, expected: list[str]) -> None:
    """Every event that closes is there at its time, and no other."""
    assert stretches((FILES / f"{name}.ics").read_bytes()) == expected


def test_days_and_floating_times_are_on_the_practices_clock() -> None:
    """In Auckland, thirteen hours ahead in November, Apple's floating and all-day events begin earlier."""
    found = stretches((FILES / "apple.ics").read_bytes(), ZoneInfo("Pacific/Auckland"))
    assert "2026-11-26 00:00 .. 2026-11-26 02:00 Dentist" in found
    assert "2026-11-08 11:00 .. 2026-11-09 11:00 Moving rooms" in found
    assert "2026-11-25 13:00 .. 2026-11-25 14:30 Seminar" in found


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            ["DTSTART:20261124T100000", "DURATION:PT90M"], ["2026-11-24 10:00 .. 2026-11-24 11:30"], id="length"
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261124", "DURATION:P2D"], ["2026-11-24 00:00 .. 2026-11-26 00:00"], id="days"
        ),
        pytest.param(["DTSTART:20261124T100000"], [], id="no length"),
        pytest.param(
            ["DTSTART;VALUE=DATE:20200101", "DTEND;VALUE=DATE:20400101"],
            ["2025-01-01 00:00 .. 2029-01-01 00:00"],
            id="longer than the window",
        ),
        pytest.param(
            ["DTSTART:20241231T220000Z", "DTEND:20250101T020000Z"],
            ["2025-01-01 00:00 .. 2025-01-01 02:00"],
            id="into the window",
        ),
        pytest.param(["DTSTART:20240301T100000Z", "DTEND:20240301T110000Z"], [], id="past"),
        pytest.param(
            ["DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330"],
            ["2026-03-29 00:00 .. 2026-03-29 23:00"],
            id="day of 23 hours",
        ),
        pytest.param(["DTSTART:20260329T013000", "DTEND:20260329T020000"], [], id="in the gap of spring"),
        pytest.param(
            ["DTSTART:20261025T010000", "DTEND:20261025T013000"],
            ["2026-10-25 00:00 .. 2026-10-25 00:30"],
            id="repeated hour: the first",
        ),
        pytest.param(
            [
                "DTSTART;TZID=Europe/London:20260327T100000",
                "DTEND;TZID=Europe/London:20260327T110000",
                "RRULE:FREQ=WEEKLY;COUNT=2",
            ],
            ["2026-03-27 10:00 .. 2026-03-27 11:00", "2026-04-03 09:00 .. 2026-04-03 10:00"],
            id="repeated over the change of clocks",
        ),
        pytest.param(
            ["DTSTART:20261124T100000", "DTEND:20261124T110000", "RDATE:20261126T100000", "EXDATE:20261124T100000"],
            ["2026-11-26 10:00 .. 2026-11-26 11:00"],
            id="another date instead of the first",
        ),
        pytest.param(
            ["DTSTART:20261124T100000", "DTEND:20261124T110000", "status:cancelled"], [], id="cancelled in lower case"
        ),
        pytest.param(
            ["DTSTART:20261124T100000", "DTEND:20261124T110000", "STATUS:TENTATIVE"],
            ["2026-11-24 10:00 .. 2026-11-24 11:00"],
            id="tentative closes",
        ),
        pytest.param(
            ["DTSTART:20261124T100000", "DTEND:20261124T110000", "GEO:nowhere", "what is this"],
            ["2026-11-24 10:00 .. 2026-11-24 11:00"],
            id="broken where it does not matter",
        ),
    ],
)
def test_one_event(lines: list[str], expected: list[str]) -> None:
    """Each closes for as long as it lasts, in the years that are looked at."""
    assert [one.removesuffix(" an event in team.ics") for one in stretches(calendar(*lines))] == expected


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark(newline: str, start: str) -> None:
    """Whatever an editor made of them, the calendar stays the same."""
    text = start + calendar("DTSTART:20261124T100000", "DURATION:PT1H").decode().replace("\r\n", newline)
    assert len(stretches(text.encode())) == 1


def test_a_title_is_one_short_line_fit_for_a_terminal() -> None:
    """No escape sequence, no line break, and not a whole letter."""
    content = calendar("DTSTART:20261124T100000", "DURATION:PT1H", f"SUMMARY:a\x1b[31m\\nb {'x' * 200}")
    (event,) = ics.read(content, "team.ics", LONDON, YEARS).events
    assert event.note.startswith("a?[31m b xxx")
    assert len(event.note) < 90
    assert event.note.isprintable()


def remarks(content: bytes) -> tuple[str, ...]:
    """What the owner should look at."""
    return ics.read(content, "team.ics", LONDON, YEARS).remarks


def test_nothing_to_say_of_a_sound_calendar() -> None:
    """Neither of those that the programs export."""
    assert [remarks(path.read_bytes()) for path in sorted(FILES.glob("*.ics"))] == [(), (), ()]


def test_a_calendar_in_which_everything_is_free_is_told() -> None:
    """All-day events often are, without their owner knowing."""
    content = calendar("DTSTART;VALUE=DATE:20261124", "TRANSP:TRANSPARENT")
    (said,) = remarks(content)
    assert said == (
        "nothing in team.ics closes anything in the years that are looked at; "
        "1 of its 1 events are marked as free: mark them as busy"
    )


def test_a_calendar_without_events_is_told() -> None:
    """It may be the wrong one."""
    assert remarks(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n") == (
        "nothing in team.ics closes anything in the years that are looked at; look into it",
    )


def test_a_zone_that_nobody_knows_is_told() -> None:
    """Its times count as on the practice's clock."""
    content = calendar("DTSTART;TZID=Moon/Tycho:20260724T100000", "DTEND;TZID=Moon/Tycho:20260724T110000")
    assert stretches(content) == ["2026-07-24 09:00 .. 2026-07-24 10:00 an event in team.ics"]
    (said,) = remarks(content)
    assert said.startswith('team.ics names a time zone that nobody knows, "Moon/Tycho"; ')


GOOD = calendar("DTSTART:20261124T100000", "DURATION:PT1H")
NO_CALENDAR = "it is not an iCalendar file. Export the calendar as .ics, and name that file"
CUT_OFF = "it is cut off before its end. Export or download it again"
STRANGE = "an event in it cannot be read. Export the calendar again"
SAVE = "Open it in the calendar's program and save it again"
TOO_OFTEN = "the event that begins here repeats more than 24 times a day. Take it out of the calendar"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        pytest.param(b"", None, NO_CALENDAR, id="empty"),
        pytest.param(b"<!DOCTYPE html><html></html>", None, NO_CALENDAR, id="a page"),
        pytest.param(GOOD.decode().encode("utf-16"), None, NO_CALENDAR, id="UTF-16"),
        pytest.param(GOOD[:90], None, CUT_OFF, id="cut off"),
        pytest.param(GOOD[:-10], None, CUT_OFF, id="cut off at its last line"),
        pytest.param(GOOD + GOOD, None, "it cannot be read as one calendar. Export it again", id="two in one file"),
        pytest.param(
            calendar("DTSTART:20261124T100000", outside="what is this\r\n"),
            4,
            "it cannot be read as one calendar. Export it again",
            id="no property",
        ),
        pytest.param(
            calendar("DTSTART:20261124T100000", outside="CALSCALE:JULIAN\r\n"),
            None,
            STRANGE,
            id="another calendar's scale",
        ),
    ],
)
def test_refused(content: bytes, line: int | None, reason: str) -> None:
    """A calendar that cannot be relied on says why, and where, and nothing of what is in it."""
    with pytest.raises(ics.UnusableError) as refused:
        ics.read(content, "team.ics", LONDON, YEARS)
    assert (str(refused.value), refused.value.line) == (reason, line)


def event(*lines: str) -> bytes:
    """An event of these lines, behind a good one that closes on Christmas Day."""
    return calendar("DTSTART;VALUE=DATE:20261225", "SUMMARY:Good").replace(
        b"END:VCALENDAR", "\r\n".join(["BEGIN:VEVENT", "UID:2", *lines, "END:VEVENT", "END:VCALENDAR"]).encode()
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(
            event("DTSTART:2026-11-24"),
            f"the event that begins here has a DTSTART that cannot be read. {SAVE}",
            id="start",
        ),
        pytest.param(
            event("DTSTART:20261124", "DTEND:never"),
            f"the event that begins here has a DTEND that cannot be read. {SAVE}",
            id="end",
        ),
        pytest.param(
            event("DTSTART:20261124", "RRULE:FREQ=SOMETIMES"),
            f"the event that begins here has a RRULE that cannot be read. {SAVE}",
            id="rule",
        ),
        pytest.param(event("SUMMARY:no time"), f"the event that begins here has no DTSTART. {SAVE}", id="no start"),
        pytest.param(event("DTSTART:20261124T100000", "RRULE:FREQ=SECONDLY"), TOO_OFTEN, id="each second"),
        pytest.param(
            event("DTSTART:20261124T100000", "RRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE=1,2,3,4,5,6,7,8,9,10,11,12,13"),
            TOO_OFTEN,
            id="26 times a day",
        ),
        pytest.param(
            event("DTSTART:20261124T100000", "RRULE:FREQ=DAILY;INTERVAL=0"), TOO_OFTEN, id="never stepping on"
        ),
        pytest.param(
            event("DTSTART:20261124T100000Z", "DTEND:20261124T090000Z"),
            f"the event that begins here ends before it starts. {SAVE}",
            id="end before start",
        ),
        pytest.param(
            event("DTSTART:20261124", "DTSTART:20261125"),
            f"the event that begins here has no single DTSTART. {SAVE}",
            id="two starts",
        ),
        pytest.param(
            event("DTSTART;VALUE=DATE:20261124", "BEGIN:VEVENT", "UID:3", "DTSTART;VALUE=DATE:20261225"),
            f"the event that begins here has no end. {SAVE}",
            id="no end",
        ),
    ],
)
def test_a_bad_event_costs_only_itself(content: bytes, reason: str) -> None:
    """The others close, and its line is told."""
    taken = ics.read(content, "team.ics", LONDON, YEARS)
    assert {(one.start.month, one.start.day) for one in taken.events} == {(12, 25)}
    assert taken.faults == (f"line 10: {reason}. Until then it closes nothing",)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("DTSTART;VALUE=DATE:99991231", "SUMMARY:Odd"), id="the last day there is"),
        pytest.param(("DTSTART;VALUE=DATE:20261124", "DURATION:P99999999D", "SUMMARY:Odd"), id="longer than time"),
    ],
)
def test_an_event_that_cannot_be_worked_out_costs_only_itself(lines: tuple[str, ...]) -> None:
    """The library fails at it; it is looked for, and told by its title."""
    taken = ics.read(event(*lines), "team.ics", LONDON, YEARS)
    assert len(taken.events) == 1
    (fault,) = taken.faults
    assert fault.startswith('the event "Odd" has times that cannot be worked out. ')


@pytest.mark.parametrize(
    "length",
    [
        ("DTEND;VALUE=DATE:20261124",),
        ("DTEND;VALUE=DATE:20261120",),
        ("DURATION:P0D",),
        ("DURATION:PT0S",),
        ("DTEND;VALUE=DATE:20261125",),
        (),
    ],
    ids=" ".join,
)
def test_an_all_day_event_closes_its_day(length: tuple[str, ...]) -> None:
    """Whatever its program made of the end."""
    content = calendar("DTSTART;VALUE=DATE:20261124", *length, "SUMMARY:Away")
    assert stretches(content) == ["2026-11-24 00:00 .. 2026-11-25 00:00 Away"]


def test_outlooks_all_day_event_closes_its_day() -> None:
    """It begins and ends at the same midnight, and another property says that it is a day."""
    content = calendar(
        "DTSTART:20261124T000000", "DTEND:20261124T000000", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "SUMMARY:Away"
    )
    assert stretches(content) == ["2026-11-24 00:00 .. 2026-11-25 00:00 Away"]
    assert stretches(content.replace(b"TRUE", b"FALSE")) == []


def test_each_time_of_a_day_without_a_length_closes() -> None:
    """One that repeats, too."""
    content = calendar("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261124", "RRULE:FREQ=WEEKLY;COUNT=2")
    assert len(stretches(content)) == 2


def test_too_many_events_are_noticed_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they are all worked out."""
    monkeypatch.setattr(ics, "MAX_OCCURRENCES", 50)
    with pytest.raises(ics.UnusableError, match="more than 50 events"):
        stretches(calendar("DTSTART:20250101T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY"))


LINES = st.sampled_from(
    [
        *GOOD.split(b"\r\n"),
        b"RRULE:FREQ=WEEKLY",
        b"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        b"EXDATE:20261124T100000",
        b"RDATE;VALUE=PERIOD:20261124T100000/PT1H",
        b"RECURRENCE-ID:20261124T100000",
        b"DTSTART:99991231T235959",
        b"DTSTART:00010101",
        b"DURATION:-P1D",
        b"DTEND;VALUE=DATE:20261124",
        b"DTEND;TZID=Europe/Paris:20261124T100000",
        b"EXDATE;VALUE=DATE:20261124",
        b"RRULE:FREQ=DAILY;UNTIL=20270101;COUNT=3",
        b" folded",
        b"DTSTART;TZID=:20261124T100000",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES | st.binary(max_size=20), max_size=12))
def test_any_lines_are_read_or_refused(lines: list[bytes]) -> None:
    """Whatever stands in an event, either stretches come out that have a length, or a reason does."""
    content = GOOD.replace(b"DURATION:PT1H", b"\r\n".join([b"DURATION:PT1H", *lines]))
    try:
        taken = ics.read(content, "team.ics", LONDON, YEARS)
    except ics.UnusableError as refused:
        assert str(refused)  # noqa: PT017 - either outcome is fine
    else:
        assert all(one.end is not None and YEARS.start <= one.start < one.end <= YEARS.end for one in taken.events)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No file makes anything else than an error of ours."""
    with pytest.raises(ics.UnusableError):
        ics.read(content, "team.ics", LONDON, YEARS)


def test_too_many_events_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them would take minutes."""
    monkeypatch.setattr(ics, "MAX_OCCURRENCES", 1)
    with pytest.raises(ics.UnusableError, match="it has more than 1 events"):
        ics.read(event("DTSTART;VALUE=DATE:20261126"), "team.ics", LONDON, YEARS)
