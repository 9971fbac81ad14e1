"""Present values: flows on whole years, in the middle of years, on their days."""

from __future__ import annotations

import numpy as np

from lepton_nb.valuation import _dates
from lepton_nb.valuation._base import (
    Dates,
    Day,
    Numbers,
    Undefined,
    array,
    vector,
)
from lepton_nb.valuation._guard import guarded

__all__ = ["npv", "npv_mid_year", "xnpv"]


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
