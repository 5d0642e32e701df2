"""Where a practice is: every country that the directory of crisis lines has an emergency number for, and their parts.

What countries are called (Babel) and which parts they have (holidays) is only imported for whoever needs it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from responder.config.readers import text
from responder.core.reply import directory as crisis

_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "AU": frozenset(("ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA")),
    "CA": frozenset(("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT")),
    "GB": frozenset(("ENG", "NIR", "SCT", "WLS")),
    "FR": frozenset(),  # the list of holidays knows only the parts that have days of their own
    "IE": frozenset(),
    "NZ": frozenset(),
    "US": frozenset(
        (
            *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS"),
            *("KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC"),
            *("ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY"),
            *("AS", "GU", "MP", "PR", "VI"),
        )
    ),
}
"""Parts that are told apart without asking anybody; empty where any is taken."""

_NAMES: Final[Mapping[str, str]] = {
    "uk": "GB",
    "en": "GB",
    "el": "GR",
    "england": "GB-ENG",
    "scotland": "GB-SCT",
    "wales": "GB-WLS",
    "cymru": "GB-WLS",
    "northern ireland": "GB-NIR",
    "great britain": "GB",
    "usa": "US",
    "america": "US",
    "holland": "NL",
    "czech republic": "CZ",
    "hong kong": "HK",
    "korea": "KR",
}
"""What people call a country that no list of names does."""

_ZONES_OF_PARTS: Final[Mapping[str, Mapping[str, str]]] = {
    "US": {
        "America/New_York": "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        "America/New_York America/Chicago": "FL IN KY MI TN",
        "America/Chicago": "AL AR IA IL LA MN MO MS OK WI",
        "America/Chicago America/Denver": "KS ND NE SD TX",
        "America/Denver": "CO MT NM UT WY",
        "America/Phoenix America/Denver": "AZ",
        "America/Boise America/Los_Angeles": "ID OR",
        "America/Los_Angeles": "CA WA",
        "America/Los_Angeles America/Denver": "NV",
        "America/Anchorage America/Adak": "AK",
        "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR",
        "America/St_Thomas": "VI",
        "Pacific/Guam": "GU",
        "Pacific/Saipan": "MP",
        "Pacific/Pago_Pago": "AS",
    },
    "CA": {
        "America/Vancouver America/Edmonton America/Dawson_Creek": "BC",
        "America/Edmonton": "AB NT",
        "America/Regina America/Edmonton": "SK",
        "America/Winnipeg": "MB",
        "America/Toronto America/Winnipeg": "ON",
        "America/Toronto America/Halifax America/Blanc-Sablon": "QC",
        "America/Halifax": "NB NS PE",
        "America/St_Johns America/Halifax": "NL",
        "America/Whitehorse": "YT",
    },
    "AU": {
        "Australia/Sydney": "ACT NSW TAS VIC",
        "Australia/Brisbane": "QLD",
        "Australia/Adelaide": "SA",
        "Australia/Darwin": "NT",
        "Australia/Perth": "WA",
    },
}
"""Zones whose clock is kept in a part of a wide country; the first is most people's."""

_MOST_PEOPLES: Final[Mapping[str, str]] = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
}
"""Where the list of zones, which goes by place, begins with another one than that of most people."""

_SOME_YEAR: Final = 2026
_HOUR: Final = timedelta(hours=1)

_CODE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_PART: Final = re.compile(r"[A-Z0-9]{1,3}")
_ALIKE: Final = 0.8
"""How much of a name has to be right before another is proposed: one slip in a short one."""


def region(value: object) -> str:
    """ISO 3166 country of the directory, or such a country and a part of it.

    Raises:
        ValueError: something else.
    """
    name = text(value)
    if likely := _NAMES.get(name.strip().casefold()):
        raise ValueError(f'not an ISO 3166 code. Did you mean "{likely}"?')
    if _CODE.fullmatch(name.upper()) and name != name.upper():
        raise ValueError(f'a region is written in capitals. Did you mean "{name.upper()}"?')
    if not _CODE.fullmatch(name):
        raise ValueError(f"not an ISO 3166 code.{_hint(name)}")
    country, _, part = name.partition("-")
    if country not in crisis.countries():
        raise ValueError(
            f"the directory has no emergency number for this country. It knows {', '.join(crisis.countries())}"
        )
    if part and (parts := known_parts(country)) and part not in parts:
        raise ValueError(
            f'no part of {country} is known by this code. Write "{country}", or after it one of '
            f"{', '.join(sorted(parts))}"
        )
    return name


@cache
def known_parts(country: str) -> frozenset[str]:
    """The ISO 3166-2 parts of a country; empty where nobody here lists them, and any will do."""
    if country in _PARTS:
        return _PARTS[country]
    from holidays import list_supported_countries

    listed = _parts(list_supported_countries(include_aliases=False).get(country, ()))
    if not listed:  # the directory names a part or two where a line is confined to them; that is no list
        return frozenset()
    return listed | _parts(code.partition("-")[2] for line in crisis.load(country) for code in line.subdivisions)


def _parts(names: Iterable[str]) -> frozenset[str]:
    """Those that are codes: some lists also have words for what has none ("Gran Buenos Aires")."""
    return frozenset(name for name in names if _PART.fullmatch(name))


def _hint(name: str) -> str:
    """What a person who writes out a country may mean."""
    codes = dict(_country_names())
    close = difflib.get_close_matches(name.strip().casefold(), codes, n=1, cutoff=_ALIKE)
    return (
        f' Did you mean "{codes[close[0]]}"?' if close else ' Write a country or a part of it, such as "GB" or "GB-ENG"'
    )


def _country_names() -> Iterator[tuple[str, str]]:
    """Each country's names, in English and in its own languages, with its code."""
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_official_languages

    for country in crisis.countries():
        official = get_official_languages(country, regional=True, de_facto=True)
        for language in ("en", *official):
            try:
                called = Locale.parse(language).territories.get(country)
            except UnknownLocaleError:  # a language that has a code and no words yet
                continue
            if called:
                yield called.casefold(), country


# The time zone


def clock_doubt(name: str, zone: ZoneInfo) -> str | None:
    """By how much replies are wrong when a region's hours are read on the clock of a zone of another one.

    Args:
        name: the region.
        zone: the practice's.

    Returns:
        None when some place in the region has the same clock all year.
    """
    zones = _zones_of(name)
    if not zones or zone.key in zones:
        return None
    here = _offsets(zone)
    apart = [tuple(a - b for a, b in zip(here, _offsets(ZoneInfo(each)), strict=True)) for each in zones]
    if any(not any(each) for each in apart):
        return None
    hours = sorted({abs(each) / _HOUR for pair in apart for each in pair if each})
    is_early = all(each >= timedelta(0) for pair in apart for each in pair)
    is_late = all(each <= timedelta(0) for pair in apart for each in pair)
    when = "too early" if is_early else "too late" if is_late else "too early or too late"
    span = f"{hours[-1]:g} hour" if hours[0] == hours[-1] else f"{hours[0]:g} to {hours[-1]:g} hour"
    span += "" if hours[-1] == 1 else "s"
    cure = f'Write the zone of your place, such as "{_MOST_PEOPLES.get(name, zones[0])}", or the region of who writes'
    return f"{zone.key} is not the clock of {name}: replies begin, end and name your opening {span} {when}. {cure}"


def _offsets(zone: ZoneInfo) -> tuple[timedelta, ...]:
    """From UTC, in January and in July."""
    return tuple(datetime(_SOME_YEAR, month, 15, 12, tzinfo=zone).utcoffset() or timedelta(0) for month in (1, 7))


def _zones_of(name: str) -> tuple[str, ...]:
    """Every zone of a region; of a part of a wide country its own, where that is known."""
    country, _, part = name.partition("-")
    for zones, parts in _ZONES_OF_PARTS.get(country, {}).items():
        if part in parts.split():
            return tuple(zones.split())
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.startswith(f"{country}\t")]
    return tuple(row[2] for row in rows)
