"""What a server's answer means, and how long a refused account waits."""

from __future__ import annotations

import ssl

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.model import Address, Deferred, Outcome, Rejected, Unknown
from responder.submission.breaker import Breaker
from responder.submission.connection import wire_form
from responder.submission.submitter import is_fit
from responder.submission.verdict import (
    MAX_REASON,
    Phase,
    judge,
    judge_error,
    redact,
    refuses_alias,
    refuses_null_path,
)

DAY = 24 * 3600.0
FAULT = Deferred("AUTH: 535", account_wide=True, cure="check it")


@pytest.mark.parametrize(
    ("phase", "code", "text", "kind"),
    [
        pytest.param(Phase.CONNECT, 421, "busy", Deferred, id="busy greeting"),
        pytest.param(Phase.RCPT, 450, "4.2.0 greylisted", Deferred, id="greylisting"),
        pytest.param(Phase.DATA, 432, "4.3.2 concurrent connections limit", Deferred, id="too many connections"),
        pytest.param(Phase.DOT, 451, "4.3.0 later", Deferred, id="4xx after the dot"),
        pytest.param(Phase.DOT, 421, "4.3.2 stopping", Deferred, id="421 after the dot"),
        pytest.param(Phase.AUTH, 454, "4.7.0 temporary", Deferred, id="temporary AUTH failure"),
        pytest.param(Phase.MAIL, -1, "what", Deferred, id="unreadable before the dot"),
        pytest.param(Phase.DOT, -1, "what", Unknown, id="unreadable after the dot"),
        pytest.param(Phase.DOT, 354, "go on", Unknown, id="out of step after the dot"),
        pytest.param(Phase.RCPT, 550, "5.1.1 no such user", Rejected, id="no such user"),
        pytest.param(Phase.DATA, 554, "5.5.1 no valid recipients", Rejected, id="5xx to DATA"),
        pytest.param(Phase.DOT, 554, "5.7.1 looks like spam", Rejected, id="5xx after the dot"),
    ],
)
def test_first_digit_decides(phase: Phase, code: int, text: str, kind: type[Outcome]) -> None:
    """A 4xx may pass, a 5xx to this reply is final, and what cannot be read after the dot is unknown."""
    outcome = judge(phase, code, text)
    assert type(outcome) is kind
    assert not isinstance(outcome, Deferred) or not outcome.account_wide


@pytest.mark.parametrize(
    ("phase", "code", "text", "cure"),
    [
        (Phase.CONNECT, 554, "no service here", "host and port"),
        (Phase.EHLO, 550, "go away", "host and port"),
        (Phase.STARTTLS, 500, "unknown command", "tls and port"),
        (Phase.AUTH, 535, "5.7.8 bad credentials", "password"),
        (Phase.AUTH, 550, "5.7.30 Basic authentication is not supported", "password login off"),
        (Phase.AUTH, 535, "5.7.139 Authentication unsuccessful", "password login off"),
        (Phase.MAIL, 550, "5.7.1 not yours", "may send"),
        (Phase.RCPT, 530, "5.7.0 Authentication required", "password"),
        (Phase.RCPT, 550, "5.4.5 Daily sending quota exceeded", "sending limit"),
        (Phase.DOT, 550, "5.4.5 Daily sending quota exceeded", "sending limit"),
    ],
)
def test_fault_of_the_account(phase: Phase, code: int, text: str, cure: str) -> None:
    """A refusal that every reply would meet defers it, and says what the owner can do."""
    outcome = judge(phase, code, text)
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide
    assert cure in (outcome.cure or "")


@pytest.mark.parametrize("phase", list(Phase))
def test_silence_is_unknown_only_after_the_dot(phase: Phase) -> None:
    """A cut or a timeout before the dot is surely not delivered."""
    for error in (aiosmtplib.SMTPServerDisconnected("lost"), TimeoutError(), ConnectionResetError(), RuntimeError("?")):
        assert type(judge_error(phase, error)) is (Unknown if phase is Phase.DOT else Deferred)


def test_certificate_fault_has_a_cure() -> None:
    """A certificate that cannot be believed will not mend by waiting, however deep the library wrapped it."""
    wrapped = aiosmtplib.SMTPConnectError("failed")
    wrapped.__cause__ = ssl.SSLCertVerificationError("bad certificate")
    outcome = judge_error(Phase.CONNECT, wrapped)
    assert isinstance(outcome, Deferred)
    assert "ca_file" in (outcome.cure or "")


@pytest.mark.parametrize(
    ("phase", "code", "text", "expected"),
    [
        (Phase.MAIL, 550, "5.7.1 null sender not allowed", True),
        (Phase.MAIL, 501, "5.1.7 Invalid address", True),
        (Phase.MAIL, 450, "4.7.1 later", False),
        (Phase.MAIL, 530, "5.7.0 Authentication required", False),
        (Phase.MAIL, 550, "5.4.5 Daily sending quota exceeded", False),
        (Phase.RCPT, 554, "5.7.1 <>: Sender address rejected: not logged in", True),
        (Phase.RCPT, 550, "5.1.1 no such user", False),
    ],
)
def test_null_path_refusal(phase: Phase, code: int, text: str, *, expected: bool) -> None:
    """The envelope from nobody is blamed for a refusal of the sender, not for other troubles."""
    assert refuses_null_path(phase, code, text) is expected


@pytest.mark.parametrize(
    ("phase", "code", "text", "dead"),
    [
        (Phase.RCPT, 550, "5.1.1 no such user", True),
        (Phase.RCPT, 550, "no such user", True),
        (Phase.RCPT, 550, "5.7.1 message refused by policy", False),
        (Phase.DATA, 554, "5.6.0 not like this", False),
        (Phase.DOT, 550, "5.1.1 no such user", False),
    ],
)
def test_a_dead_address_is_told_from_a_refused_reply(phase: Phase, code: int, text: str, *, dead: bool) -> None:
    """Only what was said of the address holds for the next reply, too."""
    outcome = judge(phase, code, text)
    assert isinstance(outcome, Rejected)
    assert outcome.dead_address is dead


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("end of message: 550 5.7.60 SMTP; Client does not have permissions to send as this sender", True),
        ("RCPT: 553 5.7.1 <address>: Sender address rejected: not owned by user <address>", True),
        ("end of message: 550 5.7.1 You are not allowed to send from that address", True),
        ("end of message: 554 5.7.1 Message looks like spam", False),
        ("RCPT: 550 5.1.1 No such user", False),
    ],
)
def test_alias_refusal(text: str, *, expected: bool) -> None:
    """A refused From is told from other refusals by code and words."""
    assert refuses_alias(Rejected(text, 550)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1.1 <tom@town.example>: unknown", "5.1.1 <address>: unknown"),
        ('"tom t"@town.example unknown', "<address> unknown"),
        ("mailbox Tom does not exist; customer, tomato", "mailbox <private> does not exist; customer, tomato"),
        ("a\r\nb\x00c\x9bd\udc80e\u2028f", "a b c d e f"),
        ("x" * 5000, "x" * MAX_REASON),
    ],
)
def test_redaction(text: str, expected: str) -> None:
    """A reason names nobody and stays on one short line."""
    assert redact(text, ["tom", "x"]) == expected


@given(st.text(max_size=300))
def test_redaction_of_anything(text: str) -> None:
    """No text of a server's makes a reason that cannot be written down."""
    reason = redact(f"{text} tom@town.example {text}", ["tom"])
    reason.encode()
    assert len(reason) <= MAX_REASON
    assert "tom@town.example" not in reason
    assert not any(ord(character) < 32 for character in reason)


def test_wire_form() -> None:
    """Dots are stuffed, and no bare CR or LF can end the message early (SMTP smuggling)."""
    assert wire_form(b".a\r\n..b\r\n\n.\nMAIL\r.\rc") == b"..a\r\n...b\r\n\r\n..\r\nMAIL\r\n..\r\nc\r\n.\r\n"


@pytest.mark.parametrize(
    ("local", "domain", "expected"),
    [
        ("tom", "town.example", True),
        ("o'hara+x..y", "town.example", True),
        ('"a b"', "town.example", True),
        ("jörg", "town.example", True),
        ("tom", "[192.0.2.1]", True),
        ("", "town.example", False),
        ("tom", "", False),
        ("tom\r\nDATA", "town.example", False),
        ("tom>", "town.example", False),
        ("a b", "town.example", False),
        ("a@b", "town.example", False),
        ("tom", "town.example> NOTIFY=NEVER", False),
        ("tom", "städtchen.example", False),
        ("\udc80", "town.example", False),
        ("x" * 250, "town.example", False),
    ],
)
def test_fit_address(local: str, domain: str, *, expected: bool) -> None:
    """Only what cannot become a second command or argument goes into RCPT."""
    assert is_fit(Address(local, domain)) is expected


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_breaker_doubles_up_to_an_hour() -> None:
    """Each fault in a row keeps it open twice as long; the fault itself is the answer meanwhile."""
    clock, waits = Clock(), []
    breaker = Breaker(clock)
    for _ in range(9):
        breaker.trip(FAULT)
        began = clock.now
        while breaker.blocked() is FAULT:
            clock.now += 1
        waits.append(clock.now - began)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_breaker_spares_logins() -> None:
    """A wrong password is tried at most ten times in the first day and three times in each later one."""
    clock, attempts = Clock(), []
    breaker = Breaker(clock)
    while clock.now < 3 * DAY:
        if breaker.blocked() is None:
            attempts.append(clock.now)
            breaker.trip(FAULT, login=True)
        clock.now += 30
    per_day = [sum(day * DAY <= at < (day + 1) * DAY for at in attempts) for day in range(3)]
    assert per_day[0] <= 10
    assert max(per_day[1:]) <= 3


def test_breaker_forgets() -> None:
    """A good login ends the count of refused ones; a reset ends everything."""
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(2):
        breaker.trip(FAULT, login=True)
        clock.now += 3600
    breaker.logged_in()
    breaker.trip(FAULT, login=True)
    clock.now += 240
    assert breaker.blocked() is None
    breaker.trip(FAULT)
    breaker.reset()
    assert breaker.blocked() is None


def test_breaker_counts_a_simultaneous_fault_once() -> None:
    """A send that was under way when it opened does not double the wait."""
    clock = Clock()
    breaker = Breaker(clock)
    breaker.trip(FAULT)
    breaker.trip(FAULT)
    clock.now = 60
    assert breaker.blocked() is None
