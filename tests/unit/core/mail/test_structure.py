"""The MIME structure of a message, from a server's answer and from a saved file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.core.mail import structure
from responder.core.mail.structure import Structure, from_bodystructure, from_message

TEXT = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 12 1 NIL NIL NIL NIL)'
CALENDAR = b'("text" "calendar" ("method" "REQUEST" "name" NIL) NIL NIL "base64" 900 12)'


def kinds(found: Structure | None) -> list[str]:
    """The types of all parts, in order."""
    return [part.kind for part in found.walk()] if found is not None else []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (TEXT, ["text/plain"]),
        (
            b"(" + TEXT + CALENDAR + b' "ALTERNATIVE" ("boundary" "x") NIL NIL)',
            ["multipart/alternative", "text/plain", "text/calendar"],
        ),
        (
            b"((" + TEXT + CALENDAR + b' "alternative")' + TEXT + b' "mixed") UID 7)',
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/calendar", "text/plain"],
        ),
        (
            b"(" + TEXT + b'("message" "rfc822" NIL NIL NIL "7bit" 9 ("d" "s") ' + TEXT + b' 3) "mixed")',
            ["multipart/mixed", "text/plain", "message/rfc822"],
        ),
        (b'("text" {5}\r\nplain NIL NIL NIL "7bit" 1 1)', ["text/plain"]),
        (b'("text" "pl\\"ain" NIL)', ['text/pl"ain']),
        (b"(" * 3 + TEXT + b' "a")  "b") "c")', ["multipart/c", "multipart/b", "multipart/a", "text/plain"]),
        (b"", []),
        (b"NIL", []),
        (b"()", []),
        (b"(", []),
        (b'("text")', []),
        (b'("text" NIL NIL)', []),
        (b"(NIL NIL)", []),
        (b"((NIL))", []),
        (b"(" + TEXT + b")", []),
        (b"(" * 100_000, []),
        (b"(" * 65 + TEXT, []),
        (TEXT[:-1], []),
    ],
)
def test_what_a_server_says_of_the_parts(answer: bytes, expected: list[str]) -> None:
    """Parts in their order and depth; what cannot be read is no structure."""
    assert kinds(from_bodystructure(answer)) == expected


def test_parameters_are_in_lower_case() -> None:
    """Only Content-Type's; a value that is not there is left out."""
    found = from_bodystructure(CALENDAR)
    assert found is not None
    assert found.parameters == {"method": "request"}


@given(st.lists(st.sampled_from([b"(", b")", b'"a"', b"NIL", b" ", b"{3}\r\n", b"7", b'"', b"\\", b"\0"]), max_size=40))
def test_any_answer_gives_a_structure_or_none(parts: list[bytes]) -> None:
    """Nothing raises."""
    from_bodystructure(b"".join(parts))


SAVED = b"""Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/plain\r
\r
hello\r
--x\r
Content-Type: text/calendar; method=REPLY\r
\r
BEGIN:VCALENDAR\r
--x--\r
"""


def test_a_saved_message_has_the_same_structure() -> None:
    """As a server would give it."""
    found = from_message(SAVED)
    assert kinds(found) == ["multipart/mixed", "text/plain", "text/calendar"]
    assert found is not None
    assert found.parts[1].parameters == {"method": "reply"}


@pytest.mark.parametrize("content", [b"", b"From: a@b.example\r\n", b"From: a@b.example\r\n\r\n"])
def test_a_saved_header_block_has_none(content: bytes) -> None:
    """Nobody can tell what was in it."""
    assert from_message(content) is None


def test_an_attached_message_is_not_looked_into() -> None:
    """Its parts are another's letter."""
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello\r\n"
    assert kinds(from_message(inner)) == ["message/rfc822"]


def test_parts_beyond_the_bounds_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of parts costs little."""
    monkeypatch.setattr(structure, "MAX_PARTS", 2)
    assert len(kinds(from_bodystructure(b"(" + TEXT * 5 + b' "mixed")'))) == 3
