"""The back-test: what would have been answered, had this file been in force. Touches nothing, remembers nothing.

Every message still in the folder is judged at its own time of arrival. What belongs to the present (the flag of an
answered message, age, the ledger) is left out, and the once-only rule is played through in the order of arrival.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from responder.adapters.imap import Mailbox
from responder.backtest.record import JSON_KEYS, Record, record_of
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from responder.core.pipeline import Pipeline
from responder.core.rules.advice import Seen

Progress = Callable[[int, int], None]
"""Called with how many messages were looked at, and how many there are."""

Arrival = tuple[Uid, datetime | None]
"""A message and when the server received it."""

Judge = Callable[[list["FetchedMessage"]], Awaitable[list[Record]]]
"""Judges a batch of messages, each as of its own arrival."""

MAX_PENDING = 3
"""Batches that are judged elsewhere at a time."""

LATEST_MAIL = 100
"""Of which it is said what they carry."""

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Which messages to look at.

    Attributes:
        since: first day of arrival, in the practice's zone.
        until: last day of arrival, inclusive.
        last: only this many, the newest.
    """

    since: date | None = None
    until: date | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at, in the order of arrival.

    Attributes:
        structures: of how many messages the server was asked for the structure.
    """

    mailbox: str
    folder: str
    records: tuple[Record, ...] = field(repr=False)  # asyncio.run makes a repr of its result: a second per 100,000
    structures: int = 0

    @property
    def replies(self) -> tuple[Record, ...]:
        """What would have been answered."""
        return tuple(record for record in self.records if record.is_reply)

    @property
    def maybe_people(self) -> tuple[Record, ...]:
        """Silenced, but perhaps human: the owner should look."""
        return tuple(record for record in self.records if record.maybe_person)

    @property
    def seen(self) -> list[Seen]:
        """What the latest mail whose headers were read carries of findings and verdicts."""
        return [record.seen for record in self.records if record.seen is not None][-LATEST_MAIL:]

    def as_json(self) -> dict[str, str | int | None]:
        """The last line of ``--json``: the keys of a message, empty, and what was counted."""
        return {
            **dict.fromkeys(JSON_KEYS),
            "mailbox": self.mailbox,
            "folder": self.folder,
            "decision": "summary",
            "messages": len(self.records),
            "replies": len(self.replies),
            "maybe_people": len(self.maybe_people),
            "structures": self.structures,
            "verdicts": sum(one.verdict for one in self.seen),
            "findings": sum(one.finding is not None for one in self.seen),
        }

    @property
    def came_while_closed(self) -> int:
        """How many arrived in a closed period."""
        return sum(record.period is not None for record in self.records)

    def skipped_by_rule(self) -> Counter[str]:
        """How many of those that came while closed each rule silenced."""
        return Counter(r.rule for r in self.records if not r.is_reply and r.period is not None)

    def replies_by_person(self) -> Counter[str]:
        """How many replies each correspondent would have got."""
        return Counter(record.recipient.lower() for record in self.records if record.recipient is not None)


async def back_test(
    folder: Mailbox,
    pipeline: Pipeline,
    *,
    mailbox: str,
    folder_name: str,
    window: Window,
    progress: Progress,
    judge: Judge | None = None,
) -> Report:
    """Judge what is in the folder.

    Args:
        folder: unconnected; connected and closed here.
        pipeline: how to judge.
        mailbox: its identity.
        folder_name: as configured.
        window: which messages.
        progress: called with (messages judged, messages in all).
        judge: judges a batch by its headers, with the same pipeline, somewhere else; None for here.

    Raises:
        TransientError: the connection was lost; run it again.
        PermanentError: login or folder refused.
    """
    try:
        state = await folder.connect()
        times = _within(await folder.received_times(Uid(1), None), window, pipeline)
        # a folder without UIDVALIDITY can be read all the same: nothing is remembered here
        uid_validity = state.uid_validity or UidValidity(1)
        key_of = partial(MessageKey, mailbox, folder_name, uid_validity)
        records = _by_time(pipeline, times, key_of)
        progress(len(records), len(times))
        judged = {record.uid for record in records}
        wanted = [uid for uid, _ in times if uid not in judged]
        structures = Structures(folder, pipeline)
        async for found in _judged(folder.fetch(wanted, uid_validity), structures, judge):
            records += found
            progress(len(records), len(times))
    finally:
        await folder.close()
    records.sort(key=lambda record: (record.received_at or NEVER, record.uid))
    return Report(mailbox, folder_name, tuple(_once_only(records, pipeline)), structures.asked)


class Structures:
    """Judges once more, by the structure of their parts, what would be answered; a whole batch is asked for at once.

    Args:
        folder: connected.
        pipeline: how to judge.

    Attributes:
        asked: about how many messages.
    """

    def __init__(self, folder: Mailbox, pipeline: Pipeline) -> None:
        self.asked = 0
        self._folder = folder
        self._pipeline = pipeline

    async def judge(self, batch: list[FetchedMessage], judge: Judge | None) -> list[Record]:
        """Judge a batch: elsewhere, or here when there is no elsewhere."""
        records = await judge(batch) if judge is not None else judged_here(self._pipeline, batch)
        wanted = sorted(Uid(record.uid) for record in records if record.wants_structure)
        if not wanted:
            return records
        self.asked += len(wanted)
        found = await self._folder.structures(wanted)
        again = [replace(one, structure=found[one.key.uid]) for one in batch if one.key.uid in found]
        better = {record.uid: record for record in judged_here(self._pipeline, again)}
        return [better.get(record.uid, record) for record in records]


def judged_here(pipeline: Pipeline, batch: Sequence[FetchedMessage]) -> list[Record]:
    """Each message as of its own arrival."""
    found = []
    for fetched in batch:
        judgement = pipeline.judge(fetched, now=None)
        found.append(record_of(judgement, wants_structure=pipeline.wants_structure(judgement)))
    return found


async def _judged(
    batches: AsyncIterator[list[FetchedMessage]], structures: Structures, judge: Judge | None
) -> AsyncIterator[list[Record]]:
    """Judge batches while the next ones are read: elsewhere, and here what is too much for elsewhere."""
    pending: deque[asyncio.Future[list[Record]]] = deque()
    try:
        async for batch in batches:
            if judge is not None and len(pending) < MAX_PENDING:
                pending.append(asyncio.ensure_future(structures.judge(batch, judge)))
            else:
                yield await structures.judge(batch, None)
            while pending and pending[0].done():
                yield pending.popleft().result()
        while pending:
            yield await pending.popleft()
    finally:
        for future in pending:
            future.cancel()


def _by_time(pipeline: Pipeline, times: Sequence[Arrival], key_of: Callable[[Uid], MessageKey]) -> list[Record]:
    """What the time of arrival alone decides: nobody needs headers for it."""
    arrived = ((uid, at) for uid, at in times if at is not None)
    judgements = (pipeline.judge_by_time(key_of(uid), at) for uid, at in arrived)
    return [record_of(judgement) for judgement in judgements if judgement is not None]


def _within(times: Sequence[Arrival], window: Window, pipeline: Pipeline) -> Sequence[Arrival]:
    zone = pipeline.schedule.zone
    if window.since is not None:
        first = datetime.combine(window.since, datetime.min.time(), zone)
        times = [(uid, at) for uid, at in times if at is None or at >= first]
    if window.until is not None:
        end = datetime.combine(window.until + timedelta(days=1), datetime.min.time(), zone)
        times = [(uid, at) for uid, at in times if at is None or at < end]
    return times if window.last is None else times[-window.last :]


def _once_only(records: Sequence[Record], pipeline: Pipeline) -> list[Record]:
    """Play the once-only rule through: a second message of one person in one closed period is not answered."""
    answered_at: dict[str, datetime] = {}
    answered: set[tuple[str | None, str]] = set()
    played: list[Record] = []
    for record in records:
        if record.recipient is None or record.period is None or record.received_at is None:
            played.append(record)
            continue
        person = record.recipient.lower()
        enough_since = pipeline.answered_since(record.period, record.received_at)
        same = record.message_id is not None and (record.message_id, person) in answered
        if same or answered_at.get(person, NEVER) >= enough_since:
            why = "this person would have been answered already in this closed period"
            played.append(replace(record, recipient=None, rule="already-answered", why=why))
            continue
        answered_at[person] = record.received_at
        answered.add((record.message_id, person))
        played.append(record)
    return played
