"""Take one guard away at a time, and see that a test fails without it.

    python -m tools.guards [WORD ...]

Works on copies of the tree, two at a time. Each row of ``tools.guard_table`` names a promise, the symbol that keeps it,
a text inside that symbol, what stands there instead, and the tests of which one must fail. The exit status is 1 when
none fails, when the text or the symbol is no longer there, or when the tests fail anyway. With words, only the rows
that hold one of them.

The tests are unit tests where they can be, so that the whole table takes a minute or two. What is held twice is not in
it: no test can miss one of the two.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from tools.guard_table import GUARDS, Guard

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 2
TESTS_FAILED = 1
"""pytest's own: anything else but 0 means that the tests could not be run."""


class Place(NamedTuple):
    """Where a symbol stands in a text."""

    start: int
    end: int


class GoneError(Exception):
    """The guard is no longer where the table says."""


def place_of(text: str, symbol: str) -> Place:
    """The characters of a function, a class, or an assignment; ``Class.method`` for what is inside.

    Raises:
        GoneError: there is none of that name.
    """
    scope: ast.AST = ast.parse(text)
    for name in symbol.split("."):
        found = [node for node in ast.iter_child_nodes(scope) if name in names_of(node)]
        if not found:
            raise GoneError(f"{symbol} is gone")
        scope = found[-1]
    assert isinstance(scope, ast.stmt)
    lines = text.splitlines(keepends=True)
    before = [0]
    for line in lines:
        before.append(before[-1] + len(line))
    return Place(before[scope.lineno - 1], before[scope.end_lineno or scope.lineno])


def names_of(node: ast.AST) -> Iterator[str]:
    """What a statement defines."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case _:
            return


def path_of(guard: Guard) -> str:
    """The file that a guard stands in."""
    return guard.symbol if "/" in guard.symbol else f"{guard.symbol.partition(':')[0].replace('.', '/')}.py"


def without(text: str, guard: Guard) -> str:
    """The file's text without the guard.

    Raises:
        GoneError: the symbol, or the text in it, is not there, or is there twice.
    """
    _, _, symbol = guard.symbol.partition(":")
    start, end = place_of(text, symbol) if symbol else Place(0, len(text))
    inside = text[start:end]
    if inside.count(guard.text) != 1:
        raise GoneError(f"{guard.text!r} is {inside.count(guard.text)} times in {guard.symbol}")
    return text[:start] + inside.replace(guard.text, guard.instead) + text[end:]


def fails_without(guard: Guard, copy: Path) -> bool:
    """Whether a test fails when the guard is gone; says so."""
    path = copy / path_of(guard)
    try:
        text = path.read_text(encoding="utf-8")
        damaged = without(text, guard)
    except (GoneError, FileNotFoundError) as error:
        return told("GONE", f"{guard.promise}: {error}")
    path.write_text(damaged, encoding="utf-8")
    try:
        ended = run(copy, guard.tests)
    finally:
        path.write_text(text, encoding="utf-8")
    if ended.returncode == TESTS_FAILED:
        return not told("ok", guard.promise)
    what = "UNSEEN" if ended.returncode == 0 else "BROKEN"
    return told(what, f"{guard.promise}\n{'' if what == 'UNSEEN' else ended.stdout}")


def told(what: str, about: str) -> bool:
    """Print one line; False."""
    print(f"{what:7} {about}".rstrip(), flush=True)
    return False


def run(copy: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """What pytest says of these tests in a copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", "--no-cov", *tests]
    environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    return subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True, check=False)


def copied(into: Path) -> Path:
    """The tracked files, as they are now."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    return into


def main(words: Sequence[str]) -> int:
    """Try every guard."""
    guards = [guard for guard in GUARDS if not words or any(word in f"{guard}" for word in words)]
    with tempfile.TemporaryDirectory(prefix="guards-") as directory, ThreadPoolExecutor(PROCESSES) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(PROCESSES):
            copies.put(copied(Path(directory) / f"tree{number}"))

        def tried(guard: Guard) -> bool:
            copy = copies.get()
            try:
                return fails_without(guard, copy)
            finally:
                copies.put(copy)

        whole = copies.get()
        ended = run(whole, list(dict.fromkeys(test for guard in guards for test in guard.tests)))
        copies.put(whole)
        if ended.returncode != 0:
            print(f"{ended.stdout}the tests fail as the tree is; that comes first")
            return 1
        seen = list(pool.map(tried, guards))
    print(f"{sum(seen)} of {len(seen)} guards are missed when they are gone")
    return 0 if all(seen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
