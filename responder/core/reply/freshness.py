"""What may still be said of a line on one day: a claim is printed while its evidence is fresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from responder.core.reply.lines import Claim, CrisisLine

FRESH_MONTHS: Final = 18
"""How old the newest evidence for hours, for "free" and for a number may be; services change without telling anyone."""

RELEASED: Final = date(2026, 11, 28)
"""The day on which the whole directory was last gone through. A clock before it is wrong, so this day stands in."""

_UNDATED_IS_ENOUGH: Final = frozenset(("number", "deaf", "language"))
"""Claims that evidence without a date proves, if weakly."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The practice's own reading: somebody compared what replies print with each service's own page.

    Attributes:
        on: the day; None when nobody did.
        prints: the fingerprints of the lines that replies showed, as they were on that day; None when nobody kept
            them, and what the directory as it is installed shows counts as compared.
    """

    on: date | None = None
    prints: Mapping[str, str] | None = field(default=None, hash=False)

    def covers(self, line: CrisisLine) -> bool:
        """Whether the line is as it was when it was compared."""
        return self.prints is None or self.prints.get(line.id) == line.fingerprint


NOT_COMPARED: Final = Comparison()


def day_of(now: datetime) -> date:
    """Today, as evidence is measured against it."""
    return max(now.date(), RELEASED)


def months_before(day: date, months: int) -> date:
    """The same day of the month, or the last one that the month has."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


@dataclass(frozen=True, slots=True)
class Reading:
    """How fresh claims are on one day, for one practice."""

    today: date
    comparison: Comparison = NOT_COMPARED

    def newest(self, line: CrisisLine, claim: Claim) -> date | None:
        """The date of a claim: of its newest evidence, or of the practice's comparison. Later than today is today.

        A comparison renews only what could be printed at all: never what is known from memory alone.
        """
        found, compared = line.dated.get(claim), self.comparison.on
        if compared is not None and self._renews(line, claim, compared):
            found = max(found or compared, compared)
        return None if found is None else min(found, self.today)

    def _renews(self, line: CrisisLine, claim: Claim, compared: date) -> bool:
        """Whether the claim was there to be compared: hours and prices that were too old at the release never were.

        A number without fresh evidence may have been shown for want of a better one, if somebody kept that it was.
        """
        if not self.comparison.covers(line):
            return False
        found = line.dated.get(claim)
        if found is not None and found >= months_before(min(compared, RELEASED), FRESH_MONTHS):
            return True
        return self.comparison.prints is not None and claim in _UNDATED_IS_ENOUGH and claim in line.supported

    def is_fresh(self, line: CrisisLine, claim: Claim) -> bool:
        """Whether a claim may be printed."""
        found = self.newest(line, claim)
        return line.own or (found is not None and found >= months_before(self.today, FRESH_MONTHS))
