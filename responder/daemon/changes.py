"""What is different in a configuration that was read again, in words for the log: no address and no event's name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from responder.config import Config, MailboxConfig
from responder.core.hours.daily import listed
from responder.core.hours.schedule import Closure, Opening, Schedule
from responder.core.hours.words import WEEKDAYS, date_in_words
from responder.core.reply import ReplySettings


def differences(old: Config, new: Config) -> tuple[str, ...]:
    """One phrase each: ``Thursday 12:00-20:00, was 09:00-17:00``; nothing when both mean the same."""
    return (
        *_practice(old, new),
        *_schedule(old.schedule, new.schedule),
        *_reply(old, new),
        *_mailboxes(old, new),
    )


def _practice(old: Config, new: Config) -> Iterator[str]:
    if old.practice_name != new.practice_name:
        yield "the name that signs the replies"
    yield from _was("time zone", old.zone.key, new.zone.key)
    yield from _was("region", old.region, new.region)
    yield from _was("languages", ", ".join(old.languages), ", ".join(new.languages))
    yield from _was("crisis lines compared on", old.compared_on or "no day", new.compared_on or "no day")


def _was(what: str, old: object, new: object) -> Iterator[str]:
    if old != new:
        yield f"{what} {new}, was {old}"


def _schedule(old: Schedule, new: Schedule) -> Iterator[str]:
    for day, name in enumerate(WEEKDAYS):
        yield from _was(name, listed(old.weekly.get(day, ())), listed(new.weekly.get(day, ())))
    yield from _added(
        [_closure(one, new.zone) for one in old.closures if one not in new.closures],
        [_closure(one, new.zone) for one in new.closures if one not in old.closures],
    )
    yield from _added(
        [_opening(one) for one in old.openings if one not in new.openings],
        [_opening(one) for one in new.openings if one not in old.openings],
    )
    yield from _count(
        "public holidays", old.closed_dates != new.closed_dates, len(old.closed_dates), len(new.closed_dates)
    )
    yield from _count("events of calendars", old.events != new.events, len(old.events), len(new.events))


def _added(gone: Sequence[str], come: Sequence[str]) -> Iterator[str]:
    for phrase in gone:
        yield f"{phrase}: taken out"
    for phrase in come:
        yield f"{phrase}: added"


def _count(what: str, changed: bool, old: int, new: int) -> Iterator[str]:  # noqa: FBT001 - private, and said by name
    if changed:
        yield f"{what}: {new}, were {old}" if old != new else f"{what}: other ones, still {new}"


def _closure(closure: Closure, zone: ZoneInfo) -> str:
    until = "until further notice" if closure.end is None else f"until {_local(closure.end, zone)}"
    hidden = "" if closure.say_until else ", its end not said"
    return f"closure from {_local(closure.start, zone)} {until}{hidden}"


def _local(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{date_in_words(local.date())} {local:%H:%M}"


def _opening(opening: Opening) -> str:
    return f"opening on {date_in_words(opening.date)} {listed(opening.intervals)}"


def _reply(old: Config, new: Config) -> Iterator[str]:
    yield from _was("max_age", _hours(old.reply.max_age), _hours(new.reply.max_age))
    yield from _was("floor", _hours(old.reply.floor), _hours(new.reply.floor))
    yield from _was("repeat_after", _hours(old.reply.repeat_after), _hours(new.reply.repeat_after))
    yield from _words_of_all(old, new)


def _words_of_all(old: Config, new: Config) -> Iterator[str]:
    """What replies say: once when it is the same news for every mailbox, as it is for most practices."""
    before = {(box.name, box.folder): box.reply for box in old.mailboxes}
    news = {
        number: tuple(_words(before[box.name, box.folder], box.reply))
        for number, box in enumerate(new.mailboxes, 1)
        if (box.name, box.folder) in before
    }
    if len(set(news.values())) == 1:
        yield from next(iter(news.values()))
        return
    for number, phrases in news.items():
        for phrase in phrases:
            yield f"mailbox {number}: {phrase}"


def _words(old: ReplySettings, new: ReplySettings) -> Iterator[str]:
    yield from _was("style", old.style, new.style)
    if old.help != new.help:
        yield "the crisis lines of the reply"
    if (old.own, old.closures, old.allow_draft) != (new.own, new.closures, new.allow_draft):
        yield "the reply's own words"
    yield from _was("html", _yes(old.html), _yes(new.html))


def _yes(on: bool) -> str:  # noqa: FBT001 - a value to be said, not a switch
    return "on" if on else "off"


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:g}h"


def _mailboxes(old: Config, new: Config) -> Iterator[str]:
    before = {(box.name, box.folder): (number, box) for number, box in enumerate(old.mailboxes, 1)}
    after = {(box.name, box.folder): (number, box) for number, box in enumerate(new.mailboxes, 1)}
    for identity, (number, _) in before.items():
        if identity not in after:
            yield f"mailbox {number}: taken out"
    for identity, (number, box) in after.items():
        if identity not in before:
            yield f"mailbox {number}: added"
            continue
        number_before, box_before = before[identity]
        if number != number_before:
            yield f"mailbox {number}: was number {number_before}"
        shares = box.schedule is new.schedule and box_before.schedule is old.schedule
        for phrase in _mailbox(box_before, box, shares_hours=shares):
            yield f"mailbox {number}: {phrase}"


def _mailbox(old: MailboxConfig, new: MailboxConfig, *, shares_hours: bool) -> Iterator[str]:
    if (old.imap, old.smtp, old.username, old.password) != (new.imap, new.smtp, new.username, new.password):
        yield "its servers or its login"
    # which addresses the others serve is their news
    if replace(old.rules, served=new.rules.served) != new.rules:
        yield "its addresses or its rules"
    if not shares_hours:
        yield from _schedule(old.schedule, new.schedule)
