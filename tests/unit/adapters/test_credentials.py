"""Secrets: one trailing line end goes, nothing else changes, and no message ever holds one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from responder.adapters import secrets as credentials
from responder.adapters.secrets import Login, login, resolve
from responder.config import CommandSource, CredentialSource, EnvSource, FileSource, SecretSource
from responder.core.errors import PermanentError

SECRET = 'pä"ss\\w örd {}'


def private(path: Path, content: bytes) -> Path:
    """A file only its owner may read."""
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def python(code: str) -> tuple[str, ...]:
    """A command that runs this code."""
    return (sys.executable, "-I", "-c", code)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_every_source_gives_the_same_secret(tmp_path: Path, end: str) -> None:
    """Quotes, backslashes, umlauts and blanks arrive as they are; one line end is cut off."""
    private(tmp_path / "name", f"{SECRET}{end}".encode())
    show = python("import os,sys; sys.stdout.buffer.write((os.environ['SECRET']).encode())")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "SECRET": f"{SECRET}{end}"}
    sources: list[SecretSource] = [
        CredentialSource("name"),
        FileSource(tmp_path / "name"),
        EnvSource("SECRET"),
        CommandSource(show, tmp_path),
    ]
    assert [resolve(source, environ) for source in sources] == [SECRET] * 4


def test_exactly_one_line_end_is_cut_off(tmp_path: Path) -> None:
    """A second one is part of nothing a person meant, so it is refused rather than guessed at."""
    with pytest.raises(PermanentError, match="holds a line break"):
        resolve(FileSource(private(tmp_path / "secret", b"secret\n\n")), {})


def test_blanks_at_the_end_belong_to_the_secret(tmp_path: Path) -> None:
    """A password may end in a blank."""
    assert resolve(FileSource(private(tmp_path / "secret", b" secret \n")), {}) == " secret "


def test_a_program_gives_its_first_line(tmp_path: Path) -> None:
    """Password managers print the secret first and notes after it."""
    source = CommandSource(python("print('first'); print('second')"), tmp_path)
    assert resolve(source, {}) == "first"


def test_a_program_runs_without_a_shell_beside_the_file_and_without_input(tmp_path: Path) -> None:
    """Its arguments are its own, its directory is the file's, and it can ask nobody anything."""
    code = "import os,sys; print(sys.argv[1], os.getcwd() == sys.argv[2], repr(sys.stdin.read()))"
    source = CommandSource((*python(code), "$(id); a", str(tmp_path)), tmp_path)
    assert resolve(source, {}) == "$(id); a True ''"


Refusal = tuple["Callable[[Path], SecretSource]", str, str]

REFUSALS: dict[str, Refusal] = {
    "no credentials directory": (lambda _: CredentialSource("name"), 'credential "name"', "systemd has not started"),
    "file missing": (lambda at: FileSource(at / "none"), "password file ", "there is no such file. Create it"),
    "file is a directory": (FileSource, "password file ", "this is not a plain file"),
    "file is a pipe": (lambda at: FileSource(_pipe(at / "pipe")), "password file ", "this is not a plain file"),
    "path through a file": (
        lambda at: FileSource(private(at / "a", b"secret") / "b"),
        "password file ",
        "cannot be read: Not a directory",
    ),
    "file empty": (lambda at: FileSource(private(at / "a", b"\n")), "password file ", "is empty. Write the password"),
    "file long": (lambda at: FileSource(private(at / "a", b"s" * 16_385)), "password file ", "is too long"),
    "file not UTF-8": (lambda at: FileSource(private(at / "a", b"p\xe4ss")), "password file ", "is not UTF-8 text"),
    "NUL": (lambda at: FileSource(private(at / "a", b"secret\0")), "password file ", "a control character"),
    "line break inside": (lambda at: FileSource(private(at / "a", b"a\r\nb")), "password file ", "holds a line break"),
    "variable missing": (lambda _: EnvSource("NONE"), "environment variable NONE", "is not set. Set it"),
    "variable empty": (lambda _: EnvSource("EMPTY"), "environment variable EMPTY", "is empty"),
    "variable not UTF-8": (lambda _: EnvSource("BROKEN"), "environment variable BROKEN", "is not UTF-8"),
    "program missing": (
        lambda at: CommandSource(("/none/pass", "secret"), at),
        "command pass",
        "cannot be started: No such file or directory",
    ),
    "program fails": (
        lambda at: CommandSource(python("print('secret'); raise SystemExit(3)"), at),
        "command python",
        "ended with status 3. Run it by hand",
    ),
    "program never stops": (
        lambda at: CommandSource(python("import sys\nwhile True: sys.stdout.write('x' * 9999)"), at),
        "command python",
        "is too long for a password",
    ),
    "program says nothing": (lambda at: CommandSource(python(""), at), "command python", "is empty"),
}


def _pipe(path: Path) -> Path:
    os.mkfifo(path, 0o600)
    return path


@pytest.mark.parametrize(("source", "where", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_a_secret_that_cannot_be_used_is_refused_with_place_reason_and_cure(
    tmp_path: Path, source: Callable[[Path], SecretSource], where: str, reason: str
) -> None:
    """The owner reads what to do; nobody reads the secret."""
    environ = {"EMPTY": "", "BROKEN": "secret\udce4"}
    with pytest.raises(PermanentError) as refused:
        resolve(source(tmp_path), environ)
    assert refused.value.where.startswith(where)
    assert reason in str(refused.value)
    assert refused.value.cure.endswith((".", str(tmp_path)))
    assert "secret" not in str(refused.value).replace(str(tmp_path), "")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o660, 0o601, 0o777])
def test_a_file_that_others_may_touch_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    """Any bit for group or others is one too many."""
    path = private(tmp_path / "secret", b"secret")
    path.chmod(mode)
    with pytest.raises(PermanentError) as refused:
        resolve(FileSource(path), {})
    assert str(refused.value) == f"password file {path}: others on this machine may read it. Run: chmod 600 {path}"


def test_systemd_decides_who_may_read_its_credentials(tmp_path: Path) -> None:
    """Its directory is private; a group bit there is its own doing."""
    (tmp_path / "name").write_bytes(b"secret\n")
    (tmp_path / "name").chmod(0o440)
    assert resolve(CredentialSource("name"), {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "secret"


def test_a_credential_that_the_unit_does_not_pass_is_named(tmp_path: Path) -> None:
    """The line for the unit is in the message."""
    with pytest.raises(PermanentError, match=r"systemd did not pass it\. Add LoadCredential=name:"):
        resolve(CredentialSource("name"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})


def test_a_program_that_waits_for_a_person_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login never waits longer than the limit."""
    monkeypatch.setattr(credentials, "COMMAND_TIMEOUT", 0.05)
    with pytest.raises(PermanentError, match="gave no answer within"):
        resolve(CommandSource(python("import threading; threading.Event().wait()"), tmp_path), {})


def test_a_printed_login_keeps_the_password() -> None:
    """Neither a log line nor a traceback shows it."""
    assert "secret" not in repr(Login("hello@harbour.example", "secret"))
    box = type("Box", (), {"username": "hello", "password": EnvSource("S")})()
    assert login(box, {"S": "secret"}) == Login("hello", "secret")
