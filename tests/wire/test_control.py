"""The control socket: private, bounded, and answered by nobody but a responder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from responder.core.errors import LedgerError
from responder.daemon.control import client
from responder.daemon.control import server as serving_side
from responder.daemon.control.client import NoAnswerError, ask
from responder.daemon.control.protocol import MAX_ANSWER, SOCKET, socket_path
from responder.daemon.control.server import MAX_CONNECTIONS, ControlServer

Answer = dict[str, object]


async def echo(question: Answer) -> Answer:
    """Gives back what it was asked."""
    return {"heard": question["text"]}


async def refuse(_question: Answer) -> Answer:
    """Cannot."""
    raise LedgerError("the disk is full")


async def fail(_question: Answer) -> Answer:
    """An error of ours."""
    raise RuntimeError("oops")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Path]:
    """A listening server's path."""
    path = tmp_path / SOCKET
    serving = ControlServer(path)
    await serving.start({"echo": echo, "refuse": refuse, "fail": fail})
    yield path
    serving.close()


async def put(path: Path, question: Answer) -> Answer | None:
    """Ask as the command line does, beside the running loop."""
    return await asyncio.to_thread(ask, path, question)


async def talk(path: Path, sent: bytes) -> bytes:
    """What comes back for these octets, until the server closes."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(sent)
    if not sent.endswith(b"\n"):
        writer.write_eof()
    answer = b""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError):  # closed on us before it had read everything
            answer = await reader.read()
    writer.close()
    return answer


async def test_a_question_is_answered(server: Path) -> None:
    """By its verb; text of any script."""
    assert await put(server, {"verb": "echo", "text": "zoë\n"}) == {"ok": True, "heard": "zoë\n"}


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("refuse", "the disk is full"),
        ("fail", "a fault in the daemon; see its log"),
        ("unheard-of", "unknown command"),
    ],
)
async def test_what_it_cannot_do_is_an_error_with_its_reason(server: Path, verb: str, said: str) -> None:
    """Never an answer that looks like success; and the next question is answered."""
    with pytest.raises(NoAnswerError, match=said):
        await put(server, {"verb": verb, "text": ""})
    assert await put(server, {"verb": "echo", "text": "1"}) == {"ok": True, "heard": "1"}


@pytest.mark.parametrize("sent", [b"gibberish\n", b"[1]\n", b'{"verb": "echo"', b"[" * 4000 + b"\n", b"\xff\xfe\n"])
async def test_what_is_no_question_gets_no_more_than_that(server: Path, sent: bytes) -> None:
    """Whatever octets come."""
    answer = json.loads(await talk(server, sent))
    assert answer["ok"] is False


async def test_a_line_without_end_is_cut(server: Path) -> None:
    """No more than a few kilobytes are ever kept of one."""
    assert await talk(server, b"x" * 100_000) == b""
    assert await put(server, {"verb": "echo", "text": "1"}) == {"ok": True, "heard": "1"}


async def test_an_answer_may_be_longer_than_a_question(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as a few texts; a longer one is refused in words."""
    long = {"heard": "x" * 300_000}

    async def tell(_question: Answer) -> Answer:
        return dict(long)

    serving = ControlServer(server.with_name("long"))
    await serving.start({"tell": tell})
    assert await put(server.with_name("long"), {"verb": "tell"}) == {"ok": True, **long}
    monkeypatch.setattr(serving_side, "MAX_ANSWER", 300_000)
    with pytest.raises(NoAnswerError, match="too large"):
        await put(server.with_name("long"), {"verb": "tell"})
    serving.close()


async def test_more_askers_than_any_person_are_turned_away(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And those who say nothing are sent away in time."""
    monkeypatch.setattr(serving_side, "TIMEOUT", 0.2)
    silent = [await asyncio.open_unix_connection(server) for _ in range(MAX_CONNECTIONS)]
    await asyncio.sleep(0)
    assert await talk(server, b'{"verb": "echo", "text": "1"}\n') == b""
    async with asyncio.timeout(5):
        assert [await reader.read() for reader, _ in silent] == [b""] * MAX_CONNECTIONS
    for _, writer in silent:
        writer.close()
    assert b'"heard"' in await talk(server, b'{"verb": "echo", "text": "1"}\n')


async def test_only_its_own_user_may_ask(tmp_path: Path) -> None:
    """Mode 0600 from its first moment, whatever the umask."""
    before = os.umask(0)
    try:
        serving = ControlServer(tmp_path / "s")
        await serving.start({})
        assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    serving.close()
    assert not (tmp_path / "s").exists()


async def test_what_a_dead_daemon_left_is_no_obstacle(tmp_path: Path) -> None:
    """Neither for the next one, nor for who asks meanwhile."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert await put(path, {"verb": "echo"}) is None
    serving = ControlServer(path)
    await serving.start({"echo": echo})
    assert await put(path, {"verb": "echo", "text": "1"}) == {"ok": True, "heard": "1"}
    serving.close()
    serving.close()
    assert await put(path, {"verb": "echo"}) is None


async def test_a_daemon_without_room_for_a_socket_runs_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A path of a Unix socket has at most 107 octets; it is told."""
    serving = ControlServer(tmp_path / ("x" * 200))
    await serving.start({})
    assert "control socket failed" in caplog.text
    serving.close()


@pytest.mark.parametrize("said", [b"", b"* OK IMAP4rev1 ready\r\n", b"x" * 10_000, b"x" * (MAX_ANSWER + 1)])
async def test_whatever_else_listens_there_is_not_believed(tmp_path: Path, said: bytes) -> None:
    """Neither silence nor another protocol nor too much."""

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said)
        writer.close()

    listening = await asyncio.start_unix_server(other, tmp_path / "s")
    with pytest.raises(NoAnswerError, match="not a responder"):
        await put(tmp_path / "s", {"verb": "echo"})
    listening.close()


async def test_a_daemon_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few seconds, then a sentence."""
    monkeypatch.setattr(client, "TIMEOUT", 0.05)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        with pytest.raises(NoAnswerError, match="does not answer"):
            await put(tmp_path / "s", {"verb": "echo"})


async def test_a_socket_of_somebody_else_is_told(tmp_path: Path) -> None:
    """What stands in the way has a reason."""
    with pytest.raises(NoAnswerError, match="too long"):
        await put(tmp_path / ("x" * 200), {"verb": "echo"})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "state/control.sock"),
        ({"RUNTIME_DIRECTORY": "run/responder"}, "run/responder/control.sock"),
        ({"RUNTIME_DIRECTORY": "run/a:run/b"}, "run/a/control.sock"),
    ],
)
def test_where_it_is(environ: dict[str, str], expected: str) -> None:
    """In the runtime directory that systemd gives, else beside the ledger."""
    assert str(socket_path(environ, Path("state"))) == expected
