"""A change of the file by a command: shown, tried, written."""

from __future__ import annotations

import sys

from responder.cli.context import load_from, now
from responder.config import Config, edit
from responder.core.hours.words import locale_for


def change(original: edit.Original, text: str, *, dry: bool) -> int:
    """Show it, try it, do it, and say what it means."""
    difference = edit.difference(original, text)
    if not difference:
        print(f"{original.path} says so already; nothing was changed.")
        return 0
    tried: list[Config] = []
    edit.try_out(original, text, lambda path: tried.append(load_from(path)))
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
