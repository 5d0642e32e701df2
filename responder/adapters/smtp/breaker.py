"""How long to leave a server alone that refuses the account, and whom to believe that it does."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from responder.core.limits.rates import domain_of
from responder.core.message import Address
from responder.core.outcome import Deferred


class Breaker:
    """Keeps an account whose server refuses it from knocking again and again.

    Faults wait 60 s, doubling to 1 h, or to 10 minutes where they were told of recipients. Refused logins from the
    third in a row wait 1 h, doubling to 8 h: about eight in the first day and three on later ones, where many servers
    lock an account or ban a machine after ten or so.
    """

    FIRST, LONGEST, OF_RECIPIENTS = 60.0, 3600.0, 600.0
    LOGIN_FIRST, LOGIN_LONGEST = 3600.0, 8 * 3600.0
    LOGINS_TOLERATED = 2
    """A single refusal may be the server's own trouble (a database away for a minute)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """All is well, or the file was changed: forget everything."""
        self._fault: Deferred | None = None
        self._until = 0.0
        self._faults = 0
        self._refused_logins = 0

    def blocked(self) -> Deferred | None:
        """The fault that keeps it open, or None when the next send may try."""
        return self._fault if self._clock() < self._until else None

    def seconds_left(self) -> float:
        """Until the next send may try; 0 when it may now."""
        return max(self._until - self._clock(), 0.0)

    def logged_in(self) -> None:
        """The credentials are good."""
        self._refused_logins = 0

    def trip(self, fault: Deferred, *, login: bool = False, of_recipients: bool = False) -> None:
        """Open, for longer each time.

        Args:
            fault: the answer until it closes.
            login: the credentials were refused.
            of_recipients: it was told of recipients, so strangers may have had a hand in it: the wait stays short.
        """
        if self.blocked() is not None:  # a send that was under way when it opened says nothing new
            return
        self._faults += 1
        self._refused_logins += login
        self._fault = fault
        self._until = self._clock() + self._wait(self.OF_RECIPIENTS if of_recipients else self.LONGEST)

    def _wait(self, longest: float) -> float:
        excess = self._refused_logins - self.LOGINS_TOLERATED
        if excess > 0:
            return min(self.LOGIN_FIRST * _doubled(excess), self.LOGIN_LONGEST)
        return min(self.FIRST * _doubled(self._faults), longest)


def _doubled(count: int) -> float:
    """For the first time 1, then twice as much each time; bounded, as a float is."""
    return 2.0 ** min(count - 1, 32)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One recipient's: in which way, by whose domain, in which words."""

    kind: object
    owner: str
    words: tuple[str, ...]


class Refusals:
    """Tells a refused recipient from a refused account: recipients refused in a row, with no reply accepted between.

    ``ENOUGH`` unrelated ones that are refused alike are the account's trouble. A server may repeat what a stranger's
    server said, so a stranger could make it say so; a recipient whose refusals were followed by an accepted reply
    ``BELIED`` times is its own trouble from then on. Keeps addresses in memory only.
    """

    ENOUGH = 3
    BELIED = 3
    REMEMBERED = 1000
    """Recipients kept in mind; more are forgotten, the oldest first."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, _Refusal] = OrderedDict()
        self._belied: OrderedDict[str, int] = OrderedDict()

    def accepted(self) -> None:
        """A reply was accepted: nothing is wrong with the account now."""
        for recipient in self._recent:
            self._belied[recipient] = self._belied.pop(recipient, 0) + 1
        self._recent.clear()
        _forget_oldest(self._belied, self.REMEMBERED)

    def is_the_accounts(self, recipient: Address, kind: object, said: str, *, at_once: bool) -> bool:
        """Whether this refusal is believed of the account.

        Args:
            recipient: who was refused.
            kind: equal for refusals that are alike.
            said: the server's words.
            at_once: the server named a fault of the account.
        """
        if self._belied.get(recipient.identity, 0) >= self.BELIED:
            return False
        owner = domain_of(recipient) or recipient.identity  # strangers share a provider's domain
        self._recent[recipient.identity] = _Refusal(kind, owner, tuple(said.split()))
        _forget_oldest(self._recent, self.REMEMBERED)
        return at_once or len({refusal.owner for refusal in self._alike(kind)}) >= self.ENOUGH

    def shared_words(self, kind: object) -> str:
        """What all that were refused alike were told; "…" stands for what differs, which may name somebody."""
        texts = [refusal.words for refusal in self._alike(kind)]
        shared = set.intersection(*map(set, texts)) if texts else set()
        shown = (word if word in shared else "…" for word in (texts[-1] if texts else ()))
        return re.sub(r"…( …)+", "…", " ".join(shown))

    def _alike(self, kind: object) -> list[_Refusal]:
        return [refusal for refusal in self._recent.values() if refusal.kind == kind]


def _forget_oldest(among: OrderedDict[str, Any], size: int) -> None:
    while len(among) > size:
        among.popitem(last=False)
