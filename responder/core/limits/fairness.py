"""Who goes first when replies wait for a rate: a flood must not take every slot, from whichever end it pushes.

Senders that the mail server vouches for and who were answered before come first. Among the others, one domain gets no
second slot before every waiting domain had its first. Among equals, the slots alternate between those who came last,
who are most likely still there, and those who waited longest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from responder.core.decision import Proof

_FIRST = (Proof.SENDER, Proof.FORM, Proof.NONE)
"""Each kind of proof has slots of its own; asked first are those with which a flood is hardest."""

Place = tuple[int, int]
"""Where a message stands in the order of arrival: when it was received, and its number."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reply that may go out as far as its own time is concerned.

    Attributes:
        place: in the order of arrival.
        proof: what vouches for its correspondent.
        domain: what stands for the correspondent's domain; where strangers share one, for the correspondent.
        is_known: the correspondent was answered before.
    """

    place: Place
    proof: Proof
    domain: bytes
    is_known: bool = False


def in_fair_order(
    waiting: Iterable[Waiting], given: Mapping[tuple[Proof, bytes], int], last: Mapping[Proof, Place]
) -> list[Waiting]:
    """The order in which these may claim.

    Args:
        waiting: all that may go out now.
        given: how many slots each domain had lately, by kind of proof.
        last: which message got the last slot, by kind of proof.
    """
    known: list[Waiting] = []
    by_proof: defaultdict[Proof, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: one.place, reverse=True):
        if one.is_known and one.proof is Proof.SENDER:
            known.append(one)
        else:
            by_proof[one.proof].append(one)
    queues = (_by_turns(by_proof[proof], given, last.get(proof)) for proof in _FIRST)
    return [*known, *chain.from_iterable(queues)]


def _by_turns(
    newest_first: Sequence[Waiting], given: Mapping[tuple[Proof, bytes], int], last: Place | None
) -> Iterable[Waiting]:
    """One slot for each domain, then a second one for each, and so on."""
    turns: defaultdict[int, list[Waiting]] = defaultdict(list)
    seen: Counter[bytes] = Counter()
    for one in newest_first:
        turns[given.get((one.proof, one.domain), 0) + seen[one.domain]].append(one)
        seen[one.domain] += 1
    for number in sorted(turns):
        yield from _from_both_ends(turns[number], last)


def _from_both_ends(newest_first: Sequence[Waiting], last: Place | None) -> list[Waiting]:
    """Alternately from either end; from the old end first where the last slot went to one that is newer than some."""
    middle = (len(newest_first) + 1) // 2
    oldest_is_next = last is not None and newest_first[-1].place < last
    if oldest_is_next:
        middle = len(newest_first) // 2
    new, old = newest_first[:middle], newest_first[middle:][::-1]
    ends = zip_longest(old, new) if oldest_is_next else zip_longest(new, old)
    return [one for one in chain.from_iterable(ends) if one is not None]
