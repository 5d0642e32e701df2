"""A text as the rules compare it: without case, accents and invisible characters, each line where it was."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

VARIABLE: Final = "\ufffc"
"""Stands where a template prints a variable: one letter that nobody types (OBJECT REPLACEMENT CHARACTER)."""

BREAK: Final = "\u2029"
"""Stands between branches of a template: no phrase reaches over it (PARAGRAPH SEPARATOR)."""

EXCERPT: Final = 60
"""Characters of an excerpt: what still fits a terminal's line beside its place."""

_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_BLANKS: Final = re.compile(rf"[^\S\n{BREAK}]+")
_ODD: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4\u0060", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE",
    }
)  # fmt: skip
"""What typographers put in place of what is typed, and letters that are also written as two."""

_STROKES: Final = {"ł": "l", "đ": "d", "ø": "o", "ı": "i"}  # noqa: RUF001 - Turkish
"""Letters that Unicode does not take apart."""

_EMPHASIS: Final = str.maketrans("_*~", "   ")
_INVISIBLE: Final = frozenset(("Cf", "Mn", "Me", "Cc", "Cs"))
"""Categories that leave no mark of their own: soft hyphens, zero-width characters, loose accents; and controls."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it was ``written``, without what cannot be seen, and ``folded``: each character at the same place."""

    written: str
    folded: str

    @property
    def words(self) -> str:
        """``folded`` without marks of emphasis."""
        return self.folded.translate(_EMPHASIS)

    def line(self, at: int) -> int:
        """The line, from 1, of a place."""
        return self.written.count("\n", 0, at) + 1

    def excerpt(self, start: int, end: int) -> str:
        """What was written between two places, on one line; a variable shows as dots."""
        return shortened(self.written[start:end].replace(VARIABLE, "…"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a folded text something stands, and which rule it breaks."""

    rule: str
    start: int
    end: int


def places(rule: str, regex: re.Pattern[str], text: str) -> Iterator[Place]:
    """Wherever an expression is found in a folded text."""
    yield from (Place(rule, *match.span()) for match in regex.finditer(text))


def read(source: str) -> Text:
    """Prepares a text."""
    text = _ENTITY.sub(lambda found: re.sub(r"\s", " ", html.unescape(found[0])), source) if "&" in source else source
    text = unicodedata.normalize("NFKC", re.sub("\r\n?", "\n", text).translate(_ODD))
    text = _BLANKS.sub(" ", "".join(filter(_is_visible, text))).replace(" \n", "\n")
    return Text(text, "".join(map(_plain, text)))


@cache
def folded(word: str) -> str:
    """A word or a name, folded."""
    return read(word).folded.strip()


def shortened(text: str) -> str:
    """On one line, without what cannot be shown, and cut to ``EXCERPT`` characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: EXCERPT * 20]).split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


@cache
def _is_visible(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) not in _INVISIBLE


@cache
def _plain(char: str) -> str:
    """One character without case and accents."""
    lower = char.casefold()
    return _STROKES.get(lower) or unicodedata.normalize("NFKD", lower)[:1]
