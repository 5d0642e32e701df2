"""What arriving mail says of this machine's clock, and of the zone in which the mail server counts.

Only mail that was announced while watching is a witness: it arrived after the last look into the folder, so its
INTERNALDATE should lie between that look and this one. Mail of an outage, or of an import, is older for good reasons.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from responder.adapters.events import Event
from responder.core.clock import (
    RELEASED,
    SKEW,
    WHOLE_CLOCK,
    ZONE_ERROR,
    agreed_zone,
    agreeing,
    in_words,
    zone_error,
    zone_trouble,
)
from responder.core.message import InboundMessage
from responder.live.health import MailboxLog

REMEMBERED: Final = 20
"""Latest messages whose times are compared."""

LOG_AGAIN: Final = 3600.0
"""Seconds until a skew that lasts is logged again."""

EXACT: Final = timedelta(0)

_UPTIME: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Seconds that no step of the wall clock changes; those that the machine slept count where the system can tell."""
    return time.clock_gettime(_UPTIME)


def wall_offset(clock: Callable[[], datetime]) -> float:
    """Wall clock less uptime, in seconds: another one after a step."""
    return clock().timestamp() - uptime()


class ClockSteps:
    """Notices when the wall clock is set.

    Args:
        clock: the present, aware.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._offset = wall_offset(clock)

    def since_last(self) -> timedelta:
        """How far it was set since `taken` (negative: back); zero when it was not, or by less than `SKEW`."""
        step = timedelta(seconds=wall_offset(self._clock) - self._offset)
        return step if abs(step) > SKEW else EXACT

    def taken(self) -> None:
        """The step was acted upon."""
        self._offset = wall_offset(self._clock)


class ClockWitness:
    """Compares one mailbox's arriving mail with this machine's clock.

    Args:
        clock: the present, aware; may step.
        log: the mailbox's.
    """

    def __init__(self, clock: Callable[[], datetime], log: MailboxLog) -> None:
        self._clock = clock
        self._log = log
        self._last_look: float | None = None
        self._after: datetime | None = None
        self._now = clock()
        self._errors: deque[tuple[str, timedelta]] = deque(maxlen=REMEMBERED)
        self._zones: deque[tuple[str, timedelta | None]] = deque(maxlen=REMEMBERED)
        self._disbelief: tuple[float, timedelta] | None = None
        self._logged_at = -LOG_AGAIN
        self._is_past = False

    # -- looks ---------------------------------------------------------------------------------------------------------

    def begin_session(self) -> None:
        """What the next look finds may have arrived at any time."""
        self._last_look = None

    def look(self) -> None:
        """Note that the folder is looked at now."""
        self._now, monotonic = self._clock(), uptime()
        before = self._last_look
        self._after = None if before is None else self._now - timedelta(seconds=monotonic - before)
        self._last_look = monotonic

    def is_announced(self) -> bool:
        """Whether what this look finds arrived after the look before it."""
        return self._after is not None

    def error_of(self, received_at: datetime | None) -> timedelta:
        """How far INTERNALDATE is ahead of this clock (negative: behind); zero when it fits, or proves nothing."""
        if received_at is None:
            return EXACT
        if received_at > self._now:
            return received_at - self._now if received_at - self._now > SKEW else EXACT
        if self._after is not None and self._after - received_at > SKEW:
            return received_at - self._after
        return EXACT

    # -- witnesses -----------------------------------------------------------------------------------------------------

    def note(self, received_at: datetime | None, message: InboundMessage | None) -> None:
        """Take one message of this look as a witness, if it is one."""
        error = self.error_of(received_at)
        if error:
            self._log_skew(error)
        if received_at is None or not self.is_announced():
            return
        sender = _sender(message)
        if message is not None and message.delivered_at is not None:
            self._zones.append((sender, zone_error(received_at, message.delivered_at)))
        if error == EXACT:
            self._believe()
            return
        self._errors.append((sender, error))
        if abs(error) > WHOLE_CLOCK and agreeing(self._errors) is not None and self._disbelief is None:
            self._disbelief = wall_offset(self._clock), error
            self._log.write(Event.CLOCK_DISBELIEVED, why=self._disagreement(error))

    def _log_skew(self, error: timedelta) -> None:
        if uptime() - self._logged_at >= LOG_AGAIN:
            self._logged_at = uptime()
            self._log.write(Event.CLOCK_SKEW, why=self._disagreement(error))

    def _disagreement(self, error: timedelta) -> str:
        side = "behind" if error > EXACT else "ahead of"
        return f"this machine's clock is {in_words(error)} {side} the mail server's"

    # -- verdicts ------------------------------------------------------------------------------------------------------

    def holds(self, arrived: list[datetime | None]) -> bool:
        """Whether the clock is so wrong that no mail may be judged by it.

        Args:
            arrived: INTERNALDATE of what this look found first.
        """
        if self._now < RELEASED:
            if not self._is_past:
                self._log.write(Event.CLOCK_DISBELIEVED, why=f"this machine's clock says {self._now:%Y-%m-%d}")
            self._is_past = True
            return True
        self._is_past = False
        if self._disbelief is None:
            return False
        stepped = abs(wall_offset(self._clock) - self._disbelief[0]) > SKEW.total_seconds()
        fits = self.is_announced() and any(at is not None and abs(self.error_of(at)) <= WHOLE_CLOCK for at in arrived)
        if stepped or fits:
            self._believe()
            return False
        return True

    def _believe(self) -> None:
        """The clock was set, or a message fits it."""
        self._errors.clear()
        if self._disbelief is not None:
            self._disbelief = None
            self._log.write(Event.CLOCK_BELIEVED)

    def trouble(self) -> str | None:
        """For the status line; None when the clocks agree."""
        if self._clock() < RELEASED:
            return f"clock: it says {self._clock():%Y-%m-%d}, which is past; nothing is judged until it is set"
        if self._disbelief is not None:
            return f"clock: {self._disagreement(self._disbelief[1])}; no mail is judged until it is set"
        if (zone := self.zone_error()) is not None:
            return zone_trouble(zone)
        if len(self._errors) > 1 and abs(self._errors[-1][1] - self._errors[-2][1]) <= ZONE_ERROR:
            return f"clock: {self._disagreement(self._errors[-1][1])}"
        return None

    def zone_error(self) -> timedelta | None:
        """How far INTERNALDATE is off Received, when the latest mail of several senders agrees."""
        return agreed_zone(self._zones)


def _sender(message: InboundMessage | None) -> str:
    """Who wrote; each message that names nobody counts as one more of the same."""
    return message.from_[0].identity if message is not None and message.from_ else ""
