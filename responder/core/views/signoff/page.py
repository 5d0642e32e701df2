"""All replies as one page to read, print and sign: no script, nothing remote, light and dark, from a phone's width up.

It goes to people without a terminal, so it explains itself; and it may lie in a drawer, so it says when it was made. It
holds no address but the mailboxes' own and an invented reader's, and no note of a closure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from math import ceil
from typing import Final

from responder.core.reply.lines import CrisisLine
from responder.core.views.frame import document
from responder.core.views.signoff.rendering import READER
from responder.core.views.signoff.values import Group, Sheet, Shown

MADE_BY: Final = "responder preview --html"
"""Stands in every such page, so that no other file is written over."""

_STYLE: Final = """
:root { --card: #ffffff; --bad: #a3281a; --link: #0b4f8a; }
@media (prefers-color-scheme: dark) { :root { --card: #1c2328; --bad: #ff9d8a; --link: #9ecbff; } }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .5rem; padding-top: .75rem;
  border-top: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
h4 { font-size: .875rem; font-weight: 600; color: var(--soft); margin: .75rem 0 .25rem; }
a { color: var(--link); }
ul { margin: .4rem 0; padding-left: 1.25rem; }
li { margin: .3rem 0; }
.bad { color: var(--bad); font-weight: 600; }
.fingerprint, .line { font-family: ui-monospace, monospace; }
.fingerprint { font-size: 1.5rem; font-weight: 700; letter-spacing: .04em; margin: .25rem 0; }
.line, .letter, .fields { background: var(--card); border: 1px solid var(--line); border-radius: .375rem;
  padding: .75rem; margin: .5rem 0; }
dl { display: grid; grid-template-columns: minmax(6.5rem, max-content) 1fr; gap: .1rem .9rem; margin: .4rem 0; }
dt { color: var(--soft); } dd { margin: 0; grid-column: 2; }
.ways { list-style: none; padding: 0; }
.ways > li { border: 1px solid var(--line); border-radius: .375rem; background: var(--card); padding: .6rem .75rem;
  margin: .6rem 0; }
.ways strong { font-size: 1.125rem; }
.letter dl { border-bottom: 1px solid var(--line); margin: 0 0 .75rem; padding-bottom: .6rem; }
.text { white-space: pre-wrap; max-width: 40rem; }
.fields { white-space: pre-wrap; font: .8125rem/1.5 ui-monospace, monospace; }
iframe { display: block; width: 100%; max-width: 38rem; height: var(--tall); border: 1px solid var(--line);
  border-radius: .375rem; background: var(--card); }
.sign dt { align-self: end; } .sign dd { border-bottom: 1px solid var(--ink); height: 3rem; }
.sign { gap: .5rem .9rem; max-width: 32rem; margin-bottom: 1.5rem; }
@media (min-width: 40rem) { iframe { height: var(--wide); } }
@media (max-width: 24rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem;
  grid-column: 1; } }
@page { size: A4; margin: 18mm 16mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #333; --paper: #fff; --card: #fff; --line: #999; --bad: #000;
    --link: #000; }
  body { padding: 0; font-size: 10.5pt; }
  h2, h3, h4 { break-after: avoid; } .letter, .ways > li, .approve, iframe { break-inside: avoid; }
  iframe { height: var(--wide); zoom: .7; } /* so that one of two languages stays whole on a sheet */
}
"""

_CONFIDENCE: Final = {
    "confirmed": "confirmed: seen on the service's own page or a government's",
    "corroborated": "corroborated: seen in two or more independent texts",
    "own": "typed in by the practice itself",
}
_SOURCES: Final = {"own": "the service's own page", "gov": "government page", "svc": "about the service"}

_LINE_REM, _LINK_REM, _MARGIN_REM = 1.5, 1.5, 4.0
"""Heights in the HTML reply (``compose.page``): a line, what a number takes beyond one, and what is around it all."""
_PHONE_LETTERS, _WIDE_LETTERS = 24, 56
"""Letters that surely fit a line of it on a phone's page and on a wide one; fewer than do, so that nothing is cut."""


def page(sheet: Sheet) -> str:
    """A whole page."""
    of = f" of {sheet.practice}" if sheet.practice else ""
    title = f"The automatic replies{of}"
    body = "\n".join(
        line
        for part in (_head(sheet, title), _findings(sheet), _languages(sheet), _lines(sheet), _all(sheet), _sign(sheet))
        for line in part
    )
    return document(title, body, _STYLE, generator=MADE_BY)


def _head(sheet: Sheet, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield (
        "<p>Whoever writes while nobody is there gets one of these. They leave by themselves, so somebody should have "
        "read every one of them before.</p>"
    )
    yield _facts(
        ("Practice", sheet.practice or "no name: nothing signs the replies"),
        ("Region", sheet.region),
        ("Times", sheet.zone),
        ("This page", sheet.drawn),
    )
    if sheet.part:
        yield f'<p class="bad">{escape(sheet.part)}</p>'
    if sheet.fingerprint:
        yield "<h2>Fingerprint of the words</h2>"
        yield f'<p class="fingerprint">{escape(sheet.fingerprint)}</p>'
        yield '<p class="soft">It stands for all the words on this page. When one of them changes, so does it.</p>'
        yield f"<p>{escape(sheet.approval)}</p>"


def _findings(sheet: Sheet) -> Iterator[str]:
    yield "<h2>What was found</h2>"
    if sheet.refused:
        yield '<p class="bad">Refused, and left out of the replies:</p>'
        yield _items(map(escape, sheet.refused))
    else:
        yield "<p>Nothing that the practice wrote is refused.</p>"
    if sheet.looks:
        yield "<p>Worth a look:</p>"
        yield _items(map(escape, sheet.looks))


def _languages(sheet: Sheet) -> Iterator[str]:
    yield "<h2>Languages</h2>"
    yield _items(
        f'<span lang="{escape(each.code)}">{escape(each.name)}</span> ({escape(each.code)}): {escape(each.status)}'
        for each in sheet.languages
    )


def _lines(sheet: Sheet) -> Iterator[str]:
    yield "<h2>Whom the replies name</h2>"
    yield f"<p>{escape(sheet.compared)}</p>"
    yield (
        '<p class="soft">Compare each number with the service\'s own page. Never dial one to test it: that takes a '
        "caller's place.</p>"
    )
    yield '<ul class="ways">'
    for line in sheet.lines:
        yield f"<li><strong>{escape(line.name)}</strong>{_facts(*_of_line(line))}</li>"
    yield "</ul>"


def _of_line(line: CrisisLine) -> Iterator[tuple[str, str]]:
    if line.phone:
        yield "Call", line.phone
    if line.sms_number:
        yield "Text", " ".join(filter(None, (line.sms_keyword, "to" if line.sms_keyword else "", line.sms_number)))
    if line.web:
        yield "Page", line.web
    yield "For", line.audience
    yield "Hours", "day and night" if line.round_the_clock else line.hours or "not known"
    yield "Confidence", _CONFIDENCE.get(line.confidence, line.confidence)
    if line.latest_source:
        yield "Newest source", line.latest_source
    for number, source in enumerate(line.sources):
        said = f"{source.where} ({_SOURCES.get(source.kind, 'other text')}, {source.date or 'no date'})"
        yield "" if number else "Sources", said


def _all(sheet: Sheet) -> Iterator[str]:
    for group in sheet.groups:
        yield f"<h2>Replies of {escape(', '.join(group.mailboxes))}</h2>"
        yield from (f"<p>{escape(remark)}</p>" for remark in group.remarks)
        for shown in group.replies:
            yield from _reply(shown, group)
        yield f"<h3>The header fields of such a reply{_of(group)}</h3>"
        yield '<p class="soft">Date, Message-ID, In-Reply-To and References are different in each.</p>'
        yield f'<div class="fields">{escape(group.replies[0].fields)}</div>'


def _of(group: Group) -> str:
    return f" from {escape(group.mailboxes[0])}"


def _reply(shown: Shown, group: Group) -> Iterator[str]:
    about = f"{shown.about[:1].upper()}{shown.about[1:]}"
    yield f"<h3>{escape(about)}</h3>"
    if shown.is_stand_in:
        yield '<p class="bad">The practice\'s own words fail here, so built-in ones go out.</p>'
    if shown.html:
        yield "<h4>As text</h4>"
    yield '<div class="letter">'
    yield _facts(("From", shown.sender), ("To", READER.addr_spec), ("Subject", shown.subject))
    text = "\n".join(f'<span lang="{escape(each.tag)}">{escape(each.text)}</span>' for each in shown.parts)
    yield f'<div class="text">{text}</div>'
    yield "</div>"
    if shown.html:
        yield "<h4>As HTML</h4>"
        name = f"{about}, as HTML{_of(group)}"
        yield (
            f'<iframe sandbox title="{escape(name)}" srcdoc="{escape(shown.html)}" '
            f'style="--tall: {_height(shown, _PHONE_LETTERS)}; --wide: {_height(shown, _WIDE_LETTERS)}"></iframe>'
        )


def _height(shown: Shown, letters: int) -> str:
    """What the HTML takes, at most: a page without a script cannot measure it."""
    lines = [max(1, ceil(len(line) / letters)) for line in shown.text.split("\n")]
    links = shown.html.count("<a ")
    return f"{sum(lines) * _LINE_REM + links * _LINK_REM + _MARGIN_REM:g}rem"


def _sign(sheet: Sheet) -> Iterator[str]:
    if not sheet.fingerprint:
        return
    yield '<section class="approve">'
    yield "<h2>Approval</h2>"
    yield f"<p>I have read these texts, whose fingerprint is {escape(sheet.fingerprint)}, and they may be sent.</p>"
    yield '<dl class="sign">'
    yield from (f"<dt>{each}</dt><dd></dd>" for each in ("Name", "Role", "Date", "Signature"))
    yield "</dl>"
    yield "<p>For the file, under <code>[reply]</code>, with who signed and the day, such as 2026-11-20:</p>"
    yield f'<p class="line">{escape(sheet.line_to_add, quote=False)}</p>'
    yield "</section>"


def _facts(*facts: tuple[str, str]) -> str:
    """Names and what they are; an empty name stands for the one before it."""
    rows = (f"<dt>{escape(name)}</dt>" * bool(name) + f"<dd>{escape(value)}</dd>" for name, value in facts)
    return f"<dl>{''.join(rows)}</dl>"


def _items(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
