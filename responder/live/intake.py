"""Take in new mail: judge it, and write what is due together with the cursor that passed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from responder.adapters.events import Event
from responder.adapters.imap import FolderState
from responder.adapters.ledger import Cursor, Ledger, NewDue, Silenced
from responder.core.clock import BY_CLOCK, CLOCK, RELEASED, is_ahead
from responder.core.decision import Decision, Reply, Skip
from responder.core.errors import LedgerError, TransientError
from responder.core.limits.rates import domain_of
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from responder.core.pipeline import Judgement, Pipeline
from responder.live.answer import Fresh
from responder.live.clock import ClockWitness, uptime
from responder.live.health import MailboxLog
from responder.live.judge import judge_batch, judge_safely, name_of
from responder.live.ports import Folder

Times = list[tuple[Uid, datetime | None]]
"""Messages and when the server received them."""

SLICE = 500
"""Messages judged per ledger transaction while catching up: a crash repeats at most this much reading."""

AFTER_TROUBLE = 10
"""A slice that ended the session is taken in this many parts by the next one, so that the cursor moves."""

UIDVALIDITY_MARGIN = timedelta(seconds=2)
"""After a UIDVALIDITY change only mail not older than the latest judged, less this, is looked at."""


@dataclass(slots=True)
class Batch:
    """What becomes of the messages of one transaction."""

    due: list[NewDue] = field(default_factory=list)
    silenced: list[Silenced] = field(default_factory=list)
    fresh: list[Fresh] = field(default_factory=list)


class Intake:
    """Judges the new mail of one folder.

    Args:
        mailbox: the mailbox's identity.
        folder: the folder's name.
        pipeline: gives how to judge now; a reload replaces it.
        ledger: keeps the cursor and what is due.
        log: the mailbox's.
        witness: compares the mail's times with the clock.
        answer: gets what is worth a reply, judged, after it was recorded.
        clock: the present, aware.
    """

    def __init__(
        self,
        *,
        mailbox: str,
        folder: str,
        pipeline: Callable[[], Pipeline],
        ledger: Ledger,
        log: MailboxLog,
        witness: ClockWitness,
        answer: Callable[[Sequence[Fresh]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._mailbox = mailbox
        self._folder_name = folder
        self._pipeline = pipeline
        self._ledger = ledger
        self._log = log
        self._witness = witness
        self._answer = answer
        self._clock = clock
        self._slice = SLICE
        self._first_try: float | None = None
        self.is_held = False

    # -- where to begin ------------------------------------------------------------------------------------------------

    async def note_first_try(self) -> None:
        """Before the first connection: mail that arrives while it fails belongs to a first start."""
        now = self._clock()
        if self._first_try is None and now >= RELEASED:
            tried = await self._ledger.first_try(self._mailbox, self._folder_name, now)
            self._first_try = uptime() - max((now - tried).total_seconds(), 0.0)

    async def align(self, folder: Folder, state: FolderState, uid_validity: UidValidity) -> None:
        """Make the cursor fit the folder: a baseline at first, a careful new look after a UIDVALIDITY change."""
        self._witness.begin_session()
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            await self._begin(folder, state, uid_validity)
        elif cursor.uid_validity != uid_validity:
            self._log.write(Event.RENUMBERED)
            await self._look_again(folder, cursor, uid_validity)

    async def _begin(self, folder: Folder, state: FolderState, uid_validity: UidValidity) -> None:
        """The first start: what is there stays unanswered, but for what arrived since the first try to connect."""
        now = self._clock()
        times = await folder.received_times(Uid(1), None)
        last = Uid(state.uid_next - 1) if state.uid_next is not None else times[-1][0] if times else Uid(0)
        late = [(uid, at) for uid, at in times if uid <= last and self._is_late(at, now)]
        if any(at is not None and is_ahead(at, now) for _, at in times):
            late = []  # this clock cannot tell what arrived when
        self._log.write(Event.BASELINE, last_uid=last)
        await self._take_in(folder, late, Cursor(uid_validity, last, now if now >= RELEASED else None))

    def _is_late(self, received_at: datetime | None, now: datetime) -> bool:
        """Whether it arrived after the first try to connect, by the clock as it is now."""
        if received_at is None or self._first_try is None:
            return False
        since = now - timedelta(seconds=uptime() - self._first_try)
        return received_at >= since.replace(microsecond=0)  # INTERNALDATE has whole seconds

    async def _look_again(self, folder: Folder, old: Cursor, uid_validity: UidValidity) -> None:
        """The same mail under new UIDs: only what was due, or came in at the end, is judged again."""
        rescue = await self._ledger.rescue(self._mailbox, self._folder_name, uid_validity)
        latest = old.latest_received_at
        newest = latest - UIDVALIDITY_MARGIN if latest is not None else self._clock()
        oldest = min(filter(None, (newest, rescue.earliest_due_received_at)), default=newest)
        times = await folder.received_times(Uid(1), None)
        uids = [uid for uid, received_at in times if received_at is not None and received_at >= oldest]
        found = Batch()
        async for batch in folder.fetch(uids, uid_validity):
            for fetched in batch:
                await self._consider_again(fetched, newest, found)
        last = times[-1][0] if times else Uid(0)
        await self._record(Cursor(uid_validity, last, latest), found)

    async def _consider_again(self, fetched: FetchedMessage, newest: datetime, found: Batch) -> None:
        now = self._clock()
        judgement = judge_safely(self._pipeline(), fetched, now, self._log)
        entry = _entry(judgement, now)
        if entry is None or (isinstance(entry, NewDue) and await self._ledger.carry_over(fetched.key, entry.message)):
            return
        if entry.received_at < newest:
            return
        if isinstance(entry, Silenced):
            found.silenced.append(entry)
        elif not await self._is_answered(judgement.decision, entry.message):
            found.due.append(entry)

    async def _is_answered(self, decision: Decision, name: str) -> bool:
        return isinstance(decision, Reply) and await self._ledger.answered(decision.correspondent.identity, name)

    # -- new mail ------------------------------------------------------------------------------------------------------

    async def take_in_new(self, folder: Folder) -> bool:
        """Judge all above the cursor, slice by slice; what is due is written with the cursor that passed it.

        Returns:
            Whether there was anything; False also while the clock is disbelieved, and the cursor stays.
        """
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            raise LedgerError(
                "the ledger lost a cursor while running: stop the service and look at the state directory"
            )
        self._witness.look()
        times = await folder.received_times(Uid(cursor.last_uid + 1), None)
        self.is_held = self._witness.holds([received_at for _, received_at in times])
        if self.is_held:
            return False
        start = 0
        while start < len(times):
            part = times[start : start + self._slice]
            cursor = await self._take_in_carefully(folder, part, cursor)
            start += len(part)
            self._log.health.alive()
        return bool(times)

    async def _take_in_carefully(self, folder: Folder, times: Times, cursor: Cursor) -> Cursor:
        """Take in one slice; the next one is smaller if it fails, and may be larger again if it does not."""
        try:
            following = await self._take_in(folder, times, cursor)
        except TransientError:
            self._slice = max(len(times) // AFTER_TROUBLE, 1)
            raise
        self._slice = min(self._slice * 2, SLICE)
        return following

    async def _take_in(self, folder: Folder, times: Times, cursor: Cursor) -> Cursor:
        found = Batch()
        wanted = [uid for uid, received_at in times if not self._settled_by_time(uid, received_at, cursor.uid_validity)]
        if wanted:
            async for batch in folder.fetch(wanted, cursor.uid_validity):
                pipeline = self._pipeline()
                for fetched, judgement in await judge_batch(folder, batch, pipeline, self._clock(), self._log):
                    self._take_in_one(fetched, judgement, pipeline, found)
        last = max([cursor.last_uid, *(uid for uid, _ in times[-1:])])
        following = Cursor(cursor.uid_validity, last, self._latest(times, cursor.latest_received_at))
        await self._record(following, found)
        self._answer(found.fresh)
        return following

    async def _record(self, cursor: Cursor, found: Batch) -> None:
        await self._ledger.record(self._mailbox, self._folder_name, cursor, found.due, found.silenced)

    def _settled_by_time(self, uid: Uid, received_at: datetime | None, uid_validity: UidValidity) -> bool:
        """Came in working hours: its headers are not even fetched, unless its time and the clock disagree."""
        if received_at is None or received_at > self._clock() or self._witness.error_of(received_at):
            return False
        key = MessageKey(self._mailbox, self._folder_name, uid_validity, uid)
        judgement = self._pipeline().judge_by_time(key, received_at)
        if judgement is not None:
            self._witness.note(received_at, None)
            self._log.skipped(judgement)
        return judgement is not None

    def _take_in_one(self, fetched: FetchedMessage, judgement: Judgement, pipeline: Pipeline, found: Batch) -> None:
        now = self._clock()
        judgement = self._listed(judgement)
        self._witness.note(fetched.received_at, judgement.message)
        match _entry(judgement, now):
            case NewDue() as entry:
                found.due.append(entry)
            case Silenced() as entry:
                found.silenced.append(entry)
            case None:
                pass
        match judgement.decision:
            case Reply():
                found.fresh.append(Fresh(fetched, judgement, pipeline))
            case Skip(rule=rule) if rule == CLOCK and fetched.received_at is not None:
                self._log.waits(judgement, fetched.received_at)
            case Skip():
                self._log.skipped(judgement)

    def _listed(self, judgement: Judgement) -> Judgement:
        """A silence that rests on a clock with which the mail disagrees may be wrong: the owner should look."""
        decision = judgement.decision
        if isinstance(decision, Reply) or decision.rule not in BY_CLOCK:
            return judgement
        if not self._witness.error_of(judgement.received_at):
            return judgement
        return replace(judgement, decision=replace(decision, maybe_person=True))

    def _latest(self, times: Times, before: datetime | None) -> datetime | None:
        """The latest time of arrival judged, never ahead of our clock: a client may APPEND with any date."""
        now = self._clock()
        known = [min(received_at, now) for _, received_at in times if received_at is not None]
        return max([*known, *([before] if before is not None else [])], default=None)


def _entry(judgement: Judgement, now: datetime) -> NewDue | Silenced | None:
    """What the ledger keeps of a message: a reply that is due, or a silence that rests on the clock."""
    key, received_at, decision, message = judgement.key, judgement.received_at, judgement.decision, judgement.message
    if message is None or received_at is None:
        return None
    name = name_of(message)
    match decision:
        case Reply():
            whom = decision.correspondent
            return NewDue(key, name, received_at, now, decision.proof, domain_of(whom), correspondent=whom.identity)
        case Skip(rule=rule) if rule == CLOCK:
            return NewDue(key, name, received_at, received_at, held=CLOCK)
        case Skip(rule=rule) if rule in BY_CLOCK:
            return Silenced(key, name, received_at, now)
        case Skip():
            return None
