"""Headers of many messages, past those that a server cannot deliver.

A message that the server cannot deliver, or delivers in a shape that nobody can read, must neither lose the others of
its batch nor stop everything behind it: the batch is split until the one is alone, and after three tries it is handed
on without headers, so that it is listed and never answered. What was learnt on the way outlives the session, since
enough of such messages end it before it is past them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from responder.adapters.events import Event, log
from responder.adapters.imap.connection import Answer
from responder.adapters.imap.errors import asked_to_wait, code_of, is_throttling, refused_command
from responder.adapters.imap.responses import Item, Reading
from responder.core.errors import ThrottledError, TransientError
from responder.core.message import Uid, UidValidity

CHUNK = 500  # UIDs per command: the line stays under the 8 kB that RFC 7162 §4 advises, even without ranges
_SPLIT = 10  # a batch that ended the connection is asked for again in this many parts
_TRIES = 3  # per message
_LOSSES = 6  # connections that one fetch may cost: 500, 50, 5, and three times the one
_OWN_TROUBLE = 60.0  # seconds; a server that asks for a longer wait means limits, not a message that it cannot read
_REMEMBERED = 1000  # messages; far more than any sane folder has, and still no burden


@dataclass(slots=True)
class FetchMemory:
    """Which messages of one folder went wrong when they were asked for alone, and how many can be had together.

    It outlives the sessions: each begins with what the last one learnt.

    Attributes:
        width: UIDs per command.
        structures_in_doubt: messages whose structure is being asked for, or was when a connection was lost.
    """

    width: int = field(default_factory=lambda: CHUNK)
    _uid_validity: UidValidity | None = None
    _failures: dict[Uid, int] = field(default_factory=dict)
    structures_in_doubt: set[Uid] = field(default_factory=set)

    def keep_for(self, uid_validity: UidValidity) -> None:
        """Forget everything if the folder's UIDs mean other messages now."""
        if uid_validity != self._uid_validity:
            self._uid_validity = uid_validity
            self._failures.clear()
            self.structures_in_doubt.clear()

    def __contains__(self, uid: Uid) -> bool:
        """Whether it went wrong before: it must not be asked for together with others."""
        return uid in self._failures

    def is_hopeless(self, uid: Uid) -> bool:
        """Whether it went wrong so often that its headers are not asked for again."""
        return self._failures.get(uid, 0) >= _TRIES

    def failed(self, uids: Sequence[Uid]) -> None:
        """One went wrong once more, or several together, of which each may be the one.

        What went wrong longest ago is forgotten when there are too many.
        """
        if len(uids) > 1:
            self.width = max(len(uids) // _SPLIT, 1)
            return
        self._failures[uids[0]] = self._failures.pop(uids[0], 0) + 1
        if len(self._failures) > _REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def worked(self, uids: Sequence[Uid]) -> None:
        """If one of them failed before, it was the network, or a mood."""
        for uid in uids if self._failures else ():
            self._failures.pop(uid, None)
        if len(uids) >= self.width:
            self.width = min(self.width * 2, CHUNK)


class Source(Protocol):
    """The session that headers come through."""

    async def ask(self, uids: Sequence[Uid], *, headers: bool) -> tuple[Answer, Reading]:
        """One UID FETCH. Raises TransientError when it cost the connection."""
        ...

    async def reconnect(self) -> None:
        """Another connection to the same folder, or an error."""
        ...


class Fetch:
    """One walk over UIDs.

    Args:
        source: asked for one chunk at a time; the next one while the caller is busy with the last.
        where: names the server in errors.
        memory: what earlier walks over this folder learnt; added to.
    """

    def __init__(self, source: Source, where: str, memory: FetchMemory) -> None:
        self._source = source
        self._where = where
        self._memory = memory
        self._losses = 0

    async def batches(self, uids: Sequence[Uid]) -> AsyncGenerator[list[Item]]:
        """Items in the order of the chunks; a message that is gone is absent.

        Raises:
            TransientError: the connection is lost and cannot be had again, or the server asks to be left alone.
        """
        chunks = self._chunks(uids)
        ahead = self._start_next(chunks)
        try:
            while ahead is not None:
                current, ahead = ahead, None
                found = await current
                ahead = self._start_next(chunks)
                if found:
                    yield found
        finally:
            if ahead is not None:
                # its answer has to be read off the connection before anything else can be asked
                await asyncio.wait({ahead})
                if not ahead.cancelled():
                    ahead.exception()

    def _chunks(self, uids: Sequence[Uid]) -> Iterator[Sequence[Uid]]:
        start = 0
        while start < len(uids):
            chunk = uids[start : start + self._memory.width]
            start += len(chunk)
            yield chunk

    def _start_next(self, chunks: Iterator[Sequence[Uid]]) -> asyncio.Task[list[Item]] | None:
        chunk = next(chunks, None)
        return None if chunk is None else asyncio.create_task(self._chunk(chunk))

    async def _chunk(self, uids: Sequence[Uid]) -> list[Item]:
        """Together what may be asked for together."""
        fine = [uid for uid in uids if uid not in self._memory]
        found = await self._together(fine) if fine else {}
        for uid in uids:
            if uid in self._memory and uid not in found:
                await self._add(uid, found)
        return [found[uid] for uid in uids if uid in found]

    async def _together(self, uids: Sequence[Uid]) -> dict[Uid, Item]:
        if len(uids) == 1:
            found: dict[Uid, Item] = {}
            await self._add(uids[0], found)
            return found
        try:
            answer, reading = await self._source.ask(uids, headers=True)
        except TransientError as error:
            await self._recover(uids, error)
            return await self._in_parts(uids)
        found = _believed(reading, uids)
        missing = [uid for uid in uids if uid not in found]
        if missing and not _says_gone(answer, reading):
            self._stop_if_asked(uids, answer)
            for uid in missing:
                await self._add(uid, found)
        else:
            self._memory.worked(uids)
        return found

    async def _in_parts(self, uids: Sequence[Uid]) -> dict[Uid, Item]:
        step = -(-len(uids) // _SPLIT)
        found: dict[Uid, Item] = {}
        for start in range(0, len(uids), step):
            found |= await self._together(uids[start : start + step])
        return found

    async def _add(self, uid: Uid, found: dict[Uid, Item]) -> None:
        item = await self._one(uid)
        if item is not None:
            found[uid] = item

    async def _one(self, uid: Uid) -> Item | None:
        """One message by itself; None when it is gone."""
        while not self._memory.is_hopeless(uid):
            try:
                answer, reading = await self._source.ask([uid], headers=True)
            except TransientError as error:
                await self._recover([uid], error)
                continue
            found = _believed(reading, [uid])
            if found or _says_gone(answer, reading) or code_of(answer.text) == "EXPUNGEISSUED":
                self._memory.worked([uid])
                return found.get(uid)
            self._stop_if_asked([uid], answer)
            self._memory.failed([uid])
        return await self._without_headers(uid)

    async def _without_headers(self, uid: Uid) -> Item | None:
        """What is left of an unreadable message. If the server refuses even that, the trouble is not the message's."""
        answer, reading = await self._source.ask([uid], headers=False)
        if not answer.is_ok:
            self._memory.worked([uid])
            raise refused_command(self._where, answer.status, answer.text)
        found = next((item for item in reading.items if item.uid == uid), None)
        if found is None and not reading.unreadable:
            return None
        log(Event.UNREADABLE, server=self._where, uid=uid)
        return (found or Item(uid, None))._replace(header_block=b"")

    async def _recover(self, uids: Sequence[Uid], error: TransientError) -> None:
        """Another connection after these cost one. The lesson is noted first: it must outlive what fails here."""
        if isinstance(error, ThrottledError) or _is_about_limits(error.retry_after):
            raise error
        self._memory.failed(uids)
        self._losses += 1
        if self._losses > _LOSSES:
            raise error
        await self._source.reconnect()

    def _stop_if_asked(self, uids: Sequence[Uid], answer: Answer) -> None:
        wait = None if answer.is_ok else asked_to_wait(answer.text)
        if wait is None:
            return
        if not _is_about_limits(wait) and not is_throttling(answer.text):
            self._memory.failed(uids)
        raise refused_command(self._where, answer.status, answer.text)


def _is_about_limits(wait: float | None) -> bool:
    """Whether the server's trouble is with us. Dovecot says "internal error" of one file that it may not open."""
    return wait is not None and wait > _OWN_TROUBLE


def _believed(reading: Reading, uids: Sequence[Uid]) -> dict[Uid, Item]:
    """Only what was asked for and carries a header block; the first of each."""
    asked = set(uids)
    found: dict[Uid, Item] = {}
    for item in reading.items:
        if item.uid in asked and item.header_block is not None:
            found.setdefault(item.uid, item)
    return found


def _says_gone(answer: Answer, reading: Reading) -> bool:
    """Whether what is missing was deleted meanwhile: an answer in good order that does not name it.

    Exchange says OK and nothing at all for a message that it cannot render; RFC 5530 has a code of its own.
    """
    hollow = any(item.header_block is None and item.received_at is not None for item in reading.items)
    return not reading.unreadable and not hollow and (answer.is_ok or code_of(answer.text) == "EXPUNGEISSUED")
