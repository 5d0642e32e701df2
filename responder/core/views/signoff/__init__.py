"""What a person looks at before she says yes to the words: every reply as it is read, as text or as one page. Pure."""

from responder.core.views.signoff.page import MADE_BY, page
from responder.core.views.signoff.rendering import READER, as_read
from responder.core.views.signoff.text import replies, summary
from responder.core.views.signoff.values import Group, Sheet, SheetLanguage, Shown, TextPart

__all__ = [
    "MADE_BY",
    "READER",
    "Group",
    "Sheet",
    "SheetLanguage",
    "Shown",
    "TextPart",
    "as_read",
    "page",
    "replies",
    "summary",
]
