"""A template's source, taken apart: what it prints, which variables it uses, and whether the help is surely printed."""

from __future__ import annotations

from typing import Final

import jinja2
from jinja2 import nodes

from responder.core.lint.text import BREAK, VARIABLE

_JINJA: Final = jinja2.Environment(autoescape=False)  # noqa: S701 - nothing is rendered
_WONT_PARSE: Final = (jinja2.TemplateError, SyntaxError, RecursionError, MemoryError, ValueError)


def views(source: str) -> tuple[str, ...]:
    """The text of a template, twice: as if every branch were printed at once, and as if none met another.

    What a reader sees is one of these or lies between: a phrase may be written half inside an ``{% if %}``. Lines are
    those of the source. What Jinja2 cannot read is read as it is.
    """
    try:
        tokens = list(_JINJA.lex(source))
    except jinja2.TemplateError:
        return (source,)
    joined, apart = (_text(tokens, between) for between in ("", BREAK))
    return (joined,) if joined == apart else (joined, apart)


def _text(tokens: list[tuple[int, str, str]], between: str) -> str:
    """What is printed, a ``VARIABLE`` for each variable; ``between`` stands where an ``{% if %}`` begins or ends."""
    parts: list[str] = []
    lines = 1
    inside: list[str] = []
    first = ""
    for line, kind, value in tokens:
        new = ["\n" * (line - lines)]
        if kind in {"variable_begin", "block_begin"}:
            inside, first = [], ""
        elif kind == "data":
            new.append(value)
        elif kind == "variable_end":
            new += inside
        elif kind == "block_end":
            new.append(BREAK if first in {"else", "elif"} else between)
        elif kind == "string":
            inside += [BREAK] * bool(inside) + [value[1:-1]]
        elif kind == "name":
            first = first or value
            inside += [VARIABLE] * (VARIABLE not in inside)
        lines += sum(part.count("\n") for part in new)
        parts += new
    return "".join(parts)


def help_and_names(source: str) -> tuple[tuple[int, str] | None, list[tuple[int, str]]]:
    """Why the ways to help are not surely printed, with the line; and each variable that is used, with its line.

    They are when ``{{ help }}`` stands by itself outside any ``{% if %}``. Else they are "missing", "conditional",
    "dressed" (printed through something), or the template is "unreadable".
    """
    try:
        tree = _JINJA.parse(source)
        return _no_help(tree.body), [(name.lineno, name.name) for name in tree.find_all(nodes.Name)]
    except _WONT_PARSE as error:
        return ((error.lineno if isinstance(error, jinja2.TemplateSyntaxError) else 1), "unreadable"), []


def _no_help(body: list[nodes.Node]) -> tuple[int, str] | None:
    printed = [each for node in body if isinstance(node, nodes.Output) for each in node.nodes]
    if any(isinstance(each, nodes.Name) and each.name == "help" for each in printed):
        return None
    for node in body:
        for name in node.find_all(nodes.Name):
            if name.name == "help":
                return (node.lineno, "conditional") if isinstance(node, nodes.If) else (name.lineno, "dressed")
    return 1, "missing"
