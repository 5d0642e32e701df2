"""Which words a closed period gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from responder.core.hours.period import ClosedPeriod
from responder.core.reply import Composer
from responder.core.reply.variants import VARIANTS, sample, sample_now, variant_of
from tests.unit.core.reply.composing import settings

LONDON = ZoneInfo("Europe/London")


def period(start: str, end: str, *, holiday: bool = False, zone: ZoneInfo = LONDON) -> ClosedPeriod:
    """From and until, on the practice's wall clock, in November 2026 (the 21st is a Saturday)."""
    first, last = (datetime.fromisoformat(f"2026-11-{each}").replace(tzinfo=zone) for each in (start, end))
    return ClosedPeriod(first, last, holiday=holiday)


@pytest.mark.parametrize(
    ("closed", "region", "variant"),
    [
        (period("24T17:00", "25T09:00"), "GB", "ordinary"),
        (period("20T17:00", "23T09:00"), "GB", "weekend"),
        (period("20T17:00", "22T12:00"), "GB", "ordinary"),
        (period("21T00:00", "23T00:00"), "GB", "weekend"),
        (period("21T00:01", "23T09:00"), "GB", "ordinary"),
        (period("19T20:00", "23T09:00"), "GB", "long"),
        (period("20T09:00", "23T09:00"), "GB", "weekend"),
        (period("20T08:59", "23T09:00"), "GB", "long"),
        (period("24T17:00", "26T09:00", holiday=True), "GB", "holiday"),
        (period("20T17:00", "23T09:00", holiday=True), "GB", "holiday"),
        (period("19T17:00", "24T09:00", holiday=True), "GB", "long"),
        (period("19T17:00", "22T09:00"), "IL", "weekend"),
        (period("20T17:00", "23T09:00"), "IL", "ordinary"),
        (period("21T17:00", "23T09:00"), "IN", "weekend"),
    ],
    ids=[
        "a night", "a weekend", "open on Sunday", "from midnight to midnight", "a minute short", "from Thursday",
        "three days and no more", "three days and a minute", "a holiday", "a holiday at a weekend", "a long holiday",
        "Israel's weekend", "half of Israel's", "India's Sunday",
    ],
)  # fmt: skip
def test_the_variant_follows_from_the_period(closed: ClosedPeriod, region: str, variant: str) -> None:
    """By its length, its holidays and the weekend of the region; all on the practice's wall clock."""
    assert variant_of(closed, opens=True, region=region, zone=LONDON) == variant


def test_without_an_opening_to_say_it_is_closed_for_now() -> None:
    """Whether nobody knows it or it is not to be said; a period that never began is an ordinary one."""
    closed = period("20T17:00", "23T09:00")
    assert variant_of(closed, opens=False, region="GB", zone=LONDON) == "for_now"
    assert variant_of(ClosedPeriod(None, closed.end), opens=True, region="GB", zone=LONDON) == "ordinary"


def test_a_weekend_is_one_on_the_practices_own_clock() -> None:
    """Saturday begins in Auckland while it is Friday in London."""
    auckland = ZoneInfo("Pacific/Auckland")
    closed = period("20T17:00", "23T09:00", zone=auckland)
    assert variant_of(closed, opens=True, region="NZ", zone=auckland) == "weekend"
    assert variant_of(closed, opens=True, region="NZ", zone=LONDON) == "ordinary"


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Auckland", "Pacific/Honolulu", "UTC"])
def test_the_samples_are_what_they_are_called(zone: str) -> None:
    """In every zone, around the moment on which they are written."""
    place = ZoneInfo(zone)
    for each in VARIANTS:
        closed = sample(each, place)
        assert closed.start is not None
        assert closed.start <= sample_now(place)
        assert closed.end is None or sample_now(place) < closed.end
        assert variant_of(closed, opens=closed.end is not None, region="GB", zone=place) == each


@pytest.mark.parametrize(("variant", "said"), [
    ("ordinary", "now. We open again"), ("weekend", "now. We are closed for the weekend. We open again"),
    ("holiday", "now. We are closed for a public holiday. We open again"),
    ("long", "now. We are closed for several days. We open again"), ("for_now", "now. We are closed for now.\n"),
])  # fmt: skip
def test_each_variant_says_why(variant: str, said: str) -> None:
    """One short sentence before the opening; the discreet text has none."""
    (each,) = (s for s in Composer(settings()).samples() if s.variant == variant)
    assert said in Composer(settings()).text(each.period, each.now)
    assert "We are closed" not in Composer(settings(style="discreet")).text(each.period, each.now)


def test_a_period_of_unknown_length_repeats_like_a_long_one() -> None:
    """At most once in three days."""
    now = sample_now(LONDON)
    closed = ClosedPeriod(now - timedelta(hours=2), None)
    assert "at most once in three days" in Composer(settings()).text(closed, now)
