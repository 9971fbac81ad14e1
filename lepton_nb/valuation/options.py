"""Real options: what flexibility is worth beside the static net present value.

Rates and volatilities are fractions per year, continuously compounded; years from now. An option's value is shown
beside the static net present value, never added to it in silence; its weakest assumption is the volatility.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lepton_nb.valuation._base import Result, Undefined, array, number, one_of, rate_of, vector, whole
from lepton_nb.valuation._tree import even_factors, roll_back

__all__ = [
    "LeastSquares",
    "PerpetualInvestment",
    "RealOption",
    "Undefined",
    "Volatility",
    "abandon",
    "binomial_tree",
    "black_scholes",
    "crr",
    "defer",
    "defer_one_period",
    "expand",
    "least_squares_monte_carlo",
    "margrabe",
    "perpetual_investment",
    "price_paths",
    "stage",
    "switch",
    "volatility_of_value",
]

KINDS = ("call", "put")


def black_scholes(
    spot: float,
    strike: float,
    rate: float,
    volatility: float,
    years: float,
    kind: str = "call",
    dividend_yield: float = 0.0,
) -> float:
    r"""Value of a European option.

    $$ c = S e^{-qT} \Phi(d_1) - K e^{-rT} \Phi(d_2), \quad
       d_{1,2} = \frac{\ln(S/K) + (r - q \pm \sigma^2/2) T}{\sigma \sqrt T} $$

    For a real option: spot S, present value of the benefits; strike K, the cost; dividend_yield q, cost of delay. At
    volatility 0 or years 0 it is the discounted intrinsic value. spot, strike >= 0.

    Reference: Hull, Options, Futures, and Other Derivatives, ch. 15 and 17.

    >>> round(black_scholes(42, 40, 0.10, 0.20, 0.5), 2)
    4.76
    """
    price, cost, sigma, time = _option(spot, strike, volatility, years)
    one_of("kind", kind, KINDS)
    forward_spot = price * math.exp(-number("dividend_yield", dividend_yield) * time)
    forward_cost = cost * math.exp(-number("rate", rate) * time)
    return _exchange(forward_spot, forward_cost, sigma * math.sqrt(time), kind)


def margrabe(
    value_received: float,
    value_given: float,
    volatility_received: float,
    volatility_given: float,
    correlation: float,
    years: float,
    yield_received: float = 0.0,
    yield_given: float = 0.0,
) -> float:
    r"""Value of the right to give one asset for another.

    Black-Scholes with both sides uncertain: $\sigma^2 = \sigma_1^2 + \sigma_2^2 - 2 \rho \sigma_1 \sigma_2$; no
    interest rate. Values in money, >= 0; yields: what each asset pays out meanwhile.

    Reference: Margrabe (1978), The value of an option to exchange one asset for another, Journal of Finance 33,
    pp. 177-186; Haug, The Complete Guide to Option Pricing Formulas, p. 52.

    >>> round(margrabe(22, 20, 0.20, 0.15, -0.5, 0.1, 0.06, 0.04), 3)
    2.125
    """
    first, second, sigma_1, time = _option(value_received, value_given, volatility_received, years)
    sigma_2 = number("volatility_given", volatility_given, 0.0)
    rho = number("correlation", correlation, -1.0, 1.0)
    variance = max(sigma_1**2 + sigma_2**2 - 2 * rho * sigma_1 * sigma_2, 0.0)
    received = first * math.exp(-number("yield_received", yield_received) * time)
    given = second * math.exp(-number("yield_given", yield_given) * time)
    return _exchange(received, given, math.sqrt(variance * time), "call")


def binomial_tree(
    spot: float,
    strike: float,
    rate: float,
    up: float,
    down: float,
    steps: int,
    years: float,
    kind: str = "call",
    american: bool = False,
    dividend_yield: float = 0.0,
    exercise_dates: int | None = None,
) -> float:
    r"""Value of an option on a tree that moves by given factors.

    Risk-neutral chance of a rise $p = (e^{(r-q)\Delta t} - d)/(u - d)$, rolled back with $e^{-r \Delta t}$. american:
    exercise at every step, now (t = 0) included. exercise_dates: instead, at that many equally spaced dates after now,
    the last at the end; must divide steps. At years 0 it is the intrinsic value. Raises Undefined where p is outside
    0..1 (one side would be free money).

    Reference: Hull, Options, Futures, and Other Derivatives, ch. 13.

    >>> round(binomial_tree(20, 21, 0.12, 1.1, 0.9, 2, 0.5), 3)
    1.282
    """
    price, cost, _, time = _option(spot, strike, 0.0, years)
    count = whole("steps", steps, 1)
    rise, fall = number("up", up, above=0.0), number("down", down, above=0.0)
    if rise <= fall:
        raise ValueError(f"up must be above down. Received: up={rise:g}, down={fall:g}")
    dt = time / count
    chance = (math.exp((number("rate", rate) - number("dividend_yield", dividend_yield)) * dt) - fall) / (rise - fall)
    if not 0 <= chance <= 1:
        raise Undefined(
            f"The risk-neutral probability is {chance:.4g}, outside 0..1: the riskless return must lie between down and "
            "up in each step. Use more steps or a higher volatility."
        )
    every = 1
    if exercise_dates is not None:
        dates = whole("exercise_dates", exercise_dates, 1)
        if american:
            raise ValueError("Give either american or exercise_dates, not both.")
        if count % dates:
            raise ValueError(f"exercise_dates must divide steps. Received: {dates} and {count}")
        every = count // dates
    side = 1.0 if one_of("kind", kind, KINDS) == "call" else -1.0
    if time == 0:
        return max(side * (price - cost), 0.0)

    def decide(step: int, prices: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        dated = exercise_dates is not None and step % every == 0 and step > 0
        return np.maximum(going_on, side * (prices - cost)) if american or dated or step == count else going_on

    shrink = math.exp(-rate * dt)
    return float(roll_back(decide, count, up=rise, down=fall, chance=chance, shrink=shrink, spot=price)[0])


def crr(
    spot: float,
    strike: float,
    rate: float,
    volatility: float,
    years: float,
    steps: int = 500,
    kind: str = "call",
    american: bool = False,
    dividend_yield: float = 0.0,
    exercise_dates: int | None = None,
) -> float:
    r"""Value of an option on a tree that matches a volatility: $u = e^{\sigma \sqrt{\Delta t}}$, $d = 1/u$.

    Exercise as in ``binomial_tree``. The error falls about as 1/steps. At volatility 0 or years 0 the price path is
    certain: the best of the exercise dates allowed is taken.

    Reference: Cox, Ross & Rubinstein (1979), Option pricing: a simplified approach, Journal of Financial Economics 7,
    pp. 229-263; Hull, ch. 13 and 21.

    >>> round(crr(50, 52, 0.05, 0.3, 2.0, steps=2, kind="put", american=True), 2)
    7.43
    """
    price, cost, sigma, time = _option(spot, strike, volatility, years)
    count = whole("steps", steps, 1)
    if sigma * math.sqrt(time) == 0:
        side = 1.0 if one_of("kind", kind, KINDS) == "call" else -1.0
        if american:
            moments = np.linspace(0.0, time, count + 1)
        else:
            moments = np.linspace(0.0, time, whole("exercise_dates", exercise_dates or 1, 1) + 1)[1:]
        worth = side * (price * np.exp(-dividend_yield * moments) - cost * np.exp(-rate * moments))
        return max(float(worth.max()), 0.0)
    rise = math.exp(sigma * math.sqrt(time / count))
    return binomial_tree(
        spot, strike, rate, rise, 1 / rise, count, time, kind, american, dividend_yield, exercise_dates
    )


@dataclass(frozen=True)
class LeastSquares(Result):
    """Value with early exercise and without, from the same paths, each with its Monte Carlo standard error."""

    american: float
    standard_error: float
    european: float
    european_standard_error: float
    n: int
    method: str = "Longstaff-Schwartz, basis 1, x, x^2, paths in the money"

    @property
    def value(self) -> float:
        """The value with early exercise."""
        return self.american

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Monte Carlo interval of ``american``."""
        reach = 1.959963984540054 * self.standard_error
        return self.american - reach, self.american + reach


def least_squares_monte_carlo(paths, strike: float, rate: float, years: float, kind: str = "put") -> LeastSquares:
    r"""Value of an option that may be exercised at each date of simulated paths.

    $$ \hat C(x) = b_0 + b_1 x + b_2 x^2 \approx E[e^{-r \Delta t}\, \text{later payoff} \mid x] $$

    Backwards from the end, the value of waiting is this regression over the paths in the money; exercise where the
    payoff at once is higher. No exercise at t = 0.

    paths: prices (n, dates + 1), the first column at t = 0, equally spaced to ``years``. rate: continuously compounded.
    The rule found is not quite the best one, so the value is slightly low; the fit to the same paths raises it
    slightly.

    Reference: Longstaff & Schwartz (2001), Valuing American options by simulation, Review of Financial Studies 14,
    pp. 113-147.

    >>> result = least_squares_monte_carlo([[1, 1.2, 0.9], [1, 0.8, 0.7], [1, 0.9, 1.3], [1, 0.7, 1.0]], 1.0, 0.05, 2)
    >>> round(result.european, 4), result.n
    (0.0905, 4)
    """
    prices = array("paths", paths)
    if prices.ndim != 2 or prices.shape[1] < 2 or len(prices) < 2:
        raise ValueError(f"paths must be (n, dates + 1) with two or more paths. Received: shape {prices.shape}")
    cost, dates = number("strike", strike, above=0.0), prices.shape[1] - 1
    shrink = math.exp(-number("rate", rate) * number("years", years, above=0.0) / dates)
    side = 1.0 if one_of("kind", kind, KINDS) == "call" else -1.0
    payoffs = np.maximum(side * (prices - cost), 0.0)
    later = payoffs[:, -1].copy()
    for date in range(dates - 1, 0, -1):
        later *= shrink
        inside = payoffs[:, date] > 0
        if not inside.any():
            continue
        moneyness = prices[inside, date] / cost
        basis = np.column_stack([np.ones_like(moneyness), moneyness, moneyness**2])
        weights, *_ = np.linalg.lstsq(basis, later[inside], rcond=None)
        exercise = np.flatnonzero(inside)[payoffs[inside, date] > basis @ weights]
        later[exercise] = payoffs[exercise, date]
    early, late = later * shrink, payoffs[:, -1] * shrink**dates
    root = math.sqrt(len(prices))
    return LeastSquares(
        float(early.mean()),
        float(early.std(ddof=1) / root),
        float(late.mean()),
        float(late.std(ddof=1) / root),
        len(prices),
    )


def price_paths(
    spot: float,
    rate: float,
    volatility: float,
    years: float,
    steps: int,
    paths: int,
    seed: int,
    dividend_yield: float = 0.0,
) -> np.ndarray:
    r"""Risk-neutral paths of geometric Brownian motion, (paths, steps + 1), in antithetic pairs.

    $S_{t+\Delta t} = S_t \exp((r - q - \sigma^2/2)\Delta t + \sigma \sqrt{\Delta t}\, z)$. paths: an even number.

    Reference: Hull, ch. 21, Monte Carlo simulation and antithetic variables.

    >>> price_paths(36, 0.06, 0.2, 1.0, steps=50, paths=4, seed=1).shape
    (4, 51)
    """
    price, _, sigma, time = _option(spot, 0.0, volatility, years)
    count, pairs = whole("steps", steps, 1), whole("paths", paths, 2) // 2
    if paths % 2:
        raise ValueError(f"paths must be even. Received: paths={paths}")
    dt = time / count
    scores = np.random.default_rng(whole("seed", seed)).standard_normal((pairs, count))
    moves = sigma * math.sqrt(dt) * np.concatenate([scores, -scores])
    moves += (number("rate", rate) - number("dividend_yield", dividend_yield) - sigma**2 / 2) * dt
    return price * np.exp(np.column_stack([np.zeros(2 * pairs), np.cumsum(moves, axis=1)]))


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


# ---------------------------------------------------------------- the usual kinds


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


def volatility_of_value(value_now: float, values_after, years: float = 1.0) -> Volatility:
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


def _option(spot, strike, volatility, years) -> tuple[float, float, float, float]:
    return (
        number("spot", spot, 0.0),
        number("strike", strike, 0.0),
        number("volatility", volatility, 0.0),
        number("years", years, 0.0),
    )


def _exchange(received: float, given: float, spread: float, kind: str) -> float:
    """Value of the right to give ``given`` for ``received`` (call) or the reverse (put); both present values."""
    side = 1.0 if kind == "call" else -1.0
    if spread == 0 or received == 0 or given == 0:
        return max(side * (received - given), 0.0)
    d1 = math.log(received / given) / spread + spread / 2
    value = side * (received * special.ndtr(side * d1) - given * special.ndtr(side * (d1 - spread)))
    return max(float(value), 0.0)  # rounding can leave a worthless option just below 0
