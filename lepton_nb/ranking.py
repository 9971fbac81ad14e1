"""Lists of recommended items, judged: what users chose afterwards, how much of the catalogue is shown, and to whom.

Tables are users × items. A list is a row of item numbers, the best first. Figures of a user come as arrays, so that
two ways to recommend are compared on the same users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "Mean",
    "coverage",
    "enter",
    "exposure",
    "gini",
    "hits",
    "lists",
    "ndcg",
    "over_seeds",
    "over_users",
    "recall",
    "share_of_best_known",
    "variety",
]


def lists(scores: np.ndarray, left_out: np.ndarray, count: int = 10) -> np.ndarray:
    """The ``count`` items with the highest scores for each user, best first: (users, count) item numbers.

    scores: (users, items). left_out: (users, items) bool, items that a user is not to be shown. Of equal scores the
    item with the lower number comes first, so a list is the same on every machine. Raises ValueError where fewer than
    ``count`` items are left for a user or a score is not a number.
    """
    scores, left_out = np.asarray(scores, float), np.asarray(left_out, bool)
    if scores.shape != left_out.shape or not np.isfinite(scores).all():
        raise ValueError(
            "scores must be finite, and left_out of the same shape. "
            f"Received: {scores.shape=}, {left_out.shape=}, {int((~np.isfinite(scores)).sum())} not finite"
        )
    fewest = int((~left_out).sum(axis=1).min(initial=scores.shape[1]))
    if count < 1 or fewest < count:
        raise ValueError(
            f"each user must have at least count items left, count at least 1. Received: {count=}, {fewest=}"
        )
    return np.argsort(np.where(left_out, np.inf, -scores), axis=1, kind="stable")[:, :count]


def hits(shown: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which places of each list hold an item that its user wanted: (users, count) bool."""
    return np.take_along_axis(np.asarray(wanted, bool), shown, axis=1)


def ndcg(shown: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    r"""Normalised discounted cumulative gain of each user's list, 0..1.

    $$ nDCG@k = \frac{\sum_{p=1}^{k} h_p / \log_2(p+1)}{\sum_{p=1}^{\min(k, w)} 1 / \log_2(p+1)} $$

    h_p: 1 where place p of the list holds a wanted item, else 0. w: how many the user wanted. The denominator is what
    the best possible list gets. shown: (users, k). wanted: (users, items) bool, at least one a user.
    Raises ValueError for a user who wanted nothing: nothing can be said of his list.

    Reference: Järvelin and Kekäläinen, Cumulated Gain-Based Evaluation of IR Techniques, ACM TOIS 20(4), 2002, with
    gains of 0 and 1 and the logarithm to base 2 from the first place on.

    >>> wanted = np.array([[True, False, True, False]])
    >>> ndcg(np.array([[0, 2]]), wanted), ndcg(np.array([[1, 0]]), wanted).round(3)
    (array([1.]), array([0.387]))
    """
    counted = _wanted(wanted)
    weight = 1 / np.log2(np.arange(2, shown.shape[1] + 2))
    best = np.cumsum(weight)[np.minimum(counted, shown.shape[1]) - 1]
    return (hits(shown, wanted) * weight).sum(axis=1) / best


def recall(shown: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Share of the wanted items that the list holds, for each user: 0..1, at most k over their number.

    >>> recall(np.array([[0, 1]]), np.array([[True, False, True, False]]))
    array([0.5])
    """
    return hits(shown, wanted).sum(axis=1) / _wanted(wanted)


def _wanted(wanted: np.ndarray) -> np.ndarray:
    counted = np.asarray(wanted, bool).sum(axis=1)
    if not counted.all():
        raise ValueError(f"every user must want at least one item. Received: {int((counted == 0).sum())} who want none")
    return counted


@dataclass(frozen=True)
class Mean:
    """A mean over users with its interval low..high."""

    value: float
    low: float
    high: float
    n: int  # users
    level: float = 0.95
    method: str = "95 % bootstrap over users"


def over_users(values: np.ndarray, draws: int = 4000, seed: int = 0, level: float = 0.95) -> Mean:
    """The mean of a figure over users; its interval from samples of as many users, drawn with replacement.

    values: (n,), one a user, or differences of two ways on the same users. The interval is that of other users of the
    same kind; what another split of the same users would give is not in it.

    Reference: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentile interval).
    """
    found = np.asarray(values, float)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise ValueError(f"values must be finite, one a user. Received: shape {found.shape}")
    generator, n = np.random.default_rng(seed), len(found)
    means = np.concatenate(
        [generator.multinomial(n, np.full(n, 1 / n), 500) @ found / n for _ in range(-(-draws // 500))]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Mean(float(found.mean()), float(low), float(high), n, level, f"{100 * level:g} % bootstrap over users")


def over_seeds(users: int, judged: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> np.ndarray:
    """Each user's mean over the trainings in which he was judged: (n,), in the order of the users.

    users: how many there are; judged: numbers of the judged users, one array a training; values: theirs.
    """
    total, times = np.zeros(users), np.zeros(users)
    for who, found in zip(judged, values, strict=True):
        total[who] += found
        times[who] += 1
    return total[times > 0] / times[times > 0]


# ---------------------------------------------------------------- what the lists do to the catalogue


def exposure(shown: np.ndarray, items: int) -> np.ndarray:
    """How often each item stands in a list: (items,)."""
    return np.bincount(np.asarray(shown).ravel(), minlength=items)


def gini(counts: np.ndarray) -> float:
    r"""How unevenly items are shown: 0 where all are shown alike, near 1 where one item has every place.

    $$ G = \frac{\sum_{i=1}^{m} (2 i - m - 1)\, x_{(i)}}{m \sum_i x_i} $$

    with the counts x in rising order; items that are never shown count with 0. Raises ValueError where nothing is shown.

    Reference: Gini, 1912; for recommenders Fleder and Hosanagar, Blockbuster Culture's Next Rise or Fall, Management
    Science 55(5), 2009.

    >>> gini([3, 3, 3]), round(gini([0, 0, 0, 8]), 2)
    (0.0, 0.75)
    """
    found = np.sort(np.asarray(counts, float))
    if not len(found) or found[0] < 0 or not found.sum() > 0:
        raise ValueError(f"counts must be at least 0 and not all 0. Received: {len(found)} counts, sum {found.sum()}")
    m = len(found)
    return float(((2 * np.arange(1, m + 1) - m - 1) * found).sum() / (m * found.sum()))


def coverage(shown: np.ndarray, items: int) -> float:
    """Share of the catalogue that stands in at least one list, 0..1."""
    return float(np.mean(exposure(shown, items) > 0))


def share_of_best_known(shown: np.ndarray, popularity: np.ndarray, top: float = 0.1) -> float:
    """Share of all places that go to the ``top`` share of the items that were chosen most often before, 0..1."""
    best = np.argsort(-np.asarray(popularity), kind="stable")[: max(1, round(top * len(popularity)))]
    return float(np.isin(shown, best).mean())


def variety(shown: np.ndarray, features: np.ndarray) -> np.ndarray:
    """How unlike the items of each list are: (users,), the mean of 1 less the cosine over all pairs of a list.

    features: (items, f), for instance the kinds of a film; an item without any is unlike all others.

    Reference: Ziegler and others, Improving Recommendation Lists Through Topic Diversification, WWW 2005.
    """
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = np.asarray(features, float) / np.where(length > 0, length, 1)
    k = shown.shape[1]
    if k < 2:
        raise ValueError(f"a list needs two items to have pairs. Received: {k}")
    of_list = unit[shown]  # (users, k, f)
    pairs = (of_list.sum(axis=1) ** 2).sum(axis=1) - (of_list**2).sum(axis=(1, 2))
    return 1 - pairs / (k * (k - 1))


def enter(record: Any, name: str, found: Mean, unit: str = "fraction", **conditions) -> None:
    """Put a mean over users with its interval on record (results.Record)."""
    ends = {"low": found.low, "high": found.high, "interval": found.method, "n": found.n}
    record.add(name, found.value, unit, **ends | conditions)
