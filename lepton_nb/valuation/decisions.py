"""What to find out, what to choose, how to spread: value of information, trees, budgets, portfolios."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sys
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy import optimize, special

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import (
    Numbers,
    Result,
    Undefined,
    array,
    mapping,
    number,
    row,
    same_length,
    shown,
    vector,
    whole,
)
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.simulation import correlation_root

__all__ = [
    "Concentration",
    "Decision",
    "Information",
    "MinimumVariance",
    "SampleInformation",
    "Selection",
    "StudyInformation",
    "Undefined",
    "concentration",
    "decision_tree",
    "evpi",
    "evpi_normal",
    "evpi_samples",
    "evppi",
    "evppi_states",
    "evsi",
    "evsi_states",
    "knapsack",
    "minimum_variance_weights",
]

Node: TypeAlias = float | Mapping[str, Any]  # see ``decision_tree``
DEEPEST = 200  # levels of a decision tree
BRUTE_FORCE_ITEMS = 20  # 2^20 sets
MOST_UNITS = 2**22  # of the budget, for dynamic programming
PROGRAM_SCALE, PROGRAM_SECONDS = 1e4, 60
ROUNDING = 1e-12  # a sum of costs that exceeds the budget by less meets it


# ---------------------------------------------------------------- value of information


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
            columns.append(known[:, chosen].prod(axis=1))
    if len(known) < 20 * len(columns):
        raise ValueError(
            f"{len(columns)} terms need at least {20 * len(columns)} draws; lower the degree or draw more. "
            f"Received: {len(known)} draws"
        )
    basis = np.column_stack(columns)
    fitted = basis @ np.linalg.lstsq(basis, benefits, rcond=None)[0]
    means = benefits.mean(axis=0)
    best = int(np.argmax(means))
    regret = fitted.max(axis=1) - fitted[:, best]
    error = float(regret.std(ddof=1) / math.sqrt(len(regret)))
    perfect = float((benefits.max(axis=1) - benefits[:, best]).mean())
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


# ---------------------------------------------------------------- decision trees


@dataclass(frozen=True)
class Decision(Result):
    """Expected value of a tree under the best choices; ``policy``: the choice at each path that these lead to."""

    value: float
    policy: dict[str, str]
    method: str = "roll-back, expected money"


@guarded
def decision_tree(tree: Node) -> Decision:
    r"""Roll a decision tree back: expectation at chances, the best at decisions.

    $$ V(chance) = \sum_i p_i V_i - cost, \qquad V(decision) = \max_i V_i - cost $$

    A node is a number (money at the end), ``{"decide": {option: node}}`` or ``{"chance": {outcome: (probability,
    node)}}``; a decision or chance node may carry ``"cost"``: positive money paid on reaching it. Probabilities of a
    chance node sum to 1. Of equally good options the first is taken. All money in present values. The policy's keys are
    paths such as "start / trial: good".

    Reference: Clemen & Reilly, Making Hard Decisions, ch. 4, solving decision trees.

    >>> result = decision_tree({"decide": {
    ...     "stop": 0,
    ...     "trial": {"cost": 10, "chance": {"good": (0.4, {"decide": {"build": 100, "stop": 0}}),
    ...                                      "bad": (0.6, {"decide": {"build": -50, "stop": 0}})}}}})
    >>> result.value, result.policy["start"], result.policy["start / trial: bad"]
    (30.0, 'trial', 'stop')
    """
    value, policy = _roll_back(tree, "start")
    return Decision(value, policy)


def _roll_back(node: Node, path: str, depth: int = 0) -> tuple[float, dict[str, str]]:
    if depth > DEEPEST:
        raise ValueError(f"A tree may have {DEEPEST} levels. Received: one that goes on below {shown(path, 60)}")
    if not isinstance(node, Mapping):
        return number(f"The outcome at {path!r}", node), {}
    kind = [key for key in ("decide", "chance") if key in node]
    if len(kind) != 1 or set(node) - {"decide", "chance", "cost"} or not node[kind[0]]:
        raise ValueError(
            f"A node is a number, or has one of decide and chance, and perhaps cost. Received at {path!r}: {shown(node)}"
        )
    cost = number(f"The cost at {path!r}", node.get("cost", 0.0), 0.0)
    if kind[0] == "chance":
        outcomes = mapping(f"The outcomes at {path!r}", node["chance"])
        branches = {
            name: row(f"{name!r} at {path!r}", item, 2, "(probability, node)") for name, item in outcomes.items()
        }
        shares = _base.probabilities({name: item[0] for name, item in branches.items()}, f"probabilities at {path!r}")
        value, policy = -cost, {}
        for name, (_, after) in branches.items():
            worth, below = _roll_back(after, f"{path}: {name}", depth + 1)
            value += shares[name] * worth
            policy.update(below)
        return value, policy
    found = {}
    for name, after in mapping(f"The options at {path!r}", node["decide"]).items():
        below = f"{path} / {name}"
        found[name] = _roll_back(after, below, depth + 1)
    best = max(found, key=lambda name: found[name][0])
    return found[best][0] - cost, {path: best, **found[best][1]}


# ---------------------------------------------------------------- portfolio


@dataclass(frozen=True)
class Selection(Result):
    """The best set within the budget, in the order given; money."""

    chosen: tuple[str, ...]
    value: float
    cost: float
    budget: float
    method: str


@guarded
def knapsack(values: Mapping[str, float], costs: Mapping[str, float], budget: float) -> Selection:
    r"""Which indivisible projects to fund: $\max \sum x_i V_i$ with $\sum x_i C_i \le budget$, $x_i \in \{0, 1\}$.

    values: {name: net present value}; costs: {name: positive money out of the budget}, the same names. Exact:
    every set is tried up to 20 projects (of equal values the cheapest set); above, dynamic programming over the budget
    where the costs have a common unit; else two halves of all sets joined up to 40, and an integer program without a gap. Ranking by value per cost is
    not the same: projects do not divide. Nothing is chosen that has a negative value. An empty choice has value 0.

    Reference: Brealey, Myers & Allen, ch. 5, capital rationing; Kellerer, Pferschy & Pisinger,
    Knapsack Problems, ch. 1.

    >>> result = knapsack({"A": 21.4, "B": 16.1, "C": 11.9}, {"A": 10, "B": 5, "C": 5}, budget=10)
    >>> result.chosen, result.value
    (('B', 'C'), 28.0)
    """
    _base.same_names("values", values, "costs", costs)
    worth = {name: number(f"values[{name!r}]", value) for name, value in values.items()}
    price = {name: number(f"costs[{name!r}]", costs[name], 0.0) for name in worth}
    limit = number("budget", budget, 0.0)
    allowed = limit * (1 + ROUNDING)
    names = [name for name in worth if worth[name] > 0 and price[name] <= allowed]
    amounts, prices = np.array([worth[name] for name in names]), np.array([price[name] for name in names])
    if math.fsum(prices) <= allowed:
        picks, method = np.ones(len(names), dtype=bool), "all fit"
    elif len(names) <= BRUTE_FORCE_ITEMS:
        picks, method = _every_set(amounts, prices, limit), "every set tried"
    elif len(names) <= 2 * BRUTE_FORCE_ITEMS and (units := _in_units(prices, limit)) is None:
        picks, method = _two_halves(amounts, prices, limit), "every set of two halves joined"
    elif (units := _in_units(prices, limit)) is not None:
        picks, method = _by_budget(amounts, *units), "dynamic programming over the budget"
    else:
        picks, method = _integer_program(amounts, prices, limit), "integer programming (HiGHS)"
    chosen = tuple(name for name, pick in zip(names, picks, strict=True) if pick)
    value, cost = math.fsum(worth[name] for name in chosen), math.fsum(price[name] for name in chosen)
    return Selection(chosen, value, cost, limit, method)


def _in_units(costs: np.ndarray, budget: float) -> tuple[np.ndarray, int] | None:
    """Costs and budget as whole numbers of a common unit; None where there is none of a usable size."""
    largest = math.floor(math.log10(costs.max()))
    for digits in range(-largest, 12 - largest):
        scaled = costs * 10.0**digits
        amounts = np.rint(scaled)
        if np.any(np.abs(scaled - amounts) > 1e-9 * scaled):
            continue
        unit = int(np.gcd.reduce(amounts.astype(np.int64)))
        limit = math.floor(budget * 10.0**digits / unit * (1 + ROUNDING) + ROUNDING)
        usable = limit <= MOST_UNITS and limit * len(costs) <= 64 * MOST_UNITS
        return ((amounts / unit).astype(np.int64), limit) if usable else None
    return None


def _by_budget(values: np.ndarray, costs: np.ndarray, budget: int) -> np.ndarray:
    """(items,) of bool: the best set for whole costs, by the best value of every budget from 0 on."""
    best = np.zeros(budget + 1)
    taken = []
    for value, cost in zip(values, costs, strict=True):
        with_it = best[: budget + 1 - cost] + value
        better = with_it > best[cost:]
        taken.append(np.packbits(better))
        best[cost:] = np.where(better, with_it, best[cost:])
    left = int(np.argmax(best >= best[-1] * (1 - ROUNDING)))  # of equally good sets the cheapest
    picks = np.zeros(len(values), dtype=bool)
    for item in range(len(values) - 1, -1, -1):
        place = left - int(costs[item])
        if place >= 0 and taken[item][place >> 3] >> (7 - (place & 7)) & 1:
            picks[item], left = True, place
    return picks


def _integer_program(values: np.ndarray, costs: np.ndarray, budget: float) -> np.ndarray:
    """(items,) of bool: the best set for costs without a common unit. Scaled, so that the solver's absolute tolerances
    are small against budget and values; without a gap; and checked, with the budget drawn in where it was overdrawn."""
    weights, gains, room = costs / budget * PROGRAM_SCALE, values / values.max() * PROGRAM_SCALE, PROGRAM_SCALE
    for _ in range(20):
        with _quiet():
            solved = optimize.milp(
                -gains,
                constraints=optimize.LinearConstraint(weights[None, :], -np.inf, room),
                integrality=np.ones(len(values)),
                bounds=optimize.Bounds(0, 1),
                options={"mip_rel_gap": 0.0, "disp": False, "time_limit": PROGRAM_SECONDS},
            )
        if not solved.success:
            raise Undefined(f"No best set was proved within {PROGRAM_SECONDS} s. Round the costs to a common unit.")
        picks = solved.x > 0.5
        if math.fsum(costs[picks]) <= budget * (1 + ROUNDING):
            return picks
        room *= 1 - 1e-9
    raise Undefined("The integer program keeps overdrawing the budget. Round the costs to a common unit.")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing on the console: the solver writes a line there past its own settings, and past Python's."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # no console at all
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)


def _two_halves(values: np.ndarray, costs: np.ndarray, budget: float) -> np.ndarray:
    """(items,) of bool: the best set, from every set of each half: for one of the first, the best that still fits."""
    half = len(values) // 2
    worth, spent = _all_sums(values[:half], costs[:half])
    other_worth, other_spent = _all_sums(values[half:], costs[half:])
    order = np.argsort(other_spent, kind="stable")
    sorted_spent, sorted_worth = other_spent[order], other_worth[order]
    best_at = np.maximum.accumulate(sorted_worth)
    leader = np.maximum.accumulate(np.where(sorted_worth == best_at, np.arange(len(order)), 0))
    room = budget * (1 + ROUNDING) - spent
    fits = np.searchsorted(sorted_spent, room, side="right") - 1
    total = np.where(fits >= 0, worth + best_at[np.maximum(fits, 0)], -np.inf)
    first = int(np.argmax(total))
    second = int(order[leader[fits[first]]])
    bits = [(first >> i) & 1 for i in range(half)] + [(second >> i) & 1 for i in range(len(values) - half)]
    return np.array(bits, dtype=bool)


def _all_sums(values: np.ndarray, costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and cost of every set, by its bit mask: built by doubling, one item at a time."""
    worth, spent = np.zeros(1), np.zeros(1)
    for value, cost in zip(values, costs, strict=True):
        worth, spent = np.concatenate([worth, worth + value]), np.concatenate([spent, spent + cost])
    return worth, spent


def _every_set(values: np.ndarray, costs: np.ndarray, budget: float) -> np.ndarray:
    """(items,) of bool: the best set, and of equally good ones the cheapest."""
    worth, spent = _all_sums(values, costs)
    allowed = spent <= budget * (1 + ROUNDING)  # sums of costs that meet the budget but for rounding
    best = worth[allowed].max()
    good = np.flatnonzero(allowed & (worth >= best - 1e-12 * abs(best)))
    mask = good[np.argmin(spent[good])]
    return ((mask >> np.arange(len(values))) & 1).astype(bool)


@dataclass(frozen=True)
class Concentration(Result):
    """How much of a portfolio hangs on few assets; fractions."""

    herfindahl: float
    effective_number: float
    largest_share: float
    shares: dict[str, float]
    method: str = "Herfindahl-Hirschman index of the value shares"

    @property
    def value(self) -> float:
        """The Herfindahl-Hirschman index, 1/n to 1."""
        return self.herfindahl


@guarded
def concentration(values: Mapping[str, float]) -> Concentration:
    r"""Herfindahl-Hirschman index: $H = \sum_i s_i^2$; 1/H is the number of equal assets that would be as concentrated.

    values: {name: money of at least 0}. Raises Undefined where they are all 0.

    Reference: Hirschman (1964), The paternity of an index, American Economic Review 54, pp. 761-762.

    >>> result = concentration({"M1": 60, "D1": 30, "I1": 10})
    >>> round(result.herfindahl, 4), round(result.effective_number, 4), result.largest_share
    (0.46, 2.1739, 0.6)
    """
    worth = {name: number(f"values[{name!r}]", value, 0.0) for name, value in values.items()}
    total = sum(worth.values())
    if total == 0:
        raise Undefined("Shares of a portfolio that is worth nothing are not defined.")
    shares = {name: value / total for name, value in worth.items()}
    index = sum(share**2 for share in shares.values())
    return Concentration(index, 1 / index, max(shares.values()), shares)


@dataclass(frozen=True)
class MinimumVariance(Result):
    """Weights (fractions, sum 1, may be negative) with the least standard deviation, and that deviation."""

    weights: tuple[float, ...]
    sd: float
    method: str = "closed form, weights may be negative"

    @property
    def value(self) -> float:
        """The least standard deviation."""
        return self.sd


@guarded
def minimum_variance_weights(standard_deviations: Numbers, correlations: Numbers) -> MinimumVariance:
    r"""The mix with the least variance: $w = \Sigma^{-1} 1 / (1' \Sigma^{-1} 1)$.

    standard_deviations: (n,) positive; correlations: (n, n), or one number for all pairs. For divisible holdings; AI
    assets are indivisible, so this is a yardstick, not a plan. Raises ValueError where the matrix is no correlation
    matrix and Undefined where it is singular (some mix has no variance at all, or none is unique).

    Reference: Markowitz (1952), Portfolio selection, Journal of Finance 7, pp. 77-91.

    >>> result = minimum_variance_weights([0.2, 0.1], 0.3)
    >>> [round(weight, 4) for weight in result.weights], round(result.sd, 4)
    ([0.1053, 0.8947], 0.0979)
    """
    spread = vector("standard_deviations", standard_deviations)
    if np.any(spread <= 0):
        raise ValueError(f"standard_deviations must be positive. Received: {spread.tolist()}")
    matrix = array("correlations", correlations)
    if matrix.ndim == 0:
        matrix = np.where(np.eye(len(spread), dtype=bool), 1.0, matrix)
    if matrix.shape != (len(spread), len(spread)):
        raise ValueError(f"correlations must be {len(spread)} by {len(spread)}. Received: shape {matrix.shape}")
    correlation_root(matrix)  # refuses what is no correlation matrix
    if np.linalg.eigvalsh(matrix)[0] < 1e-10:
        raise Undefined("The correlation matrix is singular: the least-variance mix is not unique or has no variance.")
    raw = np.linalg.solve(matrix * np.outer(spread, spread), np.ones(len(spread)))
    return MinimumVariance(tuple((raw / raw.sum()).tolist()), float(1 / math.sqrt(raw.sum())))
