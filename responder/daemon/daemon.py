"""The long-running process: start and stop, signals, reload, the status line. Mailboxes are in ``supervise``.

The wall clock is read here and in ``cli`` only; everything below gets ``clock``.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from responder.adapters.events import Event, log
from responder.adapters.imap import CommandPool
from responder.adapters.ledger import Ledger
from responder.adapters.secrets import Login
from responder.config import Config, HolidayConfig, MailboxConfig
from responder.config.standing import crisis_trouble, crisis_warnings
from responder.core.clock import CLOCK, in_words
from responder.core.errors import LedgerError
from responder.core.hours.words import locale_for
from responder.core.text import redact
from responder.daemon.control.never import never_handlers
from responder.daemon.control.protocol import socket_path
from responder.daemon.control.sent import sent_handlers
from responder.daemon.control.server import ControlServer
from responder.daemon.housekeeping import Housekeeping
from responder.daemon.reload import Reloader
from responder.daemon.supervise import Supervisor
from responder.daemon.systemd import Notifier
from responder.live import BreakerState, ClockSteps, MailboxService

STOP_WITHIN: Final = 9.0
"""Seconds from SIGTERM to the end, from every blocking state (TimeoutStopSec is 30)."""

SUPERVISE_EVERY: Final = 10.0
"""Seconds between two looks at the mailboxes' signs of life."""

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
        login_of: resolves one mailbox's credentials, at each login.
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
        self._reloader: Reloader | None = None
        self._reloading: asyncio.Task[None] | None = None
        self._warnings_logged: tuple[str, ...] = ()
        self._crisis_trouble: str | None = None
        self._control = ControlServer(socket_path(environ, state_directory))
        self._breaker = BreakerState()
        self._state_since: datetime | Literal["unknown"] | None = "unknown"
        self._supervisor: Supervisor | None = None
        self._steps = ClockSteps(clock)

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
            log(Event.INTERRUPTED, uid=uid, state=state)
        await self._ledger.reopen_from_ahead(self._clock())
        pool = CommandPool(min(max(POOL_THREADS_MIN, len(self._config.mailboxes)), POOL_THREADS_MAX))
        self._prepare(pool)
        self._listen_to_signals()
        self._housekeeping.start()
        try:
            self._log_warnings()
            self._mailboxes.apply(self._config)
            self._watch_file()
            never = never_handlers(self._ledger, self._clock)
            await self._control.start({**never, **sent_handlers(self._ledger, lambda: self._config, at_work=True)})
            self._notifier.ready(self.status())
            await self._supervise()
        finally:
            self._notifier.stopping()
            if self._reloading is not None:
                self._reloading.cancel()
            self._housekeeping.stop()
            self._control.close()
            await self._mailboxes.end_all(STOP_WITHIN - 1.0)
            pool.close()
            await self._ledger.close()
            log(Event.STOPPED)

    def _prepare(self, pool: CommandPool) -> None:
        """Make what needs the ledger; nothing runs yet."""
        self._housekeeping = Housekeeping(self._ledger, self._clock, self._once_a_day)
        self._supervisor = self._mailboxes = Supervisor(
            ledger=self._ledger,
            pool=pool,
            login_of=self._login_of,
            breaker=self._breaker,
            clock=self._clock,
            show_addresses=self._show_addresses,
        )

    # -- the status line -----------------------------------------------------------------------------------------------

    def status(self) -> str:
        """One line: how many are watched, what was sent, what is wrong, whether it is closed and until when."""
        services = self._supervisor.services if self._supervisor is not None else []
        watching = sum(service.health.watching for service in services)
        sent = sum(service.health.done["sent"] for service in services)
        found = [(service.label, trouble) for service in services for trouble in _troubles_of(service)]
        troubles = [f"{label}: {trouble}" for label, trouble in found]
        troubles += [f"{s.label} cannot send: {s.health.sending}" for s in services if s.health.sending is not None]
        parts = [f"watching {watching} of {len(services)} mailboxes", f"{sent} replies sent", *troubles]
        return " ".join(
            "; ".join([*parts, *self._troubles(), self._state()]).split()
        )  # a line end would end the status

    def _troubles(self) -> list[str]:
        """What is wrong with the file, the breaker or the rates."""
        found: list[str | None] = []
        refused = self._reloader.status if self._reloader is not None else None
        found.append(redact(refused) if refused is not None and not self._show_addresses else refused)
        if self._config.faults:
            first = str(self._config.faults[0])
            told = first if self._show_addresses else redact(first)
            found.append(f"parts of the configuration wrong: {len(self._config.faults)}, the first: {told}")
        if self._config.refusals:
            found.append(f"configured text refused: {len(self._config.refusals)}, see the log")
        found.append(self._crisis_trouble)
        found.append(self._breaker.trouble(self._clock()))
        if self._supervisor is not None:
            found += _waits(self._housekeeping.waiting)
        return [trouble for trouble in found if trouble is not None]

    def _state(self) -> str:
        """Whether the practice is closed, and until when; a mailbox may have hours of its own."""
        now = self._clock()
        return self._config.schedule.state_in_words(now, locale_for(self._config.region), now)

    # -- supervision ---------------------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """Look after the mailboxes and tell systemd, until asked to stop."""
        interval = min(SUPERVISE_EVERY, self._notifier.watchdog_interval or SUPERVISE_EVERY)
        while not self._stopping.is_set():
            self._restart()
            await self._follow_clock()
            self._log_state()
            self._notifier.status(self.status())
            if self._mailboxes.is_alive:
                self._notifier.watchdog()
            try:
                async with asyncio.timeout(interval):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def _restart(self) -> None:
        """Restart what ended by a fault in the program, or fell silent."""
        self._mailboxes.restart_stuck()
        if self._reloading is not None and self._reloading.done():
            log(Event.FILE_WATCH_RESTARTED, error=_error_of(self._reloading))
            self._watch_file()
        self._housekeeping.wake_if_silent()

    async def _follow_clock(self) -> None:
        """After a step of the wall clock: judge again what the old time silenced, and let nobody sleep by it."""
        step = self._steps.since_last()
        if not step:
            return
        try:
            count = await self._ledger.reopen_from_ahead(self._clock()) if step < timedelta(0) else 0
        except LedgerError as error:
            log(Event.LEDGER_FAILED, why=str(error))
            return
        self._steps.taken()
        log(Event.CLOCK_STEPPED, why=f"{'back' if step < timedelta(0) else 'forward'} by {in_words(step)}", count=count)
        self._housekeeping.reschedule()
        for service in self._mailboxes.services:
            service.wake()

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

    def _watch_file(self) -> None:
        self._reloader = Reloader(
            self._config,
            read=self._read_config,
            apply=self._apply,
            begin=self._notifier.reloading,
            end=lambda: self._notifier.ready(self.status()),
        )
        self._reloading = asyncio.create_task(self._reloader.run(), name="reload")

    def _apply(self, config: Config) -> None:
        self._config = config
        self._mailboxes.apply(config)
        self._log_warnings()
        self._log_state()

    def _once_a_day(self) -> None:
        """Work out public holidays and calendars for the years around now; log the warnings that time brings."""
        if self._config.holidays != HolidayConfig():
            self.reload()
        else:
            self._log_warnings()

    # -- what is logged ------------------------------------------------------------------------------------------------

    def _log_state(self) -> None:
        """One line whenever it opens or closes, and when an edit changes that."""
        now, schedule = self._clock(), self._config.schedule
        since = schedule.last_change(now)
        if since != self._state_since:
            self._state_since = since
            event = Event.OPEN if schedule.is_open(now) else Event.CLOSED
            log(event, until=schedule.next_change(now), why=self._state())

    def _log_warnings(self) -> None:
        """Each once, until it was corrected in between; what is refused each time: a way to help is missing."""
        for problem in self._config.faults:
            log(Event.PARTLY_WRONG, why=problem)
        for refusal in self._config.refusals:
            log(Event.WORDS_REFUSED, why=refusal)
        self._crisis_trouble = crisis_trouble(self._config, self._clock())
        warnings = (*self._config.warnings, *crisis_warnings(self._config, self._clock()))
        for warning in warnings:
            if warning not in self._warnings_logged:
                log(Event.CONFIG_WARNING, why=warning)
        self._warnings_logged = warnings


def _troubles_of(service: MailboxService) -> list[str]:
    return [trouble for trouble in (service.health.trouble, service.clock_trouble) if trouble is not None]


def _waits(waiting: Mapping[str, int]) -> Iterator[str]:
    """How many replies wait for each rate, and how many messages for the clock."""
    rates = [f"{count} {rule}" for rule, count in waiting.items() if rule != CLOCK]
    if rates:
        yield f"replies wait for a rate: {', '.join(rates)}"
    if CLOCK in waiting:
        yield f"messages from ahead of this machine's clock wait: {waiting[CLOCK]}; set the clock"


def _error_of(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()
