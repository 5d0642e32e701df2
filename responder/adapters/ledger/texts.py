"""What was sent, word for word, and to whom: each distinct text once, under its fingerprint."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.rows import KEEPS_SLOT, instant, instant_or_none, micros
from responder.adapters.ledger.values import Memory, PastReply, State
from responder.core.text import text_fingerprint

_ANSWERS: Final = f"correspondent = ? AND (state = 'claimed' OR {KEEPS_SLOT})"
"""Replies of a correspondent that left, may have, or are just leaving."""


class Texts:
    """The texts and who got them; every method runs on the writer's thread, inside its transaction.

    A text is the practice's own: its words, its hours, the ways to help. By construction nothing of the sender's is in
    it (the composer is given neither name, subject nor words of theirs), and it is the same for all who write in the
    same closed period. Only the reply's row, with its keyed hashes, says that somebody got it.
    """

    def __init__(self, db: sqlite3.Connection, names: Names) -> None:
        self._db = db
        self._names = names

    def keep(self, row: int, text: str, at: datetime) -> None:
        """This reply left with this text, or may have. The text of a first, doubtful send gives way to the second's."""
        fingerprint, sent_at = text_fingerprint(text), micros(at)
        self._db.execute(
            "INSERT OR IGNORE INTO texts (fingerprint, text, first_sent_at, last_sent_at) VALUES (?, ?, ?, ?)",
            (fingerprint, text, sent_at, sent_at),
        )
        self._db.execute(
            "UPDATE texts SET last_sent_at = max(last_sent_at, ?) WHERE fingerprint = ?", (sent_at, fingerprint)
        )
        self._db.execute("UPDATE replies SET text = ? WHERE id = ?", (fingerprint, row))

    def answers_to(self, correspondent: str, mailboxes: Sequence[str], limit: int) -> Memory:
        """See `Ledger.answers_to`."""
        whom = self._names.correspondent(correspondent)
        names = {self._names.mailbox(mailbox): mailbox for mailbox in mailboxes}
        rows = self._db.execute(
            "SELECT replies.mailbox, claimed_at, state, uncertain, replies.text, texts.text"  # noqa: S608 - constant
            " FROM replies LEFT JOIN texts ON texts.fingerprint = replies.text"
            f" WHERE {_ANSWERS} ORDER BY claimed_at DESC, id DESC LIMIT ?",
            (whom, limit),
        )
        replies = tuple(
            PastReply(names.get(mailbox), instant(at), State(state), bool(uncertain), fingerprint, text)
            for mailbox, at, state, uncertain, fingerprint, text in rows
        )
        (count,) = self._db.execute(f"SELECT count(*) FROM replies WHERE {_ANSWERS}", (whom,)).fetchone()  # noqa: S608 - constant
        return Memory(replies, count - len(replies), self._oldest())

    def _oldest(self) -> datetime | None:
        (oldest,) = self._db.execute(
            f"SELECT min(claimed_at) FROM replies WHERE claimed_at IS NOT NULL AND {KEEPS_SLOT}"  # noqa: S608 - constant
        ).fetchone()
        return instant_or_none(oldest)

    def prune(self, before: datetime) -> int:
        """Forgets each text that was last sent before that; which text a reply had is remembered by its fingerprint."""
        return self._db.execute("DELETE FROM texts WHERE last_sent_at < ?", (micros(before),)).rowcount
