"""The week as one page: HTML with inline SVG, no script, nothing remote, light and dark, from a phone's width up.

Closures go without their note and events without their name: a page is easily shown to others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final

from responder.core.hours.daily import DAY_MINUTES, HOUR_MINUTES
from responder.core.views.frame import document
from responder.core.views.week.days import Day, Mark

_TICKS: Final = (0, 6, 12, 18, 24)

_STYLE: Final = """
:root { --shut: #e4e7e8; --open: #2f7d6d; --now: #b4442f; --mark: #7a5b12; }
@media (prefers-color-scheme: dark) { :root { --shut: #2a3238; --open: #58b8a3; --now: #ff8a70; --mark: #e2bd63; } }
h2 { font-size: 1.05rem; margin: 1.75rem 0 .35rem; }
ol { list-style: none; margin: 0; padding: 0; }
.week > li { display: grid; grid-template-columns: 6.75rem 1fr; column-gap: .75rem; align-items: center;
  padding: .3rem 0; }
.week > li.monday { margin-top: .9rem; }
.week .what { grid-column: 2; font-size: .9rem; font-variant-numeric: tabular-nums; }
.week .mark { color: var(--mark); }
.name { white-space: nowrap; }
.today .name { font-weight: 700; }
svg { display: block; width: 100%; height: 1.3rem; border-radius: .2rem; }
.shut { fill: var(--shut); } .open { fill: var(--open); } .tick { stroke: var(--line); } .now { stroke: var(--now); }
line { vector-effect: non-scaling-stroke; } .now { stroke-width: 2; }
.axis { display: flex; justify-content: space-between; margin: 1rem 0 0 7.5rem; font-size: .75rem;
  color: var(--soft); font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) { .week > li { grid-template-columns: 1fr; padding: .4rem 0; } .week .what { grid-column: 1; }
  .axis { margin-left: 0; } }
"""


def page(
    *, title: str, state: str, drawn: str, days: Sequence[Day], today: date, now_minute: int, changes: Sequence[str]
) -> str:
    """A whole page.

    Args:
        title: what stands above the week.
        state: one sentence about now.
        drawn: when that is, with the zone; the page does not change by itself.
        days: the rows.
        today: which of them is today.
        now_minute: minutes of today's wall clock.
        changes: the next ones, one line each.
    """
    rows = "\n".join(_row(day, now_minute if day.date == today else None) for day in days)
    coming = "\n".join(f"<li>{escape(line)}</li>" for line in changes) or "<li>none is ahead</li>"
    axis = "".join(f"<span>{hour:02}</span>" for hour in _TICKS)
    body = f"""<h1>{escape(title)}</h1>
<p>{escape(state)}.</p>
<p class="soft">Drawn on {escape(drawn)}; the thin line marks that moment.</p>
<div class="axis" aria-hidden="true">{axis}</div>
<ol class="week">
{rows}
</ol>
<h2>What comes next</h2>
<ol>
{coming}
</ol>"""
    return document(title, body, _STYLE)


def _row(day: Day, now_minute: int | None) -> str:
    classes = " ".join(["today"] * (now_minute is not None) + ["monday"] * (day.date.weekday() == 0))
    name = f"{day.date:%a} {day.date.day} {day.date:%b}"
    marks = "".join(f' <span class="mark">&middot; {escape(text)}</span>' for text in map(_public, day.marks))
    return (
        f'<li class="{classes}"><time class="name" datetime="{day.date}">{name}</time>{_bar(day, now_minute)}'
        f'<span class="what">{escape(day.hours)}{marks}</span></li>'
    )


def _public(mark: Mark) -> str:
    """A note is told to nobody, and neither is what an appointment is about."""
    return {"closure": "closure", "event": "calendar"}.get(mark.kind, mark.text)


def _bar(day: Day, now_minute: int | None) -> str:
    """A day from midnight to midnight; its hours stand beside it as text, so that readers aloud skip the drawing."""
    blocks = "".join(
        f'<rect class="open" x="{block.start}" width="{block.end - block.start}" height="10"/>' for block in day.blocks
    )
    ticks = "".join(_line("tick", hour * HOUR_MINUTES) for hour in _TICKS[1:-1])
    now = "" if now_minute is None else _line("now", now_minute)
    whole = f'<rect class="shut" width="{DAY_MINUTES}" height="10"/>'
    return (
        f'<svg viewBox="0 0 {DAY_MINUTES} 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{whole}{ticks}{blocks}{now}</svg>"
    )


def _line(name: str, minute: int) -> str:
    return f'<line class="{name}" x1="{minute}" x2="{minute}" y2="10"/>'
