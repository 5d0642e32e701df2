"""Look into one IMAP folder without leaving a trace: EXAMINE, BODY.PEEK of headers, IDLE. The only user of imapclient.

Rooms: ``session`` the asynchronous mailbox, ``connection`` the blocking session in a thread, ``wire`` its bytes,
``idle`` the event loop's reader, ``dial`` the way to the server, ``fetching`` past what one message breaks,
``responses`` what answers mean, ``faults`` what errors mean, ``pool`` the threads.
"""

from responder.adapters.imap.connection import Credentials, FolderState, Server
from responder.adapters.imap.fetch import Lessons
from responder.adapters.imap.mailbox import Limits, Mailbox
from responder.adapters.imap.threads import CommandPool

__all__ = ["CommandPool", "Credentials", "FolderState", "Lessons", "Limits", "Mailbox", "Server"]
