"""Cost, market, income for each asset of a client: which method fits, what it says, how they are reconciled.

The arithmetic of a method on whole years is in :mod:`lepton_nb.valuation.approaches`; here the same sums run over the
plan's dated periods, so that every indication rests on the cash flows of the value chapter. :data:`APPROACH_RULES`
says in words who uses what; the chapter prints it.

Units as in the rest of the package: money in the client's currency, rates and shares as fractions, times in years of
365 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from lepton_nb.valuation import approaches as methods
from lepton_nb.valuation import uncertainty
from lepton_nb.value_model.beside import asset_verdict
from lepton_nb.value_model.money import World, Year, benefit, cash_flows, discount_factor, evaluate
from lepton_nb.value_model.reading import Group, Plan, decay_factor, without_amortisation, years_between
from lepton_nb.value_model.worlds import distributions

#: Who uses what, and how. Each rule has a test; the chapter prints them all.
APPROACH_RULES = {
    "Cost": "Replacement cost new: the actual research and development costs of costs.csv, with overhead and a "
    "developer's profit only where they are stated, plus the return forgone while the money was bound (from the first "
    "payment to the first day of use, at the cost of capital plus the premium of the kind of asset). Running costs and "
    "training of staff are no part of it. Prices are not trended: no index is given.",
    "Depreciation": "Each payment ages from its date or the first day of use, whichever is later. With a half-life "
    "what is left is 2^(−age / half-life), without one 1 − age / useful life; past the useful life nothing is left.",
    "Economic obsolescence": "Where the assets of a group would cost more to replace than the group brings, nobody would "
    "replace them: the shortfall, 1 − value of the group / sum of the replacement costs, is taken off each. At most all.",
    "With and without": "The default for an internal model: the present value of the group as it is, less that of the "
    "group without the asset and without what serves it alone, whose costs then end. What was done before (the manual "
    "process, the old model) is the zero of every benefit. Where others serve the asset this is an upper limit: it holds "
    "their part too. The chance of technical success is in the flows.",
    "Primary asset": "Of each group with helping assets one asset is primary: the one whose own benefits are worth most. "
    "Excess earnings are computed for it alone, so that no income is counted twice.",
    "Contributory charge": "Each helping asset must earn its replacement cost after depreciation back over its remaining "
    "life, with a return at the cost of capital plus the premium of its kind: a level payment a year (return on and of). "
    "Mid-year payments are smaller by half a year's return. A short period is charged its share, a period without any "
    "figure nothing.",
    "Relief from royalty": "For a licensed or purchased model with a royalty rate in client.yml (market): the rate times "
    "the yearly benefit before costs, after tax. Without a rate the asset is valued like an internal one.",
    "Market": "Comparables of market.csv that price the whole asset, adjusted and weighted by similarity; the weighted "
    "median. It carries weight from three comparables on, under market_value and fair_value_ifrs13; otherwise it is shown: "
    "what others pay is not what the asset is worth to this owner. A list price of a substitute is a cap and no "
    "comparable. A market price is not raised by a tax benefit: it holds one already.",
    "Tax benefit": "A buyer who may amortise the price pays less tax, which raises what he can pay. It belongs to a market "
    "participant's value: it is applied to income values under market_value and fair_value_ifrs13 if client.yml says "
    "tax_amortisation_benefit: true. Under investment_value and value_in_use_ias36 it is shown beside and not applied: "
    "the owner buys nothing. Replacement cost carries none. Where it is applied, the amortisation of the present owner's "
    "books is left out of the income: a buyer amortises the price instead.",
    "Weights": "An asset that earns only through others: cost alone. A licensed or purchased model with a royalty rate: "
    "relief from royalty alone. Any other that earns: income 75 % and cost 25 % if it is in use and most of its benefits "
    "(present value) are measured, else 50 % and 50 %; a licensed one income alone, because what was spent on it is not "
    "the cost of the model. Income is excess earnings for the primary asset of a group, else with and without. A market "
    "price that carries weight takes half, the others share the rest. A weight whose method gives nothing goes to "
    "the others, and so does that of a cost which economic obsolescence lowers: it says the income again.",
    "Conclusion": "The weighted mean, with the range that the indications with a weight span (of one method alone: its own "
    "range). None is drawn: for an asset prohibited by the EU AI Act or under unclear legal control; where the income has "
    "a weight and rests on 40 baseline cases or fewer; where the indications lie further apart than the mean itself; where "
    "the mean is not above zero.",
    "Support": "The income of an asset is well supported where even its 5 % point exceeds what it would cost to replace the "
    "asset (after depreciation, before economic obsolescence), supported where its most likely figure does, and not "
    "supported where it does not.",
    "Returns": "WARA: the return of each asset is the cost of capital plus the premium of its kind, its weight the value "
    "concluded before the tax benefit. It is held against the rate of the group, because only the group's flows are "
    "valued; what the concluded values leave of the group's value is goodwill (people, process, customers), and its "
    "implied return must lie above that of every asset.",
}

PARTICIPANT = frozenset({"market_value", "fair_value_ifrs13"})
BASIS = {
    "market_value": "market value",
    "fair_value_ifrs13": "fair value (IFRS 13)",
    "value_in_use_ias36": "value in use (IAS 36)",
    "investment_value": "investment value",
}
SPENT_ON_BUILDING = frozenset({"research", "development"})
#: Indications further apart than this, relative to their weighted mean, carry no conclusion.
WIDEST_SPREAD = 1.0
#: Points of income and cost in the conclusion.
MEASURED, UNMEASURED = (0.75, 0.25), (0.5, 0.5)
COST, WITHOUT, EXCESS, ROYALTY, MARKET = (
    "replacement cost", "with and without", "excess earnings", "relief from royalty",
    "comparable prices",
)  # fmt: skip
APPROACH = {COST: "cost", WITHOUT: "income", EXCESS: "income", ROYALTY: "income", MARKET: "market"}


def kind_rate(plan: Plan, asset_id: str) -> float:
    """The return asked of one asset: the cost of capital plus the premium of its kind and what it bears specially."""
    discount = plan.client.discount
    return plan.wacc + getattr(discount.asset_premium, plan.asset(asset_id).kind) + discount.specific_premium(asset_id)


def earners(plan: Plan) -> tuple[str, ...]:
    """The assets with benefits of their own, in the client's order."""
    earning = {line.asset_id for line in plan.benefits}
    return tuple(asset.asset_id for asset in plan.client.assets if asset.asset_id in earning)


# --- cost ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spent:
    """One payment for building an asset: money, age in years, share that is left."""

    date: date
    phase: str
    category: str
    amount: float
    age: float
    left: float


@dataclass(frozen=True)
class Replacement:
    """The cost approach to one asset. ``built`` is None where nothing was spent on building it (``sentence``)."""

    asset_id: str
    spent: tuple[Spent, ...]
    rate: float
    build_years: float
    functional: float  # share lost by age or decay
    economic: float  # share lost because the group does not earn it
    built: methods.ReplacementCost | None
    remaining_life: float | None  # years, weighted by money; None: nothing is left
    sentence: str = ""

    @property
    def depreciated(self) -> float:
        """After depreciation, before economic obsolescence."""
        return 0.0 if self.built is None else self.built.replacement_cost_new * (1 - self.functional)

    @property
    def value(self) -> float | None:
        """After both."""
        return None if self.built is None else self.built.value


def replacement_costs(plan: Plan, overhead: float = 0.0, developer_profit: float = 0.0) -> dict[str, Replacement]:
    """The cost approach to every asset (rules Cost, Depreciation, Economic obsolescence).

    overhead, developer_profit: shares of the direct cost and of cost with overhead.
    """
    found = {asset.asset_id: _replacement(plan, asset, overhead, developer_profit, 0.0) for asset in plan.client.assets}
    for group in plan.groups:
        needed = sum(found[name].depreciated for name in group.assets)
        brought = sum(float(year.present) for year in cash_flows(plan, group))
        if needed > 0:
            short = min(max(1 - max(brought, 0.0) / needed, 0.0), 1.0)
            for name in group.assets:
                found[name] = _replacement(plan, plan.asset(name), overhead, developer_profit, short)
    return found


def _replacement(plan: Plan, asset, overhead: float, profit: float, economic: float) -> Replacement:
    spent = []
    for row in plan.client.costs:
        if row.asset_id == asset.asset_id and row.kind == "actual" and row.phase in SPENT_ON_BUILDING:
            begin = max(row.date, asset.in_service_date or row.date)
            age = max(years_between(begin, plan.date), 0.0)
            spent.append(Spent(row.date, row.phase, row.category, row.amount.mode, age, _left(asset, age)))
    rate = kind_rate(plan, asset.asset_id)
    total = sum(item.amount for item in spent)
    if total <= 0:
        words = "No actual cost of research or development is given, so there is no cost approach."
        return Replacement(asset.asset_id, tuple(spent), rate, 0.0, 0.0, 0.0, None, None, words)
    first = min(item.date for item in spent)
    bound = max(years_between(first, asset.in_service_date or plan.date), 0.0)
    functional = 1 - sum(item.amount * item.left for item in spent) / total
    parts: dict[str, float] = {}
    for item in spent:
        parts[item.category] = parts.get(item.category, 0.0) + item.amount
    built = methods.replacement_cost(parts, overhead, profit, rate, bound, functional, economic)
    left = sum(item.amount for item in spent if item.left > 0)
    lives = sum(item.amount * (asset.useful_life_years - item.age) for item in spent if item.left > 0)
    return Replacement(
        asset.asset_id, tuple(spent), rate, bound, functional, economic, built, lives / left if left else None
    )


def _left(asset, age: float) -> float:
    if age >= asset.useful_life_years:
        return 0.0
    if asset.half_life_years is not None:
        return decay_factor(age, asset.half_life_years)
    return 1 - age / asset.useful_life_years


# --- income ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A group with an asset, and without it and what serves it alone (``dropped``)."""

    asset_id: str
    group: Group
    dropped: tuple[str, ...]
    having: tuple[Year, ...]
    lacking: tuple[Year, ...]

    @property
    def value(self) -> float:
        """Present value with less present value without, before a tax benefit."""
        return float(sum(one.present - other.present for one, other in zip(self.having, self.lacking, strict=True)))


def dropped_with(plan: Plan, asset_id: str) -> tuple[str, ...]:
    """The asset and all that serves nothing that earns without it."""
    group = plan.group(asset_id)
    others = [name for name in earners(plan) if asset_id not in plan.needs[name] and name in group.assets]
    kept = frozenset().union(*(plan.needs[name] for name in others))
    serving = plan.needs[asset_id] | {name for name in group.assets if asset_id in plan.needs[name]}
    return tuple(name for name in group.assets if name in serving and name not in kept)


def with_and_without(plan: Plan, asset_id: str) -> Difference:
    """The two worlds of an asset, year by year (rule With and without)."""
    group, dropped = plan.group(asset_id), dropped_with(plan, asset_id)
    stay = [name for name in group.assets if name not in dropped]
    return Difference(asset_id, group, dropped, cash_flows(plan, group), cash_flows(plan, group, members=stay))


def primary_asset(plan: Plan, group: Group) -> str | None:
    """The one asset of a group for which excess earnings are computed (rule Primary asset)."""
    worth = {
        name: sum(
            discount_factor(group.rate, plan.periods[line.period].time) * float(benefit(plan, line))
            for line in plan.benefits
            if line.asset_id == name
        )
        for name in earners(plan)
        if name in group.assets and len(plan.needs[name]) > 1
    }
    return max(worth, key=worth.get) if worth else None


@dataclass(frozen=True)
class Charge:
    """What one helping asset must earn in a whole year, after tax (rule Contributory charge)."""

    asset_id: str
    base: float
    rate: float
    life: float | None  # remaining years
    yearly: float


def contributory_charges(
    plan: Plan, asset_id: str, costs: Mapping[str, Replacement]
) -> tuple[tuple[Charge, ...], tuple[str, ...]]:
    """The charges of all that serves an asset, and a sentence for each helper whose cost is not known."""
    half = 0.5 if plan.client.valuation.timing == "mid_year" else 0.0
    found, missing = [], []
    for name in (asset.asset_id for asset in plan.client.assets):
        if name == asset_id or name not in plan.needs[asset_id]:
            continue
        cost = costs[name]
        if cost.built is None:
            missing.append(f"{name} has no known cost, so nothing is charged for it: the excess earnings are too high.")
            continue
        rate = cost.rate
        yearly = 0.0
        if cost.depreciated > 0:
            yearly = methods.contributory_charge(cost.depreciated, rate, cost.remaining_life) / (1 + rate) ** half
        found.append(Charge(name, cost.depreciated, rate, cost.remaining_life, yearly))
    return tuple(found), tuple(missing)


@dataclass(frozen=True)
class ExcessYear:
    """One period of excess earnings. ``charges`` by helping asset; ``present`` discounts costs at their own dates."""

    year: int
    share: float
    earnings: float  # benefits less running costs, development and tax
    charges: Mapping[str, float]
    excess: float
    discount_factor: float
    present: float


@dataclass(frozen=True)
class Excess:
    """Multi-period excess earnings of the primary asset of a group."""

    asset_id: str
    group: Group
    years: tuple[ExcessYear, ...]
    charges: tuple[Charge, ...]
    sentences: tuple[str, ...]

    @property
    def charged(self) -> float:
        """Present value of all charges."""
        return sum(year.discount_factor * sum(year.charges.values()) for year in self.years)

    @property
    def value(self) -> float:
        """Present value of the excess, before a tax benefit."""
        return sum(year.present for year in self.years)


def excess_earnings(plan: Plan, asset_id: str, costs: Mapping[str, Replacement]) -> Excess:
    """What the group's flows leave for its primary asset after the charges of all that serves it.

    The flows are those of the asset and its helpers; their decay is the survival of today's business.
    """
    group = plan.group(asset_id)
    members = [name for name in group.assets if name in plan.needs[asset_id]]
    charges, sentences = contributory_charges(plan, asset_id, costs)
    rows = []
    for span, year in zip(plan.periods, cash_flows(plan, group, members=members), strict=True):
        active = bool(year.benefits or year.running or year.development)
        paid = {item.asset_id: item.yearly * span.share * active for item in charges}
        due = sum(paid.values())
        earned, factor = float(year.net), float(year.discount_factor)
        rows.append(
            ExcessYear(
                year.year, year.share, earned, paid, earned - due, factor, float(year.present) - factor * due
            )
        )  # fmt: skip
    return Excess(asset_id, group, tuple(rows), charges, sentences)


@dataclass(frozen=True)
class RoyaltyYear:
    """One period of royalties saved."""

    year: int
    base: float  # benefit before costs that uses the asset
    royalty: float
    tax: float
    discount_factor: float
    present: float


@dataclass(frozen=True)
class Royalty:
    """Relief from royalty; ``years`` at the most likely rate, low and high of the value at the other two."""

    asset_id: str
    rate: float
    low_rate: float
    high_rate: float
    source: str
    years: tuple[RoyaltyYear, ...]

    @property
    def value(self) -> float:
        """Present value of the royalties saved after tax, before a tax benefit."""
        return sum(year.present for year in self.years)

    @property
    def low(self) -> float:
        return self.value * self.low_rate / self.rate if self.rate else 0.0

    @property
    def high(self) -> float:
        return self.value * self.high_rate / self.rate if self.rate else 0.0


def relief_from_royalty(plan: Plan, asset_id: str) -> Royalty | None:
    """Royalties that the holder of an asset is spared (rule Relief from royalty); None without a royalty rate."""
    given = next((row for row in plan.client.market.royalty_rates if row.asset_id == asset_id), None)
    if given is None or asset_id not in earners(plan):
        return None
    group, rows = plan.group(asset_id), []
    for index, span in enumerate(plan.periods):
        base = float(
            sum(benefit(plan, line) for line in plan.benefits if (line.asset_id, line.period) == (asset_id, index))
        )
        royalty = given.mode * base
        factor = discount_factor(group.rate, span.time)
        rows.append(
            RoyaltyYear(span.year, base, royalty, plan.tax_rate * royalty, factor, factor * royalty * (1 - plan.tax_rate))
        )  # fmt: skip
    return Royalty(asset_id, given.mode, given.low, given.high, given.source, tuple(rows))


# --- tax benefit -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TaxBenefit:
    """Whether an income value is raised by a buyer's tax amortisation, and why."""

    applied: bool
    reason: str
    years: float

    def factor(self, plan: Plan, rate: float) -> float:
        """What it would raise an income value by at this rate, applied or not."""
        timing = "mid" if plan.client.valuation.timing == "mid_year" else "end"
        return methods.tax_amortisation_factor(plan.tax_rate, rate, self.years, timing)

    def used(self, plan: Plan, rate: float) -> float:
        """The factor that income values carry: 1 where it is not applied."""
        return self.factor(plan, rate) if self.applied else 1.0


def tax_benefit(client) -> TaxBenefit:
    """Rule Tax benefit for a client.

    >>> from types import SimpleNamespace as Part
    >>> tax = Part(tax_amortisation_benefit=True, tab_years=5)
    >>> tax_benefit(Part(tax=tax, valuation=Part(basis_of_value="fair_value_ifrs13"))).applied
    True
    >>> tax_benefit(Part(tax=tax, valuation=Part(basis_of_value="investment_value"))).applied
    False
    """
    basis, years = client.valuation.basis_of_value, client.tax.tab_years
    words = BASIS[basis]
    if not client.tax.tax_amortisation_benefit:
        return TaxBenefit(False, "client.yml says that a buyer could not amortise the price", years)
    if basis in PARTICIPANT:
        return TaxBenefit(
            True, f"{words} is what a market participant would pay, who may amortise over {years:g} years", years
        )
    return TaxBenefit(False, f"{words} is the value to this owner, who buys nothing", years)


# --- market ----------------------------------------------------------------------------------------------


#: A list price of a substitute caps what anybody would pay; it is no price paid for an asset.
CAP = "api_list_price"


def comparable_use(row) -> str:
    """Why a comparable does not enter the market approach of its asset; empty where it does."""
    if row.asset_id is None:
        return "stands for no asset of the client"
    if row.basis == CAP:
        return "a cap: nobody pays more than the substitute costs"
    if row.unit:
        return f"a price {row.unit}, not of the whole asset"
    if row.price <= 0:
        return "no price"
    return "" if row.similarity > 0 else "similarity 0"


def market_prices(plan: Plan, asset_id: str) -> methods.ComparablePrices | None:
    """Weighted median of an asset's comparables (rule Market); None without any."""
    rows = [row for row in plan.client.comparables if row.asset_id == asset_id and not comparable_use(row)]
    if not rows:
        return None
    return methods.comparable_prices(
        [row.price for row in rows], [row.adjustment for row in rows], [row.similarity for row in rows]
    )


# --- reconciliation --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Indication:
    """What one method says of one asset. ``weight`` and ``reason``: its part in the conclusion, and why.

    before_tax_benefit, value: most likely; low..high: ``range_words``.
    """

    asset_id: str
    method: str
    before_tax_benefit: float
    factor: float
    low: float
    high: float
    range_words: str
    weight: float
    reason: str

    @property
    def approach(self) -> str:
        """cost, market or income."""
        return APPROACH[self.method]

    @property
    def value(self) -> float:
        """With the tax benefit where it is applied."""
        return self.before_tax_benefit * self.factor


@dataclass(frozen=True)
class Conclusion:
    """The reconciled value of an asset, or the sentence why there is none (``value`` is then None)."""

    asset_id: str
    value: float | None
    low: float | None
    high: float | None
    before_tax_benefit: float | None
    weighted: float | None  # the mean of the indications, also where no conclusion is drawn from it
    indications: tuple[Indication, ...]
    sentence: str


@dataclass(frozen=True)
class Assessment:
    """All approaches to all assets of a plan."""

    plan: Plan
    tax_benefit: TaxBenefit
    costs: Mapping[str, Replacement]
    differences: Mapping[str, Difference]
    primary: Mapping[str, str | None]  # by group
    excess: Mapping[str, Excess]  # by primary asset
    royalties: Mapping[str, Royalty]
    market: Mapping[str, methods.ComparablePrices]
    ranges: Mapping[tuple[str, str], tuple[float, float]]  # 5 % and 95 % by asset and method
    shares: Mapping[str, tuple[float, float, float]]  # Shapley share: most likely, 5 %, 95 %
    conclusions: Mapping[str, Conclusion]
    draws: int
    seed: int


def assess(plan: Plan, draws: int = 0, overhead: float = 0.0, developer_profit: float = 0.0) -> Assessment:
    """Every method that fits, for every asset, and the reconciliation (:data:`APPROACH_RULES`).

    draws: of the simulation behind the income ranges; 0: as client.yml says.
    """
    tax = tax_benefit(plan.client)
    costs = replacement_costs(plan, overhead, developer_profit)
    income = income_plan(plan, tax)
    differences = {name: with_and_without(income, name) for name in earners(plan)}
    primary = {group.name: primary_asset(plan, group) for group in plan.groups}
    excess = {name: excess_earnings(income, name, costs) for name in primary.values() if name}
    royalties = {name: found for name in earners(plan) if (found := relief_from_royalty(plan, name))}
    market = {asset.asset_id: found for asset in plan.client.assets if (found := market_prices(plan, asset.asset_id))}
    draws = draws or plan.client.monte_carlo.draws
    ranges, shares = _ranges(plan, income, differences, excess, draws)
    made = Assessment(
        plan, tax, costs, differences, primary, excess, royalties, market, ranges, shares, {}, draws,
        plan.client.monte_carlo.seed,
    )  # fmt: skip
    conclusions = {asset.asset_id: conclude(made, asset) for asset in plan.client.assets}
    return Assessment(**{**vars(made), "conclusions": conclusions})


def income_plan(plan: Plan, tax: TaxBenefit) -> Plan:
    """What the income values look at (rule Tax benefit)."""
    return without_amortisation(plan) if tax.applied else plan


def _ranges(plan: Plan, income: Plan, differences, excess, draws: int):
    """5 % and 95 % of the income values and of the Shapley shares, over the same draws."""
    keys = [(name, WITHOUT) for name in differences] + [(name, EXCESS) for name in excess]
    names = [name for group in plan.groups for name in group.assets]

    def present(group, world, members=None):
        return sum(year.present for year in cash_flows(income, group, world, members))

    def model(drawn):
        size, world = len(next(iter(drawn.values()))), World(drawn=drawn)
        columns = []
        for item in differences.values():
            stay = [name for name in item.group.assets if name not in item.dropped]
            columns.append(present(item.group, world) - present(item.group, world, stay))
        for item in excess.values():
            members = [name for name in item.group.assets if name in plan.needs[item.asset_id]]
            columns.append(present(item.group, world, members) - item.charged)
        columns += [evaluate(plan, world).assets[name] for name in names]
        return np.column_stack([np.broadcast_to(column, size) for column in columns])

    if not keys and not names:
        return {}, {}
    inputs = distributions(plan) or {"nothing is uncertain": uncertainty.uniform(0, 1)}
    result = uncertainty.simulate(model, inputs, draws, plan.client.monte_carlo.seed, plan.correlations)
    columns = [result.column(index).interval for index in range(len(keys) + len(names))]
    most_likely = evaluate(plan).assets
    ranges = dict(zip(keys, columns, strict=False))
    shares = {name: (float(most_likely[name]), *found) for name, found in zip(names, columns[len(keys) :], strict=True)}
    return ranges, shares


def measured_share(plan: Plan, asset_id: str) -> float:
    """Share of the present value of an asset's own benefits whose evidence is measured; 0 without benefits."""
    grades = {(row.asset_id, row.driver_id, row.year): row.evidence for row in plan.client.benefits}
    worth = {True: 0.0, False: 0.0}
    for line in plan.benefits:
        if line.asset_id == asset_id:
            span = plan.periods[line.period]
            present = discount_factor(plan.group(asset_id).rate, span.time) * float(benefit(plan, line))
            worth[grades[asset_id, line.driver_id, span.year] == "measured"] += present
    total = sum(worth.values())
    return worth[True] / total if total > 0 else 0.0


def _points(made: Assessment, asset) -> dict[str, tuple[float, str]]:
    """Points and reason by method, before those without an indication drop out (rule Weights)."""
    plan, name = made.plan, asset.asset_id
    if name not in earners(plan):
        return {COST: (1.0, "earns only through the assets that it feeds: an income value would count theirs twice")}
    income = EXCESS if name in made.excess else WITHOUT
    found = {}
    if income == EXCESS:
        found[WITHOUT] = (0.0, "upper limit: holds what the helping assets contribute too")
    if asset.acquisition != "internal" and name in made.royalties:
        found[ROYALTY] = (1.0, f"the right to use a {asset.acquisition} model is worth the royalty that it spares")
        found[income] = (0.0, "the model belongs to another; the rest is earned by the process around it")
        found[COST] = (0.0, "spent on fitting it in, not on the model")
        return found
    if name in made.royalties:
        found[ROYALTY] = (0.0, "shown beside: the model is internal and not for licence")
    if asset.acquisition == "licensed":
        found[income] = (1.0, "no royalty rate is given; what was spent on a licensed model is not its cost")
        found[COST] = (0.0, "spent on fitting it in, not on the model")
        return found
    share = measured_share(plan, name)
    if asset.deployed and share > 0.5:
        points, why = MEASURED, f"in use, and {100 * share:.0f} % of its benefits are measured"
        other = "what it would take to build it again; cannot see what it brings"
    else:
        stage = "not in use yet" if not asset.deployed else f"only {100 * share:.0f} % of its benefits are measured"
        points, why, other = UNMEASURED, f"{stage}: the forecast counts no more than the cost", f"{stage}"
    found[income], found[COST] = (points[0], why), (points[1], other)
    if made.costs[name].economic > 0:
        found[COST] = (0.0, "lowered to what the income bears, so it says the income again")
    return found


def _shared(points: dict) -> dict[str, tuple[float, str]]:
    """The same points as shares that sum to 1, if any is positive."""
    total = sum(share for share, _ in points.values())
    return {key: (share / total if total else 0.0, why) for key, (share, why) in points.items()}


def _with_market(points: dict, prices: methods.ComparablePrices, basis: str) -> dict[str, tuple[float, str]]:
    reason = f"{prices.n} comparables"
    if not prices.conclusive:
        reason += "; three are needed to conclude"
    elif basis not in PARTICIPANT:
        reason += f"; what others pay, not the {BASIS[basis]}"
    counts = prices.conclusive and basis in PARTICIPANT
    shared = {key: (share * (0.5 if counts else 1.0), why) for key, (share, why) in points.items()}
    return shared | {MARKET: (0.5 if counts else 0.0, reason)}


def conclude(made: Assessment, asset) -> Conclusion:
    """Put the indications of one asset together (rules Weights and Conclusion)."""
    plan, name = made.plan, asset.asset_id
    group = plan.group(name)
    factor = made.tax_benefit.used(plan, group.rate) if group else 1.0
    seen: dict[str, tuple[float, float, float, float, str]] = {}  # value, factor, low, high, what the range is
    cost = made.costs[name]
    if cost.built is not None:
        new = cost.built.replacement_cost_new
        seen[COST] = cost.value, 1.0, cost.value, new, "from depreciated to new"
    simulated = "5 % to 95 % of the draws"
    if name in made.differences:
        seen[WITHOUT] = made.differences[name].value, factor, *made.ranges[name, WITHOUT], simulated
    if name in made.excess:
        seen[EXCESS] = made.excess[name].value, factor, *made.ranges[name, EXCESS], simulated
    if name in made.royalties:
        found = made.royalties[name]
        seen[ROYALTY] = found.value, factor, found.low, found.high, "lowest to highest royalty rate"
    points = _shared({key: item for key, item in _points(made, asset).items() if key in seen})
    if name in made.market:
        prices = made.market[name]
        seen[MARKET] = prices.value, 1.0, prices.low, prices.high, "quartiles of the adjusted prices"
        points = _with_market(points, prices, plan.client.valuation.basis_of_value)
    points = _shared(points)
    indications = tuple(
        Indication(
            name, key, value, times, low * times, high * times, words,
            *points[key],
        )
        for key, (value, times, low, high, words) in seen.items()
    )  # fmt: skip
    used = [item for item in indications if item.weight > 0]
    mean = sum(item.weight * item.value for item in used) if used else None
    low, high = None, None
    if used:
        low = min(item.value for item in used) if len(used) > 1 else used[0].low
        high = max(item.value for item in used) if len(used) > 1 else used[0].high
    sentence = _withheld(made, asset, used, mean, low, high)
    if sentence:
        return Conclusion(name, None, low, high, None, mean, indications, sentence)
    before = sum(item.weight * item.before_tax_benefit for item in used)
    if len(used) > 1:
        told = methods.reconcile(
            {item.method: item.value for item in used}, {item.method: item.weight for item in used}
        )
        mean, low, high = told.value, told.low, told.high
    return Conclusion(name, mean, low, high, before, mean, indications, "")


def _withheld(made: Assessment, asset, used, mean, low, high) -> str:
    if asset.eu_ai_act_class == "prohibited":
        return "No conclusion: prohibited by the EU AI Act, so it has no value as a going asset; no salvage value is given."
    if asset.legal_control == "unclear":
        return "No conclusion: legal control is unclear, so no value is recognisable."
    if not used:
        return "No conclusion: no method gives a figure."
    if any(item.approach == "income" for item in used):
        said = asset_verdict(made.plan, asset, 0.0)
        if said.word == "withheld":
            return f"No conclusion: {said.reason}."
    if mean <= 0:
        return (
            "No conclusion above zero: at the most likely figures the asset does not earn what it still costs. What it may "
            "be worth to wait or to stop is a matter of options, not of this figure."
        )
    if len(used) > 1 and high - low > WIDEST_SPREAD * abs(mean):
        least, most = min(used, key=lambda item: item.value), max(used, key=lambda item: item.value)
        return (
            f"No conclusion: the indications lie {(high - low) / mean:.1f} times their mean apart, from {least.value:,.0f} "
            f"({least.method}) to {most.value:,.0f} ({most.method}). The reason has to be found before they are averaged."
        )
    return ""


def support(made: Assessment, asset_id: str) -> tuple[str, str]:
    """How the income of an asset stands to its cost: the word of rule Support and its sentence; empty without both.

    The cost is the one before economic obsolescence, which is itself read from the income.
    """
    by_method = {item.method: item for item in made.conclusions[asset_id].indications}
    income, cost = by_method.get(EXCESS) or by_method.get(WITHOUT), made.costs[asset_id]
    if income is None or cost.built is None:
        return "", ""
    told = f"income {income.value:,.0f}, its 5 % point {income.low:,.0f}, replacement cost {cost.depreciated:,.0f}"
    if income.value < cost.depreciated:
        return "not supported", f"{told}: it earns less than it would cost to have it again."
    if income.low < cost.depreciated:
        return "supported", f"{told}: it earns more than it would cost, but not with 95 % probability."
    return "well supported", f"{told}: it earns more than it would cost even if things go badly."


# --- returns ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReturnCheck:
    """WARA of one group. ``found`` is None where it cannot be drawn; the sentence says why."""

    group: Group
    enterprise: float
    assets: Mapping[str, tuple[float, float]]  # concluded before the tax benefit, return
    found: methods.ReturnOnAssets | None
    sentence: str


def returns_on_assets(made: Assessment, group: Group) -> ReturnCheck:
    """WARA against the rate of the group, with the goodwill that is left (rule Returns)."""
    plan = made.plan
    worth = float(sum(year.present for year in cash_flows(income_plan(plan, made.tax_benefit), group)))
    if len(group.assets) == 1:
        return ReturnCheck(group, worth, {}, None, "One asset alone: there is nothing to weigh.")
    without = [name for name in group.assets if made.conclusions[name].value is None]
    if without:
        return ReturnCheck(group, worth, {}, None, f"Not drawn: no value is concluded for {', '.join(without)}.")
    assets = {name: (made.conclusions[name].before_tax_benefit, kind_rate(plan, name)) for name in group.assets}
    try:
        found = methods.weighted_average_return_on_assets(assets, group.rate, worth)
    except methods.Undefined:
        total = sum(value for value, _ in assets.values())
        words = (
            f"The concluded values sum to {total:,.0f}, more than the {worth:,.0f} that the group brings: at least one of "
            "them is too high. The group's value is what counts."
        )
        return ReturnCheck(group, worth, assets, None, words)
    highest = f"{100 * max(rate for _, rate in assets.values()):.1f} %"
    if found.implied_goodwill_return is None:
        words = f"Nothing is left for goodwill; WARA {100 * found.wara:.1f} % against {100 * group.rate:.1f} %."
    elif found.plausible:
        words = f"Plausible: goodwill would earn {100 * found.implied_goodwill_return:.1f} %, more than every asset (up to {highest})."
    else:
        words = (
            f"Not plausible: goodwill would earn {100 * found.implied_goodwill_return:.1f} %, less than an asset ({highest}). "
            "The concluded values leave it too large a part, or the returns asked of the assets are too high."
        )
    return ReturnCheck(group, worth, assets, found, words)
