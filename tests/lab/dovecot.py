"""A real Dovecot in a temporary directory, for tests that must not trust a fake.

Any user name works, with one password. Everything listens on 127.0.0.1 only. Runs as root (mail is then owned by a
numeric uid of its own) or as an ordinary user.
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

PASSWORD = "lab-password"
_START_DEADLINE = 15.0  # seconds; a loaded machine starts Dovecot in well under one
_STOP_DEADLINE = 10.0
_CONFIG = """\
protocols = {protocols}
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
instance_name = lab
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
default_vsz_limit = 1G
first_valid_uid = 1
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 1000
mail_location = maildir:{root}/mail/%u
mailbox_idle_check_interval = 1 s
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  {chroot}
  service_count = 0
  process_min_avail = 1
  client_limit = 2000
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 1000
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {chroot}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
{extra}
"""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """What the server itself says of one message."""

    uid: int
    flags: frozenset[str]
    modseq: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A folder as the server shows it to somebody who only looks."""

    uid_validity: int
    uid_next: int
    messages: tuple[StoredMessage, ...]


class Dovecot:
    """One Dovecot of its own: ``with Dovecot() as lab: ...``.

    Args:
        extra: further lines for its configuration (for example ``imap_capability = IMAP4rev1``).
        protocols: add ``lmtp`` (package dovecot-lmtpd) for ``deliver_by_lmtp``.

    Attributes:
        host: 127.0.0.1; the certificate names it and ``localhost``.
        tls_port: implicit TLS.
        plain_port: plain text, offers STARTTLS.
        ca_file: PEM file of the authority to trust.
        root: directory that holds everything; mail is in ``mail/<user>``.
    """

    host = "127.0.0.1"
    password = PASSWORD

    def __init__(self, *, extra: str = "", protocols: str = "imap") -> None:
        self._binary = _find_dovecot()
        self.root = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))  # a socket path must stay under 108 bytes
        self.root.chmod(0o755)
        self.ca_file = self.root / "ca.pem"
        self.plain_port, self.tls_port, self.lmtp_port = _free_ports(3)
        # One uid per lab: the kernel counts inotify instances per uid, and labs may run side by side.
        self._uid = self._gid = 100_000 + self.tls_port if os.geteuid() == 0 else os.geteuid()
        if os.geteuid() != 0:
            self._gid = os.getegid()
        self._process: subprocess.Popen[bytes] | None = None
        self._serial = count(1)
        self._write_certificates()
        self._write_config(extra, protocols)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the server, on the same ports and mail as before; returns when it greets."""
        command = [self._binary, "-F", "-c", str(self.root / "dovecot.conf")]
        with (self.root / "stderr.log").open("wb") as log:
            self._process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + _START_DEADLINE
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"dovecot did not start: {self.log()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it in good order; clients get a BYE."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and its children at once: connections are cut without a word."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Kill it and delete everything."""
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def deliver(self, user: str, message: bytes, received_at: datetime | None = None, *, folder: str = "INBOX") -> None:
        """Put one message into the folder, as a delivery agent does; INTERNALDATE becomes ``received_at``, or now."""
        self.deliver_many(user, [(message, received_at)], folder=folder)

    def deliver_many(
        self, user: str, messages: Iterable[tuple[bytes, datetime | None]], *, folder: str = "INBOX"
    ) -> None:
        """Like ``deliver``, for many messages of one folder."""
        maildir = self._make_maildir(user, folder)
        for content, received_at in messages:
            # Dovecot numbers what it finds in new/ in the order of names.
            name = f"{time.monotonic_ns():020d}.M{next(self._serial):09d}.lab"
            path = maildir / "tmp" / name
            path.write_bytes(content)
            if received_at is not None:
                os.utime(path, (received_at.timestamp(), received_at.timestamp()))
            os.chown(path, self._uid, self._gid)
            path.rename(maildir / "new" / name)

    def deliver_by_lmtp(self, user: str, message: bytes, sender: str = "someone@example.org") -> None:
        """Deliver through LMTP (RFC 2033): the server adds Return-Path, Delivered-To and Received."""
        with smtplib.LMTP(self.host, self.lmtp_port, local_hostname="localhost") as client:
            client.sendmail(sender, [user], message)

    def snapshot(self, user: str, folder: str = "INBOX") -> Snapshot:
        """UIDs, flags (also the server's own Recent flag) and MODSEQ, as told to a reader that only examines."""
        with self._session(user) as client:
            client.select(f'"{folder}"', readonly=True)
            uid_validity = _number(client.response("UIDVALIDITY")[1])
            uid_next = _number(client.response("UIDNEXT")[1])
            _, lines = client.uid("FETCH", "1:*", "(FLAGS MODSEQ)")
            stored = tuple(_stored(line) for line in lines if isinstance(line, bytes) and b"UID" in line)
        return Snapshot(uid_validity, uid_next, stored)

    def expunge(self, user: str, uid: int, folder: str = "INBOX") -> None:
        """Delete one message, as another client would; returns when the server itself no longer knows it.

        Raises:
            RuntimeError: it still does.
        """
        with self._session(user) as client:
            client.select(f'"{folder}"')
            said = [client.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)"), client.expunge()]
        if any(message.uid == uid for message in self.snapshot(user, folder).messages):
            raise RuntimeError(f"UID {uid} of {user} is still there after {said}")

    def lock_away(self, user: str, uid: int) -> None:
        """Nobody may read this message any more: to ask for its headers costs the connection.

        Only as root, whose server is somebody else.
        """
        path = sorted(path for path in (self.root / "mail" / user / "new").iterdir())[uid - 1]
        os.chown(path, 0, 0)
        path.chmod(0)

    def delete_uidlist(self, user: str) -> None:
        """Lose the UIDs of every folder: the next session sees another UIDVALIDITY. Stop the server first."""
        for pattern in ("dovecot-uidlist*", "dovecot.index*", "dovecot-uidvalidity*"):
            for path in (self.root / "mail" / user).rglob(pattern):
                path.unlink()

    def log(self) -> str:
        """What Dovecot logged so far."""
        return "".join(
            path.read_text(errors="replace")
            for path in (self.root / "stderr.log", self.root / "dovecot.log")
            if path.exists()
        )

    def _session(self, user: str) -> imaplib.IMAP4:
        client = imaplib.IMAP4(self.host, self.plain_port, timeout=30)
        client.login(f'"{user}"', PASSWORD)
        return client

    def _greets(self) -> bool:
        try:
            with socket.create_connection((self.host, self.plain_port), timeout=1) as sock:
                return sock.recv(4) == b"* OK"
        except OSError:
            return False

    def _listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex((self.host, self.plain_port)) == 0

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if how is not signal.SIGKILL:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_DEADLINE)
        # The master's children share its process group, and may outlive it for a moment.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_STOP_DEADLINE)
        deadline = time.monotonic() + _STOP_DEADLINE
        while self._listens() and time.monotonic() < deadline:
            time.sleep(0.005)

    def _make_maildir(self, user: str, folder: str) -> Path:
        top = self.root / "mail" / user
        maildir = top if folder == "INBOX" else top / f".{folder.replace('/', '.')}"
        for directory in (top, maildir, *(maildir / part for part in ("tmp", "new", "cur"))):
            if not directory.exists():
                directory.mkdir(mode=0o700)
                os.chown(directory, self._uid, self._gid)
        return maildir

    def _write_certificates(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(self.root / "key.pem")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(self.root / "cert.pem", append=True)

    def _write_config(self, extra: str, protocols: str) -> None:
        is_root = os.geteuid() == 0
        for name in ("run", "state", "mail", "home"):
            (self.root / name).mkdir(mode=0o755)
        for name in ("mail", "home"):
            os.chown(self.root / name, self._uid, self._gid)
        text = _CONFIG.format(
            root=self.root,
            protocols=protocols,
            plain_port=self.plain_port,
            tls_port=self.tls_port,
            lmtp_port=self.lmtp_port,
            uid=self._uid,
            gid=self._gid,
            password=PASSWORD,
            internal_user="dovecot" if is_root else _user_name(),
            internal_group="dovecot" if is_root else _group_name(),
            login_user="dovenull" if is_root else _user_name(),
            chroot="" if is_root else "chroot =",
            extra=extra,
        )
        if "lmtp" not in protocols:
            text = re.sub(r"service lmtp \{.*?\n\}\n", "", text, flags=re.DOTALL)
        (self.root / "dovecot.conf").write_text(text)


def _find_dovecot() -> str:
    found = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise RuntimeError("these tests need a real Dovecot: install dovecot-imapd")
    return found


def _free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now; the kernel does not hand them out again for a while."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [int(sock.getsockname()[1]) for sock in sockets]


def _user_name() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def _group_name() -> str:
    import grp

    return grp.getgrgid(os.getegid()).gr_name


def _number(data: list[bytes | None]) -> int:
    return int(data[-1] or b"0")


def _stored(line: bytes) -> StoredMessage:
    uid = re.search(rb"UID (\d+)", line)
    flags = re.search(rb"FLAGS \(([^)]*)\)", line)
    modseq = re.search(rb"MODSEQ \((\d+)\)", line)
    assert uid
    assert flags
    assert modseq
    return StoredMessage(int(uid[1]), frozenset(flags[1].decode().split()), int(modseq[1]))
