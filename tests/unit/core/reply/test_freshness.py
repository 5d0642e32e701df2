"""A claim is printed while it is fresh: what counts as evidence, and for how long."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from responder.core.reply.directory import countries, load
from responder.core.reply.freshness import RELEASED, Comparison, Reading, day_of, months_before
from responder.core.reply.lines import CrisisLine, Evidence
from responder.core.reply.opening import ALWAYS

TODAY = date(2027, 6, 1)
LIMIT = date(2025, 12, 1)
BEFORE = date(2025, 11, 30)


def line(*evidence: Evidence, **changes: object) -> CrisisLine:
    """A line with some evidence."""
    known: dict[str, object] = {"hours": ALWAYS, "free": True, "phone": "116 123", **changes}
    return CrisisLine("xx-line", "GB", "Line", "emotional-support", "anyone", evidence=evidence, **known)  # type: ignore[arg-type]  # the fields are named by the tests


def said(day: date | None, *, kind: str = "own", seen: str = "read", about: bool = False) -> Evidence:
    """A text that says everything."""
    return Evidence(
        ("number", "hours", "free", "text", "deaf", "language"), kind, seen, "https://x.example", day, about
    )


@pytest.mark.parametrize(
    ("evidence", "fresh"),
    [
        ([said(LIMIT)], True),
        ([said(BEFORE)], False),
        ([said(BEFORE), said(LIMIT)], True),
        ([said(None)], False),
        ([said(LIMIT, about=True)], False),
        ([said(LIMIT, kind="memory")], False),
        ([said(LIMIT, seen="memory")], False),
        ([said(LIMIT, kind="list", seen="metadata")], True),
        ([said(date(2030, 1, 1))], True),
        ([], False),
    ],
    ids=["the last day", "a day older", "the newest counts", "no date", "a guess", "memory", "by memory",
         "numbering plan", "later than today", "none"],
)  # fmt: skip
def test_what_keeps_a_claim_fresh(evidence: list[Evidence], fresh: bool) -> None:
    """The newest dated text other than memory and guesses, at most 18 months old."""
    reading = Reading(TODAY)
    assert [reading.is_fresh(line(*evidence), claim) for claim in ("number", "hours", "free")] == [fresh] * 3


def test_evidence_from_the_future_counts_as_of_today() -> None:
    """A clock that is behind must not make it older, nor younger."""
    assert Reading(TODAY).newest(line(said(date(2030, 1, 1))), "hours") == TODAY


def test_a_claim_has_evidence_of_its_own() -> None:
    """A number that was read yesterday says nothing of the hours."""
    found = line(Evidence(("number",), "own", "read", "x", TODAY), Evidence(("hours",), "own", "read", "x", BEFORE))
    reading = Reading(TODAY)
    assert reading.is_fresh(found, "number")
    assert not reading.is_fresh(found, "hours")


def test_what_a_practice_types_does_not_grow_old() -> None:
    """It is in its own hands; the reminder to compare covers it."""
    assert Reading(TODAY).is_fresh(line(own=True), "number")


def test_a_clock_before_the_release_is_not_believed() -> None:
    """The day of the release stands in: nothing is older than it was then, and nothing younger."""
    assert day_of(datetime(1970, 1, 1, tzinfo=UTC)) == RELEASED
    assert day_of(datetime(2027, 6, 1, 3, tzinfo=UTC)) == TODAY


def test_the_day_of_the_release_is_that_of_the_files() -> None:
    """It stands in for today, so it must not be younger than what was gone through."""
    newest = max(each.date for country in countries() for one in load(country) for each in one.evidence if each.date)
    assert newest <= RELEASED


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 11, 28), date(2025, 5, 28)), (date(2026, 6, 1), date(2024, 12, 1)),
        (date(2027, 8, 31), date(2026, 2, 28)), (date(2025, 8, 31), date(2024, 2, 29)),
        (date(2026, 5, 31), date(2024, 11, 30)), (date(2026, 7, 1), date(2025, 1, 1)),
    ],
)  # fmt: skip
def test_eighteen_months(day: date, before: date) -> None:
    """Of the calendar; the last day of a month that is too short."""
    assert months_before(day, 18) == before


# -- the practice's own comparison -------------------------------------------------------------------------------------


def test_a_comparison_renews_what_was_there_to_compare() -> None:
    """A line that is as it was counts as read on that day; what was too old at the release was not there to be read."""
    old = line(said(BEFORE))
    kept = Comparison(date(2027, 5, 1), {"xx-line": old.fingerprint})
    reading = Reading(TODAY, kept)
    assert reading.newest(old, "hours") == date(2027, 5, 1)
    assert reading.is_fresh(old, "free")
    older = line(said(date(2011, 4, 1)))
    assert not Reading(TODAY, Comparison(date(2027, 5, 1), {"xx-line": older.fingerprint})).is_fresh(older, "hours")
    assert Reading(TODAY, Comparison(date(2027, 5, 1), {"xx-line": older.fingerprint})).is_fresh(older, "number")


def test_a_line_that_changed_since_must_be_compared_again() -> None:
    """Another number, other hours: what was read is not what is printed."""
    old = line(said(BEFORE))
    kept = Comparison(date(2027, 5, 1), {"xx-line": old.fingerprint})
    for changed in (line(said(BEFORE), phone="116 124"), line(said(BEFORE), hours=None)):
        assert not Reading(TODAY, kept).is_fresh(changed, "free")
    renamed = line(said(BEFORE), note="another note", rank=7)
    assert Reading(TODAY, kept).is_fresh(renamed, "free")
    assert not Reading(TODAY, Comparison(date(2027, 5, 1), {})).is_fresh(old, "number")


def test_a_comparison_grows_old_as_any_other_text() -> None:
    """Once a year is enough; once in two years is not."""
    old = line(said(date(2025, 6, 1)))
    kept = {"xx-line": old.fingerprint}
    assert Reading(TODAY, Comparison(LIMIT, kept)).is_fresh(old, "hours")
    assert not Reading(TODAY, Comparison(BEFORE, kept)).is_fresh(old, "hours")


def test_a_comparison_never_makes_evidence_of_memory() -> None:
    """What nobody ever read was not printed, so it was not compared; a number without a date was."""
    kept = {"xx-line": line().fingerprint}
    reading = Reading(TODAY, Comparison(date(2027, 5, 1), kept))
    for nothing in (line(said(LIMIT, kind="memory")), line()):
        assert not reading.is_fresh(nothing, "number")
    undated = line(said(None))
    assert reading.is_fresh(undated, "number")
    assert not reading.is_fresh(undated, "hours")


def test_without_a_memory_what_the_directory_shows_counts_as_compared() -> None:
    """What it never showed, for want of fresh evidence, does not."""
    reading = Reading(date(2028, 12, 1), Comparison(date(2028, 11, 1)))
    assert reading.is_fresh(line(said(date(2026, 10, 7))), "hours")
    assert not reading.is_fresh(line(said(date(2024, 7, 23))), "hours")
    assert not reading.is_fresh(line(said(None)), "number")
