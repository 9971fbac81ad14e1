"""What to find out, what to choose, how to spread: value of information, trees, budgets, portfolios."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy import optimize

from lepton_nb.valuation import _base
from lepton_nb.valuation._base import (
    Numbers,
    Result,
    Undefined,
    array,
    mapping,
    number,
    row,
    shown,
    vector,
)
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.learning import (
    Information,
    SampleInformation,
    StudyInformation,
    evpi,
    evpi_normal,
    evpi_samples,
    evppi,
    evppi_states,
    evsi,
    evsi_states,
)
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
