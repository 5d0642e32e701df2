"""Where in a TOML file a key or a value stands. Only imported to point at what is wrong, and by edits."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import NamedTuple

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Loc = tuple[str | int, ...]
"""Path to a value: keys, and indexes into arrays and arrays of tables."""

_STRING_OF_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Place(NamedTuple):
    """Line and column, both counted from 1; the column in characters."""

    line: int
    column: int


class Repeat(NamedTuple):
    """A key or table that stands twice where it may stand once."""

    keys: tuple[str, ...]
    first: Place
    second: Place


def parsed(text: str) -> Node:
    """The whole text as a tree; any text gives one."""
    return Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node


class Places:
    """Every key and value of one TOML text. Any text gives a value; what cannot be parsed is left out.

    Attributes:
        repeats: keys and tables written twice, in the order of the second.
    """

    def __init__(self, text: str) -> None:
        self.repeats: list[Repeat] = []
        self._lines = text.encode().split(b"\n")
        self._keys: dict[Loc, Place] = {}
        self._values: dict[Loc, Place] = {}
        self._arrays: dict[Loc, int] = {}
        root = parsed(text)
        self._section((), root)
        for node in root.named_children:
            if node.type in ("table", "table_array_element"):
                self._table(node)

    def key(self, loc: Loc) -> Place | None:
        """Where the key stands, or the innermost table around it that does."""
        return _nearest(self._keys, loc)

    def value(self, loc: Loc) -> Place | None:
        """Where the value begins, or the innermost table around it."""
        return self._values.get(loc) or self.key(loc)

    def _place(self, node: Node) -> Place:
        row, column = node.start_point
        return Place(row + 1, len(self._lines[row][:column].decode(errors="replace")) + 1)

    def _table(self, node: Node) -> None:
        header = next((child for child in node.named_children if child.type in _STRING_OF_KEYS), None)
        if header is None:
            return
        keys = tuple(key_parts(header))
        loc = (*self._resolve(keys[:-1]), keys[-1])
        if node.type == "table_array_element":
            if loc not in self._arrays:
                self._remember(loc, self._place(node))
            self._arrays[loc] = self._arrays.get(loc, -1) + 1
            loc = (*loc, self._arrays[loc])
        self._remember(loc, self._place(node))
        self._section(loc, node)

    def _resolve(self, keys: tuple[str, ...]) -> Loc:
        """A header's path goes through the last element of each array of tables on its way (TOML 1.0)."""
        loc: Loc = ()
        for key in keys:
            loc = (*loc, key)
            if loc in self._arrays:
                loc = (*loc, self._arrays[loc])
        return loc

    def _section(self, loc: Loc, node: Node) -> None:
        for child in node.named_children:
            if child.type == "pair" and len(child.named_children) > 1:
                key, value = child.named_children[:2]  # a comment may follow
                inner = loc + tuple(key_parts(key))
                self._remember(inner, self._place(key))
                self._value(inner, value)

    def _value(self, loc: Loc, node: Node) -> None:
        self._values.setdefault(loc, self._place(node))
        if node.type == "inline_table":
            self._section(loc, node)
        elif node.type == "array":
            elements = (child for child in node.named_children if child.type != "comment")
            for index, element in enumerate(elements):
                self._value((*loc, index), element)

    def _remember(self, loc: Loc, place: Place) -> None:
        if loc in self._keys:
            keys = tuple(part for part in loc if isinstance(part, str))
            self.repeats.append(Repeat(keys, self._keys[loc], place))
        self._keys.setdefault(loc, place)


def _nearest(places: dict[Loc, Place], loc: Loc) -> Place | None:
    return next((places[loc[:size]] for size in range(len(loc), 0, -1) if loc[:size] in places), None)


def key_parts(node: Node) -> Iterator[str]:
    """The parts of a key: two of ``crisis.line``."""
    if node.type == "dotted_key":
        for child in node.named_children:
            yield from key_parts(child)
        return
    text = (node.text or b"").decode(errors="replace")
    if node.type == "quoted_key":
        try:
            text = next(iter(tomllib.loads(f"{text} = 0")))
        except tomllib.TOMLDecodeError:
            text = text.strip("\"'")
    yield text
