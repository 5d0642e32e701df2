"""The week as a picture: days and their open blocks as values, drawn as text or as one page. Pure."""

from responder.picture.page import page
from responder.picture.text import ASCII, BLOCKS, Cells, drawn
from responder.picture.week import Block, Day, Mark, days

__all__ = ["ASCII", "BLOCKS", "Block", "Cells", "Day", "Mark", "days", "drawn", "page"]
