"""Who was answered, when and with which text: over the control socket, or of a ledger that no daemon holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Literal, TypedDict

from responder.adapters.ledger import Ledger, PastReply, State
from responder.config import Config
from responder.daemon.control.never import identity_in

Answer = dict[str, object]


SENT: Final = "sent"

MAX_REPLIES: Final = 30
"""Replies in one answer, the newest: a month of nights. Their texts fit into ``control.MAX_ANSWER``."""

Ending = Literal["sent", "perhaps", "cut-off", "being-sent"]
"""Sent; perhaps, cut off after the final dot; perhaps, the process ended meanwhile; just being sent."""


class ToldReply(TypedDict):
    """One reply as it is told; see `PastReply`."""

    mailbox: str | None
    at: str
    ending: Ending
    perhaps_twice: bool
    fingerprint: str | None
    text: str | None


class ToldMemory(TypedDict):
    """What the verb ``sent`` answers; times are in UTC (RFC 3339), ``zone`` is the practice's."""

    replies: list[ToldReply]
    left_out: int
    oldest: str | None
    zone: str


def sent_handlers(
    ledger: Ledger, config: Callable[[], Config], *, at_work: bool
) -> dict[str, Callable[[Answer], Awaitable[Answer]]]:
    """What to do for the verb ``sent``; a question has ``address``.

    Args:
        ledger: where it is remembered.
        config: the file as it is now, for the mailboxes' names and the time zone.
        at_work: whether this process sends. If not, what is claimed was left so by one that ended.
    """

    async def sent(question: Answer) -> Answer:
        practice = config()
        mailboxes = [box.name for box in practice.mailboxes]
        memory = await ledger.answers_to(identity_in(question), mailboxes, MAX_REPLIES)
        told: ToldMemory = {
            "replies": [_told(reply, at_work=at_work) for reply in memory.replies],
            "left_out": memory.left_out,
            "oldest": None if memory.oldest is None else _instant(memory.oldest),
            "zone": practice.zone.key,
        }
        return {**told}

    return {SENT: sent}


def _told(reply: PastReply, *, at_work: bool) -> ToldReply:
    ending = _ending(reply.state, at_work=at_work)
    return {
        "mailbox": reply.mailbox,
        "at": _instant(reply.at),
        "ending": ending,
        "perhaps_twice": reply.uncertain and ending != "perhaps",
        "fingerprint": reply.fingerprint,
        "text": reply.text,
    }


def _ending(state: State, *, at_work: bool) -> Ending:
    match state:
        case State.SENT:
            return "sent"
        case State.CLAIMED:
            return "being-sent" if at_work else "cut-off"
        case _:
            return "perhaps"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
