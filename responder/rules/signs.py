"""Rules about what a message says of itself: signs of machines, of lists, of bulk, of spam and of forgery.

Names and values are compared without regard to case, without comments and parameters, in every occurrence of a field.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from responder import authentication
from responder.addresses import without_comments
from responder.model import Defect
from responder.rules.values import Finding
from responder.rules.who import ROLES, behind_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from responder.model import InboundMessage
    from responder.rules.values import Check, MailboxRules

MAX_RECEIVED = 25
"""RFC 5321 §6.3 lets a server give up at 100; real mail passes fewer than ten, long forwarding chains fifteen."""

SPAM_STARS = 5
"""SpamAssassin's own default threshold, in the stars of ``X-Spam-Level``."""

OWN_REPLY = re.compile(r"<ahr\.[0-9a-f]{16,}@", re.IGNORECASE)
"""In Message-IDs of automatic replies that this program wrote, here or elsewhere."""

_ANOMALIES = frozenset({Defect.TOO_LARGE, Defect.TOO_MANY_LINES, Defect.NUL_OR_BARE_CR})
_SET_ASIDE = frozenset({"$junk", "junk", "\\deleted", "\\draft"})
_NO_OTHER_REPLY = frozenset({"all", "oof", "autoreply"})
_SPAM_FIELDS = frozenset(
    {"x-spam-flag", "x-spam-status", "x-spam", "x-barracuda-spam-status", "x-dspam-result", "x-virus-status"}
)
_IS_SPAM = frozenset({"yes", "true", "spam", "infected", "virus", "blacklisted", "blocklisted"})
_SEPARATORS = re.compile(r"[,;\s]+")
_LETTERS = re.compile(r"[a-z]*")

AUTOMATIC_SUBJECTS = (
    "abwesenheit",
    "auto:",
    "auto reply",
    "auto-reply",
    "automatic reply",
    "automatisch antwoord",
    "automatische antwort",
    "autoreply",
    "delivery status",
    "failure notice",
    "mail delivery failed",
    "out of office",
    "out-of-office",
    "respuesta automática",
    "returned mail",
    "risposta automatica",
    "réponse automatique",
    "undeliverable",
    "undelivered mail",
)
"""Starts of subjects, in the words of the programs that write them. A person may write any of them too."""


def word(value: str) -> str:
    """The first word of a value, without comments and parameters, lower-case."""
    words = without_comments(value)[0].partition(";")[0].split(maxsplit=1)
    return words[0].lower() if words else ""


def _words(message: InboundMessage, names: frozenset[str]) -> Iterator[str]:
    return (word(value) for name, value in message.fields if name in names)


def present(names: Iterable[str], why: str) -> Check:
    """The rule that one of these fields is there, whatever it says."""
    wanted = frozenset(name.lower() for name in names)

    def check(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
        return Finding(why) if any(name in wanted for name, _ in message.fields) else None

    return check


def not_no(names: Iterable[str], why: str) -> Check:
    """The rule that one of these fields is there and does not say ``no``."""
    wanted = frozenset(name.lower() for name in names)

    def check(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
        return Finding(why) if any(found != "no" for found in _words(message, wanted)) else None

    return check


def says(names: Iterable[str], values: Iterable[str], why: str) -> Check:
    """The rule that one of these fields says one of these words."""
    wanted, telling = frozenset(name.lower() for name in names), frozenset(values)

    def check(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
        return Finding(why) if any(found in telling for found in _words(message, wanted)) else None

    return check


def header_anomaly(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 41."""
    found = sorted(defect.value for defect in message.defects & _ANOMALIES)
    return Finding(f"its headers are not fit to be read: {found[0]}") if found else None


def set_aside(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 23, the flags."""
    if _SET_ASIDE.isdisjoint(flag.lower() for flag in message.flags):
        return None
    return Finding("the mailbox marks it as junk, as deleted or as a draft")


_automatic = not_no(("Auto-Submitted",), "it says that a machine sent it")


def auto_submitted(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 3. A contact form is a machine, but there is a person behind it."""
    found = _automatic(message, rules)
    return None if found is None or behind_form(message, rules) is not None else found


def auto_response_suppress(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 10. Wishes about receipts (DR, NDR, RN, NRN) are not about replies, and ``None`` is no wish."""
    for value in message.values("x-auto-response-suppress"):
        if not _NO_OTHER_REPLY.isdisjoint(_SEPARATORS.split(without_comments(value)[0].lower())):
            return Finding("it asks for no automatic reply")
    return None


def old_mailing_list(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 8."""
    named = ("mailing-list", "x-mailing-list", "x-ml-name")
    if any(name in named for name, _ in message.fields):
        return Finding("it came through a mailing list")
    if any(value.lower().startswith("multiple recipients of") for value in message.values("to")):
        return Finding("it came through a mailing list")
    return None


def own_reply(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 14 and 15: our replies, and what a machine says to them."""
    marker = rules.marker.lower()
    if message.values(marker) or any(OWN_REPLY.match(value) for value in message.values("message-id")):
        return Finding("it is an automatic reply of this program")
    if any(marker in value.lower() or word(value) == "autoresponder" for value in message.values("delivered-to")):
        return Finding("it has been through an automatic reply already")
    answers = any(OWN_REPLY.search(v) for name in ("in-reply-to", "references") for v in message.values(name))
    if answers and any(sign(message, rules) is not None for sign in _SIGNS_OF_A_MACHINE):
        return Finding("it is a machine's answer to an automatic reply of yours")
    return None


def own_loop(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 13, ours."""
    loops = {word(value) for value in message.values("x-loop")}
    if loops.isdisjoint({rules.marker.lower(), *rules.own}):
        return None
    return Finding("it is going round: it has been here before")


def delivered_twice(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 15."""
    mailboxes = [word(value) for value in message.values("delivered-to")]
    return Finding("it was delivered to one mailbox twice") if len(set(mailboxes)) < len(mailboxes) else None


def many_hops(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 17."""
    count = len(message.values("received"))
    return (
        Finding(f"it passed {count} mail servers, as mail does that goes in circles") if count > MAX_RECEIVED else None
    )


def spam(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 24. The points count only where the same program has not said that they are too few."""
    verdicts = {letters[0] for found in _words(message, _SPAM_FIELDS) if (letters := _LETTERS.match(found))}
    if not verdicts.isdisjoint(_IS_SPAM):
        return Finding("your mail server calls it spam or infected")
    stars = "*" * SPAM_STARS, "+" * SPAM_STARS
    points = any(value.startswith(stars) for name in ("x-spam-level", "x-spam-bar") for value in message.values(name))
    return Finding("your mail server gave it the points of spam") if points and "no" not in verdicts else None


def dmarc_fail(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 25."""
    results = authentication.results(message, rules.authserv_id)
    if any(found.method == "dmarc" and found.result == "fail" for found in results):
        return Finding("your mail server found that its sender is forged (DMARC)")
    return None


def spf_fail(message: InboundMessage, rules: MailboxRules) -> Finding | None:
    """RULES 25. Forwarding breaks SPF; a signature of the From domain proves more."""
    results = authentication.results(message, rules.authserv_id)
    if not any(found.method == "spf" and found.result == "fail" for found in results):
        return None
    if authentication.is_authenticated(message, rules.authserv_id):
        return None
    return Finding("your mail server found that it may be forged (SPF), and no signature speaks for it")


def automatic_subject(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 28."""
    if message.subject.lower().startswith(AUTOMATIC_SUBJECTS):
        return Finding("its subject starts as automatic messages do")
    return None


def calendar(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 29."""
    classes = (value.lower() for value in message.values("content-class"))
    if any(word(value) == "text/calendar" for value in message.values("content-type")) or any(
        found.endswith("calendarmessage") for found in classes
    ):
        return Finding("a calendar program sent it")
    return None


def report(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """RULES 4."""
    kinds = {"multipart/report", "message/delivery-status", "message/disposition-notification"}
    if kinds.isdisjoint(_words(message, frozenset({"content-type"}))):
        return None
    return Finding("it is a report of a mail server or a mail program, such as a bounce or a receipt")


def role_or_list(message: InboundMessage, _rules: MailboxRules) -> Finding | None:
    """A weak sign of a machine, enough beside a strong one."""
    if any(address.local.lower() in ROLES for address in message.from_) or message.values("list-unsubscribe"):
        return Finding("it may be a machine's")
    return None


_SIGNS_OF_A_MACHINE = (automatic_subject, role_or_list)
