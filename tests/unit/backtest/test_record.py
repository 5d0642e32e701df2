"""What is said of one judged message: the contract of ``--json``."""

from __future__ import annotations

from datetime import datetime

from responder.backtest.record import record_of, rfc3339
from responder.core.message import FetchedMessage, MessageKey, Uid, UidValidity
from tests.unit.live.fakes import FOLDER, MAILBOX, NIGHT, header_block, pipeline

KEY = MessageKey(MAILBOX, FOLDER, UidValidity(7), Uid(3))


def fetched(block: bytes, received_at: datetime | None = NIGHT) -> FetchedMessage:
    """A message as the mailbox hands it over."""
    return FetchedMessage(KEY, received_at, block)


def test_record_of_a_reply() -> None:
    """The contract's keys, in their order."""
    way = pipeline()
    entry = record_of(
        way.judge(fetched(header_block("Tom@Mail.example", message_id="1@x.example")), now=None)
    ).as_json()
    assert list(entry.items())[:11] == [
        ("mailbox", MAILBOX),
        ("folder", FOLDER),
        ("uid", 3),
        ("message_id", "<1@x.example>"),
        ("received_at", "2026-11-23T03:00:00Z"),
        ("sender", "tom@mail.example"),
        ("recipient", "Tom@mail.example"),
        ("decision", "reply"),
        ("rule", "out-of-hours"),
        ("why", entry["why"]),
        ("maybe_person", False),
    ]
    assert entry["closed_from"] == "2026-11-20T17:00:00Z"
    assert entry["closed_until"] == "2026-11-23T09:00:00Z"


def test_record_of_a_skip_without_anything() -> None:
    """Absent values are null."""
    entry = record_of(pipeline().judge(fetched(b"", None), now=None)).as_json()
    absent = {"message_id", "received_at", "sender", "recipient", "closed_from", "closed_until"}
    assert {name for name, value in entry.items() if value is None} == absent
    assert entry["decision"] == "skip"


def test_record_of_a_saved_file_has_no_uid() -> None:
    """A message that is in no mailbox has no UID."""
    key = MessageKey(MAILBOX, FOLDER, UidValidity(1), Uid(0))
    record = record_of(pipeline().judge(FetchedMessage(key, NIGHT, header_block()), now=None))
    assert record.as_json()["uid"] is None
    assert record.is_reply


def test_rfc3339_is_utc() -> None:
    """Whatever the zone, the output is UTC with a Z."""
    assert rfc3339(datetime.fromisoformat("2026-11-23T05:00:00+02:00")) == "2026-11-23T03:00:00Z"
    assert rfc3339(None) is None
