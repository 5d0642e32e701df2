"""Every rule of the table, in its order: what it catches, and the people it must let through."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from responder.core.decision import Level, Proof, Reply, Skip
from responder.core.mail import headers
from responder.core.message import Address
from responder.core.rules import decide as policy
from responder.core.rules.decide import HEADER_NAMES, MAY_BE_OFF, RULES, SOFT_RULES, ContactForm, MailboxRules
from responder.core.rules.table import SOFT_RULES as SAME
from tests.unit.core.rules.policy_cases import AT, MAILBOX, PROOF, block, judge, outcome

Case = tuple[str, str, dict[str, str], str]

MANY = ", ".join(f"p{n}@example.net" for n in range(10))
"""Ten people; with our own address eleven."""

FORM = {"From": "Harbour <wordpress@harbour.example>", "Reply-To": "mary@example.org", "Return-Path": "<>"}
PROVED = f"Authentication-Results: {PROOF}\r\n"

EXCHANGE = {
    "From": '"Microsoft Exchange Server"',
    "Subject": "Retrieval using the IMAP4 protocol failed for the following message: 3",
    "Message-ID": "",
}

# (rule that decides or "reply", what it is, fields in place of the person's own, further lines)
CASES: tuple[Case, ...] = (
    ("header-anomaly", "a bare CR in From", {"From": "Mary\r <mary@example.org>"}, ""),
    ("header-anomaly", "NUL in the Message-ID", {"Message-ID": "<a\0b@example.org>"}, ""),
    ("header-anomaly", "65 KB of headers", {}, "References: " + "<a@b> " * 11_000 + "\r\n"),
    ("header-anomaly", "1,200 lines of headers", {}, "Received: x\r\n" * 1_200),
    ("reply", "NUL in a field that is never repeated", {"Subject": "a\0b"}, ""),
    ("own-reply", "our marker", {}, "X-After-Hours-Responder: 1\r\n"),
    ("own-reply", "our Message-ID", {"Message-ID": "<ahr.0123456789abcdef0123456789abcdef@harbour.example>"}, ""),
    ("own-reply", "an autoresponder's Delivered-To", {}, "Delivered-To: Autoresponder\r\n"),
    ("own-reply", "our marker in Delivered-To", {}, "Delivered-To: hello+x-after-hours-responder@harbour.example\r\n"),
    (
        "own-reply",
        "a subject of a machine, answering us",
        {"Subject": "Automatische Antwort: x"},
        "References: <x@y> <ahr.0123456789abcdef@harbour.example>\r\n",
    ),
    (
        "own-reply",
        "a role address, answering us",
        {"From": "Alerts@example.org"},
        "In-Reply-To: <ahr.0123456789abcdef@harbour.example>\r\n",
    ),
    (
        "own-reply",
        "a newsletter's field, answering us",
        {},
        "In-Reply-To: <ahr.0123456789abcdef@harbour.example>\r\nList-Unsubscribe: <https://example.org/u>\r\n",
    ),
    (
        "answers-our-reply",
        "whoever it is",
        {"Subject": "Re: Automatic reply"},
        "In-Reply-To: <ahr.0123456789abcdef@harbour.example>\r\n",
    ),
    (
        "answers-our-reply",
        "in capitals, with another id",
        {},
        "In-Reply-To: <x@y.example> <AHR.0123456789ABCDEF@HARBOUR.example>\r\n",
    ),
    ("reply", "our reply earlier in the thread", {}, "References: <ahr.0123456789abcdef@harbour.example>\r\n"),
    ("reply", "somebody else's reply", {}, "In-Reply-To: <ahr.0123456789abcdef@elsewhere.example>\r\n"),
    ("reply", "a Message-ID that only starts alike", {"Message-ID": "<ahr.mary@example.org>"}, ""),
    ("own-loop", "X-Loop with our marker", {}, "X-Loop: X-After-Hours-Responder\r\n"),
    ("own-loop", "X-Loop with our address", {}, "x-loop: Hello@Harbour.example (again)\r\n"),
    ("no-single-sender", "no From", {"From": ""}, ""),
    ("no-single-sender", "two From fields", {}, "From: joe@example.net\r\n"),
    ("no-single-sender", "two addresses", {"From": "mary@example.org, joe@example.net"}, ""),
    ("no-single-sender", "a group", {"From": "Us: mary@example.org;"}, ""),
    ("no-single-sender", "the null address", {"From": "<>"}, ""),
    ("no-single-sender", "another address in an odd name", {"From": "joe@bank.example, X <mary@example.org>"}, ""),
    ("no-single-sender", "a half address in it", {"From": "joe\uff20bank.example, X <mary@example.org>"}, ""),
    ("reply", "a comma and a comment in its name", {"From": "Roe, Jane (Adult Social Care) <mary@example.org>"}, ""),
    ("no-single-sender", "another address as its name", {"From": "joe@bank.example <mary@example.org>"}, ""),
    ("reply", "its own address as its name", {"From": "'mary@example.org' <mary@example.org>"}, ""),
    ("contact-form-unproved", "no proof", FORM, ""),
    ("contact-form-unproved", "proof of another domain", FORM, PROVED.replace("harbour.example;", "evil.example;", 1)),
    ("contact-form-unproved", "two addresses in Reply-To", FORM | {"Reply-To": "a@b.example, c@d.example"}, PROVED),
    ("contact-form-unproved", "two Reply-To fields", FORM, PROVED + "Reply-To: joe@example.net\r\n"),
    ("contact-form-unproved", "a Reply-To that cannot be read", FORM | {"Reply-To": "mary at example.org"}, PROVED),
    ("contact-form-unproved", "a Reply-To half read", FORM | {"Reply-To": "mary, joe@example.net"}, PROVED),
    ("reply", "proved by DKIM", FORM, PROVED),
    (
        "reply",
        "proved by SPF",
        FORM,
        "Authentication-Results: mx.harbour.example; spf=pass smtp.mailfrom=wordpress@harbour.example\r\n",
    ),
    (
        "reply",
        "proved, with all that robots are exempt from",
        FORM | {"To": "forms@web.example", "Sender": "noreply@harbour.example"},
        PROVED + "Auto-Submitted: auto-generated\r\n",
    ),
    ("own-address", "proved, but its Reply-To is ours", FORM | {"Reply-To": "help@harbour.example"}, PROVED),
    ("robot-sender", "proved, but its Reply-To is a robot", FORM | {"Reply-To": "mailer-daemon@example.org"}, PROVED),
    ("no-reply-sender", "proved, but its Reply-To takes none", FORM | {"Reply-To": "noreply@example.org"}, PROVED),
    ("role-sender", "proved, but its Reply-To is a role", FORM | {"Reply-To": "root@example.org"}, PROVED),
    ("unreachable", "proved, but its Reply-To has no domain", FORM | {"Reply-To": "mary@example"}, PROVED),
    ("contact-form-unproved", "proved, but no Reply-To at all", FORM | {"Reply-To": "", "Return-Path": ""}, PROVED),
    ("null-return-path", "the null reverse-path", {"Return-Path": "<>"}, ""),
    ("null-return-path", "empty", {"Return-Path": ""}, "Return-Path:\r\n"),
    ("null-return-path", "no @", {"Return-Path": "MAILER-DAEMON"}, ""),
    ("null-return-path", "qmail's double bounce", {"Return-Path": "<#@[]>"}, ""),
    ("null-return-path", "the top-most counts", {"Return-Path": "<>"}, "Return-Path: <mary@example.org>\r\n"),
    ("reply", "no Return-Path", {"Return-Path": ""}, ""),
    ("reply", "a Return-Path at another domain", {"Return-Path": "<mary=example.org@relay.example>"}, ""),
    ("own-address", "From ourselves", {"From": "HELLO@harbour.example"}, ""),
    ("own-address", "From another mailbox that is served", {"From": "Billing <billing@harbour.example>"}, ""),
    ("own-address", "From ourselves with a tag", {"From": "hello+web@harbour.example"}, ""),
    ("own-address", "Sender ourselves", {}, "Sender: help@harbour.example\r\n"),
    ("own-address", "our return path", {"Return-Path": "<hello@harbour.example>"}, ""),
    ("reply", "a colleague at our domain", {"From": "Joe <joe@harbour.example>"}, ""),
    ("auto-submitted", "auto-replied with a parameter", {}, "Auto-Submitted: auto-replied; owner-email=x\r\n"),
    ("auto-submitted", "odd case, folded", {}, "AUTO-submitted:\r\n\tAuto-Generated (by a machine)\r\n"),
    ("auto-submitted", "auto-notified", {}, "Auto-Submitted: auto-notified\r\n"),
    ("auto-submitted", "an unknown word", {}, "Auto-Submitted: yes\r\n"),
    ("auto-submitted", "empty", {}, "Auto-Submitted:\r\n"),
    ("auto-submitted", "the second of two", {}, "Auto-Submitted: no\r\nAuto-Submitted: auto-replied\r\n"),
    ("reply", "no", {}, "Auto-Submitted: no\r\n"),
    ("reply", "no with a comment", {}, "Auto-Submitted: (really (and truly)) No (typed by hand)\r\n"),
    ("reply", "no with a parameter", {}, "Auto-Submitted: no; x=auto-replied\r\n"),
    ("report", "a delivery report", {}, "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n"),
    ("report", "a bare delivery status", {}, "Content-Type: message/delivery-status\r\n"),
    ("report", "a read receipt of the old kind", {}, "Content-type: Message/Disposition-Notification\r\n"),
    ("reply", "an attachment named report", {}, 'Content-Type: multipart/mixed; boundary="multipart/report"\r\n'),
    ("failed-recipients", "Exim", {}, "X-Failed-Recipients: nobody@example.org\r\n"),
    ("failed-recipients", "empty", {}, "X-Failed-Recipients:\r\n"),
    *(
        ("mailing-list", name, {}, f"{name}: <x.example.org>\r\n")
        for name in ("List-Id", "List-Help", "List-Subscribe", "List-Post", "List-Owner", "List-Archive")
    ),
    ("mailing-list", "beside List-Unsubscribe", {}, "List-Unsubscribe: <mailto:x@y>\r\nLIST-ID: x\r\n"),
    ("list-unsubscribe", "alone", {}, "List-Unsubscribe: <https://example.org/u>\r\n"),
    ("list-unsubscribe", "the one-click field", {}, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
    ("old-mailing-list", "ezmlm", {}, "Mailing-List: contact friends-help@example.net; run by ezmlm\r\n"),
    ("old-mailing-list", "vger", {}, "X-Mailing-List: friends@example.net\r\n"),
    ("old-mailing-list", "fml", {}, "X-ML-Name: friends\r\n"),
    (
        "old-mailing-list",
        "LISTSERV",
        {"To": "Multiple Recipients of list X <x@example.net>", "Cc": "hello@harbour.example"},
        "",
    ),
    *(
        ("precedence", f"{name}: {value}", {}, f"{name}: {value}\r\n")
        for name, value in (
            ("Precedence", "bulk"),
            ("Precedence", "Junk"),
            ("precedence", "list"),
            ("Precedence", "auto_reply"),
            ("X-Precedence", "auto-reply (v2)"),
        )
    ),
    ("reply", "first-class", {}, "Precedence: first-class\r\n"),
    *(
        ("auto-response-suppress", value, {}, f"X-Auto-Response-Suppress: {value}\r\n")
        for value in ("All", "OOF", "DR, OOF, AutoReply", "DR,RN,NRN,OOF,AutoReply", "dr;\r\n oof", "AutoReply (x)")
    ),
    *(
        ("reply", f"suppress {value}", {}, f"X-Auto-Response-Suppress: {value}\r\n")
        for value in ("None", "DR", "DR, NDR, RN, NRN", "", "DR (All)")
    ),
    *(
        ("autoreply-header", name, {}, f"{name}: yes\r\n")
        for name in (
            "X-Autoreply",
            "X-Auto-Reply",
            "X-Autorespond",
            "X-Autoresponder",
            "X-Autoresponse",
            "X-AutoReply-From",
            "X-Mail-Autoreply",
        )
    ),
    ("reply", "X-Autoreply: no", {}, "X-Autoreply: No\r\n"),
    ("autogenerated", "Reply", {}, "X-Autogenerated: Reply\r\n"),
    ("autogenerated", "Forward", {}, "X-AutoGenerated: Forward\r\n"),
    ("x-loop", "yes", {}, "X-Loop: yes\r\n"),
    ("x-loop", "somebody's address", {}, "X-Loop: joe@example.net\r\n"),
    ("reply", "delivered to us twice", {}, "Delivered-To: hello@harbour.example\r\n" * 2),
    ("reply", "forwarded: two mailboxes", {}, "Delivered-To: a@b.example\r\nDelivered-To: hello@harbour.example\r\n"),
    ("ignore-vacation", "yes", {}, "X-IgnoreVacation: yes\r\n"),
    ("ignore-vacation", "empty", {}, "X-IgnoreVacation:\r\n"),
    ("reply", "X-IgnoreVacation: no", {}, "X-IgnoreVacation: no\r\n"),
    ("many-hops", "26", {}, "Received: from a by b; Sat, 21 Nov 2026 21:14:58 +0000\r\n" * 26),
    ("many-hops", "99, folded", {}, "Received: from a\r\n\tby b; Sat, 21 Nov 2026 21:14:58 +0000\r\n" * 99),
    ("reply", "25 hops", {}, "Received: from a by b; Sat, 21 Nov 2026 21:14:58 +0000\r\n" * 25),
    *(
        ("robot-sender", local, {"From": f"{local}@example.org"}, "")
        for local in (
            "MAILER-DAEMON",
            "listserv",
            "majordomo",
            "owner-friends",
            "MAILER-DAEMON+1a2b",
            "mailman",
            "autoresponder",
            "autoreply",
            "auto-reply",
            "friends-subscribe",
            "friends-unsubscribe",
            "friends+unsubscribe",
            "bounce",
            "bounces",
            "bounces-17",
            "bounce-123-abc",
            "friends-bounces",
            "friends-errors",
            "friends-confirm",
        )
    ),
    *(
        ("list-sender", local, {"From": f"{local}@example.org"}, "")
        for local in (
            *("friends-owner", "Friends-Request", "friends-join", "friends-leave", "mary+confirm-8fa31c"),
            "mary-confirm-1763759643.123.0a1b2c",
        )
    ),
    ("list-sender", "in the return path", {"Return-Path": "<friends-request@example.net>"}, ""),
    ("reply", "SRS of such a name", {"Return-Path": "<SRS0=A=K=x.example=friends-owner@fwd.example>"}, ""),
    ("robot-sender", "in Sender", {}, "Sender: friends-bounces@example.net\r\n"),
    ("robot-sender", "in the return path", {"Return-Path": "<friends-bounces@example.net>"}, ""),
    ("robot-sender", "in the return path, in capitals", {"Return-Path": "<MAILER-DAEMON@example.net>"}, ""),
    ("reply", "VERP", {"Return-Path": "<bounces-1-hello=harbour.example@relay.example>"}, ""),
    ("reply", "VERP with a plus", {"Return-Path": "<bounces+1-x@relay.example>"}, ""),
    ("reply", "SRS", {"Return-Path": "<SRS0=Ab=KQ=example.org=it-request@fwd.example>"}, ""),
    ("reply", "SRS twice over", {"Return-Path": "<SRS1-Xy=fwd.example==Ab=KQ=x.example=a-bounces@fwd.example>"}, ""),
    ("reply", "BATV", {"Return-Path": "<prvs=1234567890=mary@example.org>"}, ""),
    *(
        ("reply", f"{local}@", {"From": f"{local}@example.org"}, "")
        for local in (
            *("ally", "noreen", "info", "newsome", "bouncey", "owner", "request", "rooty", "abuse.support"),
            *("o'no-reply", "to-confirm-you", "owner.friends", "joint-leavers", "subscribe", "reply"),
        )
    ),
    *(
        ("no-reply-sender", local, {"From": f"{local}@example.org"}, "")
        for local in (
            "noreply",
            "No-Reply",
            "no_reply",
            "no.reply-support",
            "do-not-reply",
            "dont-reply",
            "neverreply",
            "noresponse",
            "nicht.antworten",
            "noreply+1a2b",
        )
    ),
    ("no-reply-elsewhere", "in Sender", {}, "Sender: noreply@form.example\r\n"),
    ("no-reply-elsewhere", "in Reply-To", {"Reply-To": "noreply@elsewhere.example"}, ""),
    ("no-reply-elsewhere", "in the return path", {"Return-Path": "<do-not-reply@shop.example>"}, ""),
    ("no-reply-elsewhere", "a role in the return path", {"Return-Path": "<notifications@shop.example>"}, ""),
    ("no-reply-elsewhere", "a role in Reply-To", {"Reply-To": "notifications@shop.example"}, ""),
    ("no-reply-elsewhere", "glued to a word", {"From": "acmetravelnoreply@travel.example"}, ""),
    ("reply", "a name that such a word begins", {"From": "arno.reply@example.org"}, ""),
    ("errors-to", "a program's", {}, "Errors-To: <bounces@firm.example>\r\n"),
    ("errors-to", "a program's at the same domain", {}, "Errors-To: bounces@example.org\r\n"),
    ("reply", "Errors-To: the sender", {}, "Errors-To: Mary <mary@example.org>\r\n"),
    ("reply", "Errors-To at the sender's domain", {}, "Errors-To: office@example.org\r\n"),
    ("list-program", "Mailman's mark", {}, "X-BeenThere: friends@club.example\r\n"),
    ("list-program", "Sympa's mark", {}, "X-Sympa-To: friends@club.example\r\n"),
    (
        "bulk-message-id",
        "another Reply-To",
        {"Message-ID": "<010001@email.amazonses.com>", "Reply-To": "ann@firm.example"},
        "",
    ),
    ("bulk-message-id", "SendGrid", {"Message-ID": "<Ab1@geopod-ismtpd-4>", "Reply-To": "ann@firm.example"}, ""),
    ("reply", "a bulk sender's Message-ID alone", {"Message-ID": "<010001@email.amazonses.com>"}, ""),
    *(
        ("role-sender", local, {"From": f"{local}@example.org"}, "")
        for local in ("postmaster", "Abuse", "hostmaster", "webmaster", "root", "notification", "notifications")
    ),
    *(
        ("role-sender", local, {"From": f"{local}@example.org"}, "")
        for local in ("alert", "alerts", "daemon", "newsletter", "vacation", "dmarcreport")
    ),
    ("unreachable", "an address literal", {"From": "mary@[192.0.2.1]"}, ""),
    ("unreachable", "a route with %", {"From": "mary%example.org@relay.example"}, ""),
    ("unreachable", "a route with !", {"From": "relay!mary@example.org"}, ""),
    ("hosted-form", "From", {"From": "forms@squarespace.info", "Reply-To": "Ann <ann@example.net>"}, ""),
    ("hosted-form", "below it", {"From": "forms@mail.wix.com", "Reply-To": "ann@example.net"}, ""),
    (
        "hosted-form",
        "the return path alone",
        {"From": "web@example.org", "Return-Path": "<b+1@sg.squarespace.info>", "Reply-To": "ann@example.net"},
        "",
    ),
    ("reply", "no Reply-To", {"From": "ann@jimdo.com"}, ""),
    ("reply", "a Reply-To of its own", {"From": "ann@jimdo.com", "Reply-To": "help@jimdo.com"}, ""),
    ("reply", "only ends alike", {"From": "ann@notwix.com", "Reply-To": "ann@example.net"}, ""),
    ("service-sender", "From", {"From": "Ann via DocuSign <dse_na4@docusign.net>"}, ""),
    ("service-sender", "the return path", {"Return-Path": "<a=b__0-x@abc.bnc.salesforce.com>"}, ""),
    ("service-sender", "a helpdesk", {"From": "support@riverside.freshdesk.com"}, ""),
    ("reply", "a person who works there", {"From": "ann@salesforce.com"}, ""),
    ("unreachable", "one label", {"From": "mary@localhost"}, ""),
    ("reply", "a reserved name", {"From": "mary@example.com"}, ""),
    ("not-addressed", "a blind copy", {"To": "undisclosed-recipients:;"}, ""),
    ("not-addressed", "no To at all", {"To": ""}, ""),
    ("not-addressed", "an alias that nobody listed", {"To": "enquiries@harbour.example"}, ""),
    ("not-addressed", "our address in a name", {"To": '"hello@harbour.example" <joe@example.net>'}, ""),
    ("reply", "in Cc", {"To": "joe@example.net", "Cc": "hello@harbour.example"}, ""),
    ("reply", "an alias", {"To": "HELP@HARBOUR.example"}, ""),
    ("reply", "with a tag", {"To": "Hello+website@harbour.example"}, ""),
    ("not-addressed", "another mailbox with a tag", {"To": "billing+x@harbour.example"}, ""),
    ("not-addressed", "only a tag", {"To": "+hello@harbour.example"}, ""),
    ("reply", "in a group", {"To": "Friends: joe@example.net, hello@harbour.example;"}, ""),
    ("reply", "behind a broken address", {"To": "Joe Bloggs joe@example.net, hello@harbour.example"}, ""),
    ("reply", "separated by semicolons", {"To": "joe@example.net; hello@harbour.example"}, ""),
    *(
        ("reply", name, {"To": "joe@example.net", name: "hello@harbour.example"}, "")
        for name in ("Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")
    ),
    ("many-recipients", "eleven", {"To": f"hello@harbour.example, {MANY}"}, ""),
    ("many-recipients", "over To and Cc", {"Cc": MANY}, ""),
    ("reply", "ten", {"To": f"hello@harbour.example, {MANY.rpartition(',')[0]}"}, ""),
    ("reply", "one of them twice", {"To": "hello@harbour.example", "Cc": f"p1@example.net, {MANY[:-16]}"}, ""),
    *(
        ("spam", line, {}, f"{line}\r\n")
        for line in (
            "X-Spam-Flag: YES",
            "X-Spam-Status: Yes, score=7.2",
            "X-Spam: true",
            "X-Spam: spam",
            "X-Barracuda-Spam-Status: Yes, SCORE=8",
            "X-DSPAM-Result: Spam",
            "X-Virus-Status: Infected (Example.Test)",
            "X-Spam-Level: *****",
            "X-Spam-Bar: +++++",
        )
    ),
    *(
        ("reply", line, {}, f"{line}\r\n")
        for line in (
            "X-Spam-Flag: NO",
            "X-Spam-Status: No, score=1.0",
            "X-Spam-Status: No, score=5.1 required=6.3\r\nX-Spam-Level: *****",
            "X-Spam-Level: ****",
            "X-Spam-Bar: /",
            "X-Spam-Bar: ---",
            "X-DSPAM-Result: Innocent",
            "X-DSPAM-Result: Whitelisted",
            "X-Virus-Status: Clean",
            "X-Spam: ",
        )
    ),
    ("dmarc-fail", "OpenDMARC", {}, "Authentication-Results: mx.harbour.example; dmarc=fail (p=none dis=none)\r\n"),
    (
        "dmarc-fail",
        "in the second field",
        {},
        "".join(
            f"Authentication-Results: {text}\r\n"
            for text in ("mx.harbour.example; spf=pass", "MX.harbour.example 1; DMARC = FAIL")
        ),
    ),
    ("reply", "another server says so", {}, "Authentication-Results: mx.evil.example; dmarc=fail\r\n"),
    ("reply", "dmarc=none", {}, "Authentication-Results: mx.harbour.example; dmarc=none; spf=none; dkim=none\r\n"),
    ("spf-fail", "nothing else", {}, "Authentication-Results: mx.harbour.example; spf=fail smtp.mailfrom=x.y\r\n"),
    (
        "spf-fail",
        "a signature of another domain",
        {},
        "Authentication-Results: mx.harbour.example; spf=fail; dkim=pass header.d=relay.example\r\n",
    ),
    (
        "reply",
        "a signature of its own",
        {},
        "Authentication-Results: mx.harbour.example; spf=fail; dkim=pass header.d=example.org\r\n",
    ),
    ("reply", "softfail", {}, "Authentication-Results: mx.harbour.example; spf=softfail\r\n"),
    ("feedback-id", "Gmail", {}, "Feedback-ID: 1:campaign:mc\r\n"),
    ("feedback-id", "empty", {}, "Feedback-Id:\r\n"),
    *(
        ("bulk-software", name, {}, f"{name}: 1\r\n")
        for name in (
            "X-Amazon-Mail-Relay-Type",
            "X-Facebook-Notify",
            "X-GitHub-Reason",
            "X-GitLab-Project",
            "X-JIRA-FingerPrint",
            "X-MC-User",
            "X-Campaign",
            "X-CampaignID",
            "X-Mailgun-Sid",
            "X-SFDC-LK",
            "X-SFDC-User",
            "X-SG-EID",
        )
    ),
    *(
        ("automatic-subject", subject, {"Subject": subject}, "")
        for subject in (
            "Out of Office: appointment",
            "Automatic\r\n reply: appointment",
            "AUTOREPLY",
            "Auto: away",
            "Abwesenheitsnotiz",
            "=?utf-8?Q?R=C3=A9ponse_automatique?= : x",
            "=?utf-8?B?UmVzcHVlc3RhIGF1dG9tw6F0aWNh?=",
            "Undeliverable: x",
            "Delivery Status Notification (Failure)",
            "Returned mail: see transcript",
            "Mail delivery failed: x",
        )
    ),
    *(
        ("reply", subject or "no subject", {"Subject": subject}, "")
        for subject in (
            "Re: Automatic reply",
            "Autumn",
            "My automatic reply to you",
            "Question, out of office hours",
            "Car: auto insurance",
            "",
        )
    ),
    ("calendar", "iMIP", {}, "Content-Type: text/calendar; method=REQUEST\r\n"),
    ("calendar", "Exchange", {}, "Content-Class: urn:content-classes:CalendarMessage\r\n"),
    ("reply", "an ordinary class", {}, "Content-Class: urn:content-classes:message\r\n"),
    ("reply", "asks for a receipt", {}, "Disposition-Notification-To: mary@example.org\r\n"),
    ("voice-or-fax", "RFC 3801", {}, "Content-Type: multipart/voice-message; boundary=x\r\n"),
    ("voice-or-fax", "RFC 3458", {}, "Message-Context: fax-message\r\n"),
    ("voice-or-fax", "Asterisk", {}, "X-Asterisk-CallerID: 5551234\r\n"),
    ("voice-or-fax", "Exchange", {}, "Content-Class: urn:content-class:missedcall\r\n"),
    ("voice-or-fax", "a number at an SMS gateway", {"From": "+15555550123@sms.example.org"}, ""),
    ("voice-or-fax", "a number at a fax gateway", {"From": "441632960123@in.efax-service.example"}, ""),
    ("reply", "a number elsewhere", {"From": "15555550123@transms.example"}, ""),
    ("reply", "a name at such a gateway", {"From": "mary1@sms.example.org"}, ""),
    (
        "reply",
        "a text message through a gateway",
        {"From": "15555550123@sms.example.org"},
        "Message-Context: text-message\r\n",
    ),
    ("reply", "a text message through a carrier", {}, "Message-Context: text-message\r\n"),
    ("exchange-substitute", "over IMAP", EXCHANGE, ""),
    ("exchange-substitute", "with a year", EXCHANGE | {"From": "Microsoft Exchange Server 2010"}, ""),
    ("reply", "a person who asks about it", {"Subject": EXCHANGE["Subject"]}, ""),
    ("never-domain", "the domain", {"From": "joe@never.example"}, ""),
    ("never-domain", "below it", {"From": "joe@mail.never.example"}, ""),
    ("reply", "only ends alike", {"From": "joe@notnever.example"}, ""),
    ("reply", "no Message-ID, no Date", {"Message-ID": "", "Date": ""}, ""),
    ("reply", "a Reply-To elsewhere is ignored", {"Reply-To": "joe@elsewhere.example"}, ""),
    ("reply", "a name with every trap", {"From": '"Auto-Reply, noreply@example.net" <mary@example.org>'}, ""),
)  # fmt: skip


each_rule = pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, *_ in CASES))


def wrongly_judged(rule: str, served: Callable[[bytes], bytes]) -> list[tuple[str, str]]:
    """What a rule's cases are, and what decided them instead."""
    judged = [(what, judge(served(block(fields, more=more)))) for id_, what, fields, more in CASES if id_ == rule]
    return [(what, outcome(decision)) for what, decision in judged if outcome(decision) != rule]


@each_rule
def test_each_message_is_decided_by_its_rule(rule: str) -> None:
    """Each sign of a machine, a list or a forgery is enough by itself, and what only looks like one is not."""
    assert wrongly_judged(rule, bytes) == []


def only_what_is_fetched(whole: bytes) -> bytes:
    """The fields that the server is asked for."""
    asked = {name.lower().encode() for name in HEADER_NAMES}
    lines = re.split(rb"\r\n(?![ \t])", whole)
    return b"\r\n".join(line for line in lines if line.partition(b":")[0].lower() in asked) + b"\r\n\r\n"


@each_rule
def test_every_field_that_decides_is_fetched(rule: str) -> None:
    """Of a message the server returns only the fields asked for: they decide the same."""
    assert wrongly_judged(rule, only_what_is_fetched) == []


@pytest.mark.parametrize("flag", ["$Junk", "junk", "\\Deleted", "\\Draft", "\\dRAFT"])
def test_what_the_mailbox_set_aside_gets_no_reply(flag: str) -> None:
    """Junk, deleted and drafts are not mail that somebody waits to have answered."""
    assert outcome(judge(block(), flags=frozenset({"\\Seen", flag}))) == "set-aside"


@pytest.mark.parametrize("flag", ["\\Seen", "\\Flagged", "NonJunk", "$NotJunk", "\\Recent", "\\Answered"])
def test_other_flags_silence_nobody_in_a_back_test(flag: str) -> None:
    """What a person or another program marked says nothing of the sender."""
    assert outcome(judge(block(), flags=frozenset({flag}))) == "reply"


def test_every_rule_has_at_least_two_cases() -> None:
    """No rule stands untested."""
    tested = [rule for rule, *_ in CASES]

    assert {rule.id for rule in RULES if tested.count(rule.id) < 2} == {"set-aside", "report-in-parts"}


def test_a_rule_sees_nothing_without_the_fields_that_it_reads() -> None:
    """Rules are passed over when none of their fields is there: all of them together say the same."""
    for rule, _, fields, more in CASES:
        message = headers.parse(block(fields, more=more), AT, frozenset())
        skips = [skip for _, skip in policy.judge_rules(message, MAILBOX) if skip is not None]
        hard = [skip.rule for skip in skips if skip.rule not in SOFT_RULES]
        assert [*hard, *(skip.rule for skip in skips), "reply"][0] == rule


def test_rule_ids_are_unique_and_say_what_they_are() -> None:
    """Ids are what logs, counters and the owner's file name."""
    ids = [rule.id for rule in RULES]

    assert len(set(ids)) == len(ids)
    assert all(rule.title and rule.source and rule.id == rule.id.lower() for rule in RULES)
    assert SOFT_RULES == SAME == {rule.id for rule in RULES if rule.level is Level.SOFT}


@pytest.mark.parametrize("name", sorted(SOFT_RULES - {"report-in-parts"}))
def test_soft_rules_may_silence_a_person_and_can_be_turned_off(name: str) -> None:
    """What a soft rule silences is listed to the owner, who can turn the rule off."""
    _, _, fields, more = next(case for case in CASES if case[0] == name)
    decision = judge(block(fields, more=more))
    off = replace(MAILBOX, rules_off=frozenset({name}))

    assert isinstance(decision, Skip)
    assert decision.maybe_person
    assert outcome(judge(block(fields, more=more), rules=off)) == "reply"


def test_hard_rules_cannot_be_turned_off() -> None:
    """No edit makes the daemon answer a bounce."""
    off = replace(MAILBOX, rules_off=frozenset(rule.id for rule in RULES))

    assert outcome(judge(block(more="Content-Type: multipart/report\r\n"), rules=off)) == "report"
    assert outcome(judge(block({"Return-Path": "<>", "Subject": "Out of office"}), rules=off)) == "null-return-path"


def test_a_hard_rule_speaks_before_a_soft_one() -> None:
    """What is surely a machine is never listed as maybe a person: two signs, and nothing that points to one."""
    decision = judge(block(more="List-Unsubscribe: <https://x.example>\r\nPrecedence: bulk\r\n"))

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person) == ("precedence", False)


@pytest.mark.parametrize(
    ("fields", "cure"),
    [
        ({"To": "enquiries@harbour.example"}, 'add "enquiries@harbour.example" to aliases'),
        (
            {"From": "noreply@web.example", "Reply-To": "ann@example.net"},
            '[[contact_form]] with from = "noreply@web.example"',
        ),
        (
            {"From": "hello@harbour.example", "Reply-To": "ann@example.net"},
            '[[contact_form]] with from = "hello@harbour.example"',
        ),
    ],
    ids=["alias", "form robot", "form that writes as ourselves"],
)
def test_a_person_silenced_by_a_hard_rule_is_listed_with_the_cure(fields: dict[str, str], cure: str) -> None:
    """A forgotten alias and an unlisted form are mended by a line that the owner is shown."""
    decision = judge(block(fields))

    assert isinstance(decision, Skip)
    assert (decision.maybe_person, decision.cure) == (True, cure)


@pytest.mark.parametrize(
    "fields",
    [
        {"To": "undisclosed-recipients:;"},
        {"To": "billing@harbour.example"},
        {"From": "noreply@web.example"},
        {"From": "noreply@web.example", "Reply-To": "help@web.example"},
        {"From": "noreply@web.example", "Reply-To": "help@desk.web.example"},
        {"From": "noreply@web.example", "Reply-To": "do-not-reply@example.net"},
        {"From": "noreply@web.example", "Reply-To": "help@harbour.example"},
    ],
    ids=["blind copy", "another mailbox that is served", "no Reply-To", "its own", "below it", "a robot's", "ours"],
)
def test_what_is_no_person_is_not_listed(fields: dict[str, str]) -> None:
    """The owner is not asked to look at what cannot be mended."""
    decision = judge(block(fields))

    assert isinstance(decision, Skip)
    assert (decision.maybe_person, decision.cure) == (False, None)


@pytest.mark.parametrize(
    ("own", "to", "answered"),
    [
        ("ourpractice@gmail.com", "some.one@gmail.com", False),
        ("ourpractice@gmail.com", "Our.Practice+web@gmail.com", True),
        ("ourpractice@gmail.com", "our.practice@googlemail.com", True),
        ("our.practice@mac.com", "our.practice@me.com", True),
        ("our.practice@mac.com", "ourpractice@icloud.com", False),
        ("ourpractice@pm.me", "our_practice@proton.me", True),
        ("our.practice@web.de", "ourpractice@web.de", False),
        ("ourpractice@hotmail.com", "ourpractice@outlook.com", False),
    ],
)
def test_other_names_of_the_same_account_are_ours(own: str, to: str, answered: bool) -> None:
    """Some providers deliver several names to one account; what they tell apart stays apart, and is listed."""
    local, _, domain = own.partition("@")
    decision = judge(block({"To": to}), rules=MailboxRules(Address(local, domain)))

    assert outcome(decision) == ("reply" if answered else "not-addressed")
    if isinstance(decision, Reply):
        assert decision.answered_as.addr_spec == own
    else:
        assert (decision.maybe_person, decision.cure) == (True, f'if it is yours, add "{to}" to aliases')


@pytest.mark.parametrize(
    "from_",
    [
        "Mary mary@example.org",
        "joe@bank.example, Mary <mary@example.org>",
        "mary@example.org, joe@example.net",
        "Us: mary@example.org;",
    ],
)
def test_a_crooked_sender_is_listed(from_: str) -> None:
    """A person whose mail program writes nonsense is not answered, but seen."""
    decision = judge(block({"From": from_}))

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person) == ("no-single-sender", True)


@pytest.mark.parametrize(
    ("fields", "more"),
    [({}, ""), ({"Reply-To": "mary at example.org"}, PROVED)],
    ids=["not proved", "Reply-To not readable"],
)
def test_a_form_that_cannot_be_believed_is_listed(fields: dict[str, str], more: str) -> None:
    """There is most likely a person behind it."""
    decision = judge(block(FORM | fields, more=more))

    assert isinstance(decision, Skip)
    assert (decision.maybe_person, decision.cure) == (True, None)


def test_a_form_without_authserv_id_is_listed_with_the_cure() -> None:
    """Whoever lists a form has to say whose word proves it."""
    decision = judge(block(FORM, more=PROVED), rules=replace(MAILBOX, authserv_id=None))

    assert isinstance(decision, Skip)
    assert decision.rule == "contact-form-unproved"
    assert decision.maybe_person
    assert decision.cure is not None
    assert "authserv_id" in decision.cure


def test_no_reason_repeats_what_the_sender_wrote() -> None:
    """Reasons are logged: they hold no subject and no address of the sender."""
    for rule, _, fields, more in CASES:
        decision = judge(block({"Subject": "Zanzibar"} | fields, more=more), received_at=AT)
        assert "Zanzibar" not in decision.why, rule
        assert "@" not in decision.why, rule


DIRECTORY = replace(MAILBOX, trust_reply_to=frozenset({"directory.example"}))
SENT_BY_DIRECTORY = "Authentication-Results: mx.harbour.example; dkim=pass header.d=directory.example\r\n"
FOR_MARY = {"From": "Directory <noreply@directory.example>", "Reply-To": "Mary <mary@example.net>"}


@pytest.mark.parametrize(
    ("fields", "more", "rule"),
    [
        ({}, SENT_BY_DIRECTORY, "reply"),
        ({"From": "x@mail.directory.example"}, SENT_BY_DIRECTORY, "reply"),
        ({}, "", "no-reply-sender"),
        ({}, SENT_BY_DIRECTORY.replace("directory", "evil"), "no-reply-sender"),
        ({"From": "noreply@otherdirectory.example"}, SENT_BY_DIRECTORY, "no-reply-sender"),
        ({"Reply-To": "a@b.example, c@d.example"}, SENT_BY_DIRECTORY, "no-reply-sender"),
        ({"Reply-To": ""}, SENT_BY_DIRECTORY, "no-reply-sender"),
        ({"Reply-To": "noreply@example.net"}, SENT_BY_DIRECTORY, "no-reply-sender"),
        ({"Reply-To": "help@harbour.example"}, SENT_BY_DIRECTORY, "own-address"),
        ({"Reply-To": "joe@never.example"}, SENT_BY_DIRECTORY, "never-domain"),
        ({"Return-Path": "<>"}, SENT_BY_DIRECTORY, "null-return-path"),
        ({}, SENT_BY_DIRECTORY + "Auto-Submitted: auto-generated\r\n", "auto-submitted"),
        ({"To": "joe@example.net"}, SENT_BY_DIRECTORY, "not-addressed"),
    ],
)
def test_a_trusted_reply_to_is_answered_only_where_it_is_proved(fields: dict[str, str], more: str, rule: str) -> None:
    """The person takes the place of the From address; all else that speaks against a reply still does."""
    decision = judge(block(FOR_MARY | fields, more=more), rules=DIRECTORY)

    assert outcome(decision) == rule
    if isinstance(decision, Reply):
        assert (decision.correspondent.addr_spec, decision.proof) == ("mary@example.net", Proof.FORM)


def test_our_own_address_in_front_of_a_trusted_reply_to_stays_ours() -> None:
    """Trusting our own domain would answer whomever a forger names."""
    ours = replace(MAILBOX, trust_reply_to=frozenset({"harbour.example"}))
    content = block({"From": "hello@harbour.example", "Reply-To": "mary@example.net"}, more=PROVED)

    assert outcome(judge(content, rules=ours)) == "own-address"


HOSTED = replace(
    MAILBOX,
    authserv_id=None,
    contact_forms=(ContactForm(Address("wordpress", "harbour.example"), "Web1.host.example"),),
)


@pytest.mark.parametrize(
    ("received", "believed"),
    [
        ("from web1 (web1.host.example [192.0.2.80]) by mx; x", True),
        ("from web1 (WEB1.host.example. [192.0.2.80]) by mx; x", True),
        ("from web1 (web1.host.example [IPv6:2001:db8::80] (may be forged)) by mx; x", False),
        ("from web1.host.example (unknown [192.0.2.80]) by mx; x", False),
        ("from web1.host.example ([192.0.2.80]) by mx; x", False),
        ("from web1.host.example by mx; x", False),
        ("from a(web1.host.example [192.0.2.80]) (b [192.0.2.66]) by mx; x", False),
        ("by mx; x", False),
        (None, False),
    ],
)
def test_a_form_is_believed_from_its_host(received: str | None, believed: bool) -> None:
    """By the name that our server looked up, never by what the machine calls itself."""
    more = f"Received: {received}\r\n" if received is not None else ""
    decision = judge(block(FORM, more=more), rules=HOSTED)

    assert outcome(decision) == ("reply" if believed else "contact-form-unproved")


def test_a_form_may_be_known_by_the_address_of_its_host() -> None:
    """For hosts without a name in the DNS."""
    form = ContactForm(Address("wordpress", "harbour.example"), "2001:db8::80")
    content = block(FORM, more="Received: from x (unknown [IPv6:2001:DB8::80]) by mx; x\r\n")

    assert outcome(judge(content, rules=replace(HOSTED, contact_forms=(form,)))) == "reply"


def test_what_vouches_for_a_sender_goes_with_the_reply() -> None:
    """The rates go by it."""
    proofs = [
        decision.proof
        for decision in (
            judge(block()),
            judge(block(more=PROVED.replace("harbour.example;", "example.org;", 1))),
        )
        if isinstance(decision, Reply)
    ]
    known = judge(block(more="Authentication-Results: mx.harbour.example; spf=pass smtp.mailfrom=example.org\r\n"))
    form = judge(block(FORM, more=PROVED))

    assert proofs == [Proof.NONE, Proof.NONE]
    assert isinstance(known, Reply)
    assert known.proof is Proof.SENDER
    assert isinstance(form, Reply)
    assert form.proof is Proof.FORM


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("12345678:user:proton", "reply"),
        ("i0a1b2c3d:Fastmail", "reply"),
        ("bizesmtp:firm.example:qybglogicsvr:qybglogicsvr5", "reply"),
        ("S:9bbd:anonaddy", "reply"),
        ("a:b:c:shop", "feedback-id"),
        ("campaign:user:proton", "feedback-id"),
    ],
)
def test_providers_that_mark_everybody_silence_nobody(value: str, rule: str) -> None:
    """Proton, Fastmail and Tencent write Feedback-ID on each message that a person sends."""
    assert outcome(judge(block(more=f"Feedback-ID: {value}\r\n"))) == rule


def test_a_group_of_our_own_domain_is_answered_where_the_file_names_it() -> None:
    """A practice that reads its mail through a Google Group would hear of nobody."""
    named = judge(block(more="List-Id: Hello <hello.harbour.example>\r\nPrecedence: list\r\n"))
    own = judge(block(more="List-Id: Team <team.harbour.example>\r\n"))
    both = judge(block(more="List-Id: <hello.harbour.example>\r\nList-Id: <carers.lists.example>\r\n"))

    assert isinstance(named, Reply)
    assert isinstance(own, Skip)
    assert isinstance(both, Skip)
    assert (own.rule, own.maybe_person, own.cure) == ("mailing-list", True, 'add "team@harbour.example" to aliases')
    assert (both.rule, both.maybe_person) == ("mailing-list", False)


@pytest.mark.parametrize(
    ("fields", "cure"),
    [
        ({"Subject": "Out of office"}, 'rules_off = ["automatic-subject"] in its [[mailbox]]'),
        (
            {"From": "wordpress@web.example", "Reply-To": "ann@example.net"},
            '[[contact_form]] with from = "wordpress@web.example"',
        ),
    ],
)
def test_a_soft_rule_names_the_line_that_ends_it(fields: dict[str, str], cure: str) -> None:
    """Whoever is silenced wrongly is mended by one line."""
    decision = judge(block(fields))

    assert isinstance(decision, Skip)
    assert (decision.maybe_person, decision.cure) == (True, cure)


def test_the_test_of_the_recipient_may_be_turned_off() -> None:
    """For a mailbox that takes mail to any address; the reply comes from its own."""
    decision = judge(
        block({"To": "any@harbour.example"}), rules=replace(MAILBOX, rules_off=frozenset({"not-addressed"}))
    )

    assert isinstance(decision, Reply)
    assert decision.answered_as == MAILBOX.address
    assert {rule.id for rule in RULES if rule.level is not Level.HARD} - {"own-address"} == MAY_BE_OFF


@pytest.mark.parametrize(
    ("result", "listed"),
    [
        ("dmarc=fail (p=none dis=none) header.from=example.org", True),
        ("dmarc=fail (p=NONE sp=REJECT dis=NONE) header.from=example.org", True),
        ("arc=pass (i=1 dmarc=pass); dmarc=fail (p=reject dis=none) header.from=example.org", True),
        ("dmarc=fail (p=reject sp=none dis=none) header.from=example.org", False),
        ("arc=fail; dmarc=fail (p=quarantine) header.from=example.org", False),
        ("dmarc=fail header.from=example.org", False),
    ],
)
def test_a_forwarded_message_is_listed_and_a_forged_one_is_not(result: str, listed: bool) -> None:
    """Forwarding breaks DMARC; neither gets a reply."""
    decision = judge(block(more=f"Authentication-Results: mx.harbour.example; {result}\r\n"))

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person, decision.cure) == ("dmarc-fail", listed, None)


def test_what_came_to_a_tag_is_answered_as_the_address_of_the_file() -> None:
    """The tag may say which page or which friend gave the address away."""
    decision = judge(block({"To": "help+website@harbour.example"}))

    assert isinstance(decision, Reply)
    assert decision.answered_as.addr_spec == "Help@harbour.example"


@pytest.mark.parametrize(
    "group",
    [
        {"From": "'Mary' via Help <help@harbour.example>", "Reply-To": "mary@example.org"},
    ],
    ids=["as From"],
)
def test_a_group_that_writes_as_ourselves_is_listed_without_a_cure_that_would_not_help(group: dict[str, str]) -> None:
    """Google Groups writes as the group, From as well where the sender's domain has DMARC; there is no form to list."""
    decision = judge(block(group, more="List-Id: <help.harbour.example>\r\n"))

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person, decision.cure) == ("own-address", True, None)
    assert "group" in decision.why


def test_a_hosted_form_is_listed_with_the_line_that_answers_the_visitor() -> None:
    """The robot gets nothing; once it is listed and proved, the visitor gets the reply, whatever program sent it."""
    fields = {
        "From": "forms@squarespace.info",
        "Reply-To": "ann@example.net",
        "Return-Path": "<b+1@sg.squarespace.info>",
    }
    more = "Authentication-Results: mx.harbour.example; dkim=pass header.d=squarespace.info\r\nX-SG-EID: u001.x\r\n"
    before = judge(block(fields, more=more))
    listed = replace(MAILBOX, contact_forms=(ContactForm(Address("forms", "squarespace.info")),))
    after = judge(block(fields, more=more), rules=listed)

    assert isinstance(before, Skip)
    assert (before.maybe_person, before.cure) == (True, '[[contact_form]] with from = "forms@squarespace.info"')
    assert isinstance(after, Reply)
    assert after.correspondent.addr_spec == "ann@example.net"


@pytest.mark.parametrize(
    ("more", "listed"),
    [
        ("X-Spam-Flag: YES\r\nReceived: from a by mx.harbour.example; x\r\n", False),
        ("Received: from a by mx.harbour.example; x\r\nX-Spam-Flag: YES\r\n", True),
        ("Received: by a.harbour.example; x\r\nX-Spam: Yes\r\nReceived: from c by b.harbour.example; x\r\n", False),
        ("Received: by a.harbour.example; x\r\nReceived: from c by b.other.example; x\r\nX-Spam: Yes\r\n", True),
    ],
    ids=["above ours", "below ours", "between two of ours", "below another's"],
)
def test_a_verdict_is_hard_where_our_own_server_surely_wrote_it(more: str, listed: bool) -> None:
    """Below the field in which it took the message anybody may have."""
    decision = judge(more.encode() + block())

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person) == ("spam", listed)


def test_a_soft_half_can_be_turned_off() -> None:
    """An organisation whose people's mail is marked can be answered; with a second sign it still is not."""
    off = replace(MAILBOX, rules_off=frozenset({"auto-response-suppress"}))
    marked = "X-Auto-Response-Suppress: All\r\n"

    assert outcome(judge(block(more=marked))) == "auto-response-suppress"
    assert outcome(judge(block(more=marked), rules=off)) == "reply"
    assert outcome(judge(block({"Subject": "Out of office"}, more=marked), rules=off)) == "auto-response-suppress"
