"""A recurrent network for series: it reads day after day, the hours of a day side by side, and answers in quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

__all__ = ["build_forecaster", "quantile_loss"]


def build_forecaster(
    history: int, horizon: int, features: int = 0, period: int = 24, quantiles: int = 7, units: int = 32, width: int = 8,
    season: int = 0,
    name: str = "forecaster",
) -> keras.Model:  # fmt: skip
    r"""A GRU over days, the same one for each hour of the day, beside a straight line.

    The line begins at the last value, or at what was ``season`` steps before, and adds a weighted sum of the history
    less its last value, the layer "line"; its weights are found in closed form and set before the training
    (``forecasting.line_weights``), and they stay. The answers begin at the line, and the
    recurrent part learns what it leaves: the history is brought to mean 0 and standard deviation 1 and cut into days of
    ``period`` steps (1: no days). For each hour of the day the GRU reads its values day by day, with a neighbourhood and
    with what is known of the hour; its state becomes ``width`` numbers for each of the coming days, to which what is
    known of that hour is added.

    Input (batch, history + horizon, 1 + features): the series, 0 from the origin on, and what is known ahead. Output
    (batch, horizon, 1 + quantiles): the mean, and the quantiles. Raises ValueError where ``period`` divides history or
    horizon with a rest, and for sizes below 1.

    References: Cho and others, EMNLP 2014 (GRU); Kim and others, ICLR 2022 (normalised windows); Lin and others,
    SparseTSF, ICML 2024 (one model for all hours of the day).
    """
    if min(history, horizon, period, quantiles, units, width) < 1 or features < 0:
        raise ValueError(
            f"sizes must be at least 1. Received: {history=}, {horizon=}, {period=}, {quantiles=}, {units=}"
        )
    if history % period or horizon % period:
        raise ValueError(f"period must divide history and horizon. Received: {period=}, {history=}, {horizon=}")
    inputs = keras.Input((history + horizon, 1 + features), name="window")
    past, known = inputs[:, :history, 0], inputs[:, :, 1:]
    last = past[:, -1:]
    line = layers.Dense(horizon, kernel_initializer="zeros", trainable=False, name="line")(past - last)
    spread = ops.std(past, axis=1, keepdims=True) + 0.05  # a flat history is not blown up
    level = ops.expand_dims((past - ops.mean(past, axis=1, keepdims=True)) / spread, -1)
    parts, days, ahead = [level], history // period, horizon // period
    if period > 1:
        parts.append(layers.Conv1D(4, period // 2 + 1, padding="same", name="neighbours")(level))
    if features:
        parts.append(known[:, :history])
    seen = layers.Concatenate(name="seen")(parts) if len(parts) > 1 else level
    channels = seen.shape[-1]
    by_hour = ops.transpose(ops.reshape(seen, (-1, days, period, channels)), (0, 2, 1, 3))
    state = layers.GRU(units, name="days")(ops.reshape(by_hour, (-1, days, channels)))  # (batch * period, units)
    coming = layers.Dense(ahead * width, name="coming_days")(state)
    coming = ops.transpose(ops.reshape(coming, (-1, period, ahead, width)), (0, 2, 1, 3))
    hidden = ops.reshape(coming, (-1, horizon, width))
    if features:
        hidden = hidden + layers.Dense(width, use_bias=False, name="known_ahead")(known[:, history:])
    hidden = layers.Activation("gelu", name="bend")(hidden)
    found = layers.Dense(1 + quantiles, kernel_initializer="zeros", name="answers")(hidden)
    base = ops.take(past, [history - season + step % season for step in range(horizon)], axis=1) if season else last
    outputs = ops.expand_dims(base + line, -1) + found * ops.expand_dims(spread, -1)
    return keras.Model(inputs, outputs, name=name)


def quantile_loss(levels: Sequence[float]):
    r"""Squared error of the mean plus the pinball losses of the quantiles, over what was measured.

    $$ (y - m)^2 + \sum_\alpha \max\bigl(\alpha (y - q_\alpha),\; (\alpha - 1)(y - q_\alpha)\bigr) $$

    Truth (batch, horizon, 1), NaN where nothing was measured; answers (batch, horizon, 1 + levels), the mean first.

    Reference: Koenker and Bassett, Regression Quantiles, Econometrica 46(1), 1978.
    """

    def loss(truth, found):
        seen = ops.isfinite(truth)
        error = ops.where(seen, truth, 0.0) - found
        level = ops.convert_to_tensor(list(levels), found.dtype)
        pinball = ops.sum(ops.maximum(level * error[..., 1:], (level - 1) * error[..., 1:]), axis=-1)
        each = ops.where(seen[..., 0], ops.square(error[..., 0]) + pinball, 0.0)
        return ops.sum(each) / ops.maximum(ops.sum(ops.cast(seen, found.dtype)), 1.0)

    return loss
