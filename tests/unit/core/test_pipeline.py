"""One message from headers to reply."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from responder.core.decision import Reply, Skip
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, address, header_block, pipeline

KEY = MessageKey(MAILBOX, FOLDER, UidValidity(7), Uid(3))
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def fetched(block: bytes, received_at: datetime | None = NIGHT) -> FetchedMessage:
    """A message as the mailbox hands it over."""
    return FetchedMessage(KEY, received_at, block)


def test_a_person_at_night_is_answered() -> None:
    """Headers, decision and reply hang together."""
    way = pipeline()
    judgement = way.judge(fetched(header_block(message_id="1@mail.example")), now=NIGHT)
    assert isinstance(judgement.decision, Reply)
    reply = way.reply(judgement, now=NIGHT, digest="d" * 32)
    assert reply.recipient.addr_spec == "tom@mail.example"
    assert reply.message_id == f"<ahr.{'d' * 32}@harbour.example>"
    assert b"In-Reply-To: <1@mail.example>" in reply.content


def test_the_text_speaks_of_the_period_that_holds_now() -> None:
    """A message of Friday night that is answered on Saturday under other hours names the opening as of now."""
    way = pipeline()
    friday = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    judgement = way.judge(fetched(header_block(), friday), now=friday)
    assert "Monday 23 November" in way.reply(judgement, now=friday + timedelta(hours=20), digest="d").text


def test_the_period_of_arrival_serves_when_it_is_open_now() -> None:
    """Composing just after opening (a claim made a moment before) still has words."""
    way = pipeline()
    judgement = way.judge(fetched(header_block()), now=NIGHT)
    assert "999" in way.reply(judgement, now=NOON, digest="d").text


def test_answered_as_another_address() -> None:
    """The fallback is the same reply From the mailbox's own address."""
    way = pipeline()
    judgement = way.judge(fetched(header_block(to="help@harbour.example")), now=NIGHT)
    first = way.reply(judgement, now=NIGHT, digest="d")
    second = way.reply(judgement, now=NIGHT, digest="d", answered_as=address(MAILBOX))
    assert (first.from_address.addr_spec, second.from_address.addr_spec) == ("help@harbour.example", MAILBOX)
    assert first.message_id == second.message_id


def test_a_skip_cannot_be_composed() -> None:
    """Only a decision to reply becomes a reply."""
    way = pipeline()
    judgement = way.judge(fetched(b"List-Id: <x.example>\r\n\r\n"), now=NIGHT)
    with pytest.raises(ValueError, match="only a decision to reply"):
        way.reply(judgement, now=NIGHT, digest="d")


def test_working_hours_need_no_headers() -> None:
    """In working hours the time alone decides; out of hours it does not."""
    way = pipeline()
    judgement = way.judge_by_time(KEY, NOON)
    assert judgement is not None
    assert isinstance(judgement.decision, Skip)
    assert judgement.decision.rule == "in-hours"
    assert way.judge_by_time(KEY, NIGHT) is None


def test_answered_since_is_a_test_of_times() -> None:
    """The start of the closed period, or the floor, whichever is earlier; after repeat_after only that."""
    way = pipeline()
    period = way.schedule.closed_period(NIGHT)
    assert period is not None
    assert period.start is not None
    assert way.answered_since(period, NIGHT) == period.start
    just_closed = period.start + timedelta(hours=1)
    assert way.answered_since(period, just_closed) == just_closed - timedelta(hours=4)


def received(at: datetime) -> bytes:
    """A person's message with a top-most Received of that time."""
    return f"Received: by mx.harbour.example; {format_datetime(at)}\r\n".encode() + header_block()


@pytest.mark.parametrize(
    ("arrived", "delivered", "rule", "listed"),
    [
        (NOON - timedelta(days=3), NIGHT, "in-hours", True),
        (NOON - timedelta(days=3), NOON - timedelta(days=3), "in-hours", False),
        (NIGHT - timedelta(days=2), NIGHT, "too-old", True),
        (NIGHT - timedelta(days=2), NIGHT - timedelta(days=2, hours=5), "too-old", False),
        (NIGHT, NIGHT - timedelta(hours=5), "out-of-hours", False),
    ],
    ids=["in hours by the one", "by both", "too old by the one", "by both", "answered"],
)
def test_a_silence_that_the_time_of_delivery_contradicts_is_listed(
    arrived: datetime, delivered: datetime, rule: str, listed: bool
) -> None:
    """A server in another zone may have silenced a person."""
    decision = pipeline().judge(fetched(received(delivered), arrived), now=NIGHT).decision
    assert decision.rule == rule
    assert (isinstance(decision, Skip) and decision.maybe_person) == listed
