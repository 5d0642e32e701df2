"""What the tests of replies share: one practice, one message, the variants of a closed period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any
from zoneinfo import ZoneInfo

from responder.core.decision import Reply
from responder.core.hours.period import ClosedPeriod
from responder.core.message import Address, InboundMessage, ReturnPath
from responder.core.outcome import OutgoingReply
from responder.core.reply import Composer, OwnWords, ReplySettings, reply_message_id
from responder.core.reply.choice import choose
from responder.core.reply.lines import HelpBlock

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
"""A Sunday, in the night of London."""

MESSAGE_ID = reply_message_id("0123456789abcdef", "harbour.example")

ZONES = {
    "GB": "Europe/London",
    "US": "America/New_York",
    "IE": "Europe/Dublin",
    "CA": "America/Toronto",
    "AU": "Australia/Sydney",
    "NZ": "Pacific/Auckland",
}

STYLES = ("ordinary", "discreet")


def opens_at(region: str, day: int, hour: int = 9, month: int = 11) -> datetime:
    """An instant of November 2026 on the wall of the region."""
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo(ZONES[region[:2]]))


def variants(region: str) -> Mapping[str, ClosedPeriod]:
    """Every shape of a closed period that changes the text."""
    start = NOW - timedelta(hours=12)
    return {
        "night": ClosedPeriod(start, opens_at(region, 22, 23)),
        "weekend": ClosedPeriod(start, opens_at(region, 24)),
        "break": ClosedPeriod(start, opens_at(region, 4, month=12)),
        "unsaid": ClosedPeriod(start, opens_at(region, 24), say_until=False),
        "open-ended": ClosedPeriod(start, None),
    }


def settings(
    region: str = "GB", style: str = "ordinary", *, template: str | None = None, **changes: Any
) -> ReplySettings:
    """A practice of that region, perhaps with a text of its own; anything else by name."""
    if template is not None:
        changes["own"] = {"en": OwnWords(template=template)}
    base = ReplySettings(
        practice_name="Harbour Counselling",
        region=region,
        zone=ZoneInfo(ZONES.get(region[:2], "Europe/London")),
        languages=("en",),
        style="discreet" if style == "discreet" else "ordinary",
        help=choose(region),
    )
    return replace(base, **changes)


class Fixed:
    """Ways to help that a test has put together, the same at any moment."""

    def __init__(self, block: HelpBlock) -> None:
        self.block = block

    def at(self, *_: Any, **__: Any) -> HelpBlock:
        """As it was put together."""
        return self.block

    def compared(self, _: object) -> Fixed:
        """The same."""
        return self


def help_now(chosen: ReplySettings | None = None, now: datetime = NOW) -> HelpBlock:
    """What the replies of a practice show at a moment."""
    chosen = chosen or settings()
    return chosen.help.at(now, chosen.languages, discreet=chosen.style == "discreet")


def inbound(**changes: Any) -> InboundMessage:
    """A plain message from a person."""
    base = InboundMessage(
        received_at=NOW,
        flags=frozenset(),
        fields=(),
        from_=(Address("tom", "mail.example"),),
        sender=(),
        reply_to=(),
        recipients=(Address("hello", "harbour.example"),),
        return_path=ReturnPath(),
        message_id="<5f3a@mail.example>",
        fingerprint="00",
        subject="Question",
        delivered_at=None,
        defects=frozenset(),
    )
    return replace(base, **changes)


REPLY = Reply(Address("tom", "mail.example"), Address("hello", "harbour.example"), "closed")


def composed(
    chosen: ReplySettings | None = None,
    *,
    reply: Reply = REPLY,
    message: InboundMessage | None = None,
    period: ClosedPeriod | None = None,
    now: datetime = NOW,
) -> OutgoingReply:
    """One reply of one practice."""
    composer = Composer(chosen or settings())
    closed = period or variants("GB")["weekend"]
    return composer.compose(reply, message or inbound(), closed, now=now, message_id=MESSAGE_ID)


def parsed(reply: OutgoingReply) -> Message:
    """The reply as a mail program reads it."""
    return message_from_bytes(reply.content)


def body(reply: OutgoingReply) -> str:
    """The text as a mail program shows it, with plain line ends."""
    payload = parsed(reply).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode("utf-8").replace("\r\n", "\n")
