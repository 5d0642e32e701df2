"""Phrases of a language: which rule each breaks, and when a "not" beside it takes that back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from responder.core.lint.fold import folded
from responder.core.lint.patterns import END, START, Pattern, pattern
from responder.core.reply.words import LANGUAGES

ENGLISH: Final = "en"
"""Looked for in every language's text: people write English in them."""

_UMLAUT_LANGUAGES: Final = frozenset(("de",))

_TAKEN_BACK: Final = frozenset(
    ("promises-monitoring", "promises-answer", "speaks-of-reply", "promises-confidentiality", "asks-for-details",
     "tells-absence")
)  # fmt: skip
"""Rules about what is claimed: "we do not ..." claims nothing. Harmful words hurt beside a "not" as well."""

_NEAR: Final = 8
"""Words before or after a phrase in which a "not" still belongs to it."""

_CLAUSE: Final = re.compile(r"[.!?;:,()\n]| - ")
"""Where a clause ends, and with it the reach of a "not"."""

_SENTENCE: Final = re.compile(r"[.!?\n](?=\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Phrases:
    """What one rule looks for.

    Attributes:
        patterns: what breaks the rule.
        unless: what makes it honest again when it stands in the same sentence; where a "not" changes nothing, when it
            begins before the phrase and reaches into it ("if you are ...").
    """

    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language's phrases.

    Attributes:
        rules: by the rule's id.
        before: words that negate what follows.
        after: words that negate what precedes.
        never: phrases that hold such a word and negate nothing ("not only").
        breaks: words that begin a clause of their own ("but").
        placeholders: words that stand in other programs' placeholders ("subject").
    """

    rules: Mapping[str, Phrases]
    before: re.Pattern[str]
    after: re.Pattern[str] | None
    never: tuple[Pattern, ...]
    breaks: tuple[Pattern, ...]
    placeholders: frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a folded text something stands, and which rule it breaks."""

    rule: str
    start: int
    end: int


def languages_for(language: str) -> tuple[str, ...]:
    """Whose phrases a text in this language is searched for; English alone where we know nothing of it."""
    return tuple(dict.fromkeys((ENGLISH, language))) if language in LANGUAGES else (ENGLISH,)


def find(text: str, language: str) -> Iterator[Place]:
    """Every phrase of a folded text that breaks a rule.

    Args:
        text: folded, without marks of emphasis.
        language: ISO 639-1.
    """
    for code in languages_for(language):
        tongue = phrases(code)
        for rule, found in tongue.rules.items():
            for each in found.patterns:
                if each.may_be_in(text):
                    yield from _places(rule, each, found.unless, tongue, text)


def _places(rule: str, each: Pattern, unless: Sequence[Pattern], tongue: Tongue, text: str) -> Iterator[Place]:
    for match in each.regex.finditer(text):
        start, end = match.span()
        if each.always:
            yield Place(rule, start, end)
        elif rule not in _TAKEN_BACK:
            if not _is_conditional(text, start, end, unless):
                yield Place(rule, start, end)
        elif not (_is_negated(text, start, end, tongue) or _is_excused(text, start, end, unless)):
            yield Place(rule, start, end)


def _is_negated(text: str, start: int, end: int, tongue: Tongue) -> bool:
    """Whether a "not" stands in the phrase, or near it in the same clause."""
    before = _clause_before(text[max(0, start - _NEAR * 20) : start], tongue)
    if tongue.before.search(_without(before + text[start:end], tongue.never)):
        return True
    if tongue.after is None:
        return False
    rest = _CLAUSE.split(text[end : end + _NEAR * 20], maxsplit=1)[0]
    near = " ".join(rest.split()[:_NEAR])
    return tongue.after.search(_without(near, tongue.never)) is not None


def _clause_before(text: str, tongue: Tongue) -> str:
    clause = _CLAUSE.split(text)[-1]
    begins = max((match.end() for each in tongue.breaks for match in each.regex.finditer(clause)), default=0)
    clause = clause[begins:]
    return " ".join(clause.split()[-_NEAR:]) + " "


def _is_excused(text: str, start: int, end: int, unless: Sequence[Pattern]) -> bool:
    if not unless:
        return False
    sentence = _SENTENCE.split(text[max(0, start - 200) : start])[-1] + text[start:end]
    sentence += _SENTENCE.split(text[end : end + 200], maxsplit=1)[0]
    return any(each.regex.search(sentence) for each in unless)


def _is_conditional(text: str, start: int, end: int, unless: Sequence[Pattern]) -> bool:
    """Whether an excuse reaches into the phrase itself: "if you are in danger" says nothing of who reads it."""
    return any(match.end() > start for each in unless for match in each.regex.finditer(text, max(0, start - 40), end))


def _without(text: str, never: Sequence[Pattern]) -> str:
    for each in never:
        text = each.regex.sub(" ", text)
    return text


@cache
def phrases(code: str) -> Tongue:
    """Reads a language's phrases, once per process."""
    table = read_data(code)
    lists: dict[str, Sequence[str]] = table["lists"]
    umlauts = code in _UMLAUT_LANGUAGES

    def compiled(sources: Sequence[str]) -> tuple[Pattern, ...]:
        return tuple(pattern(source, lists, umlauts=umlauts) for source in sources)

    def either(sources: Sequence[str]) -> re.Pattern[str] | None:
        found = "|".join(each.expression for each in compiled(sources))
        return re.compile(found) if found else None

    negation = table["negation"]
    return Tongue(
        rules={
            rule: Phrases(compiled(found["patterns"]), compiled(found.get("unless", ())))
            for rule, found in table["rule"].items()
        },
        before=either(negation["before"]) or re.compile(START + END),
        after=either(negation.get("after", ())),
        never=compiled(negation.get("never", ())),
        breaks=compiled(negation["breaks"]),
        placeholders=frozenset(map(folded, table["placeholders"])),
    )


@cache
def read_data(name: str) -> Mapping[str, Any]:
    """A file of ``data/lint``, without its ``.toml``."""
    return tomllib.loads((resources.files("responder.core.lint") / "languages" / f"{name}.toml").read_text("utf-8"))
