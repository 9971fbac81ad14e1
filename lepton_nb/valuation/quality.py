"""How good scores and probabilities are, how far they drift, how evenly they select."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lepton_nb.valuation._base import Numbers, Result, Undefined, labels, number, row, same_length, shown, vector, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.intervals import Interval, normal_reach, wilson_interval

__all__ = [
    "Drift",
    "FairnessRates",
    "Score",
    "auc",
    "brier",
    "fairness_rates",
    "half_life",
    "ks_statistic",
    "population_stability_index",
]


@dataclass(frozen=True)
class Score(Result):
    """A measure of scores or probabilities, with standard error and normal interval low..high."""

    value: float
    standard_error: float
    low: float
    high: float
    n: int
    level: float
    method: str

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high


@guarded
def auc(y_true: Numbers, scores: Numbers, level: float = 0.95) -> Score:
    r"""Area under the receiver operating characteristic: $P(score_1 > score_0) + \frac12 P(score_1 = score_0)$.

    y_true: 0 or 1; scores: higher means more likely 1; both (n,). 0.5 is chance. Standard error by DeLong's
    method; where its normal interval has no width or leaves 0..1, Newcombe's takes its place. Raises Undefined unless both classes have two cases.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, pp. 837-845; Newcombe (2006), Confidence intervals for an
    effect size measure based on the Mann-Whitney statistic, part 2, Statistics in Medicine 25, pp. 559-573, method 5.

    >>> result = auc([1, 1, 0, 0, 1, 0], [0.9, 0.8, 0.7, 0.3, 0.6, 0.2])
    >>> round(result.value, 4), result.n
    (0.8889, 6)
    """
    truth, score = labels("y_true", y_true), vector("scores", scores)
    same_length(y_true=truth, scores=score)
    ones, zeros = score[truth == 1], score[truth == 0]
    if min(len(ones), len(zeros)) < 2:
        raise Undefined(f"The AUC needs two cases of each class. Received: {len(ones)} and {len(zeros)}")
    ranks = stats.rankdata(np.concatenate([ones, zeros]))
    # share of the other class that each case beats
    ones_beat = (ranks[: len(ones)] - stats.rankdata(ones)) / len(zeros)
    zeros_beaten = 1 - (ranks[len(ones) :] - stats.rankdata(zeros)) / len(ones)
    area = float(ones_beat.mean())
    error = math.sqrt(ones_beat.var(ddof=1) / len(ones) + zeros_beaten.var(ddof=1) / len(zeros))
    reach = normal_reach(level) * error
    low, high, method = area - reach, area + reach, "ranks; DeLong error"
    if error == 0 or low < 0 or high > 1:
        low, high = _newcombe(area, len(ones), len(zeros), normal_reach(level))
        method = "ranks; DeLong error, interval by Newcombe's method 5"
    return Score(area, error, low, high, len(truth), level, method)


def _newcombe(area: float, ones: int, zeros: int, reach: float) -> tuple[float, float]:
    """Ends of the score-like interval of an area: where it is ``reach`` standard errors of the end from the end."""
    more = (ones + zeros) / 2 - 1

    def beyond(end: float) -> bool:
        spread = 1 + more * ((1 - end) / (2 - end) + end / (1 + end))
        return abs(area - end) > reach * math.sqrt(end * (1 - end) * spread / (ones * zeros))

    found = []
    for outer in (0.0, 1.0):
        inner = area
        for _ in range(60):
            middle = (inner + outer) / 2
            inner, outer = (inner, middle) if beyond(middle) else (middle, outer)
        found.append((inner + outer) / 2)
    low, high = found
    return (0.0 if area == 0 else low), (1.0 if area == 1 else high)


@guarded
def brier(y_true: Numbers, probabilities: Numbers, level: float = 0.95) -> Score:
    r"""Mean squared error of probabilities: $\frac1n \sum (p_i - y_i)^2$. 0 is perfect; p = 0.5 throughout gives 0.25.

    y_true: 0 or 1; probabilities: fractions; both (n,), at least two cases.

    Reference: Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review
    78, pp. 1-3.

    >>> round(brier([1, 0, 1, 0], [0.8, 0.2, 0.6, 0.4]).value, 4)
    0.1
    """
    truth, chance = labels("y_true", y_true), vector("probabilities", probabilities, 2)
    same_length(y_true=truth, probabilities=chance)
    if np.any((chance < 0) | (chance > 1)):
        raise ValueError("probabilities must be within 0..1.")
    errors = (chance - truth) ** 2
    mean, error = float(errors.mean()), float(errors.std(ddof=1) / math.sqrt(len(errors)))
    reach = normal_reach(level) * error
    low, high, method = max(mean - reach, 0.0), min(mean + reach, 1.0), "mean squared error"
    if error == 0:  # all errors alike: what was not seen can still be there
        unseen = 1 - ((1 - level) / 2) ** (1 / len(errors))
        worst, best = np.maximum(chance, 1 - chance) ** 2, np.minimum(chance, 1 - chance) ** 2
        low, high = mean - unseen * (mean - float(best.mean())), mean + unseen * (float(worst.mean()) - mean)
        method += "; all errors alike: exact bound of what was not seen"
    return Score(mean, error, low, high, len(truth), level, method)


@guarded
def half_life(start: float, end: float, elapsed: float, floor: float = 0.0) -> float:
    r"""Time in which the excess of a metric over its floor halves, from two measurements.

    $$ h = T \frac{\ln 2}{\ln(excess_0/excess_T)}, \qquad excess = metric - floor $$

    floor: the metric of a worthless model (0.5 for an AUC). elapsed T > 0: h has the same unit of time. Assumes
    exponential decay. Raises Undefined where the metric did not fall, or fell to its floor.

    Reference: the definition of exponential decay, applied to the margin above the floor.

    >>> round(half_life(0.86, 0.80, 18, floor=0.5), 2)  # months
    68.43
    """
    time, bottom = number("elapsed", elapsed, above=0.0), number("floor", floor)
    before, after = number("start", start) - bottom, number("end", end) - bottom
    if before <= 0:
        raise Undefined(f"The metric did not start above its floor. Received: start={start:g}, floor={bottom:g}")
    if after >= before:
        raise Undefined(f"The metric did not fall, so it has no half-life. Received: start={start:g}, end={end:g}")
    if after <= 0:
        raise Undefined(f"The metric fell to its floor: the decay is not exponential. Received: end={end:g}")
    return time * math.log(2) / math.log(before / after)


@dataclass(frozen=True)
class Drift(Result):
    """A measure of how far a distribution moved, with its usual reading."""

    value: float
    reading: str
    p_value: float | None  # None where the measure has no test
    n: int | None  # None where shares were given, not cases
    method: str


@guarded
def population_stability_index(expected: Numbers, actual: Numbers, floor: float | None = None) -> Drift:
    r"""How far the shares of the bins moved: $PSI = \sum_i (a_i - e_i) \ln(a_i / e_i)$.

    expected, actual: counts or shares per bin, the same bins; each is divided by its sum. A bin with a share of 0
    has no logarithm: Undefined, unless ``floor`` is stated, to which smaller shares are then raised (without
    dividing by the new sum). Usual reading: below 0.1 stable, to 0.25 moderate, above it large.

    Reference: Siddiqi, Credit Risk Scorecards, ch. 6, population stability.

    >>> result = population_stability_index([0.1, 0.2, 0.4, 0.2, 0.1], [0.05, 0.15, 0.35, 0.25, 0.2])
    >>> round(result.value, 5), result.reading
    (0.13619, 'moderate')
    """
    before, after = vector("expected", expected, 2), vector("actual", actual, 2)
    same_length(expected=before, actual=after)
    if np.any(before < 0) or np.any(after < 0) or before.sum() == 0 or after.sum() == 0:
        raise ValueError("expected and actual must be counts or shares of at least 0, not all 0.")
    for name, given in (("expected", before), ("actual", after)):
        if np.any(given != np.floor(given)) and abs(given.sum() - 1) > 0.005:
            raise ValueError(
                f"{name} must be whole counts, or shares that sum to 1. Received: a sum of {given.sum():g}"
            )
    before, after = before / before.sum(), after / after.sum()
    if floor is not None:
        lowest = number("floor", floor, above=0.0, below=1.0)
        before, after = np.maximum(before, lowest), np.maximum(after, lowest)
    if np.any(before == 0) or np.any(after == 0):
        raise Undefined("A bin is empty, so the index is not defined: join bins or state a floor, e.g. floor=0.0001.")
    value = float(np.sum((after - before) * np.log(after / before)))
    reading = "stable" if value < 0.1 else "moderate" if value <= 0.25 else "large"
    method = "PSI" if floor is None else f"PSI, shares raised to at least {floor:g}"
    return Drift(value, reading, None, None, method)


@guarded
def ks_statistic(first: Numbers, second: Numbers) -> Drift:
    r"""Largest distance of two samples' distribution functions: $\max_x |F_1(x) - F_2(x)|$, within 0..1.

    For drift: the scores of two periods. For separation: the scores of the two classes. p_value: two-sample test,
    exact up to 1000 cases each. n: both samples together.

    Reference: Conover, Practical Nonparametric Statistics (3rd ed.), section 6.3.

    >>> ks_statistic([1, 2, 3, 4], [3, 4, 5, 6]).value
    0.5
    """
    one, two = vector("first", first), vector("second", second)
    found = stats.ks_2samp(one, two, method="exact" if max(len(one), len(two)) <= 1000 else "asymp")
    reading = "different at 5 %" if found.pvalue < 0.05 else "not told apart at 5 %"
    return Drift(
        float(found.statistic), reading, float(found.pvalue), len(one) + len(two), "two-sample Kolmogorov-Smirnov"
    )


@dataclass(frozen=True)
class FairnessRates(Result):
    """Selection rates by group and their comparison; fractions."""

    rates: dict[str, Interval]
    selection_ratio: float
    demographic_parity_difference: float
    passes_four_fifths: bool
    method: str = "selection rates with Wilson intervals; ratio of the lowest to the highest"

    @property
    def value(self) -> float:
        """The selection ratio."""
        return self.selection_ratio


@guarded
def fairness_rates(groups: Mapping[str, object], minimum_group: int = 30, level: float = 0.95) -> FairnessRates:
    r"""Compare how often groups are selected: ratio $\min_g r_g / \max_g r_g$, difference $\max_g r_g - \min_g r_g$.

    Rates $r_g = selected_g / n_g$. groups: {name: (selected, n)} or {name: {"selected": …, "n": …}}, two or more.
    Selection ratio: lowest rate over highest; four fifths is the customary bound. Raises Undefined for a group under
    ``minimum_group`` cases (its rate would say too little) and where nobody is selected.

    Reference: EEOC (1978), Uniform guidelines on employee selection procedures, 29 CFR 1607.4 D.

    >>> result = fairness_rates({"A": (60, 100), "B": (36, 100)})
    >>> round(result.selection_ratio, 4), round(result.demographic_parity_difference, 4), result.passes_four_fifths
    (0.6, 0.24, False)
    """
    if len(groups) < 2:
        raise ValueError(f"Fairness compares two or more groups. Received: {len(groups)}")
    rates = {}
    for name, given in groups.items():
        if isinstance(given, Mapping):
            if set(given) != {"selected", "n"}:
                raise ValueError(f"groups[{name!r}] must give selected and n. Received: {shown(dict(given))}")
            given = given["selected"], given["n"]
        selected, n = row(f"groups[{name!r}]", given, 2, "(selected, n)")
        selected, n = whole(f"groups[{name!r}] selected", selected), whole(f"groups[{name!r}] n", n, 1)
        if selected > n:
            raise ValueError(f"groups[{name!r}] must not select more than it has. Received: {selected} of {n}")
        if n < minimum_group:
            raise Undefined(f"Group {name!r} has {n} cases; rates are withheld below {minimum_group}.")
        rates[name] = wilson_interval(selected, n, level)
    lowest, highest = min(rate.value for rate in rates.values()), max(rate.value for rate in rates.values())
    if highest == 0:
        raise Undefined("Nobody is selected in any group: the selection ratio is not defined.")
    ratio = lowest / highest
    return FairnessRates(rates, ratio, highest - lowest, bool(ratio >= 0.8 - 1e-12))
