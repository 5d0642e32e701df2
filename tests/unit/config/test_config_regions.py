"""Where a practice may be, and what is said to whoever writes the name of a country instead of its code."""

from __future__ import annotations

import re
import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest

from responder.adapters.calendars.keeper import public_holidays
from responder.config.regions import _ZONES_OF_PARTS, _zones_of, clock_doubt, known_parts, region
from responder.core.reply.directory import countries, emergency_of, load


@pytest.mark.parametrize("country", countries())
def test_every_country_of_the_directory_is_taken(country: str) -> None:
    """Wherever there is an emergency number to show, a practice can be."""
    assert region(country) == country
    assert emergency_of(country).phone


@pytest.mark.parametrize("country", countries())
def test_every_part_that_a_line_is_confined_to_is_taken(country: str) -> None:
    """Whoever reads a code in the directory can write it into the file, and so it is with the lists of holidays."""
    for part in known_parts(country):
        assert region(f"{country}-{part}") == f"{country}-{part}"
    for line in load(country):
        assert all(region(code) == code for code in line.subdivisions if "-" in code)


@pytest.mark.parametrize(
    "code", ["DE-BY", "CH-ZH", "AT-9", "ES-CT", "AR-C", "FR-IDF", "BE-VLG", "NL-NH", "CO-ANT", "CZ-20", "IE-D", "US-PR"]
)
def test_parts(code: str) -> None:
    """Parts with holidays of their own are known; where a list is none or names only a few, any part is taken."""
    assert region(code) == code
    assert public_holidays(code, [2026])[0]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("GERMANY", "DE"),
        ("Deutschland", "DE"),
        ("germny", "DE"),
        ("Belgique", "BE"),
        ("belgië", "BE"),
        ("Suisse", "CH"),
        ("Österreich", "AT"),
        ("España", "ES"),
        ("日本", "JP"),
        ("United Kingdom", "GB"),
        ("Great Britain", "GB"),
        ("Éire", "IE"),
        ("Cymru", "GB-WLS"),
        (" england ", "GB-ENG"),
        ("UK", "GB"),
        ("EL", "GR"),
        ("USA", "US"),
        ("Czech Republic", "CZ"),
        ("Hong Kong", "HK"),
    ],
)
def test_the_code_is_proposed_to_whoever_writes_a_name(typed: str, code: str) -> None:
    """In English, in the country's own languages, and as people say it."""
    with pytest.raises(ValueError, match=rf'^not an ISO 3166 code\. Did you mean "{code}"\?$'):
        region(typed)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("Cornwall", 'not an ISO 3166 code. Write a country or a part of it, such as "GB" or "GB-ENG"'),
        ("", 'not an ISO 3166 code. Write a country or a part of it, such as "GB" or "GB-ENG"'),
        ("GB_ENG", 'not an ISO 3166 code. Write a country or a part of it, such as "GB" or "GB-ENG"'),
        ("de-by", 'a region is written in capitals. Did you mean "DE-BY"?'),
        ("De", 'a region is written in capitals. Did you mean "DE"?'),
        ("ZZ", "the directory has no emergency number for this country. It knows AR, AT"),
        ("AT-10", 'no part of AT is known by this code. Write "AT", or after it one of 1, 2, 3'),
    ],
)
def test_what_cannot_be_a_region_is_refused_with_its_cure(typed: str, reason: str) -> None:
    """What was typed is not repeated: it may belong into another line."""
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
        region(typed)


def test_something_else_is_no_region() -> None:
    """A number, for instance."""
    with pytest.raises(ValueError, match="must be text in double quotes"):
        region(49)


def test_a_plain_country_needs_neither_names_nor_holidays() -> None:
    """Both libraries are large, and only a hint or a part asks for them."""
    code = (
        "import sys; from responder.config.regions import region; region('DE'); region('GB-ENG');"
        "print({'babel', 'holidays'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "set()\n"


@pytest.mark.parametrize(
    ("name", "zone", "said"),
    [
        ("US", "Europe/London", "5 to 11 hours too early"),
        ("US-CA", "America/New_York", "3 hours too early"),
        ("US-PR", "America/New_York", "1 hour too late"),
        ("DE", "Europe/London", "1 hour too late"),
        ("AU-WA", "Australia/Sydney", "2 to 3 hours too early"),
        ("JP", "America/New_York", "13 to 14 hours too late"),
        ("GB", "UTC", "1 hour too late"),
    ],
)
def test_the_clock_of_another_region_is_told_with_what_it_does(name: str, zone: str, said: str) -> None:
    """By how much replies will be wrong, and which zone to write."""
    doubt = clock_doubt(name, ZoneInfo(zone))
    assert doubt is not None
    assert f"name your opening {said}. Write the zone of your place, such as " in doubt


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        *(("GB-ENG", "Europe/London"), ("GB", "Europe/Dublin"), ("LU", "Europe/Paris"), ("US", "US/Pacific")),
        *(("US-IN", "America/Indiana/Indianapolis"), ("US-AZ", "America/Phoenix"), ("AU", "Australia/Perth")),
        ("IS", "UTC"),
    ],
)
def test_a_clock_that_shows_the_same_time_all_year_is_right(name: str, zone: str) -> None:
    """Whatever its place is called."""
    assert clock_doubt(name, ZoneInfo(zone)) is None


def test_every_region_has_a_clock() -> None:
    """No country of the directory is without zones, and its own are right for it."""
    for country in countries():
        zones = _zones_of(country)
        assert zones, country
        assert all(clock_doubt(country, ZoneInfo(zone)) is None for zone in zones), country
    for country, parts in _ZONES_OF_PARTS.items():
        assert set(" ".join(parts.values()).split()) <= known_parts(country)
