"""Small facts about text."""

from __future__ import annotations

import hashlib

FINGERPRINT_DIGITS = 16
"""Hex digits of a text's fingerprint: short enough to read to somebody, and no two of a practice's texts share it."""


def text_fingerprint(text: str) -> str:
    """The first 16 hex digits of SHA-256 over the text in UTF-8: names a text that was sent, while it is kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]
