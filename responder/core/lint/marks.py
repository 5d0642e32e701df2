"""A template's source, taken apart: what is text, what Jinja2 reads, and whether the help is surely printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import jinja2
from jinja2 import nodes

from responder.core.lint.fold import PARAGRAPH, VARIABLE, Text, fold

HELP: Final = "help"

_OPENERS: Final = re.compile(r"\{[{%#]")
_CLOSERS: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_STRING: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BRANCH: Final = re.compile(r"[-+\s]*(?:else|elif)\b")
_RAW: Final = re.compile(r"[-+\s]*raw[-+\s]*$")
_END_RAW: Final = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_NAME: Final = re.compile(r"[A-Za-z_][\w.]*")
_WORDS_OF_JINJA: Final = frozenset(("if", "elif", "else", "endif", "and", "or", "not", "true", "false", "none"))
_WONT_PARSE: Final = (jinja2.TemplateError, SyntaxError, RecursionError, MemoryError, ValueError)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something between braces that Jinja2 reads.

    Attributes:
        kind: ``{{``, ``{%`` or ``{#``.
        start: offset of its first brace.
        end: offset behind its last.
        inside: what stands between.
    """

    kind: str
    start: int
    end: int
    inside: str

    @property
    def names(self) -> tuple[str, ...]:
        """The variables it uses, in order."""
        bare = _STRING.sub(" ", self.inside)
        return tuple(name for name in _NAME.findall(bare) if name not in _WORDS_OF_JINJA)

    @property
    def strings(self) -> Iterator[tuple[int, str]]:
        """What it quotes, with the offset in the source: a template may print that."""
        for match in _STRING.finditer(self.inside):
            group = 1 if match[1] is not None else 2
            yield self.start + 2 + match.start(group), match[group]


def marks(source: str) -> Iterator[Mark]:
    """What Jinja2 reads in a source; a mark without an end is text."""
    at = 0
    missing: set[str] = set()
    while (opener := _OPENERS.search(source, at)) is not None:
        kind = opener[0]
        end = -1 if kind in missing else _end_of(source, opener.end(), kind)
        if end < 0:
            missing.add(kind)
            at = opener.end()
            continue
        mark = Mark(kind, opener.start(), end, source[opener.end() : end - 2])
        yield mark
        at = end
        if kind == "{%" and _RAW.match(mark.inside):
            closing = _END_RAW.search(source, end)
            at = closing.start() if closing else len(source)


def _end_of(source: str, at: int, kind: str) -> int:
    """Behind the closing braces, which do not count inside quotes; -1 when there are none."""
    closer = _CLOSERS[kind]
    end = source.find(closer, at)
    while end >= 0 and kind != "{#":
        string = _STRING.search(source, at, end)
        if string is None:
            opened = min((q for q in (source.find("'", at, end), source.find('"', at, end)) if q >= 0), default=-1)
            whole = _STRING.match(source, opened) if opened >= 0 else None
            if whole is None:
                break
            string = whole
        at = string.end()
        end = source.find(closer, at)
    return end + 2 if end >= 0 else -1


def views(source: str) -> tuple[Text, ...]:
    """The text of a template, folded twice: as if every branch were printed at once, and as if none met another.

    What a reader sees is one of these or lies between: a phrase may be written half inside an ``{% if %}``.
    """
    found = list(marks(source))
    joined = fold(source, _pieces(source, found, ""))
    if all(mark.kind == "{{" for mark in found):
        return (joined,)
    return joined, fold(source, _pieces(source, found, PARAGRAPH))


def _pieces(source: str, found: list[Mark], between: str) -> Iterator[tuple[int, str]]:
    at = 0
    for mark in found:
        yield at, source[at : mark.start]
        if mark.kind == "{{":
            yield from _printed(mark)
        elif mark.kind == "{%":
            yield mark.start, PARAGRAPH if _BRANCH.match(mark.inside) else between
        at = mark.end
    yield at, source[at:]


def _printed(mark: Mark) -> Iterator[tuple[int, str]]:
    strings = list(mark.strings)
    if mark.names or not strings:
        yield mark.start, VARIABLE
    for number, string in enumerate(strings):
        if number:
            yield mark.start, PARAGRAPH
        yield string


@dataclass(frozen=True, slots=True)
class NoHelp:
    """Why the ways to help are not surely printed, and where.

    Attributes:
        line: from 1.
        why: "missing", "conditional", "dressed" (printed through something) or "unreadable".
    """

    line: int
    why: str


def no_help(source: str) -> NoHelp | None:
    """None when ``{{ help }}`` stands in a template, by itself and outside any ``{% if %}``."""
    try:
        body = jinja2.Environment(autoescape=False).parse(source).body  # noqa: S701 - nothing is rendered
        printed = [each for node in body if isinstance(node, nodes.Output) for each in node.nodes]
        if any(isinstance(each, nodes.Name) and each.name == HELP for each in printed):
            return None
        return _where(body)
    except _WONT_PARSE as error:
        return NoHelp(error.lineno if isinstance(error, jinja2.TemplateSyntaxError) else 1, "unreadable")


def _where(body: list[nodes.Node]) -> NoHelp:
    for node in body:
        names = (each for each in (node, *node.find_all(nodes.Name)) if isinstance(each, nodes.Name))
        if (name := next((each for each in names if each.name == HELP), None)) is not None:
            is_if = isinstance(node, nodes.If)
            return NoHelp(node.lineno if is_if else name.lineno, "conditional" if is_if else "dressed")
    return NoHelp(1, "missing")
