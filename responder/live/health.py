"""What is known of one mailbox: its health for the status line, its log lines for the journal."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Unpack, assert_never

from responder.adapters.events import Event, Fields, log
from responder.core.decision import Skip
from responder.core.errors import PermanentError, ResponderError
from responder.core.message import MessageKey
from responder.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown
from responder.core.pipeline import Judgement

LOG_AGAIN: Final = timedelta(hours=1)
"""Until a limit that is still reached is logged again."""

FIX_BREAKER: Final = "Look at who writes: a loop, or forged senders. [rates] breaker is the limit; it closes by itself"


@dataclass(slots=True)
class Health:
    """How one mailbox does at this moment; read by the daemon for its status line.

    Attributes:
        watching: the folder is open and watched.
        trouble: what is wrong and what to do, or None.
        sending: why no reply can be sent, or None.
        beat: monotonic seconds of the last sign of life of the watching loop.
        done: how many messages ended in which way since the start.
    """

    watching: bool = False
    trouble: str | None = None
    sending: str | None = None
    beat: float = field(default_factory=time.monotonic)
    done: Counter[str] = field(default_factory=Counter)

    def alive(self) -> None:
        """Note a sign of life of the watching loop."""
        self.beat = time.monotonic()


class BreakerState:
    """Whether the rate breaker holds all replies; one for the whole daemon. The ledger decides, this reports."""

    def __init__(self) -> None:
        self._until: datetime | None = None

    def opened(self, until: datetime) -> None:
        """Note that a claim was refused by the breaker; logged once for each opening."""
        if self._until is None:
            log(Event.BREAKER_OPENED, until=until, fix=FIX_BREAKER)
        self._until = until

    def trouble(self, now: datetime) -> str | None:
        """For the status line; None when the breaker is closed."""
        if self._until is None:
            return None
        if now >= self._until:
            self._until = None
            log(Event.BREAKER_CLOSED)
            return None
        return f"the breaker is open until {self._until:%H:%M} UTC: too many replies in an hour"


class MailboxLog:
    """Writes one mailbox's log lines and keeps its health.

    Messages are named by UID. Transitions are logged, not attempts: a night's outage is two lines.

    Args:
        label: how lines name this mailbox; never an address where a journal keeps them.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.health = Health()
        self._limits_logged: dict[str, datetime] = {}

    def write(self, event: Event, *, error: BaseException | None = None, **fields: Unpack[Fields]) -> None:
        """One line about the mailbox."""
        fields["mailbox"] = self.label
        log(event, error=error, **fields)

    def skipped(self, judgement: Judgement) -> None:
        """This message gets no reply."""
        decision = judgement.decision
        assert isinstance(decision, Skip)  # noqa: S101 - callers pass skips only
        self.health.done["skip"] += 1
        maybe_person = decision.maybe_person or None
        self.write(Event.SKIPPED, uid=judgement.key.uid, rule=decision.rule, maybe_person=maybe_person)

    def waits(self, judgement: Judgement, until: datetime) -> None:
        """This message is judged again when the clock has passed it."""
        self.health.done["waits"] += 1
        self.write(Event.WAITS, uid=judgement.key.uid, rule=judgement.decision.rule, until=until, maybe_person=True)

    def withdrawn(self, key: MessageKey, rule: str, why: str | None = None) -> None:
        """The reply to this message is no longer due."""
        self.health.done["withdrawn"] += 1
        self.write(Event.WITHDRAWN, uid=key.uid, rule=rule, why=why)

    def settled(self, key: MessageKey, state: str, outcome: Outcome) -> None:
        """This reply was handed over, or not."""
        match outcome:
            case Accepted():
                self.write(Event.SENT, uid=key.uid)
            case Deferred(reason=reason, cure=fix):
                self.write(Event.DEFERRED, uid=key.uid, why=reason, fix=fix or None)
                return
            case Rejected(reason=reason) if state == "due":
                self.write(Event.REFUSED_ONCE, uid=key.uid, why=reason)
            case Rejected(reason=reason):
                self.write(Event.FAILED, uid=key.uid, why=reason)
            case Unknown(reason=reason):
                self.write(Event.DOUBTFUL, uid=key.uid, state=state, why=reason)
            case _:
                assert_never(outcome)
        self.health.done[state] += 1

    def sending_fails(self, fault: Deferred) -> None:
        """The server refuses the account; logged when the reason is another one than before."""
        if fault.reason != self.health.sending:
            self.write(Event.SENDING_FAILED, why=fault.reason, said=fault.said or None, fix=fault.cure)
        self.health.sending = fault.reason

    def sending_works(self) -> None:
        """A reply was accepted."""
        if self.health.sending is not None:
            self.write(Event.SENDING_AGAIN)
        self.health.sending = None

    def text_failed(self, key: MessageKey) -> None:
        """The text that the file asks for failed; the built-in one goes out."""
        fix = "Render it with responder preview, and correct the template or the words that the file names"
        self.write(Event.TEXT_FAILED, uid=key.uid, fix=fix)

    def rate_limited(self, key: MessageKey, rule: str, until: datetime, now: datetime) -> None:
        """This reply waits for a limit; logged once in an hour for each limit."""
        logged = self._limits_logged.get(rule)
        if logged is None or now - logged >= LOG_AGAIN:
            self._limits_logged[rule] = now
            self.write(Event.LIMITED, uid=key.uid, rule=rule, until=until)

    def watching(self) -> None:
        """The folder is open."""
        self.write(Event.WATCHING if self.health.trouble is None else Event.WATCHING_AGAIN)
        self.health.watching = True
        self.health.trouble = None
        self.health.alive()

    def disconnected(self, error: Exception, failures: int) -> None:
        """A session failed; logged when the reason is another one than before."""
        text = str(error) or type(error).__name__
        before, self.health.trouble = self.health.trouble, text
        if not isinstance(error, ResponderError):
            self.write(Event.DISCONNECTED, why=text, attempt=failures, error=error)
        elif text == before:
            return
        elif isinstance(error, PermanentError):
            why = f"{error.where}: {error.reason}"
            self.write(Event.CANNOT_CONNECT, why=why, fix=error.cure, attempt=failures)
        else:
            self.write(Event.DISCONNECTED, why=text, attempt=failures)
