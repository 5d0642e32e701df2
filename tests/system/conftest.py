"""Servers that the system tests share: starting them costs more than using them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot of the test's own."""
    with Dovecot() as server:
        yield server


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A Postfix smtp-sink of the test's own."""
    with SmtpSink() as server:
        yield server
