"""The daemon follows a step of the wall clock: what the wrong time silenced is judged again."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from responder.adapters.imap import CommandPool
from responder.adapters.ledger import Cursor, Ledger, NewDue, Silenced
from responder.adapters.secrets import Login
from responder.core.errors import LedgerError
from responder.core.message import MessageKey, Uid, UidValidity
from responder.daemon.daemon import Daemon
from tests.configs import load
from tests.unit.config.test_config_problems import BASE
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, Clock

KEY = MessageKey(MAILBOX, FOLDER, UidValidity(7), Uid(3))


@pytest.fixture
def clock() -> Clock:
    """A present that the test sets."""
    return Clock(NIGHT + timedelta(days=2))


@pytest.fixture
async def daemon(tmp_path: Path, clock: Clock) -> AsyncIterator[Daemon]:
    """A daemon whose clock is two days ahead; it silenced a message as too old."""
    path = tmp_path / "config.toml"
    path.write_text(BASE, encoding="utf-8")
    daemon = Daemon(
        load(path),
        reload=lambda: load(path),
        state_directory=tmp_path / "state",
        login_of=lambda box: Login(box.username, "x"),
        environ={},
        show_addresses=False,
        clock=clock,
    )
    daemon._ledger = await Ledger.open(tmp_path / "state")
    daemon._prepare(CommandPool(1))
    silenced = [Silenced(KEY, "<1@x.example>", NIGHT, clock())]
    await daemon._ledger.record(MAILBOX, FOLDER, Cursor(UidValidity(7), Uid(3)), [], silenced)
    yield daemon
    await daemon._ledger.close()


async def test_a_step_back(daemon: Daemon, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """What was decided at a time that now lies ahead is due again; once."""
    caplog.set_level(logging.INFO)
    await daemon._follow_clock()
    assert await daemon._ledger.ready(MAILBOX, FOLDER, clock(), 9) == []
    clock.at = NIGHT + timedelta(minutes=1)
    await daemon._follow_clock()
    await daemon._follow_clock()
    assert await daemon._ledger.ready(MAILBOX, FOLDER, clock(), 9) == [KEY]
    assert [(vars(line)["count"], line.message) for line in caplog.records] == [(1, "clock stepped")]


async def test_a_step_forward_reopens_nothing(daemon: Daemon, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and whoever waits looks again."""
    clock.forward(hours=5)
    await daemon._follow_clock()
    assert await daemon._ledger.ready(MAILBOX, FOLDER, clock(), 9) == []
    assert [vars(line)["why"] for line in caplog.records] == ["forward by 5 h"]


async def test_a_step_that_cannot_be_written_is_tried_again(
    daemon: Daemon, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at that moment loses nobody."""
    clock.at = NIGHT + timedelta(minutes=1)
    with monkeypatch.context() as full:

        async def refuse(*_: object) -> int:
            raise LedgerError("no space left")

        full.setattr(Ledger, "reopen_from_ahead", refuse)
        await daemon._follow_clock()
    await daemon._follow_clock()
    assert await daemon._ledger.ready(MAILBOX, FOLDER, clock(), 9) == [KEY]


async def test_a_row_of_the_past_stays_closed(daemon: Daemon, clock: Clock) -> None:
    """Only what was decided ahead of the clock: an opening that has really been is no error of the clock's."""
    clock.at = NIGHT + timedelta(days=2, minutes=-1)
    assert await daemon._ledger.reopen_from_ahead(clock()) == 0


async def test_what_is_reopened_waits_for_its_own_time(daemon: Daemon, clock: Clock) -> None:
    """A board that forgot three days must not answer what it silenced rightly."""
    clock.at = NIGHT - timedelta(days=1)
    assert await daemon._ledger.reopen_from_ahead(clock()) == 1
    assert await daemon._ledger.ready(MAILBOX, FOLDER, clock(), 9) == []
    assert await daemon._ledger.next_due(MAILBOX, FOLDER, clock()) == NIGHT


async def test_what_waits_is_in_the_status(daemon: Daemon, clock: Clock) -> None:
    """A message from ahead is no reply that waits for a rate."""
    ahead = NewDue(replace(KEY, uid=Uid(4)), "<2@x.example>", clock() + timedelta(hours=3), clock(), held="clock")
    await daemon._ledger.record(MAILBOX, FOLDER, Cursor(UidValidity(7), Uid(4)), [ahead])
    await daemon._housekeeping.heartbeat()
    assert "messages from ahead of this machine's clock wait: 1" in daemon.status()
    assert "for a rate" not in daemon.status()
