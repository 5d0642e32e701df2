"""What systemd is told: READY, RELOADING, STOPPING, STATUS, WATCHDOG (sd_notify(3), ``Type=notify-reload``)."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping

WATCHDOG_MARGIN = 3
"""Pings per watchdog interval: two may be late before systemd acts."""


class Notifier:
    """Sends state changes to systemd; does nothing where there is no systemd.

    Args:
        environ: where ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` are looked up.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        usec = environ.get("WATCHDOG_USEC", "")
        self.watchdog_interval: float | None = int(usec) / 1e6 / WATCHDOG_MARGIN if usec.isdigit() else None

    def ready(self, status: str) -> None:
        """The configuration and the ledger are loaded; mailboxes are being watched or tried."""
        self._send("READY=1", f"STATUS={_one_line(status)}")

    def reloading(self) -> None:
        """A reload began; ``ready`` must follow, also when it fails, or systemd gives up on us."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """A stop began."""
        self._send("STOPPING=1", "STATUS=stopping")

    def status(self, status: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={_one_line(status)}")

    def watchdog(self) -> None:
        """Still alive."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # a leading @ names a socket in the abstract namespace
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
                sock.sendto("\n".join(lines).encode(), address)
        except OSError:
            # systemd being restarted must never hurt the replies; its watchdog notices a lasting silence
            return


def _one_line(text: str) -> str:
    return " ".join(text.split())
