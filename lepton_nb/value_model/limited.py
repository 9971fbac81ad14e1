"""What the price of a substitute leaves of a year's benefits, beside what they would be without it."""

from __future__ import annotations

from dataclasses import dataclass

from lepton_nb.value_model.line_money import benefit, benefits
from lepton_nb.value_model.lines import Plan


@dataclass(frozen=True)
class Limited:
    """The benefits of one asset in one year, most likely, before and after the cap of its substitute's price. Money."""

    asset_id: str
    year: int
    before: float
    after: float


def limited(plan: Plan) -> dict[str, Limited]:
    """The assets whose benefits the price of a substitute cuts, in the first whole year with a benefit (else the first)."""
    found = {}
    for name, lines in plan.benefits_of.items():
        whole = [line.period for line in lines if plan.periods[line.period].share == 1]
        period = min(whole or [line.period for line in lines])
        before = sum(float(benefit(plan, line)) for line in lines if line.period == period)
        after = sum(float(money) for line, money in benefits(plan, asset_id=name) if line.period == period)
        if after < before * (1 - 1e-9):
            found[name] = Limited(name, plan.periods[period].year, before, after)
    return found
