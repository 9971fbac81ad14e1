"""Options on trees: given factors, or factors that match a volatility."""

from __future__ import annotations

import math

import numpy as np

from lepton_nb.valuation._base import Undefined, number, one_of, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation._pricing import KINDS, option_terms
from lepton_nb.valuation._tree import roll_back

__all__ = [
    "Undefined",
    "binomial_tree",
    "crr",
]


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


@guarded
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
    price, cost, sigma, time = option_terms(spot, strike, volatility, years)
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
