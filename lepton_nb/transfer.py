"""Transfer: labels drawn step by step, a trunk carried over, soft targets of a teacher, labels saved and their price.

Pictures are (n, height, width, channels) uint8, labels whole numbers, probabilities (n, classes). A trunk's weights
are {name of a layer: its arrays}. Figures of a way are numbers over the labels that it was given.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip

from lepton_nb.explaining.map_checks import mean_of_groups  # isort: skip

__all__ = [
    "Gap", "Judged", "Saved", "at_side", "benefit_row", "better_of", "carried", "distillation_loss", "enter_figures", "enter_gap", "enter_saved", "features", "gap", "head_start",
    "judged", "labelled", "ladder", "linear", "one_of", "right_class", "rows_as_csv", "saved", "shown", "soft_targets", "trunk_weights",
]  # fmt: skip


# ---------------------------------------------------------------- pictures and labels


def at_side(images: np.ndarray, side: int) -> np.ndarray:
    """All pictures grey and of one size: (n, side, side, 1) uint8. Smaller ones are means of what they cover."""
    found = np.empty((len(images), side, side, 1), np.uint8)
    for start in range(0, len(images), 1000):
        grey = np.asarray(images[start : start + 1000], "float32").mean(axis=3, keepdims=True)
        small = keras.ops.image.resize(grey, (side, side), antialias=True, data_format="channels_last")
        found[start : start + 1000] = np.clip(np.round(keras.ops.convert_to_numpy(small)), 0, 255)
    return found


def ladder(asked: Sequence[int], there: int, bought: int | None = None) -> list[int]:
    """Numbers of labels to learn from, from few to many: those asked that are fewer than there are, then all.

    bought: the number at which ways are compared. Raises ValueError where it is none of them.
    """
    counts = [*sorted({count for count in asked if 0 < count < there}), there]
    if bought is not None and bought not in counts:
        raise ValueError(f"bought must be one of the numbers of labels learnt with, {counts}. Received: {bought=}")
    return counts


def labelled(labels: np.ndarray, rows: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """The first ``count`` of these rows in an order in which every class has its share from the start on.

    labels: (n,); rows: positions in it. With one seed the rows of a smaller count are among those of a larger one, as
    when more labels are bought. Each class is in from as many rows on as there are classes. Raises ValueError for a
    count below the number of classes or above that of the rows.
    """
    classes = np.unique(labels[rows])
    if not len(classes) <= count <= len(rows):
        raise ValueError(f"count must be within {len(classes)} (classes) and {len(rows)} (rows). Received: {count=}")
    generator, turn = np.random.default_rng((seed, 26)), np.empty(len(rows))
    for label in classes:
        here = np.flatnonzero(labels[rows] == label)
        place = generator.permutation(len(here))
        turn[here] = np.where(place == 0, -1, (place + generator.random(len(here))) / len(here))
    return rows[np.argsort(turn, kind="stable")[:count]]


def one_of(tasks: Sequence[int], place: int, labels: np.ndarray) -> np.ndarray:
    """One-hot targets over the classes of all tasks, (n, sum of tasks) float32, of pictures of the task at ``place``."""
    targets = np.zeros((len(labels), sum(tasks)), "float32")
    targets[np.arange(len(labels)), sum(tasks[:place]) + np.asarray(labels, int)] = 1
    return targets


def shown(rows: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Which picture is shown when: ``count`` positions, each of these rows as often as any other, to one."""
    generator = np.random.default_rng((seed, 27))
    whole, left = divmod(count, len(rows))
    return np.concatenate([np.tile(rows, whole), generator.choice(rows, left, replace=False)]).astype(int)


# ---------------------------------------------------------------- a trunk carried over


def trunk_weights(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """Weights of all layers but the heads, by name of the layer."""
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights and not _is_head(layer)}


def _is_head(layer: keras.layers.Layer) -> bool:
    return layer.name.startswith("task_")


def carried(model: keras.Model, seed: int, trunk: Mapping[str, Sequence[np.ndarray]] | None = None) -> keras.Model:
    """A compiled network as it begins a training: weights drawn by ``seed``, those of ``trunk`` in their place, optimizer at zero.

    The network is used again and again, because building its graph takes longer than a short training. trunk: from
    :func:`trunk_weights`; None: it begins from scratch. Gives the same ``model``. Raises ValueError where a layer of
    the trunk is not there.
    """
    keras.utils.set_random_seed(seed)
    model.set_weights(model.__class__.from_config(model.get_config()).get_weights())
    names = {layer.name for layer in model.layers}
    for name, weights in (trunk or {}).items():
        if name not in names:
            raise ValueError(f"trunk has a layer that the network lacks. Received: {name!r}")
        model.get_layer(name).set_weights(weights)
    if getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
        for variable in model.optimizer.variables:
            if variable is not model.optimizer.learning_rate:
                variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    return model


def features(reader: keras.Model, trunk: Mapping[str, Sequence[np.ndarray]], images: np.ndarray) -> np.ndarray:
    """What a trunk says of pictures, (n, features). reader: ``models.trunk_of`` a network of its sizes; it keeps these weights."""
    for name, weights in trunk.items():
        reader.get_layer(name).set_weights(weights)
    return training.predict(reader, images)


def linear(numbers: np.ndarray, labels: np.ndarray, rows: np.ndarray, groups: np.ndarray,
           penalties: Sequence[float] = (0.003, 0.03, 0.3)) -> np.ndarray:  # fmt: skip
    """Probabilities of all rows by a logistic regression that has seen these rows alone.

    numbers: (n, features); labels, groups: (n,); rows: the labelled ones. The penalty (C) is the one with the lowest
    cross-entropy in three parts of the labelled rows, no group in two of them, so no label is used that is not
    counted; where they cannot be parted so, the strongest. Gives (n, classes).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def fitted(penalty: float, on: np.ndarray):
        return make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=2000)).fit(
            numbers[on], labels[on]
        )

    classes, parts = np.unique(labels[rows]), []
    if min(np.bincount(labels[rows])[classes].min(), len(np.unique(groups[rows]))) >= 3:
        folds = StratifiedGroupKFold(3, shuffle=True, random_state=0).split(rows, labels[rows], groups[rows])
        parts = [(rows[on], rows[off]) for on, off in folds if len(off) and len(np.unique(labels[rows[on]])) == len(classes)]  # fmt: skip
    losses = [
        sum(len(off) * log_loss(labels[off], fitted(penalty, on).predict_proba(numbers[off]), labels=classes) for on, off in parts)
        for penalty in penalties
    ]  # fmt: skip
    return fitted(penalties[int(np.argmin(losses))], rows).predict_proba(numbers)


# ---------------------------------------------------------------- a figure and what it hangs on


@dataclass(frozen=True)
class Judged:
    """A figure on test rows, and how much each row pulls it up or down: the pulls sum to nothing."""

    value: float
    pull: np.ndarray = field(repr=False)  # (n,)


@dataclass(frozen=True)
class Gap:
    """How far one way is ahead of another on the same rows, mean over the seeds, with its interval low..high."""

    value: float
    low: float
    high: float
    n: int  # rows
    groups: int

    def times(self, factor: float) -> Gap:
        """The same gap in another unit: ``n`` times it, and it is one of right answers among n."""
        return replace(self, value=factor * self.value, low=factor * self.low, high=factor * self.high)


def judged(truth: np.ndarray, chance: np.ndarray, area: bool = False) -> Judged:
    r"""Accuracy of the likeliest class, or the area under the ROC curve of class 1, with the pull of each row.

    Accuracy: $u_i = (r_i - \bar r)/n$ with r = 1 where right. Area: with the share $v_i$ of the other class that row i
    is rightly above or below (ties count half), $u_i = (v_i - A)/n_{class}$ (DeLong, DeLong and Clarke-Pearson,
    Biometrics 44, 1988). truth: (n,) labels; chance: (n, classes).

    >>> found = judged(np.array([0, 1, 1]), np.array([[.8, .2], [.4, .6], [.7, .3]]), area=True)
    >>> found.value, judged(np.array([0, 1, 1]), np.array([[.8, .2], [.4, .6], [.7, .3]])).value.__round__(3)
    (1.0, 0.667)
    """
    truth = np.asarray(truth)
    if not area:
        right = (chance.argmax(axis=1) == truth).astype(float)
        return Judged(float(right.mean()), (right - right.mean()) / len(right))
    score, ones = chance[:, 1], truth == 1
    if ones.all() or not ones.any():
        raise ValueError("an area under the ROC curve needs rows of both classes.")
    above = (score[ones][:, None] > score[~ones]) + 0.5 * (score[ones][:, None] == score[~ones])  # (ones, zeros)
    value, pull = float(above.mean()), np.empty(len(truth))
    pull[ones] = (above.mean(axis=1) - value) / ones.sum()
    pull[~ones] = (above.mean(axis=0) - value) / (~ones).sum()
    return Judged(value, pull)


def gap(ours: Sequence[Judged], theirs: Sequence[Judged], groups: np.ndarray | None = None) -> Gap:
    r"""Difference of two ways, one result a seed each, on the same rows; siblings count as one observation.

    A row's value is n times the difference of its pulls (mean over the seeds), and the interval is that of
    ``explaining.map_checks.mean_of_groups`` over these values. It is the interval of other test rows of the same kind
    for these trained networks; how far the seeds lie apart is told beside it. groups: (n,); None: each row is its own.

    Reference: Obuchowski, Nonparametric Analysis of Clustered ROC Curve Data, Biometrics 53, 1997.
    """
    rows = len(ours[0].pull)
    places = np.arange(rows) if groups is None else np.asarray(groups)
    pull = np.mean([one.pull for one in ours], axis=0) - np.mean([one.pull for one in theirs], axis=0)
    value = float(np.mean([one.value for one in ours]) - np.mean([one.value for one in theirs]))
    found = mean_of_groups(value + rows * pull, places)
    return Gap(value, found.low, found.high, rows, len(np.unique(places)))


# ---------------------------------------------------------------- labels saved


@dataclass(frozen=True)
class Saved:
    """Labels that a way saves at one number of labels, one entry a seed."""

    at: int  # labels that it was given
    equal: tuple[float, ...]  # labels with which the other way is as good; all there are where it never is
    reached: tuple[bool, ...]  # whether it ever is: where not, what is saved is more than is told

    @property
    def labels(self) -> tuple[float, ...]:
        """Labels saved, a seed each; below zero where the other way needs fewer."""
        return tuple(equal - self.at for equal in self.equal)

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.labels))

    @property
    def low(self) -> float:
        """The least of the seeds."""
        return min(self.labels)

    @property
    def high(self) -> float:
        """The most of the seeds."""
        return max(self.labels)

    @property
    def open(self) -> bool:
        """Whether the other way is never as good with some seed: then all that is told is at least so much."""
        return not all(self.reached)


def head_start(counts: Sequence[int], values: Sequence[float], figure: float) -> tuple[float, bool]:
    """With how many labels a way reaches a figure, and whether it does at all; if not, all the labels there are.

    counts: labels, rising; values: figures of the way. A curve that falls by chance is held at its highest so far.
    Between two counts the figure is read on a straight line over the logarithm of the labels. Below the first count
    nothing is known: the answer is that count.

    >>> head_start([10, 100, 1000], [0.5, 0.7, 0.9], 0.8)  # doctest: +ELLIPSIS
    (316.2..., True)
    >>> head_start([10, 100, 1000], [0.5, 0.7, 0.9], 0.95), head_start([10, 100], [0.5, 0.7], 0.4)
    ((1000.0, False), (10.0, True))
    """
    best, at = np.maximum.accumulate(np.asarray(values, float)), np.log(np.asarray(counts, float))
    if figure > best[-1]:
        return float(counts[-1]), False
    place = int(np.argmax(best >= figure))
    if place == 0 or best[place] == figure:
        return float(counts[place]), True
    share = (figure - best[place - 1]) / (best[place] - best[place - 1])
    return float(np.exp(at[place - 1] + share * (at[place] - at[place - 1]))), True


def saved(counts: Sequence[int], ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]], at: int) -> Saved:
    """Labels that our way saves at ``at`` labels beside theirs. ours, theirs: a curve over counts for each seed."""
    place = list(counts).index(at)
    found = [head_start(counts, other, own[place]) for own, other in zip(ours, theirs, strict=True)]
    return Saved(at, tuple(equal for equal, _ in found), tuple(reached for _, reached in found))


def better_of(*ways: Sequence[Sequence[float]]) -> list[list[float]]:
    """Of several ways, at each number of labels and with each seed, the better one's figure."""
    return np.max([np.asarray(way, float) for way in ways], axis=0).tolist()


def benefit_row(
    asset_id: str, driver_id: str, year: int, unit: str, volume: Sequence[float], price: Sequence[float]
) -> dict[str, Any]:
    """A saving as a row of ``benefits.csv``. volume, price: low, most likely, high; price in the client's currency a unit."""
    names = ("low", "mode", "high")
    row = {"asset_id": asset_id, "driver_id": driver_id, "year": year, "benefit_type": "cost_saving"}
    row |= {f"volume_{name}": round(part, 1) for name, part in zip(names, volume, strict=True)} | {"unit": unit}
    row |= {f"unit_value_{name}": float(f"{part:.4g}") for name, part in zip(names, price, strict=True)}
    return row | {"attribution": 1.0, "adoption": 1.0, "metric_link": "none", "evidence": "pilot"}


def rows_as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as the text of a CSV file, with its head; nothing for no rows."""
    rows, text = list(rows), io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


# ---------------------------------------------------------------- on record


def enter_figures(record: Any, name: str, found: Sequence[Judged], seeds: Sequence[int], unit: str) -> None:
    """Put the figures of a way on record (results.Record): one a seed and their mean. unit: "fraction" or "AUC"."""
    parts = [f"{name}_seed{seed}" for seed in seeds]
    for part, seed, one in zip(parts, seeds, found, strict=True):
        record.add(part, one.value, unit, n=len(one.pull), seed=seed)
    record.add_mean(name, parts)


def enter_gap(record: Any, name: str, found: Gap, unit: str, sign: int = 1) -> None:
    """Put a gap with its interval on record; sign -1: as what the other way has more."""
    low, high = sorted((sign * found.low, sign * found.high))
    ends = {"low": low, "high": high, "interval": "95 % paired, siblings together", "n": found.n}
    record.add(name, sign * found.value, unit, **ends)


def enter_saved(record: Any, key: str, found: Saved, price: float, currency: str) -> None:
    """Put labels saved and their money on record, from the least to the most of the seeds."""
    note = "at least: not reached with all labels by every seed" if found.open else ""
    spread = f"lowest and highest of {len(found.equal)} seeds" if len(found.equal) > 1 else ""
    for name, unit, factor in (("labels_saved", "labels", 1.0), ("money_saved", currency, price)):
        ends = {"low": factor * found.low, "high": factor * found.high, "interval": spread} if spread else {}
        record.add(f"{key}_{name}", factor * found.mean, unit, note=note, **ends)


# ---------------------------------------------------------------- a teacher's answers


def soft_targets(chance: np.ndarray, labels: np.ndarray, temperature: float, weight: float) -> np.ndarray:
    """What a student is trained towards: (n, 2 · classes + 1) float32, for :func:`distillation_loss`.

    chance: (n, classes) of the teacher; labels: (n,). First ``weight · temperature²`` times the teacher's
    probabilities at that temperature, then ``1 - weight`` times the one-hot label, then 1 / temperature. So one
    compiled network learns with any temperature and weight; weight 0 is training without a teacher.
    Raises ValueError for a temperature of 0 or less and a weight outside 0..1 (1 excluded).
    """
    from lepton_nb import metrics

    if temperature <= 0 or not 0 <= weight < 1:
        raise ValueError(f"temperature must be above 0 and weight within 0..1, below 1. Received: {temperature=}, {weight=}")  # fmt: skip
    soft = weight * temperature**2 * metrics.at_temperature(chance, temperature)
    hard = (1 - weight) * np.eye(chance.shape[1])[labels]
    return np.hstack([soft, hard, np.full((len(labels), 1), 1 / temperature)]).astype("float32")


def distillation_loss(targets, chance):
    r"""The student's loss, with the targets of :func:`soft_targets`; targets (n, 2C + 1), chance (n, C), of any backend.

    $$ L = -w T^2 \sum_y q_y^{(T)} \log p_y^{(T)} - (1 - w) \log p_c $$

    with the teacher's q and the student's p at temperature T, and c the label. Beside the Kullback-Leibler divergence
    it has the teacher's entropy more, which does not depend on the student. T² keeps the slope of the first term about
    as steep at any temperature.

    Reference: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
    """
    classes = chance.shape[-1]
    score = keras.ops.log(keras.ops.maximum(chance, 1e-7))
    soft, hard, inverse = targets[:, :classes], targets[:, classes : 2 * classes], targets[:, 2 * classes :]
    return -keras.ops.sum(soft * keras.ops.log_softmax(score * inverse, axis=-1) + hard * score, axis=-1)


def right_class(targets, chance):
    """Share of right answers of a student, for ``metrics``: its label is in the second part of the targets."""
    classes = chance.shape[-1]
    label = keras.ops.argmax(targets[:, classes : 2 * classes], axis=-1)
    return keras.ops.cast(keras.ops.equal(label, keras.ops.argmax(chance, axis=-1)), "float32")
