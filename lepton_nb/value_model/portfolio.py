"""The groups as a portfolio: who asks for new money, what to fund, how far their values move together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from lepton_nb.valuation import decisions
from lepton_nb.value_model.ledger import HARDWARE, first_use
from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.money import cash_flows, evaluate
from lepton_nb.value_model.worlds import Distribution

#: How a budget is read. The rule has a test; the chapter prints it.
RULES = {
    "Budget": "Asked for is new money of the twelve months after the valuation date: research, development and hardware of an "
    "asset before it earns, and running costs that the group's own benefits of the same months do not cover. A group that pays "
    "for itself asks for nothing and is not put to the choice. Which groups to fund is the choice of whole groups with the "
    "highest sum of values within the budget. A group with a value below 0 is never chosen.",
}


@dataclass(frozen=True)
class Ask:
    """The new money that a group needs in the next twelve months, and its value."""

    group: str
    spend: float
    value: float
    before_it_earns: float  # research, development, hardware
    not_covered: float  # running costs above the benefits of the same months


def asks(plan: Plan, values: Mapping[str, float] | None = None) -> tuple[Ask, ...]:
    """New money of each group, most likely figures (rule Budget). values: of the groups; without: most likely."""
    values = evaluate(plan).groups if values is None else values
    used = {asset.asset_id: first_use(plan.client, asset) for asset in plan.client.assets}
    end = plan.date + timedelta(days=365)

    def is_new(line) -> bool:
        begin = used[line.asset_id]
        early = begin is None or line.date <= begin
        return line.category == HARDWARE or (line.phase in ("research", "development") and early)

    def inside(span) -> float:
        return max((min(span.end, end) - span.start).days, 0) / (span.end - span.start).days

    def due(line) -> float:
        span = plan.periods[line.period]
        spread = line.phase == "operation" and line.time == span.time  # a whole year's figure
        share = inside(span) if spread else float(line.date <= end)
        return share and share * float(cost(plan, line))

    found = []
    for group in plan.groups:
        if group.name not in values:
            continue
        lines = [line for name in group.assets for line in plan.costs_of.get(name, ())]
        new = sum(due(line) for line in lines if is_new(line))
        running = sum(due(line) for line in lines if not is_new(line))
        years = zip(cash_flows(plan, group), plan.periods, strict=True)
        earned = sum(float(year.benefits) * inside(span) for year, span in years)
        short = max(running - earned, 0.0)
        found.append(Ask(group.name, new + short, float(values[group.name]), new, short))
    return tuple(found)


def funded(asked: Sequence[Ask], budget: float) -> decisions.Selection:
    """Which of the groups that ask for money to fund within a budget (rule Budget)."""
    asking = [ask for ask in asked if ask.spend > 0]
    return decisions.knapsack({a.group: a.value for a in asking}, {a.group: a.spend for a in asking}, budget)


@dataclass(frozen=True)
class Spread:
    """How far the groups' values move together: correlations of the draws, and what mixing takes away."""

    names: tuple[str, ...]
    correlations: np.ndarray  # (groups, groups); nan where a group does not vary
    deviations: tuple[float, ...]  # standard deviation of each group's value
    together: float  # of the sum
    draws: int

    @property
    def diversification(self) -> float | None:
        """1 − deviation of the sum over the sum of the deviations; None where nothing varies."""
        alone = sum(self.deviations)
        return 1 - self.together / alone if alone else None


def spread(distribution: Distribution) -> Spread:
    """Correlation of the groups' simulated values."""
    names = tuple(distribution.groups)
    draws = np.array([np.asarray(distribution.groups[name].values, float) for name in names])
    # Equal draws have a deviation of rounding errors, and those a correlation.
    deviations = np.where(np.ptp(draws, axis=1) > 0, draws.std(axis=1, ddof=1), 0.0) if len(names) else np.array([])
    scale = np.outer(deviations, deviations)
    covariance = np.atleast_2d(np.cov(draws)) if len(names) else np.empty((0, 0))
    correlations = np.divide(covariance, scale, out=np.full(scale.shape, np.nan), where=scale > 0)
    together = float(draws.sum(axis=0).std(ddof=1)) if len(names) else 0.0
    return Spread(names, correlations, tuple(float(each) for each in deviations), together, distribution.draws)
