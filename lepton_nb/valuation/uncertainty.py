"""Uncertainty of a value: Monte Carlo, sensitivity, scenarios, tail measures, risked cash flows.

Inputs are distributions with ``ppf``: those below, or any frozen one of ``scipy.stats``. Models are functions
of a dictionary of arrays, one number per draw, and work on whole arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import integrate, special
from scipy.stats import qmc

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Result, Undefined, number, rate_of, same_length, vector, whole

__all__ = [
    "Constant",
    "Dirichlet",
    "Estimate",
    "LogNormal",
    "Normal",
    "Pert",
    "RankCorrelation",
    "ScenarioValue",
    "Simulation",
    "SobolIndices",
    "TailValue",
    "TornadoRow",
    "Triangular",
    "Undefined",
    "Uniform",
    "conditional_value_at_risk",
    "constant",
    "dirichlet",
    "lognormal",
    "normal",
    "pert",
    "rank_correlation",
    "risk_adjusted_npv",
    "scenarios",
    "simulate",
    "sobol_indices",
    "tornado",
    "triangular",
    "uniform",
    "value_at_risk",
]

REPLICATES = 16  # at least so many independent scrambles; their spread gives every standard error
SMALLEST = 16  # points in one scramble
BLOCK_ROWS = 2**14  # draws that are made at a time
PERCENTILES = (5, 25, 50, 75, 95)


# ---------------------------------------------------------------- distributions


@dataclass(frozen=True)
class Triangular(Result):
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
class Pert(Result):
    """See ``pert``."""

    low: float
    mode: float
    high: float

    @property
    def mean(self) -> float:
        """(low + 4 mode + high) / 6."""
        return (self.low + 4 * self.mode + self.high) / 6

    @property
    def sd(self) -> float:
        """Standard deviation, in the unit of the inputs."""
        return math.sqrt(max((self.mean - self.low) * (self.high - self.mean), 0.0) / 7)

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        share = np.asarray(share, dtype=float)
        width = self.high - self.low
        if width == 0:
            return np.full(share.shape, self.low)
        a = 1 + 4 * (self.mode - self.low) / width
        return self.low + width * special.betaincinv(a, 6 - a, share)


def pert(low: float, mode: float, high: float) -> Pert:
    r"""Beta-PERT distribution on low..high: Beta(a, b) with $a = 1 + 4\frac{m-l}{h-l}$, $b = 6 - a$.

    Mean (low + 4 mode + high) / 6: the ends weigh less than in the triangle. Three equal numbers are a
    certain value. Raises ValueError unless low <= mode <= high.

    Reference: Malcolm, Roseboom, Clark & Fazar (1959), Application of a technique for research and development
    program evaluation, Operations Research 7, pp. 646-669.

    >>> distribution = pert(2, 5, 12)
    >>> round(distribution.mean, 4), round(distribution.sd, 4)
    (5.6667, 1.8214)
    """
    return Pert(*_ordered(low, mode, high))


@dataclass(frozen=True)
class LogNormal(Result):
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
class Normal(Result):
    """See ``normal``."""

    mean: float
    sd: float

    def ppf(self, share):
        """The value below which ``share`` (0..1) of the probability lies; any shape."""
        return self.of_score(special.ndtri(np.asarray(share, dtype=float)))

    def of_score(self, score):
        """The value at a standard normal score: ``ppf`` without the way over the share."""
        return self.mean + self.sd * score


def normal(mean: float, sd: float) -> Normal:
    r"""Normal distribution: $F^{-1}(u) = mean + sd\,\Phi^{-1}(u)$. sd >= 0.

    Reference: Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions 1, ch. 13.

    >>> round(float(normal(100, 30).ppf(0.05)), 4)
    50.6544
    """
    return Normal(number("mean", mean), number("sd", sd, 0.0))


@dataclass(frozen=True)
class Uniform(Result):
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
class Constant(Result):
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


def constant(value: float) -> Constant:
    """A certain value, for an input without uncertainty: mean the value, standard deviation 0.

    Reference: the definition.

    >>> float(constant(3).ppf(0.1))
    3.0
    """
    return Constant(number("value", value))


@dataclass(frozen=True, eq=False)
class Dirichlet(Result):
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


def dirichlet(counts, prior: float = 0.5) -> Dirichlet:
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


# ---------------------------------------------------------------- Monte Carlo


@dataclass(frozen=True)
class Estimate(Result):
    """A simulated number with its own Monte Carlo error: low..high is its 95 % interval over the replicates.

    That interval says how well the computer found the number, not how uncertain the valued thing is.
    """

    value: float
    standard_error: float
    low: float
    high: float
    n: int
    method: str


@dataclass(frozen=True, eq=False)
class Simulation(Result):
    """Draws of a model. ``values`` is (draws,) or (draws, columns); every input is kept by name.

    For values with columns, ``mean``, ``sd``, ``standard_error`` and the percentiles are arrays, one number a
    column; ``column(j)`` gives one column as its own Simulation.
    """

    values: np.ndarray = field(repr=False)
    inputs: dict[str, np.ndarray] = field(repr=False)
    draws: int
    replicates: int
    seed: int
    correlations: dict = field(default_factory=dict)
    method: str = "Gaussian copula, scrambled Sobol points"

    @property
    def mean(self):
        """Mean over the draws, in the unit of the model."""
        return _scalar(self.values.mean(axis=0))

    @property
    def value(self):
        """The mean."""
        return self.mean

    @property
    def sd(self):
        """Standard deviation over the draws: how uncertain the valued thing is."""
        return _scalar(self.values.std(axis=0, ddof=1))

    @property
    def standard_error(self):
        """Monte Carlo standard error of the mean, from the spread of the replicates' means."""
        return _scalar(self._spread(lambda block: block.mean(axis=0)))

    @property
    def percentiles(self) -> dict:
        """The 5, 25, 50, 75 and 95 % points: {percent: value}."""
        points = np.percentile(self.values, PERCENTILES, axis=0)
        return {percent: _scalar(point) for percent, point in zip(PERCENTILES, points, strict=True)}

    @property
    def percentile_errors(self) -> dict:
        """Monte Carlo standard errors of ``percentiles``."""
        errors = self._spread(lambda block: np.percentile(block, PERCENTILES, axis=0))
        return {percent: _scalar(error) for percent, error in zip(PERCENTILES, errors, strict=True)}

    @property
    def interval(self) -> tuple:
        """The 90 % interval of the value: its 5 and 95 % points."""
        low, high = np.percentile(self.values, (5, 95), axis=0)
        return _scalar(low), _scalar(high)

    def percentile(self, percent: float) -> Estimate:
        """The value that ``percent`` (0..100) of the draws do not exceed. One column only."""
        share = number("percent", percent, 0.0, 100.0)
        self._one_column()
        value = float(np.percentile(self.values, share))
        return self._estimate(value, lambda block: np.percentile(block, share))

    def probability_below(self, x: float = 0.0) -> Estimate:
        """Share of the draws below ``x``. One column only.

        Where no draw or every draw is below, the standard error is 0 and low..high is the exact binomial
        interval for that many independent draws: an event never drawn is not impossible.
        """
        threshold = number("x", x)
        self._one_column()
        count = int(np.count_nonzero(self.values < threshold))
        estimate = self._estimate(count / self.draws, lambda block: np.mean(block < threshold))
        if 0 < count < self.draws:
            low, high = max(estimate.low, 0.0), min(estimate.high, 1.0)
        else:
            tail = 0.025 ** (1 / self.draws)  # Clopper-Pearson at 0 or n of n
            low, high = (0.0, 1 - tail) if count == 0 else (tail, 1.0)
        return Estimate(estimate.value, estimate.standard_error, low, high, self.draws, estimate.method)

    def column(self, index: int) -> Simulation:
        """One column of a model with several outputs, as a Simulation of its own."""
        if self.values.ndim == 1:
            raise ValueError("This simulation has one column only.")
        return Simulation(
            self.values[:, index], self.inputs, self.draws, self.replicates, self.seed, self.correlations, self.method
        )

    def to_dict(self) -> dict:
        """The summary as plain values, without the draws."""
        return {
            "mean": _base._plain(self.mean),
            "sd": _base._plain(self.sd),
            "standard_error": _base._plain(self.standard_error),
            "percentiles": _base._plain(self.percentiles),
            "draws": self.draws,
            "replicates": self.replicates,
            "seed": self.seed,
            "method": self.method,
        }

    def _one_column(self) -> None:
        if self.values.ndim > 1:
            raise ValueError(f"Choose a column first: column(j). Received: {self.values.shape[1]} columns")

    def _spread(self, statistic: Callable) -> np.ndarray:
        blocks = np.split(self.values, self.replicates)
        found = np.array([statistic(block) for block in blocks])
        return found.std(axis=0, ddof=1) / math.sqrt(self.replicates)

    def _estimate(self, value: float, statistic: Callable) -> Estimate:
        error = float(self._spread(statistic))
        reach = float(special.stdtrit(self.replicates - 1, 0.975)) * error
        method = f"{self.replicates} scrambles of {self.draws // self.replicates} Sobol points"
        return Estimate(value, error, value - reach, value + reach, self.draws, method)


def simulate(
    model: Callable[[dict[str, np.ndarray]], np.ndarray],
    inputs: Mapping[str, object],
    draws: int,
    seed: int,
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Simulation:
    r"""Monte Carlo of a model with uncertain, correlated inputs.

    Points u of independently scrambled Sobol sequences fill the unit cube evenly; with $z = \Phi^{-1}(u)$ made
    $N(0, R)$ the inputs are $x_i = F_i^{-1}(\Phi(z_i))$ (Gaussian copula). A scramble holds a power of two of points,
    and there are 16 to 32 of them, so ``result.draws`` is a little above ``draws`` (never under 256). Points of one
    scramble are not independent; the scrambles are, and every standard error comes from their spread.

    model: takes {name: array}, gives (draws,) or (draws, columns); called for some 16,000 draws at a time, which stay in
    the processor's cache, so up to there once. inputs: {name: distribution};
    univariate ones arrive as (draws,), ``dirichlet`` ones as (draws, cells). correlations: {(a, b): rho} between
    univariate inputs, rho being the correlation of the normal scores (rank correlations: ``rank_correlation``);
    pairs not named are independent. seed: whole number; the same seed gives the same draws.

    Raises ValueError for unknown names, rho outside -1..1 and a correlation matrix that is not positive
    semi-definite (with its smallest eigenvalue); Undefined where the model gives a value that is not finite.

    Reference: Owen (1997), Monte Carlo variance of scrambled net quadrature, SIAM Journal on Numerical Analysis
    34, pp. 1884-1910; Nelsen, An Introduction to Copulas, section 2.3.

    >>> result = simulate(lambda x: x["volume"] * x["gain"], {"volume": triangular(8, 10, 12), "gain": uniform(1, 3)},
    ...                   draws=4096, seed=1)
    >>> round(result.mean, 2), result.draws, abs(result.mean - 20) < 4 * result.standard_error
    (20.0, 4096, True)
    """
    if not inputs:
        raise ValueError("inputs must name at least one distribution.")
    points_each, replicates = _replication(whole("draws", draws, 1))
    start = whole("seed", seed)
    sizes = {name: _size(name, distribution) for name, distribution in inputs.items()}
    single = [name for name in inputs if sizes[name] == 0]
    root = _correlation_root(single, dict(correlations or {}), sizes)
    total = points_each * replicates
    drawn = {name: np.empty((total, size) if size else total) for name, size in sizes.items()}
    parts, done = [], 0
    for cube in _sobol_blocks(sum(max(size, 1) for size in sizes.values()), points_each, replicates, start):
        rows, used = slice(done, done + len(cube)), 0
        done = rows.stop
        shares = {}
        for name, size in sizes.items():
            shares[name] = cube[:, used : used + size] if size else cube[:, used]
            used += max(size, 1)
        scores = None
        if root is not None:
            scores = root @ special.ndtri(np.array([shares[name] for name in single]))
        here = {}
        for name, distribution in inputs.items():
            if scores is None or name not in single:
                drawn[name][rows] = distribution.ppf(np.ascontiguousarray(shares[name]))
            elif hasattr(distribution, "of_score"):
                drawn[name][rows] = distribution.of_score(scores[single.index(name)])
            else:
                # far in the tail ndtr reaches 1.0 exactly, where an unbounded distribution has no finite value
                share = special.ndtr(scores[single.index(name)])
                drawn[name][rows] = distribution.ppf(np.clip(share, np.finfo(float).tiny, 1 - np.finfo(float).epsneg))
            here[name] = drawn[name][rows]
            here[name].setflags(write=False)
        part = np.asarray(model(here), dtype=float)
        if part.ndim not in (1, 2) or len(part) != len(cube):
            raise ValueError(
                f"The model must give one value (or one row) per draw: {len(cube)}. Received: shape {part.shape}"
            )
        parts.append(part)
    for column in drawn.values():
        column.setflags(write=False)
    values = np.concatenate(parts)
    wrong = np.flatnonzero(~np.isfinite(values.reshape(total, -1)).all(axis=1))
    if len(wrong):
        at = ", ".join(f"{name}={item[wrong[0]]:g}" for name, item in drawn.items() if item.ndim == 1)
        raise Undefined(f"The model has no finite value in {len(wrong)} of {total} draws, first at {at}.")
    values.setflags(write=False)
    return Simulation(values, drawn, total, replicates, start, dict(correlations or {}))


def _size(name: str, distribution) -> int:
    """0 for a univariate distribution, the number of cells for a multivariate one."""
    if not hasattr(distribution, "ppf"):
        raise ValueError(f"inputs[{name!r}] must be a distribution with ppf. Received: {distribution!r}")
    return int(getattr(distribution, "size", 0))


def _replication(draws: int) -> tuple[int, int]:
    """Points per scramble (a power of two) and number of scrambles that together make at least ``draws``."""
    points_each = max(SMALLEST, 2 ** int(math.log2(max(draws / REPLICATES, 1))))
    return points_each, max(REPLICATES, math.ceil(draws / points_each))


def _sobol_blocks(dimensions: int, points_each: int, replicates: int, seed: int) -> Iterator[np.ndarray]:
    """Blocks (rows, dimensions) of numbers strictly inside 0..1: one scramble after the other.

    Together they are replicates * points_each rows; one block has at most BLOCK_ROWS, or is a few small scrambles.
    """
    bits = max(30, int(math.log2(points_each)))
    block = []
    for sequence in np.random.SeedSequence(seed).spawn(replicates):
        sampler = qmc.Sobol(dimensions, scramble=True, bits=bits, rng=np.random.default_rng(sequence))
        block.append(sampler.random(points_each))
        if (len(block) + 1) * points_each > BLOCK_ROWS:
            yield from _pieces(np.concatenate(block), bits)
            block = []
    if block:
        yield from _pieces(np.concatenate(block), bits)


def _pieces(points: np.ndarray, bits: int) -> Iterator[np.ndarray]:
    points += 0.5**bits / 2  # the middle of each cell: never 0, never 1
    yield from (points[begin : begin + BLOCK_ROWS] for begin in range(0, len(points), BLOCK_ROWS))


def _correlation_root(names: list[str], correlations: dict, sizes: Mapping[str, int]) -> np.ndarray | None:
    """A matrix L with L L' = R, or None where nothing is correlated."""
    if not correlations:
        return None
    matrix = np.eye(len(names))
    seen = set()
    for pair, rho in correlations.items():
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise ValueError(f"correlations must be given as {{(a, b): rho}}. Received: {pair!r}")
        for name in pair:
            if name not in sizes:
                raise ValueError(f"correlations name an unknown input. Received: {name!r}; known: {', '.join(sizes)}")
            if name not in names:
                raise ValueError(f"Only inputs of one number can be correlated. Received: {name!r}")
        if pair[0] == pair[1] or frozenset(pair) in seen:
            raise ValueError(f"Each pair of two inputs may be correlated once. Received: {pair!r}")
        seen.add(frozenset(pair))
        a, b = names.index(pair[0]), names.index(pair[1])
        matrix[a, b] = matrix[b, a] = number(f"rho{pair}", rho, -1.0, 1.0)
    return correlation_root(matrix)


def correlation_root(matrix) -> np.ndarray:
    """A matrix L with L L' = ``matrix``; a matrix that is no correlation matrix is refused.

    Raises ValueError with the smallest eigenvalue where the matrix is not positive semi-definite.

    >>> correlation_root([[1.0, 0.6], [0.6, 1.0]]).round(3).tolist()
    [[1.0, 0.0], [0.6, 0.8]]
    """
    given = _base.array("matrix", matrix)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not np.allclose(given, given.T):
        raise ValueError(f"A correlation matrix must be square and symmetric. Received: shape {given.shape}")
    if np.any(np.abs(given) > 1 + 1e-12) or not np.allclose(np.diag(given), 1.0):
        raise ValueError("A correlation matrix has ones on its diagonal and numbers within -1..1 elsewhere.")
    eigenvalues, vectors = np.linalg.eigh(given)
    if eigenvalues[0] < -1e-10:
        raise ValueError(
            "The correlation matrix is not positive semi-definite: no inputs can be correlated like this. "
            f"Change a rho. Received: smallest eigenvalue {eigenvalues[0]:.4g}"
        )
    if eigenvalues[0] > 1e-10:
        return np.linalg.cholesky(given)
    return vectors * np.sqrt(np.clip(eigenvalues, 0.0, None))


@dataclass(frozen=True)
class RankCorrelation(Result):
    """Rank correlations that a Gaussian copula's rho implies; both within -1..1."""

    spearman: float
    kendall: float


def rank_correlation(rho: float) -> RankCorrelation:
    r"""Rank correlations of two inputs whose normal scores have correlation ``rho``, whatever their distributions.

    $$ \rho_{Spearman} = \frac{6}{\pi} \arcsin\frac{\rho}{2}, \qquad \tau_{Kendall} = \frac{2}{\pi} \arcsin \rho $$

    Reference: Kruskal (1958), Ordinal measures of association, Journal of the American Statistical Association
    53, pp. 814-861.

    >>> result = rank_correlation(0.5)
    >>> round(result.spearman, 4), round(result.kendall, 4)
    (0.4826, 0.3333)
    """
    score = number("rho", rho, -1.0, 1.0)
    return RankCorrelation(6 / math.pi * math.asin(score / 2), 2 / math.pi * math.asin(score))


# ---------------------------------------------------------------- sensitivity


@dataclass(frozen=True)
class TornadoRow(Result):
    """One bar: the model's value with one input at its low and its high end, all others at base."""

    name: str
    low_input: float
    high_input: float
    value_at_low: float
    value_at_high: float
    base_value: float

    @property
    def swing(self) -> float:
        """Length of the bar, in the unit of the model."""
        return abs(self.value_at_high - self.value_at_low)


def tornado(
    model: Callable[[dict[str, float]], float], base: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]
) -> tuple[TornadoRow, ...]:
    r"""One-at-a-time sensitivity, the longest bar first: $f(x_1, \ldots, low_i, \ldots, x_n)$ and the same at $high_i$.

    model: takes {name: number}, gives money. base: every input's base value. ranges: {name: (low, high)} for the
    inputs to move. Shows what each input does alone; what they do together is in ``sobol_indices``.

    Reference: Clemen & Reilly, Making Hard Decisions, ch. 5, tornado diagrams.

    >>> rows = tornado(lambda x: x["a"] * x["b"], {"a": 2, "b": 3}, {"a": (1, 3), "b": (0, 6)})
    >>> [(row.name, row.value_at_low, row.value_at_high) for row in rows]
    [('b', 0.0, 12.0), ('a', 3.0, 9.0)]
    """

    def value(**changed: float) -> float:
        result = np.asarray(model({**base, **changed}), dtype=float)
        if result.size != 1 or not np.isfinite(result).all():
            raise Undefined(f"The model has no finite value at {changed or 'its base'}.")
        return float(result.reshape(()))

    unknown = sorted(set(ranges) - set(base))
    if unknown:
        raise ValueError(f"ranges name inputs without a base value. Received: {', '.join(unknown)}")
    at_base = value()
    rows = []
    for name, ends in ranges.items():
        low, high = vector(f"ranges[{name!r}]", ends, 2)
        rows.append(
            TornadoRow(
                name, float(low), float(high), value(**{name: float(low)}), value(**{name: float(high)}), at_base
            )
        )
    return tuple(sorted(rows, key=lambda row: -row.swing))


@dataclass(frozen=True)
class SobolIndices(Result):
    """Shares of the variance by input: ``first`` alone, ``total`` with all interactions; standard errors beside."""

    first: dict[str, float]
    total: dict[str, float]
    first_errors: dict[str, float]
    total_errors: dict[str, float]
    n: int
    seed: int
    method: str = "Saltelli 2010 (first), Jansen 1999 (total); the inputs are taken as INDEPENDENT"


def sobol_indices(
    model: Callable[[dict[str, np.ndarray]], np.ndarray], inputs: Mapping[str, object], n: int = 8192, seed: int = 0
) -> SobolIndices:
    r"""Which input the variance comes from.

    $$ S_i = \frac{V[E(Y|x_i)]}{V[Y]}, \qquad S_{Ti} = 1 - \frac{V[E(Y|x_{\sim i})]}{V[Y]} $$

    model and inputs as in ``simulate``, univariate inputs only, taken as INDEPENDENT: with correlated inputs the
    indices do not split the variance, so read them as those of the uncorrelated model and say so. n: points
    (the model is evaluated about n (inputs + 2) times), spread over 16 to 32 scrambles, whose spread gives the
    standard errors. An estimate near 0 may be slightly negative. Raises Undefined where the model does not vary.

    Reference: Saltelli et al. (2010), Variance based sensitivity analysis of model output, Computer Physics
    Communications 181, table 2; Jansen (1999), the same journal 117, pp. 35-43.

    >>> result = sobol_indices(lambda x: x["a"] + 2 * x["b"], {"a": normal(0, 1), "b": normal(0, 1)}, n=4096)
    >>> {name: round(share, 2) for name, share in result.total.items()}
    {'a': 0.2, 'b': 0.8}
    """
    names = list(inputs)
    several = [name for name in names if _size(name, inputs[name])]
    if several or not names:
        raise ValueError(f"sobol_indices takes inputs of one number each, at least one. Received: {several or 'none'}")
    points_each, replicates = _replication(whole("n", n, 1))
    total = points_each * replicates
    cube = np.concatenate(list(_sobol_blocks(2 * len(names), points_each, replicates, whole("seed", seed))))

    def columns(shares: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(inputs[name].ppf(share), dtype=float) for name, share in zip(names, shares.T, strict=True)]

    def value(parts: list[np.ndarray]) -> np.ndarray:
        result = np.asarray(model(dict(zip(names, parts, strict=True))), dtype=float)
        if result.shape != (total,) or not np.isfinite(result).all():
            raise Undefined(f"The model must give one finite value per draw. Received: shape {result.shape}")
        return result

    a, b = columns(cube[:, : len(names)]), columns(cube[:, len(names) :])
    value_a, value_b = value(a), value(b)
    both = np.concatenate([value_a, value_b])
    centre, variance = both.mean(), both.var()
    if variance <= (1e-12 * max(abs(centre), 1e-300)) ** 2:
        raise Undefined("The model does not vary over its inputs: there is no variance to split.")
    estimates: dict[str, list[dict[str, float]]] = {"first": [{}, {}], "total": [{}, {}]}
    for i, name in enumerate(names):
        mixed = value([*a[:i], b[i], *a[i + 1 :]])
        per_point = {
            "first": (value_b - centre) * (mixed - value_a) / variance,
            "total": (value_a - mixed) ** 2 / (2 * variance),
        }
        for kind, terms in per_point.items():
            blocks = terms.reshape(replicates, points_each).mean(axis=1)
            estimates[kind][0][name] = float(blocks.mean())
            estimates[kind][1][name] = float(blocks.std(ddof=1) / math.sqrt(replicates))
    return SobolIndices(
        estimates["first"][0], estimates["total"][0], estimates["first"][1], estimates["total"][1], total, seed
    )


# ---------------------------------------------------------------- scenarios, tails, risked flows


@dataclass(frozen=True)
class ScenarioValue(Result):
    """Probability-weighted mean and standard deviation over named scenarios, in the unit of the values."""

    mean: float
    sd: float
    low: float
    high: float
    method: str = "probability-weighted scenarios; low..high are the worst and the best scenario"

    @property
    def value(self) -> float:
        """The probability-weighted mean."""
        return self.mean


def scenarios(values: Mapping[str, float], probabilities: Mapping[str, float]) -> ScenarioValue:
    r"""Expected value over scenarios: $E = \sum_i p_i V_i$, $sd = \sqrt{\sum_i p_i (V_i - E)^2}$.

    values: {name: money}; probabilities: {name: fraction}, the same names, summing to 1 within 1e-6.

    Reference: Clemen & Reilly, Making Hard Decisions, ch. 7, expected value and variance.

    >>> result = scenarios({"low": -200, "base": 150, "high": 600}, {"low": 0.25, "base": 0.5, "high": 0.25})
    >>> round(result.mean, 4), round(result.sd, 4)
    (175.0, 283.9454)
    """
    _base.same_names("values", values, "probabilities", probabilities)
    shares = _base.probabilities(probabilities)
    worth = {name: number(f"values[{name!r}]", value) for name, value in values.items()}
    mean = sum(shares[name] * worth[name] for name in shares)
    variance = sum(shares[name] * (worth[name] - mean) ** 2 for name in shares)
    return ScenarioValue(mean, math.sqrt(variance), min(worth.values()), max(worth.values()))


@dataclass(frozen=True)
class TailValue(Result):
    """A point of the lower tail, in the unit of the outcomes (an outcome, not a loss). n is 0 for a distribution."""

    value: float
    level: float
    n: int
    method: str


def value_at_risk(outcomes, level: float = 0.95) -> TailValue:
    r"""The outcome that is not undercut with probability ``level``: the quantile $F^{-1}(1 - level)$.

    outcomes: draws of money (an array) or a distribution with ``ppf``. The sign is that of an outcome: a
    negative number is a loss. level: fraction, 0.95 gives the 5 % point.

    Reference: McNeil, Frey & Embrechts, Quantitative Risk Management (2nd ed.), section 2.3.

    >>> round(value_at_risk(normal(100, 30), 0.95).value, 4)
    50.6544
    """
    tail = 1 - _base.level(level)
    if hasattr(outcomes, "ppf"):
        return TailValue(float(outcomes.ppf(tail)), level, 0, "inverse of the distribution")
    draws = vector("outcomes", outcomes)
    return TailValue(float(np.quantile(draws, tail)), level, len(draws), "percentile of the draws, linear between")


def conditional_value_at_risk(outcomes, level: float = 0.95) -> TailValue:
    r"""The mean of the worst outcomes: $\frac{1}{1-\alpha} \int_0^{1-\alpha} F^{-1}(u)\,du$.

    Arguments and sign as in ``value_at_risk``; never above it. For draws, the worst (1 - level) n of them are
    averaged, the last one in part where that is not a whole number.

    Reference: Rockafellar & Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2,
    pp. 21-41.

    >>> round(conditional_value_at_risk(normal(100, 30), 0.95).value, 4)
    38.1186
    >>> conditional_value_at_risk([5, 1, 2, 3, 4], 0.6).value
    1.5
    """
    tail = 1 - _base.level(level)
    if isinstance(outcomes, Normal):
        density = math.exp(-(special.ndtri(tail) ** 2) / 2) / math.sqrt(2 * math.pi)
        return TailValue(outcomes.mean - outcomes.sd * density / tail, level, 0, "closed form")
    if hasattr(outcomes, "ppf"):
        area, _ = integrate.quad(lambda share: float(outcomes.ppf(share)), 0.0, tail, limit=200)
        return TailValue(area / tail, level, 0, "integral of the inverse distribution")
    draws = np.sort(vector("outcomes", outcomes))
    weights = np.clip(tail * len(draws) - np.arange(len(draws)), 0.0, 1.0)
    return TailValue(float(weights @ draws / weights.sum()), level, len(draws), "mean of the worst draws")


def risk_adjusted_npv(rate: float, cash_flows, success_probabilities) -> float:
    r"""Expected net present value of a project that may stop after each stage.

    $$ rNPV = \sum_{t=0}^{n} \frac{CF_t \prod_{s \le t} p_s}{(1+r)^t} $$

    cash_flows: signed money, t = 0 first. success_probabilities: as many fractions; p_t is the chance that the
    project, alive until then, goes on to flow t. The cost of a stage is paid before its outcome is known, so p_0
    is 1 for money spent at once, and a stage's success rate stands at the first flow AFTER that stage. The rate
    holds no premium for failure: that risk would be counted twice.

    Reference: Stewart, Allison & Johnson (2001), Putting a price on biotechnology, Nature Biotechnology 19,
    pp. 813-817.

    >>> round(risk_adjusted_npv(0.10, [-100, 0, 242], [1.0, 0.6, 1.0]), 4)
    20.0
    """
    flows = vector("cash_flows", cash_flows)
    chances = vector("success_probabilities", success_probabilities)
    same_length(cash_flows=flows, success_probabilities=chances)
    if np.any((chances < 0) | (chances > 1)):
        raise ValueError(f"success_probabilities must be within 0..1. Received: {chances.tolist()}")
    factors = (1 + rate_of(rate)) ** -np.arange(len(flows), dtype=float)
    return _base.finite("The risk-adjusted net present value", float(flows * np.cumprod(chances) @ factors))


def _scalar(item):
    """A numpy number as a float; arrays as they are."""
    return float(item) if np.ndim(item) == 0 else item
