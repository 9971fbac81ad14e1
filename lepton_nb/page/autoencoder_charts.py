"""Tables, drawings and sentences of autoencoders: error by size, what is left to read, and how rare failures are found.

A figure is anything with value, low, high and n. ``rows`` of sizes are mappings with size, depth (in words), components
and network (errors), difference (network less components, on the same pictures), readers: reader → components, network
(shares right) and difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, classifiers, plots, render, words
from lepton_nb.page.risk_tables import with_ends

Rows = Sequence[Mapping[str, Any]]


def _points(found: Any) -> str:
    """A difference of shares as points, with its interval."""
    ends = words.range_of((100 * found.low, 100 * found.high), digits=1)
    return f"{words.number(100 * found.value, 1, sign=True)} ({ends})"


def _three(found: Any, sign: bool = False) -> str:
    """A figure with its interval, three digits, with its sign where it is a difference."""
    return f"{words.number(found.value, 3, sign=sign)} ({words.range_of((found.low, found.high), digits=3)})"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- fewer numbers


def errors(rows: Rows, caption: str) -> render.Html:
    """What is lost at each size, in thousandths: the components, the network, their difference, the depth that was chosen."""
    shown = [
        {"numbers": row["size"], "components": with_ends(row["components"], 1), "network": with_ends(row["network"], 1)}
        | {"network less components": with_ends(row["difference"], 1), "hidden layers": row["depth"]}
        for row in rows
    ]
    return render.table(shown, dict.fromkeys(("components", "network", "network less components"), str), caption)


def error_words(rows: Rows) -> list[str]:
    """At each size, whether the network rebuilds better than the components, by the interval of the difference."""
    told = []
    for row in rows:
        here, share = f"Through {row['size']} numbers", row["network"].value / row["components"].value
        if row["difference"].high < 0:
            told.append(f"{here} the network loses less: its error is {words.share(share)} of the components'.")
        elif row["difference"].low > 0:
            told.append(f"{here} the network loses more: its error is {words.times(share)} the components'.")
        else:
            told.append(f"{here} the network and the components are not told apart.")
    return told


def depth_words(tried: Mapping[int, Mapping[str, float]]) -> str:
    """Which depth validation chose at each size. tried: size → depth in words → error on validation pictures, in thousandths."""
    told = []
    for size, found in tried.items():
        best = min(found, key=found.__getitem__)
        each = words.listed(f"{depth} {words.number(error, 1)}" for depth, error in found.items())
        told.append(f"at {size} numbers {best} ({each})")
    return f"Validation chose, with one seed: {'; '.join(told)}."


def readings(rows: Rows, caption: str) -> render.Html:
    """What readers make of the codes, and how much more of those of the network."""
    shown = [
        {"numbers": row["size"], "reader": reader, "components": classifiers.rate_words(found["components"])}
        | {"network": classifiers.rate_words(found["network"]), "points more": _points(found["difference"])}
        for row in rows
        for reader, found in row["readers"].items()
    ]
    return render.table(shown, dict.fromkeys(("components", "network", "points more"), str), caption)


def reading_words(rows: Rows, whole: Mapping[str, Any]) -> list[str]:
    """From which codes each reader reads more, and which are read as well as all pixels: rates whose intervals overlap.

    whole: reader → rate from all pixels.
    """
    told = []
    for reader, rate in whole.items():
        better, worse = [], []
        for row in rows:
            found = row["readers"][reader]["difference"]
            better += [row["size"]] if found.low > 0 else []
            worse += [row["size"]] if found.high < 0 else []
        parts = [f"more from the network's {words.listed(better)} numbers"] if better else []
        parts += [f"more from the {words.listed(worse)} components"] if worse else []
        least = next((row["size"] for row in rows
                      if max(row["readers"][reader][way].high for way in ("components", "network")) >= rate.low), None)  # fmt: skip
        near = f"{least} numbers are enough to read as well as from" if least else "no code is read as well as"
        read = words.listed(parts) if parts else "no more from one code than from the other"
        told.append(f"{_upper(reader)}: {read}; {near} all pixels, {classifiers.rate_words(rate)}.")
    return told


def rebuilt(images: np.ndarray, versions: Mapping[str, np.ndarray], side: int, caption: str, name: str) -> render.Html:
    """Pictures (n, side²) above what each way makes of them, a row a way. versions: words → (n, side²)."""
    rows = {"as it is": images} | dict(versions)
    figure, grid = plots.axes(len(rows), len(images), width=charts.WIDTH, height=0.62 * len(rows), squeeze=False)
    for line, (label, pictures) in zip(grid, rows.items(), strict=True):
        for axis, picture in zip(line, pictures, strict=True):
            plots.image(axis, picture.reshape(side, side))
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=charts.SMALL)
    plots.describe(
        grid[0][0], f"{len(images)} pictures, each as it is and below it as rebuilt by {words.listed(versions)}."
    )
    return plots.show(figure, caption, name)


def plane(codes: Mapping[str, np.ndarray], digits: np.ndarray, caption: str, name: str) -> render.Html:
    """Two numbers a picture, in the colour of its digit, a panel a way; each digit's name at its middle. codes: (n, 2)."""
    axes = charts.panels(len(codes), 3.6, [_upper(label) for label in codes])
    for axis, found in zip(axes, codes.values(), strict=True):
        for digit in np.unique(digits):
            own = found[digits == digit]
            axis.scatter(*own.T, s=5, color=charts.CYCLE[digit % len(charts.CYCLE)], alpha=0.5, linewidths=0, rasterized=True)  # fmt: skip
            axis.annotate(str(digit), np.median(own, axis=0), fontsize=11, fontweight="bold", ha="center", va="center",
                          color=charts.INK)  # fmt: skip
        axis.set(xlabel="first number", ylabel="second number")
        axis.margins(0.02)
    plots.describe(axes[0], "Pictures by their two numbers; each digit is written at the middle of its pictures.")
    return plots.show(axes[0].figure, caption, name)


# ---------------------------------------------------------------- what is odd


def ranked(rows: Rows, caption: str) -> render.Html:
    """Ways to rank rows by how odd they are: way, columns, precision, area, f1 at the flagged share, recall, seconds."""
    shown = [
        {"way": row["way"], "columns": row["columns"], "average precision": _three(row["precision"])}
        | {"AUC": _three(row["area"]), "F1 of the flags": _three(row["f1"])}
        | {"failures found": classifiers.rate_words(row["recall"]), "seconds": words.seconds(row["seconds"])}
        for row in rows
    ]
    return render.table(shown, dict.fromkeys(list(shown[0])[2:], str), caption)


def network_words(rows: Rows, gains: Mapping[tuple[str, str], Any], network: str) -> list[str]:
    """Whether the network ranks failures better than each other way, by the same rows. gains: (columns, way) → Interval."""
    told = []
    for columns in dict.fromkeys(columns for columns, _ in gains):
        own = {way: gain for (name, way), gain in gains.items() if name == columns}
        won = [way for way, gain in own.items() if gain.low > 0]
        lost = [way for way, gain in own.items() if gain.high < 0]
        same = [way for way in own if way not in (*won, *lost)]
        parts = [f"ranks failures better than {words.listed(won)}"] if won else []
        parts += [f"loses to {words.listed(lost)}"] if lost else []
        parts += [f"is not told apart from {words.listed(same)}"] if same else []
        told.append(f"Columns {columns}: {network} {words.listed(parts)}.")
    best = max(rows, key=lambda row: row["precision"].value)
    found = f"{best['way']}, columns {best['columns']}, with an average precision of {_three(best['precision'])}"
    return [*told, f"Highest without labels: {found}."]


def scores(rows: Rows, caption: str) -> render.Html:
    """With labels: way, columns, f1, each (F1 of each seed alone), precision (average; None), recall, right (share of flags)."""
    shown = [
        {"way": row["way"], "columns": row["columns"], "F1": _three(row["f1"])}
        | {"one seed alone": words.range_of((min(row["each"]), max(row["each"])), digits=3) if row["each"] else render.MISSING}
        | {"average precision": _three(row["precision"]) if row["precision"] else render.MISSING}
        | {"failures found": classifiers.rate_words(row["recall"]), "flags that are right": classifiers.rate_words(row["right"])}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(list(shown[0])[2:], str), caption)


def physics_words(gain: Any, ours: Any, ceiling: Any) -> list[str]:
    """What three columns bring, and how near it comes to the rules that made the data. gain: F1 with less F1 without."""
    ends = f"{_three(gain, sign=True)} F1"
    if gain.low > 0:
        told = f"The three physical columns help: {ends}."
    elif gain.high < 0:
        told = f"The three physical columns harm: {ends}."
    else:
        told = f"The three physical columns change nothing that is shown: {ends}."
    place = f"the rules by which the data were made, known to nobody in a plant, reach {words.number(ceiling.value, 3)}"
    if ours.high < ceiling.value:
        return [told, f"With them F1 is {_three(ours)}; {place}: something is left to learn."]
    return [told, f"With them F1 is {_three(ours)}; {place}, within that interval or below it."]


def labels_words(gain: Any, best: str) -> str:
    """What labels are worth in the ranking: boosting's average precision less that of the best way without."""
    if gain.low > 0:
        return f"Labels are worth {_three(gain, sign=True)} average precision over {best}."
    if gain.high < 0:
        return f"Labels do not pay here: {_three(gain, sign=True)} average precision against {best}."
    return f"Between labels and {best} no difference is shown: {_three(gain, sign=True)} average precision."


def preferred_words(columns: Sequence[str], which: str) -> str:
    """How often inner folds preferred one set of columns. columns: the preferred one of each outer fold."""
    times = sum(one == which for one in columns)
    return f"Inner folds preferred the columns {which} in {times} of {words.plural(len(columns), 'outer fold')}."


def pays_from(counts: Mapping[str, int], caught: float, alarm: float, assumed: float, currency: str, way: str) -> str:
    """From which price of a failure on it pays to flag. counts: tp, fp; caught, alarm, assumed: price of a failure that
    was caught, of a false alarm, and of one that was not caught, as it is assumed."""
    if not counts["tp"]:
        return f"{_upper(way)} catches no failure: it pays at no price."
    wrong = counts["fp"] / counts["tp"]
    price = caught + alarm * wrong
    told = (
        f"{_upper(way)} raises {words.number(wrong, 1)} false alarms for each failure that it catches, so it pays from "
    )
    told += f"{words.money(price, currency)} a failure on"
    return f"{told}; assumed is {words.money(assumed, currency)}, {'more' if assumed > price else 'not more'}."


def precision_chart(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], share: float, caption: str, name: str
) -> render.Html:
    """Precision against recall: name → recall (m,), precision (m,). share: of failures, what chance would reach."""
    grid = np.linspace(0.02, 1.0, 50)
    series = {label: np.interp(grid, recall[::-1], precision[::-1]) for label, (recall, precision) in curves.items()}
    what = "share of the failures found", "share of the flags that are right"
    axis = charts.lines(grid, series, *what, levels={"by chance": share})
    axis.set(xlim=(0, 1), ylim=(0, 1.02))
    return plots.show(axis, caption, name)
