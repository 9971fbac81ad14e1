"""Whether an investment pays: modified return, payback, profitability, yearly cost, total cost, return on investment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation._base import (
    Numbers,
    Result,
    Undefined,
    finite,
    fraction,
    number,
    rate_of,
    vector,
)
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.discounting import _costs, npv

__all__ = [
    "ReturnOnInvestment",
    "annuity",
    "discounted_payback",
    "equivalent_annual_cost",
    "mirr",
    "payback",
    "profitability_index",
    "roi",
    "tco",
]


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
