"""A whole installation on one machine: Dovecot over TLS, smtp-sink, a configuration, and the installed command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SinkMessage, SmtpSink

RESPONDER = Path(sys.executable).parent / "responder"
"""The command as it was installed beside this interpreter."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDRESS = "hello@harbour.example"
NO_RATES = """per_sender = 10
unauthenticated = 1000
authenticated = 1000
per_domain = 1000
breaker = 10000"""
"""Rates that no test reaches but one about rates."""
ALWAYS_OPEN = "\n".join(f'{day} = "00:00-24:00"' for day in DAYS)
STARTS_WITHIN = 20.0

Line = dict[str, Any]


def closed_now() -> str:
    """Hours under which it is closed now and opens again on another day."""
    today = datetime.now(UTC).weekday()
    return "\n".join(
        f'{day} = "09:00-17:00"' for n, day in enumerate(DAYS) if n not in {today, (today + 1) % 7, (today - 1) % 7}
    )


def letter(
    sender: str = "tom@mail.example",
    *,
    to: str = ADDRESS,
    message_id: str | None = None,
    extra: Iterable[str] = (),
    subject: str = "Could I come and see you?",
) -> bytes:
    """A message as a person's mail program writes it."""
    lines = [f"Return-Path: <{sender}>", *extra, f"From: Tom <{sender}>", f"To: {to}", f"Subject: {subject}"]
    if message_id is not None:
        lines.append(f"Message-ID: <{message_id}>")
    return "\r\n".join([*lines, "", "Hello, I would like to make an appointment.", ""]).encode()


FINAL = {"reply sent": "sent", "reply withdrawn": "withdrawn", "reply failed": "failed", "message skipped": "skip"}
"""Events that end a message; one in doubt is in doubt for good in its state ``unknown``."""


class Site:
    """One practice's machine.

    Args:
        hours: the ``[hours]`` table's lines.
        sink: where replies go; started by the caller.
        extra: further lines of the file.
        smtp: instead of the sink, the ``smtp`` value of the mailbox.
        rates: the ``[rates]`` table's lines.
    """

    def __init__(
        self,
        dovecot: Dovecot,
        sink: SmtpSink | None,
        *,
        hours: str,
        extra: str = "",
        smtp: str | None = None,
        rates: str = NO_RATES,
    ) -> None:
        self.dovecot = dovecot
        self.sink = sink
        self.root = Path(tempfile.mkdtemp(prefix="responder-site-"))
        self.state = self.root / "state"
        self.config = self.root / "config.toml"
        self.log_file = self.root / "log"
        self.environ = {**os.environ, "STATE_DIRECTORY": str(self.state), "LAB_PASSWORD": dovecot.password}
        self.environ.pop("JOURNAL_STREAM", None)
        self.process: subprocess.Popen[bytes] | None = None
        self.rates = rates
        self._smtp = smtp or f'{{ host = "127.0.0.1", port = {sink.port if sink else 9}, tls = "none", auth = false }}'
        self.write(hours, extra)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, hours: str, extra: str = "", practice: str = "") -> None:
        """Write the configuration file."""
        self.config.write_text(
            f"""[practice]
name = "Harbour Counselling"
time_zone = "UTC"
region = "GB"
languages = ["en"]
{practice}

[hours]
{hours}

[rates]
{self.rates}

[[mailbox]]
address = "{ADDRESS}"
aliases = ["help@harbour.example"]
password = {{ env = "LAB_PASSWORD" }}
imap = {{ host = "127.0.0.1", port = {self.dovecot.tls_port}, tls = "implicit", ca_file = "{self.dovecot.ca_file}" }}
smtp = {self._smtp}
{extra}
""",
            encoding="utf-8",
        )

    def command(self, *words: str) -> list[str]:
        """The installed command with this site's configuration."""
        return [str(RESPONDER), words[0], "--config", str(self.config), *words[1:]]

    def run(self, *words: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a one-shot command."""
        return subprocess.run(
            self.command(*words), env=self.environ, capture_output=True, text=True, timeout=timeout, check=False
        )

    def start(self, *, wait: bool = True, environ: dict[str, str] | None = None) -> None:
        """Start the daemon; returns when it watches."""
        before = len(self.log())
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("run", "--log", "json"),
                env={**self.environ, **(environ or {})},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        if wait:
            self.wait_for_log(lambda line: line["event"].startswith("watching"), after=before, timeout=STARTS_WITHIN)

    def log(self) -> list[Line]:
        """Every line the daemon wrote; what is not JSON becomes an event of its own."""
        if not self.log_file.exists():
            return []
        return [_parsed(line) for line in self.log_file.read_text(encoding="utf-8").splitlines()]

    def wait_for_log(self, matches: Callable[[Line], bool], *, after: int = 0, timeout: float = 10.0) -> Line:
        """The first matching line; fails with the whole log."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.log()[after:]:
                if matches(line):
                    return line
            if (
                self.process is not None
                and self.process.poll() is not None
                and not any(map(matches, self.log()[after:]))
            ):
                break
            time.sleep(0.01)
        raise AssertionError("not in the log:\n" + "\n".join(json.dumps(line) for line in self.log()))

    def wait_until_decided(self, count: int, *, timeout: float = 20.0) -> None:
        """Wait until so many messages came to an end."""
        deadline = time.monotonic() + timeout
        while len(self.ends()) < count:
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(json.dumps(line) for line in self.log()))
            time.sleep(0.02)

    def ends(self) -> dict[int, str]:
        """How each message ended, by UID."""
        ends: dict[int, str] = {}
        for line in self.log():
            final = FINAL.get(line["event"])
            if final is not None or line.get("state") == "unknown":
                ends[line["uid"]] = final or "unknown"
        return ends

    def deliver(self, message: bytes, received_at: datetime | None = None) -> None:
        """Put a message into the mailbox."""
        self.dovecot.deliver(ADDRESS, message, received_at)

    def replies(self) -> list[SinkMessage]:
        """What has arrived at the sink."""
        assert self.sink is not None
        return self.sink.messages()

    def signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, timeout: float = 15.0) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout)

    def kill(self) -> None:
        """``kill -9``."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)


def _parsed(line: str) -> Line:
    try:
        value = json.loads(line)
    except ValueError:
        return {"event": line}
    return value if isinstance(value, dict) else {"event": line}
