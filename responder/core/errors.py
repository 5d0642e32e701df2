"""Exceptions: what stops a pass. What is expected is a value (see ``model``)."""

from __future__ import annotations

from typing import Self


class ResponderError(Exception):
    """Root of everything this package raises on purpose."""


class Told(str):
    """A sentence for the owner, with a code that stays when the wording changes.

    Attributes:
        code: kebab-case, such as ``unknown-key``.
    """

    __slots__ = ("code",)
    code: str

    def __new__(cls, code: str, text: str) -> Self:
        """The sentence ``text``."""
        told = super().__new__(cls, text)
        told.code = code
        return told


class ConfigError(ResponderError):
    """A configuration that cannot be used.

    Attributes:
        problems: one sentence per fault, each naming file, line, key, reason and cure.
    """

    def __init__(self, problems: tuple[Told, ...] | Told) -> None:
        self.problems = (problems,) if isinstance(problems, Told) else problems
        super().__init__("\n".join(self.problems))

    @property
    def codes(self) -> tuple[str, ...]:
        """The code of each problem."""
        return tuple(problem.code for problem in self.problems)


class TransientError(ResponderError):
    """It may work later: network, a busy server, a timeout. Retry with backoff.

    Attributes:
        where: which server or file, in words for a log (never an address of a person).
        reason: what happened.
        retry_after: seconds to wait at least, when the other side asked for it.
    """

    def __init__(self, where: str, reason: str, *, retry_after: float | None = None) -> None:
        self.where = where
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(f"{where}: {reason}")


class ThrottledError(TransientError):
    """The other side asks for fewer requests; each time it asks again in a row, it is left alone for longer."""


class PermanentError(ResponderError):
    """It will not work before a person changes something: a wrong password, a missing folder.

    Attributes:
        where: which server or file.
        reason: what happened.
        cure: what the person can do.
    """

    def __init__(self, where: str, reason: str, *, cure: str) -> None:
        self.where = where
        self.reason = reason
        self.cure = cure
        super().__init__(f"{where}: {reason}. {cure}")


class AuthenticationError(PermanentError):
    """The server refused the credentials; trying again soon would lock the account."""


class LedgerError(ResponderError):
    """The durable memory cannot be read or written: nothing may be sent."""


class LedgerLockedError(LedgerError):
    """Another responder holds this state directory."""
