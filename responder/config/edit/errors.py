"""What stops an edit."""

from responder.core.errors import ResponderError


class EditError(ResponderError):
    """The file cannot be changed by a command; the sentence says why, and what to do instead. The file is as it was."""
