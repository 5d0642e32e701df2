"""A folder, a way out and a clock that do as a test says; the ledger beside them is the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from responder.adapters.imap import FolderState
from responder.adapters.smtp import Mark
from responder.core.errors import TransientError
from responder.core.hours.schedule import Schedule, parse_hours
from responder.core.limits.rates import Rates
from responder.core.mail.headers import parse_address
from responder.core.message import Address, FetchedMessage, MessageKey, Uid, UidValidity
from responder.core.outcome import Accepted, Outcome, OutgoingReply
from responder.core.pipeline import Pipeline
from responder.core.reply import Composer, ReplySettings
from responder.core.reply.choice import choose
from responder.core.rules.decide import MailboxRules

MAILBOX = "hello@harbour.example"
FOLDER = "INBOX"
UTC_ZONE = ZoneInfo("UTC")
NIGHT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""A Monday, six hours before opening."""


NO_RATES = Rates(per_correspondent=10, unauthenticated=1000, authenticated=1000, per_domain=1000, breaker=10_000)
"""Rates that no test reaches but one about rates."""


def address(text: str) -> Address:
    """An address that must be one."""
    found = parse_address(text)
    assert found is not None
    return found


def pipeline(**changes: object) -> Pipeline:
    """A practice that is open from 9 to 17 on working days."""
    schedule = Schedule(UTC_ZONE, {day: parse_hours("09:00-17:00") for day in range(5)})
    settings = ReplySettings(
        practice_name="Harbour Counselling",
        region="GB",
        zone=UTC_ZONE,
        languages=("en",),
        style="ordinary",
        help=choose("GB"),
        repeat_after=timedelta(hours=72),
    )
    rules = MailboxRules(address=address(MAILBOX), aliases=(address("help@harbour.example"),))
    values = {
        "rules": rules,
        "schedule": schedule,
        "composer": Composer(settings),
        "max_age": timedelta(hours=24),
        "floor": timedelta(hours=4),
        "repeat_after": timedelta(hours=72),
        "rates": NO_RATES,
        **changes,
    }
    return Pipeline(**values)  # type: ignore[arg-type] # a test may change any of them


def header_block(sender: str = "tom@mail.example", *, to: str = MAILBOX, message_id: str | None = None) -> bytes:
    """What a server returns for a person's message."""
    lines = [f"From: Tom <{sender}>", f"To: {to}", f"Return-Path: <{sender}>"]
    if message_id is not None:
        lines.append(f"Message-ID: <{message_id}>")
    return "\r\n".join([*lines, "", ""]).encode()


class Clock:
    """A present that moves when told."""

    def __init__(self, at: datetime = NIGHT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The present."""
        return self.at

    def forward(self, **amount: float) -> None:
        """Let time pass."""
        self.at += timedelta(**amount)


LETTER = b'(("text" "plain" NIL NIL NIL "7bit" 9 1)("text" "html" NIL NIL NIL "7bit" 9 1) "alternative" NIL)'
INVITATION = b'(("text" "plain" NIL NIL NIL "7bit" 9 1)("text" "calendar" ("method" "REQUEST") NIL) "alternative")'
"""What a server says of the parts of a message."""


class FakeFolder:
    """A folder in memory, for many connections; ``faults`` are raised one by one, before anything else is done."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.uid_validity = UidValidity(7)
        self.messages: dict[Uid, tuple[datetime | None, bytes]] = {}
        self.faults: list[Exception] = []
        self.connections = 0
        self.fetched: list[Uid] = []
        self.parts: dict[Uid, bytes] = {}
        self.structures_asked: list[Uid] = []
        self.news = asyncio.Event()
        self.closed = 0
        self.session: UidValidity | None = None
        self.hides_uid_validity = False
        self.hides_uid_next = False
        self.looks = 0
        self.on_connect: Callable[[], object] = lambda: None

    def deliver(self, block: bytes, received_at: datetime | None = NIGHT) -> Uid:
        """A message arrives."""
        uid = Uid(max(self.messages, default=0) + 1)
        self.messages[uid] = (received_at, block)
        self.news.set()
        return uid

    def renumber(self) -> None:
        """The server lost its UIDs: the same mail under new ones."""
        self.uid_validity = UidValidity(self.uid_validity + 1)
        self.messages = {Uid(uid + 1000): message for uid, message in self.messages.items()}

    async def connect(self) -> FolderState:
        """See ``Folder``."""
        self.connections += 1
        self.on_connect()
        if self.faults:
            raise self.faults.pop(0)
        self.session = self.uid_validity
        uid_next = Uid(max(self.messages, default=0) + 1)
        return FolderState(
            None if self.hides_uid_validity else self.uid_validity,
            None if self.hides_uid_next else uid_next,
            len(self.messages),
        )

    async def received_times(self, first: Uid, last: Uid | None) -> list[tuple[Uid, datetime | None]]:
        """See ``Folder``."""
        self._same_folder()
        self.looks += 1
        return [(uid, at) for uid, (at, _) in sorted(self.messages.items()) if first <= uid <= (last or uid)]

    async def fetch(self, uids: Sequence[Uid], uid_validity: UidValidity) -> AsyncIterator[list[FetchedMessage]]:
        """See ``Folder``."""
        self._same_folder()
        self.fetched += uids
        batch = []
        for uid in uids:
            if uid in self.messages:
                received_at, block = self.messages[uid]
                batch.append(FetchedMessage(MessageKey(MAILBOX, FOLDER, uid_validity, uid), received_at, block))
        if batch:
            yield batch

    async def structures(self, uids: Sequence[Uid]) -> dict[Uid, bytes]:
        """See ``Folder``."""
        self._same_folder()
        self.structures_asked += uids
        return {uid: self.parts[uid] for uid in uids if uid in self.parts}

    async def wait(self, timeout: float, wake: asyncio.Event) -> bool:  # noqa: ASYNC109 - the protocol's name
        """See ``Folder``."""
        self._same_folder()
        if self.faults:
            raise self.faults.pop(0)
        waits = [asyncio.ensure_future(self.news.wait()), asyncio.ensure_future(wake.wait())]
        try:
            await asyncio.wait(waits, timeout=min(timeout, 0.05), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        changed = self.news.is_set()
        self.news.clear()
        return changed

    async def close(self) -> None:
        """See ``Folder``."""
        self.closed += 1

    def _same_folder(self) -> None:
        """A server ends the sessions that saw the old UIDs."""
        if self.session != self.uid_validity:
            raise TransientError("IMAP", "BYE, the folder was rebuilt")


class FakeSender:
    """A way out that keeps replies and answers with prepared outcomes, then with ``Accepted``.

    ``queue`` holds replies before the final dot, ``hold`` after it.
    """

    def __init__(self) -> None:
        self.sent: list[OutgoingReply] = []
        self.fallbacks: list[OutgoingReply | None] = []
        self.outcomes: list[Outcome | Exception] = []
        self.before: Callable[[], None] | None = None
        self.queue: asyncio.Event | None = None
        self.pause = 0.0
        self.hold: asyncio.Event | None = None
        self.closed = False

    async def send(self, reply: OutgoingReply, fallback: OutgoingReply | None, mark: Mark) -> Outcome:
        """See ``Sender``."""
        self.sent.append(reply)
        self.fallbacks.append(fallback)
        if self.queue is not None:
            await self.queue.wait()
        await mark(True)
        if self.hold is not None:
            await self.hold.wait()
        outcome = self.outcomes.pop(0) if self.outcomes else Accepted()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def paused_for(self) -> float:
        """See ``Sender``."""
        return self.pause

    async def close(self) -> None:
        """See ``Sender``."""
        self.closed = True

    def recipients(self) -> list[str]:
        """To whom, in order."""
        return [reply.recipient.addr_spec for reply in self.sent]
