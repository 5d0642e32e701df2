"""How long to wait before trying again: exponential, bounded, with jitter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """A schedule of waits.

    Attributes:
        base: the first wait.
        cap: no wait is longer, jitter included.
    """

    base: timedelta
    cap: timedelta

    def delay(self, attempt: int, fraction: float) -> timedelta:
        """The wait after the given failure.

        Args:
            attempt: 1 after the first failure.
            fraction: a random number in [0, 1); half of each wait is fixed and half is jitter,
                so that many mailboxes do not come back at one instant.
        """
        doublings = min(max(attempt, 1) - 1, 20)  # beyond every cap, and no overflow
        full = min(self.base * (1 << doublings), self.cap)
        return full / 2 + full / 2 * fraction
