"""The finished message: its header fields and its bytes. None of them says anything about what was written to us.

See Also: RFC 3834 §3 (fields of an automatic response), RFC 2047 §5, RFC 5322 §2.1.1 and §3.6.4, RFC 2046 §5.1.4.
"""

from __future__ import annotations

import binascii
import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, quote

from responder.core.message import Address
from responder.core.outcome import MARKER_HEADER, MESSAGE_ID_PREFIX
from responder.core.reply.template import CONTROL, TemplateError
from responder.core.reply.verify import PLACEHOLDER

MAX_NAME = 100
"""Characters of a practice's name, so that no header line nears the 998 octets of RFC 5322 §2.1.1."""

MAX_PLAIN_LINE = 78
"""Longer lines are folded by quoted-printable (RFC 5322 §2.1.1 asks for 78)."""

BOUNDARY = "=_after-hours-reply_="
"""Parts the two bodies. Quoted-printable never writes ``=_``, so it stands in neither of them (RFC 2045 §6.7)."""

_MSG_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_ADDR_SPEC = re.compile(
    r'(?:[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff()<>\[\]:;@\\,"]{1,256}'
    r'|"(?:[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\[ -~]){0,256}")@[A-Za-z0-9._-]{1,255}'
)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_NOT_ON_A_LOCK_SCREEN = re.compile(r"suicid|crisis|abuse|violence", re.IGNORECASE)
_MAX_PLAIN_HEADER = 60
"""A longer subject is folded as encoded words."""


def reply_message_id(digest: str, domain: str) -> str:
    """The Message-ID of the reply that a digest names: the same at each attempt, so that a duplicate can be seen."""
    return f"<{MESSAGE_ID_PREFIX}{digest}@{domain}>"


class UnfitNameError(TemplateError):
    """The practice's name cannot stand in a header or in a text."""


def checked_name(name: str | None) -> str | None:
    """The practice's name, if it fits a header and a line of text; None for an empty one.

    Raises:
        UnfitNameError: it does not fit.
    """
    if name is None or not name.strip():
        return None
    if CONTROL.search(name) or PLACEHOLDER.search(name):
        raise UnfitNameError("the practice's name holds a control character or template marks; write plain words")
    if len(name) > MAX_NAME:
        raise UnfitNameError(f"the practice's name is longer than {MAX_NAME} characters; shorten it")
    return name.strip()


def display_name(name: str | None) -> str | None:
    """The name as a header phrase; None where the bare address says less to an onlooker."""
    if name is None or _NOT_ON_A_LOCK_SCREEN.search(name):
        return None
    if not name.isascii() or "=?" in name:
        # Folded before the address: a line with an encoded word has 76 octets at most (RFC 2047 §2).
        return Header(name, "utf-8", maxlinelen=68, header_name="From").encode(linesep="\r\n") + "\r\n"
    return name if _PHRASE.fullmatch(name) else f'"{quote(name)}"'


def subject_field(subject: str) -> str:
    """A subject as it stands in the field: as it is where that is allowed, else in encoded words (RFC 2047)."""
    if subject.isascii() and "=?" not in subject and len(subject) <= _MAX_PLAIN_HEADER:
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def header_fields(
    *,
    sender: Address,
    sender_name: str | None,
    recipient: Address,
    subject: str,
    at: datetime,
    message_id: str,
    answers: str | None,
    languages: str,
) -> bytes:
    """The header fields that every reply has, but for those of its body.

    Args:
        sender: the address that was written to.
        sender_name: as ``display_name`` gives it.
        recipient: the one address that the reply goes to.
        subject: as ``subject_field`` gives it.
        at: aware, in the practice's zone.
        message_id: see ``reply_message_id``.
        answers: the Message-ID of what is answered, the one thing of the sender's that is repeated; left out unless it
            is a valid one.
        languages: for Content-Language (RFC 3282).

    Raises:
        ValueError: an address or the Message-ID is unfit for a header.
    """
    if _MSG_ID.fullmatch(message_id) is None:
        raise ValueError("the reply's own Message-ID is not a valid msg-id; build it with reply_message_id")
    address = _addr_spec(sender)
    fields = {
        "From": address if sender_name is None else f"{sender_name} <{address}>",
        "To": _addr_spec(recipient),
        "Subject": subject,
        "Date": format_datetime(at),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        MARKER_HEADER: "1",
        "MIME-Version": "1.0",
        "Content-Language": languages,
    }
    # Read once more before it is repeated: this is the one place that a sender's text can reach.
    if answers is not None and _MSG_ID.fullmatch(answers):
        fields |= {"In-Reply-To": answers, "References": answers}
    # Raw UTF-8 stands only in an address, where RFC 2047 §5 forbids encoded words; submission asks for SMTPUTF8.
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def body(text: str, html: str | None = None) -> bytes:
    """The fields of the body and the body: the text alone, or the text first and the same as HTML behind it."""
    if html is None:
        return _part("plain", text)
    parts = b"".join(
        f"--{BOUNDARY}\r\n".encode() + _part(*part) + b"\r\n" for part in (("plain", text), ("html", html))
    )
    return (
        f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode()
        + parts
        + f"--{BOUNDARY}--\r\n".encode()
    )


def _part(subtype: str, text: str) -> bytes:
    """One body with its fields: as it is where it can be, else quoted-printable."""
    lines = text.split("\n")
    plain = text.isascii() and max(map(len, lines)) <= MAX_PLAIN_LINE
    encoding = b"7bit" if plain else b"quoted-printable"
    content = (
        "\r\n".join(lines).encode() if plain else binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    )
    fields = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: ".encode()
    return fields + encoding + b"\r\n\r\n" + content


def _addr_spec(address: Address) -> str:
    """An address as it stands in a header.

    Raises:
        ValueError: it would read as something else there: several addresses, or a second field.
    """
    if _ADDR_SPEC.fullmatch(address.addr_spec) is None:
        raise ValueError("an address is unfit for a header field; nothing can be sent to it")
    return address.addr_spec
