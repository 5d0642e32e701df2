"""One live mailbox: watch, judge, claim, send, settle. Any number of these run side by side and share nothing but the ledger.

The mailbox is the queue. The ledger remembers which messages are due, so whatever goes wrong here, the next round (or the
next process) reads their headers again and decides again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, assert_never

from responder.backoff import Backoff
from responder.errors import AuthenticationError, LedgerError, PermanentError, ResponderError, TransientError
from responder.ledger import AlreadyAnswered, Claimed, Cursor, NewDue, NotDue
from responder.model import (
    Accepted,
    Deferred,
    FetchedMessage,
    MessageKey,
    Rejected,
    Reply,
    Skip,
    Uid,
    Unknown,
)
from responder.pipeline import Judgement

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from responder.ledger import Ledger
    from responder.mailbox import FolderState
    from responder.model import InboundMessage, Outcome, OutgoingReply, UidValidity
    from responder.pipeline import Pipeline

logger = logging.getLogger(__name__)

SLICE = 500
"""Messages judged per ledger transaction while catching up: a crash repeats at most this much reading."""

MAX_IN_FLIGHT = 32
"""Replies of one mailbox between claim and settle; the rest stay ``due`` in the ledger, not in memory."""

ROUND_INTERVAL = 240.0
"""Seconds between two full looks into the folder, whatever IDLE says: servers may stop announcing (FAULTS 7)."""

SESSION_MAX = 6 * 3600.0
"""Seconds after which a healthy connection is renewed: a fresh EXAMINE sees a new UIDVALIDITY, and leaks end (FAULTS 25)."""

STABLE_AFTER = 60.0
"""A session that lived this many seconds was a good one: the next failure starts the backoff from its beginning."""

STOP_GRACE = 5.0
"""Seconds that replies already being sent may take when the service stops; then they count as cut off."""

UIDVALIDITY_MARGIN = timedelta(seconds=2)
"""After a UIDVALIDITY change only mail not older than the latest judged, less this, is looked at (DESIGN §5)."""

RECONNECT = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=60))
RESEND = Backoff(base=timedelta(seconds=30), cap=timedelta(minutes=15))
ASK_A_PERSON = Backoff(base=timedelta(minutes=5), cap=timedelta(hours=1))
"""For what only a person can mend: a missing folder, a server that offers no TLS."""
AFTER_REFUSED_LOGIN = Backoff(base=timedelta(hours=1), cap=timedelta(hours=8))
"""From the third refused login on: about ten logins a day at most, so that nobody's account is locked (FAULTS 33)."""
LOGINS_BEFORE_PATIENCE = 3


class Folder(Protocol):
    """One EXAMINEd IMAP folder on one connection.

    Every method raises ``TransientError`` when the connection is lost or too slow, and is then of no further use but
    ``close``. None of them changes anything on the server.
    """

    async def connect(self) -> FolderState:
        """Log in and EXAMINE. Also raises AuthenticationError and PermanentError."""
        ...

    async def received_times(self, first: Uid, last: Uid | None) -> list[tuple[Uid, datetime | None]]:
        """UID and INTERNALDATE of everything in ``[first, last]``, ascending."""
        ...

    def fetch(self, uids: Sequence[Uid], uid_validity: UidValidity) -> AsyncIterator[list[FetchedMessage]]:
        """Headers, in batches; a UID that is gone is absent."""
        ...

    async def wait(self, timeout: float, wake: asyncio.Event) -> bool:  # noqa: ASYNC109 - it is how long to watch
        """Watch for new mail; True when there may be some. Returns early when ``wake`` is set."""
        ...

    async def close(self) -> None:
        """Never raises, never takes long."""
        ...


class Sender(Protocol):
    """A mailbox's way out."""

    async def send(self, reply: OutgoingReply, fallback: OutgoingReply | None = None) -> Outcome:
        """Hand one reply over; every failure is an outcome.

        Args:
            reply: what to send.
            fallback: the same reply written From the mailbox's own address, for servers that refuse an alias.
        """
        ...

    async def close(self) -> None:
        """Drop the connections."""
        ...


@dataclass(slots=True)
class Health:
    """What can be said of one mailbox at this moment; read by the daemon for its status line.

    Attributes:
        watching: the folder is open and watched.
        trouble: what is wrong and what to do, or None.
        beat: monotonic seconds of the last sign of life of the watching loop.
        done: how many messages ended in which way since the start.
    """

    watching: bool = False
    trouble: str | None = None
    beat: float = field(default_factory=time.monotonic)
    done: Counter[str] = field(default_factory=Counter)


class MailboxService:
    """Watches one mailbox and answers its mail until cancelled.

    Args:
        label: how log lines name this mailbox (never an address where a journal keeps them).
        mailbox: the mailbox's identity, the ledger's name for it.
        folder: the folder's name.
        pipeline: how to judge and compose; may be replaced at any time (a reload).
        new_folder: makes an unconnected ``Folder``.
        clock: the present, aware.
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
    ) -> None:
        self.label = label
        self.health = Health()
        self.pipeline = pipeline
        self._mailbox = mailbox
        self._folder_name = folder
        self._new_folder = new_folder
        self._sender = sender
        self._ledger = ledger
        self._clock = clock
        self._wake = asyncio.Event()
        self._answers: dict[MessageKey, asyncio.Task[None]] = {}
        self._deferrals: Counter[MessageKey] = Counter()
        self._more_due = False

    # -- the outer loop: a session after another -----------------------------------------------------------------------

    async def run(self) -> None:
        """Watch for ever. Only cancellation ends it; then replies that are being sent get ``STOP_GRACE`` seconds."""
        failures = 0
        try:
            while True:
                started = time.monotonic()
                trouble = await self._session_result()
                lived = time.monotonic() - started
                failures = 1 if lived > STABLE_AFTER else failures + 1
                if trouble is None:
                    continue
                self._report(trouble, failures)
                await self._pause(self._wait_after(trouble, failures))
        finally:
            self.health.watching = False
            await self._finish_answers()
            await self._sender.close()

    async def _session_result(self) -> Exception | None:
        """One connection's life; None when it was ended on purpose."""
        folder = self._new_folder()
        try:
            await self._session(folder)
        except Exception as error:  # noqa: BLE001 - whatever breaks one session must never end the watching (FAULTS 11, 12)
            return error
        finally:
            self.health.watching = False
            await folder.close()
        return None

    async def _session(self, folder: Folder) -> None:
        state = await folder.connect()
        if state.uid_validity is None:
            raise PermanentError(
                self.label, "the server gives no UIDVALIDITY", cure="Mail cannot be remembered safely there; ask its provider"
            )
        await self._align(folder, state, state.uid_validity)
        self._report_watching()
        ends = time.monotonic() + SESSION_MAX
        while time.monotonic() < ends:
            self._wake.clear()
            await self._take_in_new(folder, state.uid_validity)
            await self._take_up_due(folder, state.uid_validity)
            self.health.beat = time.monotonic()
            await folder.wait(await self._until_next_due(), self._wake)

    def wake(self) -> None:
        """Look again now: the hours changed, or the way out is open again."""
        self._wake.set()

    # -- where to begin ------------------------------------------------------------------------------------------------

    async def _align(self, folder: Folder, state: FolderState, uid_validity: UidValidity) -> None:
        """Make the cursor fit the folder: a baseline at the first start, a careful new look after a UIDVALIDITY change."""
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            last = await self._last_uid(folder, state)
            await self._ledger.record(self._mailbox, self._folder_name, Cursor(uid_validity, last, self._clock()), [])
            self._log("first start: what is already there stays unanswered", last_uid=last)
        elif cursor.uid_validity != uid_validity:
            self._log("the folder's UIDVALIDITY changed; looking again at the latest mail only", level=logging.WARNING)
            await self._look_again(folder, cursor, uid_validity)

    async def _last_uid(self, folder: Folder, state: FolderState) -> Uid:
        if state.uid_next is not None:
            return Uid(state.uid_next - 1)
        times = await folder.received_times(Uid(1), None)
        return times[-1][0] if times else Uid(0)

    async def _look_again(self, folder: Folder, old: Cursor, uid_validity: UidValidity) -> None:
        """The same mail under new UIDs: only what was due, or came in at the end, is judged again (DESIGN §5)."""
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
        judgement = self._judge(fetched)
        decision, message = judgement.decision, judgement.message
        if not isinstance(decision, Reply) or message is None or fetched.received_at is None:
            return
        name = _name_of(message)
        if await self._ledger.carry_over(fetched.key, name):
            return
        is_new = fetched.received_at >= newest
        if is_new and not await self._ledger.answered(decision.correspondent.identity, name):
            due.append(NewDue(fetched.key, name, fetched.received_at, self._clock()))

    # -- new mail ------------------------------------------------------------------------------------------------------

    async def _take_in_new(self, folder: Folder, uid_validity: UidValidity) -> None:
        """Judge everything above the cursor, slice by slice; write what is due together with the cursor that passed it."""
        cursor = await self._ledger.cursor(self._mailbox, self._folder_name)
        if cursor is None:
            raise LedgerError("the ledger lost a cursor while running; stop the service and look at the state directory")
        times = await folder.received_times(Uid(cursor.last_uid + 1), None)
        for start in range(0, len(times), SLICE):
            piece = times[start : start + SLICE]
            cursor = await self._take_in(folder, uid_validity, piece, cursor)
            self.health.beat = time.monotonic()
            await self._take_up_due(folder, uid_validity)

    async def _take_in(
        self, folder: Folder, uid_validity: UidValidity, piece: list[tuple[Uid, datetime | None]], cursor: Cursor
    ) -> Cursor:
        due: list[NewDue] = []
        wanted: list[Uid] = []
        for uid, received_at in piece:
            key = self._key(uid, uid_validity)
            by_time = None if received_at is None else self.pipeline.judge_by_time(key, received_at)
            if by_time is None:
                wanted.append(uid)
            else:
                self._note_skip(by_time)
        fresh: dict[MessageKey, FetchedMessage] = {}
        async for batch in folder.fetch(wanted, uid_validity):
            for fetched in batch:
                self._sort_out(fetched, due, fresh)
        following = Cursor(uid_validity, piece[-1][0], self._latest(piece, cursor.latest_received_at))
        await self._ledger.record(self._mailbox, self._folder_name, following, due)
        self._start_answers(list(fresh.values()))
        return following

    def _sort_out(self, fetched: FetchedMessage, due: list[NewDue], fresh: dict[MessageKey, FetchedMessage]) -> None:
        judgement = self._judge(fetched)
        if isinstance(judgement.decision, Skip):
            self._note_skip(judgement)
            return
        assert judgement.message is not None and fetched.received_at is not None  # noqa: S101, PT018 - a Reply has both
        due.append(NewDue(fetched.key, _name_of(judgement.message), fetched.received_at, self._clock()))
        fresh[fetched.key] = fetched

    def _judge(self, fetched: FetchedMessage) -> Judgement:
        """Judge one message; whatever goes wrong with it falls to the quiet side and to the log, never on the others."""
        try:
            return self.pipeline.judge(fetched, now=self._clock())
        except Exception:
            logger.exception("a message could not be judged; it stays unanswered", extra=self._about(fetched.key))
            skip = Skip("unreadable", "judging it failed; see the log", maybe_person=True)
            return Judgement(fetched.key, fetched.received_at, None, skip, None)

    def _latest(self, piece: list[tuple[Uid, datetime | None]], before: datetime | None) -> datetime | None:
        """The latest time of arrival judged, never ahead of our clock: a client may APPEND with any date."""
        now = self._clock()
        times = [min(received_at, now) for _, received_at in piece if received_at is not None]
        return max([*times, *([before] if before is not None else [])], default=None)

    # -- answering -----------------------------------------------------------------------------------------------------

    async def _take_up_due(self, folder: Folder, uid_validity: UidValidity) -> None:
        """Read again what is due and not being answered (a retry, or what an earlier process left), and answer it."""
        room = MAX_IN_FLIGHT - len(self._answers)
        self._more_due = room <= 0
        if self._more_due:
            return
        now = self._clock()
        rows = await self._ledger.due(self._mailbox, self._folder_name)
        ready = [
            row.key
            for row in rows
            if row.not_before <= now and row.key.uid_validity == uid_validity and row.key not in self._answers
        ]
        self._more_due = len(ready) > room
        del ready[room:]
        if not ready:
            return
        found: dict[MessageKey, FetchedMessage] = {}
        async for batch in folder.fetch([key.uid for key in ready], uid_validity):
            found.update((fetched.key, fetched) for fetched in batch)
        for key in ready:
            if key not in found:
                await self._withdraw(key, "gone", "it is no longer in the folder")
        self._start_answers(list(found.values()))

    def _start_answers(self, messages: list[FetchedMessage]) -> None:
        room = MAX_IN_FLIGHT - len(self._answers)
        self._more_due = self._more_due or len(messages) > room
        for fetched in messages[:room]:
            task = asyncio.create_task(self._answer_safely(fetched), name=f"answer {self.label} {fetched.key.uid}")
            self._answers[fetched.key] = task

    async def _answer_safely(self, fetched: FetchedMessage) -> None:
        try:
            await self._answer(fetched)
        except LedgerError as error:
            self._log(f"nothing is sent: {error}", level=logging.ERROR, uid=fetched.key.uid)
            self._more_due = True
            await asyncio.sleep(RESEND.base.total_seconds())
        except Exception:
            logger.exception("answering failed; the message stays due", extra=self._about(fetched.key))
            self._more_due = True
            await asyncio.sleep(RESEND.base.total_seconds())
        finally:
            del self._answers[fetched.key]
            if self._more_due:
                self._wake.set()

    async def _answer(self, fetched: FetchedMessage) -> None:
        judgement = self._judge(fetched)
        if isinstance(judgement.decision, Skip):
            await self._withdraw(fetched.key, judgement.decision.rule, judgement.decision.why)
            return
        claim = await self._claim(judgement)
        match claim:
            case Claimed():
                await self._send(judgement, claim)
            case AlreadyAnswered():
                self._note(fetched.key, "withdrawn", rule="already-answered", why="this person was answered already")
            case NotDue():
                pass  # another round settled it meanwhile
            case _:
                assert_never(claim)

    async def _claim(self, judgement: Judgement) -> Claimed | AlreadyAnswered | NotDue:
        now = self._clock()
        period = self.pipeline.schedule.closed_period(now) or judgement.period
        assert isinstance(judgement.decision, Reply)  # noqa: S101 - _answer withdrew every Skip
        assert judgement.message is not None and period is not None  # noqa: S101, PT018 - a Reply has both
        return await self._ledger.claim(
            judgement.key,
            correspondent=judgement.decision.correspondent.identity,
            message=_name_of(judgement.message),
            at=now,
            answered_since=self.pipeline.answered_since(period, now),
        )

    async def _send(self, judgement: Judgement, claim: Claimed) -> None:
        """From here the claim is durable: every way out of this function settles it."""
        outcome: Outcome = Unknown("stopped while sending")
        try:
            reply, fallback = self._compose(judgement, claim.digest)
            outcome = await self._sender.send(reply, fallback)
        except ResponderError as error:
            outcome = Deferred(str(error))
        except Exception:
            logger.exception("composing or sending failed", extra=self._about(judgement.key))
            outcome = Deferred("an error of ours; see the log")
        finally:
            await asyncio.shield(self._settle(judgement.key, outcome))

    def _compose(self, judgement: Judgement, digest: str) -> tuple[OutgoingReply, OutgoingReply | None]:
        now = self._clock()
        reply = self.pipeline.reply(judgement, now=now, digest=digest)
        own = self.pipeline.rules.address
        if reply.from_address.identity == own.identity:
            return reply, None
        return reply, self.pipeline.reply(judgement, now=now, digest=digest, answered_as=own)

    async def _settle(self, key: MessageKey, outcome: Outcome) -> None:
        """Write the outcome; as long as the disk refuses it, keep trying: forgetting it would send twice."""
        self._deferrals[key] += 1
        attempt = self._deferrals[key]
        wait = RESEND.delay(attempt, random.random())  # noqa: S311 - jitter, not a secret
        while True:
            now = self._clock()
            try:
                state = await self._ledger.settle(key, outcome, at=now, retry_at=now + wait)
                break
            except LedgerError as error:
                self._log(f"an outcome cannot be written yet: {error}", level=logging.ERROR, uid=key.uid)
                await asyncio.sleep(RESEND.base.total_seconds())
        if state == "due":
            self._more_due = True
        else:
            del self._deferrals[key]
        self._note_outcome(key, state, outcome)

    async def _withdraw(self, key: MessageKey, rule: str, why: str) -> None:
        await self._ledger.withdraw(key, rule, self._clock())
        self._deferrals.pop(key, None)
        self._note(key, "withdrawn", rule=rule, why=why)

    async def _finish_answers(self) -> None:
        tasks = list(self._answers.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    # -- waiting -------------------------------------------------------------------------------------------------------

    async def _until_next_due(self) -> float:
        """Seconds to watch before the next round."""
        rows = await self._ledger.due(self._mailbox, self._folder_name)
        waiting = [row.not_before for row in rows if row.key not in self._answers]
        if not waiting or len(self._answers) >= MAX_IN_FLIGHT:
            return ROUND_INTERVAL
        return min(max((min(waiting) - self._clock()).total_seconds(), 0.0), ROUND_INTERVAL)

    def _wait_after(self, trouble: Exception, failures: int) -> float:
        fraction = random.random()  # noqa: S311 - jitter, not a secret
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

    async def _pause(self, seconds: float) -> None:
        """Wait before the next session, with a sign of life now and then."""
        ends = time.monotonic() + seconds
        self._wake.clear()
        while (left := ends - time.monotonic()) > 0 and not self._wake.is_set():
            self.health.beat = time.monotonic()
            try:
                async with asyncio.timeout(min(left, 30.0)):
                    await self._wake.wait()
            except TimeoutError:
                continue

    # -- telling -------------------------------------------------------------------------------------------------------

    def _key(self, uid: Uid, uid_validity: UidValidity) -> MessageKey:
        return MessageKey(self._mailbox, self._folder_name, uid_validity, uid)

    def _about(self, key: MessageKey) -> dict[str, object]:
        return {"mailbox": self.label, "uid": key.uid}

    def _log(self, text: str, *, level: int = logging.INFO, **facts: object) -> None:
        logger.log(level, text, extra={"mailbox": self.label, **facts})

    def _note(self, key: MessageKey, state: str, **facts: object) -> None:
        self.health.done[state] += 1
        self._log(state, uid=key.uid, **facts)

    def _note_skip(self, judgement: Judgement) -> None:
        decision = judgement.decision
        assert isinstance(decision, Skip)  # noqa: S101 - callers pass skips only
        facts = {"maybe_person": True} if decision.maybe_person else {}
        self._note(judgement.key, "skip", rule=decision.rule, **facts)

    def _note_outcome(self, key: MessageKey, state: str, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                self._note(key, state)
            case Deferred(reason=reason, cure=cure):
                self._log("not sent yet", level=logging.WARNING, uid=key.uid, why=reason, **({"cure": cure} if cure else {}))
            case Rejected(reason=reason) | Unknown(reason=reason):
                self._log(state, level=logging.WARNING, uid=key.uid, why=reason)
                self.health.done[state] += 1
            case _:
                assert_never(outcome)

    def _report_watching(self) -> None:
        self.health.watching = True
        self.health.beat = time.monotonic()
        if self.health.trouble is not None:
            self._log("watching again")
        else:
            self._log("watching")
        self.health.trouble = None

    def _report(self, trouble: Exception, failures: int) -> None:
        """Log transitions, not attempts: a night's outage is two lines (FAULTS 74)."""
        text = str(trouble) or type(trouble).__name__
        known = isinstance(trouble, ResponderError)
        if text != self.health.trouble or not known:
            level = logging.ERROR if isinstance(trouble, PermanentError) else logging.WARNING
            logger.log(
                level,
                "not watching; trying again",
                extra={"mailbox": self.label, "why": text, "attempt": failures},
                exc_info=None if known else trouble,
            )
        self.health.trouble = text


def _name_of(message: InboundMessage) -> str:
    """What the ledger knows a message by: its Message-ID, or else the hash of its headers (FAULTS 92)."""
    return message.message_id or message.fingerprint
