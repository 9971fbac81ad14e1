"""Where one assumption alone takes the expected value to a limit: the figure at which it does, found by search.

All else is drawn, as in the value itself: one method for signs, books and the rates of a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import optimize

from lepton_nb.client import Trial
from lepton_nb.value_model import tested
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.inputs import Input
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import (
    LN2,
    books_of,
    present_and_flows,
    price_factor,
    scenario_world,
    tax_benefit_factor,
)
from lepton_nb.value_model.world import World, likely_level, triangular_quantile
from lepton_nb.value_model.worlds import Assumption, simulate

#: Rows of one group for which the figure is searched: those with the longest bars.
MOST_SOLVED = 3
#: Draws over which a value is expected while one assumption stands still.
DRAWS = 2048


@dataclass(frozen=True)
class Path:
    """One assumption on its way from what is used, at 0, to one of its ends, at 1.

    figure: what it stands at on the way, in the unit of the assumption; a half-life without end is infinite.
    """

    world: Callable[[float], World]
    figure: Callable[[float], float]


def _between(first: float, last: float) -> Callable[[float], float]:
    return lambda way: first + way * (last - first)


def path(plan: Plan, move: Assumption, up: bool) -> Path | None:
    """The way of an assumption to its high (up) or low end; None where nothing lies between: a success, ranges by year."""
    item, end = plan.inputs.get(move.name), move.high if up else move.low
    if move.name == "rate":
        return rate_path(end.rate_change)
    if item is None:  # a test set, moved as its gain per case
        gain = _between(float(gain_per_case(plan.evaluation(move.name))), end.gains[move.name])
        return Path(lambda way: World(gains={move.name: gain(way)}), gain)
    if item.category == "success" or item.by_year:
        return None
    (last,) = end.drawn.values()
    level = _between(_used(item), last)
    return Path(lambda way: World(drawn={move.name: level(way)}), lambda way: _figure(item, move.name, level(way)))


def rate_path(change: float) -> Path:
    """The way of all discount rates to another rate, in percentage points."""
    moved = _between(0.0, change)
    return Path(lambda way: World(rate_change=moved(way)), lambda way: 100 * moved(way))


def half_life_path(asset_id: str, used: float, least: float) -> Path:
    """The way of a half-life that is not drawn to a shorter one, years."""
    moved = _between(used, least)
    return Path(lambda way: World(half_lives={asset_id: moved(way)}), moved)


def trial_path(plan: Plan, trial: Trial, least: float = 0.0) -> Path | None:
    """The way of a trial's mean gain from what was measured to ``least``, in its unit; None where no error is drawn."""
    item = plan.inputs.get(tested.name(trial))
    if item is None:
        return None
    drawn, moved = item.tested, _between(trial.gain, least)
    return Path(lambda way: World(drawn={tested.name(trial): tested.level_at(drawn, moved(way))}), moved)


def _used(item: Input) -> float:
    """The level at which an input stands at the figure that is used."""
    return likely_level(item.range) if item.tested is None else tested.level(item.tested)


def _figure(item: Input, name: str, level: float) -> float:
    """What an input stands at for a level, as the words of its assumption tell it."""
    if item.tested is not None:
        return float(tested.quantile(item.tested, level))
    drawn = float(triangular_quantile(item.range, level))
    if item.category == "decay":
        return LN2 / drawn if drawn > 0 else np.inf
    times = item.evaluation.class_weights[name.rpartition(".")[2]] if item.category == "outcome_value" else 1.0
    return drawn / times  # money as it was stated


def place(way: Path | None, left: Callable[[World], float]) -> float | None:
    """Where on its way ``left`` is zero, 0 to 1; None where it has one sign from what is used to the end."""
    if way is None:
        return None
    first, last = left(way.world(0.0)), left(way.world(1.0))
    if first * last >= 0:
        return None
    return float(optimize.brentq(lambda at: left(way.world(at)), 0.0, 1.0, xtol=1e-9))


def drawn_world(plan: Plan) -> World:
    """DRAWS states of all uncertain figures, those of the client's seed."""
    return scenario_world(plan, simulate(plan, DRAWS).total.inputs)


def standing(drawn: World, fixed: World) -> World:
    """The drawn states with what ``fixed`` names standing still."""
    named = {name: getattr(fixed, name) for name in ("gains", "half_lives", "rate_change")}
    return replace(drawn, drawn=drawn.drawn | fixed.drawn, **named)


def expected(plan: Plan, group: Group, drawn: World) -> Callable[[frozenset[str] | None], Callable[[World], float]]:
    """The expected value of a group as a function of a world, for assumptions that touch some assets (None: all).

    What the world names stands still, all else is as ``drawn`` (:func:`drawn_world`).
    """
    base = books_of(plan, group, drawn)

    def of(assets: frozenset[str] | None) -> Callable[[World], float]:
        touched = group.assets if assets is None else [name for name in group.assets if name in assets]

        def mean(fixed: World) -> float:
            world = standing(drawn, fixed)
            value = present_and_flows(plan, group, world, base | books_of(plan, group, world, touched))[0]
            return float(np.mean(value)) * price_factor(value, tax_benefit_factor(plan, group, fixed.rate_change))

        return mean

    return of


def decisive(plan: Plan, bars: Mapping[str, Sequence[tuple[Assumption, Any]]]) -> list[dict[str, Any]]:
    """The assumptions that alone give a group another sign, one row an end: the figure there, and the one that turns it.

    bars: the tornado, by group. turns_at: the figure at which the expected value is zero; None where nothing lies between
    what is used and the end, and after the first MOST_SOLVED of a group.
    """
    found, drawn = [], drawn_world(plan)
    for group in plan.groups:
        rows = [
            (move, up, told, value)
            for move, bar in bars[group.name]
            for up, told, value in (
                (False, move.low_words, bar.value_at_low),
                (True, move.high_words, bar.value_at_high),
            )
            if (value < 0) != (bar.base_value < 0)
        ]
        of = expected(plan, group, drawn) if rows else None
        for number, (move, up, told, value) in enumerate(rows):
            way = path(plan, move, up) if number < MOST_SOLVED else None
            at = place(way, of(move.assets)) if way else None
            found.append(
                {"group": group.name, "assumption": move.label, "unit": move.unit, "at": told, "value": value,
                 "turns_at": None if at is None else way.figure(at)}
            )  # fmt: skip
    return found
