"""The fields of the types: their columns, and the words that the template and the workbook print for them."""

from __future__ import annotations

import typing
from typing import Any, Literal, get_args

from pydantic import BaseModel

from lepton_nb.client.cells import Fraction, Growth, Score, Share
from lepton_nb.client.schema import Frozen, Table

#: Types whose values a workbook may show as percent.
PERCENT = (Fraction, Growth, Score, Share)


def columns(type_: type[Frozen]) -> dict[str, Any]:
    """Column names of a row type, with their pydantic fields."""
    return {info.alias or name: info for name, info in type_.model_fields.items()}


def inner(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation: the type itself, or the items of a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := inner(part))), None)


def percent_columns(table: Table) -> set[str]:
    """The columns of a table that hold fractions."""
    fractions = [kind.__metadata__[-1] for kind in PERCENT]
    return {name for name, info in columns(table.type).items() if any(word in fractions for word in _words_of(info))}


def is_number(info: Any) -> bool:
    """Whether a field holds a number."""
    return any(
        word.startswith(("number", "fraction", "share", "whole number", "year", "0 or 1")) for word in _words_of(info)
    )


def _words_of(info: Any) -> list[str]:
    """The words that a field's types carry, optional or not."""
    parts = [
        *info.metadata,
        *(word for part in get_args(info.annotation) for word in getattr(part, "__metadata__", ())),
    ]
    return [word for word in parts if isinstance(word, str)]


def explained(info: Any) -> str:
    """Description, unit and values of a key, in one line."""
    unit, values = info.json_schema_extra["unit"], allowed(info)
    notes = "; ".join(note for note in (values, unit, "" if info.is_required() else "optional") if note)
    return f"{info.description} ({notes})" if notes else info.description


def allowed(info: Any) -> str:
    """The values of a field in words: its allowed words, or what its type says."""
    return next(filter(None, map(_words, [*info.metadata, info.annotation])), "")


def _words(part: Any) -> str:
    if isinstance(part, str):
        return part
    if typing.get_origin(part) is Literal:
        return ", ".join(typing.get_args(part))
    inside = [] if inner(part) else [*getattr(part, "__metadata__", ()), *typing.get_args(part)]
    return next(filter(None, map(_words, inside)), "")


def all_sentences(model: type[BaseModel]) -> list[str]:
    """The lines of a type's description."""
    return [line.strip() for line in (model.__doc__ or "").strip().split("\n") if line.strip()]


def first_sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0]
