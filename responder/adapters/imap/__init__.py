"""Look into one IMAP folder without leaving a trace: EXAMINE, BODY.PEEK of headers, IDLE. The only user of imapclient.

``mailbox`` is the asynchronous session, ``connection`` the blocking one in a thread, ``protocol`` its bytes, ``idle``
the event loop's reader, ``connect`` the way to the server, ``fetch`` reads headers past unreadable messages,
``responses`` parses answers, ``errors`` translates errors, ``threads`` is the pool.
"""

from responder.adapters.imap.connection import Credentials, FolderState, Server
from responder.adapters.imap.fetch import FetchMemory
from responder.adapters.imap.mailbox import Limits, Mailbox
from responder.adapters.imap.threads import CommandPool

__all__ = ["CommandPool", "Credentials", "FetchMemory", "FolderState", "Limits", "Mailbox", "Server"]
