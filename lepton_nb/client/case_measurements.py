"""Measurements of a machine, as a table with a row a moment in the order of time, with or without whether it failed.

A detector of what is odd is judged on later rows than those that it has learnt from. With a column that says whether a
row led to a failure it can be measured in money, on the path of any classifier; without one it is read, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

from lepton_nb.client import case_events
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
    days = [at.date() for at in found]
    return days, _first_test_day(case, days)


def _first_test_day(case: Case, days: Sequence[date]) -> date:
    """The case's own, else that of the row from which on three tenths of all are left. Raises Unfit."""
    split = case.split
    if split is None:
        first = days[min(round((1 - TEST_SHARE) * len(days)), len(days) - 1)]
    elif split.by != case.time_column or split.test_from is None or split.test_share is not None:
        remedy = f"a detector is judged on later rows: write {{by: {case.time_column}, test_from: YYYY-MM-DD}}"
        raise Unfit("split", f"by {quoted(split.by)}", 41, remedy)
    else:
        first = split.test_from
    after = sum(day >= first for day in days)
    if not 0 < after < len(days):
        found = f"{after} of {len(days)} rows lie on or after {first}"
        raise Unfit("split", found, 41, "both sides of the split need rows")
    return first


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
