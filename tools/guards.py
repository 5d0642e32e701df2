"""Take one guard away at a time, and see that a test of the installed daemon fails.

    python tools/guards.py

Works on a copy of the tree. Each row is one line of the guard and the test that must fail without it; a row whose line
is no longer there, or whose test passes all the same, makes the exit status 1. What is held twice is not in the table:
the state directory (a lock file, and SQLite's own lock), addresses in the journal (numbers for names, and redaction).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MAIN_PATH = "tests/system/test_main_path.py"
TESTS_FAILED = 1
KILLED = "tests/system/test_killed.py"


class Guard(NamedTuple):
    """One line without which a promise is broken."""

    promise: str
    file: str
    line: str
    without: str
    test: str


GUARDS = (
    Guard(
        "1 help: a text without its block is noticed on the final bytes",
        "responder/core/reply/templates/en/ordinary.txt",
        "{{ help }}",
        "",
        f"{MAIN_PATH}::test_out_of_hours_a_person_is_answered_with_help",
    ),
    Guard(
        "2 mailbox: headers are read with PEEK in an EXAMINEd folder",
        "responder/adapters/imap/connection.py",
        'self.command("EXAMINE", name)',
        'self.command("SELECT", name)',
        f"{MAIN_PATH}::test_the_mailbox_stays_as_it_was_found",
    ),
    Guard(
        "3 people: a null return path is no person",
        "responder/core/rules/who.py",
        "not case.message.return_path.is_null or case.is_form",
        "case",
        f"{MAIN_PATH}::test_only_people_are_answered",
    ),
    Guard(
        "3 people: one reply per closed period",
        "responder/adapters/ledger/claims.py",
        "or self._blocked(row, asked, about, at, since)",
        "",
        f"{MAIN_PATH}::test_two_messages_of_one_person_get_one_reply",
    ),
    Guard(
        "4 nothing twice: what was already there stays unanswered",
        "responder/live/watch.py",
        "return Uid(state.uid_next - 1)",
        "return Uid(0)",
        f"{MAIN_PATH}::test_old_mail_stays_unanswered",
    ),
    Guard(
        "4 nothing missed: what a dead process claimed is taken up again",
        "responder/daemon/daemon.py",
        "await self._ledger.recover(self._clock())",
        "[]",
        f"{KILLED}::test_killed_inside[claim]",
    ),
    Guard(
        "4 nothing missed: the cursor moves with what is due, not before",
        "responder/adapters/ledger/cursors.py",
        "self._insert(place, cursor, new)",
        "pass",
        f"{KILLED}::test_killed_inside[settle]",
    ),
    Guard(
        "5 privacy: the ledger keeps hashes",
        "responder/adapters/ledger/hashes.py",
        'return self._hash(kind, *(text.encode("utf-8", "surrogatepass") for text in texts))',
        'return "".join(texts).encode()',
        f"{MAIN_PATH}::test_nothing_private_is_kept_or_logged",
    ),
    Guard(
        "6 a bad edit never stops it",
        "responder/daemon/daemon.py",
        "except ConfigError as error:",
        "except ZeroDivisionError as error:",
        f"{MAIN_PATH}::test_a_bad_file_is_refused_with_78_and_a_bad_reload_changes_nothing",
    ),
)


def fails_without(guard: Guard, copy: Path) -> bool:
    """Whether the test fails when the line is gone."""
    path = copy / guard.file
    text = path.read_text(encoding="utf-8")
    if guard.line not in text:
        print(f"GONE   {guard.promise}: the line is no longer in {guard.file}")
        return False
    path.write_text(text.replace(guard.line, guard.without, 1), encoding="utf-8")
    try:
        failed = run(copy, guard.test) == TESTS_FAILED
    finally:
        path.write_text(text, encoding="utf-8")
    print(f"{'ok    ' if failed else 'UNSEEN'} {guard.promise}", flush=True)
    return failed


def run(copy: Path, *tests: str) -> int:
    """The exit status of pytest."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-cov", "-p", "no:cacheprovider", *tests]
    environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, env=environ, capture_output=True, check=False).returncode


def main() -> int:
    """Try every guard."""
    with tempfile.TemporaryDirectory(prefix="guards-") as directory:
        copy = Path(directory) / "tree"
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        for name in tracked.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        if run(copy, *dict.fromkeys(guard.test for guard in GUARDS)) != 0:
            print("the tests fail as the tree is; that comes first")
            return 1
        seen = [fails_without(guard, copy) for guard in GUARDS]
    print(f"{sum(seen)} of {len(seen)} guards are missed when they are gone")
    return 0 if all(seen) else 1


if __name__ == "__main__":
    sys.exit(main())
