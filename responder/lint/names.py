"""Names that tell: of services, of topics, and the practice's own."""

from __future__ import annotations

import contextlib
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from responder.compose.words import LANGUAGES
from responder.lint.fold import folded
from responder.lint.patterns import END, START, Pattern, pattern
from responder.lint.phrases import Place, languages_for, read_data

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST_PART: Final = 4
"""Letters of a part of a name that is looked for by itself: shorter ones are in half of all sentences."""

_LONG_NAME: Final = 8
"""Letters from which a name is known when it is written as one word, as hosts write it."""

_INFLECTED: Final = 5
"""Letters from which a name's last vowel may change (Harfa, Harfy)."""

_ANSWERS: Final = re.compile(
    r"\s?(?:re|r|aw|sv|vs|antw|fwd?|wg|tr|rif|odp|res|enc|rv|ref|atb|ymateb|doorst)(?:\[\d{1,3}\])?\s?:"
)
"""What mail programs put in front of the subject that they answer or hand on."""


def service_words(text: str, language: str) -> Iterator[Place]:
    """Words by which a service gives itself away: what it does, or what it is called."""
    for code in languages_for(language):
        yield from _found("discreet-names-service", _named("service", code), text)
    yield from _found("discreet-names-service", _named("directory", "names"), text)


def telling_subject(text: str, language: str, practice_name: str | None) -> Iterator[Place]:
    """Words that a lock screen should not show: topics, services, names, and marks of an answer."""
    rule = "telling-subject"
    if answer := _ANSWERS.match(text):
        yield Place(rule, *answer.span())
    for code in LANGUAGES:
        yield from _found(rule, _named("telling", code), text)
    for code in languages_for(language):
        for kind in ("service", "titles"):
            yield from _found(rule, _named(kind, code), text)
    yield from _found(rule, _named("directory", "names"), text)
    yield from own_name(text, language, practice_name, rule)


def telling_name(text: str) -> Iterator[Place]:
    """Topics in a sender's name, in any of the languages: a name has none."""
    for code in LANGUAGES:
        yield from _found("telling-name", _named("telling", code), text)


def own_name(
    text: str, language: str, practice_name: str | None, rule: str = "discreet-names-service"
) -> Iterator[Place]:
    """The practice's name, whole or in part, with other endings."""
    name = folded(practice_name or "").translate({ord("_"): " "})
    words = [word for word in re.split(r"[\W_]+", name) if word]
    if not words:
        return
    fewest = 0 if len("".join(words)) >= _LONG_NAME else 1
    whole = rf"[\W_]{{{fewest},3}}".join(map(re.escape, words))
    expressions = [f"{START}{whole}{END}", *(_inflected(word) for word in words if _is_telling(word, language))]
    for expression in dict.fromkeys(expressions):
        for match in re.finditer(expression, text):
            yield Place(rule, *match.span())


def _inflected(word: str) -> str:
    stem = word.rstrip("aeiouy") if len(word) >= _INFLECTED else word
    stem = stem if len(stem) >= SHORTEST_PART else word
    return f"{START}{re.escape(stem)}\\w{{0,4}}{END}"


def _is_telling(word: str, language: str) -> bool:
    if len(word) < SHORTEST_PART or word.isdigit():
        return False
    return not any(word in common_words(code) for code in languages_for(language))


@cache
def common_words(code: str) -> frozenset[str]:
    """Words that give nobody away: those of the built-in texts, days and months, and what stands in any address."""
    listed = {folded(word) for word in read_data("names")["common"][code]}
    directory = resources.files("responder") / "templates" / code
    for name in ("ordinary.txt", "discreet.txt", "help.txt"):
        with contextlib.suppress(OSError):  # a text that is missing is reported where it is sent
            listed |= set(re.findall(r"\w+", folded((directory / name).read_text("utf-8"))))
    return frozenset(listed)


def _found(rule: str, each: Pattern, text: str) -> Iterator[Place]:
    if each.may_be_in(text):
        for match in each.regex.finditer(text):
            yield Place(rule, *match.span())


@cache
def _named(kind: str, code: str) -> Pattern:
    words: list[str] = read_data("names")[kind][code]
    return pattern(f"({'|'.join(words)})", {}, umlauts=code in {"de", "names"})
