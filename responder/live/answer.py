"""Answer what is due: claim, compose, send, settle; a retry is judged again. Sending never holds up watching."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from responder.adapters.events import Event
from responder.adapters.ledger import AlreadyAnswered, Barred, Claim, Claimed, Ledger, NotDue, OverRate
from responder.core.clock import CLOCK, present
from responder.core.decision import Reply, Skip
from responder.core.errors import LedgerError, ResponderError
from responder.core.limits.backoff import Backoff
from responder.core.limits.rates import BREAKER
from responder.core.message import FetchedMessage, MessageKey, UidValidity
from responder.core.outcome import Accepted, Deferred, Outcome, OutgoingReply, Rejected, Unknown
from responder.core.pipeline import Judgement, Pipeline
from responder.live.health import BreakerState, MailboxLog
from responder.live.judge import judge_batch, judge_safely, name_of, terms_of
from responder.live.ports import Folder, Sender

MAX_IN_FLIGHT = 8
"""Replies of one mailbox between claim and settle: enough for its connections to be busy. The rest stay ``due``."""

STOP_GRACE = 4.0
"""Seconds that replies already being sent may take when the service stops; then they are cut off."""

STOP_SETTLING = 2.0
"""Seconds for the outcomes to be written when the service stops; the next start settles what was not."""

BUILT_IN = "-builtin"
"""How a reply's kind ends when the text that the file asks for failed and the built-in one goes out."""

RESEND = Backoff(base=timedelta(seconds=30), cap=timedelta(minutes=15))

REFUSED_WAIT = timedelta(minutes=10)
"""Until a reply is tried again whose refusal named no fault of the recipient."""

MAX_REFUSED = 1000
"""Refused replies kept in mind until one is accepted; older ones stay refused."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A message that was judged just now, and by which pipeline: a reload means judging it again."""

    fetched: FetchedMessage
    judgement: Judgement
    pipeline: Pipeline


class Answerer:
    """Answers the due messages of one folder, a bounded number at a time.

    Args:
        mailbox: the mailbox's identity.
        folder: the folder's name.
        pipeline: gives how to judge and compose now; a reload replaces it.
        wake: called when there is more to do than was taken up.
        breaker: informed when the breaker holds a reply.
        clock: the present, aware.
    """

    def __init__(
        self,
        *,
        mailbox: str,
        folder: str,
        pipeline: Callable[[], Pipeline],
        sender: Sender,
        ledger: Ledger,
        log: MailboxLog,
        breaker: BreakerState,
        wake: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._mailbox = mailbox
        self._folder_name = folder
        self._pipeline = pipeline
        self._sender = sender
        self._ledger = ledger
        self._log = log
        self._breaker = breaker
        self._wake = wake
        self._clock = clock
        self._tasks: dict[MessageKey, asyncio.Task[None]] = {}
        self._attempts: Counter[MessageKey] = Counter()
        self._text_failed_under: Pipeline | None = None
        self._more = False
        self._refused: deque[MessageKey] = deque(maxlen=MAX_REFUSED)
        self._stopping = asyncio.Event()

    # -- which ---------------------------------------------------------------------------------------------------------

    async def take_up_due(self, folder: Folder, uid_validity: UidValidity) -> None:
        """Read again what is due and not in hand (a retry, or what an earlier process left), and answer it."""
        keys = await self._ready(uid_validity)
        if not keys:
            return
        found: dict[MessageKey, FetchedMessage] = {}
        async for batch in folder.fetch([key.uid for key in keys], uid_validity):
            found.update((fetched.key, fetched) for fetched in batch)
        for key in keys:
            if key not in found:
                await self._withdraw(key, "gone", "it is no longer in the folder")
        pipeline = self._pipeline()
        judged = await judge_batch(folder, list(found.values()), pipeline, self._clock(), self._log)
        self.start([Fresh(fetched, judgement, pipeline) for fetched, judgement in judged])

    async def _ready(self, uid_validity: UidValidity) -> list[MessageKey]:
        room = MAX_IN_FLIGHT - len(self._tasks)
        keys = [key for key in await self._waiting() if key.uid_validity == uid_validity]
        self._more = len(keys) > room
        return keys[: max(room, 0)]

    async def _waiting(self) -> list[MessageKey]:
        """What may go out now and is not in hand, the newest first; more than there is room for, if there are more."""
        keys = await self._ledger.ready(self._mailbox, self._folder_name, self._clock(), 2 * MAX_IN_FLIGHT + 1)
        return [key for key in keys if key not in self._tasks]

    async def until_next(self, longest: float) -> float:
        """Seconds until something is due again, at most ``longest``."""
        if len(self._tasks) >= MAX_IN_FLIGHT:
            return longest
        if await self._waiting():
            return 0.0
        now = self._clock()
        following = await self._ledger.next_due(self._mailbox, self._folder_name, now)
        return longest if following is None else min((following - now).total_seconds(), longest)

    def _judged(self, fetched: FetchedMessage, pipeline: Pipeline) -> Fresh:
        return Fresh(fetched, judge_safely(pipeline, fetched, self._clock(), self._log), pipeline)

    def start(self, messages: Sequence[Fresh]) -> None:
        """Answer these if there is room for all; else they stay due, and the ledger says who goes first."""
        room = max(MAX_IN_FLIGHT - len(self._tasks), 0)
        if len(messages) > room:
            self._more = True
            self._wake()
            return
        for fresh in messages:
            key = fresh.fetched.key
            name = f"answer {self._log.label} {key.uid}"
            self._tasks[key] = asyncio.create_task(self._answer_safely(key, fresh), name=name)

    async def finish(self) -> None:
        """Let what is being sent end, for ``STOP_GRACE`` seconds; nothing is claimed from now on."""
        self._stopping.set()
        tasks = list(self._tasks.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=STOP_GRACE)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=STOP_SETTLING)

    # -- how -----------------------------------------------------------------------------------------------------------

    async def _answer_safely(self, key: MessageKey, fresh: Fresh) -> None:
        try:
            await self._answer(key, fresh)
        except LedgerError as error:
            self._log.write(Event.LEDGER_FAILED, uid=key.uid, why=str(error))
            await self._rest()
        except Exception as error:  # noqa: BLE001 - logged with its traceback; one message's trouble must not end the others
            self._log.write(Event.ANSWERING_FAILED, uid=key.uid, error=error)
            await self._rest()
        finally:
            del self._tasks[key]
            if self._more:
                self._wake()

    async def _rest(self) -> None:
        """Wait a while before the next attempt, but not past a stop."""
        self._more = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RESEND.base.total_seconds()):
                await self._stopping.wait()

    async def _answer(self, key: MessageKey, fresh: Fresh) -> None:
        if self._stopping.is_set():
            return
        pipeline = self._pipeline()
        if fresh.pipeline is not pipeline:
            fresh = self._judged(fresh.fetched, pipeline)
        judgement = fresh.judgement
        if isinstance(judgement.decision, Skip) and judgement.decision.rule == CLOCK:
            assert judgement.received_at is not None  # noqa: S101 - it lies ahead of the clock
            await self._ledger.postpone(key, judgement.received_at)
            return
        if isinstance(judgement.decision, Skip):
            await self._withdraw(key, judgement.decision.rule, judgement.decision.why)
            return
        claim = await self._claim(judgement)
        match claim:
            case Claimed():
                await self._send(judgement, claim)
            case AlreadyAnswered() | Barred():
                self._log.withdrawn(key, claim.rule)
            case OverRate():
                self._over_rate(key, claim)
            case NotDue():
                # settled meanwhile, or it waits for another reply to the same person to end
                self._more = True
            case _:
                assert_never(claim)

    def _over_rate(self, key: MessageKey, claim: OverRate) -> None:
        """It stays due, and with it what is like it; the watching has to learn how long."""
        self._more = True
        if claim.rule == BREAKER:
            self._breaker.opened(claim.until)
        else:
            self._log.rate_limited(key, claim.rule, claim.until, self._clock())

    async def _claim(self, judgement: Judgement) -> Claim:
        pipeline, now = self._pipeline(), self._clock()
        period = pipeline.schedule.closed_period(now) or judgement.period
        assert isinstance(judgement.decision, Reply)  # noqa: S101 - _answer withdrew every Skip
        assert judgement.message is not None and period is not None  # noqa: S101, PT018 - a Reply has both
        return await self._ledger.claim(
            judgement.key,
            correspondent=judgement.decision.correspondent.identity,
            message=name_of(judgement.message),
            at=now,
            answered_since=pipeline.answered_since(period, now),
            terms=terms_of(pipeline, judgement.decision, period.end),
        )

    async def _send(self, judgement: Judgement, claim: Claimed) -> None:
        """From here the claim is durable: every way out of this function settles it."""
        outcome: Outcome = Deferred("stopped before it was sent")
        text: str | None = None

        async def mark(may_arrive: bool) -> None:  # noqa: FBT001 - a callback's only argument
            nonlocal outcome
            await self._ledger.mark(judgement.key, may_arrive=may_arrive)
            outcome = Unknown("stopped while sending") if may_arrive else Deferred("stopped before it was sent")

        try:
            reply, fallback = self._compose(judgement, claim.digest)
            text = reply.text  # the fallback differs in its From alone
            outcome = await self._sender.send(reply, fallback, mark)
        except ResponderError as error:
            outcome = Deferred(str(error))
        except Exception as error:  # noqa: BLE001 - logged with its traceback; the claim must be settled in any case
            self._log.write(Event.ANSWERING_FAILED, uid=judgement.key.uid, error=error)
            outcome = Deferred("a fault in the program; see the log")
        finally:
            await asyncio.shield(self._settle(judgement.key, outcome, text))

    def _compose(self, judgement: Judgement, digest: str) -> tuple[OutgoingReply, OutgoingReply | None]:
        pipeline, now = self._pipeline(), present(judgement.received_at, self._clock())
        reply = pipeline.reply(judgement, now=now, digest=digest)
        self._log_a_failed_text(judgement.key, reply, pipeline)
        own = pipeline.rules.address
        if reply.from_address.identity == own.identity:
            return reply, None
        return reply, pipeline.reply(judgement, now=now, digest=digest, answered_as=own)

    def _log_a_failed_text(self, key: MessageKey, reply: OutgoingReply, pipeline: Pipeline) -> None:
        """Once until the file is read again: every reply of this night would say the same."""
        if reply.kind.endswith(BUILT_IN) and self._text_failed_under is not pipeline:
            self._text_failed_under = pipeline
            self._log.text_failed(key)

    async def _settle(self, key: MessageKey, outcome: Outcome, text: str | None) -> None:
        """Write the outcome; while the disk refuses it, keep trying: forgetting it would send twice.

        Not past a stop: the next start knows by the mark whether the reply may have arrived.
        """
        self._attempts[key] += 1
        wait = self._wait_after(key, outcome)
        while True:
            now = self._clock()
            try:
                state = await self._ledger.settle(key, outcome, at=now, retry_at=now + wait, text=text)
                break
            except LedgerError as error:
                self._log.write(Event.OUTCOME_UNWRITTEN, uid=key.uid, why=str(error))
                if self._stopping.is_set():
                    return
                await self._rest()
        if state == "due":
            self._more = True
        else:
            del self._attempts[key]
        self._log.settled(key, state, outcome)
        await self._learn(key, outcome)

    def _wait_after(self, key: MessageKey, outcome: Outcome) -> timedelta:
        """Until the next attempt, if there is one; what a stop cut off is tried at the next start."""
        if isinstance(outcome, Rejected):
            return REFUSED_WAIT
        if self._stopping.is_set():
            return timedelta(0)
        if isinstance(outcome, Deferred) and outcome.account_wide and (paused := self._sender.paused_for()):
            return min(timedelta(seconds=paused + random.random()), RESEND.cap)  # noqa: S311 - jitter, not a secret
        return RESEND.delay(self._attempts[key], random.random())  # noqa: S311 - jitter, not a secret

    async def _learn(self, key: MessageKey, outcome: Outcome) -> None:
        """Refused replies are due again when it turns out that the fault was the account's."""
        match outcome:
            case Accepted():
                self._refused.clear()
                self._log.sending_works()
            case Rejected():
                self._refused.append(key)
            case Deferred(account_wide=True):
                self._log.sending_fails(outcome)
                await self._revive(self._wait_after(key, outcome))
            case _:
                return

    async def _revive(self, wait: timedelta) -> None:
        if not self._refused:
            return
        count = await self._ledger.revive(list(self._refused), self._clock() + wait)
        self._refused.clear()
        if count:
            self._log.write(Event.REVIVED, count=count)

    async def _withdraw(self, key: MessageKey, rule: str, why: str) -> None:
        await self._ledger.withdraw(key, rule, self._clock())
        self._attempts.pop(key, None)
        self._log.withdrawn(key, rule, why)
