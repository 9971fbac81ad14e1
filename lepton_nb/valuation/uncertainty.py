"""Uncertainty of a value: Monte Carlo, sensitivity, scenarios, tail measures, risked cash flows.

The distributions are in ``distributions`` and the Monte Carlo is in ``simulation``; both are to be had from here too.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import integrate, special

from lepton_nb.valuation import _base, simulation
from lepton_nb.valuation._base import Numbers, Record, Result, Undefined, number, rate_of, same_length, vector, whole
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.distributions import (
    Constant,
    Dirichlet,
    Distribution,
    LogNormal,
    Normal,
    Pert,
    Triangular,
    Uniform,
    constant,
    dirichlet,
    lognormal,
    normal,
    pert,
    triangular,
    uniform,
)
from lepton_nb.valuation.simulation import REPLICATES, Estimate, RankCorrelation, Simulation, rank_correlation, simulate

__all__ = [
    "REPLICATES",
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


@dataclass(frozen=True)
class TornadoRow(Record):
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


@guarded
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
        result = _base.given_by_model(model({**base, **changed}))
        if result.size != 1 or not np.isfinite(result).all():
            raise Undefined(f"The model has no finite value at {changed or 'its base'}.")
        return float(result.reshape(()))

    unknown = sorted(set(ranges) - set(base))
    if unknown:
        raise ValueError(f"ranges name inputs without a base value. Received: {', '.join(unknown)}")
    at_base = value()
    rows = []
    for name, ends in ranges.items():
        low, high = vector(f"ranges[{name!r}]", _base.row(f"ranges[{name!r}]", ends, 2, "(low, high)"), 2)
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


@guarded
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
    several = [name for name in names if simulation.size_of(name, inputs[name])]
    if several or not names:
        raise ValueError(f"inputs must be of one number each, at least one. Received: {several or 'none'}")
    points_each, replicates = simulation.replication(whole("n", n, 1, simulation.MOST_DRAWS))
    total = points_each * replicates
    blocks = simulation.sobol_blocks(2 * len(names), points_each, replicates, whole("seed", seed))
    cube = np.concatenate([block.copy() for block in blocks])

    def columns(shares: np.ndarray) -> list[np.ndarray]:
        return [np.asarray(inputs[name].ppf(share), dtype=float) for name, share in zip(names, shares.T, strict=True)]

    def value(parts: list[np.ndarray]) -> np.ndarray:
        result = _base.given_by_model(model(dict(zip(names, parts, strict=True))))
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


@guarded
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


@guarded
def value_at_risk(outcomes: Numbers | Distribution, level: float = 0.95) -> TailValue:
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


@guarded
def conditional_value_at_risk(outcomes: Numbers | Distribution, level: float = 0.95) -> TailValue:
    r"""The mean of the worst outcomes: $\frac{1}{1-\alpha} \int_0^{1-\alpha} F^{-1}(u)\,du$.

    Arguments and sign as in ``value_at_risk``; never above it. For draws, the worst (1 - level) n of them are
    averaged, the last one in part where that is not a whole number. Raises Undefined for a distribution whose lower tail
    has no mean, such as Cauchy's: draws from it give a number that means nothing.

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
        return TailValue(_tail_mean(outcomes, tail), level, 0, "integral of the inverse distribution")
    draws = np.sort(vector("outcomes", outcomes))
    weights = np.clip(tail * len(draws) - np.arange(len(draws)), 0.0, 1.0)
    return TailValue(float(weights @ draws / weights.sum()), level, len(draws), "mean of the worst draws")


def _tail_mean(outcomes: Distribution, tail: float) -> float:
    """Mean of the lowest ``tail`` of a distribution; Undefined where the integral does not exist."""
    depths = np.array([tail * 10.0**-k for k in (20, 40)])
    with np.errstate(all="ignore"):
        low = np.asarray([float(outcomes.ppf(depth)) for depth in depths])
        # losses that grow like u^-s near u = 0 have a mean for s < 1
        steep = math.log(low[1] / low[0]) / math.log(depths[0] / depths[1]) if np.all(low < 0) else 0.0
    if not np.isfinite(low).all() or steep > 1 - 1e-3:
        raise Undefined("The lower tail of this distribution is too heavy to have a mean: there is no such value.")
    reach = 700 * math.log(2)  # u = tail e^-y: a tail that grows like a power falls off like an exponential
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", integrate.IntegrationWarning)
        parts = [
            integrate.quad(lambda y: float(outcomes.ppf(tail * math.exp(-y))) * math.exp(-y), low, high, limit=400)[0]
            for low, high in itertools.pairwise((0.0, 2.0, 20.0, 100.0, reach))
        ]
    return math.fsum(parts)


@guarded
def risk_adjusted_npv(
    rate: float, cash_flows: Numbers, success_probabilities: Numbers, times: Numbers | None = None
) -> float:
    r"""Expected net present value of a project that may stop after each stage.

    $$ rNPV = \sum_{i=0}^{n} \frac{CF_i \prod_{s \le i} p_s}{(1+r)^{t_i}} $$

    cash_flows: signed money, t = 0 first. times: years from now of each flow, rising; None for 0, 1, 2, …. success_probabilities: as many fractions; p_t is the chance that the
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
    years = np.arange(len(flows), dtype=float) if times is None else vector("times", times)
    same_length(cash_flows=flows, times=years)
    if np.any(years < 0) or np.any(np.diff(years) < 0):
        raise ValueError(f"times must rise from 0 or later. Received: {years.tolist()}")
    factors = (1 + rate_of(rate)) ** -years
    return _base.finite("The risk-adjusted net present value", float(flows * np.cumprod(chances) @ factors))
