"""Files that somebody else named: regular ones only, a bounded part of each, and never waited for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from responder.config import ConfigError, files
from tests import ROOT
from tests.configs import load

EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8").replace("your-practice", "harbour")


def _fifo(place: Path) -> Path:
    os.mkfifo(place / "fifo")
    return place / "fifo"


NOT_REGULAR: dict[str, Callable[[Path], Path]] = {
    "pipe": _fifo,
    "endless device": lambda _: Path("/dev/zero"),
    "empty device": lambda _: Path("/dev/null"),
    "directory": lambda place: place,
}


@pytest.mark.parametrize("make", NOT_REGULAR.values(), ids=NOT_REGULAR)
def test_only_regular_files_are_read(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Whatever else a name leads to is refused before it is read, as a configuration too."""
    path = make(tmp_path)
    with pytest.raises(files.NotRegularError):
        files.read(path, 10)
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert refused.value.codes == ("unreadable-file",)


def test_one_octet_more_than_fits_is_read(tmp_path: Path) -> None:
    """So that the caller sees that it is too long, and no memory is spent on the rest."""
    path = tmp_path / "long"
    path.write_bytes(b"x" * 100_000)
    assert files.read(path, 70_000) == b"x" * 70_001
    assert files.read(path, 100_000) == b"x" * 100_000


def test_a_file_that_gives_no_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not looked at again while it hangs, and is when its disk is back; other files are read meanwhile."""
    path, other = tmp_path / "hangs", tmp_path / "other"
    path.write_bytes(b"here")
    other.write_bytes(b"there")
    back = threading.Event()
    opened = os.open
    attempts: list[str] = []

    def slow(name: Path, flags: int) -> int:
        if name == path:
            attempts.append("hangs")
            back.wait()
        return opened(name, flags)

    monkeypatch.setattr(files, "PATIENCE", 0.05)
    monkeypatch.setattr("responder.config.files.os.open", slow)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="no answer"):
            files.read(path, 10)
    with pytest.raises(TimeoutError):
        files.look(path)
    assert attempts == ["hangs"]
    assert files.read(other, 10) == b"there"
    thread = files._hanging[path]
    back.set()
    thread.join()
    monkeypatch.setattr(files, "PATIENCE", 3.0)
    assert files.read(path, 10) == b"here"


DEEP = {
    "a table's name": f"[{'.'.join(['a'] * 20_000)}]",
    "a key": f"{'.'.join(['a'] * 20_000)} = 1",
    "a quoted key": '"a".' * 20_000 + "b = 1",
    "a key in an inline table": f"x = {{ {'.'.join(['a'] * 20_000)} = 1 }}",
    "inline tables": f"x = {'{a=' * 150}1{'}' * 150}",
    "lists": f"x = {'[' * 150}{']' * 150}",
    "many lists": f"x = {'[' * 20_000}{']' * 20_000}",
}


@pytest.mark.parametrize("line", DEEP.values(), ids=DEEP)
def test_what_is_too_deep_is_refused(tmp_path: Path, line: str) -> None:
    """As TOML that cannot be read, and not as an error of ours."""
    path = tmp_path / "config.toml"
    path.write_text(f"{EXAMPLE}\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert refused.value.codes == ("bad-toml",)
