"""What a live mailbox needs of its adapters: the behaviour, not the classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from responder.adapters.imap import FolderState
from responder.adapters.smtp import Mark
from responder.core.message import FetchedMessage, Uid, UidValidity
from responder.core.outcome import Outcome, OutgoingReply


class Folder(Protocol):
    """One EXAMINEd IMAP folder on one connection.

    Every method raises ``TransientError`` when the connection is lost or too slow, and is then of no further use but
    ``close``. None of them changes anything on the server.
    """

    async def connect(self) -> FolderState:
        """Log in and EXAMINE. Also raises AuthenticationError and PermanentError."""
        ...

    async def received_times(self, first: Uid, last: Uid | None) -> list[tuple[Uid, datetime | None]]:
        """UID and INTERNALDATE of everything in ``[first, last]``, ascending."""
        ...

    def fetch(self, uids: Sequence[Uid], uid_validity: UidValidity) -> AsyncIterator[list[FetchedMessage]]:
        """Headers, in batches; a UID that is gone is absent."""
        ...

    async def structures(self, uids: Sequence[Uid]) -> dict[Uid, bytes]:
        """BODYSTRUCTURE of these messages; what the server does not give is absent."""
        ...

    async def wait(self, timeout: float, wake: asyncio.Event) -> bool:  # noqa: ASYNC109 - it is how long to watch
        """Watch for new mail; True when there may be some. Returns early when ``wake`` is set."""
        ...

    async def close(self) -> None:
        """Never raises, never takes long."""
        ...


class Sender(Protocol):
    """A mailbox's way out."""

    async def send(self, reply: OutgoingReply, fallback: OutgoingReply | None, mark: Mark) -> Outcome:
        """Hand one reply over; every failure is an outcome, but LedgerError from ``mark``.

        Args:
            reply: what to send.
            fallback: the same reply written From the mailbox's own address, for servers that refuse an alias.
            mark: called before the final dot is written; what was sent without it can surely not arrive.
        """
        ...

    def paused_for(self) -> float:
        """Seconds for which the account is left alone; 0 when a reply may try now."""
        ...

    async def close(self) -> None:
        """Drop the connections."""
        ...
