"""``responder run``: the daemon."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import threading

from responder.cli.context import calendars, config_path, ledger_key, login_of, now, state_directory
from responder.config import Config, load
from responder.config.compared import kept
from responder.daemon import logs
from responder.daemon.daemon import Daemon


def run(arguments: argparse.Namespace) -> int:
    """``responder run``."""
    style = arguments.log or logs.choose_style(os.environ, sys.stderr)
    logs.configure(style, level=logging.DEBUG if arguments.verbose else logging.INFO)
    path, reader = config_path(arguments), calendars(writes=True)

    def read(*, salvage: bool = False) -> Config:
        return kept(load(path, reader.at(now()), salvage=salvage), state_directory(os.environ), now())

    daemon = Daemon(
        read(salvage=True),
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
