"""Whether somebody has read and approved the words that replies have now."""

from __future__ import annotations

from responder.config import Config
from responder.config.replies import fingerprint


def approval(config: Config) -> tuple[bool, str]:
    """Whether the words are approved as they are, and a sentence about it with what to do."""
    is_approved, said, cure = standing(config)
    return is_approved, f"{said}; {cure}" if cure else said


def standing(config: Config) -> tuple[bool, str, str]:
    """Whether the words are approved as they are, a sentence about it, and what to do; nothing when all is well.

    The fingerprint is that of what is sent: what the file asks for and is refused is not in it.
    """
    given = config.reply.approved
    if given is None:
        return False, "nobody has approved the words of the replies", "look at them with: responder preview"
    if given.fingerprint == fingerprint(config):
        return True, f"the words of the replies were approved by {given.by} on {given.on}", ""
    said = f"the words have changed since {given.by} approved them on {given.on}"
    return False, said, "look at them with responder preview, and have them approved again"
