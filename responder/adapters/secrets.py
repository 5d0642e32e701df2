"""Secrets, read at the moment of a login and never before: from systemd, a file, the environment or a program."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from responder.config import CommandSource, CredentialSource, EnvSource, FileSource, MailboxConfig, SecretSource
from responder.core.errors import PermanentError

COMMAND_TIMEOUT: Final = 10.0
"""Seconds a program may take: a password manager that waits for a person must not hold a login for ever."""

MAX_OCTETS: Final = 16_384
"""No secret is longer; a mailbox or a device that was named by mistake is."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Login:
    """What a server is told to let us in; the password stays out of every printed form."""

    username: str
    password: str = field(repr=False)


def login(mailbox: MailboxConfig, environ: Mapping[str, str]) -> Login:
    """The login of one mailbox, with its secret as it is now.

    Raises:
        PermanentError: the secret cannot be read (see ``resolve``).
    """
    return Login(mailbox.username, resolve(mailbox.password, environ))


def resolve(source: SecretSource, environ: Mapping[str, str]) -> str:
    """The secret, as it is now. May block for up to ``COMMAND_TIMEOUT`` seconds.

    One trailing line end is cut off, as editors and ``echo`` add one; nothing else is changed.

    Raises:
        PermanentError: it is not there, not private, empty, or nothing that a login could carry; names place, reason
            and cure, never the secret.
    """
    match source:
        case CredentialSource(name):
            return _from_credential(name, environ)
        case FileSource(path):
            return _from_file(path)
        case EnvSource(name):
            return _from_environment(name, environ)
        case CommandSource(argv, directory):
            return _from_command(argv, directory, environ)
        case _:
            assert_never(source)


def _from_credential(name: str, environ: Mapping[str, str]) -> str:
    where = f'credential "{name}"'
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        cure = (
            f"Start it as the service, with LoadCredential={name}:/path/to/its/file in the unit, or use password.file."
        )
        raise PermanentError(where, "systemd has not started this program, so there are no credentials", cure=cure)
    path = Path(directory) / name
    if not path.exists():
        cure = f"Add LoadCredential={name}:/path/to/its/file to the unit."
        raise PermanentError(where, "systemd did not pass it", cure=cure)
    return _checked(where, _read(where, path))  # who may read it there is systemd's business


def _from_file(path: Path) -> str:
    where = f"password file {path}"
    return _checked(where, _read(where, path, private=True))


def _read(where: str, path: Path, *, private: bool = False) -> bytes:
    try:
        # O_NONBLOCK: a named pipe must not hold us for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise PermanentError(where, "there is no such file", cure="Create it, or correct the name.") from None
    except OSError as error:
        cure = "Let the user that runs responder read it, and nobody else."
        raise PermanentError(where, f"cannot be read: {error.strerror}", cure=cure) from None
    try:
        status = os.fstat(descriptor)  # of what is read, not of what the name means by now
        if not stat.S_ISREG(status.st_mode):
            raise PermanentError(where, "this is not a plain file", cure="Name the file that holds the password.")
        if private and stat.S_IMODE(status.st_mode) & 0o077:
            raise PermanentError(where, "others on this machine may read it", cure=f"Run: chmod 600 {path}")
        return os.read(descriptor, MAX_OCTETS + 1)
    finally:
        os.close(descriptor)


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    where = f"environment variable {name}"
    value = environ.get(name)
    if value is None:
        raise PermanentError(where, "is not set", cure="Set it where the program is started.")
    return _checked(where, os.fsencode(value))


def _from_command(argv: tuple[str, ...], directory: Path, environ: Mapping[str, str]) -> str:
    where = f"command {Path(argv[0]).name}"  # its arguments may say more than a log should
    cure = "Run it by hand as the same user, and see that the password is the first line it prints."
    try:
        process = subprocess.Popen(  # noqa: S603 - the owner of the file chose the program; no shell is involved
            argv,
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise PermanentError(
            where, f"cannot be started: {error.strerror}", cure="Correct its name or its mode."
        ) from None
    try:
        content = _output(process, time.monotonic() + COMMAND_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise PermanentError(where, f"gave no answer within {COMMAND_TIMEOUT:.0f} seconds", cure=cure) from None
    finally:
        _end(process)
    if len(content) <= MAX_OCTETS and process.returncode != 0:
        raise PermanentError(where, f"ended with status {process.returncode}", cure=cure)
    return _checked(where, content if len(content) > MAX_OCTETS else content.partition(b"\n")[0])


def _output(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What it prints before it ends, but no more than one octet too many.

    Raises:
        subprocess.TimeoutExpired: it has not ended in time.
    """
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    content = b""
    with process.stdout as pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(content) <= MAX_OCTETS:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise subprocess.TimeoutExpired(process.args, COMMAND_TIMEOUT)
            part = os.read(pipe.fileno(), MAX_OCTETS + 1 - len(content))
            if not part:
                process.wait(max(0.0, deadline - time.monotonic()))
                break
            content += part
    return content


def _end(process: subprocess.Popen[bytes]) -> None:
    """With whatever it has started, unless it ended by itself."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _checked(where: str, content: bytes) -> str:
    """The secret as text, without one trailing line end.

    Raises:
        PermanentError: nothing that a login could carry: RFC 4616 forbids NUL, and a line break would end the command.
    """
    if len(content) > MAX_OCTETS:
        raise PermanentError(where, "is too long for a password", cure="Name the file that holds the password alone.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise PermanentError(where, "is not UTF-8 text", cure="Store the password as UTF-8.") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise PermanentError(where, "is empty", cure="Write the password into it.")
    if _CONTROL.search(text):
        cure = "Store the password alone, on one line."
        raise PermanentError(where, "holds a line break or a control character", cure=cure)
    return text
