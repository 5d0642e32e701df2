"""Threads for blocking IMAP commands: few, each command with a deadline, none held while a mailbox idles."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

Resolved = tuple[socket.AddressFamily, tuple[Any, ...]]
"""An address family and the address to connect to."""

_RESOLVERS = 4  # name look-ups at once at most: a dead resolver holds each for half a minute
_ABORT_GRACE = 2.0  # seconds for a thread to notice that its socket is gone; it takes milliseconds


class CommandPool:
    """Runs blocking work for all mailboxes of the process.

    A command's deadline counts from when a thread takes it up. On deadline or cancellation its ``abort`` is called,
    which must make the work return (for a connection: shut its socket down), so that the thread comes free.

    Args:
        threads: how many commands run at once.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="imap")
        self._free = asyncio.Semaphore(threads)
        self._resolvers = asyncio.Semaphore(_RESOLVERS)

    async def run(self, work: Callable[[], T], *, deadline: float, abort: Callable[[], None]) -> T:
        """Run the work in a thread.

        Args:
            work: raises none but this package's own errors.
            deadline: seconds.
            abort: called from the event loop, at most once.

        Raises:
            TimeoutError: the deadline passed; the work was aborted.
            RuntimeError: the pool is closed.
        """
        await self._free.acquire()
        try:
            future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        except BaseException:
            self._free.release()
            raise
        # A thread counts as busy until it really ends, even when its caller waits no more.
        future.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(deadline):
                return await asyncio.shield(future)
        finally:
            if not future.done():
                abort()
                await asyncio.wait({future}, timeout=_ABORT_GRACE)

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self._free.release()
        if not future.cancelled():
            future.exception()  # has been seen, even if nobody waits any more

    async def resolve(self, host: str, port: int) -> list[Resolved]:
        """Look a host up, without ever holding a command's thread: ``getaddrinfo`` knows no deadline.

        Raises:
            OSError: the name is unknown or the resolver silent.
        """
        await self._resolvers.acquire()
        loop = asyncio.get_running_loop()
        found: Future[list[Resolved]] = Future()
        found.add_done_callback(lambda _: self._resolved(loop))
        # A daemon thread, so that a silent resolver cannot hold up the end of the process either.
        threading.Thread(target=_look_up, args=(host, port, found), daemon=True, name="imap-resolver").start()
        return await asyncio.wrap_future(found)

    def _resolved(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, and nobody waits any more
            loop.call_soon_threadsafe(self._resolvers.release)

    def close(self) -> None:
        """Take no more work. What runs ends by its deadline."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, found: Future[list[Resolved]]) -> None:
    if not found.set_running_or_notify_cancel():
        return
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found.set_result([(family, address) for family, _, _, _, address in rows])
    except Exception as error:  # noqa: BLE001 - handed to the caller
        found.set_exception(error)
