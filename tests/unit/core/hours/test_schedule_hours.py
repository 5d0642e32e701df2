"""One day's hours as a person writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.core.hours.daily import checked_nights
from responder.core.hours.schedule import DailyInterval, parse_hours


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        pytest.param("09:00-17:00", [(540, 1020)], id="one interval"),
        pytest.param("09:00-12:30, 13:30-17:00", [(540, 750), (810, 1020)], id="a lunch break"),
        pytest.param(["09:00-12:30", "13:30-17:00"], [(540, 750), (810, 1020)], id="a list"),
        pytest.param(
            ["09:00-10:00, 11:00-12:00", "13:30-17:00"], [(540, 600), (660, 720), (810, 1020)], id="a mixed list"
        ),
        pytest.param("13:30-17:00, 09:00-12:30", [(540, 750), (810, 1020)], id="any order"),
        pytest.param("09:00-12:00,12:00-17:00", [(540, 720), (720, 1020)], id="touching"),
        pytest.param("22:00-06:00", [(1320, 1800)], id="past midnight"),
        pytest.param("22:00-00:00", [(1320, 1440)], id="until 00:00"),
        pytest.param("22:00-24:00", [(1320, 1440)], id="until 24:00"),
        pytest.param("00:00-24:00", [(0, 1440)], id="a whole day"),
        pytest.param("00:01-00:00", [(1, 1440)], id="all but a minute"),
        pytest.param("12:00-11:59", [(720, 2159)], id="almost round the clock"),
        pytest.param("22:00-06:00, 05:00-10:00", [(300, 600), (1320, 1800)], id="morning and night of one day"),
        pytest.param("9:00-17:00", [(540, 1020)], id="one digit"),
        pytest.param("\t09:00 -\t17:00 ", [(540, 1020)], id="blanks and tabs"),
        pytest.param("\n09:00-12:00,\n13:00-17:00\n", [(540, 720), (780, 1020)], id="lines"),
    ],
)
def test_read(text: str | list[str], minutes: list[tuple[int, int]]) -> None:
    """Hours are read as minutes after midnight, in the order of the day."""
    assert parse_hours(text) == tuple(DailyInterval(*pair) for pair in minutes)


NOT_THERE = 'in a day; write times from 00:00 to 24:00, like "09:00-17:00"'
NO_HOURS = 'there are no hours here; write some, like "09:00-17:00", or leave the day out if it is closed'
NO_COMMA = "there is a comma without hours beside it; take it out"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9-17", '"9-17" is not understood; write "09:00-17:00"'),
        ("9-5", '"9-5" is not understood; write "09:00-17:00"'),
        ("8.30-5", '"8.30-5" is not understood; write "08:30-17:00"'),
        ("9-12", '"9-12" is not understood; write "09:00-12:00"'),
        ("22-6", '"22-6" is not understood; write "22:00-06:00"'),
        ("9-24", '"9-24" is not understood; write "09:00-24:00"'),
        ("24-6", '"24-6" is not understood; write "24:00-06:00"'),
        ("09.00-17.00", '"09.00-17.00" is not understood; write "09:00-17:00"'),
        ("09:00\u201317:30", '"09:00\u201317:30" is not understood; write "09:00-17:30"'),
        ("9h \u2014 17h30", '"9h \u2014 17h30" is not understood; write "09:00-17:30"'),
        ("9 to 17", '"9 to 17" is not understood; write "09:00-17:00"'),
        ("09:00 -- 17:00", '"09:00 -- 17:00" is not understood; write "09:00-17:00"'),
        ("\u201c09:00-17:00\u201d", '"\u201c09:00-17:00\u201d" is not understood; write "09:00-17:00"'),
        ("09:00\u00a0-\u00a017:00", '"09:00\u00a0-\u00a017:00" is not understood; write "09:00-17:00"'),
        ("\u0660\u0669:00-17:00", '"\u0660\u0669:00-17:00" is not understood; write hours like "09:00-17:00"'),
        ("09:00", '"09:00" is not understood; write hours like "09:00-17:00"'),
        ("9am-5pm", '"9am-5pm" is not understood; write "09:00-17:00"'),
        ("9-5 p.m.", '"9-5 p.m." is not understood; write "09:00-17:00"'),
        ("9.30 AM to 12 PM", '"9.30 AM to 12 PM" is not understood; write "09:30-12:00"'),
        ("12am-1pm", '"12am-1pm" is not understood; write "00:00-13:00"'),
        ("9am-17pm", '"9am-17pm" is not understood; write "09:00-17:00"'),
        ("closed", '"closed" are no hours; a day that is closed is left out: put # before its line'),
        ("Off", '"Off" are no hours; a day that is closed is left out: put # before its line'),
        (
            "09:00-12:30; 13:30-17:00",
            '"09:00-12:30; 13:30-17:00" is not understood; write a comma between them: "09:00-12:30, 13:30-17:00"',
        ),
        (
            "09:00-12:00 and 13:00-17:00",
            '"09:00-12:00 and 13:00-17:00" is not understood; write a comma between them: "09:00-12:00, 13:00-17:00"',
        ),
        (
            "09:00-12:00 13:00-17:00",
            '"09:00-12:00 13:00-17:00" is not understood; write a comma between them: "09:00-12:00, 13:00-17:00"',
        ),
        ("09:00-12:00 x", '"09:00-12:00 x" is not understood; write hours like "09:00-17:00"'),
        ("x" * 60, f'"{"x" * 40}..." is not understood; write hours like "09:00-17:00"'),
        ("25:00-26:00", f"there is no 25:00 {NOT_THERE}"),
        ("09:00-24:01", f"there is no 24:01 {NOT_THERE}"),
        ("09:60-17:00", f"there is no 09:60 {NOT_THERE}"),
        ("24:00-06:00", '"24:00-06:00" starts at 24:00; write it from 00:00 on the day after'),
        ("09:00-09:00", '"09:00-09:00" is empty; write "00:00-24:00" for a whole day, or leave it out'),
        ("00:00-00:00", '"00:00-00:00" is empty; write "00:00-24:00" for a whole day, or leave it out'),
        ("09:00-13:00, 12:59-17:00", "09:00-13:00 and 12:59-17:00 overlap; write them as one, or shorten one"),
        ("09:00-17:00, 10:00-11:00", "09:00-17:00 and 10:00-11:00 overlap; write them as one, or shorten one"),
        ("09:00-17:00, 09:00-17:00", "09:00-17:00 and 09:00-17:00 overlap; write them as one, or shorten one"),
        ("22:00-06:00, 23:00-23:30", "22:00-06:00 and 23:00-23:30 overlap; write them as one, or shorten one"),
        ("", NO_HOURS),
        (" , ", NO_HOURS),
        ([], NO_HOURS),
        ("09:00-12:00,", NO_COMMA),
        (["09:00-12:00", ""], NO_COMMA),
    ],
)
def test_refused(text: str | list[str], message: str) -> None:
    """What is not read is refused with the reason and the cure."""
    with pytest.raises(ValueError, match=r".+") as refused:
        parse_hours(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (-1, 60, "start between 00:00 and 23:59, not at minute -1"),
        (1440, 1500, "start between 00:00 and 23:59, not at minute 1440"),
        (60, 60, "last from one minute to 24 hours, not 0 minutes"),
        (60, 0, "last from one minute to 24 hours, not -60 minutes"),
        (60, 1501, "last from one minute to 24 hours, not 1441 minutes"),
    ],
)
def test_refused_minutes(start: int, end: int, message: str) -> None:
    """An interval lies in its day, or runs from it into the next."""
    with pytest.raises(ValueError, match=message):
        DailyInterval(start, end)


@given(start=st.integers(0, 1439), length=st.integers(1, 1439))
def test_written_hours_are_read_again(start: int, length: int) -> None:
    """An interval's text means that interval."""
    interval = DailyInterval(start, start + length)
    assert parse_hours(str(interval)) == (interval,)


@given(text=st.text(alphabet="0123456789:-., to\u2013\t", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but hours or a ValueError comes out, and hours come out in order."""
    try:
        hours = parse_hours(text)
    except ValueError as refused:
        assert str(refused)  # noqa: PT017 - either outcome is fine
    else:
        assert list(hours) == sorted(hours)


@pytest.mark.parametrize("text", ["22:00-06:00", "20:00-08:00", "12:00-24:00", "00:00-24:00", "09:00-17:00"])
def test_nights_that_may_well_be_meant(text: str) -> None:
    """Up to twelve hours past midnight are a night's work, and a long day is no night."""
    assert checked_nights(parse_hours(text)) == parse_hours(text)


@pytest.mark.parametrize(
    ("text", "meant", "tonight", "tomorrow"),
    [
        ("09:00-05:00", "09:00-17:00", "09:00-24:00", "00:00-05:00"),
        ("08:30-05:15", "08:30-17:15", "08:30-24:00", "00:00-05:15"),
        ("17:30-09:00", "09:00-17:30", "17:30-24:00", "00:00-09:00"),
        ("20:00-12:00", "12:00-20:00", "20:00-24:00", "00:00-12:00"),
    ],
)
def test_nights_that_are_hardly_meant(text: str, meant: str, tonight: str, tomorrow: str) -> None:
    """A very long night is refused, with what was probably meant, and how to write it if the night was."""
    with pytest.raises(ValueError, match="goes on past midnight") as refused:
        checked_nights(parse_hours(text))
    for words in (text, meant, tonight, tomorrow):
        assert f'"{words}"' in str(refused.value)
