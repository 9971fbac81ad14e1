"""Columns of a case's table: what each is used for, which a model may see, and cells that spoil a column of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.client import case_rows
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import LARGEST, number
from lepton_nb.client.words import PLAIN_NUMBER, Refused, did_you_mean, quoted

#: Share of numbers among the cells that are not empty from which on a column is one of numbers, and the others mistakes.
MOSTLY_NUMBERS = 0.95
#: Keys of a case that name one column, none of which is what is to be predicted.
NAMED = ("baseline_column", "block_column", "amount_column", "group_column")
_PLAIN = frozenset("0123456789.+- ")


def used(case: Any) -> dict[str, str]:
    """Columns of a case that are no features, and what each is used for. case: a Case or CaseData."""
    found = {} if case.target is None else {case.target: "it is what is to be predicted"}
    if case.time_column:
        found[case.time_column] = "it is the time of a row"
    if case.baseline_column:
        found[case.baseline_column] = "it is the decision of the baseline"
    if case.group_column:
        found[case.group_column] = "results are shown by it"
    if case.block_column:
        found[case.block_column] = "it names the block of a row"
    if case.split is not None and case.split.by != "random":
        found[case.split.by] = "it is the day of a row" if case.split.test_from else "rows of one value stay together"
    return found | {name: "it is left out by the case" for name in case.leave_out_columns or () if name not in found}


def named(case: Any, header: Sequence[str]) -> None:
    """Whether every column that the case names is there, and none but the target is the target. Raises Unfit."""
    listed = [(key, case[key]) for key in ("target", *NAMED)]
    listed += [("leave_out_columns", name) for name in case.leave_out_columns or ()]
    for key, name in listed:
        if name is not None and name not in header:
            remedy = did_you_mean(name, header) or f"the columns are {', '.join(header[:20])}"
            raise Unfit(key, f"{quoted(name)} is not a column of {quoted(case.data)}", 17, remedy)
    not_the_target(case)


def not_the_target(case: Any) -> None:
    """Raises Unfit where a key of the case names its target too."""
    for key in (*NAMED, "leave_out_columns"):
        if case.target is not None and case.target in (case[key] if isinstance(case[key], tuple) else (case[key],)):
            remedy = "it is known only afterwards: name another column, or leave the key out"
            raise Unfit(key, f"{quoted(case.target)} is the target", 46, remedy)


def features(case: Any, columns: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    """Columns that a model may see, as number or text; why each other may not; and those that look like ids.

    columns: {name: (n,) texts}. Raises Unfit for a column of numbers with cells that are none.
    """
    taken = used(case)
    if case.text_column is not None:
        others = {name: "only the texts are read" for name in columns if name not in (case.text_column, *taken)}
        return {case.text_column: "text"}, taken | others, ()
    arrays = {name: values(tuple(cells)) for name, cells in columns.items() if name not in taken}
    for name, found in arrays.items():
        if found.dtype.kind not in "biuf":
            _all_numbers(case.data, name, columns[name])
    kept, left_out = case_rows.features(arrays, taken, guess=case.leave_out_columns is None)
    return kept, left_out, tuple(name for name, why in left_out.items() if why == case_rows.LIKE_IDS)


def texts(case: Any, features: Mapping[str, str]) -> tuple[str, ...]:
    """The features of a table that are read as texts, where they are not what the case is about."""
    return tuple(name for name, kind in features.items() if kind == "text" and name != case.text_column)


def _all_numbers(file: str, name: str, cells: Sequence[str]) -> None:
    """Raises Unfit for the first cell that is no number where nearly all are; ids are left alone."""
    counts = Counter(cell.strip() for cell in cells)
    counts.pop("", None)
    numbers, others = {}, {}
    for text, count in counts.items():
        (numbers if _is_number(text) else others)[text] = count
    total, right = sum(counts.values()), sum(numbers.values())
    if not others or right < MOSTLY_NUMBERS * total or _ids(numbers, total):
        return
    line = next(line for line, cell in enumerate(cells, start=2) if cell.strip() in others)
    found = f"{quoted(file)} row {line}: {quoted(name)} is {quoted(cells[line - 2])}; {right:,} of {total:,} cells are numbers"
    remedy = (
        "write a number, or leave the cell empty where none is known; a column that is no number goes into "
        "leave_out_columns, or its codes are written as texts (c1)"
    )
    raise Unfit("data", found, 35, remedy)


def _ids(numbers: Mapping[str, int], total: int) -> bool:
    """Whether these are numbers of rows: whole, and nearly all different."""
    whole = all(float(text).is_integer() for text in numbers)
    return whole and total >= case_rows.FEWEST_IDS and len(numbers) > case_rows.ALL_DIFFERENT * sum(numbers.values())


def _is_number(text: str) -> bool:
    """Whether ``cells.number`` reads it; without its search for a remedy, which a column of texts would pay a row."""
    return bool(PLAIN_NUMBER.fullmatch(text)) and abs(float(text)) <= LARGEST


def values(texts: Sequence[str]) -> Any:
    """A column as numbers where every cell is one, else as texts; an empty cell among numbers is NaN."""
    import numpy as np

    if not any(text.strip() for text in texts):
        return np.array(texts)
    if _PLAIN.issuperset("".join(texts)):  # the same numbers as below, read at once
        try:
            found = np.array([float(text) if text.strip() else np.nan for text in texts])
            if not (np.abs(found) > LARGEST).any():
                return found + 0.0
        except ValueError:
            pass
    try:
        return np.array([number(text) if text.strip() else np.nan for text in texts])
    except Refused:
        return np.array(texts)
