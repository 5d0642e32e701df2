"""A practice's own template: what it may use, and what makes it unfit to send."""

from __future__ import annotations

import re
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = ("practice_name", "closed", "opens", "help", "repeat")
"""What a practice's own template may use; ``docs/words/en.md`` explains each."""

MAX_TEMPLATE = 16 * 1024
"""Characters of a template's source and of what it renders to; a reply that fills a screen has about 700."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What no line of text and no header field holds."""

_ALLOWED_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr, nodes.Not, nodes.And,
    nodes.Or, nodes.Const,
)  # fmt: skip
_WONT_COMPILE = (jinja2.TemplateError, SyntaxError, RecursionError, MemoryError)


class TemplateError(ValueError):
    """A text that must not be sent; the message says why and what to do."""


def compiled(source: str) -> jinja2.Template:
    """A practice's own template, if it is one that surely ends.

    Only variables and ``if`` are allowed: no loop, call, filter or arithmetic can then take long or reach further.

    Raises:
        TemplateError: it is too long, wrongly written, or uses more than that.
    """
    if len(source) > MAX_TEMPLATE:
        raise TemplateError(f"the reply template is longer than {MAX_TEMPLATE} characters; shorten it")
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, finalize=_never_none)
    environment.globals.clear()
    try:
        tree = environment.parse(source)
        _refuse_unknown(tree)
        return environment.from_string(source)
    except _WONT_COMPILE as error:
        line = f" in line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise TemplateError(f"the reply template is wrongly written{line}: {error}; correct it") from error


def _refuse_unknown(tree: nodes.Template) -> None:
    cure = f"only these variables and {{% if %}} may be used: {', '.join(VARIABLES)}"
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED_NODES):
            what = type(node).__name__.lower()
            raise TemplateError(f'the reply template uses "{what}" in line {node.lineno}; {cure}')
    if unknown := sorted(meta.find_undeclared_variables(tree) - set(VARIABLES)):
        raise TemplateError(f'the reply template uses the unknown variable "{unknown[0]}"; {cure}')


def _never_none(value: Any) -> Any:
    """Jinja2 would print the word "None"."""
    if value is None:
        raise TemplateError(
            "the reply template prints {{ opens }} although no opening is ahead; "
            "write {% if opens %}We open again {{ opens }}.{% endif %}"
        )
    return value


def tidy(text: str) -> str:
    """Blanks at line ends and double empty lines go; one line end closes the text.

    Raises:
        TemplateError: it holds what no text holds.
    """
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\t", " ").split("\n")]
    tidy = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
    if CONTROL.search(tidy.replace("\n", "")):
        raise TemplateError("the reply template holds a control character; take it out")
    return tidy
