"""Rates, the breaker, the never list and dead addresses on the live way of a message."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from responder.core.limits.rates import Rates
from responder.core.outcome import Accepted, Rejected
from responder.live import MailboxService
from responder.live.health import BreakerState
from tests.unit.adapters.ledger import look
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, Clock, FakeFolder, header_block, pipeline
from tests.unit.live.test_service import Stage, stage

__all__ = ["stage"]

BOUNCE = """Return-Path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example>
To: hello@harbour.example
Auto-Submitted: auto-replied
X-Failed-Recipients: Tom@mail.example, "x" (crooked
Subject: Mail delivery failed: returning message to sender

"""


async def allow(stage: Stage, **rates: int) -> None:
    """Start with these rates; what is not named is out of reach."""
    generous = {"per_correspondent": 10, "unauthenticated": 1000, "per_domain": 1000, "breaker": 10_000}
    await stage.start()
    stage.service.pipeline = pipeline(rates=Rates(**{**generous, **rates}))
    await stage.watching()


async def test_over_a_rate_waits_and_goes_when_there_is_room(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Three go out; the others stay due, and go one by one: who came last, then who waited longest. It is told once."""
    caplog.set_level(logging.WARNING)
    await allow(stage, unauthenticated=9)
    for number in range(30):
        stage.folder.deliver(header_block(f"p{number}@p{number}.example"))
        stage.clock.forward(seconds=1)
    await stage.ended(sent=3)
    await stage.until(lambda: bool(caplog.records))
    await settled(stage, waiting=27)
    stage.folder.deliver(header_block("latest@mail.example"), stage.clock())
    await settled(stage, waiting=28)
    for sent in (4, 5):
        stage.clock.forward(minutes=7)
        stage.service.wake()
        await stage.ended(sent=sent)
        await settled(stage, waiting=32 - sent - 1)
    assert "latest@mail.example" in stage.sender.recipients()[3:]
    told = [record for record in caplog.records if record.message == "rate limited"]
    assert [record.__dict__["rule"] for record in told] == ["rate-unauthenticated"]


async def settled(stage: Stage, *, waiting: int) -> None:
    """Wait until so many replies are held by a limit."""
    while sum((await stage.ledger.waiting()).values()) != waiting:
        await stage.until(lambda: True)


async def test_what_waits_is_withdrawn_at_the_opening(stage: Stage) -> None:
    """Not later, and not unseen."""
    await allow(stage, per_domain=1)
    for number in range(3):
        stage.folder.deliver(header_block(f"p{number}@mail.example"))
    await stage.ended(sent=1)
    await settled(stage, waiting=2)
    stage.clock.forward(hours=6)
    stage.service.wake()
    await stage.ended(sent=1, withdrawn=2)
    held = [end.held for end in await look.ended(stage.ledger, MAILBOX, FOLDER, NIGHT) if end.reason == "open-again"]
    assert held == ["rate-domain"] * 2


async def test_the_breaker_is_told_once_and_loudly(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """One error, however many replies it holds; and it closes by itself."""
    caplog.set_level(logging.WARNING)
    await allow(stage, breaker=2)
    for number in range(12):
        stage.folder.deliver(header_block(f"p{number}@d{number}.example"))
    await stage.ended(sent=2)
    await settled(stage, waiting=10)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.message == "breaker opened" for record in errors] == [True]
    stage.clock.forward(minutes=61)
    stage.service.wake()
    await stage.ended(sent=4)


async def test_never_reply(stage: Stage) -> None:
    """An address on the list is withdrawn under its rule, the next person is answered."""
    await stage.start()
    await stage.watching()
    await stage.ledger.never_add("tom@mail.example", NIGHT)
    stage.folder.deliver(header_block("Tom@mail.example"))
    stage.folder.deliver(header_block("ann@mail.example"))
    await stage.ended(sent=1, withdrawn=1)
    assert stage.sender.recipients() == ["ann@mail.example"]
    (end,) = [end for end in await look.ended(stage.ledger, MAILBOX, FOLDER, NIGHT) if end.state == "withdrawn"]
    assert end.reason == "never-reply"


async def test_a_refused_person_is_answered_as_if_nothing_had_been(stage: Stage) -> None:
    """Refused at RCPT once: the next message, in this closed period or a later one, gets its reply."""
    dead = Rejected("RCPT: 550 5.1.1 no such user", 550)
    stage.sender.outcomes = [dead, dead, Accepted()]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(message_id="1@mail.example"))
    await stage.ended(failed=1)
    stage.folder.deliver(header_block(message_id="2@mail.example"))
    await stage.ended(failed=2)
    stage.clock.forward(days=1)
    stage.folder.deliver(header_block(message_id="3@mail.example"), stage.clock())
    await stage.ended(failed=2, sent=1)


async def test_a_bounce_silences_nobody(stage: Stage) -> None:
    """Taken by the server, bounced later: the bounce gets nothing, and the person's next message gets its reply."""
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(message_id="1@mail.example"))
    await stage.ended(sent=1)
    stage.folder.deliver(BOUNCE.replace("\n", "\r\n").encode())
    await stage.ended(sent=1, skip=1)
    stage.clock.forward(days=1)
    stage.folder.deliver(header_block(message_id="2@mail.example"), stage.clock())
    await stage.ended(sent=2, skip=1)


async def test_a_bounce_that_names_a_stranger_silences_nobody(stage: Stage) -> None:
    """Anybody can write such a message."""
    await stage.start()
    await stage.watching()
    stage.folder.deliver(BOUNCE.replace("\n", "\r\n").encode())
    await stage.ended(skip=1)
    stage.folder.deliver(header_block(message_id="1@mail.example"))
    await stage.ended(skip=1, sent=1)


async def test_one_breaker_for_all_mailboxes(tmp_path: Path) -> None:
    """A service takes the daemon's breaker; its trouble is the status line's until the breaker closes."""
    breaker, clock = BreakerState(), Clock()
    stage = Stage(tmp_path)
    service = MailboxService(
        label="mailbox 2",
        mailbox=MAILBOX,
        folder=FOLDER,
        pipeline=pipeline(),
        new_folder=lambda: FakeFolder(clock),
        sender=stage.sender,
        ledger=None,  # type: ignore[arg-type] # never started
        clock=clock,
        breaker=breaker,
    )
    assert service._answerer._breaker is breaker
    assert breaker.trouble(clock()) is None
    breaker.opened(NIGHT.replace(hour=4))
    assert breaker.trouble(clock()) == "the breaker is open until 04:00 UTC: too many replies in an hour"
    clock.forward(hours=1)
    assert breaker.trouble(clock()) is None
