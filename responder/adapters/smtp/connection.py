"""One connection to the submission server, from TCP to QUIT."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from responder.adapters.smtp.classify import CURE_TLS, INTERMEDIATE, POSITIVE, Phase, redact
from responder.core.outcome import Deferred


class Server(Protocol):
    """Where to submit; ``config.ServerConfig`` is one."""

    @property
    def host(self) -> str:
        """Name or address."""
        ...

    @property
    def port(self) -> int:
        """TCP port."""
        ...

    @property
    def tls(self) -> Literal["implicit", "starttls", "none"]:
        """How the connection is secured; never opportunistically."""
        ...

    @property
    def ca_file(self) -> Path | None:
        """PEM file to trust instead of the system's authorities."""
        ...

    @property
    def auth(self) -> bool:
        """False for a local relay that takes mail without a login."""
        ...


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
        grace: how long a cancelled send still waits for the reply to the final dot.
        connections: open at once; Microsoft 365 refuses a fourth.
    """

    connect: float = 30.0
    command: float = 60.0
    final: float = 600.0
    farewell: float = 2.0
    keep_idle: float = 5.0
    grace: float = 5.0
    connections: int = 2


class AccountFaultError(Exception):
    """No connection could be had.

    Attributes:
        outcome: for whatever was to be sent.
        login: the credentials were refused.
        said: the server's own words, for ``check`` at a terminal; they never go into an outcome.
    """

    def __init__(self, outcome: Deferred, *, login: bool = False, said: str = "") -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome
        self.login = login
        self.said = said


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

    def __init__(self, server: Server, limits: Limits, local_hostname: str) -> None:
        self.phase = Phase.CONNECT
        self.used = False
        self.retirement: asyncio.TimerHandle | None = None
        self._server = server
        self._limits = limits
        self.smtp = _Smtp(
            hostname=server.host,
            port=server.port,
            local_hostname=local_hostname,  # always given: getfqdn may block for minutes on a broken resolver
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
            Exception: whatever the library raises; ``phase`` says where.
        """
        async with asyncio.timeout(self._limits.connect):  # the library's own does not bound the sum of its steps
            if self._server.tls != "none":  # in a thread: the system's authorities take tens of milliseconds to read
                self.smtp.tls_context = await asyncio.to_thread(_tls_context, self._server)
            await self.smtp.connect(timeout=None)
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
        encoded = base64.b64encode(password)
        try:
            if "plain" in offered:
                await self.command(Phase.AUTH, b"AUTH", b"PLAIN", initial)
            else:
                await self.command(Phase.AUTH, b"AUTH", b"LOGIN", base64.b64encode(username), wanted=INTERMEDIATE)
                await self.command(Phase.AUTH, encoded)
        except aiosmtplib.SMTPResponseException as error:  # some servers repeat what they did not understand
            secrets = (credentials.password, initial.decode(), encoded.decode())
            raise aiosmtplib.SMTPResponseException(error.code, redact(error.message, secrets)) from None

    async def command(self, phase: Phase, *words: bytes, wanted: int = POSITIVE) -> None:
        """Send one command.

        Raises:
            SMTPResponseException: the reply's first digit is not ``wanted``.
        """
        self.phase = phase
        answer = await self.smtp.execute_command(*words)
        if answer.code // 100 != wanted:
            raise aiosmtplib.SMTPResponseException(answer.code, answer.message)

    async def content(self, content: bytes) -> str:
        """Send the message and its final dot; the text of the positive reply."""
        await self.command(Phase.DATA, b"DATA", wanted=INTERMEDIATE)
        protocol = self.smtp.protocol
        if protocol is None or not protocol.is_connected:
            raise aiosmtplib.SMTPServerDisconnected("connection lost")
        # A reply that nobody asked for would be taken for the one to the final dot.
        if getattr(protocol, "_buffer", b""):
            raise aiosmtplib.SMTPServerDisconnected("the server says more than it was asked")
        self.phase = Phase.DOT
        protocol.write(wire_form(content))
        code, text = await self._final_answer(protocol)
        if code // 100 != POSITIVE:
            raise aiosmtplib.SMTPResponseException(code, text)
        return text

    async def _final_answer(self, protocol: SMTPProtocol) -> aiosmtplib.SMTPResponse:
        """Wait for the reply to the final dot; when cancelled, for ``grace`` seconds more."""
        waiting = asyncio.ensure_future(protocol.read_response(timeout=self._limits.final))
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await asyncio.wait({waiting}, timeout=self._limits.grace)
            if waiting.done() and not waiting.cancelled():
                return waiting.result()
            raise
        finally:
            waiting.cancel()

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


def _tls_context(server: Server) -> ssl.SSLContext:
    """A fresh one per connection: certificates and roots change during months of running."""
    try:
        return ssl.create_default_context(cafile=None if server.ca_file is None else str(server.ca_file))
    except OSError as error:
        cure = "ca_file must be a PEM file that the daemon may read"
        raise AccountFaultError(Deferred(f"ca_file: {error.strerror}", account_wide=True, cure=cure)) from error


def wire_form(content: bytes) -> bytes:
    """What follows 354: CRLF line ends only (a bare one smuggles commands), dots stuffed, the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines) + b".\r\n"
