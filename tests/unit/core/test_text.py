"""What may be shown of what others wrote: no address of any shape, no secret, not even in part."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.core.text import MAX_SAID, redact, said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 o'brien+x@town.example unknown", "550 <address> unknown"),
        ("user =tom=roe@town.example", "user <address>"),
        ("(tom.roe)@town.example", "<address>"),
        ("tom (roe)@town.example", "<address>"),
        ('to "tom roe"@town.example.', "to <address>."),
        ('to \\"tom roe\\"@town.example, so', "to <address>, so"),
        ("tom @ town.example", "<address>"),
        ("tom@ town.example", "<address>"),
        ("see https://town.example/?rcpt=tom.roe%40town.example", "see <address>"),
        ("tom%2540town.example", "<address>"),
        ("<tom@town.example>: no", "<address>: no"),
        ("RCPT TO:<tom@town.example>", "RCPT <address>"),
        ("['tom@town.example', 'ann@town.example']", "['<address>', '<address>']"),
        ("    @property\n    def fact", "    @property\n    def fact"),
        ("50%40 none", "<address> none"),
    ],
)
def test_redaction_takes_the_whole_address(text: str, expected: str) -> None:
    """Quotes, comments, signs and percent signs belong to the address."""
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1.1 <tom@town.example>: unknown", "5.1.1 <address>: unknown"),
        ('"tom t"@town.example unknown', "<address> unknown"),
        ("mailbox Tom does not exist; customer, tomato", "mailbox <private> does not exist; customer, tomato"),
        ("a\r\nb\x00c\x9bd\udc80e\u2028f", "a b c d e f"),
        (b"NO \xff\x1b[31m refused", "NO \ufffd [31m refused"),
        ("x" * 5000, "x" * MAX_SAID),
    ],
)
def test_what_a_server_said_is_one_short_line_that_names_nobody(text: str | bytes, expected: str) -> None:
    """Private words are hidden where they stand alone."""
    assert said(text, private=["tom", "x"]) == expected


@given(st.text(max_size=300))
def test_anything_makes_a_line_that_can_be_written(text: str) -> None:
    """And none that holds an address."""
    line = said(f"{text} tom@town.example {text}", private=["tom"], secrets=["hunter2!"])
    line.encode()
    assert len(line) <= MAX_SAID
    assert "tom@town.example" not in line
    assert not any(ord(character) < 32 for character in line)


def plain(username: str, password: str) -> str:
    """The initial response of PLAIN."""
    return f"\0{username}\0{password}"


PASSWORD = 'pä"ss\\wörd 42'
SECRETS = (PASSWORD, plain("hello", PASSWORD))
QUOTED = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
ENCODED = base64.b64encode(PASSWORD.encode()).decode()
INITIAL = base64.b64encode(plain("hello", PASSWORD).encode()).decode()


@pytest.mark.parametrize(
    "echo",
    [
        pytest.param(f"BAD LOGIN hello {PASSWORD}", id="as it is"),
        pytest.param(f'NO command was: LOGIN "hello" "{QUOTED}"', id="quoted"),
        pytest.param(f"535 5.7.8 not understood: {ENCODED}", id="base64"),
        pytest.param(f"501 cannot decode AUTH PLAIN {INITIAL}", id="initial response"),
        pytest.param(f"501 cannot decode {INITIAL[:19]}...", id="cut"),
        pytest.param(f"501 {INITIAL[:16]}\r\n501 {INITIAL[16:]}", id="wrapped"),
        pytest.param(f"501 {INITIAL.lower()}", id="in another case"),
        pytest.param(f"BAD LOGIN hello {PASSWORD}".encode().decode("ascii", "replace"), id="read as ASCII"),
        pytest.param(f"command error: BAD {[f'LOGIN hello {PASSWORD}'.encode()]}", id="as imaplib prints it"),
    ],
)
def test_a_command_that_is_repeated_shows_no_secret(echo: str) -> None:
    """Neither the password nor its base64, whole, cut or wrapped."""
    line = said(echo, secrets=SECRETS)
    assert "<private>" in line
    for secret in (PASSWORD, QUOTED, ENCODED, INITIAL):
        for at in range(len(secret) - 5):
            assert secret[at : at + 6].lower() not in line.lower(), line


def test_a_short_secret_is_hidden_as_a_word() -> None:
    """In part it would be a guess: authentication holds many a short word."""
    assert said("authentication of cat failed", secrets=["cat"]) == "authentication of <private> failed"
