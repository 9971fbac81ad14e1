"""What the chapter from metric to money shows, from the typed results of the value layer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.evidence_words import day_of_test, months_from, sources, weighted
from lepton_nb.page.render import Html
from lepton_nb.page.value_tables import OUTCOMES
from lepton_nb.page.words import Money
from lepton_nb.terms import MEASURED, singular


def evaluations(parts: Any, undated: Collection[str] = ()) -> Html:
    """Who was compared with whom, on how many cases. undated: evaluations of cases whose rows have no day."""
    scored = {item.asset_id: item for item in parts.predictions}
    rows = [
        {"Evaluation": words.label(item.evaluation_id), "Of": day_of_test(item, undated), "Model": f"{item.asset_id} {words.label(item.model_policy)}",
         "Baseline": words.label(item.baseline_policy), "Cases": item.n, "Positive": item.model.positives,
         "Paired": "yes" if item.paired else "no",
         "Scores": words.plural(len(scored[item.asset_id].score), "case") if item.asset_id in scored
         else "on the page of the case" if item.evaluation_id.startswith("measured") else "none"}
        for item in parts.evaluations
    ]  # fmt: skip
    bare = [
        f"{item.evaluation_id}: no money per outcome is given, so nothing can be said in money."
        for item in parts.evaluations
        if item.outcome_value is None
    ]
    caption = "How often a test was looked at before its counts were given is not recorded. "
    caption += sources(parts.evaluations, *(f"metrics/predictions_{name}.csv" for name in scored))
    table = render.table(rows, caption=caption, none=_no_evaluation(parts.trials))
    return render.join(render.notices(parts.client.synthetic), table, *map(render.note, bare))


def _no_evaluation(trials: Sequence[Any]) -> str:
    """Said once, where nobody counted hits and false alarms: what the gain is known by instead. What needs the counts shows nothing."""
    if not trials:
        return "The client gives no evaluation with a baseline, so no gain is measured."
    told = words.listed(f"{words.label(item.trial_id)} (n = {words.count(item.n)})" for item in trials)
    return f"Hits and false alarms are counted of no model. What is gained is measured by a trial, as a mean per unit: {told}."


def measured(evidence: Sequence[Any], gain: Callable[[Any], Any], money: Money) -> Html:
    """What each case measured beside what was typed, and which of the two counts. gain: of an evaluation."""
    rows = []
    for item in evidence:
        for found in (item.evaluation, *item.typed):
            rows.append({
                "Asset": item.asset_id, "Evaluation": words.label(found.evaluation_id),
                "Came about": "measured" if found is item.evaluation else "typed",
                "Of": day_of_test(found, () if item.dated else (item.evaluation.evaluation_id,)),
                "Cases": found.n, **_measured_gain(found, gain, money),
                "Counts": "yes" if found.evaluation_id in item.counts else "no",
            })  # fmt: skip
    shown = [found for item in evidence for found in (item.evaluation, *item.typed)]
    caption = (
        "Measured in this report (on the client's own data, on public data that stand for them, or on a stand-in, which is no evidence) beside what "
        f"was typed. {sources(shown)}"
    )
    banners = [
        render.banner("Stand-in data.", f"{item.asset_id}: {words.listed(item.stand_ins)}.", "stand-in")
        for item in evidence
        if item.stand_ins
    ]
    none = "The client has no case: what counts as measured is stated so by the client."
    table = render.table(rows, caption=caption, none=none)
    blind = [
        f"{words.label(found.evaluation_id)}: the model finds none of the {words.count(found.model.positives)} positive cases. What it "
        "gains is that it raises no alarms, true or false."
        for item in evidence
        for found in (item.evaluation, *item.typed)
        if not _is_trial(found) and found.model.tp == 0
    ]
    return render.join(*banners, table, *(render.note(item.sentence) for item in evidence), *map(render.note, blind))


def _is_trial(found: Any) -> bool:
    return not hasattr(found, "model")


def _measured_gain(found: Any, gain: Callable[[Any], Any], money: Money) -> dict[str, Any]:
    """Positive cases, recall, gain and its interval of an evaluation; a trial has the gain alone."""
    if _is_trial(found):
        return {
            "Positive": "",
            "Recall": "",
            "Gain per case": _amount(found, money),
            "5 % to 95 %": _ends(found, money),
        }
    told = gain(found) if found.outcome_value is not None else None
    return {
        "Positive": found.model.positives, "Recall": words.percent(found.model.tp / found.model.positives),
        "Gain per case": money(told and told.per_case), "5 % to 95 %": money.range(told.interval if told else None),
    }  # fmt: skip


def _amount(trial: Any, money: Money) -> str:
    """The gain of a trial in money, or as the number of an effect."""
    return words.figure(trial.gain, trial.effect) if trial.effect else money(trial.gain)


def _ends(trial: Any, money: Money) -> str:
    return words.range_of(trial.interval, trial.effect) if trial.effect else money.range(trial.interval)


def trials(found: Sequence[Any], money: Money) -> Html:
    """What each trial measured as a mean per unit: of a forecast, of a list of recommendations, of an experiment."""
    rows = [
        {"Trial": words.label(item.trial_id), "Model": f"{item.asset_id} {words.label(item.policy)}".strip(),
         "Against": words.label(item.baseline), "Of": item.evaluated_on, "n": item.n,
         "A unit": singular(item.unit), "Gain a unit": _amount(item, money), "5 % to 95 %": _ends(item, money),
         "Chance of a loss": words.percent(item.below_zero)}
        for item in found
    ]  # fmt: skip
    caption = (
        "Gains measured as a mean per unit; interval and chance by the normal distribution of the standard error. "
    )
    files = dict.fromkeys("its case" if item.trial_id.startswith(MEASURED) else "metrics/trials.csv" for item in found)
    if not rows:
        return render.join()
    of = [render.note(f"{words.label(item.trial_id)} was measured on: {item.sample}.") for item in found if item.sample]
    return render.join(render.table(rows, caption=f"{caption}Source: {words.listed(list(files))}."), *of)


def cell_rows(item: Any, each: Mapping[str, float], currency: str) -> list[dict[str, Any]]:
    """Each outcome's count and money per case under model and baseline. each: money of one outcome."""
    rows = []
    for outcome, told in OUTCOMES.items():
        seen = {name: getattr(getattr(item, name), outcome) for name in ("model", "baseline")}
        worth = {name: each[outcome] * count / getattr(item, name).n for name, count in seen.items()}
        rows.append({
            "Outcome": told + (f", {words.figure(each[outcome], currency)} each" if each[outcome] else ""), "Model": seen["model"],
            "Baseline": seen["baseline"], "Model, money": worth["model"], "Baseline, money": worth["baseline"],
            "Difference": worth["model"] - worth["baseline"],
        })  # fmt: skip
    return rows


def cells(item: Any, each: Mapping[str, float], money: Money) -> Html:
    """Where the gain comes from, and both tables of decisions as pictures."""
    caption = (
        f"{words.label(item.evaluation_id)}: cases, and money per case; each: what one such case is worth"
        f"{weighted(item)}, {money.currency}. {sources([item])}"
    )
    forms = dict.fromkeys(("Model, money", "Baseline, money", "Difference"), money)
    table = render.table(cell_rows(item, each, money.currency), forms, caption, sums=["Model", "Baseline", *forms])
    grid = charts.panels(2, titles=["Model", "Baseline"], height=1.9)
    for axis, counts in zip(grid, (item.model, item.baseline), strict=True):
        charts.confusion({key: getattr(counts, key) for key in OUTCOMES}, axis=axis)
    drawn = plots.show(
        grid[0].figure,
        f"Decisions on the {words.count(item.n)} cases, with shares of each row.",
        f"confusion-{item.evaluation_id}",
    )
    return render.join(table, drawn)


def why_they_differ(found: Sequence[Any]) -> Html:
    """What the pairs know that two margins do not."""
    told = []
    for gain in found:
        name = words.label(gain.evaluation_id)
        if gain.paired and gain.correlation is not None:
            told.append(
                f"{name}: model and baseline decide {words.share(gain.agreement)} of the cases alike, and the money of a case under one "
                f"goes with that under the other (correlation {words.number(gain.correlation)}). Only the cases decided differently speak."
            )
        elif not gain.paired:
            told.append(
                f"{name}: no paired counts are given. If both ran on the same cases, counting the pairs would cost little."
            )
    return render.sentences(told) if told else render.join()


def posteriors(found: Mapping[str, Mapping[str, Any]], money: Money, seed: int) -> Html:
    """Draws of the gain of each evaluation: words → draws, the first that which decides."""
    if not found:
        return render.join()
    grid = charts.panels(len(found), 3.0, [words.label(name) for name in found])
    rows = []
    for axis, (name, ways) in zip(grid, found.items(), strict=True):
        charts.densities({told: one.values for told, one in ways.items()}, money.currency, "gain per case", axis=axis)
        rows += [
            {"Evaluation": words.label(name), "Drawn from": told, "Posterior mean": money(one.mean), "5 % to 95 %": money.range(one.interval),
             "P(gain < 0)": words.chance(one.probability_below(0).value, one.draws)}
            for told, one in ways.items()
        ]  # fmt: skip
    drawn = plots.show(
        grid[0].figure, "Posterior of the gain per case. Left of zero the baseline is better.", "posterior"
    )
    return render.join(drawn, render.table(rows, caption=f"Per case; seed {seed}."))


def prevalence(items: Sequence[Any], gain_at, by_class, money: Money) -> Html:
    """The gain at other shares of positive cases. gain_at(evaluation, share), by_class(evaluation): of the value layer."""
    rows, told = [], []
    for item in items:
        share = item.share_in_use
        today = float(gain_at(item, share))
        for times in (0.5, 1.0, 1.5, 2.0):
            if times * share <= 1:
                gain = float(gain_at(item, times * share))
                rows.append({
                    "Evaluation": words.label(item.evaluation_id), "Positive cases": words.percent(times * share, 2), "Of today's": f"× {times:g}",
                    "Gain per case": money(gain), "Change": words.percent(gain / today - 1, 0, sign=True) if today > 0 else None,
                })  # fmt: skip
        positive, negative = by_class(item)
        ends = f"{words.label(item.evaluation_id)}: the model gains {money(positive)} on a positive case and {money(negative)} on a negative one"
        nothing = negative / (negative - positive) if positive * negative < 0 else None
        turns = f", so it gains nothing where {words.percent(nothing, 2)} are positive" if nothing is not None else ""
        told.append(f"{ends}{turns}.")
    table = [render.table(rows, caption="Gain by the share of positive cases.")] if rows else []
    return render.join(*table, *map(render.note, told))


def cuts(
    found: Mapping[str, Any],
    money: Money,
    evaluations: Sequence[Any] = (),
    each: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
) -> Html:
    """Where to cut the scores, by the money alone and as tried out on scored cases.

    evaluations: whose cuts these are; each: evaluation → money of one outcome.
    """
    shown = []
    for name, one in found.items():
        alone = (
            one.closed_form_sentence
            if one.closed_form is None
            else f"flag from a probability of {words.percent(one.closed_form, 2)} on"
        )
        item = next((item for item in evaluations if item.evaluation_id == name), None)
        prior = f" {shifted(one.closed_form, one.in_use, item)}" if item is not None and one.in_use is not None else ""
        shown.append(
            render.note(f"{words.label(name)}, by the money alone: {alone}.{prior} {one.sentence}".replace("..", "."))
        )
        if not one.cuts:
            continue
        caption = f"{one.asset_id}: {words.count(one.n)} scored cases, {words.count(one.positives)} positive{_other_cases(one, item, each.get(name), money)}."
        shown.append(cut_table(one.cuts, money, "case", caption))
        better = [cut.name for cut in one.cuts if cut.low > 0]
        told = (
            f"Better than the cut in use: {words.listed(better)}."
            if better
            else "No other cut is shown to be better than the one in use."
        )
        shown.append(render.note(told))
    return render.join(*shown)


def _other_cases(one: Any, evaluation: Any, each: Mapping[str, float] | None, money: Money) -> str:
    """What a case brings in the evaluation itself, where the scored cases are only some of its cases or others."""
    if evaluation is None or each is None or evaluation.model.n == one.n:
        return ""
    counts = evaluation.model
    worth = sum(each[name] * getattr(counts, name) for name in each) / counts.n
    return f"; on its test of {words.count(counts.n)} {money(worth)}"


def shifted(closed: float | None, in_use: float | None, evaluation: Any) -> str:
    """That one cut is another probability where positive cases are rarer or more frequent than in the test; empty where they are not."""
    if closed is None or in_use is None:
        return ""
    seen = evaluation.model.positives / evaluation.model.n
    return (
        f"The money alone says to flag from a probability of {words.percent(in_use, 2)} on where {words.percent(evaluation.positive_share)} of the "
        f"cases are positive, as in use; on scores of this test, in which {words.percent(seen)} are, that is {words.percent(closed, 2)} "
        "(odds times the ratio of the odds of both shares; Elkan 2001, theorem 2)."
    )


#: What is said of the way to cut that has no single score.
FIFTHS = "Best on other cases: each fifth is cut where the other four bring most, so that no case chooses its own cut; it has five scores."


def cut_table(found: Sequence[Any], money: Money, each: str, caption: str, yearly: float | None = None) -> Html:
    """Ways to cut the scores of a model, in money. each: what one case is called; yearly: attributed decisions of a year."""
    rows = [
        {"Cut": cut.name, "From score": "five scores" if cut.cross_fitted else words.figure(cut.score), "Flagged": words.share(cut.flagged),
         f"Money per {each}": money(cut.value), "Over the cut in use": money(cut.gain),
         "90 %": money.range((cut.low, cut.high)) if cut.name != "in use" else None,
         **({"Over it, a year": money(yearly * cut.gain)} if yearly else {})}
        for cut in found
    ]  # fmt: skip
    told = [render.note(FIFTHS)] if any(cut.cross_fitted for cut in found) else []
    return render.join(render.table(rows, caption=caption), *told)


def profit_and_calibration(found: Mapping[str, Any], money: Money) -> Html:
    """What a cut is worth by the share flagged, and whether the scores are probabilities."""
    scored = [one for one in found.values() if one.curve is not None]
    if all(one.evaluation_id.startswith(MEASURED) for one in found.values()):
        return Html("")  # nothing is cut, or their cases' pages have the curves, as is said above
    if not scored:
        return render.note("No scored cases in the client's files: no profit curve, no calibration here.")
    titles = [f"{one.asset_id}: {told}" for one in scored for told in ("profit curve", "calibration")]
    grid, told = charts.panels(len(titles), 3.1, titles), []
    for at, one in enumerate(scored):
        marks = [(cut.name, cut.flagged, cut.value) for cut in one.cuts if cut.name in ("in use", "from the money")]
        charts.profit_curve(
            one.curve.flagged / one.curve.n, one.curve.profits / one.curve.n, money.currency, marks, axis=grid[2 * at]
        )
        scores, happened, low, high, _ = zip(*one.calibration, strict=True)
        charts.calibration(scores, happened, list(zip(low, high, strict=True)), axis=grid[2 * at + 1])
        off = [row for row in one.calibration if not row[2] <= row[0] <= row[3]]
        told.append(
            f"{one.asset_id}, {words.count(one.n)} scored cases: AUC {words.number(one.auc.value, 3)} ({words.range_of(one.auc.interval, digits=3)}), Brier score "
            f"{words.figure(one.brier.value)} ({words.range_of(one.brier.interval, digits=4)}, 90 %). In {len(off)} of {words.plural(len(one.calibration), 'part')} the mean score lies outside the "
            f"interval of what happened" + (": calibrate before cutting by the money alone." if off else ".")
        )
    drawn = plots.show(
        grid[0].figure,
        "Value by the share flagged, and scores against what happened, with 90 % Wilson intervals.",
        "profit",
    )
    return render.join(drawn, *map(render.note, told))


def by_group(found: Mapping[str, tuple[Any, str]]) -> Html:
    """Shares flagged by group of people: asset → rates, or none and the reason."""
    told = []
    for name, (rates, why) in found.items():
        if rates is None:
            told.append(f"{name}: {why}")
            continue
        each = [
            f"{group} {words.percent(seen.value)} ({words.percent_range(seen.interval)}, n = {words.count(seen.n)})"
            for group, seen in rates.rates.items()
        ]
        within = "within" if rates.passes_four_fifths else "outside"
        told.append(
            f"{name}, share flagged: {words.listed(each)}. Lowest to highest {words.number(rates.selection_ratio)}, {within} the customary four fifths."
        )
    return render.sentences(
        told,
        none="Without scores by group in metrics/ nothing is compared between groups here; a case compares those of its group_column on its own page.",
    )


def decision_curves(items: Sequence[Any], net_benefits, own: Mapping[str, float | None]) -> Html:
    """Net benefit of model, baseline and two simple rules. net_benefits(evaluation, thresholds); own: the client's threshold."""
    if not items:
        return render.join()
    grid = charts.panels(len(items), 3.1, [words.label(item.evaluation_id) for item in items])
    for axis, item in zip(grid, items, strict=True):
        at = own[item.evaluation_id]
        points = np.linspace(0.002, min(max(3 * (at or 0.1), 0.1), 0.9), 120)
        curves = {name: 1000 * np.array(values) for name, values in net_benefits(item, points).items()}
        charts.lines(points, curves, "threshold probability", "net true positives per 1,000 cases",
                     uprights={"the client's own": at} if at is not None else None, axis=axis)  # fmt: skip
        top = 1000 * item.model.positives / item.n
        axis.set_ylim(-0.25 * top, 1.05 * top)
    told = "Decision curves of the evaluated policies, at the share of positive cases of each test."
    return plots.show(grid[0].figure, told, "decision-curve")


def break_evens(found: Sequence[Any], evaluations: Sequence[Any], money: Money) -> Html:
    """How far a rate may fall: to no gain over the baseline, to no value of the group. evaluations: whose rates they are."""
    rows, told = [], []
    for item in found:
        value = item.no_use
        rows.append({
            "Asset": item.asset_id, "Rate": item.what, "Measured": words.percent(item.measured.value),
            "90 %": words.percent_range(item.measured.interval), "Baseline": words.percent(item.baseline),
            "No gain below": words.percent(item.no_gain), "Costs more below": words.percent(item.no_use), "Group worth nothing below": words.percent(item.no_value),
            "Room, points": None if value is None else words.number(100 * (item.measured.value - value), 1),
            "Interval above": None if value is None else "yes" if item.measured.low > value else "not wholly",
        })  # fmt: skip
        if item.sentence:
            told.append(f"{item.asset_id}: {item.sentence}")
    if not rows:
        return render.join()
    accepted = ["metrics/acceptance.csv"] if any(item.what == "share accepted" for item in found) else []
    return render.join(
        render.table(
            rows,
            caption=f"All else drawn. Costs more: the group is worth more without the model. Room: from what was measured to there. Interval above: whether all of it lies above that rate. {sources(evaluations, *accepted)}",
        ),
        *map(render.note, words.once(told)),
    )


def break_even_chart(found: Sequence[Any], currency: str) -> Html:
    """Value of a group if only one rate were different."""
    drawn = [item for item in found if item.rates]
    if not drawn:
        return render.join()
    grid = charts.panels(len(drawn), 3.0, [f"{item.asset_id}: value of its group" for item in drawn])
    for axis, item in zip(grid, drawn, strict=True):
        marks = [
            item.measured.value,
            *item.measured.interval,
            *(at for at in (item.no_value, item.no_gain) if at is not None),
        ]
        left, right = max(min(marks) - 0.08, 0), min(max(marks) + 0.08, 1)
        x = np.linspace(left, right, 60)
        values = np.interp(x, item.rates, item.values)
        points = [("worth nothing", item.no_value, 0.0)] if item.no_value is not None else []
        charts.lines(
            x,
            {"": values / 1e3},
            item.what,
            f"thousand {currency}",
            points,
            {"measured": item.measured.value},
            axis=axis,
        )
        axis.axvspan(*item.measured.interval, color=plots.BLUE, alpha=0.16, linewidth=0)
        axis.axhline(0, color=plots.GREY, linewidth=0.9)
    return plots.show(
        grid[0].figure,
        "Expected value of the group if only this rate were different. Band: as measured, 90 % interval.",
        "break-even",
    )


def drift_chart(series: Sequence[Any], evidence: Sequence[Any] = (), currency: str = "") -> Html:
    """Every monitored figure with its intervals and its fall. evidence: of the plan, which tells whose months a case gave."""
    if not series:
        return render.note("No monitoring is given: no decay can be measured.")
    grid = charts.panels(len(series), 2.8, [f"{item.asset_id}: {words.label(item.metric)}" for item in series])
    for axis, item in zip(grid, series, strict=True):
        known = item.lows[0] is not None
        curves = {}
        money = item.what == "money"
        floor = 0.0 if money else item.floor  # what is left of a gain in money ends at nothing
        if item.half_life and floor is not None and len(item.values) > 1:
            times, excess = np.array(item.years), np.array(item.values) - floor
            if item.what == "margin" or (excess > 0).all():
                start = float(np.mean(excess * 2 ** (times / item.half_life)))
                curves[f"half-life {words.years(item.half_life)}"] = lambda t, item=item, floor=floor, start=start: (
                    floor + start * 2 ** (-t / item.half_life)
                )
        charts.decay(item.years, item.values, list(zip(item.lows, item.highs, strict=True)) if known else None, curves,
                     x_label="", y_label=f"{currency} per case".strip() if money else "", names=item.months, axis=axis)  # fmt: skip
    caption = "Monitored figures, with 90 % intervals where they are shares of counted cases (Wilson) or money that follows from such shares. "
    caption += months_from((item.asset_id for item in series), evidence)
    return plots.show(grid[0].figure, caption, "drift")


def series(found: Sequence[Any], evidence: Sequence[Any] = ()) -> Html:
    """What each monitored figure says about the decay of the money gained. evidence: of the plan."""
    told = {
        "money": "the gain in money",
        "margin": "the margin over the baseline",
        "metric": "the metric; it moves no money",
    }
    rows = [
        {"Asset": item.asset_id, "Monitored": words.label(item.metric), "Read as": told[item.what], "Months": len(item.values),
         "Half-life": words.years(item.half_life, why="it did not fall" if item.rate is not None else "not read from these months"),
         "90 %": words.range_of((item.fastest, item.slowest), "years", 1), "Fall": {True: "shown", False: "not shown", None: "–"}[item.shown]}
        for item in found
    ]  # fmt: skip
    caption = (
        "Not shown: a half-life of the lower end or longer fits the months (95 %, one-sided). "
        if any(item.shown is False for item in found)
        else ""
    )
    caption += months_from((item.asset_id for item in found), evidence)
    table = render.table(rows, caption=caption, none="No monitoring is given.")
    unread = [
        f"{item.asset_id}, {words.label(item.metric)}: {item.sentence.removeprefix(f'{item.metric}: ')}"
        for item in found
        if item.rate is None
    ]
    return render.join(table, *map(render.note, words.once(unread)))


def _before_cap(item: Any, money: Money) -> str:
    """A year's benefit, and what it would be without the price of a substitute that caps it."""
    capped = item.uncapped > item.benefit
    return f"{money(item.benefit)} ({money(item.uncapped)} before the cap)" if capped else str(money(item.benefit))


def lives(found: Sequence[Any], values: Mapping[str, Mapping[str, float]], money: Money) -> Html:
    """What other half-lives would make of the value. values: asset → words for the half-life → value of its group."""
    rows = [
        {"Asset": name, "Half-life": told, "Value of its group, most likely": value}
        for name, ways in values.items()
        for told, value in ways.items()
    ]
    table = render.table(
        rows,
        {"Value of its group, most likely": money},
        "Most likely figures otherwise.",
        none="No asset earns a benefit.",
    )
    ends = [
        {"Asset": item.asset_id, "Year": str(item.year or words.MISSING), "Its benefit, at today's decay": _before_cap(item, money),
         "Its running costs": money(item.running),
         "Money runs out after": words.years(item.years, why=item.sentence.rstrip(".")), "Stated life left": words.years(item.stated)}
        for item in found
    ]  # fmt: skip
    caption = "The last whole year with a benefit, at today's decay, before tax; lives from the valuation date."
    return render.join(table, render.table(ends, caption=caption, none="No benefits are given."))
