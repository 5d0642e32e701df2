"""Talking to a running daemon: one JSON object per line, over a Unix socket that only its own user and root can open.

The daemon holds the ledger, so a command that has to ask it or to change it asks the daemon. What goes over the socket
stays on this machine; nothing of it is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from responder.core.errors import ResponderError

Answer = dict[str, object]
Handler = Callable[[Answer], Awaitable[Answer]]


logger = logging.getLogger(__name__)

SOCKET: Final = "control.sock"

MAX_LINE: Final = 4096
"""Octets of one question: an address has 254."""

MAX_ANSWER: Final = 4 * 1024 * 1024
"""Octets of one answer: it may hold some thirty texts of 20,000 octets, each of which JSON can make three."""

MAX_CONNECTIONS: Final = 8
"""A person types one command at a time."""

TIMEOUT: Final = 5.0
"""Seconds to wait for the other side; the ledger answers in milliseconds."""

_CHUNK: Final = 65536


class NoAnswerError(ResponderError):
    """There is a socket, and nobody who answers as a responder does."""


class ControlServer:
    """The daemon's side; ``await start(...)``, in the end ``close()``.

    Args:
        path: of the socket. Whatever is left there of an earlier process is removed: the caller holds the ledger, so no
            other daemon of this state directory is alive.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handlers: Mapping[str, Handler] = {}
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, handlers: Mapping[str, Handler]) -> None:
        """Listen; a socket that cannot be made is told, and the daemon does without.

        Args:
            handlers: what to do for each verb; gets the whole question. A `ResponderError` is told to the asker.
        """
        self._handlers = handlers
        try:
            listener = _listener(self._path)
        except OSError as error:
            facts = {"why": str(error), "cure": "a shorter or writable $RUNTIME_DIRECTORY lets commands ask the daemon"}
            logger.warning("no control socket", extra=facts)
            return
        self._server = await asyncio.start_unix_server(self._talk, sock=listener, limit=MAX_LINE)

    def close(self) -> None:
        """Stop listening and remove the socket; whoever is being answered still is."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(TIMEOUT):
                    writer.write(_answer_line(await self._answer(await reader.readline())))
                    await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass  # a line without an end, or an asker who went away: nothing to say to anybody
        except asyncio.CancelledError:
            pass  # the daemon stops; asyncio would log a cancelled connection as an error of ours
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        question = _parsed(line)
        handler = self._handlers.get(str(question.get("verb"))) if question is not None else None
        if question is None or handler is None:
            return {"ok": False, "error": "this daemon does not understand that; is it of another version?"}
        try:
            return {"ok": True, **await handler(question)}
        except ResponderError as error:
            return {"ok": False, "error": str(error)}
        except Exception:
            logger.exception("answering a command failed")
            return {"ok": False, "error": "an error of the daemon's; see its log"}


def ask(path: Path, question: Answer) -> Answer | None:
    """Put one question to the daemon.

    Returns:
        Its answer; None when no daemon listens there.

    Raises:
        NoAnswerError: it says that it could not, or does not answer as a responder does.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:
            raise NoAnswerError(f"{path}: {error.strerror or error}") from error
        answer = _parsed(_exchange(connection, _line(question), path))
    if answer is None:
        raise NoAnswerError(f"{path}: what listens there is not a responder, or is just stopping. Try again.")
    if answer.get("ok") is not True:
        raise NoAnswerError(f"the running responder says: {answer.get('error')}")
    return answer


def place(environ: Mapping[str, str], state_directory: Path) -> Path:
    """Where the socket belongs: ``$RUNTIME_DIRECTORY`` under systemd (the first), else the state directory."""
    given = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return (Path(given) if given else state_directory) / SOCKET


def _listener(path: Path) -> socket.socket:
    """A bound socket with mode 0600 from its first moment: on Linux the file takes the mode of the descriptor."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)
        listener.bind(str(path))
        path.chmod(0o600)
    except BaseException:
        listener.close()
        raise
    return listener


def _exchange(connection: socket.socket, line: bytes, path: Path) -> bytes:
    received = bytearray()
    try:
        connection.sendall(line)
        while not received.endswith(b"\n") and len(received) <= MAX_ANSWER:
            chunk = connection.recv(_CHUNK)
            if not chunk:
                break
            received += chunk
    except OSError as error:
        raise NoAnswerError(f"{path}: a responder listens there and does not answer: {error}") from error
    return bytes(received)


def _answer_line(answer: Answer) -> bytes:
    """An answer that is too large is refused here: its asker would take it for something else's."""
    line = _line(answer)
    return line if len(line) <= MAX_ANSWER else _line({"ok": False, "error": "the answer is too large to be told"})


def _line(value: Answer) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> Answer | None:
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(line)
        if line.endswith(b"\n") and isinstance(value, dict):
            return value
    return None
