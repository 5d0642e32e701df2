"""Whom a message is from, as far as it can be believed: the person behind a robot, and what vouches for the sender."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from responder.core.decision import Proof
from responder.core.mail import authentication
from responder.core.mail.addresses import parse_address, read_addresses, without_comments
from responder.core.mail.authentication import AuthResult
from responder.core.mail.headers import MAX_ADDRESS_FIELDS, MAX_ADDRESS_TEXT, RECIPIENT_FIELDS, decoded
from responder.core.mail.structure import Structure
from responder.core.message import Address, InboundMessage
from responder.core.rules.values import Case, ContactForm, MailboxRules

_ADDRESS_LIKE = re.compile(
    r"(?<![^\s()<>\[\]:;@\\,\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb])[^\s()<>\[\]:;@\\,\"'\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]++@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
)
"""An address in a text that is no address list."""

_ESCAPED_AT = re.compile(r"(?<=mailto:)([^\s@%<>]+)%40", re.IGNORECASE)
"""The @ of a link as it stands in a web page (RFC 6068 §2)."""

_HANDED_OVER = re.compile(
    r"from\s+[^\s()\[\]]+\s+\((?:([a-z0-9._-]+)\s+)?\[(?:ipv6:)?([0-9a-f.:]+)\][^()]*\)", re.IGNORECASE
)
"""How Postfix, sendmail and Gmail write it: what the client called itself, then its name in the DNS and its address.

Only the first is the client's to choose. Anything that is not exactly so is not believed.
"""


def case_of(message: InboundMessage, rules: MailboxRules, structure: Structure | None = None) -> Case:
    """Look at a message once, so that each rule need not."""
    proved = authentication.results(message, rules.authserv_id)
    from_ = message.from_[0] if len(message.from_) == 1 else None
    is_proved = authentication.vouched_for(message, proved)
    media_types = frozenset(map(word, message.values("content-type")))
    make = partial(Case, message, rules, proved, media_types=media_types, structure=structure)
    form = listed_form(message, rules)
    is_form = form is not None and (came_from(message, form.host) or is_proved_form(form, proved, is_proved=is_proved))
    if form is not None and is_form and form.from_ is None:
        return make(from_, Proof.FORM, writers=message.from_, is_form=True)
    person = None
    if is_form or (is_proved and from_ is not None and is_within(from_.domain, rules.trust_reply_to)):
        person = only_reply_to(message)
    if person is not None:
        return make(person, Proof.FORM, writers=(person,), is_form=is_form)
    return make(from_, Proof.SENDER if is_proved else Proof.NONE, writers=message.from_ + message.sender)


def word(value: str) -> str:
    """The first word of a value, without comments and parameters, lower-case."""
    words = without_comments(value)[0].partition(";")[0].split(maxsplit=1)
    return words[0].lower() if words else ""


def listed_form(message: InboundMessage, rules: MailboxRules) -> ContactForm | None:
    """The contact form that the message says it is. Neither From nor Return-Path proves it."""
    if not rules.contact_forms or len(message.from_) != 1:
        return None
    identity, path = message.from_[0].identity, message.return_path.address
    for form in rules.contact_forms:
        if form.from_ is not None and form.from_.identity == identity:
            return form
        if form.return_path is not None and path is not None and form.return_path.identity == path.identity:
            return None if rules.is_ours(message.from_[0]) else form
    return None


def is_proved_form(form: ContactForm, proved: Iterable[AuthResult], *, is_proved: bool) -> bool:
    """Whether our own server vouches for the form's own domain: in From, or of the envelope and the signature."""
    if form.return_path is None:
        return is_proved
    return any(one.method in {"spf", "dkim"} and one.is_pass_for(form.return_path.domain) for one in proved)


def came_from(message: InboundMessage, host: str | None) -> bool:
    """Whether this machine handed the message to our server: the top-most ``Received`` is our server's own."""
    received = message.values("received")
    if host is None or not received:
        return False
    found = _HANDED_OVER.match(received[0])
    if found is None:
        return False
    return host.lower() in {(found[1] or "").lower().rstrip("."), found[2].lower()}


def only_reply_to(message: InboundMessage) -> Address | None:
    """The single address of a single Reply-To that was read to its end: visitors type into it."""
    values = message.values("reply-to")
    if len(values) != 1 or len(message.reply_to) != 1:
        return None
    read = read_addresses(values[0])
    return message.reply_to[0] if read.complete and not read.grouped else None


def written_to(message: InboundMessage, rules: MailboxRules) -> Address | None:
    """The first of our addresses that stands in To, Cc or Bcc, spelt as in the file; also where the syntax is broken.

    People, and the programs they write in, break it by quotes, a full stop behind it, a link or a route, or encode
    all of it.
    """
    found = next(filter(None, map(rules.own_for, message.recipients)), None)
    if found is not None:
        return found
    texts = (value for name in RECIPIENT_FIELDS for value in message.values(name)[:MAX_ADDRESS_FIELDS])
    broken = (decoded(text[:MAX_ADDRESS_TEXT]) for text in texts if not read_addresses(text).complete)
    links = (_ESCAPED_AT.sub(r"\1@", text) for text in broken)
    spelt = (parse_address(word) for text in links for word in _ADDRESS_LIKE.findall(text))
    return next(filter(None, (rules.own_for(address) for address in spelt if address is not None)), None)


def is_torn(message: InboundMessage, rules: MailboxRules) -> bool:
    """Whether one of our addresses stands there with blanks in it."""
    texts = (value for name in RECIPIENT_FIELDS for value in message.values(name)[:MAX_ADDRESS_FIELDS])
    closed = ["".join(text[:MAX_ADDRESS_TEXT].split()).lower() for text in texts if " " in text]
    return any(own in text for text in closed for own in rules.own)


def is_within(domain: str, domains: frozenset[str]) -> bool:
    """Whether the domain is one of these, or below one."""
    while domain and domains:
        if domain in domains:
            return True
        _, _, domain = domain.partition(".")
    return False
