"""What is said of one mailbox: its health for the status line, its log lines for the journal."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from responder.core.decision import Skip
from responder.core.errors import PermanentError, ResponderError
from responder.core.message import MessageKey
from responder.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown
from responder.core.pipeline import Judgement

logger = logging.getLogger("responder")

TELL_AGAIN = timedelta(hours=1)
"""Until a limit that still holds replies is told again."""


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

    def alive(self) -> None:
        """The watching loop came by."""
        self.beat = time.monotonic()


class Teller:
    """Writes one mailbox's log lines and keeps its health.

    Messages are named by UID. Transitions are told, not attempts: a night's outage is two lines.

    Args:
        label: how lines name this mailbox; never an address where a journal keeps them.
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.health = Health()
        self._told: dict[str, datetime] = {}

    def say(self, text: str, *, level: int = logging.INFO, **facts: object) -> None:
        """One line about the mailbox."""
        logger.log(level, text, extra={"mailbox": self.label, **facts})

    def error_of_ours(self, text: str, key: MessageKey) -> None:
        """One line and a traceback: code of ours failed on this message."""
        logger.exception(text, extra={"mailbox": self.label, "uid": key.uid})  # noqa: LOG004 - called from except blocks

    def ended(self, key: MessageKey, state: str, *, level: int = logging.INFO, **facts: object) -> None:
        """This message came to an end, or to a rest."""
        self.health.done[state] += 1
        self.say(state, level=level, uid=key.uid, **facts)

    def skipped(self, judgement: Judgement) -> None:
        """This message gets no reply."""
        decision = judgement.decision
        assert isinstance(decision, Skip)  # noqa: S101 - callers pass skips only
        facts = {"maybe_person": True} if decision.maybe_person else {}
        self.ended(judgement.key, "skip", rule=decision.rule, **facts)

    def settled(self, key: MessageKey, state: str, outcome: Outcome) -> None:
        """This reply was handed over, or not."""
        match outcome:
            case Accepted():
                self.ended(key, state)
            case Deferred(reason=reason, cure=cure):
                facts = {"cure": cure} if cure else {}
                self.say("not sent yet", level=logging.WARNING, uid=key.uid, why=reason, **facts)
            case Rejected(reason=reason) | Unknown(reason=reason):
                self.ended(key, state, level=logging.WARNING, why=reason)
            case _:
                assert_never(outcome)

    def own_text_failed(self, key: MessageKey) -> None:
        """The text that the file asks for failed, and its words do not go out; whoever wrote has the ways to help."""
        self.say(
            "your own reply text failed: a built-in one goes out instead",
            level=logging.ERROR,
            uid=key.uid,
            cure="look at it with responder preview, and mend the template or the words that the file names",
        )

    def over_rate(self, key: MessageKey, rule: str, until: datetime, now: datetime) -> None:
        """This reply waits for a limit; told once in an hour for each limit."""
        told = self._told.get(rule)
        if told is None or now - told >= TELL_AGAIN:
            self._told[rule] = now
            facts = {"rule": rule, "until": until.isoformat(timespec="seconds")}
            self.say("over a rate; replies wait", level=logging.WARNING, uid=key.uid, **facts)

    def watching(self) -> None:
        """The folder is open."""
        self.say("watching" if self.health.trouble is None else "watching again")
        self.health.watching = True
        self.health.trouble = None
        self.health.alive()

    def not_watching(self) -> None:
        """The connection ended."""
        self.health.watching = False

    def trouble(self, error: Exception, failures: int) -> None:
        """A session failed."""
        text = str(error) or type(error).__name__
        known = isinstance(error, ResponderError)
        if text != self.health.trouble or not known:
            level = logging.ERROR if isinstance(error, PermanentError) else logging.WARNING
            facts = {"mailbox": self.label, "why": text, "attempt": failures}
            logger.log(level, "not watching; trying again", extra=facts, exc_info=None if known else error)
        self.health.trouble = text
