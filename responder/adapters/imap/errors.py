"""The one place where what went wrong on an IMAP connection gets a class and words.

Four libraries raise here, and not only their own exceptions: imaplib's ``error`` and ``abort``, ``ssl``, ``socket``,
and what odd bytes provoke (ValueError, UnicodeError, MemoryError, RecursionError).
"""

from __future__ import annotations

import imaplib
import os
import re
import socket
import ssl
from collections.abc import Iterable
from typing import NoReturn

from responder.core.errors import AuthenticationError, PermanentError, ResponderError, ThrottledError, TransientError
from responder.core.text import said

_CODE = re.compile(r"\[([A-Z][A-Z0-9-]*)")

# RFC 5530 §3 and RFC 9208 §4.1.2: seconds to leave the server alone
_WAIT_BY_CODE = {
    "THROTTLED": 60.0,  # Exchange's own
    "UNAVAILABLE": 60.0,
    "SERVERBUG": 60.0,
    "INUSE": 60.0,
    "LIMIT": 300.0,
    "OVERQUOTA": 3600.0,
}
_REFUSED_CREDENTIALS = frozenset({"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"})

# what servers say without a code; the first that is found counts
_WAIT_BY_WORDS = (
    (re.compile(r"throttl", re.IGNORECASE), 60.0),
    (re.compile(r"bandwidth|command limit", re.IGNORECASE), 3600.0),
    # Exchange Online, after it took the password: too many sessions, or a licence that is missing
    (re.compile(r"authenticated but not connected", re.IGNORECASE), 900.0),
    (re.compile(r"too many|simultaneous|maximum number of|rate.?limit|limit exceeded", re.IGNORECASE), 300.0),
    (re.compile(r"try again|temporar|unavailable|internal error|server error|overload|busy", re.IGNORECASE), 60.0),
)
# Exchange names it in words, behind THROTTLED: Suggested Backoff Time 2000 milliseconds, with a colon
_BACKOFF_TIME = re.compile(r"back-?off time:?\s*(\d{1,9})\s*(m(?:illi)?s|s|m)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "millis": 0.001, "s": 1.0, "m": 60.0}
_LONGEST_WAIT = 3600.0  # nobody means more, and a mailbox must not be blind for a night by one word
_AFTER_BAD_LOGIN = 300.0  # BAD is no verdict on the password, but no reason to hurry either
_AFTER_BAD_CERTIFICATE = 600.0  # renewals go wrong for minutes; an unknown authority stays until ca_file is set


def code_of(text: str) -> str | None:
    """The response code in a server's line (RFC 9051 §7.1), upper-case; None when there is none."""
    found = _CODE.search(text)
    return found[1] if found else None


def asked_to_wait(text: str) -> float | None:
    """Seconds to wait when the server says that it cannot serve now; None when it says nothing of the kind."""
    code, named = code_of(text), _BACKOFF_TIME.search(text)
    if named is not None:
        return min(int(named[1]) * _UNITS[named[2].lower()], _LONGEST_WAIT)
    if code in _WAIT_BY_CODE:
        return _WAIT_BY_CODE[code]
    return next((seconds for words, seconds in _WAIT_BY_WORDS if words.search(text)), None)


def is_throttling(text: str) -> bool:
    """Whether the server asks for fewer requests; the trouble is with us, and not with the message asked for."""
    return code_of(text) == "THROTTLED" or "throttl" in text.lower() or _BACKOFF_TIME.search(text) is not None


def try_later(where: str, why: str, text: str) -> TransientError:
    """An error that passes, with the wait that the server's words ask for."""
    kind = ThrottledError if is_throttling(text) else TransientError
    return kind(where, why, retry_after=asked_to_wait(text))


def refused_login(where: str, status: str, text: str, secrets: Iterable[str]) -> ResponderError:
    """Class of a NO or BAD to a login: the credentials', the server's mood, or the connection's."""
    shown = said(text, secrets=secrets)
    code, wait = code_of(text), asked_to_wait(text)
    if code == "PRIVACYREQUIRED":
        return PermanentError(where, "it allows no login without TLS", cure='Set tls = "implicit" or "starttls"')
    if code not in _REFUSED_CREDENTIALS and (wait is not None or status == "BAD"):
        later = try_later(where, f"login is not possible now: {shown}", text)
        later.retry_after = wait or _AFTER_BAD_LOGIN
        return later
    return AuthenticationError(
        where,
        f"it refused the login: {shown}",
        cure="Check username and password; many providers want an app password, made in their security settings",
    )


def refused_folder(where: str, folder: str, status: str, text: str) -> ResponderError:
    """Class of a NO or BAD to EXAMINE."""
    wait = asked_to_wait(text)
    if wait is not None or status == "BAD":
        return try_later(where, f"the folder cannot be opened now: {said(text)}", text)
    return PermanentError(
        where,
        f'the folder "{folder}" cannot be opened: {said(text)}',
        cure="Check folder in the mailbox's section: upper and lower case count, and so does the separator",
    )


def refused_command(where: str, status: str, text: str) -> TransientError:
    """A NO or BAD to anything after login."""
    return try_later(where, f"it answered {status} to a command: {said(text)}", text)


def rethrow(error: Exception, where: str) -> NoReturn:
    """Raise the error as a ResponderError; an unknown one counts as a lost connection.

    Raises:
        TransientError: nearly always.
        PermanentError: the error was one already.
    """
    if isinstance(error, ResponderError):
        raise error
    raise _as_transient(error, where) from error


def _os_words(error: OSError) -> str:
    """The system's own words: asyncio puts the address into its."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _as_transient(error: Exception, where: str) -> TransientError:  # noqa: PLR0911 - a table
    match error:
        case ssl.SSLCertVerificationError():
            why = f"its certificate is not trusted ({error.verify_message}); for an authority of your own set ca_file"
            return TransientError(where, why, retry_after=_AFTER_BAD_CERTIFICATE)
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return TransientError(where, "it does not speak TLS on this port; look at port and tls")
        case ssl.SSLError():
            return TransientError(where, f"TLS failed: {error.reason or 'the connection was cut'}")
        case socket.gaierror():
            return TransientError(where, f"its name cannot be looked up: {error.strerror}")
        case TimeoutError():
            return TransientError(where, "no answer in time")
        case OSError():
            return TransientError(where, f"the connection failed: {_os_words(error)}")
        case imaplib.IMAP4.error():
            first = error.args[0] if error.args else ""
            text = first.decode("ascii", "replace") if isinstance(first, bytes) else str(first)
            return try_later(where, f"the session ended: {said(text)}", text)
        case _:
            # its text may hold what the server sent
            return TransientError(where, f"an answer could not be read ({type(error).__name__})")
