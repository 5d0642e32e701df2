"""When this machine's clock, the mail server's clock (INTERNALDATE) and the stamp in ``Received`` disagree.

A wrong clock must not lose mail: what it silences is kept, and judged again when the clock is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

RELEASED: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""Before this version was released. A clock that says so is wrong: a board without a battery, started without network.
Set it forward with each release."""

SKEW: Final = timedelta(minutes=2)
"""Machines that are kept in step differ by less; more is reported."""

AGREEMENT: Final = timedelta(minutes=10)
"""Mail that was delivered at different moments agrees on an error of the clock within this."""

WHOLE_CLOCK: Final = timedelta(days=1)
"""An error above this may make the whole clock disbelieved; below it each message is judged by itself."""

WITNESSES: Final = 3
"""Different senders whose mail must agree. One message that was dragged here with an odd date proves nothing."""

ZONE_ERROR: Final = timedelta(hours=1)
"""INTERNALDATE and Received apart by more: greylisting and slow relays stamp below the top-most field."""

ZONE_STEP: Final = timedelta(minutes=15)
"""Zones differ from UTC by a multiple of this, and by at most `ZONE_MOST`."""

ZONE_MOST: Final = timedelta(hours=14)

CLOCK: Final = "clock"
"""Rule of a message from ahead of this machine's clock that waits until the clock has passed it."""

BY_CLOCK: Final = frozenset({CLOCK, "in-hours", "open-again", "too-old", "before-period", "not-just-delivered"})
"""Rules of a silence that rests on a clock: final only when the clocks agree."""


def is_ahead(received_at: datetime, now: datetime) -> bool:
    """Whether a message comes from ahead of this machine's clock."""
    return received_at - now > SKEW


def present(received_at: datetime | None, now: datetime) -> datetime:
    """The time that a reply to this message speaks of: its own when it comes from ahead of this machine's clock."""
    return received_at if received_at is not None and is_ahead(received_at, now) else now


def in_words(offset: timedelta) -> str:
    """``3 days``, ``2 h``, ``5 min``: how far apart, without a sign."""
    apart = abs(offset)
    if apart >= timedelta(days=2):
        return f"{round(apart / timedelta(days=1))} days"
    if apart >= timedelta(hours=2):
        return f"{round(apart / timedelta(hours=1))} h"
    return f"{round(apart / timedelta(minutes=1))} min"


def agreeing(offsets: Sequence[tuple[str, timedelta]]) -> timedelta | None:
    """The error that mail of at least `WITNESSES` different senders agrees on with the latest; None when it does not.

    Args:
        offsets: sender and error, the latest last.
    """
    latest = offsets[-1][1] if offsets else timedelta(0)
    witnesses = {sender for sender, offset in offsets if abs(offset - latest) <= AGREEMENT}
    return latest if len(witnesses) >= WITNESSES else None


def zone_error(received_at: datetime | None, delivered_at: datetime | None) -> timedelta | None:
    """How far INTERNALDATE is ahead of Received, when a wrong zone of the server explains it; else None."""
    if received_at is None or delivered_at is None:
        return None
    apart = received_at - delivered_at
    steps = round(apart / ZONE_STEP)
    explained = abs(apart - steps * ZONE_STEP) <= SKEW and ZONE_ERROR - SKEW <= abs(apart) <= ZONE_MOST + SKEW
    return steps * ZONE_STEP if explained else None


def agreed_zone(errors: Sequence[tuple[str, timedelta | None]]) -> timedelta | None:
    """How far the server's INTERNALDATE is off, when most of the latest mail, and several senders, agree.

    Args:
        errors: sender and `zone_error`, of messages that have both times, the latest last.
    """
    found = [(sender, error) for sender, error in errors if error is not None]
    return agreeing(found) if 2 * len(found) > len(errors) else None


def zone_trouble(error: timedelta) -> str:
    """For the owner: what a wrong zone does, and who can mend it."""
    side = "ahead of" if error > timedelta(0) else "behind"
    return (
        f"the mail server's time zone is wrong: INTERNALDATE is {in_words(error)} {side} the time of delivery, by "
        "which hours are judged. Ask the server's administrator to set its time zone"
    )
