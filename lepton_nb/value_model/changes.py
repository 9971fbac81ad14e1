"""From the value of one report to that of the next, cause by cause.

The bridge replaces one kind of input after the other by the later report's, in the order of :data:`STEPS`, and computes
the value of each group each time from the lines in the records. What two steps do together falls to the later one. What
follows from the values (a group's rate is weighted by them, years that lose are not run, the draws spread round them) is
shared among a group's steps in proportion to what they move. What another interval of a half-life does to the mean of the
draws belongs to drift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from lepton_nb.client import ThreePoint
from lepton_nb.value_model.inputs import decay_name
from lepton_nb.value_model.line_values import group_values
from lepton_nb.value_model.measured import MEASURED
from lepton_nb.value_model.mixed_lines import FOLLOWS, Mixing, Side
from lepton_nb.value_model.money import LN2
from lepton_nb.value_model.tables import Lines
from lepton_nb.value_model.world import triangular_quantile

#: Cause → words for it, in the order of the bridge.
STEPS = {
    "time": "time: years gone by, new years in the horizon, part years, ends of lives",
    "drift": "drift: half-lives and the intervals in which they are drawn, retraining",
    "evidence": "evidence: measured gains and accepted shares",
    "rates": "rates: discount and tax",
    "plans": "plans: volumes, prices, shares, useful lives, chances of success",
    "costs": "costs",
    "substitutes": "substitutes: the price at which the same service is offered",
    "assets": "assets, groups and drivers added or gone",
    "basis": "basis: the owner's value or a market participant's",
    "law": "law and verdicts: groups that are no longer part of the total, or newly are",
    "uncertainty": "uncertainty: the mean of the draws against the most likely figures",
}
CODE = "code and rules: what no input explains"
UNREADABLE = "rules and code: the records were made by different rules, so inputs and rules cannot be told apart; this step holds both"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Bridge:
    """opening + steps + code = closing. readable: whether inputs could be told apart from rules and code."""

    opening: float
    steps: Mapping[str, float]
    code: float
    closing: float
    readable: bool

    def rows(self) -> list[dict[str, Any]]:
        """One row a step, with its words and its amount."""
        return [
            {"step": "opening value", "amount": self.opening},
            *({"step": said(name), "amount": amount} for name, amount in self.steps.items()),
            {"step": CODE if self.readable else UNREADABLE, "amount": self.code},
            {"step": "closing value", "amount": self.closing},
        ]


def said(step: str) -> str:
    """A step in words.

    >>> said("costs"), said("measured:C1")
    ('costs', 'measured evidence of C1: what its case gave, on other data or by another model')
    """
    if step.startswith(MEASURED):
        return (
            f"measured evidence of {step.removeprefix(MEASURED)}: what its case gave, on other data or by another model"
        )
    return STEPS[step]


def bridge(before: Record, after: Record) -> Bridge:
    """From the headline of one record of the value chapter to that of another. No concluded group counts as 0."""
    opening, closing = (float(record["figures"]["value"]["value"] or 0.0) for record in (before, after))
    one, two = Value(before), Value(after)
    readable = one.lines is not None and two.lines is not None
    steps = _steps(one, two) if readable else _without_lines(one, two)
    return Bridge(opening, steps, closing - opening - sum(steps.values()), closing, readable)


@dataclass(frozen=True)
class Value:
    """What a record says of its groups."""

    record: Record

    @cached_property
    def lines(self) -> Lines | None:
        """None: the record was made by other rules."""
        try:
            found = Lines.of(self.record["tables"])
        except ValueError:
            return None
        return found if found.periods and "cost of capital" in found.settings else None

    @cached_property
    def groups(self) -> dict[str, Mapping[str, Any]]:
        return {row["name"]: row for row in self.record["tables"].get("groups", ()) if "most_likely" in row}

    def counts(self, group: str) -> bool:
        """Whether a group is part of the total."""
        return bool(self.groups[group]["counts"]) if group in self.groups else True

    def spread(self, group: str) -> float:
        """How far the mean of a group's draws lies above its most likely value."""
        row = self.groups.get(group)
        return row["value"] - row["most_likely"] if row else 0.0

    @cached_property
    def premiums(self) -> dict[tuple[str, str], float]:
        rows = self.record["tables"].get("register", ())
        return {(row["input"], row["asset"]): row["likely"] for row in rows if row["input"].startswith("premium")}


def _without_lines(one: Value, two: Value) -> dict[str, float]:
    """What can be told of records whose lines are not comparable: who counts, and the mean against the most likely."""
    steps = dict.fromkeys(STEPS, 0.0)
    for found, sign in ((one, -1), (two, 1)):
        for name, row in found.groups.items():
            if found.counts(name):
                steps["uncertainty"] += sign * found.spread(name)
            else:
                steps["law"] -= sign * row["most_likely"]
    return steps


def _steps(one: Value, two: Value) -> dict[str, float]:
    mixing = Mixing(Side(one.lines), Side(two.lines), premiums=one.premiums != two.premiums)
    kinds = mixing.kinds
    mixed = [one.lines, *(mixing.lines(kinds[: place + 1]) for place in range(len(kinds)))]
    states = [group_values(lines) for lines in mixed]
    last = group_values(mixing.lines((*kinds, FOLLOWS)))
    steps = dict.fromkeys((*kinds, *STEPS), 0.0)
    drawn_alike = alike(one.lines, two.lines)
    for name in states[0]:
        counted = one.counts(name)
        if counted:
            amounts = {
                kind: states[place + 1].get(name, 0.0) - states[place].get(name, 0.0)
                for place, kind in enumerate(kinds)
            }
            if name in last:
                follows, touched = last[name] - states[-1][name], _touched(kinds, mixed, name)
                spread = two.spread(name) - one.spread(name) if two.counts(name) else 0.0
                aged = _of_decays(one.lines, two.lines, name) if two.counts(name) else 0.0
                shared = share_out(amounts, follows, touched or ("drift" if aged else "assets"))
                without = touched or ("drift" if aged else "uncertainty")
                rest = spread - aged
                amounts = share_out(shared, rest, without) if drawn_alike else shared | {"uncertainty": rest}
                amounts["drift"] = amounts.get("drift", 0.0) + aged
            else:
                amounts["assets"] -= one.spread(name)
            for kind, amount in amounts.items():
                steps[kind] += amount
        if name in last and counted != two.counts(name):
            found = two if two.counts(name) else one
            steps["law"] += (1 if found is two else -1) * (last[name] + found.spread(name))
    for name in set(last) - set(states[0]):
        worth, counted = last[name] + two.spread(name), _counted_before(mixing, one, two, name)
        steps["assets"] += worth if counted else 0.0
        steps["law"] += worth * (two.counts(name) - counted)
    return steps


def _touched(kinds: Sequence[str], mixed: Sequence[Lines], group: str) -> str:
    """The last kind that changed a line of a group, even where its most likely value stays (a cap may hold it); "": none."""

    def rows(lines: Lines) -> list[Any]:
        return [
            row for row in (*lines.groups, *lines.benefits, *lines.costs, *lines.amortisation) if row.group == group
        ]

    changed = [
        kind
        for kind, old, new in zip(kinds, mixed[:-1], mixed[1:], strict=True)
        if rows(old) != rows(new) or old.settings != new.settings
    ]
    return changed[-1] if changed else ""


#: Points of a decay's distribution at which its mean effect is computed.
POINTS = 64


def _of_decays(one: Lines, two: Lines, group: str) -> float:
    """What the intervals of the decays of a group's assets do to the mean of its draws, where they moved: on the later lines."""
    before, after = _decays(one), _decays(two)
    own = [row for row in two.benefits if row.group == group]
    part = replace(
        two,
        groups=tuple(row for row in two.groups if row.group == group),
        benefits=tuple(own),
        costs=tuple(row for row in two.costs if row.group == group),
        amortisation=tuple(row for row in two.amortisation if row.group == group),
    )
    moved = [name for name in dict.fromkeys(row.asset for row in own) if before.get(name) != after.get(name)]
    return sum(_of_decay(part, name, after.get(name)) - _of_decay(part, name, before.get(name)) for name in moved)


def _decays(lines: Lines) -> dict[str, ThreePoint]:
    """Asset → its decay a year as it is drawn."""
    names = {decay_name(name): name for name in {row.asset for row in lines.benefits}}
    return {names[row.figure]: ThreePoint(*row.parameters) for row in lines.drawn if row.figure in names}


def _of_decay(part: Lines, asset: str, drawn: ThreePoint | None) -> float:
    """Mean value of a group over the decay of one asset, less that at its mode; everything else most likely."""
    if drawn is None:
        return 0.0

    def value_at(rate: float) -> float:
        life = LN2 / rate if rate > 0 else None
        rows = tuple(replace(row, half_life=life) if row.asset == asset else row for row in part.benefits)
        return sum(group_values(replace(part, benefits=rows)).values())

    levels = (np.arange(POINTS) + 0.5) / POINTS
    return sum(map(value_at, triangular_quantile(drawn, levels).tolist())) / POINTS - value_at(drawn.mode)


def _counted_before(mixing: Mixing, one: Value, two: Value, group: str) -> bool:
    """Whether a group of the later report came from one that counted; new ones as they count now."""
    assets = mixing.after.groups[group].assets.split(", ")
    origins = {mixing.before.group_of[name] for name in assets if name in mixing.before.group_of}
    return any(one.counts(name) for name in origins) if origins else two.counts(group)


def share_out(amounts: Mapping[str, float], more: float, without: str) -> dict[str, float]:
    """An amount shared among steps in proportion to what each moves; where nothing moved it falls to ``without``.

    >>> share_out({"time": -30.0, "costs": 10.0}, 8.0, "assets")
    {'time': -24.0, 'costs': 12.0}
    """
    size = sum(abs(amount) for amount in amounts.values())
    if size < 1e-9 * max(abs(more), 1.0):
        return {**amounts, without: amounts.get(without, 0.0) + more}
    return {kind: amount + more * abs(amount) / size for kind, amount in amounts.items()}


def alike(one: Lines, two: Lines) -> bool:
    """Whether the figures that both reports have are drawn alike: the same ends, or ends that moved with the figure."""
    before = {(row.figure, row.year, row.law): row.parameters for row in one.drawn}
    after = {(row.figure, row.year, row.law): row.parameters for row in two.drawn}
    if not before or not after:
        return False
    fixed = {key[0] for key in set(before) ^ set(after) if key[2] in ("scenario", "simulation")}
    decays = {decay_name(row.asset) for row in (*one.benefits, *two.benefits)}  # told apart by themselves
    return not fixed and all(
        _alike(key[2], before[key], after[key]) for key in set(before) & set(after) if key[0] not in decays
    )


def _alike(law: str, old: Sequence[float], new: Sequence[float]) -> bool:
    if old == new or law in ("counts", "beta", "normal", "chance") or len(old) != len(new):
        return True
    if law != "triangular":
        return False
    for at in range(0, len(old), 3):
        (low, likely, high), (low2, likely2, high2) = old[at : at + 3], new[at : at + 3]
        ends = (low, high) == (low2, high2)
        scaled = math.isclose(low * likely2, low2 * likely) and math.isclose(high * likely2, high2 * likely)
        if not (ends or scaled):
            return False
    return True
