"""A practice's own template: what it may do, and that no fault of it keeps the ways to help from the reader."""

from __future__ import annotations

import re
from dataclasses import replace

import jinja2
import pytest

from responder.core.hours.period import ClosedPeriod
from responder.core.reply import VARIABLES, Composer, TemplateError, check_help
from responder.core.reply.template import MAX_TEMPLATE
from tests.unit.core.reply.composing import (
    MESSAGE_ID,
    NOW,
    REPLY,
    STYLES,
    body,
    composed,
    inbound,
    parsed,
    settings,
    variants,
)

WHOLE = """\
Hello from {{ practice_name or "us" }}. {# a note to ourselves #}
{% if opens %}We are back {{ opens }}.{% else %}We are away.{% endif %}


{{ help }}

{{ repeat }}
"""


@pytest.mark.parametrize(("variant", "said"), [
    ("night", "We are back today at 23:00 (UK time)."),
    ("weekend", "We are back on Tuesday 24 November at 09:00 (UK time)."),
    ("unsaid", "We are away."),
    ("open-ended", "We are away."),
])  # fmt: skip
def test_an_own_template_says_its_own_words_around_the_help(variant: str, said: str) -> None:
    """Every variable is filled; the kind says that the practice's text went out."""
    reply = composed(settings(template=WHOLE), period=variants("GB")[variant])
    assert reply.kind == "ordinary"
    assert body(reply) == reply.text
    assert reply.text.startswith(f"Hello from Harbour Counselling.\n{said}\n\nIf you or someone else is in danger now")
    assert "\n999\n" in reply.text
    assert reply.text.rstrip().endswith(("only once before we open.", "at most once in three days."))


def test_a_discreet_template_gets_discreet_words() -> None:
    """No name, no services; the address stands alone in From."""
    reply = composed(settings(style="discreet", template=WHOLE))
    assert reply.kind == "discreet"
    assert reply.text.startswith("Hello from us.")
    assert "Samaritans" not in reply.text
    assert parsed(reply)["From"] == "hello@harbour.example"


def test_a_discreet_template_may_not_name_the_practice() -> None:
    """Neither in another case; a longer word that holds the name is another word."""
    composer = Composer(settings(style="discreet", template="Yours, HARBOUR counselling\n{{ help }}"))
    assert "names the practice although the style is discreet; take the name out" in composer.refused[0].reason
    named = settings(style="discreet", practice_name="Now", template="Nobody knows.\n{{ help }}")
    assert "names the practice" in Composer(named).refused[0].reason  # the help block itself says "in danger now"
    assert composed(named).text == composed(settings(style="discreet")).text
    assert Composer(replace(named, practice_name="Know")).refused == ()


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("Away.", "does not show the ways to help; put {{ help }} on a line of its own, outside any {% if %}"),
        ("", "does not show the ways to help"),
        ("{% if opens %}{{ help }}{% endif %}", "does not show the ways to help"),
        ("{% if not opens %}{{ help }}{% endif %}", "does not show the ways to help"),
        ("{# {{ help }} #}", "does not show the ways to help"),
        ("We open {{ opens }}.\n{{ help }}", r"prints {{ opens }} although no opening is ahead; write {% if opens %}"),
        ("{{ help }}\n{{ '{{' }}", r"it holds template marks .*; take it out or put {{ help }} back"),
        ("{{ help }}\n{{ subject }}", 'uses the unknown variable "subject"; only these variables and {% if %}'),
        ("{{ help }}\n{{ message.sender }}", 'uses "getattr" in line 2; only these'),
        ("{{ help }}\n{{ help['x'] }}", 'uses "getitem" in line 2'),
        ("{{ help | upper }}", 'uses "filter" in line 1'),
        ("{{ help }}{% for i in range(10**9) %}x{% endfor %}", 'uses "for" in line 1'),
        ("{{ help }}\n{{ 9 ** 9 ** 9 ** 9 }}", 'uses "pow" in line 2'),
        ("{{ help }}\n{{ 'a' * 10 ** 9 }}", 'uses "mul" in line 2'),
        ("{{ help }}\n{{ ''.__class__.__mro__ }}", 'uses "getattr"'),
        ("{{ help }}\n{{ cycler() }}", 'uses "call"'),
        ("{% set x = 1 %}{{ help }}", 'uses "assign"'),
        ("{% include '/etc/passwd' %}{{ help }}", 'uses "include"'),
        ("{% macro x() %}{% endmacro %}{{ help }}", 'uses "macro"'),
        ("{{ help }}\n{% if opens %}", "wrongly written in line 2: Unexpected end of template"),
        ("{{ help }}\n{{ opens", "wrongly written in line 2"),
        ("{{ help }}\n{% frobnicate %}", "wrongly written in line 2"),
        ("{{ help }}\n\x07", "holds a control character; take it out"),
        ("x" * (MAX_TEMPLATE + 1), "is longer than 16384 characters; shorten it"),
        ("{{ help }}\n" * 100, "renders to more than 16384 characters; shorten it"),
        ("{{ help }}{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "wrongly written"),
        ("{% if 1 %}" * 500 + "{{ help }}" + "{% endif %}" * 500, "wrongly written"),
    ],
)
def test_a_template_that_could_fail_is_refused_and_the_built_in_text_goes_out(template: str, reason: str) -> None:
    """With the reason and the cure in one sentence; nothing in it can run for long or reach anything."""
    composer = Composer(settings(template=template))
    assert [(each.language, each.key, each.closure) for each in composer.refused] == [("en", "template", "")]
    assert re.search(f"(?s)^the reply template.*({reason})", composer.refused[0].reason)
    assert composed(settings(template=template)).content == composed(settings()).content


def test_a_template_may_put_its_if_inline() -> None:
    """Where there is nothing to say, nothing is said."""
    template = "Away.{{ ' Back soon.' if opens }}\n{{ help }}"
    assert composed(settings(template=template)).text.startswith("Away. Back soon.\n")
    assert composed(settings(template=template), period=variants("GB")["unsaid"]).text.startswith("Away.\n")


def test_the_documented_variables_are_all_there_is() -> None:
    """The text that explains them and the code agree."""
    template = "{{ help }}" + "".join(f"{{% if {name} %}}{{% endif %}}" for name in VARIABLES)
    assert composed(settings(template=template)).kind == "ordinary"
    assert VARIABLES == ("practice_name", "closed", "opens", "help", "repeat")


class BreaksInTurn:
    """A template that fails at the moment of sending, in the way it is told."""

    def __init__(self, text: str | Exception) -> None:
        self.text = text

    def render(self, variables: dict[str, str | None]) -> str:
        """As Jinja2 does."""
        if isinstance(self.text, Exception):
            raise self.text
        return self.text.replace("HELP", variables["help"] or "")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("period", variants("GB").values(), ids=variants("GB"))
@pytest.mark.parametrize(
    "broken",
    [
        "", "Away.", "999\n116 123\n", "HELP\n{{ opens }}", "HELP\n{% if %}", "HELP" * 200, "HELP\x00", "HELP\ud800",
        TemplateError("no"), jinja2.UndefinedError("no"),
    ],
    ids=["empty", "no help", "numbers", "variable", "statement", "too long", "NUL", "surrogate", "ours", "Jinja2's"],
)  # fmt: skip
def test_whatever_breaks_in_a_template_the_built_in_text_of_the_same_kind_goes_out(
    monkeypatch: pytest.MonkeyPatch, broken: str | Exception, period: ClosedPeriod, style: str
) -> None:
    """Never silence, and a discreet mailbox stays discreet."""
    composer = Composer(settings(style=style, template=WHOLE))
    monkeypatch.setitem(getattr(composer._writers[0], "_templates"), ("", "en"), BreaksInTurn(broken))  # noqa: B009
    reply = composer.compose(REPLY, inbound(), period, now=NOW, message_id=MESSAGE_ID)
    built_in = composed(settings(style=style), period=period)
    assert (reply.kind, reply.content, reply.text) == (f"{style}-builtin", built_in.content, built_in.text)
    assert check_help(reply.content, composer.help_at(NOW)) is None
    assert composer.text(period, NOW) == built_in.text


def test_the_last_look_is_at_the_finished_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that was whole and was damaged on its way into the message is replaced as well."""
    seen: list[bytes] = []

    def refuses_the_first(content: bytes, _: object) -> str | None:
        seen.append(content)
        return "damaged" if len(seen) == 1 else None

    composer = Composer(settings(template=WHOLE))
    monkeypatch.setattr("responder.core.reply.composer.check_help", refuses_the_first)
    reply = composer.compose(REPLY, inbound(), variants("GB")["night"], now=NOW, message_id=MESSAGE_ID)
    assert reply.kind == "ordinary-builtin"
    assert seen == [seen[0], reply.content]
    assert seen[0] != seen[1]


def test_a_practice_name_is_a_value_and_never_a_template() -> None:
    """What is filled in is not read for marks again."""
    assert "Dr ${HOME} %(x)s {x}" in composed(settings(practice_name="Dr ${HOME} %(x)s {x}", template=WHOLE)).text
