"""From tables that are each readable to one configuration that holds together, in core types.

What only shows when tables meet is checked here: one address in two mailboxes, a template without a way to help, hours
that run into the next day's. Every check goes on with whatever could be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from responder.config import mailboxes, regions, schema, week
from responder.config.closed import CalendarReader, ClosedDays
from responder.config.helplines import plans
from responder.config.problems import Findings, Loc, Problem
from responder.config.ranges import DAYS
from responder.config.replies import Replies, replies
from responder.config.values import Approval, Config, HolidayConfig, MailboxConfig, ReplyConfig
from responder.core.errors import Told
from responder.core.hours.schedule import Schedule
from responder.core.limits.rates import Rates
from responder.core.pipeline import Pipeline
from responder.core.reply import LANGUAGES, Composer, ReplySettings
from responder.core.reply.words import LanguageError, language

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True, slots=True)
class Sections:
    """The tables of one file; None, or absent by its index, where one could not be read.

    Attributes:
        doubts: what is unknown of the practice's hours, at ``()``, and of a mailbox's own.
    """

    practice: schema.Practice | None
    hours: schema.Hours | None
    closures: Mapping[int, schema.Closure]
    openings: Mapping[int, schema.Opening]
    holidays: schema.Holidays | None
    crisis: schema.Crisis | None
    reply: schema.Reply | None
    rates: schema.Rates | None
    contact_forms: Mapping[int, schema.ContactForm]
    mailboxes: Mapping[int, schema.Mailbox]
    doubts: Mapping[Loc, week.Doubts] = field(default_factory=dict[Loc, week.Doubts])


def build(path: Path, sections: Sections, calendars: CalendarReader, findings: Findings) -> Config | None:
    """The configuration, or None when a table that it needs is missing or something is wrong with it."""
    problems = findings.problems
    holidays, closed = _closed_days(path, sections, calendars, findings)
    schedule = _practice_schedule(sections, closed, problems)
    own_schedules = _own_schedules(schedule, sections, problems)
    said = _replies(path, sections, findings)
    accounts = mailboxes.accounts(path, sections.mailboxes, sections.contact_forms, problems)
    practice, reply = sections.practice, sections.reply
    if practice is not None and (doubt := regions.clock_doubt(practice.region, practice.time_zone)):
        findings.look(("practice", "time_zone"), "foreign-clock", doubt)
    if schedule is None or said is None or practice is None or reply is None or sections.crisis is None:
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
    if not boxes:
        return None
    return Config(
        path=path,
        practice_name=said.usual.practice_name,
        zone=practice.time_zone,
        region=practice.region,
        languages=tuple(practice.languages),
        schedule=schedule,
        reply=ReplyConfig(reply.style, reply.max_age, reply.floor, reply.repeat_after, _approval(reply)),
        rates=_rates(sections.rates or schema.Rates()),
        mailboxes=boxes,
        compared_on=sections.crisis.compared_on,
        holidays=holidays,
        remarks=(*_remarks(boxes), *closed.remarks),
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


def _rates(table: schema.Rates) -> Rates:
    return Rates(
        per_correspondent=table.per_sender,
        unauthenticated=table.unauthenticated,
        authenticated=table.authenticated,
        per_domain=table.per_domain,
        contact_form=table.contact_forms,
        breaker=table.breaker,
    )


def _remarks(boxes: tuple[MailboxConfig, ...]) -> Iterator[Told]:
    for number, box in enumerate(boxes, 1):
        if box.rules.authserv_id is None:
            yield from _without_authserv_id(f"mailbox {number}: no authserv_id, so", box)
    for name in sorted({name for box in boxes for name in _drafts(box.reply)}):
        yield Told("draft", f"the {name} words are a draft: no clinician and no native speaker has signed them yet")


def _without_authserv_id(start: str, box: MailboxConfig) -> Iterator[Told]:
    """What the mailbox cannot do without it; ``start`` begins each sentence."""
    fix = "Write whose Authentication-Results to believe"
    code = "no-authserv-id"
    forged = "forged senders are not told from real ones, and a flood of them can use up every reply"
    yield Told(code, f"{start} {forged}. {fix}, as the mailbox's own mail shows it")
    if box.rules.trust_reply_to:
        what = "trust_reply_to does nothing: nobody can tell whether a message is really from there"
        yield Told(code, f"{start} {what}. {fix}")
    if any(form.host is None for form in box.rules.contact_forms):
        what = "no [[contact_form]] can be told from whoever pretends to be it, and gets no reply"
        yield Told(code, f"{start} {what}. {fix}")


def _drafts(settings: ReplySettings) -> Iterator[str]:
    """The languages that replies are written in and nobody has signed, by their English names."""
    for code in Composer(settings).languages:
        if not language(code).is_signed:
            yield _english_name(code)


def _approval(reply: schema.Reply) -> Approval | None:
    """A reminder and no lock: one that cannot be read is refused, and that is told where own words are read."""
    return reply.approved if isinstance(reply.approved, Approval) else None


def _english_name(code: str) -> str:
    try:
        return str(language(LANGUAGES[0]).words["languages"][code])
    except (LanguageError, LookupError):  # the English text is broken: that is told, and must not cost the others
        return code


# The week


def _practice_schedule(sections: Sections, closed: ClosedDays, problems: list[Problem]) -> Schedule | None:
    """None when no time is known at which it is closed: then no reply would be true."""
    known = sections.doubts.get((), week.Doubts())
    said = week.of_practice(sections.hours, sections.closures, sections.openings, known)
    schedule = week.practice_schedule(sections.practice, said, closed, problems)
    is_ever_closed = len(known.days) < len(DAYS) or sections.closures
    return schedule if is_ever_closed else None


def _own_schedules(practice: Schedule | None, sections: Sections, problems: list[Problem]) -> dict[int, Schedule]:
    """Those of mailboxes that have their own, by the mailbox's index in the file."""
    if practice is None:
        return {}
    weeks = (
        (table, index, week.of_mailbox(index, table, sections.doubts.get(("mailbox", index), week.Doubts())))
        for index, table in sections.mailboxes.items()
    )
    return {
        index: week.mailbox_schedule(practice, own, table.time_zone or practice.zone, problems)
        for table, index, own in weeks
        if own
    }


def _closed_days(
    path: Path, sections: Sections, calendars: CalendarReader, findings: Findings
) -> tuple[HolidayConfig, ClosedDays]:
    """Where the calendars lie, and what they close; they are read again when they change."""
    problems, table = findings.problems, sections.holidays or schema.Holidays()
    files = {index: path.parent / name for index, name in enumerate(table.calendars) if not _ADDRESS.match(name)}
    text = "this is an address, and only files are read. Save the calendar to a file and write its name here"
    addresses = set(range(len(table.calendars))) - set(files)
    problems += [Problem(("holidays", "calendars", index), "address-of-calendar", text) for index in addresses]
    holidays = HolidayConfig(table.public, tuple(files.values()))
    if sections.practice is None:  # neither its holidays nor its zone are known
        return holidays, ClosedDays()
    closed = calendars(holidays, sections.practice.region, sections.practice.time_zone)
    places = list(files)
    findings.faults += [
        Problem(("holidays", "calendars", places[number]), "bad-calendar", said) for number, said in closed.faults
    ]
    unusable = {places[number]: said for number, said in closed.unusable.items()}
    problems += [Problem(("holidays", "calendars", index), "bad-calendar", said) for index, said in unusable.items()]
    return holidays, replace(closed, unusable=unusable | dict.fromkeys(addresses, text))


# The reply


def _replies(path: Path, sections: Sections, findings: Findings) -> Replies | None:
    practice, reply = sections.practice, sections.reply
    help_ = plans(practice, sections.crisis, sections.mailboxes, findings, discreet=_any_discreet(sections))
    if practice is None or reply is None or help_ is None:
        return None
    return replies(path, practice, reply, sections.closures, sections.mailboxes, help_, findings)


def _any_discreet(sections: Sections) -> bool:
    styles = [box.reply.style for box in sections.mailboxes.values() if box.reply is not None]
    return "discreet" in (sections.reply.style if sections.reply else "ordinary", *styles)
