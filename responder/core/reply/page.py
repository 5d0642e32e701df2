"""The same reply as HTML, for those who ask for it: nothing remote, nothing hidden, every number a link to tap.

Made of the plain text and never instead of it (RFC 2046 §5.1.4: the text stands first). It holds no script, no image,
no address but those of the help lines, and it is as readable at 320 pixels, in the dark and by ear as the text is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from responder.core.reply.help import Help, Way

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{margin:0;padding:16px;max-width:36em;font:1rem/1.5 sans-serif;color:#1a1a1a;background:#fff;"
    "overflow-wrap:break-word}"
    "h1{font-size:1.125em;line-height:1.4;margin:0 0 .5em}p{margin:0 0 1em}h2{font-size:1em;margin:2em 0 .5em}"
    "span{display:inline-block;padding-top:.35em}"
    "a{display:inline-block;max-width:100%;padding:.25em 0;font-size:1.375em;font-weight:bold;color:#0b4f8a;"
    "overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#f0f0f0;background:#121212}a{color:#9ecbff}}"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """The text of one language.

    Attributes:
        tag: BCP 47 language of it.
        heading: stands above it where a reply has several languages; else empty.
        text: the whole of it, plain; the help stands in it as ``help.text``.
        help: what it holds of help.
    """

    tag: str
    heading: str
    text: str
    help: Help

    @property
    def plain(self) -> str:
        """As plain text, with its heading."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def html_page(passages: Sequence[Passage], subject: str, tags: dict[str, str]) -> str:
    """A whole document.

    Args:
        passages: the languages of the reply in their order.
        subject: the title; what the header field says.
        tags: BCP 47 tag by language code.
    """
    body = "\n".join(
        line for number, passage in enumerate(passages) for line in _section(passage, tags, "" if number else subject)
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{passages[0].tag}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(subject)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _section(passage: Passage, tags: dict[str, str], title: str) -> Iterator[str]:
    """One language; the first one's first line is the heading of it all, where readers aloud begin.

    Args:
        passage: what it says.
        tags: see ``html_page``.
        title: of the first language: the heading where the help stands first; empty for the others.
    """
    before, _, after = passage.text.partition(passage.help.text)
    yield f'<section lang="{passage.tag}">'
    if title:
        first, _, before = before.partition("\n")
        yield f"<h1>{escape(first.strip() or title)}</h1>"
    if passage.heading:
        yield f"<h2>{escape(passage.heading)}</h2>"
    yield from _paragraphs(before)
    for way in passage.help.ways:
        yield _way(way, passage.tag, tags)
    yield from _paragraphs(passage.help.about)
    yield from _paragraphs(after)
    yield "</section>"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip("\n").split("\n\n"):
        if paragraph.strip():
            yield "<p>" + "<br>\n".join(escape(line) for line in paragraph.strip("\n").split("\n")) + "</p>"


def _way(way: Way, tag: str, tags: dict[str, str]) -> str:
    link = f'<a href="{escape(way.link)}">{escape(way.shown)}</a>'
    lines = (*_led(way.leads, tag, tags), link, *_led(way.after, tag, tags))
    return "<p>" + "<br>\n".join(lines) + "</p>"


def _led(sentences: Sequence[tuple[str, str]], tag: str, tags: dict[str, str]) -> Iterator[str]:
    for code, lead in sentences:
        yield escape(lead) if tags[code] == tag else f'<span lang="{tags[code]}">{escape(lead)}</span>'
