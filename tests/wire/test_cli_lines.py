"""The directory on a screen, and the comparison of what a practice's replies show, at a real terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from responder.cli.crisis_lines import NEVER
from responder.config import edit
from responder.config.edit import EditError

CONFIG = """# Our file; this comment stays.
[practice]
time_zone = "UTC"
region = "GB-ENG"

[hours]
monday = "09:00-17:00"

{crisis}[[mailbox]]
address = "hello@harbour.example"
provider = "fastmail"
password = {{ env = "UNUSED" }}
"""
OWN = '# the local one\n[[crisis.line]]\nname = "County crisis team"\nphone = "0808 196 0123"\nfor = "anyone"\n\n'
QUESTION = b"[y/N] "
DAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the daemon keeps what it knows; nobody's home."""
    directory = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("STATE_DIRECTORY", str(directory))
    return directory


def written(directory: Path, crisis: str = "") -> Path:
    """A file with these lines for its crisis tables."""
    path = directory / "config.toml"
    path.write_text(CONFIG.format(crisis=crisis), encoding="utf-8")
    return path


def at_a_terminal(
    *words: str, answers: tuple[bytes, ...] = (), act: Callable[[int], None] | None = None
) -> tuple[int, str]:
    """The exit status, and all that stood on the screen; each question gets the next answer, then nothing more."""
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a test run in the background hands down that it is ignored
        os.execv(sys.executable, [sys.executable, "-m", "responder", "crisis-lines", *words])  # noqa: S606 - no shell is wanted
    screen, asked = b"", 0
    try:
        while True:
            if act is not None and asked > len(answers) and not select.select([terminal], [], [], 5.0)[0]:
                act(child)  # it came between the question and the reading
                continue
            try:
                screen += os.read(terminal, 65536)
            except OSError:  # EIO: the other end is gone
                break
            if screen.count(QUESTION) > asked and screen.endswith(QUESTION):
                asked += 1
                if asked <= len(answers):
                    os.write(terminal, answers[asked - 1])
                elif act is not None:
                    act(child)
                else:
                    os.write(terminal, b"\x04")
    finally:
        os.close(terminal)
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), screen.decode().replace("\r\n", "\n")


def today() -> date:
    """On the practice's clock."""
    return datetime.now(UTC).date()


@pytest.mark.parametrize("country", [("gb",), ()], ids=["named", "its-own"])
def test_after_a_yes_to_each_line_the_day_is_written(tmp_path: Path, state: Path, country: tuple[str, ...]) -> None:
    """Emergency number, own line, national lines; the rest of the file stays as it was, and the old one is kept."""
    path = written(tmp_path, OWN)
    before = path.read_text(encoding="utf-8")
    code, screen = at_a_terminal(*country, "--config", str(path), answers=(b"y\n", b"YES\n", *[b"y\n"] * 3))
    assert code == 0
    assert screen.count("[y/N]") == 5
    for part in (
        "5 of 5",
        "County crisis team",
        "yours, from [[crisis.line]]",
        "| 116 123",
        "When it answers, press 2.",
        f"+compared_on = {today()}",
    ):
        assert part in screen
    assert screen.startswith(NEVER)
    assert screen.rstrip().endswith(NEVER)
    added = f"[crisis]\ncompared_on = {today()}\n\n"
    assert path.read_text(encoding="utf-8") == before.replace("# the local one", f"{added}# the local one")
    assert (tmp_path / "config.toml.bak").read_text(encoding="utf-8") == before
    kept = json.loads((state / "compared.json").read_text(encoding="utf-8"))
    assert kept["on"] == str(today())
    assert {"gb-emergency-services", "own-county-crisis-team", "gb-samaritans", "gb-shout"} < kept["lines"].keys()


@pytest.mark.parametrize(
    ("answers", "act", "line", "cure"),
    [
        ((b"n\n",), None, "gb-emergency-services", "stop the responder"),
        ((b"y\n", b"\n"), None, "own-county-crisis-team", "correct it at its [[crisis.line]]"),
        ((b"y\n", b"y\n", b"perhaps\n"), None, "gb-samaritans", "take the line out by naming others"),
        ((b"y\n", b"y\n"), None, "gb-samaritans", "or add your own as [[crisis.line]]"),
        ((b"y\n",), lambda child: os.kill(child, signal.SIGINT), "own-county-crisis-team", "correct it"),
    ],
    ids=["no", "nothing-said", "no-word", "end-of-input", "interrupt"],
)
def test_one_no_and_nothing_is_written(
    tmp_path: Path, answers: tuple[bytes, ...], act: Callable[[int], None] | None, line: str, cure: str
) -> None:
    """Which line to look at is said, and what to do when its number is wrong."""
    path = written(tmp_path, OWN)
    before = path.read_bytes()
    code, screen = at_a_terminal("GB", "--config", str(path), answers=answers, act=act)
    assert code == 1
    assert f"Nothing was written: {line} is not compared." in screen
    assert cure in screen
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_another_country_is_only_shown(tmp_path: Path) -> None:
    """Its lines are in none of this practice's replies."""
    path = written(tmp_path)
    code, screen = at_a_terminal("IE", "--config", str(path))
    assert code == 0
    assert "ie-pieta" in screen
    assert "[y/N]" not in screen


def test_a_file_that_cannot_be_read_is_told_when_it_was_asked_for(tmp_path: Path) -> None:
    """78, as everywhere."""
    path = written(tmp_path, "[crisis]\nlines = 1\n")
    code, screen = at_a_terminal("GB", "--config", str(path))
    assert (code, "crisis.lines" in screen) == (78, True)


def test_without_a_terminal_it_shows_and_never_waits(tmp_path: Path) -> None:
    """A script gets the list; nothing is asked and nothing written."""
    path = written(tmp_path)
    before = path.read_bytes()
    words = [sys.executable, "-m", "responder", "crisis-lines", "GB", "--config", str(path)]
    ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60)
    assert "[y/N]" not in ended.stdout
    assert "; always shown\n" in ended.stdout
    for part in (
        "number: 999 (quoted from a public list, 7 October 2026 (",
        "language: en, cy (number 0808 164 0123) (",
        "free: yes (quoted from another text, 7 October 2026 (",
        "its own page: https://www.samaritans.org",
        "hours: day and night (",
        "text: SHOUT to 85258 (",
    ):
        assert part in ended.stdout
    assert ended.stdout.startswith(NEVER)
    assert ended.stdout.rstrip().endswith(NEVER)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("crisis", "changed"),
    [
        ("", f"[crisis]\ncompared_on = {DAY}\n\n"),
        ("[crisis]\n\n", f"[crisis]\ncompared_on = {DAY}\n\n"),
        (
            "[crisis] # ours\n# why\ncompared_on  = 2026-08-01   # by Jo\nlines = ['gb-shout'] #x\n\n",
            f"[crisis] # ours\n# why\ncompared_on  = {DAY}   # by Jo\nlines = ['gb-shout'] #x\n\n",
        ),
        (
            f"[crisis]\nlines = [\n  'gb-shout', # one\n]\n\n{OWN}",
            f"[crisis]\ncompared_on = {DAY}\nlines = [\n  'gb-shout', # one\n]\n\n{OWN}",
        ),
        (OWN, f"[crisis]\ncompared_on = {DAY}\n\n{OWN}"),
        (f"[crisis]\ncompared_on = {DAY}\n\n", f"[crisis]\ncompared_on = {DAY}\n\n"),
    ],
    ids=["no-table", "empty-table", "another-day", "other-keys", "own-lines-only", "the-same-day"],
)
def test_the_day_and_nothing_else_changes(crisis: str, changed: str) -> None:
    """Comments, order and blanks stay, byte for byte."""
    text = CONFIG.format(crisis=crisis)
    new = edit.set_compared_on(text, DAY)
    assert new == CONFIG.format(crisis=changed)
    assert tomllib.loads(new)["crisis"]["compared_on"] == DAY


@pytest.mark.parametrize(
    "crisis", ["crisis = 1\n", "crisis = { lines = ['gb-shout'] }\n", "crisis.lines = ['gb-shout']\n"]
)
def test_a_table_written_otherwise_is_left_to_the_owner(crisis: str) -> None:
    """Nothing is guessed; the line to write is named."""
    with pytest.raises(EditError, match=r"compared_on below \[crisis\]"):
        edit.set_compared_on(crisis + CONFIG.format(crisis=""), DAY)
