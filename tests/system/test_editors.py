"""Whatever a person saves the file with, the running daemon takes it up within two seconds and says what changed."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import RESPONDER, Site, closed_now

IN_FORCE_WITHIN = 5.0  # seconds; two are promised, to a machine that has nothing else to do
"""Seconds from the end of saving until the new hours hold."""

Save = Callable[[Path, str, str], None]
"""Replaces the second argument by the third in the file."""


def _run(*words: str, given: str = "") -> None:
    subprocess.run(words, input=given, text=True, check=True, capture_output=True, timeout=20)


def vim(path: Path, old: str, new: str, *settings: str) -> None:
    """Vim in its silent mode, with a swap file."""
    commands = ["set swapfile directory=.", *settings, f"%s/{old}/{new}/", "wq"]
    _run("vim", "-u", "NONE", "-N", "-es", *(f"+{command}" for command in commands), str(path))


def vim_moving_the_old_file_away(path: Path, old: str, new: str) -> None:
    """The old file becomes the backup, a new one takes its name."""
    vim(path, old, new, "set backup backupcopy=no")


def vim_in_place(path: Path, old: str, new: str) -> None:
    """The backup is a copy, the file is written over."""
    vim(path, old, new, "set backup backupcopy=yes")


def nano(path: Path, old: str, new: str) -> None:
    """Nano on a terminal: go to the line, cut it, type it anew, save, leave."""
    lines = path.read_text(encoding="utf-8").splitlines()
    number, line = next((n, line) for n, line in enumerate(lines, 1) if old in line)
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe("nano", ["nano", "--ignorercfiles", f"+{number}", str(path)], {**os.environ, "TERM": "xterm"})  # noqa: S606 - no shell is wanted
    try:
        _until_shown(terminal, b"config.toml")
        os.write(terminal, b"\x0b" + line.replace(old, new).encode() + b"\r")  # ^K, the line, Enter
        os.write(terminal, b"\x0f\r")  # ^O, Enter
        _until_shown(terminal, b"Wrote")
        os.write(terminal, b"\x18")  # ^X
        _until_shown(terminal, None)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def _until_shown(terminal: int, text: bytes | None) -> None:
    """Read the screen until a text stands there; None is until the editor ends."""
    screen = b""
    while text is None or text not in screen:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # EIO: the other end is gone
            read = b""
        if not read:
            assert text is None, screen
            return
        screen += read


def sed(path: Path, old: str, new: str) -> None:
    """A temporary file, renamed."""
    _run("sed", "-i", f"s/{old}/{new}/", str(path))


def ed(path: Path, old: str, new: str) -> None:
    """Written over, in place."""
    _run("ed", "-s", str(path), given=f"g/{old}/s//{new}/\nw\nq\n")


def python_in_place(path: Path, old: str, new: str) -> None:
    """Truncated and written."""
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def two_steps(path: Path, old: str, new: str) -> None:
    """First half, a breath, second half: in between the file is one that would be refused."""
    text = path.read_text(encoding="utf-8").replace(old, new)
    cut = text.index(new) + 3
    with path.open("w", encoding="utf-8") as file:
        for part in (text[:cut], text[cut:]):
            file.write(part)
            file.flush()
            time.sleep(0.2)


def a_new_link(path: Path, old: str, new: str) -> None:
    """The name leads to another file: how configuration management swaps whole trees."""
    other = path.with_name(f"config-{time.monotonic_ns()}.toml")
    other.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    link = path.with_name("link")
    link.symlink_to(other)
    link.replace(path)


def our_own_command(path: Path, old: str, new: str) -> None:
    """``responder hours set``."""
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if old in line)
    _run(str(RESPONDER), "hours", "--config", str(path), "set", line.split(" ")[0], new)


EDITORS: tuple[Save, ...] = (
    vim_moving_the_old_file_away,
    vim_in_place,
    nano,
    sed,
    ed,
    python_in_place,
    two_steps,
    our_own_command,
    a_new_link,
)


def test_every_editor_takes_effect_within_two_seconds(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Each edit is in force in time, logged, never refused, and costs no connection."""
    taken: dict[str, float] = {}
    hours = closed_now()
    with Site(dovecot, sink, hours=hours) as site:
        site.start()
        now = "09:00-17:00"
        # only the first day of the file: each has the same hours at first
        site.config.write_text(site.config.read_text(encoding="utf-8").replace(now, "10:00-11:00", 1), encoding="utf-8")
        now, seen = "10:00-11:00", _in_force(site, 0)
        for number, save in enumerate(EDITORS):
            then = f"10:{number + 10}-12:00"
            save(site.config, now, then)
            saved = time.monotonic()
            now, seen = then, _in_force(site, seen)
            taken[save.__name__] = time.monotonic() - saved
        events = [line["event"] for line in site.log()]
        assert site.stop() == 0
    assert max(taken.values()) < IN_FORCE_WITHIN, taken
    assert not any("refused" in event for event in events)
    assert sum(event == "watching" for event in events) == 1


def _in_force(site: Site, after: int) -> int:
    """Wait until one more edit of the hours is in force; the length of the log then."""
    site.wait_for_log(lambda line: line.get("changed") == "hours", after=after)
    return len(site.log())


def test_a_bad_file_is_in_the_log_and_in_the_status_until_it_is_mended(
    dovecot: Dovecot, sink: SmtpSink, tmp_path: Path
) -> None:
    """File, line, column, key, reason and cure: a line of the log for each, and the status line until it is mended."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, Site(dovecot, sink, hours=closed_now()) as site:
        address = tmp_path / "notify"
        notified.bind(str(address))
        notified.settimeout(15)
        site.start(environ={"NOTIFY_SOCKET": str(address)})
        good = site.config.read_text(encoding="utf-8")
        place = f"{site.config}:9:"
        bad = re.sub(r'= "09:00-17:00"', '= "9-17"', good, count=1)
        python_in_place(site.config, good, bad)
        problem = site.wait_for_log(lambda line: "refused" in line["event"])["why"]
        assert problem.startswith(place)
        assert '"9-17" is not understood; write "09:00-17:00"' in problem
        status = _status_with(notified, "refused")
        assert problem in status
        assert status.startswith("STATUS=watching 1 of 1 mailboxes; ")
        python_in_place(site.config, bad, good)
        site.wait_for_log(lambda line: line.get("changed") == "nothing")
        assert "refused" not in _status_with(notified, "watching")
        site.config.unlink()
        site.signal(signal.SIGHUP)
        assert "no such file" in _status_with(notified, "refused")
        assert site.stop() == 0


def _status_with(notified: object, text: str) -> str:
    """The next status line with a text in it, skipping what waits from before."""
    import socket

    assert isinstance(notified, socket.socket)
    while True:
        for line in notified.recv(65536).decode().splitlines():
            if line.startswith("STATUS=") and text in line:
                return line


@pytest.mark.parametrize("name", ["reply.txt", "team.ics"])
def test_a_file_that_the_file_names_is_watched_too(dovecot: Dovecot, sink: SmtpSink, name: str) -> None:
    """A template or a calendar that is saved counts like the file itself."""
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:{}\r\nDURATION:PT1H\r\nEND:VEVENT\r\n"
    start = time.strftime("%Y%m%dT%H0000Z", time.gmtime())
    texts = {
        "reply.txt": ("Nobody is here.\n{{ help }}\n", "Nobody is here now.\n{{ help }}\n", "reply"),
        "team.ics": (calendar.format(""), calendar.format(event.format(start)), "holidays"),
    }
    before, after, table = texts[name]
    tables = '[reply]\ntemplate = "reply.txt"\n' if name == "reply.txt" else '[holidays]\ncalendars = ["team.ics"]\n'
    with Site(dovecot, sink, hours=closed_now(), extra=tables) as site:
        site.config.with_name(name).write_text(before, newline="")
        site.start()
        site.config.with_name(name).write_text(after, newline="")
        saved = time.monotonic()
        site.wait_for_log(lambda line: line.get("changed") == table)
        assert time.monotonic() - saved < IN_FORCE_WITHIN
        assert site.stop() == 0
