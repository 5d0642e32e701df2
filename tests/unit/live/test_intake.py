"""What is judged, when, and how often: after a UIDVALIDITY change, after trouble, after a reload."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from responder.core.errors import TransientError
from responder.core.hours.schedule import Schedule, parse_hours
from responder.core.message import FetchedMessage, Uid
from responder.core.outcome import Deferred
from responder.core.pipeline import Judgement, Pipeline
from responder.live import intake
from responder.live.answer import Fresh
from tests.unit.live.fakes import INVITATION, LETTER, NIGHT, UTC_ZONE, FakeFolder, header_block, pipeline
from tests.unit.live.test_service import Stage, stage

__all__ = ["stage"]


async def test_a_forged_date_does_not_hide_what_comes_after(stage: Stage) -> None:
    """A client may APPEND with any date: under new UIDs, mail that came after it is still looked at."""
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block("forged@mail.example"), NIGHT + timedelta(days=300))
    await stage.until(lambda: sum(stage.service.health.done.values()) == 1)
    stage.clock.forward(minutes=5)
    stage.folder.renumber()
    stage.folder.deliver(header_block("new@mail.example", message_id="new@mail.example"), stage.clock())
    await stage.until(lambda: "new@mail.example" in stage.sender.recipients())


@pytest.mark.parametrize(
    ("earlier", "answered"),
    [(timedelta(seconds=1.5), True), (timedelta(seconds=2), True), (timedelta(seconds=2.5), False)],
    ids=["in the same second or so", "at the margin", "older"],
)
async def test_the_margin_after_a_uidvalidity_change(stage: Stage, earlier: timedelta, answered: bool) -> None:
    """INTERNALDATE has whole seconds and deliveries overtake each other: a little older than the latest counts."""
    await stage.start()
    await stage.watching()
    stage.clock.forward(minutes=1)
    latest = stage.clock()
    stage.folder.deliver(header_block("latest@mail.example", message_id="latest@mail.example"), latest)
    await stage.until(lambda: stage.service.health.done["sent"] == 1)
    stage.folder.renumber()
    stage.folder.deliver(header_block("overtaken@mail.example", message_id="o@mail.example"), latest - earlier)
    stage.folder.deliver(header_block("last@mail.example", message_id="last@mail.example"), latest)
    await stage.until(lambda: stage.service.health.done["sent"] == 2 + answered)
    assert "last@mail.example" in stage.sender.recipients()
    assert ("overtaken@mail.example" in stage.sender.recipients()) == answered


async def test_a_slice_that_fails_is_taken_in_by_parts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends the session over a large answer: the next asks for a tenth, then for more and more again."""
    asked: list[int] = []
    fetch = FakeFolder.fetch

    async def failing(folder: FakeFolder, uids: Sequence[Uid], *rest: object) -> object:
        asked.append(len(uids))
        if len(asked) == 1:
            raise TransientError("IMAP", "BYE")
        async for batch in fetch(folder, uids, *rest):  # type: ignore[arg-type]  # passed through
            yield batch

    monkeypatch.setattr(FakeFolder, "fetch", failing)
    monkeypatch.setattr(intake, "SLICE", 20)
    await stage.start()
    await stage.watching()
    stage.service._intake._slice = intake.SLICE
    for number in range(20):
        stage.folder.messages[Uid(number + 1)] = (NIGHT, header_block(f"p{number}@mail.example"))
    stage.folder.news.set()
    await stage.ended(sent=20)
    assert asked[:5] == [20, 2, 4, 8, 6]


@pytest.mark.parametrize(("failures", "judged"), [(0, 1), (1, 2)], ids=["fresh", "after a retry"])
async def test_a_fresh_message_is_judged_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, failures: int, judged: int
) -> None:
    """What is judged on arrival is answered by that judgement; a retry reads and judges it again."""
    calls: list[Uid] = []
    judge = Pipeline.judge

    def counting(self: Pipeline, fetched: FetchedMessage, *, now: datetime | None) -> Judgement:
        calls.append(fetched.key.uid)
        return judge(self, fetched, now=now)

    monkeypatch.setattr(Pipeline, "judge", counting)
    stage.sender.outcomes = [Deferred("down") for _ in range(failures)]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block())
    await stage.ended_later(sent=1)
    assert calls == [1] * judged


async def test_a_reload_judges_what_was_taken_in_again(stage: Stage) -> None:
    """A message that was judged under the old file, and not claimed yet, is decided by the new one."""
    await stage.start()
    await stage.watching()
    start = stage.service._intake._answer

    def reloaded_meanwhile(messages: Sequence[Fresh]) -> None:
        always = dict.fromkeys(range(7), parse_hours("00:00-24:00"))
        stage.service.pipeline = pipeline(schedule=Schedule(UTC_ZONE, always))
        start(messages)

    stage.service._intake._answer = reloaded_meanwhile
    stage.folder.deliver(header_block())
    await stage.ended(withdrawn=1)
    assert stage.sender.sent == []


PARTS = b"Content-Type: multipart/alternative; boundary=x\r\n"


async def test_an_invitation_in_a_part_gets_no_reply(stage: Stage) -> None:
    """The structure is asked of messages in parts that would be answered; without one they are answered."""
    await stage.start()
    await stage.watching()
    for uid, name in enumerate(("boss", "ann", "kim", "bo"), 1):
        block = header_block(f"{name}@mail.example", message_id=f"{name}@x")
        stage.folder.messages[Uid(uid)] = (NIGHT, block if name == "bo" else PARTS + block)
    stage.folder.messages[Uid(5)] = (NIGHT, b"List-Id: <a.example>\r\n" + PARTS + header_block("list@mail.example"))
    stage.folder.parts = {Uid(1): INVITATION, Uid(2): LETTER, Uid(3): b"(nonsense"}
    stage.folder.news.set()
    await stage.until(lambda: len(stage.sender.sent) == 3)

    assert stage.folder.structures_asked == [1, 2, 3]
    assert set(stage.sender.recipients()) == {"ann@mail.example", "kim@mail.example", "bo@mail.example"}
