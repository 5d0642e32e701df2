"""The never list, as a command asks for it: over the control socket, or of a ledger that no daemon holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from responder.adapters.ledger import Ledger
from responder.core.errors import ResponderError
from responder.core.mail.addresses import parse_address

Answer = dict[str, object]


ADD, REMOVE, CHECK = "never-add", "never-remove", "never-check"


class NotAnAddressError(ResponderError):
    """What was given is not one mail address; it is not repeated, for it may be somebody's."""

    def __init__(self) -> None:
        super().__init__("that is not a mail address; give one such as someone@example.org, without a name around it")


def never_handlers(ledger: Ledger, clock: Callable[[], datetime]) -> dict[str, Callable[[Answer], Awaitable[Answer]]]:
    """What to do for each verb; a question has ``address``."""

    async def add(question: Answer) -> Answer:
        return {"changed": await ledger.never_add(identity_in(question), clock())}

    async def remove(question: Answer) -> Answer:
        return {"changed": await ledger.never_remove(identity_in(question))}

    async def check(question: Answer) -> Answer:
        since = await ledger.never_since(identity_in(question))
        return {"since": None if since is None else since.astimezone(UTC).isoformat(timespec="seconds")}

    return {ADD: add, REMOVE: remove, CHECK: check}


def identity_in(question: Answer) -> str:
    """Whom a question is about (`Address.identity`).

    Raises:
        NotAnAddressError: its ``address`` is none.
    """
    given = question.get("address")
    address = parse_address(given.strip()) if isinstance(given, str) else None
    if address is None:
        raise NotAnAddressError
    return address.identity
