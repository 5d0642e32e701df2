"""What is said of one judged message: a line of the dry run and of ``explain``, and the contract of ``--json``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from responder.core.decision import Reply, Skip
from responder.core.hours.period import ClosedPeriod
from responder.core.pipeline import Judgement
from responder.core.rules.advice import Seen, seen_in

JSON_KEYS = (
    "mailbox", "folder", "uid", "message_id", "received_at", "sender", "recipient", "decision", "rule", "why",
    "maybe_person", "closed_from", "closed_until",
)  # fmt: skip
"""What ``--json`` says of a message, in this order; others rely on it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One judged message.

    Attributes:
        uid: 0 for a message that is in no mailbox (a saved file).
        sender: the single From address, lower-case; None when there is not exactly one, or it was never looked at.
        recipient: where the reply would go.
        cure: the line to add to the file, for what may be a person.
        wants_structure: the structure of its parts could change the decision.
        seen: what its headers carry of findings and verdicts; None when they were not read.
    """

    mailbox: str
    folder: str
    uid: int
    message_id: str | None
    received_at: datetime | None
    sender: str | None
    recipient: str | None
    rule: str
    why: str
    maybe_person: bool
    cure: str | None
    period: ClosedPeriod | None
    wants_structure: bool = False
    seen: Seen | None = None

    @property
    def is_reply(self) -> bool:
        """Whether the message would be answered."""
        return self.recipient is not None

    def as_json(self) -> dict[str, str | int | bool | None]:
        """The contract's keys in their order; absent values are None."""
        return {
            "mailbox": self.mailbox,
            "folder": self.folder,
            "uid": self.uid or None,
            "message_id": self.message_id,
            "received_at": rfc3339(self.received_at),
            "sender": self.sender,
            "recipient": self.recipient,
            "decision": "reply" if self.is_reply else "skip",
            "rule": self.rule,
            "why": self.why,
            "maybe_person": self.maybe_person,
            "closed_from": rfc3339(self.period.start) if self.period is not None else None,
            "closed_until": rfc3339(self.period.end) if self.period is not None else None,
        }


def record_of(judgement: Judgement, *, wants_structure: bool = False) -> Record:
    """Keep what is said of a message and let its headers go."""
    decision, message = judgement.decision, judgement.message
    only_from = message.from_[0] if message is not None and len(message.from_) == 1 else None
    return Record(
        mailbox=judgement.key.mailbox,
        folder=judgement.key.folder,
        uid=judgement.key.uid,
        message_id=message.message_id if message is not None else None,
        received_at=judgement.received_at,
        sender=only_from.identity if only_from is not None else None,
        recipient=decision.correspondent.addr_spec if isinstance(decision, Reply) else None,
        rule=decision.rule,
        why=decision.why,
        maybe_person=isinstance(decision, Skip) and decision.maybe_person,
        cure=decision.cure if isinstance(decision, Skip) else None,
        period=judgement.period,
        wants_structure=wants_structure,
        seen=seen_in(message) if message is not None else None,
    )


def rfc3339(at: datetime | None) -> str | None:
    """UTC with a ``Z`` (RFC 3339 §5.6), whole seconds; None stays None."""
    # isoformat, not strftime: a back-test prints three of these for each of a hundred thousand messages
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
