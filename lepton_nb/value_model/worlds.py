"""Many states of the world: simulation, one assumption at a time, scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaincinv

from lepton_nb.valuation import uncertainty
from lepton_nb.value_model.beside import gains, measured_half_lives
from lepton_nb.value_model.money import World, Worth, evaluate
from lepton_nb.value_model.reading import PRIOR, Plan, sample_counts


@dataclass(frozen=True)
class Distribution:
    """Simulated present values: of every asset, every group and the total, over the same draws."""

    assets: Mapping[str, uncertainty.Simulation]
    groups: Mapping[str, uncertainty.Simulation]
    total: uncertainty.Simulation
    draws: int
    seed: int


def distributions(plan: Plan) -> dict[str, Any]:
    """What ``valuation.uncertainty.simulate`` draws for each uncertain figure (rule Uncertainty).

    Ranges, acceptance shares and successes are drawn as quantile levels, so that one level serves all years of
    a driver; test sets as the shares of their cells.
    """
    evaluations = {item.evaluation_id: item for item in plan.client.evaluations}
    found: dict[str, Any] = {}
    for name, item in plan.inputs.items():
        owner, _, sample = name.rpartition(".")
        counted = item.category == "gain" and sample != "acceptance"
        found[name] = (
            uncertainty.dirichlet(sample_counts(evaluations[owner])[sample], PRIOR)
            if counted
            else uncertainty.uniform(0, 1)
        )
    return found


def simulate(plan: Plan, draws: int = 0, seed: int | None = None) -> Distribution:
    """All uncertain figures together. ``draws`` and ``seed`` are the client's unless given."""
    draws = draws or plan.client.monte_carlo.draws
    seed = plan.client.monte_carlo.seed if seed is None else seed
    names = [*(name for group in plan.groups for name in group.assets), *(group.name for group in plan.groups)]

    def model(drawn):
        size = len(next(iter(drawn.values())))
        worth = evaluate(plan, World(drawn=drawn))
        columns = [*worth.assets.values(), *worth.groups.values(), worth.total]
        return np.column_stack([np.broadcast_to(column, size) for column in columns])

    inputs = distributions(plan) or {"nothing is uncertain": uncertainty.uniform(0, 1)}
    result = uncertainty.simulate(model, inputs, draws, seed, plan.correlations)
    columns = dict(zip(names, map(result.column, range(len(names))), strict=True))
    assets = {name: columns[name] for group in plan.groups for name in group.assets}
    groups = {group.name: result.column(len(assets) + index) for index, group in enumerate(plan.groups)}
    return Distribution(assets, groups, result.column(len(names)), result.draws, seed)


@dataclass(frozen=True)
class Assumption:
    """A figure that can be moved alone: to the world ``low`` and to the world ``high``."""

    name: str
    label: str
    unit: str
    low: World
    high: World
    low_words: str
    high_words: str
    grade: str = ""

    @property
    def ends(self) -> dict[float, World]:
        """The worlds at position -1 (low) and 1 (high)."""
        return {-1.0: self.low, 1.0: self.high}


#: How far the discount rate is moved for the tornado: one percentage point either way.
RATE_MOVE = 0.01


def assumptions(plan: Plan, words=lambda value: f"{value:.4g}") -> tuple[Assumption, ...]:
    """Every assumption with its two ends.

    A range goes to its low and its high (widened); a test set's gain and an acceptance share to the 5 % and the
    95 % point of what the test leaves open; success to failure and success; a half-life to the measured one, where
    monitoring measures one; discount rates one percentage point down and up. ``words(value)`` shows a figure.
    """
    point = f"{RATE_MOVE * 100:g}"
    found = [
        Assumption("rate", "discount rate", "percentage point", World(rate_change=-RATE_MOVE),
                   World(rate_change=RATE_MOVE), f"−{point}", f"+{point}")
    ]  # fmt: skip
    for name, item in plan.inputs.items():
        if item.range is not None:
            worlds = World(drawn={name: 0.0}), World(drawn={name: 1.0})
            ends = (words(item.range.low), words(item.range.high)) if not item.by_year else ("each low", "each high")
        elif item.category == "success":
            worlds = World(chances={item.asset_id: 0.0}), World(chances={item.asset_id: 1.0})
            ends = "fails", "succeeds"
        elif name.endswith(".acceptance"):
            counts = plan.accepted(name.removesuffix(".acceptance"))
            worlds = World(drawn={name: 0.05}), World(drawn={name: 0.95})
            shares = (betaincinv(counts.accepted + PRIOR, counts.n - counts.accepted + PRIOR, p) for p in (0.05, 0.95))
            ends = tuple(words(float(share)) for share in shares)
        else:
            continue  # a test set: below, as a gain per case
        found.append(Assumption(name, item.label, item.unit, *worlds, *ends, item.grade))
    used = {line.link_id for line in plan.benefits} | {line.asset_id for line in plan.benefits}
    for gain in gains(plan):
        if gain.evaluation_id in used:
            worlds = (World(gains={gain.evaluation_id: end}) for end in gain.drawn)
            label = f"test set: {gain.evaluation_id.replace('_', ' ')}"
            ends = (words(end) for end in gain.drawn)
            found.append(Assumption(gain.evaluation_id, label, f"{plan.currency} per case", *worlds, *ends, "measured"))
    for life in measured_half_lives(plan.client):
        if life.measured is not None and life.stated is not None and life.asset_id in used:
            ends = sorted((life.stated, life.measured))
            worlds = (World(half_lives={life.asset_id: end}) for end in ends)
            texts = (f"{words(end)} ({'stated' if end == life.stated else 'measured'})" for end in ends)
            name, label = f"{life.asset_id}.half_life.{life.metric}", f"half-life of {life.asset_id} ({life.metric})"
            found.append(Assumption(name, label, "years", *worlds, *texts))
    return tuple(found)


def tornado(
    plan: Plan, moves: Sequence[Assumption]
) -> dict[str, tuple[tuple[Assumption, uncertainty.TornadoRow], ...]]:
    """The assumptions by how far each moves a value alone, the largest first: by asset, by group and for ``total``."""
    by_name = {move.name: move for move in moves}
    worths = {(name, at): evaluate(plan, world) for name, move in by_name.items() for at, world in move.ends.items()}
    base = evaluate(plan)

    def rows(of):
        def model(position: Mapping[str, float]) -> float:  # -1 low, 0 most likely, 1 high
            moved = next(((name, at) for name, at in position.items() if at), None)
            return float(of(worths.get(moved, base)))

        bars = uncertainty.tornado(model, dict.fromkeys(by_name, 0.0), dict.fromkeys(by_name, (-1.0, 1.0)))
        return tuple((by_name[bar.name], bar) for bar in bars)

    found = {name: rows(lambda worth, name=name: worth.assets[name]) for name in base.assets}
    found |= {name: rows(lambda worth, name=name: worth.groups[name]) for name in base.groups}
    return found | {"total": rows(lambda worth: worth.total)}


def scenario_values(plan: Plan) -> dict[str, Worth]:
    """The worth in each of the client's scenarios, everything else at its most likely value (rule Scenarios)."""
    return {
        item.name: evaluate(
            plan,
            World(own_multipliers={asset.asset_id: item.multipliers(asset.asset_id) for asset in plan.client.assets}),
        )
        for item in plan.client.scenarios
    }
