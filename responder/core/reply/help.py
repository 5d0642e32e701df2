"""The ways to help as a reply shows them: each number alone on its line, below a sentence in each of its languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from responder.core.reply.lines import CrisisLine, HelpBlock
from responder.core.reply.template import TemplateError, tidy
from responder.core.reply.verify import site, ways
from responder.core.reply.words import Language

_HOURS = re.compile(r"(?P<days>daily|weekdays),? (?P<from>\d{1,2}(?::\d\d)?)-(?P<to>\d{1,2}(?::\d\d)?)")
_CLOCK_TIMES = re.compile(r"[\d\s:.,;/\u2013-]+(?:to[\d\s:.,;/\u2013-]+)*")
_DIALLED = re.compile(r"[^0-9*#+]")


@dataclass(frozen=True, slots=True)
class Way:
    """One number or address, and what leads to it.

    Attributes:
        leads: language code and sentence, for each language of the reply in its order.
        shown: as a person reads and dials it; alone on its line.
        link: what a tap on it does: ``tel:``, ``sms:`` or ``https:``.
    """

    leads: tuple[tuple[str, str], ...]
    shown: str
    link: str


@dataclass(frozen=True, slots=True)
class Help:
    """What stands for ``{{ help }}`` in the text of one language.

    Attributes:
        ways: empty below the first language, whose numbers stand above.
        about: whose the lines are and where they work.
        spaced: whether an empty line parts the two.
    """

    ways: tuple[Way, ...]
    about: str
    spaced: bool

    @property
    def text(self) -> str:
        """As plain text."""
        lines = [line for way in self.ways for line in (*(lead for _, lead in way.leads), way.shown)]
        return "\n".join([*lines, *([""] if self.spaced and lines else []), self.about])


@dataclass(frozen=True, slots=True)
class _SpokenLine:
    """A crisis line as a sentence takes it: what is not to be said is empty."""

    name: str
    keyword: str
    audience: str
    hours: str
    always: bool
    free: bool
    anything: bool
    answers_in: str


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the paragraph below the numbers speaks of; see ``templates/en/help.txt``."""

    national: int
    own: bool
    site: bool
    where: str


def help_in(languages: Sequence[Language], block: HelpBlock, style: str) -> tuple[Help, ...]:
    """The help for each language of a reply: the numbers for the first, with a sentence in each; above, for the others.

    Raises:
        TemplateError: nothing may be shown in this style.
    """
    discreet = style == "discreet"
    lines = _shown(block, discreet=discreet)
    listed = tuple(_ways(languages, block.emergency, lines, discreet=discreet))
    found: list[Help] = []
    for number, tongue in enumerate(languages):
        about = tidy(tongue.sentence("about", _facts(tongue, block.country, lines), discreet)).strip()
        if number:
            above = str(tongue.words["above_discreet" if discreet else "above"])
            about = " ".join(filter(None, (above, about)))
        found.append(Help(() if number else listed, about, spaced=not discreet))
    return tuple(found)


def bare_ways(block: HelpBlock, *, discreet: bool) -> tuple[Way, ...]:
    """The numbers with English words that are in no file: for the day on which no text can be read.

    Raises:
        TemplateError: nothing may be shown in this style.
    """
    emergency = ways(block.emergency)[0]
    who = " an ambulance" if block.emergency.police else ""
    found = [Way((("en", f"If anyone is in danger now, call{who}"),), emergency, _tel(block.emergency, emergency))]
    if block.emergency.police:
        found.append(Way((("en", "Or call the police"),), block.emergency.police, f"tel:{block.emergency.police}"))
    for line in _shown(block, discreet=discreet):
        if line.phone:
            found.append(Way((("en", "To talk to someone, call"),), line.phone, _tel(line, line.phone)))
        elif line.sms_number:
            word = f" with the word {line.sms_keyword}, and send it" if line.sms_keyword else ""
            found.append(Way((("en", f"Start a new text message{word} to"),), line.sms_number, _sms(line)))
        elif line.web:
            found.append(Way((("en", "To find someone to talk to, see"),), site(line.web), line.web))
    return tuple(found)


def _shown(block: HelpBlock, *, discreet: bool) -> list[CrisisLine]:
    """The lines that a style shows.

    Raises:
        TemplateError: there is none.
    """
    lines = [line for line in block.lines if not discreet or _may_go_unnamed(line)]
    if not block.lines:
        raise TemplateError("no crisis line is chosen; choose them with crisis.choose, which always finds one")
    if not lines:
        raise TemplateError(
            "the discreet reply names no service, so it shows only phone lines that are for anyone, and none is "
            'chosen; name one of the general lines, or add a [[crisis.line]] with a phone and for = "anyone"'
        )
    return lines


def _ways(
    languages: Sequence[Language], emergency: CrisisLine, lines: list[CrisisLine], *, discreet: bool
) -> Iterator[Way]:
    """The emergency number, then what takes calls, then what takes text messages, then web addresses."""
    several = len(languages) > 1

    def led(name: str, *arguments: object) -> tuple[tuple[str, str], ...]:
        return tuple((each.code, each.sentence(name, *arguments)) for each in languages)

    def led_by(name: str, line: CrisisLine, *, first: bool) -> tuple[tuple[str, str], ...]:
        return tuple(
            (t.code, t.sentence(name, _spoken(line, t, several=several, discreet=discreet), first)) for t in languages
        )

    number, ambulance = ways(emergency)[0], emergency.police is not None
    yield Way(led("emergency", discreet, ambulance), number, _tel(emergency, number))
    if emergency.police:
        yield Way(led("police"), emergency.police, f"tel:{emergency.police}")
    first = True
    for line in lines:
        if line.phone:
            name = "call_unnamed" if discreet else "call"
            yield Way(led_by(name, line, first=first), line.phone, _tel(line, line.phone))
            first = False
    for line in () if discreet else lines:
        if line.sms_number:
            yield Way(led_by("text", line, first=first), line.sms_number, _sms(line))
            first = False
    for line in lines:
        if line.web and not (line.phone or line.sms_number):
            yield Way(led("site", first), site(line.web), line.web)
            first = False


def _facts(tongue: Language, country: str, lines: list[CrisisLine]) -> _Facts:
    return _Facts(
        national=sum(1 for line in lines if not line.own and (line.phone or line.sms_number)),
        own=any(line.own for line in lines),
        site=any(not (line.phone or line.sms_number) for line in lines),
        where=str(tongue.words["countries"][country]),
    )


def _may_go_unnamed(line: CrisisLine) -> bool:
    """Whether a bare number misleads nobody: without a name nobody can tell for whom a line is."""
    return line.phone is not None and line.kind != "emergency" and (line.general or (line.own and line.for_anyone))


def _tel(line: CrisisLine, shown: str) -> str:
    """As the directory or a check of the number gives it; else as dialled: a short code has no country's prefix."""
    return line.tel or f"tel:{_DIALLED.sub('', shown)}"


def _sms(line: CrisisLine) -> str:
    """RFC 5724 §2.2: the keyword is the message's body."""
    number = quote(
        line.sms_tel.removeprefix("tel:") if line.sms_tel else _DIALLED.sub("", line.sms_number or ""), safe="+*"
    )
    return f"sms:{number}?body={line.sms_keyword}" if line.sms_keyword else f"sms:{number}"


def _spoken(line: CrisisLine, tongue: Language, *, several: bool, discreet: bool) -> _SpokenLine:
    words = tongue.words
    places = tongue.listed([str(words["subdivisions"].get(code, code)) for code in line.subdivisions])
    whom = _audience(line, tongue)
    audience = (
        str(words["for"]).format(whom=whom) if whom else "",
        str(words["in"]).format(places=places) if places else "",
    )
    spoken = [str(words["languages"][code]) for code in line.languages if code in words["languages"]]
    speaks_ours = any(each.lower().partition("-")[0] == tongue.code for each in line.languages)
    return _SpokenLine(
        name=str(words["names"].get(line.id, line.name)),
        keyword=line.sms_keyword or "",
        audience="; ".join(filter(None, audience)),
        hours=_hours_in_words(line, tongue, discreet=discreet),
        always=line.round_the_clock,
        free=line.free,
        anything=line.anything,
        answers_in="" if speaks_ours and not several else tongue.listed(spoken),
    )


def _audience(line: CrisisLine, tongue: Language) -> str:
    """For whom a line is: as its practice typed it, or the directory's wording in this language."""
    if line.for_anyone:
        return ""
    said = line.audience.strip() if line.own else line.audience.split(";")[0].strip()
    known = tongue.words["audiences"].get(line.id) or tongue.words["audiences"].get(said)
    if known is not None:
        return str(known)
    return said if line.own or tongue.code == "en" else str(tongue.words["some_people"])


def _hours_in_words(line: CrisisLine, tongue: Language, *, discreet: bool) -> str:
    """When a line answers, if not always: as its practice typed it, or what the directory is sure of.

    A discreet text shows of what was typed only clock times: words could say whose line it is.
    """
    if line.round_the_clock:
        return ""
    if line.own and line.hours and (not discreet or _CLOCK_TIMES.fullmatch(line.hours)):
        return line.hours
    match = _HOURS.fullmatch(line.hours or "")
    if match is None:
        return str(tongue.words["some_hours"])
    start, end = (clock if ":" in clock else f"{int(clock):02}:00" for clock in (match["from"], match["to"]))
    days = tongue.words["days"][match["days"]]
    return str(tongue.words["between"]).format_map({"days": days, "from": start, "to": end})
