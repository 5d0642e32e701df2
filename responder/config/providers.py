"""Presets: a provider's servers by its name. The facts and their sources are a table, ``data/providers.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from responder.config.spelling import did_you_mean
from responder.config.values import ServerConfig


@dataclass(frozen=True, slots=True)
class Provider:
    """What is known of one provider.

    Attributes:
        username: how it names an account; "ask" when that cannot be told from the address.
        needs_ca_file: its certificate is its own and has to be named.
        password: what it wants for a password, in words.
        source: where the servers were read.
    """

    id: str
    name: str
    imap: ServerConfig
    smtp: ServerConfig
    username: Literal["address", "local-part", "ask"]
    needs_ca_file: bool
    password: str
    source: str


@cache
def providers() -> Mapping[str, Provider]:
    """Every preset by its id, in the order of the table."""
    return {key: _provider(key, entry) for key, entry in _table()["provider"].items()}


def refused() -> Mapping[str, str]:
    """Names that people will try, and why they do not work."""
    names: dict[str, str] = _table()["refused"]
    return names


def provider(name: str) -> Provider:
    """The preset that the file asks for."""
    aliases = _table()["alias"]
    word = name.strip().lower().replace(" ", "-").replace("_", "-")
    if name in providers():
        return providers()[name]
    likely = aliases.get(word, word)
    if reason := refused().get(likely):
        raise ValueError(reason)
    hint = f' Did you mean "{likely}"?' if likely in providers() else did_you_mean(word, providers())
    cure = hint or " Write its servers instead, as imap = {...} and smtp = {...}"
    raise ValueError(f"not a provider that is known here.{cure}")


@cache
def _table() -> dict[str, Any]:
    text = (resources.files("responder.config") / "providers.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _provider(key: str, entry: dict[str, Any]) -> Provider:
    return Provider(
        id=key,
        name=entry["name"],
        imap=ServerConfig(**entry["imap"]),
        smtp=ServerConfig(**entry["smtp"]),
        username=entry["username"],
        needs_ca_file=entry.get("ca_file", False),
        password=entry["password"],
        source=entry["source"],
    )
