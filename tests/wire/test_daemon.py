"""What the daemon does of itself: reviving, housekeeping, the demo around it, and the ways to start it."""

from __future__ import annotations

import asyncio
import logging
import runpy
import signal
import sys
import threading
import time
from argparse import Namespace
from datetime import UTC, datetime
from multiprocessing import Pipe
from pathlib import Path

import pytest

from responder.adapters.imap import CommandPool
from responder.adapters.ledger import Ledger
from responder.adapters.secrets import Login
from responder.cli.demo import demo
from responder.cli.judging import _serve
from responder.core.outcome import Deferred
from responder.daemon.daemon import Daemon
from responder.daemon.logs import TerminalFormatter
from responder.daemon.supervise import Supervisor
from responder.demo.story import show
from responder.live.health import BreakerState
from tests.configs import load
from tests.unit.cli.test_judging import BATCH
from tests.unit.live.fakes import pipeline

CONFIG = """
[practice]
time_zone = "UTC"
region = "GB"
languages = ["en"]

[hours]
monday = "09:00-17:00"

[[mailbox]]
address = "hello@harbour.example"
password = { env = "UNUSED" }
imap = { host = "127.0.0.1", port = 9, tls = "none" }
smtp = { host = "127.0.0.1", port = 9, tls = "none", auth = false }
"""


class SilentScheduler:
    """A scheduler that fell silent."""

    def __init__(self) -> None:
        self.woken = 0

    def wakeup(self) -> None:
        """Woken."""
        self.woken += 1


async def test_what_stopped_watching_is_restarted(tmp_path: Path) -> None:
    """A watching task that ended, and one without a sign of life; a silent scheduler is woken."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    config = load(path)
    daemon = Daemon(
        config,
        reload=lambda: load(path),
        state_directory=tmp_path / "state",
        login_of=lambda box: Login(box.username, "x"),
        environ={},
        show_addresses=False,
    )
    daemon._ledger = await Ledger.open(tmp_path / "state")
    daemon._prepare(CommandPool(1))
    silent = SilentScheduler()
    daemon._housekeeping._scheduler = silent
    mailboxes = daemon._mailboxes
    mailboxes.apply(config)
    try:
        for ended in (True, False):
            (running,) = mailboxes.running.values()
            if ended:
                running.task.cancel()
                await asyncio.gather(running.task, return_exceptions=True)
            else:
                running.service.health.beat = time.monotonic() - 10_000
            daemon._housekeeping._beat = time.monotonic() - 10_000
            daemon._restart()
            (restarted,) = mailboxes.running.values()
            assert restarted.service is not running.service
            assert restarted.service.label == "mailbox 1"
        assert silent.woken == 2
        assert mailboxes.is_alive
        assert "watching 0 of 1 mailboxes" in daemon.status()
        await daemon._housekeeping.prune()
        await daemon._housekeeping.heartbeat()
        await daemon._housekeeping.once_a_day()
        await mailboxes.release_waiting()
        daemon.reload()
        daemon._log_state()
    finally:
        await mailboxes.end_all(5)
        await daemon._ledger.close()


async def test_a_reload_tries_refused_logins_again(tmp_path: Path) -> None:
    """A corrected password file leaves the configuration as it was; the servers are asked at once all the same."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    config = load(path)
    ledger = await Ledger.open(tmp_path / "state")
    mailboxes = Supervisor(
        ledger=ledger,
        pool=CommandPool(1),
        login_of=lambda box: Login(box.username, "x"),
        breaker=BreakerState(),
        clock=lambda: datetime.now(UTC),
        show_addresses=False,
    )
    mailboxes.apply(config)
    (running,) = mailboxes.running.values()
    for _ in range(4):
        running.sender.breaker.trip(Deferred("AUTH: 535", account_wide=True), login=True)
    running.service._wake.clear()
    mailboxes.apply(config)
    assert mailboxes.running == {(config.mailboxes[0].name, "INBOX"): running}
    assert running.sender.breaker.blocked() is None
    assert running.service._wake.is_set()
    await mailboxes.end_all(2)
    await ledger.close()


class Told(logging.Handler):
    """Keeps the daemon's own lines among what is shown, for a failure to be understood."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.setFormatter(TerminalFormatter())
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self.lines.append(self.format(record))


async def test_the_demo_keeps_its_promises() -> None:
    """Every decision as promised, one reply shown as received, and it ends by itself."""
    lines: list[str] = []
    told = Told(lines)
    logging.getLogger("responder").addHandler(told)
    try:
        status = await show(lines.append)
    finally:
        logging.getLogger("responder").removeHandler(told)
    shown = "\n".join(lines)
    assert status == 0, shown
    assert "not as it should be" not in shown
    assert "999" in shown


def test_the_demo_without_its_servers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing is named, with the way to get it."""
    monkeypatch.setitem(sys.modules, "responder.demo.story", None)
    assert demo(Namespace()) == 1
    assert "after-hours-responder[demo]" in capsys.readouterr().err


def test_python_m_responder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m responder`` is the command."""
    monkeypatch.setattr(sys, "argv", ["responder", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("responder", run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("responder ")


def test_the_judging_process_serves_until_its_parent_goes() -> None:
    """It answers each batch and ends when the other end is closed."""
    ours, theirs = Pipe()
    unused, _kept = Pipe()
    found: list[int] = []

    def parent() -> None:
        ours.send(BATCH)
        found.append(len(ours.recv()))
        ours.close()

    thread = threading.Thread(target=parent)
    before = signal.getsignal(signal.SIGINT)
    thread.start()
    try:
        _serve(unused, theirs, pipeline())
    finally:
        signal.signal(signal.SIGINT, before)
        thread.join(5)
    assert found == [len(BATCH)]
