"""Open or closed along UTC: finds the instants where it flips, in blocks of weeks that are worked out once.

It knows nothing of weekdays and zones: ``schedule`` gives it the stretches of working hours near an instant, and the
closures.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, TypeVar

FIRST_YEAR = 1901
LAST_YEAR = 2199
"""Outside these years (in UTC) no hours are known. They bound every search."""

EARLIEST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
LATEST = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
"""Half-open; ``LATEST`` also stands for "for ever"."""

_BLOCK = timedelta(weeks=4)
_MAX_BLOCKS = 64
"""About five years, half a megabyte."""


class Span(NamedTuple):
    """Half-open, in UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        """Whether both hold the same instant."""
        return self.start < other.end and other.start < self.end

    def joined(self, later: Span) -> Span:
        """Both as one; they touch."""
        return Span(self.start, max(self.end, later.end))


class Shut(NamedTuple):
    """A closure, or several that touch or overlap; half-open, in UTC.

    ``say_until`` is that of the closure that ends last: its end is the one that a reply would give away.
    """

    start: datetime
    end: datetime
    say_until: bool

    def joined(self, later: Shut) -> Shut:
        """Both as one. Where they end together, it is enough that one keeps its end to itself."""
        if self.end == later.end:
            return self._replace(say_until=self.say_until and later.say_until)
        return max(self, later, key=lambda shut: shut.end)._replace(start=self.start)


_Stretch = TypeVar("_Stretch", Span, Shut)


class Shuts:
    """Closures in order, those that touch or overlap made one, so that every look-up is a search by halves."""

    __slots__ = ("_ends", "_joined", "_starts")

    def __init__(self, shuts: Iterable[Shut]) -> None:
        self._joined = _joined(shuts)
        self._starts = [shut.start for shut in self._joined]
        self._ends = [shut.end for shut in self._joined]

    def before(self, at: datetime) -> Shut | None:
        """The last one that starts before an instant."""
        index = bisect_left(self._starts, at)
        return self._joined[index - 1] if index else None

    def cut_from(self, span: Span) -> Iterator[Span]:
        """What they leave of a span."""
        start = span.start
        for shut in self._joined[bisect_right(self._ends, span.start) : bisect_left(self._starts, span.end)]:
            if start < shut.start:
                yield Span(start, shut.start)
            start = shut.end
        if start < span.end:
            yield Span(start, span.end)

    def edges(self) -> Iterator[datetime]:
        """Where they start and end, in order."""
        return chain.from_iterable(shut[:2] for shut in self._joined)


class _Block(NamedTuple):
    """Four weeks: the state at their start, and the instants strictly inside them at which it flips."""

    starts_open: bool
    flips: tuple[datetime, ...]

    @property
    def ends_open(self) -> bool:
        return self.starts_open ^ (len(self.flips) % 2 == 1)


class Timeline:
    """Where a schedule flips between open and closed.

    Never changes: the blocks that it remembers depend on nothing but their number, so it is safe between threads.

    Args:
        spans: gives every stretch of hours that touches ``[start, end)``, without the closures, in any order.
        closures: they win over the stretches.
        dated: when the week by itself never changes (no hours, or always open), every instant at which something else
            than a closure may change it; None when the week changes by itself.
    """

    __slots__ = ("_block", "_changes", "_shuts", "_spans")

    def __init__(
        self,
        spans: Callable[[datetime, datetime], Iterable[Span]],
        closures: Shuts,
        dated: Iterable[datetime] | None,
    ) -> None:
        self._spans = spans
        self._shuts = closures
        self._changes = None if dated is None else sorted({*dated, *closures.edges()})
        self._block = lru_cache(_MAX_BLOCKS)(self._made_block)

    def is_open(self, at: datetime) -> bool:
        """Whether the instant lies in some stretch of hours and in no closure; False outside the known years."""
        if not is_known(at):
            return False
        block = self._block(_number(at))
        return block.starts_open ^ (bisect_right(block.flips, at) % 2 == 1)

    def flip_after(self, at: datetime) -> datetime | None:
        """The first flip later than this instant; None when there is none."""
        if not is_known(at):
            return None
        number = _number(at)
        block = self._block(number)
        index = bisect_right(block.flips, at)
        if index < len(block.flips):
            return block.flips[index]
        for later in self._numbers_after(number):
            after = self._block(later)
            if after.starts_open != block.ends_open:
                return _begin(later)
            if after.flips:
                return after.flips[0]
        return None

    def flip_until(self, at: datetime) -> datetime | None:
        """The last flip that is not later than this instant; None when there is none."""
        if not is_known(at):
            return None
        number = _number(at)
        block = self._block(number)
        index = bisect_right(block.flips, at)
        if index:
            return block.flips[index - 1]
        for earlier in self._numbers_before(number):
            before = self._block(earlier)
            if before.ends_open != block.starts_open:
                return _begin(earlier + 1)
            if before.flips:
                return before.flips[-1]
        return None

    def last_shut(self, start: datetime | None, end: datetime | None) -> Shut | None:
        """The last of the joined closures that lie in ``[start, end)``, None being for ever."""
        shut = self._shuts.before(end or LATEST)
        return shut if shut and (start is None or start < shut.end) else None

    def _numbers_after(self, number: int) -> Iterator[int]:
        """The blocks to look at next; leaves out those in which nothing can flip."""
        while True:
            begin = _begin(number + 1)
            shut = self._shuts.before(begin)
            if shut and begin < shut.end:
                begin = shut.end
            elif self._changes is not None:
                index = bisect_left(self._changes, begin)
                begin = self._changes[index] if index < len(self._changes) else LATEST
            if begin >= LATEST:
                return
            number = _number(begin)
            yield number

    def _numbers_before(self, number: int) -> Iterator[int]:
        """The same, backwards."""
        while number > 0:
            begin = _begin(number)
            number -= 1
            shut = self._shuts.before(begin)
            if shut and begin < shut.end:
                number = min(number, _number(max(shut.start, EARLIEST)))
            elif self._changes is not None:
                index = bisect_right(self._changes, begin)
                number = min(number, _number(max(self._changes[index - 1], EARLIEST))) if index else 0
            yield number

    def _made_block(self, number: int) -> _Block:
        begin, end = _begin(number), min(_begin(number + 1), LATEST)
        spans = chain.from_iterable(map(self._shuts.cut_from, _joined(self._spans(begin, end))))
        edges = list(chain.from_iterable(spans))
        starts_open = bisect_right(edges, begin) % 2 == 1
        return _Block(starts_open, tuple(edge for edge in edges if begin < edge < end))


def is_known(at: datetime) -> bool:
    """Whether an instant (in UTC) lies where hours are known."""
    return EARLIEST <= at < LATEST


def _number(at: datetime) -> int:
    return (at - EARLIEST) // _BLOCK


def _begin(number: int) -> datetime:
    return EARLIEST + number * _BLOCK


def _joined(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """Sorted, and no two touch; those without length are dropped."""
    joined: list[_Stretch] = []
    for one in sorted(one for one in stretches if one.start < one.end):
        if joined and one.start <= joined[-1].end:
            joined[-1] = joined[-1].joined(one)
        else:
            joined.append(one)
    return joined
