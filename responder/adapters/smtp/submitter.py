"""One account: its few connections, and one transaction after the other."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from collections.abc import Callable
from dataclasses import replace

import aiosmtplib

from responder.adapters.events import Event, log
from responder.adapters.smtp.breaker import Breaker, Refusals
from responder.adapters.smtp.classify import (
    CURE_REFUSED_ALIKE,
    PERMANENT,
    TRANSIENT,
    AliasRefused,
    Phase,
    judge_error,
    refuses_null_path,
    speaks_for_itself,
)
from responder.adapters.smtp.codes import Enhanced
from responder.adapters.smtp.connection import AccountFaultError, Connection, Credentials, Limits, Mark
from responder.adapters.smtp.threads import in_thread
from responder.config.values import ServerConfig
from responder.core.errors import AuthenticationError, LedgerError, PermanentError, ResponderError, TransientError
from responder.core.message import Address
from responder.core.outcome import Accepted, Deferred, Outcome, OutgoingReply, Rejected
from responder.core.text import said

MAX_ADDRESS_OCTETS = 254
"""RFC 5321 §4.5.3.1.3 as corrected: a path has 256 octets, two of which are its angle brackets."""

MAX_TRIES = 3
"""Connections tried for one reply at once: a pooled one that had died, one that refuses ``<>``, and one that tells."""

_FIT = re.compile(
    r'(?:[^\s"(),:;<>@\[\\\]\x00-\x20\x7f-\x9f\ud800-\udfff]+|"(?:[^"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\\[ -~])+")'
    r"@(?:[A-Za-z0-9.-]+|\[[A-Za-z0-9.:-]+\])"
)


def is_fit(address: Address) -> bool:
    """Whether the address may stand in an SMTP command: looked at once more right where it is used."""
    spec = address.addr_spec
    return _FIT.fullmatch(spec) is not None and len(spec.encode()) <= MAX_ADDRESS_OCTETS


class _NullPathRefusedError(Exception):
    """The server takes no null reverse-path."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Submitter:
    """Sends the replies of one mailbox through its submission server.

    Keeps at most ``limits.connections`` open, one transaction at a time on each, and no idle one for longer than
    ``limits.keep_idle``. A connection is dropped after any fault. Belongs to one event loop.

    Attributes:
        name: whose replies these are, as a label for logs.
        reverse_path_note: set once the server refused the null reverse-path and took the mailbox's address instead.
        alias_refused: identities of the From addresses that the server would not send for.

    Raises:
        ValueError: ``tls = "none"`` for a host that is not this machine.
    """

    def __init__(
        self,
        name: str,
        server: ServerConfig,
        login: Callable[[], Credentials],
        mailbox_address: Address,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if server.tls == "none" and not _is_loopback(server.host):
            raise ValueError('tls = "none" is for this machine only: use "implicit" or "starttls"')
        self.name = name
        self.where = f"SMTP server {server.host}:{server.port}"
        self.reverse_path_note: str | None = None
        self.alias_refused: set[str] = set()
        self.breaker = Breaker(clock)
        self._refusals = Refusals()
        self._server = server
        self._login = login
        self._mailbox_address = mailbox_address
        self._limits = limits or Limits()
        self._null_path_refused: str | None = None
        self._private: set[str] = {mailbox_address.local}
        self._slots = asyncio.Semaphore(self._limits.connections)
        self._connecting = asyncio.Lock()
        self._idle: list[Connection] = []
        self._farewells: set[asyncio.Task[None]] = set()
        self._closed = False

    async def send(self, reply: OutgoingReply, fallback: OutgoingReply | None, mark: Mark) -> Outcome:
        """Submit one reply; what became of it.

        Args:
            reply: what to send.
            fallback: the same reply From the mailbox's own address, for a server that refuses ``reply`` because its
                From is an alias; it is sent at once, and first from then on.
            mark: see `Mark`.

        Raises:
            LedgerError: the mark could not be made; the final dot was not written.
        """
        alias = reply.from_address.identity
        if fallback is None or alias == self._mailbox_address.identity:
            return await self._send(reply, mark)
        if alias in self.alias_refused:
            return await self._send(fallback, mark)
        outcome = await self._send(reply, mark)
        if not isinstance(outcome, AliasRefused):
            return outcome
        await mark(False)  # noqa: FBT003 - a callback's only argument
        second = await self._send(fallback, mark)
        if isinstance(second, Accepted):
            self.alias_refused.add(alias)
            log(Event.ALIAS_REFUSED, mailbox=self.name, server=self.where)
        return second

    async def check(self) -> None:
        """Connect, log in, and begin a message to the mailbox itself, which is not sent; ignores the breaker.

        Many servers refuse only at RCPT what is wrong with EHLO, the sender or the account.

        Raises:
            AuthenticationError: the credentials were refused.
            PermanentError: a person has to change something.
            TransientError: it may work later.
        """
        try:
            connection = await self._connect(heed_breaker=False)
        except AccountFaultError as fault:
            raise _as_error(self.where, fault) from fault
        own = self._mailbox_address.addr_spec.encode()
        try:
            await connection.command(Phase.MAIL, b"MAIL", b"FROM:<%b>" % own)
            await connection.command(Phase.RCPT, b"RCPT", b"TO:<%b>" % own)
        except (aiosmtplib.SMTPException, OSError) as error:
            connection.abort()
            raise _as_error(self.where, self._not_connected(connection.phase, error)) from error
        self.breaker.reset()
        await connection.quit()

    async def close(self) -> None:
        """Let go of every idle connection; at most ``limits.farewell`` seconds. Nothing is sent afterwards."""
        self._closed = True
        for connection in tuple(self._idle):
            self._retire(connection)
        if self._farewells:
            await asyncio.wait(self._farewells)

    def paused_for(self) -> float:
        """Seconds until the breaker lets the next reply try."""
        return self.breaker.seconds_left()

    def reset(self) -> None:
        """Forget faults and refusals: the file or a secret has changed."""
        self.breaker.reset()
        self._refusals = Refusals()
        self.reverse_path_note = self._null_path_refused = None
        self.alias_refused.clear()

    # One reply.

    async def _send(self, reply: OutgoingReply, mark: Mark) -> Outcome:
        if not is_fit(reply.recipient):
            return Rejected("RCPT: the recipient's address is not fit for SMTP", 553)
        async with self._slots:
            if self._closed:
                return Deferred("stopping")
            blocked = self.breaker.blocked()
            return blocked if blocked is not None else await self._deliver(reply, mark)

    async def _deliver(self, reply: OutgoingReply, mark: Mark) -> Outcome:
        """Use an idle connection, or a new one; a new one also when the idle one turns out to be dead."""
        connection = self._take_idle()
        for _ in range(MAX_TRIES):
            try:
                connection = connection or await self._connect()
            except AccountFaultError as fault:
                return fault.outcome
            outcome = await self._transact(connection, reply, mark)
            if outcome is not None:
                return outcome
            connection = None
        return Deferred("MAIL: the server keeps dropping the connection")

    async def _transact(self, connection: Connection, reply: OutgoingReply, mark: Mark) -> Outcome | None:
        """One transaction; None when nothing was handed over and another connection may do better at once."""
        outcome: Outcome
        connection.phase = Phase.MAIL  # a pooled one still stands where its last transaction ended
        try:
            outcome = _unfit_for(connection.smtp, reply) or await self._hand_over(connection, reply, mark)
        except (asyncio.CancelledError, LedgerError):
            connection.abort()
            raise
        except _NullPathRefusedError:
            connection.abort()
            return None
        except Exception as error:  # noqa: BLE001 - what it means depends on the final dot alone, and only we know that
            connection.abort()
            if _was_stale(connection, error):
                return None
            return self._conclude(connection.phase, error, reply)
        if isinstance(outcome, Accepted):
            self._refusals.accepted()
            self.breaker.reset()
        self._release(connection)
        return outcome

    def _conclude(self, phase: Phase, error: Exception, reply: OutgoingReply) -> Outcome:
        """What a failure means, and for whom: only a fault of the account may keep other replies waiting."""
        outcome: Outcome = judge_error(phase, error)
        of_recipients = False
        if isinstance(error, aiosmtplib.SMTPResponseException) and error.code // 100 == PERMANENT:
            shown = said(error.message, private=self._private_to(reply))
            if _concerns_recipient(phase, reply):
                of_recipients = phase in {Phase.MAIL, Phase.RCPT} or not isinstance(outcome, Deferred)
                outcome = self._weigh(phase, error, outcome, reply, shown)
            elif isinstance(outcome, Deferred):
                outcome = replace(outcome, said=shown)
        if isinstance(outcome, Deferred) and outcome.account_wide:
            self.breaker.trip(outcome, of_recipients=of_recipients)
        return outcome

    def _weigh(
        self, phase: Phase, error: aiosmtplib.SMTPResponseException, outcome: Outcome, reply: OutgoingReply, shown: str
    ) -> Outcome:
        """A 5xx to one recipient: its own, or one of several that are alike and so the account's."""
        if isinstance(outcome, AliasRefused) and reply.from_address.identity != self._mailbox_address.identity:
            return outcome  # the fallback is tried first
        kind = (phase, error.code, Enhanced.read_anywhere(error.code, error.message))
        at_once = isinstance(outcome, Deferred) and (
            phase in {Phase.DATA, Phase.DOT} or (phase is Phase.RCPT and speaks_for_itself(error.message))
        )
        if self._refusals.is_the_accounts(reply.recipient, kind, shown, at_once=at_once):
            reason = outcome.reason if isinstance(outcome, Deferred | Rejected) else ""
            fault = outcome if isinstance(outcome, Deferred) else Deferred(reason, cure=CURE_REFUSED_ALIKE)
            return replace(fault, account_wide=True, said=self._refusals.shared_words(kind))
        return Rejected(outcome.reason, error.code, once_more=True) if isinstance(outcome, Deferred) else outcome

    def _private_to(self, reply: OutgoingReply) -> set[str]:
        """What must not come back in a server's text."""
        to, own = reply.recipient, self._mailbox_address
        return {to.local, *self._private} | ({to.domain} if to.domain != own.domain else set())

    async def _hand_over(self, connection: Connection, reply: OutgoingReply, mark: Mark) -> Accepted:
        """MAIL, RCPT, DATA, content.

        Raises:
            _NullPathRefusedError: the null reverse-path was refused for the first time.
            Exception: any that the library raises; ``connection.phase`` says where.
        """
        sender = b"" if self._null_path_refused is None else self._mailbox_address.addr_spec.encode()
        recipient = reply.recipient.addr_spec.encode()
        never = [b"NOTIFY=NEVER"] if connection.smtp.supports_extension("dsn") else []
        try:
            await connection.command(Phase.MAIL, b"MAIL", b"FROM:<%b>" % sender, *_mail_options(connection.smtp, reply))
            await connection.command(Phase.RCPT, b"RCPT", b"TO:<%b>" % recipient, *never)
        except aiosmtplib.SMTPResponseException as error:
            self._weigh_reverse_path(connection.phase, error, null=not sender)
            raise
        if sender and self.reverse_path_note is None:
            self.reverse_path_note = self._null_path_refused
            log(Event.NULL_PATH_REFUSED, mailbox=self.name, server=self.where)
        await connection.content(reply.content, mark)
        return Accepted()

    def _weigh_reverse_path(self, phase: Phase, error: aiosmtplib.SMTPResponseException, *, null: bool) -> None:
        """Change to the mailbox's address when ``<>`` was refused, and back when that was not the cause."""
        if not null:
            if self.reverse_path_note is None:
                self._null_path_refused = None
            return
        if refuses_null_path(phase, error.code, error.message):
            self._null_path_refused = f"the null reverse-path was refused ({judge_error(phase, error).reason})"
            raise _NullPathRefusedError from error

    # Connections.

    async def _connect(self, *, heed_breaker: bool = True) -> Connection:
        """Open a connection; one at a time, so that a wrong password is tried once and not by all at once.

        Raises:
            AccountFaultError: there is none to be had.
        """
        async with self._connecting:
            blocked = self.breaker.blocked() if heed_breaker else None
            if blocked is not None:
                raise AccountFaultError(blocked)
            try:
                return await self._open()
            except AccountFaultError as fault:
                if fault.outcome.account_wide:
                    self.breaker.trip(fault.outcome, login=fault.login)
                raise

    async def _open(self) -> Connection:
        connection = Connection(self._server, self._limits)
        try:
            credentials = await self._credentials() if self._server.auth else None
            await connection.open(credentials)
        except BaseException as error:
            connection.abort()
            if isinstance(error, AccountFaultError) or not isinstance(error, Exception):
                raise
            raise self._not_connected(connection.phase, error) from error  # every kind of error is "not connected"
        if credentials is not None:
            self.breaker.logged_in()
        return connection

    async def _credentials(self) -> Credentials:
        """Resolved again for every login, in a thread: a password command may take its time."""
        try:
            async with asyncio.timeout(self._limits.command):
                credentials = await in_thread(self._login)
        except PermanentError as error:
            outcome = Deferred(f"{error.where}: {error.reason}", account_wide=True, cure=error.cure)
            raise AccountFaultError(outcome, login=isinstance(error, AuthenticationError)) from error
        except (ResponderError, OSError) as error:
            raise AccountFaultError(Deferred(f"credentials: {said(str(error)) or 'no answer'}")) from error
        self._private.add(credentials.username)
        return credentials

    def _not_connected(self, phase: Phase, error: Exception) -> AccountFaultError:
        outcome = judge_error(phase, error)
        if not isinstance(outcome, Deferred):  # the check's own address at RCPT: a person has to act
            outcome = Deferred(outcome.reason, account_wide=True, cure=CURE_REFUSED_ALIKE)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            outcome = replace(outcome, said=said(error.message, private=self._private))
        return AccountFaultError(outcome, login=phase is Phase.AUTH and outcome.account_wide)

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            self._stop_retirement(connection)
            if connection.is_open:
                return connection
            connection.abort()
        return None

    def _release(self, connection: Connection) -> None:
        """Keep it a moment for the next reply."""
        connection.used = True
        self._idle.append(connection)
        if self._closed:
            self._retire(connection)
            return
        loop = asyncio.get_running_loop()
        connection.retirement = loop.call_later(self._limits.keep_idle, self._retire, connection)

    def _retire(self, connection: Connection) -> None:
        self._idle.remove(connection)
        self._stop_retirement(connection)
        farewell = asyncio.ensure_future(connection.quit())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    @staticmethod
    def _stop_retirement(connection: Connection) -> None:
        if connection.retirement is not None:
            connection.retirement.cancel()
            connection.retirement = None


def _as_error(where: str, fault: AccountFaultError) -> ResponderError:
    """The same fault for ``check``, which raises."""
    reason, cure = fault.outcome.reason, fault.outcome.cure
    if fault.outcome.said:
        reason = f'{reason} (the server says "{fault.outcome.said}")'
    if cure is None:
        return TransientError(where, reason)
    kind = AuthenticationError if fault.login else PermanentError
    return kind(where, reason, cure=cure)


def _concerns_recipient(phase: Phase, reply: OutgoingReply) -> bool:
    """Whether an answer may be about this one recipient: SMTPUTF8 at MAIL is for the sake of its address."""
    if phase is Phase.MAIL:
        return not reply.recipient.addr_spec.isascii()
    return phase in {Phase.RCPT, Phase.DATA, Phase.DOT}


def _was_stale(connection: Connection, error: Exception) -> bool:
    """A reused connection that fails at MAIL says nothing about the reply: it sat idle, or had served its share."""
    if not connection.used or connection.phase is not Phase.MAIL:
        return False
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code // 100 == TRANSIENT  # "421 idle too long", "452 too many messages"
    return isinstance(error, ConnectionError)


def _unfit_for(smtp: aiosmtplib.SMTP, reply: OutgoingReply) -> Rejected | None:
    """What this server cannot take, said before anything is sent."""
    if not reply.recipient.addr_spec.isascii() and not smtp.supports_extension("smtputf8"):
        return Rejected("MAIL: the recipient's address needs SMTPUTF8, which the server does not offer", 553)
    limit = smtp.esmtp_extensions.get("size", "").strip()
    if limit.isdecimal() and 0 < int(limit) < len(reply.content):  # RFC 1870 §4: 0 means no limit
        return Rejected(f"MAIL: the reply has {len(reply.content)} octets, the server takes {limit}", 552)
    return None


def _mail_options(smtp: aiosmtplib.SMTP, reply: OutgoingReply) -> list[bytes]:
    options: list[bytes] = []
    if smtp.supports_extension("size"):
        options.append(b"SIZE=%d" % len(reply.content))
    if not reply.content.isascii() and smtp.supports_extension("8bitmime"):
        options.append(b"BODY=8BITMIME")
    if not reply.recipient.addr_spec.isascii():
        options.append(b"SMTPUTF8")
    return options
