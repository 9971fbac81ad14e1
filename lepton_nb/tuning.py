"""Tuning: one training of a setting, searches at equal budgets, seeds' noise against the gain, what it costs and brings.

Pictures are (n, height, width, 1) uint8, labels (n,) whole numbers. A setting is what is chosen before a training; a
trial is a setting trained with one seed and judged on validation pictures. Nothing here knows the test pictures.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb import training, transfer  # first: it starts Keras quietly

import keras  # isort: skip

from lepton_nb.explaining.map_checks import mean_of_groups  # isort: skip
from lepton_nb.valuation.intervals import Interval  # isort: skip

__all__ = [
    "Beside", "Setting", "Shown", "Trial", "Validation", "Worth", "asked", "begin", "best", "compared", "enter_beside", "grid_of", "optuna", "over_seeds", "scalars", "spread",
    "together", "validated", "worth",
]  # fmt: skip


# ---------------------------------------------------------------- a setting and its training


@dataclass(frozen=True)
class Setting:
    """What is chosen before a training. ``turn``, ``scale`` and ``crop`` vary each picture anew in each epoch."""

    learning_rate: float = 0.001  # of Adam, constant
    l2: float = 0.0  # times the sum of the squared weights of all kernels
    dropout: float = 0.0  # share of the last layer's inputs that is left out
    turn: float = 0.0  # degrees to either side, at most
    scale: float = 0.0  # larger or smaller by this share, at most
    crop: float = 0.0  # pixels moved on each axis, at most: a part is cut off, the rim is mirrored in
    width: int = 8  # channels of the first block; each further one has twice as many
    blocks: int = 3

    @property
    def varies(self) -> bool:
        """Whether pictures are varied at all."""
        return max(self.turn, self.scale, self.crop) > 0

    def to_dict(self) -> dict[str, Any]:
        """The setting as plain values."""
        return asdict(self)


class Shown(training.Rows):
    """Labelled pictures in batches, each epoch in another order and, where the setting says so, varied anew.

    Order and variation of an epoch depend on the seed and its number alone.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, setting: Setting, batch_size: int, seed: int):
        self._plain, self._setting = images, setting
        super().__init__(images, labels, batch_size=batch_size, seed=seed)
        self._vary()

    def on_epoch_end(self) -> None:
        super().on_epoch_end()
        self._vary()

    def _vary(self) -> None:
        chosen = self._setting
        if not chosen.varies:
            return
        generator = np.random.default_rng((self._seed, self._epoch, 70))
        varied = training.random_affine(
            self._plain, generator, chosen.turn, chosen.scale, shear=0.0, shift=chosen.crop, rims="reflect"
        )
        self._arrays[0] = np.clip(np.round(varied), 0, 255).astype("uint8")


def begin(model: keras.Model, setting: Setting, seed: int, weights: Sequence[np.ndarray]) -> keras.Model:
    """A compiled network of ``models.build_tuned`` as it begins a training: its first weights, optimizer at zero.

    The graph is built once for a structure, because that takes as long as a short training; learning rate and the
    draws of dropout are set here. weights: what a network of this structure begins with under this seed.
    """
    keras.utils.set_random_seed(seed)
    model.set_weights(weights)
    model.optimizer.build(model.trainable_variables)
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    model.optimizer.learning_rate = setting.learning_rate
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign(np.array([seed, 0], layer.seed_generator.state.dtype))
    return model


class Validation(keras.callbacks.Callback):
    """Right answers and cross-entropy on validation pictures after each epoch, in the logs of the callbacks after it.

    As ``validation_data`` gives them, but for the penalty of L2, which is no part of this loss; the pictures go through
    at once, which takes a tenth of the time for a small network.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        super().__init__()
        self._images, self._labels = images, labels

    def on_epoch_end(self, epoch, logs=None):
        right, loss = validated(self.model.predict_on_batch(self._images), self._labels)
        logs |= {"val_accuracy": right, "val_loss": loss}


@dataclass(frozen=True)
class Trial:
    """One training of a setting, judged on validation pictures."""

    setting: Setting
    seed: int
    right: float  # share of right answers on validation pictures
    loss: float  # cross-entropy there; infinite where the training came to nothing
    epochs: int  # that were trained
    core_seconds: float  # of all threads together
    weights: tuple[np.ndarray, ...] = field(repr=False, default=())  # as it ended


def validated(chance: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Share of right answers and cross-entropy of probabilities (n, classes)."""
    from lepton_nb import metrics

    if not np.isfinite(chance).all():
        return 0.0, math.inf
    return float(np.mean(chance.argmax(axis=1) == truth)), float(metrics.losses(truth, chance).mean())


def best(trials: Sequence[Trial]) -> Trial:
    """The trial with most right answers on validation pictures; of several, the surest; of those, the first."""
    return max(trials, key=lambda trial: (trial.right, -trial.loss))


# ---------------------------------------------------------------- searches


def optuna() -> Any:
    """Optuna, of the extra ``tuning``, without a line a trial and without the advice of its bar of progress."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")
        import optuna as found
    found.logging.set_verbosity(found.logging.WARNING)
    return found


def grid_of(grid: Mapping[str, Sequence[Any]]) -> int:
    """Points of a grid.

    >>> grid_of({"learning_rate": [0.001, 0.01], "dropout": [0, 0.3, 0.5]})
    6
    """
    return math.prod(len(values) for values in grid.values())


def asked(trial: Any, space: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """What a trial of Optuna proposes within a space: name → list of choices, or (low, high), or (low, high, "log")."""
    found = {}
    for name, values in space.items():
        if isinstance(values, tuple):
            low, high, *log = values
            found[name] = trial.suggest_float(name, low, high, log=log == ["log"])
        else:
            found[name] = trial.suggest_categorical(name, list(values))
    return found


# ---------------------------------------------------------------- seeds


def over_seeds(values: Sequence[float]) -> Interval | None:
    """Mean of figures, one a seed, with the 95 % interval of Student's t; None for one seed, which has no spread.

    >>> found = over_seeds([0.1, 0.3])
    >>> round(found.value, 3), round(found.high - found.value, 2)
    (0.2, 1.27)
    """
    return mean_of_groups(values, range(len(values))) if len(values) > 1 else None


def spread(values: Sequence[float]) -> float:
    """Standard deviation of figures, one a seed; 0 for one alone."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class Beside:
    """How far one way is ahead of another: mean over the seeds, pair by pair, in shares of right answers."""

    value: float
    low: float  # 95 %, for other seeds and other test pictures of the same kind
    high: float
    seeds: Interval | None  # over the seeds alone, the test pictures held fixed
    rows: transfer.Gap  # over the test pictures alone, the networks held fixed

    @property
    def n(self) -> int:
        """Test pictures."""
        return self.rows.n


def compared(
    ours: Sequence[transfer.Judged], theirs: Sequence[transfer.Judged], groups: np.ndarray | None = None
) -> Beside:
    r"""Difference of two ways, one result a seed each, on the same test pictures.

    Two things could have been otherwise, the seeds and the test pictures. Half the width of the whole interval is
    $\sqrt{h_{seeds}^2 + h_{rows}^2}$; since the part of a seed's luck that lies in single pictures is in both, it is
    rather too wide than too narrow. With one seed the pictures alone are in it.
    """
    rows = transfer.gap(ours, theirs, groups)
    seeds = over_seeds([a.value - b.value for a, b in zip(ours, theirs, strict=True)])
    parts = [rows.high - rows.value, 0.0 if seeds is None else seeds.high - seeds.value]
    half = math.hypot(*parts)
    return Beside(rows.value, rows.value - half, rows.value + half, seeds, rows)


def together(chances: Sequence[np.ndarray]) -> np.ndarray:
    """Probabilities of several networks as one answer: their mean."""
    return np.mean(chances, axis=0)


# ---------------------------------------------------------------- what it brings and costs


@dataclass(frozen=True)
class Worth:
    """A year of a gain in money, and what finding it cost once. Money in one currency."""

    errors: tuple[float, float, float]  # avoided in a year: low, most likely, high
    yearly: tuple[float, float, float]
    computing: float  # of the search
    labour: float  # of the person who laid it out

    @property
    def cost(self) -> float:
        """Of the search, once."""
        return self.computing + self.labour

    @property
    def first_year(self) -> tuple[float, float, float]:
        """What the first year brings after the cost."""
        return tuple(money - self.cost for money in self.yearly)


def worth(gain: Beside, pictures: float, price: float, core_hours: float, core_price: float, labour: float) -> Worth:
    r"""What a gain is worth in a year: pictures a year times errors avoided times the price of one, less the search.

    $$ K = v\,c\,g - (h\,r + w) $$

    with v pictures a year, the gain g in right answers, c the price of an error, h core-hours at r each, w the labour.

    >>> one = Beside(0.01, 0.0, 0.02, None, transfer.Gap(0.01, 0.0, 0.02, 900, 900))
    >>> worth(one, 10_000, 5.0, 2.0, 0.05, 100.0).first_year
    (-100.1, 399.9, 899.9)
    """
    shares = (gain.low, gain.value, gain.high)
    errors = tuple(share * pictures for share in shares)
    return Worth(errors, tuple(one * price for one in errors), core_hours * core_price, labour)


# ---------------------------------------------------------------- TensorBoard


def scalars(folder: str | Path) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """What a log of Keras's TensorBoard callback holds: part ("train", "validation") → name → (step, value).

    Needs tensorboard, of the extra ``tuning``. Raises FileNotFoundError where no log is.
    """
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.util import tensor_util

    found = {}
    for part in sorted(path for path in Path(folder).glob("*") if path.is_dir()):
        log = event_accumulator.EventAccumulator(str(part), {event_accumulator.TENSORS: 0})
        log.Reload()
        found[part.name] = {
            name: [(event.step, float(tensor_util.make_ndarray(event.tensor_proto))) for event in log.Tensors(name)]
            for name in log.Tags()["tensors"]
            if log.SummaryMetadata(name).plugin_data.plugin_name == "scalars"
        }
    if not any(found.values()):
        raise FileNotFoundError(f"{Path(folder).name}: no log of TensorBoard in this folder")
    return found


# ---------------------------------------------------------------- on record


def enter_beside(record: Any, name: str, found: Beside, factor: float = 1.0, unit: str = "fraction") -> None:
    """Put a difference with its interval on record (results.Record), and that of the seeds alone beside it."""
    ends = {"low": factor * found.low, "high": factor * found.high, "n": found.n}
    told = "95 % over test pictures" if found.seeds is None else "95 % paired, over seeds and test pictures"
    record.add(name, factor * found.value, unit, interval=told, **ends)
    if found.seeds is not None:
        one = found.seeds
        alone = {"low": factor * one.low, "high": factor * one.high, "interval": f"95 % Student over {one.n} seeds"}
        record.add(f"{name}_seeds", factor * one.value, unit, n=found.n, **alone)
