"""A command's side of the control socket: put one question to the running daemon."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

from responder.core.errors import ResponderError
from responder.daemon.control.protocol import MAX_ANSWER, TIMEOUT, Answer, decoded, encoded

_CHUNK: Final = 65536


class NoAnswerError(ResponderError):
    """There is a socket, but no responder answers on it."""


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
        answer = decoded(_exchange(connection, encoded(question), path))
    if answer is None:
        raise NoAnswerError(f"{path}: what listens there is not a responder, or is just stopping. Try again.")
    if answer.get("ok") is not True:
        raise NoAnswerError(f"the running responder says: {answer.get('error')}")
    return answer


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
