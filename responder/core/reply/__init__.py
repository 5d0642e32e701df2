"""The reply itself: its words, its header fields, and the last look before it leaves.

The words live in ``templates/``, one directory per language. A reply carries nothing of what the sender wrote but one
msg-id. A practice's own template may say anything, as long as the ways to help stand in it; when it fails, the
built-in text of the same style goes out instead, and where a language fails, the others or English.

See Also: RFC 3834 §3 (header fields of an automatic response), RFC 2047 §5, RFC 5322 §3.6.4.
"""

from responder.core.outcome import MARKER_HEADER, MESSAGE_ID_PREFIX
from responder.core.reply.composer import Composer, Refused, Sample
from responder.core.reply.message import UnfitNameError, checked_name, reply_message_id
from responder.core.reply.template import VARIABLES, TemplateError
from responder.core.reply.verify import check_help
from responder.core.reply.words import LANGUAGES
from responder.core.reply.writer import OwnWords, ReplySettings

__all__ = [
    "LANGUAGES",
    "MARKER_HEADER",
    "MESSAGE_ID_PREFIX",
    "VARIABLES",
    "Composer",
    "OwnWords",
    "Refused",
    "ReplySettings",
    "Sample",
    "TemplateError",
    "UnfitNameError",
    "check_help",
    "checked_name",
    "reply_message_id",
]
