"""``responder preview`` on a terminal: what is shown, in which order, and what is said only once."""

from __future__ import annotations

import re
import zoneinfo
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.cli import check as checking
from responder.cli import main
from responder.cli.approval import approval
from responder.config.replies import fingerprint
from tests.configs import load

CONFIG = """
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB-ENG"
languages = ["en", "de"]

[hours]
monday = "09:00-17:00"

[[closure]]
from = 2026-12-24T12:00:00
until = 2027-01-04T09:00:00
note = "a secret journey"
template = "winter.txt"

[crisis]
compared_on = 2026-11-20

[reply]
html = true
allow_draft = true
template = "missing.txt"

[[mailbox]]
address = "hello@harbour.example"
provider = "fastmail"
password = { env = "HARBOUR_PASSWORD" }

[[mailbox]]
address = "groups@harbour.example"
provider = "fastmail"
password = { env = "GROUPS_PASSWORD" }

[[mailbox]]
address = "info@quay.example"
provider = "fastmail"
password = { env = "QUAY_PASSWORD" }
[mailbox.reply]
style = "discreet"
"""
WINTER = "This is an automatic reply. We rest in winter.\n\n{{ help }}\n{{ repeat }}\n{{ practice_name }}\n"


@pytest.fixture(autouse=True)
def host_zones() -> Iterator[None]:
    """The command turns the host's time zones off; the other tests are not asked."""
    before = zoneinfo.TZPATH
    yield
    zoneinfo.reset_tzpath(to=before)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three mailboxes, two languages and styles, a closure with a text of its own, a template that is not there."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "winter.txt").write_text(WINTER, encoding="utf-8")
    monkeypatch.setenv("RESPONDER_CONFIG", str(path))
    return path


@pytest.fixture
def shown(config: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """All that it prints."""
    assert config.exists()
    assert main(["preview"]) == 0
    return capsys.readouterr().out


def part(shown: str, start: str) -> str:
    """What stands under a heading, up to the next one of its kind."""
    after = shown.partition(start)[2]
    assert after, start
    return re.split(rf"\n{start[0]}{start[0]} ", after)[0]


def test_what_was_found_stands_first(shown: str, config: Path) -> None:
    """Fingerprint, approval, what is refused with its place, the comparison, and the languages, before any reply."""
    head = shown.partition("\n== ")[0]
    assert f"Fingerprint of the words: {fingerprint(load(config))}" in head
    assert re.search(r'^Nobody has approved .*\n.*approved = "[0-9a-f]{16}, name, date"$', head, re.MULTILINE)
    assert re.search(r"^Refused.*:\n  .*config\.toml:\d+:\d+: reply\.template: .*missing\.txt", head, re.MULTILINE)
    assert "compared with the services' own pages on 2026-11-20" in head
    assert "  Deutsch (de), a draft: no native speaker and no clinician has signed it yet" in head
    assert "authserv_id" not in head


def test_mailboxes_with_the_same_words_stand_together(shown: str) -> None:
    """Two share one heading, and it is said whose address is shown; the discreet one has its own."""
    assert re.findall(r"^== (.+?) =+$", shown, re.MULTILINE) == [
        "hello@harbour.example, groups@harbour.example",
        "info@quay.example",
    ]
    assert "Shown as hello@harbour.example sends it; the other one sends the same words." in shown


def test_every_kind_of_reply_is_shown(shown: str) -> None:
    """Ordinary, weekend, holiday, long, closed for now, and each closure's own text; for each style."""
    names = re.findall(r"^-- ([a-z0-9 -]+): ", shown, re.MULTILINE)
    usual = ["ordinary", "weekend", "holiday", "long", "for-now"]
    assert names == [*usual, "closure 1", *usual]


def test_the_first_is_whole_and_the_others_say_what_is_different(shown: str) -> None:
    """As read, in all languages; then only the lines that are not the same."""
    first = part(shown, "-- ordinary:")
    for line in (
        "  From: Harbour Counselling <hello@harbour.example>",
        "  To: someone@example.org",
        "  Subject: Automatic reply / Automatische Antwort",
        "  999",
        "  Deutsch",
        "  Harbour Counselling",
    ):
        assert f"{line}\n" in first, line
    weekend = part(shown, "-- weekend:")
    assert weekend.count("it says:") == 1
    assert "We are closed for the weekend." in weekend
    assert "999" not in weekend
    assert "without:" in part(part(shown, "== info@quay.example"), "-- for-now:")


def test_a_closure_is_shown_whole_as_on_its_own_day(shown: str) -> None:
    """Its own text with the date of its own end; its note is told to nobody."""
    text = part(shown, "-- closure 1:")
    assert text.startswith(" a closure's own text, from Thu 24 Dec 2026 12:00 until Mon 04 Jan 2027 09:00")
    assert "  We rest in winter." not in text
    assert "This is an automatic reply. We rest in winter.\n\n  If you or someone" in text
    assert "Montag, 4. Januar" in text
    assert "secret" not in shown


def test_the_discreet_reply_names_nobody(shown: str) -> None:
    """No practice's name, the bare address, and it is said that html = true does nothing."""
    discreet = part(shown, "== info@quay.example")
    assert "Harbour" not in discreet
    assert "  From: info@quay.example\n" in discreet
    assert "html = true does nothing here" in discreet
    assert "Word for word as" in part(discreet, "-- weekend:")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (["--variant", "weekend"], ["weekend"]),
        (["--variant", "for_now"], ["for-now"]),
        (["--variant", "Closure"], ["closure 1"]),
        (["--variant", "closure-1"], ["closure 1"]),
    ],
)
@pytest.mark.usefixtures("config")
def test_one_kind_is_shown_whole(typed: list[str], names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing before it to be compared with, it is the whole text."""
    assert main(["preview", "--mailbox", "hello@harbour.example", *typed]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"^-- ([a-z0-9 -]+): ", out, re.MULTILINE) == names
    assert "  999\n" in out


@pytest.mark.usefixtures("config")
def test_a_language_alone_drafts_too(capsys: pytest.CaptureFixture[str]) -> None:
    """One that the file does not name, as if it were the only one; nobody can sign it for the whole."""
    assert main(["preview", "--language", "pl", "--variant", "long", "--mailbox", "hello@harbour.example"]) == 0
    out = capsys.readouterr().out
    assert "as if Polski were their only language" in out
    assert "  Subject: Odpowiedź automatyczna\n" in out
    assert "Deutsch" not in out
    assert "automatic reply" not in out
    assert "Fingerprint" not in out


@pytest.mark.usefixtures("config")
def test_a_language_alone_at_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """Both together, as the daemon would send it then."""
    assert main(["preview", "--language", "de", "--at", "2026-12-25T03:04", "--mailbox", "info@quay.example"]) == 0
    out = capsys.readouterr().out
    assert "The words in Deutsch are a draft: no clinician has signed them." in out
    assert "Montag, 4. Januar" in out
    assert "This is an automatic" not in out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--language", "xx"], 'there is no text in "xx" yet'),
        (["--variant", "summer"], "there are: ordinary, weekend, holiday, long, for-now, closure 1"),
        (["--at", "2026-12-25T03:04", "--variant", "long"], "--at is one reply; leave out --variant"),
        (["--html", "page.html", "--mailbox", "info@quay.example"], "leave out --mailbox"),
        (["--html", "nowhere/page.html"], "--html nowhere/page.html: No such file"),
        (["--html", "config.toml"], "there is another file of this name already"),
    ],
)
def test_what_cannot_be_shown_is_said(
    config: Path, typed: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong usage is 2, with the reason and what would be right; no file is written over."""
    monkeypatch.chdir(config.parent)
    assert main(["preview", *typed]) == 2
    assert said in capsys.readouterr().err
    assert config.read_text(encoding="utf-8") == CONFIG


def test_a_page_replaces_only_a_page_of_its_kind(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script that makes such pages names the command, too, and is not one."""
    monkeypatch.chdir(config.parent)
    script = config.with_name("make-page.sh")
    script.write_text("responder preview --html page.html\n", encoding="utf-8")
    assert main(["preview", "--html", script.name]) == 2
    assert "there is another file of this name already" in capsys.readouterr().err
    assert script.read_text(encoding="utf-8") == "responder preview --html page.html\n"
    for _ in range(2):
        assert main(["preview", "--html", "page.html"]) == 0


def test_a_mailbox_that_never_closes_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its words are shown, and that they are never sent."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    always = "\n".join(f'{day} = "00:00-24:00"' for day in days)
    text = re.sub(r"\[\[closure\]\].*?(?=\[crisis\])", "", CONFIG, flags=re.DOTALL)
    config.write_text(f"{text}[mailbox.hours]\n{always}\n", encoding="utf-8")
    assert main(["preview"]) == 0
    assert "info@quay.example is open day and night by config.toml, so it never sends any." in capsys.readouterr().out


def test_a_language_alone_keeps_the_lines_that_the_file_names(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Chosen lines are chosen anew for the language, named ones are not."""
    named = CONFIG.replace("compared_on = 2026-11-20", 'lines = ["gb-nhs-111-mental-health-option-option-2"]')
    config.write_text(named, encoding="utf-8")
    assert main(["preview", "--language", "de", "--variant", "long", "--mailbox", "hello@harbour.example"]) == 0
    out = capsys.readouterr().out
    assert "  111" in out
    assert "nobody has compared these crisis lines" in out.lower()


# -- approval ----------------------------------------------------------------------------------------------------------


def approved(config: Path, text: str) -> None:
    """Writes the line under [reply]."""
    written = CONFIG.replace("html = true", f'html = true\napproved = "{text}, A. Reader, 2026-11-21"')
    config.write_text(written, encoding="utf-8")


def test_approval_holds_until_a_word_changes(config: Path) -> None:
    """Missing, right, and right no more after an edit of the winter's text."""
    now = fingerprint(load(config))
    assert approval(load(config)) == (
        False,
        "nobody has approved the words of the replies; look at them with: responder preview",
    )
    approved(config, now)
    assert approval(load(config)) == (
        True,
        "the words of the replies were approved by A. Reader on 2026-11-21",
    )
    (config.parent / "winter.txt").write_text(WINTER.replace("rest", "sleep"), encoding="utf-8")
    is_approved, said = approval(load(config))
    assert not is_approved
    assert said.startswith("the words have changed since A. Reader approved them on 2026-11-21;")


@pytest.mark.parametrize(
    ("is_right", "line"), [(True, "ok    the words of the replies"), (False, "look  the words have")]
)
def test_check_tells_once(
    config: Path, is_right: bool, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for the whole file; an old approval is worth a look and fails nothing by itself."""

    async def fine(*_: object) -> bool:
        return True

    monkeypatch.setattr(checking, "_check_mailbox", fine)
    config.write_text(CONFIG.replace('template = "missing.txt"\n', ""), encoding="utf-8")
    right = fingerprint(load(config))
    written = config.read_text(encoding="utf-8").replace(
        "html = true", f'html = true\napproved = "{right if is_right else "0" * 16}, A. Reader, 2026-11-21"'
    )
    config.write_text(written, encoding="utf-8")
    assert checking.check(Namespace(config=config, mailbox=None)) == 0
    assert sum(each.startswith(line) for each in capsys.readouterr().out.splitlines()) == 1
