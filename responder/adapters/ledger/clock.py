"""What a wrong clock decided: put off, kept, and made due again when the clock has gone back."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.rows import Rows, instant, micros
from responder.adapters.ledger.values import Silenced, State
from responder.core.clock import BY_CLOCK, CLOCK, SKEW
from responder.core.message import MessageKey

_RULES: Final = ", ".join(f"'{rule}'" for rule in sorted(BY_CLOCK))

_REOPEN: Final = f"""
UPDATE OR IGNORE replies
SET state = 'due', reason = NULL, settled_at = NULL, held = NULL, not_before = max(:at, received_at)
WHERE state = 'withdrawn' AND reason IN ({_RULES}) AND settled_at > :ahead AND EXISTS (
    SELECT 1 FROM cursors WHERE cursors.folder = replies.folder AND cursors.uid_validity = replies.uid_validity
)"""  # noqa: S608 - constants


class ClockRows:
    """Rows whose decision rests on the clock; every method runs on the writer's thread, inside its transaction."""

    def __init__(self, db: sqlite3.Connection, names: Names) -> None:
        self._db = db
        self._names = names
        self._rows = Rows(db, names)

    def first_try(self, mailbox: str, folder: str, at: datetime) -> datetime:
        """See `Ledger.first_try`."""
        name = f"first-try-{self._names.folder(mailbox, folder).hex()}"
        self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, micros(at)))
        (value,) = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return instant(value)

    def postpone(self, key: MessageKey, until: datetime) -> None:
        """See `Ledger.postpone`."""
        row = self._rows.find_in(State.DUE, key)
        self._db.execute("UPDATE replies SET not_before = ?, held = ? WHERE id = ?", (micros(until), CLOCK, row.id))

    def keep(self, silenced: Silenced) -> None:
        """Note a message that the clock silenced, unless it is known."""
        key = silenced.key
        if self._rows.find(key) is not None:
            return
        received_at, at = micros(silenced.received_at), micros(silenced.at)
        row = self._rows.add(key, self._names.message(silenced.message), received_at, received_at)
        self._db.execute(
            "UPDATE replies SET state = 'withdrawn', reason = ?, settled_at = ? WHERE id = ?", (CLOCK, at, row)
        )

    def reopen(self, at: datetime) -> int:
        """See `Ledger.reopen_from_ahead`."""
        return self._db.execute(_REOPEN, {"at": micros(at), "ahead": micros(at + SKEW)}).rowcount
