"""All replies as a person reads them before saying yes: as values, and as one HTML page to sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from math import ceil
from typing import Final

from responder.core.decision import Reply
from responder.core.hours.period import ClosedPeriod
from responder.core.mail import headers
from responder.core.message import Address
from responder.core.reply import Composer, reply_message_id
from responder.core.reply.help import help_in
from responder.core.reply.lines import CrisisLine
from responder.core.reply.words import language
from responder.core.views.evidence import ClaimInWords
from responder.core.views.frame import rendered

READER: Final = Address("someone", "example.org")
"""Nobody: a preview shows no address of anybody who wrote."""

_QUESTION: Final = b"Message-ID: <a-question@example.org>\r\n"

MADE_BY: Final = "responder preview --html"
"""Stands in every such page, so that no other file is written over."""

_LINE_REM, _LINK_REM, _MARGIN_REM = 1.5, 1.5, 4.0
"""Heights in the HTML reply (``compose.page``): a line, what a number takes beyond one, and what is around it all."""
_PHONE_LETTERS, _WIDE_LETTERS = 24, 56
"""Letters that surely fit a line of it on a phone's page and on a wide one; fewer than do, so that nothing is cut."""


@dataclass(frozen=True, slots=True)
class SheetLanguage:
    """A language that replies are written in.

    Attributes:
        signed: who has signed its words, as the language's own file says; "clinician: A. Reader, 2026-11-20".
        is_draft: a native speaker or a clinician, or both, have yet to sign it.
    """

    code: str
    name: str
    signed: tuple[str, ...]
    is_draft: bool

    @property
    def status(self) -> str:
        """One clause for the owner."""
        by = ", ".join(self.signed)
        if self.is_draft:
            return (
                f"a draft: signed only by {by}"
                if by
                else "a draft: no native speaker and no clinician has signed it yet"
            )
        return f"signed by {by}"


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A help line, and what is known of it."""

    line: CrisisLine
    claims: tuple[ClaimInWords, ...]


@dataclass(frozen=True, slots=True)
class TextPart:
    """Some lines of a reply that are in one language (a BCP 47 tag); no line end behind the last line."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One reply, as its reader sees it.

    Attributes:
        name: what ``--variant`` takes.
        about: when it goes out, in words for the owner.
        parts: the plain text, cut where the language changes.
        html: the HTML beside it; empty where there is none.
        is_own: it is a closure's own text, to be read as a whole.
        is_stand_in: the practice's own words failed in this one, and built-in ones go out.
    """

    name: str
    about: str
    sender: str
    subject: str
    fields: str
    parts: tuple[TextPart, ...]
    html: str
    is_own: bool
    is_stand_in: bool

    @property
    def text(self) -> str:
        """The whole plain text."""
        return "\n".join(stretch.text for stretch in self.parts)


@dataclass(frozen=True, slots=True)
class Group:
    """Mailboxes that say the same.

    Attributes:
        mailboxes: their addresses; the first one is the sender of what is shown.
        remarks: what is worth knowing about how they are sent, a sentence each.
    """

    mailboxes: tuple[str, ...]
    remarks: tuple[str, ...]
    replies: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of it.

    Attributes:
        practice: its name; empty where nothing signs.
        fingerprint: stands for all the words; empty where only a part is shown, which nobody can sign for the whole.
        part: which part that is, a sentence; empty for the whole.
        is_approved: somebody has approved just these words.
        compared: when the help lines were compared with the services' own pages, a sentence.
        lines: the help lines that replies show, the emergency number first.
    """

    practice: str
    region: str
    zone: str
    drawn: str
    fingerprint: str
    part: str
    is_approved: bool
    approval: str
    refused: tuple[str, ...]
    looks: tuple[str, ...]
    compared: str
    lines: tuple[SheetLine, ...]
    languages: tuple[SheetLanguage, ...]
    groups: tuple[Group, ...]

    @property
    def line_to_add(self) -> str:
        """The line for the file; the name and the day are still to be filled in."""
        return f'approved = "{self.fingerprint}, name, date"'


# As a mail program shows it


def as_read(
    composer: Composer,
    sender: Address,
    period: ClosedPeriod,
    at: datetime,
    *,
    name: str = "",
    about: str = "",
    is_own: bool = False,
) -> Shown:
    """The reply that would go out at a moment.

    Raises:
        TemplateError: not even the built-in text shows a way to help. Nothing may be sent.
    """
    decision = Reply(READER, sender, "a preview")
    question = headers.parse(_QUESTION, at, frozenset())
    message_id = reply_message_id("preview", sender.domain)
    reply = composer.compose(decision, question, period, now=at, message_id=message_id)
    read = message_from_bytes(reply.content, _class=EmailMessage, policy=default)
    html = read.get_body(("html",))
    return Shown(
        name=name,
        about=about,
        sender=str(read["From"]),
        subject=str(read["Subject"]),
        fields=reply.content.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n"),
        parts=tuple(_parts(reply.text, composer, at, str(read["Content-Language"]).split(", "))),
        html="" if html is None else str(html.get_content()),
        is_own=is_own,
        is_stand_in=reply.kind.endswith("-builtin"),
    )


def _parts(text: str, composer: Composer, at: datetime, tags: list[str]) -> Iterator[TextPart]:
    """The lines of a text by their language.

    Further languages begin with a heading, and every language has a sentence of its own above each number.
    """
    of_line, headings = _landmarks(composer, at) if len(tags) == len(composer.languages) > 1 else ({}, {})
    tag_of = dict(zip(composer.languages, tags, strict=False))
    lines: list[str] = []
    tag = main = tags[0]
    for line in text.rstrip("\n").split("\n"):
        if line in headings:
            main = tag_of[headings[line]]
        now = tag_of[of_line[line]] if line in of_line else main
        if now != tag and lines:
            yield TextPart(tag, "\n".join(lines))
            lines = []
        tag = now
        lines.append(line)
    yield TextPart(tag, "\n".join(lines))


def _landmarks(composer: Composer, at: datetime) -> tuple[dict[str, str], dict[str, str]]:
    """Which language a sentence above a number is in, and which one begins with a heading."""
    found = [language(code) for code in composer.languages]
    first = help_in(found, composer.help_at(at), composer.settings.style)[0]
    leads = {lead: code for way in first.ways for code, lead in (*way.leads, *way.after)}
    return leads, {each.name: each.code for each in found[1:]}


# As a page


def page(sheet: Sheet) -> str:
    """A whole page."""
    return rendered(
        "signoff.html",
        title="The automatic replies" + (f" of {sheet.practice}" if sheet.practice else ""),
        made_by=MADE_BY,
        sheet=sheet,
        reader=READER.addr_spec,
        about_line=_about_line,
        height=_height,
        phone=_PHONE_LETTERS,
        wide=_WIDE_LETTERS,
    )


def _about_line(each: SheetLine) -> Iterator[tuple[str, str]]:
    yield "For", each.line.audience
    if each.line.web:
        yield "Page", each.line.web
    for claim in each.claims:
        what, _, value = claim.what.partition(": ")
        left_out = "" if claim.printed else "; too old, so replies leave it out"
        yield what.capitalize(), f"{value} ({claim.since}{left_out})"


def _height(shown: Shown, letters: int) -> str:
    """What the HTML takes, at most: a page without a script cannot measure it."""
    lines = [max(1, ceil(len(line) / letters)) for line in shown.text.split("\n")]
    links = shown.html.count("<a ")
    return f"{sum(lines) * _LINE_REM + links * _LINK_REM + _MARGIN_REM:g}rem"
