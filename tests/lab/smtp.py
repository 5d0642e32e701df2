"""Real mail servers on loopback: Postfix's ``smtp-sink``, and Postfix itself as a submission server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import trustme

START_TIMEOUT = 10.0
"""Seconds a server gets to open its port; a loaded machine needs two."""

POLL = 0.02
"""Seconds between two looks at a port or a directory."""


class SinkMessage(NamedTuple):
    """One message as the sink received it.

    Attributes:
        sender: the envelope sender; empty for the null reverse-path.
        recipient: the envelope recipient (the first, should there be several).
        content: the message, dots unstuffed, CRLF line ends.
    """

    sender: str
    recipient: str
    content: bytes


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, package: str = "postfix") -> str:
    """Path of a server's program; a missing one fails the test, it does not skip it."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if path is None:
        raise RuntimeError(f"{name} is missing: install {package}")
    return path


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return once something accepts connections on 127.0.0.1.

    Raises:
        RuntimeError: nothing did within START_TIMEOUT, or the process ended.
    """
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server ended at once with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(POLL)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")


class SmtpSink:
    """Postfix's ``smtp-sink``, keeping each transaction in a file of its own.

    A message is in its file before the sink answers the final dot, so that what was accepted can be read at once.
    What reached the dot is kept whatever the answer was: ``-q .`` and ``-f .`` show how often it was tried.
    Use as a context manager, or call ``start`` and ``close``.

    Attributes:
        host: always 127.0.0.1.
        port: stays the same over ``close`` and ``start``.
    """

    host = "127.0.0.1"

    def __init__(self, *options: str) -> None:
        """Take further ``smtp-sink`` options, such as ``("-q", "DATA")`` (see smtp-sink(1))."""
        self.options: Sequence[str] = options
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="sink-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> Self:
        """Start listening."""
        user: list[str] = []
        if os.geteuid() == 0:  # smtp-sink refuses to run as root
            shutil.chown(self.directory, "nobody")
            user = ["-u", "nobody"]
        self._starts += 1  # part of the file names: the sink's "random" numbers begin again at every start
        command = [program("smtp-sink"), *user, "-d", f"{self.directory}/{self._starts}.%s.", *self.options]
        self._process = subprocess.Popen([*command, f"{self.host}:{self.port}", "100"], cwd=self.directory)
        wait_for_port(self.port, self._process)
        return self

    def stop(self) -> None:
        """Stop listening; what was received stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stop, and forget what was received."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def messages(self) -> list[SinkMessage]:
        """Every complete message, oldest first."""
        files = sorted(self.directory.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        found = (_read_dump(path.read_bytes()) for path in files)
        return [message for message in found if message is not None]

    def count(self) -> int:
        """How many messages came as far as the final dot."""
        return len(self.messages())

    def wait_for(self, count: int, timeout: float = 10.0) -> list[SinkMessage]:
        """Block until at least ``count`` messages are there; for a sender in another process.

        Raises:
            TimeoutError: there are fewer after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while len(messages := self.messages()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(messages)} of {count} messages after {timeout} s")
            time.sleep(POLL)
        return messages


_ENVELOPE = re.compile(rb"^X-(Mail|Rcpt)-Args: <?([^>\n]*)>?", re.MULTILINE)
_END_OF_ENVELOPE = re.compile(rb"^Received: [^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE)


def _read_dump(dump: bytes) -> SinkMessage | None:
    """Take a dump file apart; None while the transaction is still running."""
    end = _END_OF_ENVELOPE.search(dump)
    if end is None or not dump.endswith(b"\n\n"):
        return None
    envelope = {kind: address.decode() for kind, address in reversed(_ENVELOPE.findall(dump[: end.start()]))}
    content = dump[end.end() : -1].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return SinkMessage(envelope.get(b"Mail", ""), envelope.get(b"Rcpt", ""), content)


USERNAME = "hello@harbour.example"
PASSWORD = 'kräftiges "password"'
"""Not ASCII and with quotes on purpose."""

_MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
mydestination =
alias_maps =
alias_database =
default_transport = smtp:[127.0.0.1]:{next_hop}
local_transport = error:nobody here
smtp_tls_security_level = none
smtpd_tls_cert_file = {root}/cert.pem
smtpd_tls_key_file = {root}/key.pem
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {root}/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_sender_restrictions = {sender_restrictions}
smtpd_peername_lookup = no
anvil_status_update_time = 3600s
"""

_MASTER_CF = """\
127.0.0.1:{starttls_port} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
127.0.0.1:{implicit_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_DOVECOT_CONF = """\
protocols =
base_dir = {root}/dovecot
log_path = {root}/dovecot.log
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/passwords
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {root}/auth {{
    mode = 0666
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class PostfixRelay:
    """A real Postfix as a provider's submission server: STARTTLS on one port, implicit TLS on another, AUTH on both.

    Logins are checked by a real Dovecot (one account: ``USERNAME`` and ``PASSWORD``); what is accepted is relayed to
    ``next_hop``, an ``SmtpSink``'s port. Both servers want root.

    Attributes:
        host: localhost, which the certificate names.
        ca_file: the authority to trust.
    """

    host = "localhost"

    def __init__(self, next_hop: int, *, sender_restrictions: str = "") -> None:
        self.root = Path(tempfile.mkdtemp(prefix="relay-"))
        self.starttls_port = free_port()
        self.implicit_port = free_port()
        self.ca_file = self.root / "ca.pem"
        self._facts = {
            "root": self.root,
            "next_hop": next_hop,
            "sender_restrictions": sender_restrictions,
            "starttls_port": self.starttls_port,
            "implicit_port": self.implicit_port,
        }
        self._dovecot: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.root.chmod(0o755)  # Postfix's processes run as another user
        self._write_files()
        self._dovecot = subprocess.Popen(
            [program("dovecot", "dovecot-core"), "-F", "-c", str(self.root / "dovecot.conf")]
        )
        self._postfix("start")
        wait_for_port(self.starttls_port)
        wait_for_port(self.implicit_port)
        _wait_for_file(self.root / "auth")
        return self

    def __exit__(self, *_: object) -> None:
        self._postfix("stop")
        if self._dovecot is not None:
            self._dovecot.terminate()
            self._dovecot.wait(START_TIMEOUT)
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        """What Postfix logged so far."""
        return (self.root / "log").read_text(errors="replace")

    def _write_files(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_pem.write_to_path(self.root / "key.pem")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(self.root / "cert.pem", append=True)
        (self.root / "main.cf").write_text(_MAIN_CF.format(**self._facts))
        (self.root / "master.cf").write_text(_MASTER_CF.format(**self._facts))
        (self.root / "dovecot.conf").write_text(_DOVECOT_CONF.format(**self._facts))
        (self.root / "passwords").write_text(f"{USERNAME}:{{PLAIN}}{PASSWORD}\n")
        for name in ("queue", "data"):
            (self.root / name).mkdir()
        shutil.chown(self.root / "data", "postfix")

    def _postfix(self, command: str) -> None:
        done = subprocess.run([program("postfix"), "-c", str(self.root), command], capture_output=True, check=False)
        if done.returncode and command == "start":
            raise RuntimeError(f"postfix start: {done.stderr.decode(errors='replace')}")


def _wait_for_file(path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not path.exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{path.name} did not appear")
        time.sleep(POLL)
