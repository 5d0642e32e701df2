"""The crisis lines of the file: those it names, and its own; none that must not be shown, and always some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

from responder.config import numbers, schema
from responder.config.ownwords import linted
from responder.config.problems import Findings, Loc, Problem
from responder.core import lint
from responder.core.reply import LANGUAGES
from responder.core.reply import directory as crisis
from responder.core.reply.lines import CrisisLine, HelpBlock

_P = ParamSpec("_P")
_T = TypeVar("_T")


def help_block(
    practice: schema.Practice | None, table: schema.Crisis | None, findings: Findings, *, discreet: bool
) -> HelpBlock | None:
    """What every reply shows. A line that must not be shown is refused and left out: the others help without it."""
    if practice is None or table is None:
        return None
    own = [_own_line(index, line, practice.region, findings) for index, line in enumerate(table.line)]
    for index, line in enumerate(table.line):
        _look_at_words(("crisis", "line", index), line, next(iter(practice.languages), LANGUAGES[0]), findings)
    ids = [
        line_id
        for index, line_id in enumerate(table.lines or ())
        if _try(findings.refusals, ("crisis", "lines", index), crisis.choose, practice.region, ids=[line_id])
        is not None
    ]
    return _try(
        findings.problems,
        ("crisis",),
        crisis.choose,
        practice.region,
        ids=ids or None,  # with none left, the region's general lines stand in for them
        own=[
            _without_telling_hours(("crisis", "line", index), line, practice, findings, discreet=discreet)
            for index, line in enumerate(own)
            if line is not None
        ],
        languages=practice.languages,
    )


def _look_at_words(loc: Loc, line: schema.OwnLine, language: str, findings: Findings) -> None:
    """Its words are told and never cost the line: whoever needs it is helped by an awkward sentence, too."""
    for key, words in (("name", line.name), ("for", line.for_), ("hours", line.hours or "")):
        for found in linted(lint.lint_words, words, language=language, discreet=False):
            findings.look((*loc, key), found.rule, f'"{found.excerpt}": {found.reason} {found.cure}')


def _without_telling_hours(
    loc: Loc, line: CrisisLine, practice: schema.Practice, findings: Findings, *, discreet: bool
) -> CrisisLine:
    """A discreet reply shows a line's hours and not its name: hours that tell whose line it is are left out."""
    language = next(iter(practice.languages), LANGUAGES[0])
    hours, name = line.hours or "", practice.name
    for found in linted(lint.lint_words, hours, language=language, discreet=discreet, practice_name=name):
        if found.refused:
            findings.refuse((*loc, "hours"), found.rule, f'"{found.excerpt}": {found.reason} {found.cure}')
            return replace(line, hours=None)
    return line


def _own_line(index: int, table: schema.OwnLine, region: str, findings: Findings) -> CrisisLine | None:
    """A line of the practice's own; refused when nobody can reach it."""
    loc, country = ("crisis", "line", index), region[:2]
    line = _try(
        findings.refusals,
        loc,
        crisis.own_line,
        table.name,
        table.for_,
        phone=table.phone,
        sms_number=table.sms_number,
        sms_keyword=table.sms_keyword,
        hours=table.hours,
        country=country,
    )
    if line is None:
        return None
    typed = {key: number for key, number in (("phone", line.phone), ("sms_number", line.sms_number)) if number}
    read = {key: _try(findings.refusals, (*loc, key), numbers.read, number, country) for key, number in typed.items()}
    for key, number in read.items():
        if number is None:
            return None
        if number.doubt:
            findings.look((*loc, key), "doubtful-number", number.doubt)
    phone, sms = read.get("phone"), read.get("sms_number")
    return replace(line, tel=phone.tel if phone else None, sms_tel=sms.tel if sms else None)


def _try(problems: list[Problem], loc: Loc, make: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
    """What a core type's constructor makes, or None and a problem at its place."""
    try:
        return make(*args, **kwargs)
    except ValueError as error:
        problems.append(Problem(loc, "bad-crisis-line", str(error)))
        return None
