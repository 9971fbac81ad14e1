"""How well a classifier works: rates with intervals, confusion, calibration, worst mistakes.

Labels are whole numbers 0..K-1; probabilities are (n, K) with rows that sum to 1. Rates are fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import optimize, special
from sklearn import metrics as sklearn_metrics

from lepton_nb.valuation.performance import Interval, wilson_interval

__all__ = [
    "Calibration",
    "CalibrationBin",
    "ClassScore",
    "Report",
    "accuracy",
    "at_temperature",
    "calibration",
    "classification_report",
    "enter",
    "fit_temperature",
    "losses",
    "worst_mistakes",
]


def accuracy(y_true, y_predicted, level: float = 0.95) -> Interval:
    """Share of right answers with its Wilson interval. y_true, y_predicted: (n,) labels.

    >>> result = accuracy([0, 1, 1, 0], [0, 1, 0, 0])
    >>> result.value, result.n
    (0.75, 4)
    """
    truth, predicted = _labels(y_true, "y_true"), _labels(y_predicted, "y_predicted")
    if truth.shape != predicted.shape:
        raise ValueError(f"y_true and y_predicted must be of one length. Received: {truth.shape}, {predicted.shape}")
    return wilson_interval(int(np.sum(truth == predicted)), len(truth), level)


@dataclass(frozen=True)
class ClassScore:
    """One class. precision is None when the class was never predicted, recall when it never occurs."""

    name: str
    precision: Interval | None
    recall: Interval | None
    f1: float | None
    support: int  # cases that are of this class
    predicted: int  # cases that were called this class


@dataclass(frozen=True)
class Report:
    """Accuracy, the confusion matrix (true class by row, predicted by column) and a score for each class."""

    accuracy: Interval
    macro_f1: float  # unweighted mean over the classes that have an F1
    classes: tuple[ClassScore, ...]
    confusion: np.ndarray = field(repr=False)  # (K, K) counts

    @property
    def n(self) -> int:
        """Cases."""
        return self.accuracy.n

    def to_rows(self) -> list[dict[str, Any]]:
        """One plain row a class, for tables and records."""
        rows = []
        for score in self.classes:
            row: dict[str, Any] = {"class": score.name}
            for name, rate in (("precision", score.precision), ("recall", score.recall)):
                row[name] = rate.value if rate else None
                row[f"{name}_low"], row[f"{name}_high"] = (rate.low, rate.high) if rate else (None, None)
            rows.append(row | {"f1": score.f1, "support": score.support, "predicted": score.predicted})
        return rows


def classification_report(y_true, y_predicted, names: Sequence[str], level: float = 0.95) -> Report:
    r"""Accuracy, and by class precision $tp/(tp+fp)$, recall $tp/(tp+fn)$ and $F_1 = 2tp/(2tp+fp+fn)$.

    y_true, y_predicted: (n,) labels 0..K-1; names: the K classes. Precision and recall carry Wilson intervals
    at ``level``. Raises ValueError for labels outside 0..K-1.

    >>> report = classification_report([0, 0, 1, 1], [0, 1, 1, 1], ["no", "yes"])
    >>> report.confusion.tolist(), round(report.classes[1].f1, 3)
    ([[1, 1], [0, 2]], 0.8)
    """
    truth, predicted = _labels(y_true, "y_true"), _labels(y_predicted, "y_predicted")
    right = accuracy(truth, predicted, level)
    for label, found in (("y_true", truth), ("y_predicted", predicted)):
        if found.min() < 0 or found.max() >= len(names):
            raise ValueError(
                f"{label} must lie within 0..{len(names) - 1}, one number a name. "
                f"Received: {found.min()}..{found.max()}"
            )
    counts = range(len(names))
    confusion = sklearn_metrics.confusion_matrix(truth, predicted, labels=counts)
    f1 = sklearn_metrics.f1_score(truth, predicted, labels=counts, average=None, zero_division=np.nan)
    scores = []
    for number, name in enumerate(names):
        hits, support, called = confusion[number, number], confusion[number].sum(), confusion[:, number].sum()
        scores.append(
            ClassScore(
                name=str(name),
                precision=wilson_interval(int(hits), int(called), level) if called else None,
                recall=wilson_interval(int(hits), int(support), level) if support else None,
                f1=None if np.isnan(f1[number]) else float(f1[number]),
                support=int(support),
                predicted=int(called),
            )
        )
    return Report(right, float(np.nanmean(f1)), tuple(scores), confusion)


def losses(y_true, probabilities) -> np.ndarray:
    """Cross-entropy of each case, -ln of the probability given to the true class: (n,), in nats."""
    truth, chance = _cases(y_true, probabilities)
    given = chance[np.arange(len(truth)), truth]
    return -np.log(np.clip(given, np.finfo(np.float64).tiny, 1))


def worst_mistakes(y_true, probabilities, count: int = 20) -> np.ndarray:
    """Positions of the wrong answers, the one with the largest loss first; at most ``count``."""
    if count < 1:
        raise ValueError(f"count must be at least 1. Received: count={count}")
    truth, chance = _cases(y_true, probabilities)
    wrong = np.flatnonzero(chance.argmax(axis=1) != truth)
    return wrong[np.argsort(-losses(truth, chance)[wrong], kind="stable")][:count]


@dataclass(frozen=True)
class CalibrationBin:
    """The cases whose confidence lies in low..high: how sure the model was, how often it was right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: Interval


@dataclass(frozen=True)
class Calibration:
    """Does "90 % sure" mean right in 90 % of cases? Empty bins are left out."""

    expected_error: float  # ECE
    brier: float
    cross_entropy: float  # nats a case
    n: int
    bins: tuple[CalibrationBin, ...]


def calibration(y_true, probabilities, bins: int = 10, level: float = 0.95) -> Calibration:
    r"""Reliability of the winning class's probability, in ``bins`` of equal width on 0..1.

    $$ ECE = \sum_b \frac{n_b}{n} \, |acc_b - conf_b|, \qquad
       Brier = \frac1n \sum_i \sum_k (p_{ik} - [y_i = k])^2 $$

    The Brier score is the one over all classes, within 0..2.
    y_true: (n,) labels; probabilities: (n, K). Raises ValueError when a row does not sum to 1.

    References: Guo et al., On Calibration of Modern Neural Networks, ICML 2017; Brier, Monthly Weather Review
    78(1), 1950.

    >>> result = calibration([1, 1, 0, 0], [[.2, .8], [.2, .8], [.2, .8], [.7, .3]])
    >>> [(bin.n, round(bin.confidence, 2), round(bin.accuracy.value, 2)) for bin in result.bins]
    [(1, 0.7, 1.0), (3, 0.8, 0.67)]
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1. Received: bins={bins}")
    truth, chance = _cases(y_true, probabilities)
    confidence, right = chance.max(axis=1), chance.argmax(axis=1) == truth
    # a confidence of exactly 1 belongs to the last bin; rounding first keeps 0.7 out of the bin below 0.7
    place = np.minimum(np.floor(np.round(confidence * bins, 9)).astype(int), bins - 1)
    found = []
    for number in np.unique(place):
        here = place == number
        share = wilson_interval(int(right[here].sum()), int(here.sum()), level)
        found.append(CalibrationBin(number / bins, (number + 1) / bins, share.n, float(confidence[here].mean()), share))
    error = sum(part.n * abs(part.accuracy.value - part.confidence) for part in found) / len(truth)
    brier = float(np.mean(np.sum((chance - np.eye(chance.shape[1])[truth]) ** 2, axis=1)))
    return Calibration(float(error), brier, float(losses(truth, chance).mean()), len(truth), tuple(found))


def at_temperature(probabilities, temperature: float) -> np.ndarray:
    r"""Probabilities made more modest (temperature above 1) or surer (below 1): $p_k^{1/T} / \sum_j p_j^{1/T}$.

    The order within a row stays, so every answer and the accuracy stay too. probabilities: (n, K).

    >>> at_temperature([[0.8, 0.2]], 0.5).round(4).tolist()
    [[0.9412, 0.0588]]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0. Received: temperature={temperature}")
    logarithms = np.log(np.clip(np.asarray(probabilities, np.float64), np.finfo(np.float64).tiny, 1))
    return special.softmax(logarithms / temperature, axis=1)


def fit_temperature(y_true, probabilities) -> float:
    """The temperature, within 0.05..20, that gives these cases the smallest cross-entropy.

    Fit it on validation cases: on the cases that are judged later it would be a look at the answers.

    Reference: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
    """
    truth, chance = _cases(y_true, probabilities)

    def cross_entropy(logarithm: float) -> float:
        return losses(truth, at_temperature(chance, np.exp(logarithm))).mean()

    found = optimize.minimize_scalar(cross_entropy, bounds=np.log([0.05, 20]), method="bounded")
    return float(np.exp(found.x))


def _labels(values, name: str) -> np.ndarray:
    found = np.asarray(values)
    if found.ndim != 1 or len(found) == 0 or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"{name} must be a row of whole numbers. Received: {found.dtype} of shape {found.shape}")
    return found.astype(np.int64)


def _cases(y_true, probabilities) -> tuple[np.ndarray, np.ndarray]:
    truth, chance = _labels(y_true, "y_true"), np.asarray(probabilities, np.float64)
    if chance.ndim != 2 or len(chance) != len(truth):
        raise ValueError(f"probabilities must be (n, classes) with n={len(truth)}. Received: shape {chance.shape}")
    if truth.min() < 0 or truth.max() >= chance.shape[1]:
        raise ValueError(f"y_true must lie within 0..{chance.shape[1] - 1}. Received: {truth.min()}..{truth.max()}")
    sums = chance.sum(axis=1)
    if chance.min() < 0 or np.abs(sums - 1).max() > 1e-3 or not np.isfinite(sums).all():
        raise ValueError(f"probabilities must sum to 1 in each row. Received: sums {sums.min():g}..{sums.max():g}")
    return truth, chance


def enter(record: Any, name: str, report: Report, found: Calibration, run: Any, **conditions) -> None:
    """Put one trained classifier on record under ``name``: its rates, its calibration, its tables and its time.

    record: results.Record; run: training.Run; conditions: seed, source.
    """
    record.add_rate(f"{name}_accuracy", report.accuracy, **conditions)
    given = {"n": report.n} | conditions
    record.add(f"{name}_macro_f1", report.macro_f1, "fraction", **given)
    record.add(f"{name}_calibration_error", found.expected_error, "fraction", **given, note="ECE, ten bins")
    record.add(f"{name}_brier", found.brier, "score within 0..2", **given)
    record.add_table(f"{name}_classes", report.to_rows())
    names = [score.name for score in report.classes]
    record.add_table(f"{name}_confusion", [dict(zip(names, row.tolist(), strict=True)) for row in report.confusion])
    curve = [{"epoch": epoch.number, "validation_accuracy": epoch.validation_accuracy} for epoch in run.epochs]
    record.add_table(f"{name}_curve", curve)
    record.seconds[name] = run.seconds
