"""Cells of one column of a case, read one after the other: the first that is refused is named by its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import number, zero_or_one
from lepton_nb.client.words import Refused, quoted

#: Words for the class that counts as 1.
POSITIVE = ("yes", "true", "bad", "default", "defaulted", "left", "churned", "fraud", "positive", "1.0")


def each(key: str, cells: Sequence[str], read: Callable[[str], Any]) -> list[Any]:
    """Every cell, read; the first that is refused is named by its row. Raises Unfit."""
    values = []
    for line, cell in enumerate(cells, start=2):
        try:
            values.append(read(cell))
        except Refused as stop:
            raise Unfit(key, f"row {line}: {stop.found}", stop.rule, stop.remedy) from None
    return values


def class_of(cells: list[str]) -> Callable[[str], int]:
    """How a cell of a target without ``positive`` is read: 0 or 1; of two words, the remedy names the key."""
    words = sorted(set(cells))

    def read(text: str) -> int:
        try:
            return zero_or_one(text)
        except Refused as stop:
            if len(words) != 2 or not text:
                raise
            likely = next((word for word in words if word.lower() in POSITIVE), words[-1])
            remedy = (
                f"say which of {quoted(words[0])} and {quoted(words[1])} counts as 1, e.g. positive: {quoted(likely)}"
            )
            raise Refused(stop.found, stop.rule, remedy) from None

    return read


def amount(text: str) -> float:
    value = number(text)
    if value < 0:
        raise Refused(quoted(text), 41, "an amount is at least 0")
    return value


def given(text: str) -> str:
    if not text:
        raise Refused("empty", 41, "name the block of each row")
    return text
