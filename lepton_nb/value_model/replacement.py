"""The cost approach: what it would take to have each asset again, and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lepton_nb.valuation import approaches as methods
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.times import years_between

SPENT_ON_BUILDING = frozenset({"research", "development"})


def kind_rate(plan: Plan, asset_id: str) -> float:
    """The return asked of one asset: the cost of capital plus the premium of its kind and what it bears specially."""
    discount = plan.client.discount
    return plan.wacc + getattr(discount.asset_premium, plan.asset(asset_id).kind) + discount.specific_premium(asset_id)


#: Ways to come by an asset that belongs to another.
OF_OTHERS = ("licensed", "leased")


@dataclass(frozen=True)
class Spent:
    """One payment for building an asset: money, age in years, share that is left."""

    date: date
    phase: str
    category: str
    amount: float
    age: float
    left: float


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """The cost approach to one asset. ``built`` is None where nothing was spent on building it (``sentence``)."""

    asset_id: str
    spent: tuple[Spent, ...]
    rate: float
    build_years: float = 0.0
    functional: float = 0.0  # share lost by age or decay
    built: methods.ReplacementCost | None = None
    remaining_life: float | None = None  # years, of the asset by the register; None: nothing is left
    of_others: bool = False  # it belongs to another: what was spent fits it in
    sentence: str = ""

    @property
    def new(self) -> float:
        """Replacement cost new; 0 where nothing is known."""
        return 0.0 if self.built is None else self.built.replacement_cost_new

    @property
    def depreciated(self) -> float:
        """After depreciation, before economic obsolescence."""
        return self.new * (1 - self.functional)


def replacement_costs(plan: Plan) -> dict[str, Replacement]:
    """The cost approach to every asset (rules Cost, Depreciation)."""
    rows: dict[str, list] = {asset.asset_id: [] for asset in plan.client.assets}
    for row in plan.client.costs:
        if row.kind == "actual" and row.phase in SPENT_ON_BUILDING:
            rows[row.asset_id].append(row)
    return {asset.asset_id: _replacement(plan, asset, rows[asset.asset_id]) for asset in plan.client.assets}


def economic_obsolescence(costs: Mapping[str, Replacement], group: Group, worth: float) -> float:
    """Share of the replacement costs of a group that it does not earn (rule Economic obsolescence)."""
    needed = sum(costs[name].depreciated for name in group.assets)
    return min(max(1 - max(worth, 0.0) / needed, 0.0), 1.0) if needed > 0 else 0.0


def life_left(plan: Plan, asset) -> float:
    """Years that an asset still lives by the register, whatever was paid for it since; the whole life where it is kept beyond it."""
    end = plan.ends.get(asset.asset_id)
    if end is None:
        return asset.useful_life_years
    if asset.in_service_date is None:
        return years_between(plan.date, end)
    return asset.useful_life_years - years_between(asset.in_service_date, plan.date)


def _replacement(plan: Plan, asset, rows) -> Replacement:
    spent, ahead = [], life_left(plan, asset)
    for row in rows:
        begin = max(row.date, asset.in_service_date or row.date)
        age = max(years_between(begin, plan.date), 0.0)
        spent.append(Spent(row.date, row.phase, row.category, row.amount.mode, age, _left(plan, asset, age, ahead)))
    rate = kind_rate(plan, asset.asset_id)
    total = sum(item.amount for item in spent)
    if total <= 0:
        words = "No actual cost of research or development is given, so there is no cost approach."
        return Replacement(asset_id=asset.asset_id, spent=tuple(spent), rate=rate, sentence=words)
    first = min(item.date for item in spent)
    bound = max(years_between(first, asset.in_service_date or plan.date), 0.0)
    functional = 1 - sum(item.amount * item.left for item in spent) / total
    parts: dict[str, float] = {}
    for item in spent:
        parts[item.category] = parts.get(item.category, 0.0) + item.amount
    return Replacement(
        asset_id=asset.asset_id,
        spent=tuple(spent),
        rate=rate,
        build_years=bound,
        functional=functional,
        built=methods.replacement_cost(
            parts, opportunity_rate=rate, build_years=bound, functional_obsolescence=functional
        ),
        remaining_life=ahead if any(item.left > 0 for item in spent) else None,
        of_others=asset.acquisition in OF_OTHERS,
    )


def _left(plan: Plan, asset, age: float, ahead: float) -> float:
    """What is left of a payment of this age whose asset lives ``ahead`` years more (rule Depreciation)."""
    if ahead <= 0:
        return 0.0
    half_life = plan.decays[asset.asset_id].half_life if asset.asset_id in plan.decays else asset.half_life_years
    return 2.0 ** (-age / half_life) if half_life else ahead / (ahead + age)
