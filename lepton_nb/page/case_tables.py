"""What a chapter shows of a judged case (casework.Judged): the evidence first, then what it rests on.

:func:`whole` is the page; each piece can be shown alone. Numbers and sentences are those of the judgement; nothing is
computed here but shares and units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lepton_nb import terms
from lepton_nb.page import charts, evidence_tables, plots, render, words
from lepton_nb.page.evidence_words import weighted
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money

GRADES = {"stop": "no conclusion", "warn": "to be known", "note": "beside"}
RATES = {
    "recall": "positive cases found",
    "false_alarm_rate": "negative cases flagged",
    "precision": "right among the flagged",
    "accuracy": "decided right",
    "flagged_share": "flagged",
}
ATTRIBUTED = (
    "Attributed decisions: as many as the client's benefits count on this model, volume × attribution × adoption of the last year "
    "given; the client may decide more."
)
DOORS = {
    "predictions": "predictions made elsewhere",
    "onnx": "a model file, ONNX",
    "keras": "a model file, Keras",
    "trained": "trained here",
}


def whole(judged: Any, findings: Sequence[Any] = (), name: str = "case") -> Html:
    """The page of a case: conclusion, what speaks against it, and the evidence piece by piece. name: anchor of drawings."""
    pieces = [
        conclusion(judged, findings), found(findings), decisions(judged), differences(judged), probabilities(judged, name),
        cuts(judged, name), net_benefit(judged, name), slices(judged, name), labels(judged, name), blocks(judged, name),
        tried(judged), time_and_cost(judged), rows(judged), looks(judged), render.sentences(judged.notes, none=""),
    ]  # fmt: skip
    return render.join(*[piece for piece in pieces if str(piece)])


def _money(judged: Any) -> Money:
    return Money(judged.case.currency or "money")


def _public(judged: Any) -> Html:
    """That a client's case was judged on public data, and whether anything rests on that; nothing for its own data."""
    told = judged.case.settings
    if told is None or not told.public or judged.case.stand_in:
        return render.join()
    counts = (
        "The value rests on it all the same: benefits link to this case."
        if told.rests
        else "No benefit links to it: what it gains counts nowhere in the value; money a year below is what these rows would bring at the client's prices and volume."
    )
    return render.banner("Public data.", f"No test of the client's own model on its own cases was made here. {counts}")


def conclusion(judged: Any, findings: Sequence[Any] = ()) -> Html:
    """The gain with its interval, the area, the rates: what the test says, in large figures.

    The money of a year is left out where public data were judged and no benefit rests on them.
    """
    money, gain, year = _money(judged), judged.gain, judged.yearly_gain
    settings = judged.case.settings
    if settings is not None and settings.public and not settings.rests:
        year = None
    stopped = [finding.words for finding in findings if finding.grade == "stop"]
    items: list[tuple] = []
    if gain is not None:
        items.append(
            ("Gain per decision over the baseline", money(gain.value), f"90 %: {money.range((gain.low, gain.high))}")
        )
        if year is not None:
            remark = f"90 %: {money.range((year.low, year.high))}; {words.count(judged.case.yearly)} attributed decisions, before decay, costs and tax"
            items.append(("Gain a year", money(year.value), remark))
    if judged.auc is not None:
        items.append(
            (
                "Area under the curve",
                words.number(judged.auc.value, 3),
                f"90 %: {words.range_of(judged.auc.interval, digits=3)}",
            )
        )
    recall = judged.rates["recall"]
    if recall is not None:
        items.append(
            ("Positive cases found", words.percent(recall.value), f"90 %: {words.percent_range(recall.interval)}")
        )
    told = f"{judged.scores.name} ({DOORS[judged.scores.door]}), {words.count(judged.n)} test rows, {words.count(judged.positives)} positive."
    banner = [render.banner("No conclusion is drawn.", " ".join(stopped))] if stopped else []
    notes = [f"{told} {judged.cutoff.source}", *([ATTRIBUTED] if gain is not None and year is not None else [])]
    return render.join(_public(judged), *banner, render.key_figures(items), *map(render.note, notes))


def found(findings: Sequence[Any]) -> Html:
    """What the checks found, the gravest first."""
    listed = [{"Grade": GRADES[item.grade], "Check": item.check, "Found": item.words} for item in findings]
    return render.table(
        listed, caption="What speaks against it.", none="No check found anything that speaks against it."
    )


def decisions(judged: Any) -> Html:
    """Counts and rates of model and baseline, side by side."""
    policies = {"model": (judged.confusion, judged.rates)}
    if judged.baseline_confusion:
        policies["baseline"] = (judged.baseline_confusion, judged.baseline_rates)
    counted = [
        {"Decided by": name} | {words.label(key): value for key, value in counts.items()}
        for name, (counts, _) in policies.items()
    ]
    rates = [
        {"Share": told}
        | {name: words.missing() if each[key] is None else f"{words.percent(each[key].value)} ({words.percent_range(each[key].interval)})"
           for name, (_, each) in policies.items()}
        for key, told in RATES.items()
    ]  # fmt: skip
    share = judged.case.positive_share
    told = f"Shares of the test rows, of which {words.percent(judged.positives / judged.n)} are positive, with 90 % Wilson intervals."
    if share is not None:
        told += f" In use: at {words.percent(share)} positive cases, with recall and false-alarm rate as tested."
        for name, (_, each) in policies.items():
            if each["recall"] is None or each["false_alarm_rate"] is None:
                continue
            found = terms.rates_in_use(each["recall"].value, each["false_alarm_rate"].value, share)
            used = {"precision": found.precision, "accuracy": found.accuracy, "flagged_share": found.flagged}
            for key, row in zip(RATES, rates, strict=True):
                row[f"{name}, in use"] = words.percent(used[key]) if used.get(key) is not None else "as tested"
    before = judged.evaluation.baseline_policy if judged.evaluation is not None else "none"
    return render.join(
        render.table(counted, caption=f"Decisions on the {words.count(judged.n)} test rows. Baseline: {before}."),
        render.table(rates, caption=told),
    )


def differences(judged: Any) -> Html:
    """The paired table: where model and baseline decide differently, which alone tells them apart."""
    if judged.evaluation is None or not judged.evaluation.paired:
        return Html("")
    flag = {1: "flagged", 0: "left"}
    table = [
        {"Truth": "positive" if cell.y_true else "negative", "Model": flag[cell.model], "Baseline": flag[cell.baseline],
         "Rows": cell.count, "Decided": "differently" if cell.model != cell.baseline else "alike"}
        for cell in judged.evaluation.paired
    ]  # fmt: skip
    apart = sum(cell.count for cell in judged.evaluation.paired if cell.model != cell.baseline)
    told = f"Decided differently: {words.count(apart)} of {words.count(judged.n)} rows; they carry the whole gain."
    pieces = [render.table(table, caption="Model and baseline on the same rows."), render.note(told)]
    if judged.gain is not None and judged.case.test.amounts is not None:
        money, by_rows = _money(judged), judged.gain_by_rows
        pieces.append(
            render.note(
                f"By the amounts of the rows: {money(by_rows.value)} per decision ({money.range((by_rows.low, by_rows.high))}, "
                f"90 %); by counts at mean amounts: {money(judged.gain.value)}."
            )
        )
    return render.join(*pieces)


def probabilities(judged: Any, name: str = "case") -> Html:
    """Whether the scores are probabilities, before and after the repair."""
    repair = judged.repair
    if repair is None:
        return render.note("The predictions are decisions: there is no area, no calibration and no other threshold.")
    shown = {"as they are": repair.bins_before} | (
        {f"{repair.method} repair": repair.bins_after} if repair.method not in ("none",) and repair.bins_after else {}
    )
    grid = charts.panels(len(shown), 3.0, [f"Scores {told}" for told in shown])
    for axis, bins in zip(grid, shown.values(), strict=True):
        scores, happened, low, high, _ = zip(*bins, strict=True)
        charts.calibration(scores, happened, list(zip(low, high, strict=True)), axis=axis)
    drawn = plots.show(
        grid[0].figure,
        "Scores of the test rows against what happened, with 90 % Wilson intervals.",
        f"{name}-calibration",
    )
    ways = [("as they are", repair.before, repair.error_before, repair.interval_before)]
    if len(shown) > 1:
        ways.append((f"{repair.method} repair", repair.after, repair.error_after, repair.interval_after))
    rows_ = [
        {"Scores": told, "Brier score": words.number(brier.value, 4), "90 %": words.range_of(brier.interval, digits=4),
         "Calibration error": words.number(error, 3), "90 %, rows resampled": words.range_of(ends, digits=3)}
        for told, brier, error, ends in ways
    ]  # fmt: skip
    caption = f"{words.count(judged.n)} test rows in {len(repair.bins_before)} parts. Calibration error: mean distance of the score from what happened."
    return render.join(drawn, render.table(rows_, caption=caption), render.note(repair.sentence))


def cuts(judged: Any, name: str = "case") -> Html:
    """Where to cut the scores: money by the share flagged, and ways to choose the cut."""
    if judged.profit is None:
        return Html("")
    money, curve = _money(judged), judged.profit
    marks = [(cut.name, cut.flagged, cut.value) for cut in judged.cuts if cut.name in ("in use", "from the money")]
    axis = charts.profit_curve(curve.flagged / curve.n, curve.profits / curve.n, money.currency, marks)
    drawn = plots.show(
        axis,
        f"Money per test row{weighted(judged.evaluation)}, by the share of the test rows flagged. The best point is chosen on these "
        "rows, so it looks too good.",
        f"{name}-profit",
    )
    told = f"Ways to cut the scores, in money{weighted(judged.evaluation)}; flagged: of the test rows as they are."
    notes = [evidence_tables.shifted(judged.closed_form, judged.in_use, judged.evaluation)]
    table = evidence_tables.cut_table(judged.cuts, money, "row", told, judged.case.yearly)
    return render.join(drawn, table, *(render.note(text) for text in notes if text))


def net_benefit(judged: Any, name: str = "case") -> Html:
    """Decision curve: net benefit of model, baseline, flagging everybody and nobody."""
    if not judged.decision_curve:
        return Html("")
    at = [point.threshold for point in judged.decision_curve]
    curves = {
        "model": [1000 * point.net_benefit for point in judged.decision_curve],
        "baseline": [1000 * point.net_benefit for point in judged.baseline_curve],
        "flag everybody": [1000 * point.treat_all for point in judged.decision_curve],
        "flag nobody": [0.0] * len(at),
    }
    axis = charts.lines(at, curves, "threshold probability", "net true positives per 1,000 rows")
    top = 1000 * judged.positives / judged.n
    axis.set_ylim(-0.25 * top, 1.05 * top)
    told = f"Decision curve of the calibrated scores on the test rows, of which {words.percent(judged.positives / judged.n)} are positive"
    told += "; it is not weighted to the share in use." if judged.case.positive_share is not None else "."
    return plots.show(axis, told, f"{name}-decision")


def slices(judged: Any, name: str = "case") -> Html:
    """Results by period and by group: is the gain there in each?"""
    pieces = []
    for items, what in ((judged.periods, judged.period_words), (judged.groups, judged.case.groups_by or "group")):
        if not items:
            continue
        money = _money(judged)
        listed = [
            {words.label(what): item.name, "Rows": item.n, "Positive": item.positives, "Found": _rate(item.recall),
             "Found by the baseline": _rate(item.baseline_found), "Flagged wrongly": _rate(item.false_alarms),
             "Gain per row": words.missing() if item.gain is None else f"{money(item.gain.value)} ({money.range((item.gain.low, item.gain.high))})"}
            for item in items
        ]  # fmt: skip
        told = f"By {words.label(what)}, with 90 % intervals."
        if items is judged.groups and judged.case.yearly is not None and items[0].gain is not None:
            for row, item in zip(listed, items, strict=True):
                share = judged.case.yearly * item.n / judged.n
                low, high = share * item.gain.low, share * item.gain.high
                row["Gain a year"] = f"{money(share * item.gain.value)} ({money.range((low, high))})"
            told += " A year: the gain per row on the group's part of a year's attributed decisions, as many as among the test rows."
        pieces.append(render.table(listed, caption=told))
        if len(items) > 1 and items[0].gain is not None:
            drawn = charts.ranges(
                [(item.name, item.gain.value, item.gain.low, item.gain.high) for item in items],
                money.currency,
                "gain per row",
            )
            pieces.append(plots.show(drawn, f"Gain over the baseline by {words.label(what)}.", f"{name}-{what}"))
    if judged.decay is not None:
        pieces.append(render.note(judged.decay.sentence))
    return render.join(*pieces)


def _rate(rate: Any) -> str:
    return words.missing() if rate is None else f"{words.percent(rate.value)} ({words.percent_range(rate.interval)})"


def labels(judged: Any, name: str = "case") -> Html:
    """Learning curve in money, or of the area where no money is known; what a thousand more labels are worth."""
    curve = judged.learning
    if curve is None:
        return Html("")
    known = curve.points[0].money is not None
    values = [point.money if known else point.auc for point in curve.points]
    spread = np.array([point.spread or 0.0 for point in curve.points])
    series = np.array([values - spread, values, values + spread]) if known else values
    y = f"{judged.case.currency or 'money'} per row" if known else "area under the curve"
    axis = charts.lines(
        [point.labels for point in curve.points], {curve.model: series}, "labels", y, log="x", markers=True
    )
    drawn = plots.show(
        axis,
        f"{words.count(judged.n)} test rows, by the labels that a model was trained on; band: one standard deviation over "
        f"{words.plural(max(point.repeats for point in curve.points), 'repeat')} of the training.",
        f"{name}-learning",
    )
    return render.join(drawn, render.note(curve.sentence + further_words(judged)))


def further_words(judged: Any) -> str:
    """What a thousand further judged rows are worth, to which decision and for how long; empty where it is not known."""
    curve = judged.learning
    if curve.further_test is None:
        return ""
    per = curve.unit.removeprefix(judged.case.currency or "money")
    told = (
        f" A thousand further judged rows are worth {_money(judged)(curve.further_test)}{per} to the decision which to use, "
        "the model or its baseline."
    )
    if judged.case.yearly is None:
        return told
    return told + " To go on with its group or to stop it, over its life, is another question (How sure the value is)."


def blocks(judged: Any, name: str = "case") -> Html:
    """What each block of the training rows is worth."""
    if judged.blocks is None:
        return Html("")
    names, values = list(judged.blocks.values), list(judged.blocks.values.values())
    axis = charts.bars(names, {"": values}, judged.case.currency or "money", "Shapley value")
    told = f"Value of each block ({judged.case.blocks_by}) over no model, {judged.blocks_unit}. {judged.blocks.method[0].upper()}{judged.blocks.method[1:]}."
    return plots.show(axis, told, f"{name}-blocks")


def tried(judged: Any) -> Html:
    """The models that were tried, on the validation rows."""
    money = _money(judged)
    listed = [
        {"Model": one.name, "Area": words.number(one.auc, 3), "Money per row, best cut": money(one.money) if one.money is not None else None,
         "Cross-entropy": words.number(one.log_loss, 4), "Chosen": "yes" if one.chosen else ""}
        for one in judged.scores.tried
    ]  # fmt: skip
    return (
        render.table(listed, caption="Tried on the validation rows; the largest area was chosen.")
        if listed
        else Html("")
    )


def time_and_cost(judged: Any) -> Html:
    """Seconds of training and of a thousand predictions on this machine, and their money where a price is known."""
    money = _money(judged)
    pairs = {
        "Training": (judged.scores.training_seconds, judged.costs.get("training")),
        "A thousand predictions": (judged.scores.seconds_a_thousand, judged.costs.get("a_thousand")),
    }
    listed = [
        {"What": what, "Time": words.duration(seconds), "Cost": None if cost is None else money(cost)}
        for what, (seconds, cost) in pairs.items()
        if seconds is not None
    ]
    if not listed:
        return Html("")
    shown = render.table(listed, caption="On this machine; rows are given together.", unless_zero=("Cost",))
    return render.join(shown, *map(render.note, _priced(judged)))


def _priced(judged: Any) -> list[str]:
    """Where the price of an hour comes from, or that there is none; nothing where the case is no client's."""
    told = judged.case.settings
    if told is None or not told.hour_source:
        return []
    if told.hour_price is None:
        return [f"The times stand without money: {told.hour_source}"]
    each = _money(judged)(told.hour_price)
    return [
        f"An hour is taken at {each}, what an hour of the client's machines costs: {told.hour_source}. The time is that of "
        "the machine that made this report, which may be slower or faster than theirs."
    ]


def rows(judged: Any) -> Html:
    """Which rows were used for what, and which columns the model saw."""
    case, task = judged.case, _tasks(judged)
    listed = [
        {"Part": name, "Task": task[name], "Rows": len(part), "Positive": part.positives}
        for name, part in case.parts.items()
    ]
    told = [f"{case.title}: {case.source}. Positive: {case.target}. Split: {case.split}."]
    if case.left_out:
        told.append("No feature: " + "; ".join(f"{name} ({why})" for name, why in case.left_out.items()) + ".")
    return render.join(render.table(listed, caption="Rows of the case."), *map(render.note, told))


def looks(judged: Any) -> Html:
    """How often the test was looked at in this report, and what is not known of it."""
    beside = judged.looks - 1
    others = (
        f" Beside it {words.plural(beside, 'model')} (a default gradient boosting, those of the learning curve) met the same labels, and nothing "
        "was chosen by them."
        if beside
        else ""
    )
    told = f"Looks at this test in this report: the model was judged on it once.{others} Looks before this report are not recorded."
    return render.note(told)


def _tasks(judged: Any) -> dict[str, str]:
    """What each part is used for, by whether the model was trained here or made elsewhere."""
    if judged.scores.door == "trained":
        return {
            "train": "moves the model",
            "validation": "chooses model, threshold and calibration",
            "test": "judges, once",
        }
    chosen = (["threshold"] if judged.cutoff.on == "validation" else []) + (
        ["calibration"] if judged.repair is not None and judged.repair.repaired is not None else []
    )
    return {
        "train": "trains what the model is compared with; which rows the model itself was trained on is not known here",
        "validation": f"chooses {words.listed(chosen)}" if chosen else "chooses nothing: none of its scores is used",
        "test": "judges, once",
    }


def estimated(estimate: Any, currency: str = "") -> Html:
    """A value on rows without labels. It stands under a banner, and its error on known rows beside it."""
    money = Money(currency or "money")
    listed = [{"What": "rows without labels", "Value": words.count(estimate.n)},
              {"What": "positive, expected", "Value": words.number(estimate.positives, 0)},
              {"What": "of them flagged, expected", "Value": words.percent(estimate.recall)}]  # fmt: skip
    if estimate.gain is not None:
        gain, known = estimate.gain, estimate.on_test
        listed += [
            {"What": "gain per row, estimated", "Value": f"{money(gain.value)} ({money.range((gain.low, gain.high))})"},
            {
                "What": "gain per test row, estimated without its labels",
                "Value": f"{money(known.value)} ({money.range((known.low, known.high))})",
            },
            {"What": "gain per test row, measured", "Value": money(estimate.measured)},
            {"What": "error of the estimate there", "Value": money(estimate.error)},
        ]
    banner = render.banner("An estimate, no measurement.", estimate.sentence, "note")
    return render.join(banner, render.table(listed, caption="Value without labels, from calibrated scores; 90 % band."))
