"""The daemon's side of the control socket. The daemon holds the ledger, so a command that needs it asks the daemon."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from responder.adapters.events import Event, log
from responder.core.errors import ResponderError
from responder.daemon.control.protocol import MAX_ANSWER, MAX_LINE, TIMEOUT, Answer, decoded, encoded

Handler = Callable[[Answer], Awaitable[Answer]]

MAX_CONNECTIONS: Final = 8
"""A person types one command at a time."""


class ControlServer:
    """The daemon's side; ``await start(...)``, in the end ``close()``.

    Args:
        path: of the socket. What an earlier process left there is removed: the caller holds the ledger, so no other
            daemon of this state directory is alive.
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
            log(Event.NO_CONTROL, why=str(error), fix="Set a shorter or writable $RUNTIME_DIRECTORY")
            return
        self._server = await asyncio.start_unix_server(self._talk, sock=listener, limit=MAX_LINE)

    def close(self) -> None:
        """Stop listening and remove the socket; a command that is being answered gets its answer."""
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
            pass  # the daemon stops; asyncio would log a cancelled connection as a fault
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        question = decoded(line)
        handler = self._handlers.get(str(question.get("verb"))) if question is not None else None
        if question is None or handler is None:
            return {"ok": False, "error": "unknown command; the daemon may be a different version"}
        try:
            return {"ok": True, **await handler(question)}
        except ResponderError as error:
            return {"ok": False, "error": str(error)}
        except Exception as error:  # noqa: BLE001 - a fault in one command must not end the daemon
            log(Event.COMMAND_FAILED, error=error)
            return {"ok": False, "error": "a fault in the daemon; see its log"}


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


def _answer_line(answer: Answer) -> bytes:
    """An answer that is too large is refused here: its asker would take it for something else's."""
    line = encoded(answer)
    return line if len(line) <= MAX_ANSWER else encoded({"ok": False, "error": "the answer is too large to be told"})
