"""The table of rules: what each sees, whether it refuses, why, and what to write instead."""

from __future__ import annotations

from typing import Final

from responder.core.lint.values import Rule

_REFUSED: Final = True
_WARNED: Final = False
_WHO: Final = "WHO, Preventing suicide: a resource for media professionals (2023)"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "no-help", _REFUSED, "`{{ help }}` missing, inside an `{% if %}`, or printed through something else",
        "Every reply has to show whom to call, whatever else it says.",
        "Put {{ help }} on a line of its own, outside any {% if %}.",
        "the first promise of this program", "{% if opens %}{{ help }}{% endif %}",
    ),
    Rule(
        "promises-monitoring", _REFUSED, "“this inbox is monitored”, “we read this tonight”, “received and read”",
        "Nobody reads while you are closed, and whoever believes otherwise waits instead of calling.",
        "Say that nobody is reading now, and when you open again.",
        "advice to therapists on implied availability", "This inbox is checked regularly.",
    ),
    Rule(
        "promises-answer", _REFUSED, "a time in which an answer comes: “within 24 hours”, “as soon as possible”",
        "A promised answer that does not come is a second silence, and you cannot keep it for every message.",
        "Say when you open again ({{ opens }}), and nothing about when you answer.",
        "advice to therapists on implied availability", "We will get back to you within 24 hours.",
    ),
    Rule(
        "speaks-of-reply", _WARNED, "an answer without a time, or at the opening: “we will reply when we are open”",
        "Whoever reads it expects an answer then, and you may not get to it.",
        "“We open again {{ opens }}” says the same and promises nothing.",
        "advice to therapists on implied availability", "We will reply when we are open.",
    ),
    Rule(
        "promises-confidentiality", _REFUSED, "“confidential”, “private and secure”, “nobody else will see it”",
        "E-mail is not private: providers, and whoever shares a device or an account, can read it.",
        "Leave it out, or say that e-mail is not confidential.",
        "APA and practice guidance on e-mail", "Your message is confidential.",
    ),
    Rule(
        "confirms-client", _REFUSED, "“your appointment”, “your therapist”, “our patients like you”",
        "Anyone may have written, and anyone may read the answer: it must not say who comes to you.",
        "Write it for a stranger: “appointments”, “people who come to us”.",
        "confidentiality of the client relationship", "We look forward to your session.",
    ),
    Rule(
        "asks-for-details", _WARNED, "“tell us about your symptoms”, “describe what happened”",
        "Answers lie in two mailboxes for years, where others may read them.",
        "Ask for no more than a way to reach them.",
        "practice guidance on e-mail", "Please describe your symptoms.",
    ),
    Rule(
        "harmful-words", _REFUSED, "“commit suicide”, methods, guilt, “you are safe”, a diagnosis, “leave him”",
        "Such words can hurt someone in danger, or guess what nobody here knows.",
        "Leave it out: the ways to help below say what is needed.",
        f"{_WHO}; NNEDV on e-mail with survivors", "Think of your family.",
    ),
    Rule(
        "tells-absence", _WARNED, "where you are (“on holiday in Spain”), or who covers for you (“contact Dr. Roe”)",
        "It tells strangers that your home is empty, and names somebody who may not have agreed.",
        "Say when you open again, and nothing about where you are; name a colleague only if they agreed.",
        "police advice on burglary and stalking", "I am on holiday in Spain until Monday.",
    ),
    Rule(
        "sender-words", _REFUSED, "other programs' placeholders: `{{ ticket.title }}`, `%subject%`, `[Name]`",
        "A reply repeats nothing that was written to you, and what is not filled in is sent as it stands.",
        "Take it out; the variables that there are stand in docs/words.",
        "Zendesk, Freshdesk, osTicket, Zammad, Help Scout, Salesforce, RFC 5229, cPanel, vacation(1), Mailchimp",
        "Re: %subject%",
    ),
    Rule(
        "remote-content", _REFUSED, "HTML, images, scripts, `url(...)`, `data:`",
        "A reply is text: what is fetched from elsewhere tells others that it was read.",
        "Take it out and write the words alone.",
        "NNEDV on e-mail with survivors", "<img src=\"https://harbour.example/logo.png\">",
    ),
    Rule(
        "tracker", _REFUSED, "addresses that count who opens them: `utm_…`, `fbclid`, mailing services, unsubscribing",
        "It logs a visitor who may be watched or afraid.",
        "Write the plain address, without anything after the question mark.",
        "NNEDV on e-mail with survivors", "https://harbour.example/?utm_source=mail",
    ),
    Rule(
        "link-shortener", _REFUSED, "bit.ly, tinyurl.com and others",
        "It hides where it leads, counts who follows it, and may lead elsewhere tomorrow.",
        "Write the whole address.",
        "NNEDV on e-mail with survivors", "https://bit.ly/3abcd",
    ),
    Rule(
        "topic-in-link", _WARNED, "an address that names the topic: suicide, abuse, addiction, ...",
        "It stays in the history of the device, and is read on the screen by whoever looks on.",
        "Name the front page of the site.",
        "NNEDV on e-mail with survivors", "https://harbour.example/domestic-abuse",
    ),
    Rule(
        "other-number", _WARNED, "a number in your own words, outside `{{ help }}`",
        "Nobody checks a number that stands in a sentence, and a wrong one can cost a life.",
        "Crisis lines belong into [[crisis.line]], where they are checked; your own number may stay.",
        "the directory of crisis lines", "Call us on 01632 960000.",
    ),
    Rule(
        "telling-subject", _REFUSED, "in a subject: topics, words of your service, your name, “Re:”",
        "Lock screens and previews show the subject to whoever looks on.",
        "Leave the subject out and the usual one is used, or write one that says nothing (“Automatic reply”).",
        "safe-messaging practice; NNEDV", "Your message to the crisis team",
    ),
    Rule(
        "telling-name", _WARNED, "in the sender's name: suicide, crisis, abuse, addiction, HIV, ...",
        "The name stands beside every message, on lock screens as well.",
        "Use a name that says less, or the discreet style, which shows none.",
        "safe-messaging practice; NNEDV", "Harbour Suicide Prevention",
    ),
    Rule(
        "discreet-names-service", _REFUSED, "discreet style: words of the service, names of services, your own name",
        "In the discreet style nothing may tell whoever looks on whom this address belongs to.",
        "Leave it out; say “we” and “this address”.",
        "NNEDV on e-mail with survivors", "Harbour Counselling is closed.",
    ),
    Rule(
        "too-long", _WARNED, "more than 250 words",
        "On a phone, in the night, the numbers are below the edge of the screen.",
        "Shorten it to what somebody in distress needs.",
        "plain-language practice", "(a reply of two pages)",
    ),
    Rule(
        "shouting", _WARNED, "a line in capitals",
        "Capitals read as shouting, and screen readers may spell them.",
        "Write it as an ordinary sentence.",
        "plain-language practice", "THIS MAILBOX IS CLOSED TODAY",
    ),
)  # fmt: skip
"""In the order in which the documentation has them."""

BY_ID: Final = {rule.id: rule for rule in RULES}

NO_HELP: Final = {
    "missing": (BY_ID["no-help"].reason, "Put {{ help }} on a line of its own."),
    "conditional": (
        "{{ help }} stands only inside an {% if %}, and there are replies in which that does not hold.",
        "Put {{ help }} outside any {% if %}.",
    ),
    "dressed": (
        "{{ help }} is printed through something else, which may change or drop it.",
        "Write {{ help }} and nothing else between the braces.",
    ),
    "unreadable": (
        "Jinja2 cannot read the template, so nobody can tell whether it shows the ways to help.",
        "Correct what the message about the template says.",
    ),
}
"""Reason and cure by why it is missing."""
