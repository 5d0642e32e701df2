"""Whom a message is from, as far as it can be believed: the person behind a robot, and what vouches for the sender."""

from __future__ import annotations

import re

from responder.core.decision import Proof
from responder.core.mail import authentication
from responder.core.mail.addresses import read_addresses, without_comments
from responder.core.message import Address, InboundMessage
from responder.core.rules.values import Case, ContactForm, MailboxRules

_HANDED_OVER = re.compile(
    r"from\s+[^\s()\[\]]+\s+\((?:([a-z0-9._-]+)\s+)?\[(?:ipv6:)?([0-9a-f.:]+)\][^()]*\)", re.IGNORECASE
)
"""How Postfix, sendmail and Gmail write it: what the client called itself, then its name in the DNS and its address.

Only the first is the client's to choose. Anything that is not exactly so is not believed.
"""


def case_of(message: InboundMessage, rules: MailboxRules) -> Case:
    """Look at a message once, so that each rule need not."""
    proved = authentication.results(message, rules.authserv_id)
    from_ = message.from_[0] if len(message.from_) == 1 else None
    is_proved = authentication.vouched_for(message, proved)
    media_types = frozenset(map(word, message.values("content-type")))
    form = listed_form(message, rules)
    is_form = form is not None and (is_proved or came_from(message, form.host))
    person = None
    if is_form or (is_proved and from_ is not None and is_within(from_.domain, rules.trust_reply_to)):
        person = only_reply_to(message)
    if person is not None:
        return Case(message, rules, proved, person, Proof.FORM, media_types, (person,), is_form)
    proof = Proof.SENDER if is_proved else Proof.NONE
    return Case(message, rules, proved, from_, proof, media_types, message.from_ + message.sender)


def word(value: str) -> str:
    """The first word of a value, without comments and parameters, lower-case."""
    words = without_comments(value)[0].partition(";")[0].split(maxsplit=1)
    return words[0].lower() if words else ""


def listed_form(message: InboundMessage, rules: MailboxRules) -> ContactForm | None:
    """The contact form that the message says it is. From alone can be forged."""
    if not rules.contact_forms or len(message.from_) != 1:
        return None
    identity = message.from_[0].identity
    return next((form for form in rules.contact_forms if form.from_.identity == identity), None)


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


def is_within(domain: str, domains: frozenset[str]) -> bool:
    """Whether the domain is one of these, or below one."""
    while domain and domains:
        if domain in domains:
            return True
        _, _, domain = domain.partition(".")
    return False
