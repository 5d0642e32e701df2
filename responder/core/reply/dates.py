"""The next opening, in a language's own words: weekday, date, time, and whose clock it is.

English dates are ours (``timewords``); every other language's names of days, months and cities are those of CLDR, by
way of Babel, which is imported on use.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from responder.core.hours.words import in_words, locale_for, needs_year, up_to_minute
from responder.core.reply.words import Language

if TYPE_CHECKING:  # imported on use
    from babel import Locale

_DAY = re.compile(r"\bd\b")
"""The day's place in a pattern of CLDR."""

_SOFT_HYPHEN = "\u00ad"
"""CLDR marks where a long name may be broken; a plain text would show the mark."""


def opening_in_words(at: datetime, zone: ZoneInfo, tongue: Language, region: str, now: datetime) -> str:
    """``on Tuesday 24 November at 09:00 (UK time)``, ``am Dienstag, 24. November, um 09:00 Uhr (Uhrzeit in Berlin)``.

    Args:
        at: aware; seconds round up, so that the words never promise an opening before it is.
        zone: the practice's zone, in which date and time are said.
        tongue: the language to say it in.
        region: ISO 3166, for the way in which a country writes dates.
        now: aware; decides about "today" and about the year.
    """
    if tongue.code == "en":
        words = in_words(at, zone, locale_for(region), now)
        return words if words.startswith("today") else f"on {words}"
    return _by_babel(at, zone, tongue, region, now)


def language_tag(code: str, region: str) -> str:
    """BCP 47: ``en-GB``, ``de-AT``; without a country where the language has no ways of its own there."""
    return locale_for(region) if code == "en" else str(_locale(code, region)).replace("_", "-")


@cache
def _locale(code: str, region: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(f"{code}_{region[:2].upper()}")
    except UnknownLocaleError:
        return Locale.parse(code)


def _by_babel(at: datetime, zone: ZoneInfo, tongue: Language, region: str, now: datetime) -> str:
    from babel.dates import format_date, format_time

    words: dict[str, Any] = tongue.words["dates"]
    locale = _locale(tongue.code, region)
    local = up_to_minute(at).astimezone(zone)
    today, day = now.astimezone(zone).date(), local.date()
    pattern = str(words["date_with_year" if needs_year(day, today) else "date"])
    if day.day == 1 and "first_day" in words:  # "1er janvier"
        pattern = _DAY.sub(f"'{words['first_day']}'", pattern)
    return str(words["today" if day == today else "on"]).format(
        date=format_date(day, pattern, locale=locale),
        clock=format_time(local, "short", tzinfo=zone, locale=locale).replace("\u202f", " "),
        zone=_zone_in_words(zone, words, locale),
    )


def _zone_in_words(zone: ZoneInfo, words: dict[str, Any], locale: Locale) -> str:
    """By its city, which stays right when neighbours choose another clock; unless the language has a better name."""
    from babel.dates import get_timezone_location

    named = words.get("zones", {}).get(zone.key)
    if named:
        return str(named)
    if zone.key in {"UTC", "Etc/UTC"}:
        return "UTC"
    city = get_timezone_location(zone, locale=locale, return_city=True)
    return str(words["zone"]).format(city=city.rpartition("/")[2].replace(_SOFT_HYPHEN, ""))
