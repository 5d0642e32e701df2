"""How far each folder was judged, what became due on the way, and how both survive a new UIDVALIDITY."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from responder.adapters.ledger.clock import ClockRows
from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.rows import OPEN, Rows, instant_or_none, micros
from responder.adapters.ledger.values import Cursor, NewDue, Rescue, Silenced, State
from responder.core.errors import LedgerError
from responder.core.message import MessageKey, UidValidity


class Reading:
    """Cursors and due rows; every method runs on the writer's thread, inside its transaction.

    Args:
        clock: keeps what the clock silenced.
    """

    def __init__(self, db: sqlite3.Connection, names: Names, clock: ClockRows) -> None:
        self._db = db
        self._clock = clock
        self._names = names
        self._rows = Rows(db, names)

    # -- reading on --------------------------------------------------------------------------------------------------

    def cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """See `Ledger.cursor`."""
        return self._rows.cursor(self._names.folder(mailbox, folder))

    def record(
        self, mailbox: str, folder: str, cursor: Cursor, due: Sequence[NewDue], silenced: Sequence[Silenced] = ()
    ) -> None:
        """See `Ledger.record`."""
        place = self._names.folder(mailbox, folder)
        old = self._rows.cursor(place)
        for new in due:
            self._insert(place, cursor, new)
        for message in silenced:
            self._clock.keep(message)
        if old is not None and old.uid_validity != cursor.uid_validity:
            self._lose_due(place, cursor.uid_validity)
        self._move_cursor(place, old, cursor)

    def _move_cursor(self, folder: bytes, old: Cursor | None, new: Cursor) -> None:
        last_uid, times = new.last_uid, [new.latest_received_at]
        if old is not None:
            times.append(old.latest_received_at)
            if old.uid_validity == new.uid_validity:
                last_uid = max(last_uid, old.last_uid)
        latest = max((at for at in times if at is not None), default=None)
        self._db.execute(
            "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)",
            (folder, new.uid_validity, last_uid, None if latest is None else micros(latest)),
        )

    def _insert(self, folder: bytes, cursor: Cursor, new: NewDue) -> None:
        """Adds a due row, unless this message is known under this key, or the key is in use."""
        key, message = new.key, self._names.message(new.message)
        if self._names.folder(key.mailbox, key.folder) != folder or key.uid_validity != cursor.uid_validity:
            raise LedgerError("A due reply belongs to another folder or UIDVALIDITY than the cursor it comes with.")
        row = self._rows.find(key)
        if row is not None and (row.message == message or row.state in OPEN):
            return
        row_id = self._rows.add(key, message, micros(new.received_at), micros(new.not_before))
        self._db.execute(
            "UPDATE replies SET proof = ?, domain = ?, held = ?, correspondent = ? WHERE id = ?",
            (
                new.proof.value,
                self._names.domain(new.domain),
                new.held,
                None if new.correspondent is None else self._names.correspondent(new.correspondent),
                row_id,
            ),
        )

    # -- after a UIDVALIDITY change ----------------------------------------------------------------------------------

    def rescue(self, mailbox: str, folder: str, uid_validity: UidValidity) -> Rescue:
        """See `Ledger.rescue`."""
        place = self._names.folder(mailbox, folder)
        cursor = self._rows.cursor(place)
        earliest = self._db.execute(
            "SELECT min(received_at) FROM replies"
            " WHERE folder = ? AND uid_validity != ? AND state IN ('due', 'claimed')",
            (place, uid_validity),
        ).fetchone()[0]
        return Rescue(cursor.latest_received_at if cursor else None, instant_or_none(earliest))

    def carry_over(self, key: MessageKey, message: str) -> bool:
        """See `Ledger.carry_over`."""
        row = self._rows.find(key)
        if row is not None and row.state in OPEN:
            return True
        folder, name = self._names.folder(key.mailbox, key.folder), self._names.message(message)
        old = self._db.execute(
            "SELECT id, state, not_before FROM replies"
            " WHERE folder = ? AND uid_validity != ? AND message = ? AND state IN ('due', 'claimed')"
            " ORDER BY state = 'due' DESC, id LIMIT 1",
            (folder, key.uid_validity, name),
        ).fetchone()
        if old is None:
            return False
        row_id, state, not_before = old
        # Of several copies of one message it may be another one's row: the earliest time of all is never too late.
        (received_at,) = self._db.execute(
            "SELECT min(received_at) FROM replies WHERE folder = ? AND message = ? AND state IN ('due', 'claimed')",
            (folder, name),
        ).fetchone()
        if state == State.DUE:
            self._db.execute(
                "UPDATE replies SET uid_validity = ?, uid = ?, received_at = ? WHERE id = ?",
                (key.uid_validity, key.uid, received_at, row_id),
            )
        else:  # it is settled under its old key; should that fail, the message has another chance under the new one
            self._rows.add(key, name, received_at, not_before)
        return True

    def _lose_due(self, folder: bytes, uid_validity: int) -> None:
        """Withdraws what was not carried over: it is no longer in the folder, or no longer worth a reply."""
        self._db.execute(
            "UPDATE replies SET state = CASE uncertain WHEN 1 THEN 'unknown' ELSE 'withdrawn' END,"
            " reason = 'not-found-again', settled_at = not_before"
            " WHERE folder = ? AND uid_validity != ? AND state = 'due'",
            (folder, uid_validity),
        )
