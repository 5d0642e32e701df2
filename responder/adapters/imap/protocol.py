"""The bytes of one IMAP connection: a socket that another thread can abort, and imaplib on our own buffer.

imaplib's own buffer hides what the server said before anybody asked (mail announced together with the answer to IDLE)
and takes a literal of any size. Ours is shared between imaplib's commands and our IDLE reader, and every amount has
a limit.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Generator

from imapclient import IMAPClient

MAX_LINE = 4_000_000  # octets; half a million UIDs in one answer to SEARCH. imaplib loses step at a quarter of that
MAX_LITERAL = 1_000_000  # octets kept, of a server that sends more of a header block than it was asked for
ALLOWANCE = 4_000_000  # octets a server may send in answer to a small command
FETCH_ALLOWANCE = (
    40_000_000  # the same for a window of UIDs, and for a chunk of header blocks, each as long as it may be
)
_RECEIVE = 262_144
_PORT = 143
_FETCH = re.compile(rb"\* \d+ FETCH ")
_LITERAL = re.compile(rb"\{(\d{1,20})\}")


class Transport:
    """A socket that one thread uses and another may abort.

    The file descriptor is closed by its last user, so that its number cannot be reused under a thread's feet.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()
        self._users = 0
        self._aborted = False

    @property
    def sock(self) -> socket.socket:
        """The socket as it is now: TLS replaces it."""
        return self._sock

    def wrap(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on. The new socket is known before the handshake, so that it can be aborted too.

        Raises:
            OSError: also ``ssl.SSLError``; the handshake failed.
        """
        with self._lock:
            if self._aborted:
                raise ConnectionAbortedError("aborted")
            wrapped = context.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
            self._sock = wrapped
        wrapped.do_handshake()

    @contextlib.contextmanager
    def in_use(self) -> Generator[None]:
        """Keep the file descriptor open while the block runs."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._close_if_unused()

    def abort(self) -> None:
        """End the connection: a thread that is blocked on it returns at once, and it is closed. Never raises."""
        with self._lock:
            self._aborted = True
            with contextlib.suppress(OSError):
                # The base class: SSLSocket.shutdown would take the TLS state away from the thread that is using it.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._aborted and self._users == 0:
            self._sock.close()


class Wire(imaplib.IMAP4):
    """imaplib's protocol engine over a `Transport`.

    Used by one thread, or by the event loop, at a time.
    """

    def __init__(self, transport: Transport, host: str, port: int) -> None:
        self.transport = transport
        self._buffer = b""
        self._at = 0
        self._allowance = ALLOWANCE
        super().__init__(host, port)

    def open(self, host: str = "", port: int = _PORT, timeout: float | None = None) -> None:  # noqa: ARG002
        """Use the transport instead of a socket of imaplib's own."""
        self.host, self.port, self.sock = host, port, self.transport.sock

    def shutdown(self) -> None:
        """Called by imaplib when it gives up."""
        self.transport.abort()

    def send(self, data: bytes) -> None:  # type: ignore[override]  # typeshed wants any buffer; imaplib sends bytes
        """All of it, or an OSError."""
        self.transport.sock.sendall(data)

    def wrap(self, context: ssl.SSLContext) -> None:
        """STARTTLS: from here on nothing counts that came before the handshake."""
        if self._at < len(self._buffer):
            raise self.abort("data in clear text after the answer to STARTTLS")
        self.transport.wrap(context, self.host)
        self.sock = self.transport.sock
        self.untagged_responses.clear()

    def allow(self, octets: int) -> None:
        """How much the server may send from here on before we hang up."""
        self._allowance = octets

    def receive(self, at_most: int = _RECEIVE) -> bool:
        """Add what the socket has; False at the end of the connection.

        Raises:
            OSError: also ``BlockingIOError`` and ``ssl.SSLWantReadError`` when nothing is there and nobody may wait.
            imaplib.IMAP4.abort: the allowance is used up.
        """
        more = self.transport.sock.recv(at_most)
        self._allowance -= len(more)
        if self._allowance < 0:
            raise self.abort("the server sends more than it was asked for")
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return bool(more)

    def next_line(self) -> bytes | None:
        """One buffered line with its end, None while there is no whole one.

        Raises:
            imaplib.IMAP4.abort: the line has no end.
        """
        end = self._buffer.find(b"\n", self._at) + 1
        if not end:
            if len(self._buffer) - self._at > MAX_LINE:
                raise self.abort("a line without an end")
            return None
        line = self._buffer[self._at : end]
        self._at = end
        return line

    def _get_response(self) -> bytes | None:
        """Answers to FETCH in a third of imaplib's time; everything else is imaplib's.

        They are kept as imaplib would: per literal a tuple of the text before it and the literal, then the rest.
        """
        found = _FETCH.match(self._buffer, self._at)
        if found is None:
            response: bytes | None = super()._get_response()  # type: ignore[misc]  # typeshed leaves it out
            return response
        self._at = found.end()
        rows = self.untagged_responses.setdefault("FETCH", [])
        text = self._get_line()
        while text.endswith(b"}") and (literal := _LITERAL.fullmatch(text, text.rfind(b"{"))):
            rows.append((text, self.read(int(literal[1]))))
            text = self._get_line()
        rows.append(text)
        return text

    def _get_line(self) -> bytes:
        """Without its end; imaplib writes each into a log of its own."""
        line = self.readline()
        if not line.endswith(b"\r\n"):
            raise self.abort("socket error: EOF" if not line else "a line without CRLF")
        # imaplib takes a tagged reply without any text for nonsense
        return line[:-2] + b" " if line.endswith((b" OK\r\n", b" NO\r\n", b" BAD\r\n")) else line[:-2]

    def readline(self) -> bytes:
        """For imaplib; empty at the end of the connection."""
        while (line := self.next_line()) is None:
            if not self.receive():
                return b""
        return line

    def read(self, size: int) -> bytes:
        """A literal, for imaplib. What is above ``MAX_LITERAL`` is read, to keep in step, and forgotten.

        Raises:
            imaplib.IMAP4.abort: it cannot fit the allowance, or the connection ended.
        """
        if size > self._allowance + len(self._buffer):
            raise self.abort("a literal of absurd size")
        kept: list[bytes] = []
        left, room = size, MAX_LITERAL
        while True:
            part = self._buffer[self._at : self._at + left]
            self._at += len(part)
            left -= len(part)
            kept.append(part[:room])
            room -= len(kept[-1])
            if not left:
                return kept[0] if len(kept) == 1 else b"".join(kept)
            if not self.receive():
                raise self.abort("socket error: EOF")


class Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """IMAPClient on our transport, without debug formatting (a third of the time of a fetch) and its local times."""

    def __init__(self, transport: Transport, host: str, port: int, timeout: float) -> None:
        self._transport = transport
        super().__init__(host, port, ssl=False, timeout=timeout)
        self.wire.debug = 0
        self.normalise_times = False

    # pyright: ignore, since imapclient only ever returns classes of its own; noqa, since the hook's name is imapclient's
    def _create_IMAP4(self) -> Wire:  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self.wire = Wire(self._transport, self.host, self.port)
        return self.wire
