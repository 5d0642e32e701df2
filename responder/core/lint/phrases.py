"""Phrases of a language: which rule each breaks, and what takes it back."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from responder.core.lint.patterns import Pattern, pattern
from responder.core.lint.text import BREAK, Place, folded
from responder.core.reply.words import LANGUAGES

_NEAR: Final = 8
"""Words before or after a phrase in which a "not" still belongs to it."""

_FAR: Final = 200
"""Characters before or after a phrase in which its sentence is looked for."""

_CLAUSE: Final = re.compile(rf"[.!?;:,()\n]\s|\n\n|{BREAK}| - ")
"""Where a clause ends, and with it the reach of a "not"."""

_SENTENCE: Final = re.compile(rf"[.!?](?=\s|$)|:\n|\n\n|{BREAK}")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What breaks a rule.

    Attributes:
        rule: its id.
        parts: one pattern, or several that have to stand in one sentence, in any order.
        kind: what takes it back: a "not" in its clause (``claims``), an "if" in front of it in its clause (``guesses``)
            or in its sentence (``acts``), or nothing (``always``, and ``denials``, which hold a "not" themselves).
        unless: what else in its sentence takes it back; nothing does what is said ``always``.
    """

    rule: str
    parts: tuple[Pattern, ...]
    kind: str
    unless: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Language:
    """Its phrases, its words for "not" and the like by what they do, and words of other programs' placeholders."""

    phrases: tuple[Phrase, ...]
    negation: Mapping[str, re.Pattern[str]]
    placeholders: frozenset[str]


def languages_for(language: str) -> tuple[str, ...]:
    """Whose phrases a text in this language is searched for; English in any, since people write it in them."""
    return ("en", language) if language in LANGUAGES[1:] else ("en",)


def find(text: str, language: str) -> Iterator[Place]:
    """Every phrase of a folded text, without marks of emphasis, that breaks a rule."""
    has = cache(" ".join(set(text.split())).__contains__)
    for known in map(phrases, languages_for(language)):
        for phrase in known.phrases:
            if all(part.may_be_in(has) for part in phrase.parts):
                for start, end in _spans(phrase.parts, text, known):
                    if not _is_taken_back(phrase, text, start, end, known):
                        yield Place(phrase.rule, start, end)


def _spans(parts: Sequence[Pattern], text: str, known: Language) -> Iterator[tuple[int, int]]:
    """Where a pattern stands; of several, from the first to the last, where one sentence has them all."""
    if len(parts) == 1:
        yield from (match.span() for match in parts[0].regex.finditer(text))
        return
    for start, end in _stretches(text, known):
        found = [match.span() for part in parts if (match := part.regex.search(text, start, end))]
        if len(found) == len(parts):
            yield min(found)[0], max(span[1] for span in found)


def _stretches(text: str, known: Language) -> Iterator[tuple[int, int]]:
    """Each sentence, and each end of one behind a word that begins a clause of its own ("but")."""
    start = 0
    for sentence in _SENTENCE.finditer(text + "\n\n"):
        end = sentence.start()
        yield start, end
        yield from ((word.end(), end) for word in known.negation["breaks"].finditer(text, start, end))
        start = sentence.end()


def _is_taken_back(phrase: Phrase, text: str, start: int, end: int, known: Language) -> bool:
    if phrase.kind == "always":
        return False
    says, negation = text[start:end], known.negation
    before, after = text[max(0, start - _FAR) : start], text[end : end + _FAR]
    sentence, clause = _SENTENCE.split(before)[-1], _clause(before[-_NEAR * 14 :], known)
    whole = sentence + says + _SENTENCE.split(after, maxsplit=1)[0]
    if phrase.unless.search(whole):
        return True
    if phrase.kind in {"guesses", "acts"}:
        reached = clause if phrase.kind == "guesses" else sentence
        condition = negation["if"].search(reached + says)
        return condition is not None and condition.start() < len(reached)
    rest = " ".join(_CLAUSE.split(after, maxsplit=1)[0].split()[:_NEAR])
    return phrase.kind == "claims" and bool(
        negation["before"].search(negation["never"].sub(" ", clause + says))
        or negation["after"].search(negation["never"].sub(" ", rest))
        or negation["disclaims"].search(whole)
    )


def _clause(text: str, known: Language) -> str:
    """The last words of a text that belong to what follows it."""
    clause = _CLAUSE.split(text)[-1]
    begins = max([0, *(word.end() for word in known.negation["breaks"].finditer(clause))])
    return " ".join(clause[begins:].split()[-_NEAR:]) + " "


@cache
def phrases(code: str) -> Language:
    """Reads a language's phrases, once per process."""
    table = read_data(code)

    def either(sources: Sequence[str]) -> re.Pattern[str]:
        return pattern("|".join(sources), table["lists"]).regex if sources else re.compile("(?!)")

    found = [
        Phrase(rule, tuple(pattern(part, table["lists"]) for part in source.split(" & ")), kind, unless)
        for rule, kinds in table["rule"].items()
        for unless in (either(kinds.get("unless", ())),)
        for kind in ("claims", "denials", "guesses", "acts", "always")
        for source in kinds.get(kind, ())
    ]
    negation = {name: either(sources) for name, sources in table["negation"].items()}
    return Language(tuple(found), negation, frozenset(map(folded, table["placeholders"])))


@cache
def read_data(name: str) -> Mapping[str, Any]:
    """A file of ``languages``, without its ``.toml``."""
    return tomllib.loads((resources.files("responder.core.lint") / "languages" / f"{name}.toml").read_text("utf-8"))
