"""Hours for several days at once are answered with exactly the lines to write."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from responder.config import ConfigError
from responder.config.ranges import lines_to_write
from tests.configs import load

MON, TUE, WED, THU, FRI, SAT, SUN = "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
WORK = (MON, TUE, WED, THU, FRI)
NINE = "09:00-17:00"


@pytest.mark.parametrize(
    ("key", "value", "week"),
    [
        ("monday-friday", "09:00-17:00", dict.fromkeys(WORK, NINE)),
        ("mon-fri", "9-5", dict.fromkeys(WORK, NINE)),
        ("Mon_Fri", "9-5", dict.fromkeys(WORK, NINE)),
        ("Mon \u2013 Fri", "9\u20135", dict.fromkeys(WORK, NINE)),
        ("weekdays", "9am-5pm", dict.fromkeys(WORK, NINE)),
        ("weekend", "10-12", dict.fromkeys((SAT, SUN), "10:00-12:00")),
        ("daily", "8-20", dict.fromkeys((*WORK, SAT, SUN), "08:00-20:00")),
        (
            "monday to wednesday",
            ["09:00-12:00", "13:00-17:00"],
            dict.fromkeys((MON, TUE, WED), "09:00-12:00, 13:00-17:00"),
        ),
        ("mon/wed", "9.30-5", dict.fromkeys((MON, WED), "09:30-17:00")),
        ("fri-mon", "9-5", dict.fromkeys((FRI, SAT, SUN, MON), NINE)),
        ("hours", "Mon-Fri 9-5", dict.fromkeys(WORK, NINE)),
        ("hours", "Mon-Fri 9-5, Sat 10-12", {**dict.fromkeys(WORK, NINE), SAT: "10:00-12:00"}),
        ("hours", "Mon - Tue: 9:00 - 12:00, 13:00 - 17:00", dict.fromkeys((MON, TUE), "09:00-12:00, 13:00-17:00")),
        ("hours", ["Mon-Tue 9-12", "Mon 13-17"], {MON: "09:00-12:00, 13:00-17:00", TUE: "09:00-12:00"}),
        ("hours", "monday 9am-5pm friday 9am-1pm", {MON: NINE, FRI: "09:00-13:00"}),
    ],
)
def test_the_lines_to_write(key: str, value: object, week: dict[str, str]) -> None:
    """They are TOML, and mean what was meant."""
    lines = lines_to_write(key, value)
    assert lines is not None
    assert tomllib.loads(lines) == {"hours": week}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("wensday", "9-5"),
        ("mon", "9-5"),
        ("weekend", "closed"),
        ("weekdays", "late"),
        ("weekdays", 9),
        ("hours", "9-5"),
        ("hours", 5),
        ("hours", "24/7"),
        ("-" * 20_000, "9-5"),
        ("hours", "-" * 20_000),
        ("", ""),
        ("hours", "mon " * 9_000),
    ],
)
def test_what_names_no_days_has_no_lines(key: str, value: object) -> None:
    """It is told as any other mistake, within no time."""
    assert lines_to_write(key, value) is None


@pytest.mark.parametrize(
    "hours",
    ['[hours]\nweekdays = "9-5"', '[hours]\n"mon-fri" = "9-5"', 'hours = "Mon-Fri 9-5"'],
    ids=["a word", "a range", "a week"],
)
def test_a_file_with_them_is_answered_with_the_lines(tmp_path: Path, hours: str) -> None:
    """Wherever they stand, and never with "did you mean wednesday"."""
    path = tmp_path / "config.toml"
    path.write_text(
        f"{hours if hours.startswith('hours') else ''}\n"
        '[practice]\ntime_zone = "Europe/London"\nregion = "GB"\n'
        f"{'' if hours.startswith('hours') else hours}\n"
        '[[mailbox]]\naddress = "a@harbour.example"\nprovider = "fastmail"\npassword = { credential = "a" }\n'
    )
    with pytest.raises(ConfigError) as refused:
        load(path)
    (problem,) = refused.value.problems
    assert "mean" not in problem
    assert tomllib.loads(problem.partition("\n")[2]) == {"hours": dict.fromkeys(WORK, NINE)}
