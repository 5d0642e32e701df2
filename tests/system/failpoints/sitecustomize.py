"""Loaded by Python itself when this directory is on PYTHONPATH: kills the process, as ``kill -9`` would, at a named point.

``FAILPOINT=claim:40`` kills at the fortieth time that the point is reached. The product knows nothing of this.
"""

from __future__ import annotations

import os
import signal
from typing import Any


def _arm(point: str, count: int) -> None:
    from responder.ledger import Claimed, Ledger

    left = count

    def reached() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    record, claim, settle = Ledger.record, Ledger.claim, Ledger.settle

    async def killed_after_fetch(self: Ledger, *args: Any) -> None:
        for _ in args[3]:
            reached()
        await record(self, *args)

    async def killed_after_claim(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        result = await claim(self, *args, **kwargs)
        if isinstance(result, Claimed):
            reached()
        return result

    async def killed_before_settle(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        reached()
        return await settle(self, *args, **kwargs)

    match point:
        case "fetch":
            Ledger.record = killed_after_fetch  # type: ignore[method-assign] # that is the point
        case "claim":
            Ledger.claim = killed_after_claim  # type: ignore[method-assign] # that is the point
        case "settle":
            Ledger.settle = killed_before_settle  # type: ignore[method-assign] # that is the point
        case _:
            raise ValueError(point)


if "FAILPOINT" in os.environ:
    _point, _, _count = os.environ["FAILPOINT"].partition(":")
    _arm(_point, int(_count))
