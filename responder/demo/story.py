"""The whole of it on one machine: embedded IMAP and SMTP servers, the real daemon, a dozen messages made for it.

Needs the ``demo`` extra. Nothing leaves the machine: both servers listen on the loopback address only.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import tomllib
from argparse import Namespace
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from importlib import resources
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage

from responder import config as configuration
from responder.adapters.calendars import Calendars
from responder.adapters.secrets import Login
from responder.daemon.daemon import Daemon

PATIENCE = 20.0
"""Seconds the demo waits for its last decision; it ends by itself, with or without it."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

ADDRESS, PASSWORD = "hello@harbour.example", "not-a-real-password"


@dataclass(frozen=True)
class Letter:
    """One message of the demo.

    Attributes:
        about: who writes, for the screen.
        reply: whether the demo promises a reply.
        hours_ago: how long before now the server received it; 24 falls into yesterday's working hours.
    """

    about: str
    reply: bool
    content: bytes
    hours_ago: float = 0.0


@dataclass
class Outbox:
    """An SMTP server's handler that keeps what it is given."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take responsibility for a message."""
        self.envelopes.append(envelope)
        return "250 kept"


class Decisions(logging.Handler):
    """Hears the daemon's log and keeps how each message ended, by UID."""

    def __init__(self) -> None:
        super().__init__()
        self.by_uid: dict[int, str] = {}
        self.changed = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        uid = getattr(record, "uid", None)
        if isinstance(uid, int):
            self.by_uid[uid] = " ".join((record.getMessage(), getattr(record, "rule", "")))
            self.changed.set()


class Inbox:
    """An embedded IMAP server with one mailbox."""

    async def start(self, stack: AsyncExitStack) -> int:
        """Listen on a free loopback port; returns it."""
        arguments = Namespace(
            host=None, port=0, debug=False, cert=None, key=None, tls=False, passlib_cfg=None, proxy_protocol=None,
            demo_data=False, demo_user=ADDRESS, demo_password=PASSWORD,
        )  # fmt: skip
        self._backend, self._settings = await DictBackend.init(arguments, secure_auth=False)
        self._settings.apply_context()
        serve = ProxyProtocolReader(self._settings.proxy_protocol).get_callback(
            IMAPServer(self._backend.login, self._settings)
        )
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        stack.push_async_callback(_close, server)
        return _port(server)

    async def deliver(self, letter: Letter) -> int:
        """Put a message into the mailbox, as a mail server would; returns its UID."""
        async with self._backend.login.demo_user_identity.new_session() as session:
            inbox = await session.mailbox_set.get_mailbox("INBOX")
            received_at = _now() - timedelta(hours=letter.hours_ago)
            message = await inbox.append(AppendMessage(letter.content, received_at, frozenset()))
            return int(message.uid)


async def show(say: Callable[[str], None]) -> int:
    """Run the demo.

    Args:
        say: prints one line.

    Returns:
        0 when every message was decided as promised.
    """
    letters = _letters()
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="responder-demo-")))
        inbox, outbox = Inbox(), Outbox()
        path = _write_config(directory, await inbox.start(stack), await _start_smtp(outbox, stack))
        say(f"A practice that is closed now ({path.name} in a directory of its own, gone when this ends):\n")
        say("".join(f"    {line}\n" for line in path.read_text(encoding="utf-8").splitlines()))
        decisions = _listen(stack)
        daemon = _daemon(path, directory)
        running = asyncio.create_task(daemon.run())
        stack.push_async_callback(_stop, daemon, running)
        say("The daemon watches. Old mail stays unanswered; what arrives now is decided:\n")
        await _until_watching(daemon, running)
        ends = await _deliver_all(letters, inbox, decisions)
    return _tell(letters, ends, outbox, say)


async def _deliver_all(letters: list[Letter], inbox: Inbox, decisions: Decisions) -> list[str]:
    """Deliver one after another; how each ended."""
    return [await _until_decided(await inbox.deliver(letter), decisions) for letter in letters]


async def _until_watching(daemon: Daemon, running: asyncio.Task[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        # the daemon has no event for this, and needs none
        while not running.done() and not daemon.status().startswith("watching 1 of 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    if running.done():
        running.result()


async def _until_decided(uid: int, decisions: Decisions) -> str:
    """Wait for one message's end."""
    try:
        async with asyncio.timeout(PATIENCE):
            while uid not in decisions.by_uid:
                decisions.changed.clear()
                await decisions.changed.wait()
    except TimeoutError:
        return "no decision"
    return decisions.by_uid[uid].strip()


def _tell(letters: list[Letter], ends: list[str], outbox: Outbox, say: Callable[[str], None]) -> int:
    wrong = 0
    for letter, ended in zip(letters, ends, strict=True):
        as_promised = (ended == "sent") == letter.reply
        wrong += not as_promised
        mark = "" if as_promised else "   <- not as it should be"
        say(f"  {'REPLY' if ended == 'sent' else '  -  '}  {letter.about:<52} {ended}{mark}")
    promised = sum(letter.reply for letter in letters)
    say(f"\n{len(letters)} messages, {len(outbox.envelopes)} replies left ({promised} promised). One, as received:\n")
    if outbox.envelopes:
        say(_as_received(outbox.envelopes[0]))
    return 0 if not wrong and len(outbox.envelopes) == promised else 1


def _as_received(envelope: Envelope) -> str:
    assert isinstance(envelope.content, bytes)  # noqa: S101 - decode_data is off
    message = message_from_bytes(envelope.content, policy=policy.default)
    body = message.get_body()
    assert body is not None  # noqa: S101 - the reply is one text part
    lines = [f"MAIL FROM:<{envelope.mail_from or ''}>  RCPT TO:<{', '.join(envelope.rcpt_tos)}>"]
    lines += [f"{name}: {value}" for name, value in message.items()]
    lines += ["", *body.get_content().splitlines()]
    return "\n".join(f"    {line}".rstrip() for line in lines)


# -- the servers and the daemon ----------------------------------------------------------------------------------------


async def _start_smtp(outbox: Outbox, stack: AsyncExitStack) -> int:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(outbox, hostname="localhost", loop=loop), "127.0.0.1", 0)
    stack.push_async_callback(_close, server)
    return _port(server)


async def _close(server: asyncio.Server) -> None:
    server.close()


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def _daemon(path: Path, directory: Path) -> Daemon:
    def read() -> configuration.Config:
        return configuration.load(path, Calendars().at(_now()))

    return Daemon(
        read(),
        reload=read,
        state_directory=directory / "state",
        login_of=lambda box: Login(box.username, PASSWORD),
        environ={},
        show_addresses=True,
    )


async def _stop(daemon: Daemon, running: asyncio.Task[None]) -> None:
    daemon.stop()
    await running


def _listen(stack: AsyncExitStack) -> Decisions:
    decisions = Decisions()
    logger = logging.getLogger("responder")
    before, passed_on = logger.level, logger.propagate
    logger.addHandler(decisions)
    logger.setLevel(logging.INFO)
    logger.propagate = False

    def restore() -> None:
        logger.removeHandler(decisions)
        logger.setLevel(before)
        logger.propagate = passed_on

    stack.callback(restore)
    return decisions


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the demo delivers mail, and so it owns the deliveries' clock


# -- what is shown -----------------------------------------------------------------------------------------------------


def _write_config(directory: Path, imap_port: int, smtp_port: int) -> Path:
    """Open on every other day, around the clock: closed now, an opening ahead, and yesterday in working hours."""
    # ten minutes ahead, too, or a demo started just before midnight would see the practice open
    closed = {_now().weekday(), (_now() + timedelta(minutes=10)).weekday()}
    hours = "\n".join(f'{day:<9} = "00:00-24:00"' for number, day in enumerate(DAYS) if number not in closed)
    path = directory / "config.toml"
    path.write_text(
        f"""[practice]
name      = "Harbour Counselling"
time_zone = "UTC"
region    = "GB"
languages = ["en"]

[hours]
{hours}

[[mailbox]]
address     = "{ADDRESS}"
aliases     = ["help@harbour.example"]
password    = {{ env = "UNUSED" }}
imap        = {{ host = "127.0.0.1", port = {imap_port}, tls = "none" }}
smtp        = {{ host = "127.0.0.1", port = {smtp_port}, tls = "none", auth = false }}
authserv_id = "mx.harbour.example"

[[contact_form]]
from = "wordpress@harbour.example"
""",
        encoding="utf-8",
    )
    return path


def _letters() -> list[Letter]:
    text = (resources.files("responder.demo") / "letters.toml").read_text(encoding="utf-8")
    return [_letter(entry) for entry in tomllib.loads(text)["letter"]]


def _letter(entry: dict[str, Any]) -> Letter:
    content = entry["text"].strip().replace("\n", "\r\n").encode() + b"\r\n"
    return Letter(entry["about"], entry["reply"], content, entry.get("hours_ago", 0.0))
