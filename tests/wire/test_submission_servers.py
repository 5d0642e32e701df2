"""Submission to real servers: Postfix's smtp-sink, and Postfix with TLS and AUTH as a provider would run it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from responder.adapters.smtp import Limits, Mark, Submitter, connection
from responder.config.values import ServerConfig
from responder.core.errors import AuthenticationError
from responder.core.message import Address
from responder.core.outcome import Accepted, Deferred, Outcome, OutgoingReply, Rejected, Unknown
from tests.lab.smtp import PASSWORD, USERNAME, PostfixRelay, SmtpSink

MAILBOX = Address("hello", "harbour.example")
CONTENT = (
    b"From: hello@harbour.example\r\nTo: tom@town.example\r\nMessage-ID: <ahr.1@harbour.example>\r\n"
    b"Date: Mon, 23 Nov 2026 06:00:00 +0000\r\n\r\nNobody is reading now.\r\n.\r\n..dots\r\n"
)


def place(
    port: int,
    tls: Literal["implicit", "starttls", "none"] = "none",
    ca_file: Path | None = None,
    *,
    auth: bool = True,
    host: str = "localhost",
) -> ServerConfig:
    """A server to submit to."""
    return ServerConfig(host, port, tls, ca_file, auth)


@dataclass(frozen=True)
class Login:
    """Credentials that the relay knows."""

    username: str = USERNAME
    password: str = PASSWORD


def reply(number: int = 1) -> OutgoingReply:
    """The reply that is sent."""
    return OutgoingReply(Address(f"tom{number}", "town.example"), MAILBOX, "<ahr.1@harbour.example>", CONTENT, "")


async def unmarked(_: bool) -> None:
    """Makes no mark."""


class Way(Submitter):
    """A submitter for tests that look at nothing but the outcome."""

    async def send(self, reply: OutgoingReply, fallback: OutgoingReply | None = None, mark: Mark = unmarked) -> Outcome:
        """See ``Submitter``; makes no mark."""
        return await super().send(reply, fallback, mark)


def submitter(server: ServerConfig, login: Login | None = None) -> Way:
    """One mailbox's way out."""
    limits = Limits(connect=10, command=5, final=5)
    return Way("first mailbox", server, lambda: login or Login(), MAILBOX, limits=limits)


# --- smtp-sink


async def test_sink_gets_the_very_bytes() -> None:
    """What the next server holds is the reply, byte for byte, from nobody to one correspondent."""
    with SmtpSink() as sink:
        sender = submitter(place(sink.port))
        outcomes = await asyncio.gather(*(sender.send(reply(number)) for number in range(20)))
        await sender.close()
        received = sink.messages()
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert {message.recipient for message in received} == {f"tom{number}@town.example" for number in range(20)}
    assert {(message.sender, message.content) for message in received} == {("", CONTENT)}


@pytest.mark.parametrize(
    ("options", "kind", "account_wide", "reached_the_dot"),
    [
        pytest.param(("-f", "RCPT"), Rejected, False, 0, id="5xx to RCPT"),
        pytest.param(("-f", "DATA"), Rejected, False, 0, id="5xx to DATA"),
        pytest.param(("-f", "."), Rejected, False, 1, id="5xx to the dot"),
        pytest.param(("-f", "MAIL"), Deferred, True, 0, id="5xx to MAIL"),
        pytest.param(("-f", "CONNECT"), Deferred, True, 0, id="5xx greeting"),
        pytest.param(("-f", "EHLO"), Deferred, True, 0, id="5xx to EHLO"),
        pytest.param(("-r", "RCPT"), Deferred, False, 0, id="4xx to RCPT"),
        pytest.param(("-r", "."), Deferred, False, 1, id="4xx to the dot"),
        pytest.param(("-Q", "DATA"), Deferred, False, 0, id="421 to DATA"),
        pytest.param(("-q", "MAIL"), Deferred, False, 0, id="dropped at MAIL"),
        pytest.param(("-q", "DATA"), Deferred, False, 0, id="dropped at DATA"),
        pytest.param(("-q", "."), Unknown, False, 1, id="dropped at the dot"),
    ],
)
async def test_sink_refuses(options: tuple[str, str], kind: type, *, account_wide: bool, reached_the_dot: int) -> None:
    """Each refusal is classed by its code and by how far the transaction had come; the dot is sent once at most."""
    with SmtpSink(*options) as sink:
        sender = submitter(place(sink.port))
        outcome = await sender.send(reply())
        await sender.close()
        assert sink.count() == reached_the_dot
    assert type(outcome) is kind
    assert not isinstance(outcome, Deferred) or outcome.account_wide is account_wide


async def test_sink_restarts() -> None:
    """A server that was restarted behind a pooled connection costs nothing but a new connection."""
    with SmtpSink() as sink:
        sender = submitter(place(sink.port))
        assert isinstance(await sender.send(reply()), Accepted)
        sink.stop()
        sink.start()
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
        assert sink.count() == 2


# --- Postfix


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    """Where the relay hands on what it accepted."""
    with SmtpSink() as running:
        yield running


@pytest.fixture(scope="module")
def relay(sink: SmtpSink) -> Iterator[PostfixRelay]:
    """A provider's submission server."""
    with PostfixRelay(sink.port) as running:
        yield running


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_relay_accepts(relay: PostfixRelay, sink: SmtpSink, tls: Literal["starttls", "implicit"]) -> None:
    """With TLS and a login, a reply from the null reverse-path is accepted and reaches the next server."""
    before = sink.count()
    sender = submitter(place(_port(relay, tls), tls, relay.ca_file))
    await sender.check()
    outcomes = [await sender.send(reply(number)) for number in range(3)]
    await sender.close()
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    received = (await asyncio.to_thread(sink.wait_for, before + 3))[before:]
    assert {(message.sender, message.content.endswith(CONTENT)) for message in received} == {("", True)}


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_relay_knows_the_password(relay: PostfixRelay, tls: Literal["starttls", "implicit"]) -> None:
    """A wrong password fails one login, not three, and names the cure."""
    before = relay.log().count(" auth=0/1 ")
    sender = submitter(place(_port(relay, tls), tls, relay.ca_file), Login(password="wrong"))
    with pytest.raises(AuthenticationError, match="app"):
        await sender.check()
    outcome = await sender.send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide
    assert USERNAME not in outcome.reason
    while relay.log().count(" auth=0/1 ") == before:  # noqa: ASYNC110 - Postfix logs through a process of its own
        await asyncio.sleep(0.02)
    assert relay.log().count(" auth=0/1 ") == before + 1
    assert not re.search(r" auth=0/[2-9]", relay.log())


async def test_relay_without_tls(relay: PostfixRelay) -> None:
    """A server that demands TLS and a client that was told none: nothing is given away, and the owner is told."""
    outcome = await submitter(place(relay.starttls_port)).send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide


async def test_relay_refuses_the_null_reverse_path(sink: SmtpSink) -> None:
    """Postfix says so only at RCPT; the mailbox's address is used at once."""
    before = sink.count()
    with PostfixRelay(
        sink.port, sender_restrictions="check_sender_access inline:{ {<> = REJECT not for programs} }"
    ) as relay:
        sender = submitter(place(relay.implicit_port, "implicit", relay.ca_file))
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
        received = await asyncio.to_thread(sink.wait_for, before + 1)
    assert received[-1].sender == "hello@harbour.example"
    assert "null reverse-path was refused (RCPT: 554 5.7.1" in (sender.reverse_path_note or "")


def _port(relay: PostfixRelay, tls: str) -> int:
    return relay.starttls_port if tls == "starttls" else relay.implicit_port


async def test_small_writes_wait_for_no_acknowledgement() -> None:
    """The final dot is a write of its own, and Nagle's algorithm would hold it for a delayed ACK (RFC 9293 §3.7.4)."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        with await connection._connect(socket.AF_INET, server.sockets[0].getsockname()) as sock:
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
