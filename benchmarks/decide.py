"""What one decision costs: parsing a header block and asking the rules.

    python benchmarks/decide.py [--rounds 15]

By the process's own clock. The generated blocks are those of the dry run's benchmark, as a server returns them; of the
corpus each message is judged by itself, the best of the rounds; hostile inputs are as slow as the bounds allow.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.dry_run import content
from responder.core.mail import headers
from responder.core.rules import decide as policy
from tests.unit.core.rules.policy_cases import AT, LIVE
from tools.corpus import OURS, samples

BLOCKS = 2_000
TARGET_P99 = 100e-6
TARGET_WORST = 5e-3
"""Seconds."""


def generated(count: int) -> list[bytes]:
    """Blocks of ordinary mail, with the fields that are asked for."""
    rng = random.Random(1)
    wanted = {name.lower().encode() for name in policy.HEADER_NAMES}
    heads = (content(rng, n).partition(b"\r\n\r\n")[0] for n in range(count))
    fields = (re.split(rb"\r\n(?![ \t])", head) for head in heads)
    return [
        b"\r\n".join(one for one in several if one.partition(b":")[0].lower() in wanted) + b"\r\n\r\n"
        for several in fields
    ]


def hostile() -> dict[str, bytes]:
    """Inputs as large as are read, each against another part of the reader."""
    size = headers.MAX_HEADER_OCTETS
    own = b"Authentication-Results: mx.harbour.example; "
    person = b"From: pip@small.example\r\nTo: hello@harbour.example\r\n"
    patterns = {
        "open comments": b"From: " + b"(" * size,
        "recipients": person + b"To: " + b"a@b.example, " * (size // 13),
        "domains of other scripts": person + b"To: " + "a@bü.example, ".encode() * (size // 15),
        "quotes": person + b"To: " + b'"a" ' * (size // 4),
        "authentication results": person + own + b"dkim=pass header.d=x.example; " * (size // 30),
        "authentication fields": person + (own + b"dkim=pass\r\n") * (size // 55),
        "encoded words": person + b"Subject: " + b"=?utf-8?q?a?= " * (size // 14),
        "short fields": person + b"a:\r\n" * (headers.MAX_HEADER_LINES - 10),
        "folds": person + b"Subject: " + b"a\r\n " * (headers.MAX_HEADER_LINES - 10),
        "Auto-Submitted: no, with comments": person + b"Auto-Submitted: no " + b"(a)" * (size // 3),
        "a thousand times no": person + b"Auto-Submitted: no\r\n" * (headers.MAX_HEADER_LINES - 10),
        "suppressed receipts": person + b"X-Auto-Response-Suppress: " + b"DR, " * (size // 4),
        "list ids": person + b"List-Id: " + b"<" * size,
        "references": person + b"References: " + b"<ahr.0123456789abcdef" * (size // 21),
    }
    return {name: block[:size] for name, block in patterns.items()}


def spent(work: Callable[[], object], rounds: int) -> float:
    """Seconds, the best of so many rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def judged(block: bytes) -> object:
    """One message, from bytes to decision."""
    return policy.decide(headers.parse(block, AT, frozenset()), OURS, LIVE)


def main() -> None:
    """Measure and print; the limits are checked too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    blocks = generated(BLOCKS)
    messages = [headers.parse(block, AT, frozenset()) for block in blocks]
    parse = spent(lambda: [headers.parse(block, AT, frozenset()) for block in blocks], rounds) / BLOCKS
    decide = spent(lambda: [policy.decide(message, OURS, LIVE) for message in messages], rounds) / BLOCKS
    print(f"generated blocks, {len(blocks[0])} octets: parse {parse * 1e6:.1f} us, decide {decide * 1e6:.1f} us")

    parsed = [(headers.parse(sample.block, AT, sample.flags), sample) for sample in samples()]
    times = sorted(spent(lambda message=message: policy.decide(message, OURS, LIVE), rounds) for message, _ in parsed)
    p99 = times[int(len(times) * 0.99)]
    print(
        f"corpus, {len(times)} messages, the decision: median {times[len(times) // 2] * 1e6:.1f} us, "
        f"99th percentile {p99 * 1e6:.1f} us, worst {times[-1] * 1e6:.1f} us"
    )
    both = sorted(spent(lambda block=sample.block: judged(block), rounds) for _, sample in parsed)
    middle, high = both[len(both) // 2], both[int(len(both) * 0.99)]
    print(f"corpus, parsed and decided: median {middle * 1e6:.1f} us, 99th percentile {high * 1e6:.1f} us")
    bad = {name: spent(lambda block=block: judged(block), rounds) for name, block in hostile().items()}
    for name, seconds in sorted(bad.items(), key=lambda one: -one[1]):
        print(f"hostile, {name:<36} {seconds * 1e3:6.2f} ms")
    assert p99 < TARGET_P99, p99
    assert max(bad.values()) < TARGET_WORST, max(bad.values())


if __name__ == "__main__":
    main()
