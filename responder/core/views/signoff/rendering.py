"""A reply to an invented message, composed as the daemon would, and taken apart again as a mail program does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

from responder.core.decision import Reply
from responder.core.hours.period import ClosedPeriod
from responder.core.mail import headers
from responder.core.message import Address
from responder.core.reply import Composer, reply_message_id
from responder.core.reply.help import help_in
from responder.core.reply.words import language
from responder.core.views.signoff.values import Shown, TextPart

READER: Final = Address("someone", "example.org")
"""Nobody: a preview shows no address of anybody who wrote."""

_QUESTION: Final = b"Message-ID: <a-question@example.org>\r\n"


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

    Args:
        composer: of the mailbox.
        sender: the mailbox's address.
        period: the closed period.
        at: aware, within it.
        name: of the kind of reply.
        about: when that kind goes out, in words.
        is_own: it is a closure's own text.

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
        parts=tuple(_parts(reply.text, composer, str(read["Content-Language"]).split(", "))),
        html="" if html is None else str(html.get_content()),
        is_own=is_own,
        is_stand_in=reply.kind.endswith("-builtin"),
    )


def _parts(text: str, composer: Composer, tags: list[str]) -> Iterator[TextPart]:
    """The lines of a text by their language.

    Further languages begin with a heading, and every language has a sentence of its own above each number.
    """
    of_line, headings = _landmarks(composer) if len(tags) == len(composer.languages) > 1 else ({}, {})
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


def _landmarks(composer: Composer) -> tuple[dict[str, str], dict[str, str]]:
    """Which language a sentence above a number is in, and which one begins with a heading."""
    found = [language(code) for code in composer.languages]
    first = help_in(found, composer.settings.help, composer.settings.style)[0]
    leads = {lead: code for way in first.ways for code, lead in way.leads}
    return leads, {each.name: each.code for each in found[1:]}
