"""A text as the rules compare it: no case, no accents, no invisible characters, and yet every place is known.

The same word can be written in many ways: with typographic apostrophes, soft hyphens, HTML entities, decomposed
accents, letters of full width, over a line's end. All of them fold to one, and each folded character remembers
where it stood.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

VARIABLE: Final = "\ufffc"
"""What stands where a template prints a variable: one letter that nobody types (OBJECT REPLACEMENT CHARACTER)."""

BREAK: Final = "\n"
"""Between two paragraphs, or branches of a template: no phrase reaches over it."""

PARAGRAPH: Final = "\n\n"
"""What folds to a ``BREAK``."""

EXCERPT: Final = 60
"""Characters of an excerpt: what still fits a terminal's line beside its place."""

_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_NEWLINES: Final = frozenset("\n\x0b\x0c\x85\u2028\u2029")
_LINE_END: Final = "\r"
"""A single line end, until the whole text is folded."""

_BLANKS: Final = (" ", _LINE_END, BREAK)
"""White space of a folded text, the stronger ones last."""

_LINE: Final = re.compile(r"\r\n|\r|\n")
"""Line ends as Jinja2 and editors count them."""

_ODD: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4\u0060\uff07", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
        "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "\u2026": "...",  # noqa: RUF001 - Turkish
    }
)  # fmt: skip
"""What Unicode does not take apart, and what typographers put in place of what is typed."""

_INVISIBLE: Final = frozenset(("Cf", "Mn", "Me", "Cc", "Cs"))
"""Categories that leave no mark of their own: soft hyphens, zero-width characters, accents; and controls."""


@dataclass(frozen=True, slots=True)
class Text:
    """A folded text.

    Attributes:
        folded: lower-case; white space is one blank, or ``BREAK`` where an empty line was.
        source: as it was written.
        places: for each folded character, its offset in ``source``; one more for the end.
    """

    folded: str
    source: str
    places: tuple[int, ...]
    lines: tuple[int, ...]

    @property
    def words(self) -> str:
        """The same without marks of emphasis, for phrases; every place stays."""
        return self.folded.translate(_EMPHASIS)

    def line(self, at: int) -> int:
        """The line, from 1, of a place in ``folded``."""
        return line_of(self.lines, self.places[min(at, len(self.places) - 1)])

    def excerpt(self, start: int, end: int) -> str:
        """What was written between two places of ``folded``, on one line."""
        last = self.places[max(start, end - 1)] + 1 if end > start else self.places[start]
        return shortened(self.source[self.places[start] : last])


_EMPHASIS: Final = str.maketrans("_*~", "   ")


def line_starts(source: str) -> tuple[int, ...]:
    """Where the second and every later line starts."""
    return tuple(match.end() for match in _LINE.finditer(source))


def line_of(starts: tuple[int, ...], offset: int) -> int:
    """The line, from 1, in which an offset lies."""
    return bisect_right(starts, offset) + 1


def shortened(text: str) -> str:
    """On one line, without what cannot be shown, and cut to ``EXCERPT`` characters."""
    seen = "".join(char if char.isprintable() else " " for char in text[: EXCERPT * 20])
    line = " ".join(seen.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def fold(source: str, pieces: Iterable[tuple[int, str]] | None = None) -> Text:
    """Folds a text.

    Args:
        source: the text.
        pieces: what to read of it, as offset and string; a piece that does not stand there (a ``VARIABLE``, a
            ``PARAGRAPH``) belongs to the place of its offset. None reads all.
    """
    chars: list[str] = []
    places: list[int] = []
    for offset, piece in [(0, source)] if pieces is None else pieces:
        for place, char in _characters(piece):
            _add(chars, places, char, offset + place)
    text = "".join(chars).replace(_LINE_END, " ")
    return Text(text, source, (*places, len(source)), line_starts(source))


def folded(text: str) -> str:
    """A word or a name, folded."""
    return fold(text).folded.strip()


def _characters(piece: str) -> Iterable[tuple[int, str]]:
    """Every character with its offset; an entity is the character that it stands for."""
    at = 0
    if "&" in piece:
        for match in _ENTITY.finditer(piece):
            yield from enumerate(piece[at : match.start()], at)
            yield from ((match.start(), char) for char in html.unescape(match[0]))
            at = match.end()
    yield from enumerate(piece[at:], at)


def _add(chars: list[str], places: list[int], char: str, place: int) -> None:
    """Adds a character; white space joins the white space before it, and a second line end makes it a ``BREAK``."""
    for each in _plain(char):
        if each not in _BLANKS or not chars or chars[-1] not in _BLANKS:
            chars.append(each)
            places.append(place)
        elif each == _LINE_END:
            chars[-1] = BREAK if chars[-1] == _LINE_END else max(_LINE_END, chars[-1], key=_BLANKS.index)


@cache
def _plain(char: str) -> str:
    """One character without case and accents; a line end stays one."""
    if char.isspace():
        return _LINE_END if char in _NEWLINES else " "
    if char == VARIABLE:
        return char
    apart = unicodedata.normalize("NFKD", char.casefold().translate(_ODD)).casefold().translate(_ODD)
    return "".join(each for each in apart if unicodedata.category(each) not in _INVISIBLE)
