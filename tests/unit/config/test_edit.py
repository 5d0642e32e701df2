"""Commands that change the file: what was asked for changes, and not one character else."""

from __future__ import annotations

import os
import stat
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from responder.config import edit
from responder.config.edit import EditError
from responder.core.errors import ConfigError
from tests import ROOT
from tests.configs import load

EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8").replace("your-practice", "harbour")
START, END = datetime.fromisoformat("2026-11-23T18:05"), datetime.fromisoformat("2026-12-07T00:00")

PLAIN = """\
# ours
[practice]
time_zone = "Europe/London"   # the clock

[hours]      # a day that is not listed is closed
monday    = "09:00-17:00"
thursday  = "12:00-20:00"     # late
friday    = [
    "09:00-13:00",
]
# saturday = "22:00-06:00"

# the mailbox
[[mailbox]]
address = "hello@harbour.example"
"""


def changed_lines(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came, in order."""
    gone = [line[2:] for line in _diff(old, new) if line.startswith("- ")]
    came = [line[2:] for line in _diff(old, new) if line.startswith("+ ")]
    return gone, came


def _diff(old: str, new: str) -> list[str]:
    import difflib

    return list(difflib.ndiff(old.split("\n"), new.split("\n")))


# -- a day's hours -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "hours", "gone", "came"),
    [
        (
            "thursday",
            "10:00-12:00",
            ['thursday  = "12:00-20:00"     # late'],
            ['thursday  = "10:00-12:00"     # late'],
        ),
        ("tuesday", "10:00-12:00", [], ['tuesday   = "10:00-12:00"']),
        ("saturday", "10:00-12:00", [], ['saturday  = "10:00-12:00"']),
        ("sunday", "10:00-12:00", [], ['sunday    = "10:00-12:00"']),
        ("monday", None, ['monday    = "09:00-17:00"'], ['# monday    = "09:00-17:00"']),
        (
            "thursday",
            None,
            ['thursday  = "12:00-20:00"     # late'],
            ['# thursday  = "12:00-20:00"     # late'],
        ),
        ("sunday", None, [], []),
        ("monday", "09:00-17:00", [], []),
    ],
)
def test_one_line_changes(day: str, hours: str | None, gone: list[str], came: list[str]) -> None:
    """The line of the day changes, in line with its neighbours, and keeps its comment."""
    assert changed_lines(PLAIN, edit.set_hours(PLAIN, day, hours)) == (gone, came)


def test_days_stand_in_the_order_of_the_week() -> None:
    """A new line goes behind the day before it, and behind its own line where that is commented out."""
    new = edit.set_hours(edit.set_hours(PLAIN, "saturday", "10:00-12:00"), "wednesday", "10:00-12:00")
    table = new[new.index("[hours]") : new.index("\n\n# the mailbox")].splitlines()
    assert [line.split("=")[0].strip() for line in table if "=" in line] == [
        "monday", "wednesday", "thursday", "friday", "# saturday", "saturday",
    ]  # fmt: skip


def test_a_day_in_several_lines() -> None:
    """A list over several lines closes line by line, and is set as one."""
    closed = edit.set_hours(PLAIN, "friday", None)
    assert '# friday    = [\n#     "09:00-13:00",\n# ]\n' in closed
    assert 'friday    = "08:00-09:00"\n' in edit.set_hours(PLAIN, "friday", "08:00-09:00")


def test_closing_again_and_again_leaves_one_comment() -> None:
    """The line that is commented out does not pile up."""
    text = PLAIN
    for _ in range(3):
        text = edit.set_hours(edit.set_hours(text, "monday", None), "monday", "09:00-17:00")
    assert text.count("monday") == 2


def test_a_file_without_hours_gets_a_table() -> None:
    """Behind [practice], where the example has it; an empty table with a comment keeps that on top."""
    without = '[practice]\nregion = "GB"\n\n[[mailbox]]\naddress = "a@b.example"\n'
    assert edit.set_hours(without, "monday", "09:00-10:00") == without.replace(
        "\n\n[[", '\n\n[hours]\nmonday = "09:00-10:00"\n\n[['
    )
    empty = "[hours]\n# none yet\n\n[practice]\n"
    assert edit.set_hours(empty, "monday", "09:00-10:00") == empty.replace("yet\n", 'yet\nmonday = "09:00-10:00"\n')
    assert edit.set_hours("", "monday", "09:00-10:00") == '[hours]\nmonday = "09:00-10:00"\n'


def test_before_later_days() -> None:
    """The week's first day goes above the others."""
    assert edit.set_hours('[hours]\nfriday = "1"\n', "monday", "2") == '[hours]\nmonday = "2"\nfriday = "1"\n'


@pytest.mark.parametrize(
    "text",
    [
        'hours = { monday = "09:00-17:00" }\n',
        'hours.monday = "09:00-17:00"\n',
        "hours = 7\n",
        '[hours]\nmonday = [\n  "09:00-10:00",  # early\n]\n',
        "[hours\n",
        '[a]\n[hours]\nmonday = "1"\n[hours.x]\n',
    ],
)
def test_what_cannot_be_changed_safely_is_left_alone(text: str) -> None:
    """Spellings that a command could harm are refused with the way out; a lost comment would be harm."""
    if "[hours.x]" in text:
        assert edit.set_hours(text, "monday", "2") == text.replace('"1"', '"2"')
        return
    with pytest.raises(EditError, match=r"by hand|Mend it"):
        edit.set_hours(text, "monday", "09:00-12:00")


# -- a closure ---------------------------------------------------------------------------------------------------------


def test_the_first_closure_stands_behind_the_hours() -> None:
    """The comment above the next table stays with that table."""
    new = edit.add_closure(PLAIN, START, END, 'say "hi"')
    block = '[[closure]]\nfrom  = 2026-11-23T18:05:00\nuntil = 2026-12-07\nnote  = "say \\"hi\\""\n'
    assert new == PLAIN.replace("\n\n# the mailbox", f"\n\n{block}\n# the mailbox")


def test_a_further_closure_stands_behind_the_last() -> None:
    """Also where closures and other tables take turns."""
    text = PLAIN + "\n[[closure]]\nfrom = 2026-01-01\n\n# about b\n[b]\n[[closure]]\nfrom = 2026-02-01\n# end\n"
    later = datetime.fromisoformat("2026-12-07T14:00")
    assert edit.add_closure(text, START, later, None) == (
        text + "\n[[closure]]\nfrom  = 2026-11-23T18:05:00\nuntil = 2026-12-07T14:00:00\n"
    )


def test_comments_without_a_blank_line_stay_with_their_table() -> None:
    """A line that is commented out right below a table is that table's, whatever follows."""
    text = '[hours]\nfriday = "1"\n# saturday = "2"\n[practice]\n'
    new = edit.add_closure(text, START, END, None)
    assert new.startswith('[hours]\nfriday = "1"\n# saturday = "2"\n\n[[closure]]\n')
    assert new.endswith("\n\n[practice]\n")


@pytest.mark.parametrize("text", ["closure = 1\n", "closure = []\n", "[closure]\n", "[[closure]\n"])
def test_a_closure_that_cannot_be_added(text: str) -> None:
    """An inline array or a single table is told, not broken."""
    with pytest.raises(EditError):
        edit.add_closure(text, START, END, None)


# -- any file ----------------------------------------------------------------------------------------------------------

COMMENTS = st.sampled_from(["", "  # why", "\t# «so»", " #\u2028odd"])
LINES = st.lists(st.sampled_from(["\n", "# note\n", "#\n", "   # indented\n"]), max_size=3).map("".join)
ENTRIES = st.sampled_from(
    ['"09:00-17:00"', "'10:00-11:00'", '["08:00-09:00", "10:00-11:00"]', '[\n  "08:00-09:00",\n]']
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file in the way that people write them: comments anywhere, tables in any order."""
    days = draw(st.lists(st.sampled_from(edit.DAYS), unique=True))
    hours = [f"[hours]{draw(COMMENTS)}\n", draw(LINES)]
    hours += [f"{day} = {draw(ENTRIES)}{draw(COMMENTS)}\n{draw(LINES)}" for day in days]
    tables = ["".join(hours), f"[practice]\n{draw(LINES)}x = 1{draw(COMMENTS)}\n"]
    tables += [f"[[closure]]\n{draw(LINES)}from = 2026-01-0{n + 1}\n" for n in range(draw(st.integers(0, 3)))]
    tables += [f"[[mailbox]]{draw(COMMENTS)}\n" for _ in range(draw(st.integers(0, 2)))]
    return draw(LINES) + "".join(table + draw(LINES) for table in draw(st.permutations(tables)))


def asked(raw: dict[str, Any], day: str, hours: str | None) -> dict[str, Any]:
    """What the file should mean afterwards."""
    raw["hours"].pop(day, None)
    if hours is not None:
        raw["hours"][day] = hours
    return raw


@given(files(), st.sampled_from(edit.DAYS), st.sampled_from(["13:00-14:00", None]))
@example('[hours]\nfriday = "09:00-17:00" #\u2028odd\n[practice]\nx = 1\n', "friday", None)
def test_setting_a_day_touches_nothing_else(text: str, day: str, hours: str | None) -> None:
    """Every other line stays where it is, letter for letter, and so does every comment."""
    new = edit.set_hours(text, day, hours)
    assert tomllib.loads(new) == asked(tomllib.loads(text), day, hours)
    gone, came = changed_lines(text, new)
    assert all(line.partition("#")[2] in "\n".join(came) for line in gone)
    assert len(came) <= 3
    for line in text.split("\n"):
        if line.strip().startswith("#"):
            assert line in new


@given(files())
def test_adding_a_closure_only_adds(text: str) -> None:
    """No line goes, and the closure is the last one."""
    new = edit.add_closure(text, START, END, "away")
    assert tomllib.loads(new)["closure"][-1] == {"from": START, "until": END.date(), "note": "away"}
    assert changed_lines(text, new)[0] == []


@given(st.text(alphabet='[]=#"\n hours.monday', max_size=60))
def test_any_text_is_changed_rightly_or_refused(text: str) -> None:
    """There is no text out of which an edit makes something else than was asked for."""
    try:
        new = edit.set_hours(text, "monday", "13:00-14:00")
    except EditError:
        return
    assume(tomllib.loads(text).get("hours", {}) is not None)
    assert tomllib.loads(new)["hours"]["monday"] == "13:00-14:00"


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that loads."""
    file = tmp_path / "config.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    return file


def change(path: Path, hours: str = "10:00-12:00") -> Path:
    """One edit from end to end; where the backup is."""
    original = edit.read(path)
    text = edit.set_hours(original.text, "monday", hours)
    edit.try_out(original, text, load)
    return edit.replace(original, text)


def test_the_old_one_is_kept_and_mode_and_owner_stay(path: Path) -> None:
    """The new file has the old one's mode and owner, and the old one lies beside it."""
    path.chmod(0o640)
    if os.getuid() == 0:
        os.chown(path, 12345, 23456)
    before = path.stat()
    backup = change(path)
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o640
    assert backup.read_text(encoding="utf-8") == EXAMPLE
    assert 'monday    = "10:00-12:00"' in path.read_text(encoding="utf-8")
    assert sorted(file.name for file in path.parent.iterdir()) == ["config.toml", "config.toml.bak"]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """What it points to is replaced, and what the file names is looked for beside the link."""
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "config.toml"
    path.write_text(EXAMPLE.replace("\n[reply]\n", '\n[reply]\ntemplate = "own.txt"\n', 1), encoding="utf-8")
    (tmp_path / "etc" / "own.txt").write_text("Nobody is here.\n{{ help }}\n", encoding="utf-8")
    link.symlink_to(path)
    change(link)
    assert link.is_symlink()
    assert "10:00-12:00" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("mark", "end"), [(b"", b"\r\n"), (b"\xef\xbb\xbf", b"\n"), (b"\xef\xbb\xbf", b"\r\n")])
def test_line_ends_and_mark_stay(path: Path, mark: bytes, end: bytes) -> None:
    """A file from Notepad stays one."""
    path.write_bytes(mark + EXAMPLE.encode().replace(b"\n", end))
    change(path)
    content = path.read_bytes()
    assert content.startswith(mark)
    assert content.count(end) == content.count(b"\n")


def test_a_change_that_would_be_refused_never_reaches_the_file(path: Path) -> None:
    """The whole new file is read first; what is wrong is placed in the file that it would have become."""
    original = edit.read(path)
    with pytest.raises(ConfigError) as refused:
        edit.try_out(original, edit.set_hours(original.text, "monday", "25:00-26:00"), load)
    row = original.text.split("\n").index('monday    = "09:00-12:30, 13:30-17:00"') + 1
    assert refused.value.problems[0].startswith(f"{path}:{row}:13: hours.monday:")
    assert path.read_text(encoding="utf-8") == EXAMPLE
    assert [file.name for file in path.parent.iterdir()] == ["config.toml"]


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(path: Path) -> None:
    """Between reading and writing the file may change: then nothing is written."""
    original = edit.read(path)
    path.write_text(f"{EXAMPLE}# mine\n", encoding="utf-8")
    with pytest.raises(EditError, match="somebody else"):
        edit.replace(original, "")
    assert path.read_text(encoding="utf-8") == f"{EXAMPLE}# mine\n"


def test_what_is_gone_or_cannot_be_written_is_told(path: Path, tmp_path: Path) -> None:
    """No traceback, and the file as it was."""
    original = edit.read(path)
    path.unlink()
    with pytest.raises(OSError, match="No such file"):
        edit.replace(original, "")
    nowhere = edit.Original(tmp_path / "none" / "config.toml", b"", "")
    with pytest.raises(EditError, match="sudo"):
        edit.try_out(nowhere, "", load)
    with pytest.raises(EditError, match="sudo"):
        edit.replace(nowhere, "")


def test_the_difference_is_readable(path: Path) -> None:
    """Only the lines that change, with two around them; nothing when nothing changes."""
    original = edit.read(path)
    shown = edit.difference(original, edit.set_hours(original.text, "monday", "10:00-12:00")).splitlines()
    assert [line for line in shown if line[0] in "+-"][2:] == [
        '-monday    = "09:00-12:30, 13:30-17:00"',
        '+monday    = "10:00-12:00"',
    ]
    assert len(shown) == 9
    assert edit.difference(original, original.text) == ""
