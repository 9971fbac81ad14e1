"""Discounting and investment appraisal.

Cash flows are signed (money out is negative) and the first one falls at t = 0, now, undiscounted. Rates are
fractions per period. Functions whose argument is called ``costs`` take positive money out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation._base import (
    NoRateOfReturn,
    Result,
    SeveralRatesOfReturn,
    Undefined,
    fraction,
    number,
    rate_of,
    shift_of,
    whole,
)
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.appraisal import (
    ReturnOnInvestment,
    annuity,
    discounted_payback,
    equivalent_annual_cost,
    mirr,
    payback,
    profitability_index,
    roi,
    tco,
)
from lepton_nb.valuation.discounting import npv, npv_mid_year, xnpv
from lepton_nb.valuation.rates import Rates, RatesOfReturn, irr, irr_all, xirr, xirr_all, xirr_batch

__all__ = [
    "NoRateOfReturn",
    "Rates",
    "RatesOfReturn",
    "ReturnOnInvestment",
    "SeveralRatesOfReturn",
    "TerminalValue",
    "Undefined",
    "Wacc",
    "annuity",
    "discounted_payback",
    "equivalent_annual_cost",
    "irr",
    "irr_all",
    "mirr",
    "npv",
    "npv_mid_year",
    "payback",
    "profitability_index",
    "pv_with_half_life",
    "real_rate",
    "relevered_beta",
    "roi",
    "tco",
    "terminal_value",
    "terminal_value_decay",
    "wacc_build_up",
    "xirr",
    "xirr_all",
    "xirr_batch",
    "xnpv",
]


@guarded
def real_rate(nominal: float, inflation: float) -> float:
    r"""The rate in money of constant value: $r = \frac{1 + n}{1 + i} - 1$; nominal n, inflation i, fractions per year.

    Nominal flows go with the nominal rate, flows in today's prices with this one; mixing them is wrong by
    about the inflation rate a year.

    Reference: Fisher (1930), The Theory of Interest, ch. 19; Brealey, Myers & Allen, ch. 3.

    >>> round(real_rate(0.12, 0.03), 6)
    0.087379
    """
    return (1 + rate_of(nominal, "nominal")) / (1 + rate_of(inflation, "inflation")) - 1


@guarded
def relevered_beta(unlevered_beta: float, tax: float, debt_to_equity: float) -> float:
    r"""Equity beta at a company's own debt: $\beta_L = \beta_U (1 + (1 - tax)\, D/E)$. No units; D/E in market values.

    Reference: Hamada (1972), The effect of the firm's capital structure on the systematic risk of common
    stocks, Journal of Finance 27, pp. 435-452.

    >>> round(relevered_beta(0.95, 0.30, 0.45), 5)
    1.24925
    """
    ratio = number("debt_to_equity", debt_to_equity, 0.0)
    return number("unlevered_beta", unlevered_beta) * (1 + (1 - fraction("tax", tax)) * ratio)


@dataclass(frozen=True)
class Wacc(Result):
    """A cost of capital and the parts it was built from; all rates and weights are fractions."""

    wacc: float
    cost_of_equity: float
    after_tax_cost_of_debt: float
    relevered_beta: float
    weight_of_equity: float
    weight_of_debt: float
    method: str = "build-up: CAPM with size and specific premium, Hamada beta"

    @property
    def value(self) -> float:
        """The weighted average cost of capital."""
        return self.wacc


@guarded
def wacc_build_up(
    risk_free: float,
    equity_risk_premium: float,
    unlevered_beta: float,
    debt_to_equity: float = 0.0,
    tax: float = 0.0,
    pre_tax_cost_of_debt: float = 0.0,
    size_premium: float = 0.0,
    specific_premium: float = 0.0,
) -> Wacc:
    r"""Weighted average cost of capital from its parts.

    $$ k_e = r_f + \beta_L \, ERP + size + specific, \qquad
       WACC = \frac{E}{D+E} k_e + \frac{D}{D+E} k_d (1 - tax) $$

    All inputs are fractions per year except beta and D/E (market values). A premium for an asset is not part
    of this rate: it is added by the caller, with its reason.

    Reference: Brealey, Myers & Allen, ch. 9 and 19; Hamada (1972).

    >>> result = wacc_build_up(0.026, 0.055, 0.95, 0.45, 0.30, 0.047, size_premium=0.012)
    >>> round(result.cost_of_equity, 4), round(result.wacc, 4)
    (0.1067, 0.0838)
    """
    beta = relevered_beta(unlevered_beta, tax, debt_to_equity)
    cost_of_equity = (
        number("risk_free", risk_free)
        + beta * number("equity_risk_premium", equity_risk_premium)
        + number("size_premium", size_premium)
        + number("specific_premium", specific_premium)
    )
    cost_of_debt = number("pre_tax_cost_of_debt", pre_tax_cost_of_debt) * (1 - tax)
    if debt_to_equity > 0 and pre_tax_cost_of_debt == 0:
        raise ValueError(
            f"There is debt but its cost is missing. Received: debt_to_equity={debt_to_equity}, pre_tax_cost_of_debt=0"
        )
    weight_of_debt = debt_to_equity / (1 + debt_to_equity)
    return Wacc(
        wacc=(1 - weight_of_debt) * cost_of_equity + weight_of_debt * cost_of_debt,
        cost_of_equity=cost_of_equity,
        after_tax_cost_of_debt=cost_of_debt,
        relevered_beta=beta,
        weight_of_equity=1 - weight_of_debt,
        weight_of_debt=weight_of_debt,
    )


@dataclass(frozen=True)
class TerminalValue(Result):
    """Value of the flows after the last explicit year, at that year's end and today."""

    at_end: float
    present_value: float
    years: float
    method: str = "Gordon growth"

    @property
    def value(self) -> float:
        """The value at the end of the explicit years."""
        return self.at_end


@guarded
def terminal_value(final_cash_flow: float, rate: float, growth: float, years: float = 0.0) -> TerminalValue:
    r"""Value of flows that grow for ever after the explicit years.

    $$ TV_n = \frac{CF_n (1+g)}{r-g}, \qquad PV = \frac{TV_n}{(1+r)^n} $$

    final_cash_flow: the flow of the last explicit year n (``years``), money. The first flow that is counted
    falls one year later. Needs g < r. A model decays: use ``terminal_value_decay`` for it.

    Reference: Gordon & Shapiro (1956), Capital equipment analysis, Management Science 3, pp. 102-110.

    >>> result = terminal_value(100, 0.10, 0.02, years=5)
    >>> round(result.at_end, 6), round(result.present_value, 4)
    (1275.0, 791.6747)
    """
    yearly, growing = rate_of(rate), rate_of(growth, "growth")
    if growing >= yearly:
        raise Undefined(
            "Growth for ever at or above the discount rate makes the value infinite. "
            f"Received: growth={growing:g}, rate={yearly:g}"
        )
    at_end = number("final_cash_flow", final_cash_flow) * (1 + growing) / (yearly - growing)
    length = number("years", years, 0.0)
    return TerminalValue(at_end, at_end / (1 + yearly) ** length, length)


@guarded
def terminal_value_decay(first_cash_flow: float, rate: float, half_life: float) -> float:
    r"""Present value of a flow that decays for ever: $PV = B_1/(r-g)$ with $g = 2^{-1/h} - 1 < 0$.

    first_cash_flow: money at t = 1, not yet decayed; nothing falls at t = 0. half_life h: years until the flow
    has halved. Needs r > g. For n years only: ``pv_with_half_life``.

    Reference: Damodaran on Valuation, negative growth in perpetuity; g from the definition of a half-life.

    >>> round(terminal_value_decay(100, 0.12, 3), 4)
    306.4669
    """
    yearly = rate_of(rate)
    growth = math.expm1(-math.log(2) / number("half_life", half_life, above=0.0))
    if growth >= yearly:
        raise Undefined(
            f"At this negative rate the flow decays too slowly, so the value is infinite. Received: rate={yearly:g}"
        )
    return number("first_cash_flow", first_cash_flow) / (yearly - growth)


@guarded
def pv_with_half_life(
    first_cash_flow: float, rate: float, half_life: float | None, years: int, timing: str = "end"
) -> float:
    r"""Present value of a yearly benefit that halves every ``half_life`` years.

    $$ PV = \sum_{t=1}^{n} \frac{B_1\, 2^{-(t-1)/h}}{(1+r)^{t}} \qquad (\text{mid-year: } t - 1/2 \text{ below}) $$

    first_cash_flow B_1: money in year 1, not yet decayed; nothing falls at t = 0. half_life in years, or None
    for no decay. years: whole years n. timing: "end" or "mid_year" (or "mid").

    Reference: as for ``terminal_value_decay``, cut after n years.

    >>> round(pv_with_half_life(100, 0.10, None, 3), 4), round(pv_with_half_life(100, 0.10, 1, 3), 4)
    (248.6852, 151.0143)
    """
    whole("years", years, 1, 10_000)
    factor = 1.0 if half_life is None else 0.5 ** (1 / number("half_life", half_life, above=0.0))
    flows = number("first_cash_flow", first_cash_flow) * factor ** np.arange(int(years))
    return (npv_mid_year if shift_of(timing) else npv)(rate_of(rate), [0.0, *flows])
