"""The linter takes any text."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responder.core.lint import lint_sender_name, lint_subject, lint_template, lint_words
from responder.core.lint.text import folded, read
from responder.core.reply import LANGUAGES

SIZE = 16 * 1024
MARKS = ("{{", "}}", "{%", "%}", "{#", "#}", "'", '"', " help ", " if opens ", "endif", "raw", "<", "&#x", ";", "not ",
         "within ", "24 ", "hours", "confidential", "\u00ad", "\r\n", "\n\n",
         "[", "]", "https://", "bit.ly/", "?utm_", ".", "999")  # fmt: skip
TEXTS = st.text() | st.lists(st.sampled_from(MARKS) | st.text(max_size=3), max_size=40).map("".join)

HOSTILE = {
    "blanks": " " * SIZE,
    "one letter": "a" * SIZE,
    "open marks": "{{" * (SIZE // 2),
    "open and quote": "{{ '" * (SIZE // 4),
    "nested if": "{% if opens %}" * (SIZE // 14),
    "brackets": "[" * SIZE,
    "braces": "{" * SIZE,
    "angles": "<" * SIZE,
    "dots": "a." * (SIZE // 2),
    "dashes": "a-" * (SIZE // 2),
    "digits": "1 " * (SIZE // 2),
    "percent": "%a " * (SIZE // 3),
    "entities": "&#x26;" * (SIZE // 6),
    "soft hyphens": "\u00ad" * SIZE,
    "line ends": "\n" * SIZE,
    "near misses": "within about a maximum of 24 to " * (SIZE // 32),
    "near misses without an end": "you will hear from us we will always answer your " * (SIZE // 49),
    "findings": "you are safe. " * (SIZE // 14),
    "addresses": "https://a.example/?utm_x " * (SIZE // 25),
    "images": "https://a" * (SIZE // 9),
    "negations": "not " * (SIZE // 4),
    "backslashes": "{{ '" + "\\" * SIZE,
}

LINE = "Thank you for writing. Nobody is reading this mailbox now, and we do not promise an answer within a day.\n"
TEMPLATE = (LINE * 200)[:SIZE]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(LANGUAGES), st.booleans(), TEXTS)
def test_any_text_gives_a_value(text: str, language: str, discreet: bool, name: str) -> None:
    """Never an exception; lines are those of the text, excerpts are one line, and the same text gives the same."""
    for reader in (lint_template, lint_words, lint_subject):
        findings = reader(text, language=language, discreet=discreet, practice_name=name)
        assert findings == reader(text, language=language, discreet=discreet, practice_name=name)
        for found in findings:
            assert 1 <= found.line <= len(text.splitlines()) + 1
            assert len(found.excerpt) <= 60
            assert found.excerpt.isprintable()
    assert isinstance(lint_sender_name(text), tuple)


@given(TEXTS)
def test_folding_keeps_every_place(text: str) -> None:
    """Each folded character stands where it was written, and no line is lost."""
    words = read(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    assert len(words.folded) == len(words.written)
    assert words.folded.count("\n") == words.written.count("\n") == lines


@pytest.mark.parametrize(
    "text",
    [
        "confidential", "CONFIDENTIAL", "con\u00adfidential", "c\u200bonfidential", "confide\u0301ntial",
        "con&shy;fidential", "&#99;onfidential", "**confidential**", "\uff43onfidential", "_confidential_",
    ],
)  # fmt: skip
def test_one_word_written_in_many_ways(text: str) -> None:
    """It is found however it is typed."""
    findings = lint_words(f"This is {text}.", language="en", discreet=False)
    assert [found.rule for found in findings] == ["promises-confidentiality"]


@pytest.mark.parametrize(
    ("one", "other"), [("Straße", "STRASSE"), ("Łódź", "lodz"), ("don\u2019t", "don't"), ("a  b", "a\u00a0b")]
)
def test_same_when_folded(one: str, other: str) -> None:
    """Case, accents, apostrophes and blanks make no difference."""
    assert folded(one) == folded(other)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_template_made_to_be_slow_is_read_to_its_end(language: str) -> None:
    """The largest that is taken; benchmarks/hostile.py says how long that takes."""
    for text in (*HOSTILE.values(), TEMPLATE):
        assert isinstance(lint_template(text, language=language, discreet=True, practice_name="Harbour"), tuple)
