"""A judged case on a page: what was judged, counts beside the baseline, money, probabilities, periods, groups, labels.

Values are those of ``casework.judging.judge`` and ``casework.checks.findings``, whatever the door and whatever the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.render import Html
from lepton_nb.page.words import Money

GRADES = {"stop": "No conclusion rests on this:", "warn": "Look at this:", "note": "Note:"}


def rate(found: Any) -> str:
    """A share with its interval; a dash where there is nothing to divide by."""
    return words.MISSING if found is None else f"{words.percent(found.value)} ({words.percent_range(found.interval)})"


def amount(found: Any, currency: str) -> str:
    """Money of a row with its interval, to the digits that the interval allows; a dash where no money is known."""
    if found is None:
        return words.MISSING
    low, value, high = (words.figure(end) for end in (found.low, found.value, found.high))
    return f"{value} {currency} ({low} to {high})"


def whole(judged: Any, findings: Sequence[Any] = (), name: str = "judged") -> Html:
    """Everything about one judged case, in the order in which it is to be read. name: of its drawings."""
    money = Money(judged.case.currency or "money")
    parts = [
        what_speaks_against(findings), facts(judged), tried(judged), confusion(judged), gains(judged, money),
        curves(judged, name), slices(judged.periods, judged.period_words or "period", judged, money),
        slices(judged.groups, judged.case.groups_by or "group", judged, money), labels(judged, money, name),
        blocks(judged), render.sentences(judged.notes, none=""),
    ]  # fmt: skip
    return render.join(*(part for part in parts if part is not None))


def what_speaks_against(findings: Sequence[Any]) -> Html | None:
    """A banner for each finding that stops a conclusion or warns; the rest as sentences."""
    if not findings:
        return None
    loud = [render.banner(GRADES[one.grade], one.words) for one in findings if one.grade != "note"]
    quiet = [one.words for one in findings if one.grade == "note"]
    return render.join(*loud, *([render.sentences(quiet)] if quiet else []))


def facts(judged: Any) -> Html:
    """What was judged, on what, against what."""
    case = judged.case
    against = judged.evaluation.baseline_policy if judged.evaluation else case.baseline_name
    return render.definitions(
        {
            "Data": f"{case.title}, {case.source}",
            "Positive": case.target,
            "Test": f"{words.plural(judged.n, 'row')}, {words.count(judged.positives)} positive; {case.split}",
            "Model": judged.scores.name,
            "Baseline": against,
            "Threshold": f"{words.number(judged.cutoff.value, 3)}. {judged.cutoff.source}",
            "AUC on the test": words.MISSING
            if judged.auc is None
            else f"{words.number(judged.auc.value, 3)} ({words.range_of(judged.auc.interval, digits=3)}, 90 %)",
        }
    )


def tried(judged: Any) -> Html | None:
    """The models that were tried on the validation rows."""
    if not judged.scores.tried:
        return None
    rows = [
        {"model": one.name, "AUC": one.auc, "money a row": one.money, "cross-entropy (nats)": one.log_loss}
        | {"seconds": one.seconds, "chosen": "yes" if one.chosen else ""}
        for one in judged.scores.tried
    ]
    three = dict.fromkeys(("AUC", "cross-entropy (nats)"), words.decimals(3))
    caption = (
        f"Models tried, on {words.plural(len(judged.case.validation), 'validation row')}; the test rows chose nothing."
    )
    return render.table(
        rows, three | {"seconds": words.decimals(1), "money a row": words.figure}, caption, unless_zero=["money a row"]
    )


def confusion(judged: Any) -> Html:
    """Counts and rates of the model beside those of the baseline, on the same rows."""
    pairs = [("model", judged.confusion, judged.rates)]
    if judged.baseline_confusion is not None:
        pairs.append(("baseline", judged.baseline_confusion, judged.baseline_rates))
    rows = [
        {
            "": who,
            "caught": counts["tp"],
            "missed": counts["fn"],
            "false alarms": counts["fp"],
            "let pass": counts["tn"],
        }
        | {"recall": rate(rates["recall"]), "false-alarm rate": rate(rates["false_alarm_rate"])}
        | {"precision": rate(rates["precision"])}
        for who, counts, rates in pairs
    ]
    texts = dict.fromkeys(("recall", "false-alarm rate", "precision"), str)
    return render.table(
        rows, texts, f"Decisions on the same {words.plural(judged.n, 'test row')}, with 90 % Wilson intervals."
    )


def gains(judged: Any, money: Money) -> Html:
    """What the model brings over the baseline, in a sentence that follows the interval."""
    if judged.gain is None:
        return render.note("No money per outcome is known, so the gain is not turned into money.")
    gain, unit = judged.gain, f"{money.currency} a row"
    if gain.low > 0:
        verdict = "The gain is shown."
    elif gain.high < 0:
        verdict = "The model costs money."
    else:
        verdict = "The test does not tell the gain apart from nothing."
    told = [
        f"Over the baseline, by the paired counts: {amount(gain, unit)}, 90 %. Chance of a loss: "
        f"{words.chance(gain.below_zero)}. {verdict}"
    ]
    if judged.case.amount_meaning and judged.gain_by_rows is not None:
        told.append(f"With each row's own amount: {amount(judged.gain_by_rows, unit)}. {judged.case.amount_meaning}")
    if (yearly := judged.yearly_gain) is not None:
        told.append(
            f"In a year, on {words.count(judged.case.yearly)} decisions: {money(yearly.value)} "
            f"({money.range((yearly.low, yearly.high))}), before adoption and costs."
        )
    return render.sentences(told)


def curves(judged: Any, name: str) -> Html | None:
    """Profit by the share flagged, and the probabilities before and after their repair."""
    titles = ["Profit curve"] if judged.profit is not None else []
    repair = judged.repair
    mended = (
        []
        if repair is None
        else [("Probabilities", repair.bins_before), ("Probabilities, repaired", repair.bins_after)]
    )
    mended = [(title, bins) for title, bins in mended if bins]
    if mended and repair.method == "none":
        mended = mended[:1]
    titles += [title for title, _ in mended]
    if not titles:
        return None
    grid = charts.panels(len(titles), 2.9, titles)
    if judged.profit is not None:
        curve = judged.profit
        marks = [(cut.name, cut.flagged, cut.value) for cut in judged.cuts if cut.name in ("in use", "from the money")]
        charts.profit_curve(
            curve.flagged / curve.n, curve.profits / curve.n, judged.case.currency, marks, "money a row", axis=grid[0]
        )
    for axis, (_, bins) in zip(grid[len(titles) - len(mended) :], mended, strict=True):
        scores, happened, low, high, _ = zip(*bins, strict=True)
        charts.calibration(scores, happened, list(zip(low, high, strict=True)), axis=axis)
    told = "" if repair is None else f" {repair.sentence}"
    caption = f"On {words.plural(judged.n, 'test row')}; shares with 90 % Wilson intervals.{told}"
    return plots.show(grid[0].figure, caption, f"{name}-curves")


def slices(found: Sequence[Any], what: str, judged: Any, money: Money) -> Html | None:
    """Results by group or by period, with the gain of a row."""
    if not found:
        return None
    rows = [
        {what: one.name, "rows": one.n, "positives": one.positives, "flagged": rate(one.flagged)}
        | {"recall": rate(one.recall), "false-alarm rate": rate(one.false_alarms)}
        | {"gain a row": amount(one.gain, money.currency)}
        for one in found
    ]
    texts = dict.fromkeys((what, "flagged", "recall", "false-alarm rate", "gain a row"), str)
    table = render.table(rows, texts, f"By {what}, on the test rows, with 90 % intervals.")
    dated = [one for one in found if one.first is not None and one.gain is not None]
    if len(dated) < 2:
        return table
    drawn = charts.decay(
        range(len(dated)), [one.gain.value for one in dated], [(one.gain.low, one.gain.high) for one in dated],
        x_label=what, y_label=f"gain a row ({money.currency})", names=[one.name for one in dated],
    )  # fmt: skip
    return render.join(
        table, plots.show(drawn, f"Gain over the baseline by {what}, with 90 % intervals.", "judged-periods")
    )


def labels(judged: Any, money: Money, name: str) -> Html | None:
    """What more labels would bring."""
    curve = judged.learning
    if curve is None:
        return None
    rows = [{"labels": point.labels, "AUC": point.auc, "money a row": point.money} for point in curve.points]
    table = render.table(
        rows, {"AUC": words.decimals(3), "money a row": words.figure}, "Learning curve: trained on a part of the rows, "
        f"judged on the same test; means of {words.plural(curve.points[0].repeats, 'repeat')}.", unless_zero=["money a row"],
    )  # fmt: skip
    return render.join(table, render.note(curve.sentence))


def blocks(judged: Any) -> Html | None:
    """What each block of the training rows is worth, by the shares that Shapley's rule gives."""
    if judged.blocks is None:
        return None
    rows = [{"block": str(block), "worth": value} for block, value in judged.blocks.values.items()]
    return render.table(
        rows, {"block": str, "worth": words.figure}, f"Shapley values of the blocks of training rows, {judged.blocks_unit}.",
        sums=["worth"],
    )  # fmt: skip
