"""Drawings of the chapters on the mathematics of layers: numbers in cells, windows, arrows, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from lepton_nb.page import plots, render

FOUR = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE)


def power_of_ten(value: float | None) -> str:
    """A small number as 3.2 · 10⁻⁷.

    >>> power_of_ten(3.2e-7)
    '3.2 · 10⁻⁷'
    """
    if value is None or value != value:
        return render.MISSING
    if value == 0:
        return "exactly 0"
    exponent = int(np.floor(np.log10(abs(value))))
    return f"{value / 10.0**exponent:.1f} · 10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def canvas(width: float, height: float):
    """An empty drawing of width × height cells, the origin at the upper left."""
    figure, axis = plots.axes(height=7.2 * height / width)
    axis.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axis.set_axis_off()
    return figure, axis


def numbers(axis: Axes, values, x: float, y: float, title: str = "", windows: Sequence = (), size: float = 9.5) -> None:
    """A matrix as cells with its upper left corner at x, y; NaN leaves a cell empty.

    windows: (row, column, height, width, colour), drawn over the cells.
    """
    for (i, j), value in np.ndenumerate(np.asarray(values, float)):
        axis.add_patch(Rectangle((x + j, y + i), 1, 1, fill=False, edgecolor=plots.GREY, linewidth=0.7))
        text = "" if np.isnan(value) else f"{value:g}".replace("-", "\N{MINUS SIGN}")
        write(axis, x + j + 0.5, y + i + 0.52, text, size, va="center")
    for row, column, height, width, colour in windows:
        box = (x + column, y + row), width, height
        axis.add_patch(Rectangle(*box, facecolor=colour, edgecolor="none", alpha=0.28, zorder=0))
        axis.add_patch(Rectangle(*box, fill=False, edgecolor=colour, linewidth=2))
    write(axis, x, y - 0.22, title, 9, ha="left")


def write(axis: Axes, x: float, y: float, text: str, size: float = 9, **options) -> None:
    """A text in the page's own colour, centred at x, its foot at y unless ``options`` say otherwise."""
    axis.text(x, y, text, **{"ha": "center", "va": "bottom", "color": plots.INK, "fontsize": size} | options)


def arrow(axis: Axes, start, end, colour: str = plots.GREY, text: str = "") -> None:
    style = "simple,head_width=5,head_length=6,tail_width=1"
    axis.add_patch(FancyArrowPatch(start, end, arrowstyle=style, color=colour, linewidth=0, shrinkA=2, shrinkB=2))
    write(axis, (start[0] + end[0]) / 2, start[1] - 0.25, text)


def activations(z: np.ndarray, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> render.Html:
    """Activation and derivative. curves: name → values at z, slopes at z (NaN where there is none)."""
    figure, (left, right) = plots.axes(1, 2, height=2.9, sharex=True)
    for (label, (values, slopes)), style in zip(curves.items(), ("-", "--", "-", "-."), strict=True):
        left.plot(z, values, style, label=label)
        right.plot(z, slopes, style)
    left.set(title="Activation a", xlabel="z", ylim=(-1.6, 3))
    right.set(title="Derivative a′", xlabel="z", ylim=(-0.05, 1.1))
    left.legend(labelcolor=plots.INK, loc="upper left", fontsize=9)
    caption = "Four activations and their derivatives; LeakyReLU with slope 0.3. Computed."
    return plots.show(figure, caption, "activations")


def backprop() -> render.Html:
    """A network 3-4-2 with a batch of 5: what flows where, forwards and backwards."""
    figure, axis = canvas(20, 6.4)
    boxes = {"x": 1.2, "z₁": 5.2, "a₁": 8.4, "z₂": 12.4, "a₂": 15.6, "L": 18.8}
    shapes = ("5 × 3", "5 × 4", "5 × 4", "5 × 2", "5 × 2", "1")
    for (name, middle), shape in zip(boxes.items(), shapes, strict=True):
        corner = (middle - 0.8, 2.3)
        axis.add_patch(Rectangle(corner, 1.6, 1.5, facecolor=plots.BLUE, edgecolor="none", alpha=0.16))
        axis.add_patch(Rectangle(corner, 1.6, 1.5, fill=False, edgecolor=plots.GREY, linewidth=0.8))
        write(axis, middle, 2.86, name, 11, va="center")
        write(axis, middle, 3.42, shape, 7.5, va="center")
    middles = list(boxes.values())
    forward = ("· W₁ + b₁", "σ", "· W₂ + b₂", "σ", "loss, y")
    back = ("· W₁ᵀ", "⊙ σ′(z₁)", "· W₂ᵀ", "⊙ σ′(z₂)", "∂L/∂a₂")
    for i in range(5):
        start, end = middles[i] + 0.8, middles[i + 1] - 0.8
        arrow(axis, (start, 2.7), (end, 2.7), plots.BLUE)
        arrow(axis, (end, 3.4), (start, 3.4), plots.ORANGE)
        write(axis, (start + end) / 2, 1.95, forward[i], 8.5)
        write(axis, (start + end) / 2, 4.15, back[i], 8.5, va="top")
    for middle, text in ((5.2, "δ₁ = ∂L/∂z₁\ngives ∂L/∂W₁ = xᵀ δ₁"), (12.4, "δ₂ = ∂L/∂z₂\ngives ∂L/∂W₂ = a₁ᵀ δ₂")):
        write(axis, middle, 4.95, text, 8.5, va="top", linespacing=1.5)
    bold = {"va": "baseline", "fontweight": "bold"}
    write(axis, 0.4, 0.7, "forward: left to right", ha="left", **bold | {"color": plots.BLUE})
    write(axis, 19.6, 0.7, "backward: right to left", ha="right", **bold | {"color": plots.ORANGE})
    return plots.show(figure, "A network 3-4-2 with a batch of 5: what flows where, with shapes.", "backprop")


def convolution(picture: np.ndarray, kernel: np.ndarray, response: np.ndarray, caption: str) -> render.Html:
    """A 3 × 3 kernel at its four places on a 4 × 4 picture, with what it has answered so far."""
    figure, axis = canvas(22.6, 11.2)
    numbers(axis, kernel, 0.2, 4.1, "kernel K")
    for place, colour in enumerate(FOUR):
        i, j = divmod(place, 2)
        left, top = 5.2 + 9.2 * j, 1 + 5.6 * i
        numbers(axis, picture, left, top, "" if place else "input", [(i, j, 3, 3, colour)])
        arrow(axis, (left + 4.2, top + 2), (left + 5.6, top + 2), colour)
        so_far = np.where(np.arange(4).reshape(2, 2) <= place, response, np.nan)
        numbers(axis, so_far, left + 5.8, top + 1, "" if place else "output", [(i, j, 1, 1, colour)])
    return plots.show(figure, caption, "convolution")


def convolution_backward(picture, kernel, back, padded, by_input, by_kernel) -> render.Html:
    """Both ways back of a convolution: back is the gradient by its output, padded the same with a rim of zeros."""
    figure, axis = canvas(19.4, 15.2)
    bold = {"ha": "left", "va": "baseline", "fontweight": "bold"}
    write(axis, 0.2, 0.75, "To the input: g with a rim of zeros, the kernel turned by 180°", 9.5, **bold)
    rim = [(2, 2, 2, 2, plots.GREY), (1, 1, 3, 3, plots.BLUE)]
    numbers(axis, padded, 0.2, 2, "g, 2 × 2, with k − 1 = 2 zeros around", rim)
    write(axis, 7.1, 5.0, "⋆", 22, va="center")
    numbers(axis, kernel[::-1, ::-1], 8, 3.5, "K turned", [(0, 0, 3, 3, plots.BLUE)])
    arrow(axis, (11.6, 5), (13.6, 5), plots.BLUE)
    numbers(axis, by_input, 14.2, 3, "∂L/∂x", [(1, 1, 1, 1, plots.BLUE)])
    write(axis, 0.2, 9.55, "To the kernel: the input, correlated with g", 9.5, **bold)
    numbers(axis, picture, 2.2, 10.8, "input x", [(1, 0, 2, 2, plots.ORANGE)])
    write(axis, 7.1, 12.8, "⋆", 22, va="center")
    numbers(axis, back, 8.5, 11.8, "g", [(0, 0, 2, 2, plots.ORANGE)])
    arrow(axis, (11.6, 12.8), (13.6, 12.8), plots.ORANGE)
    numbers(axis, by_kernel, 14.7, 11.3, "∂L/∂K", [(1, 0, 1, 1, plots.ORANGE)])
    caption = "The way back of the convolution above, for g = (1 2; 3 4). Window and result share a colour."
    return plots.show(figure, caption, "convolution-backward")


def pooling(field: np.ndarray, flow: np.ndarray, kinds: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> render.Html:
    """2 × 2 pooling, forward and back. kinds: name → output, gradient by the input."""
    figure, axis = canvas(21.4, 11.6)
    wide = [(2 * i, 2 * j, 2, 2, FOUR[2 * i + j]) for i in range(2) for j in range(2)]
    small = [(i, j, 1, 1, FOUR[2 * i + j]) for i in range(2) for j in range(2)]
    for row, (title, (pooled, routed)) in enumerate(kinds.items()):
        top, first = 1.1 + 5.7 * row, row == 0
        numbers(axis, field, 0.2, top, "input x" if first else "", wide)
        arrow(axis, (4.3, top + 2), (6.2, top + 2), text=title)
        numbers(axis, pooled, 6.4, top + 1, "output" if first else "", small, size=9 - row)
        numbers(axis, flow, 11.4, top + 1, "g = ∂L/∂y" if first else "", small)
        arrow(axis, (13.5, top + 2), (16.7, top + 2), text="back")
        numbers(axis, routed, 17, top, "∂L/∂x" if first else "", wide)
    caption = "2 × 2 pooling forward (left) and backward (right). Above: the winner takes all; below: equal shares."
    return plots.show(figure, caption, "pooling")


def bars(panels: Mapping[str, np.ndarray], caption: str, name: str) -> render.Html:
    """Bars by class, side by side, each with its number. panels: title → values."""
    figure, grid = plots.axes(1, len(panels), height=2.4, squeeze=False)
    for axis, (title, values), colour in zip(grid[0], panels.items(), plots.CYCLE, strict=False):
        drawn = axis.bar(range(len(values)), values, color=colour, width=0.62)
        texts = [f"{value:.2f}".replace("-", "\N{MINUS SIGN}") for value in values]
        axis.bar_label(drawn, texts, color=plots.INK, fontsize=8.5, padding=2)
        axis.set(title=title, xlabel="class", xticks=range(len(values)))
        axis.margins(y=0.2)
        axis.grid(axis="x", visible=False)
    return plots.show(figure, caption, name)


def two_losses(p: np.ndarray) -> render.Html:
    """Cross-entropy and squared error of a right answer that got probability p, and what each sends to the score."""
    z = np.log(p / (1 - p))
    figure, (left, right) = plots.axes(1, 2, height=2.7)
    left.plot(p, -np.log(p))
    left.plot(p, (1 - p) ** 2, "--")
    left.set(title="Loss, right answer 1", xlabel="probability given to the right answer", ylim=(0, 4))
    left.text(0.13, 2.6, "cross-entropy", color=plots.BLUE, fontsize=9)
    left.text(0.03, 0.12, "squared error", color=plots.ORANGE, fontsize=9)
    right.plot(z, p - 1)
    right.plot(z, 2 * (p - 1) * p * (1 - p), "--")
    right.set(title="Gradient by the score z", xlabel="z, with p = σ(z)", ylim=(-1.08, 0.08))
    right.text(-1.3, -0.93, "cross-entropy: p − 1", color=plots.BLUE, fontsize=9)
    right.text(-5.2, -0.31, "squared error", color=plots.ORANGE, fontsize=9)
    return plots.show(figure, "The same answer under both losses, and what drives the score z. Computed.", "losses")


def valley_paths(paths: Mapping[str, np.ndarray], curvature: np.ndarray, caption: str) -> render.Html:
    """Ways down the valley ½ Σ curvature · w², one panel a way. paths: name → (steps + 1, 2)."""
    along, across = np.meshgrid(np.linspace(-4.6, 1.6, 200), np.linspace(-1.35, 1.35, 120))
    height = 0.5 * (curvature[0] * along**2 + curvature[1] * across**2)
    figure, grid = plots.axes(len(paths), 1, height=5.6, sharex=True, sharey=True, squeeze=False)
    panels = grid[:, 0]
    for axis, (name, path), colour in zip(panels, paths.items(), plots.CYCLE, strict=False):
        axis.contour(along, across, height, levels=[0.05, 0.5, 2, 5, 10, 17], colors=plots.GREY, linewidths=0.6)
        axis.plot(*np.transpose(path), "o-", color=colour, markersize=3, linewidth=1.3)
        axis.plot(0, 0, "+", color=plots.INK, markersize=9)
        left = 0.5 * np.sum(curvature * path[-1] ** 2)
        axis.set_title(f"{name}: loss {power_of_ten(left)} after {len(path) - 1} steps")
        axis.grid(False)
        axis.set_ylabel("w₂")
    panels[-1].set_xlabel("w₁")
    return plots.show(figure, caption, "optimisers")


def learning(curve: np.ndarray, goal: float, caption: str) -> render.Html:
    """Losses and validation accuracy by epoch. curve: (epochs, 3): training loss, validation loss, accuracy."""
    figure, (left, right) = plots.axes(1, 2, height=2.8)
    epochs, best = np.arange(1, len(curve) + 1), curve[:, 1].argmin()
    left.semilogy(epochs, curve[:, 0], label="training")
    left.semilogy(epochs, curve[:, 1], "--", label="validation")
    left.plot(best + 1, curve[best, 1], "o", color=plots.ORANGE, markersize=6, label="kept")
    left.legend(labelcolor=plots.INK, fontsize=9)
    left.set(title="Loss (cross-entropy)", xlabel="epoch")
    right.plot(epochs, 100 * curve[:, 2], "--", color=plots.ORANGE)
    right.axhline(100 * goal, color=plots.GREY, linewidth=1)
    write(right, len(curve), 100 * goal - 0.4, f"asked for: {goal:.0%}".replace("%", " %"), ha="right", va="top")
    floor = min(80, 100 * curve[0, 2] - 2)
    right.set(title="Validation accuracy, %", xlabel="epoch", ylim=(floor, 100.5))
    return plots.show(figure, caption, "learning")
