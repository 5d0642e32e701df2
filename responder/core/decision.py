"""What was decided on a message: reply, or skip and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from responder.core.message import Address


class Level(Enum):
    """How firm a rule is."""

    HARD = "H"
    SOFT = "S"
    EITHER = "H/S"
    """Hard where nothing points to a person or a middleman, else soft, or no reason at all."""


class Proof(Enum):
    """What vouches for the correspondent's address; each kind has a rate of its own."""

    NONE = "none"
    SENDER = "sender"
    """Our own mail server says that the From domain sent it (an aligned pass, RFC 8601)."""
    FORM = "form"
    """It came through a listed contact form; who typed the address, nobody knows."""


@dataclass(frozen=True, slots=True)
class Reply:
    """This message gets an automatic reply.

    Attributes:
        correspondent: whom we answer.
        answered_as: which of our own addresses was written to; the reply's From.
        why: one sentence for the owner.
        proof: what vouches for the correspondent.
    """

    correspondent: Address
    answered_as: Address
    why: str
    rule: str = "out-of-hours"
    proof: Proof = Proof.NONE


@dataclass(frozen=True, slots=True)
class Skip:
    """This message gets no reply.

    Attributes:
        rule: id of the rule that decided, kebab-case.
        why: one sentence for the owner.
        maybe_person: it may be a human all the same; the owner should look.
        cure: the line to add to the file if it is one.
    """

    rule: str
    why: str
    maybe_person: bool = False
    cure: str | None = None


Decision = Reply | Skip
