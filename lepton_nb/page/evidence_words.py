"""Where the counts and the money of an evaluation come from, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lepton_nb.page import words
from lepton_nb.terms import MEASURED


def weighted(item: Any) -> str:
    """To which share of positive cases the money of an evaluation is weighted; empty where it is as in the test."""
    if item.positive_share is None:
        return ""
    told = f"{words.percent(item.share_in_use)} positive cases in use, {words.percent(item.model.positives / item.model.n)} in the test"
    return f" once weighted to {told}"


def sources(items: Sequence[Any]) -> str:
    """Where the counts and the money of some evaluations come from.

    >>> from types import SimpleNamespace
    >>> sources([SimpleNamespace(evaluation_id="measured:C1"), SimpleNamespace(evaluation_id="E1")])
    'Source: record of the case (client.yml has its money); metrics/confusion.csv, paired_counts.csv, outcome_value.csv.'
    """
    cases = [item for item in items if item.evaluation_id.startswith(MEASURED)]
    of_cases = "record of the case (client.yml has its money)" if cases else ""
    typed = "metrics/confusion.csv, paired_counts.csv, outcome_value.csv" if len(cases) < len(items) else ""
    return f"Source: {'; '.join(filter(None, (of_cases, typed)))}."
