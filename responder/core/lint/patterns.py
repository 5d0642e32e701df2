"""The notation in which phrases are written down (``languages/README.md``), and the regular expressions it becomes.

What a pattern becomes cannot take long: every repetition is bounded, and none shares its text with another around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from responder.core.lint.text import VARIABLE, folded

START: Final = r"(?<!\w)"
END: Final = r"(?!\w)"
"""Edges of a word: no ``\\b``, since a phrase may begin or end with a sign."""

_BLANK: Final = r"(?:,?[ \n] {0,3}|-)"
_ENDING: Final = r"\w{0,30}"
_INNERMOST: Final = re.compile(r"([(\[])([^()\[\]]*)[)\]]")
_UMLAUTS: Final = {"ä": "ae?", "ö": "oe?", "ü": "ue?"}
"""Umlauts are typed as one letter or as two."""

_compiled = cache(re.compile)


class PatternError(ValueError):
    """A pattern of the data that is wrongly written; the message names it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase or a piece of one, ready to be looked for in a folded text.

    Attributes:
        expression: the regular expression that finds it; compiled when it is first needed, since most never are.
        needles: one of these stands in every text that it is found in: cheap to rule out most texts.
        is_optional: it may be missing, and holds the blank behind it.
    """

    expression: str
    needles: tuple[str, ...] = ()
    is_optional: bool = False

    @property
    def regex(self) -> re.Pattern[str]:
        """Ready to search with."""
        return _compiled(self.expression)

    def may_be_in(self, text: Callable[[str], bool]) -> bool:
        """Whether a text, given as what tells whether it has a needle, is worth searching."""
        return any(map(text, self.needles))


_SIGNS: Final = {
    "...": Pattern(r"(?:[^\s,.!?;:]{1,40},?[ \n] {0,3}){0,4}", is_optional=True),
    "@": Pattern(VARIABLE, (VARIABLE,)),
    r"\d": Pattern(r"\d{1,3}"),
}


def pattern(source: str, lists: Mapping[str, Sequence[str]]) -> Pattern:
    """Compiles a phrase, its innermost brackets first.

    Args:
        source: the phrase.
        lists: what ``<name>`` and ``#`` stand for.

    Raises:
        PatternError: it is wrongly written, or has no word by which a text could be ruled out.
    """
    parts = dict(_SIGNS)

    def reduced(bracket: re.Match[str]) -> str:
        inner = _either(bracket[2], parts)
        name = f"\0{len(parts)}"
        is_optional = bracket[1] == "["
        parts[name] = Pattern(f"(?:{inner.expression}{_BLANK})?", is_optional=True) if is_optional else inner
        return f" {name} "

    text, count = source.replace("#", r" (\d|<number>) "), 1
    try:
        while "<" in text:
            text = re.sub(r"<(\w+)>", lambda found: f"({'|'.join(lists[found[1]])})", text)
        while count:
            text, count = _INNERMOST.subn(reduced, text)
        whole = _either(text, parts)
    except (KeyError, ValueError) as error:
        raise PatternError(f'"{source}": {error}') from error
    if not whole.needles:
        raise PatternError(f'"{source}" has no word that must stand in the text')
    return Pattern(START + whole.expression + END, whole.needles)


def _either(text: str, parts: Mapping[str, Pattern]) -> Pattern:
    found = [_sequence(choice.split(), parts) for choice in text.split("|")]
    needles = [needle for part in found for needle in part.needles] if all(part.needles for part in found) else ()
    return Pattern(f"(?:{'|'.join(part.expression for part in found)})", tuple(needles))


def _sequence(tokens: Sequence[str], parts: Mapping[str, Pattern]) -> Pattern:
    found = [parts.get(token) or _word(token) for token in tokens]
    if not found or found[-1].is_optional:
        raise ValueError("the last part, and each choice, has to be a word")
    expression = "".join(part.expression if part.is_optional else part.expression + _BLANK for part in found)
    best = max((part.needles for part in found), key=lambda needles: min(map(len, needles), default=0))
    return Pattern(expression.removesuffix(_BLANK), best)


@cache
def _word(token: str) -> Pattern:
    bare = token.strip("*")
    if not folded(bare) or re.search(r"[()\[\]<>]", bare):
        raise ValueError(f'"{token}" is no word')
    before, after = (_ENDING if token[at] == "*" else "" for at in (0, -1))
    needle = max(map(folded, re.split("[äöü]", bare)), key=len)
    return Pattern(before + spelled(bare) + after, (needle,))


def spelled(word: str) -> str:
    """The expression for a word, in lower case."""
    return "".join(_UMLAUTS.get(piece) or re.escape(folded(piece)) for piece in re.split("([äöü])", word))
