"""What a server's answer means, and how long a refused account waits."""

from __future__ import annotations

import ssl

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.smtp.breaker import Breaker, Refusals
from responder.adapters.smtp.classify import (
    AliasRefused,
    Phase,
    judge,
    judge_error,
    refuses_null_path,
)
from responder.adapters.smtp.connection import FINAL_DOT, address_literal, dot_stuffed
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
        (Phase.DOT, 550, "5.4.6 Unusual sending activity detected", "unlock"),
        (Phase.RCPT, 550, "5.1.90 you've reached your daily limit for message recipients", "sending limit"),
        (Phase.DOT, 550, "5.7.705 Access denied, tenant has exceeded threshold", "unlock"),
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
        (Phase.DOT, -1, "Jane", "end of message: an answer that cannot be read"),
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
    ("phase", "code", "text", "once_more"),
    [
        (Phase.RCPT, 550, "5.1.1 no such user", False),
        (Phase.RCPT, 552, "5.2.2 mailbox full", False),
        (Phase.RCPT, 550, "sorry, no mailbox here by that name. (#5.1.1)", False),
        (Phase.RCPT, 550, "sorry, no mailbox here by that name [5.1.1]", False),
        (Phase.DOT, 550, "5.1.1 no such user", False),
        (Phase.RCPT, 550, "no such user", True),
        (Phase.RCPT, 550, "relay not permitted", True),
        (Phase.RCPT, 550, "sorry, too many emails (#5.7.1)", True),
        (Phase.RCPT, 550, "5.7.1 message refused by policy (#5.1.1)", True),
        (Phase.RCPT, 504, "5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", True),
        (Phase.RCPT, 550, "5.1.8 sender's domain unknown", True),
        (Phase.RCPT, 553, "sorry, your envelope sender is in my badmailfrom list (#5.1.7)", True),
        (Phase.RCPT, 550, "no (#4.1.1)", True),
        (Phase.DATA, 554, "5.6.0 not like this", True),
        (Phase.DOT, 554, "5.7.1 spam", True),
    ],
)
def test_a_fault_of_the_recipient_ends_the_reply(phase: Phase, code: int, text: str, *, once_more: bool) -> None:
    """Whatever else was refused is worth another attempt, wherever the server writes its code."""
    outcome = judge(phase, code, text)
    assert isinstance(outcome, Rejected)
    assert outcome.once_more is once_more


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


def test_dot_stuffing() -> None:
    """Dots are stuffed, and no bare CR or LF can end the message early (SMTP smuggling)."""
    assert dot_stuffed(b".a\r\n..b\r\n\n.\nMAIL\r.\rc") == b"..a\r\n...b\r\n\r\n..\r\nMAIL\r\n..\r\nc\r\n"
    assert FINAL_DOT == b".\r\n"


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


class Socket:
    """A connected socket, seen from our side."""

    def __init__(self, address: str) -> None:
        self.address = address

    def getsockname(self) -> tuple[str, int]:
        """Address and port."""
        return self.address, 25


@pytest.mark.parametrize(
    ("address", "literal"),
    [
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("fe80::1%eth0", "[IPv6:fe80::1]"),
        ("::ffff:192.0.2.1", "[192.0.2.1]"),
    ],
)
def test_address_literal(address: str, literal: str) -> None:
    """What EHLO says of a machine without a name (RFC 5321 §4.1.3)."""
    assert address_literal(Socket(address)) == literal  # type: ignore[arg-type]


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


TOM, ANN, BOB = Address("tom", "town.example"), Address("ann", "city.example"), Address("bob", "shire.example")
SUE = Address("sue", "mail.town.example")
KIND = (Phase.RCPT, 550, None)


def told(refusals: Refusals, *recipients: Address, kind: object = KIND, said: str = "no") -> list[bool]:
    """Whether each refusal in a row is believed of the account."""
    return [refusals.is_the_accounts(recipient, kind, said, at_once=False) for recipient in recipients]


@pytest.mark.parametrize(
    ("recipients", "believed"),
    [
        pytest.param([TOM, ANN, BOB], True, id="three unrelated"),
        pytest.param([TOM, ANN, TOM, ANN], False, id="two, again and again"),
        pytest.param([TOM, SUE, ANN], False, id="two of one owner"),
        pytest.param([Address(f"p{n}", "gmail.com") for n in range(3)], True, id="strangers at one provider"),
        pytest.param([Address("p1", "gmail.com")] * 3, False, id="one person at a provider"),
    ],
)
def test_unrelated_recipients_refused_alike_are_the_accounts_trouble(
    recipients: list[Address], *, believed: bool
) -> None:
    """From the third on, however much time lies between them."""
    assert told(Refusals(), *recipients)[-1] is believed


def test_only_refusals_that_are_alike_count_together() -> None:
    """Three dead addresses of three kinds are three dead addresses."""
    refusals = Refusals()
    for number, recipient in enumerate((TOM, ANN, BOB)):
        assert told(refusals, recipient, kind=(Phase.RCPT, 550 + number, None)) == [False]


def test_an_accepted_reply_between_them_begins_the_count_again() -> None:
    """The account works, or it would not have been."""
    refusals = Refusals()
    told(refusals, TOM, ANN)
    refusals.accepted()
    assert told(refusals, BOB, TOM, ANN) == [False, False, True]


def test_a_fault_that_the_server_names_is_the_accounts_at_once() -> None:
    """Unless replies went out, time and again, after this recipient was refused."""
    refusals = Refusals()
    for _ in range(Refusals.BELIED):
        assert refusals.is_the_accounts(TOM, KIND, "5.4.6", at_once=True)
        refusals.accepted()
    assert not refusals.is_the_accounts(TOM, KIND, "5.4.6", at_once=True)
    assert refusals.is_the_accounts(ANN, KIND, "5.4.6", at_once=True)


def test_recipients_belied_again_and_again_are_no_witnesses() -> None:
    """Three strangers whose servers speak through ours cannot stop it for ever."""
    refusals = Refusals()
    for _ in range(Refusals.BELIED):
        assert told(refusals, TOM, ANN, BOB)[-1]
        refusals.accepted()
    assert not any(told(refusals, TOM, ANN, BOB))


def test_the_owner_is_shown_only_words_that_all_were_told() -> None:
    """What differs between them may name somebody."""
    refusals = Refusals()
    for recipient, name in ((TOM, "Tom Roe"), (ANN, "Ann"), (BOB, "Bob")):
        told(refusals, recipient, said=f"550 {name} is over the hourly limit")
    assert refusals.shared_words(KIND) == "550 … is over the hourly limit"
    assert refusals.shared_words("nothing") == ""


def test_refusals_are_remembered_within_bounds() -> None:
    """A flood of refused strangers does not fill the memory."""
    refusals = Refusals()
    for number in range(3 * Refusals.REMEMBERED):
        told(refusals, Address(f"u{number}", "town.example"))
        if number % 700 == 0:
            refusals.accepted()
    assert max(len(refusals._recent), len(refusals._belied)) <= Refusals.REMEMBERED


def test_breaker_waits_less_on_what_is_told_of_recipients() -> None:
    """Strangers may have had a hand in it: never more than ten minutes, each time."""
    clock, waits = Clock(), []
    breaker = Breaker(clock)
    for _ in range(1100):
        breaker.trip(FAULT, of_recipients=True)
        assert breaker.blocked() is FAULT
        waits.append(breaker._until - clock.now)
        clock.now += 600
        assert breaker.blocked() is None
    assert waits[:5] == [60, 120, 240, 480, 600]
    assert set(waits[5:]) == {600}
