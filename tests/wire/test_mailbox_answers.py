"""Answers that are broken, endless or odd."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from responder.adapters.imap import Limits
from responder.core.errors import PermanentError, ResponderError, TransientError
from responder.core.message import Uid
from tests.lab.imap_script import HEADER, ImapScript, Talk
from tests.wire.mailboxes import (
    answering,
    fetched,
    mailbox_of,
    server_of,
)

AT = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
SOON = 5.0


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(b"* BYE Server shutting down (\r\n", id="BYE"),
        pytest.param(b"what is this\r\n", id="no IMAP"),
        pytest.param(b"", id="end of the connection"),
        pytest.param(b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (FROM)] {99999999999}\r\n", id="absurd literal"),
        pytest.param(b"* OK \xff\xfe" + b"x" * 4_100_000, id="a line without an end"),
        pytest.param(b"a line without CR\n", id="bare LF"),
    ],
)
async def test_broken_answers_end_the_connection(say: bytes) -> None:
    """Whatever cannot be read in step is a lost connection, and never another kind of exception."""

    def hook(talk: Talk, _tag: bytes, command: str, _line: bytes) -> bool:
        if command == "NOOP":
            talk.send(say)
            talk.close()
        return command == "NOOP"

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError):
                await asyncio.wait_for(mailbox.noop(), SOON)
            with pytest.raises(TransientError, match="not connected"):
                await mailbox.noop()


async def test_flood_in_an_answer() -> None:
    """Untagged data without end is cut off long before memory is."""

    def say(talk: Talk, _tag: bytes) -> None:
        while True:
            talk.send(b"* 1 EXISTS\r\n" * 10_000)

    with ImapScript(answering("NOOP", say)) as server:
        async with mailbox_of(server_of(server), limits=Limits(command=60)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="more than it was asked"):
                await mailbox.noop()


async def test_nothing_is_hoarded() -> None:
    """What a server says in passing is forgotten, or months of it would fill the memory."""
    with ImapScript(
        answering("NOOP", lambda talk, tag: talk.send(b"* 4 EXISTS\r\n* 1 FETCH (FLAGS ())\r\n" + tag + b" OK\r\n"))
    ) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            for _ in range(50):
                await mailbox.noop()
            wire = mailbox._connected().wire
            assert not wire.untagged_responses
            assert not wire.tagged_commands


@pytest.mark.parametrize(
    "greeting", [b"* BYE Too many connections from your address\r\n", b"* BYE [UNAVAILABLE] later\r\n", b"SSH-2.0\r\n"]
)
async def test_unfriendly_greeting(greeting: bytes) -> None:
    """A refusal at the door is the server's state, not the password's."""
    with ImapScript(greeting=greeting) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(TransientError) as caught:
                await mailbox.connect()
    assert (caught.value.retry_after is not None) == (b"BYE" in greeting)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"NO [NONEXISTENT] Unknown Mailbox", PermanentError),
        (b"NO Mailbox doesn't exist: INBOX", PermanentError),
        (b"NO [NOPERM] not yours", PermanentError),
        (b"NO [INUSE] locked", TransientError),
        (b"NO [UNAVAILABLE] later", TransientError),
        (b"BAD User is authenticated but not connected.", TransientError),
        (b"BAD eh", TransientError),
    ],
)
async def test_folder_refused(reply: bytes, error: type[ResponderError]) -> None:
    """A folder that is missing is for a person; one that is busy is not."""
    with ImapScript(answering("EXAMINE", lambda talk, tag: talk.send(tag + b" " + reply + b"\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(error) as caught:
                await mailbox.connect()
    assert type(caught.value) is error


async def test_folder_without_uid_validity() -> None:
    """It can be read, and says that nothing may be remembered."""
    with ImapScript() as server:
        server.examined = b"* OK odd text with ] in it\r\n"
        async with mailbox_of(server_of(server)) as mailbox:
            state = await mailbox.connect()
            assert (state.uid_validity, state.uid_next, state.exists) == (None, 4, 3)
            assert len(await fetched(mailbox, [1, 2, 3])) == 3


@pytest.mark.parametrize(("messages", "expected"), [({3: HEADER, 9: HEADER}, 10), ({}, None)])
async def test_folder_without_uidnext(messages: dict[int, bytes], expected: int | None) -> None:
    """The bound comes from the last message then."""

    def say(talk: Talk, tag: bytes) -> None:
        talk.send(f"* OK [UIDVALIDITY 7] ok\r\n* {len(messages)} EXISTS\r\n".encode() + tag + b" OK\r\n")

    with ImapScript(answering("EXAMINE", say), messages=messages) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            assert (await mailbox.connect()).uid_next == expected


@pytest.mark.parametrize("validity", [b"0", b"4294967296", b"9" * 5000, b"x"])
async def test_odd_uid_validity(validity: bytes) -> None:
    """What is no number of 32 bits counts as none."""
    with ImapScript() as server:
        server.examined = b"* OK [UIDVALIDITY " + validity + b"] odd\r\n"
        async with mailbox_of(server_of(server)) as mailbox:
            assert (await mailbox.connect()).uid_validity is None


async def test_uid_validity_changes_in_passing() -> None:
    """A change within a session ends it before a UID can be misread."""
    say = answering("NOOP", lambda talk, tag: talk.send(b"* OK [UIDVALIDITY 8] new\r\n" + tag + b" OK\r\n"))
    with ImapScript(say) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="UIDVALIDITY"):
                await mailbox.noop()


async def test_last_message_below_the_range() -> None:
    """``n:*`` names the last message even when it is below n; it is not new."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await mailbox.received_times(Uid(4), None) == []
            assert await mailbox.received_times(Uid(3), None) == [(3, AT)]
            assert await mailbox.received_times(Uid(2), Uid(2)) == [(2, AT)]


async def test_odd_times() -> None:
    """A time that cannot be read is None; what is no answer of ours is left out."""

    def say(talk: Talk, tag: bytes) -> None:
        talk.send(
            b'* 1 FETCH (UID 1 INTERNALDATE "yesterday")\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 3 FETCH (UID 3 ???\r\n'
            b'* 2 FETCH (UID 2 INTERNALDATE "23-Nov-2026 19:30:00 +0000")\r\n' + tag + b" OK\r\n"
        )

    with ImapScript(answering("UID FETCH", say)) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await mailbox.received_times(Uid(1), None) == [(1, None), (2, AT), (3, None)]


async def test_refused_times_and_headers() -> None:
    """A NO after login is no empty folder; and a quota is respected."""

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        if command.startswith("UID"):
            talk.send(tag + b" NO [OVERQUOTA] Account exceeded command or bandwidth limits\r\n")
        return command.startswith("UID")

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            for ask in (mailbox.received_times(Uid(1), None), fetched(mailbox, [1])):
                with pytest.raises(TransientError) as caught:
                    await ask
                assert caught.value.retry_after == 3600.0
            await mailbox.noop()  # a NO does not cost the connection


@pytest.mark.parametrize("word", ["NO", "BAD"])
async def test_a_server_that_gives_no_structure_is_not_asked_again(word: str) -> None:
    """It costs nothing: the message is answered as its headers say."""
    asked: list[bytes] = []

    def hook(talk: Talk, tag: bytes, _command: str, line: bytes) -> bool:
        if b"BODYSTRUCTURE" in line:
            asked.append(line)
            talk.send(tag + f" {word} what is this\r\n".encode())
        return b"BODYSTRUCTURE" in line

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await mailbox.structures([Uid(1)]) == {}
            assert await mailbox.structures([Uid(2)]) == {}
    assert len(asked) == 1


async def test_a_structure_that_costs_the_connection_is_not_asked_for_again() -> None:
    """The next session answers the message without it."""
    asked: list[bytes] = []

    def hook(talk: Talk, _tag: bytes, _command: str, line: bytes) -> bool:
        if b"BODYSTRUCTURE" in line:
            asked.append(line)
            talk.close()
        return b"BODYSTRUCTURE" in line

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError):
                await asyncio.wait_for(mailbox.structures([Uid(1)]), SOON)
            await mailbox.connect()
            assert await mailbox.structures([Uid(1)]) == {}
    assert len(asked) == 1
