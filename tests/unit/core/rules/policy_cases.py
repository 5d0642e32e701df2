"""What the policy tests share: one mailbox, one closed period, and a person's message to start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from responder.core.decision import Decision
from responder.core.hours.period import ClosedPeriod
from responder.core.mail import headers
from responder.core.message import Address
from responder.core.rules import decide as policy

AT = datetime(2026, 11, 21, 21, 15, tzinfo=UTC)
"""A Saturday evening, when every message of these tests arrives."""

PERIOD = ClosedPeriod(
    datetime(2026, 11, 20, 13, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC), because="after Friday's hours"
)

HELLO = Address("hello", "harbour.example")
HELP = Address("Help", "harbour.example")

MAILBOX = policy.MailboxRules(
    address=HELLO,
    aliases=(HELP,),
    served=frozenset({"hello@harbour.example", "help@harbour.example", "billing@harbour.example"}),
    authserv_id="mx.harbour.example",
    contact_forms=(policy.ContactForm(Address("wordpress", "harbour.example")),),
    never_domains=frozenset({"never.example"}),
)

OUT_OF_HOURS = policy.Timing(
    closed_period=PERIOD,
    now=None,
    closed_now=None,
    max_age=timedelta(hours=24),
    floor=timedelta(hours=4),
    repeat_after=timedelta(hours=72),
)
"""A back-test: nothing of the present counts."""

LIVE = replace(OUT_OF_HOURS, now=AT, closed_now=PERIOD)

PERSON = {
    "Return-Path": "<mary@example.org>",
    "From": "Mary Example <mary@example.org>",
    "To": "Harbour <hello@harbour.example>",
    "Subject": "I need to talk",
    "Date": "Sat, 21 Nov 2026 21:14:58 +0000",
    "Message-ID": "<one@mail.example.org>",
}

PROOF = "mx.harbour.example; dkim=pass header.d=harbour.example; dmarc=pass header.from=harbour.example"


def block(fields: dict[str, str] | None = None, *, more: str = "") -> bytes:
    """The person's message with these fields in place of its own (an empty value takes one away), and more lines."""
    merged = {name: value for name, value in (PERSON | (fields or {})).items() if value}
    lines = "".join(f"{name}: {value}\r\n" for name, value in merged.items())
    return (lines + more + "\r\n").encode()


def judge(
    content: bytes,
    *,
    rules: policy.MailboxRules = MAILBOX,
    timing: policy.Timing = OUT_OF_HOURS,
    flags: frozenset[str] = frozenset(),
    received_at: datetime | None = AT,
) -> Decision:
    """From bytes to decision."""
    return policy.decide(headers.parse(content, received_at, flags), rules, timing)


def outcome(decision: Decision) -> str:
    """The id of the rule that decided; "reply" when there is one."""
    return "reply" if decision.rule == "out-of-hours" else decision.rule
