"""Claim and settle: who takes a correspondent's slot, and which state follows a send."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Final, assert_never

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.limits import Asked, Gate
from responder.adapters.ledger.rows import COLUMNS, KEEPS_SLOT, Row, Rows
from responder.adapters.ledger.texts import Texts
from responder.adapters.ledger.times import instant, micros
from responder.adapters.ledger.values import (
    AlreadyAnswered,
    Barred,
    Claim,
    Claimed,
    NotDue,
    Recovered,
    State,
    Terms,
)
from responder.core.message import MessageKey, Uid
from responder.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown

IN_FLIGHT_WAIT: Final = timedelta(seconds=30)  # until a reply in flight is asked about again; few take longer


def _next(row: Row, outcome: Outcome) -> tuple[State, int, str | None]:
    """The state, the doubt and the reason after a send; the table at the top of this package."""
    match outcome:
        case Accepted():
            return State.SENT, row.uncertain, None
        case Deferred():
            return State.DUE, row.uncertain, None
        case Rejected():
            # RFC 5321 §6.1: the first, doubtful send may have gone through all the same
            reason = "refused" if outcome.dead_address else "refused-this-time"
            return State.UNKNOWN if row.uncertain else State.FAILED, row.uncertain, reason
        case Unknown():
            return State.UNKNOWN if row.uncertain else State.DUE, 1, "in-doubt" if row.uncertain else None
    assert_never(outcome)


class Sending:
    """Claims and how they end; every method runs on the writer's thread, inside its transaction.

    Args:
        db: an open ledger database.
        gate: asked before a slot is taken.
        texts: gets what left, or may have.
    """

    def __init__(self, db: sqlite3.Connection, names: Names, gate: Gate, texts: Texts) -> None:
        self._db = db
        self._names = names
        self._gate = gate
        self._texts = texts
        self._rows = Rows(db, names)

    def claim(
        self, key: MessageKey, correspondent: str, message: str, at: datetime, since: datetime, terms: Terms
    ) -> Claim:
        """See `Ledger.claim`."""
        row = self._rows.find(key)
        if row is None or row.state != State.DUE:
            return NotDue("never-recorded" if row is None else row.state)
        whom = self._names.correspondent(correspondent)
        if row.uncertain and row.correspondent != whom:
            # The first send may have reached somebody else: that slot must stay, and one message earns one reply.
            self._rows.end(row, State.UNKNOWN, "correspondent-changed", at)
            return NotDue("correspondent-changed")
        # A second attempt carries the first one's Message-ID, even if a fingerprint is made otherwise meanwhile.
        about = row.message if row.uncertain else self._names.message(message)
        domain = self._names.domain_or_none(terms.domain)
        asked = Asked(row.id, self._names.mailbox(key.mailbox), whom, domain, terms.proof.value)
        return (
            self._barred(row, whom, at)
            or self._blocked(row, asked, about, at, since)
            or self._gate.over_rate(asked, terms, at)
            or self._take(row, asked, about, at)
        )

    def _barred(self, row: Row, whom: bytes, at: datetime) -> Barred | None:
        rule = self._gate.barred(whom, at)
        if rule is None:
            return None
        self._rows.end(row, State.WITHDRAWN, rule, at)
        return Barred(rule)

    def _blocked(
        self, row: Row, asked: Asked, about: bytes, at: datetime, since: datetime
    ) -> AlreadyAnswered | NotDue | None:
        """Whether another row's slot answers this one; those that are there for good come first."""
        slot = self._db.execute(
            f"SELECT {KEEPS_SLOT} AS kept, mailbox = ? AND claimed_at >= ? AS here, claimed_at FROM replies"  # noqa: S608 - constant
            " WHERE correspondent = ? AND id != ? AND (kept OR state = 'claimed') AND (here OR message = ?)"
            " ORDER BY kept DESC, here DESC, claimed_at DESC LIMIT 1",
            (asked.mailbox, micros(since), asked.whom, row.id, about),
        ).fetchone()
        if slot is None:
            return None
        kept, here, claimed_at = slot
        if not kept:
            later = (micros(at + IN_FLIGHT_WAIT), row.id)
            self._db.execute("UPDATE replies SET not_before = ? WHERE id = ?", later)
            return NotDue("another-is-in-flight")
        rule = "already-answered" if here else "same-message-answered"
        self._rows.end(row, State.WITHDRAWN, rule, at)
        return AlreadyAnswered(instant(claimed_at), rule)

    def _take(self, row: Row, asked: Asked, about: bytes, at: datetime) -> Claimed:
        """Takes the slot. Its time is the latest claim's: either send may be the one that arrived."""
        claimed_at = max(micros(at), row.claimed_at or 0)
        self._db.execute(
            "UPDATE replies SET state = 'claimed', correspondent = ?, message = ?, claimed_at = ?, proof = ?,"
            " domain = ?, held = NULL WHERE id = ?",
            (asked.whom, about, claimed_at, asked.proof, asked.domain, row.id),
        )
        return Claimed(1 + row.uncertain, self._names.reply(asked.mailbox, asked.whom, about))

    def settle(
        self, key: MessageKey, outcome: Outcome, at: datetime, retry_at: datetime, text: str | None = None
    ) -> State:
        """See `Ledger.settle`."""
        row = self._rows.find_in(State.CLAIMED, key)
        if text is not None and isinstance(outcome, Accepted | Unknown):
            self._texts.keep(row.id, text, at)
        return self._settle(row, outcome, at, retry_at)

    def _settle(self, row: Row, outcome: Outcome, at: datetime, retry_at: datetime) -> State:
        state, uncertain, reason = _next(row, outcome)
        row = row._replace(uncertain=uncertain)
        if state is not State.DUE:
            return self._rows.end(row, state, reason, at)
        cursor = self._rows.cursor(row.folder)
        if cursor is None or cursor.uid_validity != row.uid_validity:
            return self._rows.end(row, State.WITHDRAWN, "renumbered", at)  # its UID is void; carry_over() added it anew
        self._db.execute(
            "UPDATE replies SET state = 'due', uncertain = ?, not_before = ? WHERE id = ?",
            (uncertain, micros(retry_at), row.id),
        )
        return state

    def withdraw(self, key: MessageKey, reason: str, at: datetime) -> State:
        """See `Ledger.withdraw`."""
        return self._rows.end(self._rows.find_in(State.DUE, key), State.WITHDRAWN, reason, at)

    def recover(self, at: datetime) -> list[Recovered]:
        """See `Ledger.recover`."""
        found = self._db.execute(f"SELECT {COLUMNS} FROM replies WHERE state = 'claimed'").fetchall()  # noqa: S608 - constant
        rows = [Row(*row) for row in found]
        return [Recovered(Uid(row.uid), self._settle(row, Unknown("the process died"), at, at)) for row in rows]
