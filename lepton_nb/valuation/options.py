"""Real options: what flexibility is worth beside the static net present value.

Rates and volatilities are fractions per year, continuously compounded; years from now. An option's value is shown
beside the static net present value, never added to it in silence; its weakest assumption is the volatility. Trees are
in ``lattices``, the usual kinds of real options in ``real_options``; all are to be had from here too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation._base import Numbers, Result, Undefined, number, one_of, table, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation._pricing import KINDS, black_scholes, margrabe, option_terms
from lepton_nb.valuation.lattices import MOST_STEPS, binomial_tree, crr
from lepton_nb.valuation.real_options import (
    PerpetualInvestment,
    RealOption,
    Volatility,
    abandon,
    abandon_one_period,
    defer,
    defer_one_period,
    expand,
    expand_one_period,
    flexible_tree,
    perpetual_investment,
    stage,
    switch,
    volatility_of_value,
)

__all__ = [
    "LeastSquares",
    "PerpetualInvestment",
    "RealOption",
    "Undefined",
    "Volatility",
    "abandon",
    "abandon_one_period",
    "binomial_tree",
    "black_scholes",
    "crr",
    "defer",
    "defer_one_period",
    "expand",
    "expand_one_period",
    "flexible_tree",
    "least_squares_monte_carlo",
    "margrabe",
    "perpetual_investment",
    "price_paths",
    "stage",
    "switch",
    "volatility_of_value",
]


MOST_PATHS = 10_000_000


@dataclass(frozen=True)
class LeastSquares(Result):
    """Value with early exercise and without, from the same paths, each with its Monte Carlo standard error."""

    american: float
    standard_error: float
    european: float
    european_standard_error: float
    n: int
    antithetic: bool = False  # the paths were pairs, and the errors are those of their means
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


@guarded
def least_squares_monte_carlo(
    paths: Numbers, strike: float, rate: float, years: float, kind: str = "put"
) -> LeastSquares:
    r"""Value of an option that may be exercised at each date of simulated paths.

    $$ \hat C(x) = b_0 + b_1 x + b_2 x^2 \approx E[e^{-r \Delta t}\, \text{later payoff} \mid x] $$

    Backwards from the end, the value of waiting is this regression over the paths in the money; exercise where the
    payoff at once is higher. No exercise at t = 0.

    paths: prices (n, dates + 1), the first column at t = 0, equally spaced to ``years``. rate: continuously compounded.
    Paths whose second half mirrors the first, as ``price_paths`` makes them, are recognised: a pair is one observation.
    The rule found is not quite the best one, so the value is slightly low; the fit to the same paths raises it
    slightly.

    Reference: Longstaff & Schwartz (2001), Valuing American options by simulation, Review of Financial Studies 14,
    pp. 113-147.

    >>> result = least_squares_monte_carlo([[1, 1.2, 0.9], [1, 0.8, 0.7], [1, 0.9, 1.3], [1, 0.7, 1.0]], 1.0, 0.05, 2)
    >>> round(result.european, 4), result.n
    (0.0905, 4)
    """
    prices = table("paths", paths, "paths", "dates")
    if prices.shape[1] < 2 or len(prices) < 2:
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
    mirrored = _in_mirrored_halves(prices)
    return LeastSquares(
        float(early.mean()),
        _standard_error(early, mirrored),
        float(late.mean()),
        _standard_error(late, mirrored),
        len(prices),
        mirrored,
    )


def _in_mirrored_halves(prices: np.ndarray) -> bool:
    """Whether path i and path i + n/2 are antithetic: their logarithms sum to the same at each date, for all i."""
    half, odd = divmod(len(prices), 2)
    if odd or half < 2 or np.any(prices <= 0):
        return False
    sums = np.log(prices[:half]) + np.log(prices[half:])
    return bool(np.all(np.ptp(sums, axis=0) <= 1e-9 * (1 + np.abs(sums).max())) and np.ptp(prices[:, -1]) > 0)


def _standard_error(worth: np.ndarray, mirrored: bool) -> float:
    """Of the mean: of independent paths, or of independent pairs of paths that are not."""
    if mirrored:
        worth = worth.reshape(2, -1).mean(axis=0)
    return float(worth.std(ddof=1) / math.sqrt(len(worth)))


@guarded
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
    price, _, sigma, time = option_terms(spot, 0.0, volatility, years)
    count, pairs = whole("steps", steps, 1, MOST_STEPS), whole("paths", paths, 2, MOST_PATHS) // 2
    if paths % 2:
        raise ValueError(f"paths must be even. Received: paths={paths}")
    dt = time / count
    scores = np.random.default_rng(whole("seed", seed)).standard_normal((pairs, count))
    moves = sigma * math.sqrt(dt) * np.concatenate([scores, -scores])
    moves += (number("rate", rate) - number("dividend_yield", dividend_yield) - sigma**2 / 2) * dt
    return price * np.exp(np.column_stack([np.zeros(2 * pairs), np.cumsum(moves, axis=1)]))
