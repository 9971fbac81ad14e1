"""Options on trees: given factors, or factors that match a volatility."""

from __future__ import annotations

import math

import numpy as np

from lepton_nb.valuation._base import Undefined, number, one_of, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation._induction import on_dates
from lepton_nb.valuation._pricing import KINDS, black_scholes, exchange, option_terms
from lepton_nb.valuation._tree import even_factors, roll_back

__all__ = [
    "Undefined",
    "binomial_tree",
    "crr",
]


SMOOTH_STEPS = 1000
MOST_STEPS = 20_000  # a tree of n steps takes n^2 / 2 nodes
NO_SPREAD = 1e-12  # a standard deviation that moves no price


@guarded
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
    price, cost, _, time = option_terms(spot, strike, 0.0, years)
    count = whole("steps", steps, 1, MOST_STEPS)
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
        dates = whole("exercise_dates", exercise_dates, 1, MOST_STEPS)
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


@guarded
def crr(
    spot: float,
    strike: float,
    rate: float,
    volatility: float,
    years: float,
    steps: int | None = None,
    kind: str = "call",
    american: bool = False,
    dividend_yield: float = 0.0,
    exercise_dates: int | None = None,
) -> float:
    r"""Value of an option on a tree that matches a volatility: $u = e^{\sigma \sqrt{\Delta t}}$, $d = 1/u$.

    Exercise as in ``binomial_tree``. steps: the plain tree of so many steps, whose value swings between odd and even
    numbers with an error of about 1/steps. None: the converged value, within 0.005 of the limit for a spot of 100:
    american, from trees of 1000 and 500 steps that end in Black-Scholes over the last step, extrapolated,
    $2 P_{1000} - P_{500}$; on exercise dates, by integration from date to date. At volatility 0 or years 0 the price path is certain: the
    best of the exercise dates allowed is taken.

    Reference: Cox, Ross & Rubinstein (1979), Option pricing: a simplified approach, Journal of Financial Economics 7,
    pp. 229-263; Hull, ch. 13 and 21; Broadie & Detemple (1996), American option valuation: new bounds, approximations,
    and a comparison of existing methods, Review of Financial Studies 9, pp. 1211-1250, for the extrapolation.

    >>> round(crr(50, 52, 0.05, 0.3, 2.0, steps=2, kind="put", american=True), 2)
    7.43
    >>> round(crr(100, 100, 0.05, 0.3, 1.0, kind="put", american=True), 3)
    9.87
    """
    price, cost, sigma, time = option_terms(spot, strike, volatility, years)
    side = 1.0 if one_of("kind", kind, KINDS) == "call" else -1.0
    dates = None if exercise_dates is None else whole("exercise_dates", exercise_dates, 1, MOST_STEPS)
    if american and dates is not None:
        raise ValueError("Give either american or exercise_dates, not both.")
    count = SMOOTH_STEPS if steps is None else whole("steps", steps, 1, MOST_STEPS)
    if sigma * math.sqrt(time) < NO_SPREAD:
        if american:
            moments = np.linspace(0.0, time, max(count, 10_000) + 1)  # the best moment may lie inside
        else:
            moments = np.linspace(0.0, time, (dates or 1) + 1)[1:]
        worth = side * (price * np.exp(-dividend_yield * moments) - cost * np.exp(-rate * moments))
        return max(float(worth.max()), 0.0)
    if steps is None and american:
        terms = (price, cost, rate, sigma, time, side, dividend_yield)
        fine, coarse = (_ending_in_closed_form(number_, *terms) for number_ in (SMOOTH_STEPS, SMOOTH_STEPS // 2))
        return max(2 * fine - coarse, side * (price - cost), 0.0)
    if steps is None:
        if price == 0 or cost == 0:
            return black_scholes(spot, strike, rate, volatility, years, kind, dividend_yield)
        times = [time * (k + 1) / (dates or 1) for k in range(dates or 1)]
        return on_dates(
            lambda k, prices, going_on: (side * (prices - cost), going_on),
            times,
            spot=price,
            rate=rate,
            dividend_yield=dividend_yield,
            volatility=sigma,
        )
    rise = math.exp(sigma * math.sqrt(time / count))
    return binomial_tree(spot, strike, rate, rise, 1 / rise, count, time, kind, american, dividend_yield, dates)


def _ending_in_closed_form(
    count: int,
    price: float,
    cost: float,
    rate: float,
    sigma: float,
    time: float,
    side: float,
    dividend_yield: float,
) -> float:
    """The value of an American option on a tree whose last step is Black-Scholes: smooth in the number of steps, so that it extrapolates."""
    dt = time / count
    up, down = even_factors(sigma, dt)
    grown = math.exp((rate - dividend_yield) * dt)

    def decide(step: int, prices: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        if step == count - 1:
            going_on = exchange(
                prices * (grown * shrink), np.full_like(prices, cost * shrink), sigma * math.sqrt(dt), side
            )
        return np.maximum(going_on, side * (prices - cost))

    shrink = math.exp(-rate * dt)
    return float(roll_back(decide, count - 1, up=up * grown, down=down * grown, shrink=shrink, spot=price)[0])
