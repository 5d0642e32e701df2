"""Every event that is logged: its fixed name, its level and its fields, in one table; `log` writes one line of it.

The formatters (``daemon.logs``) and ``docs/logs.md`` are made from this table. Names and fields are stable: alerts and
scripts look for them. Words that explain go into the field ``why``, and nothing is ever decided by them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Final, TypedDict, Unpack

INFO, WARNING, ERROR = logging.INFO, logging.WARNING, logging.ERROR

_logger = logging.getLogger("responder")


class Fields(TypedDict, total=False):
    """Names and types of all fields, in the order in which a line shows them. None is left out of the line."""

    mailbox: str
    server: str
    uid: int
    last_uid: int
    state: str | None
    rule: str | None
    why: str | None
    said: str | None
    fix: str | None
    until: datetime | None
    changed: str
    attempt: int
    maybe_person: bool | None
    count: int


FIELDS: Final[Mapping[str, str]] = {
    "mailbox": "the mailbox: its number in the file, or its address on a terminal; the line begins with it",
    "server": "protocol, host and port",
    "uid": "the message's UID in its folder",
    "last_uid": "the highest UID in the folder",
    "state": "where the reply stands now",
    "rule": "id of the rule or limit that decided; `docs/rules.md` has the list",
    "why": "what happened, in words that may change",
    "said": "the server's own words, without addresses",
    "fix": "what to do about it",
    "until": "when it ends, RFC 3339",
    "changed": "tables of the file whose meaning changed, or `nothing`",
    "attempt": "how many times in a row it has failed",
    "maybe_person": "`True` when a person may have been left without a reply: look at this message",
    "count": "how many",
}
"""What each field of `Fields` says."""


class Event(Enum):
    """One kind of line: its text, its level, its fields besides ``mailbox``, and what it means for the owner.

    Attributes:
        text: the fixed name that the line shows.
        level: of ``logging``.
        fields: those that it may carry.
        meaning: one sentence.
    """

    # -- watching
    BASELINE = "baseline recorded", INFO, ("last_uid",), "First start: what is already in the folder gets no reply."
    WATCHING = "watching", INFO, (), "The folder is open; new mail is judged as it arrives."
    WATCHING_AGAIN = "watching again", INFO, (), "The connection was lost, and is back."
    DISCONNECTED = "disconnected", WARNING, ("why", "attempt"), "The connection is lost or refused; it is retried."
    CANNOT_CONNECT = "cannot connect", ERROR, ("why", "fix", "attempt"), "It is retried, but needs you to do the `fix`."
    RENUMBERED = "UIDVALIDITY changed", WARNING, (), "The folder was rebuilt; only its latest mail is looked at again."
    UNREADABLE = "message unreadable", WARNING, ("server", "uid"), "The server cannot deliver this message's headers."
    CLOCK_SKEW = "clock skew", WARNING, ("why",), "Arriving mail and this machine's clock differ. Hourly at most."
    CLOCK_DISBELIEVED = "clock disbelieved", ERROR, ("why",), "No mail is judged until the clock is set."
    CLOCK_BELIEVED = "clock believed", INFO, (), "The clock fits arriving mail again, or was set."
    # -- judging and answering
    WAITS = "message waits", WARNING, ("uid", "rule", "until", "maybe_person"), "It is judged again at that time."
    SKIPPED = "message skipped", INFO, ("uid", "rule", "maybe_person"), "This message gets no reply."
    JUDGING_FAILED = "judging failed", ERROR, ("uid",), "A fault in the program: this message gets no reply."
    SENT = "reply sent", INFO, ("uid",), "The server took the reply."
    DEFERRED = "reply deferred", WARNING, ("uid", "why", "fix"), "The reply could not leave yet; it is retried."
    DOUBTFUL = (
        "reply in doubt",
        WARNING,
        ("uid", "state", "why"),
        "Cut off while it was sent: it is sent once more at most.",
    )
    REFUSED_ONCE = (
        "reply refused",
        WARNING,
        ("uid", "why"),
        "It blames no recipient: tried again in ten minutes.",
    )
    SENDING_FAILED = (
        "sending failed",
        ERROR,
        ("why", "said", "fix"),
        "The server refuses the account, or several recipients alike: replies wait.",
    )
    SENDING_AGAIN = "sending again", INFO, (), "The server takes replies again."
    REVIVED = (
        "refused replies due again",
        WARNING,
        ("count",),
        "The fault was the account's.",
    )
    FAILED = "reply failed", WARNING, ("uid", "why"), "The server rejected the reply; it is not retried."
    WITHDRAWN = "reply withdrawn", INFO, ("uid", "rule", "why"), "The reply is no longer due."
    LIMITED = "rate limited", WARNING, ("uid", "rule", "until"), "A rate is reached; the reply waits. Hourly at most."
    ALIAS_REFUSED = "alias refused", WARNING, ("server",), "Replies to an alias go out From the mailbox's own address."
    NULL_PATH_REFUSED = "null path refused", WARNING, ("server",), "Replies go out with the mailbox's address instead."
    TEXT_FAILED = "reply text failed", ERROR, ("uid", "fix"), "Your own text failed; a built-in one goes out instead."
    ANSWERING_FAILED = "answering failed", ERROR, ("uid",), "A fault in the program; the reply is retried."
    LEDGER_FAILED = "ledger failed", ERROR, ("uid", "why"), "The state directory cannot be written: nothing is sent."
    OUTCOME_UNWRITTEN = "outcome not written", ERROR, ("uid", "why"), "How the send ended cannot be written yet."
    INTERRUPTED = "reply interrupted", WARNING, ("uid", "state"), "The last process ended at or after its final dot."
    BREAKER_OPENED = "breaker opened", ERROR, ("until", "fix"), "Too many replies in an hour: none is sent for now."
    BREAKER_CLOSED = "breaker closed", WARNING, (), "What waited goes out now, the newest first."
    # -- the process
    CLOSED = "closed now", INFO, ("until", "why"), "At a start, at every change, and after an edit: replies go out."
    OPEN = "open now", INFO, ("until", "why"), "The same: no reply goes out."
    RELOADED = "configuration reloaded", INFO, ("changed",), "The file, or one that it names, was read again."
    REFUSED = "configuration refused", ERROR, ("why",), "The file cannot be used; the last good one stays in force."
    CONFIG_WARNING = "configuration warning", WARNING, ("why",), "The file is in force; this in it may be a mistake."
    PARTLY_WRONG = "configuration partly wrong", ERROR, ("why",), "This is left out, and all else is in force."
    WORDS_REFUSED = "configured text refused", ERROR, ("why",), "Replies are sent without what no reply may show."
    RELOAD_FAILED = "reload failed", ERROR, (), "A fault in the program; the last good configuration stays in force."
    CLOCK_STEPPED = (
        "clock stepped",
        WARNING,
        ("why", "count"),
        "What the wrong time silenced is judged again.",
    )
    PRUNED = "ledger pruned", INFO, ("count",), "What was settled long ago is forgotten."
    RATES_KEPT = "rates not released", WARNING, ("why",), "Replies wait as long as the rates before the edit said."
    RESTARTED = "watching restarted", ERROR, ("why",), "A fault in the program ended or blocked it."
    FILE_WATCH_RESTARTED = "file watch restarted", ERROR, (), "A fault in the program ended it."
    HOUSEKEEPING_RESTARTED = "housekeeping restarted", ERROR, (), "The scheduler had fallen silent."
    NO_CONTROL = "control socket failed", WARNING, ("why", "fix"), "Commands cannot ask this daemon."
    COMMAND_FAILED = "command failed", ERROR, (), "A fault in the program, while a command was answered."
    STOPPED = "stopped", INFO, (), "The daemon ended as it was asked to."

    def __init__(self, text: str, level: int, fields: tuple[str, ...], meaning: str) -> None:
        self.text = text
        self.level = level
        self.fields = fields
        self.meaning = meaning


def log(event: Event, /, *, error: BaseException | None = None, **fields: Unpack[Fields]) -> None:
    """Write one line.

    Args:
        event: which.
        error: its traceback follows; for faults in the program.
        fields: what the event's row names, and ``mailbox``.
    """
    known = {name: value for name, value in fields.items() if value is not None}
    _logger.log(event.level, event.text, extra={"event": event, **known}, exc_info=error)
