"""What several commands need: the configuration, the present, a mailbox by name, times as people type them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from responder import config as configuration
from responder.adapters.calendars import Calendars
from responder.adapters.secrets import Login, resolve
from responder.cli.errors import UsageError
from responder.config import Config, MailboxConfig
from responder.config.compared import recalled

LEDGER_KEY = "ledger-key"


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)  # noqa: TID251 - cli and daemon own the clock


def load(arguments: argparse.Namespace) -> Config:
    """Find and read the configuration; what it goes on without is told, beside what the command prints."""
    config = load_from(config_path(arguments))
    for fault in config.faults:
        print(f"look: {fault}", file=sys.stderr)
    return config


def load_from(path: Path, *, salvage: bool = False) -> Config:
    """Read a configuration, with its holidays, its calendars and what was kept of its comparison.

    With ``salvage``, as ``responder run`` does at its start.
    """
    return recalled(configuration.load(path, calendars().at(now()), salvage=salvage), state_directory(os.environ))


def calendars(*, writes: bool = False) -> Calendars:
    """The reader of calendars; the daemon alone writes down what they take, in its state directory."""
    return Calendars(state_directory(os.environ) / "calendars", writes=writes)


def config_path(arguments: argparse.Namespace) -> Path:
    """Where the configuration is."""
    return configuration.find(arguments.config, os.environ)


def chosen(config: Config, arguments: argparse.Namespace) -> tuple[MailboxConfig, ...]:
    """The mailboxes asked for: one, or all."""
    wanted = arguments.mailbox
    if wanted is None:
        return config.mailboxes
    found = tuple(box for box in config.mailboxes if box.name == wanted.lower())
    if not found:
        known = ", ".join(box.name for box in config.mailboxes)
        raise UsageError(f"--mailbox {wanted}: no such mailbox in {config.path}; there are: {known}")
    return found


def login_of(box: MailboxConfig) -> Login:
    """The credentials, read anew."""
    return Login(box.username, resolve(box.password, os.environ))


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A time as a person types it, in the practice's zone unless it says another.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text}: not a time; write it as 2026-12-24T18:00") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def state_directory(environ: Mapping[str, str]) -> Path:
    """``$STATE_DIRECTORY`` under systemd (the first, if there are several), else the XDG state directory."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    base = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "responder"


def ledger_key(environ: Mapping[str, str]) -> bytes | None:
    """The systemd credential ``ledger-key``, for who keeps the key away from the state directory; else None."""
    directory = environ.get("CREDENTIALS_DIRECTORY")
    path = Path(directory or "/nonexistent") / LEDGER_KEY
    return path.read_bytes() if directory and path.exists() else None
