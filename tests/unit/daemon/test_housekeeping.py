"""Jobs that run now and then: late rather than never, and not by a clock that was wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder.adapters.ledger import Ledger
from responder.daemon.housekeeping import Housekeeping


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty one."""
    ledger = await Ledger.open(tmp_path / "state")
    yield ledger
    await ledger.close()


async def test_a_job_that_was_missed_runs_once_however_late(ledger: Ledger) -> None:
    """After a machine slept, APScheduler would drop what is a second late, or run each time that was missed."""
    housekeeping = Housekeeping(ledger, lambda: datetime.now(UTC), lambda: None)
    housekeeping.start()
    try:
        jobs = housekeeping._scheduler.get_jobs()
        assert [(job.coalesce, job.misfire_grace_time, job.max_instances) for job in jobs] == [(True, None, 1)] * 3
    finally:
        housekeeping.stop()


async def test_after_a_step_of_the_clock_no_job_waits_for_the_old_time(ledger: Ledger) -> None:
    """A clock that was two days ahead must not keep every job for two days."""
    now = [datetime.now(UTC) + timedelta(days=2)]
    housekeeping = Housekeeping(ledger, lambda: now[0], lambda: None)
    housekeeping.start()
    try:
        now[0] -= timedelta(days=2)
        housekeeping.reschedule()
        assert {job.next_run_time for job in housekeeping._scheduler.get_jobs()} == {now[0]}
    finally:
        housekeeping.stop()
