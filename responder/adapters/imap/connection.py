"""One IMAP session, blocking: TLS, login, EXAMINE, and the few commands that change nothing.

Runs in a thread of the command pool. See Also: RFC 9051, RFC 3501, RFC 4616 (PLAIN), RFC 8314.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from responder import __version__
from responder.adapters.imap.errors import refused_folder, refused_login, rethrow
from responder.adapters.imap.protocol import ALLOWANCE, Client, Transport, Wire
from responder.adapters.imap.responses import MAX_UID, Row, read_items
from responder.core.errors import PermanentError, ResponderError, TransientError
from responder.core.message import Uid, UidValidity
from responder.core.text import said

T = TypeVar("T")

_OAUTH2 = ("AUTH=XOAUTH2", "AUTH=OAUTHBEARER")

_LONGEST_NUMBER = 20  # digits; what is longer is nonsense, and costly to read

# At DEBUG imapclient and imaplib write user names and whole answers.
logging.getLogger("imapclient").setLevel(logging.WARNING)


class Server(Protocol):
    """Where to connect and how; ``config.ServerConfig`` is one."""

    @property
    def host(self) -> str: ...  # noqa: D102 - the names say it
    @property
    def port(self) -> int: ...  # noqa: D102
    @property
    def tls(self) -> str: ...  # noqa: D102
    @property
    def ca_file(self) -> Path | None: ...  # noqa: D102


class Credentials(Protocol):
    """What to log in with; ``credentials.Login`` is one."""

    @property
    def username(self) -> str: ...  # noqa: D102 - the names say it
    @property
    def password(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class FolderState:
    """A folder as EXAMINE describes it.

    Attributes:
        uid_validity: None when the server keeps none: nothing can be remembered of such a folder.
        uid_next: a bound above every UID now in the folder; None when it is not known.
        exists: number of messages.
    """

    uid_validity: UidValidity | None
    uid_next: Uid | None
    exists: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A command's tagged reply, and the rows of the one kind of untagged data that was asked for."""

    status: str
    text: str
    rows: Sequence[Row]

    @property
    def is_ok(self) -> bool:
        """OK, as against NO and BAD."""
        return self.status == "OK"


class Connection:
    """One session with one server. One command at a time.

    Args:
        transport: connected; nothing was sent yet.
        where: names the server in errors.

    Attributes:
        timeout: seconds of silence on the socket; a second net under each command's own deadline.
        has_news: the server announced messages in passing, while it answered something else.
        can_idle: RFC 2177 is offered.
    """

    def __init__(self, transport: Transport, server: Server, where: str, timeout: float) -> None:
        self.transport = transport
        self.where = where
        self.has_news = False
        self.can_idle = False
        self._server = server
        self.timeout = timeout
        self._client: Client | None = None
        self._uid_validity: UidValidity | None = None

    @property
    def wire(self) -> Wire:
        """The protocol engine. Only after ``open``."""
        if self._client is None:
            raise TransientError(self.where, "not connected")
        return self._client.wire

    def guarded(self, work: Callable[[Connection], T]) -> T:
        """Run blocking work on this connection; every error comes out as a ResponderError."""
        with self.transport.in_use():
            try:
                return work(self)
            except Exception as error:  # noqa: BLE001 - four libraries raise here; unknown counts as connection lost
                rethrow(error, self.where)

    # -- opening -------------------------------------------------------------------------------------------------------

    def open(self, login: Credentials) -> None:
        """TLS, greeting, login."""
        self.transport.sock.settimeout(self.timeout)
        if self._server.tls == "implicit":
            self.transport.wrap(self._tls_context(), self._server.host)
        self._client = Client(self.transport, self._server.host, self._server.port, self.timeout)
        if self._server.tls == "starttls":
            self._start_tls()
        offered_before = self.wire.capabilities
        if self.wire.state != "AUTH":
            self._log_in(login)
        self.wire._get_capabilities()
        self.can_idle = "IDLE" in self.wire.capabilities
        if "ID" in (*offered_before, *self.wire.capabilities):
            self._say_who_we_are()

    def _say_who_we_are(self) -> None:
        """ID (RFC 2971): NetEase refuses EXAMINE to a client that sent none. A NO or BAD to it is no matter."""
        self.command("ID", f'("name" "after-hours-responder" "version" "{__version__}")')

    def _tls_context(self) -> ssl.SSLContext:
        """Built for each connection: authorities and files change in months of uptime."""
        try:
            context = ssl.create_default_context(cafile=self._server.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise PermanentError(
                self.where,
                f"ca_file {self._server.ca_file} cannot be read",
                cure="Name a readable PEM file, or leave ca_file out",
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _start_tls(self) -> None:
        wire = self.wire
        if wire.state == "AUTH":
            # A PREAUTH greeting leaves no room for STARTTLS: an attacker in between could read on.
            raise PermanentError(self.where, "it greets with PREAUTH, without TLS", cure='Set tls = "implicit"')
        if "STARTTLS" not in wire.capabilities:
            raise PermanentError(
                self.where,
                "it does not offer STARTTLS; the password was not sent",
                cure='Set tls = "implicit" and its port, mostly 993',
            )
        answer = self.command("STARTTLS")
        if not answer.is_ok:
            raise TransientError(self.where, f"it refused STARTTLS: {said(answer.text)}")
        wire.wrap(self._tls_context())
        wire._get_capabilities()

    def _log_in(self, login: Credentials) -> None:
        if any(c in login.username + login.password for c in "\r\n\0"):
            raise PermanentError(
                self.where, "username or password hold a line end", cure="Write each as one line, without blanks around"
            )
        offered = self.wire.capabilities
        plain = "AUTH=PLAIN" in offered
        if not plain and "LOGINDISABLED" in offered:
            raise _no_password_login(self.where, offered, has_tls=self._server.tls != "none")
        try:
            answer = self._authenticate_plain(login) if plain else self._login(login)
        except imaplib.IMAP4.abort as error:
            raise imaplib.IMAP4.abort(said(str(error), secrets=_secrets(login))) from None  # its context: what was sent
        except imaplib.IMAP4.error as error:  # NO to AUTHENTICATE, BAD to either
            status = "BAD" if "command error: BAD" in str(error) else "NO"
            raise self._refused(login, status, str(error)) from None
        if not answer.is_ok:
            raise self._refused(login, answer.status, answer.text)
        self.wire.state = "AUTH"

    def _refused(self, login: Credentials, status: str, text: str) -> ResponderError:
        if status == "BAD" and not (login.username + login.password).isascii():
            return PermanentError(
                self.where,
                "it did not understand the login: the username or password has characters outside ASCII",
                cure="Set a password of plain letters, digits and signs at the provider",
            )
        return refused_login(self.where, status, text, _secrets(login))

    def _authenticate_plain(self, login: Credentials) -> Answer:
        replies = iter([f"\0{login.username}\0{login.password}".encode()])
        # a second challenge to PLAIN is an error message: cancel with "*", never send the secret twice
        self.wire.authenticate("PLAIN", lambda _: next(replies, None))
        return Answer("OK", "", ())  # everything else was an exception

    def _login(self, login: Credentials) -> Answer:
        words = (login.username, login.password)
        if all(word.isascii() for word in words):
            return self.command("LOGIN", *[self.wire._quote(word).encode() for word in words])
        # RFC 9051 §4.3: a quoted string holds 7-bit characters, so these go as literals, one after the other
        literals = _Literals([word.encode() for word in words])
        self.wire.literal = literals.following  # type: ignore[assignment]  # imaplib takes a bound method, too
        return self.command("LOGIN", literals.announced)

    # -- commands ------------------------------------------------------------------------------------------------------

    def command(self, name: str, *args: str | bytes, rows: str = "", allowance: int = ALLOWANCE) -> Answer:
        """Send one command and read up to its tagged reply.

        Args:
            name: of the command.
            args: as they go on the wire.
            rows: which untagged data to hand back.
            allowance: octets that the server may send.

        Raises:
            imaplib.IMAP4.abort: BYE, the end of the connection, or nonsense.
        """
        wire = self.wire
        wire.allow(allowance)
        wire.untagged_responses.clear()
        tag = wire._command(name, *args)
        status, data = wire._get_tagged_response(tag)
        answer = Answer(status, _text(data), wire.untagged_responses.get(rows, ()))
        self._notice(name)
        return answer

    def _notice(self, name: str) -> None:
        """See what else the server said, and forget it: imaplib would keep it for ever."""
        said = self.wire.untagged_responses
        if name != "EXAMINE":
            self.has_news = self.has_news or "EXISTS" in said or "RECENT" in said
            self.check_uid_validity(_last_number(said.get("UIDVALIDITY")))
            said.clear()

    def check_uid_validity(self, number: int | None) -> None:
        """End the session when the folder was rebuilt under it: its UIDs mean other messages now.

        Raises:
            TransientError: UIDVALIDITY is another one.
        """
        if number is not None and self._uid_validity is not None and number != self._uid_validity:
            raise TransientError(self.where, "the folder got another UIDVALIDITY")

    def examine(self, folder: str) -> FolderState:
        """Open the folder for reading only (RFC 9051 §6.3.3): no flag changes, not even Recent."""
        name = self._client._normalise_folder(folder) if self._client else b""
        wire = self.wire
        wire.is_readonly = True
        answer = self.command("EXAMINE", name)
        if not answer.is_ok:
            raise refused_folder(self.where, folder, answer.status, answer.text)
        wire.state = "SELECTED"
        said = dict(wire.untagged_responses)
        wire.untagged_responses.clear()
        self.has_news = False
        exists = _last_number(said.get("EXISTS")) or 0
        validity, following = _last_number(said.get("UIDVALIDITY")), _last_number(said.get("UIDNEXT"))
        self._uid_validity = UidValidity(validity) if validity and validity <= MAX_UID else None
        return FolderState(self._uid_validity, self._uid_next(following, exists), exists)

    def _uid_next(self, said: int | None, exists: int) -> Uid | None:
        if said and said <= MAX_UID:
            return Uid(said)
        if not exists:
            return None
        last = read_items(self.command("UID", "FETCH", "*", "(UID)", rows="FETCH").rows).items
        return Uid(last[-1].uid + 1) if last else None

    def log_out(self) -> None:
        """Say goodbye; the connection is then of no further use."""
        with contextlib.suppress(imaplib.IMAP4.abort):  # BYE ends it, as it should
            self.command("LOGOUT")


def _secrets(login: Credentials) -> tuple[str, ...]:
    """What a server may repeat of a login: LOGIN's argument, or the initial response of PLAIN (RFC 4616 §2)."""
    return login.password, f"\0{login.username}\0{login.password}"


class _Literals:
    """Arguments of one command as synchronising literals: each announces the length of the next (RFC 9051 §4.3).

    Attributes:
        announced: what the command's line ends with.
    """

    def __init__(self, values: Sequence[bytes]) -> None:
        self.announced = b"{%d}" % len(values[0])
        lengths = [b" {%d}" % len(value) for value in values[1:]]
        self._left = iter([value + length for value, length in zip(values, [*lengths, b""], strict=True)])

    def following(self, _continuation: bytes) -> bytes:
        """For imaplib, which asks at each continuation; one too many is answered with nothing that could be read."""
        return next(self._left, b"*")


def _no_password_login(where: str, offered: Sequence[str], *, has_tls: bool) -> PermanentError:
    if any(word in offered for word in _OAUTH2):
        return PermanentError(
            where,
            "it takes no password, only a sign-in with OAuth2",
            cure="Ask its provider for an app password or for IMAP with a password; OAuth2 is not supported yet",
        )
    if has_tls:
        return PermanentError(where, "it allows no login with a password", cure="Ask its provider how IMAP logs in")
    return PermanentError(where, "it allows no login with a password here", cure='Set tls = "implicit"')


def _text(data: Sequence[bytes | None]) -> str:
    return (data[-1] or b"").decode("ascii", "replace") if data else ""


def _last_number(values: Sequence[Row] | None) -> int | None:
    """The last value that is a number; servers say EXISTS more than once."""
    words = [value for value in values or () if isinstance(value, bytes) and value.isdigit()]
    return int(words[-1][:_LONGEST_NUMBER]) if words else None
