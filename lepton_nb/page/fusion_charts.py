"""Tables, drawings and conclusions of fusion: two senses under noise, one of them missing, a table with a text.

A mean over recordings, or a paired gain, is anything with value (or mean), low, high and n. A ``cell`` is one pair of noise
levels as the chapter judged it, a mapping with: pixels, ratio (its noise levels), shares (way → mean), better (the better
sense, chosen on validation pairs), gains (fused way → mean of its right answers less those of the better sense).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lepton_nb.page import charts, plots, render, words
from lepton_nb.page.speech_charts import points

Cell = Mapping[str, Any]


def parts_table(parts: Mapping[str, np.ndarray], images: Mapping[str, int], each: int) -> render.Html:
    """How many recordings and images each part has, and how many pairs. images: part → images of it."""
    rows = [
        {"part": name, "recordings": len(rows), "images": images[name]}
        | {"pairs": "drawn anew each epoch" if name == "train" else words.count(each * len(rows))}
        for name, rows in parts.items()
    ]
    return render.table(
        rows,
        {"pairs": str},
        "Recordings are parted by take; images of training and choosing come from the publishers' training part, those that judge from their test part.",
    )


def pairs_drawn(
    written: Sequence[np.ndarray], spoken: Sequence[np.ndarray], titles: Sequence[str], caption: str, name: str
) -> render.Html:
    """Pairs one below the other: the image above, the picture of the sound below. Both: one (height, width) a pair."""
    figure, grid = plots.axes(2, len(written), width=charts.WIDTH, height=2.5, squeeze=False)
    for column, (image, sound, title) in enumerate(zip(written, spoken, titles, strict=True)):
        plots.image(grid[0][column], image, title)
        plots.image(grid[1][column], sound.T[::-1], colour_map="viridis")
    plots.describe(grid[0][0], f"Pairs of a written and a spoken digit: {words.listed(titles)}.")
    return plots.show(figure, caption, name)


def level(cell: Cell) -> str:
    """A pair of noise levels in words."""
    return f"{words.number(cell['pixels'], 1)} and {words.number(cell['ratio'], 0)} dB"


def grid_drawn(cells: Sequence[Cell], ways: Sequence[str], caption: str, name: str) -> render.Html:
    """Right answers over the noise of the sound, a panel each level of noise in the image."""
    levels = list(dict.fromkeys(cell["pixels"] for cell in cells))
    columns = min(2, len(levels))
    rows = -(-len(levels) // columns)
    figure, grid = plots.axes(rows, columns, height=2.5 * rows, sharey=True, squeeze=False)
    told = []
    for axis, here in zip(grid.flat, levels, strict=False):
        panel = [cell for cell in cells if cell["pixels"] == here]
        ratios = [cell["ratio"] for cell in panel]
        for place, way in enumerate(ways):
            ends = (
                np.array(
                    [[cell["shares"][way].low, cell["shares"][way].value, cell["shares"][way].high] for cell in panel]
                )
                * 100
            )
            charts.banded(axis, range(len(panel)), ends, place, way)
            told.append(
                f"image noise {words.number(here, 1)}, {way}: "
                + ", ".join(words.number(value, 1) for value in ends[:, 1])
            )
        axis.set_xticks(range(len(panel)), [words.number(ratio, 0) for ratio in ratios])
        axis.set(title=f"noise in the image {words.number(here, 1)}", xlabel="signal to noise of the sound (dB)")
    for axis in list(grid.flat)[len(levels) :]:
        axis.set_visible(False)
    grid[0][0].set_ylabel("right answers (%)")
    grid[0][0].legend(labelcolor=plots.INK, fontsize=8)
    plots.describe(grid[0][0], f"{'; '.join(told)}.")
    return plots.show(figure, caption, name)


def cells_table(cells: Sequence[Cell], ways: Sequence[str], fused: Sequence[str]) -> render.Html:
    """Right answers of every way at every pair of levels, and what fusion adds to the better sense."""
    rows = [
        {"image noise": cell["pixels"], "sound, dB": cell["ratio"]}
        | {way: words.percent(cell["shares"][way].value) for way in ways}
        | {f"{way} less the better sense": points(cell["gains"][way]) for way in fused}
        for cell in cells
    ]
    n = cells[0]["shares"][ways[0]].n
    texts = {name: str for name in rows[0] if name not in ("image noise", "sound, dB")}
    form = {"image noise": words.decimals(1), "sound, dB": words.decimals(0)}
    return render.table(
        rows,
        texts | form,
        f"Right answers, mean over the seeds, and points beside the better sense with 95 % intervals: {n} recordings, drawn with all their pairs.",
    )


def promised(cells: Sequence[Cell], way: str, noisy: float = 0.95, slack: float = 0.01) -> dict[str, Any]:
    """What fusion promises, counted: its worst gain, levels more than ``slack`` behind, and those above where both are noisy.

    noisy: a sense is where it is right in at most this share.
    """
    worst = min(cells, key=lambda cell: cell["gains"][way].value)
    both = [cell for cell in cells if all(cell["shares"][sense].value <= noisy for sense in ("written", "spoken"))]
    return {
        "worst": worst, "behind": [cell for cell in cells if cell["gains"][way].value < -slack], "both": both,
        "above": [cell for cell in both if cell["gains"][way].low > 0],
    }  # fmt: skip


def promise_told(cells: Sequence[Cell], way: str) -> list[str]:
    """Whether a way to fuse keeps its promise: never a point below the better sense, above it where both are noisy."""
    found = promised(cells, way)
    worst, behind = found["worst"], len(found["behind"])
    often = f"at {behind} of {len(cells)} pairs of levels" if behind else "never"
    told = [
        f"{words.sentence(way)[:-1]}: {often} more than a point below the better sense; "
        f"least at {level(worst)}, {points(worst['gains'][way])} points beside {worst['better']} alone."
    ]
    if found["both"]:
        best = max(found["both"], key=lambda cell: cell["gains"][way].value)
        told.append(
            f"Where both senses err in 5 of 100 or more, it is above the better one at {len(found['above'])} of {len(found['both'])} pairs of levels; "
            f"most at {level(best)}, {points(best['gains'][way])} points."
        )
    else:
        told.append("At no pair of levels do both senses err in 5 of 100 or more.")
    return told


def between_told(cells: Sequence[Cell], first: str, second: str, gap: Mapping[int, Any]) -> str:
    """Which of two ways to fuse is ahead, over all levels. gap: number of a cell → mean of first less second."""
    won, lost = sum(one.low > 0 for one in gap.values()), sum(one.high < 0 for one in gap.values())
    mean = 100 * float(np.mean([one.value for one in gap.values()]))
    how = "ahead" if won > lost else "behind" if lost > won else "neither ahead nor behind"
    return f"{words.sentence(first)[:-1]} against {second}: ahead by its interval at {won} of {len(cells)} pairs of levels, behind at {lost}, {words.number(mean, 1, sign=True)} points in the mean: {how}."


# ---------------------------------------------------------------- a sense is missing


def missing_table(rows: Sequence[Mapping[str, Any]], caption: str) -> render.Html:
    """Right answers where one sense is missing. rows: missing (which), and way → mean."""
    shown = [{name: found if isinstance(found, str) else f"{words.percent(found.value)} ({words.percent_range((found.low, found.high), 1)})"
              for name, found in row.items()} for row in rows]  # fmt: skip
    return render.table(shown, dict.fromkeys(shown[0], str), caption)


def missing_told(gaps: Mapping[str, tuple[Any, Any]]) -> list[str]:
    """What leaving senses out in training is worth. gaps: missing sense → (with less without dropout, with less the other sense alone)."""
    told = []
    for sense, (worth, alone) in gaps.items():
        how = "better" if worth.low > 0 else "worse" if worth.high < 0 else "no different as far as can be told"
        told.append(
            f"Without the {sense} digit, the network that had learnt to do without is {how}: {points(worth)} points beside the one that had not, {points(alone)} beside the other sense alone."
        )
    return told


# ---------------------------------------------------------------- a table with a text, money


def text_table(found: Mapping[str, tuple[Any, Any, Any]], caption: str) -> render.Html:
    """Ways to foretell from a table and a text. found: way → (share of right answers, AUC, gain over the table)."""
    rows = [
        {"from": way, "right": f"{words.percent(share.value)} ({words.percent_range((share.low, share.high), 1)})"}
        | {"AUC": f"{words.number(area.value, 3)} ({words.range_of((area.low, area.high), digits=3)})"}
        | {"points beside the table": render.MISSING if gain is None else points(gain)}
        for way, (share, area, gain) in found.items()
    ]
    return render.table(rows, dict.fromkeys(rows[0], str), caption)


def text_told(gains: Mapping[str, Any]) -> list[str]:
    """Whether the text adds anything to the table. gains: way → paired gain over the table alone."""
    told = []
    for way, gain in gains.items():
        how = (
            "adds to the table"
            if gain.low > 0
            else "takes away from the table"
            if gain.high < 0
            else "is not shown to add to the table"
        )
        told.append(f"{words.sentence(way)[:-1]}: the title {how}, {points(gain)} points.")
    return told


def money_told(gain: Any, price: float, currency: str, where: str, who: str) -> str:
    """What the second sense may cost. gain: mean of right answers that it adds; price: of one error."""
    money = words.Money(currency)
    ends = money.range((1000 * price * gain.low, 1000 * price * gain.high))
    if gain.low <= 0:
        return f"At {where} no saving by the second sense is shown beside {who} alone (1,000 digits, 95 %: {ends})."
    return f"At {where} the second sense saves {money(1000 * price * gain.value)} on 1,000 digits beside {who} alone (95 %: {ends}): it may cost that much and no more."
