"""The MIME structure of a message: which parts it has, of which media types. No text is in it.

From a server's BODYSTRUCTURE, or from a saved message. Any input gives a value or None: a structure that cannot be read
is none, and costs nothing.

See Also:
    RFC 9051 §7.5.2 (BODYSTRUCTURE), RFC 2045 §5.1 (Content-Type).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

MAX_STRUCTURE_OCTETS = 64 * 1024
"""Of one structure. Ordinary mail has under 1 KB, a letter with thirty photographs some 10."""

MAX_PARTS = 200
MAX_DEPTH = 20
"""Parts, and parts in parts, that are read."""

_TOKEN = re.compile(rb'\s*+(?:(\()|(\))|"((?:[^"\\]++|\\.)*+)"|\{(\d{1,6})\+?\}\r?\n|([^\s()"]++))', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)

Value = bytes | None | list["Value"]
"""A string or an atom, NIL, or a parenthesised list."""


@dataclass(frozen=True, slots=True)
class Structure:
    """One part of a message, with those inside it.

    Attributes:
        kind: media type and subtype in lower case, such as "multipart/mixed".
        parameters: of Content-Type, their names in lower case.
        parts: of a multipart. What is inside an attached message is not looked at.
    """

    kind: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    parts: tuple[Structure, ...] = ()

    def walk(self) -> Iterator[Structure]:
        """This part, and every one inside it, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()


def from_bodystructure(answer: bytes) -> Structure | None:
    """Read what stands behind BODYSTRUCTURE in a FETCH answer; None when it cannot be read.

    Args:
        answer: the parenthesised list, literals included.
    """
    if len(answer) > MAX_STRUCTURE_OCTETS:
        return None
    try:
        return _part(_value(answer), 0)
    except (ValueError, TypeError, IndexError, StopIteration):
        return None


def _value(answer: bytes) -> Value:
    """The nested lists, read without recursion."""
    stack: list[list[Value]] = [[]]
    at = 0
    while len(stack) > 1 or not stack[0]:
        token = _TOKEN.match(answer, at)
        if token is None or len(stack) > 3 * MAX_DEPTH:
            msg = "not a list"
            raise ValueError(msg)
        at = token.end()
        opened, closed, quoted, size, atom = token.groups()
        if opened:
            stack.append([])
        elif closed:
            done = stack.pop()
            stack[-1].append(done)
        elif size is not None:
            stack[-1].append(answer[at : at + int(size)])
            at += int(size)
        elif quoted is not None:
            stack[-1].append(_ESCAPED.sub(rb"\1", quoted))
        else:
            stack[-1].append(None if atom.upper() == b"NIL" else atom)
    return stack[0][0]


def _part(value: Value, depth: int) -> Structure:
    if not isinstance(value, list) or not value or depth > MAX_DEPTH:
        msg = "not a part"
        raise ValueError(msg)
    if isinstance(value[0], list):
        count = next(n for n, one in enumerate(value) if not isinstance(one, list))
        parts = tuple(_part(one, depth + 1) for one in value[: min(count, MAX_PARTS)])
        parameters = value[count + 1] if len(value) > count + 1 else None
        return Structure(f"multipart/{_text(value[count])}", _parameters(parameters), parts)
    return Structure(f"{_text(value[0])}/{_text(value[1])}", _parameters(value[2]))


def _text(value: Value) -> str:
    if not isinstance(value, bytes):
        msg = "not a string"
        raise TypeError(msg)
    return value.decode("latin-1").lower()


def _parameters(value: Value) -> Mapping[str, str]:
    if not isinstance(value, list):
        return {}
    pairs: Sequence[Value] = value
    return {_text(name): _text(of) for name, of in zip(pairs[::2], pairs[1::2], strict=False) if of is not None}


def from_message(content: bytes) -> Structure | None:
    """The structure of a whole saved message; None when there is no body, as in a saved header block."""
    if b"\n\n" not in content.replace(b"\r\n", b"\n").rstrip(b"\n"):
        return None
    return _of(BytesParser(policy=compat32).parsebytes(content[: 64 * MAX_STRUCTURE_OCTETS]), 0)


def _of(message: Message, depth: int) -> Structure:
    parameters = {name.lower(): str(value).lower() for name, value in message.get_params([], unquote=True)[1:]}
    parts: tuple[Structure, ...] = ()
    payload = message.get_payload()
    if message.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < MAX_DEPTH:
        parts = tuple(_of(part, depth + 1) for part in payload[:MAX_PARTS] if isinstance(part, Message))
    return Structure(message.get_content_type(), parameters, parts)
