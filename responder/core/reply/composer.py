"""The composer: one mailbox's replies, from the first word to the last look."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from responder.core.decision import Reply
from responder.core.hours.period import ClosedPeriod
from responder.core.message import Address, InboundMessage
from responder.core.outcome import OutgoingReply
from responder.core.reply import message as mail
from responder.core.reply.freshness import NOT_COMPARED
from responder.core.reply.lines import HelpBlock
from responder.core.reply.page import Passage, html_page
from responder.core.reply.template import TemplateError
from responder.core.reply.variants import VARIANTS, Variant, sample, sample_now
from responder.core.reply.verify import check_help, missing
from responder.core.reply.words import LANGUAGES, Language, LanguageError, language
from responder.core.reply.writer import BareWriter, OwnWords, ReplySettings, Writer, plain_text

ENGLISH: Final = LANGUAGES[0]

_REINSTALL: Final = "install the responder again"

AnyWriter = Writer | BareWriter


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that the settings ask for and replies do without.

    Attributes:
        language: ISO 639-1.
        key: "languages" when the whole language is refused, "template" for a text, "words" for sentences and the like.
        closure: whose text it is; empty for the usual one.
        reason: with the cure.
    """

    language: str
    key: str
    closure: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A reply of one variant, to be seen before it is sent.

    Attributes:
        closure: key of the closure whose own text it is; empty for the usual text.
    """

    variant: Variant
    closure: str
    period: ClosedPeriod
    now: datetime


class Composer:
    """Composes the replies of one mailbox; keeps what is the same in each of them.

    What the settings ask for and must not be sent is left out, never the reply: see ``refused``.

    Attributes:
        refused: what is left out.
        languages: what it writes in, in order.

    Raises:
        TemplateError: not even the built-in English text shows a way to help, or the practice's name is unfit.
    """

    def __init__(self, settings: ReplySettings) -> None:
        self.settings = settings
        self._name = mail.checked_name(settings.practice_name)
        discreet = settings.style == "discreet"
        self._sender_name = None if discreet else mail.display_name(self._name)
        self._unwanted = _as_word(self._name) if discreet and self._name else None
        self._refused: list[Refused] = []
        self._kept: tuple[int, HelpBlock] | None = None
        self.languages = settings.languages
        bare = BareWriter(settings.region)
        self._check(bare)
        tongues = self._checked_tongues()
        self.languages = tuple(tongue.code for tongue in tongues)
        self._kept = None
        self._writers: tuple[AnyWriter, ...] = (*self._full_writers(tongues), bare)
        self.refused = tuple(self._refused)

    def compose(
        self, reply: Reply, message: InboundMessage, period: ClosedPeriod, *, now: datetime, message_id: str
    ) -> OutgoingReply:
        """The reply to one message, looked at once more in its final form.

        Args:
            reply: whom to answer, and from which of our addresses.
            message: only its Message-ID is used.
            period: the closed period that holds now.
            now: for ``Date`` and for "today".
            message_id: see ``reply_message_id``.

        Raises:
            TemplateError: not even the built-in text shows a way to help. Nothing may be sent.
            ValueError: an address or the Message-ID is unfit for a header.
        """
        reason: str | None = "no text renders"
        block = self.help_at(now)
        for kind, writer, passages in self._drafts(period, now, block):
            content = self._fields(writer, reply.answered_as, reply.correspondent, message.message_id, now, message_id)
            content += self._body(writer, passages)
            reason = check_help(content, block)
            if reason is None:
                text = plain_text(passages)
                return OutgoingReply(reply.correspondent, reply.answered_as, message_id, content, text, kind)
        raise TemplateError(f"the reply must not be sent: {reason}")

    def text(self, period: ClosedPeriod, now: datetime) -> str:
        """What a reply would say, for a preview."""
        return next(plain_text(passages) for _, _, passages in self._drafts(period, now, self.help_at(now)))

    def help_at(self, now: datetime) -> HelpBlock:
        """The ways to help that a reply shows which is composed now.

        Chosen once a minute; what stays the same stays the very same object, so that its sentences are kept, too.
        """
        minute = int(now.timestamp() // 60)
        if self._kept is None or self._kept[0] != minute:
            block = self._block(now)
            is_same = self._kept is not None and self._kept[1] == block
            self._kept = (minute, self._kept[1] if self._kept is not None and is_same else block)
        return self._kept[1]

    def _block(self, now: datetime) -> HelpBlock:
        settings = self.settings
        return settings.help.at(now, self.languages or (ENGLISH,), discreet=settings.style == "discreet")

    def _drafts(
        self, period: ClosedPeriod, now: datetime, block: HelpBlock
    ) -> Iterator[tuple[str, AnyWriter, tuple[Passage, ...]]]:
        """Each with its kind: the practice's own text if it is one to send, the built-in one, English, the bare one.

        The kind tells the owner that theirs failed; the person who wrote gets the built-in text, never silence.
        """
        for number, writer in enumerate(self._writers):
            try:
                passages = writer.write(period, now, block)
            except Exception:  # noqa: BLE001, S112 - if a text breaks, the next one goes out, and its kind tells
                # it was written in every variant when it was made: this is for what nobody thought of
                continue
            if self._fault(writer, passages, block) is None:
                yield f"{self.settings.style}-builtin" if number else self.settings.style, writer, passages

    def samples(self) -> Iterator[Sample]:
        """Every kind of text that this mailbox can send."""
        zone = self.settings.zone
        for variant in VARIANTS:
            yield Sample(variant, "", sample(variant, zone), sample_now(zone))
        for key in self.settings.closures:
            *_, period = _with_each_closure(sample("long", zone), [key])
            yield Sample("long", key, period, sample_now(zone))

    @property
    def fingerprint(self) -> str:
        """What stands for all the words of this mailbox: 16 hex digits that change when any of them does.

        As of one day, comparisons apart: what grows too old to be said leaves no new words behind.
        """
        writer, zone = self._writers[0], self.settings.zone
        now = sample_now(zone)
        plan = self.settings.help.compared(NOT_COMPARED)
        block = plan.at(now, self.languages or (ENGLISH,), discreet=self.settings.style == "discreet")
        digest = hashlib.sha256(repr((self._sender_name, self.settings.html, writer.subject)).encode())
        for variant in VARIANTS:
            for period in _with_each_closure(sample(variant, zone), self.settings.closures):
                digest.update(repr(plain_text(writer.write(period, now, block))).encode())
        return digest.hexdigest()[:16]

    # -- what may be used ----------------------------------------------------------------------------------------------

    def _checked_tongues(self) -> list[Language]:
        """Those of the languages that may be sent; English when none is left, and none when that is broken as well."""
        asked = dict.fromkeys(self.settings.languages)
        found = [tongue for code in asked if (tongue := self._checked(code)) is not None]
        if not found and ENGLISH not in asked and (english := self._checked(ENGLISH)) is not None:
            return [english]
        return found

    def _checked(self, code: str) -> Language | None:
        """A language that may be sent; else says so in ``refused``."""
        try:
            tongue = language(code)
            self._check_draft(tongue)
            self._check(self._builtin([tongue]))
        except Exception as error:  # noqa: BLE001 - told in ``refused``; the others are written without it
            self._refused.append(Refused(code, "languages", "", _said(error)))
            return None
        return tongue

    def _full_writers(self, tongues: Sequence[Language]) -> Iterator[Writer]:
        """What is tried before the bare text, best first."""
        if not tongues:
            return
        own = self._own(tongues)
        if own.has_own_words:
            yield own
        yield self._builtin(tongues)
        if self.languages != (ENGLISH,) and not any(each.language == ENGLISH for each in self._refused):
            with contextlib.suppress(Exception):
                yield self._builtin([language(ENGLISH)])

    def _check_draft(self, tongue: Language) -> None:
        if tongue.code != ENGLISH and not tongue.is_signed and not self.settings.allow_draft:
            raise LanguageError(
                f"the {tongue.code} text is a draft that no native speaker and no clinician has signed, so it is not "
                "sent; read it (responder preview), and write allow_draft = true under [reply] to send it all the same"
            )

    def _builtin(self, tongues: Sequence[Language]) -> Writer:
        return Writer(self.settings, self._name, tongues, {}, {})

    def _own(self, tongues: Sequence[Language]) -> Writer:
        """A writer with those of the own words that hold in every variant."""
        own: dict[str, OwnWords] = {}
        closures: dict[str, dict[str, str]] = {}
        for code in (tongue.code for tongue in tongues):
            words = self.settings.own.get(code)
            if words is None:
                continue
            rest = replace(words, template=None)
            if rest != OwnWords() and self._holds(tongues, {code: rest}, {}, Refused(code, "words", "", "")):
                own[code] = rest
            if words.template is not None:
                only = OwnWords(template=words.template)
                if self._holds(tongues, {code: only}, {}, Refused(code, "template", "", "")):
                    own[code] = replace(own.get(code, OwnWords()), template=words.template)
        for key, texts in self.settings.closures.items():
            for code, source in texts.items():
                if code in self.languages and self._holds(
                    tongues, {}, {key: {code: source}}, Refused(code, "template", key, "")
                ):
                    closures.setdefault(key, {})[code] = source
        return Writer(self.settings, self._name, tongues, own, closures)

    def _holds(
        self,
        tongues: Sequence[Language],
        own: Mapping[str, OwnWords],
        closures: Mapping[str, Mapping[str, str]],
        what: Refused,
    ) -> bool:
        """Whether these own words may be sent, each by itself; else says so in ``refused``."""
        try:
            self._check(Writer(self.settings, self._name, tongues, own, closures))
        except Exception as error:  # noqa: BLE001 - told in ``refused``; the reply is written without it
            self._refused.append(replace(what, reason=str(error)))
            return False
        return True

    def _check(self, writer: AnyWriter) -> None:
        """Writes what can differ between two replies: with and without an opening, short and long periods.

        Raises:
            TemplateError: one of them must not be sent.
        """
        zone = self.settings.zone
        now = sample_now(zone)
        block = self.help_at(now)
        for variant in VARIANTS:
            for period in _with_each_closure(sample(variant, zone), writer.closures):
                if (fault := self._fault(writer, writer.write(period, now, block), block)) is not None:
                    raise TemplateError(fault)

    def _fault(self, writer: AnyWriter, passages: Sequence[Passage], block: HelpBlock) -> str | None:
        """What makes a text unfit to send, if anything does."""
        text = plain_text(passages)
        whose = "the reply template" if writer.has_own_words else "the built-in reply"
        if (reason := missing(text, block)) is not None:
            return f"{whose}: {reason}; " + (
                "take it out or put {{ help }} back" if writer.has_own_words else _REINSTALL
            )
        # A built-in text names nobody: a practice called "Now" does not silence it.
        if writer.has_own_words and self._unwanted and self._unwanted.search(f"{writer.subject}\n{text}"):
            return f"{whose} names the practice although the style is discreet; take the name out"
        return None

    # -- the message ---------------------------------------------------------------------------------------------------

    def _fields(
        self,
        writer: AnyWriter,
        sender: Address,
        recipient: Address,
        answers: str | None,
        now: datetime,
        message_id: str,
    ) -> bytes:
        return mail.header_fields(
            sender=sender,
            sender_name=self._sender_name,
            recipient=recipient,
            subject=mail.subject_field(writer.subject),
            at=now.astimezone(self.settings.zone),
            message_id=message_id,
            answers=answers,
            languages=", ".join(writer.tags.values()),
        )

    def _body(self, writer: AnyWriter, passages: Sequence[Passage]) -> bytes:
        html = None
        if self.settings.html and self.settings.style == "ordinary":
            html = html_page(passages, writer.subject, writer.tags)
        return mail.body(plain_text(passages), html)


def _with_each_closure(period: ClosedPeriod, keys: Iterable[str]) -> Iterator[ClosedPeriod]:
    """A period by itself, and as part of every closure that has a text of its own."""
    assert period.start is not None  # noqa: S101 - a sample has a start
    yield period
    for key in keys:
        yield replace(period, words=((period.start, None, key),))


def _as_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _said(error: Exception) -> str:
    """Why a language is refused, as a sentence."""
    if isinstance(error, LanguageError | TemplateError):
        return str(error)
    return f"its text does not render ({type(error).__name__}: {error}); {_REINSTALL}"
