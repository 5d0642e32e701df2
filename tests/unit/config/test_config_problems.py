"""Every mistake in a file is told with its place, its key, the reason and the cure; «▸» marks the place in each."""

from __future__ import annotations

from pathlib import Path

import pytest

from responder.config import ConfigError
from responder.core.decision import Level
from responder.core.reply.directory import countries
from responder.core.rules import decide as policy
from tests.configs import load

BASE = """\
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB"
[hours]
monday = "09:00-17:00"
[[mailbox]]
address = "hello@harbour.example"
provider = "fastmail"
password = { credential = "hello" }
"""
PROVIDER = 'provider = "fastmail"\n'
PASSWORD = '{ credential = "hello" }'
SECOND = """
[[mailbox]]
address = "groups@harbour.example"
provider = "fastmail"
password = { credential = "groups" }
"""
IMAP = 'imap = { host = "imap.harbour.example", tls = "implicit" }\n'
SMTP = 'smtp = { host = "smtp.harbour.example", tls = "implicit" }\n'
MARK = "▸"

_SOFT = sorted(rule.id for rule in policy.RULES if rule.level is Level.SOFT)
_HARD = next(rule for rule in policy.RULES if rule.level is Level.HARD)


def problems_of(directory: Path, text: str) -> tuple[str, ...]:
    """What is said of a file with this text, without its directory."""
    path = directory / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(path)
    return tuple(problem.replace(f"{path}", "config.toml") for problem in refused.value.problems)


def place_of(marked: str) -> str:
    """Line and column of the mark, from 1."""
    before = marked[: marked.index(MARK)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def edited(old: str, new: str) -> str:
    """The base with a change, or with an addition when there is nothing to change."""
    assert old in BASE
    return BASE.replace(old, new, 1) if old else BASE + new


CASES: dict[str, tuple[str, str, str]] = {
    # unknown and misplaced keys
    "misspelt day": (
        'monday = "09:00-17:00"',
        '  ▸thurday = "09:00-17:00"',
        'hours.thurday: not a day of the week. Did you mean "thursday"?',
    ),
    "day in capitals": ("monday", "▸Monday", 'hours.Monday: not a day of the week. Did you mean "monday"?'),
    "day of another language": (
        "monday",
        "▸domingo",
        (
            "hours.domingo: not a day of the week. "
            "There are monday, tuesday, wednesday, thursday, friday, saturday, sunday."
        ),
    ),
    "misspelt key": (
        "time_zone",
        "▸timezone",
        'practice.timezone: not a key of this table. Did you mean "time_zone"?',
    ),
    "misspelt table": (
        "",
        "▸[replies]\n",
        'replies: not a table of this file. Did you mean "reply"?',
    ),
    "unknown table": (
        "",
        "▸[zzz]\n",
        (
            "zzz: not a table of this file. "
            "There are practice, hours, closure, opening, holidays, crisis, reply, rates, contact_form, mailbox."
        ),
    ),
    "key of another table": (
        "[hours]",
        '▸style = "discreet"\n[hours]',
        "practice.style: does not belong here. Move the line to [reply].",
    ),
    "key before any table": (
        "[practice]",
        '▸style = "discreet"\n[practice]',
        "style: stands before any table. Move the line under [reply].",
    ),
    "key after a contact form": (
        "",
        '[[contact_form]]\nfrom = "web@harbour.example"\n▸folder = "INBOX"\n',
        "contact_form.folder: does not belong here. Move the line to [[mailbox]].",
    ),
    "server key beside the table": (
        PROVIDER,
        PROVIDER + "▸port = 993\n",
        "mailbox.port: does not belong here. Move the line to imap = {...} or smtp = {...}.",
    ),
    "holidays in words": (
        "",
        '[holidays]\npublic = ▸"yes"\n',
        "holidays.public: must be true or false, in lower case and without quotes. Write, for example, public = true.",
    ),
    "key of the holidays": (
        "[hours]",
        '▸calendars = ["team.ics"]\n[hours]',
        "practice.calendars: does not belong here. Move the line to [holidays].",
    ),
    "calendar as one text": (
        "",
        '[holidays]\ncalendars = ▸"team.ics"\n',
        'holidays.calendars: must be a list in square brackets. Write, for example, calendars = ["team.ics"].',
    ),
    "calendar behind an address": (
        "",
        '[holidays]\ncalendars = ["team.ics", ▸"webcal://calendar.example/team.ics"]\n',
        (
            "holidays.calendars: this is an address, and only files are read. "
            "Save the calendar to a file and write its name here."
        ),
    ),
    "unprintable key": (
        "[hours]",
        '▸"na\\u001bme" = 1\n[hours]',
        'practice.na?me: not a key of this table. Did you mean "name"?',
    ),
    # missing and mistyped
    "no zone": (
        '[practice]\nname = "Harbour Counselling"\ntime_zone = "Europe/London"\n',
        "▸[practice]\n",
        'practice.time_zone: missing. Write, for example, time_zone = "Europe/London".',
    ),
    "number for text": (
        '"Harbour Counselling"',
        "▸7",
        "practice.name: must be text in double quotes.",
    ),
    "text for a list": (
        "[hours]",
        'languages = ▸"en"\n[hours]',
        'practice.languages: must be a list in square brackets. Write, for example, languages = ["en"].',
    ),
    "text for a truth": (
        "",
        '[[closure]]\nfrom = 2026-12-24\nsay_until = ▸"false"\n',
        (
            "closure.say_until: must be true or false, in lower case and without quotes. "
            "Write, for example, say_until = false."
        ),
    ),
    "text for a port": (
        PROVIDER,
        'imap = { host = "imap.harbour.example", port = ▸"993", tls = "implicit" }\n' + SMTP,
        "mailbox.imap.port: must be a whole number without quotes. Write, for example, port = 993.",
    ),
    "port out of range": (
        PROVIDER,
        'imap = { host = "imap.harbour.example", port = ▸99300, tls = "implicit" }\n' + SMTP,
        "mailbox.imap.port: must be a number from 1 to 65535. Write, for example, port = 993.",
    ),
    "text for a table": (
        PROVIDER,
        'imap = ▸"imap.harbour.example"\n' + SMTP,
        (
            "mailbox.imap: must be a table. "
            'Write, for example, imap = { host = "imap.harbour.example", port = 993, tls = "implicit" }.'
        ),
    ),
    "two practices' worth of brackets": (
        "[practice]",
        "▸[[practice]]",
        "practice: there is one only. Write [practice] with single brackets.",
    ),
    "mailbox in single brackets": (
        "[[mailbox]]",
        "▸[mailbox]",
        "mailbox: there may be several. Write [[mailbox]] with double brackets.",
    ),
    "closure in single brackets": (
        "",
        "▸[closure]\nfrom = 2026-12-24\n",
        "closure: there may be several. Write [[closure]] with double brackets.",
    ),
    "hours as a value": (
        "[practice]",
        'reply = ▸"discreet"\n[practice]',
        "reply: must be a table.",
    ),
    # practice
    "zone without continent": (
        '"Europe/London"',
        '▸"London"',
        'practice.time_zone: not a time zone with a place in its name. Did you mean "Europe/London"?',
    ),
    "zone with a blank": (
        '"Europe/London"',
        '▸"New York"',
        'practice.time_zone: not a time zone with a place in its name. Did you mean "America/New_York"?',
    ),
    "zone misspelt": (
        '"Europe/London"',
        '▸"Europe/Londom"',
        'practice.time_zone: not a time zone. Did you mean "Europe/London"?',
    ),
    "zone unknown": (
        '"Europe/London"',
        '▸"Home"',
        (
            "practice.time_zone: not a time zone with a place in its name. "
            'Write continent and city, such as "Europe/London".'
        ),
    ),
    "zone that leaves its directory": (
        '"Europe/London"',
        '▸"../../etc/passwd"',
        'practice.time_zone: not a time zone. Write continent and city, such as "Europe/London".',
    ),
    "zone without summer time": (
        '"Europe/London"',
        '▸"EST"',
        (
            "practice.time_zone: an abbreviation has no daylight saving rules. "
            'Write the zone by its place, such as "America/New_York".'
        ),
    ),
    "offset for a zone": (
        '"Europe/London"',
        '▸"Etc/GMT+1"',
        (
            "practice.time_zone: not a time zone with a place in its name. "
            'Write continent and city, such as "Europe/London".'
        ),
    ),
    "region by its common name": (
        '"GB"',
        '▸"UK"',
        'practice.region: not an ISO 3166 code. Did you mean "GB"?',
    ),
    "region in small letters": (
        '"GB"',
        '▸"gb-eng"',
        'practice.region: a region is written in capitals. Did you mean "GB-ENG"?',
    ),
    "region as a word": (
        '"GB"',
        '▸"Cornwall"',
        'practice.region: not an ISO 3166 code. Write a country or a part of it, such as "GB" or "GB-ENG".',
    ),
    "region by its own name": (
        '"GB"',
        '▸"Deutschland"',
        'practice.region: not an ISO 3166 code. Did you mean "DE"?',
    ),
    "region without an emergency number": (
        '"GB"',
        '▸"MT"',
        f"practice.region: the directory has no emergency number for this country. It knows {', '.join(countries())}.",
    ),
    "part that is none": (
        '"GB"',
        '▸"GB-LON"',
        'practice.region: no part of GB is known by this code. Write "GB", or after it one of ENG, NIR, SCT, WLS.',
    ),
    "language with a country": (
        "[hours]",
        'languages = ["en", ▸"cy-GB"]\n[hours]',
        (
            'practice.languages: not a language as ISO 639 writes it, in two small letters such as "en". '
            'Did you mean "cy"?'
        ),
    ),
    "language that is no text": (
        "[hours]",
        "languages = [▸1]\n[hours]",
        "practice.languages: must be text in double quotes.",
    ),
    "no language": (
        "[hours]",
        "languages = ▸[]\n[hours]",
        'practice.languages: must hold at least one. Write, for example, languages = ["en"].',
    ),
    # hours, closures, openings
    "hours as a number": (
        '"09:00-17:00"',
        "▸9",
        'hours.monday: hours are text in double quotes, such as "09:00-12:30, 13:30-17:00".',
    ),
    "hours as a list of numbers": (
        '"09:00-17:00"',
        "▸[9, 17]",
        'hours.monday: hours are text in double quotes, such as "09:00-12:30, 13:30-17:00".',
    ),
    "closure in quotes": (
        "",
        '[[closure]]\nfrom = ▸"2026-12-24"\n',
        "closure.from: must be a day or a time without quotes, such as 2026-12-24 or 2026-12-24T12:00:00.",
    ),
    "closure with an offset": (
        "",
        "[[closure]]\nfrom = ▸2026-12-24T12:00:00Z\n",
        "closure.from: leave the offset out: times here are on the practice's own clock.",
    ),
    "closure without a start": (
        "",
        "▸[[closure]]\nuntil = 2026-12-24\n",
        "closure.from: missing. Write, for example, from = 2026-12-24T12:00:00.",
    ),
    "opening with a time": (
        "",
        '[[opening]]\ndate = ▸2026-12-05T10:00:00\nhours = "10:00-14:00"\n',
        "opening.date: must be a day without quotes and without a time, such as 2026-12-05.",
    ),
    "opening in quotes": (
        "",
        '[[opening]]\ndate = ▸"2026-12-05"\nhours = "10:00-14:00"\n',
        "opening.date: must be a day without quotes and without a time, such as 2026-12-05.",
    ),
    # crisis
    "compared on a text": (
        "",
        '[crisis]\ncompared_on = ▸"2026-11-20"\n',
        "crisis.compared_on: must be a day without quotes and without a time, such as 2026-12-05.",
    ),
    "own line for nobody": (
        "",
        '▸[[crisis.line]]\nname = "County crisis team"\nphone = "0808 196 0123"\n',
        'crisis.line.for: missing. Write, for example, for = "people already in its care".',
    ),
    # reply
    "style misspelt": (
        "",
        '[reply]\nstyle = ▸"discrete"\n',
        'reply.style: must be "ordinary" or "discreet". Did you mean "discreet"?',
    ),
    "age without a unit": (
        "",
        "[reply]\nmax_age = ▸24\n",
        'reply.max_age: not a length of time. Write a number and m, h or d in double quotes, such as "90m" or "24h".',
    ),
    "age too long": (
        "",
        '[reply]\nmax_age = ▸"30d"\n',
        (
            "reply.max_age: must lie between 15m and 72h: less would miss mail that arrived while a server was away, "
            "more would answer what is long settled."
        ),
    ),
    "floor too long": (
        "",
        '[reply]\nfloor = ▸"2d"\n',
        "reply.floor: must lie between 0m and 12h: more would leave out the reply of the next evening.",
    ),
    "repeat too often": (
        "",
        '[reply]\nrepeat_after = ▸"1h"\n',
        "reply.repeat_after: must lie between 24h and 30d: nobody should get this reply more than once a day.",
    ),
    "rate of nothing": (
        "",
        "[rates]\nunauthenticated = ▸0\n",
        (
            "rates.unauthenticated: must lie between 1 and 1000: more is no practice's night, "
            "and 0 would silence everybody."
        ),
    ),
    "rate in quotes": (
        "",
        '[rates]\nper_sender = ▸"2"\n',
        "rates.per_sender: must be a whole number without quotes, from 1 to 10.",
    ),
    "too much for one person": (
        "",
        "[rates]\nper_sender = ▸100\n",
        (
            "rates.per_sender: must lie between 1 and 10: nobody should get this reply more often, "
            "and 0 would silence everybody."
        ),
    ),
    "breaker that breaks nothing": (
        "",
        "[rates]\nbreaker = ▸1000000\n",
        "rates.breaker: must lie between 1 and 10000: more would stop no flood, and 0 would silence everybody.",
    ),
    # contact forms
    "contact form twice": (
        "",
        '[[contact_form]]\nfrom = "web@harbour.example"\n[[contact_form]]\nfrom = ▸"WEB@harbour.example"\n',
        "contact_form.from: this form is listed already. Take one of them out.",
    ),
    # a mailbox and addresses
    "address with a name": (
        '"hello@harbour.example"',
        '▸"Hello <hello@harbour.example>"',
        (
            "mailbox.address: not one plain mail address. "
            'Write it as in "hello@harbour.example", without a name around it.'
        ),
    ),
    "alias that is no address": (
        PROVIDER,
        PROVIDER + 'aliases = [\n  "help@harbour.example",\n  ▸"help",\n]\n',
        (
            "mailbox.aliases: not one plain mail address. "
            'Write it as in "hello@harbour.example", without a name around it.'
        ),
    ),
    "alias listed twice": (
        PROVIDER,
        PROVIDER + 'aliases = ["help@harbour.example", ▸"Hello@Harbour.example"]\n',
        "mailbox.aliases: this address is listed already. One address belongs to one mailbox; keep it in one place.",
    ),
    "address of another mailbox": (
        "",
        SECOND.replace('"groups@harbour.example"', '▸"hello@harbour.example"\nusername = "groups"'),
        "mailbox.address: this address is listed already. One address belongs to one mailbox; keep it in one place.",
    ),
    "folder listed twice": (
        "",
        SECOND.replace("[[mailbox]]", '▸[[mailbox]]\nusername = "hello@harbour.example"'),
        "mailbox: this folder of this account is watched already. Write all its addresses in one [[mailbox]].",
    ),
    # a mailbox and its servers
    "provider misspelt": (
        '"fastmail"',
        '▸"fastmial"',
        'mailbox.provider: not a provider that is known here. Did you mean "fastmail"?',
    ),
    "provider by another name": (
        '"fastmail"',
        '▸"Google Workspace"',
        'mailbox.provider: not a provider that is known here. Did you mean "gmail"?',
    ),
    "provider unknown": (
        '"fastmail"',
        '▸"xyz"',
        (
            "mailbox.provider: not a provider that is known here. "
            "Write its servers instead, as imap = {...} and smtp = {...}."
        ),
    ),
    "provider with OAuth only": (
        '"fastmail"',
        '▸"outlook"',
        (
            "mailbox.provider: Microsoft lets programs in with OAuth sign-in only, which is not there yet. "
            "Until then, forward or move this mailbox to another provider."
        ),
    ),
    "server with OAuth only": (
        PROVIDER,
        'imap = { host = ▸"outlook.office365.com", tls = "implicit" }\n' + SMTP,
        (
            "mailbox.imap.host: Microsoft lets programs in with OAuth sign-in only, which is not there yet. "
            "Until then, forward or move this mailbox to another provider."
        ),
    ),
    "proton without its bridge": (
        '"fastmail"',
        '▸"proton"',
        (
            "mailbox.provider: Proton Mail has no IMAP of its own. Run Proton Mail Bridge on this machine and write "
            'provider = "proton-bridge".'
        ),
    ),
    "bridge without its certificate": (
        '"fastmail"',
        '▸"proton-bridge"',
        'mailbox.provider: needs the certificate that it exports, in a line ca_file = "..." of this [[mailbox]].',
    ),
    "provider that needs a username": (
        '"fastmail"',
        '▸"runbox"',
        'mailbox.provider: needs a line username = "..." beside it: its logins are not always the address.',
    ),
    "provider and servers": (
        PROVIDER,
        PROVIDER + "▸" + IMAP,
        "mailbox.imap: provider names the servers already. Take imap or provider out.",
    ),
    "neither provider nor servers": (
        "[[mailbox]]\n" + 'address = "hello@harbour.example"\n' + PROVIDER,
        '▸[[mailbox]]\naddress = "hello@harbour.example"\n',
        'mailbox: where is the mail? Write provider = "fastmail" or the like, or both imap and smtp.',
    ),
    "only imap": (
        "[[mailbox]]\n" + 'address = "hello@harbour.example"\n' + PROVIDER,
        '▸[[mailbox]]\naddress = "hello@harbour.example"\n' + IMAP,
        'mailbox: smtp is missing. Write, for example, smtp = { host = "smtp.harbour.example", tls = "implicit" }.',
    ),
    "only smtp": (
        "[[mailbox]]\n" + 'address = "hello@harbour.example"\n' + PROVIDER,
        '▸[[mailbox]]\naddress = "hello@harbour.example"\n' + SMTP,
        'mailbox: imap is missing. Write, for example, imap = { host = "imap.harbour.example", tls = "implicit" }.',
    ),
    "certificate outside the servers": (
        PROVIDER,
        IMAP + SMTP + '▸ca_file = "ca.pem"\n',
        "mailbox.ca_file: goes with provider. Without it, write ca_file inside imap and smtp.",
    ),
    "no tls mode": (
        PROVIDER,
        '▸imap = { host = "imap.harbour.example" }\n' + SMTP,
        'mailbox.imap.tls: missing. Write, for example, tls = "implicit".',
    ),
    "tls by its old name": (
        PROVIDER,
        IMAP.replace('"implicit"', '▸"SSL"') + SMTP,
        'mailbox.imap.tls: must be "implicit", "starttls" or "none". Did you mean "implicit"?',
    ),
    "tls misspelt": (
        PROVIDER,
        IMAP.replace('"implicit"', '▸"start-tls"') + SMTP,
        'mailbox.imap.tls: must be "implicit", "starttls" or "none". Did you mean "starttls"?',
    ),
    "no tls on a network": (
        PROVIDER,
        IMAP.replace('"implicit"', '▸"none"') + SMTP,
        (
            "mailbox.imap.tls: without TLS the password crosses the network in clear; only allowed on localhost. "
            'Write "implicit".'
        ),
    ),
    "tls that the port does not speak": (
        PROVIDER,
        IMAP + 'smtp = { host = "smtp.harbour.example", port = 587, tls = ▸"implicit" }\n',
        'mailbox.smtp.tls: port 587 speaks "starttls". Write that, or the port that goes with this.',
    ),
    "port of POP": (
        PROVIDER,
        'imap = { host = "imap.harbour.example", port = ▸995, tls = "implicit" }\n' + SMTP,
        "mailbox.imap.port: port 995 is for POP3. Usual here is 993.",
    ),
    "port between servers": (
        PROVIDER,
        IMAP + 'smtp = { host = "smtp.harbour.example", port = ▸25, tls = "starttls" }\n',
        "mailbox.smtp.port: port 25 is for mail between servers. Usual here is 465.",
    ),
    "host with a scheme": (
        PROVIDER,
        IMAP.replace('"imap.', '▸"imaps://imap.') + SMTP,
        "mailbox.imap.host: write the bare server name, without what stands before and with ://.",
    ),
    "host with a port": (
        PROVIDER,
        'imap = { host = ▸"imap.harbour.example:993", tls = "implicit" }\n' + SMTP,
        "mailbox.imap.host: the port stands in a key of its own: port = 993.",
    ),
    "host that is none": (
        PROVIDER,
        'imap = { host = ▸"imap harbour example", tls = "implicit" }\n' + SMTP,
        (
            'mailbox.imap.host: not a server name. Write it as in "imap.harbour.example" '
            "(an international name in its xn-- form)."
        ),
    ),
    "no login at a distant relay": (
        PROVIDER,
        IMAP + 'smtp = { host = "smtp.harbour.example", tls = "implicit", auth = ▸false }\n',
        "mailbox.smtp.auth: only a relay on this very machine (localhost) takes mail without a login.",
    ),
    # a mailbox and its login
    "no password": (
        f'[[mailbox]]\naddress = "hello@harbour.example"\n{PROVIDER}password = {PASSWORD}\n',
        f'▸[[mailbox]]\naddress = "hello@harbour.example"\n{PROVIDER}',
        'mailbox.password: missing. Write, for example, password = { credential = "hello-password" }.',
    ),
    "the password itself": (
        PASSWORD,
        '▸"correct horse"',
        (
            "mailbox.password: no password stands in this file. Write where it lies, such as "
            '{ credential = "hello-password" }, and change it if others have seen this file.'
        ),
    ),
    "password in no place": (
        PASSWORD,
        "▸{}",
        "mailbox.password: does not say where it lies. Write one of credential, file, env and command.",
    ),
    "password in two places": (
        PASSWORD,
        '▸{ file = "secret", env = "SECRET" }',
        (
            "mailbox.password: names file and env, but the secret lies in one place. "
            "Write one of credential, file, env and command."
        ),
    ),
    "credential with a path": (
        PASSWORD,
        '{ credential = ▸"../secret" }',
        (
            "mailbox.password.credential: cannot be the name of a credential. "
            "Write its name here, never the password itself."
        ),
    ),
    "variable with a dollar": (
        PASSWORD,
        '{ env = ▸"$SECRET" }',
        (
            "mailbox.password.env: cannot be the name of an environment variable. "
            "Write its name here, never the password itself."
        ),
    ),
    "command as one text": (
        PASSWORD,
        '{ command = ▸"pass show mail" }',
        (
            "mailbox.password.command: must be a list in square brackets. "
            'Write, for example, command = ["pass", "show", "mail/hello"].'
        ),
    ),
    "command with nothing in it": (
        PASSWORD,
        "{ command = ▸[] }",
        (
            "mailbox.password.command: must hold at least one. "
            'Write, for example, command = ["pass", "show", "mail/hello"].'
        ),
    ),
    "username with a line break": (
        PROVIDER,
        PROVIDER + 'username = ▸"hello\\r\\nA1 LOGOUT"\n',
        "mailbox.username: holds a line break or a control character. Keep it on one plain line.",
    ),
    # a mailbox and its folder and its rules
    "view of another folder": (
        PROVIDER,
        PROVIDER + 'folder = ▸"[Gmail]/All Mail"\n',
        (
            "mailbox.folder: this is one of Gmail's views of other folders, which shows mail twice. "
            "Watch INBOX or a label."
        ),
    ),
    "outgoing folder": (
        PROVIDER,
        PROVIDER + 'folder = ▸"INBOX.Sent"\n',
        "mailbox.folder: mail does not arrive in this folder: it is sent, discarded or moved there. Watch INBOX.",
    ),
    "pattern of folders": (
        PROVIDER,
        PROVIDER + 'folder = ▸"INBOX/*"\n',
        "mailbox.folder: name one folder; * and % are not allowed in it.",
    ),
    "authserv-id with a version": (
        PROVIDER,
        PROVIDER + 'authserv_id = ▸"mx.harbour.example 1"\n',
        "mailbox.authserv_id: is one name without blanks, as at the start of Authentication-Results.",
    ),
    "domain that is none": (
        PROVIDER,
        PROVIDER + 'never_domains = [▸"a b"]\n',
        'mailbox.never_domains: not a mail domain. Write what stands after the @, such as "shop.example".',
    ),
    "hard rule": (
        PROVIDER,
        PROVIDER + f'rules_off = [▸"{_HARD.id}"]\n',
        f"mailbox.rules_off: this rule is always on, because a reply could do harm: {_HARD.title} ({_HARD.source}).",
    ),
    "two weeks of one mailbox": (
        "",
        '▸[[mailbox.hours]]\nmonday = "10:00-12:00"\n',
        "mailbox.hours: a mailbox has one only. Write [mailbox.hours] with single brackets.",
    ),
    "one closure of a mailbox": (
        "",
        "▸[mailbox.closure]\nfrom = 2026-12-24\n",
        "mailbox.closure: there may be several. Write [[mailbox.closure]] with double brackets.",
    ),
    "misspelt day of a mailbox": (
        "",
        '[mailbox.hours]\n▸mondy = "10:00-12:00"\n',
        'mailbox.hours.mondy: not a day of the week. Did you mean "monday"?',
    ),
    "closure of a mailbox with an offset": (
        "",
        "[[mailbox.closure]]\nfrom = ▸2026-12-24T12:00:00Z\n",
        "mailbox.closure.from: leave the offset out: times here are on the practice's own clock.",
    ),
    "misspelt rule": (
        PROVIDER,
        PROVIDER + f'rules_off = ["{_SOFT[0]}", ▸"{_SOFT[0]}s"]\n',
        f'mailbox.rules_off: there is no such rule. Did you mean "{_SOFT[0]}"?',
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), CASES.values(), ids=CASES)
def test_a_mistake_is_told_with_place_key_reason_and_cure(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """One mistake gives one sentence, and its place is where the mistake stands."""
    marked = edited(old, new)
    assert problems_of(tmp_path, marked.replace(MARK, "")) == (f"config.toml:{place_of(marked)}: {sentence}",)


BORROWED: dict[str, tuple[str, str, str, str]] = {
    "hours of a mailbox that run into its next day": (
        PASSWORD,
        PASSWORD + '\n[mailbox.hours]\nmonday = ▸"22:00-10:00"\ntuesday = "09:00-17:00"',
        "mailbox.hours.monday",
        "Tuesday",
    ),
    "closure of a mailbox that ends before it starts": (
        PASSWORD,
        PASSWORD + "\n[[mailbox.closure]]\nfrom = 2026-12-24\nuntil = ▸2026-12-04",
        "mailbox.closure.until",
        "does not end after it starts",
    ),
    "opening of a mailbox in no calendar": (
        PASSWORD,
        PASSWORD + '\n[[mailbox.opening]]\ndate = ▸2206-12-24\nhours = "10:00-12:00"',
        "mailbox.opening.date",
        "2206",
    ),
    "hours without minutes": (
        '"09:00-17:00"',
        '▸"9-17"',
        "hours.monday",
        '"09:00-17:00"',
    ),
    "hours that run into the next day": (
        'monday = "09:00-17:00"',
        'tuesday = "09:00-17:00"\nmonday = ▸"22:00-10:00"',
        "hours.monday",
        "Tuesday",
    ),
    "sunday that runs into monday": (
        'monday = "09:00-17:00"',
        'monday = "09:00-17:00"\nsunday = ▸"22:00-10:00"',
        "hours.sunday",
        "Monday",
    ),
    "closure that ends before it starts": (
        "",
        "[[closure]]\nfrom = 2026-12-24\n[[closure]]\nfrom = 2027-01-04\nuntil = ▸2026-12-24\n",
        "closure.until",
        "after",
    ),
}
"""Sentences that the schedule words itself: the key, and a part of them."""


@pytest.mark.parametrize(("old", "new", "key", "part"), BORROWED.values(), ids=BORROWED)
def test_what_a_lower_layer_refuses_has_a_place_too(tmp_path: Path, old: str, new: str, key: str, part: str) -> None:
    """A refusal of the schedule stands where its cause stands."""
    marked = edited(old, new)
    (problem,) = problems_of(tmp_path, marked.replace(MARK, ""))
    assert problem.startswith(f"config.toml:{place_of(marked)}: {key}: ")
    assert part in problem


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Mistakes in one table hide none in the others, and those that show only when tables meet are told as well."""
    text = BASE.replace("Europe/London", "London").replace("fastmail", "fastmial") + SECOND.replace("groups@", "hello@")
    text += '[reply]\nstyle = "loud"\n[[closure]]\nfrom = 2027-01-04\nuntil = 2026-12-24\n'
    places = [problem.split(":", 2)[1] for problem in problems_of(tmp_path, text)]
    assert places == ["3", "9", "13", "17", "20"]


def test_without_practice_and_mailboxes_both_are_asked_for(tmp_path: Path) -> None:
    """A missing table has no place in the file, so the sentence names the file alone."""
    assert problems_of(tmp_path, "[hours]\n") == (
        "config.toml: practice: missing. Write a table [practice], as in config.example.toml.",
        "config.toml: mailbox: missing. Write at least one [[mailbox]], as in config.example.toml.",
    )


@pytest.mark.parametrize("name", ["", "   ", "x" * 71, "a\\nb", "a\\u2028b"])
def test_a_name_that_could_break_a_line_is_refused(tmp_path: Path, name: str) -> None:
    """The practice's name stands in a header field: empty, long or broken ones are refused."""
    (problem,) = problems_of(tmp_path, BASE.replace("Harbour Counselling", name))
    assert problem.startswith("config.toml:2:8: practice.name: ")


def test_a_name_that_the_reply_cannot_carry_is_told_at_the_name(tmp_path: Path) -> None:
    """What the composer refuses without any template of the practice's own is about its name."""
    (problem,) = problems_of(tmp_path, BASE.replace("Harbour Counselling", "{{ help }}"))
    assert problem.startswith("config.toml:2:8: practice.name: ")


@pytest.mark.parametrize(
    "line",
    [
        "password = {BAD}",
        "password = {{ file = {BAD}, env = {BAD} }}",
        "password = {{ credential = {BAD} }}",
        "password = {{ env = {BAD} }}",
        "password = {{ command = {BAD} }}",
        "password = {{ secret = {BAD} }}",
        "password = [{BAD}]",
        "password = {{ credential = 'a' }}\nusername = {BAD}",
        "password = {{ credential = 'a' }}\nfolder = {BAD}",
        "password = {{ credential = 'a' }}\naddress = {BAD}",
        "password = {{ credential = 'a' }}\nauthserv_id = {BAD}",
        "password = {{ credential = 'a' }}\nrules_off = [{BAD}]",
        "password = {{ credential = 'a' }}\nnever_domains = [{BAD}]",
        "password = {{ credential = 'a' }}\nprovider = {BAD}",
        "password = {{ credential = 'a' }}\npasswd = {BAD}",
        "password = {BAD",
        "password = {BAD} {BAD}",
    ],
)
def test_a_secret_in_the_wrong_place_is_never_repeated(tmp_path: Path, line: str) -> None:
    """A password typed into the file stands in no message, whatever key it was typed behind."""
    secret = "$hunter two\\u0007*"
    wrong = line.replace("{{", "{").replace("}}", "}").replace("{BAD}", f'"{secret}"').replace("{BAD", f'"{secret}')
    text = BASE.replace(f"password = {PASSWORD}", wrong)
    if "\naddress" in wrong or "\nprovider" in wrong:
        text = text.replace(PROVIDER, IMAP + SMTP if "provider" in wrong else PROVIDER)
        text = text.replace('address = "hello@harbour.example"\n', "", 1 if "\naddress" in wrong else 0)
    for problem in problems_of(tmp_path, text):
        assert "hunter" not in problem


@pytest.mark.parametrize(
    "raw", ["mailbox = 1", "closure = [1]", "closure = 1", "practice = 1", "hours = [[1]]", "crisis = []"]
)
def test_a_table_that_is_none_is_a_problem_and_no_crash(tmp_path: Path, raw: str) -> None:
    """Whatever TOML stands for a table, the answer is a sentence."""
    key = raw.partition(" ")[0]
    kept = BASE.replace("[[mailbox]]", "[[other]]") if key == "mailbox" else BASE.replace(f"[{key}]", "[other]")
    problems = problems_of(tmp_path, f"{raw}\n{kept}")
    assert any(problem.startswith("config.toml:1:") and f" {key}: " in problem for problem in problems)
