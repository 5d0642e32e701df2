"""Text: its fingerprint, and what may be shown of what others wrote."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

FINGERPRINT_DIGITS: Final = 16
"""Hex digits of a text's fingerprint: short enough to read to somebody, and no two of a practice's texts share it."""

MAX_SAID: Final = 200
"""Characters of a server's text that are shown: enough for its sentence, too few to flood a log."""

LONGEST_TEXT: Final = 1000
"""Characters of a server's text that are read; searching for addresses is quadratic."""

FRAGMENT: Final = 6
"""A run of this many characters that a secret has too is hidden: servers repeat a command in part, or wrapped."""

SHORTEST: Final = 3
"""Shorter private words are in every sentence, and tell nothing."""

_SPACED: Final = re.compile(
    r"""(?:"[^"\n]*"|'[^'\n]*'|(?:[ \t]{0,2}\([^()\n]*\)){1,3}|(?<=\S)[ \t]{1,2})(?=[ \t]{0,2}@|%(?:25)*40)"""
)
"""A quoted local part, comments or spaces before the at sign: where an address may hold spaces (RFC 5322 §3.4.1)."""

_AFTER: Final = re.compile(r"(?<=\S)@[ \t]{1,2}(?=\S)")

_ADDRESS: Final = re.compile(
    r"""(?<!\S)(?P<head>["'(<\[]*)[^\s"'(<\[]\S*?(?:@|%(?:25)*40)\S*?(?P<tail>["'>)\],;:.]*)(?!\S)"""
)
"""Anything that may hold a mail address, from space to space: what stands around an at sign may be part of it, even
quotes, ``=`` and parentheses."""

_BRACKETED: Final = re.compile(r"<+address>+")

_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def text_fingerprint(text: str) -> str:
    """The first 16 hex digits of SHA-256 over the text in UTF-8: names a text that was sent, while it is kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]


def redact(text: str) -> str:
    """Replaces all that may be a mail address: ``jane%40x``, ``"jane roe"@x`` and ``jane @ x`` as well."""
    joined = _AFTER.sub("@", _SPACED.sub("_", text))
    return _BRACKETED.sub("<address>", _ADDRESS.sub(r"\g<head><address>\g<tail>", joined))


def said(text: str | bytes, *, private: Iterable[str] = (), secrets: Iterable[str] = ()) -> str:
    """What a server said, fit for a log or a terminal: one short line, without addresses.

    Args:
        text: the server's.
        private: words that name somebody; each is hidden where it stands alone, in any case.
        secrets: hidden even in part, and in base64 or as a quoted string: a server may repeat the command that it
            refuses.
    """
    raw = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    raw = _without(raw[:LONGEST_TEXT], {form for secret in secrets for form in _forms(secret)})
    line = redact(_UNPRINTABLE.sub(" ", raw).strip())
    for word in private:
        line = _without_word(line, word)
    return line[:MAX_SAID]


def _forms(secret: str) -> Iterator[str]:
    """As it is, as an IMAP quoted string, in base64 (RFC 9051 §4.3, RFC 4954 §4), and as read by who expects ASCII."""
    octets = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    yield base64.b64encode(octets).decode()
    yield octets.decode("ascii", "replace")
    yield repr(octets)[2:-1]


def _without(text: str, secrets: Iterable[str]) -> str:
    """The text without what it shares with a secret; each is looked for in the whole text, so none hides another."""
    low, hidden = _lower(text), bytearray(len(text))
    for start, end in (span for secret in secrets for span in _shared(low, _lower(secret))):
        hidden[start:end] = b"\1" * (end - start)
    runs = groupby(zip(hidden, text, strict=True), key=lambda pair: pair[0])
    return "".join("<private>" if hide else "".join(char for _, char in run) for hide, run in runs)


def _shared(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """Where a text and a secret have a run of characters in common; a short secret counts as a whole word only."""
    if len(secret) < FRAGMENT:
        yield from (match.span() for match in _words(secret).finditer(text))
        return
    pieces = {secret[at : at + FRAGMENT] for at in range(len(secret) - FRAGMENT + 1)}
    for at in range(len(text) - FRAGMENT + 1):
        if text[at : at + FRAGMENT] in pieces:
            yield at, at + FRAGMENT


def _lower(text: str) -> str:
    """In lower case, each character still at its place."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _without_word(text: str, word: str) -> str:
    return _words(word).sub("<private>", text)


def _words(word: str) -> re.Pattern[str]:
    """A word where it stands alone, in any case; one that is too short stands nowhere."""
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)" if len(word) >= SHORTEST else r"(?!)", re.IGNORECASE)
