"""A hundred reloads in a row, half of them of broken files, while mail comes in."""

from __future__ import annotations

import signal
import threading
from collections import Counter, deque
from pathlib import Path

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import ADDRESS, Site, closed_now, letter

RELOADS = 100
MESSAGES = 300
GROWTH_KB = 4_096
"""Resident memory that a hundred reloads may add: what the allocator keeps, not what a leak would take."""

BREAKAGES = (
    ("[hours]", "[hours]\nthurday = 9"),
    ("[hours]", "[hours\n"),
    ('"UTC"', '"London"'),
    ("[[mailbox]]", "[mailbox]"),
    ("password = {", "password = {{"),
)


def resident_kb(site: Site) -> int:
    """The daemon's resident memory."""
    assert site.process is not None
    status = Path(f"/proc/{site.process.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


def reloaded(site: Site) -> int:
    """How often the file was read again, taken or refused (one problem each)."""
    return sum("reloaded" in line["event"] or "refused" in line["event"] for line in site.log())


def reload_with(site: Site, text: str) -> None:
    """Save, ask, and wait for the answer."""
    before = len(site.log())
    site.config.write_text(text, encoding="utf-8")
    site.signal(signal.SIGHUP)
    site.wait_for_log(lambda line: "reloaded" in line["event"] or "refused" in line["event"], after=before)


def test_a_hundred_reloads_under_load_lose_nothing(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Nobody is left out or answered twice, the connection is kept, memory stays flat, and the last good file holds."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        good = site.config.read_text(encoding="utf-8")
        for hour in range(10, 16):  # the first reloads load what only reloads need
            reload_with(site, good.replace("09:00", f"{hour}:30", 1))
            reload_with(site, good.replace(*BREAKAGES[hour % len(BREAKAGES)], 1))
        site.deliver(letter("first@mail.example", message_id="first@mail.example"))  # and what only replies need
        site.wait_until_decided(1)
        before = resident_kb(site)
        senders = [letter(f"p{n}@mail.example", message_id=f"{n}@mail.example") for n in range(MESSAGES)]
        mail = threading.Thread(target=lambda: deque(map(site.deliver, senders), maxlen=0))
        mail.start()
        for number in range(RELOADS // 2):
            reload_with(site, good.replace("09:00", f"1{number % 6}:{number:02}", 1))
            reload_with(site, good.replace(*BREAKAGES[number % len(BREAKAGES)], 1))
        mail.join()
        site.wait_until_decided(MESSAGES + 1, timeout=60)
        after = resident_kb(site)
        reload_with(site, good)
        events = Counter(line["event"] for line in site.log())
        assert site.stop() == 0
    everyone = ("first", *(f"p{n}" for n in range(MESSAGES)))
    assert Counter(reply.recipient for reply in sink.messages()) == {f"{one}@mail.example": 1 for one in everyone}
    assert events["watching"] == 1
    assert events["watching again"] == 0
    assert after - before < GROWTH_KB, (before, after)
    assert ADDRESS not in "".join(events)


def test_a_mailbox_put_above_another_takes_its_number(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Log lines name mailboxes by their place in the file: also when that changes, and without a new connection."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        text = site.config.read_text(encoding="utf-8")
        at = text.index("[[mailbox]]")
        other = text[at:].replace(ADDRESS, "other@harbour.example").replace('aliases = ["help@harbour.example"]', "")
        before = len(site.log())
        reload_with(site, f"{text[:at]}{other}\n{text[at:]}")
        site.wait_for_log(lambda line: line["event"] == "watching", after=before)
        assert [line["changed"] for line in site.log() if "changed" in line] == ["mailbox"]
        site.deliver(letter("tom@mail.example"))
        line = site.wait_for_log(lambda line: line["event"] == "reply sent")
        assert line["mailbox"] == "mailbox 2"
        assert [line["mailbox"] for line in site.log() if line["event"] == "watching"] == ["mailbox 1", "mailbox 1"]
        assert site.stop() == 0
