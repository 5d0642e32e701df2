"""A part that is wrong costs that part at a start, as long as every reply stays true and shows a way to help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder import config
from responder.config import Config, ConfigError
from tests.configs import lines_of, no_calendars

FILE = """\
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB-ENG"

[hours]
monday = "09:00-17:00"
tuesday = "09:00-17:00"
wednesday = "09:00-17:00"
thursday = "09:00-17:00"
friday = "09:00-17:00"

[[closure]]
from = 2026-12-24
until = 2027-01-04

[[opening]]
date = 2026-12-05
hours = "10:00-14:00"

[reply]
style = "ordinary"

[[contact_form]]
from = "wordpress@harbour.example"

[[mailbox]]
address = "one@harbour.example"
provider = "fastmail"
password = { credential = "one" }

[[mailbox]]
address = "two@harbour.example"
provider = "fastmail"
password = { credential = "two" }
"""
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


def started(path: Path, *changes: tuple[str, str]) -> Config:
    """The configuration as a start takes it, after some changes; a reload of the same refuses it."""
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        config.load(path, no_calendars)
    return config.load(path, no_calendars, salvage=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file lies."""
    return tmp_path / "config.toml"


def evenings(made: Config) -> str:
    """A letter for each day from Monday on: whether it counts as open at 23:00."""
    at = MONDAY + timedelta(hours=23)
    return "".join("O" if made.schedule.is_open(at + timedelta(days=day)) else "." for day in range(7))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        pytest.param('monday = "09:00-17:00"', 'monday = "9-5"', "O......", id="a day's hours"),
        pytest.param('monday = "09:00-17:00"', "monday = 9", "O......", id="a number for hours"),
        pytest.param('friday = "09:00-17:00"', 'friday = "20:00-10:00"', "....O..", id="start and end exchanged"),
        pytest.param("wednesday =", "wensday =", "..O....", id="a day's name"),
        pytest.param("monday =", "usual =", "O....OO", id="a name that may mean any day that is not there"),
        pytest.param("monday =", "mon-fri =", "O......", id="several days at once"),
        pytest.param("monday =", "weekend =", ".....OO", id="other days"),
        pytest.param("[hours]", "[hourz]", "OOOOOOO", id="the table's name"),
        pytest.param("[hours]", "[[hours]]", "OOOOOOO", id="the table's brackets"),
        pytest.param("from = 2026-12-24", 'from = "Christmas"', ".......", id="a closure"),
        pytest.param("until =", "untill =", ".......", id="a closure's key"),
        pytest.param("2027-01-04", "2025-01-04", ".......", id="a closure that ends before it begins"),
        pytest.param("[[closure]]", "[[closures]]", ".......", id="the name of a closure's table"),
        pytest.param('"10:00-14:00"', '"ten to two"', ".....O.", id="an opening's hours"),
        pytest.param("date = 2026-12-05", "dat = 2026-12-05", ".....O.", id="the key of an opening's day"),
        pytest.param("[[opening]]", "[[0pening]]", ".....O.", id="the name of an opening's table"),
        pytest.param("[reply]", "[MAILBOX.hours]\nmonday = 1\n[reply]", "OOOOOOO", id="hours of nobody knows whom"),
        pytest.param("date = 2026-12-05", 'date = "5 Dec"', ".......", id="an opening's day"),
        pytest.param("[reply]", '[holidays]\npublic = "yes"\n[reply]', ".......", id="holidays"),
        pytest.param("[reply]", '[holidays]\ncalendars = ["https://x.example/a"]\n[reply]', ".......", id="calendars"),
    ],
)
def test_hours_that_are_not_known_lead_to_no_reply(path: Path, old: str, new: str, shown: str) -> None:
    """What cannot be read counts as open, and no reply says when it opens; the rest of the week is as it is written."""
    made = started(path, (old, new))
    assert evenings(made) == shown
    period = made.schedule.closed_period(datetime(2026, 12, 28, 23, tzinfo=UTC))
    assert period is None or not period.say_until
    assert made.faults


def test_a_day_that_is_written_as_closed_is_closed(path: Path) -> None:
    """The word is not how it is written, but nobody can take it for anything else."""
    made = started(path, ('monday = "09:00-17:00"', 'monday = "closed"'))
    assert not made.schedule.is_open(MONDAY + timedelta(hours=12))
    assert made.schedule.is_certain


def test_a_night_ends_where_a_day_begins_that_is_not_known(path: Path) -> None:
    """Both cannot hold the same hours."""
    made = started(path, ('tuesday = "09:00-17:00"', "tuesday = 9"), ('"09:00-17:00"', '"20:00-04:00"'))
    assert evenings(made) == "OO....."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('style = "ordinary"', 'style = "secret"', id="the style"),
        pytest.param('style = "ordinary"', 'stile = "discreet"', id="its key"),
        pytest.param("[reply]", "[replies]", id="its table"),
        pytest.param("[reply]", "[[reply]]", id="the table's brackets"),
        pytest.param("[hours]", 'style = "discreet"\n[hours]', id="in another table"),
        pytest.param("[reply]", '[mailbx.reply]\nstyle = "discreet"\n[reply]', id="in a table of nobody knows whom"),
    ],
)
def test_a_style_that_is_not_known_is_discreet(path: Path, old: str, new: str) -> None:
    """It tells a reader over somebody's shoulder nothing."""
    assert {box.reply.style for box in started(path, (old, new)).mailboxes} == {"discreet"}


@pytest.mark.parametrize("lines", ['style = "discreet"', 'reply = "discreet"', 'reply = { stile = "discreet" }'])
def test_a_mailboxs_style_that_is_not_known_is_discreet(path: Path, lines: str) -> None:
    """Only that mailbox's."""
    made = started(path, ('provider = "fastmail"', f'provider = "fastmail"\n{lines}'))
    assert [box.reply.style for box in made.mailboxes] == ["discreet", "ordinary"]


@pytest.mark.parametrize(
    "lines",
    [
        'aliases = ["no address"]',
        'aliases = ["two@harbour.example"]',
        'note = "mine"',
        'rules_off = ["no-rule"]',
        'authserv_id = "two words"',
        'never_domains = ["two words"]',
        "hours = 1",
        'closure = [{ from = "never" }]',
    ],
)
def test_what_a_mailbox_can_do_without(path: Path, lines: str) -> None:
    """It answers all the same."""
    made = started(path, ('provider = "fastmail"', f'provider = "fastmail"\n{lines}'))
    assert [box.name for box in made.mailboxes] == ["one@harbour.example", "two@harbour.example"]
    assert made.faults


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('address = "one@', 'adress = "one@'),
        ('"one@harbour.example"', '"one"'),
        ('provider = "fastmail"', 'provider = "outlook"'),
        ('provider = "fastmail"', 'provider = "fastmail"\nfolder = "Sent"'),
        ('provider = "fastmail"', 'provider = "fastmail"\nfoldr = "Praxis"'),
        ('provider = "fastmail"', 'provider = "fastmail"\nca_file = "none.pem"'),
        ('provider = "fastmail"', 'imap = { host = "imap.harbour.example", tls = "none" }'),
        ('{ credential = "one" }', '"open sesame"'),
    ],
)
def test_what_a_mailbox_cannot_do_without_costs_that_mailbox(path: Path, old: str, new: str) -> None:
    """The other one answers."""
    assert [box.name for box in started(path, (old, new)).mailboxes] == ["two@harbour.example"]


def test_an_address_that_is_listed_twice_is_the_first_mailboxs(path: Path) -> None:
    """An alias gives way to an address, wherever it stands."""
    made = started(path, ("two@harbour", "one@harbour"))
    assert len(made.mailboxes) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[reply]", "[rates]\nper_sender = 0\n[reply]"),
        ("[reply]", '[[crisis.line]]\nname = "No number"\nfor = "anyone"\nhour = "24/7"\n[reply]'),
        ("[reply]", '[crisis]\ncompared_on = "today"\nlines = []\n[reply]'),
        ("[reply]", "[[crisis]]\n[reply]"),
        ("[reply]", "[unheard]\nof = 1\n[reply]"),
        ("[reply]", "[reply]\nmax_age = 24"),
        ("[practice]", "[practice]\nlanguages = 1"),
        ("[practice]", '[practice]\nlanguages = ["english"]'),
        ("Harbour Counselling", "Harbour {{ help }}"),
        ("Harbour Counselling", "Harbour\\nBcc: somebody"),
        ("wordpress@harbour.example", "wordpress"),
        ("[[contact_form]]", "[contact_form]"),
    ],
)
def test_what_decides_nothing_costs_itself(path: Path, old: str, new: str) -> None:
    """Both mailboxes answer, with a way to help, and at the same hours."""
    made = started(path, (old, new))
    assert len(made.mailboxes) == 2
    assert made.schedule.is_certain
    assert all(lines_of(box) for box in made.mailboxes)
    assert made.faults


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Europe/London", "Europe/Lundon", id="the clock"),
        pytest.param("GB-ENG", "GB-XX", id="the region"),
        pytest.param("[practice]", "[praxis]", id="the practice"),
        pytest.param(
            "[[closure]]\nfrom = 2026-12-24\nuntil = 2027-01-04\n", "[[hours]]\n", id="never known to be closed"
        ),
        pytest.param("[[mailbox]]", "[[mailbox", id="not TOML"),
    ],
)
def test_a_file_from_which_no_true_reply_can_be_made_is_refused(path: Path, old: str, new: str) -> None:
    """Its problems are told as they are for a reload."""
    hours = ("[hours]\n", "") if new.startswith("[[hours]]") else ("[hours]", "[hours]")
    with pytest.raises(ConfigError) as refused:
        started(path, hours, (old, new))
    assert refused.value.codes


def test_a_sound_file_has_no_faults(path: Path) -> None:
    """And means the same at a start as at a reload."""
    path.write_text(FILE, encoding="utf-8")
    made = config.load(path, no_calendars, salvage=True)
    assert made == config.load(path, no_calendars)
    assert made.faults == ()
