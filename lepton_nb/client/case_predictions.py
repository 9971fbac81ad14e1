"""Predictions made elsewhere: which rows of a case they are for, and whether they are scores or decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lepton_nb.client.case_rows import ALL_DIFFERENT
from lepton_nb.client.cells import number, of_a_score
from lepton_nb.client.words import Refused, did_you_mean, quoted

RULE = 45
SCORE, DECISION = "score", "decision"
#: Words that are written for a decision.
YES_AND_NO = ("true", "false", "yes", "no", "accept", "reject", "accepted", "rejected", "flag", "pass")


class Misfit(Exception):
    """Predictions that do not fit the case: what was found, rule, what to do, key of the case."""

    def __init__(self, found: str, rule: int, remedy: str, key: str = "predictions"):
        super().__init__(f"{found}; {remedy}")
        self.found, self.rule, self.remedy, self.key = found, rule, remedy, key


class Matched(NamedTuple):
    """Scores with the rows of the data that they are for."""

    values: Any  # (k,) float64
    rows: Any  # (k,) numbers of rows of the data
    decisions: bool
    joined_by: str  # the id column; empty: by the order of rows


def matched(
    records: list[list[str]], score_column: str | None, n: int, test: Any, data: Mapping[str, Sequence[str]]
) -> Matched:
    """The scores of a table. n: rows of the data; test: (n,) bool, the test rows; data: column → its cells (n,).

    A column that the data have too, with another value in every row, is the id: rows are matched by it, in any order.
    Without one, the file has a row for each row of the data, or for each test row where these are the last ones, in
    the same order; every further column must then be one of the data, and say the same in every row. Raises Misfit.
    """
    import numpy as np

    header = [name.strip() for name in records[0]] if records else []
    rows = records[1:]
    column = _column(header, score_column)
    if not rows:
        raise Misfit("has a header and no rows", RULE, "one prediction for each row of the test at least")
    cells = [row[header.index(column)].strip() if header.index(column) < len(row) else "" for row in rows]
    values = np.array([_score(line, column, cell) for line, cell in enumerate(cells, start=2)])
    if column == DECISION and not set(np.unique(values).tolist()) <= {0.0, 1.0}:
        raise Misfit(f"{quoted(DECISION)} holds other values than 0 and 1", 15, f"name the column {SCORE}")
    decisions = set(np.unique(values).tolist()) <= {0.0, 1.0}
    others = {
        name: [row[place].strip() if place < len(row) else "" for row in rows]
        for place, name in enumerate(header)
        if name not in (column, SCORE, DECISION)
    }
    for name, own in others.items():
        if name in data and len(set(data[name])) == n:
            return Matched(values, _by_id(name, own, list(data[name]), test), decisions, name)
    _no_id(others, data)
    positions = np.flatnonzero(test)
    if len(rows) == n:
        places = np.arange(n)
    elif len(rows) == len(positions) and positions[0] == n - len(positions):
        places = positions
    else:
        told = f"the data have {n} rows, {len(positions)} of them for the test"
        remedy = "one row for each of all rows, in the same order"
        if len(rows) == len(positions):
            remedy += "; the test rows lie among the others, so predictions of these alone need an id column"
        raise Misfit(f"has {len(rows)} rows, {told}", RULE, remedy)
    _same_rows(others, data, places)
    return Matched(values, places, decisions, "")


def _column(header: list[str], score_column: str | None) -> str:
    """The column of the scores. Raises Misfit."""
    column = score_column or next((name for name in (SCORE, DECISION) if name in header), None)
    if column is not None and column in header:
        return column
    found = f"has no column {quoted(score_column or SCORE)}"
    near = did_you_mean(score_column or SCORE, header)
    remedy = near or f"the columns are {', '.join(header[:20])}"
    if score_column is None:
        raise Misfit(found, 17, f"{remedy}; score_column in the case names another one")
    raise Misfit(found, 17, remedy, "score_column")


def _score(line: int, column: str, cell: str) -> float:
    """One score or decision, 0 to 1. Raises Misfit."""
    try:
        value = number(cell)
    except Refused as stop:
        remedy = f"every row needs a score; {of_a_score(stop.remedy)}"
        if column == DECISION or cell.lower() in YES_AND_NO:
            remedy = "every row needs a decision: write 1 where the case was flagged, 0 where it was not"
        raise Misfit(f"row {line}: {column} {stop.found}", stop.rule, remedy) from None
    if not 0 <= value <= 1:
        remedy = "a score is a probability from 0 to 1 (a logit x becomes 1 / (1 + exp(-x)))"
        raise Misfit(f"row {line}: {column} {quoted(cell)} outside 0..1", 14, remedy)
    return value


def _no_id(others: Mapping[str, Sequence[str]], data: Mapping[str, Sequence[str]]) -> None:
    """Raises Misfit for a column that may be meant as the id, and is none: rows are not joined by a guess."""
    for name in others:
        if name not in data:
            alike = next((known for known in data if known.casefold() == name.casefold()), None)
            ids = list(_ids(data))
            if alike is not None:
                remedy = f"the data write it {quoted(alike)}: name it so in both"
            elif ids:
                remedy = (
                    f"if it is the id, name it as the data do ({', '.join(map(quoted, ids[:5]))}); if not, leave it out"
                )
            else:
                remedy = (
                    "bring it into the data too if it is the id; leave it out if the rows are in the order of the data"
                )
            raise Misfit(f"has the column {quoted(name)}, which the data do not have", RULE, remedy)
        known = data[name]
        if len(set(known)) > ALL_DIFFERENT * len(known):
            seen: set[str] = set()
            twice = next(text for text in known if text in seen or seen.add(text))
            found = f"has the column {quoted(name)}, whose values are not unique in the data, e.g. {quoted(twice)}"
            raise Misfit(found, RULE, "give every row of the data its own id")


def _ids(data: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Columns of the data with another value in every row."""
    return (name for name, cells in data.items() if len(set(cells)) == len(cells))


def _same_rows(others: Mapping[str, Sequence[str]], data: Mapping[str, Sequence[str]], places: Any) -> None:
    """Raises Misfit where a column that both have says that the rows are not in the order of the data."""
    for name, own in others.items():
        for line, (text, place) in enumerate(zip(own, places.tolist(), strict=True), start=2):
            if text != data[name][place] and not _same_number(text, data[name][place]):
                found = f"row {line}: {quoted(name)} is {quoted(text)}, and {quoted(data[name][place])} in the data"
                remedy = "the rows are not in the order of the data: sort them alike, or add an id column"
                raise Misfit(found, RULE, remedy)


def _same_number(one: str, other: str) -> bool:
    try:
        return number(one) == number(other)
    except Refused:
        return False


def _by_id(name: str, own: list[str], known: list[str], test: Any) -> Any:
    import numpy as np

    if len(set(own)) < len(own):
        raise Misfit(f"{quoted(name)} names a row twice", 16, "one prediction a row")
    where = {text: position for position, text in enumerate(known)}
    for line, text in enumerate(own, start=2):
        if text not in where:
            raise Misfit(f"row {line}: {quoted(name)} {quoted(text)} is not in the data", 17, "correct the id")
    rows = np.array([where[text] for text in own])
    missing = set(np.flatnonzero(test).tolist()) - set(rows.tolist())
    if missing:
        first = known[min(missing)]
        raise Misfit(f"has no prediction for {len(missing)} test rows, e.g. {quoted(first)}", RULE, "add them")
    return rows
