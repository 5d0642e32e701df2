"""From an iCalendar file (RFC 5545) to the stretches that its events take.

An event closes while it lasts, unless it is cancelled or marked as free. Days, and times without a zone, are on the
practice's clock, whatever the calendar calls its own (``X-WR-TIMEZONE`` is no part of the RFC). Nothing of an event but
its title is kept, and that is for the owner only.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from responder.core.hours.schedule import Closure
from responder.core.hours.timeline import Span

if TYPE_CHECKING:  # imported on use
    from icalendar import Calendar, Component, Event

MAX_OCCURRENCES: Final = 20_000
"""In four years: a practice of ten with an appointment each hour. More is a mistake, or made to stop us."""

MAX_TIMES_A_DAY: Final = 24

_SHOWN: Final = 60
"""Characters of an event's title."""

_BEGIN: Final = re.compile(rb"\s*(\xef\xbb\xbf)?BEGIN:VCALENDAR\s", re.IGNORECASE)
_END: Final = re.compile(rb"\nEND:VCALENDAR\s*$", re.IGNORECASE)
_EVENT_LINE: Final = re.compile(rb"^BEGIN:VEVENT\s*$", re.IGNORECASE | re.MULTILINE)

_DECIDING: Final = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "STATUS", "TRANSP")
_TIMES: Final = ("DTSTART", "DTEND", "RECURRENCE-ID")
_MONTH: Final = timedelta(days=31)

_SAVE_AGAIN: Final = "Open it in the calendar's program and save it again"


class UnusableError(ValueError):
    """A calendar that cannot be relied on: one sentence with the reason and the cure, and nothing of its content.

    Attributes:
        line: where, counted from 1; None for the file as a whole.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(reason)


class Taken(NamedTuple):
    """What the events of one calendar take.

    Attributes:
        events: in order, in UTC; the note is the event's name.
        faults: events that cannot be used and close nothing, one sentence each.
    """

    events: tuple[Closure, ...]
    remarks: tuple[str, ...]
    faults: tuple[str, ...] = ()


class _Occurrence(NamedTuple):
    """One event at one time, in UTC."""

    start: datetime
    end: datetime
    name: str

    def within(self, window: Span) -> _Occurrence:
        """What of it lies in a window; it ends before it starts when nothing does."""
        return self._replace(start=max(self.start, window.start), end=min(self.end, window.end))


def read(content: bytes, name: str, zone: ZoneInfo, window: Span) -> Taken:
    """What a calendar takes within a window, on the clock of the practice's zone; what lies outside is left out.

    Raises:
        UnusableError: it cannot be read, or not for sure.
    """
    _check_frame(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guesses of time zones; those that stay unknown are told by us
        try:
            calendar, faults = _parsed(content)
            faults += _without_bad_events(calendar, content)
            found, failed = _occurrences(calendar, name, zone, window)
        except UnusableError:
            raise
        except Exception as error:  # what the libraries make of a strange file must stop nothing else
            raise UnusableError("an event in it cannot be read. Export the calendar again") from error
    events = tuple(Closure(*one) for one in sorted(found))
    remarks = tuple(_remarks(calendar.events, name, closes=bool(events)))
    return Taken(events, remarks, tuple(f"{fault}. Until then it closes nothing" for fault in (*faults, *failed)))


# Is it a calendar, and can it be relied on


def _check_frame(content: bytes) -> None:
    if not _BEGIN.match(content):
        raise UnusableError("it is not an iCalendar file. Export the calendar as .ics, and name that file")
    if not _END.search(content):
        raise UnusableError("it is cut off before its end. Export or download it again")
    if sum(1 for _ in _EVENT_LINE.finditer(content)) > MAX_OCCURRENCES:  # before minutes go into reading them
        raise _too_many()


def _too_many() -> UnusableError:
    return UnusableError(f"it has more than {MAX_OCCURRENCES} events in four years. Name a calendar with fewer")


def _parsed(content: bytes) -> tuple[Calendar, list[str]]:
    """The calendar, without events that break it, and what is wrong with those."""
    from icalendar import Calendar

    faults: list[str] = []
    try:
        calendar = Calendar.from_ical(content)
    except ValueError as error:
        whole, faults = _whole_events(content)
        try:
            calendar = Calendar.from_ical(whole)
        except ValueError:
            raise UnusableError("it cannot be read as one calendar. Export it again", _bad_line(content)) from error
    calendar.pop("X-WR-TIMEZONE", None)
    return calendar, faults


def _whole_events(content: bytes) -> tuple[bytes, list[str]]:
    """Without events that have no end, and without those that cannot be read alone."""
    kept: list[bytes] = []
    faults: list[str] = []
    event: list[bytes] | None = None
    start = 0
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        marker = line.strip().upper()
        if marker in (b"BEGIN:VEVENT", b"END:VCALENDAR") and event is not None:
            faults.append(f"line {start}: the event that begins here has no end. {_SAVE_AGAIN}")
            event = None
        if marker == b"BEGIN:VEVENT":
            event, start = [], number
        (kept if event is None else event).append(line)
        if marker == b"END:VEVENT" and event is not None:
            if _reads(event):
                kept += event
            else:
                faults.append(f"line {start}: the event that begins here cannot be read. {_SAVE_AGAIN}")
            event = None
    return b"".join(kept), faults


def _reads(event: list[bytes]) -> bool:
    from icalendar import Event

    try:
        Event.from_ical(b"".join(event))
    except ValueError:
        return False
    return True


def _bad_line(content: bytes) -> int | None:
    """The first line that is no property of anything."""
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip() and not re.match(rb"[ \t]|[A-Za-z0-9-]+[;:]|\xef\xbb\xbfBEGIN:", line):
            return number
    return None


def _without_bad_events(calendar: Calendar, content: bytes) -> list[str]:
    """Takes out events that cannot be relied on, and says why; gives days without a length the one that they mean."""
    lines = [content.count(b"\n", 0, match.start()) + 1 for match in _EVENT_LINE.finditer(content)]
    faults: list[str] = []
    events = calendar.events
    for number, event in enumerate(events):
        if reason := _what_is_wrong(event):
            where = f"line {lines[number]}: " if len(lines) == len(events) else ""
            faults.append(f"{where}the event that begins here {reason}")
            _take_out(calendar, event)
        else:
            _last_a_day(event)
    return faults


def _take_out(calendar: Calendar, event: Event) -> None:
    calendar.subcomponents = [each for each in calendar.subcomponents if each is not event]


def _last_a_day(event: Event) -> None:
    """An all-day event whose end is its start, as some programs write it, lasts that day."""
    start, end = _time(event, "DTSTART"), _time(event, "DTEND")
    length = getattr(event.get("DURATION"), "dt", None)
    is_day = start is not None and not isinstance(start, datetime)
    is_day = is_day or str(event.get("X-MICROSOFT-CDO-ALLDAYEVENT", "")).upper() == "TRUE"
    has_no_length = length is not None and length <= timedelta(0)
    if (
        start is None
        or not is_day
        or not (has_no_length or (end is not None and _same_clock(end) <= _same_clock(start)))
    ):
        return
    for name in ("DTEND", "DURATION"):
        event.pop(name, None)
    event.add("DTEND", start + timedelta(days=1))


def _same_clock(at: date) -> datetime:
    """For comparing a start and an end of one event."""
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime.combine(at, time())


def _is_before(end: datetime, start: datetime) -> bool:
    """Whether it is for sure: times with and without a zone cannot be compared."""
    return (end.tzinfo is None) == (start.tzinfo is None) and end < start


def _what_is_wrong(event: Event) -> str | None:
    """Why it cannot be relied on; what does not decide when it is may be as broken as it likes."""
    broken = next((name for name, _ in event.errors if name in _DECIDING), None)
    if broken:
        return f"has a {broken} that cannot be read. {_SAVE_AGAIN}"
    start, end = _time(event, "DTSTART"), _time(event, "DTEND")
    if start is None:
        return f"has no {'single ' if 'DTSTART' in event else ''}DTSTART. {_SAVE_AGAIN}"
    if isinstance(start, datetime) and isinstance(end, datetime) and _is_before(end, start):
        return f"ends before it starts. {_SAVE_AGAIN}"
    if any(map(_too_often, _listed(event.get("RRULE")))):
        return f"repeats more than {MAX_TIMES_A_DAY} times a day. Take it out of the calendar"
    return None


def _too_often(rule: Mapping[str, list[Any]]) -> bool:
    """Whether a rule could keep us busy for ever; RFC 5545 allows one a second since the year 1."""
    times = 1
    for part in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= max(1, len(rule.get(part, ())))
    in_a_day = str(rule.get("FREQ", [""])[0]).upper() in {"HOURLY", "MINUTELY", "SECONDLY"}
    return in_a_day or times > MAX_TIMES_A_DAY or any(int(step) < 1 for step in rule.get("INTERVAL", ()))


def _listed(value: Any) -> list[Any]:
    """A property that may be there once, several times, or not."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# When its events are


def _occurrences(calendar: Calendar, name: str, zone: ZoneInfo, window: Span) -> tuple[set[_Occurrence], list[str]]:
    """Each time that something closes; what fails is looked for event by event, and costs only itself."""
    try:
        return _each_time(calendar, name, zone, window), []
    except UnusableError:
        raise
    except Exception:
        found: set[_Occurrence] = set()
        faults: list[str] = []
        for alone in _by_uid(calendar):
            try:
                found |= _each_time(alone, name, zone, window)
            except UnusableError:
                raise
            except Exception:  # noqa: BLE001 - see above
                title = _plain(str(alone.events[0].get("SUMMARY", "")))
                faults.append(f'the event "{title}" has times that cannot be worked out. {_SAVE_AGAIN}')
                for event in alone.events:
                    _take_out(calendar, event)
        if not calendar.events:  # it is not the events that are strange
            raise
        return found, faults


def _by_uid(calendar: Calendar) -> list[Calendar]:
    """One calendar for each event with its exceptions, each with the properties and the time zones of the whole."""
    from icalendar import Calendar, Event

    others = [part for part in calendar.subcomponents if not isinstance(part, Event)]
    parts: dict[str, Calendar] = {}
    for number, event in enumerate(calendar.events):
        alone = parts.setdefault(str(event.get("UID", f"number {number}")), Calendar(calendar))
        alone.subcomponents = [*(alone.subcomponents or others), event]
    return list(parts.values())


def _each_time(calendar: Calendar, name: str, zone: ZoneInfo, window: Span) -> set[_Occurrence]:
    """Month by month, so that too many are noticed before they are worked out."""
    import recurring_ical_events

    query = recurring_ical_events.of(calendar)
    found: set[_Occurrence] = set()
    start, end = (at.astimezone(zone) for at in window)
    while start < end:
        events = filter(_closes, query.between(start, start + _MONTH))
        met = (_occurrence(event, name, zone).within(window) for event in events)
        found.update(one for one in met if one.start < one.end)
        if len(found) > MAX_OCCURRENCES:
            raise _too_many()
        start += _MONTH
    return found


def _closes(event: Component) -> bool:
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return not cancelled and not _is_free(event)


def _is_free(event: Component) -> bool:
    """Marked as taking no time (RFC 5545 §3.8.2.7); Outlook has a property of its own beside it."""
    free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    return free or str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE"


def _occurrence(event: Component, name: str, zone: ZoneInfo) -> _Occurrence:
    start, end = _time(event, "DTSTART"), _time(event, "DTEND")
    assert start is not None and end is not None  # noqa: S101, PT018 - every event was checked, and the library adds DTEND
    title = _plain(str(event.get("SUMMARY", "")))
    called = f"{title}, in {name}" if title else f"an event in {name}"
    return _Occurrence(_instant(start, zone), _instant(end, zone), called)


def _time(event: Component, name: str) -> date | None:
    """A date, or a date with a time, as it is written."""
    at = getattr(event.get(name), "dt", None)
    return at if isinstance(at, date) else None


def _instant(at: date, zone: ZoneInfo) -> datetime:
    """A date is its first moment: of all-day events, DTEND is the day after the last (RFC 5545 §3.6.1)."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


# What the owner should know


def _remarks(events: list[Event], name: str, *, closes: bool) -> Iterator[str]:
    for zone in sorted({zone for event in events for zone in _unknown_zones(event)}):
        yield f'{name} names a time zone that nobody knows, "{zone}"; such times count as on the practice\'s clock'
    if not closes:
        free = sum(map(_is_free, events))
        why = f"{free} of its {len(events)} events are marked as free: mark them as busy" if free else "look into it"
        yield f"nothing in {name} closes anything in the years that are looked at; {why}"


def _unknown_zones(event: Event) -> Iterator[str]:
    for name in _TIMES:
        at, value = _time(event, name), event.get(name)
        zone = getattr(value, "params", {}).get("TZID")
        if zone is not None and isinstance(at, datetime) and at.tzinfo is None:
            yield _plain(str(zone))


def _plain(text: str) -> str:
    """On one line, short, and fit for a terminal."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
