"""The whole of it on one machine: embedded IMAP and SMTP servers, the real daemon, a dozen messages made for it.

Needs the ``demo`` extra. Nothing leaves the machine: both servers listen on the loopback address only.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from importlib import resources
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import Envelope

from responder import config as configuration
from responder.adapters.calendars import Calendars
from responder.adapters.events import Event
from responder.adapters.secrets import Login
from responder.daemon.daemon import Daemon
from responder.demo.servers import ADDRESS, PASSWORD, Inbox, Outbox

SETTLED = 1.0
"""Seconds from the first look to IDLE on a busy machine; pymap announces only what arrives during IDLE."""

PATIENCE = 20.0
"""Seconds the demo waits for its last decision; it ends by itself, with or without it."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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


ENDS = (Event.SENT, Event.FAILED, Event.SKIPPED, Event.WITHDRAWN)

ANSWERED = "sent"
"""How an answered message ended; the others show the rule that decided."""


class Decisions(logging.Handler):
    """Reads the daemon's log and keeps how each message ended, by UID."""

    def __init__(self) -> None:
        super().__init__()
        self.by_uid: dict[int, str] = {}
        self.changed = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        event, uid = getattr(record, "event", None), getattr(record, "uid", None)
        if event in ENDS and isinstance(uid, int):
            self.by_uid[uid] = getattr(record, "rule", ANSWERED)
            self.changed.set()


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
        path = _write_config(directory, await inbox.start(stack), await outbox.start(stack))
        say(f"A practice that is closed now ({path.name} in a directory of its own, gone when this ends):\n")
        say("".join(f"    {line}\n" for line in path.read_text(encoding="utf-8").splitlines()))
        decisions = _listen(stack)
        daemon = _daemon(path, directory)
        running = asyncio.create_task(daemon.run())
        stack.push_async_callback(_stop, daemon, running)
        say("The daemon watches. Old mail stays unanswered; what arrives now is decided:\n")
        await _until_watching(daemon, running)
        await asyncio.sleep(SETTLED)
        ends = await _deliver_all(letters, inbox, decisions)
    return _tell(letters, ends, outbox, say)


async def _deliver_all(letters: list[Letter], inbox: Inbox, decisions: Decisions) -> list[str]:
    """Deliver one after another; how each ended."""
    ends: list[str] = []
    for letter in letters:
        uid = await inbox.deliver(letter.content, _now() - timedelta(hours=letter.hours_ago))
        ends.append(await _until_decided(uid, decisions))
    return ends


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
    return decisions.by_uid[uid]


def _tell(letters: list[Letter], ends: list[str], outbox: Outbox, say: Callable[[str], None]) -> int:
    wrong = 0
    for letter, ended in zip(letters, ends, strict=True):
        as_promised = (ended == ANSWERED) == letter.reply
        wrong += not as_promised
        mark = "" if as_promised else "   <- not as it should be"
        say(f"  {'REPLY' if ended == ANSWERED else '  -  '}  {letter.about:<52} {ended}{mark}")
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


# -- the daemon --------------------------------------------------------------------------------------------------------


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
