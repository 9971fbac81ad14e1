"""Training a generator against a discriminator: the step, the averaged generator, the run with its curves.

A step needs gradients of gradients and gradients that are handed from one network to the other. Keras has no common
name for these, so the step speaks to TensorFlow; the networks themselves are those of ``lepton_nb.models`` and run on
any backend of Keras.
"""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from lepton_nb import training  # first: it starts Keras quietly

import keras  # isort: skip
from keras import ops  # isort: skip

__all__ = ["AdversarialPair", "PairEpoch", "PairRun", "step_operations", "train_pair"]

LOSSES = ("relativistic", "classic")
CURVES = ("discriminator_loss", "generator_loss", "score_real", "score_made", "slope")


class AdversarialPair(keras.Model):
    r"""A generator, a discriminator and the moving average of the generator's weights.

    ``loss="relativistic"``: real and made images are compared in pairs. With scores $D$ and
    $\Delta = D(x) - D(G(z))$,

    $$ L_D = \overline{\ln(1 + e^{-\Delta})} + \tfrac{\gamma}{2} (R_1 + R_2), \qquad
       L_G = \overline{\ln(1 + e^{\Delta})} $$

    where $R_1, R_2$ are the mean squared gradients of $D$ by real and by made images. When the discriminator cannot
    tell them apart, both losses stand at ln 2 = 0.693. One pass back through $D$ serves both players: for each pair
    the derivative of $L_G$ by a made image is that of $L_D$ times $-e^{\Delta}$, because $D$ looks at each image by
    itself. So both take their step at the same time. The penalty is computed every ``penalty_every`` steps and
    weighs as many times as much.

    ``loss="classic"``: as in S16's listing. The discriminator gives probabilities and takes one step on real images
    (target 1) and one on made ones (target 0); then the generator takes one through it (target 1). No penalty. The
    discriminator's loss shown is the sum of both terms: 2 ln 2 = 1.386 when it cannot tell them apart.

    ``memory``: share of the average that stays in a step; 0 switches the averaging off. ``flip``: each real image is
    mirrored with probability ½. Images come as uint8 (n, side, side, 3).

    Raises ValueError for an unknown loss, sizes that do not fit, and on another backend than TensorFlow.
    Reference: Goodfellow and others, Generative Adversarial Nets, 2014 (classic); Huang and others, The GAN is dead;
    long live the GAN!, 2024 (relativistic pairing with both penalties); Mescheder and others, Which Training Methods
    for GANs do actually Converge?, 2018 (the penalty); Karras and others, 2018 and 2020 (the averaged generator, the
    penalty now and then).
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str = "relativistic",
        penalty: float = 1.0,
        penalty_every: int = 8,
        memory: float = 0.999,
        flip: bool = True,
        seed: int = 0,
        name: str = "pair",
    ):
        super().__init__(name=name)
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                f"AdversarialPair trains with Keras on TensorFlow. Received: backend={keras.backend.backend()!r}"
            )
        if loss not in LOSSES:
            raise ValueError(f"loss must be {' or '.join(LOSSES)}. Received: loss={loss!r}")
        if penalty < 0 or penalty_every < 1 or not 0 <= memory < 1:
            raise ValueError(
                "penalty must be at least 0, penalty_every at least 1, memory within 0..1. "
                f"Received: {penalty=}, {penalty_every=}, {memory=}"
            )
        if generator.output_shape[1:] != discriminator.input_shape[1:]:
            raise ValueError(
                "the generator must make what the discriminator reads. "
                f"Received: {generator.output_shape[1:]} and {discriminator.input_shape[1:]}"
            )
        self.generator, self.discriminator = generator, discriminator
        self.averaged = keras.models.clone_model(generator)
        self.averaged.set_weights(generator.get_weights())
        self.averaged.trainable = False
        self.kind, self.penalty, self.penalty_every = loss, penalty, penalty_every
        self.memory, self.flip = memory, flip
        self.latent_size = generator.input_shape[-1]
        self.random = keras.random.SeedGenerator(seed)
        self.curves = {name: keras.metrics.Mean(name=name) for name in CURVES}
        self.built = True

    def compile(self, generator_optimizer, discriminator_optimizer) -> None:
        """Both optimizers. The graph is not compiled further: on a processor XLA makes convolutions slower."""
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        super().compile(optimizer=generator_optimizer, jit_compile=False)
        self.discriminator_optimizer = discriminator_optimizer

    @property
    def metrics(self):
        return list(self.curves.values())

    def call(self, latent):
        return self.averaged(latent)

    def train_step(self, data):
        images = keras.utils.unpack_x_y_sample_weight(data)[0]
        real = ops.cast(images, "float32") / 127.5 - 1
        if self.flip:
            mirrored = keras.random.uniform((ops.shape(real)[0], 1, 1, 1), seed=self.random) < 0.5
            real = ops.where(mirrored, ops.flip(real, axis=2), real)
        found = self._relativistic_step(real) if self.kind == "relativistic" else self._classic_step(real)
        self._average()
        for name, value in found.items():
            self.curves[name].update_state(value)
        return {name: metric.result() for name, metric in self.curves.items()}

    def _latent(self, like):
        return keras.random.normal((ops.shape(like)[0], self.latent_size), seed=self.random)

    def _relativistic_step(self, real):
        import tensorflow as tf

        count, latent = ops.shape(real)[0], self._latent(real)
        with tf.GradientTape() as through_generator:
            made = self.generator(latent, training=True)
        both = ops.concatenate([real, made], axis=0)
        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as through_discriminator:
            through_discriminator.watch(both)
            scores = self.discriminator(both, training=True)[:, 0]
            lead = scores[:count] - scores[count:]  # Δ, (batch,)
            loss = ops.mean(ops.softplus(-lead))
        *gradients, by_image = through_discriminator.gradient(loss, [*weights, both])
        factor = -ops.exp(ops.clip(lead, -15.0, 15.0))  # from the discriminator's derivative to the generator's
        by_made = by_image[count:] * factor[:, None, None, None]
        own = through_generator.gradient(made, self.generator.trainable_variables, output_gradients=by_made)
        found = {
            "discriminator_loss": loss,
            "generator_loss": ops.mean(ops.softplus(lead)),
            "score_real": ops.mean(scores[:count]),
            "score_made": ops.mean(scores[count:]),
        }
        if self.penalty:
            now = self.optimizer.iterations % self.penalty_every == 0
            extra, slope = tf.cond(now, lambda: self._penalty(both), lambda: self._no_penalty())
            gradients = [gradient + more for gradient, more in zip(gradients, extra, strict=True)]
            self.curves["slope"].update_state(slope, sample_weight=ops.cast(now, "float32"))
        self.discriminator_optimizer.apply(gradients, weights)
        self.optimizer.apply(own, self.generator.trainable_variables)
        return found

    def _penalty(self, both):
        """Gradients of γ/2 (R1 + R2) · penalty_every by the weights, and (R1 + R2) / 2. both: real, then made."""
        import tensorflow as tf

        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(both)
                total = ops.sum(self.discriminator(both, training=True))
            by_image = inner.gradient(total, both)
            slope = ops.mean(ops.sum(ops.square(by_image), axis=(1, 2, 3)))  # over real and made: half of R1 + R2
            loss = self.penalty * slope * self.penalty_every
        gradients = outer.gradient(loss, weights)  # None for the last bias, which moves no slope
        return [ops.zeros(w.shape) if g is None else g for g, w in zip(gradients, weights, strict=True)], slope

    def _no_penalty(self):
        return [ops.zeros(weight.shape) for weight in self.discriminator.trainable_variables], ops.zeros(())

    def _classic_step(self, real):
        import tensorflow as tf

        latent = self._latent(real)
        made = self.generator(latent, training=True)
        losses, means = [], []
        for shown, target in ((real, 1.0), (made, 0.0)):
            with tf.GradientTape() as tape:
                chance = self.discriminator(shown, training=True)
                loss = ops.mean(keras.losses.binary_crossentropy(ops.full_like(chance, target), chance))
            weights = self.discriminator.trainable_variables
            self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
            losses.append(loss)
            means.append(ops.mean(chance))
        with tf.GradientTape() as tape:
            chance = self.discriminator(self.generator(latent, training=True), training=True)
            own = ops.mean(keras.losses.binary_crossentropy(ops.ones_like(chance), chance))
        weights = self.generator.trainable_variables
        self.optimizer.apply(tape.gradient(own, weights), weights)
        return {
            "discriminator_loss": losses[0] + losses[1],
            "generator_loss": own,
            "score_real": means[0],
            "score_made": means[1],
        }

    def _average(self) -> None:
        done = ops.cast(self.optimizer.iterations, "float32")
        share = ops.minimum(self.memory, (1 + done) / (10 + done))  # the first steps are soon forgotten
        for mean, weight in zip(self.averaged.weights, self.generator.weights, strict=True):
            mean.assign(share * mean + (1 - share) * weight)

    def sample(self, count: int, seed: int = 0, averaged: bool = True) -> np.ndarray:
        """(count, side, side, 3) uint8: images from a standard normal latent drawn by ``seed``."""
        latent = np.random.default_rng(seed).standard_normal((count, self.latent_size)).astype("float32")
        return self.images_of(latent, averaged)

    def images_of(self, latent: np.ndarray, averaged: bool = True) -> np.ndarray:
        """The images of given latent vectors (n, latent_size), as uint8."""
        made = training.predict(self.averaged if averaged else self.generator, latent, 200)
        return np.clip((made + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """What the discriminator says of images given as uint8: (n,)."""
        return training.predict(self.discriminator, images.astype("float32") / 127.5 - 1, 200)[:, 0]


def step_operations(pair: AdversarialPair, batch_size: int) -> int:
    """Floating-point operations of one training step, counted from the layers; element-wise work is left out.

    Forwards a network costs 2 operations for each multiplication with addition; backwards once more by the weights
    and once more by the inputs. Relativistic: the generator forwards and backwards once, the discriminator forwards
    and backwards on real and made images, and every ``penalty_every`` steps the penalty, twice forwards and backwards
    on both. Classic: one generator pass more, and the discriminator once more forwards and backwards by the inputs.
    """
    generator, discriminator = (2 * _multiply_adds(part) for part in (pair.generator, pair.discriminator))
    if pair.kind == "classic":
        return batch_size * (4 * generator + 8 * discriminator)
    penalty = 12 * discriminator / pair.penalty_every if pair.penalty else 0
    return round(batch_size * (3 * generator + 6 * discriminator + penalty))


def _multiply_adds(model: keras.Model) -> int:
    """Those of :func:`training.multiply_adds`, and of transposed convolutions, one kernel for each place they read."""
    turned = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    extra = sum(math.prod(layer.input.shape[1:3]) * math.prod(layer.kernel.shape) for layer in turned)
    return training.multiply_adds(model) + extra


# ---------------------------------------------------------------- the run


@dataclass(frozen=True)
class PairEpoch:
    """Means over one epoch. seconds: training alone, from the start of the run, interruptions left out."""

    number: int
    seconds: float
    discriminator_loss: float
    generator_loss: float
    score_real: float
    score_made: float
    slope: float  # mean squared gradient of the score by the image; 0 without penalty
    score_held_out: float | None  # mean score of real images that the training does not see


@dataclass(frozen=True)
class PairRun:
    """One finished training: its epochs, and what a few fixed latent vectors gave on the way."""

    epochs: tuple[PairEpoch, ...]
    steps: int
    batch_size: int
    snapshots: dict[int, np.ndarray] = field(repr=False)  # epoch: images

    @property
    def seconds(self) -> float:
        """Wall time of the training, building the graph included."""
        return self.epochs[-1].seconds


def train_pair(
    pair: AdversarialPair,
    images: np.ndarray,
    *,
    epochs: int,
    batch_size: int,
    held_out: np.ndarray | None = None,
    snapshots: int = 4,
    resume_folder: str | Path = "",
    label: str = "",
) -> PairRun:
    """``pair.fit``, timed, with its curves and one line of progress.

    images: (n, side, side, 3) uint8. held_out: further real images; the discriminator's mean score of them after each
    epoch, with the clock stopped, shows whether it knows the training images by heart. snapshots: after so many of
    the epochs, evenly spread, six fixed latent vectors are turned into images.

    resume_folder: the state after each epoch is kept there (``keras.callbacks.BackupAndRestore``), and a later call
    with the same networks goes on from it, with new random numbers; one that is through is given back at once. The
    folder is the caller's to delete, and to keep apart from other trainings.

    Raises training.Diverged as soon as a loss is not finite.
    """
    if epochs < 1 or batch_size < 1 or len(images) < 1:
        raise ValueError(
            f"epochs, batch_size and images must be at least 1. Received: {epochs=}, {batch_size=}, n={len(images)}"
        )
    watch = _Watch(epochs, held_out, snapshots, str(resume_folder), label or pair.name)
    callbacks: list[keras.callbacks.Callback] = [watch]
    if str(resume_folder):
        backup = Path(resume_folder) / "backup"
        backup.mkdir(parents=True, exist_ok=True)
        callbacks.append(keras.callbacks.BackupAndRestore(str(backup), delete_checkpoint=False))
    rows = training.Rows(images, batch_size=batch_size, seed=random.getrandbits(32))
    pair.fit(training.feed(rows), epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0)
    if not watch.done:  # it was through already
        watch.load(epochs)
    return PairRun(tuple(watch.done), int(pair.optimizer.iterations.numpy()), batch_size, watch.snapshots)


class _Watch(keras.callbacks.Callback):
    """Clock, curves, progress, and the end of a training that has diverged."""

    def __init__(self, epochs: int, held_out, snapshots: int, folder: str, label: str):
        super().__init__()
        self.epochs, self.held_out, self.label = epochs, held_out, label
        self.folder = Path(folder) if folder else None
        self.done: list[PairEpoch] = []
        self.snapshots: dict[int, np.ndarray] = {}
        self.wanted = {round(part * epochs / snapshots) for part in range(1, snapshots + 1)} if snapshots else set()
        self.earlier, self.start, self.handle = 0.0, time.perf_counter(), None

    def load(self, epochs: int) -> None:
        """What an earlier, interrupted call has noted up to an epoch."""
        rows = json.loads((self.folder / "curves.json").read_text(encoding="utf-8"))
        self.done = [PairEpoch(**row) for row in rows if row["number"] <= epochs]
        self.earlier = self.done[-1].seconds
        for file in self.folder.glob("snapshot*.npy"):
            self.snapshots[int(file.stem.removeprefix("snapshot"))] = np.load(file)

    def on_epoch_begin(self, epoch, logs=None):
        if epoch and not self.done:  # BackupAndRestore has gone on
            self.load(epoch)

    def on_train_batch_end(self, batch, logs=None):
        for name in ("discriminator_loss", "generator_loss"):
            if not math.isfinite(logs[name]):  # the mean over the epoch so far: once lost, it stays lost
                raise training.Diverged(
                    f"{self.label}: {name.replace('_', ' ')} is {float(logs[name])} at step {batch + 1} of an epoch, "
                    f"after {len(self.done)} whole ones. Lower the learning rates or raise the penalty."
                )

    def on_epoch_end(self, epoch, logs=None):
        seconds = self.earlier + time.perf_counter() - self.start
        pause = time.perf_counter()
        strange = None if self.held_out is None else float(self.model.scores(self.held_out).mean())
        means = {name: float(logs[name]) for name in CURVES}
        self.done.append(PairEpoch(epoch + 1, seconds, **means, score_held_out=strange))
        if epoch + 1 in self.wanted:
            self.snapshots[epoch + 1] = self.model.sample(6, seed=1)
        if self.folder:
            if epoch + 1 in self.snapshots:
                np.save(self.folder / f"snapshot{epoch + 1}.npy", self.snapshots[epoch + 1])
            rows = json.dumps([asdict(row) for row in self.done])
            (self.folder / "curves.json").write_text(rows, encoding="utf-8")
        self._show()
        self.start += time.perf_counter() - pause  # the clock stood still

    def _show(self) -> None:
        from IPython.display import display

        last = self.done[-1]
        text = training._Text(
            f"{self.label}: epoch {last.number} of {self.epochs}, {last.seconds:.0f} s, loss of the discriminator "
            f"{last.discriminator_loss:.3f}, of the generator {last.generator_loss:.3f}"
        )
        if self.handle is None:
            self.handle = display(text, display_id=True)
        else:
            self.handle.update(text)
