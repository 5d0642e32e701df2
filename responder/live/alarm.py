"""The breaker's voice: too many replies in an hour are told once, loudly, and stand in the status line."""

from __future__ import annotations

import logging
from datetime import datetime

logger = logging.getLogger("responder")

CURE = (
    "look at who writes: a loop, or a flood of forged senders. It goes on by itself; breaker in [rates] is the number"
)


class Alarm:
    """One for the whole daemon; the ledger decides, this only tells."""

    def __init__(self) -> None:
        self._until: datetime | None = None

    def opened(self, until: datetime) -> None:
        """A claim was refused by the breaker."""
        if self._until is None:
            facts = {"until": until.isoformat(timespec="seconds"), "cure": CURE}
            logger.error("the breaker opened: too many replies in an hour, none is sent for now", extra=facts)
        self._until = until

    def trouble(self, now: datetime) -> str | None:
        """For the status line; None when the breaker is closed."""
        if self._until is None:
            return None
        if now >= self._until:
            self._until = None
            logger.warning("the breaker closed by itself; what waited goes out now, the newest first")
            return None
        return f"the breaker is open until {self._until:%H:%M} UTC: too many replies in an hour"
