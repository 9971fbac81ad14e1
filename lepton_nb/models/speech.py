"""A network for spoken words: it reads the picture of a sound, time by pitch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from lepton_nb.models._sizes import check_sizes

__all__ = ["blocks", "build_speech"]


def blocks(hidden, widths: Sequence[int], momentum: float, name: str = ""):
    """Convolution 3×3 (padded, without bias), max pooling 2, batch normalisation, ReLU, as often as there are widths."""
    for number, width in enumerate(widths, start=1):
        hidden = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}convolution_{number}")(hidden)
        hidden = layers.MaxPooling2D(2, name=f"{name}pooling_{number}")(hidden)
        hidden = layers.BatchNormalization(momentum=momentum, name=f"{name}normalisation_{number}")(hidden)
        hidden = layers.Activation("relu", name=f"{name}relu_{number}")(hidden)
    return hidden


def build_speech(
    columns: int = 32,
    bands: int = 24,
    classes: int = 10,
    widths: Sequence[int] = (12, 24, 48),
    pitches: int = 2,
    dropout: float = 0.3,
    momentum: float = 0.95,
    name: str = "speech",
) -> keras.Model:
    """Blocks of a convolution, then one dense layer that knows when a sound came, and only roughly how high.

    First each picture is brought to mean 0 and spread 1 over all its values: loudness says nothing. After the blocks, of
    each channel and time the largest value over ``pitches`` neighbouring pitches is kept, so a somewhat higher voice moves
    little; times are kept apart. What fills no group of its own at the top is left out.
    Input (batch, columns of time, bands of pitch, 1), decibels; output (batch, classes), probabilities.

    dropout: share of the dense layer's inputs that are left out in training. momentum: of the moving averages that stand
    for a batch's mean and variance once training is over. Raises ValueError for sizes below 1 and for pictures that the
    blocks shrink to nothing.

    References: Abdel-Hamid and others, Convolutional Neural Networks for Speech Recognition, IEEE/ACM TASLP 22(10), 2014
    (pooling over pitch); Wu and He, Group Normalization, ECCV 2018 (one group: the picture's own mean and spread).
    """
    check_sizes((columns, bands, 1), classes, widths=widths, pitches=pitches)
    if not (0 <= momentum < 1 and 0 <= dropout < 1):
        raise ValueError(f"momentum and dropout must be at least 0 and below 1. Received: {momentum=}, {dropout=}")
    if min(columns, bands) < 2 ** len(widths):
        raise ValueError(f"pictures are too small for {len(widths)} blocks. Received: {columns=}, {bands=}")
    inputs = keras.Input((columns, bands, 1), name="picture")
    hidden = layers.GroupNormalization(groups=1, center=False, scale=False, name="own_loudness")(inputs)
    hidden = blocks(hidden, widths, momentum)
    hidden = layers.MaxPooling2D((1, min(pitches, hidden.shape[2])), name="near_pitches")(hidden)
    hidden = layers.Flatten(name="times")(hidden)
    hidden = layers.Dropout(dropout, name="dropout")(hidden)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)
