"""The file, replaced whole: tried first, written beside, moved into place; the old one stays as ``.bak``."""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from responder.config.edit.text import EditError
from responder.config.find import decode, read_bytes
from responder.core.errors import ConfigError, Told

BACKUP_SUFFIX: Final = ".bak"
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Original:
    """The file as it was read.

    Attributes:
        content: its bytes, to see whether anybody else changes them meanwhile.
        text: with plain line ends, without a byte order mark.
    """

    path: Path
    content: bytes
    text: str

    def encoded(self, text: str) -> bytes:
        """A new text in the old one's dress: its line ends, its byte order mark."""
        if self.content.count(b"\r\n") == self.content.count(b"\n") > 0:
            text = text.replace("\n", "\r\n")
        return (_MARK if self.content.startswith(_MARK) else b"") + text.encode()


def read(path: Path) -> Original:
    """The file as it is now.

    Raises:
        ConfigError: it cannot be read.
    """
    content = read_bytes(path)
    return Original(path, content, decode(path, content))


def difference(original: Original, text: str) -> str:
    """What changes, as a unified diff; empty when nothing does."""
    names = str(original.path), f"{original.path} (new)"
    lines = difflib.unified_diff(original.text.split("\n"), text.split("\n"), *names, n=2, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def try_out(original: Original, text: str, load: Callable[[Path], object]) -> None:
    """Read the new text as the daemon would, from beside the old one, since what it names is looked for there.

    Raises:
        ConfigError: it would be refused; with the problems, placed in the file that it would become.
        EditError: nothing can be written there.
    """
    with _beside(original.path, original.encoded(text)) as trial:
        try:
            load(trial)
        except ConfigError as error:
            names = str(trial), str(original.path)
            raise ConfigError(tuple(Told(line.code, line.replace(*names)) for line in error.problems)) from None


def replace(original: Original, text: str) -> Path:
    """Put the new text in the old one's place, whole or not at all; mode and owner stay.

    Returns:
        Where the old one is kept.

    Raises:
        EditError: it changed meanwhile, or nothing can be written there.
    """
    target = original.path.resolve()
    backup = target.with_name(target.name + BACKUP_SUFFIX)
    with _locked(target.parent):
        _refuse_if_changed(original)
        with (
            _beside(target, original.content, like=target) as copy,
            _beside(target, original.encoded(text), like=target) as new,
        ):
            copy.replace(backup)
            _refuse_if_changed(original)
            new.replace(target)
        _sync_directory(target.parent)
    return backup


def _refuse_if_changed(original: Original) -> None:
    if original.path.read_bytes() != original.content:
        raise EditError(f"{original.path} was changed by somebody else just now; nothing was written. Try again")


@contextlib.contextmanager
def _locked(directory: Path) -> Generator[None]:
    """One edit at a time; the lock goes with the process."""
    with _opened(directory) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _beside(path: Path, content: bytes, *, like: Path | None = None) -> Generator[Path]:
    """A file in the same directory, on the disk; gone afterwards unless it was moved."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise EditError(f"{path.parent} cannot be written to ({error.strerror}). Try again with sudo") from error
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if like is not None:
                _dress(file.fileno(), made, like)
            os.fsync(file.fileno())
        yield made
    except OSError as error:
        raise EditError(f"{path}: cannot be replaced: {error.strerror}. It is as it was") from error
    finally:
        made.unlink(missing_ok=True)


def _dress(descriptor: int, made: Path, like: Path) -> None:
    """The same mode, owner and access list as the old one, but the present as its time."""
    wanted, have = like.stat(), os.fstat(descriptor)
    if (wanted.st_uid, wanted.st_gid) != (have.st_uid, have.st_gid):
        try:
            os.fchown(descriptor, wanted.st_uid, wanted.st_gid)
        except PermissionError:
            raise EditError(f"{like} belongs to somebody else. Try again with sudo") from None
    shutil.copystat(like, made)
    os.utime(descriptor)


def _sync_directory(directory: Path) -> None:
    with _opened(directory) as descriptor:
        os.fsync(descriptor)


@contextlib.contextmanager
def _opened(directory: Path) -> Generator[int]:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise EditError(f"{directory} cannot be opened: {error.strerror}. Try again with sudo") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)
