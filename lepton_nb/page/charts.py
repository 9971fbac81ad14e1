"""Charts by name: data in, axes out. Which chart answers which question:

======================  =========================================================================
``waterfall``           how steps add up to a result
``ranges``              several figures with their intervals, on one scale (a football field)
``tornado``             which assumption moves a value how far
``cash_by_year``        money in and out by year, and the running sum
``bars``                parts beside each other or stacked, by row
``lines``               curves, each with a band where it has one, and points that were measured
``histogram``           the spread of draws, with its marks
``densities``           spreads of several sets of draws over each other
``decay``               a metric that falls, its intervals and the fitted curve
``matrix``              a figure for each pair (rate and half-life; two policies)
``correlations``        a matrix from -1 to 1
``calibration``         whether scores are probabilities
``profit_curve``        what a cut is worth, by the share flagged
``confusion``           right and wrong, by truth and decision
``scatter``             options by two figures, with the front that none beats
``timeline``            what happens when
``panels``              axes one below the other, for several of these
======================  =========================================================================

A chart takes data, never a client, and optional axes; it gives the axes back, for
:func:`lepton_nb.page.plots.show`. It writes what it shows in words (:func:`lepton_nb.page.plots.describe`), for
who cannot see it. Colour never speaks alone: a sign, a place, a marker or a line style says the same. All is
drawn narrow, so that a telephone shows it whole. A figure that is missing (None, nan) is a gap, and no error.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import matplotlib.dates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.transforms import ScaledTranslation

from lepton_nb.page import plots, words
from lepton_nb.page.plots import BLUE, CYCLE, GREEN, GREY, INK, ORANGE, PURPLE, RED

__all__ = [
    "Bar",
    "Range",
    "bars",
    "calibration",
    "cash_by_year",
    "confusion",
    "correlations",
    "decay",
    "densities",
    "histogram",
    "lines",
    "matrix",
    "panels",
    "profit_curve",
    "ranges",
    "scatter",
    "timeline",
    "tornado",
    "waterfall",
]

#: Width of a chart in inches: its letters stay above 9 pixels on a telephone.
WIDTH = 5.4
#: Smallest size of letters, in points.
SMALL = 8.5
#: Height of one row, in inches.
ROW = 0.34
#: Line styles and markers that tell series apart without colour.
DASHES = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (6, 1.6, 1, 1.6)), (0, (3, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P")
#: Hatches that tell stacked parts apart without colour.
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")
#: Below zero orange, above zero blue, nothing at zero.
DIVERGING = LinearSegmentedColormap.from_list("lepton-diverging", ["#edb33c", "#f7f7f7", "#6aacde"])
RISING = LinearSegmentedColormap.from_list("lepton-rising", ["#f7f7f7", "#6aacde"])


#: Letters on a coloured field, which is pale in both themes.
FIELD = "#16202a"


class Range(NamedTuple):
    """One row of :func:`ranges`."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    kind: str = ""  # rows of one kind share a colour
    strong: bool = True  # pale where it is shown for comparison only


class Bar(NamedTuple):
    """One row of :func:`tornado`: the value where an assumption is low and where it is high."""

    label: str
    at_low: float
    at_high: float
    low_words: str = ""
    high_words: str = ""


# Helpers ---------------------------------------------------------------------------------------------------------


def _real(value: Any) -> float:
    """A number; nan where there is none or it is endless."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return math.nan
    return found if math.isfinite(found) else math.nan


def _reals(values: Any) -> np.ndarray:
    return np.array([_real(value) for value in values], dtype=float)


def wrapped(text: Any, width: int = 24, most: int = 2) -> str:
    """A label on at most ``most`` lines of ``width`` characters; what is longer ends in an ellipsis."""
    found = textwrap.wrap(" ".join(str(text).split()), width, break_long_words=True) or [""]
    if len(found) > most:
        found = [*found[: most - 1], words.elided(" ".join(found[most - 1 :]), width)]
    return "\n".join(found)


def _axis(axis: Axes | None, height: float) -> Axes:
    return axis if axis is not None else plots.axes(width=WIDTH, height=height)[1]


def _scale(*amounts: Any) -> tuple[float, str]:
    """By what amounts are divided so that ticks are short, and the word for it."""
    sizes = [abs(value) for group in amounts for value in np.atleast_1d(_reals(np.ravel(group))) if value == value]
    top = max(sizes, default=0.0)
    if top >= 1e9:
        return 1e9, "billion"
    return (1e6, "million") if top >= 1e6 else (1e3, "thousand") if top >= 1e4 else (1.0, "")


def _told(what: str, size: str, unit: str) -> str:
    """The words beside an axis: ``value, million EUR``."""
    tail = " ".join(part for part in (size, unit) if part)
    return ", ".join(part for part in (what, tail) if part)


def _amount(value: float, unit: str) -> str:
    return words.money(value, unit) if unit else words.figure(value)


def _rows(axis: Axes, labels: Sequence[Any], width: int = 24) -> None:
    """Names of rows that run downwards, the first on top."""
    axis.set_yticks(range(len(labels)), [wrapped(label, width) for label in labels], fontsize=SMALL)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y", visible=False)


def _height(rows: int, more: float = 0.75) -> float:
    return ROW * max(rows, 1) + more


def _zero(axis: Axes, upright: bool = True) -> None:
    (axis.axvline if upright else axis.axhline)(0, color=GREY, linewidth=0.9, zorder=1)


def _ticks(axis: Axes, most: int = 6) -> None:
    """Few enough ticks that their numbers do not touch."""
    if axis.get_xscale() == "linear":
        axis.locator_params(axis="x", nbins=most)


def _legend(axis: Axes, most: int = 1) -> None:
    """A legend under the drawing, where there is more than one thing to tell apart; the figure grows by it."""
    handles, names = axis.get_legend_handles_labels()
    if len(names) <= most:
        return
    names = [words.elided(name, 56) for name in names]
    columns = max(min(len(names), 62 // (max(map(len, names)) + 6)), 1)
    look = {"fontsize": SMALL, "ncols": columns, "columnspacing": 1.4}
    figure = axis.figure
    rows = -(-len(names) // columns)
    figure.set_figheight(figure.get_figheight() + 0.2 * (rows - 1))
    if len(figure.axes) == 1:
        figure.legend(handles, names, loc="outside lower center", **look)
    else:  # one of several panels
        below = ScaledTranslation(0, -(36 if axis.get_xlabel() else 22) / 72, figure.dpi_scale_trans)
        axis.legend(handles, names, loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=0,
                    bbox_transform=axis.transAxes + below, **look)  # fmt: skip


def _empty(axis: Axes, text: str = "Nothing to draw.") -> Axes:
    """Axes that say why they are empty."""
    axis.set_axis_off()
    axis.text(0.5, 0.5, text, ha="center", va="center", transform=axis.transAxes)
    return plots.describe(axis, text)


def panels(count: int, height: float = 2.7, titles: Sequence[Any] = (), heights: Sequence[float] = ()) -> list[Axes]:
    """Axes one below the other, at least one, each with its title; ``heights`` in inches where they differ."""
    sizes = list(heights) or [height] * max(count, 1)
    _, grid = plots.axes(
        max(count, 1), 1, width=WIDTH, height=sum(sizes), squeeze=False, gridspec_kw={"height_ratios": sizes}
    )
    found = list(grid[:, 0])
    for axis, title in zip(found, titles, strict=False):
        axis.set_title(wrapped(title, 52))
    return found


def banded(axis: Axes, places: Sequence[float], ends: Any, number: int, label: str) -> None:
    """A line with its interval as a band, told apart by colour, dashes and marker.

    ends: (n, 3) low, value, high; number: of the line among those of the axes.
    """
    low, value, high = np.asarray(ends, float).T
    colour = CYCLE[number % len(CYCLE)]
    axis.fill_between(places, low, high, color=colour, alpha=0.16, linewidth=0)
    axis.plot(places, value, color=colour, linestyle=DASHES[number], marker=MARKERS[number], markersize=4, label=label)


# Money -----------------------------------------------------------------------------------------------------------


def waterfall(
    steps: Sequence[tuple[str, float | None]],
    unit: str = "",
    total: str = "Value",
    within: Any = None,
    start: tuple[str, float] | None = None,
    what: str = "present value",
    axis: Axes | None = None,
    tell: Callable[[float], str] | None = None,
) -> Axes:
    """How steps add up to a result.

    steps: words and amount, in order. within: the interval of the result, drawn as a line on it. start: a
    result that the steps begin at; ``total``: the words for what they end in. tell: an amount in words; missing: as it is.
    """
    tell = tell or partial(words.money, currency="")
    amounts = _reals(amount for _, amount in steps)
    names = [name for name, _ in steps]
    opening = 0.0 if start is None else _real(start[1])
    ends = words._ends(within)
    size, word = _scale(np.cumsum(np.nan_to_num(amounts)) + opening, amounts, [end for end in ends if end is not None])
    rows = [(start[0], 0.0, opening, PURPLE)] if start else []
    level = opening
    for name, amount in zip(names, amounts, strict=True):
        rows.append((name, level, amount, BLUE if not amount < 0 else ORANGE))
        level += 0.0 if amount != amount else amount
    rows.append((total, 0.0, level, GREEN if level >= 0 else RED))
    axis = _axis(axis, _height(len(rows), 0.7))
    for place, (_, base, amount, colour) in enumerate(rows):
        told = tell(amount)
        if amount == amount:
            axis.barh(place, amount / size, left=base / size, height=0.62, color=colour, linewidth=0)
        right = max(base, base + amount) if amount == amount else base
        if place == len(rows) - 1 and ends[1] is not None:
            right = max(right, ends[1])
        axis.annotate(told, (right / size, place), xytext=(5, 0), textcoords="offset points", va="center", fontsize=SMALL,
                      color=INK, fontweight="bold" if place == len(rows) - 1 else "normal")  # fmt: skip
        if place < len(rows) - 1:
            after = (base + (amount if amount == amount else 0.0)) / size
            axis.plot([after, after], [place + 0.31, place + 0.69], color=GREY, linewidth=0.8)
    if ends[0] is not None and ends[1] is not None:
        axis.errorbar(
            (ends[0] + ends[1]) / 2 / size, len(rows) - 1, xerr=(ends[1] - ends[0]) / 2 / size, color=INK, capsize=4,
            linewidth=1.3, fmt="none",
        )  # fmt: skip
    _zero(axis)
    _rows(axis, [name for name, *_ in rows])
    axis.margins(x=0.14)
    _ticks(axis)
    axis.set_xlabel(wrapped(_told(what, word, unit), 54))
    told = [f"{name} {_amount(amount, unit)}" for name, amount in zip(names, amounts, strict=True)]
    begin = f"From {start[0]} {_amount(opening, unit)}: " if start else ""
    tail = f", range {words.money_range(within, unit)}" if ends[0] is not None else ""
    return plots.describe(axis, f"{begin}{'; '.join(told)}; {total} {_amount(level, unit)}{tail}.")


def ranges(
    rows: Sequence[Range | tuple],
    unit: str = "",
    what: str = "",
    line: float | None = None,
    zero: bool = True,
    axis: Axes | None = None,
) -> Axes:
    """Several figures with their intervals on one scale; ``line`` marks a conclusion across all rows."""
    rows = [Range(*row) for row in rows]
    axis = _axis(axis, _height(len(rows), 0.7))
    if not rows:
        return _empty(axis)
    size, word = _scale(*([row.value, row.low, row.high] for row in rows))
    kinds = list(dict.fromkeys(row.kind for row in rows))
    colours = dict(zip(kinds, (BLUE, *[c for c in CYCLE if c != BLUE]) * (len(kinds) // len(CYCLE) + 1), strict=False))
    named: set[str] = set()
    for place, row in enumerate(rows):
        low, value, high = (_real(end) / size for end in (row.low, row.value, row.high))
        if low == low and high == high:
            label = row.kind if row.kind and row.kind not in named and row.strong else None
            named |= {row.kind} if label else set()
            axis.barh(place, high - low, left=low, height=0.5, linewidth=0, color=colours[row.kind], label=label,
                      alpha=0.9 if row.strong else 0.35)  # fmt: skip
            axis.plot([low, high], [place, place], color=INK, linewidth=0.8, alpha=0.7)
        if value == value:
            axis.plot(value, place, "o", color=INK, markersize=4.5 if row.strong else 3.5, zorder=4)
        elif low != low:
            axis.annotate(words.MISSING, (0, place), va="center", color=INK)
    if line is not None and _real(line) == _real(line):
        axis.axvline(line / size, color=INK, linewidth=1.3, linestyle=DASHES[1])
    if zero:
        _zero(axis)
    _rows(axis, [row.label for row in rows])
    axis.use_sticky_edges = False  # a bar without length would hold the end of the axis, and half its dot be cut
    axis.margins(x=0.05)
    _ticks(axis)
    axis.set_xlabel(wrapped(_told(what, word, unit), 54))
    _legend(axis)
    told = []
    for row in rows:
        ends = "" if row.low is None or row.high is None else f", {words.money_range((row.low, row.high), unit)}"
        told.append(f"{row.label}: {_amount(row.value, unit)}{ends}")
    return plots.describe(axis, "; ".join(told) + ".")


def tornado(
    rows: Sequence[Bar | tuple], base: float, unit: str = "", what: str = "value", axis: Axes | None = None
) -> Axes:
    """The value with one assumption at its low end (orange) and at its high end (blue), the longest bar on top."""
    rows = [Bar(*row) for row in rows]
    axis = _axis(axis, _height(len(rows), 0.7))
    if not rows:
        return _empty(axis, "No assumption has a range.")
    size, word = _scale([base], *([row.at_low, row.at_high] for row in rows))
    for place, row in enumerate(rows):
        ends = [_real(row.at_low), _real(row.at_high)]
        middle = np.nanmean(ends) if any(end == end for end in ends) else math.nan
        for end, colour, hatch, told in zip(
            ends, (ORANGE, BLUE), ("///", ""), (row.low_words, row.high_words), strict=True
        ):
            if end != end:
                continue
            axis.barh(place, (end - base) / size, left=base / size, color=colour, height=0.6, hatch=hatch, linewidth=0,
                      edgecolor="white")  # fmt: skip
            right = end > middle or (end == middle and colour == BLUE)
            axis.annotate(words.elided(told, 18), (end / size, place), xytext=(4 if right else -4, 0), fontsize=SMALL,
                          textcoords="offset points", color=INK, ha="left" if right else "right", va="center")  # fmt: skip
    axis.axvline(base / size, color=INK, linewidth=1)
    _rows(axis, [row.label for row in rows])
    axis.margins(x=0.24)
    _ticks(axis, 5)
    axis.set_xlabel(wrapped(_told(what, word, unit), 54))
    told = [
        f"{row.label} from {row.low_words or 'low'} to {row.high_words or 'high'}: "
        f"{_amount(row.at_low, unit)} to {_amount(row.at_high, unit)}"
        for row in rows
    ]
    return plots.describe(axis, f"Around {_amount(base, unit)}. {'; '.join(told)}.")


def cash_by_year(
    years: Sequence[Any],
    parts: Mapping[str, Sequence[float]],
    unit: str = "",
    cumulative: bool = True,
    what: str = "cash flow",
    axis: Axes | None = None,
) -> Axes:
    """Money in (above zero) and out (below) by year; the line is the running sum.

    parts: words → one amount a year, costs negative.
    """
    axis = _axis(axis, 3.4)
    if not len(years) or not parts:
        return _empty(axis, "No money flows.")
    found = {name: np.nan_to_num(_reals(amounts)) for name, amounts in parts.items()}
    net = sum(found.values())
    running = np.cumsum(net)
    size, word = _scale(*found.values(), net, running if cumulative else net)
    place = np.arange(len(years))
    up, down = np.zeros(len(years)), np.zeros(len(years))
    for at, (name, amounts) in enumerate(found.items()):
        base = np.where(amounts >= 0, up, down)
        axis.bar(place, amounts / size, bottom=base / size, width=0.66, color=CYCLE[at % len(CYCLE)], label=name, linewidth=0,
                 hatch=HATCHES[at % len(HATCHES)], edgecolor="white")  # fmt: skip
        up, down = up + np.maximum(amounts, 0), down + np.minimum(amounts, 0)
    if cumulative:
        axis.plot(place, running / size, "o-", color=INK, markersize=3.5, linewidth=1.3, label="running sum")
    else:
        axis.plot(place, net / size, "D", color=INK, markersize=4, label="net")
    _zero(axis, upright=False)
    step = -(-len(years) // 12)
    axis.set_xticks(place[::step], [wrapped(year, 9) for year in list(years)[::step]], fontsize=SMALL)
    axis.grid(axis="x", visible=False)
    axis.set_ylabel(wrapped(_told(what, word, unit), 34))
    _legend(axis)
    told = [f"{year}: {_amount(amount, unit)}" for year, amount in zip(years, net, strict=True)]
    return plots.describe(axis, f"Net by year: {'; '.join(told)}. In all {_amount(running[-1], unit)}.")


def bars(
    labels: Sequence[Any],
    series: Mapping[str, Sequence[float | None]],
    unit: str = "",
    what: str = "",
    stacked: bool = False,
    limits: tuple[float, float] | None = None,
    axis: Axes | None = None,
) -> Axes:
    """Rows with one bar a series, beside each other or stacked; stacked parts below zero run to the left."""
    thick = 1 if stacked else max(len(series), 1)
    axis = _axis(axis, _height(len(labels) * (1 + 0.5 * (thick - 1)), 1.0))
    if not len(labels) or not series:
        return _empty(axis)
    found = {name: _reals(values) for name, values in series.items()}
    size, word = _scale(*found.values())
    place = np.arange(len(labels))
    right, left = np.zeros(len(labels)), np.zeros(len(labels))
    for at, (name, values) in enumerate(found.items()):
        amounts = np.nan_to_num(values)
        look = {"color": CYCLE[at % len(CYCLE)], "label": name, "linewidth": 0, "edgecolor": "white",
                "hatch": HATCHES[(at // (1 if stacked else len(HATCHES))) % len(HATCHES)]}  # fmt: skip
        if stacked:
            axis.barh(place, amounts / size, left=np.where(amounts >= 0, right, left) / size, height=0.6, **look)
            right, left = right + np.maximum(amounts, 0), left + np.minimum(amounts, 0)
        else:
            tall = 0.76 / len(found)
            axis.barh(place + tall * (at - (len(found) - 1) / 2), amounts / size, height=0.92 * tall, **look)
    _zero(axis)
    _rows(axis, labels)
    if limits:
        axis.set_xlim(limits[0] / size, limits[1] / size)
    _ticks(axis)
    axis.set_xlabel(wrapped(_told(what, word, unit), 54))
    _legend(axis)
    told = [
        f"{label}: " + ", ".join(f"{name} {_amount(values[at], unit)}" for name, values in found.items())
        for at, label in enumerate(labels)
    ]
    return plots.describe(axis, "; ".join(told) + ".")


# Curves ----------------------------------------------------------------------------------------------------------


def lines(
    x: Sequence[float],
    series: Mapping[str, Any],
    x_label: str = "",
    y_label: str = "",
    points: Sequence[tuple[str, float, float]] = (),
    uprights: Mapping[str, float] | None = None,
    levels: Mapping[str, float] | None = None,
    log: str = "",
    markers: bool = False,
    axis: Axes | None = None,
) -> Axes:
    """Curves over one x. A series is y, or low, middle and high (three rows), whose band is shaded.

    points: words, x, y of what was measured or is today. uprights, levels: words → place of a line across.
    log: "x", "y" or "xy".
    """
    axis = _axis(axis, 3.0)
    x = _reals(x)
    if not x.size or not series:
        return _empty(axis)
    told = []
    for at, (name, values) in enumerate(series.items()):
        found = np.array([_reals(row) for row in values]) if np.ndim(values) == 2 else _reals(values)
        colour = CYCLE[at % len(CYCLE)]
        middle = found[1] if found.ndim == 2 else found
        lonely = np.isfinite(middle).sum() == 1
        if found.ndim == 2:
            axis.fill_between(x, found[0], found[2], color=colour, alpha=0.18, linewidth=0)
        axis.plot(x, middle, color=colour, linestyle=DASHES[at % len(DASHES)], label=name or None,
                  marker=MARKERS[at % len(MARKERS)] if markers or lonely else None, markersize=4)  # fmt: skip
        seen = middle[np.isfinite(middle)]
        if seen.size:
            told.append(f"{name or 'the curve'} from {words.figure(seen[0])} to {words.figure(seen[-1])}")
    for at, (name, here, value) in enumerate(points):
        axis.plot([here], [value], MARKERS[at % len(MARKERS)], color=ORANGE if at == 0 else CYCLE[(at + 1) % len(CYCLE)],
                  markersize=7, markeredgecolor=INK, markeredgewidth=0.6, label=name or None, zorder=5)  # fmt: skip
        told.append(f"{name or 'a point'} at {words.figure(here)}: {words.figure(value)}")
    for kind, draw, dash in ((uprights, axis.axvline, DASHES[1]), (levels, axis.axhline, DASHES[2])):
        for name, here in (kind or {}).items():
            if _real(here) == _real(here):
                draw(here, color=INK, linewidth=1, linestyle=dash, label=name or None)
                told.append(f"{name or 'a line'} at {words.figure(here)}")
    if "x" in log:
        axis.set_xscale("log")
    if "y" in log:
        axis.set_yscale("log")
    _ticks(axis)
    axis.set(xlabel=wrapped(x_label, 54), ylabel=wrapped(y_label, 34))
    _legend(axis)
    over = f" over {x_label}" if x_label else ""
    return plots.describe(axis, f"{words.sentence(y_label + over)} {words.sentence('; '.join(told))}".strip())


def histogram(
    values: Any,
    unit: str = "",
    marks: Mapping[str, float] | None = None,
    shade_below: float | None = 0.0,
    what: str = "value",
    axis: Axes | None = None,
) -> Axes:
    """The spread of draws; ``marks`` are places with their words (mean, 5 %, 95 %), losses are shaded."""
    axis = _axis(axis, 2.4)
    found = _reals(np.ravel(values))
    found = found[np.isfinite(found)]
    if not found.size:
        return _empty(axis, "Nothing was drawn.")
    marks = {name: here for name, here in (marks or {}).items() if _real(here) == _real(here)}
    size, word = _scale(np.quantile(found, (0.005, 0.995)), list(marks.values()))
    scaled = found / size
    if np.ptp(scaled) < 1e-12 * max(abs(scaled[0]), 1.0):
        axis.axvline(scaled[0], color=BLUE, linewidth=3)
    else:
        axis.hist(scaled, bins=min(80, max(10, found.size // 20)), color=BLUE, histtype="stepfilled", linewidth=0)
    if shade_below is not None and found.min() < shade_below:
        edge = min(shade_below, found.max()) / size
        axis.axvspan(scaled.min(), edge, color=RED, alpha=0.16, linewidth=0, hatch="//")
    axis.set_ylim(top=1.34 * axis.get_ylim()[1])
    left, right = axis.get_xlim()
    for at, (name, here) in enumerate(sorted(marks.items(), key=lambda mark: mark[1])):
        axis.axvline(here / size, color=INK, linewidth=1, linestyle=DASHES[1])
        late = (here / size - left) / (right - left) > 0.72
        axis.annotate(wrapped(name, 18, 1), (here / size, 0.93 - 0.1 * (at % 3)), xycoords=("data", "axes fraction"), fontsize=SMALL,
                      xytext=(-4 if late else 4, 0), textcoords="offset points", color=INK, ha="right" if late else "left",
                      va="center")  # fmt: skip
    axis.set(yticks=[], xlabel=wrapped(_told(what, word, unit), 54))
    axis.spines["left"].set_visible(False)
    axis.grid(False)
    _ticks(axis)
    low, high = np.quantile(found, (0.05, 0.95))
    told = "; ".join(f"{name} {_amount(here, unit)}" for name, here in marks.items() if "%" not in name)
    below = (
        ""
        if shade_below is None
        else f" Below {words.figure(shade_below)}: {words.chance(np.mean(found < shade_below), found.size)}."
    )
    return plots.describe(axis, f"{words.count(found.size)} draws, 5 % to 95 %: {words.money_range((low, high), unit)}. "
                          f"{words.sentence(told)}{below}")  # fmt: skip


def densities(
    draws: Mapping[str, Any], unit: str = "", what: str = "", zero: bool = True, axis: Axes | None = None
) -> Axes:
    """Spreads of several sets of draws over each other; the first is filled."""
    axis = _axis(axis, 2.7)
    found = {name: _reals(np.ravel(values)) for name, values in draws.items()}
    found = {name: values[np.isfinite(values)] for name, values in found.items()}
    found = {name: values for name, values in found.items() if values.size}
    if not found:
        return _empty(axis, "Nothing was drawn.")
    together = np.concatenate(list(found.values()))
    low, high = np.quantile(together, (0.001, 0.999))
    size, word = _scale([low, high])
    low, high = (low, high) if high > low else (low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2)
    edges = np.linspace(low, high, 90)
    for at, (name, values) in enumerate(found.items()):
        height = np.histogram(values, edges)[0] / values.size
        axis.stairs(
            height,
            edges / size,
            color=CYCLE[at % len(CYCLE)],
            linewidth=1.8,
            linestyle=DASHES[at % len(DASHES)],
            label=name,
        )
        if at == 0:
            axis.stairs(height, edges / size, color=CYCLE[0], fill=True, alpha=0.2)
    if zero:
        _zero(axis)
    axis.set(yticks=[], xlabel=wrapped(_told(what, word, unit), 54), ylim=(0, None))
    axis.spines["left"].set_visible(False)
    axis.grid(False)
    _ticks(axis)
    _legend(axis)
    told = [f"{name}: {words.range_of(np.quantile(values, (0.05, 0.95)), unit)}" for name, values in found.items()]
    return plots.describe(axis, f"5 % to 95 % of the draws. {'; '.join(told)}.")


def decay(
    times: Sequence[float],
    values: Sequence[float | None],
    intervals: Sequence[tuple[float, float]] | None = None,
    curves: Mapping[str, Callable[[np.ndarray], Any]] | None = None,
    floor: float | None = None,
    x_label: str = "years",
    y_label: str = "",
    names: Sequence[Any] = (),
    axis: Axes | None = None,
) -> Axes:
    """A metric that falls: points with their intervals, and the fitted curves.

    curves: words → function of the times. floor: what a useless model reaches. names: words for the times.
    """
    axis = _axis(axis, 2.7)
    times, values = _reals(times), _reals(values)
    if not times.size:
        return _empty(axis, "Nothing was monitored.")
    if intervals is not None and len(intervals):
        low, high = _reals(low for low, _ in intervals), _reals(high for _, high in intervals)
        reach = np.clip(np.nan_to_num([values - low, high - values]), 0, None)
        axis.errorbar(times, values, yerr=reach, fmt="o", color=BLUE, markersize=4.5, linewidth=1.2, capsize=2)
    else:
        axis.plot(times, values, "o", color=BLUE, markersize=4.5)
    grid = np.linspace(min(times.min(), 0), max(times.max() * 1.15, 1e-9), 60)
    for at, (name, curve) in enumerate((curves or {}).items()):
        axis.plot(
            grid,
            _reals(curve(grid)),
            color=CYCLE[(at + 1) % len(CYCLE)],
            linestyle=DASHES[at % len(DASHES)],
            label=name,
        )
    if floor is not None:
        axis.axhline(floor, color=GREY, linewidth=1, linestyle=DASHES[2], label="useless model")
    if len(names):
        step = -(-len(names) // 6)
        axis.set_xticks(times[::step], [wrapped(name, 9) for name in list(names)[::step]], fontsize=SMALL)
    axis.set(xlabel=wrapped(x_label, 54), ylabel=wrapped(y_label, 30))
    _legend(axis, most=0)
    seen = values[np.isfinite(values)]
    told = (
        f"From {words.figure(seen[0])} to {words.figure(seen[-1])} in {len(seen)} measurements."
        if seen.size
        else "No value."
    )
    return plots.describe(axis, f"{told} {words.sentence('; '.join(curves or {}))}".strip())


# Tables as pictures ----------------------------------------------------------------------------------------------


def matrix(
    values: Any,
    rows: Sequence[Any],
    columns: Sequence[Any],
    show: Callable[[Any], str] = words.figure,
    row_label: str = "",
    column_label: str = "",
    centre: float | None = 0.0,
    limits: tuple[float, float] | None = None,
    mark: tuple[int, int] | None = None,
    axis: Axes | None = None,
) -> Axes:
    """A figure for each pair, written into its field; below ``centre`` orange, above blue.

    mark: row and column of the field that is the case at hand. centre None: one colour that rises.
    """
    found = np.array([_reals(row) for row in values], dtype=float).reshape(len(rows), len(columns))
    axis = _axis(axis, 0.36 * max(len(rows), 1) + 1.0)
    if not found.size:
        return _empty(axis)
    seen = found[np.isfinite(found)]
    low, high = limits or ((seen.min(), seen.max()) if seen.size else (0.0, 1.0))
    if centre is not None:
        reach = max(abs(low - centre), abs(high - centre)) or 1.0
        low, high = centre - reach, centre + reach
    high = high if high > low else low + 1.0
    colours = DIVERGING if centre is not None else RISING
    fields = axis.pcolormesh(np.arange(len(columns) + 1) - 0.5, np.arange(len(rows) + 1) - 0.5, np.ma.masked_invalid(found),
                    cmap=colours, vmin=low, vmax=high, edgecolors=GREY, linewidth=0.5)  # fmt: skip
    texts = [[show(value) if value == value else words.MISSING for value in row] for row in found]
    longest = max(len(text) for row in texts for text in row)
    if longest * len(columns) <= 84:  # else the colours speak, with their scale
        small = len(columns) > 8 or longest * len(columns) > 60
        for (row, column), value in np.ndenumerate(found):
            axis.text(column, row, texts[row][column], ha="center", va="center", fontsize=7 if small else SMALL,
                      color=FIELD if value == value else INK, fontweight="bold" if mark == (row, column) else "normal")  # fmt: skip
    elif seen.size:
        bar = axis.figure.colorbar(fields, ax=axis, shrink=min(1.0, 6 / len(rows)), format=lambda value, _: show(value))
        bar.outline.set_visible(False)
    if mark is not None:
        axis.add_patch(
            plots.plt.Rectangle(
                (mark[1] - 0.46, mark[0] - 0.46), 0.92, 0.92, fill=False, edgecolor=FIELD, linewidth=1.6
            )
        )
    turned = max((len(str(name)) for name in columns), default=0) > 60 / max(len(columns), 1)
    axis.set_xticks(range(len(columns)), [wrapped(name, 16 if turned else 12) for name in columns], fontsize=SMALL,
                    rotation=40 if turned else 0, ha="right" if turned else "center")  # fmt: skip
    axis.set_yticks(range(len(rows)), [wrapped(name, 20) for name in rows], fontsize=SMALL)
    axis.set_xlim(-0.5, len(columns) - 0.5)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.tick_params(length=0)
    axis.grid(False)
    for spine in axis.spines.values():
        spine.set_visible(False)
    axis.set(xlabel=wrapped(column_label, 54), ylabel=wrapped(row_label, 34))
    if not seen.size:
        return plots.describe(axis, "No figure is known.")
    least, most = (np.unravel_index(pick(found), found.shape) for pick in (np.nanargmin, np.nanargmax))
    return plots.describe(
        axis,
        f"{words.plural(len(rows), 'row')} by {words.plural(len(columns), 'column')}. Lowest {show(found[least])} ({rows[least[0]]}, {columns[least[1]]}), "
        f"highest {show(found[most])} ({rows[most[0]]}, {columns[most[1]]}).",
    )


def correlations(names: Sequence[Any], values: Any, axis: Axes | None = None) -> Axes:
    """Correlations from -1 (orange) to 1 (blue)."""
    return matrix(values, names, names, lambda value: words.number(value, 2), limits=(-1.0, 1.0), axis=axis)


def confusion(
    counts: Mapping[str, float] | Any,
    names: Sequence[Any] = ("positive", "negative"),
    show: Callable[[Any], str] = words.count,
    axis: Axes | None = None,
) -> Axes:
    """Decisions by truth. counts: tp, fn, fp, tn, or a square table with the truth in rows.

    A field says its count and its share of its row, so that rare classes can be read.
    """
    if isinstance(counts, Mapping):
        counts = [[counts.get("tp"), counts.get("fn")], [counts.get("fp"), counts.get("tn")]]
    found = np.array([_reals(row) for row in counts], dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = found / np.nansum(found, axis=1, keepdims=True)
    axis = _axis(axis, 0.55 * max(len(found), 2) + 1.0)
    if not found.size:
        return _empty(axis)
    texts = {
        (row, column): f"{show(value)}\n{words.percent(shares[row, column], 1)}"
        for (row, column), value in np.ndenumerate(found)
    }
    many = len(found) > 6
    matrix(shares, names, names, lambda value: "", "truth", "decision", centre=None, limits=(0.0, 1.0), axis=axis)
    for text in list(axis.texts):
        text.remove()
    for (row, column), told in texts.items():
        axis.text(column, row, told.split("\n")[0] if many else told, ha="center", va="center", fontsize=7 if many else SMALL,
                  color=FIELD if shares[row, column] == shares[row, column] else INK,
                  fontweight="bold" if row == column else "normal")  # fmt: skip
    told = [
        f"{words.percent(shares[at, at], 1)} of {show(np.nansum(found[at]))} that are {name}"
        for at, name in enumerate(names)
    ]
    return plots.describe(axis, f"Decided rightly: {'; '.join(told)}.")


# Decisions -------------------------------------------------------------------------------------------------------


def calibration(
    scores: Sequence[float],
    happened: Sequence[float],
    intervals: Sequence[tuple[float, float]] | None = None,
    axis: Axes | None = None,
) -> Axes:
    """Whether scores are probabilities: mean score of a part of the cases against the share that was positive."""
    axis = _axis(axis, 3.2)
    scores, happened = _reals(scores), _reals(happened)
    if not scores.size:
        return _empty(axis, "No case has a score.")
    low, high = (
        (happened, happened)
        if intervals is None
        else (_reals(a for a, _ in intervals), _reals(b for _, b in intervals))
    )
    top = np.nanmax([np.nanmax(np.append(high, 0)), np.nanmax(np.append(scores, 0)), 0.0]) * 1.06 or 1.0
    axis.plot([0, top], [0, top], color=GREY, linewidth=1, linestyle=DASHES[1], label="scores that are probabilities")
    reach = np.clip(np.nan_to_num([happened - low, high - happened]), 0, None)
    axis.errorbar(
        scores, happened, yerr=reach, fmt="o", color=BLUE, markersize=4.5, linewidth=1.2, capsize=2, label="cases"
    )
    axis.set(xlabel="mean score", ylabel="share that were positive", xlim=(0, top), ylim=(0, top))
    _ticks(axis)
    _legend(axis)
    off = int(np.sum((scores < low) | (scores > high))) if intervals is not None else None
    told = (
        ""
        if off is None
        else f" In {off} of {len(scores)} parts the mean score lies outside the interval of what happened."
    )
    return plots.describe(
        axis, f"Mean scores from {words.figure(np.nanmin(scores))} to {words.figure(np.nanmax(scores))}.{told}"
    )


def profit_curve(
    flagged: Sequence[float],
    value: Any,
    unit: str = "",
    marks: Sequence[tuple[str, float, float]] = (),
    what: str = "value per case",
    axis: Axes | None = None,
) -> Axes:
    """What is earned if the share with the highest scores is flagged; marks: words, share, value of a cut.

    value: one a share, or low, middle and high (three rows).
    """
    axis = lines(flagged, {"": value}, "share of cases flagged", _told(what, "", unit), marks, axis=axis)
    axis.xaxis.set_major_formatter(lambda share, _: words.percent(share, 0))
    _zero(axis, upright=False)
    middle = np.array([_reals(row) for row in value])[1] if np.ndim(value) == 2 else _reals(value)
    if not np.isfinite(middle).any():
        return plots.describe(axis, "No value is known.")
    best = int(np.nanargmax(middle))
    told = "; ".join(
        f"{name}: {words.percent(share, 1)} flagged, {_amount(worth, unit)}" for name, share, worth in marks
    )
    return plots.describe(
        axis,
        f"Best where {words.percent(_real(flagged[best]), 1)} are flagged: {_amount(middle[best], unit)}. {words.sentence(told)}",
    )


def scatter(
    options: Sequence[tuple[str, float, float]],
    x_label: str = "",
    y_label: str = "",
    front: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    axis: Axes | None = None,
) -> Axes:
    """Options by two figures. front: names of those that no other beats, joined by a line; kinds: name → kind."""
    axis = _axis(axis, 3.2)
    seen = [(str(name), _real(x), _real(y)) for name, x, y in options]
    seen = [option for option in seen if option[1] == option[1] and option[2] == option[2]]
    if not seen:
        return _empty(axis, "There is no option.")
    kinds = kinds or {}
    order = list(dict.fromkeys(kinds.get(name, "") for name, *_ in seen))
    for at, kind in enumerate(order):
        own = [option for option in seen if kinds.get(option[0], "") == kind]
        axis.scatter([x for _, x, _ in own], [y for *_, y in own], color=CYCLE[at % len(CYCLE)], s=30, zorder=3,
                     marker=MARKERS[at % len(MARKERS)], label=kind or None)  # fmt: skip
    if len(seen) <= 20:
        for at, (name, x, y) in enumerate(seen):
            axis.annotate(words.elided(name, 18), (x, y), xytext=(0, 7 if at % 2 else -7), textcoords="offset points",
                          fontsize=SMALL, ha="center", va="bottom" if at % 2 else "top", color=INK)  # fmt: skip
    best = sorted((x, y) for name, x, y in seen if name in set(map(str, front)))
    if len(best) > 1:
        axis.step(*zip(*best, strict=True), where="post", color=INK, linewidth=1.1, label="no option beats these")
    axis.margins(0.18)
    axis.set(xlabel=wrapped(x_label, 54), ylabel=wrapped(y_label, 34))
    _ticks(axis)
    _legend(axis)
    told = [f"{name}: {words.figure(x)}, {words.figure(y)}" for name, x, y in seen[:20]]
    tail = f" No option beats {words.listed(front)}." if len(front) else ""
    return plots.describe(axis, f"{x_label} and {y_label}. {'; '.join(told)}.{tail}")


def timeline(
    events: Sequence[tuple[str, Any, Any]],
    today: Any = None,
    kinds: Mapping[str, str] | None = None,
    axis: Axes | None = None,
) -> Axes:
    """What happens when: words, first day, last day (None: one day). today: a day marked across all rows."""
    axis = _axis(axis, _height(len(events), 0.8))
    known = [(name, words._day(first), words._day(last)) for name, first, last in events]
    known = [(name, first, last if last and first and last >= first else first) for name, first, last in known]
    if not any(first for _, first, _ in known):
        return _empty(axis, "No day is known.")
    order = list(dict.fromkeys((kinds or {}).get(name, "") for name, *_ in known))
    named: set[str] = set()
    for place, (name, first, last) in enumerate(known):
        if first is None:
            continue
        kind = (kinds or {}).get(name, "")
        colour, label = CYCLE[order.index(kind) % len(CYCLE)], kind if kind and kind not in named else None
        named.add(kind)
        start, end = matplotlib.dates.date2num(first), matplotlib.dates.date2num(last)
        if end > start:
            axis.barh(place, end - start, left=start, height=0.5, color=colour, linewidth=0, label=label,
                      hatch=HATCHES[order.index(kind) % len(HATCHES)], edgecolor="white")  # fmt: skip
        else:
            axis.plot(start, place, "D", color=colour, markersize=6, label=label)
    day = words._day(today)
    if day is not None:
        axis.axvline(matplotlib.dates.date2num(day), color=INK, linewidth=1.2, linestyle=DASHES[1])
        axis.annotate(words.date(day), (matplotlib.dates.date2num(day), 1), xycoords=("data", "axes fraction"), xytext=(4, 2),
                      textcoords="offset points", fontsize=SMALL, color=INK, annotation_clip=False)  # fmt: skip
    axis.margins(x=0.06)
    axis.xaxis_date()
    locator = matplotlib.dates.AutoDateLocator(minticks=3, maxticks=6)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(matplotlib.dates.AutoDateFormatter(locator))
    _rows(axis, [name for name, *_ in known])
    _legend(axis)
    told = [
        f"{name}: {words.date(first)}" + (f" to {words.date(last)}" if last and first and last > first else "")
        for name, first, last in known
    ]
    return plots.describe(axis, "; ".join(told) + ".")
