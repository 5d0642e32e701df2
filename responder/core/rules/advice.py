"""What the mailbox's own mail shows: whose findings to believe, whether a filter judges, whether the zone is wrong.

Without verdicts a third of real phishing looks like a person's letter; without findings a forger looks like anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from responder.core.clock import agreed_zone, zone_error, zone_trouble
from responder.core.mail import authentication
from responder.core.mail.authentication import is_id
from responder.core.message import InboundMessage
from responder.core.rules.signs import VERDICT_FIELDS
from responder.core.rules.values import MailboxRules

ENOUGH = 10
"""Messages from which on something can be said."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one message carries.

    Attributes:
        verdict: some spam filter wrote one, whichever.
        finding: whose Authentication-Results stand on top, and the domain in From.
        zone: its sender, and how far a wrong zone puts INTERNALDATE off; None without both times.
    """

    verdict: bool
    finding: authentication.Finding | None
    zone: tuple[str, timedelta | None] | None = None


def seen_in(message: InboundMessage) -> Seen:
    """Look at one message."""
    verdict = not VERDICT_FIELDS.isdisjoint(message.by_name)
    if message.received_at is None or message.delivered_at is None:
        return Seen(verdict, authentication.finding_of(message))
    sender = message.from_[0].identity if message.from_ else ""
    zone = sender, zone_error(message.received_at, message.delivered_at)
    return Seen(verdict, authentication.finding_of(message), zone)


def advice(mail: Sequence[Seen], rules: MailboxRules) -> Iterator[str]:
    """Sentences for the owner, each with what to set; none when all is well, or too little mail is there to tell."""
    findings = [one.finding for one in mail if one.finding is not None]
    latest = f"none of the latest {len(mail)} messages"
    proposed = authentication.proposed(findings, len(mail))
    own = rules.authserv_id
    if own is None and proposed is not None:
        yield f'your mail shows this line to add: authserv_id = "{proposed}"'
    elif len(mail) >= ENOUGH and not findings:
        yield (
            f"{latest} carries Authentication-Results, so forged senders count like real ones, and a flood of them can "
            "use up every reply. Ask your provider for these checks, or set them up"
        )
    elif own is not None and len(mail) >= ENOUGH and not any(is_id(one.authserv_id, own) for one in findings):
        line = f'. Your mail shows this line instead: authserv_id = "{proposed}"' if proposed is not None else ""
        yield f'{latest} carries Authentication-Results of "{own}", so nothing is believed{line}'
    if len(mail) >= ENOUGH and not any(one.verdict for one in mail):
        yield (
            f"{latest} carries a spam filter's verdict, so phishing that looks like a person's letter is answered. Let "
            "the mail server's filter write X-Spam-Flag, or move spam to the junk folder"
        )
    zone = agreed_zone([one.zone for one in mail if one.zone is not None])
    if zone is not None:
        yield zone_trouble(zone)
