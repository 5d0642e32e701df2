"""The crisis lines of the file: those it names, and its own; none that must not be shown, and always some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from responder.config import numbers, schema
from responder.config.ownwords import linted
from responder.config.problems import Findings, Loc, Problem
from responder.core import lint
from responder.core.reply import LANGUAGES
from responder.core.reply.choice import HelpPlan, choose
from responder.core.reply.directory import load
from responder.core.reply.freshness import Comparison
from responder.core.reply.help import VIOLENCE
from responder.core.reply.lines import CrisisLine
from responder.core.reply.own import own_line

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Plans:
    """What the replies of each mailbox show.

    Attributes:
        special: of the mailboxes that have a region of their own, by their index in the file.
    """

    usual: HelpPlan
    special: Mapping[int, HelpPlan]

    def of(self, index: int) -> HelpPlan:
        """That of one mailbox."""
        return self.special.get(index, self.usual)


def plans(
    practice: schema.Practice | None,
    table: schema.Crisis | None,
    mailboxes: Mapping[int, schema.Mailbox],
    findings: Findings,
    *,
    discreet: bool,
) -> Plans | None:
    """What every reply shows. A line that must not be shown is refused and left out: the others help without it."""
    if practice is None or table is None:
        return None
    own = _own_lines(practice, table, findings, discreet=discreet)
    regions = {index: box.region for index, box in mailboxes.items() if box.region not in (None, practice.region)}
    ids = _named(table, (practice.region, *filter(None, regions.values())), findings)
    also = [
        entry
        for index, entry in enumerate(table.also)
        if _try(findings.refusals, ("crisis", "also", index), choose, practice.region, also=[entry]) is not None
    ]
    if not discreet:
        _warn_of_violence(table, findings)

    def plan(region: str) -> HelpPlan:
        there = [line_id for line_id in ids if _fits(line_id, region)]
        return choose(
            region,
            ids=there or None,  # with none left, the region's general lines stand in for them
            own=own,
            also=[entry for entry in also if entry[:2].upper() != region[:2]],
            comparison=Comparison(table.compared_on),
        )

    return Plans(plan(practice.region), {index: plan(region) for index, region in regions.items() if region})


def _named(table: schema.Crisis, regions: Sequence[str], findings: Findings) -> list[str]:
    """The ids that some mailbox may show; the practice's region says what is wrong with the others."""
    found: list[str] = []
    for index, line_id in enumerate(table.lines or ()):
        loc: Loc = ("crisis", "lines", index)
        if any(_fits(line_id, region) for region in regions):
            found.append(line_id)
        else:
            _try(findings.refusals, loc, choose, regions[0], ids=[line_id])
    return found


def _fits(line_id: str, region: str) -> bool:
    try:
        choose(region, ids=[line_id])
    except ValueError:
        return False
    return True


def _warn_of_violence(table: schema.Crisis, findings: Findings) -> None:
    """Such a line in the mailbox of somebody who is watched can be what gives her away."""
    for key, entries in (("lines", table.lines or []), ("also", table.also)):
        for index, entry in enumerate(entries):
            country = entry[:2].upper()
            if any(line.id == entry and line.kind == VIOLENCE and not line.general for line in _known(country)):
                findings.look(
                    ("crisis", key, index),
                    "violence-at-home",
                    f'"{entry}" is a line about violence at home. In an ordinary reply it endangers a reader whose '
                    'mailbox is watched. Leave it out, or write style = "discreet" under [reply]',
                )


def _known(country: str) -> tuple[CrisisLine, ...]:
    try:
        return load(country)
    except ValueError:
        return ()


# The practice's own lines


def _own_lines(
    practice: schema.Practice, table: schema.Crisis, findings: Findings, *, discreet: bool
) -> list[CrisisLine]:
    found: list[CrisisLine] = []
    for index, typed in enumerate(table.line):
        loc: Loc = ("crisis", "line", index)
        line = _own_line(loc, typed, practice, findings)
        shown_as_typed = line is None or line.hours is None
        _look_at_words(loc, typed, next(iter(practice.languages), LANGUAGES[0]), findings, hours=shown_as_typed)
        if line is not None:
            found.append(_without_telling_hours(loc, line, practice, findings, discreet=discreet))
    return found


def _look_at_words(loc: Loc, line: schema.OwnLine, language: str, findings: Findings, *, hours: bool) -> None:
    """Its words are told and never cost the line: an awkward sentence helps, too. With hours shown as typed."""
    typed = (line.hours or "") if hours else ""
    for key, words in (("name", line.name), ("for", line.for_), ("hours", typed)):
        for found in linted(lint.lint_words, words, language=language, discreet=False):
            findings.look((*loc, key), found.rule, f'"{found.excerpt}": {found.reason} {found.cure}')


def _without_telling_hours(
    loc: Loc, line: CrisisLine, practice: schema.Practice, findings: Findings, *, discreet: bool
) -> CrisisLine:
    """A discreet reply shows a line's hours and not its name: hours that tell whose line it is are left out.

    Hours that are understood are not shown as they were typed.
    """
    if line.hours is not None:
        return line
    language = next(iter(practice.languages), LANGUAGES[0])
    for found in linted(
        lint.lint_words, line.typed_hours, language=language, discreet=discreet, practice_name=practice.name
    ):
        if found.refused:
            findings.refuse((*loc, "hours"), found.rule, f'"{found.excerpt}": {found.reason} {found.cure}')
            return replace(line, hours=None, typed_hours="")
    return line


def _own_line(loc: Loc, table: schema.OwnLine, practice: schema.Practice, findings: Findings) -> CrisisLine | None:
    """A line of the practice's own; refused when nobody can reach it."""
    country = (table.country or practice.region)[:2]
    line = _try(
        findings.refusals,
        loc,
        own_line,
        table.name,
        table.for_,
        phone=table.phone,
        sms_number=table.sms_number,
        sms_keyword=table.sms_keyword,
        hours=table.hours,
        country=country,
        zone=practice.time_zone,
    )
    if line is None:
        return None
    sms = line.text.number if line.text else None
    typed = {key: number for key, number in (("phone", line.phone), ("sms_number", sms)) if number}
    read = {key: _try(findings.refusals, (*loc, key), numbers.read, number, country) for key, number in typed.items()}
    for key, number in read.items():
        if number is None:
            return None
        if number.doubt:
            findings.look((*loc, key), "doubtful-number", number.doubt)
    phone, text = read.get("phone"), read.get("sms_number")
    return replace(
        line,
        tel=phone.tel if phone else None,
        text=replace(line.text, tel=text.tel) if line.text and text else line.text,
    )


def _try(problems: list[Problem], loc: Loc, make: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
    """What a core type's constructor makes, or None and a problem at its place."""
    try:
        return make(*args, **kwargs)
    except ValueError as error:
        problems.append(Problem(loc, "bad-crisis-line", str(error)))
        return None
