"""Whole header blocks as products write them, judged from bytes to decision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from responder.model import Reply
from tests.unit.policy_cases import judge, outcome

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = sorted(CORPUS.glob("*/*.eml"))
NAMES = [f"{path.parent.name}/{path.name}" for path in FILES]

PEOPLE = {
    "contact-form-wordpress.eml": "mary@example.org",
    "gmail-person.eml": "mary.example@provider.example",
    "exchange-person.eml": "mary@tenant.example",
    "forwarded-srs.eml": "mary@example.org",
    "iphone-sparse.eml": "maria@example.net",
    "autumn-subject.eml": "ally@example.org",
    "yahoo-person.eml": "noreen.newsome@webmail.example",
}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_each_message_is_decided_by_the_rule_that_its_directory_names(path: Path) -> None:
    """What products are known to write is recognised, and by the reason one would give."""
    assert outcome(judge(path.read_bytes())) == path.parent.name


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_line_ends_and_folding_change_nothing(path: Path) -> None:
    """CRLF or LF, folded at every blank or nowhere: the same decision."""
    block = path.read_bytes()
    unfolded = re.sub(rb"\n[ \t]+", b" ", block)
    folded = re.sub(rb"(?<=[^:\n]) (?=\S)", b"\r\n\t", unfolded.replace(b"\n", b"\r\n"))

    assert judge(unfolded.replace(b"\n", b"\r\n")) == judge(folded) == judge(block)


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "reply"], ids=lambda path: path.stem)
def test_people_are_answered_at_their_own_address(path: Path) -> None:
    """The reply goes to whoever wrote; behind a contact form that is its Reply-To."""
    decision = judge(path.read_bytes())

    assert isinstance(decision, Reply)
    assert decision.correspondent.addr_spec == PEOPLE[path.name]


def test_every_file_has_its_line_of_provenance() -> None:
    """Nobody has to guess where a shape comes from."""
    listed = re.findall(r"^\| `([^`]+)` \| \S", (CORPUS / "README.md").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(NAMES)
