"""A wrong clock loses nobody: behind, ahead, stepping; one odd message; a server that counts in another zone."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from responder.core.clock import RELEASED
from responder.core.errors import TransientError
from responder.core.outcome import Deferred
from responder.live import ClockSteps, clock, watch
from tests.unit.live.fakes import NIGHT, header_block
from tests.unit.live.test_service import BASELINE, Stage, stage

__all__ = ["stage"]


class Time:
    """Uptime, as far as the test's clock runs by itself; a step of the clock does not move it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stepped = timedelta(0)

    def __call__(self) -> float:
        """Seconds."""
        return (self.stage.clock.at - NIGHT - self.stepped).total_seconds()

    def step(self, by: timedelta) -> None:
        """Set the wall clock."""
        self.stage.clock.at += by
        self.stepped += by


@pytest.fixture
def uptime(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time that passes with the test's clock."""
    uptime = Time(stage)
    monkeypatch.setattr(clock, "uptime", uptime)
    monkeypatch.setattr("responder.live.intake.uptime", uptime)
    monkeypatch.setattr(watch, "WHILE_HELD", 0.02)
    return uptime


@pytest.fixture
async def watching(stage: Stage, uptime: Time) -> Stage:  # noqa: ARG001 - it makes time pass
    """A stage that has looked into its folder once; some mail there is old."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(minutes=1))
    await stage.start()
    await stage.watching()
    return stage


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None, bool]]:
    """Event, rule, and whether it is listed, of what was logged of messages."""
    lines = [vars(record) for record in caplog.records if "uid" in vars(record)]
    return [(line["message"], line.get("rule"), bool(line.get("maybe_person"))) for line in lines]


async def later(stage: Stage, **amount: float) -> None:
    """Let time pass, and look again."""
    stage.clock.forward(**amount)
    looks = stage.folder.looks
    stage.service.wake()
    await stage.until(lambda: stage.folder.looks > looks + 1)


@pytest.fixture(autouse=True)
def info(caplog: pytest.LogCaptureFixture) -> None:
    """All that is logged."""
    caplog.set_level(logging.INFO)


async def test_behind_and_both_clocks_closed(watching: Stage) -> None:
    """A board three days behind answers at once, with the opening that follows from the server's time."""
    watching.folder.deliver(header_block(), NIGHT + timedelta(days=2, hours=20))
    await watching.ended(sent=1)
    assert "Thursday 26 November at 09:00" in watching.sender.sent[0].text


async def test_behind_and_in_hours_by_our_clock(
    watching: Stage, uptime: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """Three hours behind, at four in the afternoon: it came at seven in the evening; answered after the step."""
    await later(watching, hours=13)
    watching.folder.deliver(header_block(), NIGHT + timedelta(hours=16))
    await watching.ended(waits=1)
    assert ("message waits", "clock", True) in events(caplog)
    uptime.step(timedelta(hours=3, seconds=5))
    watching.service.wake()
    await watching.ended(waits=1, sent=1)


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(days=3)], ids=["hours", "days"])
async def test_behind_at_boot_and_right_at_the_next(stage: Stage, uptime: Time, by: timedelta) -> None:
    """What came while the machine was off is judged by no clock that is behind it."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(days=1))
    await stage.start()
    await stage.watching()
    await stage.stop()
    stage.folder.deliver(header_block(), NIGHT)
    uptime.step(-by)
    await stage.start()
    await stage.until(lambda: sum(stage.service.health.done.values()) == 1)
    await stage.stop()
    uptime.step(by + timedelta(minutes=1))
    await stage.start()
    await stage.until(lambda: len(stage.sender.sent) == 1)


async def test_a_slot_of_a_clock_that_was_behind_counts(watching: Stage, uptime: Time) -> None:
    """Who was answered by the server's time is not answered again when the clock is right."""
    watching.folder.deliver(header_block(message_id="1@x.example"), NIGHT + timedelta(days=3))
    await watching.ended(sent=1)
    uptime.step(timedelta(days=3, minutes=30))
    watching.folder.deliver(header_block(message_id="2@x.example"), watching.clock())
    await watching.ended(sent=1, withdrawn=1)


@pytest.mark.parametrize(
    ("by", "ahead"),
    [
        (timedelta(0), timedelta(hours=23)),
        (timedelta(0), timedelta(days=90)),
        (timedelta(hours=3), timedelta(hours=-3)),
    ],
    ids=["an odd message", "a very odd one", "a clock that was ahead"],
)
async def test_a_slot_of_a_wrong_time_silences_nobody_in_a_later_period(
    watching: Stage, uptime: Time, by: timedelta, ahead: timedelta
) -> None:
    """A person who was answered by a wrong time is answered again in the next closed period."""
    uptime.step(by)
    await later(watching, seconds=5)
    watching.folder.deliver(header_block(message_id="1@x.example"), watching.clock() + ahead)
    await watching.ended(sent=1)
    uptime.step(-by)
    await later(watching, minutes=5)
    watching.folder.deliver(header_block(message_id="2@x.example"), watching.clock())
    await watching.ended(sent=1, withdrawn=1)
    await later(watching, hours=18)
    watching.folder.deliver(header_block(message_id="3@x.example"), watching.clock())
    await watching.ended(sent=2, withdrawn=1)


async def test_a_retry_of_what_is_ahead(watching: Stage, uptime: Time) -> None:
    """A reply that could not leave, and that no longer may by both clocks, waits; it is not withdrawn."""
    watching.sender.outcomes = [Deferred("down")]
    watching.folder.deliver(header_block(), NIGHT + timedelta(days=2))
    await watching.until(lambda: len(watching.sender.sent) == 1 and not watching.service._answerer._tasks)
    await later(watching, hours=7)
    assert watching.service.health.done == {}
    uptime.step(timedelta(days=2) - timedelta(hours=6))
    watching.service.wake()
    await watching.ended(sent=1)


async def test_ahead_too_old_then_right(watching: Stage, uptime: Time, caplog: pytest.LogCaptureFixture) -> None:
    """Two days ahead: it looks too old, is listed, and is answered as soon as the clock has gone back."""
    uptime.step(timedelta(days=2))
    await later(watching, seconds=10)
    watching.folder.deliver(header_block(), NIGHT + timedelta(seconds=10))
    await watching.ended(skip=1)
    assert ("message skipped", "too-old", True) in events(caplog)
    uptime.step(-timedelta(days=2))
    assert await watching.ledger.reopen_from_ahead(watching.clock()) == 1
    watching.service.wake()
    await watching.ended(skip=1, sent=1)


async def test_ahead_over_a_restart(stage: Stage, uptime: Time) -> None:
    """What a clock ahead silenced in a backlog, and what it withdrew, is judged again by the right one."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(days=1))
    stage.sender.outcomes = [Deferred("down")]
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block("due@x.example", message_id="1@x.example"))
    await stage.until(lambda: len(stage.sender.sent) == 1 and not stage.service._answerer._tasks)
    await stage.stop()
    stage.folder.deliver(header_block("backlog@x.example", message_id="2@x.example"))
    uptime.step(timedelta(days=2))
    await stage.start()
    await stage.ended(skip=1, withdrawn=1)
    await stage.stop()
    uptime.step(-timedelta(days=2) + timedelta(minutes=1))
    await stage.start()
    await stage.ledger.reopen_from_ahead(stage.clock())
    stage.service.wake()
    await stage.ended(sent=2)


async def test_a_boot_in_the_past_reopens_nothing_before_its_time(watching: Stage, uptime: Time) -> None:
    """What was rightly withdrawn at the opening is not answered because a board forgot three days."""
    watching.sender.outcomes = [Deferred("down")]
    watching.folder.deliver(header_block())
    await watching.until(lambda: len(watching.sender.sent) == 1 and not watching.service._answerer._tasks)
    await later(watching, hours=7)
    await watching.ended(withdrawn=1)
    uptime.step(-timedelta(days=3))
    assert await watching.ledger.reopen_from_ahead(watching.clock()) == 1
    await later(watching, minutes=5)
    assert len(watching.sender.sent) == 1
    uptime.step(timedelta(days=3))
    watching.service.wake()
    await watching.ended(withdrawn=2)
    assert len(watching.sender.sent) == 1


async def test_one_dragged_message_costs_only_itself(watching: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An old message that somebody moved here is listed, and the next person is answered."""
    await later(watching, minutes=10)
    watching.folder.deliver(header_block("old@x.example"), NIGHT - timedelta(days=90))
    await watching.ended(skip=1)
    assert events(caplog)[-1][2]
    assert watching.service.clock_trouble is None
    watching.folder.deliver(header_block("new@x.example"), watching.clock())
    await watching.ended(skip=1, sent=1)


async def three_days_off(stage: Stage, by: timedelta, senders: list[str]) -> None:
    """Mail that arrives while watching, at this distance from our clock."""
    for number, sender in enumerate(senders):
        await later(stage, minutes=1)
        stage.folder.deliver(header_block(sender, message_id=f"{number}@off.example"), stage.clock() + by)
        before = sum(stage.service.health.done.values())
        await stage.until(lambda before=before: sum(stage.service.health.done.values()) > before)  # type: ignore[misc]


@pytest.mark.parametrize("by", [timedelta(days=3), -timedelta(days=3)], ids=["behind", "ahead"])
async def test_three_senders_disbelieve_the_clock(
    watching: Stage, uptime: Time, caplog: pytest.LogCaptureFixture, by: timedelta
) -> None:
    """The cursor is held and the status says so; after the step, everybody who wrote meanwhile is answered."""
    await three_days_off(watching, by, ["a@x.example", "b@x.example", "c@x.example"])
    assert "clock disbelieved" in caplog.messages
    before = len(watching.sender.sent)
    await later(watching, minutes=1)
    watching.folder.deliver(header_block("held@x.example"), watching.clock() + by)
    await later(watching, minutes=1)
    await later(watching, minutes=1)
    assert len(watching.sender.sent) == before
    assert "clock: this machine's clock is 3 days" in str(watching.service.clock_trouble)
    uptime.step(by)
    await watching.ledger.reopen_from_ahead(watching.clock())
    watching.service.wake()
    await watching.until(lambda: "held@x.example" in watching.sender.recipients())
    await watching.until(lambda: len(set(watching.sender.recipients())) == 4)
    assert len(watching.sender.sent) == 4
    assert watching.service.clock_trouble is None


@pytest.mark.parametrize(
    ("by", "senders"),
    [
        (timedelta(days=3), ["a@x.example"] * 4),
        (timedelta(days=3), ["a@x.example", "b@x.example"]),
        (timedelta(hours=20), ["a@x.example", "b@x.example", "c@x.example"]),
    ],
    ids=["one sender", "two", "less than a day"],
)
async def test_fewer_witnesses_do_not(
    watching: Stage, caplog: pytest.LogCaptureFixture, by: timedelta, senders: list[str]
) -> None:
    """The skew is reported all the same."""
    await three_days_off(watching, by, senders)
    assert "clock disbelieved" not in caplog.messages
    assert caplog.messages.count("clock skew") == 1
    assert "clock is" in str(watching.service.clock_trouble)


async def test_witnesses_must_agree(watching: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Three dragged messages of different days prove nothing."""
    for days in (2, 5, 9):
        await three_days_off(watching, -timedelta(days=days), [f"p{days}@x.example"])
    assert "clock disbelieved" not in caplog.messages


async def test_fresh_mail_restores_belief(watching: Stage) -> None:
    """A message that arrives with a time that fits: it was the others that were odd."""
    await three_days_off(watching, -timedelta(days=3), ["a@x.example", "b@x.example", "c@x.example"])
    await later(watching, minutes=1)
    watching.folder.deliver(header_block("now@x.example"), watching.clock())
    await watching.until(lambda: "now@x.example" in watching.sender.recipients())


async def test_a_fitting_message_among_the_witnesses(watching: Stage) -> None:
    """All in one look: three from three days ago, and one of now. The status line survives it."""
    await later(watching, minutes=10)
    for number in range(3):
        block = header_block(f"p{number}@x.example")
        watching.folder.deliver(block, watching.clock() - timedelta(days=3, minutes=number))
    watching.folder.deliver(header_block("now@x.example"), watching.clock())
    await watching.until(lambda: "now@x.example" in watching.sender.recipients())
    assert watching.service.clock_trouble is None


async def test_a_clock_before_the_release(stage: Stage, uptime: Time, caplog: pytest.LogCaptureFixture) -> None:
    """1970: the baseline is taken, nothing is judged, and all that came is answered once the clock is set."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(minutes=1))
    uptime.step(datetime(1970, 1, 2, tzinfo=UTC) - NIGHT)
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block(), NIGHT + timedelta(minutes=1))
    await later(stage, minutes=1)
    assert "it says 1970-01-02" in str(stage.service.clock_trouble)
    assert "clock disbelieved" in caplog.messages
    assert stage.clock() < RELEASED
    uptime.step(NIGHT + timedelta(minutes=2) - stage.clock())
    stage.service.wake()
    await stage.ended(sent=1)
    assert stage.service.clock_trouble is None


@pytest.mark.usefixtures("uptime")
async def test_mail_that_came_while_the_first_login_failed(stage: Stage) -> None:
    """It is answered; what was there before stays unanswered."""
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(minutes=1))
    stage.folder.faults = [TransientError("IMAP", "refused") for _ in range(3)]
    stage.folder.on_connect = lambda: stage.clock.forward(minutes=2)
    await stage.start()
    stage.folder.deliver(header_block("meanwhile@x.example"), NIGHT + timedelta(minutes=3))
    await stage.ended(sent=1)
    assert stage.sender.recipients() == ["meanwhile@x.example"]


@pytest.mark.usefixtures("uptime")
async def test_mail_in_the_second_of_the_first_try(stage: Stage) -> None:
    """INTERNALDATE has whole seconds: what came a moment after the first try counts, over a restart too."""
    stage.clock.at += timedelta(milliseconds=850)
    stage.folder.faults = [TransientError("IMAP", "refused") for _ in range(99)]
    await stage.start()
    await stage.until(lambda: stage.service.health.trouble is not None)
    stage.folder.deliver(header_block("late@x.example"), NIGHT)
    stage.folder.deliver(header_block("old@x.example"), NIGHT - timedelta(seconds=1))
    await stage.stop()
    stage.folder.faults = []
    stage.clock.forward(minutes=1)
    await stage.start()
    await stage.ended(sent=1)
    assert stage.sender.recipients() == ["late@x.example"]


@pytest.mark.usefixtures("uptime")
async def test_the_first_login_with_mail_from_ahead(stage: Stage) -> None:
    """A clock that mail in the folder contradicts cannot tell what came after the start: UIDs alone decide."""
    stage.folder.deliver(header_block(BASELINE), NIGHT + timedelta(minutes=30))
    stage.folder.deliver(header_block("old@x.example"), NIGHT + timedelta(seconds=30))
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block("new@x.example"), NIGHT + timedelta(minutes=31))
    await stage.ended(sent=1)
    assert stage.sender.recipients() == ["new@x.example"]


async def test_a_clock_that_stepped_before_the_first_login(stage: Stage, uptime: Time) -> None:
    """Three days behind when it first tried: mail of the last three days is still what was there before."""
    uptime.step(-timedelta(days=3))
    stage.folder.deliver(header_block(BASELINE), NIGHT - timedelta(hours=5))
    stage.folder.faults = [TransientError("IMAP", "refused")]
    stage.folder.on_connect = lambda: uptime.step(NIGHT - stage.clock()) if not stage.folder.faults else None
    await stage.start()
    await stage.watching()
    stage.folder.deliver(header_block("new@x.example"), NIGHT)
    await stage.ended(sent=1)
    assert stage.sender.recipients() == ["new@x.example"]


def with_received(sender: str, at: datetime) -> bytes:
    """A message with a top-most Received of that time."""
    received = f"Received: from a by mx.harbour.example; {at:%a, %d %b %Y %H:%M:%S} +0000\r\n"
    return received.encode() + header_block(sender, message_id=f"{sender}.{at:%H%M}")


async def test_a_server_that_counts_in_another_zone(watching: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Local time labelled as UTC: the night looks like the last afternoon. Each is listed, and the zone is reported."""
    for number in range(3):
        await later(watching, minutes=5)
        now = watching.clock()
        # Monday night counts as the Friday afternoon before it
        block = with_received(f"p{number}@x.example", now)
        watching.folder.deliver(block, now - timedelta(days=2, hours=14))
        await watching.until(lambda number=number: sum(watching.service.health.done.values()) > number)  # type: ignore[misc]
    assert all(listed for _, _, listed in events(caplog))


@pytest.mark.parametrize("hours", [-5, 8], ids=["west", "east"])
async def test_the_zone_is_reported(watching: Stage, hours: int) -> None:
    """Three senders whose INTERNALDATE and Received differ by the same hours."""
    for number in range(3):
        await later(watching, minutes=7)
        now = watching.clock()
        block = with_received(f"p{number}@x.example", now)
        watching.folder.deliver(block, now + timedelta(hours=hours))
        await watching.until(lambda number=number: sum(watching.service.health.done.values()) > number)  # type: ignore[misc]
    assert "time zone is wrong" in str(watching.service.clock_trouble)
    assert f"{abs(hours)} h" in str(watching.service.clock_trouble)


async def test_a_small_skew_is_no_matter(watching: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Two minutes either way count as the same time."""
    for number, seconds in enumerate((-119, 119)):
        await later(watching, seconds=1)
        watching.folder.deliver(header_block(f"p{number}@x.example"), watching.clock() + timedelta(seconds=seconds))
        await watching.ended(sent=number + 1)
    assert "clock skew" not in caplog.messages


def test_steps_are_noticed_once_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """In both directions, and time that passes is no step."""
    now, up = [NIGHT], [0.0]
    monkeypatch.setattr(clock, "uptime", lambda: up[0])
    steps = ClockSteps(lambda: now[0])
    now[0] += timedelta(hours=5)
    up[0] += 5 * 3600
    assert not steps.since_last()
    now[0] -= timedelta(days=2)
    assert steps.since_last() == -timedelta(days=2)
    assert steps.since_last() == -timedelta(days=2)
    steps.taken()
    assert not steps.since_last()
