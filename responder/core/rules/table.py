"""Who gets no reply, as far as headers and flags can tell: the table of reasons, in the order in which they apply.

Whether it is closed, how old a message is, and who was answered already, is `policy`'s and the ledger's.

See Also:
    RFC 3834 §2 (when not to respond), RFC 5230 §4 (the same for vacation).
"""

from __future__ import annotations

from responder.core.decision import Level
from responder.core.mail.headers import PARSED_FIELDS
from responder.core.outcome import MARKER_HEADER
from responder.core.rules import people, signs, who
from responder.core.rules.case import case_of
from responder.core.rules.signs import not_no, present
from responder.core.rules.values import Case, Check, ContactForm, Finding, MailboxRules, Rule

__all__ = [
    "HEADER_NAMES",
    "MAY_BE_OFF",
    "RULES",
    "SOFT_RULES",
    "Case",
    "ContactForm",
    "Finding",
    "MailboxRules",
    "Rule",
    "case_of",
]

HARD, EITHER, SOFT = Level.HARD, Level.EITHER, Level.SOFT


def _fields(*names: str) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


def _soft(id_: str, title: str, source: str, check: Check, reads: frozenset[str] = frozenset()) -> Rule:
    return Rule(id_, SOFT, title, source, check, reads, may_be_off=True)


def _either(id_: str, title: str, source: str, check: Check, reads: frozenset[str] = frozenset()) -> Rule:
    return Rule(id_, EITHER, title, source, check, reads, may_be_off=True)


_MIDDLEMEN = people.FORWARDER_FIELDS | people.MICROSOFT_LOOPS | people.PROGRAM_FIELDS | {people.EXCHANGE_SOURCE}
"""Read by the rules whose field a middleman may have written, but no reason by themselves."""

_LISTS = _fields("List-Id", "List-Help", "List-Subscribe", "List-Post", "List-Owner", "List-Archive")
_OLD_LISTS = _fields("Mailing-List", "X-Mailing-List", "X-ML-Name", "To")
_PRECEDENCE = _fields("Precedence", "X-Precedence")
_AUTOREPLY = _fields(
    "X-Autoreply",
    "X-Auto-Reply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Autoresponse",
    "X-AutoReply-From",
    "X-Mail-Autoreply",
)
_LIST_PROGRAMS = _fields("X-BeenThere", "X-Listserver", "X-Sympa-To", "List-Software", "X-List-Host")

RULES: tuple[Rule, ...] = (
    # Can it be judged at all?
    Rule("header-anomaly", HARD, "headers too long, or with NUL or a bare CR", "RFC 5322 §2.2", signs.header_anomaly),
    Rule("set-aside", HARD, "flagged as junk, deleted or draft", "RFC 9051 §2.3.2", signs.set_aside),
    Rule(
        "own-reply", HARD, "our own automatic reply, or a machine's answer to one", "RFC 3834 §2", signs.own_reply,
        _fields("Delivered-To", "In-Reply-To", "References", "Message-ID", MARKER_HEADER),
    ),
    _soft(
        "answers-our-reply", "In-Reply-To names our automatic reply", "RFC 3834 §2", signs.answers_our_reply,
        _fields("In-Reply-To"),
    ),
    _either("own-loop", "X-Loop with our marker or our address", "procmail", signs.own_loop, _fields("X-Loop")),
    Rule(
        "exchange-substitute", HARD, "Exchange's note in place of a message it cannot show", "Exchange over IMAP",
        who.exchange_substitute, _fields("Subject"),
    ),
    Rule("no-single-sender", HARD, "not exactly one readable From address", "RFC 5322 §3.6.2", who.no_single_sender),
    # Contact forms, before the rules that they are exempt from
    Rule(
        "contact-form-unproved", HARD, "a listed contact form without proof, or without one Reply-To", "RFC 8601",
        who.contact_form_unproved,
    ),
    # Bounces and ourselves
    _either(
        "null-return-path", "a Return-Path that names nobody", "RFC 3834 §2", who.null_return_path,
        _fields("Return-Path"),
    ),
    Rule("own-address", EITHER, "sent from, or through, an address of our own", "RFC 5230 §4.6", who.own_address),
    # Sent by a machine
    _either(
        "auto-submitted", "Auto-Submitted other than no", "RFC 3834 §2 and §5", signs.auto_submitted,
        _fields("Auto-Submitted"),
    ),
    Rule(
        "report", HARD, "a delivery report, a read receipt or an abuse report", "RFC 6522 §3", signs.report,
        _fields("Content-Type"),
    ),
    Rule(
        "failed-recipients", HARD, "X-Failed-Recipients", "Exim",
        present("it says which of its recipients could not be reached: it is a bounce"), _fields("X-Failed-Recipients"),
    ),
    # Sent to many
    Rule(
        "mailing-list", HARD, "List-Id, List-Post and the like", "RFC 5230 §4.6, RFC 2919, RFC 2369",
        signs.mailing_list, _LISTS,
    ),
    _soft(
        "list-unsubscribe", "List-Unsubscribe", "RFC 2369 §3.2, RFC 8058", signs.list_unsubscribe,
        _fields("List-Unsubscribe", "List-Unsubscribe-Post"),
    ),
    Rule(
        "old-mailing-list", HARD, "Mailing-List, X-ML-Name, “Multiple recipients of”", "ezmlm, fml, LISTSERV",
        signs.old_mailing_list, _OLD_LISTS,
    ),
    _either(
        "precedence", "Precedence: bulk, junk, list, auto_reply", "RFC 3834 §3.1.8, sendmail", signs.precedence,
        _PRECEDENCE,
    ),
    _soft(
        "list-program", "X-BeenThere and other marks of list programs", "Mailman, Sympa",
        signs.list_program, _LIST_PROGRAMS,
    ),
    # Other programs' ways of saying so
    _either(
        "auto-response-suppress", "X-Auto-Response-Suppress: All, OOF or AutoReply", "MS-OXCMAIL §2.1.3.2.20",
        signs.auto_response_suppress, _fields("X-Auto-Response-Suppress"),
    ),
    Rule(
        "autoreply-header", HARD, "X-Autoreply, X-Autorespond and the like", "in the field",
        not_no(_AUTOREPLY, "it says that it is an automatic reply"), _AUTOREPLY,
    ),
    Rule(
        "autogenerated", HARD, "X-Autogenerated", "in the field", present("it says that a machine wrote it"),
        _fields("X-Autogenerated"),
    ),
    _soft(
        "x-loop", "X-Loop of somebody else", "procmail", present("it guards itself against loops, as machines do"),
        _fields("X-Loop"),
    ),
    Rule(
        "ignore-vacation", HARD, "X-IgnoreVacation", "Cyrus",
        not_no(["x-ignorevacation"], "it asks for no automatic reply"), _fields("X-IgnoreVacation"),
    ),
    _soft(
        "many-hops", f"more than {signs.MAX_RECEIVED} Received fields", "RFC 5321 §6.3", signs.many_hops,
        _fields("Received"),
    ),
    # Who wrote, and to whom
    _either("robot-sender", "a mail server's or a list's address", "RFC 5230 §4.6", who.robot_sender),
    _soft(
        "list-sender", "an address such as carers-request@ or carers-owner@", "RFC 2142 §6, Mailman, TMDA",
        who.list_sender,
    ),
    Rule("no-reply-sender", HARD, "an address such as noreply@", "in the field", who.no_reply_sender),
    _soft("role-sender", "an address such as postmaster@ or alerts@", "RFC 5230 §4.6, RFC 2142", who.role_sender),
    Rule(
        "hosted-form", HARD, "a web form's robot, with the person in Reply-To", "in the field",
        who.hosted_form, _fields("Reply-To") | who.SITE_FIELDS,
    ),
    _soft("service-sender", "an address of DocuSign, Freshdesk and the like", "in the field", who.service_sender),
    Rule(
        "unreachable", HARD, "an address without a domain that takes mail, or a route (% or !)", "RFC 5321 §2.3.5",
        who.unreachable,
    ),
    Rule(
        "not-addressed", EITHER, "none of our addresses in To or Cc", "RFC 5230 §4.5", who.not_addressed,
        may_be_off=True, wholly_off=True,
    ),
    _soft("many-recipients", f"more than {who.MAX_RECIPIENTS} recipients", "in the field", who.many_recipients),
    # Spam and forgery
    _either(
        "spam", "a mail server's verdict: spam or infected", "SpamAssassin, Exchange, ...", signs.spam,
        signs.VERDICT_FIELDS | _fields("X-Spam-Checker-Version", "Subject"),
    ),
    Rule(
        "dmarc-fail", HARD, "dmarc=fail from our own server", "RFC 9989 §4.7, RFC 8601", signs.dmarc_fail,
        _fields("Authentication-Results"),
    ),
    _soft(
        "spf-fail", "spf=fail from our own server, without a signature", "RFC 7208 §8.4", signs.spf_fail,
        _fields("Authentication-Results"),
    ),
    # Weak signs
    _soft(
        "feedback-id", "Feedback-ID, unless it is of a provider that gives everybody one",
        "Google's rules for bulk senders", signs.feedback_id, _fields("Feedback-ID"),
    ),
    _soft(
        "bulk-software", "marks of GitHub, Mailchimp, SendGrid, network disks and the like", "in the field",
        signs.bulk_software, signs.BULK_FIELDS | _fields("X-Mailer"),
    ),
    _soft(
        "calendar", "an invitation, or the answer to one", "RFC 6047 §2.4, MS-OXCMAIL", signs.calendar,
        _fields("Content-Type", "Content-Class"),
    ),
    _soft("report-in-parts", "its first part is another message", "RFC 5965, RFC 6522", signs.complaint),
    _soft(
        "bulk-message-id", "the Message-ID of a service that sends for many, and a second sign", "in the field",
        signs.bulk_message_id, _fields("Message-ID"),
    ),
    _soft(
        "voice-or-fax", "a voice message, a fax or a missed call", "RFC 3458, RFC 3801, Asterisk, Exchange",
        signs.voice_or_fax,
        _fields("Content-Type", "Content-Class", "Message-Context", "X-Asterisk-CallerID", "From")
        | _fields("X-Mms-Message-Type"),
    ),
    _soft(
        "automatic-subject", "a subject such as “Out of office”, in some 50 languages", "in the field",
        signs.automatic_subject, _fields("Subject"),
    ),
    _soft(
        "no-reply-elsewhere", "such an address in Return-Path, Reply-To or Sender, or glued to another word",
        "in the field", who.no_reply_elsewhere,
    ),
    _soft("errors-to", "Errors-To that is not the sender's own", "sendmail", who.errors_to, _fields("Errors-To")),
    # The practice's own wish
    Rule("never-domain", HARD, "a domain that the file rules out", "the practice", who.never_domain),
)  # fmt: skip
"""Every reason that headers and flags can give, hard and soft, each with a stable id."""

HEADER_NAMES: tuple[str, ...] = tuple(sorted(PARSED_FIELDS.union(_MIDDLEMEN, *(rule.reads for rule in RULES))))
"""Every field that is ever asked of a server: what is parsed, or what some rule reads."""

SOFT_RULES: frozenset[str] = frozenset(rule.id for rule in RULES if rule.level is SOFT)
"""Those that are asked last, and list what they silence."""

MAY_BE_OFF: frozenset[str] = frozenset(rule.id for rule in RULES if rule.may_be_off)
"""Those that a practice may turn off (``rules_off``): the soft ones, and the test that we were written to at all."""
