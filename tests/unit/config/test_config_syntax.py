"""A file that is not TOML is refused with the place and with what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from responder.config import ConfigError
from tests.configs import load


def refusal(directory: Path, content: str | bytes) -> str:
    """The one sentence said of this content, without the directory."""
    path = directory / "config.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigError) as refused:
        load(path)
    (problem,) = refused.value.problems
    return problem.replace(str(directory) + "/", "")


HINTS: dict[str, tuple[str, str, str]] = {
    "typographic quotes": ("name = “Harbour”", "8", 'There are typographic quotes here; type the plain one: ".'),
    "typographic single quotes": (
        "name = \u2018Harbour\u2019",
        "8",
        'There are typographic quotes here; type the plain one: ".',
    ),
    "non-breaking space": ('name =\u00a0"Harbour"', "7", "There is an invisible character here; retype the line."),
    "colon": ('name: "Harbour"', "5", "A key and its value are joined by =, not by a colon."),
    "hours without quotes": (
        "monday = 09:00-17:00",
        "11",
        'Hours are text in double quotes, such as "09:00-17:00".',
    ),
    "short hours without quotes": ("monday = 9-17", "11", 'Hours are text in double quotes, such as "09:00-17:00".'),
    "time without seconds": (
        "from = 2026-12-24T12:00",
        "18",
        "A time of day here needs its seconds, such as 2026-12-24T12:00:00.",
    ),
    "date the other way round": ("date = 24.12.2026", "13", "A date is written year first, such as 2026-12-24."),
    "truth in capitals": ("say_until = False", "13", "Write true or false, in lower case."),
    "yes": ("say_until = yes", "13", "Write true or false, in lower case."),
    "backslash": (
        'file = "C:\\Users\\secret"',
        "13",
        "A backslash in double quotes starts an escape; use single quotes or /.",
    ),
    "hours above their mailbox": (
        '[mailbox.hours]\nmonday = "09:00-17:00"\n[[mailbox]]',
        "10",
        "Tables of a mailbox, such as [mailbox.hours], stand below its [[mailbox]]; move them.",
    ),
    "open bracket": ("[practice", "10", "A table's name needs its closing bracket."),
    "quote too many": ('name = ""Harbour""', "10", "There is a quote too many or too few on this line."),
    "no value": ("name =", "7", "The value is missing."),
    "open quote": ('name = "Harbour', "16", "A text is not closed; put the same quote at its end."),
    "open single quote": ("name = 'Harbour", "16", "A text is not closed; put the same quote at its end."),
    "no quotes": ("name = Harbour", "8", "Text stands in double quotes."),
    "no key": ("= 1", "1", "Compare the line with config.example.toml."),
}


@pytest.mark.parametrize(("line", "column", "hint"), HINTS.values(), ids=HINTS)
def test_a_slip_gets_its_hint(tmp_path: Path, line: str, column: str, hint: str) -> None:
    """The line is named, and what people get wrong there most often is told."""
    said = refusal(tmp_path, f"# first\n\n{line}\n[hours]\n")
    last = 3 + line.count("\n")
    assert said.startswith(f"config.toml:{last}:{column}: not TOML: ")
    assert said.endswith(hint)


def test_the_reason_is_told_before_the_cure(tmp_path: Path) -> None:
    """A whole sentence, as a person reads it."""
    said = refusal(tmp_path, '[practice]\nname = "Harbour"\ntime_zone "x"\n')
    assert said == (
        "config.toml:3:11: not TOML: expected '=' after a key in a key/value pair. "
        "Compare the line with config.example.toml."
    )


def test_a_value_that_is_missing_at_the_very_end(tmp_path: Path) -> None:
    """Where the parser names no line, the last one is meant."""
    assert refusal(tmp_path, "[hours]\nmonday =") == ("config.toml:2:9: not TOML: invalid value. The value is missing.")


def test_what_never_ends_is_told_at_the_end(tmp_path: Path) -> None:
    """Where the parser can only say 'end of document', the last line is named."""
    said = refusal(tmp_path, '[practice]\nname = """Harbour\n')
    assert (
        said == "config.toml:2:18: not TOML: unterminated string. A text is not closed; put the same quote at its end."
    )


def test_a_table_written_twice_names_both_lines(tmp_path: Path) -> None:
    """Two tables of one name are put together."""
    said = refusal(tmp_path, '[hours]\nmonday = "09:00-17:00"\n\n  [hours]\nfriday = "09:00-13:00"\n')
    assert said == (
        "config.toml:4:3: hours: [hours] appears twice: lines 1 and 4. Put their lines together under one [hours]."
    )


@pytest.mark.parametrize("second", ["[mailbox]", "[[mailbox]]"])
def test_several_mailboxes_take_double_brackets(tmp_path: Path, second: str) -> None:
    """Whoever writes a second mailbox in single brackets is told about double ones."""
    said = refusal(tmp_path, f"[mailbox]\nfolder = 'INBOX'\n{second}\nfolder = 'INBOX'\n")
    assert said == (
        "config.toml:3:1: mailbox: [mailbox] appears twice: lines 1 and 3. "
        "There may be several, each with double brackets: [[mailbox]]."
    )


def test_a_key_written_twice_names_both_lines(tmp_path: Path) -> None:
    """One of two equal keys has to go."""
    said = refusal(tmp_path, '[hours]\nmonday = "09:00-17:00"\nfriday = "09:00-13:00"\nmonday = "10:00-12:00"\n')
    assert said == "config.toml:4:1: hours.monday: appears twice: lines 2 and 4. Keep one of them."


def test_a_key_written_twice_in_one_mailbox(tmp_path: Path) -> None:
    """Equal keys of two mailboxes are fine; the second in one mailbox is not."""
    mailbox = "[[mailbox]]\nfolder = 'a'\n"
    said = refusal(tmp_path, mailbox + mailbox + "folder = 'b'\n")
    assert said == "config.toml:5:1: mailbox.folder: appears twice: lines 4 and 5. Keep one of them."


def test_windows_line_ends_keep_their_line_numbers(tmp_path: Path) -> None:
    """A file from a Windows editor is told the line its editor shows."""
    said = refusal(tmp_path, b"\xef\xbb\xbf[practice]\r\nname = Harbour\r\n")
    assert said.startswith("config.toml:2:8: not TOML: ")


def test_utf16_is_named(tmp_path: Path) -> None:
    """What Notepad calls Unicode is refused with the way out."""
    said = refusal(tmp_path, "[practice]\n".encode("utf-16"))
    assert said == "config.toml: the file is UTF-16. Save it as UTF-8 (in Notepad: Save as, Encoding)."


def test_a_byte_that_is_not_utf8_has_a_line(tmp_path: Path) -> None:
    """Latin-1 umlauts are told by their line."""
    said = refusal(tmp_path, b'[practice]\nname = "Praxis M\xfcller"\n')
    assert said == "config.toml:2: there is a character here that is not UTF-8. Save the file as UTF-8."


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_says_what_to_copy(tmp_path: Path, content: bytes) -> None:
    """Nothing in it: the example is the way to start."""
    assert refusal(tmp_path, content) == (
        "config.toml: the file is empty. Copy config.example.toml there and fill it in."
    )


def test_a_file_of_another_kind_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A mailbox file named by mistake is refused by its size."""
    assert "too long" in refusal(tmp_path, b"#" * 1_000_001)
