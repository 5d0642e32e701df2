"""Names that tell: of services, of topics, and the practice's own."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Final

from responder.core.lint.fold import Text, folded
from responder.core.lint.patterns import EITHER, END, START, UMLAUTS, Pattern, pattern
from responder.core.lint.phrases import Place, languages_for, read_data
from responder.core.reply.words import LANGUAGES

SHORTEST_PART: Final = 4
"""Letters of a part of a name that is looked for by itself: shorter ones are words of half of all sentences, and count
where they are written with a capital."""

_SHORTEST_CAPITAL: Final = 2
"""Letters of a short part: one is an initial, or a word."""

_LONG_NAME: Final = 6
"""Letters from which a name is known when it is written as one word, as hosts write it."""

_INFLECTED: Final = 5
"""Letters from which a name's last vowel may change (Harfa, Harfy)."""

_DIGRAPHS: Final = {"ae": "\ue000", "oe": "\ue001", "ue": "\ue002"}
_DIGRAPH: Final = re.compile("[aou]e")
"""Two letters that may stand for an umlaut; only in words of ``_INFLECTED`` letters (Mueller, but not Zoe)."""

_WORD: Final = re.compile("(?:[^\\W_]|[\ue000-\ue002])+")

_ANSWERS: Final = re.compile(
    r"\s?(?:re|r|aw|sv|vs|antw|fwd?|wg|tr|rif|odp|res|enc|rv|ref|atb|ymateb|doorst)(?:\[\d{1,3}\])?\s?:"
)
"""What mail programs put in front of the subject that they answer or hand on."""


def service_words(text: str) -> Iterator[Place]:
    """Words by which a service gives itself away: what it does, or what it is called.

    In any of the languages: whoever looks on may read another than the text's.
    """
    for code in LANGUAGES:
        yield from _found("discreet-names-service", _named("service", code), text)
    yield from _found("discreet-names-service", _named("directory", "names"), text)


def telling_subject(read: Text, language: str, practice_name: str | None) -> Iterator[Place]:
    """Words that a lock screen should not show: topics, services, names, and marks of an answer."""
    rule = "telling-subject"
    text = read.words
    if answer := _ANSWERS.match(text):
        yield Place(rule, *answer.span())
    for code in LANGUAGES:
        yield from _found(rule, _named("telling", code), text)
    for code in languages_for(language):
        for kind in ("service", "titles"):
            yield from _found(rule, _named(kind, code), text)
    yield from _found(rule, _named("directory", "names"), text)
    yield from own_name(read, language, practice_name, rule)


def telling_name(text: str) -> Iterator[Place]:
    """Topics in a sender's name, in any of the languages: a name has none."""
    for code in LANGUAGES:
        yield from _found("telling-name", _named("telling", code), text)


def own_name(
    read: Text, language: str, practice_name: str | None, rule: str = "discreet-names-service"
) -> Iterator[Place]:
    """The practice's name, whole or in part, with other endings, with or without its titles and service words."""
    words = _words(practice_name or "")
    telling = [word for word in words if not _is_common(word, language)]
    own = [word for word in words if _is_own(word)]
    phrases = [words, *_pairs(words)] if len(words) > 1 else []
    if len(own) == 1:
        phrases += [[word] for word in telling if word in own]
    expressions = [_phrase(each) for each in phrases]
    expressions += [_inflected(word) for word in telling if len(word) >= SHORTEST_PART]
    shorts = [word for word in telling if _SHORTEST_CAPITAL <= len(word) < SHORTEST_PART and word in own]
    for expression in dict.fromkeys(expressions):
        for match in re.finditer(expression, read.words):
            yield Place(rule, *match.span())
    yield from _capitals(read, shorts, rule)


def _capitals(read: Text, shorts: list[str], rule: str) -> Iterator[Place]:
    """Short words where they are written with a capital."""
    for word in dict.fromkeys(shorts):
        for match in re.finditer(_phrase([word]), read.words):
            if not read.source[read.places[match.start()]].islower():
                yield Place(rule, *match.span())


def _words(name: str) -> list[str]:
    """A name's words, folded; where an umlaut is or may be, its mark stands."""
    kept = unicodedata.normalize("NFC", name).lower().translate(UMLAUTS)
    return [
        _DIGRAPH.sub(lambda found: _DIGRAPHS[found[0]], word) if len(word) >= _INFLECTED else word
        for word in _WORD.findall(folded(kept))
    ]


def _pairs(words: list[str]) -> Iterator[list[str]]:
    """Every shortest run of a name that says something: two of its own words, and what joins them ("time to talk")."""
    joining = _joining()
    first: int | None = None
    for at, word in enumerate(words):
        if word in joining:
            continue
        if not _is_own(word):
            first = None
            continue
        if first is not None:
            yield words[first : at + 1]
        first = at


def _phrase(words: list[str]) -> str:
    fewest = 0 if len("".join(words)) >= _LONG_NAME else 1
    whole = rf"[\W_]{{{fewest},3}}".join(map(_either, words))
    return f"{START}{whole}{END}"


def _inflected(word: str) -> str:
    stem = word.rstrip("aeiouy") if len(word) >= _INFLECTED else word
    stem = stem if len(stem) >= SHORTEST_PART else word
    return f"{START}{_either(stem)}\\w{{0,4}}{END}"


def _either(word: str) -> str:
    """Matches a word with its umlauts in either spelling."""
    regex = re.escape(word)
    for mark, either in EITHER.items():
        regex = regex.replace(mark, either)
    return regex


def _spellings(word: str) -> tuple[str, str]:
    """A word as a text folds it, and with its umlauts written out."""
    written_out = word
    for digraph, mark in _DIGRAPHS.items():
        word, written_out = word.replace(mark, digraph[0]), written_out.replace(mark, digraph)
    return word, written_out


def _is_own(word: str) -> bool:
    """Whether it belongs to this practice: no title, no word of a service, no "and"."""
    if word in _joining():
        return False
    kinds = [_named(kind, code) for kind in ("titles", "service") for code in LANGUAGES]
    return not any(each.regex.fullmatch(form) for form in _spellings(word) for each in kinds if each.may_be_in(form))


def _is_common(word: str, language: str) -> bool:
    return word.isdigit() or any(
        form in common_words(code) for form in _spellings(word) for code in languages_for(language)
    )


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


def _found(rule: str, each: Pattern, text: str) -> Iterator[Place]:
    if each.may_be_in(text):
        for match in each.regex.finditer(text):
            yield Place(rule, *match.span())


@cache
def _named(kind: str, code: str) -> Pattern:
    words: list[str] = read_data("names")[kind][code]
    return pattern(f"({'|'.join(words)})", {}, umlauts=code in {"de", "names"})
