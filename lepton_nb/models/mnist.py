"""Networks for 28×28 digits: the articles' own, and a better one of about its size."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from lepton_nb.models._sizes import check_shrinking, check_sizes

__all__ = ["build_mnist", "build_mnist_article"]


def build_mnist_article(
    dense_units: int = 64,
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    name: str = "mnist_article",
) -> keras.Model:
    """The articles' network: two times convolution and max pooling, then two dense layers.

    S12 has ``dense_units=64`` (121,930 parameters), S13 has 128 (225,034); nothing else differs.
    Input (batch, height, width, channels), grey levels within 0..1; output (batch, classes), probabilities.
    Convolutions are unpadded: sizes go 28, 26, 13, 11, 5.

    Raises ValueError for sizes below 1 and for images that the layers shrink to nothing.
    """
    check_sizes(image_shape, classes, filters=filters, kernel_size=kernel_size, dense_units=dense_units)
    check_shrinking(image_shape, len(filters), kernel_size, pooled=len(filters))
    inputs = keras.Input(image_shape, name="image")
    hidden = inputs
    for number, width in enumerate(filters, start=1):
        hidden = layers.Conv2D(width, kernel_size, activation="relu", name=f"convolution_{number}")(hidden)
        hidden = layers.MaxPooling2D(2, name=f"pooling_{number}")(hidden)
    hidden = layers.Flatten(name="flatten")(hidden)
    hidden = layers.Dense(dense_units, activation="relu", name="dense")(hidden)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)


def build_mnist(
    filters: Sequence[int] = (32, 64, 128),
    kernel_size: int = 3,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    momentum: float = 0.99,
    dtype: str = "float32",
    name: str = "mnist",
) -> keras.Model:
    """Our network: convolution, max pooling, batch normalisation, ReLU; the last block is not pooled.

    Pooling comes before normalisation and activation, which then work on a quarter of the values. With fixed
    statistics and a positive scale both keep the order of values, so the order of the three does not matter; in
    training it does, because mean and variance are those of the pooled batch. The convolutions have no bias,
    because the normalisation adds one. One dense layer reads the flattened last block.
    Input (batch, height, width, channels), grey levels within 0..1; output (batch, classes), probabilities.

    momentum: of the moving averages that stand for a batch's mean and variance once training is over.
    dtype: "float32" or "mixed_bfloat16" (Keras policy of the hidden layers; the output is always float32).
    Raises ValueError for sizes below 1 and for images that the layers shrink to nothing.

    Reference: Ioffe and Szegedy, Batch Normalization, ICML 2015.
    """
    check_sizes(image_shape, classes, filters=filters, kernel_size=kernel_size)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1. Received: {momentum=}")
    check_shrinking(image_shape, len(filters), kernel_size, pooled=len(filters) - 1)
    inputs = keras.Input(image_shape, name="image")
    hidden = inputs
    for number, width in enumerate(filters, start=1):
        hidden = layers.Conv2D(width, kernel_size, use_bias=False, dtype=dtype, name=f"convolution_{number}")(hidden)
        if number < len(filters):
            hidden = layers.MaxPooling2D(2, dtype=dtype, name=f"pooling_{number}")(hidden)
        hidden = layers.BatchNormalization(momentum=momentum, dtype=dtype, name=f"normalisation_{number}")(hidden)
        hidden = layers.Activation("relu", dtype=dtype, name=f"relu_{number}")(hidden)
    hidden = layers.Flatten(dtype=dtype, name="flatten")(hidden)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)
