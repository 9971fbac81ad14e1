"""Rates of return: every one that the flows have, ordinary ones first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lepton_nb.valuation import _dates, _roots
from lepton_nb.valuation._base import (
    Dates,
    NoRateOfReturn,
    Numbers,
    Result,
    SeveralRatesOfReturn,
    Undefined,
    array,
    one_of,
    vector,
)
from lepton_nb.valuation._guard import guarded

__all__ = [
    "NoRateOfReturn",
    "Rates",
    "RatesOfReturn",
    "SeveralRatesOfReturn",
    "Undefined",
    "irr",
    "irr_all",
    "xirr",
    "xirr_all",
    "xirr_batch",
]

WINDOW = (-0.999999, 1e9)  # rates of return that are looked at first: -99.9999 % to 1e9, both included


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


@guarded
def irr(cash_flows: Numbers) -> float:
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


@guarded
def irr_all(cash_flows: Numbers) -> Rates:
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


@guarded
def xirr(amounts: Numbers, dates: Dates, day_count: str = "act/365f") -> float:
    r"""The internal rate of return per year of dated flows, if there is exactly one.

    The rate r > -1 at which ``xnpv`` is zero, $\sum_i CF_i (1+r)^{-(d_i - d_0)/365} = 0$; arguments as there. Flows of
    both signs on at least two dates are needed. Raises ``NoRateOfReturn`` or ``SeveralRatesOfReturn``.

    Reference: Microsoft Excel, XIRR function.

    >>> round(xirr([-1000, 1100], ["2024-01-01", "2025-01-01"]), 6)  # 366 days
    0.099714
    """
    return _only(xirr_all(amounts, dates, day_count))


@guarded
def xirr_all(amounts: Numbers, dates: Dates, day_count: str = "act/365f") -> Rates:
    r"""Every real rate of return of dated flows, ascending, as fractions per year.

    All r with $\sum_i CF_i (1+r)^{-t_i} = 0$, with t in years from the earliest date; window, ``beyond`` and exceptions
    as in ``irr_all``.

    Reference: Lorie & Savage (1955), as for ``irr_all``.

    >>> [round(root, 4) for root in xirr_all([-1600, 10000, -10000], ["2025-01-01", "2026-01-01", "2027-01-01"])]
    [0.25, 4.0]
    """
    flows = vector("amounts", amounts)
    return _all_rates(_dates.years_from(dates, len(flows), day_count, None), flows)


@dataclass(frozen=True)
class RatesOfReturn(Result):
    """Every rate of return of many series of flows, fractions per year.

    ``roots[i]`` holds those of series i, ascending; it is empty where no rate exists. ``beyond`` names the series
    with a rate that ``roots`` lacks: outside the window of ``irr_all`` beside others inside it, or next to -100 % or
    above 1e307.
    """

    is_finite: ClassVar[bool] = True

    roots: tuple[tuple[float, ...], ...]
    beyond: tuple[int, ...]
    method: str = "all zeros of the present value, isolated by Descartes' rule; Newton's method in brackets"

    def __getitem__(self, index: int) -> tuple[float, ...]:
        return self.roots[index]

    def __len__(self) -> int:
        return len(self.roots)


@guarded
def xirr_batch(amounts: Numbers, dates: Dates, day_count: str = "act/365f") -> RatesOfReturn:
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
    table, days = array("amounts", amounts), _dates.days(dates)
    if table.ndim != 2 or table.size == 0 or days.shape not in (table.shape, table.shape[1:]):
        raise ValueError(
            "amounts must be (series, flows) and dates of that shape or (flows,). "
            f"Received: {table.shape} and {days.shape}"
        )
    days = np.broadcast_to(days, table.shape)
    one_of("day_count", day_count, _dates.DAY_COUNTS)
    times = _dates.day_fractions(days.min(axis=1, keepdims=True), days, day_count)
    logs = _roots.zeros(*_roots.merged(times.T, table.T))
    rates, left = _window(logs)
    rates.sort(axis=0)  # NaN last
    beyond = np.flatnonzero(~np.isnan(left).all(axis=0))
    return RatesOfReturn(tuple(_roots.columns(rates)), tuple(beyond.tolist()))


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
