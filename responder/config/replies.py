"""What replies say, as the file has it: the settings of each mailbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from responder.config import schema, week
from responder.config.helplines import Plans
from responder.config.ownwords import OwnWordsReader, linted
from responder.config.problems import Findings, Loc, Problem
from responder.config.readers import Unfit
from responder.config.values import Config
from responder.core import lint
from responder.core.lint import Finding
from responder.core.reply import Composer, OwnWords, Refused, ReplySettings, UnfitNameError, checked_name
from responder.core.reply.choice import HelpPlan


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
    practice: schema.Practice,
    reply: schema.Reply,
    closures: Mapping[int, schema.Closure],
    mailboxes: Mapping[int, schema.Mailbox],
    help_: Plans,
    findings: Findings,
) -> Replies | None:
    """Every mailbox's settings, each tried as a composer would use it; what is wrong is added to ``findings``.

    Returns:
        None when one of them gives no reply that shows a way to help.
    """
    reader = OwnWordsReader(path, practice.name, practice.languages, findings)
    discreet = reply.style == "discreet"
    usual = ReplySettings(
        practice_name=_fit_name(practice.name, findings),
        region=practice.region,
        zone=practice.time_zone,
        languages=tuple(practice.languages),
        style=reply.style,
        help=help_.usual,
        own=reader.own(("reply",), reply, discreet=discreet),
        closures=reader.closures((), closures, discreet=discreet),
        allow_draft=reply.allow_draft,
        html=reply.html,
        repeat_after=reply.repeat_after,
    )
    special = {
        i: _special(i, table, usual, help_.of(i), reader) for i, table in mailboxes.items() if _says_something(table)
    }
    for finding in linted(_sender_name, practice.name, language="", discreet=discreet) if practice.name else ():
        findings.look(("practice", "name"), finding.rule, f"{finding.reason} {finding.cure}")
    if isinstance(reply.approved, Unfit):
        findings.refuse(("reply", "approved"), "bad-approval", reply.approved.reason)
    tried = [_try(usual, ("reply",), findings)]
    tried += [_try(settings, ("mailbox", index, "reply"), findings) for index, settings in special.items()]
    return Replies(usual, special) if all(tried) else None


def _sender_name(text: str, /, *, discreet: bool, **_: str | None) -> tuple[Finding, ...]:
    """A discreet reply has no sender name."""
    return () if discreet else lint.lint_sender_name(text)


def fingerprint(config: Config) -> str:
    """What stands for all the words that replies of this file can have, and from which mailbox: 16 hex digits."""
    each = sorted((box.name, Composer(box.reply).fingerprint) for box in config.mailboxes)
    return hashlib.sha256(repr(each).encode()).hexdigest()[:16]


def _says_something(table: schema.Mailbox) -> bool:
    has_place = table.region is not None or table.time_zone is not None
    return has_place or table.reply is not None or any(closure.template for closure in table.closure)


def _fit_name(name: str | None, findings: Findings) -> str | None:
    """The practice's name, if it may stand in a header and in a text."""
    try:
        return checked_name(name)
    except UnfitNameError as error:
        findings.problems.append(Problem(("practice", "name"), "bad-name", str(error)))
        return None


def _try(settings: ReplySettings, loc: Loc, findings: Findings) -> bool:
    """Composes with it, and says at which place of the file is what the composer leaves out."""
    try:
        composer = Composer(settings)
    except ValueError as error:
        findings.problems.append(Problem((*loc, "style"), "no-reply", str(error)))
        return False
    for refused in composer.refused:
        findings.refuse(_place(refused, settings, loc), f"refused-{refused.key}", refused.reason)
    return True


def _place(refused: Refused, settings: ReplySettings, loc: Loc) -> Loc:
    if refused.key == "languages":
        codes = settings.languages
        where = (codes.index(refused.language),) if refused.language in codes else ()
        return ("practice", "languages", *where)
    if refused.closure:
        return (*week.closure_loc(refused.closure), "template")
    return (*loc, "template" if refused.key == "template" else "sentences")


def _special(
    index: int, table: schema.Mailbox, usual: ReplySettings, help_: HelpPlan, reader: OwnWordsReader
) -> ReplySettings:
    """What one mailbox says of its own, over the usual; words in the usual style are not for another one."""
    from responder.config.schema import MailboxReply

    loc: Loc = ("mailbox", index)
    reply = table.reply or MailboxReply()
    style = reply.style or usual.style
    discreet, same = style == "discreet", style == usual.style
    own = dict(usual.own) if same else {}
    for code, words in reader.own((*loc, "reply"), reply, discreet=discreet).items():
        own[code] = _over(own.get(code, OwnWords()), words)
    closures = reader.closures(loc, dict(enumerate(table.closure)), discreet=discreet)
    return replace(
        usual,
        region=table.region or usual.region,
        zone=table.time_zone or usual.zone,
        help=help_,
        style=style,
        html=usual.html if reply.html is None else reply.html,
        own=own,
        closures={**(usual.closures if same else {}), **closures},
    )


def _over(usual: OwnWords, words: OwnWords) -> OwnWords:
    """What a mailbox says takes the place of the usual, key by key."""
    return OwnWords(
        template=words.template if words.template is not None else usual.template,
        sentences=words.sentences or usual.sentences,
        sign_off=words.sign_off or usual.sign_off,
        subject=words.subject or usual.subject,
    )
