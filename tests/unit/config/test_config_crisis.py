"""The crisis lines of a file: whose country, which comparison, and what is told about them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from responder.config import Config
from responder.config.compared import FILE, fingerprints, kept, recalled, write
from responder.config.standing import crisis_trouble, crisis_warnings, leads_to, night, shown_lines
from responder.core.reply import Composer
from responder.core.reply.freshness import RELEASED, Comparison
from tests.configs import NIGHT, help_of, lines_of, load

PRACTICE = """[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "{region}"
[hours]
monday = "09:00-17:00"
"""
MAILBOX = """[[mailbox]]
address = "{name}@harbour.example"
provider = "fastmail"
authserv_id = "mx.harbour.example"
password = {{ env = "X" }}
"""
LATER = datetime(2028, 11, 28, 3, 4, tzinfo=UTC)
"""Two years after the release."""


def loaded(directory: Path, *parts: str, region: str = "GB") -> Config:
    """The configuration of a practice there, with one mailbox."""
    path = directory / "config.toml"
    path.write_text(PRACTICE.format(region=region) + "".join(parts) + MAILBOX.format(name="hello"), encoding="utf-8")
    return load(path)


def line(**keys: str) -> str:
    """A line of the practice's own."""
    table = {"name": "County crisis team", "phone": "0808 196 0123", "for": "anyone", **keys}
    return "[[crisis.line]]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items())


# -- whose country -----------------------------------------------------------------------------------------------------


def test_a_mailbox_may_be_for_people_of_another_country(tmp_path: Path) -> None:
    """Its emergency number, its lines and its clock; the practice's own lines stay, and say where they work."""
    irish = MAILBOX.format(name="eire") + 'region = "IE"\ntime_zone = "America/New_York"\n'
    config = loaded(tmp_path, '[crisis]\nlines = ["gb-shout"]\nalso = ["IE"]\n', line(hours="24/7"), irish)
    there, home = config.mailboxes
    assert (help_of(there).emergency.phone, help_of(home).emergency.phone) == ("112", "999")
    assert [each.id for each in lines_of(there)][:2] == ["own-county-crisis-team", "ie-samaritans"]
    assert [each.id for each in lines_of(home)] == ["own-county-crisis-team", "gb-shout", "gb-samaritans"]
    assert [part.country for part in help_of(home).abroad] == ["IE"]
    assert help_of(there).abroad == ()
    assert there.reply.zone == ZoneInfo("America/New_York")
    assert "(in the UK)" in text_of(there.reply)
    assert config.refusals == ()


def text_of(settings: object) -> str:
    """One reply of these settings."""
    composer = Composer(settings)  # type: ignore[arg-type]  # a mailbox's settings
    sample = next(iter(composer.samples()))
    return composer.text(sample.period, sample.now)


def test_ids_count_for_the_mailbox_whose_country_they_are_of(tmp_path: Path) -> None:
    """An Irish line is named for the Irish mailbox; for the others the region's general lines stand in."""
    irish = MAILBOX.format(name="eire") + 'region = "IE"\n'
    config = loaded(tmp_path, '[crisis]\nlines = ["ie-pieta"]\n', irish)
    there, home = config.mailboxes
    assert "ie-pieta" in {each.id for each in lines_of(there)}
    assert [each.id for each in lines_of(home)] == ["gb-samaritans", "gb-shout"]
    assert config.refusals == ()


def test_the_own_week_of_a_mailbox_is_on_its_own_clock(tmp_path: Path) -> None:
    """Nine o'clock there; the practice's week stays on the practice's clock."""
    hours = '[mailbox.hours]\nmonday = "09:00-17:00"\n'
    own = MAILBOX.format(name="eire") + 'time_zone = "America/New_York"\n' + hours
    closure = MAILBOX.format(name="other") + 'time_zone = "America/New_York"\n[[mailbox.closure]]\nfrom = 2027-01-01\n'
    config = loaded(tmp_path, own, closure)
    zones = [box.schedule.zone.key for box in config.mailboxes]
    assert zones == ["America/New_York", "Europe/London", "Europe/London"]


def test_also_shows_another_country_below(tmp_path: Path) -> None:
    """Northern Ireland with Irish lines."""
    config = loaded(tmp_path, '[crisis]\nalso = ["IE"]\n', region="GB-NIR")
    text = text_of(config.mailboxes[0].reply)
    assert "Or, in Ireland, call\n112\n" in text
    assert "Samaritans (in Ireland), day or night. It is free.\n116 123\n" in text
    assert "They work in the UK and in Ireland." in text


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("XX", "crisis.also: the directory has no emergency number"),
        ("ua-lifeline-ukraine", "is paused and is not shown"),
    ],
)
def test_what_cannot_be_shown_of_another_country_is_left_out(tmp_path: Path, entry: str, told: str) -> None:
    """The rest goes out; a reload is refused."""
    config = loaded(tmp_path, f'[crisis]\nalso = ["{entry}", "IE"]\n')
    (refusal,) = config.refused_lines
    assert told in refusal
    assert [part.country for part in help_of(config.mailboxes[0]).abroad] == ["IE"]


# -- lines that must not be shown --------------------------------------------------------------------------------------


def test_a_paused_line_is_left_out_and_the_general_ones_stand_in(tmp_path: Path) -> None:
    """With what became of it."""
    config = loaded(tmp_path, '[crisis]\nlines = ["ua-lifeline-ukraine"]\n', region="UA")
    assert {each.id for each in lines_of(config.mailboxes[0])} == {"ua-116-123"}
    (refusal,) = config.refused_lines
    assert "Paused since 1 October 2025" in refusal
    assert config.refusals == config.refused_lines


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"phone": "999"}, "crisis.line.phone: is an emergency number of GB"),
        ({"phone": "0909 111 0123"}, "crisis.line.phone: is a premium-rate number"),
        ({"phone": "0808 196 012"}, "crisis.line.phone: has a digit too few"),
        ({"phone": "+1 212 200 0123"}, 'crisis.line.phone: is a number of US, not of GB; add country = "US"'),
        ({"sms_number": "00000"}, "crisis.line.sms_number: has too few digits"),
    ],
)
def test_an_own_line_that_must_not_be_shown_is_left_out(tmp_path: Path, keys: dict[str, str], told: str) -> None:
    """The national ones go out."""
    config = loaded(tmp_path, line(**keys))
    (refusal,) = config.refused_lines
    assert told in refusal
    assert [each.id for each in lines_of(config.mailboxes[0])] == ["gb-samaritans", "gb-shout"]


def test_a_number_of_another_country_says_where_it_works(tmp_path: Path) -> None:
    """Named, it may be shown."""
    config = loaded(tmp_path, line(phone="+1 212 200 0123", country="US"))
    assert config.refusals == ()
    assert "County crisis team (in the US; it may not be open at this hour).\n+1 212 200 0123\n" in text_of(
        config.mailboxes[0].reply
    )


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ("24 hours", "To talk to someone, day or night, call County crisis team."),
        ("24h", "To talk to someone, day or night, call County crisis team."),
        ("Mon-Fri 9:00-17:00", "County crisis team (Monday to Friday, 9am to 5pm)."),
        ("after school", "County crisis team (after school)."),
    ],
)
def test_hours_are_read_as_what_they_mean(tmp_path: Path, hours: str, said: str) -> None:
    """In the reader's words; what is not understood stays as it was typed."""
    config = loaded(tmp_path, line(hours=hours))
    assert config.refusals == ()
    assert said in text_of(config.mailboxes[0].reply)


def test_a_line_about_violence_at_home_is_worth_a_look(tmp_path: Path) -> None:
    """In an ordinary reply; a discreet one does not show it."""
    named = '[crisis]\nlines = ["gb-national-domestic-abuse-helpline-refuge", "gb-samaritans"]\n'
    config = loaded(tmp_path, named, region="GB-ENG")
    assert any("is a line about violence at home" in each for each in config.remarks)
    discreet = loaded(tmp_path, named, '[reply]\nstyle = "discreet"\n', region="GB-ENG")
    assert not any("violence" in each for each in discreet.remarks)
    also = loaded(tmp_path, '[crisis]\nalso = ["ie-women-s-aid", "FR"]\n')
    assert any("crisis.also" in each and "violence" in each for each in also.remarks)


# -- what is told ------------------------------------------------------------------------------------------------------


def told(config: Config, now: datetime = NIGHT) -> str:
    """All warnings about crisis lines."""
    return "\n".join(crisis_warnings(config, now))


def test_a_night_that_leads_only_to_the_emergency_number_is_told(tmp_path: Path) -> None:
    """With the international directory where the style allows it."""
    crisis = "[crisis]\ncompared_on = 2026-11-28\n"
    assert told(loaded(tmp_path, crisis)) == ""
    ordinary = loaded(tmp_path, crisis, region="BG")
    assert "at night this reply leads only to 112 and findahelpline.com" in told(ordinary)
    discreet = loaded(tmp_path, crisis, '[reply]\nstyle = "discreet"\n', region="BG")
    assert "at night this reply leads only to 112: no line" in told(discreet)
    settings = discreet.mailboxes[0].reply
    assert (leads_to(settings, NIGHT), night(settings, NIGHT)) == ("112", "112")
    assert leads_to(settings, datetime(2026, 12, 1, 12, tzinfo=UTC)) is None


def test_mailboxes_are_told_apart_where_their_replies_differ(tmp_path: Path) -> None:
    """By their place in the file."""
    quiet = "".join(MAILBOX.format(name=name) + 'region = "BG"\n' for name in ("one", "two", "three", "four"))
    config = loaded(tmp_path, "[crisis]\ncompared_on = 2026-11-28\n", quiet)
    assert told(config).startswith("mailbox 1, 2, 3 and 1 more: at night this reply leads only to 112 and")


def test_what_is_too_old_is_told(tmp_path: Path) -> None:
    """Numbers that are shown for want of better ones, and claims that are left out."""
    croatia = told(loaded(tmp_path, region="HR"))
    assert (
        "crisis line hr-plavi-telefon: its number has no dated evidence, not within 18 months. It is shown" in croatia
    )
    denmark = told(loaded(tmp_path, '[crisis]\nlines = ["dk-sct-nicolai-tjenesten"]\n', region="DK"))
    assert (
        "dk-sct-nicolai-tjenesten: its number has no dated evidence, not within 18 months. It is not shown" in denmark
    )
    later = told(loaded(tmp_path), LATER)
    assert "gb-samaritans: its number was last seen on 2026-10-07, not within 18 months. It is shown" in later
    assert "gb-samaritans: replies leave out what is too old: its hours (last seen on 2026-10-07), its price" in later
    assert crisis_trouble(loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-27\n"), LATER) is None
    fresh_day = loaded(tmp_path, "[crisis]\ncompared_on = 2026-11-28\n", region="HR")
    assert crisis_trouble(fresh_day, NIGHT) == "3 claims about crisis lines are too old"
    assert (
        crisis_trouble(loaded(tmp_path), NIGHT) == "nobody has compared these crisis lines with the services' own pages"
    )


# -- the comparison ----------------------------------------------------------------------------------------------------


def hours_said(config: Config, now: datetime = LATER) -> bool:
    """Whether a reply still says when Samaritans answer."""
    samaritans = next(each for each in help_of(config.mailboxes[0], now).lines if each.line.id == "gb-samaritans")
    return samaritans.when.always


def test_a_day_in_the_file_counts_without_any_memory(tmp_path: Path) -> None:
    """The installed directory is what was compared."""
    assert hours_said(loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-01\n"))
    assert not hours_said(loaded(tmp_path))
    assert not hours_said(loaded(tmp_path, "[crisis]\ncompared_on = 2027-05-01\n"))


def test_the_first_reading_of_a_day_keeps_what_is_shown(tmp_path: Path) -> None:
    """Later readings of the same day find it; another day is kept again."""
    state = tmp_path / "state"
    config = loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-01\n")
    assert recalled(config, state) is config
    kept(config, state, LATER)
    found = json.loads((state / FILE).read_text("utf-8"))
    assert found["on"] == "2028-11-01"
    assert {"gb-samaritans", "gb-emergency-services"} <= found["lines"].keys()
    assert "gb-childline" not in found["lines"]
    assert hours_said(recalled(config, state))
    kept(loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-02\n"), state, LATER)
    assert json.loads((state / FILE).read_text("utf-8"))["on"] == "2028-11-02"


def test_a_line_that_changed_since_is_compared_again(tmp_path: Path) -> None:
    """Another fingerprint is kept than the one of the installed line."""
    config = loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-01\n")
    prints = fingerprints(shown_lines(config, LATER))
    write(tmp_path, date(2028, 11, 1), {**prints, "gb-samaritans": "0" * 16})
    assert not hours_said(recalled(config, tmp_path))
    assert hours_said(recalled(config, tmp_path / "nowhere"))


def test_mailboxes_that_share_their_settings_share_them_still(tmp_path: Path) -> None:
    """A practice with thousands of mailboxes has one plan."""
    config = loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-01\n", MAILBOX.format(name="other"))
    first, second = kept(config, tmp_path / "state", LATER).mailboxes
    assert first.reply is second.reply
    assert first.reply.help.comparison.prints


@pytest.mark.parametrize("text", ["", "{", "[]", '{"on": "2028-11-01"}', '{"on": "2028-11-01", "lines": 3}', "null"])
def test_a_damaged_memory_is_none(tmp_path: Path, text: str) -> None:
    """What is installed counts as compared."""
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert hours_said(recalled(loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-01\n"), tmp_path))


def test_a_state_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    """Nothing stops the daemon."""
    (tmp_path / "state").write_text("a file", encoding="utf-8")
    config = kept(loaded(tmp_path, "[crisis]\ncompared_on = 2028-11-01\n"), tmp_path / "state", LATER)
    assert hours_said(config)


def test_an_interrupted_write_leaves_the_old_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole or not at all."""
    write(tmp_path, date(2028, 11, 1), {"a": "b"})
    before = (tmp_path / FILE).read_bytes()

    def full(_: int) -> None:
        raise OSError("full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="full"):
        write(tmp_path, date(2028, 11, 2), {"c": "d"})
    assert [each.name for each in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == before


def test_a_practice_that_compares_every_year_loses_nothing(tmp_path: Path) -> None:
    """Ten years on, what was printed at first is printed still."""
    config = loaded(tmp_path)
    plan = config.mailboxes[0].reply.help
    first = plan.at(datetime(2026, 12, 1, 3, 4, tzinfo=UTC))
    day = RELEASED
    for _ in range(10):
        day += timedelta(days=365)
        now = datetime(day.year, day.month, day.day, 3, 4, tzinfo=UTC)
        boxes = [replace(box, reply=replace(box.reply, help=plan)) for box in config.mailboxes]
        prints = fingerprints(shown_lines(replace(config, mailboxes=tuple(boxes)), now))
        plan = plan.compared(Comparison(day, prints))
        assert plan.at(now) == first, day
