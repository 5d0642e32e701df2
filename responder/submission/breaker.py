"""How long to leave a server alone that refuses the account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from responder.model import Deferred


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

    def trip(self, fault: Deferred, *, login: bool = False) -> None:
        """Open, for longer each time; ``login`` when the credentials were refused."""
        if self.blocked() is not None:  # a send that was under way when it opened says nothing new
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
