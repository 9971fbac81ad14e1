"""Rates of return and payback of groups, from their flows as they are expected today."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from lepton_nb.valuation import cashflows
from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import books_of, cash_flows
from lepton_nb.value_model.times import years_between
from lepton_nb.value_model.world import MOST_LIKELY, World


@dataclass(frozen=True)
class Returns:
    """Rates of return and payback of one or several groups. A part that is undefined is empty and its sentence says why.

    benefits, costs: present values before tax; what was paid before the valuation date is no part of them.
    """

    benefits: float
    costs: float
    roots: tuple[float, ...]
    irr_sentence: str
    payback_years: float | None
    discounted_payback_years: float | None
    payback_sentence: str
    outlay: bool = True  # whether money has to be paid before any comes in

    @property
    def on_investment(self) -> float | None:
        """Benefits less costs, per unit of costs (ROI), before tax; None where nothing has to be paid."""
        return (self.benefits - self.costs) / self.costs if self.costs > 0 else None


def returns(plan: Plan, *groups: Group, world: World = MOST_LIKELY) -> Returns:
    """All internal rates of return and the payback of groups together, from the net flow of each period.

    Within one year the dates of running costs and benefits make no investment, so the year's net flow is placed on the
    day of its benefits; what is paid for development or at the end counts on its own day, as in the value. Sunk costs do
    not count. Payback runs from the valuation date, linear inside a period.
    """
    flows = [cash_flows(plan, group, world) for group in groups]
    net, presents = (
        [float(sum(getattr(one, what) for one in year)) for year in zip(*flows, strict=True)]
        for what in ("net", "present")
    )
    earned = float(sum(year.discount_factor * year.benefits for years in flows for year in years))
    spent = float(sum(sum(book.cost_present) for group in groups for book in books_of(plan, group, world).values()))
    first = next((flow for flow in net if flow), 0.0)
    if first >= 0:
        why = "no money flows."
        if first > 0:
            why = "nothing has to be paid before money comes in, because what was spent so far is sunk."
        words = f"No rate of return and no payback period: {why}"
        return Returns(earned, spent, (), words, None, None, words, outlay=False)
    sentence, roots = "", ()
    try:
        roots = cashflows.xirr_all(*_dated(plan, groups, net, world))
    except cashflows.NoRateOfReturn:
        sentence = "No rate of return: the flows have no present value of zero at any rate above −100 %."
    except cashflows.Undefined:
        sentence = "No rate of return: the only rates at which the flows are worth zero are absurdly far out."
    if len(roots) > 1:
        sentence = f"The flows have {len(roots)} rates of return, so none of them decides: the net present value does."
    ends = [0.0, *(years_between(plan.date, span.end) for span in plan.periods)]

    def time(flows) -> float | None:
        try:
            return float(np.interp(cashflows.payback([0.0, *flows]), range(len(ends)), ends))
        except cashflows.Undefined:
            return None

    simple, discounted = time(net), time(presents)
    why = ""
    if simple is None:
        why = "The money does not come back within the horizon."
    elif discounted is None:
        why = "Discounted, the money does not come back within the horizon."
    return Returns(earned, spent, roots, sentence, simple, discounted, why)


def if_it_succeeds(plan: Plan, group: Group) -> tuple[float, float | None]:
    """(chance that all of a group that may fail succeeds, payback then); 1 and its payback where nothing may fail."""
    stated = {name: plan.asset(name).p_technical_success for name in group.assets}
    open_ = {name: chance for name, chance in stated.items() if chance is not None}
    return math.prod(open_.values()), returns(plan, group, world=World(chances=dict.fromkeys(open_, 1.0))).payback_years


def _dated(plan: Plan, groups: Sequence[Group], net: Sequence[float], world: World) -> tuple[list[float], list[date]]:
    """(flows, days): the net flow of each period on its day, payments that are due in any case on their own."""
    lines = [
        line for group in groups for name in group.assets for line in plan.costs_of.get(name, ()) if line.committed
    ]
    paid = [float(cost(plan, line, world)) for line in lines]
    rest = list(net)
    for line, amount in zip(lines, paid, strict=True):
        rest[line.period] += amount
    flows = [
        *zip((span.day for span in plan.periods), rest, strict=True),
        *((line.date, -amount) for line, amount in zip(lines, paid, strict=True)),
    ]
    flows.sort(key=lambda one: one[0])
    return [amount for _, amount in flows], [day for day, _ in flows]
