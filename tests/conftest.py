"""What holds for every test.

Hypothesis has no deadline: how long an example takes is the machine's business. On CI it draws the same examples each
time, so that a change is judged by what it changes; elsewhere it goes on looking for new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("search", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "search")
