"""What the owner is told about findings and verdicts that the mailbox's own mail carries, or lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from responder.core.mail import headers
from responder.core.rules.advice import advice, seen_in
from tests.unit.core.rules.policy_cases import AT, MAILBOX, block

OURS = "Authentication-Results: mx.harbour.example; dkim=pass\r\n"
OTHERS = "Authentication-Results: mx.other.example; dkim=pass\r\n"
VERDICT = "X-Spam-Flag: NO\r\n"


@pytest.mark.parametrize(
    ("own", "fields", "told"),
    [
        ("mx.harbour.example", OURS + VERDICT, []),
        (None, OURS + VERDICT, ['this line to add: authserv_id = "mx.harbour.example"']),
        (None, VERDICT, ["Ask your provider"]),
        ("mx.harbour.example", VERDICT, ["Ask your provider"]),
        ("mx.harbour.example", OTHERS + VERDICT, ['this line instead: authserv_id = "mx.other.example"']),
        ("mx.harbour.example", OURS, ["X-Spam-Flag"]),
        (None, "", ["use up every reply", "X-Spam-Flag"]),
    ],
    ids=["all is well", "not in the file", "none", "none any more", "another one", "no verdict", "neither"],
)
def test_what_the_latest_mail_shows(own: str | None, fields: str, told: list[str]) -> None:
    """One sentence for each thing to set."""
    blocks = (block({"From": f"a@d{number}.example"}, more=fields) for number in range(12))
    mail = [seen_in(headers.parse(content, AT, frozenset())) for content in blocks]
    found = list(advice(mail, replace(MAILBOX, authserv_id=own)))
    assert len(found) == len(told)
    assert all(words in sentence for words, sentence in zip(told, found, strict=True))


def test_an_id_that_is_not_plain_is_not_proposed() -> None:
    """Two servers, half of the mail each."""
    fields = [OTHERS if number % 2 else OTHERS.replace("other", "third") for number in range(12)]
    blocks = (block({"From": f"a@d{number}.example"}, more=more) for number, more in enumerate(fields))
    mail = [seen_in(headers.parse(content, AT, frozenset())) for content in blocks]
    (first, _) = advice(mail, MAILBOX)
    assert first.endswith("so nothing is believed")


def test_little_mail_tells_nothing() -> None:
    """A new mailbox is no fault of its server's."""
    assert list(advice([], MAILBOX)) == []


@pytest.mark.parametrize(
    ("offset", "number", "told"),
    [
        (timedelta(hours=-5), 3, "5 h behind the time of delivery"),
        (timedelta(hours=5, minutes=45), 12, "6 h ahead of the time of delivery"),
        (timedelta(hours=-5), 2, None),
        (timedelta(hours=-5, minutes=-7), 12, None),
        (timedelta(minutes=30), 12, None),
        (timedelta(days=3), 12, None),
    ],
    ids=["west", "an odd zone", "two messages", "no zone", "greylisted", "imported"],
)
def test_a_server_in_a_wrong_zone(offset: timedelta, number: int, told: str | None) -> None:
    """INTERNALDATE and the top-most Received of several senders differ by the same, as zones do."""
    received = f"Received: by mx.harbour.example; {format_datetime(AT)}\r\n"
    blocks = [block({"From": f"a@d{one}.example"}, more=OURS + VERDICT + received) for one in range(number)]
    mail = [seen_in(headers.parse(content, AT + offset, frozenset())) for content in blocks]
    found = [text for text in advice(mail, replace(MAILBOX, authserv_id="mx.harbour.example")) if "zone" in text]
    assert bool(found) == (told is not None)
    assert told is None or told in found[0]
