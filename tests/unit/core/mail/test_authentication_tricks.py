"""What a sender can make our own server write into its field, to hide what it found."""

from __future__ import annotations

import pytest

from responder.core.mail.authentication import AuthResult, results
from responder.core.mail.headers import parse
from tests.unit.live.fakes import NIGHT

OURS = "mx.harbour.example"


def found(*fields: str, authserv_id: str = OURS) -> dict[str, str]:
    """Method and result of each finding believed."""
    block = "".join(f"Authentication-Results: {field}\r\n" for field in fields) + "From: a@bank.example\r\n\r\n"
    message = parse(block.encode(), NIGHT, frozenset())
    return {one.method: one.result for one in results(message, authserv_id)}


@pytest.mark.parametrize(
    "field",
    [
        f'{OURS}; spf=softfail (domain of "a(b"@bank.example is not sure) smtp.mailfrom=bank.example; dmarc=fail',
        f"{OURS}; {'dkim=fail (bad); ' * 101} dmarc=fail header.from=bank.example",
        f"{OURS}; iprev=pass (((((((((((((((((((x); dmarc = fail header.from=bank.example",
        f"{OURS}; {'x=y; ' * 1200} dmarc=fail",
    ],
    ids=["an open comment", "a hundred comments", "a deep comment", "a thousand parts"],
)
def test_a_failure_behind_a_trick_is_seen(field: str) -> None:
    """Whatever stands before it, dmarc=fail of our own server counts."""
    assert found(field)["dmarc"] == "fail"


def test_no_pass_is_taken_from_a_field_that_was_not_understood() -> None:
    """A field whose end is hidden proves nothing."""
    assert found(f"{OURS}; dkim=pass header.d=bank.example; spf=none (((") == {}


@pytest.mark.parametrize(
    ("written", "configured", "believed"),
    [
        ("mx5.mail.example", "*.mail.example", True),
        ("phl-mx-05.mail.example", "*.Mail.example", True),
        ("mail.example", "*.mail.example", False),
        ("evilmail.example", "*.mail.example", False),
        ("mx5.mail.example", "mx6.mail.example", False),
    ],
)
def test_a_provider_with_many_hosts(written: str, configured: str, believed: bool) -> None:
    """``*.`` stands for any host below a domain, and for nothing else."""
    assert bool(found(f"{written}; dmarc=fail", authserv_id=configured)) is believed


def test_a_result_is_a_value() -> None:
    """Aligned with its own domain only."""
    assert not AuthResult("dkim", "pass", {"header.d": "com"}).is_pass_for("bank.example")
