"""Read the file, table by table, and gather everything that is wrong with it before saying anything."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from responder.config import schema
from responder.config.build import Sections, build
from responder.config.closed import CalendarReader
from responder.config.find import read_text
from responder.config.leftovers import leftovers
from responder.config.problems import Findings, Problem, from_validation, sentences
from responder.config.salvage import asks_for_discretion, doubts, sound_part
from responder.config.spelling import did_you_mean
from responder.config.values import Config
from responder.core.errors import ConfigError, Told

_Table = TypeVar("_Table", bound=BaseModel)

_COMPARE = "Compare the file with config.example.toml"
_PART = r"""(?:(?<![\w-])[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?:{_PART}[ \t]*+\.[ \t]*+){{50}}")
"""No key of ours has more than three parts; thousands of them end every walk through what was read."""

_DEEPEST: Final = 20
"""Tables and lists in one another, of which no file needs more than five."""


def load(path: Path, calendars: CalendarReader, *, salvage: bool = False) -> Config:
    """Read and check a configuration file.

    No secret is read, no network is touched, and nothing but the file and those it names (template, ca_file, calendar)
    is opened. What the file asks for and no reply may show is left out, and told in ``Config.refusals``: a line too few
    must not cost the reply. So is what nobody changed in a copy of the example, told in ``Config.faults``.

    With ``salvage``, for a start, where nothing better is running: leave out what is wrong, and tell it in
    ``Config.faults``, as long as a true reply with a way to help can go out.

    Raises:
        ConfigError: with every problem that was found, each with file, line, column, key, reason and cure.
    """
    text = read_text(path)
    raw, invented = leftovers(_parse(path, text))
    reader = _Reader(raw, salvage=salvage)
    sections = reader.sections()
    findings = Findings(problems=reader.problems, faults=invented)
    config = build(path, sections, calendars, findings)
    if config is None or (findings.problems and not salvage):
        raise ConfigError(sentences(path, text, findings.problems + findings.faults + findings.refusals))
    if not (findings.problems or findings.faults or findings.refusals or findings.looks):
        return config
    looks = sentences(path, text, findings.looks)
    return replace(
        config,
        faults=sentences(path, text, findings.problems + findings.faults),
        refusals=sentences(path, text, findings.refusals),
        refused_lines=sentences(path, text, [each for each in findings.refusals if each.loc[0] == "crisis"]),
        remarks=(*config.remarks, *looks),
    )


def _parse(path: Path, text: str) -> dict[str, Any]:
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise ConfigError(Told("bad-toml", f"{path}:{line}: a key of too many parts. {_COMPARE}."))
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from responder.config.syntax import explain

        raise ConfigError(explain(path, text, error)) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets in brackets
        raise _unreadable(path) from None
    if _is_deep(raw):
        raise _unreadable(path)
    return raw


def _unreadable(path: Path) -> ConfigError:
    return ConfigError(Told("bad-toml", f"{path}: not TOML that can be read. {_COMPARE}."))


def _is_deep(raw: dict[str, Any]) -> bool:
    level: list[Any] = [raw]
    for _ in range(_DEEPEST):
        inner = [each.values() if isinstance(each, dict) else each for each in level]
        level = [each for values in inner for each in values if isinstance(each, dict | list)]
    return bool(level)


class _Reader:
    """Takes the tables one by one, so that a mistake in one does not hide those in the others."""

    def __init__(self, raw: dict[str, Any], *, salvage: bool) -> None:
        self._raw = raw
        self._salvage = salvage
        self.problems: list[Problem] = []

    def sections(self) -> Sections:
        self._unknown_tables()
        read = self._read()
        if not (self._salvage and self.problems):
            return read
        reply = read.reply
        if reply is not None and asks_for_discretion(self.problems, self._raw):
            reply = reply.model_copy(update={"style": "discreet"})
        return replace(read, reply=reply, doubts=doubts(self.problems, self._raw))

    def _read(self) -> Sections:
        return Sections(
            practice=self._table("practice", schema.Practice),
            hours=self._table("hours", schema.Hours),
            closures=self._tables("closure", schema.Closure),
            openings=self._tables("opening", schema.Opening),
            holidays=self._table("holidays", schema.Holidays),
            crisis=self._table("crisis", schema.Crisis),
            reply=self._table("reply", schema.Reply),
            rates=self._table("rates", schema.Rates),
            contact_forms=self._tables("contact_form", schema.ContactForm),
            mailboxes=self._mailboxes(),
        )

    def _unknown_tables(self) -> None:
        known = schema.keys_of(schema.File)
        for key in self._raw:
            if key in known:
                continue
            if home := schema.homes().get(key):
                text = f"stands before any table. Move the line under {home}"
            else:
                hint = did_you_mean(key, known) or f" There are {', '.join(known)}"
                text = f"not {schema.File.KEYS_ARE}.{hint}"
            self.problems.append(Problem((key,), "unknown-key", text, at_key=True))

    def _table(self, key: str, model: type[_Table]) -> _Table | None:
        """The table; with nothing but defaults when it is not there and may be left out."""
        raw = self._raw.get(key)
        if raw is None and not schema.File.model_fields[key].is_required():
            return model()
        if raw is None:
            self.problems.append(
                Problem((key,), "missing", f"missing. Write a table [{key}], as in config.example.toml", at_key=True)
            )
            return None
        if isinstance(raw, list):
            self.problems.append(
                Problem((key,), "wrong-brackets", f"there is one only. Write [{key}] with single brackets", at_key=True)
            )
            return sound_part(raw, model, ()) if self._salvage else None
        return self._validated((key,), raw, model)

    def _tables(self, key: str, model: type[_Table]) -> dict[int, _Table]:
        """The readable ones of an array of tables, by their index in the file; None stands for a leftover."""
        raw: Any = self._raw.get(key, [])
        if not isinstance(raw, list) or not all(isinstance(entry, dict | None) for entry in raw):
            text = f"there may be several. Write [[{key}]] with double brackets"
            self.problems.append(Problem((key,), "wrong-brackets", text, at_key=True))
            raw = [raw] if self._salvage and isinstance(raw, dict) else []
        read = {
            index: self._validated((key, index), entry, model) for index, entry in enumerate(raw) if entry is not None
        }
        return {index: table for index, table in read.items() if table is not None}

    def _mailboxes(self) -> dict[int, schema.Mailbox]:
        if not self._raw.get("mailbox"):
            text = "missing. Write at least one [[mailbox]], as in config.example.toml"
            self.problems.append(Problem(("mailbox",), "missing", text, at_key=True))
            return {}
        return self._tables("mailbox", schema.Mailbox)

    def _validated(self, loc: tuple[str | int, ...], raw: object, model: type[_Table]) -> _Table | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            found = list(from_validation(model, loc, raw, error))
            self.problems += found
            return sound_part(raw, model, [each.loc[len(loc) :] for each in found]) if self._salvage else None
