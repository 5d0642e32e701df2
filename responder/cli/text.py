"""Text for a terminal: the dry run's one screen, the rule table of one message. Nothing here reads or judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from responder.backtest.back_test import Report
from responder.backtest.record import Record
from responder.config import Config, MailboxConfig, pipeline_of
from responder.config.standing import crisis_trouble
from responder.core.decision import Reply, Skip
from responder.core.hours import words as timewords
from responder.core.hours.period import ClosedPeriod
from responder.core.hours.schedule import Schedule
from responder.core.pipeline import Judgement
from responder.core.reply.words import language
from responder.core.rules.advice import advice
from responder.core.rules.decide import Rule

LATEST = 5
MAYBE_SHOWN = 10


def dry_run(config: Config, box: MailboxConfig, report: Report, *, now: datetime, all_replies: bool) -> str:
    """What a hesitant owner has to see before she says yes."""
    return "\n".join(
        [
            f"{box.name}  {report.folder}  {_range(report, config.zone)}     Nothing was sent or changed.",
            _week(box.schedule),
            f"Now: {box.schedule.state_in_words(now, timewords.locale_for(config.region), now)}.",
            _summary(report, config.zone),
            *_not_answered(report, config.zone),
            *_answered(report, config.zone, all_replies=all_replies),
            *_reply(config, box, now),
            *(f"Look: {each}." for each in advice(report.seen, box.rules)),
            "Judged as of each message's own arrival, as if nothing had been answered by hand or by the daemon.",
            "Old mail stays unanswered: the daemon starts with the next message.   Start it: responder run",
        ]
    )


def one_message(report: Report, uid: int, zone: ZoneInfo) -> str:
    """One message of a dry run."""
    for record in report.records:
        if record.uid == uid:
            return "\n".join(_facts(record, zone))
    return f"UID {uid} is not among the {len(report.records)} messages looked at in {report.folder}"


def explained(judgement: Judgement, findings: Iterable[tuple[Rule, Skip | None]], mailbox: str, zone: ZoneInfo) -> str:
    """Every rule in its order, what it saw, and the decision."""
    rows = [
        f"  {'X' if finding else '-'} {rule.level.value:<3} {rule.id:<22} {finding.why if finding else rule.title}"
        for rule, finding in findings
    ]
    at = local(judgement.received_at, zone) if judgement.received_at is not None else "unknown"
    decision = judgement.decision
    verdict = f"REPLY to {plain(str(decision.correspondent))}" if isinstance(decision, Reply) else "NO REPLY"
    return "\n".join(
        [
            f"judged for {mailbox}, received {at}",
            "rules in their order (X: this one speaks against a reply; H hard, S soft, H/S either):",
            *rows,
            f"{verdict}: {decision.rule}: {plain(decision.why)}",
            *([] if isinstance(decision, Reply) or decision.cure is None else [f"if it was a person: {decision.cure}"]),
        ]
    )


def local(at: datetime, zone: ZoneInfo) -> str:
    """``Sun 22 Nov 2026 03:04`` in the practice's zone."""
    return at.astimezone(zone).strftime("%a %d %b %Y %H:%M")


def plain(text: str) -> str:
    """Text of a stranger, fit for a terminal: no escape sequence, no change of direction."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _range(report: Report, zone: ZoneInfo) -> str:
    times = [record.received_at.astimezone(zone) for record in report.records if record.received_at is not None]
    if not times:
        return "no messages"
    days = (times[-1].date() - times[0].date()).days + 1
    return f"{times[0]:%d %b %Y} - {times[-1]:%d %b %Y} ({days} {_plural('day', days)})"


def _week(schedule: Schedule) -> str:
    """``Monday 09:00-17:00  Tuesday-Friday closed``: neighbouring days with the same hours stand together."""
    groups: list[str] = []
    for text, days in groupby(schedule.describe_week(), key=lambda row: row[1]):
        names = [name[:3] for name, _ in days]
        label = names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"
        groups.append(f"{label} {text}")
    return "  ".join(groups)


def _summary(report: Report, zone: ZoneInfo) -> str:
    total, closed, replies = len(report.records), report.came_while_closed, report.replies
    line = f"{closed} of {total} messages came while closed -> {len(replies)} {_plural('reply', len(replies))}"
    people = report.replies_by_person()
    if not people:
        return line
    nights = Counter(_night(record.received_at, zone) for record in replies if record.received_at is not None)
    busiest = max(nights.values())
    to = f"to {len(people)} {_plural('person', len(people))}"
    return f"{line} {to} (most to one: {max(people.values())}; busiest night: {busiest})"


def _night(at: datetime, zone: ZoneInfo) -> date:
    """The day on which the night began; a night runs from noon to noon."""
    return (at.astimezone(zone) - timedelta(hours=12)).date()


def _not_answered(report: Report, zone: ZoneInfo) -> list[str]:
    counts = ", ".join(f"{count} {rule}" for rule, count in report.skipped_by_rule().most_common())
    maybe = [record for record in report.maybe_people if record.period is not None]
    head = f"No reply: {counts or 'nobody was left out'}"
    if not maybe:
        return [f"{head}    No maybe-people among them."]
    head += f"    {len(maybe)} MAYBE {_plural('person', len(maybe)).upper()}, please look:"
    rows = [
        f"  {_when(record, zone)}  UID {record.uid:<6} {_who(record):<28} {plain(record.why)}"
        + (f"   cure: {record.cure}" if record.cure else "")
        for record in maybe[-MAYBE_SHOWN:]
    ]
    return [head, *rows]


def _answered(report: Report, zone: ZoneInfo, *, all_replies: bool) -> list[str]:
    replies = report.replies if all_replies else report.replies[-LATEST:]
    if not replies:
        return ["Nobody would have been answered."]
    more = (
        ""
        if all_replies or len(report.replies) <= LATEST
        else f" (latest {LATEST} of {len(report.replies)}; all: --replies)"
    )
    return [
        f"Would have been answered{more}",
        *(
            f"  {_when(record, zone)}  {_who(record):<28} {_closed(record.period, zone)}"
            for record in reversed(replies)
        ),
    ]


def _reply(config: Config, box: MailboxConfig, now: datetime) -> list[str]:
    pipeline = pipeline_of(config, box)
    schedule = box.schedule
    period = schedule.closed_period(now) or schedule.closed_period(schedule.next_change(now) or now)
    if period is None:
        return ["The reply: none is ever sent, it is open day and night."]
    composer = pipeline.composer
    text = " ".join(composer.text(period, now).split())
    block = composer.help_at(now)
    calls = [each.line.phone for each in block.all_lines if each.calls]
    numbers = [block.emergency.phone, *calls, *(each.text.number for each in block.all_lines if each.text)]
    trouble = crisis_trouble(config, now)
    compared = f"lines compared {config.compared_on}" if trouble is None else f"LOOK: {trouble}"
    shown = " | ".join(dict.fromkeys(number for number in numbers if number))
    languages = [code if language(code).is_signed else f"{code} (draft, not signed)" for code in composer.languages]
    return [
        f'The reply: "{text[:90]}..." {shown}   (all: responder preview)',
        f"Checks: IMAP ok   {compared}   languages: {', '.join(languages)}",
    ]


def _facts(record: Record, zone: ZoneInfo) -> Sequence[str]:
    decision = f"reply to {plain(record.recipient)}" if record.recipient is not None else "no reply"
    rows = [
        ("UID", str(record.uid)),
        ("received", _when(record, zone)),
        ("from", _who(record)),
        ("closed", _closed(record.period, zone)),
        ("decision", decision),
        ("rule", record.rule),
        ("why", plain(record.why)),
        ("if it was a person", record.cure or ("look at it" if record.maybe_person else "")),
    ]
    return [f"{name:<20}{value}" for name, value in rows if value]


def _when(record: Record, zone: ZoneInfo) -> str:
    return local(record.received_at, zone) if record.received_at is not None else "time unknown"


def _who(record: Record) -> str:
    return plain(record.sender or record.recipient or "(no single sender)")


def _closed(period: ClosedPeriod | None, zone: ZoneInfo) -> str:
    if period is None:
        return "came in working hours"
    start = f"{period.start.astimezone(zone):%a %H:%M}" if period.start is not None else "always"
    end = f"{period.end.astimezone(zone):%a %H:%M}" if period.end is not None else "no end known"
    return f"closed {start} - {end}"


PLURALS = {"day": "days", "person": "people", "reply": "replies"}


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else PLURALS[noun]
