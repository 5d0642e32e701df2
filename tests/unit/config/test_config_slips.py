"""What people mistype in hours, days and zones: each slip has its place, reason and cure, and a row on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.configs import load
from tests.unit.config.test_config_example import PAGE
from tests.unit.config.test_config_problems import BASE, MARK, edited, place_of, problems_of

HOURS = '"09:00-17:00"'
ZONE = '"Europe/London"'
MAILBOX = "[[mailbox]]"

SLIPS: dict[str, tuple[str, str, str]] = {
    "hours without minutes": (HOURS, '▸"9-17"', 'hours.monday: "9-17" is not understood; write "09:00-17:00".'),
    "nine to five": (HOURS, '▸"9-5"', 'hours.monday: "9-5" is not understood; write "09:00-17:00".'),
    "am and pm": (HOURS, '▸"9am-5pm"', 'hours.monday: "9am-5pm" is not understood; write "09:00-17:00".'),
    "points": (HOURS, '▸"09.00-17.00"', 'hours.monday: "09.00-17.00" is not understood; write "09:00-17:00".'),
    "a long dash": (
        HOURS,
        '▸"09:00\u201317:00"',
        'hours.monday: "09:00\u201317:00" is not understood; write "09:00-17:00".',
    ),
    "an hour that is none": (
        HOURS,
        '▸"25:00-26:00"',
        'hours.monday: there is no 25:00 in a day; write times from 00:00 to 24:00, like "09:00-17:00".',
    ),
    "a minute that is none": (
        HOURS,
        '▸"09:60-17:00"',
        'hours.monday: there is no 09:60 in a day; write times from 00:00 to 24:00, like "09:00-17:00".',
    ),
    "only a start": (HOURS, '▸"09:00"', 'hours.monday: "09:00" is not understood; write hours like "09:00-17:00".'),
    "start and end exchanged": (
        HOURS,
        '▸"17:00-09:00"',
        (
            'hours.monday: "17:00-09:00" goes on past midnight, for 16 hours; write "09:00-17:00" if that is meant, '
            'else "17:00-24:00" here and "00:00-09:00" on the day after.'
        ),
    ),
    "an afternoon's five": (
        HOURS,
        '▸"09:00-05:00"',
        (
            'hours.monday: "09:00-05:00" goes on past midnight, for 20 hours; write "09:00-17:00" if that is meant, '
            'else "09:00-24:00" here and "00:00-05:00" on the day after.'
        ),
    ),
    "no length": (
        HOURS,
        '▸"09:00-09:00"',
        'hours.monday: "09:00-09:00" is empty; write "00:00-24:00" for a whole day, or leave it out.',
    ),
    "hours that overlap": (
        HOURS,
        '▸"09:00-13:00, 12:00-17:00"',
        "hours.monday: 09:00-13:00 and 12:00-17:00 overlap; write them as one, or shorten one.",
    ),
    "a night into the next morning": (
        f"monday = {HOURS}",
        'monday = ▸"22:00-08:00"\ntuesday = "07:00-12:00"',
        ("hours.monday: Monday's 22:00-08:00 overlaps Tuesday's 07:00-12:00 on the day after; shorten one of them."),
    ),
    "no comma": (
        HOURS,
        '▸"09:00-12:00 and 13:00-17:00"',
        (
            'hours.monday: "09:00-12:00 and 13:00-17:00" is not understood; '
            'write a comma between them: "09:00-12:00, 13:00-17:00".'
        ),
    ),
    "a semicolon": (
        HOURS,
        '▸"09:00-12:00; 13:00-17:00"',
        (
            'hours.monday: "09:00-12:00; 13:00-17:00" is not understood; '
            'write a comma between them: "09:00-12:00, 13:00-17:00".'
        ),
    ),
    "closed": (
        HOURS,
        '▸"closed"',
        'hours.monday: "closed" are no hours; a day that is closed is left out: put # before its line.',
    ),
    "nothing between the quotes": (
        HOURS,
        '▸""',
        (
            'hours.monday: there are no hours here; write some, like "09:00-17:00", '
            "or leave the day out if it is closed."
        ),
    ),
    "a day spelled wrong": ("monday", "▸wensday", 'hours.wensday: not a day of the week. Did you mean "wednesday"?'),
    "a day cut short": ("monday", "▸mon", 'hours.mon: not a day of the week. Did you mean "monday"?'),
    "a city for a zone": (
        ZONE,
        '▸"London"',
        'practice.time_zone: not a time zone with a place in its name. Did you mean "Europe/London"?',
    ),
    "an abbreviation for a zone": (
        ZONE,
        '▸"EST"',
        (
            "practice.time_zone: an abbreviation has no daylight saving rules. "
            'Write the zone by its place, such as "America/New_York".'
        ),
    ),
    "a difference for a zone": (
        ZONE,
        '▸"UTC+1"',
        (
            "practice.time_zone: not a time zone with a place in its name. "
            'Write continent and city, such as "Europe/London".'
        ),
    ),
    "30 February": (
        MAILBOX,
        f"[[closure]]\nfrom = ▸2026-02-30\n{MAILBOX}",
        "not TOML: invalid date or datetime. There is no day 30 in 2026-02: that month has 28 days.",
    ),
    "29 February of a common year": (
        MAILBOX,
        f'[[opening]]\ndate = ▸2027-02-29\nhours = "10:00-11:00"\n{MAILBOX}',
        "not TOML: invalid date or datetime. There is no day 29 in 2027-02: that month has 28 days.",
    ),
    "the day for the month": (
        MAILBOX,
        f"[[closure]]\nfrom = 2026▸-24-12\n{MAILBOX}",
        (
            "not TOML: expected newline or end of document after a statement. "
            "There is no month 24; a date is written year, month, day, such as 2026-12-24."
        ),
    ),
    "a closure that ends before it starts": (
        MAILBOX,
        f"[[closure]]\nfrom = 2027-01-04\nuntil = ▸2026-12-24\n{MAILBOX}",
        (
            "closure.until: the closure from 2027-01-04 00:00 until 2026-12-24 00:00 does not end after it starts; "
            "correct one of the two."
        ),
    ),
    "smart quotes": (
        HOURS,
        "▸“09:00-17:00”",
        'not TOML: invalid value. There are typographic quotes here; type the plain one: ".',
    ),
    "smart quotes within plain ones": (
        HOURS,
        '▸"“09:00-17:00”"',
        'hours.monday: "“09:00-17:00”" is not understood; write "09:00-17:00".',
    ),
    "a blank that is none": (
        f"monday = {HOURS}",
        f"monday▸\u00a0= {HOURS}",
        (
            "not TOML: expected '=' after a key in a key/value pair. "
            "There is an invisible character here; retype the line."
        ),
    ),
    "two tables of one name": (
        MAILBOX,
        f'▸[hours]\nfriday = "09:00-17:00"\n{MAILBOX}',
        "hours: [hours] appears twice: lines 5 and 7. Put their lines together under one [hours].",
    ),
    "one day twice": (
        f"monday = {HOURS}",
        f'monday = {HOURS}\n▸monday = "10:00-11:00"',
        "hours.monday: appears twice: lines 6 and 7. Keep one of them.",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_told_with_its_line_and_its_cure(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """One slip gives one sentence, at the line and the column where it stands."""
    marked = edited(old, new)
    assert problems_of(tmp_path, marked.replace(MARK, "")) == (f"config.toml:{place_of(marked)}: {sentence}",)


@pytest.mark.parametrize("name", SLIPS)
def test_every_slip_stands_on_the_page(name: str) -> None:
    """Whoever searches the page for a message finds it."""
    assert SLIPS[name][2] in PAGE


@pytest.mark.parametrize(
    "line",
    [
        'monday\t=\t"09:00-17:00"\t# tabs',
        '\tmonday = "09:00-17:00"',
        'monday = "09:00\t-\t17:00"',
        'monday = "  09:00 - 12:00 ,13:00-17:00  "',
        'monday = "9:00-17:00"',
        'monday = "22:00-06:00"',
    ],
)
def test_what_is_no_mistake(tmp_path: Path, line: str) -> None:
    """Tabs and blanks are as good as any, and a night is a night."""
    path = tmp_path / "config.toml"
    path.write_text(BASE.replace(f"monday = {HOURS}", line), encoding="utf-8")
    assert load(path).schedule.weekly[0]
