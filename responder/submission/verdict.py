"""What a server's answer, or its silence, means for a reply. Pure."""

from __future__ import annotations

import re
import ssl
from enum import Enum
from typing import TYPE_CHECKING

import aiosmtplib

from responder.model import Deferred, Rejected, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_REASON = 200
"""Characters of a server's text that go into a reason: enough for its code and sentence, too few to flood a journal."""

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
_ENHANCED = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")
_POLICY = re.compile(r"\b5\.7\.\d{1,3}\b")  # RFC 3463 §3.8: a matter of security or policy, not of the address

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

_ACCOUNT_ENHANCED = {"5.4.5": _CURE_QUOTA, "5.7.30": _CURE_BASIC_AUTH, "5.7.139": _CURE_BASIC_AUTH}

_ALIAS_REFUSED = re.compile(
    r"\b553\b|\b5\.7\.60\b|send as\b|not owned by|not (?:allowed|permitted|authori[sz]ed) to send"
    r"|from (?:address|header)",
    re.IGNORECASE,
)
_NULL_PATH_REFUSED = re.compile(
    r"sender address rejected|null sender|empty (?:envelope )?sender|\b5\.1\.[78]\b", re.IGNORECASE
)
"""Postfix checks the sender only at RCPT (smtpd_delay_reject), and says so in these words."""


Verdict = Deferred | Rejected | Unknown


def judge(phase: Phase, code: int, text: str) -> Verdict:
    """Class a reply that was not the one hoped for: a 4xx may pass, a 5xx is the reply's end or the account's fault."""
    reason = f"{phase.value}: {code} {text}".rstrip()
    if code // 100 == TRANSIENT:
        return Deferred(reason)
    if code // 100 == PERMANENT:
        cure = _account_cure(phase, code, text)
        if cure is not None:
            return Deferred(reason, account_wide=True, cure=cure)
        return Rejected(reason, code, dead_address=phase is Phase.RCPT and not _POLICY.search(text))
    return Unknown(reason) if phase is Phase.DOT else Deferred(reason)


def _account_cure(phase: Phase, code: int, text: str) -> str | None:
    """What the owner can do about a 5xx that is the account's; None when it is this reply's."""
    for enhanced in _ENHANCED.findall(text):
        if enhanced in _ACCOUNT_ENHANCED:
            return _ACCOUNT_ENHANCED[enhanced]
    if phase is Phase.AUTH or code in _ACCOUNT_CODES:
        return _CURE_LOGIN
    if phase is Phase.STARTTLS:
        return CURE_TLS
    if phase is Phase.MAIL:
        return _CURE_SENDER
    return _CURE_SERVER if phase in _ACCOUNT_PHASES else None


def refuses_null_path(phase: Phase, code: int, text: str) -> bool:
    """Whether a refusal, answering an envelope from ``<>``, is about the null reverse-path."""
    if (
        code // 100 != PERMANENT
        or code in _ACCOUNT_CODES
        or not _ACCOUNT_ENHANCED.keys().isdisjoint(_ENHANCED.findall(text))
    ):
        return False
    return phase is Phase.MAIL or (phase is Phase.RCPT and _NULL_PATH_REFUSED.search(text) is not None)


def refuses_alias(rejected: Rejected) -> bool:
    """Whether the server would rather see the account's own address in From."""
    return _ALIAS_REFUSED.search(rejected.reason) is not None


def judge_error(phase: Phase, error: Exception, private: Iterable[str] = ()) -> Verdict:
    """Class an exception by how far the conversation had come."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return judge(phase, error.code, redact(error.message, private))
    text = "no answer in time" if isinstance(error, TimeoutError) else redact(str(error), private)
    reason = f"{phase.value}: {text or type(error).__name__}"
    if phase is Phase.DOT:
        return Unknown(reason)
    cure = _tls_cure(error)
    return Deferred(reason, account_wide=cure is not None, cure=cure)


def _tls_cure(error: BaseException | None) -> str | None:
    """For the TLS faults that waiting alone will not mend; aiosmtplib wraps them while it connects."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return _CURE_CERTIFICATE
        if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":  # the peer does not speak TLS
            return CURE_TLS
        error = error.__cause__
    return None


_ADDRESS = re.compile(r'<?(?:"[^"]*"|[^\s<>@"]+)@[^\s<>@]+>?')
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def redact(text: str, private: Iterable[str] = ()) -> str:
    """A server's text fit for a journal: no addresses, none of the private words, one line, at most MAX_REASON."""
    text = _ADDRESS.sub(
        "<address>", _UNPRINTABLE.sub(" ", text[: 5 * MAX_REASON]).strip()
    )  # cut: searching is quadratic
    for word in private:
        if len(word) > 2:  # noqa: PLR2004 - shorter ones are in every sentence, and tell nothing
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "<private>", text, flags=re.IGNORECASE)
    return text[:MAX_REASON]
