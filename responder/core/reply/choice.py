"""Which ways to help a reply shows, and in which order, at the moment at which it is composed.

What is asked for (``HelpPlan``) stands in the configuration; what is shown of it (``HelpBlock``) depends on the day,
by the age of the evidence, and on the hour, by what is open.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from responder.core.reply.directory import ANYWHERE, countries, emergency_of, load, unknown_country
from responder.core.reply.freshness import NOT_COMPARED, Comparison, Reading, day_of
from responder.core.reply.lines import Abroad, CrisisLine, Deaf, HelpBlock, Openness, Printed, when
from responder.core.reply.opening import Hours
from responder.core.reply.own import checked

MAX_CALLS: Final = 2
"""Phone lines chosen by default at most: somebody who looks for a number in the dark should find it, not compare.

A reply in several languages may show one more for each further one, and a part of a country one of its own: the only
line that a reader can talk to must not fall out because another's came first.
"""

SOON: Final = timedelta(hours=1)
"""A line that opens within this time is not moved behind one that is open."""

TALKS: Final = frozenset(("suicide-crisis", "emotional-support", "mental-health", "domestic-violence"))
"""Kinds of a general line that one calls to talk. The others refer people elsewhere, and are shown only when named."""

_REGION: Final = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")
_TELLING: Final = re.compile(r"suicid|zelfmoord|selvmord|sj[aä]lvmord|selbstmord|samob", re.IGNORECASE)
_WEEK: Final = 7 * 24


@dataclass(frozen=True, slots=True)
class Also:
    """Another country that the practice works in.

    Attributes:
        country: ISO 3166-1 code.
        lines: single lines of it; empty for its emergency number and its first general line.
    """

    country: str
    lines: tuple[CrisisLine, ...] = ()


@dataclass(frozen=True, slots=True)
class HelpPlan:
    """The ways to help that a practice asks for.

    Attributes:
        region: ISO 3166 code of a country or of one of its parts. A bare country is shown no line that is confined to
            a part of it: the person who writes may live in another.
        named: directory lines to show instead of the general ones; None for those.
        own: the practice's own lines.
        also: other countries.
        comparison: the day on which the practice compared them with the services' own pages.
    """

    region: str
    named: tuple[CrisisLine, ...] | None = None
    own: tuple[CrisisLine, ...] = ()
    also: tuple[Also, ...] = ()
    comparison: Comparison = NOT_COMPARED

    @property
    def country(self) -> str:
        """ISO 3166-1 code."""
        return self.region[:2]

    @property
    def candidates(self) -> tuple[CrisisLine, ...]:
        """Every line that may be shown at some moment, the emergency number first."""
        abroad = [
            line for part in self.also for line in (part.lines or (emergency_of(part.country), *_general(part.country)))
        ]
        home = (emergency_of(self.country), *self.own, *(self.named or ()), *_general(self.region))
        return tuple(dict.fromkeys((*home, *abroad)))

    def at(self, now: datetime, languages: Sequence[str] = ("en",), *, discreet: bool = False) -> HelpBlock:
        """What a reply shows that is composed at this moment.

        Args:
            now: aware.
            languages: those of the reply, in order, by their ISO 639 codes.
            discreet: no text message, no page, and only lines that may go unnamed.
        """
        return _Choice(self, now, tuple(languages), discreet=discreet).block()

    def week(
        self, now: datetime, languages: Sequence[str] = ("en",), *, discreet: bool = False
    ) -> Iterator[tuple[datetime, HelpBlock]]:
        """The same for every hour of the week that begins now."""
        start = now.astimezone(UTC).replace(minute=30, second=0, microsecond=0)
        for hour in range(_WEEK):
            at = start + timedelta(hours=hour)
            yield at, self.at(at, languages, discreet=discreet)

    def printed(self, now: datetime, languages: Sequence[str] = ("en",), *, discreet: bool = False) -> list[CrisisLine]:
        """Every line that replies show at some hour of the week, the emergency numbers of each country first."""
        found: dict[CrisisLine, None] = {}
        for _, block in self.week(now, languages, discreet=discreet):
            found |= dict.fromkeys((block.emergency, *(part.emergency for part in block.abroad if part.emergency)))
            found |= dict.fromkeys(each.line for each in block.all_lines)
        return sorted(found, key=lambda line: line.kind != "emergency")

    def show(self, line: CrisisLine, now: datetime) -> Printed | None:
        """One line as a reply shows it that is composed now; None when it may not be shown."""
        if line.status != "active" or line.kind == "emergency":
            return None
        choice = _Choice(self, now, (), discreet=False)
        return choice._printed(line) if line.own else choice._shown(line, self.region)

    def compared(self, comparison: Comparison) -> HelpPlan:
        """The same after a comparison."""
        return replace(self, comparison=comparison)

    def too_old(self, now: datetime) -> list[CrisisLine]:
        """Lines whose number has no fresh evidence: shown only for want of a better one, or not at all."""
        reading = Reading(day_of(now), self.comparison)
        asked = (*(self.named or ()), *(line for part in self.also for line in part.lines))
        shown = self.printed(now)
        return [
            line
            for line in dict.fromkeys((*asked, *shown))
            if line.kind != "emergency" and line.phone and not reading.is_fresh(line, "number")
        ]


def choose(
    region: str,
    *,
    ids: Sequence[str] | None = None,
    own: Sequence[CrisisLine] = (),
    also: Sequence[str] = (),
    comparison: Comparison = NOT_COMPARED,
) -> HelpPlan:
    """What a practice asks for.

    Args:
        region: see ``HelpPlan``.
        ids: directory ids to show instead of the general lines.
        own: the practice's own lines (see ``own_line``).
        also: other countries by their codes, or single ids of them.
        comparison: with the services' own pages.

    Raises:
        ValueError: one sentence with the reason and the fix.
    """
    region = region.strip().upper()
    country = _country(region)
    named = None if ids is None else tuple(dict.fromkeys(_named(line_id, region) for line_id in ids))
    parts = tuple(_also(entry, country) for entry in dict.fromkeys(also))
    return HelpPlan(region, named, tuple(dict.fromkeys(map(checked, own))), parts, comparison)


# -- one moment --------------------------------------------------------------------------------------------------------


class _Choice:
    """What is shown of a plan at one moment."""

    def __init__(self, plan: HelpPlan, now: datetime, languages: tuple[str, ...], *, discreet: bool) -> None:
        self._plan = plan
        self._now = now
        self._languages = languages
        self._discreet = discreet
        self._reading = Reading(day_of(now.astimezone(UTC)), plan.comparison)
        self._known: dict[int, Printed] = {}

    def block(self) -> HelpBlock:
        plan = self._plan
        emergency = emergency_of(plan.country)
        general = self._general(plan.region)
        own = [self._printed(line) for line in plan.own]
        named = (
            None if plan.named is None else [each for line in plan.named if (each := self._shown(line, plan.region))]
        )
        chosen = self._by_default(general) if named is None or (plan.named and not named) else named
        lines = self._of_style([*own, *chosen])
        if not any(_open_to_anyone_always(each) for each in lines):
            lines += [each for each in self._always_there(general) if each not in lines]
        return HelpBlock(
            plan.country,
            emergency,
            tuple(sorted(lines, key=self._is_closed_for_long)),
            None if self._discreet else _deaf(emergency),
            tuple(part for also in plan.also if (part := self._abroad(also, emergency)).lines or part.emergency),
            discreet=self._discreet,
        )

    def _of_style(self, lines: Iterable[Printed]) -> list[Printed]:
        """Discreet: only phone lines that mislead nobody without a name. Else a written way at one line only."""
        if self._discreet:
            return [_unwritten(each) for each in lines if each.calls and _may_go_unnamed(each.line)]
        found: list[Printed] = []
        for each in lines:
            is_second = each.calls and not each.line.own and any(other.text or other.chat for other in found)
            found.append(_unwritten(each) if is_second else each)
        return found

    # One line

    def _shown(self, line: CrisisLine, region: str) -> Printed | None:
        """A line as it may be printed today; None when it may not.

        A number without fresh evidence is printed only where the country has no fresher general line.
        """
        printed = self._printed(line)
        if printed.calls or printed.text or printed.chat or (line.country == ANYWHERE and line.web):
            return printed
        is_last_resort = line.phone is not None and "number" in line.supported and not self._has_fresh(region)
        return replace(printed, calls=True, openness=self._openness(line, line.hours)) if is_last_resort else None

    def _has_fresh(self, region: str) -> bool:
        """Whether the region has a general line with a fresh number to call: who can only call needs one."""
        return any(self._printed(line).calls for line in _general(region))

    def _printed(self, line: CrisisLine) -> Printed:
        """With what is fresh of it, and nothing else."""
        if id(line) not in self._known:  # two own lines may have the same name
            self._known[id(line)] = self._fresh_of(line)
        return self._known[id(line)]

    def _fresh_of(self, line: CrisisLine) -> Printed:
        fresh, has_hours = self._reading.is_fresh, self._reading.is_fresh(line, "hours")
        calls = line.phone is not None and fresh(line, "number")
        printed = Printed(
            line=line,
            openness=self._openness(line, line.hours),
            calls=calls,
            when=when(line.hours, fresh=has_hours),
            free=line.free and fresh(line, "free"),
            text=line.text if line.text is not None and fresh(line, "text") else None,
            text_when=when(line.text.hours if line.text else None, fresh=has_hours),
            chat=line.chat if line.chat is not None and fresh(line, "chat") else None,
            chat_when=when(line.chat.hours if line.chat else None, fresh=has_hours),
        )
        return printed if calls else self._written_only(printed)

    def _written_only(self, each: Printed) -> Printed:
        """Without its number."""
        return replace(each, calls=False, openness=self._written_openness(each))

    def _written_openness(self, each: Printed) -> Openness:
        ways = [way for way in (each.text, each.chat) if way is not None]
        return min((self._openness(each.line, way.hours) for way in ways), default=Openness.UNKNOWN)

    def _openness(self, line: CrisisLine, hours: Hours | None) -> Openness:
        if hours is None:
            return Openness.UNKNOWN
        return Openness.OPEN if hours.is_open(self._now.astimezone(line.zone)) else Openness.CLOSED

    def _is_closed_for_long(self, each: Printed) -> bool:
        hours = each.line.hours
        if each.openness is not Openness.CLOSED or each.is_directory:
            return False
        return hours is None or not hours.opens_within(self._now.astimezone(each.line.zone), SOON)

    # Several

    def _general(self, region: str) -> list[Printed]:
        """A region's general lines that may be printed today, in the order of their rank."""
        return [each for line in _general(region) if (each := self._shown(line, region)) is not None]

    def _by_default(self, general: Sequence[Printed]) -> list[Printed]:
        """Phone lines for the reply's readers, one for any of them at any hour if it can be; and a written way."""
        by_phone = sorted(
            (each for each in general if each.calls), key=lambda each: (bool(each.line.subdivisions), each.openness)
        )
        national = [each for each in by_phone if not each.line.subdivisions]
        calls = self._one_for_each(national)
        for each in national:
            is_full = len(calls) >= MAX_CALLS and (
                not each.line.round_the_clock or any(other.line.round_the_clock for other in calls)
            )
            if is_full or any(self._helps_any_reader_always(other) for other in calls):
                break
            if each not in calls:
                calls.append(each)
        calls += [each for each in by_phone if each.line.subdivisions][:1]
        return self._with_written_way(calls, general)

    def _with_written_way(self, calls: list[Printed], general: Sequence[Printed]) -> list[Printed]:
        """The first general line with text or chat shows it, one that is open before others; one for each language."""
        ways = self._written_ways(general)
        lines = [each if each in ways[:1] else _unwritten(each) for each in calls]
        apart = [each for each in ways if each not in calls or each != ways[0]]
        return [*lines, *(self._written_only(each) for each in apart)]

    def _written_ways(self, general: Sequence[Printed]) -> list[Printed]:
        """For each language of the reply one that may be answered in it; where there is none at all, any one."""
        ways = sorted(
            (each for each in general if each.text or each.chat),
            key=lambda each: (_tells(each), self._written_openness(each)),
        )
        found: list[Printed] = []
        for language in self._languages:
            ours = [each for each in ways if _may_be_written_in(each, language)]
            if ours and not any(each in found for each in ours):
                found.append(ours[0])
        return found or ways[:1]

    def _one_for_each(self, lines: Sequence[Printed]) -> list[Printed]:
        """The first line that answers in each language that any answers in."""
        found: list[Printed] = []
        for language in self._languages:
            speaking = [each for each in lines if each.line.reach_in(language) is not None]
            if speaking and not any(each in found for each in speaking):
                found.append(speaking[0])
        return found

    def _helps_any_reader_always(self, each: Printed) -> bool:
        """Whether nobody who can read the reply is left out, at any hour."""
        return each.line.round_the_clock and each.line.for_anyone

    def _always_there(self, general: Sequence[Printed]) -> list[Printed]:
        """The region's first round-the-clock line for anyone, in the reply's language if there is one.

        Else the first international directory; in the discreet style nothing, since its address would tell.
        """
        always = [_unwritten(each) for each in general if _open_to_anyone_always(each)]
        if always:
            return [(self._one_for_each(always) or always)[0]]
        if self._discreet:
            return []
        return [self._printed(next(line for line in load(ANYWHERE) if line.status == "active"))]

    def _abroad(self, also: Also, emergency: CrisisLine) -> Abroad:
        """Another country's emergency number, if it is another one, and its first line; or the lines asked for."""
        if also.lines:
            shown = [each for line in also.lines if (each := self._shown(line, also.country))]
            return Abroad(also.country, None, tuple(self._of_style(shown)))
        there = emergency_of(also.country)
        general = [_unwritten(each) for each in self._general(also.country) if each.calls]
        first = (self._one_for_each(general) or sorted(general, key=lambda each: each.openness))[:1]
        is_same = (there.phone, there.police) == (emergency.phone, emergency.police)
        lines = tuple(self._of_style(first))
        if is_same:
            return Abroad(also.country, None, lines)
        return Abroad(also.country, there, lines, None if self._discreet else _deaf(there))


def _general(region: str) -> list[CrisisLine]:
    return [line for line in load(region[:2]) if _is_general(line) and _serves(line, region)]


def _is_general(line: CrisisLine) -> bool:
    return line.general and line.status == "active" and line.kind in TALKS


def _serves(line: CrisisLine, region: str) -> bool:
    return not line.subdivisions or region in line.subdivisions


def _deaf(emergency: CrisisLine) -> Deaf | None:
    """The route, where anything but memory speaks for it."""
    deaf = emergency.deaf
    return deaf if deaf is not None and deaf.is_sayable and "deaf" in emergency.supported else None


def _may_go_unnamed(line: CrisisLine) -> bool:
    """Whether a bare number misleads nobody: without a name nobody can tell for whom a line is."""
    return line.kind != "emergency" and (line.general or (line.own and line.for_anyone))


def _open_to_anyone_always(each: Printed) -> bool:
    """Never true of an own line, so that the national ones stay."""
    return each.calls and each.line.round_the_clock and each.line.general


def _tells(each: Printed) -> bool:
    """Whether the address of its chat names the topic, which stays in the history of the reader's device."""
    return each.chat is not None and _TELLING.search(each.chat.url) is not None


def _may_be_written_in(each: Printed, language: str) -> bool:
    """Whether a way in writing may be answered in a language: where none is known, it may."""
    known = [way.languages for way in (each.text, each.chat) if way is not None]
    return any(not languages or language.partition("-")[0].lower() in languages for languages in known)


def _unwritten(each: Printed) -> Printed:
    return replace(each, text=None, chat=None)


# -- what is asked for -------------------------------------------------------------------------------------------------


def _country(region: str) -> str:
    match = _REGION.fullmatch(region)
    if match is None:
        msg = f'region "{region}" is not an ISO 3166 code; write a country as "GB", or a part of it as "GB-ENG"'
        raise ValueError(msg)
    if match[1] not in countries():
        raise ValueError(unknown_country(match[1]))
    return match[1]


def _named(line_id: str, region: str) -> CrisisLine:
    """The line that the practice asked for by its id.

    Raises:
        ValueError: there is none, or it must not be shown here.
    """
    line = _find(line_id, (_country(region), ANYWHERE))
    if line is None:
        raise ValueError(_unknown_id(line_id, region))
    if "-" in region and not _serves(line, region):
        msg = f'crisis line "{line_id}" serves {", ".join(line.subdivisions)}, not your region {region}; leave it out'
        raise ValueError(msg)
    return line


def _find(line_id: str, where: Iterable[str]) -> CrisisLine | None:
    """A line that may be shown.

    Raises:
        ValueError: it may not, with the reason.
    """
    line = next((line for country in where for line in load(country) if line.id == line_id), None)
    if line is None:
        return None
    if line.status != "active":
        raise ValueError(f'crisis line "{line_id}" is {line.status} and is not shown. {line.note} Name another one')
    if line.kind == "emergency" and line.general:
        msg = f'crisis line "{line_id}" need not be named: the emergency number is always shown; leave it out'
        raise ValueError(msg)
    return line


def _also(entry: str, home: str) -> Also:
    """Another country, or a single line of one.

    Raises:
        ValueError: there is none, or it is the practice's own country.
    """
    country = entry[:2].upper()
    if country == home:
        raise ValueError(f'"{entry}" is of your own country {home}; name its lines under lines = [...]')
    if len(entry) == len(country):
        return Also(_country(entry.upper()))
    line = _find(entry, (country,)) if country in countries() else None
    if line is None:
        msg = f'the directory has no country and no line "{entry}"; write a code such as "IE", or an id from there'
        raise ValueError(msg)
    return Also(country, (line,))


def _unknown_id(line_id: str, region: str) -> str:
    home, country = _country(region), line_id[:2].upper()
    if country in countries() and country != home and any(line.id == line_id for line in load(country)):
        return (
            f'crisis line "{line_id}" works in {country}, not in your region {region}; leave it out, or write it under '
            "also = [...] if you work there"
        )
    close = difflib.get_close_matches(line_id, [line.id for line in (*load(home), *load(ANYWHERE))], n=1)
    fix = f'did you mean "{close[0]}"?' if close else f'see "responder crisis-lines {home}" for its ids'
    return f'the directory has no crisis line "{line_id}"; {fix}'
