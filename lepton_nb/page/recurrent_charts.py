"""Drawings of the chapters on sequences: what is read, how long a gradient stays, what is learnt, what is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from lepton_nb.page import plots, render


def band(axis: Axes, x: Sequence, found: np.ndarray, colour: str, label: str | None = None, style: str = "-") -> None:
    """Mean as a line, lowest to highest as a band. found: (networks, points)."""
    axis.fill_between(x, found.min(axis=0), found.max(axis=0), color=colour, alpha=0.2, linewidth=0)
    axis.plot(x, found.mean(axis=0), style, color=colour, label=label)


def sequence(x: np.ndarray, rows: Sequence[str], asked_at: int, caption: str) -> render.Html:
    """One sequence as it is read. x: (steps, features), one name a feature; a note stands at the step of the question."""
    figure, axis = plots.axes(height=1.75)
    axis.imshow(x.T, cmap="RdBu_r", vmin=-2.5, vmax=2.5, aspect="auto", interpolation="nearest")
    axis.set(xlabel="step", xticks=range(0, len(x), 5), yticks=range(len(rows)), yticklabels=rows)
    pointer = {"arrowstyle": "->", "color": plots.GREY}
    place = (asked_at, len(rows) - 1)
    axis.annotate("asked here", place, (asked_at, 1.2), ha="center", color=plots.INK, fontsize=9, arrowprops=pointer)
    axis.grid(False)
    return plots.show(figure, caption, "sequence")


def bounded_lengths(measured: Mapping[float, np.ndarray], caption: str) -> render.Html:
    """Length of a gradient over the distance, with its bound ρᵏ. measured: ρ → (networks, distances)."""
    figure, axis = plots.axes(height=3.3)
    for (rho, found), colour in zip(measured.items(), plots.CYCLE, strict=False):
        distances = np.arange(found.shape[1])
        band(axis, distances, found, colour, f"ρ = {rho:g}")
        axis.plot(distances, float(rho) ** distances, ":", color=colour, linewidth=1.2)
    axis.set(yscale="log", ylim=(1e-16, 1e16), xlabel="distance k, steps back in time")
    axis.set_ylabel("length of ∂L/∂h, last step = 1")
    axis.legend(labelcolor=plots.INK, loc="lower left")
    return plots.show(figure, caption, "vanish")


def style_of(name: str) -> tuple[str, str]:
    """Colour and dash of a network by its name: those that start open, or attend, are drawn through."""
    if "attention" in name:
        return plots.GREEN, "-"
    dash = "-" if "open" in name else "--"
    if name.startswith("LSTM"):
        return plots.RED, dash
    if name.startswith("GRU"):
        return plots.ORANGE, dash
    return (plots.BLUE if name.endswith("= 1") else plots.GREY), dash


def lengths(found: Mapping[str, np.ndarray], caption: str) -> render.Html:
    """Length of the gradient by the whole state, one band a network. found: name → (networks, distances)."""
    figure, axis = plots.axes(height=3.6)
    for name, values in found.items():
        colour, dash = style_of(name)
        band(axis, range(values.shape[1]), values, colour, name, dash)
    axis.set(yscale="log", ylim=(1e-24, 1e3), xlim=(0, values.shape[1] - 1), xlabel="distance, steps back in time")
    axis.set_ylabel("length of the gradient, last step = 1")
    axis.legend(labelcolor=plots.INK, loc="lower left", ncols=2, fontsize=9)
    return plots.show(figure, caption, "lengths")


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of each ``window`` neighbours along the first axis."""
    return np.apply_along_axis(np.convolve, 0, values, np.ones(window) / window, mode="valid")


def clipping(curves: Mapping[float, np.ndarray], guessing: float, caption: str) -> render.Html:
    """Length of the gradient and loss, with and without a limit. curves: limit → (steps, loss and length, networks)."""
    figure, (left, right) = plots.axes(1, 2, height=2.9, sharex=True)
    for (limit, curve), colour in zip(curves.items(), (plots.ORANGE, plots.BLUE), strict=True):
        steps = np.arange(1, len(curve) + 1)
        name = "not clipped" if np.isinf(limit) else f"clipped at {limit:g}"
        left.semilogy(steps, curve[:, 1].max(axis=1), color=colour, linewidth=1, label=name)
        band(right, steps[4:-4], running_mean(curve[:, 0], 9).T, colour)
    right.axhline(guessing, color=plots.GREY, linewidth=1)
    right.text(len(curve), guessing + 0.03, "guessing: ln 4", color=plots.INK, fontsize=9, ha="right")
    left.set(title="Length of the gradient, before clipping", xlabel="step of training")
    right.set(title="Loss, mean of 9 steps", xlabel="step of training", ylim=(0, None))
    left.legend(labelcolor=plots.INK, loc="lower left")
    return plots.show(figure, caption, "clipping")


def attention_by_place(weights: np.ndarray, caption: str) -> render.Html:
    """Attention weights, a row a sequence whose symbol is in the step of the row. weights: (steps, steps)."""
    figure, axis = plots.axes(height=4.4)
    picture = axis.imshow(weights, cmap="viridis", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    places = range(len(weights))
    axis.plot(places, places, "s", markerfacecolor="none", markeredgecolor=plots.ORANGE, markersize=9, linewidth=0)
    axis.set(xlabel="step that is looked at", ylabel="sequence, sorted by the symbol's place")
    axis.set(xticks=range(0, len(weights), 4), yticks=range(0, len(weights), 4))
    axis.grid(False)
    figure.colorbar(picture, ax=axis, label="attention weight", shrink=0.9)
    return plots.show(figure, caption, "weights")


def answers(found: Mapping[str, np.ndarray], distances: Sequence[int], caption: str) -> render.Html:
    """Right answers over the distance. found: name → (distances, networks), shares."""
    figure, axis = plots.axes(height=3.5)
    for at, (name, shares) in enumerate(found.items()):
        colour, dash = style_of(name)
        mean, low, high = (100 * how(shares, axis=1) for how in (np.mean, np.min, np.max))
        shift = 1.02 ** (at - len(found) // 2)
        axis.errorbar(np.array(distances) * shift, mean, yerr=[mean - low, high - mean], fmt=dash, marker="o",
                      markersize=4, color=colour, label=name, elinewidth=1)  # fmt: skip
    axis.axhline(25, color=plots.GREY, linewidth=1, linestyle=":")
    axis.text(distances[0], 26, "guessing", color=plots.INK, fontsize=9)
    axis.set(xscale="log", xticks=distances, xticklabels=distances, ylim=(15, 105))
    axis.set(xlabel="distance, steps", ylabel="right answers, %")
    axis.minorticks_off()
    figure.legend(*axis.get_legend_handles_labels(), labelcolor=plots.INK, loc="outside right center", fontsize=9)
    return plots.show(figure, caption, "task")


def mean_and_range(values: np.ndarray, text) -> str:
    """Mean of several networks with their range, ``62 (58–70)``; one figure where all are the same."""
    low, mean, high = text(values.min()), text(values.mean()), text(values.max())
    return mean if low == high else f"{mean} ({low}–{high})"
