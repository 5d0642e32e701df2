"""The ways to help as a reply shows them: each number alone on its line, below a sentence in each of its languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from responder.core.reply.lines import Abroad, Chat, CrisisLine, Deaf, HelpBlock, Printed, Reach, Text, When, site
from responder.core.reply.opening import ALL_DAYS, DAY, Hours, Range
from responder.core.reply.template import tidy
from responder.core.reply.words import Language

MAX_SHOWN_ADDRESS: Final = 60
"""Characters of a chat's address in the text part: a longer one is broken by the reader's mail program."""

MAX_RANGES: Final = 3
"""Hours of more stretches than this do not fit a sentence: it is said that the line is not always open."""

VIOLENCE: Final = "domestic-violence"
"""Kind of the lines that can betray their reader."""

MAX_LANGUAGES: Final = 4
"""Languages of a line that are named at most, but for English and the reader's own."""

_FROM_A_TELEPHONE: Final = re.compile(r"^anyone, from a ")
_DIALLED: Final = re.compile(r"[^0-9*#+]")
_CLOCK_TIMES: Final = re.compile(r"[\d\s:.,;/\u2013-]+(?:to[\d\s:.,;/\u2013-]+)*")


@dataclass(frozen=True, slots=True)
class Way:
    """One number or address, and what leads to it.

    Attributes:
        leads: language code and sentence, for each language of the reply in its order.
        shown: as a person reads and dials it; alone on its line.
        link: what a tap on it does: ``tel:``, ``sms:`` or ``https:``.
        after: what stands below it, as ``leads``.
        in_text: whether the plain text shows it, too.
    """

    leads: tuple[tuple[str, str], ...]
    shown: str
    link: str
    after: tuple[tuple[str, str], ...] = ()
    in_text: bool = True


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
        lines = [
            line
            for way in self.ways
            if way.in_text
            for line in (*(lead for _, lead in way.leads), way.shown, *(after for _, after in way.after))
        ]
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
    press: str
    press_short: str


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
        TemplateError: a built-in sentence holds what no text holds.
    """
    discreet = style == "discreet"
    listed = tuple(_Ways(languages, block, discreet=discreet).all())
    found: list[Help] = []
    for number, tongue in enumerate(languages):
        about = tidy(tongue.sentence("about", _facts(tongue, block), discreet)).strip()
        quiet = str(tongue.words["quiet"]) if block.is_quiet and block.lines else ""
        about = " ".join(filter(None, (quiet, about)))
        if number:
            above = str(tongue.words["above_discreet" if discreet else "above"])
            about = " ".join(filter(None, (above, about)))
        found.append(Help(() if number else listed, about, spaced=not discreet))
    return tuple(found)


def bare_ways(block: HelpBlock) -> tuple[Way, ...]:
    """The numbers with English words that are in no file: for the day on which no text can be read."""
    emergency = str(block.emergency.phone)
    who = " an ambulance" if block.emergency.police else ""
    found = [Way((("en", f"If anyone is in danger now, call{who}"),), emergency, _tel(block.emergency, emergency))]
    if block.emergency.police:
        found.append(Way((("en", "Or call the police"),), block.emergency.police, f"tel:{block.emergency.police}"))
    for each in block.all_lines:
        line = each.line
        if each.calls and line.phone:
            press = _first_key(line)
            then = f" (then press {press})" if press else ""
            found.append(Way((("en", f"To talk to someone, call{then}"),), line.phone, _tel(line, line.phone)))
        elif each.text:
            word = f" with the word {each.text.keyword}, and send it" if each.text.keyword else ""
            found.append(Way((("en", f"Start a new text message{word} to"),), each.text.number, _sms(each.text, "en")))
        elif each.is_directory and line.web:
            found.append(Way((("en", "To find someone to talk to, see"),), site(line.web), line.web))
    return tuple(found)


def hours_in_words(hours: Hours, tongue: Language) -> str:
    """``Monday to Friday, 9am to 5pm; Saturday, 10am to noon``."""
    if len(hours.ranges) > MAX_RANGES:
        return str(tongue.words["some_hours"])
    words = tongue.words["days"]
    return str(words["between_ranges"]).join(_range_in_words(each, words) for each in hours.ranges)


@dataclass(frozen=True, slots=True)
class _Voice:
    """In what a sentence is said, and beside what.

    Attributes:
        home: the practice's country.
        several: whether the reply has further languages.
    """

    tongue: Language
    home: str
    several: bool
    discreet: bool


class _Ways:
    """The ways of one reply, in the order in which it shows them."""

    def __init__(self, languages: Sequence[Language], block: HelpBlock, *, discreet: bool) -> None:
        self._languages = languages
        self._block = block
        self._discreet = discreet
        self._first = True
        several = len(languages) > 1
        self._voices = tuple(_Voice(each, block.country, several=several, discreet=discreet) for each in languages)

    def all(self) -> Iterator[Way]:
        """The emergency number, then what takes calls, text messages, chats, then directories; other countries last."""
        block = self._block
        yield from self._emergency()
        for each in block.lines:
            yield from self._calls(each)
        for each in block.lines:
            yield from self._written(each)
        for each in block.lines:
            if each.is_directory and each.line.web:
                yield Way(self._led("site", self._first), site(each.line.web), each.line.web)
                self._first = False
        for part in block.abroad:
            yield from self._abroad(part)

    def _led(self, name: str, *arguments: object) -> tuple[tuple[str, str], ...]:
        return tuple((each.code, each.sentence(name, *arguments)) for each in self._languages)

    def _led_by(
        self, name: str, each: Printed, said: When, way: Text | Chat | None = None
    ) -> tuple[tuple[str, str], ...]:
        first, self._first = self._first, False
        return tuple(
            (voice.tongue.code, voice.tongue.sentence(name, _spoken(each, voice, said, way), first))
            for voice in self._voices
        )

    def _emergency(self) -> Iterator[Way]:
        emergency, is_ambulance = self._block.emergency, self._block.emergency.police is not None
        number = str(emergency.phone)
        after = self._below_emergency()
        lead = self._led("emergency", self._discreet, is_ambulance)
        yield Way(lead, number, _tel(emergency, number), () if emergency.police else after)
        if emergency.police:
            yield Way(self._led("police"), emergency.police, f"tel:{emergency.police}", after)

    def _below_emergency(self) -> tuple[tuple[str, str], ...]:
        said = ((tongue.code, " ".join(self._about_emergency(tongue))) for tongue in self._languages)
        return tuple(each for each in said if each[1])

    def _about_emergency(self, tongue: Language) -> Iterator[str]:
        """From which telephone only; for people who cannot hear; and what it is for, where nothing else is shown."""
        block = self._block
        if _FROM_A_TELEPHONE.search(block.emergency.audience):
            only = str(tongue.words["for"]).format(whom=_audience(block.emergency, tongue))
            yield f"{only[0].upper()}{only[1:]}."
        if block.deaf is not None:
            yield _deaf_in_words(block.deaf, tongue)
        elif not block.lines:
            yield str(tongue.words["alone"]).format(where=tongue.words["countries"][block.country])

    def _calls(self, each: Printed) -> Iterator[Way]:
        """The line's number; then those that it has for single languages of the reply, below a sentence in these."""
        line, name = each.line, "call_unnamed" if self._discreet else "call"
        if not each.calls or line.phone is None:
            return
        leads = self._led_by(name, each, each.when)
        yield Way(leads, line.phone, _tel(line, line.phone), self._watched(line))
        for voice in self._voices:
            reach = line.reach_in(voice.tongue.code)
            if reach is not None and reach.phone is not None:
                sentence = voice.tongue.sentence(name, _spoken_apart(each, voice, reach), False)  # noqa: FBT003 - a macro takes no names
                yield Way(((voice.tongue.code, sentence),), reach.phone, f"tel:{_DIALLED.sub('', reach.phone)}")

    def _watched(self, line: CrisisLine) -> tuple[tuple[str, str], ...]:
        """Below a line about violence at home: somebody may look at the reader's telephone."""
        if line.kind != VIOLENCE or line.general:
            return ()
        return tuple((tongue.code, str(tongue.words["watched"])) for tongue in self._languages)

    def _written(self, each: Printed) -> Iterator[Way]:
        if each.text is not None:
            leads = self._led_by("text", each, each.text_when, each.text)
            yield Way(leads, each.text.number, _sms(each.text, self._languages[0].code))
        if each.chat is not None:
            shown = site(each.chat.url)
            is_short = len(shown) < MAX_SHOWN_ADDRESS and "?" not in shown
            leads = self._led_by("chat", each, each.chat_when, each.chat)
            yield Way(leads, shown, each.chat.url, in_text=is_short)

    def _abroad(self, part: Abroad) -> Iterator[Way]:
        if part.emergency is not None and part.emergency.phone is not None:
            number, police = part.emergency.phone, part.emergency.police
            leads = tuple(
                (each.code, each.sentence("emergency_in", each.words["countries"][part.country], police is not None))
                for each in self._languages
            )
            after = tuple((each.code, _deaf_in_words(part.deaf, each)) for each in self._languages if part.deaf)
            yield Way(leads, number, _tel(part.emergency, number), () if police else after)
            if police is not None:
                yield Way(self._led("police"), police, f"tel:{police}", after)
        for each in part.lines:
            yield from self._calls(each)
            yield from self._written(each)


def _facts(tongue: Language, block: HelpBlock) -> _Facts:
    lines = block.all_lines
    countries = dict.fromkeys((block.country, *(part.country for part in block.abroad)))
    return _Facts(
        national=sum(1 for each in lines if not each.line.own and (each.has_numbers or each.chat)),
        own=any(each.line.own for each in lines),
        site=any(each.is_directory for each in lines),
        where=tongue.listed([str(tongue.words["countries"][country]) for country in countries]),
    )


def _tel(line: CrisisLine, shown: str) -> str:
    """As the directory or a check of the number gives it; else as dialled: a short code has no country's prefix."""
    return line.tel or f"tel:{_DIALLED.sub('', shown)}"


def _sms(text: Text, language: str) -> str:
    """RFC 5724 §2.2: the keyword is the message's body."""
    number = quote(text.tel.removeprefix("tel:") if text.tel else _DIALLED.sub("", text.number), safe="+*")
    keyword = text.keyword_in(language)
    return f"sms:{number}?body={quote(keyword)}" if keyword else f"sms:{number}"


def _first_key(line: CrisisLine) -> str:
    """The key of a line that answers nobody without one: for a reader of another language the English one."""
    keys = {each.language: each.press for each in line.reach}
    if not keys or None in keys.values():
        return ""
    return str(keys.get("en") or next(iter(keys.values())))


def _spoken(each: Printed, voice: _Voice, said: When, way: Text | Chat | None) -> _SpokenLine:
    line, tongue, words = each.line, voice.tongue, voice.tongue.words
    reach = line.reach_in(tongue.code) if way is None else None
    press = (reach and reach.press) or (_first_key(line) if way is None and reach is None else "")
    answers = _answered_in(line, reach) if way is None else way.languages
    is_limited_here = reach is not None and reach.phone is None and _is_limited(reach)
    return _SpokenLine(
        name=str(words["names"].get(line.id, line.name)),
        keyword=way.keyword_in(tongue.code) if isinstance(way, Text) else "",
        audience=_audience_and_place(line, voice, is_written=way is not None),
        hours=_when_in_words(line, said, voice),
        always=said.always and not is_limited_here,
        free=each.free,
        anything=line.anything,
        answers_in="" if tongue.code in answers and not voice.several else _languages_in_words(answers, tongue),
        press=_press(words, press, reach) if press else "",
        press_short=_press_short(words, press, reach) if press else "",
    )


def _answered_in(line: CrisisLine, ours: Reach | None) -> tuple[str, ...]:
    """Languages of the number, the reader's own among them; none that it answers at some hours only."""
    return tuple(each.language for each in line.reach if each.phone is None and (each == ours or not _is_limited(each)))


def _spoken_apart(each: Printed, voice: _Voice, reach: Reach) -> _SpokenLine:
    """A number of its own for one language: nothing of its price or hours is known for sure."""
    words = voice.tongue.words
    return _SpokenLine(
        name=str(words["names"].get(each.line.id, each.line.name)),
        keyword="",
        audience=_audience_and_place(each.line, voice),
        hours="" if reach.hours is not None and reach.hours.always else str(words["may_be_closed"]),
        always=False,
        free=False,
        anything=False,
        answers_in=str(words["languages"].get(reach.language, "")),
        press=_press(words, reach.press, None) if reach.press else "",
        press_short=str(words["press_short"]).format(key=reach.press) if reach.press else "",
    )


def _press(words: Mapping[str, Any], key: str, reach: Reach | None) -> str:
    """The sentence; the hours of one language are never claimed, but that they are limited is said."""
    doubt = f" ({words['may_be_closed']})" if reach is not None and _is_limited(reach) else ""
    return str(words["press"]).format(key=f"{key}{doubt}")


def _press_short(words: Mapping[str, Any], key: str, reach: Reach | None) -> str:
    """The same inside brackets."""
    doubt = f"; {words['may_be_closed']}" if reach is not None and _is_limited(reach) else ""
    return str(words["press_short"]).format(key=key) + doubt


def _is_limited(reach: Reach) -> bool:
    return reach.hours is not None and not reach.hours.always


def _languages_in_words(codes: Sequence[str], tongue: Language) -> str:
    """Those that the language has words for, English among them; a few, for nobody reads a dozen."""
    known = [code for code in codes if code in tongue.words["languages"]]
    few = [code for code in known if code in known[:MAX_LANGUAGES] or code in ("en", tongue.code)]
    return tongue.listed([str(tongue.words["languages"][code]) for code in few])


def _audience_and_place(line: CrisisLine, voice: _Voice, *, is_written: bool = False) -> str:
    """For whom and where; a discreet text says of whom only from which telephone one may call."""
    tongue, words = voice.tongue, voice.tongue.words
    places = tongue.listed([str(words["subdivisions"].get(code, code)) for code in line.subdivisions])
    is_of_telephones = _FROM_A_TELEPHONE.search(line.audience) is not None
    is_unsaid = is_written if is_of_telephones else voice.discreet
    whom = "" if is_unsaid else _audience(line, tongue)
    abroad = line.country != voice.home and line.country in words["countries"]
    said = (
        str(words["for"]).format(whom=whom) if whom else "",
        str(words["in"]).format(places=places) if places else "",
        str(words["countries"][line.country]) if abroad else "",
    )
    return "; ".join(filter(None, said))


def _audience(line: CrisisLine, tongue: Language) -> str:
    """For whom a line is: as its practice typed it, or the directory's wording in this language."""
    if line.for_anyone:
        return ""
    said = line.audience.strip() if line.own else line.audience.split(";")[0].strip()
    known = tongue.words["audiences"].get(line.id) or tongue.words["audiences"].get(said)
    if known is not None:
        return str(known)
    return said if line.own or tongue.code == "en" else str(tongue.words["some_people"])


def _when_in_words(line: CrisisLine, said: When, voice: _Voice) -> str:
    """When a line answers, if not always; as its practice typed it where nobody here understands that.

    A discreet text shows of what was typed only clock times: words could say whose line it is.
    """
    typed = line.typed_hours if line.own and line.hours is None else ""
    if typed and (not voice.discreet or _CLOCK_TIMES.fullmatch(typed)):
        return typed
    if said.hours is not None:
        return hours_in_words(said.hours, voice.tongue)
    return str(voice.tongue.words["may_be_closed"]) if said.doubtful else ""


def _range_in_words(each: Range, words: Mapping[str, Any]) -> str:
    if (each.start, each.end) == (0, DAY):
        return str(words["all_day"]).format(days=_days_in_words(each.days, words))
    pattern = words["overnight" if each.is_overnight else "between"]
    return str(pattern).format_map(
        {
            "days": _days_in_words(each.days, words),
            "from": _clock_in_words(each.start, words),
            "to": _clock_in_words(each.end, words),
        }
    )


def _clock_in_words(minute: int, words: Mapping[str, Any]) -> str:
    named = words["clock"].get(f"{minute // 60:02}:{minute % 60:02}")
    if named is not None:
        return str(named)
    hour, rest = divmod(minute, 60)
    half = "am" if hour < 12 else "pm"  # noqa: PLR2004 - a clock face
    pattern = str(words["clock"]["minute" if rest else "hour"])
    return pattern.format(hour=hour, minute=rest, half_hour=(hour - 1) % 12 + 1, half=half)


def _days_in_words(days: tuple[int, ...], words: Mapping[str, Any]) -> str:
    """``every day``, ``Monday to Thursday``, ``Friday, Saturday``."""
    if days == ALL_DAYS:
        return str(words["daily"])
    names = words["names"]
    first, last = words.get("run_from", names), words.get("run_to", words.get("run_from", names))
    runs: list[list[int]] = []
    for day in _in_order(days):
        if runs and (runs[-1][-1] + 1) % 7 == day:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(
        str(words["run"]).format(first=first[run[0]], last=last[run[-1]])
        if len(run) > 2  # noqa: PLR2004 - two days are named, not spanned
        else ", ".join(str(names[day]) for day in run)
        for run in runs
    )


def _in_order(days: tuple[int, ...]) -> tuple[int, ...]:
    """From the day behind the gap: Sunday to Thursday, not Monday to Thursday and Sunday."""
    starts = [day for day in days if (day - 1) % 7 not in days]
    if 0 in days and 6 in days and starts:  # noqa: PLR2004 - Sunday
        first = starts[-1]
        return tuple(sorted(days, key=lambda day: (day - first) % 7))
    return days


def _deaf_in_words(deaf: Deaf, tongue: Language) -> str:
    """The sentence: ``Deaf or cannot speak: text 112.``."""
    words = tongue.words["deaf"]
    routes = [
        str(words[kind]).format(to=to)
        for kind, to in (("text", deaf.text), ("video", deaf.video), ("app", deaf.app), ("relay", deaf.relay))
        if to
    ]
    pattern = str(words["registered" if deaf.registered else "anyone"])
    return pattern.format(routes=f" {words['or']} ".join(routes))
