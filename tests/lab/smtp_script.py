"""A scripted SMTP server: behaves until a hook for a verb misbehaves, and remembers every line it read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Self

Hook = Callable[["Conversation", str], Awaitable[None]]


DEFAULT_EXTENSIONS = ("PIPELINING", "SIZE 10240000", "8BITMIME", "DSN", "AUTH PLAIN LOGIN")

SIMPLE_ANSWERS = {
    "CONNECT": "220 script.example ESMTP",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "NOOP": "250 ok",
}


class Conversation:
    """One connection, as the server sees it.

    Attributes:
        number: 1 for the first connection to this server.
        secured: TLS is on.
    """

    def __init__(
        self, server: ScriptedSmtp, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.number = number
        self.reader = reader
        self.writer = writer
        self.secured = writer.get_extra_info("sslcontext") is not None

    async def say(self, *lines: str) -> None:
        """Write lines as they are, each ended with CRLF."""
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))
        await self.writer.drain()

    async def drop(self) -> None:
        """Close in good order (FIN)."""
        self.writer.close()

    async def reset(self) -> None:
        """Close with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def stall(self) -> None:
        """Say nothing until the peer or the test goes."""
        await self.server.released.wait()

    async def run(self) -> None:
        """Answer until the connection ends."""
        await self._do("CONNECT", "")
        while not self.writer.is_closing() and (raw := await self.reader.readline()):
            line = raw.decode("utf-8", "surrogateescape").rstrip("\r\n")
            self.server.lines.append(line)
            verb, _, argument = line.partition(" ")
            await self._do(verb.upper(), argument)

    async def _do(self, verb: str, argument: str) -> None:
        hook = self.server.hooks.get(verb)
        if hook is not None:
            await hook(self, argument)
        else:
            await self.usual(verb, argument)

    async def usual(self, verb: str, argument: str) -> None:
        """What a server without faults does."""
        match verb:
            case "EHLO":
                await self.say("250-script.example", *self._extensions(), "250 HELP")
            case "STARTTLS":
                await self._start_tls()
            case "AUTH":
                await self._auth(argument)
            case "DATA":
                await self.say("354 go ahead")
                await self.read_content()
                await self._do(".", "")
            case ".":
                self.server.accepted += 1
                await self.say(f"250 2.0.0 queued as {self.server.accepted}")
            case "QUIT":
                await self.say("221 bye")
                await self.drop()
            case _:
                await self.say(SIMPLE_ANSWERS.get(verb, "500 5.5.2 what?"))

    async def _start_tls(self) -> None:
        assert self.server.tls is not None
        await self.say("220 go ahead")
        await self.writer.start_tls(self.server.tls)
        self.secured = True

    def _extensions(self) -> list[str]:
        offered = list(self.server.extensions)
        if self.server.tls is not None and not self.secured:
            offered.append("STARTTLS")
        return [f"250-{extension}" for extension in offered]

    async def _auth(self, argument: str) -> None:
        if argument.startswith("LOGIN"):
            await self.say("334 UGFzc3dvcmQ6")
            self.server.lines.append((await self.reader.readline()).decode().rstrip("\r\n"))
        await self.say("235 2.7.0 welcome")

    async def read_content(self) -> None:
        """Read up to the final dot and keep it as the wire had it."""
        content = b""
        while not content.endswith(b"\r\n.\r\n"):
            line = await self.reader.readline()
            if not line:
                return
            content += line
        self.server.contents.append(content)


class ScriptedSmtp:
    """Listens on 127.0.0.1; use as an async context manager.

    A hook stands for one verb (upper case; ``CONNECT`` for the greeting, ``.`` for the final dot), gets the
    conversation and the verb's argument, and replaces the usual answer.

    Attributes:
        lines: every command line read, over all connections, message contents left out.
        contents: every message that came with its final dot, dots still stuffed.
        accepted: how many of them were answered 250 in the usual way.
        connections: how many were opened.
        open: how many are open now.
        most_open: how many were open at the same time.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        hooks: Mapping[str, Hook] | None = None,
        *,
        extensions: Sequence[str] = DEFAULT_EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.hooks = dict(hooks or {})
        self.extensions = extensions
        self.tls = tls
        self.implicit = implicit
        self.lines: list[str] = []
        self.contents: list[bytes] = []
        self.accepted = self.connections = self.open = self.most_open = 0
        self.released = asyncio.Event()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def verbs(self, verb: str) -> list[str]:
        """Every command line of one verb."""
        return [line for line in self.lines if line.upper().split(" ")[0] == verb]

    async def __aenter__(self) -> Self:
        context = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._accept, self.host, 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.released.set()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._serve(Conversation(self, self.connections, reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, conversation: Conversation) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            with contextlib.suppress(OSError):
                await conversation.run()
        finally:
            self.open -= 1
            conversation.writer.transport.abort()


def answer(*lines: str) -> Hook:
    """A hook that always says this."""

    async def hook(conversation: Conversation, _: str) -> None:
        await conversation.say(*lines)

    return hook


def in_turn(verb: str, *hooks: Hook | None) -> Hook:
    """A hook that behaves differently each time; None, and all after the last, is the usual answer."""
    waiting = list(hooks)

    async def hook(conversation: Conversation, argument: str) -> None:
        following = waiting.pop(0) if waiting else None
        if following is None:
            await conversation.usual(verb, argument)
        else:
            await following(conversation, argument)

    return hook


async def drop(conversation: Conversation, _: str) -> None:
    """FIN instead of an answer."""
    await conversation.drop()


async def reset(conversation: Conversation, _: str) -> None:
    """RST instead of an answer."""
    await conversation.reset()


async def stall(conversation: Conversation, _: str) -> None:
    """No answer."""
    await conversation.stall()
