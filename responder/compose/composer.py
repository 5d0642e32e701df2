"""The composer: one mailbox's replies, header fields and all."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime, quote
from typing import TYPE_CHECKING, Literal

import jinja2

from responder.compose.template import CONTROL, MAX_TEMPLATE, TemplateError, compiled, tidy
from responder.compose.verify import PLACEHOLDER, check_help, missing
from responder.compose.wording import help_text, known_language, language, time_in_words
from responder.model import HelpBlock, OutgoingReply
from responder.timewords import in_words, locale_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from responder.model import Address, ClosedPeriod, InboundMessage, Reply

MESSAGE_ID_PREFIX = "ahr."
"""Starts the Message-ID of everything we send: a reply to it that a machine wrote is recognised by it."""

MARKER_HEADER = "X-After-Hours-Responder"
"""On everything we send, so that we know our own mail wherever we meet it."""

MAX_NAME = 100
"""Characters of a practice's name, so that no header line nears the 998 octets of RFC 5322 §2.1.1."""

MAX_PLAIN_LINE = 78
"""Longer lines are folded by quoted-printable (RFC 5322 §2.1.1 asks for 78)."""

_MSG_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_ADDR_SPEC = re.compile(
    r'(?:[^\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff()<>\[\]:;@\\,"]{1,256}'
    r'|"(?:[^"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\[ -~]){0,256}")@[A-Za-z0-9._-]{1,255}'
)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_NOT_ON_A_LOCK_SCREEN = re.compile(r"suicid|crisis|abuse|violence", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReplySettings:
    """What the replies of one mailbox say.

    Attributes:
        practice_name: signs the reply; None and nothing signs.
        region: ISO 3166 code; decides how dates are written.
        zone: the practice's, in which the next opening is said.
        languages: of the text, in order.
        style: "discreet" names nobody and no service, for mailboxes that may be watched.
        help: the ways to help that every reply shows.
        template: source of the practice's own text (``VARIABLES`` and ``if`` only); None for the built-in one.
        repeat_after: in a longer closed period the same person may be answered again after this time.
    """

    practice_name: str | None
    region: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    style: Literal["ordinary", "discreet"]
    help: HelpBlock
    template: str | None = None
    repeat_after: timedelta = timedelta(hours=72)


class Composer:
    """Composes the replies of one mailbox; keeps what is the same in each of them.

    Raises:
        TemplateError: a text lacks the ways to help or does not render, or a setting is unfit for a header.
    """

    def __init__(self, settings: ReplySettings) -> None:
        self.settings = settings
        self._language = language(known_language(settings.languages))
        self._name = _checked_name(settings.practice_name)
        discreet = settings.style == "discreet"
        self._display_name = None if discreet else _display_name(self._name)
        self._unwanted = _as_word(self._name) if discreet and self._name else None
        self._locale = locale_for(settings.region)
        self._help = help_text(self._language, settings.help, settings.style)
        self._own = None if settings.template is None else compiled(settings.template)
        self._check_every_variant()

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
        reason: str | None = None
        fields = self._fields(reply, message, now, message_id)
        for kind, text in self._texts(period, now):
            content = fields + _body(text)
            reason = check_help(content, self.settings.help)
            if reason is None:
                return OutgoingReply(reply.correspondent, reply.answered_as, message_id, content, text, kind)
        raise TemplateError(f"the reply must not be sent: {reason}")

    def text(self, period: ClosedPeriod, now: datetime) -> str:
        """What a reply would say, for a preview."""
        return next(text for _, text in self._texts(period, now) if missing(text, self.settings.help) is None)

    def _texts(self, period: ClosedPeriod, now: datetime) -> Iterator[tuple[str, str]]:
        """The practice's own text if it renders, then the built-in one, each with its kind."""
        style, variables = self.settings.style, self._variables(period, now)
        if self._own is None:
            yield style, self._builtin(variables)
            return
        if (text := self._own_text_or_none(variables)) is not None:
            yield style, text
        # The kind tells the owner that theirs failed; whoever wrote gets the built-in text, never silence.
        yield f"{style}-builtin", self._builtin(variables)

    def _variables(self, period: ClosedPeriod, now: datetime) -> dict[str, str | None]:
        opens = None
        if period.end is not None and period.say_until and period.end > now:
            opens = self._on(in_words(period.end, self.settings.zone, self._locale, now))
        return self._context(opens, self._repeat(period))

    def _on(self, when: str) -> str:
        return when if when.startswith("today") else str(self._language.words["on"]).format(when=when)

    def _context(self, opens: str | None, repeat: str) -> dict[str, str | None]:
        name = self._name if self.settings.style == "ordinary" else None
        return {"practice_name": name or "", "opens": opens, "help": self._help, "repeat": repeat}

    def _repeat(self, period: ClosedPeriod) -> str:
        """How often it is sent: a period whose length nobody knows counts as a long one."""
        words = self._language.words
        if self.settings.style == "discreet":
            return str(words["repeat"]["discreet_long" if period.end is None else "discreet_once"])
        if period.length is not None and period.length <= self.settings.repeat_after:
            return str(words["repeat"]["once"])
        return str(words["repeat"]["long"]).format(time=time_in_words(self.settings.repeat_after, words))

    def _builtin(self, variables: Mapping[str, str | None]) -> str:
        return tidy(self._language.texts[self.settings.style].render(variables))

    def _own_text_or_none(self, variables: Mapping[str, str | None]) -> str | None:
        try:  # what was compiled has rendered in every variant: Jinja2's errors are caught for what nobody thought of
            return self._own_text(variables)
        except (jinja2.TemplateError, TemplateError):
            return None

    def _own_text(self, variables: Mapping[str, str | None]) -> str:
        """The practice's text, which must hold the ways to help unchanged.

        Raises:
            TemplateError: it does not, or it is not a text to send.
        """
        assert self._own is not None  # noqa: S101 - only called when there is one
        text = tidy(self._own.render(variables))
        if fault := self._fault(text):
            raise TemplateError(f"the reply template {fault}")
        return text

    def _fault(self, text: str) -> str | None:
        if len(text) > MAX_TEMPLATE:
            return f"renders to more than {MAX_TEMPLATE} characters; shorten it"
        if self._help not in text:
            return "does not show the ways to help; put {{ help }} on a line of its own, outside any {% if %}"
        if self._unwanted is not None and self._unwanted.search(text):
            return "names the practice although the style is discreet; take the name out"
        reason = missing(text, self.settings.help)
        return None if reason is None else f"{reason}; take it out or put {{{{ help }}}} back"

    def _check_every_variant(self) -> None:
        """Renders whatever can differ between two replies: with and without an opening, short and long periods.

        Raises:
            TemplateError: one of them must not be sent.
        """
        sample = datetime(2026, 11, 24, 9, tzinfo=UTC)
        opening = self._on(in_words(sample, self.settings.zone, self._locale, sample - timedelta(days=1)))
        for opens in (opening, None):
            for repeat in (self._language.words["repeat"]["once"], self._language.words["repeat"]["long"]):
                variables = self._context(opens, repeat)
                if reason := missing(self._builtin(variables), self.settings.help):
                    raise TemplateError(f"the built-in reply cannot be used: {reason}")
                if self._own is not None:
                    self._own_text(variables)

    def _fields(self, reply: Reply, message: InboundMessage, now: datetime, message_id: str) -> bytes:
        """The header fields that every reply has; none of them says anything about the sender's message."""
        if _MSG_ID.fullmatch(message_id) is None:
            raise ValueError("the reply's own Message-ID is not a valid msg-id; build it with reply_message_id")
        sender = _addr_spec(reply.answered_as)
        fields = {
            "From": sender if self._display_name is None else f"{self._display_name} <{sender}>",
            "To": _addr_spec(reply.correspondent),
            "Subject": str(self._language.words["subject"]),
            "Date": format_datetime(now.astimezone(self.settings.zone)),
            "Message-ID": message_id,
            "Auto-Submitted": "auto-replied",
            "X-Auto-Response-Suppress": "All",
            MARKER_HEADER: "1",
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Language": self._locale,
        }
        # Read once more before it is repeated: this is the one place that a sender's text can reach.
        if message.message_id is not None and _MSG_ID.fullmatch(message.message_id):
            fields |= {"In-Reply-To": message.message_id, "References": message.message_id}
        # Raw UTF-8 stands only in an address, where RFC 2047 §5 forbids encoded words; submission asks for SMTPUTF8.
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()


def reply_message_id(digest: str, domain: str) -> str:
    """The Message-ID of the reply that a digest names: the same at each attempt, so that a duplicate can be seen."""
    return f"<{MESSAGE_ID_PREFIX}{digest}@{domain}>"


def _checked_name(name: str | None) -> str | None:
    """The practice's name, if it fits a header and a line of text; None for an empty one.

    Raises:
        TemplateError: it does not fit.
    """
    if name is None or not name.strip():
        return None
    if CONTROL.search(name) or PLACEHOLDER.search(name):
        raise TemplateError("the practice's name holds a control character or template marks; write plain words")
    if len(name) > MAX_NAME:
        raise TemplateError(f"the practice's name is longer than {MAX_NAME} characters; shorten it")
    return name.strip()


def _as_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _display_name(name: str | None) -> str | None:
    """The name as a header phrase; None where the bare address says less to whoever looks over a shoulder."""
    if name is None or _NOT_ON_A_LOCK_SCREEN.search(name):
        return None
    if not name.isascii() or "=?" in name:
        # Folded before the address: a line with an encoded word has 76 octets at most (RFC 2047 §2).
        return Header(name, "utf-8", maxlinelen=68, header_name="From").encode(linesep="\r\n") + "\r\n"
    return name if _PHRASE.fullmatch(name) else f'"{quote(name)}"'


def _addr_spec(address: Address) -> str:
    """An address as it stands in a header.

    Raises:
        ValueError: it would read as something else there: several addresses, or a second field.
    """
    if _ADDR_SPEC.fullmatch(address.addr_spec) is None:
        raise ValueError("an address is unfit for a header field; nothing can be sent to it")
    return address.addr_spec


def _body(text: str) -> bytes:
    """The last header field, the empty line, and the text: as it is where it can be, else quoted-printable."""
    lines = text.split("\n")
    if text.isascii() and max(map(len, lines)) <= MAX_PLAIN_LINE:
        return b"Content-Transfer-Encoding: 7bit\r\n\r\n" + "\r\n".join(lines).encode()
    encoded = binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    return b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded
