"""The last look at a reply: does it show a way to help?"""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from responder.model import CrisisLine, HelpBlock

PLACEHOLDER = re.compile(r"\{[{%#]|[%#}]\}")
"""A mark that a template engine should have consumed."""


def check_help(content: bytes, help: HelpBlock) -> str | None:  # noqa: A002 - the contract's name
    """Reads a finished reply again, as a mail program will.

    Returns:
        None when the emergency number and a crisis line each stand on a line of their own and no placeholder is left;
        else the reason why it must not be sent.
    """
    payload = message_from_bytes(content).get_payload(decode=True)
    if not isinstance(payload, bytes):
        return "it is not one plain text"
    try:
        return missing(payload.decode("utf-8"), help)
    except UnicodeDecodeError:
        return "its text is not UTF-8"


def missing(text: str, block: HelpBlock) -> str | None:
    """Why a text must not be sent, if so.

    A number counts only alone on its line: 999 inside a longer number, a date or a name helps nobody.
    """
    alone = {line.strip() for line in text.split("\n")}
    emergency = ways(block.emergency)
    if alone.isdisjoint(emergency):
        return f"the emergency number ({', '.join(emergency)}) does not stand on a line of its own"
    if alone.isdisjoint({way for line in block.lines for way in ways(line)}.difference(emergency)):
        return "no crisis line's number stands on a line of its own"
    if PLACEHOLDER.search(text):
        return "it holds template marks ({{ }} or {% %})"
    return None


def ways(line: CrisisLine) -> tuple[str, ...]:
    """How a line is reached, as it is written in a reply: its numbers, or its site when it has none."""
    numbers = tuple(number for number in (line.phone, line.sms_number) if number)
    return numbers or ((site(line.web),) if line.web else ())


def site(web: str) -> str:
    """An address as people type it, without what a browser adds."""
    return web.removeprefix("https://").removeprefix("www.").rstrip("/")
