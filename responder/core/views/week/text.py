"""The week in a terminal: a row for each day, a cell for each half hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from responder.core.hours.daily import DAY_MINUTES, HOUR_MINUTES
from responder.core.views.week.days import Block, Day

_CELL: Final = 30
_HALF: Final = _CELL // 2
_ALWAYS_SHOWN: Final = (8, 18)
"""Hours that every picture has, so that two weeks can be compared at a glance."""
_LABEL_EVERY: Final = 3
_LABEL_WIDTH: Final = 14


@dataclass(frozen=True, slots=True)
class Cells:
    """What a half hour looks like by which of its halves are open."""

    closed: str
    first: str
    second: str
    both: str


BLOCKS: Final = Cells("·", "▌", "▐", "█")
ASCII: Final = Cells(".", "#", "#", "#")
"""For terminals that know nothing else."""


def drawn(days: Sequence[Day], today: date, cells: Cells) -> list[str]:
    """The lines of the picture, hours above, today marked, a blank line before each further Monday."""
    first, last = _range(days)
    rows: list[str] = [_axis(first, last)]
    for number, day in enumerate(days):
        if number and day.date.weekday() == 0:
            rows.append("")
        rows.append(_row(day, first, last, cells, is_today=day.date == today))
    return rows


def _range(days: Sequence[Day]) -> tuple[int, int]:
    """The hours to show: the usual ones, and an hour around those that are open."""
    blocks = [block for day in days for block in day.blocks]
    start = min([_ALWAYS_SHOWN[0], *(block.start // HOUR_MINUTES for block in blocks)])
    end = max([_ALWAYS_SHOWN[1], *(-(-block.end // HOUR_MINUTES) for block in blocks)])
    return max(start - 1, 0), min(end + 1, DAY_MINUTES // HOUR_MINUTES)


def _axis(first: int, last: int) -> str:
    width = HOUR_MINUTES // _CELL
    labels = (f"{hour:02}" if hour % _LABEL_EVERY == 0 else "" for hour in range(first, last))
    return (" " * _LABEL_WIDTH + "".join(label.ljust(width) for label in labels)).rstrip()


def _row(day: Day, first: int, last: int, cells: Cells, *, is_today: bool) -> str:
    label = f"{'>' if is_today else ' '} {day.date:%a} {day.date.day:>2} {day.date:%b}"
    bar = "".join(_cells(day.blocks, first, last, cells))
    marks = "; ".join(mark.text for mark in day.marks)
    return "  ".join(part for part in (label.ljust(_LABEL_WIDTH - 2), bar, day.hours, marks) if part)


def _cells(blocks: Sequence[Block], first: int, last: int, cells: Cells) -> Iterator[str]:
    looks = (cells.closed, cells.second, cells.first, cells.both)
    for start in range(first * HOUR_MINUTES, last * HOUR_MINUTES, _CELL):
        yield looks[2 * _mostly_open(blocks, start) + _mostly_open(blocks, start + _HALF)]


def _mostly_open(blocks: Sequence[Block], start: int) -> bool:
    """Whether at least half of a quarter of an hour is open."""
    open_minutes = sum(max(0, min(block.end, start + _HALF) - max(block.start, start)) for block in blocks)
    return 2 * open_minutes >= _HALF
