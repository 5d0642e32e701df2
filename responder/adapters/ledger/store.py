"""The rooms of one database: reading on, sending, asking, who is barred, and the texts."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from responder.adapters.ledger.claims import Sending
from responder.adapters.ledger.clock import ClockRows
from responder.adapters.ledger.cursors import Reading
from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.limits import Gate
from responder.adapters.ledger.queries import Asking
from responder.adapters.ledger.texts import Texts
from responder.adapters.ledger.times import micros


class Store:
    """Everything that runs on the writer's thread, inside its transaction.

    Args:
        db: an open ledger database.
        key: the secret behind the hashes.

    Attributes:
        names: what a person's, a mailbox's or a message's hash is.
    """

    def __init__(self, db: sqlite3.Connection, key: bytes) -> None:
        self.db = db
        self.names = Names(key)
        self.gate = Gate(db)
        self.texts = Texts(db, self.names)
        self.clock = ClockRows(db, self.names)
        self.reading = Reading(db, self.names, self.clock)
        self.sending = Sending(db, self.names, self.gate, self.texts)
        self.asking = Asking(db, self.names)

    def prune(self, before: datetime, texts_before: datetime) -> int:
        """See `Ledger.prune`."""
        limit = micros(before)
        self.texts.prune(texts_before)
        return self.db.execute(
            "DELETE FROM replies WHERE settled_at < ? AND (claimed_at IS NULL OR claimed_at < ?)", (limit, limit)
        ).rowcount
