"""What FETCH and SEARCH answers mean: from imaplib's raw rows to values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.imap.responses import (
    Item,
    Row,
    read_internaldate,
    read_items,
    uid_set,
)
from responder.core.message import Uid

AT = datetime(2026, 11, 23, 19, 30, 5, tzinfo=UTC)
BLOCK = b"From: someone@example.org\r\n\r\n"
WHOLE = Item(Uid(7), AT, BLOCK, frozenset({"\\Seen", "$Junk"}))
TIME = b'INTERNALDATE "23-Nov-2026 19:30:05 +0000"'
PART = b"BODY[HEADER.FIELDS (FROM SUBJECT)] {29}"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [(b"3 (UID 7 FLAGS (\\Seen $Junk) " + TIME + b" " + PART, BLOCK), b")"],
            id="in the order asked for",
        ),
        pytest.param(
            [(b"(UID 7 FLAGS (\\Seen $Junk) " + TIME + b" " + PART, BLOCK), b")"],
            id="without its number",
        ),
        pytest.param(
            [(b"3 (" + PART, BLOCK), b" RFC822.SIZE 321 " + TIME + b" FLAGS (\\Seen $Junk) UID 7)"],
            id="all after the literal",
        ),
        pytest.param(
            [
                (
                    b'3 (FLAGS (\\Seen $Junk) RFC822.SIZE 321 UID 7 BODY[HEADER.FIELDS ("From" "Subject")]<0> {29}',
                    BLOCK,
                ),
                b" " + TIME + b" MODSEQ (99))",
            ],
            id="names quoted, a part number, and what nobody asked for",
        ),
        pytest.param(
            [
                (
                    b"3 (uid 7 flags (\\Seen $Junk) " + TIME + b" rfc822.size 321 body[header.fields (from)] ~{29}",
                    BLOCK,
                ),
                b")",
            ],
            id="lower case and a binary literal",
        ),
    ],
)
def test_reads_every_shape_of_an_answer(rows: list[Row]) -> None:
    """Servers order, quote and case the parts as they like; all of these say the same."""
    reading = read_items(rows)
    assert (reading.items, reading.unreadable) == ([WHOLE], 0)


def test_reads_a_quoted_header_block() -> None:
    """A short block may come as a quoted string."""
    rows: list[Row] = [b'3 (UID 7 BODY[HEADER.FIELDS (FROM)] "X: \\"a\\\\b")']
    assert [item.header_block for item in read_items(rows).items] == [b'X: "a\\b']


def test_an_unsolicited_answer_is_not_believed() -> None:
    """Flags of some sequence number say nothing about the message with that UID."""
    rows: list[Row] = [b"7 (FLAGS (\\Answered))", (b"3 (UID 7 " + PART, BLOCK), b")", b"7 (FLAGS (\\Deleted))"]
    assert [(item.uid, item.flags) for item in read_items(rows).items] == [(7, frozenset())]


@pytest.mark.parametrize(
    "row",
    [
        b"2 (UID 2 ENVELOPE (((",
        b"2 (UID 2 BODY[HEADER.FIELDS (FROM)] NIL)",
        b"2 (UID 2 BODY[HEADER.FIELDS (FROM)] {5})",
        b"UID 2",
        b"2 (UID 2",
        b'2 (UID 2 INTERNALDATE "23-Nov)',
    ],
)
def test_a_bad_item_costs_only_itself(row: bytes) -> None:
    """The others of the batch are read, and the bad one is named if it can be."""
    reading = read_items([(b"1 (UID 1 " + PART, BLOCK), b")", row, (b"3 (UID 3 " + PART, BLOCK), b")"])
    assert [item.uid for item in reading.items] == [1, 3]
    assert (reading.unreadable, reading.suspects) == (1, {2})


@pytest.mark.parametrize("uid", [b"0", b"4294967296", b"99999999999999999999", b"-1", b"x"])
def test_what_is_no_uid_is_not_believed(uid: bytes) -> None:
    """A UID is 1 to 2**32 - 1."""
    reading = read_items([b"1 (UID " + uid + b" " + TIME + b")"])
    assert not reading.items
    assert reading.unreadable == 1


@given(st.lists(st.one_of(st.binary(), st.tuples(st.binary(), st.binary()))))
def test_no_rows_make_it_raise(rows: list[Row]) -> None:
    """Whatever a server sends, reading gives a value."""
    read_items(rows)


@given(st.binary())
def test_no_text_makes_a_date_raise(text: bytes) -> None:
    """What is no date is None."""
    found = read_internaldate(text)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"23-Nov-2026 19:30:05 +0000", AT),
        (b"23-Nov-2026 20:30:05 +0100", AT),
        (b"23-nov-2026 14:00:05 -0530", AT),
        (b" 3-Jan-2026 00:00:00 +0000", datetime(2026, 1, 3, tzinfo=UTC)),
        (b"3-Jan-2026 00:00:00 +0000", datetime(2026, 1, 3, tzinfo=UTC)),
        (b"31-Dec-2026 23:59:60 +0000", datetime(2027, 1, 1, tzinfo=UTC)),
        (b"31-Feb-2026 00:00:00 +0000", None),
        (b"01-Foo-2026 00:00:00 +0000", None),
        (b"01-Jan-0000 00:00:00 +0000", None),
        (b"01-Jan-0001 00:00:00 +0100", None),
        (b"31-Dec-9999 23:59:59 -0100", None),
        (b"01-Jan-2026 24:00:00 +0000", None),
        (b"01-Jan-2026 00:00:00", None),
        (b"", None),
    ],
)
def test_internaldate(text: bytes, expected: datetime | None) -> None:
    """The server's clock in UTC, or None; never a naive time."""
    assert read_internaldate(text) == expected


def test_sets_as_servers_take_them() -> None:
    """Neighbours as ranges."""
    assert uid_set([Uid(uid) for uid in (1, 2, 3, 5, 8, 9)]) == "1:3,5,8:9"
    assert uid_set([Uid(4)]) == "4"
