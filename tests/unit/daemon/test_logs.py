"""Log lines for a terminal, for the journal and as JSON."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from responder.adapters.events import FIELDS, Event, log
from responder.core.text import redact
from responder.daemon import logs


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Leave the root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def written(style: logs.LogStyle, *, error: bool = False) -> str:
    """One line with facts, in a style."""
    stream = io.StringIO()
    logs.configure(style, stream=stream)
    logger = logging.getLogger("responder.test")
    facts = {"mailbox": "mailbox 1", "uid": 7, "why": "from tom@mail.example, so", "unknown": "never shown"}
    try:
        raise ValueError("about ann@town.example")  # noqa: TRY301 - the traceback is what is tested
    except ValueError:
        logger.warning("sent", extra=facts, exc_info=error)
    return stream.getvalue()


def test_terminal_shows_addresses() -> None:
    """Whoever sits at the terminal owns the mailbox."""
    assert written("terminal").endswith('warning mailbox 1: sent  uid=7 why="from tom@mail.example, so"\n')


def test_journal_has_priorities_and_no_address() -> None:
    """Each line starts with its level, tracebacks too, and no address passes."""
    lines = written("journal", error=True).splitlines()
    assert lines[0] == '<4>mailbox 1: sent  uid=7 why="from <address>, so"'
    assert all(line.startswith("<4>") for line in lines)
    assert lines[-1] == "<4>ValueError: about <address>"


def test_json_is_one_object_without_address() -> None:
    """Facts are keys; what is not a known fact stays out."""
    line = written("json", error=True)
    entry = json.loads(line)
    assert entry.pop("at").endswith("+00:00")
    assert "<address>" in entry.pop("traceback")
    assert entry == {
        "level": "warning",
        "event": "sent",
        "mailbox": "mailbox 1",
        "uid": 7,
        "why": "from <address>, so",
    }
    assert "@" not in line


def test_libraries_are_quiet() -> None:
    """Libraries that log header text and addresses are kept to warnings."""
    logs.configure("json", level=logging.DEBUG, stream=io.StringIO())
    assert not logging.getLogger("imapclient.imaplib").isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize(
    ("environ", "style"), [({"JOURNAL_STREAM": "8:1"}, "journal"), ({}, "journal")], ids=["systemd", "a pipe"]
)
def test_style_by_surroundings(environ: dict[str, str], style: str) -> None:
    """Where nobody sits at a terminal, no address is shown."""
    assert logs.choose_style(environ, io.StringIO()) == style


def test_style_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, the terminal's."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert logs.choose_style({}, sys.stderr) == "terminal"


MUCH = ('"', "(", "()", "a@", "@", " ", "a  ", '" ', "a @ ")


@pytest.mark.parametrize("text", MUCH)
def test_redaction_of_much(text: str) -> None:
    """A line as long as a hostile server likes is read to its end; benchmarks/hostile.py says how long that takes."""
    address = "tom@town.example"
    assert address not in redact(f"{text * 100_000} {address}")


ALL_FIELDS = {
    "mailbox": "box",
    "uid": 7,
    "rule": "a",
    "why": "b",
    "fix": "c",
    "until": datetime(2026, 11, 23, 9, tzinfo=UTC),
    "maybe_person": 1,
    "changed": "x",
}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (
            "journal",
            "<4>box: rate limited  uid=7 rule=a why=b fix=c until=2026-11-23T09:00:00+00:00 changed=x maybe_person=1\n",
        ),
        ("json", {**ALL_FIELDS, "until": "2026-11-23T09:00:00+00:00", "level": "warning", "event": "rate limited"}),
    ],
)
def test_every_field_reaches_the_line(style: logs.LogStyle, expected: object) -> None:
    """What is done about it and until when, too; in the table's order."""
    stream = io.StringIO()
    logs.configure(style, stream=stream)
    log(Event.LIMITED, **ALL_FIELDS)  # type: ignore[arg-type]  # more than the event has: the formatter knows them all
    if style == "json":
        entry = json.loads(stream.getvalue())
        del entry["at"]
        assert entry == expected
    else:
        assert stream.getvalue() == expected


def test_the_fields_are_the_tables() -> None:
    """None is forgotten by the formatter."""
    assert tuple(FIELDS) == logs.FACTS
