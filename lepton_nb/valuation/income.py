"""The income approach: what an asset earns, saves or lets its owner keep.

Series of yearly figures begin with year 1: nothing falls at t = 0, unlike in ``cashflows``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import (
    Numbers,
    Record,
    Result,
    Undefined,
    fraction,
    number,
    rate_of,
    same_length,
    shift_of,
    vector,
)
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.cashflows import annuity

__all__ = [
    "IncomeValue",
    "Undefined",
    "YearLine",
    "contributory_charge",
    "excess_earnings",
    "greenfield",
    "income_split",
    "relief_from_royalty",
    "tax_amortisation_benefit",
    "tax_amortisation_factor",
    "with_and_without",
]


@dataclass(frozen=True)
class YearLine(Record):
    """One year of an income stream: its flow, what 1 of it is worth today, and their product. Money, except factor."""

    year: int
    cash_flow: float
    discount_factor: float
    present_value: float


@dataclass(frozen=True)
class IncomeValue(Result):
    """Present value of an income stream: before and with the tax amortisation benefit.

    ``value`` is the one that was asked for: with the benefit where years for it were given, else without. ``lines``
    shows the years: their present values, less what is paid at t = 0, sum to ``pre_tab``.
    """

    pre_tab: float
    with_tab: float
    tab_factor: float
    value: float
    method: str
    lines: tuple[YearLine, ...] = ()


@guarded
def relief_from_royalty(
    revenue: Numbers, royalty_rate: float, tax: float, rate: float, timing: str = "end", tab_years: float | None = None
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
    return _income(saved, tax, rate, timing, tab_years, "relief from royalty")


@guarded
def excess_earnings(
    operating_profit_after_tax: Numbers,
    contributory_charges: Numbers,
    rate: float,
    survival: Numbers = 1.0,
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
    return _income(
        profit * left - charges, tax, rate, timing, tab_years, "multi-period excess earnings, one primary asset"
    )


@guarded
def contributory_charge(asset_base: float, rate: float, life_years: float | None = None) -> float:
    r"""After-tax money a year that a helping asset must earn.

    Return ON it: base times rate. With ``life_years`` (a wasting asset) return ON and OF it: the level payment
    $B\,r/(1-(1+r)^{-n})$ at each year's end. rate: after-tax fraction per year.

    Reference: Appraisal Foundation, VFR 1, contributory asset charges.

    >>> round(contributory_charge(1000, 0.08), 2), round(contributory_charge(1000, 0.08, 5), 2)
    (80.0, 250.46)
    """
    base = number("asset_base", asset_base, 0.0)
    if life_years is None:
        return base * rate_of(rate)
    return base / annuity(rate, number("life_years", life_years, above=0.0))


@guarded
def with_and_without(
    cash_flow_with: Numbers,
    cash_flow_without: Numbers,
    rate: float,
    timing: str = "end",
    probability_of_effect: float = 1.0,
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
    expected = fraction("probability_of_effect", probability_of_effect) * (having - lacking)
    return _income(expected, 0.0, rate, timing, None, "with and without")


@guarded
def greenfield(cash_flow: Numbers, build_up_cost: float, rate: float, timing: str = "end") -> IncomeValue:
    r"""Value of the one asset with which a business would have to begin: $V = \sum_{t=1}^{n} CF_t\,DF_t - B$.

    cash_flow: money in years 1..n, after tax, of a business that holds this asset alone and builds up or rents all
    others; early years may be negative. build_up_cost B: positive money at t = 0 for what it builds at once. For an
    asset without which there is no business: a licence, data that nobody else has. May be negative.

    Reference: IVS 210 (effective 31 January 2025), greenfield method.

    >>> round(greenfield([-50, 100, 200, 200], 150, 0.15).value, 4)
    127.99
    """
    spent = number("build_up_cost", build_up_cost, 0.0)
    return _income(vector("cash_flow", cash_flow), 0.0, rate, timing, None, "greenfield", spent)


@guarded
def income_split(income: Numbers, share: Numbers, rate: float, timing: str = "end") -> IncomeValue:
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
    return _income(earned * parts, 0.0, rate, timing, None, "income split")


@guarded
def tax_amortisation_factor(tax: float, rate: float, years: float, timing: str = "end") -> float:
    r"""Factor by which the value rises because a buyer may amortise it for tax.

    $$ TAB = \frac{1}{1 - \frac{tax}{n}\, a}, \qquad a = \frac{1-(1+k)^{-n}}{k} \; [\times (1+k)^{1/2}: \text{mid-year}] $$

    The amortisation of the raised value is itself deductible: hence the division. tax, rate k: fractions; years n > 0.

    Reference: AICPA, Assets Acquired to Be Used in Research and Development Activities, tax amortization benefit.

    >>> round(tax_amortisation_factor(0.25, 0.10, 10), 6)
    1.181494
    """
    middle = (1 + rate_of(rate)) ** shift_of(timing)
    return 1 + tax_amortisation_benefit(1.0, tax, years, annuity(rate, years) * middle)


@guarded
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


def _income(
    flows: np.ndarray,
    tax: float,
    rate: float,
    timing: str,
    tab_years: float | None,
    name: str,
    paid_at_once: float = 0.0,
) -> IncomeValue:
    times = np.arange(1, len(flows) + 1) - shift_of(timing)
    factors = (1 + rate_of(rate)) ** -times
    present = _base.finite("The present value", float(flows @ factors)) - paid_at_once
    if tab_years is not None:
        number("tab_years", tab_years, above=0.0)
    factor = 1.0 if tab_years is None else tax_amortisation_factor(tax, rate, tab_years, timing)
    told = "no tax amortisation benefit" if tab_years is None else f"tax amortisation benefit over {tab_years:g} years"
    parts = zip(flows.tolist(), factors.tolist(), (flows * factors).tolist(), strict=True)
    lines = tuple(YearLine(year, *part) for year, part in enumerate(parts, 1))
    return IncomeValue(present, present * factor, factor, present * factor, f"{name}, {timing}, {told}", lines)


def _yearly(name: str, given, like: np.ndarray) -> np.ndarray:
    """One number for every year, or one number a year."""
    if np.ndim(given) == 0:
        return np.full(len(like), number(name, given))
    result = vector(name, given)
    same_length(**{"profit": like, name: result})
    return result
