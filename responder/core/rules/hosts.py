"""Domains of services that write for others; what is below them counts too.

The list is general knowledge of these services and may be out of date: the rules that read it list what they silence.
"""

from __future__ import annotations

FORM_HOSTS = frozenset(
    {
        "123formbuilder.com", "cognitoforms.com", "formcarry.com", "formspree.io", "formstack.com", "formsubmit.co",
        "getform.io", "jimdo.com", "jotform.com", "netlify.com", "paperform.co", "squarespace.com", "squarespace.info",
        "tally.so", "typeform.com", "usebasin.com", "web3forms.com", "webflow.com", "weebly.com", "wix.com",
        "wordpress.com", "wufoo.com",
    }
)  # fmt: skip
"""Site builders and form services: their robot writes, and Reply-To is the visitor."""

SERVICE_HOSTS = frozenset({"bnc.salesforce.com", "docusign.net", "freshdesk.com"})
"""Tickets and documents. An agent may write through them too, so the rule that reads this is soft."""
