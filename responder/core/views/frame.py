"""The frame of every page for the owner: one HTML file, no script, nothing remote, light and dark."""

from __future__ import annotations

from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2a33; --soft: #51616c; --paper: #fbfaf7; --line: #b9c2c7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaec; --soft: #a3b0b8; --paper: #14191d; --line: #47535b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 56rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .5rem; }
p { margin: .4rem 0; }
.soft { color: var(--soft); }
@media print { body { max-width: none; } }
"""


def document(title: str, body: str, style: str, *, generator: str = "") -> str:
    """A whole document.

    Args:
        title: plain.
        body: HTML; its first heading is its own.
        style: CSS beside the common one.
        generator: what made it, where other files must not be taken for one of these.
    """
    made_by = f'<meta name="generator" content="{generator}">\n' if generator else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{made_by}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{_STYLE}{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
