"""What a server's answer, or its silence, means for a reply. Pure."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import aiosmtplib

from responder.adapters.smtp.codes import Enhanced, answered
from responder.core.outcome import Deferred, Rejected, Unknown
from responder.core.text import LONGEST_TEXT

SENDER_NOT_ALLOWED = 553
"""RFC 5321 §4.2.3: mailbox name not allowed; after the dot only a name in the header can be meant."""

POSITIVE, INTERMEDIATE, TRANSIENT, PERMANENT = 2, 3, 4, 5
"""First digit of a reply code: all that a client may rely on (RFC 5321 §4.2.1)."""


class Phase(Enum):
    """How far a conversation had come; the words begin a reason."""

    CONNECT = "connect"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "end of message"


_ACCOUNT_PHASES = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL})
_ACCOUNT_CODES = frozenset({530, 534, 535, 538})  # RFC 4954 §6: authentication wanted, whichever command says so
_CURE_QUOTA = "the provider's sending limit is reached: it lifts by itself, or ask the provider for a higher one"
_CURE_BASIC_AUTH = (
    "the provider has turned password login off for sending: allow SMTP AUTH for this mailbox in its administration,"
    " or submit through another server"
)
_CURE_LOGIN = "check the user name and the (app) password; many providers want an app password made for this program"
CURE_TLS = "check tls and port: 465 goes with implicit, 587 with starttls"
_CURE_CERTIFICATE = "check the host name; a server with a private certificate authority needs ca_file"
_CURE_SENDER = "ask the provider whether this account may send, and check that user name and address belong together"
_CURE_SERVER = "check host and port, and ask the provider why it refuses this machine"

_CURE_LOCKED = "the provider has locked the account for sending: log in to its web pages, or ask it to unlock it"
CURE_REFUSED_ALIKE = (
    "look at the provider's limits, ask it whether this account may send, and set helo_name if it refuses our greeting"
)

_ACCOUNT_ENHANCED = {
    "5.1.90": _CURE_QUOTA,
    "5.4.5": _CURE_QUOTA,
    "5.4.6": _CURE_LOCKED,  # Zoho: unusual sending activity
    "5.7.30": _CURE_BASIC_AUTH,
    "5.7.139": _CURE_BASIC_AUTH,
    "5.7.232": _CURE_QUOTA,
    "5.7.233": _CURE_QUOTA,
    "5.7.705": _CURE_LOCKED,
    "5.7.708": _CURE_SERVER,
}
"""What Google, Microsoft, Zoho and others say of the account, whichever command they answer."""

_ALIAS_REFUSED = re.compile(
    r"send as\b|not owned by|not (?:allowed|permitted|authori[sz]ed) to send|from (?:address|header)", re.IGNORECASE
)
_NULL_PATH_REFUSED = re.compile(r"sender address rejected|null sender|empty (?:envelope )?sender", re.IGNORECASE)
"""Postfix checks the sender only at RCPT (smtpd_delay_reject), and says so in these words."""

_NOT_ITS_OWN = re.compile(r"<[^>]|[\"'(@]|\b(?:said|host|server)\b", re.IGNORECASE)
"""Where a server stops speaking for itself: the recipient as it was given, or what another server said of it."""


Verdict = Deferred | Rejected | Unknown


@dataclass(frozen=True, slots=True)
class AliasRefused(Rejected):
    """The server would rather see the account's own address in From."""


def judge(phase: Phase, code: int, text: str) -> Verdict:
    """Class a reply that was not the one hoped for: a 4xx may pass, a 5xx is the reply's end or the account's fault."""
    reason = f"{phase.value}: {answered(code, text)}"
    if code // 100 == TRANSIENT:
        return Deferred(reason)
    if code // 100 == PERMANENT:
        return _judge_permanent(phase, code, text, reason)
    return Unknown(reason) if phase is Phase.DOT else Deferred(reason)


def _judge_permanent(phase: Phase, code: int, text: str, reason: str) -> Verdict:
    enhanced = Enhanced.read(code, text)
    cure = _account_cure(phase, code, enhanced)
    if cure is not None:
        return Deferred(reason, account_wide=True, cure=cure)
    if _refuses_alias(phase, code, text):
        return AliasRefused(reason, code, once_more=True)
    named = Enhanced.read_anywhere(code, text)
    return Rejected(reason, code, once_more=named is None or not named.blames_recipient)


def _account_cure(phase: Phase, code: int, enhanced: Enhanced | None) -> str | None:
    """What the owner can do about a 5xx that is the account's; None when it is this reply's."""
    if enhanced is not None and str(enhanced) in _ACCOUNT_ENHANCED:
        return _ACCOUNT_ENHANCED[str(enhanced)]
    if phase is Phase.AUTH or code in _ACCOUNT_CODES:
        return _CURE_LOGIN
    if phase is Phase.STARTTLS:
        return CURE_TLS
    if phase is Phase.MAIL:
        return _CURE_SENDER
    return _CURE_SERVER if phase in _ACCOUNT_PHASES else None


def refuses_null_path(phase: Phase, code: int, text: str) -> bool:
    """Whether a refusal, answering an envelope from ``<>``, is about the null reverse-path."""
    enhanced = str(Enhanced.read(code, text))
    if code // 100 != PERMANENT or code in _ACCOUNT_CODES or enhanced in _ACCOUNT_ENHANCED:
        return False
    if phase is not Phase.RCPT:
        return phase is Phase.MAIL
    return enhanced in {"5.1.7", "5.1.8"} or _NULL_PATH_REFUSED.search(_own_words(text)) is not None


def _refuses_alias(phase: Phase, code: int, text: str) -> bool:
    """Only after the dot: no server has seen From before, and at RCPT it may repeat another server's words."""
    if phase is not Phase.DOT:
        return False
    return (
        code == SENDER_NOT_ALLOWED
        or str(Enhanced.read(code, text)) == "5.7.60"
        or _ALIAS_REFUSED.search(text[:LONGEST_TEXT]) is not None
    )


def speaks_for_itself(text: str) -> bool:
    """Whether a server's text repeats neither the recipient nor what another server said."""
    return _NOT_ITS_OWN.search(text[:LONGEST_TEXT]) is None


def _own_words(text: str) -> str:
    """The first line, up to where it begins to repeat what others said or are called."""
    line = text[:LONGEST_TEXT].split("\n", 1)[0]
    return _NOT_ITS_OWN.split(line, maxsplit=1)[0]


def judge_error(phase: Phase, error: Exception) -> Verdict:
    """Class an exception by how far the conversation had come."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return judge(phase, error.code, error.message)
    reason = f"{phase.value}: {_failed(error)}"
    if phase is Phase.DOT:
        return Unknown(reason)
    cure = _tls_cure(error)
    return Deferred(reason, account_wide=cure is not None, cure=cure)


def _failed(error: Exception) -> str:
    """What went wrong without an answer, in the operating system's words or our own."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    known = next(filter(None, map(_system_words, _causes(error))), None)
    if known is None and isinstance(error, (aiosmtplib.SMTPServerDisconnected, ConnectionError)):
        return "the connection was lost"
    return known or type(error).__name__


def _system_words(cause: BaseException) -> str | None:
    """What TLS, the resolver or the system says; never the peer's words, nor asyncio's, which name addresses."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate verification failed: {getattr(cause, 'verify_message', '') or 'no reason given'}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {cause.reason or 'cut off'}"
    if isinstance(cause, socket.gaierror):
        return f"the server's name was not found: {cause.strerror}"
    return os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno is not None else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what the library wrapped in it."""
    while error is not None:
        yield error
        error = error.__cause__


def _tls_cure(error: Exception) -> str | None:
    """For the TLS faults that waiting alone will not mend; aiosmtplib wraps them while it connects."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _CURE_CERTIFICATE
        if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":  # the peer does not speak TLS
            return CURE_TLS
    return None
