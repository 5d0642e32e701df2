"""A reply that is ready to be sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from responder.core.message import Address
from responder.core.text import text_fingerprint

MESSAGE_ID_PREFIX = "ahr."
"""Starts the Message-ID of everything we send: a reply to it that a machine wrote is recognised by it."""

MARKER_HEADER = "X-After-Hours-Responder"
"""On everything we send, so that we know our own mail wherever we meet it."""


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """A reply ready for submission.

    Attributes:
        recipient: exactly one.
        content: the whole message, CRLF line ends, no line over 998 octets.
        text: the plain text as it will be read.
        kind: which text it is ("ordinary", "discreet"); ends with "-builtin" when a broken template was replaced.
    """

    recipient: Address
    from_address: Address
    message_id: str
    content: bytes = field(repr=False)
    text: str = field(repr=False)
    kind: str = "ordinary"

    @property
    def fingerprint(self) -> str:
        """Names the text: the same text to whomever has the same one."""
        return text_fingerprint(self.text)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submission server took responsibility (250 after the final dot)."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not delivered, and may work later.

    Attributes:
        account_wide: the fault is the account's or the server's, not this reply's (a breaker opens).
        cure: what the owner can do, for faults that waiting alone will not mend.
        said: the server's own words, redacted, for a fault of the account.
    """

    reason: str
    account_wide: bool = False
    cure: str | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Surely not delivered: a 5xx for this recipient or this content.

    Attributes:
        once_more: it names no fault of the recipient's, so another attempt after a while is worth it.
    """

    reason: str
    code: int = 0
    once_more: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Cut off after the final dot: it may have been delivered, or not (RFC 1047)."""

    reason: str


Outcome = Accepted | Deferred | Rejected | Unknown
