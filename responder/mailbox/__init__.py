"""Look into one IMAP folder without leaving a trace: EXAMINE, BODY.PEEK of headers, IDLE. The only user of imapclient.

Rooms: ``session`` the asynchronous mailbox, ``connection`` the blocking session in a thread, ``wire`` its bytes,
``idle`` the event loop's reader, ``dial`` the way to the server, ``fetching`` past what one message breaks,
``responses`` what answers mean, ``faults`` what errors mean, ``pool`` the threads.
"""

from responder.mailbox.connection import Credentials, FolderState, Server
from responder.mailbox.fetching import Lessons
from responder.mailbox.pool import CommandPool
from responder.mailbox.session import Limits, Mailbox

__all__ = ["CommandPool", "Credentials", "FolderState", "Lessons", "Limits", "Mailbox", "Server"]
