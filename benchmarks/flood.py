"""Who is answered, and when, while a flood of forged mail pushes into the same rates.

    python benchmarks/flood.py [--hours 4]

The real rates and the real ledger, in process, with a clock that is played: twelve honest people in four hours against
forgers who send in a burst just after each of them, or evenly. Exit status 1 when fewer people than promised were
answered within ten minutes, or one waited for more than an hour.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from responder.adapters.ledger import Claimed, Cursor, Ledger, NewDue, Terms
from responder.core.decision import Proof, Reply
from responder.core.limits.rates import Rates, domain_of
from responder.core.message import Address, MessageKey, Uid, UidValidity
from responder.core.outcome import Accepted

START = datetime(2026, 11, 20, 20, tzinfo=UTC)
MAILBOX, FOLDER, VALIDITY = "hello@harbour.example", "INBOX", UidValidity(1)
OWN = Address("hello", "harbour.example")
PEOPLE = 3
"""An hour."""
SOON, LATE = timedelta(minutes=10), timedelta(hours=1)
AT_ONCE = 8
"""Replies that the daemon has in hand at a time, as in ``live/answer.py``."""


@dataclass(frozen=True)
class Mail:
    """One message of the night."""

    at: datetime
    sender: Address
    proof: Proof = Proof.NONE
    is_person: bool = False


@dataclass(frozen=True)
class Flood:
    """What pushes, and how many of twelve people have to be answered within ten minutes.

    Attributes:
        an_hour: forged messages.
        domains: over which they are spread; None gives each a domain of its own.
        forged, honest: what vouches for the senders.
        evenly: not in a burst a second after a person's letter.
    """

    name: str
    promised: int
    an_hour: int
    domains: int | None = None
    forged: Proof = Proof.NONE
    honest: Proof = Proof.NONE
    evenly: bool = False

    def mail(self, hours: int) -> list[Mail]:
        """Everything that arrives, in order."""
        return sorted([*self._people(hours), *self._forgeries(hours)], key=lambda mail: mail.at)

    def _people(self, hours: int) -> Iterator[Mail]:
        for number in range(hours * PEOPLE):
            at = START + timedelta(hours=number / PEOPLE, minutes=7)
            yield Mail(at, Address("anna", f"person{number}.example"), self.honest, is_person=True)

    def _forgeries(self, hours: int) -> Iterator[Mail]:
        for number in range(hours * self.an_hour):
            if self.evenly:
                at = START + timedelta(hours=number / self.an_hour)
            else:
                burst = self.an_hour // PEOPLE
                at = START + timedelta(hours=(number // burst) / PEOPLE, minutes=7, seconds=1, milliseconds=number)
            domain = number if self.domains is None else number % self.domains
            yield Mail(at, Address(f"x{number}", f"forged{domain}.example"), self.forged)


FLOODS = (
    Flood("no authserv_id, 30 domains an hour", 9, 30),
    Flood("no authserv_id, 30 an hour, evenly", 9, 30, evenly=True),
    Flood("no authserv_id, 300 an hour of 30 domains", 9, 300, domains=30),
    Flood("no authserv_id, 20 an hour of one domain", 9, 20, domains=1),
    Flood("authserv_id, unproved, 30 an hour", 12, 30, honest=Proof.SENDER),
    Flood("authserv_id, unproved, 600 an hour", 12, 600, honest=Proof.SENDER),
    Flood("authserv_id, 7 domains with DKIM, 126 an hour", 9, 126, domains=7, forged=Proof.SENDER, honest=Proof.SENDER),
    Flood("the same, 630 an hour", 9, 630, domains=7, forged=Proof.SENDER, honest=Proof.SENDER),
    Flood("authserv_id, 30 new domains with DKIM an hour", 9, 30, forged=Proof.SENDER, honest=Proof.SENDER),
)


@dataclass
class Night:
    """One flood, played over a ledger of its own."""

    ledger: Ledger
    rates: Rates = field(default_factory=Rates)
    by_uid: dict[Uid, Mail] = field(default_factory=dict)
    answered: dict[Uid, datetime] = field(default_factory=dict)

    async def play(self, mail: list[Mail]) -> None:
        """To an hour past the last letter."""
        arrivals = list(enumerate(mail, 1))
        now, ends = START, mail[-1].at + LATE
        while now <= ends:
            while arrivals and arrivals[0][1].at <= now:
                number, one = arrivals.pop(0)
                await self._arrive(Uid(number), one)
            await self._answer(now)
            following = await self.ledger.next_due(MAILBOX, FOLDER, now)
            now = min(filter(None, (following, arrivals[0][1].at if arrivals else ends + SOON, ends + SOON)))

    async def _arrive(self, uid: Uid, mail: Mail) -> None:
        self.by_uid[uid] = mail
        key = MessageKey(MAILBOX, FOLDER, VALIDITY, uid)
        due = NewDue(
            key, f"<{uid}@x>", mail.at, mail.at, mail.proof, domain_of(mail.sender), correspondent=mail.sender.identity
        )
        await self.ledger.record(MAILBOX, FOLDER, Cursor(VALIDITY, uid, mail.at), [due])

    async def _answer(self, now: datetime) -> None:
        while keys := await self.ledger.ready(MAILBOX, FOLDER, now, AT_ONCE):
            for key in keys:
                await self._claim(key, now)

    async def _claim(self, key: MessageKey, now: datetime) -> None:
        mail = self.by_uid[key.uid]
        reply = Reply(mail.sender, OWN, "closed", proof=mail.proof)
        terms = Terms(mail.proof, domain_of(mail.sender), self.rates.limits_for(reply))
        claim = await self.ledger.claim(
            key,
            correspondent=mail.sender.identity,
            message=f"<{key.uid}@x>",
            at=now,
            answered_since=START - timedelta(days=1),
            terms=terms,
        )
        if isinstance(claim, Claimed):
            await self.ledger.settle(key, Accepted(), at=now, retry_at=now)
            self.answered[key.uid] = now


async def played(flood: Flood, hours: int) -> bool:
    """Play one, print its row; whether it kept what was promised."""
    with tempfile.TemporaryDirectory() as directory:
        ledger = await Ledger.open(Path(directory) / "state")
        try:
            night, began = Night(ledger), time.perf_counter()
            await night.play(flood.mail(hours))
        finally:
            await ledger.close()
    waits = [
        night.answered[uid] - one.at for uid, one in night.by_uid.items() if one.is_person and uid in night.answered
    ]
    people = hours * PEOPLE
    soon, longest = sum(wait <= SOON for wait in waits), max(waits, default=LATE * hours)
    others = len(night.answered) - len(waits)
    print(
        f"{flood.name:<48}{soon:>4} of {people}{len(waits):>6} of {people}{longest.total_seconds() / 60:>9.1f} min"
        f"{others:>9} of {len(night.by_uid) - people}   {time.perf_counter() - began:.1f} s"
    )
    return soon * hours >= flood.promised * hours * hours // 4 and len(waits) == people and longest <= LATE


async def main() -> int:
    """Every flood."""
    parser = argparse.ArgumentParser(description="Who is answered during a flood.")
    parser.add_argument("--hours", type=int, default=4)
    hours = parser.parse_args().hours
    print(f"{'':<48}{'in 10 min':>10}{'answered':>13}{'longest wait':>13}{'forged answered':>18}")
    kept = [await played(flood, hours) for flood in FLOODS]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
