"""``responder away``: one more closure in the file, from now on."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from responder.cli.context import config_path, load_from, now
from responder.cli.editing import change
from responder.cli.errors import UsageError
from responder.config import edit

_LENGTH: Final = re.compile(r"(?P<count>[1-9]\d{0,3}) ?(?P<unit>[hdw])")
_LONGEST: Final = timedelta(days=2 * 366)
_LENGTH_CURE: Final = "write how long, such as 5h, 3d or 2w, or: until 2026-12-04"


def away(arguments: argparse.Namespace) -> int:
    """``responder away 2w``: one more closure, from now on."""
    path = config_path(arguments)
    zone = load_from(path).zone
    begin = now().astimezone(zone)
    end = end_of_absence(arguments.how_long, begin)
    original = edit.read(path)
    start = begin.replace(second=0, microsecond=0, tzinfo=None)
    return change(original, edit.add_closure(original.text, start, end, arguments.note), dry=arguments.dry)


def end_of_absence(words: list[str], begin: datetime) -> datetime:
    """The end, naive on the clock of ``begin``.

    Days and weeks count from today and end at midnight, so that the hours of the day after hold in full.
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
