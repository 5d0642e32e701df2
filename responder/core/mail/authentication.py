"""What our own mail server found out about a sender: ``Authentication-Results`` (RFC 8601), believed from it alone.

Anyone can write such a field. Believed are those that bear the configured authserv-id, from the top-most one down to
the next ``Received``, and for each method the top-most that speaks of it: some servers write one field per method, and
what a sender put in below can then add nothing to a method that the server itself has judged.

See Also:
    RFC 8601 §2.2 (syntax), §5 (removing forged fields); RFC 9989 §4.4 (alignment).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from responder.core.mail.addresses import without_comments
from responder.core.message import InboundMessage

EXCHANGE_ONLINE = "exchange-online"
"""Stands for the id that Exchange Online does not write: only the top-most field without any id is believed."""

PROPOSAL_DOMAINS = 3
"""An id is proposed when mail from at least this many domains has it."""

MAX_FIELDS = 50
"""Looked at from the top, where our own server's stand; it writes one, or one for each method."""

MAX_PARTS = 1_000
"""Of one field. Servers report each signature, and refuse to look at more than a few dozen."""

_QUOTED = r'"(?:[^"\\]++|\\.)*+"'
_WHOLE = re.compile(rf'(?:[^"]++|{_QUOTED})*+')
_WHOLE_VALUE = re.compile(_QUOTED)
_PART = re.compile(rf'(?:[^;"]++|{_QUOTED})++')
_WORD = re.compile(rf'(?:[^\s"]++|{_QUOTED})++')
_FINDING = re.compile(r"\s*+(?:[a-z0-9_.-]++(?:/[0-9]++)?=[a-z0-9_.-]++(?![^\s])|none\s*+\Z|\Z)")
"""How a part begins (``resinfo``): a method and its result, as words of their own. ``none`` stands alone."""
_ESCAPED = re.compile(r"\\(.)")
_AROUND_EQUALS = re.compile(r"\s*+=\s*+")
_FAILURE = re.compile(r"\b(dmarc|spf)\s*+=\s*+fail\b")


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
        return self.result == "pass" and _aligned(_domain_in(proved), domain)


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


def vouched_for(message: InboundMessage, found: Iterable[AuthResult]) -> bool:
    """Whether these results say that the From domain, and no other, sent this: an aligned DKIM, SPF or DMARC pass."""
    return len(message.from_) == 1 and any(one.is_pass_for(message.from_[0].domain) for one in found)


def _believed(message: InboundMessage, authserv_id: str) -> Iterator[list[str]]:
    """The parts behind the id of each field that is believed, top-most first."""
    seen, fields = False, 0
    for name, value in message.fields:
        if (name == "received" and seen) or fields == MAX_FIELDS:
            return
        if name != "authentication-results":
            continue
        fields += 1
        text, understood = without_comments(value)
        text = text.lower()
        if "= " in text or " =" in text or "\t" in text:
            text = _AROUND_EQUALS.sub("=", text)
        quoted = '"' in text
        parts = _PART.findall(text) if quoted else [part for part in text.split(";", MAX_PARTS + 1) if part]
        understood = understood and len(parts) <= MAX_PARTS and not (quoted and _WHOLE.fullmatch(text) is None)
        odd_id = bool(parts) and '"' in parts[0]
        if odd_id:  # no server writes its id as a quoted string, and not every server strips such a forgery
            parts[0] = parts[0].replace('"', "")
        if odd_id or not understood or not all(map(_FINDING.match, parts[1:])):
            # a sender can make a server write what hides its findings: believe no pass in such a field, but any failure
            parts = [*parts[:1], *(f"{method}=fail" for method in _FAILURE.findall(value.lower()))]
        has_id = bool(parts) and "=" not in parts[0]
        if authserv_id == EXCHANGE_ONLINE:
            if not has_id:
                yield parts
                return
        elif has_id and is_id(next(iter(parts[0].split()), ""), authserv_id):
            seen = True
            yield parts[1:]


def is_id(found: str, authserv_id: str) -> bool:
    """Whether a field's id is the configured one; ``*.example.org`` stands for every host of a provider with many."""
    if authserv_id.startswith("*."):
        return found.endswith(authserv_id[1:].lower())
    return found == authserv_id.lower()


def _result(part: str) -> AuthResult:
    head, *rest = (_WORD.findall(part) if '"' in part else part.split()) or [""]
    method, _, result = head.partition("=")
    properties: dict[str, str] = {}
    for word in rest:
        name, equals, value = word.partition("=")
        if equals:
            properties.setdefault(name, value)
    return AuthResult(method.partition("/")[0], result, properties)


def _domain_in(pvalue: str) -> str:
    """Of ``[[local-part] "@"] domain-name``; local part or whole may be a quoted string (RFC 8601 §2.2)."""
    if _WHOLE_VALUE.fullmatch(pvalue):
        pvalue = _ESCAPED.sub(r"\1", pvalue[1:-1])
    return pvalue.rpartition("@")[2]


def _aligned(proved: str, domain: str) -> bool:
    if "." not in proved:
        return False
    return proved == domain or domain.endswith(f".{proved}") or proved.endswith(f".{domain}")


@dataclass(frozen=True, slots=True)
class Finding:
    """Whose Authentication-Results stand on top of a message, in lower case, and the domain of its From."""

    authserv_id: str
    domain: str


def finding_of(message: InboundMessage) -> Finding | None:
    """None where nobody wrote any, or From is not one address."""
    values = message.values("authentication-results")
    return Finding(_id_of(values[0]), message.from_[0].domain) if values and len(message.from_) == 1 else None


def proposed(findings: Iterable[Finding], total: int) -> str | None:
    """The id that the mailbox's own server seems to write, for the owner's file; None when that is not plain.

    It stands top-most in most of the messages, and in mail of several domains: what one sender puts in everywhere is
    not it. `EXCHANGE_ONLINE` when the top-most field has no id; ``*.example.org`` when the hosts of a provider each
    write their own.

    Args:
        findings: of the messages that have one.
        total: messages in all.
    """
    domains: dict[str, list[str]] = defaultdict(list)
    for one in findings:
        _, dot, parent = one.authserv_id.partition(".")
        for name in (one.authserv_id, f"*.{parent}") if dot and "." in parent else (one.authserv_id,):
            domains[name].append(one.domain)
    # the id itself before the pattern that holds it as well
    found = max(sorted(domains, key=lambda name: name.startswith("*")), key=lambda name: len(domains[name]), default="")
    if not found or len(set(domains[found])) < PROPOSAL_DOMAINS or 2 * len(domains[found]) <= total:
        return None
    return found


def _id_of(value: str) -> str:
    """The authserv-id of one field, in lower case; what Exchange Online writes instead of it."""
    first = _AROUND_EQUALS.sub("=", without_comments(value)[0].lower()).partition(";")[0].split()
    return first[0] if first and "=" not in first[0] else EXCHANGE_ONLINE
