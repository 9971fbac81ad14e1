"""Distributions of uncertain inputs, each with ``ppf``, the inverse of its distribution function."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import special

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Numbers, Record, number
from lepton_nb.valuation._guard import guarded

__all__ = [
    "Constant",
    "Dirichlet",
    "LogNormal",
    "Normal",
    "Pert",
    "Triangular",
    "Uniform",
    "constant",
    "dirichlet",
    "lognormal",
    "normal",
    "pert",
    "triangular",
    "uniform",
]


class Distribution(Protocol):
    """What can be an uncertain input: anything with an inverse distribution function."""

    def ppf(self, share: Any, /) -> Any:
        """The value below which ``share`` (0..1) of the probability lies."""


@dataclass(frozen=True)
class Triangular(Record):
    """See ``triangular``."""

    low: float
    mode: float
    high: float

    @property
    def mean(self) -> float:
        """(low + mode + high) / 3."""
        return (self.low + self.mode + self.high) / 3

    @property
    def sd(self) -> float:
        """Standard deviation, in the unit of the inputs."""
        a, m, b = self.low, self.mode, self.high
        return math.sqrt(max((b - a) ** 2 - (m - a) * (b - m), 0.0) / 18)

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        share = np.asarray(share, dtype=float)
        a, m, b = self.low, self.mode, self.high
        if a == b:
            return np.full(share.shape, a)
        left = a + np.sqrt(share * (b - a) * (m - a))
        right = b - np.sqrt((1 - share) * (b - a) * (b - m))
        return np.where(share * (b - a) <= m - a, left, right)


@guarded
def triangular(low: float, mode: float, high: float) -> Triangular:
    r"""Triangular distribution on low..high with its peak at mode. Three equal numbers are a certain value.

    With l, m, h: mean $(l + m + h)/3$, variance $((h-l)^2 - (m-l)(h-m))/18$; low and high are the ends, not
    percentiles. Raises ValueError unless low <= mode <= high.

    Reference: Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 2, ch. 26.9.

    >>> distribution = triangular(2, 5, 12)
    >>> round(distribution.mean, 4), round(distribution.sd, 4), round(float(distribution.ppf(0.5)), 4)
    (6.3333, 2.095, 6.0839)
    """
    return Triangular(*_ordered(low, mode, high))


@dataclass(frozen=True)
class Pert(Record):
    """See ``pert``."""

    low: float
    mode: float
    high: float
    weight: float = 4.0

    @property
    def mean(self) -> float:
        """(low + weight mode + high) / (weight + 2)."""
        return (self.low + self.weight * self.mode + self.high) / (self.weight + 2)

    @property
    def sd(self) -> float:
        """Standard deviation, in the unit of the inputs."""
        return math.sqrt(max((self.mean - self.low) * (self.high - self.mean), 0.0) / (self.weight + 3))

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        share = np.asarray(share, dtype=float)
        width = self.high - self.low
        if width == 0:
            return np.full(share.shape, self.low)
        a = 1 + self.weight * (self.mode - self.low) / width
        return self.low + width * special.betaincinv(a, self.weight + 2 - a, share)


@guarded
def pert(low: float, mode: float, high: float, weight: float = 4.0) -> Pert:
    r"""Beta-PERT distribution on low..high: Beta(a, b) with $a = 1 + \lambda\frac{m-l}{h-l}$, $b = \lambda + 2 - a$.

    weight $\lambda \ge 0$: how much the mode counts against the ends. 4 is the usual one, with the mean
    (low + 4 mode + high) / 6: the ends weigh less than in the triangle; 0 is the uniform distribution. Three equal
    numbers are a certain value. Raises ValueError unless low <= mode <= high.

    Reference: Malcolm, Roseboom, Clark & Fazar (1959), Application of a technique for research and development
    program evaluation, Operations Research 7, pp. 646-669; Vose (2008), Risk Analysis, for the weight.

    >>> distribution = pert(2, 5, 12)
    >>> round(distribution.mean, 4), round(distribution.sd, 4)
    (5.6667, 1.8214)
    """
    return Pert(*_ordered(low, mode, high), number("weight", weight, 0.0))


@dataclass(frozen=True)
class LogNormal(Record):
    """See ``lognormal``. mu and sigma are those of the logarithm."""

    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        """exp(mu + sigma^2 / 2)."""
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def sd(self) -> float:
        """Standard deviation, in the unit of the inputs."""
        return self.mean * math.sqrt(math.expm1(self.sigma**2))

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        return self.of_score(special.ndtri(np.asarray(share, dtype=float)))

    def of_score(self, score):
        """The value at a standard normal score: ``ppf`` without the way over the share."""
        return np.exp(self.mu + self.sigma * score)


@guarded
def lognormal(mean: float, sd: float) -> LogNormal:
    r"""Lognormal distribution with this mean and standard deviation (of the quantity, not of its logarithm).

    $\sigma^2 = \ln(1 + sd^2/mean^2)$, $\mu = \ln(mean) - \sigma^2/2$. mean > 0, sd >= 0.

    Reference: Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1, ch. 14.

    >>> distribution = lognormal(100, 30)
    >>> round(distribution.mean, 6), round(distribution.sd, 6), round(float(distribution.ppf(0.5)), 3)
    (100.0, 30.0, 95.783)
    """
    centre, spread = number("mean", mean, above=0.0), number("sd", sd, 0.0)
    variance = math.log1p((spread / centre) ** 2)
    return LogNormal(math.log(centre) - variance / 2, math.sqrt(variance))


@dataclass(frozen=True)
class Normal(Record):
    """See ``normal``."""

    mean: float
    sd: float

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        return self.of_score(special.ndtri(np.asarray(share, dtype=float)))

    def of_score(self, score):
        """The value at a standard normal score: ``ppf`` without the way over the share."""
        return self.mean + self.sd * score


@guarded
def normal(mean: float, sd: float) -> Normal:
    r"""Normal distribution: $F^{-1}(u) = mean + sd\,\Phi^{-1}(u)$. sd >= 0.

    Reference: Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1, ch. 13.

    >>> round(float(normal(100, 30).ppf(0.05)), 4)
    50.6544
    """
    return Normal(number("mean", mean), number("sd", sd, 0.0))


@dataclass(frozen=True)
class Uniform(Record):
    """See ``uniform``."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def sd(self) -> float:
        """Standard deviation, in the unit of the inputs."""
        return (self.high - self.low) / math.sqrt(12)

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        return self.low + (self.high - self.low) * np.asarray(share, dtype=float)


@guarded
def uniform(low: float, high: float) -> Uniform:
    r"""Uniform distribution: $F^{-1}(u) = low + (high - low)\,u$. Raises ValueError unless low <= high.

    Reference: Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 2, ch. 26.

    >>> float(uniform(2, 4).ppf(0.25))
    2.5
    """
    bottom, top = number("low", low), number("high", high)
    if bottom > top:
        raise ValueError(f"low must not be above high. Received: low={bottom:g}, high={top:g}")
    return Uniform(bottom, top)


@dataclass(frozen=True)
class Constant(Record):
    """See ``constant``."""

    value: float

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def sd(self) -> float:
        """0."""
        return 0.0

    def ppf(self, share):
        """The value, in the shape of ``share``."""
        return np.full(np.shape(share), self.value)


@guarded
def constant(value: float) -> Constant:
    """A certain value, for an input without uncertainty: mean the value, standard deviation 0.

    Reference: the definition.

    >>> float(constant(3).ppf(0.1))
    3.0
    """
    return Constant(number("value", value))


@dataclass(frozen=True, eq=False)
class Dirichlet(Record):
    """See ``dirichlet``. ``alpha`` holds the counts plus the prior, one per cell."""

    alpha: np.ndarray

    @property
    def size(self) -> int:
        """How many cells, and so how many uniform numbers a draw takes."""
        return len(self.alpha)

    @property
    def mean(self) -> np.ndarray:
        """Expected share of each cell."""
        return self.alpha / self.alpha.sum()

    def ppf(self, shares):
        """(draws, cells) uniform numbers to (draws, cells) shares that sum to 1 in every row."""
        gammas = special.gammaincinv(self.alpha, np.asarray(shares, dtype=float))
        return gammas / gammas.sum(axis=-1, keepdims=True)


@guarded
def dirichlet(counts: Numbers, prior: float = 0.5) -> Dirichlet:
    r"""What a finite test set leaves open about the shares of its cells: $p \sim Dirichlet(counts + prior)$.

    counts: how often each cell was seen, any shape, flattened in order. prior: added to every cell; 0.5 is
    Jeffreys' choice, 1 the uniform one. As an input of ``simulate`` it takes part in the same Sobol points (one
    uniform number per cell, through the inverse gamma distribution) and arrives as an array (draws, cells).

    Reference: Gelman et al., Bayesian Data Analysis (3rd ed.), section 3.4 and appendix A.

    >>> [round(float(share), 4) for share in dirichlet([936, 264]).mean]
    [0.7798, 0.2202]
    """
    seen = _base.array("counts", counts).ravel()
    if len(seen) < 2 or np.any(seen < 0):
        raise ValueError(f"counts must be two or more numbers of at least 0. Received: {seen.tolist()}")
    return Dirichlet(seen + number("prior", prior, above=0.0))


def _ordered(low, mode, high) -> tuple[float, float, float]:
    three = number("low", low), number("mode", mode), number("high", high)
    if not three[0] <= three[1] <= three[2]:
        raise ValueError(f"Needed: low <= mode <= high. Received: low={low:g}, mode={mode:g}, high={high:g}")
    return three
