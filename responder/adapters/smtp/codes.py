"""What a server's answer says in numbers, and what they mean in our own words. Pure.

The words behind the numbers stay out of every reason: they repeat addresses, a correspondent's own domain, and what
a stranger's server said.

See Also: RFC 2034 §4 (where the code stands), RFC 3463 (what it means), RFC 7372 and RFC 7505 (more of them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

_LEADING: Final = re.compile(r"([245])\.([0-7])\.([0-9]{1,3})(?!\S)", re.ASCII)

_TRAILING: Final = re.compile(r"[(\[]#?([245])\.([0-7])\.([0-9]{1,3})[)\]]\s*\Z", re.ASCII)
"""``sorry, too many emails (#5.7.1)``: where qmail and its descendants write it."""

_ADDRESS, _MAILBOX = 1, 2
"""Subjects of RFC 3463 §3.2 and §3.3: the fault is the recipient's, but for a few details of the first."""

_OF_THE_SENDER: Final = frozenset({7, 8, 90})
"""Details of an address's fault that is the sender's: RFC 3463 §3.2, and the daily limit of Exchange Online."""


@dataclass(frozen=True, slots=True)
class Enhanced:
    """An enhanced status code: ``5.1.1``."""

    kind: int
    subject: int
    detail: int

    @classmethod
    def read(cls, code: int, text: str) -> Self | None:
        """The one right behind the reply code, if it is of the same class; none that stands elsewhere.

        A domain may be called ``5.4.5.example``, and a server may repeat what another one said.
        """
        found = _LEADING.match(text)
        if found is None or int(found[1]) != code // 100:
            return None
        return cls(*map(int, found.groups()))

    @classmethod
    def read_anywhere(cls, code: int, text: str) -> Self | None:
        """The one right behind the reply code, or else in brackets at the end; that one may be a stranger's."""
        found = _TRAILING.search(text)
        trailing = None if found is None or int(found[1]) != code // 100 else cls(*map(int, found.groups()))
        return cls.read(code, text) or trailing

    @property
    def blames_recipient(self) -> bool:
        """Whether it names a fault of the recipient's address or mailbox."""
        return self.subject == _MAILBOX or (self.subject == _ADDRESS and self.detail not in _OF_THE_SENDER)

    def __str__(self) -> str:
        return f"{self.kind}.{self.subject}.{self.detail}"


_MEANINGS: Final = {
    (1, 0): "something about the address",
    (1, 1): "no such mailbox",
    (1, 2): "no such domain",
    (1, 3): "the address is not well formed",
    (1, 4): "the address is ambiguous",
    (1, 6): "the mailbox has moved",
    (1, 7): "the sender's address is not well formed",
    (1, 8): "the sender's domain is not believed",
    (1, 10): "the domain takes no mail",
    (1, 90): "the sending limit is reached",
    (2, 0): "something about the mailbox",
    (2, 1): "the mailbox takes no mail",
    (2, 2): "the mailbox is full",
    (2, 3): "the reply is longer than the mailbox allows",
    (3, 0): "the mail system is in trouble",
    (3, 1): "the mail system is full",
    (3, 2): "the mail system takes nothing now",
    (3, 4): "the reply is longer than the system allows",
    (4, 0): "the network or the way there is in trouble",
    (4, 1): "no answer from the next server",
    (4, 2): "a bad connection to the next server",
    (4, 3): "the name service is in trouble",
    (4, 4): "no way to the domain",
    (4, 5): "the sending limit is reached, or the system is congested",
    (4, 6): "the account is locked, or the way there is a loop",
    (4, 7): "nothing came of it in time",
    (5, 0): "the protocol was not kept",
    (5, 1): "not a command for now",
    (5, 2): "a command was not understood",
    (5, 3): "too many recipients",
    (5, 4): "an argument was not understood",
    (6, 0): "something about the content",
    (6, 7): "addresses in UTF-8 are not taken",
    (7, 0): "refused by policy, or a login is wanted",
    (7, 1): "refused by policy",
    (7, 8): "the login was refused",
    (7, 9): "this kind of login is not allowed for the account",
    (7, 11): "a login is taken over TLS only",
    (7, 20): "DKIM did not pass",
    (7, 23): "SPF did not pass",
    (7, 25): "the sending machine has no proper name",
    (7, 26): "neither SPF nor DKIM passed",
    (7, 30): "password login is turned off",
    (7, 60): "not allowed to send as this sender",
    (7, 139): "password login is turned off",
}
"""By subject and detail; the class only says whether it may pass."""

_SUBJECTS: Final = (
    "refused",
    "something about the address",
    "something about the mailbox",
    "the mail system is in trouble",
    "the network or the way there is in trouble",
    "the protocol was not kept",
    "something about the content",
    "a matter of policy or security",
)

_CODES: Final = {
    421: "the server is closing the connection",
    450: "the mailbox cannot be reached now",
    451: "the server is in trouble",
    452: "the server has no room, or had enough for now",
    454: "not available now",
    530: "a login is wanted first",
    534: "this kind of login is not taken",
    535: "the login was refused",
    538: "a login is taken over TLS only",
    552: "it is too long, or the mailbox is full",
    553: "an address is not allowed",
}
"""RFC 5321 §4.2.2 and RFC 4954 §6, for servers without enhanced codes."""


def answered(code: int, text: str) -> str:
    """An answer as a reason tells it: the numbers that the server gave, and our own sentence."""
    if not 200 <= code <= 599:  # noqa: PLR2004 - RFC 5321 §4.2: no other reply codes; aiosmtplib gives -1
        return "an answer that cannot be read"
    enhanced = Enhanced.read_anywhere(code, text)
    if enhanced is None:
        return f"{code} {_CODES.get(code) or ('refused' if code // 100 == 5 else 'not now')}"  # noqa: PLR2004 - 5yz
    meaning = _MEANINGS.get((enhanced.subject, enhanced.detail), _SUBJECTS[enhanced.subject])
    return f"{code} {enhanced} {meaning}"
