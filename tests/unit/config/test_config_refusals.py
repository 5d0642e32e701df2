"""What a file asks for and no reply may show is left out, loudly; the reply goes out with what is left."""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from responder.adapters.secrets import Login
from responder.cli import check as checking
from responder.config import Config, ConfigError, pipeline_of
from responder.daemon.daemon import Daemon
from tests.configs import help_of, lines_of, load
from tests.unit.config.test_config_problems import BASE, MARK, place_of

GENERAL = ["gb-samaritans", "gb-shout"]
OWN = '[[crisis.line]]\nname = "County crisis team"\nfor = "anyone"\n'


def loaded(directory: Path, text: str) -> Config:
    """The configuration of a file with this text."""
    path = directory / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def shown(config: Config) -> list[str]:
    """The ids of what its replies show."""
    (box,) = config.mailboxes
    assert help_of(box).emergency.phone == "999"
    return [line.id for line in lines_of(box)]


CASES = {
    "an id that the directory no longer has": (
        '[crisis]\nlines = [▸"gb-samaritan"]\n',
        'crisis.lines: the directory has no crisis line "gb-samaritan"; did you mean "gb-samaritans"?',
        GENERAL,
    ),
    "one of two": (
        '[crisis]\nlines = ["gb-childline", ▸"gb-gone-since-the-upgrade-of-yesterday"]\n',
        (
            'crisis.lines: the directory has no crisis line "gb-gone-since-the-upgrade-of-yesterday"; '
            'see "responder crisis-lines GB" for its ids.'
        ),
        ["gb-childline", "gb-samaritans"],
    ),
    "a line of another country": (
        '[crisis]\nlines = [▸"ie-samaritans", "gb-shout"]\n',
        (
            'crisis.lines: crisis line "ie-samaritans" works in IE, not in your region GB; leave it out, or write it '
            "under also = [...] if you work there."
        ),
        ["gb-shout", "gb-samaritans"],
    ),
    "the emergency number": (
        '[crisis]\nlines = [▸"gb-emergency-services"]\n',
        (
            'crisis.lines: crisis line "gb-emergency-services" need not be named: the emergency number is always '
            "shown; leave it out."
        ),
        GENERAL,
    ),
    "an own line without a number": (
        f"▸{OWN}",
        'crisis.line: crisis line "County crisis team": it has no number; add phone or sms_number.',
        GENERAL,
    ),
    "an own line with words for a number": (
        f'▸{OWN}phone = "ask for it"\n',
        (
            'crisis.line: crisis line "County crisis team": its phone is not a number as one dials it; write digits '
            "and blanks only."
        ),
        GENERAL,
    ),
    "one own line of two": (
        f'[crisis]\nlines = ["gb-shout"]\n{OWN}phone = "0808 196 0123"\n▸{OWN}',
        'crisis.line: crisis line "County crisis team": it has no number; add phone or sms_number.',
        ["own-county-crisis-team", "gb-shout", "gb-samaritans"],
    ),
}
"""What the file asks for, what is said of it, and what a reply shows."""


@pytest.mark.parametrize(("added", "sentence", "lines"), CASES.values(), ids=CASES)
def test_a_line_that_cannot_be_shown_is_left_out(tmp_path: Path, added: str, sentence: str, lines: list[str]) -> None:
    """The file is accepted, help is shown, and one sentence says what is missing, where, why, and what to do."""
    config = loaded(tmp_path, BASE + added.replace(MARK, ""))
    assert shown(config) == lines
    assert config.refusals == (f"{config.path}:{place_of(BASE + added)}: {sentence}",)


def test_a_file_without_such_lines_refuses_nothing(tmp_path: Path) -> None:
    """The list is empty for a file that is in order."""
    assert loaded(tmp_path, BASE).refusals == ()


@pytest.mark.parametrize(
    "added",
    [
        '[crisis]\nlines = ["gb-samaritans"\n',
        "[crisis]\nlines = [1]\n",
        '[crisis]\nlines = "gb-samaritans"\n',
        OWN[:42],
    ],
    ids=["syntax", "type", "no-list", "missing-key"],
)
def test_a_file_that_cannot_be_read_is_still_refused_whole(tmp_path: Path, added: str) -> None:
    """What somebody meant by it is anybody's guess."""
    with pytest.raises(ConfigError):
        loaded(tmp_path, BASE + added)


def test_what_is_refused_is_told_among_the_problems_of_a_file(tmp_path: Path) -> None:
    """Whoever mends the file sees everything at once, in its order."""
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, BASE + '[crisis]\nlines = ["gb-gone"]\n[reply]\nstyle = "loud"\n')
    assert [problem.split(": ")[1] for problem in refused.value.problems] == ["crisis.lines", "reply.style"]


@pytest.mark.parametrize(("added", "code"), [("", 0), ('[crisis]\nlines = ["gb-gone"]\n', 1)], ids=["fine", "refused"])
def test_check_fails_for_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], added: str, code: int
) -> None:
    """WRONG, with the place, although both servers let us in and the reply shows help."""

    async def fine(*_: object) -> bool:
        return True

    monkeypatch.setattr(checking, "_check_mailbox", fine)
    path = loaded(tmp_path, BASE + added).path
    assert checking.check(Namespace(config=path, mailbox=None)) == code
    out = capsys.readouterr().out
    assert (f'WRONG {path}:12:10: crisis.lines: the directory has no crisis line "gb-gone"' in out) == bool(code)
    assert ("The reply goes out without it." in out) == bool(code)


def test_the_daemon_says_it_at_the_start_after_a_reload_and_in_its_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At level error each time, until it is mended."""
    config = loaded(tmp_path, BASE + '[crisis]\nlines = ["gb-gone"]\n')
    daemon = daemon_of(config, datetime(2026, 11, 24, 20, tzinfo=UTC))
    daemon._log_warnings()
    daemon._log_warnings()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [vars(record)["why"] for record in errors] == list(config.refusals) * 2
    assert "configured text refused: 1, see the log" in daemon.status()
    daemon._config = loaded(tmp_path, BASE)
    caplog.clear()
    daemon._log_warnings()
    assert not [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "configured text refused" not in daemon.status()


def daemon_of(config: Config, now: datetime) -> Daemon:
    """A daemon that was not started."""
    return Daemon(
        config,
        reload=lambda: load(config.path),
        state_directory=config.path.parent / "state",
        login_of=lambda box: Login(box.username, "x"),
        environ={},
        show_addresses=False,
        clock=lambda: now,
    )


@pytest.mark.parametrize(
    ("compared_on", "said"),
    [
        ("", "nobody has compared these crisis lines with the services' own pages"),
        ("[crisis]\ncompared_on = 2026-08-20\n", "the crisis lines were last compared 96 days ago"),
        ("[crisis]\ncompared_on = 2026-11-20\n", None),
    ],
    ids=["never", "expired", "fresh"],
)
async def test_an_old_comparison_is_said_everywhere_and_costs_no_reply(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    compared_on: str,
    said: str | None,
) -> None:
    """At a start, in the status line, once a day, and in ``check``, which succeeds; the reply goes out as ever."""
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    config = loaded(tmp_path, BASE + compared_on)
    daemon = daemon_of(config, at)
    daemon._log_warnings()
    assert any(said in vars(record)["why"] for record in caplog.records) if said else True
    assert ("compared" in daemon.status()) == bool(said)
    assert said is None or said in daemon.status()
    daemon._warnings_logged = ()
    caplog.clear()
    daemon._once_a_day()
    assert any("compared" in vars(record)["why"] for record in caplog.records) == bool(said)

    box = config.mailboxes[0]
    period = box.schedule.closed_period(at)
    assert period is not None
    assert "\n116 123\n" in pipeline_of(config, box).composer.text(period, at)

    async def fine(*_: object) -> bool:
        return True

    monkeypatch.setattr(checking, "_check_mailbox", fine)
    monkeypatch.setattr(checking, "now", lambda: at)
    await asyncio.to_thread(_checks, config.path)
    assert ("compared" in capsys.readouterr().out) == bool(said)


def _checks(path: Path) -> None:
    assert checking.check(Namespace(config=path, mailbox=None)) == 0
