"""One day's working hours: as values, and as a person writes them (``09:00-12:30, 13:30-17:00``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from responder.core.hours.words import WEEKDAYS

HOUR_MINUTES = 60
DAY_MINUTES = 24 * HOUR_MINUTES

_STRICT = re.compile(r"([0-9]{1,2}):([0-9]{2})[ \t]*-[ \t]*([0-9]{1,2}):([0-9]{2})")

_LOOSE_TIME = r"([01]?[0-9]|2[0-4])(?:\s*[:.;hH\uff1a]\s*([0-5][0-9])?)?\s*([ap]\.?m\.?)?"
_LOOSE = re.compile(rf"\W?{_LOOSE_TIME}\s*(?:-+|to|[\u2010-\u2015\u2212~])\s*{_LOOSE_TIME}\W?", re.IGNORECASE)
"""What people write instead; only ever used to show them the spelling that is read."""

_BETWEEN = re.compile(r"\s*(?:[;/&+|]|\band\b|\s)\s*")
NOT_OPEN = frozenset(("closed", "close", "shut", "off", "none", "no", "-"))

LONGEST_NIGHT = 12 * HOUR_MINUTES
"""Minutes of an interval past midnight beyond which it is more likely a slip: an afternoon's 5 written as 05:00, or
start and end exchanged."""

_SHOWN = 40
"""Characters of a mistake that are repeated in its message."""


@dataclass(frozen=True, slots=True, order=True)
class DailyInterval:
    """One stretch of working hours, half-open, at most 24 hours long.

    Attributes:
        start_minute: minutes after local midnight, 0 to 1439.
        end_minute: the same for the end; 1440 is the end of the day, above that it runs past midnight.

    Raises:
        ValueError: it starts outside the day, is empty, or is longer than 24 hours.
    """

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < DAY_MINUTES:
            raise ValueError(f"working hours start between 00:00 and 23:59, not at minute {self.start_minute}")
        length = self.end_minute - self.start_minute
        if not 0 < length <= DAY_MINUTES:
            raise ValueError(f"working hours last from one minute to 24 hours, not {length} minutes")

    def overlaps(self, other: DailyInterval) -> bool:
        """Whether both hold the same minute, being of the same day."""
        return self.start_minute < other.end_minute and other.start_minute < self.end_minute

    def __str__(self) -> str:
        past_midnight = self.end_minute > DAY_MINUTES
        return f"{_clock(self.start_minute)}-{_clock(self.end_minute - DAY_MINUTES * past_midnight)}"


def _clock(minute: int) -> str:
    return f"{minute // HOUR_MINUTES:02}:{minute % HOUR_MINUTES:02}"


def listed(intervals: Iterable[DailyInterval]) -> str:
    """``09:00-12:30, 13:30-17:00``, or ``closed`` when there are none."""
    return ", ".join(map(str, intervals)) or "closed"


def in_order(intervals: Iterable[DailyInterval]) -> tuple[DailyInterval, ...]:
    """Sorts one day's intervals.

    Raises:
        ValueError: two overlap; one of them is a slip, and nobody can tell which.
    """
    ordered = tuple(sorted(intervals))
    for earlier, later in pairwise(ordered):
        if earlier.overlaps(later):
            raise ValueError(f"{earlier} and {later} overlap; write them as one, or shorten one")
    return ordered


def checked_week(weekly: Mapping[int, Sequence[DailyInterval]]) -> dict[int, tuple[DailyInterval, ...]]:
    """The days that have hours, each in order; 0 is Monday.

    Raises:
        ValueError: two intervals overlap, on one day or past midnight into the next.
    """
    if not set(weekly) <= set(range(7)):
        raise ValueError("weekdays are numbered from 0 (Monday) to 6 (Sunday)")
    week = {day: in_order(weekly[day]) for day in sorted(weekly) if weekly[day]}
    for day, intervals in week.items():
        next_day = (day + 1) % 7
        if next_day in week and intervals[-1].end_minute - DAY_MINUTES > week[next_day][0].start_minute:
            late, early = f"{WEEKDAYS[day]}'s {intervals[-1]}", f"{WEEKDAYS[next_day]}'s {week[next_day][0]}"
            raise ValueError(f"{late} overlaps {early} on the day after; shorten one of them")
    return week


def parse_hours(text: str | Sequence[str]) -> tuple[DailyInterval, ...]:
    """Reads one day's hours: ``09:00-12:30, 13:30-17:00``, or a list of such strings.

    An end before its start is on the day after; ``24:00`` is an end only.


    Raises:
        ValueError: one sentence with the reason and the cure.
    """
    lines = [text] if isinstance(text, str) else text
    parts = [part.strip(" \t\r\n") for line in lines for part in line.split(",")]
    if not any(parts):
        raise ValueError(
            'there are no hours here; write some, like "09:00-17:00", or leave the day out if it is closed'
        )
    if not all(parts):
        raise ValueError("there is a comma without hours beside it; take it out")
    return in_order(_parse_interval(part) for part in parts)


def _parse_interval(part: str) -> DailyInterval:
    found = _STRICT.fullmatch(part)
    if part.lower() in NOT_OPEN:
        raise ValueError(f'"{part}" are no hours; a day that is closed is left out: put # before its line')
    if not found:
        raise ValueError(f'"{_shortened(part)}" is not understood; write {_suggestion(part)}')
    start, end = _parse_minute(found[1], found[2]), _parse_minute(found[3], found[4])
    if start == DAY_MINUTES:
        raise ValueError(f'"{part}" starts at 24:00; write it from 00:00 on the day after')
    if start == end:
        raise ValueError(f'"{part}" is empty; write "00:00-24:00" for a whole day, or leave it out')
    return DailyInterval(start, end if end > start else end + DAY_MINUTES)


def _parse_minute(hours: str, minutes: str) -> int:
    minute = int(hours) * HOUR_MINUTES + int(minutes)
    if int(minutes) >= HOUR_MINUTES or minute > DAY_MINUTES:
        raise ValueError(f'there is no {hours}:{minutes} in a day; write times from 00:00 to 24:00, like "09:00-17:00"')
    return minute


def checked_nights(intervals: tuple[DailyInterval, ...]) -> tuple[DailyInterval, ...]:
    """The same intervals, for a file that a person writes.

    Raises:
        ValueError: one runs past midnight for so long that it can hardly be meant.
    """
    for one in intervals:
        length = one.end_minute - one.start_minute
        if one.end_minute > DAY_MINUTES and length > LONGEST_NIGHT:
            end = one.end_minute - DAY_MINUTES
            meant = _afternoon(one.start_minute, end) or DailyInterval(end, one.start_minute)
            raise ValueError(
                f'"{one}" goes on past midnight, for {length // HOUR_MINUTES} hours; write "{meant}" if that is meant, '
                f'else "{_clock(one.start_minute)}-24:00" here and "00:00-{_clock(end)}" on the day after'
            )
    return intervals


def _afternoon(start: int, end: int) -> DailyInterval | None:
    """Nine to five: a morning's start, and an end on a clock face with twelve hours."""
    half = DAY_MINUTES // 2
    return DailyInterval(start, end + half) if end <= start <= half and start < end + half else None


def _suggestion(part: str) -> str:
    """What was probably meant, in the one spelling that is read."""
    several = _BETWEEN.split(part)
    if len(several) > 1 and all(map(_STRICT.fullmatch, several)):
        return f'a comma between them: "{", ".join(several)}"'
    found = _LOOSE.fullmatch(part)
    if not found:
        return 'hours like "09:00-17:00"'
    start, end = _loose_minute(*found.groups()[:3]), _loose_minute(*found.groups()[3:])
    meant = None if found[6] else _afternoon(start, end)
    return f'"{meant or f"{_clock(start)}-{_clock(end)}"}"'


def in_one_spelling(text: str) -> str | None:
    """``9-5``, ``9am to 12.30, 2-5pm``: the hours as they are read; None when nobody can tell."""
    parts: list[str] = []
    for part in filter(None, re.split(r"\s*(?:[,;&+]|\band\b)\s*", text.strip())):
        if not _STRICT.fullmatch(part):
            suggested = _suggestion(part).strip('"')
            part = suggested  # noqa: PLW2901 - in the one spelling from here on
        if not _STRICT.fullmatch(part):
            return None
        parts.append(part)
    try:
        return ", ".join(map(str, parse_hours(parts)))
    except ValueError:
        return None


def _loose_minute(hours: str, minutes: str | None, half: str | None) -> int:
    hour = int(hours)
    if half and hour <= DAY_MINUTES // HOUR_MINUTES // 2:
        hour = hour % 12 + 12 * half.lower().startswith("p")
    return hour * HOUR_MINUTES + int(minutes or 0)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
