"""What the name of an address says of who writes from it: a mail server, a list, a machine, nobody. Names may lie."""

from __future__ import annotations

import re
from functools import lru_cache

from responder.core.message import Address

_ROBOT = re.compile(
    r"(?:mailer|mail)[-_.]?daemon(?:\+.*)?|microsoftexchange[0-9a-f]{32}|listserv|majordomo|mdaemon|sympa|mailman"
    r"|auto[-_.]?(?:reply|responder)|bounces?(?:[-+].*)?|owner-.*|.*-(?:bounces|errors|confirm)|.*[-+](?:un)?subscribe"
)
_LIST_OR_PERSON = re.compile(r".*-(?:owner|request|join|leave)|.*[-+]confirm[-+][a-f]*[0-9][0-9a-f.]*")
"""A list's addresses (RFC 2142 §6, Mailman) and a challenge's (TMDA); but there are café owners, and sick-leave@."""
_REWRITTEN = re.compile(r"srs[01][=+-]|prvs=|btv1==|.*[=+]")
"""Return paths that a forwarder or the sender's own server made up (SRS, BATV, VERP): they say nothing of who wrote."""
_FORWARDER = re.compile(r"srs[01][=+-].*|.*\+(?:srs=|caf_=).*|.*\+(?:fwd|forward)[=-].*")
"""SRS as it is (``SRS0=``), as Microsoft writes it (``office+SRS=…``), and Gmail's forwarding (``+caf_=``)."""

_NO_REPLY = re.compile(
    r"noreply|noresponse|donotreply|donotrespond|dontreply|neverreply|unattended|unmonitored"
    r"|(?:bitte)?(?:nicht|keine)antwort|nepasrepondre|noresponder|nocontestar|n[aã]oresponda|nonrispond|nietbeantwoord"
    r"|svarej|svarinte|svarikke|ikkesvar|eivastau|nieodpowiad|neodpov|nevalaszol|nuraspund"
)
_ENDS_IN_NO_REPLY = re.compile(r".*[-_.+](?:no|do[-_.]?not)[-_.]?reply")
_GLUED_NO_REPLY = re.compile(r".*[a-z0-9](?:no|donot|dont)(?:reply|replies)")
_SEPARATORS = str.maketrans("", "", "._-")

ROLES = frozenset(
    {
        "abuse", "alert", "alerts", "apache", "appleid", "asterisk", "autoconfirm", "automailer", "bot", "calendar",
        "copier", "cron", "daemon", "dmarcreport", "efax", "fax", "hostmaster", "mailer", "newsletter", "newsletters",
        "nobody", "notice", "notification", "notifications", "notifier", "notify", "postmaster", "printer", "reminder",
        "reminders", "robot", "root", "scan", "scanner", "security", "system", "updates", "vacation", "voicemail",
        "webmaster", "wordpress", "wwwdata", "nagios", "icinga", "zabbix", "monitoring", "jira", "bugzilla", "redmine",
        "securemail", "securemessage", "tracking", "shipping", "shipments", "parcels",
        "invitations", "mailbot", "survey", "surveys",
    }
)  # fmt: skip
"""RFC 5230 §4.6 warns that postmaster may be a person; so may the others be, in a small organisation."""

_OF_FORMS = frozenset(
    {
        "contactform", "enquiryform", "form", "formmail", "formmailer", "forms", "formsubmission", "formsubmissions",
        "formulaire", "formular", "formulario", "inquiryform", "kontaktformular", "mailform", "siteform", "submissions",
        "webform", "webforms", "website", "webseite",
    }
)  # fmt: skip
"""What sites call the address that their forms write from."""

_ENDS_IN_ROLE = re.compile(r"[-_.](?:alerts?|newsletters?|notifications?|notify|reminders?|updates|voicemail)\Z")


@lru_cache(maxsize=4096)
def _is_robot(local: str) -> bool:
    return _ROBOT.fullmatch(local.lower()) is not None


@lru_cache(maxsize=4096)
def _looks_like_no_reply(local: str) -> bool:
    local = local.lower()
    if _NO_REPLY.match(local.translate(_SEPARATORS)):
        return True
    return local.endswith("reply") and _ENDS_IN_NO_REPLY.fullmatch(local) is not None


@lru_cache(maxsize=4096)
def _is_glued_no_reply(local: str) -> bool:
    return "repl" in local.lower() and _GLUED_NO_REPLY.fullmatch(local.lower()) is not None


@lru_cache(maxsize=4096)
def _is_role(local: str) -> bool:
    local = local.lower().partition("+")[0]
    return local.translate(_SEPARATORS) in ROLES or _ENDS_IN_ROLE.search(local) is not None


def is_robot(address: Address) -> bool:
    """A mail server's or a list program's own address."""
    return _is_robot(address.local)


def is_list_or_person(address: Address) -> bool:
    """A list's address, or a person's with such a name."""
    return _LIST_OR_PERSON.fullmatch(address.local.lower()) is not None


def is_rewritten(path: Address) -> bool:
    """A return path that a server made up: it says nothing of who wrote."""
    return _REWRITTEN.match(path.local.lower()) is not None


def is_of_forwarder(path: Address) -> bool:
    """A return path in the shape that a forwarder gives it."""
    return _FORWARDER.fullmatch(path.local.lower()) is not None


def looks_like_no_reply(address: Address) -> bool:
    """Whether the address itself says that nobody reads what is sent there, in some language."""
    return _looks_like_no_reply(address.local)


def perhaps_no_reply(address: Address) -> bool:
    """The same, glued to another word as well (``acmetravelnoreply``); a name may happen to end so."""
    return _looks_like_no_reply(address.local) or _is_glued_no_reply(address.local)


def is_of_form(address: Address) -> bool:
    """Whether it is named as the address of a web form. A person may be called so; with a stranger in Reply-To, no."""
    return address.local.lower().translate(_SEPARATORS) in _OF_FORMS


def is_role(address: Address) -> bool:
    """Whether the address is one that machines mostly write from. A tag behind a plus is a person's own choice."""
    return _is_role(address.local)
