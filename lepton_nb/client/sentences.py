"""Pydantic's errors as sentences: what was found, which rule, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel, ValidationError

from lepton_nb.client.fields import columns, inner
from lepton_nb.client.roots import word_of
from lepton_nb.client.words import Refused, quoted


def explain(error: ValidationError, type_: type[BaseModel]) -> Iterator[tuple[tuple, str, int, str]]:
    """Place, finding, rule and remedy for each error of one value of ``type_``."""
    errors = error.errors(include_url=False)
    near = {
        item["loc"]: word_of(str(item["loc"][-1]), _keys(type_, item["loc"][:-1]))
        for item in errors
        if item["type"] == "extra_forbidden"
    }
    for item in errors:
        loc, kind, context = item["loc"], item["type"], item.get("ctx", {})
        refused = context.get("error")
        if isinstance(refused, Refused):
            yield loc, refused.found, refused.rule, refused.remedy
        elif kind == "missing":
            if any(loc[:-1] == other[:-1] and f'"{loc[-1]}"' in hint for other, hint in near.items()):
                continue  # the misspelt key says it
            yield loc, "is missing", 2, f"a value is needed: {_description(type_, loc)}"
        elif kind == "extra_forbidden":
            remedy = near[loc] or f"the keys are {', '.join(_keys(type_, loc[:-1]))}"
            yield loc, f"unknown key {quoted(loc[-1])}", 2, remedy
        elif kind == "literal_error":
            allowed = re.findall(r"'([^']*)'", context["expected"])
            remedy = f"{word_of(str(item['input']), allowed)} allowed: {', '.join(allowed)}".strip()
            yield loc, quoted(item["input"]), 2, remedy
        else:
            needed = {"string_type": "a text", "tuple_type": "a list"}.get(kind, "a mapping of keys to values")
            yield loc, quoted(item["input"]), 2, f"{needed} is needed here"


def _model(type_: type[BaseModel], loc: tuple) -> type[BaseModel]:
    for part in loc:
        if isinstance(part, str) and part in type_.model_fields:
            type_ = inner(type_.model_fields[part].annotation) or type_
    return type_


def _keys(type_: type[BaseModel], loc: tuple) -> list[str]:
    return list(columns(_model(type_, loc)))


def _description(type_: type[BaseModel], loc: tuple) -> str:
    return columns(_model(type_, loc[:-1]))[loc[-1]].description
