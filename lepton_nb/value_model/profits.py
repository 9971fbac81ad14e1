"""What the assets do to the owner's profit by year, and to his cash: as planned, without the cap of a substitute's price."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lepton_nb.value_model import ledger
from lepton_nb.value_model.line_money import benefit, benefits, chance, cost
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import cash_flows, discount_factor
from lepton_nb.value_model.planning import on_basis
from lepton_nb.value_model.world import MOST_LIKELY

#: How the amount is named by which the price of a substitute cuts what an asset brings.
CAP = "cap_by_its_substitute's_price"


@dataclass(frozen=True)
class Profit:
    """Effect on the profit of one period of the plan; money of the client at the most likely figures.

    running: costs expensed at once, research among them; amortisation: of what is capitalised, as the books charge it, a
    failed development in full by its chance; development: what is capitalised in the period, no charge of it; tax: paid,
    after losses carried forward; counted: the cash that the value holds, in which a substitute's price caps the benefits.
    """

    year: int
    benefits: float
    running: float
    amortisation: float
    tax: float
    development: float
    counted: float

    @property
    def before_tax(self) -> float:
        """Benefits less what is expensed and written off."""
        return self.benefits - self.running - self.amortisation

    @property
    def after_tax(self) -> float:
        """The profit that the assets add."""
        return self.before_tax - self.tax

    @property
    def cash(self) -> float:
        """The money that they bring: profit, what is written off added back, what is capitalised taken off."""
        return self.after_tax + self.amortisation - self.development


@dataclass(frozen=True)
class Books:
    """What stands in the books of all groups on the valuation date, and at the end of the horizon by the chance of success.

    Profit of all years is cash less ``opening`` plus ``closing``, and in real prices plus ``worn``: what rising prices take
    off the charges.
    """

    opening: float
    closing: float
    worn: float


PARTS = ("benefits", "running", "amortisation", "tax", "development")


#: Type of benefit that is time of people: money only where posts go or other work is done that would have been paid.
TIME = "efficiency"


def without_time(plan: Plan) -> Plan:
    """The plan without the benefits that are time of people."""
    return replace(plan, benefits=tuple(line for line in plan.benefits if line.benefit_type != TIME))


def relief(plan: Plan, group: Group) -> float:
    """Present value of the tax that a failed development of a group would save, by its chance, where its owner pays tax on
    other profits. It is no part of the value (rule Tax: a loss stays in the group)."""
    lost = _failures(replace(plan, groups=(group,)))
    return plan.tax_rate * sum(
        discount_factor(group.rate, span.time) * amount for span, amount in zip(plan.periods, lost, strict=True)
    )


def planned(plan: Plan) -> Plan:
    """The plan without the caps of substitutes: what the ledger will show, where a cap says only what losing it would cost."""
    return replace(plan, caps={})


def profits(plan: Plan) -> tuple[Profit, ...]:
    """The effect on the owner's profit by year, of all groups together: on his own books, whatever the basis of value."""
    owner = on_basis(plan, "owner")
    free = planned(owner)
    flows, counted = ([cash_flows(one, group) for group in one.groups] for one in (free, owner))
    failed, found = _failures(owner), []
    for at, years in enumerate(zip(*flows, strict=True)):
        parts = {part: sum(float(getattr(year, part)) for year in years) for part in PARTS}
        parts["amortisation"] += failed[at]
        found.append(Profit(years[0].year, **parts, counted=sum(float(group[at].net) for group in counted)))
    return tuple(found)


def _failures(plan: Plan) -> list[float]:
    """What a development that fails writes off at once, times the chance that it does: in the period of its last payment.

    Without a payment ahead in the first period in which it would be charged. It saves no tax here (rule Tax).
    """
    found, books = [0.0] * len(plan.periods), ledger.books(plan.client)
    for name in (name for group in plan.groups for name in group.assets):
        fails = 1 - float(chance(plan, MOST_LIKELY, name))
        lines = [
            line for line in plan.costs_of.get(name, ()) if line.written_off is not None and not line.needs_success
        ]
        lost = fails * (books[name].at(plan.date).carrying_amount + sum(float(cost(plan, line)) for line in lines))
        begins = next((at for at, share in enumerate(plan.written_off[name]) if share), 0)
        if lost:
            found[max((line.period for line in lines), default=begins)] += lost
    return found


def held(plan: Plan, found: tuple[Profit, ...]) -> Books:
    """What stands in the books before and after the periods of ``found``, the profits of the plan."""
    owner = on_basis(plan, "owner")
    books, opening, closing = ledger.books(owner.client), 0.0, 0.0
    for name in (name for group in owner.groups for name in group.assets):
        sure, book = float(chance(owner, MOST_LIKELY, name)), books[name]
        carried = book.at(owner.date).carrying_amount
        opening += carried
        closing += sure * (carried - book.capitalised * _charged(owner, owner.written_off[name], 0.0))
        for line in owner.costs_of.get(name, ()):
            if line.written_off is not None:
                counts = 1.0 if line.needs_success else sure
                closing += counts * float(cost(owner, line)) * (1 - _charged(owner, line.written_off, line.time))
    changed = sum(one.development - one.amortisation for one in found)
    return Books(opening, closing, opening + changed - closing)


def _charged(plan: Plan, shares: tuple[float, ...], paid: float) -> float:
    """The part of a cost that the books have charged by the end of the horizon, in the money in which it was paid."""
    rise = 1 + plan.inflation
    return sum(share * rise ** max(span.time - paid, 0.0) for share, span in zip(shares, plan.periods, strict=True))


def by_driver(plan: Plan) -> dict[tuple[str, str], list[float]]:
    """(asset, driver) → its benefits in each period of the plan at the most likely figures, before tax, costs and discounting.

    Decayed, taken up, times the chance of success; what the price of a substitute takes off an asset's has a driver of its
    own (CAP), below zero. They sum to the benefits of the cash flows.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for line, counted in benefits(plan):
        amount = float(benefit(plan, line))
        for driver, part in ((line.driver_id, amount), (CAP, float(counted) - amount)):
            if driver != CAP or line.asset_id in plan.caps:
                years = found.setdefault((line.asset_id, driver), [0.0] * len(plan.periods))
                years[line.period] += part
    order = sorted(found, key=lambda key: (list(plan.benefits_of).index(key[0]), key[1] == CAP))
    return {key: found[key] for key in order if key[1] != CAP or any(abs(part) >= 0.5 for part in found[key])}
