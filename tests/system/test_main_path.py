"""The installed daemon against Dovecot over TLS; what leaves is counted at smtp-sink."""

from __future__ import annotations

import email
import email.policy
import signal
from datetime import UTC, datetime, timedelta

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import ADDRESS, ALWAYS_OPEN, Site, closed_now, letter


def test_out_of_hours_a_person_is_answered_with_help(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Out of hours a person is answered at once, with the emergency number and a crisis line."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        site.deliver(letter("person0@mail.example", message_id="0@mail.example"))
        (reply,) = sink.wait_for(1)
        assert site.stop() == 0
    assert reply.sender == ""
    assert reply.recipient == "person0@mail.example"
    message = email.message_from_bytes(reply.content, policy=email.policy.default)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == "<0@mail.example>"
    lines = message.get_content().splitlines()
    assert "999" in lines
    assert "116 123" in lines


def test_in_hours_nothing_leaves(dovecot: Dovecot, sink: SmtpSink) -> None:
    """In working hours nobody is answered."""
    with Site(dovecot, sink, hours=ALWAYS_OPEN) as site:
        site.start()
        site.deliver(letter(message_id="day@mail.example"))
        site.wait_until_decided(1)
        assert site.ends() == {1: "skip"}
        assert site.stop() == 0
    assert sink.count() == 0


def test_two_messages_of_one_person_get_one_reply(dovecot: Dovecot, sink: SmtpSink) -> None:
    """A second message in the same closed period gets no second reply, whatever the spelling of the address."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        site.deliver(letter("tom@mail.example", message_id="one@mail.example"))
        site.wait_until_decided(1)
        site.deliver(letter("Tom@Mail.Example", message_id="two@mail.example"))
        site.wait_until_decided(2)
        assert site.stop() == 0
    assert sink.count() == 1


def test_the_mailbox_stays_as_it_was_found(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Flags, UIDs and modification sequences are the same before and after messages were judged and answered."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        site.signal(signal.SIGSTOP)  # the snapshot comes before the daemon has seen anything
        for number in range(5):
            site.deliver(letter(f"p{number}@mail.example"))
        before = dovecot.snapshot(ADDRESS)
        site.signal(signal.SIGCONT)
        site.wait_until_decided(5)
        assert site.stop() == 0
        assert dovecot.snapshot(ADDRESS) == before
    assert len(before.messages) == 5
    assert sink.count() == 5


def test_only_people_are_answered(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Lists, machines, bounces, ourselves and forged senders get nothing; the person among them gets a reply."""
    extra = 'authserv_id = "mx.harbour.example"'
    forged = "Authentication-Results: mx.harbour.example; dmarc=fail header.from=mail.example"
    with Site(dovecot, sink, hours=closed_now(), extra=extra) as site:
        site.start()
        site.deliver(letter("a@mail.example", extra=["List-Id: <garden.lists.example>"]))
        site.deliver(letter("b@mail.example", extra=["Auto-Submitted: auto-generated"]))
        site.deliver(letter("no-reply@mail.example"))
        site.deliver(letter("c@mail.example").replace(b"Return-Path: <c@mail.example>", b"Return-Path: <>"))
        site.deliver(letter(ADDRESS))
        site.deliver(letter("d@mail.example", extra=[forged]))
        site.deliver(letter("person@mail.example"))
        site.wait_until_decided(7)
        assert site.stop() == 0
    assert [reply.recipient for reply in sink.messages()] == ["person@mail.example"]


def test_old_mail_stays_unanswered(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The first start answers nothing that was already there."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        for number in range(5):
            site.deliver(letter(f"old{number}@mail.example"))
        site.start()
        site.deliver(letter("new@mail.example"))
        site.wait_until_decided(1)
        assert site.stop() == 0
    assert [reply.recipient for reply in sink.messages()] == ["new@mail.example"]


def test_what_came_while_it_was_down_is_answered_unless_it_is_too_old(dovecot: Dovecot, sink: SmtpSink) -> None:
    """After a restart the night's mail is answered; what is older than max_age is not."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        assert site.stop() == 0
        site.deliver(letter("yesterday@mail.example"), datetime.now(UTC) - timedelta(hours=30))
        site.deliver(letter("night@mail.example"), datetime.now(UTC) - timedelta(hours=2))
        site.start()
        site.wait_until_decided(2)
        assert site.stop() == 0
    assert [reply.recipient for reply in sink.messages()] == ["night@mail.example"]


def test_nothing_private_is_kept_or_logged(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Neither log nor ledger holds an address, a subject or a Message-ID."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        site.deliver(letter("canary@mail.example", message_id="canary-id@mail.example", subject="canary-subject"))
        site.wait_until_decided(1)
        assert site.stop() == 0
        kept = site.log_file.read_bytes() + b"".join(path.read_bytes() for path in site.state.iterdir())
    assert b"canary" not in kept
    assert ADDRESS.encode() not in kept
    assert b"harbour" not in kept


def test_a_second_daemon_on_one_state_directory_refuses(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Two daemons would answer twice: the second says why and ends."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        second = site.run("run")
        assert second.returncode == 1
        assert "another" in second.stderr.lower()
        assert str(site.state) in second.stderr
        assert site.stop() == 0


def test_a_bad_file_is_refused_with_78_and_a_bad_reload_changes_nothing(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Systemd does not restart on 78; a running daemon keeps the last good file and goes on answering."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        good = site.config.read_text(encoding="utf-8")
        site.config.write_text(good.replace("[hours]", "[hours]\nthurday = 9"), encoding="utf-8")
        site.signal(signal.SIGHUP)
        line = site.wait_for_log(lambda line: "refused" in line["event"])
        assert "thurday" in line["why"]
        site.config.write_text(good.replace("[hours]", "[hours"), encoding="utf-8")  # nothing of it can be read
        refused = site.run("run")
        assert refused.returncode == 78
        assert "config.toml:" in refused.stderr
        site.deliver(letter("person@mail.example"))
        site.wait_until_decided(1)
        assert site.stop() == 0
    assert sink.count() == 1


def test_a_reload_opens_the_practice_without_a_new_connection(dovecot: Dovecot, sink: SmtpSink) -> None:
    """New hours are in force at once, and the mailbox keeps its connection."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        site.write(ALWAYS_OPEN)
        site.signal(signal.SIGHUP)
        site.wait_for_log(lambda line: "reloaded" in line["event"])
        site.deliver(letter("person@mail.example"))
        site.wait_until_decided(1)
        assert site.stop() == 0
        assert sum(line["event"] == "watching" for line in site.log()) == 1
    assert sink.count() == 0
