"""Whole header blocks as products write them, judged from bytes to decision."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace

import pytest

from responder.core.decision import Reply, Skip
from responder.core.mail import headers
from responder.core.message import InboundMessage
from responder.core.rules.decide import RULES
from responder.core.rules.people import looks_written
from responder.core.rules.signs import VERDICT_FIELDS
from tests.unit.core.rules.policy_cases import outcome
from tools.corpus import Sample, mistakes, samples, table

CORPUS = samples()
FORM = {"forms@web.example", "wordpress@harbour.example", "www-data@web2.host.example", "site@harbour.example"}
each_family = pytest.mark.parametrize("family", sorted({sample.family for sample in CORPUS}))


def of_family(family: str) -> list[Sample]:
    """The messages of one file."""
    return [sample for sample in CORPUS if sample.family == family]


@each_family
def test_each_message_is_decided_as_the_corpus_says(family: str) -> None:
    """By the reason one would give; a reply goes to the right address; a silenced person is listed."""
    assert [(wrong.sample.name, wrong.found) for wrong in mistakes(of_family(family))] == []


def refolded(block: bytes) -> bytes:
    """CRLF, and a fold before every word."""
    unfolded = re.sub(rb"\n[ \t]+", b" ", block)
    return re.sub(rb"(?<=[^:\r\n]) (?=[^ \r\n])", b"\r\n\t", unfolded.replace(b"\n", b"\r\n"))


def recased(block: bytes) -> bytes:
    """Every name of a field in capitals."""
    return re.sub(rb"^[!-9;-~]+(?=:)", lambda name: name[0].upper(), block, flags=re.MULTILINE)


def reordered(block: bytes) -> bytes:
    """Fields in another order; those of one name, and the trace fields, keep theirs (RFC 5322 §3.6)."""
    trace = {b"received", b"authentication-results", *(name.encode() for name in VERDICT_FIELDS)}
    fields = re.split(rb"\n(?![ \t])", block.removesuffix(b"\n"))
    names = [field.partition(b":")[0].lower() for field in fields]
    groups = sorted({b"trace" if name in trace else name for name in names})
    random.Random(7).shuffle(groups)  # noqa: S311 - a repeatable test, not a secret
    rank = [groups.index(b"trace" if name in trace else name) for name in names]
    return b"\n".join(field for _, field in sorted(zip(rank, fields, strict=True), key=lambda one: one[0])) + b"\n"


@each_family
def test_folding_case_and_order_decide_nothing(family: str) -> None:
    """CRLF or LF, folded at every blank, in capitals, in another order: the same decision."""
    assert [
        f"{sample.name}: {changed.__name__}"
        for sample in of_family(family)
        for changed in (refolded, recased, reordered)
        if sample.rule != "header-anomaly"  # a bare CR is no fold, and a thousand lines are fewer when unfolded
        and replace(sample, block=changed(sample.block)).judge() != sample.judge()
    ] == []


SIGNS = (
    b"Auto-Submitted: auto-replied",
    b"Precedence: bulk",
    b"List-Id: <a.b>",
    b"X-Auto-Response-Suppress: All",
    b"Content-Type: multipart/report",
    b"X-Autoreply: yes",
)


@each_family
def test_an_automation_header_on_top_never_earns_a_reply(family: str) -> None:
    """A person's message is silenced by it as well, but where a middleman shows itself.

    A listed form may say of itself that it is automatic, bulk, and wants no reply; Exchange puts the last on all that
    its people write; a group of our own is a list.
    """
    assert [
        f"{sample.name}: {sign.decode()}"
        for sample in of_family(family)
        for sign in SIGNS
        if not isinstance(replace(sample, block=sign + b"\n" + sample.block).judge(), Skip)
        and not (sign in SIGNS[:2] + SIGNS[3:4] and is_answered_form(sample))
        and not (sign == SIGNS[3] and looks_written(parsed(sample)))
        and not (sign == SIGNS[1] and "group" in sample.name)
    ] == []


def parsed(sample: Sample) -> InboundMessage:
    """What its headers say."""
    return headers.parse(sample.block, None, frozenset())


def is_answered_form(sample: Sample) -> bool:
    """Whether it is a contact form's message that gets a reply."""
    return isinstance(sample.judge(), Reply) and any(robot.encode() in sample.block for robot in FORM)


def test_each_rule_has_three_shapes_and_each_message_its_own_name() -> None:
    """No rule rests on one product; no message is written over by another."""
    count = Counter(sample.rule for sample in CORPUS)

    assert {rule.id: count[rule.id] for rule in RULES if count[rule.id] < 3} == {}
    assert [name for name, times in Counter(sample.name for sample in CORPUS).items() if times > 1] == []


def test_the_corpus_holds_many_people_and_each_rule_a_near_miss() -> None:
    """Rules that know no person who looks like it are rules that nobody has thought through."""
    people = [sample for sample in CORPUS if sample.kind == "person"]
    missed = {name for sample in people for name in re.findall(r"near miss of ([^)]*)", sample.provenance)}
    near = " ".join(missed)
    no_person = {"own-loop", "contact-form-unproved", "null-return-path"}  # what looks like these is one of them

    assert len(CORPUS) >= 400
    assert len(people) >= 150
    assert [rule.id for rule in RULES if rule.id not in near and rule.id not in no_person] == []


def test_the_table_counts_everything_once() -> None:
    """Its sums are the corpus."""
    sums = [int(line.split()[-1]) for line in table(CORPUS).splitlines()[1:3]]

    assert sum(sums) == len(CORPUS)


def test_a_wrong_decision_is_found() -> None:
    """The check of the corpus fails when something got through."""
    sample = next(sample for sample in CORPUS if sample.rule == "reply" and sample.answers is not None)
    silent = next(sample for sample in CORPUS if sample.rule == "null-return-path")

    assert [found for _, found in mistakes([replace(sample, rule="report")])] == ["reply"]
    assert "reply to" in mistakes([replace(sample, answers="joe@example.net")])[0].found
    assert "not listed" in mistakes([replace(silent, kind="person")])[0].found
    assert outcome(sample.judge()) == "reply"
