"""The conclusion of a report, computed once: what the groups are worth, how sure, and what each asset is worth in them.

Every page, the workbook, ``results.json`` and ``compare`` take these figures from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lepton_nb.value_model.approaches import GroupValues, asset_values
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import evaluate
from lepton_nb.value_model.replacement import replacement_costs
from lepton_nb.value_model.verdict import Verdict, group_verdict, stopped
from lepton_nb.value_model.worlds import Distribution, simulate


@dataclass(frozen=True, kw_only=True)
class GroupConclusion:
    """One group. value: mean of the draws; interval: their 5 and 95 % points; most_likely: at the most likely figures.

    Where the verdict is not concluded, the interval stands in place of the value.
    """

    group: Group
    value: float
    interval: tuple[float, float]
    most_likely: float
    below_zero: float
    verdict: Verdict
    assets: GroupValues
    stopped: bool  # prohibited: nothing goes on, and what stopping costs is due

    @property
    def name(self) -> str:
        return self.group.name

    @property
    def counts(self) -> bool:
        """Whether the group is part of the total: concluded, or a cost of stopping that is due."""
        return self.verdict.concluded or self.stopped  # as verdict.counts, which needs no draws


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """The total of the groups that are concluded, and every group. Money in the client's currency, on its basis."""

    plan: Plan
    distribution: Distribution
    groups: tuple[GroupConclusion, ...]

    @cached_property
    def _counted(self) -> np.ndarray | None:
        drawn = [self.distribution.groups[item.name].values for item in self.groups if item.counts]
        return np.sum(drawn, axis=0) if drawn else None

    @property
    def concluded(self) -> bool:
        """Whether there is a total: at least one group is concluded."""
        return self._counted is not None

    @property
    def value(self) -> float | None:
        """Mean of the draws of all groups that are concluded; None: no group is."""
        return None if self._counted is None else float(self._counted.mean())

    @property
    def interval(self) -> tuple[float, float] | None:
        """5 and 95 % points of the same draws."""
        if self._counted is None:
            return None
        low, high = np.quantile(self._counted, (0.05, 0.95))
        return float(low), float(high)

    @property
    def below_zero(self) -> float | None:
        """Share of the draws in which the concluded groups together are worth less than nothing."""
        return None if self._counted is None else float((self._counted < 0).mean())

    @property
    def most_likely(self) -> float | None:
        """The same groups at the most likely figures."""
        return sum(item.most_likely for item in self.groups if item.counts) if self.concluded else None

    @property
    def left_out(self) -> tuple[GroupConclusion, ...]:
        """The groups that the total leaves out: not shown, or withheld."""
        return tuple(item for item in self.groups if not item.counts)

    @property
    def asset_values(self) -> Mapping[str, float]:
        """The one value of each asset of a group that counts."""
        return {name: found.value for item in self.groups if item.counts for name, found in item.assets.assets.items()}

    def group(self, asset_id: str) -> GroupConclusion:
        """The conclusion on the group of an asset."""
        return next(item for item in self.groups if asset_id in item.group.assets)


def conclude(plan: Plan, draws: int = 0, seed: int | None = None, keep_inputs: bool = False) -> Conclusion:
    """Simulate, judge and split each group (rules Uncertainty, Verdict, Asset values)."""
    drawn = simulate(plan, draws, seed, keep_inputs)
    likely, costs = evaluate(plan), replacement_costs(plan)
    found = []
    for group in plan.groups:
        simulation = drawn.groups[group.name]
        value, below = float(np.mean(simulation.values)), float(np.mean(np.asarray(simulation.values) < 0))
        found.append(
            GroupConclusion(
                group=group,
                value=value,
                interval=tuple(float(end) for end in np.quantile(simulation.values, (0.05, 0.95))),
                most_likely=float(likely.groups[group.name]),
                below_zero=below,
                verdict=group_verdict(plan, group, below, drawn.losing(group.name)),
                assets=asset_values(plan, group, value, costs),
                stopped=stopped(plan, group),
            )
        )
    return Conclusion(plan=plan, distribution=drawn, groups=tuple(found))
