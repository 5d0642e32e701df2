"""``responder hours``: the week as a picture, what comes next, and which line of the file decides."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import astuple
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from responder.cli.context import chosen, load, moment, now
from responder.cli.errors import UsageError
from responder.cli.text import local
from responder.config import Config
from responder.config.standing import leads_to
from responder.core.hours.schedule import Schedule
from responder.core.hours.words import locale_for, zone_in_words
from responder.core.views import week as picture

LOOK_AHEAD = timedelta(days=366)
CHANGES_SHOWN = 6


def hours(arguments: argparse.Namespace) -> int:
    """Show the week, or what holds at one time."""
    config = load(arguments)
    box = None if arguments.mailbox is None else config.mailboxes.index(chosen(config, arguments)[0])
    schedule = config.schedule if box is None else config.mailboxes[box].schedule
    if arguments.at is not None:
        _show_instant(config, schedule, moment(arguments.at, config.zone), box)
    elif arguments.html is not None:
        _write_page(config, schedule, arguments)
    else:
        _show_week(config, schedule, arguments.days)
        _name_those_with_their_own(config, arguments)
    return 0


def _show_week(config: Config, schedule: Schedule, count: int) -> None:
    at = now()
    today = at.astimezone(config.zone).date()
    for line in picture.drawn(picture.days(schedule, today, count), today, cells_for(sys.stdout.encoding)):
        print(line)
    print(f"\nNow: {_state(config, schedule, at, at)}.")
    print(f"Next ({config.zone.key}):")
    for line in _coming(schedule, at):
        print(f"  {line}")
    for warning in schedule.warnings():
        print(f"look: {warning}")


def _name_those_with_their_own(config: Config, arguments: argparse.Namespace) -> None:
    own = [box.name for box in config.mailboxes if box.schedule is not config.schedule]
    if own and arguments.mailbox is None:
        print(f"With hours of their own (--mailbox ADDRESS): {', '.join(own)}")


def _show_instant(config: Config, schedule: Schedule, at: datetime, mailbox: int | None) -> None:
    from responder.cli.deciding import deciding_line

    print(f"{local(at, config.zone)}: {schedule.why(at)}")
    print(f"{_state(config, schedule, at, now())}.")
    line = deciding_line(config.path, schedule, at, mailbox=mailbox)
    for box in config.mailboxes if mailbox is None else (config.mailboxes[mailbox],):
        quiet = leads_to(box.reply, at)
        if quiet is not None and box.schedule.closed_period(at) is not None:
            print(f"{box.name}: a reply sent then leads only to {quiet}: no line that it shows is known to be open")
    print(f"decided by {line}" if line else f"{config.path} has no line for it: a day that is not listed is closed")


def _write_page(config: Config, schedule: Schedule, arguments: argparse.Namespace) -> None:
    at = now()
    clock = at.astimezone(config.zone)
    text = picture.page(
        title=f"{config.practice_name}: hours" if config.practice_name else "Hours",
        state=_state(config, schedule, at, at),
        drawn=f"{clock:%A} {clock.day} {clock:%B %Y} at {clock:%H:%M} ({zone_in_words(config.zone)})",
        days=picture.days(schedule, clock.date(), arguments.days),
        today=clock.date(),
        now_minute=clock.hour * 60 + clock.minute,
        changes=list(_coming(schedule, at)),
    )
    try:
        Path(arguments.html).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--html {arguments.html}: {error.strerror}") from error
    print(f"written: {arguments.html}")


def _state(config: Config, schedule: Schedule, at: datetime, seen_from: datetime) -> str:
    return schedule.state_in_words(at, locale_for(config.region), seen_from)


def _coming(schedule: Schedule, at: datetime) -> Iterator[str]:
    changes = schedule.changes(at + timedelta(microseconds=1), at + LOOK_AHEAD)
    for instant, is_open in islice(changes, CHANGES_SHOWN):
        yield f"{local(instant, schedule.zone)}  {'opens' if is_open else 'closes'}"


def cells_for(encoding: str | None) -> picture.Cells:
    """Blocks where the terminal has letters for them, else plain ASCII."""
    try:
        "".join(astuple(picture.BLOCKS)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return picture.ASCII
    return picture.BLOCKS
