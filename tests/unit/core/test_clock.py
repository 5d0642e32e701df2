"""How far clocks are apart, in words and by witnesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from responder.core.clock import agreed_zone, agreeing, in_words, is_ahead, present, zone_error, zone_trouble

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("offset", "words"),
    [(timedelta(minutes=3), "3 min"), (-90 * timedelta(minutes=1), "90 min"), (5 * HOUR, "5 h"), (-3 * DAY, "3 days")],
)
def test_in_words(offset: timedelta, words: str) -> None:
    """In the unit that a person would use, without a sign."""
    assert in_words(offset) == words


@pytest.mark.parametrize(
    ("ahead", "expected"), [(timedelta(minutes=2), False), (timedelta(minutes=2, seconds=1), True)]
)
def test_ahead(ahead: timedelta, expected: bool) -> None:
    """By more than two minutes; then a reply speaks of the message's own time."""
    assert is_ahead(AT + ahead, AT) == expected
    assert present(AT + ahead, AT) == (AT + ahead if expected else AT)
    assert present(None, AT) == AT


@pytest.mark.parametrize(
    ("offsets", "agreed"),
    [
        ([], None),
        ([("a", DAY), ("b", DAY)], None),
        ([("a", DAY), ("a", DAY), ("a", DAY)], None),
        ([("a", DAY), ("b", DAY + timedelta(minutes=10)), ("c", DAY)], DAY),
        ([("a", DAY), ("b", DAY + timedelta(minutes=11)), ("c", DAY)], None),
        ([("a", 9 * DAY), ("b", DAY), ("c", DAY), ("d", DAY)], DAY),
    ],
    ids=["nobody", "two", "one three times", "within ten minutes", "not quite", "one odd among them"],
)
def test_witnesses(offsets: list[tuple[str, timedelta]], agreed: timedelta | None) -> None:
    """Three senders within ten minutes of the latest."""
    assert agreeing(offsets) == agreed


@pytest.mark.parametrize(
    ("apart", "error"),
    [
        (-5 * HOUR, -5 * HOUR),
        (5 * HOUR + timedelta(seconds=100), 5 * HOUR),
        (timedelta(minutes=345), timedelta(minutes=345)),
        (timedelta(minutes=45), None),
        (timedelta(hours=5, minutes=7), None),
        (15 * HOUR, None),
    ],
)
def test_zone_error(apart: timedelta, error: timedelta | None) -> None:
    """A multiple of a quarter of an hour, between one hour and fourteen."""
    assert zone_error(AT + apart, AT) == error


def test_no_zone_without_both_times() -> None:
    """Nothing is guessed."""
    assert zone_error(None, AT) is None
    assert zone_error(AT, None) is None


def test_most_of_the_mail_must_agree_on_a_zone() -> None:
    """Three among many are three that were moved."""
    wrong = [(name, 5 * HOUR) for name in "abc"]
    right: list[tuple[str, timedelta | None]] = [(name, None) for name in "defg"]
    assert agreed_zone(wrong) == 5 * HOUR
    assert agreed_zone([*right, *wrong]) is None
    assert "ahead of" in zone_trouble(HOUR)
    assert "behind" in zone_trouble(-HOUR)
