"""Cross-validated figures: intervals that know that folds overlap, and who is ahead of whom.

Two of five folds share most of their training rows, so their results are not independent; an interval that takes
them for independent is far too narrow, and the narrower the more often the folds are drawn.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["FoldMean", "Pair", "Ranking", "compare", "corrected_mean"]


@dataclass(frozen=True)
class FoldMean:
    """Mean over the folds with its interval low..high; ``spread``: standard deviation between the folds."""

    value: float
    low: float
    high: float
    level: float
    n: int  # folds
    spread: float
    method: str = "corrected for overlapping folds (Nadeau and Bengio)"


def corrected_mean(values: Sequence[float], test_share: float, level: float = 0.95) -> FoldMean:
    r"""Mean of the results of J folds, with an interval that is corrected for the rows that the folds share.

    $$ \bar d \pm t_{J-1} \sqrt{ \left( \frac1J + \frac{n_{test}}{n_{train}} \right) s^2 } $$

    values: (J,) results, or differences of two models on the same folds, of all repeats together; s: their standard
    deviation. test_share: the share of the rows that a fold holds out, 1/5 for five folds; n_test/n_train is
    test_share / (1 - test_share). Without the second term the interval would shrink with every repeat, though no new
    row has been seen.

    Reference: Nadeau and Bengio (2003), Inference for the Generalization Error, Machine Learning 52, pp. 239-281; for
    repeated folds Bouckaert and Frank (2004), Evaluating the Replicability of Significance Tests for Comparing
    Learning Algorithms, PAKDD, pp. 3-12.

    >>> result = corrected_mean([0.70, 0.74, 0.72, 0.76, 0.73], test_share=0.2)
    >>> round(result.value, 3), round(result.low, 3), round(result.high, 3)
    (0.73, 0.688, 0.772)
    """
    found = np.asarray(values, float)
    if found.ndim != 1 or len(found) < 2 or not np.isfinite(found).all():
        raise ValueError(f"values must be at least two finite results, one a fold. Received: {values!r}")
    if not 0 < test_share < 1:
        raise ValueError(f"test_share must lie between 0 and 1. Received: {test_share!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1. Received: {level!r}")
    mean, spread = float(found.mean()), float(found.std(ddof=1))
    error = spread * math.sqrt(1 / len(found) + test_share / (1 - test_share))
    reach = float(stats.t.ppf((1 + level) / 2, len(found) - 1)) * error
    return FoldMean(mean, mean - reach, mean + reach, level, len(found), spread)


@dataclass(frozen=True)
class Pair:
    """Two models on the same folds: by how much the first is above the second, the first being the higher."""

    first: str
    second: str
    difference: FoldMean

    @property
    def told_apart(self) -> bool:
        """Whether the whole interval of the difference lies above zero."""
        return self.difference.low > 0


@dataclass(frozen=True)
class Ranking:
    """Several models on the same folds: means from the highest down, and every pair."""

    means: dict[str, FoldMean]
    pairs: tuple[Pair, ...]
    level: float  # of all pairs together

    @property
    def order(self) -> tuple[str, ...]:
        """Names from the highest mean down; no ranking by itself."""
        return tuple(self.means)

    @property
    def leaders(self) -> tuple[str, ...]:
        """The models that no other is told apart from and above: one where there is a winner."""
        beaten = {pair.second for pair in self.pairs if pair.told_apart}
        return tuple(name for name in self.order if name not in beaten)

    def pair(self, one: str, other: str) -> Pair:
        """The pair of two models, whichever is higher."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {one, other})

    def told_apart(self, one: str, other: str) -> bool:
        """Whether two models are told apart."""
        return self.pair(one, other).told_apart


def compare(scores: Mapping[str, Sequence[float]], test_share: float, level: float = 0.95) -> Ranking:
    """Models by their results on the same folds: higher is better.

    scores: name → (J,) results, all on the same folds in one order. Every pair is looked at, so each pair's interval is
    widened until all of them together hold at ``level`` (Bonferroni): the more models, the wider.

    >>> apart = {"a": [0.81, 0.83, 0.82, 0.80], "b": [0.71, 0.73, 0.71, 0.70], "c": [0.72, 0.71, 0.72, 0.71]}
    >>> ranking = compare(apart, test_share=0.25)
    >>> ranking.leaders, ranking.told_apart("a", "b"), ranking.told_apart("b", "c")
    (('a',), True, False)
    """
    found = {name: np.asarray(values, float) for name, values in scores.items()}
    if len(found) < 2 or len({array.shape for array in found.values()}) > 1:
        raise ValueError(
            "scores must hold at least two models with as many results each. Received: "
            f"{ {name: array.shape for name, array in found.items()} }"
        )
    order = sorted(found, key=lambda name: -found[name].mean())
    chosen = list(itertools.combinations(order, 2))
    each = 1 - (1 - level) / len(chosen)
    pairs = tuple(Pair(a, b, corrected_mean(found[a] - found[b], test_share, each)) for a, b in chosen)
    return Ranking({name: corrected_mean(found[name], test_share, level) for name in order}, pairs, level)
