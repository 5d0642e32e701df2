"""Configurations as tests load them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from responder.config import ClosedDays, Config, HolidayConfig
from responder.config import load as load_with


def no_calendars(_wanted: HolidayConfig, _region: str, _zone: ZoneInfo) -> ClosedDays:
    """Reads nothing."""
    return ClosedDays()


def load(path: Path) -> Config:
    """The configuration as it is written, without public holidays and calendars."""
    return load_with(path, no_calendars)
