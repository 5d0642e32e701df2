"""All replies as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Final

from responder.core.views.signoff import READER, Group, Sheet, Shown

MOSTLY_THE_SAME: Final = 0.5
"""Share of equal lines from which on only the others are shown: below it, a reader puts the text together in vain."""

_RULE: Final = 96


def summary(sheet: Sheet) -> Iterator[str]:
    """What stands before the replies, line by line."""
    yield f"{sheet.practice or 'No name signs'}, region {sheet.region}, {sheet.zone}. {sheet.drawn}."
    if sheet.part:
        yield sheet.part
    if sheet.fingerprint:
        yield f"Fingerprint of the words: {sheet.fingerprint}"
        yield sheet.approval
        if not sheet.is_approved:
            yield f"Once they are: write this under [reply], with the name and the day: {sheet.line_to_add}"
    yield from _listed("Refused, and left out of the replies:", sheet.refused)
    yield from _listed("Worth a look:", sheet.looks)
    yield sheet.compared
    yield from _listed("Languages:", (f"{each.name} ({each.code}), {each.status}" for each in sheet.languages))


def replies(group: Group) -> Iterator[str]:
    """Every reply of one group, line by line; what is mostly as the first is told by its difference."""
    yield _ruled("=", ", ".join(group.mailboxes))
    yield from group.remarks
    for number, shown in enumerate(group.replies):
        yield ""
        yield _ruled("-", f"{shown.name}: {shown.about}")
        if shown.is_stand_in:
            yield "Your own words fail here, so built-in ones go out."
        if number and not shown.is_own and (told := _difference(group.replies[0], shown)) is not None:
            yield from told
        else:
            yield from _whole(shown)
    yield ""


def _whole(shown: Shown) -> Iterator[str]:
    fields = (f"From: {shown.sender}", f"To: {READER.addr_spec}", f"Subject: {shown.subject}")
    yield from _indented((*fields, "", *shown.text.split("\n")))


def _difference(first: Shown, shown: Shown) -> list[str] | None:
    """What is not as in the first reply; None where that is too much to put together."""
    before, now = first.text.split("\n"), shown.text.split("\n")
    matcher = SequenceMatcher(None, before, now, autojunk=False)
    if matcher.ratio() < MOSTLY_THE_SAME:
        return None
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    if not changes:
        return [f'Word for word as "{first.name}".']
    told: list[tuple[str, list[str]]] = []
    for _, start, end, from_, until in changes:
        gone, new = [line for line in before[start:end] if line], [line for line in now[from_:until] if line]
        if len(gone) > len(new):  # else it is plain which line each one replaces
            told.append(("instead of:" if new else "without:", gone))
        told.append(("it says:", new))
    return [f'As "{first.name}", but', *_titled(told)]


def _titled(parts: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    """Lines below their titles; a title that holds already is not said again."""
    holds = ""
    for title, lines in parts:
        if lines and title != holds:
            yield f"  {title}"
            holds = title
        yield from _indented(lines, 4)


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"  {item}" for item in items]
    if lines:
        yield from (title, *lines)


def _indented(lines: Iterable[str], by: int = 2) -> Iterator[str]:
    return (f"{' ' * by}{line}".rstrip() for line in lines)


def _ruled(mark: str, title: str) -> str:
    return f"{mark * 2} {title} ".ljust(_RULE, mark)
