"""Commands beside a running daemon: the never list, one message of the mailbox explained, other rates."""

from __future__ import annotations

import json
import re
import stat
import subprocess

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import ADDRESS, RESPONDER, Site, closed_now, letter


def never(site: Site, what: str, address: str) -> str:
    """``responder never``, with the address on standard input."""
    done = subprocess.run(
        [str(RESPONDER), "never", what],
        env=site.environ,
        input=address,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_never_beside_the_daemon_and_without_it(dovecot: Dovecot, sink: SmtpSink) -> None:
    """What is put on the list while it runs holds for the next message, and after a restart; taken off, it is over."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        assert stat.S_IMODE((site.state / "control.sock").stat().st_mode) == 0o600
        assert never(site, "add", "Tom@mail.example\n") == "This address never gets a reply from now on.\n"
        site.deliver(letter("tom@mail.example", message_id="1@mail.example"))
        site.wait_until_decided(1)
        assert site.stop() == 0
        assert not (site.state / "control.sock").exists()
        assert never(site, "check", "tom@mail.example").startswith("It is on the list, since 20")
        site.start()
        site.deliver(letter("tom@mail.example", message_id="2@mail.example"))
        site.wait_until_decided(2)
        assert [line["rule"] for line in site.log() if line["event"] == "reply withdrawn"] == ["never-reply"] * 2
        assert never(site, "remove", "tom@mail.example") == "Taken off the list: it may get replies again.\n"
        site.deliver(letter("tom@mail.example", message_id="3@mail.example"))
        sink.wait_for(1)
        assert "tom@" not in site.log_file.read_text(encoding="utf-8").lower()
        assert site.stop() == 0


def test_a_socket_left_by_kill_9_is_no_obstacle(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The list is reached without the daemon, and the next daemon listens again."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        site.kill()
        assert (site.state / "control.sock").exists()
        assert never(site, "add", "tom@mail.example") == "This address never gets a reply from now on.\n"
        site.start()
        assert never(site, "check", "tom@mail.example").startswith("It is on the list")
        assert site.stop() == 0


def test_one_message_of_the_mailbox_is_explained(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Rule by rule, and the mailbox stays as it was found."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.deliver(letter(message_id="1@mail.example"))
        site.deliver(letter("news@shop.example", extra=["List-Id: <news.shop.example>"]))
        before = dovecot.snapshot(ADDRESS)
        done = site.run("explain", "--mailbox", ADDRESS, "--uid", "2")
        assert done.returncode == 0, done.stderr
        assert re.search(r"X H +mailing-list", done.stdout)
        assert "NO REPLY: mailing-list" in done.stdout
        found = json.loads(site.run("explain", "--uid", "1", "--json").stdout)
        assert (found["uid"], found["decision"], found["sender"]) == (1, "reply", "tom@mail.example")
        assert dovecot.snapshot(ADDRESS) == before
        missing = site.run("explain", "--uid", "77")
        assert (missing.returncode != 0, "no message with UID 77" in missing.stderr) == (True, True)


def test_explain_wants_one_message(dovecot: Dovecot, sink: SmtpSink) -> None:
    """A file or a UID: not both, not neither; and no time for what knows its own."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        for words in ([], ["--uid", "1", "letter.eml"], ["--uid", "1", "--at", "2026-11-23T03:00"]):
            done = site.run("explain", *words)
            assert done.returncode != 0
            assert "Traceback" not in done.stderr


def test_higher_rates_let_go_what_waits(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Rates: unauthenticated = 1, then 100. The owner need not wait an hour for her own edit."""
    with Site(dovecot, sink, hours=closed_now(), rates="unauthenticated = 1") as site:
        site.start()
        for number in range(4):
            site.deliver(letter(f"p{number}@d{number}.example", message_id=f"{number}@mail.example"))
        site.wait_for_log(lambda line: line["event"] == "rate limited")
        sink.wait_for(1)
        site.rates = "unauthenticated = 100"
        site.write(closed_now())
        sink.wait_for(4)
        assert site.stop() == 0
