"""Nothing that the sender wrote reaches the reply but one msg-id."""

from __future__ import annotations

from email.utils import getaddresses

from hypothesis import given
from hypothesis import strategies as st

from responder.core.decision import Reply
from responder.core.hours.period import ClosedPeriod
from responder.core.message import Address, InboundMessage, ReturnPath
from responder.core.reply import Composer, check_help
from tests.unit.core.reply.composing import MESSAGE_ID, NOW, STYLES, inbound, parsed, settings, variants

COMPOSERS = {(region, style): Composer(settings(region, style)) for region in ("GB", "US", "NZ") for style in STYLES}
COMPOSERS["GB", "two languages"] = Composer(settings(languages=("cy", "en"), allow_draft=True, html=True))
COMPOSERS["GB", "own words"] = Composer(settings(html=True, template="{{ practice_name }}\n{{ help }}\n{{ repeat }}"))

ALWAYS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "X-After-Hours-Responder", "MIME-Version", "Content-Language",
]  # fmt: skip
THREAD = ["In-Reply-To", "References"]
LAST = ["Content-Type", "Content-Transfer-Encoding"]

SECRET = "zq9"  # stands in nothing that we write
anything = st.text(max_size=60).map(lambda text: SECRET + text)
locals_ = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,40}", fullmatch=True) | st.sampled_from(['"a b"', "jörg"])
addresses = st.builds(Address, locals_, st.from_regex(r"[a-z0-9]{1,10}(\.[a-z0-9]{1,10}){1,3}", fullmatch=True))
strange_addresses = st.builds(Address, anything, anything)
message_ids = (
    st.none()
    | st.from_regex(r"<[!#-;=?A-Z^-~]{1,80}@[a-z.]{1,60}>", fullmatch=True)
    | anything
    | anything.map(lambda text: f"<{text}@x>")
)
messages = st.builds(
    InboundMessage,
    received_at=st.none() | st.just(NOW),
    flags=st.frozensets(anything, max_size=2),
    fields=st.lists(st.tuples(anything, anything), max_size=4).map(tuple),
    from_=st.lists(strange_addresses, max_size=2).map(tuple),
    sender=st.lists(strange_addresses, max_size=2).map(tuple),
    reply_to=st.lists(strange_addresses, max_size=2).map(tuple),
    recipients=st.lists(strange_addresses, max_size=2).map(tuple),
    return_path=st.builds(ReturnPath, st.booleans(), st.none() | strange_addresses),
    message_id=message_ids,
    fingerprint=anything,
    subject=anything,
    delivered_at=st.none(),
    defects=st.just(frozenset()),
)


@given(
    message=messages,
    to=addresses,
    from_=addresses,
    composer=st.sampled_from(sorted(COMPOSERS)).map(COMPOSERS.__getitem__),
    period=st.sampled_from(list(variants("GB").values())),
)
def test_nothing_of_the_senders_message_is_in_the_reply(
    message: InboundMessage, to: Address, from_: Address, composer: Composer, period: ClosedPeriod
) -> None:
    """Exactly our header fields, one recipient, and the same bytes as for an empty message but for the msg-id."""
    reply = Reply(to, from_, SECRET)
    sent = composer.compose(reply, message, period, now=NOW, message_id=MESSAGE_ID)
    header = parsed(sent)
    threaded = header["In-Reply-To"] is not None
    last = LAST[:1] if header.is_multipart() else LAST
    assert header.keys() == ALWAYS + (THREAD if threaded else []) + last
    assert header.get_all("To") == [str(header["To"])]
    assert sent.recipient == to
    assert f"\r\nTo: {to.addr_spec}\r\n".encode() in sent.content
    if to.local.isascii():
        assert [spec for _, spec in getaddresses([header["To"]])] == [to.addr_spec]
    msg_id = message.message_id.encode() if threaded and message.message_id else b""
    without = sent.content.replace(b"In-Reply-To: %b\r\nReferences: %b\r\n" % (msg_id, msg_id), b"")
    plain = composer.compose(reply, inbound(message_id=None), period, now=NOW, message_id=MESSAGE_ID)
    assert without == plain.content
    assert SECRET.encode() not in without
    assert check_help(sent.content, composer.help_at(NOW)) is None


@given(message_id=st.from_regex(r"<[!#-;=?A-Z^-~]{1,120}@[a-z0-9.]{1,100}>", fullmatch=True))
def test_a_valid_msg_id_is_repeated_whole(message_id: str) -> None:
    """Octet for octet on one line, twice."""
    sent = COMPOSERS["GB", "ordinary"].compose(
        Reply(Address("tom", "mail.example"), Address("hello", "harbour.example"), ""),
        inbound(message_id=message_id), variants("GB")["night"], now=NOW, message_id=MESSAGE_ID,
    )  # fmt: skip
    expected = [message_id.encode()] if len(message_id) <= 250 else []
    lines = sent.content.split(b"\r\n")
    assert [line[13:] for line in lines if line.startswith(b"In-Reply-To: ")] == expected
    assert [line[12:] for line in lines if line.startswith(b"References: ")] == expected


@given(content=st.binary(max_size=400))
def test_the_last_look_takes_any_bytes(content: bytes) -> None:
    """It never raises, and random bytes never pass."""
    assert check_help(content, COMPOSERS["GB", "ordinary"].help_at(NOW)) is not None
