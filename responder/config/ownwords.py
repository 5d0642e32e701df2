"""A practice's own words, read from the file and those that it names, and looked at by the linter.

Whatever of these must not be sent is refused and left out. It costs the practice its words, never the reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol, TypeVar

from responder.config import files, schema, week
from responder.config.problems import Findings, Loc
from responder.config.readers import Unfit
from responder.core import lint
from responder.core.lint import Finding
from responder.core.reply import LANGUAGES, OwnWords

_T = TypeVar("_T")


class Look(Protocol):
    """One of the linter's ways to look at a text."""

    def __call__(
        self, text: str, /, *, language: str, discreet: bool, practice_name: str | None
    ) -> tuple[Finding, ...]:
        """What it finds."""
        ...


MAX_TEMPLATE_OCTETS: Final = 20_000
"""A reply is read on a phone in the dark; a template this long is some other file."""


def linted(
    look: Look, text: str, *, language: str, discreet: bool, practice_name: str | None = None
) -> tuple[Finding, ...]:
    """What the linter finds; words that it could not look at, with its rules gone or damaged, are refused."""
    try:
        return look(text, language=language, discreet=discreet, practice_name=practice_name)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the linter must not cost the reply
        reason = f"the linter cannot read its rules ({type(error).__name__})."
        return (lint.Finding("no-rules", True, 1, text[:30], reason, "Install the responder again."),)  # noqa: FBT003


class OwnWordsReader:
    """Reads own words of one file.

    Args:
        name: the practice's, which a discreet text must not say.
    """

    def __init__(self, path: Path, name: str | None, languages: Sequence[str], findings: Findings) -> None:
        self._directory = path.parent
        self._name = name
        self._languages = tuple(languages)
        self._findings = findings

    def own(self, loc: Loc, table: schema.OwnWords, *, discreet: bool) -> dict[str, OwnWords]:
        """The own words of one table, by language, without those that are refused."""
        found: dict[str, OwnWords] = {}
        for code, text in self._templates((*loc, "template"), table.template, discreet=discreet).items():
            found[code] = OwnWords(template=text)
        place: Loc = (*loc, "sentences")
        for code, sentences in self._by_language(place, table.sentences).items():
            kept = tuple(
                each for each in sentences if self._passes(place, lint.lint_words, each, code, discreet=discreet)
            )
            found[code] = replace(found.get(code, OwnWords()), sentences=kept)
        place = (*loc, "sign_off")
        for code, sign_off in self._by_language(place, table.sign_off).items():
            if self._passes(place, lint.lint_words, sign_off, code, discreet=discreet):
                found[code] = replace(found.get(code, OwnWords()), sign_off=sign_off)
        place = (*loc, "subject")
        for code, subject in self._by_language(place, table.subject).items():
            if self._passes(place, lint.lint_subject, subject, code, discreet=discreet):
                found[code] = replace(found.get(code, OwnWords()), subject=subject)
        return found

    def closures(self, loc: Loc, tables: Mapping[int, schema.Closure], *, discreet: bool) -> dict[str, dict[str, str]]:
        """The texts of those closures that have one, by the closure's key and the language."""
        found: dict[str, dict[str, str]] = {}
        for index, table in tables.items():
            texts = self._templates((*loc, "closure", index, "template"), table.template, discreet=discreet)
            if texts:
                found[week.closure_key(loc, index)] = texts
        return found

    def _templates(self, loc: Loc, names: Mapping[str, str | Unfit], *, discreet: bool) -> dict[str, str]:
        found: dict[str, str] = {}
        for code, name in self._by_language(loc, names).items():
            text = self._template(loc, name)
            if text is not None and self._passes(loc, lint.lint_template, text, code, discreet=discreet):
                found[code] = text
        return found

    def _passes(self, loc: Loc, look: Look, text: str, code: str, *, discreet: bool) -> bool:
        """Whether the linter refuses nothing in a text; whatever it finds is told."""
        found = linted(look, text, language=code, discreet=discreet, practice_name=self._name)
        for each in found:
            tell = self._findings.refuse if each.refused else self._findings.look
            tell(loc, each.rule, f'line {each.line}, "{each.excerpt}": {each.reason} {each.cure}')
        return not any(each.refused for each in found)

    def _by_language(self, loc: Loc, values: Mapping[str, _T | Unfit]) -> dict[str, _T]:
        """With the first language of the replies where none was written."""
        found: dict[str, _T] = {}
        for code, value in values.items():
            if isinstance(value, Unfit):
                self._findings.refuse((*loc, code) if code else loc, "bad-words", value.reason)
                continue
            of = code or next(iter(self._languages), LANGUAGES[0])
            if of not in self._languages:
                self._findings.look(
                    (*loc, of), "unused-language", "no reply is written in this language, so this is never used"
                )
            found[of] = value
        return found

    def _template(self, loc: Loc, name: str) -> str | None:
        """The text of a template's file; refused and None when it is none."""
        file = self._directory / name
        try:
            content = files.read(file, MAX_TEMPLATE_OCTETS)
            if len(content) > MAX_TEMPLATE_OCTETS:
                reason = f"is longer than {MAX_TEMPLATE_OCTETS} octets, but a reply is a short text"
            else:
                return content.decode("utf-8-sig").replace("\r\n", "\n")
        except OSError as error:
            reason = f"cannot be read: {error.strerror}. It is looked for at {file}"
        except UnicodeDecodeError:
            reason = "is not UTF-8 text. Save the file as UTF-8"
        self._findings.refuse(loc, "unreadable-file", reason)
        return None
