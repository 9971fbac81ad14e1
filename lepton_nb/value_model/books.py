"""The assets in the books (IAS 38, IAS 16, IFRS 16, IAS 36, IFRS 13), against their value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from scipy.optimize import brentq

from lepton_nb import terms
from lepton_nb.valuation import accounting
from lepton_nb.value_model.conclusion import Conclusion, conclude
from lepton_nb.value_model.ledger import LEASED, RENT, Book, books, plain, treatment
from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import Group, Plan, without_amortisation
from lepton_nb.value_model.market import market_prices
from lepton_nb.value_model.money import amortisation, cash_flows, evaluate, group_value
from lepton_nb.value_model.planning import on_basis
from lepton_nb.value_model.portfolio import Ask
from lepton_nb.value_model.stopping import brings
from lepton_nb.value_model.worlds import simulate

#: How the books are read. Each rule has a test; the chapter prints them all.
RULES = {
    "Made": "Made by the company: the client's own phase decides. Development is capitalised from the day on which the six "
    "criteria of IAS 38.57 are met, research, training, operation and the like are expensed. Whether the criteria are met is a "
    "judgement of the company that no file holds: the day of the first development cost is taken, unless the page's parameter "
    "names another.",
    "Bought": "Purchased or licensed data and models are acquired separately (IAS 38.25-32): price and the cost of preparing them "
    "are capitalised without the six criteria; recurring fees (licence, subscription, api, hosting, cloud) are a service of "
    "their period. If the licence only gives access to software that runs at the supplier's, there is no asset at all and what "
    "is capitalised here has to be expensed; the file does not say.",
    "Machines": "Infrastructure, and any cost of the category hardware, is property, plant and equipment (IAS 16), shown apart; "
    "written off in the same straight line.",
    "Leased": "A leased asset is a right-of-use asset and a liability of the same amount on the first day (IFRS 16.22), unless the "
    "lease is for at most twelve months, of low value, or a service without a machine that the client directs. Shown beside: "
    "the payments that lie ahead, discounted at the pre-tax cost of debt where it is given. The value and the impairment test "
    "keep the payments in the flows and leave asset and liability out, so that nothing counts twice.",
    "Running": "Surveillance and monitoring after the start are costs of running, whatever phase the row names; a category that "
    "is never part of an asset (training of staff, advertising, administration, …) is expensed in any phase.",
    "Control": "Where legal control of data or a model is unclear there is no asset to book (IAS 38.13).",
    "In use": "Amortisation begins with the month in which the asset is available for use. Development after that is upkeep and "
    "expensed. An asset not yet in use is not amortised; it is tested for impairment every year (IAS 36.10).",
    "Impairment": "Joint benefits cannot be told apart, so a group is tested as one (a cash-generating unit, IAS 36.66). Value in "
    "use is the group's value to its owner, fair value that to a market participant, both the means of the draws "
    "(IAS 36.32), by the function of the headline, below 0 where the group costs more than it brings; fair value is at least what "
    "an option to abandon its assets brings today, salvage less what stopping costs; other costs of disposal are taken as none. The "
    "recoverable amount is the higher of the two, and at least 0: who would lose gives the group up. What an asset still needs before it is "
    "ready counts (IAS 36.42). The rate before tax is the one at which the flows before tax are worth the same as those after "
    "tax (IAS 36.BCZ85), found by search, not by dividing by one less the tax rate.",
    "Stopped": "An asset prohibited by the EU AI Act is tested alone: nothing is recovered but what an option to abandon it brings. "
    "What stopping it costs, and which assets need it, stands beside.",
    "Without a number": "Where the conclusion shows a range in place of a number, or is withheld, the group is neither tested nor "
    "put to a choice: its books are listed.",
    "Data resources": "Chinese provisions for enterprise data resources, from 2024-01-01, for clients with a tie to China: data "
    "for own use are intangible assets (CAS 6), data for sale inventories (CAS 1), at cost. They apply forward only.",
    "Levels": "Each input has a level of its own (IFRS 13.72): 2 where anybody can observe it (risk-free rate, inflation, enacted "
    "tax rate, a price paid for the like without adjustment), else 3. The measurement has the level of the lowest input "
    "that is significant to it (13.73).",
    "Tax saved": "One thing on this page enters the value to the owner: amortisation lowers the taxable income (rule Tax of the value "
    "chapter), with the day of the first development cost as the day of the criteria. What was spent stays spent: books "
    "look back, the value looks forward.",
}

DATA_RESOURCES_FROM = date(2024, 1, 1)
#: Budgets that value in use may rest on without a reason (IAS 36.33(b)), in years.
BUDGET_YEARS = 5
#: Share of the whole value above which one group is named as nearly all of it.
WHOLE = 0.8


def amortisation_table(plan: Plan) -> list[dict[str, Any]]:
    """What amortisation takes off the owner's taxable income, one row an asset: charge in each period of the plan.

    Most likely figures: of what was capitalised before the valuation date and of planned development.
    """
    plan = on_basis(plan, "owner")
    return [
        {"asset": name} | {str(span.year): charge for span, charge in zip(plan.periods, charges, strict=True)}
        for name, charges in amortisation(plan).items()
        if any(charges)
    ]


def tax_saved(plan: Plan) -> dict[str, float]:
    """By how much amortisation raises each group's value to its owner: present value of the tax it saves."""
    plan = on_basis(plan, "owner")
    without = evaluate(without_amortisation(plan)).groups
    return {name: float(value - without[name]) for name, value in evaluate(plan).groups.items()}


def tax_saved_on_spent(plan: Plan) -> float:
    """Of :func:`tax_saved`, what amortisation saves of what was spent before the valuation date; present value of all groups."""
    plan = on_basis(plan, "owner")
    bare = replace(plan, capitalised=dict.fromkeys(plan.capitalised, 0.0))
    return float(evaluate(plan).total - evaluate(bare).total)


# --- leases ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lease:
    """Payments ahead under one lease. ``liability`` is None without a rate; ``sentence`` says how to book it."""

    asset_id: str
    payments: float
    until: date | None
    rate: float | None
    liability: float | None
    sentence: str


def leases(plan: Plan) -> tuple[Lease, ...]:
    """The leased assets (rule Leased)."""
    rate = plan.client.discount.pre_tax_cost_of_debt
    found = []
    for asset in plan.client.assets:
        if treatment(asset).kind != LEASED:
            continue
        rows = [
            line for line in plan.costs
            if line.asset_id == asset.asset_id and RENT.intersection(plain(line.category).split("_"))
        ]  # fmt: skip
        if not rows:
            words = "no cost is named as a lease payment (category lease, leasing, rent, rental or hire)"
            found.append(Lease(asset.asset_id, 0.0, None, rate, None, words))
            continue
        payments = sum(line.amount.mode * line.share for line in rows)
        until = max(line.date for line in rows)
        present = None
        if rate is not None:
            present = sum(line.amount.mode * line.share * (1 + rate) ** -line.time for line in rows)
        words = "a right-of-use asset and a liability, unless it is a service or of low value"
        if until <= plan.date + timedelta(days=365):
            words = "all payments within twelve months: may be expensed if the lease never ran longer (IFRS 16.5)"
        found.append(Lease(asset.asset_id, payments, until, rate, present, words))
    return tuple(found)


# --- impairment ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Test:
    """The impairment test of one group."""

    group: str
    carrying: float
    result: accounting.Impairment
    rate_before_tax: float | None  # None where no rate makes both ways of discounting agree
    value: float  # to the owner, as it is, also below 0


@dataclass(frozen=True)
class Worths:
    """The expected value of each group to its owner and to a market participant, and the conclusion of the report."""

    owner: Mapping[str, float]
    market: Mapping[str, float]
    conclusion: Conclusion  # on the client's own basis

    @property
    def counted(self) -> dict[str, float]:
        """The headline of each group for which a number is concluded."""
        return {item.name: item.value for item in self.conclusion.groups if item.counts}

    @property
    def in_use(self) -> dict[str, float]:
        """The value to the owner of each group for which a number is concluded."""
        return {name: self.owner[name] for name in self.counted}

    @property
    def left_out(self) -> dict[str, str]:
        """The groups without a number, and why."""
        return {item.name: f"{item.verdict.word}: {item.verdict.reason}" for item in self.conclusion.left_out}


def worths(plan: Plan, draws: int = 0) -> Worths:
    """Both values of every group, by the simulation of the headline (rule Impairment)."""
    concluded = conclude(plan, draws)
    other = simulate(on_basis(plan, "market" if plan.basis == "owner" else "owner"), draws)
    own = {item.name: item.value for item in concluded.groups}
    others = {name: float(np.mean(found.values)) for name, found in other.groups.items()}
    owner, market = (own, others) if plan.basis == "owner" else (others, own)
    return Worths(owner, market, concluded)


def carrying_amounts(plan: Plan, found: Mapping[str, Book]) -> dict[str, float]:
    """What stands in the books on the valuation date, by group."""
    return {
        group.name: sum(found[name].at(plan.date).carrying_amount for name in group.assets) for group in plan.groups
    }


def impairment_tests(
    plan: Plan, found: Mapping[str, Book], owner: Mapping[str, float], market: Mapping[str, float]
) -> list[Test]:
    """Each group for which both values are given, as one unit (rules Impairment, Stopped, Without a number)."""
    kept = on_basis(plan, "owner")
    tests, amounts = [], carrying_amounts(plan, found)
    for group in kept.groups:
        if group.name not in owner or group.name not in market:
            continue
        carrying = amounts[group.name]
        sold = brings(plan, group)  # 0 without a right to abandon
        fair = max(market[group.name], sold) if sold > 0 else market[group.name]
        # values are already discounted at the dates of the flows, so no rate is left to apply
        result = accounting.impairment(carrying, fair, [owner[group.name]], 0.0)
        tests.append(Test(group.name, carrying, result, rate_before_tax(kept, group), owner[group.name]))
    return tests


def prices_of_parts(plan: Plan, tests: Sequence[Test]) -> dict[str, Any]:
    """The comparable prices of assets of tested groups, where they are enough to conclude on: no part of the fair value."""
    tested = {test.group for test in tests}
    names = [name for group in plan.groups if group.name in tested for name in group.assets if name in plan.benefits_of]
    found = {name: market_prices(plan, name) for name in names}
    return {name: prices for name, prices in found.items() if prices is not None and prices.conclusive}


def flows_before_tax(plan: Plan, group: Group) -> list[tuple[float, float]]:
    """(time in years, money) of a group before tax: benefits, running costs, and what assets need to be ready."""
    flows = [
        (span.time, float(year.benefits)) for year, span in zip(cash_flows(plan, group), plan.periods, strict=True)
    ]
    lines = [line for name in group.assets for line in plan.costs_of.get(name, ())]
    return flows + [(line.time, -float(cost(plan, line))) for line in lines]


def rate_before_tax(plan: Plan, group: Group) -> float | None:
    """The rate before tax of a group's value in use, from the case of most likely figures (rule Impairment).

    plan: on the owner's basis.
    """
    return equal_rate(flows_before_tax(plan, group), float(group_value(plan, group)), group.rate)


def equal_rate(flows: Sequence[tuple[float, float]], value: float, near: float) -> float | None:
    r"""The rate at which flows are worth ``value``, the one next to ``near``; None where there is none or value ≤ 0.

    $$ \sum_i F_i (1 + r)^{-t_i} = V $$

    flows: (time in years, money). Reference: IAS 36 Impairment of Assets, basis for conclusions, BCZ85.

    >>> flows = [(1, 800), (2, 600), (3, 500), (4, 200), (5, 100)]  # the example of BCZ85, worth 1,757 after tax
    >>> round(equal_rate(flows, 1757, 0.10), 3)
    0.112
    """
    if value <= 0:
        return None
    times, money = (np.array(part, float) for part in zip(*flows, strict=True))

    def short(rate: float) -> float:
        return float(money @ (1 + rate) ** -times) - value

    grid = np.linspace(-0.9, 4.0, 491)
    worth = [short(rate) for rate in grid]
    roots = [
        brentq(short, low, high)
        for low, high, first, second in zip(grid, grid[1:], worth, worth[1:], strict=False)
        if first * second <= 0
    ]
    return min(roots, key=lambda rate: abs(rate - near), default=None)


@dataclass(frozen=True)
class Stop:
    """A prohibited asset: what stands in the books, what stopping costs, what it brings, who needs it. Money, positive."""

    asset_id: str
    carrying: float
    cost: float
    salvage: float
    needed_by: tuple[str, ...]


def stopping(plan: Plan, found: Mapping[str, Book]) -> tuple[Stop, ...]:
    """What stopping each prohibited asset costs (rule Stopped): its forecast costs of decommissioning, most likely."""
    client, stops = plan.client, []
    for asset in client.assets:
        if asset.eu_ai_act_class != "prohibited":
            continue
        name = asset.asset_id
        paid = sum(
            row.amount.mode for row in client.costs
            if row.asset_id == name and row.kind == "forecast" and row.phase == "decommission"
        )  # fmt: skip
        salvage = brings(plan, plan.group(name))
        others = tuple(other for other, needed in plan.needs.items() if name in needed and other != name)
        stops.append(Stop(name, found[name].at(plan.date).carrying_amount, paid, salvage, others))
    return tuple(stops)


@dataclass(frozen=True)
class DataResource:
    """A data asset as the Chinese provisions would show it. Money, at cost."""

    asset: Any
    before: float  # spent before the provisions, not put back
    capitalised: float
    carrying: float


def data_resources(client, criteria_met_on: str = "") -> tuple[DataResource, ...]:
    """The data assets under the Chinese provisions (rule Data resources)."""
    forward = books(client, criteria_met_on, DATA_RESOURCES_FROM)
    return tuple(
        DataResource(
            asset,
            sum(
                (row.amount.mode for row in client.costs
                 if row.asset_id == asset.asset_id and row.kind == "actual" and row.date < DATA_RESOURCES_FROM),
                0.0,
            ),
            forward[asset.asset_id].intangible,
            forward[asset.asset_id].at(client.valuation.date).carrying_amount,
        )
        for asset in client.assets
        if asset.kind == "data"
    )  # fmt: skip


def findings(
    plan: Plan,
    found: Mapping[str, Book],
    tests: Sequence[Test],
    asked: Sequence[Ask],
    held,
    money: Callable[[float], str] | None = None,
) -> tuple[str, ...]:
    """What stands out in the books and in the portfolio, in sentences.

    held: the concentration, or None; money: how an amount is written.
    """
    money = money or (lambda value: f"{value:,.0f} {plan.currency}")
    words = [
        f"{test.group} stands in the books above what it can bring: a loss of {money(test.result.impairment_loss)} is indicated."
        for test in tests
        if test.result.impairment_loss > 0
    ]
    for name, book in found.items():
        if book.capitalised and book.in_service is None:
            words.append(f"{name} is not yet in use: no amortisation, an impairment test every year (IAS 36.10).")
        elif book.capitalised and not book.at(plan.date).carrying_amount:
            words.append(
                f"{name} is written off and still in use: its life was set too short, or it should be replaced."
            )
    words += [
        f"{ask.group} has a value below 0 and asks for {money(ask.spend)}: no budget funds it{', and what may be refused is decided at the gate' if ask.before_it_earns else ''}."
        for ask in asked
        if ask.value < 0 and ask.spend
    ]
    if held and held.largest_share > WHOLE and len(asked) > 1:
        words.append(f"One group holds {100 * held.largest_share:.0f} % of the value.")
    if plan.client.valuation.horizon_years > BUDGET_YEARS:
        words.append(
            f"Value in use rests on {plan.client.valuation.horizon_years:g} years; beyond {BUDGET_YEARS} a reason is needed "
            "(IAS 36.33(b))."
        )
    saved = sum(tax_saved(plan).values())
    if saved:
        words.append(
            f"Amortisation saves tax of {money(saved)} (present value), if it counts for tax as it does in the books."
        )
    return tuple(words)


# --- levels of inputs ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Level:
    """One input of a fair value and its level (IFRS 13.72)."""

    input: str
    level: int
    why: str


def levels(plan: Plan) -> tuple[Level, ...]:
    """Every kind of input with its level (rule Levels)."""
    client, found = plan.client, []
    if client.discount.method == "build_up":
        found.append(Level("risk-free rate", 2, "yields of government bonds can be observed"))
        found.append(
            Level("equity premium, beta, debt ratio, size premium, cost of debt", 3, "estimates; no quotation is named")
        )
    else:
        found.append(
            Level("weighted average cost of capital", 3, f"given: {client.discount.source or 'no source stated'}")
        )
    found.append(Level("premiums for data, models, infrastructure", 3, "assumptions"))
    if client.discount.inflation is not None:
        found.append(Level("inflation", 2, "published"))
    found.append(Level("tax rate", 2, "enacted law"))
    for row in client.comparables:
        paid = row.basis in ("transaction", "licence_agreement") and row.adjustment == 1.0
        why = "price paid for the like, unadjusted" if paid else f"{terms.spoken(row.basis)}, adjusted or not paid"
        found.append(Level(f"price: {row.comparable}", 2 if paid else 3, why))
    found += [Level(f"royalty rate of {row.asset_id}", 3, row.source) for row in client.market.royalty_rates]
    own = {
        "volumes and unit values": bool(client.benefits),
        "measured gains and money per outcome": bool(client.evaluations or client.trials),
        "shares accepted": bool(client.acceptance),
        "forecast costs": any(row.kind == "forecast" for row in client.costs),
        "half-lives and useful lives": True,
        "chances of technical success": any(asset.p_technical_success is not None for asset in client.assets),
    }
    counted = {line.link_id for line in plan.benefits}
    others = (
        "made-up data, no evidence"
        if counted & plan.stood_in
        else "public data that stand for the client's own"
        if counted & plan.on_public
        else ""
    )
    measured = (
        {"measured gains and money per outcome": f"{others}; money per outcome: the client's own data"}
        if others
        else {}
    )
    return tuple(
        found + [Level(name, 3, measured.get(name, "the client's own data")) for name, given in own.items() if given]
    )


def measurement_level(found: Sequence[Level]) -> int:
    """The level of the whole: that of the lowest input (largest number), all of them taken as significant."""
    return max(level.level for level in found)
