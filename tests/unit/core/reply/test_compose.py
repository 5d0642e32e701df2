"""The reply as it is read and as it goes on the wire."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from responder.core.hours.period import ClosedPeriod
from responder.core.message import Address
from responder.core.reply import Composer, TemplateError, check_help, reply_message_id
from responder.core.reply.choice import choose
from responder.core.reply.directory import countries
from responder.core.reply.help import help_in, hours_in_words
from responder.core.reply.opening import parse
from responder.core.reply.own import own_line
from responder.core.reply.words import language
from tests.unit.core.reply import reading
from tests.unit.core.reply.composing import (
    MESSAGE_ID,
    NOW,
    REPLY,
    STYLES,
    ZONES,
    Fixed,
    body,
    composed,
    help_now,
    inbound,
    parsed,
    settings,
    variants,
)

GOLDEN = Path(__file__).parent / "golden"
REGIONS = (*ZONES, "GB-NIR")
VARIANTS = tuple(variants("GB"))
WHERE = language("en").words["countries"]
COUNTY = own_line("County team", "people already in its care", phone="0800 000 0000", hours="24/7")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("region", REGIONS)
def test_the_whole_reply(region: str, style: str, variant: str) -> None:
    """Header fields and text, word for word, as a person approved them (UPDATE_GOLDEN=1 writes them again)."""
    reply = composed(settings(region, style), period=variants(region)[variant])
    header = reply.content.split(b"\r\n\r\n", 1)[0].decode().replace("\r\n", "\n")
    seen = f"{header}\n\n{body(reply)}"
    golden = GOLDEN / f"{region.lower()}-{style}-{variant}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(seen, encoding="utf-8")
    assert seen == golden.read_text(encoding="utf-8")


# --- promise 1: a way to help -------------------------------------------------------------------------------------


@pytest.mark.parametrize("region", countries())
def test_every_reply_shows_a_way_to_help(region: str, subtests: pytest.Subtests) -> None:
    """In every country, closed period and style the emergency number and a line stand on lines of their own.

    In a discreet reply the number may stand alone; below it stands what it is for.
    """
    for variant, style in product(VARIANTS, STYLES):
        with subtests.test(variant, style=style):
            shows_a_way_to_help(region, variant, style)


def shows_a_way_to_help(region: str, variant: str, style: str) -> None:
    """Fails unless this one reply does."""
    chosen = settings(region, style)
    block, period = help_now(chosen), variants("GB")[variant]
    reply = composed(chosen, period=period)
    lines = body(reply).split("\n")
    assert block.emergency.phone in lines
    ways = {each.line.phone for each in block.lines if each.calls} | {"findahelpline.com"}
    assert ways & set(lines) or (style == "discreet" and f"It works {WHERE[region]}, for any danger" in reply.text)
    assert check_help(reply.content, block) is None
    assert Composer(chosen).text(period, NOW) == reply.text


def test_an_alarm_number_inside_other_digits_does_not_count() -> None:
    """Only a number alone on its line can be found in the dark."""
    good = composed().content
    block = help_now()
    assert check_help(good, block) is None
    for bad in (b"1999", b"9990", b"+999", b"9 999", b"call 999 now", b"09:99", b""):
        assert "emergency number (999)" in (
            check_help(good.replace(b"\r\n999\r\n", b"\r\n" + bad + b"\r\n"), block) or ""
        )


def test_one_line_beside_the_emergency_number_is_enough_and_none_is_too_few() -> None:
    """Either of the two lines may go, not both."""
    block = help_now()
    without_call = composed().content.replace(b"\r\n116 123\r\n", b"\r\n0116 123\r\n")
    assert check_help(without_call, block) is None
    without_any = without_call.replace(b"\r\n85258\r\n", b"\r\n")
    assert check_help(without_any, block) == "no crisis line's number stands on a line of its own"


def test_the_emergency_number_is_not_a_crisis_line_too() -> None:
    """A line with the same number as the emergency services adds no second way."""
    (line, *_) = choose("GB", own=(own_line("Team", "anyone", phone="999"),)).at(NOW).lines
    block = replace(help_now(), lines=(line,))
    assert check_help(composed().content, block) == "no crisis line's number stands on a line of its own"


@pytest.mark.parametrize("mark", ["{{ help }}", "{% if opens %}", "{# note #}", "}}", "%}"])
def test_template_marks_never_leave(mark: str) -> None:
    """A reader would take them for a fault in the numbers, too."""
    content = composed().content.replace(b"Harbour Counselling\r\n", mark.encode() + b"\r\n")
    assert content.count(mark.encode())
    assert check_help(content + mark.encode(), help_now()) == "it holds template marks ({{ }} or {% %})"


def test_what_is_no_plain_text_shows_no_help() -> None:
    """Bytes that a mail program could not show are refused."""
    block = help_now()
    assert (
        check_help(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n999\r\n--x--\r\n", block) is not None
    )
    inner = b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n999\r\n116 123\r\n--y--\r\n"
    nested = b"Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n" + inner + b"\r\n--x--\r\n"
    assert check_help(nested, block) == "it is not one plain text"
    assert check_help(b"\r\n999\r\n116 123\r\n\xff\r\n", block) == "its text is not UTF-8"
    assert check_help(b"", block) is not None


def test_when_not_even_the_built_in_text_helps_nothing_is_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot happen with what is shipped; if it did, the caller would hear of it instead of the sender."""
    composer = Composer(settings())
    monkeypatch.setattr("responder.core.reply.composer.check_help", lambda *_: "the emergency number is gone")
    with pytest.raises(TemplateError, match="the reply must not be sent: the emergency number"):
        composer.compose(REPLY, inbound(), variants("GB")["night"], now=NOW, message_id=MESSAGE_ID)


def test_a_help_block_that_breaks_the_built_in_text_is_refused_when_the_file_loads() -> None:
    """An emergency number that does not stand alone would otherwise be found at the first reply."""
    block = help_now()
    broken = replace(block, emergency=replace(block.emergency, phone="999\nor 112"))
    with pytest.raises(TemplateError, match="the built-in reply: the emergency number"):
        Composer(settings(help=Fixed(broken)))


# --- the words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_text_is_short_and_easy(region: str, style: str, variant: str) -> None:
    """Under 130 words without the help lines, readable after six years of school with them."""
    chosen = settings(region, style)
    text = composed(chosen, period=variants(region)[variant]).text
    (found,) = help_in([language("en")], help_now(chosen), style)
    lines = found.text.removesuffix(found.about)
    assert lines in text
    assert len(reading.words(text.replace(lines, ""))) < 130
    assert reading.grade(text) <= 6


@pytest.mark.parametrize("style", STYLES)
def test_the_first_90_characters_are_neutral(style: str) -> None:
    """A lock screen shows them to anyone near."""
    start = composed(settings(style=style)).text[:90].replace("\n", " ")
    assert start.startswith("This is an automatic reply.")
    assert not re.search(r"danger|emergenc|talk|call|crisis|suicid|999|Harbour|counsel", start, re.IGNORECASE)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("region", REGIONS)
def test_words_that_never_stand_in_a_reply(region: str, style: str) -> None:
    """No cause, no guess about the writer, no promise, nothing about violence at home."""
    never = (
        "suicid", "self-harm", "crisis", "depress", "violence", "abuse", "shelter", "refuge", "victim", "client",
        "patient", "session", "appointment", "confidential", "secure", "monitor", "as soon as possible", "we will",
        "read your", "received", "you are safe", "http",
    )  # fmt: skip
    for period in variants(region).values():
        text = composed(settings(region, style), period=period).text.lower()
        assert [word for word in never if word in text] == []


@pytest.mark.parametrize(("region", "where"), [
    ("GB", "They work in the UK."), ("GB-NIR", "They work in the UK."), ("US", "They work in the US."),
    ("IE", "They work in Ireland."), ("CA", "They work in Canada."), ("AU", "They work in Australia."),
    ("NZ", "They work in New Zealand."), ("NL", "They work in the Netherlands."),
])  # fmt: skip
def test_it_says_where_the_lines_work(region: str, where: str) -> None:
    """A number is never given as if it worked everywhere."""
    assert where in composed(settings(region)).text


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("variant", ["unsaid", "open-ended"])
def test_no_opening_is_said_when_none_may_be(style: str, variant: str) -> None:
    """Neither a closure that keeps its end to itself, nor one without an end, gets a date."""
    text = composed(settings(style=style), period=variants("GB")[variant]).text
    assert "again on" not in text
    assert "open again" not in text
    assert "November" not in text


def test_an_opening_that_has_passed_is_not_said() -> None:
    """Judged in the closed period, composed after it: no date that is over."""
    period = ClosedPeriod(NOW - timedelta(hours=9), NOW)
    assert "open again" not in composed(period=period).text
    assert "open again today at 03:05" in composed(period=replace(period, end=NOW + timedelta(seconds=1))).text


HOUR = timedelta(hours=1)
START = NOW - HOUR


@pytest.mark.parametrize(
    ("period", "repeat_after", "said"),
    [
        (ClosedPeriod(START, START + 72 * HOUR), 72 * HOUR, "only once before we open."),
        (
            ClosedPeriod(START, START + 73 * HOUR),
            72 * HOUR,
            "at most once in three days.",
        ),
        (ClosedPeriod(None, NOW + HOUR), 72 * HOUR, "at most once in three days."),
        (ClosedPeriod(START, None), 24 * HOUR, "at most once in 24 hours."),
        (ClosedPeriod(START, None), 36 * HOUR, "at most once in 36 hours."),
        (ClosedPeriod(START, None), 96 * HOUR, "at most once in four days."),
        (ClosedPeriod(START, None), 24 * 14 * HOUR, "at most once in 14 days."),
        (ClosedPeriod(START, None), 1.9 * HOUR, "at most once in one hour."),
        (ClosedPeriod(START, None), 0.5 * HOUR, "at most once in one hour."),
    ],
)
def test_it_says_how_often_it_is_sent(period: ClosedPeriod, repeat_after: timedelta, said: str) -> None:
    """Once in a closed period; in one that is longer than ``repeat_after``, or of unknown length, once in that time."""
    assert (
        f"You can write again. This automatic reply comes {said} It is the same"
        in composed(settings(repeat_after=repeat_after), period=period).text
    )


def test_a_discreet_reply_is_never_repeated() -> None:
    """However long the closed period is; "before we open" only where an opening is ahead."""
    said = {name: composed(settings(style="discreet"), period=each).text for name, each in variants("GB").items()}
    assert said["break"].endswith("No second automatic reply will be sent before we open.\n")
    assert said["open-ended"].endswith("No second automatic reply will be sent.\n")


def test_nothing_signs_a_practice_without_a_name() -> None:
    """The last sentence is the end."""
    for name in (None, "", "  "):
        reply = composed(settings(practice_name=name))
        assert reply.text.endswith("the same for everyone, whatever they write.\n")
        assert parsed(reply)["From"] == "hello@harbour.example"


def test_a_discreet_reply_names_nobody_and_no_service() -> None:
    """No practice, no service, no texting, no thanks: an onlooker learns nothing."""
    reply = composed(settings("IE", "discreet"))
    assert parsed(reply)["From"] == "hello@harbour.example"
    for word in ("Harbour", "Samaritans", "Pieta", "text", "51444", "HELP", "Thank"):
        assert word not in reply.content.decode().split("\r\n\r\n", 1)[1]


def test_a_discreet_reply_shows_own_lines_only_if_they_are_for_anyone() -> None:
    """A bare number cannot say for whom it is; a text line leaves a thread."""
    everybody = own_line("Night team", "anyone", phone="0800 000 0001", hours="17:00 to 09:00")
    texting = own_line("Texts", "anyone", sms_number="60000")
    text = composed(settings("GB", "discreet", help=choose("GB", own=(COUNTY, everybody, texting)))).text
    assert "0800 000 0000" not in text
    assert "60000" not in text
    assert "To talk to someone, call (17:00 to 09:00)\n0800 000 0001\n" in text
    assert "\nOr for free, day or night, call\n116 123\n" in text
    assert "Other services answer the national numbers, not us. They work in the UK." in text


def test_a_discreet_reply_does_not_show_a_special_line_even_when_named() -> None:
    """The number alone would lead the one who dials it to the service's name."""
    plan = choose("GB-ENG", ids=["gb-national-domestic-abuse-helpline-refuge", "gb-samaritans"])
    assert "0808 2000 247" not in composed(settings("GB-ENG", "discreet", help=plan)).text


def test_a_line_about_violence_at_home_comes_with_a_warning() -> None:
    """Somebody may look at the reader's telephone; in the ordinary style alone, since discreet shows no such line."""
    plan = choose("GB-ENG", ids=["gb-national-domestic-abuse-helpline-refuge", "gb-samaritans"])
    text = composed(settings("GB-ENG", help=plan)).text
    assert "\n0808 2000 247\nUse a device that nobody else looks at. Deleting a message may not remove" in text
    assert text.count("Use a device") == 1
    assert "Use a device" not in composed(settings("UA")).text


def test_an_own_line_says_for_whom_and_when_it_is() -> None:
    """And only the national ones are said to be not ours."""
    office = own_line("Office team", "our members", phone="0800 000 0002", hours="Mon-Fri 9-17")
    unsaid = own_line("Third team", "anyone", phone="0800 000 0003", sms_number="60000", sms_keyword="HELLO")
    text = composed(settings(help=choose("GB", own=(COUNTY, office, unsaid)))).text
    assert (
        "To talk to someone, day or night, call County team (for people already in its care).\n0800 000 0000\n" in text
    )
    assert "Or call Office team (for our members; Monday to Friday, 9am to 5pm).\n0800 000 0002\n" in text
    assert "Or call Third team (it may not be open at this hour).\n0800 000 0003\n" in text
    assert "Or call Samaritans, day or night. It is free.\n116 123\n" in text
    assert "Or text Third team (it may not be open at this hour): start a new text message with the word " in text
    assert "HELLO, and send it to\n60000" in text
    assert "Other services answer the national numbers, not us. They work in the UK." in text


def test_a_special_line_says_whom_it_is_for_and_where() -> None:
    """A named line that is not for everyone must not look as if it were."""
    ids = ["gb-childline", "gb-nhs-111-mental-health-option-option-2", "gb-lifeline-northern-ireland", "gb-samaritans"]
    text = composed(settings(help=choose("GB", ids=ids))).text
    assert "call Childline (for people under 19; it may not be open at this hour). It is free.\n0800 1111\n" in text
    assert "Or call NHS 111 (in England and Wales), day or night. It is free. When it answers, press 2.\n111\n" in text
    assert "Or call Lifeline (in Northern Ireland), day or night. It is free.\n0808 808 8000\n" in text


@pytest.mark.parametrize(
    ("region", "ids", "said"),
    [
        (
            "US",
            None,
            "text message to\n988\nOr chat with the 988 Lifeline, day or night, at\nchat.988lifeline.org\n",
        ),
        ("DK", None, "call Livslinien (every day, 9am to 5am the next day). They speak Danish there.\n70 201 201\n"),
        (
            "SI",
            ["si-klic-v-dusevni-stiski"],
            "call Klic v duševni stiski (every day, 7pm to 7am the next day). They speak Slovene there.\n",
        ),
        ("LU", None, "To find more helplines, see\nfindahelpline.com\n"),
        ("CO", None, "see\nfindahelpline.com\n\nAt this hour, only the emergency number is sure to answer. Other "),
        ("CH", None, "They speak German, French and Italian there.\n143\nOr call Die Dargebotene Hand"),
        ("CH", None, "(it may not be open at this hour). They speak English there.\n0800 143 000\n"),
        ("JP", None, "When it answers, press 2 (it may not be open at this hour).\n0120-279-338\n"),
        ("GB", None, "999\nDeaf or cannot speak: sign language 999bsl.co.uk or text relay 18000.\n"),
        ("PL", None, "112\nDeaf or cannot speak, if registered: app Alarm112.\n"),
        ("ZA", None, "call\n112\nFor callers from a mobile phone.\nTo talk to someone"),
        ("IE", None, "112\nDeaf or cannot speak, if registered: text 112.\n"),
        ("PL", None, "it may not be open at this hour; they write Polish), at\n116sos.pl\n"),
        (
            "GB",
            ["gb-shout", "gb-samaritans"],
            "call Samaritans. It is free.\n116 123\nOr text Shout: start a new text message with",
        ),
    ],
)
def test_sentences_of_the_help_block(region: str, ids: list[str] | None, said: str) -> None:
    """Hours, price and language are said as the directory knows them, no better."""
    assert said in composed(settings(region, help=choose(region, ids=ids))).text


def test_a_text_line_alone_starts_its_sentence() -> None:
    """A help block without a phone line, as a test may build one."""
    block = help_now()
    only = replace(block, lines=tuple(each for each in block.lines if not each.calls))
    text = composed(settings(help=Fixed(only))).text
    assert "\nTo text Shout: start a new text message with the word SHOUT, and send it to\n85258\n" in text
    assert "about anything" not in text


@pytest.mark.parametrize("count", range(1, 4))
def test_hours_of_up_to_three_stretches_are_said(count: int) -> None:
    """More do not fit a sentence; then it is said that the line is not always open."""
    found = parse(["Mo-Th 18:30-22:00", "Fr 16:00-24:00", "Sa-Su 12:00-18:00", "Su 20:00-22:00"][:count])
    said = ["Monday to Thursday, 6:30pm to 10pm", "Friday, 4pm to midnight", "Saturday, Sunday, noon to 6pm"]
    assert hours_in_words(found, language("en")) == "; ".join(said[:count])


def test_hours_of_more_stretches_are_not_said() -> None:
    """Nobody reads a timetable at night."""
    found = parse(["Mo 10:00-11:00", "Tu 11:00-12:00", "We 12:00-13:00", "Th 13:00-14:00"])
    assert hours_in_words(found, language("en")) == "closed at some times"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "Sunday to Thursday, 11am to 11pm; Friday, Saturday, 11am to 3am the next day; Monday, day and night"),
        ("de", "Sonntag bis Donnerstag, 11 bis 23 Uhr; Freitag, Samstag, 11 bis 3 Uhr am nächsten Tag; Montag, rund"),
        ("pl", "od niedzieli do czwartku w godz. 11:00–23:00; piątek, sobota w godz. 11:00–3:00 następnego dnia"),  # noqa: RUF001 - Polish sets a dash
        ("cy", "dydd Sul i ddydd Iau, 11:00 tan 23:00; dydd Gwener, dydd Sadwrn, 11:00 tan 3:00 drannoeth; dydd Llun"),
        ("fr", "du dimanche au jeudi de 11\xa0h à 23\xa0h\xa0; vendredi, samedi de 11\xa0h à 3\xa0h le lendemain\xa0;"),
    ],
)
def test_hours_in_the_readers_words(code: str, said: str) -> None:
    """Days that follow each other are one stretch, over the end of the week, too; an end at night is the next day's."""
    found = parse(["Su-Th 11:00-23:00", "Fr-Sa 11:00-03:00", "Mo 00:00-24:00"])
    assert hours_in_words(found, language(code)).startswith(said)


def test_an_unknown_language_is_refused_and_the_others_go_out() -> None:
    """It never costs the reply: without any other, English goes out."""
    for languages in (("en", "xx"), ("xx",), ("xx", "en")):
        composer = Composer(settings(languages=languages))
        (refused,) = composer.refused
        assert (refused.language, refused.key) == ("xx", "languages")
        assert refused.reason.startswith('there is no text in "xx" yet; choose from en, ')
        assert composed(settings(languages=languages)).content == composed().content
    assert composed(settings(languages=())).text.startswith("This is an automatic reply.")


def test_a_country_without_a_locale_of_its_own_reads_british() -> None:
    """Date and Content-Language fall back together."""
    reply = composed(settings("DE"))
    assert parsed(reply)["Content-Language"] == "en-GB"
    assert "Tuesday 24 November at 09:00" in reply.text


# --- the header ---------------------------------------------------------------------------------------------------


def test_the_date_is_ours_in_the_practice_zone() -> None:
    """Never the sender's clock."""
    reply = composed(settings(zone=ZoneInfo("Australia/Sydney")))
    assert parsed(reply)["Date"] == "Sun, 22 Nov 2026 14:04:05 +1100"
    assert parsedate_to_datetime(parsed(reply)["Date"]) == NOW


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("Harbour Counselling", "Harbour Counselling <hello@harbour.example>"),
        ("Dr. Who, Inc.", '"Dr. Who, Inc." <hello@harbour.example>'),
        ('The "Harbour" \\', '"The \\"Harbour\\" \\\\" <hello@harbour.example>'),
        ("Café", "=?utf-8?b?Q2Fmw6k=?=\r\n <hello@harbour.example>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n <hello@harbour.example>"),
        ("County Crisis Team", "hello@harbour.example"),
        ("Suicide Bereavement Group", "hello@harbour.example"),
        ("Against Domestic Violence", "hello@harbour.example"),
    ],
)
def test_the_name_that_a_list_of_messages_shows(name: str, sender: str) -> None:
    """Quoted or encoded where it must be, and left out where it would tell too much beside the message."""
    content = composed(settings(practice_name=name)).content
    assert content.startswith(f"From: {sender}\r\nTo: ".encode())


def test_a_long_name_in_another_script_is_folded() -> None:
    """No line with an encoded word is longer than 76 octets (RFC 2047 §2), and it decodes to the name."""
    name = "Γραφείο στήριξης και βοήθειας, παλιό λιμάνι, δεύτερος όροφος δεξιά"
    reply = composed(settings(practice_name=name))
    encoded = [line for line in reply.content.split(b"\r\n") if b"=?" in line]
    assert len(encoded) > 1
    assert all(len(line) <= 76 for line in encoded)
    assert str(make_header(decode_header(parsed(reply)["From"]))) == f"{name} <hello@harbour.example>"
    assert name in body(reply)


@pytest.mark.parametrize(
    "name", ["a\nBcc: x@y.example", "a\rb", "a\x00", "a\u2028b", "{{ help }}", "x" * 101, "a\ud800"]
)
def test_a_name_that_would_break_the_header_is_refused(name: str) -> None:
    """When the file loads, not when somebody writes."""
    with pytest.raises(TemplateError, match="the practice's name"):
        Composer(settings(practice_name=name))


def test_no_message_id_no_thread() -> None:
    """Nothing is made up."""
    header = parsed(composed(message=inbound(message_id=None)))
    assert header["In-Reply-To"] is None
    assert header["References"] is None


@pytest.mark.parametrize("length", [3, 60, 78, 120, 250])
def test_a_long_msg_id_is_neither_folded_nor_encoded(length: int) -> None:
    """Folded ids break threads in other programs."""
    message_id = "<" + "x" * (length - 2) + ">"
    content = composed(message=inbound(message_id=message_id)).content
    for name in ("In-Reply-To", "References"):
        assert f"\r\n{name}: {message_id}\r\n".encode() in content


@pytest.mark.parametrize(
    "message_id",
    ["<" + "x" * 249 + ">", "<a b@c>", "<a@b>\r\nBcc: x@y.example", "a@b", "<é@b>", "<a@b> <c@d>", "", "<a\x00@b>"],
)
def test_a_msg_id_that_is_none_is_left_out(message_id: str) -> None:
    """The one text of the sender's that could reach a reply is read once more."""
    assert (
        composed(message=inbound(message_id=message_id)).content == composed(message=inbound(message_id=None)).content
    )


def test_our_own_message_id_is_the_same_at_each_attempt() -> None:
    """Someone who gets the reply twice can see that it is one."""
    assert reply_message_id("0a1b", "harbour.example") == "<ahr.0a1b@harbour.example>"
    first, second = composed(), composed(now=NOW + HOUR)
    assert parsed(first)["Message-ID"] == parsed(second)["Message-ID"] == first.message_id == MESSAGE_ID


def test_a_message_id_that_is_no_msg_id_is_refused() -> None:
    """Ours comes from us, but a line break in it would be a header field."""
    composer = Composer(settings())
    with pytest.raises(ValueError, match="not a valid msg-id"):
        composer.compose(REPLY, inbound(), variants("GB")["night"], now=NOW, message_id="<a@b>\r\nBcc: <c@d>")


@pytest.mark.parametrize(
    "address",
    [
        Address("tom\r\nBcc: x", "mail.example"), Address("tom,eve", "mail.example"), Address("tom>", "mail.example"),
        Address("tom", "mail.example, eve@evil.example"), Address("tom", ""), Address("", "mail.example"),
        Address("tom eve", "mail.example"), Address('"tom', "mail.example"), Address('"a\n"', "mail.example"),
        Address("a\u2028b", "mail.example"), Address("tom", "bücher.example"), Address("x\ud800", "mail.example"),
    ],
)  # fmt: skip
def test_an_address_that_reads_as_something_else_is_refused(address: Address) -> None:
    """One To, one recipient; and our own address is held to the same."""
    with pytest.raises(ValueError, match="unfit for a header field"):
        composed(reply=replace(REPLY, correspondent=address))
    with pytest.raises(ValueError, match="unfit for a header field"):
        composed(reply=replace(REPLY, answered_as=address))


@pytest.mark.parametrize("local", ["tom", "t.o.m+x", '"tom eve"', '"a,b@c"', "jörg", "a..b", "o'neill", "user_1%x"])
def test_unusual_addresses_are_written_as_they_are(local: str) -> None:
    """A non-ASCII local part stays raw: RFC 2047 §5 forbids encoding it, and submission decides whether it can go."""
    reply = composed(reply=replace(REPLY, correspondent=Address(local, "mail.example")))
    assert f"\r\nTo: {local}@mail.example\r\n".encode() in reply.content
    assert reply.recipient == Address(local, "mail.example")


def test_from_is_the_address_that_was_written_to() -> None:
    """An alias answers for itself."""
    alias = Address("help", "harbour.example")
    reply = composed(reply=replace(REPLY, answered_as=alias))
    assert reply.from_address == alias
    assert parsed(reply)["From"] == "Harbour Counselling <help@harbour.example>"


# --- the body -----------------------------------------------------------------------------------------------------


def test_short_ascii_lines_go_as_they_are() -> None:
    """Nothing to encode, nothing encoded."""
    template = "Nobody reads this now.\n{{ help }}\n"
    block = replace(help_now(settings("US", "discreet")), lines=())
    reply = composed(settings("US", "discreet", template=template, help=Fixed(block)))
    assert parsed(reply)["Content-Transfer-Encoding"] == "7bit"
    assert b"\r\n911\r\n" in reply.content
    assert body(reply) == reply.text


def test_other_text_is_quoted_printable() -> None:
    """Long lines and umlauts survive any server; a dot alone cannot end the message early."""
    template = "{{ help }}\n.\nÜber die Feiertage: 100 % = geschlossen\nFrom here on\n" + "x" * 300
    reply = composed(settings(template=template))
    assert parsed(reply)["Content-Transfer-Encoding"] == "quoted-printable"
    assert body(reply) == reply.text
    assert b"\r\n.\r\n" not in reply.content
    assert max(map(len, reply.content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("style", STYLES)
def test_line_ends_are_crlf_and_lines_are_short(style: str) -> None:
    """What is handed over needs no conversion on the way (RFC 5321 §2.3.8)."""
    content = composed(settings("SI", style, practice_name="Ščit")).content
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert content.isascii()


def test_a_reply_in_summer_says_summer_time() -> None:
    """The offset of Date follows the zone, as the words do."""
    now = datetime(2026, 7, 5, 3, 0, tzinfo=UTC)
    reply = composed(now=now, period=ClosedPeriod(now - HOUR, datetime(2026, 7, 6, 8, tzinfo=UTC)))
    assert parsed(reply)["Date"].endswith(" +0100")
    assert "Monday 6 July at 09:00 (UK time)" in reply.text


def test_where_the_emergency_number_is_the_ambulances_the_police_stands_below() -> None:
    """Someone who is threatened should not have to be put through."""
    for style in STYLES:
        text = composed(settings("CH", style)).text
        assert "danger now, call an ambulance\n144\nOr call the police\n117\n" in text
    assert "police" not in composed(settings("GB")).text


def test_another_countrys_ambulance_and_police_are_told_apart() -> None:
    """Below the practice's own numbers, with where they work."""
    text = composed(settings(help=choose("GB", also=["CH"]))).text
    assert "Or, in Switzerland, call an ambulance\n144\nOr call the police\n117\n" in text
    assert "They work in the UK and in Switzerland." in text


def test_deaf_people_reach_the_emergency_number_of_another_country() -> None:
    """Below the last of its numbers; not in the discreet style."""
    text = composed(settings(help=choose("GB", also=["IE", "BE"]))).text
    assert "Or, in Ireland, call\n112\nDeaf or cannot speak, if registered: text 112.\n" in text
    assert "Or call the police\n101\nDeaf or cannot speak, if registered: app 112 BE.\n" in text
    assert "Deaf" not in composed(settings("GB", "discreet", help=choose("GB", also=["IE"]))).text


def test_a_discreet_reply_says_the_key_and_that_it_may_be_in_vain() -> None:
    """English is answered in Japan by day; a number to text needs no telephone of a kind."""
    text = composed(settings("JP", "discreet")).text
    assert "call (then press 2; it may not be open at this hour)\n0120-279-338\n" in text
    assert "Or text the NCMH hotline (it may not be open at this hour): start a new" in composed(settings("PH")).text
    assert "call *4141 (for callers from a mobile phone)." in composed(settings("CL")).text


def test_a_language_answered_at_some_hours_only_is_named_to_its_own_readers() -> None:
    """English by a key, from 10 to 22: "day or night ... they speak English" would be untrue."""
    text = composed(settings("JP", languages=("es",), allow_draft=True)).text
    assert "servicio: Yorisoi Hotline. La llamada es gratuita. Atienden en japonés.\n0120-279-338\n" in text
