"""The words that a person may type after ``responder``, and the function that each one calls, imported on use."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

from responder import __version__
from responder.cli.errors import UsageError

MAX_DAYS = 800
"""Days that one picture may have."""

Command = Callable[[argparse.Namespace], int]
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def command_of(arguments: argparse.Namespace) -> Command:
    """The function to call for these arguments."""
    if not arguments.reads_config and arguments.config is not None:
        raise UsageError(f"{arguments.name} reads no configuration; leave out --config")
    module, _, function = arguments.command.partition(":")
    found: Command = getattr(import_module(module), function)
    return found


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments; ``command`` is the function to call, as ``module:function``."""
    known = tomllib.loads(Path(__file__).with_name("arguments.toml").read_text("utf-8"))
    whole = argparse.ArgumentParser(
        prog="responder",
        description="Answer mail that arrives out of hours with one short reply that always shows a way to help.",
        epilog="Begin with: responder check, responder dry-run, then responder run.",
    )
    whole.add_argument("--version", action="version", version=f"responder {__version__}")
    _add_argument(whole, "--config", known["shared"])
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="name")
    for name, command in known["commands"].items():
        _add(commands, name, command, known["shared"])
    return whole


def _add(commands: _Commands, name: str, command: dict[str, Any], shared: dict[str, Any]) -> None:
    about, reads_config = command["help"], command.get("reads_config", True)
    added = commands.add_parser(name, help=about, description=about + command.get("more", ""))
    added.set_defaults(command=f"responder.cli.{command['calls']}", reads_config=reads_config)
    if reads_config:
        _add_argument(added, "--config", shared, default=argparse.SUPPRESS)  # one given before the command stays
    if command.get("has_mailbox"):
        _add_argument(added, "--mailbox", shared)
    for argument in command.get("arguments", {}):
        _add_argument(added, argument, command["arguments"])
    if actions := command.get("actions"):
        inner = added.add_subparsers(title=actions["title"], metavar=actions["metavar"])
        for action, words in actions["commands"].items():
            _add(inner, action, words, shared)


def _add_argument(to: argparse.ArgumentParser, name: str, table: dict[str, Any], **more: Any) -> None:
    options: dict[str, Any] = {**table[name], **more}
    if reader := options.get("type"):
        options["type"] = _READERS[reader]
    to.add_argument(name, **options)


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


_READERS: Final[dict[str, Callable[[str], object]]] = {"path": Path, "day": _day, "count": _count, "days": _days}
