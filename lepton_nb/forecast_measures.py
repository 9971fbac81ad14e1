"""How forecasts are judged: errors, shares inside, the cost of an order, and means over origins that hang together.

``forecasting`` gives all of it under its own name; ``found`` is a forecast of it, with quantiles and their levels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lepton_nb import ranking
from lepton_nb.series import Windows


def pinball(truth: np.ndarray, found: Any) -> np.ndarray:
    """Mean pinball loss over the levels, (n, horizon); NaN where the truth is. Twice it is close to the CRPS.

    Reference: Gneiting and Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation, JASA 102, 2007.
    """
    error = truth[..., None] - found.quantiles
    level = np.asarray(found.levels)
    return np.maximum(level * error, (level - 1) * error).mean(axis=-1)


def inside(truth: np.ndarray, found: Any) -> np.ndarray:
    """Whether what came lies within the outer quantiles: (n, horizon), 1 or 0, NaN where the truth is."""
    hit = (truth >= found.quantiles[..., 0]) & (truth <= found.quantiles[..., -1])
    return np.where(np.isfinite(truth), hit, np.nan)


def stock_cost(truth: np.ndarray, order: np.ndarray, short: float, over: float) -> np.ndarray:
    r"""What an order costs against what would have been sold: $c_u (y - q)^+ + c_o (q - y)^+$, (n, horizon).

    short: cost of one unit that is missing, $c_u$; over: of one too many, $c_o$. The order that costs least on average is
    the quantile of level $c_u / (c_u + c_o)$.

    Reference: Arrow, Harris and Marschak, Optimal Inventory Policy, Econometrica 19(3), 1951.

    >>> stock_cost(np.array([[10.0, 10.0]]), np.array([[8.0, 13.0]]), short=0.3, over=0.1).round(2)
    array([[0.6, 0.3]])
    """
    if not (short > 0 and over > 0):
        raise ValueError(f"costs must be above 0. Received: {short=}, {over=}")
    return short * np.maximum(truth - order, 0) + over * np.maximum(order - truth, 0)


def by_origin(values: np.ndarray, given: Windows) -> np.ndarray:
    """Mean over all series and steps for each origin, in the order of time: (origins,). NaN counts nowhere."""
    origins, place = np.unique(given.origin, return_inverse=True)
    total = np.bincount(place, np.nansum(values, axis=1), len(origins))
    count = np.bincount(place, np.isfinite(values).sum(axis=1), len(origins))
    return total[count > 0] / count[count > 0]


def over_blocks(values: np.ndarray, length: int, what: str, draws: int = 4000, seed: int = 0) -> ranking.Mean:
    """The mean of figures in the order of time; its 95 % interval from blocks of neighbours, drawn with replacement.

    Forecasts that follow each other err together. Blocks of ``length`` figures, from any place on and round the end, keep
    that. what: of what, in words, for the interval. Where fewer than two blocks fit, the ends are those of one: wide.

    Reference: Politis and Romano, A Circular Block-Resampling Procedure for Stationary Data, 1992.
    """
    found = np.asarray(values, float)
    if found.ndim != 1 or not len(found) or length < 1:
        raise ValueError(f"values must be a row in time, length at least 1. Received: {found.shape=}, {length=}")
    n, length = len(found), min(length, len(found))
    count = -(-n // length)
    run = np.concatenate([[0.0], np.cumsum(np.concatenate([found, found[:length]]))])
    sums = run[length : length + n] - run[:n]  # of the block from each place on
    starts = np.random.default_rng(seed).integers(0, n, (draws, count))
    means = sums[starts].sum(axis=1) / (count * length)
    low, high = np.quantile(means, [0.025, 0.975])
    told = f"95 % bootstrap over blocks of {length} {what}"
    return ranking.Mean(float(found.mean()), float(low), float(high), n, 0.95, told)


def block_error(values: np.ndarray, length: int) -> float:
    r"""Standard error of the mean of figures in the order of time, from blocks of ``length`` neighbours.

    $$ \hat\sigma^2 = \frac{1}{k-1} \cdot \frac1n \sum_s (\bar y_s - \bar y)^2, \qquad k = \lfloor n / \text{length} \rfloor $$

    $\bar y_s$: mean of the block from s on, round the end. It is widened by $t_{0.95,k-1} / z_{0.95}$, so that a normal
    distribution with it is as wide at 90 % as Student's with so few blocks. Raises ValueError where fewer than two fit.

    >>> round(block_error(np.tile([0.0, 1.0], 200), 1), 4), block_error(np.tile([0.0, 1.0], 200), 2)
    (0.0251, 0.0)
    """
    from scipy import special

    found = np.asarray(values, float)
    count = len(found) // length if found.ndim == 1 and length > 0 else 0
    if count < 2:
        raise ValueError(f"two blocks at least must fit. Received: {found.shape=}, {length=}")
    run = np.concatenate([[0.0], np.cumsum(np.concatenate([found, found[:length]]))])
    means = (run[length : length + len(found)] - run[: len(found)]) / length
    few = special.stdtrit(count - 1, 0.95) / special.ndtri(0.95)
    return float(few * means.std() / np.sqrt(count - 1))
