"""Names of people, places and messages, as keyed hashes: the database names no one (promise 5)."""

from __future__ import annotations

import hmac
from typing import Final

HASH_OCTETS: Final = 16


class Names:
    """Hashes with a secret key and a label for each kind: the same text of two kinds has two hashes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mailbox(self, mailbox: str) -> bytes:
        """A mailbox by its address."""
        return self._text("mailbox", mailbox.lower())

    def folder(self, mailbox: str, folder: str) -> bytes:
        """A folder of a mailbox."""
        return self._text("folder", mailbox.lower(), folder)

    def correspondent(self, correspondent: str) -> bytes:
        """Whom a reply goes to."""
        return self._text("correspondent", correspondent.lower())

    def domain(self, domain: str | None) -> bytes | None:
        """A correspondent's domain, where it has a rate of its own."""
        return None if domain is None else self._text("domain", domain.lower())

    def message(self, message: str) -> bytes:
        """A message by its Message-ID or fingerprint."""
        return self._text("message", message)

    def reply(self, mailbox: bytes, correspondent: bytes, message: bytes) -> str:
        """The reply to a message, in hex: the same at every attempt."""
        return self._hash("reply", mailbox, correspondent, message).hex()

    def _text(self, kind: str, *texts: str) -> bytes:
        return self._hash(kind, *(text.encode("utf-8", "surrogatepass") for text in texts))

    def _hash(self, kind: str, *parts: bytes) -> bytes:
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self._key, kind.encode() + b"\0" + framed, "sha256")[:HASH_OCTETS]
