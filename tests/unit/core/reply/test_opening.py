"""Opening hours: the forms of the directory, and what a practice types."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from responder.core.reply.opening import ALWAYS, WEEK, Hours, parse, read

MONDAY = datetime(2026, 11, 30)  # noqa: DTZ001 - on the line's own wall clock


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of that week; day 0 is Monday."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("ranges", "open_at", "closed_at"),
    [
        (["24/7"], [at(0, 0), at(6, 23, 59)], []),
        (["Mo-Fr 09:00-17:00"], [at(0, 9), at(4, 16, 59)], [at(0, 8, 59), at(0, 17), at(5, 12)]),
        (["Mo-Su 09:00-05:00"], [at(0, 9), at(0, 4, 59), at(6, 23)], [at(0, 5), at(3, 8, 59)]),
        (["Fr-Su 19:00-07:00"], [at(0, 6, 59), at(4, 19), at(5, 3)], [at(0, 7), at(4, 6), at(3, 20)]),
        (["Su-Th 11:00-23:00", "Fr-Sa 11:00-03:00"], [at(6, 12), at(5, 2), at(6, 2)], [at(0, 2), at(6, 23)]),
        (["Mo,We 16:00-20:00", "Tu,Th,Fr 09:00-13:00"], [at(2, 16), at(4, 12)], [at(1, 16), at(5, 12)]),
        (["Mo-Su 08:00-24:00"], [at(0, 8), at(6, 23, 59)], [at(0, 0), at(0, 7, 59)]),
    ],
)
def test_a_week(ranges: list[str], open_at: list[datetime], closed_at: list[datetime]) -> None:
    """Half-open, over midnight and over the end of the week."""
    hours = parse(ranges)
    assert [each for each in open_at if not hours.is_open(each)] == []
    assert [each for each in closed_at if hours.is_open(each)] == []


def test_the_whole_week_is_always_however_it_is_written() -> None:
    """Days that touch are one stretch."""
    for ranges in (["24/7"], ["Mo-Su 00:00-24:00"], ["Mo-Fr 00:00-24:00", "Sa-Su 00:00-24:00"], ["Mo-Su 12:00-12:00"]):
        assert parse(ranges).always, ranges
    assert not parse(["Mo-Sa 00:00-24:00"]).always
    assert ALWAYS.spans == ((0, WEEK),)


def test_soon() -> None:
    """Open now, or within the time."""
    hours = parse(["Mo-Fr 09:00-17:00"])
    assert hours.opens_within(at(0, 8, 30), timedelta(hours=1))
    assert hours.opens_within(at(0, 10), timedelta(hours=1))
    assert not hours.opens_within(at(0, 7), timedelta(hours=1))


def test_ranges_are_written_as_in_the_directory() -> None:
    """For the page that shows what is known."""
    hours = parse(["Mo,We 16:00-20:00", "Mo-Su 09:00-05:00"])
    assert [str(each) for each in hours.ranges] == ["Mo,We 16:00-20:00", "Mo-Su 09:00-05:00"]


@pytest.mark.parametrize(
    "ranges",
    [
        [], ["24/7", "Mo 09:00-10:00"], ["Mo-Fr 9:00-17:00"], ["Mo-Fr 09:00-25:00"], ["Mo 09:60-10:00"],
        ["Xx 09:00-10:00"], ["Mo-Fr,We 09:00-10:00"], ["09:00-10:00"],
        ["Mo-Fr 09:00-17:00; PH off"], ["Mo-Fr 09:00+"], ["sunrise-sunset"],
    ],
)  # fmt: skip
def test_other_forms_are_refused(ranges: list[str]) -> None:
    """Hours that are not understood must not be printed."""
    with pytest.raises(ValueError, match=r"opening hours|day of the week|time of day"):
        parse(ranges)


@pytest.mark.parametrize(
    "typed",
    [
        "24/7",
        "24 hours",
        "24h",
        "24 h",
        "24 hours a day",
        "24 hours, 7 days a week",
        "00:00-24:00",
        "0-24",
        "day and night",
    ],
)
def test_round_the_clock_as_people_type_it(typed: str) -> None:
    """Each of them means the same."""
    found = read(typed)
    assert found is not None
    assert found.always


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mon-Fri 9:00-17:00", ["Mo-Fr 09:00-17:00"]),
        ("Mon to Fri 9am-5pm", ["Mo-Fr 09:00-17:00"]),
        ("Monday - Friday: 9.00 to 17.00", ["Mo-Fr 09:00-17:00"]),
        ("Mo-Fr 09:00-17:00", ["Mo-Fr 09:00-17:00"]),
        ("weekdays from 9:00 until 17:00 h", ["Mo-Fr 09:00-17:00"]),
        ("daily 18:00-02:00", ["Mo-Su 18:00-02:00"]),
        ("every day 12am-12pm", ["Mo-Su 00:00-12:00"]),
        ("weekends 10-12", ["Sa-Su 10:00-12:00"]),
        ("Tuesdays and Thursdays 10-12", ["Tu,Th 10:00-12:00"]),
        ("Mon, Wed 9-12", ["Mo,We 09:00-12:00"]),
        ("Mon-Fri 9-17, Sat 10-12", ["Mo-Fr 09:00-17:00", "Sa 10:00-12:00"]),
        ("Mon-Fri 9am-5pm; Sun 10-12", ["Mo-Fr 09:00-17:00", "Su 10:00-12:00"]),
    ],
)
def test_hours_as_people_type_them(typed: str, meant: list[str]) -> None:
    """They are then said in the reader's words, and known to be open or not."""
    assert read(typed) == parse(meant)


@pytest.mark.parametrize(
    "typed",
    [
        "after hours", "24/7 except Sundays", "9am to 5pm", "Mon-Fri 9-5", "Mon-Fri 9-17 and by appointment",
        "13am-14pm", "Mon-Fri 9-25", "S 9-17", "Mon-Tue-Wed 9-17", "weekdays 9-17; weekends 24/7", "Mon 9-9",
        "Mon 24-25", "",
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_not_guessed(typed: str) -> None:
    """It is printed as it was typed: which five o'clock, which days?"""
    assert read(typed) is None


def test_hours_are_equal_by_what_was_written() -> None:
    """So that a fingerprint changes with the words."""
    assert Hours(parse(["24/7"]).ranges) == ALWAYS
