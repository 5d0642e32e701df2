"""What is done now and then: pruning the ledger, counting what waits, the daily look at holidays and warnings."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from responder.adapters.events import Event, log
from responder.adapters.ledger import KEEP_SETTLED, KEEP_TEXTS, Ledger
from responder.core.errors import LedgerError

HEARTBEAT_EVERY: Final = 60
"""Seconds between two heartbeats; APScheduler can fall silent for good."""

FIRST_PRUNE_AFTER: Final = timedelta(minutes=10)
"""After a start, so that a machine that is on for an hour a day prunes as well."""

PRUNE_WITHIN: Final = 60.0
"""Seconds; the ledger's one writer must not be kept from the replies."""

JOB_DEFAULTS: Final[dict[str, Any]] = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
"""A job that was missed, because the machine slept or the loop was busy, runs once, however late it is."""


class Housekeeping:
    """The scheduler and its jobs.

    Args:
        ledger: pruned.
        clock: the present, aware.
        daily: called once a day.

    Attributes:
        waiting: how many replies each rate holds, by its id.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], daily: Callable[[], None]) -> None:
        self.waiting: dict[str, int] = {}
        self._ledger = ledger
        self._clock = clock
        self._daily = daily
        self._beat = time.monotonic()
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=JOB_DEFAULTS)

    def start(self) -> None:
        """Begin; needs the running event loop."""
        first = self._clock() + FIRST_PRUNE_AFTER
        self._scheduler.add_job(self.heartbeat, "interval", seconds=HEARTBEAT_EVERY)
        self._scheduler.add_job(self.prune, "interval", hours=24, next_run_time=first)
        self._scheduler.add_job(self.once_a_day, "interval", hours=24)
        self._scheduler.start()

    def stop(self) -> None:
        """End, without waiting for a job that runs."""
        self._scheduler.shutdown(wait=False)

    def reschedule(self) -> None:
        """After a step of the wall clock: every job runs soon, not when the old time comes round again."""
        for job in self._scheduler.get_jobs():
            self._scheduler.modify_job(job.id, next_run_time=self._clock())

    def wake_if_silent(self) -> None:
        """Wake the scheduler when its heartbeat is overdue."""
        if time.monotonic() - self._beat > 3 * HEARTBEAT_EVERY:
            log(Event.HOUSEKEEPING_RESTARTED)
            self._beat = time.monotonic()
            self._scheduler.wakeup()

    async def heartbeat(self) -> None:
        """Show that the scheduler lives, and count the replies that wait."""
        self._beat = time.monotonic()
        with contextlib.suppress(LedgerError):  # logged by the replies that need it
            self.waiting = await self._ledger.waiting()

    async def prune(self) -> None:
        """Forget what was settled long ago."""
        now = self._clock()
        async with asyncio.timeout(PRUNE_WITHIN):
            count = await self._ledger.prune(now - KEEP_SETTLED, texts_before=now - KEEP_TEXTS)
        if count:
            log(Event.PRUNED, count=count)

    async def once_a_day(self) -> None:
        """Run the daemon's daily work on the loop; APScheduler would run a plain function in a thread."""
        self._daily()
