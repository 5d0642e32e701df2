"""A changed line or a new table in the text of a file, and nothing else changed.

Only the table in question goes through tomlkit, which moves tables about when they do not stand together; all other
lines are passed on as they are. The result is read again: it has to mean the old file with this one change.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import pairwise, takewhile
from typing import Any, Final, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Comment, Item, Key, SingleKey, Table, Trivia
from tree_sitter import Node

from responder.config.edit.errors import EditError
from responder.core.hours.words import WEEKDAYS

DAYS: Final = tuple(name.lower() for name in WEEKDAYS)

_ANCHORS: Final = (("closure",), ("holidays",), ("hours",), ("practice",))
"""Where a new closure goes: behind the last of the first of these that there is."""

_BEFORE_CRISIS: Final = (("holidays",), ("opening",), ("closure",), ("hours",), ("practice",))
"""Where a new ``[crisis]`` goes: behind the last of the first of these that there is."""

_BY_HAND: Final = "Change it by hand, and look at it with: responder hours"
_CRISIS_BY_HAND: Final = "Write the day by hand, as compared_on below [crisis], and look at it with: responder check"


def set_hours(text: str, day: str, hours: str | None) -> str:
    """One weekday's hours, set anew.

    A day that closes keeps its line as a comment.

    Args:
        text: the file, with plain line ends.
        day: ``monday`` and so on.
        hours: as in the file; None for closed.

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
    """One more ``[[closure]]``, behind those there are.

    Args:
        text: the file, with plain line ends.
        start: naive, on the practice's own clock.
        end: likewise.
        note: for the owner.

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
    block = ["[[closure]]\n", *(f"{key:<5} = {_as_toml(value)}\n" for key, value in entry.items())]
    return _checked(text, _inserted(_lines(text), _closures_end(text), block), expected)


def set_compared_on(text: str, day: date) -> str:
    """The day of the last comparison of the crisis lines, set anew.

    Args:
        text: the file, with plain line ends.
        day: on the practice's own clock.

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
    return tomlkit.item(value).as_string()


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


def _sections(text: str) -> list[_Section]:
    headers = [node for node in _root(text).named_children if "table" in node.type]
    rows = [*(node.start_point[0] for node in headers), len(_lines(text))]
    return [_Section(_name(node), *span) for node, span in zip(headers, pairwise(rows), strict=True)]


def _name(node: Node) -> tuple[str, ...]:
    """``("crisis", "line")`` of ``[[crisis.line]]``; none of our names needs quotes."""
    name = node.named_children[0].text if node.named_children else b""
    return tuple(part.strip().strip("\"'") for part in (name or b"").decode().split("."))


def _comments(text: str) -> Iterator[str]:
    waiting = [_root(text)]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            yield (node.text or b"").decode().strip()
        waiting.extend(node.named_children)


def _root(text: str) -> Node:
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node


def _lines(text: str) -> list[str]:
    """With their ends; ``str.splitlines`` would also part them at characters that TOML allows in a comment."""
    lines = text.split("\n")
    return [f"{line}\n" for line in (lines if lines[-1] else lines[:-1])]


# A new table


def _closures_end(text: str) -> int:
    """The line before which a new closure goes."""
    sections = _sections(text)
    for keys in _ANCHORS:
        found = [section for section in sections if section.keys == keys]
        if found:
            return _end_of(_lines(text), found[-1])
    return len(_lines(text))


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
    before, inside, after = lines[: found.start], lines[found.start : found.end], lines[found.end :]
    if "compared_on" in tomllib.loads("".join(inside))["crisis"]:
        return "".join([*before, _redated("".join(inside), day), *after])
    return "".join([*before, inside[0], line, *inside[1:], *after])


def _crisis_start(lines: Sequence[str], sections: Sequence[_Section]) -> int:
    """The line before which a new ``[crisis]`` goes: above its own lines and what is said of them, if there are any."""
    own = next((section for section in sections if section.keys == ("crisis", "line")), None)
    if own is None:
        placed = ([each for each in sections if each.keys == keys] for keys in _BEFORE_CRISIS)
        found = next((each for each in placed if each), None)
        return _end_of(lines, found[-1]) if found else len(lines)
    start = own.start
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _redated(section: str, day: date) -> str:
    try:
        document = tomlkit.parse(section)
    except TOMLKitError as error:
        raise EditError(f"the table [crisis] cannot be changed: {error}. {_CRISIS_BY_HAND}") from None
    table = document["crisis"]
    assert isinstance(table, Table)  # noqa: S101 - the section begins with its header
    table["compared_on"] = day
    return document.as_string()


# A day's line


def _with_hours(text: str, day: str, hours: str | None) -> str:
    lines = _lines(text)
    sections = _sections(text)
    found = next((section for section in sections if section.keys == ("hours",)), None)
    if found is None and "hours" in tomllib.loads(text):
        raise EditError(f"the hours are not written as a table [hours] in this file. {_BY_HAND}")
    if found is None:
        practice = next((section for section in sections if section.keys == ("practice",)), None)
        position = _end_of(lines, practice) if practice else len(lines)
        return _inserted(lines, position, ["[hours]\n", f"{day} = {_as_toml(hours or '')}\n"])
    changed = _day_changed("".join(lines[found.start : found.end]), day, hours)
    return "".join([*lines[: found.start], changed, *lines[found.end :]])


def _day_changed(section: str, day: str, hours: str | None) -> str:
    try:
        document = tomlkit.parse(section)
    except TOMLKitError as error:
        raise EditError(f"the table [hours] cannot be changed: {error}. {_BY_HAND}") from None
    table = document["hours"]
    assert isinstance(table, Table)  # noqa: S101 - the section begins with its header
    body = table.value.body
    index = next((number for number, (key, _) in enumerate(body) if key is not None and key.key == day), None)
    if hours is None:
        assert index is not None  # noqa: S101 - set_hours found the day
        body[index : index + 1] = [(None, comment) for comment in _commented_out(body, index)]
    elif index is not None:
        table[day] = hours
    else:
        new = tomlkit.item(hours)
        new.trivia.trail = "\n"
        body.insert(_place_of(body, day), (SingleKey(day, sep=_separator(body, day)), new))
    return document.as_string()


_Body = list[tuple[Key | None, Item]]


def _commented_out(body: _Body, index: int) -> list[Comment]:
    """The day's line as a comment, unless that comment stands there from an earlier time."""
    key, item = body[index]
    assert key is not None  # noqa: S101 - it was found by its key
    trivia = item.trivia
    text = f"{key.as_string()}{key.sep}{item.as_string()}{trivia.comment_ws}{trivia.comment}"
    there = {other.as_string().strip() for _, other in body if isinstance(other, Comment)}
    lines = [f"# {line}" for line in text.split("\n")]
    return [Comment(Trivia(trivia.indent, "", line, "\n")) for line in lines if line not in there]


def _place_of(body: _Body, day: str) -> int:
    """In the order of the week, behind a line of that day that is commented out."""
    asleep = re.compile(rf"\s*#\s*{day}\s*=")
    place = 0
    for number, (key, item) in enumerate(body):
        is_earlier = key is not None and key.key in DAYS[: DAYS.index(day)]
        if is_earlier or (isinstance(item, Comment) and asleep.match(item.as_string())):
            place = number + 1
    if place:
        return place
    later = (number for number, (key, _) in enumerate(body) if key is not None)
    return next(later, sum(1 for _ in takewhile(lambda entry: _is_head(entry[1]), body)))


def _is_head(item: Item) -> bool:
    """Comments at the top of an empty table stay above its first line."""
    return isinstance(item, Comment)


def _separator(body: _Body, day: str) -> str:
    """As wide as the neighbours', if those are in line."""
    keys = [key for key, _ in body if key is not None]
    ends = {len(key.as_string() + key.sep.split("=")[0]) for key in keys}
    width = ends.pop() if len(ends) == 1 and len(keys) > 1 else 0
    return f"{' ' * max(width - len(day), 1)}= "
