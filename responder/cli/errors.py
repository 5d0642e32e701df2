"""What stops a command before it begins."""

from __future__ import annotations

from responder.core.errors import ResponderError


class UsageError(ResponderError):
    """An argument that cannot be used; the sentence says what would be right."""
