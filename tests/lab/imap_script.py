"""An IMAP server that does what a test tells it, over TCP or TLS: for everything that a good server never does.

It answers politely by itself; a hook sees each command first and may answer otherwise, half, late, or not at all.
"""

from __future__ import annotations

import atexit
import contextlib
import re
import shutil
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

HEADER = b"From: someone@example.org\r\nSubject: hello\r\n\r\n"
INTERNALDATE = "23-Nov-2026 19:30:00 +0000"


class HungUpError(Exception):
    """The client hung up; ends the connection's thread quietly."""


@dataclass
class Talk:
    """One connection, seen from the server.

    Attributes:
        lines: what the client sent on it.
    """

    script: ImapScript
    sock: socket.socket
    lines: list[bytes] = field(default_factory=list)
    _buffer: bytes = b""

    def send(self, data: bytes) -> None:
        """In one write: one segment, and one TLS record."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise HungUpError from error

    def drip(self, data: bytes, pause: float) -> None:
        """One octet after the other."""
        for octet in data:
            self.send(bytes([octet]))
            time.sleep(pause)

    def line(self) -> bytes:
        """The client's next line, without its end."""
        while b"\r\n" not in self._buffer:
            self._buffer += self._receive()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        self.lines.append(line)
        self.script.lines.append(line)
        return line

    def hold(self) -> None:
        """Say nothing until the client hangs up."""
        while True:
            self._receive()

    def _receive(self) -> bytes:
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            raise HungUpError from error
        if not data:
            raise HungUpError
        return data

    def start_tls(self) -> None:
        """Speak TLS from here on."""
        self.sock = server_context().wrap_socket(self.sock, server_side=True)

    def close(self) -> None:
        """End the connection in good order (FIN)."""
        self.script.drop(self.sock)
        raise HungUpError

    def reset(self) -> None:
        """Break the connection (RST)."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        raise HungUpError


class ImapScript:
    """``with ImapScript(hook) as server: ...``.

    Args:
        hook: called with (talk, tag, command in upper case with UID before it, whole line); True when it has answered.
        tls: ``implicit``, ``starttls`` or ``none``.
        greeting: the first line; None to say nothing at all.
        capabilities: after login as before.
        messages: header block by UID.
        parts: what it thinks of a partial FETCH: ``honoured``, ``ignored`` (all of it comes), or ``NO`` or ``BAD``.

    Attributes:
        lines: every line that any client sent.
        talks: every connection so far.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        hook: Callable[[Talk, bytes, str, bytes], bool] | None = None,
        *,
        tls: str = "none",
        greeting: bytes | None = b"* OK ready\r\n",
        capabilities: bytes = b"IMAP4rev1 AUTH=PLAIN IDLE",
        messages: dict[int, bytes] | None = None,
        parts: str = "honoured",
    ) -> None:
        self.hook = hook or (lambda *_: False)
        self.tls = tls
        self.greeting = greeting
        self.capabilities = capabilities + (b" STARTTLS" if tls == "starttls" else b"")
        self.messages = {1: HEADER, 2: HEADER, 3: HEADER} if messages is None else messages
        self.parts = parts
        self.examined = b"* OK [UIDVALIDITY 7] ok\r\n"
        self.lines: list[bytes] = []
        self.talks: list[Talk] = []
        self.ca_file = ca_file()
        self._listener = socket.create_server((self.host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop(self._listener)
        for talk in self.talks:
            self.drop(talk.sock)
        for thread in self._threads:
            thread.join(5)

    def drop(self, sock: socket.socket) -> None:
        """Shut a socket down under whoever is using it, and close it."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        sock.close()

    def said(self, word: str) -> int:
        """How many lines of the clients hold this word."""
        return sum(word.encode() in line for line in self.lines)

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            talk = Talk(self, sock)
            self.talks.append(talk)
            self._run(lambda talk=talk: self._serve(talk))  # type: ignore[misc]  # a default binds the loop's value

    def _serve(self, talk: Talk) -> None:
        try:
            with contextlib.suppress(HungUpError, OSError):
                if self.tls == "implicit":
                    talk.start_tls()
                if self.greeting is None:
                    talk.hold()
                talk.send(self.greeting or b"")
                while True:
                    self._answer(talk, talk.line())
        finally:
            talk.sock.close()

    def _answer(self, talk: Talk, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        words = rest.decode("ascii", "replace").upper().split()
        command = " ".join(words[:2]) if words[:1] == ["UID"] else (words or [""])[0]
        if not self.hook(talk, tag, command, line):
            self.politely(talk, tag, command, line)

    def politely(self, talk: Talk, tag: bytes, command: str, line: bytes) -> None:
        """What a good server says."""
        match command:
            case "CAPABILITY":
                talk.send(b"* CAPABILITY " + self.capabilities + b"\r\n" + tag + b" OK done\r\n")
            case "STARTTLS":
                talk.send(tag + b" OK begin\r\n")
                talk.start_tls()
            case "AUTHENTICATE":
                talk.send(b"+ \r\n")
                talk.line()
                talk.send(tag + b" OK welcome\r\n")
            case "EXAMINE":
                exists, following = len(self.messages), max(self.messages, default=0) + 1
                counts = f"* {exists} EXISTS\r\n* 0 RECENT\r\n* OK [UIDNEXT {following}] ok\r\n".encode()
                talk.send(self.examined + counts + tag + b" OK [READ-ONLY] done\r\n")
            case "UID FETCH" if self.parts in {"NO", "BAD"} and b"]<" in line:
                talk.send(tag + f" {self.parts} what is this\r\n".encode())
            case "UID FETCH":
                talk.send(b"".join(self.item(uid, line) for uid in self.asked(line)) + tag + b" OK done\r\n")
            case "IDLE":
                talk.send(b"+ idling\r\n")
                while talk.line() != b"DONE":
                    pass
                talk.send(tag + b" OK done\r\n")
            case "LOGOUT":
                talk.send(b"* BYE bye\r\n" + tag + b" OK done\r\n")
                talk.close()
            case _:
                talk.send(tag + b" OK done\r\n")

    def asked(self, line: bytes) -> list[int]:
        """UIDs of ours that a UID FETCH names; ``n:*`` names the last one at least."""
        found = re.search(rb"UID FETCH (\S+)", line)
        last = max(self.messages, default=0)
        wanted: set[int] = set()
        for part in found[1].decode().split(",") if found else []:
            low, _, high = part.replace("*", str(last)).partition(":")
            wanted.update(range(min(int(low), int(high or low)), max(int(low), int(high or low)) + 1))
        return [uid for uid in self.messages if uid in wanted]

    def item(self, uid: int, line: bytes) -> bytes:
        """One FETCH answer: with headers if they were asked for, else the time."""
        number = list(self.messages).index(uid) + 1
        if b"HEADER.FIELDS" not in line:
            return f'* {number} FETCH (UID {uid} INTERNALDATE "{INTERNALDATE}")\r\n'.encode()
        block = self.messages[uid]
        asked = re.search(rb"\]<0\.(\d+)>", line) if self.parts == "honoured" else None
        block = block[: int(asked[1])] if asked else block
        head = (
            f'* {number} FETCH (UID {uid} FLAGS (\\Seen) INTERNALDATE "{INTERNALDATE}" RFC822.SIZE 99 '
            f"BODY[HEADER.FIELDS (FROM SUBJECT)]{'<0>' if asked else ''} {{{len(block)}}}\r\n"
        )
        return head.encode() + block + b")\r\n"


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def server_context() -> ssl.SSLContext:
    """For the server's side: a certificate for localhost and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


@cache
def ca_file() -> Path:
    """The authority to trust; kept until the tests end."""
    directory = tempfile.mkdtemp(prefix="imap-script-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = Path(directory) / "ca.pem"
    _authority().cert_pem.write_to_path(path)
    return path
