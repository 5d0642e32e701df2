"""The whole watching against mail that is made to stop it: whatever lies in the folder, the next person is answered."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder.adapters.imap import CommandPool, FetchMemory, Mailbox
from responder.adapters.ledger import Ledger
from responder.core.message import Uid, UidValidity
from responder.live import MailboxService, watch
from tests.lab.dovecot import Dovecot
from tests.lab.imap_script import ImapScript, Talk
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, FakeSender, header_block, pipeline
from tests.wire.mailboxes import HEADER_NAMES, QUICK, Login, Server, server_of

NAMES = (*HEADER_NAMES, "To", "Return-Path", "References")
PERSON = "jane@person.example"
BODY = b"words\r\n"
WITHIN = 60.0  # seconds; a loaded machine, and up to twenty sessions without a pause

only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's server may read all its files")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """One session after another at once, also when the server spoke of an error of its own."""
    monkeypatch.setattr(watch, "wait_after", lambda *_args: 0.001)


@contextlib.asynccontextmanager
async def watched(
    server: Server, directory: Path, clock: Callable[[], datetime]
) -> AsyncGenerator[tuple[MailboxService, FakeSender]]:
    """The mailbox on that server, watched as the daemon does it."""
    pool, ledger, sender, memory = CommandPool(2), await Ledger.open(directory), FakeSender(), FetchMemory()
    await ledger.recover(clock())
    service = MailboxService(
        label="mailbox 1",
        mailbox=MAILBOX,
        folder=FOLDER,
        pipeline=pipeline(),
        new_folder=lambda: Mailbox(MAILBOX, FOLDER, server, Login, pool, NAMES, limits=QUICK, memory=memory),
        sender=sender,
        ledger=ledger,
        clock=clock,
    )
    task = asyncio.create_task(service.run())
    try:
        yield service, sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await ledger.close()
        pool.close()


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds."""
    ends = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < ends, what
        await asyncio.sleep(0.02)


async def start_with_an_empty_ledger(server: Server, directory: Path, clock: Callable[[], datetime]) -> None:
    """The first start: what is there already stays unanswered."""
    async with watched(server, directory, clock) as (service, _):
        await until(lambda: service.health.watching, "the first start")


def person(number: int = 1) -> bytes:
    """Somebody's message."""
    return header_block(PERSON, message_id=f"{number}@person.example")


async def test_backlog_of_huge_header_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More header octets than a server may send in one answer, made of messages that each are far too large."""
    monkeypatch.setattr("responder.adapters.imap.mailbox.FETCH_ALLOWANCE", 4_000_000)
    line = b"References: <" + b"a" * 900 + b"@x.example>\r\n"
    huge = b"From: evil@x.example\r\nTo: hello@harbour.example\r\n" + line * 1000 + b"\r\n" + BODY
    with Dovecot() as lab:
        server = Server(lab.host, lab.plain_port, "none")
        lab.deliver(MAILBOX, header_block("old@x.example") + BODY)
        await start_with_an_empty_ledger(server, tmp_path / "state", lambda: NIGHT)
        lab.deliver_many(MAILBOX, [(huge, NIGHT - timedelta(minutes=5))] * 40)
        lab.deliver(MAILBOX, person() + BODY, NIGHT - timedelta(minutes=1))
        async with watched(server, tmp_path / "state", lambda: NIGHT) as (service, sender):
            await until(lambda: sender.sent, "the person behind is answered")
            assert sender.recipients() == [PERSON]
            assert service.health.trouble is None


@only_as_root
@pytest.mark.parametrize("number", [1, 2, 12])
async def test_files_that_the_server_may_not_read(tmp_path: Path, number: int) -> None:
    """Each costs the connection, with an "internal error" that does not name it: they are skipped, and nothing else."""
    with Dovecot() as lab:
        server = Server(lab.host, lab.plain_port, "none")
        await start_with_an_empty_ledger(server, tmp_path / "state", lambda: NIGHT)
        lab.deliver_many(MAILBOX, ((person(n) + BODY, NIGHT - timedelta(minutes=5)) for n in range(number)))
        lab.deliver(MAILBOX, person(99) + BODY, NIGHT - timedelta(minutes=1))
        for uid in range(1, number + 1):
            lab.lock_away(MAILBOX, uid)
        async with watched(server, tmp_path / "state", lambda: NIGHT) as (service, sender):
            await until(lambda: sender.sent, "the person behind is answered")
            await until(lambda: service.health.watching, "the watching goes on")
            assert sender.recipients() == [PERSON]


@pytest.mark.parametrize(
    "bye", [b"", b"* BYE Internal error occurred\r\n", b"* 1 FETCH (UID 1 BODY[HEADER.FIELDS (FROM)] {99999999999}\r\n"]
)
@pytest.mark.parametrize("poison", [{2}, {2, 3}, {2, 4, 6, 8, 10}, set(range(2, 14))], ids=len)
async def test_messages_that_cost_the_connection(tmp_path: Path, poison: set[int], bye: bytes) -> None:
    """However many there are in one round, every other message is answered, and the cursor gets to the end."""
    at = datetime(2026, 11, 23, 19, 40, tzinfo=UTC)  # ten minutes after the server's INTERNALDATE

    def hook(talk: Talk, _tag: bytes, command: str, line: bytes) -> bool:
        if command == "UID FETCH" and b"HEADER.FIELDS" in line and poison & set(talk.script.asked(line)):
            talk.send(bye)
            talk.close()
        return False

    with ImapScript(hook, messages={1: header_block("old@x.example")}) as script:
        server = server_of(script)
        await start_with_an_empty_ledger(server, tmp_path / "state", lambda: at)
        script.messages |= {n: header_block(f"p{n}@person.example", message_id=f"{n}@x.example") for n in range(2, 16)}
        good = {f"p{n}@person.example" for n in range(2, 16) if n not in poison}
        async with watched(server, tmp_path / "state", lambda: at) as (service, sender):
            await until(lambda: set(sender.recipients()) >= good, "everybody else is answered")
            await until(lambda: service.health.watching, "the watching goes on")
            talks = len(script.talks)
            script.messages[16] = person()
            service.wake()
            await until(lambda: PERSON in sender.recipients(), "the next one is answered")
            assert set(sender.recipients()) == {*good, PERSON}
            assert len(script.talks) == talks, "and costs no connection"


def test_memory_are_bounded_and_end_with_the_uids() -> None:
    """A thousand messages are remembered, the latest; and none once the same numbers mean other messages."""
    memory = FetchMemory()
    memory.keep_for(UidValidity(7))
    for uid in range(1, 1002):
        memory.failed([Uid(uid)])
    assert [uid in memory for uid in (Uid(1), Uid(2), Uid(1001))] == [False, True, True]
    memory.keep_for(UidValidity(7))
    assert Uid(2) in memory
    memory.keep_for(UidValidity(8))
    assert Uid(2) not in memory
