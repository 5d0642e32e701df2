"""The files of a state directory: lock, key, and the database with its schema."""

from __future__ import annotations

import fcntl
import hmac
import os
import secrets
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Final

from responder.core.errors import LedgerError, LedgerLockedError

DATABASE: Final = "ledger.sqlite3"
KEY: Final = "ledger.key"
LOCK: Final = "ledger.lock"

KEY_OCTETS: Final = 32
APPLICATION_ID: Final = 0x41485244  # "AHRD": tells our file from any other SQLite database
BUSY_TIMEOUT: Final = timedelta(seconds=5)
"""For a backup tool that reads the file while it is opened; never waited for later."""

_CURES: Final = {
    "SQLITE_FULL": "Free some space on that disk; the responder goes on by itself.",
    "SQLITE_READONLY": "Make the directory writable for the responder.",
    "SQLITE_CANTOPEN": "Make the directory readable and writable for the responder.",
    "SQLITE_BUSY": "Another program holds the file open for writing: stop it.",
    "SQLITE_CORRUPT": f"Restore it from a backup; or remove {DATABASE} to start again: then nothing that is already "
    "in the mailboxes is answered, and who was answered is forgotten.",
    "SQLITE_NOTADB": f"Restore it from a backup; or remove {DATABASE} to start again with no memory.",
}


def translated(error: Exception, path: Path) -> Exception:
    """The disk's fault in our words, with what to do about it; any other error as it is."""
    if not isinstance(error, sqlite3.Error | OSError | OverflowError):
        return error
    name = str(getattr(error, "sqlite_errorname", ""))
    cure = next((cure for start, cure in _CURES.items() if name.startswith(start)), "Look at that disk and directory.")
    ours = LedgerError(f"{path}: {error}. {cure} Until then nothing is sent.")
    ours.__cause__ = error
    return ours


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def _lock(directory: Path) -> int:
    """Holds the directory until the descriptor is closed or the process ends; children do not inherit it."""
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise LedgerLockedError(
            f"Another responder is using the state directory {directory}: two would answer everyone twice. "
            "Stop the other one first, or give this one its own state directory."
        ) from error
    return descriptor


def _load_key(directory: Path) -> bytes:
    """Reads the key; makes one only where there is no database that would need the one that was lost."""
    path = directory / KEY
    if not path.exists():
        if (directory / DATABASE).exists():
            raise LedgerError(
                f"{path} is gone, and without it no one in {DATABASE} can be recognised: all would be answered again. "
                f"Restore it; or remove {DATABASE} too, to start again with no memory."
            )
        _create_key(path)
    key = path.read_bytes()
    if len(key) != KEY_OCTETS:
        raise LedgerError(f"{path} has {len(key)} octets instead of {KEY_OCTETS}. Restore it from a backup.")
    return key


def _create_key(path: Path) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write_private(fresh, secrets.token_bytes(KEY_OCTETS))
    fresh.rename(path)
    _sync_directory(path.parent)


_HERE: Final = resources.files("responder.adapters.ledger")

MIGRATIONS: tuple[str, ...] = tuple((_HERE / f"version_{number}.sql").read_text("utf-8") for number in range(1, 5))
"""Step *n* brings a database from version *n* to *n* + 1; the version is ``PRAGMA user_version``."""


def _migrate(db: sqlite3.Connection) -> None:
    """Brings the schema up to date, each step with its version in one transaction."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise LedgerError(
            f"The ledger has schema {version}, this responder knows {len(MIGRATIONS)}. Install the newer version again."
        )
    for number in range(version, len(MIGRATIONS)):
        db.executescript(f"BEGIN IMMEDIATE;\n{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")


def _connect(path: Path) -> sqlite3.Connection:
    """Opens what is there, never creates.

    EXCLUSIVE: once open, no other program can lock us out, and a full disk has no shared-memory file to hurt.
    """
    db = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT.total_seconds()
    )
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")  # what is pruned does not linger in free pages
    return db


def _check(db: sqlite3.Connection, path: Path, key: bytes) -> None:
    """Refuses what is damaged, not ours, or made with another key."""
    damage: str = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        raise LedgerError(f"{path} is damaged. {_CURES['SQLITE_CORRUPT']}")
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerError(f"{path} is not a responder's ledger. Move it away, or give the responder its own directory.")
    stored = db.execute("SELECT value FROM meta WHERE name = 'key-check'").fetchone()
    if stored is None or not hmac.compare_digest(stored[0], _key_check(key)):
        raise LedgerError(
            f"{path} was made with another key: no sender could be recognised, and all would be answered again. "
            f"Restore the {KEY} that belongs to it; or remove {DATABASE} and its key to start again with no memory."
        )


def _key_check(key: bytes) -> bytes:
    return hmac.digest(key, b"check", "sha256")


def _create_database(path: Path, key: bytes) -> None:
    """Builds it under another name: it gets its own when it is whole, so an empty file is damage, not a first start."""
    fresh = path.with_name(path.name + ".new")
    for stale in (path, fresh):  # the log of a database that was removed must not be replayed into this one
        for suffix in ("", "-wal", "-shm", "-journal"):
            stale.with_name(stale.name + suffix).unlink(missing_ok=True)
    _write_private(fresh, b"")
    with closing(_connect(fresh)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _migrate(db)
        db.execute("INSERT INTO meta VALUES ('key-check', ?)", (_key_check(key),))
    fresh.rename(path)
    _sync_directory(path.parent)


def _open_database(path: Path, key: bytes) -> sqlite3.Connection:
    if not path.exists():
        _create_database(path, key)
    path.chmod(0o600)
    db = _connect(path)
    try:
        _check(db, path, key)
        _migrate(db)
        db.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        db.close()
        raise
    return db


def _keep_others_out(directory: Path) -> None:
    """Nobody else may write where the key and the memory lie, or they decide who is answered.

    Raises:
        LedgerError: others may, and it is not ours to change.
    """
    status = directory.stat()
    if not status.st_mode & _OTHERS_WRITE:
        return
    if status.st_uid == os.geteuid():
        directory.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS_WRITE)
    elif status.st_uid != 0 or status.st_mode & stat.S_IWOTH:  # root may share a directory with our group
        raise LedgerError(
            f"The state directory {directory} belongs to somebody else, and others may write to it. Make it the user's "
            "that runs responder (chown, then chmod 700), or name another one."
        )


def open_directory(directory: Path, key: bytes | None) -> tuple[int, bytes, sqlite3.Connection]:
    """Locks a state directory and opens its database; gives the lock's descriptor, the key and the connection."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _keep_others_out(directory)
    lock = _lock(directory)
    try:
        key = _load_key(directory) if key is None else _checked_key(key)
        return lock, key, _open_database(directory / DATABASE, key)
    except BaseException:
        os.close(lock)
        raise


def _checked_key(key: bytes) -> bytes:
    if len(key) < KEY_OCTETS:
        raise LedgerError(
            f"The ledger's key has {len(key)} octets, at least {KEY_OCTETS} are needed. Make it of random octets."
        )
    return key
