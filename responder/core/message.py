"""Frozen value types: what one hop hands to the next.

Every datetime here is aware. Nothing in this module does I/O or knows the time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType

Uid = NewType("Uid", int)
"""IMAP unique identifier, 1 to 2**32 - 1 (RFC 9051 §2.3.1.1)."""

UidValidity = NewType("UidValidity", int)
"""Generation of a folder's UIDs, 1 to 2**32 - 1 (RFC 9051 §2.3.1.1)."""

FINGERPRINT_DIGITS = 16
"""Hex digits of a text's fingerprint: short enough to read to somebody, and no two of a practice's texts share it."""


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
        size: RFC822.SIZE in octets, 0 when unknown.
    """

    key: MessageKey
    received_at: datetime | None
    header_block: bytes
    flags: frozenset[str] = frozenset()
    size: int = 0


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
        sender, reply_to: likewise.
        recipients: To, Cc, Bcc, Resent-To, Resent-Cc and Resent-Bcc together.
        message_id: one valid msg-id with its angle brackets, ASCII, at most 250 octets; else None.
        fingerprint: what stands for the message when it has no Message-ID: the header block's own hash (hex).
        delivered_at: the time in the top-most ``Received`` field, if it can be read.
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
    by_name: Mapping[str, Sequence[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, list[str]] = {}
        for name, value in self.fields:
            by_name.setdefault(name, []).append(value)
        object.__setattr__(self, "by_name", by_name)

    def values(self, name: str) -> Sequence[str]:
        """Every occurrence of a field, in order; ``name`` in lower case."""
        return self.by_name.get(name, ())


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A whole stretch from one closing to the next opening, half-open ``[start, end)``.

    Attributes:
        start: None when it was never open before.
        end: None when no opening is ahead ("until further notice").
        say_until: whether a reply may say when it ends.
        because: what closes at its start, in words for the owner ("after Thursday's hours", "closure: winter break").
        holiday: whether a public holiday or the like takes hours away in it.
        words: the closures in it that have a text of their own: when each begins and ends, and its key.
    """

    start: datetime | None
    end: datetime | None
    say_until: bool = True
    because: str = ""
    holiday: bool = False
    words: tuple[tuple[datetime, datetime | None, str], ...] = ()

    def contains(self, at: datetime) -> bool:
        """Whether the instant lies in ``[start, end)``."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)

    @property
    def length(self) -> timedelta | None:
        """None when either end is open."""
        return None if self.start is None or self.end is None else self.end - self.start


class Level(Enum):
    """How firm a rule is."""

    HARD = "H"
    SOFT = "S"
    OPTIONAL = "O"


class Proof(Enum):
    """What vouches for the correspondent's address; each kind has a rate of its own."""

    NONE = "none"
    SENDER = "sender"
    """Our own mail server says that the From domain sent it (an aligned pass, RFC 8601)."""
    FORM = "form"
    """It came through a listed contact form; who typed the address, nobody knows."""


@dataclass(frozen=True, slots=True)
class Reply:
    """This message gets an automatic reply.

    Attributes:
        correspondent: whom we answer.
        answered_as: which of our own addresses was written to; the reply's From.
        why: one sentence for the owner.
        proof: what vouches for the correspondent.
    """

    correspondent: Address
    answered_as: Address
    why: str
    rule: str = "out-of-hours"
    proof: Proof = Proof.NONE


@dataclass(frozen=True, slots=True)
class Skip:
    """This message gets no reply.

    Attributes:
        rule: id of the rule that decided, kebab-case.
        why: one sentence for the owner.
        maybe_person: it may be a human all the same; the owner should look.
        cure: the line to add to the file if it is one.
    """

    rule: str
    why: str
    maybe_person: bool = False
    cure: str | None = None


Decision = Reply | Skip


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


def text_fingerprint(text: str) -> str:
    """The first 16 hex digits of SHA-256 over the text in UTF-8: names a text that was sent, while it is kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_DIGITS]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The submission server took responsibility (250 after the final dot)."""

    response: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Surely not delivered, and may work later.

    Attributes:
        account_wide: the fault is the account's or the server's, not this reply's (a breaker opens).
        cure: what the owner can do, for faults that waiting alone will not mend.
    """

    reason: str
    account_wide: bool = False
    cure: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Surely not delivered, and never will be: a 5xx for this recipient or this content.

    Attributes:
        dead_address: it is the address that takes no mail; False when the content or a policy was the reason, which may
            be another one next time.
    """

    reason: str
    code: int = 0
    dead_address: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """Cut off after the final dot: it may have been delivered, or not (RFC 1047)."""

    reason: str


Outcome = Accepted | Deferred | Rejected | Unknown


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact about a crisis line was read.

    Attributes:
        kind: "own", "gov", "sec", "list", "meta", "weak" or "svc" (``data/crisis/_meta.toml`` says what each means).
        where: address or name of the text.
        date: as the text gives it; empty when it has none.
    """

    kind: str
    where: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class CrisisLine:
    """One way to reach a helping service, as the directory or the practice describes it.

    Attributes:
        country: ISO 3166-1 code in upper case; "ZZ" for what is not bound to a country.
        subdivisions: ISO 3166-2 codes it is confined to; empty when it serves the whole country.
        kind: "emergency", "suicide-crisis", "emotional-support", "text-line", "youth", "domestic-violence", ...
        audience: for whom, in words.
        phone: as dialled there, spaced for reading.
        tel: the same as a ``tel:`` URI.
        sms_tel: of an own line, ``sms_number`` as a ``tel:`` URI, where it was read so.
        police: of an emergency number that is the ambulance's only: that of the police.
        hours: in words; "24/7" means round the clock, None that they are not known.
        languages: ISO 639 codes, or words where no code fits.
        confidence: "confirmed", "corroborated", "unverified", or "own" for a line the practice typed itself.
        latest_source: date of the newest text that shows it, ISO 8601, possibly without day or month.
        free: the directory says that the call costs nothing. False means that it does not say so.
        anything: calls about anything are welcome, not only when life is at risk.
        general: fit for anyone who writes, whatever about.
        rank: order within the country, 1 first.
        own: added by the practice.
    """

    id: str
    country: str
    name: str
    kind: str
    audience: str
    subdivisions: tuple[str, ...] = ()
    phone: str | None = None
    tel: str | None = None
    sms_tel: str | None = None
    police: str | None = None
    sms_number: str | None = None
    sms_keyword: str | None = None
    web: str | None = None
    hours: str | None = None
    languages: tuple[str, ...] = ()
    confidence: str = "unverified"
    latest_source: str | None = None
    sources: tuple[Source, ...] = ()
    free: bool = False
    anything: bool = False
    note: str = ""
    general: bool = False
    rank: int = 0
    own: bool = False

    @property
    def is_fit(self) -> bool:
        """Whether a reply may show it: never when a single text or memory is all there is."""
        return self.confidence != "unverified"

    @property
    def round_the_clock(self) -> bool:
        """Whether it is known, without ifs, to answer at every hour."""
        if self.own:  # what a practice types behind a semicolon may well be an exception
            return self.hours is not None and self.hours.strip() == "24/7"
        return self.hours is not None and self.hours.split(";")[0].strip() in {"24/7", "24/7 by phone"}

    @property
    def for_anyone(self) -> bool:
        """Whether nobody is outside its audience."""
        said = self.audience if self.own else self.audience.split(";")[0]
        return said.strip().lower() in {"anyone", "everyone", "anybody"}


@dataclass(frozen=True, slots=True)
class HelpBlock:
    """The ways to help that a reply shows.

    Attributes:
        country: ISO 3166-1 code.
        emergency: always shown, first.
        lines: at least one, in the order to show; the practice's own come first.
    """

    country: str
    emergency: CrisisLine
    lines: tuple[CrisisLine, ...]
