"""Holidays and calendars over the life of a process: when they change, and what holds while one of them is broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from responder.adapters.calendars.ics import Taken, UnusableError, read
from responder.adapters.calendars.kept import KeptTimes
from responder.config import CalendarReader, ClosedDays, HolidayConfig, files
from responder.core.errors import Told
from responder.core.hours.timeline import Span

if TYPE_CHECKING:  # imported on use
    from holidays import HolidayBase

YEARS_BACK, YEARS_AHEAD = 1, 2
"""Years before and after this one for which calendars are worked out; the back-test looks back, a reply ahead."""

HOLIDAY_YEARS_BACK: Final = 10
"""Public holidays cost next to nothing, and the back-test may look at old mail."""

MAX_OCTETS: Final = 20_000_000
"""A busy practice's calendar of ten years has a few million."""

_PART: Final = re.compile("[A-Z0-9]{1,3}")
"""What may stand behind the country in ISO 3166-2; the list also has parts by their names."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """The last good content of a file, and what it takes in the window it was last worked out for."""

    content: bytes
    window: Span
    zone: ZoneInfo
    taken: Taken


class Calendars:
    """Reads the public holidays and the calendars that configurations ask for, one configuration after another.

    It keeps the last good copy of every calendar, so that one that breaks while the process runs changes nothing. On
    disk it keeps the times that each takes, without names, for the next start. It is cheap to make, and reads nothing
    before it is asked. Not for two threads at once.

    Args:
        directory: where what calendars take is kept over a restart; None: nowhere.
    """

    def __init__(self, directory: Path | None = None, *, writes: bool = False) -> None:
        self._copies: dict[Path, _Copy] = {}
        self._kept = KeptTimes(directory, writes=writes) if directory is not None else None

    def at(self, now: datetime) -> CalendarReader:
        """A reader for ``config.load``. Load once a day: the years that are worked out move with ``now``."""
        return lambda wanted, region, zone: self._closed(wanted, region, zone, now)

    def _closed(self, wanted: HolidayConfig, region: str, zone: ZoneInfo, now: datetime) -> ClosedDays:
        year = now.astimezone(zone).year
        window = Span(_new_year(year - YEARS_BACK, zone), _new_year(year + YEARS_AHEAD + 1, zone))
        calendars, faults, unusable = self._read_all(wanted.calendars, zone, window)
        dates: dict[date, str] = {}
        of_region: tuple[str, ...] = ()
        if wanted.public:
            years = range(year - HOLIDAY_YEARS_BACK, year + YEARS_AHEAD + 1)
            dates, of_region = public_holidays(region, years)
        events = tuple(event for taken in calendars.values() for event in taken.events)
        remarks = [Told("public-holidays", text) for text in of_region]
        remarks += [Told("calendar", text) for taken in calendars.values() for text in taken.remarks]
        faults += [(i, f"{wanted.calendars[i]}: {text}") for i, taken in calendars.items() for text in taken.faults]
        return ClosedDays(dates, events, tuple(remarks), tuple(faults), unusable)

    def _read_all(
        self, paths: Sequence[Path], zone: ZoneInfo, window: Span
    ) -> tuple[dict[int, Taken], list[tuple[int, str]], dict[int, str]]:
        """Each calendar, or its last good copy with what is wrong; and why one cannot be used that has none."""
        kept: dict[Path, _Copy] = {}
        taken: dict[int, Taken] = {}
        faults: list[tuple[int, str]] = []
        unusable: dict[int, str] = {}
        for index, path in enumerate(paths):
            try:
                kept[path] = self._read(path, zone, window)
                taken[index] = kept[path].taken
            except UnusableError as error:
                last = self._last_good(path, zone, window)
                if last is None:
                    unusable[index] = _said(path, error)
                    continue
                taken[index] = last
                kept |= {path: self._copies[path]} if path in self._copies else {}
                faults.append((index, f"{_said(path, error)}. Until then it counts as it last was good"))
        if not unusable:  # else the configuration may be refused, and the one that stays goes on with what it has
            self._copies = kept
            if self._kept is not None:
                self._kept.keep({path: copy.taken.events for path, copy in kept.items()}, paths)
        return taken, faults, unusable

    def _last_good(self, path: Path, zone: ZoneInfo, window: Span) -> Taken | None:
        if path in self._copies:
            self._copies[path] = _worked_out(self._copies[path], path.name, zone, window)
            return self._copies[path].taken
        return self._kept.last(path) if self._kept is not None else None

    def _read(self, path: Path, zone: ZoneInfo, window: Span) -> _Copy:
        content = _content(path)
        before = self._copies.get(path)
        if before is not None and before.content == content:
            return _worked_out(before, path.name, zone, window)
        return _Copy(content, window, zone, read(content, path.name, zone, window))


def _worked_out(copy: _Copy, name: str, zone: ZoneInfo, window: Span) -> _Copy:
    """A copy for another window or another zone; the same when both are the same."""
    if (copy.window, copy.zone) == (window, zone):
        return copy
    return _Copy(copy.content, window, zone, read(copy.content, name, zone, window))


def _said(path: Path, error: UnusableError) -> str:
    return f"{path}:{error.line}: {error}" if error.line else f"{path}: {error}"


def _content(path: Path) -> bytes:
    try:
        content = files.read(path, MAX_OCTETS)
    except OSError as error:
        raise UnusableError(f"it cannot be read: {error.strerror}. Put it there, or correct its name") from error
    if len(content) > MAX_OCTETS:
        raise UnusableError("it is too long for a calendar. Is it the right file?")
    return content


def _new_year(year: int, zone: ZoneInfo) -> datetime:
    return datetime(year, 1, 1, tzinfo=zone).astimezone(UTC)


# Public holidays


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
    elif codes := [each for each in parts if _PART.fullmatch(each)]:
        yield (
            f"holidays.public: practice.region is {country} as a whole, so only the public holidays that all of it has "
            f"count. Write the part as well, such as {country}-{codes[0]}"
        )
