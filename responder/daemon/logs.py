"""How the daemon's log lines look: for a terminal, for the journal, as JSON. No address passes but to a terminal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

from responder.adapters.events import Fields
from responder.core.text import redact

LogStyle = Literal["terminal", "journal", "json"]

FACTS: Final = tuple(Fields.__annotations__)
"""Names of the fields that a line may show, in their order."""

PRIORITIES: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""syslog(3) levels as systemd reads them at the start of a line (sd-daemon(3))."""

QUIET_LIBRARIES: Final = ("imapclient", "aiosmtplib", "apscheduler", "asyncio")
"""Their INFO and DEBUG lines show addresses and header text."""


def choose_style(environ: Mapping[str, str], stream: TextIO) -> LogStyle:
    """The journal's when systemd listens (systemd.exec(5) JOURNAL_STREAM) or when nobody sits at a terminal."""
    if "JOURNAL_STREAM" in environ:
        return "journal"
    return "terminal" if stream.isatty() else "journal"


def configure(style: LogStyle, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up the root logger for a daemon."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter({"terminal": TerminalFormatter, "journal": JournalFormatter, "json": JsonFormatter}[style]())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


class TerminalFormatter(logging.Formatter):
    """Local time, level, sentence, facts; addresses may show: the person at the terminal owns the mailbox."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback under it if there is one."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        return f"{at} {record.levelname.lower():7} {_sentence(record)}{self._traceback(record)}"

    def _traceback(self, record: logging.LogRecord) -> str:
        return "\n" + self.formatException(record.exc_info) if record.exc_info else ""


class JournalFormatter(TerminalFormatter):
    """The journal has its own clock and takes the level from ``<N>``; every line of a traceback carries it too."""

    def format(self, record: logging.LogRecord) -> str:
        """Lines without any address."""
        priority = PRIORITIES.get(record.levelno, 6)
        lines = (_sentence(record, redact) + redact(self._traceback(record))).splitlines()
        return "\n".join(f"<{priority}>{line}" for line in lines)


class JsonFormatter(TerminalFormatter):
    """One object per line: ``at``, ``level``, ``event`` and the facts."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without any address."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry: dict[str, object] = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        entry |= _facts(record)
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps({name: _redacted(value) for name, value in entry.items()}, ensure_ascii=False)


def _redacted(value: object) -> object:
    return value if isinstance(value, bool | int | float) else redact(str(value))


def _facts(record: logging.LogRecord) -> dict[str, object]:
    values = record.__dict__
    return {name: _shown(values[name]) for name in FACTS if name in values}


def _shown(value: object) -> object:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _sentence(record: logging.LogRecord, shown: Callable[[str], str] = str) -> str:
    facts = {name: shown(str(value)) for name, value in _facts(record).items()}
    mailbox = facts.pop("mailbox", None)
    head = f"{mailbox}: " if mailbox is not None else ""
    tail = " ".join(f"{name}={_quoted(value)}" for name, value in facts.items())
    return f"{head}{shown(record.getMessage())}" + (f"  {tail}" if tail else "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
