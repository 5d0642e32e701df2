"""How fast the dry run judges a large mailbox, beside imap_tools reading the same headers in the same run.

    python benchmarks/dry_run.py [--messages 100000] [--rounds 3]

A real Dovecot on loopback, TLS, 60 of 100 messages in working hours, header caches warm. The dry run is the installed
command as a whole process: start, login, search, fetch, judge, sort, print (JSON, to a file). imap_tools only reads.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.lab.dovecot import Dovecot
from tests.system.site import ADDRESS, Site

WEEK = "\n".join(f'{day} = "09:00-17:00"' for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))
IN_HOURS = 0.6


def generate(count: int) -> list[tuple[bytes, datetime]]:
    """Letters from people, lists and machines over the last year."""
    rng = random.Random(1)
    monday = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday() + 364)
    return [(content(rng, n), arrival(rng, monday)) for n in range(count)]


def arrival(rng: random.Random, monday: datetime) -> datetime:
    """A time of arrival: so many in a hundred in working hours."""
    day = monday + timedelta(weeks=rng.randrange(51), days=rng.randrange(5))
    if rng.random() < IN_HOURS:
        return day + timedelta(hours=9, seconds=rng.randrange(8 * 3600))
    return day + timedelta(hours=17, seconds=rng.randrange(16 * 3600))


def content(rng: random.Random, n: int) -> bytes:
    """One message of about 2 KB of header, as mail through two hosts has."""
    sender = f"person{rng.randrange(20_000)}@town{rng.randrange(300)}.example"
    lines = [
        f"Return-Path: <{sender}>",
        *(
            f"Received: from out{hop}.town.example (out{hop}.town.example [192.0.2.{hop}])\r\n"
            f"\tby mx{hop}.harbour.example (Postfix) with ESMTPS id {rng.getrandbits(40):X}\r\n"
            f"\tfor <{ADDRESS}>; Mon, 23 Nov 2026 03:04:05 +0000"
            for hop in range(3)
        ),
        f"Authentication-Results: mx.harbour.example; dkim=pass header.d={sender.partition('@')[2]}; dmarc=pass",
        f"DKIM-Signature: v=1; a=rsa-sha256; d=town.example; s=a; b={'A' * 300}",
        f"From: Somebody <{sender}>",
        f"To: Harbour <{ADDRESS}>",
        f"Subject: message {n}",
        f"Message-ID: <{n}.{rng.getrandbits(60):x}@town.example>",
        "Date: Mon, 23 Nov 2026 03:04:05 +0000",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    ]
    kind = rng.random()
    if kind < 0.3:
        lines += ["List-Id: <garden.lists.example>", "Precedence: list"]
    elif kind < 0.4:
        lines += ["Auto-Submitted: auto-generated"]
    return "\r\n".join([*lines, "", "Hello. " * 200, ""]).encode()


def timed_dry_run(site: Site, out: Path) -> float:
    """Seconds of one whole dry run."""
    with out.open("wb") as file:
        start = time.perf_counter()
        subprocess.run(site.command("dry-run", "--json"), env=site.environ, stdout=file, check=True)
        return time.perf_counter() - start


PEER = """
import ssl, sys
from imap_tools import MailBox
context = ssl.create_default_context(cafile=sys.argv[2])
count = 0
with MailBox("127.0.0.1", int(sys.argv[1]), ssl_context=context).login(sys.argv[3], sys.argv[4]) as box:
    for message in box.fetch(headers_only=True, bulk=500, mark_seen=False):
        message.from_, message.to, message.date, message.headers
        count += 1
print(count)
"""


def timed_peer(dovecot: Dovecot) -> float:
    """Seconds for imap_tools to read every header once."""
    words = [str(dovecot.tls_port), str(dovecot.ca_file), ADDRESS, dovecot.password]
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", PEER, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Generate, warm, measure in turn, print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Dovecot() as dovecot, Site(dovecot, None, hours=WEEK) as site:
        dovecot.deliver_many(ADDRESS, generate(options.messages))
        out = site.root / "out.jsonl"
        cold = timed_dry_run(site, out)
        print(f"cold  dry run     {cold:8.2f} s  {options.messages / cold:9,.0f} decisions/s", flush=True)
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(timed_dry_run(site, out))
            theirs.append(timed_peer(dovecot))
        lines = out.read_bytes().count(b"\n")
        assert lines == options.messages + 1, f"{lines} lines for {options.messages} messages and the summary"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    for name, seconds, what in (("dry run", ours, "decisions"), ("imap_tools", theirs, "messages")):
        median = statistics.median(seconds)
        spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
        print(f"warm  {name:<11} {median:8.2f} s  {options.messages / median:9,.0f} {what}/s  ({spread} s)")
    print(f"peak memory of the largest child: {peak:.0f} MB")


if __name__ == "__main__":
    main()
