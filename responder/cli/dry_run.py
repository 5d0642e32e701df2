"""``responder dry-run``: who would have been answered, had each message in the folder just arrived."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys

from responder.backtest.back_test import Progress, Report, Window, back_test
from responder.cli import text as screen
from responder.cli.context import chosen, load, login_of, now
from responder.cli.judging import JudgeProcess
from responder.config import Config, MailboxConfig, pipeline_of
from responder.core.rules import decide as policy

DRY_RUN_THREADS = 2


def dry_run(arguments: argparse.Namespace) -> int:
    """``responder dry-run``."""
    gc.disable()  # one shot, nothing cyclic: collecting would walk every message's record again and again
    config = load(arguments)
    window = Window(arguments.since, arguments.until, arguments.last)
    for box in chosen(config, arguments):
        folder = arguments.folder or box.folder
        with JudgeProcess(pipeline_of(config, box)) as judge:
            report = asyncio.run(_report(config, box, folder, window, _progress(arguments), judge))
        if arguments.json:
            encode = json.JSONEncoder(ensure_ascii=False).encode
            for record in report.records:
                print(encode(record.as_json()))
            print(encode(report.as_json()))
        elif arguments.show is not None:
            print(screen.one_message(report, arguments.show, config.zone))
        else:
            print(screen.dry_run(config, box, report, now=now(), all_replies=arguments.replies))
    return 0


async def _report(
    config: Config, box: MailboxConfig, folder: str, window: Window, progress: Progress, judge: JudgeProcess
) -> Report:
    from responder.adapters.imap import CommandPool, Mailbox

    pool = CommandPool(DRY_RUN_THREADS)
    try:
        mailbox = Mailbox(box.name, folder, box.imap, lambda: login_of(box), pool, header_names=policy.HEADER_NAMES)
        return await back_test(
            mailbox,
            pipeline_of(config, box),
            mailbox=box.name,
            folder_name=folder,
            window=window,
            progress=progress,
            judge=judge,
        )
    finally:
        pool.close()


def _progress(arguments: argparse.Namespace) -> Progress:
    """A counter on the terminal's error stream; nothing where nobody looks."""
    if arguments.json or not sys.stderr.isatty():
        return lambda _done, _total: None

    def show(done: int, total: int) -> None:
        end = "\r\x1b[K" if done >= total else ""
        print(f"\rlooked at {done} of {total} messages", end=end, file=sys.stderr, flush=True)

    return show
