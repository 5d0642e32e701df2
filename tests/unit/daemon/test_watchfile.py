"""The watch sees every way of saving a file, once, and waits for whoever is still writing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from responder.daemon.file_watch import HALF_WRITTEN, SETTLED_AFTER, FileWatch

TEXT = 'a = 1\n[reply]\ntemplate = "own.txt"\n[holidays]\ncalendars = ["team.ics", "", 7]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that names two others, of which one is there."""
    (tmp_path / "own.txt").write_text("words")
    file = tmp_path / "config.toml"
    file.write_text(TEXT)
    return file


def watching(path: Path) -> FileWatch:
    """A watch that has read what is there."""
    watch = FileWatch(path)
    watch.take()
    assert not watch.changed(0.0)
    return watch


def in_place(path: Path) -> None:
    """As nano does."""
    path.write_text(TEXT.replace("1", "2"))


def by_rename(path: Path) -> None:
    """As sed -i does."""
    new = path.with_suffix(".new")
    new.write_text(TEXT)
    new.replace(path)


def by_moving_the_old_away(path: Path) -> None:
    """As vim does, with a backup."""
    path.rename(path.with_suffix(".old"))
    path.write_text(TEXT)


def with_its_old_time(path: Path) -> None:
    """As rsync does."""
    before = path.stat()
    path.write_text(TEXT.replace("1", "3"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def by_mode(path: Path) -> None:
    """Mends what could not be read."""
    path.chmod(0o600)


def the_template(path: Path) -> None:
    """A file that the file names."""
    path.with_name("own.txt").write_text("other words")


def a_calendar_that_was_not_there(path: Path) -> None:
    """One that was missing."""
    path.with_name("team.ics").write_text("BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    "save",
    [
        in_place,
        by_rename,
        by_moving_the_old_away,
        with_its_old_time,
        by_mode,
        the_template,
        a_calendar_that_was_not_there,
    ],
)
def test_every_way_of_saving_is_seen_once(path: Path, save: Callable[[Path], None]) -> None:
    """A change counts when it is settled, and no more after it was taken."""
    watch = watching(path)
    save(path)
    assert not watch.changed(10.0)
    assert not watch.changed(10.0 + SETTLED_AFTER / 2)
    assert watch.changed(10.0 + SETTLED_AFTER)
    watch.take()
    assert not watch.changed(20.0)


def test_a_link_that_points_elsewhere(path: Path, tmp_path: Path) -> None:
    """What counts is what the name leads to."""
    other = tmp_path / "other.toml"
    other.write_text(TEXT)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    watch = watching(link)
    link.unlink()
    link.symlink_to(other)
    assert not watch.changed(1.0)
    assert watch.changed(2.0)


def test_writing_in_two_steps_is_waited_for(path: Path) -> None:
    """As long as it goes on changing it is not read; an empty or missing file gets more time."""
    watch = watching(path)
    path.write_text("")
    assert not watch.changed(1.0)
    assert not watch.changed(1.0 + SETTLED_AFTER * 2)
    path.unlink()
    assert not watch.changed(3.0)
    assert not watch.changed(3.0 + SETTLED_AFTER * 2)
    path.write_text(TEXT)
    assert not watch.changed(5.0)
    assert watch.changed(5.0 + SETTLED_AFTER)


def test_an_empty_or_missing_file_is_told_in_the_end(path: Path) -> None:
    """It may be meant, or a disk that is full: after a while it is read like any other."""
    watch = watching(path)
    path.unlink()
    assert not watch.changed(1.0)
    assert watch.changed(1.0 + HALF_WRITTEN)


@pytest.mark.parametrize("broken", ["[reply\n", "\udcff", "[" * 5000])
def test_what_a_broken_file_named_before_is_still_watched(path: Path, broken: str) -> None:
    """While the file is no TOML, the last names hold."""
    watch = watching(path)
    path.write_bytes(broken.encode(errors="surrogateescape"))
    watch.take()
    the_template(path)
    assert not watch.changed(1.0)
    assert watch.changed(2.0)


def test_a_change_while_it_is_read_is_seen_afterwards(path: Path) -> None:
    """What is taken is what was there before reading began, so that nothing falls between."""
    watch = watching(path)
    watch.take()
    in_place(path)
    assert not watch.changed(1.0)
    assert watch.changed(2.0)
