"""The page of ``responder hours --html`` in a real browser: it fits a phone, and asks nobody for anything."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.system.site import RESPONDER

CONFIG = (ROOT / "config.example.toml").read_text(encoding="utf-8").replace("your-practice", "harbour")

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
"""A browser with no habits of its own, and with nobody to talk to."""

MEASURE = """<script>
const bars = [...document.querySelectorAll("svg")].map(bar => bar.getBoundingClientRect());
parent.postMessage(JSON.stringify({
  window: innerWidth,
  content: document.documentElement.scrollWidth,
  bars: bars.length,
  narrowest: Math.min(...bars.map(bar => bar.width)),
  smallest: Math.min(...[...document.querySelectorAll("p, span, time, li")].map(
    one => parseFloat(getComputedStyle(one).fontSize))),
  paper: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
}), "*");
</script></body>"""
"""The page has no script; to be measured it gets one, and loses the policy that would stop it."""

PHONE = """<!DOCTYPE html><meta name="color-scheme" content="light dark"><title></title>
<script>addEventListener("message", event => {{ document.title = event.data }})</script>
<iframe src="measured.html" width="{width}" height="2000" style="border: 0"></iframe>
"""
"""No window of this browser is narrower than 500 pixels, but a frame is."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks as a page."""
    path = tmp_path_factory.mktemp("page") / "hours.html"
    config = path.with_name("config.toml")
    config.write_text(CONFIG, encoding="utf-8")
    words = [str(RESPONDER), "hours", "--config", str(config), "--days", "28", "--html", str(path)]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    return path


def browse(path: Path, directory: Path, *flags: str) -> str:
    """What the browser made of the page."""
    words = ["chromium", *FLAGS, f"--user-data-dir={directory / 'profile'}", *flags, path.as_uri()]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("is_dark", [True, False], ids=["dark", "light"])
def test_it_fits_and_can_be_read(page: Path, tmp_path: Path, width: int, is_dark: bool) -> None:
    """Nothing sticks out sideways, the bars have room, no letter is tiny, light is light and dark is dark."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy".*\n', "", page.read_text(encoding="utf-8"))
    (tmp_path / "measured.html").write_text(text.replace("</body>", MEASURE), encoding="utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(PHONE.format(width=width), encoding="utf-8")
    scheme = "0" if is_dark else "1"
    flags = ("--window-size=1400,2000", f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=3000")
    found = re.search(r"<title>(.+?)</title>", browse(frame, tmp_path, *flags, "--dump-dom"))
    assert found
    facts = json.loads(found[1])
    assert facts["window"] == width
    assert facts["content"] <= width
    assert facts["bars"] == 28
    assert facts["narrowest"] > 0.75 * min(width, 832)
    assert facts["smallest"] >= 12
    assert (_brightness(facts["paper"]) < _brightness(facts["ink"])) is is_dark
    assert abs(_brightness(facts["paper"]) - _brightness(facts["ink"])) > 150


def _brightness(color: str) -> float:
    red, green, blue = (int(part) for part in re.findall(r"\d+", color)[:3])
    return 0.3 * red + 0.59 * green + 0.11 * blue


def fetched(path: Path, directory: Path) -> set[str]:
    """Addresses that the page, and not the browser for itself, wanted something from."""
    log = directory / "net.json"
    browse(path, directory, f"--log-net-log={log}", f"--screenshot={directory / 'page.png'}")
    events = [event.get("params", {}) for event in json.loads(log.read_text(encoding="utf-8"))["events"]]
    return {event["url"] for event in events if "url" in event and event.get("initiator") in {"file://", "null"}}


def test_it_asks_nobody_for_anything(page: Path, tmp_path: Path) -> None:
    """The browser's own log of what it fetched has nothing for this page; for one with a picture from afar it has."""
    assert fetched(page, tmp_path) == set()
    assert (tmp_path / "page.png").stat().st_size > 10_000
    other = tmp_path / "other.html"
    other.write_text('<img src="http://pictures.example/x.png">', encoding="utf-8")
    assert fetched(other, tmp_path) == {"http://pictures.example/x.png"}
