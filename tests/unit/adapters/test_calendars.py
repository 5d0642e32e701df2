"""Holidays and calendars in a configuration: added, read again when they change, kept when one breaks."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from responder.adapters.calendars import Calendars, keeper
from responder.adapters.calendars.keeper import public_holidays
from responder.adapters.secrets import Login
from responder.config import Config, ConfigError, load, pipeline_of
from responder.daemon.daemon import Daemon

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HOURS = "\n".join(f'{day} = "09:00-17:00"' for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))


class Place:
    """A directory with a configuration and a calendar in it."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / "config.toml"
        self.calendar = directory / "team.ics"

    def write(self, holidays: str, *, region: str = "GB-ENG", zone: str = "Europe/London", more: str = "") -> None:
        """Write the configuration."""
        self.config.write_text(
            f'[practice]\ntime_zone = "{zone}"\nregion = "{region}"\n[hours]\n{HOURS}\n[holidays]\n{holidays}\n'
            '[[mailbox]]\naddress = "hello@harbour.example"\nprovider = "fastmail"\n'
            f'password = {{ credential = "hello" }}\nauthserv_id = "mx.harbour.example"\n{more}'
        )

    def save(self, day: str, title: str = "Training") -> None:
        """Save the calendar with one all-day event."""
        self.save_bytes(
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1@harbour.example\n"
            f"DTSTART;VALUE=DATE:{day.replace('-', '')}\nSUMMARY:{title}\nEND:VEVENT\nEND:VCALENDAR\n".encode()
        )

    def save_bytes(self, content: bytes) -> None:
        """Save the calendar."""
        self.calendar.write_bytes(content)

    def complete(self, calendars: Calendars, now: datetime = NOW) -> Config:
        """The configuration with all that it asks for."""
        return load(self.config, calendars.at(now))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A configuration that names a calendar, which is there."""
    made = Place(tmp_path)
    made.write('calendars = ["team.ics"]')
    made.save("2026-11-24")
    return made


def noon(day: str) -> datetime:
    """Twelve o'clock in UTC."""
    return datetime.fromisoformat(f"{day}T12:00+00:00")


# What they add


def test_events_close(place: Place) -> None:
    """The practice is closed on the day of the event, and says why."""
    schedule = place.complete(Calendars()).schedule
    assert [schedule.is_open(noon(day)) for day in ("2026-11-24", "2026-11-25")] == [False, True]
    assert schedule.why(noon("2026-11-24")) == "closed: Training, in team.ics"


def test_holidays_close_on_the_day_they_are_observed(place: Place) -> None:
    """Boxing Day 2026 is a Saturday in England; the Monday after it is the bank holiday."""
    place.write("public = true")
    schedule = place.complete(Calendars()).schedule
    assert schedule.why(noon("2026-12-28")) == "closed: Boxing Day (observed), a public holiday"
    assert schedule.is_open(noon("2026-12-29"))


def test_nothing_asked_nothing_added(place: Place) -> None:
    """The configuration is the one that was loaded, and neither library was imported for it."""
    place.write("public = false")
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC;"
        "from responder.config import load; from responder.adapters.calendars import Calendars;"
        "load(Path(sys.argv[1]), Calendars().at(datetime.now(UTC)));"
        "print(sorted({'holidays', 'icalendar', 'recurring_ical_events', 'dateutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, place.config], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_mailbox_with_its_own_hours_has_them_too(place: Place) -> None:
    """Own hours, and the same closed days; mailboxes without go on sharing the practice's schedule."""
    second = '[[mailbox]]\naddress = "groups@harbour.example"\nprovider = "fastmail"\npassword = { env = "X" }\n'
    place.write('calendars = ["team.ics"]', more='[mailbox.hours]\ntuesday = "10:00-16:00"\n' + second)
    config = place.complete(Calendars())
    own, shared = config.mailboxes
    assert shared.schedule is config.schedule is pipeline_of(config, shared).schedule
    assert pipeline_of(config, own).schedule is own.schedule
    assert not own.schedule.is_open(noon("2026-11-24"))
    assert own.schedule.is_open(noon("2026-12-01"))
    assert not own.schedule.is_open(noon("2026-11-25"))


def test_years_that_are_worked_out_move_with_the_present(place: Place) -> None:
    """Two years ahead, and not three; a year later, with the same file, there they are."""
    place.write('public = true\ncalendars = ["team.ics"]')
    place.save("2029-07-24")
    calendars = Calendars()
    assert place.complete(calendars).schedule.is_open(noon("2029-07-24"))
    assert place.complete(calendars).schedule.is_open(noon("2029-12-25"))
    later = place.complete(calendars, NOW + timedelta(days=365)).schedule
    assert not later.is_open(noon("2029-07-24"))
    assert not later.is_open(noon("2029-12-25"))


def test_old_holidays_are_known_to_the_back_test(place: Place) -> None:
    """Mail of some Christmas years ago came in while it was closed."""
    place.write("public = true")
    assert not place.complete(Calendars()).schedule.is_open(noon("2020-12-25"))


def test_an_opening_on_a_holiday_is_no_slip(place: Place) -> None:
    """It stands beside no other hours of that day, so nothing is to be warned of."""
    place.write("public = true", more='[[opening]]\ndate = 2026-12-25\nhours = "10:00-12:00"\n')
    config = place.complete(Calendars())
    assert config.schedule.is_open(datetime(2026, 12, 25, 10, 30, tzinfo=UTC))
    assert not any("opening" in warning for warning in config.warnings)


def test_another_zone_moves_the_days(place: Place) -> None:
    """The same calendar, unchanged, in a practice that moved to Auckland."""
    calendars = Calendars()
    place.complete(calendars)
    place.write('calendars = ["team.ics"]', region="NZ-AUK", zone="Pacific/Auckland")
    schedule = place.complete(calendars).schedule
    assert schedule.why(datetime(2026, 11, 23, 20, 30, tzinfo=UTC)) == "closed: Training, in team.ics"


@pytest.mark.parametrize(("holidays", "asked"), [("public = true", 1), ("public = false", 0)])
async def test_the_daemon_works_them_out_anew_each_day(place: Place, holidays: str, asked: int) -> None:
    """Where there are some: it reads the file again, and with it the years that have come."""
    place.write(holidays)
    reloads: list[str] = []
    daemon = Daemon(
        load(place.config, Calendars().at(NOW)),
        reload=lambda: load(place.config, Calendars().at(NOW)),
        state_directory=place.config.parent,
        login_of=lambda box: Login(box.username, "invented"),
        environ={},
        show_addresses=False,
    )
    daemon.reload = lambda: reloads.append("asked")  # type: ignore[method-assign]  # the reload has tests of its own
    daemon._once_a_day()
    assert len(reloads) == asked


def test_another_zone_with_the_same_new_year_moves_the_days(place: Place) -> None:
    """London and Reykjavik share midnight in January, but not in July."""
    calendars = Calendars()
    place.save("2026-07-15")
    ends = []
    for zone in ("Europe/London", "Atlantic/Reykjavik"):
        place.write('calendars = ["team.ics"]', zone=zone)
        (event,) = place.complete(calendars).schedule.events
        ends.append((event.start.hour, event.start.day))
    assert ends == [(23, 14), (0, 15)]


# When a calendar changes, and when it breaks


def test_a_calendar_is_read_again(place: Place) -> None:
    """Saved with another day, it closes on that day instead."""
    calendars = Calendars()
    place.complete(calendars)
    place.save("2026-11-25")
    schedule = place.complete(calendars).schedule
    assert [schedule.is_open(noon(day)) for day in ("2026-11-24", "2026-11-25")] == [True, False]


BROKEN = {"half written": b"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEV", "empty": b"", "too long": b"x" * 2000}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_one_that_breaks_counts_as_it_last_was_good(
    place: Place, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told with its name, however often it is looked at, and nothing changes until it is mended."""
    monkeypatch.setattr(keeper, "MAX_OCTETS", 1000)
    calendars = Calendars()
    place.complete(calendars)
    place.save_bytes(content)
    for _ in range(2):
        config = place.complete(calendars)
        assert not config.schedule.is_open(noon("2026-11-24"))
        (fault,) = config.faults
        assert fault.code == "bad-calendar"
        assert fault.startswith(f"{place.config}:11:14: holidays.calendars: {place.calendar}: it is ")
        assert fault.endswith(". Until then it counts as it last was good.")
    place.save("2026-11-25")
    assert place.complete(calendars).schedule.is_open(noon("2026-11-24"))
    assert place.complete(calendars).faults == ()


def test_one_that_is_gone_counts_as_it_last_was_good(place: Place) -> None:
    """A program that removes the file before it writes it anew does no harm; next year it still counts."""
    calendars = Calendars()
    place.save("2029-07-24")
    place.complete(calendars)
    place.calendar.unlink()
    config = place.complete(calendars, NOW + timedelta(days=365))
    assert not config.schedule.is_open(noon("2029-07-24"))
    assert "No such file or directory" in config.faults[0]


def test_at_the_first_start_a_broken_one_is_a_mistake_in_the_file(place: Place) -> None:
    """There is nothing good to go by: the place in the configuration and the line in the calendar are told."""
    place.save_bytes(b"BEGIN:VCALENDAR\nwhat is this\nEND:VCALENDAR\n")
    calendars = Calendars()
    with pytest.raises(ConfigError) as refused:
        place.complete(calendars)
    (problem,) = refused.value.problems
    where = f"{place.config}:11:14: holidays.calendars: {place.calendar}:2: "
    assert problem == f"{where}it cannot be read as one calendar. Export it again."
    place.save("2026-11-24")
    assert not place.complete(calendars).schedule.is_open(noon("2026-11-24"))


def test_every_broken_calendar_is_told(place: Place) -> None:
    """All at once."""
    place.write('calendars = ["a.ics", "team.ics", "b.ics"]')
    with pytest.raises(ConfigError) as refused:
        place.complete(Calendars())
    assert [problem.split(": ")[2].rpartition("/")[2] for problem in refused.value.problems] == ["a.ics", "b.ics"]


def test_a_refused_configuration_changes_nothing(place: Place) -> None:
    """The good copies are still there for the configuration that stays."""
    calendars = Calendars()
    place.complete(calendars)
    place.write('calendars = ["team.ics", "missing.ics"]')
    with pytest.raises(ConfigError):
        place.complete(calendars)
    place.write('calendars = ["team.ics"]')
    place.save_bytes(b"")
    assert not place.complete(calendars).schedule.is_open(noon("2026-11-24"))


def test_a_calendar_that_is_no_longer_named_is_forgotten(place: Place) -> None:
    """Named again later, it has to be sound."""
    calendars = Calendars()
    place.complete(calendars)
    place.write("calendars = []")
    place.complete(calendars)
    place.save_bytes(b"")
    place.write('calendars = ["team.ics"]')
    with pytest.raises(ConfigError):
        place.complete(calendars)


def test_an_unchanged_calendar_is_worked_out_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload for another reason costs a read of the file, and no more."""
    calendars = Calendars()
    before = place.complete(calendars).schedule
    monkeypatch.setattr(keeper, "read", None)
    assert place.complete(calendars).schedule == before


# Over a restart


def started(place: Place, directory: Path) -> Config:
    """The configuration as a new process takes it at its start."""
    return load(place.config, Calendars(directory, writes=True).at(NOW), salvage=True)


HTML = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"


@pytest.mark.parametrize("content", [b"", HTML, None], ids=["empty", "error page", "gone"])
def test_one_that_is_broken_at_a_start_counts_as_it_last_was_good(
    place: Place, tmp_path: Path, content: bytes | None
) -> None:
    """What it took is on disk, for its owner only, and nobody's name in it."""
    assert not started(place, tmp_path / "kept").faults
    (copy,) = (tmp_path / "kept").iterdir()
    assert copy.stat().st_mode & 0o077 == 0
    assert b"Training" not in copy.read_bytes()
    place.calendar.unlink()
    if content is not None:
        place.save_bytes(content)
    config = started(place, tmp_path / "kept")
    assert not config.schedule.is_open(noon("2026-11-24"))
    assert [fault.code for fault in config.faults] == ["bad-calendar"]
    assert config.schedule.is_certain


@pytest.mark.parametrize("copy", [None, b"[", b"[[1, 2]]", b'[["2026-11-24", "2026-11-23"]]', b'{"a": 1}', b"null"])
def test_without_a_good_copy_it_starts_and_tells_no_opening(place: Place, tmp_path: Path, copy: bytes | None) -> None:
    """Nobody knows on which days it is closed, and so a reply says none."""
    place.save_bytes(HTML)
    if copy is not None:
        started(place, tmp_path / "kept")
        place.save("2026-11-24")
        started(place, tmp_path / "kept")
        place.save_bytes(HTML)
        next((tmp_path / "kept").iterdir()).write_bytes(copy)
    config = started(place, tmp_path / "kept")
    assert [fault.code for fault in config.faults] == ["bad-calendar"]
    assert not config.schedule.is_certain
    period = config.schedule.closed_period(noon("2026-11-28"))
    assert period is not None
    assert not period.say_until


def test_a_copy_is_forgotten_with_its_calendar(place: Place, tmp_path: Path) -> None:
    """And one that cannot be written costs nothing else."""
    started(place, tmp_path / "kept")
    place.write("calendars = []")
    started(place, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
    place.write('calendars = ["team.ics"]')
    (tmp_path / "file").write_text("")
    assert not started(place, tmp_path / "file").schedule.is_open(noon("2026-11-24"))


# Public holidays

BY_HAND = {
    # Bank Holidays (gov.uk): a day on a weekend moves to the next weekday that is none
    ("GB-ENG", 2027): "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    ("GB-SCT", 2027): "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28",
    ("GB-NIR", 2027): "01-01 03-17 03-26 03-29 05-03 05-31 07-12 08-30 12-27 12-28",
    # Federal holidays (5 U.S.C. 6103): Saturday to the Friday before, Sunday to the Monday after
    ("US", 2027): "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    # Organisation of Working Time Act 1997: no day moves; Christmas and St Stephen's Day are on a weekend
    ("IE", 2027): "01-01 02-01 03-17 03-29 05-03 06-07 08-02 10-25",
    # Holidays Act 2003: to the Monday, and to the Tuesday behind one that moved; Matariki by its own act
    ("NZ-AUK", 2027): "01-01 01-04 02-01 02-08 03-26 03-29 04-26 06-07 06-25 10-25 12-27 12-28",
    # Public Holidays Act 1993 (Victoria): ANZAC Day stays on its Saturday, Boxing Day has a Monday beside it
    ("AU-VIC", 2026): "01-01 01-26 03-09 04-03 04-06 06-08 09-25 11-03 12-25 12-28",
    # Act respecting labour standards (Quebec), with the National Holiday of 24 June
    ("CA-QC", 2026): "01-01 04-03 05-18 06-24 07-01 09-07 10-12 12-25",
}


@pytest.mark.parametrize(("region", "year"), BY_HAND)
def test_weekdays_that_are_public_holidays(region: str, year: int) -> None:
    """Those that a week from Monday to Friday loses, worked out by the country's own rule."""
    found, _ = public_holidays(region, [year])
    weekdays = [f"{day:%m-%d}" for day in found if day.weekday() < 5]
    assert weekdays == BY_HAND[region, year].split()


AS_A_WHOLE = (
    "holidays.public: practice.region is GB as a whole, so only the public holidays that all of it has count. "
    "Write the part as well, such as GB-ENG"
)
NO_LIST = (
    "holidays.public: no list of its own is known for IE-D, so only the public holidays of all of IE count. "
    "List those that are missing as [[closure]]"
)


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("GB-ENG", ()),
        ("IE", ()),
        ("US-NY", ()),
        ("GB", (AS_A_WHOLE,)),
        ("IE-D", (NO_LIST,)),
        ("XX", ("holidays.public: no list of public holidays is known for XX. List them as [[closure]]",)),
    ],
)
def test_what_a_region_has_no_list_for_is_told(region: str, said: tuple[str, ...]) -> None:
    """With what counts instead."""
    assert public_holidays(region, [2026])[1] == said


def test_a_bare_country_has_what_all_of_it_has() -> None:
    """Easter Monday is none in Scotland, so it is none of the whole kingdom."""
    found, _ = public_holidays("GB", [2026])
    assert date(2026, 4, 3) in found
    assert date(2026, 4, 6) not in found


def test_what_is_said_of_a_region_is_a_warning(place: Place) -> None:
    """Where the owner sees it: at start, on reload, in check."""
    place.write("public = true", region="GB")
    assert any(warning.startswith("holidays.public: ") for warning in place.complete(Calendars()).warnings)
