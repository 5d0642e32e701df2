"""What the crisis lines looked like on the day on which the practice compared them, kept beside the state.

A comparison counts as evidence for a line until the line changes: after an upgrade, a changed line is compared again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from responder.config import files
from responder.config.standing import shown_lines
from responder.config.values import Config
from responder.core.reply.freshness import Comparison
from responder.core.reply.lines import CrisisLine

FILE: Final = "compared.json"


def recalled(config: Config, directory: Path) -> Config:
    """The configuration with what was kept of its comparison; as it is where nothing was kept for that day."""
    prints = _read(directory / FILE, config.compared_on)
    return config if prints is None else _with(config, prints)


def kept(config: Config, directory: Path, now: datetime) -> Config:
    """The same; the first time that a day is read, the lines are kept as they are now.

    A directory that cannot be written costs nothing but the memory: the installed lines count as compared.
    """
    prints = _read(directory / FILE, config.compared_on)
    if prints is None and config.compared_on is not None:
        prints = fingerprints(shown_lines(config, now))
        with contextlib.suppress(OSError):
            write(directory, config.compared_on, prints)
    return config if prints is None else _with(config, prints)


def fingerprints(lines: Iterable[CrisisLine]) -> dict[str, str]:
    """By the lines' ids."""
    return {line.id: line.fingerprint for line in lines}


def write(directory: Path, day: date, prints: Mapping[str, str]) -> None:
    """Keep them, whole or not at all."""
    text = json.dumps({"on": day.isoformat(), "lines": dict(sorted(prints.items()))}, indent=1)
    files.write_private(directory / FILE, f"{text}\n".encode())


def _read(path: Path, day: date | None) -> dict[str, str] | None:
    """What was kept for a day; None for another day, and for a file that is damaged."""
    if day is None:
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        lines = {str(key): str(value) for key, value in found["lines"].items()}
        return lines if found["on"] == day.isoformat() else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _with(config: Config, prints: Mapping[str, str]) -> Config:
    """Mailboxes that share their settings share them still."""
    comparison = Comparison(config.compared_on, prints)
    changed = {id(box.reply): replace(box.reply, help=box.reply.help.compared(comparison)) for box in config.mailboxes}
    boxes = tuple(replace(box, reply=changed[id(box.reply)]) for box in config.mailboxes)
    return replace(config, mailboxes=boxes)
