"""The mailboxes that run, side by side: started, ended and changed as the file says, restarted when they are stuck."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from responder.adapters.events import Event, log
from responder.adapters.imap import CommandPool, FetchMemory, Mailbox
from responder.adapters.ledger import Ledger
from responder.adapters.secrets import Login
from responder.adapters.smtp import Submitter
from responder.config import Config, MailboxConfig, pipeline_of
from responder.core.errors import LedgerError
from responder.core.rules.decide import HEADER_NAMES
from responder.live import BreakerState, MailboxService

SILENT_TOO_LONG: Final = 900.0
"""Seconds without a sign of life after which a watching loop is stuck; its longest lawful wait is under 600."""

Identity = tuple[str, str]
"""A mailbox's name and its folder."""


class Running:
    """One mailbox's service and the task it runs in."""

    def __init__(self, box: MailboxConfig, service: MailboxService, sender: Submitter, number: int) -> None:
        self.box = box
        self.service = service
        self.sender = sender
        self.number = number
        self.task = asyncio.create_task(service.run(), name=f"watch {service.label}")

    def renumber(self, number: int, label: str) -> None:
        """Its place in the file is another one now; log lines name it by its place."""
        self.number = number
        self.service.label = self.sender.name = label


class Supervisor:
    """Runs one service for each mailbox of the configuration.

    Args:
        ledger: shared by all.
        pool: threads for IMAP commands.
        login_of: resolves one mailbox's credentials at each login.
        breaker: shared by all.
        clock: the present, aware.
        show_addresses: whether log lines may name a mailbox by its address.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        pool: CommandPool,
        login_of: Callable[[MailboxConfig], Login],
        breaker: BreakerState,
        clock: Callable[[], datetime],
        show_addresses: bool,
    ) -> None:
        self.running: dict[Identity, Running] = {}
        self._ledger = ledger
        self._pool = pool
        self._login_of = login_of
        self._breaker = breaker
        self._clock = clock
        self._show_addresses = show_addresses
        self._config: Config | None = None
        self._ended: set[asyncio.Task[None]] = set()
        self._releasing: asyncio.Task[None] | None = None

    @property
    def services(self) -> list[MailboxService]:
        """Those that run, in the order in which they were started."""
        return [running.service for running in self.running.values()]

    @property
    def is_alive(self) -> bool:
        """Whether what was ended does end."""
        return len(self._ended) <= len(self.running) + 1

    def apply(self, config: Config) -> None:
        """Make what runs equal to what the file says; a mailbox whose connection did not change keeps it."""
        before, self._config = self._config or config, config
        wanted = {(box.name, box.folder): (number, box) for number, box in enumerate(config.mailboxes, 1)}
        for identity in [i for i in self.running if i not in wanted]:
            self._end(identity)
        for identity, (number, box) in wanted.items():
            running = self.running.get(identity)
            if running is not None and _same_connection(running.box, box):
                self._change(running, number, box, before)
                continue
            if running is not None:
                self._end(identity)
            self.running[identity] = self._start(number, box, config)
        if before.rates != config.rates:
            self._releasing = asyncio.create_task(self.release_waiting(), name="release")

    def _change(self, running: Running, number: int, box: MailboxConfig, before: Config) -> None:
        assert self._config is not None  # noqa: S101 - set by apply
        running.renumber(number, self._label(number, box))
        if running.box != box or (before.reply, before.rates) != (self._config.reply, self._config.rates):
            running.box = box
            running.service.pipeline = pipeline_of(self._config, box)
        # The secret may be another one though the file is the same: both servers are tried again at once.
        running.sender.reset()
        running.service.wake()

    async def release_waiting(self) -> None:
        """After an edit of the rates: ask the new ones about every reply that waits for the old ones."""
        try:
            await self._ledger.release(self._clock())
        except LedgerError as error:
            log(Event.RATES_KEPT, why=str(error))
        for service in self.services:
            service.wake()

    def _start(self, number: int, box: MailboxConfig, config: Config) -> Running:
        label = self._label(number, box)
        memory = FetchMemory()
        sender = Submitter(label, box.smtp, lambda: self._login_of(box), box.address)
        service = MailboxService(
            label=label,
            mailbox=box.name,
            folder=box.folder,
            pipeline=pipeline_of(config, box),
            new_folder=lambda: Mailbox(
                box.name,
                box.folder,
                box.imap,
                lambda: self._login_of(box),
                self._pool,
                header_names=HEADER_NAMES,
                memory=memory,
            ),
            sender=sender,
            ledger=self._ledger,
            clock=self._clock,
            breaker=self._breaker,
        )
        return Running(box, service, sender, number)

    def _label(self, number: int, box: MailboxConfig) -> str:
        return box.name if self._show_addresses else f"mailbox {number}"

    def restart_stuck(self) -> None:
        """Restart each mailbox whose task ended by a fault in the program, or has been silent for too long."""
        assert self._config is not None  # noqa: S101 - set by apply
        for identity, running in list(self.running.items()):
            silent = time.monotonic() - running.service.health.beat
            if not running.task.done() and silent < SILENT_TOO_LONG:
                continue
            why = "it ended" if running.task.done() else f"no sign of life for {silent:.0f} s"
            log(Event.RESTARTED, mailbox=running.service.label, why=why)
            self._end(identity)
            self.running[identity] = self._start(running.number, running.box, self._config)

    def _end(self, identity: Identity) -> None:
        running = self.running.pop(identity)
        running.task.cancel()
        self._ended.add(running.task)
        running.task.add_done_callback(self._ended.discard)

    async def end_all(self, timeout: float) -> None:  # noqa: ASYNC109 - it is how long a stop may take
        """End every mailbox, and wait at most ``timeout`` seconds for that."""
        for identity in list(self.running):
            self._end(identity)
        if self._ended:
            await asyncio.wait(self._ended, timeout=timeout)


def _same_connection(old: MailboxConfig, new: MailboxConfig) -> bool:
    return (old.imap, old.smtp, old.username, old.password, old.address) == (
        new.imap,
        new.smtp,
        new.username,
        new.password,
        new.address,
    )
