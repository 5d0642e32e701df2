"""The commands that run something: the daemon and the demo."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from responder.adapters.calendars import Calendars
from responder.cli.context import config_path, login_of, reader
from responder.daemon import logs

LEDGER_KEY = "ledger-key"


def run(arguments: argparse.Namespace) -> int:
    """``responder run``."""
    from responder.daemon.daemon import Daemon

    style = arguments.log or logs.choose_style(os.environ, sys.stderr)
    logs.configure(style, level=logging.DEBUG if arguments.verbose else logging.INFO)
    read = reader(config_path(arguments), Calendars())
    daemon = Daemon(
        read(),
        reload=read,
        state_directory=state_directory(os.environ),
        login_of=login_of,
        environ=os.environ,
        show_addresses=style == "terminal",
        ledger_key=ledger_key(os.environ),
    )
    asyncio.run(daemon.run())
    leave(0)
    return 0


def leave(status: int) -> None:
    """End now if a thread is stuck where nobody can cut it short (a name look-up): a stop must not hang on it."""
    logging.shutdown()
    stuck = [thread for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon]
    if stuck:
        os._exit(status)


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


def demo(_arguments: argparse.Namespace) -> int:
    """``responder demo``."""
    try:
        from responder.demo.story import show
    except ModuleNotFoundError as missing:
        print(
            f"responder demo needs the embedded servers ({missing.name} is missing): "
            "pip install 'after-hours-responder[demo]', or run make demo",
            file=sys.stderr,
        )
        return 1
    return asyncio.run(show(print))
