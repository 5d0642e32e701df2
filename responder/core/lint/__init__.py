"""The linter: reads what a practice writes itself, and refuses or warns, with line, reason and cure. Pure.

A reply can say what is not kept, tell a stranger what it is about, or hurt whoever reads it. Most of that can be seen
before the first reply leaves: phrases of nine languages in ``data/lint``, and marks that need no language
(addresses, numbers, placeholders). It knows words and not what is meant by them, so it replaces no second reader.
"""

from responder.core.lint.linter import lint_sender_name, lint_subject, lint_template, lint_words
from responder.core.lint.rules import RULES
from responder.core.lint.values import Finding, Rule

__all__ = ["RULES", "Finding", "Rule", "lint_sender_name", "lint_subject", "lint_template", "lint_words"]
