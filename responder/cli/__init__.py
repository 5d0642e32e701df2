"""What a person types: arguments, exit codes, and everything that is printed."""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Sequence

from responder.cli.arguments import command_of, parser
from responder.cli.errors import UsageError
from responder.core.errors import ConfigError, ResponderError

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_CONFIG = 0, 1, 2, 78
"""78 is EX_CONFIG of sysexits(3): systemd does not restart on it."""

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    # the packaged time zones, never the host's: an old host would say a wrong opening time
    zoneinfo.reset_tzpath(to=())
    arguments = parser().parse_args(argv)
    try:
        return command_of(arguments)(arguments)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return EXIT_CONFIG
    except UsageError as error:
        print(f"responder: {error}", file=sys.stderr)
        return EXIT_USAGE
    except ResponderError as error:
        print(f"responder: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has seen enough (``responder dry-run | head``)
        sys.stderr.close()
        return EXIT_OK
