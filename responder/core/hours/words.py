"""An instant in words, as a reply says it: weekday, date, time and zone. Pure: ``now`` is an argument.

Never a bare weekday and never "tomorrow": a reader at two in the morning must not have to guess which day it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""English day names by ``date.weekday()``; ``calendar.day_name`` follows the host's locale."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_YEAR_AFTER_DAYS = 300
"""From here on a date without its year could be taken for last year's or next year's."""
_OTHER_YEAR_AFTER_DAYS = 60
"""In November nobody takes "4 January" for another year; "4 March" is less sure."""

_NOON = time(12, 0)
_MIDNIGHT = time(0, 0)


def date_in_words(day: date, *, with_year: bool = True) -> str:
    """``Tuesday 24 November 2026``, as an English-speaking owner outside North America writes it."""
    text = f"{WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if with_year else text


def _us_date(day: date, *, with_year: bool) -> str:
    """``Tuesday, November 24,``: the closing comma parts it from the time."""
    text = f"{WEEKDAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day},"
    return f"{text} {day.year}," if with_year else text


def _24_hour(clock: time) -> str:
    return f"{clock.hour:02}:{clock.minute:02}"


def _12_hour(clock: time) -> str:
    """``9:00 a.m.``; twelve o'clock says which one, because "12:00 p.m." is read both ways."""
    if clock == _NOON:
        return "12:00 noon"
    if clock == _MIDNIGHT:
        return "12:00 midnight"
    return f"{clock.hour % 12 or 12}:{clock.minute:02} {'a.m.' if clock.hour < _NOON.hour else 'p.m.'}"


@dataclass(frozen=True, slots=True)
class _Style:
    """How one locale writes a date and a time of day."""

    date: Callable[..., str]
    clock: Callable[[time], str]


_BRITISH = _Style(date_in_words, _24_hour)
_AMERICAN = _Style(_us_date, _12_hour)

_STYLES = {
    "en-GB": _BRITISH,
    "en-IE": _BRITISH,
    "en-AU": _BRITISH,
    "en-NZ": _BRITISH,
    "en-US": _AMERICAN,
    "en-CA": _AMERICAN,
}

LOCALES = tuple(_STYLES)
"""The locales that ``in_words`` speaks."""


def locale_for(region: str) -> str:
    """The English of a region's country (ISO 3166), where there is one; else the British.

    Args:
        region: a country, or a part of it: ``GB``, ``US-NY``.
    """
    locale = f"en-{region[:2].upper()}"
    return locale if locale in _STYLES else "en-GB"


# Zones share a name only while they share a clock: a test compares them in the packaged tz database. Western Canada
# left its southern neighbours' clocks in 2026, so its zones go by their cities.
_ZONE_WORDS = {
    "UK time": "Europe/London Europe/Belfast GB GB-Eire",
    "Irish time": "Europe/Dublin Eire",
    "Eastern time": (
        "America/New_York America/Detroit America/Toronto America/Montreal America/Iqaluit America/Louisville "
        "America/Kentucky/Louisville America/Kentucky/Monticello America/Indianapolis America/Fort_Wayne "
        "America/Indiana/Indianapolis America/Indiana/Marengo America/Indiana/Petersburg America/Indiana/Vevay "
        "America/Indiana/Vincennes America/Indiana/Winamac EST5EDT US/East-Indiana US/Michigan"
    ),
    "Central time": (
        "America/Chicago America/Menominee America/Indiana/Knox America/Indiana/Tell_City America/Knox_IN CST6CDT "
        "America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem US/Indiana-Starke"
    ),
    "Mountain time": "America/Denver America/Boise America/Shiprock MST7MDT Navajo",
    "Pacific time": "America/Los_Angeles PST8PDT",
    "Alaska time": "America/Anchorage America/Juneau America/Nome America/Sitka America/Yakutat America/Metlakatla",
    "Hawaii time": "Pacific/Honolulu Pacific/Johnston HST",
    "Arizona time": "America/Phoenix",
    "Saskatchewan time": "America/Regina America/Swift_Current",
    "Atlantic time": "America/Halifax America/Glace_Bay America/Moncton America/Goose_Bay",
    "Newfoundland time": "America/St_Johns",
    "New Zealand time": "Pacific/Auckland Antarctica/McMurdo Antarctica/South_Pole NZ",
    "Chatham Islands time": "Pacific/Chatham NZ-CHAT",
    "UTC": "UTC UCT Universal Zulu Etc/UTC Etc/UCT Etc/Universal Etc/Zulu Etc/GMT GMT Greenwich Etc/Greenwich",
}

_WORDS_BY_ZONE = {key: words for words, keys in _ZONE_WORDS.items() for key in keys.split()}


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


def _up_to_minute(at: datetime) -> datetime:
    """Rounds up, so that the words never promise an opening before it is."""
    at = at.astimezone(UTC)
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def needs_year(day: date, today: date) -> bool:
    """Whether a date that lies ahead could be taken for another year's."""
    ahead = (day - today).days
    return ahead > _YEAR_AFTER_DAYS or (day.year != today.year and ahead > _OTHER_YEAR_AFTER_DAYS)


def _style(locale: str) -> _Style:
    style = _STYLES.get(locale)
    if style is None:
        raise ValueError(f"no words for the locale {locale!r}; choose one of {', '.join(LOCALES)}")
    return style


def in_words(at: datetime, zone: ZoneInfo, locale: str, now: datetime) -> str:
    """Says an instant in a locale's words.

    ``Tuesday 24 November at 09:00 (UK time)``; ``Tuesday, November 24, at 9:00 a.m. (Eastern time)``;
    ``today at 09:00 (UK time)`` when the local date is the same as that of ``now``.

    Args:
        at: aware; seconds round up to the next minute.
        zone: the practice's zone, in which date and time are said.
        locale: one of ``LOCALES``.
        now: aware; decides about "today" and about the year.

    Raises:
        ValueError: there are no words for this locale.
    """
    style = _style(locale)
    local = _up_to_minute(at).astimezone(zone)
    today = now.astimezone(zone).date()
    day = local.date()
    when = "today" if day == today else style.date(day, with_year=needs_year(day, today))
    return f"{when} at {style.clock(local.time())} ({zone_in_words(zone)})"


def state_in_words(
    *, is_open: bool, since: datetime | None, until: datetime | None, zone: ZoneInfo, locale: str, now: datetime
) -> str:
    """Says an open or a closed stretch in a locale's words, for the owner.

    ``Closed since Friday 17:00; open again Monday 30 November at 09:00 (UK time)``;
    ``Open since 09:00; closes today at 17:00 (UK time)``.

    Args:
        is_open: which of the two it is.
        since: aware; None when it was never otherwise.
        until: aware; None when it never ends.
        zone: the practice's zone.
        locale: one of ``LOCALES``.
        now: aware; decides about "today", about bare weekdays and about the year.

    Raises:
        ValueError: there are no words for this locale.
    """
    state = "Open" if is_open else "Closed"
    begin = f"{state} always" if since is None else f"{state} since {_past_in_words(since, zone, locale, now)}"
    if until is None:
        return f"{begin}; {'it never closes' if is_open else 'no opening is ahead'}"
    return f"{begin}; {'closes' if is_open else 'open again'} {in_words(until, zone, locale, now)}"


def _past_in_words(at: datetime, zone: ZoneInfo, locale: str, now: datetime) -> str:
    """``17:00`` of today, ``Friday 17:00`` of the last six days, else ``Friday 13 November 17:00``."""
    style = _style(locale)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    clock, ago = style.clock(local.time()), (today - local.date()).days
    if ago == 0:
        return clock
    if 0 < ago < len(WEEKDAYS):
        return f"{WEEKDAYS[local.weekday()]} {clock}"
    return f"{style.date(local.date(), with_year=local.year != today.year)} {clock}"
