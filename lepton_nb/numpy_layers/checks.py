"""How far a derived gradient is from a numerical one, or from another library's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray as Array


def relative_difference(found: Array, expected: Array) -> float:
    """``max |found − expected| / max |expected|``: the largest error on the scale of the largest entry."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        raise ValueError(f"Shapes differ. Received: found={found.shape}, expected={expected.shape}")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(float).tiny))


def numerical_gradient(function: Callable[..., float], inputs: Sequence[Array], step: float = 1e-5) -> list[Array]:
    """Gradient of a function with one number as its value, by central differences.

    ``df/dx_i ≈ (f(x + h e_i) − f(x − h e_i)) / 2h`` for every entry of every input: the error falls with
    h², until rounding takes over, hence float64. Costs two calls an entry: for checks, not for training.

    >>> numerical_gradient(lambda x: float(np.sum(x**3)), [np.array([1.0, 2.0])])[0].round(6)
    array([ 3., 12.])
    """
    inputs = [np.array(value) for value in inputs]
    if any(value.dtype != np.float64 for value in inputs):
        raise ValueError(f"Central differences need float64. Received: {[str(value.dtype) for value in inputs]}")
    gradients = []
    for value in inputs:
        gradient = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            kept = value[index]
            value[index] = kept + step
            above = function(*inputs)
            value[index] = kept - step
            below = function(*inputs)
            value[index] = kept
            gradient[index] = (above - below) / (2 * step)
        gradients.append(gradient)
    return gradients


def gradient_error(function: Callable[..., float], inputs: Sequence[Array], gradients: Sequence[Array]) -> float:
    """Largest :func:`relative_difference` between derived gradients and numerical ones."""
    numerical = numerical_gradient(function, inputs)
    return max(relative_difference(found, check) for found, check in zip(gradients, numerical, strict=True))
