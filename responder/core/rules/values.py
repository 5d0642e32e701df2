"""What a rule is, what it has to know of a mailbox, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from responder.core.decision import Level, Proof, Skip
from responder.core.mail.authentication import AuthResult
from responder.core.message import Address, InboundMessage
from responder.core.outcome import MARKER_HEADER


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A web form on the practice's site: it writes as a robot, and its Reply-To is the person.

    Attributes:
        from_: the robot's address.
        host: name or IP address of the machine that hands its messages to our server; from there they are believed even
            without a signature. None believes signatures alone.
    """

    from_: Address
    host: str | None = None


@dataclass(frozen=True, slots=True)
class MailboxRules:
    """What the rules have to know of one mailbox.

    Attributes:
        address: the mailbox's own; ``aliases`` are its other names.
        served: identities of every address that this daemon serves, in any mailbox.
        authserv_id: whose Authentication-Results are believed; None believes nobody's.
        contact_forms: robots to be answered at their Reply-To.
        trust_reply_to: From domains, and those below them, whose single Reply-To is answered in their place when our
            own server says that the message is theirs.
        never_domains: domains, and those below them, that never get a reply.
        rules_off: ids of rules that the practice turned off; see `MAY_BE_OFF` in `responder.core.rules.table`.
        marker: the header that our own replies carry.
        own: every address of this mailbox by its identity.
    """

    address: Address
    aliases: tuple[Address, ...] = ()
    served: frozenset[str] = frozenset()
    authserv_id: str | None = None
    contact_forms: tuple[ContactForm, ...] = ()
    trust_reply_to: frozenset[str] = frozenset()
    never_domains: frozenset[str] = frozenset()
    rules_off: frozenset[str] = frozenset()
    marker: str = MARKER_HEADER
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
        return self.own_for(address) is not None or not self.served.isdisjoint((address.identity, _untagged(address)))

    def own_for(self, address: Address) -> Address | None:
        """The address of this mailbox, as in the file, that mail to this one comes to; None when it is another's."""
        return self.own.get(address.identity) or self.own.get(_untagged(address))


def _untagged(address: Address) -> str:
    """Its identity without the tag behind a plus."""
    return f"{address.local.partition('+')[0]}@{address.domain}".lower()


@dataclass(frozen=True, slots=True)
class Case:
    """One message before one mailbox: what the rules look at.

    Attributes:
        proved: what our own server found out about the sender.
        target: whom a reply would go to: the person behind a form, a trusted Reply-To, else the single From address.
        proof: what vouches for the target.
        media_types: what Content-Type says, in lower case, without parameters.
        writers: whoever may have written: From and Sender, or the person behind a robot alone.
        is_form: it is a listed contact form that was proved: a robot, with a person behind it.
    """

    message: InboundMessage
    rules: MailboxRules
    proved: tuple[AuthResult, ...]
    target: Address | None
    proof: Proof
    media_types: frozenset[str]
    writers: tuple[Address, ...]
    is_form: bool = False


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


Check = Callable[[Case], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason for silence.

    Attributes:
        id: kebab-case, for ever the same: logs, counters and the owner's file name it.
        title: the fact, in one phrase.
        source: where it is asked for.
        reads: fields, in lower case, without any of which it sees nothing; empty when it looks at more than fields.
        may_be_off: a practice can turn it off.
    """

    id: str
    level: Level
    title: str
    source: str
    check: Check = field(repr=False)
    reads: frozenset[str] = frozenset()
    may_be_off: bool = False

    def has_something_to_read(self, names: Collection[str]) -> bool:
        """Whether a message with these fields can be of any interest to it; only such a one may be judged."""
        return not self.reads or not self.reads.isdisjoint(names)

    def judge(self, case: Case) -> Skip | None:
        """What the rule says of a message; one that is turned off says nothing."""
        if self.may_be_off and self.id in case.rules.rules_off:
            return None
        found = self.check(case)
        if found is None:
            return None
        soft = self.level is not Level.HARD
        cure = f'rules_off = ["{self.id}"] in its [[mailbox]]' if soft and found.cure is None else found.cure
        return Skip(self.id, found.why, found.maybe_person or soft, cure)
