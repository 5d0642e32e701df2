"""What the tests of the mailbox share: a mailbox to a server of the lab, with deadlines short enough to wait for."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from responder.adapters.imap import CommandPool, Limits, Mailbox
from responder.core.message import FetchedMessage, Uid, UidValidity
from tests.lab.imap_script import Talk

Hook = Callable[[Talk, bytes, str, bytes], bool]


USER = "hello@harbour.example"
HEADER_NAMES = ("From", "Subject", "Message-ID", "Auto-Submitted", "List-Id")
QUICK = Limits(connect=5, login=5, command=5, done=5, idle_renew=5, poll_interval=0.05, gather=0)
HASTY = Limits(connect=0.3, login=0.3, command=0.3, done=0.3, idle_renew=0.2, poll_interval=0.05, gather=0, logout=0.3)


@dataclass(frozen=True)
class Server:
    """Where to connect."""

    host: str
    port: int
    tls: str
    ca_file: Path | None = None


@dataclass(frozen=True)
class Login:
    """What to log in with."""

    username: str = USER
    password: str = "lab-password"


class Lab(Protocol):
    """A scripted server."""

    host: str
    port: int
    tls: str
    ca_file: Path


def server_of(lab: Lab) -> Server:
    """Where a scripted server listens."""
    return Server(lab.host, lab.port, lab.tls, lab.ca_file)


@contextlib.asynccontextmanager
async def mailbox_of(
    server: Server, *, login: Login | None = None, folder: str = "INBOX", limits: Limits = QUICK
) -> AsyncGenerator[Mailbox]:
    """A mailbox with a pool of its own, not yet connected; closed at the end."""
    pool = CommandPool(2)
    mailbox = Mailbox(USER, folder, server, lambda: login or Login(), pool, HEADER_NAMES, limits=limits)
    try:
        yield mailbox
    finally:
        await mailbox.close()
        pool.close()


async def fetched(mailbox: Mailbox, uids: Iterable[int]) -> list[FetchedMessage]:
    """Everything ``fetch`` yields for these UIDs."""
    validity = mailbox.state.uid_validity or UidValidity(1)
    return [message async for batch in mailbox.fetch([Uid(uid) for uid in uids], validity) for message in batch]


async def woken_after(seconds: float) -> asyncio.Event:
    """An event that will be set."""
    wake = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, wake.set)
    return wake


def open_files() -> int:
    """How many file descriptors this process holds."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count, without objects that hold descriptors


def answering(name: str, say: Callable[[Talk, bytes], Any]) -> Hook:
    """A hook that answers one command in its own way."""

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        if command == name:
            say(talk, tag)
        return command == name

    return hook


def stalls(talk: Talk, _tag: bytes) -> None:
    """Say nothing more."""
    talk.hold()


def mid_literal(talk: Talk, _tag: bytes) -> None:
    """Promise more than comes."""
    talk.send(b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (FROM)] {500}\r\nFrom: some")
    talk.hold()


def drips(talk: Talk, _tag: bytes) -> None:
    """Each octet in time for a timeout of the socket, and never an end."""
    talk.drip(b"* OK still working on it\r\n" * 50, 0.05)
