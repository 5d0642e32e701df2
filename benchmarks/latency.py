"""How long a person waits for the reply: from delivery into the mailbox to the reply at the SMTP server.

    python benchmarks/latency.py [--messages 50]

The installed daemon, a real Dovecot over TLS, Postfix's smtp-sink. Dovecot itself waits 500 ms after a message lands
before it tells (a constant of its own), so the same deliveries are timed for a bare IDLE client beside the daemon: the
difference is our share.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from pathlib import Path

import imapclient

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.lab.dovecot import Dovecot
from tests.lab.smtp import SmtpSink
from tests.system.site import ADDRESS, Site, closed_now, letter


class Announcements(threading.Thread):
    """A bare IDLE client: when the server announces each message."""

    def __init__(self, dovecot: Dovecot) -> None:
        super().__init__(daemon=True)
        self.client = imapclient.IMAPClient("127.0.0.1", dovecot.plain_port, ssl=False)
        self.client.login(ADDRESS, dovecot.password)
        self.client.select_folder("INBOX", readonly=True)
        self.at: list[float] = []
        self.ended = False

    def run(self) -> None:
        """Listen until the end."""
        self.client.idle()
        while not self.ended:
            for line in self.client.idle_check(1):
                if len(line) > 1 and line[1] == b"EXISTS":
                    self.at.append(time.monotonic())


def main() -> None:
    """Deliver one by one, print the median and the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50)
    options = parser.parse_args()
    replied, announced = [], []
    with Dovecot() as dovecot, SmtpSink() as sink, Site(dovecot, sink, hours=closed_now()) as site:
        site.start()
        bare = Announcements(dovecot)
        bare.start()
        time.sleep(2)
        for number in range(options.messages):
            start = time.monotonic()
            site.deliver(letter(f"person{number}@mail.example"))
            sink.wait_for(number + 1)
            replied.append(time.monotonic() - start)
            time.sleep(1.2)
            announced.append(bare.at[-1] - start)
        bare.ended = True
        site.stop()
    for name, seconds in (("reply at the sink", replied), ("announced to a bare IDLE client", announced)):
        print(f"{name:<34} median {statistics.median(seconds) * 1000:6.0f} ms   worst {max(seconds) * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
