"""The texts that were sent: kept once each, told to whom they went, pruned after twelve months."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from responder.adapters.ledger import KEEP_TEXTS, Claimed, Cursor, Ledger, Memory, PastReply, State, schema
from responder.core.message import MessageKey, Uid, UidValidity
from responder.core.outcome import Outcome, Rejected
from responder.core.text import text_fingerprint
from tests.unit.adapters.ledger import look
from tests.unit.adapters.ledger.test_ledger import (
    ACCEPTED,
    ANNA,
    BEN,
    DEFERRED,
    HELLO,
    HELP,
    HOUR,
    INBOX,
    MINUTE,
    NIGHT,
    REJECTED,
    UNKNOWN,
    claim,
    key_of,
    receive,
)
from tests.unit.adapters.ledger.versions import take_back

FIRST = "Nobody is reading now.\nWe open again on Monday.\n999\n116 123: zoë\n"
SECOND = "Nobody is reading now.\nWe open again today.\n999\n116 123\n"
BOTH = [HELLO, HELP]


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger, closed in the end."""
    opened = await Ledger.open(tmp_path / "state")
    yield opened
    await opened.close()


async def send(
    ledger: Ledger,
    key: MessageKey,
    *steps: tuple[Outcome, str | None],
    who: str = ANNA,
    at: datetime = NIGHT,
) -> State:
    """One message is answered: a claim and its end for each step, an hour between them."""
    await receive(ledger, key, at=at)
    for number, (outcome, text) in enumerate(steps):
        then = at + number * HOUR
        assert isinstance(await claim(ledger, key, who, then, since=at), Claimed)
        state = await ledger.settle(key, outcome, at=then, retry_at=then + MINUTE, text=text)
    return state


async def known(ledger: Ledger, who: str = ANNA, limit: int = 9) -> Memory:
    """What is known of a correspondent."""
    return await ledger.answers_to(who, BOTH, limit)


def texts_in(path: Path) -> list[tuple[str, str]]:
    """Fingerprints and texts, as they lie in the file of a closed ledger."""
    with closing(sqlite3.connect(path / schema.DATABASE)) as db:
        return db.execute("SELECT fingerprint, text FROM texts ORDER BY first_sent_at").fetchall()


def test_a_fingerprint_is_of_the_text_alone() -> None:
    """16 hex digits; the same in every program that knows SHA-256."""
    assert text_fingerprint("999\n") == "94d59b76e5b10f74"
    assert text_fingerprint("ü") == "607474ca475a9724"
    assert len({text_fingerprint(FIRST), text_fingerprint(SECOND)}) == 2


@pytest.mark.parametrize(
    ("steps", "state", "uncertain", "text"),
    [
        ([(ACCEPTED, FIRST)], State.SENT, False, FIRST),
        ([(DEFERRED, FIRST), (ACCEPTED, SECOND)], State.SENT, False, SECOND),
        ([(UNKNOWN, FIRST)], State.DUE, True, FIRST),
        ([(UNKNOWN, FIRST), (ACCEPTED, SECOND)], State.SENT, True, SECOND),
        ([(UNKNOWN, FIRST), (UNKNOWN, SECOND)], State.UNKNOWN, True, SECOND),
        ([(UNKNOWN, FIRST), (DEFERRED, SECOND)], State.DUE, True, FIRST),
        ([(UNKNOWN, FIRST), (REJECTED, SECOND)], State.UNKNOWN, True, FIRST),
        ([(ACCEPTED, None)], State.SENT, False, None),
        ([(UNKNOWN, FIRST), (ACCEPTED, None)], State.SENT, True, FIRST),
    ],
    ids=[
        "sent",
        "sent the second time",
        "in doubt",
        "in doubt, then sent: the last text",
        "twice in doubt: the last text",
        "in doubt, then surely not sent: the first text",
        "in doubt, then refused: the first text",
        "sent without a text",
        "in doubt, then sent without a text",
    ],
)
async def test_what_left_or_may_have_is_told_with_its_text(
    ledger: Ledger, steps: list[tuple[Outcome, str | None]], state: State, *, uncertain: bool, text: str | None
) -> None:
    """By mailbox, time and state; the text is that of the last sending that may have arrived."""
    await send(ledger, key_of(1), *steps)
    at = NIGHT + (len(steps) - 1) * HOUR
    fingerprint = None if text is None else text_fingerprint(text)
    assert (await known(ledger)).replies == (PastReply(HELLO, at, state, uncertain, fingerprint, text),)
    assert (await known(ledger, BEN)).replies == ()


@pytest.mark.parametrize("outcome", [DEFERRED, REJECTED], ids=["deferred", "rejected"])
async def test_what_surely_did_not_leave_is_not_told_nor_kept(tmp_path: Path, outcome: Outcome) -> None:
    """No text without a reply."""
    ledger = await Ledger.open(tmp_path)
    await send(ledger, key_of(1), (outcome, FIRST))
    assert await known(ledger) == Memory((), 0, None)
    await ledger.close()
    assert texts_in(tmp_path) == []


async def test_what_is_being_sent_is_told(ledger: Ledger) -> None:
    """Its text is written down with its end."""
    await claim(ledger, await receive(ledger, key_of(1)))
    assert (await known(ledger)).replies == (PastReply(HELLO, NIGHT, State.CLAIMED, False, None, None),)


async def test_what_a_dead_process_left_is_told_as_in_doubt(ledger: Ledger) -> None:
    """Which text it had, nobody knows any more."""
    await claim(ledger, await receive(ledger, key_of(1)))
    await ledger.mark(key_of(1), may_arrive=True)
    ledger._has_claimed = False
    await ledger.recover(NIGHT)
    assert (await known(ledger)).replies == (PastReply(HELLO, NIGHT, State.DUE, True, None, None),)


async def test_all_mailboxes_are_told_the_newest_reply_first(ledger: Ledger) -> None:
    """A mailbox that the caller does not name has no name; how many were left out is said; spelling does not matter."""
    await send(ledger, key_of(1), (ACCEPTED, FIRST), at=NIGHT - 30 * HOUR)
    await send(ledger, key_of(2, mailbox=HELP), (ACCEPTED, SECOND), at=NIGHT - 20 * HOUR)
    await send(ledger, key_of(3, mailbox="old@harbour.example"), (ACCEPTED, SECOND), at=NIGHT)
    await send(ledger, key_of(4), (ACCEPTED, SECOND), who=BEN, at=NIGHT - 40 * HOUR)
    memory = await known(ledger, "Anna@Example.org")
    assert [(reply.mailbox, reply.text) for reply in memory.replies] == [(None, SECOND), (HELP, SECOND), (HELLO, FIRST)]
    assert (memory.left_out, memory.oldest) == (0, NIGHT - 40 * HOUR)
    short = await known(ledger, limit=2)
    assert (short.replies, short.left_out) == (memory.replies[:2], 1)


async def test_each_text_is_kept_once(tmp_path: Path) -> None:
    """Whomever it went to."""
    ledger = await Ledger.open(tmp_path)
    await send(ledger, key_of(1), (ACCEPTED, FIRST), at=NIGHT - HOUR)
    await send(ledger, key_of(2), (ACCEPTED, FIRST), who=BEN)
    await send(ledger, key_of(3), (ACCEPTED, SECOND), who="carol@example.com")
    await ledger.close()
    assert texts_in(tmp_path) == [(text_fingerprint(FIRST), FIRST), (text_fingerprint(SECOND), SECOND)]


async def test_text_and_outcome_are_written_together(ledger: Ledger) -> None:
    """A disk that refuses the text has not settled the reply."""
    key = await receive(ledger, key_of(1))
    await claim(ledger, key)
    db = ledger._store.db
    await ledger._run(lambda: db.execute("ALTER TABLE texts RENAME TO elsewhere"))
    with pytest.raises(Exception, match="texts"):
        await ledger.settle(key, ACCEPTED, at=NIGHT, retry_at=NIGHT, text=FIRST)
    await ledger._run(lambda: db.execute("ALTER TABLE elsewhere RENAME TO texts"))
    assert (await known(ledger)).replies[0].state is State.CLAIMED
    assert await ledger.settle(key, ACCEPTED, at=NIGHT, retry_at=NIGHT, text=FIRST) is State.SENT
    assert (await known(ledger)).replies[0].text == FIRST


@pytest.mark.parametrize(
    ("sent_again", "later", "kept"),
    [
        (None, KEEP_TEXTS, True),
        (None, KEEP_TEXTS + timedelta(microseconds=1), False),
        (timedelta(days=200), KEEP_TEXTS + timedelta(days=200), True),
        (timedelta(days=-200), KEEP_TEXTS, True),
    ],
    ids=["twelve months on", "a moment later", "sent again meanwhile", "sent again by a clock that was set back"],
)
async def test_a_text_is_pruned_twelve_months_after_it_was_last_sent(
    ledger: Ledger, sent_again: timedelta | None, later: timedelta, *, kept: bool
) -> None:
    """That it was this one is still known by its fingerprint."""
    await send(ledger, key_of(1), (ACCEPTED, FIRST))
    if sent_again is not None:
        await send(ledger, key_of(2), (ACCEPTED, FIRST), who=BEN, at=NIGHT + sent_again)
    await ledger.prune(NIGHT - HOUR, texts_before=NIGHT + later - KEEP_TEXTS)
    (reply,) = (await known(ledger)).replies
    assert (reply.fingerprint, reply.text) == (text_fingerprint(FIRST), FIRST if kept else None)


async def test_a_pruned_text_is_gone_from_the_file(tmp_path: Path) -> None:
    """Overwritten, not only unlisted."""
    ledger = await Ledger.open(tmp_path)
    await send(ledger, key_of(1), (ACCEPTED, FIRST))
    await ledger.close()
    path = tmp_path / schema.DATABASE
    assert b"We open again on Monday" in path.read_bytes()
    again = await Ledger.open(tmp_path)
    await again.prune(NIGHT - HOUR, texts_before=NIGHT + HOUR)
    await again.close()
    assert b"We open again on Monday" not in path.read_bytes()


# --- a ledger of the second version ----------------------------------------------------------------------------------


async def test_a_ledger_of_version_2_keeps_all_and_has_no_texts_yet(tmp_path: Path) -> None:
    """What was sent before has no text; what is sent from now on has; nobody is answered twice."""
    ledger = await Ledger.open(tmp_path)
    await send(ledger, key_of(1), (ACCEPTED, SECOND))
    await send(ledger, key_of(2), (UNKNOWN, None), who=BEN)
    await receive(ledger, key_of(3))
    await ledger.close()
    take_back(tmp_path, 2)
    ledger = await Ledger.open(tmp_path)
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(3), NIGHT)
    before = PastReply(HELLO, NIGHT, State.SENT, uncertain=False, fingerprint=None, text=None)
    assert (await known(ledger)).replies == (before,)
    assert [row.key.uid for row in await look.due(ledger, HELLO, INBOX)] == [2, 3]
    assert isinstance(await claim(ledger, key_of(2), BEN, NIGHT + HOUR), Claimed)
    await ledger.settle(key_of(2), ACCEPTED, at=NIGHT + HOUR, retry_at=NIGHT, text=FIRST)
    (reply,) = (await known(ledger, BEN)).replies
    assert reply.text == FIRST
    assert not isinstance(await claim(ledger, key_of(3), ANNA, NIGHT + HOUR), Claimed)
    await ledger.close()


# --- a ledger of the third version -----------------------------------------------------------------------------------


async def test_what_version_3_had_claimed_may_have_arrived(tmp_path: Path) -> None:
    """It made no mark before the final dot, so each of its claims is in doubt; its dead addresses are forgotten."""
    ledger = await Ledger.open(tmp_path)
    for uid, who in ((1, ANNA), (2, BEN)):
        await receive(ledger, key_of(uid))
        await claim(ledger, key_of(uid), who)
    assert await ledger.settle(key_of(2), Rejected("no", 550), at=NIGHT, retry_at=NIGHT) is State.FAILED
    await ledger.close()
    take_back(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / schema.DATABASE)) as db:
        db.execute("INSERT INTO refused SELECT correspondent, claimed_at FROM replies WHERE uid = 2")
        db.commit()
    ledger = await Ledger.open(tmp_path)
    assert await ledger.recover(NIGHT) == [(1, "due")]
    assert [(row.key.uid, row.uncertain) for row in await look.due(ledger, HELLO, INBOX)] == [(1, 1)]
    await receive(ledger, key_of(3))
    assert isinstance(await claim(ledger, key_of(3), BEN), Claimed)
    await ledger.close()
    with closing(sqlite3.connect(tmp_path / schema.DATABASE)) as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'refused'").fetchone() is None
