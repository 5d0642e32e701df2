"""A language: its texts, its words, and whether anybody has signed them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

LANGUAGES = ("en", "cy", "de", "es", "fr", "it", "nl", "pl", "pt")
"""ISO 639-1 codes of the languages that have a text; English, which every other one falls back to, first."""

_SIGNED_BY = frozenset(("native", "clinician"))
_BLANKS = re.compile(r"[ \n]+")
"""Not the no-break space, which French sets before a colon."""

_TEXTS = ("ordinary", "discreet")


class LanguageError(ValueError):
    """A language that cannot be written in; the message says why."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language, ready to write in.

    Attributes:
        code: ISO 639-1.
        texts: the whole reply by its style, compiled.
        sentences: the macros of ``help.txt``.
        words: everything in ``words.toml``.
    """

    code: str
    texts: Mapping[str, jinja2.Template]
    sentences: Any
    words: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What its speakers call it."""
        return str(self.words["name"])

    @property
    def is_signed(self) -> bool:
        """Whether a native speaker and a clinician have signed these very words; until then they are a draft."""
        return set(self.words.get("signed", {})) >= _SIGNED_BY

    def sentence(self, name: str, *arguments: object) -> str:
        """One sentence of ``help.txt``; line ends and double blanks in it do not count."""
        return _BLANKS.sub(" ", str(getattr(self.sentences, name)(*arguments))).strip(" ")

    def listed(self, items: list[str]) -> str:
        """``one``, ``one and two``, ``one, two and three``."""
        return f" {self.words['and']} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))

    def length_in_words(self, length: timedelta) -> str:
        """``three days``, ``36 hours``: rounded down, so that "at most once in" stays true."""
        hours = max(1, int(length.total_seconds()) // 3600)
        days, rest = divmod(hours, 24)
        if days > 1 and not rest:
            return str(self.words["periods"]["days"]).format(count=self.words["numbers"].get(str(days), days))
        return str(self.words["periods"]["hour" if hours == 1 else "hours"]).format(count=hours)


@cache
def language(code: str) -> Language:
    """Reads and compiles a language, once per process. The texts are ours: loops and filters are theirs to use.

    Raises:
        LanguageError: there is none, or its files are not as they should be.
    """
    if code not in LANGUAGES:
        raise LanguageError(f'there is no text in "{code}" yet; choose from {", ".join(LANGUAGES)}')
    directory = resources.files("responder.core.reply") / "templates" / code
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, line_statement_prefix="%%")
    try:
        texts = {name: environment.from_string((directory / f"{name}.txt").read_text("utf-8")) for name in _TEXTS}
        sentences = environment.from_string((directory / "help.txt").read_text("utf-8")).module
        words = tomllib.loads((directory / "words.toml").read_text("utf-8"))
    except (OSError, ValueError, jinja2.TemplateError) as error:
        raise LanguageError(f'the text in "{code}" cannot be read ({error}); install the responder again') from error
    return Language(code, texts, sentences, words)
