"""Watch one mailbox: a session after another, and in each: what is new, what is due, wait."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from responder.adapters.ledger import Ledger
from responder.core.errors import AuthenticationError, PermanentError, ThrottledError, TransientError
from responder.core.limits.backoff import Backoff
from responder.core.pipeline import Pipeline
from responder.live.answer import Answerer
from responder.live.clock import ClockWitness
from responder.live.health import BreakerState, Health, MailboxLog
from responder.live.intake import Intake
from responder.live.ports import Folder, Sender

ROUND_INTERVAL = 240.0
"""Seconds between two full looks into the folder, besides IDLE: servers may stop announcing."""

FOLLOW_UP = 0.5
"""Seconds until the next look after one that found mail: some servers never announce what arrived during the look."""

WHILE_HELD = 30.0
"""Seconds until the next look while the clock is disbelieved."""

SESSION_MAX = 6 * 3600.0
"""Seconds after which a healthy connection is renewed: a fresh EXAMINE sees a new UIDVALIDITY."""

STABLE_AFTER = 60.0
"""A session that lived this many seconds was a good one: the next failure starts the backoff from its beginning."""

RECONNECT = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=60))
ASK_A_PERSON = Backoff(base=timedelta(minutes=5), cap=timedelta(hours=1))
"""For what only a person can mend: a missing folder, a server that offers no TLS."""
AFTER_REFUSED_LOGIN = Backoff(base=timedelta(hours=1), cap=timedelta(hours=8))
"""From the third refused login on: about ten logins a day at most, so that nobody's account is locked."""
LOGINS_BEFORE_PATIENCE = 3
THROTTLED_MOST = timedelta(minutes=30)
"""The wait that a server names is doubled each time it throttles again, up to this."""
MOST_DOUBLINGS = 12


class MailboxService:
    """Watches one mailbox and answers its mail until cancelled.

    Args:
        label: how log lines name this mailbox (never an address where a journal keeps them).
        mailbox: the mailbox's identity, the ledger's name for it.
        folder: the folder's name.
        pipeline: how to judge and compose; may be replaced at any time (a reload).
        new_folder: makes an unconnected ``Folder``.
        clock: the present, aware.
        breaker: the daemon's.
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
        breaker: BreakerState | None = None,
    ) -> None:
        self.pipeline = pipeline
        self._log = MailboxLog(label)
        self._new_folder = new_folder
        self._sender = sender
        self._wake = asyncio.Event()
        self._answerer = Answerer(
            mailbox=mailbox,
            folder=folder,
            pipeline=lambda: self.pipeline,
            sender=sender,
            ledger=ledger,
            log=self._log,
            breaker=breaker or BreakerState(),
            wake=self.wake,
            clock=clock,
        )
        self._witness = ClockWitness(clock, self._log)
        self._intake = Intake(
            mailbox=mailbox,
            folder=folder,
            pipeline=lambda: self.pipeline,
            ledger=ledger,
            log=self._log,
            witness=self._witness,
            answer=self._answerer.start,
            clock=clock,
        )

    @property
    def label(self) -> str:
        """How log lines name this mailbox."""
        return self._log.label

    @label.setter
    def label(self, label: str) -> None:
        self._log.label = label

    @property
    def health(self) -> Health:
        """What can be said of this mailbox now."""
        return self._log.health

    @property
    def clock_trouble(self) -> str | None:
        """What is wrong with this machine's clock or the server's zone; None when they agree."""
        return self._witness.trouble()

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
                    self._log.disconnected(trouble, failures)
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
            self.health.watching = False
            await folder.close()
        return None

    async def _session(self, folder: Folder) -> None:
        await self._intake.note_first_try()
        state = await folder.connect()
        if state.uid_validity is None:
            raise PermanentError(
                self.label,
                "the server gives no UIDVALIDITY",
                cure="Mail cannot be remembered safely there: ask its provider",
            )
        await self._intake.align(folder, state, state.uid_validity)
        self._log.watching()
        ends = time.monotonic() + SESSION_MAX
        while time.monotonic() < ends:
            self._wake.clear()
            found = await self._intake.take_in_new(folder)
            self.health.alive()
            if self._intake.is_held:
                await folder.wait(WHILE_HELD, self._wake)
                continue
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
        case ThrottledError(retry_after=float(asked)):
            doubled = timedelta(seconds=asked) * 2 ** min(failures - 1, MOST_DOUBLINGS)
            wait = max(RECONNECT.delay(failures, fraction), min(doubled, max(THROTTLED_MOST, timedelta(seconds=asked))))
        case TransientError(retry_after=float(asked)):
            wait = max(RECONNECT.delay(failures, fraction), timedelta(seconds=asked))
        case _:
            wait = RECONNECT.delay(failures, fraction)
    return wait.total_seconds()
