"""What the chapter on cost, market and income shows, from the typed results of the value layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money

#: Why the check of returns has no rate of return of a deal beside it.
NO_PRICE = (
    "The rate of a group is the mean of these very returns, so the check speaks of what is left together alone. A check from outside would be the "
    "rate at which the flows are worth a price that was paid for them (IRR); no such price is given, so there is none."
)
WHOSE = {"owner": "the owner's", "market": "a market participant's"}


def basis(parts: Any, plan: Any) -> Html:
    """The basis of value, the rates, and whose tax counts."""
    told = {
        "Client": parts.client.name, "Valuation date": words.date(plan.date), "Basis of value": words.label(parts.valuation.basis_of_value),
        "Whose value": WHOSE[plan.basis],
        f"Cost of capital (WACC), {plan.client.valuation.price_basis}": words.rate(plan.wacc, a_year=True), "Tax rate": words.rate(plan.tax_rate),
    }  # fmt: skip
    return render.join(render.notices(parts.client.synthetic), render.definitions(told))


def methods(found: Any, returns: Mapping[str, float]) -> Html:
    """Which methods decide on each asset. returns: asset → the return asked of it."""
    rows = []
    for item in found.groups:
        for number, (name, part) in enumerate(item.assets.assets.items()):
            asset = found.plan.asset(name)
            decide = [f"{one.method} {words.share(one.weight)}" for one in part.indications if one.weight > 0]
            rows.append({
                "Asset": name, "Name": asset.name, "Kind": f"{words.label(asset.acquisition)} {asset.kind}", "Group": item.name if number == 0 else "",
                "Role": "earns" if name in found.plan.benefits_of else "serves", "Return asked": words.rate(returns[name]),
                "Decides": words.listed(decide, none="what it earns"),
            })  # fmt: skip
    return render.table(rows, caption="Assets and the methods that decide. Source: assets.csv, client.yml.")


def spent(costs: Mapping[str, Any], money: Money) -> Html:
    """Every payment for building an asset, with its age and what is left of it."""
    rows = [
        {"Asset": name, "Paid": str(one.date), "For": f"{one.phase}, {words.label(one.category)}", "Amount": money(one.amount),
         "Age": words.years(one.age), "Left": words.share(one.left), "Amount × left": one.amount * one.left}
        for name, cost in costs.items() for one in cost.spent
    ]  # fmt: skip
    caption = "Payments for building. Left: by half-life, else by useful life. Source: costs.csv (kind actual)."
    return render.table(rows, {"Amount × left": money}, caption, none="No cost of research or development is given.")


def replacement(costs: Mapping[str, Any], money: Money) -> Html:
    """From the direct cost to what an asset costs new and what is left of that."""
    rows = [
        {"Asset": name, "Direct": told[0], "Bound": words.years(cost.build_years), "Rate": words.rate(cost.rate),
         "Return forgone": told[1], "New": sum(told), "Depreciation": words.share(cost.functional),
         "After it": cost.depreciated, "Life left": words.years(cost.remaining_life, endless="nothing")}
        for name, cost in costs.items() if cost.built is not None
        for told in [words.apportioned((cost.built.direct, cost.built.opportunity_cost), 100 * round(cost.new / 100), 100)]
    ]  # fmt: skip
    lacking = [f"{name}: {cost.sentence}" for name, cost in costs.items() if cost.built is None]
    caption = f"Replacement cost, thousand {money.currency}. Overhead and developer's profit are not stated, so these are low estimates. Source: costs.csv."
    forms = dict.fromkeys(("Direct", "Return forgone", "New", "After it"), words.thousands)
    return render.join(
        render.table(rows, forms, caption, none="No asset has a cost."), *map(render.note, words.once(lacking))
    )


def needed(found: Any, costs: Mapping[str, Any], money: Money) -> Html:
    """What replacing a group would cost beside what it is worth."""
    rows = []
    for item in found.groups:
        paid = [name for name in item.group.assets if costs[name].depreciated > 0]
        if not paid:
            continue
        again = "fitted in" if all(costs[name].of_others for name in paid) else "built"
        whole = sum(costs[name].depreciated for name in paid)
        times = (
            f"worth {words.times(item.value / whole)} its cost" if item.value > whole else f"would not be {again} again"
        )
        rows.append(
            {"Group": item.name, "To replace it": money(whole), "Value": money(item.value) if item.counts else "a range only",
             "So": times if item.counts else "no conclusion"}
        )  # fmt: skip
    caption = (
        "Replacement cost after depreciation beside the value (mean of the draws). How it is found is in the appendix."
    )
    return render.table(rows, caption=caption, none="No cost to compare with the value.")


def market(comparables: Sequence[Any], prices: Mapping[str, Any], use, money: Money) -> Html:
    """Comparables, what each is used for, and the weighted median. use: row → why it carries no weight in the conclusion, or nothing."""
    rows = [
        {"For": row.asset_id or "", "Comparable": f"{row.comparable} ({words.month(row.date)}, {row.source})",
         "Price": f"{money(row.price)} {row.unit}".strip(), "×": f"{row.adjustment:g}", "Similar": words.share(row.similarity),
         "Basis": words.label(row.basis), "Used": listed(use(row))}
        for row in comparables
    ]  # fmt: skip
    told = [
        f"{name}: weighted median {money(found.value)}, quartiles {money.range(found)}, {words.plural(found.n, 'comparable')}"
        + ("." if found.conclusive else "; fewer than three carry no conclusion.")
        for name, found in prices.items()
        if found is not None
    ]
    lacking = [name for name, found in prices.items() if found is None]
    if lacking:
        told.append(
            f"No market approach for {words.listed(lacking)}: no price for the whole of a comparable asset is given."
        )
    caption = "Comparables; similarity is the weight. Source: market.csv."
    return render.join(render.table(rows, caption=caption, none="market.csv gives no price."), *map(render.note, told))


def listed(reason: str) -> str:
    """Whether a price is used in the conclusion, or only listed and why."""
    return f"listed: {reason}" if reason else "in the conclusion"


def charges(found: Any, money: Money) -> Html:
    """What each asset that serves others must earn a year, and what that is worth."""
    rows = [
        {"Group": item.name if number == 0 else "", "Serves": name, "Cost, depreciated": money(charge.base) if charge.base else words.MISSING, "Return": words.rate(charge.rate),
         "Life left": words.years(charge.life, endless="none"), "Charge a year": money(charge.yearly), "In full": charge.value}
        for item in found.groups for number, (name, charge) in enumerate(item.assets.charges.items())
    ]  # fmt: skip
    caption = (
        "Contributory charges, after tax. In full: worth if the group earns them all; what it does earn of them stands below. "
        "Source: costs.csv, assets.csv, client.yml."
    )
    return render.table(rows, {"In full": money}, caption, none="No asset serves another, so nothing is charged.")


def parts(found: Any, money: Money) -> Html:
    """How the value of each group of several assets is made up of what its assets earn."""
    shown = [item for item in found.groups if len(item.group.assets) > 1]
    if not shown:
        return render.join()
    heights = [0.34 * len(item.assets.assets) + 1.1 for item in shown]
    grid = charts.panels(len(shown), titles=[words.groups(item.name) for item in shown], heights=heights)
    for axis, item in zip(grid, shown, strict=True):
        steps = [(name, part.earned if abs(part.earned) >= 0.5 else 0.0) for name, part in item.assets.assets.items()]
        charts.waterfall(steps, money.currency, "the group", what="earned", axis=axis)
    caption = "What each part earns of its group, before cost and market are looked at."
    return plots.show(grid[0].figure, caption, "parts")


def with_and_without(one: Any, currency: str) -> Html:
    """The flows of a group with an asset and without it and what serves it alone, in thousands."""
    rows = [
        {"Year": str(year.year), "With": float(year.net), "Without": float(other.net),
         "Present value of the difference": float(year.present - other.present)}
        for year, other in zip(one.having, one.lacking, strict=True)
    ]  # fmt: skip
    gone = words.listed(one.dropped)
    caption = (
        f"{one.asset_id}, thousand {currency}, at {words.rate(one.group.rate)}: {one.group.name} with it, and without {gone}. "
        "Benefits and tax are discounted from the day of their year, costs from their own dates, so that a difference is not its present value times one factor; before a buyer's tax benefit. Source: benefits.csv, costs.csv, client.yml."
    )
    sums = ["With", "Without", "Present value of the difference"]
    form = dict.fromkeys(sums, words.thousands)
    return render.table(rows, form, caption, sums=sums, none=f"{one.asset_id}: no money flows.")


def royalties(found: Mapping[str, Any], money: Money, without: Callable[[str], str]) -> Html:
    """Royalties that the holder of an asset is spared. without: asset → why there is none of it."""
    rows = [
        {"Asset": name, "Royalty": words.rate(one.rate), "Range": words.percent_range((one.low_rate, one.high_rate)),
         "Base: benefits of type revenue (present value)": money(one.present_revenue), "Value after tax": money(one.value), "From … to": money.range((one.low, one.high)),
         "Source": one.source}
        for name, one in found.items() if one is not None
    ]  # fmt: skip
    told = [without(name) for name, one in found.items() if one is None]
    caption = "The base counts as cash: a margin, not sales, and so must the rate. Source: client.yml, market."
    table = render.table(rows, caption=caption, none="No asset has a relief from royalty.")
    return render.join(table, *map(render.note, words.once(told)))


def worth_nothing(group: str, to: str) -> str:
    """Why a group is worth 0 to one side (owner, market) and something to the other."""
    whom = {"owner": "its owner", "market": "a market participant"}[to]
    tax = ", without the tax that writing off the owner's books saves" if to == "market" else ""
    return f"{group}: worth nothing to {whom}: run, it would cost more than it brings{tax}, so it would be stopped or not begun."


def other_basis(
    used: str, here: Mapping[str, float], there: Mapping[str, float], factors: Mapping[str, float], money: Money
) -> Html:
    """The value of each group on the basis used (owner or market) and on the other one, most likely figures."""
    beside = "market" if used == "owner" else "owner"
    rows = [
        {"Group": name, f"{words.sentence(WHOSE[used])[:-1]}, the basis of this report, most likely": money(value),
         f"{words.sentence(WHOSE[beside])[:-1]}, beside it, most likely": money(there[name]),
         "Factor of a buyer's tax benefit": words.number(factors[name], 4)}
        for name, value in here.items()
    ]  # fmt: skip
    caption = (
        "Most likely figures. What stands beside is another question, not another answer. Source: client.yml, tax."
    )
    notes = [
        worth_nothing(name, other)
        for name in here
        for other, worth, against in ((used, here[name], there[name]), (beside, there[name], here[name]))
        if worth == 0 != against
    ]
    return render.join(render.table(rows, caption=caption, none="No group has a value."), *map(render.note, notes))


def tax_benefits(found: Mapping[str, Any]) -> Html:
    """How a buyer's tax benefit is found, by group. found: group → the benefit, or None."""
    granted = {name: one for name, one in found.items() if one is not None}
    rows = [
        {"Group": name, "k, a year, nominal": words.rate(one.rate), "a": words.number(one.annuity, 4), "Factor": words.number(one.factor, 4)}
        for name, one in granted.items()
    ]  # fmt: skip
    caption = ""
    for one in list(granted.values())[:1]:
        when = {"mid": "in the middle", "end": "at the end"}[one.timing]
        caption = (
            f"A buyer's tax benefit: factor = 1 ÷ (1 − t ÷ n × a). Tax rate t {words.rate(one.tax)}, written off over n = {one.years:g} years in equal parts; "
            f"a: what 1 a year over n years is worth today, {when} of each year, at the group's rate k as a market participant's values weigh its assets. Source: client.yml, tax."
        )
    return render.table(rows, caption=caption, none="The tax law grants a buyer no such benefit (client.yml, tax).")


def indications_chart(
    found: Any, costs: Mapping[str, Any], prices: Mapping[str, Any], royalties: Mapping[str, Any], money: Money
) -> Html:
    """What every method says of each asset of the groups that have a number."""
    looked = [
        (name, part)
        for item in found.groups if item.verdict.concluded
        for name, part in item.assets.assets.items() if part.indications
    ]  # fmt: skip
    if not looked:
        return render.note("No asset of a group with a number is looked at by a method.")
    heights = [0.34 * len(part.indications) + 1.0 for _, part in looked]
    grid = charts.panels(len(looked), titles=[f"{name}: {money(part.value)}" for name, part in looked], heights=heights)
    for axis, (name, part) in zip(grid, looked, strict=True):
        ends = {"cost": (costs[name].depreciated, costs[name].new) if costs[name].built is not None else (None, None)}
        for method, one in (("market", prices.get(name)), ("royalty", royalties.get(name))):
            ends[method] = (one.low, one.high) if one is not None else (None, None)
        rows = [
            charts.Range(f"{one.method}, {words.share(one.weight)}", one.value,
                         *ends.get("royalty" if "royalty" in one.method else one.approach, (None, None)), strong=one.weight > 0)
            for one in part.indications
        ]  # fmt: skip
        charts.ranges(rows, money.currency, line=part.value, axis=axis)
    without = [name for item in found.groups if not item.verdict.concluded for name in item.assets.assets]
    caption = (
        "Indications by method with weights; dashed: concluded. Cost: depreciated to new; market: quartiles; "
        f"royalty: range of rates. Pale: no weight.{f' No number, not drawn: {words.listed(without)}.' if without else ''}"
    )
    return plots.show(grid[0].figure, caption, "football-field")


def indications(found: Any, money: Money) -> Html:
    """Every indication with its weight and its reason."""
    rows = [
        {"Asset": name, "Approach": one.approach, "Method": one.method, "Indication": money(one.value),
         "Weight": words.share(one.weight), "Because": one.reason}
        for item in found.groups for name, part in item.assets.assets.items() for one in part.indications
    ]  # fmt: skip
    caption = (
        "Every indication with its weight and the reason; charges as far as the group earns them. Where the weighted mean is more "
        "than the asset earns within its group, what it earns is its value: said below. The rules are the same for every client."
    )
    held = [
        f"{name}: the weighted mean of its indications, {money(part.mean)}, is more than what it earns within its group; "
        f"its value is what it earns, {money(part.earned)}."
        for item in found.groups
        for name, part in item.assets.assets.items()
        if item.verdict.concluded and part.mean is not None and part.mean > part.value
    ]
    return render.join(render.table(rows, caption=caption, none="No method says anything."), *map(render.note, held))


def returns(checks: Sequence[Any], money: Money) -> Html:
    """Whether the returns of the assets fit the rate of their group."""
    rows = [
        {"Group": one.group.name, "Rate": words.rate(one.group.rate), "WARA": words.rate(one.wara), "Left together": money(one.rest),
         "Asked to earn": words.rate(one.highest), "Rate of the group then": words.rate(one.fair), "Its value then": money(one.worth),
         "Check": {True: "passes", False: "fails", None: "–"}[one.passed]}
        for one in checks
    ]  # fmt: skip
    told = [f"{one.group.name}: {one.sentence}" for one in checks]
    caption = "Most likely figures, at which rate and values are solved together. Left together: what no asset takes."
    return render.join(render.table(rows, caption=caption), *map(render.note, (*told, NO_PRICE)))
