"""Judging for the live way: one message's trouble is never another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from responder.adapters.events import Event
from responder.adapters.ledger import Terms
from responder.core.decision import Reply, Skip
from responder.core.limits.rates import domain_of
from responder.core.message import FetchedMessage, InboundMessage
from responder.core.pipeline import Judgement, Pipeline
from responder.live.health import MailboxLog
from responder.live.ports import Folder

UNREADABLE = Skip("unreadable", "judging it failed; see the log", maybe_person=True)


def judge_safely(pipeline: Pipeline, fetched: FetchedMessage, now: datetime, mailbox_log: MailboxLog) -> Judgement:
    """Judge one message; a failure means no reply, and a line in the log."""
    try:
        return pipeline.judge(fetched, now=now)
    except Exception as error:  # noqa: BLE001 - the one broad net per message: a poison message must not stop those behind it
        mailbox_log.write(Event.JUDGING_FAILED, uid=fetched.key.uid, error=error)
        return Judgement(fetched.key, fetched.received_at, None, UNREADABLE, None)


async def judge_batch(
    folder: Folder, batch: Sequence[FetchedMessage], pipeline: Pipeline, now: datetime, mailbox_log: MailboxLog
) -> list[tuple[FetchedMessage, Judgement]]:
    """Judge these messages, and those that would be answered once more by the structure of their parts.

    Raises:
        TransientError: the connection was lost; what cost it is not asked for again.
    """
    judged = [(fetched, judge_safely(pipeline, fetched, now, mailbox_log)) for fetched in batch]
    wanted = sorted(fetched.key.uid for fetched, judgement in judged if pipeline.wants_structure(judgement))
    found = await folder.structures(wanted) if wanted else {}
    for number, (fetched, _) in enumerate(judged):
        if fetched.key.uid in found:
            whole = replace(fetched, structure=found[fetched.key.uid])
            judged[number] = whole, judge_safely(pipeline, whole, now, mailbox_log)
    return judged


def name_of(message: InboundMessage) -> str:
    """What the ledger knows a message by: its Message-ID, or else the hash of its headers."""
    return message.message_id or message.fingerprint


def terms_of(pipeline: Pipeline, reply: Reply, latest: datetime | None = None) -> Terms:
    """What the ledger has to ask before this reply may go.

    Args:
        pipeline: holds the rates of the file.
        reply: the decision.
        latest: the opening; None when none is ahead.
    """
    return Terms(reply.proof, domain_of(reply.correspondent), pipeline.rates.limits_for(reply), latest)
