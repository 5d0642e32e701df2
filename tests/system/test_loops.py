"""Loops and floods among real processes: our daemon, Dovecot (IMAP and LMTP), Postfix on the way out, a bad neighbour.

Whatever leaves goes through Postfix to the neighbour, who does his worst with it. Each test states the rates that it
sets, counts what left, and ends with an honest message that is answered.
"""

from __future__ import annotations

import email
import re
import sys
import time
from collections.abc import Callable, Iterator
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.lab.dovecot import PASSWORD, Dovecot
from tests.lab.smtp import PostfixRelay, free_port
from tests.system.site import ADDRESS, Line, Site, closed_now, letter

QUAY = "desk@quay.example"
OUR_SERVER = "mx.harbour.example"
KNOWN = f'authserv_id = "{OUR_SERVER}"'
"""With it, an honest sender is told from a forged one."""

QUIET = 2.5
"""Seconds without another reply after which a loop has ended; a round takes a tenth of it."""

FLOOD = 10_000

Answer = tuple[str, str, bytes]
"""Envelope sender, mailbox, message: what a neighbour sends back."""


class Neighbour:
    """Takes every reply that leaves, and answers it through Dovecot's LMTP.

    Attributes:
        took: the replies, in the order they came.
        answer: what comes back for the nth reply.
    """

    def __init__(self, dovecot: Dovecot) -> None:
        self._dovecot = dovecot
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=10)
        self._numbers = count()
        self.took: list[Message] = []
        self.last = time.monotonic()
        self.answer: Callable[[int, Message], list[Answer]] = lambda _number, _reply: []

    @property
    def port(self) -> int:
        """Where Postfix hands over."""
        return int(self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """A reply arrives."""
        reply = email.message_from_bytes(envelope.original_content or b"")
        self.took.append(reply)
        self.last = time.monotonic()
        for sender, mailbox, message in self.answer(next(self._numbers), reply):
            self._dovecot.deliver_by_lmtp(mailbox, message, sender)
        return "250 2.0.0 Ok"

    def wait_for(self, number: int, timeout: float = 30.0) -> None:
        """Until so many replies have come."""
        deadline = time.monotonic() + timeout
        while len(self.took) < number:
            assert time.monotonic() < deadline, f"{len(self.took)} of {number} replies"
            time.sleep(0.02)

    def wait_until_quiet(self) -> int:
        """Until no more replies come; how many came in all."""
        while time.monotonic() - self.last < QUIET:
            time.sleep(0.05)
        return len(self.took)


class Relay(PostfixRelay):
    """Postfix, with a login for each mailbox of the lab."""

    def _write_files(self) -> None:
        super()._write_files()
        accounts = "".join(f"{address}:{{PLAIN}}{PASSWORD}\n" for address in (ADDRESS, QUAY))
        (self.root / "passwords").write_text(accounts)


class Practice(Site):
    """A practice of its own address, whose replies leave through Postfix."""

    def __init__(
        self, dovecot: Dovecot, relay: Relay, *, rates: str, extra: str = KNOWN, address: str = ADDRESS
    ) -> None:
        self.address = address
        smtp = f'{{ host = "localhost", port = {relay.starttls_port}, tls = "starttls", ca_file = "{relay.ca_file}" }}'
        super().__init__(dovecot, None, hours=closed_now(), extra=extra, smtp=smtp, rates=rates)

    def write(self, hours: str, extra: str = "", practice: str = "") -> None:
        """With its own address."""
        super().write(hours, extra, practice)
        text = self.config.read_text(encoding="utf-8")
        if self.address != ADDRESS:
            text = text.replace(ADDRESS, self.address).replace("help@harbour.example", "help@quay.example")
        self.config.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def mail_server() -> Iterator[Dovecot]:
    """Mailboxes, shared by the tests: each test's mail has its own senders."""
    with Dovecot(protocols="imap lmtp") as server:
        yield server


@pytest.fixture
def neighbour(mail_server: Dovecot) -> Iterator[Neighbour]:
    """Whoever gets our replies."""
    with Neighbour(mail_server) as taker:
        yield taker


@pytest.fixture
def relay(neighbour: Neighbour) -> Iterator[Relay]:
    """The way out."""
    with Relay(neighbour.port) as server:
        yield server


def stripped(sender: str, to: str, number: int) -> bytes:
    """What a machine writes that leaves out everything that would tell."""
    return letter(sender, to=to, message_id=f"{number}.{time.monotonic_ns()}@{sender.partition('@')[2]}").partition(
        b"\r\n"
    )[2]


def honest(name: str, *, to: str = ADDRESS) -> bytes:
    """A person whose own domain signed the message, as our server found."""
    proof = f"Authentication-Results: {OUR_SERVER}; dkim=pass header.d=mail.example"
    return letter(f"{name}@mail.example", to=to, message_id=f"{name}.{time.monotonic_ns()}@mail.example", extra=[proof])


def is_answered(site: Practice, neighbour: Neighbour, name: str) -> float:
    """The next honest message gets its reply; gives the seconds that it took."""
    before, started = len(neighbour.took), time.monotonic()
    site.dovecot.deliver(site.address, honest(name, to=site.address))
    neighbour.wait_for(before + 1)
    assert neighbour.took[-1]["To"] == f"{name}@mail.example"
    assert len(neighbour.took) == before + 1
    return time.monotonic() - started


def held(rule: str) -> Callable[[Line], bool]:
    """The log line that says that replies wait for this limit."""
    return lambda line: line["event"] == "rate limited" and line["rule"] == rule


def report(scenario: str, left: int, seconds: float) -> None:
    """The figure of a scenario (``pytest -s``)."""
    sys.stdout.write(f"\n{scenario}: {left} replies left; the next honest message answered after {seconds:.1f} s\n")


@pytest.mark.parametrize(
    ("strips", "expected"), [(False, 1), (True, 2)], ids=["as they are", "headers stripped on the way"]
)
def test_two_of_ours_answer_each_other(
    mail_server: Dovecot, relay: Relay, neighbour: Neighbour, *, strips: bool, expected: int
) -> None:
    """One practice writes to another at night. Rates: the built-in ones, and none is needed.

    As they are, our replies tell what they are, and the second practice stays silent. Stripped of all that, each
    practice answers the other's address once, and no more in this closed period.
    """

    def forward(number: int, reply: Message) -> list[Answer]:
        to = str(reply["To"])
        if to not in (ADDRESS, QUAY):
            return []
        sender = QUAY if to == ADDRESS else ADDRESS
        return [(sender, to, stripped(sender, to, number))] if strips else [("", to, reply.as_bytes())]

    neighbour.answer = forward
    with (
        Practice(mail_server, relay, rates="") as harbour,
        Practice(mail_server, relay, rates="", address=QUAY) as quay,
    ):
        harbour.start()
        quay.start()
        mail_server.deliver_by_lmtp(ADDRESS, stripped(QUAY, ADDRESS, 999), QUAY)
        neighbour.wait_for(expected)
        left = neighbour.wait_until_quiet()
        assert left == expected
        took = [is_answered(harbour, neighbour, f"ann{strips}"), is_answered(quay, neighbour, f"bob{strips}")]
        assert (harbour.stop(), quay.stop()) == (0, 0)
    report(f"two of ours, {'stripped' if strips else 'as they are'}", left, max(took))


@pytest.mark.parametrize(
    ("robot", "rule", "expected"),
    [
        ("r{}@robot.example", "rate-domain", 5),
        ("r@x{}.robot.example", "rate-domain", 5),
        ("r@robot{}.example", "rate-unauthenticated", 8),
        ("r{}@gmail.com", "rate-unauthenticated", 8),
    ],
    ids=["new address", "new subdomain", "new domain", "new address at a big provider"],
)
def test_a_responder_that_is_somebody_else_each_time(
    mail_server: Dovecot, relay: Relay, neighbour: Neighbour, robot: str, rule: str, expected: int
) -> None:
    """It strips every header and never has the same address: only the rates stop it.

    Rates: per_domain = 5, unauthenticated = 24, of which eight are saved up.
    """
    neighbour.answer = lambda n, _reply: [(robot.format(n), ADDRESS, stripped(robot.format(n), ADDRESS, n))]
    with Practice(mail_server, relay, rates="per_domain = 5\nunauthenticated = 24") as site:
        site.start()
        first = robot.format("first")
        mail_server.deliver_by_lmtp(ADDRESS, stripped(first, ADDRESS, 0), first)
        site.wait_for_log(held(rule), timeout=30)
        left = neighbour.wait_until_quiet()
        assert left == expected
        neighbour.answer = lambda _n, _reply: []
        took = is_answered(site, neighbour, "ann" + re.sub(r"\W", "", robot))
        assert site.stop() == 0
    report(f"somebody else each time ({robot})", left, took)


def test_a_ticket_system_opens_a_case_for_each_reply(mail_server: Dovecot, relay: Relay, neighbour: Neighbour) -> None:
    """New Message-ID and subject, no word of being a machine, one address. Rates: the built-in ones; none is needed."""
    desk = "support@tickets.example"

    def open_case(number: int, _reply: Message) -> list[Answer]:
        case = letter(desk, message_id=f"case.{number}@tickets.example", subject=f"[#{4000 + number}] Received")
        return [(desk, ADDRESS, case.partition(b"\r\n")[2])]

    neighbour.answer = open_case
    with Practice(mail_server, relay, rates="") as site:
        site.start()
        mail_server.deliver_by_lmtp(ADDRESS, stripped(desk, ADDRESS, 0), desk)
        site.wait_until_decided(2)
        left = neighbour.wait_until_quiet()
        assert left == 1
        neighbour.answer = lambda _n, _reply: []
        took = is_answered(site, neighbour, "cara")
        assert site.stop() == 0
    report("a case for each reply", left, took)


def bounces(number: int) -> Iterator[bytes]:
    """One bounce in each of several shapes, the envelope's sender kept or not."""
    whom = f"forged{number}@victim.example"
    report_of = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
    postfix = f"Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: {ADDRESS}"
    exim = f"From: Mail Delivery System <Mailer-Daemon@mx.example>\nTo: {ADDRESS}\nX-Failed-Recipients: {whom}"
    exchange = f"From: postmaster@corp.example\nTo: {ADDRESS}\nSubject: Undeliverable: Automatic reply"
    listserver = f"Return-Path: <bounces-{number}@lists.example>\nFrom: bounces-{number}@lists.example\nTo: {ADDRESS}"
    heads = (
        f"{postfix}\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n{report_of}",
        f"{exim}\nSubject: Mail delivery failed: returning message to sender",
        f"{exchange}\n{report_of}",
        f"{listserver}\nSubject: Delivery Status Notification (Failure)",
    )
    for shape, head in enumerate(heads):
        text = f"{head}\nMessage-ID: <bounce.{number}.{shape}@mx.example>\n\nIt could not be delivered.\n"
        yield text.replace("\n", "\r\n").encode()


def test_a_bounce_storm(mail_server: Dovecot, relay: Relay, neighbour: Neighbour) -> None:
    """Every reply comes back as a hundred bounces, in four shapes. Rates: the built-in ones, none is needed."""
    numbers = count()

    def storm(_number: int, _reply: Message) -> list[Answer]:
        mail_server.deliver_many(ADDRESS, [(bounce, None) for _ in range(25) for bounce in bounces(next(numbers))])
        return []

    neighbour.answer = storm
    with Practice(mail_server, relay, rates="") as site:
        site.start()
        for number in range(5):
            sender = f"forged{number}@victim{number}.example"
            mail_server.deliver_by_lmtp(ADDRESS, stripped(sender, ADDRESS, number), sender)
        site.wait_until_decided(505, timeout=40)
        left = neighbour.wait_until_quiet()
        assert left == 5
        neighbour.answer = lambda _n, _reply: []
        took = is_answered(site, neighbour, "dora")
        assert site.stop() == 0
    report("a bounce storm", left, took)


def test_ten_thousand_forged_senders(mail_server: Dovecot, relay: Relay, neighbour: Neighbour) -> None:
    """Each from another address of another domain, as fast as they can be delivered. Rates: as below."""
    rates = "unauthenticated = 30\nauthenticated = 120\nper_domain = 20\nbreaker = 300"
    with Practice(mail_server, relay, rates=rates) as site:
        site.start()
        assert site.process is not None
        resident = memory_of(site.process.pid)
        forged = [(stripped(f"f{n}@forged{n}.example", ADDRESS, n), None) for n in range(FLOOD)]
        started = time.monotonic()
        mail_server.deliver_many(ADDRESS, forged)
        delivered = time.monotonic() - started
        neighbour.wait_for(10)
        during = is_answered(site, neighbour, "elsa")
        left = neighbour.wait_until_quiet() - 1
        wait_until_idle(site)
        assert 10 <= left <= 10 + (time.monotonic() - started) / 120
        took = is_answered(site, neighbour, "fred")
        grown = memory_of(site.process.pid) - resident
        assert site.stop() == 0
    report(f"{FLOOD} forged senders in {delivered:.0f} s", left, took)
    sys.stdout.write(f"  one during the flood after {during:.1f} s; memory grew by {grown / 1e6:.0f} MB\n")
    assert grown < 60_000_000


def memory_of(pid: int) -> int:
    """Resident octets of a process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def cpu_of(pid: int) -> int:
    """Clock ticks that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_until_idle(site: Site, timeout: float = 40.0) -> None:
    """Until the daemon has taken in all there is and rests."""
    assert site.process is not None
    deadline, used = time.monotonic() + timeout, -1
    while (now := cpu_of(site.process.pid)) - used > 5:
        assert time.monotonic() < deadline, "it does not come to rest"
        used = now
        time.sleep(1.0)
