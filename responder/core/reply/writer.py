"""The writer: what a reply says in each of its languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import jinja2

from responder.core.hours.period import ClosedPeriod
from responder.core.reply.choice import HelpPlan
from responder.core.reply.dates import language_tag, opening_in_words
from responder.core.reply.help import Help, bare_ways, help_in
from responder.core.reply.lines import HelpBlock
from responder.core.reply.page import Passage
from responder.core.reply.template import MAX_TEMPLATE, TemplateError, compiled, tidy
from responder.core.reply.variants import LONG, Variant, variant_of
from responder.core.reply.words import Language

Style = Literal["ordinary", "discreet"]


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a practice says itself, in one language.

    Attributes:
        template: a whole text of its own (``VARIABLES`` and ``if`` only); None for the built-in one.
        sentences: stand in the built-in text, below the help.
        sign_off: stands above the practice's name.
        subject: of the reply.
    """

    template: str | None = None
    sentences: tuple[str, ...] = ()
    sign_off: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """What the replies of one mailbox say.

    Attributes:
        practice_name: signs the reply; None and nothing signs.
        region: ISO 3166 code; decides how dates are written, and which days are the weekend.
        zone: the practice's, in which the next opening is said.
        languages: ISO 639-1, of the text, in order.
        style: "discreet" names nobody and no service, for mailboxes that may be watched.
        help: the ways to help that replies show.
        own: the practice's own words by language.
        closures: texts for single closures: by the closure's key, then by language.
        allow_draft: whether a language that nobody has signed may be sent; English always may.
        html: whether the text is also sent as HTML; never in the discreet style.
        repeat_after: in a longer closed period the same person may be answered again after this time.
    """

    practice_name: str | None
    region: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    style: Style
    help: HelpPlan
    own: Mapping[str, OwnWords] = field(default_factory=dict[str, OwnWords])
    closures: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, "Mapping[str, str]"])
    allow_draft: bool = False
    html: bool = False
    repeat_after: timedelta = timedelta(hours=72)


class Writer:
    """Writes one mailbox's texts in some languages, with some of its own words.

    Args:
        settings: of the mailbox; its ``own``, ``closures`` and ``languages`` are not looked at.
        name: the practice's, checked.
        tongues: at least one.
        own: the own words to use.
        closures: the closures' own texts to use.

    Raises:
        TemplateError: an own template is wrongly written.
    """

    def __init__(
        self,
        settings: ReplySettings,
        name: str | None,
        tongues: Sequence[Language],
        own: Mapping[str, OwnWords],
        closures: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.tags = {tongue.code: language_tag(tongue.code, settings.region) for tongue in tongues}
        self.closures = tuple(closures)
        self._settings = settings
        self._name = name if settings.style == "ordinary" else None
        self._tongues = tuple(tongues)
        self._shown: tuple[HelpBlock | None, tuple[Help, ...]] = (None, ())
        self._own = own
        self._templates: dict[tuple[str, str], jinja2.Template] = {
            ("", code): compiled(words.template) for code, words in own.items() if words.template is not None
        }
        for key, texts in closures.items():
            self._templates |= {(key, code): compiled(source) for code, source in texts.items()}
        subjects = dict.fromkeys(str(tongue.words["subject"]) for tongue in self._tongues)
        chosen = next((own[t.code].subject for t in self._tongues if t.code in own and own[t.code].subject), "")
        self.subject = chosen or " / ".join(subjects)

    @property
    def has_own_words(self) -> bool:
        """Whether any of what it writes is the practice's."""
        return bool(self._own or self._templates)

    def write(self, period: ClosedPeriod, now: datetime, block: HelpBlock) -> tuple[Passage, ...]:
        """The text of each language, as a reply that leaves now says it.

        Args:
            period: the closed period that holds now.
            now: aware.
            block: the ways to help at that moment.

        Raises:
            TemplateError: an own text does not show the help, or is not a text to send.
            jinja2.TemplateError: it does not render.
        """
        opens = period.end if period.end is not None and period.say_until and period.end > now else None
        region, zone = self._settings.region, self._settings.zone
        variant = variant_of(period, opens=opens is not None, region=region, zone=zone)
        key = _closure_now(period, now)
        return tuple(
            self._passage(number, found, self._context(number, found, period, variant, opens, now), key)
            for number, found in enumerate(self._help(block))
        )

    def _help(self, block: HelpBlock) -> tuple[Help, ...]:
        """The help in each language, kept as long as it is the very same: until a line opens, closes or grows old."""
        if self._shown[0] is not block:
            self._shown = (block, help_in(self._tongues, block, self._settings.style))
        return self._shown[1]

    def _context(
        self,
        number: int,
        found: Help,
        period: ClosedPeriod,
        variant: Variant,
        opens: datetime | None,
        now: datetime,
    ) -> dict[str, str | None]:
        """What a built-in text may use; an own one uses the part of it that ``VARIABLES`` names."""
        tongue, settings = self._tongues[number], self._settings
        own = self._own.get(tongue.code, OwnWords())
        last = number == len(self._tongues) - 1
        when = None if opens is None else opening_in_words(opens, settings.zone, tongue, settings.region, now)
        signature = (own.sign_off, self._name if last else None)
        return {
            "practice_name": self._name or "",
            "closed": "" if variant == "ordinary" or not self._may_explain else str(tongue.words["closed"][variant]),
            "opens": when,
            "help": found.text,
            "repeat": self._repeat(tongue, period),
            "sentences": " ".join(own.sentences),
            "signature": "\n".join(filter(None, signature)),
        }

    @property
    def _may_explain(self) -> bool:
        """The discreet text says as little as it can."""
        return self._settings.style == "ordinary"

    def _repeat(self, tongue: Language, period: ClosedPeriod) -> str:
        """How often it is sent: a period whose length nobody knows counts as a long one."""
        words, after = tongue.words["repeat"], self._settings.repeat_after
        if self._settings.style == "discreet":
            return str(words["discreet_long" if period.end is None else "discreet_once"])
        if period.length is not None and period.length <= after:
            return str(words["once"])
        return str(words["long"]).format(time=tongue.length_in_words(after))

    def _passage(self, number: int, found: Help, context: dict[str, str | None], key: str) -> Passage:
        tongue = self._tongues[number]
        own = self._templates.get((key, tongue.code)) or self._templates.get(("", tongue.code))
        template = own or tongue.texts[self._settings.style]
        text = tidy(template.render(context))
        if own is not None and (fault := _fault(text, found.text)):
            raise TemplateError(f"the reply template {fault}")
        heading = tongue.name if number else ""
        return Passage(self.tags[tongue.code], heading, text, found)


class BareWriter:
    """Writes what is left when no built-in text can be read: a few English words that name nobody, and the numbers.

    Args:
        region: ISO 3166, for the language tag.
    """

    subject = "Automatic reply"
    has_own_words = False
    closures = ()

    def __init__(self, region: str) -> None:
        self.tags = {"en": language_tag("en", region)}

    def write(self, period: ClosedPeriod, now: datetime, block: HelpBlock) -> tuple[Passage, ...]:  # noqa: ARG002 - as every writer
        """The same in every closed period."""
        found = Help(bare_ways(block), "", spaced=False)
        text = f"This is an automatic reply. Nobody is reading this mailbox now.\n\n{found.text}\n"
        return (Passage(self.tags["en"], "", tidy(text), found),)


def plain_text(passages: Sequence[Passage]) -> str:
    """The whole reply as plain text: the languages below each other, parted by an empty line."""
    return "\n".join(passage.plain for passage in passages)


def _closure_now(period: ClosedPeriod, now: datetime) -> str:
    """The closure whose text holds: of those that hold now the latest to begin; else one about to, or just over.

    A night or a weekend beside a closure belongs to it; a month behind it, nobody is on holiday any more.
    """
    now_on = [key for start, end, key in period.words if start <= now and (end is None or now < end)]
    if now_on:
        return now_on[-1]
    near = [key for start, end, key in period.words if start - LONG <= now and (end is None or now < end + LONG)]
    return near[0] if near else ""


def _fault(text: str, help_text: str) -> str | None:
    if len(text) > MAX_TEMPLATE:
        return f"renders to more than {MAX_TEMPLATE} characters; shorten it"
    if help_text not in text:
        return "does not show the ways to help; put {{ help }} on a line of its own, outside any {% if %}"
    return None
