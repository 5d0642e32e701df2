"""How hard a text is to read: the Flesch-Kincaid grade (US school years)."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_VOWELS = re.compile(r"[aeiouy]+")


def words(text: str) -> list[str]:
    """Words with letters in them; numbers are dialled, not read."""
    return _WORD.findall(text)


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end; at least one."""
    word = word.lower()
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    return max(1, count)


def sentences(text: str) -> list[str]:
    """Stretches with words between full stops or line ends (a number on the next line ends the sentence before it)."""
    return [part for part in re.split(r"[.;!?]\s|\n", text) if words(part)]


def grade(text: str) -> float:
    """Flesch-Kincaid grade level."""
    read = words(text)
    return 0.39 * len(read) / len(sentences(text)) + 11.8 * sum(map(syllables, read)) / len(read) - 15.59
