"""Connecting to and reading from servers that are slow, broken, busy or hostile."""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import ssl
import threading
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from responder.errors import AuthenticationError, PermanentError, ResponderError, TransientError
from responder.mailbox import CommandPool, Limits, Mailbox
from responder.mailbox.wire import MAX_LITERAL
from responder.model import Uid, UidValidity
from tests.lab.imap_script import HEADER, ImapScript, Talk
from tests.wire.mailboxes import (
    HASTY,
    HEADER_NAMES,
    QUICK,
    USER,
    Login,
    Server,
    fetched,
    mailbox_of,
    open_files,
    server_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = Callable[[Talk, bytes, str, bytes], bool]

AT = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
SOON = 5.0
BOTH = pytest.mark.parametrize("tls", ["none", "implicit"])


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


# -- login -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "error", "wait"),
    [
        (b"NO [AUTHENTICATIONFAILED] Too many failures, try again", AuthenticationError, None),
        (b"NO [AUTHORIZATIONFAILED] no", AuthenticationError, None),
        (b"NO [EXPIRED] old", AuthenticationError, None),
        (b"NO [ALERT] Application-specific password required", AuthenticationError, None),
        (b"NO Login failed.", AuthenticationError, None),
        (b"NO [UNAVAILABLE] later", TransientError, 60.0),
        (b"BAD [UNAVAILABLE] later", TransientError, 60.0),
        (b"NO [SERVERBUG] oops", TransientError, 60.0),
        (b"NO [INUSE] locked", TransientError, 60.0),
        (b"NO [LIMIT] enough", TransientError, 300.0),
        (b"NO [OVERQUOTA] Account exceeded command or bandwidth limits", TransientError, 3600.0),
        (b"NO Maximum number of connections from user+IP exceeded", TransientError, 300.0),
        (b"NO Too many simultaneous connections.", TransientError, 300.0),
        (b"BAD User is authenticated but not connected.", TransientError, 900.0),
        (b"BAD Syntax error", TransientError, 300.0),
        (b"NO [PRIVACYREQUIRED] use TLS", PermanentError, None),
    ],
)
@pytest.mark.parametrize("mechanism", ["AUTHENTICATE", "LOGIN"])
async def test_refused_login(reply: bytes, error: type[ResponderError], wait: float | None, mechanism: str) -> None:
    """Only what is the credentials' fault counts as such; a busy server is left alone for a while."""

    def say(talk: Talk, tag: bytes) -> None:
        if mechanism == "AUTHENTICATE":
            talk.send(b"+ \r\n")
            talk.line()
        talk.send(tag + b" " + reply + b"\r\n")

    capabilities = b"IMAP4rev1 IDLE" + (b" AUTH=PLAIN" if mechanism == "AUTHENTICATE" else b"")
    with ImapScript(answering(mechanism, say), capabilities=capabilities) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(error) as caught:
                await mailbox.connect()
    assert type(caught.value) is error
    assert getattr(caught.value, "retry_after", None) == wait
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_second_challenge_does_not_get_the_secret_again() -> None:
    """A server that answers PLAIN with another challenge gets a cancellation."""

    def say(talk: Talk, tag: bytes) -> None:
        talk.send(b"+ \r\n")
        assert base64.b64decode(talk.line()) == b"\0hello@harbour.example\0lab-password"
        talk.send(b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n")
        assert talk.line() == b"*"
        talk.send(tag + b" NO cancelled\r\n")

    with ImapScript(answering("AUTHENTICATE", say)) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(AuthenticationError):
                await mailbox.connect()
        assert len(server.lines) == 4


async def test_login_is_quoted() -> None:
    """Quotes and backslashes in a password stay inside it."""
    with ImapScript(capabilities=b"IMAP4rev1") as server:
        async with mailbox_of(server_of(server), login=Login("a b", 'x"y\\z" LOGOUT')) as mailbox:
            await mailbox.connect()
        assert any(line.endswith(b'LOGIN "a b" "x\\"y\\\\z\\" LOGOUT"') for line in server.lines)


@pytest.mark.parametrize("login", [Login("a\r\nx LOGOUT", "p"), Login("a", "p\n"), Login("a", "p\0")])
async def test_line_ends_in_credentials_are_never_sent(login: Login) -> None:
    """They would be commands of their own."""
    with ImapScript(capabilities=b"IMAP4rev1") as server:
        async with mailbox_of(server_of(server), login=login) as mailbox:
            with pytest.raises(PermanentError, match="line end"):
                await mailbox.connect()
        assert server.said("LOGIN") == 0


async def test_login_disabled() -> None:
    """A server that takes no password here is not tried."""
    with ImapScript(capabilities=b"IMAP4rev1 LOGINDISABLED") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(PermanentError, match="no login"):
                await mailbox.connect()
        assert server.said("LOGIN ") == 0


async def test_trouble_with_the_secret_itself() -> None:
    """What resolving the password raises comes out as one of ours, before anything is connected."""

    def broken() -> Login:
        raise RuntimeError("text with a secret")

    def missing() -> Login:
        raise PermanentError("file", "it is not there", cure="Make it")

    pool = CommandPool(1)
    with ImapScript() as server:
        for login, error in ((broken, TransientError), (missing, PermanentError)):
            mailbox = Mailbox(USER, "INBOX", server_of(server), login, pool, HEADER_NAMES, limits=QUICK)
            with pytest.raises(error) as caught:
                await mailbox.connect()
            assert "secret" not in str(caught.value)
        assert not server.talks
    pool.close()


async def test_slow_secret() -> None:
    """A password command that does not come back is not waited for."""
    pool, over = CommandPool(1), threading.Event()

    def slow() -> Login:
        over.wait(5)
        return Login()

    mailbox = Mailbox(USER, "INBOX", Server("localhost", 1, "none"), slow, pool, HEADER_NAMES, limits=Limits(login=0.1))
    asyncio.get_running_loop().call_later(0.2, over.set)
    with pytest.raises(TransientError, match="password"):
        await mailbox.connect()
    pool.close()


# -- transport ---------------------------------------------------------------------------------------------------------


async def test_starttls_is_never_optional() -> None:
    """Without the offer of STARTTLS nothing is sent but the question for capabilities."""
    with ImapScript() as server:
        async with mailbox_of(Server(server.host, server.port, "starttls", server.ca_file)) as mailbox:
            with pytest.raises(PermanentError, match="STARTTLS"):
                await mailbox.connect()
        assert {line.split()[1] for line in server.lines} == {b"CAPABILITY"}


async def test_preauth_leaves_no_room_for_starttls() -> None:
    """Whoever greets so before TLS is not believed."""
    with ImapScript(greeting=b"* PREAUTH hello\r\n", tls="starttls") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(PermanentError, match="PREAUTH"):
                await mailbox.connect()


async def test_preauth_over_tls_needs_no_login() -> None:
    """Inside TLS it is the server's own word."""
    with ImapScript(greeting=b"* PREAUTH hello\r\n", tls="implicit") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            assert (await mailbox.connect()).exists == 3
        assert server.said("AUTHENTICATE") == 0


async def test_data_injected_before_tls_counts_for_nothing() -> None:
    """Untagged data in clear text does not survive the handshake."""

    def say(talk: Talk, tag: bytes) -> None:
        talk.send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN EVIL\r\n* 9 EXISTS\r\n" + tag + b" OK begin\r\n")
        talk.start_tls()

    with ImapScript(answering("STARTTLS", say), tls="starttls") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            assert (await mailbox.connect()).exists == 3
            assert not await mailbox.wait(0, asyncio.Event())


@pytest.mark.parametrize(
    "reply", [b" OK begin\r\n* CAPABILITY IMAP4rev1 EVIL\r\n", b" NO not today\r\n", b" BAD what\r\n"]
)
async def test_starttls_that_goes_wrong(reply: bytes) -> None:
    """Data behind the go-ahead, or a refusal, ends the connection before the password."""
    with ImapScript(answering("STARTTLS", lambda talk, tag: talk.send(tag + reply)), tls="starttls") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            with pytest.raises(TransientError, match="STARTTLS"):
                await mailbox.connect()
        assert server.said("AUTHENTICATE") == 0


async def test_no_tls_only_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere is not connected to in clear text."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, 1, 6, "", ("192.0.2.1", 143))])
    async with mailbox_of(Server("localhost", 143, "none")) as mailbox:
        with pytest.raises(PermanentError, match="only for this machine"):
            await mailbox.connect()


async def test_missing_authority_file(tmp_path: Any) -> None:
    """It names the file."""
    with ImapScript(tls="implicit") as server:
        async with mailbox_of(Server(server.host, server.port, "implicit", tmp_path / "none.pem")) as mailbox:
            with pytest.raises(PermanentError, match=r"none\.pem"):
                await mailbox.connect()


async def test_certificate_of_another_host() -> None:
    """The name has to match, too."""
    with ImapScript(tls="implicit") as server:
        async with mailbox_of(Server("127.0.0.2", server.port, "implicit", server.ca_file)) as mailbox:
            with pytest.raises(TransientError):
                await mailbox.connect()


async def test_tls_to_a_port_that_does_not_speak_it() -> None:
    """It says where to look."""
    with ImapScript() as server:
        async with mailbox_of(Server(server.host, server.port, "implicit", server.ca_file)) as mailbox:
            with pytest.raises(TransientError, match="look at port and tls"):
                await mailbox.connect()


async def test_old_tls_is_refused() -> None:
    """TLS 1.2 at least."""
    with ImapScript(tls="implicit") as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            sock = mailbox._connected().plug.sock
            assert isinstance(sock, ssl.SSLSocket)
            assert sock.context.minimum_version == ssl.TLSVersion.TLSv1_2
            assert sock.context.verify_mode == ssl.CERT_REQUIRED
            assert sock.context.check_hostname


async def test_silent_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name look-up that hangs costs its own mailbox the deadline, and no thread of the others."""
    over, real = threading.Event(), socket.getaddrinfo

    def look_up(host: str, *args: Any, **named: Any) -> Any:
        if host == "silent.example":
            over.wait(10)
        return real(host, *args, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    pool = CommandPool(1)
    with ImapScript() as server:
        silent = Mailbox(USER, "INBOX", Server("silent.example", 1, "none"), Login, pool, HEADER_NAMES, limits=HASTY)
        good = Mailbox(USER, "INBOX", server_of(server), Login, pool, HEADER_NAMES, limits=QUICK)
        lost = asyncio.create_task(silent.connect())
        await asyncio.sleep(0.05)
        assert (await good.connect()).exists == 3
        with pytest.raises(TransientError):
            await lost
        await good.close()
    over.set()
    pool.close()


async def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said as such."""

    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with mailbox_of(Server("nowhere.example", 993, "implicit")) as mailbox:
        with pytest.raises(TransientError, match="looked up"):
            await mailbox.connect()


async def test_dead_address_before_a_live_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second address is tried when the first refuses."""
    with ImapScript() as server:
        rows = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port)) for port in (1, server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
        async with mailbox_of(server_of(server)) as mailbox:
            assert (await mailbox.connect()).exists == 3


# -- stalls ------------------------------------------------------------------------------------------------------------


def mid_literal(talk: Talk, _tag: bytes) -> None:
    """Promise more than comes."""
    talk.send(b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (FROM)] {500}\r\nFrom: some")
    talk.hold()


def drips(talk: Talk, _tag: bytes) -> None:
    """Each octet in time for a timeout of the socket, and never an end."""
    talk.drip(b"* OK still working on it\r\n" * 50, 0.05)


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
            assert time.monotonic() - started < 2.0


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
        slow = Mailbox(USER, "INBOX", server_of(bad), Login, pool, HEADER_NAMES, limits=Limits(command=1.0))
        quick = Mailbox(USER, "INBOX", server_of(good), Login, pool, HEADER_NAMES, limits=QUICK)
        stalled = asyncio.create_task(slow.connect())
        started = time.monotonic()
        await quick.connect()
        for _ in range(20):
            await quick.noop()
        assert time.monotonic() - started < 0.9
        with pytest.raises(TransientError):
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
        assert time.monotonic() - started < 2.0
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
            assert time.monotonic() - started < 1.5
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
    pool = CommandPool(2)

    async def fail(number: int) -> None:
        with ImapScript(answering(*ways[number % len(ways)]), tls=tls) as server:
            mailbox = Mailbox(USER, "INBOX", server_of(server), Login, pool, HEADER_NAMES, limits=limits)
            with pytest.raises(ResponderError):
                await mailbox.connect()
            await mailbox.close()

    for number in range(len(ways)):
        await fail(number)
    files, threads = open_files(), threading.active_count()
    for number in range(50):
        await fail(number)
    assert open_files() <= files
    assert threading.active_count() <= threads
    pool.close()


# -- answers -----------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (b"* SEARCH 3 1\r\n* SEARCH 2\r\n", [1, 2, 3]),
        (b"* SEARCH\r\n", []),
        (b"", []),
        (b"* SEARCH 1 x 99999999999 2 (MODSEQ 3)\r\n", [1, 2]),
    ],
)
async def test_odd_search(rows: bytes, expected: list[int]) -> None:
    """Several rows, none, and nonsense in them."""
    with ImapScript(answering("UID SEARCH", lambda talk, tag: talk.send(rows + tag + b" OK\r\n"))) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            assert await mailbox.since(date(2026, 11, 1)) == expected
        assert server.said("UID SEARCH UID 1:* SINCE 1-Nov-2026") == 1


async def test_refused_search_and_times() -> None:
    """A NO after login is no empty folder; and a quota is respected."""

    def hook(talk: Talk, tag: bytes, command: str, _line: bytes) -> bool:
        if command.startswith("UID"):
            talk.send(tag + b" NO [OVERQUOTA] Account exceeded command or bandwidth limits\r\n")
        return command.startswith("UID")

    with ImapScript(hook) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            for ask in (mailbox.since(date(2026, 1, 1)), mailbox.received_times(Uid(1), None), fetched(mailbox, [1])):
                with pytest.raises(TransientError) as caught:
                    await ask
                assert caught.value.retry_after == 3600.0
            await mailbox.noop()  # a NO does not cost the connection


# -- headers -----------------------------------------------------------------------------------------------------------


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


async def test_huge_literal_is_cut() -> None:
    """A header block of megabytes is read to its end, and cut; the next message is intact."""
    huge = b"To: " + b"x" * 5_000_000 + b"\r\n\r\n"
    with ImapScript(messages={1: huge, 2: HEADER}) as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            first, second = await fetched(mailbox, [1, 2])
            assert first.header_block == huge[:MAX_LITERAL]
            assert second.header_block == HEADER


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
    assert "UID 2 cannot be read" in said
    assert not [word for word in ("lab-password", "harbour", "someone", "hello") if word in said]


async def test_only_harmless_commands_are_ever_sent() -> None:
    """EXAMINE and PEEK: nothing that could change a flag, move or delete."""
    with ImapScript() as server:
        async with mailbox_of(server_of(server)) as mailbox:
            await mailbox.connect()
            uids = [uid for uid, _ in await mailbox.received_times(Uid(1), None)]
            await fetched(mailbox, uids)
            await mailbox.since(date(2026, 1, 1))
            await mailbox.noop()
            await mailbox.wait(0.05, asyncio.Event())
            await mailbox.examine()
    commands = {b" ".join(line.split()[1:3]) for line in server.lines if b" " in line}
    assert {command.split()[0] for command in commands} <= {
        b"CAPABILITY", b"AUTHENTICATE", b"EXAMINE", b"UID", b"NOOP", b"IDLE", b"LOGOUT",
    }  # fmt: skip
    assert {command for command in commands if command.startswith(b"UID")} == {b"UID FETCH", b"UID SEARCH"}
    assert all(b"BODY.PEEK[HEADER.FIELDS" in line for line in server.lines if b"BODY" in line)
