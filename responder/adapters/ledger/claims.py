"""Claim and settle: who takes a correspondent's slot, and which state follows a send."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.limits import NEVER_REPLY, Asked, Gate
from responder.adapters.ledger.rows import COLUMNS, KEEPS_SLOT, Row, Rows, instant, micros
from responder.adapters.ledger.texts import Texts
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
from responder.core.clock import SKEW
from responder.core.message import MessageKey, Uid
from responder.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown

_SLOT_TIME: Final = """coalesce(nullif(max(
    CASE WHEN claimed_at <= :ahead THEN claimed_at ELSE 0 END,
    CASE WHEN received_at <= :ahead THEN received_at ELSE 0 END
), 0), claimed_at)"""
"""When a slot was taken: at the claim; or when its message came, if the claim's clock was behind that. A time that
still lies ahead comes from a clock that was wrong, and counts only when there is no other."""

IN_FLIGHT_WAIT: Final = timedelta(seconds=30)  # until a reply in flight is asked about again; few take longer


def _next(row: Row, outcome: Outcome) -> tuple[Row, State, str | None]:
    """The row's doubts, its state and the reason after a send; the table at the top of this package."""
    match outcome:
        case Accepted():
            return row, State.SENT, None
        case Deferred():
            return row, State.DUE, None
        case Rejected(once_more=True) if not row.refused:
            return row._replace(refused=1), State.DUE, None
        case Rejected():
            # RFC 5321 §6.1: the first, doubtful send may have gone through all the same
            return row, State.UNKNOWN if row.uncertain else State.FAILED, "refused"
        case Unknown() if row.uncertain:
            return row, State.UNKNOWN, "in-doubt"
        case Unknown():
            return row._replace(uncertain=1), State.DUE, None
    assert_never(outcome)


class Sending:
    """Claims and how they end; every method runs on the writer's thread, inside its transaction.

    Args:
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
        domain = self._names.domain(terms.domain)
        asked = Asked(row.id, self._names.mailbox(key.mailbox), whom, domain, terms.proof.value)
        return (
            self._barred(row, whom, at)
            or self._blocked(row, asked, about, at, since)
            or self._gate.over_rate(asked, terms, at)
            or self._take(row, asked, about, at)
        )

    def _barred(self, row: Row, whom: bytes, at: datetime) -> Barred | None:
        if self._gate.never_since(whom) is None:
            return None
        self._rows.end(row, State.WITHDRAWN, NEVER_REPLY, at)
        return Barred(NEVER_REPLY)

    def _blocked(
        self, row: Row, asked: Asked, about: bytes, at: datetime, since: datetime
    ) -> AlreadyAnswered | NotDue | None:
        """Whether another row's slot answers this one; those that are there for good come first."""
        slot = self._db.execute(
            f"SELECT {KEEPS_SLOT} AS kept, mailbox = :mailbox AND {_SLOT_TIME} >= :since AS here, claimed_at"  # noqa: S608 - constants
            " FROM replies WHERE correspondent = :whom AND id != :row AND (kept OR state = 'claimed')"
            " AND (here OR message = :about) ORDER BY kept DESC, here DESC, claimed_at DESC LIMIT 1",
            {**asked._asdict(), "since": micros(since), "ahead": micros(at + SKEW), "about": about},
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
            " domain = ?, held = NULL, may_arrive = 0 WHERE id = ?",
            (asked.whom, about, claimed_at, asked.proof, asked.domain, row.id),
        )
        return Claimed(self._names.reply(asked.mailbox, asked.whom, about))

    def mark(self, key: MessageKey, *, may_arrive: bool) -> None:
        """See `Ledger.mark`."""
        row = self._rows.find_in(State.CLAIMED, key)
        self._db.execute("UPDATE replies SET may_arrive = ? WHERE id = ?", (may_arrive, row.id))

    def settle(
        self, key: MessageKey, outcome: Outcome, at: datetime, retry_at: datetime, text: str | None = None
    ) -> State:
        """See `Ledger.settle`."""
        row = self._rows.find_in(State.CLAIMED, key)
        if text is not None and isinstance(outcome, Accepted | Unknown):
            self._texts.keep(row.id, text, at)
        return self._settle(row, outcome, at, retry_at)

    def _settle(self, row: Row, outcome: Outcome, at: datetime, retry_at: datetime) -> State:
        row, state, reason = _next(row, outcome)
        if state is not State.DUE:
            return self._rows.end(row, state, reason, at)
        if self._is_void(row):  # carry_over() added the message under its new UID
            return self._rows.end(row, State.WITHDRAWN, "renumbered", at)
        self._make_due(row, retry_at)
        return state

    def _is_void(self, row: Row) -> bool:
        """Whether the folder has another UIDVALIDITY now."""
        cursor = self._rows.cursor(row.folder)
        return cursor is None or cursor.uid_validity != row.uid_validity

    def _make_due(self, row: Row, at: datetime) -> None:
        self._db.execute(
            "UPDATE replies SET state = 'due', uncertain = ?, refused = ?, not_before = ?, settled_at = NULL,"
            " reason = NULL WHERE id = ?",
            (row.uncertain, row.refused, micros(at), row.id),
        )

    def revive(self, keys: Sequence[MessageKey], at: datetime) -> int:
        """See `Ledger.revive`."""
        found = [row for key in keys if (row := self._rows.find(key)) is not None]
        refused = [row for row in found if row.state == State.FAILED or (row.state == State.DUE and row.refused)]
        valid = [row for row in refused if not self._is_void(row)]
        for row in valid:
            self._make_due(row._replace(refused=0), at)
        return len(valid)

    def withdraw(self, key: MessageKey, reason: str, at: datetime) -> State:
        """See `Ledger.withdraw`."""
        return self._rows.end(self._rows.find_in(State.DUE, key), State.WITHDRAWN, reason, at)

    def recover(self, at: datetime) -> list[Recovered]:
        """See `Ledger.recover`."""
        found = self._db.execute(f"SELECT {COLUMNS} FROM replies WHERE state = 'claimed'").fetchall()  # noqa: S608 - constant
        doubtful = []
        for row in (Row(*values) for values in found):
            outcome = Unknown("the process died") if row.may_arrive else Deferred("the process died")
            state = self._settle(row, outcome, at, at)
            if row.may_arrive:
                doubtful.append(Recovered(Uid(row.uid), state))
        return doubtful
