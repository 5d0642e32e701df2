"""The week as a picture: days and their open blocks as values, drawn as text or as one page. Pure."""

from responder.core.views.week.days import Block, Day, Mark, days
from responder.core.views.week.page import page
from responder.core.views.week.text import ASCII, BLOCKS, Cells, drawn

__all__ = ["ASCII", "BLOCKS", "Block", "Cells", "Day", "Mark", "days", "drawn", "page"]
