"""Who gets no reply, and who gets none yet: the never list, the rates and the breaker."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final, NamedTuple

from responder.adapters.ledger.rows import instant, instant_or_none, micros
from responder.adapters.ledger.values import OverRate, Terms
from responder.core.limits.rates import REMEMBERED, Limit, Scope, free_at, rank_to_watch

NEVER_REPLY: Final = "never-reply"

_LEFT: Final = "(uncertain = 1 OR refused = 1 OR state IN ('claimed', 'sent', 'failed', 'unknown'))"
"""What counts: it left, or may have, or cost a refusal. What was surely deferred counts when it goes."""

_COUNTED: Final = {
    Scope.CORRESPONDENT: "mailbox = :mailbox AND correspondent = :whom",
    Scope.DOMAIN: "mailbox = :mailbox AND domain = :domain",
    Scope.PROOF: "mailbox = :mailbox AND proof = :proof",
    Scope.DAEMON: "1",
}
_ALIKE: Final = {
    Scope.CORRESPONDENT: "id = :row",  # whom the others would go to is known when they are claimed
    Scope.DOMAIN: "mailbox = :mailbox AND domain = :domain",
    Scope.PROOF: "mailbox = :mailbox AND proof = :proof",
    Scope.DAEMON: "1",
}


class Asked(NamedTuple):
    """The claim that is asked about, in hashes."""

    row: int
    mailbox: bytes
    whom: bytes
    domain: bytes | None
    proof: str


class Gate:
    """Runs on the writer's thread, inside the claim's transaction: two claims never share the last place of a rate."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # -- for good ----------------------------------------------------------------------------------------------------

    def never_since(self, whom: bytes) -> datetime | None:
        """When the correspondent was put on the never list."""
        row = self._db.execute("SELECT added_at FROM never WHERE correspondent = ?", (whom,)).fetchone()
        return None if row is None else instant_or_none(row[0])

    def never_add(self, whom: bytes, at: datetime) -> bool:
        """Whether it was not on the list yet."""
        return self._db.execute("INSERT OR IGNORE INTO never VALUES (?, ?)", (whom, micros(at))).rowcount > 0

    def never_remove(self, whom: bytes) -> bool:
        """Whether it was on the list."""
        return self._db.execute("DELETE FROM never WHERE correspondent = ?", (whom,)).rowcount > 0

    # -- not yet -----------------------------------------------------------------------------------------------------

    def over_rate(self, asked: Asked, terms: Terms, at: datetime) -> OverRate | None:
        """Whether a limit is reached; then this row, and every due one like it, waits until the limit comes free."""
        reached = [(limit, until) for limit in terms.limits if (until := self._until(limit, asked, at)) is not None]
        if not reached:
            return None
        if terms.latest is not None:  # nothing waits past the opening: there it is withdrawn
            reached = [(limit, min(until, terms.latest)) for limit, until in reached]
        for limit, until in reached:
            self._hold(limit, until, asked)
        limit, until = max(reached, key=lambda pair: pair[1])
        self._db.execute(
            "UPDATE replies SET not_before = ?, held = ?, proof = ?, domain = ? WHERE id = ?",
            (micros(until), limit.rule, asked.proof, asked.domain, asked.row),
        )
        return OverRate(limit.rule, until)

    def _until(self, limit: Limit, asked: Asked, at: datetime) -> datetime | None:
        """When the limit comes free; None when it is not reached."""
        if limit.saved is not None:
            return self._refilled_at(limit, limit.saved, asked, at)
        was_open = limit.scope is Scope.DAEMON and self._is_open(limit)
        deciding = self._newest(limit, rank_to_watch(limit, was_open=was_open), asked, at)
        if limit.scope is Scope.DAEMON:
            self._note_open(limit, is_open=deciding is not None)
        if deciding is None:
            return None
        leaving = self._newest(limit, limit.reopen_at + 1, asked, at)
        return free_at(limit, min(leaving or deciding, at))

    def _refilled_at(self, limit: Limit, saved: int, asked: Asked, at: datetime) -> datetime | None:
        """When the bucket holds one again; None when it does now.

        After the n-th newest reply it has to refill until n and one more fit. A clock that was set back must not hold
        for ever: what was given "later" counts as given now.
        """
        window = int(limit.window.total_seconds() * 1_000_000)
        (free,) = self._db.execute(
            "SELECT max(min(claimed_at, :at) + (number + 1 - :saved) * :window / :count) FROM"  # noqa: S608 - constants
            " (SELECT claimed_at, row_number() OVER (ORDER BY claimed_at DESC) AS number FROM replies"
            f" WHERE {_COUNTED[limit.scope]} AND {_LEFT} AND id != :row"
            " AND claimed_at > :start AND claimed_at <= :end)",
            {
                **asked._asdict(),
                "at": micros(at),
                "saved": saved,
                "window": window,
                "count": limit.count,
                "start": micros(at - REMEMBERED),
                "end": micros(at + limit.window),
            },
        ).fetchone()
        return instant(free) if free is not None and free > micros(at) else None

    def _newest(self, limit: Limit, rank: int, asked: Asked, at: datetime) -> datetime | None:
        """The time of the rank-th newest reply that counts; a clock that was set back must not hold for ever."""
        row = self._db.execute(
            f"SELECT claimed_at FROM replies WHERE {_COUNTED[limit.scope]} AND {_LEFT} AND id != :row"  # noqa: S608 - constants
            " AND claimed_at > :start AND claimed_at <= :end ORDER BY claimed_at DESC LIMIT 1 OFFSET :skip",
            {
                **asked._asdict(),
                "start": micros(at - limit.window),
                "end": micros(at + limit.window),
                "skip": rank - 1,
            },
        ).fetchone()
        return None if row is None else instant(row[0])

    def _hold(self, limit: Limit, until: datetime, asked: Asked) -> None:
        """Every due row that this limit would stop as well: none is read and judged again before it may go."""
        self._db.execute(
            f"UPDATE replies SET not_before = :until, held = :rule WHERE {_ALIKE[limit.scope]}"  # noqa: S608 - constants
            " AND state = 'due' AND not_before < :until",
            {**asked._asdict(), "until": micros(until), "rule": limit.rule},
        )

    def _is_open(self, limit: Limit) -> bool:
        return self._db.execute("SELECT 1 FROM meta WHERE name = ?", (f"open-{limit.rule}",)).fetchone() is not None

    def _note_open(self, limit: Limit, *, is_open: bool) -> None:
        """A breaker that opened is open after a restart, too."""
        if is_open:
            self._db.execute("INSERT OR IGNORE INTO meta VALUES (?, x'01')", (f"open-{limit.rule}",))
        else:
            self._db.execute("DELETE FROM meta WHERE name = ?", (f"open-{limit.rule}",))

    def waiting(self) -> dict[str, int]:
        """How many due replies each limit holds."""
        rows = self._db.execute(
            "SELECT held, count(*) FROM replies WHERE state = 'due' AND held IS NOT NULL GROUP BY held ORDER BY held"
        )
        return dict(rows.fetchall())

    def release(self, at: datetime) -> int:
        """Nothing waits any longer; gives the number."""
        return self._db.execute(
            "UPDATE replies SET not_before = :at, held = NULL WHERE state = 'due' AND held IS NOT NULL"
            " AND not_before > :at",
            {"at": micros(at)},
        ).rowcount
