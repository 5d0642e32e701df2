"""A configuration that follows its file: taken whole, or refused whole and said so until it is mended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from responder import config
from responder.core.errors import ConfigError
from responder.daemon import reload
from responder.daemon.reload import Reloader, changed_tables
from tests.configs import load
from tests.unit.config.test_config_problems import BASE, SECOND


class Daemon:
    """What the reloader needs of it, with a log of the calls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls: list[str] = []
        self.applied: list[config.Config] = []
        path.write_text(BASE, encoding="utf-8")
        self.reloader = Reloader(
            load(path),
            read=self.read,
            apply=self.apply,
            begin=lambda: self.calls.append("begin"),
            end=lambda: self.calls.append("end"),
        )
        self.fail_with: Exception | None = None

    def read(self) -> config.Config:
        """Read the file."""
        self.calls.append("read")
        if self.fail_with is not None:
            raise self.fail_with
        return load(self.path)

    def apply(self, new: config.Config) -> None:
        """Take it up."""
        self.calls.append("apply")
        self.applied.append(new)

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for what the reloader does; its intervals are milliseconds here."""
        async with asyncio.timeout(5):
            while not reached():  # noqa: ASYNC110 - it is files and calls that are waited for
                await asyncio.sleep(0.001)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """A daemon whose reloader is in a hurry."""
    monkeypatch.setattr(reload, "LOOK_EVERY", 0.002)
    monkeypatch.setattr("responder.daemon.file_watch.SETTLED_AFTER", 0.004)
    return Daemon(tmp_path / "config.toml")


async def running(daemon: Daemon, steps: Callable[[], object]) -> None:
    """Run the reloader around some steps."""
    task = asyncio.create_task(daemon.reloader.run())
    try:
        await steps()  # type: ignore[misc]  # an async function
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_edit_is_in_force_and_logged(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    """The file is read once after a change, swapped whole, and the log says what is different."""
    caplog.set_level(logging.INFO)

    async def steps() -> None:
        daemon.path.write_text(BASE.replace("09:00-17:00", "12:00-20:00"), encoding="utf-8")
        await daemon.until(lambda: daemon.calls[-1:] == ["end"])

    await running(daemon, steps)
    assert daemon.calls == ["begin", "read", "apply", "end"]
    assert [vars(record)["changed"] for record in caplog.records] == ["hours"]


async def test_asking_reads_what_did_not_change(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    """SIGHUP reads the file whether or not it is another one, and says that it means the same."""
    caplog.set_level(logging.INFO)

    async def steps() -> None:
        daemon.reloader.ask()
        await daemon.until(lambda: daemon.calls[-1:] == ["end"])

    await running(daemon, steps)
    assert daemon.calls == ["begin", "read", "apply", "end"]
    assert [(record.message, vars(record)["changed"]) for record in caplog.records] == [
        ("configuration reloaded", "nothing")
    ]


async def test_a_bad_file_is_told_once_and_shown_until_it_is_mended(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    """Each problem is one line, nothing is applied, the status line keeps saying it, and the mended file is taken."""
    bad = BASE.replace("Europe/London", "London").replace('"GB"', '"UK"')

    async def steps() -> None:
        daemon.path.write_text(bad, encoding="utf-8")
        await daemon.until(lambda: daemon.calls[-1:] == ["end"])
        assert daemon.applied == []
        assert daemon.reloader.status is not None
        assert f"{daemon.path}:3:13: practice.time_zone: " in daemon.reloader.status
        assert "and 1 more" in daemon.reloader.status
        await asyncio.sleep(0.05)
        assert daemon.calls == ["begin", "read", "end"]
        daemon.path.write_text(BASE, encoding="utf-8")
        await daemon.until(lambda: bool(daemon.applied))

    await running(daemon, steps)
    assert daemon.reloader.status is None
    refusals = [record for record in caplog.records if "refused" in record.message]
    assert [record.why for record in refusals] == list(daemon_problems(daemon, bad))  # type: ignore[attr-defined]  # a fact of the line


def daemon_problems(daemon: Daemon, text: str) -> tuple[str, ...]:
    """What is said of a file with this text."""
    daemon.path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(daemon.path)
    return refused.value.problems


GONE = '[crisis]\nlines = ["gb-gone"]\n'
"""An id that the directory does not have: at a start it is left out."""


async def test_a_crisis_line_that_must_not_be_shown_keeps_an_edit_out(daemon: Daemon) -> None:
    """The last good file stays in force, and the status line says which line it is."""

    async def steps() -> None:
        daemon.path.write_text(BASE + GONE, encoding="utf-8")
        await daemon.until(lambda: daemon.calls[-1:] == ["end"])
        assert daemon.applied == []
        assert daemon.reloader.status is not None
        assert 'crisis.lines: the directory has no crisis line "gb-gone"' in daemon.reloader.status

    await running(daemon, steps)


async def test_a_line_that_was_left_out_at_the_start_holds_up_no_reading_of_the_same_file(daemon: Daemon) -> None:
    """Once a day the holidays are read again, and the file is what it was."""
    daemon.path.write_text(BASE + GONE, encoding="utf-8")
    daemon.reloader = Reloader(
        load(daemon.path),
        read=daemon.read,
        apply=daemon.apply,
        begin=lambda: None,
        end=lambda: daemon.calls.append("end"),
    )

    async def steps() -> None:
        daemon.reloader.ask()
        await daemon.until(lambda: daemon.calls[-1:] == ["end"])

    await running(daemon, steps)
    assert len(daemon.applied) == 1
    assert daemon.reloader.status is None


async def test_one_problem_has_no_more(daemon: Daemon) -> None:
    """The status line of a single problem is that problem."""

    async def steps() -> None:
        daemon.path.write_text(BASE.replace("Europe/London", "London"), encoding="utf-8")
        await daemon.until(lambda: daemon.reloader.status is not None)

    await running(daemon, steps)
    assert daemon.reloader.status is not None
    assert daemon.reloader.status.endswith('Did you mean "Europe/London"?')


async def test_an_error_of_ours_ends_neither_the_following_nor_systemds_patience(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    """RELOADING is always followed by READY; the error is told with its traceback, and the next save is taken up."""

    async def steps() -> None:
        daemon.fail_with = RuntimeError("ours")
        daemon.reloader.ask()
        await daemon.until(lambda: daemon.reloader.status is not None)
        assert daemon.calls == ["begin", "read", "end"]
        daemon.fail_with = None
        daemon.path.write_text(BASE.replace("Harbour", "Haven"), encoding="utf-8")
        await daemon.until(lambda: bool(daemon.applied))

    await running(daemon, steps)
    assert daemon.reloader.status is None
    (record,) = (each for each in caplog.records if each.exc_info)
    assert record.getMessage() == "reload failed"


WHOLE = (
    BASE
    + """
[[closure]]
from = 2026-12-24T12:00:00
until = 2027-01-04T09:00:00
note = "surgery"
[[opening]]
date = 2026-12-05
hours = "10:00-14:00"
"""
)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ('monday = "09:00-17:00"', 'monday = "12:00-20:00"', "hours"),
        ('"Harbour Counselling"', '"Haven"', "practice"),
        ("Europe/London", "Europe/Dublin", "practice"),
        ('note = "surgery"', 'note = "winter"', "closure"),
        ('"10:00-14:00"', '"10:00-15:00"', "opening"),
        ("[[opening]]", "[holidays]\npublic = true\n[[opening]]", "holidays"),
        ("[[opening]]", "[crisis]\ncompared_on = 2026-11-20\n[[opening]]", "crisis"),
        ('region = "GB"', 'region = "IE"', "practice crisis"),
        ("[[opening]]", '[reply]\nfloor = "1h"\n[[opening]]', "reply"),
        ("[[opening]]", "[reply]\nhtml = true\n[[opening]]", "reply"),
        ("[[opening]]", "[rates]\nbreaker = 5\n[[opening]]", "rates"),
        ("[[closure]]", SECOND + "\n[[closure]]", "mailbox"),
        ('credential = "hello"', 'credential = "other"', "mailbox"),
        ("[[closure]]", "# a remark\n[[closure]]", ""),
    ],
)
def test_which_tables_changed(tmp_path: Path, old: str, new: str, changed: str) -> None:
    """By what they mean: a remark or another order changes nothing, and names no value."""
    assert WHOLE.count(old)
    before, after = tmp_path / "before.toml", tmp_path / "after.toml"
    before.write_text(WHOLE, encoding="utf-8")
    after.write_text(WHOLE.replace(old, new), encoding="utf-8")
    found = changed_tables(load(before), load(after))
    assert " ".join(found) == changed
