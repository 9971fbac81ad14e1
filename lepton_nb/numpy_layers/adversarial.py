"""What adversarial training needs beyond back-propagation: the slope of a network, and a penalty on it.

The network is a multilayer perceptron with LeakyReLU: ``z_l = a_{l−1} W_l + b_l``, ``a_l = m_l ⊙ z_l`` with
``m_l = 1`` where ``z_l > 0`` and ``negative_slope`` elsewhere; the last layer has no activation. Between two
bends it is linear, so ``m`` does not change with the parameters: this is what keeps second derivatives short.
Arrays may have axes in front, written ``…``, for networks computed side by side.

parameters: ``[W_1, b_1, …, W_L, b_L]`` with W (…, inputs, units), b (…, units).

References: Mescheder, Geiger and Nowozin 2018; Gulrajani et al. 2017.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray as Array

NEGATIVE_SLOPE = 0.2


def _forward(x: Array, parameters: Sequence[Array], negative_slope: float) -> tuple[list[Array], list[Array]]:
    """Inputs of all layers with the output behind them, and the slopes m of the hidden layers."""
    if len(parameters) % 2 or x.shape[-1] != parameters[0].shape[-2]:
        raise ValueError(
            "A perceptron needs x (…, batch, inputs) and [weights, bias] for each layer. "
            f"Received: x={x.shape}, parameters={[parameter.shape for parameter in parameters]}"
        )
    layers, slopes = [x], []
    for at in range(0, len(parameters), 2):
        z = layers[-1] @ parameters[at] + parameters[at + 1][..., None, :]
        if at < len(parameters) - 2:
            slopes.append(np.where(z > 0, z.dtype.type(1), z.dtype.type(negative_slope)))
            z = z * slopes[-1]
        layers.append(z)
    return layers, slopes


def _deltas(gradient: Array, slopes: Sequence[Array], weights: Sequence[Array]) -> list[Array]:
    """``δ_l = dL/dz_l`` of all layers: ``δ_l = m_l ⊙ (δ_{l+1} W_{l+1}ᵀ)``."""
    deltas = [gradient]
    for slope_of_layer, kernel in zip(reversed(slopes), reversed(weights[1:]), strict=True):
        deltas.append(slope_of_layer * (deltas[-1] @ kernel.mT))
    return deltas[::-1]


def perceptron(x: Array, parameters: Sequence[Array], negative_slope: float = NEGATIVE_SLOPE) -> Array:
    """Output of the network: (…, batch, inputs) to (…, batch, units of the last layer).

    >>> perceptron(np.array([[2.0], [-2.0]]), [np.eye(1), np.zeros(1), 3 * np.eye(1), np.ones(1)]).round(6)
    array([[ 7. ],
           [-0.2]])
    """
    return _forward(x, parameters, negative_slope)[0][-1]


def perceptron_backward(
    gradient: Array, x: Array, parameters: Sequence[Array], negative_slope: float = NEGATIVE_SLOPE
) -> tuple[Array, list[Array]]:
    """Gradients of :func:`perceptron` by x and by the parameters: plain back-propagation."""
    layers, slopes = _forward(x, parameters, negative_slope)
    deltas = _deltas(gradient, slopes, parameters[::2])
    gradients = []
    for inputs, delta in zip(layers[:-1], deltas, strict=True):
        gradients += [inputs.mT @ delta, delta.sum(axis=-2)]
    return deltas[0] @ parameters[0].mT, gradients


def slope(x: Array, parameters: Sequence[Array], negative_slope: float = NEGATIVE_SLOPE) -> Array:
    """Gradient of a network with one output by its input, case by case: ``s = ∇ₓ D(x)``, (…, batch, inputs).

    Back-propagation that starts with 1 and goes on to the input.
    """
    if parameters[-1].shape[-1] != 1:
        raise ValueError(f"The slope is that of one output. Received: {parameters[-1].shape[-1]} outputs")
    slopes = _forward(x, parameters, negative_slope)[1]
    ones = np.ones((*x.shape[:-1], 1), x.dtype)
    return _deltas(ones, slopes, parameters[::2])[0] @ parameters[0].mT


def slope_backward(
    gradient: Array, x: Array, parameters: Sequence[Array], negative_slope: float = NEGATIVE_SLOPE
) -> list[Array]:
    """Gradients of :func:`slope` by the parameters.

    ``s = δ_1 W_1ᵀ`` with ``δ_l = m_l ⊙ (δ_{l+1} W_{l+1}ᵀ)`` and ``δ_L = 1``. Turned round, this runs forward
    through the layers without their biases: with ``t_0 = dP/ds`` and ``t_l = m_l ⊙ (t_{l−1} W_l)``

    ``dP/dW_l = t_{l−1}ᵀ δ_l``, ``dP/db_l = 0`` (almost everywhere: m jumps at the bends).

    gradient: ``dP/ds`` of the penalty P, the shape of x.
    """
    slopes = _forward(x, parameters, negative_slope)[1]
    deltas = _deltas(np.ones((*x.shape[:-1], 1), x.dtype), slopes, parameters[::2])
    carried, gradients = gradient, []
    for at, delta in enumerate(deltas):
        gradients += [carried.mT @ delta, np.zeros_like(parameters[2 * at + 1])]
        if at < len(slopes):
            carried = slopes[at] * (carried @ parameters[2 * at])
    return gradients
