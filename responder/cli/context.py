"""What several commands need: the configuration, the present, a mailbox by name, times as people type them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from responder import config as configuration
from responder.adapters.calendars import Calendars
from responder.adapters.secrets import Login, resolve
from responder.config import Config, MailboxConfig
from responder.core.errors import ConfigError, ResponderError


class UsageError(ResponderError):
    """An argument that cannot be used; the sentence says what would be right."""


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)  # noqa: TID251 - cli and daemon own the clock


def load(arguments: argparse.Namespace) -> Config:
    """Find and read the configuration, with its holidays and calendars."""
    return reader(config_path(arguments), Calendars())()


def reader(path: Path, calendars: Calendars) -> Callable[[], Config]:
    """Reads a configuration with its holidays and calendars, as often as it is called."""
    return lambda: calendars.complete(configuration.load(path), now())


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


__all__ = ["ConfigError", "UsageError", "chosen", "config_path", "load", "login_of", "moment", "now", "reader"]
