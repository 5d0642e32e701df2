"""What calendars take, kept on disk: when one is broken at a start, it counts as it last was good.

Only times are kept. What the events are called is the business of whoever wrote them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from responder.adapters.calendars.ics import Taken
from responder.config import files
from responder.core.hours.schedule import Closure

_MOST: Final = 4_000_000
"""Octets: the most events that are worked out have half as many."""


class KeptTimes:
    """One file for each calendar, named by a digest of the calendar's path; written only if ``writes``."""

    def __init__(self, directory: Path, *, writes: bool) -> None:
        self._directory = directory
        self._writes = writes
        self._written: dict[Path, tuple[Closure, ...]] = {}

    def last(self, path: Path) -> Taken | None:
        """What a calendar took when it last was good; None when that is not known."""
        try:
            rows = json.loads(files.read(self._place(path), _MOST))
            times = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in rows]
            if any(start.tzinfo is None or end.tzinfo is None or end <= start for start, end in times):
                return None
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return Taken(tuple(Closure(start, end, f"an event in {path.name}") for start, end in times), ())

    def keep(self, taken: Mapping[Path, Sequence[Closure]], named: Sequence[Path]) -> None:
        """Write what changed, and forget calendars that are not named any more; a full disk costs only the copy."""
        if not self._writes:
            return
        with contextlib.suppress(OSError):
            for path, events in taken.items():
                if self._written.get(path) != tuple(events):
                    times = [(e.start.isoformat(), e.end.isoformat()) for e in events if e.end is not None]
                    files.write_private(self._place(path), json.dumps(times).encode())
                    self._written[path] = tuple(events)
            places = {self._place(path) for path in named}
            for other in self._directory.glob("*.json"):
                if other not in places:
                    other.unlink()

    def _place(self, path: Path) -> Path:
        digest = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()
        return self._directory / f"{digest[:32]}.json"
