"""Autoencoders: networks that squeeze rows through a few numbers and rebuild them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

__all__ = ["build_autoencoder", "encoder_of"]


def build_autoencoder(
    features: int,
    code: int,
    units: Sequence[int] = (512, 256),
    output: str = "sigmoid",
    dtype: str = "float32",
    name: str = "autoencoder",
) -> keras.Model:
    """Dense layers down to ``code`` numbers and, mirrored, up again.

    Input and output (batch, features). The hidden layers are ReLU, the code is linear, the output as named: sigmoid for
    values within 0..1, linear for any. Without ``units`` and with a linear output it is the linear autoencoder, whose
    best squared error is that of the principal components. With f features, k numbers and hidden widths u₁ … uₙ it has
    2 (f u₁ + u₁ u₂ + … + uₙ k) weights, and a bias a unit. dtype: of the hidden layers; the output is float32.
    Raises ValueError for sizes below 1 and for a code that is not smaller than the row.

    Reference: Hinton and Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks, Science 313, 2006.
    """
    if code < 1 or code >= features or (units and min(units) < 1) or output not in ("sigmoid", "linear"):
        raise ValueError(
            "code must be at least 1 and smaller than features, units at least 1, output sigmoid or linear. "
            f"Received: {features=}, {code=}, {units=}, {output=}"
        )
    inputs = keras.Input((features,), name="row")
    hidden = inputs
    for number, width in enumerate(units, start=1):
        hidden = layers.Dense(width, activation="relu", dtype=dtype, name=f"encoder_{number}")(hidden)
    hidden = layers.Dense(code, dtype=dtype, name="code")(hidden)
    for number, width in zip(range(len(units), 0, -1), reversed(tuple(units)), strict=True):
        hidden = layers.Dense(width, activation="relu", dtype=dtype, name=f"decoder_{number}")(hidden)
    outputs = layers.Dense(features, activation=output, dtype="float32", name="rebuilt")(hidden)
    return keras.Model(inputs, outputs, name=name)


def encoder_of(model: keras.Model) -> keras.Model:
    """The first half of an autoencoder: rows (batch, features) to their code (batch, code); it shares the weights."""
    return keras.Model(model.inputs, model.get_layer("code").output, name=f"{model.name}_encoder")
