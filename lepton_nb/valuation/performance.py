"""From a model's measured performance to money.

A test set is a table of counts; an outcome has a value in money. Outcomes of a decision "flag or not" are named
tp, fp, fn, tn. Counts are counts, never rates: without n there is no uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import special, stats

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Result, Undefined, array, fraction, labels, number, same_length, vector, whole

__all__ = [
    "Drift",
    "ExpectedValue",
    "FairnessRates",
    "Interval",
    "NetBenefit",
    "PairedGain",
    "PosteriorValue",
    "ProfitCurve",
    "Score",
    "Undefined",
    "auc",
    "break_even_rate",
    "brier",
    "clopper_pearson_interval",
    "cost_sensitive_threshold",
    "decision_curve",
    "expected_value",
    "expected_value_gain",
    "expected_value_posterior",
    "fairness_rates",
    "half_life",
    "ks_statistic",
    "net_benefit",
    "paired_gain",
    "paired_gain_of_shares",
    "paired_table",
    "paired_values",
    "population_stability_index",
    "profit_curve",
    "split_conformal_quantile",
    "wilson_interval",
]

OUTCOMES = ("tp", "fp", "fn", "tn")


# ---------------------------------------------------------------- expected value of decisions


@dataclass(frozen=True)
class ExpectedValue(Result):
    """Money per case (times the scale asked for), with standard error and normal interval low..high."""

    mean: float
    standard_error: float
    low: float
    high: float
    n: int
    level: float
    method: str
    inputs: dict = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The mean."""
        return self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high

    @property
    def probability_negative(self) -> float:
        """Chance that the true mean is below zero, by the normal approximation."""
        if self.standard_error == 0:
            return float(self.mean < 0)
        return float(special.ndtr(-self.mean / self.standard_error))


@dataclass(frozen=True)
class PairedGain(ExpectedValue):
    """The gain of a model over its baseline on the same cases; ``discordant`` cases were decided differently."""

    discordant: int = 0


def expected_value(counts, values, level: float = 0.95) -> ExpectedValue:
    r"""Value of one case under a model, from its confusion matrix.

    $$ EV = \sum_{cells} p_c v_c, \qquad se = \sqrt{\frac{\sum_c p_c v_c^2 - EV^2}{n}}, \qquad p_c = count_c / n $$

    counts: {tp, fp, fn, tn: count} (any case), an object with those attributes, or an array of cells. values:
    money per case in the same form, costs negative. se is the multinomial plug-in error (delta method).

    Reference: Provost & Fawcett, Data Science for Business, ch. 7, expected value framework.

    >>> result = expected_value({"TP": 56, "FP": 7, "FN": 5, "TN": 42}, {"TP": 99, "FP": -1, "FN": 0, "TN": 0})
    >>> round(result.mean, 4), round(result.standard_error, 4), result.n
    (50.3364, 4.7251, 110)
    """
    seen, worth = _cells(counts, values)
    return _moments(ExpectedValue, seen, worth, level, "multinomial plug-in (delta method)")


def expected_value_gain(
    model_counts,
    baseline_counts,
    values,
    *,
    volume: float = 1.0,
    adoption: float = 1.0,
    attribution: float = 1.0,
    level: float = 0.95,
) -> ExpectedValue:
    r"""Gain of a model over its baseline from two confusion matrices, taken as INDEPENDENT samples.

    $$ G = (EV_{model} - EV_{baseline}) \cdot volume \cdot adoption \cdot attribution, \qquad
       se = \sqrt{se_m^2 + se_b^2} \cdot volume \cdot adoption \cdot attribution $$

    Two policies run on the same cases are not independent: this interval is then far too wide, and
    ``paired_gain`` is the one to use. counts and values as in ``expected_value``; volume: cases a year;
    adoption, attribution: fractions. ``n`` is that of the smaller sample.

    Reference: Provost & Fawcett, ch. 7; the counterfactual is what was done before (IVS 210, with and without).

    >>> model, before = {"tp": 176, "fp": 690, "fn": 244, "tn": 8890}, {"tp": 148, "fp": 742, "fn": 272, "tn": 8838}
    >>> result = expected_value_gain(model, before, {"tp": 0, "fp": -620, "fn": -4275, "tn": 0})
    >>> round(result.mean, 3), round(result.standard_error, 2)
    (15.194, 9.75)
    """
    model, baseline = expected_value(model_counts, values), expected_value(baseline_counts, values)
    scale = number("volume", volume, 0.0) * fraction("adoption", adoption) * fraction("attribution", attribution)
    mean = (model.mean - baseline.mean) * scale
    error = math.hypot(model.standard_error, baseline.standard_error) * scale
    reach = _z(level) * error
    return ExpectedValue(
        mean,
        error,
        mean - reach,
        mean + reach,
        min(model.n, baseline.n),
        level,
        "unpaired: from the margins, independent standard errors added; too wide where both ran on the same cases",
        {"volume": volume, "adoption": adoption, "attribution": attribution},
    )


def paired_gain(
    counts,
    values,
    *,
    volume: float = 1.0,
    adoption: float = 1.0,
    attribution: float = 1.0,
    level: float = 0.95,
) -> PairedGain:
    r"""Gain of a model over its baseline, both run on the SAME cases.

    With $g = v(y, model) - v(y, baseline)$ per cell of the joint table,

    $$ m = \sum p\, g, \qquad se = \sqrt{\frac{\sum p\, g^2 - m^2}{n}} $$

    Cases decided alike have g = 0: only the discordant pairs carry information (the structure of McNemar's test).

    counts: the joint table by (y_true, model, baseline), 1 = positive or flagged: an array (2, 2, 2) in that order
    of axes, a mapping {(y, m, b): count}, or objects with y_true, model, baseline, count. For K classes an array
    (K, K, K). values: {tp, fp, fn, tn: money}, or an array (K, K) of money by (y_true, decided). The result is
    money per case times volume (cases a year), adoption and attribution (fractions).

    Reference: McNemar (1947), Note on the sampling error of the difference between correlated proportions,
    Psychometrika 12, pp. 153-157; standard error by the multinomial delta method.

    >>> counts = {(1, 1, 1): 130, (1, 1, 0): 46, (1, 0, 1): 18, (1, 0, 0): 226,
    ...           (0, 1, 1): 630, (0, 1, 0): 60, (0, 0, 1): 112, (0, 0, 0): 8778}
    >>> result = paired_gain(counts, {"tp": 0, "fp": -620, "fn": -4275, "tn": 0})
    >>> round(result.mean, 3), round(result.standard_error, 3), result.n, result.discordant
    (15.194, 3.512, 10000, 236)
    """
    joint = paired_table(counts)
    gains = paired_values(values, joint.shape[0])
    scale = number("volume", volume, 0.0) * fraction("adoption", adoption) * fraction("attribution", attribution)
    same = np.eye(joint.shape[0], dtype=bool)
    conditions = {"volume": volume, "adoption": adoption, "attribution": attribution}
    return _moments(
        PairedGain,
        joint,
        gains * scale,
        level,
        "paired: discordant pairs, multinomial delta method",
        inputs=conditions,
        discordant=int(joint[:, ~same].sum()),
    )


@dataclass(frozen=True, eq=False)
class PosteriorValue(Result):
    """Draws of the expected value per case, with the exact posterior mean and standard deviation beside them."""

    draws: np.ndarray = field(repr=False)
    mean: float
    sd: float
    low: float
    high: float
    probability_negative: float
    n: int
    level: float
    seed: int
    prior: float
    method: str = "Dirichlet posterior of the cell shares"

    @property
    def value(self) -> float:
        """The exact posterior mean."""
        return self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """low and high, percentiles of the draws."""
        return self.low, self.high


def expected_value_posterior(
    counts, values, draws: int = 20000, seed: int = 0, prior: float = 0.5, level: float = 0.95
) -> PosteriorValue:
    r"""What a finite test set leaves open about the expected value (or the paired gain) per case.

    $p \sim Dirichlet(counts + prior)$, value $= \sum p_c v_c$. With $\alpha$ the counts plus prior and $\alpha_0$
    their sum, exactly: $mean = \sum \alpha_c v_c/\alpha_0$, $var = (\sum \alpha_c v_c^2/\alpha_0 -
    mean^2)/(\alpha_0+1)$.

    counts and values as in ``expected_value``, or as in ``paired_gain`` (a joint table by y_true, model,
    baseline), whose gains are then valued. prior: added to every cell, 0.5 (Jeffreys) or 1 (uniform).

    Reference: Gelman et al., Bayesian Data Analysis (3rd ed.), section 3.4 and appendix A.

    >>> result = expected_value_posterior({"tp": 56, "fp": 7, "fn": 5, "tn": 42},
    ...                                   {"tp": 99, "fp": -1, "fn": 0, "tn": 0}, draws=2000, seed=1)
    >>> round(result.mean, 3), round(result.sd, 3), len(result.draws)
    (49.875, 4.663, 2000)
    """
    if _ispaired_table(counts):
        seen = paired_table(counts)
        worth = paired_values(values, seen.shape[0]).ravel()
        seen = seen.ravel()
    else:
        seen, worth = _cells(counts, values)
    alpha = seen + number("prior", prior, above=0.0)
    total = alpha.sum()
    mean = float(alpha @ worth / total)
    variance = float(alpha @ (worth - mean) ** 2 / total / (total + 1))
    generator = np.random.default_rng(whole("seed", seed))
    sample = generator.dirichlet(alpha, whole("draws", draws, 1)) @ worth
    tail = (1 - _base.level(level)) / 2
    low, high = np.quantile(sample, (tail, 1 - tail))
    return PosteriorValue(
        sample,
        mean,
        math.sqrt(variance),
        float(low),
        float(high),
        float(np.mean(sample < 0)),
        int(seen.sum()),
        level,
        seed,
        prior,
    )


def paired_values(values, classes: int = 2) -> np.ndarray:
    r"""Gain of the model over the baseline in every cell: $g_{ymb} = v(y, m) - v(y, b)$; values as in ``paired_gain``.

    Returns money by (y_true, model, baseline).

    Reference: as for ``paired_gain``.

    >>> paired_values({"tp": 0, "fp": -2, "fn": -9, "tn": 0})[1, 1, 0].item()  # the model alone catches it
    9.0
    """
    if isinstance(values, np.ndarray) or (isinstance(values, (list, tuple)) and np.ndim(values) == 2):
        matrix = array("values", values)
    else:
        worth = _outcomes("values", values)
        matrix = np.array([[worth["tn"], worth["fp"]], [worth["fn"], worth["tp"]]])
    if matrix.shape != (classes, classes):
        raise ValueError(f"values must be by (y_true, decided), {classes} by {classes}. Received: shape {matrix.shape}")
    return matrix[:, :, None] - matrix[:, None, :]


def paired_table(counts) -> np.ndarray:
    r"""The joint table of counts $n_{ymb}$ by (y_true, model, baseline), from any form that ``paired_gain`` takes.

    Flattened, cell (y, m, b) stands at 4y + 2m + b: ``dirichlet(paired_table(counts).ravel())`` is the uncertainty
    of a test set as an input of ``uncertainty.simulate``. Raises ValueError for cells named twice, labels other
    than 0 and 1, and counts that are no counts.

    Reference: as for ``paired_gain``.

    >>> paired_table({(1, 1, 0): 46, (1, 0, 1): 18}).ravel().tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 18.0, 46.0, 0.0]
    """
    if isinstance(counts, Mapping):
        rows = [(*key, count) for key, count in counts.items()]
    elif isinstance(counts, (list, tuple)) and len(counts) and hasattr(counts[0], "y_true"):
        rows = [(row.y_true, row.model, row.baseline, row.count) for row in counts]
    else:
        table = array("counts", counts)
        if table.ndim != 3 or len(set(table.shape)) != 1:
            raise ValueError(f"Paired counts are by (y_true, model, baseline). Received: shape {table.shape}")
        return _counts(table)
    if len({row[:3] for row in rows}) < len(rows):
        raise ValueError("Paired counts name a cell twice.")
    table = np.zeros((2, 2, 2))
    for y_true, model, baseline, count in rows:
        if not {y_true, model, baseline} <= {0, 1}:
            raise ValueError(f"y_true, model and baseline must be 0 or 1. Received: {(y_true, model, baseline)}")
        table[int(y_true), int(model), int(baseline)] = number("count", count, 0.0)
    return _counts(table)


def paired_gain_of_shares(shares, values) -> np.ndarray:
    r"""Gain of the model over the baseline per case, for draws of the joint shares and of the money.

    $g = \sum_{y,m,b} p_{ymb} (v(y, m) - v(y, b))$ in every draw. shares: (draws, 8) in the order of
    ``paired_table(...).ravel()``. values: {tp, fp, fn, tn}, each a number or (draws,), money per case. Returns
    (draws,).

    Reference: as for ``paired_gain``, before taking moments.

    >>> gains = paired_gain_of_shares([[0, 0, 0, 0, 0.5, 0, 0.5, 0]], {"tp": 0, "fp": -2, "fn": [-9], "tn": 0})
    >>> gains.tolist()
    [4.5]
    """
    cells = array("shares", shares)
    if cells.ndim != 2 or cells.shape[1] != 8:
        raise ValueError(f"shares must be (draws, 8). Received: shape {cells.shape}")
    if set(map(str.lower, values)) != set(OUTCOMES):
        raise ValueError(f"values must give exactly tp, fp, fn and tn. Received: {', '.join(values)}")
    worth = {key.lower(): array(f"values.{key}", item) for key, item in values.items()}
    catch = (cells[:, 6] - cells[:, 5]) * (worth["tp"] - worth["fn"])  # positives flagged by one alone
    alarm = (cells[:, 2] - cells[:, 1]) * (worth["fp"] - worth["tn"])  # negatives flagged by one alone
    return catch + alarm


def _moments(kind, seen: np.ndarray, worth: np.ndarray, level: float, method: str, **more):
    n = seen.sum()
    shares = seen / n
    mean = float(np.sum(shares * worth))
    error = math.sqrt(float(np.sum(shares * (worth - mean) ** 2)) / n)
    reach = _z(level) * error
    return kind(
        mean=mean,
        standard_error=error,
        low=mean - reach,
        high=mean + reach,
        n=int(n),
        level=level,
        method=method,
        **more,
    )


def _z(level: float) -> float:
    return float(special.ndtri((1 + _base.level(level)) / 2))


def _outcomes(name: str, given) -> dict[str, float]:
    """tp, fp, fn, tn from a mapping (any case) or an object with those attributes."""
    if isinstance(given, Mapping):
        found = {str(key).lower(): item for key, item in given.items()}
    elif all(hasattr(given, key) for key in OUTCOMES):
        found = {key: getattr(given, key) for key in OUTCOMES}
    else:
        raise ValueError(f"{name} must give tp, fp, fn and tn. Received: {given!r}")
    if set(found) != set(OUTCOMES):
        raise ValueError(f"{name} must give exactly tp, fp, fn and tn. Received: {', '.join(sorted(found))}")
    return {key: number(f"{name}.{key}", found[key]) for key in OUTCOMES}


def _cells(counts, values) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(counts, (np.ndarray, list, tuple)):
        seen, worth = array("counts", counts), array("values", values)
        if seen.shape != worth.shape:
            raise ValueError(f"counts and values must have one shape. Received: {seen.shape} and {worth.shape}")
        seen, worth = seen.ravel(), worth.ravel()
    else:
        named, money = _outcomes("counts", counts), _outcomes("values", values)
        seen = np.array([named[key] for key in OUTCOMES])
        worth = np.array([money[key] for key in OUTCOMES])
    return _counts(seen), worth


def _counts(seen: np.ndarray) -> np.ndarray:
    if np.any(seen < 0) or np.any(seen != np.floor(seen)):
        raise ValueError(f"Counts must be whole numbers of at least 0, not rates. Received: {seen.ravel().tolist()}")
    if seen.sum() == 0:
        raise Undefined("A test set without cases has no expected value.")
    return seen


def _ispaired_table(counts) -> bool:
    if isinstance(counts, Mapping):
        return any(isinstance(key, tuple) for key in counts)
    if isinstance(counts, np.ndarray):
        return counts.ndim == 3
    if isinstance(counts, (list, tuple)) and len(counts):
        return hasattr(counts[0], "y_true") or np.ndim(counts) == 3
    return False


# ---------------------------------------------------------------- thresholds and curves


def cost_sensitive_threshold(cost_fp: float, cost_fn: float, cost_tp: float = 0.0, cost_tn: float = 0.0) -> float:
    r"""The probability from which a case should be flagged.

    $$ p^* = \frac{C_{10} - C_{00}}{C_{10} - C_{00} + C_{01} - C_{11}}
           = \frac{c_{fp} - c_{tn}}{c_{fp} - c_{tn} + c_{fn} - c_{tp}} $$

    Costs are positive money out per case. Needs calibrated probabilities. Raises Undefined where a wrong
    decision costs no more than the right one: then one decision is always best.

    Reference: Elkan (2001), The foundations of cost-sensitive learning, IJCAI, p. 974, equation 2.

    >>> cost_sensitive_threshold(cost_fp=10, cost_fn=90)
    0.1
    """
    false_alarm = number("cost_fp", cost_fp) - number("cost_tn", cost_tn)
    miss = number("cost_fn", cost_fn) - number("cost_tp", cost_tp)
    if false_alarm <= 0 or miss <= 0:
        raise Undefined(
            "One decision is best for every case, so no threshold exists: a wrong decision must cost more than the "
            f"right one. Received: cost_fp - cost_tn = {false_alarm:g}, cost_fn - cost_tp = {miss:g}"
        )
    return false_alarm / (false_alarm + miss)


@dataclass(frozen=True, eq=False)
class ProfitCurve(Result):
    """Total value if the k highest scores are flagged, for every k at which scores do not tie, from 0 on."""

    flagged: np.ndarray = field(repr=False)
    profits: np.ndarray = field(repr=False)
    best_flagged: int
    best_profit: float
    score_cut: float | None  # flag from this score on; None where nothing should be flagged
    profit_of_all: float
    n: int
    method: str = "cumulative value in the order of the scores; best point on this sample, so optimistic"

    @property
    def value(self) -> float:
        """The best total value."""
        return self.best_profit


def profit_curve(
    y_true, scores, value_tp: float, value_fp: float, value_fn: float = 0.0, value_tn: float = 0.0
) -> ProfitCurve:
    r"""Total value of the sample if the highest scores are flagged, and the best place to cut.

    $$ P(k) = TP_k v_{tp} + FP_k v_{fp} + FN_k v_{fn} + TN_k v_{tn}, \qquad k^* = \arg\max_k P(k) $$

    y_true: 0 or 1; scores: higher means more likely 1; both (n,). Values: money per case, costs negative. Equal
    scores are flagged together. Of equally good cuts the one that flags fewer is taken. The best cut is chosen on
    these very cases: its profit is optimistic, check it on others.

    Reference: Provost & Fawcett, Data Science for Business, ch. 8, profit curves.

    >>> result = profit_curve([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], value_tp=100, value_fp=-30)
    >>> result.best_flagged, result.best_profit, result.score_cut, result.profit_of_all
    (3, 170.0, 0.7, 140.0)
    """
    truth, score = labels("y_true", y_true), vector("scores", scores)
    same_length(y_true=truth, scores=score)
    order = np.argsort(-score, kind="stable")
    truth, score = truth[order], score[order]
    gain_positive = number("value_tp", value_tp) - number("value_fn", value_fn)
    gain_negative = number("value_fp", value_fp) - number("value_tn", value_tn)
    none = truth.sum() * value_fn + (len(truth) - truth.sum()) * value_tn
    totals = none + np.concatenate([[0.0], np.cumsum(np.where(truth == 1, gain_positive, gain_negative))])
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True)) + 1
    flagged = np.concatenate([[0], ends])
    profits = totals[flagged]
    best = int(np.argmax(profits))
    return ProfitCurve(
        flagged,
        profits,
        int(flagged[best]),
        float(profits[best]),
        float(score[flagged[best] - 1]) if flagged[best] else None,
        float(totals[-1]),
        len(truth),
    )


@dataclass(frozen=True)
class NetBenefit(Result):
    """Net benefit per case at one threshold, in true positives; beside it that of flagging all. None flagged is 0."""

    threshold: float
    net_benefit: float
    treat_all: float
    net_reduction_per_100: float
    n: int
    method: str = "Vickers-Elkin net benefit"

    @property
    def value(self) -> float:
        """The net benefit."""
        return self.net_benefit


def net_benefit(n: int, tp: int, fp: int, threshold: float, prevalence: float) -> NetBenefit:
    r"""Net benefit from counts.

    $$ NB = \frac{TP}{n} - \frac{FP}{n} \frac{p_t}{1-p_t}, \qquad
       NB_{all} = \pi - (1-\pi)\frac{p_t}{1-p_t}, \qquad
       \text{avoided per 100} = 100\,\frac{NB - NB_{all}}{p_t/(1-p_t)} $$

    threshold p_t: fraction strictly between 0 and 1; prevalence: fraction of positives among the n cases.

    Reference: Vickers & Elkin (2006), Decision curve analysis, Medical Decision Making 26, pp. 565-574.

    >>> result = net_benefit(1000, 80, 150, threshold=0.1, prevalence=0.1)
    >>> round(result.net_benefit, 5), round(result.treat_all, 5), round(result.net_reduction_per_100, 4)
    (0.06333, 0.0, 57.0)
    """
    cases = whole("n", n, 1)
    odds = number("threshold", threshold, above=0.0, below=1.0) / (1 - threshold)
    if whole("tp", tp) + whole("fp", fp) > cases:
        raise ValueError(f"tp + fp must not exceed n. Received: tp={tp}, fp={fp}, n={cases}")
    positives = fraction("prevalence", prevalence)
    benefit = tp / cases - fp / cases * odds
    flag_all = positives - (1 - positives) * odds
    return NetBenefit(float(threshold), benefit, flag_all, 100 * (benefit - flag_all) / odds, cases)


def decision_curve(y_true, probabilities, thresholds) -> tuple[NetBenefit, ...]:
    r"""Net benefit of flagging every case whose probability is at least the threshold $p_t$, for each threshold.

    $$ NB(p_t) = \frac{TP(p_t)}{n} - \frac{FP(p_t)}{n} \frac{p_t}{1-p_t} $$

    y_true: 0 or 1; probabilities: calibrated fractions; both (n,). Below the curve of flagging all, or below 0,
    the model should not be used at that threshold. See ``net_benefit``.

    Reference: Vickers & Elkin (2006), as for ``net_benefit``.

    >>> [round(point.net_benefit, 4) for point in decision_curve([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], [0.2, 0.5])]
    [0.4375, 0.0]
    """
    truth, chance = labels("y_true", y_true), vector("probabilities", probabilities)
    same_length(y_true=truth, probabilities=chance)
    if np.any((chance < 0) | (chance > 1)):
        raise ValueError("probabilities must be within 0..1.")
    points = []
    for threshold in vector("thresholds", thresholds):
        flagged = chance >= threshold
        tp, fp = int(truth[flagged].sum()), int((1 - truth[flagged]).sum())
        points.append(net_benefit(len(truth), tp, fp, float(threshold), float(truth.mean())))
    return tuple(points)


def break_even_rate(cost_per_case: float, value_success: float, value_failure: float = 0.0) -> float:
    r"""The rate of successes at which a model just pays.

    $$ p^* v_s + (1-p^*) v_f = c \quad\Rightarrow\quad p^* = \frac{c - v_f}{v_s - v_f} $$

    cost_per_case c: positive money out per case, fixed costs divided by the cases. value_success, value_failure:
    money per case, a failure usually negative. A success is what the rate counts: a segment accepted, an event
    caught. Raises Undefined where no rate in 0..1 breaks even.

    Reference: the expected value framework (Provost & Fawcett, ch. 7) solved for the rate.

    >>> round(break_even_rate(0.05, value_success=0.40, value_failure=-0.30), 4)
    0.5
    """
    good, bad = number("value_success", value_success), number("value_failure", value_failure)
    cost = number("cost_per_case", cost_per_case)
    if good <= bad:
        raise Undefined(f"A success must be worth more than a failure. Received: {good:g} and {bad:g}")
    rate = (cost - bad) / (good - bad)
    if rate > 1:
        raise Undefined(
            f"The model does not pay at any rate: even all successes bring {good:g} for a cost of {cost:g}."
        )
    if rate < 0:
        raise Undefined(f"The model pays at every rate: even all failures bring {bad:g} for a cost of {cost:g}.")
    return rate


# ---------------------------------------------------------------- intervals


@dataclass(frozen=True)
class Interval(Result):
    """A rate (fraction) with its confidence interval low..high."""

    value: float
    low: float
    high: float
    level: float
    n: int
    method: str

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high

    def __iter__(self):
        return iter((self.low, self.high))


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""Wilson's score interval of a rate, without continuity correction.

    $$ \frac{\hat p + z^2/2n \pm z \sqrt{\hat p (1-\hat p)/n + z^2/4n^2}}{1 + z^2/n} $$

    Within 0..1 always; at 0 or n successes one end is exactly 0 or 1.

    Reference: Wilson (1927); Newcombe (1998), Statistics in Medicine 17, pp. 857-872, method 3.

    >>> low, high = wilson_interval(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    count, cases = _successes(successes, n)
    z, rate = _z(level), count / cases
    centre = rate + z * z / (2 * cases)
    reach = z * math.sqrt(rate * (1 - rate) / cases + (z / (2 * cases)) ** 2)
    scale = 1 + z * z / cases
    low = 0.0 if count == 0 else (centre - reach) / scale
    high = 1.0 if count == cases else (centre + reach) / scale
    return Interval(rate, low, high, level, cases, "Wilson score")


def clopper_pearson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""The exact binomial interval of a rate: covers at least ``level``, so it is wider than Wilson's.

    $$ B_{\alpha/2}(x,\, n - x + 1), \quad B_{1-\alpha/2}(x + 1,\, n - x), \qquad \alpha = 1 - level $$

    with x successes and B the quantile of the Beta distribution; 0 at x = 0, 1 at x = n.

    Reference: Clopper & Pearson (1934), Biometrika 26, pp. 404-413; Newcombe (1998), method 5.

    >>> low, high = clopper_pearson_interval(0, 20)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.1684)
    """
    count, cases = _successes(successes, n)
    tail = (1 - _base.level(level)) / 2
    low = 0.0 if count == 0 else float(special.betaincinv(count, cases - count + 1, tail))
    high = 1.0 if count == cases else float(special.betaincinv(count + 1, cases - count, 1 - tail))
    return Interval(count / cases, low, high, level, cases, "Clopper-Pearson (exact)")


def _successes(successes, n) -> tuple[int, int]:
    cases = whole("n", n, 1)
    return whole("successes", successes, 0, cases), cases


def split_conformal_quantile(scores, alpha: float) -> float:
    r"""The score below which a new case falls with probability of at least 1 - alpha.

    The k-th smallest calibration score with $k = \lceil (n+1)(1-\alpha) \rceil$. scores: (n,) of cases not used in
    training; alpha: fraction. Raises Undefined where k > n: too few cases for this alpha (the bound would be
    infinite), which the largest score must not hide.

    Reference: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, ch. 2 and 4.

    >>> split_conformal_quantile([0.1, 0.4, 0.2, 0.3], alpha=0.25)
    0.4
    """
    ordered = np.sort(vector("scores", scores))
    share = number("alpha", alpha, above=0.0, below=1.0)
    rank = math.ceil((len(ordered) + 1) * (1 - share) - 1e-9)  # (n + 1)(1 - alpha) is often whole but for rounding
    if rank > len(ordered):
        needed = math.ceil((1 - share) / share - 1e-9)
        raise Undefined(
            f"{len(ordered)} calibration cases are too few for alpha = {share:g}: at least {needed} are needed."
        )
    return float(ordered[max(rank, 1) - 1])


# ---------------------------------------------------------------- quality, drift, fairness


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


def auc(y_true, scores, level: float = 0.95) -> Score:
    r"""Area under the receiver operating characteristic: $P(score_1 > score_0) + \frac12 P(score_1 = score_0)$.

    y_true: 0 or 1; scores: higher means more likely 1; both (n,). 0.5 is chance. Standard error by DeLong's
    method, interval cut to 0..1. Raises Undefined unless both classes have two cases.

    Reference: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, pp. 837-845.

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
    reach = _z(level) * error
    return Score(area, error, max(area - reach, 0.0), min(area + reach, 1.0), len(truth), level, "ranks; DeLong error")


def brier(y_true, probabilities, level: float = 0.95) -> Score:
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
    reach = _z(level) * error
    return Score(mean, error, max(mean - reach, 0.0), min(mean + reach, 1.0), len(truth), level, "mean squared error")


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


def population_stability_index(expected, actual, floor: float | None = None) -> Drift:
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


def ks_statistic(first, second) -> Drift:
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
        selected, n = (given["selected"], given["n"]) if isinstance(given, Mapping) else given
        if n < minimum_group:
            raise Undefined(f"Group {name!r} has {n} cases; rates are withheld below {minimum_group}.")
        rates[name] = wilson_interval(selected, n, level)
    lowest, highest = min(rate.value for rate in rates.values()), max(rate.value for rate in rates.values())
    if highest == 0:
        raise Undefined("Nobody is selected in any group: the selection ratio is not defined.")
    ratio = lowest / highest
    return FairnessRates(rates, ratio, highest - lowest, bool(ratio >= 0.8 - 1e-12))
