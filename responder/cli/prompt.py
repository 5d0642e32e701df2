"""Questions about an address: asked of the running daemon, or of the ledger itself when none runs.

No address is ever an argument: it would stand in the list of processes and in the shell's history.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from responder.adapters.ledger import Ledger
from responder.adapters.ledger.schema import DATABASE
from responder.cli.context import ledger_key, state_directory
from responder.cli.errors import UsageError
from responder.core.errors import LedgerError, LedgerLockedError
from responder.daemon.control.client import NoAnswerError, ask
from responder.daemon.control.protocol import SOCKET, socket_path

Answer = dict[str, object]
Handlers = Mapping[str, Callable[[Answer], Awaitable[Answer]]]


SYSTEM_STATE = Path("/var/lib/responder")
SYSTEM_RUNTIME = Path("/run/responder")
"""Where the service that is shipped keeps its state and its socket."""

MAX_ADDRESSES = 10_000


def addresses() -> list[str]:
    """Asked for at a terminal; else one per line of standard input."""
    given = _asked() if sys.stdin.isatty() else sys.stdin.read(MAX_ADDRESSES * 300).splitlines()
    found = [line.strip() for line in given if line.strip()]
    if not found:
        raise UsageError("no address was given; type it when asked, or send one per line to standard input")
    if len(found) > MAX_ADDRESSES:
        raise UsageError(f"at most {MAX_ADDRESSES} addresses at a time")
    return found


def _asked() -> list[str]:
    try:
        return [input("Address: ")]
    except EOFError:
        return []


def ask_all(command: str, questions: Sequence[Answer], handlers: Callable[[Ledger], Handlers]) -> list[Answer]:
    """Asks the running daemon, or else the ledger itself.

    Raises:
        NoAnswerError: the daemon cannot answer, or stopped meanwhile.
        LedgerError: there is no ledger, or it cannot be read.
    """
    directory = _state_directory(command)
    for path in _sockets(directory):
        first = ask(path, questions[0])
        if first is not None:
            return [first, *(_still_there(ask(path, question)) for question in questions[1:])]
    return asyncio.run(_ask_ledger(command, directory, questions, handlers))


def _still_there(answer: Answer | None) -> Answer:
    if answer is None:
        raise NoAnswerError("the running responder stopped meanwhile; give the addresses again")
    return answer


def _sockets(directory: Path) -> list[Path]:
    """Where a running daemon may listen."""
    named = socket_path(os.environ, directory)
    return list(dict.fromkeys([named, directory / SOCKET, *_shipped(directory)]))


def _shipped(directory: Path) -> list[Path]:
    """The socket of the service, unless this command was pointed at another state directory."""
    return [SYSTEM_RUNTIME / SOCKET] if directory == SYSTEM_STATE else []


def _state_directory(command: str) -> Path:
    """As for the daemon; for a person at a terminal also the service's, so that nobody asks an empty ledger."""
    own = state_directory(os.environ)
    if os.environ.get("STATE_DIRECTORY") or (own / DATABASE).exists():
        return own
    if (SYSTEM_STATE / DATABASE).exists() or (SYSTEM_RUNTIME / SOCKET).exists():
        return SYSTEM_STATE
    raise LedgerError(
        f"No responder has run with the state directory {own} yet. Start it once; or name its directory, as in "
        f"STATE_DIRECTORY={SYSTEM_STATE} responder {command} ..."
    )


async def _ask_ledger(
    command: str, directory: Path, questions: Sequence[Answer], handlers: Callable[[Ledger], Handlers]
) -> list[Answer]:
    try:
        ledger = await Ledger.open(directory, key=ledger_key(os.environ))
    except LedgerLockedError as error:
        raise LedgerError(
            f"A running responder holds the ledger in {directory}, and its control socket was not found. Tell where it "
            f"is (RUNTIME_DIRECTORY={SYSTEM_RUNTIME} responder {command} ...), or stop the responder first."
        ) from error
    # it may not be the one that she means
    print(f"No responder is running; this is about the ledger in {directory}.", file=sys.stderr)
    try:
        known = handlers(ledger)
        return [await known[str(question["verb"])](question) for question in questions]
    finally:
        await ledger.close()
