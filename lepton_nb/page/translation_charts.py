"""Drawings of translators: score by length, learning curves, attention, share of usable sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba

from lepton_nb.page import plots, render

COLOURS = (plots.GREY, plots.ORANGE, plots.BLUE, plots.GREEN, plots.PURPLE)


def ends(score: Any, digits: int = 1) -> str:
    """The interval of a score in one cell."""
    return f"{render.number(score.low, digits)} to {render.number(score.high, digits)}"


def by_length(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], caption: str) -> render.Html:
    """BLEU by length of the sentence. rows: network, words, n, bleu, low, high; names: network → its name."""
    figure, axis = plots.axes(1, 1, height=3.4)
    groups = list(dict.fromkeys((row["words"], row["n"]) for row in rows))
    for place, ((key, name), colour) in enumerate(zip(names.items(), COLOURS, strict=False)):
        mine = [row for row in rows if row["network"] == key]
        heights = [row["bleu"] for row in mine]
        reach = [[row["bleu"] - row["low"] for row in mine], [row["high"] - row["bleu"] for row in mine]]
        at = np.arange(len(mine)) + 0.09 * (place - 1.5)
        axis.errorbar(at, heights, np.maximum(reach, 0), fmt="o-", color=colour, label=name, ms=4, lw=1.4)
    axis.set_xticks(range(len(groups)), [f"{label}\nn = {n}" for label, n in groups])
    top = 1.25 * max((row["high"] for row in rows), default=1)
    axis.set(xlabel="words of the English sentence", ylabel="BLEU", ylim=(0, top))
    axis.legend(labelcolor=plots.INK, fontsize=8, ncols=2, loc="upper right")
    return plots.show(figure, caption, "translation-lengths")


def learning(runs: Mapping[str, Any], caption: str) -> render.Html:
    """Loss and validation BLEU over the seconds of training. runs: name → translation.Run."""
    figure, (left, right) = plots.axes(1, 2, height=3.0)
    for (label, run), colour in zip(runs.items(), COLOURS, strict=False):
        style = {"marker": "o", "ms": 3, "color": colour, "label": label}
        checked = [epoch for epoch in run.epochs if epoch.bleu is not None]
        left.plot([epoch.seconds for epoch in run.epochs], [epoch.loss for epoch in run.epochs], **style)
        right.plot([epoch.seconds for epoch in checked], [epoch.bleu for epoch in checked], **style)
    left.set(xlabel="seconds of training", ylabel="training loss (nats a piece)", ylim=(0, None), xlim=(0, None))
    right.set(xlabel="seconds of training", ylabel="validation BLEU, greedy", ylim=(0, None), xlim=(0, None))
    left.legend(labelcolor=plots.INK, fontsize=8)
    return plots.show(figure, caption, "translation-curves")


def attention(maps: Sequence[tuple[np.ndarray, Sequence[str], Sequence[str]]], caption: str) -> render.Html:
    """What is looked at while writing. maps: weights (written, read), the pieces read, the pieces written."""
    figure, grid = plots.axes(1, max(1, len(maps)), height=4.0, squeeze=False)
    for axis, (weights, across, down) in zip(grid[0], maps, strict=False):
        shade = np.ones((*weights.shape, 4)) * to_rgba(plots.BLUE)  # one colour, strong where the weight is large:
        shade[..., 3] = np.sqrt(weights)  # readable on light and dark pages
        axis.imshow(shade, aspect="auto")
        axis.set_xticks(range(len(across)), [piece.replace("▁", "") for piece in across], rotation=90, fontsize=7)
        axis.set_yticks(range(len(down)), [piece.replace("▁", "") for piece in down], fontsize=7)
        axis.grid(False)
    return plots.show(figure, caption, "translation-attention")


def usable_shares(scores: Mapping[str, np.ndarray], rule: float, caption: str) -> render.Html:
    """Share of sentences at or above a score. scores: name → chrF of each sentence; rule: what counts as usable."""
    figure, axis = plots.axes(1, 1, height=2.8)
    cuts = np.arange(40, 101)
    for (label, found), colour in zip(scores.items(), (plots.GREEN, plots.ORANGE, plots.PURPLE), strict=False):
        axis.plot(cuts, [100 * np.mean(found >= cut) for cut in cuts], color=colour, label=label)
    axis.axvline(rule, color=plots.GREY, linestyle="--", linewidth=1)
    axis.set(
        xlabel="smallest chrF that counts as usable", ylabel="share of sentences (%)", ylim=(0, 100), xlim=(40, 100)
    )
    axis.legend(labelcolor=plots.INK, fontsize=8)
    return plots.show(figure, caption, "translation-thresholds")
