"""Predictions made elsewhere: which rows of a case they are for, and whether they are scores or decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lepton_nb.client.cells import number
from lepton_nb.client.words import Refused, did_you_mean, quoted

RULE = 45
SCORE, DECISION = "score", "decision"


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


def matched(
    records: list[list[str]], score_column: str | None, n: int, test: Any, ids: Callable[[str], Sequence[str] | None]
) -> Matched:
    """The scores of a table. n: rows of the data; test: (n,) bool, the test rows; ids: column → its cells in the data, or None.

    A column that the data have too, with another value in every row, is the id: rows are matched by it, in any order.
    Without one, the file has a row for each row of the data, or for each test row where these are the last ones, in
    the same order. Raises Misfit.
    """
    import numpy as np

    header = [name.strip() for name in records[0]] if records else []
    rows = records[1:]
    column = score_column or next((name for name in (SCORE, DECISION) if name in header), None)
    if column is None or column not in header:
        found = f"has no column {quoted(score_column or SCORE)}"
        near = did_you_mean(score_column or SCORE, header)
        raise Misfit(found, 17, near or f"the columns are {', '.join(header[:20])}", "score_column")
    place = header.index(column)
    values = np.empty(len(rows))
    for line, row in enumerate(rows, start=2):
        cell = row[place].strip() if place < len(row) else ""
        try:
            value = number(cell)
        except Refused as stop:
            raise Misfit(
                f"row {line}: {column} {stop.found}", stop.rule, f"every row needs a score; {stop.remedy}"
            ) from None
        if not 0 <= value <= 1:
            remedy = "a score is a probability from 0 to 1 (a logit x becomes 1 / (1 + exp(-x)))"
            raise Misfit(f"row {line}: {column} {quoted(cell)} outside 0..1", 14, remedy)
        values[line - 2] = value
    if column == DECISION and not set(np.unique(values).tolist()) <= {0.0, 1.0}:
        raise Misfit(f"{quoted(DECISION)} holds other values than 0 and 1", 15, f"name the column {SCORE}")
    decisions = set(np.unique(values).tolist()) <= {0.0, 1.0}
    for name in header:
        if name == column or (known := ids(name)) is None:
            continue
        own = [row[header.index(name)].strip() for row in rows]
        if len(set(known)) == len(known):
            return Matched(values, _by_id(name, own, list(known), test), decisions)
    positions = np.flatnonzero(test)
    if len(rows) == n:
        return Matched(values, np.arange(n), decisions)
    if len(rows) == len(positions) and positions[0] == n - len(positions):
        return Matched(values, positions, decisions)
    told = f"the data have {n} rows, {len(positions)} of them for the test"
    remedy = "one row for each of all rows, in the same order"
    if len(rows) == len(positions):
        remedy += "; the test rows lie among the others, so predictions of these alone need an id column"
    raise Misfit(f"has {len(rows)} rows, {told}", RULE, remedy)


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
