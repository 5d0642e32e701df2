"""What the ledger is given and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from responder.core.decision import Proof
from responder.core.limits.rates import Limit
from responder.core.message import MessageKey, Uid, UidValidity

KEEP_SETTLED: Final = timedelta(days=400)
"""How long a settled message is remembered: longer than any closed period is likely to be."""

KEEP_TEXTS: Final = timedelta(days=366)
"""How long a text is kept after it was last sent: twelve months, in which somebody may ask what it said."""


class State(StrEnum):
    """Where one reply stands."""

    DUE = "due"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder was judged.

    Attributes:
        last_uid: the highest UID judged; 0 for an empty folder.
        latest_received_at: the latest INTERNALDATE judged, and at a baseline the instant of that baseline: what decides
            after a UIDVALIDITY change. Pass none that lies ahead of now, or a forged date would hide what comes after.
    """

    uid_validity: UidValidity
    last_uid: Uid
    latest_received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDue:
    """A message judged worth a reply.

    Attributes:
        message: its Message-ID, else its fingerprint.
        not_before: when the reply may go out.
        proof, domain: see `Terms`.
        held: "clock" when it waits until the clock has passed it.
        correspondent: who would be answered; kept while it waits, and then only if it was.
    """

    key: MessageKey
    message: str = field(repr=False)
    received_at: datetime
    not_before: datetime
    proof: Proof = Proof.NONE
    domain: str | None = field(default=None, repr=False)
    held: str | None = None
    correspondent: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Silenced:
    """A message that gets no reply by a decision that rests on the clock; kept in case the clock was wrong.

    Attributes:
        at: when it was decided, by the clock in doubt.
    """

    key: MessageKey
    message: str = field(repr=False)
    received_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What a reply has to keep besides its slot.

    Attributes:
        domain: the correspondent's, where it has a rate; None where strangers share it.
        limits: each must have room.
        latest: the opening; what stands over a rate waits no longer.
    """

    proof: Proof = Proof.NONE
    domain: str | None = field(default=None, repr=False)
    limits: tuple[Limit, ...] = ()
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Send it now, with `Ledger.mark` just before the final dot; then `Ledger.settle`.

    Attributes:
        digest: 32 hex digits for the reply's Message-ID: the same for the same mailbox, correspondent and message.
    """

    digest: str


@dataclass(frozen=True, slots=True)
class AlreadyAnswered:
    """Do not send: the correspondent has had a reply. The row is settled.

    Attributes:
        rule: "already-answered" in this closed period, or "same-message-answered" for the same message elsewhere.
    """

    at: datetime
    rule: str


@dataclass(frozen=True, slots=True)
class NotDue:
    """Do not send: settled or claimed meanwhile, or it has to wait.

    Attributes:
        reason: the row's state; "never-recorded"; "correspondent-changed", and with it in doubt for good; or
            "another-is-in-flight": a reply that would answer this correspondent too is being sent and may yet fail, so
            the row stays due, a little later. Were it withdrawn now, and the other failed, there would be no reply.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Barred:
    """Do not send: this correspondent is on the practice's list, "never-reply". The row is settled."""

    rule: str


@dataclass(frozen=True, slots=True)
class OverRate:
    """Do not send yet: a limit is reached. The row, and every due one that this limit would stop too, waits.

    Attributes:
        until: when it comes free, or the opening if that is earlier.
    """

    rule: str
    until: datetime


Claim = Claimed | AlreadyAnswered | Barred | OverRate | NotDue


@dataclass(frozen=True, slots=True)
class Rescue:
    """What a folder has to be searched for under its new UIDVALIDITY.

    Attributes:
        latest_received_at: the folder's cursor's; what is newer was perhaps never judged.
        earliest_due_received_at: of what is due under older UIDs; None when nothing is.
    """

    latest_received_at: datetime | None
    earliest_due_received_at: datetime | None


class Recovered(NamedTuple):
    """One reply that a dead process left in doubt: due once more, or in doubt for good. The ledger knows no names."""

    uid: Uid
    state: State


@dataclass(frozen=True, slots=True)
class PastReply:
    """One reply that left, may have left, or is just being sent.

    Attributes:
        mailbox: which one sent it; None when it is not among those that the caller named.
        at: when it was handed over, for the last time.
        state: ``sent``; ``claimed`` while it is being sent; ``unknown`` or ``due`` once more: perhaps it arrived.
        uncertain: a sending of it was cut off after the final dot.
        fingerprint: of its text; None when no text was kept with it.
        text: as it was sent; None when it was not kept, or no longer is.
    """

    mailbox: str | None = field(repr=False)
    at: datetime
    state: State
    uncertain: bool
    fingerprint: str | None
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one correspondent over all mailboxes.

    Attributes:
        left_out: how many older ones there are besides.
        oldest: time of the oldest reply to anybody that is remembered; None when there is none.
    """

    replies: tuple[PastReply, ...]
    left_out: int
    oldest: datetime | None
