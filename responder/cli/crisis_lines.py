"""``responder crisis-lines``: the directory of a country, and the comparison of what this practice's replies show."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from responder.cli.context import config_path, load_from, now
from responder.cli.errors import UsageError
from responder.cli.text import plain
from responder.config import Config
from responder.config.edit import Original
from responder.core.errors import ConfigError
from responder.core.reply import directory as crisis
from responder.core.reply.directory import CrisisLine

NEVER: Final = "Never dial an emergency or crisis number to test it: a test call takes a caller's place."
_QUESTION: Final = "Compared with its own page today? [y/N] "
_YES: Final = {"y", "yes"}


def crisis_lines(arguments: argparse.Namespace) -> int:
    """``responder crisis-lines [GB]``: 1 when a line was found that is not as its own page has it."""
    found = _practice(arguments)
    country = arguments.country.upper() if arguments.country else found and found[1].region[:2]
    if not country:
        print("Countries in the directory:", " ".join(crisis.countries()))
        print("Show one with: responder crisis-lines GB")
        return 0
    try:
        lines = crisis.load(country)
    except ValueError as error:
        raise UsageError(str(error)) from error
    print(f"{NEVER}\n")
    for line in lines:
        print("\n".join(_entry(line)), end="\n\n")
    code = _compare(*found) if found and found[1].region[:2] == country else 0
    print(NEVER)
    return code


def _practice(arguments: argparse.Namespace) -> tuple[Original, Config] | None:
    """The practice's file, if there is one and somebody sits here; the directory is shown without it as well.

    Raises:
        ConfigError: the file that was asked for cannot be used.
    """
    from responder.config import edit

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    try:
        original = edit.read(config_path(arguments))  # before it is understood: what changes later is noticed
        return original, load_from(original.path)
    except ConfigError as error:
        if arguments.config is not None:
            raise
        print("Only shown, since no configuration can be read:", *error.problems, sep="\n  ", end="\n\n")
        return None


def _entry(line: CrisisLine) -> Iterator[str]:
    """Everything that is known of a line, one fact a row."""
    yield f"{line.id}: {plain(line.name)}"
    yield f"  for {plain(line.audience)}; {line.kind}"
    if line.phone:
        yield f"  call {line.phone}"
    if line.sms_number:
        yield f"  text {f'{line.sms_keyword} ' if line.sms_keyword else ''}to {line.sms_number}"
    yield f"  hours: {plain(line.hours or 'not known')}"
    yield f"  answers in: {', '.join(map(_tongue, line.languages)) or 'not known'}"
    yield f"  price: {'free' if line.free else 'not known to be free'}"
    if line.note:
        yield f"  note: {plain(line.note)}"
    if line.own:
        yield "  yours, from [[crisis.line]] in your file"
        return
    yield f"  {_trust(line)}"
    yield f"  its own page: {line.web or _page_of(line)}"
    for source in line.sources:
        yield f"  source ({source.kind}, {source.date or 'no date'}): {source.where}"


def _trust(line: CrisisLine) -> str:
    newest = f", newest text of {line.latest_source}" if line.latest_source else ""
    if not line.is_fit:
        return f"{line.confidence}{newest}: never shown, nobody could confirm it"
    if line.kind == "emergency" and line.general:
        return f"{line.confidence}{newest}; always shown"
    shown = "shown unless the file names others" if line.general else "shown only when the file names it"
    return f"{line.confidence}{newest}; {shown}"


def _page_of(line: CrisisLine) -> str:
    """Where to look when the service has no page in the directory, as emergency numbers have none."""
    official = next((source.where for source in line.sources if source.kind in {"own", "gov"}), None)
    return official or "none in the directory; look for the service's or the government's"


def _tongue(code: str) -> str:
    """A language by its English name."""
    from babel import Locale

    names: dict[str, str] = dict(Locale("en").languages)
    return names.get(code, code)


# The comparison


def _compare(original: Original, config: Config) -> int:
    """Each line that a reply shows, one by one; the day is written down when all are as their pages have them."""
    from responder.config import edit

    today = now().astimezone(config.zone).date()
    text = edit.set_compared_on(original.text, today)
    try:  # before anybody is asked for anything: may the answer be written down?
        edit.try_out(original, text, load_from)
    except edit.EditError as error:
        print(f"{error}\nUntil then the comparison cannot be written down, so nothing is asked.")
        return 0
    shown = _shown(config)
    print(f"-- The {len(shown)} lines that your replies show ({original.path}). Open each one's own page, and look.")
    for refusal in config.refusals:
        print(f"WRONG {refusal} The reply goes out without it.")
    for number, line in enumerate(shown, 1):
        print(f"\n-- {number} of {len(shown)}", *_entry(line), "", sep="\n")
        if not _yes():
            print(f"\nNothing was written: {line.id} is not compared. {_cure(line)}")
            return 1
    return _write(original, text, today)


def _shown(config: Config) -> Sequence[CrisisLine]:
    """What the replies of any mailbox show, the emergency number first, each once."""
    blocks = [box.reply.help for box in config.mailboxes]
    return list(dict.fromkeys(line for block in blocks for line in (block.emergency, *block.lines)))


def _yes() -> bool:
    """An interrupt or the end of input is a no."""
    try:
        return input(_QUESTION).strip().lower() in _YES
    except (EOFError, KeyboardInterrupt):
        return False


def _cure(line: CrisisLine) -> str:
    if line.kind == "emergency":
        return "If the number is wrong, stop the responder (no reply can leave it out), and tell the project."
    if line.own:
        return "If the number is wrong, correct it at its [[crisis.line]] in your file, or take that out."
    return (
        "If the number is wrong, take the line out by naming others under [crisis], lines = [...], with the ids above; "
        "or add your own as [[crisis.line]]."
    )


def _write(original: Original, text: str, today: date) -> int:
    from responder.config import edit

    difference = edit.difference(original, text)
    if not difference:
        print(f"{original.path} says {today} already; nothing was changed.")
        return 0
    sys.stdout.write(f"\n{difference}")
    backup = edit.replace(original, text)
    print(f"\nWritten to {original.path}; the old one is {backup}.")
    print("A running responder takes it up within two seconds, and reminds you again after 90 days.")
    return 0
