"""Domains of services that write for others; what is below them counts too. ``hosts.toml`` lists them."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

from responder.core.message import Address

_TABLE: Final[dict[str, Any]] = tomllib.loads(
    (resources.files("responder.core.rules") / "hosts.toml").read_text("utf-8")
)

FORM_HOSTS: Final[frozenset[str]] = frozenset(_TABLE["forms"])
"""Site builders and form services: their robot writes, and Reply-To is the visitor."""

SERVICE_HOSTS: Final[frozenset[str]] = frozenset(_TABLE["services"])
"""Programs that write for others. A person may write through them too, so the rule that reads this is soft."""

BULK_HOSTS: Final[frozenset[str]] = frozenset(_TABLE["bulk"])
"""Senders for others, by the domains of their Message-IDs; what people write may go through them as well."""

_ACCOUNTS: Final = {
    domain: (one["domains"][0], str.maketrans("", "", one.get("ignores", "")))
    for one in _TABLE["same_account"]
    for domain in one["domains"]
}


def account_domain(domain: str) -> str:
    """The first of a provider's domains that stand for the same accounts; any other domain is itself."""
    return _ACCOUNTS[domain][0] if domain in _ACCOUNTS else domain


def account_of(address: Address) -> str:
    """What a provider delivers by: without the tag behind a plus (RFC 5233), all of an account's names the same."""
    local = address.local.partition("+")[0].lower()
    domain, ignored = _ACCOUNTS.get(address.domain, (address.domain, None))
    return f"{local if ignored is None else local.translate(ignored)}@{domain}"
