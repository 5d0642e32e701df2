"""The file while the daemon runs: read again when it changes or on request, taken whole or not at all (promise 6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from responder.config import Config
from responder.core.errors import ConfigError
from responder.daemon.changes import differences
from responder.daemon.file_watch import FileWatch

logger = logging.getLogger(__name__)

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
        return f"the file is refused, the last good one holds: {first}{more}"

    async def run(self) -> None:
        """Look, and read, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._asked.wait()
            except TimeoutError:
                if not self._watch.changed(time.monotonic()):
                    continue
            await self._reload()

    async def _reload(self) -> None:
        self._asked.clear()
        self._begin()
        try:
            self._watch.take()
            config = await asyncio.to_thread(self._read)
            self._take_up(config)
        except ConfigError as error:
            self.refused = error.problems
            for problem in error.problems:
                logger.error("the new configuration is refused, the last good one stays", extra={"why": problem})  # noqa: TRY400 - the sentence says it all
        except Exception as error:
            # an error of ours must not end the following of the file: the next save is read as if nothing had been
            self.refused = (f"reading it failed by an error of ours ({type(error).__name__}); the log has more",)
            logger.exception("the new configuration cannot be read, the last good one stays")
        finally:
            self._end()

    def _take_up(self, config: Config) -> None:
        """Swap it whole, and say what is different."""
        changes = differences(self._config, config)
        self._apply(config)
        self._config = config
        self.refused = ()
        logger.info("the configuration was read again%s", "" if changes else "; it means the same")
        for change in changes:
            logger.info("changed: %s", change)
