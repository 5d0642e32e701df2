"""Durable memory: how far we read, whom we answered, and how each reply ended.

One SQLite file, written by one thread, held by one process. Every call is one transaction, on the disk before it
returns (WAL, ``synchronous=FULL``): what was claimed stays claimed whatever happens next. It fails closed: when the
file cannot be read or written, `LedgerError` is raised and nothing may be sent.

A reply's states, and which of them hold the correspondent's slot::

    record ▶ due ─claim▶ claimed ─Accepted▶ sent       holds it
              ▲            ├──────Rejected▶ failed     frees it
              ├─ Deferred ─┤                           frees it until the next claim
              └─ Unknown ──┤  the first time: the row is *uncertain* from now on, and holds it
                           └──────Unknown▶ unknown     the second time; holds it
             due ─withdraw▶ withdrawn                  frees it
             due ─claim▶ withdrawn                     answered already, on the never list, or a dead address
             due ─claim▶ due, later                    over a rate

An uncertain row may have been delivered. Where another would free its slot (rejected, withdrawn), it ends as
``unknown``. So the slots that nothing can take back are exactly: ``sent``, ``unknown``, and whatever is uncertain. Only
these settle another reply as already answered; one that is claimed for the first time makes it wait.

Nothing here names a person. Mailbox, folder, correspondent and message are keyed hashes (HMAC-SHA256, 16 octets, a
label per kind); a reason is one kebab-case word; times are microseconds since 1970 in UTC.
"""

from __future__ import annotations

import asyncio
import os
import re
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from responder.errors import LedgerError
from responder.ledger.database import DATABASE, open_directory, translated
from responder.ledger.store import Store
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
    OverRate,
    Recovered,
    Rescue,
    State,
    Terms,
)
from responder.ledger.writer import Writer
from responder.model import Deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from responder.model import MessageKey, Outcome, UidValidity

__all__ = [
    "AlreadyAnswered",
    "Barred",
    "Claim",
    "Claimed",
    "Cursor",
    "DueReply",
    "Ended",
    "Ledger",
    "NewDue",
    "NotDue",
    "OverRate",
    "Recovered",
    "Rescue",
    "State",
    "Terms",
]

T = TypeVar("T")

NO_TERMS: Final = Terms()

_REASON: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class Ledger:
    """The state directory, opened and held; made by `Ledger.open`.

    Every method raises `LedgerError` when the database cannot be read or written. Nothing was changed then, and the
    same call may be made again. A call that was begun is finished even when its caller is cancelled.
    """

    def __init__(self, store: Store, writer: Writer, lock: int) -> None:
        self._store = store
        self._writer = writer
        self._lock: int | None = lock
        self._has_claimed = False

    @classmethod
    async def open(cls, directory: Path, *, key: bytes | None = None) -> Self:
        """Opens a state directory, making it (0700) and its files (0600) on the first start.

        Args:
            directory: held until `close` or the end of the process.
            key: the secret behind the hashes, at least 32 octets, when it is kept elsewhere; else ``ledger.key`` in the
                directory.

        Raises:
            LedgerLockedError: another process holds the directory.
            LedgerError: damaged, newer than this program, made with another key, or the key is gone; names the cure.
        """
        executor = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        try:
            lock, secret, db = await asyncio.wrap_future(executor.submit(open_directory, directory, key))
        except Exception as error:
            executor.shutdown(wait=False)
            raise translated(error, directory) from error
        return cls(Store(db, secret), Writer(executor, db, directory / DATABASE), lock)

    async def close(self) -> None:
        """Finishes what was begun and lets go of the directory; may be called twice."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        try:
            await asyncio.shield(asyncio.wrap_future(self._writer.close()))
        finally:
            os.close(lock)

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.wrap_future(self._writer.submit(job)))

    # -- reading on --------------------------------------------------------------------------------------------------

    async def cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """How far the folder was judged; None before its baseline."""
        return await self._run(lambda: self._store.cursor(mailbox, folder))

    async def record(self, mailbox: str, folder: str, cursor: Cursor, due: Sequence[NewDue]) -> None:
        """Moves the cursor and notes what is due up to there, in one transaction.

        Within one UIDVALIDITY the cursor never moves backwards; its latest_received_at never does. A message that is
        known under its key is left as it is. Under a new UIDVALIDITY, whatever is still due under an older one and was
        not carried over is withdrawn ("not-found-again").
        """
        await self._run(lambda: self._store.record(mailbox, folder, cursor, due))

    # -- after a UIDVALIDITY change ----------------------------------------------------------------------------------
    #
    # In this order: rescue; read what was received since; for each that is worth a reply, carry_over, or note it as due
    # if it is new (not older than the latest judged, less a margin) and not answered; then record under the new
    # UIDVALIDITY. Until then the cursor is the old one, so a crash anywhere in between begins all of it again.

    async def rescue(self, mailbox: str, folder: str, uid_validity: UidValidity) -> Rescue:
        """From when on the folder must be read again, now that it has this UIDVALIDITY."""
        return await self._run(lambda: self._store.rescue(mailbox, folder, uid_validity))

    async def carry_over(self, key: MessageKey, message: str) -> bool:
        """Finds a message again under a new key; True when it has an open reply under this key now.

        What was due under an older UIDVALIDITY moves here with its doubt and its slot, however old it is. If its reply
        is just being sent, a second row waits here, in case that fails.
        """
        return await self._run(lambda: self._store.carry_over(key, message))

    async def answered(self, correspondent: str, message: str) -> bool:
        """Whether this message earned this correspondent a reply, in whichever mailbox, for good."""
        return await self._run(lambda: self._store.answered(correspondent, message))

    # -- sending -----------------------------------------------------------------------------------------------------

    async def claim(
        self,
        key: MessageKey,
        *,
        correspondent: str,
        message: str,
        at: datetime,
        answered_since: datetime,
        terms: Terms = NO_TERMS,
    ) -> Claim:
        """Takes the slot of ``correspondent`` (`Address.identity`); the caller sends only what is `Claimed`.

        A slot is the mailbox's, whatever the folder. It answers this message when its time is at or after
        ``answered_since``, or when it was taken for the same message in any mailbox at any time. Its own time is
        ``at``, and at a second attempt the later one: either send may be the one that arrived.

        The never list, dead addresses and the limits of ``terms`` are asked in the same transaction: of two claims,
        only one takes the last place of a rate. Every claim counts that left or may have: a restart resets nothing.

        When the caller is cancelled before it learns the result, nothing was sent, and the claim is undone.
        """
        self._has_claimed = True
        job = partial(self._store.claim, key, correspondent, message, at, answered_since, terms)
        future = self._writer.submit(job)
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            future.add_done_callback(partial(self._release, key, at))
            raise

    def _release(self, key: MessageKey, at: datetime, future: Future[Claim]) -> None:
        if future.exception() is None and isinstance(future.result(), Claimed):
            never_sent = Deferred("the caller was cancelled before it could send")
            self._writer.submit(lambda: self._store.settle(key, never_sent, at, at))

    async def settle(self, key: MessageKey, outcome: Outcome, *, at: datetime, retry_at: datetime) -> State:
        """Notes how the send of a claimed reply ended, and gives its state; ``due`` means again from ``retry_at`` on.

        The outcome's words are not kept.

        Raises:
            LedgerError: also when the reply is not claimed. If it was the disk, call again: until it succeeds, a
                restart takes the send for doubtful.
        """
        return await self._run(lambda: self._store.settle(key, outcome, at, retry_at))

    async def withdraw(self, key: MessageKey, reason: str, at: datetime) -> State:
        """Gives up a due reply: ``withdrawn``, or ``unknown`` when a first send ended in doubt.

        Raises:
            LedgerError: also when the reply is not due.
            ValueError: the reason is not a kebab-case word, such as a rule's id; others might name somebody.
        """
        if not _REASON.match(reason):
            raise ValueError("a reason is one kebab-case word, so that it names nobody")
        return await self._run(lambda: self._store.withdraw(key, reason, at))

    async def recover(self, at: datetime) -> list[Recovered]:
        """At start: what a dead process had claimed may have been delivered; each is treated as `Unknown`.

        Raises:
            LedgerError: also after this process's first claim, which is alive.
        """
        if self._has_claimed:
            raise LedgerError("recover() belongs before the first claim: it would take living claims for dead ones.")
        return await self._run(lambda: self._store.recover(at))

    # -- asking ------------------------------------------------------------------------------------------------------

    async def due(self, mailbox: str, folder: str) -> list[DueReply]:
        """All that is due in a folder, in the order received; ``not_before`` may lie ahead."""
        return await self._run(lambda: self._store.due(mailbox, folder))

    async def ready(self, mailbox: str, folder: str, at: datetime, limit: int) -> list[MessageKey]:
        """What may go out of a folder now, the newest first, at most ``limit``: who wrote last is most likely there."""
        return await self._run(lambda: self._store.ready(mailbox, folder, at, limit))

    async def next_due(self, mailbox: str, folder: str, after: datetime | None = None) -> datetime | None:
        """The earliest ``not_before`` of what is due in a folder; only later ones than ``after``, if that is given."""
        return await self._run(lambda: self._store.next_due(mailbox, folder, after))

    async def waiting(self) -> dict[str, int]:
        """How many due replies each limit holds, by its id."""
        return await self._run(self._store.waiting)

    async def last_replied(self, mailbox: str, correspondent: str) -> datetime | None:
        """Time of the newest slot that nothing can take back; what is claimed for the first time does not count yet."""
        return await self._run(lambda: self._store.last_replied(mailbox, correspondent))

    async def failed_recently(self, correspondent: str, since: datetime) -> bool:
        """Whether this address took no mail since then, whichever mailbox wrote: a server or a bounce said so."""
        return await self._run(lambda: self._store.failed_recently(correspondent, since))

    async def note_refused(self, mailbox: str, correspondents: Sequence[str], at: datetime) -> int:
        """A bounce names addresses that cannot be reached; notes those that this mailbox did write to, as hashes.

        Returns:
            How many were noted.
        """
        return await self._run(lambda: self._store.note_refused(mailbox, correspondents, at))

    async def counts(self) -> dict[State, int]:
        """How many replies stand in each state."""
        return await self._run(self._store.counts)

    async def ended(self, mailbox: str, folder: str, since: datetime) -> list[Ended]:
        """What was settled in a folder since then, oldest first, for the owner's list."""
        return await self._run(lambda: self._store.ended(mailbox, folder, since))

    async def release(self, at: datetime) -> int:
        """Lets everything that a limit holds be asked about again: the limits are others now."""
        return await self._run(lambda: self._store.release(at))

    # -- the practice's never list, for all mailboxes ------------------------------------------------------------------

    async def never_add(self, correspondent: str, at: datetime) -> bool:
        """From now on this address gets no reply; False when it was on the list."""
        return await self._run(lambda: self._store.never_add(correspondent, at))

    async def never_remove(self, correspondent: str) -> bool:
        """It may get replies again; False when it was not on the list."""
        return await self._run(lambda: self._store.never_remove(correspondent))

    async def never_since(self, correspondent: str) -> datetime | None:
        """When it was put on the list; None when it is not there."""
        return await self._run(lambda: self._store.never_since(correspondent))

    async def prune(self, before: datetime) -> int:
        """Forgets what was settled before that and gives the number; never what is open, never a cursor."""
        return await self._run(lambda: self._store.prune(before))
