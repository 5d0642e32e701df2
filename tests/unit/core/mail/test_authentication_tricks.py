"""What a sender can make our own server write into its field, to hide what it found."""

from __future__ import annotations

import pytest

from responder.core.mail.authentication import AuthResult, results, vouched_for
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
        f'(a (nested) comment) "{OURS}"; spf=pass smtp.mailfrom=bank.example; DMARC=FAIL',
    ],
    ids=["an open comment", "a hundred comments", "a deep comment", "a thousand parts", "a quoted id"],
)
def test_a_failure_behind_a_trick_is_seen(field: str) -> None:
    """Whatever stands before it, dmarc=fail of our own server counts."""
    assert found(field)["dmarc"] == "fail"


def test_no_pass_is_taken_from_a_field_that_was_not_understood() -> None:
    """A field whose end is hidden proves nothing."""
    assert found(f"{OURS}; dkim=pass header.d=bank.example; spf=none (((") == {}


def test_no_pass_is_taken_from_a_quoted_id() -> None:
    """No server quotes its id, and a server that strips forgeries may look for the plain one alone."""
    assert found(f'"{OURS}"; dkim=pass header.d=bank.example') == {}


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


def vouched(field: str) -> bool:
    """Whether bank.example counts as the sender of a message with this field."""
    message = parse(f"Authentication-Results: {field}\r\nFrom: a@bank.example\r\n\r\n".encode(), NIGHT, frozenset())
    return vouched_for(message, results(message, OURS))


@pytest.mark.parametrize(
    "field",
    [
        f'{OURS}; spf=pass smtp.mailfrom="x@bank.example "@evil.example',
        f'{OURS}; spf=pass smtp.mailfrom="x@bank.example"@evil.example',
        f'{OURS}; spf=pass smtp.mailfrom="x dkim=pass header.d=bank.example"@evil.example',
        f'{OURS}; spf=pass smtp.mailfrom="x;dmarc=pass header.from=bank.example;"@evil.example',
        f'{OURS}; spf=pass smtp.mailfrom="\\"x@bank.example \\"@evil.example"',
        f'{OURS}; spf=pass smtp.mailfrom=evil"@bank.example"',
        f'{OURS}; spf=pass smtp.mailfrom="x@evil.example; dmarc=pass header.from=bank.example',
        f"{OURS}; spf=pass smtp.mailfrom=a;dmarc=pass header.from=bank.example;x@evil.example",
        f"{OURS}; spf=pass smtp.mailfrom=a;dmarc=pass header.from=bank.example;x=y@evil.example",
        f"{OURS}; spf=pass (x) smtp.mailfrom=a(b@bank.example",
    ],
    ids=[
        "a blank in the local part",
        "an at in the local part",
        "a finding in the local part",
        "a part in the local part",
        "an escaped quote",
        "a quoted domain",
        "an open quote",
        "a server that does not quote",
        "the same, with an equals sign",
        "an open comment",
    ],
)
def test_a_local_part_vouches_for_nobody(field: str) -> None:
    """What the sender chose himself is read as RFC 8601 §2.2 writes it: one value, its domain the last."""
    assert not vouched(field)


@pytest.mark.parametrize(
    "field",
    [
        f'{OURS}; spf=pass smtp.mailfrom="x y"@bank.example',
        f'{OURS}; spf=pass smtp.mailfrom="x@bank.example"',
        f"{OURS}; spf=pass smtp.mailfrom=bank.example",
        f"{OURS}; none; dkim=pass (2048-bit key) header.d=bank.example header.b=ab/c+=",
        f"{OURS}; iprev=pass policy.iprev=192.0.2.1 (x y); dkim/1 = pass header.i=@bank.example;",
    ],
)
def test_what_a_server_writes_is_believed(field: str) -> None:
    """Quotes where they belong, a comment, a version, blanks around a sign."""
    assert vouched(field)
