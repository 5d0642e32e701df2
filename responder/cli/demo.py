"""``responder demo``: all of it on this machine, against embedded IMAP and SMTP servers."""

from __future__ import annotations

import argparse
import asyncio
import sys


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
