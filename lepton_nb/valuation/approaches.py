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
from lepton_nb.valuation._base import Result, Undefined, fraction, number, one_of, rate_of, same_length, vector
from lepton_nb.valuation.cashflows import annuity

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

TIMINGS = ("end", "mid", "mid_year")


# ---------------------------------------------------------------- cost


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
    direct = sum(number(name, amount, 0.0) for name, amount in parts.items())
    with_overhead = direct * (1 + number("overhead", overhead, 0.0))
    with_profit = with_overhead * (1 + number("developer_profit", developer_profit, 0.0))
    waiting = opportunity_cost(with_profit, opportunity_rate, build_years)
    new = with_profit + waiting
    functional = fraction("functional_obsolescence", functional_obsolescence)
    economic = fraction("economic_obsolescence", economic_obsolescence)
    return ReplacementCost(direct, with_overhead, with_profit, waiting, new, new * (1 - functional) * (1 - economic))


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


# ---------------------------------------------------------------- market


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


def comparable_prices(prices, adjustments=None, weights=None) -> ComparablePrices:
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
    factors = np.ones((len(price), 1)) if adjustments is None else _base.array("adjustments", adjustments)
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


# ---------------------------------------------------------------- income


@dataclass(frozen=True)
class IncomeValue(Result):
    """Present value of an income stream: before and with the tax amortisation benefit.

    ``value`` is the one that was asked for: with the benefit where years for it were given, else without.
    """

    pre_tab: float
    with_tab: float
    tab_factor: float
    value: float
    method: str


def relief_from_royalty(
    revenue, royalty_rate: float, tax: float, rate: float, timing: str = "end", tab_years: float | None = None
) -> IncomeValue:
    r"""Value of not having to license the asset: after-tax royalties saved.

    $$ V = \sum_{t=1}^{n} Rev_t \cdot roy \cdot (1 - tax) \cdot DF_t \quad (\times\, TAB) $$

    revenue: money in years 1..n that uses the asset. royalty_rate, tax, rate: fractions. tab_years: years over which a
    buyer could amortise for tax, or None for no benefit: it belongs to a market participant's fair value, elsewhere it
    needs a reason. See ``tax_amortisation_factor``.

    Reference: IVS 210 (effective 31 January 2025), relief-from-royalty method.

    >>> result = relief_from_royalty([1000, 1100, 1180, 1240, 1280], 0.05, 0.25, 0.14, "mid", tab_years=5)
    >>> round(result.pre_tab, 4), round(result.with_tab, 4)
    (156.9148, 192.1272)
    """
    sales = vector("revenue", revenue)
    saved = sales * fraction("royalty_rate", royalty_rate) * (1 - fraction("tax", tax))
    return _income(_discount(saved, rate, timing), tax, rate, timing, tab_years, "relief from royalty")


def excess_earnings(
    operating_profit_after_tax,
    contributory_charges,
    rate: float,
    survival=1.0,
    timing: str = "end",
    tax: float = 0.0,
    tab_years: float | None = None,
) -> IncomeValue:
    r"""Multi-period excess earnings of ONE primary asset.

    $$ V = \sum_{t=1}^{n} (NOPAT_t \cdot s_t - CAC_t) \cdot DF_t \quad (\times\, TAB) $$

    operating_profit_after_tax NOPAT: money in years 1..n. contributory_charges CAC: after-tax money a year for the use
    of all other assets (``contributory_charge``), (n,) or one number, for the surviving business. survival s: share
    that is left of today's business, fractions (n,) or one number. Never value two assets of one income stream so:
    their joint income would be counted twice. Negative years are kept.

    Reference: Appraisal Foundation, Best Practices for Valuations in Financial Reporting, contributory assets (VFR 1);
    IVS 210, excess earnings method.

    >>> result = excess_earnings([200, 220, 240], [50, 55, 60], 0.12, survival=[1.0, 0.8, 0.6])
    >>> round(result.value, 4)
    290.1786
    """
    profit = vector("operating_profit_after_tax", operating_profit_after_tax)
    charges, left = _yearly("contributory_charges", contributory_charges, profit), _yearly("survival", survival, profit)
    if np.any((left < 0) | (left > 1)):
        raise ValueError(f"survival must be within 0..1. Received: {left.tolist()}")
    present = _discount(profit * left - charges, rate, timing)
    return _income(present, tax, rate, timing, tab_years, "multi-period excess earnings, one primary asset")


def contributory_charge(asset_base: float, rate: float, life_years: float | None = None) -> float:
    r"""After-tax money a year that a helping asset must earn.

    Return ON it: base times rate. With ``life_years`` (a wasting asset) return ON and OF it: the level payment
    $B\,r/(1-(1+r)^{-n})$ at each year's end. rate: after-tax fraction per year.

    Reference: Appraisal Foundation, VFR 1, contributory asset charges.

    >>> round(contributory_charge(1000, 0.08), 2), round(contributory_charge(1000, 0.08, 5), 2)
    (80.0, 250.46)
    """
    base = number("asset_base", asset_base, 0.0)
    return base * rate_of(rate) if life_years is None else base / annuity(rate, life_years)


def with_and_without(
    cash_flow_with, cash_flow_without, rate: float, timing: str = "end", probability_of_effect: float = 1.0
) -> IncomeValue:
    r"""What the owner would lose without the asset: $V = p\,(PV_{with} - PV_{without})$.

    Cash flows: money in years 1..n, after tax, of the business with the asset and with what would be done without it
    (the manual process, the old model). probability_of_effect p: fraction. May be negative.

    Reference: IVS 210 (effective 31 January 2025), with-and-without (premium profit) method.

    >>> round(with_and_without([120, 150, 170, 160], [100, 105, 108, 110], 0.13, probability_of_effect=0.7).value, 4)
    88.603
    """
    having, lacking = vector("cash_flow_with", cash_flow_with), vector("cash_flow_without", cash_flow_without)
    same_length(cash_flow_with=having, cash_flow_without=lacking)
    present = fraction("probability_of_effect", probability_of_effect) * _discount(having - lacking, rate, timing)
    return _income(present, 0.0, rate, timing, None, "with and without")


def greenfield(cash_flow, build_up_cost: float, rate: float, timing: str = "end") -> IncomeValue:
    r"""Value of the one asset with which a business would have to begin: $V = \sum_{t=1}^{n} CF_t\,DF_t - B$.

    cash_flow: money in years 1..n, after tax, of a business that holds this asset alone and builds up or rents all
    others; early years may be negative. build_up_cost B: positive money at t = 0 for what it builds at once. For an
    asset without which there is no business: a licence, data that nobody else has. May be negative.

    Reference: IVS 210 (effective 31 January 2025), greenfield method.

    >>> round(greenfield([-50, 100, 200, 200], 150, 0.15).value, 4)
    127.99
    """
    spent = number("build_up_cost", build_up_cost, 0.0)
    present = _discount(vector("cash_flow", cash_flow), rate, timing) - spent
    return _income(present, 0.0, rate, timing, None, "greenfield")


def income_split(income, share, rate: float, timing: str = "end") -> IncomeValue:
    r"""Value of an asset that earns a stated share of an income: $V = \sum_{t=1}^{n} R_t K_t\,DF_t$.

    income R: money in years 1..n. share K: fraction of it that the asset earns, (n,) or one number; its source is the
    weak point and belongs into the report. With a share of 1 it is the direct income method.

    Reference: China Appraisal Society (2023), Guidance on Data Asset Appraisal, income approach, income split.

    >>> round(income_split([100, 120, 130], [0.30, 0.25, 0.20], 0.12).value, 4)
    69.2078
    """
    earned = vector("income", income)
    parts = _yearly("share", share, earned)
    if np.any((parts < 0) | (parts > 1)):
        raise ValueError(f"share must be within 0..1. Received: {parts.tolist()}")
    return _income(_discount(earned * parts, rate, timing), 0.0, rate, timing, None, "income split")


def tax_amortisation_factor(tax: float, rate: float, years: float, timing: str = "end") -> float:
    r"""Factor by which the value rises because a buyer may amortise it for tax.

    $$ TAB = \frac{1}{1 - \frac{tax}{n}\, a}, \qquad a = \frac{1-(1+k)^{-n}}{k} \; [\times (1+k)^{1/2}: \text{mid-year}] $$

    The amortisation of the raised value is itself deductible: hence the division. tax, rate k: fractions; years n > 0.

    Reference: AICPA, Assets Acquired to Be Used in Research and Development Activities, tax amortization benefit.

    >>> round(tax_amortisation_factor(0.25, 0.10, 10), 6)
    1.181494
    """
    middle = 1.0 if one_of("timing", timing, TIMINGS) == "end" else math.sqrt(1 + rate_of(rate))
    return 1 + tax_amortisation_benefit(1.0, tax, years, annuity(rate, years) * middle)


def tax_amortisation_benefit(present_value: float, tax: float, years: float, annuity_factor: float) -> float:
    r"""The benefit in money, for a given annuity factor: $PV \left( \frac{1}{1 - tax \cdot a / n} - 1 \right)$.

    present_value: money before the benefit; annuity_factor a: present value of 1 a year over the n years.

    Reference: as for ``tax_amortisation_factor``.

    >>> round(tax_amortisation_benefit(61.45, 0.30, 10, 6.1446), 4)
    13.8876
    """
    saved = fraction("tax", tax) * number("annuity_factor", annuity_factor, 0.0) / number("years", years, above=0.0)
    if saved >= 1:
        raise Undefined(f"The tax saved reaches the whole value: no factor exists. Received: tax a / n = {saved:g}")
    return number("present_value", present_value) * saved / (1 - saved)


def _discount(flows: np.ndarray, rate: float, timing: str) -> float:
    shift = 0.0 if one_of("timing", timing, TIMINGS) == "end" else 0.5
    years = np.arange(1, len(flows) + 1) - shift
    return _base.finite("The present value", float(flows @ (1 + rate_of(rate)) ** -years))


def _income(present: float, tax: float, rate: float, timing: str, tab_years: float | None, name: str) -> IncomeValue:
    factor = 1.0 if tab_years is None else tax_amortisation_factor(tax, rate, tab_years, timing)
    told = "no tax amortisation benefit" if tab_years is None else f"tax amortisation benefit over {tab_years:g} years"
    return IncomeValue(present, present * factor, factor, present * factor, f"{name}, {timing}, {told}")


def _yearly(name: str, given, like: np.ndarray) -> np.ndarray:
    """One number for every year, or one number a year."""
    if np.ndim(given) == 0:
        return np.full(len(like), number(name, given))
    result = vector(name, given)
    same_length(**{"profit": like, name: result})
    return result


# ---------------------------------------------------------------- checks and conclusion


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
    worth = {name: number(f"assets[{name!r}] value", item[0], 0.0) for name, item in assets.items()}
    returns = {name: number(f"assets[{name!r}] return", item[1]) for name, item in assets.items()}
    total, capital = sum(worth.values()), number("wacc", wacc)
    if total == 0:
        raise Undefined("The assets have no value, so their returns have no weights.")
    earned = sum(worth[name] * returns[name] for name in worth)
    average, highest = earned / total, max(returns.values())
    goodwill = 0.0 if enterprise_value is None else number("enterprise_value", enterprise_value) - total
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
