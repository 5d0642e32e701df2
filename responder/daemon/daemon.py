"""The long-running process: mailboxes side by side, housekeeping, signals, reload, systemd.

Wall clock is read here and in ``cli`` only; everything below is handed ``clock``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from responder.adapters.imap import CommandPool, Lessons, Mailbox
from responder.adapters.ledger import KEEP_SETTLED, KEEP_TEXTS, Ledger
from responder.adapters.secrets import Login
from responder.adapters.smtp import Submitter
from responder.config import Config, HolidayConfig, MailboxConfig, pipeline_of
from responder.core.errors import LedgerError
from responder.core.hours.words import locale_for
from responder.core.rules.decide import HEADER_NAMES
from responder.daemon.control import server as control
from responder.daemon.control.never import never_handlers
from responder.daemon.control.sent import sent_handlers
from responder.daemon.control.server import ControlServer
from responder.daemon.logs import redact
from responder.daemon.reload import Reloader
from responder.daemon.systemd import Notifier
from responder.live import Alarm, MailboxService

logger = logging.getLogger(__name__)

STOP_WITHIN = 9.0
"""Seconds from SIGTERM to the end, whatever blocks (TimeoutStopSec is 30)."""

SUPERVISE_EVERY = 10.0
"""Seconds between two looks at the mailboxes' signs of life."""

SILENT_TOO_LONG = 900.0
"""Seconds without a sign of life after which a watching loop is stuck; its longest lawful wait is under 600."""

HEARTBEAT_EVERY = 60
"""Seconds between two runs of the housekeeping heartbeat; APScheduler can fall silent for good."""

POOL_THREADS_MIN, POOL_THREADS_MAX = 4, 32
"""Threads for IMAP commands: enough that a few stalled servers cannot hold up the others until their deadlines."""


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)  # noqa: TID251 - the daemon owns the clock


class Daemon:
    """Runs every mailbox of one configuration until a signal or ``stop``.

    Args:
        config: what to run.
        reload: reads the configuration again; raises ConfigError.
        state_directory: where the ledger lives.
        login_of: resolves one mailbox's credentials, anew at each login.
        environ: environment, for systemd's notification socket.
        ledger_key: the secret behind the ledger's hashes, when it is kept outside the state directory.
        show_addresses: whether log lines may name a mailbox by its address (a terminal) or by its number (a journal).
    """

    def __init__(
        self,
        config: Config,
        *,
        reload: Callable[[], Config],
        state_directory: Path,
        login_of: Callable[[MailboxConfig], Login],
        environ: Mapping[str, str],
        show_addresses: bool,
        ledger_key: bytes | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._config = config
        self._read_config = reload
        self._state_directory = state_directory
        self._login_of = login_of
        self._show_addresses = show_addresses
        self._clock = clock
        self._ledger_key = ledger_key
        self._notifier = Notifier(environ)
        self._stopping = asyncio.Event()
        self._services: dict[tuple[str, str], _Running] = {}
        self._reloader: Reloader | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._said_warnings: tuple[str, ...] = ()
        self._control = ControlServer(control.place(environ, state_directory))
        self._alarm = Alarm()
        self._releasing: asyncio.Task[None] | None = None
        self._over_rates: dict[str, int] = {}
        self._said_since: datetime | Literal["nothing"] | None = "nothing"
        self._ended: set[asyncio.Task[None]] = set()
        self._housekeeping_beat = time.monotonic()

    def stop(self) -> None:
        """Ask it to end; ``run`` returns within ``STOP_WITHIN`` seconds."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until stopped.

        Raises:
            LedgerError: the state directory cannot be used; nothing was started.
        """
        self._ledger = await Ledger.open(self._state_directory, key=self._ledger_key)
        for uid, state in await self._ledger.recover(self._clock()):
            logger.warning("a reply was cut off when the last process ended", extra={"uid": uid, "why": f"now {state}"})
        threads = min(max(POOL_THREADS_MIN, len(self._config.mailboxes)), POOL_THREADS_MAX)
        self._pool = CommandPool(threads)
        self._listen_to_signals()
        scheduler = self._housekeeping()
        try:
            self._say_warnings()
            self._apply(self._config)
            self._keep_up_with_the_file()
            never = never_handlers(self._ledger, self._clock)
            await self._control.start({**never, **sent_handlers(self._ledger, lambda: self._config, at_work=True)})
            self._notifier.ready(self.status())
            await self._supervise()
        finally:
            self._notifier.stopping()
            if self._reloading is not None:
                self._reloading.cancel()
            scheduler.shutdown(wait=False)
            self._control.close()
            await self._end_all()
            self._pool.close()
            await self._ledger.close()
            logger.info("stopped")

    def status(self) -> str:
        """One line: how many are watched, what was sent, what is wrong, whether it is closed and until when."""
        services = [running.service for running in self._services.values()]
        watching = sum(service.health.watching for service in services)
        sent = sum(service.health.done["sent"] for service in services)
        troubles = [f"{s.label}: {s.health.trouble}" for s in services if s.health.trouble is not None]
        refused = self._reloader.status if self._reloader is not None else None
        if refused is not None:
            troubles.append(refused if self._show_addresses else redact(refused))
        if self._config.refusals:
            troubles.append(f"replies go out without what the file asks for: {len(self._config.refusals)}, see the log")
        if (uncompared := self._config.crisis_trouble(self._today())) is not None:
            troubles.append(uncompared)
        if (open_breaker := self._alarm.trouble(self._clock())) is not None:
            troubles.append(open_breaker)
        if self._over_rates:
            counts = ", ".join(f"{count} {rule}" for rule, count in self._over_rates.items())
            troubles.append(f"replies that wait for a rate: {counts}")
        parts = [f"watching {watching} of {len(services)} mailboxes", f"{sent} replies sent", *troubles]
        return "; ".join([*parts, self._state()])

    def _state(self) -> str:
        """Whether the practice is closed, and until when; a mailbox may have hours of its own."""
        now = self._clock()
        return self._config.schedule.state_in_words(now, locale_for(self._config.region), now)

    # -- mailboxes -----------------------------------------------------------------------------------------------------

    def _apply(self, config: Config) -> None:
        """Make what runs equal to what the file says; a mailbox whose connection did not change keeps it."""
        before, self._config = self._config, config
        wanted = {(box.name, box.folder): (number, box) for number, box in enumerate(config.mailboxes, 1)}
        for identity in [i for i in self._services if i not in wanted]:
            self._end(identity)
        for identity, (number, box) in wanted.items():
            running = self._services.get(identity)
            if running is not None and _same_connection(running.box, box):
                running.renumber(number, self._label(number, box))
                if running.box != box or (before.reply, before.rates) != (config.reply, config.rates):
                    running.box = box
                    running.service.pipeline = pipeline_of(config, box)
                    running.service.wake()
                continue
            if running is not None:
                self._end(identity)
            self._services[identity] = self._start(number, box)
        if before.rates != config.rates:
            self._releasing = asyncio.create_task(self._release_what_waits(), name="release")

    async def _release_what_waits(self) -> None:
        """Other rates hold now: ask them again about every reply that waits for the old ones."""
        try:
            await self._ledger.release(self._clock())
        except LedgerError as error:
            logger.warning("replies wait as long as under the old rates", extra={"why": str(error)})
        for running in self._services.values():
            running.service.wake()

    def _start(self, number: int, box: MailboxConfig) -> _Running:
        label = self._label(number, box)
        lessons = Lessons()
        sender = Submitter(label, box.smtp, lambda: self._login_of(box), box.address)
        service = MailboxService(
            label=label,
            mailbox=box.name,
            folder=box.folder,
            pipeline=pipeline_of(self._config, box),
            new_folder=lambda: Mailbox(
                box.name,
                box.folder,
                box.imap,
                lambda: self._login_of(box),
                self._pool,
                header_names=HEADER_NAMES,
                lessons=lessons,
            ),
            sender=sender,
            ledger=self._ledger,
            clock=self._clock,
            alarm=self._alarm,
        )
        return _Running(box, service, sender, number)

    def _label(self, number: int, box: MailboxConfig) -> str:
        return box.name if self._show_addresses else f"mailbox {number}"

    def _end(self, identity: tuple[str, str]) -> None:
        running = self._services.pop(identity)
        running.task.cancel()
        self._ended.add(running.task)
        running.task.add_done_callback(self._ended.discard)

    async def _end_all(self) -> None:
        for identity in list(self._services):
            self._end(identity)
        if self._ended:
            await asyncio.wait(self._ended, timeout=STOP_WITHIN - 1.0)

    # -- supervision ---------------------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Look after the mailboxes and tell systemd, until asked to stop."""
        interval = min(SUPERVISE_EVERY, self._notifier.watchdog_interval or SUPERVISE_EVERY)
        while not self._stopping.is_set():
            self._revive()
            self._say_state()
            self._notifier.status(self.status())
            if self._alive():
                self._notifier.watchdog()
            try:
                async with asyncio.timeout(interval):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def _revive(self) -> None:
        """Start anew whatever watching ended by an error of ours or has been silent for too long."""
        for identity, running in list(self._services.items()):
            silent = time.monotonic() - running.service.health.beat
            if not running.task.done() and silent < SILENT_TOO_LONG:
                continue
            why = "it ended" if running.task.done() else f"no sign of life for {silent:.0f} s"
            logger.error("watching is started anew", extra={"mailbox": running.service.label, "why": why})
            self._end(identity)
            self._services[identity] = self._start(running.number, running.box)
        if self._reloading is not None and self._reloading.done():
            logger.error("looking at the file ended; it is started anew", exc_info=_error_of(self._reloading))
            self._keep_up_with_the_file()
        if time.monotonic() - self._housekeeping_beat > 3 * HEARTBEAT_EVERY:
            logger.error("housekeeping fell silent; waking it")
            self._housekeeping_beat = time.monotonic()
            self._scheduler.wakeup()

    def _alive(self) -> bool:
        """Whether systemd may believe us: the loop runs (we are here) and what was ended does end."""
        return len(self._ended) <= len(self._services) + 1

    # -- housekeeping --------------------------------------------------------------------------------------------------

    def _housekeeping(self) -> AsyncIOScheduler:
        defaults = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._scheduler.add_job(self._heartbeat, "interval", seconds=HEARTBEAT_EVERY)
        self._scheduler.add_job(self._prune, "interval", hours=24, next_run_time=self._clock() + timedelta(minutes=10))
        self._scheduler.add_job(self._move_on, "interval", hours=24)
        self._scheduler.start()
        return self._scheduler

    async def _heartbeat(self) -> None:
        self._housekeeping_beat = time.monotonic()
        with contextlib.suppress(LedgerError):  # the replies themselves tell of it
            self._over_rates = await self._ledger.waiting()

    async def _move_on(self) -> None:
        """Public holidays and calendars are worked out for the years around now: once a day, anew.

        What is wrong is said again: a comparison of the crisis lines grows old while nothing else changes.
        """
        if self._config.holidays != HolidayConfig():
            self.reload()
        else:
            self._say_warnings()

    async def _prune(self) -> None:
        async with asyncio.timeout(60):
            now = self._clock()
            count = await self._ledger.prune(now - KEEP_SETTLED, texts_before=now - KEEP_TEXTS)
        if count:
            logger.info("forgot what was settled long ago", extra={"count": count})

    # -- signals and reload --------------------------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)

    def reload(self) -> None:
        """Read the file again, changed or not; a bad one is refused with its reasons and the last good one stays."""
        if self._reloader is not None:
            self._reloader.ask()

    def _keep_up_with_the_file(self) -> None:
        self._reloader = Reloader(
            self._config,
            read=self._read_config,
            apply=self._take_up,
            begin=self._notifier.reloading,
            end=lambda: self._notifier.ready(self.status()),
        )
        self._reloading = asyncio.create_task(self._reloader.run(), name="reload")

    def _take_up(self, config: Config) -> None:
        self._apply(config)
        self._say_warnings()
        self._say_state()

    def _say_state(self) -> None:
        """One line whenever it opens or closes, and when an edit changes that."""
        since = self._config.schedule.last_change(self._clock())
        if since != self._said_since:
            self._said_since = since
            logger.info(self._state())

    def _say_warnings(self) -> None:
        """Each once, until it was mended in between; what is refused each time: a way to help is missing."""
        for refusal in self._config.refusals:
            logger.error("the file asks for what no reply may show, which goes out without it", extra={"why": refusal})
        warnings = (*self._config.warnings, *self._config.crisis_warnings(self._today()))
        for warning in warnings:
            if warning not in self._said_warnings:
                logger.warning(warning)
        self._said_warnings = warnings

    def _today(self) -> date:
        return self._clock().astimezone(self._config.zone).date()


class _Running:
    """One mailbox's service and the task it runs in."""

    def __init__(self, box: MailboxConfig, service: MailboxService, sender: Submitter, number: int) -> None:
        self.box = box
        self.service = service
        self.sender = sender
        self.number = number
        self.task = asyncio.create_task(service.run(), name=f"watch {service.label}")

    def renumber(self, number: int, label: str) -> None:
        """It stands elsewhere in the file now; log lines name it by its place there."""
        self.number = number
        self.service.label = self.sender.name = label


def _error_of(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _same_connection(old: MailboxConfig, new: MailboxConfig) -> bool:
    return (old.imap, old.smtp, old.username, old.password, old.address) == (
        new.imap,
        new.smtp,
        new.username,
        new.password,
        new.address,
    )
