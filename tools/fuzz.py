"""Throw damaged messages of the corpus at the parser and the rules, and see what breaks.

    python -m tools.fuzz [--seconds 180] [--processes 2] [--inputs N] [--seed N]

Nothing may raise, nothing may warn, an added automation header may not earn a reply, and line ends may not change a
decision. Prints how many inputs were judged, and the slowest. Exit status 1 with the input when something broke.
"""

from __future__ import annotations

import argparse
import heapq
import multiprocessing
import random
import re
import sys
import time
import warnings
from typing import NamedTuple

from responder.core.decision import Reply, Skip
from responder.core.mail import headers
from responder.core.rules import decide as policy
from tests.unit.core.rules.policy_cases import AT, LIVE
from tools.corpus import OURS, samples

TOKENS = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n ",
        b"\n\t",
        b"\0",
        b"\xff",
        b"\xc3",
        b":",
        b";",
        b",",
        b"<",
        b">",
        b"@",
        b'"',
        b"\\",
    ),
    *(b"(", b")", b"((((((((", b"[", b"]", b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"=", b" = ", b"no", b"All", b"bulk"),
    *(b"hello@harbour.example", b"noreply@x.example", b"<>", b"x@xn--\xe4.example", b"mx.harbour.example; dmarc=pass"),
    *(b"From: ", b"To: ", b"Reply-To: ", b"Received: ", b"; Sat, 21 Nov 2026 21:14:09 +0000", b"\xf0\x9f\x98\x80"),
    *(name.encode() + b": " for name in policy.HEADER_NAMES),
)
AUTOMATION = (
    *(b"Auto-Submitted: auto-replied", b"Precedence: bulk", b"List-Id: <a.b>", b"X-Auto-Response-Suppress: All"),
    *(b"X-Autoreply: yes", b"Auto-Submitted: no", b"X-Loop: yes", b"Feedback-ID: a:b", b"X-Failed-Recipients: a@b"),
    *(
        b"Content-Type: multipart/report",
        b"Precedence: first-class",
        b"X-Spam-Flag: YES",
        b"Message-Context: fax-message",
    ),
)
LOOKED_AT_TWICE = 0.1
"""The share of the inputs that the two properties are tried on; each costs as much as the input itself."""

KEPT = 50
"""So many of the slowest inputs are timed again at the end: a pause of the machine's looks slow as well."""

FLOODED = 0.003
"""The share in which something stands hundreds or thousands of times."""

LONGEST = 2 * headers.MAX_HEADER_OCTETS


class Found(NamedTuple):
    """What one process saw."""

    inputs: int
    slow: list[tuple[float, bytes]]
    trouble: str = ""
    trouble_input: bytes = b""


def damaged(rng: random.Random, corpus: list[bytes]) -> bytes:
    """One message with a handful of things wrong."""
    content = bytearray(rng.choice(corpus))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 6))):
        at = int(rng.random() * (len(content) + 1))
        to = at + int(rng.random() * 40)
        match int(rng.random() * 8):
            case 0:
                content[at:to] = b""
            case 1:
                content[at:at] = rng.choice(TOKENS)
            case 2:
                content[at:to] = rng.choice(TOKENS)
            case 3:
                content[at:at] = bytes(content[at:to]) * rng.choice((1, 2, 3, 50))
            case 4:
                content[at : at + 1] = bytes((int(rng.random() * 256),))
            case 5:
                other = rng.choice(corpus)
                cut = rng.randrange(len(other))
                content[at:at] = other[cut : cut + 80]
            case 6:
                content[at:at] = rng.choice(TOKENS) * (
                    1 if rng.random() > FLOODED else rng.choice((100, 2_000, 30_000))
                )
            case _:
                lines = bytes(content).split(b"\n")
                rng.shuffle(lines)
                content = bytearray(b"\n".join(lines))
    return bytes(content[:LONGEST])


def judged(content: bytes) -> Reply | Skip:
    """What we would do now, out of hours."""
    return policy.decide(headers.parse(content, AT, frozenset()), OURS, LIVE)


def trouble_with(rng: random.Random, content: bytes, decision: Reply | Skip) -> str:
    """What is wrong with a decision; empty when nothing is."""
    if isinstance(decision, Reply) and not re.fullmatch(
        r"[^\s<>,\x00-\x20]+@[a-z0-9._-]+", decision.correspondent.addr_spec
    ):
        return f"a reply to {decision.correspondent!r}"
    if rng.random() < LOOKED_AT_TWICE:
        after = judged(rng.choice(AUTOMATION) + b"\r\n" + content)
        if isinstance(decision, Skip) and isinstance(after, Reply):
            return "an automation header earned a reply"
    if rng.random() < LOOKED_AT_TWICE and b"\r" not in content and len(content) < headers.MAX_HEADER_OCTETS // 2:
        after = judged(content.replace(b"\n", b"\r\n"))
        if after != decision:
            return f"line ends changed {decision} into {after}"
    return ""


def work(seed: int, seconds: float, inputs: int) -> Found:
    """One process's share."""
    warnings.simplefilter("error")
    rng = random.Random(seed)
    corpus = [sample.block for sample in samples()]
    count, end = 0, time.monotonic() + seconds
    slow: list[tuple[float, bytes]] = [(0.0, b"")] * KEPT
    while count < inputs and (count % 256 or time.monotonic() < end):
        content = damaged(rng, corpus)
        start = time.process_time()
        try:
            decision = judged(content)
            spent = time.process_time() - start
            trouble = trouble_with(rng, content, decision)
        except Exception as error:  # noqa: BLE001 - anything at all is what is looked for
            return Found(count, slow, repr(error), content)
        if trouble:
            return Found(count, slow, trouble, content)
        if spent > slow[0][0]:
            heapq.heapreplace(slow, (spent, content))
        count += 1
    return Found(count, slow)


def least(content: bytes) -> float:
    """Seconds for one input without what else the machine does: the best of nine, by this process's own clock."""
    times = []
    for _ in range(9):
        start = time.process_time()
        judged(content)
        times.append(time.process_time() - start)
    return min(times)


def main() -> int:
    """Run the processes, print what they found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    options = parser.parse_args()
    share = -(-options.inputs // options.processes)
    jobs = [(options.seed + n, options.seconds, share) for n in range(options.processes)]
    with multiprocessing.Pool(options.processes) as pool:
        found = pool.starmap(work, jobs)
    worst = max((content for one in found for _, content in one.slow), key=least)
    print(f"{sum(one.inputs for one in found):,} inputs in {options.processes} processes, seed {options.seed}")
    print(f"slowest: {least(worst) * 1e3:.2f} ms of its own for {len(worst):,} octets: {worst[:60]!r}")
    for one in found:
        if one.trouble:
            print(f"{one.trouble}\n{one.trouble_input!r}")
    return 1 if any(one.trouble for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
