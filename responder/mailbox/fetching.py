"""Headers of many messages, past whatever one of them breaks.

A message that the server cannot deliver, or delivers in a shape that nobody can read, must neither lose the others of
its batch nor stop everything behind it: the batch is split until the one is alone, and after three tries it is handed
on without headers, so that it is listed and never answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Protocol

from responder.errors import TransientError
from responder.mailbox.faults import asked_to_wait, code_of, refused_command
from responder.mailbox.responses import Item, Reading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from responder.mailbox.connection import Answer
    from responder.model import Uid

log = logging.getLogger(__name__)

CHUNK = 500  # UIDs per command: the line stays under the 8 kB that RFC 7162 §4 advises, even without ranges
_SPLIT = 10  # a batch that ended the connection is asked for again in so many parts
_TRIES = 3  # per message
_LOSSES = 6  # connections that one fetch may cost: 500, 50, 5, and three times the one


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
    """

    def __init__(self, source: Source, where: str) -> None:
        self._source = source
        self._where = where
        self._losses = 0

    async def batches(self, uids: Sequence[Uid]) -> AsyncGenerator[list[Item]]:
        """Items in the order of the chunks; a message that is gone is absent.

        Raises:
            TransientError: the connection is lost and cannot be had again, or the server asks to be left alone.
        """
        chunks = deque(uids[start : start + CHUNK] for start in range(0, len(uids), CHUNK))
        ahead: asyncio.Task[list[Item]] | None = None
        try:
            while chunks or ahead is not None:
                current = ahead or asyncio.create_task(self._chunk(chunks.popleft()))
                ahead = None
                found = await current
                ahead = asyncio.create_task(self._chunk(chunks.popleft())) if chunks else None
                if found:
                    yield found
        finally:
            if ahead is not None:
                # its answer has to be read off the connection before anything else can be asked
                await asyncio.wait({ahead})
                if not ahead.cancelled():
                    ahead.exception()

    async def _chunk(self, uids: Sequence[Uid]) -> list[Item]:
        try:
            answer, reading = await self._source.ask(uids, headers=True)
        except TransientError as error:
            await self._recover(error)
            return await self._in_parts(uids)
        found = _believed(reading, uids)
        missing = [uid for uid in uids if uid not in found]
        if missing and not _says_gone(answer, reading):
            self._stop_if_asked(answer)
            for uid in missing:
                item = await self._one(uid)
                if item is not None:
                    found[uid] = item
        return [found[uid] for uid in uids if uid in found]

    async def _in_parts(self, uids: Sequence[Uid]) -> list[Item]:
        if len(uids) == 1:
            item = await self._one(uids[0], tries=_TRIES - 1)
            return [] if item is None else [item]
        step = -(-len(uids) // _SPLIT)
        parts = [await self._chunk(uids[start : start + step]) for start in range(0, len(uids), step)]
        return [item for part in parts for item in part]

    async def _one(self, uid: Uid, tries: int = _TRIES) -> Item | None:
        """One message by itself; None when it is gone."""
        for _ in range(tries):
            try:
                answer, reading = await self._source.ask([uid], headers=True)
            except TransientError as error:
                await self._recover(error)
                continue
            found = _believed(reading, [uid])
            if found:
                return found[uid]
            if _says_gone(answer, reading):
                return None
            self._stop_if_asked(answer)
        return await self._without_headers(uid)

    async def _without_headers(self, uid: Uid) -> Item | None:
        """What is left of an unreadable message. If the server refuses even that, the trouble is not the message's."""
        answer, reading = await self._source.ask([uid], headers=False)
        if not answer.is_ok:
            raise refused_command(self._where, answer.status, answer.text)
        found = next((item for item in reading.items if item.uid == uid), None)
        if found is None and not reading.unreadable:
            return None
        log.warning("%s: message UID %d cannot be read and gets no reply", self._where, uid)
        return (found or Item(uid, None))._replace(header_block=b"")

    async def _recover(self, error: TransientError) -> None:
        self._losses += 1
        if self._losses > _LOSSES or error.retry_after is not None:
            raise error
        await self._source.reconnect()

    def _stop_if_asked(self, answer: Answer) -> None:
        if not answer.is_ok and asked_to_wait(answer.text) is not None:
            raise refused_command(self._where, answer.status, answer.text)


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
