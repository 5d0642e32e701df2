"""What needs no language: placeholders, addresses of the web, remote content, and numbers that somebody could dial."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final

from responder.core.lint.phrases import languages_for, phrases, read_data
from responder.core.lint.text import Place, places
from responder.core.reply.template import VARIABLES

_BRACES: Final = re.compile(r"[%#$]?\{{1,3}[%$!]?([^{}\n]{1,80})\}{0,3}|\*\|([^|\n]{1,60})\|\*")
"""Forms that are hardly written for another purpose: one known word is enough; left open as well."""

_SIGNS: Final = re.compile(
    r"\[{1,2}([^\[\]\n,.]{1,60})(?:\]|[,.]|$)|<{1,2}([^<>@/\n,.]{1,60})(?:>|[,.]|$)"
    r"|(?<!\w)(?:[%#$@]{1,2}|__)([a-z][a-z0-9_. -]{1,30})",
    re.MULTILINE,
)
"""Forms that people use in ordinary text as well: every word has to be a known one."""

_TO_FILL_IN: Final = re.compile(
    r"%(?:\([a-z_]{1,30}\)[sd]|s(?!\w))|\$\{?[0-9]\}|\\[1-9](?!\w)"
    r"|(?<!\w)(?:dear|hello|hi|hallo|bonjour|hola|ciao|ola|beste|liebe|lieber) \([^()\n]{1,40}\)"
    r"|(?<!\w)insert (?:\w{1,20} ){1,3}here(?!\w)|(?<!\w)x{2,}(?:[ ./:-]x{2,}){1,4}(?!\w)|_{5,}"
    r"|(?<!\w)(?:dd|tt|jj|gg)[./-]mm[./-](?:yyyy|yy|jjjj|jj|aaaa|aa|rrrr)"
)
TEMPLATE: Final = re.compile(r"\{[{%#][^{}]{0,60}(?:\}{1,2})?")
"""Braces of a template; in a text that is none nobody fills them in, or somebody might."""

_SPLIT: Final = re.compile(r"[^a-z0-9]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def placeholders(text: str, language: str) -> Iterator[Place]:
    """What other programs fill in, or a person should have, and this one sends as it stands."""
    for form, enough in ((_BRACES, any), (_SIGNS, all)):
        for match in form.finditer(text):
            if _is_filled_in(match[match.lastindex or 0], language, enough):
                yield Place("sender-words", *match.span())
    yield from places("sender-words", _TO_FILL_IN, text)


def is_foreign(variable: str, language: str) -> bool:
    """Whether a template asks for something of the sender's; other unknown variables are refused elsewhere."""
    return variable not in VARIABLES and _is_filled_in(_CAMEL.sub(" ", variable).lower(), language, any)


def _is_filled_in(text: str, language: str, enough: Callable[[Iterable[bool]], bool]) -> bool:
    known = frozenset().union(*(phrases(code).placeholders for code in languages_for(language)))
    words = [word for word in _SPLIT.split(text) if word]
    return bool(words) and enough(word in known for word in words)


# -- addresses of the web ----------------------------------------------------------------------------------------------

_ADDRESS: Final = re.compile(r"[^\s<>\"'(){}\[\]|\\]{4,2000}")
_PARTS: Final = re.compile(r"((?:https?|hxxps?|ftp):/{0,2})?([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9})([/?#:].*)?")
_REMOTE: Final = re.compile(
    r"</?[a-z][a-z0-9]{0,20}(?=[\s/>])(?!:)|<!--|<!doctype"
    r"|https?:[^\s<>\"']{1,2000}\.(?:png|gif|jpe?g|webp|svg|bmp|ico|tiff?)(?![a-z0-9])"
    r"|(?<!\w)url\s?\(|@import(?!\w)|(?<!\w)(?:javascript|vbscript|cid):\S"
    r"|(?<!\w)data:[a-z]{1,20}/[a-z0-9.+-]{1,40}[;,]|!\[[^\[\]]{0,200}\]\("
)
"""HTML, images, scripts, style sheets and Markdown's images. A reply is text."""


def links(text: str) -> Iterator[Place]:
    """Addresses that count who opens them, hide where they lead, or tell what this is about; and remote content."""
    yield from places("remote-content", _REMOTE, text)
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?")
        if parts := _PARTS.fullmatch(address):
            scheme, host, rest = parts.groups(default="")
            is_written_as_link = bool(scheme or rest) or host.startswith("www.")
            for rule in _broken(host, rest, is_written_as_link=is_written_as_link):
                yield Place(rule, match.start(), match.start() + len(address))


def _broken(host: str, rest: str, *, is_written_as_link: bool) -> Iterator[str]:
    data = _link_data()
    hosts = {host[at:] for at in (0, *(dot.end() for dot in re.finditer(r"\.", host)))}
    if is_written_as_link and not hosts.isdisjoint(data["shorteners"]):
        yield "link-shortener"
    parameters = {pair.partition("=")[0] for pair in re.split(r"[?&#;]", rest)[1:]}
    counts = any(name in data["parameters"] or name.startswith(tuple(data["parameter-starts"])) for name in parameters)
    counts |= not hosts.isdisjoint(data["trackers"]) or host.partition(".")[0] in data["counting-hosts"]
    if counts or any(word in rest for word in data["leaving"]):
        yield "tracker"
    whole = re.sub(r"[^a-z0-9]", "", host + rest)
    is_link = is_written_as_link or host.endswith(tuple(data["endings"]))
    if is_link and any(word in whole for word in data["topics"]):
        yield "topic-in-link"


@cache
def _link_data() -> dict[str, frozenset[str]]:
    return {name: frozenset(words) for name, words in read_data("links").items()}


# -- numbers -----------------------------------------------------------------------------------------------------------

FEWEST_DIGITS: Final = 6
"""Of a number of several groups: 116 123. Shorter ones are house numbers and years."""

MOST_DIGITS: Final = 15
"""Of any telephone number with its country's code (ITU-T E.164), without what is dialled in front to go abroad."""

_SHORT: Final = frozenset(
    ("000", "015", "016", "024", "061", "091", "111", "112", "113", "116", "117", "118", "143", "144", "147", "911",
     "988", "999", "1411", "1813", "3114")
)  # fmt: skip
"""Numbers of emergency services and crisis lines where our languages are spoken."""

_NO_NUMBER: Final = re.compile(
    r"(?<!\d)(?:\d{4}-\d{2}-\d{2}|\d{1,2}([./-])\s?\d{1,2}\1\s?(?:\d{4}|\d{2})?)(?!\d)"
    r"|(?<!\d)\d{1,2}[:.h]\d{2}(?![\d.])|(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,3})?(?!\w)"
)
"""Dates, times, and numbers of bank accounts (IBAN)."""

_NUMBER: Final = re.compile(r"(?<![\w.,:/#-])\+?\(?\d(?:[ ()/.\-]{0,3}\d){1,40}(?![\w/:%]|[.,]\d)")
_BETWEEN: Final = re.compile(r" ?/ ?| - | {2,}")
_ABROAD: Final = re.compile("^(?:00|011)")
_EXAMPLE: Final = re.compile(r"(\d)\1{6}|^0?123456789")
"""Digits as they stand in forms and templates, and in no number of a service: "01234 567890"."""

LONE_NUMBER: Final = re.compile(r"^[ \t]*\+?[\d ()/-]{3,20}[ \t]*$", re.MULTILINE)
"""A line of a finished reply that shows a way to help."""


def numbers(text: str) -> Iterator[Place]:
    """What looks like a number to call, and is no date and no time; or like one that nobody can call."""
    for match in _NUMBER.finditer(_NO_NUMBER.sub(lambda found: "x" * len(found[0]), text)):
        each = [re.sub(r"\D", "", number) for number in _BETWEEN.split(match[0])]
        if any(digits in _SHORT for digits in each) or len("".join(each)) >= FEWEST_DIGITS:
            yield Place("bad-number" if any(map(_is_bad, each)) else "other-number", *match.span())


def _is_bad(digits: str) -> bool:
    return len(_ABROAD.sub("", digits)) > MOST_DIGITS or _EXAMPLE.search(digits) is not None
