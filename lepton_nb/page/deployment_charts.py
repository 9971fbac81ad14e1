"""Tables, drawings and conclusions of a network on its way into use: smaller forms, times, load, cost, watch.

A share is anything with value, low, high and n; times are deploy.timing.Times, ratios deploy.timing.Ratio, answers
deploy.load.Answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, classifiers, plots, render, words

#: What is aimed at: points of accuracy lost at most, share of the size, times as fast, share of the bare throughput.
MOST_LOST, SIZE, FASTER, SERVED = 0.2, 0.25, 1.5, 0.8
#: A size within this of a quarter is called a quarter: a file also holds the names of its parts.
NEAR = 0.005


def time(seconds: float) -> str:
    """A time of answering, three digits whatever its size: ``0.052 ms``, ``12.4 ms``."""
    return words.rounded(1000 * seconds, "ms", 3) if seconds < 1 else words.duration(seconds)


def size(count: float) -> str:
    """Bytes of a file: ``124 kB``."""
    return words.number(count / 1000, 0, "kB")


# ---------------------------------------------------------------- smaller forms


def forms_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Each form of the network. rows: form, accuracy (share of the first seed), points (lost, mean), bytes, packed, of."""
    shown = [
        {"form": row["form"], "right": classifiers.rate_words(row["accuracy"]), "points lost": row["points"]}
        | {"file": size(row["bytes"]), "of the first": row["bytes"] / row["of"], "packed": size(row["packed"])}
        for row in rows
    ]
    formats = {"right": str, "points lost": words.decimals(2), "of the first": words.percents(0)}
    return render.table(shown, formats, caption)


def times_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """How fast each form answers. rows: form, one and many (Times), one_ratio and many_ratio (Ratio or None)."""
    shown = [
        {"form": row["form"]}
        | {f"{name} of one": time(row["one"].quantile(share)) for name, share in (("median", 0.5), ("95 %", 0.95), ("99 %", 0.99))}
        | {"times as fast": _ratio(row["one_ratio"]), "images a core-second": row["many"].a_core_second}
        | {"times as many": _ratio(row["many_ratio"])}
        for row in rows
    ]  # fmt: skip
    formats = {"images a core-second": words.count, "times as fast": str, "times as many": str}
    return render.table(shown, formats, caption)


def _ratio(ratio: Any) -> str:
    if ratio is None:
        return render.MISSING
    return f"{words.number(ratio.value, 2)} ({words.range_of((ratio.low, ratio.high), digits=2)})"


def trade_drawn(rows: Sequence[Mapping[str, Any]], caption: str, name: str) -> render.Html:
    """Size against images that a second of one core answers, a dot a form. rows: form, bytes, many (Times)."""
    figure, axis = plots.axes(1, 1, height=3.6)
    for place, row in enumerate(rows):
        colour = charts.CYCLE[place % len(charts.CYCLE)]
        axis.plot([row["bytes"] / 1000], [row["many"].a_core_second], "o", color=colour, markersize=7)
        axis.annotate(row["form"], (row["bytes"] / 1000, row["many"].a_core_second), xytext=(5, 4),
                      textcoords="offset points", fontsize=8, color=plots.INK)  # fmt: skip
    axis.set(xlabel="file (kB)", ylabel="images a core-second", ylim=(0, None))
    axis.margins(x=0.25)
    told = [
        f"{row['form']}: {size(row['bytes'])}, {words.count(row['many'].a_core_second)} images a core-second"
        for row in rows
    ]
    plots.describe(axis, f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


def layers_table(wide: Mapping[str, float], narrow: Mapping[str, float], caption: str) -> render.Html:
    """Where the time goes, layer by layer: seconds with 32 and with 8 bits."""
    rows = [
        {"layer": words.label(layer), "32 bits": time(wide[layer]), "8 bits": time(narrow[layer])}
        | {"times as fast": wide[layer] / narrow[layer] if narrow[layer] else None}
        for layer in wide
    ]
    return render.table(rows, {"times as fast": words.decimals(2)}, caption)


def layers_told(wide: Mapping[str, float], narrow: Mapping[str, float]) -> str:
    """Which layers gain by 8 bits and which lose, and whether the losers decide."""
    faster = [words.label(layer) for layer in wide if narrow[layer] < wide[layer] and layer != "other"]
    slower = [words.label(layer) for layer in wide if narrow[layer] > wide[layer] and layer != "other"]
    worst = max(narrow, key=narrow.__getitem__)
    share = words.percent(narrow[worst] / sum(narrow.values()), 0)
    return f"Faster with 8 bits: {words.listed(faster)}; slower: {words.listed(slower)}. With 8 bits most time goes to: {words.label(worst)}, {share}."


def _goal(reached: bool) -> str:
    return "reached" if reached else "missed"


def loss_told(form: str, points: Sequence[float], n: int) -> str:
    """Whether a form loses no more than is allowed. points: lost, one number a seed, each on n images."""
    mean, most = float(np.mean(points)), max(points)
    of = (
        f"on {words.count(n)} test images"
        if len(points) == 1
        else f"on {words.count(n)} test images, mean of {len(points)} seeds, at most {words.number(most, 2)}"
    )
    how = "loses" if mean > 0 else "gains" if mean < 0 else "loses no point of"
    amount = f"{words.number(abs(mean), 2)} points of " if mean else ""
    return f"{form} {how} {amount}accuracy ({of}): at most {MOST_LOST:g} was the goal, {_goal(mean <= MOST_LOST)}."


def size_told(form: str, count: float, of: float) -> str:
    """Whether a form has the size that was aimed at."""
    share = count / of
    return f"{form} has {size(count)} of {size(of)}, {words.percent(share)}: a quarter was the goal, {_goal(share <= SIZE + NEAR)}."


def faster_told(form: str, one: Any, many: Any) -> list[str]:
    """Whether a form is as much faster as was aimed at, one image at a time and many; by the whole interval."""
    told = []
    for what, ratio in (("one image at a time", one), ("many images together, processors' time", many)):
        ends = f"{words.range_of((ratio.low, ratio.high), digits=2)}, 95 %, {ratio.n} rounds"
        verdict = (
            "reached"
            if ratio.low >= FASTER
            else "missed"
            if ratio.high < FASTER
            else "open, since the interval holds it"
        )
        told.append(
            f"{form}, {what}: {words.number(ratio.value, 2)} times as fast ({ends}); {FASTER:g} times was the goal, {verdict}."
        )
    return told


def pruned_told(sparse: Mapping[str, Any], narrow: Mapping[str, Any], whole: Mapping[str, Any]) -> list[str]:
    """What leaving out weights brings, and what leaving out filters does. Each: share (left out), many (Ratio), packed, bytes, points."""
    told = []
    for name, one in (("Weights left out", sparse), ("Filters left out", narrow)):
        ratio = one["many_ratio"]
        how = "faster" if ratio.low > 1 else "slower" if ratio.high < 1 else "neither faster nor slower"
        times = f"{words.number(ratio.value, 2)} times, 95 %: {words.range_of((ratio.low, ratio.high), digits=2)}"
        told.append(
            f"{name}: the file is {words.percent(one['bytes'] / whole['bytes'], 0)} of the whole one, packed {words.percent(one['packed'] / whole['packed'], 0)}; "
            f"{how} ({times}); {words.number(one['points'], 2, sign=True)} points lost."
        )
    return told


# ---------------------------------------------------------------- a service under load


def load_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """A service at each load. rows: service, rate, answers, foreseen (seconds, or None where the queue has no end)."""
    shown = [
        {"service": row["service"], "asked a second": row["rate"], "answered": row["answers"].answered_a_second}
        | {name: time(row["answers"].quantile(share)) if len(row["answers"].seconds) else render.MISSING
           for name, share in (("median", 0.5), ("95 %", 0.95), ("99 %", 0.99))}
        | {"M/M/1, 95 %": "no end" if row["foreseen"] is None else time(row["foreseen"])}
        | {"refused": sum(row["answers"].refused.values())}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, dict.fromkeys(("asked a second", "answered", "refused"), words.count), caption)


def load_drawn(
    measured: Mapping[str, Sequence[tuple[float, float]]],
    foreseen: tuple[np.ndarray, np.ndarray],
    limit: float,
    caption: str,
    name: str,
) -> render.Html:
    """95 % time of answering against load. measured: service → (asked a second, seconds); foreseen: the curve of M/M/1."""
    figure, axis = plots.axes(1, 1, height=3.4)
    told = []
    for place, (service, points) in enumerate(measured.items()):
        at, times = np.array(points).T
        axis.plot(at, 1000 * times, "o-", color=charts.CYCLE[place % len(charts.CYCLE)], label=service)
        each = ", ".join(f"{time(one)} at {words.count(rate)}" for rate, one in points)
        told.append(f"{service}: {each} requests a second")
    axis.plot(foreseen[0], 1000 * foreseen[1], color=plots.INK, linestyle=(0, (4, 3)), linewidth=1.2, label="M/M/1")
    axis.axhline(1000 * limit, color=plots.GREY, linewidth=1)
    axis.set(xlabel="requests a second", ylabel="95 % answered within (ms)", yscale="log", xlim=(0, None))
    axis.legend(labelcolor=plots.INK)
    plots.describe(axis, f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


def bend(points: Sequence[tuple[float, float]], limit: float) -> float | None:
    """The highest load up to which every load tried kept the limit; None: not even the lowest did."""
    kept = None
    for rate, seconds in sorted(points):
        if seconds > limit:
            break
        kept = rate
    return kept


def bend_told(service: str, points: Sequence[tuple[float, float]], limit: float, capacity: float) -> str:
    """Up to which load a service keeps its limit, and what that is of all it can answer."""
    kept, most = bend(points, limit), max(rate for rate, _ in points)
    wanted = f"95 % within {time(limit)}"
    if kept is None:
        return f"{service} does not keep {wanted} even at {words.count(min(rate for rate, _ in points))} requests a second."
    share = (
        f"{words.percent(kept / capacity, 0)} of the {words.count(capacity)} that it answers when asked without a pause"
    )
    if kept == most:
        return f"{service} keeps {wanted} at every load tried, up to {words.count(kept)} requests a second, {share}."
    return f"{service} keeps {wanted} up to {words.count(kept)} requests a second, {share}, and no longer at the next load tried."


def foreseen_told(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether the formula of M/M/1 is on the safe side. rows: answers, foreseen; where the queue has an end."""
    pairs = [
        (row["answers"].quantile(0.95), row["foreseen"])
        for row in rows
        if row["foreseen"] is not None and len(row["answers"].seconds)
    ]
    if not pairs:
        return "At no load tried does the queue of M/M/1 have an end."
    above = sum(measured > foreseen for measured, foreseen in pairs)
    ratio = float(np.median([measured / foreseen for measured, foreseen in pairs]))
    how = "on the safe side" if not above else "too hopeful" if above == len(pairs) else "sometimes too hopeful"
    return (
        f"M/M/1 is {how}: at {above} of {len(pairs)} loads below capacity the measured 95 % point lies above it; "
        f"the middle ratio of measured to foreseen is {words.number(ratio, 2)}."
    )


def served_told(rows: int, served: float, bare: float, share: Any) -> str:
    """How much of the bare runtime's throughput is left over HTTP.

    served, bare: images for each second of processors' time, medians of the rounds; rows: of one request; share: their ratio (Ratio). The goal is
    reached or missed where the whole interval is.
    """
    what = "with one image a request" if rows == 1 else f"with {rows} images a request"
    goal = (
        "reached" if share.low >= SERVED else "missed" if share.high < SERVED else "open, since the interval holds it"
    )
    return (
        f"Served {what}: {words.count(served)} images for a second of the processor where the bare runtime gives {words.count(bare)}, "
        f"{words.percent(share.value, 0)} ({words.percent(share.low, 0)} to {words.percent(share.high, 0)}, {share.n} rounds); "
        f"{words.percent(SERVED, 0)} was the goal, {goal}."
    )


def refusals_table(rows: Sequence[Mapping[str, Any]]) -> render.Html:
    """What is not answered. rows: sent, status, said."""
    return render.table(rows, {"status": str}, "Requests that the service refuses, and what it says.")


# ---------------------------------------------------------------- use, cost, watch


def use_told(read: Any, wrong: Any, cut: float, most: float) -> list[str]:
    """What is read without a person. read: share of images; wrong: share of wrong ones among them; most: allowed."""
    how = "within" if wrong.high <= most else "above" if wrong.low > most else "not shown to be within or above"
    return [
        f"At a confidence of {words.number(cut, 3)} or more the machine reads {classifiers.rate_words(read)} of the images by itself, "
        f"the rest goes to a person.",
        f"Of those it reads, {words.percent(wrong.value, 2)} are wrong ({words.percent(wrong.low, 2)} to {words.percent(wrong.high, 2)}, "
        f"n = {words.count(wrong.n)}): {how} the {words.percent(most, 2)} that is allowed.",
    ]  # fmt: skip


def watch_drawn(shares: Sequence[float], limit: float, change: int, caption: str, name: str) -> render.Html:
    """Share of images handed to a person, window by window. limit: of the alarm; change: first window after it."""
    figure, axis = plots.axes(1, 1, height=2.6)
    at = np.arange(1, len(shares) + 1)
    axis.plot(at, 100 * np.array(shares), "o-", color=plots.BLUE, markersize=4)
    axis.axhline(100 * limit, color=plots.RED, linewidth=1.2)
    axis.axvline(change + 0.5, color=plots.GREY, linewidth=1, linestyle=(0, (3, 2)))
    axis.set(xlabel="window", ylabel="to a person (%)", ylim=(0, None))
    each = ", ".join(words.number(100 * share, 1) for share in shares)
    plots.describe(
        axis, f"Percent to a person: {each}; alarm above {words.number(100 * limit, 1)}; change after window {change}."
    )
    return plots.show(figure, caption, name)


def watch_told(shares: Sequence[float], limit: float, change: int, rows: int) -> str:
    """Whether the change was seen, how soon, and whether the alarm rang without one. change: windows before it."""
    rung = [place for place, share in enumerate(shares) if share > limit]
    false, true = [place for place in rung if place < change], [place for place in rung if place >= change]
    early = f"{words.plural(len(false), 'false alarm')} in {words.plural(change, 'window')} before the change"
    if not true:
        return f"The change is not seen in {words.plural(len(shares) - change, 'window')} of {rows} images after it; {early}."
    return f"The alarm rings in window {true[0] - change + 1} after the change, after at most {words.count((true[0] - change + 1) * rows)} images; {early}."


def cost_table(rows: Sequence[Mapping[str, Any]], currency: str, caption: str) -> render.Html:
    """Cost of answers. rows: service, rate (requests a second that keep the limit, or None), full and used (per 1,000)."""
    shown = [
        {"service": row["service"], "requests a second within the limit": row["rate"]}
        | {f"per 1,000, {words_of}": render.MISSING if row[key] is None else words.number(row[key], 6, currency)
           for words_of, key in (("always so busy", "full"), ("used so much", "used"))}
        | {"per million, used so much": render.MISSING if row["used"] is None else words.rounded(1000 * row["used"], currency, 2)}
        for row in rows
    ]  # fmt: skip
    return render.table(shown, {"requests a second within the limit": words.count}, caption)
