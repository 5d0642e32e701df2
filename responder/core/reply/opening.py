"""When a line is open: the part of OpenStreetMap's ``opening_hours`` that the directory uses, and what people type.

Any other form is refused, so that hours which nobody here understands are never printed.

See Also: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
ALL_DAYS: Final = tuple(range(7))
DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
NOON: Final = DAY // 2
MOST_MINUTES: Final = 59

_ALWAYS: Final = "24/7"
_RANGE: Final = re.compile(r"(?P<days>[A-Z][a-z](?:[-,][A-Z][a-z])*) (?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)")
_TYPED_DAYS: Final = r"(?:every|each|all) (?:day|week)|[^\W\d_]+\.?(?:\s*(?:-|\u2013|,|to|and|&)\s*[^\W\d_]+\.?)*"
_CLOCK: Final = r"\d{1,2}(?:[:.]\d\d)?\s*(?:[ap]\.?m\.?)?"
_TYPED: Final = re.compile(
    rf"(?:(?P<days>{_TYPED_DAYS})[:,]?\s+)?(?:from\s+)?(?P<start>{_CLOCK})\s*(?:h\s*)?(?:-|\u2013|to|until|till)"
    rf"\s*(?P<end>{_CLOCK})\s*h?",
    re.IGNORECASE,
)
_TYPED_ALWAYS: Final = re.compile(
    r"24\s*/\s*7|24\s*(?:h|hrs?|hours?)(?:\s*(?:a|per|every|/)\s*day)?(?:[, ]+(?:7 days(?: a week)?|every day|daily))?"
    r"|(?:day and night|round the clock|always(?: open)?|at all hours|at any (?:hour|time))",
    re.IGNORECASE,
)
_BEHIND_A_TIME: Final = re.compile(r"(?<=[\dmh])\s*[;,]\s*")
_EVERY_DAY: Final = {"daily", "everyday", "every day", "all week", "each day"}
_WEEKDAYS: Final = {"weekdays", "weekday", "working days"}
_WEEKENDS: Final = {"weekends", "weekend"}
_FULL_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST_NAME: Final = 2


@dataclass(frozen=True, slots=True)
class Range:
    """The same hours on some days of the week.

    Attributes:
        days: 0 is Monday.
        start: minute of the day.
        end: minute of the day, 1440 for midnight; at or before ``start`` it is the next day's.
    """

    days: tuple[int, ...]
    start: int
    end: int

    def __str__(self) -> str:
        """As it is written in the directory: ``Mo,We 16:00-20:00``."""
        days = "Mo-Su" if self.days == ALL_DAYS else ",".join(DAYS[day] for day in self.days)
        clock = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.start, self.end))
        return f"{days} {clock}"

    @property
    def is_overnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.end <= self.start


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of opening hours on a wall clock.

    Attributes:
        ranges: as they were written.
        spans: the same as half-open minutes of the week, in order, none touching another.
    """

    ranges: tuple[Range, ...]
    spans: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spans", tuple(_merged(_spans(self.ranges))))

    @property
    def always(self) -> bool:
        """Whether the whole week is open."""
        return self.spans == ((0, WEEK),)

    def is_open(self, local: datetime) -> bool:
        """Whether it is open at a time on its own wall clock."""
        minute = local.weekday() * DAY + local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.spans)

    def opens_within(self, local: datetime, time: timedelta) -> bool:
        """Whether it is open now or will be within this time."""
        return self.is_open(local) or self.is_open(local + time)


def parse(ranges: Iterable[str]) -> Hours:
    """``["Mo-Fr 09:00-17:00", "Sa 10:00-12:00"]``, ``["24/7"]``.

    Raises:
        ValueError: another form.
    """
    written = list(ranges)
    if written == [_ALWAYS]:
        return ALWAYS
    found: list[Range] = []
    for text in written:
        match = _RANGE.fullmatch(text)
        if match is None:
            raise ValueError(f'opening hours "{text}" are not of the form "Mo-Fr 09:00-17:00" or "24/7"')
        found.append(Range(_days(match["days"]), _minute(match["start"]), _minute(match["end"])))
    if not found:
        raise ValueError("opening hours are empty; leave the key out where they are not known")
    return Hours(tuple(found))


def read(typed: str) -> Hours | None:
    """What a practice typed, if it is understood: ``24 hours``, ``Mon-Fri 9:00-17:00``; None if it is not."""
    text = " ".join(typed.split())
    if _TYPED_ALWAYS.fullmatch(text):
        return ALWAYS
    try:
        return parse([text])
    except ValueError:
        pass
    parts = [part for part in _BEHIND_A_TIME.split(text) if part]
    matches = [_TYPED.fullmatch(part) for part in parts]
    ranges = [_typed_range(match) for match in matches if match is not None]
    understood = tuple(each for each in ranges if each is not None)
    return Hours(understood) if understood and len(understood) == len(parts) else None


def _days(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += _run(_day(first), _day(last or first))
    if len(found) != len(set(found)):
        raise ValueError(f'opening hours name a day twice: "{text}"')
    return tuple(sorted(found))


def _day(name: str) -> int:
    if name not in DAYS:
        raise ValueError(f'"{name}" is not a day of the week; write one of {", ".join(DAYS)}')
    return DAYS.index(name)


def _run(first: int, last: int) -> list[int]:
    """From a day to a day, over the end of the week if need be."""
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _minute(clock: str) -> int:
    hours, minutes = map(int, clock.split(":"))
    if hours * 60 + minutes > DAY or minutes > MOST_MINUTES:
        raise ValueError(f'"{clock}" is not a time of day')
    return hours * 60 + minutes


def _spans(ranges: Iterable[Range]) -> Iterator[tuple[int, int]]:
    for each in ranges:
        for day in each.days:
            start = day * DAY + each.start
            end = day * DAY + each.end + (DAY if each.is_overnight else 0)
            yield start, min(end, WEEK)
            if end > WEEK:
                yield 0, end - WEEK


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


ALWAYS: Final = Hours((Range(ALL_DAYS, 0, DAY),))


# What a practice types


def _typed_range(match: re.Match[str]) -> Range | None:
    """None where it could mean two things: no day, or nine to five without saying which five."""
    days = ALL_DAYS if match["days"] is None else _typed_days(match["days"].lower().strip(" .,:"))
    start, end = _typed_minute(match["start"]), _typed_minute(match["end"])
    if days is None or start is None or end is None or start in (end, DAY):
        return None
    if match["days"] is None and (start, end) != (0, DAY):
        return None
    is_unclear = end <= start <= NOON and not _half(match["end"])
    return None if is_unclear else Range(days, start, end)


def _half(clock: str) -> str:
    """``am``, ``pm``, or empty on a clock of 24 hours."""
    return "".join(letter for letter in clock.lower() if letter in "apm")


def _typed_minute(clock: str) -> int | None:
    half = _half(clock)
    numbers = [int(number) for number in re.findall(r"\d+", clock)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if half:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock face
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    whole = hour * 60 + minute
    return whole if minute <= MOST_MINUTES and whole <= DAY else None


def _typed_days(text: str) -> tuple[int, ...] | None:
    if text in _EVERY_DAY:
        return ALL_DAYS
    if text in _WEEKDAYS:
        return ALL_DAYS[:5]
    if text in _WEEKENDS:
        return ALL_DAYS[5:]
    found: set[int] = set()
    for part in re.split(r"\s*(?:,|\band\b|&)\s*", text):
        ends = [_typed_day(name) for name in re.split(r"\s*(?:-|\u2013|\bto\b)\s*", part)]
        if not 1 <= len(ends) <= 2 or None in ends:  # noqa: PLR2004 - from, to
            return None
        known = [day for day in ends if day is not None]
        found.update(_run(known[0], known[-1]))
    return tuple(sorted(found))


def _typed_day(name: str) -> int | None:
    name = name.strip(" .").removesuffix("s") if len(name) > 4 else name.strip(" .")  # noqa: PLR2004 - "mondays"
    fits = [day for day, full in enumerate(_FULL_NAMES) if len(name) >= _SHORTEST_NAME and full.startswith(name)]
    return fits[0] if len(fits) == 1 else None
