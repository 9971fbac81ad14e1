"""What more labels are worth, and what each block of the data is worth, in money."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from lepton_nb.casework import fitting, money
from lepton_nb.casework.forms import LEVEL, CaseSet, Learning, LearningPoint, Part, PerCase, Scores
from lepton_nb.valuation import data_value, learning

#: Shares of the training rows from which a curve is drawn.
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
REPEATS = 3
MORE = 1000
#: Share of the gain below which a further test is worth nothing: what is left is the tail of a normal distribution.
NO_MONEY = 1e-6
#: Fewest rows of each class that a model is trained on.
FEWEST = 10
#: Blocks that are valued each; of more, the smallest are taken together. 2^k trainings.
MOST_BLOCKS = 5

Fit = Callable[[Part, Part, Part, int], np.ndarray]


def quick_fit(case_set: CaseSet, scores: Scores) -> tuple[Fit, str]:
    """How a model of a case is trained again in seconds, and its name: its own way, or a default model.

    A network is not trained again and again, and a model that was made elsewhere cannot be: a default model
    stands for both.
    """
    if scores.fit is not None and scores.name in [
        name for kind, name in fitting.KINDS.items() if kind not in fitting.NETWORKS
    ]:
        return scores.fit, scores.name

    def again(train: Part, validation: Part, asked: Part, seed: int) -> np.ndarray:
        return fitting.default_model(train, seed)[0](asked.x)

    return again, fitting.default_name(case_set.train.x)


def learning_curve(case_set: CaseSet, scores: Scores, gain: PerCase | None = None, seed: int = 0) -> Learning | None:
    r"""Learning curve in money, and what a thousand more labels are worth.

    Trained on growing shares of the training rows, nested within a repeat; the threshold of each is the best on the
    validation rows, the test rows judge. Money per row is read as $m(n) = \alpha + \beta \ln n$ over the upper sizes, so
    a thousand more labels bring $\beta \ln\frac{n+1000}{n}$. $\beta$ is a linear function of the rows' money: its variance is
    that over the test rows plus that over the repeats. What a thousand further *judged* rows are worth to the decision
    (use the model, or not) is the expected value of sample information of ``valuation.learning``.

    Returns None where the rows are too few.
    """
    fit, name = quick_fit(case_set, scores)
    train, validation, test = case_set.train, case_set.validation, case_set.test
    if min(test.positives, len(test) - test.positives) < 2:
        return None
    generator = np.random.default_rng(seed)
    known = case_set.money is not None
    sizes = sorted({max(round(share * len(train)), 1) for share in SHARES})
    rows: dict[int, list[np.ndarray]] = {}
    areas: dict[int, list[float]] = {}
    for repeat in range(REPEATS):
        order = _mixed(train.y, generator)
        for size in sizes:
            part = train.take(np.sort(order[:size]))
            if min(part.positives, len(part) - part.positives) < FEWEST:
                continue
            if size == len(train) and size in areas:  # the same rows again
                rows[size].append(rows[size][0])
                areas[size].append(areas[size][0])
                continue
            chosen_on, found = both(fit, part, validation, test, seed + repeat)
            areas.setdefault(size, []).append(money.area(test.y, found).value)
            if known:
                cut = money.best_cut(case_set, validation, chosen_on)[0]
                rows.setdefault(size, []).append(money.of_rows(case_set, test, found >= cut))
            else:
                rows.setdefault(size, []).append(np.zeros(len(test)))
    used = [size for size in sizes if len(areas.get(size, ())) == REPEATS]
    if len(used) < 2:
        return None
    points = tuple(
        LearningPoint(
            labels=size,
            auc=float(np.mean(areas[size])),
            money=float(np.mean(rows[size])) if known else None,
            spread=float(np.std([each.mean() for each in rows[size]], ddof=1)) if known else None,
            repeats=REPEATS,
        )
        for size in used
    )
    if not known:
        words = (
            f"{name}: the area under the curve goes from {points[0].auc:.3f} to {points[-1].auc:.3f} with the labels."
        )
        return Learning(points=points, a_thousand_more=None, low=None, high=None, unit="", further_test=None, model=name, sentence=words)  # fmt: skip
    upper = used[-3:]
    logs = np.log(upper)
    weights = (logs - logs.mean()) / ((logs - logs.mean()) ** 2).sum()
    slopes = np.array([sum(w * rows[size][r] for w, size in zip(weights, upper, strict=True)) for r in range(REPEATS)])
    per_row = slopes.mean(axis=0)
    error = math.sqrt(per_row.var(ddof=1) / len(per_row) + slopes.mean(axis=1).var(ddof=1) / REPEATS)
    scale, unit = money.scale_of(case_set)
    step = math.log1p(MORE / len(train)) * scale
    reach = float(special.ndtri((1 + LEVEL) / 2)) * error
    value, low, high = per_row.mean() * step, (per_row.mean() - reach) * step, (per_row.mean() + reach) * step
    further = None
    if gain is not None:
        spread = (gain.high - gain.low) / 2 / float(special.ndtri((1 + LEVEL) / 2))
        further = learning.evsi(gain.value, spread, spread * math.sqrt(gain.n), MORE, scale=scale).value
        if further < NO_MONEY * abs(gain.value) * scale:
            further = 0.0
    sign = "bring" if low > 0 else "are not shown to bring anything" if high > 0 else "bring less"
    words = (
        f"With {name}, a thousand more labels than the {len(train):,} of today {sign}: {money.said(value)} {unit} "
        f"({money.said(low)} to {money.said(high)}, 90 %)."
    )
    return Learning(
        points=points, a_thousand_more=float(value), low=float(low), high=float(high), unit=unit, further_test=further,
        model=name, sentence=words,
    )  # fmt: skip


def both(fit: Fit, train: Part, validation: Part, test: Part, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the validation and of the test rows from one training."""
    if hasattr(test.x, "columns"):
        import pandas as pd

        x = pd.concat([validation.x, test.x], ignore_index=True)
    else:
        x = np.concatenate([validation.x, test.x])
    rows, y = (np.concatenate([getattr(part, name) for part in (validation, test)]) for name in ("rows", "y"))
    found = fit(train, validation, Part(rows=rows, x=x, y=y), seed)
    return found[: len(validation)], found[len(validation) :]


def _mixed(y: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """All positions in an order whose every beginning holds the classes in proportion."""
    keys = np.empty(len(y))
    for kind in np.unique(y):
        own = generator.permutation(np.flatnonzero(y == kind))
        keys[own] = (np.arange(len(own)) + generator.random()) / len(own)
    return np.argsort(keys, kind="stable")


def block_values(case_set: CaseSet, scores: Scores, seed: int = 0) -> tuple[data_value.Attribution | None, str]:
    """Shapley value of each block of the training rows, in money, and its unit; None without blocks.

    The worth of some blocks: money of the test rows under a model that was trained on these blocks alone, less that of
    the better constant decision. Exact over all coalitions; with more than five blocks the smallest are taken together.
    """
    train, validation, test = case_set.train, case_set.validation, case_set.test
    if train.blocks is None or case_set.money is None or len(np.unique(train.blocks)) < 2:
        return None, ""
    names, sizes = np.unique(train.blocks, return_counts=True)
    kept = names[np.argsort(-sizes, kind="stable")]
    own = train.blocks.astype(object)
    if len(kept) > MOST_BLOCKS:
        own[~np.isin(train.blocks, kept[: MOST_BLOCKS - 1])] = "all others"
        kept = np.array([*kept[: MOST_BLOCKS - 1], "all others"], dtype=object)
    fit, _ = quick_fit(case_set, scores)
    scale, unit = money.scale_of(case_set)
    nothing = np.full(len(test), money.better_constant(case_set, train))
    floor = float(money.of_rows(case_set, test, nothing).mean())

    def worth(blocks: frozenset) -> float:
        part = train.take(np.isin(own, list(blocks)))
        if not blocks or min(part.positives, len(part) - part.positives) < FEWEST:
            return 0.0
        chosen_on, found = both(fit, part, validation, test, seed)
        flagged = found >= money.best_cut(case_set, validation, chosen_on)[0]
        return (float(money.of_rows(case_set, test, flagged).mean()) - floor) * scale

    return data_value.shapley([str(name) for name in kept], worth, seed=seed), unit
