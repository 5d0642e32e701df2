"""A mailbox to read from and to wait on: one folder, examined, on one connection."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from responder.adapters.imap.connect import connect_socket
from responder.adapters.imap.connection import Answer, Connection, Credentials, FolderState, Server
from responder.adapters.imap.errors import asked_to_wait, code_of, refused_command, rethrow
from responder.adapters.imap.fetch import Fetch, FetchMemory
from responder.adapters.imap.idle import IdleResult, IdleRound
from responder.adapters.imap.protocol import FETCH_ALLOWANCE, Transport
from responder.adapters.imap.responses import MAX_UID, Item, Reading, read_items, read_structures, uid_set
from responder.adapters.imap.threads import CommandPool
from responder.core.errors import TransientError
from responder.core.mail.headers import MAX_HEADER_OCTETS
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity

T = TypeVar("T")

_WINDOW = 20_000  # UIDs per command, so that an answer stays near a megabyte
_PART = f"<0.{MAX_HEADER_OCTETS + 1}>"  # of a header block; one octet more, so that a cut one is seen to be too large
_SPARSE = 4  # when fewer than one UID in 4 still exists, the next window is 4 times wider


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for what, in seconds.

    Attributes:
        connect: name look-up and TCP.
        login: resolving the password; then TLS, greeting and login together.
        command: one command with all of its answer.
        done: the answers to IDLE and to DONE.
        logout: a goodbye.
        idle_renew: length of one IDLE; NATs and providers forget longer silences, and RFC 2177 allows 29 minutes.
        poll_interval: between two NOOPs, where IDLE is not offered.
        gather: the least time between two announcements of news; the first is announced at once.
    """

    connect: float = 30.0
    login: float = 60.0
    command: float = 60.0
    done: float = 20.0
    logout: float = 2.0
    idle_renew: float = 300.0
    poll_interval: float = 60.0
    gather: float = 1.0


class Mailbox:
    """One IMAP folder, looked into without leaving a trace.

    Every method but ``close`` raises ``TransientError`` when the connection is lost, too slow or not there; the
    connection is then gone, and ``connect`` makes another. One command runs at a time; callers queue.

    Args:
        name: the mailbox in message keys.
        folder: as configured; EXAMINEd, never SELECTed.
        server: where and how.
        login: resolves the credentials; called in a thread for every login, since they may change.
        pool: threads shared by all mailboxes.
        header_names: which header fields ``fetch`` asks for.
        limits: deadlines and intervals.
        memory: which messages of this folder could not be read in earlier sessions; added to.
    """

    def __init__(
        self,
        name: str,
        folder: str,
        server: Server,
        login: Callable[[], Credentials],
        pool: CommandPool,
        header_names: Sequence[str],
        *,
        limits: Limits | None = None,
        memory: FetchMemory | None = None,
    ) -> None:
        self._name = name
        self._folder = folder
        self._server = server
        self._login = login
        self._pool = pool
        self._limits = limits or Limits()
        self._where = f"IMAP {server.host}:{server.port}"
        self._header_part = f"BODY.PEEK[HEADER.FIELDS ({' '.join(header_names).upper()})]"
        self._memory = memory or FetchMemory()
        self._parts_refused = False
        self._structures_refused = False
        self._connection: Connection | None = None
        self._state = FolderState(None, None, 0)
        self._turn = asyncio.Lock()
        self._idle_refused = False
        self._last_news = -self._limits.gather

    @property
    def state(self) -> FolderState:
        """The folder as it was when it was last examined."""
        return self._state

    @property
    def can_idle(self) -> bool:
        """Whether ``wait`` hears of new mail at once, instead of asking now and then."""
        return self._connection is not None and self._connection.can_idle and not self._idle_refused

    # -- the connection ------------------------------------------------------------------------------------------------

    async def connect(self) -> FolderState:
        """Connect, log in, and EXAMINE the folder. A connection that is still there is closed.

        Raises:
            AuthenticationError: the credentials were refused.
            PermanentError: no such folder; no TLS where it must be; a password that cannot be read.
        """
        await self.close()
        credentials = await self._credentials()
        sock = await connect_socket(self._server, self._pool, self._where, self._limits.connect)
        self._connection = Connection(Transport(sock), self._server, self._where, self._limits.command)
        self._idle_refused = self._parts_refused = False
        await self._run(lambda connection: connection.open(credentials), self._limits.login)
        return await self.examine()

    async def examine(self) -> FolderState:
        """EXAMINE again: fresh UIDVALIDITY, UIDNEXT and count."""
        self._state = await self._run(lambda connection: connection.examine(self._folder))
        return self._state

    async def close(self) -> None:
        """Log out if that is quickly done, and close. Raises nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if not self._turn.locked():
                with contextlib.suppress(TransientError, TimeoutError):
                    async with asyncio.timeout(self._limits.logout):
                        await self._in_thread(connection, Connection.log_out, self._limits.logout)
        finally:
            connection.transport.abort()

    async def _credentials(self) -> Credentials:
        def resolve() -> Credentials:
            try:
                return self._login()
            except Exception as error:  # noqa: BLE001 - a secret's command or file may fail in any way
                rethrow(error, self._where)

        return await self._in_pool(resolve, self._limits.login, lambda: None, "the password could not be had")

    async def _run(self, work: Callable[[Connection], T], seconds: float | None = None) -> T:
        """Run work on the connection, which does not survive a failure or cancellation."""
        async with self._turn:
            connection = self._connected()
            with self._dropped_on_failure(connection):
                return await self._in_thread(connection, work, seconds or self._limits.command)

    async def _in_thread(self, connection: Connection, work: Callable[[Connection], T], seconds: float) -> T:
        return await self._in_pool(partial(connection.guarded, work), seconds, connection.transport.abort, "no answer")

    async def _in_pool(self, work: Callable[[], T], seconds: float, abort: Callable[[], None], what: str) -> T:
        try:
            return await self._pool.run(work, deadline=seconds, abort=abort)
        except TimeoutError as error:
            raise TransientError(self._where, f"{what} within {seconds:g} s") from error
        except RuntimeError as error:
            raise TransientError(self._where, "the program is stopping") from error

    def _connected(self) -> Connection:
        if self._connection is None:
            raise TransientError(self._where, "not connected")
        return self._connection

    @contextlib.contextmanager
    def _dropped_on_failure(self, connection: Connection) -> Generator[None]:
        try:
            yield
        except BaseException:
            connection.transport.abort()
            if self._connection is connection:
                self._connection = None
            raise

    # -- reading -------------------------------------------------------------------------------------------------------

    async def received_times(self, first: Uid, last: Uid | None) -> list[tuple[Uid, datetime | None]]:
        """UID and INTERNALDATE of every message with a UID in ``[first, last]``, ascending.

        Args:
            first: lowest UID.
            last: highest UID; None to the end of the folder.
        """
        found: dict[Uid, datetime | None] = {}

        async def ask(window: str) -> Sequence[Uid]:
            answer, reading = await self._uid_fetch(window, "(UID INTERNALDATE)")
            self._must_be_ok(answer)
            for item in reading.items:
                found.setdefault(item.uid, item.received_at)
            for uid in reading.suspects:
                found.setdefault(uid, None)
            return [item.uid for item in reading.items]

        await self._over_windows(first, last, ask)
        return sorted((uid, at) for uid, at in found.items() if first <= uid <= (last or MAX_UID))

    async def _over_windows(self, first: Uid, last: Uid | None, ask: Callable[[str], Awaitable[Sequence[Uid]]]) -> None:
        """Ask window by window, so that no answer grows with the size of the folder."""
        low, width = int(first), _WINDOW
        end = MAX_UID if last is None else int(last)
        following = self._state.uid_next
        while low <= end:
            # n:* always names the last message, even below n (RFC 9051 §9, seq-range): the caller sorts it out
            if self._state.exists <= _WINDOW or following is None or low >= following:
                await ask(f"{low}:{'*' if last is None else end}")
                return
            high = min(low + width - 1, end, following - 1)
            seen = await ask(f"{low}:{high}")
            if len(seen) * _SPARSE < width:
                width *= _SPARSE
            low = high + 1

    async def fetch(self, uids: Sequence[Uid], uid_validity: UidValidity) -> AsyncIterator[list[FetchedMessage]]:
        """Headers of these messages, in batches of at most 500; the next one is on its way while the caller works.

        A message that is gone is absent. One that the server cannot deliver readably in three tries comes with an
        empty ``header_block`` (a delivered one holds at least its empty line), so that nothing is silently lost. A
        block larger than ``MAX_HEADER_OCTETS`` may be cut, and is still larger.

        Args:
            uids: ascending.
            uid_validity: goes into the keys; the folder's own must still be the same.
        """
        if self._state.uid_validity not in {None, uid_validity}:
            raise TransientError(self._where, "the folder got another UIDVALIDITY")
        self._memory.keep_for(uid_validity)
        walk = Fetch(_Source(self, self._where), self._where, self._memory)
        async with contextlib.aclosing(walk.batches(uids)) as batches:
            async for items in batches:
                yield [self._fetched(item, uid_validity) for item in items]

    async def structures(self, uids: Sequence[Uid]) -> dict[Uid, bytes]:
        """BODYSTRUCTURE of these messages, as far as the server gives it. No text is read.

        A server that refuses is not asked again; a message that cost a connection is not asked about again.

        Args:
            uids: ascending; at most one batch of ``fetch``.
        """
        wanted = [uid for uid in uids if uid not in self._memory.structures_in_doubt]
        if not wanted or self._structures_refused:
            return {}
        self._memory.structures_in_doubt.update(wanted)

        def work(connection: Connection) -> tuple[Answer, dict[Uid, bytes]]:
            items = "(UID BODYSTRUCTURE)"
            answer = connection.command("UID", "FETCH", uid_set(wanted), items, rows="FETCH", allowance=FETCH_ALLOWANCE)
            return answer, read_structures(answer.rows)

        answer, found = await self._run(work)
        self._structures_refused = not answer.is_ok
        self._memory.structures_in_doubt.difference_update(wanted)
        return found

    async def ask(self, uids: Sequence[Uid], *, headers: bool) -> tuple[Answer, Reading]:
        """One UID FETCH; for ``fetch``."""
        if not headers:
            return await self._uid_fetch(uid_set(uids), "(UID INTERNALDATE)")
        if self._parts_refused:
            return await self._ask_headers(uids, "")
        answer, reading = await self._ask_headers(uids, _PART)
        if not _may_be_the_part(answer):
            return answer, reading
        whole = await self._ask_headers(uids, "")
        self._parts_refused = whole[0].is_ok
        return whole if whole[0].is_ok else (answer, reading)

    async def _ask_headers(self, uids: Sequence[Uid], part: str) -> tuple[Answer, Reading]:
        items = f"(UID FLAGS INTERNALDATE {self._header_part}{part})"
        return await self._uid_fetch(uid_set(uids), items)

    async def _uid_fetch(self, uids: str, items: str) -> tuple[Answer, Reading]:
        def work(connection: Connection) -> tuple[Answer, Reading]:
            answer = connection.command("UID", "FETCH", uids, items, rows="FETCH", allowance=FETCH_ALLOWANCE)
            return answer, read_items(answer.rows)

        return await self._run(work)

    def _fetched(self, item: Item, uid_validity: UidValidity) -> FetchedMessage:
        key = MessageKey(self._name, self._folder, uid_validity, item.uid)
        return FetchedMessage(key, item.received_at, item.header_block or b"", item.flags)

    def _must_be_ok(self, answer: Answer) -> None:
        if not answer.is_ok:
            raise refused_command(self._where, answer.status, answer.text)

    # -- waiting -------------------------------------------------------------------------------------------------------

    async def wait(self, timeout: float, wake: asyncio.Event) -> bool:  # noqa: ASYNC109 - it is how long to watch
        """Wait for new mail.

        Args:
            timeout: seconds at most.
            wake: ends the wait when set.

        Returns:
            True when there may be new mail; at once for the first, gathered for what follows closely.
        """
        ends = time.monotonic() + timeout
        while True:
            connection = self._connected()
            if connection.has_news:
                await self._gather(wake)
                connection.has_news = False
                return True
            left = ends - time.monotonic()
            if left <= 0 or wake.is_set():
                return False
            if self.can_idle:
                await self._idle(min(left, self._limits.idle_renew), wake)
            else:
                await self._poll(min(left, self._limits.poll_interval), wake)

    async def _idle(self, seconds: float, wake: asyncio.Event) -> None:
        async with self._turn:
            connection = self._connected()
            with self._dropped_on_failure(connection):
                result = await IdleRound(connection, self._limits.done).listen(seconds, wake)
        if result is IdleResult.NEWS:
            connection.has_news = True
        elif result is IdleResult.REFUSED:
            # until the next login; a server that ends each IDLE at once would otherwise keep us busy
            self._idle_refused = True

    async def _poll(self, seconds: float, wake: asyncio.Event) -> None:
        await _pause(seconds, wake)
        if not wake.is_set():
            await self.noop()

    async def noop(self) -> None:
        """Ask whether there is news (``wait`` tells), and show that we are still here."""
        self._must_be_ok(await self._run(lambda connection: connection.command("NOOP")))

    async def _gather(self, wake: asyncio.Event) -> None:
        await _pause(self._last_news + self._limits.gather - time.monotonic(), wake)
        self._last_news = time.monotonic()


class _Source:
    """A mailbox as ``Fetch`` wants it: another connection must show the same folder."""

    def __init__(self, mailbox: Mailbox, where: str) -> None:
        self.ask = mailbox.ask
        self._mailbox = mailbox
        self._where = where
        self._uid_validity = mailbox.state.uid_validity

    async def reconnect(self) -> None:
        """Connect again, and make sure that UIDs still mean the same."""
        state = await self._mailbox.connect()
        if state.uid_validity != self._uid_validity:
            await self._mailbox.close()
            raise TransientError(self._where, "the folder got another UIDVALIDITY")


def _may_be_the_part(answer: Answer) -> bool:
    """Whether the server may have refused because it knows no partial FETCH."""
    return not answer.is_ok and code_of(answer.text) != "EXPUNGEISSUED" and asked_to_wait(answer.text) is None


async def _pause(seconds: float, wake: asyncio.Event) -> None:
    """Sleep, or less if woken."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0.0)):
            await wake.wait()
