"""Mail addresses as header fields hold them, read in one pass: no recursion, nothing guessed, nothing repaired.

The standard library's reader is not used: it recurses on nested comments, is quadratic on some input, and has named a
wrong address for a crooked field (CVE-2023-27043). What does not have the one agreed shape is refused here.

See Also:
    RFC 5322 §3.4 (syntax), RFC 6532 (UTF-8 in it), RFC 5321 §4.5.3.1 (lengths), RFC 5891 and UTS 46 (domains).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from responder.core.message import Address

MAX_ADDRESS_OCTETS = 254
"""RFC 5321 §4.5.3.1.3: a path has 256 octets, two of them its brackets."""

MAX_DOMAIN_LENGTH = 253
"""RFC 1035 §2.3.4: 255 octets on the wire, less the length octets at either end."""

MAX_COMMENTS = 100
"""In one field. Mail has one or two; more cost time and mean nothing."""

MAX_COMMENT_DEPTH = 16
"""Comments nest (RFC 5322 §3.2.2), and a thousand levels are what crashes recursive readers."""

MAX_FOREIGN_DOMAINS = 50
"""In one field: each conversion to A-labels costs about as much as the whole rest of a message."""

MAX_ELEMENTS = 500
"""In one field, empty ones included. A message to more people than that is to nobody in particular."""

# A quoted string may stay unclosed, so that a stray quote ends the reading instead of being tried at every quote.
_TOKEN = re.compile(r'\s++|"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)|\[[^\[\]\\\s]++\]|[^\s()<>\[\]:;@\\,"]++|.', re.DOTALL)
_CLOSED_QUOTE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_UP_TO_COMMENT = re.compile(r'[^"(]*+(?:"(?:[^"\\]++|\\.)*+"[^"(]*+)*+', re.DOTALL)
_COMMENT_MARK = re.compile(r"\\.|[()]", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

# One letter per token: a(tom), q(uoted string), l(iteral), x (nothing that belongs here), or the character itself.
_ELEMENT = re.compile(r"([^,:;]*+)([,:;]|\Z)")
_BARE = re.compile(r"[aq]@[al]")
_ANGLE = re.compile(r"[aq@]*<[aq]@[al]>")
_PHRASE = re.compile(r"[aq]+")

# Dots anywhere: some carriers gave out addresses with two in a row, or one before the @, and people still use them.
_LOCAL = re.compile(r'[^\s()<>\[\]:;@\\,"]+')
# The underscore is in no host name (RFC 952), but in domains that mail comes from.
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_LITERAL = re.compile(r"\[[0-9a-z.:-]+\]")
_USUAL = re.compile(
    r"""(?:(?:[^()<>\[\]:;@\\,"]++|"[^"\\]*+")*+<)?+"""
    r"""([\w!#$%&'*+/=?^`{|}~.-]++)@((?!-)[a-z0-9_-]{1,63}+(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}+(?<!-))*+)(>?)""",
    re.ASCII | re.IGNORECASE,
)
"""What nearly every field holds: one address, bare or behind a name. The long way reads the same in it."""
_ODD_NAME = re.compile(r"""([^@\uff20\ufe6b<>\\]*+<)?+([^\s()<>\[\]:;@\\,"]++)@([^\s()<>\[\]:;@\\,"]++)(?(1)>)\s*+""")
"""A name that breaks the syntax (``Roe, Jane [Trust] <jane@example.org>``), but with one @ in all of the field."""


@dataclass(frozen=True, slots=True)
class AddressList:
    """What one address field holds.

    Attributes:
        found: the addresses in their order, those inside groups included.
        complete: everything was understood; False means that there may be more, or others, than ``found`` shows.
        grouped: group syntax was used (RFC 5322 §3.4: ``name: a@example.org;``).
    """

    found: tuple[Address, ...] = ()
    complete: bool = True
    grouped: bool = False


def parse_address(text: str) -> Address | None:
    """One addr-spec as a person types it into the configuration; None when it is unfit for an SMTP command.

    The domain may be in any script and comes back in IDNA form. No name, brackets or comment may stand around it.
    """
    local, at, domain = text.rpartition("@")
    return _address(local, domain) if at else None


def read_addresses(text: str) -> AddressList:
    """Read an address list, as it stands in an unfolded From, To, Return-Path and so on. Any text gives a value."""
    usual = _USUAL.fullmatch(text)
    if usual is not None and len(text) <= MAX_ADDRESS_OCTETS and (usual[3] == ">") == ("<" in text):
        return AddressList((Address(usual[1], usual[2].lower()),))
    return read_any_addresses(text)


def read_sender(text: str) -> AddressList:
    """Read a From. A name that should have been quoted is passed over where nothing in it can be an address.

    Some programs write names from a directory as they stand. Other addresses than the one behind the name there are
    none in such a field: it holds a single @ (CVE-2023-27043 needs two).
    """
    read = read_addresses(text)
    if read.complete or text.count("@") != 1:
        return read
    bare, closed = without_comments(text)
    odd = _ODD_NAME.fullmatch(bare.strip()) if closed and text.count('"') % 2 == 0 else None
    address = _address(odd[2], odd[3].removesuffix(".")) if odd is not None else None
    return read if address is None else AddressList((address,))


def read_any_addresses(text: str) -> AddressList:
    """The long way: every shape that RFC 5322 allows, and what is none of them."""
    bare, complete = without_comments(text)
    tokens = [token for token in _TOKEN.findall(bare) if not token[0].isspace()]
    kinds = "".join(map(_kind, tokens))
    if tokens and kinds[-1] == "q" and not _CLOSED_QUOTE.fullmatch(tokens[-1]):
        kinds = kinds[:-1] + "x"
    return _read_elements(tokens, kinds, complete=complete)


def without_comments(text: str) -> tuple[str, bool]:
    """Take out RFC 5322 comments, nested ones too, but not what is in quotes.

    Returns:
        The text with a blank for each comment, and whether all were closed. From an unclosed one on, nothing is kept.
    """
    if "(" not in text:
        return text, True
    kept: list[str] = []
    at = 0
    for _ in range(MAX_COMMENTS + 1):
        stop = _end_of_plain(text, at)
        kept.append(text[at:stop])
        if stop == len(text):
            return " ".join(kept), True
        at = _comment_end(text, stop)
        if at < 0:
            break
    return " ".join(kept), False


def _end_of_plain(text: str, at: int) -> int:
    """Where the next comment starts; the end of the text when there is none, or a quote stays open."""
    plain = _UP_TO_COMMENT.match(text, at)
    stop = plain.end() if plain is not None else len(text)
    return len(text) if text[stop : stop + 1] == '"' else stop


def _comment_end(text: str, at: int) -> int:
    """The index behind the comment that opens at ``at``; -1 when it is never closed or nested too deep."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, at):
        match mark[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
            case _:
                continue
        if depth == 0:
            return mark.end()
        if depth > MAX_COMMENT_DEPTH:
            return -1
    return -1


_KINDS = {'"': "q"} | {special: special for special in "<>:;@,"} | dict.fromkeys("()[]\\", "x")


def _kind(token: str) -> str:
    if token[0] == "[" and len(token) > 1:
        return "l"
    return _KINDS.get(token[0], "a")


def _read_elements(tokens: list[str], kinds: str, *, complete: bool) -> AddressList:
    found: list[Address] = []
    in_group = grouped = False
    foreign = 0
    for count, element in enumerate(_ELEMENT.finditer(kinds)):
        if count > MAX_ELEMENTS:
            complete = False
            break
        start, end = element.span(1)
        match element[2]:
            case ":":
                # no group inside a group, and none without a name
                complete = complete and not in_group and _PHRASE.fullmatch(kinds, start, end) is not None
                in_group = grouped = True
                continue
            case ";":
                # outside a group some programs separate with it; what is meant is plain, but it is not the syntax
                complete, in_group = complete and in_group, False
            case _:
                pass
        if start == end:
            continue
        spec = _addr_spec(tokens, kinds, start, end)
        foreign += spec is not None and not spec[1].isascii()
        address = _address(*spec) if spec is not None and foreign <= MAX_FOREIGN_DOMAINS else None
        if address is None:
            complete = False
        else:
            found.append(address)
    return AddressList(tuple(found), complete and not in_group, grouped)


def _addr_spec(tokens: list[str], kinds: str, start: int, end: int) -> tuple[str, str] | None:
    """Local part and domain of one element: bare, or in angle brackets behind a name. A route is refused."""
    if _BARE.fullmatch(kinds, start, end):
        return tokens[start], tokens[start + 2]
    if not _ANGLE.fullmatch(kinds, start, end):
        return None
    local, domain = tokens[end - 4], tokens[end - 2]
    if "@" in kinds[start : end - 5]:
        # an address as its own name, unquoted, is common; another address there is a trick (CVE-2023-27043)
        name = "".join(tokens[start : end - 5]).strip("'")
        if name.lower() != f"{local}@{domain}".lower():
            return None
    return local, domain


def _address(local: str, domain: str) -> Address | None:
    local = _plain_local(local)
    domain = _domain(domain)
    if not domain or not _LOCAL.fullmatch(local) or not local.isprintable():
        return None
    address = Address(local, domain)
    return address if len(address.addr_spec.encode()) <= MAX_ADDRESS_OCTETS else None


def _plain_local(local: str) -> str:
    """Without its quotes. What cannot stand without them is refused afterwards: no person's address needs them."""
    return _QUOTED_PAIR.sub(r"\1", local[1:-1]) if _CLOSED_QUOTE.fullmatch(local) else local


def _domain(domain: str) -> str:
    """Lower-case A-labels, or an address literal; empty when it is neither."""
    if len(domain) > MAX_DOMAIN_LENGTH:
        return ""
    if not domain.isascii():
        domain = _a_labels(domain)
    domain = domain.lower()
    return domain if _DOMAIN.fullmatch(domain) or _LITERAL.fullmatch(domain) else ""


def _a_labels(domain: str) -> str:
    import idna  # on use: hardly any mail needs it

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return ""
