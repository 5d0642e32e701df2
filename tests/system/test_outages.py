"""Servers that go away and come back, UIDs that change, a stop in the middle of anything."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import ADDRESS, Site, closed_now, letter

OLD_MESSAGES = 5000


def test_dovecot_gone_for_a_while(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Mail that came while the server was away is answered when it is back, and the outage is a few log lines."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        dovecot.kill()
        site.wait_for_log(lambda line: line["event"] == "disconnected")
        site.deliver(letter("night@mail.example"))
        time.sleep(5)
        before = len(site.log())
        dovecot.start()
        site.wait_for_log(lambda line: line["event"] == "watching again", after=before, timeout=70)
        site.wait_until_decided(1)
        assert site.stop() == 0
        troubles = [line for line in site.log() if line["event"] == "disconnected"]
        assert len(troubles) <= 3
    assert [reply.recipient for reply in sink.messages()] == ["night@mail.example"]


def test_uidlist_deleted(dovecot: Dovecot, sink: SmtpSink) -> None:
    """A new UIDVALIDITY over thousands of old messages: what is new is answered, nothing else, and nobody twice."""
    long_ago = datetime.now(UTC) - timedelta(days=3)
    with Site(dovecot, sink, hours=closed_now()) as site:
        dovecot.deliver_many(ADDRESS, [(letter(f"old{n}@mail.example"), long_ago) for n in range(OLD_MESSAGES)])
        site.start()
        site.deliver(letter("before@mail.example", message_id="before@mail.example"))
        site.wait_until_decided(1)
        dovecot.stop()
        dovecot.delete_uidlist(ADDRESS)
        time.sleep(2.1)  # the margin within which a message may be looked at again is two seconds
        site.deliver(letter("after@mail.example", message_id="after@mail.example"))
        dovecot.start()
        site.wait_for_log(lambda line: "UIDVALIDITY" in line["event"], timeout=70)
        sink.wait_for(2, timeout=30)
        site.deliver(letter("later@mail.example", message_id="later@mail.example"))
        sink.wait_for(3, timeout=30)
        assert site.stop() == 0
    recipients = sorted(reply.recipient for reply in sink.messages())
    assert recipients == ["after@mail.example", "before@mail.example", "later@mail.example"]


def test_smtp_down_then_up(dovecot: Dovecot, sink: SmtpSink) -> None:
    """A reply that cannot leave stays due, also over a restart, and leaves when the way out is open again."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        sink.stop()
        site.start()
        site.deliver(letter("night@mail.example"))
        site.wait_for_log(lambda line: line["event"] == "reply deferred")
        assert site.stop() == 0
        sink.start()
        time.sleep(0.1)
        site.start()
        sink.wait_for(1, timeout=60)
        assert site.stop() == 0
    assert sink.count() == 1


@pytest.mark.parametrize("blocked", ["watching", "connecting", "retrying"])
def test_a_stop_never_hangs(dovecot: Dovecot, sink: SmtpSink, blocked: str) -> None:
    """SIGTERM ends the daemon within ten seconds whatever it is doing, and the exit status is 0."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        if blocked == "retrying":
            dovecot.stop()
        if blocked == "connecting":
            dovecot.kill()
        site.start(wait=blocked == "watching")
        site.wait_for_log(lambda line: line["event"] in {"watching", "disconnected"})
        assert site.stop(timeout=20) == 0
