"""The right to stop a group, today or at the end of a year: what it is worth beside the plan.

In today's money, after tax, as the value beside it counts it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import cash_flows, cost_factor, discount_factor, scenario_world
from lepton_nb.value_model.stages import WORTH_NAMING, invested, payment_rate
from lepton_nb.value_model.times import years_between
from lepton_nb.value_model.worlds import Distribution


@dataclass(frozen=True)
class Stop:
    """The right to stop a group at the end of one year, if by then the levels are known; money of today."""

    group: str
    year: int
    years: float  # from the valuation date
    rest: float  # mean present value of what comes after
    below_zero: float  # share of the draws in which the rest is worth less than what stopping brings
    option_value: float  # E max(brings − rest, 0)
    standard_error: float
    brings: float = 0.0  # what stopping then brings (:func:`brings`)


def brings(plan: Plan, group: Group, years: float = 0.0) -> float:
    """What stopping a group after so many years brings by the client's options to abandon its assets; money of today.

    Salvage less what stopping costs, until the deadline of the option; of several for one asset the best. 0 without any.
    """
    best: dict[str, float] = {}
    for item in plan.client.options:
        if item.kind == "abandon" and item.asset_id in group.assets and years <= item.deadline_years:
            net = (item.salvage or 0.0) - item.cost
            best[item.asset_id] = max(net, best.get(item.asset_id, net))
    return discount_factor(payment_rate(plan), years) * sum(best.values())


def bound(plan: Plan, group: Group) -> tuple[str, ...]:
    """The assets of a group whose life is a contract or a lease and for which no option to abandon says what ending it costs."""
    priced = {item.asset_id for item in plan.client.options if item.kind == "abandon"}
    return tuple(
        name for name in group.assets
        if name not in priced and any(word in plan.asset(name).useful_life_basis.lower() for word in ("contract", "lease"))
    )  # fmt: skip


def right_to_stop(plan: Plan, distribution: Distribution, group: Group) -> tuple[Stop, ...]:
    """What it is worth to stop at each year's end where the rest is worth less than nothing.

    No volatility is needed: in each draw the flows after that day are known, and stopping avoids them. What it costs to
    stop (decommissioning) is paid in any case, so it is not in the rest; what it brings counts (:func:`brings`). It is an
    upper end, because the levels are taken as known by then. Only dates after the last payment of development:
    before, the same right is the right to refuse that payment (:func:`stages`), and it has one value.
    """
    world = scenario_world(plan, distribution.total.inputs)
    flows = [np.broadcast_to(year.present, distribution.draws) for year in cash_flows(plan, group, world)]
    for line in (line for name in group.assets for line in plan.costs_of.get(name, ())):
        if line.phase == "decommission":
            flows[line.period] = flows[line.period] + cost_factor(plan, group, line, world) * cost(plan, line, world)
    developed = max((line.time for name in group.assets for line in invested(plan, name)), default=0.0)
    found = []
    for index, span in enumerate(plan.periods[:-1]):
        time = years_between(plan.date, span.end)
        if time < developed:
            continue
        rest, given = sum(flows[index + 1 :]), brings(plan, group, time)
        saved = np.maximum(given - rest, 0.0)
        blocks = saved.reshape(distribution.total.replicates, -1).mean(axis=1)
        found.append(
            Stop(
                group=group.name,
                year=span.year,
                years=time,
                rest=float(rest.mean()),
                below_zero=float(np.mean(rest < given)),
                option_value=float(saved.mean()),
                standard_error=float(blocks.std(ddof=1) / math.sqrt(len(blocks))),
                brings=given,
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class Today:
    """Stopping a group today; money of today. What is due in any case (development, decommissioning) is not saved."""

    saved: float  # mean of what stopping today is worth more than going on, at least 0
    due: float  # mean of what is paid all the same, after the tax that it saves
    brings: float = 0.0  # what stopping brings (:func:`brings`), held in saved

    @property
    def rest(self) -> float:
        """What going on is worth where stopping today is worth more."""
        return self.brings - self.saved


def stop_today(plan: Plan, distribution: Distribution, group: Group) -> Today:
    """What stopping today saves and brings beyond the flows of a group, without what is due anyhow."""
    world = scenario_world(plan, distribution.total.inputs)
    free = replace(plan, costs=tuple(line for line in plan.costs if not line.committed))
    whole, rest = (float(np.mean(sum(year.present for year in cash_flows(one, group, world)))) for one in (plan, free))
    given = brings(plan, group)
    return Today(max(given - rest, 0.0), max(rest - whole, 0.0), given)


def best_stop(found: Sequence[Stop], today: Today) -> tuple[float, str] | None:
    """What stopping is worth on its best day, and which: today, where that saves most; None where there is no day."""
    best = max(found, key=lambda item: item.option_value, default=None)
    if today.saved > 0 and (best is None or today.saved >= best.option_value):
        return today.saved, "today"
    return None if best is None else (best.option_value, f"at the end of {best.year}")


def stop_sentence(
    name: str, found: Sequence[Stop], benefits: float, money: Callable[[float], str], today: Today | None = None,
    concluded: bool = True, unpriced: Sequence[str] = (),
) -> str:  # fmt: skip
    """Rule: the right to stop matters where at its best date it is worth more than 1 % of the present benefits.

    Where the group loses, stopping today comes first: what a later date adds or not is no reason to go on. concluded: whether a
    number stands for the group (unpriced: its assets bound by a contract that has no stated cost of ending); else it is not said to lose, only what the mean of its draws would come to.
    """
    if today is not None and today.saved > 0:
        loses = (
            "it loses as planned, and stopping today saves"
            if concluded
            else "no number is concluded; by the mean of its draws stopping today would save"
        )
        words = (
            f"{name}: {loses} {money(today.saved)}"
            if today.rest < 0 or not today.brings
            else f"{name}: stopping today brings {money(today.brings)} by the client's option to abandon, {money(today.saved)} more than going on with all its assets"
        )
        if not concluded:
            words += ". That is no decision: while its value is not shown or withheld, neither is what going on brings"
        if today.due > 0:
            words += f"; {money(today.due)} for development or decommissioning is due in any case"
        if unpriced:
            words += f"; what the contract of {' and '.join(unpriced)} commits is not given (options, abandon) and not taken off"
        best = max((item.option_value for item in found), default=0.0)
        if best > WORTH_NAMING * max(benefits, 0.0) and best > 0:
            words += f". If it goes on all the same, the right to stop later is worth up to {money(best)}"
        return f"{words}."
    if not found:
        return f"{name}: no year ends between the last payment of development and the horizon, so there is no later date at which to stop."
    best = max(found, key=lambda item: item.option_value)
    if best.option_value <= WORTH_NAMING * max(benefits, 0.0):
        if best.option_value <= 0:
            return f"{name}: the right to stop later adds nothing: at no year's end would stopping save anything, in any draw."
        return f"{name}: the right to stop later adds next to nothing (at most {money(best.option_value)})."
    return (
        f"{name}: the right to stop is worth up to {money(best.option_value)}, at the end of {best.year}, when the rest is "
        f"{f'worth less than the {money(best.brings)} that stopping brings' if best.brings > 0 else 'negative'} in "
        f"{100 * best.below_zero:.0f} % of the draws. Keep it: sign nothing that binds longer."
    )
