"""``responder crisis-lines``: the directory of a country, and the comparison of what this practice's replies show."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from responder.cli.context import config_path, load_from, now, state_directory
from responder.cli.errors import UsageError
from responder.cli.text import plain
from responder.config import Config
from responder.config.compared import fingerprints, write
from responder.config.edit import Original
from responder.config.standing import shown_lines
from responder.core.errors import ConfigError
from responder.core.reply import LANGUAGES
from responder.core.reply import directory as crisis
from responder.core.reply.choice import HelpPlan, choose
from responder.core.reply.directory import emergency_of
from responder.core.reply.freshness import Reading, day_of
from responder.core.reply.help import help_in
from responder.core.reply.lines import CrisisLine, HelpBlock
from responder.core.reply.words import language
from responder.core.views.evidence import claims_in_words

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
    plan = found[1].mailboxes[0].reply.help if found and found[1].region[:2] == country else choose(country)
    for line in lines:
        print("\n".join(_entry(line, plan, now())), end="\n\n")
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


def _entry(line: CrisisLine, plan: HelpPlan, at: datetime) -> Iterator[str]:
    """A line as a reply shows it, then everything that is known of it and since when."""
    reading = Reading(day_of(at), plan.comparison)
    yield f"{line.id}: {plain(line.name)}"
    yield f"  for {plain(line.audience)}; {line.kind}; {_standing(line, plan, at)}"
    for text in _as_printed(line, plan, at):
        yield f"  | {plain(text)}"
    for claim in claims_in_words(line, reading):
        left_out = "" if claim.printed else "; not printed"
        yield f"  {plain(claim.what)} ({plain(claim.since)}{left_out})"
    if line.note:
        yield f"  note: {plain(line.note)}"
    yield "  yours, from [[crisis.line]] in your file" if line.own else f"  its own page: {_page_of(line)}"


def _standing(line: CrisisLine, plan: HelpPlan, at: datetime) -> str:
    """Whether replies show it."""
    if line.status != "active":
        return f"{line.status}: never shown"
    if line.kind == "emergency":
        return "always shown" if line == emergency_of(line.country) else "not shown"
    if not line.own and plan.show(line, at) is None:
        return "its number is too old to be shown"
    return "shown unless the file names others" if line.general or line.own else "shown only when the file names it"


def _as_printed(line: CrisisLine, plan: HelpPlan, at: datetime) -> Iterator[str]:
    """The sentence and the number, in English, as an ordinary reply has them."""
    printed = plan.show(line, at)
    if printed is None:
        return
    block = HelpBlock(plan.country, emergency_of(plan.country), (printed,))
    for way in help_in([language(LANGUAGES[0])], block, "ordinary")[0].ways:
        if way.shown not in (block.emergency.phone, block.emergency.police):
            yield from (*(lead for _, lead in way.leads), way.shown, *(after for _, after in way.after))


def _page_of(line: CrisisLine) -> str:
    """Where to look when the service has no page in the directory, as emergency numbers have none."""
    official = (each.where for each in line.evidence if each.kind in {"own", "gov"} and each.where.startswith("http"))
    return line.web or next(official, "none in the directory; look for the service's or the government's")


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
    shown = shown_lines(config, now())
    plan = config.mailboxes[0].reply.help
    print(f"-- The {len(shown)} lines that your replies show ({original.path}). Open each one's own page, and look.")
    for refusal in config.refusals:
        print(f"WRONG {refusal} The reply goes out without it.")
    for number, line in enumerate(shown, 1):
        print(f"\n-- {number} of {len(shown)}", *_entry(line, plan, now()), "", sep="\n")
        if not _yes():
            print(f"\nNothing was written: {line.id} is not compared. {_cure(line)}")
            return 1
    return _write(original, text, today, shown)


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


def _write(original: Original, text: str, today: date, shown: Sequence[CrisisLine]) -> int:
    from responder.config import edit

    _keep(today, shown)
    difference = edit.difference(original, text)
    if not difference:
        print(f"{original.path} says {today} already; nothing was changed.")
        return 0
    sys.stdout.write(f"\n{difference}")
    backup = edit.replace(original, text)
    print(f"\nWritten to {original.path}; the old one is {backup}.")
    print("A running responder takes it up within two seconds, and reminds you again after 90 days.")
    return 0


def _keep(today: date, shown: Sequence[CrisisLine]) -> None:
    """What was compared, beside the state: a line that changes later is compared again.

    Where this user may not write there, the daemon keeps it when it reads the new day.
    """
    with contextlib.suppress(OSError):
        write(state_directory(os.environ), today, fingerprints(shown))
