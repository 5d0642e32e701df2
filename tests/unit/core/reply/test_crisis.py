"""Which ways to help a practice's replies show, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from responder.core.reply.choice import MAX_CALLS, TALKS, HelpPlan, choose
from responder.core.reply.directory import ANYWHERE, countries, emergency_of, load
from responder.core.reply.freshness import RELEASED, Comparison
from responder.core.reply.lines import CrisisLine, HelpBlock
from responder.core.reply.own import own_line
from tests.unit.core.reply.composing import NOW

COUNTY = own_line("County team", "for people already in its care", phone="0808 157 0123", hours="24/7")

LANGUAGES = ("en", "cy", "es", "fr", "de", "it", "pt", "nl", "pl")
PAIRS = (("fr", "nl"), ("nl", "fr"), ("en", "fr"), ("de", "fr"), ("en", "es"), ("en", "sv"), ("de", "fr", "it"))

FIND = "zz-find-a-helpline-throughline"


def night(country: str) -> datetime:
    """A Tuesday, four minutes past three in the country."""
    return datetime(2026, 12, 1, 3, 4, tzinfo=emergency_of(country[:2].strip().upper()).zone)


def afternoon(country: str) -> datetime:
    """The Sunday before, at two."""
    return datetime(2026, 11, 29, 14, tzinfo=emergency_of(country).zone)


def shown(
    region: str,
    *,
    ids: list[str] | None = None,
    own: tuple[CrisisLine, ...] = (),
    languages: tuple[str, ...] = ("en",),
    at: datetime | None = None,
    discreet: bool = False,
) -> list[str]:
    """What a reply shows: ids, with an asterisk where the number is shown."""
    block = choose(region, ids=ids, own=own).at(at or night(region), languages, discreet=discreet)
    return said(block)


def said(block: HelpBlock) -> list[str]:
    """The lines of a block, with an asterisk where the number is shown."""
    return [f"{each.line.id}{'*' if each.calls else ''}" for each in block.lines]


@pytest.mark.parametrize(
    ("region", "emergency", "lines"),
    [
        ("GB", "999", ["gb-samaritans*", "gb-shout"]),
        ("GB-ENG", "999", ["gb-samaritans*", "gb-nhs-111-mental-health-option-option-2*", "gb-shout"]),
        ("GB-NIR", "999", ["gb-samaritans*", "gb-lifeline-northern-ireland*", "gb-shout"]),
        ("GB-SCT", "999", ["gb-samaritans*", "gb-shout"]),
        ("gb-eng ", "999", ["gb-samaritans*", "gb-nhs-111-mental-health-option-option-2*", "gb-shout"]),
        ("US", "911", ["us-988-suicide-crisis-lifeline*"]),
        ("IE", "112", ["ie-samaritans*", "ie-text-about-it-50808"]),
        ("CA-QC", "911", ["ca-9-8-8-suicide-crisis-helpline*"]),
        ("AU", "000", ["au-lifeline-australia*"]),
        ("NZ", "111", ["nz-1737-need-to-talk*"]),
        ("AT-9", "112", ["at-telefonseelsorge*", "at-psd-wien*"]),
        ("DE-BY", "112", ["de-telefonseelsorge*", "de-krisendienste-bayern*"]),
        ("PL", "112", [
            "pl-centrum-wsparcia-dla-osob-dorosych-w-kryzysie-psychicznym*",
            "pl-kryzysowy-telefon-zaufania-dla-dorosych*",
        ]),
        ("DK", "112", ["dk-livslinien*", FIND]),
        ("BG", "112", [FIND, "bg-bchk-psihosotsialna-podkrepa*"]),
        ("CO", "123", [FIND]),
        ("UA", "112", ["ua-liudyna-v-bidi-0-800-210-160*", "ua-116-123*"]),
    ],
)  # fmt: skip
def test_the_lines_of_a_region_at_night(region: str, emergency: str, lines: list[str]) -> None:
    """One number to call at any hour and one way to write; where there is none, the international directory."""
    block = choose(region).at(night(region))
    assert (block.emergency.kind, block.emergency.phone, said(block)) == ("emergency", emergency, lines)


@pytest.mark.parametrize(
    ("region", "languages", "lines"),
    [
        ("BE", ("fr",), ["be-centre-de-prevention-du-suicide*", "be-tele-accueil"]),
        ("BE", ("fr-BE",), ["be-centre-de-prevention-du-suicide*", "be-tele-accueil"]),
        ("BE", ("nl",), ["be-zelfmoordlijn-1813*", "be-tele-onthaal"]),
        ("BE", ("de",), ["be-telefonhilfe-108*", "be-tele-onthaal"]),
        (
            "BE",
            ("nl", "fr"),
            ["be-zelfmoordlijn-1813*", "be-centre-de-prevention-du-suicide*", "be-tele-onthaal", "be-tele-accueil"],
        ),
        (
            "BE",
            ("fr", "nl"),
            ["be-centre-de-prevention-du-suicide*", "be-zelfmoordlijn-1813*", "be-tele-accueil", "be-tele-onthaal"],
        ),
        ("CH", ("de", "fr", "it"), ["ch-die-dargebotene-hand-la-main-tendue-telefono-amico*"]),
        ("IN", ("en",), ["in-tele-manas*"]),
        ("TH", ("en",), ["th-1323-mental-health-hotline*", "th-samaritans-of-thailand*"]),
    ],
)
def test_the_lines_of_a_language(region: str, languages: tuple[str, ...], lines: list[str]) -> None:
    """Who can read the reply can talk to a line that it shows, where there is one; writing, too."""
    assert shown(region, languages=languages) == lines


@pytest.mark.parametrize("languages", [*((each,) for each in LANGUAGES), *PAIRS], ids="-".join)
def test_every_country_helps_in_every_language(languages: tuple[str, ...]) -> None:
    """The emergency number, a way to talk at any hour or a directory, a line for each language, and not too many."""
    for country in countries():
        block = choose(country).at(night(country), languages)
        calls = [each.line for each in block.lines if each.calls]
        assert block.emergency.kind == "emergency"
        assert all(each.line.general and each.line.country in {country, ANYWHERE} for each in block.lines)
        assert any(each.line.country == ANYWHERE or (each.calls and each.line.round_the_clock) for each in block.lines)
        assert len(calls) <= MAX_CALLS + len(languages) - 1, country
        speaking = [line.languages for line in calls]
        general = [each for each in load(country) if each.general and each.status == "active" and each.kind in TALKS]
        fresh = [each for each in general if each.phone and not each.subdivisions and "number" in each.dated]
        for language in languages:
            missed = any(language in line.languages for line in fresh) and not any(
                language in each for each in speaking
            )
            assert not missed or country in {"HK", "ZA"}, (country, language)


# -- open now ----------------------------------------------------------------------------------------------------------


def test_a_line_that_is_closed_comes_after_one_that_is_open() -> None:
    """Thailand's Samaritans answer in English from noon to ten."""
    samaritans, always = "th-samaritans-of-thailand*", "th-1323-mental-health-hotline*"
    assert shown("TH", at=night("TH")) == [always, samaritans]
    assert shown("TH", at=afternoon("TH")) == [samaritans, always]


def test_a_line_that_opens_within_the_hour_keeps_its_place() -> None:
    """The reader needs a few minutes anyway."""
    zone = ZoneInfo("Asia/Bangkok")
    assert shown("TH", at=datetime(2026, 12, 1, 11, 30, tzinfo=zone))[0] == "th-samaritans-of-thailand*"
    assert shown("TH", at=datetime(2026, 12, 1, 10, 30, tzinfo=zone))[0] == "th-1323-mental-health-hotline*"


def test_own_lines_come_first_unless_they_are_closed() -> None:
    """Local teams beat national lines, and never replace them, not even with an empty list of ids."""
    assert shown("GB", own=(COUNTY,)) == ["own-county-team*", "gb-samaritans*", "gb-shout"]
    everybody = replace(COUNTY, audience="anyone")
    assert shown("GB", ids=[], own=(everybody,)) == ["own-county-team*", "gb-samaritans*"]
    office = own_line("Office", "anyone", phone="0808 157 0124", hours="Mon-Fri 9-17", zone=ZoneInfo("Europe/London"))
    assert shown("GB", own=(office,)) == ["gb-samaritans*", "gb-shout", "own-office*"]
    assert shown("GB", own=(office,), at=datetime(2026, 12, 1, 12, tzinfo=office.zone))[0] == "own-office*"


def test_nobody_is_told_of_an_open_line_where_there_is_none() -> None:
    """Quiet: nothing that is shown is known to be open at that moment."""
    for country, is_quiet in (("BG", True), ("HR", True), ("LU", True), ("CO", True), ("DK", False), ("GB", False)):
        assert choose(country).at(night(country)).is_quiet is is_quiet, country
    assert not choose("BG").at(afternoon("BG")).is_quiet
    assert choose("BG").at(night("BG")).leads_to == ("112", "findahelpline.com")
    assert choose("BG").at(night("BG"), discreet=True).leads_to == ("112",)


def test_a_written_way_that_is_open_comes_before_one_that_is_not() -> None:
    """The chat of Japan's first line closes at night; another's does not."""
    assert shown("JP", at=night("JP")) == ["jp-yorisoi-hotline*", "jp-anata-no-ibasho"]
    assert shown("JP", at=afternoon("JP")) == ["jp-yorisoi-hotline*", "jp-sos"]


# -- styles ------------------------------------------------------------------------------------------------------------


def test_discreet_shows_numbers_to_call_and_nothing_that_leaves_a_trace() -> None:
    """No text message, no chat, no page, no route by text for deaf people."""
    for country in countries():
        block = choose(country).at(night(country), discreet=True)
        assert block.deaf is None, country
        for each in block.lines:
            assert each.calls, country
            assert (each.text, each.chat) == (None, None), country
    assert shown("CO", discreet=True) == []


def test_a_discreet_reply_shows_no_special_line_even_when_named() -> None:
    """A bare number cannot say for whom it is."""
    assert shown("GB", ids=["gb-childline"], discreet=True) == ["gb-samaritans*"]


# -- parts of a country ------------------------------------------------------------------------------------------------


def test_a_part_of_a_country_is_not_shown_the_lines_of_another_part() -> None:
    """NHS 111 does not answer in Northern Ireland; a bare country may be any part of it, so it is not shown there."""
    nhs = "gb-nhs-111-mental-health-option-option-2"
    assert f"{nhs}*" in shown("GB-WLS", ids=[nhs])
    assert f"{nhs}*" in shown("GB", ids=[nhs])
    with pytest.raises(ValueError, match=r"serves GB-ENG, GB-WLS, not your region GB-NIR; leave it out"):
        choose("GB-NIR", ids=[nhs])


# -- named lines -------------------------------------------------------------------------------------------------------


def test_named_lines_replace_the_general_ones_in_their_order() -> None:
    """What the practice named is shown, once each, in its order; nothing is added when it helps anyone at any hour."""
    assert shown("GB", ids=["gb-shout", "gb-samaritans", "gb-shout"]) == ["gb-shout", "gb-samaritans*"]


@pytest.mark.parametrize("ids", [["gb-childline"], ["gb-shout"], []], ids=["special", "text-only", "none"])
def test_a_phone_line_for_anyone_is_added_when_none_was_named(ids: list[str]) -> None:
    """Who is outside a special audience, or cannot text, still finds a number."""
    named = [f"{each}*" if each == "gb-childline" else each for each in ids]
    assert shown("GB", ids=ids) == [*named, "gb-samaritans*"]


def test_the_line_that_is_always_added_speaks_the_language_of_the_reply() -> None:
    """Beside a special line, too, the reader finds one that answers in the reply's language."""
    named = ["be-ecoute-violences-conjugales"]
    assert shown("BE", ids=named, languages=("nl",))[-1] == "be-zelfmoordlijn-1813*"


def test_the_international_directory_may_be_named() -> None:
    """It is bound to no country."""
    assert shown("GB", ids=["gb-samaritans", FIND]) == ["gb-samaritans*", FIND]


def test_a_special_line_is_shown_only_when_named() -> None:
    """A domestic-violence line in the general reply could betray the reader; Ukraine's takes anyone."""
    named = "gb-national-domestic-abuse-helpline-refuge"
    assert f"{named}*" in shown("GB-ENG", ids=[named])
    for country in set(countries()) - {"UA"}:
        lines = choose(country).at(night(country)).lines
        assert all(each.line.kind != "domestic-violence" for each in lines), country


def test_a_line_that_refers_elsewhere_is_no_line_to_talk_to() -> None:
    """Medical advice and information are shown only when named."""
    for line_id in ("de-aerztlicher-bereitschaftsdienst-116117", "cl-salud-responde", "at-1450"):
        region = line_id[:2].upper()
        assert f"{line_id}*" not in shown(region)
        assert f"{line_id}*" in shown(region, ids=[line_id])


# -- old numbers -------------------------------------------------------------------------------------------------------


def test_an_old_number_is_shown_only_for_want_of_a_fresher_one() -> None:
    """Denmark has a fresher line, Croatia none at all."""
    assert "dk-sct-nicolai-tjenesten*" not in shown("DK")
    assert "dk-sct-nicolai-tjenesten*" not in shown("DK", ids=["dk-sct-nicolai-tjenesten"])
    assert "dk-livslinien*" in shown("DK", ids=["dk-sct-nicolai-tjenesten"])
    assert "hr-centar-za-krizna-stanja-kbc-zagreb*" in shown("HR")
    old = {line.id for line in choose("DK", ids=["dk-sct-nicolai-tjenesten"]).too_old(NOW)}
    assert old == {"dk-sct-nicolai-tjenesten"}
    assert len(choose("HR").too_old(NOW)) == 3


def test_a_comparison_makes_an_old_number_fresh() -> None:
    """The practice has read it on the service's own page."""
    nicolai = next(line for line in load("DK") if line.id == "dk-sct-nicolai-tjenesten")
    kept = Comparison(RELEASED, {nicolai.id: nicolai.fingerprint})
    plan = choose("DK", ids=[nicolai.id], comparison=kept)
    assert said(plan.at(night("DK")))[0] == "dk-sct-nicolai-tjenesten*"
    assert plan.too_old(NOW) == []


# -- another country ---------------------------------------------------------------------------------------------------


def abroad(plan: HelpPlan, *, discreet: bool = False) -> list[tuple[str, str | None, list[str]]]:
    """Country, emergency number if it is another one, and lines."""
    return [
        (part.country, part.emergency.phone if part.emergency else None, [each.line.id for each in part.lines])
        for part in plan.at(NOW, discreet=discreet).abroad
    ]


def test_another_country_is_shown_below() -> None:
    """Its emergency number where it is another one, and its first line."""
    plan = choose("GB-NIR", also=["IE", "FR"])
    assert abroad(plan) == [
        ("IE", "112", ["ie-samaritans"]),
        ("FR", "112", ["fr-3114-numero-national-de-prevention-du-suicide"]),
    ]
    assert abroad(choose("IE", also=["FR"])) == [("FR", None, ["fr-3114-numero-national-de-prevention-du-suicide"])]


def test_single_lines_of_another_country() -> None:
    """Without its emergency number; a written one is not shown in the discreet style."""
    plan = choose("GB-NIR", also=["ie-pieta", "ie-text-about-it-50808"])
    assert abroad(plan) == [("IE", None, ["ie-pieta"]), ("IE", None, ["ie-text-about-it-50808"])]
    assert abroad(plan, discreet=True) == [("IE", None, ["ie-pieta"])]
    assert {"ie-pieta", "gb-samaritans", "gb-emergency-services"} <= {line.id for line in plan.candidates}


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("GB", r'"GB" is of your own country GB; name its lines under lines = \[...\]'),
        ("gb-shout", r'"gb-shout" is of your own country'),
        ("XX", r'the directory has no emergency number for "XX"'),
        ("ie-nothing", r'the directory has no country and no line "ie-nothing"; write a code such as "IE"'),
        ("quux", r'the directory has no country and no line "quux"'),
        ("ua-lifeline-ukraine", r'"ua-lifeline-ukraine" is paused and is not shown. Paused since 1 October 2025'),
        ("ie-emergency-services", r"need not be named"),
    ],
)
def test_what_cannot_be_shown_of_another_country_is_refused(entry: str, reason: str) -> None:
    """One sentence says why."""
    with pytest.raises(ValueError, match=reason):
        choose("GB-NIR", also=[entry])


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "ids", "reason"),
    [
        ("GB", ["gb-emergency-services"], r"the emergency number is always shown; leave it out"),
        ("GB", ["gb-samaritan"], r'no crisis line "gb-samaritan"; did you mean "gb-samaritans"\?'),
        ("GB", ["quux"], r'no crisis line "quux"; see "responder crisis-lines GB" for its ids'),
        ("GB", ["gb"], r'no crisis line "gb"; '),
        ("GB", ["ie-samaritans"], r'works in IE, not in your region GB; leave it out, or write it under also'),
        ("GB", ["ie-nothing"], r'no crisis line "ie-nothing"; '),
        ("UA", ["ua-lifeline-ukraine"], r"is paused and is not shown. Paused since 1 October 2025 .* Name another one"),
        ("CA", ["ca-talk-suicide-canada"], r"is ended and is not shown. Replaced by 9-8-8 on 30 November 2023"),
    ],
)  # fmt: skip
def test_an_id_that_cannot_be_shown_is_refused_with_its_fix(region: str, ids: list[str], reason: str) -> None:
    """One sentence says why, and what became of a line that is gone."""
    with pytest.raises(ValueError, match=reason):
        choose(region, ids=ids)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        ("UK", r'"UK" is not an ISO 3166 code; write "GB"'),
        ("XX", r'no emergency number for "XX"; it knows AR, AT, .*ZA'),
        ("ZZ", r'no emergency number for "ZZ"'),
        ("England", r'region "ENGLAND" is not an ISO 3166 code'),
        ("", r'region "" is not an ISO 3166 code'),
        ("../GB", r"is not an ISO 3166 code"),
    ],
)
def test_an_unknown_region_is_refused(region: str, reason: str) -> None:
    """A guessed emergency number would be worse than a configuration that does not load."""
    with pytest.raises(ValueError, match=reason):
        choose(region)


def test_an_unknown_country_has_no_lines_to_load() -> None:
    """The name of a file is never taken from outside the directory."""
    with pytest.raises(ValueError, match="the directory has no emergency number"):
        load("../gb")


# -- own lines ---------------------------------------------------------------------------------------------------------


def test_own_line_keeps_what_was_typed() -> None:
    """The leading "for" is not said twice; hours that are understood are known."""
    assert (COUNTY.id, COUNTY.audience, COUNTY.phone) == (
        "own-county-team",
        "people already in its care",
        "0808 157 0123",
    )
    assert COUNTY.round_the_clock
    assert own_line("Team", "anyone", phone="112 233", hours="after hours").hours is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "it has no name"),
        ({"audience": ""}, "it does not say for whom it is; add for ="),
        ({"name": "a\nb"}, "its name holds a line break"),
        ({"audience": "{{ help }}"}, "its for holds a line break, a control character or template marks"),
        ({"typed_hours": "9-17\r"}, "its hours holds"),
        ({"phone": None}, "it has no number; add phone or sms_number"),
        ({"phone": "call us"}, "its phone is not a number"),
        ({"phone": "0800\n999"}, "its phone is not a number"),
        ({"phone": "0800 000 "}, "its phone is not a number"),
        ({"own": False}, "it is not marked as the practice's own"),
    ],
)
def test_an_own_line_that_cannot_be_shown_is_refused(changes: dict[str, str | None], reason: str) -> None:
    """An own line needs a name, whom it is for, and a number, all on one line each."""
    with pytest.raises(ValueError, match=reason):
        choose("GB", own=(replace(COUNTY, **changes),))  # type: ignore[arg-type]  # the fields are named by the table


@pytest.mark.parametrize(
    ("number", "keyword", "reason"),
    [("+", None, "its sms_number is not a number"), ("85258", "two words", "its sms_keyword is not one word")],
)
def test_an_own_text_line_that_cannot_be_shown_is_refused(number: str, keyword: str | None, reason: str) -> None:
    """The same for what is texted."""
    with pytest.raises(ValueError, match=reason):
        own_line("Team", "anyone", sms_number=number, sms_keyword=keyword)


@pytest.mark.parametrize("number", ["116 123", "+44 20 7946 0000", "*4141", "(01) 554-3811", "9-8-8", "112"])
def test_numbers_stay_as_they_are_dialled(number: str) -> None:
    """Short codes, star codes and full numbers are all fit."""
    assert own_line("Team", "anyone", phone=number).phone == number


def test_an_own_line_may_be_for_texting_only() -> None:
    """Number and keyword are kept; it is shown without a call."""
    line = own_line("Team", "anyone", sms_number="85258", sms_keyword="HELLO", country="GB")
    assert line.text is not None
    assert (line.phone, line.text.number, line.text.keyword, line.country) == (None, "85258", "HELLO", "GB")
    assert shown("GB", own=(line,))[0] == "own-team"


def test_a_line_that_pauses_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when its entry still says that it is general."""
    paused = tuple(replace(each, status="paused") if each.id == "gb-samaritans" else each for each in load("GB"))
    monkeypatch.setattr(
        "responder.core.reply.choice.load", lambda country: paused if country == "GB" else load(country)
    )
    assert shown("GB") == ["gb-shout", FIND]
