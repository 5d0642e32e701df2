"""Waiting for mail, against servers that idle badly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from responder.adapters.imap import Limits
from responder.adapters.imap.idle import IdleRound
from responder.core.errors import TransientError
from tests.lab.imap_script import ImapScript, Talk
from tests.wire.mailboxes import HASTY, QUICK, fetched, mailbox_of, server_of, woken_after

BOTH = pytest.mark.parametrize("tls", ["none", "implicit"])
LONG = 30.0  # seconds to wait for mail; a test that takes them has failed
SOON = 3.0


def idling(say: Callable[[Talk, bytes], None]) -> Callable[[Talk, bytes, str, bytes], bool]:
    """A hook that answers IDLE in its own way."""

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        if command == "IDLE":
            say(talk, tag)
        return command == "IDLE"

    return hook


def finish(talk: Talk, tag: bytes) -> None:
    """Wait for DONE, and answer it."""
    while talk.line() != b"DONE":
        pass
    talk.send(tag + b" OK done\r\n")


def says(*parts: bytes, pause: float = 0.0) -> Callable[[Talk, bytes], None]:
    """Each part in a write of its own, then a good end."""

    def say(talk: Talk, tag: bytes) -> None:
        for part in parts:
            talk.send(part)
            time.sleep(pause)
        finish(talk, tag)

    return say


@BOTH
@pytest.mark.parametrize(
    "say",
    [
        pytest.param(says(b"+ idling\r\n* 4 EXISTS\r\n"), id="EXISTS in the segment of the continuation"),
        pytest.param(says(b"* 4 EXISTS\r\n", b"+ idling\r\n"), id="EXISTS before the continuation"),
        pytest.param(says(b"+ idling\r\n", b"* 4 EXI", b"STS\r\n", pause=0.05), id="a line split in two"),
        pytest.param(says(b"+ id", b"ling\r\n* 4 EX", b"ISTS\r", b"\n", pause=0.02), id="every line split"),
        pytest.param(says(b"+ idling\r\n", b"* OK Still here\r\n", b"* 1 RECENT\r\n"), id="RECENT after chatter"),
        pytest.param(says(b"+ idling\r\n", b"* 9 exists\r\n"), id="lower case"),
        pytest.param(
            says(b"+ idling\r\n", b"".join(b"* %d FETCH (FLAGS ())\r\n" % n for n in range(9000)) + b"* 4 EXISTS\r\n"),
            id="behind a burst of other things",
        ),
    ],
)
async def test_news_is_heard(tls: str, say: Callable[[Talk, bytes], None]) -> None:
    """However the announcement is cut and wherever it hides, the wait ends soon, and the connection is good."""
    with ImapScript(idling(say), tls=tls) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            started = time.monotonic()
            assert await mailbox.wait(LONG, asyncio.Event())
            assert time.monotonic() - started < SOON
            assert len(await fetched(mailbox, [1, 2, 3])) == 3


@BOTH
async def test_news_in_the_last_answer_before_idle(tls: str) -> None:
    """What the server said together with the reply to the command before is news too."""

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        if command == "NOOP":
            talk.send(tag + b" OK done\r\n* 5 EXISTS\r\n")
        return command == "NOOP"

    with ImapScript(hook, tls=tls) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            await mailbox.noop()
            assert await mailbox.wait(LONG, asyncio.Event())


@BOTH
async def test_news_right_behind_the_end_of_idle(tls: str) -> None:
    """What follows the tagged reply in one write is kept for the next round."""
    first = True

    def say(talk: Talk, tag: bytes) -> None:
        nonlocal first
        talk.send(b"+ idling\r\n")
        assert talk.line() == b"DONE"
        talk.send(tag + b" OK done\r\n" + (b"* 5 EXISTS\r\n" if first else b""))
        first = False

    with ImapScript(idling(say), tls=tls) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert not await mailbox.wait(0.1, asyncio.Event())
            assert await mailbox.wait(LONG, asyncio.Event())


@BOTH
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_end_of_connection_is_no_silence(tls: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """FIN or RST while idling ends the wait with an error, after a handful of turns of the loop."""
    turns = 0
    readable = IdleRound._readable

    def counted(self: IdleRound) -> None:
        nonlocal turns
        turns += 1
        readable(self)

    def say(talk: Talk, _tag: bytes) -> None:
        talk.send(b"+ idling\r\n")
        time.sleep(0.05)
        getattr(talk, how)()

    monkeypatch.setattr(IdleRound, "_readable", counted)
    with ImapScript(idling(say), tls=tls) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError):
                await asyncio.wait_for(mailbox.wait(LONG, asyncio.Event()), SOON)
            await asyncio.sleep(0.2)  # a reader left behind would spin now
            assert turns < 20
            with pytest.raises(TransientError, match="not connected"):
                await mailbox.wait(LONG, asyncio.Event())


@pytest.mark.parametrize(
    ("line", "wait"),
    [
        (b"* BYE Session invalidated - AccessTokenExpired", None),
        (b'* BYE unbalanced ( [ " text', None),
        (b"* bye \xff\xfe 8-bit", None),
        (b"* BYE", None),
        (b"* BYE Too many connections from <hello@harbour.example>", 300.0),
    ],
)
@pytest.mark.parametrize("fin", [True, False])
async def test_bye(line: bytes, wait: float | None, fin: bool) -> None:
    """BYE ends the session whatever its text, and whether or not the connection is closed after it."""

    def say(talk: Talk, _tag: bytes) -> None:
        talk.send(b"+ idling\r\n")
        talk.send(line + b"\r\n")
        if fin:
            talk.close()
        talk.hold()

    with ImapScript(idling(say)) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="ended the session") as caught:
                await asyncio.wait_for(mailbox.wait(LONG, asyncio.Event()), SOON)
    assert caught.value.retry_after == wait
    assert "harbour" not in str(caught.value)


@pytest.mark.parametrize("reply", [b"NO not now", b"BAD what", b"OK already over"])
async def test_refused_idle_falls_back_to_polling(reply: bytes) -> None:
    """A server that does not idle is polled for the rest of the session."""
    polls = 0

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        nonlocal polls
        if command == "IDLE":
            talk.send(tag + b" " + reply + b"\r\n")
        if command == "NOOP":
            polls += 1
            talk.send((b"* 4 EXISTS\r\n" if polls == 3 else b"") + tag + b" OK done\r\n")
        return command in {"IDLE", "NOOP"}

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            could_idle = [mailbox.can_idle]
            assert await mailbox.wait(LONG, asyncio.Event())
            could_idle.append(mailbox.can_idle)
            assert server.said("IDLE") == 1
            await mailbox.connect()
            assert [*could_idle, mailbox.can_idle] == [True, False, True]


async def test_server_that_ends_each_idle_is_polled() -> None:
    """An IDLE that the server ends by itself is not begun again and again."""

    def say(talk: Talk, tag: bytes) -> None:
        talk.send(b"+ idling\r\n" + tag + b" OK idle terminated\r\n")

    with ImapScript(idling(say)) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert not await mailbox.wait(0.3, asyncio.Event())
            assert (server.said("IDLE"), server.said("DONE")) == (1, 0)


async def test_idle_is_renewed() -> None:
    """A long wait is made of short IDLEs, so that no middle box forgets the connection."""
    with ImapScript() as server:
        limits = Limits(idle_renew=0.1, done=5)
        async with mailbox_of(server_of(server), limits=limits) as mailbox:
            await mailbox.connect()
            assert not await mailbox.wait(0.55, asyncio.Event())
            assert 3 <= server.said("IDLE") <= 6
            assert server.said("DONE") == server.said("IDLE")


@BOTH
async def test_wake_ends_the_wait(tls: str) -> None:
    """Whoever sets the event gets the mailbox back at once, ready for use."""
    with ImapScript(tls=tls) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            started = time.monotonic()
            assert not await mailbox.wait(LONG, await woken_after(0.1))
            assert time.monotonic() - started < SOON
            assert len(await fetched(mailbox, [1])) == 1
            woken = asyncio.Event()
            woken.set()
            assert not await mailbox.wait(LONG, woken)


async def test_wake_ends_a_poll() -> None:
    """The same where IDLE is not offered."""
    with ImapScript(capabilities=b"IMAP4rev1 AUTH=PLAIN") as server:
        async with mailbox_of(server_of(server), limits=Limits()) as mailbox:
            await mailbox.connect()
            started = time.monotonic()
            assert not await mailbox.wait(LONG, await woken_after(0.1))
            assert time.monotonic() - started < SOON
            assert server.said("NOOP") == 0


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(lambda talk, _tag: talk.hold(), id="no continuation"),
        pytest.param(lambda talk, _tag: (talk.send(b"+ idling\r\n"), talk.hold()), id="no answer to DONE"),
        pytest.param(
            lambda talk, _tag: (talk.send(b"+ idling\r\n"), talk.line(), talk.drip(b"* OK st" * 99, 0.05)),
            id="an answer to DONE that drips",
        ),
    ],
)
async def test_stalled_idle(say: Any) -> None:
    """A server that stops answering is left after the deadline, not after minutes."""
    with ImapScript(idling(say)) as server:
        async with mailbox_of(server_of(server), limits=HASTY) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="no answer to"):
                await asyncio.wait_for(mailbox.wait(LONG, asyncio.Event()), SOON)


@BOTH
@pytest.mark.parametrize("flood", [b"* 1 FETCH (FLAGS ())\r\n" * 5000, b"x" * 100_000], ids=["lines", "one line"])
async def test_flood(tls: str, flood: bytes) -> None:
    """Endless data that is no news ends the connection, and leaves the loop to others meanwhile."""

    def say(talk: Talk, _tag: bytes) -> None:
        talk.send(b"+ idling\r\n")
        while True:
            talk.send(flood)

    with ImapScript(idling(say), tls=tls) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            waiting = asyncio.create_task(mailbox.wait(LONG, asyncio.Event()))
            longest, before = 0.0, time.monotonic()
            while not waiting.done():
                await asyncio.sleep(0.01)
                longest, before = max(longest, time.monotonic() - before), time.monotonic()
            with pytest.raises(TransientError, match=r"more than it was asked|without an end|no answer to DONE"):
                await waiting
            assert longest < SOON


async def test_storm_of_news_is_gathered() -> None:
    """The first announcement acts at once; those that follow closely are answered together."""
    with ImapScript(idling(says(b"+ idling\r\n* 4 EXISTS\r\n"))) as server:
        async with mailbox_of(server_of(server), limits=Limits(gather=1.0)) as mailbox:
            await mailbox.connect()
            started = time.monotonic()
            assert await mailbox.wait(LONG, asyncio.Event())
            assert time.monotonic() - started < 0.9
            assert await mailbox.wait(LONG, asyncio.Event())
            assert await mailbox.wait(LONG, asyncio.Event())
            assert time.monotonic() - started >= 2.0


async def test_another_uid_validity_while_idling() -> None:
    """A folder that is rebuilt under us ends the session: its UIDs mean other messages now."""
    with ImapScript(idling(says(b"+ idling\r\n* OK [UIDVALIDITY 7] same\r\n* OK [UIDVALIDITY 8] new\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="UIDVALIDITY"):
                await mailbox.wait(LONG, asyncio.Event())


async def test_cancelled_wait_says_goodbye_in_order() -> None:
    """LOGOUT never comes before DONE, and nothing is left open."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server), limits=QUICK) as mailbox:
            await mailbox.connect()
            waiting = asyncio.create_task(mailbox.wait(LONG, asyncio.Event()))
            await asyncio.sleep(0.1)  # into IDLE
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.sleep(0.1)
            assert [line.split()[-1] for line in server.lines[-3:]] == [b"IDLE", b"DONE", b"LOGOUT"]
            with pytest.raises(TransientError, match="not connected"):
                await mailbox.noop()


async def test_closed_under_a_wait() -> None:
    """Closing ends a wait that another task is in."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            waiting = asyncio.create_task(mailbox.wait(LONG, asyncio.Event()))
            await asyncio.sleep(0.1)  # into IDLE
            started = time.monotonic()
            await mailbox.close()
            with pytest.raises(TransientError):
                await asyncio.wait_for(waiting, SOON)
            assert time.monotonic() - started < SOON
