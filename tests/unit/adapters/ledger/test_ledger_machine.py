"""Promise 4 as a property: any order of mail, sends, crashes, renumberings, openings and pruning.

The model is the world outside: folders with mail in them, and every send with what became of it. The ledger must never
lead it to send a second reply to a correspondent in one closed period, except one resend with the same digest of what
ended in doubt; and whatever was due stays due until it is answered or lawfully ended.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from responder.adapters.ledger import AlreadyAnswered, Claimed, Cursor, Ledger, NewDue, NotDue, State
from responder.core.message import MessageKey, Uid, UidValidity
from responder.core.outcome import Accepted, Deferred, Rejected, Unknown
from tests.unit.adapters.ledger import look

MAILBOXES = ("hello@harbour.example", "help@harbour.example")
PEOPLE = ("anna@example.org", "ben@example.net")
INBOX = "INBOX"
HOUR = timedelta(hours=1)
OUTCOMES = {
    "accepted": Accepted(),
    "deferred": Deferred("busy"),
    "rejected": Rejected("no", 554),
    "refused": Rejected("too many", 550, once_more=True),
    "doubt": Unknown("cut off"),
}


@dataclass
class Mail:
    """One message in one folder."""

    message: str
    who: str
    received_at: datetime


@dataclass
class Folder:
    """A mailbox's INBOX as its server keeps it."""

    generation: int = 1
    next_uid: int = 1
    mails: dict[int, Mail] = field(default_factory=dict)


@dataclass
class Row:
    """What the service believes of one due reply."""

    mail: Mail
    not_before: datetime
    state: str = "due"
    uncertain: int = 0
    refused: bool = False
    claimed_at: datetime | None = None
    settled_at: datetime | None = None

    def become(self, state: str, at: datetime) -> None:
        """Due again, or settled."""
        self.state = state
        if state == "due":
            self.not_before = at
        else:
            self.settled_at = at

    def is_forgotten(self, before: datetime) -> bool:
        """Whether pruning up to there takes it."""
        times = (self.settled_at, self.claimed_at or self.settled_at)
        return all(at is not None and at < before for at in times)


@dataclass
class Send:
    """One submission, and what became of it: flying, accepted, deferred, rejected, refused or doubt.

    Attributes:
        first: nothing of this reply may have arrived before.
        marked: its final dot may have been written.
    """

    mailbox: str
    mail: Mail
    row: Row
    digest: str
    at: datetime
    first: bool
    fate: str = "flying"
    marked: bool = False

    @property
    def may_have_arrived(self) -> bool:
        """All but what surely was not delivered."""
        return self.fate in {"flying", "accepted", "doubt"}

    @property
    def is_final(self) -> bool:
        """Nothing can show any more that it did not arrive."""
        return self.fate in {"accepted", "doubt"}


class LedgerMachine(RuleBasedStateMachine):
    """Drives one ledger through many lives."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.root = Path(tempfile.mkdtemp())
        self.lives = 0
        self.now = datetime(2026, 11, 20, 22, tzinfo=UTC)
        self.period_start = self.now
        self.folders = {mailbox: Folder() for mailbox in MAILBOXES}
        self.rows: dict[MessageKey, Row] = {}
        self.sends: list[Send] = []
        self.flying: dict[MessageKey, Send] = {}
        self.written = 0
        self.ledger = self.run(Ledger.open(self.root / "0"))

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Waits for one call."""
        return self.runner.run(call)

    def teardown(self) -> None:
        """Closes what is open."""
        self.run(self.ledger.close())
        self.runner.close()
        shutil.rmtree(self.root)

    @initialize()
    def baseline(self) -> None:
        """The first start answers nothing that was there."""
        for mailbox in MAILBOXES:
            self.run(self.ledger.record(mailbox, INBOX, Cursor(UidValidity(1), Uid(0), self.now), []))

    # -- the world ---------------------------------------------------------------------------------------------------

    def arrive(self, mailbox: str, mail: Mail) -> None:
        """The server takes it in; the service judges it and notes it as due, unless the message was answered."""
        folder = self.folders[mailbox]
        uid, folder.next_uid = folder.next_uid, folder.next_uid + 1
        folder.mails[uid] = mail
        key = MessageKey(mailbox, INBOX, UidValidity(folder.generation), Uid(uid))
        due = [NewDue(key, mail.message, mail.received_at, self.now)]
        self.run(self.ledger.record(mailbox, INBOX, Cursor(key.uid_validity, key.uid, mail.received_at), due))
        self.rows[key] = Row(mail, self.now)

    @rule(mailbox=st.sampled_from(MAILBOXES), who=st.sampled_from(PEOPLE))
    def receive(self, mailbox: str, who: str) -> None:
        """A new message."""
        self.written += 1
        self.arrive(mailbox, Mail(f"<{self.written}@example.org>", who, self.now))

    @precondition(lambda self: any(folder.mails for folder in self.folders.values()))
    @rule(data=st.data(), mailbox=st.sampled_from(MAILBOXES))
    def redeliver(self, data: st.DataObject, mailbox: str) -> None:
        """A message comes again: to the other mailbox, or moved back to this one."""
        known = [mail for folder in self.folders.values() for mail in folder.mails.values()]
        mail = data.draw(st.sampled_from(known))
        self.arrive(mailbox, Mail(mail.message, mail.who, self.now))

    @rule(hours=st.integers(1, 5))
    def time_passes(self, hours: int) -> None:
        """Within one closed period."""
        self.now += hours * HOUR

    @rule()
    def open_and_close(self) -> None:
        """A working day goes by: another closed period begins."""
        self.now += 10 * HOUR
        self.period_start = self.now

    # -- the service -------------------------------------------------------------------------------------------------

    def keys(self, state: str) -> list[MessageKey]:
        """Rows in that state, in a stable order."""
        return [key for key, row in self.rows.items() if row.state == state]

    @precondition(lambda self: self.keys("due"))
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """What is due is judged again, then claimed."""
        self.claim_one(data.draw(st.sampled_from(self.keys("due"))))

    @precondition(lambda self: self.keys("due"))
    @rule(data=st.data(), fate=st.sampled_from(sorted(OUTCOMES)))
    def claim_and_settle(self, data: st.DataObject, fate: str) -> None:
        """The usual way: nothing else happens meanwhile."""
        key = data.draw(st.sampled_from(self.keys("due")))
        self.claim_one(key)
        if key in self.flying:
            self.settle_one(key, fate)

    def claim_one(self, key: MessageKey) -> None:
        """Judges again, claims, and judges the claim."""
        row = self.rows[key]
        if row.mail.received_at < self.period_start:
            assert self.withdraw(key, "before-period") == ("unknown" if row.uncertain else "withdrawn")
            return
        result = self.run(
            self.ledger.claim(
                key,
                correspondent=row.mail.who,
                message=row.mail.message,
                at=self.now,
                answered_since=self.period_start,
            )
        )
        self.judge_claim(key, row, result)

    def judge_claim(self, key: MessageKey, row: Row, result: object) -> None:
        """The promises, at the moment where they could be broken."""
        here = [
            send
            for send in self.sends
            if send.may_have_arrived
            and send.mail.who == row.mail.who
            and (
                (send.mailbox == key.mailbox and send.at >= self.period_start) or send.mail.message == row.mail.message
            )
        ]
        match result:
            case Claimed(digest=digest):
                # nothing that may have arrived stands beside it, but its own first send in doubt
                assert len(here) == row.uncertain, here
                assert all(send.digest == digest and send.fate == "doubt" for send in here), here
                send = Send(key.mailbox, row.mail, row, digest, self.now, first=not row.uncertain)
                self.sends.append(send)
                self.flying[key] = send
                row.state, row.claimed_at = "claimed", self.now
            case AlreadyAnswered(at=at):
                assert any(send.is_final for send in here), "withdrawn for a reply that may still fail"
                assert at <= self.now
                row.become("unknown" if row.uncertain else "withdrawn", self.now)
            case NotDue(reason=reason):
                assert reason == "another-is-in-flight"
                assert any(send.fate == "flying" for send in here), "waits for nothing"
                row.become("due", self.now + timedelta(seconds=30))
            case _:
                raise AssertionError(result)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), may_arrive=st.booleans())
    def mark(self, data: st.DataObject, *, may_arrive: bool) -> None:
        """The final dot is about to be written; or it was refused, and another attempt begins."""
        key = data.draw(st.sampled_from(list(self.flying)))
        self.run(self.ledger.mark(key, may_arrive=may_arrive))
        self.flying[key].marked = may_arrive

    @precondition(lambda self: self.keys("failed"))
    @rule(data=st.data())
    def revive(self, data: st.DataObject) -> None:
        """A refusal turns out to be the account's."""
        key = data.draw(st.sampled_from(self.keys("failed")))
        row = self.rows[key]
        is_void = key.uid_validity != self.folders[key.mailbox].generation
        assert self.run(self.ledger.revive([key], self.now)) == (0 if is_void else 1)
        if not is_void:
            row.become("due", self.now)
            row.refused, row.settled_at = False, None

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), fate=st.sampled_from(sorted(OUTCOMES)))
    def settle(self, data: st.DataObject, fate: str) -> None:
        """A send ends."""
        self.settle_one(data.draw(st.sampled_from(list(self.flying))), fate)

    def settle_one(self, key: MessageKey, fate: str) -> None:
        """Writes how it ended, and knows what that must mean."""
        send, row = self.flying.pop(key), self.rows[key]
        send.fate = fate
        state = self.run(self.ledger.settle(key, OUTCOMES[fate], at=self.now, retry_at=self.now + HOUR))
        assert state == self.expected(key, row, fate)
        row.become(state, self.now + HOUR if state == "due" else self.now)
        row.uncertain = int(row.uncertain or fate == "doubt")
        row.refused = row.refused or fate == "refused"

    def expected(self, key: MessageKey, row: Row, fate: str) -> str:
        """The state that follows."""
        is_void = key.uid_validity != self.folders[key.mailbox].generation
        match fate:
            case "accepted":
                return "sent"
            case "rejected" | "refused" if fate == "rejected" or row.refused:
                return "unknown" if row.uncertain else "failed"
            case "doubt":
                return "unknown" if row.uncertain or is_void else "due"
            case _:
                return ("unknown" if row.uncertain else "withdrawn") if is_void else "due"

    @precondition(lambda self: self.keys("due"))
    @rule(data=st.data())
    def expunge(self, data: st.DataObject) -> None:
        """The message is deleted before its reply went out."""
        key = data.draw(st.sampled_from(self.keys("due")))
        self.folders[key.mailbox].mails.pop(key.uid)
        self.withdraw(key, "gone")

    def withdraw(self, key: MessageKey, reason: str) -> str:
        """Gives up a due reply."""
        row = self.rows[key]
        row.become(self.run(self.ledger.withdraw(key, reason, self.now)), self.now)
        return row.state

    @precondition(lambda self: self.flying)
    @rule()
    def crash(self) -> None:
        """Kill -9: the files as they are, whatever was in flight; then a new process."""
        old, self.lives = self.root / str(self.lives), self.lives + 1
        shutil.copytree(old, self.root / str(self.lives))
        self.run(self.ledger.close())
        shutil.rmtree(old)
        self.ledger = self.run(Ledger.open(self.root / str(self.lives)))
        recovered = self.run(self.ledger.recover(self.now))
        assert len(recovered) == sum(send.marked for send in self.flying.values())
        for key, send in self.flying.items():
            send.fate = "doubt" if send.marked else "deferred"
            row = self.rows[key]
            row.become(self.expected(key, row, send.fate), self.now)
            row.uncertain = int(row.uncertain or send.marked)
        self.flying.clear()

    @rule(mailbox=st.sampled_from(MAILBOXES), crash_after=st.integers(0, 4), order=st.randoms(use_true_random=False))
    def renumber(self, mailbox: str, crash_after: int, order: Any) -> None:
        """A new UIDVALIDITY, and a crash somewhere in the search that follows, or none."""
        folder = self.folders[mailbox]
        mails = list(folder.mails.values())
        order.shuffle(mails)
        folder.mails = dict(enumerate(mails, start=1))
        folder.next_uid = len(mails) + 1
        generation = UidValidity(folder.generation + 1)
        if not self.search_again(mailbox, folder, generation, stop_after=crash_after):
            self.crash()
            assert self.search_again(mailbox, folder, generation, stop_after=None)

    def search_again(self, mailbox: str, folder: Folder, generation: UidValidity, stop_after: int | None) -> bool:
        """What the service does after a UIDVALIDITY change; False when it was stopped before the cursor moved."""
        rescue = self.run(self.ledger.rescue(mailbox, INBOX, generation))
        newest = rescue.latest_received_at - timedelta(seconds=2)
        oldest = min(filter(None, (newest, rescue.earliest_due_received_at)))
        fresh: list[NewDue] = []
        for number, (uid, mail) in enumerate(folder.mails.items()):
            if number == stop_after:
                return False
            key = MessageKey(mailbox, INBOX, generation, Uid(uid))
            if mail.received_at >= oldest:
                self.look_at(key, mail, newest, fresh)
        self.run(self.ledger.record(mailbox, INBOX, Cursor(generation, Uid(folder.next_uid - 1)), fresh))
        self.rows.update((new.key, Row(folder.mails[new.key.uid], self.now)) for new in fresh)
        for key, row in self.rows.items():
            if key.mailbox == mailbox and key.uid_validity != generation and row.state == "due":
                row.become("unknown" if row.uncertain else "withdrawn", row.not_before)
                assert self.is_covered(row), "a due message was lost"
        folder.generation = generation
        return True

    def look_at(self, key: MessageKey, mail: Mail, newest: datetime, fresh: list[NewDue]) -> None:
        """Carries one over, or notes it as new."""
        if self.run(self.ledger.carry_over(key, mail.message)):
            self.move(key, mail)
        elif mail.received_at >= newest and not self.run(self.ledger.answered(mail.who, mail.message)):
            fresh.append(NewDue(key, mail.message, mail.received_at, self.now))

    def move(self, key: MessageKey, mail: Mail) -> None:
        """The model's side of `carry_over`."""
        if key in self.rows and self.rows[key].state in {"due", "claimed"}:
            return
        same = [
            (old, row)
            for old, row in self.rows.items()
            if old.mailbox == key.mailbox
            and old.uid_validity != key.uid_validity
            and row.mail.message == mail.message
            and row.state in {"due", "claimed"}
        ]
        due = [(old, row) for old, row in same if row.state == "due"]
        if due:
            ledger_keys = {row.key for row in self.run(look.due(self.ledger, key.mailbox, INBOX))}
            (moved,) = [old for old, _ in due if old not in ledger_keys]
            self.rows[key] = self.rows.pop(moved)
            self.rows[key].mail = mail  # it is judged by what is there now
        else:
            assert same, "carried over what was never open"
            self.rows[key] = Row(mail, same[0][1].not_before)

    def is_covered(self, lost: Row) -> bool:
        """Its message is open elsewhere in a folder, or was perhaps answered."""
        open_now = any(
            row.mail.message == lost.mail.message and row.state in {"due", "claimed"} for row in self.rows.values()
        )
        return open_now or any(s.mail.message == lost.mail.message and s.is_final for s in self.sends)

    @rule()
    def prune(self) -> None:
        """Housekeeping forgets what was settled before this closed period; the world forgets it with it."""
        self.run(self.ledger.prune(self.period_start))
        self.sends = [send for send in self.sends if not send.row.is_forgotten(self.period_start)]
        self.rows = {key: row for key, row in self.rows.items() if not row.is_forgotten(self.period_start)}

    # -- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def the_due_are_the_due(self) -> None:
        """The ledger and the world agree on what still has to go out, and on its doubt."""
        for mailbox in MAILBOXES:
            listed = {row.key: row.uncertain for row in self.run(look.due(self.ledger, mailbox, INBOX))}
            believed = {key: row.uncertain for key, row in self.rows.items() if row.state == "due"}
            assert listed == {key: doubt for key, doubt in believed.items() if key.mailbox == mailbox}

    @invariant()
    def no_more_than_one_resend(self) -> None:
        """Per correspondent, mailbox and closed period: one digest, at most two sends that may have arrived."""
        by_slot: dict[tuple[str, str], list[Send]] = {}
        for send in self.sends:
            if send.may_have_arrived and send.at >= self.period_start:
                by_slot.setdefault((send.mailbox, send.mail.who), []).append(send)
        for sends in by_slot.values():
            assert len({send.digest for send in sends}) == 1, sends
            assert len(sends) <= 2, sends
            assert sum(send.first for send in sends) <= 1, sends


LedgerMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLedgerMachine = LedgerMachine.TestCase


def test_the_states_are_those_of_the_model() -> None:
    """The machine speaks of every state there is."""
    assert set(State) == {"due", "claimed", "sent", "failed", "unknown", "withdrawn"}
