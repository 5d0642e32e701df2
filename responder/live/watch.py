"""Watch one mailbox: a session after another, and in each: what is new, what is due, wait."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from responder.adapters.imap import FolderState
from responder.adapters.ledger import Cursor, Ledger, NewDue
from responder.core.decision import Reply, Skip
from responder.core.errors import AuthenticationError, LedgerError, PermanentError, TransientError
from responder.core.limits.backoff import Backoff
from responder.core.limits.rates import domain_of
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from responder.core.pipeline import Pipeline
from responder.live.alarm import Alarm
from responder.live.answer import Answerer
from responder.live.judge import failed_recipients, judge_safely, name_of
from responder.live.ports import Folder, Sender
from responder.live.telling import Health, Teller

Times = list[tuple[Uid, "datetime | None"]]

SLICE = 500
"""Messages judged per ledger transaction while catching up: a crash repeats at most this much reading."""

AFTER_TROUBLE = 10
"""A slice that ended the session is taken in so many parts by the next one, so that the cursor moves all the same."""

ROUND_INTERVAL = 240.0
"""Seconds between two full looks into the folder, whatever IDLE says: servers may stop announcing."""

FOLLOW_UP = 0.5
"""Seconds until the next look after one that found mail: some servers never announce what arrived during the look."""

SESSION_MAX = 6 * 3600.0
"""Seconds after which a healthy connection is renewed: a fresh EXAMINE sees a new UIDVALIDITY."""

STABLE_AFTER = 60.0
"""A session that lived this many seconds was a good one: the next failure starts the backoff from its beginning."""

UIDVALIDITY_MARGIN = timedelta(seconds=2)
"""After a UIDVALIDITY change only mail not older than the latest judged, less this, is looked at."""

RECONNECT = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=60))
ASK_A_PERSON = Backoff(base=timedelta(minutes=5), cap=timedelta(hours=1))
"""For what only a person can mend: a missing folder, a server that offers no TLS."""
AFTER_REFUSED_LOGIN = Backoff(base=timedelta(hours=1), cap=timedelta(hours=8))
"""From the third refused login on: about ten logins a day at most, so that nobody's account is locked."""
LOGINS_BEFORE_PATIENCE = 3


class MailboxService:
    """Watches one mailbox and answers its mail until cancelled.

    Args:
        label: how log lines name this mailbox (never an address where a journal keeps them).
        mailbox: the mailbox's identity, the ledger's name for it.
        folder: the folder's name.
        pipeline: how to judge and compose; may be replaced at any time (a reload).
        new_folder: makes an unconnected ``Folder``.
        clock: the present, aware.
        alarm: the daemon's, for its breaker.
    """

    def __init__(
        self,
        *,
        label: str,
        mailbox: str,
        folder: str,
        pipeline: Pipeline,
        new_folder: Callable[[], Folder],
        sender: Sender,
        ledger: Ledger,
        clock: Callable[[], datetime],
        alarm: Alarm | None = None,
    ) -> None:
        self.pipeline = pipeline
        self._teller = Teller(label)
        self._mailbox = mailbox
        self._folder_name = folder
        self._new_folder = new_folder
        self._sender = sender
        self._ledger = ledger
        self._clock = clock
        self._wake = asyncio.Event()
        self._slice = SLICE
        self._answerer = Answerer(
            mailbox=mailbox,
            folder=folder,
            pipeline=lambda: self.pipeline,
            sender=sender,
            ledger=ledger,
            teller=self._teller,
            alarm=alarm or Alarm(),
            wake=self.wake,
            clock=clock,
        )

    @property
    def label(self) -> str:
        """How log lines name this mailbox."""
        return self._teller.label

    @label.setter
    def label(self, label: str) -> None:
        self._teller.label = label

    @property
    def health(self) -> Health:
        """What can be said of this mailbox now."""
        return self._teller.health

    def wake(self) -> None:
        """Look again now: the hours changed, or there is more to answer."""
        self._wake.set()

    # -- a session after another ---------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Watch for ever. Only cancellation ends it; then replies that are being sent get a few seconds."""
        failures = 0
        try:
            while True:
                started = time.monotonic()
                trouble = await self._session_result()
                failures = 1 if time.monotonic() - started > STABLE_AFTER else failures + 1
                if trouble is not None:
                    self._teller.trouble(trouble, failures)
                    await self._pause(wait_after(trouble, failures, random.random()))  # noqa: S311 - jitter, not a secret
        finally:
            await self._answerer.finish()
            await self._sender.close()

    async def _session_result(self) -> Exception | None:
        """One connection's life; None when it was ended on purpose."""
        folder = self._new_folder()
        try:
            await self._session(folder)
        except Exception as error:  # noqa: BLE001 - what breaks one session must never end the watching
            return error
        finally:
            self._teller.not_watching()
            await folder.close()
        return None

    async def _session(self, folder: Folder) -> None:
        state = await folder.connect()
        if state.uid_validity is None:
            raise PermanentError(
                self.label,
                "the server gives no UIDVALIDITY",
                cure="Mail cannot be remembered safely there: ask its provider",
            )
        await self._align(folder, state, state.uid_validity)
        self._teller.watching()
        ends = time.monotonic() + SESSION_MAX
        while time.monotonic() < ends:
            self._wake.clear()
            found = await self._take_in_new(folder)
            await self._answerer.take_up_due(folder, state.uid_validity)
            self.health.alive()
            longest = FOLLOW_UP if found else ROUND_INTERVAL
            await folder.wait(await self._answerer.until_next(longest), self._wake)

    async def _pause(self, seconds: float) -> None:
        """Wait before the next session, with a sign of life now and then."""
        ends = time.monotonic() + seconds
        self._wake.clear()
        while (left := ends - time.monotonic()) > 0 and not self._wake.is_set():
            self.health.alive()
            try:
                async with asyncio.timeout(min(left, 30.0)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    # -- where to begin ------------------------------------------------------------------------------------------------

    async def _align(self, folder: Folder, state: FolderState, uid_validity: UidValidity) -> None:
        """Make the cursor fit the folder: a baseline at first, a careful new look after a UIDVALIDITY change."""
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            last = await self._last_uid(folder, state)
            await self._ledger.record(self._mailbox, self._folder_name, Cursor(uid_validity, last, self._clock()), [])
            self._teller.say("first start: what is already there stays unanswered", last_uid=last)
        elif cursor.uid_validity != uid_validity:
            self._teller.say(
                "the folder's UIDVALIDITY changed; looking again at the latest mail only", level=logging.WARNING
            )
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
        judgement = judge_safely(self.pipeline, fetched, self._clock(), self._teller)
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

    async def _take_in_new(self, folder: Folder) -> bool:
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
            self.health.alive()
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
        fresh: list[FetchedMessage] = []
        dead: list[str] = []
        async for batch in folder.fetch(wanted, cursor.uid_validity):
            for fetched in batch:
                dead += self._take_in_one(fetched, due, fresh)
        if dead:
            await self._ledger.note_refused(self._mailbox, dead, self._clock())
        following = Cursor(cursor.uid_validity, times[-1][0], self._latest(times, cursor.latest_received_at))
        await self._ledger.record(self._mailbox, self._folder_name, following, due)
        self._answerer.start(fresh)
        return following

    def _settled_by_time(self, uid: Uid, received_at: datetime | None, uid_validity: UidValidity) -> bool:
        """Came in working hours: its headers are not even fetched. A time ahead of ours is for the policy to judge."""
        if received_at is None or received_at > self._clock():
            return False
        key = MessageKey(self._mailbox, self._folder_name, uid_validity, uid)
        judgement = self.pipeline.judge_by_time(key, received_at)
        if judgement is not None:
            self._teller.skipped(judgement)
        return judgement is not None

    def _take_in_one(self, fetched: FetchedMessage, due: list[NewDue], fresh: list[FetchedMessage]) -> list[str]:
        """Judge one; gives the addresses that it reports as dead, if it is a bounce."""
        now = self._clock()
        judgement = judge_safely(self.pipeline, fetched, now, self._teller)
        if isinstance(judgement.decision, Skip):
            self._teller.skipped(judgement)
            return failed_recipients(judgement.message) if judgement.message is not None else []
        assert judgement.message is not None and fetched.received_at is not None  # noqa: S101, PT018 - a Reply has both
        due.append(_new_due(fetched.key, name_of(judgement.message), fetched.received_at, now, judgement.decision))
        fresh.append(fetched)
        return []

    def _latest(self, times: Times, before: datetime | None) -> datetime | None:
        """The latest time of arrival judged, never ahead of our clock: a client may APPEND with any date."""
        now = self._clock()
        known = [min(received_at, now) for _, received_at in times if received_at is not None]
        return max([*known, *([before] if before is not None else [])], default=None)


def _new_due(key: MessageKey, name: str, received_at: datetime, now: datetime, reply: Reply) -> NewDue:
    return NewDue(key, name, received_at, now, reply.proof, domain_of(reply.correspondent))


def wait_after(trouble: Exception, failures: int, fraction: float) -> float:
    """Seconds until the next session.

    Args:
        trouble: why the last one ended.
        failures: how many in a row.
        fraction: a random number in [0, 1), for jitter.
    """
    match trouble:
        case AuthenticationError() if failures >= LOGINS_BEFORE_PATIENCE:
            wait = AFTER_REFUSED_LOGIN.delay(failures - LOGINS_BEFORE_PATIENCE + 1, fraction)
        case PermanentError():
            wait = ASK_A_PERSON.delay(failures, fraction)
        case TransientError(retry_after=float(asked)):
            wait = max(RECONNECT.delay(failures, fraction), timedelta(seconds=asked))
        case _:
            wait = RECONNECT.delay(failures, fraction)
    return wait.total_seconds()
