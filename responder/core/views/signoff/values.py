"""What there is to look at, as values."""

from __future__ import annotations

from dataclasses import dataclass

from responder.core.reply.lines import CrisisLine


@dataclass(frozen=True, slots=True)
class SheetLanguage:
    """A language that replies are written in.

    Attributes:
        code: ISO 639-1.
        name: what its speakers call it.
        signed: who has signed its words, as the language's own file says; "clinician: A. Reader, 2026-11-20".
        is_draft: a native speaker or a clinician, or both, have yet to sign it.
    """

    code: str
    name: str
    signed: tuple[str, ...]
    is_draft: bool

    @property
    def status(self) -> str:
        """One clause for the owner."""
        if self.is_draft:
            return (
                "a draft: no native speaker and no clinician has signed it yet"
                if not self.signed
                else (f"a draft: signed only by {', '.join(self.signed)}")
            )
        return f"signed by {', '.join(self.signed)}"


@dataclass(frozen=True, slots=True)
class TextPart:
    """Some lines of a reply that are in one language.

    Attributes:
        tag: BCP 47.
        text: without a line end behind the last line.
    """

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One reply, as its reader sees it.

    Attributes:
        name: what ``--variant`` takes.
        about: when it goes out, in words for the owner.
        sender: the From field, decoded.
        subject: the Subject field, decoded.
        fields: every header field as it is sent, one string.
        parts: the plain text, cut where the language changes.
        html: the HTML beside it; empty where there is none.
        is_own: it is a closure's own text, to be read as a whole.
        is_stand_in: the practice's own words failed in this one, and built-in ones go out.
    """

    name: str
    about: str
    sender: str
    subject: str
    fields: str
    parts: tuple[TextPart, ...]
    html: str
    is_own: bool
    is_stand_in: bool

    @property
    def text(self) -> str:
        """The whole plain text."""
        return "\n".join(stretch.text for stretch in self.parts)


@dataclass(frozen=True, slots=True)
class Group:
    """Mailboxes that say the same.

    Attributes:
        mailboxes: their addresses; the first one is the sender of what is shown.
        remarks: what is worth knowing about how they are sent, a sentence each.
        replies: every kind of reply, in order.
    """

    mailboxes: tuple[str, ...]
    remarks: tuple[str, ...]
    replies: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of it.

    Attributes:
        practice: its name; empty where nothing signs.
        region: ISO 3166 code.
        zone: the clock of all times, in words.
        drawn: when this was put together, in words.
        fingerprint: stands for all the words; empty where only a part is shown, which nobody can sign for the whole.
        part: which part that is, a sentence; empty for the whole.
        is_approved: somebody has approved just these words.
        approval: the same as a sentence.
        refused: what the file asks for and replies do without.
        looks: what is allowed but worth a look.
        compared: when the help lines were compared with the services' own pages, a sentence.
        lines: the help lines that replies show, the emergency number first.
        languages: the languages of the replies.
        groups: at least one.
    """

    practice: str
    region: str
    zone: str
    drawn: str
    fingerprint: str
    part: str
    is_approved: bool
    approval: str
    refused: tuple[str, ...]
    looks: tuple[str, ...]
    compared: str
    lines: tuple[CrisisLine, ...]
    languages: tuple[SheetLanguage, ...]
    groups: tuple[Group, ...]

    @property
    def line_to_add(self) -> str:
        """What goes into the file once the right person has said yes; with her name and the day to be filled in."""
        return f'approved = "{self.fingerprint}, name, date"'
