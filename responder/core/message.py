"""Frozen value types: what one hop hands to the next.

Every datetime here is aware. Nothing in this module does I/O or knows the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NewType

Uid = NewType("Uid", int)
"""IMAP unique identifier, 1 to 2**32 - 1 (RFC 9051 §2.3.1.1)."""

UidValidity = NewType("UidValidity", int)
"""Generation of a folder's UIDs, 1 to 2**32 - 1 (RFC 9051 §2.3.1.1)."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mail address, fit for an SMTP command.

    Attributes:
        local: local part as it was written (RFC 5321 §2.4: its case is the receiver's business).
        domain: lower-case, in IDNA (A-label) form.
    """

    local: str
    domain: str

    @property
    def addr_spec(self) -> str:
        """What goes on the wire."""
        return f"{self.local}@{self.domain}"

    @property
    def identity(self) -> str:
        """What makes two spellings the same correspondent: all lower-case."""
        return f"{self.local}@{self.domain}".lower()

    def __str__(self) -> str:
        return self.addr_spec


@dataclass(frozen=True, slots=True)
class MessageKey:
    """Names one message for ever: (mailbox, folder, UIDVALIDITY, UID).

    Attributes:
        mailbox: the configured address of the mailbox, lower-case.
        folder: the folder's name as configured.
    """

    mailbox: str
    folder: str
    uid_validity: UidValidity
    uid: Uid


@dataclass(frozen=True, slots=True)
class FetchedMessage:
    """What the mailbox hands over: never more than headers.

    Attributes:
        received_at: INTERNALDATE, the server's clock; None when it could not be read.
        header_block: the bytes of the header fields asked for, as the server returned them.
        flags: IMAP flags and keywords, as spelled by the server.
        structure: the server's BODYSTRUCTURE, where it was asked for and given.
    """

    key: MessageKey
    received_at: datetime | None
    header_block: bytes
    flags: frozenset[str] = frozenset()
    structure: bytes | None = None


class Defect(Enum):
    """What was odd about a header block; a rule may make it a reason for silence."""

    TOO_LARGE = "the header block is larger than is ever read"
    TOO_MANY_LINES = "the header block has more lines than is ever read"
    NUL_OR_BARE_CR = "a field holds NUL or a bare carriage return"
    UNREADABLE_ADDRESS = "an address could not be read"
    UNREADABLE_DATE = "a date could not be read"
    UNREADABLE_MESSAGE_ID = "the Message-ID is not one valid msg-id"


@dataclass(frozen=True, slots=True)
class ReturnPath:
    """What ``Return-Path`` says: absent, the null reverse-path, or an address.

    Attributes:
        present: there is such a field.
        address: the top-most one's address; None when it is null, empty or unreadable.
    """

    present: bool = False
    address: Address | None = None

    @property
    def is_null(self) -> bool:
        """Present, but naming nobody (RFC 5321 §4.5.5)."""
        return self.present and self.address is None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message as its headers describe it.

    Attributes:
        fields: every field in order: (lower-case name, unfolded value without outer blanks).
        from_: every address of every From field.
        sender, reply_to: every address of these fields.
        recipients: To, Cc, Bcc, Resent-To, Resent-Cc and Resent-Bcc together.
        message_id: one valid msg-id with its angle brackets, ASCII, at most 250 octets; else None.
        fingerprint: what stands for the message when it has no Message-ID: the header block's own hash (hex).
        delivered_at: the time in the top-most ``Received`` field, if it can be read.
        written_at: the sender's own ``Date``; read only where there is no ``Received``.
        subject: decoded (RFC 2047), blanks collapsed, cut; only ever compared, never repeated.
        by_name: the values of ``fields`` by their names.
    """

    received_at: datetime | None
    flags: frozenset[str]
    fields: tuple[tuple[str, str], ...]
    from_: tuple[Address, ...]
    sender: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    recipients: tuple[Address, ...]
    return_path: ReturnPath
    message_id: str | None
    fingerprint: str
    subject: str
    delivered_at: datetime | None
    defects: frozenset[Defect]
    written_at: datetime | None = None
    by_name: Mapping[str, Sequence[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, list[str]] = {}
        for name, value in self.fields:
            by_name.setdefault(name, []).append(value)
        object.__setattr__(self, "by_name", by_name)

    def values(self, name: str) -> Sequence[str]:
        """Every occurrence of a field, in order; ``name`` in lower case."""
        return self.by_name.get(name, ())
