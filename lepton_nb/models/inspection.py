"""A network for inspection: is there something wrong in this picture, and of which kind is it?"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from lepton_nb.models._sizes import check_sizes

__all__ = ["build_inspection"]


def build_inspection(
    image_shape: tuple[int, int, int],
    classes: int = 2,
    widths: Sequence[int] = (16, 32, 64, 128),
    first_stride: int = 1,
    dropout: float = 0.0,
    momentum: float = 0.95,
    dtype: str = "float32",
    name: str = "inspection",
) -> keras.Model:
    """Blocks of one convolution, then mean and largest value of each channel, then one dense layer.

    First each picture is brought to mean 0 and spread 1 over all its values, so its light and contrast say nothing.
    Each block: convolution 3×3 (padded, without bias), max pooling 2 (not in the last block), batch normalisation, ReLU.
    The mean over all places suits a fault of the whole surface, the largest value one that is a few pixels wide;
    either way the last block's places can be traced back to the picture (``lepton_nb.grad_cam``).
    Input (batch, height, width, channels), uint8; output (batch, classes), probabilities.

    first_stride: 2 lets the first convolution, then 5×5, look at every second pixel only: a quarter of the work for
    large pictures. dropout: share of the dense layer's inputs that are left out in training. momentum: of the moving
    averages that stand for a batch's mean and variance once training is over. dtype: "float32" or "mixed_bfloat16"
    (Keras policy of the hidden layers; the output is always float32).
    Raises ValueError for sizes below 1 and for images that the blocks shrink to nothing.

    References: Wu and He, Group Normalization, ECCV 2018 (one group: the picture's own mean and spread); Ioffe and Szegedy, Batch Normalization, ICML 2015; Lin, Chen and Yan, Network In Network, ICLR 2014
    (the mean over places before the output).
    """
    check_sizes(image_shape, classes, widths=widths, first_stride=first_stride)
    if not (0 <= momentum < 1 and 0 <= dropout < 1):
        raise ValueError(f"momentum and dropout must be at least 0 and below 1. Received: {momentum=}, {dropout=}")
    if min(image_shape[:2]) // first_stride // 2 ** (len(widths) - 1) < 1:
        raise ValueError(f"image_shape is too small for {len(widths)} blocks. Received: image_shape={image_shape}")
    inputs = keras.Input(image_shape, name="image", dtype="uint8")
    hidden = layers.Rescaling(1 / 255, offset=-0.5, name="rescaling")(inputs)
    hidden = layers.GroupNormalization(groups=1, center=False, scale=False, name="own_light")(hidden)
    for number, width in enumerate(widths, start=1):
        stride = first_stride if number == 1 else 1
        hidden = layers.Conv2D(
            width, 3 if stride == 1 else 5, strides=stride, padding="same", use_bias=False, dtype=dtype,
            name=f"convolution_{number}",
        )(hidden)  # fmt: skip
        if number < len(widths):
            hidden = layers.MaxPooling2D(2, dtype=dtype, name=f"pooling_{number}")(hidden)
        hidden = layers.BatchNormalization(momentum=momentum, dtype=dtype, name=f"normalisation_{number}")(hidden)
        hidden = layers.Activation("relu", dtype=dtype, name=f"relu_{number}")(hidden)
    mean = layers.GlobalAveragePooling2D(dtype=dtype, name="mean")(hidden)
    largest = layers.GlobalMaxPooling2D(dtype=dtype, name="largest")(hidden)
    hidden = layers.Concatenate(dtype=dtype, name="both")([mean, largest])
    if dropout:
        hidden = layers.Dropout(dropout, dtype=dtype, name="dropout")(hidden)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)
