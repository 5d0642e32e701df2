"""``responder hours set``: one day's hours in the file."""

from __future__ import annotations

import argparse

from responder.cli.context import config_path
from responder.cli.editing import change
from responder.cli.errors import UsageError
from responder.config import edit
from responder.core.hours.daily import parse_hours
from responder.core.hours.words import WEEKDAYS


def hours_set(arguments: argparse.Namespace) -> int:
    """``responder hours set thursday 12:00-20:00``: one line of ``[hours]``."""
    path = config_path(arguments)
    day = weekday(arguments.day)
    text = " ".join(arguments.new_hours)
    original = edit.read(path)
    return change(original, edit.set_hours(original.text, day, _checked(day, text)), dry=arguments.dry)


def weekday(text: str) -> str:
    """``Thu`` or ``thursday``, as it is written in the file."""
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
