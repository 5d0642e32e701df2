"""Judging for the live way: one message's trouble is never another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from responder.model import Skip
from responder.pipeline import Judgement

if TYPE_CHECKING:
    from datetime import datetime

    from responder.model import FetchedMessage, InboundMessage
    from responder.pipeline import Pipeline
    from responder.service.telling import Teller

UNREADABLE = Skip("unreadable", "judging it failed; see the log", maybe_person=True)


def judge_safely(pipeline: Pipeline, fetched: FetchedMessage, now: datetime, teller: Teller) -> Judgement:
    """Judge one message; whatever goes wrong with it falls to the quiet side and to the log."""
    try:
        return pipeline.judge(fetched, now=now)
    except Exception:  # noqa: BLE001 - the one broad net per message: a poison message must not stop those behind it
        teller.error_of_ours("a message could not be judged; it stays unanswered", fetched.key)
        return Judgement(fetched.key, fetched.received_at, None, UNREADABLE, None)


def name_of(message: InboundMessage) -> str:
    """What the ledger knows a message by: its Message-ID, or else the hash of its headers."""
    return message.message_id or message.fingerprint
