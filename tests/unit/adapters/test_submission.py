"""What a server's answer means, and how long a refused account waits."""

from __future__ import annotations

import ssl

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.smtp.breaker import Breaker, Hearsay
from responder.adapters.smtp.classify import (
    MAX_SAID,
    AliasRefused,
    Phase,
    judge,
    judge_error,
    redact,
    refuses_null_path,
)
from responder.adapters.smtp.connection import wire_form
from responder.adapters.smtp.submitter import is_fit
from responder.core.message import Address
from responder.core.outcome import Deferred, Outcome, Rejected, Unknown

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
        (Phase.RCPT, 550, "5.4.5 Daily sending quota\n5.1.1 exceeded", "sending limit"),
        (Phase.DATA, 550, "5.7.30 Basic authentication is not supported", "password login off"),
        (Phase.DOT, 550, "5.4.5 Daily sending quota exceeded", "sending limit"),
    ],
)
def test_fault_of_the_account(phase: Phase, code: int, text: str, cure: str) -> None:
    """A refusal that every reply would meet defers it, and says what the owner can do."""
    outcome = judge(phase, code, text)
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide
    assert cure in (outcome.cure or "")


@pytest.mark.parametrize("phase", [Phase.RCPT, Phase.DATA, Phase.DOT])
@pytest.mark.parametrize(
    "text",
    [
        "5.1.2 <me@5.4.5.evil.example>... Host unknown (Name server: 5.4.5.evil.example: host not found)",
        "5.1.1 <me@evil.example>: undeliverable: host mx.evil.example said: 550 5.7.139 no such user",
        "5.1.1 no such user\n5.4.5 Daily sending quota exceeded",
        "5.4.5.evil.example is unknown",
        "5.4.55 unknown",
        "4.4.5 of another class",
        "<5.7.30@evil.example> unknown",
    ],
)
def test_only_the_leading_code_is_read(phase: Phase, text: str) -> None:
    """What a server repeats of a stranger's address, domain or server is no fault of the account."""
    assert isinstance(judge(phase, 550, text), Rejected)


@pytest.mark.parametrize(
    ("phase", "code", "text", "reason"),
    [
        (Phase.RCPT, 550, "5.1.2 Name server: roe-family.evil.example", "RCPT: 550 5.1.2 no such domain"),
        (Phase.RCPT, 552, "5.2.2 mailbox of Jane Roe is full", "RCPT: 552 5.2.2 the mailbox is full"),
        (Phase.RCPT, 552, "mailbox of Jane Roe is full", "RCPT: 552 it is too long, or the mailbox is full"),
        (Phase.RCPT, 550, "no Jane here", "RCPT: 550 refused"),
        (Phase.RCPT, 499, "Jane is away", "RCPT: 499 not now"),
        (Phase.DOT, 554, "5.6.99 Jane", "end of message: 554 5.6.99 something about the content"),
        (Phase.DOT, -1, "Jane", "end of message: an answer that is none"),
    ],
)
def test_a_reason_holds_none_of_the_servers_words(phase: Phase, code: int, text: str, reason: str) -> None:
    """Phase, numbers and a sentence of ours: a server's text names correspondents in ways no pattern finds."""
    assert judge(phase, code, text).reason == reason


@given(st.sampled_from(Phase), st.integers(-1, 999), st.text("JANEROE", min_size=1), st.sampled_from(["", "5.1.1 "]))
def test_no_word_of_any_answer_becomes_a_reason(phase: Phase, code: int, name: str, enhanced: str) -> None:
    """Whatever the code is, and wherever it came."""
    said = f"{name}\u2603{name}"
    assert "\u2603" not in judge(phase, code, f"{enhanced}{said}").reason
    assert "\u2603" not in judge_error(phase, RuntimeError(said)).reason
    assert "\u2603" not in judge_error(phase, aiosmtplib.SMTPServerDisconnected(said)).reason


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
        (Phase.RCPT, 550, "5.7.1 We take no null sender here", True),
        (Phase.RCPT, 550, "5.1.8 <>: domain not found", True),
        (Phase.RCPT, 550, "5.1.1 no such user", False),
        (Phase.RCPT, 550, "5.1.1 <tom@5.1.8.evil.example>: unknown", False),
        (Phase.RCPT, 550, "5.1.1 <tom@evil.example>: host mx.evil.example said: null sender", False),
        (Phase.RCPT, 550, '5.1.1 "null sender"@evil.example unknown', False),
        (Phase.RCPT, 550, "5.1.1 unknown\nSender address rejected", False),
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
    ("phase", "code", "text", "expected"),
    [
        (Phase.DOT, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender", True),
        (Phase.DOT, 550, "5.7.60 no", True),
        (Phase.DOT, 553, "no", True),
        (Phase.DOT, 550, "5.7.1 You are not allowed to send from that address", True),
        (Phase.DOT, 554, "5.7.1 Message looks like spam", False),
        (Phase.RCPT, 550, "5.1.1 No such user", False),
        (Phase.RCPT, 550, "5.1.1 host mx.evil.example said: not allowed to send as this From address", False),
    ],
)
def test_alias_refusal(phase: Phase, code: int, text: str, *, expected: bool) -> None:
    """A refused From is told from other refusals by code and words, and only where a server has seen From."""
    assert isinstance(judge(phase, code, text), AliasRefused) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.1.1 <tom@town.example>: unknown", "5.1.1 <address>: unknown"),
        ('"tom t"@town.example unknown', "<address> unknown"),
        ("mailbox Tom does not exist; customer, tomato", "mailbox <private> does not exist; customer, tomato"),
        ("https://spam.example/?rcpt=tom%40town.example", "<address>"),
        ("a\r\nb\x00c\x9bd\udc80e\u2028f", "a b c d e f"),
        ("x" * 5000, "x" * MAX_SAID),
    ],
)
def test_redaction(text: str, expected: str) -> None:
    """What `check` shows of a server's text names nobody and stays on one short line."""
    assert redact(text, ["tom", "x"]) == expected


@given(st.text(max_size=300))
def test_redaction_of_anything(text: str) -> None:
    """No text of a server's makes a line that cannot be written down."""
    reason = redact(f"{text} tom@town.example {text}", ["tom"])
    reason.encode()
    assert len(reason) <= MAX_SAID
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


QUOTA = Deferred("RCPT: 550 5.4.5", account_wide=True, cure="ask for more")
TOM, ANN, SUE = Address("tom", "town.example"), Address("ann", "city.example"), Address("sue", "mail.town.example")


def test_hearsay_of_one_recipient_is_its_own() -> None:
    """Told of one recipient alone, a fault of the account defers it once and ends its reply the second time."""
    clock = Clock()
    hearsay = Hearsay(clock)
    assert hearsay.weigh(TOM, QUOTA, 550) == Deferred(QUOTA.reason)
    clock.now = 3600
    assert hearsay.weigh(TOM, QUOTA, 550) == Rejected(QUOTA.reason, 550, dead_address=False)
    assert hearsay.weigh(TOM, QUOTA, 550) == Deferred(QUOTA.reason)


@pytest.mark.parametrize(
    ("second", "kind", "seconds", "believed"),
    [
        pytest.param(ANN, QUOTA, 600, True, id="soon after, elsewhere"),
        pytest.param(ANN, QUOTA, 601, False, id="too late"),
        pytest.param(SUE, QUOTA, 1, False, id="the same owner"),
        pytest.param(ANN, FAULT, 1, False, id="another fault"),
    ],
)
def test_hearsay_of_two(second: Address, kind: Deferred, seconds: float, *, believed: bool) -> None:
    """It is believed of the account when unrelated domains are refused in the same way within a short time."""
    clock = Clock()
    hearsay = Hearsay(clock)
    hearsay.weigh(TOM, QUOTA, 550)
    clock.now = seconds
    outcome = hearsay.weigh(second, kind, 550)
    assert outcome == (kind if believed else Deferred(kind.reason))


def test_hearsay_shared_never_ends_a_reply() -> None:
    """Where others are refused in the same way, a limit may really be reached: nobody's reply is given up."""
    hearsay = Hearsay(Clock())
    for _ in range(3):
        assert hearsay.weigh(TOM, QUOTA, 550) == Deferred(QUOTA.reason)
        assert hearsay.weigh(SUE, QUOTA, 550) == Deferred(QUOTA.reason)


def test_hearsay_is_belied_by_a_reply_that_goes_through() -> None:
    """Witnesses from before a reply was accepted are not believed again, however many there are."""
    hearsay = Hearsay(Clock())
    hearsay.weigh(TOM, QUOTA, 550)
    assert hearsay.weigh(ANN, QUOTA, 550) == QUOTA
    hearsay.accepted()
    for recipient in (TOM, ANN, TOM, ANN):
        outcome = hearsay.weigh(recipient, QUOTA, 550)
        assert not isinstance(outcome, Deferred) or not outcome.account_wide


def test_hearsay_remembers_within_bounds() -> None:
    """A flood of refused strangers does not fill the memory."""
    hearsay = Hearsay(Clock())
    for number in range(3 * Hearsay.REMEMBERED):
        hearsay.weigh(Address(f"u{number}", "town.example"), QUOTA, 550)
        if number % 7 == 0:
            hearsay.accepted()
    assert max(map(len, (hearsay._recent, hearsay._alone, hearsay._doubted))) <= Hearsay.REMEMBERED


def test_breaker_waits_shortest_on_hearsay() -> None:
    """What strangers may have had a hand in holds the others up for a minute, each time."""
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(5):
        breaker.trip(FAULT, hearsay=True)
        assert breaker.blocked() is FAULT
        clock.now += Breaker.FIRST
        assert breaker.blocked() is None
