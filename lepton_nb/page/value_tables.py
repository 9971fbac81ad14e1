"""What the value chapter shows: tables and drawings from the typed results of the value layer.

Nothing is computed here that is not a difference, a share or a sum of what is shown beside it. ``money`` is a
:class:`lepton_nb.page.words.Money`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.evidence_words import day_of_test, months_from, sources, weighted
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money

OUTCOMES = {"fn": "false negative", "fp": "false positive", "tp": "true positive", "tn": "true negative"}


def about(parts: Any, plan: Any, rests: Iterable[str] = ()) -> Html:
    """Who, when, on which basis, on which cases (rests: value_model.rests_on); with the banner of a made-up client."""
    valuation = parts.valuation
    told = render.definitions(
        {
            "Client": parts.client.name,
            "Valuation date": words.date(plan.date),
            "Purpose": words.label(valuation.purpose),
            "Basis of value": words.label(valuation.basis_of_value),
            "Currency, prices": f"{valuation.currency}, {words.label(valuation.price_basis)}",
            "Horizon": f"to {words.date(plan.horizon)} ({words.plural(valuation.horizon_years, 'year')})",
            "Timing within a year": words.label(valuation.timing),
            f"Cost of capital (WACC), {valuation.price_basis}": words.rate(plan.wacc, a_year=True),
            "Tax rate": words.rate(plan.tax_rate),
        }
    )
    return render.join(render.notices(parts.client.synthetic), told, *map(render.note, rests))


def assets(plan: Any, spent: Mapping[str, float], money: Money) -> Html:
    """The assets, their groups and rates, and what was spent on them so far."""
    rows, rate, above = [], f"Discount rate, {plan.client.valuation.price_basis}", ""
    for asset in plan.client.assets:
        group = plan.group(asset.asset_id)
        of = group.name if group else "not valued"
        rows.append({
            "Asset": asset.asset_id, "Name": asset.name, "Kind": asset.kind,
            "Group": "" if of == above else of, rate: words.rate(group.rate) if group and of != above else "",
            "Spent so far (sunk)": spent.get(asset.asset_id, 0.0),
        })  # fmt: skip
        above = of
    return render.table(
        rows, {rate: str, "Spent so far (sunk)": money}, "Assets, groups and sunk costs; group and rate stand at the first asset of the "
        "group. Source: assets.csv, costs.csv (kind actual).", sums=["Spent so far (sunk)"], none="No asset is registered.",
    )  # fmt: skip


def _by_driver(lines: Sequence[Any]) -> dict[tuple[str, str], list[Any]]:
    found: dict[tuple[str, str], list[Any]] = {}
    for line in lines:
        found.setdefault((line.asset_id, line.driver_id), []).append(line)
    return found


def benefits(plan: Any, currency: str) -> Html:
    """Each driver of benefits, as it enters the value: the last year's range, and how it is taken up over the years."""
    measured = {
        "confusion": "measured gain per case",
        "trial": "measured gain per unit",
        "effect": "× measured effect per unit",
        "acceptance": "× share accepted",
    }
    rows = []
    for (asset_id, driver), lines in _by_driver(plan.benefits).items():
        last = lines[-1]
        value = words.estimate(last.unit_value) if last.unit_value else ""
        rows.append({
            "Asset": asset_id, "Benefit": words.label(driver), "Type": words.label(last.benefit_type),
            "Evidence": f"{last.grade} × {last.widening:g}", "Volume a year": words.estimate(last.volume, unit=last.unit),
            f"Unit value, {currency}": f"{value} {measured.get('effect' if value and last.link == 'trial' else last.link, '')}".strip(),
            "Attribution": words.share(last.attribution),
            "Adoption": " to ".join(dict.fromkeys(words.share(line.adoption) for line in (lines[0], last))),
        })  # fmt: skip
    return render.table(
        rows, caption="Benefits: most likely (low to high) of the last year, after widening. Source: benefits.csv.",
        none="No benefit lies after the valuation date.",
    )  # fmt: skip


def costs(plan: Any, money: Money) -> Html:
    """What is still to be paid, by asset and kind of cost."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for line in plan.costs:
        found.setdefault((line.asset_id, line.phase, line.category), []).append(line)
    rows = []
    for (asset_id, phase, category), lines in found.items():
        each = list(dict.fromkeys(money.estimate(line.amount) for line in lines))
        rows.append({
            "Asset": asset_id, "Phase": phase, "Cost": words.label(category), "Payments": len(lines),
            "First, last": " to ".join(dict.fromkeys(str(line.date) for line in (lines[0], lines[-1]))),
            "Each": words.listed(each, most=3),
        })  # fmt: skip
    return render.table(
        rows, caption="Costs to come: most likely (low to high). Source: costs.csv.", none="No cost lies ahead."
    )


def outcome_money(evaluations: Sequence[Any], currency: str, undated: Collection[str] = ()) -> Html:
    """Money per outcome of each evaluation; a loss is negative. undated: evaluations of cases whose rows have no day."""
    rows = [
        {"Evaluation": words.label(item.evaluation_id), "Of": day_of_test(item, undated), "Cases": item.n}
        | {f"{told}, {currency}": words.estimate(getattr(item.stated_value, key)) for key, told in OUTCOMES.items()}
        for item in evaluations
        if item.outcome_value is not None
    ]
    caption = f"Money of one case of each outcome, as stated. {sources(evaluations)}"
    notes = [
        f"{words.label(item.evaluation_id)}: in the gain this money counts{weighted(item)}."
        for item in evaluations
        if item.outcome_value is not None and item.positive_share is not None
    ]
    table = render.table(rows, caption=caption, none="No money per outcome is given.")
    return render.join(table, *map(render.note, notes))


def before_the_cap(limited: Mapping[str, Any], names: Sequence[str], money: Money) -> list[Html]:
    """What counts of a year's benefits once the price of a substitute caps them, of the assets named."""
    return [
        render.note(
            f"{one.asset_id}: before the cap of its substitute's price. Of all its benefits of {one.year}, {money(one.before)}, count {money(one.after)}."
        )
        for name in dict.fromkeys(names)
        if (one := limited.get(name)) is not None
    ]


def gains(found: Sequence[Any], money: Money, limited: Mapping[str, Any] | None = None) -> Html:
    """The gain of each evaluated model over its baseline, by the counts that decide and by the margins alone.

    limited: what the price of a substitute leaves of a year's benefits, by asset.
    """
    if not found:
        return render.join()
    rows = []
    for gain in found:
        ways = [("pairs, used" if gain.paired else "margins, used", gain.interval, gain.below_zero)]
        ways += [("margins alone", gain.margins, gain.margins_below_zero)] if gain.paired else []
        for way, ends, below in ways:
            year = gain.yearly
            rows.append({
                "Evaluation": words.label(gain.evaluation_id), "Counts": way, "Gain per case": money(gain.per_case),
                "5 % to 95 %": money.range(ends), "A year": money(year and year * gain.per_case),
                "5 % to 95 % a year": money.range([year * end for end in ends] if year else None),
                "P(gain < 0)": words.chance(below), "Word": gain.word if way.endswith("used") else "", "n": gain.n,
            })  # fmt: skip
    caption = (
        "Gain over the baseline at the most likely money per outcome; the intervals hold the test set's uncertainty only. "
        f"A year: times the cases of the last whole year, as far as they are attributed to it. {sources(found)}"
    )
    sentences = []
    for gain in found:
        told = f"{words.label(gain.evaluation_id)}: {gain.sentence}"
        if gain.paired:
            pairs, margins = (end[1] - end[0] for end in (gain.interval, gain.margins))
            told += (
                f" The pairs make the interval {words.share(1 - pairs / margins)} narrower."
                if 0 < pairs < margins
                else ""
            )
        sentences.append(told)
    table = render.table(rows, caption=caption)
    held = before_the_cap(limited or {}, [gain.asset_id for gain in found if gain.yearly], money)
    return render.join(table, *held, *map(render.note, words.once(sentences)))


def returns(
    found: Mapping[str, Any],
    groups: Sequence[Any],
    worth: Any,
    money: Money,
    together: Any = None,
    basis: str = "owner",
) -> Html:
    """Net present value, every rate of return and payback of each group, and of all together. basis: owner or market."""
    rows, told = [], []

    def row(name: str, one: Any, net: float, rate: str) -> dict[str, str]:
        return {
            "Group": name, "Benefits": money(one.benefits), "Costs": money(one.costs),
            "ROI": words.percent(one.on_investment, 0, why="nothing to pay"), "Value, after tax": money(net),
            "Rates of return (all)": words.listed(map(words.rate, one.roots)), "Discount rate": rate,
            "Payback": words.years(one.payback_years), "Discounted payback": words.years(one.discounted_payback_years),
        }  # fmt: skip

    for group in groups:
        one = found[group.name]
        rows.append(row(group.name, one, worth.groups[group.name], words.rate(group.rate)))
        told += [
            f"{words.groups(group.name)}: {text}"
            for text in dict.fromkeys((one.irr_sentence, one.payback_sentence))
            if text
        ]
    if total := together is not None and len(rows) > 1:
        rows.append(row("All groups", together, worth.total, ""))
    whose = "a market participant's with the buyer's tax benefit" if basis == "market" else "the owner's"
    table = render.table(
        rows,
        caption="Present values of benefits and costs before tax, most likely, without what was spent before the valuation date. "
        f"ROI: benefits less costs, of costs. Value: {whose}. Payback: from the valuation date, of flows by their chance.",
        total=total,
    )
    return render.join(table, *map(render.note, words.once(told)))


def spread_chart(values: Any, found: Any, currency: str, name: str = "monte-carlo") -> Html:
    """The draws of all groups that count, with their mean and 5 and 95 % points."""
    draws = found.distribution
    if values is None:
        return render.note("No group is concluded: there is no total to draw.")
    low, high = found.interval
    marks = {"5 %": low, "mean": found.value, "95 %": high}
    caption = f"Simulated value of the groups that count: {words.count(draws.draws)} draws, seed {draws.seed}. Shaded: below zero."
    return plots.show(charts.histogram(values, currency, marks), caption, name)


def groups(found: Any, money: Money, ends: Mapping[str, tuple[float, bool]] = MappingProxyType({})) -> Html:
    """Value, range and verdict of each group, and of those that count together.

    ends: group → what stopping it brings (less than 0: costs), and whether a contract binds it at a cost not given.
    """
    rows = []
    for item in found.groups:
        value = money(item.value) if item.verdict.concluded or item.stopped else "the range, no number"
        rows.append({
            "Group": item.name, "Value (mean)": value, "5 % to 95 %": money.range(item.interval),
            "Most likely figures": money(item.most_likely), "P(value < 0)": words.chance(item.below_zero, found.distribution.draws),
            "Verdict": item.verdict.word, "Because": item.verdict.reason,
        })  # fmt: skip
    if found.concluded:
        rows.append({
            "Group": "Total", "Value (mean)": money(found.value), "5 % to 95 %": money.range(found.interval),
            "Most likely figures": money(found.most_likely), "P(value < 0)": words.chance(found.below_zero, found.distribution.draws),
            "Verdict": "", "Because": f"without {words.listed(item.name for item in found.left_out)}" if found.left_out else "",
        })  # fmt: skip
    caption = (
        f"Values of the groups: mean of {words.draws(found.distribution.draws, found.plan.client.monte_carlo.draws)}, seed "
        f"{found.distribution.seed}. "
        "Where no number is concluded the range stands in its place."
    )
    table = render.table(rows, caption=caption, total=found.concluded, none="No group has a value.")
    losing = [item for item in found.groups if item.counts and item.value < 0]
    if not losing:
        return table
    at = (
        "before what contracts commit"
        if any(ends.get(item.name, (0, False))[1] for item in losing)
        else "with what ending them costs"
    )
    told = (
        f"Worth less than nothing: {words.listed(item.name for item in losing)}; in the total all the same, because its costs are planned. "
        f"Given up, {at}, the total would be {money(given_up(found, ends))}."
    )
    return render.join(table, render.note(told))


def given_up(found: Any, ends: Mapping[str, tuple[float, bool]] = MappingProxyType({})) -> float | None:
    """The total with the groups given up that are worth less than nothing, with what ending them brings; None where none is."""
    losing = [item for item in found.groups if item.counts and item.value < 0]
    if not losing:
        return None
    return found.value - sum(item.value - ends.get(item.name, (0.0, False))[0] for item in losing)


def asset_values(found: Any, money: Money) -> Html:
    """The one value of each asset within its group; with what belongs to none alone they sum to the group."""
    names = {asset.asset_id: asset.name for asset in found.plan.client.assets}
    rows = []
    for item in found.groups:
        several = len(item.assets.assets) > 1
        open_ = "" if item.verdict.concluded else f"{item.verdict.word}: what the parts would come to, no conclusion"
        rows += [
            {"Asset": name, "Name": names[name], "Earned": part.earned, "Value": part.value, "By": _by(part) if several else open_ or _by(part)}
            for name, part in item.assets.assets.items()
        ]  # fmt: skip
        if abs(item.assets.together) > 0.5:
            rows.append(
                {"Asset": "together", "Name": "taken by the weight of cost", "Value": item.assets.together, "By": ""}
            )
        if several or abs(item.assets.together) > 0.5:
            whole = sum(part.value for part in item.assets.assets.values()) + item.assets.together
            rows.append({"Asset": item.name, "Name": "the group", "Value": whole, "By": open_})
    caption = "Assets by group, each group's sum below them. Earned: before cost and market are looked at."
    return render.table(rows, {"Earned": money, "Value": money}, caption, none="No asset has a value.")


def _by(part: Any) -> str:
    """By which methods an asset's value is concluded, with their weights where there are several."""
    if part.value < 0:
        return "what it costs more than it brings"
    if part.mean is not None and part.mean > part.value:
        return "what it earns, as the weighted mean is more"
    used = [one for one in part.indications if one.weight]
    if len(used) == 1:
        return used[0].method
    return words.listed((f"{one.method} {words.share(one.weight)}" for one in used), none="what it earns")


def tornado(
    rows: Sequence[tuple[Any, Any]], currency: str, caption: str, name: str = "tornado", most: int = 12, axis=None
):
    """The assumptions that move a value most, as :func:`lepton_nb.value_model.tornado` gives them."""
    bars = tornado_bars(rows[:most])
    base = rows[0][1].base_value if rows else 0.0
    return plots.show(charts.tornado(bars, base, currency), caption, name)


def tornado_bars(rows: Sequence[tuple[Any, Any]]) -> list[charts.Bar]:
    """Rows of a tornado as bars of the chart."""
    return [
        charts.Bar(f"{move.label}, {move.unit}".strip(", "), bar.value_at_low, bar.value_at_high, move.low_words, move.high_words)
        for move, bar in rows
    ]  # fmt: skip


def decisive(bars: Mapping[str, Sequence[tuple[Any, Any]]], money: Money) -> Html:
    """The assumption with the longest bar of each group and in all."""
    rows = [
        {"": "Total" if name == "total" else name, "Most important assumption": move.label, "Unit": move.unit,
         "From": move.low_words, "Value there": money(bar.value_at_low), "To": move.high_words, "Value then": money(bar.value_at_high)}
        for name, ((move, bar), *_) in ((name, found) for name, found in bars.items() if found)
    ]  # fmt: skip
    return render.table(rows, caption="The assumption with the longest bar, by group and in all.", total=True)


def _of(scenario: Any) -> str:
    """Whose benefits and costs a scenario multiplies, and what it does to those with factors of their own."""
    own = [
        f"{one.asset_id} (benefits × {one.benefit_multiplier:g}, costs × {one.cost_multiplier:g})"
        for one in scenario.assets
    ]
    return f"all assets but {words.listed(own)}" if own else "all assets"


def scenarios(given: Sequence[Any], found: Mapping[str, Any], money: Money) -> Html:
    """What each of the client's scenarios would bring, everything else at its most likely value."""
    rows = [
        {"Scenario": item.name, "Probability": words.share(item.p), "Benefits": f"× {item.benefit_multiplier:g}",
         "Costs": f"× {item.cost_multiplier:g}", "Of": _of(item)}
        | {f"Group {name}": money(value) for name, value in found[item.name].groups.items()} | {"Total": money(found[item.name].total)}
        for item in given
    ]  # fmt: skip
    return render.table(rows, caption="Source: client.yml, scenarios.", none="The client gives no scenarios.")


def rate_and_half_life(found: Any, money: Money, name: str = "matrix") -> Html:
    """Values at other discount rates and half-lives."""
    columns = ["no decay" if factor is None else f"half-lives × {factor:g}" for factor in found.factors]
    rows = [
        f"{words.number(100 * change, 1, sign=True)} points" if change else "as used" for change in found.rate_changes
    ]
    axis = charts.matrix(
        np.asarray(found.values), rows, columns, lambda value: words.money(value, ""), "discount rate", "half-lives of all assets",
        mark=(list(found.rate_changes).index(0.0), list(found.factors).index(1.0)),
    )  # fmt: skip
    caption = (
        f"Value of all groups that count, {money.currency}, at other discount rates and half-lives, everything else most likely. "
        "Framed: as used."
    )
    return plots.show(axis, caption, name)


def lives(found: Mapping[float, float], money: Money) -> Html:
    """The value with all useful lives shorter or longer. found: years by which they are moved → value."""
    base = found[0.0]
    rows = [
        {"Useful lives": f"{words.years(abs(change))} {'shorter' if change < 0 else 'longer'}" if change else "as stated",
         "Value of all groups that count": money(value), "Change": money(value - base, sign=True) if change else ""}
        for change, value in sorted(found.items())
    ]  # fmt: skip
    caption = "All useful lives moved together, everything else most likely. What lives longer brings only what benefits.csv holds for it."
    return render.table(rows, caption=caption)


def decays(plan: Any) -> Html:
    """The half-life that the value uses for each asset, and what the months show."""
    rows, told = [], []
    for name, used in plan.decays.items():
        if name not in plan.benefits_of:
            continue
        seen = used.measured
        measured = None if seen is None else words.years(seen.half_life) if seen.half_life else "no fall"
        rows.append({
            "Asset": name, "Half-life used": words.years(used.half_life, endless="no decay") if used.half_life else "no decay",
            "Grade": used.grade or None, "Source": used.evidence, "Measured on": words.label(seen.metric) if seen else None,
            "Measured": measured, "90 %": words.range_of((seen.fastest, seen.slowest), "years", 1) if seen else None,
        })  # fmt: skip
        told.append(f"{name}: {used.sentence}")
    watched = [row["Asset"] for row in rows if row["Measured"]]
    table = render.table(
        rows, caption="What decays is the money gained over the baseline. " + months_from(watched, plan.evidence, "assets.csv"),
        none="No asset earns a benefit, so nothing decays.",
    )  # fmt: skip
    return render.join(table, *map(render.note, words.once(told)))


def life_curves(found: Any, evidence: Any) -> Html:
    """What is left of the gain of each asset that earns, from the valuation date to the end of its useful life.

    evidence: of the plan: whose months are those of a case.
    """
    if not found.left:
        return render.join()
    curves = {name: 100 * left for name, left in found.left.items()}
    axis = charts.lines(found.times, curves, "years from the valuation date", "left of the gain, %")
    axis.set_ylim(0, 105)
    few = "" if len(curves) == found.earning else f" The {len(curves)} assets whose benefits are worth most."
    few += " Of an asset with several benefits the largest." if found.several else ""
    caption = (
        "Life curves: what is left of the gain, on average; up again where a model is trained again, nothing after the useful life."
        f"{few} {months_from(found.watched, evidence, 'assets.csv')}"
    )
    return plots.show(axis, caption, "life-curves")


def kinds(found: Mapping[str, float], money: Money) -> Html:
    """Present value of the benefits by their kind."""
    whole = sum(found.values())
    rows = [
        {
            "Kind": words.label(kind),
            "Present value before tax and costs": value,
            "Share": value / whole if whole else None,
        }
        for kind, value in sorted(found.items(), key=lambda item: -item[1])
    ]
    form = {"Present value before tax and costs": money, "Share": words.share}
    return render.table(rows, form, "Benefits by kind. Source: benefits.csv.", none="No benefits are given.")


def headline(found: Any, bars: Mapping[str, Any], money: Money) -> Html:
    """The few figures that later pages take from here."""
    counted = found.concluded
    why = "no group is concluded" if not counted else ""
    items = [
        ("Value", money(found.value, why=why), "mean of the draws"),
        ("5 % to 95 %", money.range(found.interval, why=why)),
        ("P(value < 0)", words.chance(found.below_zero, found.distribution.draws, why=why)),
        ("Most likely figures", money(found.most_likely, why=why)),
    ]
    told = [f"{item.name}: {item.verdict.word} ({item.verdict.reason})." for item in found.groups]
    if bars.get("total"):
        move, bar = bars["total"][0]
        told.append(
            f"Moves it most: {move.label}. {move.low_words} gives {money(bar.value_at_low)}, {move.high_words} {money(bar.value_at_high)}."
        )
    return render.join(render.key_figures(items), *map(render.note, told))
