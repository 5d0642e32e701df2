"""A changed line or a new table in the text of a file, and nothing else changed.

Every other line is passed on as it is. The result is read again: it has to mean the old file with this one change.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import pairwise, takewhile
from typing import Any, Final, NamedTuple

from tree_sitter import Node

from responder.config.positions import key_parts, parsed
from responder.core.errors import ResponderError
from responder.core.hours.words import WEEKDAYS

DAYS: Final = tuple(name.lower() for name in WEEKDAYS)

_BEFORE_CLOSURE: Final = (("closure",), ("holidays",), ("hours",), ("practice",))
_BEFORE_CRISIS: Final = (("holidays",), ("opening",), ("closure",), ("hours",), ("practice",))
_BEFORE_HOURS: Final = (("practice",),)
"""A new table goes behind the last of the first of these that there is."""

_BY_HAND: Final = "Change it by hand, and look at it with: responder hours"
_CRISIS_BY_HAND: Final = "Write the day by hand, as compared_on below [crisis], and look at it with: responder check"


class EditError(ResponderError):
    """The file cannot be changed by a command; the sentence says why, and what to do instead. The file is as it was."""


def set_hours(text: str, day: str, hours: str | None) -> str:
    """One weekday's hours as in the file, or None for closed: then the day keeps its line as a comment.

    Raises:
        EditError: the file is written in a way that this cannot change safely.
    """
    expected = _meaning(text)
    table = expected.setdefault("hours", {})
    if not isinstance(table, dict):
        raise EditError(f"hours is not a table in this file. {_BY_HAND}")
    if hours is None and table.pop(day, None) is None:
        return text
    if hours is not None:
        table[day] = hours
    return _checked(text, _with_hours(text, day, hours), expected)


def add_closure(text: str, start: datetime, end: datetime, note: str | None) -> str:
    """One more ``[[closure]]``, behind those there are; its times are naive, on the practice's own clock.

    Raises:
        EditError: the file is written in a way that this cannot change safely.
    """
    values = {"from": start, "until": end.date() if end.time() == time() else end, "note": note}
    entry = {key: value for key, value in values.items() if value is not None}
    expected = _meaning(text)
    closures = expected.setdefault("closure", [])
    if not isinstance(closures, list):
        raise EditError(f"closure is not [[closure]] in this file. {_BY_HAND}")
    closures.append(entry)
    lines = _lines(text)
    block = ["[[closure]]\n", *(f"{key:<5} = {_as_toml(value)}\n" for key, value in entry.items())]
    return _checked(text, _inserted(lines, _behind(lines, _sections(text), _BEFORE_CLOSURE), block), expected)


def set_compared_on(text: str, day: date) -> str:
    """The day of the last comparison of the crisis lines.

    Raises:
        EditError: the file is written in a way that this cannot change safely.
    """
    expected = _meaning(text)
    table = expected.setdefault("crisis", {})
    if not isinstance(table, dict):
        raise EditError(f"crisis is not a table in this file. {_CRISIS_BY_HAND}")
    if table.get("compared_on") == day:
        return text
    table["compared_on"] = day
    try:
        return _checked(text, _with_compared_on(text, day), expected)
    except EditError as error:
        raise EditError(str(error).replace(_BY_HAND, _CRISIS_BY_HAND)) from None


def _as_toml(value: str | date | datetime) -> str:
    """A JSON string is a TOML string, but for the character DEL, which no result is accepted with."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else value.isoformat()


def _meaning(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"the file is not TOML ({error}). Mend it first: responder check") from None


def _checked(old: str, new: str, expected: dict[str, Any]) -> str:
    """What was made, if it means what it should and lost no comment."""
    wrong = "this file is written in a way that cannot be changed by a command without harm"
    try:
        meaning = tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        raise EditError(f"{wrong}. {_BY_HAND}") from None
    if meaning != expected:
        raise EditError(f"{wrong}. {_BY_HAND}")
    after = Counter(_comments(new))
    lost = [comment for comment in Counter(_comments(old)) - after if not any(comment in other for other in after)]
    if lost:
        raise EditError(f"a comment would be lost ({lost[0]}). {_BY_HAND}")
    return new


# Where tables stand


class _Section(NamedTuple):
    """A table's lines, from its header up to the next header; both counted from 0, the end exclusive."""

    keys: tuple[str, ...]
    start: int
    end: int
    pairs: tuple[Node, ...]

    def pair(self, key: str) -> Node | None:
        """Where a key of it stands with its value."""
        return next((pair for pair in self.pairs if _key(pair) == key), None)


def _sections(text: str) -> list[_Section]:
    headers = [node for node in parsed(text).named_children if "table" in node.type]
    rows = [*(node.start_point[0] for node in headers), len(_lines(text))]
    return [
        _Section(tuple(key_parts(node.named_children[0])), *span, tuple(filter(_is_pair, node.named_children)))
        for node, span in zip(headers, pairwise(rows), strict=True)
    ]


def _is_pair(node: Node) -> bool:
    return node.type == "pair"


def _key(pair: Node) -> str:
    return ".".join(key_parts(pair.named_children[0]))


def _rows(pair: Node) -> range:
    return range(pair.start_point[0], pair.end_point[0] + 1)


def _comments(text: str) -> Iterator[str]:
    waiting = [parsed(text)]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            yield (node.text or b"").decode().strip()
        waiting.extend(node.named_children)


def _lines(text: str) -> list[str]:
    """With their ends; ``str.splitlines`` would also part them at characters that TOML allows in a comment."""
    lines = text.split("\n")
    return [f"{line}\n" for line in (lines if lines[-1] else lines[:-1])]


# A new table


def _behind(lines: Sequence[str], sections: Sequence[_Section], anchors: Sequence[tuple[str, ...]]) -> int:
    """The line before which a new table goes: behind the last of the first of these that there is."""
    for keys in anchors:
        if found := [section for section in sections if section.keys == keys]:
            return _end_of(lines, found[-1])
    return len(lines)


def _end_of(lines: Sequence[str], section: _Section) -> int:
    """Where a table ends to the eye: blank lines and a comment that belongs to the next header are not its own."""
    if section.end == len(lines):
        return section.end
    end = section.end
    while lines[end - 1].lstrip().startswith("#"):
        end -= 1
    if lines[end - 1].strip():
        end = section.end  # no blank line between: the comments are this table's
    while not lines[end - 1].strip():
        end -= 1
    return end


def _inserted(lines: list[str], position: int, block: list[str]) -> str:
    """With a table put in, parted from its neighbours by a blank line."""
    before, after = lines[:position], lines[position:]
    above = ["\n"] if before and before[-1].strip() else []
    below = ["\n"] if after and after[0].strip() else []
    return "".join([*before, *above, *block, *below, *after])


# The day of a comparison


def _with_compared_on(text: str, day: date) -> str:
    lines, sections = _lines(text), _sections(text)
    line = f"compared_on = {_as_toml(day)}\n"
    found = next((section for section in sections if section.keys == ("crisis",)), None)
    if found is None:
        return _inserted(lines, _crisis_start(lines, sections), ["[crisis]\n", line])
    if pair := found.pair("compared_on"):
        return _with_value(text, pair, _as_toml(day))
    lines.insert(found.start + 1, line)
    return "".join(lines)


def _crisis_start(lines: Sequence[str], sections: Sequence[_Section]) -> int:
    """The line before which a new ``[crisis]`` goes: above its own lines and what is said of them, if there are any."""
    own = next((section for section in sections if section.keys == ("crisis", "line")), None)
    if own is None:
        return _behind(lines, sections, _BEFORE_CRISIS)
    start = own.start
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _with_value(text: str, pair: Node, value: str) -> str:
    """Another value in place of a key's; what stands around it stays."""
    content, old = text.encode(), pair.named_children[1]
    return (content[: old.start_byte] + value.encode() + content[old.end_byte :]).decode()


# A day's line


def _with_hours(text: str, day: str, hours: str | None) -> str:
    lines = _lines(text)
    sections = _sections(text)
    found = next((section for section in sections if section.keys == ("hours",)), None)
    if found is None and "hours" in tomllib.loads(text):
        raise EditError(f"the hours are not written as a table [hours] in this file. {_BY_HAND}")
    if found is None:
        return _inserted(
            lines, _behind(lines, sections, _BEFORE_HOURS), ["[hours]\n", f"{day} = {_as_toml(hours or '')}\n"]
        )
    pair = found.pair(day)
    if hours is None:
        assert pair is not None  # noqa: S101 - set_hours found the day
        lines[pair.start_point[0] : pair.end_point[0] + 1] = _commented_out(lines, found, pair)
    elif pair is not None:
        return _with_value(text, pair, _as_toml(hours))
    else:
        lines.insert(_place_of(lines, found, day), f"{day.ljust(_width(found))} = {_as_toml(hours)}\n")
    return "".join(lines)


def _commented_out(lines: Sequence[str], section: _Section, pair: Node) -> Iterator[str]:
    """The day's lines as comments, without those that stand there as comments from an earlier time."""
    there = {line.strip() for line in lines[section.start : section.end] if line.lstrip().startswith("#")}
    first, *others = (lines[row] for row in _rows(pair))
    key = first.lstrip()
    for line in (key, *others):
        if f"# {line}".strip() not in there:
            yield f"{first.removesuffix(key)}# {line}"


def _place_of(lines: Sequence[str], section: _Section, day: str) -> int:
    """In the order of the week, behind a line of that day that is commented out."""
    taken = {row for pair in section.pairs for row in _rows(pair)}
    asleep = re.compile(rf"\s*#\s*{day}\s*=")
    places = [_rows(pair).stop for pair in section.pairs if _key(pair) in DAYS[: DAYS.index(day)]]
    places += [row + 1 for row in range(section.start, section.end) if asleep.match(lines[row]) and row not in taken]
    if places:
        return max(places)
    if section.pairs:
        return _rows(section.pairs[0]).start
    head = takewhile(lambda line: line.lstrip().startswith("#"), lines[section.start + 1 : section.end])
    return section.start + 1 + len(list(head))


def _width(section: _Section) -> int:
    """Of the keys, if the neighbours' values are in line."""
    widths = {len((pair.text or b"").decode().split("=")[0]) - 1 for pair in section.pairs}
    return widths.pop() if len(widths) == 1 and len(section.pairs) > 1 else 0
