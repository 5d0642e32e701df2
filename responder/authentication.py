"""What our own mail server found out about a sender: ``Authentication-Results`` (RFC 8601), believed from it alone.

Anyone can write such a field. Believed are those that bear the configured authserv-id, from the top-most one down to
the next ``Received``, and for each method the top-most that speaks of it: some servers write one field per method, and
what a sender put in below can then add nothing to a method that the server itself has judged.

See Also:
    RFC 8601 §2.2 (syntax), §5 (removing forged fields); RFC 7489 §3.1 (alignment).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.addresses import without_comments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from responder.model import InboundMessage

EXCHANGE_ONLINE = "exchange-online"
"""Stands for the id that Exchange Online does not write: only the top-most field without any id is believed."""

MAX_PARTS = 1_000
"""Of one field. Servers report each signature, and refuse to look at more than a few dozen."""

_PART = re.compile(r'[^;"]++(?:"(?:[^"\\]++|\\.)*+"[^;"]*+)*+')
_AROUND_EQUALS = re.compile(r"\s*+=\s*+")


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One method's finding (RFC 8601 §2.2, ``resinfo``), all in lower case.

    Attributes:
        method: "dkim", "spf", "dmarc", ...
        result: "pass", "fail", "none", ...
        properties: by their full name, such as "header.d"; of a repeated one the first.
    """

    method: str
    result: str
    properties: Mapping[str, str]

    def is_pass_for(self, domain: str) -> bool:
        """Whether it proves that the message is from that domain, or one above or below it (relaxed alignment)."""
        names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",), "dmarc": ("header.from",)}
        proved = next((self.properties[n] for n in names.get(self.method, ()) if n in self.properties), "")
        return self.result == "pass" and _aligned(proved.rpartition("@")[2].strip('"'), domain)


def results(message: InboundMessage, authserv_id: str | None) -> tuple[AuthResult, ...]:
    """What the server with this id found; nothing when no id is configured."""
    if authserv_id is None:
        return ()
    by_method: dict[str, list[AuthResult]] = {}
    for parts in _believed(message, authserv_id.lower()):
        in_this_field: dict[str, list[AuthResult]] = defaultdict(list)
        for part in parts:
            found = _result(part)
            in_this_field[found.method].append(found)
        by_method = {**in_this_field, **by_method}
    return tuple(found for several in by_method.values() for found in several)


def is_authenticated(message: InboundMessage, authserv_id: str | None) -> bool:
    """Whether our server says that the From domain, and no other, sent this: an aligned DKIM, SPF or DMARC pass."""
    return len(message.from_) == 1 and any(
        found.is_pass_for(message.from_[0].domain) for found in results(message, authserv_id)
    )


def _believed(message: InboundMessage, authserv_id: str) -> Iterator[list[str]]:
    """The parts behind the id of each field that is believed, top-most first."""
    seen = False
    for name, value in message.fields:
        if name == "received" and seen:
            return
        if name != "authentication-results":
            continue
        text = without_comments(value)[0].lower()
        if "= " in text or " =" in text or "\t" in text:
            text = _AROUND_EQUALS.sub("=", text)
        parts = _PART.findall(text)[:MAX_PARTS]
        has_id = bool(parts) and "=" not in parts[0]
        if authserv_id == EXCHANGE_ONLINE:
            if not has_id:
                yield parts
                return
        elif has_id and parts[0].split()[:1] == [authserv_id]:
            seen = True
            yield parts[1:]


def _result(part: str) -> AuthResult:
    head, *rest = part.split() or [""]
    method, _, result = head.partition("=")
    properties: dict[str, str] = {}
    for word in rest:
        name, equals, value = word.partition("=")
        if equals:
            properties.setdefault(name, value)
    return AuthResult(method.partition("/")[0], result, properties)


def _aligned(proved: str, domain: str) -> bool:
    if "." not in proved:
        return False
    return proved == domain or domain.endswith(f".{proved}") or proved.endswith(f".{domain}")
