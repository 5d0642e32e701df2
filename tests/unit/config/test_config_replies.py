"""What replies say, as the file has it: by language, by closure, by mailbox."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from responder.config import Config, pipeline_of
from responder.config.replies import fingerprint
from responder.core.errors import ConfigError
from responder.core.hours.period import ClosedPeriod
from responder.core.reply import Composer, OwnWords, composer, words
from responder.core.reply.lines import HelpBlock
from responder.core.reply.verify import missing
from tests import ROOT
from tests.configs import lines_of, load

PRACTICE = """\
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB"
"""
MAILBOX = """\
[[mailbox]]
address = "{0}@harbour.example"
provider = "fastmail"
password = {{ credential = "{0}" }}
authserv_id = "mx.harbour.example"
"""


def loaded(directory: Path, *parts: str, **files: str) -> Config:
    """The configuration of these tables, with these files beside it (``reply_txt`` for ``reply.txt``)."""
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text, encoding="utf-8")
    path = directory / "config.toml"
    path.write_text("".join(parts), encoding="utf-8")
    return load(path)


def first_lines(config: Config, mailbox: int = 0) -> set[str]:
    """How the texts of one mailbox begin."""
    composer = Composer(config.mailboxes[mailbox].reply)
    return {composer.text(each.period, each.now).splitlines()[0] for each in composer.samples()}


def test_words_by_language(tmp_path: Path) -> None:
    """One value is for the first language; a table has each language's own."""
    reply = """\
[reply]
allow_draft = true
template = { en = "reply.txt", de = "antwort.txt" }
sentences = ["We are at 12 Harbour Street."]
sign_off = { en = "Warm wishes", de = "Herzliche Grüße" }
subject = "We are closed"
"""
    texts = {"reply_txt": "Away.\n{{ help }}", "antwort_txt": "Weg.\n{{ help }}"}
    config = loaded(tmp_path, PRACTICE, 'languages = ["en", "de"]\n', reply, MAILBOX.format("hello"), **texts)
    assert config.refusals == ()
    assert config.mailboxes[0].reply.own == {
        "en": OwnWords("Away.\n{{ help }}", ("We are at 12 Harbour Street.",), "Warm wishes", "We are closed"),
        "de": OwnWords("Weg.\n{{ help }}", sign_off="Herzliche Grüße"),
    }


def test_words_in_a_language_that_no_reply_has_are_told(tmp_path: Path) -> None:
    """They are worth a look: it may be a slip."""
    config = loaded(tmp_path, PRACTICE, '[reply]\nsign_off = { cy = "Hwyl" }\n', MAILBOX.format("hello"))
    (remark,) = (each for each in config.remarks if "never used" in each)
    assert remark.endswith("reply.sign_off.cy: no reply is written in this language, so this is never used.")


def test_a_closure_has_its_own_text(tmp_path: Path) -> None:
    """In the file beside it; while it lasts, and for everybody."""
    closure = '[[closure]]\nfrom = 2026-12-24T12:00:00\nuntil = 2027-01-04\ntemplate = "winter.txt"\n'
    config = loaded(
        tmp_path, PRACTICE, "[hours]\nmonday = '09:00-17:00'\n", closure, MAILBOX.format("hello"),
        winter_txt="Winter break.\n{{ help }}",
    )  # fmt: skip
    (box,) = config.mailboxes
    assert box.reply.closures == {"closure 1": {"en": "Winter break.\n{{ help }}"}}
    period = box.schedule.closed_period(box.schedule.closures[0].start)
    assert period is not None
    assert period.start is not None
    composer = Composer(box.reply)
    assert composer.text(period, box.schedule.closures[0].start).startswith("Winter break.")


def test_a_mailbox_sounds_as_it_likes(tmp_path: Path) -> None:
    """Key by key over the practice's; in another style, the practice's words are not used."""
    config = loaded(
        tmp_path,
        PRACTICE,
        '[reply]\nhtml = true\nsign_off = "Warm wishes"\nsubject = "Closed"\n',
        MAILBOX.format("hello"),
        MAILBOX.format("groups") + '[mailbox.reply]\nsubject = "Away"\nhtml = false\n',
        MAILBOX.format("quiet") + '[mailbox.reply]\nstyle = "discreet"\n',
    )
    hello, groups, quiet = (box.reply for box in config.mailboxes)
    assert hello.own == {"en": OwnWords(sign_off="Warm wishes", subject="Closed")}
    assert (groups.own, groups.html) == ({"en": OwnWords(sign_off="Warm wishes", subject="Away")}, False)
    assert (quiet.own, quiet.style) == ({}, "discreet")
    assert [pipeline_of(config, box).discreet for box in config.mailboxes] == [False, False, True]
    assert [box.reply.html for box in config.mailboxes] == [True, False, True]


def test_a_mailboxes_closure_has_a_text_for_that_mailbox_alone(tmp_path: Path) -> None:
    """Its place is the mailbox's."""
    closure = '[[mailbox.closure]]\nfrom = 2026-12-01\nuntil = 2026-12-08\ntemplate = "away.txt"\n'
    config = loaded(
        tmp_path, PRACTICE, MAILBOX.format("hello"), MAILBOX.format("groups"), closure, away_txt="Away.\n{{ help }}"
    )
    assert config.mailboxes[0].reply.closures == {}
    assert config.mailboxes[1].reply.closures == {"mailbox 2 closure 1": {"en": "Away.\n{{ help }}"}}
    assert config.mailboxes[1].schedule.closures[0].words == "mailbox 2 closure 1"


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ('[reply]\ntemplate = "bad.txt"\n', "reply.template"),
        ('[reply]\ntemplate = { en = "bad.txt" }\n', "reply.template"),
        ('[[closure]]\nfrom = 2026-12-24\nuntil = 2027-01-04\ntemplate = "bad.txt"\n', "closure.template"),
        (MAILBOX.format("a") + '[mailbox.reply]\ntemplate = "bad.txt"\n', "mailbox.reply.template"),
        (
            MAILBOX.format("a") + '[[mailbox.closure]]\nfrom = 2026-12-24\ntemplate = "bad.txt"\n',
            "mailbox.closure.template",
        ),
    ],
    ids=["the usual", "by language", "a closure's", "a mailbox's", "a mailbox's closure's"],
)
def test_a_text_without_help_is_refused_at_its_place(tmp_path: Path, tables: str, place: str) -> None:
    """Once, with its line; the built-in words go out."""
    config = loaded(tmp_path, PRACTICE, tables, MAILBOX.format("hello"), bad_txt="Gone fishing.\n")
    assert config.refusals
    line = next(n for n, text in enumerate((PRACTICE + tables).splitlines(), 1) if "bad.txt" in text)
    for refusal in config.refusals:
        assert f"config.toml:{line}:" in refusal
        assert f" {place}" in refusal
    assert {line for number in range(len(config.mailboxes)) for line in first_lines(config, number)} == {
        "This is an automatic reply. Thank you for writing."
    }


def test_a_draft_is_refused_at_its_place(tmp_path: Path) -> None:
    """And English goes out, with its own remark; with allow_draft the draft goes out, with a remark as well."""
    languages = 'languages = ["de"]\n'
    config = loaded(tmp_path, PRACTICE, languages, MAILBOX.format("hello"))
    (refusal,) = config.refusals
    assert "config.toml:5:14: practice.languages: the de text is a draft" in refusal
    assert first_lines(config) == {"This is an automatic reply. Thank you for writing."}
    assert [each for each in config.remarks if "draft" in each] == [
        "the English words are a draft: no clinician and no native speaker has signed them yet"
    ]
    allowed = loaded(tmp_path, PRACTICE, languages, "[reply]\nallow_draft = true\n", MAILBOX.format("hello"))
    assert allowed.refusals == ()
    assert [each for each in allowed.remarks if "draft" in each] == [
        "the German words are a draft: no clinician and no native speaker has signed them yet"
    ]


def test_a_language_without_a_text_costs_nothing_but_itself(tmp_path: Path) -> None:
    """Finnish was asked for; English goes out, and it is told."""
    config = loaded(tmp_path, PRACTICE, 'languages = ["fi", "en"]\n', MAILBOX.format("hello"))
    (refusal,) = config.refusals
    assert 'practice.languages: there is no text in "fi" yet; choose from en, cy, de' in refusal
    assert Composer(config.mailboxes[0].reply).languages == ("en",)


def test_the_fingerprint_is_that_of_every_mailboxes_words(tmp_path: Path) -> None:
    """Of each by itself: two mailboxes that change styles with each other have other words than before."""
    one = fingerprint(loaded(tmp_path, PRACTICE, MAILBOX.format("hello")))
    two = fingerprint(loaded(tmp_path, PRACTICE, MAILBOX.format("hello"), MAILBOX.format("groups")))
    quiet = MAILBOX.format("groups") + '[mailbox.reply]\nstyle = "discreet"\n'
    three = fingerprint(loaded(tmp_path, PRACTICE, MAILBOX.format("hello"), quiet))
    other = loaded(tmp_path, PRACTICE, quiet, MAILBOX.format("hello"))
    swapped = MAILBOX.format("hello") + '[mailbox.reply]\nstyle = "discreet"\n'
    four = fingerprint(loaded(tmp_path, PRACTICE, swapped, MAILBOX.format("groups")))
    assert len({one, two, three, four}) == 4
    assert fingerprint(other) == three  # their order says nothing
    assert len(three) == 16


def test_no_file_is_refused_for_what_a_country_lacks(tmp_path: Path) -> None:
    """Colombia has no line beside the emergency number: a discreet reply says what that is for."""
    quiet = MAILBOX.format("quiet") + '[mailbox.reply]\nstyle = "discreet"\n'
    config = loaded(tmp_path, PRACTICE.replace('"GB"', '"CO"'), quiet)
    (box,) = config.mailboxes
    assert (config.refusals, lines_of(box)) == ((), [])
    assert "123\nIt works in Colombia, for any danger to" in Composer(box.reply).text(*_some(config))


def test_an_approval_is_read(tmp_path: Path) -> None:
    """Fingerprint, name (which may hold a comma) and day."""
    line = '[reply]\napproved = "0123456789abcdef, Dr A. Reader, clinician, 2026-11-20"\n'
    approved = loaded(tmp_path, PRACTICE, line, MAILBOX.format("hello")).reply.approved
    assert approved is not None
    assert (approved.fingerprint, approved.by, approved.on) == (
        "0123456789abcdef", "Dr A. Reader, clinician", date(2026, 11, 20),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('approved = "A. Reader, 2026-11-20"', "must be fingerprint, name and date"),
        ('approved = "0123456789abcdef, A. Reader"', "must be fingerprint, name and date"),
        ('approved = "0123456789abcdef, A. Reader, 2026-13-20"', "the day at its end is no day of the calendar"),
        ("approved = 5", "must be text in double quotes"),
        ("sentences = []", "one or two sentences fit; whoever needs more writes a template"),
        ('sentences = ["a", "b", "c"]', "one or two sentences fit"),
        ('sentences = "a"', "must be a list of sentences"),
        ('sentences = ["a\\nb"]', "holds a line break or a control character"),
        ("sign_off = {}", "is empty. Write for each language"),
        ('sign_off = { English = "x" }', "not a language as ISO 639 writes it"),
        ("template = 1", "must be text in double quotes"),
    ],
)
def test_a_mistake_in_own_words_is_told_and_costs_only_them(tmp_path: Path, line: str, reason: str) -> None:
    """At its place; the usual words go out, at a start as in a reload."""
    config = loaded(tmp_path, PRACTICE, f"[reply]\n{line}\n", MAILBOX.format("hello"))
    (refusal,) = config.refusals
    assert "config.toml:6:" in refusal
    assert reason in refusal
    assert config.reply.approved is None
    assert fingerprint(config) == fingerprint(loaded(tmp_path, PRACTICE, MAILBOX.format("hello")))


def test_a_switch_that_is_none_refuses_the_file(tmp_path: Path) -> None:
    """It is no word of theirs: the last good file stays."""
    with pytest.raises(ConfigError, match="must be true or false"):
        loaded(tmp_path, PRACTICE, '[reply]\nhtml = "yes"\n', MAILBOX.format("hello"))


def test_a_linter_without_its_rules_costs_the_words_and_not_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged installation starts all the same, and says so."""

    def broken(*_: object, **__: object) -> None:
        raise FileNotFoundError("en.toml")

    for name in ("lint_words", "lint_template", "lint_subject", "lint_sender_name"):
        monkeypatch.setattr(f"responder.core.lint.{name}", broken)
    config = loaded(tmp_path, PRACTICE, '[reply]\nsign_off = "Warm wishes"\n', MAILBOX.format("hello"))
    (refusal,) = config.refusals
    assert "reply.sign_off" in refusal
    assert "the linter cannot read its rules (FileNotFoundError). Install the responder again." in refusal
    assert first_lines(config) == {"This is an automatic reply. Thank you for writing."}


def test_a_broken_english_text_does_not_refuse_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The few words that are in no file go out, and it is told."""
    words.language.cache_clear()
    monkeypatch.setattr(words, "resources", SimpleNamespace(files=lambda _: tmp_path))  # its own reading alone
    try:
        config = loaded(tmp_path, PRACTICE, MAILBOX.format("hello"))
        assert any("cannot be read" in each for each in config.refusals)
        assert first_lines(config) == {"This is an automatic reply. Nobody is reading this mailbox now."}
    finally:
        words.language.cache_clear()


CLOSED = '[[closure]]\nfrom = 2026-12-24\nuntil = 2027-01-04\ntemplate = "winter.txt"\n'


@pytest.mark.parametrize(
    ("refuses", "place"),
    [("Away", "reply.template"), ("Winter", "closure.template")],
    ids=["the usual text", "a closure's text"],
)
def test_a_text_that_shows_no_help_when_it_is_composed_is_told_at_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: str, place: str
) -> None:
    """The look at what would be sent comes after the linter's, and finds what the linter cannot."""

    def found(text: str, block: HelpBlock) -> str | None:
        return "the emergency number is gone" if text.startswith(refuses) else missing(text, block)

    monkeypatch.setattr(composer, "missing", found)
    texts = {"reply_txt": "Away.\n{{ help }}", "winter_txt": "Winter.\n{{ help }}"}
    config = loaded(tmp_path, PRACTICE, '[reply]\ntemplate = "reply.txt"\n', CLOSED, MAILBOX.format("hello"), **texts)
    assert [place in each and "the emergency number is gone" in each for each in config.refusals] == [True]


def test_a_file_of_which_no_reply_can_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the few words that are in no file show a way to help."""
    monkeypatch.setattr(composer, "missing", lambda *_: "the emergency number is gone")
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, PRACTICE, MAILBOX.format("hello"))
    assert "no-reply" in refused.value.codes


@pytest.mark.parametrize("content", [b"\xff", b"x" * 20_001], ids=["no UTF-8", "too long"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever stands there instead of a text."""
    (tmp_path / "reply.txt").write_bytes(content)
    config = loaded(tmp_path, PRACTICE, '[reply]\ntemplate = "reply.txt"\n', MAILBOX.format("hello"))
    assert len(config.refusals) == 1


# -- the linter --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "place", "reason"),
    [
        ('template = "bad.txt"', "template", "We will get back to you within"),
        ('sentences = ["This is in strict confidence: everything here is confidential."]', "sentences", "confidential"),
        ('sign_off = "Your therapist"', "sign_off", "Your therapist"),
        ('subject = "Re: your message"', "subject", "Re:"),
        ('style = "discreet"\nsentences = ["Call the women\'s shelter in town."]', "sentences", "shelter"),
    ],
    ids=["a template", "a sentence", "a sign-off", "a subject", "a word that a discreet reply must not say"],
)
def test_what_the_linter_refuses_is_left_out(tmp_path: Path, reply: str, place: str, reason: str) -> None:
    """At its place in the file, with the words and the line of the text; the usual words go out."""
    bad = "Hello.\nWe will get back to you within an hour.\n\n{{ help }}\n"
    config = loaded(tmp_path, PRACTICE, f"[reply]\n{reply}\n", MAILBOX.format("hello"), bad_txt=bad)
    assert config.refusals
    for refusal in config.refusals:
        assert f": reply.{place}: line " in refusal
    assert reason in " ".join(config.refusals)
    style = '[reply]\nstyle = "discreet"\n' if "discreet" in reply else ""
    usual = loaded(tmp_path, PRACTICE, style, MAILBOX.format("hello"))
    assert fingerprint(config) == fingerprint(usual)


def test_of_two_sentences_only_the_refused_one_is_left_out(tmp_path: Path) -> None:
    """The other is as good as it was."""
    line = '[reply]\nsentences = ["We are at 12 Harbour Street.", "We will answer within the hour."]\n'
    config = loaded(tmp_path, PRACTICE, line, MAILBOX.format("hello"))
    assert config.mailboxes[0].reply.own["en"].sentences == ("We are at 12 Harbour Street.",)
    assert len(config.refusals) == 1


def test_what_the_linter_only_warns_of_goes_out(tmp_path: Path) -> None:
    """And is told as something worth a look; so is a name that lists of messages should not show."""
    practice = PRACTICE.replace("Harbour Counselling", "Suicide Prevention Harbour")
    line = '[reply]\nsentences = ["Our landline is 020 7946 0000."]\n'
    config = loaded(tmp_path, practice, line, MAILBOX.format("hello"))
    assert config.refusals == ()
    assert "020 7946 0000" in Composer(config.mailboxes[0].reply).text(*_some(config))
    told = " ".join(config.remarks)
    assert "reply.sentences: line 1" in told
    assert "practice.name" in told


def test_the_words_of_an_own_line_are_told_and_never_cost_it(tmp_path: Path) -> None:
    """It is a way to help, however it is put."""
    line = '[[crisis.line]]\nname = "Night team"\nphone = "0808 196 0123"\nfor = "our clients, confidential"\n'
    config = loaded(tmp_path, PRACTICE, line, MAILBOX.format("hello"))
    assert config.refusals == ()
    assert lines_of(config.mailboxes[0])[0].name == "Night team"
    assert any("crisis.line.for" in each for each in config.remarks)


def test_hours_that_tell_whose_line_it_is_are_left_out_of_a_discreet_reply(tmp_path: Path) -> None:
    """It shows a line's hours and not its name; the line stays, and the refusal is told."""
    line = '[[crisis.line]]\nname = "Night team"\nphone = "0808 196 0123"\nfor = "anyone"\n'
    hours = 'hours = "22:00-06:00, by Harbour Counselling"\n'
    style = '[mailbox.reply]\nstyle = "discreet"\n'
    told = loaded(tmp_path, PRACTICE, line, hours, MAILBOX.format("hello"), style)
    (refusal,) = told.refusals
    assert "config.toml:9:9: crisis.line.hours: " in refusal
    (box,) = told.mailboxes
    assert lines_of(box)[0].typed_hours == ""
    for each in Composer(box.reply).samples():
        text = Composer(box.reply).text(each.period, each.now)
        assert "0808 196 0123" in text
        assert "Harbour" not in text
    assert loaded(tmp_path, PRACTICE, line, hours, MAILBOX.format("hello")).refusals == ()


@pytest.mark.parametrize("hours", ["when Safe Haven is staffed", "Roe is there 9 to 5", "only while he is at work"])
def test_a_discreet_reply_shows_of_typed_hours_only_clock_times(tmp_path: Path, hours: str) -> None:
    """Words could say whose line it is; clock times cannot."""
    line = '[[crisis.line]]\nname = "Safe Haven"\nphone = "0808 196 0123"\nfor = "anyone"\nhours = "{0}"\n'
    style = '[reply]\nstyle = "discreet"\n'
    (box,) = loaded(tmp_path, PRACTICE, line.format(hours), style, MAILBOX.format("hello")).mailboxes
    text = next(Composer(box.reply).text(each.period, each.now) for each in Composer(box.reply).samples())
    assert "call (it may not be open at this hour)\n0808 196 0123\n" in text
    (box,) = loaded(tmp_path, PRACTICE, line.format("17:00 to 09:00"), style, MAILBOX.format("hello")).mailboxes
    text = next(Composer(box.reply).text(each.period, each.now) for each in Composer(box.reply).samples())
    assert "call (17:00 to 09:00)\n0808 196 0123\n" in text


def test_an_exception_that_a_practice_types_is_not_cut_off(tmp_path: Path) -> None:
    """Around the clock "but at Christmas" is not day and night, and everyone "in our care" is not everyone."""
    line = (
        '[[crisis.line]]\nname = "County team"\nphone = "0808 196 0123"\nfor = "everyone; who is in our care"\n'
        'hours = "24/7; closed at Christmas"\n'
    )
    (box,) = loaded(tmp_path, PRACTICE, line, MAILBOX.format("hello")).mailboxes
    text = Composer(box.reply).text(*_some(loaded(tmp_path, PRACTICE, line, MAILBOX.format("hello"))))
    assert "call County team (for everyone; who is in our care; 24/7; closed at Christmas).\n0808 196 0123\n" in text


def test_a_link_sends_a_text_message_where_the_number_says(tmp_path: Path) -> None:
    """A full number in the form that every telephone dials."""
    line = '[[crisis.line]]\nname = "Texts"\nsms_number = "+44 (0)7911 123456"\nfor = "anyone"\nsms_keyword = "HI"\n'
    config = loaded(tmp_path, PRACTICE, line, "[reply]\nhtml = true\n", MAILBOX.format("hello"))
    shown = [each for each in lines_of(config.mailboxes[0]) if each.own]
    for each in shown:
        assert each.text is not None
        assert each.text.tel == "tel:+447911123456"
    assert shown or config.refusals


def test_the_documented_text_passes_its_own_linter(tmp_path: Path) -> None:
    """Whoever copies the example of the page has nothing to mend."""
    page = (ROOT / "docs" / "words" / "en.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```\n(.*?)```", page, flags=re.DOTALL)
    assert "{{ help }}" in text
    config = loaded(tmp_path, PRACTICE, '[reply]\ntemplate = "reply.txt"\n', MAILBOX.format("hello"), reply_txt=text)
    assert config.refusals == ()
    assert not any("reply.template" in each for each in config.remarks)


def _some(config: Config) -> tuple[ClosedPeriod, datetime]:
    each = next(iter(Composer(config.mailboxes[0].reply).samples()))
    return each.period, each.now


@pytest.mark.parametrize(
    "mark", ["\u202e", "\u2066", "\u200b", "\ufeff"], ids=["override", "isolate", "nothing", "BOM"]
)
def test_a_name_reads_as_it_is_typed(tmp_path: Path, mark: str) -> None:
    """Nothing in it turns the direction of writing round, or is not seen at all."""
    with pytest.raises(ConfigError, match="holds a line break or a control character"):
        loaded(tmp_path, PRACTICE.replace("Harbour", f"Har{mark}bour"), MAILBOX.format("hello"))


def test_an_address_without_a_mail_domain_is_refused_when_the_file_is_read(tmp_path: Path) -> None:
    """Nobody could be answered from there, and every reply would fail by itself."""
    with pytest.raises(ConfigError, match="names a machine by its number"):
        loaded(tmp_path, PRACTICE, MAILBOX.format("hello").replace("@harbour.example", "@[192.0.2.1]"))
