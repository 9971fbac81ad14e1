"""Training: seeds, precision, schedules, augmentation, timing, one line of progress.

Import this module first in a notebook: it starts Keras without TensorFlow's lines on standard error.
Nothing here holds a network or data; nothing but the start is particular to one backend of Keras.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    """Standard error of the process (not only of Python) goes nowhere: TensorFlow's C++ code writes there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # silences what comes after the start
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with _quiet_start():
    import keras

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice about retracing on a page

__all__ = ["Diverged", "Precision", "Run", "choose_precision", "one_cycle", "random_affine", "set_seed", "train"]

PRECISIONS = ("float32", "mixed_bfloat16")
#: bfloat16 must be this much faster than float32 to be chosen: more than the clock's noise.
MARGIN = 1.15


class Diverged(RuntimeError):
    """The loss is no longer a finite number; training further changes nothing."""


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and the backend, and forget the state of earlier networks."""
    if seed < 0:
        raise ValueError(f"seed must be at least 0. Received: seed={seed}")
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)


# ---------------------------------------------------------------- precision


@dataclass(frozen=True)
class Precision:
    """The policy to build with, and the measurement that chose it (None where it was asked for by name)."""

    policy: str  # "float32" or "mixed_bfloat16"
    speed_up: float | None = None  # time of a float32 step over that of a bfloat16 step

    @property
    def sentence(self) -> str:
        """Which precision runs, and why."""
        if self.speed_up is None:
            return f"{self.policy}, as asked for."
        found = f"a step in bfloat16 is {self.speed_up:.2f} times as fast as in float32 on this machine"
        return f"{self.policy}: {found}; bfloat16 is taken from {MARGIN} on."


def choose_precision(asked: str = "auto", repetitions: int = 10) -> Precision:
    """float32 or mixed_bfloat16, whichever trains faster on this machine.

    "auto" times training steps of two convolutions (128 images of 14×14×64) in turn in both, takes the
    fastest of each (other work on the machine can only slow a step down) and asks for a margin of 15 %. About 1 s.
    Any other value of ``asked`` is used as it is. Raises ValueError for an unknown one.
    """
    if asked in PRECISIONS:
        return Precision(asked)
    if asked != "auto":
        raise ValueError(f"precision must be auto, {' or '.join(PRECISIONS)}. Received: precision={asked!r}")
    images, targets = np.zeros((128, 14, 14, 64), "float32"), np.zeros((128, 64), "float32")
    models = [_two_convolutions(policy) for policy in PRECISIONS]
    fastest = [float("inf"), float("inf")]
    for repetition in range(repetitions + 1):
        for position, model in enumerate(models):
            start = time.perf_counter()
            model.train_on_batch(images, targets)
            if repetition:  # the first one builds the graph
                fastest[position] = min(fastest[position], time.perf_counter() - start)
    speed_up = fastest[0] / fastest[1]
    return Precision(PRECISIONS[speed_up >= MARGIN], speed_up)


def _two_convolutions(dtype: str) -> keras.Model:
    inputs = keras.Input((14, 14, 64))
    hidden = keras.layers.Conv2D(64, 3, dtype=dtype)(inputs)
    hidden = keras.layers.Conv2D(64, 3, dtype=dtype)(hidden)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D(dtype=dtype)(hidden))
    model.compile("sgd", "mse")
    return model


# ---------------------------------------------------------------- schedules


def one_cycle(peak: float, steps: int, warm_up: float = 0.2, start: float = 0.1):
    """Learning rate that rises to its peak and falls to zero, once over the whole training.

    From ``start * peak`` in a straight line to ``peak`` during the first ``warm_up`` share of the steps, then along
    half a cosine to 0 at the last step. Gives a Keras schedule for an optimizer's ``learning_rate``.

    Reference: Smith and Topin, Super-Convergence, 2019 (rise and fall); Loshchilov and Hutter, SGDR, ICLR 2017
    (the cosine).
    """
    if peak <= 0 or steps < 2 or not 0 < warm_up < 1 or not 0 <= start <= 1:
        raise ValueError(
            "one_cycle needs peak > 0, steps of at least 2, warm_up between 0 and 1, start within 0..1. "
            f"Received: {peak=}, {steps=}, {warm_up=}, {start=}"
        )
    rising = min(max(round(warm_up * steps), 1), steps - 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=start * peak, decay_steps=steps - rising, warmup_target=peak, warmup_steps=rising
    )


# ---------------------------------------------------------------- augmentation


def random_affine(
    images: np.ndarray,
    generator: np.random.Generator,
    rotation: float = 10.0,
    zoom: float = 0.1,
    shear: float = 0.1,
    shift: float = 2.0,
) -> np.ndarray:
    """Each image turned, enlarged, slanted and moved a little, each by its own chance; zeros come in at the rims.

    images: (n, height, width, channels). Uniform draws: rotation within ± degrees, zoom within 1 ± zoom, shear
    within ± shear (pixels to the side for each pixel up), shift within ± pixels on both axes. Bilinear.
    """
    if images.ndim != 4:
        raise ValueError(f"images must be (n, height, width, channels). Received: shape {images.shape}")
    count, height, width, _ = images.shape
    angle = np.deg2rad(generator.uniform(-rotation, rotation, count))
    scale = generator.uniform(1 - zoom, 1 + zoom, count)
    slant = generator.uniform(-shear, shear, count)
    move = generator.uniform(-shift, shift, (count, 2))
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    # output pixel (x, y) takes its value from matrix @ (x, y) + offset; the image's centre stays where it is
    matrix = np.stack([cosine, slant - sine, sine, cosine], axis=1).reshape(count, 2, 2)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre - matrix @ centre + move
    rows = np.concatenate([matrix[:, 0], offset[:, :1], matrix[:, 1], offset[:, 1:], np.zeros((count, 2))], axis=1)
    result = np.empty(images.shape, "float32")
    for start in range(0, count, 2000):  # whole data sets fit the backend's memory piece by piece
        piece = slice(start, start + 2000)
        moved = keras.ops.image.affine_transform(
            images[piece].astype("float32"), rows[piece].astype("float32"), data_format="channels_last"
        )
        result[piece] = keras.ops.convert_to_numpy(moved)
    return result


# ---------------------------------------------------------------- the run


@dataclass(frozen=True)
class Epoch:
    """State after one epoch. seconds: training alone, counted from the start of the run."""

    number: int
    seconds: float
    loss: float
    accuracy: float  # on the training images, while the weights still move
    validation_accuracy: float | None


@dataclass(frozen=True)
class Run:
    """One finished training."""

    epochs: tuple[Epoch, ...]
    images: int  # seen in all epochs together

    @property
    def seconds(self) -> float:
        """Wall time of the training: building the graph, augmentation and steps; not the validation."""
        return self.epochs[-1].seconds

    @property
    def images_per_second(self) -> float:
        """Training images for each second of wall time."""
        return self.images / self.seconds

    def seconds_to(self, accuracy: float) -> float | None:
        """Training time after which the validation accuracy was first at ``accuracy`` or above; None: never."""
        for epoch in self.epochs:
            if epoch.validation_accuracy is not None and epoch.validation_accuracy >= accuracy:
                return epoch.seconds
        return None


def train(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    augment: Callable[[np.ndarray], np.ndarray] | None = None,
    label: str = "",
) -> Run:
    """``model.fit`` epoch by epoch: each on freshly augmented images, timed, with one line of progress.

    model: compiled, with "accuracy" among its metrics. images: (n, …), labels: (n,). validation: images and labels,
    measured after each epoch with the clock stopped. augment: images to images, once an epoch. label: name in the
    line of progress; empty: no line. An optimizer with ``use_ema=True`` puts the moving average of the weights in
    their place at the end of each epoch, as Keras does at the end of each ``fit``.

    Raises Diverged at the end of the first epoch whose loss is not finite.
    """
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1. Received: {epochs=}, {batch_size=}")
    line, done, spent = _Line(label), [], 0.0
    for number in range(1, epochs + 1):
        start = time.perf_counter()
        shown = images if augment is None else augment(images)
        history = model.fit(shown, labels, batch_size=batch_size, epochs=1, verbose=0).history
        spent += time.perf_counter() - start
        loss, accuracy = history["loss"][0], history["accuracy"][0]
        if not np.isfinite(loss):
            raise Diverged(
                f"{label or model.name}: the loss is {loss} in epoch {number} of {epochs}. "
                "The step is too large for this network: lower the learning rate."
            )
        right = None
        if validation is not None:
            chance = model.predict(validation[0], batch_size=500, verbose=0)
            right = float(np.mean(chance.argmax(axis=1) == validation[1]))
        done.append(Epoch(number, spent, float(loss), float(accuracy), right))
        line.show(done[-1], epochs, len(images) * number / spent)
    return Run(tuple(done), len(images) * epochs)


class _Text(str):
    """Shown as it is, without quotes."""

    __repr__ = str.__str__


class _Line:
    """One line that is written over after each epoch in a notebook; in a terminal a line an epoch."""

    def __init__(self, label: str):
        self.label, self.handle = label, None

    def show(self, epoch: Epoch, epochs: int, speed: float) -> None:
        if not self.label:
            return
        from IPython.display import display

        checked = "" if epoch.validation_accuracy is None else f", validation {epoch.validation_accuracy:.2%}"
        text = _Text(
            f"{self.label}: epoch {epoch.number} of {epochs}, {epoch.seconds:.0f} s, {speed:,.0f} images/s, "
            f"loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.2%}{checked}"
        )
        if self.handle is None:
            self.handle = display(text, display_id=True)
        else:
            self.handle.update(text)
