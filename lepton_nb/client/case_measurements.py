"""Measurements of a machine, as a table with a row a moment in the order of time, with or without whether it failed.

A detector of what is odd is judged on later rows than those that it has learnt from. With a column that says whether a
row led to a failure it can be measured in money, on the path of any classifier; without one it is read, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise

from lepton_nb.client import case_events, case_splits
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.case_rows import TEST_SHARE
from lepton_nb.client.schema import Case
from lepton_nb.client.words import did_you_mean, quoted

KIND = "anomaly_detector"
#: Keys that say something of failures, and nothing where no column tells them.
OF_FAILURES = (
    "positive", "baseline_column", "amount_column", "block_column", "group_column", "predictions", "model", "threshold",
    "outcome_value", "positive_share", "positive_share_low", "positive_share_high",
)  # fmt: skip


def keys(case: Case) -> None:
    """Raises Unfit for keys that need failures where none are known."""
    if case.case != KIND or case.target is not None:
        return
    for key in OF_FAILURES:
        if case[key] is not None:
            remedy = "name the column that says whether a row led to a failure (target), or leave it out"
            raise Unfit(key, "stands without a target", 41, remedy)


def times(case: Case, columns: Mapping[str, Sequence[str]]) -> tuple[list[date], date]:
    """The day of each row, and the first day of the test. columns: {name: (n,) texts}. Raises Unfit."""
    name = case.time_column
    if name is None:
        remedy = f"name the column that says when, as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS; there are {', '.join(list(columns)[:20])}"
        raise Unfit("time_column", "is missing", 2, remedy)
    if name not in columns:
        remedy = did_you_mean(name, columns) or f"the columns are {', '.join(list(columns)[:20])}"
        raise Unfit("time_column", f"{quoted(name)} is not a column of {quoted(case.data)}", 17, remedy)
    if name == case.target:
        raise Unfit("time_column", f"{quoted(name)} is the target too", 41, "times and failures stand in two columns")
    found = case_events.times_of(columns[name])
    for line, (before, after) in enumerate(pairwise(found), start=3):
        if after < before:
            told = f"row {line}: {columns[name][line - 2]} follows {columns[name][line - 3]}"
            raise Unfit("time_column", told, 41, f"sort the rows by {name}: their order is the order of time")
    return [at.date() for at in found], _first_test_day(case, found)


def _first_test_day(case: Case, times: Sequence[datetime]) -> date:
    """The case's own, else the first day after others from which on three tenths of all rows are left. Raises Unfit."""
    days = [at.date() for at in times]
    first = case_splits.in_time(case, "rows")
    if first is None:
        first = days[min(round((1 - TEST_SHARE) * len(days)), len(days) - 1)]
        first = next((day for day in days if day >= first and day > days[0]), first)
    case_splits.both_sides("time_column", times, first, "rows")
    return first


def same_times(columns: Mapping[str, Sequence[str]], name: str) -> tuple[int, int | None]:
    """How many rows have the time of the row before, and the first of them as a spreadsheet counts."""
    again = [line for line, (before, after) in enumerate(pairwise(columns[name]), start=3) if after == before]
    return len(again), again[0] if again else None


def measured(case: Case, features: Mapping[str, str], left_out: Mapping[str, str]) -> None:
    """Raises Unfit where no column holds a measurement. features: column → number or text."""
    if "number" in features.values():
        return
    told = "; ".join(f"{name}: {why}" for name, why in list(left_out.items())[:6]) or "all are texts"
    raise Unfit(
        "data",
        f"{quoted(case.data)} has no column of measurements ({told})",
        41,
        "bring at least one column of numbers that change",
    )
