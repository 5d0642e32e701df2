"""Domains that strangers share: a provider's, not a person's or an organisation's. ``freemail.toml`` lists them."""

from __future__ import annotations

import tomllib
from importlib import resources
from itertools import chain
from typing import Final


def _read() -> frozenset[str]:
    text = (resources.files("responder.core.limits") / "freemail.toml").read_text("utf-8")
    found: dict[str, dict[str, list[str]]] = tomllib.loads(text)
    ends = ((name, end) for names, several in found["names"].items() for name in names.split("-") for end in several)
    return frozenset(chain((f"{name}.{end}" for name, end in ends), *found["domains"].values()))


FREEMAIL: Final = _read()
"""Big providers' domains: a rate for each domain would make strangers wait for one another."""
