"""What nobody changed in a copy of the example, and numbers that are made for films: no reply shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from responder.config import Config, ConfigError
from responder.config.leftovers import is_invented
from tests.configs import lines_of, load

FILE = """\
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB-ENG"
[hours]
monday = "09:00-17:00"
[[closure]]
from = 2026-12-24
until = 2027-01-04
note = "winter break"
[[crisis.line]]
name = "County crisis team"
phone = "0808 196 0123"
for = "anyone"
[[contact_form]]
from = "wordpress@harbour.example"
[[mailbox]]
address = "one@harbour.example"
aliases = ["first@harbour.example"]
provider = "fastmail"
password = { credential = "one" }
[[mailbox]]
address = "two@harbour.example"
provider = "fastmail"
password = { credential = "two" }
"""


def read(tmp_path: Path, *changes: tuple[str, str]) -> Config:
    """The configuration after some changes."""
    text = FILE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def shown(config: Config) -> tuple[object, ...]:
    """What a reader may see of the parts that can be invented."""
    boxes = config.mailboxes
    return (
        config.practice_name,
        len(config.schedule.closures),
        [line.name for line in lines_of(boxes[0]) if line.own],
        len(boxes[0].rules.contact_forms),
        [box.name[:3] for box in boxes],
        len(boxes[0].rules.aliases),
    )


PRACTICE, LINE = "Harbour Counselling", ["County crisis team"]


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        pytest.param("Harbour C", "your-practice.example C", (None, 1, LINE, 1, ["one", "two"], 1), id="name"),
        pytest.param("winter", "Your-Practice.example", (PRACTICE, 0, LINE, 1, ["one", "two"], 1), id="closure"),
        pytest.param("0808 196", "0808 157", (PRACTICE, 1, [], 1, ["one", "two"], 1), id="crisis line"),
        pytest.param("wordpress@harbour", "x@your-practice", (PRACTICE, 1, LINE, 0, ["one", "two"], 1), id="form"),
        pytest.param("one@harbour", "you@your-practice", (PRACTICE, 1, LINE, 1, ["two"], 0), id="mailbox"),
        pytest.param("first@harbour", "help@your-practice", (PRACTICE, 1, LINE, 1, ["one", "two"], 0), id="alias"),
    ],
)
def test_an_invented_part_is_left_out(tmp_path: Path, old: str, new: str, left: tuple[object, ...]) -> None:
    """That part alone, and it is told with its line."""
    config = read(tmp_path, (old, new))
    assert shown(config) == left
    (fault,) = config.faults
    assert fault.code == "leftover"
    line = next(number for number, text in enumerate(FILE.replace(old, new).split("\n"), 1) if new in text)
    assert fault.startswith(f"{config.path}:{line}:")


def test_the_places_of_others_stay_where_they_are(tmp_path: Path) -> None:
    """What is left out moves nothing: a mistake further down is told where it stands."""
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, ("one@harbour", "you@your-practice"), ("two@harbour", "two"))
    lines = [int(problem.split(":")[1]) for problem in refused.value.problems]
    assert lines == [18, 23]


def test_other_names_of_that_kind_are_allowed(tmp_path: Path) -> None:
    """Tests and the demo use them."""
    assert read(tmp_path).faults == ()


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("0808 157 0123", "GB"),
        ("01632 960123", "GB"),
        ("020 7946 0958", "GB"),
        ("+44 20 7946 0958", "DE"),
        ("0044 7700 900461", "IE"),
        ("+44 (0)7700 900461", "IE"),
        ("(212) 555-0123", "US"),
        ("1-800-555-0199", "CA"),
        ("030 23125 123", "DE"),
        ("01 99 00 12 34", "FR"),
        ("0491 570 156", "AU"),
        ("1800 975 707", "AU"),
        ("020 912 3456", "IE"),
        ("031-390 06 12", "SE"),
    ],
)
def test_numbers_for_films(number: str, country: str) -> None:
    """However they are written."""
    assert is_invented(number, country)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        *(("116 123", "GB"), ("0300 123 3393", "GB"), ("988", "US"), ("1-800-273-8255", "US"), ("0800 1110111", "DE")),
        *(("3114", "FR"), ("13 11 14", "AU"), ("85258", "GB"), ("", "GB"), ("+", ""), ("0", "ZZ")),
    ],
)
def test_other_numbers(number: str, country: str) -> None:
    """Real lines among them."""
    assert not is_invented(number, country)
