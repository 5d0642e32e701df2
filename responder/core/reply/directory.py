"""The directory of crisis lines, and which of them a reply shows.

The data is one TOML file per country beside this package, each entry with its sources, their dates and how far they
can be trusted. What is read is package data, once per country; nothing else is touched.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import cache
from importlib import resources
from typing import Any

from responder.core.reply.lines import CrisisLine, HelpBlock, Source

__all__ = ["ANYWHERE", "CrisisLine", "HelpBlock", "choose", "countries", "load", "own_line"]

ANYWHERE = "ZZ"
"""Stands for no country: the international directories (a code that ISO 3166-1 leaves to its users)."""

MAX_CALLS = 2
"""Phone lines chosen by default at most: whoever looks for a number in the dark should find it, not compare.

A reply in several languages may show one more for each further one: its readers look for theirs, and the only line
that one of them can talk to must not fall out because another's came first.
"""

_REGION = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")
_CALLABLE = re.compile(r"[+*#(]?[0-9](?:[0-9 ()./*#-]{1,28}[0-9*#])")
_KEYWORD = re.compile(r"[^\W_]{1,20}")
_UNFIT_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|\{[{%#]|[%#}]\}")
_SPEAKERS = re.compile(r"[\w-]+ speakers")
_LANGUAGES_IN_WORDS = {"english": "en"}
"""Languages that the directory spells out beside others that have no code there."""
_COMMON_MISTAKES = {"UK": "GB", "EN": "GB", "EL": "GR"}
_BUILT = {"languages", "subdivisions", "sources", "own"}
_AS_IT_STANDS = frozenset({field.name for field in fields(CrisisLine)} - _BUILT)


@cache
def countries() -> tuple[str, ...]:
    """Every country of the directory, by its ISO 3166-1 code, in alphabetical order."""
    files = (resources.files("responder.core.reply") / "countries").iterdir()
    stems = (file.name.removesuffix(".toml").upper() for file in files)
    return tuple(sorted(stem for stem in stems if _REGION.fullmatch(stem) and stem != ANYWHERE))


@cache
def load(country: str) -> tuple[CrisisLine, ...]:
    """All of one country's lines as the directory has them, fit to show or not, in the order of their rank.

    Raises:
        ValueError: the directory does not know the country.
    """
    if country not in (*countries(), ANYWHERE):
        raise ValueError(_unknown_country(country))
    text = (resources.files("responder.core.reply") / "countries" / f"{country.lower()}.toml").read_text(
        encoding="utf-8"
    )
    return tuple(sorted((_line(entry) for entry in tomllib.loads(text)["line"]), key=lambda line: line.rank))


def choose(
    region: str,
    *,
    ids: Sequence[str] | None = None,
    own: Sequence[CrisisLine] = (),
    languages: Sequence[str] = ("en",),
) -> HelpBlock:
    """The ways to help that a practice's replies show.

    The practice's own lines come first, then the lines it named (else the country's general ones: for each language of
    the reply the first that answers in it, one that answers anyone round the clock, and one text line). Whatever was
    named, a phone line for anyone at any hour stands among them where the country has one, and the international
    directory where it has none.

    Args:
        region: ISO 3166 code of a country or of one of its parts. A bare country is shown no line that is confined to
            a part of it: the person who writes may live in another.
        ids: directory ids to show instead of the general lines.
        own: the practice's own lines (see ``own_line``).
        languages: those of the reply, in order, by their ISO 639 codes.

    Raises:
        ValueError: one sentence with the reason and the cure.
    """
    region = region.strip().upper()
    country = _country(region)
    emergency = next(line for line in load(country) if line.kind == "emergency" and line.general)
    general = tuple(line for line in load(country) if _is_general(line, region))
    named = _by_default(general, languages) if ids is None else [_named(line_id, region, emergency) for line_id in ids]
    lines = list(dict.fromkeys((*map(_checked, own), *named)))
    if not any(map(_open_to_anyone_always, lines)):
        lines += [line for line in _always_there(general, languages) if line not in lines]
    return HelpBlock(country, emergency, tuple(lines))


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
) -> CrisisLine:
    """A line that the practice types itself.

    Args:
        name: what a reply calls it.
        audience: for whom it is; "anyone" when nobody is left out.
        phone: the number as dialled there.
        sms_number: where a text message goes.
        sms_keyword: the word that such a message starts with.
        hours: in words; "24/7" for round the clock. Left out, the reply says that it is not open at all hours.
        country: ISO 3166-1 code.
        tel: the phone number as a ``tel:`` URI.

    Raises:
        ValueError: one sentence with the reason and the cure.
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
        sms_number=sms_number,
        sms_keyword=sms_keyword,
        hours=hours,
        confidence="own",
        own=True,
    )
    return _checked(line)


def _country(region: str) -> str:
    match = _REGION.fullmatch(region)
    if match is None:
        msg = f'region "{region}" is not an ISO 3166 code; write a country as "GB", or a part of it as "GB-ENG"'
        raise ValueError(msg)
    if match[1] not in countries():
        raise ValueError(_unknown_country(match[1]))
    return match[1]


def _unknown_country(country: str) -> str:
    if meant := _COMMON_MISTAKES.get(country):
        return f'country "{country}" is not an ISO 3166 code; write "{meant}"'
    return f'the directory has no emergency number for "{country}"; it knows {", ".join(countries())}'


def _line(entry: dict[str, Any]) -> CrisisLine:
    plain = {key: value for key, value in entry.items() if key in _AS_IT_STANDS}
    return CrisisLine(
        **plain,
        languages=tuple(entry.get("languages", ())),
        subdivisions=tuple(re.split(r",\s*", entry["subdivision"])) if "subdivision" in entry else (),
        sources=tuple(Source(each["type"], each["url"], each.get("date", "")) for each in entry["sources"]),
    )


def _is_general(line: CrisisLine, region: str) -> bool:
    return line.general and line.is_fit and line.kind != "emergency" and _serves(line, region)


def _serves(line: CrisisLine, region: str) -> bool:
    return not line.subdivisions or region in line.subdivisions


def _open_to_anyone_always(line: CrisisLine) -> bool:
    """Never true of an own line, so that the national ones stay."""
    return line.phone is not None and line.round_the_clock and line.general


def _by_default(general: Sequence[CrisisLine], languages: Sequence[str]) -> list[CrisisLine]:
    """Phone lines for the reply's readers, one of them for any reader at any hour if it can be; and one text line."""
    by_phone = sorted((line for line in general if line.phone), key=lambda line: not line.round_the_clock)
    calls = _one_for_each(languages, by_phone)
    for line in by_phone:
        is_full = len(calls) >= MAX_CALLS and (not line.round_the_clock or any(each.round_the_clock for each in calls))
        if is_full or any(_helps_any_reader_always(each, languages) for each in calls):
            break
        if line not in calls:
            calls.append(line)
    texts = [line for line in general if line.sms_number and line.round_the_clock]
    return [*calls, *texts[:1]]


def _one_for_each(languages: Sequence[str], lines: Sequence[CrisisLine]) -> list[CrisisLine]:
    """The first line that answers in each language that any answers in."""
    found: list[CrisisLine] = []
    for language in languages:
        speaking = [line for line in lines if _answers_in(line, language)]
        if speaking and not any(line in found for line in speaking):
            found.append(speaking[0])
    return found


def _answers_in(line: CrisisLine, language: str) -> bool:
    """Whether it is known to; ``pt-BR`` is as good as ``pt`` to whoever calls."""
    known = {_LANGUAGES_IN_WORDS.get(each.lower(), each.lower()) for each in line.languages}
    return language.split("-", maxsplit=1)[0].lower() in known


def _helps_any_reader_always(line: CrisisLine, languages: Sequence[str]) -> bool:
    """Whether nobody who can read the reply is left out, at any hour: a line for French speakers serves its readers."""
    is_readers = _SPEAKERS.fullmatch(line.audience) is not None and any(_answers_in(line, each) for each in languages)
    return line.round_the_clock and (line.for_anyone or is_readers)


def _always_there(general: Sequence[CrisisLine], languages: Sequence[str]) -> list[CrisisLine]:
    """The country's first round-the-clock line for anyone, in the reply's language if there is one.

    Else the first international directory that is fit.
    """
    always = [line for line in general if _open_to_anyone_always(line)]
    if always:
        return [(_one_for_each(languages, always) or always)[0]]
    return [next(line for line in load(ANYWHERE) if line.is_fit)]


def _named(line_id: str, region: str, emergency: CrisisLine) -> CrisisLine:
    """The line that the practice asked for by its id.

    Raises:
        ValueError: there is none, or it must not be shown here.
    """
    known = {line.id: line for country in (_country(region), ANYWHERE) for line in load(country)}
    if line_id == emergency.id:
        msg = f'crisis line "{line_id}" need not be named: the emergency number is always shown; leave it out'
        raise ValueError(msg)
    line = known.get(line_id)
    if line is None:
        raise ValueError(_unknown_id(line_id, region, list(known)))
    if not line.is_fit:
        msg = (
            f'crisis line "{line_id}" is unverified and must not be shown; compare its number with the service\'s own '
            "page and add it as a [[crisis.line]] of your own"
        )
        raise ValueError(msg)
    if "-" in region and not _serves(line, region):
        msg = f'crisis line "{line_id}" serves {", ".join(line.subdivisions)}, not your region {region}; leave it out'
        raise ValueError(msg)
    return line


def _unknown_id(line_id: str, region: str, known: list[str]) -> str:
    country = line_id[:2].upper()
    if country != _country(region) and country in countries() and any(line.id == line_id for line in load(country)):
        return f'crisis line "{line_id}" works in {country}, not in your region {region}; leave it out'
    close = difflib.get_close_matches(line_id, known, n=1)
    cure = f'did you mean "{close[0]}"?' if close else f'see "responder crisis-lines {_country(region)}" for its ids'
    return f'the directory has no crisis line "{line_id}"; {cure}'


def _checked(line: CrisisLine) -> CrisisLine:
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
    """What keeps an own line out of a reply, each with its cure."""
    if not line.own:
        yield "it is not marked as the practice's own; build it with own_line"
    if not line.name.strip():
        yield 'it has no name; add one, such as name = "County crisis team"'
    if not line.audience.strip():
        yield 'it does not say for whom it is; add for = "..." ("anyone" when nobody is left out)'
    for key, text in (("name", line.name), ("for", line.audience), ("hours", line.hours or "")):
        if _UNFIT_CHARACTERS.search(text):
            yield f"its {key} holds a line break, a control character or template marks; write plain words on one line"
    if not (line.phone or line.sms_number):
        yield "it has no number; add phone or sms_number"
    for key, number in (("phone", line.phone), ("sms_number", line.sms_number)):
        if number is not None and not _CALLABLE.fullmatch(number):
            yield f"its {key} is not a number as one dials it; write digits and blanks only"
    if line.sms_keyword is not None and not _KEYWORD.fullmatch(line.sms_keyword):
        yield "its sms_keyword is not one word; write the word alone"
