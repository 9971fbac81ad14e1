"""Tables, drawings and conclusions of forecasting: ways to foretell a series beside each other, with their intervals.

A mean over forecasts is anything with value, low, high and n. ``electric`` maps horizon → way → {"mse", "mae"};
``found`` maps series → way → {"error", "pinball", "coverage"} (means), "width" and "unit".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words

#: What 90 % intervals are held to.
COVERED = (0.88, 0.92)


def ends_of(mean: Any, digits: int = 3, sign: bool = False) -> str:
    """A mean with its interval: ``0.371 (0.352–0.390)``."""
    ends = words.range_of((mean.low, mean.high), digits=digits)
    return f"{words.number(mean.value, digits, sign=sign)} ({ends})"


def tasks_table(rows: Sequence[Mapping[str, Any]]) -> render.Html:
    """What is forecast from what, and how many forecasts each part holds."""
    caption = "The series and their parts, in the order of time. Forecasts: origins that lie wholly within a part, times series."
    counts = dict.fromkeys(("series", "sees", "foretells", "in training", "in validation", "in the test"), words.count)
    return render.table(rows, counts | {"measured": words.percent}, caption)


# ---------------------------------------------------------------- ETTh1


def electric_table(
    electric: Mapping[int, Mapping[str, Mapping[str, Any]]], published: Mapping[str, Mapping[int, float]], real: bool
) -> render.Html:
    """Squared and absolute error of each way and horizon, and what others published of the same split."""
    rows = []
    for horizon, ways in electric.items():
        rows += [
            {
                "horizon": f"{horizon} h",
                "way": way,
                "MSE": ends_of(one["mse"]),
                "MAE": words.number(one["mae"].value, 3),
            }
            | {"forecasts": one["mse"].n}
            for way, one in ways.items()
        ]
        rows += [
            {"horizon": f"{horizon} h", "way": f"published: {name}", "MSE": words.number(values[horizon], 3)}
            | {"MAE": render.MISSING, "forecasts": None}
            for name, values in published.items()
            if real and horizon in values
        ]
    caption = "Test part, judged once, standardised by the training part. Forecasts: origins, of all seven columns. In brackets: 95 % bootstrap over blocks of origins."
    return render.table(rows, {"MSE": str, "MAE": str, "forecasts": words.count}, caption)


def electric_drawn(
    electric: Mapping[int, Mapping[str, Mapping[str, Any]]], published: Mapping[str, Mapping[int, float]], real: bool,
    caption: str, name: str,
) -> render.Html:  # fmt: skip
    """Squared error by horizon, a line a way; published figures as crosses."""
    figure, axis = plots.axes(1, 1, height=3.3)
    horizons, told = list(electric), []
    for place, way in enumerate(next(iter(electric.values()))):
        values = [electric[horizon][way]["mse"].value for horizon in horizons]
        axis.plot(range(len(horizons)), values, "o", color=charts.CYCLE[place % len(charts.CYCLE)], label=way,
                  linestyle=charts.DASHES[place % len(charts.DASHES)], markersize=4)  # fmt: skip
        told.append(f"{way} {', '.join(words.number(value, 3) for value in values)}")
    for way, values in published.items() if real else ():
        places = [place for place, horizon in enumerate(horizons) if horizon in values]
        if places:
            axis.plot(
                places, [values[horizons[place]] for place in places], "x", color=plots.INK, label=f"published: {way}"
            )
            told.append(f"published {way} {', '.join(words.number(values[horizons[place]], 3) for place in places)}")
    axis.set_xticks(range(len(horizons)), [f"{horizon} h" for horizon in horizons])
    axis.set(xlabel="horizon", ylabel="MSE (standardised)")
    axis.legend(labelcolor=plots.INK, fontsize=8)
    plots.describe(axis, f"At {words.listed(f'{horizon} h' for horizon in horizons)}: {'; '.join(told)}.")
    return plots.show(figure, caption, name)


def floor_told(
    electric: Mapping[int, Mapping[str, Mapping[str, Any]]], network: str, other: str, near: float = 0.005
) -> list[str]:
    """At which horizons the network's squared error is below that of the other way, near it, or above."""
    gaps = {horizon: ways[network]["mse"].value - ways[other]["mse"].value for horizon, ways in electric.items()}
    groups = {
        "below": [horizon for horizon, gap in gaps.items() if gap < 0],
        f"above by at most {words.number(near, 3)}": [horizon for horizon, gap in gaps.items() if 0 <= gap <= near],
        f"above by more than {words.number(near, 3)}": [horizon for horizon, gap in gaps.items() if gap > near],
    }
    told = [
        f"MSE of the {network} {how} that of the {other}: at {words.listed(f'{one} h' for one in which)}."
        for how, which in groups.items()
        if which
    ]
    each = words.listed(f"{words.number(gap, 4, sign=True)} ({horizon} h)" for horizon, gap in gaps.items())
    return [*told, f"Differences: {each}."]


def published_told(
    electric: Mapping[int, Mapping[str, Mapping[str, Any]]], published: Mapping[str, Mapping[int, float]], way: str
) -> list[str]:
    """How one way stands to each published figure, by its value alone: the others come without an interval."""
    told = []
    for name, values in published.items():
        shared = [horizon for horizon in electric if horizon in values]
        below = [horizon for horizon in shared if electric[horizon][way]["mse"].value < values[horizon]]
        if shared:
            at = words.listed((f"{horizon} h" for horizon in below), none="no horizon")
            told.append(f"The {way} here is below the published {name} at {at}, of {len(shared)}.")
    return told


# ---------------------------------------------------------------- which way is better


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def against(gain: Any, first: str, second: str, where: str, unit: str, digits: int = 3) -> str:
    """Which of two ways errs less on the same forecasts, in a sentence that follows the interval of the difference."""
    how = "errs less" if gain.high < 0 else "errs more" if gain.low > 0 else "is not told apart"
    ends = words.range_of((gain.low, gain.high), digits=digits)
    return f"{_upper(where)}: {first} {how} {'than' if 'errs' in how else 'from'} {second}, {words.number(gain.value, digits, sign=True)} {unit} (95 %: {ends})."


def network_told(gains: Mapping[str, Any], network: str, other: str) -> str:
    """Whether the network is worth its trouble, over all series together. gains: series → difference of errors."""
    won = [name for name, gain in gains.items() if gain.high < 0]
    lost = [name for name, gain in gains.items() if gain.low > 0]
    open_ = [name for name in gains if name not in won and name not in lost]
    told = []
    if won:
        told.append(f"{_upper(network)} is better than {other} on {words.listed(won)}")
    if lost:
        told.append(
            f"it loses on {words.listed(lost)}"
            if told
            else f"{_upper(network)} loses to {other} on {words.listed(lost)}"
        )
    if open_:
        apart = f"not told apart on {words.listed(open_)}"
        told.append(apart if told else f"{_upper(network)} and {other} are {apart}")
    end = "" if won else ": here the simpler one will do"
    return f"{'; '.join(told)}{end}."


def digits_of(figures: Mapping[str, Any]) -> int:
    """Decimals that errors of this size are shown with."""
    size = figures["error"].value
    return 0 if size >= 1000 else 1 if size >= 1 else 3


def errors_table(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> render.Html:
    """Error, pinball loss, coverage and width of each way, series by series."""
    rows = []
    for name, ways in found.items():
        for way, one in ways.items():
            digits = digits_of(one)
            rows.append(
                {"series": name, "way": way, "MAE": ends_of(one["error"], digits), "unit": one["unit"]}
                | {"pinball": words.number(one["pinball"].value, digits), "covered": one["coverage"].value}
                | {"width": words.number(one["width"], digits), "forecasts": one["error"].n}
            )
    caption = "Test part, judged once. MAE of the middle quantile, with a 95 % bootstrap over blocks of forecasts; covered: share within the 90 % interval; width: its mean. Forecasts: days, or weeks of all stores together."
    return render.table(
        rows, {"covered": words.percent, "forecasts": words.count, "MAE": str, "pinball": str, "width": str}, caption
    )


# ---------------------------------------------------------------- prices


def prices_table(
    ahead: Mapping[str, Any], unit: str, origins: int, series: int, steps: Sequence[int] = (1, 2, 4, 8)
) -> render.Html:
    """Mean absolute error by how many weeks ahead. ahead: way → (horizon,) errors; the last season is the last price."""
    rows = [
        {"way": "last price" if way == "last season" else way}
        | {words.plural(step, "week"): words.number(values[step - 1], 3) for step in steps if step <= len(values)}
        for way, values in ahead.items()
    ]
    caption = f"Mean absolute error by weeks ahead, {unit}; {words.count(origins)} origins of the test, {words.count(series)} paths of prices."
    return render.table(rows, {name: str for name in rows[0] if name != "way"}, caption)


def walk_told(gains: Mapping[str, Any], unit: str) -> list[str]:
    """Whether any way errs less than the random walk. gains: way → its error less that of the last price."""
    if not gains:
        return []
    told = [
        f"The {way}, against the last price: {ends_of(gain, 3, sign=True)} {unit} (95 %)."
        for way, gain in gains.items()
    ]
    better = [way for way, gain in gains.items() if gain.high < 0]
    worse = [way for way, gain in gains.items() if gain.low > 0]
    end = (
        f"The random walk is beaten by {words.listed(better)}."
        if better
        else "Nothing is shown to beat the random walk: the last price is the forecast to use."
    )
    return [*told, end, *([f"Worse than the last price: {words.listed(worse)}."] if worse else [])]


# ---------------------------------------------------------------- intervals


def coverage_told(coverage: Mapping[str, Any], way: str) -> list[str]:
    """Whether the 90 % intervals of a way hold what they promise, series by series. coverage: series → mean."""
    told = []
    for name, one in coverage.items():
        how = "too few" if one.value < COVERED[0] else "too many" if one.value > COVERED[1] else "within 88 to 92"
        ends = words.percent_range((one.low, one.high), 1)
        told.append(f"{_upper(name)}: the {way}'s intervals hold {words.percent(one.value)} ({ends}), {how}.")
    return told


def narrower_told(width: Mapping[str, Mapping[str, float]], first: str, second: str) -> str:
    """How wide the intervals of two ways are beside each other. width: series → way → mean width."""
    each = words.listed(f"{name} {words.percent(ways[first] / ways[second], 0)}" for name, ways in width.items())
    return f"Width of the {first}'s intervals, of that of the {second}'s: {each}."


def levels_drawn(
    reached: Mapping[str, Mapping[float, float]], before: Mapping[str, Mapping[float, float]], caption: str, name: str
) -> render.Html:
    """Stated level of each quantile against the share of what came below it; hollow: before validation moved them."""
    figure, panels = plots.axes(1, len(reached), height=2.7, sharey=True, squeeze=False)
    told = []
    for axis, (series, shares) in zip(panels[0], reached.items(), strict=True):
        axis.plot([0, 100], [0, 100], color=plots.GREY, linewidth=0.9)
        for table, face in ((before[series], "none"), (shares, plots.BLUE)):
            axis.plot([100 * level for level in table], [100 * share for share in table.values()], "o", color=plots.BLUE,
                      markerfacecolor=face, markersize=4)  # fmt: skip
        axis.set_title(series, fontsize=9)
        axis.set_xlabel("stated (%)")
        each = ", ".join(
            f"{words.percent(level, 0)} stated {words.percent(share, 0)} reached" for level, share in shares.items()
        )
        told.append(f"{series}: {each}")
    panels[0][0].set_ylabel("came below it (%)")
    plots.describe(panels[0][0], f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


def fan_drawn(examples: Sequence[Mapping[str, Any]], caption: str, name: str) -> render.Html:
    """One forecast a panel: what was seen last, what came, the middle, and the 90 % interval.

    examples: title, unit, past (m,), truth, low, middle, high (horizon,).
    """
    figure, panels = plots.axes(len(examples), 1, height=1.9 * len(examples), squeeze=False)
    for axis, one in zip(panels[:, 0], examples, strict=True):
        seen, ahead = np.arange(-len(one["past"]), 0), np.arange(len(one["truth"]))
        axis.plot(seen, one["past"], color=plots.GREY, linewidth=1)
        axis.fill_between(ahead, one["low"], one["high"], color=plots.BLUE, alpha=0.2, linewidth=0)
        axis.plot(ahead, one["middle"], color=plots.BLUE, linewidth=1.2, label="network")
        axis.plot(ahead, one["truth"], color=plots.INK, linewidth=1, linestyle="--", label="came")
        axis.set_title(one["title"], fontsize=9, loc="left")
        axis.set_ylabel(one["unit"], fontsize=8)
        inside = np.nanmean((one["truth"] >= one["low"]) & (one["truth"] <= one["high"]))
        plots.describe(axis, f"{one['title']}: {words.percent(inside, 0)} of what came lies within the interval.")
    panels[0, 0].legend(labelcolor=plots.INK, fontsize=8)
    panels[-1, 0].set_xlabel("steps from the origin of the forecast")
    return plots.show(figure, caption, name)


# ---------------------------------------------------------------- money


def money_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """What stock costs with each way. rows: way, cost, missing, too_many (means) and saved (mean; None for the first)."""
    money = words.Money(currency)
    shown = [
        {"way": row["way"], "cost": f"{money(row['cost'].value)} ({money.range((row['cost'].low, row['cost'].high))})"}
        | {"of it missing": money(row["missing"].value), "of it too many": money(row["too_many"].value)}
        | {"saved": render.MISSING if row["saved"] is None
           else f"{money(row['saved'].value)} ({money.range((row['saved'].low, row['saved'].high))})"}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(("cost", "of it missing", "of it too many", "saved"), str), caption)


def money_told(saved: Any, first: str, second: str, currency: str, what: str) -> str:
    """What one way saves beside another, in a sentence that follows the interval."""
    money = words.Money(currency)
    ends = f"95 %: {money.range((saved.low, saved.high))}"
    if saved.low <= 0 <= saved.high:
        return f"Between the {first} and the {second} no difference in money is shown {what} ({ends})."
    how = "less" if saved.low > 0 else "more"
    return (
        f"Under these assumptions the {first} costs {money(abs(saved.value))} {how} than the {second} {what} ({ends})."
    )


def order_told(by_quantile: Any, by_mean: Any, level: float, currency: str) -> str:
    """What ordering by the quantile that the costs ask for brings, beside ordering by the mean of the same forecast."""
    money = words.Money(currency)
    saved = by_mean.value - by_quantile.value
    how = "saves" if saved > 0 else "costs"
    return f"The costs ask for the {words.percent(level, 0)} quantile. Ordering by it {how} {money(abs(saved))} a store and week beside ordering by the mean of the same network."


def seeds_told(values: Mapping[int, Sequence[float]], together: Mapping[int, float]) -> list[str]:
    """What one training is apart from another, and what their mean is. values: horizon → MSE of each seed."""
    told = []
    for horizon, each in values.items():
        if len(each) < 2:
            told.append(f"{horizon} h: one training, MSE {words.number(together[horizon], 4)}.")
            continue
        spread = words.range_of((min(each), max(each)), digits=4)
        how = "below each of them" if together[horizon] < min(each) else "not below the best of them"
        told.append(
            f"{horizon} h: {len(each)} trainings {spread}, the mean of their forecasts {words.number(together[horizon], 4)}, {how}."
        )
    return told
