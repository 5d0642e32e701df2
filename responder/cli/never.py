"""``responder never``: addresses that must not get a reply, kept as keyed hashes. No address is an argument."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from responder import control
from responder.cli.common import UsageError, now
from responder.cli.live import ledger_key, state_directory
from responder.errors import LedgerError, LedgerLockedError
from responder.ledger import Ledger
from responder.ledger.database import DATABASE
from responder.service.never import never_handlers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    Answer = dict[str, object]

SYSTEM_STATE = Path("/var/lib/responder")
SYSTEM_RUNTIME = Path("/run/responder")
"""Where the service that is shipped keeps its state and its socket."""

MAX_ADDRESSES = 10_000


def never(arguments: argparse.Namespace) -> int:
    """``responder never add|remove|check``."""
    addresses = _addresses()
    answers = _ask_all([{"verb": f"never-{arguments.what}", "address": address} for address in addresses])
    if len(answers) == 1:
        print(_in_words(arguments.what, answers[0]))
    else:
        hits = sum(_is_hit(answer) for answer in answers)
        print(f"{len(answers)} addresses: {_SUMMARY[arguments.what].format(hits=hits, rest=len(answers) - hits)}")
    return 0


_SUMMARY = {
    "add": "{hits} added, {rest} were on the list already",
    "remove": "{hits} taken off, {rest} were not on the list",
    "check": "{hits} are on the list, {rest} are not",
}


def _is_hit(answer: Answer) -> bool:
    return answer.get("changed") is True or isinstance(answer.get("since"), str)


def _in_words(what: str, answer: Answer) -> str:
    hit = _is_hit(answer)
    match what:
        case "add":
            return "This address never gets a reply from now on." if hit else "It was on the list already."
        case "remove":
            return "Taken off the list: it may get replies again." if hit else "It was not on the list."
        case _:
            return f"It is on the list, since {str(answer['since'])[:10]}." if hit else "It is not on the list."


def _addresses() -> list[str]:
    """Asked for at a terminal; else one per line of standard input. An argument would stand in ``ps`` and histories."""
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


def _ask_all(questions: Sequence[Answer]) -> list[Answer]:
    """Of the running daemon, or else of the ledger itself."""
    directory = _state_directory()
    for path in _sockets(directory):
        first = control.ask(path, questions[0])
        if first is not None:
            return [first, *(_still_there(control.ask(path, question)) for question in questions[1:])]
    return asyncio.run(_ask_ledger(directory, questions))


def _still_there(answer: Answer | None) -> Answer:
    if answer is None:
        raise control.NoAnswerError("the running responder stopped meanwhile; give the addresses again")
    return answer


def _sockets(directory: Path) -> list[Path]:
    """Where a running daemon may listen."""
    named = control.place(os.environ, directory)
    return list(dict.fromkeys([named, directory / control.SOCKET, *_shipped(directory)]))


def _shipped(directory: Path) -> list[Path]:
    """The socket of the service, unless this command was pointed at another state directory."""
    return [SYSTEM_RUNTIME / control.SOCKET] if directory == SYSTEM_STATE else []


def _state_directory() -> Path:
    """As for the daemon; for a person at a terminal also the service's, so that nobody fills a list that none reads."""
    own = state_directory(os.environ)
    if os.environ.get("STATE_DIRECTORY") or (own / DATABASE).exists():
        return own
    if (SYSTEM_STATE / DATABASE).exists() or (SYSTEM_RUNTIME / control.SOCKET).exists():
        return SYSTEM_STATE
    raise LedgerError(
        f"No responder has run with the state directory {own} yet. Start it once; or name its directory, as in "
        f"STATE_DIRECTORY={SYSTEM_STATE} responder never ..."
    )


async def _ask_ledger(directory: Path, questions: Sequence[Answer]) -> list[Answer]:
    try:
        ledger = await Ledger.open(directory, key=ledger_key(os.environ))
    except LedgerLockedError as error:
        raise LedgerError(
            f"A running responder holds the ledger in {directory}, and its control socket was not found. "
            f"Tell where it is (RUNTIME_DIRECTORY={SYSTEM_RUNTIME} responder never ...), or stop the responder first."
        ) from error
    # it may not be the one that she means
    print(f"No responder is running; this is about the ledger in {directory}.", file=sys.stderr)
    try:
        handlers = never_handlers(ledger, now)
        return [await handlers[str(question["verb"])](question) for question in questions]
    finally:
        await ledger.close()
