"""Charts and tables of trained classifiers: parts of the data, learning curves, confusion, calibration, mistakes.

Runs, reports and calibrations are those of ``training`` and ``metrics``; names and captions come from the chapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator

from lepton_nb.page import charts, plots, render

TASKS = {"Training": "moves the weights", "Validation": "chooses", "Test": "judges, once"}


def parts_table(parts: Mapping[str, np.ndarray], thing: str, classes: int = 10) -> render.Html:
    """Part of the data → its labels: what the part is for, how many images, how even the classes are."""
    rows = [
        {"part": name, "task": TASKS[name], "images": len(labels), f"rarest {thing}": counts.min()}
        | {f"most frequent {thing}": counts.max()}
        for name, labels in parts.items()
        for counts in [np.bincount(labels, minlength=classes)]
    ]
    return render.table(rows, caption=f"The three parts. The last two columns count the images of one {thing}.")


def rate_words(rate: Any) -> str:
    """A share with its interval in one cell: ``98.5 % (97.2–99.2)``; None, where there is nothing to divide by: a dash."""
    if rate is None:
        return render.MISSING
    return f"{render.percent(rate.value)} ({render.number(100 * rate.low, 1)}–{render.number(100 * rate.high, 1)})"


def over_seeds(rates: Sequence[Any]) -> dict[str, Any]:
    """Accuracies of one recipe: mean, from, to and what these ends are.

    One training has no spread: its ends are those of its own Wilson interval.
    """
    values = [rate.value for rate in rates]
    if len(rates) == 1:
        return {"measured": values[0], "from": rates[0].low, "to": rates[0].high, "from, to": "95 % Wilson, one seed"}
    ends = f"lowest and highest of {len(rates)} seeds"
    return {"measured": float(np.mean(values)), "from": min(values), "to": max(values), "from, to": ends}


def learning_curves(
    runs: Mapping[tuple[str, int], Any],
    words: Mapping[str, str],
    n: int,
    caption: str,
    name: str,
    errors: bool = False,
) -> render.Html:
    """Validation accuracy, or error, over seconds (left) and epochs (right): one line a training.

    runs: (recipe, seed) → training.Run. words: recipe → its name, in the order of the colours. n: validation images.
    """
    figure, (left, right) = plots.axes(1, 2, height=3.3, sharey=True)
    colours = dict(zip(words, (plots.BLUE, plots.GREEN, plots.ORANGE), strict=False))
    labelled = set()
    for (recipe, _), run in runs.items():
        share = np.array([100 * epoch.validation_accuracy for epoch in run.epochs])
        if errors:
            share = np.maximum(100 - share, 100 * 0.5 / n)  # half a mistake: zero has no place on this axis
        style = {"color": colours[recipe], "linewidth": 1.4, "marker": "." if len(share) <= 20 else None}
        style["label"] = None if recipe in labelled else words[recipe]
        labelled.add(recipe)
        left.plot([epoch.seconds for epoch in run.epochs], share, **style)
        right.plot([epoch.number for epoch in run.epochs], share, **style)
    left.set(xscale="log", xlabel="seconds of training")
    left.set(ylabel="validation error (%)" if errors else "validation accuracy (%)")
    right.set(xlabel="epochs")
    if errors:
        left.set(yscale="log")
        right.set(xscale="log")
    for axis in (left, right):
        for side in (axis.xaxis, axis.yaxis):
            if side.get_scale() == "log":
                side.set_major_locator(LogLocator(subs=(1, 2, 5)))
                side.set_major_formatter(lambda value, _: f"{value:g}")
                side.set_minor_formatter("")
    right.legend(labelcolor=plots.INK)
    return plots.show(figure, caption, name)


def confusions(reports: Mapping[str, Any], names: Sequence[str], caption: str, name: str) -> render.Html:
    """Confusion matrices side by side. reports: title → metrics.Report; names: of the classes."""
    figure, grid = plots.axes(1, len(reports), height=4.2, squeeze=False)
    for place, (axis, (title, report)) in enumerate(zip(grid[0], reports.items(), strict=True)):
        charts.confusion(report.confusion, names, axis=axis)
        axis.set_title(title)
        if place:
            axis.set(ylabel="", yticklabels=[])
    return plots.show(figure, caption, name)


def classes_table(report: Any, caption: str, thing: str, others: Mapping[str, Any] | None = None) -> render.Html:
    """Precision and recall of each class with intervals, F1, and F1 of other networks beside it."""
    rows = [
        {thing: score.name, "precision": rate_words(score.precision), "recall": rate_words(score.recall)}
        | {"F1": score.f1, "images": score.support}
        | {f"F1, {title}": other.classes[number].f1 for title, other in (others or {}).items()}
        for number, score in enumerate(report.classes)
    ]
    formats: dict[str, Callable] = {column: render.percent for column in rows[0] if column.startswith("F1")}
    return render.table(rows, formats | {"precision": str, "recall": str}, caption)


def reliability(found: Mapping[str, Any], caption: str, name: str, columns: int = 3) -> render.Html:
    """Share of right answers against confidence, a panel each. found: title → metrics.Calibration."""
    rows = -(-len(found) // columns)
    figure, grid = plots.axes(rows, columns, height=2.7 * rows, squeeze=False)
    for axis, (title, calibration) in zip(grid.flat, found.items(), strict=True):
        sure = [part.confidence for part in calibration.bins]
        rates = [part.accuracy for part in calibration.bins]
        intervals = [(rate.low, rate.high) for rate in rates]
        charts.calibration(sure, [rate.value for rate in rates], intervals, axis=axis)
        axis.set(xlabel="confidence", ylabel="share of right answers", title=title)
    return plots.show(figure, caption, name)


def calibration_table(found: Mapping[str, tuple[Any, np.ndarray]], caption: str) -> render.Html:
    """Calibration error, Brier score and cross-entropy. found: title → (metrics.Calibration, probabilities (n, K))."""
    rows = [
        {"recipe": title, "ECE": calibration.expected_error, "Brier score": calibration.brier}
        | {"cross-entropy (nats)": calibration.cross_entropy, "mean confidence": float(chance.max(axis=1).mean())}
        for title, (calibration, chance) in found.items()
    ]
    four = {column: lambda value: render.number(value, 4) for column in ("Brier score", "cross-entropy (nats)")}
    two = {column: lambda value: render.percent(value, 2) for column in ("ECE", "mean confidence")}
    return render.table(rows, four | two, caption)


def worst_mistakes(
    places: np.ndarray,
    images: np.ndarray,
    truth: np.ndarray,
    chance: np.ndarray,
    names: Sequence[str],
    who: str,
    source: str,
    anchor: str,
) -> render.Html:
    """The images at ``places`` (metrics.worst_mistakes), each with true class, answer and confidence."""
    if not len(places):
        return render.note(f"No mistake in {len(truth):,} test images: nothing to show.")
    between = "\n→ " if max(map(len, names)) > 2 else " → "
    titles = [
        f"{names[truth[p]]}{between}{names[chance[p].argmax()]}\n{render.percent(chance[p].max(), 0)}" for p in places
    ]
    figure = plots.image_grid([np.squeeze(images[place]) for place in places], titles, 8 if "\n→" in between else 10)
    wrong = int(np.sum(chance.argmax(axis=1) != truth))
    caption = (
        f"The {len(places)} worst of {wrong:,} mistakes, {who}. Above each: true class → answer, confidence. "
        f"n = {len(truth):,} test images. {source}."
    )
    return plots.show(figure, caption, anchor)


def each_accuracy(reports: Mapping[tuple[str, int], Any], caption: str) -> render.Html:
    """Each trained network by itself: (recipe, seed) → metrics.Report."""
    rows = [
        {"recipe": recipe, "seed": str(seed), "accuracy": right.value, "from": right.low, "to": right.high}
        | {"test images": right.n, "mistakes": round(right.n * (1 - right.value))}
        for (recipe, seed), report in reports.items()
        for right in [report.accuracy]
    ]
    two = dict.fromkeys(("accuracy", "from", "to"), lambda value: render.percent(value, 2))
    return render.table(rows, two, caption)


def times_table(runs: Mapping[tuple[str, int], Any], reference: str) -> render.Html:
    """Seconds of training, and of those until the reference's own final validation accuracy; means over the seeds.

    A recipe is compared with the trainings of the reference that have the same seeds.
    """
    rows, share, goal = [], f"of {reference}'s time", f"seconds to {reference}'s final accuracy"
    for recipe in dict.fromkeys(name for name, _ in runs):
        seeds = [seed for name, seed in runs if name == recipe]
        mine, theirs = ([runs[name, seed] for seed in seeds] for name in (recipe, reference))
        past = [run.seconds_to(other.epochs[-1].validation_accuracy) for run, other in zip(mine, theirs, strict=True)]
        seconds = np.mean([run.seconds for run in mine])
        rows.append(
            {"recipe": recipe, "seconds": seconds, share: seconds / np.mean([run.seconds for run in theirs])}
            | {"images a second": np.mean([run.images_per_second for run in mine])}
            | {goal: None if None in past else float(np.mean(past)), "seeds": len(seeds)}
        )
    shows: dict[str, Callable] = dict.fromkeys(("seconds", goal), lambda value: render.number(value, 1, "s"))
    shows |= {share: lambda value: render.number(value, 2, "×"), "images a second": render.count}
    return render.table(
        rows, shows, f"Means over the seeds, {reference}'s of the same. A dash: not reached by every one."
    )


def costs_table(
    costs: Mapping[str, Any], past: Mapping[str, float | None], reference: str, caption: str
) -> render.Html:
    """What trainings cost, one column a recipe. costs: name → training.Cost.

    past: name → seconds until the reference's final accuracy, None where it was never reached.
    """
    lines: dict[str, Callable[[str, Any], str]] = {
        "images seen": lambda name, c: render.count(c.images),
        "FLOP an image, forwards": lambda name, c: render.number(c.flop_image / 1e6, 1, "million"),
        "FLOP of the training": lambda name, c: render.number(c.flop / 1e12, 2, "trillion"),
        "seconds of training": lambda name, c: render.number(c.seconds, 1, "s"),
        "FLOP a second": lambda name, c: render.number(c.flop / c.seconds / 1e9, 1, "billion"),
        "core-hours": lambda name, c: render.number(c.core_hours, 4 if c.core_hours < 0.1 else 2),
        "energy, assumed": lambda name, c: render.number(c.watt_hours, 3 if c.watt_hours < 1 else 1, "Wh"),
        f"seconds to the {reference}'s final accuracy": lambda name, c: render.number(past[name], 1, "s"),
        f"share of the {reference}'s seconds": lambda name, c: render.percent(
            past[name] and past[name] / costs[reference].seconds, 0
        ),
    }
    rows = [{"": line} | {name: text(name, cost) for name, cost in costs.items()} for line, text in lines.items()]
    return render.table(rows, dict.fromkeys(costs, str), caption)
