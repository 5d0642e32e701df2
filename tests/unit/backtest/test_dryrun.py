"""The back-test over a folder in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import cast

import pytest

from responder.adapters.imap import Mailbox
from responder.backtest.back_test import MAX_PENDING, Report, Structures, Window, _judged, back_test
from responder.backtest.record import Record, record_of
from responder.core.errors import TransientError
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from tests.unit.live.fakes import FOLDER, INVITATION, LETTER, MAILBOX, NIGHT, Clock, FakeFolder, header_block, pipeline


async def judged(folder: FakeFolder, window: Window | None = None) -> Report:
    """Run it over a folder."""
    seen: list[tuple[int, int]] = []
    report = await back_test(
        cast("Mailbox", folder),
        pipeline(),
        mailbox=MAILBOX,
        folder_name=FOLDER,
        window=window or Window(),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (len(report.records), len(report.records))
    return report


@pytest.fixture
def folder() -> FakeFolder:
    """A week of mail, not in the order of arrival."""
    folder = FakeFolder(Clock())
    folder.deliver(header_block("tom@mail.example", message_id="later@x.example"), NIGHT)
    folder.deliver(header_block("tom@mail.example", message_id="first@x.example"), NIGHT - timedelta(hours=20))
    folder.deliver(header_block("ann@town.example"), NIGHT - timedelta(days=3, hours=14))
    folder.deliver(header_block("ann@town.example"), datetime(2026, 11, 19, 20, 0, tzinfo=UTC))
    folder.deliver(header_block("info@list.example"), NIGHT - timedelta(days=5))
    folder.deliver(b"List-Id: <a.example>\r\n" + header_block("bo@mail.example"), NIGHT)
    folder.deliver(header_block("eve@mail.example", to="info@harbour.example"), NIGHT)
    folder.deliver(header_block("kim@mail.example"), None)
    return folder


async def test_once_per_person_and_closed_period(folder: FakeFolder) -> None:
    """In the order of arrival the first message of a period is answered, later ones are not, whatever their UIDs."""
    report = await judged(folder)
    toms = [record for record in report.records if record.sender == "tom@mail.example"]
    assert [(record.uid, record.rule) for record in toms] == [(2, "out-of-hours"), (1, "already-answered")]
    assert report.replies_by_person() == {"tom@mail.example": 1, "ann@town.example": 1, "info@list.example": 1}


async def test_counts(folder: FakeFolder) -> None:
    """What the screen sums up."""
    report = await judged(folder)
    assert len(report.records) == 8
    assert report.came_while_closed == 6
    assert report.skipped_by_rule() == {"already-answered": 1, "mailing-list": 1, "not-addressed": 1}
    assert [record.sender for record in report.maybe_people] == ["kim@mail.example", "eve@mail.example"]


async def test_the_same_message_twice_is_answered_once() -> None:
    """A message that stands in the folder twice (an import) counts once, in another closed period too."""
    folder = FakeFolder(Clock())
    for days in (0, 7):
        folder.deliver(header_block(message_id="same@x.example"), NIGHT - timedelta(days=days))
    report = await judged(folder)
    assert [record.rule for record in report.records] == ["out-of-hours", "already-answered"]


@pytest.mark.parametrize(
    ("window", "uids"),
    [
        (Window(since=date(2026, 11, 22)), [8, 2, 1, 6, 7]),
        (Window(until=date(2026, 11, 19)), [8, 5, 3, 4]),
        (Window(since=date(2026, 11, 19), until=date(2026, 11, 19)), [8, 3, 4]),
        (Window(last=2), [8, 7]),
    ],
    ids=["since", "until is inclusive", "one day", "last"],
)
async def test_window(folder: FakeFolder, window: Window, uids: list[int]) -> None:
    """Days are the practice's; a message without a time of arrival is always shown."""
    report = await judged(folder, window)
    assert [record.uid for record in report.records] == uids


async def test_without_uidvalidity(folder: FakeFolder) -> None:
    """Nothing is remembered, so a folder without UIDVALIDITY can be looked at."""
    folder.hides_uid_validity = True
    assert len((await judged(folder)).records) == 8


async def test_closed_whatever_happens(folder: FakeFolder) -> None:
    """The connection is closed after a failure, too, and the failure is told."""
    folder.faults = [TransientError("IMAP", "gone")]
    with pytest.raises(TransientError):
        await judged(folder)
    assert folder.closed == 1


@pytest.mark.parametrize("busy", [False, True], ids=["a quick one", "a slow one"])
async def test_two_judges_share_the_batches(busy: bool) -> None:
    """Whatever is too much for the judge elsewhere is judged here, and nothing is lost or judged twice."""
    way = pipeline()
    elsewhere: list[int] = []
    free = asyncio.Event()
    batches = [[FetchedMessage(MessageKey(MAILBOX, FOLDER, UidValidity(7), Uid(n)), NIGHT, b"")] for n in range(1, 8)]

    async def judge(batch: list[FetchedMessage]) -> list[Record]:
        elsewhere.extend(fetched.key.uid for fetched in batch)
        if busy:
            await free.wait()
        return [record_of(way.judge(fetched, now=None)) for fetched in batch]

    async def reading() -> AsyncIterator[list[FetchedMessage]]:
        for batch in batches:
            yield batch
            await asyncio.sleep(0)
        free.set()

    structures = Structures(cast("Mailbox", FakeFolder(Clock())), way)
    records = [record async for found in _judged(reading(), structures, judge) for record in found]
    assert sorted(record.uid for record in records) == list(range(1, 8))
    assert len(elsewhere) == (MAX_PENDING if busy else 7)


async def test_the_structure_is_asked_of_candidates_alone_and_at_once() -> None:
    """Of a chunk's messages in parts that would be answered; an invitation is then listed."""
    folder = FakeFolder(Clock())
    parts = b"Content-Type: multipart/alternative; boundary=x\r\n"
    letter = folder.deliver(parts + header_block("ann@mail.example"), NIGHT)
    invitation = folder.deliver(parts + header_block("boss@mail.example"), NIGHT)
    unknown = folder.deliver(parts + header_block("kim@mail.example"), NIGHT)
    folder.deliver(header_block("bo@mail.example"), NIGHT)
    folder.deliver(b"List-Id: <a.example>\r\n" + parts + header_block("list@mail.example"), NIGHT)
    folder.parts = {letter: LETTER, invitation: INVITATION}
    report = await judged(folder)

    assert folder.structures_asked == [letter, invitation, unknown]
    assert report.structures == report.as_json()["structures"] == 3
    assert (report.as_json()["decision"], report.as_json()["messages"]) == ("summary", 5)
    assert {record.uid: record.rule for record in report.records if record.uid in {letter, invitation, unknown}} == {
        letter: "out-of-hours",
        invitation: "calendar",
        unknown: "out-of-hours",
    }
