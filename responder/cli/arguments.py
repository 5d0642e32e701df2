"""The words that a person may type after ``responder``, and what each is for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from responder import __version__

MAX_DAYS = 800
"""Days that one picture may have."""


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments; ``command`` is the function to call."""
    whole = argparse.ArgumentParser(
        prog="responder",
        description="Out of hours, whoever writes gets one short, automatic reply that always shows a way to help.",
        epilog="Begin with: responder check, responder dry-run, then responder run.",
    )
    whole.add_argument("--version", action="version", version=f"responder {__version__}")
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _run(commands)
    _dry_run(commands)
    _check(commands)
    _hours(commands)
    _away(commands)
    _explain(commands)
    _preview(commands)
    _never(commands)
    _sent(commands)
    _crisis_lines(commands)
    _demo(commands)
    return whole


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: Callable[..., int], about: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(command=command)
    return parser


def _with_config(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the configuration (default: $RESPONDER_CONFIG, ./config.toml, XDG, /etc/responder/config.toml)",
    )
    return parser


def _with_mailbox(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _with_config(parser).add_argument("--mailbox", metavar="ADDRESS", help="only this mailbox of the file")
    return parser


def _run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.run import run

    parser = _with_config(_add(commands, "run", run, "the daemon: watch every mailbox of the file and answer"))
    parser.add_argument(
        "--log", choices=("terminal", "journal", "json"), help="how log lines look (default: what fits where they go)"
    )
    parser.add_argument("--verbose", action="store_true", help="log more")


def _dry_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.dry_run import dry_run

    about = "what would have been answered, and why; touches nothing and sends nothing"
    parser = _with_mailbox(_add(commands, "dry-run", dry_run, about))
    parser.add_argument("--since", type=_day, metavar="DATE", help="from this day on (2026-11-01)")
    parser.add_argument("--until", type=_day, metavar="DATE", help="up to this day, inclusive")
    parser.add_argument("--last", type=_count, metavar="N", help="only the newest N messages")
    parser.add_argument("--folder", metavar="NAME", help="look into this folder instead of the configured one")
    parser.add_argument("--show", type=_count, metavar="UID", help="one message: what was decided and why")
    parser.add_argument("--replies", action="store_true", help="list every reply, not only the latest five")
    parser.add_argument("--json", action="store_true", help="one JSON object per message")


def _check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.check import check

    _with_mailbox(
        _add(commands, "check", check, "is the file right, do both servers let us in, does every reply show help")
    )


def _hours(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.hours import hours

    parser = _with_mailbox(_add(commands, "hours", hours, "the week as a picture, and what comes next"))
    parser.add_argument("--days", type=_days, default=7, metavar="N", help="so many days from today on (default: 7)")
    parser.add_argument("--at", metavar="TIME", help="open or closed at 2026-12-24T18:00, why, and which line decides")
    parser.add_argument("--html", metavar="FILE", help="write the picture as one page instead")
    _hours_set(parser.add_subparsers(title="to change a day", metavar="set"))


def _hours_set(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.hours_set import set_hours

    parser = _add(actions, "set", set_hours, "change one day's hours in the file: set thursday 12:00-20:00")
    parser.add_argument("day", metavar="DAY", help="monday to sunday")
    parser.add_argument("new_hours", nargs="+", metavar="HOURS", help="09:00-12:30, 13:30-17:00; or: closed")
    _with_dry(parser)
    # given before "set" it must not be forgotten here
    parser.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="the configuration")


def _away(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.hours_set import away

    parser = _with_config(
        _add(commands, "away", away, "closed from now on: 3d, 2w, until 2026-12-04; changes the file")
    )
    parser.add_argument("how_long", nargs="+", metavar="HOW-LONG", help="5h, 3d, 2w, or: until 2026-12-04")
    parser.add_argument("--note", metavar="TEXT", help="for yourself; never shown to anybody who writes")
    _with_dry(parser)


def _with_dry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry", action="store_true", help="only show what would change")


def _explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.dry_run import explain

    parser = _with_mailbox(_add(commands, "explain", explain, "the decision for one message, rule by rule"))
    parser.add_argument(
        "file",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="a message as saved from a mail program (.eml); - for standard input",
    )
    parser.add_argument("--uid", type=_count, metavar="N", help="instead of FILE: this message of the mailbox's folder")
    parser.add_argument("--at", metavar="TIME", help="when FILE was received (default: its top-most Received field)")
    parser.add_argument("--json", action="store_true", help="the decision as one JSON object")


def _never(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.never import never

    about = "an address that must never get a reply; it is asked for, or read from standard input, and kept as a hash"
    parser = _add(commands, "never", never, about)
    parser.add_argument("what", choices=("add", "remove", "check"), help="put it on the list, take it off, look")


def _sent(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.sent import sent

    about = "when an address was answered, and with which text; it is asked for, or read from standard input"
    _with_config(_add(commands, "sent", sent, about))


def _preview(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.preview import preview

    about = "every reply as it will be read, and whether somebody has approved the words"
    parser = _with_mailbox(_add(commands, "preview", preview, about))
    parser.add_argument("--language", metavar="CODE", help="as if this were the only language; a draft, too (de)")
    parser.add_argument(
        "--variant", metavar="NAME", help="only this one: ordinary, weekend, holiday, long, for-now, closure"
    )
    parser.add_argument("--at", metavar="TIME", help="only the reply of this moment: 2026-12-24T18:00")
    parser.add_argument("--html", metavar="FILE", help="write everything as one page, to be read and signed")


def _crisis_lines(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.crisis_lines import crisis_lines

    about = "the directory of crisis lines, with sources and dates; at a terminal, to compare those of your replies"
    parser = _with_config(_add(commands, "crisis-lines", crisis_lines, about))
    parser.add_argument(
        "country", nargs="?", metavar="COUNTRY", help="two letters, for example GB (default: yours, or list them all)"
    )


def _demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from responder.cli.run import demo

    _add(commands, "demo", demo, "all of it on this machine, against embedded IMAP and SMTP servers")


def _day(text: str) -> object:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as 2026-11-01") from None


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _days(text: str) -> int:
    count = _count(text)
    if count > MAX_DAYS:
        raise argparse.ArgumentTypeError(f"at most {MAX_DAYS} days fit into one picture")
    return count
