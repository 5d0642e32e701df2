"""What stands in a ledger, read behind its back: questions that only tests ask."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from responder.adapters.ledger import Ledger, State
from responder.adapters.ledger.rows import KEEPS_SLOT, instant, instant_or_none, micros
from responder.core.message import MessageKey, Uid, UidValidity


class Due(NamedTuple):
    """A reply that still has to go out."""

    key: MessageKey
    uncertain: int
    not_before: datetime
    received_at: datetime


class Ended(NamedTuple):
    """How one reply ended; ``held`` is the limit that it waited for last."""

    key: MessageKey
    state: State
    reason: str | None
    at: datetime
    held: str | None


async def due(ledger: Ledger, mailbox: str, folder: str) -> list[Due]:
    """All that is due in a folder, in the order received."""
    store = ledger._store
    rows = await ledger._run(
        lambda: store.db.execute(
            "SELECT uid_validity, uid, uncertain, not_before, received_at FROM replies"
            " WHERE folder = ? AND state = 'due' ORDER BY received_at, id",
            (store.names.folder(mailbox, folder),),
        ).fetchall()
    )
    return [
        Due(MessageKey(mailbox, folder, UidValidity(validity), Uid(uid)), uncertain, instant(not_before), instant(at))
        for validity, uid, uncertain, not_before, at in rows
    ]


async def last_replied(ledger: Ledger, mailbox: str, correspondent: str) -> datetime | None:
    """Time of the newest slot that nothing can take back."""
    store = ledger._store
    values = (store.names.correspondent(correspondent), store.names.mailbox(mailbox))
    ((at,),) = await ledger._run(
        lambda: store.db.execute(
            f"SELECT max(claimed_at) FROM replies WHERE correspondent = ? AND mailbox = ? AND {KEEPS_SLOT}",  # noqa: S608 - constant
            values,
        ).fetchall()
    )
    return instant_or_none(at)


async def ended(ledger: Ledger, mailbox: str, folder: str, since: datetime) -> list[Ended]:
    """What was settled in a folder since then, oldest first."""
    store = ledger._store
    rows = await ledger._run(
        lambda: store.db.execute(
            "SELECT uid_validity, uid, state, reason, settled_at, held FROM replies"
            " WHERE folder = ? AND settled_at >= ? ORDER BY settled_at, id",
            (store.names.folder(mailbox, folder), micros(since)),
        ).fetchall()
    )
    return [
        Ended(MessageKey(mailbox, folder, UidValidity(validity), Uid(uid)), State(state), reason, instant(at), held)
        for validity, uid, state, reason, at, held in rows
    ]
