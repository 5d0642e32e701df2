"""The small language in which phrases are written down, and the regular expressions that it becomes.

    we'll (reply|answer) ... within # <time>

============  ==========================================================================================================
``word``      that word: no case, no accents; between two words stands a blank, a hyphen or a comma
``stem*``     any word that begins so; ``*stem`` one that ends so
``(a|b c)``   one of these; ``[a|b c]`` one of these or nothing, but not as the last part
``...``       up to four words in between, all in one sentence
``#``         a number, in digits or in a word of the language (its list ``number``)
``<name>``    one of the list of that name
``@``         a variable of the template
``!``         in front: it holds even if a "not" stands near
============  ==========================================================================================================

What a pattern becomes cannot take long: every repetition is bounded, and none shares its text with another around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from responder.core.lint.fold import VARIABLE, folded

START: Final = r"(?<!\w)"
END: Final = r"(?!\w)"
"""Edges of a word: no ``\\b``, since a phrase may begin or end with a sign."""

_BLANK: Final = r"(?:,? |-)"
_ENDING: Final = r"\w{0,30}"
_GAP: Final = r"(?:[^\s,.!?;:]{1,40},? ){0,4}"
_DIGITS: Final = r"\d{1,3}"

_TOKEN: Final = re.compile(r" *(\.\.\.|[()\[\]|#@!]|<[a-z]+>|[^ ()\[\]|#@!<>]+)")

UMLAUTS: Final = str.maketrans({"ä": "\ue000", "ö": "\ue001", "ü": "\ue002"})
EITHER: Final = {"\ue000": "ae?", "\ue001": "oe?", "\ue002": "ue?"}
"""German umlauts are typed as one letter or two; private characters keep their place while a word folds."""


class PatternError(ValueError):
    """A pattern of the data that is wrongly written; the message names it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase, ready to be looked for in a folded text.

    Attributes:
        expression: the regular expression that finds it; compiled when it is first needed, since most never are.
        needles: one of these stands in every text that it is found in: cheap to rule out most texts.
        always: it holds even if it is negated.
    """

    expression: str
    needles: tuple[str, ...]
    always: bool = False

    @property
    def regex(self) -> re.Pattern[str]:
        """Ready to search with."""
        return _compiled(self.expression)

    def may_be_in(self, text: str) -> bool:
        """Whether a text is worth searching."""
        return any(needle in text for needle in self.needles)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of an expression.

    Attributes:
        needles: as in ``Pattern``; empty when none is known.
        is_optional: nothing may stand in its place; its own blank is inside.
    """

    regex: str
    needles: tuple[str, ...] = ()
    is_optional: bool = False


def pattern(source: str, lists: Mapping[str, Sequence[str]], *, umlauts: bool = False) -> Pattern:
    """Compiles a phrase.

    Args:
        source: the phrase, as the table above has it.
        lists: what ``<name>`` and ``#`` stand for.
        umlauts: whether ä, ö and ü may also be written ae, oe and ue.

    Raises:
        PatternError: it is wrongly written, or has no word by which a text could be ruled out.
    """
    always = source.startswith("!")
    part = _Reader(source.removeprefix("!"), lists, umlauts=umlauts).whole()
    if not part.needles:
        raise PatternError(f'"{source}" has no word that must stand in the text')
    return Pattern(START + part.regex + END, part.needles, always)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


class _Reader:
    """Reads one phrase from left to right."""

    def __init__(self, source: str, lists: Mapping[str, Sequence[str]], *, umlauts: bool) -> None:
        self._source = source
        self._lists = lists
        self._umlauts = umlauts
        self._tokens = _TOKEN.findall(source)
        self._at = 0
        self._kinds: dict[str, Callable[[], _Part]] = {
            "(": lambda: self._group(")"),
            "[": self._optional,
            "...": lambda: _Part(_GAP, is_optional=True),
            "#": self._number,
            "@": lambda: _Part(VARIABLE, (VARIABLE,)),
        }

    def whole(self) -> _Part:
        """All of it.

        Raises:
            PatternError: a bracket is missing, or the last part may be nothing.
        """
        part = self._either()
        if self._at < len(self._tokens):
            raise self._wrong(f'"{self._tokens[self._at]}" is one too many')
        return part

    def _either(self) -> _Part:
        parts = [self._sequence()]
        while self._next() == "|":
            self._at += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        needles = tuple(needle for part in parts for needle in part.needles) if all(p.needles for p in parts) else ()
        return _Part(f"(?:{'|'.join(part.regex for part in parts)})", needles)

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._next() not in {"", "|", ")", "]"}:
            token = self._tokens[self._at]
            self._at += 1
            parts.append(self._part(token))
        if not parts or parts[-1].is_optional:
            raise self._wrong("the last part, and each choice, has to be a word")
        regex = "".join(part.regex if part.is_optional else part.regex + _BLANK for part in parts)
        best = max((part.needles for part in parts), key=lambda needles: min(map(len, needles), default=0))
        return _Part(regex.removesuffix(_BLANK), best)

    def _part(self, token: str) -> _Part:
        if token in self._kinds:
            return self._kinds[token]()
        if token.startswith("<"):
            return self._listed(token[1:-1])
        return self._word(token)

    def _group(self, closing: str) -> _Part:
        part = self._either()
        if self._next() != closing:
            raise self._wrong(f'"{closing}" is missing')
        self._at += 1
        return part

    def _optional(self) -> _Part:
        return _Part(f"(?:{self._group(']').regex}{_BLANK})?", is_optional=True)

    def _listed(self, name: str) -> _Part:
        if name not in self._lists:
            raise self._wrong(f'there is no list "{name}"')
        return _Reader(f"({'|'.join(self._lists[name])})", self._lists, umlauts=self._umlauts).whole()

    def _number(self) -> _Part:
        return _Part(f"(?:{_DIGITS}|{self._listed('number').regex})")

    def _word(self, token: str) -> _Part:
        bare = token.strip("*")
        kept = bare.translate(UMLAUTS) if self._umlauts else bare
        letters = folded(kept)
        if not letters:
            raise self._wrong(f'"{token}" is no word')
        regex = re.escape(letters)
        for mark, either in EITHER.items():
            regex = regex.replace(mark, either)
        needle = max(re.split("[\ue000-\ue002]", letters), key=len)
        before, after = ("" if not token.startswith("*") else _ENDING), ("" if not token.endswith("*") else _ENDING)
        return _Part(f"{before}{regex}{after}", (needle,))

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _wrong(self, what: str) -> PatternError:
        return PatternError(f'"{self._source}": {what}')
