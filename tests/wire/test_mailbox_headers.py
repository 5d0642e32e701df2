"""Reading headers past whatever one message breaks, without leaving a trace or telling tales."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from responder.adapters.imap.fetch import CHUNK
from responder.adapters.imap.protocol import FETCH_ALLOWANCE, MAX_LITERAL
from responder.core.errors import TransientError
from responder.core.mail.headers import MAX_HEADER_OCTETS
from responder.core.message import Uid, UidValidity
from tests.lab.imap_script import HEADER, ImapScript, Talk
from tests.wire.mailboxes import (
    HASTY,
    Hook,
    answering,
    fetched,
    mailbox_of,
    mid_literal,
    server_of,
    stalls,
)

AT = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)


async def test_unsolicited_answers_among_those_asked_for() -> None:
    """Only what carries a UID that was asked for, and a header block, is believed."""

    def hook(talk: Talk, tag: bytes, command: str, line: bytes) -> bool:
        if command == "UID FETCH":
            talk.send(
                b"* 2 FETCH (FLAGS (\\Answered))\r\n* 9 FETCH (UID 99 FLAGS (\\Deleted))\r\n* 5 EXISTS\r\n"
                + server.item(2, line)
                + b"* 2 FETCH (UID 2 FLAGS (\\Answered))\r\n* 1 EXPUNGE\r\n"
                + server.item(3, line)
                + tag
                + b" OK\r\n"
            )
        return command == "UID FETCH"

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            [found] = await fetched(mailbox, [2])
            assert (found.key.uid, found.flags, found.header_block) == (Uid(2), frozenset({"\\Seen"}), HEADER)
            assert await mailbox.wait(0, asyncio.Event())  # EXISTS came in passing


async def test_ok_without_data_means_gone() -> None:
    """Exchange says OK and nothing else for a message that it cannot render."""
    with ImapScript(answering("UID FETCH", lambda talk, tag: talk.send(tag + b" OK\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await fetched(mailbox, [1, 2, 3]) == []


HUGE = b"To: " + b"x" * 5_000_000 + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ("honoured", MAX_HEADER_OCTETS + 1),
        ("ignored", MAX_LITERAL),
        ("NO", MAX_LITERAL),
        ("BAD", MAX_LITERAL),
    ],
)
async def test_huge_header_block_is_cut(parts: str, kept: int) -> None:
    """Of a header block of megabytes only the beginning is asked for, one octet more than is ever read.

    A server that sends all of it is read to its end; one that knows no partial FETCH is asked without, from then on.
    """
    with ImapScript(messages={1: HUGE, 2: HEADER}, parts=parts) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            for _ in range(2):
                first, second = await fetched(mailbox, [1, 2])
                assert first.header_block == HUGE[:kept]
                assert second.header_block == HEADER
        refused = parts in {"NO", "BAD"}
        assert server.said(f"]<0.{MAX_HEADER_OCTETS + 1}>") == (1 if refused else 2)
        assert server.said("HEADER.FIELDS") == (3 if refused else 2)


async def test_one_refusal_says_nothing_of_parts() -> None:
    """What is refused with and without a part is refused for another reason: the next is asked for in part again."""
    with ImapScript(poisoned(2, lambda talk, tag: talk.send(tag + b" NO cannot\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            await fetched(mailbox, [1, 2, 3])
            before = server.said("]<0.")
            await fetched(mailbox, [3])
        assert server.said("]<0.") == before + 1


def test_a_chunk_of_the_largest_blocks_is_allowed() -> None:
    """As many header blocks as one command asks for, each as large as it may be, with their lists of names."""
    assert CHUNK * (MAX_HEADER_OCTETS + 1 + 2000) < FETCH_ALLOWANCE


async def test_gone_though_the_server_still_tells_its_time() -> None:
    """EXPUNGEISSUED for a message that was asked for alone settles it, whatever else the answer holds."""

    def say(talk: Talk, tag: bytes) -> None:
        row = b'* 2 FETCH (UID 2 INTERNALDATE "01-Jan-1970 00:00:00 +0000" BODY[HEADER.FIELDS (FROM)]<0> NIL)\r\n'
        talk.send(row + tag + b" OK [EXPUNGEISSUED] some are gone\r\n")

    with ImapScript(poisoned(2, say)) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await fetched(mailbox, [2]) == []


def poisoned(uid: int, say: Callable[[Talk, bytes], Any]) -> Hook:
    """Any FETCH of headers that names this message goes wrong."""

    def hook(talk: Talk, tag: bytes, command: str, line: bytes) -> bool:
        if command != "UID FETCH" or b"HEADER.FIELDS" not in line or uid not in talk.script.asked(line):
            return False
        say(talk, tag)
        return True

    return hook


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(lambda talk, tag: talk.send(tag + b" NO cannot fetch\r\n"), id="NO"),
        pytest.param(lambda talk, tag: talk.send(tag + b" BAD cannot fetch\r\n"), id="BAD"),
        pytest.param(
            lambda talk, tag: talk.send(b"* 1 FETCH (UID 4 ENVELOPE (((\r\n" + tag + b" OK\r\n"), id="malformed"
        ),
        pytest.param(
            lambda talk, tag: talk.send(b"* 4 FETCH (UID 4 BODY[HEADER.FIELDS (FROM)] NIL)\r\n" + tag + b" OK\r\n"),
            id="NIL",
        ),
        pytest.param(lambda talk, _tag: talk.close(), id="the server dies of it"),
        pytest.param(lambda talk, _tag: talk.send(b"* what is this {\r\nnonsense\r\n"), id="out of step"),
        pytest.param(stalls, id="it never answers"),
        pytest.param(mid_literal, id="it stops in the middle"),
    ],
)
async def test_one_bad_message_costs_only_itself(say: Callable[[Talk, bytes], Any]) -> None:
    """The others of its batch come through; itself is handed on without headers, so that it can be listed."""
    messages = dict.fromkeys(range(1, 8), HEADER)
    with ImapScript(poisoned(4, say), messages=messages) as server:
        async with mailbox_of(server_of(server), limits=HASTY) as mailbox:
            await mailbox.connect()
            found = {message.key.uid: message for message in await fetched(mailbox, range(1, 8))}
            assert sorted(found) == list(range(1, 8))
            assert [uid for uid, message in found.items() if message.header_block != HEADER] == [4]
            assert (found[Uid(4)].header_block, found[Uid(4)].received_at) == (b"", AT)
            assert await mailbox.received_times(Uid(7), None) == [(7, AT)]


async def test_bad_message_that_is_gone_when_asked_again() -> None:
    """A message that vanishes while we look for what is wrong with it is simply absent."""

    def say(talk: Talk, tag: bytes) -> None:
        talk.send(tag + b" NO [EXPUNGEISSUED] some are gone\r\n")

    with ImapScript(poisoned(2, say)) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert [message.key.uid for message in await fetched(mailbox, [1, 2, 3])] == []
            server.hook = poisoned(2, lambda talk, tag: talk.send(tag + b" NO cannot\r\n"))
            del server.messages[2]
            server.hook = answering_first_with(b" NO cannot\r\n")
            assert [message.key.uid for message in await fetched(mailbox, [1, 2, 3])] == [1, 3]


def answering_first_with(reply: bytes) -> Hook:
    """Only the first FETCH is refused."""
    left = iter([True])

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        refuse = command == "UID FETCH" and next(left, False)
        if refuse:
            talk.send(tag + reply)
        return refuse

    return hook


async def test_a_server_that_refuses_everything_is_not_a_bad_message() -> None:
    """When not even the time of arrival can be had, the trouble is not the message's: nothing is given up."""
    say = answering("UID FETCH", lambda talk, tag: talk.send(tag + b" NO cannot\r\n"))
    with ImapScript(say) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="answered NO"):
                await fetched(mailbox, [1, 2, 3])


async def test_reading_goes_on_after_a_cut() -> None:
    """A connection that is cut in the middle of a long read is made again, once the server is back."""
    cuts = iter([True])

    def hook(talk: Talk, _tag: bytes, command: str, _line: bytes) -> bool:
        if command == "UID FETCH" and next(cuts, False):
            talk.reset()
        return False

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert len(await fetched(mailbox, [1, 2, 3])) == 3
        assert len(server.talks) == 2


async def test_reading_does_not_go_on_in_another_folder() -> None:
    """If the UIDs changed their meaning while the connection was cut, the read ends with an error."""

    def hook(talk: Talk, _tag: bytes, command: str, _line: bytes) -> bool:
        if command == "UID FETCH":
            server.examined = b"* OK [UIDVALIDITY 8] ok\r\n"
            talk.close()
        return False

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="UIDVALIDITY"):
                await fetched(mailbox, [1])


async def test_a_server_that_always_dies_is_given_up() -> None:
    """Reconnecting within one read has an end."""
    with ImapScript(answering("UID FETCH", lambda talk, _tag: talk.close())) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError):
                await fetched(mailbox, range(1, 500))
        assert len(server.talks) <= 8


async def test_keys_of_another_uid_validity_are_refused() -> None:
    """What is remembered of an older folder is not looked up in this one."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError, match="UIDVALIDITY"):
                [_ async for _ in mailbox.fetch([Uid(1)], UidValidity(6))]


async def test_nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Even at DEBUG: no password, no user, no header."""
    caplog.set_level(logging.DEBUG)
    with ImapScript(poisoned(2, lambda talk, tag: talk.send(tag + b" NO cannot\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            await fetched(mailbox, [1, 2, 3])
            await mailbox.wait(0.05, asyncio.Event())
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "message unreadable" in said
    assert [vars(record)["uid"] for record in caplog.records if record.getMessage() == "message unreadable"] == [2]
    assert not [word for word in ("lab-password", "harbour", "someone", "hello") if word in said]


async def test_only_harmless_commands_are_ever_sent() -> None:
    """EXAMINE and PEEK: nothing that could change a flag, move or delete."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            uids = [uid for uid, _ in await mailbox.received_times(Uid(1), None)]
            await fetched(mailbox, uids)
            await mailbox.noop()
            await mailbox.wait(0.05, asyncio.Event())
            await mailbox.examine()
    commands = {b" ".join(line.split()[1:3]) for line in server.lines if b" " in line}
    assert {command.split()[0] for command in commands} <= {
        b"CAPABILITY", b"AUTHENTICATE", b"EXAMINE", b"UID", b"NOOP", b"IDLE", b"LOGOUT",
    }  # fmt: skip
    assert {command for command in commands if command.startswith(b"UID")} == {b"UID FETCH"}
    assert all(b"BODY.PEEK[HEADER.FIELDS" in line for line in server.lines if b"BODY" in line)
