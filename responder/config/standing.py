"""How the crisis lines of a configuration stand: what is too old to be said, and where a reply leads at night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from responder.config.values import Config
from responder.core.errors import Told
from responder.core.reply import ReplySettings
from responder.core.reply.freshness import FRESH_MONTHS, Comparison, Reading, day_of
from responder.core.reply.lines import Claim, CrisisLine, HelpBlock

_COMPARE: Final = "Compare the lines with their own pages: responder crisis-lines"
_SAID: Final[tuple[tuple[Claim, str], ...]] = (
    ("hours", "hours"),
    ("free", "price"),
    ("text", "text number"),
    ("chat", "chat"),
)


@dataclass(frozen=True, slots=True)
class _Group:
    """Mailboxes whose replies show the same."""

    settings: ReplySettings
    numbers: tuple[int, ...]


def crisis_warnings(config: Config, now: datetime) -> tuple[Told, ...]:
    """What is wrong with the crisis lines, each sentence with its fix: the comparison, old claims, quiet hours."""
    today = now.astimezone(config.zone).date()
    comparison = config.crisis_trouble(today)
    said = () if comparison is None else (Told("not-compared", f"crisis.compared_on: {comparison}. {_COMPARE}"),)
    groups = _groups(config)
    old = (Told("old-crisis-line", sentence) for group in groups for sentence in _old(group.settings, now))
    quiet = (
        Told("quiet-night", sentence) for group in groups for sentence in _quiet(group, now, is_only=len(groups) == 1)
    )
    return tuple(dict.fromkeys((*said, *old, *quiet)))


def crisis_trouble(config: Config, now: datetime) -> str | None:
    """The same for a line of status: half a sentence; None when all is well."""
    if (comparison := config.crisis_trouble(now.astimezone(config.zone).date())) is not None:
        return comparison
    old = {sentence for group in _groups(config) for sentence in _old(group.settings, now)}
    return f"{len(old)} claims about crisis lines are too old" if old else None


def shown_lines(config: Config, now: datetime) -> list[CrisisLine]:
    """Every line that replies show at some hour, now and once they are compared; the emergency number first."""
    found: dict[CrisisLine, None] = {}
    for group in _groups(config):
        settings = group.settings
        for plan in (settings.help, settings.help.compared(Comparison(day_of(now)))):
            lines = plan.printed(now, settings.languages, discreet=settings.style == "discreet")
            found |= dict.fromkeys(lines)
    return sorted(found, key=lambda line: line.kind != "emergency")


def leads_to(settings: ReplySettings, at: datetime) -> str | None:
    """What a reply of that moment leads to, where no line that it shows is known to be open; None otherwise."""
    block = _block(settings, at)
    return " and ".join(block.leads_to) if block.is_quiet else None


def night(settings: ReplySettings, now: datetime) -> str | None:
    """The same for the hours of the week in which it is so; "at night" as long as that is when."""
    plan = settings.help
    found = [
        block
        for _, block in plan.week(now, settings.languages, discreet=settings.style == "discreet")
        if block.is_quiet
    ]
    return " and ".join(found[0].leads_to) if found else None


def _block(settings: ReplySettings, at: datetime) -> HelpBlock:
    return settings.help.at(at, settings.languages, discreet=settings.style == "discreet")


def _groups(config: Config) -> list[_Group]:
    found: dict[tuple[object, ...], tuple[ReplySettings, list[int]]] = {}
    for number, box in enumerate(config.mailboxes, 1):
        settings = box.reply
        key = (settings.help, settings.style, settings.languages)
        found.setdefault(key, (settings, []))[1].append(number)
    return [_Group(settings, tuple(numbers)) for settings, numbers in found.values()]


def _old(settings: ReplySettings, now: datetime) -> Iterator[str]:
    """What is not said any more, and numbers that are shown only for want of better ones."""
    plan, reading = settings.help, Reading(day_of(now), settings.help.comparison)
    printed = plan.printed(now, settings.languages, discreet=settings.style == "discreet")
    for line in plan.too_old(now):
        seen = reading.newest(line, "number")
        when = f"was last seen on {seen}" if seen else "has no dated evidence"
        so = "It is shown for want of a fresher one" if line in printed else "It is not shown"
        yield f"crisis line {line.id}: its number {when}, not within {FRESH_MONTHS} months. {so}. {_COMPARE}"
    for line in printed:
        unsaid = [] if line.kind == "emergency" else list(_unsaid(line, reading))
        if unsaid:
            yield f"crisis line {line.id}: replies leave out what is too old: {', '.join(unsaid)}. {_COMPARE}"


def _unsaid(line: CrisisLine, reading: Reading) -> Iterator[str]:
    """Claims that once were printed: nothing is missing where they never were."""
    has = {"hours": line.hours is not None, "free": line.free, "text": line.text, "chat": line.chat}
    for claim, word in _SAID:
        seen = reading.newest(line, claim)
        if has[claim] and seen is not None and not reading.is_fresh(line, claim):
            yield f"its {word} (last seen on {seen})"


def _quiet(group: _Group, now: datetime, *, is_only: bool) -> Iterator[str]:
    found = night(group.settings, now)
    if found is not None:
        whose = "" if is_only else f"mailbox {_listed(group.numbers)}: "
        yield f"{whose}at night this reply leads only to {found}: no line that it shows is known to be open then"


def _listed(numbers: tuple[int, ...]) -> str:
    few = ", ".join(map(str, numbers[:3]))
    return few if len(numbers) <= 3 else f"{few} and {len(numbers) - 3} more"  # noqa: PLR2004 - a line of log stays short
