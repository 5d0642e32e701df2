"""The sweep over every zone finds what is wrong, and nothing in some zones and years that are hard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from responder.core.hours.schedule import Schedule
from tools import sweep

HARD = [
    ("Europe/London", 2025, 2027),
    ("Australia/Lord_Howe", 2025, 2027),
    ("Pacific/Apia", 2011, 2012),
    ("America/Santiago", 2025, 2026),
    ("America/St_Johns", 2009, 2010),
    ("Africa/Monrovia", 1971, 1972),
    ("Africa/Casablanca", 2025, 2026),
]


@pytest.mark.parametrize(("zone", "first", "last"), HARD, ids=[zone for zone, _, _ in HARD])
def test_hard_zones(zone: str, first: int, last: int) -> None:
    """Both reckonings agree on every change of some years."""
    outcome = sweep.sweep(zone, first, last)
    assert outcome.faults == []
    assert outcome.changes > 500 * (last - first + 1)


def test_a_change_that_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule leaves one out."""
    changes = Schedule.changes
    monkeypatch.setattr(Schedule, "changes", lambda *args: list(changes(*args))[:-1])
    assert "is in one of them only" in sweep.sweep("Europe/London", 2026, 2026).faults[0]


def test_a_state_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule opens a second too late."""
    is_open = Schedule.is_open
    monkeypatch.setattr(
        Schedule, "is_open", lambda made, at: is_open(made, at) and is_open(made, at - timedelta(seconds=1))
    )
    assert sweep.sweep("Europe/London", 2026, 2026).faults


def test_closures_are_cut_out() -> None:
    """One may cut several stretches, and several may cut one."""
    at = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in range(12)]
    stretches, holes = [(at[0], at[3]), (at[4], at[9])], [(at[2], at[5]), (at[6], at[7]), (at[9], at[10])]
    assert sweep.without(stretches, holes) == [(at[0], at[2]), (at[5], at[6]), (at[7], at[9])]


def test_every_set_of_rules_is_swept_once() -> None:
    """The packaged database has hundreds of zones; names of the same zone count once."""
    names = sweep.different_zones()
    assert 300 < len(names) < 600
    assert len({"Europe/London", "GB", "Europe/Belfast"} & set(names)) == 1
