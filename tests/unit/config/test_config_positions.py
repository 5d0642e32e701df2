"""Every key and value of a TOML text has a place; any text gives a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from responder.config.positions import Place, Places

TEXT = """\
top = 1
[hours]
"mon day" = ["a",
  # a comment
  "b"]
a.b = { c = { d = [1, 2] } }
[[mailbox]]
"é" = "x"
[[mailbox]]
"öä" = { f = "y" }
[mailbox.imap]
host = "z"
[[mailbox.form]]
from = 2026-12-24
"""


def test_keys_and_values_are_found_wherever_toml_allows_them() -> None:
    """Quoted and dotted keys, arrays over several lines, inline tables, tables below arrays of tables."""
    places = Places(TEXT)
    assert places.key(("top",)) == (1, 1)
    assert places.value(("top",)) == (1, 7)
    assert places.key(("hours",)) == (2, 1)
    assert places.key(("hours", "mon day")) == (3, 1)
    assert places.value(("hours", "mon day", 1)) == (5, 3)
    assert places.value(("hours", "a", "b", "c", "d", 1)) == (6, 23)
    assert places.key(("mailbox", 1)) == (9, 1)
    assert places.key(("mailbox", 1, "imap", "host")) == (12, 1)
    assert places.value(("mailbox", 1, "form", 0, "from")) == (14, 8)


def test_columns_count_characters() -> None:
    """An umlaut is one column, as an editor shows it."""
    assert Places(TEXT).value(("mailbox", 1, "öä", "f")) == Place(10, 14)


def test_what_is_missing_stands_where_its_table_stands() -> None:
    """The innermost table that is there is the best place for what is not."""
    places = Places(TEXT)
    assert places.key(("mailbox", 1, "imap", "port")) == (11, 1)
    assert places.value(("mailbox", 0, "password", "file")) == (7, 1)
    assert places.key(("practice",)) is None
    assert places.value(()) is None


def test_broken_headers_and_keys_hide_nothing_else() -> None:
    """What cannot be read is passed over, what follows has its place."""
    places = Places('"\\ud800" = 1\n[]\nx = 1\n[hours]\nmonday = 1\n')
    assert places.key(("\\ud800",)) == (1, 1)
    assert places.value(("hours", "monday")) == (5, 10)


def test_what_stands_twice_is_found() -> None:
    """Keys and tables that repeat are listed with both places; arrays of tables may repeat."""
    places = Places("[a]\nx = 1\nx = 2\n[[b]]\n[[b]]\n[a]\n")
    assert [(r.keys, r.first.line, r.second.line) for r in places.repeats] == [(("a", "x"), 2, 3), (("a",), 1, 6)]


@given(st.text(alphabet="ab[]{}=\".'\n ,#1é\\", max_size=60))
def test_any_text_gives_places_inside_it(text: str) -> None:
    """Broken TOML never raises, and no place lies outside the text."""
    places = Places(text)
    lines = text.split("\n")
    for loc in (("a",), ("b",), ("a", "b"), ("a", 0), ("a", 0, "b")):
        place = places.value(loc)
        if place is not None:
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1
