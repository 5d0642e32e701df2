"""What closes without standing in the file: public holidays and the events of calendars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from responder.config.values import HolidayConfig
from responder.core.errors import Told
from responder.core.hours.schedule import Closure


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """What ``[holidays]`` closes.

    Attributes:
        faults: what is wrong with a calendar that is used all the same, each with its index in the file.
        unusable: why a calendar cannot be used and has no good copy, by its index in the file.
    """

    dates: Mapping[date, str] = field(default_factory=dict[date, str])
    events: tuple[Closure, ...] = ()
    remarks: tuple[Told, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    unusable: Mapping[int, str] = field(default_factory=dict[int, str])


CalendarReader = Callable[[HolidayConfig, str, ZoneInfo], ClosedDays]
"""Reads what is asked for, of a region and on the clock of a zone; what cannot be used is in ``unusable``."""
