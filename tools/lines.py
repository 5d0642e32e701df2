"""Print how much there is to read: lines by room, and how long functions are.

    python -m tools.lines

Lines are those of the file; code lines are neither blank nor comment nor docstring.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "responder"
NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class Size(NamedTuple):
    """Of one room or one module."""

    modules: int
    lines: int
    code: int


def together(sizes: Iterable[Size]) -> Size:
    """The sum of several."""
    return Size(*map(sum, zip(*sizes, strict=True)))


def docstring_lines(tree: ast.AST) -> Iterator[int]:
    """Numbers of the lines that strings stand on which are nothing but a statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def size_of(text: str) -> Size:
    """One module's size."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {line for token in tokens if token.type not in NOT_CODE for line in range(token.start[0], token.end[0] + 1)}
    return Size(1, len(text.splitlines()), len(code - set(docstring_lines(ast.parse(text)))))


def function_lengths(text: str) -> Iterator[int]:
    """Lines of each function, its decorators and docstring left out."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = (ast.get_docstring(node) is not None and node.body[0].end_lineno) or 0
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            yield length - (documented - node.body[0].lineno + 1 if documented else 0)


def room_of(path: Path) -> str:
    """``core/mail`` for what is in it, and ``core`` for a module beside it."""
    return "/".join(path.relative_to(PACKAGE).parts[:-1][:2]) or "(top)"


def main() -> int:
    """Print the table."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    rooms: dict[str, list[Size]] = {}
    for path, text in texts.items():
        rooms.setdefault(room_of(path), []).append(size_of(text))
    print(f"{'responder/':20} {'modules':>8} {'lines':>7} {'code':>7}")
    everything = [size for sizes in rooms.values() for size in sizes]
    for room, inside in [*sorted(rooms.items()), ("together", everything)]:
        size = together(inside)
        print(f"{room:20} {size.modules:8} {size.lines:7} {size.code:7}")
    lengths = sorted(length for text in texts.values() for length in function_lengths(text))
    p90 = statistics.quantiles(lengths, n=10)[-1]
    print(
        f"{len(lengths)} functions: median {statistics.median(lengths):.0f} lines, p90 {p90:.0f}, longest {lengths[-1]}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
