"""Which file to read, and its bytes as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from responder.config import files
from responder.core.errors import ConfigError, Told

SYSTEM_PATH = Path("/etc/responder/config.toml")
MAX_OCTETS: Final = 1_000_000
"""No configuration is this long; a log or a mailbox that was named by mistake is."""

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CREATE = "Copy config.example.toml there and fill it in"


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """The configuration file: the one that was asked for, else the first that exists.

    Raises:
        ConfigError: there is none.
    """
    if explicit is not None:
        return _existing(explicit, "--config")
    if named := environ.get("RESPONDER_CONFIG"):
        return _existing(Path(named), "RESPONDER_CONFIG")
    places = tuple(_usual_places(environ))
    for path in places:
        if _exists(path):
            return path
    looked = ", ".join(map(str, places))
    text = f"no configuration file. Looked for {looked}. {_CREATE}, or name it with --config."
    raise ConfigError(Told("no-file", text))


def _usual_places(environ: Mapping[str, str]) -> Iterator[Path]:
    yield Path("config.toml")
    xdg, home = environ.get("XDG_CONFIG_HOME", ""), environ.get("HOME", "")
    if Path(xdg).is_absolute():  # a relative one has to be ignored (XDG Base Directory Specification)
        yield Path(xdg) / "responder" / "config.toml"
    elif home:
        yield Path(home) / ".config" / "responder" / "config.toml"
    yield SYSTEM_PATH


def _existing(path: Path, asked_by: str) -> Path:
    if not _exists(path):
        raise _refused(
            path, "no-file", f"there is no such file, but {asked_by} names it. {_CREATE}, or correct the name."
        )
    return path


def _exists(path: Path) -> bool:
    """Whether something is there; what may not be looked at counts as there, so that the reader can say why."""
    try:
        return path.exists()
    except OSError:
        return True


def read_text(path: Path) -> str:
    """The file as TOML text: UTF-8, with or without a byte order mark, any line ends."""
    return decode(path, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The file as it is."""
    try:
        content = files.read(path, MAX_OCTETS)
    except OSError as error:
        raise _refused(path, "unreadable-file", _why_unreadable(path, error)) from None
    if len(content) > MAX_OCTETS:
        raise _refused(path, "unreadable-file", "this is too long for a configuration file. Is it the right one?")
    return content


def _why_unreadable(path: Path, error: OSError) -> str:
    match error:
        case files.NotRegularError() if path.is_dir():
            return f"this is a directory. Name the file in it, such as {path / 'config.toml'}."
        case files.NotRegularError():
            return f"{error.strerror}, and reading it might never end. Name a plain file."
        case FileNotFoundError():
            return f"there is no such file. {_CREATE}."
        case PermissionError():
            return "not allowed to read it. Let the user that runs responder read it: chmod a+r."
        case _:
            return f"cannot be read: {error.strerror}."


def decode(path: Path, content: bytes) -> str:
    """The text of a file that was read."""
    if content.startswith(_UTF16_MARKS):
        raise _refused(path, "not-utf-8", "the file is UTF-16. Save it as UTF-8 (in Notepad: Save as, Encoding).")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        text = "there is a character here that is not UTF-8. Save the file as UTF-8."
        raise _refused(path, "not-utf-8", text, line) from None
    if not text.strip():
        raise _refused(path, "empty-file", f"the file is empty. {_CREATE}.")
    return text.replace("\r\n", "\n")


def _refused(path: Path, code: str, text: str, line: int | None = None) -> ConfigError:
    return ConfigError(Told(code, f"{path}:{line}: {text}" if line else f"{path}: {text}"))
