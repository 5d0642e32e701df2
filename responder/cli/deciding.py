"""Which line of the file decides whether it is open at an instant."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from responder.config import readers
from responder.config.find import read_text
from responder.config.positions import Places
from responder.schedule import Closure, Opening, Schedule
from responder.timewords import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from responder.config.positions import Loc
    from responder.schedule import DailyInterval

_ALL_WEEK = {day: readers.hours("00:00-24:00") for day in range(7)}


def deciding_line(path: Path, schedule: Schedule, at: datetime, *, hours: Loc = ("hours",)) -> str | None:
    """``config.toml:12: thursday = "12:00-20:00"``; None when the file does not say, and the default decides.

    Args:
        path: the file that ``schedule`` was read from.
        schedule: the one that decides.
        at: aware.
        hours: the table with the weekly hours.
    """
    text = read_text(path)
    raw = tomllib.loads(text)
    finder = _Finder(raw, schedule, at, hours)
    loc = next(finder.opening() if schedule.is_open(at) else finder.closing(), None)
    place = Places(text).key(loc) if loc is not None else None
    if place is None:
        return None
    return f"{path}:{place.line}: {text.splitlines()[place.line - 1].strip()}"


class _Finder:
    """Tries each entry of the file by itself, in the order in which they win."""

    def __init__(self, raw: dict[str, Any], schedule: Schedule, at: datetime, hours: Loc) -> None:
        self._raw = raw
        self._schedule = schedule
        self._at = at
        self._hours = hours
        self._local = at.astimezone(schedule.zone)

    def opening(self) -> Iterator[Loc]:
        for weekday, intervals in self._week():
            if self._is_open({weekday: intervals}):
                yield (*self._hours, WEEKDAYS[weekday].lower())
        for index, entry in enumerate(self._raw.get("opening", [])):
            opening = Opening(entry["date"], readers.hours(entry["hours"]))
            if self._is_open({}, opening):
                yield ("opening", index, "hours")

    def closing(self) -> Iterator[Loc]:
        for index, entry in enumerate(self._raw.get("closure", [])):
            if not self._is_open(_ALL_WEEK, closure=_closure(entry)):
                yield ("closure", index, "from")
        if self._local.date() in self._schedule.closed_dates and self._would_be_open():
            yield ("holidays", "public")
        yield (*self._hours, WEEKDAYS[self._local.weekday()].lower())

    def _would_be_open(self) -> bool:
        return self._is_open(dict(self._week()))

    def _week(self) -> Iterator[tuple[int, Sequence[DailyInterval]]]:
        """The weekly hours as the schedule holds them: today's first, then what runs past midnight from yesterday."""
        days: list[date] = [self._local.date(), self._local.date() - timedelta(days=1)]
        for day in days:
            if day.weekday() in self._schedule.weekly:
                yield day.weekday(), self._schedule.weekly[day.weekday()]

    def _is_open(
        self,
        weekly: dict[int, Sequence[DailyInterval]] | dict[int, tuple[DailyInterval, ...]],
        opening: Opening | None = None,
        *,
        closure: Closure | None = None,
    ) -> bool:
        """Whether these alone would make it open."""
        openings, closures = [opening] if opening else [], [closure] if closure else []
        return Schedule(self._schedule.zone, weekly, openings, closures).is_open(self._at)


def _closure(entry: dict[str, Any]) -> Closure:
    until = entry.get("until")
    return Closure(readers.local_time(entry["from"]), None if until is None else readers.local_time(until))
