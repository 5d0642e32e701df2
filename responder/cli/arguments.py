"""The words that a person may type after ``responder``, and the function that each one calls, imported on use."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, TypeAlias

from responder import __version__
from responder.cli.errors import UsageError

MAX_DAYS = 800
"""Days that one picture may have."""

_WITHOUT_CONFIG: Final = ("never", "demo")
"""Commands that read no configuration: the list of addresses lies in the state directory, the demo brings its own."""

Command = Callable[[argparse.Namespace], int]
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def command_of(arguments: argparse.Namespace) -> Command:
    """The function to call for these arguments.

    Raises:
        UsageError: ``--config`` was given to a command that reads none.
    """
    if arguments.name in _WITHOUT_CONFIG and arguments.config is not None:
        raise UsageError(f"{arguments.name} reads no configuration; leave out --config")
    module, _, function = arguments.command.partition(":")
    found: Command = getattr(import_module(module), function)
    return found


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments; ``command`` is the function to call, as ``module:function``."""
    whole = argparse.ArgumentParser(
        prog="responder",
        description="Answer mail that arrives out of hours with one short reply that always shows a way to help.",
        epilog="Begin with: responder check, responder dry-run, then responder run.",
    )
    whole.add_argument("--version", action="version", version=f"responder {__version__}")
    _with_config(whole, default=None)
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="name")
    _run(commands)
    _dry_run(commands)
    _check(commands)
    _hours(commands)
    _away(commands)
    _explain(commands)
    _preview(commands)
    _never(commands)
    _sent(commands)
    _crisis_lines(commands)
    _add(commands, "demo", "demo:demo", "show all of it here, with embedded mail servers")
    return whole


def _add(commands: _Commands, name: str, function: str, about: str) -> argparse.ArgumentParser:
    added = commands.add_parser(name, help=about, description=about)
    added.set_defaults(command=f"responder.cli.{function}")
    if name not in _WITHOUT_CONFIG:
        _with_config(added, default=argparse.SUPPRESS)  # one that was given before the command stays
    return added


def _with_config(to: argparse.ArgumentParser, *, default: str | None) -> None:
    about = "the configuration (default: $RESPONDER_CONFIG, ./config.toml, XDG, /etc/responder/config.toml)"
    to.add_argument("--config", type=Path, metavar="FILE", default=default, help=about)


def _with_mailbox(to: argparse.ArgumentParser) -> argparse.ArgumentParser:
    to.add_argument("--mailbox", metavar="ADDRESS", help="only this mailbox of the file")
    return to


def _run(commands: _Commands) -> None:
    added = _add(commands, "run", "run:run", "watch every mailbox and answer: the daemon")
    formats = ("terminal", "journal", "json")
    added.add_argument("--log", choices=formats, help="format of log lines (default: what fits where they go)")
    added.add_argument("--verbose", action="store_true", help="log more")


def _dry_run(commands: _Commands) -> None:
    about = "show who would have been answered, and why; changes nothing"
    added = _with_mailbox(_add(commands, "dry-run", "dry_run:dry_run", about))
    added.add_argument("--since", type=_day, metavar="DATE", help="from this day on (2026-11-01)")
    added.add_argument("--until", type=_day, metavar="DATE", help="up to this day, inclusive")
    added.add_argument("--last", type=_count, metavar="N", help="only the newest N messages")
    added.add_argument("--folder", metavar="NAME", help="look into this folder instead of the configured one")
    added.add_argument("--show", type=_count, metavar="UID", help="one message: what was decided and why")
    added.add_argument("--replies", action="store_true", help="list every reply, not only the latest five")
    added.add_argument("--json", action="store_true", help="one JSON object per message")


def _check(commands: _Commands) -> None:
    about = "validate the file, test both logins, render every reply"
    _with_mailbox(_add(commands, "check", "check:check", about))


def _hours(commands: _Commands) -> None:
    added = _with_mailbox(_add(commands, "hours", "hours:hours", "draw the week, and list what comes next"))
    added.add_argument("--days", type=_days, default=7, metavar="N", help="days to draw, from today on (default: 7)")
    added.add_argument("--at", metavar="TIME", help="say open or closed at 2026-12-24T18:00, and which line decides")
    added.add_argument("--html", metavar="FILE", help="write the picture as one page instead")
    actions = added.add_subparsers(title="to change a day", metavar="set")
    change = _add(actions, "set", "hours_set:hours_set", "change one day in the file: set thursday 12:00-20:00")
    change.add_argument("day", metavar="DAY", help="monday to sunday")
    change.add_argument("new_hours", nargs="+", metavar="HOURS", help="09:00-12:30, 13:30-17:00; or: closed")
    _with_dry(change)


def _away(commands: _Commands) -> None:
    about = "add a closure from now on to the file: 3d, 2w, until DATE"
    added = _add(commands, "away", "away:away", about)
    added.add_argument("how_long", nargs="+", metavar="HOW-LONG", help="5h, 3d, 2w, or: until 2026-12-04")
    added.add_argument("--note", metavar="TEXT", help="for yourself; never shown to anybody who writes")
    _with_dry(added)


def _with_dry(to: argparse.ArgumentParser) -> None:
    to.add_argument("--dry", action="store_true", help="only show what would change")


def _explain(commands: _Commands) -> None:
    about = "show the decision for one message, rule by rule"
    added = _with_mailbox(_add(commands, "explain", "explain:explain", about))
    file = "a message as saved from a mail program (.eml); - for standard input"
    added.add_argument("file", type=Path, nargs="?", metavar="FILE", help=file)
    added.add_argument("--uid", type=_count, metavar="N", help="instead of FILE: this message of the mailbox's folder")
    added.add_argument("--at", metavar="TIME", help="when FILE was received (default: its top-most Received field)")
    added.add_argument("--json", action="store_true", help="the decision as one JSON object")


def _preview(commands: _Commands) -> None:
    about = "show every reply as it will be read, and who approved it"
    added = _with_mailbox(_add(commands, "preview", "preview:preview", about))
    added.add_argument("--language", metavar="CODE", help="as if this were the only language; drafts too (de)")
    variants = "only this one: ordinary, weekend, holiday, long, for-now, closure"
    added.add_argument("--variant", metavar="NAME", help=variants)
    added.add_argument("--at", metavar="TIME", help="only the reply of this moment: 2026-12-24T18:00")
    added.add_argument("--html", metavar="FILE", help="write everything as one page, to be read and signed")


def _never(commands: _Commands) -> None:
    about = "keep a list of addresses that never get a reply"
    added = _add(commands, "never", "never:never", about)
    added.description = f"{about}; they are asked for, or read from standard input, and kept as hashes"
    added.add_argument("what", choices=("add", "remove", "check"), help="put it on the list, take it off, look")


def _sent(commands: _Commands) -> None:
    about = "show when an address was answered, and with which text"
    added = _add(commands, "sent", "sent:sent", about)
    added.description = f"{about}; it is asked for, or read from standard input"


def _crisis_lines(commands: _Commands) -> None:
    about = "list the crisis lines with their sources, and compare them"
    added = _add(commands, "crisis-lines", "crisis_lines:crisis_lines", about)
    country = "two letters, for example GB (default: yours, or list them all)"
    added.add_argument("country", nargs="?", metavar="COUNTRY", help=country)


def _day(text: str) -> object:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as 2026-11-01") from None


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _days(text: str) -> int:
    count = _count(text)
    if count > MAX_DAYS:
        raise argparse.ArgumentTypeError(f"at most {MAX_DAYS} days fit into one picture")
    return count
