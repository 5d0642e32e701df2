"""What the ledger is asked: what is due, who was answered, how each reply ended."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.rows import KEEPS_SLOT
from responder.adapters.ledger.times import instant, instant_or_none, micros
from responder.adapters.ledger.values import DueReply, Ended, State
from responder.core.message import MessageKey


class Asking:
    """Questions, which change nothing; every method runs on the writer's thread, inside its transaction.

    Args:
        db: an open ledger database.
    """

    def __init__(self, db: sqlite3.Connection, names: Names) -> None:
        self._db = db
        self._names = names

    # -- what is due -------------------------------------------------------------------------------------------------

    def due(self, mailbox: str, folder: str) -> list[DueReply]:
        """See `Ledger.due`."""
        rows = self._db.execute(
            "SELECT uid_validity, uid, uncertain, not_before, received_at FROM replies"
            " WHERE folder = ? AND state = 'due' ORDER BY received_at, id",
            (self._names.folder(mailbox, folder),),
        )
        return [
            DueReply(MessageKey(mailbox, folder, validity, uid), uncertain, instant(not_before), instant(received_at))
            for validity, uid, uncertain, not_before, received_at in rows
        ]

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

    # -- who was answered, and how it ended ----------------------------------------------------------------------------

    def last_replied(self, mailbox: str, correspondent: str) -> datetime | None:
        """See `Ledger.last_replied`."""
        row = self._db.execute(
            f"SELECT max(claimed_at) FROM replies WHERE correspondent = ? AND mailbox = ? AND {KEEPS_SLOT}",  # noqa: S608 - constant
            (self._names.correspondent(correspondent), self._names.mailbox(mailbox)),
        ).fetchone()
        return instant_or_none(row[0])

    def answered(self, correspondent: str, message: str) -> bool:
        """See `Ledger.answered`."""
        row = self._db.execute(
            f"SELECT 1 FROM replies WHERE correspondent = ? AND message = ? AND {KEEPS_SLOT}",  # noqa: S608 - constant
            (self._names.correspondent(correspondent), self._names.message(message)),
        ).fetchone()
        return row is not None

    def ended(self, mailbox: str, folder: str, since: datetime) -> list[Ended]:
        """See `Ledger.ended`."""
        rows = self._db.execute(
            "SELECT uid_validity, uid, state, reason, settled_at, held FROM replies"
            " WHERE folder = ? AND settled_at >= ? ORDER BY settled_at, id",
            (self._names.folder(mailbox, folder), micros(since)),
        )
        return [
            Ended(MessageKey(mailbox, folder, validity, uid), State(state), reason, instant(at), held)
            for validity, uid, state, reason, at, held in rows
        ]
