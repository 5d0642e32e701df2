"""One value of the file at a time: from what a person types to a core type.

Each reader raises ``ValueError`` with the reason and the cure in one or two sentences. None repeats the value (hours
aside): what was typed into the wrong line may be a password, and these sentences end up in logs.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from responder.config.spelling import did_you_mean
from responder.config.values import Approval, Fault
from responder.core.hours import schedule
from responder.core.hours.daily import checked_nights
from responder.core.hours.schedule import DailyInterval
from responder.core.mail import headers
from responder.core.message import Address
from responder.core.reply import LANGUAGES

WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
"""What people write, and what is meant."""

T = TypeVar("T")


def meant(table: str) -> dict[str, str]:
    """By what people write, what is meant."""
    return {written: right for right, spellings in WORDS[table].items() for written in spellings}


_ABBREVIATED_ZONES = meant("zone_abbreviations")
_SPOKEN_ZONES = meant("spoken_zones")


def coded(code: str, read: Callable[[object], T]) -> Callable[[object], T]:
    """A reader whose faults have a code."""

    def attempt(value: object) -> T:
        try:
            return read(value)
        except ValueError as error:
            raise Fault(code, str(error)) from error

    return attempt


MOST_SENTENCES = 2
LONGEST_SENTENCE = 200
"""Free words below the numbers: what is longer hides them."""

_APPROVAL = re.compile(r"(?P<fingerprint>[0-9a-f]{16}) *, *(?P<by>.*[^ ,]) *, *(?P<on>\d{4}-\d\d-\d\d)")
_DURATION = re.compile(r"(?P<count>\d{1,4}) ?(?P<unit>m|h|d)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
"""With what turns the direction of writing round or is not seen at all: a name must read as it is typed."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)


def text(value: object) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise ValueError("must be text in double quotes")  # noqa: TRY004 - pydantic turns ValueError into a problem
    return value


def line(longest: int) -> Callable[[object], str]:
    """Reader of one line of readable text, outer blanks cut off.

    What it reads may stand in a header field or in the reply, so nothing that could break a line is let through.
    """

    def read(value: object) -> str:
        cut = text(value).strip()
        if not cut:
            raise ValueError("is empty. Write something there, or take the line out")
        if len(cut) > longest:
            raise ValueError(f"has {len(cut)} characters, {longest} fit")
        if _CONTROL.search(cut):
            raise ValueError("holds a line break or a control character. Keep it on one plain line")
        return cut

    return read


def choice(options: Mapping[str, str]) -> Callable[[object], str]:
    """Reader of one word out of a few; ``options`` maps other spellings to the right one as well."""
    right = tuple(dict.fromkeys(options.values()))

    def read(value: object) -> str:
        word = text(value)
        if word in right:
            return word
        likely = options.get(word.strip().lower())
        hint = f' Did you mean "{likely}"?' if likely else did_you_mean(word, right)
        raise Fault("bad-choice", f"must be {_one_of(right)}.{hint}")

    return read


def _one_of(words: Collection[str]) -> str:
    quoted = [f'"{word}"' for word in words]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}" if len(quoted) > 1 else quoted[0]


def zone(value: object) -> ZoneInfo:
    """An IANA time zone with a place in its name, which is what has daylight saving rules."""
    name = text(value)
    if cure := _ABBREVIATED_ZONES.get(name.upper()):
        raise ValueError(f'an abbreviation has no daylight saving rules. Write the zone by its place, such as "{cure}"')
    if name != "UTC" and (name.startswith(("posix/", "right/", "Etc/")) or "/" not in name):
        raise ValueError(f"not a time zone with a place in its name.{_zone_hint(name)}")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"not a time zone.{_zone_hint(name)}") from error


def _zone_hint(name: str) -> str:
    if spoken := _SPOKEN_ZONES.get(_spoken(name)):
        return f' Did you mean "{spoken}"?'
    cities = _zones_by_city()
    if slip := get_close_matches(name, cities.values(), n=1, cutoff=0.85):
        return f' Did you mean "{slip[0]}"?'
    city = re.sub(r"\s+", "_", name.rsplit("/", 1)[-1].strip().lower())
    close = [city] if city in cities else get_close_matches(city, cities, n=1, cutoff=0.8)
    return f' Did you mean "{cities[close[0]]}"?' if close else ' Write continent and city, such as "Europe/London"'


def _spoken(name: str) -> str:
    """``Pacific Standard Time (US & Canada)`` as ``pacific``."""
    words = re.sub(r"\(.*?\)|[^a-z ]", " ", name.lower().replace("w. europe", "central european")).split()
    return " ".join(word for word in words if word not in ("standard", "daylight", "summer", "time", "zone", "us"))


@cache
def _zones_by_city() -> dict[str, str]:
    """Only read when a hint is needed: it walks the zone files of the host."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return {name.rsplit("/", 1)[-1].lower(): name for name in reversed(places)}


def language(value: object) -> str:
    """A language's code. Whether there is a text in it the composer knows: that must not cost the reply."""
    code = text(value)
    if not re.fullmatch(r"[a-z]{2,3}", code):
        short = code.lower()[:2]
        hint = f' Did you mean "{short}"?' if short in LANGUAGES else ""
        raise ValueError(f'not a language as ISO 639 writes it, in two small letters such as "en".{hint}')
    return code


@dataclass(frozen=True, slots=True)
class Unfit:
    """Own words that cannot be read: they are refused and left out, and cost neither the file nor the reply."""

    reason: str


def lenient(read: Callable[[object], T]) -> Callable[[object], T | Unfit]:
    """Reader that gives what is wrong with a value instead of raising it."""

    def attempt(value: object) -> T | Unfit:
        try:
            return read(value)
        except ValueError as error:
            return Unfit(str(error))

    return attempt


def by_language(read: Callable[[object], T]) -> Callable[[object], dict[str, T | Unfit]]:
    """Reader of one value, or of several by their language; the key of a value without a language is empty."""
    read_one = lenient(read)

    def read_all(value: object) -> dict[str, T | Unfit]:
        if not isinstance(value, dict):
            return {"": read_one(value)}
        if not value:
            return {"": Unfit('is empty. Write for each language what holds for it, as in { en = "...", cy = "..." }')}
        return dict(_of_language(code, each, read_one) for code, each in value.items())

    return read_all


def _of_language(code: object, value: object, read: Callable[[object], T | Unfit]) -> tuple[str, T | Unfit]:
    try:
        return language(code), read(value)
    except ValueError as error:
        return "", Unfit(str(error))


def sentences(value: object) -> tuple[str, ...]:
    """At most two sentences, each on one line."""
    if not isinstance(value, list):
        raise ValueError('must be a list of sentences, such as ["We are at 12 Harbour Street."]')  # noqa: TRY004 - pydantic's way
    if not 1 <= len(value) <= MOST_SENTENCES:
        raise ValueError("one or two sentences fit; whoever needs more writes a template")
    return tuple(line(LONGEST_SENTENCE)(each) for each in value)


def approval(value: object) -> Approval:
    """``fingerprint, name, date``: who approved which words, and when."""
    match = _APPROVAL.fullmatch(text(value).strip())
    if match is None:
        raise ValueError(
            'must be fingerprint, name and date, as "0123456789abcdef, A. Reader, 2026-11-20"; '
            "responder preview shows the fingerprint"
        )
    try:
        return Approval(match["fingerprint"], match["by"], date.fromisoformat(match["on"]))
    except ValueError as error:
        raise ValueError("the day at its end is no day of the calendar; write it as in 2026-11-20") from error


def address(value: object) -> Address:
    """One mail address."""
    found = headers.parse_address(text(value).strip())
    if found is None:
        raise ValueError('not one plain mail address. Write it as in "hello@harbour.example", without a name around it')
    if found.domain.startswith("["):
        raise ValueError(
            "this names a machine by its number, and nobody could answer from there. Write its mail domain"
        )
    return found


def domain(value: object) -> str:
    """A mail domain, lower-case, in IDNA form."""
    found = headers.parse_address(f"somebody@{text(value).strip().removeprefix('@')}")
    if found is None:
        raise ValueError('not a mail domain. Write what stands after the @, such as "shop.example"')
    return found.domain


def hours(value: object) -> tuple[DailyInterval, ...]:
    """The hours of one day."""
    if isinstance(value, list):
        parts: list[object] = value
        return checked_nights(schedule.parse_hours([_hours_text(part) for part in parts]))
    return checked_nights(schedule.parse_hours(_hours_text(value)))


def _hours_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('hours are text in double quotes, such as "09:00-12:30, 13:30-17:00"')  # noqa: TRY004 - see text
    return value


def duration(shortest: timedelta, longest: timedelta, because: str) -> Callable[[object], timedelta]:
    """Reader of a length of time between two bounds; ``because`` says why they are there."""

    def read(value: object) -> timedelta:
        match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise Fault(
                "bad-duration",
                'not a length of time. Write a number and m, h or d in double quotes, such as "90m" or "24h"',
            )
        length = int(match["count"]) * _UNITS[match["unit"]]
        if not shortest <= length <= longest:
            raise Fault("bad-duration", f"must lie between {in_short(shortest)} and {in_short(longest)}: {because}")
        return length

    return read


def count(most: int, because: str) -> Callable[[object], int]:
    """Reader of a whole number from 1 to ``most``; ``because`` says why there is a bound."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Fault("bad-count", f"must be a whole number without quotes, from 1 to {most}")
        if not 1 <= value <= most:
            raise Fault("bad-count", f"must lie between 1 and {most}: {because}")
        return value

    return read


def in_short(length: timedelta) -> str:
    """A length of time as a person would write it in the file: ``90m``, ``72h``, ``30d``."""
    minutes = int(length / _UNITS["m"])
    if minutes and length % timedelta(days=1) == timedelta(0) and length > timedelta(days=3):
        return f"{length.days}d"
    return f"{minutes // 60}h" if minutes and minutes % 60 == 0 else f"{minutes}m"


def day(value: object) -> date:
    """A calendar day."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("must be a day without quotes and without a time, such as 2026-12-05")  # noqa: TRY004 - see text
    return value


def local_time(value: object) -> datetime:
    """A naive time on the practice's own clock; a bare day is its first moment."""
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            raise ValueError("leave the offset out: times here are on the practice's own clock")
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    raise ValueError("must be a day or a time without quotes, such as 2026-12-24 or 2026-12-24T12:00:00")


def host(value: object) -> str:
    """A server's name or IP address, nothing around it."""
    name = text(value).strip()
    if "://" in name:
        raise ValueError("write the bare server name, without what stands before and with ://")
    if is_ip(name) or _HOST.fullmatch(name):
        return name.lower()
    if re.fullmatch(r"[^:]+:\d+", name):
        raise ValueError("the port stands in a key of its own: port = 993")
    raise ValueError(
        'not a server name. Write it as in "imap.harbour.example" (an international name in its xn-- form)'
    )


def is_ip(name: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether a server is this machine itself, as far as its name says."""
    return name == "localhost" or (is_ip(name) and ipaddress.ip_address(name).is_loopback)


def folder(value: object) -> str:
    """A folder where mail arrives."""
    name = line(200)(value)
    if name.upper() == "INBOX":
        return "INBOX"
    if re.match(r"\[(gmail|google mail)\]", name, re.IGNORECASE):
        raise ValueError(
            "this is one of Gmail's views of other folders, which shows mail twice. Watch INBOX or a label"
        )
    if re.split(r"[/.\\]", name)[-1].strip().lower() in WORDS["not_for_replies"]:
        raise ValueError("mail does not arrive in this folder: it is sent, discarded or moved there. Watch INBOX")
    if set(name) & set("*%"):
        raise ValueError("name one folder; * and % are not allowed in it")
    return name
