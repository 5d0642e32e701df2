"""The ledger's rules: cursors, slots, what follows a send, a new UIDVALIDITY, pruning."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from responder.adapters.ledger import AlreadyAnswered, Claim, Claimed, Cursor, Ledger, NewDue, NotDue, Recovered, State
from responder.core.errors import LedgerError
from responder.core.message import MessageKey, Uid, UidValidity
from responder.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown
from tests.unit.adapters.ledger import look

HELLO, HELP, INBOX = "hello@harbour.example", "help@harbour.example", "INBOX"
ANNA, BEN = "anna@example.org", "ben@example.net"
NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

ACCEPTED = Accepted()
DEFERRED = Deferred("451 4.7.1 Greylisted")
REJECTED = Rejected("554 5.7.1 Refused by policy", 554)
NOT_HIS_FAULT = Rejected("550 Too many messages", 550, once_more=True)
UNKNOWN = Unknown("cut off after the final dot")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger, closed in the end."""
    opened = await Ledger.open(tmp_path / "state")
    yield opened
    await opened.close()


def key_of(uid: int, *, mailbox: str = HELLO, folder: str = INBOX, generation: int = 7) -> MessageKey:
    """Names a message."""
    return MessageKey(mailbox, folder, UidValidity(generation), Uid(uid))


def message_of(key: MessageKey) -> str:
    """The Message-ID of a message, whatever its folder or numbering."""
    return f"<{key.uid}.{key.mailbox}>"


def due_at(key: MessageKey, at: datetime = NIGHT, message: str | None = None) -> NewDue:
    """A message judged worth a reply at once."""
    return NewDue(key, message or message_of(key), at, at)


async def receive(ledger: Ledger, key: MessageKey, message: str | None = None, at: datetime = NIGHT) -> MessageKey:
    """One message is judged worth a reply."""
    cursor = Cursor(key.uid_validity, key.uid, at)
    await ledger.record(key.mailbox, key.folder, cursor, [due_at(key, at, message)])
    return key


async def claim(
    ledger: Ledger,
    key: MessageKey,
    who: str = ANNA,
    at: datetime = NIGHT,
    since: datetime = NIGHT - 4 * HOUR,
    message: str | None = None,
) -> Claim:
    """Claims for a correspondent; without more, in a closed period that began four hours ago."""
    return await ledger.claim(key, correspondent=who, message=message or message_of(key), at=at, answered_since=since)


async def settle(ledger: Ledger, key: MessageKey, outcome: Outcome, at: datetime = NIGHT) -> State:
    """Settles; a retry comes a minute later."""
    return await ledger.settle(key, outcome, at=at, retry_at=at + MINUTE)


async def answer(ledger: Ledger, key: MessageKey, *outcomes: Outcome, who: str = ANNA, at: datetime = NIGHT) -> State:
    """Claims and settles once for each outcome."""
    for outcome in outcomes:
        assert isinstance(await claim(ledger, key, who, at), Claimed)
        state = await settle(ledger, key, outcome, at)
    return state


async def uids_due(ledger: Ledger, mailbox: str = HELLO) -> list[tuple[int, int]]:
    """UIDVALIDITY and UID of what is due in INBOX."""
    return [(row.key.uid_validity, row.key.uid) for row in await look.due(ledger, mailbox, INBOX)]


async def states_of(ledger: Ledger) -> Counter[str]:
    """How many replies stand in each state."""
    rows = await ledger._run(lambda: ledger._store.db.execute("SELECT state FROM replies").fetchall())
    return Counter(state for (state,) in rows)


# --- cursors ---------------------------------------------------------------------------------------------------------


async def test_a_folder_never_seen_has_no_cursor(ledger: Ledger) -> None:
    """The service can tell a first start from any other."""
    assert await ledger.cursor(HELLO, INBOX) is None


async def test_the_cursor_comes_back_as_it_was_written(ledger: Ledger) -> None:
    """Microseconds included: it decides what is looked at again after a UIDVALIDITY change."""
    written = Cursor(UidValidity(2**32 - 1), Uid(0), NIGHT + timedelta(microseconds=1))
    await ledger.record(HELLO, INBOX, written, [])
    assert await ledger.cursor(HELLO, INBOX) == written
    assert await ledger.cursor(HELLO, "Sent") is None
    assert await ledger.cursor(HELP, INBOX) is None


async def test_the_cursor_never_moves_backwards(ledger: Ledger) -> None:
    """Neither its UID within one UIDVALIDITY, nor the latest time judged."""
    await ledger.record(HELLO, INBOX, Cursor(UidValidity(7), Uid(9), NIGHT), [])
    await ledger.record(HELLO, INBOX, Cursor(UidValidity(7), Uid(4), NIGHT - HOUR), [])
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(9), NIGHT)
    await ledger.record(HELLO, INBOX, Cursor(UidValidity(8), Uid(2), None), [])
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(8), Uid(2), NIGHT)


async def test_recording_twice_changes_nothing(ledger: Ledger) -> None:
    """A message that is known under its key keeps its state."""
    key = await receive(ledger, key_of(1))
    await receive(ledger, key)
    assert await uids_due(ledger) == [(7, 1)]
    await answer(ledger, key, ACCEPTED)
    await receive(ledger, key)
    assert await uids_due(ledger) == []
    assert (await states_of(ledger))[State.SENT] == 1


async def test_a_uid_used_again_for_another_message_is_a_new_reply(ledger: Ledger) -> None:
    """A server that breaks its word silences nobody, and the old slot stays."""
    key = key_of(1)
    await receive(ledger, key, "<first@example.org>")
    await claim(ledger, key, message="<first@example.org>")
    await settle(ledger, key, ACCEPTED)
    await receive(ledger, key, "<second@example.net>")
    assert await uids_due(ledger) == [(7, 1)]
    assert isinstance(await claim(ledger, key, BEN, message="<second@example.net>"), Claimed)
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT


@pytest.mark.parametrize(
    ("cursor", "key"),
    [
        pytest.param((7, 1), key_of(1, generation=8), id="another UIDVALIDITY"),
        pytest.param((7, 1), key_of(1, mailbox=HELP), id="another mailbox"),
        pytest.param((7, 1), key_of(1, folder="Sent"), id="another folder"),
        pytest.param((7, 1), key_of(0), id="UID 0"),
        pytest.param((7, 1), key_of(2**32), id="UID over 32 bits"),
        pytest.param((0, 1), key_of(1, generation=0), id="UIDVALIDITY 0"),
        pytest.param((7, 2**70), key_of(1), id="a cursor beyond all numbers"),
    ],
)
async def test_nonsense_is_refused_whole(ledger: Ledger, cursor: tuple[int, int], key: MessageKey) -> None:
    """Nothing of it is written, and the ledger goes on."""
    with pytest.raises(LedgerError):
        await ledger.record(HELLO, INBOX, Cursor(UidValidity(cursor[0]), Uid(cursor[1])), [due_at(key)])
    assert await ledger.cursor(HELLO, INBOX) is None
    assert sum((await states_of(ledger)).values()) == 0
    await receive(ledger, key_of(3))


async def test_a_naive_time_is_a_mistake_of_ours(ledger: Ledger) -> None:
    """It is not taken for a fault of the disk."""
    with pytest.raises(TypeError):
        await receive(ledger, key_of(1), at=NIGHT.replace(tzinfo=None))


# --- slots -----------------------------------------------------------------------------------------------------------


async def test_a_claim_takes_the_slot_once(ledger: Ledger) -> None:
    """The second claim of the same row finds it claimed."""
    key = await receive(ledger, key_of(1))
    first = await claim(ledger, key)
    assert isinstance(first, Claimed)
    assert len(first.digest) == 32
    assert int(first.digest, 16) >= 0
    assert await claim(ledger, key) == NotDue("claimed")
    await settle(ledger, key, ACCEPTED)
    assert await claim(ledger, key) == NotDue("sent")
    assert await claim(ledger, key_of(2)) == NotDue("never-recorded")


@pytest.mark.parametrize(
    ("since", "answered"),
    [
        pytest.param(NIGHT - MINUTE, True, id="slot after"),
        pytest.param(NIGHT, True, id="slot at that very instant"),
        pytest.param(NIGHT + timedelta(microseconds=1), False, id="slot just before"),
    ],
)
async def test_a_slot_counts_from_answered_since_on(ledger: Ledger, since: datetime, answered: bool) -> None:
    """It is a test of times: at or after."""
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    second = await receive(ledger, key_of(2))
    result = await claim(ledger, second, at=NIGHT + HOUR, since=since)
    if answered:
        assert result == AlreadyAnswered(NIGHT, "already-answered")
        assert (await states_of(ledger))[State.WITHDRAWN] == 1
        assert await claim(ledger, second) == NotDue("withdrawn")
    else:
        assert isinstance(result, Claimed)


async def test_a_slot_is_the_mailbox_s_whatever_the_folder(ledger: Ledger) -> None:
    """Two folders of one mailbox answer a correspondent once."""
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    elsewhere = await receive(ledger, key_of(1, folder="Forms"), "<other@example.org>")
    assert isinstance(await claim(ledger, elsewhere, message="<other@example.org>"), AlreadyAnswered)


async def test_a_slot_is_one_mailbox_s_and_one_correspondent_s(ledger: Ledger) -> None:
    """Another mailbox answers for itself, and another person gets an answer."""
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    assert isinstance(await claim(ledger, await receive(ledger, key_of(1, mailbox=HELP))), Claimed)
    assert isinstance(await claim(ledger, await receive(ledger, key_of(2)), BEN), Claimed)


async def test_spelling_makes_no_new_correspondent(ledger: Ledger) -> None:
    """Case in an address or a mailbox's name opens no second slot."""
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    again = await receive(ledger, key_of(2, mailbox=HELLO.upper()))
    assert isinstance(await claim(ledger, again, "Anna@Example.ORG"), AlreadyAnswered)


async def test_the_same_message_is_answered_once_over_all_mailboxes(ledger: Ledger) -> None:
    """However long ago; but a second person who reuses its Message-ID is answered."""
    one = "<one@example.org>"
    await receive(ledger, key_of(1), one)
    assert isinstance(await claim(ledger, key_of(1), message=one), Claimed)
    await settle(ledger, key_of(1), ACCEPTED)
    later = NIGHT + 1000 * HOUR
    copy = await receive(ledger, key_of(5, mailbox=HELP), one)
    result = await claim(ledger, copy, at=later, since=later, message=one)
    assert result == AlreadyAnswered(NIGHT, "same-message-answered")
    forged = await receive(ledger, key_of(6, mailbox=HELP), one)
    assert isinstance(await claim(ledger, forged, BEN, message=one), Claimed)


@pytest.mark.parametrize(
    "ending",
    [pytest.param((REJECTED, None), id="rejected"), pytest.param((DEFERRED, "too-old"), id="deferred, then withdrawn")],
)
async def test_what_is_in_flight_makes_others_wait_not_end(ledger: Ledger, ending: tuple[Outcome, str | None]) -> None:
    """When the first reply fails after all, the second message still earns one."""
    first, second = await receive(ledger, key_of(1)), await receive(ledger, key_of(2))
    assert isinstance(await claim(ledger, first), Claimed)
    assert await claim(ledger, second) == NotDue("another-is-in-flight")
    (waiting,) = await look.due(ledger, HELLO, INBOX)
    assert (waiting.key, waiting.not_before) == (second, NIGHT + timedelta(seconds=30))
    assert await look.last_replied(ledger, HELLO, ANNA) is None
    outcome, withdrawn = ending
    await settle(ledger, first, outcome)
    if withdrawn:
        assert await ledger.withdraw(first, withdrawn, NIGHT) is State.WITHDRAWN
    assert isinstance(await claim(ledger, second), Claimed)


async def test_the_same_message_in_flight_elsewhere_waits_too(ledger: Ledger) -> None:
    """Its other mailbox may still fail."""
    one = "<one@example.org>"
    first, copy = await receive(ledger, key_of(1), one), await receive(ledger, key_of(1, mailbox=HELP), one)
    await claim(ledger, first, message=one)
    assert await claim(ledger, copy, message=one) == NotDue("another-is-in-flight")
    await settle(ledger, first, REJECTED)
    assert isinstance(await claim(ledger, copy, message=one), Claimed)


async def test_a_reply_in_doubt_settles_others_for_good(ledger: Ledger) -> None:
    """It may have been delivered, so nothing else of this correspondent is sent beside its one resend."""
    first, second, third = [await receive(ledger, key_of(uid)) for uid in (1, 2, 3)]
    await answer(ledger, first, UNKNOWN)
    assert isinstance(await claim(ledger, second), AlreadyAnswered)
    assert isinstance(await claim(ledger, first, at=NIGHT + MINUTE), Claimed)
    assert await claim(ledger, third) == AlreadyAnswered(NIGHT + MINUTE, "already-answered")


async def test_the_digest_is_the_same_wherever_the_message_is_found(ledger: Ledger) -> None:
    """Mailbox, correspondent and message make it; each of them changes it."""
    digests = []
    for mailbox, who, message, generation in [
        (HELLO, ANNA, "<1@example.org>", 7),
        (HELLO, ANNA, "<1@example.org>", 8),
        (HELP, ANNA, "<1@example.org>", 7),
        (HELLO, BEN, "<1@example.org>", 9),
        (HELLO, ANNA, "<2@example.org>", 10),
    ]:
        key = await receive(ledger, key_of(1, mailbox=mailbox, generation=generation), message)
        result = await claim(ledger, key, who, message=message)
        assert isinstance(result, Claimed)
        await settle(ledger, key, REJECTED)
        digests.append(result.digest)
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


# --- what follows a send ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "state", "holds"),
    [
        pytest.param([ACCEPTED], State.SENT, True, id="accepted"),
        pytest.param([DEFERRED], State.DUE, False, id="deferred"),
        pytest.param([REJECTED], State.FAILED, False, id="rejected"),
        pytest.param([UNKNOWN], State.DUE, True, id="in doubt: once more"),
        pytest.param([DEFERRED, ACCEPTED], State.SENT, True, id="deferred, accepted"),
        pytest.param([DEFERRED, UNKNOWN], State.DUE, True, id="deferred, in doubt"),
        pytest.param([UNKNOWN, ACCEPTED], State.SENT, True, id="in doubt, accepted"),
        pytest.param([UNKNOWN, UNKNOWN], State.UNKNOWN, True, id="in doubt twice"),
        pytest.param([UNKNOWN, DEFERRED], State.DUE, True, id="in doubt, deferred: still one more"),
        pytest.param([UNKNOWN, DEFERRED, UNKNOWN], State.UNKNOWN, True, id="in doubt, deferred, in doubt"),
        pytest.param([UNKNOWN, REJECTED], State.UNKNOWN, True, id="in doubt, rejected: the first may have arrived"),
        pytest.param([NOT_HIS_FAULT], State.DUE, False, id="rejected, but worth another attempt"),
        pytest.param([NOT_HIS_FAULT] * 2, State.FAILED, False, id="rejected twice"),
        pytest.param([NOT_HIS_FAULT, ACCEPTED], State.SENT, True, id="rejected, then accepted"),
        pytest.param([NOT_HIS_FAULT, DEFERRED, NOT_HIS_FAULT], State.FAILED, False, id="rejected, deferred, rejected"),
        pytest.param([UNKNOWN, NOT_HIS_FAULT], State.DUE, True, id="in doubt, rejected once"),
        pytest.param([UNKNOWN, NOT_HIS_FAULT, UNKNOWN], State.UNKNOWN, True, id="in doubt, rejected once, in doubt"),
    ],
)
async def test_what_follows_a_send(ledger: Ledger, outcomes: list[Outcome], state: State, holds: bool) -> None:
    """Its state, and whether another message of the same correspondent is settled by it."""
    key = await receive(ledger, key_of(1))
    assert await answer(ledger, key, *outcomes) is state
    due = await look.due(ledger, HELLO, INBOX)
    assert [(row.uncertain, row.not_before) for row in due] == (
        [(int(UNKNOWN in outcomes), NIGHT + MINUTE)] if state is State.DUE else []
    )
    other = await claim(ledger, await receive(ledger, key_of(2)))
    assert isinstance(other, AlreadyAnswered if holds else Claimed)
    assert await look.last_replied(ledger, HELLO, ANNA) == (NIGHT if holds else None)


async def test_a_second_attempt_is_the_same_reply(ledger: Ledger) -> None:
    """Same Message-ID, even when the fingerprint is computed otherwise by then; the slot's time is the later one's."""
    key = await receive(ledger, key_of(1))
    first = await claim(ledger, key)
    await settle(ledger, key, UNKNOWN)
    second = await claim(ledger, key, at=NIGHT + HOUR, message="another fingerprint")
    assert isinstance(first, Claimed)
    assert second == Claimed(first.digest)
    await settle(ledger, key, ACCEPTED)
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT + HOUR


async def test_a_clock_set_back_does_not_age_a_slot(ledger: Ledger) -> None:
    """The second attempt keeps the later of both times."""
    key = await receive(ledger, key_of(1))
    await answer(ledger, key, UNKNOWN)
    await claim(ledger, key, at=NIGHT - HOUR)
    await settle(ledger, key, ACCEPTED)
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT


async def test_a_reply_in_doubt_is_never_sent_to_somebody_else(ledger: Ledger) -> None:
    """A changed file may name another correspondent; the first keeps the slot, and it stays in doubt."""
    key = await receive(ledger, key_of(1))
    await answer(ledger, key, UNKNOWN)
    assert await claim(ledger, key, BEN) == NotDue("correspondent-changed")
    assert (await states_of(ledger))[State.UNKNOWN] == 1
    assert await look.last_replied(ledger, HELLO, ANNA) == NIGHT
    assert await look.last_replied(ledger, HELLO, BEN) is None


async def test_after_a_deferral_the_correspondent_may_change(ledger: Ledger) -> None:
    """Nothing was delivered, so a changed file decides anew."""
    key = await receive(ledger, key_of(1))
    await answer(ledger, key, DEFERRED)
    assert await answer(ledger, key, ACCEPTED, who=BEN) is State.SENT
    assert await look.last_replied(ledger, HELLO, ANNA) is None


async def test_a_refusal_takes_nothing_from_the_next_message(ledger: Ledger) -> None:
    """Neither does one that waits for another attempt; and the newer answer settles the older."""
    first, second = await receive(ledger, key_of(1)), await receive(ledger, key_of(2))
    await answer(ledger, first, NOT_HIS_FAULT)
    assert await answer(ledger, second, ACCEPTED) is State.SENT
    assert isinstance(await claim(ledger, first, at=NIGHT + 10 * MINUTE), AlreadyAnswered)


async def test_refused_replies_revive_when_the_account_was_at_fault(ledger: Ledger) -> None:
    """What failed and what waits, under the folder's present numbering; each with another attempt of its own."""
    failed, sent, due, refused = [await receive(ledger, key_of(uid)) for uid in (1, 2, 3, 4)]
    await answer(ledger, failed, REJECTED)
    await answer(ledger, refused, NOT_HIS_FAULT, who="carol@example.com")
    await answer(ledger, sent, ACCEPTED, who=BEN)
    later = NIGHT + 2 * MINUTE
    assert await ledger.revive([failed, sent, due, refused, key_of(9)], later) == 2
    rows = await look.due(ledger, HELLO, INBOX)
    assert [(row.key, row.not_before) for row in rows] == [(failed, later), (due, NIGHT), (refused, later)]
    assert await answer(ledger, refused, NOT_HIS_FAULT, who="carol@example.com") is State.DUE
    assert await answer(ledger, failed, NOT_HIS_FAULT, NOT_HIS_FAULT) is State.FAILED
    await ledger.record(HELLO, INBOX, Cursor(UidValidity(8), Uid(0)), [])
    assert await ledger.revive([failed], later) == 0


async def test_withdrawing_frees_only_what_was_surely_not_delivered(ledger: Ledger) -> None:
    """In doubt it ends as unknown, with its slot."""
    sure, doubtful = await receive(ledger, key_of(1)), await receive(ledger, key_of(2))
    await answer(ledger, doubtful, UNKNOWN, who=BEN)
    assert await ledger.withdraw(sure, "open-again", NIGHT) is State.WITHDRAWN
    assert await ledger.withdraw(doubtful, "open-again", NIGHT) is State.UNKNOWN
    assert await look.last_replied(ledger, HELLO, BEN) == NIGHT
    ended = await look.ended(ledger, HELLO, INBOX, NIGHT)
    assert [(row.key, row.state, row.reason, row.at) for row in ended] == [
        (sure, State.WITHDRAWN, "open-again", NIGHT),
        (doubtful, State.UNKNOWN, "open-again", NIGHT),
    ]
    assert await look.ended(ledger, HELLO, INBOX, NIGHT + MINUTE) == []


@pytest.mark.parametrize("reason", ["", "anna@example.org", "two words", "Capital", "line\n", "-edge"])
async def test_a_reason_cannot_name_anybody(ledger: Ledger, reason: str) -> None:
    """Only one kebab-case word is ever kept."""
    key = await receive(ledger, key_of(1))
    with pytest.raises(ValueError, match="kebab-case"):
        await ledger.withdraw(key, reason, NIGHT)
    assert await uids_due(ledger) == [(7, 1)]


async def test_a_transition_that_makes_no_sense_is_refused(ledger: Ledger) -> None:
    """Settling what is not claimed, withdrawing what is not due: something is wrong, and nothing changes."""
    key = await receive(ledger, key_of(1))
    with pytest.raises(LedgerError, match="UID 1 is due, but this needs it claimed"):
        await settle(ledger, key, ACCEPTED)
    await claim(ledger, key)
    with pytest.raises(LedgerError, match="UID 1 is claimed"):
        await ledger.withdraw(key, "gone", NIGHT)
    await settle(ledger, key, ACCEPTED)
    with pytest.raises(LedgerError, match="UID 1 is sent"):
        await settle(ledger, key, UNKNOWN)
    with pytest.raises(LedgerError, match="UID 2 is not recorded"):
        await ledger.withdraw(key_of(2), "gone", NIGHT)
    assert (await states_of(ledger))[State.SENT] == 1


# --- after a crash ---------------------------------------------------------------------------------------------------


async def reopened(ledger: Ledger, tmp_path: Path) -> Ledger:
    """The same directory in another life."""
    await ledger.close()
    return await Ledger.open(tmp_path / "state")


async def test_what_only_waited_is_due_again_however_often(ledger: Ledger, tmp_path: Path) -> None:
    """Claimed, but its final dot was never begun: it surely did not arrive, so no crash takes anything from it."""
    key = await receive(ledger, key_of(1))
    digests = set()
    for _ in range(5):
        result = await claim(ledger, key)
        assert isinstance(result, Claimed)
        digests.add(result.digest)
        ledger = await reopened(ledger, tmp_path)
        assert await ledger.recover(NIGHT + HOUR) == []
        assert [(row.key.uid, row.uncertain) for row in await look.due(ledger, HELLO, INBOX)] == [(1, 0)]
    assert len(digests) == 1
    assert await answer(ledger, key, ACCEPTED) is State.SENT
    await ledger.close()


async def test_what_a_dead_process_had_marked_is_sent_once_more(ledger: Ledger, tmp_path: Path) -> None:
    """With the same digest; a second death at or after the final dot leaves it in doubt for good."""
    key, untouched = await receive(ledger, key_of(1)), await receive(ledger, key_of(2))
    first = await claim(ledger, key)
    await ledger.mark(key, may_arrive=True)
    again = await reopened(ledger, tmp_path)
    assert await again.recover(NIGHT + HOUR) == [(1, "due")]
    assert [(row.key.uid, row.uncertain) for row in await look.due(again, HELLO, INBOX)] == [(1, 1), (2, 0)]
    assert await again.next_due(HELLO, INBOX) == NIGHT
    assert await claim(again, key) == first
    between = await reopened(again, tmp_path)
    assert await between.recover(NIGHT + HOUR) == []  # claimed once more, not marked: still one send to go
    assert await claim(between, key) == first
    await between.mark(key, may_arrive=True)
    last = await reopened(between, tmp_path)
    assert await last.recover(NIGHT + HOUR) == [Recovered(Uid(1), State.UNKNOWN)]
    assert isinstance(await claim(last, untouched), AlreadyAnswered)
    await last.close()


async def test_a_mark_that_was_taken_back_leaves_no_doubt(ledger: Ledger, tmp_path: Path) -> None:
    """The server refused that reply, and the process died before it had sent the other one."""
    key = await receive(ledger, key_of(1))
    await claim(ledger, key)
    await ledger.mark(key, may_arrive=True)
    await ledger.mark(key, may_arrive=False)
    again = await reopened(ledger, tmp_path)
    assert await again.recover(NIGHT) == []
    assert [row.uncertain for row in await look.due(again, HELLO, INBOX)] == [0]
    await again.close()


async def test_a_mark_ends_with_its_claim(ledger: Ledger, tmp_path: Path) -> None:
    """The next attempt begins without one; and only what is claimed can be marked."""
    key = await receive(ledger, key_of(1))
    with pytest.raises(LedgerError, match="UID 1 is due"):
        await ledger.mark(key, may_arrive=True)
    await claim(ledger, key)
    await ledger.mark(key, may_arrive=True)
    await settle(ledger, key, DEFERRED)
    await claim(ledger, key)
    again = await reopened(ledger, tmp_path)
    assert await again.recover(NIGHT) == []
    await again.close()


async def test_living_claims_are_not_taken_for_dead(ledger: Ledger) -> None:
    """Recovery comes first or not at all."""
    assert await ledger.recover(NIGHT) == []
    await claim(ledger, await receive(ledger, key_of(1)))
    with pytest.raises(LedgerError, match="before the first claim"):
        await ledger.recover(NIGHT)


# --- a new UIDVALIDITY -----------------------------------------------------------------------------------------------


async def renumber(ledger: Ledger, key: MessageKey, message: str) -> bool:
    """The new numbering holds this one message."""
    carried = await ledger.carry_over(key, message)
    await ledger.record(key.mailbox, key.folder, Cursor(key.uid_validity, key.uid), [])
    return carried


async def test_rescue_says_how_far_back_to_look(ledger: Ledger) -> None:
    """The latest judged, and the oldest that is still open under other UIDs."""
    empty = await ledger.rescue(HELLO, INBOX, UidValidity(8))
    assert (empty.latest_received_at, empty.earliest_due_received_at) == (None, None)
    await receive(ledger, key_of(1), at=NIGHT - 9 * HOUR)
    await receive(ledger, key_of(2))
    await claim(ledger, key_of(1))
    rescue = await ledger.rescue(HELLO, INBOX, UidValidity(8))
    assert (rescue.latest_received_at, rescue.earliest_due_received_at) == (NIGHT, NIGHT - 9 * HOUR)
    assert (await ledger.rescue(HELLO, INBOX, UidValidity(7))).earliest_due_received_at is None


async def test_what_is_due_moves_to_its_new_uid(ledger: Ledger) -> None:
    """With its doubt, its slot and its digest."""
    key = await receive(ledger, key_of(5))
    first = await claim(ledger, key)
    await settle(ledger, key, UNKNOWN)
    new = key_of(1, generation=8)
    assert await renumber(ledger, new, message_of(key))
    assert [(row.key, row.uncertain) for row in await look.due(ledger, HELLO, INBOX)] == [(new, 1)]
    assert isinstance(first, Claimed)
    assert await claim(ledger, new, message=message_of(key)) == Claimed(first.digest)
    assert await settle(ledger, new, DEFERRED) is State.DUE


async def test_carrying_over_twice_is_carrying_over_once(ledger: Ledger) -> None:
    """A crash before the cursor moved begins the whole search again, perhaps under a third numbering."""
    key = await receive(ledger, key_of(5))
    for new in (key_of(1, generation=8), key_of(1, generation=8), key_of(3, generation=9)):
        assert await ledger.carry_over(new, message_of(key))
        assert await uids_due(ledger) == [(new.uid_validity, new.uid)]
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(5), NIGHT)


async def test_what_was_never_due_is_not_carried_over(ledger: Ledger) -> None:
    """Neither another message nor a settled one."""
    await answer(ledger, await receive(ledger, key_of(1)), ACCEPTED)
    assert not await ledger.carry_over(key_of(1, generation=8), message_of(key_of(1)))
    await receive(ledger, key_of(2))
    assert not await ledger.carry_over(key_of(2, generation=8), "<never@example.org>")
    assert await uids_due(ledger) == [(7, 2)]
    assert await ledger.answered(ANNA, message_of(key_of(1)))
    assert not await ledger.answered(BEN, message_of(key_of(1)))
    assert not await ledger.answered(ANNA, "<never@example.org>")


async def test_copies_of_one_message_are_looked_for_from_the_earliest_on(ledger: Ledger) -> None:
    """Which row goes to which copy cannot be known, and none may fall out of the next search."""
    one = "<one@example.org>"
    await receive(ledger, key_of(1), one, NIGHT - 9 * HOUR)
    await receive(ledger, key_of(2), one, NIGHT)
    assert await ledger.carry_over(key_of(1, generation=8), one)
    assert await ledger.carry_over(key_of(2, generation=8), one)
    await ledger.record(HELLO, INBOX, Cursor(UidValidity(8), Uid(2)), [])
    assert await uids_due(ledger) == [(8, 1), (8, 2)]
    await ledger.withdraw(key_of(1, generation=8), "gone", NIGHT)
    assert (await ledger.rescue(HELLO, INBOX, UidValidity(9))).earliest_due_received_at == NIGHT - 9 * HOUR


async def test_what_is_not_found_again_is_withdrawn(ledger: Ledger) -> None:
    """In the transaction that moves the cursor; in doubt it keeps its slot."""
    gone, doubtful = await receive(ledger, key_of(1)), await receive(ledger, key_of(2))
    await receive(ledger, key_of(1, mailbox=HELP))
    await answer(ledger, doubtful, UNKNOWN, who=BEN)
    await ledger.record(HELLO, INBOX, Cursor(UidValidity(8), Uid(0)), [])
    assert await uids_due(ledger) == []
    assert await uids_due(ledger, HELP) == [(7, 1)]
    ended = await look.ended(ledger, HELLO, INBOX, NIGHT)
    assert [(row.key, row.state, row.reason) for row in ended] == [
        (gone, State.WITHDRAWN, "not-found-again"),
        (doubtful, State.UNKNOWN, "not-found-again"),
    ]


@pytest.mark.parametrize(
    ("outcome", "old_state", "new_claim"),
    [
        pytest.param(ACCEPTED, State.SENT, AlreadyAnswered, id="accepted"),
        pytest.param(DEFERRED, State.WITHDRAWN, Claimed, id="deferred: its new row has its turn"),
        pytest.param(REJECTED, State.FAILED, Claimed, id="rejected"),
        pytest.param(UNKNOWN, State.UNKNOWN, AlreadyAnswered, id="in doubt: its UID is void, so it stays in doubt"),
    ],
)
async def test_a_reply_in_flight_through_a_renumbering(
    ledger: Ledger, outcome: Outcome, old_state: State, new_claim: type[Claim]
) -> None:
    """It settles under its old key, never becomes due there, and the message waits under its new one."""
    key = await receive(ledger, key_of(5))
    await claim(ledger, key)
    new, message = key_of(1, generation=8), message_of(key)
    assert await renumber(ledger, new, message)
    assert await claim(ledger, new, message=message) == NotDue("another-is-in-flight")
    assert await settle(ledger, key, outcome) is old_state
    assert await uids_due(ledger) == [(8, 1)]
    assert isinstance(await claim(ledger, new, message=message), new_claim)


# --- asking and forgetting -------------------------------------------------------------------------------------------


async def test_due_is_told_in_the_order_received(ledger: Ledger) -> None:
    """And only of the folder asked for."""
    await receive(ledger, key_of(1), at=NIGHT + HOUR)
    await receive(ledger, key_of(2), at=NIGHT)
    await receive(ledger, key_of(3, folder="Forms"), at=NIGHT - HOUR)
    rows = await look.due(ledger, HELLO, INBOX)
    assert [(row.key, row.received_at) for row in rows] == [(key_of(2), NIGHT), (key_of(1), NIGHT + HOUR)]
    assert await ledger.next_due(HELLO, INBOX) == NIGHT
    assert await ledger.next_due(HELP, INBOX) is None


async def test_pruning_forgets_only_what_was_settled_long_ago(ledger: Ledger) -> None:
    """Never what is due or claimed, nor a cursor."""
    old, young, claimed, due = [await receive(ledger, key_of(uid), at=NIGHT - 9 * HOUR) for uid in (1, 2, 3, 4)]
    await answer(ledger, old, ACCEPTED, at=NIGHT - HOUR)
    await answer(ledger, young, ACCEPTED, who=BEN)
    await claim(ledger, claimed, "carol@example.com", at=NIGHT - HOUR)
    await ledger.withdraw(await receive(ledger, key_of(5)), "gone", NIGHT - HOUR)
    assert await ledger.prune(NIGHT) == 2
    assert await look.last_replied(ledger, HELLO, ANNA) is None
    assert await look.last_replied(ledger, HELLO, BEN) == NIGHT
    assert await uids_due(ledger) == [(7, due.uid)]
    assert (await states_of(ledger))[State.CLAIMED] == 1
    assert await ledger.cursor(HELLO, INBOX) == Cursor(UidValidity(7), Uid(5), NIGHT)


# --- callers that give up, calls that come together ------------------------------------------------------------------


async def test_a_claim_whose_caller_gave_up_is_undone(ledger: Ledger) -> None:
    """Nobody learned of it, so nothing was sent: the reply is due, certain, and its correspondent is free."""
    key = await receive(ledger, key_of(1))
    task = asyncio.create_task(claim(ledger, key))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.waiting()  # runs after the claim, which has queued its own undoing by then
    assert [row.uncertain for row in await look.due(ledger, HELLO, INBOX)] == [0]
    assert isinstance(await claim(ledger, await receive(ledger, key_of(2))), Claimed)


async def test_a_claim_that_gave_up_frees_nobody_else_s(ledger: Ledger) -> None:
    """It found the row claimed; that claim lives on."""
    key = await receive(ledger, key_of(1))
    await claim(ledger, key)
    task = asyncio.create_task(claim(ledger, key))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await states_of(ledger))[State.CLAIMED] == 1
    assert await settle(ledger, key, ACCEPTED) is State.SENT


async def test_what_was_begun_is_finished_without_its_caller(ledger: Ledger) -> None:
    """An outcome is written though the task that wrote it was cancelled."""
    key = await receive(ledger, key_of(1))
    await claim(ledger, key)
    task = asyncio.create_task(settle(ledger, key, ACCEPTED))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await states_of(ledger))[State.SENT] == 1


async def test_calls_that_come_together_are_committed_together(ledger: Ledger) -> None:
    """A burst costs fewer transactions than calls, and each caller has its own result."""
    statements: list[str] = []
    await ledger._run(lambda: ledger._store.db.set_trace_callback(statements.append))
    keys = [key_of(uid) for uid in range(1, 101)]
    await asyncio.gather(*(receive(ledger, key) for key in keys))
    claims = await asyncio.gather(*(claim(ledger, key, f"p{key.uid}@example.org") for key in keys))
    assert all(isinstance(result, Claimed) for result in claims)
    assert len(set(map(str, claims))) == 100
    assert statements.count("COMMIT") < 100
    await ledger._run(lambda: ledger._store.db.set_trace_callback(None))


async def test_a_call_that_fails_harms_none_of_those_it_came_with(ledger: Ledger) -> None:
    """They are committed all the same, and once."""
    results = await asyncio.gather(
        receive(ledger, key_of(1)),
        settle(ledger, key_of(9), ACCEPTED),
        receive(ledger, key_of(2)),
        receive(ledger, key_of(0)),
        receive(ledger, key_of(3)),
        return_exceptions=True,
    )
    assert [isinstance(result, LedgerError) for result in results] == [False, True, False, True, False]
    assert await uids_due(ledger) == [(7, 1), (7, 2), (7, 3)]


async def test_two_claims_at_once_take_one_slot(ledger: Ledger) -> None:
    """However they are committed."""
    keys = [await receive(ledger, key_of(uid)) for uid in range(1, 21)]
    results = await asyncio.gather(*(claim(ledger, key) for key in keys))
    assert sum(isinstance(result, Claimed) for result in results) == 1
    assert results.count(NotDue("another-is-in-flight")) == 19
