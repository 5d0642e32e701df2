"""A line that cannot be shown, and a comparison that is long ago, cost nobody the reply."""

from __future__ import annotations

import email
import email.policy

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import Site, closed_now, letter

CRISIS = '[crisis]\ncompared_on = 2026-01-01\nlines = ["gb-gone-since-the-upgrade"]\n'


def test_a_start_with_a_line_that_is_gone_answers_all_the_same(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The general lines stand in, and the log says what is wrong and what to do."""
    with Site(dovecot, sink, hours=closed_now(), extra=CRISIS) as site:
        site.start()
        site.deliver(letter("person0@mail.example", message_id="0@mail.example"))
        (reply,) = sink.wait_for(1)
        assert site.stop() == 0
        log = site.log_file.read_text(encoding="utf-8")
    lines = email.message_from_bytes(reply.content, policy=email.policy.default).get_content().splitlines()
    assert "999" in lines
    assert "116 123" in lines
    assert 'the directory has no crisis line \\"gb-gone-since-the-upgrade\\"' in log
    assert "crisis lines were last compared" in log
