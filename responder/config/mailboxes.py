"""The mailboxes of the file: their servers, their secrets' places, their rules, and that none is listed twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, assert_never

from responder.config import files, readers, schema
from responder.config.problems import Loc, Problem
from responder.config.providers import Provider, provider, refused
from responder.config.spelling import did_you_mean
from responder.config.values import (
    CommandSource,
    CredentialSource,
    EnvSource,
    FileSource,
    SecretSource,
    ServerConfig,
    Tls,
)
from responder.core.message import Address
from responder.core.rules import decide as policy
from responder.core.rules.decide import ContactForm, MailboxRules

_CREDENTIAL_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,254}")
_VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AUTHSERV_ID: Final = re.compile(r"(?:\*\.)?[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?")

_IMAP_PORTS: Final[Mapping[Tls, int]] = {"implicit": 993, "starttls": 143, "none": 143}
_SMTP_PORTS: Final[Mapping[Tls, int]] = {"implicit": 465, "starttls": 587, "none": 25}
_MEANT_FOR: Final[Mapping[int, Tls]] = {993: "implicit", 465: "implicit", 143: "starttls", 587: "starttls"}
_OTHER_PROTOCOLS: Final = {110: "POP3", 995: "POP3", 80: "web", 443: "web"}
_OAUTH_ONLY: Final = re.compile(
    r"(outlook|imap-mail\.outlook|smtp-mail\.outlook|smtp)\.(office365|outlook)\.com|outlook\.com"
)


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox, but for its hours and what its replies look like."""

    index: int
    folder: str
    imap: ServerConfig
    smtp: ServerConfig
    username: str
    password: SecretSource
    rules: MailboxRules


def accounts(
    path: Path,
    tables: Mapping[int, schema.Mailbox],
    forms: Mapping[int, schema.ContactForm],
    problems: list[Problem],
) -> list[Account]:
    """Every mailbox that holds together; what is wrong is added to ``problems``."""
    twice = list(_addresses_listed_twice(tables))
    problems += twice
    tables = _without(tables, twice)
    served = frozenset(address.identity for table in tables.values() for address in _addresses(table))
    contact_forms = tuple(ContactForm(form.from_, form.host, form.return_path) for form in forms.values())
    problems.extend(_forms_listed_twice(forms))
    found: dict[int, Account] = {}
    for index, table in tables.items():
        account = _Reader(path, index, table, problems).account(served, contact_forms)
        if account is not None:
            found[index] = account
    watched = list(_folders_listed_twice(found))
    problems += watched
    again = {problem.loc[1] for problem in watched}
    return [account for index, account in found.items() if index not in again]


def _without(tables: Mapping[int, schema.Mailbox], twice: list[Problem]) -> dict[int, schema.Mailbox]:
    """Each address where it is listed first; a mailbox whose own address is listed before goes."""
    places = {problem.loc for problem in twice}
    return {
        index: table.model_copy(
            update={
                "aliases": [a for n, a in enumerate(table.aliases) if ("mailbox", index, "aliases", n) not in places]
            }
        )
        for index, table in tables.items()
        if ("mailbox", index, "address") not in places
    }


def _addresses(table: schema.Mailbox) -> Iterator[Address]:
    yield table.address
    yield from table.aliases


def _addresses_listed_twice(tables: Mapping[int, schema.Mailbox]) -> Iterator[Problem]:
    """A mailbox's own address comes before every alias: the mailbox that has it as an alias loses it."""
    places: list[tuple[Loc, Address]] = [(("mailbox", i, "address"), table.address) for i, table in tables.items()]
    places += [(("mailbox", i, "aliases", n), a) for i, table in tables.items() for n, a in enumerate(table.aliases)]
    text = "this address is listed already. One address belongs to one mailbox; keep it in one place"
    seen: set[str] = set()
    for loc, address in places:
        if address.identity in seen:
            yield Problem(loc, "listed-twice", text)
        seen.add(address.identity)


def _forms_listed_twice(forms: Mapping[int, schema.ContactForm]) -> Iterator[Problem]:
    """And those that name neither, or both, of the two addresses that a form is known by."""
    seen: set[tuple[str, str]] = set()
    for index, form in forms.items():
        key, address = ("from", form.from_) if form.from_ is not None else ("return_path", form.return_path)
        if address is None or (form.from_ is not None and form.return_path is not None):
            why = (
                "write from, if the form writes as a robot, or return_path, if it writes as its visitor; one of the two"
            )
            yield Problem(("contact_form", index, "from"), "missing", why)
        elif (key, address.identity) in seen:
            yield Problem(
                ("contact_form", index, key), "listed-twice", "this form is listed already. Take one of them out"
            )
        else:
            seen.add((key, address.identity))


def _folders_listed_twice(found: Mapping[int, Account]) -> Iterator[Problem]:
    seen: set[tuple[str, str, str]] = set()
    for index, account in found.items():
        folder = (account.imap.host, account.username.lower(), account.folder)
        if folder in seen:
            text = "this folder of this account is watched already. Write all its addresses in one [[mailbox]]"
            yield Problem(("mailbox", index), "listed-twice", text)
        seen.add(folder)


class _Reader:
    """One ``[[mailbox]]``."""

    def __init__(self, path: Path, index: int, table: schema.Mailbox, problems: list[Problem]) -> None:
        self._directory = path.parent
        self._index = index
        self._table = table
        self._problems = problems

    def account(self, served: frozenset[str], contact_forms: tuple[ContactForm, ...]) -> Account | None:
        """The account, or None when a part of it is missing."""
        table, before = self._table, len(self._problems)
        preset = self._preset()
        imap, smtp = self._servers(preset)
        username = self._username(preset)
        password = self._password()
        can_log_in = len(self._problems) == before
        rules = MailboxRules(
            address=table.address,
            aliases=tuple(table.aliases),
            served=served,
            authserv_id=self._authserv_id(),
            contact_forms=contact_forms,
            trust_reply_to=frozenset(table.trust_reply_to),
            never_domains=frozenset(table.never_domains),
            rules_off=self._rules_off(),
        )
        if imap is None or smtp is None or username is None or password is None or not can_log_in:
            return None
        return Account(self._index, table.folder, imap, smtp, username, password, rules)

    def _wrong(self, loc: Loc, code: str, text: str, *, at_key: bool = False) -> None:
        self._problems.append(Problem(("mailbox", self._index, *loc), code, text, at_key=at_key))

    # Servers

    def _preset(self) -> Provider | None:
        if self._table.provider is None:
            return None
        try:
            return provider(self._table.provider)
        except ValueError as error:
            self._wrong(("provider",), "bad-provider", str(error))
            return None

    def _servers(self, preset: Provider | None) -> tuple[ServerConfig | None, ServerConfig | None]:
        table = self._table
        if table.provider is None:
            self._complain_without_provider()
            return self._imap(table.imap), self._smtp(table.smtp)
        for key, server in (("imap", table.imap), ("smtp", table.smtp)):
            if server is not None:
                self._wrong(
                    (key,),
                    "provider-and-servers",
                    f"provider names the servers already. Take {key} or provider out",
                    at_key=True,
                )
        if preset is None:
            return None, None
        ca_file = self._ca_file(("ca_file",), table.ca_file)
        if preset.needs_ca_file and table.ca_file is None:
            text = 'needs the certificate that it exports, in a line ca_file = "..." of this [[mailbox]]'
            self._wrong(("provider",), "bad-provider", text)
        return _trusting(preset.imap, ca_file), _trusting(preset.smtp, ca_file)

    def _complain_without_provider(self) -> None:
        table = self._table
        if table.ca_file is not None:
            self._wrong(
                ("ca_file",),
                "misplaced-key",
                "goes with provider. Without it, write ca_file inside imap and smtp",
                at_key=True,
            )
        if table.imap is None and table.smtp is None:
            self._wrong(
                (),
                "no-servers",
                'where is the mail? Write provider = "fastmail" or the like, or both imap and smtp',
                at_key=True,
            )
        elif table.imap is None or table.smtp is None:
            key = "imap" if table.imap is None else "smtp"
            example = f'{key} = {{ host = "{key}.harbour.example", tls = "implicit" }}'
            self._wrong((), "missing", f"{key} is missing. Write, for example, {example}", at_key=True)

    def _imap(self, table: schema.Server | None) -> ServerConfig | None:
        return None if table is None else self._server("imap", table, _IMAP_PORTS, auth=True)

    def _smtp(self, table: schema.SmtpServer | None) -> ServerConfig | None:
        if table is None:
            return None
        if not table.auth and not readers.is_loopback(table.host):
            self._wrong(
                ("smtp", "auth"),
                "relay-elsewhere",
                "only a relay on this very machine (localhost) takes mail without a login",
            )
        return replace(self._server("smtp", table, _SMTP_PORTS, auth=table.auth), helo_name=table.helo_name)

    def _server(self, key: str, table: schema.Server, ports: Mapping[Tls, int], *, auth: bool) -> ServerConfig:
        port = ports[table.tls] if table.port is None else table.port
        local = readers.is_loopback(table.host)
        if table.tls == "none" and not local:
            text = 'without TLS the password crosses the network in clear; only allowed on localhost. Write "implicit"'
            self._wrong((key, "tls"), "no-tls", text)
        elif not local and _MEANT_FOR.get(port, table.tls) != table.tls:
            self._wrong(
                (key, "tls"),
                "wrong-port",
                f'port {port} speaks "{_MEANT_FOR[port]}". Write that, or the port that goes with this',
            )
        if port in _OTHER_PROTOCOLS or (port == 25 and not local):  # noqa: PLR2004 - RFC 5321 §4.5.4.2 names it
            self._wrong(
                (key, "port"), "wrong-port", f"port {port} {_other_port(port)}. Usual here is {ports['implicit']}"
            )
        if _OAUTH_ONLY.fullmatch(table.host):
            self._wrong((key, "host"), "bad-provider", refused()["microsoft365"])
        return ServerConfig(table.host, port, table.tls, self._ca_file((key, "ca_file"), table.ca_file), auth)

    def _ca_file(self, loc: Loc, name: str | None) -> Path | None:
        if name is None:
            return None
        file = self._directory / name
        try:
            files.read(file, 0)
        except OSError as error:
            self._wrong(loc, "unreadable-file", f"cannot be read: {error.strerror}. It is looked for at {file}")
        return file

    # Login

    def _username(self, preset: Provider | None) -> str | None:
        table = self._table
        if table.username is not None:
            return table.username
        form = preset.username if preset else "address"
        match form:
            case "ask":
                text = 'needs a line username = "..." beside it: its logins are not always the address'
                self._wrong(("provider",), "missing", text)
                return None
            case "local-part":
                return table.address.local
            case "address":
                return table.address.addr_spec
            case _:
                assert_never(form)

    def _password(self) -> SecretSource | None:
        secret = self._table.password
        given = [key for key in ("credential", "file", "env", "command") if getattr(secret, key) is not None]
        if len(given) != 1:
            fault = (
                f"names {' and '.join(given)}, but the secret lies in one place"
                if given
                else "does not say where it lies"
            )
            self._wrong(("password",), "bad-password", f"{fault}. Write one of credential, file, env and command")
            return None
        if secret.credential is not None:
            return self._named(CredentialSource(secret.credential), _CREDENTIAL_NAME, "a credential")
        if secret.env is not None:
            return self._named(EnvSource(secret.env), _VARIABLE_NAME, "an environment variable")
        if secret.file is not None:
            return FileSource(self._directory / secret.file)
        return CommandSource(tuple(secret.command or ()), self._directory)

    def _named(
        self, source: CredentialSource | EnvSource, pattern: re.Pattern[str], what: str
    ) -> CredentialSource | EnvSource:
        if not pattern.fullmatch(source.name):
            key = "env" if isinstance(source, EnvSource) else "credential"
            self._wrong(
                ("password", key),
                "bad-password",
                f"cannot be the name of {what}. Write its name here, never the password itself",
            )
        return source

    # Rules

    def _authserv_id(self) -> str | None:
        name = self._table.authserv_id
        if name is not None and not _AUTHSERV_ID.fullmatch(name):
            self._wrong(
                ("authserv_id",),
                "bad-authserv-id",
                "is one name without blanks, as at the start of Authentication-Results",
            )
            return None
        return name

    def _rules_off(self) -> frozenset[str]:
        off = set(self._table.rules_off)
        for index, name in enumerate(self._table.rules_off):
            if fault := _cannot_be_off(name):
                off.discard(name)
                self._wrong(("rules_off", index), "bad-rule", fault)
        return frozenset(off)


def _trusting(server: ServerConfig, ca_file: Path | None) -> ServerConfig:
    return ServerConfig(server.host, server.port, server.tls, ca_file, server.auth)


def _other_port(port: int) -> str:
    kind = _OTHER_PROTOCOLS.get(port)
    return f"is for {kind}" if kind else "is for mail between servers"


def _cannot_be_off(name: str) -> str | None:
    """Why a rule cannot be turned off, or None when it can."""
    if name in policy.GONE_RULES:
        return None
    rule = next((rule for rule in policy.RULES if rule.id == name), None)
    if rule is None:
        soft = [rule.id for rule in policy.RULES if rule.may_be_off]
        hint = did_you_mean(name, soft) or f" These can be turned off: {', '.join(soft)}"
        return f"there is no such rule.{hint}"
    if rule.may_be_off:
        return None
    return f"this rule is always on, because a reply could do harm: {rule.title} ({rule.source})"
