"""Waits grow, stay bounded, and differ."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.core.limits.backoff import Backoff

BACKOFF = Backoff(base=timedelta(seconds=1), cap=timedelta(minutes=1))


@pytest.mark.parametrize(
    ("attempt", "fraction", "seconds"),
    [(1, 0.0, 0.5), (1, 0.5, 0.75), (2, 0.0, 1.0), (4, 0.0, 4.0), (0, 0.0, 0.5), (7, 0.0, 30.0), (10**9, 0.0, 30.0)],
)
def test_delay(attempt: int, fraction: float, seconds: float) -> None:
    """Half of each wait is fixed, half is jitter, and it doubles until the cap."""
    assert BACKOFF.delay(attempt, fraction).total_seconds() == seconds


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1, exclude_max=True))
def test_bounded(attempt: int, fraction: float) -> None:
    """No wait is longer than the cap or shorter than half the base, and none shrinks as failures go on."""
    delay = BACKOFF.delay(attempt, fraction)
    assert BACKOFF.base / 2 <= delay <= BACKOFF.cap
    assert BACKOFF.delay(attempt + 1, fraction) >= delay
