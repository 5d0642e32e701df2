"""How many replies may leave in an hour or a day: which limits one reply has to keep, and until when it has to wait.

Headers cannot tell every machine and every forged sender. What the rules let through is held to these rates; who is
over one waits, and is dropped by nothing but the opening. Above them stands a breaker for the whole daemon. The ledger
counts (what was claimed, so that a restart forgets nothing); here is what the counts mean.

See Also:
    RFC 3834 §2 (limits against loops), RFC 5230 §4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final

from responder.core.decision import Proof, Reply
from responder.core.limits.freemail import FREEMAIL
from responder.core.message import Address

if TYPE_CHECKING:  # imported on use
    from publicsuffixlist import PublicSuffixList

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

BREAKER: Final = "breaker"

REMEMBERED: Final = timedelta(hours=12)
"""How far back a bucket looks for what it gave: as if it had been full before. Longer floods gain a third of an hour's
replies each time."""


class Scope(Enum):
    """What a limit counts."""

    CORRESPONDENT = "this mailbox's replies to the same correspondent"
    DOMAIN = "this mailbox's replies to the same domain"
    PROOF = "this mailbox's replies with the same proof"
    DAEMON = "every reply of this daemon"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` replies within any ``window``.

    Attributes:
        rule: kebab-case id, for logs and lists.
        reopen_at: once reached, the limit holds until the count has fallen to this; ``count`` - 1 means that it is
            simply rolling. Lower makes a breaker: it does not flicker.
        saved: None for such a limit. Else it refills evenly, one for each ``count``-th part of the window, and saves up
            at most this many; a rolling window may then hold ``count`` + ``saved``.
    """

    rule: str
    scope: Scope
    count: int
    window: timedelta
    reopen_at: int
    saved: int | None = None

    @classmethod
    def bucket(cls, rule: str, scope: Scope, count: int, window: timedelta) -> Limit:
        """One that refills evenly and saves up a third at most: a flood cannot take an hour's replies at once."""
        return cls(rule, scope, count, window, count - 1, max(count // 3, 1))

    @classmethod
    def rolling(cls, rule: str, scope: Scope, count: int, window: timedelta) -> Limit:
        """One that lets the next go as soon as an old one is out of the window."""
        return cls(rule, scope, count, window, count - 1)


@dataclass(frozen=True, slots=True)
class Rates:
    """What a practice allows; the numbers are replies per hour, but for the first.

    Attributes:
        per_correspondent: per 24 hours.
        unauthenticated: to senders that nothing vouches for.
        authenticated: to senders that our own mail server vouches for.
        per_domain: to one organisation's domain; providers that strangers share are exempt.
        contact_form: to visitors of contact forms.
        breaker: of the whole daemon.
    """

    per_correspondent: int = 2
    unauthenticated: int = 30
    authenticated: int = 120
    per_domain: int = 20
    contact_form: int = 10
    breaker: int = 300

    def limits_for(self, reply: Reply) -> tuple[Limit, ...]:
        """Every limit that this reply has to keep."""
        found = [
            Limit.rolling("rate-correspondent", Scope.CORRESPONDENT, self.per_correspondent, DAY),
            self._by_proof(reply.proof),
            Limit(BREAKER, Scope.DAEMON, self.breaker, HOUR, self.breaker // 2),
        ]
        if domain_of(reply.correspondent) is not None:
            found.append(Limit.rolling("rate-domain", Scope.DOMAIN, self.per_domain, HOUR))
        return tuple(found)

    def _by_proof(self, proof: Proof) -> Limit:
        rule, count = {
            Proof.NONE: ("rate-unauthenticated", self.unauthenticated),
            Proof.SENDER: ("rate-authenticated", self.authenticated),
            Proof.FORM: ("rate-contact-form", self.contact_form),
        }[proof]
        return Limit.bucket(rule, Scope.PROOF, count, HOUR)


def domain_of(address: Address) -> str | None:
    """The organisation's part of an address's domain (``harbour.org.uk``); None where strangers share the domain."""
    if address.domain in FREEMAIL:
        return None
    return _suffixes().privatesuffix(address.domain) or address.domain


@cache
def _suffixes() -> PublicSuffixList:
    """The list comes with its library, and is read on the first use."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def rank_to_watch(limit: Limit, *, was_open: bool) -> int:
    """Which of the newest replies decides: while that one is in the window, the limit is reached.

    Args:
        limit: the limit.
        was_open: it was reached before, and did not come free since.
    """
    return limit.reopen_at + 1 if was_open else limit.count


def free_at(limit: Limit, newest: datetime) -> datetime:
    """When the limit comes free.

    Args:
        limit: one that is reached.
        newest: the time of the reply that has to leave the window for it: of the newest the one after ``reopen_at``.
    """
    return newest + limit.window
