"""The three approaches to value: cost, market, income; and how their indications are put together.

Series of yearly figures here begin with year 1 (nothing falls at t = 0), unlike in ``cashflows``. ``timing`` is "end"
(year t discounted t years) or "mid" (t - 1/2 years). Costs are positive money out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Numbers, Result, Undefined, fraction, number, rate_of, row, same_length, vector
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.income import (
    IncomeValue,
    contributory_charge,
    excess_earnings,
    greenfield,
    income_split,
    relief_from_royalty,
    tax_amortisation_benefit,
    tax_amortisation_factor,
    with_and_without,
)

__all__ = [
    "ComparablePrices",
    "IncomeValue",
    "Reconciliation",
    "ReplacementCost",
    "ReturnOnAssets",
    "Undefined",
    "comparable_prices",
    "contributory_charge",
    "economic_value_of_information",
    "excess_earnings",
    "functional_obsolescence",
    "greenfield",
    "improved_cost_cn",
    "income_split",
    "opportunity_cost",
    "reconcile",
    "relief_from_royalty",
    "replacement_cost",
    "tax_amortisation_benefit",
    "tax_amortisation_factor",
    "weighted_average_return_on_assets",
    "with_and_without",
]


@dataclass(frozen=True)
class ReplacementCost(Result):
    """Replacement cost new, step by step, and less obsolescence (``value``). Positive money."""

    direct: float
    with_overhead: float
    with_profit: float
    opportunity_cost: float
    replacement_cost_new: float
    value: float
    method: str = "replacement cost new less obsolescence, multiplicative"


@guarded
def replacement_cost(
    direct_costs: float | Mapping[str, float],
    overhead: float = 0.0,
    developer_profit: float = 0.0,
    opportunity_rate: float = 0.0,
    build_years: float = 0.0,
    functional_obsolescence: float = 0.0,
    economic_obsolescence: float = 0.0,
) -> ReplacementCost:
    r"""What it would cost today to put an asset of the same use in place.

    $$ RCN = C(1+o)(1+p) + \text{opportunity cost}, \qquad V = RCN\,(1-f)(1-e) $$

    direct_costs C: positive money (hours times rates, computing, labels, …), one number or {name: money}. overhead o,
    developer_profit p, obsolescence f and e: fractions. The opportunity cost accrues on C(1+o)(1+p) as in
    ``opportunity_cost``. With the historical costs of the same thing it is the reproduction cost.

    Reference: IVS 103 and IVS 210 (effective 31 January 2025), cost approach; AICPA, Assets Acquired to Be Used in
    Research and Development Activities, cost approach.

    >>> direct = {"labour": 357000, "computing": 120000, "labels": 21000}
    >>> result = replacement_cost(direct, 0.2, 0.12, 0.10, 1.0, 0.25, 0.1)
    >>> round(result.with_profit, 2), round(result.opportunity_cost, 2), round(result.value, 2)
    (669312.0, 32668.35, 473836.73)
    """
    parts = direct_costs if isinstance(direct_costs, Mapping) else {"direct_costs": direct_costs}
    direct = math.fsum(number(_named("direct_costs", name), amount, 0.0) for name, amount in parts.items())
    with_overhead = direct * (1 + number("overhead", overhead, 0.0))
    with_profit = with_overhead * (1 + number("developer_profit", developer_profit, 0.0))
    yearly = rate_of(opportunity_rate, "opportunity_rate")
    waiting = opportunity_cost(with_profit, yearly, build_years)
    new = with_profit + waiting
    functional = fraction("functional_obsolescence", functional_obsolescence)
    economic = fraction("economic_obsolescence", economic_obsolescence)
    return ReplacementCost(direct, with_overhead, with_profit, waiting, new, new * (1 - functional) * (1 - economic))


def _named(what: str, name: str) -> str:
    return what if name == what else f"{what}[{name!r}]"


@guarded
def opportunity_cost(cost: float, rate: float, build_years: float) -> float:
    r"""Return forgone on money bound while an asset is built: $C((1+r)^{T/2} - 1)$.

    cost: positive money, spent evenly over build_years T, so bound for T/2 on average; rate: fraction per year.
    0 for T = 0.

    Reference: AICPA, Assets Acquired to Be Used in Research and Development Activities, opportunity cost.

    >>> round(opportunity_cost(669312, 0.10, 1.0), 2)
    32668.35
    """
    years = number("build_years", build_years, 0.0)
    return number("cost", cost, 0.0) * math.expm1(math.log1p(rate_of(rate)) * years / 2)


@guarded
def functional_obsolescence(metric: float, baseline: float, modern: float) -> float:
    r"""Share of a model's use that a modern equivalent has overtaken: $1 - \frac{m - b}{m^* - b}$.

    All three are values of one metric on one test set, higher better: of the model, of the baseline (what was done
    before) and of the modern equivalent. 0 where the model is as good as the modern one or better. This is the
    project's own proposal, not a standard: say so where it is used.

    Raises Undefined where the modern equivalent does not beat the baseline.

    Reference: the definition above; IVS 103, functional obsolescence, asks for a reason and a measure.

    >>> round(functional_obsolescence(0.86, 0.80, 0.88), 4)
    0.25
    """
    now, before, best = number("metric", metric), number("baseline", baseline), number("modern", modern)
    if best <= before:
        raise Undefined(f"The modern equivalent is no better than the baseline. Received: {best:g} and {before:g}")
    return min(max(1 - (now - before) / (best - before), 0.0), 1.0)


@guarded
def improved_cost_cn(
    total_cost: float,
    return_rate: float,
    flow: float,
    quality: float,
    monopoly: float,
    realisation_risk: float,
) -> float:
    r"""Improved cost method for data assets: $P = TC\,(1+R)\,U$ with $U = \alpha \beta (1+l)(1-r)$.

    total_cost TC: positive money; return_rate R: fraction of it; flow alpha, quality beta: coefficients of at least 0;
    monopoly l and realisation_risk r: fractions.

    Reference: China Appraisal Society, Expert Guideline for Asset Appraisal No. 9, Data Asset Appraisal (2019).

    >>> round(improved_cost_cn(100, 0.10, 1.2, 0.9, 0.05, 0.20), 4)
    99.792
    """
    use = number("flow", flow, 0.0) * number("quality", quality, 0.0)
    use *= (1 + fraction("monopoly", monopoly)) * (1 - fraction("realisation_risk", realisation_risk))
    return number("total_cost", total_cost, 0.0) * (1 + number("return_rate", return_rate, above=-1.0)) * use


@guarded
def economic_value_of_information(
    revenue_with: float,
    revenue_without: float,
    acquisition_cost: float,
    administration_cost: float,
    application_cost: float,
    trial_years: float,
    life_years: float,
) -> float:
    r"""Value of information from a trial, extended over its life: $(R_i - R_c - (Acq + Adm + App)) \cdot T/t$.

    Revenues and costs of the trial, money (costs positive); t: duration of the trial, T: life of the information, in
    the same unit of time. No discounting: a first estimate.

    Reference: Laney (2018), Infonomics, ch. 11, economic value of information.

    >>> economic_value_of_information(1050000, 1000000, 8000, 5000, 7000, 0.25, 2.0)
    240000.0
    """
    costs = (
        number("acquisition_cost", acquisition_cost, 0.0)
        + number("administration_cost", administration_cost, 0.0)
        + number("application_cost", application_cost, 0.0)
    )
    gain = number("revenue_with", revenue_with) - number("revenue_without", revenue_without) - costs
    return gain * number("life_years", life_years, 0.0) / number("trial_years", trial_years, above=0.0)


@dataclass(frozen=True)
class ComparablePrices(Result):
    """Weighted median of adjusted prices with the interquartile range. ``conclusive`` only from three on."""

    value: float
    low: float
    high: float
    adjusted: tuple[float, ...]
    n: int
    conclusive: bool
    method: str = "weighted median of adjusted prices; low..high is the weighted interquartile range"

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high


@guarded
def comparable_prices(
    prices: Numbers, adjustments: Numbers | None = None, weights: Numbers | None = None
) -> ComparablePrices:
    r"""Value from the prices (or royalty rates) of comparable assets.

    Adjusted price: $P_i \prod_j a_{ij}$. Value: their weighted median; uncertainty: the weighted quartiles.

    prices: (n,) positive. adjustments: (n,) or (n, factors), each a positive factor (1.1 raises by 10 %). weights:
    (n,), e.g. similarity 0..1, at least one positive. The weighted quantile is the smallest adjusted price at which the
    cumulated weight reaches the share; where it is met exactly, the middle to the next price. Fewer than three
    comparables of positive weight are shown with ``conclusive`` False: they do not carry a conclusion.

    Reference: IVS 103 (effective 31 January 2025), market approach; IFRS 13, paragraphs B5-B7.

    >>> result = comparable_prices([100, 120, 90, 200], adjustments=[1.1, 1.0, 1.2, 0.5], weights=[1, 1, 1, 0.5])
    >>> round(result.value, 4), round(result.low, 4), round(result.high, 4), result.conclusive
    (110.0, 108.0, 120.0, True)
    """
    price = vector("prices", prices)
    factors = np.ones((len(price), 1)) if adjustments is None else _base.array("adjustments", adjustments, (1, 2))
    factors = factors[:, None] if factors.ndim == 1 else factors
    weight = np.ones(len(price)) if weights is None else vector("weights", weights)
    same_length(prices=price, adjustments=factors, weights=weight)
    if np.any(price <= 0) or np.any(factors <= 0):
        raise ValueError("Prices and adjustments must be positive.")
    if np.any(weight < 0) or weight.sum() == 0:
        raise ValueError("Weights must be at least 0, and one of them positive.")
    adjusted = price * factors.prod(axis=1)
    low, middle, high = (_weighted_quantile(adjusted, weight, share) for share in (0.25, 0.5, 0.75))
    used = int(np.count_nonzero(weight))
    return ComparablePrices(middle, low, high, tuple(adjusted.tolist()), used, used >= 3)


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    values, weights = values[weights > 0], weights[weights > 0]
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    i = int(np.argmax(reached >= share - 1e-12))
    if abs(reached[i] - share) <= 1e-12 and i + 1 < len(values):
        return float((values[order[i]] + values[order[i + 1]]) / 2)
    return float(values[order[i]])


@dataclass(frozen=True)
class ReturnOnAssets(Result):
    """Weighted average return on assets against the cost of capital; all fractions except goodwill (money)."""

    wara: float  # with goodwill at its implied return this equals the cost of capital; without it, this number
    goodwill: float
    implied_goodwill_return: float | None  # None where the assets make up the whole value
    plausible: bool
    reason: str
    method: str = "sum of weight times return, against the weighted average cost of capital"

    @property
    def value(self) -> float:
        """The weighted average return on the identified assets."""
        return self.wara


@guarded
def weighted_average_return_on_assets(
    assets: Mapping[str, tuple[float, float]], wacc: float, enterprise_value: float | None = None
) -> ReturnOnAssets:
    r"""Do the returns given to the assets fit the cost of capital?

    $$ WARA = \sum_i w_i r_i, \qquad r_{goodwill} = \frac{WACC \cdot EV - \sum_i V_i r_i}{EV - \sum_i V_i} $$

    assets: {name: (value, return)}, money and fraction, goodwill left out. enterprise_value EV: their total plus
    goodwill; None for no goodwill. The weights are those of the identified assets. Plausible means: the implied return
    on goodwill is above every asset's; without goodwill, WARA within one percentage point of WACC.

    Reference: Appraisal Foundation, VFR 1, weighted average return on assets.

    >>> result = weighted_average_return_on_assets({"plant": (600, 0.07), "model": (200, 0.14)}, 0.10, 1000)
    >>> round(result.implied_goodwill_return, 4), result.plausible
    (0.15, True)
    """
    if not assets:
        raise ValueError("assets must name at least one (value, return).")
    pairs = {name: row(f"assets[{name!r}]", item, 2, "(value, return)") for name, item in assets.items()}
    worth = {name: number(f"assets[{name!r}] value", item[0], 0.0) for name, item in pairs.items()}
    returns = {name: number(f"assets[{name!r}] return", item[1]) for name, item in pairs.items()}
    total, capital = sum(worth.values()), number("wacc", wacc)
    if total == 0:
        raise Undefined("The assets have no value, so their returns have no weights.")
    earned = sum(worth[name] * returns[name] for name in worth)
    average, highest = earned / total, max(returns.values())
    goodwill = 0.0 if enterprise_value is None else number("enterprise_value", enterprise_value) - total
    if abs(goodwill) <= 1e-9 * total:  # the rounding of a sum is no goodwill
        goodwill = 0.0
    if goodwill < 0:
        raise Undefined(f"The assets are worth more than the enterprise, by {-goodwill:g}: check their values.")
    if goodwill == 0:
        close = abs(average - capital) <= 0.01
        reason = f"return on the assets {average:.2%} against a cost of capital of {capital:.2%}"
        return ReturnOnAssets(average, 0.0, None, close, reason)
    implied = (capital * (total + goodwill) - earned) / goodwill
    reason = f"implied return on goodwill {implied:.2%} against {highest:.2%}, the highest of the identified assets"
    return ReturnOnAssets(average, goodwill, implied, implied > highest, reason)


@dataclass(frozen=True)
class Reconciliation(Result):
    """Weighted conclusion over the indications of several approaches, with their range. Money."""

    value: float
    low: float
    high: float
    spread: float  # (high - low) / |value|
    weights: dict[str, float]
    method: str = "weighted indications; low..high is the range of the approaches with a positive weight"

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high


@guarded
def reconcile(indications: Mapping[str, float], weights: Mapping[str, float]) -> Reconciliation:
    r"""One value from several approaches: $V = \sum_i w_i V_i$, shown with the range they span.

    indications: {approach: money}; weights: {approach: fraction}, the same names, summing to 1 within 1e-6; each
    weight needs its reason in the report. A wide spread asks for an explanation, not for an average.
    Raises Undefined for a conclusion of 0 (no relative spread).

    Reference: IVS 103 (effective 31 January 2025), use of several approaches.

    >>> result = reconcile({"cost": 400, "income": 600}, {"cost": 0.25, "income": 0.75})
    >>> result.value, result.low, result.high, round(result.spread, 4)
    (550.0, 400.0, 600.0, 0.3636)
    """
    _base.same_names("indications", indications, "weights", weights)
    shares = _base.probabilities(weights, "weights")
    worth = {name: number(f"indications[{name!r}]", value) for name, value in indications.items()}
    value = sum(shares[name] * worth[name] for name in shares)
    if value == 0:
        raise Undefined("The weighted value is zero: the approaches cancel out and have no relative spread.")
    used = [worth[name] for name in shares if shares[name] > 0]
    return Reconciliation(value, min(used), max(used), (max(used) - min(used)) / abs(value), shares)
