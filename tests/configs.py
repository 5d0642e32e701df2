"""Configurations as tests load them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from responder.config import ClosedDays, Config, HolidayConfig, MailboxConfig
from responder.config import load as load_with
from responder.core.reply.lines import CrisisLine, HelpBlock


def no_calendars(_wanted: HolidayConfig, _region: str, _zone: ZoneInfo) -> ClosedDays:
    """Reads nothing."""
    return ClosedDays()


NIGHT = datetime(2026, 12, 1, 3, 4, tzinfo=UTC)
"""A Tuesday, four minutes past three in London."""


def help_of(box: MailboxConfig, at: datetime = NIGHT) -> HelpBlock:
    """What the replies of a mailbox show at a moment."""
    settings = box.reply
    return settings.help.at(at, settings.languages, discreet=settings.style == "discreet")


def lines_of(box: MailboxConfig, at: datetime = NIGHT) -> list[CrisisLine]:
    """Its lines, without the emergency number."""
    return [each.line for each in help_of(box, at).lines]


def load(path: Path) -> Config:
    """The configuration as it is written, without public holidays and calendars."""
    return load_with(path, no_calendars)
