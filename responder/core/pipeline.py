"""Judge one message: headers, then decision, then reply. The daemon and the dry run both go this way.

Pure: the time comes in as an argument, nothing is remembered, nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from responder.core import reply as compose
from responder.core.clock import BY_CLOCK, ZONE_ERROR
from responder.core.decision import Decision, Reply, Skip
from responder.core.hours.period import ClosedPeriod
from responder.core.hours.schedule import Schedule
from responder.core.limits.rates import Rates
from responder.core.mail import headers
from responder.core.mail.structure import Structure, from_bodystructure
from responder.core.message import Address, FetchedMessage, InboundMessage, MessageKey
from responder.core.outcome import OutgoingReply
from responder.core.reply import Composer
from responder.core.rules import decide as policy
from responder.core.rules.case import word
from responder.core.rules.decide import MailboxRules


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one message is and what becomes of it.

    Attributes:
        message: None for a message whose headers were not worth fetching (it came in working hours).
        period: the closed period in which it was received; None in working hours.
    """

    key: MessageKey
    received_at: datetime | None
    message: InboundMessage | None
    decision: Decision
    period: ClosedPeriod | None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything that deciding and composing needs for one mailbox.

    Attributes:
        max_age: a message older than this gets no reply.
        floor: nobody is answered twice within this time.
        repeat_after: in a longer closed period the same person may be answered again after this time.
        rates: how many replies may leave; the ledger counts.
    """

    rules: MailboxRules
    schedule: Schedule
    composer: Composer
    max_age: timedelta
    floor: timedelta
    repeat_after: timedelta
    discreet: bool = False
    rates: Rates = field(default_factory=Rates)

    def judge(self, fetched: FetchedMessage, *, now: datetime | None, structure: Structure | None = None) -> Judgement:
        """Decide on one message.

        Args:
            fetched: what the mailbox handed over; any bytes.
            now: the present, or None to judge the message at its own time of arrival (a back-test).
            structure: of a saved file; a mailbox hands it over with the message.
        """
        if fetched.structure is not None:
            structure = from_bodystructure(fetched.structure)
        message = headers.parse(fetched.header_block, fetched.received_at, fetched.flags)
        timing = self._timing(fetched.received_at, now)
        decision = policy.decide(message, self.rules, timing, structure)
        if isinstance(decision, Skip) and self._differs_by_delivery(message, decision, now):
            why = f"{decision.why}; but the time in Received says otherwise, by which it would be answered"
            decision = replace(decision, why=why, maybe_person=True)
        return Judgement(fetched.key, fetched.received_at, message, decision, timing.closed_period)

    def _differs_by_delivery(self, message: InboundMessage, decision: Skip, now: datetime | None) -> bool:
        """Whether it would be answered if it had arrived at the time in its top-most Received, an hour or more away."""
        received_at, delivered_at = message.received_at, message.delivered_at
        if decision.rule not in BY_CLOCK or received_at is None or delivered_at is None:
            return False
        if abs(received_at - delivered_at) <= ZONE_ERROR:
            return False
        moved = replace(message, received_at=delivered_at)
        return isinstance(policy.decide(moved, self.rules, self._timing(delivered_at, now)), Reply)

    def wants_structure(self, judgement: Judgement) -> bool:
        """Whether the structure could change the decision: of a message in parts that would be answered."""
        if not isinstance(judgement.decision, Reply) or judgement.message is None:
            return False
        kinds = map(word, judgement.message.values("content-type"))
        return any(kind.startswith("multipart/") for kind in kinds)

    def judge_by_time(self, key: MessageKey, received_at: datetime) -> Judgement | None:
        """The judgement that needs no header: it came in working hours. None when headers have to decide."""
        if not self.schedule.is_open(received_at):
            return None
        return Judgement(key, received_at, None, Skip(policy.IN_HOURS, self.schedule.why(received_at)), None)

    def answered_since(self, period: ClosedPeriod, now: datetime) -> datetime:
        """A reply to the same person at or after this instant is enough for now."""
        return policy.answered_since(
            period, now, floor=self.floor, repeat_after=self.repeat_after, discreet=self.discreet
        )

    def reply(
        self, judgement: Judgement, *, now: datetime, digest: str, answered_as: Address | None = None
    ) -> OutgoingReply:
        """Compose the reply that was decided on; its text speaks of the closed period that holds now.

        Args:
            judgement: the decision to reply.
            now: the present.
            digest: names the reply for ever; a second attempt has the same one.
            answered_as: write From this address of ours instead of the one that was written to.

        Raises:
            ValueError: the decision was not to reply.
        """
        if not isinstance(judgement.decision, Reply) or judgement.message is None:
            msg = "only a decision to reply can be composed"
            raise ValueError(msg)
        period = self.schedule.closed_period(now) or judgement.period
        assert period is not None  # noqa: S101 - a Reply is only ever decided inside a closed period
        decision = judgement.decision if answered_as is None else replace(judgement.decision, answered_as=answered_as)
        message_id = compose.reply_message_id(digest, self.rules.address.domain)
        return self.composer.compose(decision, judgement.message, period, now=now, message_id=message_id)

    def _timing(self, received_at: datetime | None, now: datetime | None) -> policy.Timing:
        period = None if received_at is None else self.schedule.closed_period(received_at)
        return policy.Timing(
            closed_period=period,
            now=now,
            closed_now=None if now is None else self.schedule.closed_period(now),
            max_age=self.max_age,
            floor=self.floor,
            repeat_after=self.repeat_after,
            discreet=self.discreet,
        )
