"""Judge the corpus, and print what became of it: who was a person, who a machine, and what we would have done.

    python -m tools.corpus

Exit status 1 when anything is not decided as the corpus says. ``tests/corpus/README.md`` describes the format.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from responder.core.decision import Decision, Reply, Skip
from responder.core.mail import headers
from responder.core.mail.authentication import EXCHANGE_ONLINE
from responder.core.mail.structure import Structure, from_bodystructure
from responder.core.message import Address
from responder.core.rules import decide as policy
from responder.core.rules.decide import RULES, ContactForm, MailboxRules
from tests.unit.core.rules.policy_cases import AT, MAILBOX, OUT_OF_HOURS, outcome

CORPUS = Path(__file__).parent.parent / "tests" / "corpus"

OURS = replace(
    MAILBOX,
    contact_forms=(
        *MAILBOX.contact_forms,
        ContactForm(Address("forms", "web.example"), host="web1.host.example"),
        ContactForm(return_path=Address("www-data", "web2.host.example"), host="web2.host.example"),
        ContactForm(return_path=Address("site", "harbour.example")),
    ),
    trust_reply_to=frozenset({"directory.example"}),
)
"""The mailbox that every message came to, unless it names another."""

MAILBOXES: dict[str, MailboxRules] = {
    "ours": OURS,
    "exchange-online": replace(OURS, authserv_id=EXCHANGE_ONLINE),
    "no-authserv-id": replace(OURS, authserv_id=None),
    "catch-all": replace(OURS, rules_off=frozenset({"not-addressed"})),
}

_TRACE = """Delivered-To: hello@harbour.example
Received: from {0} ({0} [192.0.2.25])
	by mx.harbour.example (Postfix) with ESMTPS id 4Yk2Qn3Kz9
	for <hello@harbour.example>; Sat, 21 Nov 2026 21:14:09 +0000 (UTC)
Date: Sat, 21 Nov 2026 21:14:03 +0000"""
_TITLE = re.compile(r"\[([a-z0-9-]+)\] (person|machine) ([a-z-]+)")


@dataclass(frozen=True)
class Sample:
    """One message of the corpus.

    Attributes:
        family: the file that it stands in.
        kind: "person" or "machine".
        rule: id of the rule that has to decide, or "reply".
        provenance: whose documented shape it has.
        answers: where the reply has to go; None means the address in From.
        structure: its MIME structure; None where the server gives none.
    """

    family: str
    name: str
    kind: str
    rule: str
    provenance: str
    block: bytes = field(repr=False)
    mailbox: str = "ours"
    flags: frozenset[str] = frozenset()
    answers: str | None = None
    structure: Structure | None = None

    def judge(self) -> Decision:
        """What we would have done, out of hours."""
        message = headers.parse(self.block, AT, self.flags)
        return policy.decide(message, MAILBOXES[self.mailbox], OUT_OF_HOURS, self.structure)


def samples(directory: Path = CORPUS) -> list[Sample]:
    """Every message of the corpus."""
    return [sample for path in sorted(directory.glob("*.txt")) for sample in _read(path)]


def _read(path: Path) -> Iterator[Sample]:
    for paragraph in re.split(r"\n{2,}", path.read_text(encoding="utf-8").strip()):
        if not paragraph.startswith("# "):
            yield _sample(path, paragraph.split("\n"))


def _sample(path: Path, lines: list[str]) -> Sample:
    title = _TITLE.fullmatch(lines[0])
    if title is None or not lines[1].startswith("; "):
        msg = f"{path.name}: {lines[0]!r} is not followed by its provenance, or is no title"
        raise ValueError(msg)
    told = dict(line[2:].partition(" ")[::2] for line in lines[2:] if line.startswith("~ "))
    unknown = told.keys() - {"via", "mailbox", "flags", "answers", "repeat", "structure"}
    if unknown:
        raise ValueError(f"{path.name}: {lines[0]}: {unknown}")
    trace = [_TRACE.format(told["via"])] if "via" in told else []
    count, _, line = told.get("repeat", "0").partition(" ")
    block = "\n".join([*trace, *[line] * int(count), *(line for line in lines[2:] if not line.startswith("~ ")), ""])
    return Sample(
        family=path.stem,
        name=title[1],
        kind=title[2],
        rule=title[3],
        provenance=lines[1][2:],
        block=block.replace("␀", "\0").replace("␍", "\r").encode(),
        mailbox=told.get("mailbox", "ours"),
        flags=frozenset(told.get("flags", "").split()),
        answers=told.get("answers"),
        structure=from_bodystructure(told["structure"].encode()) if "structure" in told else None,
    )


class Mistake(NamedTuple):
    """A sample that was not judged as it should have been."""

    sample: Sample
    found: str


def mistakes(corpus: Iterable[Sample]) -> list[Mistake]:
    """Every sample that another rule decided, and every reply that would have gone elsewhere."""
    found = []
    for sample in corpus:
        decision = sample.judge()
        if outcome(decision) != sample.rule:
            found.append(Mistake(sample, outcome(decision)))
        elif isinstance(decision, Reply) and sample.answers not in {None, decision.correspondent.addr_spec}:
            found.append(Mistake(sample, f"reply to {decision.correspondent}"))
        elif isinstance(decision, Skip) and sample.kind == "person" and not decision.maybe_person:
            found.append(Mistake(sample, f"{decision.rule}, and not listed as maybe a person"))
    return found


def table(corpus: Iterable[Sample]) -> str:
    """Persons and machines against reply, listed and silent; then each rule's count."""
    cells: Counter[tuple[str, str]] = Counter()
    rules: Counter[str] = Counter()
    for sample in corpus:
        decision = sample.judge()
        rules[outcome(decision)] += 1
        listed = isinstance(decision, Skip) and decision.maybe_person
        cells[sample.kind, "reply" if isinstance(decision, Reply) else "listed" if listed else "silent"] += 1
    lines = [f"{'':<10}{'reply':>8}{'skip, listed':>14}{'skip':>8}{'sum':>8}"]
    for kind in ("person", "machine"):
        row = [cells[kind, column] for column in ("reply", "listed", "silent")]
        lines.append(f"{kind:<10}{row[0]:>8}{row[1]:>14}{row[2]:>8}{sum(row):>8}")
    order = ["reply", *(rule.id for rule in RULES)]
    return "\n".join([*lines, "", *(f"{name:<26}{rules[name]:>5}" for name in order)])


def main() -> int:
    """Print the table and what is wrong."""
    corpus = samples()
    print(table(corpus))
    wrong = mistakes(corpus)
    print("".join(f"\n{one.sample.family}/{one.sample.name}: {one.sample.rule}, found {one.found}" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
