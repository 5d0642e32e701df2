"""The page to sign: what it says, what it never holds, and that nothing on it runs."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from responder.cli import main
from responder.core.message import Address
from responder.core.reply import Composer
from responder.core.reply.choice import choose
from responder.core.reply.freshness import RELEASED, Reading
from responder.core.reply.own import own_line
from responder.core.views import signoff
from responder.core.views.evidence import claims_in_words
from responder.core.views.signoff import Group, Sheet, SheetLanguage, SheetLine, as_read
from responder.core.views.signoff_text import replies, summary
from tests.unit.cli.test_preview import CONFIG, WINTER, host_zones
from tests.unit.core.reply.composing import NOW, settings

__all__ = ["host_zones"]

NAME = '<b>&"'
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\.\w+")


def sheet(**changes: object) -> Sheet:
    """A practice whose name would be markup, with one ordinary mailbox."""
    composer = Composer(settings(practice_name=NAME, html=True))
    shown = tuple(
        as_read(
            composer, Address("hello", "harbour.example"), each.period, each.now, name=each.variant, about=each.variant
        )
        for each in composer.samples()
    )
    plan = choose("GB", own=[own_line("Team <x>", "anyone", phone="0800 157 0123")])
    lines = plan.printed(NOW)
    base = Sheet(
        practice=NAME,
        region="GB",
        zone="UK time",
        drawn="Made on Tuesday 24 November 2026 at 20:00",
        fingerprint="0123456789abcdef",
        part="",
        is_approved=False,
        approval="Nobody has approved them.",
        refused=("config.toml:3:1: reply.template: <i>gone</i>",),
        looks=("reply.sentences: long & wide",),
        compared="Compared.",
        lines=tuple(SheetLine(line, tuple(claims_in_words(line, Reading(RELEASED)))) for line in lines),
        languages=(SheetLanguage("en", "English", (), is_draft=True),),
        groups=(Group(("hello@harbour.example",), ("Sent as text.",), shown),),
    )
    return replace(base, **changes)  # type: ignore[arg-type] # a test's own changes


def test_what_was_typed_is_shown_and_never_runs() -> None:
    """A name, a refusal, a line's name: each as it was typed, in the text, in attributes, and in the reply's HTML."""
    page = signoff.page(sheet())
    assert "<title>The automatic replies of &lt;b&gt;&amp;&#34;</title>" in page
    assert "&lt;i&gt;gone&lt;/i&gt;" in page
    assert "long &amp; wide" in page
    assert "Team &lt;x&gt;" in page
    assert "&amp;lt;b&amp;gt;" in page  # within the frame's own document
    for never in ("<b>", "<i>", "<x>", "<script", "<img", "<link", 'http-equiv="refresh"'):
        assert never not in page, never


def test_it_fetches_nothing_and_says_so_to_the_browser() -> None:
    """A policy that allows no fetch, frames that may do nothing, no address that a browser would open by itself."""
    page = signoff.page(sheet())
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert page.count("<iframe sandbox title=") == page.count("<iframe") == 5
    assert not re.search(r'(?:src|href)="(?!tel:|sms:)', page.replace("srcdoc=", ""))
    assert "url(" not in page
    assert "@import" not in page


def test_it_has_all_that_is_signed() -> None:
    """The fingerprint, what was found, the lines with their sources, every text, the header fields, the line to add."""
    page = signoff.page(sheet())
    assert '<p class="fingerprint">0123456789abcdef</p>' in page
    assert 'approved = "0123456789abcdef, name, date"' in unescape(page)
    assert "typed in by the practice itself" in page
    assert "<dd>day and night (quoted from another text, 7 October 2026 (52 days ago))</dd>" in page
    assert "SHOUT to 85258" in page
    assert "Auto-Submitted: auto-replied" in page
    for words in ("the weekend", "a public holiday", "several days", "closed for now"):
        assert f"We are closed for {words}" in page or words in page
    for label in ("Name", "Role", "Date", "Signature"):
        assert f"<dt>{label}</dt><dd></dd>" in page


def test_a_part_is_not_to_be_signed() -> None:
    """One language alone has no fingerprint, no approval and no line to add; it says what it is."""
    page = signoff.page(sheet(fingerprint="", part="Only for a look.", practice="", refused=(), looks=()))
    assert "Only for a look." in page
    assert "approved =" not in page
    assert "Signature" not in page
    assert "<title>The automatic replies</title>" in page
    assert "Nothing that the practice wrote is refused." in page


def test_words_that_failed_are_told() -> None:
    """Where built-in words go out in the place of the practice's, page and terminal say so."""
    one = sheet()
    shown = replace(one.groups[0].replies[0], is_stand_in=True, html="")
    group = replace(one.groups[0], replies=(shown,))
    assert "own words fail here" in signoff.page(replace(one, groups=(group,)))
    assert "Your own words fail here, so built-in ones go out." in list(replies(group))


def test_a_very_different_text_is_shown_whole() -> None:
    """What would have to be put together from more than half of its lines is not told by its differences."""
    first = sheet().groups[0].replies[0]
    other = replace(first, name="other", parts=(signoff.TextPart("en-GB", "Quite\nother\nlines."),))
    lines = list(replies(Group(("a@b.example",), (), (first, other))))
    assert lines.count("  Subject: Automatic reply") == 2
    fewer = replace(first, name="fewer", parts=(signoff.TextPart("en-GB", first.text.replace("\n999", "")),))
    assert list(replies(Group(("a@b.example",), (), (first, fewer))))[-4:-1] == [
        'As "ordinary", but',
        "  without:",
        "    999",
    ]


def test_more_lines_gone_than_new_are_told_both() -> None:
    """Then nobody could tell which line each one replaces."""
    first = sheet().groups[0].replies[0]
    text = re.sub(r"116 123\n.*\n85258", "0800", first.text)
    other = replace(first, name="other", parts=(signoff.TextPart("en-GB", text),))
    told = list(replies(Group(("a@b.example",), (), (first, other))))
    assert told[told.index("  instead of:") + 1] == "    116 123"
    assert told[told.index("  it says:") + 1] == "    0800"


@pytest.mark.parametrize(
    ("language", "status"),
    [
        (
            SheetLanguage("en", "English", (), is_draft=True),
            "a draft: no native speaker and no clinician has signed it yet",
        ),
        (SheetLanguage("en", "English", ("native: A",), is_draft=True), "a draft: signed only by native: A"),
        (
            SheetLanguage("en", "English", ("native: A", "clinician: B"), is_draft=False),
            "signed by native: A, clinician: B",
        ),
    ],
)
def test_who_signed_a_language_is_told(language: SheetLanguage, status: str) -> None:
    """Nobody, one of two, or both."""
    assert language.status == status
    assert f"  English (en), {status}" in list(summary(sheet(languages=(language,))))


def test_a_part_has_no_fingerprint_on_the_terminal() -> None:
    """It says what it is instead; a practice without a name says that nothing signs."""
    lines = list(summary(sheet(fingerprint="", part="Only for a look.", practice="", refused=(), looks=())))
    assert lines[0].startswith("No name signs, region GB, UK time.")
    assert lines[1] == "Only for a look."
    assert not any("approved =" in line or "Refused" in line for line in lines)


def test_approved_words_need_no_line() -> None:
    """Once somebody has signed, the terminal says who and asks for nothing."""
    lines = list(summary(sheet(is_approved=True, approval="Approved by A. Reader.")))
    assert lines[2] == "Approved by A. Reader."
    assert not any("approved =" in line for line in lines)


def test_a_reply_of_last_resort_is_still_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no language can be read, the bare words are what there is to look at: one stretch of them."""
    from responder.core.reply import composer as module
    from responder.core.reply.words import LanguageError

    def broken(code: str) -> object:
        raise LanguageError(code)

    monkeypatch.setattr(module, "language", broken)
    composer = Composer(settings())
    sample = next(iter(composer.samples()))
    shown = as_read(composer, Address("hello", "harbour.example"), sample.period, sample.now)
    assert [each.tag for each in shown.parts] == ["en-GB"]
    assert "\n999\n" in shown.text


@pytest.mark.parametrize(
    ("template", "heading"),
    [
        ("Closed & away.\nMore of it.\n\n{{ help }}", "Closed &amp; away."),
        ("{{ help }}\nMore of it.", "Automatic reply"),
        ("\n\nClosed.\n{{ help }}", "Closed."),
    ],
)
def test_the_html_reply_has_one_first_heading(template: str, heading: str) -> None:
    """The first line of the text; the subject where the help stands first. It stands in the page only once."""
    composer = Composer(settings(html=True, template=template))
    assert composer.refused == ()
    sample = next(iter(composer.samples()))
    shown = as_read(composer, Address("hello", "harbour.example"), sample.period, sample.now)
    assert re.findall(r"<h1>(.*?)</h1>", shown.html) == [heading]
    body = shown.html.partition("<body>")[2]
    assert body.count(heading) == 1
    assert body.count("More of it.") == template.count("More")
    assert not shown.is_stand_in


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As for the terminal."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "winter.txt").write_text(WINTER, encoding="utf-8")
    monkeypatch.setenv("RESPONDER_CONFIG", str(path))
    return path


def test_the_page_holds_no_address_but_ours(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mailboxes', an invented reader's, and an invented question's; no closure's note. A newer page replaces it."""
    file = config.parent / "page.html"
    for _ in range(2):
        assert main(["preview", "--html", str(file)]) == 0
        assert capsys.readouterr().out == f"written: {file}\n"
    page = file.read_text(encoding="utf-8")
    assert set(ADDRESS.findall(page)) == {
        "hello@harbour.example",
        "groups@harbour.example",
        "info@quay.example",
        "someone@example.org",
        "a-question@example.org",
        "ahr.preview@harbour.example",
        "ahr.preview@quay.example",
    }
    assert "secret" not in page
    assert re.search(r"reply\.template: .*missing\.txt", page)
    assert '<span lang="de">' in page


def test_a_page_of_one_language_is_for_a_look(config: Path) -> None:
    """A native speaker gets the words in that language, and nothing to sign."""
    file = config.parent / "polish.html"
    assert main(["preview", "--language", "pl", "--html", str(file)]) == 0
    page = file.read_text(encoding="utf-8")
    assert "as if Polski were their only language" in page
    assert '<span lang="pl">To jest odpowied' in page
    assert "approved =" not in page
    assert "Deutsch" not in page
