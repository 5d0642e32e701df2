"""What the linter finds in a practice's own words, and what it lets through."""

from __future__ import annotations

import email
import re
import tomllib
from collections.abc import Callable
from email import policy
from typing import Any

import pytest

from responder.core.lint import Finding, lint_sender_name, lint_subject, lint_template, lint_words
from responder.core.lint.patterns import PatternError, pattern
from responder.core.lint.phrases import read_data
from responder.core.reply import LANGUAGES
from tests import ROOT

HERE = ROOT / "tests/unit/core/reply"

NAME = "Harbour Counselling"
RULES = read_data("rules")
DATA: dict[str, dict[str, Any]] = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests/lint").glob("*.toml"))
}
each_file = pytest.mark.parametrize("code", DATA)
SPOKEN_IN = {
    "gb": "en", "ie": "en", "us": "en", "de": "de", "at": "de", "es": "es", "it": "it", "nl": "nl", "pl": "pl",
    "fr": "fr", "pt": "pt",
}  # fmt: skip
"""Countries of the directory, and the language that a text there is read in."""


def lint(rule: str, text: str, language: str) -> tuple[Finding, ...]:
    """Reads a text as what the rule is about."""
    if rule == "telling-name":
        return lint_sender_name(text)
    if rule == "telling-subject":
        return lint_subject(text, language=language, discreet=False, practice_name=NAME)
    discreet = rule == "discreet-names-service"
    return lint_words(text, language=language, discreet=discreet, practice_name=NAME)


def rules_of(findings: tuple[Finding, ...]) -> list[str]:
    """Their ids."""
    return [found.rule for found in findings]


# -- the texts ---------------------------------------------------------------------------------------------------------


@each_file
def test_honest_words_pass(code: str) -> None:
    """Warm, honest words give no finding, and none when they stand in a template."""
    found = [
        (text, findings)
        for text in DATA[code]["honest"]
        for findings in (
            lint_words(text, language=code, discreet=False, practice_name=NAME),
            lint_template(f"{text}\n{{{{ help }}}}\n", language=code, discreet=False, practice_name=NAME),
        )
        if findings
    ]
    assert found == []


@each_file
def test_words_that_must_be_caught(code: str) -> None:
    """Each is found, by its own rule, in its own words."""
    read = [(rule, text, lint(rule, text, code)) for rule, texts in DATA[code]["caught"].items() for text in texts]
    assert [(rule, text) for rule, text, findings in read if rule not in rules_of(findings)] == []
    every = [found for *_, findings in read for found in findings]
    assert [found for found in every if not (0 < len(found.excerpt) <= 60 and found.line >= 1)] == []


@pytest.mark.parametrize("code", [code for code, table in DATA.items() if "tricks" in table])
def test_words_made_to_get_through(code: str) -> None:
    """Other ways to say what must not be said: each is found, in a template as well."""
    missed = [
        text
        for text in DATA[code]["tricks"]
        if not lint_words(text, language=code, discreet=False)
        or not lint_template("{{ help }}\n" + text, language=code, discreet=False)
    ]
    assert missed == []


# Whole texts as practices write them: language, text, and the rules that refuse it; none where it has to be sent.
LETTERS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["text"]
    for path in sorted((ROOT / "tests/lint/letters").glob("*.toml"))
}
READERS: dict[str, Callable[..., tuple[Finding, ...]]] = {
    "sentence": lint_words,
    "template": lint_template,
    "subject": lint_subject,
}


@pytest.mark.parametrize("name", LETTERS)
def test_letters_as_people_write_them(name: str) -> None:
    """What breaks a promise is refused by its rule; an honest text is sent, though a remark may be made about it."""
    wrong = []
    for letter in LETTERS[name]:
        read = READERS[letter.get("kind", "sentence")]
        discreet, own = letter.get("discreet", False), letter.get("name")
        findings = read(letter["text"], language=letter["language"], discreet=discreet, practice_name=own)
        refused = {found.rule for found in findings if found.refused}
        if not refused >= set(letter.get("rules", ())) or ("rules" not in letter and refused):
            wrong.append((letter["text"], refused))
    assert wrong == []


# What is said of somebody who may not be there: (language, text).
CONDITIONAL = (
    ("en", "If you are in danger now, call the number below."),
    ("en", "If you are struggling, you can call."),
    ("de", "Wenn Sie in einer Krise sind, können Sie dort anrufen."),
    ("fr", "Si vous êtes en détresse, vous pouvez appeler."),
    ("es", "Si usted está en crisis, puede llamar."),
    ("it", "Se lei è in crisi, può chiamare."),
    ("nl", "Als u in crisis bent, kunt u bellen."),
    ("pl", "Jeśli jesteś w kryzysie, możesz zadzwonić."),
    ("pt", "Se você está em crise, pode ligar."),
    ("cy", "Os ydych yn isel, gallwch ffonio."),
)


@pytest.mark.parametrize(("code", "text"), CONDITIONAL)
def test_conditions_guess_nothing(code: str, text: str) -> None:
    """An "if" that reaches into the phrase says nothing of its reader."""
    assert lint_words(text, language=code, discreet=False) == ()


def test_a_condition_elsewhere_excuses_nothing() -> None:
    """It has to belong to the phrase."""
    for text in ("If you wish, write again. You are depressed.", "If you call, think of your family."):
        assert rules_of(lint_words(text, language="en", discreet=False)) == ["harmful-words"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_its_texts(code: str) -> None:
    """Enough honest ones, and for each rule about words enough that must be caught."""
    table = DATA[code]
    many = code in {"en", "de"}
    assert len(table["honest"]) >= (20 if many else 6)
    about_words = set(DATA["fr"]["caught"]) if not many else set(RULES) - {"no-help", "too-long"}
    assert set(table["caught"]) >= about_words
    assert all(len(texts) >= (4 if many else 2) for texts in table["caught"].values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_english_is_found_in_every_language(code: str) -> None:
    """People write English in them."""
    assert "promises-confidentiality" in rules_of(lint_words("This is confidential.", language=code, discreet=False))


def test_a_language_that_is_unknown_is_read_as_english() -> None:
    """No text is unread because of a code."""
    assert rules_of(lint_words("You are safe.", language="xx", discreet=False)) == ["harmful-words"]


# -- our own texts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("discreet", [False, True], ids=["ordinary", "discreet"])
def test_built_in_replies_are_clean(discreet: bool) -> None:
    """What we send ourselves breaks none of the rules."""
    found: list[Finding] = []
    for path in sorted((HERE / "golden").glob("*.txt")):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        if ("discreet" in path.name) is discreet:
            found += lint_words(message.get_content(), language="en", discreet=discreet, practice_name=NAME)
            found += lint_subject(str(message["Subject"]), language="en", discreet=discreet, practice_name=NAME)
    assert found == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_built_in_replies_of_other_languages_are_clean(code: str) -> None:
    """Nor does it in the other languages."""
    found = [
        each
        for path in sorted((HERE / "golden/languages").glob("*.txt"))
        if code in path.stem.split("-")[:-1]
        for text in re.split(r"^=== .*\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for each in lint_words(text, language=code, discreet="discreet" in path.stem, practice_name=NAME)
        if each.rule != "topic-in-link"  # a chat's address is the service's own
    ]
    assert found == []


@pytest.mark.parametrize(("country", "language"), SPOKEN_IN.items())
def test_names_of_the_directory_are_known(country: str, language: str) -> None:
    """Where our languages are spoken, a discreet text names no service of the directory."""
    path = ROOT / f"responder/core/reply/countries/{country}.toml"
    unseen = [
        line["name"]
        for line in tomllib.loads(path.read_text(encoding="utf-8"))["line"]
        if line["kind"] != "emergency"
        and line["status"] == "active"
        and not re.fullmatch(r"[\d ]+", line["name"])
        and "discreet-names-service"
        not in rules_of(lint_words(f"x {line['name']} x", language=language, discreet=True))
    ]
    assert unseen == []


# -- templates ---------------------------------------------------------------------------------------------------------

# (what it is, template, line and why, or None)
HELP: tuple[tuple[str, str, tuple[int, str] | None], ...] = (
    ("by itself", "Hello.\n{{ help }}\n", None),
    ("trimmed", "Hello.\n{{- help -}}\n", None),
    ("beside one inside an if", "{% if opens %}{{ help }}{% endif %}{{ help }}", None),
    ("missing", "Hello.\n", (1, "missing")),
    ("in a comment", "{# {{ help }} #}", (1, "missing")),
    ("as text", "{% raw %}{{ help }}{% endraw %}", (1, "missing")),
    ("inside an if", "Hello.\n{% if opens %}\n{{ help }}\n{% endif %}", (2, "conditional")),
    ("inside an else", "Hello.\n\n{% if opens %}x{% else %}{{ help }}{% endif %}", (3, "conditional")),
    ("only asked for", "\n{% if help %}x{% endif %}", (2, "conditional")),
    ("through a filter", "Hello.\n{{ help | upper }}", (2, "dressed")),
    ("in a choice", "{{ help if opens else '' }}", (1, "dressed")),
    ("not Jinja2", "Hello.\n{% if %}{{ help }}", (2, "unreadable")),
    ("deeper than anybody writes", "{{ help }}{{ " + "(" * 3000 + "opens" + ")" * 3000 + " }}", (1, "unreadable")),
)


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in HELP], ids=[case[0] for case in HELP])
def test_help_has_to_be_printed(source: str, expected: tuple[int, str] | None) -> None:
    """Every reply shows the ways to help: anything that might not is refused, with its line."""
    found = [each for each in lint_template(source, language="en", discreet=False) if each.rule == "no-help"]
    if expected is None:
        assert found == []
    else:
        line, why = expected
        assert [(each.line, each.refused, each.reason) for each in found] == [
            (line, True, RULES["no-help"]["why"][why]["reason"])
        ]


# (what it is, template without help, rules and lines)
TEMPLATES: tuple[tuple[str, str, list[tuple[str, int]]], ...] = (
    ("half inside an if", "We answer {% if opens %}within{% endif %} 24 hours.", [("promises-answer", 1)]),
    ("over lines", "Hello.\n\nWe are\nclosed. This is\nconfidential.", [("promises-confidentiality", 5)]),
    ("lines of old Macs and of Windows", "a\rb\r\nc\nYou are safe.", [("harmful-words", 4)]),
    ("behind an else", "{% if opens %}closed{% else %}confidential{% endif %}", [("promises-confidentiality", 1)]),
    ("stuck to an if", "{% if opens %}x{% endif %}confidential", [("promises-confidentiality", 1)]),
    ("a not that may be left out", "Is {% if opens %}not {% endif %}confidential.", [("promises-confidentiality", 1)]),
    (
        "as a constant",
        "\n{{ 'confidential' if opens else \"you are safe\" }}",
        [("harmful-words", 2), ("promises-confidentiality", 2)],
    ),
    ("a constant with braces", "{{ '}}' }} You are safe.", [("harmful-words", 1)]),
    ("a quote that never ends", "{{ ' }} You are safe.", [("harmful-words", 1), ("no-help", 1)]),
    ("in a raw block", "{% raw %}{{ y }} You are safe.{% endraw %}", [("harmful-words", 1)]),
    ("a raw block without an end", "{% raw %} You are safe.", [("harmful-words", 1), ("no-help", 1)]),
    ("in a comment", "{# You are safe. #}", []),
    ("an answer at the opening", "We will reply {{ opens }}.", [("speaks-of-reply", 1)]),
    ("the opening", "{% if opens %}We open again {{ opens }}.{% endif %}", []),
    ("what there is", "{{ practice_name }} {{ closed }} {{ repeat }}", []),
    ("the sender's subject", "a\n{{ subject }}", [("sender-words", 2)]),
    ("the sender's name in a condition", "{% if sender.firstName %}x{% endif %}", [("sender-words", 1)]),
    ("a variable that is refused elsewhere", "{{ unheard }}", []),
    ("a number alone on its line", "Call\n116 123", [("other-number", 2)]),
    ("capitals", "ok\nTHIS MAILBOX IS CLOSED", [("shouting", 2)]),
    ("too long", "word " * 200 + "\n" + "word " * 60, [("too-long", 2)]),
    ("not only", "We are not only friendly, this is not just confidential.", [("promises-confidentiality", 1)]),
    ("worse than a warning", "We will reply as soon as possible.", [("promises-answer", 1)]),
)  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in TEMPLATES], ids=[case[0] for case in TEMPLATES])
def test_templates(source: str, expected: list[tuple[str, int]]) -> None:
    """A template is read as it will be sent, whichever branches hold; lines are those of its source."""
    findings = lint_template(source + "\n{{ help }}", language="en", discreet=False)
    assert sorted((found.rule, found.line) for found in findings) == expected


def test_findings_come_in_the_order_of_lines() -> None:
    """First line first; on one line what is refused before what is a warning."""
    found = lint_template("Call 999. You are safe.\nYou are safe.", language="en", discreet=False)
    assert [(each.line, each.refused, each.rule) for each in found] == [
        (1, True, "harmful-words"),
        (1, True, "no-help"),
        (1, False, "other-number"),
        (2, True, "harmful-words"),
    ]


def test_a_finding_says_what_why_and_what_to_do() -> None:
    """Place, words, reason and cure."""
    rule = RULES["link-shortener"]
    text = "Hello.\nSee https://bit.ly/" + "a" * 80 + "."
    assert lint_words(text, language="en", discreet=False) == (
        Finding("link-shortener", True, 2, "https://bit.ly/" + "a" * 44 + "…", rule["reason"], rule["cure"]),
    )


# -- subjects and names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "subject", ["Automatic reply", "Automatische Antwort", "We are closed", "Out of office", "Your message"]
)
def test_subjects_that_say_nothing_pass(subject: str) -> None:
    """They tell an onlooker nothing."""
    assert lint_subject(subject, language="de", discreet=True, practice_name=NAME) == ()


@pytest.mark.parametrize(
    "name",
    ["Traumhaus Therapie", "Maria Gewaltig", "Harbour Counselling", "Jane Roe", "Praxis Roe", "Dr. Jane Roe", ""],
)
def test_names_of_ordinary_practices_pass(name: str) -> None:
    """A practice may be called what it is."""
    assert lint_sender_name(name) == ()


# (the practice's name, text, whether it is found)
NAMES = (
    ("Harbour Counselling", "Harbour's door", True),
    ("Harbour Counselling", "HÄRBOUR", True),
    ("Harbour Counselling", "the harbourside", True),
    ("Klinika Harfa", "w Harfie", True),
    ("Open Door", "We open again. The door is shut.", False),
    ("Open Door", "Open-Door", True),
    ("Now", "Nobody is here now.", False),
    ("Roe 2024", "In 2024 we closed.", False),
    ("May & June", "We open on 4 June.", False),
    ("Jo Li", "Nobody joli is here", False),
    ("Harbour Mind", "See www.harbourmind.example", True),
    ("Open Door", "See opendoor.example", True),
    ("--", "Nobody is here -- now.", False),
    ("Zoe", "Zoe is away", True),
    ("Zoe", "zoe is away", True),
    ("Ann Lee Counselling", "Ann Lee", True),
    ("Ann Lee Counselling", "See annlee.example", True),
    ("Ann Lee Counselling", "Lee is away.", True),
    ("Ann Lee Counselling", "On the lee side", False),
    ("Lee Counselling", "Dr Lee", True),
    ("Kim Ng Therapy", "Kim Ng", True),
    ("Dr Wu", "Wu", True),
    ("Amy Poe Therapy", "Amy Poe", True),
    ("Amy Poe Therapy", "Amy", True),
    ("Dr Roe", "Roe", True),
    ("Zoé Müller", "Zoe", True),
    ("Zoé Müller", "Mueller", True),
    ("Zoé Müller", "Müller", True),
    ("Zoe Mueller", "Müller", True),
    ("Zoe Mu\u0308ller", "MUELLER", True),
    ("Zoe Mueller", "Zo ...", False),
    ("Time to Talk Counselling", "Time to Talk", True),
    ("Time to Talk Counselling", "To talk to someone for free, day or night", False),
    ("New Start Therapy", "New Start", True),
    ("New Start Therapy", "A new week, and a start.", False),
    ("Open Door Bristol", "Open Door", True),
    ("Counselling for You", "This is for you.", False),
    ("The Haven", "The days when we open", False),
    ("The Haven", "The Haven", True),
    ("We Do It", "We do open. It is closed. Do rest.", False),
    ("An Am Therapy", "An hour. Am I early?", False),
    ("J Roe Wu", "J is a letter.", False),
)


def test_discreet_texts_do_not_name_the_practice() -> None:
    """Whole or in part, in another form, but not for the sake of an ordinary word; an ordinary text may name it."""
    wrong = []
    for name, text, found in NAMES:
        for discreet in (True, False):
            rules = rules_of(lint_words(text, language="en", discreet=discreet, practice_name=name))
            if ("discreet-names-service" in rules) is not (found and discreet):
                wrong.append((name, text, discreet))
    assert wrong == []


SERVICES = (
    "Wsparcie dla ofiar przemocy domowej.", "Refugio de mujeres, terapia, psicóloga.", "Frauenhaus in der Nähe",
    "Zentrum gegen Gewalt", "Santé et soutien", "Centro antiviolenza", "Hulpverlening", "Saúde", "Llinell gymorth",
)  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
def test_discreet_texts_name_no_service_in_any_language(code: str) -> None:
    """Someone who looks on may read another language than the text's."""
    missed = [
        text
        for text in SERVICES
        for findings in (
            lint_words(text, language=code, discreet=True),
            lint_subject(text, language=code, discreet=True),
        )
        if "discreet-names-service" not in rules_of(findings)
    ]
    assert missed == []


@pytest.mark.parametrize(
    "text", ["{% if opens %}", "{{ opens }}", "{# a note", "a {{", "\uff5b\uff5b x", "&#123;% raw"]
)
def test_only_templates_hold_marks_of_a_template(text: str) -> None:
    """A subject, a sentence and a sign-off are sent as they stand."""
    for found in (lint_words(text, language="en", discreet=False), lint_subject(text, language="en", discreet=False)):
        assert [(each.rule, each.refused) for each in found] == [("sender-words", True)]


def test_discreet_templates_do_not_print_the_name() -> None:
    """Neither by its variable."""
    source = "{{ help }}\n{{ practice_name }}"
    assert [(each.rule, each.line) for each in lint_template(source, language="en", discreet=True)] == [
        ("discreet-names-service", 2)
    ]


# -- what is no finding ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "We are closed from 24.12.2026 to 04.01.2027.",
        "Open 09:00-12:30 and 13.30 to 17.00, since 2019.",
        "Room 12, 10115 Berlin",
        "The 24/7 lines cost 0.00.",
        "Write to jane@harbour.example, office@our.team or see www.harbour.example.",
        "Fish < chips, and 5 > 3; that is 100% {sic} [sic] $5 #1.",
        "See https://[not-an-address and a..b and x@bit.ly",
        "Our shop is at bit.ly",
    ],
)
def test_ordinary_signs_pass(text: str) -> None:
    """Dates, times, prices, addresses and brackets are what they look like."""
    assert lint_words(text, language="en", discreet=False) == ()


# -- the table, the data, the page -------------------------------------------------------------------------------------


def test_rules_are_well_formed() -> None:
    """Ids in kebab-case; reason and cure are one sentence."""
    for name, rule in RULES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert rule["reason"].endswith(".")
        assert rule["cure"].endswith(".")


def test_the_examples_of_the_page_are_found() -> None:
    """What the documentation shows is what is found, and refused or warned as it says."""
    found = {
        name: [each.refused for each in lint(name, rule["example"], "en") if each.rule == name][:1]
        for name, rule in RULES.items()
        if name not in {"no-help", "too-long"}
    }
    assert found == {name: [RULES[name]["refuses"]] for name in found}


@pytest.mark.parametrize("code", LANGUAGES)
def test_data_is_well_written(code: str) -> None:
    """Every pattern compiles, belongs to a rule, and stands there once."""
    table = read_data(code)
    assert set(table["rule"]) <= set(RULES)
    for found in table["rule"].values():
        assert set(found) <= {"claims", "denials", "guesses", "acts", "always", "unless"}
        sources = [source for kind in found.values() for source in kind]
        assert len(set(sources)) == len(sources)
        for source in sources:
            assert all(pattern(part, table["lists"]).regex.pattern for part in source.split(" & "))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("(a|b", '"(a" is no word'),
        ("a)", '"a)" is no word'),
        ("a [b]", "the last part"),
        ("a <b>", "'b'"),
        ("*", "is no word"),
        ("#", "no word that must stand"),
        ("", "the last part"),
    ],
)
def test_wrong_patterns_are_named(source: str, says: str) -> None:
    """A slip in the data says which pattern it is in."""
    with pytest.raises(PatternError, match=re.escape(says)):
        pattern(source, {"number": ["one"]})


def test_the_page_has_the_rules_that_there_are() -> None:
    """docs/linter.md says what the rules say."""
    page = (ROOT / "docs/linter.md").read_text(encoding="utf-8")
    rows = [
        f"| `{name}` | {'refused' if rule['refuses'] else 'warned'} "
        f"| {rule['sees']} | {rule['reason']} | {rule['source']} |"
        for name, rule in RULES.items()
    ]
    table = page.partition("<!-- rules -->\n")[2].partition("\n<!-- /rules -->")[0]
    assert table.splitlines()[2:] == rows
    for name, rule in RULES.items():
        assert f"### `{name}`" in page
        assert rule["cure"] in page
        assert rule["example"] in page
