"""What a rule is, what it has to know of a mailbox, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from responder.model import Address, InboundMessage, Level, Skip

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A web form on the practice's site: it writes as a robot, and its Reply-To is the person."""

    from_: Address


@dataclass(frozen=True, slots=True)
class MailboxRules:
    """What the rules have to know of one mailbox.

    Attributes:
        address: the mailbox's own; ``aliases`` are its other names.
        served: identities of every address that this daemon serves, in any mailbox.
        authserv_id: whose Authentication-Results are believed; None believes nobody's.
        contact_forms: robots to be answered at their Reply-To.
        never_domains: domains, and those below them, that never get a reply.
        rules_off: ids of soft rules that the practice turned off.
        marker: the header that our own replies carry.
        own: every address of this mailbox by its identity.
    """

    address: Address
    aliases: tuple[Address, ...] = ()
    served: frozenset[str] = frozenset()
    authserv_id: str | None = None
    contact_forms: tuple[ContactForm, ...] = ()
    never_domains: frozenset[str] = frozenset()
    rules_off: frozenset[str] = frozenset()
    marker: str = "X-After-Hours-Responder"
    own: Mapping[str, Address] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own = {address.identity: address for address in (self.address, *self.aliases)}
        object.__setattr__(self, "own", own)

    @property
    def own_domains(self) -> frozenset[str]:
        """Domains of the mailbox's addresses."""
        return frozenset(address.domain for address in self.own.values())

    def is_ours(self, address: Address) -> bool:
        """Whether mail to it comes to this daemon; a tag behind a plus makes no other address (RFC 5233)."""
        untagged = f"{address.local.partition('+')[0]}@{address.domain}".lower()
        return any(name in self.own or name in self.served for name in (address.identity, untagged))


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule saw.

    Attributes:
        why: one sentence for the owner; of the sender no more than a domain.
        maybe_person: it may be a human all the same.
        cure: the line to add to the file if it is one.
    """

    why: str
    maybe_person: bool = False
    cure: str | None = None


Check = Callable[[InboundMessage, MailboxRules], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason for silence.

    Attributes:
        id: kebab-case, for ever the same: logs, counters and the owner's file name it.
        title: the fact, in one phrase.
        source: where it is asked for.
    """

    id: str
    level: Level
    title: str
    source: str
    check: Check = field(repr=False)

    def judge(self, message: InboundMessage, rules: MailboxRules) -> Skip | None:
        """What the rule says of a message; a soft rule that is turned off says nothing."""
        if self.level is not Level.HARD and self.id in rules.rules_off:
            return None
        found = self.check(message, rules)
        if found is None:
            return None
        return Skip(self.id, found.why, found.maybe_person or self.level is not Level.HARD, found.cure)
