"""The example file and the page about the configuration say what the code says."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from responder.config import ConfigError, ServerConfig, providers, schema
from responder.config import load as load_with
from tests import ROOT
from tests.configs import lines_of, load, no_calendars
from tests.unit.config.test_config_problems import CASES
from tests.unit.config.test_config_syntax import HINTS

EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
OWN = EXAMPLE.replace("your-practice.example", "harbour.example")
"""As it is when somebody has put their own domain in."""
HEADER = r"^(?:# (?=\[\[(?:closure|opening|crisis|contact_form)))?\[{1,2}([\w.]+)\]{1,2}$"
"""Of tables that are on, and of those that are off and have every key."""
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

TABLES: dict[str, type[BaseModel]] = {
    "practice": schema.Practice,
    "hours": schema.Hours,
    "closure": schema.Closure,
    "opening": schema.Opening,
    "holidays": schema.Holidays,
    "crisis": schema.Crisis,
    "crisis.line": schema.OwnLine,
    "reply": schema.Reply,
    "rates": schema.Rates,
    "contact_form": schema.ContactForm,
    "mailbox": schema.Mailbox,
}
INLINE: tuple[type[BaseModel], ...] = (schema.Password, schema.SmtpServer)
INNER_TABLES = {("crisis", "line")} | {("mailbox", key) for key in ("hours", "closure", "opening", "reply")}
"""Keys that are written as a table of their own."""
KEYS = {
    name: [key for key in schema.keys_of(table) if (name, key) not in INNER_TABLES] for name, table in TABLES.items()
}
INLINE_KEYS = [key for table in INLINE for key in schema.keys_of(table)]


def section(name: str) -> str:
    """Everything below one table's header of the example, up to the next one."""
    parts = re.split(HEADER, EXAMPLE, flags=re.MULTILINE)
    return parts[parts.index(name) + 1]


def test_the_example_is_a_file_that_works(tmp_path: Path) -> None:
    """With an own domain in it there is a mailbox and a week, and nothing else that somebody made up."""
    path = tmp_path / "config.toml"
    path.write_text(OWN, encoding="utf-8")
    config = load(path)
    assert [box.name for box in config.mailboxes] == ["you@harbour.example"]
    assert config.schedule.is_open(datetime(2026, 11, 24, 10, tzinfo=UTC))
    assert (config.practice_name, config.compared_on, config.reply.approved) == (None, None, None)
    assert (*config.schedule.closures, *config.schedule.openings) == ()
    assert not any(line.own for line in lines_of(config.mailboxes[0]))
    assert (*config.mailboxes[0].rules.contact_forms, *config.mailboxes[0].rules.aliases) == ()


def test_the_example_as_it_is_answers_for_nobody() -> None:
    """Its only mailbox is nobody's: a start is refused, and the line told."""
    for salvage in (False, True):
        with pytest.raises(ConfigError) as refused:
            load_with(ROOT / "config.example.toml", no_calendars, salvage=salvage)
        assert refused.value.codes == ("leftover",)
        assert ": mailbox.address: " in str(refused.value)


def test_whatever_is_turned_on_and_not_changed_is_found(tmp_path: Path) -> None:
    """With every line of the example on, each invented line, closure, form and mailbox is left out, and told."""
    path = tmp_path / "config.toml"
    on = re.sub(
        r"^# (\[\[(?:closure|crisis\.line|contact_form)\]\]|(?:name|note|from|until|phone|for|hours) += )",
        r"\1",
        EXAMPLE,
        flags=re.MULTILINE,
    )
    own = '[[mailbox]]\naddress = "a@harbour.example"\nprovider = "fastmail"\npassword = { credential = "a" }\n'
    path.write_text(on.replace('hours = "10:00-14:00"\n', "", 1) + own, encoding="utf-8")
    config = load(path)
    told = {fault.split(": ")[1] for fault in config.faults if fault.code == "leftover"}
    assert told == {"practice.name", "closure.note", "crisis.line.phone", "contact_form.from", "mailbox.address"}
    assert [box.name for box in config.mailboxes] == ["a@harbour.example"]
    assert not any(line.own for line in lines_of(config.mailboxes[0]))


def test_every_mailbox_that_is_off_works_when_it_is_turned_on(tmp_path: Path) -> None:
    """The second mailbox of the example is complete."""
    head, _, tail = OWN.partition("# A second mailbox")
    lines = [line.removeprefix("# ") for line in tail.splitlines() if re.match(r"# (\[\[|\w+ += [{\"])", line)]
    relay = [line for line in lines if "localhost" in line]
    text = head + "\n".join(line for line in lines if not (line.startswith("smtp") and line not in relay))
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    second = load(path).mailboxes[1]
    assert (second.name, second.smtp.auth) == ("groups@harbour.example", False)


def test_the_hours_of_one_mailbox_work_when_they_are_turned_on(tmp_path: Path) -> None:
    """With their closure and their opening; they are the first mailbox's alone."""
    head, _, tail = OWN.partition("# Hours of the mailbox above alone")
    block, _, _ = tail.partition("# A second mailbox")
    lines = [line.removeprefix("# ") for line in block.splitlines() if re.match(r"# (\[|\w+ +=)", line)]
    path = tmp_path / "config.toml"
    path.write_text(head + "\n".join(lines), encoding="utf-8")
    config = load(path)
    (own,) = (box.schedule for box in config.mailboxes)
    assert own.describe_week()[:3] == (("Monday", "10:00-16:00"), ("Tuesday", "closed"), ("Wednesday", "10:00-16:00"))
    assert len(own.closures) == len(config.schedule.closures) + 1
    assert [str(opening.date) for opening in own.openings] == ["2026-12-12"]


@pytest.mark.parametrize("name", [".".join(pair) for pair in sorted(INNER_TABLES)])
def test_every_inner_table_stands_in_the_example_and_on_the_page(name: str) -> None:
    """Whoever searches for its header finds it."""
    assert f"[{name}]" in EXAMPLE
    assert f"[{name}]" in PAGE


@pytest.mark.parametrize("table", TABLES)
def test_every_key_stands_in_the_example_with_words_before_it(table: str) -> None:
    """On or off, each key is there, and a sentence says what it is for."""
    found = {
        key: re.search(rf"^(# )?{key}\s+=|^(# )?{key} =", section(table), flags=re.MULTILINE) for key in KEYS[table]
    }
    assert [key for key, place in found.items() if place is None] == []
    assert [key for key, place in found.items() if place and "#" not in section(table)[: place.start()]] == []


def test_every_inner_key_stands_in_the_example() -> None:
    """So do the keys of servers and secrets."""
    assert [key for key in INLINE_KEYS if not re.search(rf"[{{,] ?{key} = |\b{key} = ", section("mailbox"))] == []


def _default_lines() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    table = ""
    for line in EXAMPLE.splitlines():
        if header := re.match(HEADER, line):
            table = header[1]
        if match := re.fullmatch(r"# (\w+ = .*?)\s+# the default", line):
            found.append((table, match[1]))
    return found


def _field(table: type[BaseModel], key: str) -> FieldInfo:
    (field,) = (field for name, field in table.model_fields.items() if (field.alias or name) == key)
    return field


@pytest.mark.parametrize(("table", "line"), _default_lines())
def test_what_the_example_calls_the_default_is_the_default(table: str, line: str) -> None:
    """The documented value, read as the file is read, is the value of a file without it."""
    written = tomllib.loads(line)
    (key,) = written
    field = _field(TABLES[table], key)
    assert TypeAdapter[Any](field.rebuild_annotation()).validate_python(written[key]) == field.default


def test_every_default_is_called_one_in_the_example() -> None:
    """A key that holds something when it is left out says what; closed days are told in one sentence."""
    written = {(table, line.split(" = ")[0]) for table, line in _default_lines()}
    wanted = {
        (name, key)
        for name, table in TABLES.items()
        for key in schema.keys_of(table)
        if name != "hours" and (name, key) not in INNER_TABLES and _has_default(table, key)
    }
    assert written == wanted


def _has_default(table: type[BaseModel], key: str) -> bool:
    field = _field(table, key)
    return not field.is_required() and field.default not in (None, {})  # an empty table holds nothing


@pytest.mark.parametrize("table", TABLES)
def test_every_key_stands_on_the_page(table: str) -> None:
    """The page has each key below the heading of its table."""
    (part,) = (part for part in re.split(r"^### ", PAGE, flags=re.MULTILINE) if part.startswith(_heading(table)))
    assert [key for key in KEYS[table] if f"`{key}`" not in part] == []


def _heading(table: str) -> str:
    headings = {"crisis": "`[crisis]`", "crisis.line": "`[crisis]`"}
    double = f"`[[{table}]]`" if table in ("closure", "opening", "contact_form", "mailbox") else f"`[{table}]`"
    return headings.get(table, double)


def test_every_inner_key_stands_on_the_page() -> None:
    """Servers and secrets as well."""
    assert [key for key in INLINE_KEYS if f"| `{key}` |" not in PAGE] == []


def test_every_default_stands_on_the_page() -> None:
    """The page's defaults are the code's."""
    for table, line in _default_lines():
        key, _, value = line.partition(" = ")
        row = next(row for row in PAGE.splitlines() if row.startswith(f"| `{key}` |"))
        assert f"`{value}`" in row, f"[{table}] {key}"


def test_every_provider_stands_on_the_page_and_in_the_example() -> None:
    """With the servers that are used, and where they were read."""
    for preset in providers().values():
        (row,) = (row for row in PAGE.splitlines() if row.startswith(f"| `{preset.id}` |"))
        for fact in (preset.name, preset.source, preset.password, _server(preset.imap), _server(preset.smtp)):
            assert fact in row
        assert re.search(rf"\b{preset.id}\b", section("mailbox"))


def _server(server: ServerConfig) -> str:
    return f"`{server.host}:{server.port}` {server.tls}"


def test_every_mistake_stands_on_the_page() -> None:
    """Someone who searches the page for a message finds it."""
    assert [name for name, case in CASES.items() if "rule" not in name and case[2] not in PAGE] == []


def test_every_hint_stands_on_the_page() -> None:
    """Also for a file that is not TOML."""
    assert [name for name, hint in HINTS.items() if hint[2] not in PAGE] == []
