"""Servers of shapes of their own: throttling, OAuth2 only, LOGIN with literals, ID before EXAMINE."""

from __future__ import annotations

import re

import pytest

from responder.adapters.imap.errors import asked_to_wait, is_throttling
from responder.core.errors import PermanentError, ThrottledError, TransientError
from responder.core.message import Uid
from tests.lab.imap_script import ImapScript, Talk
from tests.wire.mailboxes import Login, answering, fetched, mailbox_of, server_of

EXCHANGE = b"NO [THROTTLED] Request is throttled. Suggested Backoff Time: 2000 milliseconds"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (EXCHANGE.decode(), 2.0),
        ("BAD Request is throttled. Suggested Backoff Time: 299999 milliseconds", 299.999),
        ("NO Backoff time 30 s", 30.0),
        ("NO Suggested Backoff Time: 999999999 milliseconds", 3600.0),
        ("NO [THROTTLED] slow down", 60.0),
        ("NO Request throttled", 60.0),
        ("NO [OVERQUOTA] Account exceeded command or bandwidth limits", 3600.0),
        ("NO no such message", None),
    ],
)
def test_how_long_to_leave_it_alone(text: str, seconds: float | None) -> None:
    """The time that the server names, else a minute; quotas are by the hour."""
    assert asked_to_wait(text) == seconds
    assert is_throttling(text) == ("throttl" in text.lower() or "ackoff" in text)


async def test_throttled_at_a_fetch_is_no_fault_of_the_message() -> None:
    """Told once, with its time; the message is fetched by the next session, however often that happens."""
    refusals = [5]

    def hook(talk: Talk, tag: bytes, command: str, line: bytes) -> bool:
        if command != "UID FETCH" or b"BODY" not in line or not refusals[0]:
            return False
        refusals[0] -= 1
        talk.send(tag + b" " + EXCHANGE + b"\r\n")
        return True

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            for _ in range(5):
                with pytest.raises(ThrottledError) as caught:
                    await fetched(mailbox, [1])
                assert caught.value.retry_after == 2.0
            assert [message.key.uid for message in await fetched(mailbox, [1, 2])] == [1, 2]
            assert (await fetched(mailbox, [1]))[0].header_block


async def test_throttled_at_login() -> None:
    """It is no verdict on the password."""
    with ImapScript(answering("AUTHENTICATE", lambda talk, tag: talk.send(tag + b" " + EXCHANGE + b"\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(ThrottledError) as caught:
                await mailbox.connect()
    assert caught.value.retry_after == 2.0


@pytest.mark.parametrize("mechanism", [b"XOAUTH2", b"OAUTHBEARER"])
async def test_a_server_that_takes_oauth2_alone(mechanism: bytes) -> None:
    """TLS is not the trouble, and is not blamed; no password is sent."""
    with ImapScript(capabilities=b"IMAP4rev1 LOGINDISABLED AUTH=" + mechanism) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(PermanentError) as caught:
                await mailbox.connect()
        assert server.said("LOGIN") == 0
    assert "OAuth2" in str(caught.value)
    assert "tls" not in str(caught.value)


@pytest.mark.parametrize(
    ("username", "password"),
    [("hello", "Schlüssel"), ("grüße", "pass word"), ("grüße", 'пароль\\"{3}'), ("hello", "£" * 70)],
    ids=["password", "username", "both, with signs", "long"],
)
async def test_login_with_letters_outside_ascii(username: str, password: str) -> None:
    """As literals in UTF-8 (RFC 9051 §4.3), each after the server's go-ahead."""
    got: list[bytes] = []

    def hook(talk: Talk, tag: bytes, command: str, line: bytes) -> bool:
        if command != "LOGIN":
            return False
        while found := re.search(rb"\{(\d+)\}$", line):
            talk.send(b"+ go on\r\n")
            content = b""
            while len(content) < int(found[1]):
                content += (b"\r\n" if content else b"") + talk.line()
            got.append(content[: int(found[1])])
            line = content[int(found[1]) :]
        talk.send(tag + b" OK in\r\n")
        return True

    with ImapScript(hook, capabilities=b"IMAP4rev1") as server:
        async with mailbox_of(server_of(server), login=Login(username, password)) as mailbox:
            await mailbox.connect()
            assert len(await fetched(mailbox, [1])) == 1
    assert got == [username.encode(), password.encode()]


@pytest.mark.parametrize("answer", [b"BAD 8bit data", b"NO wrong"], ids=["not understood", "refused"])
async def test_a_refused_literal_says_why(answer: bytes) -> None:
    """A server that takes no such login is named with the password's characters; one that refuses it, as ever."""
    with ImapScript(
        answering("LOGIN", lambda talk, tag: talk.send(tag + b" " + answer + b"\r\n")), capabilities=b"IMAP4rev1"
    ) as server:
        async with mailbox_of(server_of(server), login=Login("hello", "Schlüssel")) as mailbox:
            with pytest.raises(PermanentError) as caught:
                await mailbox.connect()
    assert ("outside ASCII" in str(caught.value)) == answer.startswith(b"BAD")
    assert "Schl" not in str(caught.value)


@pytest.mark.parametrize("reply", [b"OK", b"NO not now", b"BAD unknown"], ids=["taken", "refused", "unknown"])
async def test_id_is_sent_where_it_is_offered(reply: bytes) -> None:
    """Before EXAMINE, which some servers refuse without it; and a refusal of ID itself is no matter."""
    said = [False]

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        if command == "ID":
            said[0] = True
            talk.send(b"* ID NIL\r\n" + tag + b" " + reply + b"\r\n")
        elif command == "EXAMINE" and not said[0]:
            talk.send(tag + b" NO EXAMINE Unsafe Login. Please contact kefu@provider.example for help\r\n")
        else:
            return False
        return True

    with ImapScript(hook, capabilities=b"IMAP4rev1 AUTH=PLAIN ID IDLE") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await mailbox.received_times(Uid(1), None)
        sent = next(line for line in server.lines if b" ID " in line)
    assert re.search(rb' ID \("name" "after-hours-responder" "version" "[0-9.a-z]+"\)$', sent)


async def test_no_id_where_it_is_not_offered() -> None:
    """A command that a server does not know may end the session."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
        assert not [line for line in server.lines if b" ID " in line]


async def test_an_unthrottled_error_stays_plain() -> None:
    """Only who asks for fewer requests gets longer and longer waits."""
    with ImapScript(
        answering("UID FETCH", lambda talk, tag: talk.send(tag + b" NO [UNAVAILABLE] later\r\n"))
    ) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            with pytest.raises(TransientError) as caught:
                await mailbox.received_times(Uid(1), None)
    assert not isinstance(caught.value, ThrottledError)
