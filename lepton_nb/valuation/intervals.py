"""Intervals of rates from counts, and the bound of conformal prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Numbers, Result, Undefined, number, vector, whole
from lepton_nb.valuation._guard import guarded

__all__ = [
    "Interval",
    "clopper_pearson_interval",
    "split_conformal_quantile",
    "wilson_interval",
]


def normal_reach(level: float) -> float:
    return float(special.ndtri((1 + _base.level(level)) / 2))


@dataclass(frozen=True)
class Interval(Result):
    """A rate (fraction) with its confidence interval low..high."""

    value: float
    low: float
    high: float
    level: float
    n: int
    method: str

    @property
    def interval(self) -> tuple[float, float]:
        """low and high."""
        return self.low, self.high

    def __iter__(self):
        return iter((self.low, self.high))


@guarded
def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""Wilson's score interval of a rate, without continuity correction.

    $$ \frac{\hat p + z^2/2n \pm z \sqrt{\hat p (1-\hat p)/n + z^2/4n^2}}{1 + z^2/n} $$

    Within 0..1 always; at 0 or n successes one end is exactly 0 or 1.

    Reference: Wilson (1927); Newcombe (1998), Statistics in Medicine 17, pp. 857-872, method 3.

    >>> low, high = wilson_interval(81, 263)
    >>> round(low, 4), round(high, 4)
    (0.2553, 0.3662)
    """
    count, cases = _successes(successes, n)
    z, rate = normal_reach(level), count / cases
    centre = rate + z * z / (2 * cases)
    reach = z * math.sqrt(rate * (1 - rate) / cases + (z / (2 * cases)) ** 2)
    scale = 1 + z * z / cases
    low = 0.0 if count == 0 else (centre - reach) / scale
    high = 1.0 if count == cases else (centre + reach) / scale
    return Interval(rate, low, high, level, cases, "Wilson score")


@guarded
def clopper_pearson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    r"""The exact binomial interval of a rate: covers at least ``level``, so it is wider than Wilson's.

    $$ B_{\alpha/2}(x,\, n - x + 1), \quad B_{1-\alpha/2}(x + 1,\, n - x), \qquad \alpha = 1 - level $$

    with x successes and B the quantile of the Beta distribution; 0 at x = 0, 1 at x = n.

    Reference: Clopper & Pearson (1934), Biometrika 26, pp. 404-413; Newcombe (1998), method 5.

    >>> low, high = clopper_pearson_interval(0, 20)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.1684)
    """
    count, cases = _successes(successes, n)
    tail = (1 - _base.level(level)) / 2
    low = 0.0 if count == 0 else float(special.betaincinv(count, cases - count + 1, tail))
    high = 1.0 if count == cases else float(special.betaincinv(count + 1, cases - count, 1 - tail))
    return Interval(count / cases, low, high, level, cases, "Clopper-Pearson (exact)")


def _successes(successes, n) -> tuple[int, int]:
    cases = whole("n", n, 1)
    return whole("successes", successes, 0, cases), cases


@guarded
def split_conformal_quantile(scores: Numbers, alpha: float) -> float:
    r"""The score below which a new case falls with probability of at least 1 - alpha.

    The k-th smallest calibration score with $k = \lceil (n+1)(1-\alpha) \rceil$. scores: (n,) of cases not used in
    training; alpha: fraction. Raises Undefined where k > n: too few cases for this alpha (the bound would be
    infinite), which the largest score must not hide.

    Reference: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, ch. 2 and 4.

    >>> split_conformal_quantile([0.1, 0.4, 0.2, 0.3], alpha=0.25)
    0.4
    """
    ordered = np.sort(vector("scores", scores))
    share = number("alpha", alpha, above=0.0, below=1.0)
    rank = math.ceil((len(ordered) + 1) * (1 - share) - 1e-9)  # (n + 1)(1 - alpha) is often whole but for rounding
    if rank > len(ordered):
        needed = math.ceil((1 - share) / share - 1e-9)
        raise Undefined(
            f"{len(ordered)} calibration cases are too few for alpha = {share:g}: at least {needed} are needed."
        )
    return float(ordered[max(rank, 1) - 1])
