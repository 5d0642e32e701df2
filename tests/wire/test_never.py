"""``responder never``: addresses from a prompt or standard input, never from an argument, kept as hashes."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from responder import cli
from responder.adapters.ledger import Ledger
from responder.cli import prompt as command
from responder.daemon.control.client import NoAnswerError
from responder.daemon.control.never import NotAnAddressError, never_handlers
from responder.daemon.control.protocol import SOCKET
from responder.daemon.control.server import ControlServer
from tests.unit.live.fakes import NIGHT

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with this on standard input; status, output and complaints."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)

    def runs(what: str, text: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status = cli.main(["never", what])
        said = capsys.readouterr()
        return (
            status,
            said.out,
            said.err.replace(f"No responder is running; this is about the ledger in {tmp_path}.\n", ""),
        )

    return runs


def test_add_check_remove(run: Run, tmp_path: Path) -> None:
    """With no daemon running the ledger is opened for it; spelling does not matter; no address is on the disk."""
    assert run("check", "tom@mail.example\n") == (0, "It is not on the list.\n", "")
    assert run("add", "  Tom@Mail.Example \n") == (0, "This address never gets a reply from now on.\n", "")
    assert run("add", "tom@mail.example") == (0, "It was on the list already.\n", "")
    status, said, _ = run("check", "tom@mail.example")
    assert (status, said.startswith("It is on the list, since 20")) == (0, True)
    assert b"tom@" not in b"".join(path.read_bytes().lower() for path in tmp_path.iterdir())
    assert run("remove", "tom@mail.example") == (0, "Taken off the list: it may get replies again.\n", "")
    assert run("remove", "tom@mail.example") == (0, "It was not on the list.\n", "")


def test_many_at_once(run: Run) -> None:
    """One per line, empty lines aside; only their number is said."""
    assert run("add", "a@mail.example\n\nb@mail.example\na@MAIL.example\n") == (
        0,
        "3 addresses: 2 added, 1 were on the list already\n",
        "",
    )
    assert run("check", "a@mail.example\nc@mail.example\n")[1] == "2 addresses: 1 are on the list, 1 are not\n"
    assert run("remove", "a@mail.example\nc@mail.example\n")[1] == "2 addresses: 1 taken off, 1 were not on the list\n"


@pytest.mark.parametrize("text", ["", "\n \n", "canary at home\n", "Canary <canary@mail.example>\n", "canary@[::1\n"])
def test_what_is_no_address_is_refused_and_not_repeated(run: Run, text: str) -> None:
    """It may be somebody's address all the same."""
    status, said, complaint = run("add", text)
    assert (status, said) == (1 if text.strip() else 2, "")
    assert "address" in complaint
    assert "canary" not in complaint.lower()


def test_too_many_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file given by mistake is not swallowed."""
    monkeypatch.setattr(command, "MAX_ADDRESSES", 2)
    assert "at most 2" in run("add", "a@mail.example\n" * 3)[2]


def test_an_address_is_no_argument(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """It would stand in the list of processes."""
    del run
    with pytest.raises(SystemExit) as refused:
        cli.main(["never", "add", "tom@mail.example"])
    assert refused.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_at_a_terminal_it_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One address; nothing typed is an error, not a crash."""
    assert run("check", "tom@mail.example")[0] == 0
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda prompt: {"Address: ": "tom@mail.example"}[prompt])
    assert cli.main(["never", "add"]) == 0
    assert "never gets a reply" in capsys.readouterr().out

    def hung_up(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", hung_up)
    assert cli.main(["never", "add"]) == 2


def test_a_ledger_that_nobody_reads_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Without a state directory given, only one that a responder has used."""
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(command, "SYSTEM_STATE", tmp_path / "system")
    monkeypatch.setattr(command, "SYSTEM_RUNTIME", tmp_path / "run")
    status, _, complaint = run("add", "tom@mail.example")
    assert (status, list(tmp_path.iterdir())) == (1, [])
    assert "No responder has run with the state directory" in complaint
    asyncio.run(opened(tmp_path / "system"))
    status, _, about = run("add", "tom@mail.example")
    assert (status, about) == (0, f"No responder is running; this is about the ledger in {tmp_path / 'system'}.\n")
    asyncio.run(opened(tmp_path / "responder"))
    assert run("check", "tom@mail.example")[1] == "It is not on the list.\n"


async def opened(directory: Path) -> None:
    """Somebody used this directory."""
    await (await Ledger.open(directory)).close()


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger that is held, and a socket beside it that answers."""
    ledger = await Ledger.open(tmp_path)
    server = ControlServer(tmp_path / SOCKET)
    await server.start(never_handlers(ledger, lambda: NIGHT))
    yield ledger
    server.close()
    await ledger.close()


async def test_a_running_daemon_is_asked(run: Run, daemon: Ledger) -> None:
    """Its ledger is held, so the list is changed by itself, and holds at once."""
    assert (await asyncio.to_thread(run, "add", "tom@mail.example\nann@mail.example"))[0] == 0
    assert await daemon.never_since("ann@mail.example") == NIGHT
    assert (await asyncio.to_thread(run, "check", "Tom@mail.example"))[1] == "It is on the list, since 2026-11-23.\n"
    assert (await asyncio.to_thread(run, "remove", "tom@mail.example"))[0] == 0
    assert await daemon.never_since("tom@mail.example") is None
    assert "mail address" in (await asyncio.to_thread(run, "add", "tom"))[2]


async def test_a_held_ledger_without_a_socket_is_explained(tmp_path: Path, run: Run) -> None:
    """It says what holds it, and the two ways on."""
    ledger = await Ledger.open(tmp_path)
    status, _, complaint = await asyncio.to_thread(run, "add", "tom@mail.example")
    await ledger.close()
    assert status == 1
    assert "A running responder holds the ledger" in complaint
    assert "RUNTIME_DIRECTORY=" in complaint


async def test_a_question_without_an_address_is_refused(daemon: Ledger) -> None:
    """Whoever asks."""
    handlers = never_handlers(daemon, lambda: NIGHT)
    for question in ({}, {"address": 7}, {"address": None}):
        with pytest.raises(NotAnAddressError):
            await handlers["never-add"](dict(question))


def test_a_daemon_that_stops_in_between_is_told() -> None:
    """Half a list is not called done."""
    with pytest.raises(NoAnswerError, match="stopped meanwhile"):
        command._still_there(None)
