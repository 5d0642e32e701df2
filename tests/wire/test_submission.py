"""Submission to servers that misbehave on purpose: what became of the reply must always be known."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import trustme

from responder.adapters.smtp import Limits, Mark, Submitter, connection
from responder.config.values import ServerConfig
from responder.core.errors import AuthenticationError, LedgerError, PermanentError, TransientError
from responder.core.message import Address
from responder.core.outcome import Accepted, Deferred, Outcome, OutgoingReply, Rejected, Unknown
from tests.lab.smtp import free_port
from tests.lab.smtp_script import Conversation, Hook, ScriptedSmtp, answer, drop, in_turn, reset, stall

MAILBOX = Address("hello", "harbour.example")
CORRESPONDENT = Address("tom", "town.example")
ALIAS = Address("help", "harbour.example")
CONTENT = b"From: hello@harbour.example\r\n\r\nNobody is reading now.\r\n.\r\n..dots\r\n"
FAST = Limits(connect=5, command=1, final=1, farewell=1)


def place(
    port: int,
    tls: Literal["implicit", "starttls", "none"] = "none",
    ca_file: Path | None = None,
    *,
    auth: bool = True,
    host: str = "localhost",
) -> ServerConfig:
    """A server to submit to."""
    return ServerConfig(host, port, tls, ca_file, auth)


@dataclass(frozen=True)
class Login:
    """Invented credentials."""

    username: str = "hello@harbour.example"
    password: str = "pässword"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def reply(recipient: Address = CORRESPONDENT, *, as_: Address = MAILBOX) -> OutgoingReply:
    """The reply that is sent."""
    return OutgoingReply(recipient, as_, "<ahr.1@harbour.example>", CONTENT, "Nobody is reading now.")


async def unmarked(_: bool) -> None:
    """Makes no mark."""


class Way(Submitter):
    """A submitter for tests that look at nothing but the outcome."""

    async def send(self, reply: OutgoingReply, fallback: OutgoingReply | None = None, mark: Mark = unmarked) -> Outcome:
        """See ``Submitter``; makes no mark."""
        return await super().send(reply, fallback, mark)


def submitter(
    to: ServerConfig | ScriptedSmtp, *, limits: Limits = FAST, clock: Callable[[], float] = time.monotonic
) -> Way:
    """One mailbox's way out."""
    server = place(to.port) if isinstance(to, ScriptedSmtp) else to
    return Way("first mailbox", server, Login, MAILBOX, limits=limits, clock=clock)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """The authority that the submitter trusts."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Where its certificate is."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def server_context(authority: trustme.CA, name: str = "localhost", *, expired: bool = False) -> ssl.SSLContext:
    """TLS of a server that presents a certificate for ``name``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    not_after = dt.datetime(2001, 1, 1, tzinfo=dt.UTC) if expired else None
    authority.issue_cert(name, not_after=not_after).configure_cert(context)
    return context


def late(seconds: float, verb: str) -> Hook:
    """The usual answer, later."""

    async def hook(conversation: Conversation, argument: str) -> None:
        await asyncio.sleep(seconds)
        await conversation.usual(verb, argument)

    return hook


# --- a good server


async def test_accepted_transaction() -> None:
    """A reply goes out from the null reverse-path to exactly one recipient, byte for byte, asking for no bounce."""
    async with ScriptedSmtp() as server:
        sender = submitter(server)
        outcome = await sender.send(reply())
        await sender.close()
    assert outcome == Accepted()
    auth = "AUTH PLAIN AGhlbGxvQGhhcmJvdXIuZXhhbXBsZQBww6Rzc3dvcmQ="
    envelope = [f"MAIL FROM:<> SIZE={len(CONTENT)}", "RCPT TO:<tom@town.example> NOTIFY=NEVER", "DATA", "QUIT"]
    assert server.lines == ["EHLO [127.0.0.1]", auth, *envelope]
    assert server.contents == [CONTENT.replace(b"\r\n.", b"\r\n..") + b".\r\n"]


async def test_bare_server() -> None:
    """Nothing is asked of a server that it does not offer, and without auth nobody logs in."""
    async with ScriptedSmtp(extensions=()) as server:
        sender = submitter(place(server.port, auth=False))
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert server.lines[:3] == ["EHLO [127.0.0.1]", "MAIL FROM:<>", "RCPT TO:<tom@town.example>"]


async def test_login_mechanism() -> None:
    """LOGIN is used where PLAIN is not offered."""
    async with ScriptedSmtp(extensions=("AUTH CRAM-MD5 LOGIN",)) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert server.verbs("AUTH") == ["AUTH LOGIN aGVsbG9AaGFyYm91ci5leGFtcGxl"]


async def test_no_mechanism_of_ours() -> None:
    """A server without PLAIN and LOGIN gets no AUTH; the owner is told."""
    async with ScriptedSmtp(extensions=("AUTH GSSAPI",)) as server:
        outcome = await submitter(server).send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide
    assert not server.verbs("AUTH")


async def test_eight_bit_content() -> None:
    """BODY=8BITMIME is said only for content that has eight bits."""
    async with ScriptedSmtp(extensions=("8BITMIME", "AUTH PLAIN")) as server:
        sender = submitter(server)
        eight = OutgoingReply(reply().recipient, MAILBOX, "<1@x.example>", "Grüße\r\n".encode(), "")
        await sender.send(reply())
        await sender.send(eight)
        await sender.close()
    assert server.verbs("MAIL") == ["MAIL FROM:<>", "MAIL FROM:<> BODY=8BITMIME"]


async def test_non_ascii_recipient() -> None:
    """A non-ASCII local part needs SMTPUTF8; without it the reply ends before MAIL."""
    abroad = Address("jörg", "town.example")
    async with ScriptedSmtp() as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply(abroad)), Rejected)
        assert not server.verbs("MAIL")
        await sender.close()
    async with ScriptedSmtp(extensions=("SMTPUTF8", "AUTH PLAIN")) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply(abroad)), Accepted)
        await sender.close()
    assert server.lines[2:4] == ["MAIL FROM:<> SMTPUTF8", "RCPT TO:<jörg@town.example>"]


async def test_size_limit() -> None:
    """A reply over the advertised size is not tried; SIZE 0 is no limit."""
    async with ScriptedSmtp(extensions=("SIZE 20", "AUTH PLAIN")) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply()), Rejected)
        assert not server.verbs("MAIL")
        server.extensions = ("SIZE 0", "AUTH PLAIN")
        await sender.close()
        again = submitter(server)
        assert isinstance(await again.send(reply()), Accepted)
        await again.close()


async def test_unfit_recipient() -> None:
    """An address that could smuggle a command never reaches a server."""
    async with ScriptedSmtp() as server:
        outcome = await submitter(server).send(reply(Address("a>\r\nRCPT TO:<b", "town.example")))
    assert isinstance(outcome, Rejected)
    assert server.connections == 0


# --- after the final dot


@pytest.mark.parametrize(
    "fault", [drop, reset, stall, answer("what?"), answer("250-half")], ids=lambda hook: hook.__name__
)
async def test_cut_off_after_the_dot(fault: Hook) -> None:
    """After the dot, anything but a whole answer is unknown; nothing is tried again here."""
    async with ScriptedSmtp({".": fault}) as server:
        outcome = await submitter(server).send(reply())
    assert isinstance(outcome, Unknown)
    assert len(server.contents) == server.connections == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("451 4.3.0 later", Deferred),
        ("421 4.3.2 stopping", Deferred),
        ("554 5.7.1 spam", Rejected),
        ("250 ok", Accepted),
    ],
)
async def test_answer_to_the_dot(said: str, kind: type) -> None:
    """A whole answer to the dot is certain."""
    async with ScriptedSmtp({".": answer(said)}) as server:
        sender = submitter(server)
        outcome = await sender.send(reply())
        await sender.close()
    assert type(outcome) is kind


async def test_patience_after_the_dot() -> None:
    """The answer to the dot may take longer than any other answer."""
    async with ScriptedSmtp({".": late(0.6, ".")}) as server:
        sender = submitter(server, limits=Limits(command=0.3, final=5))
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_answer_before_its_time() -> None:
    """An answer that came before the content was sent is not taken for the one to the dot."""
    async with ScriptedSmtp({"DATA": answer("354 go ahead", "250 2.0.0 queued")}) as server:
        outcome = await submitter(server).send(reply())
    assert isinstance(outcome, Deferred)
    assert not server.contents


# --- the mark before the final dot


class Marks:
    """Notes what had been sent when each mark was made, and may take its time or fail."""

    def __init__(self, server: ScriptedSmtp, fault: BaseException | None = None) -> None:
        self.server = server
        self.fault = fault
        self.made: list[tuple[bool, int]] = []

    async def __call__(self, may_arrive: bool) -> None:
        """The mark."""
        await asyncio.sleep(0.1)
        self.made.append((may_arrive, len(self.server.contents)))
        if self.fault is not None:
            raise self.fault


async def test_the_mark_comes_before_the_final_dot() -> None:
    """The content is with the server by then, its dot is not."""
    async with ScriptedSmtp() as server:
        sender, marks = submitter(server), Marks(server)
        assert isinstance(await sender.send(reply(), mark=marks), Accepted)
        await sender.close()
    assert marks.made == [(True, 0)]
    assert len(server.contents) == 1


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("fault", [drop, answer("550 no")], ids=["FIN", "550"])
async def test_no_mark_where_nothing_may_arrive(verb: str, fault: Hook) -> None:
    """What failed before the final dot was never in doubt."""
    async with ScriptedSmtp({verb: fault}) as server:
        marks = Marks(server)
        await submitter(server).send(reply(), mark=marks)
    assert marks.made == []


async def test_without_its_mark_no_final_dot() -> None:
    """A full disk: the reply is not sent, and the server gets no dot."""
    async with ScriptedSmtp() as server:
        with pytest.raises(LedgerError):
            await submitter(server).send(reply(), mark=Marks(server, LedgerError("full")))
        await _until(lambda: not server.open)
    assert not server.contents


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(drop, Deferred, id="FIN"),
        pytest.param(reset, Deferred, id="RST"),
        pytest.param(answer("552 5.3.4 too long"), Rejected, id="552"),
        pytest.param(answer("421 4.3.2 stopping"), Deferred, id="421"),
        pytest.param(answer("250 2.0.0 queued"), Deferred, id="250"),
        pytest.param(answer("what?"), Deferred, id="garbage"),
    ],
)
async def test_a_server_that_ends_during_the_content(fault: Hook, kind: type) -> None:
    """Gone, or out of step, before the dot: surely not delivered."""

    async def leave(conversation: Conversation, argument: str) -> None:
        await conversation.say("354 go ahead")
        await conversation.reader.readline()
        await fault(conversation, argument)

    async with ScriptedSmtp({"DATA": leave}) as server:
        outcome = await submitter(server).send(reply(), mark=Marks(server))
    assert type(outcome) is kind
    assert not server.contents


async def test_the_mark_is_taken_back_before_the_fallback() -> None:
    """The first reply was refused, so nothing is in doubt until the second one's dot."""
    refusal = answer("550 5.7.60 SMTP; Client does not have permissions to send as this sender")
    async with ScriptedSmtp({".": in_turn(".", refusal)}) as server:
        sender, marks = submitter(server), Marks(server)
        assert isinstance(await sender.send(reply(as_=ALIAS), reply(), marks), Accepted)
        await sender.close()
    assert marks.made == [(True, 0), (False, 1), (True, 1)]


# --- before the final dot


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "fault",
    [drop, reset, stall, answer("what?"), answer("421 4.3.2 busy")],
    ids=["FIN", "RST", "stall", "garbage", "421"],
)
async def test_fault_before_the_dot(verb: str, fault: Hook) -> None:
    """Whatever happens before the dot, the reply was surely not delivered and is tried later, on a new connection."""
    async with ScriptedSmtp({verb: in_turn(verb, fault)}) as server:
        sender = submitter(server, limits=Limits(connect=0.5, command=0.5))
        outcome = await sender.send(reply())
        assert isinstance(outcome, Deferred)
        assert not outcome.account_wide
        assert server.connections == 1
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert len(server.contents) == 1


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("CONNECT", "554 no service"),
        ("EHLO", "550 go away"),
        ("AUTH", "535 5.7.8 wrong"),
        ("AUTH", "550 5.7.30 Basic authentication is not supported"),
        ("DATA", "550 5.7.139 Authentication unsuccessful"),
        ("DATA", "530 5.7.0 Authentication required"),
        (".", "550 5.4.5 Daily sending quota exceeded"),
    ],
)
async def test_fault_of_the_account_opens_the_breaker(verb: str, said: str) -> None:
    """After a refusal that every reply would meet, no connection is made for a minute; then one is."""
    clock = Clock()
    async with ScriptedSmtp({verb: in_turn(verb, answer(said))}) as server:
        sender = submitter(server, clock=clock)
        first = await sender.send(reply())
        assert isinstance(first, Deferred)
        assert first.account_wide
        assert first.cure
        assert await sender.send(reply()) is first
        assert server.connections == 1
        clock.now = 60
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_wrong_password_is_tried_once() -> None:
    """One login per attempt, however many replies wait."""
    async with ScriptedSmtp({"AUTH": answer("535 5.7.8 wrong")}) as server:
        sender = submitter(server)
        outcomes = await asyncio.gather(*(sender.send(reply()) for _ in range(8)))
    assert all(isinstance(outcome, Deferred) and outcome.account_wide for outcome in outcomes)
    assert len(server.verbs("AUTH")) == server.connections == 1


async def test_success_ends_the_count_of_faults() -> None:
    """A fault after a success waits as little as the first one."""
    clock, refusal = Clock(), answer("550 5.4.5 Daily sending quota exceeded")
    async with ScriptedSmtp({".": in_turn(".", refusal, None, refusal)}) as server:
        sender = submitter(server, clock=clock)
        await sender.send(reply())
        clock.now = 60
        assert isinstance(await sender.send(reply()), Accepted)
        assert isinstance(await sender.send(reply()), Deferred)
        clock.now = 120
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_good_login_ends_the_count_of_refused_ones() -> None:
    """Only logins refused in a row make the long waits, whatever becomes of the replies between them."""
    clock, refusal = Clock(), answer("535 5.7.8 wrong")
    hooks = {"AUTH": in_turn("AUTH", refusal, refusal, None, refusal), "RCPT": answer("450 4.2.0 later")}
    async with ScriptedSmtp(hooks) as server:
        sender = submitter(server, clock=clock)
        for clock.now in (0, 60, 180, 180, 420):
            await sender.send(reply())
    assert len(server.verbs("AUTH")) == 5


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_echoed_password(mechanism: str) -> None:
    """A server that repeats what it did not understand gets no password into a reason, nor before the owner's eyes."""

    async def echo(conversation: Conversation, argument: str) -> None:
        if mechanism == "LOGIN":
            await conversation.say("334 UGFzc3dvcmQ6")
            argument = (await conversation.reader.readline()).decode().strip()
        await conversation.say(f"535 5.7.8 not understood: {argument} pässword hello@harbour.example")

    async with ScriptedSmtp({"AUTH": echo}, extensions=(f"AUTH {mechanism}",)) as server:
        outcome = await submitter(server).send(reply())
        with pytest.raises(AuthenticationError) as caught:
            await submitter(server).check()
    assert isinstance(outcome, Deferred)
    assert outcome.reason == "AUTH: 535 5.7.8 the login was refused"
    prefix = "PLAIN " if mechanism == "PLAIN" else ""
    said = f"5.7.8 not understood: {prefix}<private> <private> <address>"
    assert caught.value.reason == f'{outcome.reason} (the server says "{said}")'


async def test_reload_closes_the_breaker() -> None:
    """After a reset the next reply is tried at once."""
    async with ScriptedSmtp({"AUTH": in_turn("AUTH", answer("535 5.7.8 wrong"))}) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply()), Deferred)
        sender.reset()
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_rejected_recipient_is_this_replys() -> None:
    """A refused recipient ends this reply and no other."""
    async with ScriptedSmtp({"RCPT": in_turn("RCPT", answer("550 5.1.1 <tom@town.example>: tom unknown"))}) as server:
        sender = submitter(server)
        assert await sender.send(reply()) == Rejected("RCPT: 550 5.1.1 no such mailbox", 550)
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


POISON = [
    "550 5.1.2 <{0}>... Host unknown (Name server: 5.4.5.evil.example: host not found)",
    "550 5.1.1 <{0}>: undeliverable: host mx.evil.example said: 550 5.7.139 no such user",
    "550 5.7.139 <{0}>: undeliverable",
    "550 5.4.5 <{0}>: undeliverable",
    "530 5.7.0 <{0}>: go away",
    "550 mail server at 5.4.5.evil.example said: 550 5.4.6 no",
]


def refusing(domain: str, said: str) -> Hook:
    """Refuses recipients at one domain in these words."""

    async def hook(conversation: Conversation, argument: str) -> None:
        if domain in argument:
            await conversation.say(said.format("me@5.4.5.evil.example"))
        else:
            await conversation.usual("RCPT", argument)

    return hook


@pytest.mark.parametrize("said", POISON)
async def test_one_recipient_never_silences_the_others(said: str) -> None:
    """Whatever is said of one domain's recipients, and however often, the next reply goes out at once."""
    poison = [Address(f"me{number}", f"{number}.5.4.5.evil.example") for number in range(10)]
    async with ScriptedSmtp({"RCPT": refusing("evil.example", said)}) as server:
        sender = submitter(server)
        for recipient in poison * 2:
            outcome = await sender.send(reply(recipient))
            assert isinstance(outcome, (Deferred, Rejected))
            assert "evil" not in outcome.reason
            assert isinstance(outcome, Rejected) or not outcome.account_wide
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


RELAY_DENIED = "554 5.7.1 <{0}>: Relay access denied"


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "."])
async def test_three_unrelated_recipients_refused_alike(verb: str) -> None:
    """The account's trouble: the third reply waits with the rest, and the owner hears the server's words."""
    clock = Clock()

    async def refuse(conversation: Conversation, _: str) -> None:
        address = conversation.server.verbs("RCPT")[-1].partition("<")[2].partition(">")[0]
        await conversation.say(RELAY_DENIED.format(address))

    async with ScriptedSmtp({verb: refuse}) as server:
        sender = submitter(server, clock=clock)
        outcomes = [await sender.send(reply(Address(f"p{number}", f"{number}.example"))) for number in range(4)]
        server.hooks.clear()
        clock.now = 60
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    first, second, third, fourth = outcomes
    for outcome in (first, second):
        assert isinstance(outcome, Rejected)
        assert outcome.once_more
    assert isinstance(third, Deferred)
    assert third.account_wide
    assert third.cure
    assert third.said == "5.7.1 <address>: Relay access denied"
    assert fourth is third
    assert len(server.verbs("MAIL")) == 4


async def test_an_accepted_reply_ends_the_suspicion() -> None:
    """Recipients that are refused now and then are their own trouble."""
    refusal = answer("550 no such user")
    hooks = {"RCPT": in_turn("RCPT", refusal, refusal, None, refusal)}
    async with ScriptedSmtp(hooks) as server:
        sender = submitter(server)
        outcomes = [await sender.send(reply(Address(f"p{number}", f"{number}.example"))) for number in range(4)]
        await sender.close()
    assert [type(outcome) for outcome in outcomes] == [Rejected, Rejected, Accepted, Rejected]


async def test_limit_told_of_a_recipient() -> None:
    """A limit that the server names in its own words is the account's at once: the rest wait a minute, with a cure."""
    clock = Clock()
    async with ScriptedSmtp({"RCPT": in_turn("RCPT", answer("550 5.4.5 Daily sending quota exceeded"))}) as server:
        sender = submitter(server, clock=clock)
        first = await sender.send(reply())
        assert isinstance(first, Deferred)
        assert first.account_wide
        assert first.cure
        assert first.said == "5.4.5 Daily sending quota exceeded"
        assert await sender.send(reply()) is first
        clock.now = 60
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_refused_utf8_address() -> None:
    """SMTPUTF8 at MAIL is for one recipient's sake; where it is refused, the others do not wait."""

    async def refuse(conversation: Conversation, argument: str) -> None:
        if "SMTPUTF8" in argument:
            await conversation.say("550 5.6.7 not today")
        else:
            await conversation.usual("MAIL", argument)

    async with ScriptedSmtp({"MAIL": refuse}, extensions=("SMTPUTF8", "AUTH PLAIN")) as server:
        sender = submitter(server)
        outcome = await sender.send(reply(Address("jörg", "town.example")))
        assert isinstance(outcome, Rejected)
        assert outcome.once_more
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_refusal_by_strangers_leaves_the_null_reverse_path() -> None:
    """What a stranger's server says of null senders does not change our envelope."""
    said = "550 5.1.1 <{0}>: host mx.evil.example said: 550 5.1.8 null sender: Sender address rejected"
    async with ScriptedSmtp({"RCPT": refusing("evil.example", said)}) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply(Address("me", "evil.example"))), Rejected)
        await sender.close()
    assert len(server.verbs("MAIL")) == 1
    assert sender.reverse_path_note is None


async def test_nobody_listens() -> None:
    """A refused connection is tried later."""
    outcome = await submitter(place(free_port())).send(reply())
    assert isinstance(outcome, Deferred)
    assert not outcome.account_wide


async def test_slow_name_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs holds a send no longer than the connect limit; nobody asks for our own name."""
    release = threading.Event()

    def hang(*_: object, **__: object) -> None:
        release.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "again")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(socket, "getfqdn", hang)
    began = time.monotonic()
    outcome = await submitter(place(25), limits=Limits(connect=0.2)).send(reply())
    release.set()
    assert outcome == Deferred("connect: no answer in time")
    assert time.monotonic() - began < 8  # a look-up hangs for ten seconds


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port of 127.0.0.9 that takes no connection and says nothing: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.9", 0))
        listener.listen(0)
        for _ in range(3):
            full = stack.enter_context(socket.socket())
            full.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                full.connect(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("dead", ["refuses", "swallows"])
async def test_dead_address_before_a_live_one(monkeypatch: pytest.MonkeyPatch, black_hole: int, dead: str) -> None:
    """The next address of the server is tried while there is time."""
    monkeypatch.setattr(connection, "ADDRESS_PATIENCE", 0.2)
    async with ScriptedSmtp() as server:
        first = ("127.0.0.1", free_port()) if dead == "refuses" else ("127.0.0.9", black_hole)
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (first, ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
        sender = submitter(server)
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_no_address_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one's trouble is told; a name without addresses is trouble, too."""
    for rows in ([(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", free_port()))] * 2, []):
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, rows=rows, **__: rows)
        outcome = await submitter(place(25)).send(reply())
        assert isinstance(outcome, Deferred)
        assert not outcome.account_wide


async def test_helo_name() -> None:
    """A name that the file gives is what EHLO says."""
    async with ScriptedSmtp() as server:
        to = dataclasses.replace(place(server.port), helo_name="mail.harbour.example")
        sender = submitter(to)
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert server.lines[0] == "EHLO mail.harbour.example"


# --- reverse-path and alias


@pytest.mark.parametrize(
    ("verb", "said"), [("MAIL", "550 5.7.1 no null sender"), ("RCPT", "554 5.7.1 <>: Sender address rejected: no")]
)
async def test_null_reverse_path_refused(verb: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """The mailbox's address is used at once where the null reverse-path is refused, and from then on; told once."""
    async with ScriptedSmtp({verb: in_turn(verb, answer(said))}) as server:
        sender = submitter(server)
        for _ in range(3):
            assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    paths = [line.split()[1] for line in server.verbs("MAIL")]
    assert paths == ["FROM:<>", *["FROM:<hello@harbour.example>"] * 3]
    assert "refused" in (sender.reverse_path_note or "")
    assert len(caplog.records) == 1
    assert "@" not in caplog.text


async def test_both_reverse_paths_refused() -> None:
    """A sender refused under every name is the account's fault; the null reverse-path is not blamed."""
    clock = Clock()
    async with ScriptedSmtp({"MAIL": in_turn("MAIL", *[answer("550 5.7.1 suspended")] * 2)}) as server:
        sender = submitter(server, clock=clock)
        outcome = await sender.send(reply())
        assert isinstance(outcome, Deferred)
        assert outcome.account_wide
        assert sender.reverse_path_note is None
        clock.now = 60
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert [line.split()[1] for line in server.verbs("MAIL")] == ["FROM:<>", "FROM:<hello@harbour.example>", "FROM:<>"]


async def test_alias_refused() -> None:
    """A reply refused because its From is an alias goes out From the mailbox's address at once and from then on."""
    refusal = answer("550 5.7.60 SMTP; Client does not have permissions to send as this sender")
    async with ScriptedSmtp({".": in_turn(".", refusal)}) as server:
        sender = submitter(server)
        for _ in range(2):
            assert isinstance(await sender.send(reply(as_=ALIAS), fallback=reply()), Accepted)
        assert sender.alias_refused == {"help@harbour.example"}
        await sender.close()
    assert len(server.contents) == 3


@pytest.mark.parametrize("as_", [ALIAS, MAILBOX])
async def test_other_refusals_use_no_fallback(as_: Address) -> None:
    """A refusal that is not about From is final, and the mailbox's own address has nothing to fall back to."""
    said = "554 5.7.1 spam" if as_ is ALIAS else "550 5.7.60 cannot send as"
    async with ScriptedSmtp({".": answer(said)}) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply(as_=as_), fallback=reply()), Rejected)
        await sender.close()
    assert len(server.contents) == 1


async def test_fallback_refused_too() -> None:
    """When the second text is refused as well, the alias is not blamed."""
    async with ScriptedSmtp({".": answer("550 5.7.60 cannot send as")}) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply(as_=ALIAS), fallback=reply()), Rejected)
        await sender.close()
    assert len(server.contents) == 2
    assert not sender.alias_refused


# --- connections


async def test_connections_are_reused() -> None:
    """Twenty replies at once take two connections, one transaction at a time on each."""
    async with ScriptedSmtp() as server:
        sender = submitter(server)
        outcomes = await asyncio.gather(*(sender.send(reply()) for _ in range(20)))
        await sender.close()
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert server.connections <= 2
    assert len(server.contents) == 20


async def _until(reached: Callable[[], object]) -> None:
    while not reached():  # noqa: ASYNC110 - the server under test has no event for it
        await asyncio.sleep(0.005)


async def test_idle_connection_is_let_go() -> None:
    """With no more work, a connection is ended politely after a moment."""
    async with ScriptedSmtp() as server:
        sender = submitter(server, limits=Limits(keep_idle=0.05))
        await sender.send(reply())
        await _until(lambda: not server.open)
        assert server.verbs("QUIT")
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert server.connections == 2


async def test_farewell_is_bounded() -> None:
    """A server that does not answer QUIT cannot hold a stop; afterwards nothing is sent."""
    async with ScriptedSmtp({"QUIT": stall}) as server:
        sender = submitter(server, limits=Limits(farewell=0.1))
        await sender.send(reply())
        await asyncio.wait_for(sender.close(), 1)
        assert await sender.send(reply()) == Deferred("stopping")


async def test_closed_while_sending() -> None:
    """A send under way when the account is closed ends in its own way, and its connection is not kept."""
    async with ScriptedSmtp({".": late(0.1, ".")}) as server:
        sender = submitter(server)
        sending = asyncio.create_task(sender.send(reply()))
        await _until(lambda: server.contents)
        await sender.close()
        assert isinstance(await sending, Accepted)
        await _until(lambda: not server.open)
    assert server.verbs("QUIT")


def _then_drop(verb: str) -> Hook:
    async def hook(conversation: Conversation, argument: str) -> None:
        await conversation.usual(verb, argument)
        await conversation.drop()

    return hook


@pytest.mark.parametrize(
    "hooks",
    [
        pytest.param({".": _then_drop(".")}, id="closed while idle"),
        pytest.param({"MAIL": in_turn("MAIL", None, drop)}, id="FIN meets MAIL"),
        pytest.param({"MAIL": in_turn("MAIL", None, reset)}, id="RST meets MAIL"),
        pytest.param({"MAIL": in_turn("MAIL", None, answer("421 4.4.2 idle too long"))}, id="421"),
        pytest.param({"MAIL": in_turn("MAIL", None, answer("452 4.5.3 enough for one connection"))}, id="452"),
    ],
)
async def test_dead_idle_connection(hooks: dict[str, Hook]) -> None:
    """A pooled connection that died is replaced, and the reply is sent once on the new one."""
    async with ScriptedSmtp(hooks) as server:
        sender = submitter(server)
        assert isinstance(await sender.send(reply()), Accepted)
        await asyncio.sleep(0.05)
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert server.connections == 2
    assert len(server.contents) == 2


def open_descriptors() -> int:
    """Of this process."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_peer_that_never_reads() -> None:
    """Thirty replies to a server that stops reading leave no descriptor and no message behind."""

    async def deaf(conversation: Conversation, _: str) -> None:
        await conversation.say("354 go ahead")
        await conversation.stall()

    big = OutgoingReply(reply().recipient, MAILBOX, "<1@x.example>", (b"x" * 900 + b"\r\n") * 7000, "")
    async with ScriptedSmtp({"DATA": deaf}) as server:
        sender = submitter(server, limits=Limits(final=0.02))
        server.extensions = ("AUTH PLAIN",)
        before = open_descriptors()
        for _ in range(30):
            assert isinstance(await sender.send(big), Unknown)
        await asyncio.sleep(0)
        assert open_descriptors() - server.open <= before + 1
    assert server.connections == 30


# --- cancellation


async def _send_until(
    server: ScriptedSmtp, reached: Callable[[], object], limits: Limits = FAST
) -> asyncio.Task[object]:
    task = asyncio.create_task(submitter(server, limits=limits).send(reply()))
    await _until(reached)
    task.cancel()
    return task


async def until_gone(conversation: Conversation, _: str) -> None:
    """No answer, but a look at whether the peer is still there."""
    await conversation.reader.read()


@pytest.mark.parametrize("verb", ["CONNECT", "AUTH", "RCPT", "."])
async def test_cancelled(verb: str) -> None:
    """A cancelled send ends at once and lets go of the connection, without QUIT into whatever was under way."""
    async with ScriptedSmtp({verb: until_gone}) as server:
        task = await _send_until(server, lambda: server.open and (verb == "CONNECT" or server.verbs(_before(verb))))
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await task
            await _until(lambda: not server.open)
    assert not server.verbs("QUIT")


def _before(verb: str) -> str:
    return "DATA" if verb == "." else verb


@pytest.mark.parametrize(
    ("verb", "said"), [("CONNECT", "554 no"), ("EHLO", "550 no"), ("AUTH", "454 no"), ("RCPT", "450 no")]
)
async def test_refusing_server_is_left(verb: str, said: str) -> None:
    """No connection stays open after a fault."""
    async with ScriptedSmtp({verb: answer(said)}) as server:
        assert isinstance(await submitter(server).send(reply()), Deferred)
        async with asyncio.timeout(2):
            await _until(lambda: not server.open)


# --- TLS


async def test_starttls(authority: trustme.CA, ca_file: Path) -> None:
    """Credentials are sent once TLS is up, after a second EHLO."""
    async with ScriptedSmtp(tls=server_context(authority)) as server:
        sender = submitter(place(server.port, "starttls", ca_file))
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert [line.split()[0] for line in server.lines[:4]] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


async def test_implicit_tls(authority: trustme.CA, ca_file: Path) -> None:
    """Implicit TLS never says STARTTLS."""
    async with ScriptedSmtp(tls=server_context(authority), implicit=True) as server:
        sender = submitter(place(server.port, "implicit", ca_file))
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    assert not server.verbs("STARTTLS")


async def test_stripped_starttls(ca_file: Path) -> None:
    """Where STARTTLS is not offered, no byte of the credentials and no envelope is sent."""
    async with ScriptedSmtp() as server:
        outcome = await submitter(place(server.port, "starttls", ca_file)).send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide
    assert server.lines == ["EHLO [127.0.0.1]"]


@pytest.mark.parametrize(("said", "account_wide"), [("454 4.7.0 not now", False), ("500 5.5.1 what?", True)])
async def test_refused_starttls(said: str, *, account_wide: bool, authority: trustme.CA, ca_file: Path) -> None:
    """Where STARTTLS is refused, no byte of the credentials is sent."""
    async with ScriptedSmtp({"STARTTLS": answer(said)}, tls=server_context(authority)) as server:
        outcome = await submitter(place(server.port, "starttls", ca_file)).send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide is account_wide
    assert server.lines == ["EHLO [127.0.0.1]", "STARTTLS"]


async def test_injected_before_tls(authority: trustme.CA, ca_file: Path) -> None:
    """What was said in the clear behind the answer to STARTTLS is not believed under TLS."""

    async def inject(conversation: Conversation, _: str) -> None:
        assert conversation.server.tls is not None
        await conversation.say("220 go ahead", "250-evil.example", "250 AUTH GSSAPI")
        await conversation.writer.start_tls(conversation.server.tls)

    async with ScriptedSmtp({"STARTTLS": inject}, tls=server_context(authority)) as server:
        sender = submitter(place(server.port, "starttls", ca_file))
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("fault", ["wrong host", "expired", "unknown authority"])
async def test_certificate_not_believed(
    tls: Literal["implicit", "starttls"], fault: str, ca_file: Path, authority: trustme.CA
) -> None:
    """A certificate that cannot be believed ends the connection before any credential, with a cure."""
    issuer = trustme.CA() if fault == "unknown authority" else authority
    context = server_context(
        issuer, "other.example" if fault == "wrong host" else "localhost", expired=fault == "expired"
    )
    async with ScriptedSmtp(tls=context, implicit=tls == "implicit") as server:
        outcome = await submitter(place(server.port, tls, ca_file)).send(reply())
    assert isinstance(outcome, Deferred)
    assert "ca_file" in (outcome.cure or "")
    assert not server.verbs("AUTH")


async def test_renewed_authority(authority: trustme.CA, ca_file: Path) -> None:
    """Every connection reads the authorities anew: a renewed file is believed without a restart."""
    clock = Clock()
    trustme.CA().cert_pem.write_to_path(ca_file)
    async with ScriptedSmtp(tls=server_context(authority), implicit=True) as server:
        sender = submitter(place(server.port, "implicit", ca_file), clock=clock)
        assert isinstance(await sender.send(reply()), Deferred)
        authority.cert_pem.write_to_path(ca_file)
        clock.now = 60
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()


async def test_tls_to_a_plain_port() -> None:
    """TLS spoken to a port that speaks none says which settings to look at."""
    async with ScriptedSmtp() as server:
        outcome = await submitter(place(server.port, "implicit")).send(reply())
    assert isinstance(outcome, Deferred)
    assert "465" in (outcome.cure or "")


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_unusable_authority_file(tmp_path: Path, content: str | None) -> None:
    """A ca_file that is missing or holds no certificate says so; the reply waits."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    outcome = await submitter(place(25, "implicit", path)).send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.account_wide
    assert "ca_file" in (outcome.cure or "")


def test_plain_text_is_for_this_machine() -> None:
    """No TLS is refused for any other host."""
    for host in ("127.0.0.1", "::1", "localhost"):
        submitter(place(25, "none", host=host))
    with pytest.raises(ValueError, match="this machine"):
        submitter(place(25, "none", host="smtp.harbour.example"))


# --- credentials and check


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (PermanentError("credential file", "it is missing", cure="create it"), "create it"),
        (AuthenticationError("token endpoint", "consent is gone", cure="log in again"), "log in again"),
        (TransientError("token endpoint", "busy"), None),
        (OSError(5, "Input/output error"), None),
        (ValueError("odd"), None),
    ],
)
async def test_credentials_cannot_be_had(error: Exception, cure: str | None) -> None:
    """Without credentials there is no connection; the reply waits, and the owner hears what can be done."""

    def login() -> Login:
        raise error

    async with ScriptedSmtp() as server:
        outcome = await Way("first", place(server.port), login, MAILBOX).send(reply())
    assert isinstance(outcome, Deferred)
    assert outcome.cure == cure
    assert server.connections == 0


async def test_check_finds_nothing_wrong() -> None:
    """A check logs in, begins a message to the mailbox itself and takes it back; it closes the breaker."""
    async with ScriptedSmtp({"AUTH": in_turn("AUTH", answer("535 5.7.8 wrong"))}) as server:
        sender = submitter(server)
        await sender.send(reply())
        await sender.check()
        assert isinstance(await sender.send(reply()), Accepted)
        await sender.close()
    own = "<hello@harbour.example>"
    assert [f"MAIL FROM:{own}", f"RCPT TO:{own}", "QUIT"] == server.lines[4:7]
    assert len(server.contents) == 1


@pytest.mark.parametrize(
    ("hooks", "error"),
    [
        ({"AUTH": answer("535 5.7.8 wrong")}, AuthenticationError),
        ({"AUTH": answer("454 4.7.0 later")}, TransientError),
        ({"EHLO": answer("550 go away")}, PermanentError),
        ({"CONNECT": drop}, TransientError),
        ({"RCPT": drop}, TransientError),
        ({"MAIL": answer("550 5.7.1 suspended")}, PermanentError),
        ({"RCPT": answer("504 5.5.2 <[127.0.0.1]>: Helo command rejected")}, PermanentError),
        ({"RCPT": answer("550 exceeded the max emails per hour")}, PermanentError),
        ({"RCPT": answer("450 4.2.0 greylisted")}, TransientError),
    ],
)
async def test_check_finds_a_fault(hooks: dict[str, Hook], error: type[Exception]) -> None:
    """A check says what is wrong in terms of whether a person has to act."""
    async with ScriptedSmtp(hooks) as server:
        with pytest.raises(error, match="SMTP server localhost") as caught:
            await submitter(server).check()
    assert type(caught.value) is error
