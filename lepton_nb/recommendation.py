"""Recommendation from behaviour: who learns from what and is judged on what, and ways to score items without a network.

Events are rows (user, item, time, and a rating where there is one). A model learns from a table users × items of 0 and
1 and gives scores, users × items; it scores any user whose choices it is told, also one that it never learnt from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lepton_nb import ranking

__all__ = [
    "Chosen",
    "Events",
    "Split",
    "als",
    "at_random",
    "by_relatives",
    "by_time",
    "choose",
    "chosen_way",
    "ease",
    "enter",
    "less_known_first",
    "neighbours",
    "of_each_user",
    "popularity",
    "profile",
    "trial",
    "without_items",
]  # fmt: skip

#: Of a trial, hits a list: two ways that gave the same lists differ by chance alone in the next users.
LEAST_ERROR = 1e-6
#: known choices (users, items) → scores (users, items)
Scorer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Events:
    """Who chose what and when, with numbers from 0 on for users and items."""

    user: np.ndarray = field(repr=False)  # (n,)
    item: np.ndarray = field(repr=False)  # (n,)
    time: np.ndarray = field(repr=False)  # (n,) seconds
    rating: np.ndarray = field(repr=False)  # (n,); 1 where there is none
    users: int
    items: int

    @classmethod
    def of(cls, user, item, time, rating=None, catalogue=None) -> Events:
        """Events with the users' and items' own names replaced by numbers, in the order of the names.

        catalogue: names of all items, also of those that nobody chose; the items' numbers are then places in it.
        Raises ValueError for columns of different lengths, a user who chose an item twice, and an item that the
        catalogue does not hold.
        """
        user, item, time = (np.asarray(column) for column in (user, item, time))
        rating = np.ones(len(user)) if rating is None else np.asarray(rating, float)
        if not len(user) or len({len(column) for column in (user, item, time, rating)}) > 1:
            raise ValueError(
                f"columns must be of one length above 0. Received: {[len(c) for c in (user, item, time, rating)]}"
            )
        _, users = np.unique(user, return_inverse=True)
        known = np.unique(item) if catalogue is None else np.asarray(catalogue)
        order = np.argsort(known, kind="stable")
        place = np.minimum(np.searchsorted(known, item, sorter=order), len(known) - 1)
        items = order[place]
        if (known[items] != item).any():
            raise ValueError(f"every item must be in the catalogue. Received: {item[known[items] != item][0]!r}")
        twice = len(users) - len(np.unique(users * len(known) + items))
        if twice:
            raise ValueError(f"a user chooses an item once. Received: {twice} further events of the same user and item")
        return cls(users, items, time, rating, int(users.max()) + 1, len(known))

    def table(self, rows: np.ndarray) -> np.ndarray:
        """Which user chose which item in these events: (users, items) float64 of 0 and 1. rows: (n,) bool."""
        found = np.zeros((self.users, self.items))
        found[self.user[rows], self.item[rows]] = 1
        return found


@dataclass(frozen=True)
class Split:
    """One way to learn and to be judged. Tables are users × items; the last three hold the judged users only."""

    train: np.ndarray = field(repr=False)  # what models learn from, all users
    known: np.ndarray = field(repr=False)  # what is known of a judged user when he gets his list
    left_out: np.ndarray = field(repr=False)  # items that are not shown to him
    wanted: np.ndarray = field(repr=False)  # items that he chose afterwards
    judged: np.ndarray = field(repr=False)  # numbers of the judged users

    @classmethod
    def of(cls, events: Events, train, asked, known=None, liked: float = -np.inf) -> Split:
        """A split by masks of the events: train, asked (what is to be foretold) and known (default: train).

        liked: from this rating on an event of ``asked`` counts as wanted, and one of ``known`` is not shown again. Users
        who want nothing are not judged.
        """
        known = train if known is None else known
        high = events.rating >= liked
        wanted = events.table(asked & high) > 0
        users = np.flatnonzero(wanted.any(axis=1))
        if not len(users):
            raise ValueError("nobody is left to be judged: no event is asked for")
        left_out = events.table(known & high)[users] > 0
        return cls(events.table(train), events.table(known)[users], left_out, wanted[users], users)

    def lists(self, scorer: Scorer, count: int = 10) -> np.ndarray:
        """The lists of the judged users, (users, count)."""
        return ranking.lists(scorer(self.known), self.left_out, count)

    def ndcg(self, scorer: Scorer, count: int = 10) -> np.ndarray:
        """nDCG of each judged user's list."""
        return ranking.ndcg(self.lists(scorer, count), self.wanted)


# ---------------------------------------------------------------- who learns from what


def by_time(events: Events, cut: float, end: float = np.inf) -> Split:
    """Learn from what was before ``cut``; judge those who came between ``cut`` and ``end``.

    Of a user's events in that time the earlier half, by his own clock, is known when he gets his list, beside all that
    he did before; the rest is what he wanted. Events of one second stay together, so somebody whose events all carry
    the same second is not judged. cut, end: seconds; ``end`` itself belongs to the time after.
    """
    train, late = events.time < cut, (events.time >= cut) & (events.time < end)
    middle = np.full(events.users, -np.inf)
    for user in np.unique(events.user[late]):
        middle[user] = np.median(events.time[late & (events.user == user)])
    asked = late & (events.time > middle[events.user])
    return Split.of(events, train, asked, known=train | (late & ~asked))


def of_each_user(events: Events, rows: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A mask (n,) of ``share`` of each user's events among ``rows`` (n,) bool, drawn at random."""
    generator, chosen = np.random.default_rng((seed, 35)), np.zeros(len(events.user), bool)
    for user in range(events.users):
        own = generator.permutation(np.flatnonzero(rows & (events.user == user)))
        chosen[own[: round(share * len(own))]] = True
    return chosen


def at_random(events: Events, rows: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A mask (n,) of ``share`` of all events among ``rows``, drawn at random whoever they are of."""
    own = np.random.default_rng((seed, 36)).permutation(np.flatnonzero(rows))
    chosen = np.zeros(len(events.user), bool)
    chosen[own[: round(share * len(own))]] = True
    return chosen


def without_items(split: Split, new: np.ndarray) -> Split:
    """The same split as if some items had just come: nobody chose them before, and they alone are recommended.

    new: (items,) bool. Models learn from the other items; users who wanted none of the new ones are not judged.
    """
    wanted = split.wanted & new
    rows = wanted.any(axis=1)
    if not rows.any():
        raise ValueError("nobody wanted one of the new items")
    return Split(
        split.train * ~new, split.known[rows] * ~new, np.broadcast_to(~new, wanted[rows].shape), wanted[rows],
        split.judged[rows],
    )  # fmt: skip


# ---------------------------------------------------------------- scores


def popularity(train: np.ndarray) -> Scorer:
    """The same scores for everybody: how many users chose an item. train: (users, items)."""
    counts = train.sum(axis=0)
    return lambda known: np.tile(counts, (len(known), 1))


def neighbours(train: np.ndarray, count: int = 100) -> Scorer:
    r"""Items that were chosen by the same users: the score of item j is the sum of its likeness to the known ones.

    $$ s_{uj} = \sum_{i \in N_u} c_{ij}, \qquad c_{ij} = \frac{x_i^\top x_j}{\lVert x_i \rVert \lVert x_j \rVert} $$

    x_i: who chose item i; N_u: what user u chose. Of each item's likenesses the ``count`` largest are kept.

    Reference: Sarwar and others, Item-Based Collaborative Filtering Recommendation Algorithms, WWW 2001.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1. Received: {count=}")
    together = train.T @ train
    length = np.sqrt(np.diag(together))
    alike = together / np.outer(np.where(length > 0, length, 1), np.where(length > 0, length, 1))
    np.fill_diagonal(alike, 0)
    if count < len(alike) - 1:
        least = np.partition(alike, -count, axis=0)[-count]
        alike = np.where(alike >= least, alike, 0)
    return lambda known: known @ alike


def ease(train: np.ndarray, penalty: float) -> Scorer:
    r"""Weights between items in closed form: each item's column is foretold from all others.

    $$ \min_B \lVert X - X B \rVert_F^2 + \lambda \lVert B \rVert_F^2 \quad \text{with} \quad B_{jj} = 0
       \qquad \Rightarrow \qquad P = (X^\top X + \lambda I)^{-1}, \quad B_{ij} = -\frac{P_{ij}}{P_{jj}} \; (i \ne j) $$

    X: train, (users, items) of 0 and 1; penalty: $\lambda > 0$. Without the condition on the diagonal an item would be
    foretold from itself. One inverse of an items × items matrix is the whole training.

    Reference: Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, equations 3 and 8.

    >>> scorer = ease(np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]]), penalty=1.0)
    >>> scorer(np.eye(2)).round(3)
    array([[0.   , 0.5  ],
           [0.667, 0.   ]])
    """
    if not penalty > 0:
        raise ValueError(f"penalty must be above 0. Received: {penalty=}")
    inverse = np.linalg.inv(train.T @ train + penalty * np.eye(train.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return lambda known: known @ weights


def als(
    train: np.ndarray, factors: int, penalty: float, weight: float = 1.0, rounds: int = 10, seed: int = 0
) -> Scorer:
    r"""Matrix factorisation of implicit choices by alternating least squares.

    $$ \min_{U, V} \sum_{u, i} c_{ui} \, (x_{ui} - u_u^\top v_i)^2 + \lambda \Bigl( \sum_u \lVert u_u \rVert^2 +
       \sum_i \lVert v_i \rVert^2 \Bigr), \qquad c_{ui} = 1 + \alpha x_{ui} $$

    With V held fixed each user's best vector is the answer of a small linear system, and the other way round. factors:
    length of the vectors; penalty: $\lambda$; weight: $\alpha$, how much more a choice counts than its absence. A user
    who comes later gets his vector from the same system.

    Reference: Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008.
    """
    if factors < 1 or rounds < 1 or not (penalty > 0 and weight >= 0):
        raise ValueError(
            f"sizes must be above 0, weight at least 0. Received: {factors=}, {rounds=}, {penalty=}, {weight=}"
        )
    items = 0.1 * np.random.default_rng(seed).standard_normal((train.shape[1], factors))

    def answer(chosen: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Best vectors (n, factors) of rows that chose ``chosen`` (n, m), given the others' vectors (m, factors)."""
        products = (others[:, :, None] * others[:, None, :]).reshape(len(others), -1)
        system = (weight * chosen @ products).reshape(-1, factors, factors)
        system = system + others.T @ others + penalty * np.eye(factors)
        return np.linalg.solve(system, ((1 + weight) * chosen @ others)[..., None])[..., 0]

    for _ in range(rounds):
        users = answer(train, items)
        items = answer(train.T, users)
    return lambda known: answer(known, items) @ items.T


def by_relatives(scorer: Scorer, features: np.ndarray, new: np.ndarray, sharpness: float = 8.0) -> Scorer:
    r"""New items get the mean score of the known items that are like them by their features.

    $$ s_{uj} = \frac{\sum_i w_{ij} s_{ui}}{\sum_i w_{ij}}, \qquad w_{ij} = e^{\kappa (\cos(f_i, f_j) - 1)} $$

    over the known items i. scorer: of the known items; features: (items, f), f_i its rows; new: (items,) bool; sharpness:
    $\kappa$, how much more the most alike count. The scores of the known items stay.
    """
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(length > 0, length, 1)
    weight = np.exp(sharpness * (unit[~new] @ unit[new].T - 1))  # (known items, new items)
    weight /= weight.sum(axis=0)

    def scores(known: np.ndarray) -> np.ndarray:
        found = np.array(scorer(known), float)
        found[:, new] = found[:, ~new] @ weight
        return found

    return scores


def profile(features: np.ndarray) -> Scorer:
    """How like an item's features are to those of all that a user chose: no training. features: (items, f)."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(length > 0, length, 1)
    return lambda known: (known @ unit) @ unit.T


def less_known_first(scorer: Scorer, counts: np.ndarray, strength: float) -> Scorer:
    r"""Scores divided by $(1 + n_j)^{strength}$: the higher the strength, the less a well-known item is shown.

    counts: (items,), n_j, how often each item was chosen. Negative scores are taken for 0. strength 0 changes nothing
    for items with a score above 0.
    """
    if strength < 0:
        raise ValueError(f"strength must be at least 0. Received: {strength=}")
    return lambda known: np.maximum(scorer(known), 0) / (1 + counts) ** strength


# ---------------------------------------------------------------- choices


@dataclass(frozen=True)
class Chosen:
    """The setting that was best on validation, and what every setting reached there."""

    setting: Mapping[str, Any]
    tried: tuple[Mapping[str, Any], ...]  # each setting with its "ndcg"


def choose(recipe: Callable[..., Scorer], settings: Iterable[Mapping[str, Any]], splits: Iterable[Split]) -> Chosen:
    """Fit a recipe with each setting, and take the one with the highest mean nDCG@10 over validation splits.

    recipe: ``recipe(train, **setting)``. Of equal ones the first is taken. A single
    setting is taken as it is, and nothing is tried.
    """
    splits, settings, tried = tuple(splits), tuple(settings), []
    if len(settings) == 1:
        return Chosen(settings[0], ())
    for setting in settings:
        reached = np.mean([split.ndcg(recipe(split.train, **setting)).mean() for split in splits])
        tried.append(dict(setting) | {"ndcg": float(reached)})
    best = max(tried, key=lambda row: row["ndcg"])
    return Chosen({name: value for name, value in best.items() if name != "ndcg"}, tuple(tried))


def chosen_way(tried: Mapping[str, float], plain: str) -> str:
    """The way with the highest mean nDCG@10 on validation, the plain one left out: what a trial holds against it.

    tried: way → its nDCG@10 on validation. The first of equal ones.

    >>> chosen_way({"popularity": 0.4, "EASE": 0.3, "factors": 0.2}, "popularity")
    'EASE'
    """
    return max((way for way in tried if way != plain), key=lambda way: tried[way])


def trial(more: np.ndarray, **about: Any) -> dict[str, Any]:
    """A client's trial (metrics/trials.csv): the mean of hits more a list, and its standard error over users.

    more: (n,) differences of two ways on the same users, n at least 2; about: the other fields of ``client.Trial``.
    """
    found = np.asarray(more, float)
    if found.ndim != 1 or len(found) < 2:
        raise ValueError(f"differences of two users at least are needed. Received: shape {found.shape}")
    error = max(float(found.std(ddof=1) / np.sqrt(len(found))), LEAST_ERROR)
    return {
        "n": len(found),
        "unit": "lists",
        "effect": "hits",
        "gain": float(found.mean()),
        "standard_error": error,
    } | about


# ---------------------------------------------------------------- on record

#: What a figure of a way is measured in.
UNITS = {"ndcg": "nDCG", "recall": "fraction", "gini": "score within 0..1", "coverage": "fraction", "best_known": "fraction",
         "variety": "score within 0..1"}  # fmt: skip


def enter(
    record: Any, key: str, ways: Mapping[str, Mapping[str, Any]], published: Mapping[str, float], **conditions
) -> None:
    """Put the figures of one protocol on record under ``key``: those of each way, and the published ones beside them.

    ways: name → its figures, means over users (ranking.Mean) or plain numbers; published: name → nDCG@10.
    """
    for way, figures in ways.items():
        for what, value in figures.items():
            name = f"{key}_{way}_{what}"
            if isinstance(value, ranking.Mean):
                ranking.enter(record, name, value, UNITS[what], **conditions)
            else:
                record.add(name, value, UNITS[what], **conditions)
    for name, value in published.items():
        record.add(f"{key}_published_{name.lower()}", value, "nDCG", source="published, the same protocol")
