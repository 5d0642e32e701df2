"""Names that tell: of services, of topics, and the practice's own."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Final

from responder.core.lint.patterns import END, START, Pattern, pattern, spelled
from responder.core.lint.phrases import languages_for, read_data
from responder.core.lint.text import Place, Text, folded, places
from responder.core.reply.words import LANGUAGES

DISCREET: Final = "discreet-names-service"

_SHORTEST: Final = 4
"""Letters of a part of a name that is looked for by itself: shorter ones are words of half of all sentences, and count
where they are written with a capital."""

_JOINED: Final = 6
"""Letters from which a name is known when it is written as one word, as hosts write it."""

_INFLECTED: Final = 5
"""Letters from which a name's last vowel may change (Harfa, Harfy), and "ue" may be "ü" (Mueller, but not Zoe)."""

_DIGRAPHS: Final = {"ae": "ä", "oe": "ö", "ue": "ü"}
_ANSWERS: Final = re.compile(
    r"^\s?(?:re|r|aw|sv|vs|antw|fwd?|wg|tr|rif|odp|res|enc|rv|ref|atb|ymateb|doorst)(?:\[\d{1,3}\])?\s?:"
)
"""What mail programs put in front of the subject that they answer or hand on."""


def service_words(text: str) -> Iterator[Place]:
    """Words by which a service gives itself away, in any of the languages: an onlooker may read another one."""
    yield from _named(DISCREET, "service", LANGUAGES, text)
    yield from _named(DISCREET, "directory", ("names",), text)


def telling_subject(text: Text, language: str, practice_name: str | None) -> Iterator[Place]:
    """Words that a lock screen should not show: topics, services, names, and marks of an answer."""
    rule = "telling-subject"
    yield from places(rule, _ANSWERS, text.words)
    for kind in ("telling", "subject"):
        yield from _named(rule, kind, LANGUAGES, text.words)
    for kind in ("service", "titles"):
        yield from _named(rule, kind, languages_for(language), text.words)
    yield from _named(rule, "directory", ("names",), text.words)
    yield from own_name(text, language, practice_name, rule)


def telling_name(text: str) -> Iterator[Place]:
    """Topics in a sender's name, in any of the languages: a name has none."""
    yield from _named("telling-name", "telling", LANGUAGES, text)


def own_name(text: Text, language: str, practice_name: str | None, rule: str = DISCREET) -> Iterator[Place]:
    """The practice's name, whole or in part, with other endings, with or without its titles and service words."""
    words = _words(practice_name or "")
    own = [word for word in words if _is_own(word)]
    telling = [word for word in words if not _is_common(word, language)]
    phrases = [words, *_pairs(words)] if len(words) > 1 else []
    phrases += [[word] for word in telling if own == [word]]
    inflected = [_inflected(word) for word in telling if len(word) >= _SHORTEST]
    for expression in dict.fromkeys((*map(_phrase, phrases), *inflected)):
        yield from places(rule, re.compile(expression), text.words)
    for word in (word for word in telling if 1 < len(word) < _SHORTEST and word in own):
        for place in places(rule, re.compile(_phrase([word])), text.words):
            if not text.written[place.start].islower():
                yield place


def _words(name: str) -> list[str]:
    """A name's words, without accents; where an umlaut is or may be, there is one."""
    kept = unicodedata.normalize("NFC", name).lower()
    words = re.findall(r"[^\W_]+", "".join(char if char in "äöü" else folded(char) or " " for char in kept))
    return [
        re.sub("[aou]e", lambda two: _DIGRAPHS[two[0]], word) if len(word) >= _INFLECTED else word for word in words
    ]


def _pairs(words: list[str]) -> Iterator[list[str]]:
    """Every shortest run of a name that says something: two of its own words, and what joins them ("time to talk")."""
    first: int | None = None
    for at, word in enumerate(words):
        if word in _joining():
            continue
        if first is not None and _is_own(word):
            yield words[first : at + 1]
        first = at if _is_own(word) else None


def _phrase(words: list[str]) -> str:
    fewest = 0 if len("".join(words)) >= _JOINED else 1
    return START + rf"[\W_]{{{fewest},3}}".join(map(spelled, words)) + END


def _inflected(word: str) -> str:
    stem = word.rstrip("aeiouy") if len(word) >= _INFLECTED else word
    return rf"{START}{spelled(stem if len(stem) >= _SHORTEST else word)}\w{{0,4}}{END}"


def _spellings(word: str) -> tuple[str, str]:
    """A word as a text folds it, with its umlauts as one letter and as two."""
    two = {umlaut: letters for letters, umlaut in _DIGRAPHS.items()}
    return folded(word), "".join(two.get(char, char) for char in word)


def _is_own(word: str) -> bool:
    """Whether it belongs to this practice: no title, no word of a service, no "and"."""
    kinds = [_pattern(kind, code) for kind in ("titles", "service") for code in LANGUAGES]
    forms = [(each, form) for form in _spellings(word) for each in kinds if each.may_be_in(form.__contains__)]
    return word not in _joining() and not any(each.regex.fullmatch(form) for each, form in forms)


def _is_common(word: str, language: str) -> bool:
    known = frozenset().union(*map(common_words, languages_for(language)))
    return word.isdigit() or not known.isdisjoint(_spellings(word))


@cache
def _joining() -> frozenset[str]:
    return frozenset(map(folded, read_data("names")["joining"]["words"]))


@cache
def common_words(code: str) -> frozenset[str]:
    """Words that give nobody away: those of the built-in texts, days and months, and what stands in any address."""
    listed = {folded(word) for kind in ("common", "short") for word in read_data("names")[kind][code]}
    directory = resources.files("responder.core.reply") / "templates" / code
    for name in ("ordinary.txt", "discreet.txt", "help.txt"):
        with contextlib.suppress(OSError):  # a text that is missing is reported where it is sent
            listed |= set(re.findall(r"\w+", folded((directory / name).read_text("utf-8"))))
    return frozenset(listed)


def _named(rule: str, kind: str, codes: tuple[str, ...], text: str) -> Iterator[Place]:
    for each in (_pattern(kind, code) for code in codes):
        if each.may_be_in(text.__contains__):
            yield from places(rule, each.regex, text)


@cache
def _pattern(kind: str, code: str) -> Pattern:
    return pattern("|".join(read_data("names")[kind][code]), {})
