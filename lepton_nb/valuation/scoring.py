"""Judgements as scores: weighted sums, AHP, TOPSIS, and how stable their first rank is.

A score is shown beside the money and never turned into money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Numbers, Result, Undefined, array, number, one_of, same_length, vector, whole
from lepton_nb.valuation._guard import guarded

__all__ = [
    "Ahp",
    "RankStability",
    "Topsis",
    "Undefined",
    "WeightedScore",
    "ahp",
    "ahp_of_pairs",
    "rank_stability",
    "topsis",
    "weighted_score",
]

# Saaty's mean consistency index of random matrices, by size
RANDOM_INDEX = {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49}
MOST_INCONSISTENT = 0.10
TIE = 1e-12  # of the largest score: closer ones are equal


@dataclass(frozen=True)
class WeightedScore(Result):
    """A weighted score in the unit of the scores, and what each criterion adds to it."""

    value: float
    contributions: dict[str, float]
    method: str = "weighted sum"


@guarded
def weighted_score(scores: Mapping[str, float], weights: Mapping[str, float]) -> WeightedScore:
    r"""Weighted sum: $\sum_c w_c s_c$.

    scores: {criterion: score}, all on one scale; weights: {criterion: fraction}, the same names. Weights that do not
    sum to 1 (within 1e-6) are refused, not rescaled.

    Reference: Belton & Stewart (2002), Multiple Criteria Decision Analysis, ch. 5.

    >>> weighted_score({"innovation": 4, "market": 2}, {"innovation": 0.75, "market": 0.25}).value
    3.5
    """
    shares = _base.probabilities(weights, "weights")
    _base.same_names("scores", scores, "weights", weights)
    parts = {name: shares[name] * number(f"scores[{name!r}]", scores[name]) for name in shares}
    return WeightedScore(sum(parts.values()), parts)


@dataclass(frozen=True)
class Ahp(Result):
    """Priorities from pairwise comparisons. With ``consistent`` False they are shown, never ranked."""

    weights: tuple[float, ...]
    lambda_max: float
    consistency_index: float
    consistency_ratio: float
    consistent: bool
    method: str = "principal eigenvector (Saaty)"

    @property
    def ranking(self) -> tuple[int, ...]:
        """Indices from the highest weight down; Undefined where the judgements contradict each other too much."""
        if not self.consistent:
            raise Undefined(
                f"The consistency ratio {self.consistency_ratio:.2f} is above {MOST_INCONSISTENT:.2f}: "
                "rate the pairs again before ranking."
            )
        return tuple(int(i) for i in np.argsort(-np.array(self.weights), kind="stable"))


@guarded
def ahp(matrix: Sequence[Sequence[float | str]]) -> Ahp:
    r"""Analytic hierarchy process: weights of criteria from pairwise judgements.

    Weights: the principal eigenvector, summing to 1. $CI = (\lambda_{max} - n)/(n - 1)$, $CR = CI/RI_n$ with Saaty's
    random index. Judgements with CR above 0.10 contradict each other too much to be ranked.

    matrix: (n, n), n = 1..10, entry (i, j) says how many times i outweighs j (1..9 or the inverse; text such as "1/3"
    is read as a fraction); the diagonal is 1 and (j, i) is the inverse of (i, j), within 1 %.

    Reference: Saaty (1980), The Analytic Hierarchy Process, ch. 2-3.

    >>> result = ahp([[1, 3, 5], ["1/3", 1, 3], ["1/5", "1/3", 1]])
    >>> [round(weight, 3) for weight in result.weights], round(result.consistency_ratio, 3), result.ranking
    ([0.637, 0.258, 0.105], 0.033, (0, 1, 2))
    """
    try:
        rows = [[float(Fraction(item)) if isinstance(item, str) else float(item) for item in row] for row in matrix]
    except (TypeError, ValueError, ZeroDivisionError):
        raise ValueError(f"The judgements must be numbers or fractions such as '1/3'. Received: {matrix!r}") from None
    if any(len(row) != len(rows) for row in rows) or len(rows) not in RANDOM_INDEX:
        raise ValueError(f"The judgements must be a square of 1 to 10 rows. Received: {len(rows)} rows")
    judged, size = array("matrix", rows), len(rows)
    if np.any(judged <= 0):
        raise ValueError("Judgements must be positive.")
    if np.any((judged > 9 * 1.01) | (judged < 1 / 9 / 1.01)):
        worst = judged.flat[np.argmax(np.abs(np.log(judged)))]
        raise ValueError(f"Judgements lie on Saaty's scale, from 1/9 to 9. Received: {worst:g} among them")
    if not np.allclose(judged * judged.T, 1.0, atol=0.01):
        raise ValueError("Entry (j, i) must be the inverse of entry (i, j), and the diagonal 1.")
    eigenvalues, vectors = np.linalg.eig(judged)
    first = int(np.argmax(eigenvalues.real))
    top, vector_ = float(eigenvalues[first].real), np.abs(vectors[:, first].real)
    index = max(top - size, 0.0) / (size - 1) if size > 1 else 0.0
    random_index = RANDOM_INDEX[size]
    ratio = index / random_index if random_index else 0.0  # two judgements cannot contradict each other
    weights = tuple((vector_ / vector_.sum()).tolist())
    return Ahp(weights, top, index, ratio, ratio <= MOST_INCONSISTENT)


@guarded
def ahp_of_pairs(pairs: Mapping[tuple[str, str], float]) -> tuple[tuple[str, ...], Ahp]:
    r"""The criteria, in the order in which they come first, and :func:`ahp` of $a_{ij}$ with $a_{ji} = 1 / a_{ij}$.

    pairs: {(a, b): how many times a outweighs b}, each pair of criteria once, in either order.

    Reference: Saaty (1980), The Analytic Hierarchy Process, ch. 2-3.

    >>> names, result = ahp_of_pairs({("cost", "speed"): 3, ("cost", "risk"): 5, ("speed", "risk"): 3})
    >>> names, round(result.consistency_ratio, 3)
    (('cost', 'speed', 'risk'), 0.033)
    """
    names = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    given = {frozenset(pair) for pair in pairs}
    if len(given) < len(pairs) or len(given) != len(names) * (len(names) - 1) // 2 or any(len(p) < 2 for p in given):
        raise ValueError(f"Each pair of two different criteria must be compared once. Received: {sorted(pairs)}")

    def times(first: str, second: str) -> float:
        if first == second:
            return 1.0
        return pairs[first, second] if (first, second) in pairs else 1.0 / pairs[second, first]

    return names, ahp([[times(first, second) for second in names] for first in names])


@dataclass(frozen=True)
class Topsis(Result):
    """Closeness of every alternative to the ideal, 0..1, in the order given."""

    closeness: tuple[float, ...]
    ranking: tuple[int, ...]
    method: str = "TOPSIS, vector normalisation x/||x||, cost by the reversed ideal"


@guarded
def topsis(matrix: Numbers, weights: Numbers, types: Numbers | None = None) -> Topsis:
    r"""Rank alternatives by closeness to the best and distance from the worst of every criterion.

    $r_{ij} = w_j x_{ij} / \lVert x_j \rVert$; $D^\pm$ are the Euclidean distances to the best and the worst value of
    each column; closeness $D^-/(D^+ + D^-)$. Another normalisation gives other numbers.

    matrix: (alternatives, criteria); weights: (criteria,) fractions that sum to 1; types: 1 where more is better, -1
    where less is, all 1 unless given. Raises Undefined where the alternatives do not differ or a criterion is all 0.

    Reference: Hwang & Yoon (1981), Multiple Attribute Decision Making, pp. 128-140.

    >>> fighters = [[2.0, 1500, 20000, 5.5, 5, 9], [2.5, 2700, 18000, 6.5, 3, 5], [1.8, 2000, 21000, 4.5, 7, 7],
    ...             [2.2, 1800, 20000, 5.0, 5, 5]]
    >>> result = topsis(fighters, [0.2, 0.1, 0.1, 0.1, 0.2, 0.3], [1, 1, 1, -1, 1, 1])
    >>> [round(share, 2) for share in result.closeness], result.ranking
    ([0.64, 0.27, 0.61, 0.31], (0, 2, 3, 1))
    """
    table, shares, signs = _criteria(matrix, weights, types)
    closeness = _closeness(table, shares, signs)
    ranking = tuple(int(i) for i in np.argsort(-closeness, kind="stable"))
    return Topsis(tuple(closeness.tolist()), ranking)


@dataclass(frozen=True)
class RankStability(Result):
    """Share of the weight draws in which the first stays first, with a Wilson interval; removals that change it."""

    value: float
    low: float
    high: float
    n: int
    first: int
    first_counts: tuple[int, ...]  # how often each alternative came first, alone
    ties: int  # draws in which the first place was shared
    reversals: tuple[int, ...]  # alternatives whose removal dethrones the first
    seed: int
    method: str

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high


@guarded
def rank_stability(
    matrix: Numbers,
    weights: Numbers,
    types: Numbers | None = None,
    draws: int = 10000,
    concentration: float = 50.0,
    seed: int = 0,
    method: str = "weighted",
) -> RankStability:
    r"""Does the first rank survive other weights, and the absence of a competitor?

    Weights are drawn from $Dirichlet(concentration \cdot w)$: their mean is w, their standard deviation
    $\sqrt{w(1-w)/(concentration + 1)}$. Each alternative but the first is also removed once with the given weights
    (rank reversal; possible with TOPSIS, never with a weighted sum).

    matrix: (alternatives, criteria); weights: (criteria,) fractions, positive, sum 1; types: 1 or -1 per criterion.
    method: "weighted" (sum of weight times score times type, scores on one scale) or "topsis". A draw is won by one
    alternative alone: where two are equal to within rounding, no one wins it, and it counts among ``ties``.

    Reference: Butler, Jia & Dyer (1997), Simulation techniques for the sensitivity analysis of multi-criteria decision
    models, European Journal of Operational Research 103, pp. 531-546.

    >>> result = rank_stability([[5, 4], [4, 4.5], [1, 1]], [0.6, 0.4], draws=1000, seed=1)
    >>> result.first, result.value > 0.95, result.reversals
    (0, True, ())
    """
    table, shares, signs = _criteria(matrix, weights, types)
    one_of("method", method, ("weighted", "topsis"))
    if np.any(shares <= 0):
        raise ValueError("Every weight must be positive to be varied; leave out criteria of weight 0.")
    count = whole("draws", draws, 1, 10_000_000)

    def rate(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return _closeness(rows, weight, signs) if method == "topsis" else (rows * signs) @ weight

    def leaders(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
        rated = rate(rows, weight)
        return np.flatnonzero(rated >= rated.max() - TIE * max(np.abs(rated).max(), 1e-300))

    first = int(leaders(table, shares)[0])
    generator = np.random.default_rng(whole("seed", seed))
    drawn = generator.dirichlet(number("concentration", concentration, above=0.0) * shares, count)
    leading = [leaders(table, weight) for weight in drawn]
    winners = [int(names[0]) for names in leading if len(names) == 1]
    counts = np.bincount(np.array(winners, dtype=int), minlength=len(table))
    reversals = []
    for other in range(len(table)):
        rest = np.delete(np.arange(len(table)), other)
        if other == first or len(rest) < 2:
            continue
        alike = np.all(table[rest] == table[first])  # nothing to rank, and nothing that could come first instead
        if not alike and first not in rest[leaders(table[rest], shares)]:
            reversals.append(other)
    from lepton_nb.valuation.performance import wilson_interval  # loads scipy, which a comparison alone does not need

    found = wilson_interval(int(counts[first]), count)
    told = f"{method}, weights from a Dirichlet of concentration {concentration:g}"
    return RankStability(
        found.value,
        found.low,
        found.high,
        count,
        first,
        tuple(counts.tolist()),
        count - len(winners),
        tuple(reversals),
        seed,
        told,
    )


def _criteria(matrix, weights, types) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table, shares = array("matrix", matrix), vector("weights", weights)
    if table.ndim != 2 or len(table) < 2:
        raise ValueError(f"matrix must be (alternatives, criteria), two or more. Received: shape {table.shape}")
    signs = np.ones(len(shares)) if types is None else vector("types", types)
    same_length(criteria=table.T, weights=shares, types=signs)
    if np.any(shares < 0):
        raise ValueError("Weights must be at least 0.")
    _base.sums_to_one("weights", float(shares.sum()))
    if not np.all(np.isin(signs, (-1.0, 1.0))):
        raise ValueError(f"types must be 1 (more is better) or -1. Received: {signs.tolist()}")
    return table, shares, signs


def _closeness(table: np.ndarray, shares: np.ndarray, signs: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(table, axis=0)
    if np.any(lengths == 0):
        raise Undefined("A criterion is 0 for every alternative: it cannot be normalised. Leave it out.")
    weighted = signs * table / lengths * shares  # after the sign, more is better everywhere
    to_best = np.linalg.norm(weighted - weighted.max(axis=0), axis=1)
    to_worst = np.linalg.norm(weighted - weighted.min(axis=0), axis=1)
    if np.any(to_best + to_worst == 0):
        raise Undefined("The alternatives do not differ in any weighted criterion: there is nothing to rank.")
    return to_worst / (to_best + to_worst)
