"""Servers that stop answering: nothing waits for ever, and nothing is left open."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from responder.adapters.imap import CommandPool, Limits, Mailbox
from responder.core.errors import ResponderError, TransientError
from responder.core.message import Uid
from tests.lab.imap_script import ImapScript, Talk
from tests.wire.mailboxes import (
    HASTY,
    HEADER_NAMES,
    QUICK,
    USER,
    Login,
    Server,
    answering,
    drips,
    mailbox_of,
    mid_literal,
    open_files,
    server_of,
    stalls,
)

BOTH = pytest.mark.parametrize("tls", ["none", "implicit"])
AT_LAST = 10.0
"""Seconds by which what must end has ended, on a busy machine as well; its deadlines are tenths of one."""


@BOTH
@pytest.mark.parametrize(
    ("command", "say"),
    [
        ("AUTHENTICATE", stalls),
        ("CAPABILITY", stalls),
        ("EXAMINE", stalls),
        ("EXAMINE", drips),
        ("AUTHENTICATE", drips),
    ],
)
async def test_stall_while_connecting(tls: str, command: str, say: Callable[[Talk, bytes], None]) -> None:
    """A deadline holds for each command as a whole; one octet now and then does not stretch it."""
    with ImapScript(answering(command, say), tls=tls) as server:
        async with mailbox_of(server_of(server), limits=HASTY) as mailbox:
            started = time.monotonic()
            with pytest.raises(TransientError, match="no answer"):
                await mailbox.connect()
            assert time.monotonic() - started < AT_LAST


@pytest.mark.parametrize("tls", ["none", "implicit", "starttls"])
async def test_no_greeting(tls: str) -> None:
    """A server that accepts and says nothing."""
    with ImapScript(greeting=None, tls=tls) as server:
        async with mailbox_of(server_of(server), limits=HASTY) as mailbox:
            with pytest.raises(TransientError, match="no answer"):
                await mailbox.connect()


async def test_no_tls_hello() -> None:
    """The handshake has a deadline as well."""
    with ImapScript(greeting=None) as server:
        async with mailbox_of(Server(server.host, server.port, "implicit", server.ca_file), limits=HASTY) as mailbox:
            with pytest.raises(TransientError, match="no answer"):
                await mailbox.connect()


@BOTH
@pytest.mark.parametrize("say", [mid_literal, stalls, drips])
async def test_stall_while_reading(tls: str, say: Callable[[Talk, bytes], None]) -> None:
    """A read that stalls ends by its deadline; the thread comes free and the next connection works."""
    with ImapScript(answering("UID FETCH", say), tls=tls) as server:
        async with mailbox_of(server_of(server), limits=HASTY) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="no answer"):
                await mailbox.received_times(Uid(1), None)
            with pytest.raises(TransientError, match="not connected"):
                await mailbox.noop()
            server.hook = lambda *_: False
            assert (await mailbox.connect()).exists == 3
            assert len(await mailbox.received_times(Uid(1), None)) == 3


async def test_one_stalled_mailbox_leaves_the_others_alone() -> None:
    """As long as there is a free thread, a stall is its own mailbox's only."""
    pool = CommandPool(2)
    with ImapScript(answering("EXAMINE", stalls)) as bad, ImapScript() as good:
        slow = Mailbox(USER, "INBOX", server_of(bad), Login, pool, HEADER_NAMES, limits=Limits(command=60.0))
        quick = Mailbox(USER, "INBOX", server_of(good), Login, pool, HEADER_NAMES, limits=QUICK)
        stalled = asyncio.create_task(slow.connect())
        await quick.connect()
        for _ in range(20):
            await quick.noop()
        assert not stalled.done()
        stalled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stalled
        await quick.close()
    pool.close()


async def test_cancelled_command() -> None:
    """Cancellation cuts the connection and frees the thread."""
    pool = CommandPool(1)
    with ImapScript(answering("EXAMINE", stalls)) as server:
        mailbox = Mailbox(USER, "INBOX", server_of(server), Login, pool, HEADER_NAMES, limits=QUICK)
        connecting = asyncio.create_task(mailbox.connect())
        await asyncio.sleep(0.2)
        started = time.monotonic()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        server.hook = lambda *_: False
        await mailbox.connect()
        assert time.monotonic() - started < AT_LAST
        await mailbox.close()
    pool.close()


async def test_pool_that_is_closed() -> None:
    """What comes after the end of the pool is an error like any other, and closing still works."""
    pool = CommandPool(1)
    with ImapScript() as server:
        mailbox = Mailbox(USER, "INBOX", server_of(server), Login, pool, HEADER_NAMES, limits=QUICK)
        await mailbox.connect()
        pool.close()
        await mailbox.close()
        with pytest.raises(TransientError, match="stopping"):
            await mailbox.connect()


async def test_close_is_quick() -> None:
    """A server that does not answer LOGOUT is not waited for."""
    with ImapScript(answering("LOGOUT", stalls)) as server:
        async with mailbox_of(server_of(server), limits=HASTY) as mailbox:
            await mailbox.connect()
            started = time.monotonic()
            await mailbox.close()
            assert time.monotonic() - started < AT_LAST
            await mailbox.close()
        assert server.said("LOGOUT") == 1


@BOTH
async def test_nothing_is_left_open(tls: str) -> None:
    """After fifty failures of every kind there are as many open files and threads as before."""
    ways: list[tuple[str, Callable[[Talk, bytes], Any]]] = [
        ("AUTHENTICATE", lambda talk, tag: talk.send(tag + b" NO no\r\n")),
        ("EXAMINE", lambda talk, tag: talk.send(tag + b" NO no\r\n")),
        ("EXAMINE", lambda talk, _tag: talk.close()),
        ("EXAMINE", lambda talk, _tag: talk.reset()),
        ("EXAMINE", stalls),
    ]
    limits = Limits(connect=1, login=1, command=0.05, logout=0.1)
    threads = threading.active_count() + 2  # the pool's own, which it starts when it first needs them
    pool = CommandPool(2)

    async def fail(number: int) -> None:
        with ImapScript(answering(*ways[number % len(ways)]), tls=tls) as server:
            mailbox = Mailbox(USER, "INBOX", server_of(server), Login, pool, HEADER_NAMES, limits=limits)
            with pytest.raises(ResponderError):
                await mailbox.connect()
            await mailbox.close()

    for number in range(len(ways)):
        await fail(number)
    files = open_files()
    for number in range(50):
        await fail(number)
    assert open_files() <= files
    assert threading.active_count() <= threads
    pool.close()
