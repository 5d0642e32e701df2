"""Take in new mail: judge it, and write what is due together with the cursor that passed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from responder.adapters.events import Event
from responder.adapters.imap import FolderState
from responder.adapters.ledger import Cursor, Ledger, NewDue
from responder.core.decision import Reply, Skip
from responder.core.errors import LedgerError, TransientError
from responder.core.limits.rates import domain_of
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from responder.core.pipeline import Pipeline
from responder.live.answer import Fresh
from responder.live.health import MailboxLog
from responder.live.judge import judge_safely, name_of
from responder.live.ports import Folder

Times = list[tuple[Uid, datetime | None]]
"""Messages and when the server received them."""

SLICE = 500
"""Messages judged per ledger transaction while catching up: a crash repeats at most this much reading."""

AFTER_TROUBLE = 10
"""A slice that ended the session is taken in so many parts by the next one, so that the cursor moves all the same."""

UIDVALIDITY_MARGIN = timedelta(seconds=2)
"""After a UIDVALIDITY change only mail not older than the latest judged, less this, is looked at."""


class Intake:
    """Judges the new mail of one folder.

    Args:
        mailbox: the mailbox's identity.
        folder: the folder's name.
        pipeline: gives how to judge now; a reload replaces it.
        ledger: keeps the cursor and what is due.
        log: the mailbox's.
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
        answer: Callable[[Sequence[Fresh]], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._mailbox = mailbox
        self._folder_name = folder
        self._pipeline = pipeline
        self._ledger = ledger
        self._log = log
        self._answer = answer
        self._clock = clock
        self._slice = SLICE

    # -- where to begin ------------------------------------------------------------------------------------------------

    async def align(self, folder: Folder, state: FolderState, uid_validity: UidValidity) -> None:
        """Make the cursor fit the folder: a baseline at first, a careful new look after a UIDVALIDITY change."""
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            last = await self._last_uid(folder, state)
            await self._ledger.record(self._mailbox, self._folder_name, Cursor(uid_validity, last, self._clock()), [])
            self._log.write(Event.BASELINE, last_uid=last)
        elif cursor.uid_validity != uid_validity:
            self._log.write(Event.RENUMBERED)
            await self._look_again(folder, cursor, uid_validity)

    async def _last_uid(self, folder: Folder, state: FolderState) -> Uid:
        if state.uid_next is not None:
            return Uid(state.uid_next - 1)
        times = await folder.received_times(Uid(1), None)
        return times[-1][0] if times else Uid(0)

    async def _look_again(self, folder: Folder, old: Cursor, uid_validity: UidValidity) -> None:
        """The same mail under new UIDs: only what was due, or came in at the end, is judged again."""
        rescue = await self._ledger.rescue(self._mailbox, self._folder_name, uid_validity)
        latest = old.latest_received_at
        newest = latest - UIDVALIDITY_MARGIN if latest is not None else self._clock()
        oldest = min(filter(None, (newest, rescue.earliest_due_received_at)), default=newest)
        times = await folder.received_times(Uid(1), None)
        uids = [uid for uid, received_at in times if received_at is not None and received_at >= oldest]
        due: list[NewDue] = []
        async for batch in folder.fetch(uids, uid_validity):
            for fetched in batch:
                await self._consider_again(fetched, newest, due)
        last = times[-1][0] if times else Uid(0)
        await self._ledger.record(self._mailbox, self._folder_name, Cursor(uid_validity, last, latest), due)

    async def _consider_again(self, fetched: FetchedMessage, newest: datetime, due: list[NewDue]) -> None:
        judgement = judge_safely(self._pipeline(), fetched, self._clock(), self._log)
        decision, message = judgement.decision, judgement.message
        if not isinstance(decision, Reply) or message is None or fetched.received_at is None:
            return
        name = name_of(message)
        if await self._ledger.carry_over(fetched.key, name):
            return
        is_new = fetched.received_at >= newest
        if is_new and not await self._ledger.answered(decision.correspondent.identity, name):
            due.append(_new_due(fetched.key, name, fetched.received_at, self._clock(), decision))

    # -- new mail ------------------------------------------------------------------------------------------------------

    async def take_in_new(self, folder: Folder) -> bool:
        """Judge all above the cursor, slice by slice; what is due is written with the cursor that passed it.

        Returns:
            Whether there was anything.
        """
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            raise LedgerError(
                "the ledger lost a cursor while running: stop the service and look at the state directory"
            )
        times = await folder.received_times(Uid(cursor.last_uid + 1), None)
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
        wanted = [uid for uid, received_at in times if not self._settled_by_time(uid, received_at, cursor.uid_validity)]
        due: list[NewDue] = []
        fresh: list[Fresh] = []
        async for batch in folder.fetch(wanted, cursor.uid_validity):
            for fetched in batch:
                self._take_in_one(fetched, due, fresh)
        following = Cursor(cursor.uid_validity, times[-1][0], self._latest(times, cursor.latest_received_at))
        await self._ledger.record(self._mailbox, self._folder_name, following, due)
        self._answer(fresh)
        return following

    def _settled_by_time(self, uid: Uid, received_at: datetime | None, uid_validity: UidValidity) -> bool:
        """Came in working hours: its headers are not even fetched. A time ahead of ours is for the policy to judge."""
        if received_at is None or received_at > self._clock():
            return False
        key = MessageKey(self._mailbox, self._folder_name, uid_validity, uid)
        judgement = self._pipeline().judge_by_time(key, received_at)
        if judgement is not None:
            self._log.skipped(judgement)
        return judgement is not None

    def _take_in_one(self, fetched: FetchedMessage, due: list[NewDue], fresh: list[Fresh]) -> None:
        """Judge one, and note it as due if it gets a reply."""
        now, pipeline = self._clock(), self._pipeline()
        judgement = judge_safely(pipeline, fetched, now, self._log)
        if isinstance(judgement.decision, Skip):
            self._log.skipped(judgement)
            return
        assert judgement.message is not None and fetched.received_at is not None  # noqa: S101, PT018 - a Reply has both
        due.append(_new_due(fetched.key, name_of(judgement.message), fetched.received_at, now, judgement.decision))
        fresh.append(Fresh(fetched, judgement, pipeline))

    def _latest(self, times: Times, before: datetime | None) -> datetime | None:
        """The latest time of arrival judged, never ahead of our clock: a client may APPEND with any date."""
        now = self._clock()
        known = [min(received_at, now) for _, received_at in times if received_at is not None]
        return max([*known, *([before] if before is not None else [])], default=None)


def _new_due(key: MessageKey, name: str, received_at: datetime, now: datetime, reply: Reply) -> NewDue:
    return NewDue(key, name, received_at, now, reply.proof, domain_of(reply.correspondent))
