"""Which ways to help a practice's replies show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from responder.core.reply.directory import ANYWHERE, MAX_CALLS, CrisisLine, choose, countries, load, own_line

COUNTY = own_line("County team", "for people already in its care", phone="0808 157 0123", hours="24/7")


LANGUAGES = ("en", "cy", "es", "fr", "de", "it", "pt", "nl", "pl")
PAIRS = (("fr", "nl"), ("nl", "fr"), ("en", "fr"), ("de", "fr"), ("en", "es"), ("en", "sv"), ("de", "fr", "it"))


def shown(
    region: str,
    *,
    ids: list[str] | None = None,
    own: tuple[CrisisLine, ...] = (),
    languages: tuple[str, ...] = ("en",),
) -> list[str]:
    """The ids of what a reply shows."""
    return [line.id for line in choose(region, ids=ids, own=own, languages=languages).lines]


@pytest.mark.parametrize(
    ("region", "emergency", "lines"),
    [
        ("GB", "999", ["gb-samaritans", "gb-shout"]),
        ("GB-ENG", "999", ["gb-samaritans", "gb-shout"]),
        ("GB-NIR", "999", ["gb-samaritans", "gb-shout"]),
        ("gb-eng ", "999", ["gb-samaritans", "gb-shout"]),
        ("US", "911", ["us-988-suicide-crisis-lifeline"]),
        ("IE", "112", ["ie-samaritans", "ie-pieta"]),
        ("CA", "911", ["ca-9-8-8-suicide-crisis-helpline"]),
        ("CA-QC", "911", ["ca-9-8-8-suicide-crisis-helpline"]),
        ("AU", "000", ["au-lifeline-australia"]),
        ("NZ", "111", ["nz-1737-need-to-talk"]),
        ("BE", "112", ["be-community-help-service", "be-centre-de-prevention-du-suicide"]),
        ("FI", "112", ["fi-mieli-crisis-helpline-english", "fi-mieli-kriisipuhelin"]),
        ("DK", "112", ["dk-livslinien", "zz-find-a-helpline-throughline"]),
        ("BG", "112", ["zz-find-a-helpline-throughline"]),
    ],
)
def test_the_lines_of_a_region(region: str, emergency: str, lines: list[str]) -> None:
    """One number to call at any hour and one to text; where there is none fit, the international directory."""
    block = choose(region)
    assert (block.emergency.kind, block.emergency.phone, shown(region)) == ("emergency", emergency, lines)


@pytest.mark.parametrize(
    ("region", "languages", "lines"),
    [
        ("BE", ("fr",), ["be-centre-de-prevention-du-suicide"]),
        ("BE", ("fr-BE",), ["be-centre-de-prevention-du-suicide"]),
        ("BE", ("nl",), ["be-zelfmoordlijn-1813"]),
        ("BE", ("fr", "nl"), ["be-centre-de-prevention-du-suicide", "be-zelfmoordlijn-1813"]),
        ("BE", ("nl", "fr"), ["be-zelfmoordlijn-1813", "be-centre-de-prevention-du-suicide"]),
        ("BE", ("en", "nl"), ["be-community-help-service", "be-zelfmoordlijn-1813"]),
        (
            "BE",
            ("en", "fr", "nl"),
            ["be-community-help-service", "be-centre-de-prevention-du-suicide", "be-zelfmoordlijn-1813"],
        ),
        ("BE", ("de",), ["be-centre-de-prevention-du-suicide", "be-zelfmoordlijn-1813"]),
        ("FI", ("sv",), ["fi-mieli-kristelefon-swedish", "fi-mieli-kriisipuhelin"]),
        ("FI", ("fr",), ["fi-mieli-kriisipuhelin"]),
        (
            "FI",
            ("en", "sv"),
            ["fi-mieli-crisis-helpline-english", "fi-mieli-kristelefon-swedish", "fi-mieli-kriisipuhelin"],
        ),
        ("GB-WLS", ("cy", "en"), ["gb-samaritans", "gb-shout"]),
        ("CH", ("de", "fr", "it"), ["ch-die-dargebotene-hand-la-main-tendue-telefono-amico"]),
        ("IN", ("en",), ["in-tele-manas"]),
    ],
)
def test_the_lines_of_a_language(region: str, languages: tuple[str, ...], lines: list[str]) -> None:
    """Whoever can read the reply can talk to a line that it shows, where there is one, and one always answers."""
    assert shown(region, languages=languages) == lines


@pytest.mark.parametrize("languages", [*((each,) for each in LANGUAGES), *PAIRS], ids="-".join)
def test_every_country_helps_in_every_language(languages: tuple[str, ...]) -> None:
    """The emergency number, a way to talk at any hour, a line for each language that has one, and not too many."""
    for country in countries():
        block = choose(country, languages=languages)
        calls = [line for line in block.lines if line.phone]
        assert block.emergency.kind == "emergency"
        assert all(line.is_fit and line.general and line.country in {country, ANYWHERE} for line in block.lines)
        assert any(line.country == ANYWHERE or (line.phone and line.round_the_clock) for line in block.lines), country
        assert len(calls) <= MAX_CALLS + len(languages) - 1, country
        for language in languages:
            speaking = {
                line.id
                for line in load(country)
                if line.general and line.is_fit and line.phone and not line.subdivisions and language in line.languages
            }
            assert not speaking or speaking & {line.id for line in calls}, (country, language)


def test_the_line_that_is_always_added_speaks_the_language_of_the_reply() -> None:
    """Beside a special line, too, the reader finds one that answers in the reply's language."""
    named = ["be-ecoute-violences-conjugales"]
    assert shown("BE", ids=named, languages=("nl",)) == [*named, "be-zelfmoordlijn-1813"]
    assert shown("BE", ids=named, languages=("de",)) == [*named, "be-centre-de-prevention-du-suicide"]


@pytest.mark.parametrize("country", countries())
def test_every_country_has_a_way_to_help(country: str) -> None:
    """An emergency number, and a line that can be reached: known well enough, and for anyone."""
    block = choose(country)
    assert block.country == country
    assert block.emergency.phone
    assert block.lines
    for line in block.lines:
        assert line.is_fit
        assert line.general
        assert line.phone or line.sms_number or line.web
        assert line.kind in {"suicide-crisis", "emotional-support", "text-line"}
        assert not line.subdivisions


@pytest.mark.parametrize("country", countries())
def test_a_line_that_is_not_always_open_does_not_stand_alone(country: str) -> None:
    """A line with hours has a round-the-clock line, or the directory of others, beside it."""
    lines = choose(country).lines
    assert any((line.phone and line.round_the_clock) or line.country == ANYWHERE for line in lines)


def test_a_part_of_a_country_is_not_shown_the_lines_of_another_part() -> None:
    """NHS 111 does not answer in Northern Ireland; a bare country may be any part of it, so it is not shown there."""
    nhs = "gb-nhs-111-mental-health-option-option-2"
    assert nhs not in shown("GB")
    assert nhs in shown("GB-WLS", ids=[nhs])
    assert nhs in shown("GB", ids=[nhs])
    with pytest.raises(ValueError, match=r"serves GB-ENG, GB-WLS, GB-SCT, not your region GB-NIR; leave it out"):
        choose("GB-NIR", ids=[nhs])


def test_named_lines_replace_the_general_ones_in_their_order() -> None:
    """What the practice named is shown, once each, in its order; nothing is added when it helps anyone at any hour."""
    assert shown("GB", ids=["gb-shout", "gb-samaritans", "gb-shout"]) == ["gb-shout", "gb-samaritans"]


@pytest.mark.parametrize("ids", [["gb-childline"], ["gb-shout"], []], ids=["special", "text-only", "none"])
def test_a_phone_line_for_anyone_is_added_when_none_was_named(ids: list[str]) -> None:
    """Whoever is outside a special audience, or cannot text, still finds a number."""
    assert shown("GB", ids=ids) == [*ids, "gb-samaritans"]


def test_the_international_directory_may_be_named() -> None:
    """It is bound to no country."""
    ids = ["gb-samaritans", "zz-find-a-helpline-throughline"]
    assert shown("GB", ids=ids) == ids


def test_a_special_line_is_shown_only_when_named() -> None:
    """A domestic-violence line in the general reply could betray the reader."""
    named = "gb-national-domestic-abuse-helpline-refuge"
    assert named in shown("GB-ENG", ids=[named])
    assert all(line.kind != "domestic-violence" for country in countries() for line in choose(country).lines)


def test_own_lines_come_first_and_the_national_ones_stay() -> None:
    """Local teams beat national lines, and never replace them, not even with an empty list of ids."""
    assert shown("GB", own=(COUNTY,)) == ["own-county-team", "gb-samaritans", "gb-shout"]
    everybody = replace(COUNTY, audience="anyone")
    assert shown("GB", ids=[], own=(everybody,)) == ["own-county-team", "gb-samaritans"]


def test_own_line_keeps_what_was_typed() -> None:
    """The leading "for" is not said twice."""
    assert (
        CrisisLine(
            id="own-county-team",
            country="ZZ",
            name="County team",
            kind="own",
            audience="people already in its care",
            phone="0808 157 0123",
            hours="24/7",
            confidence="own",
            own=True,
        )
        == COUNTY
    )


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (["gb-calm"], r'"gb-calm" is unverified and must not be shown; compare .* \[\[crisis.line\]\] of your own'),
        (["gb-emergency-services"], r"the emergency number is always shown; leave it out"),
        (["gb-samaritan"], r'no crisis line "gb-samaritan"; did you mean "gb-samaritans"\?'),
        (["quux"], r'no crisis line "quux"; see "responder crisis-lines GB" for its ids'),
        (["gb"], r'no crisis line "gb"; '),
        (["ie-samaritans"], r'"ie-samaritans" works in IE, not in your region GB; leave it out'),
        (["ie-nothing"], r'no crisis line "ie-nothing"; '),
    ],
)
def test_an_id_that_cannot_be_shown_is_refused_with_its_cure(ids: list[str], reason: str) -> None:
    """One sentence says why and what to write instead."""
    with pytest.raises(ValueError, match=reason):
        choose("GB", ids=ids)


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


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "it has no name"),
        ({"audience": ""}, "it does not say for whom it is; add for ="),
        ({"name": "a\nb"}, "its name holds a line break"),
        ({"audience": "{{ help }}"}, "its for holds a line break, a control character or template marks"),
        ({"hours": "9-17\r"}, "its hours holds"),
        ({"phone": None}, "it has no number; add phone or sms_number"),
        ({"phone": "call us"}, "its phone is not a number"),
        ({"phone": "0800\n999"}, "its phone is not a number"),
        ({"phone": "0800 000 "}, "its phone is not a number"),
        ({"sms_number": "+"}, "its sms_number is not a number"),
        ({"sms_keyword": "two words"}, "its sms_keyword is not one word"),
        ({"own": False}, "it is not marked as the practice's own"),
    ],
)
def test_an_own_line_that_cannot_be_shown_is_refused(changes: dict[str, str | None], reason: str) -> None:
    """An own line needs a name, whom it is for, and a number, all on one line each."""
    with pytest.raises(ValueError, match=reason):
        choose("GB", own=(replace(COUNTY, **changes),))  # type: ignore[arg-type]  # the fields are named by the table


@pytest.mark.parametrize("number", ["116 123", "+44 20 7946 0000", "*4141", "(01) 554-3811", "9-8-8", "112"])
def test_numbers_stay_as_they_are_dialled(number: str) -> None:
    """Short codes, star codes and full numbers are all fit."""
    assert own_line("Team", "anyone", phone=number).phone == number


def test_an_own_line_keeps_its_link() -> None:
    """What is worked out from the number by others is passed on."""
    assert own_line("Team", "anyone", phone="0808 157 0123", tel="tel:+448081570123").tel == "tel:+448081570123"


def test_an_own_line_may_be_for_texting_only() -> None:
    """Number and keyword are kept."""
    line = own_line("Team", "anyone", sms_number="85258", sms_keyword="HELLO", country="GB")
    assert (line.phone, line.sms_number, line.sms_keyword, line.country) == (None, "85258", "HELLO", "GB")
    assert not line.round_the_clock
