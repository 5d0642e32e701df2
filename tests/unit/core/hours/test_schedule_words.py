"""Instants in words, as a reply says them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest

from responder.core.hours import words as timewords
from responder.core.hours.schedule import LOCALES, in_words

LONDON = "Europe/London"
NEW_YORK = "America/New_York"


def utc(text: str) -> datetime:
    """``2026-11-23 10:00`` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHT = "2026-11-23 22:00"  # a Monday


@pytest.mark.parametrize(
    ("locale", "zone", "at", "now", "words"),
    [
        ("en-GB", LONDON, "2026-11-24 09:00", NIGHT, "Tuesday 24 November at 09:00 (UK time)"),
        ("en-GB", LONDON, "2026-11-24 09:00", "2026-11-24 02:00", "today at 09:00 (UK time)"),
        ("en-GB", LONDON, "2026-11-24 00:00", NIGHT, "Tuesday 24 November at 00:00 (UK time)"),
        ("en-GB", LONDON, "2026-07-02 08:00", "2026-07-01 23:30", "today at 09:00 (UK time)"),
        ("en-GB", LONDON, "2026-07-02 23:30", "2026-07-02 22:30", "Friday 3 July at 00:30 (UK time)"),
        ("en-GB", LONDON, "2026-11-24 08:59:01", NIGHT, "Tuesday 24 November at 09:00 (UK time)"),
        ("en-GB", LONDON, "2026-11-24 23:59:00.000001", "2026-11-24 10:00", "Wednesday 25 November at 00:00 (UK time)"),
        ("en-IE", "Europe/Dublin", "2026-11-24 09:00", NIGHT, "Tuesday 24 November at 09:00 (Irish time)"),
        (
            "en-AU",
            "Australia/Sydney",
            "2026-11-23 22:00",
            "2026-11-23 12:00",
            "Tuesday 24 November at 09:00 (Sydney time)",
        ),
        ("en-NZ", "Pacific/Auckland", "2026-11-23 20:00", "2026-11-23 15:00", "today at 09:00 (New Zealand time)"),
        ("en-US", NEW_YORK, "2026-11-24 14:00", NIGHT, "Tuesday, November 24, at 9:00 a.m. (Eastern time)"),
        ("en-US", NEW_YORK, "2026-11-24 14:00", "2026-11-24 06:00", "today at 9:00 a.m. (Eastern time)"),
        ("en-US", NEW_YORK, "2026-11-24 18:30", NIGHT, "Tuesday, November 24, at 1:30 p.m. (Eastern time)"),
        ("en-US", NEW_YORK, "2026-11-24 17:00", NIGHT, "Tuesday, November 24, at 12:00 noon (Eastern time)"),
        ("en-US", NEW_YORK, "2026-11-24 17:05", NIGHT, "Tuesday, November 24, at 12:05 p.m. (Eastern time)"),
        ("en-US", NEW_YORK, "2026-11-25 05:00", NIGHT, "Wednesday, November 25, at 12:00 midnight (Eastern time)"),
        ("en-US", NEW_YORK, "2026-11-25 05:05", NIGHT, "Wednesday, November 25, at 12:05 a.m. (Eastern time)"),
        (
            "en-CA",
            "America/St_Johns",
            "2026-11-24 12:30",
            NIGHT,
            "Tuesday, November 24, at 9:00 a.m. (Newfoundland time)",
        ),
        # the year: not on the 60th day in another year, nor on the 300th in this one
        ("en-GB", LONDON, "2027-01-04 09:00", NIGHT, "Monday 4 January at 09:00 (UK time)"),
        ("en-GB", LONDON, "2027-01-22 09:00", NIGHT, "Friday 22 January at 09:00 (UK time)"),
        ("en-GB", LONDON, "2027-01-23 09:00", NIGHT, "Saturday 23 January 2027 at 09:00 (UK time)"),
        ("en-GB", LONDON, "2026-10-28 09:00", "2026-01-01 10:00", "Wednesday 28 October at 09:00 (UK time)"),
        ("en-GB", LONDON, "2026-10-29 09:00", "2026-01-01 10:00", "Thursday 29 October 2026 at 09:00 (UK time)"),
        ("en-US", NEW_YORK, "2027-11-24 14:00", NIGHT, "Wednesday, November 24, 2027, at 9:00 a.m. (Eastern time)"),
    ],
)
def test_in_words(locale: str, zone: str, at: str, now: str, words: str) -> None:
    """Weekday, date, time and zone; "today" on the same local date; never "tomorrow"."""
    assert in_words(utc(at), ZoneInfo(zone), locale, utc(now)) == words


def test_unknown_locale() -> None:
    """A locale without words is refused, with those that have them."""
    with pytest.raises(ValueError, match="no words for the locale 'en-XX'; choose one of en-GB"):
        in_words(utc(NIGHT), ZoneInfo(LONDON), "en-XX", utc(NIGHT))


@pytest.mark.parametrize("locale", LOCALES)
def test_never_tomorrow(locale: str) -> None:
    """Every minute of the next day is said by weekday and date."""
    for minutes in range(1440):
        words = in_words(utc("2026-11-24 00:00") + timedelta(minutes=minutes), ZoneInfo(LONDON), locale, utc(NIGHT))
        assert words.startswith("Tuesday")
        assert "24" in words


@pytest.mark.parametrize("month", range(1, 13))
def test_month_names(month: int) -> None:
    """English names, whatever the host's locale."""
    at = datetime(2026, month, 1, 9, tzinfo=UTC)
    assert in_words(at, ZoneInfo("UTC"), "en-GB", at - timedelta(days=1)) == f"{at:%A} 1 {at:%B} at 09:00 (UTC)"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (LONDON, "UK time"),
        ("GB", "UK time"),
        ("Europe/Dublin", "Irish time"),
        (NEW_YORK, "Eastern time"),
        ("America/Toronto", "Eastern time"),
        ("US/Eastern", "Eastern time"),
        ("America/Chicago", "Central time"),
        ("America/Denver", "Mountain time"),
        ("America/Boise", "Mountain time"),
        ("America/Los_Angeles", "Pacific time"),
        ("America/Anchorage", "Alaska time"),
        ("Pacific/Honolulu", "Hawaii time"),
        ("America/Halifax", "Atlantic time"),
        ("America/St_Johns", "Newfoundland time"),
        ("America/Phoenix", "Arizona time"),
        ("America/Regina", "Saskatchewan time"),
        ("America/Vancouver", "Vancouver time"),
        ("Pacific/Auckland", "New Zealand time"),
        ("Pacific/Chatham", "Chatham Islands time"),
        ("Australia/Sydney", "Sydney time"),
        ("Australia/Lord_Howe", "Lord Howe time"),
        ("Europe/Paris", "Paris time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("Asia/Kolkata", "Kolkata time"),
        ("Etc/UTC", "UTC"),
        ("Etc/GMT+5", "GMT-5"),
        ("Etc/GMT-13", "GMT+13"),
        ("CET", "CET"),
        ("Japan", "Japan time"),
    ],
)
def test_zone_in_words(key: str, words: str) -> None:
    """A zone is called as people there call it, else by its city."""
    assert timewords.zone_in_words(ZoneInfo(key)) == words


def packaged_zone(key: str, *, named: bool = True) -> ZoneInfo:
    """The zone as the tz database of our own dependencies has it, whatever the host has."""
    with resources.files("tzdata.zoneinfo").joinpath(*key.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=key if named else None)


def test_zone_without_a_name() -> None:
    """A zone that was read from a bare file has no city to go by."""
    assert timewords.zone_in_words(packaged_zone(LONDON, named=False)) == "local time"


@pytest.mark.parametrize("words", timewords._ZONE_WORDS)
def test_zones_that_share_words_share_a_clock(words: str) -> None:
    """Nobody is told "Pacific time" where it is not: zones of one name agree for the years to come."""
    zones = [packaged_zone(key) for key in timewords._ZONE_WORDS[words]]
    for day in range(1500):
        at = utc("2026-11-23 12:00") + timedelta(days=day)
        assert len({at.astimezone(zone).utcoffset() for zone in zones}) == 1, at
