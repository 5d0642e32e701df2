"""An instant in words, as a reply says it: weekday, date, time and zone. Pure: ``now`` is an argument.

Never a bare weekday and never "tomorrow": a reader at two in the morning must not have to guess which day it is.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""English day names by ``date.weekday()``; ``calendar.day_name`` follows the host's locale."""

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_YEAR_AFTER_DAYS = 300
"""From here on a date without its year could be taken for last year's or next year's."""
_OTHER_YEAR_AFTER_DAYS = 60
"""In November nobody takes "4 January" for another year; "4 March" is less sure."""

_NOON = time(12)
_MIDNIGHT = time()

LOCALES = ("en-GB", "en-IE", "en-AU", "en-NZ", "en-US", "en-CA")
_AMERICAN = ("en-US", "en-CA")


def date_in_words(day: date, *, with_year: bool = True) -> str:
    """``Tuesday 24 November 2026``, as an English-speaking owner outside North America writes it."""
    text = f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if with_year else text


def _date(day: date, locale: str, *, with_year: bool) -> str:
    if not _is_american(locale):
        return date_in_words(day, with_year=with_year)
    text = f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day},"
    return f"{text} {day.year}," if with_year else text


def _clock(clock: time, locale: str) -> str:
    """``09:00``, or ``9:00 a.m.``; twelve o'clock says which one, because "12:00 p.m." is read both ways."""
    if not _is_american(locale):
        return f"{clock:%H:%M}"
    if clock in (_NOON, _MIDNIGHT):
        return "12:00 noon" if clock == _NOON else "12:00 midnight"
    return f"{clock.hour % 12 or 12}:{clock:%M} {'a.m.' if clock < _NOON else 'p.m.'}"


def _is_american(locale: str) -> bool:
    if locale not in LOCALES:
        raise ValueError(f"no words for the locale {locale!r}; choose one of {', '.join(LOCALES)}")
    return locale in _AMERICAN


def locale_for(region: str) -> str:
    """The English of a region's country (ISO 3166; ``GB``, ``US-NY``), where there is one; else the British."""
    locale = f"en-{region[:2].upper()}"
    return locale if locale in LOCALES else "en-GB"


_ZONE_WORDS: dict[str, list[str]] = tomllib.loads(
    (resources.files("responder.core.hours") / "zones.toml").read_text("utf-8")
)
_WORDS_BY_ZONE = {key: words for words, keys in _ZONE_WORDS.items() for key in keys}


def zone_in_words(zone: ZoneInfo) -> str:
    """What people there call their time: ``UK time``, ``Eastern time``; else by the zone's city: ``Paris time``."""
    key = zone.key
    if not key:  # a ZoneInfo read from a bare file has no name
        return "local time"
    if key in _WORDS_BY_ZONE:
        return _WORDS_BY_ZONE[key]
    if key.startswith("Etc/GMT"):  # POSIX turns the sign round: Etc/GMT+5 is five hours behind
        return key.removeprefix("Etc/").translate(str.maketrans("+-", "-+"))
    place = key.rpartition("/")[2].replace("_", " ")
    return place if place.isupper() else f"{place} time"  # CET, EET: the abbreviation says "time" already


def up_to_minute(at: datetime) -> datetime:
    """Rounds up, so that the words never promise an opening before it is."""
    at = at.astimezone(UTC)
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def needs_year(day: date, today: date) -> bool:
    """Whether a date that lies ahead could be taken for another year's."""
    ahead = (day - today).days
    return ahead > _YEAR_AFTER_DAYS or (day.year != today.year and ahead > _OTHER_YEAR_AFTER_DAYS)


def in_words(at: datetime, zone: ZoneInfo, locale: str, now: datetime) -> str:
    """Says an instant in a locale's words.

    ``Tuesday 24 November at 09:00 (UK time)``; ``Tuesday, November 24, at 9:00 a.m. (Eastern time)``;
    ``today at 09:00 (UK time)`` when the local date is the same as that of ``now``, which also decides about the year.
    Seconds round up to the next minute.

    Raises:
        ValueError: there are no words for this locale.
    """
    local = up_to_minute(at).astimezone(zone)
    today = now.astimezone(zone).date()
    day = local.date()
    when = "today" if day == today else _date(day, locale, with_year=needs_year(day, today))
    return f"{when} at {_clock(local.time(), locale)} ({zone_in_words(zone)})"


def past_in_words(at: datetime, zone: ZoneInfo, locale: str, now: datetime) -> str:
    """``17:00`` of today, ``Friday 17:00`` of the last six days, else ``Friday 13 November 17:00``."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock, ago = _clock(local.time(), locale), (today - local.date()).days
    if ago == 0:
        return clock
    if 0 < ago < len(WEEKDAYS):
        return f"{WEEKDAYS[local.weekday()]} {clock}"
    return f"{_date(local.date(), locale, with_year=local.year != today.year)} {clock}"
