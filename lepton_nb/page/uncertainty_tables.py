"""What the chapter on uncertainty shows, from the typed results of the value layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, value_tables, words
from lepton_nb.page.evidence_words import metrics
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money

#: How a kind of input is drawn where it has no range.
DRAWN = {
    "success": "happens or not", "gain": "Dirichlet, counts + ½", "decay": "triangular, decay a year", "scenario": "one a draw",
}  # fmt: skip

#: How a figure is drawn that a test gave as a mean with its error.
TESTED = {"acceptance": "Beta, counts + ½", "trial": "normal, standard error of the trial"}


def whole(name: str) -> str:
    """The words for a group, or for those together that the headline holds."""
    return "all that count" if name == "total" else name


def inputs(plan: Any, synthetic: bool) -> Html:
    """Every figure that can be otherwise, as it is drawn."""
    rows = []
    for item in plan.inputs.values():
        kind = DRAWN.get(item.category, "triangular")
        if item.tested is not None:
            kind = TESTED["trial" if hasattr(item.tested, "gain") else "acceptance"]
        rows.append({
            "Input": item.label, "Drawn as": kind, "Most likely (low to high)": words.estimate(item.range) if item.range else "",
            "Unit": item.unit, "Evidence": item.grade,
        })  # fmt: skip
    caption = f"Uncertain inputs. Source: benefits.csv, costs.csv, assets.csv, {metrics(plan.evidence)}."
    none = "The client gives no range: nothing is uncertain, and the value is one number."
    return render.join(render.notices(synthetic), render.table(rows, caption=caption, none=none))


def correlations(plan: Any, rank) -> Html:
    """The correlations between inputs; rank: correlation of normal scores → rank correlation."""
    rows = [
        {"One": plan.inputs[a].label, "Other": plan.inputs[b].label, "Correlation of the normal scores": rho,
         "Rank correlation (Spearman)": rank(rho)}
        for (a, b), rho in plan.correlations.items()
    ]  # fmt: skip
    table = render.table(
        rows, caption="Correlations, applied by a Gaussian copula. Source: client.yml, monte_carlo.",
        none="No correlation is applied: the inputs are drawn independently.",
    )  # fmt: skip
    return render.join(table, *(render.note(text) for text in plan.notes if text.startswith("Correlation")))


def spread(simulations: Mapping[str, Any], tails: Mapping[str, Any], currency: str) -> Html:
    """The draws of each group, with the mean and the bad end."""
    if not simulations:
        return render.note("No group has a value.")
    grid = charts.panels(len(simulations), 2.0, [whole(name) for name in simulations])
    for axis, (name, one) in zip(grid, simulations.items(), strict=True):
        tail = tails[name]
        marks = {f"worst {100 * (1 - tail.level):g} %": tail.value_at_risk.value, "mean": one.mean}
        charts.histogram(one.values, currency, marks, axis=axis)
    draws = next(iter(simulations.values())).draws
    caption = f"Simulated values, {words.count(draws)} draws. Shaded: below zero. Each row has its own scale."
    return plots.show(grid[0].figure, caption, "spread")


def tails(simulations: Mapping[str, Any], found: Mapping[str, Any], money: Money) -> Html:
    """Mean, interval, chance of a loss and the bad end, each with its Monte Carlo error."""
    rows = [
        {"": whole(name), "Mean": money.plus_minus(one.mean, one.standard_error), "5 % to 95 %": money.range(one.interval),
         "P(value < 0)": words.chance(one.probability_below(0), one.draws),
         f"Value at risk {100 * found[name].level:g} %": money.plus_minus(found[name].value_at_risk),
         "Expected shortfall": money.plus_minus(found[name].expected_shortfall)}
        for name, one in simulations.items()
    ]  # fmt: skip
    caption = (
        "± one Monte Carlo standard error. Value at risk: below it lie the worst draws, so that at 95 % it is the low end of the range; expected "
        "shortfall: their mean. Tails of groups do not add up."
    )
    return render.table(rows, caption=caption, none="No group has a value.")


def worst(found: Mapping[str, Sequence[tuple[str, float, float]]], labels: Mapping[str, str], level: float) -> Html:
    """Where the inputs lie in the worst draws of each group, and in all draws."""
    rows = [
        {"Group": group, "Input": labels.get(name, name), "Place in its range": words.share(place), "In all draws": words.share(usual)}
        for group, listed in found.items() for name, place, usual in listed
    ]  # fmt: skip
    caption = f"The inputs that differ most in the worst {100 * (1 - level):g} % of the draws of each group."
    return render.table(rows, caption=caption, none="No input has a range.")


def convergence(steps: Sequence[Any], used: Any, sentence: str, currency: str) -> Html:
    """Monte Carlo error against the number of draws."""
    told = [sentence]
    if used.equivalent:
        told.append(
            f"For the mean, the {words.count(used.draws)} points do the work of about {words.rounded(used.equivalent, digits=2)} independent draws."
        )
    if not steps or min(step.mean_error for step in steps) <= 0:
        return render.join(*map(render.note, told))
    axis = charts.lines(
        [step.draws for step in steps],
        {"mean, Sobol points": [step.mean_error for step in steps], "5 % point, Sobol points": [step.low_error for step in steps],
         "mean, independent draws (sd / √n)": [step.plain_error for step in steps]},
        "draws", f"standard error, {currency}", log="xy", markers=True,
    )  # fmt: skip
    axis.set_xticks([step.draws for step in steps], [words.count(step.draws) for step in steps])
    axis.minorticks_off()
    drawn = plots.show(
        axis,
        "Monte Carlo standard error of the value of all groups that count, from the spread over the scrambles.",
        "convergence",
    )
    return render.join(drawn, *map(render.note, told))


def tornados(bars: Mapping[str, Sequence[Any]], groups: Sequence[str], currency: str, most: int = 7) -> Html:
    """The assumptions that move each group most."""
    picked = {name: [row for row in bars[name] if row[1].swing > 0][:most] for name in groups}
    picked = {name: rows for name, rows in picked.items() if rows}
    if not picked:
        return render.note("No assumption moves a value.")
    grid = charts.panels(len(picked), titles=list(picked), heights=[0.34 * len(rows) + 1.1 for rows in picked.values()])
    for axis, rows in zip(grid, picked.values(), strict=True):
        charts.tornado(value_tables.tornado_bars(rows), rows[0][1].base_value, currency, axis=axis)
    caption = "Value of each group with one assumption at its low end (hatched) and at its high end. Each box has its own scale."
    return plots.show(grid[0].figure, caption, "tornado")


def variance(found: Mapping[str, Any], points: int, additive: float, most: int = 7) -> Html:
    """Shares of the variance: what an input explains alone, and in what it takes part.

    additive: share that arises only together up to which the inputs act nearly additively.
    """
    split = {name: one for name, one in found.items() if one.indices is not None}
    bare = [one.sentence for one in found.values() if one.indices is None]
    if not split:
        return render.sentences(bare, none="There is no variance to split.")
    heights = [0.5 * min(len(one.ranked), most) + 1.5 for one in split.values()]
    grid = charts.panels(len(split), titles=[whole(name) for name in split], heights=heights)
    rows = []
    for axis, (name, one) in zip(grid, split.items(), strict=True):
        top = one.ranked[:most]
        kinds = {"takes part in (total)": one.indices.total, "explains alone (first)": one.indices.first}
        charts.bars([one.labels[each] for each in top], {told: [kind[each] for each in top] for told, kind in kinds.items()},
                    what="share of the variance of the value", axis=axis)  # fmt: skip
        first = max(one.indices.total, key=one.indices.total.get)
        rows.append({
            "": whole(name), "Takes part in most of it": one.labels[first], "Share": words.share(one.indices.total[first]),
            "Only together": words.share(max(1 - sum(one.indices.first.values()), 0.0)),
        })  # fmt: skip
    drawn = plots.show(
        grid[0].figure, f"Sobol indices, {words.count(points)} points; inputs taken as independent.", "sobol"
    )
    caption = (
        f"Shares of the variance. Only together: what arises only where inputs move together; up to {words.share(additive)} a bar of the "
        "tornado tells nearly all."
    )
    return render.join(drawn, render.table(rows, caption=caption), *map(render.note, words.once(bare)))


def learning(found: Mapping[str, Any], money: Money, most: int = 4) -> Html:
    """What knowing everything, or one input, would be worth before the decision."""
    rows = []
    for name, item in found.items():
        rows.append(
            {
                "Group": name,
                "To know": "everything",
                "Worth up to": money.plus_minus(item.perfect),
                "Best choice today": item.best if item.concluded else "none yet: no number",
                "So": item.word,
            }
        )
        rows += [
            {
                "Group": "",
                "To know": one.label,
                "Worth up to": money.plus_minus(one.value, one.standard_error),
                "Best choice today": "",
                "So": "",
            }
            for one in [one for one in item.inputs if one.value > 2 * one.standard_error][:most]
        ]
    caption = (
        "Value of perfect information (EVPI) and of one input (EVPPI), ± one standard error; correlations included. "
        "So: the rule is below; first listed, first to learn. Not listed: what is worth under two standard errors."
    )
    return render.table(rows, caption=caption, none="No group has a value.")


def pairings(found: Sequence[Any], money: Money, draws: int) -> Html:
    """The same client with and without its paired counts."""
    rows = [
        {"Evaluation": words.label(pair.evaluation_id), "Counts": told, "n": pair.n, "Group": pair.group, "5 % to 95 % of its value": money.range(side),
         "P(value < 0)": words.chance(side["below_zero"], draws), "EVPI": money(side["perfect"]), "Verdict": said.word}
        for pair in found
        for told, side, said in (("with the pairs", pair.with_pairs, pair.verdict_with), ("from the margins", pair.without, pair.verdict_without))
    ]  # fmt: skip
    caption = f"With and without the paired counts; {words.count(draws)} draws each."
    return render.table(
        rows, caption=caption, none="No evaluation with paired counts stands behind a benefit: nothing to compare."
    )


def back_tests(tests: Sequence[Any], blind: Mapping[str, Any], paired: set[str], each: str, currency: str) -> Html:
    """Worth and cost of a further back-test by its size; each: words for what a case costs."""
    if not tests:
        return render.note(
            "No benefit rests on a confusion matrix with money per outcome, so there is no back-test to enlarge."
        )
    grid = charts.panels(len(tests), 3.0, [words.label(test.evaluation_id) for test in tests])
    for axis, test in zip(grid, tests, strict=True):
        curves = {"worth, as counted": np.array(test.values) / 1e3, "cost of the study": np.array(test.costs) / 1e3}
        other = blind.get(test.evaluation_id) if test.evaluation_id in paired else None
        if other is not None:
            curves["worth, had the pairs not been kept"] = np.array(other.values) / 1e3
        charts.lines(test.sizes, curves, "further cases", f"thousand {currency}", log="x", axis=axis)
        top = max(
            1.15 * max(map(max, (curve for told, curve in curves.items() if "cost" not in told))),
            4 * test.costs[0] / 1e3,
            1e-3,
        )
        axis.set_ylim(-0.02 * top, top)
    shown = plots.show(
        grid[0].figure, f"Expected value of a further back-test before it is made, and its cost: {each}.", "evsi"
    )
    return render.join(shown, render.note("Not in these numbers: what it costs to wait for the answer."))


def without_pairs(blind: Mapping[str, Any], paired: set[str]) -> Html:
    """What would be concluded of a larger back-test had the pairs not been kept. blind: evaluation → its back-test without them."""
    told = [f"Had the pairs not been kept: {other.sentence}" for name, other in blind.items() if name in paired]
    return render.sentences(told, none="No pairs are kept, so none could be missed.")


def scenario_means(
    found: Mapping[str, Any], weights: Mapping[str, float], weighted: Mapping[str, Any], money: Money
) -> Html:
    """Values of each group by scenario, and their weighted mean and spread."""
    rows = [
        {"": whole(name)}
        | {f"{told} ({words.share(weights[told])})": money(state.total if name == "total" else state.groups[name]) for told, state in found.items()}
        | {"Weighted mean": money(one.mean), "Standard deviation": money(one.sd)}
        for name, one in weighted.items()
    ]  # fmt: skip
    caption = "Values by scenario, all else at its most likely value. Source: client.yml, scenarios."
    return render.table(rows, caption=caption, none="The client gives no scenarios.")
