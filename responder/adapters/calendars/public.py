"""Public holidays of a region, with the days on which they are observed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported on use
    from holidays import HolidayBase


_CODE = re.compile("[A-Z0-9]{1,3}")
"""What may stand behind the country in ISO 3166-2; the list also has parts by their names."""


def public_holidays(region: str, years: Iterable[int]) -> tuple[dict[date, str], tuple[str, ...]]:
    """Every public holiday of some years with its name, and what the owner should know of the list."""
    from holidays import country_holidays

    country, _, part = region.partition("-")
    try:
        whole = country_holidays(country, years=years, expand=False)
    except NotImplementedError:
        return {}, (f"holidays.public: no list of public holidays is known for {country}. List them as [[closure]]",)
    if part in whole.subdivisions:
        return _named(country_holidays(country, subdiv=part, years=years, expand=False)), ()
    return _named(whole), tuple(_less_than_asked(country, part, whole.subdivisions))


def _named(found: HolidayBase) -> dict[date, str]:
    return {day: f"{name}, a public holiday" for day, name in sorted(found.items())}


def _less_than_asked(country: str, part: str, parts: tuple[str, ...]) -> Iterable[str]:
    if part:
        yield (
            f"holidays.public: no list of its own is known for {country}-{part}, so only the public holidays of all of "
            f"{country} count. List those that are missing as [[closure]]"
        )
    elif codes := [each for each in parts if _CODE.fullmatch(each)]:
        yield (
            f"holidays.public: practice.region is {country} as a whole, so only the public holidays that all of it has "
            f"count. Write the part as well, such as {country}-{codes[0]}"
        )
