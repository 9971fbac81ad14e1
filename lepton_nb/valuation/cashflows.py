"""Discounting and investment appraisal.

Cash flows are signed (money out is negative) and the first one falls at t = 0, now, undiscounted. Rates are
fractions per period. Functions whose argument is called ``costs`` take positive money out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation import _dates
from lepton_nb.valuation._base import (
    Dates,
    Day,
    NoRateOfReturn,
    Numbers,
    Result,
    SeveralRatesOfReturn,
    Undefined,
    array,
    finite,
    fraction,
    number,
    rate_of,
    shift_of,
    vector,
    whole,
)
from lepton_nb.valuation._guard import guarded
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
def npv(rate: Numbers, cash_flows: Numbers) -> float | np.ndarray:
    r"""Net present value, the first flow at t = 0.

    $$ NPV = \sum_{t=0}^{n} \frac{CF_t}{(1+r)^t} $$

    rate: fraction per period, above -1. cash_flows: signed money, (periods,) or (draws, periods); with draws,
    rate may be one number or (draws,). The flow at t = 0 counts in full. Excel's NPV discounts its first flow
    by one period: ``npv(rate, [0, *flows])`` is that number. Returns a float, or (draws,).

    Raises ValueError for a rate of -1 or less and for numbers that are not finite.

    Reference: Brealey, Myers & Allen, Principles of Corporate Finance, ch. 2, "How to calculate present values".

    >>> round(npv(0.08, [-40000, 5000, 8000, 12000, 30000]), 2)
    3065.22
    >>> [round(float(value), 4) for value in npv([0.0, 0.1], [[-100, 110], [-100, 110]])]
    [10.0, 0.0]
    """
    flows = _flows(cash_flows)
    return _present_value(rate, flows, np.arange(flows.shape[-1], dtype=float))


@guarded
def npv_mid_year(rate: Numbers, cash_flows: Numbers) -> float | np.ndarray:
    r"""Net present value with every flow after t = 0 in the middle of its period.

    $$ NPV = CF_0 + (1+r)^{1/2} \sum_{t=1}^{n} \frac{CF_t}{(1+r)^t} $$

    The flow at t = 0 counts in full and is not moved. Shapes, units and errors as in ``npv``.

    Reference: IVS 103 (effective 31 January 2025), income approach, timing of cash flows.

    >>> round(npv_mid_year(0.21, [-100, 121]), 4)
    10.0
    """
    flows = _flows(cash_flows)
    times = np.arange(flows.shape[-1], dtype=float)
    times[1:] -= 0.5
    return _present_value(rate, flows, times)


@guarded
def xnpv(
    rate: Numbers, amounts: Numbers, dates: Dates, day_count: str = "act/365f", valuation_date: Day | None = None
) -> float | np.ndarray:
    r"""Net present value of dated flows.

    $$ XNPV = \sum_i \frac{CF_i}{(1+r)^{(d_i - d_0)/365}} $$

    rate: fraction per year, above -1. amounts: signed money. dates: ISO text (YYYY-MM-DD), ``datetime.date`` or
    numpy dates, in any order. d_0 is ``valuation_date``, or the earliest date; the flow on d_0 counts in full,
    flows before it are carried forward. day_count: how days become years. "act/365f": days / 365, also in leap
    years; "act/360": days / 360; "act/act": each day counts 1/365 or, in a leap year, 1/366; "30/360": months of 30
    days, the 31st counted as the 30th unless it ends a period begun before the 30th; "30e/360": always.

    Reference: Microsoft Excel, XNPV function; ISDA (2006), Definitions, section 4.16, for the day counts.

    >>> dates = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    >>> round(xnpv(0.09, [-10000, 2750, 4250, 3250, 2750], dates), 2)
    2086.65
    """
    flows = _flows(amounts, "amounts")
    return _present_value(rate, flows, _dates.years_from(dates, flows.shape[-1], day_count, valuation_date))


@guarded
def mirr(cash_flows: Numbers, finance_rate: float, reinvest_rate: float) -> float:
    r"""Modified internal rate of return per period.

    $$ MIRR = \left( \frac{FV(\text{money in}, r_{reinvest})}{-PV(\text{money out}, r_{finance})} \right)^{1/n} - 1 $$

    cash_flows: signed money, t = 0 first, n + 1 of them. The flow at t = 0 counts in full. Always unique.
    Raises Undefined unless there is money in, money out and more than one period.

    Reference: Microsoft Excel, MIRR function; Brigham & Ehrhardt, Financial Management, ch. 10.

    >>> round(mirr([-120000, 39000, 30000, 21000, 37000, 46000], 0.10, 0.12), 6)
    0.126094
    """
    flows = vector("cash_flows", cash_flows)
    finance, reinvest = rate_of(finance_rate, "finance_rate"), rate_of(reinvest_rate, "reinvest_rate")
    if not (np.any(flows > 0) and np.any(flows < 0)):
        raise Undefined("The modified rate of return needs flows of both signs.")
    periods = len(flows) - 1
    paid = -npv(finance, np.minimum(flows, 0.0))
    received = npv(reinvest, np.maximum(flows, 0.0))
    return finite("The modified rate of return", (received / paid) ** (1 / periods) * (1 + reinvest) - 1)


@guarded
def payback(cash_flows: Numbers) -> float:
    r"""Periods until the cumulated flows are back at zero, linear inside a period.

    $$ T = \min\{t: \textstyle\sum_{s \le t} CF_s \ge 0\}, \qquad T - 1 + \frac{-\sum_{s<T} CF_s}{CF_T} $$

    The first t, after money has gone out, at which the cumulated cash flow is not negative; 0.0 where the
    cumulated flow is never negative. cash_flows: signed money, t = 0 first. Ignores the value of time and
    everything after the payback. Raises Undefined where the money does not come back.

    Reference: Brigham & Ehrhardt, Financial Management, ch. 10, payback period.

    >>> round(payback([-1000, 500, 400, 300, 100]), 4)
    2.3333
    """
    return _payback(vector("cash_flows", cash_flows))


@guarded
def discounted_payback(rate: float, cash_flows: Numbers) -> float:
    r"""Periods until the cumulated discounted flows are back at zero, linear inside a period.

    As ``payback``, of $CF_t (1 + r)^{-t}$; the flow at t = 0 counts in full.

    Reference: Brigham & Ehrhardt, Financial Management, ch. 10, discounted payback.

    >>> round(discounted_payback(0.10, [-1000, 500, 400, 300, 100]), 2)
    2.95
    """
    flows = vector("cash_flows", cash_flows)
    return _payback(flows * (1 + rate_of(rate)) ** -np.arange(len(flows), dtype=float))


@guarded
def profitability_index(rate: float, cash_flows: Numbers) -> float:
    r"""Present value of what comes back per unit of money paid at t = 0: $PI = 1 + NPV / I_0$, with $I_0 = -CF_0$.

    Above 1 exactly where the net present value is positive. cash_flows: signed money, t = 0 first.
    Raises Undefined where no money goes out at t = 0.

    Reference: Brigham & Ehrhardt, Financial Management, ch. 10. (Brealey, Myers & Allen, ch. 5, use NPV / I_0,
    which is this number less 1.)

    >>> round(profitability_index(0.10, [-1000, 500, 400, 300, 100]), 3)
    1.079
    """
    flows = vector("cash_flows", cash_flows)
    if flows[0] >= 0:
        raise Undefined(f"The profitability index needs money out at t = 0. Received: cash_flows[0]={flows[0]:g}")
    return 1 + npv(rate_of(rate), flows) / -float(flows[0])


@guarded
def equivalent_annual_cost(rate: float, costs: Numbers, years: float | None = None) -> float:
    r"""The level cost per year, at the end of each year, that has the present value of ``costs``.

    $$ EAC = PV \cdot \frac{r}{1-(1+r)^{-n}}, \qquad EAC = PV/n \text{ at } r = 0 $$

    costs: positive money out, t = 0 first, in full. n: ``years``, or the number of periods after t = 0.
    Compares equipment of unequal lives; assumes that each is replaced by its like.

    Reference: Brealey, Myers & Allen, ch. 6, equivalent annual cash flows.

    >>> round(equivalent_annual_cost(0.06, [15, 5, 5, 5]), 2)
    10.61
    """
    spent = _costs(costs)
    if years is None and len(spent) == 1:
        raise Undefined("A cost at t = 0 alone has no life: give years.")
    life = number("years", len(spent) - 1 if years is None else years, above=0.0)
    return npv(rate, spent) / annuity(rate, life)


@guarded
def annuity(rate: float, years: float) -> float:
    r"""Present value of 1 a year at the end of each of ``years`` years: $(1-(1+r)^{-n})/r$, and n at r = 0.

    Reference: Brealey, Myers & Allen, ch. 2, annuities.

    >>> round(annuity(0.10, 10), 4)
    6.1446
    """
    yearly, life = rate_of(rate), number("years", years, above=0.0)
    return life if yearly == 0 else -math.expm1(-life * math.log1p(yearly)) / yearly


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


@guarded
def tco(rate: float, costs: Numbers, risk_adjustment: float = 0.0) -> float:
    r"""Total cost of ownership: the present value of all costs, $TCO = (1 + c) \sum_{t=0}^{n} C_t (1+r)^{-t}$.

    costs C: positive money out, t = 0 first, in full. risk_adjustment c: fraction by which costs are scaled up.
    Returns positive money.

    Reference: Forrester, Total Economic Impact methodology, cost section.

    >>> round(tco(0.10, [500, 80, 80, 80], risk_adjustment=0.10), 2)
    768.84
    """
    return npv(rate_of(rate), _costs(costs)) * (1 + number("risk_adjustment", risk_adjustment, 0.0))


@dataclass(frozen=True)
class ReturnOnInvestment(Result):
    """Present values of benefits and costs (positive money), their difference and ratio."""

    roi: float
    npv: float
    pv_benefits: float
    pv_costs: float
    method: str = "ROI = (PV benefits - PV costs) / PV costs"

    @property
    def value(self) -> float:
        """The return on investment, a fraction of the present value of the costs."""
        return self.roi


@guarded
def roi(
    rate: float,
    benefits: Numbers,
    costs: Numbers,
    benefit_risk_adjustment: float = 0.0,
    cost_risk_adjustment: float = 0.0,
) -> ReturnOnInvestment:
    r"""Return on investment from present values: $ROI = (PV_B - PV_C)/PV_C$.

    benefits: positive money in; costs: positive money out; both with t = 0 first, in full (a benefit that
    starts in year 1 begins with a 0). The adjustments are fractions: benefits are scaled by 1 - b, costs by
    1 + c. Raises Undefined where the costs have no positive present value.

    Reference: Forrester, Total Economic Impact methodology, risk adjustment and ROI.

    >>> result = roi(0.10, [0, 400, 600, 700], [500, 80, 80, 80], 0.15, 0.10)
    >>> round(result.npv, 2), round(result.roi, 4)
    (408.77, 0.5317)
    """
    lowered = fraction("benefit_risk_adjustment", benefit_risk_adjustment)
    pv_benefits = npv(rate_of(rate), vector("benefits", benefits)) * (1 - lowered)
    pv_costs = tco(rate, costs, number("cost_risk_adjustment", cost_risk_adjustment, 0.0))
    if pv_costs <= 0:
        raise Undefined(f"A return on investment needs costs. Received: a present value of costs of {pv_costs:g}")
    net = pv_benefits - pv_costs
    return ReturnOnInvestment(net / pv_costs, net, pv_benefits, pv_costs)


def _flows(values: Numbers, name: str = "cash_flows") -> np.ndarray:
    flows = array(name, values, (1, 2))
    if flows.shape[-1] == 0:
        raise ValueError(f"{name} must hold at least one number.")
    return flows


def _costs(values: Numbers) -> np.ndarray:
    spent = vector("costs", values)
    if np.any(spent < 0):
        raise ValueError(
            "costs are positive money out: what comes in, such as a resale, belongs to the cash flows of npv. "
            f"Received: {spent.min():g} among them"
        )
    return spent


def _present_value(rate, flows: np.ndarray, times: np.ndarray):
    rates = array("rate", rate, (0, 1))
    if np.any(rates <= -1):
        raise ValueError(f"rate must be above -1 (-100 %). Received: rate={rates.min():g}")
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.sum(flows * np.exp(-np.log1p(rates)[..., None] * times), axis=-1)
    if not np.all(np.isfinite(value)):
        raise Undefined("The present value is too large for the computer's numbers at these rates.")
    return float(value) if value.ndim == 0 else value


def _payback(flows: np.ndarray) -> float:
    cumulated = np.cumsum(flows)
    rounding = 4 * np.finfo(float).eps * np.cumsum(np.abs(flows))
    cumulated[np.abs(cumulated) <= rounding] = 0.0  # -0.6 + 0.1 + 0.2 + 0.3 is back at 0
    negative = np.flatnonzero(cumulated < 0)
    if len(negative) == 0:
        return 0.0
    back = np.flatnonzero(cumulated[negative[0] :] >= 0)
    if len(back) == 0:
        raise Undefined(f"The money does not come back: {-cumulated[-1]:g} is still out after the last period.")
    period = negative[0] + back[0]
    return float(period - 1 + -cumulated[period - 1] / flows[period])
