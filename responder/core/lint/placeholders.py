"""Placeholders of other programs: at best they are sent as they stand, at worst they repeat what was written to us.

Their documented forms: ``{{ticket.title}}`` (Zendesk, Freshdesk, Frappe), ``%{ticket.name}`` (osTicket),
``#{ticket.title}`` (Zammad), ``{%customer.firstName%}`` (Help Scout, FreeScout),
``{$ticket.title}`` (Helprace), ``{!Case.Subject}`` (Salesforce), ``${subject}`` (Sieve with variables, RFC 5229),
``%subject%`` (cPanel), ``$SUBJECT`` (Webmin), ``*|FNAME|*`` (Mailchimp), ``[Client name]``
(templates that are offered for copying).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from responder.core.lint.marks import Mark
from responder.core.lint.phrases import Place, languages_for, phrases
from responder.core.reply.template import VARIABLES

RULE: Final = "sender-words"

_LOOSE: Final = (
    re.compile(r"\{{2,3}\s?([^{}]{1,80})\}{2,3}"),
    re.compile(r"[%#$]\{\s?([^{}]{1,80})\}"),
    re.compile(r"\{[%$!]\s?([^{}]{1,80})\}"),
    re.compile(r"\*\|([^|]{1,60})\|\*"),
)
"""Forms that nobody writes for another purpose: one known word is enough."""

_STRICT: Final = (
    re.compile(r"\{([^{}]{1,60})\}"),
    re.compile(r"\[{1,2}([^\[\]]{1,60})\]{1,2}"),
    re.compile(r"<{1,2}([^<>@/]{1,60})>{1,2}"),
    re.compile(r"%([a-z][a-z0-9_. -]{1,30})%"),
    re.compile(r"\$([a-z][a-z_]{1,20})(?!\w)\$?"),
    re.compile(r"#{1,2}([a-z][a-z_ ]{1,30})#{1,2}"),
    re.compile(r"(?<!\w)__([a-z][a-z_ ]{1,30})__(?!\w)"),
    re.compile(r"@{1,2}([a-z][a-z_]{1,30})@{1,2}"),
)
"""Forms that people use in ordinary text as well: every word has to be a known one."""

_PERCENT: Final = re.compile(r"%(?:\([a-z_]{1,30}\)[sd]|s(?!\w))|\$\{?[0-9]\}|\\[1-9](?!\w)")
_TEMPLATE_MARK: Final = re.compile(r"\{[{%#][^{}]{0,60}(?:\}{1,2})?")
_SPLIT: Final = re.compile(r"[^a-z0-9]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def placeholders(text: str, language: str) -> Iterator[Place]:
    """Placeholders in a folded text."""
    known = known_words(language)
    for each in _LOOSE:
        for match in each.finditer(text):
            if any(word in known for word in _SPLIT.split(match[1])):
                yield Place(RULE, *match.span())
    for each in _STRICT:
        for match in each.finditer(text):
            words = [word for word in _SPLIT.split(match[1]) if word]
            if words and all(word in known for word in words):
                yield Place(RULE, *match.span())
    for match in _PERCENT.finditer(text):
        yield Place(RULE, *match.span())


def template_marks(text: str) -> Iterator[Place]:
    """Braces of a template in a folded text that is none: nobody fills them in, or somebody might."""
    for match in _TEMPLATE_MARK.finditer(text):
        yield Place(RULE, *match.span())


def is_foreign(mark: Mark, language: str) -> bool:
    """Whether Jinja2 is asked for something of the sender's. Other unknown variables are refused elsewhere."""
    known = known_words(language)
    return any(
        word in known
        for name in mark.names
        if name not in VARIABLES
        for word in _SPLIT.split(_CAMEL.sub(" ", name).lower())
    )


def known_words(language: str) -> frozenset[str]:
    """Words that stand in placeholders, in English and in this language."""
    return frozenset().union(*(phrases(code).placeholders for code in languages_for(language)))
