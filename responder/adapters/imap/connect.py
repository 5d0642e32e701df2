"""From a name to a connected socket, on the event loop: no thread waits for a server that does not answer."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from responder.adapters.imap.connection import Server
from responder.adapters.imap.errors import rethrow
from responder.adapters.imap.threads import CommandPool, Resolved
from responder.core.errors import PermanentError

# A peer that vanished without a word (NAT, suspend) is noticed in about four minutes, sooner when we write.
_KEEPALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}  # seconds, seconds, probes
_USER_TIMEOUT = 60_000  # milliseconds for what we wrote to be acknowledged


async def connect_socket(server: Server, pool: CommandPool, where: str, deadline: float) -> socket.socket:
    """Resolve and connect, one address after the other; each gets its share of the time.

    Args:
        server: where to.
        pool: looks the name up.
        where: names the server in errors.
        deadline: seconds for all of it.

    Raises:
        TransientError: nothing answers.
        PermanentError: no TLS is asked for, and the host is another machine.
    """
    try:
        async with asyncio.timeout(deadline):
            addresses = await pool.resolve(server.host, server.port)
            return await _first_that_answers(addresses, server, where, deadline)
    except Exception as error:  # noqa: BLE001 - OSError, UnicodeError from odd names; unknown counts as not reachable
        rethrow(error, where)


async def _first_that_answers(addresses: list[Resolved], server: Server, where: str, deadline: float) -> socket.socket:
    trouble: OSError = ConnectionError("no address")
    for resolved in addresses:
        _refuse_open_networks(resolved, server, where)
        try:
            async with asyncio.timeout(deadline / len(addresses)):
                return await _connect(resolved)
        except OSError as error:  # TimeoutError is one
            trouble = error
    raise trouble


def _refuse_open_networks(resolved: Resolved, server: Server, where: str) -> None:
    """Without TLS only this machine, by its address and not by its name."""
    _, address = resolved
    if server.tls == "none" and not ipaddress.ip_address(address[0]).is_loopback:
        raise PermanentError(
            where, "a connection without TLS is only for this machine", cure='Set tls = "implicit" or "starttls"'
        )


async def _connect(resolved: Resolved) -> socket.socket:
    family, address = resolved
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        await asyncio.get_running_loop().sock_connect(sock, address)
        _keep_alive(sock)
    except BaseException:
        sock.close()
        raise
    return sock


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in {**_KEEPALIVE, "TCP_USER_TIMEOUT": _USER_TIMEOUT}.items():
        if hasattr(socket, name):  # not every Unix has each
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
