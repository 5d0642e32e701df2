"""Every statement of the ledger, and which state follows which."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from responder.errors import LedgerError
from responder.ledger.gate import Asked, Gate
from responder.ledger.names import Names
from responder.ledger.times import instant, instant_or_none, micros
from responder.ledger.values import (
    AlreadyAnswered,
    Barred,
    Claim,
    Claimed,
    Cursor,
    DueReply,
    Ended,
    NewDue,
    NotDue,
    Recovered,
    Rescue,
    State,
    Terms,
)
from responder.model import Accepted, Deferred, MessageKey, Outcome, Rejected, Uid, UidValidity, Unknown

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

OPEN: Final = (State.DUE, State.CLAIMED)
IN_FLIGHT_WAIT: Final = timedelta(seconds=30)  # until a reply in flight is asked about again; few take longer


class _Row(NamedTuple):
    """One row of ``replies``, as far as a transition needs it."""

    id: int
    folder: bytes
    uid_validity: int
    uid: int
    state: str
    uncertain: int
    message: bytes
    correspondent: bytes | None
    claimed_at: int | None


def _next(row: _Row, outcome: Outcome) -> tuple[State, int, str | None]:
    """The state, the doubt and the reason after a send; the table at the top of this module."""
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


_COLUMNS: Final = "id, folder, uid_validity, uid, state, uncertain, message, correspondent, claimed_at"
_KEEPS_SLOT: Final = "(uncertain = 1 OR state IN ('sent', 'unknown'))"  # and no later event can free it


class Store:
    """The rows; every method runs on the writer's thread, inside its transaction.

    Args:
        db: an open ledger database.
        key: the secret behind the hashes.
    """

    def __init__(self, db: sqlite3.Connection, key: bytes) -> None:
        self._db = db
        self._names = Names(key)
        self._gate = Gate(db)

    # -- reading on --------------------------------------------------------------------------------------------------

    def cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """See `Ledger.cursor`."""
        return self._cursor(self._names.folder(mailbox, folder))

    def _cursor(self, folder: bytes) -> Cursor | None:
        row = self._db.execute(
            "SELECT uid_validity, last_uid, latest_received_at FROM cursors WHERE folder = ?", (folder,)
        ).fetchone()
        return None if row is None else Cursor(UidValidity(row[0]), Uid(row[1]), instant_or_none(row[2]))

    def record(self, mailbox: str, folder: str, cursor: Cursor, due: Sequence[NewDue]) -> None:
        """See `Ledger.record`."""
        place = self._names.folder(mailbox, folder)
        old = self._cursor(place)
        for new in due:
            self._insert(place, cursor, new)
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
        row = self._row(key)
        if row is not None and (row.message == message or row.state in OPEN):
            return
        row_id = self._add(key, message, micros(new.received_at), micros(new.not_before))
        self._db.execute(
            "UPDATE replies SET proof = ?, domain = ? WHERE id = ?", (new.proof.value, self._domain(new.domain), row_id)
        )

    def _add(self, key: MessageKey, message: bytes, received_at: int, not_before: int) -> int | None:
        folder = self._names.folder(key.mailbox, key.folder)
        return self._db.execute(
            "INSERT INTO replies (mailbox, folder, uid_validity, uid, state, message, received_at, not_before)"
            " VALUES (?, ?, ?, ?, 'due', ?, ?, ?)",
            (self._names.mailbox(key.mailbox), folder, key.uid_validity, key.uid, message, received_at, not_before),
        ).lastrowid

    def _domain(self, domain: str | None) -> bytes | None:
        return None if domain is None else self._names.domain(domain)

    # -- after a UIDVALIDITY change ----------------------------------------------------------------------------------

    def rescue(self, mailbox: str, folder: str, uid_validity: UidValidity) -> Rescue:
        """See `Ledger.rescue`."""
        place = self._names.folder(mailbox, folder)
        cursor = self._cursor(place)
        earliest = self._db.execute(
            "SELECT min(received_at) FROM replies"
            " WHERE folder = ? AND uid_validity != ? AND state IN ('due', 'claimed')",
            (place, uid_validity),
        ).fetchone()[0]
        return Rescue(cursor.latest_received_at if cursor else None, instant_or_none(earliest))

    def carry_over(self, key: MessageKey, message: str) -> bool:
        """See `Ledger.carry_over`."""
        row = self._row(key)
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
            self._add(key, name, received_at, not_before)
        return True

    def _lose_due(self, folder: bytes, uid_validity: int) -> None:
        """Withdraws what was not carried over: it is no longer in the folder, or no longer worth a reply."""
        self._db.execute(
            "UPDATE replies SET state = CASE uncertain WHEN 1 THEN 'unknown' ELSE 'withdrawn' END,"
            " reason = 'not-found-again', settled_at = not_before"
            " WHERE folder = ? AND uid_validity != ? AND state = 'due'",
            (folder, uid_validity),
        )

    # -- sending -----------------------------------------------------------------------------------------------------

    def _row(self, key: MessageKey) -> _Row | None:
        """The row of a key: the open one, or else the newest, where a server broke its word and used a UID again."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM replies WHERE folder = ? AND uid_validity = ? AND uid = ?"  # noqa: S608 - constant
            " ORDER BY state IN ('due', 'claimed') DESC, id DESC LIMIT 1",
            (self._names.folder(key.mailbox, key.folder), key.uid_validity, key.uid),
        ).fetchone()
        return None if row is None else _Row(*row)

    def _row_in(self, state: State, key: MessageKey) -> _Row:
        row = self._row(key)
        if row is None or row.state != state:
            raise LedgerError(f"UID {key.uid} is {row.state if row else 'not recorded'}, but this needs it {state}.")
        return row

    def claim(
        self, key: MessageKey, correspondent: str, message: str, at: datetime, since: datetime, terms: Terms
    ) -> Claim:
        """See `Ledger.claim`."""
        row = self._row(key)
        if row is None or row.state != State.DUE:
            return NotDue("never-recorded" if row is None else row.state)
        whom = self._names.correspondent(correspondent)
        if row.uncertain and row.correspondent != whom:
            # The first send may have reached somebody else: that slot must stay, and one message earns one reply.
            self._end(row, State.UNKNOWN, "correspondent-changed", at)
            return NotDue("correspondent-changed")
        # A second attempt carries the first one's Message-ID, even if a fingerprint is made otherwise meanwhile.
        about = row.message if row.uncertain else self._names.message(message)
        asked = Asked(row.id, self._names.mailbox(key.mailbox), whom, self._domain(terms.domain), terms.proof.value)
        return (
            self._barred(row, whom, at)
            or self._blocked(row, asked, about, at, since)
            or self._gate.over_rate(asked, terms, at)
            or self._take(row, asked, about, at)
        )

    def _barred(self, row: _Row, whom: bytes, at: datetime) -> Barred | None:
        rule = self._gate.barred(whom, at)
        if rule is None:
            return None
        self._end(row, State.WITHDRAWN, rule, at)
        return Barred(rule)

    def _blocked(
        self, row: _Row, asked: Asked, about: bytes, at: datetime, since: datetime
    ) -> AlreadyAnswered | NotDue | None:
        """Whether another row's slot answers this one; those that are there for good come first."""
        slot = self._db.execute(
            f"SELECT {_KEEPS_SLOT} AS kept, mailbox = ? AND claimed_at >= ? AS here, claimed_at FROM replies"  # noqa: S608 - constant
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
        self._end(row, State.WITHDRAWN, rule, at)
        return AlreadyAnswered(instant(claimed_at), rule)

    def _take(self, row: _Row, asked: Asked, about: bytes, at: datetime) -> Claimed:
        """Takes the slot. Its time is the latest claim's: either send may be the one that arrived."""
        claimed_at = max(micros(at), row.claimed_at or 0)
        self._db.execute(
            "UPDATE replies SET state = 'claimed', correspondent = ?, message = ?, claimed_at = ?, proof = ?,"
            " domain = ?, held = NULL WHERE id = ?",
            (asked.whom, about, claimed_at, asked.proof, asked.domain, row.id),
        )
        return Claimed(1 + row.uncertain, self._names.reply(asked.mailbox, asked.whom, about))

    def settle(self, key: MessageKey, outcome: Outcome, at: datetime, retry_at: datetime) -> State:
        """See `Ledger.settle`."""
        return self._settle(self._row_in(State.CLAIMED, key), outcome, at, retry_at)

    def _settle(self, row: _Row, outcome: Outcome, at: datetime, retry_at: datetime) -> State:
        state, uncertain, reason = _next(row, outcome)
        row = row._replace(uncertain=uncertain)
        if state is not State.DUE:
            return self._end(row, state, reason, at)
        cursor = self._cursor(row.folder)
        if cursor is None or cursor.uid_validity != row.uid_validity:
            return self._end(row, State.WITHDRAWN, "renumbered", at)  # its UID is void; carry_over() added it anew
        self._db.execute(
            "UPDATE replies SET state = 'due', uncertain = ?, not_before = ? WHERE id = ?",
            (uncertain, micros(retry_at), row.id),
        )
        return state

    def _end(self, row: _Row, state: State, reason: str | None, at: datetime) -> State:
        """Settles a row; one that may have been delivered never gives its slot back."""
        if row.uncertain and state is State.WITHDRAWN:
            state = State.UNKNOWN
        self._db.execute(
            "UPDATE replies SET state = ?, uncertain = ?, reason = ?, settled_at = ? WHERE id = ?",
            (state, row.uncertain, reason, micros(at), row.id),
        )
        return state

    def withdraw(self, key: MessageKey, reason: str, at: datetime) -> State:
        """See `Ledger.withdraw`."""
        return self._end(self._row_in(State.DUE, key), State.WITHDRAWN, reason, at)

    def recover(self, at: datetime) -> list[Recovered]:
        """See `Ledger.recover`."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM replies WHERE state = 'claimed'").fetchall()  # noqa: S608 - constant
        rows = [_Row(*row) for row in found]
        return [Recovered(Uid(row.uid), self._settle(row, Unknown("the process died"), at, at)) for row in rows]

    # -- asking ------------------------------------------------------------------------------------------------------

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

    def last_replied(self, mailbox: str, correspondent: str) -> datetime | None:
        """See `Ledger.last_replied`."""
        row = self._db.execute(
            f"SELECT max(claimed_at) FROM replies WHERE correspondent = ? AND mailbox = ? AND {_KEEPS_SLOT}",  # noqa: S608 - constant
            (self._names.correspondent(correspondent), self._names.mailbox(mailbox)),
        ).fetchone()
        return instant_or_none(row[0])

    def answered(self, correspondent: str, message: str) -> bool:
        """See `Ledger.answered`."""
        row = self._db.execute(
            f"SELECT 1 FROM replies WHERE correspondent = ? AND message = ? AND {_KEEPS_SLOT}",  # noqa: S608 - constant
            (self._names.correspondent(correspondent), self._names.message(message)),
        ).fetchone()
        return row is not None

    def failed_recently(self, correspondent: str, since: datetime) -> bool:
        """See `Ledger.failed_recently`."""
        return self._gate.refused_since(self._names.correspondent(correspondent), since)

    def note_refused(self, mailbox: str, correspondents: Iterable[str], at: datetime) -> int:
        """See `Ledger.note_refused`."""
        people = [self._names.correspondent(one) for one in correspondents]
        return self._gate.note_refused(self._names.mailbox(mailbox), people, at)

    def never_add(self, correspondent: str, at: datetime) -> bool:
        """See `Ledger.never_add`."""
        return self._gate.never_add(self._names.correspondent(correspondent), at)

    def never_remove(self, correspondent: str) -> bool:
        """See `Ledger.never_remove`."""
        return self._gate.never_remove(self._names.correspondent(correspondent))

    def never_since(self, correspondent: str) -> datetime | None:
        """See `Ledger.never_since`."""
        return self._gate.never_since(self._names.correspondent(correspondent))

    def release(self, at: datetime) -> int:
        """See `Ledger.release`."""
        return self._gate.release(at)

    def waiting(self) -> dict[str, int]:
        """See `Ledger.waiting`."""
        return self._gate.waiting()

    def counts(self) -> dict[State, int]:
        """See `Ledger.counts`."""
        rows = self._db.execute("SELECT state, count(*) FROM replies GROUP BY state").fetchall()
        return dict.fromkeys(State, 0) | {State(state): count for state, count in rows}

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

    def prune(self, before: datetime) -> int:
        """See `Ledger.prune`."""
        limit = micros(before)
        self._gate.prune(before)
        return self._db.execute(
            "DELETE FROM replies WHERE settled_at < ? AND (claimed_at IS NULL OR claimed_at < ?)", (limit, limit)
        ).rowcount
