"""What a rule is, what it has to know of a mailbox, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from responder.core.decision import Level, Proof, Skip
from responder.core.mail.authentication import AuthResult
from responder.core.mail.structure import Structure
from responder.core.message import Address, InboundMessage
from responder.core.outcome import MARKER_HEADER
from responder.core.rules.hosts import account_domain, account_of


@dataclass(frozen=True, slots=True)
class ContactForm:
    """A web form on the practice's site.

    One that writes as a robot is known by ``from_``, and its Reply-To is the person. One that writes as its visitor is
    known by ``return_path``, and its From is the person.

    Attributes:
        from_: the robot's address; None for a form that writes as its visitor.
        return_path: the address that such a form gives as the envelope sender; None for a robot.
        host: name or IP address of the machine that hands its messages to our server; from there they are believed even
            without a signature. None believes signatures alone.
    """

    from_: Address | None = None
    host: str | None = None
    return_path: Address | None = None


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
    _accounts: Mapping[str, Address] = field(init=False, repr=False, compare=False)
    _served_accounts: frozenset[str] = field(init=False, repr=False, compare=False)
    _account_domains: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        every = (self.address, *self.aliases)
        served = (Address(local, domain) for local, _, domain in (one.rpartition("@") for one in self.served))
        object.__setattr__(self, "own", {address.identity: address for address in every})
        object.__setattr__(self, "_accounts", {account_of(address): address for address in reversed(every)})
        object.__setattr__(self, "_served_accounts", frozenset(map(account_of, served)))
        accounts = (*self._accounts, *self._served_accounts)
        object.__setattr__(self, "_account_domains", frozenset(one.rpartition("@")[2] for one in accounts))

    @property
    def own_domains(self) -> frozenset[str]:
        """Domains of the mailbox's addresses."""
        return frozenset(address.domain for address in self.own.values())

    def is_exactly_ours(self, address: Address) -> bool:
        """Whether it is, letter by letter, an address of the file: forwarders tag their own addresses."""
        return address.identity in self.own or address.identity in self.served

    def is_ours(self, address: Address) -> bool:
        """Whether mail to it comes to this daemon; another name of the same account is no other address."""
        if account_domain(address.domain) not in self._account_domains:  # hardly any address is
            return False
        return self.own_for(address) is not None or account_of(address) in self._served_accounts

    def own_for(self, address: Address) -> Address | None:
        """The address of this mailbox, as in the file, that mail to this one comes to; None when it is another's."""
        if account_domain(address.domain) not in self._account_domains:
            return None
        return self.own.get(address.identity) or self._accounts.get(account_of(address))


@dataclass(frozen=True, slots=True)
class Case:
    """One message before one mailbox: what the rules look at.

    Attributes:
        proved: what our own server found out about the sender.
        target: whom a reply would go to: the person behind a form, a trusted Reply-To, else the single From address.
        proof: what vouches for the target.
        media_types: what Content-Type says, in lower case, without parameters.
        writers: who may have written: From and Sender, or the person behind a robot alone.
        is_form: it is a listed contact form that was proved, with a person behind it.
        structure: its MIME structure, where that was asked for.
    """

    message: InboundMessage
    rules: MailboxRules
    proved: tuple[AuthResult, ...]
    target: Address | None
    proof: Proof
    media_types: frozenset[str]
    writers: tuple[Address, ...]
    is_form: bool = False
    structure: Structure | None = None


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
        may_be_off: a practice can turn it off; of a rule that is hard or soft, the soft half.
        wholly_off: both halves of it.
    """

    id: str
    level: Level
    title: str
    source: str
    check: Check = field(repr=False)
    reads: frozenset[str] = frozenset()
    may_be_off: bool = False
    wholly_off: bool = False

    def has_something_to_read(self, names: Collection[str]) -> bool:
        """Whether a message with these fields can be of any interest to it; only such a one may be judged."""
        return not self.reads or not self.reads.isdisjoint(names)

    def judge(self, case: Case) -> Skip | None:
        """What the rule says of a message; one that is turned off says nothing."""
        is_off = self.id in case.rules.rules_off
        if is_off and self.level is Level.SOFT:
            return None
        found = self.check(case)
        if found is None:
            return None
        soft = found.maybe_person or self.level is Level.SOFT
        if is_off and self.may_be_off and (soft or self.wholly_off):
            return None
        cure = (
            f'rules_off = ["{self.id}"] in its [[mailbox]]'
            if soft and found.cure is None and self.may_be_off
            else found.cure
        )
        return Skip(self.id, found.why, soft, cure)
