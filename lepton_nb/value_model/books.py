"""The assets in the books (IAS 38, IAS 36, data resources) and as a portfolio (budget, concentration, correlation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from lepton_nb.valuation import accounting, decisions
from lepton_nb.value_model.ledger import Book
from lepton_nb.value_model.money import amortisation, cash_flows, cost, evaluate
from lepton_nb.value_model.reading import Plan, without_amortisation
from lepton_nb.value_model.worlds import Distribution

#: How the books are read. Each rule has a test; the chapter prints them all.
RULES = {
    "Phase": "The client's own phase decides: development is capitalised from the day on which the six criteria of IAS 38.57 "
    "are met, research, training, operation and the like are expensed. Whether the criteria are met is a judgement of the "
    "company that no file holds: the day of the first development cost is taken, unless the page's parameter names another.",
    "Hardware": "Costs of the category hardware are property, plant and equipment (IAS 16), shown apart; they are written off "
    "in the same straight line.",
    "In use": "Amortisation begins with the month in which the asset is available for use. Development after that is upkeep and "
    "expensed. An asset not yet in use is not amortised; it is tested for impairment every year (IAS 36.10).",
    "Impairment": "Joint benefits cannot be told apart, so a group is tested as one (a cash-generating unit, IAS 36.66). Value in "
    "use: flows before tax, without further development, at the group's rate divided by one less the tax rate, which only "
    "approximates a rate before tax. Fair value less costs is counted only where the basis of value is a market's.",
    "Data resources": "Chinese provisions for enterprise data resources, from 2024-01-01: data for own use are intangible assets "
    "(CAS 6), data for sale inventories (CAS 1). They apply forward only: what was spent earlier is not put back.",
    "Budget": "A group asks for what it has to spend in the twelve months after the valuation date. Which groups to fund is the "
    "choice of whole groups with the highest sum of values within the budget. A group with a value below 0 is never chosen.",
    "Money": "One thing on this page enters the value: amortisation lowers the taxable income (rule Tax of the value "
    "chapter), with the day of the first development cost as the day of the criteria. What was spent stays spent: books "
    "look back, the value looks forward.",
}

DATA_RESOURCES_FROM = date(2024, 1, 1)
MARKET_BASES = ("market_value", "fair_value_ifrs13")


def amortisation_table(plan: Plan) -> list[dict[str, Any]]:
    """What amortisation takes off the taxable income, one row an asset: charge in each period of the plan.

    Most likely figures: of what was capitalised before the valuation date and of planned development.
    """
    return [
        {"asset": name} | {str(span.year): charge for span, charge in zip(plan.periods, charges, strict=True)}
        for name, charges in amortisation(plan).items()
        if any(charges)
    ]


def tax_saved(plan: Plan) -> dict[str, float]:
    """By how much amortisation raises each group's value: present value of the tax it saves."""
    without = evaluate(without_amortisation(plan)).groups
    return {name: float(value - without[name]) for name, value in evaluate(plan).groups.items()}


@dataclass(frozen=True)
class Test:
    """The impairment test of one group."""

    group: str
    carrying: float
    result: accounting.Impairment
    rate_before_tax: float
    fair_value: float | None


def impairment_tests(plan: Plan, found: Mapping[str, Book]) -> list[Test]:
    """Each group as one unit (rule Impairment)."""
    worth = evaluate(plan)
    tests = []
    for group in plan.groups:
        rate = group.rate / (1 - plan.tax_rate)
        value_in_use = sum(
            float(year.benefits - year.running) * (1 + rate) ** -span.time
            for year, span in zip(cash_flows(plan, group), plan.periods, strict=True)
        )
        carrying = sum(found[name].at(plan.date).carrying_amount for name in group.assets)
        fair = float(worth.groups[group.name]) if plan.client.valuation.basis_of_value in MARKET_BASES else None
        # already discounted at the dates of the flows, so no rate is left to apply
        in_use = max(value_in_use, 0.0)
        result = accounting.impairment(carrying, max(fair, 0.0) if fair is not None else 0.0, [in_use], 0.0)
        tests.append(Test(group.name, carrying, result, rate, fair))
    return tests


# --- portfolio -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """What a group has to spend in the next twelve months, and its value."""

    group: str
    spend: float
    value: float


def asks(plan: Plan) -> tuple[Ask, ...]:
    """Per group: forecast costs of the twelve months after the valuation date, most likely, and the value."""
    end, worth = plan.date + timedelta(days=365), evaluate(plan)
    return tuple(
        Ask(
            group.name,
            sum(float(cost(plan, line)) for line in plan.costs if line.asset_id in group.assets and line.date <= end),
            float(worth.groups[group.name]),
        )
        for group in plan.groups
    )


def funded(asked: Sequence[Ask], budget: float) -> decisions.Selection:
    """Which groups to fund within a budget (rule Budget)."""
    return decisions.knapsack({ask.group: ask.value for ask in asked}, {ask.group: ask.spend for ask in asked}, budget)


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
    deviations = draws.std(axis=1, ddof=1) if len(names) else np.array([])
    scale = np.outer(deviations, deviations)
    covariance = np.atleast_2d(np.cov(draws)) if len(names) else np.empty((0, 0))
    correlations = np.divide(covariance, scale, out=np.full(scale.shape, np.nan), where=scale > 0)
    together = float(draws.sum(axis=0).std(ddof=1)) if len(names) else 0.0
    return Spread(names, correlations, tuple(float(each) for each in deviations), together, distribution.draws)
