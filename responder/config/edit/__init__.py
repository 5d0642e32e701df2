"""Changes to the configuration file for people who would rather not open it: every comment and the order stay."""

from responder.config.edit.file import Original, difference, read, replace, try_out
from responder.config.edit.text import DAYS, EditError, add_closure, set_compared_on, set_hours

__all__ = [
    "DAYS",
    "EditError",
    "Original",
    "add_closure",
    "difference",
    "read",
    "replace",
    "set_compared_on",
    "set_hours",
    "try_out",
]
