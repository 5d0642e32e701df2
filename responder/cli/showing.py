"""The command that shows what a reply says: preview."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from responder import headers
from responder.cli.common import UsageError, chosen, load, moment, now
from responder.cli.screen import local
from responder.config import pipeline_of
from responder.model import Address, Reply

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from responder.config import Config
    from responder.model import ClosedPeriod
    from responder.pipeline import Pipeline


def preview(arguments: argparse.Namespace) -> int:
    """``responder preview``."""
    config = load(arguments)
    for box in chosen(config, arguments):
        pipeline = pipeline_of(config, box)
        at, period = _when_closed(config, arguments, pipeline)
        print(f"The reply of {box.name}, sent on {local(at, config.zone)}.")
        print("The words are a draft: no clinician has signed them.\n")
        print(_as_read(pipeline, period, at))
    return 0


def _as_read(pipeline: Pipeline, period: ClosedPeriod, at: datetime) -> str:
    """The reply to an invented message, composed as the daemon would, with the headers that a reader sees."""
    decision = Reply(Address("someone", "example.org"), pipeline.rules.address, "a preview")
    message = headers.parse(b"", at, frozenset())
    reply = pipeline.composer.compose(decision, message, period, now=at, message_id="<preview@example.org>")
    shown = message_from_bytes(reply.content, policy=default)
    lines = [f"{name}: {shown[name]}" for name in ("From", "To", "Subject")]
    return "\n".join(f"  {line}".rstrip() for line in [*lines, "", *reply.text.splitlines(), ""])


def _when_closed(config: Config, arguments: argparse.Namespace, pipeline: Pipeline) -> tuple[datetime, ClosedPeriod]:
    """A moment at which a reply would go out, and its closed period."""
    at = moment(arguments.at, config.zone) if arguments.at is not None else now()
    period = pipeline.schedule.closed_period(at)
    if period is not None:
        return at, period
    if arguments.at is not None:
        raise UsageError(f"--at {arguments.at}: it is open then, and no reply goes out")
    closes = pipeline.schedule.next_change(at)
    period = pipeline.schedule.closed_period(closes) if closes is not None else None
    if closes is None or period is None:
        raise UsageError(f"{config.path}: it is open day and night, so no reply ever goes out")
    return closes, period
