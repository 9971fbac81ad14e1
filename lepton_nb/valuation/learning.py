"""What it is worth to know more before one decides: perfect and sample information, of samples, states and normal beliefs."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import (
    Numbers,
    Result,
    array,
    mapping,
    number,
    same_length,
    shown,
    vector,
    whole,
)
from lepton_nb.valuation._guard import guarded

__all__ = [
    "Information",
    "SampleInformation",
    "StudyInformation",
    "evpi",
    "evpi_normal",
    "evpi_samples",
    "evppi",
    "evppi_states",
    "evsi",
    "evsi_states",
]


@dataclass(frozen=True)
class Information(Result):
    """Most that (perfect) information is worth, money, never negative; the means show what is best without it."""

    value: float
    standard_error: float  # Monte Carlo error; 0 where nothing is drawn
    best: str
    means: dict[str, float]
    n: int
    method: str


@guarded
def evpi(prior: Mapping[str, float], payoffs: Mapping[str, Mapping[str, float]]) -> Information:
    r"""Expected value of perfect information over states of the world.

    $$ EVPI = \sum_s p_s \max_a V(a, s) - \max_a \sum_s p_s V(a, s) $$

    prior: {state: fraction}, summing to 1; payoffs: {action: {state: money}}. No study of any kind can be worth more.

    Reference: Clemen & Reilly, Making Hard Decisions, ch. 12, expected value of perfect information.

    >>> market = {"risky": {"up": 1500, "same": 100, "down": -1000}, "safe": {"up": 500, "same": 500, "down": 500}}
    >>> result = evpi({"up": 0.5, "same": 0.3, "down": 0.2}, market)
    >>> result.best, round(result.means["risky"], 6), round(result.value, 6)
    ('risky', 580.0, 420.0)
    """
    chances, worth = _states(prior, payoffs)
    means = _means(chances, worth)
    best = max(means, key=means.get)
    knowing = math.fsum(chances[state] * max(outcome[state] for outcome in worth.values()) for state in chances)
    return Information(max(knowing - means[best], 0.0), 0.0, best, means, 0, "discrete states")


@guarded
def evpi_normal(mean: float, sd: float, threshold: float = 0.0) -> Information:
    r"""Expected value of perfect information on a normal value that is worth having above a threshold.

    $$ EVPI = s\,L(z), \quad z = |m - threshold|/s, \quad L(z) = \phi(z) - z\,(1 - \Phi(z)) $$

    mean m, sd s >= 0: of the net value, money; the choice is between having it (value minus threshold) and not (0).

    Reference: Raiffa & Schlaifer (1961), Applied Statistical Decision Theory, section 5.4 (unit normal loss).

    >>> round(evpi_normal(20, 50).value, 4)
    11.5219
    """
    excess, spread = number("mean", mean) - number("threshold", threshold), number("sd", sd, 0.0)
    best = "have" if excess > 0 else "do without"
    return Information(
        _normal_loss(excess, spread), 0.0, best, {"have": excess, "do without": 0.0}, 0, "unit normal loss integral"
    )


@guarded
def evpi_samples(net_benefits: Mapping[str, np.ndarray]) -> Information:
    r"""Expected value of perfect information from draws: $E[\max_a V_a] - \max_a E[V_a]$.

    net_benefits: {action: (draws,) money}, all from the same draws of the uncertain inputs. The standard error takes
    the draws as independent.

    Reference: Claxton (1999), Journal of Health Economics 18, pp. 341-364; draws as in Strong et al. (2014).

    >>> result = evpi_samples({"build": [30, -10, 40, -20], "leave": [0, 0, 0, 0]})
    >>> result.value, result.best
    (7.5, 'build')
    """
    names, benefits = _benefits(net_benefits)
    means = benefits.mean(axis=0)
    best = int(np.argmax(means))
    regret = benefits.max(axis=1) - benefits[:, best]
    error = float(regret.std(ddof=1) / math.sqrt(len(regret)))
    table = dict(zip(names, means.tolist(), strict=True))
    return Information(float(regret.mean()), error, names[best], table, len(regret), "draws, independent")


@guarded
def evppi(parameters: Numbers, net_benefits: Mapping[str, np.ndarray], degree: int = 4) -> Information:
    r"""Expected value of knowing some inputs exactly: $E_\theta[\max_a E(V_a|\theta)] - \max_a E[V_a]$.

    The inner mean is a regression of every action's net benefit on polynomials of the parameters. parameters: (draws,)
    or (draws, k), the inputs to be known; net_benefits: {action: (draws,) money}. degree: of the polynomial; with
    several parameters all products up to it are used. Cut to 0..EVPI. The regression is slightly optimistic with few
    draws per term, so at least 20 draws per term are asked for.

    Reference: Strong, Oakley & Brennan (2014), Estimating multiparameter partial expected value of perfect information,
    Medical Decision Making 34, pp. 311-326.

    >>> theta = np.linspace(-1, 1, 2001)
    >>> round(evppi(theta, {"build": 100 * theta, "leave": 0 * theta}, degree=4).value, 1)
    25.0
    """
    names, benefits = _benefits(net_benefits)
    known = array("parameters", parameters, (1, 2))
    known = known[:, None] if known.ndim == 1 else known
    same_length(parameters=known, net_benefits=benefits)
    spread = known.std(axis=0)
    known = (known[:, spread > 0] - known[:, spread > 0].mean(axis=0)) / spread[spread > 0]
    columns = [np.ones(len(known))]
    for power in range(1, whole("degree", degree, 1, 12) + 1):
        for chosen in itertools.combinations_with_replacement(range(known.shape[1]), power):
            columns.append(functools.reduce(np.multiply, known.T[list(chosen)]))
    if len(known) < 20 * len(columns):
        raise ValueError(
            f"{len(columns)} terms need at least {20 * len(columns)} draws; lower the degree or draw more. "
            f"Received: {len(known)} draws"
        )
    basis = np.column_stack(columns)
    fitted = basis @ np.linalg.lstsq(basis, benefits, rcond=None)[0]
    means = benefits.mean(axis=0)
    best = int(np.argmax(means))
    regret = functools.reduce(np.maximum, fitted.T) - fitted[:, best]
    error = float(regret.std(ddof=1) / math.sqrt(len(regret)))
    perfect = float((functools.reduce(np.maximum, benefits.T) - benefits[:, best]).mean())
    table = dict(zip(names, means.tolist(), strict=True))
    value = min(float(regret.mean()), perfect)
    return Information(value, error, names[best], table, len(regret), f"regression, polynomial of degree {degree}")


@dataclass(frozen=True)
class SampleInformation(Result):
    """What a study is worth before it is made; money. ``net`` is after its cost."""

    value: float
    net: float
    perfect: float  # what perfect information would be worth
    preposterior_sd: float
    n: int
    method: str = "normal prior, normal data, known sampling standard deviation"


@guarded
def evsi(
    mean: float,
    sd: float,
    sampling_sd: float,
    n: int,
    threshold: float = 0.0,
    study_cost: float = 0.0,
    scale: float = 1.0,
) -> SampleInformation:
    r"""Expected value of a sample of n more cases, before it is drawn.

    $$ s = \frac{\sigma_0^2}{\sqrt{\sigma_0^2 + \sigma^2/n}}, \qquad EVSI = s\,L(|m - threshold|/s) \cdot scale $$

    mean m, sd sigma_0: what is now known of the value per case (e.g. a paired gain and its standard error); sampling_sd
    sigma: standard deviation of one further case; n: cases to collect, 0 is worth 0. threshold: value per case from
    which the model is used. scale: cases that the decision concerns (volume, discounted). study_cost: positive money.
    Rises with n towards the value of perfect information.

    Reference: Raiffa & Schlaifer (1961), Applied Statistical Decision Theory, section 5.5 (preposterior analysis).

    >>> result = evsi(20, 50, sampling_sd=200, n=100, study_cost=2)
    >>> round(result.value, 4), round(result.net, 4), round(result.perfect, 4)
    (10.213, 8.213, 11.5219)
    """
    spread, noise = number("sd", sd, 0.0), number("sampling_sd", sampling_sd, 0.0)
    cases, cost = whole("n", n), number("study_cost", study_cost, 0.0)
    size, excess = number("scale", scale, 0.0), number("mean", mean) - number("threshold", threshold)
    if cases == 0 or spread == 0:
        learned = 0.0
    else:
        learned = spread**2 / math.sqrt(spread**2 + noise**2 / cases)
    value = _normal_loss(excess, learned) * size
    return SampleInformation(value, value - cost, _normal_loss(excess, spread) * size, learned, cases)


@dataclass(frozen=True)
class StudyInformation(Result):
    """What a study with a few possible signals is worth before it is made; money. ``net`` is after its cost."""

    value: float
    net: float
    perfect: float  # what perfect information would be worth
    best: str  # without the study
    actions: dict[str, str]  # the best action after each signal
    signals: dict[str, float]  # chance of each signal
    posteriors: dict[str, dict[str, float]]  # chance of each state after each signal
    method: str = "states and signals, Bayes' rule"


@guarded
def evsi_states(
    prior: Mapping[str, float],
    likelihoods: Mapping[str, Mapping[str, float]],
    payoffs: Mapping[str, Mapping[str, float]],
    study_cost: float = 0.0,
) -> StudyInformation:
    r"""Expected value of a study that gives one of a few signals about the state of the world, as in a decision tree.

    $$ EVSI = \sum_x P(x) \max_a \sum_s P(s|x)\, V(a, s) - \max_a \sum_s P(s)\, V(a, s), \quad
       P(s|x) = \frac{P(x|s) P(s)}{P(x)} $$

    prior: {state: fraction}, summing to 1; likelihoods: {state: {signal: fraction}}, how likely each signal is in that
    state, summing to 1 for every state, the same signals for all; payoffs: {action: {state: money}}; study_cost: positive
    money. A signal that never comes is left out. Never more than ``evpi``.

    Reference: Raiffa & Schlaifer (1961), Applied Statistical Decision Theory, ch. 4; Clemen & Reilly, Making Hard
    Decisions, ch. 12, expected value of imperfect information.

    >>> market = {"risky": {"up": 1500, "same": 100, "down": -1000}, "safe": {"up": 500, "same": 500, "down": 500}}
    >>> expert = {"up": {"says up": 0.8, "says same": 0.1, "says down": 0.1},
    ...           "same": {"says up": 0.15, "says same": 0.7, "says down": 0.15},
    ...           "down": {"says up": 0.2, "says same": 0.2, "says down": 0.6}}
    >>> result = evsi_states({"up": 0.5, "same": 0.3, "down": 0.2}, expert, market)
    >>> round(result.value, 2), result.actions["says down"], round(result.posteriors["says up"]["up"], 4)
    (242.0, 'safe', 0.8247)
    """
    chances, worth = _states(prior, payoffs)
    _base.same_names("prior", chances, "likelihoods", likelihoods)
    tables = {state: _base.probabilities(likelihoods[state], f"likelihoods[{state!r}]") for state in chances}
    names = list(next(iter(tables.values())))
    for state in chances:
        _base.same_names(
            f"likelihoods[{next(iter(chances))!r}]", dict.fromkeys(names), f"likelihoods[{state!r}]", tables[state]
        )
    cost = number("study_cost", study_cost, 0.0)
    means = _means(chances, worth)
    best = max(means, key=means.get)
    knowing, actions, signals, posteriors = 0.0, {}, {}, {}
    for signal in names:
        together = {state: chances[state] * tables[state][signal] for state in chances}
        chance = math.fsum(together.values())
        if chance == 0:
            continue
        after = _means(together, worth)
        actions[signal] = max(after, key=after.get)
        knowing += after[actions[signal]]
        signals[signal], posteriors[signal] = chance, {state: share / chance for state, share in together.items()}
    value = max(knowing - means[best], 0.0)
    perfect = evpi(prior, payoffs).value
    return StudyInformation(value, value - cost, perfect, best, actions, signals, posteriors)


@guarded
def evppi_states(
    prior: Mapping[str, float], payoffs: Mapping[str, Mapping[str, float]], known: Mapping[str, str]
) -> Information:
    r"""Expected value of learning one thing about the state of the world: which group it belongs to.

    $$ EVPPI = \sum_g \max_a \sum_{s \in g} P(s)\, V(a, s) - \max_a \sum_s P(s)\, V(a, s) $$

    prior: {state: fraction}, summing to 1; payoffs: {action: {state: money}}; known: {state: group}: what will be told
    apart. With states such as "high, cheap" made of two things, group them by the one that will be known. A group for
    every state gives ``evpi``, one group for all gives 0.

    Reference: Raiffa & Schlaifer (1961), ch. 4; Claxton (1999), as for ``evpi_samples``.

    >>> chances = {"high, cheap": 0.3, "high, dear": 0.2, "low, cheap": 0.3, "low, dear": 0.2}
    >>> money = {"build": {"high, cheap": 90, "high, dear": 40, "low, cheap": -20, "low, dear": -70},
    ...          "leave": dict.fromkeys(chances, 0)}
    >>> round(evppi_states(chances, money, {state: state.split(",")[0] for state in chances}).value, 4)
    20.0
    """
    chances, worth = _states(prior, payoffs)
    _base.same_names("prior", chances, "known", known)
    means = _means(chances, worth)
    best = max(means, key=means.get)
    groups: dict[Any, dict[str, float]] = {}
    for state, group in known.items():
        if not isinstance(group, Hashable):
            raise ValueError(f"known[{state!r}] must be the name of a group. Received: {shown(group)}")
        groups.setdefault(group, {})[state] = chances[state]
    knowing = math.fsum(max(_means(part, worth).values()) for part in groups.values())
    return Information(max(knowing - means[best], 0.0), 0.0, best, means, 0, f"discrete states in {len(groups)} groups")


def _states(
    prior: Mapping[str, float], payoffs: Mapping[str, Mapping[str, float]]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Chances by state, and money by action and state."""
    chances = _base.probabilities(prior, "prior")
    worth = {}
    for action, outcome in mapping("payoffs", payoffs).items():
        _base.same_names("prior", chances, f"payoffs[{action!r}]", outcome)
        worth[action] = {state: number(f"payoffs[{action!r}][{state!r}]", outcome[state]) for state in chances}
    return chances, worth


def _means(chances: Mapping[str, float], worth: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Sum of chance times money over the states in ``chances``, for each action."""
    return {
        action: math.fsum(chances[state] * outcome[state] for state in chances) for action, outcome in worth.items()
    }


def _normal_loss(excess: float, spread: float) -> float:
    """E max(X, 0) - max(E X, 0) for X normal with this mean and standard deviation."""
    if spread == 0:
        return 0.0
    z = abs(excess) / spread
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return max(spread * (density - z * float(special.ndtr(-z))), 0.0)


def _benefits(net_benefits: Mapping[str, np.ndarray]) -> tuple[list[str], np.ndarray]:
    if not net_benefits:
        raise ValueError("net_benefits must name at least one action.")
    columns = {name: vector(f"net_benefits[{name!r}]", draws, 2) for name, draws in net_benefits.items()}
    same_length(**{str(name): column for name, column in columns.items()})
    return list(columns), np.column_stack(list(columns.values()))
