"""``responder never``: addresses that must not get a reply, kept as keyed hashes. No address is an argument."""

from __future__ import annotations

import argparse

from responder.cli import prompt
from responder.cli.context import now
from responder.cli.prompt import Answer
from responder.daemon.control.never import never_handlers


def never(arguments: argparse.Namespace) -> int:
    """``responder never add|remove|check``."""
    questions: list[Answer] = [
        {"verb": f"never-{arguments.what}", "address": address} for address in prompt.addresses()
    ]
    answers = prompt.ask_all("never", questions, lambda ledger: never_handlers(ledger, now))
    if len(answers) == 1:
        print(_in_words(arguments.what, answers[0]))
    else:
        hits = sum(_is_hit(answer) for answer in answers)
        print(f"{len(answers)} addresses: {_SUMMARY[arguments.what].format(hits=hits, rest=len(answers) - hits)}")
    return 0


_SUMMARY = {
    "add": "{hits} added, {rest} were on the list already",
    "remove": "{hits} taken off, {rest} were not on the list",
    "check": "{hits} are on the list, {rest} are not",
}


def _is_hit(answer: Answer) -> bool:
    return answer.get("changed") is True or isinstance(answer.get("since"), str)


def _in_words(what: str, answer: Answer) -> str:
    hit = _is_hit(answer)
    match what:
        case "add":
            return "This address never gets a reply from now on." if hit else "It was on the list already."
        case "remove":
            return "Taken off the list: it may get replies again." if hit else "It was not on the list."
        case _:
            return f"It is on the list, since {str(answer['since'])[:10]}." if hit else "It is not on the list."
