"""What could be read of a client: rows with their places, sections, and every problem. The rules look at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lepton_nb.client.files import CLIENT_YML
from lepton_nb.client.schema import CaseData, Predictions, Problem
from lepton_nb.client.words import quoted


class Row(NamedTuple):
    """One row of a CSV file: its line in a spreadsheet, its cells as text, and its value; None if a cell is refused."""

    file: str
    line: int
    cells: dict[str, str]
    value: Any

    def problem(self, column: str, found: str, rule: int, remedy: str) -> Problem:
        """A problem of this row."""
        return Problem(file=self.file, row=self.line, column=column, found=found, rule=rule, remedy=remedy)


@dataclass
class Draft:
    """What could be read of a folder. Parts that were refused are missing, and ``problems`` says so."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    sections: dict[str, Any] = field(default_factory=dict)  # the sections of client.yml that are sound
    settings: dict[str, Any] = field(default_factory=dict)  # client.yml as texts
    lines: dict[tuple, int] = field(default_factory=dict)  # path in client.yml → line
    tables: dict[str, list[Row]] = field(default_factory=dict)  # file → rows; no entry for a file that is not there
    unreadable: set[str] = field(default_factory=set)  # files that are there, but could not be read as a whole
    predictions: dict[str, Predictions] = field(default_factory=dict)  # asset_id → columns
    cases: list[CaseData] = field(default_factory=list)
    source: Any = None  # Folder or Workbook; None where nothing could be opened

    def rows(self, file: str) -> list[Row]:
        """The rows of a file whose every cell is sound."""
        return [row for row in self.tables.get(file, ()) if row.value is not None]

    def names(self, file: str, column: str) -> set[str] | None:
        """The texts of a column, refused rows included; None when the file could not be read."""
        if file in self.unreadable:
            return None
        return {row.cells[column] for row in self.tables.get(file, ()) if row.cells.get(column)}

    def in_yml(self, path: tuple, found: str, rule: int, remedy: str) -> Problem:
        """A problem of client.yml at a path of keys and positions; the nearest known line is given."""
        known = next((path[:size] for size in range(len(path), 0, -1) if path[:size] in self.lines), ())
        column = ".".join(str(part) for part in path if not isinstance(part, int))
        row = self.lines[known] if known else None
        return Problem(file=CLIENT_YML, row=row, column=column, found=found, rule=rule, remedy=remedy)


def repeated(rows: Iterable[Row], key: tuple[str, ...]) -> Iterator[Problem]:
    """Rule 16: the key of a row comes once."""
    first: dict[tuple, Row] = {}
    for row in rows:
        name = tuple(row.cells.get(column, "") for column in key)
        if not all(name):
            continue  # an empty cell of a key is reported as such
        if name in first:
            words = ", ".join(f"{column} {quoted(part)}" for column, part in zip(key, name, strict=True))
            found = f"{words} appears twice (rows {first[name].line} and {row.line})"
            yield row.problem(key[0], found, 16, "keep one row, or give it its own id")
        first.setdefault(name, row)


def leaves(value: Any, path: tuple) -> Iterator[tuple[tuple, str]]:
    """Every text of a tree of settings, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    elif isinstance(value, str):
        yield path, value
