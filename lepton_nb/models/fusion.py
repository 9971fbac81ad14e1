"""A network with several senses: a tower for each, joined before the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
from keras import layers

from lepton_nb.models._sizes import check_sizes
from lepton_nb.models.speech import blocks

__all__ = ["build_senses"]


def build_senses(
    shapes: Mapping[str, tuple[int, int, int]],
    classes: int = 10,
    widths: Sequence[int] = (12, 24, 48),
    units: int = 64,
    dropout: float = 0.3,
    momentum: float = 0.95,
    name: str = "senses",
) -> keras.Model:
    """One tower of convolutions a sense, their vectors side by side, and a dense layer that reads them together.

    shapes: name of a sense → (height, width, channels) of its picture. With one sense it is a plain classifier. Each
    picture is brought to mean 0 and spread 1 first. A tower ends in ``units`` numbers; they are multiplied by the input
    ``<sense>_present``, (batch, 1) of 0 and 1: a sense that is missing says nothing, whatever its picture holds.
    Inputs by name, output (batch, classes), probabilities. dropout: share of the joined numbers left out in training.

    Reference: Ngiam and others, Multimodal Deep Learning, ICML 2011 (joined towers); Neverova and others, ModDrop,
    IEEE TPAMI 38(8), 2016 (whole senses left out in training).
    """
    if not shapes:
        raise ValueError(f"shapes must name at least one sense. Received: {shapes=}")
    for shape in shapes.values():
        check_sizes(shape, classes, widths=widths, units=units)
        if min(shape[:2]) < 2 ** len(widths):
            raise ValueError(f"pictures are too small for {len(widths)} blocks. Received: {shape}")
    if not (0 <= momentum < 1 and 0 <= dropout < 1):
        raise ValueError(f"momentum and dropout must be at least 0 and below 1. Received: {momentum=}, {dropout=}")
    inputs, joined = {}, []
    for sense, shape in shapes.items():
        inputs[sense] = keras.Input(shape, name=sense)
        inputs[f"{sense}_present"] = keras.Input((1,), name=f"{sense}_present")
        hidden = layers.GroupNormalization(groups=1, center=False, scale=False, name=f"{sense}_own_scale")(
            inputs[sense]
        )
        hidden = layers.Flatten(name=f"{sense}_flat")(blocks(hidden, widths, momentum, f"{sense}_"))
        hidden = layers.Dense(units, activation="relu", name=f"{sense}_vector")(hidden)
        joined.append(layers.Multiply(name=f"{sense}_there")([hidden, inputs[f"{sense}_present"]]))
    hidden = layers.Concatenate(name="joined")(joined) if len(joined) > 1 else joined[0]
    hidden = layers.Dropout(dropout, name="dropout")(hidden)
    hidden = layers.Dense(units, activation="relu", name="together")(hidden)
    outputs = layers.Dense(classes, activation="softmax", name="probabilities")(hidden)
    return keras.Model(inputs, outputs, name=name)
