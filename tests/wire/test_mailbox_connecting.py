"""Logging in, TLS and names: servers that refuse, mislead, or are not who they should be."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from typing import Any

import pytest

from responder.adapters.imap import CommandPool, Limits, Mailbox
from responder.core.errors import AuthenticationError, PermanentError, ResponderError, TransientError
from tests.lab.imap_script import ImapScript, Talk
from tests.wire.mailboxes import (
    HASTY,
    HEADER_NAMES,
    QUICK,
    USER,
    Login,
    Server,
    answering,
    mailbox_of,
    server_of,
)


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


@pytest.mark.parametrize("answer", [b"%s NO cannot %s", b"%s BAD what is %s", b"* BYE %s: never %s"])
@pytest.mark.parametrize("mechanism", ["AUTHENTICATE", "LOGIN"])
async def test_a_server_that_repeats_the_login(answer: bytes, mechanism: str) -> None:
    """Its text is shown without the password and without its base64."""
    heard: list[bytes] = []

    def say(talk: Talk, tag: bytes) -> None:
        if mechanism == "AUTHENTICATE":
            talk.send(b"+ \r\n")
            heard.append(talk.line())
        else:
            heard.append(b"LOGIN secret-of-the-lab")
        first = tag if answer.startswith(b"%s") else b"go"
        talk.send(answer % (first, heard[-1]) + b"\r\n")
        if first != tag:
            raise ConnectionError

    capabilities = b"IMAP4rev1 IDLE" + (b" AUTH=PLAIN" if mechanism == "AUTHENTICATE" else b"")
    with ImapScript(answering(mechanism, say), capabilities=capabilities) as server:
        async with mailbox_of(server_of(server), login=Login(password="secret-of-the-lab")) as mailbox:
            with pytest.raises(ResponderError) as caught:
                await mailbox.connect()
    shown = str(caught.value)
    assert "<private>" in shown or "EOF" in shown
    assert "secret" not in shown
    assert heard[0].strip()[-12:].decode() not in shown


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
            sock = mailbox._connected().transport.sock
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
