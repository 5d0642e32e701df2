"""The commands that show what a reply says and where its numbers come from: preview, crisis-lines."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from responder import crisis, headers
from responder.cli.common import UsageError, chosen, load, moment, now
from responder.cli.screen import local, plain
from responder.config import pipeline_of
from responder.model import Address, Reply

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from responder.config import Config
    from responder.crisis import CrisisLine
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


def crisis_lines(arguments: argparse.Namespace) -> int:
    """``responder crisis-lines``."""
    if arguments.country is None:
        print("Countries in the directory:", " ".join(crisis.countries()))
        print("Show one with: responder crisis-lines GB")
        return 0
    try:
        lines = crisis.load(arguments.country.upper())
    except ValueError as error:
        raise UsageError(str(error)) from error
    for line in lines:
        _print_line(line)
    print("Before you use a line: open its own page and compare. Never dial a crisis line to test it.")
    return 0


def _print_line(line: CrisisLine) -> None:
    shown = "shown unless the file says otherwise" if line.general else "shown only when the file names it"
    if line.confidence == "unverified":
        shown = "never shown: nobody could confirm it"
    print(f"{line.id}\n  {plain(line.name)}: for {line.audience}; {line.kind}")
    text = f"text {line.sms_keyword or ''} to {line.sms_number}".replace("  ", " ") if line.sms_number else None
    ways = [f"call {line.phone}" if line.phone else None, text, line.web]
    print("  " + "; ".join(way for way in ways if way))
    print(f"  {line.hours or 'hours not known'}; {'free; ' if line.free else ''}{line.confidence}; {shown}")
    if line.note:
        print(f"  note: {line.note}")
    for source in line.sources:
        print(f"  source ({source.kind}, {source.date or 'no date'}): {source.where}")
    print()
