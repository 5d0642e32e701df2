"""What leaves when the practice's own words, or what they stand on, break: read at smtp-sink, header fields and all."""

from __future__ import annotations

import email
import email.policy

import pytest

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import Site, closed_now, letter

DISCREET = '\n[mailbox.reply]\nstyle = "discreet"\n'
TELLING = ("Harbour Counselling", "Counselling", "Samaritans", "SHOUT", "crisis", "Thank you for writing")
"""What a discreet reply must not say; its address, which has a domain, it cannot help saying."""

BROKEN = {
    "a template without help": "Nobody is here.\n",
    "a template with the numbers typed by hand": "Call\n999\nor\n116 123\n{{ nobody }}\n",
    "a template that names the practice": "Harbour Counselling is closed.\n{{ help }}\n",
    "a template that is broken": "{{ help }",
    "a template that says it only when open": "{% if opens %}{{ help }}{% endif %}\n",
    "a template that is no text": "\x00\x01",
    "a template that is gone": None,
}


def answered(site: Site, sink: SmtpSink, sender: str, count: int) -> str:
    """Deliver a letter, and give all that the sink got for it: header fields decoded, and the text."""
    site.deliver(letter(sender, message_id=sender))
    content = sink.wait_for(count)[-1].content
    message = email.message_from_bytes(content, policy=email.policy.default)
    fields = "\n".join(f"{name}: {value}" for name, value in message.items())
    part = message.get_body(("plain",))
    assert part is not None
    return f"{fields}\n\n{part.get_content()}".replace("\r\n", "\n")


@pytest.mark.parametrize("style", ["ordinary", "discreet"])
def test_every_broken_template_in_turn_still_gives_help(dovecot: Dovecot, sink: SmtpSink, style: str) -> None:
    """While it runs: each is told in the log, the built-in words of the same style go out, and nothing stops."""
    extra = f'\n[mailbox.reply]\nstyle = "{style}"\ntemplate = "reply.txt"\n'
    with Site(dovecot, sink, hours=closed_now(), extra=extra) as site:
        template = site.root / "reply.txt"
        template.write_text("We are not here.\n\n{{ help }}\n{{ repeat }}\n")
        site.start()
        assert "We are not here." in answered(site, sink, "first@mail.example", 1)
        for number, (what, text) in enumerate(BROKEN.items(), 2):
            if what == "a template that names the practice" and style == "ordinary":
                continue
            before = len(site.log())
            template.unlink(missing_ok=True)
            if text is not None:
                template.write_text(text)
            site.wait_for_log(
                lambda line: line.get("level") == "error" and "mailbox.reply.template" in str(line), after=before
            )
            seen = answered(site, sink, f"p{number}@mail.example", len(site.replies()) + 1)
            assert "\n999\n" in seen, what
            assert "\n116 123\n" in seen, what
            assert "This is an automatic reply." in seen, what
            if style == "discreet":
                assert [word for word in TELLING if word in seen] == [], what
            assert site.run("check").returncode == 1
        assert site.stop() == 0


def test_it_starts_with_everything_that_can_be_missing(dovecot: Dovecot, sink: SmtpSink) -> None:
    """A line that is gone from the directory, an old comparison, a language without a text, a template that is gone."""
    extra = '\n[crisis]\nlines = ["gb-gone"]\ncompared_on = 2020-01-01\n\n[reply]\ntemplate = "gone.txt"\n'
    with Site(dovecot, sink, hours=closed_now(), extra=extra) as site:
        site.config.write_text(site.config.read_text().replace('["en"]', '["fi", "cy"]'))
        site.start()
        seen = answered(site, sink, "tom@mail.example", 1)
        assert site.stop() == 0
        told = "\n".join(str(line) for line in site.log() if line.get("level") in {"error", "warning"})
    assert "\n999\n" in seen
    assert "\n116 123\n" in seen
    assert "This is an automatic reply. Thank you for writing." in seen
    for word in ("crisis.lines", "compared", "practice.languages", "reply.template"):
        assert word in told


def test_two_languages_and_html_arrive_whole(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The numbers once in each body; nothing of the sender's in any."""
    extra = "\n[reply]\nallow_draft = true\nhtml = true\n"
    with Site(dovecot, sink, hours=closed_now(), extra=extra) as site:
        site.config.write_text(site.config.read_text().replace('["en"]', '["cy", "en"]'))
        site.start()
        site.deliver(letter("tom@mail.example", message_id="1@mail.example", subject="A Secret Matter"))
        (reply,) = sink.wait_for(1)
        assert site.stop() == 0
    message = email.message_from_bytes(reply.content, policy=email.policy.default)
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().splitlines().count("116 123") == 1
    assert html.get_content().count('<a href="tel:116123">116 123</a>') == 1
    assert b"Secret" not in reply.content
    assert b"Matter" not in reply.content
