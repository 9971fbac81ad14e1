"""What the test rows say of a model, in counts, in probabilities and in money: the same whatever the door."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lepton_nb.casework.forms import CaseSet, Finding, Judged, Scores


def judge(
    case_set: CaseSet,
    scores: Scores,
    threshold: float | None = None,
    *,
    learning: bool = True,
    blocks: bool = True,
    price_an_hour: float | None = None,
    seed: int = 0,
) -> Judged:
    """Everything that the test says of one model.

    threshold: from which score on a row is flagged; None: the case's own, else the one that brings most money on the
    validation rows. learning, blocks: with the learning curve and the block values (they train again and take longest).
    price_an_hour: money of an hour of one machine, for the costs of training and of a thousand predictions.
    """
    raise NotImplementedError


def enter(record: Any, judged: Judged, findings: Iterable[Finding] = (), prefix: str = "") -> None:
    """Write it all into a record (results.Record).

    Tables, each with the prefix: evaluation (ONE row: the fields of client.Evaluation, to be read by
    ``Evaluation.model_validate``), monitoring (rows as in metrics/monitoring.csv, where rows are dated), rates,
    calibration, cuts, profit, decision, periods, groups, learning, blocks, tried, findings. Figures: auc, brier, gain,
    gain_by_rows, yearly_gain, recall, false_alarm_rate, precision, threshold, a_thousand_labels, …
    """
    raise NotImplementedError
