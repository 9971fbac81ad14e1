"""Drawings of the chapter on two networks that train against each other: densities, losses, circles, the ring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgba

from lepton_nb.page import plots, render
from lepton_nb.page.recurrent_charts import band, running_mean

LN2 = float(np.log(2))


def best_discriminator(x, p, q, best, learnt, caption: str) -> render.Html:
    """Two densities (left), the best discriminator and one that was learnt (right), all over x."""
    figure, (left, right) = plots.axes(1, 2, height=2.7, sharex=True)
    for density, colour, label in ((p, plots.BLUE, "real, p"), (q, plots.ORANGE, "fake, q")):
        left.fill_between(x, density, alpha=0.25, color=colour, linewidth=0)
        left.plot(x, density, color=colour, label=label)
    left.set(title="Densities", xlabel="x")
    left.legend(labelcolor=plots.INK, loc="upper left")
    right.plot(x, best, color=plots.GREEN, linewidth=4, alpha=0.45, label="p / (p + q)")
    right.plot(x, learnt, "--", color=plots.INK, linewidth=1.4, label="learnt")
    right.set(title="Discriminator", xlabel="x", ylim=(-0.03, 1.03))
    right.legend(labelcolor=plots.INK, loc="lower left")
    return plots.show(figure, caption, "best")


def possible_losses(distances, losses: np.ndarray, claimed: tuple[float, float], caption: str) -> render.Html:
    """Losses of two Gaussians over their distance, and which pairs of losses can be at once.

    losses: (distances, 2), discriminator's sum and generator's; claimed: what a discriminator pays on fakes, and
    its generator.
    """
    figure, (left, right) = plots.axes(1, 2, height=3.1)
    left.plot(distances, losses[:, 0], color=plots.BLUE, label="discriminator, sum")
    left.plot(distances, np.minimum(losses[:, 1], 60), color=plots.ORANGE, label="generator")
    for level, name in ((2 * LN2, "2 ln 2"), (LN2, "ln 2")):
        left.axhline(level, color=plots.GREY, linewidth=0.8, linestyle=":")
        left.text(distances[-1], level + 0.07, name, color=plots.INK, fontsize=8.5, ha="right")
    left.set(title="Losses with the best discriminator", xlabel="distance of the two Gaussians, widths", ylim=(0, 6))
    left.legend(labelcolor=plots.INK, loc="upper left", bbox_to_anchor=(0.3, 1))
    curve = np.logspace(-6, 1.2, 300)
    least = -np.log(-np.expm1(-curve))
    right.loglog(curve, least, color=plots.GREY)
    right.fill_between(curve, 1e-6, least, color=plots.RED, alpha=0.15, linewidth=0)
    words = {"textcoords": "offset points", "color": plots.INK, "fontsize": 9}
    right.plot(LN2, LN2, "o", color=plots.GREEN)
    right.annotate("equilibrium", (LN2, LN2), (-6, 7), ha="right", **words)
    right.plot(*claimed, "X", color=plots.RED, markersize=8)
    right.annotate("article B", claimed, (8, 3), **words)
    right.text(2e-5, 2e-3, "impossible", color=plots.INK, fontsize=10)
    right.set(title="Which pairs of losses can be", xlim=(1e-6, 15), ylim=(1e-6, 30))
    right.set(xlabel="discriminator, on fakes", ylabel="generator")
    return plots.show(figure, caption, "law")


def pulls(s: np.ndarray, curves: Mapping[str, np.ndarray]) -> render.Html:
    """How strongly each loss pulls a fake's score s upwards."""
    figure, axis = plots.axes(height=2.4)
    for (label, values), colour in zip(curves.items(), (plots.ORANGE, plots.BLUE), strict=True):
        axis.plot(s, values, color=colour, label=label)
    axis.axvspan(s[0], -3, color=plots.GREY, alpha=0.15, linewidth=0)
    axis.text(-5.5, 0.45, "start:\nfakes are bad", color=plots.INK, fontsize=9, ha="center")
    axis.set(xlabel="score s of a fake", ylabel="pull on the score")
    axis.legend(labelcolor=plots.INK, loc="center right")
    return plots.show(figure, "How strongly each loss pulls a fake's score upwards. Computed.", "saturating")


def circles(paths: Mapping[str, np.ndarray], motions: Mapping[str, Callable], caption: str) -> render.Html:
    """Ways of the smallest game, over the directions in which it moves. motions: name → (psi, theta) → their motion."""
    figure, panels = plots.axes(2, 2, height=6.4, sharex=True, sharey=True)
    grid = np.meshgrid(np.linspace(-2.4, 2.4, 15), np.linspace(-2.4, 2.4, 15))
    colours = (plots.RED, plots.ORANGE, plots.PURPLE, plots.GREEN)
    for axis, (name, path), colour in zip(panels.flat, paths.items(), colours, strict=True):
        along, up = motions[name](*grid)
        size = np.hypot(along, up) + 1e-9
        axis.quiver(*grid, along / size, up / size, color=plots.GREY, alpha=0.45, width=0.004, scale=26, pivot="mid")
        inside = path[np.abs(path).max(axis=1) < 2.6]
        axis.plot(*inside.T, "-", color=colour, linewidth=1)
        axis.plot(*path[0], "o", color=colour, markersize=5)
        axis.plot(*path[-1], "s", color=plots.INK, markersize=5)
        axis.plot(0, 0, "+", color=plots.INK, markersize=12)
        axis.set(title=name, xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), aspect="equal")
        axis.grid(False)
    for axis in panels[1]:
        axis.set_xlabel("ψ, slope of the discriminator")
    for axis in panels[:, 0]:
        axis.set_ylabel("θ, place of the fake")
    return plots.show(figure, caption, "dirac")


def ring(
    pictures: Mapping[str, Mapping[int, np.ndarray]], found: Mapping[str, Mapping[int, int]], centres, caption: str
):
    """What a generator makes over time, a row a training. pictures: training → step → fakes (n, 2); found: how many."""
    steps = list(next(iter(pictures.values())))
    figure, grid = plots.axes(len(pictures), len(steps), height=7.6, sharex=True, sharey=True, squeeze=False)
    hollow = {"markerfacecolor": "none", "markeredgecolor": plots.ORANGE, "markersize": 7, "markeredgewidth": 0.9}
    for row, (name, made) in zip(grid, pictures.items(), strict=True):
        for axis, (step, fakes) in zip(row, made.items(), strict=True):
            count, *_ = np.histogram2d(fakes[:, 1], fakes[:, 0], bins=70, range=[[-3, 3]] * 2)
            colour = np.ones((70, 70, 4)) * to_rgba(plots.BLUE)
            colour[..., 3] = np.minimum(1, (count / 6) ** 0.6)
            axis.imshow(colour, extent=(-3, 3, -3, 3), origin="lower", interpolation="nearest")
            axis.plot(*np.transpose(centres), "o", **hollow)
            axis.set(xticks=[], yticks=[], xlim=(-3, 3), ylim=(-3, 3))
            axis.grid(False)
            axis.set_title(f"{found[name][step]} of 8", fontsize=8.5, fontweight="normal", loc="center")
        row[0].set_ylabel(name.replace("generator ", "generator\n").replace(", ", ",\n"), fontsize=9)
    for axis, step in zip(grid[-1], steps, strict=True):
        axis.set_xlabel(f"step {step}", fontsize=9)
    return plots.show(figure, caption, "ring")


def loss_curves(curves: Mapping[str, np.ndarray], levels: Mapping[str, Sequence[float]], caption: str) -> render.Html:
    """Running means of both losses, a panel a training. curves: name → (steps, 2, networks); levels: its equilibrium."""
    figure, grid = plots.axes(-(-len(curves) // 2), 2, height=6.4, sharex=True, sharey=True, squeeze=False)
    for axis, (name, curve) in zip(grid.flat, curves.items(), strict=False):
        steps, window = np.arange(1, len(curve) + 1), max(1, len(curve) // 100)
        for part, colour, label in ((0, plots.BLUE, "discriminator"), (1, plots.ORANGE, "generator")):
            band(axis, steps[window - 1 :], running_mean(curve[:, part], window).T, colour, label)
        for value in sorted(set(levels[name])):
            axis.axhline(value, color=plots.GREY, linestyle=":", linewidth=1)
            text = "2 ln 2" if value > 1 else "ln 2"
            axis.text(len(curve), value + 0.04, text, color=plots.INK, fontsize=8.5, ha="right")
        axis.set(title=name, ylim=(0, 3))
    for axis in grid.flat[len(curves) :]:
        axis.set_axis_off()
    for axis in grid.flat[len(curves) - 2 : len(curves)]:
        axis.set_xlabel("step")
        axis.tick_params(labelbottom=True)
    grid[0, 0].legend(labelcolor=plots.INK, loc="upper right", fontsize=9)
    return plots.show(figure, caption, "losses")
