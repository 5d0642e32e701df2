"""The commands that look at real servers once: dry-run and check, as installed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import ADDRESS, ALWAYS_OPEN, Site, closed_now, letter


def deliver_a_week(site: Site) -> None:
    """A person twice, a list, a forgotten alias, a no-reply robot."""
    now = datetime.now(UTC)
    site.deliver(letter("tom@mail.example", message_id="1@mail.example"), now - timedelta(hours=3))
    site.deliver(letter("tom@mail.example", message_id="2@mail.example"), now - timedelta(hours=2))
    site.deliver(letter("bo@mail.example", extra=["List-Id: <garden.lists.example>"]), now - timedelta(hours=1))
    site.deliver(letter("ann@town.example", to="info@harbour.example"), now - timedelta(minutes=50))
    site.deliver(letter("no-reply@shop.example"), now - timedelta(minutes=40))


def test_dry_run_shows_one_screen_and_touches_nothing(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The owner sees her week, who would be answered, who may be a person, and the reply; the mailbox is as before."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        deliver_a_week(site)
        before = dovecot.snapshot(ADDRESS)
        result = site.run("dry-run")
        assert result.returncode == 0, result.stderr
        assert dovecot.snapshot(ADDRESS) == before
        assert not site.state.exists()
    shown = result.stdout
    assert "Nothing was sent or changed." in shown
    assert "5 of 5 messages came while closed -> 1 reply to 1 person" in shown
    assert "1 MAYBE PERSON" in shown
    assert "ann@town.example" in shown
    assert "aliases" in shown
    assert "tom@mail.example" in shown
    assert "999 | 116 123 | 85258" in shown
    assert all(len(line) < 200 for line in shown.splitlines())
    assert sink.count() == 0


def test_dry_run_as_json_beside_the_daemon(dovecot: Dovecot, sink: SmtpSink) -> None:
    """One object per message in the order of arrival, and a summary; a running daemon is no hindrance."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        deliver_a_week(site)
        site.start()
        result = site.run("dry-run", "--json")
        assert result.returncode == 0, result.stderr
        assert site.stop() == 0
    *entries, summary = (json.loads(line) for line in result.stdout.splitlines())
    assert (summary["decision"], summary["messages"], summary["replies"]) == ("summary", 5, 1)
    assert summary["structures"] == 0
    assert [entry["uid"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["rule"] for entry in entries] == [
        "out-of-hours", "already-answered", "mailing-list", "not-addressed", "no-reply-sender"
    ]  # fmt: skip
    assert list(entries[0]) == [
        "mailbox", "folder", "uid", "message_id", "received_at", "sender", "recipient", "decision", "rule", "why",
        "maybe_person", "closed_from", "closed_until",
    ]  # fmt: skip
    assert entries[3]["maybe_person"] is True


def test_dry_run_of_one_message_and_of_an_empty_folder(dovecot: Dovecot, sink: SmtpSink) -> None:
    """--show explains one; an empty folder is no error."""
    with Site(dovecot, sink, hours=ALWAYS_OPEN) as site:
        empty = site.run("dry-run")
        assert empty.returncode == 0
        assert "no messages" in empty.stdout
        deliver_a_week(site)
        shown = site.run("dry-run", "--show", "4").stdout
        assert "came in working hours" in shown
        assert "is not among" in site.run("dry-run", "--show", "99").stdout


def test_dry_run_says_what_is_wrong(dovecot: Dovecot, sink: SmtpSink) -> None:
    """A wrong password and a missing folder end with 1, place, reason and cure."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        missing = site.run("dry-run", "--folder", "Nowhere")
        assert missing.returncode == 1
        assert "Nowhere" in missing.stderr
        site.environ["LAB_PASSWORD"] = "wrong"
        refused = site.run("dry-run")
        assert refused.returncode == 1
        assert "password" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_check_is_0_only_if_all_is_well(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Both servers let us in and every reply shows help; then each fault in turn makes it 1."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        fine = site.run("check")
        assert fine.returncode == 0, fine.stdout
        assert sum(line.startswith("ok ") for line in fine.stdout.splitlines()) == 4
        sink.stop()
        no_way_out = site.run("check")
        assert no_way_out.returncode == 1
        assert "WRONG" in no_way_out.stdout
        assert "SMTP" in no_way_out.stdout
        dovecot.stop()
        nothing = site.run("check")
        assert nothing.returncode == 1
        assert nothing.stdout.count("WRONG") == 2
    assert sink.count() == 0


def test_check_proposes_whose_results_to_believe(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The name at the top of the mailbox's own mail, for the owner to add."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        for number in range(4):
            results = f"Authentication-Results: mx.harbour.example; dkim=pass header.d=town{number}.example"
            site.deliver(letter(f"ann@town{number}.example", extra=[results]))
        result = site.run("check")
        assert result.returncode == 0, result.stdout
        assert 'authserv_id = "mx.harbour.example"' in result.stdout
