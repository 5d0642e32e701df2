"""From the bytes of a header block to an `InboundMessage`: any bytes give a value, and what is odd becomes a defect.

Fields, addresses and encoded words are read by hand: the standard library's parsers cost three to ten times as much,
and some of them raise or recurse on hostile input. What is read is bounded before anything looks at it.

See Also:
    RFC 5322 §2.2 (fields and folding), RFC 6532 (UTF-8 in them), RFC 2047 (encoded words).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from responder.core.mail.addresses import AddressList, parse_address, read_addresses, read_sender, without_comments
from responder.core.message import Defect, InboundMessage, ReturnPath

__all__ = ["MAX_HEADER_LINES", "MAX_HEADER_OCTETS", "PARSED_FIELDS", "parse", "parse_address"]

MAX_HEADER_OCTETS = 64 * 1024
"""Of the fields asked for; ordinary mail has 0.5 to 4 KB. A message with more is not answered."""

MAX_HEADER_LINES = 1_000
"""Folded lines are counted one by one."""

MAX_ADDRESS_TEXT = 8_000
"""Characters of address fields read in one message: some 200 recipients with their names. From is read first."""

MAX_ADDRESS_FIELDS = 20
"""Occurrences of one address field that are read; RFC 5322 §3.6 allows one."""

MAX_MESSAGE_ID_OCTETS = 250
"""It is repeated in In-Reply-To and References, on a line of its own of at most 998 octets; real ones are under 150."""

MAX_DATE = 100
"""Characters of a date; with its zone as a comment a real one has under 50."""

MAX_RAW_SUBJECT = 2_000
MAX_SUBJECT = 200
"""Characters before and after decoding. A subject is only ever compared, and only its start."""

RECIPIENT_FIELDS = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")
"""RFC 5230 §4.5: one of our addresses has to stand here, or the message was not written to us."""

PARSED_FIELDS = frozenset(
    {"from", "sender", "reply-to", *RECIPIENT_FIELDS, "message-id", "subject", "received", "return-path", "date"}
)
"""What `parse` looks at itself; the rules name what they read beside it."""

REUSED_FIELDS = frozenset({"from", "reply-to", "message-id"})
"""Of these something goes into a reply; NUL or a bare CR in them is an attempt at injection, or damage."""

_FOLD = re.compile(rb"\n[ \t]+")
# RFC 5322 §4.5: blanks before the colon were once allowed
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+)", re.MULTILINE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>")
_ENCODED_WORD = re.compile(r"=\?([!->@-~]+)\?([bBqQ])\?([!->@-~]*)\?=")
_BETWEEN_ENCODED_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
_YEARS = range(1970, 2200)
"""Others are no time at which mail was delivered, and overflow when converted."""


def parse(header_block: bytes, received_at: datetime | None, flags: frozenset[str]) -> InboundMessage:
    """Read a header block. Never raises; linear in the block, and bounded.

    Args:
        header_block: as the server returned it, CRLF or LF, up to the first empty line.
        received_at: INTERNALDATE, None when it could not be read.
        flags: as the server spells them.
    """
    defects: set[Defect] = set()
    fields = tuple(_fields(_bounded(header_block, defects), defects))
    by_name: dict[str, list[str]] = {}
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    lists = _AddressFields(by_name)
    from_ = lists.read("from")
    if from_.grouped or not from_.complete:
        defects.add(Defect.UNREADABLE_ADDRESS)
    return InboundMessage(
        received_at=received_at,
        flags=flags,
        fields=fields,
        from_=from_.found,
        return_path=_return_path(by_name),
        sender=lists.read("sender").found,
        reply_to=lists.read("reply-to").found,
        recipients=lists.read(*RECIPIENT_FIELDS).found,
        message_id=_message_id(by_name.get("message-id", ()), defects),
        fingerprint=hashlib.sha256(header_block).hexdigest(),
        subject=_subject(by_name.get("subject", ())),
        delivered_at=_delivered_at(by_name.get("received", ()), defects),
        written_at=None if "received" in by_name else _date(by_name.get("date", [""])[0]),
        defects=frozenset(defects),
    )


def _bounded(block: bytes, defects: set[Defect]) -> bytes:
    """The part of the block that is read. It is cut before anything is parsed."""
    if len(block) > MAX_HEADER_OCTETS:
        defects.add(Defect.TOO_LARGE)
        block = block[:MAX_HEADER_OCTETS]
    if block.count(b"\n") > MAX_HEADER_LINES:
        defects.add(Defect.TOO_MANY_LINES)
        block = b"\n".join(block.split(b"\n", MAX_HEADER_LINES)[:MAX_HEADER_LINES])
    return block


def _fields(block: bytes, defects: set[Defect]) -> Iterable[tuple[str, str]]:
    """Lower-case names and unfolded values, up to the first empty line. What is no field is passed over."""
    # one kind of line end first: a pattern that starts with a fixed octet is found far faster
    unfolded = _FOLD.sub(b" ", block.replace(b"\r\n", b"\n"))
    head, _, _ = unfolded.partition(b"\n\n")
    for name, rest in _FIELD.findall(b"" if head.startswith(b"\n") else head):
        lower = name.decode("ascii").lower()
        if lower in REUSED_FIELDS:
            value = rest.rstrip(b"\r")  # the line's own end
            if b"\0" in value or b"\r" in value:
                defects.add(Defect.NUL_OR_BARE_CR)
        yield lower, _text(rest.strip())


def _text(value: bytes) -> str:
    """RFC 6532 says UTF-8; what is not is most likely Latin-1, which any bytes are."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


_NONE = AddressList()


class _AddressFields:
    """The address fields of one message; of all together no more than `MAX_ADDRESS_TEXT` characters are read."""

    def __init__(self, by_name: Mapping[str, Sequence[str]]) -> None:
        self._by_name = by_name
        self._left = MAX_ADDRESS_TEXT

    def read(self, *names: str) -> AddressList:
        """Every occurrence of the fields, one after the other."""
        lists = [
            self._one(value, read_sender if name == "from" else read_addresses)
            for name in names
            for value in self._by_name.get(name, ())[:MAX_ADDRESS_FIELDS]
        ]
        if len(lists) == 1:
            return lists[0]
        if not lists:
            return _NONE
        return AddressList(
            found=tuple(address for one in lists for address in one.found),
            complete=all(one.complete for one in lists),
            grouped=any(one.grouped for one in lists),
        )

    def _one(self, value: str, reader: Callable[[str], AddressList]) -> AddressList:
        text = value[: self._left]
        self._left -= len(text)
        read = reader(text)
        return read if text == value else AddressList(read.found, complete=False, grouped=read.grouped)


def _return_path(by_name: Mapping[str, Sequence[str]]) -> ReturnPath:
    """The top-most one: the server that delivered last wrote it (RFC 5321 §4.4)."""
    values = by_name.get("return-path")
    if not values:
        return ReturnPath()
    read = read_addresses(values[0][:MAX_RAW_SUBJECT])
    address = read.found[0] if read.complete and len(read.found) == 1 else None
    return ReturnPath(present=True, address=address)


def _message_id(values: Sequence[str], defects: set[Defect]) -> str | None:
    if not values:
        return None
    if len(values) == 1 and len(values[0]) <= MAX_MESSAGE_ID_OCTETS and _MESSAGE_ID.fullmatch(values[0]):
        return values[0]
    defects.add(Defect.UNREADABLE_MESSAGE_ID)
    return None


def _subject(values: Sequence[str]) -> str:
    """The first one, decoded, on one line, without control characters, cut."""
    text = values[0][:MAX_RAW_SUBJECT] if values else ""
    text = decoded(text)
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:MAX_SUBJECT]


def decoded(text: str) -> str:
    """A field's value with its encoded words read (RFC 2047)."""
    return _ENCODED_WORD.sub(_decoded_word, _BETWEEN_ENCODED_WORDS.sub("", text)) if "=?" in text else text


def _decoded_word(word: re.Match[str]) -> str:
    """One encoded word (RFC 2047 §2); as it stands when its charset or its encoding is wrong."""
    charset, encoding, text = word.groups()
    if "escape" in charset.lower():
        return word[0]  # Python's own codecs, not mail's; some of them warn
    try:
        octets = binascii.a2b_base64(text + "==") if encoding in "bB" else binascii.a2b_qp(text, header=True)
        return octets.decode(charset.partition("*")[0], "replace")  # RFC 2231 §5: a language may follow
    except (LookupError, ValueError):
        return word[0]


def _delivered_at(values: Sequence[str], defects: set[Defect]) -> datetime | None:
    """When the server of the top-most ``Received`` took it: the date behind the last semicolon (RFC 5321 §4.4)."""
    if not values:
        return None
    _, _, text = values[0].rpartition(";")
    if text.count("(") != text.count(")"):  # the last semicolon stands inside a comment
        _, _, text = without_comments(values[0])[0].rpartition(";")
    at = _date(text)
    if at is None:
        defects.add(Defect.UNREADABLE_DATE)
    return at


def _date(text: str) -> datetime | None:
    """RFC 5322 §3.3: "-0000" is UTC. Without a zone, or with letters of no known meaning, it is no time."""
    try:
        at = parsedate_to_datetime(text[:MAX_DATE])
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None and "-0000" in text:
        at = at.replace(tzinfo=UTC)
    return at if at.tzinfo is not None and at.year in _YEARS else None
