"""From what is wrong with a file to sentences with file, line, column, key, reason and cure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from responder.config.ranges import lines_to_write
from responder.config.spelling import did_you_mean
from responder.config.values import Fault
from responder.core.errors import Told

Loc = tuple[str | int, ...]

_WANTED = {
    "string_type": "must be text in double quotes",
    "int_type": "must be a whole number without quotes",
    "greater_than_equal": "must be a number from 1 to 65535",
    "less_than_equal": "must be a number from 1 to 65535",
    "bool_type": "must be true or false, in lower case and without quotes",
    "list_type": "must be a list in square brackets",
    "too_short": "must hold at least one",
    "model_type": "must be a table",
}
"""Pydantic's kinds of error that the tables can meet; the only numbers in them are ports."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault.

    Attributes:
        loc: path of keys and indexes to it.
        code: what kind it is; stays when the wording changes.
        text: reason and cure, one or two sentences, without the offending value (it may be a misplaced secret).
        at_key: the key itself is wrong, rather than its value.
    """

    loc: Loc
    code: str
    text: str
    at_key: bool = False

    @property
    def key(self) -> str:
        """The path as a person would say it: ``mailbox.password.file``."""
        key = ".".join(part for part in self.loc if isinstance(part, str))
        return "".join(letter if letter.isprintable() else "?" for letter in key)


@dataclass(slots=True)
class Findings:
    """What was found, each with its place in the file.

    Attributes:
        problems: with any of them there is no configuration, but at a start.
        faults: what is wrong beside the file, and something else is used for it.
        refusals: what replies go out without.
        looks: what is allowed but worth a look.
    """

    problems: list[Problem] = field(default_factory=list[Problem])
    faults: list[Problem] = field(default_factory=list[Problem])
    refusals: list[Problem] = field(default_factory=list[Problem])
    looks: list[Problem] = field(default_factory=list[Problem])

    def refuse(self, loc: Loc, code: str, text: str) -> None:
        """Once, though several mailboxes may ask for the same."""
        _add(self.refusals, Problem(loc, code, text))

    def look(self, loc: Loc, code: str, text: str) -> None:
        """Once as well."""
        _add(self.looks, Problem(loc, code, text))


def _add(problems: list[Problem], problem: Problem) -> None:
    if problem not in problems:
        problems.append(problem)


def sentences(path: Path, text: str, problems: Iterable[Problem]) -> tuple[Told, ...]:
    """One line for each problem, in the order of the file."""
    from responder.config.positions import Places

    places = Places(text)
    placed = [(places.key(p.loc) if p.at_key else places.value(p.loc), p) for p in problems]
    placed.sort(key=lambda pair: pair[0] or (0, 0))
    return tuple(
        Told(p.code, f"{path}{f':{place.line}:{place.column}' if place else ''}: {p.key}: {_closed(p.text)}")
        for place, p in placed
    )


def _closed(text: str) -> str:
    """With a full stop, whoever wrote the sentence."""
    return text if text.endswith((".", "?", "!", "\n")) else f"{text}."


def from_validation(model: type[BaseModel], loc: Loc, raw: object, error: ValidationError) -> Iterator[Problem]:
    """Pydantic's errors in this project's words; ``loc`` is where the table stands, ``raw`` what was read of it."""
    all_details = error.errors(include_url=False, include_input=False)
    unknown = [details["loc"] for details in all_details if details["type"] == "extra_forbidden"]
    for details in all_details:
        if details["type"] == "missing" and any(_is_slip(strange, details["loc"]) for strange in unknown):
            continue  # the misspelt key is told, and with it the right one
        problem = _problem(model, loc, details)
        lines = lines_to_write(str(problem.loc[-1]), value_at(raw, details["loc"])) if _may_be_a_week(problem) else None
        yield replace(problem, text=f"hours stand in one line for each day. Write:\n{lines}\n") if lines else problem


def _may_be_a_week(problem: Problem) -> bool:
    """Whether it may be hours for several days, in ``[hours]`` or where that table was expected."""
    is_hours = problem.loc[-1] == "hours" and problem.code in ("unknown-key", "wrong-type")
    return is_hours or (problem.code == "unknown-key" and "hours" in problem.loc[-2:-1])


def value_at(raw: object, loc: Loc) -> object:
    """What was read at a place; None when nothing was."""
    for part in loc:
        if isinstance(raw, dict):
            raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            return None
    return raw


def _is_slip(strange: Loc, wanted: Loc) -> bool:
    """Whether an unknown key is most likely the one that is missing from the same table."""
    return strange[:-1] == wanted[:-1] and bool(did_you_mean(str(strange[-1]), [str(wanted[-1])]))


def _problem(model: type[BaseModel], outer: Loc, details: ErrorDetails) -> Problem:
    inner = details["loc"]
    loc = outer + inner
    match details["type"]:
        case "value_error":
            error = details.get("ctx", {}).get("error")
            return Problem(loc, error.code if isinstance(error, Fault) else "bad-value", str(error))
        case "missing":
            return Problem(loc, "missing", f"missing.{_line_to_write(model, inner)}", at_key=True)
        case "extra_forbidden":
            return Problem(loc, "unknown-key", _unknown_key(model, inner), at_key=True)
        case kind:
            text = f"{_WANTED.get(kind, 'cannot be read')}.{_line_to_write(model, inner)}"
            return Problem(loc, "wrong-type", text)


def _unknown_key(model: type[BaseModel], inner: Loc) -> str:
    from responder.config.schema import homes, keys_of

    key = str(inner[-1])
    table = _model_at(model, inner[:-1])
    if home := homes().get(key):
        return f"does not belong here. Move the line to {home}"
    what = getattr(table, "KEYS_ARE", "a key of this table")
    hint = did_you_mean(key, keys_of(table)) or f" There are {', '.join(keys_of(table))}"
    return f"not {what}.{hint}"


def _line_to_write(model: type[BaseModel], inner: Loc) -> str:
    field = _field_at(model, inner)
    if field is None or not field.examples:
        return ""
    key = next(part for part in reversed(inner) if isinstance(part, str))
    return f" Write, for example, {key} = {field.examples[0]}"


def _field_at(model: type[BaseModel], inner: Loc) -> FieldInfo | None:
    keys = [part for part in inner if isinstance(part, str)]
    table = _model_at(model, tuple(keys[:-1]))
    return next((f for name, f in table.model_fields.items() if keys and (f.alias or name) == keys[-1]), None)


def _model_at(model: type[BaseModel], inner: Loc) -> type[BaseModel]:
    for part in inner:
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == part), None)
        model = (field and _model_in(field.annotation)) or model
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
