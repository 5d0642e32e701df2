"""kill -9 at every hop: nobody is left without a reply; only what was in flight may come twice, as the same message."""

from __future__ import annotations

import asyncio
import email
import os
import signal
from collections import defaultdict
from pathlib import Path

import pytest

from responder.adapters.smtp import Limits
from tests.lab.dovecot import Dovecot
from tests.lab.smtp_script import Conversation, ScriptedSmtp
from tests.system.site import ADDRESS, Site, closed_now, letter

MESSAGES = 100
KILL_AT = 40
FAILPOINTS = str(Path(__file__).parent / "failpoints")


class Killer:
    """Kills the daemon when an SMTP verb comes for the nth time."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        self.left = KILL_AT
        self.site: Site | None = None

    async def __call__(self, conversation: Conversation, argument: str) -> None:
        """The hook."""
        self.left -= 1
        if self.left == 0 and self.site is not None and self.site.process is not None:
            os.kill(self.site.process.pid, signal.SIGKILL)
            return
        await conversation.usual(self.verb, argument)


def replies_by_person(server: ScriptedSmtp) -> dict[str, list[str]]:
    """The Message-IDs that each person was sent, as often as they came with a final dot."""
    found: dict[str, list[str]] = defaultdict(list)
    for content in server.contents:
        message = email.message_from_bytes(content)
        found[str(message["To"])].append(str(message["Message-ID"]))
    return found


async def run_through_a_kill(site: Site, server: ScriptedSmtp, environ: dict[str, str]) -> None:
    """Start, deliver, be killed, start again, and wait until everybody was answered and nothing more happens."""
    await asyncio.to_thread(site.start, environ=environ)
    assert site.process is not None
    messages = [(letter(f"p{n}@mail.example", message_id=f"{n}@mail.example"), None) for n in range(MESSAGES)]
    await asyncio.to_thread(site.dovecot.deliver_many, ADDRESS, messages)
    assert await asyncio.to_thread(site.process.wait, 60) == -signal.SIGKILL
    await asyncio.to_thread(site.start)
    async with asyncio.timeout(60):
        while len(replies_by_person(server)) < MESSAGES:  # noqa: ASYNC110 - the daemon is another process
            await asyncio.sleep(0.1)
    await until_quiet(site)
    assert await asyncio.to_thread(site.stop) == 0


async def until_quiet(site: Site) -> None:
    """Until the daemon has said nothing for a while: a second reply would come now."""
    async with asyncio.timeout(60):
        lines = -1
        while lines != len(site.log()):
            lines = len(site.log())
            await asyncio.sleep(1.5)


@pytest.mark.parametrize("point", ["fetch", "claim", "settle"])
async def test_killed_inside(dovecot: Dovecot, point: str) -> None:
    """Killed between fetch and record, claim and send, 250 and settle."""
    async with ScriptedSmtp() as server:
        smtp = f'{{ host = "127.0.0.1", port = {server.port}, tls = "none", auth = false }}'
        with Site(dovecot, None, hours=closed_now(), smtp=smtp) as site:
            environ = {
                "PYTHONPATH": os.pathsep.join([FAILPOINTS, os.environ.get("PYTHONPATH", "")]),
                "FAILPOINT": f"{point}:{KILL_AT}",
            }
            await run_through_a_kill(site, server, environ)
    check(server)


@pytest.mark.parametrize("verb", ["MAIL", "."])
async def test_killed_while_sending(dovecot: Dovecot, verb: str) -> None:
    """Killed after MAIL, and after the final dot before the answer."""
    killer = Killer(verb)
    async with ScriptedSmtp({verb: killer}) as server:
        smtp = f'{{ host = "127.0.0.1", port = {server.port}, tls = "none", auth = false }}'
        with Site(dovecot, None, hours=closed_now(), smtp=smtp) as site:
            killer.site = site
            await run_through_a_kill(site, server, {})
    check(server)


def check(server: ScriptedSmtp) -> None:
    """Everybody was answered; twice only what was in flight, and then with the same Message-ID."""
    sent = replies_by_person(server)
    assert len(sent) == MESSAGES
    twice = {person: ids for person, ids in sent.items() if len(ids) > 1}
    assert all(len(ids) == 2 and len(set(ids)) == 1 for ids in twice.values()), twice
    assert len(twice) <= Limits().connections, twice
