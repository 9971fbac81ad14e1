"""Tables and drawings of makers of images: what each measure says of each, what they make, how near it lies to the data.

``found`` maps a maker to its figures, as the chapter's ``measure`` gives them: the distances ``swd<side>``, ``middle``,
``bottleneck`` and ``pixels``, the neighbours ``near`` and ``near_middle``, ``judge``, ``kinds`` and ``spread``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba

from lepton_nb.page import plots, render

Found = Mapping[str, Mapping[str, Any]]
REAL = "real, other persons"
#: Makers whose fault is known.
FAULTY = ("real, blurred", "Gaussian", "noise")


def sides(found: Found) -> list[int]:
    """Sizes at which patches were compared, the largest first."""
    return sorted({int(key[3:]) for key in next(iter(found.values())) if key.startswith("swd")}, reverse=True)


def measures(found: Found) -> dict[str, Callable[[Mapping], float]]:
    """Name of a measure → its figure turned so that small is good."""
    by_size = {f"SWD {size} px": lambda f, size=size: f[f"swd{size}"].value for size in sides(found)}
    return by_size | {
        "FD, middle layers": lambda f: f["middle"],
        "FD, bottleneck": lambda f: f["bottleneck"],
        "FD, pixels": lambda f: f["pixels"],
        "coverage": lambda f: 1 - f["near"].coverage.value,
        "density": lambda f: -f["near"].density,
        "judge": lambda f: f["judge"].value,
    }


def measures_tables(found: Found, caption: str) -> render.Html:
    """The figures of each maker, in two tables: those to judge by, and those to read only beside them."""
    rows, more = [], []
    for maker, f in found.items():
        patches = {f"SWD {size} px": f[f"swd{size}"].value for size in sides(found)}
        near, middle = f["near"].coverage.value, f["near_middle"].coverage.value
        rows.append({"maker": maker, **patches, "FD middle": f["middle"], "coverage": near, "coverage, middle": middle})
        rows[-1]["judge right"] = f["judge"].value
        off = f"{round(f['kinds'].different.value * f['kinds'].bins)} of {f['kinds'].bins}"
        more.append({"maker": maker, "FD pixels": f["pixels"], "FD bottleneck": f["bottleneck"]})
        more[-1] |= {"density": f["near"].density, "kinds off": off, "spread": f["spread"]}
    one = {name: lambda value: render.number(value, 1) for name in rows[0] if name.startswith("SWD")}
    shares = dict.fromkeys(("coverage", "coverage, middle", "judge right"), lambda value: render.percent(value, 0))
    four = {"FD middle": lambda value: render.number(value, 4)}
    words = (
        "Read these only beside the others. FD pixels: on principal components, for each value of a pixel; kinds off: "
        "groups of faces that are made too often or too seldom; spread: mean distance between two images of a maker, "
        "in grey levels."
    )
    spread = {"kinds off": str, "spread": lambda value: render.number(value, 1)}
    return render.join(render.table(rows, one | shares | four, caption), render.table(more, spread, words))


def blind_spots(found: Found, caption: str) -> render.Html:
    """Measure → the makers of known fault that it takes to be as good as real faces, or better."""
    rows = []
    for name, bad in measures(found).items():
        fooled = [maker for maker in FAULTY if bad(found[maker]) <= bad(found[REAL])]
        rows.append({"measure": name, "no worse than real faces": ", ".join(fooled) or "none of the three"})
    return render.table(rows, caption=caption)


def ranks(found: Found, caption: str) -> render.Html:
    """Places of the makers in each measure, 1 is best."""
    names = measures(found)
    order = [np.argsort(np.argsort([bad(f) for f in found.values()])) + 1 for bad in names.values()]
    grid = np.array(order).T  # (makers, measures)
    figure, axis = plots.axes(1, 1, height=3.4)
    shade = np.ones((*grid.shape, 4)) * to_rgba(plots.BLUE)
    shade[..., 3] = 0.6 * (grid - 1) / (len(found) - 1)  # see-through: readable on a light and on a dark page
    axis.imshow(shade, aspect="auto")
    for (row, column), place in np.ndenumerate(grid):
        axis.text(column, row, str(place), ha="center", va="center", fontsize=9)
    axis.set_yticks(range(len(found)), list(found))
    axis.set_xticks(range(len(names)), list(names), rotation=30, ha="right", fontsize=8)
    axis.grid(False)
    return plots.show(figure, caption, "faces-ranks")


def sheet(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """Images (n, side, side, 3) laid out in one picture, row by row, between transparent rims."""
    rows, side = len(images) // columns, images.shape[1]
    wide = side + 2
    tiles = np.zeros((rows, columns, wide, wide, 4), np.uint8)
    tiles[:, :, 1:-1, 1:-1, :3] = np.asarray(images[: rows * columns], np.uint8).reshape(rows, columns, side, side, 3)
    tiles[:, :, 1:-1, 1:-1, 3] = 255
    return tiles.transpose(0, 2, 1, 3, 4).reshape(rows * wide, columns * wide, 4)


def one_sheet(images: np.ndarray, caption: str, name: str, height: float = 6.4) -> render.Html:
    """One sheet, eight images a row."""
    figure, axis = plots.axes(1, 1, width=6.4, height=height)
    plots.image(axis, sheet(images))
    return plots.show(figure, caption, name)


def rows_of_images(rows: Mapping[str, np.ndarray], caption: str, name: str) -> render.Html:
    """One row of images under each title."""
    figure, grid = plots.axes(len(rows), 1, width=7.2, height=0.94 * len(rows), squeeze=False)
    for axis, (title, images) in zip(grid[:, 0], rows.items(), strict=True):
        plots.image(axis, sheet(images, len(images)))
        axis.set_title(title, fontsize=8, fontweight="normal", loc="left")
    return plots.show(figure, caption, name)


def curves(trainings: Mapping[str, tuple[Any, tuple[float, float]]], scores_of: str, caption: str) -> render.Html:
    """Losses of trainings, and the scores of one of them.

    trainings: title → adversarial.PairRun and the losses (discriminator, generator) where nothing can be told apart.
    """
    figure, grid = plots.axes(1, len(trainings) + 1, width=7.6, height=2.9)
    for axis, (title, (done, levels)) in zip(grid, trainings.items(), strict=False):
        steps = [epoch.number * done.steps / len(done.epochs) for epoch in done.epochs]
        for player, colour, level in zip(
            ("discriminator", "generator"), (plots.BLUE, plots.ORANGE), levels, strict=True
        ):
            axis.plot(steps, [getattr(epoch, f"{player}_loss") for epoch in done.epochs], color=colour, label=player)
            axis.axhline(level, color=colour, linestyle=":", linewidth=1.2)
        axis.set(xlabel="step", title=title)
    grid[0].set_ylabel("loss (nats)")
    grid[0].legend(fontsize=8)
    done, _ = trainings[scores_of]
    steps = [epoch.number * done.steps / len(done.epochs) for epoch in done.epochs]
    scores = {"score_real": "training faces", "score_held_out": "held-out faces", "score_made": "made"}
    for (name, words), colour in zip(scores.items(), (plots.BLUE, plots.GREEN, plots.ORANGE), strict=True):
        grid[-1].plot(steps, [getattr(epoch, name) for epoch in done.epochs], color=colour, label=words)
    grid[-1].set(xlabel="step", ylabel="mean score", title="Our scores")
    grid[-1].legend(fontsize=8)
    return plots.show(figure, caption, "faces-curves")


def copies_table(copies: Mapping[str, Any], caption: str) -> render.Html:
    """Three questions about copies, each with its range. copies: maker → image_metrics.CopyTest."""

    def words(value: float, low: float, high: float) -> str:
        return f"{render.percent(value)} ({render.percent(low)} to {render.percent(high)})"

    rows = [
        {"maker": name, "nearest is a training face": words(t.nearer.value, t.nearer.low, t.nearer.high)}
        | {"closer than a stranger": words(t.closer, t.closer_low, t.closer_high)}
        | {"nearer than 99 %": words(t.below.value, t.below.low, t.below.high)}
        for name, t in copies.items()
    ]
    return render.table(rows, dict.fromkeys(list(rows[0])[1:], str), caption)


def copies(test: Any, made: np.ndarray, stored: np.ndarray, caption: str) -> render.Html:
    """Distances of made and held-out faces to the training faces, and some pairs. test: image_metrics.CopyTest."""
    figure, (left, right) = plots.axes(1, 2, width=7.4, height=3.0, gridspec_kw={"width_ratios": (1.15, 1)})
    far = max(test.sample_distances.max(), test.held_out_distances.max())
    shown = {
        "held-out faces": (test.held_out_distances, plots.GREEN),
        "made faces": (test.sample_distances, plots.ORANGE),
    }
    for words, (distances, colour) in shown.items():
        left.hist(distances, bins=40, range=(0, far), density=True, color=colour, alpha=0.55, label=words)
    left.set(xlabel="distance to the nearest training face (grey levels)", ylabel="density")
    left.legend(fontsize=8)
    order = np.argsort(test.sample_distances)
    picked = [made_or_stored for at in (order[:6], order[:: max(1, len(made) // 6)][:6])
              for made_or_stored in (made[at], stored[test.positions[at]])]  # fmt: skip
    plots.image(right, sheet(np.concatenate(picked), 6))
    titles = ["nearest six", "their training faces", "six evenly picked", "their training faces"]
    right.set_yticks((np.arange(4) + 0.5) * (made.shape[1] + 2), titles, fontsize=7)
    return plots.show(figure, caption, "faces-copies")


def costs_table(costs: Mapping[str, Mapping[str, float]], workers: int, caption: str) -> render.Html:
    """What trainings cost. costs: pair → steps, batch, operations a step (FLOP), seconds."""
    rows = [
        {"pair": name, "steps": c["steps"], "batch": c["batch"], "GFLOP a step": c["operations"] / 1e9}
        | {"training (s)": c["seconds"], "GFLOP/s": c["operations"] * c["steps"] / c["seconds"] / 1e9}
        | {"core-hours, at most": c["seconds"] * workers / 3600}
        for name, c in costs.items()
    ]
    shows: dict[str, Callable] = {
        "training (s)": lambda v: render.number(v, 1),
        "GFLOP/s": lambda v: render.number(v, 1),
    }
    shows |= {"GFLOP a step": lambda v: render.number(v, 2), "core-hours, at most": lambda v: render.number(v, 4)}
    return render.table(rows, shows, caption)
