"""How subjects of automatic messages start and end, and what spam filters write in front. ``subjects.toml`` lists them.

Only starts and ends are compared: a person who quotes one writes "Re:" or their own words before it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib import resources
from itertools import chain, groupby
from typing import Final

_TABLE: Final[dict[str, dict[str, list[str]]]] = tomllib.loads(
    (resources.files("responder.core.rules") / "subjects.toml").read_text("utf-8")
)

STARTS: Final = tuple(chain.from_iterable(_TABLE["starts"].values()))
AWAY: Final = tuple(_TABLE["starts"]["away"])
ENDS: Final = tuple(chain.from_iterable(_TABLE["ends"].values()))

_KEY: Final = 3
"""Characters by which a start is looked up: none is shorter."""

_BY_KEY: Final[dict[str, tuple[str, ...]]] = {
    key: tuple(starts) for key, starts in groupby(sorted(STARTS), key=lambda start: start[:_KEY])
}

_TAG = re.compile(r"\[[^\]]{1,20}\]:? *")
"""What a receiving organisation puts in front of a subject that comes from outside, such as "[EXTERNAL]"."""

_ANSWER = re.compile(r"[^\W\d]{1,5}(?:\[\d+\]|\(\d+\))? ?[:\uff1a]")
"""``Re:``, ``AW:``, ``FW:``, ``Antw:``: what follows is another's subject."""

_MARK_AT_END = re.compile(r"[(\[]([^()\[\]]{3,40})[)\]]\Z")
_MARK_IN_ANSWER = re.compile(rf"{_ANSWER.pattern} ?[(\[]([^()\[\]]{{3,40}})[)\]]")

_SPAM_MARK = re.compile(
    r"[\[({*]{1,6} ?(?:probable |possible |suspected )?(?:spam|junk|phishing|virus)\b[^\])}*]{0,12}[\])}*]{1,6}",
    re.IGNORECASE,
)
"""``***SPAM***``, ``[SPAM]``, ``{Spam?}``: what filters put in front of a subject, and no person does."""

_FROM_A_NUMBER = re.compile(
    r"(?:new |missed )?(?:call|voice ?mail|voice message|sms|text message|fax)(?: message)? (?:from|von|d[ea]|van)"
    r" [+(]?\d|voice ?mail \(\d"
    r"|(?:neue )?(?:sprach)?(?:nachricht|anruf) von [+(]?\d[\d /()-]{4}"
    r"|(?:verpasster anruf|appel manqué|llamada perdida|chiamata persa|gemiste oproep)(?: von| de| da| van)? [+(]?\d"
)
"""What telephone systems call what they pass on, with the number; a person writes of a missed call without it."""

_FORM = re.compile(
    r"^new (?:entry|submission|message from)\b|\bform(?:ular)? (?:submission|entry|message)\b|\bcontact form\b"
    r"|kontaktformular|formulaire de contact|formulario de contacto|formulário de contato|modulo di contatto"
    r"|contactformulier|formularz kontaktowy|\b(?:from|via|über) (?:your|the|deine|ihre|die) web ?site\b",
    re.IGNORECASE,
)
"""The subjects that WPForms, Gravity Forms, Elementor and site builders give to what a visitor typed."""

_GOOGLE_INVITATION = re.compile(r"(?:updated )?invitation(?: from an unknown sender)?: .+ @ .+\d")


def is_automatic(subject: str) -> bool:
    """Whether a subject starts, ends, or as a whole looks, like one that a program wrote."""
    text = subject.lower() if subject.isascii() else unicodedata.normalize("NFC", subject).lower()
    tag = _TAG.match(text) if text.startswith("[") else None
    if _starts(text) or (tag is not None and _starts(text[tag.end() :])):
        return True
    return (text.endswith(ENDS) and not is_answer(text)) or _has_mark(text)


def _has_mark(text: str) -> bool:
    """Whether a mark of absence stands in brackets, at the end or behind ``Re:``: some programs put it there."""
    marks = (_MARK_AT_END.search(text), _MARK_IN_ANSWER.match(text))
    return any(mark is not None and mark[1].startswith(AWAY) for mark in marks)


def is_answer(subject: str) -> bool:
    """Whether it answers or forwards: what follows the mark is another's subject."""
    return _ANSWER.match(subject) is not None


def is_of_form(subject: str) -> bool:
    """Whether it is worded as what web forms send. People write so, too: it needs a stranger in Reply-To beside it."""
    return _FORM.search(subject) is not None


def is_marked_as_spam(subject: str) -> bool:
    """Whether a spam filter wrote its verdict in front of it."""
    return subject[:1] in "[({*" and _SPAM_MARK.match(subject) is not None


def _starts(text: str) -> bool:
    if text.startswith(_BY_KEY.get(text[:_KEY], ())):
        return True
    return _GOOGLE_INVITATION.match(text) is not None or _FROM_A_NUMBER.match(text) is not None
