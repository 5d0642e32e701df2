"""A process that judges while this one reads: a large mailbox is shared by two cores."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Self

from responder.backtest.back_test import judged_here
from responder.backtest.record import Record
from responder.core.errors import TransientError
from responder.core.message import FetchedMessage
from responder.core.pipeline import Pipeline

JOIN_WITHIN = 5.0


class JudgeProcess:
    """Judges batches one after another, each message as of its own arrival.

    It is forked, and so has the pipeline as it is; make it before any thread is started. It ends when this process
    closes it or dies.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._ours, theirs, pipeline), daemon=True)
        self._process.start()
        theirs.close()
        self._exchanger = ThreadPoolExecutor(1, thread_name_prefix="judge")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._exchanger.shutdown(wait=False, cancel_futures=True)
        self._ours.close()
        self._process.join(JOIN_WITHIN)
        if self._process.is_alive():
            self._process.kill()

    async def __call__(self, batch: list[FetchedMessage]) -> list[Record]:
        """Judge one batch."""
        return await asyncio.get_running_loop().run_in_executor(self._exchanger, self._exchange, batch)

    def _exchange(self, batch: list[FetchedMessage]) -> list[Record]:
        try:
            self._ours.send(batch)
            records: list[Record] = self._ours.recv()
        except (EOFError, OSError) as error:
            raise TransientError("the dry run", "the process that judges ended; run it again") from error
        return records


def _serve(parents: Connection, ours: Connection, pipeline: Pipeline) -> None:
    parents.close()
    # Ctrl-C at a terminal reaches both processes; the other one says what is to be said
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            batch: list[FetchedMessage] = ours.recv()
        except EOFError:
            return
        ours.send(judged_here(pipeline, batch))
