"""Reading addresses: what is one, what is none, and that no text takes long or raises."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from responder.core.mail.addresses import (
    MAX_ADDRESS_OCTETS,
    MAX_COMMENTS,
    MAX_ELEMENTS,
    parse_address,
    read_addresses,
    read_any_addresses,
    read_sender,
    without_comments,
)

LONG = "a" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mary@example.org", ["mary@example.org"]),
        ("Mary <mary@example.org>", ["mary@example.org"]),
        ("<mary@example.org>", ["mary@example.org"]),
        ("  Mary  Example\t<mary@example.org> ", ["mary@example.org"]),
        ("Mary J. Example <mary@example.org>", ["mary@example.org"]),
        ('"Example, Mary" <mary@example.org>', ["mary@example.org"]),
        ('"a \\" <x@y.z>" <mary@example.org>', ["mary@example.org"]),
        ("=?utf-8?Q?M=C3=A1ria?= <maria@example.org>", ["maria@example.org"]),
        ("Mária Ó <maria@example.org>", ["maria@example.org"]),
        ("mary@example.org (Mary (at work) \\) here)", ["mary@example.org"]),
        ("(a) Mary (b) <mary@example.org> (c)", ["mary@example.org"]),
        ('"(not a comment)" <mary@example.org>', ["mary@example.org"]),
        ("mary @ example.org", ["mary@example.org"]),
        ('"mary.b"@example.org', ["mary.b@example.org"]),
        ('"mar\\y"@example.org', ["mary@example.org"]),
        ("'mary@example.org' <Mary@example.org>", ["Mary@example.org"]),
        ("MARY@Example.ORG <mary@example.org>", ["mary@example.org"]),
        ("mary@example.org <mary@example.org>", ["mary@example.org"]),
        ("Mary+tag_x!#$%&'*/=?^`{|}~@EXAMPLE.org", ["Mary+tag_x!#$%&'*/=?^`{|}~@example.org"]),
        ("mary..b.@example.org", ["mary..b.@example.org"]),
        ("mária@example.org", ["mária@example.org"]),
        ("mary@Bücher.example", ["mary@xn--bcher-kva.example"]),
        ("mary@xn--bcher-kva.example", ["mary@xn--bcher-kva.example"]),
        ("mary@my_host.example", ["mary@my_host.example"]),
        ("mary@localhost", ["mary@localhost"]),
        ("mary@[192.0.2.1]", ["mary@[192.0.2.1]"]),
        ("mary@[IPv6:2001:DB8::1]", ["mary@[ipv6:2001:db8::1]"]),
        ("a@b.c, d@e.f", ["a@b.c", "d@e.f"]),
        ("A <a@b.c>,\t(x) , d@e.f,", ["a@b.c", "d@e.f"]),
        ("", []),
        ("(nobody)", []),
    ],
)
def test_addresses_are_read_in_their_order(text: str, found: list[str]) -> None:
    """Names, comments and quotes fall away; the domain comes in lower-case A-labels, the local part as it is."""
    read = read_addresses(text)

    assert [address.addr_spec for address in read.found] == found
    assert (read.complete, read.grouped) == (True, False)


@pytest.mark.parametrize(
    ("text", "found", "complete"),
    [
        ("undisclosed-recipients:;", [], True),
        ("Us: a@b.c, D <d@e.f>; , g@h.i", ["a@b.c", "d@e.f", "g@h.i"], True),
        ("Us: a@b.c", ["a@b.c"], False),
        (": a@b.c;", ["a@b.c"], False),
        ("A: B: a@b.c;;", ["a@b.c"], False),
        ("a@b.c: d@e.f;", ["d@e.f"], False),
    ],
    ids=["empty", "with others", "not closed", "without a name", "nested", "an address as its name"],
)
def test_groups_are_seen(text: str, found: list[str], complete: bool) -> None:
    """Members are listed, and that there was a group is said (RFC 5322 §3.4)."""
    read = read_addresses(text)

    assert [address.addr_spec for address in read.found] == found
    assert (read.complete, read.grouped) == (complete, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mary", []),
        ("<>", []),
        ("<@>", []),
        ("@example.org", []),
        ("mary@", []),
        ("mary@ex@ample.org", []),
        ("Mary mary@example.org", []),
        ("Mary <mary@example.org> Example", []),
        ("Mary <mary@example.org", []),
        ("mary@example.org>", []),
        ("<<mary@example.org>>", []),
        ("joe@bank.example <mary@example.org>", []),
        ("joe@bank.example (x) <mary@example.org>", []),
        ("<@relay.example:mary@example.org>", []),
        ("<@a.example,@b.example:mary@example.org>", []),
        ('"mary jane"@example.org', []),
        ('"mary@x"@example.org', []),
        ('"mary"."jane"@example.org', []),
        ('"open <mary@example.org>', []),
        ('Mary" <mary@example.org>', []),
        ('"\\', []),
        ("mary@example.org (open", ["mary@example.org"]),
        ("mary@example.org )", []),
        ("mary@example..org", []),
        ("mary@.example.org", []),
        ("mary@example.org.", []),
        ("mary@-example.org", []),
        ("mary@example-.org", []),
        ("mary@exa mple.org", []),
        ("mary@exa*mple.org", []),
        ("mary@[]", []),
        ("mary@[a,b]", []),
        ("mary@[", []),
        ("mary@[x y]", []),
        ("mary@ä\u2028b.example", []),
        ("mary@\u200bä..example", []),
        ("ma\x00ry@example.org", []),
        ("ma\x1fry@example.org", []),
        ("ma\u202ery@example.org", []),
        ("ma\u00a0ry@example.org", []),
        ("mary@exam\x00ple.org", []),
        (f"{LONG * 4}@example.org", []),
        (f"mary@{LONG}.org", []),
        (f"mary@{'.'.join(['a' * 60] * 5)}", []),
        ("Mary Example, Dr <mary@example.org>", ["mary@example.org"]),
        ("a@b.c; d@e.f", ["a@b.c", "d@e.f"]),
        ("broken, a@b.c", ["a@b.c"]),
    ],
)
def test_what_is_crooked_is_never_complete(text: str, found: list[str]) -> None:
    """No guess is made (CVE-2023-27043): what cannot be read is left out, and said to be."""
    read = read_addresses(text)

    assert [address.addr_spec for address in read.found] == found
    assert not read.complete


@pytest.mark.parametrize(
    "text",
    [
        "Roe, Jane (Adult Social Care) <jane@example.org>",
        "Jane Roe [Trust] <jane@example.org>",
        "Dr: Jane Roe <jane@example.org>",
        "=?utf-8?Q?Roe,?= Jane; Nurse <jane@example.org>",
        '"Roe, Jane", RN <jane@example.org> ',
        "Jane Roe <jane@example.org.>",
        "jane@example.org.",
    ],
)
def test_a_sender_behind_an_odd_name_is_read(text: str) -> None:
    """Where the whole field holds one address, its name may be anything."""
    read = read_sender(text)

    assert [address.addr_spec for address in read.found] == ["jane@example.org"]
    assert (read.complete, read.grouped) == (True, False)
    assert read_sender("Jane <jane@example.org>") == read_addresses("Jane <jane@example.org>")


@pytest.mark.parametrize(
    "text",
    [
        "joe@bank.example, Jane <jane@example.org>",
        "joe@bank.example (x) [y] <jane@example.org>",
        "Roe, Jane (joe@bank.example) <jane@example.org>",
        '"joe@bank.example", Jane <jane@example.org>',
        "joe\uff20bank.example, Jane <jane@example.org>",
        "jane@example.org)joe@bank.example",
        "Roe, <joe> <jane@example.org>",
        '"Roe, Jane <jane@example.org>',
        '"Roe\\", Jane <jane@example.org>',
        "(Roe, Jane <jane@example.org>",
        "Roe, Jane <jane@example.org> Nurse",
        "Roe, Jane <jane@example.org>;",
        "Roe, Jane <jane@example.org",
        "Roe, Jane jane@example.org",
        "Roe, Jane <@example.org>",
        "Roe, Jane <jane@example..>",
    ],
)
def test_an_odd_name_that_could_hold_another_address_is_refused(text: str) -> None:
    """CVE-2023-27043: two readers must not see two senders."""
    read = read_sender(text)

    assert not read.complete or len(read.found) != 1


def test_the_longest_address_that_smtp_takes_is_read() -> None:
    """RFC 5321 §4.5.3.1.3 counts octets, not characters."""
    domain = ".".join(["b" * 60] * 3) + ".org"
    longest = "a" * (MAX_ADDRESS_OCTETS - len(domain) - 1)

    assert parse_address(f"{longest}@{domain}") is not None
    assert parse_address(f"a{longest}@{domain}") is None
    assert parse_address(f"ä{longest[1:]}@{domain}") is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("hello@harbour.example", "hello@harbour.example"),
        ("Hello@HARBOUR.example", "Hello@harbour.example"),
        ('"hello"@harbour.example', "hello@harbour.example"),
        ("hello@bücher.example", "hello@xn--bcher-kva.example"),
        ("hello", None),
        ("", None),
        ("@", None),
        ("Harbour <hello@harbour.example>", None),
        ("hello@harbour.example (us)", None),
        (" hello@harbour.example", None),
        ("hello@harbour.example\r\nBcc: x@y.z", None),
        ("a@b@harbour.example", None),
        ('"hello@harbour.example', None),
        ('"@harbour.example', None),
        ('"a"b"@harbour.example', None),
        ("a, b@harbour.example", None),
        ("he\udcc3llo@harbour.example", None),
        ("hello@ä\udcc3.example", None),
    ],
)
def test_one_address_as_a_person_types_it(text: str, address: str | None) -> None:
    """The configuration takes a bare address, and nothing around it."""
    found = parse_address(text)

    assert (found.addr_spec if found is not None else None) == address


@pytest.mark.parametrize(
    ("text", "left", "closed"),
    [
        ("no (comment)", "no", True),
        ("(a (b) c) no (d)", "no", True),
        ('"(no)"', '"(no)"', True),
        ('"open (no)', '"open (no)', True),
        ("(\\)) no", "no", True),
        ("no (open", "no", False),
        ("(" * 17 + ")" * 17 + "no", "", False),
        ("(" * 16 + ")" * 16 + "no", "no", True),
        ("()" * MAX_COMMENTS + "no", "no", True),
        ("()" * (MAX_COMMENTS + 1) + "no", "", False),
    ],
)
def test_comments_are_taken_out(text: str, left: str, closed: bool) -> None:
    """Nested ones too (RFC 5322 §3.2.2), as deep and as many as mail ever has."""
    bare, complete = without_comments(text)

    assert (bare.strip(), complete) == (left, closed)


def test_more_addresses_than_anyone_writes_to_are_not_read() -> None:
    """The reading stops, and says so."""
    read = read_addresses(", ".join(f"p{n}@example.net" for n in range(MAX_ELEMENTS + 10)))

    assert (len(read.found), read.complete) == (MAX_ELEMENTS + 1, False)


def test_only_so_many_foreign_domains_are_converted() -> None:
    """Each costs as much as a message."""
    read = read_addresses(", ".join(f"p@bü{n}.example" for n in range(60)))

    assert (len(read.found), read.complete) == (50, False)


@given(st.text(alphabet='ab@.,;:<>()[]"\\ é\t\0', max_size=60))
@example('"\\')
@example("(\\")
def test_any_text_can_be_read_and_what_is_found_is_fit_to_send_to(text: str) -> None:
    """Nothing raises, and no address holds what could end an SMTP command."""
    for address in read_addresses(text).found:
        assert parse_address(address.addr_spec) == address
        assert address.addr_spec.isprintable()
        assert not set(address.addr_spec) & set(' \r\n<>(),;"\\')
        assert len(address.addr_spec.encode()) <= MAX_ADDRESS_OCTETS


@given(st.text(alphabet='ab@.,;:<>()[]"\\ é\t\0\uff20', max_size=40).map(lambda name: f"{name}<mary@example.org>"))
def test_an_odd_name_never_makes_another_sender(text: str) -> None:
    """Where the ordinary reading fails, the only address of the field is the sender, or nobody is."""
    read, ordinary = read_sender(text), read_addresses(text)

    if read != ordinary:
        assert text.count("@") == 1
        assert [address.addr_spec for address in read.found] == ["mary@example.org"]


@given(st.text(max_size=60))
def test_any_typed_text_gives_an_address_or_none(text: str) -> None:
    """Surrogates, controls and other scripts included."""
    address = parse_address(text)

    assert address is None or address.addr_spec.isprintable()


BOMBS = (
    "(",
    "()",
    '"',
    '"\\',
    "<",
    "[",
    "[a",
    "a,",
    "a@b,",
    "@",
    ":",
    ";",
    '""@x,',
    "(\\",
    "a@ü.x,",
    "\\",
    "((a)",
    '("',
    "=?",
)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_long_hostile_sender_is_read_to_its_end(bomb: str) -> None:
    """No sender in it that could be answered; benchmarks/hostile.py says how long that takes."""
    read = read_sender(bomb * (64_000 // len(bomb)))
    assert not read.complete or len(read.found) != 1


USUAL = st.sampled_from(
    [
        *'<>@.,;:"()[]\\ \tab-_=?+',
        "mary",
        "example.org",
        '"',
        '"x" ',
        "Mary Example ",
        "<mary@example.org>",
        "é",
        "\0",
        "\x1c",
        "X.Y",
    ]
)


@given(st.lists(USUAL, max_size=8).map("".join))
@example("mary@example.org")
@example("Mary <Mary@Example.ORG>")
@example('"Mary <x@y.z>" <mary@example.org>')
@example("mary@example.org>")
@example("<mary@example.org")
@example("x <mary@-example.org>")
@example(f"<{'a' * 250}@b.example>")
def test_the_short_way_reads_what_the_long_way_reads(text: str) -> None:
    """Most fields are read by one pattern; it knows no address that the whole syntax does not."""
    assert read_addresses(text) == read_any_addresses(text)
