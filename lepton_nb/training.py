"""Training: seeds, precision, schedules, augmentation, timing, one line of progress.

Import this module first in a notebook: it starts Keras without TensorFlow's lines on standard error.
Nothing here holds a network or data; nothing but the start is particular to one backend of Keras.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import logging
import math
import os
import random
import time
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lepton_nb import processor


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Standard error of the process (not only of Python) goes nowhere: TensorFlow's C++ code writes there."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # silences what comes after the start
with silence():
    import keras

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice about retracing on a page

__all__ = [
    "Cost",
    "Diverged",
    "Muon",
    "Precision",
    "Rows",
    "Run",
    "choose_precision",
    "cost",
    "feed",
    "flip_and_shift",
    "multiply_adds",
    "one_cycle",
    "predict",
    "random_affine",
    "set_seed",
    "silence",
    "train",
]

PRECISIONS = ("float32", "mixed_bfloat16")


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
    """The policy to build with, and why: what the processor can do, or that it was asked for by name."""

    policy: str  # "float32" or "mixed_bfloat16"
    unit: str | None = None  # of the processor that computes with bfloat16, "" for none; None: asked for by name
    speed_up: float | None = None  # time of a float32 step over that of a bfloat16 step: told, never decided by

    @property
    def source(self) -> str:
        """Where the choice comes from, in three or four words."""
        return "asked for" if self.unit is None else "what the processor can do"

    @property
    def sentence(self) -> str:
        """Which precision runs, and why."""
        if self.unit is None:
            return f"{self.policy}, as asked for."
        why = (
            f"this processor computes with bfloat16 ({self.unit})"
            if self.unit
            else "no unit for bfloat16 is known here"
        )
        measured = ""
        if self.speed_up is not None:
            measured = (
                f" A step in bfloat16 took {1 / self.speed_up:.2f} times as long as in float32, measured just now."
            )
        return f"{self.policy}: {why}.{measured}"


def choose_precision(asked: str = "auto", repetitions: int = 10) -> Precision:
    """float32 or mixed_bfloat16, by what this machine's processor can do.

    "auto" takes bfloat16 where the processor has a unit for it (:func:`lepton_nb.processor.bfloat16_unit`). A clock
    decides nothing: other work on the machine would change the choice, and with it the numbers. Training steps of two
    convolutions (128 images of 14×14×64) are timed in turn in both only to be told, about 1 s; ``repetitions=0``
    leaves that out. Any other value of ``asked`` is used as it is. Raises ValueError for an unknown one.
    """
    if asked in PRECISIONS:
        return Precision(asked)
    if asked != "auto":
        raise ValueError(f"precision must be auto, {' or '.join(PRECISIONS)}. Received: precision={asked!r}")
    unit = processor.bfloat16_unit()
    return Precision(PRECISIONS[bool(unit)], unit, _speed_up(repetitions) if repetitions > 0 else None)


def _speed_up(repetitions: int) -> float:
    """Time of a training step in float32 over one in bfloat16, of each the fastest: other work only slows one down."""
    images, targets = np.zeros((128, 14, 14, 64), "float32"), np.zeros((128, 64), "float32")
    models = [_two_convolutions(policy) for policy in PRECISIONS]
    fastest = [float("inf"), float("inf")]
    for repetition in range(repetitions + 1):
        for position, model in enumerate(models):
            start = time.perf_counter()
            model.train_on_batch(images, targets)
            if repetition:  # the first one builds the graph
                fastest[position] = min(fastest[position], time.perf_counter() - start)
    return fastest[0] / fastest[1]


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
    rims: str = "constant",
) -> np.ndarray:
    """Each image turned, enlarged, slanted and moved a little, each by its own chance; zeros come in at the rims.

    images: (n, height, width, channels). Uniform draws: rotation within ± degrees, zoom within 1 ± zoom, shear
    within ± shear (pixels to the side for each pixel up), shift within ± pixels on both axes. Bilinear.
    rims: "reflect" lets the mirrored inside come in instead of zeros, for pictures that fill their frame.
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
            images[piece].astype("float32"), rows[piece].astype("float32"), fill_mode=rims, data_format="channels_last"
        )
        result[piece] = keras.ops.convert_to_numpy(moved)
    return result


def flip_and_shift(
    images: np.ndarray, epoch: int, seed: int = 0, shift: int = 2, flip: bool = True, alternating: bool = True
) -> np.ndarray:
    """Each image mirrored or not, and moved by whole pixels; the rims are filled with the mirrored inside.

    images: (n, height, width, channels), any number type, which is kept. epoch: from 1. The draws depend on
    (seed, epoch) alone. shift: at most so many pixels on each axis, each number as likely as the others.
    alternating: a half of the images, drawn by ``seed``, is mirrored in the odd epochs and the other half in the even
    ones, so that two epochs in a row show each image in both forms; otherwise each epoch draws anew.

    Reference: Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, 2024, section 3.6 (alternating flip).
    """
    if images.ndim != 4 or not 0 <= shift < min(images.shape[1:3]) or epoch < 0:
        raise ValueError(
            "images must be (n, height, width, channels), larger than shift, and epoch at least 0. "
            f"Received: shape {images.shape}, {shift=}, {epoch=}"
        )
    count, height, width, _ = images.shape
    generator = np.random.default_rng((seed, epoch))
    down, right = generator.integers(0, 2 * shift + 1, (2, count))
    half = np.random.default_rng(seed) if alternating else generator
    mirrored = (half.random(count) < 0.5) ^ (alternating and epoch % 2 == 1)
    rims = ((0, 0), (shift, shift), (shift, shift), (0, 0))
    padded, result = np.pad(images, rims, "reflect"), np.empty_like(images)
    for row in range(2 * shift + 1):
        for column in range(2 * shift + 1):
            here = (down == row) & (right == column)
            result[here] = padded[here, row : row + height, column : column + width]
    if flip:
        result[mirrored] = result[mirrored, :, ::-1]
    return result


# ---------------------------------------------------------------- an optimizer


@keras.saving.register_keras_serializable("lepton_nb")
class Muon(keras.optimizers.Optimizer):
    r"""Steps for convolutions whose matrix has singular values of about 1, whatever the gradient's were.

    For a kernel $W$ (height, width, in, out), seen as a matrix of height · width · in rows and out columns, with
    gradient $G$, momentum $\mu$ and learning rate $\eta$:

    $$ M \leftarrow \mu M + G, \qquad
       W \leftarrow \sqrt{out} \, W / |W| - \eta \, \mathrm{orth}(G + \mu M) $$

    orth replaces the singular values by values near 1 (between about 0.7 and 1.2), by three steps of the polynomial
    $a X + b X X^\top X + c (X X^\top)^2 X$. The kernel is brought to a norm of the square root of its outputs first: a
    normalisation follows, so its size says nothing. With that $\eta$ is about the change relative to the weight.

    All other variables (biases, dense layers) take Adam's steps with the learning rate ``others`` times that of the
    kernels and $\beta_1 = \mu_{others} = 0.85$, $\beta_2 = 0.95$.

    Reference: Jordan and others, Muon: An optimizer for hidden layers in neural networks, 2024; Kingma and Ba,
    Adam, ICLR 2015.
    """

    def __init__(self, learning_rate=0.1, momentum: float = 0.6, others: float = 0.1, name: str = "muon", **options):
        super().__init__(learning_rate=learning_rate, name=name, **options)
        if not 0 <= momentum < 1 or others <= 0:
            raise ValueError(f"momentum must be within 0..1 and others above 0. Received: {momentum=}, {others=}")
        self.momentum, self.others = momentum, others

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.first, self.second = self.add_optimizer_variables(variables, ("first", "second"))

    def update_step(self, gradient, variable, learning_rate):
        place = self._get_variable_index(variable)
        first, second = self.first[place], self.second[place]
        gradient = keras.ops.cast(gradient, variable.dtype)
        rate = keras.ops.cast(learning_rate, variable.dtype)
        if len(variable.shape) == 4:
            self.assign(first, self.momentum * first + gradient)
            outputs = variable.shape[-1]
            direction = keras.ops.reshape(gradient + self.momentum * first, (-1, outputs))
            direction = keras.ops.reshape(orthogonal(direction), variable.shape)
            scale = math.sqrt(outputs) / (keras.ops.norm(keras.ops.reshape(variable, (-1,))) + 1e-7)
            self.assign(variable, variable * scale - rate * direction)
        else:
            step = keras.ops.cast(self.iterations + 1, variable.dtype)
            self.assign(first, 0.85 * first + 0.15 * gradient)
            self.assign(second, 0.95 * second + 0.05 * keras.ops.square(gradient))
            mean = first / (1 - keras.ops.power(0.85, step))
            size = keras.ops.sqrt(second / (1 - keras.ops.power(0.95, step)))
            self.assign_sub(variable, rate * self.others * mean / (size + 1e-8))

    def get_config(self):
        return super().get_config() | {"momentum": self.momentum, "others": self.others}


def orthogonal(matrix, steps: int = 3):
    """A matrix with about the same singular vectors, and singular values near 1. matrix: (m, n), of any backend.

    Newton-Schulz steps with a polynomial of degree 5, whose slope at zero is as large as it can be.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    found = keras.ops.transpose(matrix) if tall else matrix
    found = found / (keras.ops.norm(found) + 1e-12)
    for _ in range(steps):
        square = keras.ops.matmul(found, keras.ops.transpose(found))
        inner = -4.7750 * square + 2.0315 * keras.ops.matmul(square, square)
        found = 3.4445 * found + keras.ops.matmul(inner, found)
    return keras.ops.transpose(found) if tall else found


# ---------------------------------------------------------------- cost


def multiply_adds(model: keras.Model) -> int:
    """Multiplications with addition that one input costs in the convolutions and dense layers, forwards.

    A dense layer costs inputs times outputs for each place it is used at; a convolution kernel height × width ×
    inputs × outputs for each place of its output. Twice that is the number of floating-point operations (FLOP);
    a training step costs about three times as much: forwards, and backwards to the weights and to the inputs.
    """
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            places = math.prod(layer.output.shape[1:-1])
            total += places * math.prod(layer.kernel.shape)
    return total


# ---------------------------------------------------------------- batches


class Rows(keras.utils.PyDataset):
    """Rows of arrays that belong together, ``batch_size`` of them at a time.

    arrays: inputs, or inputs and targets, each (n, …). seed: the order in epoch e (counted from ``epoch``) depends on
    (seed, e) alone; None: the rows as they stand.
    """

    def __init__(self, *arrays: np.ndarray, batch_size: int, seed: int | None = None, epoch: int = 1):
        super().__init__()
        real = keras.config.floatx()
        self._arrays = [np.asarray(array, real if array.dtype.kind == "f" else None) for array in arrays]
        self._size, self._seed, self._epoch = batch_size, seed, epoch
        self._order = self._shuffled()

    def _shuffled(self) -> np.ndarray:
        count = len(self._arrays[0])
        if self._seed is None:
            return np.arange(count)
        return np.random.default_rng((self._seed, self._epoch)).permutation(count)

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._order = self._shuffled()

    def __len__(self) -> int:
        return -(-len(self._order) // self._size)

    def __getitem__(self, position: int) -> tuple[np.ndarray, ...]:
        rows = self._order[position * self._size : (position + 1) * self._size]
        return tuple(array[rows] for array in self._arrays)


def feed(batches: keras.utils.PyDataset):
    """The same batches for ``fit`` or ``predict``, in a form whose end costs no time.

    On TensorFlow, Keras reads all data through tf.data, whose tuner sleeps in intervals that double up to a minute;
    whoever ends an iterator waits, about every second time, until it wakes (seen in TensorFlow 2.21;
    ``benchmarks/feeding.py`` measures it). So there the tuner is switched off. Other backends take the batches as they
    are.

    A dimension that differs between the first two batches may differ in all; the number of rows always may.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    held = weakref.ref(batches)  # TensorFlow keeps every generator function for good, and would keep the arrays

    def one_by_one():
        given = held()
        for position in range(len(given)):
            yield given[position]
        given.on_epoch_end()

    def signature(first, other):
        same = [None if a != b else a for a, b in zip(first.shape[1:], other.shape[1:], strict=True)]
        return tf.TensorSpec((None, *same), first.dtype)

    shapes = tf.nest.map_structure(signature, batches[0], batches[min(1, len(batches) - 1)])
    options = tf.data.Options()
    options.autotune.enabled = False
    made = tf.data.Dataset.from_generator(one_by_one, output_signature=shapes)
    made = made.apply(tf.data.experimental.assert_cardinality(len(batches))).with_options(options)
    made.batches = batches  # as long as the data set lives
    return made


def predict(model: keras.Model, inputs: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """``model.predict`` of inputs (n, …), without a line of progress, read by :func:`feed`."""
    return model.predict(feed(Rows(inputs, batch_size=batch_size)), verbose=0)


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


@dataclass(frozen=True)
class Cost:
    """What one recipe costs: counted from the layers, and measured as the mean of its trainings."""

    flop_image: float  # of an image, forwards
    flop: float  # of one training
    images: int  # seen in one training
    seconds: float
    core_hours: float
    watt_hours: float  # by the power assumed


def cost(model: keras.Model, runs: Sequence[Run], cores: int, watts_per_core: float) -> Cost:
    """Cost of a recipe whose trainings took ``runs``; a step is counted as three forward passes.

    cores: those at work. watts_per_core: assumed, not measured; watt-hours are core-hours times it.
    """
    flop_image, seconds = 2 * multiply_adds(model), float(np.mean([run.seconds for run in runs]))
    hours = seconds * cores / 3600
    images = runs[0].images
    return Cost(flop_image, 3.0 * flop_image * images, images, seconds, hours, hours * watts_per_core)


def train(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    augment: Callable[..., np.ndarray] | None = None,
    label: str = "",
    seed: int | None = None,
    resume_folder: str | Path = "",
    keep: bool = False,
) -> Run:
    """``model.fit`` epoch by epoch: each on freshly augmented images, timed, with one line of progress.

    model: compiled, with "accuracy" among its metrics. images: (n, …), labels: (n,). validation: images and labels,
    measured after each epoch with the clock stopped. augment: images to images, or images and the number of the
    epoch (from 1) to images, once an epoch. label: name in the line of progress; empty: no line. An optimizer with
    ``use_ema=True`` puts the moving average of the weights in their place at the end of each epoch, as Keras does
    at the end of each ``fit``.

    seed: the order of the images in epoch e depends on (seed, e) alone. None: on the seed of :func:`set_seed`.

    resume_folder: after each epoch the weights, the optimizer's state and the epochs so far are written there, and
    a later call with the same arguments goes on from there, to the same end as one that was not interrupted. It
    needs ``seed``, and an ``augment`` that knows the epoch's number. One folder holds one training. What another
    network, other settings or other data left there is not used, and a sentence says so. When the training is
    through, the folder is emptied; with ``keep=True`` its end stays, and the same call gives it back at once.

    Raises Diverged as soon as the loss of a step is not finite, or an epoch ends with weights that are not; the
    model then holds the weights from before that epoch (the optimizer's state is not put back).
    """
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1. Received: {epochs=}, {batch_size=}")
    knows_epoch = augment is not None and len(inspect.signature(augment).parameters) > 1
    if str(resume_folder) and (seed is None or (augment is not None and not knows_epoch)):
        raise ValueError(
            "resume_folder needs seed, and an augment that takes the images and the epoch's number: "
            f"otherwise a resumed training ends elsewhere. Received: {seed=}, augment={augment}"
        )
    name = label or model.name
    settings = [epochs, batch_size, seed]
    saved = _Saved(resume_folder, model, images, labels, settings, name) if str(resume_folder) else None
    done = saved.restore() if saved else []
    line, spent = _Line(label), done[-1].seconds if done else 0.0
    order = random.getrandbits(32) if seed is None else seed
    for number in range(len(done) + 1, epochs + 1):
        good, watch = model.get_weights(), _Watch()
        start = time.perf_counter()
        shown = images
        if augment is not None:
            shown = augment(images, number) if knows_epoch else augment(images)
        rows = Rows(shown, labels, batch_size=batch_size, seed=order, epoch=number)
        history = model.fit(feed(rows), epochs=1, shuffle=False, verbose=0, callbacks=[watch]).history
        spent += time.perf_counter() - start
        loss, accuracy = history["loss"][0], history["accuracy"][0]
        if watch.lost is not None or not all(np.isfinite(weight).all() for weight in model.get_weights()):
            model.set_weights(good)
            what = "a weight is no longer finite" if watch.lost is None else f"the loss is {watch.lost}"
            raise Diverged(
                f"{name}: {what} in epoch {number} of {epochs}, after {watch.steps} steps of it. The model has its "
                "weights from before this epoch. The step is too large for this network: lower the learning rate."
            )
        right = None
        if validation is not None:
            chance = predict(model, validation[0])
            right = float(np.mean(chance.argmax(axis=1) == validation[1]))
        done.append(Epoch(number, spent, float(loss), float(accuracy), right))
        line.show(done[-1], epochs, len(images) * number / spent)
        if saved:
            saved.write(done)
    if saved and not keep:
        saved.remove()
    return Run(tuple(done), len(images) * epochs)


class _Watch(keras.callbacks.Callback):
    """Stops the epoch at the first step after which the loss is not finite."""

    def __init__(self):
        super().__init__()
        self.steps, self.lost = 0, None

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if not math.isfinite(logs["loss"]):  # the mean over the epoch so far: once lost, it stays lost
            self.lost = float(logs["loss"])
            self.model.stop_training = True


class _Saved:
    """An unfinished training in a folder: ``state.json`` and the weights that it names.

    ``state.json`` is written last and in one step, so it never names weights that are not there in full.
    """

    def __init__(self, folder: str | Path, model: keras.Model, images, labels, settings: list, name: str):
        self.folder, self.model, self.name = Path(folder), model, name
        self.state = self.folder / "state.json"
        optimizer, loss = (json.dumps(_config(part), sort_keys=True) for part in (model.optimizer, model.loss))
        start = hashlib.sha256()
        for array in (images, labels, *model.get_weights()):  # the start holds the seed of the weights
            start.update(np.ascontiguousarray(array))
        parts = [model.to_json(), optimizer, loss, images.shape, *settings, start.hexdigest(), keras.backend.backend()]
        self.kind = hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def restore(self) -> list[Epoch]:
        """The epochs done, with weights and optimizer put into the model; nothing is done when none are found."""
        if not self.state.is_file():
            return []
        everything, start = [], []
        try:
            found = json.loads(self.state.read_text(encoding="utf-8"))
            if found["kind"] != self.kind:
                print(f"{self.name}: starts anew; what lies in its folder is of another network, data or settings.")
                return []
            self.model.optimizer.build(self.model.trainable_variables)
            everything = [*self.model.variables, *self.model.optimizer.variables]
            start = _values(everything)
            self.model.load_weights(self.folder / found["weights"])
            for variable, value in zip(self._draws(), found["draws"], strict=True):
                variable.assign(np.array(value, variable.dtype))
            done = [Epoch(**epoch) for epoch in found["epochs"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            for variable, value in zip(everything, start, strict=True):  # nothing stays that was read in part
                variable.assign(value)
            print(f"{self.name}: starts anew; what lies in its folder cannot be read ({type(error).__name__}).")
            return []
        print(f"{self.name}: goes on after epoch {len(done)}.")
        return done

    def write(self, done: list[Epoch]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = self.folder / f"epoch{len(done)}.weights.h5"
        beside = self.folder / "part.weights.h5"
        with _numpy_2():
            self.model.save_weights(beside)  # the optimizer's state is in it
        os.replace(beside, weights)
        part = self.folder / "state.part"
        text = {"kind": self.kind, "weights": weights.name, "epochs": [asdict(epoch) for epoch in done]}
        text["draws"] = [value.tolist() for value in _values(self._draws())]
        part.write_text(json.dumps(text), encoding="utf-8")
        os.replace(part, self.state)
        for old in self.folder.glob("epoch*.weights.h5"):
            if old != weights:
                old.unlink()

    def _draws(self) -> list:
        """Where the model's random generators stand (dropout has one): Keras does not count them as weights."""
        weights = {id(weight) for weight in self.model.weights}
        return [variable for variable in self.model.variables if id(variable) not in weights]

    def remove(self) -> None:
        self.state.unlink(missing_ok=True)
        for file in [*self.folder.glob("*.weights.h5"), *self.folder.glob("state.part")]:
            file.unlink()


@contextlib.contextmanager
def _numpy_2() -> Iterator[None]:
    """Keras reads its variables in a way that NumPy 2 is going to drop, and NumPy says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        yield


def _values(variables) -> list[np.ndarray]:
    with _numpy_2():
        return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _config(part) -> dict | str:
    """What a compiled part was made with, as plain values."""
    plain = keras.saving.serialize_keras_object(part)
    return plain if isinstance(plain, dict | str) else str(plain)


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
