"""What a person looks at before she says yes to the words: every reply as it is read, as text or as one page. Pure."""

from responder.signoff.page import MADE_BY, page
from responder.signoff.reading import READER, as_read
from responder.signoff.text import replies, summary
from responder.signoff.values import Group, Sheet, Shown, Stretch, Tongue

__all__ = [
    "MADE_BY",
    "READER",
    "Group",
    "Sheet",
    "Shown",
    "Stretch",
    "Tongue",
    "as_read",
    "page",
    "replies",
    "summary",
]
