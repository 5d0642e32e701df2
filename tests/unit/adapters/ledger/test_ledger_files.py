"""The ledger's files: what a start makes, refuses and repairs; a disk that is full; nothing private on it."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from responder.adapters.ledger import Claimed, Cursor, Ledger, State, schema
from responder.core.errors import LedgerError, LedgerLockedError
from responder.core.message import Uid, UidValidity
from responder.core.outcome import Deferred, Rejected, Unknown
from tests.unit.adapters.ledger import look
from tests.unit.adapters.ledger.test_ledger import (
    ACCEPTED,
    ANNA,
    HELLO,
    INBOX,
    NIGHT,
    answer,
    claim,
    key_of,
    receive,
    settle,
    states_of,
)

CANARY = "canary.7f3a@example.org"


def mode_of(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


async def made(directory: Path, *, key: bytes | None = None) -> Path:
    """A ledger with one reply sent, closed again; gives its schema."""
    ledger = await Ledger.open(directory, key=key)
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    await ledger.close()
    return directory / "ledger.sqlite3"


async def refused(directory: Path, *, key: bytes | None = None) -> str:
    """What a start says that must not succeed; it leaves the directory unlocked."""
    with pytest.raises(LedgerError) as refusal:
        await Ledger.open(directory, key=key)
    os.close(schema._lock(directory))
    return str(refusal.value)


# --- a start ---------------------------------------------------------------------------------------------------------


async def test_the_first_start_makes_private_files(tmp_path: Path) -> None:
    """Directory 0700, files 0600, whatever the umask; the write-ahead log, too."""
    directory = tmp_path / "var" / "state"
    before = os.umask(0)
    try:
        ledger = await Ledger.open(directory)
        await receive(ledger, key_of(1))
    finally:
        os.umask(before)
    assert mode_of(directory) == 0o700
    modes = {name: mode_of(directory / name) for name in names(directory)}
    assert modes == dict.fromkeys(["ledger.key", "ledger.lock", "ledger.sqlite3", "ledger.sqlite3-wal"], 0o600)
    assert (directory / "ledger.key").stat().st_size == 32
    await ledger.close()
    assert names(directory) == {"ledger.key", "ledger.lock", "ledger.sqlite3"}


async def test_a_later_start_finds_everything(tmp_path: Path) -> None:
    """Cursor, slot and key; and it closes what others could read."""
    path = await made(tmp_path)
    path.chmod(0o644)
    ledger = await Ledger.open(tmp_path)
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(1), NIGHT)
    assert mode_of(path) == 0o600
    await ledger.close()


async def test_every_commit_is_on_the_disk(tmp_path: Path) -> None:
    """Write-ahead log with a full sync: what the ledger answered for survives a power cut."""
    ledger = await Ledger.open(tmp_path)
    db = ledger._store.db
    pragma: Callable[[str], object] = lambda name: db.execute(f"PRAGMA {name}").fetchone()[0]  # noqa: E731 - two uses
    assert await ledger._run(lambda: (pragma("journal_mode"), pragma("synchronous"))) == ("wal", 2)
    await ledger.close()


async def test_a_second_ledger_on_one_directory_is_refused(tmp_path: Path) -> None:
    """In words that name the directory; when the first is closed, it may."""
    first = await Ledger.open(tmp_path)
    with pytest.raises(LedgerLockedError, match="Another responder is using the state directory") as refusal:
        await Ledger.open(tmp_path)
    assert str(tmp_path) in str(refusal.value)
    await first.close()
    second = await Ledger.open(tmp_path)
    await second.close()


async def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    """Closing twice is fine; asking afterwards is not answered."""
    ledger = await Ledger.open(tmp_path)
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        await ledger.waiting()


async def test_closing_finishes_what_was_begun(tmp_path: Path) -> None:
    """A call queued before is on the disk afterwards."""
    ledger = await Ledger.open(tmp_path)
    pending = ledger._writer.submit(
        lambda: ledger._store.reading.record(HELLO, INBOX, Cursor(UidValidity(7), Uid(3)), [])
    )
    await ledger.close()
    assert pending.done()
    again = await Ledger.open(tmp_path)
    assert await again.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(3))
    await again.close()


async def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """With what to do; it is no crash."""
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"file.*Look at that disk and directory"):
        await Ledger.open(tmp_path / "file" / "state")


# --- the key ---------------------------------------------------------------------------------------------------------


async def test_a_lost_key_is_refused(tmp_path: Path) -> None:
    """Making a new one would answer everybody again."""
    await made(tmp_path)
    (tmp_path / "ledger.key").unlink()
    assert "Restore it; or remove ledger.sqlite3 too" in await refused(tmp_path)
    assert not (tmp_path / "ledger.key").exists()


async def test_another_key_is_refused(tmp_path: Path) -> None:
    """Whether it comes from the file or from elsewhere."""
    await made(tmp_path)
    assert "made with another key" in await refused(tmp_path, key=b"k" * 32)
    (tmp_path / "ledger.key").write_bytes(b"x" * 32)
    assert "Restore the ledger.key that belongs to it" in await refused(tmp_path)


async def test_a_key_cut_short_is_refused(tmp_path: Path) -> None:
    """In the file, and from elsewhere."""
    await made(tmp_path)
    (tmp_path / "ledger.key").write_bytes(b"short")
    assert "has 5 octets instead of 32" in await refused(tmp_path)
    assert "at least 32 are needed" in await refused(tmp_path / "other", key=b"x" * 31)


async def test_a_key_kept_elsewhere_leaves_none_in_the_directory(tmp_path: Path) -> None:
    """And opens the same ledger again."""
    await made(tmp_path, key=b"k" * 40)
    assert not (tmp_path / "ledger.key").exists()
    ledger = await Ledger.open(tmp_path, key=b"k" * 40)
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT
    await ledger.close()


async def test_a_start_cut_off_before_the_database_goes_on(tmp_path: Path) -> None:
    """Half-made files of the last start are in nobody's way."""
    (tmp_path / "ledger.key.new").write_bytes(b"half")
    (tmp_path / "ledger.sqlite3.new").write_bytes(b"half a database")
    await made(tmp_path)
    assert names(tmp_path) == {"ledger.key", "ledger.lock", "ledger.sqlite3"}


async def test_digests_depend_on_the_key(tmp_path: Path) -> None:
    """Two practices that answer the same message do not share a Message-ID, nor anything to compare."""
    digests = set()
    for name in ("one", "two"):
        ledger = await Ledger.open(tmp_path / name)
        result = await claim(ledger, await receive(ledger, key_of(1)))
        assert isinstance(result, Claimed)
        digests.add(result.digest)
        await ledger.close()
    assert len(digests) == 2


# --- damage ----------------------------------------------------------------------------------------------------------


def garbage(path: Path) -> None:
    """Not a database at all."""
    path.write_bytes(b"no database" * 1000)


def truncated(path: Path) -> None:
    """Only its first page is left."""
    os.truncate(path, 4096)


def names(directory: Path) -> set[str]:
    """Its files."""
    return {path.name for path in directory.iterdir()}


def contents(directory: Path) -> bytes:
    """All that its files hold."""
    return b"".join(path.read_bytes() for path in directory.iterdir())


def emptied(path: Path) -> None:
    """As a full disk or a bad copy leaves it."""
    os.truncate(path, 0)


def scribbled(path: Path) -> None:
    """Zeroes over all pages but the first."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\0" * (path.stat().st_size - 4096))


@pytest.mark.parametrize("damage", [garbage, truncated, emptied, scribbled])
async def test_a_damaged_database_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """It fails closed, says which file, and leaves it as it is."""
    path = await made(tmp_path)
    damage(path)
    before = path.read_bytes()
    words = await refused(tmp_path)
    assert str(path) in words or str(tmp_path) in words
    assert "ledger.sqlite3" in words or "Restore" in words
    assert path.read_bytes() == before


async def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written into it."""
    (tmp_path / "ledger.key").write_bytes(b"k" * 32)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    assert "not a responder's ledger" in await refused(tmp_path)


async def test_a_removed_database_starts_anew(tmp_path: Path) -> None:
    """The cure that the messages name works, and a log left behind is not replayed into the new file."""
    path = await made(tmp_path)
    ledger = await Ledger.open(tmp_path)
    await receive(ledger, key_of(2))
    log = (tmp_path / "ledger.sqlite3-wal").read_bytes()
    await ledger.close()
    path.unlink()
    (tmp_path / "ledger.sqlite3-wal").write_bytes(log)
    again = await Ledger.open(tmp_path)
    assert await again.cursor(HELLO, INBOX) is None
    assert sum((await states_of(again)).values()) == 0
    await again.close()


# --- versions --------------------------------------------------------------------------------------------------------


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """An older program would misread it."""
    path = await made(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    assert "Install the newer version again" in await refused(tmp_path)


_ADDS_A_NOTE = "ALTER TABLE replies ADD COLUMN note TEXT DEFAULT 'none';"
_FAILS = f"{_ADDS_A_NOTE} ALTER TABLE nowhere ADD COLUMN note TEXT;"


async def test_an_older_schema_is_brought_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Step by step, with all that is in it, once."""
    path = await made(tmp_path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, _ADDS_A_NOTE))
    for _ in range(2):
        ledger = await Ledger.open(tmp_path)
        assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT
        await ledger.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
        assert db.execute("SELECT note FROM replies").fetchall() == [("none",)]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old program can still open it."""
    await made(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, _FAILS))
        assert "no such table" in await refused(tmp_path)
    ledger = await Ledger.open(tmp_path)
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT
    await ledger.close()


# --- a disk that refuses ---------------------------------------------------------------------------------------------


async def fill(ledger: Ledger) -> None:
    """Receives more than there is room for."""
    for uid in range(2, 500):
        await receive(ledger, key_of(uid))


async def test_a_full_disk_stops_sending_and_nothing_else(tmp_path: Path) -> None:
    """No claim without its commit; what was there stays; with space it goes on, without a restart."""
    ledger = await Ledger.open(tmp_path)
    db = ledger._store.db
    await receive(ledger, key_of(1))
    pages = await ledger._run(lambda: db.execute("PRAGMA page_count").fetchone()[0])
    await ledger._run(lambda: db.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(LedgerError, match=r"full\. Free some space.*Until then nothing is sent"):
        await fill(ledger)
    recorded = (await states_of(ledger))[State.DUE]
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(recorded), NIGHT)
    await ledger._run(lambda: db.execute("PRAGMA max_page_count = 10000"))
    assert isinstance(await claim(ledger, await receive(ledger, key_of(500))), Claimed)
    await ledger.close()


async def test_a_disk_that_became_read_only_stops_sending(tmp_path: Path) -> None:
    """An outcome that could not be written can be written later."""
    ledger = await Ledger.open(tmp_path)
    db = ledger._store.db
    key = await receive(ledger, key_of(1))
    await claim(ledger, key)
    await ledger._run(lambda: db.execute("PRAGMA query_only = ON"))
    with pytest.raises(LedgerError, match="Make the directory writable"):
        await settle(ledger, key, ACCEPTED)
    ledger._writer._executor.submit(db.execute, "PRAGMA query_only = OFF").result()
    assert await settle(ledger, key, ACCEPTED) is State.SENT
    await ledger.close()


async def test_a_rollback_that_fails_hides_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller hears of what went wrong first."""
    ledger = await Ledger.open(tmp_path)

    class _Broken:
        in_transaction = True

        def execute(self, statement: str) -> None:
            raise sqlite3.OperationalError(f"disk I/O error at {statement}")

    with monkeypatch.context() as patch:
        patch.setattr(ledger._writer, "_db", _Broken())
        with pytest.raises(LedgerError, match="BEGIN IMMEDIATE"):
            await ledger.waiting()
    await ledger.close()


# --- nothing private -------------------------------------------------------------------------------------------------


async def test_no_file_holds_a_name(tmp_path: Path) -> None:
    """Neither address, Message-ID, folder nor what a server said: not in the database, the log or the lock."""
    ledger = await Ledger.open(tmp_path)
    key = key_of(1, mailbox=f"mailbox.{CANARY}", folder="Canary folder")
    await receive(ledger, key, f"<id.{CANARY}>")
    for kind in (Deferred, Unknown, Rejected):
        assert isinstance(await claim(ledger, key, CANARY, message=f"<id.{CANARY}>"), Claimed)
        await settle(ledger, key, kind(f"Gibberish for <{CANARY}>"))
    seen = contents(tmp_path)
    await ledger.close()
    seen += contents(tmp_path)
    assert len(seen) > 10_000
    for secret in (b"canary", b"7f3a", b"example.org", b"gibberish"):
        assert secret not in seen.lower()


async def test_what_is_pruned_is_overwritten(tmp_path: Path) -> None:
    """Even the hash of a correspondent is gone from the file."""
    ledger = await Ledger.open(tmp_path)
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    await ledger.close()
    path = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        ((whom,),) = db.execute("SELECT correspondent FROM replies").fetchall()
    assert whom in path.read_bytes()
    again = await Ledger.open(tmp_path)
    await again.prune(NIGHT.replace(year=2027))
    await again.close()
    assert whom not in path.read_bytes()


@pytest.mark.parametrize(("mode", "left"), [(0o777, 0o755), (0o770, 0o750), (0o2775, 0o2755), (0o700, 0o700)])
async def test_a_directory_of_ours_is_closed_to_others(tmp_path: Path, mode: int, left: int) -> None:
    """Nobody else may write where the key lies; who may look stays as it is."""
    directory = tmp_path / "state"
    directory.mkdir()
    directory.chmod(mode)
    await (await Ledger.open(directory)).close()
    assert directory.stat().st_mode & 0o7777 == left


@pytest.mark.parametrize(("mode", "opens"), [(0o777, False), (0o757, False), (0o755, True), (0o700, True)])
async def test_a_directory_of_somebody_else_that_others_may_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, opens: bool
) -> None:
    """It is not ours to close."""
    directory = tmp_path / "state"
    directory.mkdir()
    directory.chmod(mode)
    monkeypatch.setattr("responder.adapters.ledger.schema.os.geteuid", lambda: os.getuid() + 1)
    if opens:
        await (await Ledger.open(directory)).close()
        return
    with pytest.raises(LedgerError, match="belongs to somebody else"):
        await Ledger.open(directory)
    assert list(directory.iterdir()) == []
