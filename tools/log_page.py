"""Write ``docs/logs.md`` from the table of events: every event that is logged, with its fields.

python -m tools.log_page
"""

from __future__ import annotations

import logging
from pathlib import Path

from responder.adapters.events import FIELDS, Event, Fields

PAGE = Path(__file__).parent.parent / "docs" / "logs.md"

HEAD = """\
# Log events

Each line is one event: a fixed name and fields. Set alerts on the name and the level; `why` and `fix` are words for a
reader, and may change. With `--log json` each line is an object with `at`, `level`, `event` and the fields; a fault in
the program adds `traceback`. Absent fields are left out. Addresses are replaced by `<address>`, but on a terminal.

This page is made from `responder/adapters/events.py` (`python -m tools.log_page`).

"""


def page() -> str:
    """The whole page."""
    fields = [f"| `{name}` | {FIELDS[name]} |\n" for name in Fields.__annotations__]
    events = [_row(event) for event in Event]
    tables = [
        "| event | level | fields | meaning |\n|---|---|---|---|\n",
        *events,
        "\n| field | |\n|---|---|\n",
        *fields,
    ]
    return HEAD + "".join(tables)


def _row(event: Event) -> str:
    fields = " ".join(f"`{name}`" for name in event.fields)
    return f"| `{event.text}` | {logging.getLevelName(event.level).lower()} | {fields} | {event.meaning} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
