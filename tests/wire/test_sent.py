"""``responder sent``: when an address was answered, with which text; asked of the daemon, or of the ledger itself."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from responder import cli
from responder.adapters.imap import CommandPool
from responder.adapters.ledger import KEEP_TEXTS, Ledger
from responder.adapters.secrets import Login
from responder.core.outcome import Accepted, Outcome, Unknown
from responder.core.text import text_fingerprint
from responder.daemon.control.protocol import SOCKET
from responder.daemon.control.sent import MAX_REPLIES, sent_handlers
from responder.daemon.control.server import ControlServer
from responder.daemon.daemon import Daemon
from tests.configs import load
from tests.unit.adapters.ledger.test_ledger import ANNA, BEN, HELLO, NIGHT, claim, key_of
from tests.unit.adapters.ledger.test_ledger_texts import send

TEXT = "Nobody is reading now.\n\n999\n116 123: zoë\n"
SHOWN = "    Nobody is reading now.\n\n    999\n    116 123: zoë\n"
REACH = "The memory reaches back to Fri 20 Nov 2026 23:00 CET, its oldest reply to anybody.\n"
BOUNDS = (
    "Replies are remembered for 400 days; their texts are kept for 12 months (366 days) after they were last sent.\n"
)
FILE = f"""[practice]
name = "Harbour Counselling"
time_zone = "Europe/Paris"
region = "GB"

[hours]
monday = "09:00-17:00"

[[mailbox]]
address = "{HELLO}"
password = {{ env = "NOBODY_ASKS" }}
imap = {{ host = "127.0.0.1", port = 143, tls = "none" }}
smtp = {{ host = "127.0.0.1", port = 25, tls = "none" }}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A practice in another zone than UTC."""
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with this on standard input; status, output and complaints."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("RESPONDER_CONFIG", str(file))
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)

    def runs(text: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status = cli.main(["sent"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return runs


async def filled(directory: Path, *outcomes: Outcome, text: str | None = TEXT, at: datetime = NIGHT) -> None:
    """A ledger with one reply to Anna, closed again; without an outcome it was left claimed."""
    ledger = await Ledger.open(directory)
    if outcomes:
        await send(ledger, key_of(1), *((outcome, text) for outcome in outcomes), at=at)
    else:
        await send(ledger, key_of(1), (Unknown("cut off"), text), at=at)
        await claim(ledger, key_of(1), at=at + timedelta(hours=1))
    await ledger.close()


def test_who_was_answered_is_told_with_the_whole_text(run: Run, tmp_path: Path) -> None:
    """In the practice's local time, by mailbox; spelling does not matter; the address is not repeated."""
    asyncio.run(filled(tmp_path / "state", Accepted()))
    status, said, complaint = run("  Anna@Example.org \n")
    assert status == 0
    assert said == (
        f"Fri 20 Nov 2026 23:00 CET  by {HELLO}\nsent\ntext {text_fingerprint(TEXT)}:\n\n{SHOWN}\n\n{REACH}{BOUNDS}"
    )
    assert complaint == f"No responder is running; this is about the ledger in {tmp_path / 'state'}.\n"


def test_who_was_not_answered_is_told_how_far_the_memory_reaches(run: Run, tmp_path: Path) -> None:
    """It is no proof about the time before."""
    asyncio.run(filled(tmp_path / "state", Accepted()))
    assert run(BEN)[1] == f"No reply to this address is remembered.\n{REACH}{BOUNDS}"


def test_an_empty_ledger_says_that_it_is(run: Run, tmp_path: Path) -> None:
    """Somebody may have begun anew."""
    asyncio.run(_opened(tmp_path / "state"))
    assert run(BEN)[1] == (
        f"No reply to this address is remembered.\nNo reply to anybody is remembered here.\n{BOUNDS}"
    )


async def _opened(directory: Path) -> None:
    await (await Ledger.open(directory)).close()


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([Accepted()], "sent\ntext "),
        ([Unknown("?")], "perhaps sent: it was cut off after the final dot, so nobody knows whether it arrived\ntext "),
        ([Unknown("?"), Unknown("?")], "perhaps sent: it was cut off after the final dot, so nobody knows"),
        ([Unknown("?"), Accepted()], "sent\n(an earlier sending of it was cut off after the final dot: it may have "),
        ([], "perhaps sent: the responder ended while it was being sent; it is looked at again at its next start\n(an"),
    ],
    ids=["sent", "in doubt", "twice in doubt", "in doubt, then sent", "left claimed by a process that ended"],
)
def test_how_it_ended_is_said(run: Run, tmp_path: Path, outcomes: list[Outcome], said: str) -> None:
    """Sent, or perhaps sent, and why nobody knows."""
    asyncio.run(filled(tmp_path / "state", *outcomes))
    assert f"by {HELLO}\n{said}" in run(ANNA)[1]


def test_a_text_that_was_never_kept(run: Run, tmp_path: Path) -> None:
    """As for what was sent before texts were kept."""
    asyncio.run(filled(tmp_path / "state", Accepted(), text=None))
    assert "\ntext: was not kept (sent before texts were kept, or the responder ended meanwhile)\n" in run(ANNA)[1]


def test_a_text_that_was_pruned(run: Run, tmp_path: Path) -> None:
    """Its fingerprint still tells whether it was the same as another."""

    async def forget() -> None:
        await filled(tmp_path / "state", Accepted())
        ledger = await Ledger.open(tmp_path / "state")
        await ledger.prune(NIGHT - KEEP_TEXTS, texts_before=NIGHT + timedelta(seconds=1))
        await ledger.close()

    asyncio.run(forget())
    assert f"\ntext {text_fingerprint(TEXT)}: the text is no longer kept\n" in run(ANNA)[1]


def test_a_mailbox_that_left_the_file(run: Run, file: Path, tmp_path: Path) -> None:
    """The ledger knows no names."""
    file.write_text(FILE.replace(HELLO, "new@harbour.example"), encoding="utf-8")
    asyncio.run(filled(tmp_path / "state", Accepted()))
    assert "by a mailbox that is not in the file any more\nsent\n" in run(ANNA)[1]


def test_several_addresses_go_by_their_number(run: Run, tmp_path: Path) -> None:
    """Whoever keeps the output need not keep the addresses."""
    asyncio.run(filled(tmp_path / "state", Accepted()))
    said = run(f"{BEN}\n\n{ANNA}\n")[1]
    assert said.startswith("Address 1 of 2:\n\nNo reply to this address is remembered.\n")
    assert f"\n\nAddress 2 of 2:\n\nFri 20 Nov 2026 23:00 CET  by {HELLO}\nsent\n" in said
    assert "anna" not in said.lower()
    assert "ben@" not in said.lower()


def test_no_more_replies_than_one_reads(run: Run, tmp_path: Path) -> None:
    """The newest; how many there are besides is said."""

    async def fill() -> None:
        ledger = await Ledger.open(tmp_path / "state")
        for day in range(MAX_REPLIES + 3):
            await send(ledger, key_of(1 + day), (Accepted(), TEXT), at=NIGHT + timedelta(days=day))
        await ledger.close()

    asyncio.run(fill())
    said = run(ANNA)[1]
    assert said.count(f"  by {HELLO}\n") == MAX_REPLIES
    assert said.startswith("Tue 22 Dec 2026 23:00 CET")
    assert "\nOlder replies that are left out here: 3.\n" in said


@pytest.mark.parametrize("text", ["", "canary at home\n", "Canary <canary@mail.example>\n"])
def test_what_is_no_address_is_refused_and_not_repeated(run: Run, tmp_path: Path, text: str) -> None:
    """It may be somebody's address all the same."""
    asyncio.run(filled(tmp_path / "state", Accepted()))
    status, said, complaint = run(text)
    assert (status, said) == (1 if text.strip() else 2, "")
    assert "address" in complaint
    assert "canary" not in complaint.lower()


def test_an_address_is_no_argument(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """It would stand in the list of processes."""
    del run
    with pytest.raises(SystemExit) as refused:
        cli.main(["sent", ANNA])
    assert refused.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_without_a_daemon_a_file_that_is_not_valid_is_told(run: Run, file: Path, tmp_path: Path) -> None:
    """It has the zone; the ledger is let go."""
    asyncio.run(filled(tmp_path / "state", Accepted()))
    file.write_text("[practice]\n", encoding="utf-8")
    status, said, complaint = run(ANNA)
    assert (status, said) == (78, "")
    assert "config.toml" in complaint
    asyncio.run(_opened(tmp_path / "state"))


# --- beside a daemon -------------------------------------------------------------------------------------------------


@pytest.fixture
async def daemon(tmp_path: Path, file: Path) -> AsyncIterator[Ledger]:
    """A ledger that is held, and a socket beside it that answers."""
    ledger = await Ledger.open(tmp_path / "state")
    config = load(file)
    server = ControlServer(tmp_path / "state" / SOCKET)
    await server.start(sent_handlers(ledger, lambda: config, at_work=True))
    yield ledger
    server.close()
    await ledger.close()


async def test_a_running_daemon_is_asked(run: Run, daemon: Ledger, file: Path) -> None:
    """It knows zone and mailboxes: no file is read for it."""
    await send(daemon, key_of(1), (Accepted(), TEXT))
    file.unlink()  # noqa: ASYNC240 - a test waits for nobody
    status, said, complaint = await asyncio.to_thread(run, ANNA)
    assert (status, complaint) == (0, "")
    assert said.startswith(f"Fri 20 Nov 2026 23:00 CET  by {HELLO}\nsent\ntext {text_fingerprint(TEXT)}:\n\n{SHOWN}")


async def test_what_is_being_sent_is_said(run: Run, daemon: Ledger) -> None:
    """It has no text yet, or still that of a first sending."""
    await send(daemon, key_of(1), (Unknown("?"), None))
    await claim(daemon, key_of(1), at=NIGHT + timedelta(hours=1))
    said = (await asyncio.to_thread(run, ANNA))[1]
    assert "\nbeing sent\n(an earlier sending of it was cut off" in said
    assert "\ntext: written down when it has been handed over\n" in said


async def test_the_longest_answer_fits(run: Run, daemon: Ledger) -> None:
    """As many replies as are told at once, each with another text, as long as the file lets them be."""
    for day in range(MAX_REPLIES):
        text = f"{day}\n" + "ü" * 10_000
        await send(daemon, key_of(1 + day), (Accepted(), text), at=NIGHT + timedelta(days=day))
    status, said, complaint = await asyncio.to_thread(run, ANNA)
    assert (status, complaint) == (0, "")
    assert said.count("ü") == MAX_REPLIES * 10_000


@pytest.mark.parametrize(
    ("days", "replies", "texts"),
    [(366, 1, 1), (367, 1, 0), (400, 1, 0), (401, 0, 0)],
    ids=["twelve months", "a day more", "400 days", "a day more than that"],
)
async def test_the_daemon_forgets_the_text_first_and_then_the_reply(
    file: Path, tmp_path: Path, days: int, replies: int, texts: int
) -> None:
    """As long as the command says."""
    await filled(tmp_path / "state", Accepted())
    config = load(file)
    daemon = Daemon(
        config,
        reload=lambda: config,
        state_directory=tmp_path / "state",
        login_of=lambda box: Login(box.username, "never asked for"),
        environ={},
        show_addresses=False,
        clock=lambda: NIGHT + timedelta(days=days),
    )
    daemon._ledger = await Ledger.open(tmp_path / "state")
    daemon._prepare(CommandPool(1))
    await daemon._housekeeping.prune()
    found = (await daemon._ledger.answers_to(ANNA, [HELLO], 9)).replies
    await daemon._ledger.close()
    assert (len(found), sum(reply.text is not None for reply in found)) == (replies, texts)


async def test_a_held_ledger_without_a_socket_is_explained(tmp_path: Path, run: Run) -> None:
    """It says what holds it, and how this command gets there."""
    ledger = await Ledger.open(tmp_path / "state")
    status, _, complaint = await asyncio.to_thread(run, ANNA)
    await ledger.close()
    assert status == 1
    assert "RUNTIME_DIRECTORY=/run/responder responder sent ..." in complaint
