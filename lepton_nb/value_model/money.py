"""From dated lines to money: the value of groups in one state of the world, flows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from lepton_nb.valuation import approaches as methods
from lepton_nb.value_model.inputs import (
    SCENARIO,
)
from lepton_nb.value_model.line_money import (
    benefits,
    chance,
    cost,
)
from lepton_nb.value_model.lines import CostLine, Group, Plan
from lepton_nb.value_model.world import MOST_LIKELY, Money, World

LN2 = float(np.log(2))


@dataclass(frozen=True)
class Worth:
    """Present values of one world on the client's basis, in its currency: numbers, or one number a draw."""

    groups: Mapping[str, Money]
    total: Money


def evaluate(plan: Plan, world: World = MOST_LIKELY) -> Worth:
    """Value of each group in one world. The sum of the groups is the value of all."""
    groups = {group.name: group_value(plan, group, world) for group in plan.groups}
    return Worth(groups, sum(groups.values(), 0.0))


def group_value(plan: Plan, group: Group, world: World = MOST_LIKELY, books: Mapping[str, Book] | None = None) -> Money:
    """The value of a group on the client's basis: its flows after tax, and a buyer's tax benefit where that counts.

    books: of its assets in this world (:func:`books_of`), where they are known already.
    """
    return value_and_flows(plan, group, world, books)[0]


def value_and_flows(
    plan: Plan, group: Group, world: World = MOST_LIKELY, books: Mapping[str, Book] | None = None
) -> tuple[Money, Money]:
    """The value of a group, and the sum of its flows after tax without discounting."""
    value, flows = present_and_flows(plan, group, world, books)
    return with_tax_benefit(value, tax_benefit_factor(plan, group, world.rate_change)), flows


def present_and_flows(
    plan: Plan, group: Group, world: World = MOST_LIKELY, books: Mapping[str, Book] | None = None
) -> tuple[Money, Money]:
    """The flows of a group after tax, discounted and as they are; before a buyer's tax benefit."""
    books = books_of(plan, group, world) if books is None else books
    years = tuple(_years(plan, group, books, frozenset(group.assets), world.rate_change))
    return sum((year.present for year in years), 0.0), sum((year.net for year in years), 0.0)


def with_tax_benefit(value: Money, factor: float) -> Money:
    """A value, or one in each of several worlds, with what its buyer saves; who pays nothing has nothing to write off."""
    if factor == 1.0:
        return value
    return np.where(np.asarray(value) > 0, factor * np.asarray(value), value)


def price_factor(drawn, factor: float) -> float:
    """What a buyer's tax benefit multiplies every draw of a value by: one price is paid, the mean of all (rule Basis).

    drawn: (draws,) values before it; 1 where their mean is not above zero, because nobody pays anything then.
    """
    return factor if float(np.mean(drawn)) > 0 else 1.0


@dataclass(frozen=True)
class TaxBenefit:
    """What a buyer saves by writing the price off over ``years``: its factor on the value is 1 / (1 − tax × annuity / years).

    rate: a year, nominal, because the price is written off in the money that was paid; timing: mid or end of each year.
    """

    tax: float
    years: float
    rate: float
    timing: str

    @property
    def annuity(self) -> float:
        """Present value of 1 a year over the years: the one that the factor holds."""
        return (1 - 1 / self.factor) * self.years / self.tax

    @property
    def factor(self) -> float:
        return methods.tax_amortisation_factor(self.tax, self.rate, self.years, self.timing)


def tax_benefit(plan: Plan, group: Group, rate_change: float = 0.0) -> TaxBenefit | None:
    """A buyer's tax benefit on a group (rule Basis); None on the owner's basis, and where the law grants none.

    rate_change: added to the group's rate, a year.
    """
    tax = plan.client.tax
    if plan.basis != "market" or not tax.tax_amortisation_benefit or plan.tax_rate == 0:
        return None
    timing = "mid" if plan.client.valuation.timing == "mid_year" else "end"
    nominal = (1 + group.rate + rate_change) * (1 + plan.inflation) - 1
    return TaxBenefit(plan.tax_rate, tax.tab_years, nominal, timing)


def tax_benefit_factor(plan: Plan, group: Group, rate_change: float = 0.0) -> float:
    """What a buyer's tax amortisation raises the value of a group by: 1 where there is none (:func:`tax_benefit`)."""
    found = tax_benefit(plan, group, rate_change)
    return 1.0 if found is None else found.factor


# --- one line --------------------------------------------------------------------------------------------


def discount_factor(rate: float, time: float) -> float:
    return (1.0 + rate) ** -time


def cost_factor(plan: Plan, group: Group, line: CostLine, world: World = MOST_LIKELY) -> float:
    """Discount factor of a cost: committed payments bear no risk premium (rule Rate)."""
    rate = plan.wacc if line.committed else group.rate
    return discount_factor(rate + world.rate_change, line.time)


# --- a group ---------------------------------------------------------------------------------------------


@dataclass
class Book:
    """One asset's money by period."""

    benefits: list[Money]
    running: list[Money]  # expensed at once
    development: list[Money]  # capitalised
    amortisation: list[Money]
    cost_present: list[Money]  # present value of both


def _book(plan: Plan, group: Group, name: str, world: World) -> Book:
    book = Book(*([0.0] * len(plan.periods) for _ in range(5)))
    sure = chance(plan, world, name)  # a failed development leaves no profit to set it against
    book.amortisation = [plan.capitalised[name] * share * sure for share in plan.written_off[name]]
    if name in plan.benefits_of:
        for line, amount in benefits(plan, world, name):
            book.benefits[line.period] = book.benefits[line.period] + amount
    for line in plan.costs_of.get(name, ()):
        amount = cost(plan, line, world)
        kind = book.running if line.written_off is None else book.development
        kind[line.period] = kind[line.period] + amount
        for period, share in enumerate(line.written_off or ()):
            if share:
                counts = share if line.needs_success else share * sure
                book.amortisation[period] = book.amortisation[period] + counts * amount
        book.cost_present[line.period] = book.cost_present[line.period] + cost_factor(plan, group, line, world) * amount
    return book


@dataclass(frozen=True)
class Year:
    """One row of a cash-flow table: the money of one period."""

    year: int
    share: float
    day: date  # of benefits and tax
    benefits: Money
    running: Money
    development: Money
    amortisation: Money  # no flow of money: it lowers the tax
    taxable: Money  # after losses carried forward
    tax: Money
    discount_factor: float  # of benefits and tax; costs have that of their own date
    present: Money

    @property
    def net(self) -> Money:
        """Benefits less costs and tax, undiscounted."""
        return self.benefits - self.running - self.development - self.tax


def cash_flows(
    plan: Plan, group: Group, world: World = MOST_LIKELY, members: Iterable[str] | None = None
) -> tuple[Year, ...]:
    """The cash-flow table of a group; its present values sum to the group's value before a buyer's tax benefit.

    members: the flows if only these assets of the group existed; None: all of them.
    """
    chosen = frozenset(group.assets if members is None else members)
    books = books_of(plan, group, world, [name for name in group.assets if name in chosen])
    return tuple(_years(plan, group, books, chosen, world.rate_change))


def books_of(
    plan: Plan, group: Group, world: World = MOST_LIKELY, names: Iterable[str] | None = None
) -> dict[str, Book]:
    """The money by period of the assets of a group, or of some of them, in one world."""
    return {name: _book(plan, group, name, world) for name in (group.assets if names is None else names)}


def part_flows(plan: Plan, group: Group, world: World = MOST_LIKELY):
    """A function from members to :func:`cash_flows`, for many parts of one group in one world."""
    inside = books_of(plan, group, world)

    def flows(members: Iterable[str]) -> tuple[Year, ...]:
        chosen = frozenset(members)
        return tuple(_years(plan, group, inside, chosen, world.rate_change))

    return flows


def _years(plan: Plan, group: Group, books: Mapping[str, Book], members: frozenset, change: float) -> Iterable[Year]:
    carried: Money = 0.0
    before = 0.0
    present_books = [book for name, book in books.items() if name in members]
    earning = [book for name, book in books.items() if name in members and plan.needs[name] <= members]
    for index, span in enumerate(plan.periods):
        earned = sum(book.benefits[index] for book in earning)
        running = sum(book.running[index] for book in present_books)
        amortisation = sum(book.amortisation[index] for book in present_books)
        carried = carried * (1 + plan.inflation) ** (before - span.time)  # a loss of the past is money of the past
        before = span.time
        taxable = earned - running - amortisation + carried
        tax, carried = plan.tax_rate * np.maximum(taxable, 0.0), np.minimum(taxable, 0.0)
        factor = discount_factor(group.rate + change, span.time)
        present = factor * (earned - tax) - sum(book.cost_present[index] for book in present_books)
        development = sum(book.development[index] for book in present_books)
        yield Year(
            year=span.year,
            share=span.share,
            day=span.day,
            benefits=earned,
            running=running,
            development=development,
            amortisation=amortisation,
            taxable=taxable,
            tax=tax,
            discount_factor=factor,
            present=present,
        )


def amortisation(plan: Plan, world: World = MOST_LIKELY) -> dict[str, list[Money]]:
    """Charge of each asset in each period (rule Tax)."""
    return {name: _book(plan, group, name, world).amortisation for group in plan.groups for name in group.assets}


def present_benefits(plan: Plan, key, asset_id: str = "") -> dict[Any, float]:
    """Present value of the benefits before tax and costs, summed by ``key(line)``, e.g. its type; of all or one asset."""
    found: dict[Any, float] = {}
    for line, amount in benefits(plan, asset_id=asset_id):
        present = discount_factor(plan.group(line.asset_id).rate, plan.periods[line.period].time) * float(amount)
        found[key(line)] = found.get(key(line), 0.0) + present
    return found


def own_margins(plan: Plan, group: Group) -> tuple[dict[str, float], dict[str, float]]:
    """What each earning asset of a group brings by itself after tax, and its share of the use; present values.

    Own benefits less tax less own costs, plus the tax that its costs and amortisation save; the shares of the use are
    those of the benefits, and sum to 1. Who was meant to earn and loses still counts, and what serves it does not; in a
    group where nothing is meant to earn, whoever has costs counts, by its costs.
    """
    books = books_of(plan, group)
    factors = [discount_factor(group.rate, span.time) for span in plan.periods]

    def present(flows) -> float:
        return float(sum(factor * flow for factor, flow in zip(factors, flows, strict=True)))

    planned = {row.asset_id for row in plan.client.benefits}  # where the years run hold no benefit
    meant = [name for name in books if name in plan.benefits_of] or [name for name in books if name in planned]
    worth = {name: present(book.benefits) for name, book in books.items() if name in meant}
    size = {name: max(amount, 0.0) for name, amount in worth.items()}
    if not sum(size.values()):
        size = {name: abs(amount) for name, amount in worth.items()}
    if worth and not sum(size.values()):
        size = dict.fromkeys(worth, 1.0)
    if not size:
        size = {name: float(sum(book.cost_present)) for name, book in books.items()}
    total = sum(size.values())
    if not total:
        return dict.fromkeys(group.assets, 0.0), dict.fromkeys(group.assets, 1 / len(group.assets))
    tax, margins = plan.tax_rate, {}
    for name in size:
        book = books[name]
        saved = tax * (present(book.running) + present(book.amortisation))
        margins[name] = (1 - tax) * present(book.benefits) + saved - float(sum(book.cost_present))
    return margins, {name: amount / total for name, amount in size.items()}


@dataclass(frozen=True)
class Bridge:
    """From the present value of all benefits to the value: benefits − running − development − tax + tax benefit."""

    benefits: float
    running: float
    development: float
    tax: float
    tax_benefit: float  # of a buyer; 0 on the owner's basis

    @property
    def value(self) -> float:
        """The value, as :func:`evaluate` gives it for the same groups."""
        return self.benefits - self.running - self.development - self.tax + self.tax_benefit


def bridge(plan: Plan, groups: Sequence[Group] | None = None, world: World = MOST_LIKELY) -> Bridge:
    """Present values of benefits, costs and tax of these groups, or of all; a number each."""
    chosen = plan.groups if groups is None else groups
    earned = tax = added = 0.0
    paid = {True: 0.0, False: 0.0}  # by whether it is expensed at once
    for group in chosen:
        years = cash_flows(plan, group, world)
        earned += sum(float(year.discount_factor * year.benefits) for year in years)
        tax += sum(float(year.discount_factor * year.tax) for year in years)
        added += float(group_value(plan, group, world)) - float(sum(year.present for year in years))
        for name in group.assets:
            for line in plan.costs_of.get(name, ()):
                paid[line.written_off is None] += cost_factor(plan, group, line, world) * float(cost(plan, line, world))
    return Bridge(earned, paid[True], paid[False], tax, added)


def scenario_of(plan: Plan, level) -> np.ndarray:
    """Which of the client's scenarios of positive probability each draw falls into, by its level 0..1."""
    ends = np.cumsum([item.p for item in plan.client.scenarios if item.p > 0])
    return np.minimum(np.searchsorted(ends, np.asarray(level), side="right"), len(ends) - 1)


def scenario_world(plan: Plan, drawn: Mapping[str, Money]) -> World:
    """A world of these draws; where the scenario is drawn, its level picks the multipliers of each draw."""
    level = drawn.get(SCENARIO)
    if level is None:
        return World(drawn=drawn)
    scenarios = [item for item in plan.client.scenarios if item.p > 0]
    place = scenario_of(plan, level)

    def factors(pairs) -> tuple[Money, Money]:
        on_benefits, on_costs = np.array(pairs, dtype=float).T
        return on_benefits[place], on_costs[place]

    own = {asset.asset_id for item in scenarios for asset in item.assets}
    everybody = factors([(item.benefit_multiplier, item.cost_multiplier) for item in scenarios])
    special = {name: factors([item.multipliers(name) for item in scenarios]) for name in own}
    return World(drawn=drawn, benefit_multiplier=everybody[0], cost_multiplier=everybody[1], own_multipliers=special)
