"""Discounting and investment appraisal.

Cash flows are signed (money out is negative) and the first one falls at t = 0, now, undiscounted. Rates are
fractions per period. Functions whose argument is called ``costs`` take positive money out.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from lepton_nb.valuation import _roots
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

WINDOW = (-0.999999, 1e9)  # rates of return that are looked at first: -99.9999 % to 1e9, both included
DAY_COUNTS = ("act/365f", "act/360", "act/act", "30/360", "30e/360")
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
    flows before it are carried forward. day_count: how days become years. "act/365f": days / 365, also in leap
    years; "act/360": days / 360; "act/act": each day counts 1/365 or, in a leap year, 1/366; "30/360": months of 30
    days, the 31st counted as the 30th unless it ends a period begun before the 30th; "30e/360": always.

    Reference: Microsoft Excel, XNPV function; ISDA (2006), Definitions, section 4.16, for the day counts.

    >>> dates = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]
    >>> round(xnpv(0.09, [-10000, 2750, 4250, 3250, 2750], dates), 2)
    2086.65
    """
    flows = _flows(amounts)
    return _present_value(rate, flows, _years(dates, flows.shape[-1], day_count, valuation_date))


class Rates(tuple):
    """Rates of return, ascending: a tuple of fractions that also knows what was left out.

    ``beyond`` holds ln(1 + r) of every further zero of the present value, outside the window of -99.9999 % to 1e9: the
    logarithm, since the rate itself may be next to -100 % or too large for the computer's numbers.
    """

    beyond: tuple[float, ...]

    def __new__(cls, rates: Iterable[float] = (), beyond: Iterable[float] = ()):
        self = super().__new__(cls, rates)
        self.beyond = tuple(beyond)
        return self

    def __reduce__(self):
        return type(self), (tuple(self), self.beyond)


def irr(cash_flows) -> float:
    r"""The internal rate of return per period, if there is exactly one.

    $$ r > -1: \quad \sum_{t=0}^{n} \frac{CF_t}{(1+r)^t} = 0 $$

    cash_flows: signed money, t = 0 first; zero flows change nothing. A rate in the window of ``irr_all`` is not
    spoiled by another one far outside it. Raises ``NoRateOfReturn`` where no rate exists and ``SeveralRatesOfReturn`` (with all of them in ``roots``)
    where more than one does: then the net present value decides.

    Reference: Brealey, Myers & Allen, ch. 5, pitfalls of the internal rate of return.

    >>> round(irr([-100, 39, 59, 55, 20]), 6)
    0.280948
    """
    return _only(irr_all(cash_flows))


def irr_all(cash_flows) -> Rates:
    r"""Every real rate of return, ascending.

    All r from -99.9999 % to 1e9 with $\sum_t CF_t (1+r)^{-t} = 0$. A zero farther out comes from one small flow at either
    end and says nothing about the investment: it is left out, with its ln(1 + r) in ``beyond``, unless there are no
    others. A flow below the rounding of all flows together is none. A rate at which the present value touches zero
    without crossing it is listed once. Raises ``NoRateOfReturn`` where there is none, and Undefined where the only ones
    are next to -100 % or above 1e307.

    The search is complete: between two roots of a function lies a root of its derivative, and each derivative
    has one change of sign less (the proof of Descartes' rule), so the roots are isolated level by level. Hence
    never more rates than changes of sign; where the flows change sign once there is exactly one rate, since the
    ratio of the present values after and before the change falls with r from infinity to 0.

    Reference: Lorie & Savage (1955), Three problems in rationing capital, Journal of Business 28, pp. 237-238;
    Norstrom (1972), A sufficient condition for a unique nonnegative internal rate of return, Journal of Financial
    and Quantitative Analysis 7, pp. 1835-1839.

    >>> [round(root, 6) for root in irr_all([-1600, 10000, -10000])]
    [0.25, 4.0]
    """
    flows = vector("cash_flows", cash_flows)
    return _all_rates(np.arange(len(flows), dtype=float), flows)


def xirr(amounts, dates, day_count: str = "act/365f") -> float:
    r"""The internal rate of return per year of dated flows, if there is exactly one.

    The rate r > -1 at which ``xnpv`` is zero, $\sum_i CF_i (1+r)^{-(d_i - d_0)/365} = 0$; arguments as there. Flows of
    both signs on at least two dates are needed. Raises ``NoRateOfReturn`` or ``SeveralRatesOfReturn``.

    Reference: Microsoft Excel, XIRR function.

    >>> round(xirr([-1000, 1100], ["2024-01-01", "2025-01-01"]), 6)  # 366 days
    0.099714
    """
    return _only(xirr_all(amounts, dates, day_count))


def xirr_all(amounts, dates, day_count: str = "act/365f") -> Rates:
    r"""Every real rate of return of dated flows, ascending, as fractions per year.

    All r with $\sum_i CF_i (1+r)^{-t_i} = 0$, with t in years from the earliest date; window, ``beyond`` and exceptions
    as in ``irr_all``.

    Reference: Lorie & Savage (1955), as for ``irr_all``.

    >>> [round(root, 4) for root in xirr_all([-1600, 10000, -10000], ["2025-01-01", "2026-01-01", "2027-01-01"])]
    [0.25, 4.0]
    """
    flows = vector("amounts", amounts)
    return _all_rates(_years(dates, len(flows), day_count, None), flows)


@dataclass(frozen=True)
class RatesOfReturn(Result):
    """Every rate of return of many series of flows, fractions per year.

    ``roots[i]`` holds those of series i, ascending; it is empty where no rate exists. ``beyond`` names the series
    with a rate that ``roots`` lacks: outside the window of ``irr_all`` beside others inside it, or next to -100 % or
    above 1e307.
    """

    roots: tuple[tuple[float, ...], ...]
    beyond: tuple[int, ...]
    method: str = "all zeros of the present value, isolated by Descartes' rule; Newton's method in brackets"

    def __getitem__(self, index: int) -> tuple[float, ...]:
        return self.roots[index]

    def __len__(self) -> int:
        return len(self.roots)


def xirr_batch(amounts, dates, day_count: str = "act/365f") -> RatesOfReturn:
    r"""Every rate of return of many series of dated flows, as ``xirr_all`` finds them, in one go.

    amounts: (series, flows) signed money; a shorter series is filled up with flows of 0, which change nothing. dates:
    (series, flows), or (flows,) for all; forms as in ``xnpv``. Nothing is raised for a series without a rate: its
    tuple is empty.

    A series that changes sign once has exactly one rate. With D_1, D_2 the mean times of the flows before and after
    the change, weighted by present values, $\ln(PV_{after}/PV_{before})$ has the slope $D_1 - D_2 < 0$ in
    $\ln(1+r)$ everywhere and takes all values: it is 0 once. There one zero is all zeros, and the search is short.

    Reference: as for ``irr_all``.

    >>> dates = ["2025-01-01", "2026-01-01", "2027-01-01"]
    >>> result = xirr_batch([[-100, 60, 60], [-1600, 10000, -10000], [1000, -3000, 2500]], dates)
    >>> [[round(root, 4) for root in roots] for roots in result.roots]
    [[0.1307], [0.25, 4.0], []]
    """
    table, days = array("amounts", amounts), _days(dates)
    if table.ndim != 2 or table.size == 0 or days.shape not in (table.shape, table.shape[1:]):
        raise ValueError(
            "amounts must be (series, flows) and dates of that shape or (flows,). "
            f"Received: {table.shape} and {days.shape}"
        )
    days = np.broadcast_to(days, table.shape)
    one_of("day_count", day_count, DAY_COUNTS)
    times = _day_fractions(days.min(axis=1, keepdims=True), days, day_count)
    logs = _roots.zeros(*_roots.merged(times.T, table.T))
    rates, left = _window(logs)
    rates.sort(axis=0)  # NaN last
    beyond = np.flatnonzero(~np.isnan(left).all(axis=0))
    return RatesOfReturn(tuple(_roots.columns(rates)), tuple(beyond.tolist()))


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


def discounted_payback(rate: float, cash_flows) -> float:
    r"""Periods until the cumulated discounted flows are back at zero, linear inside a period.

    As ``payback``, of $CF_t (1 + r)^{-t}$; the flow at t = 0 counts in full.

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
    r"""The rate in money of constant value: $r = \frac{1 + n}{1 + i} - 1$; nominal n, inflation i, fractions per year.

    Nominal flows go with the nominal rate, flows in today's prices with this one; mixing them is wrong by
    about the inflation rate a year.

    Reference: Fisher (1930), The Theory of Interest, ch. 19; Brealey, Myers & Allen, ch. 3.

    >>> round(real_rate(0.12, 0.03), 6)
    0.087379
    """
    return (1 + rate_of(nominal, "nominal")) / (1 + rate_of(inflation, "inflation")) - 1


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
    r"""Total cost of ownership: the present value of all costs, $TCO = (1 + c) \sum_{t=0}^{n} C_t (1+r)^{-t}$.

    costs C: positive money out, t = 0 first, in full. risk_adjustment c: fraction by which costs are scaled up.
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
    one_of("day_count", day_count, DAY_COUNTS)
    days = _days(dates)
    same_length(amounts=np.empty(count), dates=days)
    return _day_fractions(days.min() if origin is None else _day(origin), days, day_count)


def _day_fractions(start, days: np.ndarray, day_count: str) -> np.ndarray:
    """Years from ``start`` to ``days`` (of one shape or broadcast), negative before it."""
    if day_count in ("act/365f", "act/360"):
        return (days - start).astype(float) / float(day_count[4:7])
    if day_count == "act/act":
        return _years_of_era(days) - _years_of_era(start)
    first, last = np.minimum(start, days), np.maximum(start, days)
    (year, month, day), (year_2, month_2, day_2) = _calendar(first), _calendar(last)
    day = np.minimum(day, 30)
    day_2 = np.where((day_2 == 31) & ((day == 30) | (day_count == "30e/360")), 30, day_2)
    between = (360 * (year_2 - year) + 30 * (month_2 - month) + day_2 - day) / 360
    return np.where(days < start, -between, between)


def _years_of_era(days) -> np.ndarray:
    year = np.asarray(days).astype("datetime64[Y]")
    begin, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    return year.astype(int) + (days - begin).astype(float) / (end - begin).astype(float)


def _calendar(days) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month 0..11 and day 1..31."""
    month = np.asarray(days).astype("datetime64[M]")
    return month.astype(int) // 12, month.astype(int) % 12, (days - month.astype("datetime64[D]")).astype(int) + 1


def _days(dates) -> np.ndarray:
    """Dates of any accepted form, one row or rows of one length, as numpy dates."""
    if isinstance(dates, np.ndarray) and dates.dtype.kind == "M":
        if np.isnat(dates).any():
            raise ValueError("A date is missing (NaT).")
        return dates.astype("datetime64[D]")
    if len(dates) and isinstance(dates[0], (list, tuple, np.ndarray)):
        rows = [_days(row) for row in dates]
        if len({len(row) for row in rows}) > 1:
            raise ValueError("All series must have as many dates as the longest; fill up with flows of 0.")
        return np.array(rows)
    if all(type(date) is datetime.date for date in dates):  # the quick way for many
        return np.array(dates, dtype="datetime64[D]")
    return np.array([_day(date) for date in dates], dtype="datetime64[D]")


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


def _only(roots: tuple[float, ...]) -> float:
    if len(roots) > 1:
        raise SeveralRatesOfReturn(roots)
    return roots[0]


def _all_rates(times: np.ndarray, flows: np.ndarray) -> Rates:
    times, amounts = _roots.merged(times[:, None], flows[:, None])
    real = amounts[amounts != 0]
    if len(real) == 0:
        raise NoRateOfReturn("No rate of return exists: every flow is zero, so every rate would do.")
    if np.all(real > 0) or np.all(real < 0):
        raise NoRateOfReturn("No rate of return exists: it needs flows of both signs on at least two dates.")
    (logs,) = _roots.columns(_roots.zeros(times, amounts))
    if not logs:
        raise NoRateOfReturn("No rate of return exists: the net present value has the same sign at every rate.")
    (kept,), (left,) = (list(_roots.columns(part)) for part in _window(np.array(logs)[:, None]))
    if not kept:
        raise Undefined("The rate of return lies outside the computer's numbers: it is next to -100 % or above 1e307.")
    return Rates(kept, left)


def _window(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rates that are kept, and ln(1 + r) of those left out, NaN padded; both (zeros, problems) like ``logs``."""
    with np.errstate(over="ignore", invalid="ignore"):
        rates = np.expm1(logs)
        ordinary = (logs >= math.log1p(WINDOW[0])) & (logs <= math.log1p(WINDOW[1]))
        real = (rates > -1.0) & np.isfinite(rates)
    kept = np.where(ordinary.any(axis=0), ordinary, real)
    return np.where(kept, rates, np.nan), np.where(kept, np.nan, logs)
