"""The directory of crisis lines: one TOML file per country in ``countries/``, read once each.

docs/crisis-lines.md explains the keys; ``tools/directory.py`` checks the files.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from responder.core.reply.lines import Chat, CrisisLine, Deaf, Evidence, Reach, Text
from responder.core.reply.opening import Hours, parse

ANYWHERE: Final = "ZZ"
"""Stands for no country: the international directories (a code that ISO 3166-1 leaves to its users)."""

_FILE: Final = re.compile(r"[a-z]{2}\.toml")
_COMMON_MISTAKES: Final = {"UK": "GB", "EN": "GB", "EL": "GR"}
_PLAIN: Final = ("name", "kind", "audience", "status", "phone", "tel", "police", "web", "note", "general", "rank")
_FLAGS: Final = ("free", "anything")


@cache
def countries() -> tuple[str, ...]:
    """Every country of the directory, by its ISO 3166-1 code, in alphabetical order."""
    files = (resources.files("responder.core.reply") / "countries").iterdir()
    stems = (file.name.removesuffix(".toml").upper() for file in files if _FILE.fullmatch(file.name))
    return tuple(sorted(stem for stem in stems if stem != ANYWHERE))


@cache
def load(country: str) -> tuple[CrisisLine, ...]:
    """All of one country's lines as the directory has them, to be shown or not, in the order of their rank.

    Raises:
        ValueError: the directory does not know the country.
    """
    if country not in (*countries(), ANYWHERE):
        raise ValueError(unknown_country(country))
    text = (resources.files("responder.core.reply") / "countries" / f"{country.lower()}.toml").read_text("utf-8")
    return read(tomllib.loads(text))


def read(file: Mapping[str, Any]) -> tuple[CrisisLine, ...]:
    """The lines of one file.

    Raises:
        ValueError: opening hours have a form that nobody here understands.
        KeyError: a key is missing.
    """
    zone = ZoneInfo(file["zone"])
    return tuple(sorted((_line(file["country"], zone, entry) for entry in file["line"]), key=lambda line: line.rank))


def emergency_of(country: str) -> CrisisLine:
    """The number that every reply of the country shows first."""
    return next(line for line in load(country) if line.kind == "emergency" and line.general)


def unknown_country(country: str) -> str:
    """Why a country has no file, with what to write instead."""
    if meant := _COMMON_MISTAKES.get(country):
        return f'country "{country}" is not an ISO 3166 code; write "{meant}"'
    return f'the directory has no emergency number for "{country}"; it knows {", ".join(countries())}'


def _line(country: str, zone: ZoneInfo, entry: Mapping[str, Any]) -> CrisisLine:
    spoken = tuple(each["language"] for each in entry.get("reach", ()) if "phone" not in each)
    return CrisisLine(
        id=entry["id"],
        country=country,
        **{key: entry[key] for key in _PLAIN if key in entry},
        **{key: entry.get(key, False) for key in _FLAGS},
        subdivisions=tuple(re.split(r",\s*", entry["subdivision"])) if "subdivision" in entry else (),
        hours=_hours(entry),
        zone=ZoneInfo(entry["zone"]) if "zone" in entry else zone,
        reach=tuple(
            Reach(each["language"], each.get("press"), each.get("phone"), _hours(each))
            for each in entry.get("reach", ())
        ),
        text=_text(entry["text"], spoken) if "text" in entry else None,
        chat=_chat(entry["chat"], spoken) if "chat" in entry else None,
        deaf=Deaf(**entry["deaf"]) if "deaf" in entry else None,
        evidence=tuple(_evidence(each) for each in entry["evidence"]),
    )


def _hours(table: Mapping[str, Any]) -> Hours | None:
    return parse(table["open"]) if "open" in table else None


def _text(table: Mapping[str, Any], spoken: tuple[str, ...]) -> Text:
    """Answered in the languages of the line's number where none are given."""
    keywords = tuple(sorted(table.get("keywords", {}).items()))
    languages = tuple(table.get("languages", spoken))
    return Text(table["number"], table.get("keyword", ""), keywords, _hours(table), languages)


def _chat(table: Mapping[str, Any], spoken: tuple[str, ...]) -> Chat:
    """As ``_text``."""
    return Chat(table["url"], _hours(table), tuple(table.get("languages", spoken)))


def _evidence(table: Mapping[str, Any]) -> Evidence:
    where = table.get("url") or table.get("source", "")
    return Evidence(
        tuple(table["claims"]), table["type"], table["seen"], where, table.get("date"), table.get("about", False)
    )
