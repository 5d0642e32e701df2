"""From tables that are each readable to one configuration that holds together, in core types.

What only shows when tables meet is checked here: one address in two mailboxes, a template without a way to help, hours
that run into the next day's. Every check goes on with whatever could be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from responder import crisis, lint
from responder.compose import LANGUAGES, Composer
from responder.compose.words import language
from responder.config import mailboxes, models, numbers, week
from responder.config.problems import Problem
from responder.config.replies import replies
from responder.config.values import Config, HolidayConfig, MailboxConfig, ReplyConfig
from responder.pipeline import Pipeline
from responder.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from responder.compose import ReplySettings
    from responder.config.problems import Findings, Loc
    from responder.config.replies import Replies
    from responder.model import CrisisLine, HelpBlock
    from responder.schedule import Schedule

_P = ParamSpec("_P")
_T = TypeVar("_T")

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class Sections:
    """The tables of one file; None, or absent by its index, where one could not be read."""

    practice: models.Practice | None
    hours: models.Hours | None
    closures: Mapping[int, models.Closure]
    openings: Mapping[int, models.Opening]
    holidays: models.Holidays | None
    crisis: models.Crisis | None
    reply: models.Reply | None
    rates: models.Rates | None
    contact_forms: Mapping[int, models.ContactForm]
    mailboxes: Mapping[int, models.Mailbox]


def build(path: Path, sections: Sections, findings: Findings) -> Config | None:
    """The configuration, or None when a table that it needs is missing or something is wrong with it.

    Args:
        path: the file.
        sections: its tables.
        findings: whatever is found is added.
    """
    problems = findings.problems
    hours = week.Week(sections.hours, sections.closures, sections.openings)
    schedule = week.practice_schedule(sections.practice, hours, problems)
    own_schedules = _own_schedules(schedule, sections.mailboxes, problems)
    holidays = _holidays(path, sections.holidays, problems)
    said = _replies(path, sections, findings)
    accounts = mailboxes.accounts(path, sections.mailboxes, sections.contact_forms, problems)
    practice, reply = sections.practice, sections.reply
    if schedule is None or said is None or practice is None or reply is None or sections.crisis is None or problems:
        return None
    boxes = tuple(
        MailboxConfig(
            address=account.rules.address,
            name=account.rules.address.identity,
            folder=account.folder,
            imap=account.imap,
            smtp=account.smtp,
            username=account.username,
            password=account.password,
            rules=account.rules,
            reply=said.of(account.index),
            schedule=own_schedules.get(account.index, schedule),
        )
        for account in accounts
    )
    return Config(
        path=path,
        practice_name=practice.name,
        zone=practice.time_zone,
        region=practice.region,
        languages=tuple(practice.languages),
        schedule=schedule,
        reply=ReplyConfig(reply.style, reply.max_age, reply.floor, reply.repeat_after, reply.approved),
        rates=_rates(sections.rates or models.Rates()),
        mailboxes=boxes,
        compared_on=sections.crisis.compared_on,
        holidays=holidays,
        remarks=tuple(_remarks(boxes)),
    )


def pipeline_of(config: Config, mailbox: MailboxConfig) -> Pipeline:
    """What deciding and composing for one mailbox needs."""
    return Pipeline(
        rules=mailbox.rules,
        schedule=mailbox.schedule,
        composer=Composer(mailbox.reply),
        max_age=config.reply.max_age,
        floor=config.reply.floor,
        repeat_after=config.reply.repeat_after,
        discreet=mailbox.reply.style == "discreet",
        rates=config.rates,
    )


def _rates(table: models.Rates) -> Rates:
    return Rates(
        per_correspondent=table.per_sender,
        unauthenticated=table.unauthenticated,
        authenticated=table.authenticated,
        per_domain=table.per_domain,
        contact_form=table.contact_forms,
        breaker=table.breaker,
    )


def _remarks(boxes: tuple[MailboxConfig, ...]) -> Iterator[str]:
    for number, box in enumerate(boxes, 1):
        if box.rules.authserv_id is not None:
            continue
        yield (
            f"mailbox {number}: no authserv_id, so forged senders are not told from real ones. Write whose "
            "Authentication-Results to believe, as the mailbox's own mail shows it"
        )
        if box.rules.trust_reply_to:
            yield (
                f"mailbox {number}: no authserv_id, so trust_reply_to does nothing: nobody can tell whether a message "
                "is really from there. Write whose Authentication-Results to believe"
            )
        if any(form.host is None for form in box.rules.contact_forms):
            yield (
                f"mailbox {number}: no authserv_id, so no [[contact_form]] can be told from whoever pretends to be it, "
                "and gets no reply. Write whose Authentication-Results to believe"
            )
    for name in sorted({name for box in boxes for name in _drafts(box.reply)}):
        yield f"the {name} words are a draft: no clinician and no native speaker has signed them yet"


def _drafts(settings: ReplySettings) -> Iterator[str]:
    """The languages that replies are written in and nobody has signed, by their English names."""
    names = language(LANGUAGES[0]).words["languages"]
    for code in Composer(settings).languages:
        if not language(code).is_signed:
            yield str(names[code])


# The week


def _own_schedules(
    practice: Schedule | None, tables: Mapping[int, models.Mailbox], problems: list[Problem]
) -> dict[int, Schedule]:
    """Those of mailboxes that have their own, by the mailbox's index in the file."""
    own = {index: found for index, table in tables.items() if (found := week.of_mailbox(index, table))}
    return {} if practice is None else {i: week.mailbox_schedule(practice, w, problems) for i, w in own.items()}


def _holidays(path: Path, table: models.Holidays | None, problems: list[Problem]) -> HolidayConfig:
    """Where the calendars lie; they are read later, and again when they change."""
    if table is None:
        return HolidayConfig()
    for index, name in enumerate(table.calendars):
        if _ADDRESS.match(name):
            text = "this is an address, and only files are read. Save the calendar to a file and write its name here"
            problems.append(Problem(("holidays", "calendars", index), text))
    return HolidayConfig(table.public, tuple(path.parent / name for name in table.calendars))


def _try(problems: list[Problem], loc: Loc, make: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
    """What a core type's constructor makes, or None and a problem at its place."""
    try:
        return make(*args, **kwargs)
    except ValueError as error:
        problems.append(Problem(loc, str(error)))
        return None


# The reply


def _replies(path: Path, sections: Sections, findings: Findings) -> Replies | None:
    practice, reply = sections.practice, sections.reply
    block = _help_block(practice, sections.crisis, findings, discreet=_any_discreet(sections))
    if practice is None or reply is None or block is None:
        return None
    return replies(path, practice, reply, sections.closures, sections.mailboxes, block, findings)


def _help_block(
    practice: models.Practice | None, table: models.Crisis | None, findings: Findings, *, discreet: bool
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


def _look_at_words(loc: Loc, line: models.OwnLine, language: str, findings: Findings) -> None:
    """Its words are told and never cost the line: whoever needs it is helped by an awkward sentence, too."""
    for key, words in (("name", line.name), ("for", line.for_), ("hours", line.hours or "")):
        for found in lint.lint_words(words, language=language, discreet=False):
            findings.look((*loc, key), f'"{found.excerpt}": {found.reason} {found.cure}')


def _without_telling_hours(
    loc: Loc, line: CrisisLine, practice: models.Practice, findings: Findings, *, discreet: bool
) -> CrisisLine:
    """A discreet reply shows a line's hours and not its name: hours that tell whose line it is are left out."""
    language = next(iter(practice.languages), LANGUAGES[0])
    for found in lint.lint_words(line.hours or "", language=language, discreet=discreet, practice_name=practice.name):
        if found.refused:
            findings.refuse((*loc, "hours"), f'"{found.excerpt}": {found.reason} {found.cure}')
            return replace(line, hours=None)
    return line


def _any_discreet(sections: Sections) -> bool:
    styles = [box.reply.style for box in sections.mailboxes.values() if box.reply is not None]
    return "discreet" in (sections.reply.style if sections.reply else "ordinary", *styles)


def _own_line(index: int, table: models.OwnLine, region: str, findings: Findings) -> CrisisLine | None:
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
            findings.look((*loc, key), number.doubt)
    phone = read.get("phone")
    return line if phone is None else replace(line, tel=phone.tel)
