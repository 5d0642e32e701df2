"""A line that the practice types itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from responder.core.reply.directory import ANYWHERE
from responder.core.reply.lines import CrisisLine, Text
from responder.core.reply.opening import read

_CALLABLE: Final = re.compile(r"[+*#(]?[0-9](?:[0-9 ()./*#-]{1,28}[0-9*#])")
_KEYWORD: Final = re.compile(r"[^\W_]{1,20}")
_UNFIT_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|\{[{%#]|[%#}]\}")


def own_line(
    name: str,
    audience: str,
    *,
    phone: str | None = None,
    sms_number: str | None = None,
    sms_keyword: str | None = None,
    hours: str | None = None,
    country: str = ANYWHERE,
    tel: str | None = None,
    zone: ZoneInfo | None = None,
) -> CrisisLine:
    """A line that the practice types itself.

    Args:
        name: what a reply calls it.
        audience: for whom it is; "anyone" when nobody is left out.
        phone: the number as dialled there.
        sms_number: where a text message goes.
        sms_keyword: the word that such a message starts with.
        hours: "24/7", "24 hours", "Mon-Fri 9:00-17:00"; what is not understood is printed as it was typed. Left out,
            the reply says that it may not be open.
        country: ISO 3166-1 code.
        tel: the phone number as a ``tel:`` URI.
        zone: in which the hours are meant.

    Raises:
        ValueError: one sentence with the reason and the fix.
    """
    words = re.findall(r"[^\W_]+", name.lower())
    line = CrisisLine(
        id="-".join(("own", *words)),
        country=country,
        name=name.strip(),
        kind="own",
        audience=re.sub(r"^for\s+", "", audience.strip(), flags=re.IGNORECASE),
        phone=phone,
        tel=tel,
        hours=read(hours) if hours else None,
        typed_hours=hours or "",
        zone=zone or ZoneInfo("UTC"),
        text=Text(sms_number, sms_keyword or "") if sms_number is not None else None,
        own=True,
    )
    return checked(line)


def checked(line: CrisisLine) -> CrisisLine:
    """An own line, if a reply can show it.

    Raises:
        ValueError: it lacks something, or would break the text.
    """
    if fault := next(_faults(line), None):
        name = _UNFIT_CHARACTERS.sub("?", line.name.strip())
        msg = f'crisis line "{name}": {fault}'
        raise ValueError(msg)
    return line


def _faults(line: CrisisLine) -> Iterator[str]:
    """What keeps an own line out of a reply, each with its fix."""
    if not line.own:
        yield "it is not marked as the practice's own; build it with own_line"
    if not line.name.strip():
        yield 'it has no name; add one, such as name = "County crisis team"'
    if not line.audience.strip():
        yield 'it does not say for whom it is; add for = "..." ("anyone" when nobody is left out)'
    for key, text in (("name", line.name), ("for", line.audience), ("hours", line.typed_hours)):
        if _UNFIT_CHARACTERS.search(text):
            yield f"its {key} holds a line break, a control character or template marks; write plain words on one line"
    if not (line.phone or line.text):
        yield "it has no number; add phone or sms_number"
    for key, number in (("phone", line.phone), ("sms_number", line.text.number if line.text else None)):
        if number is not None and not _CALLABLE.fullmatch(number):
            yield f"its {key} is not a number as one dials it; write digits and blanks only"
    if line.text is not None and line.text.keyword and not _KEYWORD.fullmatch(line.text.keyword):
        yield "its sms_keyword is not one word; write the word alone"
