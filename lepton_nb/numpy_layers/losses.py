"""Losses, the mean over a batch, with their derivatives by the output."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray as Array

from lepton_nb.numpy_layers.layers import softmax

#: Probabilities are kept this far from 0 and 1 before a logarithm is taken, as in Keras.
EPSILON = 1e-7


def _same_shape(name: str, output: Array, target: Array) -> None:
    if output.shape != target.shape:
        raise ValueError(
            f"{name} needs targets in the shape of the outputs (class numbers: one_hot first). "
            f"Received: output={output.shape}, target={target.shape}"
        )


def one_hot(labels: Array, num_classes: int, dtype=np.float32) -> Array:
    """Class numbers as rows with a single 1: ``(batch,) -> (batch, num_classes)``.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    if labels.ndim != 1 or (len(labels) and not 0 <= labels.min() <= labels.max() < num_classes):
        raise ValueError(f"labels are whole numbers from 0 to {num_classes - 1}. Received: {labels!r}")
    return np.eye(num_classes, dtype=dtype)[labels]


def mean_squared_error(output: Array, target: Array) -> np.floating:
    """``1/N Σ (a − y)²`` over all N entries of the batch."""
    _same_shape("mean_squared_error", output, target)
    return np.mean((output - target) ** 2)


def mean_squared_error_backward(output: Array, target: Array) -> Array:
    """``2 (a − y) / N``."""
    return 2 * (output - target) / output.size


def binary_cross_entropy(output: Array, target: Array) -> np.floating:
    """``−1/N Σ [y log p + (1 − y) log(1 − p)]`` over all N entries; p = output is a probability.

    p is kept within [1e-7, 1 − 1e-7], as in Keras. Goodfellow et al. 2016, section 6.2.2.2.
    """
    _same_shape("binary_cross_entropy", output, target)
    p = np.clip(output, EPSILON, 1 - EPSILON)
    return -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))


def binary_cross_entropy_backward(output: Array, target: Array) -> Array:
    """``(p − y) / (p (1 − p)) / N``; zero where p was clipped."""
    p = np.clip(output, EPSILON, 1 - EPSILON)
    return (output == p) * (p - target) / (p * (1 - p)) / output.size


def categorical_cross_entropy(output: Array, target: Array) -> np.floating:
    """``−1/n Σ_b Σ_i y_i log p_i`` over a batch of n; rows of output are probabilities, of target one-hot.

    p is kept within [1e-7, 1 − 1e-7], as in Keras. Goodfellow et al. 2016, section 6.2.2.3.
    """
    _same_shape("categorical_cross_entropy", output, target)
    return -np.sum(target * np.log(np.clip(output, EPSILON, 1 - EPSILON))) / output.dtype.type(len(output))


def categorical_cross_entropy_backward(output: Array, target: Array) -> Array:
    """``−y / p / n``; zero where p was clipped.

    Keras first divides each row by its sum, which adds a constant to the row's gradient; after
    :func:`softmax_backward`, which removes constants, both are the same.
    """
    p = np.clip(output, EPSILON, 1 - EPSILON)
    return np.where(output == p, -target / p, 0) / len(output)


def softmax_cross_entropy(logits: Array, target: Array) -> np.floating:
    """Softmax and categorical cross-entropy in one: ``1/n Σ_b [log Σ_j e^{z_j} − Σ_i y_i z_i]``.

    Holds when each row of target sums to 1. No probability is formed, so nothing is clipped.
    """
    _same_shape("softmax_cross_entropy", logits, target)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.sum(target * log_probability) / logits.dtype.type(len(logits))


def softmax_cross_entropy_backward(logits: Array, target: Array) -> Array:
    """``(p − y) / n`` with ``p = softmax(z)``: softmax's derivative and the logarithm's cancel."""
    return (softmax(logits) - target) / len(logits)


#: Losses with their backward partners.
LOSSES: dict[str, tuple[Callable, Callable]] = {
    "mean_squared_error": (mean_squared_error, mean_squared_error_backward),
    "binary_cross_entropy": (binary_cross_entropy, binary_cross_entropy_backward),
    "categorical_cross_entropy": (categorical_cross_entropy, categorical_cross_entropy_backward),
    "softmax_cross_entropy": (softmax_cross_entropy, softmax_cross_entropy_backward),
}
