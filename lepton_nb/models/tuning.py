"""A network for tuning: how deep, how wide; how much it forgets and is held back can be set between trainings."""

from __future__ import annotations

import keras
from keras import layers

from lepton_nb.models._sizes import check_sizes

__all__ = ["DropOut", "PullToZero", "build_tuned"]

#: A strength that stays, or one that is set between two trainings of the same graph.
Strength = float | keras.Variable


@keras.saving.register_keras_serializable("lepton_nb")
class PullToZero(keras.regularizers.Regularizer):
    """L2: ``strength`` times the sum of the squared weights is added to the loss, like Keras's own, with a strength that may be a variable."""

    def __init__(self, strength: Strength = 0.0):
        self.strength = strength

    def __call__(self, weights):
        return self.strength * keras.ops.sum(keras.ops.square(weights))

    def get_config(self) -> dict:
        return {"strength": float(self.strength)}


@keras.saving.register_keras_serializable("lepton_nb")
class DropOut(layers.Layer):
    """Dropout like Keras's own, with a rate (0 to below 1) that may be a variable."""

    def __init__(self, rate: Strength = 0.0, **options):
        super().__init__(**options)
        self.rate, self.seed_generator = rate, keras.random.SeedGenerator(0)
        self.supports_masking = True

    def call(self, inputs, training: bool = False):
        if not training:
            return inputs
        drawn = keras.random.uniform(keras.ops.shape(inputs), seed=self.seed_generator)
        rate = keras.ops.convert_to_tensor(self.rate, inputs.dtype)
        return inputs * keras.ops.cast(drawn >= rate, inputs.dtype) / (1 - rate)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": float(self.rate)}


def build_tuned(
    image_shape: tuple[int, int, int],
    classes: int,
    width: int = 8,
    blocks: int = 3,
    l2: Strength = 0.0,
    dropout: Strength = 0.0,
    momentum: float = 0.9,
    name: str = "tuned",
) -> keras.Model:
    """Blocks of one convolution, then one dense layer over all that the last block says.

    First each picture is brought to mean 0 and spread 1, so its light and contrast say nothing. Each block: convolution
    3×3 (padded, without bias), max pooling 2, batch normalisation, ReLU; the first has ``width`` channels, each further
    one twice as many. Input (batch, height, width, channels), uint8; output (batch, classes), probabilities.

    l2: strength of the pull to zero of all kernels; dropout: share of the dense layer's inputs left out in training.
    Each is a number, or a ``keras.Variable`` of the caller's: its value can be changed between trainings, and the graph
    is built once. momentum: of the moving averages of batch normalisation.
    Raises ValueError for sizes below 1 and for images that the blocks shrink to nothing.

    References: Srivastava et al., Dropout, JMLR 15, 2014; Krogh and Hertz, A Simple Weight Decay Can Improve
    Generalization, NIPS 1991.
    """
    widths = [width * 2**number for number in range(max(blocks, 0))]
    check_sizes(image_shape, classes, widths=widths)
    if min(image_shape[:2]) // 2 ** max(blocks, 0) < 1 or blocks < 1:
        raise ValueError(f"blocks must be at least 1 and leave some of the image. Received: {blocks=}, {image_shape=}")
    pull = PullToZero(l2)
    inputs = keras.Input(image_shape, name="image", dtype="uint8")
    hidden = layers.Rescaling(1 / 255, offset=-0.5, name="rescaling")(inputs)
    hidden = layers.GroupNormalization(groups=1, center=False, scale=False, name="own_light")(hidden)
    for number, channels in enumerate(widths, start=1):
        hidden = layers.Conv2D(
            channels, 3, padding="same", use_bias=False, kernel_regularizer=pull, name=f"convolution_{number}"
        )(hidden)
        hidden = layers.MaxPooling2D(2, name=f"pooling_{number}")(hidden)
        hidden = layers.BatchNormalization(momentum=momentum, name=f"normalisation_{number}")(hidden)
        hidden = layers.Activation("relu", name=f"relu_{number}")(hidden)
    hidden = DropOut(dropout, name="dropout")(layers.Flatten(name="flatten")(hidden))
    outputs = layers.Dense(classes, activation="softmax", kernel_regularizer=pull, name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)
