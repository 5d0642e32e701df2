"""Reading a header block: any bytes give a message, and what is odd becomes a defect."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from responder.core.mail import headers
from responder.core.message import Address, Defect, InboundMessage, ReturnPath
from responder.core.rules.decide import HEADER_NAMES, judge_rules
from tests.unit.core.rules.policy_cases import AT, MAILBOX, block

NO_FLAGS: frozenset[str] = frozenset()
MARY = Address("mary", "example.org")


def parse(content: bytes) -> InboundMessage:
    """Without flags, arrived on that Saturday evening."""
    return headers.parse(content, AT, NO_FLAGS)


def test_a_whole_message_is_read() -> None:
    """Every attribute, of an ordinary message."""
    content = (
        b"Return-Path: <Mary@Example.org>\r\n"
        b"Received: from a (a [192.0.2.1])\r\n\tby b (Postfix)\r\n\tfor <x@y>;"
        b" Sat, 21 Nov 2026 22:14:09 +0100 (CET; x)\r\n"
        b"Received: from c by d; Sat, 21 Nov 2026 20:00:00 +0000\r\n"
        b"From: =?utf-8?q?M=C3=A1ry?= <mary@example.org>\r\n"
        b"Sender: Joe <joe@example.net>\r\n"
        b"Reply-To: mary@home.example\r\n"
        b"Cc: c@example.net\r\n"
        b"To: Harbour <hello@harbour.example>,\r\n b@example.net\r\n"
        b"Bcc: d@example.net\r\n"
        b"Message-ID: <one@mail.example.org>\r\n"
        b"Subject:  =?utf-8?B?w4lu?=\r\n =?utf-8?Q?_na=C3=AFve?=  question\r\n"
        b"\r\n"
    )

    assert headers.parse(content, AT, frozenset({"\\Seen"})) == InboundMessage(
        received_at=AT,
        flags=frozenset({"\\Seen"}),
        fields=(
            ("return-path", "<Mary@Example.org>"),
            (
                "received",
                "from a (a [192.0.2.1]) by b (Postfix) for <x@y>; Sat, 21 Nov 2026 22:14:09 +0100 (CET; x)",
            ),
            ("received", "from c by d; Sat, 21 Nov 2026 20:00:00 +0000"),
            ("from", "=?utf-8?q?M=C3=A1ry?= <mary@example.org>"),
            ("sender", "Joe <joe@example.net>"),
            ("reply-to", "mary@home.example"),
            ("cc", "c@example.net"),
            ("to", "Harbour <hello@harbour.example>, b@example.net"),
            ("bcc", "d@example.net"),
            ("message-id", "<one@mail.example.org>"),
            ("subject", "=?utf-8?B?w4lu?= =?utf-8?Q?_na=C3=AFve?=  question"),
        ),
        from_=(MARY,),
        sender=(Address("joe", "example.net"),),
        reply_to=(Address("mary", "home.example"),),
        recipients=(
            Address("hello", "harbour.example"),
            Address("b", "example.net"),
            Address("c", "example.net"),
            Address("d", "example.net"),
        ),
        return_path=ReturnPath(present=True, address=Address("Mary", "example.org")),
        message_id="<one@mail.example.org>",
        fingerprint=hashlib.sha256(content).hexdigest(),
        subject="Én naïve question",
        delivered_at=datetime(2026, 11, 21, 21, 14, 9, tzinfo=UTC),
        defects=frozenset(),
    )


def test_nothing_at_all_is_a_message_too() -> None:
    """Absent fields are absent, not wrong."""
    message = parse(b"")

    assert (message.fields, message.from_, message.return_path, message.message_id) == ((), (), ReturnPath(), None)
    assert (message.subject, message.delivered_at, message.defects) == ("", None, frozenset())
    assert message.fingerprint == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"A: 1\nb: 2\n", (("a", "1"), ("b", "2"))),
        (b"A: 1\r\r\nB: 2", (("a", "1"), ("b", "2"))),
        (b"A : 1\r\nB\t: 2\r\n", (("a", "1"), ("b", "2"))),
        (b"A:\r\nB:\r\n \r\n\t\r\nC: 3\r\n", (("a", ""), ("b", ""), ("c", "3"))),
        (b"A: 1\r\n\r\nB: 2\r\n", (("a", "1"),)),
        (b"From mary Sat Nov 21 21:14:09 2026\nA: 1\n", (("a", "1"),)),
        (b">From: x\nno field\n: 1\n\xc3\xa9: 2\nA b: 3\nA: 1\n", ((">from", "x"), ("a", "1"))),
        (b" folded onto nothing\r\nA: 1\r\n", (("a", "1"),)),
        (b"A: 1\r\n no field\r\n\t2\r\n", (("a", "1 no field 2"),)),
        ("A: é\r\n".encode(), (("a", "é"),)),
        (b"A: \xe9\r\nB: \xc3\xa9\r\n", (("a", "é"), ("b", "é"))),
        (b"A: b: c\r\n", (("a", "b: c"),)),
    ],
    ids=[
        *("LF", "CR CR LF", "blank before the colon", "folded blanks", "body", "mbox line"),
        *("no fields", "stray fold", "folds", "UTF-8", "Latin-1 beside UTF-8", "colon in the value"),
    ],
)
def test_fields_are_split_and_unfolded(content: bytes, fields: tuple[tuple[str, str], ...]) -> None:
    """As they come from servers of all kinds; what is no field is passed over."""
    assert parse(content).fields == fields


@pytest.mark.parametrize(
    ("content", "defect"),
    [
        (block(more="X: " + "a" * headers.MAX_HEADER_OCTETS + "\r\n"), Defect.TOO_LARGE),
        (block(more="X: " + "a" * (headers.MAX_HEADER_OCTETS - len(block()) - 4) + "\r\n"), Defect.TOO_LARGE),
        (block(more="X: a\r\n" * (headers.MAX_HEADER_LINES - 6)), Defect.TOO_MANY_LINES),
        (block({"From": "ma\0ry@example.org"}), Defect.NUL_OR_BARE_CR),
        (block({"Message-ID": "<a@b>\rBcc: x@y.z"}), Defect.NUL_OR_BARE_CR),
        (block({"Reply-To": "a@b.c\r d@e.f"}), Defect.NUL_OR_BARE_CR),
        (block({"From": "Mary"}), Defect.UNREADABLE_ADDRESS),
        (block({"From": "Us: mary@example.org;"}), Defect.UNREADABLE_ADDRESS),
        (block(more="From: Mary\r\n"), Defect.UNREADABLE_ADDRESS),
        (block({"From": "mary@example.org," * 1_000}), Defect.UNREADABLE_ADDRESS),
        (block({"Message-ID": "one@mail.example.org"}), Defect.UNREADABLE_MESSAGE_ID),
        (block({"Received": "from a by b; yesterday"}), Defect.UNREADABLE_DATE),
    ],
)
def test_what_is_odd_becomes_a_defect(content: bytes, defect: Defect) -> None:
    """Never an exception."""
    assert defect in parse(content).defects


@pytest.mark.parametrize(
    "content",
    [
        block({"Subject": "a\0b\rc"}),
        block({"To": "Joe, hello@harbour.example"}),
        block({"Sender": "nobody"}),
        block({"Date": "never"}),
        block({"Message-ID": ""}),
        block(more="X: a\r\n" * (headers.MAX_HEADER_LINES - 7)),
        block(more="X: " + "a" * (headers.MAX_HEADER_OCTETS - len(block()) - 5) + "\r\n"),
    ],
    ids=[
        *(
            "controls in a subject",
            "broken To",
            "broken Sender",
            "broken Date",
            "no Message-ID",
            "as many lines as may be",
        ),
        "as many octets as may be",
    ],
)
def test_what_decides_nothing_is_no_defect(content: bytes) -> None:
    """A person with a crooked mail program is still a person."""
    assert parse(content).defects == frozenset()


def test_what_lies_behind_the_limits_is_not_read() -> None:
    """The block is cut before anything looks at it."""
    long = parse(b"X: " + b"a" * headers.MAX_HEADER_OCTETS + b"\r\nFrom: mary@example.org\r\n")
    many = parse(b"X: a\r\n" * headers.MAX_HEADER_LINES + b"From: mary@example.org\r\n")

    assert (long.from_, many.from_) == ((), ())
    assert len(many.fields) == headers.MAX_HEADER_LINES


def test_all_addresses_of_all_from_fields_are_visible() -> None:
    """Whoever judges sees that there is not one sender."""
    message = parse(b"From: mary@example.org\r\nFrom: Us: a@b.c, d@e.f;\r\n")

    assert [address.addr_spec for address in message.from_] == ["mary@example.org", "a@b.c", "d@e.f"]


def test_only_so_many_fields_of_one_name_and_so_much_text_are_read_for_addresses() -> None:
    """From is read first, so that a flood of recipients cannot hide it."""
    flood = parse(b"To: a@b.c\r\n" * 30 + b"From: mary@example.org\r\n")
    text = parse(b"To: " + b"a@b.c, " * 2_000 + b"\r\nFrom: mary@example.org\r\nCc: x@y.z\r\n")

    assert (len(flood.recipients), flood.from_) == (headers.MAX_ADDRESS_FIELDS, (MARY,))
    assert (text.from_, Address("x", "y.z") in text.recipients) == ((MARY,), False)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("<mary@example.org>", MARY),
        ("mary@example.org", MARY),
        ("<>", None),
        ("", None),
        ("<#@[]>", None),
        ("MAILER-DAEMON", None),
        ("<a@b.c>, <d@e.f>", None),
        ("<@relay.example:mary@example.org>", None),
    ],
)
def test_the_return_path_is_an_address_or_null(value: str, address: Address | None) -> None:
    """Present and naming nobody is what the null reverse-path is."""
    path = parse(block({"Return-Path": ""}, more=f"Return-Path: {value}\r\n")).return_path

    assert path == ReturnPath(present=True, address=address)
    assert path.is_null is (address is None)


@pytest.mark.parametrize(
    ("line", "message_id"),
    [
        ("<one@mail.example.org>", "<one@mail.example.org>"),
        ("\r\n <CAJ+x=y.z/1@mail.example.org>", "<CAJ+x=y.z/1@mail.example.org>"),
        ("<a@[192.0.2.1]>", "<a@[192.0.2.1]>"),
        (f"<{'a' * 244}@b.c>", f"<{'a' * 244}@b.c>"),
        (f"<{'a' * 245}@b.c>", None),
        ("<one@mail.example.org> <two@mail.example.org>", None),
        ("<one two@mail.example.org>", None),
        ("<one>", None),
        ("<@b>", None),
        ("<a@>", None),
        ("one@mail.example.org", None),
        ("<öne@mail.example.org>", None),
        ("<a<b@c>", None),
        ("<a@[", None),
        ("<one@\r\n two>", None),
        ("<one@two>\r\nMessage-ID: <one@two>", None),
        ('<a"@b>\r\n X1 DELETE INBOX', None),
        ("", None),
    ],
)
def test_only_one_valid_message_id_is_kept(line: str, message_id: str | None) -> None:
    """It is the one thing of the sender's that goes into a reply."""
    message = parse(block({"Message-ID": ""}, more=f"Message-ID: {line}\r\n"))

    assert message.message_id == message_id
    assert (Defect.UNREADABLE_MESSAGE_ID in message.defects) is (message_id is None)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("An  appointment\t please", "An appointment please"),
        ("=?utf-8?Q?caf=C3=A9_au?= =?utf-8?B?IGxhaXQ=?= now", "café au lait now"),
        ("=?iso-8859-1*en?q?caf=E9?=", "café"),
        ("=?ISO-2022-JP?B?GyRCNls1XhsoQg==?=", "緊急"),
        ("=?utf-8?B?w6k?=", "é"),
        ("=?utf-8?Q?=C3?=", "\ufffd"),
        ("=?utf-8?q?hi=0D=0ABcc=3A_x=40y=2Ez?=", "hi Bcc: x@y.z"),
        ("=?utf-8?q?a=00b=E2=80=AEc?=", "a b c"),
        ("=?nonsense?q?a?=", "=?nonsense?q?a?="),
        ("=?zlib?b?eJwDAAAAAAE=?=", "=?zlib?b?eJwDAAAAAAE=?="),
        ("=?unicode_escape?q?=5Cq?=", "=?unicode_escape?q?=5Cq?="),
        ("=?Raw_Unicode_ESCAPE?q?=5Cu0041?=", "=?Raw_Unicode_ESCAPE?q?=5Cu0041?="),
        ("=?undefined?q?a?=", "=?undefined?q?a?="),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("x" * 300, "x" * 200),
        ("", ""),
    ],
)
def test_subjects_are_decoded_onto_one_line(raw: str, subject: str) -> None:
    """What cannot be decoded stays as it is; controls become blanks, decoded line ends too."""
    assert parse(block({"Subject": ""}, more=f"Subject: {raw}\r\n")).subject == subject


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Sat, 21 Nov 2026 21:14:09 +0000", datetime(2026, 11, 21, 21, 14, 9, tzinfo=UTC)),
        ("21 nov 2026 21:14 GMT", datetime(2026, 11, 21, 21, 14, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 21:14:09 -0000", datetime(2026, 11, 21, 21, 14, 9, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 13:14:09 -0800 (PST; a b)", datetime(2026, 11, 21, 21, 14, 9, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 13:14:09 pst", datetime(2026, 11, 21, 21, 14, 9, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 21:14:09 +0530", datetime(2026, 11, 21, 21, 14, 9, tzinfo=timezone(timedelta(hours=5.5)))),
        ("Sat, 21 Nov 2026 21:14:09", None),
        ("Sat, 21 Nov 2026 21:14:09 XYZ", None),
        ("Sat, 21 Nov 2026 21:14:09 +9999", None),
        ("Sat, 31 Nov 2026 21:14:09 +0000", None),
        ("Sat, 21 Foo 2026 21:14:09 +0000", None),
        ("Sat, 21 Nov 2026 25:14:09 +0000", None),
        ("Sat, 21 Nov 9999 23:59:59 -1400", None),
        ("Sat, 21 Nov 99999999999 21:14:09 +0000", None),
        ("", None),
    ],
)
def test_the_top_most_received_says_when_it_was_delivered(text: str, at: datetime | None) -> None:
    """The date behind its last semicolon, in any zone; an aware time or none."""
    message = parse(f"Received: from a (x; y) by b; with c; {text}\r\nReceived: z\r\n".encode())

    assert message.delivered_at == at
    assert (Defect.UNREADABLE_DATE in message.defects) is (at is None)


@given(st.binary(max_size=400))
@example(b"Message-ID: <a@[")
@example(b"From: " + b"(" * 2_000)
@example(b"Subject: =?idna?b?/////w==?=")
def test_any_bytes_are_a_message(content: bytes) -> None:
    """Nothing raises."""
    assert parse(content).fingerprint == hashlib.sha256(content).hexdigest()


NAMES = st.sampled_from([*HEADER_NAMES, "", "x y", "\0"])
TEXTS = st.text(max_size=80) | st.sampled_from(
    ['"', "<a@b", "=?utf-7?b?+AAA?=", "=?punycode?q?a-?=", "; 1 Jan 2020 1:1 +0000"]
)


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=8))
def test_any_fields_are_a_message(lines: list[tuple[str, str]]) -> None:
    """Nothing raises, and what could go into a reply is fit for it."""
    content = "".join(f"{name}: {value}\r\n" for name, value in lines).encode("utf-8", "surrogatepass")
    message = parse(content)

    assert message.subject.isprintable()
    assert message.message_id is None or (message.message_id.isascii() and message.message_id.isprintable())
    assert message.delivered_at is None or message.delivered_at.astimezone(UTC).year in range(1969, 2201)
    list(judge_rules(message, MAILBOX))


HOSTILE = (
    *("To: " + bomb * 20_000 for bomb in ("a@b,", "(", '"\\', "a@ü.x,", "<a", "[", "=?u?q?")),
    *("From: " + bomb * 20_000 for bomb in ("(", "a,", "@", "()")),
    *("Subject: " + bomb * 20_000 for bomb in ("=?", "=?utf-8?q?", "?= =?", " ")),
    *("Received: " + bomb * 20_000 for bomb in (";", "(", "1 Jan ", '"')),
    *("Authentication-Results: mx.harbour.example" + bomb * 20_000 for bomb in (";", '"', "=", " = ", ";a=b", "(")),
    *(bomb * 20_000 for bomb in ("\r", "\r\n ", "To: a\r\n", ":", "Received: x\r\n", "X-Loop: (\r\n")),
)


@pytest.mark.parametrize("bomb", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_headers_are_judged(bomb: str) -> None:
    """64 KB of anything are read to the end and judged; benchmarks/hostile.py says how long that takes."""
    message = parse(bomb.encode()[: headers.MAX_HEADER_OCTETS])

    assert list(judge_rules(message, MAILBOX))


def test_random_bytes_with_structure_never_raise() -> None:
    """Ten thousand short blocks out of the characters that syntax is made of."""
    source = random.Random(20261121)  # noqa: S311 - a repeatable test, not a secret
    alphabet = [*b'ab@.,;:<>()[]"\\=? \t\r\n\0', *(b"=?utf-8?q?",), *(b"From: ",), *(b"\r\nTo: ",), *(b"\xc3",)]
    pieces = [bytes([piece]) if isinstance(piece, int) else piece for piece in alphabet]
    for _ in range(10_000):
        parse(b"From: " + b"".join(source.choices(pieces, k=30)))
