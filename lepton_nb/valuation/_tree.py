"""One binomial tree, rolled back with a decision at every node: all options on a lattice are this function.

What is decided is the caller's: exercise, pay the next stage, stop. What moves is a price of one factor, or two levels
that move together.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

#: decide(step, prices, going_on): worth at the nodes of a step; at the last one ``going_on`` is 0.
Decide = Callable[[int, np.ndarray, np.ndarray], np.ndarray]


def roll_back(
    decide: Decide,
    steps: int,
    *,
    up: float,
    down: float,
    chance: float = 0.5,
    shrink: float = 1.0,
    spot: float = 1.0,
    wide: int = 0,
) -> np.ndarray:
    r"""Worth at the nodes of today, from the last step to the first.

    $$ W_i = \text{decide}\bigl(i,\; S_i,\; e^{-r \Delta t}(p\,W_{i+1}^u + (1-p)\,W_{i+1}^d)\bigr) $$

    up, down: factors of one step; chance p of a rise; shrink: discount factor of one step. ``wide`` adds as many nodes
    on each side of today's price ``spot``, so that a boundary of exercise is seen at t = 0 too; today's node is number
    ``wide`` of the (2 wide + 1,) returned.

    Reference: Cox, Ross & Rubinstein (1979), Option pricing: a simplified approach, Journal of Financial Economics 7,
    pp. 229-263.

    >>> call = roll_back(lambda step, price, go_on: np.maximum(go_on, price - 100), 1, up=1.2, down=0.8, spot=100)
    >>> float(call[0])
    10.0
    """
    rises = np.arange(-wide, steps + wide + 1)
    # exponents rather than powers: far nodes of long trees would overflow
    prices = spot * np.exp(rises * math.log(up) + (steps - rises) * math.log(down))
    worth = decide(steps, prices, np.zeros(len(prices)))
    for step in range(steps - 1, -1, -1):
        prices = prices[:-1] / down
        worth = decide(step, prices, shrink * (chance * worth[1:] + (1 - chance) * worth[:-1]))
    return worth


def even_factors(volatility: float, dt: float) -> tuple[float, float]:
    r"""Factors of a step with equal chances whose mean is exactly 1: $e^{\pm\sigma\sqrt{\Delta t}} / \cosh$.

    >>> up, down = even_factors(0.3, 0.25)
    >>> (up + down) / 2
    1.0
    """
    low = max(math.exp(-2 * volatility * math.sqrt(dt)), 1e-300)  # its logarithm is taken
    return 2 / (1 + low), 2 * low / (1 + low)


def roll_back_pair(
    decide: Callable[[int, np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    steps: int,
    dt: float,
    volatilities: tuple[float, float],
    correlation: float,
) -> float:
    r"""Worth today on a tree of two levels that start at 1, are martingales, and move together by ``correlation``.

    Each level moves as in :func:`even_factors`; both rise or both fall with chance $(1+\rho)/4$ each.
    decide(step, first, second, going_on): first is a column, second a row, going_on (step + 1, step + 1).

    Reference: Boyle, Evnine & Gibbs (1989), Numerical evaluation of multivariate contingent claims, Review of Financial
    Studies 2, pp. 241-250.
    """
    factors = [np.log(even_factors(volatility, dt)) for volatility in volatilities]
    together, apart = (1 + correlation) / 4, (1 - correlation) / 4

    def levels(step: int, rise: float, fall: float) -> np.ndarray:
        rises = np.arange(step + 1)
        return np.exp(rises * rise + (step - rises) * fall)

    def worth_at(step: int, going_on: np.ndarray) -> np.ndarray:
        first, second = (levels(step, *factor) for factor in factors)
        return decide(step, first[:, None], second[None, :], going_on)

    worth = worth_at(steps, np.zeros((steps + 1, steps + 1)))
    for step in range(steps - 1, -1, -1):
        same, other = worth[1:, 1:] + worth[:-1, :-1], worth[1:, :-1] + worth[:-1, 1:]
        worth = worth_at(step, together * same + apart * other)
    return float(worth[0, 0])
