"""The linter: reads what a practice writes itself, and refuses or warns, with line, reason and cure. Pure.

It knows words and not what is meant by them, so it replaces no second reader. ``languages`` holds what it looks for.
"""

from responder.core.lint.linter import Finding, lint_sender_name, lint_subject, lint_template, lint_words

__all__ = ["Finding", "lint_sender_name", "lint_subject", "lint_template", "lint_words"]
