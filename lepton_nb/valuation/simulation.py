"""Monte Carlo of a model with uncertain, correlated inputs, with the error of every number that comes out.

Inputs are distributions with ``ppf``: those of ``distributions``, or any frozen one of ``scipy.stats``. Models are
functions of a dictionary of arrays, one number per draw, and work on whole arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy import special
from scipy.stats import qmc

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import Numbers, Record, Result, Undefined, mapping, number, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.intervals import clopper_pearson_interval

__all__ = [
    "Estimate",
    "RankCorrelation",
    "Simulation",
    "rank_correlation",
    "simulate",
]

REPLICATES = 16  # at least so many independent scrambles; their spread gives every standard error
SMALLEST = 16  # points in one scramble
BLOCK_ROWS = 2**14  # draws that are made at a time, fewer where there are many inputs:
BLOCK_NUMBERS = 2**26  # so many of their numbers (512 MiB)
SOBOL_DIMENSIONS = (
    2**10
)  # the inputs after these have pseudo-random numbers: evenness in so many dimensions is lost anyway
PERCENTILES = (5, 25, 50, 75, 95)
NORMAL_REACH = 1.959963984540054
FEW = 10  # draws
MOST_DRAWS = 2**27


@dataclass(frozen=True)
class Estimate(Record):
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
class Simulation(Record):
    """Draws of a model. ``values`` is (draws,) or (draws, columns); every input is kept by name.

    For values with columns, ``mean``, ``sd``, ``standard_error`` and the percentiles are arrays, one number a
    column; ``column(j)`` gives one column as its own Simulation.
    """

    is_finite: ClassVar[bool] = True

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
        """Monte Carlo standard errors of ``percentiles``: a quarter or so of their 95 % intervals."""
        table = self.values.reshape(self.draws, -1)
        errors = {}
        for percent in PERCENTILES:
            ends = [self._order_statistics(np.sort(column), column, percent / 100) for column in table.T]
            found = np.array([(high - low) / (2 * NORMAL_REACH) for low, high in ends])
            errors[percent] = _scalar(found[0] if self.values.ndim == 1 else found)
        return errors

    @property
    def interval(self) -> tuple:
        """The 90 % interval of the value: its 5 and 95 % points."""
        low, high = np.percentile(self.values, (5, 95), axis=0)
        return _scalar(low), _scalar(high)

    def percentile(self, percent: float) -> Estimate:
        r"""The value that ``percent`` of the draws do not exceed, with its Monte Carlo interval. One column only.

        The interval runs between two order statistics: those between which the true point lies with 95 % (Hutson's
        fractional order statistics), for as many independent draws as the Sobol points stand for by the spread of the
        replicates' shares below the point. The standard error is its length over 3.92. Raises Undefined where the
        draws are too few for an end of the interval, as they always are at 0 and 100.

        Reference: Hutson (1999), Calculating nonparametric confidence intervals for quantiles using fractional order
        statistics, Journal of Applied Statistics 26, pp. 343-353; Korn & Graubard (1998), Confidence intervals for
        proportions with small expected number of positive counts, Survey Methodology 24, pp. 193-201.
        """
        share = number("percent", percent, 0.0, 100.0) / 100
        self._one_column()
        low, high = self._order_statistics(np.sort(self.values), self.values, share)
        error = (high - low) / (2 * NORMAL_REACH)
        return Estimate(float(np.quantile(self.values, share)), error, low, high, self.draws, self._told())

    def _order_statistics(self, ordered: np.ndarray, draws: np.ndarray, share: float) -> tuple[float, float]:
        """Ends of the 95 % interval of the ``share`` point of one column, between its ordered draws."""
        if ordered[0] == ordered[-1]:
            return float(ordered[0]), float(ordered[0])
        point = float(np.quantile(ordered, share))
        blocks = (draws.reshape(self.replicates, -1) <= point).mean(axis=1)
        variance = float(blocks.var(ddof=1)) / self.replicates
        reach = float(special.stdtrit(self.replicates - 1, 0.975))
        # the variance itself is estimated, from few replicates: hence Student's reach over the normal one
        variance = max(variance, 1 / self.draws**2) * (reach / NORMAL_REACH) ** 2
        count = share * (1 - share) / variance  # independent draws of the same error
        low, high = (_fractional_rank(share, count, level) for level in (0.975, 0.025))
        ranks = np.array([low, high]) * (self.draws + 1)
        if not (ranks[0] >= 1 and ranks[1] <= self.draws):
            raise Undefined(
                f"{self.draws} draws, worth {count:.0f} independent ones here, are too few for an interval of the "
                f"{100 * share:g} % point: an end of it lies beyond all of them."
            )
        found = np.interp(ranks, np.arange(1, self.draws + 1), ordered)
        return float(found[0]), float(found[1])

    def probability_below(self, x: float = 0.0) -> Estimate:
        """Share of the draws below ``x``. One column only.

        Where fewer than 10 draws are on one side, low..high is the exact binomial interval for that many independent
        draws: the replicates say little then, and an event never drawn is not impossible.
        """
        threshold = number("x", x)
        self._one_column()
        count = int(np.count_nonzero(self.values < threshold))
        estimate = self._estimate(count / self.draws, lambda block: np.mean(block < threshold))
        if min(count, self.draws - count) >= FEW:
            low, high = max(estimate.low, 0.0), min(estimate.high, 1.0)
        else:
            low, high = clopper_pearson_interval(count, self.draws)
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
            "mean": _base.plain(self.mean),
            "sd": _base.plain(self.sd),
            "standard_error": _base.plain(self.standard_error),
            "percentiles": _base.plain(self.percentiles),
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
        return Estimate(value, error, value - reach, value + reach, self.draws, self._told())

    def _told(self) -> str:
        return f"{self.replicates} scrambles of {self.draws // self.replicates} Sobol points"


def _fractional_rank(share: float, count: float, level: float) -> float:
    """u at which the u-th fractional order statistic of ``count`` draws lies below the ``share`` point with ``level``."""
    if not 0 < share < 1:
        return math.nan
    size = count + 1
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = special.betainc(size * middle, size * (1 - middle), share)  # falls with the rank
        low, high = (middle, high) if below > level else (low, middle)
    return (low + high) / 2


@guarded
def simulate(
    model: Callable[[dict[str, np.ndarray]], np.ndarray],
    inputs: Mapping[str, object],
    draws: int,
    seed: int,
    correlations: Mapping[tuple[str, str], float] | None = None,
    keep_inputs: bool = True,
) -> Simulation:
    r"""Monte Carlo of a model with uncertain, correlated inputs.

    Points u of independently scrambled Sobol sequences fill the unit cube evenly; with $z = \Phi^{-1}(u)$ made
    $N(0, R)$ the inputs are $x_i = F_i^{-1}(\Phi(z_i))$ (Gaussian copula). Inputs after the first
    1,024 numbers take pseudo-random ones, drawn anew for each scramble. A scramble holds a power of two of points,
    and there are 16 to 32 of them, so ``result.draws`` is a little above ``draws`` (never under 256). Points of one
    scramble are not independent; the scrambles are, and every standard error comes from their spread.

    model: takes {name: array}, gives (draws,) or (draws, columns); called for some 16,000 draws at a time, which stay in
    the processor's cache, so up to there once. inputs: {name: distribution};
    univariate ones arrive as (draws,), ``dirichlet`` ones as (draws, cells). correlations: {(a, b): rho} between
    univariate inputs, rho being the correlation of the normal scores (rank correlations: ``rank_correlation``);
    pairs not named are independent. seed: whole number; the same seed gives the same draws. keep_inputs: False leaves
    the result's ``inputs`` empty, which spares 8 bytes a draw and input.

    Raises ValueError for unknown names, rho outside -1..1 and a correlation matrix that is not positive
    semi-definite (with its smallest eigenvalue); Undefined where the model gives a value that is not finite.

    Reference: Owen (1997), Monte Carlo variance of scrambled net quadrature, SIAM Journal on Numerical Analysis
    34, pp. 1884-1910; Nelsen, An Introduction to Copulas, section 2.3.

    >>> from lepton_nb.valuation.distributions import triangular, uniform
    >>> result = simulate(lambda x: x["volume"] * x["gain"], {"volume": triangular(8, 10, 12), "gain": uniform(1, 3)},
    ...                   draws=4096, seed=1)
    >>> round(result.mean, 2), result.draws, abs(result.mean - 20) < 4 * result.standard_error
    (20.0, 4096, True)
    """
    mapping("inputs", inputs)
    points_each, replicates = replication(whole("draws", draws, 1, MOST_DRAWS))
    start = whole("seed", seed)
    sizes = {name: size_of(name, distribution) for name, distribution in inputs.items()}
    single = [name for name in inputs if sizes[name] == 0]
    related, root = _correlation_root(single, dict(correlations or {}), sizes)
    place = {name: index for index, name in enumerate(related)}
    total = points_each * replicates
    drawn = {name: np.empty((total, size) if size else total) for name, size in sizes.items() if keep_inputs}
    parts, done, wrong, first_wrong = [], 0, 0, ""
    for cube in sobol_blocks(sum(max(size, 1) for size in sizes.values()), points_each, replicates, start):
        rows, used = slice(done, done + len(cube)), 0
        done = rows.stop
        shares = {}
        for name, size in sizes.items():
            shares[name] = cube[:, used : used + size] if size else cube[:, used]
            used += max(size, 1)
        scores = root @ special.ndtri(np.array([shares[name] for name in related])) if related else None
        here = {}
        for name, distribution in inputs.items():
            if name not in place:
                here[name] = distribution.ppf(np.ascontiguousarray(shares[name]))
            elif hasattr(distribution, "of_score"):
                here[name] = distribution.of_score(scores[place[name]])
            else:
                # far in the tail ndtr reaches 1.0 exactly, where an unbounded distribution has no finite value
                share = special.ndtr(scores[place[name]])
                here[name] = distribution.ppf(np.clip(share, np.finfo(float).tiny, 1 - np.finfo(float).epsneg))
            if keep_inputs:
                drawn[name][rows] = here[name]
            here[name].setflags(write=False)
        part = _base.given_by_model(model(here))
        if part.ndim not in (1, 2) or len(part) != len(cube):
            raise ValueError(
                f"The model must give one value (or one row) per draw: {len(cube)}. Received: shape {part.shape}"
            )
        not_finite = np.flatnonzero(~np.isfinite(part.reshape(len(part), -1)).all(axis=1))
        if len(not_finite) and not wrong:
            at = not_finite[0]
            first_wrong = ", ".join(f"{name}={item[at]:g}" for name, item in here.items() if item.ndim == 1)
        wrong += len(not_finite)
        parts.append(part)
    for column in drawn.values():
        column.setflags(write=False)
    if wrong:
        raise Undefined(f"The model has no finite value in {wrong} of {total} draws, first at {first_wrong}.")
    values = np.concatenate(parts)
    values.setflags(write=False)
    return Simulation(values, drawn, total, replicates, start, dict(correlations or {}))


def size_of(name: str, distribution) -> int:
    """0 for a univariate distribution, the number of cells for a multivariate one."""
    if not hasattr(distribution, "ppf"):
        raise ValueError(f"inputs[{name!r}] must be a distribution with ppf. Received: {distribution!r}")
    return int(getattr(distribution, "size", 0))


def replication(draws: int) -> tuple[int, int]:
    """Points per scramble (a power of two) and number of scrambles that together make at least ``draws``."""
    points_each = max(SMALLEST, 2 ** int(math.log2(max(draws / REPLICATES, 1))))
    return points_each, max(REPLICATES, math.ceil(draws / points_each))


def sobol_blocks(dimensions: int, points_each: int, replicates: int, seed: int) -> Iterator[np.ndarray]:
    """Blocks (rows, dimensions) of numbers strictly inside 0..1: one scramble after the other.

    Together they are replicates * points_each rows; one block has at most BLOCK_ROWS and some BLOCK_NUMBERS numbers, or
    is a few small scrambles. Dimensions after SOBOL_DIMENSIONS are pseudo-random and independent of one another.
    A block is written over by the next: who keeps one copies it.
    """
    bits = max(30, int(math.log2(points_each)))
    most = max(1, min(BLOCK_ROWS, BLOCK_NUMBERS // dimensions))
    even = min(dimensions, SOBOL_DIMENSIONS)
    scrambles = np.random.SeedSequence(seed).spawn(replicates)
    others = np.empty((dimensions - even, points_each))
    together = max(1, most // points_each)
    numbers = np.empty((dimensions, min(together, replicates) * points_each))  # each dimension is read alone
    for begin in range(0, replicates, together):
        here = scrambles[begin : begin + together]
        columns = numbers[:, : len(here) * points_each]
        for at, sequence in enumerate(here):
            place = slice(at * points_each, (at + 1) * points_each)
            rng = np.random.default_rng(sequence)
            points = qmc.Sobol(even, scramble=True, bits=bits, rng=rng).random(points_each)
            columns[:even, place] = points.T + 0.5**bits / 2  # the middle of each cell: never 0, never 1
            rng.random(out=others)
            np.add(others, 0.5**55, out=columns[even:, place])  # never 0, and rounds to no 1
        yield from (columns[:, first : first + most].T for first in range(0, columns.shape[1], most))


def _correlation_root(
    names: list[str], correlations: dict, sizes: Mapping[str, int]
) -> tuple[list[str], np.ndarray | None]:
    """Those of ``names`` that are correlated, and a matrix L with L L' = R; no names and None where nothing is."""
    named = {name for pair in correlations if isinstance(pair, tuple) for name in pair}
    related = [name for name in names if name in named]
    matrix = np.eye(len(related))
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
        a, b = related.index(pair[0]), related.index(pair[1])
        matrix[a, b] = matrix[b, a] = number(f"rho{pair}", rho, -1.0, 1.0)
    return related, correlation_root(matrix) if related else None


@guarded
def correlation_root(matrix: Numbers) -> np.ndarray:
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


@guarded
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


def _scalar(item):
    """A numpy number as a float; arrays as they are."""
    return float(item) if np.ndim(item) == 0 else item
