"""Loaded by Python itself when this directory is on PYTHONPATH: kills the process, as kill -9 would, at a named point.

``FAILPOINT=claim:40`` kills at the fortieth time that the point is reached. The product knows nothing of this.
"""

from __future__ import annotations

import os
import signal
from typing import Any


class _Fuse:
    """Kills the process when it was touched so many times."""

    def __init__(self, count: int) -> None:
        self.left = count

    def touch(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _arm_writes(point: str, fuse: _Fuse) -> None:
    """In the middle of a reply's content, or before its final dot, after the durable mark."""
    from aiosmtplib.protocol import SMTPProtocol

    from responder.adapters.smtp import connection

    stuffed, write = connection.dot_stuffed, SMTPProtocol.write
    contents: list[bytes] = []

    def remembered(content: bytes) -> bytes:
        contents[:] = [stuffed(content)]
        return contents[0]

    def before_the_dot(self: SMTPProtocol, data: bytes) -> None:
        if data == connection.FINAL_DOT:
            fuse.touch()
        write(self, data)

    def in_the_content(self: SMTPProtocol, data: bytes) -> None:
        if data in contents:
            write(self, data[: len(data) // 2])
            fuse.touch()
            data = data[len(data) // 2 :]
        write(self, data)

    connection.dot_stuffed = remembered
    setattr(SMTPProtocol, "write", {"content": in_the_content, "dot": before_the_dot}[point])  # noqa: B010 - mypy


def _arm(point: str, fuse: _Fuse) -> None:
    if point in {"content", "dot"}:
        _arm_writes(point, fuse)
        return
    from responder.adapters.ledger import Claimed, Ledger

    record, claim, settle = Ledger.record, Ledger.claim, Ledger.settle

    async def after_fetch(self: Ledger, *args: Any) -> None:
        for _ in args[3]:
            fuse.touch()
        await record(self, *args)

    async def after_claim(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        result = await claim(self, *args, **kwargs)
        if isinstance(result, Claimed):
            fuse.touch()
        return result

    async def before_settle(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        fuse.touch()
        return await settle(self, *args, **kwargs)

    name, replacement = {
        "fetch": ("record", after_fetch),
        "claim": ("claim", after_claim),
        "settle": ("settle", before_settle),
    }[point]
    setattr(Ledger, name, replacement)


if "FAILPOINT" in os.environ:
    _point, _, _count = os.environ["FAILPOINT"].partition(":")
    _arm(_point, _Fuse(int(_count)))

if "NO_RATES" in os.environ:  # thousands write within minutes, which no practice's night has
    from responder.core.limits.rates import Rates

    Rates.limits_for = lambda *_: ()  # type: ignore[method-assign]
