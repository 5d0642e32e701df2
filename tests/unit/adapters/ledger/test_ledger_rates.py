"""Rates, breaker and the never list, as the ledger keeps them: durable, and asked with each claim."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from responder.adapters.ledger import (
    AlreadyAnswered,
    Barred,
    Claim,
    Claimed,
    Cursor,
    Ledger,
    NewDue,
    OverRate,
    State,
    Terms,
)
from responder.core.decision import Proof
from responder.core.limits.rates import BREAKER, DAY, Limit, Scope
from responder.core.message import MessageKey, Uid, UidValidity
from responder.core.outcome import Outcome
from tests.unit.adapters.ledger import look
from tests.unit.adapters.ledger.test_ledger import (
    ACCEPTED,
    ANNA,
    DEFERRED,
    HELLO,
    HELP,
    HOUR,
    INBOX,
    MINUTE,
    NIGHT,
    NOT_HIS_FAULT,
    REJECTED,
    UNKNOWN,
    key_of,
    message_of,
    receive,
    settle,
    states_of,
)
from tests.unit.adapters.ledger.versions import take_back

TOWN, COUNTY = "town.example", "county.example"


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger, closed in the end."""
    opened = await Ledger.open(tmp_path / "state")
    yield opened
    await opened.close()


def rolling(scope: Scope, count: int, window: timedelta = HOUR) -> Limit:
    """A limit named after what it counts."""
    return Limit.rolling(f"rate-{scope.name.lower()}", scope, count, window)


def terms(
    *limits: Limit, proof: Proof = Proof.NONE, domain: str | None = None, latest: datetime | None = None
) -> Terms:
    """What a reply has to keep."""
    return Terms(proof, domain, limits, latest)


BY_PROOF = terms(rolling(Scope.PROOF, 2))


async def new(ledger: Ledger, uid: int, under: Terms = BY_PROOF, *, mailbox: str = HELLO) -> MessageKey:
    """A message from its own sender falls due."""
    key = key_of(uid, mailbox=mailbox)
    due = NewDue(key, message_of(key), NIGHT + uid * timedelta(seconds=1), NIGHT, under.proof, under.domain)
    await ledger.record(mailbox, INBOX, Cursor(key.uid_validity, key.uid, NIGHT), [due])
    return key


async def claim(
    ledger: Ledger, key: MessageKey, at: datetime = NIGHT, under: Terms = BY_PROOF, *, who: str | None = None
) -> Claim:
    """Claims for the message's own sender; nobody was answered before in this period."""
    whom = who or f"p{key.uid}@{under.domain or 'mail.example'}"
    return await ledger.claim(
        key, correspondent=whom, message=message_of(key), at=at, answered_since=at - MINUTE, terms=under
    )


async def send(
    ledger: Ledger, uid: int, at: datetime = NIGHT, under: Terms = BY_PROOF, outcome: Outcome = ACCEPTED, **where: str
) -> MessageKey:
    """A reply goes out; it must be allowed to."""
    key = await new(ledger, uid, under, **where)
    assert isinstance(await claim(ledger, key, at, under), Claimed)
    await settle(ledger, key, outcome, at)
    return key


# --- what counts -----------------------------------------------------------------------------------------------------


async def test_the_one_too_many_waits_until_the_oldest_is_an_hour_old(ledger: Ledger) -> None:
    """It stays due, and at that instant it may go."""
    await send(ledger, 1, NIGHT)
    await send(ledger, 2, NIGHT + 10 * MINUTE)
    third = await new(ledger, 3)
    assert await claim(ledger, third, NIGHT + 20 * MINUTE) == OverRate("rate-proof", NIGHT + HOUR)
    (row,) = await look.due(ledger, HELLO, INBOX)
    assert row.not_before == NIGHT + HOUR
    assert await ledger.waiting() == {"rate-proof": 1}
    before = NIGHT + HOUR - timedelta(microseconds=1)
    assert await claim(ledger, third, before) == OverRate("rate-proof", NIGHT + HOUR)
    assert isinstance(await claim(ledger, third, NIGHT + HOUR), Claimed)
    assert await ledger.waiting() == {}


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [(ACCEPTED, True), (UNKNOWN, True), (REJECTED, True), (NOT_HIS_FAULT, True), (DEFERRED, False)],
    ids=["accepted", "in doubt", "rejected", "rejected, and due again", "deferred"],
)
async def test_what_may_have_left_counts(ledger: Ledger, outcome: Outcome, counts: bool) -> None:
    """A refusal, too: each costs the practice's good name. What was surely deferred counts when it goes."""
    under = terms(rolling(Scope.PROOF, 1))
    await send(ledger, 1, under=under, outcome=outcome)
    result = await claim(ledger, await new(ledger, 2, under), under=under)
    assert isinstance(result, OverRate if counts else Claimed)


async def test_what_is_being_sent_counts(ledger: Ledger) -> None:
    """Of two claims at once only one takes the last place."""
    under = terms(rolling(Scope.PROOF, 1))
    keys = [await new(ledger, uid, under) for uid in range(1, 9)]
    results = await asyncio.gather(*(claim(ledger, key, under=under) for key in keys))
    assert [type(result) for result in results].count(Claimed) == 1
    assert [type(result) for result in results].count(OverRate) == 7


async def test_a_reply_is_not_held_by_its_own_first_send(ledger: Ledger) -> None:
    """The second attempt of what ended in doubt has the place that the first one took."""
    under = terms(rolling(Scope.PROOF, 1), rolling(Scope.CORRESPONDENT, 1, DAY))
    key = await send(ledger, 1, under=under, outcome=UNKNOWN)
    assert isinstance(await claim(ledger, key, NIGHT + MINUTE, under), Claimed)


@pytest.mark.parametrize(
    ("scope", "other"),
    [
        (Scope.PROOF, terms(rolling(Scope.PROOF, 1), proof=Proof.SENDER, domain=TOWN)),
        (Scope.DOMAIN, terms(rolling(Scope.DOMAIN, 1), domain=COUNTY)),
        (Scope.CORRESPONDENT, terms(rolling(Scope.CORRESPONDENT, 1), domain=TOWN)),
    ],
)
async def test_each_limit_counts_its_own(ledger: Ledger, scope: Scope, other: Terms) -> None:
    """A flood of one kind, of one domain or of one person leaves all others their replies."""
    under = terms(rolling(scope, 1), domain=TOWN)
    await send(ledger, 1, under=under)
    same = await new(ledger, 2, under)
    later = NIGHT + 2 * MINUTE
    assert isinstance(await claim(ledger, same, later, under, who=f"p1@{TOWN}"), OverRate)
    assert isinstance(await claim(ledger, await new(ledger, 3, other), later, other), Claimed)
    elsewhere = await new(ledger, 4, under, mailbox=HELP)
    assert isinstance(await claim(ledger, elsewhere, later, under, who=f"p1@{TOWN}"), Claimed)


async def test_a_domain_is_the_same_in_any_case(ledger: Ledger) -> None:
    """As mail has it."""
    await send(ledger, 1, under=terms(rolling(Scope.DOMAIN, 1), domain=TOWN))
    under = terms(rolling(Scope.DOMAIN, 1), domain=TOWN.upper())
    assert isinstance(await claim(ledger, await new(ledger, 2, under), under=under), OverRate)


async def test_the_longest_wait_of_several_limits_holds(ledger: Ledger) -> None:
    """And each holds what is like this row for no longer than itself."""
    under = terms(rolling(Scope.PROOF, 1), rolling(Scope.CORRESPONDENT, 1, DAY))
    await send(ledger, 1, under=under)
    alike = await new(ledger, 2, under)
    same_person = await new(ledger, 3, under)
    at = NIGHT + 2 * MINUTE
    assert await claim(ledger, same_person, at, under, who="p1@mail.example") == OverRate(
        "rate-correspondent", NIGHT + DAY
    )
    assert {row.key: row.not_before for row in await look.due(ledger, HELLO, INBOX)} == {
        alike: NIGHT + HOUR,
        same_person: NIGHT + DAY,
    }
    assert await ledger.waiting() == {"rate-correspondent": 1, "rate-proof": 1}


async def test_nothing_waits_past_the_opening(ledger: Ledger) -> None:
    """There it is withdrawn, and the list says that it stood over a rate."""
    under = replace(BY_PROOF, latest=NIGHT + 5 * MINUTE)
    await send(ledger, 1)
    await send(ledger, 2)
    third = await new(ledger, 3)
    assert await claim(ledger, third, under=under) == OverRate("rate-proof", NIGHT + 5 * MINUTE)
    await ledger.withdraw(third, "open-again", NIGHT + 5 * MINUTE)
    *_, last = await look.ended(ledger, HELLO, INBOX, NIGHT)
    assert (last.reason, last.held) == ("open-again", "rate-proof")
    assert await ledger.waiting() == {}


async def test_a_restart_resets_no_rate(tmp_path: Path) -> None:
    """It is the ledger that counts."""
    for uid in (1, 2):
        ledger = await Ledger.open(tmp_path)
        await send(ledger, uid)
        await ledger.close()
    ledger = await Ledger.open(tmp_path)
    assert isinstance(await claim(ledger, await new(ledger, 3)), OverRate)
    await ledger.close()


async def test_a_clock_that_was_set_back_does_not_hold_for_ever(ledger: Ledger) -> None:
    """Replies of a distant future do not count, those of a near one hold for one window."""
    await send(ledger, 1, NIGHT + 400 * DAY)
    await send(ledger, 2, NIGHT + 400 * DAY)
    await send(ledger, 3, NIGHT + 30 * MINUTE)
    await send(ledger, 4, NIGHT + 30 * MINUTE)
    fifth = await new(ledger, 5)
    assert await claim(ledger, fifth, NIGHT) == OverRate("rate-proof", NIGHT + HOUR)


@pytest.mark.parametrize(
    ("ahead", "counts"),
    [(HOUR, True), (HOUR + timedelta(microseconds=1), False), (400 * DAY, False)],
    ids=["one window ahead", "a moment more", "a distant future"],
)
async def test_the_far_end_of_the_window(ledger: Ledger, ahead: timedelta, counts: bool) -> None:
    """Replies that a clock ahead of ours claimed count up to one window ahead, and hold nothing beyond it."""
    await send(ledger, 1, NIGHT + ahead)
    await send(ledger, 2, NIGHT + ahead)
    assert isinstance(await claim(ledger, await new(ledger, 3), NIGHT), OverRate if counts else Claimed)


async def test_other_rates_ask_again(ledger: Ledger) -> None:
    """What waited under the old ones is ready at once; what a retry put off stays put off."""
    await send(ledger, 1)
    await send(ledger, 2)
    third, fourth = await new(ledger, 3), await new(ledger, 4, terms(proof=Proof.SENDER))
    await claim(ledger, third)
    assert isinstance(await claim(ledger, fourth, under=terms(proof=Proof.SENDER)), Claimed)
    await settle(ledger, fourth, DEFERRED)
    assert await ledger.release(NIGHT) == 1
    assert await ledger.ready(HELLO, INBOX, NIGHT, 9) == [third]


async def test_over_a_rate_is_no_answer_to_who_was_answered(ledger: Ledger) -> None:
    """Whoever has a reply is withdrawn at once; a rate only holds those who have none."""
    await send(ledger, 1)
    await send(ledger, 2)
    again = await new(ledger, 3)
    assert isinstance(await claim(ledger, again, who="p1@mail.example"), AlreadyAnswered)


# --- the newest first ------------------------------------------------------------------------------------------------


async def test_one_refusal_moves_every_reply_of_its_kind(ledger: Ledger) -> None:
    """Ten thousand due replies are not read and judged one by one, to hear the same answer."""
    await send(ledger, 1)
    await send(ledger, 2)
    for uid in range(3, 50):
        await new(ledger, uid)
    proved = await new(ledger, 50, terms(proof=Proof.SENDER))
    assert isinstance(await claim(ledger, key_of(3)), OverRate)
    assert await ledger.ready(HELLO, INBOX, NIGHT + MINUTE, 100) == [proved]
    assert await ledger.next_due(HELLO, INBOX, NIGHT + MINUTE) == NIGHT + HOUR
    assert await ledger.waiting() == {"rate-proof": 47}


async def test_who_came_last_and_who_waited_longest_take_turns(ledger: Ledger) -> None:
    """Neither end of the queue is worth pushing at; the last slot tells whose turn it is."""
    for uid in range(1, 6):
        await new(ledger, uid)
    assert [key.uid for key in await ledger.ready(HELLO, INBOX, NIGHT, 5)] == [5, 1, 4, 2, 3]
    await claim(ledger, key_of(5), NIGHT)
    assert [key.uid for key in await ledger.ready(HELLO, INBOX, NIGHT, 5)] == [1, 4, 2, 3]


async def test_a_domain_waits_for_those_that_had_no_slot(ledger: Ledger) -> None:
    """However much of its mail waits, and at whichever end."""
    town, county = terms(domain=TOWN), terms(domain=COUNTY)
    for uid, under in enumerate((town, town, county, town, town), 1):
        await new(ledger, uid, under)
    await claim(ledger, key_of(4), NIGHT, town)
    assert [key.uid for key in await ledger.ready(HELLO, INBOX, NIGHT, 5)] == [3, 5, 2, 1]
    later = NIGHT + HOUR + MINUTE
    assert [key.uid for key in await ledger.ready(HELLO, INBOX, later, 2)] == [3, 5]


async def test_who_was_answered_before_and_is_proved_now_is_ahead(ledger: Ledger) -> None:
    """The others of the same night wait for her; a forger has no proof."""
    proved = terms(proof=Proof.SENDER)
    old = await new(ledger, 1, proved)
    assert isinstance(await claim(ledger, old, NIGHT, proved, who=ANNA), Claimed)
    await settle(ledger, old, ACCEPTED, NIGHT)
    for uid, (proof, who) in enumerate([(Proof.SENDER, "p@x.example"), (Proof.SENDER, ANNA), (Proof.NONE, ANNA)], 2):
        key = key_of(uid)
        due = NewDue(key, message_of(key), NIGHT, NIGHT, proof, correspondent=who)
        await ledger.record(HELLO, INBOX, Cursor(key.uid_validity, key.uid, NIGHT), [due])
    assert [key.uid for key in await ledger.ready(HELLO, INBOX, NIGHT + MINUTE, 5)] == [3, 2, 4]


async def test_a_bucket_gives_a_third_at_once_and_then_evenly(ledger: Ledger) -> None:
    """Six an hour: two at once, then one every ten minutes; a pause saves up two again, and no more."""
    under = terms(Limit.bucket("rate-proof", Scope.PROOF, 6, HOUR))
    await send(ledger, 1, NIGHT, under)
    await send(ledger, 2, NIGHT, under)
    third = await new(ledger, 3, under)
    assert await claim(ledger, third, NIGHT, under) == OverRate("rate-proof", NIGHT + 10 * MINUTE)
    assert isinstance(await claim(ledger, third, NIGHT + 10 * MINUTE, under), Claimed)
    await settle(ledger, third, ACCEPTED, NIGHT + 10 * MINUTE)
    for uid in (4, 5):
        await send(ledger, uid, NIGHT + 3 * HOUR, under)
    sixth = await new(ledger, 6, under)
    over = await claim(ledger, sixth, NIGHT + 3 * HOUR, under)
    assert over == OverRate("rate-proof", NIGHT + 3 * HOUR + 10 * MINUTE)


async def test_a_bucket_holds_nothing_for_long_when_the_clock_was_set_back(ledger: Ledger) -> None:
    """What was given later than now counts as given now."""
    under = terms(Limit.bucket("rate-proof", Scope.PROOF, 3, HOUR))
    await send(ledger, 1, NIGHT + 30 * MINUTE, under)
    second = await new(ledger, 2, under)
    assert await claim(ledger, second, NIGHT, under) == OverRate("rate-proof", NIGHT + 20 * MINUTE)


# --- the breaker -----------------------------------------------------------------------------------------------------

SMALL_BREAKER = terms(Limit(BREAKER, Scope.DAEMON, 4, HOUR, 2))


async def test_the_breaker_counts_every_mailbox_and_holds_every_reply(ledger: Ledger) -> None:
    """Until half of what opened it is out of the hour."""
    for uid in range(1, 5):
        mailbox = HELLO if uid % 2 else HELP
        await send(ledger, uid, NIGHT + uid * MINUTE, SMALL_BREAKER, mailbox=mailbox)
    held = [await new(ledger, 9, SMALL_BREAKER), await new(ledger, 9, SMALL_BREAKER, mailbox=HELP)]
    opened = await claim(ledger, held[0], NIGHT + 5 * MINUTE, SMALL_BREAKER)
    assert opened == OverRate(BREAKER, NIGHT + HOUR + 2 * MINUTE)
    assert [row.not_before for row in await look.due(ledger, HELP, INBOX)] == [NIGHT + HOUR + 2 * MINUTE]
    assert await ledger.waiting() == {BREAKER: 2}


async def test_an_open_breaker_does_not_flicker(tmp_path: Path) -> None:
    """With three of four left it is open still, after a restart as well; with two it closes by itself."""
    ledger = await Ledger.open(tmp_path)
    for uid in range(1, 5):
        await send(ledger, uid, NIGHT + uid * MINUTE, SMALL_BREAKER)
    key = await new(ledger, 9, SMALL_BREAKER)
    assert isinstance(await claim(ledger, key, NIGHT + 5 * MINUTE, SMALL_BREAKER), OverRate)
    await ledger.close()
    ledger = await Ledger.open(tmp_path)
    three_left, two_left = NIGHT + HOUR + MINUTE, NIGHT + HOUR + 2 * MINUTE
    assert await claim(ledger, key, three_left, SMALL_BREAKER) == OverRate(BREAKER, two_left)
    assert isinstance(await claim(ledger, key, two_left, SMALL_BREAKER), Claimed)
    await settle(ledger, key, ACCEPTED, two_left)
    assert isinstance(await claim(ledger, await new(ledger, 10), two_left, SMALL_BREAKER), Claimed)
    await ledger.close()


async def test_a_breaker_set_higher_closes_at_once(ledger: Ledger) -> None:
    """The owner need not wait when she allows more."""
    for uid in range(1, 5):
        await send(ledger, uid, NIGHT, SMALL_BREAKER)
    key = await new(ledger, 9, SMALL_BREAKER)
    assert isinstance(await claim(ledger, key, NIGHT, SMALL_BREAKER), OverRate)
    higher = terms(Limit(BREAKER, Scope.DAEMON, 40, HOUR, 20))
    assert isinstance(await claim(ledger, key, NIGHT, higher), Claimed)


# --- the never list -------------------------------------------------------------------------------------------------


async def test_the_never_list(ledger: Ledger) -> None:
    """In any spelling, in every mailbox, until it is taken off."""
    assert await ledger.never_add(ANNA, NIGHT)
    assert not await ledger.never_add(ANNA.upper(), NIGHT + MINUTE)
    assert await ledger.never_since(ANNA.title()) == NIGHT
    first, second = await receive(ledger, key_of(1)), await receive(ledger, key_of(2, mailbox=HELP))
    assert await claim(ledger, first, who=ANNA) == Barred("never-reply")
    assert [ended.reason for ended in await look.ended(ledger, HELLO, INBOX, NIGHT)] == ["never-reply"]
    assert await ledger.never_remove(ANNA)
    assert not await ledger.never_remove(ANNA)
    assert await ledger.never_since(ANNA) is None
    assert isinstance(await claim(ledger, second, who=ANNA), Claimed)


async def test_never_ends_even_what_is_in_doubt(ledger: Ledger) -> None:
    """No second send; and nobody claims that the first did not arrive."""
    key = await send(ledger, 1, outcome=UNKNOWN)
    await ledger.never_add("p1@mail.example", NIGHT)
    assert await claim(ledger, key) == Barred("never-reply")
    assert (await states_of(ledger))[State.UNKNOWN] == 1


# --- a ledger of the first version -----------------------------------------------------------------------------------


async def test_a_ledger_of_version_1_keeps_all_and_counts_it(tmp_path: Path) -> None:
    """Its replies count as vouched for by nothing; what is due in it goes out; nobody is answered twice."""
    ledger = await Ledger.open(tmp_path)
    await send(ledger, 1)
    await send(ledger, 2)
    await new(ledger, 3)
    await ledger.close()
    take_back(tmp_path, 1)
    ledger = await Ledger.open(tmp_path)
    assert [key.uid for key in await ledger.ready(HELLO, INBOX, NIGHT, 9)] == [3]
    assert await look.last_replied(ledger, HELLO, "p1@mail.example") == NIGHT
    assert await claim(ledger, key_of(3), NIGHT + MINUTE) == OverRate("rate-proof", NIGHT + HOUR)
    proved = terms(rolling(Scope.PROOF, 2), proof=Proof.SENDER)
    assert isinstance(await claim(ledger, key_of(3), NIGHT + MINUTE, proved), Claimed)
    assert await ledger.never_add(ANNA, NIGHT)
    await ledger.close()


async def test_hashes_of_two_kinds_differ(ledger: Ledger) -> None:
    """A domain is not its namesake of another kind."""
    names = ledger._store.names
    assert len({names.domain("x"), names.mailbox("x"), names.message("x"), names.correspondent("x")}) == 4
    assert names.folder("a", "bc") != names.folder("ab", "c")


async def test_uids_keep_their_own(ledger: Ledger) -> None:
    """A folder's replies are its own."""
    await new(ledger, 1)
    assert await ledger.ready(HELP, INBOX, NIGHT, 9) == []
    assert await ledger.ready(HELLO, INBOX, NIGHT - MINUTE, 9) == []
    assert await ledger.ready(HELLO, INBOX, NIGHT, 9) == [MessageKey(HELLO, INBOX, UidValidity(7), Uid(1))]
