"""``responder hours``, ``hours set`` and ``away``, from the words typed to what is printed and written."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from responder import cli
from responder.cli import main
from responder.cli.away import end_of_absence
from responder.cli.errors import UsageError
from responder.cli.hours import cells_for
from responder.cli.hours_set import weekday
from responder.core.views import week as picture

NOW = datetime(2026, 11, 23, 18, 5, 40, tzinfo=UTC)

FILE = """\
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB-ENG"
[hours]                           # the week
monday = "09:00-17:00"
thursday = "12:00-20:00"          # late
friday = "22:00-06:00"
[holidays]
public = true
calendars = ["team.ics"]
[[closure]]
note = "training"
from = 2026-11-26T15:00:00
until = 2026-11-26T16:00:00
[[opening]]
date = 2026-11-29
hours = "10:00-14:00"
[[mailbox]]
address  = "hello@harbour.example"
provider = "fastmail"
password = { credential = "hello-password" }
[[mailbox]]
address  = "jo@harbour.example"
provider = "fastmail"
password = { credential = "hello-password" }
[mailbox.hours]
tuesday = "10:00-12:00"
[[mailbox.closure]]
from = 2026-11-24T11:00:00
until = 2026-11-24T11:30:00
[[mailbox.opening]]
date = 2026-11-30
hours = "18:00-19:00"
[[mailbox]]
address  = "kim@harbour.example"
provider = "fastmail"
password = { credential = "hello-password" }
[[mailbox.opening]]
date = 2026-11-30
hours = "18:00-19:00"
"""
CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1
DTSTAMP:20261101T000000Z
DTSTART:20261203T130000Z
DTEND:20261203T140000Z
SUMMARY:dentist
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, on a Monday evening."""
    monkeypatch.setattr("responder.cli.hours.now", lambda: NOW)
    for module in ("away", "editing", "context"):
        monkeypatch.setattr(f"responder.cli.{module}.now", lambda: NOW)
    (tmp_path / "team.ics").write_text(CALENDAR.replace("\n", "\r\n"), newline="")
    file = tmp_path / "config.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def typed(path: Path, capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> list[str]:
    """What a command prints, the directory left out."""
    command, *rest = words
    assert cli.main([command, "--config", str(path), *rest]) == status
    out = capsys.readouterr()
    return (out.err if status else out.out).replace(f"{path.parent}/", "").splitlines()


def test_the_week(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The picture, the state, what comes next, and who has hours of their own."""
    lines = typed(path, capsys, "hours")
    assert [line.split("  ", 2)[-1].strip(" ·█▌▐.#") for line in lines[1:8]] == [
        "09:00-17:00",
        "closed",
        "closed",
        "12:00-15:00, 16:00-20:00  closure: training",
        "22:00-24:00",
        "00:00-06:00",
        "10:00-14:00  opening 10:00-14:00",
    ]
    assert lines[9] == "Now: Closed since 17:00; open again Thursday 26 November at 12:00 (UK time)."
    assert lines[11:13] == ["  Thu 26 Nov 2026 12:00  opens", "  Thu 26 Nov 2026 15:00  closes"]
    assert lines[-1] == "With hours of their own (--mailbox ADDRESS): jo@harbour.example, kim@harbour.example"


def test_days_are_counted_and_bounded(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fourteen rows and a blank one between the weeks; two years are the most."""
    lines = typed(path, capsys, "hours", "--days", "14")
    assert len([line for line in lines if re.match(r"[> ] \w{3} [ \d]\d \w{3}  ", line)]) == 14
    with pytest.raises(SystemExit):
        cli.main(["hours", "--config", str(path), "--days", "801"])


def test_the_week_of_one_mailbox(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own hours and closures, and the practice's closures too; an unknown one is told."""
    lines = typed(path, capsys, "hours", "--mailbox", "Jo@harbour.example")
    assert lines[2].endswith("10:00-11:00, 11:30-12:00  closure")
    assert not any("own" in line for line in lines)
    assert "no such mailbox" in typed(path, capsys, "hours", "--mailbox", "x@y.example", status=2)[0]


@pytest.mark.parametrize(
    ("at", "mailbox", "why", "line"),
    [
        ("2026-11-30T12:00", "", "open: Monday 09:00-17:00", 'config.toml:6: monday = "09:00-17:00"'),
        ("2026-11-28T05:00", "", "open: Friday 22:00-06:00", 'config.toml:8: friday = "22:00-06:00"'),
        (
            "2026-11-29T12:00",
            "",
            "open: opening on Sunday 29 November 2026 10:00-14:00",
            'config.toml:18: hours = "10:00-14:00"',
        ),
        ("2026-11-26T15:30", "", "closed: closure 'training'", "config.toml:14: from = 2026-11-26T15:00:00"),
        (
            "2026-11-30T18:00",
            "",
            "closed: outside hours (Monday 09:00-17:00)",
            'config.toml:6: monday = "09:00-17:00"',
        ),
        (
            "2026-11-25T12:00",
            "",
            "closed: outside hours (Wednesday closed)",
            "config.toml:5: [hours]                           # the week",
        ),
        ("2026-12-28T12:00", "", "public holiday", "config.toml:10: public = true"),
        ("2026-12-03T13:30", "", "dentist", 'config.toml:11: calendars = ["team.ics"]'),
        ("2026-12-01T11:00", "jo", "open: Tuesday 10:00-12:00", 'config.toml:28: tuesday = "10:00-12:00"'),
        ("2026-11-24T11:15", "jo", "closed: closure", "config.toml:30: from = 2026-11-24T11:00:00"),
        ("2026-11-30T18:30", "jo", "open: opening on", 'config.toml:34: hours = "18:00-19:00"'),
        ("2026-11-29T12:00", "jo", "closed: outside hours", "config.toml:27: [mailbox.hours]"),
        ("2026-11-30T18:30", "kim", "open: opening on", 'config.toml:41: hours = "18:00-19:00"'),
        ("2026-11-29T12:00", "kim", "open: opening on", 'config.toml:18: hours = "10:00-14:00"'),
    ],
)
def test_the_line_that_decides(
    path: Path, capsys: pytest.CaptureFixture[str], at: str, mailbox: str, why: str, line: str
) -> None:
    """Open or closed, since when, until when, and which line of the file says so."""
    words = ["--mailbox", f"{mailbox}@harbour.example"] if mailbox else []
    first, second, third = typed(path, capsys, "hours", "--at", at, *words)
    assert why in first
    assert second.startswith(("Open since ", "Closed since "))
    assert third == f"decided by {line}"


def test_a_file_without_a_line_for_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any hours it is the default that decides."""
    path.write_text(
        FILE[: FILE.index("[hours]")] + FILE[FILE.index("[[mailbox]]") :].split("[mailbox.hours]", maxsplit=1)[0]
    )
    lines = typed(path, capsys, "hours", "--at", "2026-11-25T12:00")
    assert lines[2] == "config.toml has no line for it: a day that is not listed is closed"
    assert any("no working hours" in line for line in typed(path, capsys, "hours"))
    assert "not a time" in typed(path, capsys, "hours", "--at", "noon", status=2)[0]


def test_the_page_is_written(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One file, with the state as of now; a place that cannot be written to is told."""
    page = path.with_name("hours.html")
    assert typed(path, capsys, "hours", "--html", str(page)) == ["written: hours.html"]
    text = page.read_text(encoding="utf-8")
    assert "<title>Harbour Counselling: hours</title>" in text
    assert "Drawn on Monday 23 November 2026 at 18:05 (UK time)" in text
    assert "training" not in text
    assert "Not a directory" in typed(path, capsys, "hours", "--html", str(path / "x"), status=2)[0]
    path.write_text(FILE.replace('name = "Harbour Counselling"\n', ""), encoding="utf-8")
    typed(path, capsys, "hours", "--html", str(page))
    assert "<title>Hours</title>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("encoding", "cells"),
    [("utf-8", picture.BLOCKS), ("ascii", picture.ASCII), (None, picture.ASCII), ("odd", picture.ASCII)],
)
def test_cells_for(encoding: str | None, cells: picture.Cells) -> None:
    """Blocks only where the terminal has them."""
    assert cells_for(encoding) == cells


# -- changing the file -------------------------------------------------------------------------------------------------


def test_hours_set(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The difference is shown, the file changed, the old one kept, and the state said."""
    lines = typed(path, capsys, "hours", "set", "Thu", "12:00-13:00,", "14:00-21:00")
    assert '-thursday = "12:00-20:00"          # late' in lines
    assert '+thursday = "12:00-13:00, 14:00-21:00"          # late' in lines
    assert "Written to config.toml; the old one is config.toml.bak." in lines
    assert lines[-1].startswith("Closed since 17:00; open again Thursday 26 November")
    assert path.with_name("config.toml.bak").read_text(encoding="utf-8") == FILE
    assert typed(path, capsys, "hours", "set", "thursday", "12:00-13:00, 14:00-21:00") == [
        "config.toml says so already; nothing was changed."
    ]
    assert '+# monday = "09:00-17:00"' in typed(path, capsys, "hours", "set", "monday", "closed")


def test_dry_writes_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The difference alone."""
    lines = typed(path, capsys, "hours", "set", "monday", "10:00-11:00", "--dry")
    assert "Nothing was written (--dry)." in lines
    assert '+monday = "10:00-11:00"' in lines
    assert path.read_text(encoding="utf-8") == FILE
    assert not path.with_name("config.toml.bak").exists()


def test_away(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A closure from now to the midnight after, with its note; the state says when it opens again."""
    lines = typed(path, capsys, "away", "2w", "--note", "walking")
    assert [line for line in lines if line.startswith("+")][1:6] == [
        "+",
        "+[[closure]]",
        "+from  = 2026-11-23T18:05:00",
        "+until = 2026-12-07",
        '+note  = "walking"',
    ]
    assert lines[-1] == "Closed since 17:00; open again Monday 7 December at 09:00 (UK time)."


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["hours", "set", "monday", "9-5"],
            'hours set monday: "9-5" is not understood; write "09:00-17:00", or closed',
        ),
        (["hours", "set", "t", "9-5"], "not a day of the week"),
        (["hours", "set", "monday", "20:00-12:00"], "goes on past midnight"),
        (["away", "soon"], "write how long, such as 5h, 3d or 2w, or: until 2026-12-04"),
        (["away", "until", "friday"], "write it as 2026-12-04"),
        (["away", "until", "2026-11-23"], "ahead of us"),
        (["away", "900d"], "within two years"),
    ],
)
def test_what_cannot_be_understood(
    path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    """One line with the cure, and the file as it was."""
    status = 78 if "past midnight" in message else 2
    [line] = typed(path, capsys, *words, status=status)
    assert message in line
    assert path.read_text(encoding="utf-8") == FILE


def test_a_file_with_mistakes_is_mended_first(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command does not add to a file that would be refused."""
    path.write_text(FILE.replace("Europe/London", "London"), encoding="utf-8")
    assert "practice.time_zone" in typed(path, capsys, "away", "2w", status=78)[0]
    assert "practice.time_zone" in typed(path, capsys, "hours", "set", "monday", "closed", status=78)[0]


@pytest.mark.parametrize(
    ("words", "end"),
    [
        (["5h"], "2026-11-23T23:05"),
        (["1d"], "2026-11-24T00:00"),
        (["3", "d"], "2026-11-26T00:00"),
        (["2W"], "2026-12-07T00:00"),
        (["until", "2026-12-04"], "2026-12-04T00:00"),
        (["until", "2026-12-04T14:00"], "2026-12-04T14:00"),
        (["until", "2026-12-04T14:00+01:00"], "2026-12-04T13:00"),
    ],
)
def test_the_end_of_an_absence(words: list[str], end: str) -> None:
    """Days count from today and end at midnight; hours end on the minute; a zone is turned into ours."""
    begin = NOW.astimezone(ZoneInfo("Europe/London"))
    assert end_of_absence(words, begin) == datetime.fromisoformat(end)


@pytest.mark.parametrize("text", ["s", "", "x", "mo nday"])
def test_days_that_are_none(text: str) -> None:
    """Two letters at least, and of one day only."""
    with pytest.raises(UsageError):
        weekday(text)
    assert weekday("Su") == "sunday"


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_a_command_loads_what_it_needs(word: str) -> None:
    """No configuration, no schema and no template engine to say a version."""
    code = (
        "import sys; from responder.cli import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "heavy = {'responder.config', 'pydantic', 'jinja2', 'tree_sitter', 'responder.adapters'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, word], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["--config", "{}", "hours"], ["hours", "--config", "{}"]], ids=["before", "after"])
def test_the_file_is_named_before_or_after_the_command(path: Path, words: list[str]) -> None:
    """Both mean the same."""
    assert main([word.format(path) for word in words]) == 0


def test_a_command_that_reads_no_file_refuses_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Else somebody believes that another list was asked."""
    assert main(["--config", "other.toml", "never", "check"]) == 2
    assert "reads no configuration" in capsys.readouterr().err


def test_what_is_left_of_the_example_is_told_beside_the_picture(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the error stream, so that what a command prints stays what it is."""
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[[contact_form]]\nfrom = "form@your-practice.example"\n', encoding="utf-8")
    assert main(["hours", "--config", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "your-practice" not in out
    assert err.startswith(f"look: {path}:")
