"""A language's words: its texts, and the ways to help as its sentences say them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from responder.compose.template import TemplateError, tidy
from responder.compose.verify import site, ways

if TYPE_CHECKING:
    from collections.abc import Mapping

    from responder.model import CrisisLine, HelpBlock

LANGUAGES = ("en",)
"""Languages that have a text."""

_HOURS = re.compile(r"(?P<days>daily|weekdays),? (?P<from>\d{1,2}(?::\d\d)?)-(?P<to>\d{1,2}(?::\d\d)?)")


@dataclass(frozen=True, slots=True)
class Language:
    """One language's texts, compiled, and the words that they take."""

    texts: Mapping[str, jinja2.Template]
    words: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _SpokenLine:
    """A crisis line as a sentence takes it: what is not to be said is empty."""

    name: str
    number: str
    keyword: str
    audience: str
    hours: str
    always: bool
    free: bool
    answers_in: str
    say_name: bool


@cache
def language(code: str) -> Language:
    """Compiles a language's texts, once per process. They are ours: loops and filters are theirs to use."""
    directory = resources.files("responder") / "templates" / code
    environment = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, line_statement_prefix="%%")
    sources = {name: (directory / f"{name}.txt").read_text(encoding="utf-8") for name in (
        "ordinary", "discreet", "help-ordinary", "help-discreet"
    )}  # fmt: skip
    words = tomllib.loads((directory / "words.toml").read_text(encoding="utf-8"))
    return Language({name: environment.from_string(source) for name, source in sources.items()}, words)


def known_language(languages: tuple[str, ...]) -> str:
    """The language to write in.

    Raises:
        TemplateError: there is no text in one of them.
    """
    if unknown := [code for code in languages if code not in LANGUAGES]:
        raise TemplateError(f'there is no text in "{unknown[0]}" yet; choose from: {", ".join(LANGUAGES)}')
    return languages[0] if languages else LANGUAGES[0]


def time_in_words(time: timedelta, words: Mapping[str, Any]) -> str:
    """``three days``, ``36 hours``: rounded down, so that "at most once in" stays true."""
    hours = max(1, time // timedelta(hours=1))
    days, rest = divmod(hours, 24)
    if days > 1 and not rest:
        return str(words["periods"]["days"]).format(count=words["numbers"].get(str(days), days))
    return str(words["periods"]["hour" if hours == 1 else "hours"]).format(count=hours)


def help_text(texts: Language, block: HelpBlock, style: str) -> str:
    """The part that is the same in every reply: the numbers, whose they are and where they work.

    Raises:
        TemplateError: nothing may be shown in this style.
    """
    discreet = style == "discreet"
    lines = [line for line in block.lines if not discreet or _may_go_unnamed(line)]
    if not lines:
        raise TemplateError(
            "the discreet reply names no service, so it shows only phone lines that are for anyone, and none is "
            'chosen; name one of the general lines, or add a [[crisis.line]] with a phone and for = "anyone"'
        )
    national = sum(1 for line in lines if not line.own and (line.phone or line.sms_number))
    text = texts.texts[f"help-{style}"].render(
        emergency=ways(block.emergency)[0],
        calls=[_spoken(line, line.phone, texts.words) for line in lines if line.phone],
        texts=[_spoken(line, line.sms_number, texts.words) for line in lines if line.sms_number],
        sites=[site(line.web) for line in lines if line.web and not (line.phone or line.sms_number)],
        for_anything=any(line.phone and (line.general or line.for_anyone) for line in lines),
        national=national,
        has_own=any(line.own for line in lines),
        has_many=len(lines) > 1,
        where=texts.words["countries"].get(block.country, block.country),
    )
    return tidy(text).rstrip("\n")


def _may_go_unnamed(line: CrisisLine) -> bool:
    """Whether a bare number misleads nobody: without a name nobody can tell for whom a line is."""
    return line.phone is not None and line.kind != "emergency" and (line.general or (line.own and line.for_anyone))


def _spoken(line: CrisisLine, number: str | None, words: Mapping[str, Any]) -> _SpokenLine:
    places = _listed([words["subdivisions"].get(code, code) for code in line.subdivisions], words)
    whom = "" if line.for_anyone else words["audiences"].get(line.id, line.audience.split(";")[0].strip())
    audience = (
        str(words["for"]).format(whom=whom) if whom else "",
        str(words["in"]).format(places=places) if places else "",
    )
    tongues = [words["languages"][code] for code in line.languages if code in words["languages"]]
    speaks_ours = any(each.lower().startswith("en") for each in line.languages)
    return _SpokenLine(
        name=str(words["names"].get(line.id, line.name)),
        number=number or "",
        keyword=line.sms_keyword or "",
        audience="; ".join(filter(None, audience)),
        hours=_hours_in_words(line, words),
        always=line.round_the_clock,
        free=line.free,
        answers_in="" if speaks_ours else _listed(tongues, words),
        say_name=line.own or not line.general,
    )


def _listed(items: list[str], words: Mapping[str, Any]) -> str:
    """``one``, ``one and two``, ``one, two and three``."""
    return f" {words['and']} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def _hours_in_words(line: CrisisLine, words: Mapping[str, Any]) -> str:
    """When a line answers, if not always: as its practice typed it, or what the directory is sure of."""
    if line.round_the_clock:
        return ""
    if line.own and line.hours:
        return line.hours
    match = _HOURS.fullmatch(line.hours or "")
    if match is None:
        return str(words["some_hours"])
    start, end = (clock if ":" in clock else f"{int(clock):02}:00" for clock in (match["from"], match["to"]))
    return str(words["between"]).format_map({"days": words["days"][match["days"]], "from": start, "to": end})
