"""Reply or skip, and why: the rules of `responder.core.rules.table`, then the clock.

Hard rules come before soft ones, so that what is surely a machine is never listed as "maybe a person"; the tests of
time come last, so that the reason given is the lasting one.

See Also:
    RFC 3834 §2, RFC 5230 §4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from responder.core.clock import BY_CLOCK, CLOCK, is_ahead
from responder.core.decision import Decision, Level, Reply, Skip
from responder.core.hours.period import ClosedPeriod
from responder.core.mail.structure import Structure
from responder.core.message import InboundMessage
from responder.core.rules.case import written_to
from responder.core.rules.table import (
    HEADER_NAMES,
    MAY_BE_OFF,
    RULES,
    SOFT_RULES,
    ContactForm,
    MailboxRules,
    Rule,
    case_of,
)

__all__ = [
    "GONE_RULES",
    "HEADER_NAMES",
    "IN_HOURS",
    "MAY_BE_OFF",
    "RULES",
    "SOFT_RULES",
    "TIME_RULES",
    "ContactForm",
    "MailboxRules",
    "Rule",
    "Timing",
    "answered_since",
    "decide",
    "judge_rules",
]

IN_HOURS = "in-hours"

TIME_RULES: tuple[tuple[str, str], ...] = (
    ("no-received-at", "when it arrived cannot be told"),
    ("clock", "it comes from ahead of this machine's clock, and waits until the clock has passed it"),
    (IN_HOURS, "it came in working hours"),
    ("open-again", "it is open again now"),
    ("too-old", "it is older than max_age"),
    ("before-period", "it came before the closed period that holds now"),
    ("not-just-delivered", "it was moved or imported, not just delivered"),
    ("answered-flag", "somebody answered it already"),
    ("already-answered", "its sender was answered already in this closed period"),
    ("never-reply", "its sender is on your never-reply list"),
)
"""Id and fact of the reasons that time gives; the last three are the ledger's to find."""

GONE_RULES = frozenset({"delivered-twice"})
"""Ids that files may still turn off."""

LONG_AGO = datetime.min.replace(tzinfo=UTC)

_HARD_FIRST = tuple(sorted(RULES, key=lambda rule: rule.level is Level.SOFT))


@lru_cache(maxsize=1024)
def _rules_for(names: frozenset[str]) -> tuple[Rule, ...]:
    """The rules that can see anything in a message with these fields; real mail has few different sets of them."""
    return tuple(rule for rule in _HARD_FIRST if rule.has_something_to_read(names))


@dataclass(frozen=True, slots=True)
class Timing:
    """When a message is judged, and by which times.

    Attributes:
        closed_period: the one that holds when it was received; None in working hours.
        now: the present; None judges the message at its own time of arrival (a back-test).
        closed_now: the closed period that holds now; None when it is open, and in a back-test.
        max_age: an older message gets no reply.
        floor, repeat_after, discreet: see `answered_since`.
    """

    closed_period: ClosedPeriod | None
    now: datetime | None
    closed_now: ClosedPeriod | None
    max_age: timedelta
    floor: timedelta
    repeat_after: timedelta
    discreet: bool = False


def decide(
    message: InboundMessage, rules: MailboxRules, timing: Timing, structure: Structure | None = None
) -> Decision:
    """Whether this message gets a reply, and to whom; the first reason against it otherwise.

    Args:
        message: what the headers say.
        rules: of its mailbox.
        timing: when it came, and when it is judged.
        structure: its MIME structure, where that was asked for; without it, rules about parts see nothing.
    """
    case = case_of(message, rules, structure)
    for rule in _rules_for(frozenset(message.by_name)):
        skip = rule.judge(case)
        if skip is not None:
            return skip
    skip = _by_time(message, timing)
    if skip is not None:
        return skip
    assert case.target is not None  # noqa: S101 - no-single-sender let only such messages through
    because = timing.closed_period.because if timing.closed_period is not None else ""
    why = f"it came while you are closed ({because})" if because else "it came while you are closed"
    return Reply(case.target, written_to(message, rules) or rules.address, why, proof=case.proof)


def judge_rules(
    message: InboundMessage, rules: MailboxRules, structure: Structure | None = None
) -> Iterator[tuple[Rule, Skip | None]]:
    """Every rule in its order and what it saw, for the owner who asks why. Rules turned off see nothing."""
    case = case_of(message, rules, structure)
    for rule in RULES:
        yield rule, rule.judge(case) if rule.has_something_to_read(message.by_name) else None


def answered_since(
    period: ClosedPeriod, now: datetime, *, floor: timedelta, repeat_after: timedelta, discreet: bool
) -> datetime:
    """A reply to the same person at or after this instant is enough for now.

    Args:
        period: the closed period that holds now.
        now: the present.
        floor: a reply this recent always counts: a lunch break earns no second one.
        repeat_after: in a longer period only this much of it counts; never in discreet mode, where one reply is all.
        discreet: the mailbox may be watched.
    """
    start = period.start if period.start is not None else LONG_AGO
    if not discreet:
        start = max(start, now - repeat_after)
    return min(start, now - floor)


def _by_time(message: InboundMessage, timing: Timing) -> Skip | None:
    received_at, period = message.received_at, timing.closed_period
    if received_at is None:
        return Skip("no-received-at", "your mail server does not say when it came", maybe_person=True)
    if timing.now is None:
        return _in_hours(period) or _long_on_its_way(message, received_at, timing)
    if is_ahead(received_at, timing.now):
        return _from_ahead(message, received_at, timing)
    if received_at > timing.now:
        received_at, period = timing.now, timing.closed_now
    return (
        _in_hours(period)
        or _no_longer_due(message, received_at, timing.now, timing)
        or _long_on_its_way(message, received_at, timing)
    )


def _from_ahead(message: InboundMessage, received_at: datetime, timing: Timing) -> Skip | None:
    """One of the clocks is wrong: it is answered when both allow it; a silence that rests on them is not final."""
    own = replace(timing, closed_now=timing.closed_period)
    by_its_own = (
        _in_hours(timing.closed_period)
        or _no_longer_due(message, received_at, received_at, own)
        or _long_on_its_way(message, received_at, own)
    )
    if by_its_own is not None and by_its_own.rule not in BY_CLOCK:
        return by_its_own
    if by_its_own is None and timing.closed_now is not None:
        return None
    return Skip(CLOCK, "it comes from ahead of this machine's clock", maybe_person=True)


def _in_hours(period: ClosedPeriod | None) -> Skip | None:
    return Skip(IN_HOURS, "it came in working hours") if period is None else None


def _long_on_its_way(message: InboundMessage, received_at: datetime, timing: Timing) -> Skip | None:
    """A letter that no server says to have taken, and that was written long ago, was put here by hand."""
    written_at = message.written_at if not message.values("received") else None
    if written_at is None or received_at - written_at <= timing.max_age:
        return None
    return Skip(
        "not-just-delivered", "it was written long ago, and no mail server says when it came", maybe_person=True
    )


def _no_longer_due(message: InboundMessage, received_at: datetime, now: datetime, timing: Timing) -> Skip | None:
    """What belongs to the present: asked of a message about to be answered, not in a back-test."""
    closed = timing.closed_now
    if closed is None:
        return Skip("open-again", "it is open again now")
    if now - received_at > timing.max_age:
        return Skip("too-old", "it is too old for an automatic reply")
    if closed.start is not None and received_at < closed.start:
        return Skip("before-period", "it came before this closed period began, and it has been open since")
    if message.delivered_at is not None and now - message.delivered_at > timing.max_age:
        return Skip("not-just-delivered", "it was delivered long ago, and only moved or imported now")
    if "\\answered" in {flag.lower() for flag in message.flags}:
        return Skip("answered-flag", "somebody answered it already")
    return None
