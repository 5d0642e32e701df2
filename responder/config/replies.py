"""What replies say, as the file has it: the practice's own words, for each mailbox, language and closure.

Whatever of these must not be sent is refused and left out. It costs the practice its words, never the reply.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from responder.compose import LANGUAGES, Composer, OwnWords, ReplySettings
from responder.config import week
from responder.config.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from responder.compose import Refused
    from responder.config import models
    from responder.config.problems import Findings, Loc
    from responder.config.values import Config
    from responder.model import HelpBlock

_T = TypeVar("_T")

MAX_TEMPLATE_OCTETS: Final = 20_000
"""A reply is read on a phone in the dark; a template this long is some other file."""


@dataclass(frozen=True, slots=True)
class Replies:
    """The reply settings of every mailbox.

    Attributes:
        usual: of those that say nothing of their own.
        special: of the others, by their index in the file.
    """

    usual: ReplySettings
    special: Mapping[int, ReplySettings]

    def of(self, index: int) -> ReplySettings:
        """Those of one mailbox."""
        return self.special.get(index, self.usual)


def replies(
    path: Path,
    practice: models.Practice,
    reply: models.Reply,
    closures: Mapping[int, models.Closure],
    mailboxes: Mapping[int, models.Mailbox],
    block: HelpBlock,
    findings: Findings,
) -> Replies:
    """Every mailbox's settings, each tried as a composer would use it; whatever is wrong is added to ``findings``."""
    reader = _Reader(path, tuple(practice.languages), findings)
    usual = ReplySettings(
        practice_name=practice.name,
        region=practice.region,
        zone=practice.time_zone,
        languages=tuple(practice.languages),
        style=reply.style,
        help=block,
        own=reader.own(("reply",), reply),
        closures=reader.closures((), closures),
        allow_draft=reply.allow_draft,
        html=reply.html,
        repeat_after=reply.repeat_after,
    )
    special = {i: reader.special(i, table, usual) for i, table in mailboxes.items() if _says_something(table)}
    _try(usual, ("reply",), findings)
    for index, settings in special.items():
        _try(settings, ("mailbox", index, "reply"), findings)
    return Replies(usual, special)


def fingerprint(config: Config) -> str:
    """What stands for all the words that replies of this file can have: 16 hex digits."""
    each = sorted({Composer(box.reply).fingerprint for box in config.mailboxes})
    return each[0] if len(each) == 1 else hashlib.sha256(" ".join(each).encode()).hexdigest()[:16]


def _says_something(table: models.Mailbox) -> bool:
    return table.reply is not None or any(closure.template for closure in table.closure)


def _try(settings: ReplySettings, loc: Loc, findings: Findings) -> None:
    """Composes with it, and says at which place of the file is what the composer leaves out."""
    try:
        composer = Composer(settings)
    except ValueError as error:
        place: Loc = ("practice", "name") if "practice's name" in str(error) else ("reply", "style")
        if (problem := Problem(place, str(error))) not in findings.problems:
            findings.problems.append(problem)
        return
    for refused in composer.refused:
        findings.refuse(_place(refused, settings, loc), refused.reason)


def _place(refused: Refused, settings: ReplySettings, loc: Loc) -> Loc:
    if refused.key == "languages":
        codes = settings.languages
        where = (codes.index(refused.language),) if refused.language in codes else ()
        return ("practice", "languages", *where)
    if refused.closure:
        return (*week.closure_loc(refused.closure), "template")
    return (*loc, "template" if refused.key == "template" else "sentences")


class _Reader:
    """Reads own words of one file.

    Args:
        path: the configuration file; templates lie beside it.
        languages: of the replies, in order.
        findings: what is wrong is added to it.
    """

    def __init__(self, path: Path, languages: tuple[str, ...], findings: Findings) -> None:
        self._directory = path.parent
        self._languages = languages
        self._findings = findings

    def own(self, loc: Loc, table: models.OwnWords) -> dict[str, OwnWords]:
        """The own words of one table, by language."""
        found: dict[str, OwnWords] = {}
        for code, name in self._by_language((*loc, "template"), table.template).items():
            text = self._template((*loc, "template"), name)
            if text is not None:
                found[code] = OwnWords(template=text)
        for code, sentences in self._by_language((*loc, "sentences"), table.sentences).items():
            found[code] = replace(found.get(code, OwnWords()), sentences=sentences)
        for code, sign_off in self._by_language((*loc, "sign_off"), table.sign_off).items():
            found[code] = replace(found.get(code, OwnWords()), sign_off=sign_off)
        for code, subject in self._by_language((*loc, "subject"), table.subject).items():
            found[code] = replace(found.get(code, OwnWords()), subject=subject)
        return found

    def closures(self, loc: Loc, tables: Mapping[int, models.Closure]) -> dict[str, dict[str, str]]:
        """The texts of those closures that have one, by the closure's key and the language."""
        found: dict[str, dict[str, str]] = {}
        for index, table in tables.items():
            place: Loc = (*loc, "closure", index, "template")
            for code, name in self._by_language(place, table.template).items():
                if (text := self._template(place, name)) is not None:
                    found.setdefault(week.closure_key(loc, index), {})[code] = text
        return found

    def special(self, index: int, table: models.Mailbox, usual: ReplySettings) -> ReplySettings:
        """What one mailbox says of its own, over the usual; words in the usual style are not for another one."""
        from responder.config.models import MailboxReply

        loc: Loc = ("mailbox", index)
        reply = table.reply or MailboxReply()
        style = reply.style or usual.style
        same = style == usual.style
        own = dict(usual.own) if same else {}
        for code, words in self.own((*loc, "reply"), reply).items():
            own[code] = _over(own.get(code, OwnWords()), words)
        closures = self.closures(loc, dict(enumerate(table.closure)))
        return replace(
            usual,
            style=style,
            html=usual.html if reply.html is None else reply.html,
            own=own,
            closures={**(usual.closures if same else {}), **closures},
        )

    def _by_language(self, loc: Loc, values: Mapping[str, _T]) -> dict[str, _T]:
        """With the first language of the replies where none was written."""
        found: dict[str, _T] = {}
        for code, value in values.items():
            of = code or next(iter(self._languages), LANGUAGES[0])
            if of not in self._languages:
                self._findings.look((*loc, of), "no reply is written in this language, so this is never used")
            found[of] = value
        return found

    def _template(self, loc: Loc, name: str) -> str | None:
        """The text of a template's file; refused and None when it is none."""
        file = self._directory / name
        try:
            content = file.read_bytes()
        except OSError as error:
            self._findings.refuse(loc, f"cannot be read: {error.strerror}. It is looked for at {file}")
            return None
        if len(content) > MAX_TEMPLATE_OCTETS:
            self._findings.refuse(loc, f"is longer than {MAX_TEMPLATE_OCTETS} octets, but a reply is a short text")
            return None
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            self._findings.refuse(loc, "is not UTF-8 text. Save the file as UTF-8")
            return None


def _over(usual: OwnWords, words: OwnWords) -> OwnWords:
    """What a mailbox says takes the place of the usual, key by key."""
    return OwnWords(
        template=words.template if words.template is not None else usual.template,
        sentences=words.sentences or usual.sentences,
        sign_off=words.sign_off or usual.sign_off,
        subject=words.subject or usual.subject,
    )
