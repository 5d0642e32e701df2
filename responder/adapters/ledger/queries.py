"""What the ledger is asked: what is due, and who was answered."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.rows import KEEPS_SLOT
from responder.adapters.ledger.times import instant_or_none, micros
from responder.core.message import MessageKey


class Asking:
    """Questions, which change nothing; every method runs on the writer's thread, inside its transaction.

    Args:
        db: an open ledger database.
    """

    def __init__(self, db: sqlite3.Connection, names: Names) -> None:
        self._db = db
        self._names = names

    def ready(self, mailbox: str, folder: str, at: datetime, limit: int) -> list[MessageKey]:
        """See `Ledger.ready`."""
        rows = self._db.execute(
            "SELECT uid_validity, uid FROM replies WHERE folder = ? AND state = 'due' AND not_before <= ?"
            " ORDER BY received_at DESC, id DESC LIMIT ?",
            (self._names.folder(mailbox, folder), micros(at), limit),
        )
        return [MessageKey(mailbox, folder, validity, uid) for validity, uid in rows]

    def next_due(self, mailbox: str, folder: str, after: datetime | None) -> datetime | None:
        """See `Ledger.next_due`."""
        row = self._db.execute(
            "SELECT min(not_before) FROM replies WHERE folder = ? AND state = 'due' AND not_before > ?",
            (self._names.folder(mailbox, folder), -1 if after is None else micros(after)),
        ).fetchone()
        return instant_or_none(row[0])

    def answered(self, correspondent: str, message: str) -> bool:
        """See `Ledger.answered`."""
        row = self._db.execute(
            f"SELECT 1 FROM replies WHERE correspondent = ? AND message = ? AND {KEEPS_SLOT}",  # noqa: S608 - constant
            (self._names.correspondent(correspondent), self._names.message(message)),
        ).fetchone()
        return row is not None
