"""How far the books lie below what a group can bring, and which single change takes that away (IAS 36.134(f))."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.planning import on_basis
from lepton_nb.value_model.stopping import brings
from lepton_nb.value_model.turning import Path, drawn_world, expected, half_life_path, path, place, rate_path
from lepton_nb.value_model.world import World
from lepton_nb.value_model.worlds import Assumption

#: Groups and assumptions that are looked at: those with most in the books, those with the longest bars.
MOST_GROUPS, MOST_MOVES = 8, 3
#: How far rates and half-lives that are not drawn are searched, and what of it is a change that may well come.
RATE_REACH, RATE_POSSIBLE = 0.50, 0.02
LIFE_LEAST, LIFE_POSSIBLE = 0.05, 0.50

RULES = {
    "Headroom": "By how much the recoverable amount exceeds the books, and the figure of one assumption at which it no longer does: the three with the "
    f"longest bars inside their ranges, rates to +{100 * RATE_REACH:g} points, half-lives that are not drawn to a twentieth. Both values are expected while this one figure stands "
    f"still and all else is drawn, as where a sign or a rate turns. Thin: a change inside the range, of {100 * RATE_POSSIBLE:g} points or of half a half-life is enough. IAS 36.134(f), as secondary sources give it, asks "
    "this of units with goodwill or an asset without a foreseeable end; here every group has it.",
}


@dataclass(frozen=True)
class Turn:
    """One assumption alone: as used, and where a loss begins (None: not as far as is looked)."""

    assumption: str
    unit: str
    used: float
    at: float | None
    near: float | None  # the way to it as a share of what may well come: thin up to 1

    @property
    def thin(self) -> bool:
        return self.near is not None and self.near <= 1


@dataclass(frozen=True)
class Headroom:
    """A group whose books lie below its recoverable amount. above: by how much; turns: the nearest first. Money.

    basis: which of both values the recoverable amount is.
    """

    group: str
    carrying: float
    above: float
    turns: tuple[Turn, ...]
    basis: str = "value in use"

    @property
    def thin(self) -> bool:
        """Whether one change that may well come is enough for a loss."""
        return any(turn.thin for turn in self.turns)


def headrooms(
    plan: Plan, tests: Sequence[Any], bars: Mapping[str, Sequence[tuple[Assumption, Any]]]
) -> tuple[Headroom, ...]:
    """Rule Headroom, of the tested groups with something in the books and no loss.

    tests: of :func:`lepton_nb.value_model.books.impairment_tests`; bars: the tornado.
    """
    held = [test for test in tests if test.carrying > 0 and test.result.impairment_loss <= 0]
    chosen = sorted(held, key=lambda test: -test.carrying)[:MOST_GROUPS]
    sides = (
        [(side, drawn_world(side)) for side in (on_basis(plan, "owner"), on_basis(plan, "market"))] if chosen else []
    )
    found = []
    for test in chosen:
        group = next(one for one in plan.groups if one.name == test.group)
        left = _left(plan, group, sides, test.carrying)
        turns = [_turn(*way, left) for way in _ways(plan, group, bars[group.name])]
        turns.sort(key=lambda turn: (turn.near is None, turn.near))
        recoverable, in_use = test.result.recoverable, test.result.value_in_use
        basis = "value in use" if in_use >= recoverable else "fair value"
        found.append(Headroom(group.name, test.carrying, recoverable - test.carrying, tuple(turns), basis))
    return tuple(found)


def _left(plan: Plan, group: Group, sides: Sequence[tuple[Plan, World]], carrying: float):
    """assets that a change touches → (world → what is left above the books)."""
    sold = brings(plan, group)
    known = [expected(side, next(one for one in side.groups if one.name == group.name), drawn) for side, drawn in sides]

    def left(assets: frozenset[str] | None) -> Callable[[World], float]:
        values = [of(assets) for of in known]
        return lambda world: max(*(value(world) for value in values), sold, 0.0) - carrying

    return left


def _ways(plan: Plan, group: Group, bars: Iterable[tuple[Assumption, Any]]):
    """(label, unit, touched, way, share of it that may well come) of each assumption, towards its bad end."""
    yield "discount rate", "percentage point", None, rate_path(RATE_REACH), RATE_POSSIBLE / RATE_REACH
    moves = [(move, bar) for move, bar in bars if move.name != "rate" and bar.swing > 0][:MOST_MOVES]
    for move, bar in moves:
        way = path(plan, move, up=bar.value_at_high < bar.value_at_low)
        if way is not None:
            yield move.label, move.unit, move.assets, way, 1.0
    for name in group.assets:
        used = plan.decays.get(name)
        if used is not None and used.drawn is None and used.half_life:
            way = half_life_path(name, used.half_life, LIFE_LEAST * used.half_life)
            share = (1 - LIFE_POSSIBLE) / (1 - LIFE_LEAST)
            yield f"half-life of the gain of {name}", "years", frozenset([name]), way, share


def _turn(label: str, unit: str, assets: frozenset[str] | None, way: Path, possible: float, left) -> Turn:
    at = place(way, left(assets))
    known = (None, None) if at is None else (way.figure(at), at / possible)
    return Turn(label, unit, way.figure(0.0), *known)


def table(found: Sequence[Headroom]) -> list[dict[str, Any]]:
    """What the record holds: one row a group with its nearest assumption."""
    return [
        {"group": one.group, "headroom": one.above, "carrying": one.carrying, "thin": one.thin,
         "assumption": one.turns[0].assumption, "unit": one.turns[0].unit, "at": one.turns[0].at,
         "basis": one.basis}
        for one in found
    ]  # fmt: skip


def findings(found: Sequence[Headroom], money: Callable[[float], str], figure: Callable[[float], str]) -> list[str]:
    """A sentence for each group with little between its value and its books."""
    return [
        f"{one.group} stands {money(one.above)} below what it can bring; {one.turns[0].assumption} at {figure(one.turns[0].at)} "
        f"{one.turns[0].unit} takes that away."
        for one in found
        if one.thin
    ]
