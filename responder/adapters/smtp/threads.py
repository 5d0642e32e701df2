"""Blocking work that may never return, in a thread that the end of the process does not wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """What the work returns or raises. When its caller gives up, the thread is left alone.

    A daemon thread: the threads of asyncio's own pool are waited for at the end of the process, and a silent resolver,
    a hanging mount or a password program would hold up a stop.
    """
    done: Future[T] = Future()
    threading.Thread(target=_settle, args=(work, done), daemon=True, name="submission").start()
    return await asyncio.wrap_future(done)


def _settle(work: Callable[[], T], done: Future[T]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - handed to the caller
        done.set_exception(error)
    else:
        done.set_result(result)
