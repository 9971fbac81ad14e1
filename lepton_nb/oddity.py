"""What a chapter on autoencoders needs beside a network: errors with intervals, rankings of rare rows, physical columns.

Rows that are told apart are (n,) of 0 and 1, where 1 is rare; a score is higher where a row is more likely 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import precision_recall_curve

from lepton_nb.valuation.performance import Interval

__all__ = [
    "average_precision",
    "best_f1_cut",
    "enter",
    "f1",
    "mean_of",
    "over_rows",
    "physical",
    "share_below",
    "squared_error",
    "weighted_f1",
    "weighted_precision",
]

DRAWS = 500
#: Seed of the draws: an interval belongs to the rows and to nothing else.
SEED = 0


# ---------------------------------------------------------------- what is lost


def squared_error(rows: np.ndarray, rebuilt: np.ndarray) -> np.ndarray:
    """Mean squared error of each row: (n, features) and (n, features) → (n,)."""
    return np.mean((np.asarray(rows, float) - rebuilt) ** 2, axis=1)


def mean_of(values: np.ndarray, level: float = 0.95) -> Interval:
    """Mean of independent values (n,) with its t interval; of paired differences where these are given.

    >>> found = mean_of(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (2.5, 0.446, 4.554)
    """
    found = np.asarray(values, float)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all():
        raise ValueError(f"values must be at least two finite numbers. Received: shape {found.shape}")
    reach = float(stats.t.ppf((1 + level) / 2, len(found) - 1) * stats.sem(found))
    mean = float(found.mean())
    return Interval(mean, mean - reach, mean + reach, level, len(found), "95 % t interval of the mean")


# ---------------------------------------------------------------- rare rows, ranked and flagged


def weighted_precision(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    r"""Average precision of a ranking under each of several weights of its rows: (draws,).

    $$ AP = \sum_i (R_i - R_{i-1}) P_i $$

    with recall $R_i$ and precision $P_i$ where the rows down to the i-th distinct score are flagged. y, score: (n,);
    weight: (draws, n). It is scikit-learn's ``average_precision_score`` for one row of weights, and for a thousand a
    hundred times faster.
    """
    order = np.argsort(-np.asarray(score, float), kind="stable")
    ends = np.flatnonzero(np.append(np.diff(np.asarray(score)[order]) != 0, True))
    weight = np.asarray(weight, float)[:, order]
    caught = np.cumsum(weight * np.asarray(y)[order], axis=1)[:, ends]
    flagged = np.cumsum(weight, axis=1)[:, ends]
    gained = np.diff(caught, axis=1, prepend=0.0)
    return (gained * caught / np.maximum(flagged, 1e-12)).sum(axis=1) / caught[:, -1]


def weighted_f1(y: np.ndarray, flagged: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """F1 = 2 TP / (2 TP + FP + FN) of decisions (n,) under each of several weights (draws, n): (draws,)."""
    y, flagged = np.asarray(y, float), np.asarray(flagged, float)
    return 2 * weight @ (y * flagged) / np.maximum(weight @ (y + flagged), 1e-12)


def over_rows(measure: Callable[[np.ndarray], np.ndarray], y: np.ndarray, level: float = 0.95) -> Interval:
    """A measure of rows with its percentile interval over rows drawn again, each class by itself.

    measure: weights (draws, n), how often each row is drawn → (draws,); for a difference of two ways on the same rows
    it gives the difference. y: (n,) of 0 and 1; every draw holds as many ones as the rows do. Raises ValueError where
    a class is missing.

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    y = np.asarray(y)
    classes = [np.flatnonzero(y == value) for value in (0, 1)]
    if not all(map(len, classes)) or sum(map(len, classes)) < len(y):
        raise ValueError(f"y must hold 0 and 1, both. Received: {len(classes[1])} ones among {len(y)} rows")
    generator = np.random.default_rng(SEED)
    weight = np.zeros((DRAWS, len(y)), np.float32)
    for own in classes:
        drawn = generator.integers(0, len(own), (DRAWS, len(own)))
        for at, one in enumerate(drawn):
            weight[at, own] = np.bincount(one, minlength=len(own))
    low, high = np.quantile(measure(weight), ((1 - level) / 2, (1 + level) / 2))
    value = float(measure(np.ones((1, len(y))))[0])
    return Interval(value, float(low), float(high), level, len(y), f"95 % bootstrap over rows, {DRAWS:,} draws")


def average_precision(y: np.ndarray, score: np.ndarray, other: np.ndarray | None = None) -> Interval:
    """Average precision of a ranking with its interval; where another one is given, ours less that one's."""
    if other is None:
        return over_rows(lambda weight: weighted_precision(y, score, weight), y)
    return over_rows(lambda weight: weighted_precision(y, score, weight) - weighted_precision(y, other, weight), y)


def f1(y: np.ndarray, flagged: np.ndarray, other: np.ndarray | None = None) -> Interval:
    """F1 of decisions with its interval; where others are given, ours less theirs."""
    if other is None:
        return over_rows(lambda weight: weighted_f1(y, flagged, weight), y)
    return over_rows(lambda weight: weighted_f1(y, flagged, weight) - weighted_f1(y, other, weight), y)


def best_f1_cut(y: np.ndarray, score: np.ndarray) -> float:
    """The score from which on rows are flagged for the largest F1 of these rows: choose it on rows that judge nothing.

    >>> best_f1_cut(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.9]))
    0.3
    """
    precision, recall, cuts = precision_recall_curve(y, score)
    both = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[int(np.argmax(both[:-1]))])


def share_below(known: np.ndarray, score: np.ndarray) -> np.ndarray:
    """For each score (n,) the share of the known scores (m,) that lie below it: 0..1, the same scale for every model.

    >>> share_below(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.5, 3.5, 9.0])).tolist()
    [0.0, 0.75, 1.0]
    """
    return np.searchsorted(np.sort(known), score, side="left") / len(known)


# ---------------------------------------------------------------- columns, record


def physical(rows: pd.DataFrame) -> pd.DataFrame:
    r"""The columns and three that an engineer would ask for.

    Temperature difference (K), what drives the heat out; power (W), torque times angular speed,
    $P = 2 \pi M v / 60$; strain (N m min), torque times wear. rows: columns air, process, speed, torque, wear.

    Reference: S. Matzka, Explainable Artificial Intelligence for Predictive Maintenance Applications, AI4I 2020, which
    says by what the failures come about.
    """
    return rows.assign(
        difference=(rows["process"] - rows["air"]).round(1),  # both are measured to a tenth of a kelvin
        power=rows["torque"] * rows["speed"] * (2 * np.pi / 60),
        strain=rows["torque"] * rows["wear"],
    )


def enter(record: Any, name: str, found: Any, unit: str, **conditions) -> None:
    """Put a figure with its interval on record (results.Record): anything with value or mean, low, high and n."""
    value = found.mean if hasattr(found, "mean") else found.value
    ends = {"low": found.low, "high": found.high, "n": found.n, "interval": found.method}
    record.add(name, value, unit, **ends | conditions)
