"""The commands that need no server, as a person types them."""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.cli import main
from responder.cli.context import ledger_key, state_directory

CONFIG = """
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB-ENG"
languages = ["en"]

[hours]
monday = "09:00-12:30, 13:30-17:00"
tuesday = "09:00-17:00"

[[closure]]
from = 2026-12-24T12:00:00
until = 2027-01-04T09:00:00
note = "winter break"

[[mailbox]]
address = "hello@harbour.example"
aliases = ["help@harbour.example"]
provider = "fastmail"
password = { env = "HARBOUR_PASSWORD" }

[[mailbox]]
address = "info@quay.example"
provider = "fastmail"
password = { env = "QUAY_PASSWORD" }
"""

PERSON = """From: Tom <tom@mail.example>
To: info@quay.example
Subject: hello
Received: from a by b; Sun, 22 Nov 2026 03:04:05 +0000
Message-ID: <1@mail.example>

Hello.
"""


@pytest.fixture(autouse=True)
def host_zones() -> Iterator[None]:
    """The command turns the host's time zones off; the other tests are not asked."""
    before = zoneinfo.TZPATH
    yield
    zoneinfo.reset_tzpath(to=before)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration where the command looks for it first."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("RESPONDER_CONFIG", str(path))
    return path


@pytest.fixture
def message(tmp_path: Path) -> Path:
    """A saved message from a person."""
    path = tmp_path / "saved.eml"
    path.write_text(PERSON, encoding="utf-8")
    return path


def test_help_lists_the_commands_that_work(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not finished is absent."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for command in ("run", "dry-run", "check", "hours", "explain", "preview", "crisis-lines", "demo"):
        assert re.search(rf"^ +{command}\s", shown, re.MULTILINE), command
    for absent in ("login", "forget", "status"):
        assert not re.search(rf"^ +{absent} ", shown, re.MULTILINE), absent


@pytest.mark.parametrize("words", [[], ["nonsense"], ["dry-run", "--since", "yesterday"], ["dry-run", "--last", "0"]])
def test_wrong_usage_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong words end with 2 and say what is wrong."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "responder" in capsys.readouterr().err


def test_an_invalid_file_is_78(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, line and cure on standard error."""
    config.write_text(CONFIG.replace("monday", "mondy"), encoding="utf-8")
    assert main(["hours"]) == 78
    assert re.search(r"config\.toml:\d+:1: hours\.mondy: .*monday", capsys.readouterr().err)


def test_no_file_is_78(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is found, the places that were looked at are named."""
    monkeypatch.delenv("RESPONDER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["preview"]) == 78
    assert "/etc/responder/config.toml" in capsys.readouterr().err


@pytest.mark.usefixtures("config")
def test_preview_shows_the_reply_as_read(capsys: pytest.CaptureFixture[str]) -> None:
    """From, Subject and every line of the text, for each mailbox; and that nobody signed the words."""
    assert main(["preview", "--at", "2026-11-22T03:04"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Subject: Automatic reply") == 2
    assert "From: Harbour Counselling <hello@harbour.example>" in shown
    assert "Monday 23 November at 09:00 (UK time)" in shown
    assert re.search(r"^ +999$", shown, re.MULTILINE)
    assert "no clinician has signed" in shown


@pytest.mark.usefixtures("config")
def test_preview_of_one_mailbox_in_working_hours(capsys: pytest.CaptureFixture[str]) -> None:
    """In working hours no reply goes out; the sentence says so."""
    assert main(["preview", "--mailbox", "info@quay.example", "--at", "2026-11-23T10:00"]) == 2
    assert "no reply goes out" in capsys.readouterr().err


@pytest.mark.usefixtures("config")
def test_preview_now_finds_a_closed_period(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a time, the present or the next closing."""
    assert main(["preview", "--mailbox", "HELLO@harbour.example"]) == 0
    assert "116 123" in capsys.readouterr().out


def test_preview_of_a_practice_that_never_closes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Open day and night: nothing is ever sent, and the command says so."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    hours = "\n".join(f'{day} = "00:00-24:00"' for day in days)
    text = re.sub(r"\[hours\].*?(?=\[\[mailbox)", f"[hours]\n{hours}\n\n", CONFIG, count=1, flags=re.DOTALL)
    config.write_text(text, encoding="utf-8")
    assert main(["preview"]) == 2
    assert "day and night" in capsys.readouterr().err


@pytest.mark.usefixtures("config")
def test_an_unknown_mailbox_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """The cure is in the sentence."""
    assert main(["preview", "--mailbox", "no@where.example"]) == 2
    assert "hello@harbour.example, info@quay.example" in capsys.readouterr().err


@pytest.mark.usefixtures("config")
def test_explain_a_person(message: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mailbox that was written to, the time from Received, every rule, and the decision."""
    assert main(["explain", str(message)]) == 0
    shown = capsys.readouterr().out
    assert "judged for info@quay.example, received Sun 22 Nov 2026 03:04" in shown
    assert "REPLY to tom@mail.example" in shown
    assert "auto-submitted" in shown


@pytest.mark.usefixtures("config")
def test_explain_a_machine(message: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rule that speaks against a reply is marked, and it decides."""
    message.write_text("Auto-Submitted: auto-replied\n" + PERSON, encoding="utf-8")
    assert main(["explain", str(message)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^  X H/S auto-submitted ", shown, re.MULTILINE)
    assert "NO REPLY: auto-submitted:" in shown


@pytest.mark.usefixtures("config")
def test_explain_what_may_be_a_person(message: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A forgotten alias is shown with the line to add."""
    message.write_text(PERSON.replace("info@quay", "forgotten@quay"), encoding="utf-8")
    assert main(["explain", "--mailbox", "info@quay.example", str(message)]) == 0
    assert "if it was a person:" in capsys.readouterr().out


@pytest.mark.usefixtures("config")
def test_explain_looks_at_the_parts_of_the_file(message: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the daemon asks the server for them: an invitation shows in a part alone."""
    invitation = "\n--x\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--x--\n"
    message.write_text(f"Content-Type: multipart/mixed; boundary=x\n{PERSON}{invitation}", encoding="utf-8")
    assert main(["explain", str(message)]) == 0
    assert "NO REPLY: calendar:" in capsys.readouterr().out


@pytest.mark.usefixtures("config")
def test_explain_as_json(message: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, the contract's keys."""
    assert main(["explain", "--json", "--at", "2026-11-23T10:00", str(message)]) == 0
    entry = json.loads(capsys.readouterr().out)
    assert entry["decision"] == "skip"
    assert entry["rule"] == "in-hours"
    assert entry["uid"] is None


@pytest.mark.usefixtures("config")
def test_explain_with_windows_line_ends_and_standard_input(
    message: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Either line end, and ``-`` for standard input."""
    message.write_bytes(PERSON.replace("\n", "\r\n").encode())
    with message.open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": file}))
        assert main(["explain", "-"]) == 0
    assert "REPLY to tom@mail.example" in capsys.readouterr().out


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("words", [["explain", "nowhere.eml"], ["explain", "--at", "soon", "saved.eml"]])
def test_explain_what_cannot_be_read(
    words: list[str], tmp_path: Path, message: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file and an unreadable time are said."""
    monkeypatch.chdir(message.parent)
    assert tmp_path == message.parent
    assert main(words) == 2
    assert capsys.readouterr().err


def test_crisis_lines_of_a_country(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line with how to reach it, how far it can be trusted, and where it was read."""
    assert main(["crisis-lines", "gb"]) == 0
    shown = capsys.readouterr().out
    assert "gb-samaritans" in shown
    assert "call Samaritans. It is free.\n  | 116 123\n" in shown
    assert "  hours: day and night (quoted from another text, 7 October 2026" in shown
    assert "(from memory, never enough to be printed" in shown
    assert "Never dial" in shown


def test_crisis_lines_say_what_became_of_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A paused one, one that is too old, and a number that only the numbering plan has."""
    assert main(["crisis-lines", "ua"]) == 0
    shown = capsys.readouterr().out
    assert "paused: never shown" in shown
    assert "in the numbering plan, 23 November 2026" in shown
    assert "about 3 October 2026" in shown
    assert main(["crisis-lines", "dk"]) == 0
    assert "its number is too old to be shown" in capsys.readouterr().out


def test_crisis_lines_lists_countries(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a country, all that there are."""
    assert main(["crisis-lines"]) == 0
    assert " GB " in capsys.readouterr().out


def test_crisis_lines_of_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown country is an error with a cure."""
    assert main(["crisis-lines", "XX"]) == 2
    assert capsys.readouterr().err


def test_a_reader_that_has_seen_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """``| head`` is no error."""

    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError

    class Closable:
        def close(self) -> None:
            """Closed before Python flushes it at exit."""

    monkeypatch.setattr("builtins.print", broken)
    monkeypatch.setattr("sys.stderr", Closable())
    assert main(["crisis-lines"]) == 0


def test_state_directory() -> None:
    """The first of systemd's, else the XDG directory."""
    assert state_directory({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}) == Path("/var/lib/a")
    assert state_directory({"XDG_STATE_HOME": "/x"}) == Path("/x/responder")
    assert state_directory({}) == Path.home() / ".local" / "state" / "responder"


def test_ledger_key_as_a_credential(tmp_path: Path) -> None:
    """The key may live outside the state directory."""
    assert ledger_key({}) is None
    assert ledger_key({"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None
    (tmp_path / "ledger-key").write_bytes(b"k" * 32)
    assert ledger_key({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == b"k" * 32
