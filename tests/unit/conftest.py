"""What a unit test may not do: open a socket or a terminal, or start a program. Such a test belongs into tests/wire.

Held by Python's own audit events, which also see what a library does. Each forbidden event is recorded and fails the
test when it ends, even where the code under test swallows the error.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FORBIDDEN = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "os.forkpty"}
PROGRAMS = {Path(sys.executable).name, "git"}
"""A unit test may start the interpreter, to see what an import brings along, and ask git what is in the tree."""

_seen: list[str] | None = None
"""What the running unit test has done; None while none runs."""


def _forbid(event: str, args: tuple[object, ...]) -> None:
    if _seen is None or event not in FORBIDDEN | {"subprocess.Popen"}:
        return
    if event == "subprocess.Popen" and (Path(str(args[0])).name in PROGRAMS or shutil.which(str(args[0])) is None):
        return
    _seen.append(event)
    raise AssertionError(f"{event} in tests/unit: move this test to tests/wire")


sys.addaudithook(_forbid)  # it cannot be taken away again, so it sleeps between unit tests


@pytest.fixture(autouse=True)
def _without_the_outside_world() -> Iterator[None]:
    global _seen  # noqa: PLW0603 - an audit hook has no other way to be told
    seen: list[str] = []
    _seen = seen
    yield
    _seen = None
    assert seen == [], "move this test to tests/wire"
