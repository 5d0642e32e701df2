"""The closed period: the whole stretch from one closing to the next opening."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A whole stretch from one closing to the next opening, half-open ``[start, end)``.

    Attributes:
        start: None when it was never open before.
        end: None when no opening is ahead ("until further notice").
        say_until: whether a reply may say when it ends.
        because: what closes at its start, in words for the owner ("after Thursday's hours", "closure: winter break").
        holiday: whether a public holiday or the like takes hours away in it.
        words: the closures in it that have a text of their own: when each begins and ends, and its key.
    """

    start: datetime | None
    end: datetime | None
    say_until: bool = True
    because: str = ""
    holiday: bool = False
    words: tuple[tuple[datetime, datetime | None, str], ...] = ()

    @property
    def length(self) -> timedelta | None:
        """None when either end is open."""
        return None if self.start is None or self.end is None else self.end - self.start
