"""Rules about who wrote and to whom: the addresses of a message, ours, and the robots in front of people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from responder import authentication
from responder.addresses import read_addresses
from responder.model import Defect
from responder.rules.values import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from responder.model import Address, InboundMessage
    from responder.rules.values import MailboxRules

SHARED_DOMAINS = frozenset(
    {
        "aol.com", "fastmail.com", "free.fr", "gmail.com", "gmx.at", "gmx.de", "gmx.net", "googlemail.com",
        "hotmail.com", "icloud.com", "libero.it", "live.com", "mac.com", "mailbox.org", "me.com", "msn.com",
        "orange.fr", "outlook.com", "pm.me", "posteo.de", "proton.me", "protonmail.com", "t-online.de", "web.de",
        "yahoo.co.uk", "yahoo.com",
    }
)  # fmt: skip
"""Where strangers share a domain: another address there is not a forgotten alias of ours."""

MAX_RECIPIENTS = 10
"""A family and a care team fit; beyond that nobody waits for the answer of one of them."""

_ROBOT = re.compile(
    r"mailer-daemon|listserv|majordomo|bounces?|owner-.*|bounces-.*|.*-(?:owner|request|bounces|errors|confirm)"
)
_REWRITTEN = re.compile(r"srs[01][=+-]|prvs=|btv1==|.*[=+]")
"""Return paths that a forwarder or the sender's own server made up (SRS, BATV, VERP): they say nothing of who wrote."""

_NO_REPLY = re.compile(r"noreply|donotreply|dontreply|neverreply|nichtantworten")
_SEPARATORS = str.maketrans("", "", "._-")

ROLES = frozenset(
    {
        "abuse", "alert", "alerts", "daemon", "hostmaster", "newsletter", "notification", "notifications", "postmaster",
        "root", "webmaster",
    }
)  # fmt: skip
"""RFC 5230 §4.6 warns that postmaster may be a person; so may the others be, in a small organisation."""


def correspondent(message: InboundMessage, rules: MailboxRules) -> Address | None:
    """Whom a reply would go to: the person behind a contact form, else the single From address."""
    person = behind_form(message, rules)
    if person is not None:
        return person
    return message.from_[0] if len(message.from_) == 1 else None


def behind_form(message: InboundMessage, rules: MailboxRules) -> Address | None:
    """The one Reply-To address of a listed contact form that our server proved; None for every other message.

    From alone can be forged: believing it would answer whomever a stranger names in Reply-To.
    """
    if not _claims_form(message, rules) or not authentication.is_authenticated(message, rules.authserv_id):
        return None
    return _only_reply_to(message)


def _claims_form(message: InboundMessage, rules: MailboxRules) -> bool:
    if not rules.contact_forms or len(message.from_) != 1:
        return False
    robots = {form.from_.identity for form in rules.contact_forms}
    return message.from_[0].identity in robots


def _only_reply_to(message: InboundMessage) -> Address | None:
    """The single address of a single Reply-To that was read to its end: visitors type into it."""
    values = message.values("reply-to")
    if len(values) != 1 or len(message.reply_to) != 1:
        return None
    read = read_addresses(values[0])
    return message.reply_to[0] if read.complete and not read.grouped else None


def _writers(message: InboundMessage, rules: MailboxRules) -> Iterator[Address]:
    """Whoever may have written: From and Sender; of a contact form only the person behind it."""
    person = behind_form(message, rules)
    if person is not None:
        yield person
        return
    yield from message.from_
    yield from message.sender


def _perhaps_form(message: InboundMessage, rules: MailboxRules, why: str) -> Finding:
    """A robot whose Reply-To names a stranger: it may be a form that nobody listed yet."""
    person, robots = _only_reply_to(message), message.from_
    if person is None or len(robots) != 1 or rules.is_ours(person) or _looks_like_no_reply(person):
        return Finding(why)
    if person.domain == robots[0].domain or person.domain.endswith(f".{robots[0].domain}"):
        return Finding(why)
    return Finding(why, maybe_person=True, cure=f'[[contact_form]] with from = "{robots[0]}"')


def no_single_sender(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 31."""
    if not message.values("from"):
        return Finding("it has no From")
    if Defect.UNREADABLE_ADDRESS in message.defects or not message.from_:
        return Finding("its From is not one address that can be read without guessing", maybe_person=True)
    if len(message.from_) > 1:
        return Finding("its From names several addresses", maybe_person=True)
    return None


def contact_form_unproved(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES, web contact forms."""
    if not _claims_form(message, rules) or behind_form(message, rules) is not None:
        return None
    if not message.values("reply-to"):
        # forms may write as ourselves, and so do we: that is own-address, and nothing to look at
        ours = rules.is_ours(message.from_[0])
        return None if ours else Finding("it comes from your contact form, and names nobody to answer")
    if _only_reply_to(message) is None:
        return Finding("it says that it is your contact form, but its Reply-To is not one address", maybe_person=True)
    cure = None if rules.authserv_id is not None else 'authserv_id = "…", as your mail server writes it'
    why = "it says that it is your contact form, but your mail server has not proved it"
    return Finding(why, maybe_person=True, cure=cure)


def null_return_path(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 1. Absent is no reason: many servers do not keep it."""
    if not message.return_path.is_null or behind_form(message, rules) is not None:
        return None
    return Finding("its return path names nobody: it is a bounce or an automatic message")


def own_address(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 2."""
    if any(rules.is_ours(address) for address in _writers(message, rules)):
        return _perhaps_form(message, rules, "it comes from an address of your own")
    path = message.return_path.address
    if path is not None and rules.is_ours(path) and behind_form(message, rules) is None:
        return _perhaps_form(message, rules, "its return path is an address of your own")
    return None


def robot_sender(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 18 and 33."""
    if any(_ROBOT.fullmatch(address.local.lower()) for address in _writers(message, rules)):
        return Finding("its sender's address is that of a mail server or a mailing list")
    path = message.return_path.address
    if path is None or behind_form(message, rules) is not None:
        return None
    local = path.local.lower()
    if _ROBOT.fullmatch(local) and not _REWRITTEN.match(local):
        return Finding("its return path is that of a mail server or a mailing list")
    return None


def no_reply_sender(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 19."""
    if any(_looks_like_no_reply(address) for address in _writers(message, rules)):
        return _perhaps_form(message, rules, "its sender's address asks for no replies")
    return None


def _looks_like_no_reply(address: Address) -> bool:
    return _NO_REPLY.match(address.local.lower().translate(_SEPARATORS)) is not None


def role_sender(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 20."""
    if any(address.local.lower() in ROLES for address in _writers(message, rules)):
        return Finding("its sender's address is one that machines mostly use")
    return None


def unreachable(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES, unreachable targets."""
    target = correspondent(message, rules)
    if target is None or ("." in target.domain and not target.domain.startswith("[")):
        return None
    return Finding("its sender's address has no domain that mail can be sent to")


def never_domain(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 40, the domains; single addresses are the ledger's."""
    target = correspondent(message, rules)
    if target is None or not rules.never_domains:
        return None
    labels = target.domain.split(".")
    if rules.never_domains.isdisjoint(".".join(labels[n:]) for n in range(len(labels))):
        return None
    return Finding(f"your file says that {target.domain} never gets a reply")


def not_addressed(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 21."""
    if any(address.identity in rules.own for address in message.recipients) or behind_form(message, rules) is not None:
        return None
    forgotten = next((a for a in message.recipients if _perhaps_alias(a, rules)), None)
    if forgotten is None:
        return Finding("none of your addresses is among its recipients")
    return Finding(
        "it went to an address at your domain that is not in your file",
        maybe_person=True,
        cure=f'add "{forgotten}" to aliases',
    )


def _perhaps_alias(address: Address, rules: MailboxRules) -> bool:
    if address.domain not in rules.own_domains or address.identity in rules.served:
        return False
    return address.domain not in SHARED_DOMAINS or any(_bare(address) == _bare(own) for own in rules.own.values())


def _bare(address: Address) -> str:
    """What big providers deliver by: without dots and without the tag behind a plus."""
    return f"{address.local.partition('+')[0].replace('.', '')}@{address.domain}".lower()


def many_recipients(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 22."""
    count = len({address.identity for address in message.recipients})
    return Finding(f"it went to {count} people at once") if count > MAX_RECIPIENTS else None
