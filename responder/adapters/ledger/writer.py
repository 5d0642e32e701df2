"""The one thread that touches the database; what waits together is committed together."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from responder.adapters.ledger.schema import translated
from responder.core.errors import LedgerError

T = TypeVar("T")

BATCH: Final = 200  # jobs in one transaction at most: a bound on what one failing commit makes run again


class Writer:
    """Runs each job in a transaction on the executor's single thread, in the order of submission.

    A job may run twice (when another one of its transaction fails), so it must do nothing but read and write the
    database. Its future is done only after the commit is on the disk.
    """

    def __init__(self, executor: ThreadPoolExecutor, db: sqlite3.Connection, path: Path) -> None:
        self._executor = executor
        self._db = db
        self._path = path
        self._jobs: deque[tuple[Callable[[], object], Future[Any]]] = deque()
        self._closed = False

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queues a job; its future raises `LedgerError` when the database did not take it, or is closed."""
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(LedgerError("The ledger is closed."))
            return future
        self._jobs.append((job, future))
        self._executor.submit(self._drain)
        return future

    def close(self) -> Future[None]:
        """Closes the database after all that was queued."""
        self._closed = True
        done = self._executor.submit(self._db.close)
        self._executor.shutdown(wait=False)
        return done

    def _drain(self) -> None:
        batch: list[tuple[Callable[[], object], Future[Any]]] = []
        while self._jobs and len(batch) < BATCH:
            batch.append(self._jobs.popleft())
        if batch:
            self._commit(batch)

    def _commit(self, batch: list[tuple[Callable[[], object], Future[Any]]]) -> None:
        try:
            results = self._together([job for job, _ in batch])
        except Exception as error:  # noqa: BLE001 - any of them belongs to a caller, who would wait for ever
            if len(batch) > 1:
                for entry in batch:  # each alone, so that only the one at fault fails
                    self._commit([entry])
            else:
                batch[0][1].set_exception(translated(error, self._path))
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)

    def _together(self, jobs: list[Callable[[], object]]) -> list[object]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            results = [job() for job in jobs]
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
            raise
        return results
