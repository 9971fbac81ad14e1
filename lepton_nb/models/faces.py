"""Networks for faces: the article's fully connected pair, a convolutional pair, an autoencoder to measure with.

Images are (batch, side, side, 3) within -1..1.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

__all__ = [
    "DepthToSpace",
    "SpaceToDepth",
    "build_faces_article_discriminator",
    "build_faces_article_generator",
    "build_faces_autoencoder",
    "build_faces_discriminator",
    "build_faces_generator",
    "middle_layers",
]


@keras.saving.register_keras_serializable("lepton_nb")
class SpaceToDepth(layers.Layer):
    """Every 2×2 pixels become one with four times the channels: (n, h, w, c) → (n, h/2, w/2, 4c). Nothing is lost."""

    def call(self, inputs):
        _, height, width, channels = inputs.shape
        parts = ops.reshape(inputs, (-1, height // 2, 2, width // 2, 2, channels))
        return ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, height // 2, width // 2, 4 * channels))

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape
        return (count, height // 2, width // 2, 4 * channels)


@keras.saving.register_keras_serializable("lepton_nb")
class DepthToSpace(layers.Layer):
    """The way back from :class:`SpaceToDepth`: (n, h, w, 4c) → (n, 2h, 2w, c)."""

    def call(self, inputs):
        _, height, width, channels = inputs.shape
        parts = ops.reshape(inputs, (-1, height, width, 2, 2, channels // 4))
        return ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, channels // 4))

    def compute_output_shape(self, input_shape):
        count, height, width, channels = input_shape
        return (count, 2 * height, 2 * width, channels // 4)


# ---------------------------------------------------------------- the article's pair


def build_faces_article_generator(
    latent_size: int = 100,
    units: Sequence[int] = (1024, 512, 256, 128),
    side: int = 64,
    name: str = "article_generator",
) -> keras.Model:
    """S16's generator: dense layers with LeakyReLU, then one value for each pixel and channel, without bound.

    Input (batch, latent_size), standard normal; output (batch, side, side, 3). The article's listing ends in 3×3×3
    values; nothing else is changed. With its sizes and side 64: 2,377,600 parameters.
    Raises ValueError for sizes below 1.
    """
    _positive(latent_size=latent_size, side=side, units=min(units, default=0))
    inputs = keras.Input((latent_size,), name="latent")
    hidden = _dense_stack(inputs, units)
    hidden = layers.Dense(side * side * 3, name="pixels")(hidden)
    return keras.Model(inputs, layers.Reshape((side, side, 3), name="image")(hidden), name=name)


def build_faces_article_discriminator(
    units: Sequence[int] = (128, 256, 512, 1024), side: int = 64, name: str = "article_discriminator"
) -> keras.Model:
    """S16's discriminator: the pixels as one row, dense layers with LeakyReLU, the probability of being real.

    Input (batch, side, side, 3); output (batch, 1). With the article's sizes and side 64: 2,263,937 parameters.
    Raises ValueError for sizes below 1.
    """
    _positive(side=side, units=min(units, default=0))
    inputs = keras.Input((side, side, 3), name="image")
    hidden = _dense_stack(layers.Flatten(name="pixels")(inputs), units)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(hidden), name=name)


def _dense_stack(hidden, units: Sequence[int]):
    for number, width in enumerate(units, start=1):
        hidden = layers.Dense(width, name=f"dense_{number}")(hidden)
        hidden = layers.LeakyReLU(name=f"leaky_{number}")(hidden)
    return hidden


# ---------------------------------------------------------------- our pair


def build_faces_generator(
    latent_size: int = 128,
    channels: Sequence[int] = (256, 128, 64, 32),
    slope: float = 0.2,
    dtype: str = "float32",
    name: str = "generator",
) -> keras.Model:
    """Our generator: 4×4 places from the latent vector, doubled step by step; each step adds to the picture.

    ``channels`` are those at 4×4, 8×8, …. A step is a transposed convolution 4×4 with stride 2 and LeakyReLU; its
    three colours are added to the picture so far, enlarged (bilinear). The last convolution makes 12 channels, which
    :class:`DepthToSpace` lays out as 2×2 pixels: no layer works at full size, where it would be dear. All additions
    but the first start at about zero, so the coarse picture is learned first. No normalisation: the penalties keep
    the pair stable. Four entries give 64×64 images, three give 32×32.
    Input (batch, latent_size), standard normal; output (batch, side, side, 3), float32 within -1..1.

    dtype: Keras policy of the hidden layers. Raises ValueError for sizes below 1 and for fewer than two channels.
    Reference: Karras and others, Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020 (output skips).
    """
    _positive(latent_size=latent_size, channels=min(channels, default=0))
    if len(channels) < 2:
        raise ValueError(f"channels must have at least two entries. Received: {channels=}")
    inputs = keras.Input((latent_size,), name="latent")
    hidden = layers.Dense(16 * channels[0], dtype=dtype, name="places")(inputs)
    hidden = layers.LeakyReLU(slope, dtype=dtype, name="leaky_4")(hidden)
    hidden = layers.Reshape((4, 4, channels[0]), dtype=dtype, name="grid")(hidden)
    side, picture = 4, None
    for width in channels[1:]:
        side *= 2
        hidden = layers.Conv2DTranspose(
            width, 4, 2, padding="same", kernel_initializer="he_normal", dtype=dtype, name=f"up_{side}"
        )(hidden)
        hidden = layers.LeakyReLU(slope, dtype=dtype, name=f"leaky_{side}")(hidden)
        start = "glorot_uniform" if picture is None else "zeros"
        colours = layers.Conv2D(3, 1, kernel_initializer=start, dtype=dtype, name=f"colours_{side}")(hidden)
        picture = colours if picture is None else _added(picture, colours, side)
    detail = layers.Conv2D(
        12, 3, padding="same", kernel_initializer=keras.initializers.RandomNormal(stddev=0.002), dtype=dtype,
        name="detail",
    )(hidden)  # fmt: skip
    side *= 2
    picture = _added(picture, DepthToSpace(dtype=dtype, name="pixels")(detail), side)
    return keras.Model(inputs, layers.Activation("tanh", dtype="float32", name="image")(picture), name=name)


def _added(picture, colours, side: int):
    """The picture, enlarged to ``side``, plus the colours of this step, in 32 bits."""
    wide = layers.UpSampling2D(2, interpolation="bilinear", dtype="float32", name=f"wide_{side}")(picture)
    return layers.Add(dtype="float32", name=f"picture_{side}")([wide, colours])


def build_faces_discriminator(
    channels: Sequence[int] = (32, 64, 128, 256),
    side: int = 64,
    slope: float = 0.2,
    dtype: str = "float32",
    name: str = "discriminator",
) -> keras.Model:
    """Our discriminator: the generator turned round. Output (batch, 1), float32: a score, larger for real.

    2×2 pixels become one place first; each step halves the places by a convolution 4×4 with stride 2; the last places
    are weighed by one dense layer. No sigmoid: the loss compares scores. No normalisation, so the score of an image
    does not depend on the others in the batch. dtype as in :func:`build_faces_generator`.

    Raises ValueError for sizes below 1 and for a side that the steps do not divide.
    """
    _positive(side=side, channels=min(channels, default=0))
    if side % 2 ** len(channels):
        raise ValueError(f"side must be divisible by {2 ** len(channels)}. Received: {side=}, {channels=}")
    inputs = keras.Input((side, side, 3), name="image")
    hidden = SpaceToDepth(dtype=dtype, name="pixels")(inputs)
    side //= 2
    for number, width in enumerate(channels):
        size, stride = (4, 2) if number else (3, 1)
        side //= stride
        hidden = layers.Conv2D(
            width, size, stride, padding="same", kernel_initializer="he_normal", dtype=dtype, name=f"down_{side}"
        )(hidden)
        hidden = layers.LeakyReLU(slope, dtype=dtype, name=f"leaky_{side}")(hidden)
    hidden = layers.Flatten(dtype=dtype, name="flat")(hidden)
    return keras.Model(inputs, layers.Dense(1, dtype="float32", name="score")(hidden), name=name)


# ---------------------------------------------------------------- a network to measure with


def build_faces_autoencoder(
    channels: Sequence[int] = (32, 64, 128),
    bottleneck: int = 64,
    side: int = 64,
    dtype: str = "float32",
    name: str = "autoencoder",
) -> keras.Model:
    """Image → ``bottleneck`` numbers → image. Its inner layers are features to measure with, learned from real faces.

    Three strided convolutions with ReLU ("middle_1", …), a dense layer ("bottleneck"), and the way back.
    Raises ValueError for sizes below 1 and for a side that the steps do not divide.
    """
    _positive(side=side, bottleneck=bottleneck, channels=min(channels, default=0))
    if side % 2 ** len(channels):
        raise ValueError(f"side must be divisible by {2 ** len(channels)}. Received: {side=}, {channels=}")
    inputs = keras.Input((side, side, 3), name="image")
    hidden = inputs
    for number, width in enumerate(channels, start=1):
        hidden = layers.Conv2D(
            width, 4, 2, padding="same", activation="relu", kernel_initializer="he_normal", dtype=dtype,
            name=f"middle_{number}",
        )(hidden)  # fmt: skip
    places = hidden.shape[1:]
    hidden = layers.Flatten(dtype=dtype, name="flat")(hidden)
    hidden = layers.Dense(bottleneck, dtype=dtype, name="bottleneck")(hidden)
    hidden = layers.Dense(places[0] * places[1] * places[2], activation="relu", dtype=dtype, name="wide")(hidden)
    hidden = layers.Reshape(places, dtype=dtype, name="grid")(hidden)
    for number, width in enumerate(reversed(channels[:-1]), start=1):
        hidden = layers.Conv2DTranspose(
            width, 4, 2, padding="same", activation="relu", kernel_initializer="he_normal", dtype=dtype,
            name=f"back_{number}",
        )(hidden)  # fmt: skip
    hidden = layers.Conv2D(12, 3, padding="same", dtype=dtype, name="colours")(hidden)
    hidden = DepthToSpace(dtype=dtype, name="pixels")(hidden)
    return keras.Model(inputs, layers.Activation("linear", dtype="float32", name="copy")(hidden), name=name)


def middle_layers(autoencoder: keras.Model, names: Sequence[str] = ("middle_2", "middle_3")) -> keras.Model:
    """A network whose outputs are the mean activation of each channel of the named layers, and the bottleneck.

    Outputs: (batch, sum of the layers' channels) and (batch, bottleneck), both float32. The first knows how much of
    each small pattern there is, and forgets where; the second knows what the whole is like, and forgets detail.
    Raises ValueError for a layer that the autoencoder does not have.
    """
    means = [ops.mean(ops.cast(autoencoder.get_layer(layer).output, "float32"), axis=(1, 2)) for layer in names]
    inner = ops.cast(autoencoder.get_layer("bottleneck").output, "float32")
    return keras.Model(autoencoder.input, [ops.concatenate(means, axis=-1), inner], name="features")


def _positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1. Received: {name}={size}")
