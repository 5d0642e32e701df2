"""The linter: reads what a practice writes itself, and says what must not be sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from responder.core.lint import links, marks, names, numbers, phrases, placeholders
from responder.core.lint.fold import Text, fold, line_of, line_starts, shortened
from responder.core.lint.phrases import Place
from responder.core.lint.rules import BY_ID, NO_HELP
from responder.core.lint.values import Finding

MOST_WORDS: Final = 250
"""Of a whole reply: the built-in ones have about 130 with their numbers, and a phone shows some 120 at once."""

MOST_FINDINGS: Final = 50
"""Of one rule: whoever has more of them has seen enough."""

_LOUD_WORDS: Final = 3
_LOUD_LETTERS: Final = 12
"""A line of fewer capitals may be a name or an abbreviation."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """Something found, by its place in the source."""

    rule: str
    start: int
    end: int
    line: int
    excerpt: str


def lint_template(
    source: str, *, language: str, discreet: bool, practice_name: str | None = None
) -> tuple[Finding, ...]:
    """Reads a reply template's source.

    Args:
        source: Jinja2, as it stands in its file: lines are counted there.
        language: ISO 639-1, of the text; English is looked for in any.
        discreet: whether the reply must name nobody and no service.
        practice_name: in the discreet style it must not stand there.

    Returns:
        what was found, in the order of its lines. Any text gives a value.
    """
    hits: list[_Hit] = []
    for text in marks.views(source):
        places = [*_places(text, language, discreet=discreet, practice_name=practice_name)]
        hits += _hits(text, [*places, *numbers.numbers(text.folded)])
    starts = line_starts(source)
    for mark in marks.marks(source):
        whole = source[mark.start : mark.end]
        if mark.kind != "{#" and placeholders.is_foreign(mark, language):
            hits.append(_mark_hit("sender-words", mark, starts, whole))
        if discreet and mark.kind == "{{" and "practice_name" in mark.names:
            hits.append(_mark_hit("discreet-names-service", mark, starts, whole))
    hits += _layout(_without_marks(source))
    return _sorted((*_no_help(source, starts), *_findings(hits)))


def lint_words(text: str, *, language: str, discreet: bool, practice_name: str | None = None) -> tuple[Finding, ...]:
    """Reads a sentence, a sign-off, or a whole finished reply; arguments and result as of ``lint_template``.

    In a finished reply, which shows numbers on lines of their own, no number is found: those are the help. Nor is it
    too long: a part of it is ours.
    """
    read = fold(text)
    places = [*_places(read, language, discreet=discreet, practice_name=practice_name)]
    places += placeholders.template_marks(read.folded)
    if numbers.has_lone_number(text):
        return _sorted(_findings([*_hits(read, places), *_shouting(text)]))
    places += numbers.numbers(read.folded)
    return _sorted(_findings([*_hits(read, places), *_layout(text)]))


def lint_subject(text: str, *, language: str, discreet: bool, practice_name: str | None = None) -> tuple[Finding, ...]:
    """Reads a subject: what a lock screen shows to whoever looks on. Arguments as of ``lint_template``."""
    read = fold(text)
    places = [*names.telling_subject(read, language, practice_name)]
    places += _places(read, language, discreet=False, practice_name=None)
    places += placeholders.template_marks(read.folded)
    places += numbers.numbers(read.folded)
    if discreet:
        places += names.service_words(read.words)
    return _sorted(_findings([*_hits(read, places), *_layout(text)]))


def lint_sender_name(name: str) -> tuple[Finding, ...]:
    """Reads the name that stands beside the address in From; it is shown wherever the subject is."""
    read = fold(name)
    places = [*names.telling_name(read.words), *placeholders.placeholders(read.folded, phrases.ENGLISH)]
    places += [*links.remote_content(read.folded), *links.links(read.folded)]
    return _sorted(_findings(_hits(read, places)))


def _places(text: Text, language: str, *, discreet: bool, practice_name: str | None) -> Iterator[Place]:
    """What any text is read for."""
    yield from phrases.find(text.words, language)
    yield from links.remote_content(text.folded)
    yield from links.links(text.folded)
    yield from placeholders.placeholders(text.folded, language)
    if discreet:
        yield from names.service_words(text.words)
        yield from names.own_name(text, language, practice_name)


def _no_help(source: str, starts: tuple[int, ...]) -> Iterator[Finding]:
    found = marks.no_help(source)
    if found is None:
        return
    lines = [0, *starts]
    at = lines[min(found.line, len(lines)) - 1]
    reason, cure = NO_HELP[found.why]
    shown = "" if found.why == "missing" else shortened(re.split(r"[\r\n]", source[at : at + 400], maxsplit=1)[0])
    yield Finding("no-help", refused=True, line=found.line, excerpt=shown, reason=reason, cure=cure)


def _mark_hit(rule: str, mark: marks.Mark, starts: tuple[int, ...], whole: str) -> _Hit:
    return _Hit(rule, mark.start, mark.end, line_of(starts, mark.start), shortened(whole))


def _without_marks(source: str) -> str:
    """Blanks in place of whatever Jinja2 reads, so that lines stay where they are."""
    parts: list[str] = []
    at = 0
    for mark in marks.marks(source):
        parts += (source[at : mark.start], re.sub(r"[^\r\n]", " ", source[mark.start : mark.end]))
        at = mark.end
    return "".join((*parts, source[at:]))


def _layout(text: str) -> Iterator[_Hit]:
    """How it looks: too much of it, or capitals."""
    yield from _shouting(text)
    words = 0
    for number, start, line in _lines(text):
        before, words = words, words + len(line.split())
        if before <= MOST_WORDS < words:
            yield _Hit("too-long", start, start + len(line), number, shortened(line))


def _shouting(text: str) -> Iterator[_Hit]:
    for number, start, line in _lines(text):
        letters = sum(map(str.isalpha, line))
        if line.isupper() and letters >= _LOUD_LETTERS and len(line.split()) >= _LOUD_WORDS:
            yield _Hit("shouting", start, start + len(line), number, shortened(line))


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Number, offset and text of every line."""
    starts = (0, *line_starts(text))
    for number, (start, end) in enumerate(zip(starts, (*starts[1:], len(text)), strict=True), 1):
        yield number, start, text[start:end]


def _hits(text: Text, places: Iterable[Place]) -> list[_Hit]:
    return [
        _Hit(
            each.rule,
            text.places[each.start],
            text.places[max(each.start, each.end - 1)] + 1,
            text.line(each.start),
            text.excerpt(each.start, each.end),
        )
        for each in places
    ]


def _findings(hits: Iterable[_Hit]) -> Iterator[Finding]:
    """One finding for whatever overlaps: the two views of a template, and two patterns for one phrase."""
    kept: dict[str, list[_Hit]] = {}
    for hit in sorted(hits, key=lambda hit: (_rank(hit.rule), hit.start, -hit.end)):
        before = kept.setdefault(_told_once(hit.rule), [])
        is_apart = all(each.end <= hit.start or hit.end <= each.start for each in before)
        if is_apart and len(before) < MOST_FINDINGS:
            before.append(hit)
            rule = BY_ID[hit.rule]
            yield Finding(hit.rule, rule.refuses, hit.line, hit.excerpt, rule.reason, rule.cure)


_SAME: Final = {"speaks-of-reply": "promises-answer", "remote-content": "sender-words"}
"""Rules that are not told where the other one speaks already."""


def _told_once(rule: str) -> str:
    return _SAME.get(rule, rule)


def _rank(rule: str) -> int:
    return 1 if rule in _SAME else 0


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda found: (found.line, not found.refused, found.rule, found.excerpt)))
