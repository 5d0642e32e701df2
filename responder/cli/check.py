"""``responder check``: everything that must be right before the daemon may run, tried for real."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable

from responder.adapters.imap import FolderState, Mailbox
from responder.cli.approval import approval
from responder.cli.context import chosen, config_path, load_from, login_of, now
from responder.config import Config, MailboxConfig, pipeline_of
from responder.config.standing import crisis_warnings
from responder.core.errors import PermanentError, ResponderError
from responder.core.mail import headers
from responder.core.message import Uid
from responder.core.rules import decide as policy
from responder.core.rules.advice import Seen, advice, seen_in

LATEST_MAIL, LATEST_UIDS = 100, 2000
"""How much of the mailbox's own mail is looked at for advice; UIDs have gaps."""

OK, BAD, LOOK = "ok   ", "WRONG", "look "
LEFT_OUT = "The responder starts without it, and refuses a reload."


def check(arguments: argparse.Namespace) -> int:
    """``responder check``: 0 only if all is well; what is merely worth a look does not fail it."""
    config = load_from(config_path(arguments), salvage=True)
    for problem in config.faults:
        print(f"{BAD} {problem} {LEFT_OUT}")
    print(f"{OK} {config.path}: {len(config.mailboxes)} mailbox(es), {config.region}, {config.zone.key}")
    for warning in (*config.warnings, *crisis_warnings(config, now())):
        print(f"{LOOK} {warning}")
    for refusal in config.refusals:
        print(f"{BAD} {refusal} The reply goes out without it.")
    is_approved, about = approval(config)
    print(f"{OK if is_approved else LOOK} {about}")
    results = [asyncio.run(_check_mailbox(config, box)) for box in chosen(config, arguments)]
    return 0 if all(results) and not (config.refusals or config.faults) else 1


async def _check_mailbox(config: Config, box: MailboxConfig) -> bool:
    imap = await _try(f"{box.name}: IMAP {box.imap.host}", _check_imap(box))
    smtp = await _try(f"{box.name}: SMTP {box.smtp.host}", _check_smtp(box))
    words = await _try(f"{box.name}: the reply", _check_reply(config, box))
    return imap and smtp and words


async def _try(what: str, attempt: Awaitable[str]) -> bool:
    try:
        print(f"{OK} {what}: {await attempt}")
    except PermanentError as error:
        print(f"{BAD} {what}: {error.reason}. {error.cure}")
    except ResponderError as error:
        print(f"{BAD} {what}: {error}")
    else:
        return True
    return False


async def _check_imap(box: MailboxConfig) -> str:
    from responder.adapters.imap import CommandPool, Mailbox

    pool = CommandPool(1)
    mailbox = Mailbox(box.name, box.folder, box.imap, lambda: login_of(box), pool, header_names=policy.HEADER_NAMES)
    try:
        state = await mailbox.connect()
        how = "it tells of new mail at once" if mailbox.can_idle else "it has no IDLE, so mail is seen a minute late"
        looks = "".join(f"\n{LOOK} {box.name}: {each}" for each in advice(await _seen(mailbox, state), box.rules))
        return f"logged in, {box.folder} holds {state.exists} messages, {how}{looks}"
    finally:
        await mailbox.close()
        pool.close()


async def _seen(mailbox: Mailbox, state: FolderState) -> list[Seen]:
    """What the mailbox's latest mail carries of findings, verdicts and times."""
    if state.uid_validity is None or state.uid_next is None:
        return []
    times = await mailbox.received_times(Uid(max(1, state.uid_next - LATEST_UIDS)), None)
    uids = [uid for uid, _ in times[-LATEST_MAIL:]]
    return [
        seen_in(headers.parse(fetched.header_block, fetched.received_at, fetched.flags))
        async for batch in mailbox.fetch(uids, state.uid_validity)
        for fetched in batch
    ]


async def _check_smtp(box: MailboxConfig) -> str:
    from responder.adapters.smtp import Submitter

    submitter = Submitter(box.name, box.smtp, lambda: login_of(box), box.address)
    try:
        await submitter.check()
    finally:
        await submitter.close()
    return f"{'logged in' if box.smtp.auth else 'connected, without a login'}; nothing was sent"


async def _check_reply(config: Config, box: MailboxConfig) -> str:
    """The composer rendered every variant when the file was loaded; here it is rendered once more, as of now."""
    at = now()
    pipeline = pipeline_of(config, box)
    period = pipeline.schedule.closed_period(at) or pipeline.schedule.closed_period(
        pipeline.schedule.next_change(at) or at
    )
    if period is None:
        return "never needed: the hours are open day and night"
    text = pipeline.composer.text(period, at)
    return f"{len(text.split())} words, with a way to help"
