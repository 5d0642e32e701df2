"""Addresses of the web in a text, and whatever would be fetched from elsewhere when it is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from responder.core.lint.phrases import Place, read_data

_ADDRESS: Final = re.compile(r"[^\s<>\"'(){}\[\]|\\]{4,2000}")
_SCHEME: Final = re.compile(r"(?:https?|hxxps?|ftp):/{0,2}")
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}$")

_REMOTE: Final = (
    re.compile(r"</?[a-z][a-z0-9]{0,20}(?=[\s/>])(?!:)|<!--|<!doctype"),
    re.compile(r"https?:[^\s<>\"']{1,2000}\.(?:png|gif|jpe?g|webp|svg|bmp|ico|tiff?)(?![a-z0-9])"),
    re.compile(r"(?<!\w)url\s?\(|@import(?!\w)|(?<!\w)(?:javascript|vbscript|cid):\S"),
    re.compile(r"(?<!\w)data:[a-z]{1,20}/[a-z0-9.+-]{1,40}[;,]"),
    re.compile(r"!\[[^\[\]]{0,200}\]\("),
)
"""HTML, images, scripts, style sheets and Markdown's images. A reply is text."""


def remote_content(text: str) -> Iterator[Place]:
    """Whatever a mail program might fetch or run."""
    for each in _REMOTE:
        for match in each.finditer(text):
            yield Place("remote-content", *match.span())


def links(text: str) -> Iterator[Place]:
    """Addresses that count whoever opens them, hide where they lead, or tell what this is about."""
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?")
        bare = address[scheme.end() :] if (scheme := _SCHEME.match(address)) else address
        host, _, rest = _parted(bare)
        if not _HOST.match(host):
            continue
        start, end = match.start(), match.start() + len(address)
        written_as_link = scheme is not None or host.startswith("www.") or bool(rest)
        for rule in _broken(host, rest, written_as_link=written_as_link):
            yield Place(rule, start, end)


def _parted(address: str) -> tuple[str, str, str]:
    """Host, separator, and the rest; no host in an e-mail address."""
    match = re.search(r"[/?#:]", address)
    host = address[: match.start()] if match else address
    rest = address[match.start() :] if match else ""
    return ("" if "@" in host else host), "", rest


def _broken(host: str, rest: str, *, written_as_link: bool) -> Iterator[str]:
    data = _data()
    if _is_within(host, data["shorteners"]) and (rest or written_as_link):
        yield "link-shortener"
    names = {name for pair in re.split(r"[?&#;]", rest)[1:] if (name := pair.partition("=")[0])}
    prefixes = tuple(data["parameter-starts"])
    is_counted = any(name in data["parameters"] or name.startswith(prefixes) for name in names)
    if is_counted or _is_within(host, data["trackers"]) or any(word in rest for word in data["leaving"]):
        yield "tracker"
    whole = re.sub(r"[^a-z0-9]", "", host + rest)
    if (written_as_link or host.endswith(tuple(data["endings"]))) and any(word in whole for word in data["topics"]):
        yield "topic-in-link"


def _is_within(host: str, hosts: frozenset[str]) -> bool:
    """Whether a host is one of these, or below one."""
    while host:
        if host in hosts:
            return True
        host = host.partition(".")[2]
    return False


@cache
def _data() -> dict[str, frozenset[str]]:
    return {name: frozenset(words) for name, words in read_data("links").items()}
