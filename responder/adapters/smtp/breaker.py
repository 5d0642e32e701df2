"""How long to leave a server alone that refuses the account, and whom to believe that it does."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from responder.core.message import Address
from responder.core.outcome import Deferred, Rejected


class Breaker:
    """Keeps an account whose server refuses it from knocking again and again.

    Faults wait 60 s, doubling to 1 h. Refused logins from the third in a row wait 1 h, doubling to 8 h: about eight
    in the first day and three on later ones, where many servers lock an account or ban a machine after ten or so.
    """

    FIRST, LONGEST = 60.0, 3600.0
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

    def logged_in(self) -> None:
        """The credentials are good."""
        self._refused_logins = 0

    def trip(self, fault: Deferred, *, login: bool = False, hearsay: bool = False) -> None:
        """Open, for longer each time.

        Args:
            fault: the answer until it closes.
            login: the credentials were refused.
            hearsay: it was told of recipients, so strangers may have had a hand in it: the wait stays short.
        """
        if self.blocked() is not None:  # a send that was under way when it opened says nothing new
            return
        if hearsay:
            self._fault, self._until = fault, self._clock() + self.FIRST
            return
        self._faults += 1
        self._refused_logins += login
        self._fault = fault
        self._until = self._clock() + self._wait()

    def _wait(self) -> float:
        excess = self._refused_logins - self.LOGINS_TOLERATED
        if excess > 0:
            return min(self.LOGIN_FIRST * 2.0 ** (excess - 1), self.LOGIN_LONGEST)
        return min(self.FIRST * 2.0 ** (self._faults - 1), self.LONGEST)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One recipient, refused in the words of an account's fault."""

    at: float
    kind: str | None
    recipient: str
    domain: str


class Hearsay:
    """Weighs a fault of the account that was told of one recipient.

    A server may repeat at RCPT what the recipient's own server answered it, code and all; so a stranger could make it
    say that our account is out of order. It is believed when recipients at unrelated domains are refused in the same
    way within ``TOGETHER`` seconds, with no reply accepted between them. Until then it is this recipient's: deferred
    the first time, the end of this reply the second time that nobody shares it. Whoever bore witness before a reply
    was accepted is not believed again. Keeps addresses in memory only.
    """

    TOGETHER = 600.0
    REMEMBERED = 1000
    """Recipients kept in mind; more are forgotten, the oldest first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: list[_Refusal] = []
        self._alone: OrderedDict[str, None] = OrderedDict()
        self._doubted: OrderedDict[str, None] = OrderedDict()

    def accepted(self) -> None:
        """A reply was accepted, so nothing is wrong with the account, whatever was said of recipients before."""
        for old in self._recent:
            self._remember(self._doubted, old.recipient)
        self._recent.clear()

    def weigh(self, recipient: Address, fault: Deferred, code: int) -> Deferred | Rejected:
        """What the refusal means for this reply; ``account_wide`` only when it is believed of the account."""
        new = _Refusal(self._clock(), fault.cure, recipient.identity, _owner_of(recipient.domain))
        others = self._others(new)
        shared = [old for old in others if old.kind == new.kind]
        self._recent = [*others, new][-self.REMEMBERED :]
        if new.recipient not in self._doubted and any(self._corroborates(old, new) for old in shared):
            return fault
        if not shared and self._refused_before(new.recipient):
            return Rejected(fault.reason, code, dead_address=False)
        return replace(fault, account_wide=False, cure=None)

    def _corroborates(self, old: _Refusal, new: _Refusal) -> bool:
        return old.domain != new.domain and old.recipient not in self._doubted

    def _others(self, new: _Refusal) -> list[_Refusal]:
        return [old for old in self._recent if new.at - old.at <= self.TOGETHER and old.recipient != new.recipient]

    def _refused_before(self, recipient: str) -> bool:
        """Whether it was refused alone once; the second time it is forgotten again."""
        if recipient in self._alone:
            del self._alone[recipient]
            return True
        self._remember(self._alone, recipient)
        return False

    def _remember(self, among: OrderedDict[str, None], recipient: str) -> None:
        among[recipient] = None
        if len(among) > self.REMEMBERED:
            among.popitem(last=False)


def _owner_of(domain: str) -> str:
    """The last two labels: names under one owner are one witness, and two under ``co.uk`` as well, to be careful."""
    return ".".join(domain.lower().rstrip(".").split(".")[-2:])
