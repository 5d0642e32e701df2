"""What the rest of the program gets from the configuration file: frozen core types, nothing of TOML or pydantic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from responder.core.errors import Told
from responder.core.hours.schedule import Schedule
from responder.core.limits.rates import Rates
from responder.core.message import Address
from responder.core.reply import ReplySettings
from responder.core.rules.decide import MailboxRules


class Fault(ValueError):  # noqa: N818 - of a value, not of the program
    """A value of the file that cannot be used: reason and cure in one or two sentences, never the value itself."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


Tls = Literal["implicit", "starttls", "none"]
Style = Literal["ordinary", "discreet"]

COMPARED_FRESH = timedelta(days=90)
"""How long a comparison of the crisis lines counts; services move and close without telling anyone."""


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """A systemd credential: ``$CREDENTIALS_DIRECTORY/name``."""

    name: str


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that only its owner may read; the path is joined to the configuration file's directory."""

    path: Path


@dataclass(frozen=True, slots=True)
class EnvSource:
    """An environment variable of the process."""

    name: str


@dataclass(frozen=True, slots=True)
class CommandSource:
    """A program whose first line of output is the secret; run without a shell, beside the configuration file."""

    argv: tuple[str, ...]
    directory: Path


SecretSource = CredentialSource | FileSource | EnvSource | CommandSource
"""Where a secret lies. The secret itself is read at login, never at load."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One server of a mailbox.

    Attributes:
        tls: ``none`` only ever on a loopback host.
        ca_file: PEM file to trust instead of the system's authorities.
        auth: False for a local relay that takes mail without a login.
        helo_name: what EHLO says; None for the address literal of the connection.
    """

    host: str
    port: int
    tls: Tls
    ca_file: Path | None = None
    auth: bool = True
    helo_name: str | None = None


@dataclass(frozen=True, slots=True)
class HolidayConfig:
    """Which days are closed besides those in the file. ``calendars`` works them out: they change without the file.

    Attributes:
        calendars: iCalendar files, already joined to the directory of the configuration file.
    """

    public: bool = False
    calendars: tuple[Path, ...] = ()


@dataclass(frozen=True)
class MailboxConfig:
    """One folder of one account that is watched.

    Attributes:
        name: the address in lower case; names the mailbox in message keys and in the ledger.
        schedule: the mailbox's own hours, or else the practice's: the very same object.
    """

    address: Address
    name: str
    folder: str
    imap: ServerConfig
    smtp: ServerConfig
    username: str
    password: SecretSource
    rules: MailboxRules
    reply: ReplySettings
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody has read all the words that replies can have, and found them right.

    Attributes:
        fingerprint: of those words; others have another one.
    """

    fingerprint: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class ReplyConfig:
    """When a reply is still due, and when a second one is.

    Attributes:
        max_age: older messages are listed, not answered.
        floor: a slot this young always counts as answered.
        repeat_after: in a longer closed period, the next reply to the same correspondent.
    """

    style: Style
    max_age: timedelta
    floor: timedelta
    repeat_after: timedelta
    approved: Approval | None = None


@dataclass(frozen=True)
class Config:
    """A whole configuration file, checked.

    Attributes:
        compared_on: the day the owner compared the crisis lines with each service's own page.
        remarks: what is allowed but worth a look, one sentence each; no addresses in them.
        faults: what is wrong with the file, each as a ``ConfigError`` has it, when the rest is used all the same.
        refusals: what the file asks for and is refused, while the reply goes out without it; each sentence with file,
            line, key, reason and cure, as a ``ConfigError`` has them.
        refused_lines: those of them that are crisis lines, for which a reload is refused.
    """

    path: Path
    practice_name: str | None
    zone: ZoneInfo
    region: str
    languages: tuple[str, ...]
    schedule: Schedule
    reply: ReplyConfig
    rates: Rates
    mailboxes: tuple[MailboxConfig, ...]
    compared_on: date | None = None
    holidays: HolidayConfig = HolidayConfig()
    remarks: tuple[Told, ...] = ()
    faults: tuple[Told, ...] = ()
    refusals: tuple[Told, ...] = ()
    refused_lines: tuple[Told, ...] = ()

    @property
    def warnings(self) -> tuple[Told, ...]:
        """What is allowed but worth a look, of the hours too: one sentence each, without addresses."""
        own = [
            f"mailbox {number}: {warning}"
            for number, box in enumerate(self.mailboxes, 1)
            if box.schedule is not self.schedule
            for warning in box.schedule.warnings()
        ]
        return (*(Told("hours", text) for text in (*self.schedule.warnings(), *own)), *self.remarks)

    def crisis_trouble(self, today: date) -> str | None:
        """What is wrong with the day of the last comparison, in half a sentence; None when it is recent."""
        if self.compared_on is None:
            return "nobody has compared these crisis lines with the services' own pages"
        if self.compared_on > today:
            return f"the day of the last comparison of the crisis lines, {self.compared_on}, has not come yet"
        age = today - self.compared_on
        return f"the crisis lines were last compared {age.days} days ago" if age > COMPARED_FRESH else None
