"""The directory of crisis lines as it is shipped: what replies show of it, today and when nobody looks after it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any

import pytest

from responder.core.reply import LANGUAGES
from responder.core.reply.choice import HelpPlan, choose
from responder.core.reply.directory import ANYWHERE, countries, emergency_of, load
from responder.core.reply.freshness import RELEASED, Comparison, months_before
from responder.core.reply.lines import CrisisLine, HelpBlock, Printed
from responder.core.reply.words import language as words_of
from tools import directory as tool

STYLES = ("ordinary", "discreet")
LATER = date(RELEASED.year + 2, RELEASED.month, RELEASED.day)
"""Two years after the release: nobody has looked after anything."""

_LATIN = re.compile(r"[\u0020-\u024f\u1e00-\u1eff\u2000-\u206f*]+")

ALL = [line for country in (*countries(), ANYWHERE) for line in load(country)]


@cache
def raw(country: str) -> Mapping[str, Mapping[str, Any]]:
    """The entries of a file as they are written, by id: what is printed is held against them."""
    text = (resources.files("responder.core.reply") / "countries" / f"{country.lower()}.toml").read_text("utf-8")
    return {entry["id"]: entry for entry in tomllib.loads(text)["line"]}


def newest(line: CrisisLine, claim: str) -> date | None:
    """The date of a claim, by the rule: the newest evidence other than memory and guesses."""
    rows = raw(line.country)[line.id]["evidence"]
    dates = [
        row["date"]
        for row in rows
        if claim in row["claims"] and row["type"] != "memory" and "date" in row and not row.get("about")
    ]
    return max(dates, default=None)


def is_old(line: CrisisLine, claim: str, today: date) -> bool:
    """Whether nothing dated within 18 months speaks for a claim."""
    found = newest(line, claim)
    return found is None or found < months_before(today, 18)


def blocks(country: str, today: date, comparison: date | None = None) -> Iterator[tuple[str, HelpBlock]]:
    """What replies show: every language, both styles, four moments."""
    plan = choose(country, comparison=Comparison(comparison))
    for language in LANGUAGES:
        for style in STYLES:
            for moment, at in tool.moments(country, today).items():
                yield f"{language} {style} {moment}", plan.at(at, (language,), discreet=style == "discreet")


# -- the files ---------------------------------------------------------------------------------------------------------


def test_the_files_are_as_they_should_be() -> None:
    """What ``make check`` says of them: nothing."""
    assert list(tool.problems()) == []


def test_the_directory_is_whole() -> None:
    """52 countries and the international directories; every id once."""
    assert len(countries()) == 52
    assert len(ALL) == 344
    assert len({line.id for line in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"open": ["Mo-Fr 9-17"]}, "are not of the form"),
        ({"status": "gone"}, "its status or kind is not one of the words"),
        ({"status": "ended"}, "it is general and not active"),
        ({"phone": None}, "phone and tel do not go together"),
        ({"tel": "999"}, "phone and tel do not go together"),
        ({"id": "xx-samaritans"}, "its id does not start with the country"),
        ({"chat": {"url": "http://x.example"}}, "its chat is not at an https address"),
        ({"chat": {"link": "https://x.example"}}, "chat has unknown keys: link"),
        ({"reach": [{"language": "English"}]}, "English is not a code of a language"),
        ({"police": "101"}, "only an emergency number has the police's beside it"),
        ({"hours": "24/7"}, "the line has unknown keys: hours"),
        ({"evidence": []}, "it has no evidence"),
        ({"evidence": [{"claims": ["number"], "type": "own", "seen": "read"}]}, "its evidence does not say where"),
        ({"evidence": [{"claims": ["price"], "type": "own", "seen": "read", "url": "x"}]}, "not one of the words"),
        ({"evidence": [{"claims": ["number"], "type": "memory", "seen": "read"}]}, "evidence is memory or it is not"),
        (
            {"evidence": [{"claims": ["free"], "type": "own", "seen": "read", "url": "x", "date": date(2099, 1, 1)}]},
            "after the release",
        ),
    ],
)
def test_a_line_that_is_wrong_is_found(change: dict[str, Any], problem: str) -> None:
    """A slip in a file must not wait for a reader."""
    entry = {**raw("GB")["gb-samaritans"], **change}
    entry = {key: value for key, value in entry.items() if value is not None}
    found = list(tool.line_problems({"country": "GB"}, entry))
    assert any(problem in each for each in found), found


def test_a_file_that_is_wrong_is_found() -> None:
    """Its name, its ranks, its first line."""
    entries = list(raw("GB").values())
    assert list(tool.file_problems("gb.toml", {"country": "GB", "zone": "", "reread": RELEASED, "line": entries})) == []
    found = " ".join(
        tool.file_problems("ie.toml", {"country": "GB", "zone": "", "reread": RELEASED, "line": entries[:0:-1]})
    )
    for problem in ("not the one of its name", "ranks do not go up", "not the emergency number"):
        assert problem in found


def test_the_worklist_starts_with_the_oldest() -> None:
    """Every claim that may be printed, with a page to read."""
    rows = list(tool.worklist(RELEASED))
    days = ["" if row[0].startswith("no date") else row[0] for row in rows]
    assert days == sorted(days)
    assert {row[1].id for row in rows} <= {line.id for line in ALL if line.status == "active"}
    assert "gb-samaritans" in {row[1].id for row in rows}


def test_the_table_has_a_row_for_everything() -> None:
    """52 countries, nine languages, two styles, four moments."""
    rows = list(tool.table(RELEASED))
    assert len(rows) == 1 + 52 * len(LANGUAGES) * 2 * 4
    (spanish,) = [each for each in rows if each.startswith("US\tes\tordinary\tTuesday")]
    assert "call 988 (2026-10-07, 52 days), press 2" in spanish
    assert "text AYUDA to 988" in spanish


# -- today -------------------------------------------------------------------------------------------------------------


def untrue(country: str, today: date) -> Iterator[str]:
    """What replies claim and nobody has read lately; one sentence each."""
    for name, block in blocks(country, today):
        for each in block.all_lines:
            yield from (f"{name}: {each.line.id} {what}" for what, is_so in faults(each, today).items() if is_so)


def faults(each: Printed, today: date) -> dict[str, bool]:
    """What may be wrong with a line as it is printed."""
    line, when = each.line, each.when
    is_limited = line.hours is None or not line.hours.always
    return {
        "is gone": line.status != "active",
        "claims old hours": (when.always or when.hours is not None) and is_old(line, "hours", today),
        "claims other hours": when.hours is not None and when.hours != line.hours,
        "is not day and night": when.always and is_limited,
        "claims an old price": each.free and is_old(line, "free", today),
        "has an old number to text": each.text is not None and is_old(line, "text", today),
        "has an old chat": each.chat is not None and is_old(line, "chat", today),
        "is silent about its hours": is_limited and each.calls and not (when.hours or when.doubtful),
        "is doubted": line.round_the_clock and when.doubtful,
    }


@pytest.mark.parametrize("country", countries())
def test_no_reply_claims_what_nobody_has_read_lately(country: str) -> None:
    """No hours, no price, no written way older than 18 months, none by memory, no line that is gone."""
    assert sorted(set(untrue(country, RELEASED))) == []


OLD_NUMBERS = {"hr-centar-za-krizna-stanja-kbc-zagreb", "hr-plavi-telefon", "hr-psiholoski-centar-tesa"}
"""Numbers without a fresh text that are shown for want of a better one."""

OLD_EMERGENCY = {"kr-emergency-services", "ng-emergency-services", "no-emergency-services"}
"""Emergency numbers without a fresh text: they are always shown."""

OLD_DEAF_ROUTES = {"AU", "BG", "EE", "FR", "GB", "HK", "HR", "IE", "IL", "JP", "LT", "LV", "NL", "NO", "NZ", "PL", "PT",
                   "RO", "SE", "SG", "SI", "TW"}  # fmt: skip
"""Countries whose written route to the emergency number has no fresh text: it is shown as long as any text has it."""

NIGHT_LEADS_ONLY_TO_THE_EMERGENCY_NUMBER = {"BG", "CO", "EE", "HR", "LU"}
"""Countries where no line is known to be open on a Tuesday at 03:04; discreet replies have nothing else."""

NO_LINE_AT_ALL = {"CO"}
"""Countries whose discreet reply shows the emergency number alone."""


def test_the_old_numbers_that_are_shown_are_these() -> None:
    """Each is an exception that somebody has looked at."""
    shown = {each.line for country in countries() for _, block in blocks(country, RELEASED) for each in calls(block)}
    assert {line.id for line in shown if is_old(line, "number", RELEASED)} == OLD_NUMBERS
    assert {emergency_of(c).id for c in countries() if is_old(emergency_of(c), "number", RELEASED)} == OLD_EMERGENCY


def calls(block: HelpBlock) -> list[Printed]:
    """The lines whose number is shown."""
    return [each for each in block.lines if each.calls]


def test_the_old_deaf_routes_that_are_shown_are_these() -> None:
    """None of them is known from memory alone."""
    shown = {country for country in countries() if choose(country).at(noon(RELEASED)).deaf}
    assert {country for country in shown if is_old(emergency_of(country), "deaf", RELEASED)} == OLD_DEAF_ROUTES
    for country in shown:
        rows = raw(country)[emergency_of(country).id]["evidence"]
        assert any("deaf" in row["claims"] and row["type"] != "memory" for row in rows), country


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_name_that_is_printed_can_be_read(code: str) -> None:
    """In Latin letters, as all the languages that a reply is written in."""
    names = words_of(code).words["names"]
    printed = {line for country in countries() for line in choose(country).printed(noon(RELEASED), (code,))}
    said = {line.id: str(names.get(line.id, line.name)) for line in printed if line.kind != "emergency"}
    assert [each for each in said.items() if not _LATIN.fullmatch(each[1])] == []


def noon(day: date) -> datetime:
    """Of a day, in Universal Time."""
    return datetime.combine(day, time(12), emergency_of("GB").zone)


def test_no_key_is_older_than_18_months() -> None:
    """A key or a number for one language is as fresh as its line's number; these two lines are not shown."""
    with_keys = [
        line for line in ALL if line.status == "active" and line.general and any(each.press for each in line.reach)
    ]
    assert [line.id for line in with_keys if is_old(line, "number", RELEASED)] == []


def test_the_countries_whose_night_leads_only_to_the_emergency_number() -> None:
    """Another that joins them must not go unseen."""
    quiet = set()
    alone = set()
    for country in countries():
        for style in STYLES:
            block = choose(country).at(tool.moments(country, RELEASED)["Tuesday 03:04"], discreet=style == "discreet")
            quiet |= {country} if block.is_quiet else set()
            alone |= {country} if not block.lines else set()
    assert quiet == NIGHT_LEADS_ONLY_TO_THE_EMERGENCY_NUMBER
    assert alone == NO_LINE_AT_ALL


# -- nobody looks after it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", countries())
def test_two_years_later_nothing_is_claimed_and_everybody_finds_help(country: str) -> None:
    """No price, no hours, no doubt about a line last known as round the clock; a number to call all the same."""
    for name, block in blocks(country, LATER):
        assert block.emergency.phone
        assert block.lines or (country in NO_LINE_AT_ALL and "discreet" in name), name
        for each in block.lines:
            assert not each.free, name
            assert not each.when.always, name
            assert each.when.hours is None, name
            assert (each.text, each.chat) == (None, None), name
            assert not (each.line.round_the_clock and each.when.doubtful), name


@pytest.mark.parametrize("country", countries())
def test_after_a_comparison_everything_is_printed_again(country: str) -> None:
    """A month before that day, with what was compared kept, or without."""
    day = LATER - timedelta(days=30)
    plan = choose(country)
    kept = {line.id: line.fingerprint for line in shown_on(plan.compared(Comparison(day)), day)}
    for comparison in (Comparison(day), Comparison(day, kept)):
        for language in LANGUAGES:
            for style in STYLES:
                for moment, then in tool.moments(country, RELEASED).items():
                    later = tool.moments(country, LATER)[moment]
                    before = plan.at(then, (language,), discreet=style == "discreet")
                    after = plan.compared(comparison).at(later, (language,), discreet=style == "discreet")
                    assert after == before, (language, style, moment)


def shown_on(plan: HelpPlan, day: date) -> set[CrisisLine]:
    """Every line that replies in any language show at some hour."""
    return {
        line
        for language in LANGUAGES
        for style in STYLES
        for line in plan.printed(noon(day), (language,), discreet=style == "discreet")
    }
