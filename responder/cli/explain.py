"""``responder explain``: the decision for one message, rule by rule."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from dataclasses import replace
from datetime import datetime

from responder.backtest.record import record_of
from responder.cli import text as screen
from responder.cli.context import chosen, load, login_of, moment, now
from responder.cli.errors import UsageError
from responder.config import Config, MailboxConfig, pipeline_of
from responder.core.mail import headers
from responder.core.mail.structure import Structure, from_bodystructure, from_message
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from responder.core.pipeline import Judgement, Pipeline
from responder.core.rules import decide as policy

MAX_SAVED_OCTETS = 1 << 20
"""Of a saved message the headers and the types of its parts are read; both end long before this in most messages."""


def explain(arguments: argparse.Namespace) -> int:
    """``responder explain FILE`` and ``responder explain --uid N``."""
    if (arguments.file is None) == (arguments.uid is None):
        raise UsageError("explain one message: a saved FILE, or --mailbox ADDRESS --uid N")
    config = load(arguments)
    box, fetched, structure = _saved(config, arguments) if arguments.uid is None else _in_mailbox(config, arguments)
    judgement = pipeline_of(config, box).judge(fetched, now=None, structure=structure)
    if arguments.json:
        print(json.dumps(record_of(judgement).as_json(), ensure_ascii=False))
    else:
        print(_explained(config, box, judgement, structure))
    return 0


Found = tuple[MailboxConfig, FetchedMessage, Structure | None]


def _saved(config: Config, arguments: argparse.Namespace) -> Found:
    content = _content(arguments)
    block = _header_block(content)
    box = _box_for(config, arguments, block)
    key = MessageKey(box.name, box.folder, UidValidity(1), Uid(0))
    return box, FetchedMessage(key, _received_at(config, arguments, block), block), from_message(content)


def _in_mailbox(config: Config, arguments: argparse.Namespace) -> Found:
    """One message's headers and structure, looked at where they are: EXAMINE and BODY.PEEK change nothing."""
    if arguments.at is not None:
        raise UsageError("--at is for a FILE; a message in a mailbox says itself when it was received")
    box, *others = chosen(config, arguments)
    if others:
        raise UsageError("--uid N needs --mailbox ADDRESS: the file has several mailboxes")
    found = asyncio.run(_fetch_one(box, Uid(arguments.uid), pipeline_of(config, box)))
    if found is None:
        raise UsageError(f"there is no message with UID {arguments.uid} in {box.folder}")
    return box, found, from_bodystructure(found.structure) if found.structure is not None else None


async def _fetch_one(box: MailboxConfig, uid: Uid, pipeline: Pipeline) -> FetchedMessage | None:
    from responder.adapters.imap import CommandPool, Mailbox

    pool = CommandPool(1)
    mailbox = Mailbox(box.name, box.folder, box.imap, lambda: login_of(box), pool, header_names=policy.HEADER_NAMES)
    try:
        state = await mailbox.connect()
        if state.uid_validity is not None:
            async for batch in mailbox.fetch([uid], state.uid_validity):
                wanted = pipeline.wants_structure(pipeline.judge(batch[0], now=None))
                found = await mailbox.structures([uid]) if wanted else {}
                return replace(batch[0], structure=found.get(uid))
        return None
    finally:
        await mailbox.close()
        pool.close()


def _explained(config: Config, box: MailboxConfig, judgement: Judgement, structure: Structure | None) -> str:
    assert judgement.message is not None  # noqa: S101 - judge() always parses
    findings = list(policy.judge_rules(judgement.message, box.rules, structure))
    return screen.explained(judgement, findings, box.name, config.zone)


def _content(arguments: argparse.Namespace) -> bytes:
    """A saved message, as far as it is read, with the line ends that a server would give."""
    try:
        if str(arguments.file) == "-":
            content = sys.stdin.buffer.read(MAX_SAVED_OCTETS)
        else:
            with arguments.file.open("rb") as file:
                content = file.read(MAX_SAVED_OCTETS)
    except OSError as error:
        raise UsageError(f"{arguments.file}: {error.strerror}; give a message saved from a mail program") from error
    return re.sub(rb"\r?\n", b"\r\n", content)


def _header_block(content: bytes) -> bytes:
    """The head of it."""
    head, _, _ = content.partition(b"\r\n\r\n")
    return _only_fetched(head) + b"\r\n\r\n"


def _only_fetched(head: bytes) -> bytes:
    """The fields that a server would be asked for: the others cannot have been seen either."""
    wanted = {name.lower().encode() for name in policy.HEADER_NAMES}
    # a field and its folded continuation lines; the mbox line that some programs save first is no field
    fields = re.split(rb"\r\n(?![ \t])", head)
    return b"\r\n".join(field for field in fields if field.partition(b":")[0].strip().lower() in wanted)


def _box_for(config: Config, arguments: argparse.Namespace, block: bytes) -> MailboxConfig:
    """The mailbox asked for, else the one that was written to, else the first."""
    if arguments.mailbox is not None:
        return chosen(config, arguments)[0]
    written_to = {address.identity for address in headers.parse(block, None, frozenset()).recipients}
    for box in config.mailboxes:
        own = {address.identity for address in (box.rules.address, *box.rules.aliases)}
        if own & written_to:
            return box
    return config.mailboxes[0]


def _received_at(config: Config, arguments: argparse.Namespace, block: bytes) -> datetime:
    if arguments.at is not None:
        return moment(arguments.at, config.zone)
    return headers.parse(block, None, frozenset()).delivered_at or now()
