"""A good file becomes core types; the right file is found; only errors cost anything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.config import (
    CommandSource,
    Config,
    ConfigError,
    CredentialSource,
    EnvSource,
    FileSource,
    MailboxConfig,
    ReplyConfig,
    ServerConfig,
    find,
    pipeline_of,
    providers,
)
from responder.config.standing import crisis_warnings
from responder.core.decision import Level
from responder.core.limits.rates import Rates
from responder.core.message import Address
from responder.core.reply import Composer
from responder.core.rules import decide as policy
from tests import ROOT
from tests.configs import help_of, lines_of, load

PRACTICE = """\
[practice]
name = "Harbour Counselling"
time_zone = "Europe/London"
region = "GB-ENG"
"""
MAILBOX = """\
[[mailbox]]
address = "Hello@Harbour.example"
provider = "fastmail"
password = { credential = "hello" }
"""


def loaded(directory: Path, text: str) -> Config:
    """The configuration in this text."""
    path = directory / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def mailbox(directory: Path, lines: str) -> MailboxConfig:
    """The only mailbox, written with these lines beside its address."""
    text = f'{PRACTICE}[[mailbox]]\naddress = "hello@harbour.example"\n{lines}'
    (only,) = loaded(directory, text).mailboxes
    return only


# The whole


def test_the_shortest_file_is_complete(tmp_path: Path) -> None:
    """Practice, one mailbox, nothing else: every default holds, and the week is closed."""
    config = loaded(tmp_path, PRACTICE + MAILBOX)
    assert (config.practice_name, config.zone.key, config.region) == ("Harbour Counselling", "Europe/London", "GB-ENG")
    assert config.languages == ("en",)
    assert config.reply == ReplyConfig("ordinary", timedelta(hours=24), timedelta(hours=4), timedelta(hours=72))
    assert not config.schedule.is_open(datetime(2026, 11, 24, 10, tzinfo=UTC))
    (box,) = config.mailboxes
    assert (box.name, box.folder, box.username) == ("hello@harbour.example", "INBOX", "Hello@harbour.example")
    assert box.imap == ServerConfig("imap.fastmail.com", 993, "implicit")
    assert box.smtp == ServerConfig("smtp.fastmail.com", 465, "implicit")
    assert box.password == CredentialSource("hello")


def test_the_week_its_closures_and_its_openings_reach_the_schedule(tmp_path: Path) -> None:
    """Hours are on the practice's clock; a closure's day means its first moment; lists of hours are read."""
    config = loaded(
        tmp_path,
        PRACTICE
        + """
[hours]
monday = ["09:00-12:30", "13:30-17:00"]
[[closure]]
from = 2026-07-06
until = 2026-07-13
[[closure]]
from = 2026-12-24T12:00:00
note = "until further notice"
say_until = false
[[opening]]
date = 2026-07-18
hours = "10:00-14:00"
"""
        + MAILBOX,
    )
    is_open = config.schedule.is_open
    assert is_open(datetime(2026, 6, 29, 8, tzinfo=UTC))  # 09:00 in summer
    assert not is_open(datetime(2026, 6, 29, 12, tzinfo=UTC))  # 13:00
    assert not is_open(datetime(2026, 7, 6, 8, tzinfo=UTC))  # closed for that week
    assert is_open(datetime(2026, 7, 13, 8, tzinfo=UTC))
    assert is_open(datetime(2026, 7, 18, 9, tzinfo=UTC))  # a Saturday
    assert config.schedule.next_change(datetime(2026, 12, 28, tzinfo=UTC)) is None


PRACTICE_WEEK = """
[hours]
monday = "09:00-17:00"
tuesday = "09:00-17:00"
[[closure]]
from = 2026-12-01
until = 2026-12-02
[[opening]]
date = 2026-11-28
hours = "10:00-14:00"
"""
OWN_WEEK = '[mailbox.hours]\nmonday = "12:00-20:00"\n'
OWN_CLOSURE = "[[mailbox.closure]]\nfrom = 2026-12-07\nuntil = 2026-12-08\n"
OWN_OPENING = '[[mailbox.opening]]\ndate = 2026-12-12\nhours = "10:00-14:00"\n'
HOURS_ASKED = {
    "Monday morning": datetime(2026, 11, 30, 10, tzinfo=UTC),
    "Monday evening": datetime(2026, 11, 30, 19, tzinfo=UTC),
    "Tuesday": datetime(2026, 12, 8, 10, tzinfo=UTC),
    "practice's closure": datetime(2026, 12, 1, 10, tzinfo=UTC),
    "practice's opening": datetime(2026, 11, 28, 12, tzinfo=UTC),
    "own closure": datetime(2026, 12, 7, 13, tzinfo=UTC),
    "own opening": datetime(2026, 12, 12, 12, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("own", "is_open"),
    [
        ("", {"Monday morning", "Tuesday", "practice's opening", "own closure"}),
        (OWN_WEEK, {"Monday evening", "own closure"}),
        (OWN_CLOSURE, {"Monday morning", "Tuesday", "practice's opening"}),
        (OWN_OPENING, {"Monday morning", "Tuesday", "practice's opening", "own closure", "own opening"}),
        (OWN_WEEK + OWN_CLOSURE + OWN_OPENING, {"Monday evening", "own opening"}),
        ("[mailbox.hours]\n", set[str]()),
    ],
    ids=["none", "hours", "closure", "opening", "all", "never open"],
)
def test_hours_of_one_mailbox(tmp_path: Path, own: str, is_open: set[str]) -> None:
    """Own hours take the place of the practice's and of its openings; closures add up; the practice keeps its own."""
    config = loaded(tmp_path, PRACTICE + PRACTICE_WEEK + MAILBOX + own)
    (box,) = config.mailboxes
    assert {name for name, at in HOURS_ASKED.items() if box.schedule.is_open(at)} == is_open
    assert (box.schedule is config.schedule) is (own == "")
    assert pipeline_of(config, box).schedule is box.schedule
    assert config.schedule.is_open(HOURS_ASKED["Monday morning"])


def test_hours_of_one_mailbox_are_warned_of_by_its_number(tmp_path: Path) -> None:
    """The address stays out of the log."""
    opening = '[[mailbox.opening]]\ndate = 2026-12-01\nhours = "10:00-14:00"\n'
    second = MAILBOX.replace("Hello@", "groups@") + opening
    warnings = loaded(tmp_path, PRACTICE + PRACTICE_WEEK + MAILBOX + second).warnings
    (found,) = (warning for warning in warnings if "stays closed" in warning)
    assert found.startswith("mailbox 2: the opening on Tuesday 1 December 2026")


def test_each_mailbox_knows_all_addresses_that_are_served(tmp_path: Path) -> None:
    """Mail between two of our mailboxes must never start a loop, so each knows the others' addresses and aliases."""
    second = MAILBOX.replace("Hello@", "groups@").replace("password", 'aliases = ["G@harbour.example"]\npassword')
    config = loaded(tmp_path, PRACTICE + MAILBOX + second)
    served = frozenset({"hello@harbour.example", "groups@harbour.example", "g@harbour.example"})
    assert [box.rules.served for box in config.mailboxes] == [served, served]
    assert config.mailboxes[1].rules.aliases == (Address("G", "harbour.example"),)


def test_two_folders_of_one_account_are_two_mailboxes(tmp_path: Path) -> None:
    """One account may be watched twice when the folders and the addresses differ."""
    second = MAILBOX.replace("Hello@", "groups@").replace(
        "password", 'username = "hello@harbour.example"\nfolder = "Groups"\npassword'
    )
    assert [box.folder for box in loaded(tmp_path, PRACTICE + MAILBOX + second).mailboxes] == ["INBOX", "Groups"]


def test_contact_forms_are_known_to_every_mailbox(tmp_path: Path) -> None:
    """A form may write to any address of the practice."""
    form = '[[contact_form]]\nfrom = "wordpress@harbour.example"\n'
    (box,) = loaded(tmp_path, PRACTICE + form + MAILBOX).mailboxes
    assert [str(one.from_) for one in box.rules.contact_forms] == ["wordpress@harbour.example"]


def test_own_lines_come_first_and_named_lines_replace_the_general_ones(tmp_path: Path) -> None:
    """The practice knows its place best; the emergency number is always there."""
    crisis = """
[crisis]
lines = ["gb-samaritans"]
[[crisis.line]]
name = "County crisis team"
phone = "0808 196 0123"
hours = "24/7"
for = "people already in its care"
"""
    (box,) = loaded(tmp_path, PRACTICE + crisis + MAILBOX).mailboxes
    assert [line.name for line in lines_of(box)] == ["County crisis team", "Samaritans"]
    assert help_of(box).emergency.phone == "999"


def test_a_template_of_the_practice_is_read_beside_the_file(tmp_path: Path) -> None:
    """Its name is relative to the configuration, its line ends and byte order mark do not matter."""
    (tmp_path / "reply.txt").write_bytes(b"\xef\xbb\xbfNobody reads this now.\r\n{{ help }}\r\n")
    config = loaded(tmp_path, PRACTICE + '[reply]\ntemplate = "reply.txt"\n' + MAILBOX)
    assert config.mailboxes[0].reply.own["en"].template == "Nobody reads this now.\n{{ help }}\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory. It is looked for at "),
        (b"We are closed.\n", ""),
        (b"{{ help }", ""),
        (b"Gesch\xfctzt {{ help }}", "is not UTF-8 text"),
        (b"x" * 20_001, "is longer than 20000 octets"),
    ],
    ids=["missing", "without a way to help", "broken", "latin-1", "long"],
)
def test_a_template_that_cannot_be_sent_costs_its_words_and_not_the_reply(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """No text without a way to help is ever sent, and no fault of a template silences anybody."""
    if content is not None:
        (tmp_path / "reply.txt").write_bytes(content)
    config = loaded(tmp_path, PRACTICE + '[reply]\ntemplate = "reply.txt"\n' + MAILBOX)
    assert f"config.toml:6:12: reply.template: {reason}" in config.refusals[0]
    (usual,) = loaded(tmp_path, PRACTICE + MAILBOX).mailboxes
    samples = [
        [composer.text(each.period, each.now) for each in composer.samples()]
        for composer in (Composer(config.mailboxes[0].reply), Composer(usual.reply))
    ]
    assert samples[0] == samples[1]


def test_what_a_mailbox_needs_to_judge_is_put_together(tmp_path: Path) -> None:
    """The pipeline gets the file's times and knows whether replies are discreet."""
    config = loaded(tmp_path, PRACTICE + '[reply]\nstyle = "discreet"\nfloor = "0m"\nmax_age = "2h"\n' + MAILBOX)
    pipeline = pipeline_of(config, config.mailboxes[0])
    assert (pipeline.max_age, pipeline.floor, pipeline.repeat_after, pipeline.discreet) == (
        timedelta(hours=2),
        timedelta(0),
        timedelta(days=3),
        True,
    )
    assert pipeline.schedule is config.schedule


def test_the_rates_of_the_file_reach_the_pipeline(tmp_path: Path) -> None:
    """Each under its own name, and the built-in ones where the file is silent."""
    written = """[rates]
per_sender = 1
unauthenticated = 2
authenticated = 3
per_domain = 4
contact_forms = 5
breaker = 6
"""
    config = loaded(tmp_path, PRACTICE + written + MAILBOX)
    assert pipeline_of(config, config.mailboxes[0]).rates == Rates(1, 2, 3, 4, 5, 6)
    assert loaded(tmp_path, PRACTICE + MAILBOX).rates == Rates(2, 30, 120, 20, 10, 300)


# Mailboxes


def test_servers_of_ones_own_take_ports_from_their_tls_mode(tmp_path: Path) -> None:
    """Nobody needs to know 993 from 143."""
    box = mailbox(
        tmp_path,
        'imap = { host = "IMAP.harbour.example", tls = "implicit" }\n'
        'smtp = { host = "smtp.harbour.example", tls = "starttls" }\n'
        'password = { env = "SECRET" }\n',
    )
    assert box.imap == ServerConfig("imap.harbour.example", 993, "implicit")
    assert box.smtp == ServerConfig("smtp.harbour.example", 587, "starttls")
    assert box.password == EnvSource("SECRET")


def test_a_loopback_server_may_do_without_tls_and_login(tmp_path: Path) -> None:
    """On this very machine nothing crosses a network; any port will do."""
    box = mailbox(
        tmp_path,
        'imap = { host = "127.0.0.1", port = 993, tls = "starttls" }\n'
        'smtp = { host = "localhost", tls = "none", auth = false }\n'
        'password = { command = ["pass", "show", "mail"] }\n',
    )
    assert box.imap.port == 993
    assert box.smtp == ServerConfig("localhost", 25, "none", auth=False)
    assert box.password == CommandSource(("pass", "show", "mail"), tmp_path)


def test_certificates_and_secrets_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    """A relative name means the same wherever the program is started."""
    (tmp_path / "bridge.pem").write_text("a certificate")
    box = mailbox(tmp_path, 'provider = "proton-bridge"\nca_file = "bridge.pem"\npassword = { file = "secret" }\n')
    assert box.imap == ServerConfig("127.0.0.1", 1143, "starttls", tmp_path / "bridge.pem")
    assert box.smtp.ca_file == tmp_path / "bridge.pem"
    assert box.password == FileSource(tmp_path / "secret")


def test_a_missing_certificate_is_told_at_once(tmp_path: Path) -> None:
    """Not at the first login, at night."""
    with pytest.raises(ConfigError) as refused:
        mailbox(
            tmp_path,
            'imap = { host = "imap.harbour.example", tls = "implicit", ca_file = "ca.pem" }\n'
            'smtp = { host = "smtp.harbour.example", tls = "implicit" }\n'
            'password = { file = "secret" }\n',
        )
    (problem,) = refused.value.problems
    assert problem.endswith(
        ":7:69: mailbox.imap.ca_file: cannot be read: No such file or directory. "
        f"It is looked for at {tmp_path / 'ca.pem'}."
    )


def test_some_providers_name_accounts_by_the_local_part(tmp_path: Path) -> None:
    """Where the provider wants what stands before the @, that is the username, unless the file says another."""
    assert mailbox(tmp_path, 'provider = "web-de"\npassword = { env = "S" }\n').username == "hello"
    named = mailbox(tmp_path, 'provider = "runbox"\nusername = "hello%harbour.example"\npassword = { env = "S" }\n')
    assert named.username == "hello%harbour.example"


def test_soft_rules_can_be_turned_off_and_domains_left_out(tmp_path: Path) -> None:
    """Both reach the rules of that mailbox; domains in the form that headers have."""
    soft = next(rule.id for rule in policy.RULES if rule.level is Level.SOFT)
    box = mailbox(
        tmp_path,
        f'provider = "gmail"\nrules_off = ["{soft}"]\nnever_domains = ["@Shop.example"]\nfolder = "inbox"\n'
        'authserv_id = "mx.google.com"\npassword = { env = "S" }\n',
    )
    assert box.rules.rules_off == {soft}
    assert box.rules.never_domains == {"shop.example"}
    assert box.rules.authserv_id == "mx.google.com"
    assert box.folder == "INBOX"


def test_the_test_of_the_recipient_can_be_turned_off(tmp_path: Path) -> None:
    """It is hard, but a mailbox may take mail to any address of its domain."""
    box = mailbox(tmp_path, 'provider = "gmail"\nrules_off = ["not-addressed"]\npassword = { env = "S" }\n')
    assert box.rules.rules_off == {"not-addressed"}


def test_robots_in_front_of_people_are_told_apart_from_their_writers(tmp_path: Path) -> None:
    """A form's host and the domains whose Reply-To is trusted reach the rules, in the form that headers have."""
    box = mailbox(
        tmp_path,
        'provider = "gmail"\ntrust_reply_to = ["@Directory.example"]\npassword = { env = "S" }\n'
        '[[contact_form]]\nfrom = "forms@web.example"\nhost = "Web1.Host.example"\n',
    )
    assert box.rules.trust_reply_to == {"directory.example"}
    assert [(str(form.from_), str(form.host).lower()) for form in box.rules.contact_forms] == [
        ("forms@web.example", "web1.host.example")
    ]


def test_every_preset_is_encrypted_and_tells_its_source() -> None:
    """A preset is a fact from somewhere; without TLS only on loopback."""
    for preset in providers().values():
        assert preset.source
        assert preset.password
        for server in (preset.imap, preset.smtp):
            assert server.tls in ("implicit", "starttls")
        assert {preset.imap.port, preset.smtp.port} <= {993, 465, 587, 1143, 1025}


# Warnings


def test_what_is_allowed_but_worth_a_look_is_a_warning(tmp_path: Path) -> None:
    """No hours, no authserv-id, unsigned words: it runs, and says so; no address stands in a warning."""
    warnings = loaded(tmp_path, PRACTICE + MAILBOX).warnings
    assert [next(word for word in ("hours", "authserv_id", "draft") if word in warning) for warning in warnings] == [
        "hours",
        "authserv_id",
        "draft",
    ]
    assert not any("@" in warning for warning in warnings)
    named = loaded(tmp_path, PRACTICE + '[hours]\nmonday = "09:00-17:00"\n' + MAILBOX + 'authserv_id = "mx"\n')
    assert len(named.warnings) == 1


@pytest.mark.parametrize(
    ("compared_on", "today", "part"),
    [
        ("", date(2026, 11, 23), "nobody has compared"),
        ("2026-11-24", date(2026, 11, 23), "has not come yet"),
        ("2026-08-24", date(2026, 11, 23), "91 days ago"),
        ("2026-08-25", date(2026, 11, 23), None),
        ("2026-11-23", date(2026, 11, 23), None),
    ],
)
def test_an_old_comparison_of_the_crisis_lines_is_a_warning(
    tmp_path: Path, compared_on: str, today: date, part: str | None
) -> None:
    """Ninety days are fresh enough; a day that has not come is a slip."""
    crisis = f"[crisis]\ncompared_on = {compared_on}\n" if compared_on else ""
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    warnings = crisis_warnings(loaded(tmp_path, PRACTICE + crisis + MAILBOX), now)
    assert [part in warning for warning in warnings if part] == ([True] if part else [])
    assert len(warnings) == (1 if part else 0)


def test_a_contact_form_without_proof_is_a_warning(tmp_path: Path) -> None:
    """Where nobody's Authentication-Results are believed, a form cannot be told from whoever pretends to be it."""
    form = '[[contact_form]]\nfrom = "wordpress@harbour.example"\n'
    assert any("contact_form" in warning for warning in loaded(tmp_path, PRACTICE + form + MAILBOX).warnings)
    proved = loaded(tmp_path, PRACTICE + form + MAILBOX + 'authserv_id = "mx.harbour.example"\n')
    assert not any("contact_form" in warning for warning in proved.warnings)


# Files


def test_a_file_from_a_windows_editor_just_works(tmp_path: Path) -> None:
    """Byte order mark and CRLF are no mistakes."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (PRACTICE + MAILBOX).replace("\n", "\r\n").encode())
    assert load(path).practice_name == "Harbour Counselling"


def test_what_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory, a missing file, a forbidden one, a broken disk: each in its own words."""
    with pytest.raises(ConfigError, match=r": this is a directory\. Name the file in it, such as .*config\.toml\.$"):
        load(tmp_path)
    with pytest.raises(ConfigError, match=r"there is no such file\. Copy config\.example\.toml there"):
        load(tmp_path / "config.toml")
    for error, words in ((PermissionError(13, "no"), "not allowed to read it"), (OSError(5, "I/O error"), "I/O error")):
        with monkeypatch.context() as patched:
            patched.setattr("responder.config.files.os.open", _raiser(error))
            with pytest.raises(ConfigError, match=words):
                load(tmp_path / "config.toml")


def _raiser(error: OSError) -> object:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Path]:
    """Every place that is searched, below a directory of the test."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys.modules[find.__module__], "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    return {
        "explicit": tmp_path / "explicit.toml",
        "named": tmp_path / "named.toml",
        "here": here / "config.toml",
        "xdg": tmp_path / "xdg" / "responder" / "config.toml",
        "home": tmp_path / "home" / ".config" / "responder" / "config.toml",
        "etc": tmp_path / "etc" / "config.toml",
    }


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_the_first_place_that_has_a_file_wins(tmp_path: Path, places: Mapping[str, Path]) -> None:
    """--config, $RESPONDER_CONFIG, ./config.toml, the XDG directory, /etc: in this order."""
    for path in places.values():
        _touch(path)
    environ = {
        "RESPONDER_CONFIG": str(places["named"]),
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "HOME": str(tmp_path / "home"),
    }
    assert find(places["explicit"], environ) == places["explicit"]
    assert find(None, environ) == places["named"]
    environ["RESPONDER_CONFIG"] = ""
    assert find(None, environ) == Path("config.toml")
    places["here"].unlink()
    assert find(None, environ) == places["xdg"]
    environ["XDG_CONFIG_HOME"] = "relative"
    assert find(None, environ) == places["home"]
    assert find(None, {}) == places["etc"]


def test_no_file_anywhere_names_the_places(tmp_path: Path, places: Mapping[str, Path]) -> None:
    """Whoever starts it first learns where the file goes."""
    with pytest.raises(ConfigError) as refused:
        find(None, {"HOME": str(tmp_path / "home")})
    assert str(refused.value) == (
        f"no configuration file. Looked for config.toml, {places['home']}, {places['etc']}. "
        "Copy config.example.toml there and fill it in, or name it with --config."
    )


def test_a_file_that_was_asked_for_has_no_substitute(places: Mapping[str, Path]) -> None:
    """A named file that is missing never falls back to another one."""
    _touch(places["here"])
    with pytest.raises(ConfigError, match=r"explicit\.toml: there is no such file, but --config names it"):
        find(places["explicit"], {})
    with pytest.raises(ConfigError, match=r"named\.toml: there is no such file, but RESPONDER_CONFIG names it"):
        find(None, {"RESPONDER_CONFIG": str(places["named"])})


def test_a_place_that_may_not_be_looked_into_is_not_passed_over(
    places: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forbidden file is an error to tell, not a reason to run with another file."""
    monkeypatch.setattr(Path, "exists", _raiser(PermissionError(13, "no")))
    assert find(None, {}) == Path("config.toml")
    assert places["here"].name == "config.toml"


# Any text


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for many texts."""
    return tmp_path_factory.mktemp("any") / "config.toml"


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_any_slip_in_the_example_gives_a_configuration_or_problems(scratch: Path, data: st.DataObject) -> None:
    """Whatever is cut out, doubled or typed into the example, the answer is never a traceback."""
    lines = (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines()
    active = [index for index, line in enumerate(lines) if line and not line.startswith("# ")]
    index = data.draw(st.sampled_from(active))
    start = data.draw(st.integers(0, len(lines[index])))
    end = data.draw(st.integers(start, len(lines[index])))
    typed = data.draw(
        st.sampled_from(["", '"', "'", "[", "]", "{", "}", "=", "1", "\u00e9", "\\", "\n", lines[active[0]]])
    )
    lines[index] = lines[index][:start] + typed + lines[index][end:]
    scratch.write_text("\n".join(lines), encoding="utf-8")
    for problem in problems_of(scratch):
        assert problem.startswith(str(scratch))
        assert "\n" not in problem


def problems_of(path: Path) -> tuple[str, ...]:
    """What is said of a file; nothing when it is fine."""
    try:
        load(path)
    except ConfigError as refused:
        return refused.problems
    return ()


@pytest.mark.parametrize("text", ["a = " + "[" * 20_000, "a = " + "1" * 5_000], ids=["brackets", "digits"])
def test_what_breaks_the_parser_is_refused_like_anything_else(tmp_path: Path, text: str) -> None:
    """Neither depth nor length ends the program."""
    with pytest.raises(ConfigError, match="not TOML that can be read"):
        loaded(tmp_path, text)


# Cost


def test_positions_cost_nothing_until_something_is_wrong(tmp_path: Path) -> None:
    """The parser that finds places is only imported for an error."""
    path = tmp_path / "config.toml"
    path.write_text(f"{PRACTICE}{MAILBOX}")
    code = (
        "import sys; from pathlib import Path; from tests.configs import help_of, lines_of, load;"
        "load(Path(sys.argv[1]));"
        "sys.exit(any('tree_sitter' in name for name in sys.modules))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code, str(path)], env=environ, check=False).returncode == 0


def test_a_form_that_writes_as_its_visitor_is_known_by_its_return_path(tmp_path: Path) -> None:
    """It has no robot; one of the two addresses has to stand there."""
    form = '[[contact_form]]\nreturn_path = "www-data@web1.host.example"\n'
    (box,) = loaded(tmp_path, PRACTICE + form + MAILBOX).mailboxes
    assert [(one.from_, str(one.return_path)) for one in box.rules.contact_forms] == [
        (None, "www-data@web1.host.example")
    ]


@pytest.mark.parametrize(
    "form", ['host = "web1.host.example"', 'from = "a@harbour.example"\nreturn_path = "b@harbour.example"']
)
def test_a_form_is_known_by_one_address(tmp_path: Path, form: str) -> None:
    """Neither says nothing; both would mean two different people to answer."""
    with pytest.raises(ConfigError, match="one of the two"):
        loaded(tmp_path, PRACTICE + f"[[contact_form]]\n{form}\n" + MAILBOX)


def test_a_rule_that_is_gone_may_still_be_turned_off(tmp_path: Path) -> None:
    """An upgrade refuses no file for it."""
    (box,) = loaded(tmp_path, PRACTICE + MAILBOX + 'rules_off = ["delivered-twice"]\n').mailboxes
    assert box.rules.rules_off == {"delivered-twice"}
