"""Durable memory: how far we read, whom we answered, and how each reply ended.

One SQLite file, written by one thread, held by one process. Every call is one transaction, on the disk before it
returns (WAL, ``synchronous=FULL``): what was claimed stays claimed. It fails closed: when the
file cannot be read or written, `LedgerError` is raised and nothing may be sent.

A reply's states, and which of them hold the correspondent's slot::

    record ▶ due ─claim▶ claimed ─Accepted▶ sent       holds it
              ▲            ├──────Rejected▶ failed     frees it
              ├─ Deferred ─┤                           frees it until the next claim
              ├─ Rejected ─┤  once, when it may be worth another attempt; frees it as well
              └─ Unknown ──┤  the first time: the row is *uncertain* from now on, and holds it
                           └──────Unknown▶ unknown     the second time; holds it
             due ─withdraw▶ withdrawn                  frees it
             due ─claim▶ withdrawn                     answered already, or on the never list
             due ─claim▶ due, later                    over a rate
          failed ─revive▶ due                          the refusal turned out to be the account's

`mark` notes on a claimed row that its final dot is about to be written. After a crash, a claimed row without the mark
is due again, as if it had been deferred; one with the mark ends as if its send had been `Unknown`.

An uncertain row may have been delivered. Where another would free its slot (rejected, withdrawn), it ends as
``unknown``. So the slots that nothing can take back are exactly: ``sent``, ``unknown``, and all that is uncertain. Only
these settle another reply as already answered; one that is claimed for the first time makes it wait.

Nothing here names a person. Mailbox, folder, correspondent and message are keyed hashes (HMAC-SHA256, 16 octets, a
label per kind); a reason is one kebab-case word; times are microseconds since 1970 in UTC. The texts that were sent are
kept as they are: they are the practice's own, and nothing of the sender's is in them.
"""

from __future__ import annotations

from responder.adapters.ledger.ledger import Ledger
from responder.adapters.ledger.values import (
    KEEP_SETTLED,
    KEEP_TEXTS,
    AlreadyAnswered,
    Barred,
    Claim,
    Claimed,
    Cursor,
    Memory,
    NewDue,
    NotDue,
    OverRate,
    PastReply,
    Recovered,
    Rescue,
    Silenced,
    State,
    Terms,
)

__all__ = [
    "KEEP_SETTLED",
    "KEEP_TEXTS",
    "AlreadyAnswered",
    "Barred",
    "Claim",
    "Claimed",
    "Cursor",
    "Ledger",
    "Memory",
    "NewDue",
    "NotDue",
    "OverRate",
    "PastReply",
    "Recovered",
    "Rescue",
    "Silenced",
    "State",
    "Terms",
]
