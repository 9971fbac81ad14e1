"""Networks for 32×32 colour pictures of ten kinds: the article's own, and a better one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
from keras import layers, ops

from lepton_nb.models._sizes import check_shrinking, check_sizes

__all__ = ["build_cifar10", "build_cifar10_article", "whitening_kernel"]


def build_cifar10_article(
    filters: Sequence[int] = (32, 64, 64),
    kernel_size: int = 3,
    dense_units: int = 64,
    image_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    name: str = "cifar10_article",
) -> keras.Model:
    """The article's network (S14): three convolutions, pooling after all but the last, two dense layers.

    Input (batch, height, width, channels), uint8; output (batch, classes), probabilities. The listing divides the
    images by 255 before training, here the first layer does so. Convolutions are unpadded: sizes go
    32, 30, 15, 13, 6, 4. As stated it has 122,570 parameters.

    Raises ValueError for sizes below 1 and for images that the layers shrink to nothing.
    """
    check_sizes(image_shape, classes, filters=filters, kernel_size=kernel_size, dense_units=dense_units)
    check_shrinking(image_shape, len(filters), kernel_size, pooled=len(filters) - 1)
    inputs = keras.Input(image_shape, name="image", dtype="uint8")
    hidden = layers.Rescaling(1 / 255, name="rescaling")(inputs)
    for number, width in enumerate(filters, start=1):
        hidden = layers.Conv2D(width, kernel_size, activation="relu", name=f"convolution_{number}")(hidden)
        if number < len(filters):
            hidden = layers.MaxPooling2D(2, name=f"pooling_{number}")(hidden)
    hidden = layers.Flatten(name="flatten")(hidden)
    hidden = layers.Dense(dense_units, activation="relu", name="dense")(hidden)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)


def build_cifar10(
    whitening=None,
    widths: Sequence[int] = (64, 192, 192),
    image_shape: tuple[int, int, int] = (32, 32, 3),
    classes: int = 10,
    momentum: float = 0.6,
    first_filters: int = 24,
    dtype: str = "float32",
    name: str = "cifar10",
) -> keras.Model:
    """Our network: a fixed first layer that whitens, then blocks of two convolutions, then one dense layer.

    Each block: convolution 3×3, max pooling 2, batch normalisation, GELU, convolution 3×3, batch normalisation,
    GELU. After the last block the largest value of each channel goes to the dense layer, which has no bias.
    The convolutions start near the identity: what comes in goes through, beside what random filters make of it.
    Input (batch, height, width, channels), uint8; output (batch, classes), probabilities.

    whitening: kernel (k, k, channels, filters) of the first layer from :func:`whitening_kernel`; it is not trained.
    None: the first layer has ``first_filters`` filters of 2×2 that are trained like the others.
    momentum: of the moving averages that stand for a batch's mean and variance once training is over.
    dtype: "float32" or "mixed_bfloat16" (Keras policy of the hidden layers; first and last are always float32).
    Raises ValueError for sizes below 1 and for images that the blocks shrink to nothing.

    References: Page, How to Train Your ResNet, 2018 (whitening); Jordan, 94% on CIFAR-10 in 3.29 Seconds on a
    Single GPU, 2024 (the order of layers, the start near the identity).
    """
    check_sizes(image_shape, classes, widths=widths, first_filters=first_filters)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1. Received: {momentum=}")
    shape = (2, 2, image_shape[2], first_filters) if whitening is None else tuple(whitening.shape)
    if len(shape) != 4 or shape[0] != shape[1] or shape[2] != image_shape[2]:
        raise ValueError(f"whitening must be (k, k, {image_shape[2]}, filters). Received: shape {shape}")
    if (min(image_shape[:2]) - shape[0] + 1) // 2 ** len(widths) < 1:
        raise ValueError(f"image_shape is too small for {len(widths)} blocks. Received: image_shape={image_shape}")
    inputs = keras.Input(image_shape, name="image", dtype="uint8")
    hidden = layers.Rescaling(1 / 255, offset=-0.5, name="rescaling")(inputs)
    first = layers.Conv2D(shape[3], shape[0], use_bias=False, trainable=whitening is None, name="whitening")
    hidden = first(hidden)
    hidden = layers.Activation(_gelu, dtype=dtype, name="whitening_gelu")(hidden)
    for number, width in enumerate(widths, start=1):
        for part in ("a", "b"):
            hidden = layers.Conv2D(
                width, 3, padding="same", use_bias=False, kernel_initializer=_near_identity, dtype=dtype,
                name=f"convolution_{number}{part}",
            )(hidden)  # fmt: skip
            if part == "a":
                hidden = layers.MaxPooling2D(2, dtype=dtype, name=f"pooling_{number}")(hidden)
            hidden = layers.BatchNormalization(
                momentum=momentum, scale=False, epsilon=1e-6, dtype=dtype, name=f"normalisation_{number}{part}"
            )(hidden)
            hidden = layers.Activation(_gelu, dtype=dtype, name=f"gelu_{number}{part}")(hidden)
    hidden = layers.GlobalMaxPooling2D(dtype=dtype, name="largest")(hidden)
    outputs = layers.Dense(
        classes, activation="softmax", use_bias=False, dtype="float32", name="probabilities",
        kernel_initializer=keras.initializers.RandomNormal(stddev=1 / widths[-1]),
    )(hidden)  # fmt: skip
    model = keras.Model(inputs, outputs, name=name)
    if whitening is not None:
        first.kernel.assign(whitening)
    return model


def whitening_kernel(images, size: int = 2, epsilon: float = 3e-5):
    r"""Filters whose outputs on the images' own patches are uncorrelated and of about the same size.

    The patches of ``size``×``size`` pixels, values within ±0.5, have the covariance $C = U \Lambda U^\top$. Filter
    i is $u_i / \sqrt{\lambda_i + \varepsilon}$; each comes with both signs, because what follows is not symmetric.
    images: (n, height, width, channels) uint8. Gives (size, size, channels, 2 · size² · channels) float32, the
    filters in the order of falling $\lambda$. epsilon keeps the finest patterns, which are mostly noise, from being
    blown up. (It is added to the variance as it stands: the mean of the patches is not taken off.)

    Reference: Page, How to Train Your ResNet, 2018, part 8.
    """
    if len(images.shape) != 4 or min(images.shape[1:3]) < size or size < 1:
        raise ValueError(f"images must be (n, height, width, channels), at least {size} pixels. "
                         f"Received: shape {tuple(images.shape)}")  # fmt: skip
    values = ops.cast(images, "float32") / 255 - 0.5
    _, height, width, channels = values.shape
    shifted = [
        values[:, down : height - size + 1 + down, right : width - size + 1 + right]
        for down in range(size)
        for right in range(size)
    ]
    patches = ops.reshape(ops.stack(shifted, axis=3), (-1, size * size * channels))
    covariance = ops.matmul(ops.transpose(patches), patches) / patches.shape[0]
    variances, vectors = ops.linalg.eigh(covariance)  # rising; vectors in columns
    filters = ops.flip(vectors / ops.sqrt(variances + epsilon), axis=1)
    return ops.reshape(ops.concatenate([filters, -filters], axis=1), (size, size, channels, -1))


@keras.saving.register_keras_serializable("lepton_nb")
def _gelu(values):
    return ops.gelu(values, approximate=True)


@keras.saving.register_keras_serializable("lepton_nb")
def _near_identity(shape, dtype=None):
    """The first filters hand one channel on; the others are uniform within ±1 / sqrt(inputs of a filter)."""
    height, width, channels, filters = shape
    reach = 1 / math.sqrt(height * width * channels)
    kernel = keras.random.uniform(shape, -reach, reach, dtype=dtype)
    same = min(channels, filters)
    middle = ops.pad(ops.eye(channels, same, dtype=dtype)[None, None],
                     [[height // 2, (height - 1) // 2], [width // 2, (width - 1) // 2], [0, 0], [0, filters - same]])  # fmt: skip
    return ops.where(ops.arange(filters) < same, middle, kernel)
