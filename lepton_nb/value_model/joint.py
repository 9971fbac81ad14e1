"""Who earns a joint benefit: assets, kinds of asset, and the blocks of a data set, in money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from lepton_nb.valuation import data_value
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import group_value, part_flows, present_benefits, tax_benefit_factor
from lepton_nb.value_model.replacement import replacement_costs

#: How joint benefits are split. Each rule has a test; the chapter prints them all.
RULES = {
    "Coalitions": "The value of a part of a group is that of the group's cash flows if its owner had only this part: a benefit "
    "counts only where the asset that earns it and all that feeds it are there, owned or bought.",
    "Replacing": "What feeds others and earns nothing itself can be bought anew: at its replacement cost after depreciation "
    "(cost approach). The owner of a part buys what is missing where that pays. So nothing of this kind gets more than "
    "replacing it costs, and what was never paid for gets nothing and changes nothing.",
    "Earners": "An asset with benefits of its own is not bought: what its benefits exceed the costs by is what is shared.",
    "Standing still": "What would lose money stands still: no part is worth less than nothing. Where the whole group is worth "
    "less than its best part, the difference is a line of its own.",
    "Shares": "Shapley value of these parts: what each adds, averaged over all orders of joining. Exact up to "
    f"{data_value.EXACT_PLAYERS} assets with a share, above from random orders, with the standard error. It answers who earns a "
    "joint benefit. What an asset is worth is concluded from cost, market and income in the chapters on value.",
    "Kinds": "Data, models and infrastructure are each one player: all assets of one kind come or go together.",
    "Blocks": "A block of data is worth its Shapley share of what the whole data set adds to the model's metric, times the "
    "value of the data set as it is concluded. The shares are exact where every combination was measured. Where blocks are "
    "given for several models, the value is split among these by the present value of their benefits.",
    "Leave one out": "What the metric loses without one block says how replaceable the block is, not what it contributed; it "
    "does not sum to the whole.",
    "Neighbours": "Where the client gives rows with their block, each row's exact Shapley value for a K-nearest-neighbour "
    "classifier is summed by block. It values the rows for that classifier, not for the client's model.",
}

#: Up to so many earning assets the best of all ways to run them is sought; above, all that can earn do.
MOST_EARNERS = 10
#: Random orders, taken with their reverses, where the shares are sampled.
ORDERS = 400


def standing_still(values: Mapping[frozenset[str], float]) -> dict[frozenset[str], float]:
    r"""The values if no part has to run at a loss: $v^*(S) = \max(0, \max_{T \subseteq S} v(T))$."""
    found: dict[frozenset[str], float] = {}
    for part in sorted(values, key=len):
        smaller = [found[part - {name}] for name in part]
        found[part] = max([0.0, values[part], *smaller])
    return found


def replaceable(values: Mapping[frozenset[str], float], prices: Mapping[str, float]) -> dict[frozenset[str], float]:
    r"""The values if who lacks a player may buy it: $v'(S) = \max_{T \supseteq S} v(T) - \sum_{T \setminus S} r_i$.

    prices: r_i of each player that can be bought. No such player then adds more than its price to any part.
    """
    found: dict[frozenset[str], float] = {}
    for part in sorted(values, key=len, reverse=True):
        bought = [found[part | {name}] - price for name, price in prices.items() if name not in part]
        found[part] = max([values[part], *bought])
    return found


@dataclass
class Game:
    """A group as a game: what each part of it is worth (rules Coalitions, Replacing, Earners, Standing still).

    run: present value after tax if exactly these earning assets run, with all that they need. prices: of what can be
    bought. It agrees with :func:`replaceable` of :func:`standing_still` of the group's cash flows, for any size.
    """

    earners: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]
    prices: Mapping[str, float]
    run: Callable[[frozenset[str]], float]
    _ways: dict[frozenset[str], float] = field(default_factory=dict)

    def worth(self, owned: Iterable[str]) -> float:
        """What a part of the group is worth to an owner who has no other."""
        owned = frozenset(owned)
        can = [name for name in self.earners if name in owned and self.needs[name] - owned <= self.prices.keys()]
        if len(self.earners) > MOST_EARNERS:
            return max(self._way(frozenset(can), owned), 0.0)
        ways = (frozenset(chosen) for size in range(len(can) + 1) for chosen in combinations(can, size))
        return max(self._way(way, owned) for way in ways)

    def _way(self, running: frozenset[str], owned: frozenset[str]) -> float:
        if not running:
            return 0.0
        if running not in self._ways:
            self._ways[running] = self.run(running)
        needed = frozenset().union(*(self.needs[name] for name in running))
        return self._ways[running] - sum(self.prices[name] for name in needed - owned)


def game(plan: Plan, group: Group) -> Game:
    """The game of one group, on the client's basis of value."""
    inside = set(group.assets)
    earners = tuple(name for name in group.assets if name in plan.benefits_of and plan.needs[name] <= inside)
    costs, flows, factor = replacement_costs(plan), part_flows(plan, group), tax_benefit_factor(plan, group)
    prices = {name: costs[name].depreciated for name in group.assets if name not in plan.benefits_of}

    def run(running: frozenset[str]) -> float:
        value = sum(float(year.present) for year in flows(frozenset().union(*(plan.needs[name] for name in running))))
        return factor * value if value > 0 else value  # a buyer's tax benefit, where the basis has one

    return Game(earners, {name: plan.needs[name] for name in earners}, prices, run)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Who earns what of one group, by player: an asset, or a kind of asset."""

    players: tuple[str, ...]
    replacing: Mapping[str, float | None]  # what it can be bought for; None: it earns itself and is not bought
    alone: Mapping[str, float]  # worth of each without the others, which are bought where that pays
    lost: Mapping[str, float]  # what goes without it
    shares: Mapping[str, float]
    errors: Mapping[str, float]  # standard errors, 0 where the shares are exact
    best: float  # sum of the shares
    total: float  # value of the group as it is
    method: str

    @property
    def standing_still(self) -> float:
        """What the group loses by what would better stand still; at most 0."""
        return min(self.total - self.best, 0.0)

    @property
    def sampled(self) -> bool:
        return any(self.errors.values())


def split(plan: Plan, group: Group, kinds: bool = False, seed: int = 0) -> Split:
    """Shapley shares of a group's value by asset, or by kind of asset (rules Shares, Kinds)."""
    found = game(plan, group)
    player_of = {name: plan.asset(name).kind if kinds else name for name in group.assets}
    players = tuple(dict.fromkeys(player_of.values()))
    owned = {player: frozenset(name for name in group.assets if player_of[name] == player) for player in players}

    def worth(chosen: Iterable[str]) -> float:
        return found.worth(frozenset().union(*(owned[player] for player in chosen)))

    needed = frozenset().union(*found.needs.values())
    dear = {name for name in needed if found.prices.get(name, 1.0) > 0} | set(found.earners)
    active = [player for player in players if owned[player] & dear]  # the others add nothing to any part
    shared = data_value.shapley(active, worth, permutations=ORDERS, seed=seed) if active else None
    nothing = dict.fromkeys(players, 0.0)
    best = worth(players)
    return Split(
        players=players,
        replacing={player: _price(found, owned[player]) for player in players},
        alone={player: worth([player]) for player in players},
        lost={player: best - worth([other for other in players if other != player]) for player in players},
        shares=nothing | (shared.values if shared else {}),
        errors=nothing | (shared.standard_errors if shared else {}),
        best=best,
        total=float(group_value(plan, group)),
        method=shared.method if shared else "nothing earns",
    )


def _price(found: Game, assets: Iterable[str]) -> float | None:
    assets = list(assets)
    return None if any(name not in found.prices for name in assets) else sum(found.prices[name] for name in assets)


@dataclass(frozen=True, kw_only=True)
class BlockWorth:
    """The blocks of one data set: metric and money. shares is empty where not every combination was measured."""

    blocks: tuple[str, ...]
    metric: str
    n: int
    nothing: float | None  # metric without any block
    whole: float
    shares: Mapping[str, float]  # in the metric's unit
    left_out: Mapping[str, float | None]
    value: float  # of the data set, or of the part of it that this model uses
    money: Mapping[str, float]
    sentence: str


def blocks(plan: Plan, given: Any, value: float | None) -> BlockWorth:
    """What each block of a client's data set is worth (rules Blocks, Leave one out).

    given: one of data_blocks; value: of its data set, as it is concluded; None: no value is.
    """
    names = given.blocks
    whole, nothing = given.value(*names), given.value()
    left_out = {name: _less(whole, given.value(*(other for other in names if other != name))) for name in names}
    mine = 0.0 if value is None else value * _used_by(plan, given)
    shares: dict[str, float] = {}
    money: dict[str, float] = {}
    sentence = ""
    if not given.complete:
        missing = 2 ** len(names) - len(given.coalitions)
        sentence = f"No Shapley shares: {missing} of {2 ** len(names)} combinations of the blocks were not measured."
    else:
        shares = dict(data_value.shapley(names, lambda chosen: given.value(*chosen)).values)
        gained = whole - nothing
        sentence = _no_money(given, value, mine, gained)
        money = {} if sentence else {name: share / gained * mine for name, share in shares.items()}
    return BlockWorth(
        blocks=names,
        metric=given.metric,
        n=given.n,
        nothing=nothing,
        whole=whole,
        shares=shares,
        left_out=left_out,
        value=mine,
        money=money,
        sentence=sentence,
    )


def _no_money(given: Any, value: float | None, mine: float, gained: float) -> str:
    if value is None or value <= 0:
        return f"No money: {given.asset_id} has no value above zero to share."
    if mine <= 0:
        return "No money: the blocks are not those of a model with benefits after the valuation date."
    return "" if gained > 0 else "No money: the whole data set adds nothing to the metric."


def _used_by(plan: Plan, given: Any) -> float:
    """The part of a data set's value that this model uses, among the models for which blocks are given."""
    earned = present_benefits(plan, lambda line: line.asset_id)
    models = {item.model_id for item in plan.client.data_blocks if item.asset_id == given.asset_id} | {given.model_id}
    worth = {name: max(earned.get(name, 0.0), 0.0) for name in models}
    together = sum(worth.values())
    return worth.get(given.model_id, 0.0) / together if together else 0.0


def _less(whole: float | None, rest: float | None) -> float | None:
    return None if whole is None or rest is None else whole - rest


def neighbour_shares(
    features, labels, block_of_row: Iterable[str], test_features, test_labels, k: int = 5
) -> dict[str, float]:
    """Exact KNN-Shapley values of all training rows, summed by block (rule Neighbours).

    features: (n, columns) numbers, brought to mean 0 and variance 1 by the training rows; labels: (n,);
    test_features: (m, columns). The sum over the blocks is the share of right neighbours on the test rows, 0..1.
    """
    known, asked = np.asarray(features, float), np.asarray(test_features, float)
    spread = known.std(axis=0)
    middle, spread = known.mean(axis=0), np.where(spread > 0, spread, 1.0)
    values = data_value.knn_shapley((known - middle) / spread, labels, (asked - middle) / spread, test_labels, k)
    names = np.asarray(list(block_of_row))
    return {str(name): float(values[names == name].sum()) for name in dict.fromkeys(names.tolist())}


def gaps(plan: Plan) -> list[str]:
    """What the client did not give about its data."""
    data = [asset.asset_id for asset in plan.client.assets if asset.kind == "data"]
    with_blocks = {item.asset_id for item in plan.client.data_blocks}
    with_quality = {item.asset_id for item in plan.client.data_quality}
    return [
        *(
            f"{name}: no blocks (data_blocks.csv), so nothing is said about its parts."
            for name in data
            if name not in with_blocks
        ),
        *(f"{name}: no quality figures (data_quality.csv)." for name in data if name not in with_quality),
        *(["No data asset is registered."] if not data else []),
    ]
