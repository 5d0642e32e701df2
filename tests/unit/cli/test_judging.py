"""The process that judges for a dry run."""

from __future__ import annotations

import os
import signal

import pytest

from responder.backtest.record import record_of
from responder.cli.judging import JudgeProcess
from responder.core.errors import TransientError
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, header_block, pipeline

pytestmark = pytest.mark.filterwarnings(
    # other tests leave threads behind that the command does not have when it forks
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)

BATCH = [
    FetchedMessage(MessageKey(MAILBOX, FOLDER, UidValidity(7), Uid(uid)), NIGHT, header_block(f"p{uid}@mail.example"))
    for uid in range(1, 4)
]


async def test_it_judges_as_this_process_would() -> None:
    """Batch for batch the same records."""
    way = pipeline()
    with JudgeProcess(way) as judge:
        for batch in (BATCH, BATCH[:1], []):
            assert await judge(batch) == [record_of(way.judge(fetched, now=None)) for fetched in batch]


async def test_when_it_dies_the_dry_run_says_so() -> None:
    """No half of a report is shown."""
    with JudgeProcess(pipeline()) as judge:
        pid = judge._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(TransientError, match="run it again"):
            await judge(BATCH)


def test_it_ends_with_the_command() -> None:
    """Nothing is left running."""
    with JudgeProcess(pipeline()) as judge:
        process = judge._process
        assert process.is_alive()
    assert not process.is_alive()
