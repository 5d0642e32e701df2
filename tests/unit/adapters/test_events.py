"""The table of events, the places that use it, and the page that is made from it."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from responder.adapters.events import FIELDS, Event, Fields
from tools import log_page

PACKAGE = Path(__file__).parents[3] / "responder"


def calls() -> dict[str, set[str]]:
    """Each event that the package logs, and the fields it is given somewhere."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                fields = {keyword.arg or "**" for keyword in node.keywords} - {"error", "mailbox"}
                for name in _events_in(node):
                    found[name] |= fields
            elif isinstance(node, ast.IfExp | ast.Dict):  # an event that is chosen, then logged
                for name in _events_of(node):
                    found[name] |= set()
    return found


def _events_in(call: ast.Call) -> list[str]:
    return _events_of(call.args[0]) if call.args else []


def _events_of(node: ast.AST) -> list[str]:
    return [
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "Event"
    ]


def test_every_event_is_logged_with_its_fields() -> None:
    """The table names what is logged: no event that is never written, no field that no line has, and none besides."""
    logged = calls()
    assert set(logged) == {event.name for event in Event}
    extra = {name: fields - set(Event[name].fields) for name, fields in logged.items()}
    assert {name: fields for name, fields in extra.items() if fields} == {}
    chosen = {"OPEN", "CLOSED"}  # one call for both
    missing = {event.name: set(event.fields) - logged[event.name] for event in Event if event.name not in chosen}
    assert {name: fields for name, fields in missing.items() if fields} == {}


def test_names_are_fixed_and_differ() -> None:
    """Short, lower-case but for IMAP's own word, without a value in them; no two alike."""
    texts = [event.text for event in Event]
    assert len(set(texts)) == len(texts)
    assert [text for text in texts if len(text) > 30 or ":" in text or "%" in text] == []


def test_every_field_is_described() -> None:
    """The fields of the table are those of the type, and each says what it is."""
    assert list(FIELDS) == list(Fields.__annotations__)
    assert {field for event in Event for field in event.fields} <= set(FIELDS)


def test_the_page_is_the_table() -> None:
    """``docs/logs.md`` is made from the table: python -m tools.log_page."""
    assert log_page.PAGE.read_text(encoding="utf-8") == log_page.page()
