"""The shape of the file: which tables and keys there are, and what each may hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from responder.config import readers, regions, values
from responder.config.values import Fault
from responder.core.hours.schedule import DailyInterval
from responder.core.limits import rates
from responder.core.message import Address

LONGEST_NAME: Final = 70
"""Characters of a practice's or a line's name: fits one line of a header and of the reply."""

DEFAULT_MAX_AGE: Final = timedelta(hours=24)
DEFAULT_FLOOR: Final = timedelta(hours=4)
DEFAULT_REPEAT_AFTER: Final = timedelta(hours=72)
DEFAULT_RATES: Final = rates.Rates()

_TLS = {
    **dict.fromkeys(("implicit", "ssl", "tls", "ssl/tls"), "implicit"),
    "starttls": "starttls",
    **dict.fromkeys(("none", "plain"), "none"),
}
_STYLES = {"ordinary": "ordinary", "normal": "ordinary", "discreet": "discreet", "discrete": "discreet"}

Line = Annotated[str, PlainValidator(readers.coded("bad-text", readers.line(LONGEST_NAME)))]
Words = Annotated[str, PlainValidator(readers.coded("bad-text", readers.line(200)))]
Zone = Annotated[ZoneInfo, PlainValidator(readers.coded("bad-time-zone", readers.zone))]
Region = Annotated[str, PlainValidator(readers.coded("bad-region", regions.region))]
Language = Annotated[str, PlainValidator(readers.coded("bad-language", readers.language))]
MailAddress = Annotated[Address, PlainValidator(readers.coded("bad-address", readers.address))]
Domain = Annotated[str, PlainValidator(readers.coded("bad-domain", readers.domain))]
Texts = Annotated[dict[str, str | readers.Unfit], PlainValidator(readers.by_language(readers.line(200)))]
Subjects = Annotated[dict[str, str | readers.Unfit], PlainValidator(readers.by_language(readers.line(LONGEST_NAME)))]
Sentences = Annotated[
    dict[str, tuple[str, ...] | readers.Unfit], PlainValidator(readers.by_language(readers.sentences))
]
Approved = Annotated[values.Approval | readers.Unfit, PlainValidator(readers.lenient(readers.approval))]
DayHours = Annotated[tuple[DailyInterval, ...], PlainValidator(readers.coded("bad-hours", readers.hours))]
Day = Annotated[date, PlainValidator(readers.coded("bad-day", readers.day))]
LocalTime = Annotated[datetime, PlainValidator(readers.coded("bad-time", readers.local_time))]
Host = Annotated[str, PlainValidator(readers.coded("bad-host", readers.host))]
Folder = Annotated[str, PlainValidator(readers.coded("bad-folder", readers.folder))]
Port = Annotated[int, Field(ge=1, le=65535)]
TlsMode = Annotated[Literal["implicit", "starttls", "none"], PlainValidator(readers.choice(_TLS))]
ReplyStyle = Annotated[Literal["ordinary", "discreet"], PlainValidator(readers.choice(_STYLES))]
MaxAge = Annotated[
    timedelta,
    PlainValidator(
        readers.duration(
            timedelta(minutes=15),
            timedelta(days=3),
            "less would miss mail that arrived while a server was away, more would answer what is long settled",
        )
    ),
]
Floor = Annotated[
    timedelta,
    PlainValidator(
        readers.duration(timedelta(0), timedelta(hours=12), "more would leave out the reply of the next evening")
    ),
]
RepeatAfter = Annotated[
    timedelta,
    PlainValidator(
        readers.duration(timedelta(days=1), timedelta(days=30), "nobody should get this reply more than once a day")
    ),
]


PerSender = Annotated[
    int,
    PlainValidator(readers.count(10, "nobody should get this reply more often, and 0 would silence everybody")),
]
PerHour = Annotated[
    int,
    PlainValidator(readers.count(1000, "more is no practice's night, and 0 would silence everybody")),
]
PerHourOfAll = Annotated[
    int,
    PlainValidator(readers.count(10_000, "more would stop no flood, and 0 would silence everybody")),
]


class Table(BaseModel):
    """One table of the file: unknown keys are mistakes, and values stay out of error messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    KEYS_ARE: ClassVar[str] = "a key of this table"


def _not_a(wrong: type, code: str, text: str) -> BeforeValidator:
    """Refuses one kind of value with a better sentence than pydantic has for it."""

    def check(value: object) -> object:
        if isinstance(value, wrong):
            raise Fault(code, text)
        return value

    return BeforeValidator(check)


_NO_SECRET: Final = _not_a(
    str,
    "secret-in-file",
    'no password stands in this file. Write where it lies, such as { credential = "hello-password" }, '
    "and change it if others have seen this file",
)


class Practice(Table):
    """``[practice]``: who answers, where, and in which language."""

    name: Line | None = Field(default=None, examples=['"Harbour Counselling"'])
    time_zone: Zone = Field(examples=['"Europe/London"'])
    region: Region = Field(examples=['"GB-ENG"'])
    languages: list[Language] = Field(default=["en"], min_length=1, examples=['["en"]'])


class Hours(Table):
    """``[hours]``: one line a day; a day that is missing is closed."""

    KEYS_ARE: ClassVar[str] = "a day of the week"

    monday: DayHours = Field(default=(), examples=['"09:00-12:30, 13:30-17:00"'])
    tuesday: DayHours = Field(default=(), examples=['"09:00-17:00"'])
    wednesday: DayHours = Field(default=(), examples=['"09:00-17:00"'])
    thursday: DayHours = Field(default=(), examples=['"12:00-20:00"'])
    friday: DayHours = Field(default=(), examples=['"09:00-13:00"'])
    saturday: DayHours = Field(default=(), examples=['"10:00-12:00"'])
    sunday: DayHours = Field(default=(), examples=['"10:00-12:00"'])


class Closure(Table):
    """``[[closure]]``: closed although the week says open."""

    from_: LocalTime = Field(alias="from", examples=["2026-12-24T12:00:00"])
    until: LocalTime | None = Field(default=None, examples=["2027-01-04T09:00:00"])
    note: Words | None = Field(default=None, examples=['"winter break"'])
    say_until: bool = Field(default=True, examples=["false"])
    template: Texts = Field(default={}, examples=['"winter.txt"'])


class Opening(Table):
    """``[[opening]]``: open on a day that is usually closed, or for longer."""

    date: Day = Field(examples=["2026-12-05"])
    hours: DayHours = Field(examples=['"10:00-14:00"'])


class Holidays(Table):
    """``[holidays]``: closed on days that stand elsewhere."""

    public: bool = Field(default=False, examples=["true"])
    calendars: list[Words] = Field(default=[], examples=['["team.ics"]'])


class OwnLine(Table):
    """``[[crisis.line]]``: a line of your own; shown before the national ones."""

    name: Line = Field(examples=['"County crisis team"'])
    phone: Line | None = Field(default=None, examples=['"0808 157 0123"'])
    sms_number: Line | None = Field(default=None, examples=['"85258"'])
    sms_keyword: Line | None = Field(default=None, examples=['"HELLO"'])
    hours: Line | None = Field(default=None, examples=['"24/7"'])
    country: Region | None = Field(default=None, examples=['"IE"'])
    for_: Line = Field(alias="for", examples=['"people already in its care"'])


class Crisis(Table):
    """``[crisis]``: which lines a reply shows, and when they were compared."""

    compared_on: Day | None = Field(default=None, examples=["2026-11-20"])
    lines: list[Line] | None = Field(default=None, min_length=1, examples=['["gb-samaritans"]'])
    also: list[Line] = Field(default=[], examples=['["IE"]'])
    line: list[OwnLine] = Field(default=[])


class OwnWords(Table):
    """Keys that ``[reply]`` and ``[mailbox.reply]`` share; each takes one value, or one by language."""

    template: Texts = Field(default={}, examples=['"reply.txt"'])
    sentences: Sentences = Field(default={}, examples=['["We are at 12 Harbour Street."]'])
    sign_off: Subjects = Field(default={}, examples=['"Warm wishes"'])
    subject: Subjects = Field(default={}, examples=['"Automatic reply"'])


class Reply(OwnWords):
    """``[reply]``: how a reply sounds and when it is due."""

    style: ReplyStyle = Field(default="ordinary", examples=['"ordinary"'])
    html: bool = Field(default=False, examples=["true"])
    allow_draft: bool = Field(default=False, examples=["true"])
    approved: Approved | None = Field(default=None, examples=['"0123456789abcdef, A. Reader, 2026-11-20"'])
    max_age: MaxAge = Field(default=DEFAULT_MAX_AGE, examples=['"24h"'])
    floor: Floor = Field(default=DEFAULT_FLOOR, examples=['"4h"'])
    repeat_after: RepeatAfter = Field(default=DEFAULT_REPEAT_AFTER, examples=['"72h"'])


class MailboxReply(OwnWords):
    """``[mailbox.reply]``: how the replies of one mailbox sound; what is left out is as in ``[reply]``."""

    style: ReplyStyle | None = Field(default=None, examples=['"discreet"'])
    html: bool | None = Field(default=None, examples=["false"])


class Rates(Table):
    """``[rates]``: how many replies may leave; what is over a rate waits."""

    per_sender: PerSender = Field(default=DEFAULT_RATES.per_correspondent, examples=["2"])
    unauthenticated: PerHour = Field(default=DEFAULT_RATES.unauthenticated, examples=["30"])
    authenticated: PerHour = Field(default=DEFAULT_RATES.authenticated, examples=["120"])
    per_domain: PerHour = Field(default=DEFAULT_RATES.per_domain, examples=["20"])
    contact_forms: PerHour = Field(default=DEFAULT_RATES.contact_form, examples=["10"])
    breaker: PerHourOfAll = Field(default=DEFAULT_RATES.breaker, examples=["300"])


class ContactForm(Table):
    """``[[contact_form]]``: a web form. It writes as a robot, with the person in Reply-To, or as its visitor."""

    from_: MailAddress | None = Field(default=None, alias="from", examples=['"wordpress@harbour.example"'])
    return_path: MailAddress | None = Field(default=None, examples=['"www-data@web1.host.example"'])
    host: Host | None = Field(default=None, examples=['"web1.host.example"'])


class Password(Table):
    """``password``: where the secret lies; never the secret itself."""

    credential: Line | None = Field(default=None, examples=['"hello-password"'])
    file: Words | None = Field(default=None, examples=['"/etc/responder/hello-password"'])
    env: Line | None = Field(default=None, examples=['"HELLO_PASSWORD"'])
    command: list[Words] | None = Field(default=None, min_length=1, examples=['["pass", "show", "mail/hello"]'])


class Server(Table):
    """``imap``: one server, when there is no preset for the provider."""

    host: Host = Field(examples=['"imap.harbour.example"'])
    port: Port | None = Field(default=None, examples=["993"])
    tls: TlsMode = Field(examples=['"implicit"'])
    ca_file: Words | None = Field(default=None, examples=['"local-ca.pem"'])


class SmtpServer(Server):
    """``smtp``: likewise; a local relay may take mail without a login."""

    auth: bool = Field(default=True, examples=["false"])
    helo_name: Host | None = Field(default=None, examples=['"mail.harbour.example"'])


def _one(key: str) -> BeforeValidator:
    return _not_a(list, "wrong-brackets", f"a mailbox has one only. Write [mailbox.{key}] with single brackets")


def _several(key: str) -> BeforeValidator:
    return _not_a(dict, "wrong-brackets", f"there may be several. Write [[mailbox.{key}]] with double brackets")


class Mailbox(Table):
    """``[[mailbox]]``: one folder of one account."""

    address: MailAddress = Field(examples=['"hello@harbour.example"'])
    aliases: list[MailAddress] = Field(default=[], examples=['["help@harbour.example"]'])
    provider: Line | None = Field(default=None, examples=['"fastmail"'])
    ca_file: Words | None = Field(default=None, examples=['"bridge.pem"'])
    imap: Server | None = Field(
        default=None, examples=['{ host = "imap.harbour.example", port = 993, tls = "implicit" }']
    )
    smtp: SmtpServer | None = Field(
        default=None, examples=['{ host = "smtp.harbour.example", port = 465, tls = "implicit" }']
    )
    username: Words | None = Field(default=None, examples=['"hello@harbour.example"'])
    password: Annotated[Password, _NO_SECRET] = Field(examples=['{ credential = "hello-password" }'])
    folder: Folder = Field(default="INBOX", examples=['"INBOX"'])
    region: Region | None = Field(default=None, examples=['"IE"'])
    time_zone: Zone | None = Field(default=None, examples=['"Europe/Dublin"'])
    authserv_id: Line | None = Field(default=None, examples=['"mx.harbour.example"'])
    trust_reply_to: list[Domain] = Field(default=[], examples=['["directory.example"]'])
    rules_off: list[Line] = Field(default=[], examples=['["many-recipients"]'])
    never_domains: list[Domain] = Field(default=[], examples=['["shop.example"]'])
    hours: Annotated[Hours | None, _one("hours")] = Field(default=None)
    reply: Annotated[MailboxReply | None, _one("reply")] = Field(default=None)
    closure: Annotated[list[Closure], _several("closure")] = Field(default=[])
    opening: Annotated[list[Opening], _several("opening")] = Field(default=[])


class File(Table):
    """The whole file."""

    KEYS_ARE: ClassVar[str] = "a table of this file"

    practice: Practice
    hours: Hours = Field(default=Hours())
    closure: list[Closure] = Field(default=[])
    opening: list[Opening] = Field(default=[])
    holidays: Holidays = Field(default=Holidays())
    crisis: Crisis = Field(default=Crisis())
    reply: Reply = Field(default=Reply())
    rates: Rates = Field(default=Rates())
    contact_form: list[ContactForm] = Field(default=[])
    mailbox: list[Mailbox] = Field(min_length=1)


def homes() -> dict[str, str]:
    """For each key that stands in one table only: that table, as its header is written."""
    tables: list[tuple[str, type[Table]]] = [
        ("[practice]", Practice),
        ("[hours]", Hours),
        ("[[closure]]", Closure),
        ("[[opening]]", Opening),
        ("[holidays]", Holidays),
        ("[crisis]", Crisis),
        ("[[crisis.line]]", OwnLine),
        ("[reply]", Reply),
        ("[rates]", Rates),
        ("[[mailbox]]", Mailbox),
        ("[[contact_form]]", ContactForm),
        ("password = {...}", Password),
        ("imap = {...} or smtp = {...}", Server),
        ("smtp = {...}", SmtpServer),
    ]
    found: dict[str, list[str]] = {}
    for where, table in tables:
        for key in set(keys_of(table)) - set(keys_of(File)):  # a mailbox's own hours are a table's name, not a line
            found.setdefault(key, []).append(where)
    return {key: places[0] for key, places in found.items() if len(places) == 1 or key in ("host", "port", "tls")}


def keys_of(table: type[BaseModel]) -> tuple[str, ...]:
    """The keys as they are written in the file."""
    return tuple(field.alias or name for name, field in table.model_fields.items())
