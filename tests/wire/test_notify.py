"""What systemd hears, through a real datagram socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.daemon.systemd import Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The other end of NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(2)
        yield sock


def heard(systemd: socket.socket) -> list[str]:
    """One datagram's lines."""
    return systemd.recv(4096).decode().split("\n")


def test_each_message(systemd: socket.socket) -> None:
    """Every change is one datagram in sd_notify's own words; a status is always one line."""
    notifier = Notifier({"NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "30000000"})
    notifier.ready("watching\n2 of 2")
    assert heard(systemd) == ["READY=1", "STATUS=watching 2 of 2"]
    notifier.status("fine")
    assert heard(systemd) == ["STATUS=fine"]
    notifier.watchdog()
    assert heard(systemd) == ["WATCHDOG=1"]
    notifier.stopping()
    assert heard(systemd) == ["STOPPING=1", "STATUS=stopping"]
    assert notifier.watchdog_interval == 10.0


def test_reloading_names_its_monotonic_time(systemd: socket.socket) -> None:
    """Type=notify-reload gives up without MONOTONIC_USEC in the same datagram."""
    before = time.monotonic_ns() // 1000
    Notifier({"NOTIFY_SOCKET": systemd.getsockname()}).reloading()
    first, second = heard(systemd)
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_abstract_socket() -> None:
    """A leading @ means the abstract namespace."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        name = f"responder-test-{time.monotonic_ns()}"
        sock.bind("\0" + name)
        sock.settimeout(2)
        Notifier({"NOTIFY_SOCKET": "@" + name}).watchdog()
        assert heard(sock) == ["WATCHDOG=1"]


def test_silent_without_systemd(tmp_path: Path) -> None:
    """No socket, or a dead one, is no trouble."""
    Notifier({}).ready("fine")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready("fine")
    assert Notifier({"WATCHDOG_USEC": "soon"}).watchdog_interval is None
