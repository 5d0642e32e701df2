"""How a command and a running daemon talk: one JSON object per line, over a Unix socket in the runtime directory.

Only the daemon's own user and root can open the socket. What goes over it stays on this machine and is not logged.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Answer = dict[str, object]
"""A question or an answer."""

SOCKET: Final = "control.sock"

MAX_LINE: Final = 4096
"""Octets of one question: an address has 254."""

MAX_ANSWER: Final = 4 * 1024 * 1024
"""Octets of one answer: it may hold some thirty texts of 20,000 octets, each of which JSON can make three."""

TIMEOUT: Final = 5.0
"""Seconds to wait for the other side; the ledger answers in milliseconds."""


def socket_path(environ: Mapping[str, str], state_directory: Path) -> Path:
    """Where the socket belongs: ``$RUNTIME_DIRECTORY`` under systemd (the first), else the state directory."""
    given = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return (Path(given) if given else state_directory) / SOCKET


def encoded(value: Answer) -> bytes:
    """One line."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def decoded(line: bytes) -> Answer | None:
    """None for what is not one whole line with one object."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(line)
        if line.endswith(b"\n") and isinstance(value, dict):
            return value
    return None
