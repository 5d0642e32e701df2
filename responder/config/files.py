"""Reads files that somebody else named: regular ones only, a bounded part of each, and within seconds or not at all.

A named pipe, a device or a mount whose server is gone holds up the thread that opens it, in the kernel, where no signal
ends it. So every look is made in a thread of its own, and given up after some seconds.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")

PATIENCE: Final = 2.0
"""Seconds for one file: a disk that wakes up or a slow network has answered by then."""

_hanging: dict[Path, threading.Thread] = {}
"""Looks that were given up and have not ended. While one lasts, its file is not looked at again."""


class NotRegularError(OSError):
    """It is a pipe, a device, a socket or a directory: reading it may never end."""

    def __init__(self, mode: int) -> None:
        super().__init__(errno.EINVAL, "this is a directory" if stat.S_ISDIR(mode) else "this is not a plain file")


def read(path: Path, most: int) -> bytes:
    """At most ``most + 1`` octets of a regular file: one more than fits shows that it is too long.

    Raises:
        OSError: it cannot be read; ``strerror`` says why.
    """
    return _within_patience(path, lambda: _read(path, most))


def look(path: Path) -> os.stat_result:
    """What ``stat`` says of a file."""
    return _within_patience(path, path.stat)


def _read(path: Path, most: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(descriptor).st_mode  # of what is read, not of what the name means by now
        if not stat.S_ISREG(mode):
            raise NotRegularError(mode)
        return b"".join(_octets(descriptor, most + 1))
    finally:
        os.close(descriptor)


def _octets(descriptor: int, left: int) -> Iterator[bytes]:
    while left and (part := os.read(descriptor, left)):
        yield part
        left -= len(part)


def _within_patience(path: Path, act: Callable[[], _T]) -> _T:
    if path in _hanging and _hanging[path].is_alive():
        raise _hangs()
    _hanging.pop(path, None)
    found: list[_T] = []
    failed: list[OSError] = []

    def attempt() -> None:
        try:
            found.append(act())
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=attempt, name=f"read {path.name}", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if failed:
        raise failed[0]
    if not found:
        _hanging[path] = thread
        raise _hangs()
    return found[0]


def _hangs() -> OSError:
    return TimeoutError(errno.ETIMEDOUT, f"no answer within {PATIENCE:.0f} seconds (is its disk or server gone?)")


def write_private(path: Path, content: bytes) -> None:
    """Put a file in place, whole and durable, that only its owner may read; its directory is made as private."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    made = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
