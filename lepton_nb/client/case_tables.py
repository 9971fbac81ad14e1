"""Tables with data of a case as texts: read as a whole, impersonal, split into what is learnt from and what judges."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from lepton_nb.client import case_splits, case_values, privacy
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import calendar_date
from lepton_nb.client.files import Unreadable, other_separator
from lepton_nb.client.schema import Case
from lepton_nb.client.words import did_you_mean, quoted


def readable(key: str, name: str, read: Callable[..., Any], *given: Any) -> Any:
    """What ``read`` gives; a file that cannot be read as a whole becomes a finding on a key of the case."""
    try:
        return read(*given)
    except Unreadable as stop:
        problem = stop.problem
        place = f"row {problem.row}: " if problem.row else ""
        raise Unfit(key, f"{quoted(name)} {place}{problem.found}", problem.rule, problem.remedy) from None


def rows(source: Any, case: Case) -> tuple[list[str], dict[str, list[str]], str]:
    """The header of a table, its columns, and its checksum. Raises Unfit."""
    records = source.table(case.data)
    separated(source, "data", case.data, records)
    header = [name.strip() for name in records[0]]
    rows = records[1:]
    if len(rows) < 2 or not all(header) or len(set(header)) < len(header):
        found = "has fewer than 2 rows" if len(rows) < 2 else "has a header with empty or repeated names"
        raise Unfit(
            "data", f"{quoted(case.data)} {found}", 41, "write a header of different names, and the rows under it"
        )
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            found = f"{quoted(case.data)} row {line}: {len(row)} cells, the header has {len(header)}"
            raise Unfit("data", found, 35, "one cell a column")
    impersonal("data", case.data, records)
    columns = {name: [row[place].strip() for row in rows] for place, name in enumerate(header)}
    return header, columns, digest(records)


def separated(source: Any, key: str, file: str, records: list[list[str]]) -> None:
    """Raises Unfit for an empty table, and for one whose columns are separated by another sign."""
    if not any(cell.strip() for row in records for cell in row):
        raise Unfit(key, f"{quoted(file)} is empty", 41, "write a header of different names, and the rows under it")
    if other := other_separator(records[0], None if file.endswith(".parquet") else getattr(source, "dialect", None)):
        raise Unfit(key, f"{quoted(file)} row 1: {other[0]}", 35, other[1])


def impersonal(key: str, file: str, records: list[list[str]]) -> None:
    """Raises Unfit where a column looks personal."""
    for problem in privacy.findings(file, records):
        raise Unfit(key, f"{quoted(file)} column {quoted(problem.column)}: {problem.found}", 36, problem.remedy)


def split(
    case: Case, columns: Mapping[str, list[str]], in_order: bool = True
) -> tuple[list[Any] | None, list[str] | None]:
    """The days of a split by date, or the values of one whose rows stay together. Raises Unfit.

    in_order: the order of the rows has to be that of their days.
    """
    given = case.split
    if given is None:
        return None, None
    if given.by == "random":
        case_splits.drawn(given, "by random")
        return None, None
    if given.by not in columns:
        remedy = did_you_mean(given.by, columns) or "name the column with the day of a row, or write random"
        raise Unfit("split", f"{quoted(given.by)} is not a column of {quoted(case.data)}", 17, remedy)
    if given.test_from is None and given.test_share is not None:
        case_splits.drawn(given, f"by {quoted(given.by)}")
        if len(set(columns[given.by])) < 3:
            remedy = "three values at least are needed for training, validation and test"
            raise Unfit("split", f"{quoted(given.by)} has {len(set(columns[given.by]))} different values", 41, remedy)
        return None, columns[given.by]
    first = case_splits.by_day(given)
    days = case_values.each("split", columns[given.by], calendar_date)
    case_splits.both_sides("split", days, first, "rows")
    for line, (before, after) in enumerate(pairwise(days), start=3):
        if in_order and after < before:
            found = f"row {line}: {quoted(given.by)} {after} follows {before}"
            raise Unfit("split", found, 41, f"sort the rows by {given.by}: their order is the order of time")
    return days, None


def of_predictions(source: Any, path: str) -> str:
    """Checksum over the cells of a table, whatever it is kept in. Raises Unreadable."""
    return digest(source.table(path))


def digest(records: list[list[str]]) -> str:
    digest = hashlib.sha256()
    for row in records:
        digest.update("\x1f".join(row).encode() + b"\x1e")
    return digest.hexdigest()


def joined(*checksums: str) -> str:
    return hashlib.sha256("\n".join(checksums).encode()).hexdigest()


def both_classes(y: Any, test: Any) -> dict[str, int]:
    """How many rows are positive. y: (n,) of 0 and 1; test: (n,) bool. Raises Unfit where a part is of one class."""
    for name, part in (("test", y[test]), ("training", y[~test])):
        if len(set(part.tolist())) < 2:
            what = "no positive" if not part.any() else "no negative"
            raise Unfit("split", f"the {name} rows hold {what} case", 13, "split so that both parts hold both classes")
    return {"positives": int(y.sum())}
