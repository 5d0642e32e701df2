"""The directory of crisis lines as it is shipped."""

from __future__ import annotations

import re
import tomllib
from importlib import resources

import pytest

from responder.core.reply.directory import ANYWHERE, CrisisLine, countries, load

ALL = [line for country in (*countries(), ANYWHERE) for line in load(country)]


def test_the_directory_is_whole() -> None:
    """52 countries and the international directories; every id once."""
    assert len(countries()) == 52
    assert len(ALL) == 280
    assert len({line.id for line in ALL}) == len(ALL)


@pytest.mark.parametrize("country", [*countries(), ANYWHERE])
def test_a_file_holds_its_own_country_in_order_of_rank(country: str) -> None:
    """Ids start with the country, ranks go up."""
    lines = load(country)
    assert {line.country for line in lines} == {country}
    assert all(line.id.startswith(f"{country.lower()}-") for line in lines)
    assert [line.rank for line in lines] == sorted({line.rank for line in lines})


def test_confidence_is_one_of_the_words_that_are_explained() -> None:
    """The meta file says what each means; "own" never stands in the directory."""
    meta = tomllib.loads(
        (resources.files("responder.core.reply") / "countries/_meta.toml").read_text(encoding="utf-8")
    )["meta"]
    assert {line.confidence for line in ALL} == set(meta["confidence"])
    assert {source.kind for line in ALL for source in line.sources} <= set(meta["source_types"])


def test_what_is_fit_names_its_sources() -> None:
    """Without a source a line would be memory; dates are ISO 8601, possibly cut."""
    for line in ALL:
        assert line.sources or not line.is_fit
        assert line.latest_source is None or re.fullmatch(r"\d{4}(-\d\d){0,2}", line.latest_source)


def test_a_line_is_called_free_only_where_its_entry_says_so() -> None:
    """A price is a promise too."""
    for line in ALL:
        assert not line.free or re.search(r"\bfree\b", f"{line.note} {line.name}", re.IGNORECASE)
    free = {line.id for line in ALL if line.free}
    assert {"gb-samaritans", "ie-samaritans", "nz-1737-need-to-talk", "ph-ncmh-crisis-hotline-toll-free"} <= free
    assert free.isdisjoint({"us-988-suicide-crisis-lifeline", "my-talian-heal-15555", "fi-mieli-kriisipuhelin"})


@pytest.mark.parametrize(
    ("hours", "always"),
    [("24/7", True), ("24/7 by phone; chat daily 13-01", True), ("24/7 in normal operation", False), (None, False),
     ("24/7 stated in 2021", False), ("24/7 (older texts: 8-20)", False), ("daily 17-24", False)],
)  # fmt: skip
def test_only_plain_words_count_as_round_the_clock(hours: str | None, always: bool) -> None:
    """An if or a doubt in the hours means that somebody may ring in vain."""
    line = CrisisLine(id="x", country="GB", name="x", kind="text-line", audience="anyone", hours=hours)
    assert line.round_the_clock is always


@pytest.mark.parametrize(
    ("audience", "anyone"),
    [("anyone", True), ("Everyone", True), ("anyone; mobile phones", True), ("anyone affected by suicide", False)],
)
def test_for_anyone_means_nobody_is_left_out(audience: str, anyone: bool) -> None:
    """Words after "anyone" narrow it, unless a semicolon parts them."""
    line = CrisisLine(id="x", country="GB", name="x", kind="text-line", audience=audience)
    assert line.for_anyone is anyone


def test_subdivisions_are_read_as_codes() -> None:
    """A line may be confined to several parts of a country."""
    nhs = next(line for line in load("GB") if line.id.startswith("gb-nhs"))
    assert nhs.subdivisions == ("GB-ENG", "GB-WLS", "GB-SCT")


def test_the_emergency_number_stands_first_and_is_fit() -> None:
    """Rank 1 of every country."""
    for country in countries():
        first = load(country)[0]
        assert (first.kind, first.rank, first.is_fit, first.general) == ("emergency", 1, True, True)
        assert first.phone


def test_only_lines_that_say_so_are_for_talk_about_anything() -> None:
    """Emotional support and Samaritans; never a line for the prevention of suicide, never the emergency number."""
    marked = [line for each in (*countries(), ANYWHERE) for line in load(each) if line.anything]
    assert {line.kind for line in marked if line.name != "Samaritans"} == {"emotional-support"}
    assert {line.country for line in marked if line.name == "Samaritans"} == {"GB", "IE"}
    assert all(line.general for line in marked)
