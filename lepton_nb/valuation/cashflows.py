"""Discounting and investment appraisal.

Cash flows are signed (money out is negative) and the first one falls at t = 0, now, undiscounted. Rates are
fractions per period. Functions whose argument is called ``costs`` take positive money out.
"""

from __future__ import annotations

import datetime
import math
import re
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from lepton_nb.valuation._base import (
    NoRateOfReturn,
    Result,
    SeveralRatesOfReturn,
    Undefined,
    array,
    finite,
    fraction,
    number,
    one_of,
    rate_of,
    same_length,
    vector,
)

__all__ = [
    "NoRateOfReturn",
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
    "xnpv",
]

DAYS_IN_YEAR = {"act/365f": 365.0, "act/360": 360.0}
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def npv(rate, cash_flows):
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


def npv_mid_year(rate, cash_flows):
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


def xnpv(rate, amounts, dates, day_count: str = "act/365f", valuation_date=None):
    r"""Net present value of dated flows.

    $$ XNPV = \sum_i \frac{CF_i}{(1+r)^{(d_i - d_0)/365}} $$

    rate: fraction per year, above -1. amounts: signed money. dates: ISO text (YYYY-MM-DD), ``datetime.date`` or
    numpy dates, in any order. d_0 is ``valuation_date``, or the earliest date; the flow on d_0 counts in full,
    flows before it are carried forward. day_count: "act/365f" (days / 365, also in leap years) or "act/360".

    Reference: Microsoft Excel, XNPV function.

    >>> dates = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    >>> round(xnpv(0.09, [-10000, 2750, 4250, 3250, 2750], dates), 2)
    2086.65
    """
    flows = _flows(amounts)
    return _present_value(rate, flows, _years(dates, flows.shape[-1], day_count, valuation_date))


def irr(cash_flows) -> float:
    """The internal rate of return per period, if there is exactly one.

    The rate at which ``npv`` is zero. cash_flows: signed money, t = 0 first; zero flows change nothing.
    Raises ``NoRateOfReturn`` where no rate exists and ``SeveralRatesOfReturn`` (with all of them in ``roots``)
    where more than one does: then the net present value decides.

    Reference: Brealey, Myers & Allen, ch. 5, pitfalls of the internal rate of return.

    >>> round(irr([-100, 39, 59, 55, 20]), 6)
    0.280948
    """
    return _only(irr_all(cash_flows))


def irr_all(cash_flows) -> tuple[float, ...]:
    r"""Every real rate of return above -100 %, ascending.

    All r in (-1, ∞) with $\sum_t CF_t (1+r)^{-t} = 0$. A rate at which the present value touches zero without
    crossing it is listed once. Raises ``NoRateOfReturn`` where there is none.

    The search is complete: between two roots of a function lies a root of its derivative, and each derivative
    has one change of sign less (the proof of Descartes' rule), so the roots are isolated level by level.

    Reference: Lorie & Savage (1955), Three problems in rationing capital, Journal of Business 28, pp. 237-238.

    >>> [round(root, 6) for root in irr_all([-1600, 10000, -10000])]
    [0.25, 4.0]
    """
    flows = vector("cash_flows", cash_flows)
    return _all_rates(np.arange(len(flows), dtype=float), flows)


def xirr(amounts, dates, day_count: str = "act/365f") -> float:
    """The internal rate of return per year of dated flows, if there is exactly one.

    The rate at which ``xnpv`` is zero; arguments as there. Flows of both signs on at least two dates are
    needed. Raises ``NoRateOfReturn`` or ``SeveralRatesOfReturn``.

    Reference: Microsoft Excel, XIRR function.

    >>> round(xirr([-1000, 1100], ["2024-01-01", "2025-01-01"]), 6)  # 366 days
    0.099714
    """
    return _only(xirr_all(amounts, dates, day_count))


def xirr_all(amounts, dates, day_count: str = "act/365f") -> tuple[float, ...]:
    """Every real rate of return above -100 % of dated flows, ascending, as fractions per year.

    As ``irr_all``, with time in years from the earliest date. Raises ``NoRateOfReturn`` where there is none.

    Reference: Lorie & Savage (1955), as for ``irr_all``.

    >>> [round(root, 4) for root in xirr_all([-1600, 10000, -10000], ["2025-01-01", "2026-01-01", "2027-01-01"])]
    [0.25, 4.0]
    """
    flows = vector("amounts", amounts)
    return _all_rates(_years(dates, len(flows), day_count, None), flows)


def mirr(cash_flows, finance_rate: float, reinvest_rate: float) -> float:
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


def payback(cash_flows) -> float:
    """Periods until the cumulated flows are back at zero, linear inside a period.

    The first t, after money has gone out, at which the cumulated cash flow is not negative; 0.0 where the
    cumulated flow is never negative. cash_flows: signed money, t = 0 first. Ignores the value of time and
    everything after the payback. Raises Undefined where the money does not come back.

    Reference: Brigham & Ehrhardt, Financial Management, ch. 10, payback period.

    >>> round(payback([-1000, 500, 400, 300, 100]), 4)
    2.3333
    """
    return _payback(vector("cash_flows", cash_flows))


def discounted_payback(rate: float, cash_flows) -> float:
    """Periods until the cumulated discounted flows are back at zero, linear inside a period.

    As ``payback``, each flow discounted by (1 + rate)^t first; the flow at t = 0 counts in full.

    Reference: Brigham & Ehrhardt, Financial Management, ch. 10, discounted payback.

    >>> round(discounted_payback(0.10, [-1000, 500, 400, 300, 100]), 2)
    2.95
    """
    flows = vector("cash_flows", cash_flows)
    return _payback(flows * (1 + rate_of(rate)) ** -np.arange(len(flows), dtype=float))


def profitability_index(rate: float, cash_flows) -> float:
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


def equivalent_annual_cost(rate: float, costs, years: float | None = None) -> float:
    r"""The level cost per year, at the end of each year, that has the present value of ``costs``.

    $$ EAC = PV \cdot \frac{r}{1-(1+r)^{-n}}, \qquad EAC = PV/n \text{ at } r = 0 $$

    costs: positive money out, t = 0 first, in full. n: ``years``, or the number of periods after t = 0.
    Compares equipment of unequal lives; assumes that each is replaced by its like.

    Reference: Brealey, Myers & Allen, ch. 6, equivalent annual cash flows.

    >>> round(equivalent_annual_cost(0.06, [15, 5, 5, 5]), 2)
    10.61
    """
    spent = vector("costs", costs)
    if years is None and len(spent) == 1:
        raise Undefined("A cost at t = 0 alone has no life: give years.")
    life = number("years", len(spent) - 1 if years is None else years, above=0.0)
    return npv(rate, spent) / annuity(rate, life)


def annuity(rate: float, years: float) -> float:
    r"""Present value of 1 a year at the end of each of ``years`` years: $(1-(1+r)^{-n})/r$, and n at r = 0.

    Reference: Brealey, Myers & Allen, ch. 2, annuities.

    >>> round(annuity(0.10, 10), 4)
    6.1446
    """
    yearly, life = rate_of(rate), number("years", years, above=0.0)
    return life if yearly == 0 else -math.expm1(-life * math.log1p(yearly)) / yearly


def real_rate(nominal: float, inflation: float) -> float:
    """The rate in money of constant value: (1 + nominal) / (1 + inflation) - 1, all fractions per year.

    Nominal flows go with the nominal rate, flows in today's prices with this one; mixing them is wrong by
    about the inflation rate a year.

    Reference: Fisher (1930), The Theory of Interest, ch. 19; Brealey, Myers & Allen, ch. 3.

    >>> round(real_rate(0.12, 0.03), 6)
    0.087379
    """
    return (1 + rate_of(nominal, "nominal")) / (1 + rate_of(inflation, "inflation")) - 1


def relevered_beta(unlevered_beta: float, tax: float, debt_to_equity: float) -> float:
    """Equity beta at a company's own debt: beta_L = beta_U (1 + (1 - tax) D/E). No units; D/E in market values.

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


def pv_with_half_life(
    first_cash_flow: float, rate: float, half_life: float | None, years: int, timing: str = "end"
) -> float:
    r"""Present value of a yearly benefit that halves every ``half_life`` years.

    $$ PV = \sum_{t=1}^{n} \frac{B_1\, 2^{-(t-1)/h}}{(1+r)^{t}} \qquad (\text{mid-year: } t - 1/2 \text{ below}) $$

    first_cash_flow B_1: money in year 1, not yet decayed; nothing falls at t = 0. half_life in years, or None
    for no decay. years: whole years n. timing: "end" or "mid_year".

    Reference: as for ``terminal_value_decay``, cut after n years.

    >>> round(pv_with_half_life(100, 0.10, None, 3), 4), round(pv_with_half_life(100, 0.10, 1, 3), 4)
    (248.6852, 151.0143)
    """
    number("years", years, 1.0)
    if years != int(years):
        raise ValueError(f"years must be a whole number. Received: years={years}")
    factor = 1.0 if half_life is None else 0.5 ** (1 / number("half_life", half_life, above=0.0))
    flows = number("first_cash_flow", first_cash_flow) * factor ** np.arange(int(years))
    one_of("timing", timing, ("end", "mid_year"))
    return (npv if timing == "end" else npv_mid_year)(rate_of(rate), [0.0, *flows])


def tco(rate: float, costs, risk_adjustment: float = 0.0) -> float:
    """Total cost of ownership: the present value of all costs, raised by ``risk_adjustment``.

    costs: positive money out, t = 0 first, in full. risk_adjustment: fraction by which costs are scaled up.
    Returns positive money.

    Reference: Forrester, Total Economic Impact methodology, cost section.

    >>> round(tco(0.10, [500, 80, 80, 80], risk_adjustment=0.10), 2)
    768.84
    """
    return npv(rate_of(rate), vector("costs", costs)) * (1 + number("risk_adjustment", risk_adjustment, 0.0))


@dataclass(frozen=True)
class ReturnOnInvestment(Result):
    """Present values of benefits and costs (positive money), their difference and ratio."""

    roi: float
    npv: float
    pv_benefits: float
    pv_costs: float
    method: str = "ROI = (PV benefits - PV costs) / PV costs"
    inputs: dict = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The return on investment, a fraction of the present value of the costs."""
        return self.roi


def roi(
    rate: float,
    benefits,
    costs,
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
    pv_costs = tco(rate, costs, cost_risk_adjustment)
    if pv_costs <= 0:
        raise Undefined(f"A return on investment needs costs. Received: a present value of costs of {pv_costs:g}")
    inputs = {"rate": rate, "benefit_risk_adjustment": lowered, "cost_risk_adjustment": cost_risk_adjustment}
    net = pv_benefits - pv_costs
    return ReturnOnInvestment(net / pv_costs, net, pv_benefits, pv_costs, inputs=inputs)


def _flows(values) -> np.ndarray:
    flows = array("cash_flows", values)
    if flows.ndim == 0 or flows.shape[-1] == 0:
        raise ValueError("cash_flows must hold at least one number.")
    return flows


def _present_value(rate, flows: np.ndarray, times: np.ndarray):
    rates = array("rate", rate)
    if np.any(rates <= -1):
        raise ValueError(f"rate must be above -1 (-100 %). Received: rate={rates.min():g}")
    with np.errstate(over="ignore", invalid="ignore"):
        value = np.sum(flows * np.exp(-np.log1p(rates)[..., None] * times), axis=-1)
    if not np.all(np.isfinite(value)):
        raise Undefined("The present value is too large for the computer's numbers at these rates.")
    return float(value) if value.ndim == 0 else value


def _years(dates, count: int, day_count: str, origin) -> np.ndarray:
    """Years from ``origin`` (or the earliest date) to each date, by the day count."""
    one_of("day_count", day_count, tuple(DAYS_IN_YEAR))
    days = np.array([_day(date) for date in dates], dtype="datetime64[D]")
    same_length(amounts=np.empty(count), dates=days)
    start = days.min() if origin is None else _day(origin)
    return (days - start).astype(float) / DAYS_IN_YEAR[day_count]


def _day(date) -> np.datetime64:
    if isinstance(date, str) and not ISO_DATE.fullmatch(date):
        raise ValueError(f"A date must be written YYYY-MM-DD. Received: {date!r}")
    if not isinstance(date, (str, datetime.date, np.datetime64)):
        raise ValueError(f"A date must be ISO text, a date or a numpy date. Received: {date!r}")
    try:
        day = np.datetime64(date.date() if isinstance(date, datetime.datetime) else date, "D")
    except ValueError:
        raise ValueError(f"This is not a date of the calendar. Received: {date!r}") from None
    if np.isnat(day):
        raise ValueError("A date is missing (NaT).")
    return day


def _payback(flows: np.ndarray) -> float:
    cumulated = np.cumsum(flows)
    negative = np.flatnonzero(cumulated < 0)
    if len(negative) == 0:
        return 0.0
    back = np.flatnonzero(cumulated[negative[0] :] >= 0)
    if len(back) == 0:
        raise Undefined(f"The money does not come back: {-cumulated[-1]:g} is still out after the last period.")
    period = negative[0] + back[0]
    return float(period - 1 + -cumulated[period - 1] / flows[period])


def _only(roots: tuple[float, ...]) -> float:
    if len(roots) > 1:
        raise SeveralRatesOfReturn(roots)
    return roots[0]


def _all_rates(times: np.ndarray, flows: np.ndarray) -> tuple[float, ...]:
    times, where = np.unique(times, return_inverse=True)
    amounts = np.bincount(where, weights=flows)  # flows on one date are one flow
    rounding = 4 * np.finfo(float).eps * np.bincount(where, weights=np.abs(flows))
    amounts[np.abs(amounts) <= rounding] = 0.0  # 0.1 + 0.2 - 0.3 is no flow, and would add a root
    times, amounts = times[amounts != 0], amounts[amounts != 0]
    if len(amounts) == 0:
        raise NoRateOfReturn("No rate of return exists: every flow is zero, so every rate would do.")
    if np.all(amounts > 0) or np.all(amounts < 0):
        raise NoRateOfReturn("No rate of return exists: it needs flows of both signs on at least two dates.")
    logs = _roots(times - times[0], amounts)
    if not logs:
        raise NoRateOfReturn("No rate of return exists: the net present value has the same sign at every rate.")
    rates = tuple(math.expm1(log) if log < 709 else math.inf for log in logs)
    if rates[0] == -1.0 or rates[-1] == math.inf:
        raise Undefined("A rate of return lies outside the computer's numbers: it is next to -100 % or above 1e307.")
    return rates


def _roots(times: np.ndarray, amounts: np.ndarray) -> list[float]:
    r"""All real x with f(x) = sum a_i exp(-x t_i) = 0, ascending; x = ln(1 + r).

    For tau between the times of a change of sign, (e^{x tau} f)' has coefficients a_i (tau - t_i): that one
    change of sign is gone. With no change left there is no root; going back up, f e^{x tau} is monotone between
    the roots found one level below, so each gap holds at most one root.
    """
    # signs and logarithms of sizes: the products of many (tau - t_i) leave the range of floats
    levels = [(np.sign(amounts), np.log(np.abs(amounts)))]
    while len(changes := np.flatnonzero(levels[-1][0][1:] != levels[-1][0][:-1])):
        signs, logs = levels[-1]
        middle = changes[len(changes) // 2]
        factors = (times[middle] + times[middle + 1]) / 2 - times
        levels.append((signs * np.sign(factors), logs + np.log(np.abs(factors))))
    roots: list[float] = []
    for signs, logs in reversed(levels[:-1]):
        roots = _roots_between(roots, times, signs, logs)
    return roots


def _roots_between(corners: list[float], times: np.ndarray, signs: np.ndarray, logs: np.ndarray) -> list[float]:
    """The roots of sum a_i exp(-x t_i), which has at most one left of, between and right of ``corners``.

    a_i = signs_i exp(logs_i).
    """

    def scaled(x: float) -> tuple[float, float]:
        """The sum over the sum of its terms' sizes, and the rounding error that number may have."""
        powers = logs - x * times
        size = np.exp(powers - powers.max())
        noise = 4 * np.finfo(float).eps * float(size @ (len(times) + np.abs(logs) + np.abs(x * times)))
        return float(signs @ size) / float(size.sum()), noise / float(size.sum())

    def sign(x: float) -> int:
        value, noise = scaled(x)
        return 0 if abs(value) <= noise else int(math.copysign(1, value))

    def beyond(start: float, direction: int, wanted: int) -> float:
        """A point outside ``start`` where f has the sign it has at infinity."""
        step = 1.0
        while sign(start + direction * step) != wanted:
            step *= 2
        return start + direction * step

    # as x falls the last flow rules, as x grows the first one does
    low_sign, high_sign = int(signs[-1]), int(signs[0])
    low = beyond(corners[0] if corners else 0.0, -1, low_sign)
    high = beyond(corners[-1] if corners else 0.0, 1, high_sign)
    points = [low, *corners, high]
    at_points = [low_sign, *(sign(corner) for corner in corners), high_sign]
    roots = [point for point, at in zip(points, at_points, strict=True) if at == 0]  # touches zero, does not cross
    for i in range(len(points) - 1):
        if at_points[i] * at_points[i + 1] < 0:
            roots.append(brentq(lambda x: scaled(x)[0], points[i], points[i + 1], xtol=1e-18, rtol=1e-15))
    return sorted(roots)
