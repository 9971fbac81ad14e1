"""The usual kinds of flexibility in a project, each shown beside the value without it.

Rates and volatilities are fractions per year, continuously compounded, unless a function says otherwise. An option's
value is shown beside the static net present value, never added to it in silence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation._base import Numbers, Result, Undefined, array, number, rate_of, vector, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation._pricing import black_scholes, margrabe
from lepton_nb.valuation._tree import even_factors, roll_back
from lepton_nb.valuation.lattices import binomial_tree, crr

__all__ = [
    "PerpetualInvestment",
    "RealOption",
    "Volatility",
    "abandon",
    "defer",
    "defer_one_period",
    "expand",
    "perpetual_investment",
    "stage",
    "switch",
    "volatility_of_value",
]


@dataclass(frozen=True)
class PerpetualInvestment(Result):
    """When to invest if one may wait for ever. Money, except ``beta``."""

    threshold: float  # invest once the project is worth this much
    option_value: float
    invest_now: bool
    beta: float
    method: str = "Dixit-Pindyck, geometric Brownian motion, no deadline"

    @property
    def value(self) -> float:
        """Value of the right to invest."""
        return self.option_value


@guarded
def perpetual_investment(
    value: float, cost: float, rate: float, dividend_yield: float, volatility: float
) -> PerpetualInvestment:
    r"""Value of the right to invest at any time, and the project value from which to do it.

    $$ V^* = \frac{\beta}{\beta - 1} I, \quad
       \beta = \tfrac12 - \tfrac{r-q}{\sigma^2} + \sqrt{\left(\tfrac{r-q}{\sigma^2} - \tfrac12\right)^2
       + \tfrac{2r}{\sigma^2}}, \quad F = (V^* - I)(V/V^*)^\beta \text{ below } V^*, \; V - I \text{ above} $$

    value V, cost I: positive money; dividend_yield q: what waiting costs, a fraction per year, must be above 0 (if
    waiting costs nothing one waits for ever: Undefined); rate r > 0. At volatility 0 the limit
    $\beta = r/(r-q)$, for r > q.

    Reference: Dixit & Pindyck (1994), Investment under Uncertainty, ch. 5, pp. 136-152.

    >>> result = perpetual_investment(1.0, 1.0, 0.04, 0.04, 0.2)
    >>> round(result.threshold, 4), round(result.option_value, 4), result.invest_now
    (2.0, 0.25, False)
    """
    worth, spent = number("value", value, above=0.0), number("cost", cost, above=0.0)
    sigma, yearly = number("volatility", volatility, 0.0), number("rate", rate, above=0.0)
    delay = number("dividend_yield", dividend_yield)
    if delay <= 0:
        raise Undefined(f"Waiting costs nothing, so investing never is best. Received: dividend_yield={delay:g}")
    if sigma == 0 and yearly <= delay:
        raise Undefined(
            "A certain value that does not grow by waiting leaves nothing to wait for: take max(value - cost, 0). "
            f"Received: volatility=0, rate={yearly:g}, dividend_yield={delay:g}"
        )
    if sigma == 0:
        beta = yearly / (yearly - delay)
    else:
        drift = (yearly - delay) / sigma**2
        beta = 0.5 - drift + math.sqrt((drift - 0.5) ** 2 + 2 * yearly / sigma**2)
    threshold = beta / (beta - 1) * spent
    if worth >= threshold:
        return PerpetualInvestment(threshold, worth - spent, True, beta)
    return PerpetualInvestment(threshold, (threshold - spent) * (worth / threshold) ** beta, False, beta)


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
    value: float, cost: float, rate: float, volatility: float, years: float, cost_of_delay: float = 0.0
) -> RealOption:
    r"""The right to invest up to ``years`` later instead of now: a call on the project.

    Static: $V - I$, investing now. With the option: the European call with spot V, strike I (the cost stays the same),
    q = cost of delay. If the static value is negative, part of the option value is just the right not to invest.

    value V: present value of the benefits, cost I: positive money. For a patent of n years cost_of_delay is about 1/n.

    Reference: Damodaran on Valuation, ch. 12, option to delay.

    >>> result = defer(3422, 2875, 0.067, 0.224**0.5, 17, cost_of_delay=1 / 17)
    >>> round(result.with_option), round(result.static_npv)
    (907, 547)
    """
    call = black_scholes(value, cost, rate, volatility, years, "call", cost_of_delay)
    return _real(value - cost, call, volatility, "defer: European call on the project, Black-Scholes")


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
    with_option = binomial_tree(now, later, math.log(growth), value_up / now, value_down / now, 1, 1.0)
    return _real(now - cost, with_option, None, "defer one period: risk-neutral tree of one step")


@guarded
def expand(
    value: float, scale: float, cost: float, rate: float, volatility: float, years: float, cost_of_delay: float = 0.0
) -> RealOption:
    r"""The right to enlarge a project by ``scale`` (1.0 doubles it) for ``cost`` at the end of ``years``.

    $$ V + c(S = sV,\; K = I), \qquad \text{at the end: } V_T + \max(s V_T - I, 0) $$

    Static: ``value`` V, the present value of the project as it is. The option: a European call with spot s V and strike
    I, ``cost``. All money positive; rates per year, continuously compounded.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to expand; Damodaran on Valuation, ch. 12.

    >>> round(expand(1000, 0.5, 600, 0.03, 0.4, 2).option_value, 2)
    88.75
    """
    larger = number("value", value, 0.0) * number("scale", scale, above=0.0)
    call = black_scholes(larger, cost, rate, volatility, years, "call", cost_of_delay)
    return _real(value, value + call, volatility, "expand: European call on the enlargement, Black-Scholes")


@guarded
def abandon(
    value: float,
    salvage: float,
    rate: float,
    volatility: float,
    years: float,
    payout_yield: float = 0.0,
    american: bool = True,
    steps: int = 500,
) -> RealOption:
    r"""The right to give a project up for its salvage value: a put on the project.

    $$ V + p(S = V,\; K = R), \qquad \text{when given up: } \max(V_t, R) $$

    Static: ``value`` V; ``salvage`` R, positive money. The option: put with spot value and strike salvage (reuse of
    data, resale of processors), at any time within ``years`` (tree of ``steps``), or only at the end (american=False).
    payout_yield: what the project pays out a year as a fraction of its value.

    Reference: Trigeorgis (1996), Real Options, ch. 4, option to abandon; Damodaran on Valuation, ch. 12.

    >>> round(abandon(100, 90, 0.05, 0.3, 1.0, american=False).option_value, 4)
    5.3081
    """
    if american:
        put = crr(value, salvage, rate, volatility, years, steps, "put", True, payout_yield)
    else:
        put = black_scholes(value, salvage, rate, volatility, years, "put", payout_yield)
    told = f"tree of {steps} steps, exercise at any time" if american else "Black-Scholes, exercise at the end"
    return _real(value, value + put, volatility, f"abandon: put on the project, {told}")


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
    gain = margrabe(other, value_now, volatility_other, volatility_now, correlation, years)
    sigma = math.sqrt(
        max(volatility_now**2 + volatility_other**2 - 2 * correlation * volatility_now * volatility_other, 0.0)
    )
    return _real(value_now, value_now + gain, sigma, "switch: option to exchange, Margrabe")


@guarded
def stage(
    value: float,
    costs: Sequence[tuple[float, float]],
    rate: float,
    volatility: float,
    payout_yield: float = 0.0,
    steps: int = 600,
) -> RealOption:
    r"""The right to stop a project that is paid for in stages: a compound option.

    Stage k costs I_k at t_k; who pays goes on, who does not loses the rest. The last payment buys the project:

    $$ C_K = (V_{t_K} - I_K)^+, \qquad C_k = (e^{-r(t_{k+1}-t_k)}\, E^Q[C_{k+1}] - I_k)^+ $$

    Static: all stages paid come what may, $V e^{-q t_K} - \sum_k I_k e^{-r t_k}$. value V: present value of the
    benefits; costs: (years from now, positive money) in rising order, one may fall at t = 0; payout_yield q: what
    waiting for the end costs, a fraction a year. On a tree with equal chances whose steps of $\sigma\sqrt{\Delta t}$
    are drift-free after discounting; every stage falls on the nearest of its ``steps``. One stage is a European call.

    Reference: Geske (1979), The valuation of compound options, Journal of Financial Economics 7, pp. 63-81; Trigeorgis
    (1996), Real Options, ch. 4, time-to-build option.

    >>> result = stage(100, [(0, 5), (1, 20), (2, 80)], 0.03, 0.5)
    >>> round(result.static_npv, 2), round(result.with_option, 2)
    (0.25, 19.08)
    """
    worth, sigma = number("value", value, 0.0), number("volatility", volatility, 0.0)
    yearly, delay = number("rate", rate), number("payout_yield", payout_yield)
    plan = array("costs", costs)
    if plan.ndim != 2 or plan.shape[1] != 2 or len(plan) == 0:
        raise ValueError(f"costs must be (years, money) per stage, at least one. Received: shape {plan.shape}")
    times, paid = plan.T
    if np.any(paid < 0) or times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"costs need rising years of at least 0 and money of at least 0. Received: {plan.tolist()}")
    count, last = whole("steps", steps, 1), times[-1]
    static = worth * math.exp(-delay * last) - float(paid @ np.exp(-yearly * times))
    told = f"stage: compound option of {len(plan)} stages, tree of {count} steps"
    if last == 0:
        return _real(static, max(static, 0.0), volatility, told)
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


@dataclass(frozen=True)
class Volatility(Result):
    """A yearly volatility (fraction) with its Monte Carlo standard error."""

    value: float
    standard_error: float
    n: int
    years: float
    method: str = "standard deviation of ln(value after / value now) over the draws, per root of a year"


@guarded
def volatility_of_value(value_now: float, values_after: Numbers, years: float = 1.0) -> Volatility:
    r"""Volatility of a project from simulated values: $\sigma = sd(\ln(V_{after}/V_{now})) / \sqrt{years}$.

    value_now: present value today, positive money, one number. values_after: (draws,) value ``years`` later, with what
    the project paid out meanwhile. Only as good as the simulation, and too high where the draws hold uncertainty of
    later years that is not yet resolved then: the weakest assumption of every real option; show it as that. Standard
    error of a standard deviation, from the fourth moment. Raises Undefined where a draw is not positive: it has no
    logarithm.

    Reference: Copeland & Antikarov (2001), Real Options: A Practitioner's Guide, ch. 9; Brandao, Dyer & Hahn (2012),
    Volatility estimation for stochastic project value models, European Journal of Operational Research 220,
    pp. 642-648.

    >>> result = volatility_of_value(100, [80, 95, 110, 130])
    >>> round(result.value, 4), result.n
    (0.2071, 4)
    """
    now, after = number("value_now", value_now, above=0.0), vector("values_after", values_after, 2)
    length = number("years", years, above=0.0)
    lost = int(np.count_nonzero(after <= 0))
    if lost:
        raise Undefined(
            f"In {lost} of {len(after)} draws the value is not positive, so it has no logarithm and no volatility: "
            "an option on this project needs another model of its value."
        )
    returns = np.log(after / now)
    spread = float(returns.std(ddof=1))
    if spread == 0:
        return Volatility(0.0, 0.0, len(after), length)
    fourth = float(np.mean((returns - returns.mean()) ** 4))
    error = math.sqrt(max(fourth - spread**4, 0.0) / len(after)) / (2 * spread)
    return Volatility(spread / math.sqrt(length), error / math.sqrt(length), len(after), length)


def _real(static: float, with_option: float, volatility: float | None, method: str) -> RealOption:
    return RealOption(float(static), float(with_option), float(with_option - static), volatility, method)
