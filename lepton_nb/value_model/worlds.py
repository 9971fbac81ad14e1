"""Many states of the world: simulation, one assumption at a time, scenarios, rate against half-life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lepton_nb import terms
from lepton_nb.valuation import uncertainty
from lepton_nb.value_model import tested
from lepton_nb.value_model.gains import gains
from lepton_nb.value_model.inputs import Input, grade_of_gain
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import (
    LN2,
    Worth,
    books_of,
    evaluate,
    group_value,
    present_and_flows,
    price_factor,
    scenario_world,
    tax_benefit_factor,
)
from lepton_nb.value_model.tested import PRIOR
from lepton_nb.value_model.verdict import counted
from lepton_nb.value_model.world import World, likely_level


@dataclass(frozen=True)
class Distribution:
    """Simulated values: of every group and the total of those that count, over the same draws.

    flows: of each group, without discounting.
    """

    groups: Mapping[str, uncertainty.Simulation]
    total: uncertainty.Simulation
    flows: Mapping[str, uncertainty.Simulation]
    draws: int
    seed: int

    def losing(self, group: str) -> float:
        """Share of the draws in which a group loses, at its rate or without discounting (rule Verdict)."""
        return float(np.mean((self.groups[group].values < 0) | (self.flows[group].values < 0)))


def counting(plan: Plan, world: World, held: Sequence[str]) -> Worth:
    """Value of each group in one world; the total is of the groups ``held``, as the headline holds them."""
    groups = evaluate(plan, world).groups
    return Worth(groups, sum((groups[name] for name in held), 0.0))


def distributions(plan: Plan) -> dict[str, Any]:
    """What ``valuation.uncertainty.simulate`` draws for each uncertain figure (rule Uncertainty).

    Ranges, trials, acceptance shares, successes, decays and the scenario are drawn as quantile levels, so that one level serves
    all years of a driver; test sets as the shares of their cells.
    """
    return {
        name: uncertainty.dirichlet(item.counts, PRIOR) if item.sample else uncertainty.uniform(0, 1)
        for name, item in plan.inputs.items()
    }


def simulate(plan: Plan, draws: int = 0, seed: int | None = None, keep_inputs: bool = True) -> Distribution:
    """All uncertain figures together. ``draws`` and ``seed`` are the client's unless given.

    keep_inputs: whether what was drawn is kept beside the values, which many inputs make large.
    """
    draws = draws or plan.client.monte_carlo.draws
    seed = plan.client.monte_carlo.seed if seed is None else seed
    held = counted(plan)

    def model(drawn):
        size = len(next(iter(drawn.values())))
        world = scenario_world(plan, drawn)
        found = {group.name: present_and_flows(plan, group, world) for group in plan.groups}
        total = sum((found[name][0] for name in held), 0.0)
        columns = (*(value for value, _ in found.values()), total, *(flows for _, flows in found.values()))
        return np.column_stack([np.broadcast_to(column, size) for column in columns])

    inputs = distributions(plan) or {"nothing is uncertain": uncertainty.uniform(0, 1)}
    result = uncertainty.simulate(model, inputs, draws, seed, plan.correlations, keep_inputs)
    result = _at_one_price(plan, result)
    groups = {group.name: result.column(index) for index, group in enumerate(plan.groups)}
    flows = {name: result.column(index) for index, name in enumerate(groups, start=len(groups) + 1)}
    return Distribution(groups, result.column(len(groups)), flows, result.draws, seed)


def _at_one_price(plan: Plan, drawn: uncertainty.Simulation) -> uncertainty.Simulation:
    """The draws with a buyer's tax benefit: columns are the groups, the total of those that count, and flows."""
    columns = drawn.values[:, : len(plan.groups)]
    factors = [
        price_factor(column, tax_benefit_factor(plan, group))
        for column, group in zip(columns.T, plan.groups, strict=True)
    ]
    if set(factors) <= {1.0}:
        return drawn
    values, held = drawn.values.copy(), counted(plan)
    values[:, : len(factors)] = columns * factors
    values[:, len(factors)] = sum(
        (values[:, at] for at, group in enumerate(plan.groups) if group.name in held), np.zeros(len(values))
    )
    values.setflags(write=False)
    return replace(drawn, values=values)


@dataclass(frozen=True)
class Assumption:
    """A figure that can be moved alone: to the world ``low`` and to the world ``high``.

    assets: whose money it touches; None: every asset's.
    """

    name: str
    label: str
    unit: str
    low: World
    high: World
    low_words: str
    high_words: str
    grade: str = ""
    assets: frozenset[str] | None = None

    @property
    def ends(self) -> dict[float, World]:
        """The worlds at position -1 (low) and 1 (high)."""
        return {-1.0: self.low, 1.0: self.high}


#: Categories of inputs that a line reads as the quantile of their range.
PLAIN = frozenset(["volume", "unit_value", "attribution", "adoption", "cost", "substitute", "positive_share"])
#: How far the discount rate is moved for the tornado: one percentage point either way.
RATE_MOVE = 0.01


def touched_by(plan: Plan, item: Input) -> frozenset[str]:
    """The assets whose money an input moves: its own, with a success those that need it; without an asset, all."""
    if not item.asset_id:
        return frozenset(asset.asset_id for asset in plan.client.assets)
    if item.category != "success":
        return frozenset([item.asset_id])
    return frozenset([item.asset_id, *(name for name in plan.benefits_of if item.asset_id in plan.needs[name])])


def assumptions(plan: Plan, words=lambda value: f"{value:.4g}") -> tuple[Assumption, ...]:
    """Every assumption with its two ends.

    A range goes to its low and its high (widened); a test set's gain, a trial's and an acceptance share to the 5 % and the
    95 % point of what the test leaves open; success to failure and success; a decay to the ends of its interval;
    discount rates one percentage point down and up. ``words(value)`` shows a figure.
    """
    point = f"{RATE_MOVE * 100:g}"
    found = [
        Assumption("rate", "discount rate", "percentage point", World(rate_change=-RATE_MOVE),
                   World(rate_change=RATE_MOVE), f"−{point}", f"+{point}")
    ]  # fmt: skip
    for name, item in plan.inputs.items():
        label, unit = item.label, item.unit
        if item.category == "decay":
            label, unit = f"half-life of the gain of {item.asset_id}", "years"
            worlds = World(drawn={name: 1.0}), World(drawn={name: 0.0})
            ends = tuple(words(LN2 / rate) if rate > 0 else "no decay" for rate in (item.range.high, item.range.low))
        elif item.range is not None:
            worlds = World(drawn={name: 0.0}), World(drawn={name: 1.0})
            times = item.evaluation.class_weights[name.rpartition(".")[2]] if item.category == "outcome_value" else 1.0
            ends = tuple(words(end / times) for end in (item.range.low, item.range.high))  # money as it was stated
            ends = ("each low", "each high") if item.by_year else ends
        elif item.category == "success":
            worlds = World(chances={item.asset_id: 0.0}), World(chances={item.asset_id: 1.0})
            ends = "fails", "succeeds"
        elif item.tested is not None:
            worlds = World(drawn={name: 0.05}), World(drawn={name: 0.95})
            ends = tuple(words(end) for end in tested.ends(item.tested))
        else:
            continue  # a test set: below, as a gain per case; scenarios stand beside
        found.append(Assumption(name, label, unit, *worlds, *ends, item.grade, touched_by(plan, item)))
    for gain in gains(plan):
        if gain.yearly is not None:
            worlds = tuple(World(gains={gain.evaluation_id: end}) for end in gain.interval)
            label = f"gain per case by the test set {terms.spoken(gain.evaluation_id)}"
            ends = tuple(words(end) for end in gain.interval)
            users = frozenset(line.asset_id for line in plan.benefits if line.link_id == gain.evaluation_id)
            unit = f"{plan.currency} per case"
            grade = grade_of_gain(plan, plan.evaluation(gain.evaluation_id))
            found.append(Assumption(gain.evaluation_id, label, unit, *worlds, *ends, grade, users))
    return tuple(found)


def tornado(
    plan: Plan, moves: Sequence[Assumption]
) -> dict[str, tuple[tuple[Assumption, uncertainty.TornadoRow], ...]]:
    """The assumptions by how far each moves a value alone, the largest first: by group and for ``total``.

    The total is of the groups that count; an assumption that touches none of them is not among its rows.
    """
    base = {group.name: books_of(plan, group) for group in plan.groups}
    likely = {group.name: float(group_value(plan, group, books=base[group.name])) for group in plan.groups}

    def moved(assets: frozenset[str] | None, world: World) -> dict[str, Any]:
        found = {}
        for group in plan.groups:
            touched = group.assets if assets is None else [name for name in group.assets if name in assets]
            if touched:
                found[group.name] = group_value(
                    plan, group, world, base[group.name] | books_of(plan, group, world, touched)
                )
        return found

    together: dict[frozenset[str], list[Assumption]] = {}
    ends: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    for move in moves:
        if _is_plain_range(plan, move.name):
            together.setdefault(move.assets, []).append(move)
        else:
            ends[move.name] = tuple(
                {name: float(value) for name, value in moved(move.assets, world).items()}
                for world in (move.low, move.high)
            )
    for assets, same in together.items():
        found = moved(assets, _ends_in_turn(plan, [move.name for move in same]))
        for at, move in enumerate(same):
            ends[move.name] = tuple({name: float(v[2 * at + end]) for name, v in found.items()} for end in (0, 1))
    rows: dict[str, list[tuple[Assumption, uncertainty.TornadoRow]]] = {name: [] for name in (*likely, "total")}
    held = counted(plan)
    total = sum(likely[name] for name in held)
    for move in moves:
        low, high = ends[move.name]
        for name in low:
            rows[name].append((move, _bar(move, low[name], high[name], likely[name])))
        if touched := [name for name in held if name in low]:
            shift = [sum(end[name] - likely[name] for name in touched) for end in (low, high)]
            rows["total"].append((move, _bar(move, total + shift[0], total + shift[1], total)))
    return {name: tuple(sorted(found, key=lambda row: -row[1].swing)) for name, found in rows.items()}


def _is_plain_range(plan: Plan, name: str) -> bool:
    """Whether an input is read as the quantile of one range, so that a level says where it stands in every line."""
    item = plan.inputs.get(name)
    return item is not None and item.category in PLAIN and not item.by_year and item.range is not None


def _ends_in_turn(plan: Plan, names: Sequence[str]) -> World:
    """A world of two draws for each input: itself at its low and at its high end, the others most likely."""
    drawn = {name: np.full(2 * len(names), likely_level(plan.inputs[name].range)) for name in names}
    for at, name in enumerate(names):
        drawn[name][2 * at : 2 * at + 2] = 0.0, 1.0
    return World(drawn=drawn)


def _bar(move: Assumption, low: float, high: float, base: float) -> uncertainty.TornadoRow:
    return uncertainty.TornadoRow(
        name=move.name, low_input=-1.0, high_input=1.0, value_at_low=low, value_at_high=high, base_value=base
    )


def scenario_values(plan: Plan) -> dict[str, Worth]:
    """The worth in each of the client's scenarios, everything else at its most likely value (rule Scenarios)."""
    held = counted(plan)
    return {
        item.name: counting(
            plan,
            World(own_multipliers={asset.asset_id: item.multipliers(asset.asset_id) for asset in plan.client.assets}),
            held,
        )
        for item in plan.client.scenarios
    }


def lowered_by_its_cap(plan: Plan, scenario: str, group: Group, moved: float) -> str:
    """Why a scenario lowers a group that it would raise if no substitute's price capped the benefits; else nothing.

    moved: by how much the scenario changes the group's value.
    """
    if moved >= 0 or not set(group.assets) & set(plan.caps):
        return ""
    free = replace(plan, caps={})
    raised = scenario_values(free)[scenario].groups[group.name] > group_value(free, group)
    return ": more cost, while the price of a substitute caps the benefits" if raised else ""


@dataclass(frozen=True)
class RateAndHalfLife:
    """Values at other discount rates and half-lives, most likely otherwise; rows: rate changes, columns: factors."""

    rate_changes: tuple[float, ...]
    factors: tuple[float | None, ...]  # on every half-life; None: no decay
    values: np.ndarray  # (rate changes, factors)


def rate_and_half_life(
    plan: Plan,
    rate_changes: Sequence[float] = (-0.03, -0.015, 0.0, 0.015, 0.03),
    factors: Sequence[float | None] = (0.5, 0.75, 1.0, 1.5, None),
) -> RateAndHalfLife:
    """What is not drawn, as a matrix: the rate against the half-lives of all assets together."""
    held = counted(plan)
    lives = {name: used.half_life for name, used in plan.decays.items() if used.half_life}

    def at(change: float, factor: float | None) -> float:
        moved = {name: None if factor is None else factor * half_life for name, half_life in lives.items()}
        return float(counting(plan, World(rate_change=change, half_lives=moved), held).total)

    values = np.array([[at(change, factor) for factor in factors] for change in rate_changes])
    return RateAndHalfLife(tuple(rate_changes), tuple(factors), values)
