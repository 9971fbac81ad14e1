r"""Decisions on a few dates, without a tree: backward induction whose only error is that of smooth interpolation.

Between two dates the log-price is normal. What going on is worth is a smooth function of it; only the decision puts a
kink into the value, at one price. So the smooth function is kept on a grid, the kink is found, and both sides are
integrated apart with Gauss-Legendre points: nothing swings with the number of points as it does with the steps of a tree.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.interpolate import CubicSpline

REACH = 8.5  # standard deviations on either side that count
GRID, POINTS = 801, 64  # prices on the grid; points of each side of a kink

KINKS = 4  # more changes of mind on one date are rounding


def on_dates(
    acting: Callable[[int, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
    times: Sequence[float],
    *,
    spot: float,
    rate: float,
    dividend_yield: float,
    volatility: float,
) -> float:
    r"""Worth today of a choice between two courses at each of ``times`` (rising, in years, the first may be 0).

    $$ C_{k}(S) = e^{-r \Delta t} E^Q[W_{k+1}(S_{t_{k+1}}) \mid S_{t_k} = S], \qquad W_k = \max(A_k, B_k) $$

    acting(k, prices, going_on): the worth of the two courses A_k and B_k, smooth in the price each; ``going_on`` is C_k,
    and 0 at the last date.

    Reference: Andricopoulos, Widdicks, Duck & Newton (2003), Universal option valuation using quadrature methods,
    Journal of Financial Economics 67, pp. 447-471.

    >>> terms = {"spot": 100, "rate": 0.05, "dividend_yield": 0.0, "volatility": 0.3}
    >>> round(on_dates(lambda k, price, going_on: (100 - price, going_on), [1.0], **terms), 4)
    9.3542
    """
    drift = rate - dividend_yield - volatility**2 / 2
    last = times[-1]
    width = REACH * volatility * math.sqrt(last) + (abs(drift) + volatility**2) * last
    grid = math.log(spot) + np.linspace(-width, width, GRID)
    spline: Callable[[np.ndarray], np.ndarray] = np.zeros_like
    for k in range(len(times) - 1, -1, -1):

        def courses(x: np.ndarray, k: int = k, spline: Callable = spline) -> tuple[np.ndarray, np.ndarray]:
            return acting(k, np.exp(x), spline(np.clip(x, grid[0], grid[-1])))

        dt = times[k] - (times[k - 1] if k else 0.0)
        if dt == 0:  # the first date is today
            break
        starts = grid if k else np.array([math.log(spot)])
        pieces = _kinks(courses, grid)
        found = math.exp(-rate * dt) * _expected(courses, starts + drift * dt, volatility * math.sqrt(dt), pieces)
        if k == 0:
            return float(found[0])
        spline = CubicSpline(grid, found)
    return float(np.maximum(*courses(np.array([math.log(spot)])))[0])


def _kinks(courses: Callable, grid: np.ndarray) -> list[float]:
    """The log-prices at which the better course changes."""

    def first_is_better(x: np.ndarray) -> np.ndarray:
        first, second = courses(x)
        return first > second

    here = first_is_better(grid)
    found = []
    for turn in np.flatnonzero(here[1:] != here[:-1])[:KINKS]:
        low, high = grid[turn], grid[turn + 1]
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if first_is_better(np.array([middle]))[0] == here[turn] else (low, middle)
        found.append(float((low + high) / 2))
    return found


def _expected(courses: Callable, centres: np.ndarray, spread: float, kinks: list[float]) -> np.ndarray:
    """E max(courses(centre + spread Z)) for every centre, each piece between kinks apart; Z is standard normal."""
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    ends = [np.full(len(centres), -REACH), *(np.clip((kink - centres) / spread, -REACH, REACH) for kink in kinks)]
    ends.append(np.full(len(centres), REACH))
    total = np.zeros(len(centres))
    for low, high in itertools.pairwise(ends):
        half = (high - low)[:, None] / 2
        z = (high + low)[:, None] / 2 + half * points
        density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        values = np.maximum(*courses((centres[:, None] + spread * z).ravel())).reshape(z.shape)
        total += (half * weights * density * values).sum(axis=1)
    return total
