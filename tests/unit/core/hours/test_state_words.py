"""The state of the house in words: one sentence for log, status line, dry run and hours."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from responder.core.hours.schedule import Closure, Schedule, parse_hours
from responder.core.hours.words import locale_for

LONDON = ZoneInfo("Europe/London")
WEEK = dict.fromkeys(range(5), parse_hours("09:00-17:00"))


def at(stamp: str) -> datetime:
    """London's wall clock."""
    return datetime.fromisoformat(stamp).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-28 12:00", "Closed since Friday 17:00; open again Monday 30 November at 09:00 (UK time)"),
        ("2026-11-24 18:30", "Closed since 17:00; open again Wednesday 25 November at 09:00 (UK time)"),
        ("2026-11-25 03:00", "Closed since Tuesday 17:00; open again today at 09:00 (UK time)"),
        ("2026-11-25 09:00", "Open since 09:00; closes today at 17:00 (UK time)"),
        (
            "2026-12-31 12:00",
            "Closed since Thursday 24 December 12:00; open again Monday 4 January at 09:00 (UK time)",
        ),
        (
            "2027-01-03 12:00",
            "Closed since Thursday 24 December 2026 12:00; open again Monday 4 January at 09:00 (UK time)",
        ),
    ],
)
def test_now_in_words(now: str, words: str) -> None:
    """Since when and until when: a bare weekday only for the last six days, and no date left to guess."""
    closure = Closure(at("2026-12-24 12:00"), at("2027-01-04 09:00"))
    schedule = Schedule(LONDON, WEEK, closures=(closure,))
    assert schedule.state_in_words(at(now), "en-GB", at(now)) == words


def test_another_time_is_said_as_seen_from_now() -> None:
    """What is asked about a day to come names the whole date, since "today" would be the wrong one."""
    schedule = Schedule(LONDON, WEEK)
    words = schedule.state_in_words(at("2026-12-10 10:00"), "en-GB", at("2026-11-25 03:00"))
    assert words == "Open since Thursday 10 December 09:00; closes Thursday 10 December at 17:00 (UK time)"


def test_american_words() -> None:
    """Dates and clocks are written as people there do."""
    new_york = ZoneInfo("America/New_York")
    now = datetime(2026, 11, 28, 12, tzinfo=new_york)
    words = Schedule(new_york, WEEK).state_in_words(now, locale_for("US-NY"), now)
    assert words == "Closed since Friday 5:00 p.m.; open again Monday, November 30, at 9:00 a.m. (Eastern time)"


def test_what_has_no_end() -> None:
    """Never open, always open, and closed until further notice are said as they are."""
    now = at("2026-11-25 12:00")
    always = dict.fromkeys(range(7), parse_hours("00:00-24:00"))
    further_notice = Closure(at("2026-11-23 17:00"), None)
    assert Schedule(LONDON, {}).state_in_words(now, "en-GB", now) == "Closed always; no opening is ahead"
    assert (
        Schedule(LONDON, WEEK, closures=(further_notice,)).state_in_words(now, "en-GB", now)
        == "Closed since Monday 17:00; no opening is ahead"
    )
    assert Schedule(LONDON, always).state_in_words(now, "en-GB", now) == "Open always; it never closes"


def test_last_change() -> None:
    """The start of what holds now, the instant itself included."""
    schedule = Schedule(LONDON, WEEK)
    opens = at("2026-11-25 09:00").astimezone(UTC)
    assert schedule.last_change(opens) == opens
    assert schedule.last_change(at("2026-11-25 16:59")) == opens
    assert Schedule(LONDON, {}).last_change(opens) is None


@pytest.mark.parametrize(
    ("region", "locale"), [("GB", "en-GB"), ("GB-ENG", "en-GB"), ("US-NY", "en-US"), ("us", "en-US"), ("FR", "en-GB")]
)
def test_locale_for(region: str, locale: str) -> None:
    """The English of the country, else the British."""
    assert locale_for(region) == locale


def test_a_locale_without_words_is_refused() -> None:
    """No silent guess at another language."""
    now = at("2026-11-25 12:00")
    with pytest.raises(ValueError, match="no words"):
        Schedule(LONDON, WEEK).state_in_words(now, "de-DE", now)
