"""The mailbox against a real Dovecot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from responder.core.errors import AuthenticationError, PermanentError, TransientError
from responder.core.mail.headers import MAX_HEADER_OCTETS
from responder.core.mail.structure import from_bodystructure
from responder.core.message import MessageKey, Uid, UidValidity
from tests.lab.dovecot import Dovecot
from tests.wire.mailboxes import QUICK, USER, Login, Server, fetched, mailbox_of

ARRIVAL = datetime(2026, 11, 23, 19, 30, 5, tzinfo=UTC)
ANNOUNCED_WITHIN = 10.0  # seconds; Dovecot waits half a second before it says EXISTS


@pytest.fixture(scope="module")
def lab() -> Iterator[Dovecot]:
    """One server for all tests here; each uses a user of its own."""
    with Dovecot() as dovecot:
        yield dovecot


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox that no other test uses."""
    return f"{request.node.originalname.replace('_', '-')}{abs(hash(request.node.name))}@harbour.example"


def message(number: int = 1) -> bytes:
    """A small message; the subject names it, and the body must never be read."""
    return (
        f"From: Someone <someone{number}@example.org>\r\nTo: {USER}\r\nSubject: number {number}\r\n"
        f"Message-ID: <{number}@example.org>\r\nX-Private: header nobody asked for\r\n\r\nprivate words\r\n"
    ).encode()


def tls(lab: Dovecot) -> Server:
    """Implicit TLS."""
    return Server(lab.host, lab.tls_port, "implicit", lab.ca_file)


@pytest.mark.parametrize("mode", ["implicit", "starttls", "none"])
async def test_connects_and_reads(lab: Dovecot, user: str, mode: str) -> None:
    """Over each kind of transport: what was delivered comes back as it is, and only the headers asked for."""
    lab.deliver(user, message(1), ARRIVAL)
    server = Server(lab.host, lab.tls_port if mode == "implicit" else lab.plain_port, mode, lab.ca_file)
    async with mailbox_of(server, login=Login(user)) as mailbox:
        state = await mailbox.connect()
        assert (state.exists, state.uid_next) == (1, 2)
        assert state.uid_validity
        assert await mailbox.received_times(Uid(1), None) == [(1, ARRIVAL)]
        [found] = await fetched(mailbox, [1])
        assert mailbox.can_idle
    assert found.key == MessageKey(USER, "INBOX", state.uid_validity, Uid(1))
    assert found.received_at == ARRIVAL
    assert found.header_block == (
        b"From: Someone <someone1@example.org>\r\nSubject: number 1\r\nMessage-ID: <1@example.org>\r\n\r\n"
    )
    assert found.flags == {"\\Recent"}


async def test_large_header_block(lab: Dovecot, user: str) -> None:
    """A header block that is too large for a reply comes cut, and is still too large; its neighbour is whole."""
    large = b"Message-ID: <" + b"x" * 2 * MAX_HEADER_OCTETS + b"@example.org>\r\n"
    lab.deliver_many(user, [(large + message(1), ARRIVAL), (message(2), ARRIVAL)])
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        first, second = await fetched(mailbox, [1, 2])
    assert first.header_block == large[: MAX_HEADER_OCTETS + 1]
    assert b"<2@example.org>\r\n\r\n" in second.header_block


async def test_leaves_no_trace(lab: Dovecot, user: str) -> None:
    """After everything was fetched and waited for, UIDs, flags (Recent too) and MODSEQ are what they were."""
    lab.deliver_many(user, ((message(n), ARRIVAL) for n in range(1, 21)))
    before = lab.snapshot(user)
    assert all("\\Recent" in stored.flags for stored in before.messages)
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        assert len(await mailbox.received_times(Uid(1), None)) == 20
        assert len(await fetched(mailbox, range(1, 21))) == 20
        await mailbox.noop()
        assert not await mailbox.wait(0.1, asyncio.Event())
        await mailbox.examine()
    assert lab.snapshot(user) == before
    assert {path.parent.name for path in (lab.root / "mail" / user).rglob("*.lab*")} == {"new"}


async def test_wrong_password(lab: Dovecot, user: str) -> None:
    """A refused login names app passwords, and never the password."""
    async with mailbox_of(tls(lab), login=Login(user, "wrong-secret")) as mailbox:
        with pytest.raises(AuthenticationError, match="app password") as caught:
            await mailbox.connect()
    assert "wrong-secret" not in str(caught.value)
    assert "harbour" not in str(caught.value)


async def test_password_beyond_ascii(user: str) -> None:
    """A password with an umlaut works: PLAIN carries UTF-8."""
    with Dovecot(extra="passdb {\n driver = static\n args = password=pässword\n}\n") as lab:
        async with mailbox_of(tls(lab), login=Login(user, "pässword")) as mailbox:
            assert (await mailbox.connect()).exists == 0


async def test_missing_folder(lab: Dovecot, user: str) -> None:
    """A folder that is not there is for a person to mend."""
    async with mailbox_of(tls(lab), login=Login(user), folder="Nowhere") as mailbox:
        with pytest.raises(PermanentError, match='"Nowhere"') as caught:
            await mailbox.connect()
    assert not isinstance(caught.value, AuthenticationError)


@pytest.mark.parametrize("folder", ["Work", "with space", 'quo"te', "a&b", "Entwürfe", "💩"])
async def test_folder_names(lab: Dovecot, user: str, folder: str) -> None:
    """Folders are opened under the name that people see."""
    from imapclient.imap_utf7 import encode

    lab.deliver(user, message(), ARRIVAL, folder=encode(folder).decode())
    async with mailbox_of(tls(lab), login=Login(user), folder=folder) as mailbox:
        assert (await mailbox.connect()).exists == 1


async def test_idle_hears_a_delivery(lab: Dovecot, user: str) -> None:
    """Mail that arrives while we wait ends the wait."""
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        waiting = asyncio.create_task(mailbox.wait(ANNOUNCED_WITHIN, asyncio.Event()))
        await asyncio.sleep(0.1)  # into IDLE
        await asyncio.to_thread(lab.deliver, user, message(), ARRIVAL)
        assert await waiting
        assert await mailbox.received_times(Uid(1), None) == [(1, ARRIVAL)]
        assert not await mailbox.wait(0.05, asyncio.Event())


async def test_delivery_between_examine_and_idle_is_seen(lab: Dovecot, user: str) -> None:
    """Mail that arrived before IDLE is announced together with its answer, and is not overlooked in the buffer."""
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        await asyncio.to_thread(lab.deliver, user, message(), ARRIVAL)
        started = time.monotonic()
        assert await mailbox.wait(ANNOUNCED_WITHIN, asyncio.Event())
        assert time.monotonic() - started < ANNOUNCED_WITHIN / 2


async def test_delivery_seen_in_passing_is_not_lost(lab: Dovecot, user: str) -> None:
    """An EXISTS that came with another command's answer is never repeated by the server; the next wait tells."""
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        await asyncio.to_thread(lab.deliver, user, message(), ARRIVAL)
        await mailbox.noop()
        assert await mailbox.wait(0, asyncio.Event())
        assert not await mailbox.wait(0, asyncio.Event())


async def test_without_idle_it_polls(user: str) -> None:
    """A server that does not offer IDLE is asked now and then."""
    with Dovecot(extra="imap_capability = IMAP4rev1 AUTH=PLAIN\n") as lab:
        async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
            await mailbox.connect()
            assert not mailbox.can_idle
            assert not await mailbox.wait(0.2, asyncio.Event())
            await asyncio.to_thread(lab.deliver, user, message(), ARRIVAL)
            assert await mailbox.wait(ANNOUNCED_WITHIN, asyncio.Event())


async def test_uid_validity_changes(user: str) -> None:
    """When the server lost its UIDs, the new session says so, and keys of the old one are refused."""
    with Dovecot() as lab:
        lab.deliver(user, message(), ARRIVAL)
        async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
            before = await mailbox.connect()
            lab.stop()
            lab.delete_uidlist(user)
            lab.start()
            after = await mailbox.connect()
            assert before.uid_validity != after.uid_validity
            assert before.uid_validity is not None
            with pytest.raises(TransientError, match="UIDVALIDITY"):
                [_ async for _ in mailbox.fetch([Uid(1)], before.uid_validity)]


async def test_message_gone_between_search_and_fetch(lab: Dovecot, user: str) -> None:
    """What was expunged meanwhile is absent, and the others are there."""
    lab.deliver_many(user, ((message(n), ARRIVAL) for n in range(1, 4)))
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        uids = [uid for uid, _ in await mailbox.received_times(Uid(1), None)]
        await asyncio.to_thread(lab.expunge, user, 2)
        assert [found.key.uid for found in await fetched(mailbox, uids)] == [1, 3]
        assert await fetched(mailbox, [2]) == []


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_server_goes_away_and_comes_back(user: str, how: str) -> None:
    """A wait ends with an error when the server stops or dies, and another connection works."""
    with Dovecot() as lab:
        async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
            await mailbox.connect()
            waiting = asyncio.create_task(mailbox.wait(60, asyncio.Event()))
            await asyncio.sleep(0.1)  # into IDLE
            await asyncio.to_thread(getattr(lab, how))
            with pytest.raises(TransientError):
                await asyncio.wait_for(waiting, 10)
            with pytest.raises(TransientError, match="refused"):
                await mailbox.connect()
            await asyncio.to_thread(lab.start)
            assert (await mailbox.connect()).exists == 0


async def test_certificate_of_an_unknown_authority(lab: Dovecot, user: str) -> None:
    """Without its authority the server is not trusted, and the password is never sent."""
    async with mailbox_of(Server(lab.host, lab.tls_port, "implicit"), login=Login(user)) as mailbox:
        with pytest.raises(TransientError, match="ca_file") as caught:
            await mailbox.connect()
    assert caught.value.retry_after


async def test_windows_over_a_large_folder(lab: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder larger than a window is read window by window, without losing or repeating a message."""
    monkeypatch.setattr("responder.adapters.imap.mailbox._WINDOW", 7)
    lab.deliver_many(user, ((message(n), ARRIVAL + timedelta(minutes=n)) for n in range(40)))
    for uid in range(2, 31):
        lab.expunge(user, uid) if uid % 3 else None
    left = [uid for uid in range(1, 41) if uid > 30 or uid == 1 or uid % 3 == 0]
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        assert [uid for uid, _ in await mailbox.received_times(Uid(1), None)] == left
        assert [uid for uid, _ in await mailbox.received_times(Uid(5), Uid(33))] == [u for u in left if 5 <= u <= 33]
        assert await mailbox.received_times(Uid(41), None) == []


async def test_many_chunks_with_the_next_one_on_its_way(
    lab: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches come in order; who stops half-way can go on using the connection."""
    monkeypatch.setattr("responder.adapters.imap.fetch.CHUNK", 3)
    lab.deliver_many(user, ((message(n), ARRIVAL) for n in range(10)))
    async with mailbox_of(tls(lab), login=Login(user), limits=QUICK) as mailbox:
        state = await mailbox.connect()
        uids = [uid for uid, _ in await mailbox.received_times(Uid(1), None)]
        batches = [
            [m.key.uid for m in batch] async for batch in mailbox.fetch(uids, state.uid_validity or UidValidity(0))
        ]
        assert batches == [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]]
        walk = mailbox.fetch(uids, state.uid_validity or UidValidity(0))
        async for _ in walk:
            break
        await walk.aclose()  # type: ignore[attr-defined]  # a generator, whatever its declared type
        assert len(await fetched(mailbox, [1, 2])) == 2


async def test_twenty_mailboxes_share_two_threads(lab: Dovecot, user: str) -> None:
    """Waiting holds no thread: more mailboxes than threads wait at once, and each hears of its own mail."""
    from contextlib import AsyncExitStack

    from responder.adapters.imap import CommandPool, Mailbox
    from tests.wire.mailboxes import HEADER_NAMES

    users = [f"{n}-{user}" for n in range(20)]
    pool = CommandPool(2)
    async with AsyncExitStack() as stack:
        mailboxes = []
        for name in users:
            mailbox = Mailbox(name, "INBOX", tls(lab), lambda name=name: Login(name), pool, HEADER_NAMES, limits=QUICK)  # type: ignore[misc]  # a default binds the loop's value
            stack.push_async_callback(mailbox.close)
            mailboxes.append(mailbox)
        await asyncio.gather(*(mailbox.connect() for mailbox in mailboxes))
        waiting = [asyncio.create_task(mailbox.wait(30, asyncio.Event())) for mailbox in mailboxes]
        for name in users:
            await asyncio.to_thread(lab.deliver, name, message(), ARRIVAL)
        assert all(await asyncio.wait_for(asyncio.gather(*waiting), 30))
    pool.close()


async def test_the_structure_of_a_message(lab: Dovecot, user: str) -> None:
    """What Dovecot says of the parts is read; no text comes with it, and no flag changes."""
    parts = (
        b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: text/plain\r\n\r\nprivate words\r\n"
        b'--x\r\nContent-Type: text/calendar; method=REQUEST; name="a \\"b.ics"\r\n\r\nBEGIN:VCALENDAR\r\n--x--\r\n'
    )
    lab.deliver(user, b"Subject: a\r\n" + parts, ARRIVAL)
    lab.deliver(user, message(2), ARRIVAL)
    async with mailbox_of(tls(lab), login=Login(user)) as mailbox:
        await mailbox.connect()
        found = await mailbox.structures([Uid(1), Uid(2), Uid(9)])
        [first, _] = await fetched(mailbox, [1, 2])
    read = {uid: from_bodystructure(answer) for uid, answer in found.items()}
    assert {uid: [part.kind for part in one.walk()] if one else [] for uid, one in read.items()} == {
        1: ["multipart/alternative", "text/plain", "text/calendar"],
        2: ["text/plain"],
    }
    assert not any(b"private words" in answer for answer in found.values())
    assert not first.flags - {"\\Recent"}
