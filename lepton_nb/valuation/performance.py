"""From a model's measured performance to money.

A test set is a table of counts; an outcome has a value in money. Outcomes of a decision "flag or not" are named
tp, fp, fn, tn. Counts are counts, never rates: without n there is no uncertainty. Gains over a baseline are in
``gains``, intervals of rates in ``intervals``, measures of quality and drift in ``quality``; all are to be had from here
too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from lepton_nb.valuation._base import Numbers, Result, Undefined, fraction, labels, number, same_length, vector, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.gains import (
    ExpectedValue,
    PairedGain,
    PosteriorValue,
    expected_value,
    expected_value_gain,
    expected_value_posterior,
    paired_gain,
    paired_gain_of_shares,
    paired_table,
    paired_values,
)
from lepton_nb.valuation.intervals import Interval, clopper_pearson_interval, split_conformal_quantile, wilson_interval
from lepton_nb.valuation.quality import (
    Drift,
    FairnessRates,
    Score,
    auc,
    brier,
    fairness_rates,
    half_life,
    ks_statistic,
    population_stability_index,
)

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
    "cases_to_see",
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


@guarded
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


@guarded
def prior_shift(probability: float, share_seen: float, share_in_use: float) -> float:
    r"""What a probability becomes where positive cases are more or less frequent than where it was found.

    $$ p' = \frac{p\,\pi'/\pi}{p\,\pi'/\pi + (1-p)\,(1-\pi')/(1-\pi)} $$

    $\pi$ is the share of positive cases where $p$ holds, $\pi'$ the other share; all fractions, the shares strictly between 0 and
    1. Right where the cases of a class look alike in both places and only the shares differ. A threshold moves in the same way.
    The odds are multiplied by $\frac{\pi'(1-\pi)}{\pi(1-\pi')}$, so that the way back has the shares exchanged.

    Reference: Elkan (2001), The foundations of cost-sensitive learning, IJCAI, theorem 2; Saerens, Latinne &
    Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities, Neural Computation 14(1).

    >>> round(prior_shift(0.5, share_seen=0.5, share_in_use=0.1), 9)
    0.1
    """
    chance = fraction("probability", probability)
    seen, used = fraction("share_seen", share_seen), fraction("share_in_use", share_in_use)
    if not (0 < seen < 1 and 0 < used < 1):
        raise Undefined(
            f"With one class only there is nothing to shift. Received: share_seen={seen:g}, share_in_use={used:g}"
        )
    positive, negative = chance * used / seen, (1 - chance) * (1 - used) / (1 - seen)
    return positive / (positive + negative)


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


@guarded
def profit_curve(
    y_true: Numbers, scores: Numbers, value_tp: float, value_fp: float, value_fn: float = 0.0, value_tn: float = 0.0
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


@guarded
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
    for name, hits, most in (("tp", tp, positives), ("fp", fp, 1 - positives)):
        if hits > most * cases + 0.5 + 1e-9 * cases:
            kind = "positives" if name == "tp" else "negatives"
            raise ValueError(f"{name} must not exceed the {kind}, {most * cases:g} of n. Received: {name}={hits}")
    benefit = tp / cases - fp / cases * odds
    flag_all = positives - (1 - positives) * odds
    return NetBenefit(float(threshold), benefit, flag_all, 100 * (benefit - flag_all) / odds, cases)


@guarded
def decision_curve(y_true: Numbers, probabilities: Numbers, thresholds: Numbers) -> tuple[NetBenefit, ...]:
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


@guarded
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


@guarded
def cases_to_see(rate: float, change: float, level: float = 0.05, power: float = 0.80) -> int:
    r"""Cases needed to see that a known rate has changed (one-sided test of one share, normal approximation).

    $$ n = \left(\frac{z_{1-\alpha}\sqrt{p_0 q_0} + z_{1-\beta}\sqrt{p_1 q_1}}{p_1 - p_0}\right)^2, \quad q = 1 - p $$

    rate $p_0$: the rate as it was, inside 0..1; change: what is to be seen, negative for a fall, $p_1 = p_0 +$ change
    inside 0..1 too. level α of the one-sided test; power $1 - \beta$: the chance that the change is seen. Raises
    ValueError outside these ranges.

    Reference: Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions.

    >>> cases_to_see(0.95, -0.02), cases_to_see(0.95, -0.04)
    (822, 225)
    """
    before, moved = fraction("rate", rate), number("change", change)
    after = before + moved
    if not (0 < before < 1 and 0 < after < 1) or moved == 0:
        raise ValueError(
            f"The rate before and after the change must lie inside 0..1 and differ. Received: {before:g} and {after:g}"
        )
    sides = {"level": level, "power": power}
    z = [special.ndtri(1 - fraction("level", level)), special.ndtri(fraction("power", power))]
    if not all(0 < share < 1 for share in sides.values()):
        raise ValueError(f"level and power must lie inside 0..1. Received: {level:g} and {power:g}")
    spread = z[0] * math.sqrt(before * (1 - before)) + z[1] * math.sqrt(after * (1 - after))
    return math.ceil((spread / moved) ** 2)
