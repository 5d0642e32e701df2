"""Who goes first when replies wait for a rate."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from responder.core.decision import Proof
from responder.core.limits.fairness import Waiting, in_fair_order

NONE, SENDER, FORM = Proof.NONE, Proof.SENDER, Proof.FORM


def order(
    *waiting: tuple[int, str] | tuple[int, str, Proof], had: dict[str, int] | None = None, last: int | None = None
) -> list[int]:
    """The times of arrival, in the order of the slots."""
    given_ = {(NONE, domain.encode()): count for domain, count in (had or {}).items()}
    asked = [Waiting((at, at), proof[0] if proof else NONE, domain.encode()) for at, domain, *proof in waiting]
    return [one.place[0] for one in in_fair_order(asked, given_, {} if last is None else {NONE: (last, last)})]


@pytest.mark.parametrize(
    ("last", "expected"),
    [(None, [5, 1, 4, 2, 3]), (6, [1, 5, 2, 4, 3]), (0, [5, 1, 4, 2, 3])],
    ids=["nobody yet", "the newest had the last slot", "the oldest had it"],
)
def test_the_ends_take_turns(last: int | None, expected: list[int]) -> None:
    """The one that came last, the one that waited longest, and so on."""
    assert order((1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e"), last=last) == expected


def test_one_domain_gets_no_second_slot_before_each_had_its_first() -> None:
    """Its mail waits at both ends, and another's in the middle."""
    assert order((1, "flood"), (2, "flood"), (3, "ann"), (4, "flood"), (5, "flood"), had={"flood": 1})[0] == 3
    assert order((1, "flood"), (2, "flood"), (3, "ann"), (4, "flood"), (5, "flood"))[:2] in ([5, 3], [3, 5])


def test_kinds_of_proof_do_not_stand_in_each_others_way() -> None:
    """Each has slots of its own."""
    assert order((1, "a"), (2, "b", FORM), (3, "c", SENDER)) == [3, 2, 1]


def test_a_known_and_proved_sender_is_ahead() -> None:
    """Known alone is what a forger may be, too."""
    known = Waiting((1, 1), SENDER, b"a", is_known=True)
    forged = Waiting((3, 3), NONE, b"a", is_known=True)
    other = Waiting((2, 2), SENDER, b"b")
    assert in_fair_order([other, forged, known], {(SENDER, b"a"): 9}, {}) == [known, other, forged]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(Proof), st.sampled_from([b"a", b"b", b"c"]), st.booleans())),
    st.dictionaries(st.tuples(st.sampled_from(Proof), st.sampled_from([b"a", b"b"])), st.integers(0, 3)),
    st.dictionaries(st.sampled_from(Proof), st.tuples(st.integers(0, 30), st.integers(0, 30))),
)
def test_nobody_is_lost(
    drawn: list[tuple[int, Proof, bytes, bool]],
    had: dict[tuple[Proof, bytes], int],
    last: dict[Proof, tuple[int, int]],
) -> None:
    """Each waits in the order once."""
    waiting = [
        Waiting((at, number), proof, domain, is_known) for number, (at, proof, domain, is_known) in enumerate(drawn)
    ]
    ordered = in_fair_order(waiting, had, last)
    assert sorted(one.place for one in ordered) == sorted(one.place for one in waiting)
