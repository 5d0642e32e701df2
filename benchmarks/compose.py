"""What one reply costs to compose: text, header fields, and the last look at the finished bytes.

    python benchmarks/compose.py [--rounds 15]

By the process's own clock, the median of the rounds. The peers, in the same rounds, only put the same finished texts
into a message and serialise it: the standard library's ``EmailMessage``, and its older ``MIMEText`` with the compat32
policy. They choose no words, and look at nothing afterwards.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

from responder.core.outcome import OutgoingReply

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from responder.core.reply import Composer
from responder.core.reply.choice import choose
from tests.unit.core.reply.composing import MESSAGE_ID, NOW, REPLY, inbound, parsed, settings, variants

REPEATS = 200
"""Replies in a round."""

CASES = {
    "one language": {"languages": ("en",)},
    "two languages": {"languages": ("cy", "en")},
    "two languages and HTML": {"languages": ("cy", "en"), "html": True},
}


def composed(composer: Composer) -> OutgoingReply:
    """One reply."""
    return composer.compose(REPLY, inbound(), variants("GB")["weekend"], now=NOW, message_id=MESSAGE_ID)


def bodies(reply: OutgoingReply) -> list[tuple[str, str]]:
    """Subtype and text of each body."""
    payload = parsed(reply).get_payload()
    parts = payload if isinstance(payload, list) else [parsed(reply)]
    return [(part.get_content_subtype(), part.get_payload(decode=True).decode()) for part in parts]


def with_email_message(reply: OutgoingReply) -> Callable[[], bytes]:
    """The modern API of the standard library."""
    fields, texts = parsed(reply).items(), bodies(reply)

    def build() -> bytes:
        message = EmailMessage(policy=policy.SMTP)
        for name, value in fields:
            if not name.startswith(("Content-T", "MIME")):
                message[name] = value
        message.set_content(texts[0][1])
        for subtype, text in texts[1:]:
            message.add_alternative(text, subtype=subtype)
        return message.as_bytes()

    return build


def with_compat32(reply: OutgoingReply) -> Callable[[], bytes]:
    """The older one."""
    fields, texts = parsed(reply).items(), bodies(reply)

    def build() -> bytes:
        parts = [MIMEText(text, subtype, "utf-8") for subtype, text in texts]
        message = parts[0]
        if len(parts) > 1:
            message = MIMEMultipart("alternative", _subparts=parts)
        for name, value in fields:
            if not name.startswith(("Content-T", "MIME")):
                message[name] = value
        return message.as_bytes()

    return build


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(f"{'microseconds a reply':24} {'ours':>8} {'EmailMessage':>13} {'compat32':>9} {'octets':>7}")
    for name, changes in CASES.items():
        chosen = replace(settings("GB", allow_draft=True), help=choose("GB"), **changes)
        composer = Composer(chosen)
        assert composer.refused == (), composer.refused
        reply = composed(composer)
        runners = [lambda composer=composer: composed(composer), with_email_message(reply), with_compat32(reply)]
        times: list[list[float]] = [[] for _ in runners]
        for _ in range(rounds):
            for run, found in zip(runners, times, strict=True):
                start = time.process_time()
                for _ in range(REPEATS):
                    run()
                found.append((time.process_time() - start) / REPEATS * 1e6)
        ours, modern, older = map(statistics.median, times)
        print(f"{name:24} {ours:8.0f} {modern:13.0f} {older:9.0f} {len(reply.content):7}")


if __name__ == "__main__":
    main()
