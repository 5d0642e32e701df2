"""One connection to the submission server, from TCP to QUIT."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from responder.adapters.smtp.classify import CURE_TLS, INTERMEDIATE, POSITIVE, Phase
from responder.adapters.smtp.threads import in_thread
from responder.config.values import ServerConfig
from responder.core.outcome import Deferred
from responder.core.text import said

FINAL_DOT = b".\r\n"

ADDRESS_PATIENCE = 5.0
"""Seconds for one of several addresses of a server to take the connection: a live one does within one."""

Mark = Callable[[bool], Awaitable[None]]
"""Told, and waited for, just before the write of the final dot (True); and when that reply was refused, but another
attempt follows at once (False)."""


class Credentials(Protocol):
    """Who submits; ``credentials.Login`` is one."""

    @property
    def username(self) -> str:
        """As the server knows the account."""
        ...

    @property
    def password(self) -> str:
        """Never logged, never part of a repr."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds, and how many connections there are.

    Attributes:
        connect: name lookup, TCP, implicit TLS and greeting together; a person's server answers in one.
        command: every reply but the last; RFC 5321 §4.5.3.2 allows servers 5 minutes, but nothing is lost by
            trying again, and a stalled connection holds back the replies behind it.
        final: the reply to the final dot (RFC 5321 §4.5.3.2.6: 10 minutes), because giving up early makes duplicates.
        farewell: QUIT; the reply is already safe.
        keep_idle: an idle connection is kept this long for the next reply; servers drop idle ones on their own terms.
        connections: open at once; Microsoft 365 refuses a fourth.
    """

    connect: float = 30.0
    command: float = 60.0
    final: float = 600.0
    farewell: float = 2.0
    keep_idle: float = 5.0
    connections: int = 2


class AccountFaultError(Exception):
    """No connection could be had.

    Attributes:
        outcome: for the replies that were to be sent.
        login: the credentials were refused.
    """

    def __init__(self, outcome: Deferred, *, login: bool = False) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.login = login


class _Smtp(aiosmtplib.SMTP):
    """A client that lets go at once."""

    def close(self) -> None:
        """Abort: ``transport.close`` waits to flush, so a peer that stops reading keeps descriptor and message."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


class Connection:
    """One connection to the submission server, from TCP to its end.

    Attributes:
        phase: how far it has come; from ``DOT`` on, the message may have been delivered.
        used: it carried a message before, so the server may have dropped it meanwhile.
    """

    def __init__(self, server: ServerConfig, limits: Limits) -> None:
        self.phase = Phase.CONNECT
        self.used = False
        self.retirement: asyncio.TimerHandle | None = None
        self._server = server
        self._limits = limits
        self.smtp = _Smtp(
            hostname=server.host,
            local_hostname=server.helo_name or "[127.0.0.1]",  # never None: getfqdn may block for minutes
            timeout=limits.command,
            use_tls=server.tls == "implicit",
            start_tls=False,  # never opportunistic: see _secure
        )

    @property
    def is_open(self) -> bool:
        """As far as this side knows."""
        return self.smtp.is_connected

    async def open(self, credentials: Credentials | None) -> None:
        """Connect, secure, log in.

        Raises:
            Exception: any that the library raises; ``phase`` says where.
        """
        async with asyncio.timeout(self._limits.connect):  # the library's own does not bound the sum of its steps
            if self._server.tls != "none":  # in a thread: the system's authorities take tens of milliseconds to read
                self.smtp.tls_context = await in_thread(partial(_tls_context, self._server))
            sock = await _dial(self._server.host, self._server.port, self._limits.connect)
            if self._server.helo_name is None:
                self.smtp.local_hostname = address_literal(sock)
            try:
                await self.smtp.connect(timeout=None, sock=sock)
            except BaseException:
                sock.close()
                raise
        await self._ehlo()
        if self._server.tls == "starttls":
            await self._secure()
        if credentials is not None:
            await self._authenticate(credentials)

    async def _ehlo(self) -> None:
        self.phase = Phase.EHLO
        await self.smtp.ehlo()

    async def _secure(self) -> None:
        """STARTTLS or nothing: where it is not offered, somebody may have stripped it."""
        self.phase = Phase.STARTTLS
        if not self.smtp.supports_extension("starttls"):
            raise AccountFaultError(Deferred("STARTTLS: not offered", account_wide=True, cure=CURE_TLS))
        await self.smtp.starttls()
        await self._ehlo()  # what was said in the clear is forgotten (RFC 3207 §4.2)

    async def _authenticate(self, credentials: Credentials) -> None:
        """One mechanism, one attempt: the library's ``login`` makes three failures out of one wrong password."""
        self.phase = Phase.AUTH
        offered = self.smtp.server_auth_methods
        if not {"plain", "login"}.intersection(offered):
            cure = "the server offers no login by password here: check host and port, or set auth = false"
            raise AccountFaultError(Deferred("AUTH: neither PLAIN nor LOGIN offered", account_wide=True, cure=cure))
        username, password = credentials.username.encode(), credentials.password.encode()
        initial = base64.b64encode(b"\0%b\0%b" % (username, password))  # RFC 4616 §2
        try:
            if "plain" in offered:
                await self.command(Phase.AUTH, b"AUTH", b"PLAIN", initial)
            else:
                await self.command(Phase.AUTH, b"AUTH", b"LOGIN", base64.b64encode(username), wanted=INTERMEDIATE)
                await self.command(Phase.AUTH, base64.b64encode(password))
        except aiosmtplib.SMTPResponseException as error:  # some servers repeat what they did not understand
            shown = said(error.message, secrets=(credentials.password, initial.decode()))
            raise aiosmtplib.SMTPResponseException(error.code, shown) from None

    async def command(self, phase: Phase, *words: bytes, wanted: int = POSITIVE) -> None:
        """Send one command.

        Raises:
            SMTPResponseException: the reply's first digit is not ``wanted``.
        """
        self.phase = phase
        answer = await self.smtp.execute_command(*words)
        if answer.code // 100 != wanted:
            raise aiosmtplib.SMTPResponseException(answer.code, answer.message)

    async def content(self, content: bytes, mark: Mark) -> None:
        """Send the message, and after the mark its final dot.

        Without the dot no server may deliver (RFC 5321 §4.1.1.4), so it is a write of its own: until then nothing is
        in doubt.
        """
        await self.command(Phase.DATA, b"DATA", wanted=INTERMEDIATE)
        protocol = self.smtp.protocol
        # An early reply would pass for the one to the final dot.
        if protocol is None or bool(getattr(protocol, "_buffer", b"")):
            raise aiosmtplib.SMTPServerDisconnected("the server says more than it was asked")
        answer = asyncio.ensure_future(protocol.read_response())
        try:
            protocol.write(dot_stuffed(content))
            await mark(True)  # noqa: FBT003 - a callback's only argument
            await self._finish(protocol, answer)
        finally:
            answer.cancel()
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _finish(self, protocol: SMTPProtocol, answer: asyncio.Future[aiosmtplib.SMTPResponse]) -> None:
        """Write the final dot, unless the server has answered or gone before it; then that is its answer to DATA."""
        if not answer.done():
            protocol.write(FINAL_DOT)
            self.phase = Phase.DOT
        async with asyncio.timeout(self._limits.final):
            code, text = await answer
        if code // 100 != POSITIVE or self.phase is not Phase.DOT:
            raise aiosmtplib.SMTPResponseException(code, text)

    async def quit(self) -> None:
        """Say goodbye and close; never raises, at most ``farewell`` seconds."""
        try:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(self._limits.farewell):
                    await self.smtp.quit()
        finally:
            self.abort()

    def abort(self) -> None:
        """Let go of the socket now."""
        self.smtp.close()


def _tls_context(server: ServerConfig) -> ssl.SSLContext:
    """A fresh one per connection: certificates and roots change during months of running."""
    try:
        return ssl.create_default_context(cafile=None if server.ca_file is None else str(server.ca_file))
    except OSError as error:
        cure = "ca_file must be a PEM file that the daemon may read"
        raise AccountFaultError(Deferred(f"ca_file: {error.strerror}", account_wide=True, cure=cure)) from error


def dot_stuffed(content: bytes) -> bytes:
    """What follows 354, up to the final dot: CRLF line ends only (a bare one smuggles commands), dots stuffed."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines)


async def _dial(host: str, port: int, deadline: float) -> socket.socket:
    """Resolve and connect, one address after the other: the first may be dead (IPv6 that leads nowhere).

    Raises:
        OSError: none answers.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + deadline
    found = await in_thread(partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
    trouble: OSError = ConnectionError("no address")
    for left, (family, _, _, _, address) in zip(range(len(found), 0, -1), found, strict=True):
        share = (ends - loop.time()) / left
        try:
            async with asyncio.timeout(share if left == 1 else min(share, ADDRESS_PATIENCE)):
                return await _connect(family, address)
        except OSError as error:  # TimeoutError is one
            trouble = error
    raise trouble


async def _connect(family: int, address: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the dot is a write of its own: no delayed ACK
    try:
        sock.settimeout(0)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def address_literal(sock: socket.socket) -> str:
    """Our side of the connection, as EHLO says it where this machine has no name of its own (RFC 5321 §4.1.3)."""
    address = ipaddress.ip_address(sock.getsockname()[0].partition("%")[0])
    mapped = address.ipv4_mapped if address.version == 6 else None  # noqa: PLR2004 - IPv6
    if mapped is None and address.version == 6:  # noqa: PLR2004 - IPv6
        return f"[IPv6:{address}]"
    return f"[{mapped or address}]"
