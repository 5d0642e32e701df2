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

from responder.config.readers import WORDS, meant, text
from responder.core.reply import directory as crisis

_NAMES: Final = meant("regions")
_MOST_PEOPLES: Final[Mapping[str, str]] = WORDS["most_peoples"]
_ZONES_OF_PARTS: Final[Mapping[str, Mapping[str, str]]] = WORDS["zones_of_parts"]

_SOME_YEAR: Final = 2026
_HOUR: Final = timedelta(hours=1)

_CODE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_PART: Final = re.compile(r"[A-Z0-9]{1,3}")
_ALIKE: Final = 0.8
"""How much of a name has to be right before another is proposed: one slip in a short one."""


def region(value: object) -> str:
    """ISO 3166 country of the directory, or such a country and a part of it."""
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
    if country in WORDS["parts"]:
        return frozenset(WORDS["parts"][country])
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
    """By how much replies are wrong with a region's hours on a clock that is kept nowhere in it; else None."""
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
