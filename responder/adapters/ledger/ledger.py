"""The ledger as the rest of the program sees it: each call is one transaction."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

from responder.adapters.ledger.claims import Sending
from responder.adapters.ledger.clock import ClockRows
from responder.adapters.ledger.cursors import Reading
from responder.adapters.ledger.hashes import Names
from responder.adapters.ledger.limits import Gate
from responder.adapters.ledger.queries import Asking
from responder.adapters.ledger.rows import micros
from responder.adapters.ledger.schema import DATABASE, open_directory, translated
from responder.adapters.ledger.texts import Texts
from responder.adapters.ledger.values import (
    Claim,
    Claimed,
    Cursor,
    Memory,
    NewDue,
    Recovered,
    Rescue,
    Silenced,
    State,
    Terms,
)
from responder.adapters.ledger.writer import Writer
from responder.core.errors import LedgerError
from responder.core.message import MessageKey, UidValidity
from responder.core.outcome import Deferred, Outcome

T = TypeVar("T")

NO_TERMS: Final = Terms()

CLOSE_WITHIN: Final = 1.0
"""Seconds that closing waits for the disk."""

_REASON: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class Store:
    """Everything that runs on the writer's thread, inside its transaction."""

    def __init__(self, db: sqlite3.Connection, key: bytes) -> None:
        self.db = db
        self.names = Names(key)
        self.gate = Gate(db)
        self.texts = Texts(db, self.names)
        self.clock = ClockRows(db, self.names)
        self.reading = Reading(db, self.names, self.clock)
        self.sending = Sending(db, self.names, self.gate, self.texts)
        self.asking = Asking(db, self.names)

    def prune(self, before: datetime, texts_before: datetime) -> int:
        """Forgets what was settled before that and gives the number; never what is open, never a cursor.

        Texts that were last sent before ``texts_before`` go too. See `KEEP_SETTLED` and `KEEP_TEXTS`.
        """
        limit = micros(before)
        self.texts.prune(texts_before)
        return self.db.execute(
            "DELETE FROM replies WHERE settled_at < ? AND (claimed_at IS NULL OR claimed_at < ?)", (limit, limit)
        ).rowcount


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
        """Finishes what was begun and lets go of the directory; may be called twice.

        A disk that hangs is not waited for longer than ``CLOSE_WITHIN``: then the end of the process lets go.
        """
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        done, _ = await asyncio.wait({asyncio.wrap_future(self._writer.close())}, timeout=CLOSE_WITHIN)
        if done:
            os.close(lock)
            done.pop().result()

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.wrap_future(self._writer.submit(job)))

    # -- reading on --------------------------------------------------------------------------------------------------

    async def cursor(self, mailbox: str, folder: str) -> Cursor | None:
        """How far the folder was judged; None before its baseline."""
        return await self._run(lambda: self._store.reading.cursor(mailbox, folder))

    async def record(
        self, mailbox: str, folder: str, cursor: Cursor, due: Sequence[NewDue], silenced: Sequence[Silenced] = ()
    ) -> None:
        """Moves the cursor and notes what is due up to there, in one transaction.

        Within one UIDVALIDITY the cursor never moves backwards; its latest_received_at never does. A message that is
        known under its key is left as it is. Under a new UIDVALIDITY, what is still due under an older one and was
        not carried over is withdrawn ("not-found-again").
        """
        await self._run(lambda: self._store.reading.record(mailbox, folder, cursor, due, silenced))

    # -- a wrong clock -----------------------------------------------------------------------------------------------

    async def first_try(self, mailbox: str, folder: str, at: datetime) -> datetime:
        """When a process first tried to open this folder; ``at``, if this is the first time."""
        return await self._run(lambda: self._store.clock.first_try(mailbox, folder, at))

    async def postpone(self, key: MessageKey, until: datetime) -> None:
        """Let a due reply wait until then: its message comes from ahead of this machine's clock."""
        await self._run(lambda: self._store.clock.postpone(key, until))

    async def reopen_from_ahead(self, at: datetime) -> int:
        """Make due again what the clock silenced at a time that lies ahead now: the clock has gone back.

        Each waits at least until its own time of arrival. Gives their number.
        """
        return await self._run(lambda: self._store.clock.reopen(at))

    # -- after a UIDVALIDITY change ----------------------------------------------------------------------------------
    #
    # In this order: rescue; read what was received since; for each that is worth a reply, carry_over, or note it as due
    # if it is new (not older than the latest judged, less a margin) and not answered; then record under the new
    # UIDVALIDITY. Until then the cursor is the old one, so a crash anywhere in between begins all of it again.

    async def rescue(self, mailbox: str, folder: str, uid_validity: UidValidity) -> Rescue:
        """From when on the folder must be read again, now that it has this UIDVALIDITY."""
        return await self._run(lambda: self._store.reading.rescue(mailbox, folder, uid_validity))

    async def carry_over(self, key: MessageKey, message: str) -> bool:
        """Finds a message again under a new key; True when it has an open reply under this key now.

        What was due under an older UIDVALIDITY moves here with its doubt and its slot, however old it is. If its reply
        is just being sent, a second row waits here, in case that fails.
        """
        return await self._run(lambda: self._store.reading.carry_over(key, message))

    async def answered(self, correspondent: str, message: str) -> bool:
        """Whether this message earned this correspondent a reply, in whichever mailbox, for good."""
        return await self._run(lambda: self._store.asking.answered(correspondent, message))

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

        A slot is the mailbox's, in any of its folders. It answers this message when its time is at or after
        ``answered_since``, or when it was taken for the same message in any mailbox at any time. Its own time is
        ``at``, and at a second attempt the later one: either send may be the one that arrived.

        The never list and the limits of ``terms`` are asked in the same transaction: of two claims,
        only one takes the last place of a rate. Every claim counts that left or may have: a restart resets nothing.

        When the caller is cancelled before it learns the result, nothing was sent, and the claim is undone.
        """
        self._has_claimed = True
        job = partial(self._store.sending.claim, key, correspondent, message, at, answered_since, terms)
        future = self._writer.submit(job)
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            future.add_done_callback(partial(self._release, key, at))
            raise

    def _release(self, key: MessageKey, at: datetime, future: Future[Claim]) -> None:
        if future.exception() is None and isinstance(future.result(), Claimed):
            never_sent = Deferred("the caller was cancelled before it could send")
            self._writer.submit(lambda: self._store.sending.settle(key, never_sent, at, at))

    async def mark(self, key: MessageKey, *, may_arrive: bool) -> None:
        """Notes of a claimed reply, before its final dot is written, that it may arrive from now on.

        False takes the note back: the server refused it, and another attempt begins.
        """
        await self._run(lambda: self._store.sending.mark(key, may_arrive=may_arrive))

    async def settle(
        self, key: MessageKey, outcome: Outcome, *, at: datetime, retry_at: datetime, text: str | None = None
    ) -> State:
        """Notes how the send of a claimed reply ended, and gives its state; ``due`` means again from ``retry_at`` on.

        A `Rejected` that may be worth another attempt gets one; it ends the reply the second time.

        The outcome's words are not kept. The ``text`` of the reply is, when it left or may have left: it must be the
        practice's own, with nothing of the sender's in it, as the composer makes it.

        Raises:
            LedgerError: also when the reply is not claimed. If it was the disk, call again: until it succeeds, a
                restart takes what was marked for doubtful, and the rest for not sent.
        """
        return await self._run(lambda: self._store.sending.settle(key, outcome, at, retry_at, text))

    async def withdraw(self, key: MessageKey, reason: str, at: datetime) -> State:
        """Gives up a due reply: ``withdrawn``, or ``unknown`` when a first send ended in doubt.

        Raises:
            LedgerError: also when the reply is not due.
            ValueError: the reason is not a kebab-case word, such as a rule's id; others might name somebody.
        """
        if not _REASON.match(reason):
            raise ValueError("a reason is one kebab-case word, so that it names no one")
        return await self._run(lambda: self._store.sending.withdraw(key, reason, at))

    async def revive(self, keys: Sequence[MessageKey], at: datetime) -> int:
        """Makes refused replies due again from ``at`` on: the fault was the account's. Gives the number.

        Those that wait for their second attempt come as early, and still have it.
        """
        return await self._run(lambda: self._store.sending.revive(keys, at))

    async def recover(self, at: datetime) -> list[Recovered]:
        """At start: settles what a dead process had claimed, and gives what may have been delivered.

        What was marked is treated as `Unknown`. The rest was surely not sent and is due at once, however often.

        Raises:
            LedgerError: also after this process's first claim, which is alive.
        """
        if self._has_claimed:
            raise LedgerError("recover() belongs before the first claim: it would take living claims for dead ones.")
        return await self._run(lambda: self._store.sending.recover(at))

    # -- asking ------------------------------------------------------------------------------------------------------

    async def ready(self, mailbox: str, folder: str, at: datetime, limit: int) -> list[MessageKey]:
        """What may go out of a folder now, the newest first, at most ``limit``: who wrote last is most likely there."""
        return await self._run(lambda: self._store.asking.ready(mailbox, folder, at, limit))

    async def next_due(self, mailbox: str, folder: str, after: datetime | None = None) -> datetime | None:
        """The earliest ``not_before`` of what is due in a folder; only later ones than ``after``, if that is given."""
        return await self._run(lambda: self._store.asking.next_due(mailbox, folder, after))

    async def waiting(self) -> dict[str, int]:
        """How many due replies each limit holds, by its id."""
        return await self._run(self._store.gate.waiting)

    async def answers_to(self, correspondent: str, mailboxes: Sequence[str], limit: int) -> Memory:
        """What is known of one correspondent (`Address.identity`) over all mailboxes: when answered, with which text.

        Replies are told by the names in ``mailboxes``, since the ledger itself knows none.
        """
        return await self._run(lambda: self._store.texts.answers_to(correspondent, mailboxes, limit))

    async def release(self, at: datetime) -> int:
        """Lets everything that a limit holds be asked about again: the limits are others now."""
        return await self._run(lambda: self._store.gate.release(at))

    # -- the practice's never list, for all mailboxes ------------------------------------------------------------------

    async def never_add(self, correspondent: str, at: datetime) -> bool:
        """From now on this address gets no reply; False when it was on the list."""
        return await self._run(lambda: self._store.gate.never_add(self._whom(correspondent), at))

    async def never_remove(self, correspondent: str) -> bool:
        """It may get replies again; False when it was not on the list."""
        return await self._run(lambda: self._store.gate.never_remove(self._whom(correspondent)))

    async def never_since(self, correspondent: str) -> datetime | None:
        """When it was put on the list; None when it is not there."""
        return await self._run(lambda: self._store.gate.never_since(self._whom(correspondent)))

    # -- forgetting --------------------------------------------------------------------------------------------------

    async def prune(self, before: datetime, *, texts_before: datetime | None = None) -> int:
        """Forgets what was settled before that and gives the number; never what is open, never a cursor.

        Texts that were last sent before ``texts_before`` go too. See `KEEP_SETTLED` and `KEEP_TEXTS`.
        """
        return await self._run(lambda: self._store.prune(before, texts_before or before))

    def _whom(self, correspondent: str) -> bytes:
        return self._store.names.correspondent(correspondent)
