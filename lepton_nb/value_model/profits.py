"""What the assets do to the owner's profit by year, and to his cash."""

from __future__ import annotations

from dataclasses import dataclass

from lepton_nb.value_model.line_money import benefits
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.money import cash_flows
from lepton_nb.value_model.planning import on_basis


@dataclass(frozen=True)
class Profit:
    """Effect on the profit of one period of the plan; money of the client at the most likely figures.

    running: costs expensed at once, research among them; amortisation: of what is capitalised, as the books charge it;
    development: what is capitalised in the period, no charge of it; tax: paid, after losses carried forward.
    """

    year: int
    benefits: float
    running: float
    amortisation: float
    tax: float
    development: float

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


PARTS = ("benefits", "running", "amortisation", "tax", "development")


def profits(plan: Plan) -> tuple[Profit, ...]:
    """The effect on the owner's profit by year, of all groups together: on his own books, whatever the basis of value."""
    owner = on_basis(plan, "owner")
    flows = [cash_flows(owner, group) for group in owner.groups]
    return tuple(
        Profit(years[0].year, *(sum(float(getattr(year, part)) for year in years) for part in PARTS))
        for years in zip(*flows, strict=True)
    )


def by_driver(plan: Plan) -> dict[tuple[str, str], list[float]]:
    """(asset, driver) → its benefits in each period of the plan at the most likely figures, before tax, costs and discounting.

    They sum to the benefits of the cash flows: decayed, taken up, times the chance of success, capped by a substitute.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for line, amount in benefits(plan):
        years = found.setdefault((line.asset_id, line.driver_id), [0.0] * len(plan.periods))
        years[line.period] += float(amount)
    return found
