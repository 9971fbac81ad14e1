"""Networks for the rows of a table, one number for each: the article's own, and a small one of ours."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

__all__ = ["build_risk", "build_risk_article"]


def build_risk_article(features: int, dense_units: int = 64, name: str = "risk_article") -> keras.Model:
    """The article's network (S17): one hidden layer of ReLU, one output with a sigmoid.

    Input (batch, features); output (batch, 1), the probability of class 1. With f features it has 64 f + 129
    parameters. Raises ValueError for sizes below 1.
    """
    return build_risk(features, units=(dense_units,), dropout=0.0, name=name)


def build_risk(features: int, units: Sequence[int] = (64, 32), dropout: float = 0.3, name: str = "risk") -> keras.Model:
    """Our network: dense layers of ReLU, each followed by dropout, and one output with a sigmoid.

    Input (batch, features), of mean 0 and about variance 1; output (batch, 1), the probability of class 1. Dropout
    leaves out each hidden value with that chance while it trains, so that no few of them decide alone.
    Raises ValueError for sizes below 1 and a dropout outside 0..1.

    Reference: Srivastava et al., Dropout, Journal of Machine Learning Research 15, 2014.
    """
    if features < 1 or len(units) < 1 or min(units) < 1 or not 0 <= dropout < 1:
        raise ValueError(
            f"features and units must be at least 1, dropout at least 0 and below 1. "
            f"Received: features={features}, units={units}, dropout={dropout}"
        )
    inputs = keras.Input((features,), name="row")
    hidden = inputs
    for number, width in enumerate(units, start=1):
        hidden = layers.Dense(width, activation="relu", name=f"dense_{number}")(hidden)
        if dropout:
            hidden = layers.Dropout(dropout, name=f"dropout_{number}")(hidden)
    outputs = layers.Dense(1, activation="sigmoid", name="probability")(hidden)
    return keras.Model(inputs, outputs, name=name)
