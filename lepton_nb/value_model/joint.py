"""Who earns a joint benefit: assets, kinds of asset, and the blocks of a data set, in money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from lepton_nb.valuation import data_value
from lepton_nb.value_model.beside import present_benefits
from lepton_nb.value_model.money import cash_flows
from lepton_nb.value_model.reading import Group, Plan

#: How joint benefits are split. Each rule has a test; the chapter prints them all.
RULES = {
    "Coalitions": "The value of a part of a group is that of the group's cash flows if only this part existed: a benefit "
    "counts only where the asset that earns it and all that feed it are there; the costs of those present count in full.",
    "Own costs": "The first split takes each part as it stands: who is there pays its costs, also where it earns nothing. The "
    "joint benefit is then shared in equal parts by those it needs, and each bears its own costs. The value chapter shows "
    "these shares.",
    "Avoidable costs": "The second split lets a part that would lose money stand still: its value is that of its best part, at "
    "least 0. Costs that only a joint benefit justifies are then borne jointly. Both splits sum to the value of the group, "
    "where that is above 0.",
    "Kinds": "Data, models and infrastructure are each one player: all assets of one kind come or go together.",
    "Blocks": "A block of data is worth its Shapley share of what the whole data set adds to the model's metric, times the "
    "present value of the model's benefits before tax and costs. The shares are exact where every combination was measured.",
    "Leave one out": "What the metric loses without one block says how replaceable the block is, not what it contributed; it "
    "does not sum to the whole.",
    "Neighbours": "Where the client gives rows with their block, each row's exact Shapley value for a K-nearest-neighbour "
    "classifier is summed by block. It values the rows for that classifier, not for the client's model.",
}

#: Above so many assets a group's coalitions are not listed one by one.
MOST_ASSETS = 10


def coalition_values(plan: Plan, group: Group) -> dict[frozenset[str], float]:
    """Present value after tax of every part of a group (rule Coalitions). Raises ValueError above 10 assets."""
    if len(group.assets) > MOST_ASSETS:
        raise ValueError(f"A group of more than {MOST_ASSETS} assets has too many parts. Received: {len(group.assets)}")
    return {
        frozenset(members): float(sum(year.present for year in cash_flows(plan, group, members=members)))
        for size in range(len(group.assets) + 1)
        for members in combinations(group.assets, size)
    }


def avoidable(values: Mapping[frozenset[str], float]) -> dict[frozenset[str], float]:
    r"""The values if no part has to run at a loss: $v^*(S) = \max(0, \max_{T \subseteq S} v(T))$."""
    found: dict[frozenset[str], float] = {}
    for part in sorted(values, key=len):
        smaller = [found[part - {name}] for name in part]
        found[part] = max([0.0, values[part], *smaller])
    return found


@dataclass(frozen=True)
class Split:
    """One group's value by player. own: with own costs; avoidable: where no part runs at a loss."""

    players: tuple[str, ...]
    alone: Mapping[str, float]  # value of each player without the others
    own: Mapping[str, float]
    avoidable: Mapping[str, float]
    total: float


def split(plan: Plan, group: Group, kinds: bool = False) -> Split:
    """Shapley shares of a group's value by asset, or by kind of asset (rules Own costs, Avoidable costs, Kinds)."""
    values = coalition_values(plan, group)
    kind = {name: plan.asset(name).kind if kinds else name for name in group.assets}
    players = tuple(dict.fromkeys(kind.values()))

    def of(table: Mapping[frozenset[str], float]):
        return lambda chosen: table[frozenset(name for name in group.assets if kind[name] in chosen)]

    own = data_value.shapley(players, of(values))
    free = data_value.shapley(players, of(avoidable(values)))
    return Split(
        players,
        {player: of(values)({player}) for player in players},
        own.values,
        free.values,
        values[frozenset(group.assets)],
    )


@dataclass(frozen=True)
class BlockWorth:
    """The blocks of one data set: metric and money. shares is empty where not every combination was measured."""

    blocks: tuple[str, ...]
    metric: str
    n: int
    nothing: float | None  # metric without any block
    whole: float
    shares: Mapping[str, float]  # in the metric's unit
    left_out: Mapping[str, float | None]
    benefits: float  # present value of the model's benefits, before tax and costs
    money: Mapping[str, float]
    sentence: str


def blocks(plan: Plan, given: Any) -> BlockWorth:
    """What each block of a client's data set is worth (rules Blocks, Leave one out). given: one of data_blocks."""
    names = given.blocks
    whole, nothing = given.value(*names), given.value()
    left_out = {name: _less(whole, given.value(*(other for other in names if other != name))) for name in names}
    earned = present_benefits(plan, lambda line: line.asset_id).get(given.model_id, 0.0) if given.model_id else 0.0
    shares: dict[str, float] = {}
    money: dict[str, float] = {}
    sentence = ""
    if not given.complete:
        missing = 2 ** len(names) - len(given.coalitions)
        sentence = f"No Shapley shares: {missing} of {2 ** len(names)} combinations of the blocks were not measured."
    else:
        shares = dict(data_value.shapley(names, lambda chosen: given.value(*chosen)).values)
        gained = whole - nothing
        if not given.model_id or not earned:
            sentence = "No money: the blocks are not those of a model with benefits after the valuation date."
        elif gained <= 0:
            sentence = "No money: the whole data set adds nothing to the metric."
        else:
            money = {name: share / gained * earned for name, share in shares.items()}
    return BlockWorth(names, given.metric, given.n, nothing, whole, shares, left_out, earned, money, sentence)


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
