"""The guards that ``tools.guards`` takes away one at a time: a promise, where it is kept, and who misses it."""

from __future__ import annotations

from typing import NamedTuple


class Guard(NamedTuple):
    """One text without which a promise is broken.

    Attributes:
        promise: what no longer holds.
        symbol: ``module:Class.method``, or the path of a file that is no module.
        text: what keeps the promise; once in the symbol.
        instead: what stands there then.
        tests: of these one must fail.
    """

    promise: str
    symbol: str
    text: str
    instead: str
    tests: tuple[str, ...]


CORE, LIVE, LEDGER = "tests/unit/core", "tests/unit/live", "tests/unit/adapters/ledger"
WIRE, DAEMON = "tests/wire", "tests/unit/daemon"

HELP = (
    Guard(
        "help: the last look is at the finished bytes",
        "responder.core.reply.composer:Composer.compose",
        "reason = check_help(content, block)",
        "reason = None",
        (f"{CORE}/reply/test_compose_template.py",),
    ),
    Guard(
        "help: the emergency number stands alone on a line",
        "responder.core.reply.verify:missing",
        "if emergency not in alone:",
        "if emergency not in text:",
        (f"{CORE}/reply/test_compose.py::test_an_alarm_number_inside_other_digits_does_not_count",),
    ),
    Guard(
        "help: the emergency number is no crisis line as well",
        "responder.core.reply.verify:missing",
        ".difference((emergency,))",
        "",
        (f"{CORE}/reply/test_compose.py::test_the_emergency_number_is_not_a_crisis_line_too",),
    ),
    Guard(
        "help: the text of a reply shows it",
        "responder/core/reply/templates/en/ordinary.txt",
        "{{ help }}",
        "",
        (f"{CORE}/reply/test_compose.py::test_the_whole_reply",),
    ),
    Guard(
        "help: a text that breaks makes room for the next one",
        "responder.core.reply.composer:Composer._drafts",
        "except Exception:",
        "except ZeroDivisionError:",
        (f"{CORE}/reply/test_compose_template.py",),
    ),
)

MAILBOX = (
    Guard(
        "mailbox: headers are read with PEEK",
        "responder.adapters.imap.mailbox:Mailbox.__init__",
        "BODY.PEEK[",
        "BODY[",
        (f"{WIRE}/test_mailbox_headers.py::test_only_harmless_commands_are_ever_sent",),
    ),
    Guard(
        "mailbox: the folder is opened with EXAMINE",
        "responder.adapters.imap.connection:Connection.examine",
        'self.command("EXAMINE", name)',
        'self.command("SELECT", name)',
        (f"{WIRE}/test_mailbox_headers.py::test_only_harmless_commands_are_ever_sent",),
    ),
    Guard(
        "mailbox: another UIDVALIDITY ends the session",
        "responder.adapters.imap.connection:Connection.check_uid_validity",
        "number != self._uid_validity",
        "number < 0",
        (f"{WIRE}/test_mailbox_idle.py::test_another_uid_validity_while_idling",),
    ),
)

PEOPLE = (
    Guard(
        "people: a null return path is no person",
        "responder.core.rules.who:null_return_path",
        "if not case.message.return_path.is_null:",
        "if case:",
        (f"{CORE}/rules/test_policy_rules.py::test_each_message_is_decided_by_its_rule",),
    ),
    Guard(
        "people: nothing is answered in working hours",
        "responder.core.rules.decide:_by_time",
        "_in_hours(period)\n        or _no_longer_due",
        "_no_longer_due",
        (f"{CORE}/rules/test_policy.py::test_in_working_hours_nobody_gets_a_reply",),
    ),
    Guard(
        "people: a closed period ends when it opens, to the microsecond",
        "responder.core.hours.timeline:Timeline.is_open",
        "bisect_right(block.flips, at)",
        "bisect_left(block.flips, at)",
        (f"{CORE}/hours/test_schedule.py::test_closed_period",),
    ),
    Guard(
        "people: a message of the instant of closing belongs to the closed period",
        "responder.core.rules.decide:_no_longer_due",
        "received_at < closed.start",
        "received_at <= closed.start",
        (f"{CORE}/rules/test_policy.py::test_live_only_what_is_fresh_and_of_this_period_is_answered",),
    ),
    Guard(
        "people: a reply says that it is automatic",
        "responder.core.reply.message:header_fields",
        '"Auto-Submitted": "auto-replied"',
        '"Auto-Submitted": "no"',
        (f"{CORE}/reply/test_compose.py::test_the_whole_reply",),
    ),
    Guard(
        "people: a message that breaks the judging gets no reply and stops nobody",
        "responder.live.judge:judge_safely",
        "except Exception as error:",
        "except ZeroDivisionError as error:",
        (f"{LIVE}/test_service.py::test_a_poison_message_stops_nobody",),
    ),
)

ONCE = (
    Guard(
        "once: one reply in a closed period",
        "responder.adapters.ledger.claims:Sending.claim",
        "or self._blocked(row, asked, about, at, since)",
        "",
        (f"{LEDGER}/test_ledger.py", f"{LIVE}/test_service.py::test_a_person_is_answered_once"),
    ),
    Guard(
        "once: a slot counts from the instant on",
        "responder.adapters.ledger.claims:Sending._blocked",
        ">= :since AS here",
        "> :since AS here",
        (f"{LEDGER}/test_ledger.py::test_a_slot_counts_from_answered_since_on",),
    ),
    Guard(
        "once: nothing is sent that was not claimed",
        "responder.live.answer:Answerer._answer",
        "case AlreadyAnswered() | Barred():\n                self._log.withdrawn(key, claim.rule)",
        "case AlreadyAnswered() | Barred():\n                await self._send(judgement, Claimed(1, 'x'))",
        (f"{LIVE}/test_service.py", f"{LIVE}/test_service_rates.py"),
    ),
    Guard(
        "once: what is in doubt is sent once more at most",
        "responder.adapters.ledger.claims:_next",
        "case Unknown() if row.uncertain:",
        "case Unknown() if False:",
        (f"{LIVE}/test_service.py::test_unknown_is_sent_once_more_at_most",),
    ),
    Guard(
        "once: the outcome is written even when the service stops",
        "responder.live.answer:Answerer._send",
        "finally:\n            await asyncio.shield(self._settle(judgement.key, outcome, text))",
        "finally:\n            pass",
        (f"{LIVE}/test_service.py::test_stopped_while_sending",),
    ),
    Guard(
        "once: a commit is on the disk before it counts",
        "responder.adapters.ledger.schema:_connect",
        "synchronous = FULL",
        "synchronous = OFF",
        (f"{LEDGER}/test_ledger_files.py::test_every_commit_is_on_the_disk",),
    ),
)

SENDING = (
    Guard(
        "sending: the mark is made before the final dot",
        "responder.adapters.smtp.connection:Connection.content",
        "await mark(True)",
        "await asyncio.sleep(0)",
        (f"{WIRE}/test_submission.py::test_the_mark_comes_before_the_final_dot",),
    ),
    Guard(
        "sending: the mark is taken back before the fallback",
        "responder.adapters.smtp.submitter:Submitter.send",
        "await mark(False)",
        "await asyncio.sleep(0)",
        (f"{WIRE}/test_submission.py::test_the_mark_is_taken_back_before_the_fallback",),
    ),
    Guard(
        "sending: what a dead process had marked is in doubt",
        "responder.adapters.ledger.claims:Sending.recover",
        "if row.may_arrive else Deferred",
        "if False else Deferred",
        (f"{LEDGER}/test_ledger.py",),
    ),
    Guard(
        "sending: the envelope sender is empty",
        "responder.adapters.smtp.submitter:Submitter._hand_over",
        'sender = b"" if self._null_path_refused is None else ',
        "sender = ",
        (f"{WIRE}/test_submission.py::test_accepted_transaction",),
    ),
    Guard(
        "sending: a line that begins with a dot ends no message",
        "responder.adapters.smtp.connection:dot_stuffed",
        're.sub(rb"(?m)^\\.", b"..", lines)',
        "lines",
        ("tests/unit/adapters/test_submission.py::test_dot_stuffing",),
    ),
    Guard(
        "sending: a password goes nowhere when STARTTLS was stripped",
        "responder.adapters.smtp.connection:Connection._secure",
        'raise AccountFaultError(Deferred("STARTTLS: not offered", account_wide=True, cure=CURE_TLS))',
        "return",
        (f"{WIRE}/test_submission.py::test_stripped_starttls",),
    ),
    Guard(
        "sending: only a server with a certificate that holds is spoken to",
        "responder.adapters.smtp.connection:_tls_context",
        "ssl.create_default_context(",
        "ssl._create_unverified_context(",
        (f"{WIRE}/test_submission.py::test_certificate_not_believed",),
    ),
)

MISSED = (
    Guard(
        "missed: what was there before the first start stays unanswered, and nothing else",
        "responder.live.intake:Intake._begin",
        "last = Uid(state.uid_next - 1) if",
        "last = Uid(0) if",
        (f"{LIVE}/test_service.py",),
    ),
    Guard(
        "missed: what arrived while the first connection failed is answered",
        "responder.live.intake:Intake._is_late",
        "if received_at is None or self._first_try is None:",
        "if self:",
        (f"{LIVE}/test_clock.py::test_mail_that_came_while_the_first_login_failed",),
    ),
    Guard(
        "missed: a clock that is behind decides nothing of a first start",
        "responder.live.intake:Intake._begin",
        "late = []",
        "pass",
        (f"{LIVE}/test_clock.py::test_the_first_login_with_mail_from_ahead",),
    ),
    Guard(
        "missed: the cursor moves together with what is due",
        "responder.adapters.ledger.cursors:Reading.record",
        "self._insert(place, cursor, new)",
        "pass",
        (f"{LEDGER}/test_ledger.py",),
    ),
    Guard(
        "missed: a forged date hides nothing that comes after it",
        "responder.live.intake:Intake._latest",
        "min(received_at, now)",
        "received_at",
        (f"{LIVE}/test_intake.py",),
    ),
    Guard(
        "missed: the margin after a UIDVALIDITY change",
        "responder.live.intake:Intake._look_again",
        "latest - UIDVALIDITY_MARGIN",
        "latest",
        (f"{LIVE}/test_intake.py",),
    ),
    Guard(
        "missed: a slice that fails is taken in by parts",
        "responder.live.intake:Intake._take_in_carefully",
        "self._slice = max(len(times) // AFTER_TROUBLE, 1)",
        "pass",
        (f"{LIVE}/test_intake.py",),
    ),
    Guard(
        "missed: the wait between resends grows",
        "responder.live.answer:Answerer._wait_after",
        "RESEND.delay(self._attempts[key], ",
        "RESEND.delay(1, ",
        (f"{LIVE}/test_service.py::test_the_wait_between_resends_grows",),
    ),
    Guard(
        "missed: housekeeping that was late runs once",
        "responder.daemon.housekeeping:JOB_DEFAULTS",
        '"coalesce": True, "misfire_grace_time": None',
        '"coalesce": False, "misfire_grace_time": 1',
        (f"{DAEMON}/test_housekeeping.py",),
    ),
    Guard(
        "missed: a clock that was set back holds no rate for ever",
        "responder.adapters.ledger.limits:Gate._newest",
        " AND claimed_at <= :end",
        " AND :end",
        (f"{LEDGER}/test_ledger_rates.py::test_the_far_end_of_the_window",),
    ),
    Guard(
        "missed: a bad file never stops it",
        "responder.daemon.reload:Reloader._reload",
        "except ConfigError as error:\n            self.refused = error.problems",
        "except ConfigError as error:\n            raise",
        (f"{DAEMON}/test_reload.py",),
    ),
)

PRIVACY = (
    Guard(
        "privacy: the ledger keeps hashes",
        "responder.adapters.ledger.hashes:Names._text",
        "return self._hash(kind, *(",
        "return b''.join((",
        (f"{LEDGER}/test_ledger_files.py::test_no_file_holds_a_name",),
    ),
    Guard(
        "privacy: no address reaches the journal",
        "responder.daemon.logs:JournalFormatter.format",
        "_sentence(record, redact)",
        "_sentence(record)",
        (f"{DAEMON}/test_logs.py",),
    ),
    Guard(
        "privacy: no address reaches JSON",
        "responder.daemon.logs:_redacted",
        "redact(str(value))",
        "str(value)",
        (f"{DAEMON}/test_logs.py",),
    ),
    Guard(
        "privacy: a server that repeats the password is not quoted",
        "responder.adapters.smtp.connection:Connection._authenticate",
        "secrets=(credentials.password, initial.decode())",
        "secrets=()",
        (f"{WIRE}/test_submission.py::test_echoed_password",),
    ),
    Guard(
        "privacy: all that may be an address is redacted",
        "responder.core.text:redact",
        '_AFTER.sub("@", _SPACED.sub("_", text))',
        "text",
        (f"{DAEMON}/test_logs.py", f"{CORE}/test_text.py"),
    ),
    Guard(
        "log: what to do about it reaches the line",
        "responder.adapters.events:Fields",
        "    fix: str | None\n",
        "",
        (f"{DAEMON}/test_logs.py",),
    ),
)

STORM = (
    Guard(
        "storm: the breaker does not flicker",
        "responder.core.limits.rates:Rates.limits_for",
        "self.breaker // 2",
        "self.breaker - 1",
        (f"{CORE}/limits/test_rates.py",),
    ),
    Guard(
        "storm: few replies are in flight",
        "responder.live.answer:Answerer.start",
        "if len(messages) > room:",
        "if room < 0:",
        (f"{LIVE}/test_service.py::test_more_than_fit_in_flight",),
    ),
)

SUBMISSION = "tests/unit/adapters/test_submission.py"

REFUSALS = (
    Guard(
        "refusals: one of them frees the slot",
        "responder.adapters.ledger.claims:_next",
        "State.UNKNOWN if row.uncertain else State.FAILED",
        "State.UNKNOWN",
        (f"{LIVE}/test_service.py::test_rejected_frees_the_slot",),
    ),
    Guard(
        "refusals: one that blames no recipient is tried once more",
        "responder.adapters.ledger.claims:_next",
        "if not row.refused",
        "if False",
        (f"{LIVE}/test_service.py::test_a_refusal_that_blames_nobody_is_tried_once_more",),
    ),
    Guard(
        "refusals: three alike are the account's",
        "responder.adapters.smtp.breaker:Refusals.is_the_accounts",
        "or len({refusal.owner",
        "and len({refusal.owner",
        (f"{SUBMISSION}::test_unrelated_recipients_refused_alike_are_the_accounts_trouble",),
    ),
    Guard(
        "refusals: an accepted reply between them ends the suspicion",
        "responder.adapters.smtp.breaker:Refusals.accepted",
        "self._recent.clear()",
        "pass",
        (f"{SUBMISSION}::test_an_accepted_reply_between_them_begins_the_count_again",),
    ),
    Guard(
        "refusals: what the account's trouble ended is due again",
        "responder.live.answer:Answerer._learn",
        "await self._revive(self._wait_after(key, outcome))",
        "pass",
        (f"{LIVE}/test_service.py::test_refused_replies_are_due_again_when_the_account_was_at_fault",),
    ),
    Guard(
        "refusals: strangers cannot stop the account for ever",
        "responder.adapters.smtp.breaker:Refusals.is_the_accounts",
        "return False",
        "pass",
        (f"{SUBMISSION}::test_recipients_belied_again_and_again_are_no_witnesses",),
    ),
    Guard(
        "sending: a stop does not wait for a full disk",
        "responder.live.answer:Answerer._settle",
        "if self._stopping.is_set():",
        "if False:",
        (f"{LIVE}/test_service.py::test_a_stop_ends_though_the_outcome_cannot_be_written",),
    ),
    Guard(
        "sending: the next address when the first is dead",
        "responder.adapters.smtp.connection:_dial",
        "min(share, ADDRESS_PATIENCE)",
        "deadline",
        (f"{WIRE}/test_submission.py::test_dead_address_before_a_live_one",),
    ),
    Guard(
        "sending: a reload tries a refused login again",
        "responder.daemon.supervise:Supervisor._change",
        "running.sender.reset()",
        "pass",
        (f"{WIRE}/test_daemon.py::test_a_reload_tries_refused_logins_again",),
    ),
)

GUARDS = (*HELP, *MAILBOX, *PEOPLE, *ONCE, *SENDING, *REFUSALS, *MISSED, *PRIVACY, *STORM)
