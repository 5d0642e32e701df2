"""Hand replies to the submission server, and know for certain what became of each.

The only user of aiosmtplib. Its ``sendmail`` raises the same exceptions before and after the final dot, so the
phases of a transaction are driven here one by one: what fails before the final dot is written is surely not
delivered, what fails after it without a complete answer is ``Unknown`` (RFC 1047).

    classify     what a server's answer, or its silence, means for a reply
    codes        what the numbers in an answer say
    breaker      how long to leave a server alone that refuses the account
    connection   one connection, from TCP to QUIT
    submitter    one account: its few connections, and one transaction after the other

See Also: RFC 5321 §3.3 (transactions), §4.2 (replies), RFC 6409 (submission), RFC 4954 (AUTH), RFC 3207 (STARTTLS).
"""

from __future__ import annotations

from responder.adapters.smtp.breaker import Breaker
from responder.adapters.smtp.connection import Credentials, Limits, Mark
from responder.adapters.smtp.submitter import Submitter

__all__ = ["Breaker", "Credentials", "Limits", "Mark", "Submitter"]
