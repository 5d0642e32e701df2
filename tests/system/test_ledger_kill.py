"""The ledger among processes: killed in the middle of commits, started twice, on a disk that fills up."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from responder.adapters.ledger import Claimed, Cursor, Ledger, State
from responder.core.errors import LedgerError, LedgerLockedError
from responder.core.message import Uid, UidValidity
from tests import ROOT
from tests.unit.adapters.ledger import look
from tests.unit.adapters.ledger.test_ledger import (
    ACCEPTED,
    HELLO,
    INBOX,
    NIGHT,
    claim,
    key_of,
    receive,
    settle,
    states_of,
)

WORKER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from responder.adapters.ledger import Claimed, Ledger
    from responder.core.outcome import Accepted
    from tests.unit.adapters.ledger.test_ledger import ACCEPTED, INBOX, NIGHT, claim, key_of, receive, settle

    def say(word, uid):
        sys.stdout.write(f"{word} {uid}\\n")
        sys.stdout.flush()

    async def one(ledger, uid):
        key = await receive(ledger, key_of(uid))
        say("due", uid)
        result = await claim(ledger, key, f"person.{uid}@example.org")
        assert isinstance(result, Claimed), result
        if uid % 4 == 0:  # claimed, but its final dot never begun
            return
        await ledger.mark(key, may_arrive=True)
        say(f"claimed {result.digest}", uid)
        if uid % 4 == 1:
            return
        await settle(ledger, key, ACCEPTED)
        say("sent", uid)

    async def main():
        ledger = await Ledger.open(Path(sys.argv[1]))
        await ledger.recover(NIGHT)
        say("open", 0)
        first = int(sys.argv[2])
        for start in range(first, first + 100_000, 8):
            await asyncio.gather(*(one(ledger, uid) for uid in range(start, start + 8)))

    asyncio.run(main())
    """
)


def start(directory: Path, first_uid: int) -> subprocess.Popen[str]:
    """A process that records, claims and settles as fast as it can, and says what is on the disk."""
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(directory), str(first_uid)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def outcome_of_a_start(directory: Path) -> tuple[int, str]:
    """Exit status and standard error of a process that cannot start."""
    process = subprocess.run(
        [sys.executable, "-c", WORKER, str(directory), "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )
    return process.returncode, process.stderr


def kill_after(process: subprocess.Popen[str], lines: int) -> list[str]:
    """What it said until, after so many lines, it was killed where it stood."""
    stream: IO[str] | None = process.stdout
    assert stream is not None
    said = [stream.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    said += stream.readlines()
    process.wait()
    stream.close()
    assert process.returncode == -signal.SIGKILL
    return [line.rstrip("\n") for line in said if line.endswith("\n")]


def integrity_of(directory: Path) -> str:
    """What SQLite itself says of a copy that was left by a kill."""
    with closing(sqlite3.connect(directory / "ledger.sqlite3")) as db:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])


@pytest.mark.parametrize("lines", [1, 2, 9, 40, 137, 400])
async def test_kill_9_loses_nothing_that_was_said_to_be_written(tmp_path: Path, lines: int) -> None:
    """Wherever it strikes: the file is whole, no due reply is lost, no settled one comes back, digests stay."""
    said = kill_after(start(tmp_path, 1), lines)
    assert integrity_of(tmp_path) == "ok"
    ledger = await Ledger.open(tmp_path)
    again = {row.uid for row in await ledger.recover(NIGHT)}
    due = {row.key.uid: row for row in await look.due(ledger, HELLO, INBOX)}
    words = [line.rsplit(" ", 1) for line in said]
    recorded = {int(uid) for word, uid in words if word == "due"}
    claimed = {int(uid): word.split()[1] for word, uid in words if word.startswith("claimed")}
    sent = {int(uid) for word, uid in words if word == "sent"}

    assert not sent & set(due)
    assert recorded <= set(due) | sent | {uid for uid in recorded if uid % 4 > 1}
    assert set(claimed) - sent <= again | {uid for uid in claimed if uid % 4 > 1}
    assert {uid for uid, row in due.items() if row.uncertain} == again
    counts = await states_of(ledger)
    assert counts[State.SENT] >= len(sent)
    assert counts[State.SENT] + counts[State.DUE] >= len(recorded)
    for uid in sorted(set(claimed) & again):
        result = await claim(ledger, due[Uid(uid)].key, f"person.{uid}@example.org")
        assert result == Claimed(claimed[uid])
    await ledger.close()


async def test_kill_9_again_and_again(tmp_path: Path) -> None:
    """Each life picks up after the last, and knows what all of them left in doubt."""
    said = [line for life in range(5) for line in kill_after(start(tmp_path, 1 + 1000 * life), 60)]
    assert integrity_of(tmp_path) == "ok"
    ledger = await Ledger.open(tmp_path)
    await ledger.recover(NIGHT)
    cursor = await ledger.cursor(HELLO, INBOX)
    assert cursor is not None
    assert cursor.last_uid > 4000
    rows = await look.due(ledger, HELLO, INBOX)
    abandoned = {uid for line in said if line.startswith("claimed") and (uid := int(line.split()[-1])) % 4 == 1}
    assert len(abandoned) >= 5
    assert abandoned <= {row.key.uid for row in rows if row.uncertain}
    assert {4, 1004, 2004, 3004, 4004} <= {row.key.uid for row in rows if not row.uncertain}
    await ledger.close()


async def test_a_second_process_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    """In both directions; a kill frees the directory at once, with no stale lock."""
    other = start(tmp_path, 1)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open 0\n"
        with pytest.raises(LedgerLockedError, match="Another responder"):
            await Ledger.open(tmp_path)
    finally:
        kill_after(other, 0)
    ledger = await Ledger.open(tmp_path)
    status, complaint = outcome_of_a_start(tmp_path)
    await ledger.close()
    assert status == 1
    assert f"Another responder is using the state directory {tmp_path}" in complaint


@contextlib.contextmanager
def heir() -> Iterator[None]:
    """A child that inherits every descriptor it may; it says so once those are closed that it may not."""
    command = ["/bin/sh", "-c", "echo started; exec sleep 60"]
    with subprocess.Popen(command, close_fds=False, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout
            assert child.stdout.readline() == b"started\n"
            yield
        finally:
            child.kill()


async def test_a_child_process_does_not_hold_the_directory(tmp_path: Path) -> None:
    """A password command that outlives the daemon must not keep the next one from starting."""
    ledger = await Ledger.open(tmp_path)
    with heir():
        await ledger.close()
        again = await Ledger.open(tmp_path)
        await again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


async def fill_up(ledger: Ledger, disk: Path) -> None:
    """Takes the rest of the disk, then records until nothing goes any more."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        while written_some(file):
            pass
    for uid in range(2, 100_000):
        await receive(ledger, key_of(uid))


def written_some(file: IO[bytes]) -> bool:
    """Whether there was room for a little more."""
    try:
        return bool(file.write(b"\\0" * 4096))
    except OSError:
        return False


async def test_a_full_disk_stops_sending_until_there_is_room(small_disk: Path) -> None:
    """A real one: no claim without its commit, an outcome can be written afterwards, and no restart is needed."""
    ledger = await Ledger.open(small_disk / "state")
    key = await receive(ledger, key_of(1))
    assert isinstance(await claim(ledger, key), Claimed)
    with pytest.raises(LedgerError, match="Free some space on that disk"):
        await fill_up(ledger, small_disk)
    recorded = (await states_of(ledger))[State.DUE] + 1
    with pytest.raises(LedgerError):
        await settle(ledger, key, ACCEPTED)
    (small_disk / "ballast").unlink()
    assert await settle(ledger, key, ACCEPTED) is State.SENT
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(recorded), NIGHT)
    await ledger.close()
    again = await Ledger.open(small_disk / "state")
    assert (await states_of(again))[State.DUE] == recorded - 1
    await again.close()


async def test_a_first_start_on_a_full_disk_starts_when_there_is_room(small_disk: Path) -> None:
    """Half-made files are no obstacle afterwards."""
    with (small_disk / "ballast").open("wb", buffering=0) as file:
        while written_some(file):
            pass
    with pytest.raises(LedgerError):
        await Ledger.open(small_disk / "state")
    (small_disk / "ballast").unlink()
    ledger = await Ledger.open(small_disk / "state")
    await receive(ledger, key_of(1))
    await ledger.close()
