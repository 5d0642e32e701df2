"""Rules about what a message says of itself: signs of machines, of lists, of bulk, of spam and of forgery.

Names and values are compared without regard to case, without comments and parameters, in every occurrence of a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from responder.core.decision import Proof
from responder.core.mail.addresses import without_comments
from responder.core.mail.authentication import MAX_FIELDS
from responder.core.message import Defect, InboundMessage
from responder.core.outcome import MESSAGE_ID_PREFIX
from responder.core.rules.case import word
from responder.core.rules.subjects import is_automatic
from responder.core.rules.values import Case, Check, Finding
from responder.core.rules.who import is_role, perhaps_form_of_ours, through_own_group

MAX_RECEIVED = 25
"""RFC 5321 §6.3 lets a server give up at 100; real mail passes fewer than ten, long forwarding chains fifteen."""

SPAM_STARS = 5
"""SpamAssassin's own default threshold, in the stars of ``X-Spam-Level``."""

EXCHANGE_SPAM_LEVEL = 5
"""The spam confidence level from which Exchange puts a message aside; it goes from -1 to 9."""

OWN_REPLY = re.compile(rf"<{re.escape(MESSAGE_ID_PREFIX)}[0-9a-f]{{16,}}@([^<>\s]*)", re.IGNORECASE)
"""In Message-IDs of automatic replies that this program wrote, here or elsewhere."""

_ANOMALIES = frozenset({Defect.TOO_LARGE, Defect.TOO_MANY_LINES, Defect.NUL_OR_BARE_CR})
_SET_ASIDE = frozenset({"$junk", "junk", "\\deleted", "\\draft"})
_NO_OTHER_REPLY = frozenset({"all", "oof", "autoreply"})
_REPORTS = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})
_VOICE_OR_FAX = frozenset({"multipart/voice-message", "multipart/fax-message", "voice-message", "fax-message"})
_TYPED = frozenset({"text-message", "multimedia-message"})
_EXCHANGE_VOICE = ("voice", "voice-uc", "voice-ca", "fax", "fax-ca", "missedcall")
_VERDICTS = (
    "x-spam-flag", "x-spam-status", "x-spam", "x-barracuda-spam-status", "x-barracuda-spam-flag", "x-dspam-result",
    "x-virus-status",
)  # fmt: skip
_POINTS = ("x-spam-level", "x-spam-bar", "x-spamd-bar")
_IS_SPAM = frozenset({"yes", "true", "spam", "infected", "virus", "blacklisted", "blocklisted"})
_FOREFRONT = re.compile(r"\b(?:SFV:(?:SPM|SKS|SKB)|CAT:(?:SPM|HSPM|PHSH|HPHSH|HPHISH|MALW));", re.IGNORECASE)
_PROOFPOINT = re.compile(r"rule=(?:[a-z]+_)?(?:spam|phish|malware)\b", re.IGNORECASE)
_OF_PEOPLE = re.compile(
    r"[0-9]+:user:proton|i[0-9a-f]+:fastmail|rr[0-9a-f]+:zu[0-9a-f]+:rf[0-9a-f]+:zohomail"
    r"|[rs]:[0-9a-z-]+:anonaddy|[a-z]+:[^:]+:(?:qy)?bg[a-z]+:(?:qy)?bg[0-9a-z-]+",
    re.IGNORECASE,
)
"""Feedback-IDs that Proton, Fastmail, Zoho, addy.io and Tencent put on every message that a person writes there."""
_MERELY_MONITORED = re.compile(r"\bdmarc\s*+=\s*+fail\s*+\([^()]*\bp=none\b", re.IGNORECASE)
_GATEWAY = re.compile(r"\+?[0-9]{3,}@(?:[^@]*\.)?(?:e?fax|sms|mms)[^@]*")
"""A telephone number at a fax or SMS gateway."""
_SEPARATORS = re.compile(r"[,;\s]+")
_LETTERS = re.compile(r"[a-z]*")


def _words(message: InboundMessage, names: Iterable[str]) -> Iterator[str]:
    return (word(value) for name in names for value in message.values(name))


def present(why: str) -> Check:
    """The rule that one of the fields it reads is there, whatever that says."""
    finding = Finding(why)
    return lambda _case: finding


def not_no(names: Iterable[str], why: str) -> Check:
    """The rule that one of these fields is there and does not say ``no``."""
    wanted, finding = tuple(names), Finding(why)
    return lambda case: finding if any(found != "no" for found in _words(case.message, wanted)) else None


def says(names: Iterable[str], values: Iterable[str], why: str) -> Check:
    """The rule that one of these fields says one of these words."""
    wanted, telling, finding = tuple(names), frozenset(values), Finding(why)
    return lambda case: finding if any(found in telling for found in _words(case.message, wanted)) else None


def header_anomaly(case: Case) -> Finding | None:
    """RULES 41."""
    found = case.message.defects & _ANOMALIES
    return Finding(f"its headers are not fit to be read: {min(one.value for one in found)}") if found else None


def set_aside(case: Case) -> Finding | None:
    """RULES 23, the flags."""
    if _SET_ASIDE.isdisjoint(flag.lower() for flag in case.message.flags):
        return None
    return Finding("the mailbox marks it as junk, as deleted or as a draft")


def auto_submitted(case: Case) -> Finding | None:
    """RULES 3. A contact form is a machine, but there is a person behind it."""
    if case.is_form or all(found == "no" for found in _words(case.message, ["auto-submitted"])):
        return None
    return perhaps_form_of_ours(case, "it says that a machine sent it")


def auto_response_suppress(case: Case) -> Finding | None:
    """RULES 10. Wishes about receipts (DR, NDR, RN, NRN) are not about replies, and ``None`` is no wish."""
    for value in case.message.values("x-auto-response-suppress"):
        if not _NO_OTHER_REPLY.isdisjoint(_SEPARATORS.split(without_comments(value)[0].lower())):
            return Finding("it asks for no automatic reply")
    return None


def mailing_list(case: Case) -> Finding | None:
    """RULES 6."""
    return through_own_group(case) or Finding("it came through a mailing list")


def old_mailing_list(case: Case) -> Finding | None:
    """RULES 8."""
    names = ("mailing-list", "x-mailing-list", "x-ml-name")
    if not case.message.by_name.keys().isdisjoint(names) or any(
        value[:22].lower() == "multiple recipients of" for value in case.message.values("to")
    ):
        return Finding("it came through a mailing list")
    return None


def own_reply(case: Case) -> Finding | None:
    """RULES 14 and 15: our replies, and what a machine says to them."""
    message, marker = case.message, case.rules.marker.lower()
    if message.values(marker) or any(OWN_REPLY.match(value) for value in message.values("message-id")):
        return Finding("it is an automatic reply of this program")
    if any(marker in value.lower() or word(value) == "autoresponder" for value in message.values("delivered-to")):
        return Finding("it has been through an automatic reply already")
    answers = any(OWN_REPLY.search(v) for name in ("in-reply-to", "references") for v in message.values(name))
    if answers and _is_weakly_automatic(case):
        return Finding("it is a machine's answer to an automatic reply of yours")
    return None


def _is_weakly_automatic(case: Case) -> bool:
    """Signs that a person may bear too: beside an answer to our own reply they are enough."""
    message = case.message
    return is_automatic(message.subject) or any(map(is_role, message.from_)) or bool(message.values("list-unsubscribe"))


def answers_our_reply(case: Case) -> Finding | None:
    """Whoever answers an automatic reply of ours has it, numbers and all; a helpdesk would answer the next one too.

    In-Reply-To alone: References holds the whole thread, and a person may go on with it months later.
    """
    found = (one for value in case.message.values("in-reply-to") for one in OWN_REPLY.findall(value))
    if any(domain.lower() in case.rules.own_domains for domain in found):
        return Finding("it answers an automatic reply of yours: its sender has what the next one would say")
    return None


def own_loop(case: Case) -> Finding | None:
    """RULES 13, ours."""
    loops = {word(value) for value in case.message.values("x-loop")}
    if loops.isdisjoint({case.rules.marker.lower(), *case.rules.own}):
        return None
    return Finding("it is going round: it has been here before")


def delivered_twice(case: Case) -> Finding | None:
    """RULES 15."""
    values = case.message.values("delivered-to")
    if len({value.lower() for value in values}) == len(values):
        return None
    return Finding("it was delivered to one mailbox twice")


def many_hops(case: Case) -> Finding | None:
    """RULES 17."""
    count = len(case.message.values("received"))
    if count <= MAX_RECEIVED:
        return None
    return Finding(f"it passed {count} mail servers, as mail does that goes in circles")


def spam(case: Case) -> Finding | None:
    """RULES 24. The points count only where the same program has not said that they are too few."""
    message = case.message
    verdicts = {letters[0] for found in _words(message, _VERDICTS) if (letters := _LETTERS.match(found))}
    if not verdicts.isdisjoint(_IS_SPAM) or _is_spam_for_exchange(message):
        return Finding("your mail server calls it spam or infected")
    if any(_PROOFPOINT.match(value) for value in message.values("x-proofpoint-spam-details")):
        return Finding("your mail server calls it spam or infected")
    stars = "*" * SPAM_STARS, "+" * SPAM_STARS
    points = any(value.startswith(stars) for name in _POINTS for value in message.values(name))
    return Finding("your mail server gave it the points of spam") if points and "no" not in verdicts else None


def _is_spam_for_exchange(message: InboundMessage) -> bool:
    levels = (value[:3] for value in message.values("x-ms-exchange-organization-scl"))
    if any(level.isdecimal() and int(level) >= EXCHANGE_SPAM_LEVEL for level in levels):
        return True
    return any(_FOREFRONT.search(value) for value in message.values("x-forefront-antispam-report"))


def feedback_id(case: Case) -> Finding | None:
    """RULES 26. Some providers write it for each of their users."""
    if all(_OF_PEOPLE.fullmatch(value) for value in case.message.values("feedback-id")):
        return None
    return Finding("it bears the mark of a service that sends mail to many")


def dmarc_fail(case: Case) -> Finding | None:
    """RULES 25. A form known by its host often fails: that is what a host is named for.

    Forwarding breaks DMARC as well. Where ARC vouches for what was before, or the domain only watches (p=none), the
    message is listed, and no more: anyone can write either.
    """
    if case.is_form or not any(found.method == "dmarc" and found.result == "fail" for found in case.proved):
        return None
    fields = case.message.values("authentication-results")
    arc = any(found.method == "arc" and found.result == "pass" for found in case.proved)
    if arc or any(_MERELY_MONITORED.search(value) for value in fields[:MAX_FIELDS]):
        return Finding(
            "your mail server found that its sender is forged, or that it was forwarded (DMARC)", maybe_person=True
        )
    return Finding("your mail server found that its sender is forged (DMARC)")


def spf_fail(case: Case) -> Finding | None:
    """RULES 25. Forwarding breaks SPF; a signature of the From domain proves more."""
    if case.proof is not Proof.NONE or not any(one.method == "spf" and one.result == "fail" for one in case.proved):
        return None
    return Finding("your mail server found that it may be forged (SPF), and no signature speaks for it")


def automatic_subject(case: Case) -> Finding | None:
    """RULES 28."""
    return Finding("its subject starts as automatic messages do") if is_automatic(case.message.subject) else None


def calendar(case: Case) -> Finding | None:
    """RULES 29."""
    classes = (value.lower() for value in case.message.values("content-class"))
    if "text/calendar" in case.media_types or any(found.endswith("calendarmessage") for found in classes):
        return Finding("a calendar program sent it")
    return None


def voice_or_fax(case: Case) -> Finding | None:
    """What telephone systems send: there was a person, but the sender's address is the machine's."""
    message = case.message
    kinds = {*case.media_types, *_words(message, ["message-context"])}
    classes = (word(value).rpartition(":")[2] for value in message.values("content-class"))
    gateway = kinds.isdisjoint(_TYPED) and any(_GATEWAY.fullmatch(one.identity) for one in message.from_)
    machine = gateway or "x-asterisk-callerid" in message.by_name
    if machine or not kinds.isdisjoint(_VOICE_OR_FAX) or any(found in _EXCHANGE_VOICE for found in classes):
        return Finding("a telephone system sent it: a voice message, a fax or a missed call")
    return None


def bulk_software(case: Case) -> Finding | None:
    """RULES 27. A listed form, and a trusted directory, may send through such a program too."""
    if case.proof is Proof.FORM:
        return None
    return Finding("it bears the mark of a program that sends notices or newsletters")


def report(case: Case) -> Finding | None:
    """RULES 4."""
    if case.media_types.isdisjoint(_REPORTS):
        return None
    return Finding("it is a report of a mail server or a mail program, such as a bounce or a receipt")
