"""Authentication-Results: whose are believed, and what they prove."""

from __future__ import annotations

import pytest

from responder.core.mail import headers
from responder.core.mail.authentication import (
    EXCHANGE_ONLINE,
    MAX_FIELDS,
    MAX_PARTS,
    finding_of,
    proposed,
    results,
    vouched_for,
)
from responder.core.message import InboundMessage

OURS = "mx.harbour.example"


def message(*lines: str, from_: str = "mary@example.org") -> InboundMessage:
    """A message with these lines above its From."""
    return headers.parse("\r\n".join([*lines, f"From: {from_}", "", ""]).encode(), None, frozenset())


def field(text: str) -> str:
    """One such field."""
    return f"Authentication-Results: {text}"


def found(*lines: str, authserv_id: str | None = OURS) -> list[tuple[str, str]]:
    """Method and result of all that is believed."""
    return [(one.method, one.result) for one in results(message(*lines), authserv_id)]


def is_authenticated(inbound: InboundMessage) -> bool:
    """Whether our server vouches for the sender."""
    return vouched_for(inbound, results(inbound, OURS))


def test_all_parts_of_our_field_are_read() -> None:
    """Methods, results and properties; comments, versions, case and odd blanks make no difference."""
    read = results(
        message(
            field(f"{OURS} 1 (ours); DKIM/1 = Pass (a; b) header.d = Example.org header.d=evil.example;; spf=none")
        ),
        OURS,
    )

    assert [(one.method, one.result, dict(one.properties)) for one in read] == [
        ("dkim", "pass", {"header.d": "example.org"}),
        ("spf", "none", {}),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "mx.evil.example; dmarc=pass",
        "mx.harbour.example.evil.example; dmarc=pass",
        "dmarc=pass",
        "",
        "; dmarc=pass",
        '"',
    ],
    ids=["another", "longer", "no id", "empty", "empty id", "a stray quote"],
)
def test_fields_of_others_are_not_believed(line: str) -> None:
    """Anyone can write the field; only our server's counts."""
    assert found(field(line)) == []


def test_without_an_id_nothing_is_believed() -> None:
    """Which server is ours must be said in the file."""
    assert found(field(f"{OURS}; dmarc=pass"), authserv_id=None) == []


def test_the_top_most_field_that_speaks_of_a_method_counts() -> None:
    """Some servers write a field per method; what was there before the mail came to us adds nothing to these."""
    lines = [field(f"{OURS}; spf=fail"), field("mx.evil.example; dkim=pass"), field(f"{OURS}; dkim=none; spf=pass")]

    assert sorted(found(*lines)) == [("dkim", "none"), ("spf", "fail")]


def test_so_many_results_are_not_read() -> None:
    """No server verifies a thousand signatures; of such a field nothing but a failure is believed."""
    assert found(field(OURS + ";dkim=pass" * (MAX_PARTS + 1))) == []
    assert found(field(OURS + ";dkim=none" * MAX_PARTS + ";dmarc=fail")) == [("dmarc", "fail")]


def test_fields_below_the_next_received_are_not_believed() -> None:
    """They came with the message, whatever name they bear."""
    lines = ["Received: by mx", field(f"{OURS}; spf=pass"), "Received: from evil", field(f"{OURS}; dkim=pass")]

    assert found(*lines) == [("spf", "pass")]


def test_exchange_online_writes_no_id_and_only_its_top_most_field_counts() -> None:
    """A field with an id above it is another server's, and one without below it is the sender's."""
    lines = [field("mx.relay.example; spf=fail"), field("spf=pass (sender IP is 192.0.2.1)"), field("dkim=pass")]

    assert found(*lines, authserv_id="Exchange-Online") == [("spf", "pass")]


@pytest.mark.parametrize(
    ("proof", "is_proof"),
    [
        ("dkim=pass header.d=example.org", True),
        ("dkim=pass header.i=@example.org", True),
        ("dkim=pass header.d=mail.example.org", True),
        ("dkim=fail header.d=example.org", False),
        ("dkim=pass", False),
        ("dkim=pass header.d=org", False),
        ("dkim=pass header.d=badexample.org", False),
        ("dkim=pass header.d=example.org.evil.example", False),
        ("dkim=pass header.d=evil.example header.d=example.org", False),
        ("dkim=none; dkim=pass header.d=example.org", True),
        ("spf=pass smtp.mailfrom=example.org", True),
        ("spf=pass smtp.mailfrom=mary@example.org", True),
        ("spf=pass smtp.mailfrom=evil.example", False),
        ("spf=pass smtp.helo=example.org", False),
        ("spf=pass helo smtp.mailfrom=example.org", True),
        ('spf=pass smtp.mailfrom="a; dkim=pass header.d=example.org"@evil.example', False),
        ('spf=pass smtp.mailfrom="a\\"; dkim=pass header.d=example.org"@evil.example', False),
        ("spf=pass (a; dkim=pass header.d=example.org) smtp.mailfrom=evil.example", False),
        ("spf=pass (a; dkim=pass header.d=example.org", False),
        ("dmarc=pass (p=none) header.from=example.org", True),
        ("dmarc=pass header.from=evil.example", False),
        ("dmarc=bestguesspass header.from=example.org", False),
        ("auth=pass smtp.auth=mary@example.org", False),
    ],
)
def test_only_an_aligned_pass_proves_the_sender(proof: str, is_proof: bool) -> None:
    """A pass for another domain says nothing of the one in From (RFC 9989 §4.4), and quoted text is not syntax."""
    assert is_authenticated(message(field(f"{OURS}; {proof}"))) is is_proof


def test_a_subdomain_in_from_is_proved_by_the_domain_above() -> None:
    """Relaxed alignment goes both ways."""
    line = field(f"{OURS}; dkim=pass header.d=example.org")

    assert is_authenticated(message(line, from_="mary@team.example.org"))


@pytest.mark.parametrize("from_", ["a@example.org, b@example.org", ""], ids=["two", "none"])
def test_several_senders_are_never_proved(from_: str) -> None:
    """There is no one domain to prove."""
    assert not is_authenticated(message(field(f"{OURS}; dkim=pass header.d=example.org"), from_=from_))


def mail(count: int, text: str | None, *, domains: int = 9) -> list[InboundMessage]:
    """So many messages from so many domains, with this field on top."""
    lines = [field(text)] if text is not None else []
    return [message(*lines, field("other.example; spf=pass"), from_=f"a@d{n % domains}.example") for n in range(count)]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (mail(9, f"{OURS}; dkim=pass"), OURS),
        (mail(9, "MX.Harbour.example 1 (ours); dkim = none"), OURS),
        (mail(9, "spf=pass smtp.mailfrom=x.example; dmarc=pass"), EXCHANGE_ONLINE),
        (mail(9, f"{OURS}; dkim=pass", domains=2), None),
        (mail(4, f"{OURS}; dkim=pass") + [message()] * 4, None),
        (mail(5, f"{OURS}; dkim=pass") + [message()] * 4, OURS),
        (mail(5, f"{OURS}; dkim=pass") + mail(4, "evil.example; dkim=pass"), OURS),
        (mail(5, "mx1.mail.example; dkim=pass") + mail(4, "mx2.mail.example; dkim=pass"), "*.mail.example"),
        (mail(5, "one.example; dkim=pass") + mail(5, "two.example; dkim=pass"), None),
        ([message(field(f"{OURS}; spf=pass"), from_="")] * 9, None),
        ([], None),
    ],
    ids=[
        "plain",
        "spelt oddly",
        "no id",
        "two domains",
        "half",
        "just over half",
        "a rival",
        "many hosts",
        "two of a top level",
        "no sender",
        "no mail",
    ],
)
def test_the_id_is_proposed_that_most_mail_shows(messages: list[InboundMessage], expected: str | None) -> None:
    """Whoever fills the folder from one or two domains cannot choose whom we believe."""
    found = [one for message in messages if (one := finding_of(message)) is not None]
    assert proposed(found, len(messages)) == expected


def test_fields_far_below_the_top_are_not_read() -> None:
    """Our own server's stand on top; a sender's thousand more cost nothing."""
    others = [field("other.example; spf=pass")] * (MAX_FIELDS - 1)

    assert found(*others, field(f"{OURS}; dmarc=fail")) == [("dmarc", "fail")]
    assert found(*others, field("other.example"), field(f"{OURS}; dmarc=fail")) == []
