"""What is known of a crisis line, since when and from where, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, assert_never

from responder.core.hours.words import MONTHS
from responder.core.reply.freshness import Reading
from responder.core.reply.lines import Claim, CrisisLine, Evidence

CLAIMS: Final[tuple[Claim, ...]] = ("number", "hours", "free", "language", "text", "chat", "deaf")
"""Those that a reply may print, in the order in which they are shown."""

_TEXTS: Final = {
    "own": "the service's own page",
    "gov": "a government page",
    "sec": "another text",
    "list": "a public list",
}
_SEEN: Final = {"read": "read on", "quoted": "quoted from", "earlier": "seen earlier on"}
_MONTH: Final = 30.44
_YOUNG: Final = 60
"""Days up to which an age is said in days."""


@dataclass(frozen=True, slots=True)
class ClaimInWords:
    """One thing that is known of a line.

    Attributes:
        what: "hours: day and night".
        since: where it was read and when, with its age.
        printed: whether a reply says it today.
    """

    what: str
    since: str
    printed: bool


def claims_in_words(line: CrisisLine, reading: Reading) -> Iterator[ClaimInWords]:
    """Everything that is known of a line: what, since when and from where, and whether a reply says it today."""
    for claim in CLAIMS:
        value = _value(line, claim)
        if value:
            since = "typed in by the practice itself" if line.own else _since(line, claim, reading)
            yield ClaimInWords(f"{claim}: {value}", since, _is_printed(line, claim, reading))


def evidence_in_words(each: Evidence, today: date) -> str:
    """``read on the service's own page, 5 October 2026 (54 days ago)``."""
    if each.is_memory:
        return "from memory, never enough to be printed"
    if each.seen == "metadata":
        where = "in the numbering plan"
    else:
        where = f"{_SEEN.get(each.seen, 'seen on')} {_TEXTS.get(each.kind, 'a text')}"
    if each.date is None:
        return f"{where}, without a date"
    about = "about " if each.about else ""
    return f"{where}, {about}{_day(each.date)} ({_age(each.date, today)})"


def _is_printed(line: CrisisLine, claim: Claim, reading: Reading) -> bool:
    match claim:
        case "number":
            return line.kind == "emergency" or reading.is_fresh(line, "number")
        case "deaf":
            return "deaf" in line.supported
        case "language":
            return line.kind == "emergency" or reading.is_fresh(line, "number")
        case "hours" | "free" | "text" | "chat" | "status":
            return reading.is_fresh(line, claim)
    assert_never(claim)


def _value(line: CrisisLine, claim: Claim) -> str:
    """What the line is known for; empty where it is not."""
    said: dict[Claim, str] = {
        "number": line.phone or "",
        "hours": _hours(line),
        "free": "yes" if line.free else "",
        "language": ", ".join(_languages(line)),
        "text": _text(line),
        "chat": line.chat.url if line.chat else "",
        "deaf": line.deaf.how if line.deaf else "",
    }
    return said.get(claim, "")


def _hours(line: CrisisLine) -> str:
    if line.hours is None:
        return line.typed_hours
    return "day and night" if line.hours.always else "; ".join(map(str, line.hours.ranges))


def _languages(line: CrisisLine) -> Iterator[str]:
    for each in line.reach:
        ways = (f"press {each.press}" if each.press else "", f"number {each.phone}" if each.phone else "")
        said = ", ".join(filter(None, ways))
        yield f"{each.language} ({said})" if said else each.language


def _text(line: CrisisLine) -> str:
    if line.text is None:
        return ""
    words = [line.text.keyword, *(f"{word} ({code})" for code, word in line.text.keywords)]
    return " ".join((*filter(None, (" or ".join(filter(None, words)),)), "to", line.text.number))


def _since(line: CrisisLine, claim: Claim, reading: Reading) -> str:
    """The evidence that counts: the practice's own comparison, else the newest, else what cannot be counted."""
    newest = reading.newest(line, claim)
    comparison = reading.comparison
    by_comparison = comparison.on is not None and comparison.covers(line) and line.dated.get(claim) != newest
    if newest is not None and by_comparison:
        return f"compared by you, {_day(newest)} ({_age(newest, reading.today)})"
    saying = [each for each in line.evidence if claim in each.claims]
    counted = [
        each for each in saying if each.date is not None and not each.about and "memory" not in (each.kind, each.seen)
    ]
    first = max(counted, key=lambda each: each.date or date.min, default=None) or next(iter(saying), None)
    return "no evidence of its own" if first is None else evidence_in_words(first, reading.today)


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _age(day: date, today: date) -> str:
    days = max(0, (today - day).days)
    if days <= _YOUNG:
        return "today" if days == 0 else f"{days} day{'s' if days > 1 else ''} ago"
    return f"{round(days / _MONTH)} months ago"
