"""The commands that change the file: ``responder away`` and ``responder hours set``. ``edit`` is imported on use."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from responder.adapters.calendars import Calendars
from responder.cli.context import UsageError, config_path, now, reader
from responder.config import Config
from responder.config.edit import Original
from responder.core.hours.daily import parse_hours
from responder.core.hours.words import WEEKDAYS, locale_for

_LENGTH: Final = re.compile(r"(?P<count>[1-9]\d{0,3}) ?(?P<unit>[hdw])")
_LONGEST: Final = timedelta(days=2 * 366)
_LENGTH_CURE: Final = "write how long, such as 5h, 3d or 2w, or: until 2026-12-04"


def away(arguments: argparse.Namespace) -> int:
    """``responder away 2w``: one more closure, from now on."""
    from responder.config import edit

    path = config_path(arguments)
    zone = reader(path, Calendars())().zone
    begin = now().astimezone(zone)
    end = end_of_absence(arguments.how_long, begin)
    original = edit.read(path)
    start = begin.replace(second=0, microsecond=0, tzinfo=None)
    return _change(original, edit.add_closure(original.text, start, end, arguments.note), dry=arguments.dry)


def end_of_absence(words: list[str], begin: datetime) -> datetime:
    """The end, naive on the clock of ``begin``.

    Days and weeks count from today and end at midnight, so that the hours of the day after hold in full.

    Raises:
        UsageError: it cannot be read, or lies behind us.
    """
    match words:
        case ["until", text]:
            end = _day_or_time(text, begin.tzinfo)  # type: ignore[arg-type]
        case [text] | [text, _] if found := _LENGTH.fullmatch(" ".join(words).lower()):
            end = _after(int(found["count"]), found["unit"], begin)
        case _:
            raise UsageError(f"away {' '.join(words)}: {_LENGTH_CURE}")
    here = begin.replace(tzinfo=None)
    if not here < end < here + _LONGEST:
        raise UsageError(f"away {' '.join(words)}: the end has to be ahead of us, and within two years")
    return end


def _after(count: int, unit: str, begin: datetime) -> datetime:
    if unit == "h":
        return (begin + timedelta(hours=count)).replace(second=0, microsecond=0, tzinfo=None)
    days = count * 7 if unit == "w" else count
    return datetime.combine(begin.date() + timedelta(days=days), time())


def _day_or_time(text: str, zone: ZoneInfo) -> datetime:
    """A day is its first moment, as in the file."""
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"away until {text}: not a day; write it as 2026-12-04 or 2026-12-04T14:00") from None
    return (end if end.tzinfo is None else end.astimezone(zone)).replace(tzinfo=None)


def set_hours(arguments: argparse.Namespace) -> int:
    """``responder hours set thursday 12:00-20:00``: one line of ``[hours]``."""
    from responder.config import edit

    path = config_path(arguments)
    day = weekday(arguments.day)
    text = " ".join(arguments.new_hours)
    original = edit.read(path)
    return _change(original, edit.set_hours(original.text, day, _checked(day, text)), dry=arguments.dry)


def weekday(text: str) -> str:
    """``Thu`` or ``thursday``, as it is written in the file.

    Raises:
        UsageError: it is not, or may be two.
    """
    days = [name.lower() for name in WEEKDAYS]
    found = [day for day in days if len(text) > 1 and day.startswith(text.lower())]
    if len(found) != 1:
        raise UsageError(f"hours set {text}: not a day of the week; write one of {', '.join(days)}")
    return found[0]


def _checked(day: str, text: str) -> str | None:
    if text.strip().lower() == "closed":
        return None
    try:
        parse_hours(text)
    except ValueError as error:
        raise UsageError(f"hours set {day}: {error}, or closed") from None
    return text


def _change(original: Original, text: str, *, dry: bool) -> int:
    """Show it, try it, do it, and say what it means."""
    from responder.config import edit

    difference = edit.difference(original, text)
    if not difference:
        print(f"{original.path} says so already; nothing was changed.")
        return 0
    tried: list[Config] = []
    edit.try_out(original, text, lambda path: tried.append(reader(path, Calendars())()))
    sys.stdout.write(difference)
    at = now()
    if dry:
        print("\nNothing was written (--dry).")
    else:
        backup = edit.replace(original, text)
        print(f"\nWritten to {original.path}; the old one is {backup}.")
        print("A running responder takes it up within two seconds.")
    print(f"{tried[0].schedule.state_in_words(at, locale_for(tried[0].region), at)}.")
    return 0
