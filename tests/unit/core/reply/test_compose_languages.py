"""The reply in every language, for every country, and what is left when a built-in text breaks."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from functools import cache
from importlib import resources
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pytest

from responder.core.outcome import OutgoingReply
from responder.core.reply import LANGUAGES, Composer, OwnWords, ReplySettings, check_help, words
from responder.core.reply import directory as crisis
from responder.core.reply.choice import TALKS, HelpPlan, choose
from responder.core.reply.lines import HelpBlock, Openness, Printed, site
from responder.core.reply.own import own_line
from responder.core.reply.variants import VARIANTS, sample_now
from tests import ROOT
from tests.unit.core.reply.composing import (
    MESSAGE_ID,
    NOW,
    REPLY,
    STYLES,
    Fixed,
    body,
    composed,
    inbound,
    parsed,
    settings,
)
from tests.unit.core.reply.composing import variants as periods

GOLDEN = Path(__file__).parent / "golden" / "languages"
TEMPLATES = resources.files("responder.core.reply") / "templates"
HOMES = {
    "en": ("GB", "Europe/London"), "cy": ("GB-WLS", "Europe/London"), "de": ("DE", "Europe/Berlin"),
    "es": ("ES", "Europe/Madrid"), "fr": ("FR", "Europe/Paris"), "it": ("IT", "Europe/Rome"),
    "nl": ("NL", "Europe/Amsterdam"), "pl": ("PL", "Europe/Warsaw"), "pt": ("PT", "Europe/Lisbon"),
}  # fmt: skip
"""Where each language is at home; the pairs below are read together there."""
PAIRS: dict[tuple[str, ...], tuple[str, str]] = {
    ("cy", "en"): ("GB-WLS", "Europe/London"), ("fr", "nl"): ("BE", "Europe/Brussels"),
    ("es", "en"): ("US", "America/New_York"), ("de", "it"): ("CH", "Europe/Zurich"),
}  # fmt: skip


@cache
def plan_of(country: str) -> HelpPlan:
    """What a practice there asks for."""
    return choose(country)


def block_of(composer: Composer) -> HelpBlock:
    """What its samples show."""
    return composer.help_at(sample_now(composer.settings.zone))


def numbers_of(block: HelpBlock) -> set[str]:
    """Everything that stands alone on a line but the emergency number."""
    found = {str(each.line.phone) for each in block.lines if each.calls}
    found |= {each.text.number for each in block.lines if each.text}
    return found | {site(each.line.web) for each in block.lines if each.is_directory and each.line.web}


def there(
    country: str, languages: tuple[str, ...], style: str = "ordinary", zone: str = "Europe/London", **changes: Any
) -> ReplySettings:
    """A practice in a country that writes in these languages."""
    return settings(
        country,
        style,
        languages=languages,
        zone=ZoneInfo(zone),
        help=plan_of(country),
        allow_draft=True,
        **changes,
    )


def replies_of(composer: Composer) -> Iterator[tuple[str, OutgoingReply]]:
    """One reply of each variant."""
    for each in composer.samples():
        reply = composer.compose(REPLY, inbound(), each.period, now=each.now, message_id=MESSAGE_ID)
        yield each.variant, reply


# -- every country, every language -------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", crisis.countries())
def test_every_country_in_every_language_shows_help(country: str, subtests: pytest.Subtests) -> None:
    """The emergency number and a line that is fit, or the international directory; nothing unverified, no mark left."""
    for languages in [(each,) for each in LANGUAGES] + list(PAIRS):
        for style in STYLES:
            with subtests.test("-".join(languages), style=style):
                shows_help(country, languages, style)


def shows_help(country: str, languages: tuple[str, ...], style: str) -> None:
    """Fails unless every variant of the reply does."""
    composer = Composer(there(country, languages, style))
    assert composer.refused == ()
    assert composer.languages == languages
    block = block_of(composer)
    for _, reply in replies_of(composer):
        alone = set(reply.text.splitlines())
        assert reply.kind == style
        assert block.emergency.phone in alone
        is_explained = style == "discreet" and words.language(languages[0]).words["alone"][-20:] in reply.text
        assert alone & numbers_of(block) or is_explained
        assert check_help(reply.content, block) is None
        untidy = r"[{}%]|None|\bTrue\b|\bFalse\b|  |\( |\(\)| [.,]|\.\.|;\)|" + ("$^" if "fr" in languages else " ;")
        assert not re.search(untidy, reply.text), reply.text  # French has a blank before its semicolon


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
def test_the_numbers_stand_once_above_the_second_language(languages: tuple[str, ...]) -> None:
    """Each below a sentence in every language, and with the language in which the line answers."""
    region, zone = PAIRS[languages]
    text = composed(there(region, languages, zone=zone)).text
    first, heading, second = text.partition(f"\n\n{words.language(languages[1]).name}\n")
    assert heading
    block = plan_of(region).at(NOW, languages)
    assert first.splitlines().count(str(block.emergency.phone)) == 1
    assert str(block.emergency.phone) not in second.splitlines()
    lines = first.splitlines()
    for each in block.lines:
        if not each.calls:
            continue
        at = lines.index(str(each.line.phone))
        for code, lead in zip(languages, lines[at - len(languages) : at], strict=True):
            for reach in each.line.reach:
                if reach.phone is None and reach.language in words.language(code).words["languages"]:
                    assert words.language(code).words["languages"][reach.language] in lead


def test_languages_come_in_the_order_of_the_file() -> None:
    """And so do the subject and Content-Language."""
    for languages in permutations(("de", "en")):
        reply = composed(there("GB", languages))
        subjects = [words.language(code).words["subject"] for code in languages]
        assert str(message_from_bytes(reply.content)["Subject"]) == " / ".join(subjects)
        assert [tag[:2] for tag in str(parsed(reply)["Content-Language"]).split(", ")] == list(languages)
        assert reply.text.endswith("Harbour Counselling\n")
        assert reply.text.count("Harbour Counselling") == 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("languages", [(each,) for each in LANGUAGES] + list(PAIRS), ids="-".join)
def test_the_words_of_every_variant(languages: tuple[str, ...], style: str) -> None:
    """Word for word, as a reader approved them (UPDATE_GOLDEN=1 writes them again)."""
    region, zone = PAIRS.get(languages) or HOMES[languages[0]]
    composer = Composer(there(region, languages, style, zone))
    seen = "".join(f"=== {variant}\n{reply.text}\n" for variant, reply in replies_of(composer))
    golden = GOLDEN / f"{'-'.join(languages)}-{style}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(seen, encoding="utf-8")
    assert seen == golden.read_text(encoding="utf-8")


# -- the files of a language -------------------------------------------------------------------------------------------


def keys(table: dict[str, Any], above: str = "") -> set[str]:
    """Every key of a TOML document that a text takes, as a path; tables that hold overrides may differ."""
    found: set[str] = set()
    for key, value in table.items():
        if key in {"names", "audiences", "dates", "signed", "numbers", "clock", "run_from", "run_to"}:
            continue
        found |= keys(value, f"{above}{key}.") if isinstance(value, dict) else {above + key}
    return found


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_every_word(code: str) -> None:
    """All that the English text takes, and dates of its own."""
    tongue = words.language(code)
    assert keys(dict(tongue.words)) == keys(dict(words.language("en").words))
    if code != "en":
        assert {"date", "date_with_year", "on", "today", "zone"} <= tongue.words["dates"].keys()


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_names_every_country_language_and_audience_of_the_directory(code: str) -> None:
    """A line that is only shown when it is named may say "for some people only"; what is shown by default is said."""
    tongue = words.language(code)
    everything = [line for each in (*crisis.countries(), crisis.ANYWHERE) for line in crisis.load(each)]
    lines = [line for line in everything if line.status == "active"]
    assert {code for line in lines for code in line.subdivisions} <= tongue.words["subdivisions"].keys()
    assert set(crisis.countries()) <= tongue.words["countries"].keys()
    spoken = {each for line in lines for each in line.languages if re.fullmatch("[a-z]{2,3}", each)}
    assert spoken <= tongue.words["languages"].keys()
    if code != "en":
        for_some = [line for line in lines if line.general and line.kind in TALKS and not line.for_anyone]
        said = {line.audience.split(";")[0].strip() for line in for_some}
        assert said <= tongue.words["audiences"].keys()


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_about_a_language_says_what_the_program_says(code: str) -> None:
    """A draft is called one, and the signatures are there to be given."""
    page = (ROOT / "docs" / "words" / f"{code}.md").read_text(encoding="utf-8")
    assert ("State: draft" in page) is not words.language(code).is_signed
    assert "native speaker" in page
    assert "clinician" in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_about_a_language_quotes_the_text_as_it_is(code: str) -> None:
    """Every sentence that a reader there gets on an ordinary night, but for the date; so that who signs has read it."""
    page = (ROOT / "docs" / "words" / f"{code}.md").read_text(encoding="utf-8")
    page = re.sub(r"[\s>|]+", " ", page)
    region, zone = ("GB", "Europe/London") if code == "en" else HOMES[code]
    for style in STYLES:
        _, reply = next(replies_of(Composer(there(region, (code,), style, zone))))
        sentences = re.split(r"(?<=[.!?:]) |\n", reply.text)
        said = [" ".join(each.split()) for each in sentences if not re.search(r"\d|Harbour", each)]
        assert [each for each in said if each not in page] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_first_words_are_neutral(code: str) -> None:
    """A lock screen shows some ninety characters to anyone near: no service, no number, no name."""
    for style in STYLES:
        region, zone = HOMES[code]
        start = composed(there(region, (code,), style, zone)).text[:90]
        assert not re.search(r"\d{3}|Harbour|Samaritans|suic|crisis|kris|crise", start, re.IGNORECASE), start


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_discreet_text_names_nobody_and_no_service(code: str) -> None:
    """In any variant, header fields and all."""
    region, zone = HOMES[code]
    composer = Composer(there(region, (code,), "discreet", zone, html=True))
    names = {"Harbour", *(line.name for line in crisis.load(region[:2]) if line.kind != "emergency")}
    for _, reply in replies_of(composer):
        seen = reply.text + str(parsed(reply)["Subject"]) + str(parsed(reply)["From"]).partition("@")[0]
        assert [name for name in names if name in seen] == []
        assert parsed(reply).get_content_type() == "text/plain"


# -- what is left when something breaks --------------------------------------------------------------------------------


def test_a_draft_is_sent_only_when_the_file_allows_it() -> None:
    """The others go out; with none left, English. English itself is a draft, and always goes out."""
    composer = Composer(replace(there("DE", ("de",)), allow_draft=False))
    (refused,) = composer.refused
    assert (refused.language, refused.key) == ("de", "languages")
    assert "is a draft that no native speaker and no clinician has signed, so it is not sent" in refused.reason
    assert "allow_draft = true" in refused.reason
    assert composer.languages == ("en",)
    both = Composer(replace(there("DE", ("de", "en")), allow_draft=False))
    assert both.languages == ("en",)
    assert not words.language("en").is_signed


FILES = [
    pytest.param(code, file, id=f"{code}/{file}")
    for code in LANGUAGES
    for file in ("ordinary.txt", "discreet.txt", "help.txt", "words.toml")
]
DAMAGE = {
    "gone": None,
    "empty": "",
    "another text": "Away.\n",
    "a statement left open": "{{ help }}\n{% if opens %}\n",
    "an unknown variable": "{{ help }}\n{{ nothing }}\n",
    "no TOML": "= = =",
}


@pytest.fixture
def damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of all texts that a test may damage; the caches are emptied before and behind it."""
    for code in LANGUAGES:
        (tmp_path / "templates" / code).mkdir(parents=True)
        for file in ("ordinary.txt", "discreet.txt", "help.txt", "words.toml"):
            (tmp_path / "templates" / code / file).write_text((TEMPLATES / code / file).read_text("utf-8"), "utf-8")
    words.language.cache_clear()
    monkeypatch.setattr(words, "resources", SimpleNamespace(files=lambda _: tmp_path))  # its own reading alone
    yield tmp_path / "templates"
    words.language.cache_clear()


@pytest.mark.parametrize(("code", "file"), FILES)
def test_each_text_broken_in_turn_still_gives_help(
    damaged: Path, code: str, file: str, subtests: pytest.Subtests
) -> None:
    """When one of our files is gone or damaged, the numbers go out, and a discreet mailbox stays discreet."""
    for name, damage in DAMAGE.items():
        words.language.cache_clear()
        path = damaged / code / file
        path.unlink(missing_ok=True) if damage is None else path.write_text(damage, encoding="utf-8")
        with subtests.test(name):
            still_gives_help(code, file, damage)


def still_gives_help(code: str, file: str, damage: str | None) -> None:
    """Fails unless every variant does, and unless the damage is reported where the file is needed."""
    region, zone = HOMES[code]
    for style in STYLES:
        composer = Composer(there(region, (code,), style, zone))
        needed = file not in {f"{other}.txt" for other in STYLES if other != style}
        for _, reply in replies_of(composer):
            assert check_help(reply.content, block_of(composer)) is None
            if style == "discreet":
                assert "Harbour" not in reply.text
                assert "Samaritans" not in reply.text
                assert parsed(reply)["From"] == "hello@harbour.example"
        told = [each.language for each in composer.refused]
        assert told[:1] == ([code] if needed or damage in (None, DAMAGE["a statement left open"]) else [])


def test_a_language_that_breaks_at_the_moment_of_sending_falls_back_to_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """And English to the few words that are in no file."""

    class Breaks:
        def render(self, _: object) -> str:
            raise jinja2.UndefinedError("no")

    for style in STYLES:
        composer = Composer(there("DE", ("de",), style))
        german, english, bare = composer._writers
        for writer, expected in ((german, english), (english, bare)):
            monkeypatch.setitem(getattr(writer, "_tongues")[0].texts, style, Breaks())  # noqa: B009 - a writer of files
            reply = composer.compose(REPLY, inbound(), periods("GB")["night"], now=NOW, message_id=MESSAGE_ID)
            assert reply.kind == f"{style}-builtin"
            assert reply.text.startswith("This is an automatic reply.")
            assert parsed(reply)["Subject"] == expected.subject
            assert check_help(reply.content, block_of(composer)) is None
        monkeypatch.undo()


def test_the_bare_text_shows_whatever_can_be_reached() -> None:
    """Calls, with the key of a line that needs one, text messages, sites; a line without any of them is passed over."""
    plan = choose("LU", own=[own_line("Texts", "anyone", sms_number="60000", sms_keyword="HI")])
    block = plan.at(NOW)
    nothing = Printed(block.lines[-1].line, Openness.UNKNOWN, calls=False, when=block.lines[-1].when)
    without_page = replace(nothing, line=replace(nothing.line, web=None))
    everything = replace(block, lines=(without_page, *block.lines))
    text = bare_text(settings("LU", help=Fixed(everything)))
    assert "Start a new text message with the word HI, and send it to\n60000\n" in text
    assert "To find someone to talk to, see\nfindahelpline.com\n" in text
    assert "call\n45 45 45\n" in text
    assert "call an ambulance\n144\nOr call the police\n117\n" in bare_text(settings("CH"))
    named = choose("GB-ENG", ids=["gb-nhs-111-mental-health-option-option-2"])
    assert "To talk to someone, call (then press 2)\n111\n" in bare_text(settings("GB-ENG", help=named))


def bare_text(chosen: ReplySettings) -> str:
    """The few words that are in no file."""
    composer = Composer(chosen)
    return composer._writers[-1].write(periods("GB")["night"], NOW, composer.help_at(NOW))[0].text


def test_the_emergency_number_alone_is_not_enough() -> None:
    """A help block without a line, which an ordinary reply never has."""
    with pytest.raises(ValueError, match="no crisis line"):
        Composer(settings(help=Fixed(replace(plan_of("GB").at(NOW), lines=()))))


# -- dates -------------------------------------------------------------------------------------------------------------

HOURS = [(day, hour) for day in range(23, 30) for hour in (0, 1, 9, 12, 13, 17)]


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_the_opening_is_said_with_weekday_date_time_and_place(code: str) -> None:
    """At any hour of any day of the week; CLDR's names, and never a pattern's letters."""
    region, zone = HOMES[code]
    composer = Composer(there(region, (code,), zone=zone))
    for day, hour in HOURS:
        opens = datetime(2026, 11, day, hour, tzinfo=ZoneInfo(zone))
        period = replace(periods("GB")["weekend"], end=opens)
        text = composer.text(period, opens - timedelta(days=1))
        assert re.search(rf"\b{day}\b", text), text
        assert re.search(rf"\b0?{hour}[:.h]", text), text
        assert "EEEE" not in text
        assert "MMMM" not in text


def test_the_year_is_said_when_it_could_be_another() -> None:
    """And "today" only on the very date, in the practice's own zone."""
    composer = Composer(there("DE", ("de",), zone="Europe/Berlin"))
    late = replace(periods("GB")["weekend"], end=datetime(2027, 11, 2, 9, tzinfo=ZoneInfo("Europe/Berlin")))
    assert "2. November 2027" in composer.text(late, NOW)
    tonight = replace(late, end=datetime(2026, 11, 22, 23, 0, 30, tzinfo=UTC))
    assert "Montag, 23. November, um 00:01 Uhr" in composer.text(tonight, NOW)
    assert "heute um 00:01 Uhr" in composer.text(tonight, datetime(2026, 11, 22, 23, tzinfo=UTC))


@pytest.mark.parametrize(("code", "said"), [("fr", " 1er janvier "), ("it", " 1º gennaio "), ("de", " 1. Januar")])
def test_the_first_of_a_month_is_said_as_people_say_it(code: str, said: str) -> None:
    """Where that is not a mere number; the eleventh is one everywhere."""
    region, zone = HOMES[code]
    for day, expected in ((1, said), (11, said.replace("1er", "11").replace("1º", "11").replace("1.", "11."))):
        opens = datetime(2027, 1, day, 9, tzinfo=ZoneInfo(zone))
        period = replace(periods("GB")["weekend"], end=opens)
        assert expected in composed(there(region, (code,), zone=zone), period=period, now=NOW + timedelta(days=20)).text


@pytest.mark.parametrize(("zone", "said"), [
    ("Europe/Berlin", "(deutsche Zeit)"), ("Europe/London", "(Ortszeit in London)"), ("UTC", "(UTC)"),
    ("America/Argentina/Buenos_Aires", "(Ortszeit in Buenos Aires)"), ("Asia/Kolkata", "(Ortszeit in Kolkata)"),
])  # fmt: skip
def test_whose_clock_it_is(zone: str, said: str) -> None:
    """By its city, unless the language has a better name."""
    assert said in composed(there("DE", ("de",), zone=zone)).text


def test_a_country_writes_dates_its_own_way() -> None:
    """Austria's January, Mexico's afternoon; a country without ways of its own in a language gets that language's."""
    january = replace(periods("GB")["weekend"], end=datetime(2027, 1, 4, 15, tzinfo=ZoneInfo("Europe/Vienna")))
    assert "4. Jänner" in composed(there("AT", ("de",), zone="Europe/Vienna"), period=january).text
    assert "4. Januar" in composed(there("GB", ("de",), zone="Europe/Vienna"), period=january).text
    assert "a.m." in composed(there("MX", ("es",), zone="America/Mexico_City"), period=january).text.replace("\xa0", "")
    assert parsed(composed(there("AT", ("de",))))["Content-Language"] == "de-AT"
    assert parsed(composed(there("GB", ("de",))))["Content-Language"] == "de"


# -- own words ---------------------------------------------------------------------------------------------------------


def test_sentences_and_a_sign_off_need_no_template() -> None:
    """They stand below the help; the name still closes the text."""
    own = OwnWords(sentences=("Our office is at 12 Harbour Street.", "Letters are welcome."), sign_off="Warm wishes")
    text = composed(settings(own={"en": own})).text
    assert text.endswith(
        "\nOur office is at 12 Harbour Street. Letters are welcome.\nWarm wishes\nHarbour Counselling\n"
    )
    assert text.index("116 123") < text.index("12 Harbour Street")


def test_each_language_has_its_own_words() -> None:
    """An own text in one of them leaves the others as they are."""
    own = {"de": OwnWords(template="Nicht da.\n\n{{ help }}\n{{ repeat }}"), "en": OwnWords(sign_off="Warm wishes")}
    text = composed(there("GB", ("de", "en"), own=own)).text
    assert text.startswith("Nicht da.\n\nWenn Sie")
    assert "\nWarm wishes\nHarbour Counselling\n" in text
    assert "\nThis is an automatic reply." in text


def test_an_own_subject_takes_the_place_of_the_usual() -> None:
    """The first language's that has one."""
    reply = composed(settings(own={"en": OwnWords(subject="Wir sind zu, schöne Ferien")}))
    (shown,) = {str(message_from_bytes(reply.content)["Subject"])}
    assert "=?utf-8?" in shown
    assert max(map(len, reply.content.split(b"\r\n"))) <= 78


def test_a_closure_has_its_own_text_while_it_lasts() -> None:
    """Of several the latest that holds; beside a night or a weekend it holds, too; a month behind it, no more."""
    closures = {
        "closure 1": {"en": "Summer break.\n{{ help }}"},
        "closure 2": {"en": "Team day.\n{{ help }}"},
    }
    chosen = settings(closures=closures)
    day = timedelta(days=1)
    words = ((NOW, NOW + 10 * day, "closure 1"), (NOW + 3 * day, NOW + 4 * day, "closure 2"))
    period = replace(periods("GB")["open-ended"], words=words)
    first = {
        days: composed(chosen, period=period, now=NOW + days * day).text.splitlines()[0].partition(" ")[0]
        for days in (-30, -2, 1, 3.5, 5, 12, 30)
    }
    usual, summer, team = "This", "Summer", "Team"
    assert first == {-30: usual, -2: summer, 1: summer, 3.5: team, 5: summer, 12: summer, 30: usual}
    assert composed(chosen).text.startswith("This is an automatic reply.")
    assert [each.closure for each in Composer(chosen).samples()] == [""] * len(VARIANTS) + ["closure 1", "closure 2"]


def test_a_closures_text_without_help_is_refused_by_itself() -> None:
    """The usual words stand in for it, and the other texts stay."""
    closures = {"closure 1": {"en": "Gone fishing."}, "closure 2": {"en": "New year.\n{{ help }}"}}
    composer = Composer(settings(closures=closures))
    (refused,) = composer.refused
    assert (refused.closure, refused.key) == ("closure 1", "template")
    period = replace(periods("GB")["break"], words=((NOW, None, "closure 1"),))
    assert composer.text(period, NOW).startswith("This is an automatic reply.")


def test_a_closures_text_is_tried_in_every_kind_of_closed_period() -> None:
    """A closure may be a single day, or have no end."""
    for source in (
        "Away.\n{% if closed %}{{ help }}{% endif %}",
        "Away.\n{% if opens %}{{ help }}{% endif %}",
        "Away.\n{% if not opens %}{{ help }}{% endif %}",
    ):
        (refused,) = Composer(settings(closures={"closure 1": {"en": source}})).refused
        assert refused.closure == "closure 1"


def test_discreet_words_that_name_the_practice_are_refused() -> None:
    """In a sentence, a sign-off or a subject."""
    for own in (
        OwnWords(sentences=("We are Harbour Counselling.",)),
        OwnWords(sign_off="harbour counselling"),
        OwnWords(subject="Harbour Counselling is closed"),
    ):
        composer = Composer(settings(style="discreet", own={"en": own}))
        assert [each.key for each in composer.refused] == ["words"]
        assert composed(composer.settings).content == composed(settings(style="discreet")).content


# -- HTML --------------------------------------------------------------------------------------------------------------


def html_of(reply: OutgoingReply) -> str:
    """The second body, as a mail program reads it."""
    parts: Any = parsed(reply).get_payload()
    text, html = parts
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    payload = html.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


@pytest.mark.parametrize("languages", [("en",), *PAIRS], ids="-".join)
def test_html_says_the_same_with_numbers_to_tap(languages: tuple[str, ...]) -> None:
    """The text stands first and is the same as without; nothing is remote; under 15 KB."""
    region, zone = PAIRS.get(languages) or HOMES[languages[0]]
    chosen = there(region, languages, zone=zone, html=True)
    reply = composed(chosen)
    html = html_of(reply)
    assert reply.text == composed(replace(chosen, html=False)).text
    assert len(reply.content) < 15_000
    plain = re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<title>.*?</title>|<[^>]+>", " ", html, flags=re.DOTALL))
    assert plain.replace("&#x27;", "'").replace("&amp;", "&").strip() == re.sub(r"\s+", " ", reply.text).strip()
    block = chosen.help.at(NOW, languages)
    for each in block.lines:
        if each.calls:
            assert f'<a href="{each.line.tel}">{each.line.phone}</a>' in html
        if each.text:
            assert f'<a href="sms:{each.text.number}' in html.replace(" ", "") or "sms:" in html
        if each.chat:
            assert f'<a href="{each.chat.url}">{site(each.chat.url)}</a>' in html
    links = re.findall(r'(?:href|src|action)="([^"]*)"', html)
    own = {each.line.web for each in block.lines} | {each.chat.url for each in block.lines if each.chat}
    assert all(link.startswith(("tel:", "sms:")) or link in own for link in links)
    assert not re.search(r"<(script|img|iframe|link|form|object)|url\(|@import|display:none|font-size:0", html)
    for code in languages:
        assert re.search(rf'<section lang="{code}\b', html)


def test_html_shows_what_was_typed_and_never_runs_it() -> None:
    """A name, a sentence or a line's name with marks stays text."""
    own = OwnWords(sentences=("<script>alert(1)</script> & <b>bold</b>",), sign_off="</section>")
    html = html_of(composed(settings(html=True, practice_name="<i>Harbour</i> & Co", own={"en": own})))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;" in html
    assert "&lt;i&gt;Harbour&lt;/i&gt; &amp; Co" in html
    assert "<script" not in html
    assert html.count("</section>") == 1


def test_an_html_part_without_help_never_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each body is read again by itself: a mail program shows only one of them."""
    composer = Composer(settings(html=True, template="Away.\n{{ help }}"))
    whole = "responder.core.reply.composer.html_page"
    monkeypatch.setattr(whole, lambda *_: "<p>999</p><p>Nobody is here.</p>")
    with pytest.raises(ValueError, match="no crisis line's number stands on a line of its own"):
        composer.compose(REPLY, inbound(), periods("GB")["night"], now=NOW, message_id=MESSAGE_ID)


def test_the_discreet_reply_is_never_html() -> None:
    """A page is a thing to be looked at."""
    assert parsed(composed(settings(style="discreet", html=True))).get_content_type() == "text/plain"
    assert body(composed(settings(style="discreet", html=True))) == body(composed(settings(style="discreet")))


# -- the fingerprint ---------------------------------------------------------------------------------------------------


def test_the_fingerprint_changes_with_the_words_and_with_nothing_else() -> None:
    """Not with time; with a name, a line, a language, a sentence."""
    usual = Composer(settings()).fingerprint
    assert re.fullmatch("[0-9a-f]{16}", usual)
    assert Composer(settings()).fingerprint == usual
    assert Composer(settings(repeat_after=timedelta(hours=72))).fingerprint == usual
    others = {
        Composer(each).fingerprint
        for each in (
            settings(practice_name="Haven"),
            settings(own={"en": OwnWords(sign_off="Warm wishes")}),
            settings(own={"en": OwnWords(subject="Closed")}),
            settings(help=choose("IE")),
            settings(html=True),
            settings(style="discreet"),
            settings(closures={"closure 1": {"en": "Winter.\n{{ help }}"}}),
            there("GB", ("en", "de")),
        )
    }
    assert len(others) == 8
    assert usual not in others


@pytest.mark.parametrize(
    "branch", ["{% if opens %}{% else %}WORDS{% endif %}", "{% if closed %}{% else %}WORDS{% endif %}", "WORDS"]
)
def test_the_fingerprint_sees_every_branch_of_a_closures_text(branch: str) -> None:
    """A closure may last a day, or have no end: what could be said in either is part of what was approved."""
    texts = [f"Away.\n{branch.replace('WORDS', words_)}\n{{{{ help }}}}" for words_ in ("One thing.", "Another.")]
    first, second = (Composer(settings(closures={"closure 1": {"en": text}})) for text in texts)
    assert (first.refused, second.refused) == ((), ())
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(("number", "tel", "keyword", "link"), [
    ("85258", None, "SHOUT", "sms:85258?body=SHOUT"), ("85258", None, None, "sms:85258"),
    ("+44 (0)7700 900123", "tel:+447700900123", "HI", "sms:+447700900123?body=HI"),
    ("*85258#", None, "HI", "sms:*85258%23?body=HI"),
], ids=["with a keyword", "without", "as it was read", "with a mark that would cut the address"])  # fmt: skip
def test_a_link_sends_a_text_message_to_the_number_that_is_shown(
    number: str, tel: str | None, keyword: str | None, link: str
) -> None:
    """RFC 5724: the number whole, and the keyword as the message."""
    line = own_line("Texts", "anyone", sms_number=number, sms_keyword=keyword)
    assert line.text is not None
    plan = choose("GB", own=[replace(line, text=replace(line.text, tel=tel))])
    assert f'<a href="{link}">{number}</a>' in html_of(composed(settings(html=True, help=plan)))


def test_a_long_address_stands_in_the_html_alone() -> None:
    """A mail program breaks it in the plain text; there the line to call is enough."""
    reply = composed(there("SE", ("en",), zone="Europe/Stockholm", html=True))
    assert "https://mind.se/stod-kunskap/prata-eller-chatta-med-volontar/sjalvmordslinjen/chatt/" in html_of(reply)
    assert "mind.se" not in reply.text


def test_every_words_file_is_toml_without_a_leftover() -> None:
    """No key but an audience's holds an empty text, and nothing says TODO."""
    for code in LANGUAGES:
        text = (TEMPLATES / code / "words.toml").read_text("utf-8")
        assert "TODO" not in text
        table = tomllib.loads(text)
        table.pop("audiences")  # "Dutch speakers" need not be told in Dutch that they are meant
        assert all(value != "" for value in _values(table))


def _values(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _values(inner)
    else:
        yield value
