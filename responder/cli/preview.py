"""``responder preview``: every reply as it is read, before any is sent; on the terminal, or as a page to sign."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from responder.cli.approval import standing
from responder.cli.context import chosen, load, moment, now
from responder.cli.errors import UsageError
from responder.cli.text import local
from responder.config import Config, MailboxConfig
from responder.config.replies import fingerprint
from responder.config.standing import crisis_warnings
from responder.config.standing import night as night_of
from responder.core.hours.words import date_in_words, zone_in_words
from responder.core.reply import Composer, ReplySettings, Sample
from responder.core.reply.freshness import Reading, day_of
from responder.core.reply.variants import sample_now
from responder.core.reply.words import LanguageError, language
from responder.core.views import signoff, signoff_text
from responder.core.views.evidence import claims_in_words

_ABOUT: Final = {
    "ordinary": "an evening, a night, some hours between",
    "weekend": "a weekend",
    "holiday": "a public holiday",
    "long": "closed for more than three days",
    "for-now": "closed, and the reply does not say until when",
}
"""When each variant goes out, by what ``--variant`` calls it."""

_SAID_ELSEWHERE: Final = ("no-authserv-id", "draft")
"""Codes of remarks about who is answered, of which check tells, and of those that the list of languages has too."""

_PAGE_STARTS: Final = 2000
"""Characters at the start of a page in which it says what made it."""


def preview(arguments: argparse.Namespace) -> int:
    """``responder preview``."""
    config = load(arguments)
    if arguments.html is not None:
        whole = "--html shows every reply, since it is all of them that somebody signs"
        _refuse_parts(arguments, whole, "mailbox", "variant", "at")
        _write(_sheet(config, config.mailboxes, arguments), arguments.html)
        return 0
    boxes = chosen(config, arguments)
    if arguments.at is not None:
        _refuse_parts(arguments, "--at is one reply", "variant")
        _show_moment(config, boxes, arguments)
        return 0
    _refuse_never_closed(config, boxes)
    sheet = _sheet(config, boxes, arguments)
    for line in signoff_text.summary(sheet):
        print(line)
    for group in sheet.groups:
        print()
        for line in signoff_text.replies(group):
            print(line)
    return 0


def _refuse_parts(arguments: argparse.Namespace, whole: str, *parts: str) -> None:
    for part in parts:
        if getattr(arguments, part) is not None:
            raise UsageError(f"{whole}; leave out --{part}")


# One moment


def _show_moment(config: Config, boxes: Iterable[MailboxConfig], arguments: argparse.Namespace) -> None:
    """The reply of each mailbox, as the daemon would compose it then."""
    for box in boxes:
        at = moment(arguments.at, config.zone)
        period = box.schedule.closed_period(at)
        if period is None:
            raise UsageError(f"--at {arguments.at}: it is open then, and no reply goes out")
        composer = Composer(_settings(box.reply, arguments.language))
        print(f"The reply of {box.name}, sent on {local(at, config.zone)}.")
        for each in _languages(composer):
            print(f"The words in {each.name} are {_as_predicate(each)}.")
        shown = signoff.as_read(composer, box.address, period, at)
        fields = (f"From: {shown.sender}", f"To: {signoff.READER.addr_spec}", f"Subject: {shown.subject}")
        for line in ("", *fields, "", *shown.text.split("\n"), ""):
            print(f"  {line}".rstrip())


def _as_predicate(language: signoff.SheetLanguage) -> str:
    return "a draft: no clinician has signed them" if language.is_draft else language.status


def _refuse_never_closed(config: Config, boxes: Iterable[MailboxConfig]) -> None:
    at = now()
    if all(box.schedule.closed_period(at) is None and box.schedule.next_change(at) is None for box in boxes):
        raise UsageError(f"{config.path}: it is open day and night, so no reply ever goes out")


# Everything


def _sheet(config: Config, boxes: Iterable[MailboxConfig], arguments: argparse.Namespace) -> signoff.Sheet:
    at = now().astimezone(config.zone)
    code = arguments.language
    found = list(_groups(boxes, code))
    composers = [composer for _, composer in found]
    refused = (f"{each.language}: {each.reason}" for composer in composers for each in composer.refused)
    is_approved, said, _ = standing(config)
    return signoff.Sheet(
        practice=config.practice_name or "",
        region=config.region,
        zone=zone_in_words(config.zone),
        drawn=f"Made on {date_in_words(at.date())} at {at:%H:%M}",
        fingerprint=fingerprint(config) if code is None else "",
        part=""
        if code is None
        else f"Only for a look: the replies as if {language(code).name} were their only language.",
        is_approved=is_approved,
        approval=_sentence(said),
        refused=config.refusals if code is None else tuple(dict.fromkeys(refused)),
        looks=tuple(each for each in config.remarks if code is None and each.code not in _SAID_ELSEWHERE),
        compared=_compared(config, at),
        lines=tuple(dict.fromkeys(line for composer in composers for line in _lines(composer, at))),
        languages=tuple(dict.fromkeys(language for composer in composers for language in _languages(composer))),
        groups=tuple(_group(config, alike, composer, arguments.variant) for alike, composer in found),
    )


def _lines(composer: Composer, at: datetime) -> Iterator[signoff.SheetLine]:
    """Every line that its replies show at some hour, with what is known of it and since when."""
    settings = composer.settings
    reading = Reading(day_of(at), settings.help.comparison)
    for line in settings.help.printed(at, composer.languages, discreet=settings.style == "discreet"):
        yield signoff.SheetLine(line, tuple(claims_in_words(line, reading)))


def _groups(boxes: Iterable[MailboxConfig], code: str | None) -> Iterator[tuple[list[MailboxConfig], Composer]]:
    """Mailboxes with the same words together, in the file's order."""
    found: dict[tuple[object, ...], tuple[list[MailboxConfig], Composer]] = {}
    for box in boxes:
        composer = Composer(_settings(box.reply, code))
        key = (composer.fingerprint, composer.settings.style, *composer.settings.closures)
        found.setdefault(key, ([], composer))[0].append(box)
    yield from found.values()


def _group(config: Config, boxes: list[MailboxConfig], composer: Composer, variant: str | None) -> signoff.Group:
    box = boxes[0]
    samples = {_name(sample): sample for sample in composer.samples()}
    names = [name for name in samples if variant is None or _is_meant(variant, name)]
    if not names:
        raise UsageError(f"--variant {variant}: {box.name} has no such reply; there are: {', '.join(samples)}")
    return signoff.Group(
        mailboxes=tuple(box.name for box in boxes),
        remarks=tuple(_remarks(config, boxes, composer.settings)),
        replies=tuple(_read(box, composer, name, samples[name]) for name in names),
    )


def _read(box: MailboxConfig, composer: Composer, name: str, sample: Sample) -> signoff.Shown:
    """One reply; a closure's own text as it goes out when that closure begins, since a date of it is in the file."""
    period, at, about = sample.period, sample.now, _ABOUT.get(name, "a closure's own text")
    for closure in box.schedule.closures:
        real = box.schedule.closed_period(closure.start) if sample.closure == closure.words != "" else None
        if real is not None:
            at, period = closure.start, replace(real, words=((closure.start, closure.end, sample.closure),))
            zone = box.schedule.zone
            until = f" until {local(closure.end, zone)}" if closure.end is not None else " on, until further notice"
            about = f"a closure's own text, from {local(closure.start, zone)}{until}"
    return signoff.as_read(composer, box.address, period, at, name=name, about=about, is_own=bool(sample.closure))


def _remarks(config: Config, boxes: list[MailboxConfig], settings: ReplySettings) -> Iterator[str]:
    if settings.style == "discreet":
        yield "Discreet: no name, no service's name, the bare address as the sender."
        if settings.html:
            yield "html = true does nothing here: a discreet reply is plain text."
    elif settings.html:
        yield "Sent as text and as HTML; the reader's mail program shows one of them."
    else:
        yield "Sent as plain text."
    if len(boxes) > 1:
        others = "the others send" if len(boxes) > 2 else "the other one sends"  # noqa: PLR2004 - "others" are two
        yield f"Shown as {boxes[0].name} sends it; {others} the same words."
    if (quiet := night_of(settings, now())) is not None:
        yield f"At night this reply leads only to {quiet}."
    night = sample_now(config.zone)
    yield f"Shown as if it were {date_in_words(night.date())}, {night:%H:%M}."
    at = now()
    for box in boxes:
        if box.schedule.closed_period(at) is None and box.schedule.next_change(at) is None:
            yield f"{box.name} is open day and night by {config.path.name}, so it never sends any."


def _name(sample: Sample) -> str:
    """What ``--variant`` calls it."""
    return sample.closure or sample.variant.replace("_", "-")


def _is_meant(variant: str, name: str) -> bool:
    typed = variant.lower().replace("_", "-")
    return typed in (name, name.replace(" ", "-")) or (typed == "closure" and "closure" in name)


def _languages(composer: Composer) -> Iterator[signoff.SheetLanguage]:
    for code in composer.languages:
        found = language(code)
        signed = tuple(f"{who}: {by}" for who, by in dict(found.words.get("signed", {})).items())
        yield signoff.SheetLanguage(code, found.name, signed, is_draft=not found.is_signed)


def _compared(config: Config, at: datetime) -> str:
    warnings = crisis_warnings(config, at)
    said = (
        ""
        if config.compared_on is None
        else f"The help lines were compared with the services' own pages on {config.compared_on}."
    )
    return " ".join(filter(None, (said, *map(_sentence, warnings))))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


# One language alone


def _settings(settings: ReplySettings, code: str | None) -> ReplySettings:
    """The mailbox's own; or as they were with one language alone, draft or not."""
    if code is None:
        return settings
    try:
        language(code)
    except LanguageError as error:
        raise UsageError(f"--language {code}: {error}") from error
    return replace(settings, languages=(code,), allow_draft=True)


# The page


def _write(sheet: signoff.Sheet, name: str) -> None:
    """Writes the page; over an older one of its kind, and over nothing else."""
    path = Path(name)
    try:
        mark = f'<meta name="generator" content="{signoff.MADE_BY}">'
        if path.exists() and mark not in path.read_text(encoding="utf-8", errors="replace")[:_PAGE_STARTS]:
            raise UsageError(f"--html {name}: there is another file of this name already; choose a new one")
        path.write_text(signoff.page(sheet), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--html {name}: {error.strerror}") from error
    print(f"written: {name}")
