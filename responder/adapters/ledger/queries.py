"""What the ledger is asked: what is due, and who was answered."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.rows import KEEPS_SLOT, instant_or_none, micros
from responder.core.decision import Proof
from responder.core.limits.fairness import Place, Waiting, in_fair_order
from responder.core.limits.rates import HOUR
from responder.core.message import MessageKey


class Asking:
    """Questions, which change nothing; every method runs on the writer's thread, inside its transaction."""

    def __init__(self, db: sqlite3.Connection, names: Names) -> None:
        self._db = db
        self._names = names

    def ready(self, mailbox: str, folder: str, at: datetime, limit: int) -> list[MessageKey]:
        """See `Ledger.ready`."""
        rows = self._db.execute(
            "SELECT id, uid_validity, uid, received_at, proof, coalesce(domain, correspondent, message), correspondent"
            " FROM replies WHERE folder = :folder AND state = 'due' AND not_before <= :at"
            " ORDER BY received_at DESC, id DESC",
            {"folder": self._names.folder(mailbox, folder), "at": micros(at)},
        ).fetchall()
        keys = {(received_at, id_): (validity, uid) for id_, validity, uid, received_at, *_ in rows}
        waiting = [
            Waiting((received_at, id_), Proof(proof), domain, is_known=self._was_answered(mailbox, whom, proof))
            for id_, _, _, received_at, proof, domain, whom in rows
        ]
        if len(waiting) > 1:
            waiting = in_fair_order(waiting, self._given(mailbox, at), self._last(mailbox))
        return [MessageKey(mailbox, folder, *keys[one.place]) for one in waiting[:limit]]

    def _was_answered(self, mailbox: str, whom: bytes | None, proof: str) -> bool:
        if whom is None or proof != Proof.SENDER.value:
            return False
        row = self._db.execute(
            f"SELECT 1 FROM replies WHERE correspondent = ? AND mailbox = ? AND {KEEPS_SLOT} LIMIT 1",  # noqa: S608 - constant
            (whom, self._names.mailbox(mailbox)),
        ).fetchone()
        return row is not None

    def _given(self, mailbox: str, at: datetime) -> dict[tuple[Proof, bytes], int]:
        """How many slots each domain had in the last hour."""
        rows = self._db.execute(
            "SELECT proof, coalesce(domain, correspondent), count(*) FROM replies"
            " WHERE mailbox = ? AND claimed_at > ? AND state != 'due' GROUP BY 1, 2",
            (self._names.mailbox(mailbox), micros(at - HOUR)),
        )
        return {(Proof(proof), domain): count for proof, domain, count in rows}

    def _last(self, mailbox: str) -> dict[Proof, Place]:
        """Which message got the last slot of each kind."""
        rows = self._db.execute(
            "SELECT proof, received_at, id, max(claimed_at) FROM replies"
            " WHERE mailbox = ? AND claimed_at IS NOT NULL AND state != 'due' GROUP BY proof",
            (self._names.mailbox(mailbox),),
        )
        return {Proof(proof): (received_at, id_) for proof, received_at, id_, _ in rows}

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
