"""The decision as a whole: whom a reply goes to, from which of our addresses, and what the clock says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from responder.core import reply as compose
from responder.core.decision import Reply, Skip
from responder.core.hours.period import ClosedPeriod
from responder.core.mail import headers
from responder.core.rules import decide as policy
from tests.unit.core.rules.policy_cases import (
    AT,
    HELLO,
    HELP,
    LIVE,
    MAILBOX,
    OUT_OF_HOURS,
    PERIOD,
    PROOF,
    block,
    judge,
    outcome,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def received(at: datetime) -> bytes:
    """The person's message with a Received field of that time on top."""
    return block(more=f"Received: from a (b; c) by d; {at:%a, %d %b %Y %H:%M:%S +0000} (UTC)\r\n")


def test_a_person_out_of_hours_gets_a_reply() -> None:
    """The reply goes to the From address, from the address written to, and says why."""
    assert judge(block()) == Reply(
        headers.parse_address("mary@example.org") or HELLO, HELLO, "it came while you are closed (after Friday's hours)"
    )


def test_a_closed_period_without_a_reason_needs_none() -> None:
    """A period may have no words for what closed it."""
    decision = judge(block(), timing=replace(OUT_OF_HOURS, closed_period=replace(PERIOD, because="")))

    assert decision.why == "it came while you are closed"


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"To": "hello@harbour.example"}, HELLO),
        ({"To": "joe@example.net, HELP@harbour.example"}, HELP),
        ({"To": "help@harbour.example, hello@harbour.example"}, HELP),
        ({"To": "hello@harbour.example", "Cc": "help@harbour.example"}, HELLO),
        ({"To": "joe@example.net", "Cc": "help@harbour.example", "Bcc": "hello@harbour.example"}, HELP),
    ],
    ids=["own", "alias", "first of two", "To before Cc", "Cc before Bcc"],
)
def test_the_reply_comes_from_the_address_that_was_written_to(fields: dict[str, str], address: object) -> None:
    """Spelt as in the file, whatever the sender made of it; To counts before Cc."""
    decision = judge(block(fields))

    assert isinstance(decision, Reply)
    assert decision.answered_as == address


def test_a_contact_form_is_answered_at_its_reply_to_from_the_mailbox() -> None:
    """The robot gets nothing, whatever it was addressed to."""
    form = {"From": "wordpress@harbour.example", "Reply-To": "Ann <ann@example.net>", "To": "forms@web.example"}
    decision = judge(block(form, more=f"Authentication-Results: {PROOF}\r\n"))

    assert isinstance(decision, Reply)
    assert (decision.correspondent.addr_spec, decision.answered_as) == ("ann@example.net", HELLO)


@pytest.mark.parametrize(
    ("robot", "rule"),
    [("wordpress@harbour.example", "contact-form-unproved"), ("hello@harbour.example", "own-address")],
)
def test_a_form_that_names_nobody_is_not_answered(robot: str, rule: str) -> None:
    """The robot itself never gets a reply; a form that writes as ourselves looks like our own mail."""
    form = policy.ContactForm(headers.parse_address(robot) or HELLO)
    content = block({"From": robot}, more=f"Authentication-Results: {PROOF}\r\n")
    decision = judge(content, rules=replace(MAILBOX, contact_forms=(form,)))

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person) == (rule, False)


def test_reply_to_is_ignored_without_a_contact_form() -> None:
    """Anyone can name a stranger there."""
    decision = judge(block({"Reply-To": "victim@example.com"}))

    assert isinstance(decision, Reply)
    assert decision.correspondent.addr_spec == "mary@example.org"


@pytest.mark.parametrize("timing", [OUT_OF_HOURS, LIVE], ids=["back-test", "live"])
def test_in_working_hours_nobody_gets_a_reply(timing: policy.Timing) -> None:
    """The whole point is the time outside them."""
    assert outcome(judge(block(), timing=replace(timing, closed_period=None))) == "in-hours"


@pytest.mark.parametrize("timing", [OUT_OF_HOURS, LIVE], ids=["back-test", "live"])
def test_a_message_without_time_of_arrival_is_listed_and_not_answered(timing: policy.Timing) -> None:
    """A deciding value that cannot be read never means "reply"."""
    decision = judge(block(), timing=timing, received_at=None)

    assert isinstance(decision, Skip)
    assert (decision.rule, decision.maybe_person) == ("no-received-at", True)


def test_header_rules_speak_before_the_clock() -> None:
    """A list's mail is a list's mail, in working hours too."""
    timing = replace(OUT_OF_HOURS, closed_period=None)

    assert outcome(judge(block(more="List-Id: x\r\n"), timing=timing)) == "mailing-list"


@pytest.mark.parametrize(
    ("rule", "timing", "age"),
    [
        ("reply", LIVE, timedelta(0)),
        ("reply", LIVE, 24 * HOUR),
        ("too-old", LIVE, 24 * HOUR + timedelta(seconds=1)),
        ("open-again", replace(LIVE, closed_now=None), HOUR),
        ("reply", replace(LIVE, closed_now=replace(PERIOD, start=AT - HOUR)), HOUR),
        ("before-period", replace(LIVE, closed_now=replace(PERIOD, start=AT - HOUR)), 2 * HOUR),
        ("reply", replace(LIVE, closed_now=ClosedPeriod(None, None)), 2 * HOUR),
    ],
    ids=["now", "as old as may be", "older", "open again", "at its start", "before this period", "never open before"],
)
def test_live_only_what_is_fresh_and_of_this_period_is_answered(
    rule: str, timing: policy.Timing, age: timedelta
) -> None:
    """A reply goes out only while it is closed, to what came since it closed, and not too late."""
    assert outcome(judge(block(), timing=timing, received_at=AT - age)) == rule


@pytest.mark.parametrize(
    ("own", "ours", "ahead", "rule"),
    [
        (PERIOD, PERIOD, timedelta(minutes=3), "reply"),
        (PERIOD, PERIOD, 20 * HOUR, "reply"),
        (PERIOD, PERIOD, 400 * DAY, "clock"),
        (None, PERIOD, timedelta(minutes=3), "clock"),
        (PERIOD, None, timedelta(minutes=3), "clock"),
        (None, None, 3 * DAY, "clock"),
        (None, PERIOD, timedelta(minutes=2), "reply"),
        (PERIOD, None, timedelta(minutes=2), "in-hours"),
    ],
    ids=[
        "both closed",
        "far ahead",
        "long after its Date",
        "open by its own",
        "open by ours",
        "both open",
        "a little: closed",
        "a little: open",
    ],
)
def test_a_message_from_ahead_of_our_clock(
    own: ClosedPeriod | None, ours: ClosedPeriod | None, ahead: timedelta, rule: str
) -> None:
    """It is answered when both clocks allow it; a silence waits, listed, until our clock has passed it."""
    decision = judge(block(), timing=replace(LIVE, closed_period=own, closed_now=ours), received_at=AT + ahead)
    assert outcome(decision) == rule
    assert (isinstance(decision, Skip) and decision.maybe_person) == (rule == "clock")


@pytest.mark.parametrize(
    ("delivered", "rule"), [(3 * DAY, "reply"), (timedelta(0), "clock")], ids=["delivered then", "dragged"]
)
def test_what_is_ahead_is_compared_with_its_own_delivery(delivered: timedelta, rule: str) -> None:
    """A whole server ahead of a clock that is behind is fresh; one message with an odd date is not."""
    timing = replace(LIVE, closed_period=PERIOD, closed_now=PERIOD)
    assert outcome(judge(received(AT + delivered), timing=timing, received_at=AT + 3 * DAY)) == rule


def test_a_silence_that_rests_on_no_clock_is_final_ahead_of_it() -> None:
    """Somebody answered it already."""
    decision = judge(block(), timing=LIVE, received_at=AT + DAY, flags=frozenset({"\\Answered"}))
    assert outcome(decision) == "answered-flag"


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("reply", received(AT - HOUR)),
        ("reply", received(AT - 24 * HOUR)),
        ("not-just-delivered", received(AT - 25 * HOUR)),
        ("reply", received(AT + 10 * DAY)),
        ("reply", block(more="Received: by a\r\n")),
        ("reply", received(AT) + block({"Date": "Mon, 1 Jan 2001 00:00:00 +0000"})),
        ("not-just-delivered", block({"Date": "Mon, 1 Jan 2001 00:00:00 +0000"})),
    ],
    ids=[
        "just now",
        "as old as may be",
        "imported",
        "a clock ahead",
        "no date in it",
        "the sender's Date is no reason",
        "but where no server says when it came",
    ],
)
def test_imported_mail_is_not_answered(rule: str, content: bytes) -> None:
    """A message that some server took long ago has been moved here, whatever INTERNALDATE says."""
    assert outcome(judge(content, timing=LIVE)) == rule


@pytest.mark.parametrize(
    ("rule", "timing"), [("answered-flag", LIVE), ("reply", OUT_OF_HOURS)], ids=["live", "back-test"]
)
def test_what_somebody_answered_gets_no_reply(rule: str, timing: policy.Timing) -> None:
    """Live only: a back-test asks what would have happened when it came."""
    assert outcome(judge(block(), timing=timing, flags=frozenset({"\\ANSWERED"}))) == rule


def test_a_back_test_ignores_the_present() -> None:
    """Old mail is judged at its own time."""
    old = datetime(2019, 5, 4, 22, tzinfo=UTC)

    assert outcome(judge(received(old - 100 * DAY), received_at=old)) == "reply"


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "discreet", "since"),
    [
        (NOW - 24 * HOUR, False, NOW - 24 * HOUR),
        (NOW - HOUR, False, NOW - 4 * HOUR),
        (NOW - 200 * HOUR, False, NOW - 72 * HOUR),
        (NOW - 200 * HOUR, True, NOW - 200 * HOUR),
        (NOW - HOUR, True, NOW - 4 * HOUR),
        (None, False, NOW - 72 * HOUR),
        (None, True, datetime.min.replace(tzinfo=UTC)),
    ],
    ids=["a night", "a lunch break", "a holiday", "discreet", "discreet lunch", "never open", "never open, discreet"],
)
def test_how_far_back_a_reply_still_counts(start: datetime | None, discreet: bool, since: datetime) -> None:
    """Once per closed period; again after 72 hours of a longer one, but never in discreet mode; never within four."""
    found = policy.answered_since(
        ClosedPeriod(start, None), NOW, floor=4 * HOUR, repeat_after=72 * HOUR, discreet=discreet
    )

    assert found == since


def test_explaining_shows_every_rule_in_its_order() -> None:
    """The owner who asks why sees what each rule saw, not only the first."""
    message = headers.parse(block(more="Precedence: bulk\r\nFeedback-ID: x\r\n"), AT, frozenset())
    findings = list(policy.judge_rules(message, replace(MAILBOX, rules_off=frozenset({"feedback-id"}))))

    assert [rule for rule, _ in findings] == list(policy.RULES)
    assert [rule.id for rule, skip in findings if skip is not None] == ["precedence"]


def test_our_own_replies_are_known_by_what_compose_writes() -> None:
    """The Message-ID and the marker of a reply are what the rules look for; else we would answer ourselves."""
    message_id = compose.reply_message_id("0123456789abcdef" * 2, "harbour.example")
    marked = block(more=f"{compose.MARKER_HEADER}: 1\r\n")

    assert outcome(judge(block({"Message-ID": message_id}))) == "own-reply"
    assert outcome(judge(marked)) == "own-reply"
    assert MAILBOX.marker == compose.MARKER_HEADER
    assert compose.MARKER_HEADER.lower() in policy.HEADER_NAMES


def test_time_rules_have_ids_of_their_own() -> None:
    """Ids of the table and of the clock never mean two things."""
    ids = [name for name, _ in policy.TIME_RULES]

    assert len({*ids, *(rule.id for rule in policy.RULES)}) == len(ids) + len(policy.RULES)


def test_the_mailbox_knows_its_domains() -> None:
    """Of the address and of the aliases."""
    assert MAILBOX.own_domains == {"harbour.example"}
