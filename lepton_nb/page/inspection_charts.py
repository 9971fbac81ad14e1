"""Tables, drawings and conclusions of inspection: a network against a simple baseline and a published figure.

A ``line`` is one set of pictures as the chapter judged it, a mapping with: set, baseline (Interval), ours (list of
Intervals, one a seed), together (Interval: the networks' probabilities averaged), gain (PairedGain in accuracy of these), published, published_by, auc, baseline_auc (Score or
None), published_auc, stand_in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import classifiers, plots, render, words

Line = Mapping[str, Any]


def parts_table(sets: Sequence[Any]) -> render.Html:
    """How many pictures of each set move weights, choose and judge, and what keeps the parts apart."""
    rows = [
        {"set": one.name, "pixels": "×".join(str(size) for size in one.images.shape[1:3]), "classes": len(one.classes)}
        | {part: int(np.sum(one.part == number)) for number, part in enumerate(("training", "validation", "test"))}
        | {"kept apart by": one.split_by}
        for one in sets
    ]
    return render.table(rows, caption="Pictures of each part. The test part judges, once for each trained network.")


def _points(gain: Any) -> str:
    """A paired gain in accuracy as points with its interval."""
    ends = words.range_of((100 * gain.low, 100 * gain.high), digits=1)
    return f"{words.number(100 * gain.mean, 1, sign=True)} ({ends})"


def _upper(name: str) -> str:
    """The first letter large, the others as they are: "chest X-rays" keeps its X."""
    return name[:1].upper() + name[1:]


def _auc(score: Any) -> str:
    if score is None:
        return render.MISSING
    return f"{words.number(score.value, 3)} ({words.number(score.low, 3)}–{words.number(score.high, 3)})"


def results_tables(lines: Sequence[Line]) -> render.Html:
    """Accuracy of the simple baseline, ours and the published figure, each with its interval; then the AUC."""
    rows, areas = [], []
    known = any(line["published"] or line["published_auc"] for line in lines)
    for line in lines:
        over = classifiers.over_seeds(line["ours"])
        rows.append(
            {"set": line["set"], "test pictures": line["baseline"].n}
            | {"simple baseline": classifiers.rate_words(line["baseline"]), "network": words.percent(over["measured"])}
            | {"from": words.percent(over["from"]), "to": words.percent(over["to"]), "from, to": over["from, to"]}
            | {"together": classifiers.rate_words(line["together"]), "points more (95 %)": _points(line["gain"])}
            | (
                {"published": words.percent(line["published"]) if line["published"] else render.MISSING}
                if known
                else {}
            )
        )
        if line["auc"] is not None:
            area = line["published_auc"]
            areas.append(
                {"set": line["set"], "simple baseline": _auc(line["baseline_auc"]), "network": _auc(line["auc"])}
                | ({"published": words.number(area, 3) if area else render.MISSING} if known else {})
            )
    texts = {name: str for name in rows[0] if name not in ("set", "test pictures")}
    first = render.table(
        rows, texts, "Accuracy on the test pictures, all judged on the same ones; 95 % Wilson. Together: the probabilities of all "
        "networks averaged. Points more: together less baseline, paired.",
    )  # fmt: skip
    if not areas:
        return first
    caption = "Area under the ROC curve where the answer is yes or no, 95 % by DeLong; networks together."
    return render.join(first, render.table(areas, dict.fromkeys(list(areas[0])[1:], str), caption))


def against_baseline(line: Line) -> str:
    """Whether the network beats the simple baseline on the same pictures, in a sentence that follows the interval."""
    gain, points = line["gain"], _points(line["gain"])
    if gain.low > 0:
        return f"{_upper(line['set'])}: the network is right more often than the simple baseline, {points} points."
    if gain.high < 0:
        return f"{_upper(line['set'])}: the simple baseline is right more often; the network gives {points} points."
    return f"{_upper(line['set'])}: no difference from the simple baseline is shown, {points} points."


def against_published(line: Line) -> str:
    """How the network stands to the published accuracy, by its own interval; empty where there is none."""
    if line["published"] is None or line["stand_in"]:
        return ""
    first, known = line["together"], words.percent(line["published"])
    if first.low > line["published"]:
        how = f"above the published {known}"
    elif first.high < line["published"]:
        how = f"below the published {known}"
    else:
        how = f"not told apart from the published {known}"
    return f"{_upper(line['set'])}: {classifiers.rate_words(first)} is {how} ({line['published_by']})."


def conclusions(lines: Sequence[Line]) -> render.Html:
    """What the figures say, one sentence a set and question."""
    told = [sentence for line in lines for sentence in (against_baseline(line), against_published(line)) if sentence]
    return render.sentences(told)


def accuracies(lines: Sequence[Line], caption: str, name: str) -> render.Html:
    """Accuracy with its interval: baseline and network of each set, and the published figure as a mark."""
    figure, axis = plots.axes(1, 1, height=1.1 + 0.55 * len(lines))
    marked = False
    for place, line in enumerate(lines):
        for offset, rate, colour, label in (
            (-0.14, line["baseline"], plots.ORANGE, "simple baseline"),
            (0.14, line["together"], plots.BLUE, "network"),
        ):
            value, low, high = (100 * end for end in (rate.value, rate.low, rate.high))
            axis.errorbar(value, place + offset, xerr=[[value - low], [high - value]], fmt="o", color=colour,
                          capsize=3, label=None if place else label)  # fmt: skip
        if line["published"] is not None and not line["stand_in"]:
            axis.plot(100 * line["published"], place, "|", color=plots.INK, markersize=20,
                      label=None if marked else "published")  # fmt: skip
            marked = True
    axis.set(xlabel="accuracy on the test pictures (%), with 95 % Wilson interval")
    axis.set_yticks(range(len(lines)), [line["set"] for line in lines])
    axis.set_ylim(len(lines) - 0.5, -0.5)  # the first on top, and room for its dot
    figure.legend(loc="outside lower center", ncols=3, labelcolor=plots.INK)
    told = "; ".join(
        f"{line['set']}: baseline {words.percent(line['baseline'].value)}, "
        f"network {words.percent(line['together'].value)}" for line in lines
    )  # fmt: skip
    plots.describe(axis, f"{told}.")
    return plots.show(figure, caption, name)


# ---------------------------------------------------------------- money


def money_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """Cost of misses and of false alarms under each way to decide. rows: set, decision, counts, misses, false_alarms."""
    money = words.Money(currency)
    shown = [
        {"set": row["set"], "decision": row["decision"], "missed": row["counts"]["fn"]}
        | {"false alarms": row["counts"]["fp"], "cost of misses": row["misses"]}
        | {"cost of false alarms": row["false_alarms"], "together": row["misses"] + row["false_alarms"]}
        for row in rows
    ]
    costs = dict.fromkeys(("cost of misses", "cost of false alarms", "together"), money)
    return render.table(shown, costs, caption)


def gain_words(gain: Any, currency: str, per: str, place: str, what: str, other: str) -> str:
    """What one way of deciding brings beside another, in a sentence that follows the interval."""
    money = words.Money(currency)
    ends = money.range((gain.low, gain.high))
    if gain.low > 0:
        return f"{_upper(place)}: {what} saves {money(gain.mean)} {per} against {other} (95 %: {ends})."
    if gain.high < 0:
        return f"{_upper(place)}: {what} costs {money(-gain.mean)} more {per} than {other} (95 % of its gain: {ends})."
    return f"{_upper(place)}: between {what} and {other} no difference in money is shown, {per} (95 %: {ends})."


def money_curve(
    cuts: Sequence[float], misses: Any, alarms: Any, marks: Mapping[str, float], currency: str, caption: str, name: str
) -> render.Html:
    """Cost of misses, of false alarms and of both over the threshold; marks: words → threshold."""
    from lepton_nb.page import charts

    both = np.asarray(misses) + np.asarray(alarms)
    series = {"misses": misses, "false alarms": alarms, "both": both}
    axis = charts.lines(cuts, series, "threshold: flagged from this probability on", f"{currency} per 1,000 pictures",
                        uprights=marks)  # fmt: skip
    return plots.show(axis, caption, name)


def leak_told(leak: Mapping[str, Any], currency: str) -> render.Html:
    """Both networks on the same photographs, and what the difference is in points and in money."""
    rows = [
        {"trained on": name, "right": classifiers.rate_words(rate), "AUC": _auc(area), "photographs": rate.n}
        for name, rate, area in (
            ("other parts", leak["honest"], leak["honest_auc"]),
            ("these parts too, in another light", leak["leaked"], leak["leaked_auc"]),
        )
    ]
    told = leak_words(leak["honest"], leak["leaked"], leak["points"], leak["money"], currency)
    shown = render.table(rows, {"right": str, "AUC": str}, "The same photographs, judged by two networks, one seed.")
    return render.join(shown, render.note(told))


def leak_words(honest: Any, leaked: Any, points: Any, money: Any, currency: str) -> str:
    """What a split at random promises too much, in points and money, in a sentence that follows the intervals."""
    start = (
        f"On the same photographs: {classifiers.rate_words(honest)} right by the network that never saw these parts, "
        f"{classifiers.rate_words(leaked)} by the one that saw them in another light."
    )
    if points.low <= 0 <= points.high:
        return f"{start} A difference is not shown ({_points(points)} points)."
    promised = words.Money(currency)
    told = f"{start} A split at random {'promises too much' if points.low > 0 else 'promises too little'}: {_points(points)} points"
    ends = f"95 %: {promised.range((money.low, money.high))}"
    if money.low <= 0 <= money.high:
        return (
            f"{told}. In money, each at its own best threshold, no difference is shown ({ends} per 1,000 photographs)."
        )
    return f"{told}, and {promised(money.mean)} per 1,000 photographs ({ends})."


# ---------------------------------------------------------------- where it looked


def looking_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """rows: set, points (Interval), blind, overlap (grad_cam.Overlap)."""
    shown = []
    for row in rows:
        cover = row["overlap"]
        ends = words.range_of((100 * cover.low, 100 * cover.high), digits=1)
        shown.append(
            {
                "set": row["set"],
                "pictures": row["points"].n,
                "points into the area": classifiers.rate_words(row["points"]),
            }
            | {"a blind spot": words.percent(row["blind"])}
            | {"overlap (IoU)": f"{words.percent(cover.value)} ({ends})", "a blind area": words.percent(cover.blind)}
        )
    texts = {name: str for name in shown[0] if name not in ("set", "pictures")}
    return render.table(shown, texts, caption)


def looking_words(row: Mapping[str, Any]) -> str:
    """Whether the map points at the fault more often than a blind spot, by the interval."""
    rate, blind = row["points"], words.percent(row["blind"])
    told = f"{_upper(row['set'])}: the map's highest place lies in the drawn area in {classifiers.rate_words(rate)}"
    if rate.low > row["blind"]:
        return f"{told}, a blind spot in {blind}: the network looks at the fault more often than chance would."
    if rate.high < row["blind"]:
        return f"{told}, a blind spot in {blind}: it looks elsewhere."
    return f"{told}, a blind spot in {blind}: no more often than chance."


def heat_grid(
    pictures: np.ndarray, maps: np.ndarray, areas: np.ndarray, titles: Sequence[str], caption: str, name: str
) -> render.Html:
    """Each picture three times: alone, under its map, with the drawn area's outline."""
    figure, grid = plots.axes(3, len(pictures), width=1.15 * len(pictures), height=3.6, squeeze=False)
    for column, (picture, heat, area) in enumerate(zip(pictures, maps, areas, strict=True)):
        for row in range(3):
            axis = plots.image(grid[row][column], picture, "" if row else titles[column], "gray")
            if row == 1:
                axis.imshow(heat, cmap="inferno", alpha=0.55, interpolation="nearest")
            elif row == 2:
                axis.contour(area, levels=[0.5], colors=[plots.ORANGE], linewidths=1.2)
    return plots.show(figure, caption, name)
