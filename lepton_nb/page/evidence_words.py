"""Where the counts and the money of an evaluation come from, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lepton_nb.page import words
from lepton_nb.terms import MEASURED


def weighted(item: Any) -> str:
    """To which share of positive cases the money of an evaluation is weighted; empty where it is as in the test."""
    if item.positive_share is None:
        return ""
    told = f"{words.percent(item.share_in_use)} positive cases in use, {words.percent(item.model.positives / item.model.n)} in the test"
    return f" once weighted to {told}"


def day_of_test(item: Any, undated: Collection[str] = ()) -> str:
    """The day of a test; that it has none where the rows of its case carry no day. undated: of the plan."""
    return "not dated" if item.evaluation_id in undated else str(item.evaluated_on)


def sources(items: Sequence[Any], *more: str) -> str:
    """Where the counts and the money of some evaluations come from, and what else a table rests on. "": nothing is shown.

    >>> from types import SimpleNamespace
    >>> sources([SimpleNamespace(evaluation_id="measured:C1"), SimpleNamespace(evaluation_id="E1")])
    'Source: record of the case (client.yml has its money); metrics/confusion.csv, paired_counts.csv, outcome_value.csv.'
    """
    cases = [item for item in items if item.evaluation_id.startswith(MEASURED)]
    of_cases = "record of the case (client.yml has its money)" if cases else ""
    typed = "metrics/confusion.csv, paired_counts.csv, outcome_value.csv" if len(cases) < len(items) else ""
    return _source(of_cases, typed, *more)


def months_from(assets: Iterable[str], evidence: Sequence[Any], *more: str) -> str:
    """Where the months of some assets come from: their case, where it gave them, else what was typed. "": no asset.

    evidence: of the plan; more: other files that a table rests on.

    >>> from types import SimpleNamespace
    >>> case = SimpleNamespace(asset_id="C1", months=24, counts=("measured:C1",))
    >>> months_from(["C1"], [case]), months_from(["C1", "M2"], [case], "assets.csv")
    ('Source: months of the case of C1.', 'Source: months of the case of C1; metrics/monitoring.csv; assets.csv.')
    """
    measured = {item.asset_id for item in evidence if item.months and MEASURED + item.asset_id in item.counts}
    names = list(dict.fromkeys(assets))
    cases = words.listed([name for name in names if name in measured], none="")
    typed = any(name not in measured for name in names)
    return _source(f"months of the case of {cases}" if cases else "", "metrics/monitoring.csv" if typed else "", *more)


def metrics(evidence: Sequence[Any]) -> str:
    """Where a table that rests on all that was measured has it from.

    >>> metrics([])
    'metrics/'
    """
    cases = [item.asset_id for item in evidence if MEASURED + item.asset_id in item.counts]
    return f"metrics/; record of the case of {words.listed(cases)}" if cases else "metrics/"


def _source(*named: str) -> str:
    told = "; ".join(filter(None, named))
    return f"Source: {told}." if told else ""
