"""One live mailbox: watch, judge, claim, send, settle. Any number run side by side and share nothing but the ledger.

The mailbox is the queue. The ledger remembers which messages are due, so if anything goes wrong here, the next round
(or the next process) reads their headers again and decides again.
"""

from responder.live.clock import ClockSteps
from responder.live.health import BreakerState
from responder.live.ports import Folder, Sender
from responder.live.watch import MailboxService

__all__ = ["BreakerState", "ClockSteps", "Folder", "MailboxService", "Sender"]
