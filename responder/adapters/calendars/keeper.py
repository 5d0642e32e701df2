"""Holidays and calendars over the life of a process: when they change, and what holds while one of them is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from responder.adapters.calendars.ics import Taken, UnusableError, read
from responder.adapters.calendars.public import public_holidays
from responder.config import CalendarReader, ClosedDays, HolidayConfig, files
from responder.core.errors import Told
from responder.core.hours.timeline import Span

YEARS_BACK, YEARS_AHEAD = 1, 2
"""Years before and after this one for which calendars are worked out; the back-test looks back, a reply ahead."""

HOLIDAY_YEARS_BACK: Final = 10
"""Public holidays cost next to nothing, and the back-test may look at old mail."""

MAX_OCTETS: Final = 20_000_000
"""A busy practice's calendar of ten years has a few million."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """The last good content of a file, and what it takes in the window it was last worked out for."""

    content: bytes
    window: Span
    zone: ZoneInfo
    taken: Taken


class Calendars:
    """Reads the public holidays and the calendars that configurations ask for, one configuration after another.

    It keeps the last good copy of every calendar, so that one that breaks while the process runs changes nothing. It is
    cheap to make, and reads nothing before it is asked. Not for two threads at once.

    Attributes:
        problems: what was wrong with calendars at the last reading, one sentence each: they are used as they were.
    """

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self._copies: dict[Path, _Copy] = {}

    def at(self, now: datetime) -> CalendarReader:
        """A reader for ``config.load``.

        Load a configuration again once a day: the years that are worked out move with ``now``.

        Args:
            now: aware; decides which years are worked out.
        """
        return lambda wanted, region, zone: self._closed(wanted, region, zone, now)

    def _closed(self, wanted: HolidayConfig, region: str, zone: ZoneInfo, now: datetime) -> ClosedDays:
        year = now.astimezone(zone).year
        window = Span(_new_year(year - YEARS_BACK, zone), _new_year(year + YEARS_AHEAD + 1, zone))
        calendars, unusable = self._read_all(wanted.calendars, zone, window)
        dates: dict[date, str] = {}
        of_region: tuple[str, ...] = ()
        if wanted.public:
            years = range(year - HOLIDAY_YEARS_BACK, year + YEARS_AHEAD + 1)
            dates, of_region = public_holidays(region, years)
        events = tuple(event for taken in calendars for event in taken.events)
        of_calendars = (remark for taken in calendars for remark in taken.remarks)
        remarks = [Told("public-holidays", text) for text in of_region]
        remarks += [Told("calendar", text) for text in (*of_calendars, *self.problems)]
        return ClosedDays(dates, events, tuple(remarks), unusable)

    def _read_all(self, paths: Sequence[Path], zone: ZoneInfo, window: Span) -> tuple[list[Taken], dict[int, str]]:
        """Each calendar, or its last good copy; and why one cannot be used that has none."""
        kept: dict[Path, _Copy] = {}
        stale: list[str] = []
        unusable: dict[int, str] = {}
        for index, path in enumerate(paths):
            try:
                kept[path], broken = self._read_or_keep(path, zone, window)
            except UnusableError as error:
                unusable[index] = _said(path, error)
            else:
                stale += [f"{_said(path, broken)}. Until then it counts as it last was good"] if broken else []
        if not unusable:  # else the configuration may be refused, and the one that stays goes on with what it has
            self._copies, self.problems = kept, tuple(stale)
        return [copy.taken for copy in kept.values()], unusable

    def _read_or_keep(self, path: Path, zone: ZoneInfo, window: Span) -> tuple[_Copy, UnusableError | None]:
        """The file, or its last good copy and what is wrong with the file."""
        try:
            return self._read(path, zone, window), None
        except UnusableError as error:
            if path not in self._copies:
                raise
            return _worked_out(self._copies[path], path.name, zone, window), error

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
