"""``responder sent``: when an address was answered, and with which text. No address is an argument."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from responder.adapters.ledger import KEEP_SETTLED, KEEP_TEXTS, Ledger
from responder.cli import prompt
from responder.cli.context import load
from responder.cli.prompt import Answer
from responder.cli.text import local
from responder.daemon.control.sent import SENT, Ending, ToldMemory, ToldReply, sent_handlers

_INDENT: Final = "    "

_ENDINGS: Final[dict[Ending, str]] = {
    "sent": "sent",
    "perhaps": "perhaps sent: it was cut off after the final dot, so nobody knows whether it arrived",
    "cut-off": "perhaps sent: the responder ended while it was being sent; it is looked at again at its next start",
    "being-sent": "being sent",
}

_BOUNDS: Final = (
    f"Replies are remembered for {KEEP_SETTLED.days} days; their texts are kept for 12 months ({KEEP_TEXTS.days} days) "
    "after they were last sent."
)


def sent(arguments: argparse.Namespace) -> int:
    """``responder sent``."""
    questions: list[Answer] = [{"verb": SENT, "address": address} for address in prompt.addresses()]

    def handlers(ledger: Ledger) -> dict[str, Callable[[Answer], Awaitable[Answer]]]:
        config = load(arguments)  # for the zone and the mailboxes' names
        return sent_handlers(ledger, lambda: config, at_work=False)

    answers = prompt.ask_all("sent", questions, handlers)
    for number, answer in enumerate(answers, 1):
        if len(answers) > 1:  # by their order: what is printed may be kept, and need not say who they are
            print(f"{'' if number == 1 else chr(10)}Address {number} of {len(answers)}:\n")
        print("\n".join(_told(cast("ToldMemory", answer))))
    return 0


def _told(memory: ToldMemory) -> Iterator[str]:
    zone = ZoneInfo(memory["zone"])
    if not memory["replies"]:
        yield "No reply to this address is remembered."
    for reply in memory["replies"]:
        yield from _reply(reply, zone)
        yield ""
    if memory["left_out"]:
        yield f"Older replies that are left out here: {memory['left_out']}."
    yield _reach(memory["oldest"], zone)
    yield _BOUNDS


def _reach(oldest: str | None, zone: ZoneInfo) -> str:
    if oldest is None:
        return "No reply to anybody is remembered here."
    return f"The memory reaches back to {_when(oldest, zone)}, its oldest reply to anybody."


def _reply(reply: ToldReply, zone: ZoneInfo) -> Iterator[str]:
    mailbox = reply["mailbox"] or "a mailbox that is not in the file any more"
    yield f"{_when(reply['at'], zone)}  by {mailbox}"
    yield _ENDINGS[reply["ending"]]
    if reply["perhaps_twice"]:
        yield "(an earlier sending of it was cut off after the final dot: it may have arrived twice)"
    yield from _text(reply)


def _text(reply: ToldReply) -> Iterator[str]:
    fingerprint, text = reply["fingerprint"], reply["text"]
    if fingerprint is None:
        yield "text: " + (
            "written down when it has been handed over"
            if reply["ending"] == "being-sent"
            else "was not kept (sent before texts were kept, or the responder ended meanwhile)"
        )
    elif text is None:
        yield f"text {fingerprint}: the text is no longer kept"
    else:
        yield f"text {fingerprint}:"
        yield ""
        yield from (f"{_INDENT}{line}".rstrip() for line in text.split("\n"))


def _when(at: str, zone: ZoneInfo) -> str:
    instant = datetime.fromisoformat(at)
    return f"{local(instant, zone)} {instant.astimezone(zone):%Z}"
