"""Rules about who wrote and to whom: the addresses of a message, ours, and the robots in front of people."""

from __future__ import annotations

import re

from responder.core.decision import Proof
from responder.core.limits.freemail import FREEMAIL
from responder.core.message import Address, Defect
from responder.core.rules.case import is_within, listed_form, only_reply_to
from responder.core.rules.hosts import FORM_HOSTS, SERVICE_HOSTS
from responder.core.rules.values import Case, Finding, MailboxRules

MAX_RECIPIENTS = 10
"""A family and a care team fit; beyond that nobody waits for the answer of one of them."""

_ROBOT = re.compile(
    r"(?:mailer|mail)[-_.]?daemon(?:\+.*)?|microsoftexchange[0-9a-f]{32}|listserv|majordomo|mdaemon|sympa|mailman"
    r"|auto[-_.]?(?:reply|responder)|bounces?(?:[-+].*)?|owner-.*|.*-(?:bounces|errors|confirm)|.*[-+](?:un)?subscribe"
)
_LIST_OR_PERSON = re.compile(r".*-(?:owner|request|join|leave)|.*[-+]confirm[-+][a-f]*[0-9][0-9a-f.]*")
"""A list's addresses (RFC 2142 §6, Mailman) and a challenge's (TMDA); but there are café owners, and sick-leave@."""
_REWRITTEN = re.compile(r"srs[01][=+-]|prvs=|btv1==|.*[=+]")
"""Return paths that a forwarder or the sender's own server made up (SRS, BATV, VERP): they say nothing of who wrote."""

_NO_REPLY = re.compile(
    r"noreply|noresponse|donotreply|donotrespond|dontreply|neverreply|unattended|unmonitored"
    r"|(?:bitte)?(?:nicht|keine)antwort|nepasrepondre|noresponder|nocontestar|n[aã]oresponda|nonrispond|nietbeantwoord"
    r"|svarej|svarinte|svarikke|ikkesvar|eivastau|nieodpowiad|neodpov|nevalaszol|nuraspund"
)
_SEPARATORS = str.maketrans("", "", "._-")
_ENDS_IN_NO_REPLY = re.compile(r".*[-_.+](?:no|do[-_.]?not)[-_.]?reply")

ROLES = frozenset(
    {
        "abuse", "alert", "alerts", "apache", "appleid", "asterisk", "autoconfirm", "automailer", "bot", "calendar",
        "copier", "cron", "daemon", "dmarcreport", "efax", "fax", "hostmaster", "mailer", "newsletter", "newsletters",
        "nobody", "notice", "notification", "notifications", "notifier", "notify", "postmaster", "printer", "reminder",
        "reminders", "robot", "root", "scan", "scanner", "security", "system", "updates", "vacation", "voicemail",
        "webmaster", "wordpress", "wwwdata",
    }
)  # fmt: skip
"""RFC 5230 §4.6 warns that postmaster may be a person; so may the others be, in a small organisation."""

_ENDS_IN_ROLE = re.compile(r"[-_.](?:alerts?|newsletters?|notifications?|notify|reminders?|updates|voicemail)\Z")


def looks_like_no_reply(address: Address) -> bool:
    """Whether the address itself says that nobody reads what is sent there, in some language."""
    local = address.local.lower()
    if _NO_REPLY.match(local.translate(_SEPARATORS)):
        return True
    return local.endswith("reply") and _ENDS_IN_NO_REPLY.fullmatch(local) is not None


def is_role(address: Address) -> bool:
    """Whether the address is one that machines mostly write from. A tag behind a plus is a person's own choice."""
    local = address.local.lower().partition("+")[0]
    return local.translate(_SEPARATORS) in ROLES or _ENDS_IN_ROLE.search(local) is not None


def perhaps_form(case: Case, why: str) -> Finding:
    """A robot whose Reply-To names a stranger: it may be a form that nobody listed yet."""
    robots = case.message.from_
    person = only_reply_to(case.message) if len(robots) == 1 else None
    if person is None or case.rules.is_ours(person) or looks_like_no_reply(person) or is_role(person):
        return Finding(why)
    if is_within(person.domain, frozenset({robots[0].domain})):
        return Finding(why)
    return Finding(why, maybe_person=True, cure=f'[[contact_form]] with from = "{robots[0]}"')


def perhaps_form_of_ours(case: Case, why: str) -> Finding:
    """Likewise for what other machines say too: only where the robot is at our own domain, or has a robot's name."""
    robots = case.message.from_
    likely = any(one.domain in case.rules.own_domains or is_role(one) or looks_like_no_reply(one) for one in robots)
    return perhaps_form(case, why) if likely else Finding(why)


def exchange_substitute(case: Case) -> Finding | None:
    """Exchange hands this out in place of a message that it cannot convert: whose, and what, it does not say."""
    if case.message.from_ or not case.message.subject.lower().startswith("retrieval using the imap4 protocol failed"):
        return None
    why = "Exchange could not show the message, and put a note in its place: read it in Outlook"
    return Finding(why, maybe_person=True)


def no_single_sender(case: Case) -> Finding | None:
    """RULES 31."""
    message = case.message
    if len(message.from_) == 1 and Defect.UNREADABLE_ADDRESS not in message.defects:
        return None
    if not message.values("from"):
        return Finding("it has no From")
    if Defect.UNREADABLE_ADDRESS in message.defects or not message.from_:
        return Finding("its From is not one address that can be read without guessing", maybe_person=True)
    return Finding("its From names several addresses", maybe_person=True)


def contact_form_unproved(case: Case) -> Finding | None:
    """RULES, web contact forms."""
    message, rules = case.message, case.rules
    form = listed_form(message, rules)
    if form is None or case.is_form:
        return None
    if not message.values("reply-to"):
        # forms may write as ourselves, and so do we: that is own-address, and nothing to look at
        ours = rules.is_ours(message.from_[0])
        return None if ours else Finding("it comes from your contact form, and names nobody to answer")
    if only_reply_to(message) is None:
        return Finding("it says that it is your contact form, but its Reply-To is not one address", maybe_person=True)
    why = "it says that it is your contact form, but your mail server has not proved it"
    cure = None
    if rules.authserv_id is None and form.host is None:
        cure = 'authserv_id = "…", as your mail server writes it, or the form\'s host = "…"'
    return Finding(why, maybe_person=True, cure=cure)


def null_return_path(case: Case) -> Finding | None:
    """RULES 1. Absent is no reason: many servers do not keep it."""
    if not case.message.return_path.is_null or case.is_form:
        return None
    return perhaps_form_of_ours(case, "its return path names nobody: it is a bounce or an automatic message")


def own_address(case: Case) -> Finding | None:
    """RULES 2. A trusted Reply-To does not make our own From another's."""
    message, is_ours = case.message, case.rules.is_ours
    trusted = case.proof is Proof.FORM and not case.is_form
    senders = message.from_ + message.sender + case.writers if trusted else case.writers
    path = message.return_path.address
    if any(is_ours(address) for address in senders):
        return through_own_group(case) or perhaps_form(case, "it comes from an address of your own")
    if path is not None and is_ours(path) and not case.is_form:
        return through_own_group(case) or perhaps_form(case, "its return path is an address of your own")
    return None


def through_own_group(case: Case) -> Finding | None:
    """A group of our own domain may be how people reach us: Google Groups as a shared mailbox is one."""
    ids = " ".join(case.message.values("list-id")).lower()
    if not any(is_within(name, case.rules.own_domains) for name in re.findall(r"<([^<>\s]{1,253})>", ids)):
        return None
    why = "it came through a group of your own domain, which looks like any mailing list: watch a real mailbox instead"
    return Finding(why, maybe_person=True)


def robot_sender(case: Case) -> Finding | None:
    """RULES 18 and 33."""
    if any(_ROBOT.fullmatch(address.local.lower()) for address in case.writers):
        return Finding("its sender's address is that of a mail server or a mailing list")
    path = case.message.return_path.address
    if path is None or case.is_form:
        return None
    local = path.local.lower()
    if _ROBOT.fullmatch(local) and not _REWRITTEN.match(local):
        return Finding("its return path is that of a mail server or a mailing list")
    return None


def list_sender(case: Case) -> Finding | None:
    """RULES 18, where a person may bear such a name."""
    path = case.message.return_path.address
    senders = case.writers if path is None or case.is_form or _REWRITTEN.match(path.local) else (*case.writers, path)
    if any(_LIST_OR_PERSON.fullmatch(address.local.lower()) for address in senders):
        return Finding("its sender's address is like those of mailing lists")
    return None


def hosted_form(case: Case) -> Finding | None:
    """A form of a site builder or a form service: From is the service's, or nobody reads it; Reply-To is the person."""
    if case.proof is Proof.FORM or not _is_from(case, FORM_HOSTS):
        return None
    found = perhaps_form(case, "it comes from a service for web forms, and the person who wrote is in its Reply-To")
    return found if found.maybe_person else None


def service_sender(case: Case) -> Finding | None:
    """Programs that write for others. There may be a person behind, but hardly one who waits for us."""
    if case.proof is Proof.FORM or not _is_from(case, SERVICE_HOSTS):
        return None
    return Finding("it comes from a service that sends tickets, documents or notices for others")


def _is_from(case: Case, hosts: frozenset[str]) -> bool:
    path = case.message.return_path.address
    domains = {address.domain for address in case.message.from_} | ({path.domain} if path is not None else set())
    return any(is_within(domain, hosts) for domain in domains)


def no_reply_sender(case: Case) -> Finding | None:
    """RULES 19."""
    if any(looks_like_no_reply(address) for address in case.writers):
        return perhaps_form(case, "its sender's address asks for no replies")
    return None


def role_sender(case: Case) -> Finding | None:
    """RULES 20."""
    if any(is_role(address) for address in case.writers):
        return perhaps_form(case, "its sender's address is one that machines mostly use")
    return None


def unreachable(case: Case) -> Finding | None:
    """RULES, unreachable targets. In old source routes % and ! led on to another host (RFC 5321 §4.1.1.3, app. F.2)."""
    target = case.target
    if target is None:
        return None
    if "." not in target.domain or target.domain.startswith("["):
        return Finding("its sender's address has no domain that mail can be sent to")
    if "%" in target.local or "!" in target.local:
        return Finding("its sender's address is a route over several hosts, as none is today")
    return None


def never_domain(case: Case) -> Finding | None:
    """RULES 40, the domains; single addresses are the ledger's."""
    if case.target is None or not is_within(case.target.domain, case.rules.never_domains):
        return None
    return Finding(f"your file says that {case.target.domain} never gets a reply")


def not_addressed(case: Case) -> Finding | None:
    """RULES 21."""
    if case.is_form or any(case.rules.own_for(address) is not None for address in case.message.recipients):
        return None
    forgotten = next((a for a in case.message.recipients if _perhaps_alias(a, case.rules)), None)
    if forgotten is None:
        return Finding("none of your addresses is among its recipients")
    return Finding(
        "it went to an address at your domain that is not in your file",
        maybe_person=True,
        cure=f'add "{forgotten}" to aliases',
    )


def _perhaps_alias(address: Address, rules: MailboxRules) -> bool:
    if address.domain not in rules.own_domains or address.identity in rules.served:
        return False
    return address.domain not in FREEMAIL or any(_bare(address) == _bare(own) for own in rules.own.values())


def _bare(address: Address) -> str:
    """What big providers deliver by: without dots and without the tag behind a plus."""
    return f"{address.local.partition('+')[0].replace('.', '')}@{address.domain}".lower()


def many_recipients(case: Case) -> Finding | None:
    """RULES 22."""
    if len(case.message.recipients) <= MAX_RECIPIENTS:
        return None
    count = len({address.identity for address in case.message.recipients})
    return Finding(f"it went to {count} people at once") if count > MAX_RECIPIENTS else None
