"""Domains of services that write for others; what is below them counts too. ``hosts.toml`` lists them."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Final

_TABLE: Final[dict[str, list[str]]] = tomllib.loads(
    (resources.files("responder.core.rules") / "hosts.toml").read_text("utf-8")
)

FORM_HOSTS: Final = frozenset(_TABLE["forms"])
"""Site builders and form services: their robot writes, and Reply-To is the visitor."""

SERVICE_HOSTS: Final = frozenset(_TABLE["services"])
"""Tickets and documents. An agent may write through them too, so the rule that reads this is soft."""
