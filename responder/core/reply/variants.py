"""The kinds of closed period that a reply speaks of in other words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, Literal, assert_never
from zoneinfo import ZoneInfo

from responder.core.hours.period import ClosedPeriod

Variant = Literal["ordinary", "weekend", "holiday", "long", "for_now"]

VARIANTS: Final[tuple[Variant, ...]] = ("ordinary", "weekend", "holiday", "long", "for_now")
"""In the order in which a preview shows them; ``for_now`` is "closed for now": no opening may be said."""

LONG: Final = timedelta(hours=72)
"""A closed period beyond this is no weekend any more."""

SATURDAY: Final = 5
_WEEKENDS: Final = {"IL": (4, 5), "IN": (6,)}
"""Days of the weekend (``date.weekday()``) where they are not Saturday and Sunday (CLDR, weekData)."""

_SUNDAY: Final = date(2026, 11, 22)
"""On which samples are written, so that they change when the words do and at no other time."""


def variant_of(period: ClosedPeriod, *, opens: bool, region: str, zone: ZoneInfo) -> Variant:
    """Which words a closed period gets.

    Args:
        period: the closed period that holds now.
        opens: whether the reply says when it ends.
        region: ISO 3166; decides which days are the weekend.
        zone: the practice's zone.
    """
    if not opens or period.start is None or period.end is None:
        return "ordinary" if opens else "for_now"
    if period.end - period.start > LONG:
        return "long"
    if period.holiday:
        return "holiday"
    return "weekend" if _holds_weekend(period.start, period.end, region, zone) else "ordinary"


def _holds_weekend(start: datetime, end: datetime, region: str, zone: ZoneInfo) -> bool:
    """Whether the whole weekend lies in it, from its first midnight to its last."""
    days = _WEEKENDS.get(region[:2].upper(), (SATURDAY, SATURDAY + 1))
    first = start.astimezone(zone).date()
    return any(
        day.weekday() == days[0]
        and start <= _midnight(day, zone)
        and _midnight(day + timedelta(days=len(days)), zone) <= end
        for day in (first + timedelta(days=ahead) for ahead in range(LONG.days + 1))
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def sample_now(zone: ZoneInfo) -> datetime:
    """The moment at which samples are written: a Sunday night on the practice's clock."""
    return datetime.combine(_SUNDAY, time(3, 4), zone)


def sample(variant: Variant, zone: ZoneInfo) -> ClosedPeriod:
    """A closed period of this kind around ``sample_now``, with an opening at nine o'clock."""

    def at(days: int, hour: int) -> datetime:
        return datetime.combine(_SUNDAY + timedelta(days=days), time(hour), zone)

    match variant:
        case "ordinary":
            return ClosedPeriod(at(-1, 17), at(1, 9))
        case "weekend":
            return ClosedPeriod(at(-2, 17), at(1, 9))
        case "holiday":
            return ClosedPeriod(at(-1, 17), at(2, 9), holiday=True)
        case "long":
            return ClosedPeriod(at(-2, 17), at(8, 9))
        case "for_now":
            return ClosedPeriod(at(-1, 17), None)
    assert_never(variant)
