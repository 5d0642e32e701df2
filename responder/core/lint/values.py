"""What the linter hands back, and what a rule is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a practice's own words that must not be sent, or is worth a look.

    Attributes:
        rule: id of the rule, in kebab-case.
        refused: True: must not be sent; False: worth a look.
        line: of the text that it was found in, from 1.
        excerpt: the words that were found, on one line, at most 60 characters.
        reason: one sentence.
        cure: one sentence.
    """

    rule: str
    refused: bool
    line: int
    excerpt: str
    reason: str
    cure: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the linter.

    Attributes:
        id: in kebab-case.
        refuses: whether what it finds must not be sent; else it only warns.
        sees: what it looks for, as the documentation says it.
        reason: why, in one sentence.
        cure: what to write instead, in one sentence.
        source: where the rule comes from.
        example: words that it finds, for the documentation.
    """

    id: str
    refuses: bool
    sees: str
    reason: str
    cure: str
    source: str
    example: str
