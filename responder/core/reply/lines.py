"""One line of the crisis directory, what is known of it and since when, and what a reply shows of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import IntEnum
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from responder.core.reply.opening import Hours

Claim = Literal["number", "hours", "free", "language", "text", "chat", "deaf", "status"]
Status = Literal["active", "paused", "ended"]

_ANYONE: Final = re.compile(r"(?:anyone|everyone|anybody)(?:, in \w+)?", re.IGNORECASE)
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One text that says something of a line.

    Attributes:
        claims: what it says something of.
        kind: "own", "gov", "sec", "list" or "memory" (docs/crisis-lines.md says what each means).
        seen: "read", "quoted", "earlier", "metadata" or "memory".
        where: address or name of the text.
        date: of the text, not of the reading; None when it has none.
        about: the date is a guess.
    """

    claims: tuple[str, ...]
    kind: str
    seen: str
    where: str
    date: date | None = None
    about: bool = False

    @property
    def is_memory(self) -> bool:
        """Whether nobody read it anywhere."""
        return "memory" in (self.kind, self.seen)


@dataclass(frozen=True, slots=True)
class Reach:
    """How a line is reached in one language: at its number, or by a key or a number of its own."""

    language: str
    press: str | None = None
    phone: str | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A number that takes text messages.

    Attributes:
        keyword: the word that a first message holds.
        keywords: another word by language.
        hours: None when they are not known.
        languages: none when they are not known.
        tel: of an own line, the number as a ``tel:`` URI.
    """

    number: str
    keyword: str = ""
    keywords: tuple[tuple[str, str], ...] = ()
    hours: Hours | None = None
    languages: tuple[str, ...] = ()
    tel: str | None = None

    def keyword_in(self, language: str) -> str:
        """The word for a language; empty where none is needed."""
        return dict(self.keywords).get(language, self.keyword)


@dataclass(frozen=True, slots=True)
class Chat:
    """A page to write to somebody who answers at once."""

    url: str
    hours: Hours | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deaf:
    """The written or video route to an emergency number.

    Attributes:
        how: all of it, in English.
        text: a number that takes text messages.
        app: an app's name.
        video: the site of a video relay.
        relay: a text relay.
        registered: only those reach it who registered before.
    """

    how: str
    url: str = ""
    text: str = ""
    app: str = ""
    video: str = ""
    relay: str = ""
    registered: bool = False

    @property
    def is_sayable(self) -> bool:
        """Whether it fits a line of a reply."""
        return bool(self.text or self.app or self.video or self.relay)


@dataclass(frozen=True, slots=True)
class CrisisLine:
    """One way to reach a helping service, as the directory or the practice describes it.

    Attributes:
        country: ISO 3166-1 code in upper case; "ZZ" for what is not bound to a country.
        kind: "emergency", "suicide-crisis", "emotional-support", "mental-health", "domestic-violence", ...
        audience: for whom, in words.
        status: only an active line is ever shown.
        subdivisions: ISO 3166-2 codes it is confined to; empty when it serves the whole country.
        phone: as dialled there, spaced for reading.
        tel: the same as a ``tel:`` URI.
        police: of an emergency number that is the ambulance's only: that of the police.
        hours: as last known, however long ago; None when they never were.
        typed_hours: of an own line, as the practice typed them.
        zone: in which the hours are said.
        reach: by language; empty when nothing is known.
        free: the directory says that the call costs nothing. False means that it does not say so.
        anything: calls about anything are welcome, not only when life is at risk.
        general: fit for anyone who writes.
        rank: order within the country, 1 first.
        own: added by the practice.
        dated: for each claim, the date of the newest evidence that may keep it fresh.
        supported: claims that anything but memory speaks for, dated or not.
    """

    id: str
    country: str
    name: str
    kind: str
    audience: str
    status: Status = "active"
    subdivisions: tuple[str, ...] = ()
    phone: str | None = None
    tel: str | None = None
    police: str | None = None
    hours: Hours | None = None
    typed_hours: str = ""
    zone: ZoneInfo = _UTC
    reach: tuple[Reach, ...] = ()
    text: Text | None = None
    chat: Chat | None = None
    deaf: Deaf | None = None
    web: str | None = None
    free: bool = False
    anything: bool = False
    note: str = ""
    general: bool = False
    rank: int = 0
    own: bool = False
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)
    dated: Mapping[str, date] = field(init=False, repr=False, compare=False, hash=False)
    supported: frozenset[str] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        dated: dict[str, date] = {}
        supported: set[str] = set()
        for each in self.evidence:
            if each.is_memory:
                continue
            supported.update(each.claims)
            if each.date is not None and not each.about:
                for claim in each.claims:
                    dated[claim] = max(each.date, dated.get(claim, each.date))
        object.__setattr__(self, "dated", MappingProxyType(dated))
        object.__setattr__(self, "supported", frozenset(supported))

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that it answers in, by their ISO 639 codes."""
        return tuple(each.language for each in self.reach)

    @property
    def round_the_clock(self) -> bool:
        """Whether it was last known to answer at every hour."""
        return self.hours is not None and self.hours.always

    @property
    def for_anyone(self) -> bool:
        """Whether nobody is outside its audience; of a line for a part of the country, nobody who is there."""
        said = self.audience if self.own else self.audience.split(";")[0]
        return bool(_ANYONE.fullmatch(said.strip())) or (self.general and bool(self.subdivisions))

    def reach_in(self, language: str) -> Reach | None:
        """How it is reached in a language; ``pt-BR`` is as good as ``pt`` on the phone."""
        code = language.partition("-")[0].lower()
        return next((each for each in self.reach if each.language == code), None)

    @property
    def fingerprint(self) -> str:
        """What stands for all that is printed of it: 16 hex digits that change when any of that does."""
        said = [(each.name, getattr(self, each.name)) for each in fields(self) if each.name not in _NOT_PRINTED]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


_NOT_PRINTED: Final = frozenset(("status", "rank", "note", "evidence", "dated", "supported"))


class Openness(IntEnum):
    """Whether a line is open at a moment, as last known; in the order in which lines are shown."""

    OPEN = 0
    UNKNOWN = 1
    CLOSED = 2


@dataclass(frozen=True, slots=True)
class When:
    """What a reply says of a way's hours; at most one of the three.

    Attributes:
        hours: they are limited, and known well enough to be printed.
        always: "day or night" may be claimed.
        doubtful: "it may not be open at this hour": the hours are limited, or never were known.
    """

    hours: Hours | None = None
    always: bool = False
    doubtful: bool = False


def when(known: Hours | None, *, fresh: bool) -> When:
    """What is said of hours. Nothing of those last known as round the clock, once that is too old to be claimed.

    Args:
        known: as last known, however long ago.
        fresh: whether their evidence is.
    """
    if known is None:
        return When(doubtful=True)
    if known.always:
        return When(always=fresh)
    return When(hours=known) if fresh else When(doubtful=True)


@dataclass(frozen=True, slots=True)
class Printed:
    """A line as a reply shows it on one day, at one moment: claims without fresh evidence are gone.

    Attributes:
        openness: of what is shown of it, as last known.
        calls: whether the number is shown.
        when: hours of the number.
        free: "free" may be claimed.
        text: shown; None when it is not.
        text_when: hours of ``text``.
        chat: shown; None when it is not.
        chat_when: hours of ``chat``.
    """

    line: CrisisLine
    openness: Openness
    calls: bool
    when: When
    free: bool = False
    text: Text | None = None
    text_when: When = When()
    chat: Chat | None = None
    chat_when: When = When()

    @property
    def has_numbers(self) -> bool:
        """Whether a number of it is shown, to call or to text."""
        return self.calls or self.text is not None

    @property
    def is_directory(self) -> bool:
        """Whether only its page is shown, where one finds others."""
        return not self.has_numbers and self.chat is None


@dataclass(frozen=True, slots=True)
class Abroad:
    """What a reply shows for another country that the practice works in.

    Attributes:
        emergency: None where the number is the same as at home, or only single lines were asked for.
        deaf: its written or video route.
    """

    country: str
    emergency: CrisisLine | None
    lines: tuple[Printed, ...]
    deaf: Deaf | None = None


@dataclass(frozen=True, slots=True)
class HelpBlock:
    """The ways to help that a reply shows at one moment.

    Attributes:
        country: ISO 3166-1 code.
        emergency: always shown, first.
        lines: in the order to show; none only in the discreet style, where the country has none to call.
        deaf: the emergency number's written or video route.
        abroad: for other countries, below the rest.
        discreet: whether it is for that style, in which the emergency number may stand alone.
    """

    country: str
    emergency: CrisisLine
    lines: tuple[Printed, ...]
    deaf: Deaf | None = None
    abroad: tuple[Abroad, ...] = ()
    discreet: bool = False

    @property
    def all_lines(self) -> tuple[Printed, ...]:
        """Those of every country."""
        return (*self.lines, *(line for part in self.abroad for line in part.lines))

    @property
    def is_quiet(self) -> bool:
        """Whether no line that it shows is known to be open at this moment."""
        return not any(each.openness is Openness.OPEN for each in self.all_lines)

    @property
    def leads_to(self) -> tuple[str, ...]:
        """What is surely there at this moment, as a person types it: the emergency number, then directories."""
        sites = [each.line.web for each in self.lines if each.line.web and each.is_directory]
        return (str(self.emergency.phone), *(site(address) for address in sites))


def site(web: str) -> str:
    """An address as people type it, without what a browser adds."""
    return web.removeprefix("https://").removeprefix("www.").rstrip("/")
