"""The last look at a reply: does it show a way to help?"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import Message
from html.parser import HTMLParser

from responder.core.reply.lines import HelpBlock, site

PLACEHOLDER = re.compile(r"\{[{%#]|[%#}]\}")
"""A mark that a template engine should have consumed."""

_BLOCKS = frozenset(("p", "br", "section", "h1", "h2", "main", "body", "head", "title", "style"))


def check_help(content: bytes, help: HelpBlock) -> str | None:  # noqa: A002 - the contract's name
    """Reads a finished reply again, as a mail program will: each of its bodies by itself, since one alone is shown.

    Returns:
        None when the emergency number and a crisis line each stand on a line of their own and no placeholder is left;
        else the reason why it must not be sent.
    """
    message = message_from_bytes(content)
    payload = message.get_payload()
    bodies = [part for part in payload if not isinstance(part, str)] if isinstance(payload, list) else [message]
    return next((reason for each in bodies if (reason := _look(each, help)) is not None), None)


def _look(part: Message, block: HelpBlock) -> str | None:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return "it is not one plain text"
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return "its text is not UTF-8"
    if part.get_content_subtype() != "html":
        return missing(text, block)
    return missing(_as_seen(text), block)


def _as_seen(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.seen)


class _Reader(HTMLParser):
    """The lines that a reader sees; what a style hides is not looked for: the page is ours and hides nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        self._silent = tag == "style"
        if tag in _BLOCKS:
            self.seen.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        if tag in _BLOCKS:
            self.seen.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.seen.append(data)


def missing(text: str, block: HelpBlock) -> str | None:
    """Why a text must not be sent, if so.

    A number counts only alone on its line: 999 inside a longer number, a date or a name helps nobody.
    """
    alone = {line.strip() for line in text.split("\n")}
    emergency = str(block.emergency.phone)
    if emergency not in alone:
        return f"the emergency number ({emergency}) does not stand on a line of its own"
    is_alone_enough = block.discreet and not block.lines
    if not is_alone_enough and alone.isdisjoint(_ways(block).difference((emergency,))):
        return "no crisis line's number stands on a line of its own"
    if PLACEHOLDER.search(text):
        return "it holds template marks ({{ }} or {% %})"
    return None


def _ways(block: HelpBlock) -> set[str]:
    """How the lines are reached, as it is written in a reply: by their numbers, or by a site."""
    found: set[str] = set()
    for each in block.lines:
        if each.calls and each.line.phone:
            found.add(each.line.phone)
        if each.text is not None:
            found.add(each.text.number)
        if each.is_directory and each.line.web:
            found.add(site(each.line.web))
    return found
