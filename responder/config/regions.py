"""Where a practice is: every country that the directory of crisis lines has an emergency number for, and their parts.

What countries are called (Babel) and which parts they have (holidays) is only imported for whoever needs it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

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
