"""Telephone numbers that a practice types: what is refused, what is only doubtful, and where each leads."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from responder.config.numbers import LONGEST_SHORT, read
from responder.core.reply.directory import ANYWHERE, countries
from tests.configs import lines_of, load
from tests.unit.config.test_config_problems import BASE

PAGE = "compare it digit by digit with the service's own page"
LINE = '[[crisis.line]]\nname = "County crisis team"\nfor = "anyone"\n'


def directory() -> list[dict[str, Any]]:
    """Every entry with a number to call, as its file has it."""
    files = (
        resources.files("responder.core.reply") / "countries" / f"{code.lower()}.toml"
        for code in (*countries(), ANYWHERE)
    )
    tables = [tomllib.loads(file.read_text(encoding="utf-8")) for file in files]
    entries = [{**entry, "country": table["country"]} for table in tables for entry in table["line"]]
    return [entry for entry in entries if "phone" in entry and entry["status"] == "active"]


DIRECTORY = directory()

LEAD_ELSEWHERE = {"kr-1577-0199": "tel:15770199", "lu-sos-detresse": "tel:+352454545"}
"""A number that is only dialled inside its country, and one that is as short as a short code and is none."""


@pytest.mark.parametrize(
    ("number", "country", "tel"),
    [
        ("0808 196 0123", "GB", "tel:+448081960123"),
        ("020 7946 0000", "GB", "tel:+442079460000"),
        ("+44 20 7946 0000", "GB", "tel:+442079460000"),
        ("+353 1 234 5678", "IE", "tel:+35312345678"),
        ("+800 1234 5678", "GB", "tel:+80012345678"),
        ("(212) 555-0123", "US", "tel:+12125550123"),
        ("020 7946 0000 #12", "GB", "tel:+442079460000;ext=12"),
        ("116 123", "GB", "tel:116123"),
        ("9-8-8", "US", "tel:988"),
        ("024", "ES", "tel:024"),
        ("45 45 45", "LU", "tel:454545"),
        ("*4141", "CL", "tel:*4141"),
        ("*310#", "GB", "tel:*310%23"),
        ("85258", "GB", "tel:85258"),
    ],
)
def test_a_number_that_can_be_dialled(number: str, country: str, tel: str) -> None:
    """A full one gets the country's code; a short one stays as it is dialled, since +44116123 reaches nobody."""
    found = read(number, country)
    assert (found.tel, found.doubt) == (tel, None)


@pytest.mark.parametrize(
    ("number", "country", "doubt"),
    [
        ("116 124", "GB", f"is not a short number that is known in GB; {PAGE}"),
        ("0800 12", "GB", f"is not a short number that is known in GB; {PAGE}"),
        ("1018", "GR", f"is not a short number that is known in GR; {PAGE}"),
        ("01632 960123", "GB", f"is not in a range that is in use; {PAGE}"),
        ("7946 0000", "GB", "has no area code, so it works for those nearby only; write it with the code"),
    ],
)
def test_a_number_that_may_reach_nobody(number: str, country: str, doubt: str) -> None:
    """It is shown, and the owner is asked to look."""
    assert read(number, country).doubt == doubt


@pytest.mark.parametrize(
    ("number", "country", "reason"),
    [
        ("12", "GB", f"has too few digits for a telephone number; {PAGE}"),
        ("00000", "GB", f"has too few digits for a telephone number; {PAGE}"),
        ("999", "GB", "is an emergency number of GB, which every reply shows anyway; write the line's own"),
        ("1-1-2", "GB", "is an emergency number of GB, which every reply shows anyway; write the line's own"),
        ("000", "AU", "is an emergency number of AU, which every reply shows anyway; write the line's own"),
        ("110", "DE", "is an emergency number of DE, which every reply shows anyway; write the line's own"),
        ("0909 879 0123", "GB", "is a premium-rate number, which costs the caller money; use another"),
        ("+1 212 555 0123", "GB", 'is a number of US, not of GB; add country = "US": the reply then says so'),
        ("+353 1 234 5678", "GB", 'is a number of IE, not of GB; add country = "IE": the reply then says so'),
        ("0808 157 012", "GB", f"has a digit too few; {PAGE}"),
        ("020 7946 000", "GB", f"has a digit too few; {PAGE}"),
        ("06 80 123 4560", "HU", f"has a digit too many; {PAGE}"),
        ("12345678901234567", "GB", f"has too many digits for a number of GB; {PAGE}"),
        ("12345678", "IS", f"has not as many digits as numbers of IS have; {PAGE}"),
        ("02 123 45", "FR", f"has too few digits for a number of FR; {PAGE}"),
        ("+999 12345678", "GB", f"is not a number that can be dialled in GB; {PAGE}"),
        (
            "+44 116 123",
            "GB",
            "is a short number, which has no country's code before it; write it as it is dialled there",
        ),
    ],
)
def test_a_number_that_nobody_can_dial(number: str, country: str, reason: str) -> None:
    """The sentence has the reason and the cure, and not the number."""
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        read(number, country)


@pytest.mark.parametrize("country", sorted({entry["country"] for entry in DIRECTORY}))
def test_the_links_of_the_directory_are_worked_out_again(country: str, subtests: pytest.Subtests) -> None:
    """Each entry's number leads where its link says."""
    for entry in DIRECTORY:
        if entry["country"] == country:
            with subtests.test(entry["id"]):
                assert LEAD_ELSEWHERE.get(entry["id"], leads_to(entry["phone"], country)) == entry["tel"]


def leads_to(number: str, country: str) -> str:
    """A short code as it is dialled, a full number with the country's code."""
    digits = re.sub(r"\D", "", number)
    if len(digits) <= LONGEST_SHORT or number.startswith("*"):
        return f"tel:{number[0] if number[0] == '*' else ''}{digits}"
    parsed = phonenumbers.parse(number, country)
    return f"tel:{phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)}"


def test_an_own_line_gets_its_link(tmp_path: Path) -> None:
    """Nothing is said about a number that is in order."""
    path = tmp_path / "config.toml"
    path.write_text(f'{BASE}{LINE}phone = "0808 196 0123"\nsms_number = "85258"\n', encoding="utf-8")
    config = load(path)
    assert lines_of(config.mailboxes[0])[0].tel == "tel:+448081960123"
    assert config.refusals == ()
    assert not [warning for warning in config.warnings if "crisis" in warning]


def test_an_own_line_that_nobody_can_call_is_left_out(tmp_path: Path) -> None:
    """The national ones are shown, and the sentence stands at the number."""
    path = tmp_path / "config.toml"
    path.write_text(f'{BASE}{LINE}phone = "0808 196 012345678"\n', encoding="utf-8")
    config = load(path)
    assert [line.name for line in lines_of(config.mailboxes[0])] == ["Samaritans", "Shout"]
    assert config.refusals == (f"{path}:14:9: crisis.line.phone: has too many digits for a number of GB; {PAGE}.",)


@pytest.mark.parametrize("key", ["phone", "sms_number"])
def test_a_doubtful_number_is_shown_and_told(tmp_path: Path, key: str) -> None:
    """``check`` and the log show it as worth a look."""
    path = tmp_path / "config.toml"
    path.write_text(f'{BASE}{LINE}{key} = "116 124"\n', encoding="utf-8")
    config = load(path)
    assert lines_of(config.mailboxes[0])[0].own
    assert any(
        f":14:{len(key) + 4}: crisis.line.{key}: is not a short number" in warning for warning in config.warnings
    )


def test_a_file_without_own_lines_does_not_load_the_library(tmp_path: Path) -> None:
    """It costs a start nothing."""
    path = tmp_path / "config.toml"
    path.write_text(BASE, encoding="utf-8")
    code = (
        "import sys, pathlib; from tests.configs import lines_of, load; load(pathlib.Path(sys.argv[1]));"
        "print('phonenumbers' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "False\n"
