"""One value for each asset: cost, market and income, reconciled within the value of its group.

The group is what is decided on. Within it an asset that can be replaced is worth at most what replacing it costs, what
serves others earns its charges, and what earns takes the rest. These values, with what the reconciliation leaves to no
asset alone ("together"), sum to the group. :data:`APPROACH_RULES` says in words who uses what; the chapter prints it.

The arithmetic of a method on whole years is in :mod:`lepton_nb.valuation.approaches`; here the same sums run over the
plan's dated periods. Money in the client's currency, rates and shares as fractions, times in years of 365 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scipy import optimize

from lepton_nb.valuation import approaches as methods
from lepton_nb.value_model.line_money import benefits
from lepton_nb.value_model.lines import PARTICIPANT, Group, Plan
from lepton_nb.value_model.market import comparable_use, market_prices
from lepton_nb.value_model.money import Year, cash_flows, discount_factor, group_value, own_margins, present_benefits
from lepton_nb.value_model.replacement import OF_OTHERS, Replacement, kind_rate, replacement_costs

#: Who uses what, and how. Each rule has a test; the chapter prints them all.
APPROACH_RULES = {
    "One value": "The value of a group is computed once, from its flows. The values of its assets are parts of it and sum to "
    "it, with what the reconciliation leaves to no asset alone (together). An asset of no cost and no benefit of its own is "
    "worth nothing and changes nothing.",
    "Cost": "Replacement cost new: the actual research and development costs of costs.csv, plus the return forgone while the "
    "money was bound (half the time from the first payment to the first day of use, as if paid evenly, at the cost of capital "
    "plus the premium of the kind of asset). Running costs and training of staff are no part of it. Prices are not trended: no index is given.",
    "Depreciation": "Each payment ages from its date or the first day of use, whichever is later. With a half-life "
    "what is left is 2^(−age / half-life), without one life left / (life left + age); past the useful life nothing is left. An asset has "
    "one life, that of the register: a later payment does not lengthen it.",
    "Contributory charge": "An asset without benefits of its own earns its replacement cost after depreciation back over its "
    "remaining life, with a return at the cost of capital plus the premium of its kind: a level payment a year (return on "
    "and of), in the time in which what it serves earns. Its value is the present value of these charges at its own "
    "return, so never more than what replacing it costs; together they take at most what the group is worth.",
    "Excess earnings": "What the group is worth after these charges belongs to what earns. Where several earn, each has its "
    "own benefits after tax less its own costs; what they share is split by use, the present value of their benefits.",
    "Substitution": "Nobody pays more for an asset than for its substitute: an offer marked as a substitute in market.csv caps "
    "the yearly benefit at its yearly price.",
    "With and without": "Shown beside: the value of the group less that of the group without the asset and without what serves "
    "it alone. Where others serve the asset this is an upper limit: it holds their part too.",
    "Relief from royalty": "For a licensed or purchased model with a royalty rate in client.yml (market): the rate times its "
    "yearly benefits of type revenue, after tax; these are what it adds and count as cash, so the rate is one on margin. Savings and efficiency have none.",
    "Market": "Comparables of market.csv that price the whole asset, adjusted and weighted by similarity; the weighted median. "
    "It carries weight from three comparables on, where the basis is market value or fair value; otherwise it is shown: "
    "what others pay is not what the asset is worth to this owner.",
    "Tax benefit": "A buyer who may amortise the price pays less tax, which raises what he can pay. It belongs to a market "
    "participant's value: there it raises the value of the group, and the amortisation of the present owner's books is left "
    "out. The owner's own bases (investment value, value in use) carry the owner's books and no buyer's benefit.",
    "Weights": "Of an asset that earns: income 75 % and cost 25 % if it is in use and most of its benefits (present value) are "
    "measured, in this report or as the client states, else 50 % and 50 % (what was measured on a stand-in or on public data is no evidence of the client's own model and does not count as measured); of a licensed one, royalty alone, or income alone: what was spent on it is not its cost. "
    "A market price that carries weight takes half, the others share the rest. Where the weighted mean is less than what the "
    "asset earns within its group, the mean is concluded and the difference stands under together; it never exceeds it.",
    "Returns": "WARA: the return of each asset is the cost of capital plus the premium of its kind, weighted by its concluded "
    "value. It is the rate of the group. What the assets leave to together is the least certain part: the check asks what the "
    "rate of the group would be if that part had to earn the highest return of an asset, and fails where that rate is more "
    "than half a point above the one used. Where nothing is left after the charges to an asset that earns the benefits, its return "
    "counts only for the unpaid share of the charges: the check asks what the group would be worth at that return, and fails where it is more than half a point above.",
}

BASIS = {
    "market_value": "market value",
    "fair_value_ifrs13": "fair value (IFRS 13)",
    "value_in_use_ias36": "value in use (IAS 36)",
    "investment_value": "investment value",
}
#: Points of income and cost in the conclusion.
MEASURED, UNMEASURED = (0.75, 0.25), (0.5, 0.5)
COST, CHARGES, EXCESS, ROYALTY, MARKET = (
    "replacement cost", "contributory charges", "excess earnings", "relief from royalty", "comparable prices",
)  # fmt: skip
APPROACH = {COST: "cost", CHARGES: "income", EXCESS: "income", ROYALTY: "income", MARKET: "market"}


def earners(plan: Plan) -> tuple[str, ...]:
    """The assets with benefits of their own, in the client's order."""
    return tuple(asset.asset_id for asset in plan.client.assets if asset.asset_id in plan.benefits_of)


# --- income ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Charge:
    """What one helping asset must earn in a whole year, after tax, and what that is worth (rule Contributory charge)."""

    asset_id: str
    base: float
    rate: float
    life: float | None  # remaining years
    yearly: float
    value: float


def charges(plan: Plan, group: Group, costs: Mapping[str, Replacement]) -> dict[str, Charge]:
    """The charge of each asset of a group that earns nothing itself; 0 where no cost is known or nothing is left."""
    half = 0.5 if plan.client.valuation.timing == "mid_year" else 0.0
    found = {}
    for name in group.assets:
        if name in plan.benefits_of:
            continue
        cost, yearly, value = costs[name], 0.0, 0.0
        served = [other for other in group.assets if other in plan.benefits_of and name in plan.needs[other]]
        if cost.depreciated > 0 and served:
            yearly = methods.contributory_charge(cost.depreciated, cost.rate, cost.remaining_life)
            yearly /= (1 + cost.rate) ** half
            left = cost.remaining_life
            for index, span in enumerate(plan.periods):
                used = max(
                    (line.share for other in served for line in plan.benefits_of[other] if line.period == index),
                    default=0.0,
                )
                used = min(used, max(left, 0.0))
                left -= span.share
                value += yearly * used * discount_factor(cost.rate, span.time)
        found[name] = Charge(
            name, cost.depreciated, cost.rate, cost.remaining_life, yearly, min(value, cost.depreciated)
        )
    return found


def income_values(plan: Plan, group: Group, worth: float, charged: Mapping[str, Charge]) -> dict[str, float]:
    """The parts of a group's value by asset, which sum to it (rules Contributory charge, Excess earnings)."""
    total = sum(item.value for item in charged.values())
    fits = min(1.0, max(worth, 0.0) / total) if total > 0 else 0.0
    found = {name: (charged[name].value * fits if name in charged else 0.0) for name in group.assets}
    rest = worth - sum(found.values())
    margins, use = own_margins(plan, group)
    shared = rest - sum(margins.values())
    for name, share in use.items():
        found[name] += margins[name] + share * shared
    return found


@dataclass(frozen=True)
class Difference:
    """A group with an asset, and without it and what serves it alone (``dropped``). Money, most likely."""

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
    others = [name for name in group.assets if name in plan.benefits_of and asset_id not in plan.needs[name]]
    kept = frozenset().union(*(plan.needs[name] for name in others))
    serving = plan.needs[asset_id] | {name for name in group.assets if asset_id in plan.needs[name]}
    return tuple(name for name in group.assets if name in serving and name not in kept)


def with_and_without(plan: Plan, asset_id: str) -> Difference:
    """The two worlds of an asset, year by year (rule With and without)."""
    group, dropped = plan.group(asset_id), dropped_with(plan, asset_id)
    stay = [name for name in group.assets if name not in dropped]
    return Difference(asset_id, group, dropped, cash_flows(plan, group), cash_flows(plan, group, members=stay))


@dataclass(frozen=True)
class Royalty:
    """Relief from royalty on an asset's revenue. Money."""

    asset_id: str
    rate: float
    low_rate: float
    high_rate: float
    source: str
    present_revenue: float  # present value, before tax
    value: float

    @property
    def low(self) -> float:
        return self.value * self.low_rate / self.rate if self.rate else 0.0

    @property
    def high(self) -> float:
        return self.value * self.high_rate / self.rate if self.rate else 0.0


def relief_from_royalty(plan: Plan, asset_id: str) -> Royalty | None:
    """Royalties that the holder of an asset is spared (rule Relief from royalty); None without a rate or a revenue."""
    given = next((row for row in plan.client.market.royalty_rates if row.asset_id == asset_id), None)
    if given is None or asset_id not in plan.benefits_of:
        return None
    rate = plan.group(asset_id).rate
    revenue = sum(
        discount_factor(rate, plan.periods[line.period].time) * float(amount)
        for line, amount in benefits(plan, asset_id=asset_id)
        if line.benefit_type == "revenue"
    )
    if revenue <= 0:
        return None
    value = given.mode * revenue * (1 - plan.tax_rate)
    return Royalty(asset_id, given.mode, given.low, given.high, given.source, revenue, value)


def without_royalty(plan: Plan, asset_id: str) -> str:
    """Why an asset has no relief from royalty: no rate, or no revenue under the rate that is given."""
    given = next((row for row in plan.client.market.royalty_rates if row.asset_id == asset_id), None)
    if given is None:
        return f"{asset_id}: no royalty rate is given, so there is no relief from royalty."
    return (
        f"{asset_id}: a royalty rate of {100 * given.mode:g} % is given, but {asset_id} brings no revenue; a royalty is a share "
        "of revenue, so there is no relief from royalty."
    )


# --- reconciliation --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Indication:
    """What one method says of one asset, most likely, with its weight in the conclusion and the reason."""

    method: str
    value: float
    weight: float
    reason: str

    @property
    def approach(self) -> str:
        """cost, market or income."""
        return APPROACH[self.method]


@dataclass(frozen=True)
class AssetValue:
    """The one value of an asset: ``earned`` within its group, ``value`` after reconciliation (never more)."""

    asset_id: str
    earned: float
    value: float
    indications: tuple[Indication, ...]

    @property
    def mean(self) -> float | None:
        """The weighted mean of the indications; None where none has a weight."""
        weighted = [item.weight * item.value for item in self.indications if item.weight]
        return sum(weighted) if weighted else None


@dataclass(frozen=True)
class GroupValues:
    """A group's value and that of its assets; ``together`` is what belongs to no asset alone. They sum."""

    group: Group
    worth: float
    assets: Mapping[str, AssetValue]
    charges: Mapping[str, Charge]

    @property
    def together(self) -> float:
        return self.worth - sum(item.value for item in self.assets.values())


def asset_values(plan: Plan, group: Group, worth: float, costs: Mapping[str, Replacement] | None = None) -> GroupValues:
    """The one value of each asset of a group that is worth ``worth``; the sum of its parts is ``worth``."""
    costs = replacement_costs(plan) if costs is None else costs
    charged = charges(plan, group, costs)
    earned = income_values(plan, group, worth, charged)
    found = {}
    for name in group.assets:
        indications = _indications(plan, name, earned[name], costs[name])
        mean = AssetValue(name, earned[name], earned[name], indications).mean
        value = earned[name] if mean is None else min(earned[name], mean)
        found[name] = AssetValue(name, earned[name], value, indications)
    return GroupValues(group, worth, found, charged)


def measured_share(plan: Plan, asset_id: str) -> float:
    """Share of the present value of an asset's own benefits measured on the client's own data; 0 without benefits."""
    worth = present_benefits(plan, lambda line: plan.gain_grade(line) == "measured", asset_id)
    total = sum(worth.values())
    return worth.get(True, 0.0) / total if total > 0 else 0.0


def _indications(plan: Plan, name: str, earned: float, cost: Replacement) -> tuple[Indication, ...]:
    """Every method that gives a figure, weights summing to 1 (rule Weights)."""
    asset, prices = plan.asset(name), market_prices(plan, name)
    if name not in plan.benefits_of:
        found = [(CHARGES, earned, 1.0, "earns through what it serves: its charges, within what replacing it costs")]
        if cost.built is not None:
            found.append((COST, cost.depreciated, 0.0, "the most that the charges can come to"))
        if prices is not None:
            found.append((MARKET, prices.value, 0.0, price_use(plan, name, prices)[1]))
        return tuple(Indication(*item) for item in found)
    found = _to_one(_earning(plan, asset, earned, cost))
    if prices is not None:
        counts, reason = price_use(plan, name, prices)
        found = [(method, value, weight * (0.5 if counts else 1.0), why) for method, value, weight, why in found]
        found.append((MARKET, prices.value, 0.5 if counts else 0.0, reason))
    return tuple(Indication(*item) for item in found)


def price_use(plan: Plan, name: str, prices: methods.ComparablePrices) -> tuple[bool, str]:
    """Whether the price of an asset carries weight in the conclusion, and why (rule Weights)."""
    basis = plan.client.valuation.basis_of_value
    reason = "1 comparable" if prices.n == 1 else f"{prices.n} comparables"
    if name not in plan.benefits_of:
        return False, f"{reason}; it earns through what it serves, within what replacing it costs"
    if not prices.conclusive:
        return False, f"{reason}; three are needed to conclude"
    if basis not in PARTICIPANT:
        return False, f"{reason}; what others pay, not the {BASIS[basis]}"
    return True, reason


def row_use(plan: Plan, row) -> str:
    """Why a row of market.csv carries no weight in the conclusion on its asset; empty where it does."""
    reason = comparable_use(row)
    if reason:
        return reason
    counts, why = price_use(plan, row.asset_id, market_prices(plan, row.asset_id))
    return "" if counts else why


def _to_one(found: list[tuple[str, float, float, str]]) -> list[tuple[str, float, float, str]]:
    """The same indications with weights that sum to 1."""
    total = sum(item[2] for item in found)
    return [(method, value, weight / total, why) for method, value, weight, why in found]


def _earning(plan: Plan, asset, earned: float, cost: Replacement) -> list[tuple[str, float, float, str]]:
    royalty = relief_from_royalty(plan, asset.asset_id)
    if asset.acquisition in OF_OTHERS:
        taken = royalty is not None
        rated = any(row.asset_id == asset.asset_id for row in plan.client.market.royalty_rates)
        lacks = "a royalty rate is given, but no revenue" if rated else "no royalty rate is given"
        found = [
            (
                EXCESS,
                earned,
                0.0 if taken else 1.0,
                f"{lacks}; what was spent on it is not its cost",
            )
        ]
        if taken:
            found.append((ROYALTY, royalty.value, 1.0, "the right to use it is worth the royalty that it spares"))
        if cost.built is not None:
            found.append((COST, cost.depreciated, 0.0, "spent on fitting it in, not on the model"))
        return found
    share = measured_share(plan, asset.asset_id)
    if asset.deployed and share > 0.5:
        points, why = (
            MEASURED,
            f"in use, and {100 * share:.0f} % of its benefits are {_as_measured(plan, asset.asset_id)}",
        )
    else:
        stage = (
            "not in use yet"
            if not asset.deployed
            else f"only {100 * share:.0f} % of its benefits are {_as_measured(plan, asset.asset_id)}"
        )
        if asset.deployed and any(line.link_id in plan.stood_in for line in plan.benefits_of[asset.asset_id]):
            stage += " (what a stand-in measured is no evidence)"
        elif asset.deployed and any(line.link_id in plan.on_public for line in plan.benefits_of[asset.asset_id]):
            stage += " on the client's own data (public data stand for them)"
        points, why = UNMEASURED, f"{stage}: the forecast counts no more than the cost"
    found = [(EXCESS, earned, points[0], why)]
    if royalty is not None:
        found.append((ROYALTY, royalty.value, 0.0, "shown beside: the model is the client's own and not for licence"))
    if cost.built is not None:
        found.append(
            (COST, cost.depreciated, points[1], "what it would take to build it again; cannot see what it brings")
        )
    return found


def _as_measured(plan: Plan, asset_id: str) -> str:
    """Whether this report measured what benefits count as measured by, or the client states it."""
    own = (item for item in plan.evidence if item.asset_id == asset_id)
    return (
        "measured in this report"
        if any(item.evaluation.evaluation_id in item.counts for item in own)
        else "stated as measured by the client"
    )


# --- the rate of a group ---------------------------------------------------------------------------------


def rate_weights(values: GroupValues, rates: Mapping[str, float]) -> dict[str, float]:
    """What the return of each asset of a group counts in its rate (rule Rate); shares of 1, all 0 where nothing has a value.

    rates: asset → return of its kind. Of a charge that the group cannot pay in full, the unpaid share counts with the highest
    return of what earns: it hangs on the same benefits.
    """
    worth = {name: max(item.value, 0.0) for name, item in values.assets.items()}
    total, due = sum(worth.values()), sum(item.value for item in values.charges.values())
    if total <= 0:
        return dict.fromkeys(worth, 0.0)
    unpaid = 1 - min(1.0, max(values.worth, 0.0) / due) if due > 0 else 0.0
    earning = [name for name in worth if name not in values.charges]
    for name in values.charges if earning else ():
        bears = max(earning, key=lambda other: rates[other])
        moved = unpaid * worth[name] if rates[bears] > rates[name] else 0.0
        worth[name], worth[bears] = worth[name] - moved, worth[bears] + moved
    return {name: amount / total for name, amount in worth.items()}


def solved_rate(plan: Plan, group: Group, costs: Mapping[str, Replacement] | None = None) -> float:
    """The rate that the assets of a group bear together (rule Rate): the mean of theirs, weighted by their values.

    Values depend on the rate and the rate on the values: at the lowest rate of the assets their mean is not below it,
    at the highest not above, so there is one between at which both agree (Brent's method).
    """
    rates = {name: kind_rate(plan, name) for name in group.assets}
    costs = replacement_costs(plan) if costs is None else costs
    part = replace(
        plan,
        groups=(group,),
        benefits=tuple(line for name in group.assets for line in plan.benefits_of.get(name, ())),
        costs=tuple(line for name in group.assets for line in plan.costs_of.get(name, ())),
    )

    def next_rate(rate: float) -> float:
        trial = replace(group, rate=rate)
        at = replace(part, groups=(trial,))
        values = asset_values(at, trial, float(group_value(at, trial)), costs)
        weights = rate_weights(values, rates)
        if not any(weights.values()):
            touched = [n for n in group.assets if n in part.benefits_of or n in part.costs_of] or list(group.assets)
            return max(rates[name] for name in touched)
        return sum(weights[name] * rates[name] for name in group.assets)

    lowest, highest = min(rates.values()), max(rates.values())
    if lowest == highest:
        return highest

    def away(rate: float) -> float:
        """How far the mean lies above the rate; rounding must not carry it past the ends."""
        return min(max(next_rate(rate), lowest), highest) - rate

    return optimize.brentq(away, lowest, highest, xtol=1e-13)
