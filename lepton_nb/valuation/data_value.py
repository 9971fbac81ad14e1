"""Who contributed what to a joint value: data blocks, assets, cost sharers.

A value function v gives the worth of a coalition. It is a callable on a frozenset of players, or a mapping from
frozensets (or tuples, or names joined by "+") to numbers; in a mapping, the empty coalition is worth 0 unless given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from lepton_nb.valuation._base import Numbers, Result, Undefined, array, number, shown, vector, whole
from lepton_nb.valuation._guard import guarded

__all__ = ["Attribution", "Undefined", "banzhaf", "knn_shapley", "knn_utility", "leave_one_out", "shapley"]

MOST_PLAYERS = 2000
MOST_SAMPLES = 10_000_000
EXACT_PLAYERS = 12  # 2^12 coalitions; above, sampling with a standard error

Value: TypeAlias = Callable[[frozenset], float] | Mapping
Labels: TypeAlias = ArrayLike  # of any kind: numbers or text


@dataclass(frozen=True)
class Attribution(Result):
    """Share of every player, in the unit of the value; standard errors are 0 where the method is exact."""

    values: dict[Hashable, float]
    standard_errors: dict[Hashable, float]
    total: float  # v(all) - v(none)
    evaluations: int
    seed: int | None  # None where nothing is drawn
    method: str

    def __getitem__(self, player: Hashable) -> float:
        return self.values[player]

    @property
    def shares(self) -> dict[Hashable, float]:
        """Every player's fraction of the total; Undefined where the total is 0."""
        return {player: value / self._whole for player, value in self.values.items()}

    @property
    def share_errors(self) -> dict[Hashable, float]:
        """Standard errors of ``shares``: the total is exact, so they scale with it."""
        return {player: error / abs(self._whole) for player, error in self.standard_errors.items()}

    @property
    def _whole(self) -> float:
        if self.total == 0:
            raise Undefined("The joint value is zero: there is nothing to take shares of.")
        return self.total


@guarded
def shapley(
    players: Sequence[Hashable],
    value: Value,
    permutations: int = 2000,
    seed: int = 0,
    exact_players: int | None = None,
) -> Attribution:
    r"""Shapley value: each player's marginal contribution, averaged over all orders of joining.

    $$ \phi_i = \sum_{S \not\ni i} \frac{|S|!\,(n-|S|-1)!}{n!} \left( v(S \cup i) - v(S) \right) $$

    The shares sum to v(all) - v(none); equal players get equal shares; who adds nothing gets nothing. Exact up to
    12 players (2^n evaluations). Above, ``permutations`` random orders (at least 2), in pairs of an order and its
    reverse, with a standard error over the pairs; the sum is still exact. ``exact_players`` sets another limit, 0 to
    12. Money: share times the present value of the joint benefit.

    Reference: Shapley (1953), A value for n-person games, Contributions to the Theory of Games II, pp. 307-317;
    Ghorbani & Zou (2019), Data Shapley, ICML.

    >>> joint = {"data": 120, "model": 60, "infra": 20, "data+model": 260, "data+infra": 150, "model+infra": 90,
    ...          "data+model+infra": 320}
    >>> result = shapley(["data", "model", "infra"], joint)
    >>> {player: round(share, 2) for player, share in result.values.items()}
    {'data': 171.67, 'model': 111.67, 'infra': 36.67}
    """
    names, worth = _game(players, value)
    n = len(names)
    exact = EXACT_PLAYERS if exact_players is None else whole("exact_players", exact_players, 0, EXACT_PLAYERS)
    if n <= exact:
        weights = np.array([1 / (n * math.comb(n - 1, size)) for size in range(n)])
        return _exact(names, worth, weights, "exact Shapley value over all coalitions")

    pairs = max(whole("permutations", permutations, 2, MOST_SAMPLES) // 2, 2)
    generator = np.random.default_rng(whole("seed", seed))
    gains = np.zeros((pairs, n))
    nothing = worth(frozenset())
    for row in gains:
        order = generator.permutation(n)
        for direction in (order, order[::-1]):
            before, joined = nothing, set()
            for player in direction:
                joined.add(names[player])
                after = worth(frozenset(joined))
                row[player] += (after - before) / 2
                before = after
    return _sampled(names, worth, gains, seed, f"Shapley value from {pairs} pairs of orders (an order, its reverse)")


@guarded
def banzhaf(players: Sequence[Hashable], value: Value, samples: int = 4000, seed: int = 0) -> Attribution:
    r"""Banzhaf value: the marginal contribution averaged over all coalitions, each equally likely.

    $$ \beta_i = 2^{-(n-1)} \sum_{S \not\ni i} \left( v(S \cup i) - v(S) \right) $$

    Less sensitive to noise in v than Shapley; does not sum to the total. Exact up to 12 players, above from
    ``samples`` random coalitions (at least 2), evaluated with and without each player, with a standard error.

    Reference: Wang & Jia (2023), Data Banzhaf, AISTATS; Banzhaf (1965), Rutgers Law Review 19, pp. 317-343.

    >>> banzhaf("abc", lambda group: float(len(group) >= 2)).values  # majority of three
    {'a': 0.5, 'b': 0.5, 'c': 0.5}
    """
    names, worth = _game(players, value)
    n = len(names)
    if n <= EXACT_PLAYERS:
        return _exact(names, worth, np.full(n, 0.5 ** (n - 1)), "exact Banzhaf value over all coalitions")
    generator = np.random.default_rng(whole("seed", seed))
    count = whole("samples", samples, 2, MOST_SAMPLES)
    gains = np.zeros((count, n))
    for row, chosen in zip(gains, generator.random((count, n)) < 0.5, strict=True):
        group = frozenset(names[i] for i in np.flatnonzero(chosen))
        here = worth(group)
        for i, name in enumerate(names):
            row[i] = here - worth(group - {name}) if chosen[i] else worth(group | {name}) - here
    return _sampled(names, worth, gains, seed, f"Banzhaf value from {count} random coalitions")


@guarded
def leave_one_out(players: Sequence[Hashable], value: Value) -> Attribution:
    r"""What is lost if one player alone goes: $v(N) - v(N \setminus i)$.

    Two copies of one thing both get 0: it measures what is replaceable, not what was contributed, and does not sum
    to the total.

    Reference: Cook (1977), Detection of influential observation in linear regression, Technometrics 19, pp. 15-18.

    >>> leave_one_out(["a", "b"], {"a": 3, "b": 5, "a+b": 10}).values
    {'a': 5.0, 'b': 7.0}
    """
    names, worth = _game(players, value)
    everyone = frozenset(names)
    full = worth(everyone)
    lost = {name: full - worth(everyone - {name}) for name in names}
    return Attribution(
        lost, dict.fromkeys(names, 0.0), full - worth(frozenset()), worth.evaluations, None, "leave one out"
    )


@guarded
def knn_shapley(x_train: Numbers, y_train: Labels, x_test: Numbers, y_test: Labels, k: int) -> np.ndarray:
    r"""Exact Shapley value of every training case for a K-nearest-neighbour classifier.

    Sorted by distance from the test case, with $1_i$ telling whether the label is right:

    $$ s_N = \frac{1_N \min(K, N)}{K N}, \qquad
       s_i = s_{i+1} + \frac{1_i - 1_{i+1}}{K} \frac{\min(K, i)}{i} $$

    averaged over the test cases. The utility is that of ``knn_utility``: correct labels among the min(K, |S|) nearest,
    divided by K also where the coalition is smaller than K. x_train: (n,) or (n, features); x_test: one case or
    (m, features); Euclidean distance, ties in the order given. Returns (n,) with sum = utility of all cases. Each test
    case takes one sort: O(n log n) time, O(n) memory.

    Reference: Jia et al. (2019), Efficient task-specific data valuation for nearest neighbor algorithms, PVLDB 12,
    pp. 1610-1623, theorem 1.

    >>> shares = knn_shapley([0.1, 0.35, 0.5, 0.8, 1.3, 2.0], [1, 0, 1, 1, 0, 1], 0.0, 1, k=2)
    >>> [round(float(share), 4) for share in shares]
    [0.2167, -0.2833, 0.2167, 0.2167, -0.0333, 0.1667]
    """
    known, known_labels, asked, asked_labels = _labelled(x_train, y_train, x_test, y_test)
    neighbours, n = whole("k", k, 1), len(known)
    positions = np.arange(1, n)  # i = 1..N-1 of the recursion
    factors = np.minimum(neighbours, positions) / positions / neighbours
    total = np.zeros(n)
    for case, label in zip(asked, asked_labels, strict=True):
        order, match = _by_distance(known, known_labels, case, label)
        shares = np.empty(n)
        shares[-1] = match[-1] * min(neighbours, n) / (neighbours * n)
        shares[:-1] = shares[-1] + np.cumsum(((match[:-1] - match[1:]) * factors)[::-1])[::-1]
        total[order] += shares
    return total / len(asked)


@guarded
def knn_utility(
    x_train: Numbers, y_train: Labels, x_test: Numbers, y_test: Labels, k: int
) -> Callable[[frozenset], float]:
    r"""The value function behind ``knn_shapley``, on coalitions of indices 0..n-1 of the training cases.

    $$ v(S) = \frac1K \sum_{k=1}^{\min(K, |S|)} 1[y_{(k)} = y_{test}], \qquad v(\emptyset) = 0 $$

    y_(k): label of the k-th nearest in S. Averaged over the test cases.

    Reference: Jia et al. (2019), equation 5.

    >>> worth = knn_utility([0.1, 0.4, 0.5], [1, 0, 1], 0.0, 1, k=2)
    >>> worth(frozenset({0})), worth(frozenset({0, 2})), worth(frozenset({0, 1, 2}))
    (0.5, 1.0, 0.5)
    """
    known, known_labels, asked, asked_labels = _labelled(x_train, y_train, x_test, y_test)
    right = [_by_distance(known, known_labels, *one) for one in zip(asked, asked_labels, strict=True)]
    neighbours = whole("k", k, 1)

    def worth(group: frozenset) -> float:
        found = 0.0
        for order, match in right:
            inside = np.isin(order, list(group))
            found += match[inside][:neighbours].sum() / neighbours
        return float(found / len(right))

    return worth


def _labelled(x_train, y_train, x_test, y_test) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training cases (n, features) and their labels, test cases (m, features) and theirs."""
    known = array("x_train", x_train, (1, 2))
    known = known[:, None] if known.ndim == 1 else known
    asked = array("x_test", x_test, (0, 1, 2))
    width = known.shape[1]
    if asked.ndim < 2:  # one case, or many of one feature
        asked = asked.reshape(-1, 1) if width == 1 else asked.reshape(1, -1)
    if asked.shape[1] != width:
        raise ValueError(
            f"x_train and x_test must have the same features. Received: {width} and {asked.shape[1]} a case"
        )
    known_labels, asked_labels = _label_row("y_train", y_train), _label_row("y_test", y_test)
    if len(known) == 0 or len(known_labels) != len(known) or len(asked_labels) != len(asked) or len(asked) == 0:
        raise ValueError(
            "Every case needs one label. Received: "
            f"{len(known)} cases and {len(known_labels)} labels, {len(asked)} test cases and {len(asked_labels)} labels"
        )
    return known, known_labels, asked, asked_labels


def _label_row(name: str, values: Labels) -> np.ndarray:
    if values is None or isinstance(values, (Mapping, set, frozenset)):
        raise ValueError(f"{name} must be a label for every case. Received: {name}={shown(values)}")
    found = np.atleast_1d(np.asarray(values))
    if found.ndim != 1:
        raise ValueError(f"{name} must be one row of labels. Received: an array of shape {found.shape}")
    return found


def _by_distance(known: np.ndarray, known_labels: np.ndarray, case: np.ndarray, label) -> tuple[np.ndarray, np.ndarray]:
    """The training cases by distance from one test case, and whether each one's label is the test label."""
    gaps = known - case
    order = np.argsort(np.einsum("ij,ij->i", gaps, gaps), kind="stable")
    return order, (known_labels[order] == label).astype(float)


class _Worth:
    """A value function that is asked once per coalition and refuses what is not a finite number."""

    def __init__(self, names: list, value: Value):
        self.ask = _table(names, value) if isinstance(value, Mapping) else value
        self.known: dict[frozenset, float] = {}

    def __call__(self, group: frozenset) -> float:
        if group not in self.known:
            found = self.ask(group)
            if isinstance(found, (bool, np.bool_)):  # a game of winning and losing coalitions
                found = float(found)
            self.known[group] = number(f"The value of the coalition {sorted(map(str, group))}", found)
        return self.known[group]

    @property
    def evaluations(self) -> int:
        return len(self.known)


def _table(names: list, given: Mapping) -> Callable[[frozenset], float]:
    table: dict[frozenset, float] = {frozenset(): 0.0}
    for key, worth in given.items():
        if not isinstance(key, (str, frozenset, tuple)):
            raise ValueError(f"A coalition must be a frozenset, a tuple or names joined by +. Received: {shown(key)}")
        if isinstance(key, str):
            group = frozenset({key}) if key in names else frozenset(key.split("+")) - {""}
        else:
            group = frozenset(key)
        if not group <= set(names):
            raise ValueError(f"The values name an unknown player. Received: {key!r}; players: {names}")
        table[group] = worth

    def ask(group: frozenset) -> float:
        if group not in table:
            raise ValueError(f"The value of the coalition {sorted(map(str, group))} is missing.")
        return table[group]

    return ask


def _game(players: Sequence[Hashable], value: Value) -> tuple[list, _Worth]:
    names = list(players)
    if len(names) > MOST_PLAYERS:
        raise ValueError(f"At most {MOST_PLAYERS} players can be handled. Received: {len(names)}")
    if not all(isinstance(name, Hashable) for name in names):
        raise ValueError(f"players must be names. Received: {shown(names)}")
    if not isinstance(value, Mapping) and not callable(value):
        raise ValueError(f"value must be a function or a mapping of coalitions. Received: value={shown(value)}")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"players must be one or more different names. Received: {names}")
    return names, _Worth(names, value)


def _exact(names: list, worth: _Worth, weights: np.ndarray, method: str) -> Attribution:
    """Sum of weights[size of S] (v(S + i) - v(S)) over all coalitions S without i; S is a bit mask."""
    n = len(names)
    masks = np.arange(2**n)
    members = (masks[:, None] >> np.arange(n)) & 1  # (coalitions, players)
    worths = np.array([worth(frozenset(names[i] for i in np.flatnonzero(row))) for row in members])
    sizes = members.sum(axis=1)
    shares = {}
    for i, name in enumerate(names):
        without = masks[members[:, i] == 0]
        shares[name] = float(weights[sizes[without]] @ (worths[without | (1 << i)] - worths[without]))
    return Attribution(
        shares, dict.fromkeys(names, 0.0), float(worths[-1] - worths[0]), worth.evaluations, None, method
    )


def _sampled(names: list, worth: _Worth, gains: np.ndarray, seed: int, method: str) -> Attribution:
    errors = gains.std(axis=0, ddof=1) / math.sqrt(len(gains))
    total = worth(frozenset(names)) - worth(frozenset())
    return Attribution(
        dict(zip(names, vector("gains", gains.mean(axis=0)).tolist(), strict=True)),
        dict(zip(names, errors.tolist(), strict=True)),
        total,
        worth.evaluations,
        seed,
        method,
    )
