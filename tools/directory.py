"""The directory of crisis lines: check its files, print what to read next, and print what replies show of it.

python -m tools.directory check                     whether the files are as they should be (make check)
python -m tools.directory worklist                  every claim that is printed, the oldest first (make directory)
python -m tools.directory table [--today DAY]       every country, language, style and moment
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import Any, Final

from responder.core.reply import LANGUAGES
from responder.core.reply.choice import HelpPlan, choose
from responder.core.reply.directory import ANYWHERE, countries, emergency_of, load
from responder.core.reply.freshness import RELEASED, Reading, months_before
from responder.core.reply.lines import Claim, CrisisLine, HelpBlock, Printed
from responder.core.reply.opening import parse
from responder.core.views.evidence import evidence_in_words

DUE_MONTHS: Final = 12
"""A default line whose number or hours are older is listed by ``check``: half a year before it falls silent."""

KINDS: Final = frozenset(
    (
        *(
            "emergency",
            "suicide-crisis",
            "emotional-support",
            "mental-health",
            "domestic-violence",
            "children",
            "older",
        ),
        *("lgbt", "veterans", "medical-advice", "poison", "other"),
    )
)
CLAIMS: Final = frozenset(("number", "hours", "free", "language", "text", "chat", "deaf", "status"))
TYPES: Final = frozenset(("own", "gov", "sec", "list", "memory"))
SEEN: Final = frozenset(("read", "quoted", "earlier", "metadata", "memory"))
FILE_KEYS: Final = frozenset(("country", "zone", "reread", "line"))
NEEDED: Final = frozenset(("id", "name", "status", "rank", "general", "kind", "audience", "evidence"))
LINE_KEYS: Final = NEEDED | {
    *("subdivision", "phone", "tel", "open", "zone", "free", "anything", "reach", "text", "chat", "whatsapp", "email"),
    *("deaf", "police", "web", "note"),
}
INNER_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset(("number", "keyword", "keywords", "open", "languages")),
    "chat": frozenset(("url", "open", "languages")),
    "whatsapp": frozenset(("number", "open", "languages")),
    "deaf": frozenset(("how", "url", "text", "app", "video", "relay", "registered")),
}
REACH_KEYS: Final = frozenset(("language", "press", "phone", "open"))
EVIDENCE_KEYS: Final = frozenset(("claims", "type", "seen", "url", "source", "date", "about"))
_ID: Final = re.compile(r"[a-z]{2}-[a-z0-9-]+")
_TEL: Final = re.compile(r"tel:\+?[0-9*#]+")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


def main() -> int:
    """One of three commands."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("check", "worklist", "table"))
    parser.add_argument("--today", type=date.fromisoformat, default=RELEASED, help="(default: the day of the release)")
    arguments = parser.parse_args()
    match arguments.what:
        case "check":
            return _check(arguments.today)
        case "worklist":
            rows = (f"{age}  {line.id}  {claim}  {page}" for age, line, claim, page in worklist(arguments.today))
            print("newest      line  claim  page to read", *rows, sep="\n")
        case _:
            print(*table(arguments.today), sep="\n")
    return 0


def _check(today: date) -> int:
    found = list(problems())
    print(*(f"WRONG {problem}" for problem in found), sep="\n", end="\n" if found else "")
    for line, claim, seen in due(today):
        print(f"look  {line.id}: {claim} last seen {seen or 'on no known day'}")
    count = sum(len(load(country)) for country in (*countries(), ANYWHERE))
    print(f"{len(countries())} countries, {count} lines, {len(found)} wrong")
    return 1 if found else 0


# -- the files ---------------------------------------------------------------------------------------------------------


def files() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every file with its name."""
    directory = resources.files("responder.core.reply") / "countries"
    for country in (*countries(), ANYWHERE):
        name = f"{country.lower()}.toml"
        yield name, tomllib.loads((directory / name).read_text("utf-8"))


def problems() -> Iterator[str]:
    """What is wrong with the files, one sentence each."""
    ids: set[str] = set()
    for name, file in files():
        yield from (f"{name}: {problem}" for problem in file_problems(name, file))
        for entry in file["line"]:
            if entry["id"] in ids:
                yield f"{name}: {entry['id']} is listed twice"
            ids.add(entry["id"])


def file_problems(name: str, file: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one file."""
    yield from _keys("the file", file, FILE_KEYS, FILE_KEYS)
    if file.get("country") != name.removesuffix(".toml").upper():
        yield "its country is not the one of its name"
    entries = file.get("line", [])
    ranks = [entry.get("rank") for entry in entries]
    if ranks != sorted(set(ranks)):
        yield "its ranks do not go up"
    if file.get("country") != ANYWHERE and not (
        entries and entries[0].get("kind") == "emergency" and entries[0].get("general")
    ):
        yield "its first line is not the emergency number"
    for entry in entries:
        yield from (f"{entry.get('id')}: {problem}" for problem in line_problems(file, entry))


def line_problems(file: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one line."""
    yield from _keys("the line", entry, NEEDED, LINE_KEYS)
    if not _ID.fullmatch(entry["id"]) or not entry["id"].startswith(str(file["country"]).lower()):
        yield "its id does not start with the country"
    if entry["status"] not in ("active", "paused", "ended") or entry["kind"] not in KINDS:
        yield "its status or kind is not one of the words"
    if entry["status"] != "active" and entry["general"]:
        yield "it is general and not active"
    if ("phone" in entry) != ("tel" in entry) or ("tel" in entry and not _TEL.fullmatch(entry["tel"])):
        yield "phone and tel do not go together"
    if entry["status"] == "active" and not {"phone", "text", "chat", "whatsapp", "web"} & entry.keys():
        yield "nobody can reach it"
    if "police" in entry and entry["kind"] != "emergency":
        yield "only an emergency number has the police's beside it"
    yield from _ways(entry)
    yield from _hours(entry)
    yield from _evidence(entry)


def _keys(what: str, table: Mapping[str, Any], needed: frozenset[str], known: frozenset[str]) -> Iterator[str]:
    if missing := needed - table.keys():
        yield f"{what} lacks {', '.join(sorted(missing))}"
    if unknown := table.keys() - known:
        yield f"{what} has unknown keys: {', '.join(sorted(unknown))}"


def _ways(entry: Mapping[str, Any]) -> Iterator[str]:
    for key, known in INNER_KEYS.items():
        if key in entry:
            yield from _keys(key, entry[key], frozenset(), known)
    for each in entry.get("reach", ()):
        yield from _keys("reach", each, frozenset(("language",)), REACH_KEYS)
        if not _LANGUAGE.fullmatch(each["language"]):
            yield f"{each['language']} is not a code of a language"
    if "chat" in entry and not str(entry["chat"].get("url")).startswith("https://"):
        yield "its chat is not at an https address"


def _hours(entry: Mapping[str, Any]) -> Iterator[str]:
    tables = (entry, entry.get("text", {}), entry.get("chat", {}), entry.get("whatsapp", {}), *entry.get("reach", ()))
    for table in tables:
        if "open" in table:
            try:
                parse(table["open"])
            except ValueError as error:
                yield str(error)


def _evidence(entry: Mapping[str, Any]) -> Iterator[str]:
    rows = entry["evidence"]
    if not rows:
        yield "it has no evidence"
    for row in rows:
        yield from _keys("evidence", row, frozenset(("claims", "type", "seen")), EVIDENCE_KEYS)
        if not set(row["claims"]) <= CLAIMS or row["type"] not in TYPES or row["seen"] not in SEEN:
            yield "its evidence has a word that is not one of the words"
        if (row["type"] == "memory") != (row["seen"] == "memory"):
            yield "evidence is memory or it is not"
        if row["type"] != "memory" and not ({"url", "source"} & row.keys()):
            yield "its evidence does not say where"
        if "date" in row and row["date"] > RELEASED:
            yield f"its evidence is of {row['date']}, after the release"
    dates = [row["date"] for row in rows if "date" in row]
    if dates != sorted(dates, reverse=True):
        yield "its evidence does not stand newest first"


# -- what to read next -------------------------------------------------------------------------------------------------


def worklist(today: date) -> Iterator[tuple[str, CrisisLine, str, str]]:
    """Every claim that a reply may print, the oldest first: its date, the line, the claim, the page to read."""
    rows = [
        (_newest(line, claim, today), line, claim)
        for country in countries()
        for line in load(country)
        if line.status == "active"
        for claim in _claims(line)
    ]
    for seen, line, claim in sorted(rows, key=lambda row: (row[0] or date.min, row[1].id)):
        yield seen.isoformat() if seen else "no date   ", line, claim, _page(line)


def due(today: date) -> Iterator[tuple[CrisisLine, str, date | None]]:
    """Numbers and hours of lines that are shown by default and will soon be too old to be printed."""
    for country in countries():
        for line in _default_lines(country, today):
            for claim in ("number", "hours"):
                seen = _newest(line, claim, today)
                if claim in _claims(line) and (seen is None or seen < months_before(today, DUE_MONTHS)):
                    yield line, claim, seen


def _default_lines(country: str, today: date) -> list[CrisisLine]:
    lines = choose(country).printed(datetime.combine(today, time(12), emergency_of(country).zone), LANGUAGES)
    return [line for line in lines if line.country == country]


def _claims(line: CrisisLine) -> tuple[Claim, ...]:
    """Those that a reply may print: of an emergency number nothing but the number and its written route."""
    if line.kind == "emergency":
        return ("number", "deaf") if line.deaf else ("number",)
    has: dict[Claim, object] = {
        "number": line.phone, "hours": line.hours, "free": line.free, "text": line.text, "chat": line.chat,
    }  # fmt: skip
    return tuple(claim for claim, value in has.items() if value)


def _newest(line: CrisisLine, claim: Claim, today: date) -> date | None:
    return Reading(today).newest(line, claim)


def _page(line: CrisisLine) -> str:
    own = (each.where for each in line.evidence if each.where.startswith("http"))
    return line.web or next(own, "")


# -- what replies show -------------------------------------------------------------------------------------------------


def moments(country: str, today: date) -> dict[str, datetime]:
    """Four times at which somebody writes, on the country's clock."""
    zone = emergency_of(country).zone

    def next_(weekday: int, clock: time) -> datetime:
        return datetime.combine(today + timedelta(days=(weekday - today.weekday()) % 7), clock, zone)

    return {
        "Tuesday 03:04": next_(1, time(3, 4)),
        "Sunday 14:00": next_(6, time(14)),
        "two-week closure": next_(2, time(10)) + timedelta(days=7),
        "until further notice": next_(4, time(22, 15)),
    }


def table(today: date) -> Iterator[str]:
    """One row for each country, language, style and moment: numbers, ways in and claims, each with its date."""
    yield "country\tlanguage\tstyle\tmoment\temergency\tlines"
    for country in countries():
        plan = choose(country)
        for language in LANGUAGES:
            for style in ("ordinary", "discreet"):
                for moment, at in moments(country, today).items():
                    block = plan.at(at, (language,), discreet=style == "discreet")
                    yield "\t".join((country, language, style, moment, *row(plan, block, language, today)))


def row(plan: HelpPlan, block: HelpBlock, language: str, today: date) -> tuple[str, str]:
    """What one reply shows."""
    reading = Reading(today, plan.comparison)
    deaf = f"; deaf {_dated(block.emergency, 'deaf', reading)}" if block.deaf else ""
    police = f", police {block.emergency.police}" if block.emergency.police else ""
    lines = " | ".join(_shown(each, language, reading) for each in block.lines)
    quiet = " | nothing known to be open" if block.is_quiet else ""
    return f"{block.emergency.phone}{police}{deaf}", f"{lines or 'the number alone, and what it is for'}{quiet}"


def _shown(each: Printed, language: str, reading: Reading) -> str:
    line, said = each.line, [each.line.id]
    if each.calls:
        said.append(f"call {line.phone} ({_dated(line, 'number', reading)})")
        reach = line.reach_in(language)
        said += [f"press {reach.press}"] if reach and reach.press else []
        said += [f"or {reach.phone}"] if reach and reach.phone else []
        hours = "24/7" if each.when.always else "; ".join(map(str, each.when.hours.ranges)) if each.when.hours else ""
        said += [f"{hours} ({_dated(line, 'hours', reading)})"] if hours else []
        said += ["may not be open"] if each.when.doubtful else []
        said += [f"free ({_dated(line, 'free', reading)})"] if each.free else []
    if each.text:
        keyword = each.text.keyword_in(language)
        said.append(f"text {keyword + ' to ' if keyword else ''}{each.text.number} ({_dated(line, 'text', reading)})")
    if each.chat:
        said.append(f"chat {each.chat.url} ({_dated(line, 'chat', reading)})")
    if each.is_directory:
        said.append(str(line.web))
    return ", ".join(said)


def _dated(line: CrisisLine, claim: Claim, reading: Reading) -> str:
    """The age of a claim, by its newest evidence."""
    seen = reading.newest(line, claim)
    if seen is not None:
        return f"{seen}, {(reading.today - seen).days} days"
    saying = [each for each in line.evidence if claim in each.claims]
    return evidence_in_words(saying[0], reading.today) if saying else "no evidence"


if __name__ == "__main__":
    sys.exit(main())
