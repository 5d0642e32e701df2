"""The linter: reads what a practice writes itself, and says what must not be sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from responder.core.lint import marks, names, phrases, template
from responder.core.lint.text import Place, Text, places, read, shortened

MOST_WORDS: Final = 250
"""Of a whole reply: the built-in ones have about 130 with their numbers, and a phone shows some 120 at once."""

_LOUD_WORDS: Final = 3
_LOUD_LETTERS: Final = 12
"""A line of fewer capitals may be a name or an abbreviation."""

_SAID_BY: Final = {"speaks-of-reply": "promises-answer", "remote-content": "sender-words", "other-number": "bad-number"}
"""Rules that are silent on a line where the other one speaks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a practice's own words that must not be sent (``refused``), or is worth a look.

    ``line`` is counted from 1; ``excerpt`` is what was written there, on one line, at most 60 characters; ``reason``
    and ``cure`` are a sentence each.
    """

    rule: str
    refused: bool
    line: int
    excerpt: str
    reason: str
    cure: str


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
    found: list[Finding] = []
    no_help, variables = template.help_and_names(source)
    if no_help is not None:
        line, why = no_help
        shown = "" if why == "missing" else shortened(re.split(r"\r\n|\r|\n", source)[line - 1])
        found.append(_finding("no-help", line, shown, why))
    for line, name in variables:
        if marks.is_foreign(name, language):
            found.append(_finding("sender-words", line, name))
        elif discreet and name == "practice_name":
            found.append(_finding(names.DISCREET, line, name))
    for view in template.views(source):
        text = read(view)
        whole = (_words(text, language, discreet, practice_name), marks.numbers(text.folded), _too_long(text))
        found += _findings(text, *whole)
    return _told(found)


def lint_words(text: str, *, language: str, discreet: bool, practice_name: str | None = None) -> tuple[Finding, ...]:
    """Reads a sentence, a sign-off, or a whole finished reply; arguments and result as of ``lint_template``.

    In a finished reply, which shows numbers on lines of their own, no number is found: those are the help. Nor is it
    too long: a part of it is ours.
    """
    words = read(text)
    found = [*_words(words, language, discreet, practice_name), *places("sender-words", marks.TEMPLATE, words.folded)]
    if "\n" not in text.strip() or not marks.LONE_NUMBER.search(text):
        found += (*marks.numbers(words.folded), *_too_long(words))
    return _told(_findings(words, found))


def lint_subject(text: str, *, language: str, discreet: bool, practice_name: str | None = None) -> tuple[Finding, ...]:
    """Reads a subject, which a lock screen shows to any onlooker. Arguments as of ``lint_template``."""
    told = names.telling_subject(read(text), language, practice_name)
    service = names.service_words(read(text).words) if discreet else ()
    others = lint_words(text, language=language, discreet=False)
    return _told((*_findings(read(text), told, service), *others))


def lint_sender_name(name: str) -> tuple[Finding, ...]:
    """Reads the name that stands beside the address in From; it is shown wherever the subject is."""
    words = read(name)
    signs = (marks.placeholders(words.folded, "en"), marks.links(words.folded))
    return _told(_findings(words, names.telling_name(words.words), *signs))


def _words(text: Text, language: str, discreet: bool, practice_name: str | None) -> Iterator[Place]:  # noqa: FBT001
    """What any text is read for."""
    yield from phrases.find(text.words, language)
    yield from marks.links(text.folded)
    yield from marks.placeholders(text.folded, language)
    for start, line in _lines(text):
        if line.isupper() and sum(map(str.isalpha, line)) >= _LOUD_LETTERS and len(line.split()) >= _LOUD_WORDS:
            yield Place("shouting", start, start + len(line))
    if discreet:
        yield from names.service_words(text.words)
        yield from names.own_name(text, language, practice_name)


def _too_long(text: Text) -> Iterator[Place]:
    words = 0
    for start, line in _lines(text):
        before, words = words, words + len(line.split())
        if before <= MOST_WORDS < words:
            yield Place("too-long", start, start + len(line))


def _lines(text: Text) -> Iterator[tuple[int, str]]:
    return ((line.start(), line[0]) for line in re.finditer(r"[^\n]+", text.written))


def _findings(text: Text, *found: Iterable[Place]) -> Iterator[Finding]:
    """One finding for what overlaps: two patterns for one phrase."""
    ends: dict[str, int] = {}
    for each in sorted((each for some in found for each in some), key=lambda place: (place.start, -place.end)):
        if each.start >= ends.get(each.rule, 0):
            ends[each.rule] = each.end
            yield _finding(each.rule, text.line(each.start), text.excerpt(each.start, each.end))


def _finding(rule: str, line: int, excerpt: str, why: str = "") -> Finding:
    known = phrases.read_data("rules")[rule]
    said = known["why"][why] if why else known
    return Finding(rule, known["refuses"], line, excerpt, said["reason"], said["cure"])


def _told(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once; first line first, and what is refused before what is a warning."""
    found = dict.fromkeys(findings)
    heard = {(each.rule, each.line) for each in found}
    kept = (each for each in found if (_SAID_BY.get(each.rule, ""), each.line) not in heard)
    return tuple(sorted(kept, key=lambda each: (each.line, not each.refused, each.rule, each.excerpt)))
