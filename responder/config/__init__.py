"""The configuration file: found, read, checked, and built into core types.

Everything that is wrong is said at once, each with file, line, column, key, reason and cure. Secrets are not read here.
"""

from responder.config.build import pipeline_of
from responder.config.closed import CalendarReader, ClosedDays
from responder.config.find import find
from responder.config.load import load
from responder.config.providers import Provider, providers
from responder.config.values import (
    CommandSource,
    Config,
    CredentialSource,
    EnvSource,
    FileSource,
    HolidayConfig,
    MailboxConfig,
    ReplyConfig,
    SecretSource,
    ServerConfig,
    Style,
    Tls,
)
from responder.core.errors import ConfigError

__all__ = [
    "CalendarReader",
    "ClosedDays",
    "CommandSource",
    "Config",
    "ConfigError",
    "CredentialSource",
    "EnvSource",
    "FileSource",
    "HolidayConfig",
    "MailboxConfig",
    "Provider",
    "ReplyConfig",
    "SecretSource",
    "ServerConfig",
    "Style",
    "Tls",
    "find",
    "load",
    "pipeline_of",
    "providers",
]
