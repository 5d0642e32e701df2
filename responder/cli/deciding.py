"""Which line of the file decides whether it is open at an instant."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from responder.config import readers
from responder.config.find import read_text
from responder.config.positions import Loc, Places
from responder.core.hours.schedule import Closure, DailyInterval, Opening, Schedule
from responder.core.hours.words import WEEKDAYS

_ALL_WEEK = {day: readers.hours("00:00-24:00") for day in range(7)}


def deciding_line(path: Path, schedule: Schedule, at: datetime, *, mailbox: int | None = None) -> str | None:
    """``config.toml:12: thursday = "12:00-20:00"``; None when the file does not say, and the default decides.

    ``mailbox`` is the index of the mailbox whose schedule it is; None for the practice's.
    """
    text = read_text(path)
    finder = _Finder(tomllib.loads(text), schedule, at, mailbox)
    loc = next(finder.opening() if schedule.is_open(at) else finder.closing())
    place = Places(text).key(loc)
    if place is None:
        return None
    line = text.split("\n")[place.line - 1].strip()
    return f"{path}:{place.line}: {line}"


class _Finder:
    """Tries each entry of the file by itself, in the order in which they win."""

    def __init__(self, raw: dict[str, Any], schedule: Schedule, at: datetime, mailbox: int | None) -> None:
        own: dict[str, Any] = {} if mailbox is None else raw["mailbox"][mailbox]
        prefix: Loc = () if mailbox is None else ("mailbox", mailbox)
        has_own_week = "hours" in own
        self._hours: Loc = (*prefix, "hours") if has_own_week else ("hours",)
        # a mailbox with a week of its own leaves the practice's openings out; closures hold for everybody
        self._openings = [*([] if has_own_week else _entries(raw, (), "opening")), *_entries(own, prefix, "opening")]
        self._closures = [*_entries(raw, (), "closure"), *_entries(own, prefix, "closure")]
        self._schedule = schedule
        self._at = at
        self._local = at.astimezone(schedule.zone)

    def opening(self) -> Iterator[Loc]:
        for weekday, intervals in self._week():
            if self._is_open({weekday: intervals}):
                yield (*self._hours, WEEKDAYS[weekday].lower())
        for loc, entry in self._openings:
            if self._is_open({}, Opening(entry["date"], readers.hours(entry["hours"]))):
                yield (*loc, "hours")

    def closing(self) -> Iterator[Loc]:
        for loc, entry in self._closures:
            if not self._is_open(_ALL_WEEK, closure=_closure(entry)):
                yield (*loc, "from")
        if self._is_open(dict(self._week())):
            held = any(event.holds(self._at) for event in self._schedule.events)
            yield ("holidays", "calendars" if held else "public")
        yield (*self._hours, WEEKDAYS[self._local.weekday()].lower())

    def _week(self) -> Iterator[tuple[int, Sequence[DailyInterval]]]:
        """The weekly hours as the schedule holds them: today's first, then what runs past midnight from yesterday."""
        for day in (self._local.date(), self._local.date() - timedelta(days=1)):
            if day.weekday() in self._schedule.weekly:
                yield day.weekday(), self._schedule.weekly[day.weekday()]

    def _is_open(
        self,
        weekly: Mapping[int, Sequence[DailyInterval]],
        opening: Opening | None = None,
        *,
        closure: Closure | None = None,
    ) -> bool:
        """Whether these alone would make it open."""
        openings, closures = [opening] if opening else [], [closure] if closure else []
        return Schedule(self._schedule.zone, weekly, openings, closures).is_open(self._at)


def _entries(table: dict[str, Any], prefix: Loc, key: str) -> Iterator[tuple[Loc, dict[str, Any]]]:
    for index, entry in enumerate(table.get(key, [])):
        yield (*prefix, key, index), entry


def _closure(entry: dict[str, Any]) -> Closure:
    until = entry.get("until")
    return Closure(readers.local_time(entry["from"]), None if until is None else readers.local_time(until))
