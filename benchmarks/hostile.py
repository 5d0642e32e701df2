"""What texts made to be slow cost, and the usual ones beside them.

    python benchmarks/hostile.py [--rounds 3]

By the process's own clock, the best of the rounds: headers as large as are read, senders of 64 KB, log lines of a
hostile server, templates as large as are taken, and the example file loaded again, as at a reload. The tests read the
same texts without a clock. Exit status 1 when anything costs more than its bound.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from responder.core.lint import lint_template
from responder.core.mail import headers
from responder.core.mail.addresses import read_sender
from responder.core.rules.decide import judge_rules
from responder.core.text import redact
from tests import ROOT
from tests.configs import load
from tests.unit.core.lint import test_lint_properties as lint_texts
from tests.unit.core.mail.test_addresses import BOMBS
from tests.unit.core.mail.test_headers import HOSTILE, parse
from tests.unit.core.rules.policy_cases import MAILBOX
from tests.unit.daemon.test_logs import MUCH

SENDER = 64_000
"""Characters of a hostile From."""


class Case(NamedTuple):
    """One thing to do, and the milliseconds that it may take."""

    room: str
    text: str
    bound: float
    run: Callable[[], object]


def judged(block: bytes) -> None:
    """From bytes to every rule."""
    list(judge_rules(parse(block), MAILBOX))


def linted(text: str, language: str) -> None:
    """A template of a discreet mailbox, which is searched for most."""
    lint_template(text, language=language, discreet=True, practice_name="Harbour Counselling")


def cases() -> Iterator[Case]:
    """Everything that is timed."""
    for text in HOSTILE:
        block = text.encode()[: headers.MAX_HEADER_OCTETS]
        yield Case("headers, 64 KB", ascii(text[:24]), 100, lambda block=block: judged(block))
    for text in BOMBS:
        yield Case("sender, 64 KB", ascii(text), 250, lambda text=text: read_sender(text * (SENDER // len(text))))
    for text in MUCH:
        yield Case("log line, 100,000 times", ascii(text), 2000, lambda text=text: redact(text * 100_000))
    for language in ("en", "de", "fr"):
        for name, text in lint_texts.HOSTILE.items():
            yield Case("template, 16 KB", f"{language}, {name}", 500, lambda t=text, c=language: linted(t, c))
        yield Case("template, honest", language, 150, lambda language=language: linted(lint_texts.TEMPLATE, language))
    example = Path(tempfile.mkdtemp()) / "config.toml"
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    example.write_text(text.replace("your-practice", "harbour"), encoding="utf-8")
    yield Case("configuration, again", "the example", 50, lambda: load(example))


def milliseconds(run: Callable[[], object], rounds: int) -> float:
    """The best of the rounds, after one that does not count."""
    run()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times) * 1000


def main() -> int:
    """Print the slowest of each room, and everything above its bound."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    measured = [(case, milliseconds(case.run, rounds)) for case in cases()]
    slow = [(case, taken) for case, taken in measured if taken > case.bound]
    print(f"{'':26} {'texts':>5} {'slowest, ms':>12} {'bound':>7}")
    for room in dict.fromkeys(case.room for case, _ in measured):
        case, taken = max(((case, taken) for case, taken in measured if case.room == room), key=lambda pair: pair[1])
        count = sum(other.room == room for other, _ in measured)
        print(f"{room:26} {count:5} {taken:12.1f} {case.bound:7.0f}  {case.text}")
    for case, taken in slow:
        print(f"too slow: {case.room}: {case.text}: {taken:.1f} ms")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
