"""Rules about what a message says of itself: signs of machines, of lists, of bulk, of spam and of forgery.

Names and values are compared without regard to case, without comments and parameters, in every occurrence of a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from responder.core.decision import Proof
from responder.core.mail.addresses import without_comments
from responder.core.mail.authentication import MAX_FIELDS
from responder.core.mail.structure import Structure
from responder.core.message import Defect, InboundMessage
from responder.core.outcome import MESSAGE_ID_PREFIX
from responder.core.rules import people
from responder.core.rules.case import is_within, word
from responder.core.rules.hosts import BULK_HOSTS
from responder.core.rules.names import is_role
from responder.core.rules.subjects import is_answer, is_automatic, is_marked_as_spam
from responder.core.rules.values import Case, Check, Finding
from responder.core.rules.who import is_through_listed_group, perhaps_form_of_ours, through_own_group

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
_COMPLAINTS = frozenset({"message/feedback-report"})
_ONLY_IN_REPORTS = _COMPLAINTS | {"message/delivery-status", "message/disposition-notification"}
_BEGIN_REPORTS = _ONLY_IN_REPORTS | {"message/rfc822", "text/rfc822-headers", "multipart/digest", "multipart/report"}
_ISMTPD = re.compile(r"@(?:geopod-)?ismtpd[0-9a-z.-]*>\Z")
"""SendGrid's own hosts, which have no domain."""
_VOICE_OR_FAX = frozenset({"multipart/voice-message", "multipart/fax-message", "voice-message", "fax-message"})
_TYPED = frozenset({"text-message", "multimedia-message"})
_EXCHANGE_VOICE = ("voice", "voice-uc", "voice-ca", "fax", "fax-ca", "missedcall")
_VERDICTS = (
    "x-spam-flag", "x-spam-status", "x-spam", "x-barracuda-spam-status", "x-barracuda-spam-flag", "x-dspam-result",
    "x-virus-status",
)  # fmt: skip
_POINTS = ("x-spam-level", "x-spam-bar", "x-spamd-bar")
VERDICT_FIELDS = frozenset(
    {*_VERDICTS, *_POINTS, "x-proofpoint-spam-details", "x-ms-exchange-organization-scl", "x-forefront-antispam-report"}
)
"""What spam filters write their verdicts in."""
_RECEIVED_BY = re.compile(r"\bby\s+([a-z0-9_.-]+)", re.IGNORECASE)
_CHECKED_ON = re.compile(r"\bon\s+([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)\s*\Z", re.IGNORECASE)
_AUTO_REPLY_PRECEDENCE = frozenset({"auto_reply", "auto-reply"})
_BULK_PRECEDENCE = frozenset({"bulk", "junk", "list"})
_IS_NOT_SPAM = frozenset({"no", "false", "clean", "ham", "innocent", "whitelisted"})
_IS_SPAM = frozenset({"yes", "true", "spam", "infected", "virus", "blacklisted", "blocklisted"})
_FOREFRONT = re.compile(r"\b(?:SFV:(?:SPM|SKS|SKB)|CAT:(?:SPM|HSPM|PHSH|HPHSH|HPHISH|MALW));", re.IGNORECASE)
_PROOFPOINT = re.compile(r"rule=(?:[a-z]+_)?(?:spam|phish|malware)\b", re.IGNORECASE)
_MERELY_MONITORED = re.compile(r"\bdmarc\s*+=\s*+fail\s*+\([^()]*\bp=none\b", re.IGNORECASE)
_GATEWAY = re.compile(r"\+?[0-9]{3,}@(?:[^@]*\.)?(?:e?fax|sms|mms)[^@]*")
"""A telephone number at a fax or SMS gateway."""
BULK_FIELDS = frozenset(
    {
        "x-amazon-mail-relay-type", "x-facebook-notify", "x-github-reason", "x-gitlab-project",
        "x-jira-fingerprint", "x-mc-user", "x-campaign", "x-campaignid", "x-mailgun-sid", "x-sfdc-lk",
        "x-sfdc-user", "x-sg-eid", "x-bugzilla-url", "x-redmine-host", "x-trac-project", "x-rt-ticket",
        "x-otrs-loop", "x-mantis-version", "x-zendesk-from-account-id", "x-hubspot-message-source",
    }
)  # fmt: skip
"""What programs write that send notices or newsletters."""
TICKET_FIELDS = frozenset({"x-zendesk-from-account-id", "x-rt-ticket", "x-otrs-loop"})
"""What helpdesks write on the comments of their agents as well."""
_DEVICES = re.compile(
    r"synology|qnap|(?:avm )?fritz!?box|hikvision|dahua|reolink|unifi|truenas|freenas|proxmox|nagios|zabbix|grafana"
    r"|jenkins|uptime kuma|openmediavault|pfsense|opnsense|ricoh|kyocera|canon|konica|xerox|brother|epson|lexmark",
    re.IGNORECASE,
)
"""How network disks, cameras, routers, printers and monitors begin X-Mailer."""
_SEPARATORS = re.compile(r"[,;\s]+")
_LETTERS = re.compile(r"[a-z]*")


def _words(message: InboundMessage, names: Iterable[str]) -> Iterator[str]:
    return (word(value) for name in names for value in message.values(name))


def present(why: str) -> Check:
    """The rule that one of the fields it reads is there, with any value."""
    finding = Finding(why)
    return lambda _case: finding


def not_no(names: Iterable[str], why: str) -> Check:
    """The rule that one of these fields is there and does not say ``no``."""
    wanted, finding = tuple(names), Finding(why)
    return lambda case: finding if any(found != "no" for found in _words(case.message, wanted)) else None


def header_anomaly(case: Case) -> Finding | None:
    """RULES 41. A broken program of a person's may write such fields."""
    found = case.message.defects & _ANOMALIES
    if not found:
        return None
    return Finding(f"its headers are not fit to be read: {min(one.value for one in found)}", maybe_person=True)


def set_aside(case: Case) -> Finding | None:
    """RULES 23, the flags."""
    if _SET_ASIDE.isdisjoint(flag.lower() for flag in case.message.flags):
        return None
    return Finding("the mailbox marks it as junk, as deleted or as a draft")


def auto_submitted(case: Case) -> Finding | None:
    """RULES 3. Behind a contact form there is a person; and Exchange so marks what a rule forwards."""
    found = {one for one in _words(case.message, ["auto-submitted"]) if one != "no"}
    if case.is_form or not found:
        return None
    why, but = "it says that a machine sent it", frozenset({"auto-submitted"})
    weighed: Finding | None = Finding(why)
    if "auto-replied" in found:  # RFC 3834 §5: an answer, and nobody's letter
        pass
    elif people.is_forwarded(case.message) or "auto-forwarded" in found:
        forwarded = _exchange_forwarded(case.message) or "auto-forwarded" in found
        weighed = people.weigh(case, why, but, is_middleman=forwarded)
    elif (people.has_program(case.message) and not people.has_sign_of_machine(case, but)) or _is_comment(case.message):
        weighed = Finding(why, maybe_person=True)
    return weighed if weighed is None or weighed.maybe_person else perhaps_form_of_ours(case, why)


def _is_comment(message: InboundMessage) -> bool:
    """Whether it may be what a helpdesk's agent wrote: such programs mark that, in an answer to us, like their own."""
    helpdesk = not TICKET_FIELDS.isdisjoint(message.by_name)
    return helpdesk and "in-reply-to" in message.by_name and not is_automatic(message.subject)


def _exchange_forwarded(message: InboundMessage) -> bool:
    """Whether a rule of Exchange passed it on, and so marked it; Microsoft's own form of SRS tells as well."""
    path = message.return_path.address
    return people.is_passed_on_by_exchange(message) or (path is not None and "+srs=" in path.local.lower())


def auto_response_suppress(case: Case) -> Finding | None:
    """RULES 10. Wishes about receipts (DR, NDR, RN, NRN) are not about replies, and ``None`` is no wish.

    Some Exchange organisations put it on everything that their people write.
    """
    if not any(_asks_for_no_reply(value) for value in case.message.values("x-auto-response-suppress")):
        return None
    why, but = "it asks for no automatic reply", frozenset({"x-auto-response-suppress"})
    found = people.weigh(case, why, but, is_middleman=people.looks_written(case.message))
    return found if found is None or found.maybe_person else perhaps_form_of_ours(case, why)


def _asks_for_no_reply(value: str) -> bool:
    return not _NO_OTHER_REPLY.isdisjoint(_SEPARATORS.split(without_comments(value)[0].lower()))


def precedence(case: Case) -> Finding | None:
    """RULES 9. Sites put it on the mail of their forms, old lists on people's letters."""
    found = set(_words(case.message, ["precedence", "x-precedence"]))
    why = "it says that it is bulk mail, list mail or an automatic reply"
    if not found.isdisjoint(_AUTO_REPLY_PRECEDENCE):
        return Finding(why)
    if found.isdisjoint(_BULK_PRECEDENCE) or case.is_form or is_through_listed_group(case):
        return None
    machine = people.has_sign_of_machine(case, frozenset({"precedence", "x-precedence"}))
    if not machine or (people.looks_written(case.message) and people.is_forwarded(case.message)):
        return Finding(why, maybe_person=True)
    return perhaps_form_of_ours(case, why)


def mailing_list(case: Case) -> Finding | None:
    """RULES 6. A group of our own domain whose address stands in the file is how people reach us."""
    if is_through_listed_group(case):
        return None
    return through_own_group(case) or Finding("it came through a mailing list")


def list_unsubscribe(case: Case) -> Finding | None:
    """RULES 7. Aliases that forward (SimpleLogin) offer to unsubscribe from the sender."""
    if case.is_form or is_through_listed_group(case) or "x-simplelogin-type" in case.message.by_name:
        return None
    return Finding("it offers to unsubscribe, as newsletters do")


def list_program(case: Case) -> Finding | None:
    """The marks of list programs that write none of the fields of a list."""
    return None if is_through_listed_group(case) else Finding("it bears the mark of a program for mailing lists")


def old_mailing_list(case: Case) -> Finding | None:
    """RULES 8."""
    if is_through_listed_group(case):
        return None
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
    """Who answers our automatic reply has it, numbers and all; a helpdesk would answer the next one too.

    In-Reply-To alone: References holds the whole thread, and a person may go on with it months later.
    """
    found = (one for value in case.message.values("in-reply-to") for one in OWN_REPLY.findall(value))
    if any(domain.lower() in case.rules.own_domains for domain in found):
        return Finding("it answers your automatic reply: its sender has what the next one would say")
    return None


def own_loop(case: Case) -> Finding | None:
    """RULES 13, ours. Our address there may be the mark of what forwards to us on the practice's own host."""
    loops = {word(value) for value in case.message.values("x-loop")}
    if case.rules.marker.lower() in loops:
        return Finding("it is going round: it has been here before")
    if loops.isdisjoint(case.rules.own):
        return None
    return Finding("it is marked as if it had been here before", maybe_person=True)


def many_hops(case: Case) -> Finding | None:
    """RULES 17."""
    count = len(case.message.values("received"))
    if count <= MAX_RECEIVED:
        return None
    return Finding(f"it passed {count} mail servers, as mail does that goes in circles")


def spam(case: Case) -> Finding | None:
    """RULES 24. Hard above the field in which our own server took the message: what stands below, others wrote.

    A verdict of others is no reason where ours says the opposite, or where it names another host as its own.
    """
    if VERDICT_FIELDS.isdisjoint(case.message.by_name) and not is_marked_as_spam(case.message.subject):
        return None
    ours, others = _by_whose_hop(case.message)
    if _is_spam(ours):
        return Finding("your mail server calls it spam or infected")
    if is_marked_as_spam(case.message.subject):
        return Finding("its subject says that a mail server takes it for spam", maybe_person=True)
    if not _is_spam(others) or _says_not_spam(ours) or _names_another_host(case):
        return None
    if people.has_sign_of_machine(case, frozenset()):
        return Finding("a mail server on its way calls it spam or infected")
    return Finding("a mail server on its way calls it spam or infected", maybe_person=True)


Fields = dict[str, list[str]]


def _by_whose_hop(message: InboundMessage) -> tuple[Fields, Fields]:
    """The verdicts that surely our own server wrote, and those that others may have written.

    Ours stand above the lowest ``Received`` of those on top that servers of one domain wrote. What stands right below
    may be of either side: some filters put theirs at the end.
    """
    hops = [_by(value) for name, value in message.fields if name == "received"]
    own = sum(1 for _ in takewhile(lambda by: by == hops[0], hops))
    ours: Fields = {}
    others: Fields = {}
    passed = 0
    for name, value in message.fields:
        passed += name == "received"
        if name in VERDICT_FIELDS:
            (ours if passed < own else others).setdefault(name, []).append(value)
    return ours, others


def _by(received: str) -> str:
    """The domain of the server that wrote a ``Received`` field; two labels tell organisations apart well enough."""
    found = _RECEIVED_BY.search(received)
    return ".".join(found[1].lower().split(".")[-2:]) if found else ""


def _verdicts(fields: Fields) -> set[str]:
    words = (word(value) for name in _VERDICTS for value in fields.get(name, ()))
    return {letters[0] for found in words if (letters := _LETTERS.match(found))}


def _says_not_spam(fields: Fields) -> bool:
    return not _verdicts(fields).isdisjoint(_IS_NOT_SPAM)


def _is_spam(fields: Fields) -> bool:
    """The points count only where the same program has not said that they are too few."""
    if not _verdicts(fields).isdisjoint(_IS_SPAM) or _is_spam_for_exchange(fields):
        return True
    if any(_PROOFPOINT.match(value) for value in fields.get("x-proofpoint-spam-details", ())):
        return True
    stars = "*" * SPAM_STARS, "+" * SPAM_STARS
    points = any(value.startswith(stars) for name in _POINTS for value in fields.get(name, ()))
    return points and not _says_not_spam(fields)


def _names_another_host(case: Case) -> bool:
    """Whether SpamAssassin says that it ran elsewhere than where our server stands."""
    message = case.message
    hops, named = message.values("received"), message.values("x-spam-checker-version")
    found = [match[1].lower() for value in named if (match := _CHECKED_ON.search(value))]
    return bool(found) and bool(hops) and all(".".join(one.split(".")[-2:]) != _by(hops[0]) for one in found)


def _is_spam_for_exchange(fields: Fields) -> bool:
    levels = (value[:3] for value in fields.get("x-ms-exchange-organization-scl", ()))
    if any(level.isdecimal() and int(level) >= EXCHANGE_SPAM_LEVEL for level in levels):
        return True
    return any(_FOREFRONT.search(value) for value in fields.get("x-forefront-antispam-report", ()))


def feedback_id(case: Case) -> Finding | None:
    """RULES 26. Some providers write it for each of their users."""
    if case.is_form or people.is_feedback_of_people(case.message):
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
    passed_on = arc or people.is_forwarded(case.message) or people.was_delivered_elsewhere(case)
    if passed_on or any(_MERELY_MONITORED.search(value) for value in fields[:MAX_FIELDS]):
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
    return Finding("its subject is like those of automatic messages") if is_automatic(case.message.subject) else None


def calendar(case: Case) -> Finding | None:
    """RULES 29. Nearly all invitations lie in a part, which only the structure shows."""
    classes = (value.lower() for value in case.message.values("content-class"))
    if "text/calendar" in case.media_types or any(found.endswith("calendarmessage") for found in classes):
        return Finding("a calendar program sent it")
    whole = case.structure.walk() if case.structure is not None else ()
    if any(map(_is_invitation, ((part, inner) for part in whole for inner in part.parts))):
        return Finding("it holds an invitation, or the answer to one")
    return None


def _is_invitation(where: tuple[Structure, Structure]) -> bool:
    """A calendar that asks or answers (RFC 6047 §2.4); without a method, one that stands for the text itself."""
    outer, part = where
    method = part.parameters.get("method", "publish" if outer.kind != "multipart/alternative" else "request")
    return part.kind == "text/calendar" and method != "publish"


def complaint(case: Case) -> Finding | None:
    """A complaint about a message without the form of a report: its first part is that message, with no text before."""
    structure = case.structure
    if structure is None or not structure.kind.startswith("multipart/") or not structure.parts:
        return None
    if structure.parts[0].kind in _BEGIN_REPORTS:
        return Finding("it begins with another message, or with a report, as reports about mail do")
    telling = _ONLY_IN_REPORTS
    if is_answer(case.message.subject):  # people forward bounces that they do not understand, but no complaints
        telling = _COMPLAINTS
    if telling.isdisjoint(part.kind for part in structure.walk()):
        return None
    return Finding("a part of it is a report of a mail server or a mail program")


def bulk_message_id(case: Case) -> Finding | None:
    """The Message-ID of a sender for others, and a second sign: what people write may go through them as well."""
    message = case.message
    id_ = (message.message_id or "").lower()
    if case.is_form or not (is_within(id_.rpartition("@")[2].rstrip(">"), BULK_HOSTS) or _ISMTPD.search(id_)):
        return None
    elsewhere = any(address not in message.from_ for address in (*message.reply_to, *message.sender))
    if elsewhere or "errors-to" in message.by_name or people.has_sign_of_machine(case, frozenset()):
        return Finding("it was sent by a service that sends mail for many, and bears a second sign of that")
    return None


def voice_or_fax(case: Case) -> Finding | None:
    """What telephone systems send: there was a person, but the sender's address is the machine's."""
    message = case.message
    kinds = {*case.media_types, *_words(message, ["message-context"])}
    classes = (word(value).rpartition(":")[2] for value in message.values("content-class"))
    typed = not kinds.isdisjoint(_TYPED) or "x-mms-message-type" in message.by_name  # 3GPP TS 23.140 §8.4
    gateway = not typed and any(_GATEWAY.fullmatch(one.identity) for one in message.from_)
    machine = gateway or "x-asterisk-callerid" in message.by_name
    if machine or not kinds.isdisjoint(_VOICE_OR_FAX) or any(found in _EXCHANGE_VOICE for found in classes):
        return Finding("a telephone system sent it: a voice message, a fax or a missed call")
    return None


def bulk_software(case: Case) -> Finding | None:
    """RULES 27. A listed form, and a trusted directory, may send through such a program too."""
    message = case.message
    if case.proof is Proof.FORM:
        return None
    if BULK_FIELDS.isdisjoint(message.by_name) and not any(map(_DEVICES.match, message.values("x-mailer"))):
        return None
    return Finding("it bears the mark of a program that sends notices or newsletters")


def report(case: Case) -> Finding | None:
    """RULES 4."""
    if case.media_types.isdisjoint(_REPORTS):
        return None
    return Finding("it is a report of a mail server or a mail program, such as a bounce or a receipt")
