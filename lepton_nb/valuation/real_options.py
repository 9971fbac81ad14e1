"""The usual kinds of flexibility in a project, each shown beside the value without it.

Rates and volatilities are fractions per year, continuously compounded, unless a function says otherwise. An option's
value is shown beside the static net present value, never added to it in silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation._base import (
    Result,
    Undefined,
    flag,
    fraction,
    number,
    rate_of,
    row,
    table,
    whole,
)
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation._induction import on_dates
from lepton_nb.valuation._pricing import black_scholes, margrabe
from lepton_nb.valuation._tree import even_factors, roll_back
from lepton_nb.valuation.lattices import MOST_STEPS, NO_SPREAD, crr
from lepton_nb.valuation.patience import PerpetualInvestment, Volatility, perpetual_investment, volatility_of_value

__all__ = [
    "PerpetualInvestment",
    "RealOption",
    "Volatility",
    "abandon",
    "abandon_one_period",
    "defer",
    "defer_one_period",
    "expand",
    "expand_one_period",
    "flexible_tree",
    "perpetual_investment",
    "stage",
    "switch",
    "volatility_of_value",
]


@dataclass(frozen=True)
class RealOption(Result):
    """A project without and with its flexibility. Money; ``option_value`` is their difference."""

    static_npv: float
    with_option: float
    option_value: float
    volatility: float | None  # None where the tree's factors were given
    method: str

    @property
    def value(self) -> float:
        """The option value, shown beside the static net present value."""
        return self.option_value


@guarded
def defer(
    value: float, cost: float, rate: float, volatility: float, years: float, dividend_yield: float = 0.0
) -> RealOption:
    r"""The right to invest up to ``years`` later instead of now: a call on the project.

    Static: $V - I$, investing now. With the option: the European call with spot V, strike I (the cost stays the same),
    q = dividend_yield: what waiting costs. If the static value is negative, part of the option value is just the right not to invest.

    value V: present value of the benefits, cost I: positive money. For a patent of n years dividend_yield is about 1/n, the cost of delay.

    Reference: Damodaran on Valuation, ch. 12, option to delay.

    >>> result = defer(3422, 2875, 0.067, 0.224**0.5, 17, dividend_yield=1 / 17)
    >>> round(result.with_option), round(result.static_npv)
    (907, 547)
    """
    now, spent = number("value", value, 0.0), number("cost", cost, 0.0)
    call = black_scholes(now, spent, rate, volatility, years, "call", dividend_yield)
    return _real(now - spent, call, volatility, "defer: European call on the project, Black-Scholes")


@guarded
def defer_one_period(
    value: float, value_up: float, value_down: float, cost: float, rate: float, cost_grows: bool = True
) -> RealOption:
    r"""The right to wait one period and invest only if the project turned out well.

    $p = \frac{(1+r)V - V_d}{V_u - V_d}$; with the option $\frac{p\,(V_u - I_1)^+ + (1-p)(V_d - I_1)^+}{1+r}$, and
    $I_1 = I(1+r)$ where the cost grows with the rate, else I. rate: fraction per PERIOD, simple, as in the source.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to defer.

    >>> result = defer_one_period(100, 180, 60, 104, 0.08)
    >>> round(result.static_npv, 2), round(result.with_option, 2), round(result.option_value, 2)
    (-4.0, 25.07, 29.07)
    """
    now, growth = number("value", value, above=0.0), 1 + rate_of(rate)
    later = number("cost", cost, 0.0) * (growth if cost_grows else 1.0)
    chance, (low, high) = _one_step(now, value_up, value_down, growth)
    with_option = (chance * max(high - later, 0.0) + (1 - chance) * max(low - later, 0.0)) / growth
    return _real(now - cost, with_option, None, "defer one period: risk-neutral tree of one step")


@guarded
def expand_one_period(
    value: float, value_up: float, value_down: float, scale: float, cost: float, rate: float
) -> RealOption:
    r"""The right to enlarge a project by ``scale`` for ``cost`` after one period, once it is known how it turned out.

    $$ \frac{p \max(V_u, (1+s) V_u - I) + (1-p) \max(V_d, (1+s) V_d - I)}{1+r}, \qquad p = \frac{(1+r)V - V_d}{V_u - V_d} $$

    Static: ``value`` V. scale s: 0.5 enlarges by half; cost I: positive money after one period; rate: fraction per
    PERIOD, simple. For more periods and several rights at once: ``flexible_tree``.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to expand.

    >>> round(expand_one_period(100, 180, 60, 0.5, 40, 0.08).with_option, 2)
    118.52
    """
    growing = number("scale", scale, above=0.0), number("cost", cost, 0.0)
    found = _one_period(value, value_up, value_down, rate, lambda worth: (1 + growing[0]) * worth - growing[1])
    return _real(value, found, None, "expand after one period: risk-neutral tree of one step")


@guarded
def abandon_one_period(value: float, value_up: float, value_down: float, salvage: float, rate: float) -> RealOption:
    r"""The right to give a project up for ``salvage`` after one period, once it is known how it turned out.

    $$ \frac{p \max(V_u, A) + (1-p) \max(V_d, A)}{1+r}, \qquad p = \frac{(1+r)V - V_d}{V_u - V_d} $$

    Static: ``value`` V; salvage A: positive money after one period; rate: fraction per PERIOD, simple.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to abandon.

    >>> round(abandon_one_period(100, 180, 60, 90, 0.08).option_value, 2)
    16.67
    """
    rest = number("salvage", salvage, 0.0)
    found = _one_period(value, value_up, value_down, rate, lambda worth: rest)
    return _real(value, found, None, "abandon after one period: risk-neutral tree of one step")


@guarded
def flexible_tree(
    value: float,
    up: float,
    down: float,
    rate: float,
    periods: int,
    expand: tuple[float, float] | None = None,
    contract: tuple[float, float] | None = None,
    abandon: float | None = None,
    at_any_time: bool = True,
    dividend_yield: float = 0.0,
) -> RealOption:
    r"""Several rights in one project on a tree of given factors: enlarge it, shrink it, give it up.

    $$ W_t = \max\left(C_t,\; (1+s) V_t - I,\; (1-c) V_t + B,\; A\right), \qquad
       C_t = \frac{p\,W^u_{t+1} + (1-p)\,W^d_{t+1}}{1+r}, \quad p = \frac{(1+r)e^{-q} - d}{u - d} $$

    At the end $C_T = V_T$. expand: (scale s, cost I); contract: (share c given up, money B saved); abandon: salvage A;
    None where there is no such right. Each is used at most once and ends the choice. at_any_time: at every period's end
    up to ``periods``, else at the last one only; never today. rate: fraction per PERIOD, simple; dividend_yield q: what
    the project pays out a period, continuously, as a fraction of its value. The rights together are worth less than the
    sum of each alone where one replaces another.

    Reference: Trigeorgis (1996), Real Options, ch. 4 and 7 (interactions of several options).

    >>> round(flexible_tree(100, 1.8, 0.6, 0.08, 1, expand=(0.5, 40), abandon=90).option_value, 2)
    35.19
    """
    now, growth = number("value", value, above=0.0), 1 + rate_of(rate)
    rise, fall = number("up", up, above=0.0), number("down", down, above=0.0)
    if rise <= fall:
        raise ValueError(f"up must be above down. Received: up={rise:g}, down={fall:g}")
    count = whole("periods", periods, 1, 5000)
    held = math.exp(-number("dividend_yield", dividend_yield))
    chance = (growth * held - fall) / (rise - fall)
    if not 0 <= chance <= 1:
        raise Undefined(
            f"The risk-neutral probability is {chance:.4g}, outside 0..1: the riskless return must lie between down and up."
        )
    rights = []
    if expand is not None:
        scale, cost = row("expand", expand, 2, "(scale, cost)")
        rights.append((1 + number("expand's scale", scale, above=0.0), -number("expand's cost", cost, 0.0)))
    if contract is not None:
        share, saved = row("contract", contract, 2, "(share given up, money saved)")
        rights.append((1 - fraction("contract's share", share), number("contract's saving", saved, 0.0)))
    if abandon is not None:
        rights.append((0.0, number("abandon", abandon, 0.0)))
    often = flag("at_any_time", at_any_time)

    def decide(step: int, prices: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        if step == count:
            going_on = prices
        elif step == 0 or not often:
            return going_on
        return np.max([going_on, *(factor * prices + money for factor, money in rights)], axis=0)

    # what is paid out on the way belongs to the project: the static value is the value itself
    tree = roll_back(decide, count, up=rise, down=fall, chance=chance, shrink=1 / growth, spot=now)
    bare = now * held**count
    told = f"tree of {count} periods, {len(rights)} kinds of right"
    return _real(now, now + float(tree[0]) - bare, None, told)


def _one_step(now: float, value_up: float, value_down: float, growth: float) -> tuple[float, tuple[float, float]]:
    """Risk-neutral chance of a rise, and the two values after one period."""
    high, low = number("value_up", value_up, 0.0), number("value_down", value_down, 0.0)
    if high <= low:
        raise ValueError(f"value_up must be above value_down. Received: {high:g} and {low:g}")
    chance = (growth * now - low) / (high - low)
    if not 0 <= chance <= 1:
        raise Undefined(
            f"The risk-neutral probability is {chance:.4g}, outside 0..1: the value grown at the rate must lie between "
            "value_down and value_up."
        )
    return chance, (low, high)


def _one_period(
    value: float, value_up: float, value_down: float, rate: float, acting: Callable[[float], float]
) -> float:
    """Worth today of acting after one period where that is better than not."""
    now, growth = number("value", value, above=0.0), 1 + rate_of(rate)
    chance, (low, high) = _one_step(now, value_up, value_down, growth)
    return (chance * max(high, acting(high)) + (1 - chance) * max(low, acting(low))) / growth


@guarded
def expand(
    value: float,
    scale: float,
    cost: float,
    rate: float,
    volatility: float,
    years: float,
    dividend_yield: float = 0.0,
    american: bool = False,
    steps: int | None = None,
) -> RealOption:
    r"""The right to enlarge a project by ``scale`` (1.0 doubles it) for ``cost``, at the end of ``years``.

    $$ V + c(S = sV,\; K = I), \qquad \text{at the end: } V_T + \max(s V_T - I, 0) $$

    Static: ``value`` V, the present value of the project as it is. The option: a call with spot s V and strike I,
    ``cost``; european, or at any time within ``years`` (american=True, a tree; ``steps`` as in ``crr``). All money
    positive; rates per year, continuously compounded; dividend_yield: what the project pays out a year as a fraction of
    its value, which is what waiting costs. In discrete periods: ``expand_one_period``, ``flexible_tree``.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to expand; Damodaran on Valuation, ch. 12.

    >>> round(expand(1000, 0.5, 600, 0.03, 0.4, 2).option_value, 2)
    88.75
    """
    now, spent = number("value", value, 0.0), number("cost", cost, 0.0)
    larger = now * number("scale", scale, above=0.0)
    call, told = _call_or_put(larger, spent, rate, volatility, years, "call", dividend_yield, american, steps)
    return _real(now, now + call, volatility, f"expand: call on the enlargement, {told}")


@guarded
def abandon(
    value: float,
    salvage: float,
    rate: float,
    volatility: float,
    years: float,
    dividend_yield: float = 0.0,
    american: bool = True,
    steps: int | None = None,
) -> RealOption:
    r"""The right to give a project up for its salvage value: a put on the project.

    $$ V + p(S = V,\; K = R), \qquad \text{when given up: } \max(V_t, R) $$

    Static: ``value`` V; ``salvage`` R, positive money. The option: put with spot value and strike salvage (reuse of
    data, resale of processors), at any time within ``years`` (a tree; ``steps`` as in ``crr``), or only at the end
    (american=False). dividend_yield: what the project pays out a year as a fraction of its value. In discrete periods:
    ``abandon_one_period``, ``flexible_tree``.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to abandon; Damodaran on Valuation, ch. 12.

    >>> round(abandon(100, 90, 0.05, 0.3, 1.0, american=False).option_value, 4)
    5.3081
    """
    now, rest = number("value", value, 0.0), number("salvage", salvage, 0.0)
    put, told = _call_or_put(now, rest, rate, volatility, years, "put", dividend_yield, american, steps)
    return _real(now, now + put, volatility, f"abandon: put on the project, {told}")


def _call_or_put(
    spot: float,
    strike: float,
    rate: float,
    volatility: float,
    years: float,
    kind: str,
    dividend_yield: float,
    american: bool,
    steps: int | None,
) -> tuple[float, str]:
    if not flag("american", american):
        return black_scholes(spot, strike, rate, volatility, years, kind, dividend_yield), "Black-Scholes, at the end"
    found = crr(spot, strike, rate, volatility, years, steps, kind, True, dividend_yield)
    told = "tree, extrapolated" if steps is None else f"tree of {steps} steps"
    return found, f"{told}, exercise at any time"


@guarded
def switch(
    value_now: float,
    value_other: float,
    volatility_now: float,
    volatility_other: float,
    correlation: float,
    years: float,
    switching_cost: float = 0.0,
) -> RealOption:
    r"""The right to give the present model for another at the end of ``years``: an exchange option.

    $$ V_1 + E^Q[e^{-rT} \max(V_{2,T} - V_{1,T}, 0)], \qquad \text{by Margrabe's formula} $$

    Static: ``value_now`` V_1. The option: ``margrabe``, receiving the other, giving the present one. Exact for
    switching_cost 0; a cost is taken off the other's value (as if it moved with it), an approximation.

    Reference: Margrabe (1978), as for ``margrabe``.

    >>> round(switch(100, 95, 0.2, 0.3, 0.5, 2.0).option_value, 4)
    12.1036
    """
    other = number("value_other", value_other, 0.0) - number("switching_cost", switching_cost, 0.0)
    if other < 0:
        raise ValueError(f"Switching costs more than the other is worth. Received: {switching_cost:g}, {value_other:g}")
    now = number("value_now", value_now, 0.0)
    number("volatility_now", volatility_now, 0.0), number("volatility_other", volatility_other, 0.0)
    gain = margrabe(other, now, volatility_other, volatility_now, correlation, years)
    sigma = math.sqrt(
        max(volatility_now**2 + volatility_other**2 - 2 * correlation * volatility_now * volatility_other, 0.0)
    )
    return _real(now, now + gain, sigma, "switch: option to exchange, Margrabe")


@guarded
def stage(
    value: float,
    costs: Sequence[tuple[float, float]],
    rate: float,
    volatility: float,
    dividend_yield: float = 0.0,
    steps: int | None = None,
) -> RealOption:
    r"""The right to stop a project that is paid for in stages: a compound option.

    Stage k costs I_k at t_k; who pays goes on, who does not loses the rest. The last payment buys the project:

    $$ C_K = (V_{t_K} - I_K)^+, \qquad C_k = (e^{-r(t_{k+1}-t_k)}\, E^Q[C_{k+1}] - I_k)^+ $$

    Static: all stages paid come what may, $V e^{-q t_K} - \sum_k I_k e^{-r t_k}$. value V: present value of the
    benefits; costs: (years from now, positive money) in rising order, one may fall at t = 0; dividend_yield q: what
    waiting for the end costs, a fraction a year. Integrated from stage to stage; with ``steps``
    on a tree with equal chances instead, where every stage falls on the nearest step. One stage is a European call.

    Reference: Geske (1979), The valuation of compound options, Journal of Financial Economics 7, pp. 63-81; Trigeorgis
    (1996), Real Options, ch. 4, time-to-build option.

    >>> result = stage(100, [(0, 5), (1, 20), (2, 80)], 0.03, 0.5)
    >>> round(result.static_npv, 2), round(result.with_option, 2)
    (0.25, 19.08)
    """
    worth, sigma = number("value", value, 0.0), number("volatility", volatility, 0.0)
    yearly, delay = number("rate", rate), number("dividend_yield", dividend_yield)
    plan = table("costs", costs, "stages", "(years, money)")
    if plan.shape[1] != 2:
        raise ValueError(f"costs must be (years, money) per stage, at least one. Received: shape {plan.shape}")
    times, paid = plan.T
    if np.any(paid < 0) or times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"costs need rising years of at least 0 and money of at least 0. Received: {plan.tolist()}")
    count, last = 0 if steps is None else whole("steps", steps, 1, MOST_STEPS), times[-1]
    static = worth * math.exp(-delay * last) - float(paid @ np.exp(-yearly * times))
    told = f"stage: compound option of {len(plan)} stages, " + (f"tree of {count} steps" if count else "by integration")
    if last == 0 or worth == 0:
        return _real(static, max(static, 0.0), volatility, told)
    if sigma * math.sqrt(last) < NO_SPREAD:
        left = 0.0
        for k in range(len(plan) - 1, -1, -1):  # the path is certain: go on where it still pays
            price = worth * math.exp((yearly - delay) * times[k])
            ahead = price if k == len(plan) - 1 else left * math.exp(-yearly * (times[k + 1] - times[k]))
            left = max(ahead - paid[k], 0.0)
        return _real(static, left * math.exp(-yearly * times[0]), volatility, told)
    if not count:

        def courses(k: int, prices: np.ndarray, going_on: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return (prices if k == len(plan) - 1 else going_on) - paid[k], np.zeros_like(prices)

        terms = {"spot": worth, "rate": yearly, "dividend_yield": delay, "volatility": sigma}
        return _real(static, on_dates(courses, times.tolist(), **terms), volatility, told)
    dt = last / count
    grown = math.exp((yearly - delay) * dt)  # the mean grows by r - q
    up, down = even_factors(sigma, dt)
    due = np.bincount(np.rint(times / dt).astype(int), weights=paid, minlength=count + 1)

    def decide(step: int, prices: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        if step == count:
            return np.maximum(prices - due[step], 0.0)
        return np.maximum(going_on - due[step], 0.0) if due[step] > 0 else going_on

    shrink = math.exp(-yearly * dt)
    right = roll_back(decide, count, up=up * grown, down=down * grown, shrink=shrink, spot=worth)
    return _real(static, float(right[0]), volatility, told)


def _real(static: float, with_option: float, volatility: float | None, method: str) -> RealOption:
    return RealOption(float(static), float(with_option), float(with_option - static), volatility, method)
