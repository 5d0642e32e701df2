"""``responder sent`` on an installation: one person is answered, and what she was told is asked for."""

from __future__ import annotations

import email
import email.policy
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

from responder.core.text import text_fingerprint
from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SinkMessage, SmtpSink
from tests.system.site import ADDRESS, RESPONDER, Site, closed_now, letter

FAILPOINTS = str(Path(__file__).parent / "failpoints")
PERSON = "canary.7f3a@mail.example"


def sent(site: Site, address: str) -> str:
    """``responder sent``, with the address on standard input."""
    done = subprocess.run(
        site.command("sent"), env=site.environ, input=address, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain_text(reply: SinkMessage) -> str:
    """The text that she reads."""
    body = email.message_from_bytes(reply.content, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def text_told(said: str) -> str:
    """The text in the command's answer, without its indent."""
    return "\n".join(line[4:] for line in said.splitlines() if line.startswith("    ") or not line).strip("\n")


def command_lines() -> str:
    """What ``ps`` shows to everybody, environment aside."""
    return subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout


def asked_at_a_terminal(site: Site, address: str) -> tuple[str, str]:
    """Types the address when asked for it; what the terminal shows, and what ``ps`` showed while it was asked."""
    near, far = pty.openpty()
    with subprocess.Popen(site.command("sent"), env=site.environ, stdin=far, stdout=far, stderr=far) as process:
        os.close(far)
        shown = _read_until(near, b"Address: ")
        listed = command_lines()
        os.write(near, address.encode() + b"\n")
        shown += _read_until(near, b"after they were last sent.\r\n")
        assert process.wait(30) == 0
    os.close(near)
    return shown.decode().replace("\r\n", "\n"), listed


def _read_until(terminal: int, words: bytes) -> bytes:
    deadline, shown = time.monotonic() + 30, b""
    while words not in shown:
        ready, _, _ = select.select([terminal], [], [], max(deadline - time.monotonic(), 0))
        assert ready, shown
        shown += os.read(terminal, 65536)
    return shown


def test_what_a_person_was_told_beside_the_daemon_and_without_it(dovecot: Dovecot, sink: SmtpSink) -> None:
    """The whole text as it left, and the same after the daemon stopped; her address is nowhere but in the question."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        assert sent(site, PERSON).startswith("No reply to this address is remembered.\n")
        site.deliver(letter(PERSON, message_id="1@mail.example"))
        (reply,) = sink.wait_for(1)
        site.wait_until_decided(1)

        beside = sent(site, f"{PERSON.upper()}\n")
        text = plain_text(reply)
        assert text_told(beside) == text.strip("\n")
        assert {"999", "116 123"} <= set(text_told(beside).splitlines())
        head = re.match(r"(\w{3} \d\d \w{3} \d{4} \d\d:\d\d UTC)  by (\S+)\n(.*)\ntext ([0-9a-f]{16}):\n", beside)
        assert head is not None, beside
        assert head.group(2, 3) == (ADDRESS, "sent")
        assert head.group(4) == text_fingerprint(text)
        assert sent(site, "nobody@mail.example").startswith("No reply to this address is remembered.\n")

        shown, listed = asked_at_a_terminal(site, PERSON)
        assert beside in shown
        assert str(RESPONDER) in listed
        assert "canary" not in listed.lower()

        assert site.stop() == 0
        assert sent(site, PERSON) == beside
        kept = site.log_file.read_bytes() + b"".join(path.read_bytes() for path in site.state.iterdir())
        assert b"Nobody is reading" in kept
        for secret in (b"canary", b"7f3a", b"mail.example", ADDRESS.encode()):
            assert secret not in kept.lower()


def test_what_was_cut_off_after_the_final_dot_is_said_to_be_in_doubt(dovecot: Dovecot, sink: SmtpSink) -> None:
    """Killed before the outcome was written: perhaps sent; and once more, with its text, by the next process."""
    with Site(dovecot, sink, hours=closed_now()) as site:
        paths = os.pathsep.join(filter(None, [FAILPOINTS, site.environ.get("PYTHONPATH")]))
        site.start(environ={"PYTHONPATH": paths, "FAILPOINT": "settle:1"})
        site.deliver(letter(PERSON, message_id="1@mail.example"))
        sink.wait_for(1)
        assert site.process is not None
        site.process.wait(20)
        cut = sent(site, PERSON)
        assert "perhaps sent: the responder ended while it was being sent" in cut
        assert "text: was not kept" in cut
        site.start()
        sink.wait_for(2)
        site.wait_until_decided(1)
        again = sent(site, PERSON)
        assert "\nsent\n(an earlier sending of it was cut off after the final dot" in again
        assert text_told(again) == plain_text(sink.messages()[1]).strip("\n")
        assert site.stop() == 0
