"""The file while the daemon runs: read again when it changes or on request, taken whole or not at all (promise 6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from responder.adapters.events import Event, log
from responder.config import Config, MailboxConfig
from responder.core.errors import ConfigError
from responder.daemon.file_watch import FileWatch

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at the file: a few microseconds each, and an edit counts within two seconds."""


class Reloader:
    """Keeps a configuration equal to its file.

    Args:
        config: what holds now.
        read: reads the file again; raises ConfigError. Runs in a thread: a large calendar takes a while.
        apply: makes what runs equal to a new configuration.
        begin: called when reading begins.
        end: called when it is over, however it ended.

    Attributes:
        refused: what is wrong with the file as it stands now, one line each; nothing while it is in force.
    """

    def __init__(
        self,
        config: Config,
        *,
        read: Callable[[], Config],
        apply: Callable[[Config], None],
        begin: Callable[[], None],
        end: Callable[[], None],
    ) -> None:
        self.refused: tuple[str, ...] = ()
        self._config = config
        self._read = read
        self._apply = apply
        self._begin = begin
        self._end = end
        self._watch = FileWatch(config.path)
        self._watch.take()
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Read it again soon, changed or not."""
        self._asked.set()

    @property
    def status(self) -> str | None:
        """For the status line: that the file is refused, and why; None while it is in force."""
        first, *others = self.refused or (None,)
        if first is None:
            return None
        more = f" (and {len(others)} more, see the log)" if others else ""
        return f"the file is refused, the last good one stays in force: {first}{more}"

    async def run(self) -> None:
        """Look, and read, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._asked.wait()
            except TimeoutError:
                # in a thread: a mount whose server is gone must not hold up the loop
                if not await asyncio.to_thread(self._watch.changed, time.monotonic()):
                    continue
            await self._reload()

    async def _reload(self) -> None:
        self._asked.clear()
        self._begin()
        try:
            await asyncio.to_thread(self._watch.take)
            config = await asyncio.to_thread(self._read)
            self._refuse_new_lines(config)
            self._take_up(config)
        except ConfigError as error:
            self.refused = error.problems
            for problem in error.problems:
                log(Event.REFUSED, why=problem)
        except Exception as error:  # noqa: BLE001 - a fault in the program must not end the following of the file
            self.refused = (f"reading it failed by a fault in the program ({type(error).__name__}), see the log",)
            log(Event.RELOAD_FAILED, error=error)
        finally:
            self._end()

    def _refuse_new_lines(self, config: Config) -> None:
        """A crisis line that must not be shown keeps an edit out; one that was there at the start only told then.

        Raises:
            ConfigError: there is one that is not in what holds now.
        """
        if new := tuple(each for each in config.refused_lines if each not in self._config.refused_lines):
            raise ConfigError(new)

    def _take_up(self, config: Config) -> None:
        """Swap it whole, and log which tables changed."""
        changed = changed_tables(self._config, config)
        self._apply(config)
        self._config = config
        self.refused = ()
        log(Event.RELOADED, changed=" ".join(changed) or "nothing")


Shared = Collection[tuple[str, str]]
"""Mailboxes, by name and folder, that are in both files: what another one brings is the news of ``[[mailbox]]``."""


def _boxes(config: Config, shared: Shared) -> list[MailboxConfig]:
    return [box for box in config.mailboxes if (box.name, box.folder) in shared]


def _account(box: MailboxConfig, config: Config) -> object:
    own_hours = None if box.schedule is config.schedule else box.schedule
    rules = replace(box.rules, served=frozenset())  # which addresses the others serve is their news
    return box.imap, box.smtp, box.username, box.password, box.folder, rules, own_hours


def _words(box: MailboxConfig) -> object:
    return box.reply.style, box.reply.own, box.reply.closures, box.reply.html, box.reply.allow_draft


_TABLES: Final[dict[str, Callable[[Config, Shared], object]]] = {
    "practice": lambda c, _: (c.practice_name, c.zone, c.region, c.languages),
    "hours": lambda c, _: c.schedule.weekly,
    "closure": lambda c, _: c.schedule.closures,
    "opening": lambda c, _: c.schedule.openings,
    "holidays": lambda c, _: (c.holidays, c.schedule.closed_dates, c.schedule.events),
    "crisis": lambda c, shared: (c.compared_on, [box.reply.help for box in _boxes(c, shared)]),
    "reply": lambda c, shared: (c.reply, [_words(box) for box in _boxes(c, shared)]),
    "rates": lambda c, _: c.rates,
    "mailbox": lambda c, _: [_account(box, c) for box in c.mailboxes],
}
"""Each table of the file, and what it became."""


def changed_tables(old: Config, new: Config) -> tuple[str, ...]:
    """Names of the tables of the file whose meaning changed, with what they name: calendars, templates."""
    shared = {(box.name, box.folder) for box in old.mailboxes} & {(box.name, box.folder) for box in new.mailboxes}
    return tuple(name for name, part in _TABLES.items() if part(old, shared) != part(new, shared))
