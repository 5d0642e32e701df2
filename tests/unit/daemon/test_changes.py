"""What an edit changed is said in words, without an address and without anything private."""

from __future__ import annotations

from pathlib import Path

import pytest

from responder import config
from responder.adapters.calendars import Calendars
from responder.daemon.changes import differences
from tests.unit.config.test_config_problems import BASE, SECOND

WHOLE = (
    BASE
    + """
[[closure]]
from = 2026-12-24T12:00:00
until = 2027-01-04T09:00:00
note = "surgery"
[[opening]]
date = 2026-12-05
hours = "10:00-14:00"
"""
)


def loaded(directory: Path, text: str, name: str = "config.toml") -> config.Config:
    """The configuration in this text, with its holidays and calendars."""
    from datetime import UTC, datetime

    path = directory / name
    path.write_text(text, encoding="utf-8")
    return config.load(path, Calendars().at(datetime(2026, 11, 23, tzinfo=UTC)))


def said(directory: Path, old: str, new: str) -> tuple[str, ...]:
    """The phrases for an edit."""
    return differences(loaded(directory, old), loaded(directory, new))


@pytest.mark.parametrize(
    ("old", "new", "phrases"),
    [
        ('monday = "09:00-17:00"', 'monday = "12:00-20:00"', ["Monday 12:00-20:00, was 09:00-17:00"]),
        ('monday = "09:00-17:00"', "", ["Monday closed, was 09:00-17:00"]),
        ("[hours]\n", '[hours]\nsunday = "10:00-11:00"\n', ["Sunday 10:00-11:00, was closed"]),
        ('"Harbour Counselling"', '"Haven"', ["the name that signs the replies"]),
        ("Europe/London", "Europe/Dublin", ["time zone Europe/Dublin, was Europe/London"]),
        ('note = "surgery"', 'note = "winter"', [
            "closure from Thursday 24 December 2026 12:00 until Monday 4 January 2027 09:00: taken out",
            "closure from Thursday 24 December 2026 12:00 until Monday 4 January 2027 09:00: added",
        ]),
        ("until = 2027-01-04T09:00:00", "say_until = false", [
            "closure from Thursday 24 December 2026 12:00 until Monday 4 January 2027 09:00: taken out",
            "closure from Thursday 24 December 2026 12:00 until further notice, its end not said: added",
        ]),
        ('"10:00-14:00"', '"10:00-15:00"', [
            "opening on Saturday 5 December 2026 10:00-14:00: taken out",
            "opening on Saturday 5 December 2026 10:00-15:00: added",
        ]),
        ("[hours]", '[reply]\nstyle = "discreet"\nmax_age = "90m"\n[hours]', [
            "max_age 1.5h, was 24h", "style discreet, was ordinary",
        ]),
        ("[hours]", "[crisis]\ncompared_on = 2026-11-20\n[hours]", ["crisis lines compared on 2026-11-20, was no day"]),
        ("[hours]", '[crisis]\nlines = ["gb-samaritans"]\n[hours]', ["the crisis lines of the reply"]),
        ("[[mailbox]]", SECOND + "[[mailbox]]", ["mailbox 1: added", "mailbox 2: was number 1"]),
        ('"fastmail"', '"migadu"', ["mailbox 1: its servers or its login"]),
        ('"fastmail"', '"fastmail"\naliases = ["x@harbour.example"]', ["mailbox 1: its addresses or its rules"]),
        ('"fastmail"', '"fastmail"\nfolder = "Post"', ["mailbox 1: taken out", "mailbox 1: added"]),
        ("# nothing", "# something", []),
    ],
)  # fmt: skip
def test_an_edit_in_words(tmp_path: Path, old: str, new: str, phrases: list[str]) -> None:
    """Each difference is one phrase; a comment is none."""
    text = f"# nothing\n{WHOLE}"
    assert old in text
    assert list(said(tmp_path, text, text.replace(old, new, 1))) == phrases


def test_template_holidays_and_calendars(tmp_path: Path) -> None:
    """A template that changed, holidays by their number, events without their names."""
    (tmp_path / "own.txt").write_text("Nobody is here.\n{{ help }}\n")
    with_template = BASE + '[reply]\ntemplate = "own.txt"\n'
    assert said(tmp_path, BASE, with_template) == ("the reply's own words",)
    [holidays] = said(tmp_path, BASE, BASE + "[holidays]\npublic = true\n")
    assert holidays.startswith("public holidays: ")
    assert holidays.endswith(", were 0")
    assert said(
        tmp_path, BASE + "[holidays]\npublic = true\n", BASE.replace('"GB"', '"GB-SCT"') + "[holidays]\npublic = true\n"
    )[0] == ("region GB-SCT, was GB")
    event = (
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261125T100000Z\r\n"
        "DTEND:20261125T110000Z\r\nSUMMARY:{}\r\nEND:VEVENT\r\n"
    )
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"
    with_calendar = BASE + '[holidays]\ncalendars = ["team.ics"]\n'
    (tmp_path / "team.ics").write_text(calendar.format(event.format("secret surgery")), newline="")
    before = loaded(tmp_path, with_calendar)
    assert differences(loaded(tmp_path, BASE), before) == ("events of calendars: 1, were 0",)
    (tmp_path / "team.ics").write_text(calendar.format(event.format("other surgery")), newline="")
    assert differences(before, loaded(tmp_path, with_calendar)) == ("events of calendars: other ones, still 1",)


def test_hours_of_one_mailbox(tmp_path: Path) -> None:
    """Its own hours are said with its number; what it shares with the practice is said once."""
    own = BASE + '[mailbox.hours]\nmonday = "10:00-12:00"\n'
    assert said(tmp_path, BASE, own) == ("mailbox 1: Monday 10:00-12:00, was 09:00-17:00",)
    assert said(tmp_path, own, own.replace("10:00-12:00", "10:00-13:00")) == (
        "mailbox 1: Monday 10:00-13:00, was 10:00-12:00",
    )
    assert said(tmp_path, BASE, BASE.replace("09:00", "10:00")) == ("Monday 10:00-17:00, was 09:00-17:00",)


def test_words_of_one_mailbox_are_its_own_news(tmp_path: Path) -> None:
    """What is the same for all is said once, what is not with the mailbox's number."""
    text = f"{BASE}{SECOND}"
    assert said(tmp_path, text, f'{text}[mailbox.reply]\nstyle = "discreet"\n') == (
        "mailbox 2: style discreet, was ordinary",
    )
    assert said(tmp_path, text, text.replace("[[mailbox]]", "[reply]\nhtml = true\n[[mailbox]]", 1)) == (
        "html on, was off",
    )
