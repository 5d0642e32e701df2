"""The demo's mail servers: an IMAP server with one mailbox and an SMTP server that keeps what it gets, on loopback."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage

ADDRESS, PASSWORD = "hello@harbour.example", "not-a-real-password"


@dataclass
class Outbox:
    """An SMTP server's handler that keeps what it is given."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take responsibility for a message."""
        self.envelopes.append(envelope)
        return "250 kept"

    async def start(self, stack: AsyncExitStack) -> int:
        """Listen on a free loopback port until the stack ends; returns the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, hostname="localhost", loop=loop), "127.0.0.1", 0)
        return _until_end(server, stack)


class Inbox:
    """An embedded IMAP server with one mailbox."""

    async def start(self, stack: AsyncExitStack) -> int:
        """Listen on a free loopback port until the stack ends; returns the port."""
        arguments = Namespace(
            host=None, port=0, debug=False, cert=None, key=None, tls=False, passlib_cfg=None, proxy_protocol=None,
            demo_data=False, demo_user=ADDRESS, demo_password=PASSWORD,
        )  # fmt: skip
        self._backend, self._settings = await DictBackend.init(arguments, secure_auth=False)
        self._settings.apply_context()
        serve = ProxyProtocolReader(self._settings.proxy_protocol).get_callback(
            IMAPServer(self._backend.login, self._settings)
        )
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        return _until_end(server, stack)

    async def deliver(self, content: bytes, received_at: datetime) -> int:
        """Put a message into the mailbox, as a mail server would; returns its UID."""
        async with self._backend.login.demo_user_identity.new_session() as session:
            inbox = await session.mailbox_set.get_mailbox("INBOX")
            message = await inbox.append(AppendMessage(content, received_at, frozenset()))
            return int(message.uid)


def _until_end(server: asyncio.Server, stack: AsyncExitStack) -> int:
    async def close() -> None:
        server.close()

    stack.push_async_callback(close)
    return int(server.sockets[0].getsockname()[1])
