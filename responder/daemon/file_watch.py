"""Whether files changed, and their writing is finished. It polls, without a thread or inotify.

Looking at the name is what all ways of saving have in common: in place, by a new file under the old name, in two steps,
with a link that points elsewhere. It also sees what inotify does not, a change over the network or of a mount.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from responder.config import files
from responder.config.find import MAX_OCTETS

SETTLED_AFTER: Final = 0.4
"""Seconds that a change has to stand unchanged: an editor that writes in two steps is done by then."""

HALF_WRITTEN: Final = 5.0
"""Seconds for a file that is gone or empty: that is seldom meant, and often the first of two steps."""

_NAMING: Final = ("template", "ca_file", "calendars")
"""Keys, in any table, whose values are names of files."""


class Stamp(NamedTuple):
    """What shows that a file is another one than before: the time of the last change cannot be turned back."""

    device: int
    inode: int
    octets: int
    modified_ns: int
    changed_ns: int


class FileWatch:
    """Tells when the file, or one that it names, has changed.

    Args:
        path: the file; what it names is looked up beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._named: tuple[Path, ...] = ()
        self._taken: dict[Path, Stamp | None] = {}
        self._seen: dict[Path, Stamp | None] = {}
        self._seen_at = 0.0

    def take(self) -> None:
        """What is there now is about to be read: only what changes from here on counts."""
        before = {self._path: _stamp(self._path)}
        self._named = tuple(_named(self._path, self._named))
        self._taken = self._stamps() | before

    def changed(self, now: float) -> bool:
        """Whether something changed since ``take``, and is settled.

        Args:
            now: monotonic seconds. Ask every half second or so.
        """
        stamps = self._stamps()
        if stamps == self._taken:
            self._seen = {}
            return False
        if stamps != self._seen:
            self._seen, self._seen_at = stamps, now
            return False
        own = stamps[self._path]
        return now - self._seen_at >= (SETTLED_AFTER if own and own.octets else HALF_WRITTEN)

    def _stamps(self) -> dict[Path, Stamp | None]:
        return {path: _stamp(path) for path in (self._path, *self._named)}


def _stamp(path: Path) -> Stamp | None:
    """None for what is not there, may not be looked at, or gives no answer."""
    try:
        found = files.look(path)
    except OSError:
        return None
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _named(path: Path, last: tuple[Path, ...]) -> Iterator[Path]:
    """The files that it names, wrong or not, since mending one may mend the whole; the last ones if it is no TOML."""
    try:
        raw = tomllib.loads(files.read(path, MAX_OCTETS).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        yield from last
        return
    for name in dict.fromkeys(_names(raw)):
        yield path.parent / name


def _names(raw: dict[str, Any]) -> Iterator[str]:
    waiting: list[tuple[str, Any]] = [("", raw)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):  # template = { en = "reply.txt" }
            waiting += [(key if key in _NAMING else inner_key, inner) for inner_key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in value]
        elif isinstance(value, str) and key in _NAMING and value and "\0" not in value:
            yield value
