"""Rules about who wrote and to whom: the addresses of a message, ours, and the robots in front of people."""

from __future__ import annotations

import re

from responder.core.decision import Proof
from responder.core.limits.freemail import FREEMAIL
from responder.core.mail.addresses import read_addresses
from responder.core.mail.headers import decoded
from responder.core.message import Address, Defect
from responder.core.rules import people, subjects
from responder.core.rules.case import is_torn, is_within, listed_form, only_reply_to, written_to
from responder.core.rules.hosts import FORM_HOSTS, SERVICE_HOSTS
from responder.core.rules.names import (
    is_list_or_person,
    is_of_form,
    is_rewritten,
    is_robot,
    is_role,
    looks_like_no_reply,
    perhaps_no_reply,
)
from responder.core.rules.values import Case, Finding, MailboxRules

MAX_RECIPIENTS = 10
"""A family and a care team fit; beyond that nobody waits for the answer of one of them."""

_SEALED = frozenset({"application/x-microsoft-rpmsg-message"})
_SEALED_NAMES = frozenset(
    {"message.rpmsg", "message_v2.rpmsg", "message_v3.rpmsg", "message_v4.rpmsg", "securemessageatt.html"}
)
"""What Microsoft's and Proofpoint's encryption put in place of a letter."""

_VIA = re.compile(r"\w[\w.)\"']* (?:via|vía) \w")
"""How services that write in a person's name call themselves in From."""

_SITE_MAILER = re.compile(r"phpmailer|wp ?mail ?smtp|wpforms|drupal|joomla|typo3|symfony|contao|php/", re.IGNORECASE)
"""How the programs that send a website's forms begin X-Mailer."""

SITE_FIELDS = frozenset({"x-wpcf7-content-type", "x-php-originating-script", "x-php-script"})
"""What Contact Form 7, and PHP on many hosts, put on what a website sends."""

_IN_BRACKETS = re.compile(r"<([^<>\s]{1,253})>")


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
    """The same, for what other machines say too: only where the robot is at our own domain, or has a robot's name."""
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
        return Finding("it has no From", maybe_person=bool(message.sender or message.reply_to))
    if Defect.UNREADABLE_ADDRESS in message.defects or not message.from_:
        return Finding("its From is not one address that can be read without guessing", maybe_person=True)
    return Finding("its From names several addresses", maybe_person=True)


def contact_form_unproved(case: Case) -> Finding | None:
    """RULES, web contact forms."""
    message, rules = case.message, case.rules
    form = listed_form(message, rules)
    if form is None or case.is_form:
        return None
    if form.from_ is not None and not message.values("reply-to"):
        # forms may write as ourselves, and so do we: that is own-address, and nothing to look at
        ours = rules.is_ours(message.from_[0])
        return None if ours else Finding("it comes from your contact form, and names nobody to answer")
    if form.from_ is not None and only_reply_to(message) is None:
        return Finding("it says that it is your contact form, but its Reply-To is not one address", maybe_person=True)
    why = "it says that it is your contact form, but your mail server has not proved it"
    cure = None
    if rules.authserv_id is None and form.host is None:
        cure = 'authserv_id = "…", as your mail server writes it, or the form\'s host = "…"'
    return Finding(why, maybe_person=True, cure=cure)


def null_return_path(case: Case) -> Finding | None:
    """RULES 1. Absent is no reason: many servers do not keep it; and some forwarders empty it."""
    if not case.message.return_path.is_null:
        return None
    middleman = people.is_forwarded(case.message) or people.has_program(case.message)
    why = "its return path names nobody, as those of bounces and automatic messages do"
    found = people.weigh(case, why, frozenset(), is_middleman=middleman)
    return found if found is None or found.maybe_person else perhaps_form_of_ours(case, why)


def own_address(case: Case) -> Finding | None:
    """RULES 2. A trusted Reply-To does not make our own From another's; a stranger's letter may come through us."""
    rules = case.rules
    senders = (case.target,) if case.is_form else (*case.message.from_, case.target)
    if any(one is not None and rules.is_ours(one) for one in senders):
        why = "it comes from an address of your own"
        if people.is_forwarded(case.message) and not any(map(rules.is_exactly_ours, case.message.from_)):
            return Finding(f"{why}, with a tag that an alias service may have made", maybe_person=True)
        return through_own_group(case) or perhaps_form(case, why)
    path = case.message.return_path.address
    in_path = path is not None and rules.is_exactly_ours(path)
    if case.is_form or is_through_listed_group(case) or not (in_path or any(map(rules.is_ours, case.message.sender))):
        return None
    if people.is_vouched_for(case) or people.is_forwarded(case.message):
        return None
    why = "a stranger wrote it, and it was sent through an address of your own: by a form of your site, or forged"
    return Finding(why, maybe_person=True, cure=f'[[contact_form]] with return_path = "{path}"' if in_path else None)


def _own_group(case: Case) -> str | None:
    """The address of the group of our own domain that it came through: Google Groups as a shared mailbox is one.

    None where it came through another list as well.
    """
    names = [name for value in case.message.values("list-id") for name in _IN_BRACKETS.findall(value.lower())]
    if not names or not all(is_within(name, case.rules.own_domains) for name in names):
        return None
    domain = next(domain for domain in case.rules.own_domains if is_within(names[0], frozenset({domain})))
    return f"{names[0].removesuffix(domain).rstrip('.')}@{domain}"


def is_through_listed_group(case: Case) -> bool:
    """Whether it came through a group of our own domain that stands in the file: that is how people reach us."""
    return _own_group(case) in case.rules.own


def through_own_group(case: Case) -> Finding | None:
    """A group of our own domain that is not in the file."""
    group = _own_group(case)
    if group is None:
        return None
    why = "it came through a group of your own domain, which looks like any mailing list"
    return Finding(why, maybe_person=True, cure=f'add "{group}" to aliases' if group not in case.rules.own else None)


def _authors(case: Case) -> list[Address]:
    """Of those who may have written the ones that From names, or a robot's Reply-To: Sender may be a program's."""
    return [one for one in case.writers if one in case.message.from_ or one == case.target]


def robot_sender(case: Case) -> Finding | None:
    """RULES 18 and 33. In From a robot's name says who wrote; Sender and Return-Path may be a program's on the way."""
    why = "its sender's address is that of a mail server or a mailing list"
    if any(map(is_robot, _authors(case))):
        return Finding(why)
    if is_through_listed_group(case):
        return None
    if any(is_robot(address) for address in case.writers):
        return Finding(why, maybe_person=True)
    path = case.message.return_path.address
    if path is None or case.is_form or not is_robot(path) or is_rewritten(path):
        return None
    why = "its return path is that of a mail server or a mailing list"
    return Finding(why, maybe_person=not people.has_sign_of_machine(case, frozenset()))


def list_sender(case: Case) -> Finding | None:
    """RULES 18, where a person may bear such a name."""
    path = case.message.return_path.address
    senders = case.writers if path is None or case.is_form or is_rewritten(path) else (*case.writers, path)
    if any(map(is_list_or_person, senders)):
        return Finding("its sender's address is like those of mailing lists")
    return None


def hosted_form(case: Case) -> Finding | None:
    """A form of a site builder, a form service or a website: nobody reads what From names; Reply-To is the person."""
    if case.proof is Proof.FORM or not (_is_from(case, FORM_HOSTS) or _is_from_website(case)):
        return None
    found = perhaps_form(case, "it comes from a web form, and the person who wrote is in its Reply-To")
    return found if found.maybe_person else None


def _is_from_website(case: Case) -> bool:
    """Whether a website's program sent it: it says so, is named so, or writes from our domain as no person does."""
    message = case.message
    if any(map(_SITE_MAILER.match, message.values("x-mailer"))):
        return True
    if people.looks_written(message) or any(map(is_role, message.from_)):
        return False  # webmail on the site's own host bears PHP's marks, too; and wordpress@ is for role-sender
    if not SITE_FIELDS.isdisjoint(message.by_name) or subjects.is_of_form(message.subject):
        return True
    ours = case.rules.own_domains - FREEMAIL
    return any(is_of_form(one) or one.domain in ours for one in message.from_)


def service_sender(case: Case) -> Finding | None:
    """Programs that write for others. There may be a person behind, but hardly one who waits for us."""
    if case.proof is Proof.FORM:
        return None
    if _is_from(case, SERVICE_HOSTS):
        return Finding("it comes from a service that sends tickets, documents or notices for others")
    if _writes_in_the_name_of_another(case):
        return Finding("it comes from a service that writes in the name of the person in its Reply-To")
    parts = case.structure.walk() if case.structure is not None else ()
    if any(part.kind in _SEALED or part.parameters.get("name") in _SEALED_NAMES for part in parts):
        return Finding("it is a notice of an encrypted message, which is read elsewhere")
    return None


def _writes_in_the_name_of_another(case: Case) -> bool:
    """``Nora Vale via DocuSign``, with Nora in Reply-To: what From names is the service's own address."""
    person = only_reply_to(case.message)
    if person is None or any(is_within(person.domain, frozenset({one.domain})) for one in case.message.from_):
        return False
    return any(_VIA.search(decoded(value[:300]).partition("<")[0]) for value in case.message.values("from"))


def _is_from(case: Case, hosts: frozenset[str]) -> bool:
    path = case.message.return_path.address
    domains = {address.domain for address in case.message.from_} | ({path.domain} if path is not None else set())
    return any(is_within(domain, hosts) for domain in domains)


def no_reply_sender(case: Case) -> Finding | None:
    """RULES 19."""
    if any(map(looks_like_no_reply, _authors(case))):
        return perhaps_form(case, "its sender's address asks for no replies")
    return None


def no_reply_elsewhere(case: Case) -> Finding | None:
    """RULES 19, 20, 32 and 33: the name stands where a person's program, or one on the way, may have put it."""
    if case.is_form:
        return None
    message, path = case.message, case.message.return_path.address
    replies = () if case.proof is Proof.FORM else message.reply_to
    if any(map(perhaps_no_reply, (*replies, *case.writers))):
        return perhaps_form(case, "an address of its sender's asks for no replies")
    relayed = "feedback-id" in message.by_name and people.is_feedback_of_people(message)
    if path is not None and not relayed and not is_rewritten(path) and (perhaps_no_reply(path) or is_role(path)):
        return Finding("its return path is an address that machines use, or that asks for no replies")
    return Finding("its Reply-To is an address that machines mostly use") if any(map(is_role, replies)) else None


def errors_to(case: Case) -> Finding | None:
    """An old field for where bounces go: programs that send for many write it, and some webmail, with the sender."""
    own = {address.domain for address in (*case.message.from_, *case.message.sender)}
    named = [address for value in case.message.values("errors-to") for address in read_addresses(value[:300]).found]
    same = {address.identity for address in case.message.from_}
    strange = [address for address in named if address.identity not in same]
    if case.is_form or not strange or all(address.domain in own and not is_robot(address) for address in strange):
        return None
    return Finding("its bounces go to a program, as those of mail to many do")


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
    """RULES 21. Hard only where nothing points to a person, or to the forwarder of an old address."""
    message = case.message
    if case.is_form or written_to(message, case.rules) is not None:
        return None
    if is_torn(message, case.rules):
        return Finding("your address stands among its recipients with a blank in it", maybe_person=True)
    forgotten = next((one for one in message.recipients if _perhaps_alias(one, case.rules)), None)
    if forgotten is not None:
        why = "it went to an address at your domain that is not in your file"
        return Finding(why, maybe_person=True, cure=f'add "{forgotten}" to aliases')
    why = "none of your addresses is among its recipients"
    to_many = len(message.recipients) > MAX_RECIPIENTS and not people.looks_written(message)
    elsewhere = to_many or any(map(case.rules.is_ours, message.recipients))
    if elsewhere or people.has_sign_of_machine(case, frozenset()):
        return Finding(why)
    named = (value for name in ("to", "cc") for value in message.values(name))
    somebody = bool(message.recipients) or any("@" in value for value in named)
    if not (somebody or people.is_forwarded(message) or people.looks_written(message)):
        return Finding(why)
    only = message.recipients[0] if len(message.recipients) == 1 else None
    cure = f'if it is yours, add "{only}" to aliases' if only is not None else None
    return Finding(why, maybe_person=True, cure=cure)


def _perhaps_alias(address: Address, rules: MailboxRules) -> bool:
    return (
        address.domain in rules.own_domains and address.domain not in FREEMAIL and address.identity not in rules.served
    )


def many_recipients(case: Case) -> Finding | None:
    """RULES 22."""
    if len(case.message.recipients) <= MAX_RECIPIENTS:
        return None
    count = len({address.identity for address in case.message.recipients})
    return Finding(f"it went to {count} people at once") if count > MAX_RECIPIENTS else None
