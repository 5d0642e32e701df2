"""The rows of ``replies``: found, added and ended; and instants as the database holds them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.values import Cursor, State
from responder.core.errors import LedgerError
from responder.core.message import MessageKey, Uid, UidValidity

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

OPEN: Final = (State.DUE, State.CLAIMED)

COLUMNS: Final = (
    "id, folder, uid_validity, uid, state, uncertain, message, correspondent, claimed_at, may_arrive, refused"
)

KEEPS_SLOT: Final = "(uncertain = 1 OR state IN ('sent', 'unknown'))"
"""It left, or may have, and no later event can free its slot."""


def micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def instant(value: int) -> datetime:
    """From the database."""
    return _EPOCH + timedelta(microseconds=value)


def instant_or_none(value: int | None) -> datetime | None:
    """From a column that may be empty."""
    return None if value is None else instant(value)


class Row(NamedTuple):
    """One row; the fields are `COLUMNS`."""

    id: int
    folder: bytes
    uid_validity: int
    uid: int
    state: str
    uncertain: int
    message: bytes
    correspondent: bytes | None
    claimed_at: int | None
    may_arrive: int
    refused: int


class Rows:
    """Finds, adds and ends rows; runs on the writer's thread, inside its transaction."""

    def __init__(self, db: sqlite3.Connection, names: Names) -> None:
        self._db = db
        self._names = names

    def cursor(self, folder: bytes) -> Cursor | None:
        """How far a folder, given as its hash, was judged."""
        row = self._db.execute(
            "SELECT uid_validity, last_uid, latest_received_at FROM cursors WHERE folder = ?", (folder,)
        ).fetchone()
        return None if row is None else Cursor(UidValidity(row[0]), Uid(row[1]), instant_or_none(row[2]))

    def find(self, key: MessageKey) -> Row | None:
        """The row of a key: the open one, or else the newest, where a server broke its word and used a UID again."""
        row = self._db.execute(
            f"SELECT {COLUMNS} FROM replies WHERE folder = ? AND uid_validity = ? AND uid = ?"  # noqa: S608 - constant
            " ORDER BY state IN ('due', 'claimed') DESC, id DESC LIMIT 1",
            (self._names.folder(key.mailbox, key.folder), key.uid_validity, key.uid),
        ).fetchone()
        return None if row is None else Row(*row)

    def find_in(self, state: State, key: MessageKey) -> Row:
        """The same, when it stands in this state."""
        row = self.find(key)
        if row is None or row.state != state:
            raise LedgerError(f"UID {key.uid} is {row.state if row else 'not recorded'}, but this needs it {state}.")
        return row

    def add(self, key: MessageKey, message: bytes, received_at: int, not_before: int) -> int | None:
        """A new due row; gives its number."""
        folder = self._names.folder(key.mailbox, key.folder)
        return self._db.execute(
            "INSERT INTO replies (mailbox, folder, uid_validity, uid, state, message, received_at, not_before)"
            " VALUES (?, ?, ?, ?, 'due', ?, ?, ?)",
            (self._names.mailbox(key.mailbox), folder, key.uid_validity, key.uid, message, received_at, not_before),
        ).lastrowid

    def end(self, row: Row, state: State, reason: str | None, at: datetime) -> State:
        """Settles a row; one that may have been delivered never gives its slot back."""
        if row.uncertain and state is State.WITHDRAWN:
            state = State.UNKNOWN
        self._db.execute(
            "UPDATE replies SET state = ?, uncertain = ?, reason = ?, settled_at = ?,"
            " correspondent = CASE WHEN claimed_at IS NULL THEN NULL ELSE correspondent END WHERE id = ?",
            (state, row.uncertain, reason, micros(at), row.id),
        )
        return state
