"""The live way of a message, with a folder and a way out that misbehave on demand and a real ledger."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.adapters.ledger import Ledger
from responder.core.errors import AuthenticationError, LedgerError, PermanentError, ThrottledError, TransientError
from responder.core.limits.backoff import Backoff
from responder.core.message import MessageKey
from responder.core.outcome import Accepted, Deferred, Outcome, OutgoingReply, Rejected, Unknown
from responder.live import MailboxService, answer, watch
from responder.live.watch import wait_after
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, Clock, FakeFolder, FakeSender, header_block, pipeline

BASELINE = "old@mail.example"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Stage:
    """One mailbox service and everything around it."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.folder = FakeFolder(self.clock)
        self.sender = FakeSender()
        self.directory = directory
        self.ledger: Ledger
        self.service: MailboxService
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch, as a new process would."""
        self.ledger = await Ledger.open(self.directory)
        await self.ledger.recover(self.clock())
        self.service = MailboxService(
            label="mailbox 1",
            mailbox=MAILBOX,
            folder=FOLDER,
            pipeline=pipeline(),
            new_folder=lambda: self.folder,
            sender=self.sender,
            ledger=self.ledger,
            clock=self.clock,
        )
        self.task = asyncio.create_task(self.service.run())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a fact, bounded."""
        async with asyncio.timeout(5):
            while not holds():
                assert self.task is not None
                assert not self.task.done(), self.task
                await asyncio.sleep(0.005)

    async def watching(self) -> None:
        """Wait until the folder is open."""
        await self.until(lambda: self.service.health.watching)

    async def sent(self, count: int) -> None:
        """Wait until so many replies were given to the way out."""
        await self.until(lambda: len(self.sender.sent) == count)

    async def ended(self, **counts: int) -> None:
        """Wait until so many messages ended in these ways."""
        await self.until(lambda: dict(self.service.health.done) == counts)

    async def ended_later(self, **counts: int) -> None:
        """The same, while time passes: a reply that could not leave waits for its next chance."""
        async with asyncio.timeout(5):
            while dict(self.service.health.done) != counts:
                self.clock.forward(seconds=20)
                await asyncio.sleep(0.01)

    def ticked(self) -> bool:
        """Let time pass, for what waits for its next chance."""
        self.clock.forward(seconds=20)
        return True

    async def stop(self) -> None:
        """End the process."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            await self.ledger.close()
        self.task = None


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A stage whose waits are short."""
    short = dataclasses.replace(watch.RECONNECT, base=timedelta(milliseconds=2), cap=timedelta(milliseconds=4))
    monkeypatch.setattr(watch, "RECONNECT", short)
    monkeypatch.setattr(watch, "ASK_A_PERSON", short)
    monkeypatch.setattr(answer, "RESEND", dataclasses.replace(short, base=timedelta(milliseconds=20)))
    stage = Stage(tmp_path / "state")
    yield stage
    await stage.stop()


async def test_a_person_is_answered_once(stage: Stage) -> None:
    """The first message gets a reply, the second of the same person is withdrawn, and each has one end."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(minutes=1))
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(message_id="1@mail.example"))
    await stage.ended(sent=1)
    stage.folder.deliver(header_block(message_id="2@mail.example"))
    await stage.ended(sent=1, withdrawn=1)
    assert stage.sender.recipients() == ["tom@mail.example"]


async def test_headers_of_working_hours_are_not_fetched(stage: Stage) -> None:
    """What came in working hours is skipped by its time alone."""
    stage.clock.at = NOON
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(), NOON)
    await stage.ended(skip=1)
    assert stage.folder.fetched == []


async def test_opened_meanwhile(stage: Stage) -> None:
    """A reply that could not leave before opening is withdrawn: somebody is there now."""
    stage.sender.outcomes = [Deferred("busy")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.sent(1)
    await stage.until(lambda: not stage.service._answerer._tasks)  # its retry is due by today's clock
    stage.clock.forward(hours=7)
    stage.service.wake()
    await stage.ended(withdrawn=1)
    assert len(stage.sender.sent) == 1


async def test_deferred_is_sent_later(stage: Stage) -> None:
    """A busy server gets the reply again after the wait, with the same Message-ID."""
    stage.sender.outcomes = [Deferred("busy", cure="wait")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)
    await stage.ended_later(sent=1)
    first, second = stage.sender.sent
    assert first.message_id == second.message_id


async def test_the_wait_between_resends_grows(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each failure doubles the wait up to its cap, and a reply that left starts from the beginning."""
    monkeypatch.setattr(answer, "RESEND", Backoff(base=timedelta(seconds=30), cap=timedelta(minutes=2)))
    monkeypatch.setattr("random.random", lambda: 0.0)
    waits: list[float] = []
    settle = Ledger.settle

    async def noting(ledger: Ledger, *args: Any, at: datetime, retry_at: datetime, **facts: Any) -> object:
        waits.append((retry_at - at).total_seconds())
        return await settle(ledger, *args, at=at, retry_at=retry_at, **facts)

    monkeypatch.setattr(Ledger, "settle", noting)
    stage.sender.outcomes = [Deferred("down") for _ in range(4)]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.ended_later(sent=1)
    first, *others = waits
    assert [wait / first for wait in others] == [2, 4, 4, 4]


async def test_rejected_frees_the_slot(stage: Stage) -> None:
    """A reply refused for its words is not repeated, but the person's next message gets one."""
    stage.sender.outcomes = [Rejected("looks like spam", 554)]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(message_id="1@mail.example"))
    await stage.ended(failed=1)
    stage.folder.deliver(header_block(message_id="2@mail.example"))
    await stage.ended(failed=1, sent=1)


async def test_unknown_is_sent_once_more_at_most(stage: Stage) -> None:
    """Cut off after the dot twice: the second attempt has the same Message-ID, and there is no third."""
    stage.sender.outcomes = [Unknown("cut off"), Unknown("cut off")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.ended(due=1)
    stage.clock.forward(minutes=20)
    await stage.until(lambda: stage.service.health.done["unknown"] > 0)
    stage.clock.forward(hours=1)
    stage.service.wake()
    await asyncio.sleep(0.1)
    assert len(stage.sender.sent) == 2
    assert len({reply.message_id for reply in stage.sender.sent}) == 1


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [([], "sent"), ([Unknown("cut off")], "due")],
    ids=["sent", "in doubt"],
)
async def test_the_text_that_left_is_kept(stage: Stage, outcomes: list[Outcome], state: str) -> None:
    """Word for word, in the ledger, under its fingerprint."""
    stage.sender.outcomes = [*outcomes]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.ended(**{state: 1})
    (kept,) = (await stage.ledger.answers_to("tom@mail.example", [MAILBOX], 9)).replies
    (reply,) = stage.sender.sent
    assert (kept.mailbox, kept.state, kept.text, kept.fingerprint) == (MAILBOX, state, reply.text, reply.fingerprint)
    assert "999" in reply.text.splitlines()


class TemplateFails:
    """Composes as ever, and says that the practice's own template failed."""

    def __init__(self) -> None:
        self._composer = pipeline().composer

    def compose(self, *given: Any, **named: Any) -> OutgoingReply:
        """See ``Composer``."""
        return dataclasses.replace(self._composer.compose(*given, **named), kind="ordinary-builtin")


async def test_a_template_that_fails_is_told_once_until_it_is_read_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """As an error, with the cure: the owner's words do not go out. The replies do."""
    await stage.start()
    await stage.watching()
    for read in (1, 2):
        stage.service.pipeline = pipeline(composer=TemplateFails())
        for number in range(3):
            stage.folder.deliver(header_block(f"p{read}{number}@mail.example"))
        await stage.ended(sent=3 * read)
        told = [record for record in caplog.records if record.getMessage() == "reply text failed"]
        assert [(record.levelname, "preview" in record.fix) for record in told] == [("ERROR", True)] * read  # type: ignore[attr-defined] # a fact of ours


@pytest.mark.parametrize("error", [RuntimeError("a bug"), TransientError("SMTP", "gone")], ids=["ours", "theirs"])
async def test_an_exception_while_sending_is_settled(stage: Stage, error: Exception) -> None:
    """Whatever the way out raises, the claim is settled and the reply tried again."""
    stage.sender.outcomes = [error]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)
    await stage.ended_later(sent=1)


async def test_stopped_while_sending(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop cuts a hanging send off; the next process sends it once more, with the same Message-ID."""
    monkeypatch.setattr(answer, "STOP_GRACE", 0.05)
    stage.sender.hold = asyncio.Event()
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)
    await stage.stop()
    assert stage.sender.closed
    stage.sender.hold = None
    stage.clock.forward(minutes=1)
    await stage.start()
    await stage.ended(sent=1)
    assert len({reply.message_id for reply in stage.sender.sent}) == 1
    assert len(stage.sender.sent) == 2


@pytest.mark.parametrize("stops", [1, 5])
async def test_stopped_before_the_final_dot(stage: Stage, monkeypatch: pytest.MonkeyPatch, stops: int) -> None:
    """What only waited for a connection is not in doubt: any number of stops leaves it due, its resend unused."""
    monkeypatch.setattr(answer, "STOP_GRACE", 0.01)
    for stop in range(1, stops + 1):
        stage.sender.queue = asyncio.Event()
        await stage.start()
        await stage.watching()
        if not stage.folder.messages:
            stage.folder.deliver(header_block())
        await stage.sent(stop)
        await stage.stop()
    stage.sender.queue = None
    stage.sender.outcomes = [Unknown("cut off")]
    await stage.start()
    await stage.until(lambda: stage.service.health.done["due"] == 1)  # in doubt for the first time
    stage.clock.forward(minutes=20)
    await stage.until(lambda: stage.service.health.done["sent"] == 1)


async def test_a_stop_ends_though_the_outcome_cannot_be_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full: the next start knows by the mark that the reply may have arrived, and sends it once more."""
    monkeypatch.setattr(answer, "STOP_GRACE", 0.05)
    stage.sender.hold = asyncio.Event()
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)

    async def full(*_: object, **__: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(stage.ledger, "settle", full)
    async with asyncio.timeout(5):
        await stage.stop()
    ledger = await Ledger.open(stage.directory)
    assert await ledger.recover(stage.clock()) == [(1, "due")]
    await ledger.close()


async def test_a_stop_does_not_wait_for_a_full_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outcome that was being written again and again before the stop gives up as well."""
    await stage.start()
    await stage.watching()

    async def full(*_: object, **__: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(stage.ledger, "settle", full)
    stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)
    async with asyncio.timeout(3):
        await stage.stop()


async def test_without_its_mark_a_reply_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full just before the final dot: nothing is in doubt, and it goes out when there is room."""
    mark, failures = Ledger.mark, [LedgerError("the disk is full")] * 2

    async def full(ledger: Ledger, key: MessageKey, *, may_arrive: bool) -> None:
        if failures:
            raise failures.pop()
        await mark(ledger, key, may_arrive=may_arrive)

    monkeypatch.setattr(Ledger, "mark", full)
    stage.sender.outcomes = [Unknown("cut off")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: stage.ticked() and stage.service.health.done["due"] == 1)  # in doubt, for the first time
    await stage.until(lambda: stage.ticked() and stage.service.health.done["sent"] == 1)
    assert len(stage.sender.sent) == 4


async def test_a_refusal_that_blames_nobody_is_tried_once_more(stage: Stage) -> None:
    """After ten minutes; the second refusal ends the reply."""
    refused = Rejected("RCPT: 550 refused", 550, once_more=True)
    stage.sender.outcomes = [refused, refused]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.ended(due=1)
    stage.clock.forward(minutes=9, seconds=50)
    stage.service.wake()
    await asyncio.sleep(0.1)
    assert len(stage.sender.sent) == 1
    stage.clock.forward(seconds=20)
    stage.service.wake()
    await stage.ended(due=1, failed=1)


async def test_a_newer_letter_does_not_wait_for_the_refused_one(stage: Stage) -> None:
    """It is answered at once, and then nothing more is owed to the older one."""
    stage.sender.outcomes = [Rejected("RCPT: 550 refused", 550, once_more=True)]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(message_id="1@mail.example"))
    await stage.ended(due=1)
    stage.folder.deliver(header_block(message_id="2@mail.example"))
    await stage.ended(due=1, sent=1)
    stage.clock.forward(minutes=11)
    stage.service.wake()
    await stage.ended(due=1, sent=1, withdrawn=1)


@pytest.mark.parametrize(("pause", "wait"), [(60.0, 60), (8 * 3600.0, 900)], ids=["a minute", "hours"])
async def test_replies_wait_for_the_breaker(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, pause: float, wait: float
) -> None:
    """They go out as soon as the account may be tried again, whatever number of attempts they have behind them."""
    monkeypatch.setattr(answer, "RESEND", Backoff(base=timedelta(seconds=30), cap=timedelta(minutes=15)))
    monkeypatch.setattr("random.random", lambda: 0.0)
    stage.sender.pause = pause
    stage.sender.outcomes = [Deferred("AUTH: 535", account_wide=True)]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: stage.service.health.sending is not None)
    assert await stage.ledger.next_due(MAILBOX, FOLDER) == NIGHT + timedelta(seconds=wait)


async def test_refused_replies_are_due_again_when_the_account_was_at_fault(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Those of this run since the last one that was accepted; the owner is told once, with the server's words."""
    dead, fault = Rejected("RCPT: 550 5.1.1 no such mailbox", 550), "550 over the hourly limit"
    trouble = Deferred("RCPT: 550 refused", account_wide=True, cure="ask", said=fault)
    once = dataclasses.replace(dead, once_more=True)
    stage.sender.outcomes = [dead, Accepted(), dead, once, trouble, trouble, Accepted(), Accepted(), Accepted()]
    await stage.start()
    await stage.watching()
    for number in range(1, 6):
        stage.folder.deliver(header_block(f"p{number}@{number}.example"))
        await stage.sent(number)
    await stage.until(lambda: stage.service.health.sending == "RCPT: 550 refused")
    for _ in range(4):
        stage.clock.forward(minutes=2)  # less than what the refused one would wait for its second attempt
        stage.service.wake()
        await asyncio.sleep(0.05)
    await stage.until(lambda: stage.service.health.done["sent"] == 4)
    assert set(stage.sender.recipients()[5:]) == {f"p{number}@{number}.example" for number in (3, 4, 5)}
    assert stage.service.health.sending is None
    told = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.said for record in told] == [fault]  # type: ignore[attr-defined] # a fact of ours


async def test_due_over_a_restart(stage: Stage) -> None:
    """What a process left due is read again and answered by the next one."""
    stage.sender.outcomes = [Deferred("down")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)
    await stage.stop()
    stage.clock.forward(minutes=1)
    await stage.start()
    await stage.ended(sent=1)


async def test_gone_from_the_folder(stage: Stage) -> None:
    """A due message that somebody deleted is withdrawn."""
    stage.sender.outcomes = [Deferred("down")]
    await stage.start()
    await stage.watching()
    uid = stage.folder.deliver(header_block())
    await stage.until(lambda: len(stage.sender.sent) == 1)
    del stage.folder.messages[uid]
    await stage.ended_later(withdrawn=1)


async def test_more_than_fit_in_flight(stage: Stage) -> None:
    """Of a burst no more than the bound is between claim and settle, and in the end all of it is answered."""
    stage.sender.hold = asyncio.Event()
    await stage.start()
    await stage.watching()
    for number in range(answer.MAX_IN_FLIGHT * 2 + 5):
        stage.folder.deliver(header_block(f"p{number}@mail.example"))
    await stage.until(lambda: len(stage.sender.sent) >= answer.MAX_IN_FLIGHT)
    await stage.ledger.waiting()  # the ledger takes one after another: what was claimed with these is claimed by now
    await asyncio.sleep(0)
    assert len(stage.sender.sent) == answer.MAX_IN_FLIGHT
    stage.sender.hold.set()
    await stage.ended(sent=answer.MAX_IN_FLIGHT * 2 + 5)


async def test_uidvalidity_change(stage: Stage) -> None:
    """Under new UIDs nothing old is answered, nothing twice; what was due or just arrived is answered once."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(hours=2))
    stage.sender.outcomes = [Deferred("down")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block("due@mail.example", message_id="due@mail.example"), NIGHT + timedelta(seconds=5))
    stage.clock.forward(seconds=10)
    await stage.until(lambda: len(stage.sender.sent) == 1)
    stage.folder.deliver(
        header_block("done@mail.example", message_id="done@mail.example"), NIGHT + timedelta(seconds=9)
    )
    await stage.until(lambda: stage.service.health.done["sent"] == 1)
    stage.clock.forward(minutes=1)
    stage.folder.renumber()
    stage.folder.deliver(header_block("new@mail.example", message_id="new@mail.example"), NIGHT + timedelta(seconds=60))
    await stage.until(lambda: stage.service.health.done["sent"] == 3)
    await asyncio.sleep(0.1)
    assert sorted(stage.sender.recipients()) == [
        "done@mail.example", "due@mail.example", "due@mail.example", "new@mail.example"
    ]  # fmt: skip


async def test_an_alias_is_answered_as_itself_with_a_fallback(stage: Stage) -> None:
    """The reply comes From the alias that was written to; the same reply From the mailbox stands ready."""
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(to="help@harbour.example"))
    await stage.ended(sent=1)
    assert stage.sender.sent[0].from_address.addr_spec == "help@harbour.example"
    fallback = stage.sender.fallbacks[0]
    assert fallback is not None
    assert fallback.from_address.addr_spec == MAILBOX
    assert fallback.message_id == stage.sender.sent[0].message_id


async def test_a_poison_message_stops_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message on which our own code fails is skipped and told; those behind it are answered."""
    judge = type(pipeline()).judge

    def failing(self: object, fetched: object, **facts: object) -> object:
        if b"poison" in fetched.header_block:  # type: ignore[attr-defined] # a FetchedMessage
            raise RecursionError
        return judge(self, fetched, **facts)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(type(pipeline()), "judge", failing)
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block("poison@mail.example"))
    stage.folder.deliver(header_block("person@mail.example"))
    await stage.ended(skip=1, sent=1)


async def test_no_ledger_no_reply(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses the claim nothing is sent; when it recovers the reply leaves."""
    await stage.start()
    await stage.watching()
    claim = stage.ledger.claim
    full = [LedgerError("no space left"), LedgerError("no space left")]

    async def failing(*args: object, **facts: object) -> object:
        if full:
            raise full.pop()
        return await claim(*args, **facts)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(stage.ledger, "claim", failing)
    stage.folder.deliver(header_block())
    await stage.until(lambda: not full)
    assert stage.sender.sent == []
    await stage.ended(sent=1)


async def test_an_outcome_is_written_until_the_disk_takes_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that left is never forgotten: settling is repeated, sending is not."""
    await stage.start()
    await stage.watching()
    settle = stage.ledger.settle
    full = [LedgerError("no space left"), LedgerError("no space left")]

    async def failing(*args: object, **facts: object) -> object:
        if full:
            raise full.pop()
        return await settle(*args, **facts)  # type: ignore[arg-type] # passed through

    monkeypatch.setattr(stage.ledger, "settle", failing)
    stage.folder.deliver(header_block())
    await stage.ended(sent=1)
    assert len(stage.sender.sent) == 1


async def test_reconnects_and_tells_once(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An outage of many attempts is told when it begins and when it ends."""
    caplog.set_level(logging.INFO, logger="responder")
    stage.folder.faults = [TransientError("IMAP", "refused") for _ in range(5)]
    await stage.start()
    await stage.watching()
    told = [record.getMessage() for record in caplog.records if "baseline" not in record.getMessage()]
    assert told == ["disconnected", "watching again"]


async def test_an_error_of_ours_is_survived_and_told_with_its_traceback(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in a session never ends the watching."""
    stage.folder.faults = [ZeroDivisionError()]
    await stage.start()
    await stage.watching()
    assert any(record.exc_info for record in caplog.records)


async def test_no_uidvalidity(stage: Stage) -> None:
    """A server without UIDVALIDITY is not watched, and the owner is told: nothing can be remembered there."""
    stage.folder.hides_uid_validity = True
    await stage.start()
    await stage.until(lambda: stage.service.health.trouble is not None)
    assert "UIDVALIDITY" in str(stage.service.health.trouble)
    assert stage.sender.sent == []


async def test_no_uidnext(stage: Stage) -> None:
    """The baseline is found without UIDNEXT, too."""
    stage.folder.hides_uid_next = True
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(minutes=1))
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.ended(sent=1)


async def test_no_internaldate(stage: Stage) -> None:
    """Without a time of arrival nothing is answered."""
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(), None)
    await stage.ended(skip=1)


@pytest.mark.parametrize(
    ("trouble", "failures", "at_least", "at_most"),
    [
        (TransientError("IMAP", "gone"), 1, 0.5, 1),
        (TransientError("IMAP", "gone"), 50, 30, 60),
        (TransientError("IMAP", "busy", retry_after=300.0), 1, 300, 300),
        (ThrottledError("IMAP", "throttled", retry_after=2.0), 1, 2, 2),
        (ThrottledError("IMAP", "throttled", retry_after=60.0), 1, 60, 60),
        (ThrottledError("IMAP", "throttled", retry_after=60.0), 3, 240, 240),
        (ThrottledError("IMAP", "throttled", retry_after=60.0), 90, 1800, 1800),
        (ThrottledError("IMAP", "throttled", retry_after=3600.0), 5, 3600, 3600),
        (PermanentError("IMAP", "no folder", cure="make it"), 1, 150, 300),
        (AuthenticationError("IMAP", "refused", cure="app password"), 1, 150, 300),
        (AuthenticationError("IMAP", "refused", cure="app password"), 3, 1800, 3600),
        (AuthenticationError("IMAP", "refused", cure="app password"), 30, 4 * 3600, 8 * 3600),
        (ValueError(), 1, 0.5, 1),
    ],
    ids=[
        "lost",
        "lost for long",
        "asked to wait",
        "throttled",
        "a minute",
        "growing",
        "bounded",
        "longer",
        "no folder",
        "first refusal",
        "third refusal",
        "for days",
        "ours",
    ],
)
def test_wait_after(trouble: Exception, failures: int, at_least: float, at_most: float) -> None:
    """How long it rests depends on what went wrong: a refused login is never hammered."""
    for fraction in (0.0, 0.999):
        assert at_least <= wait_after(trouble, failures, fraction) <= at_most
