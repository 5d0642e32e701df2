"""Real mail servers on loopback: Postfix's ``smtp-sink``."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

START_TIMEOUT = 10.0
"""Seconds a server gets to open its port; a loaded machine needs two."""

POLL = 0.02
"""Seconds between two looks at a port or a directory."""


class SinkMessage(NamedTuple):
    """One message as the sink received it.

    Attributes:
        sender: the envelope sender; empty for the null reverse-path.
        recipient: the envelope recipient (the first, should there be several).
        content: the message, dots unstuffed, CRLF line ends.
    """

    sender: str
    recipient: str
    content: bytes


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str) -> str:
    """Path of a Postfix program; a missing one fails the test, it does not skip it."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if path is None:
        raise RuntimeError(f"{name} is missing: install postfix")
    return path


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return once something accepts connections on 127.0.0.1.

    Raises:
        RuntimeError: nothing did within START_TIMEOUT, or the process ended.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server ended at once with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


class SmtpSink:
    """Postfix's ``smtp-sink``, keeping each transaction in a file of its own.

    A message is in its file before the sink answers the final dot, so that what was accepted can be read at once.
    What reached the dot is kept whatever the answer was: ``-q .`` and ``-f .`` show how often it was tried.
    Use as a context manager, or call ``start`` and ``close``.

    Attributes:
        host: always 127.0.0.1.
        port: stays the same over ``close`` and ``start``.
    """

    host = "127.0.0.1"

    def __init__(self, *options: str) -> None:
        """Take further ``smtp-sink`` options, such as ``("-q", "DATA")`` (see smtp-sink(1))."""
        self.options: Sequence[str] = options
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="sink-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> Self:
        """Start listening."""
        user: list[str] = []
        if os.geteuid() == 0:  # smtp-sink refuses to run as root
            shutil.chown(self.directory, "nobody")
            user = ["-u", "nobody"]
        self._starts += 1  # part of the file names: the sink's "random" numbers begin again at every start
        command = [program("smtp-sink"), *user, "-d", f"{self.directory}/{self._starts}.%s.", *self.options]
        self._process = subprocess.Popen([*command, f"{self.host}:{self.port}", "100"], cwd=self.directory)
        wait_for_port(self.port, self._process)
        return self

    def stop(self) -> None:
        """Stop listening; what was received stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stop, and forget what was received."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def messages(self) -> list[SinkMessage]:
        """Every complete message, oldest first."""
        files = sorted(self.directory.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        found = (_read_dump(path.read_bytes()) for path in files)
        return [message for message in found if message is not None]

    def count(self) -> int:
        """How many messages came as far as the final dot."""
        return len(self.messages())

    def wait_for(self, count: int, timeout: float = 10.0) -> list[SinkMessage]:
        """Block until at least ``count`` messages are there; for a sender in another process.

        Raises:
            TimeoutError: there are fewer after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while len(messages := self.messages()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(messages)} of {count} messages after {timeout} s")
            time.sleep(POLL)
        return messages


_ENVELOPE = re.compile(rb"^X-(Mail|Rcpt)-Args: <?([^>\n]*)>?", re.MULTILINE)
_END_OF_ENVELOPE = re.compile(rb"^Received: [^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE)


def _read_dump(dump: bytes) -> SinkMessage | None:
    """Take a dump file apart; None while the transaction is still running."""
    end = _END_OF_ENVELOPE.search(dump)
    if end is None or not dump.endswith(b"\n\n"):
        return None
    envelope = {kind: address.decode() for kind, address in reversed(_ENVELOPE.findall(dump[: end.start()]))}
    content = dump[end.end() : -1].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return SinkMessage(envelope.get(b"Mail", ""), envelope.get(b"Rcpt", ""), content)
